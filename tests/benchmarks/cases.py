"""The cases: what is configured, what a browser sends, and whether the browser is to be satisfied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crosscors import CORSPolicy, Resources

ORIGIN = "https://app.example.com"
EVIL = "https://evil.example"
PATH = "/items/1"

METHODS = ("GET", "PUT", "DELETE")
HEADERS = ("Authorization", "Content-Type", "X-Token")
EXPOSED = ("X-Total-Count",)
MAX_AGE = 600

# What Chromium 156 sends with fetch(url, {credentials: "include"}), and before a fetch that has to be
# preflighted, in its order; Origin and what a preflight asks for stand where None does.
_ACTUAL = (
    ("Host", "api.example.com"),
    ("Connection", "keep-alive"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"),
    ("sec-ch-ua", '"Chromium";v="156", "Not.A/Brand";v="24"'),
    ("sec-ch-ua-mobile", "?0"),
    ("Accept", "*/*"),
    None,
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Referer", "https://app.example.com/"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
_PREFLIGHT = (
    ("Host", "api.example.com"),
    ("Connection", "keep-alive"),
    ("Accept", "*/*"),
    None,
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "same-site"),
    ("Sec-Fetch-Dest", "empty"),
    ("Referer", "https://app.example.com/"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)


@dataclass(frozen=True)
class Setup:
    """What is allowed, in no library's words. Methods, headers and the rest are the same in all cases."""

    origins: tuple[str, ...] = ("https://www.example.com", ORIGIN, "https://admin.example.com")
    patterns: tuple[str, ...] = ()  # such as "https://*.example.com"
    regex: str | None = None
    is_public: bool = False  # every origin, without credentials
    has_credentials: bool = True
    paths: int = 0  # so many paths with a policy each; 0: one policy for all paths


@dataclass(frozen=True)
class Case:
    """One request to one setup, and what a browser is to make of the answer."""

    name: str
    setup: Setup = Setup()
    origin: str | None = ORIGIN
    is_ever_new: bool = False  # each request comes from another origin, whose number stands for {} in it
    asks_method: str | None = None  # a preflight, if it asks for a method
    asks_headers: str = "authorization,content-type"
    allowed: bool | None = True  # None: no browser asks this, so only what it costs is of interest
    guarded: str | None = None  # with cross-origin protection and without it: the method
    site: str = "same-site"  # Sec-Fetch-Site
    credentials: tuple[str, str] = ("Cookie", "session=1c2ff4a0b8f94b9cb9a5d2a4")

    @property
    def is_preflight(self) -> bool:
        return self.asks_method is not None

    @property
    def method(self) -> str:
        return "OPTIONS" if self.is_preflight else self.guarded or "GET"

    @property
    def origins(self) -> list[str | None]:
        """Where the requests come from, in turn: more origins than anyone would keep in mind, if ever new."""
        if self.origin is None or not self.is_ever_new:
            return [self.origin]
        return [self.origin.format(number) for number in range(2048)]

    def fields(self, origin: str | None) -> list[tuple[str, str]]:
        """The fields of the request from that origin, as a browser sends them."""
        asked = [] if origin is None else [("Origin", origin)]
        if self.asks_method is not None:
            asked.append(("Access-Control-Request-Method", self.asks_method))
            asked.append(("Access-Control-Request-Headers", self.asks_headers))
        if self.is_preflight:
            return [field for place in _PREFLIGHT for field in (asked if place is None else [place])]
        asked.append(("Sec-Fetch-Site", self.site))
        fields = [field for place in _ACTUAL for field in (asked if place is None else [place])]
        return [*fields, self.credentials]

    def is_right(self, status: int, fields: Iterable[tuple[str, str]]) -> bool:
        """Whether a browser makes of the answer what the case says."""
        received = {name.lower(): value for name, value in fields}
        return self.allowed in (None, self._allows(status, received))

    def _allows(self, status: int, fields: dict[str, str]) -> bool:
        """Fetch, "CORS check" and "CORS-preflight fetch", for the requests that the cases make."""
        if fields.get("access-control-allow-origin") not in (self.origins[0], "*"):
            return self.origin is None  # a page of the server's own reads everything
        if self.asks_method is None:
            return True
        methods = _listed(fields.get("access-control-allow-methods", "").upper())
        names = _listed(fields.get("access-control-allow-headers", "").lower())
        return 200 <= status < 300 and self.asks_method in methods and _listed(self.asks_headers) <= names


def _listed(value: str) -> set[str]:
    return {element.strip() for element in value.split(",")} - {""}


def policy_of(setup: Setup) -> CORSPolicy | Resources:
    """The setup in the words of crosscors."""
    policy = CORSPolicy(
        allow_origins="*" if setup.is_public else (*setup.origins, *setup.patterns),
        allow_origin_regex=setup.regex,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        allow_credentials=setup.has_credentials and not setup.is_public,
        expose_headers=EXPOSED,
        max_age=MAX_AGE,
    )
    if not setup.paths:
        return policy
    others = [f"/area-{number}/*" for number in range(setup.paths - 1)]
    return Resources(dict.fromkeys((*others, "/items/*"), policy))


def many_origins(count: int) -> tuple[str, ...]:
    """So many origins, the one that asks in their middle: half of the way for who looks at one by one."""
    others = [f"https://tenant-{number}.example.com" for number in range(count - 1)]
    return (*others[: count // 2], ORIGIN, *others[count // 2 :])


def _many_patterns(count: int) -> Setup:
    others = [f"https://*.tenant-{number}.example" for number in range(count - 1)]
    patterns = (*others[: count // 2], "https://*.example.com", *others[count // 2 :])
    return Setup(origins=(), patterns=patterns)


def _names(size: int) -> str:
    """So many bytes of names that are not allowed, all different, at most 256 of them in 8 KiB."""
    return ",".join(f"x-{number:029}" for number in range(size // 32))


_EIGHT_KIB = 8 * 1024
_ONE_MIB = 1024 * 1024

CASES = (
    Case("actual, allowed"),
    Case("actual, no Origin", origin=None),
    Case("actual, refused", origin=EVIL, allowed=False),
    Case("actual, refused, ever new", origin="https://evil-{}.example", is_ever_new=True, allowed=False),
    Case("actual, 1,000 origins", Setup(many_origins(1_000))),
    Case("actual, 100,000 origins", Setup(many_origins(100_000))),
    Case("actual, 1 pattern", _many_patterns(1)),
    Case("actual, 1,000 patterns", _many_patterns(1_000)),
    Case(
        "actual, 1 pattern, ever new", _many_patterns(1), "https://preview-{}.example.com", is_ever_new=True
    ),
    Case("actual, a regex", Setup(origins=(), regex=r"https://[a-z0-9-]+\.example\.com")),
    Case('actual, "*"', Setup(is_public=True)),
    Case("actual, 1 path", Setup(paths=1)),
    Case("actual, 20 paths", Setup(paths=20)),
    Case("actual, 500 paths", Setup(paths=500)),
    Case("preflight, allowed", asks_method="PUT"),
    Case("preflight, refused origin", origin=EVIL, asks_method="PUT", allowed=False),
    Case(
        "preflight, refused, ever new",
        *(Setup(), "https://evil-{}.example"),
        is_ever_new=True,
        asks_method="PUT",
        allowed=False,
    ),
    Case("preflight, refused method", asks_method="PATCH", allowed=False),
    Case("preflight, refused header", asks_method="PUT", asks_headers="content-type,x-other", allowed=False),
    Case("preflight, 256 allowed names", asks_method="PUT", asks_headers=",".join(["authorization"] * 256)),
    Case("preflight, 8 KiB of commas", asks_method="PUT", asks_headers="," * _EIGHT_KIB, allowed=None),
    Case("preflight, 8 KiB of names", asks_method="PUT", asks_headers=_names(_EIGHT_KIB), allowed=None),
    Case("preflight, 1 MiB of commas", asks_method="PUT", asks_headers="," * _ONE_MIB, allowed=None),
    Case("preflight, 1 MiB of names", asks_method="PUT", asks_headers=_names(_ONE_MIB), allowed=None),
    Case("protected, GET", guarded="GET"),
    Case(
        "protected, PUT of its own page",
        origin="https://api.example.com",
        site="same-origin",
        guarded="PUT",
        allowed=None,
    ),
    Case("protected, PUT with cookies", guarded="PUT"),
    Case(
        "protected, PUT with a Bearer token",
        Setup(has_credentials=False),
        site="cross-site",
        guarded="PUT",
        credentials=("Authorization", "Bearer " + "x" * 200),
    ),
    Case("protected, PUT of another page", origin=EVIL, site="cross-site", guarded="PUT", allowed=False),
)
