"""The published outcomes of Go's net/http.CrossOriginProtection, and every difference from them.

Go's tests (1.25.1, src/net/http/csrf_test.go) send their requests to example.com. Policies, ``own_origins``,
``allowed_hosts`` and patterns of origins have no counterpart there.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from crosscors import CrossOriginProtection, PolicyError, PolicyWarning

from ..tables import table
from .protection_kit import Options, reason

ATTACKER = "https://attacker.example"
TRUSTED: Options = {"trusted_origins": "https://trusted.example"}
# A pattern of Go that ends with a slash covers what is below the slash. {foo} is one segment.
BYPASS: Options = {"exempt": ["/bypass/*", re.compile("/only/[^/]+"), "/no-trailing", "/yes-trailing/"]}


def is_served(
    method: str = "POST",
    site: str | None = None,
    origin: str | None = None,
    path: str = "/",
    host: str = "example.com",
    **options: Any,
) -> bool:
    headers = {"host": host}
    headers |= {} if site is None else {"sec-fetch-site": site}
    headers |= {} if origin is None else {"origin": origin}
    return reason(headers, None, method=method, path=path, **options) is None


@table(
    "method, site, origin, expected",
    ("a page of the server", "POST", "same-origin", None, True),
    ("no page", "POST", "none", None, True),
    ("a page of another site", "POST", "cross-site", None, False),
    ("a page of the same site", "POST", "same-site", None, False),
    ("neither header", "POST", None, None, True),
    ("the origin is that of Host", "POST", None, "https://example.com", True),
    ("the origin is another one", "POST", None, ATTACKER, False),
    ("the origin is null", "POST", None, "null", False),
    ("GET is safe", "GET", "cross-site", None, True),
    ("HEAD is safe", "HEAD", "cross-site", None, True),
    ("OPTIONS is safe", "OPTIONS", "cross-site", None, True),
    ("PUT is not", "PUT", "cross-site", None, False),
)
def test_what_the_headers_say(method: str, site: str | None, origin: str | None, expected: bool) -> None:
    assert is_served(method, site, origin) is expected


@table(
    "site, origin, expected",
    ("a trusted origin, and nothing else", None, "https://trusted.example", True),
    ("a trusted origin on another site", "cross-site", "https://trusted.example", True),
    ("another origin, and nothing else", None, ATTACKER, False),
    ("another origin on another site", "cross-site", ATTACKER, False),
)
def test_trusted_origins(site: str | None, origin: str, expected: bool) -> None:
    assert is_served(site=site, origin=origin, **TRUSTED) is expected


@table(
    "path, site, expected",
    ("an exempt path, and nothing else", "/bypass/", None, True),
    ("an exempt path from another site", "/bypass/", "cross-site", True),
    ("another path, and nothing else", "/api/", None, False),
    ("another path from another site", "/api/", "cross-site", False),
    ("dot segments that lead to an exempt path", "/foo/../bypass/bar", None, False),
    ("dot segments that lead to another path", "/foo/../api/bar", None, False),
    ("another path without a slash at its end", "/api", None, False),
    ("one segment", "/only/123", None, True),
    ("two segments", "/only/123/foo", None, False),
    ("an exact path", "/no-trailing", None, True),
    ("an exact path with a slash at its end", "/yes-trailing/", None, True),
)
def test_exempt_paths(path: str, site: str | None, expected: bool) -> None:
    assert is_served(site=site, origin=ATTACKER, path=path, **BYPASS) is expected


@table(
    "site, origin, path, expected",
    ("a page of another site", "cross-site", ATTACKER, "/", False),
    ("a page of the server", "same-origin", None, "/", True),
    ("the own origin, with a port", None, "http://127.0.0.1:41234", "/", True),
    ("a trusted origin", None, "https://trusted.example", "/", True),
    ("another origin", None, ATTACKER, "/", False),
    ("an exempt path", None, ATTACKER, "/bypass/", True),
)
def test_on_a_server(site: str | None, origin: str | None, path: str, expected: bool) -> None:
    served = is_served(site=site, origin=origin, path=path, host="127.0.0.1:41234", **TRUSTED, **BYPASS)
    assert served is expected


@table(
    "origin, is_taken",
    ("an origin", "https://example.com", True),
    ("an origin with a port", "https://example.com:8080", True),
    ("no scheme", "example.com", False),
    ("no host", "https://", False),
    ("a slash at the end", "https://example.com/", False),
    ("a path", "https://example.com/path", False),
    ("a query", "https://example.com?query=value", False),
    ("a fragment", "https://example.com#fragment", False),
    ("a blank", "https://ex ample.com", False),
    ("nothing", "", False),
    ("null", "null", False),
)
def test_what_can_be_trusted(origin: str, is_taken: bool) -> None:
    if is_taken:
        CrossOriginProtection(trusted_origins=origin)
        return
    with pytest.raises(PolicyError):
        CrossOriginProtection(trusted_origins=origin)


def test_plain_http_can_be_trusted_with_a_warning() -> None:
    """Go says nothing. Anybody on the network path can answer for such a page."""
    with pytest.warns(PolicyWarning, match="anyone on the network path"):
        CrossOriginProtection(trusted_origins="http://example.com")


# The differences, each with its reason. The first outcome is ours, the second one is Go's.

# In Go, /a and /a/ are two routes. Routers in Python take both, or redirect from one to the other. So the key
# of one covers the other, as everywhere in Resources. A page gains nothing, because both are the same view.
DIFFERENT_PATHS = [
    ("everything below a path, and the path itself", "/bypass", True, False),
    ("an exact path covers its twin with a slash", "/no-trailing/", True, False),
    ("an exact path with a slash covers its twin", "/yes-trailing", True, False),
]


@table("path, ours, of_go", *DIFFERENT_PATHS)
def test_other_paths_are_exempt(path: str, ours: bool, of_go: bool) -> None:
    assert is_served(origin=ATTACKER, path=path, **BYPASS) is ours is not of_go


# A path of Go can name a method ("POST /hooks/"), and then its other methods stay protected. Here, a path is
# exempt with all its methods. Where every site may POST, nothing is won if PUT is protected.

# Go's tests have no such requests. What Go does with them follows from its rules (csrf.go).
DIFFERENT: list[tuple[str, dict[str, Any], bool, bool]] = [
    ("a user name is no part of an origin", {"origin": "https://evil@example.com"}, False, True),
    ("a path is no part of an origin", {"origin": "https://example.com/path"}, False, True),
    ("an empty Origin is not an origin, and no browser sends it", {"origin": ""}, False, True),
    ("QUERY is safe (RFC 10008)", {"method": "QUERY", "site": "cross-site"}, True, False),
    ("TRACE is safe (RFC 9110, section 9.2.1)", {"method": "TRACE", "site": "cross-site"}, True, False),
    # So that a value of a future standard does not break pages of the server itself. OWASP advises the same.
    (
        "an unknown Sec-Fetch-Site says nothing, so Origin and Host decide",
        {"site": "same-party", "origin": "https://example.com"},
        True,
        False,
    ),
    ("nor does it speak against a client that is not a browser", {"site": "same-party"}, True, False),
    ("of two headers, Go reads the first", {"site": "none, cross-site", "origin": ATTACKER}, False, True),
    ("host names have no case", {"origin": "https://example.com", "host": "Example.com"}, True, False),
    # Some proxies write it.
    (
        "Host may name the default port",
        {"origin": "https://example.com", "host": "example.com:443"},
        True,
        False,
    ),
    # Browsers send cookies with the handshake, and ask nobody before.
    (
        "the handshake of a WebSocket is not safe, although its method is GET",
        {"method": "GET", "site": "cross-site", "origin": ATTACKER, "is_websocket": True},
        False,
        True,
    ),
]


@table("sent, ours, of_go", *DIFFERENT)
def test_what_else_differs(sent: dict[str, Any], ours: bool, of_go: bool) -> None:
    assert is_served(**sent) is ours is not of_go
