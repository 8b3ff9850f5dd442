"""What the core is asked and what it answers: CORSRequest, Decision, Refusal."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import AnyStr, Literal

from crosscors.core import fields
from crosscors.core.errors import shown
from crosscors.core.origins import split

_SHOWN_NAMES = 12
_COMPARED_ENTRIES = 1000


class Kind(enum.Enum):
    """What a request is to CORS (Fetch, "HTTP requests" of the CORS protocol)."""

    NOT_CORS = "not-cors"  # it has no Origin
    ACTUAL = "actual"
    PREFLIGHT = "preflight"


@dataclass(frozen=True)
class CORSRequest:
    """The fields of a request that CORS looks at, as plain data.

    A field that the request lacks is None; one that it has twice is both values joined with
    ``", "``, as HTTP allows (RFC 9110, section 5.3).

    Attributes:
        method: the request method, such as ``"GET"``; case-sensitive.
        origin: Origin.
        path: the decoded path as the application's router sees it, such as ``"/items/1"``.
        host: Host, such as ``"api.example.com"``; empty if there is none.
        request_method: Access-Control-Request-Method.
        request_headers: Access-Control-Request-Headers.
        request_private_network: Access-Control-Request-Private-Network.
        headers: all request fields, names in lower case; for ``allow_origin_func`` to read.

    Example:
        >>> CORSRequest("GET", origin="https://app.example.com").origin
        'https://app.example.com'
    """

    method: str
    origin: str | None = None
    path: str = ""
    host: str = ""
    request_method: str | None = None
    request_headers: str | None = None
    request_private_network: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)


RefusalCode = Literal[
    "origin-not-allowed",
    "origin-null",
    "origin-malformed",
    "origin-insecure",
    "origin-func-failed",
    "method-not-allowed",
    "headers-not-allowed",
    "headers-malformed",
    "headers-too-long",
]


@dataclass(frozen=True)
class Refusal:
    """One reason why a request is not allowed.

    Messages are made when they are read: a refusal that nobody reads costs next to nothing.

    Attributes:
        code: the kind of reason, stable across releases.
        values: what was refused, as the request had it: the origin, the method, or header names.
        allowed: what the policy allows in its place.
        error: what ``allow_origin_func`` raised, if it did.
    """

    code: RefusalCode
    values: tuple[str, ...]
    allowed: tuple[str, ...] = field(default=(), repr=False)
    error: Exception | None = field(default=None, compare=False)

    @property
    def message(self) -> str:
        """What is refused and why: one line of printable ASCII, bounded in length."""
        return _MESSAGES[self.code].format(_listed(self.values))

    @property
    def hint(self) -> str:
        """What to change where: one line of printable ASCII, bounded in length."""
        return _HINTS[self.code](self)


def _listed(values: tuple[str, ...]) -> str:
    names = ", ".join(shown(value) for value in values[:_SHOWN_NAMES])
    more = len(values) - _SHOWN_NAMES
    return f"{names} and {more} more" if more > 0 else names


_MESSAGES: Mapping[RefusalCode, str] = {
    "origin-not-allowed": "the origin {} is not allowed",
    "origin-null": "the origin null is not allowed",
    "origin-malformed": "the Origin field is not one origin as browsers send it: {}",
    "origin-insecure": "the origin {} is not https, so it gets no credentials",
    "origin-func-failed": "allow_origin_func gave no answer for the origin {}",
    "method-not-allowed": "the method {} is not allowed",
    "headers-not-allowed": "not allowed among the request headers: {}",
    "headers-malformed": "Access-Control-Request-Headers is no list of header names: {}",
    "headers-too-long": "Access-Control-Request-Headers is too long to be read: {}",
}


def _origin_hint(refusal: Refusal) -> str:
    origin = refusal.values[0]
    if not refusal.allowed:
        return f'The policy lists no origin: write allow_origins=["{origin}"] to allow this one.'
    near = difflib.get_close_matches(origin, refusal.allowed[:_COMPARED_ENTRIES], n=1, cutoff=0.8)
    if not near:
        return f'Add "{origin}" to allow_origins if its pages shall read the answers.'
    return f"The nearest entry is {shown(near[0])}, which {_difference(origin, near[0])}."


def _difference(origin: str, entry: str) -> str:
    """In which of its three parts an origin differs from an entry (HTML, "same origin")."""
    scheme, host, port = split(origin)
    entry_scheme, entry_host, entry_port = split(entry)
    if entry_host == f"*.{host}":
        return "covers the names below that domain, but not the domain itself"
    differing = {
        "scheme": scheme != entry_scheme,
        "host": not host.endswith(entry_host[1:]) if entry_host.startswith("*.") else host != entry_host,
        "port": entry_port not in (port, ":*"),
    }
    return f"has another {' and '.join(part for part, differs in differing.items() if differs)}"


def _method_hint(refusal: Refusal) -> str:
    method = refusal.values[0]
    if method.upper() in refusal.allowed:
        return f'Methods are case-sensitive: write fetch(url, {{method: "{method.upper()}"}}) in the page.'
    return _option_with("allow_methods", refusal)


def _option_with(option: str, refusal: Refusal) -> str:
    """The option as it would be if it allowed what is refused."""
    missing = tuple(
        value for value in refusal.values if fields.is_token(value) and value not in fields.FORBIDDEN_METHODS
    )
    if not missing:
        return "No browser sends this; a proxy may have changed the field."
    wanted = refusal.allowed + missing
    if len(wanted) > _SHOWN_NAMES:
        return f"To allow it, add {_listed(missing)} to {option}."
    return f"To allow it, write {option}=[{_listed(wanted)}]."


_HINTS: Mapping[RefusalCode, Callable[[Refusal], str]] = {
    "origin-not-allowed": _origin_hint,
    "origin-null": lambda _: (
        "Sandboxed frames, file pages and redirects across origins send it, and so can any attacker. "
        "Serve the page from an origin of its own."
    ),
    "origin-malformed": lambda _: "No browser sends this; a proxy may have joined two fields.",
    "origin-insecure": lambda _: (
        'Serve the page over https, or write dangerously_allow=["insecure-origins"].'
    ),
    "origin-func-failed": lambda refusal: (
        f"It has to return True or False; this ended in {shown(type(refusal.error).__name__)}."
    ),
    "method-not-allowed": _method_hint,
    "headers-not-allowed": lambda refusal: _option_with("allow_headers", refusal),
    "headers-malformed": lambda _: "No browser sends this; a proxy may have changed the field.",
    "headers-too-long": lambda _: (
        f"At most {fields.MAX_REQUEST_HEADERS_NAMES} names in {fields.MAX_REQUEST_HEADERS_LENGTH} "
        "bytes are read."
    ),
}


@dataclass(frozen=True)
class Decision:
    """What a policy says of one request, and what the response has to carry.

    Attributes:
        kind: whether the request is none of CORS, an actual request, or a preflight.
        allowed: whether everything that the request asks for is allowed.
        status: the status to answer a preflight with; None for every other request.
        headers: Access-Control-* fields that the response gets, names and values.
        vary: names that the response's Vary gets.
        refusals: why the request is not allowed; empty if it is.
        matched: the entry that allowed the origin: an origin, a pattern, ``"*"``, the regular
            expression, or ``"allow_origin_func"``; None if nothing did.

    Example:
        >>> from crosscors import CORSPolicy, CORSRequest
        >>> policy = CORSPolicy(allow_origins=["https://app.example.com"])
        >>> decision = policy.decide(CORSRequest("GET", origin="https://app.example.com"))
        >>> decision.apply([("Content-Type", "text/html")])[1:]
        [('Access-Control-Allow-Origin', 'https://app.example.com'), ('Vary', 'Origin')]
    """

    kind: Kind
    allowed: bool
    headers: tuple[tuple[str, str], ...] = ()
    vary: tuple[str, ...] = ()
    status: int | None = None
    refusals: tuple[Refusal, ...] = ()
    matched: str | None = None

    @cached_property
    def body(self) -> bytes:
        """The plain text to answer a preflight with: ``OK``, or what is refused, in ASCII."""
        if self.allowed:
            return b"OK"
        reasons = "; ".join(refusal.message for refusal in self.refusals)
        return f"Refused by the CORS policy: {reasons}".encode("ascii")

    @cached_property
    def preflight_headers(self) -> tuple[tuple[str, str], ...]:
        """All the fields of the answer to a preflight, those of its body included."""
        content = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(self.body))))
        return tuple(self.apply(content))

    @cached_property
    def raw_preflight_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The same as ``preflight_headers`` as bytes, with names in lower case."""
        return _raw(self.preflight_headers)

    def apply(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The response's fields with this decision written into them; the given ones stay as they are.

        The policy is the one authority: Access-Control-* fields of the application are replaced, or
        dropped where nothing is allowed, for a second value makes browsers refuse both (Fetch, "CORS
        check"). Vary is merged. All other fields keep their order and repeats.
        """
        return _written(headers, self.headers, self.vary, "access-control-", "vary", _vary_field)

    def apply_raw(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The same as ``apply`` for fields as bytes, whose names it writes in lower case."""
        return _written(headers, self._raw_headers, self.vary, b"access-control-", b"vary", _raw_vary_field)

    @cached_property
    def _raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        return _raw(self.headers)


def _raw(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers)


def _written(
    headers: Iterable[tuple[AnyStr, AnyStr]],
    cors_headers: tuple[tuple[AnyStr, AnyStr], ...],
    vary_names: tuple[str, ...],
    cors_prefix: AnyStr,
    vary_name: AnyStr,
    vary_field: Callable[[list[AnyStr], tuple[str, ...]], tuple[AnyStr, AnyStr]],
) -> list[tuple[AnyStr, AnyStr]]:
    written: list[tuple[AnyStr, AnyStr]] = []
    vary_values: list[AnyStr] = []
    for header in headers:
        name = header[0].lower()
        if name.startswith(cors_prefix):
            continue
        if vary_names and name == vary_name:
            vary_values.append(header[1])
        else:
            written.append(header)
    written += cors_headers
    if vary_names:
        written.append(vary_field(vary_values, vary_names))
    return written


def _vary_field(values: list[str], names: tuple[str, ...]) -> tuple[str, str]:
    return "Vary", fields.merge_vary(values, names)


def _raw_vary_field(values: list[bytes], names: tuple[str, ...]) -> tuple[bytes, bytes]:
    return b"vary", fields.merge_vary([value.decode("latin-1") for value in values], names).encode("latin-1")
