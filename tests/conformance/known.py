"""Defects that CORS libraries have or had, as rows: whose it is, the input that shows it, and what is right.

Every row runs on every stack. The policies are those that the defect needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from crosscors import CORSPolicy, Resources
from tests.clients import Fields

from .table import (
    EVIL,
    NOTHING,
    SAFELISTED,
    UNTOUCHED,
    Expected,
    Request,
    get,
    may_not_send,
    may_send,
    preflight,
    reads,
)

ORIGIN = "https://example.com"

# Whose.
MANY = "several libraries"
DJANGO = "django-cors-headers"
FLASK = "Flask-CORS"
STARLETTE = "Starlette"
CVE_2026_37737 = f"{FLASK}, CVE-2026-37737"


def _open(**options: object) -> CORSPolicy:
    """A policy that would disclose all it can to those whom it wrongly allows."""
    rest = {"allow_methods": "*", "allow_headers": "*", "expose_headers": "X-Total"}
    return CORSPolicy(**{**rest, **options})  # type: ignore[arg-type]


# Origins that were allowed, or crashed the server, and must not be.

LISTED = "one origin"
STRANGERS_OF: dict[str, CORSPolicy] = {
    LISTED: _open(allow_origins=ORIGIN, allow_credentials=True),
    "a dot": _open(allow_origins="https://good.example"),
    "null": _open(allow_origins="null"),
    "subdomains": _open(allow_origins="https://*.example.com"),
    "any port": _open(allow_origins="http://localhost:*"),
    "an expression": _open(allow_origin_regex=r"https://.*\.example\.com"),
    "an expression, compiled": _open(allow_origin_regex=re.compile(r"https://trusted\.com")),
    "an expression with $": _open(allow_origin_regex=r"https://example\.com$"),
    "two expressions": _open(allow_origin_regex=r"https://a\.com|https://b\.com"),
    "nothing": CORSPolicy(),
}


@dataclass(frozen=True)
class Stranger:
    known: str
    sentence: str
    policy: str
    origin: str


STRANGERS = (
    Stranger(STARLETTE, "a part of the one string given as list", LISTED, "https://example.co"),
    Stranger(STARLETTE, "a letter of the one string given as list", LISTED, "h"),
    Stranger(MANY, "an entry with something behind it", LISTED, "https://example.community"),
    Stranger(MANY, "an entry with a domain behind it", LISTED, "https://example.com.evil.io"),
    Stranger(MANY, "an entry with something before its host", LISTED, "https://evilexample.com"),
    Stranger(MANY, "an entry under another scheme", LISTED, "http://example.com"),
    Stranger(MANY, "an entry under another port", LISTED, "https://example.com:8443"),
    Stranger(DJANGO, "an entry with path and query, reflected as it came", LISTED, f"{ORIGIN}/path?x"),
    Stranger(FLASK, "an entry in upper case", LISTED, "https://EXAMPLE.com"),
    Stranger(DJANGO, "a bracket that URL parsers raise on", LISTED, "https://example.com].evil.com"),
    Stranger(DJANGO, "half an address", LISTED, "https://[::1"),
    Stranger(DJANGO, "no host and no port, where URL parsers raise", LISTED, "https://*@:;"),
    Stranger(STARLETTE, "an empty Origin, which is in every string", LISTED, ""),
    Stranger(MANY, "any character for a dot", "a dot", "https://goodXexample"),
    Stranger(DJANGO, "a word without scheme, where null is listed", "null", "evil"),
    Stranger(FLASK, "a pattern without its dot", "subdomains", "https://xexample.com"),
    Stranger(FLASK, "a pattern read as an expression", "subdomains", "https://xexampleYcom.evil.io"),
    Stranger(MANY, "a wildcard port across a dot", "any port", "http://localhost.example.com"),
    Stranger(STARLETTE, "a match of the prefix", "an expression", "https://x.example.com.evil.io"),
    Stranger(STARLETTE, "a path in a wildcard", "an expression", "https://evil.io/.example.com"),
    Stranger(STARLETTE, "a fragment in a wildcard", "an expression", "https://evil.io#.example.com"),
    Stranger(DJANGO, "a query in a wildcard", "an expression", "https://evil.io?.example.com"),
    Stranger(MANY, "a user in a wildcard", "an expression", "https://u@evil.example.com"),
    Stranger(
        CVE_2026_37737, "a match of the prefix", "an expression, compiled", "https://trusted.com.attacker.io"
    ),
    Stranger(FLASK, "a line end before the $", "an expression with $", "https://example.com\n"),
    Stranger(DJANGO, "two expressions joined", "two expressions", "https://a.com|https://b.com"),
    Stranger(MANY, "a stranger, where nothing is configured", "nothing", EVIL),
)


# Paths that got the policy of another path. Here, paths are as a client sends them.

LOOSE = CORSPolicy(allow_origins="*")
STRICT = CORSPolicy(allow_origins=ORIGIN)
API = Resources({"/api/*": LOOSE})
SPACE = Resources({"/service path": LOOSE})
PUBLIC = Resources({re.compile("/public"): LOOSE})


@dataclass(frozen=True)
class Path:
    known: str
    sentence: str
    policy: Resources
    path: str
    expected: Expected


PATHS = (
    Path(f"{FLASK}, CVE-2020-25032", "dot segments out of the prefix", API, "/api/../foo.txt", UNTOUCHED),
    Path(f"{FLASK}, CVE-2020-25032", "dot segments at the end", API, "/api/..", UNTOUCHED),
    Path(f"{FLASK}, CVE-2020-25032", "one dot", API, "/./api/foo.txt", UNTOUCHED),
    Path(f"{FLASK}, CVE-2020-25032", "encoded dots", API, "/api/%2e%2e/foo.txt", UNTOUCHED),
    Path(f"{FLASK}, CVE-2020-25032", "dots and an empty segment", API, "/api//../foo.txt", UNTOUCHED),
    Path(f"{FLASK}, CVE-2020-25032", "dots and a backslash", API, "/api/..%5cfoo.txt", UNTOUCHED),
    Path(f"{FLASK}, CVE-2024-6866", "all of it in upper case", API, "/API/x", UNTOUCHED),
    Path(FLASK, "encoded twice", API, "/%2561pi/x", UNTOUCHED),
    Path(FLASK, "something before the prefix", API, "/x/api/x", UNTOUCHED),
    Path(MANY, "a longer name with a dash", API, "/api-internal/secret", UNTOUCHED),
    Path(f"{FLASK}, CVE-2024-6844", "a plus that is no space", SPACE, "/service+path", UNTOUCHED),
    Path(MANY, "an expression that matches a prefix", PUBLIC, "/publicity", UNTOUCHED),
    Path(MANY, "an expression that matches a prefix, and dots", PUBLIC, "/public/../private", UNTOUCHED),
    Path(
        f"{FLASK}, CVE-2024-6839",
        "a loose expression before a strict prefix",
        Resources({re.compile("/[a-z]+/[a-z]+/?"): LOOSE, "/private/*": STRICT}),
        "/private/x",
        NOTHING,
    ),
    Path(
        f"{FLASK}, CVE-2024-6839",
        "a loose and longer expression after a strict one",
        Resources({re.compile("/private/.*"): STRICT, re.compile("/[a-z]+/[a-z]+(?:/)*"): LOOSE}),
        "/private/x",
        NOTHING,
    ),
    Path(
        f"{FLASK}, CVE-2024-6844",
        "a plus beside a space",
        Resources({"/service+path": STRICT, "/service path": LOOSE}),
        "/service+path",
        NOTHING,
    ),
    Path(
        MANY,
        "a path is decoded, and as UTF-8",
        Resources({"/public/\u00e9": LOOSE}),
        "/%70ublic/%C3%A9",
        reads("*", exposed=""),
    ),
)


# Requests whose answer was wrong.

PUTS = CORSPolicy(allow_origins=ORIGIN, allow_methods=("GET", "POST"), allow_headers="X-Token")
DELETES = CORSPolicy(allow_origins=ORIGIN, allow_methods="DELETE")
EVERYTHING = CORSPolicy(allow_origins=ORIGIN, allow_credentials=True, allow_methods="*", allow_headers="*")
SOME_WITH_CREDENTIALS = CORSPolicy(allow_origins="*", allow_credentials=ORIGIN)

_PUTS = may_send(ORIGIN, methods="GET, POST", max_age="600")
_DELETES = may_send(ORIGIN, methods="DELETE", headers=SAFELISTED, max_age="600")
_ALL_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"


@dataclass(frozen=True)
class Known:
    known: str
    sentence: str
    policy: CORSPolicy
    request: Request
    expected: Expected


def _with(request: Request, *fields: tuple[str, str]) -> Request:
    return replace(request, fields=[*request.fields, *fields])


_COOKIE, _TOKEN = ("Cookie", "session=1"), ("Authorization", "Bearer x")
_OWN_VARY = ("Vary", "X-Injected")

_NO_DELETE, _NO_PUT = may_not_send(_DELETES), may_not_send(_PUTS)

REQUESTS = (
    Known(
        STARLETTE,
        "the second line of headers is not overlooked",
        PUTS,
        preflight(ORIGIN, "GET", "x-token", "x-other"),
        _NO_PUT,
    ),
    Known(
        STARLETTE,
        "both lines of headers are answered",
        EVERYTHING,
        preflight(ORIGIN, "GET", "x-a", "x-b"),
        may_send(ORIGIN, methods=_ALL_METHODS, headers="x-a, x-b", credentials=True, max_age="600"),
    ),
    *(
        Known(
            f"{STARLETTE}, {FLASK} (CVE-2024-6221)",
            f"{value!r} about private networks is neither answered unasked nor refused",
            PUTS,
            preflight(ORIGIN, "GET", network=value),
            _PUTS,
        )
        for value in ("true", "false", "1")
    ),
    Known(STARLETTE, "a cookie makes * no origin", LOOSE, _with(get(EVIL), _COOKIE), reads("*", exposed="")),
    Known(STARLETTE, "a token makes * no origin", LOOSE, _with(get(EVIL), _TOKEN), reads("*", exposed="")),
    Known(
        STARLETTE,
        "without a cookie, credentials are allowed all the same",
        EVERYTHING,
        get(ORIGIN),
        reads(ORIGIN, exposed="", credentials=True),
    ),
    Known(
        STARLETTE,
        "with a cookie, credentials are for the listed alone",
        SOME_WITH_CREDENTIALS,
        _with(get(EVIL), _COOKIE),
        reads(EVIL, exposed=""),
    ),
    Known(
        DJANGO,
        "a request's Vary stays there",
        STRICT,
        _with(get(ORIGIN), _OWN_VARY),
        reads(ORIGIN, exposed=""),
    ),
    Known(
        DJANGO,
        "the Vary of a preflight stays there",
        STRICT,
        _with(preflight(ORIGIN, "GET"), _OWN_VARY),
        may_send(ORIGIN, methods="GET", headers=SAFELISTED, max_age="600"),
    ),
    Known(
        FLASK,
        "without an Origin, the first of the alphabet was named",
        CORSPolicy(allow_origins=("https://b.example", "https://a.example"), allow_credentials=True),
        get(),
        NOTHING,
    ),
)


# Requests that would forge a line of a log which writes them down as they are.
FORGERIES: dict[str, Fields] = {
    "in Origin": [("Origin", f"{EVIL}\r\nroot: forged")],
    "in the method": preflight(ORIGIN, "PUT\r\nforged").fields,
    "in the headers": preflight(ORIGIN, "GET", "x\r\nforged\x1b[31m").fields,
    "in the path": [("Origin", ORIGIN)],
}
