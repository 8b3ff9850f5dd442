"""allowed_hosts: the names by which the server may be reached (core/hosts.py)."""

from __future__ import annotations

from crosscors.core.hosts import AllowedHosts, Host, parse_host

from ..tables import table
from .protection_kit import Options, from_page, reason

HOSTS: Options = {
    "allowed_hosts": ["api.example.com", "localhost:8000", "*.example.org", "[::1]", "a.test:80"]
}


@table(
    "host, is_allowed",
    ("the name", "api.example.com", True),
    ("the name with any port, because the entry has none", "api.example.com:8443", True),
    ("the name in another case", "API.Example.COM", True),
    ("the name with a dot at its end", "api.example.com.", True),
    ("a dot at the end, and a port", "api.example.com.:443", True),
    ("two dots at the end are no name", "api.example.com..", False),
    ("a name that ends with it", "evil-api.example.com", False),
    ("a name below it", "x.api.example.com", False),
    ("a name that begins with it", "api.example.com.evil.test", False),
    ("the port of the entry", "localhost:8000", True),
    ("another port than the entry's", "localhost:8001", False),
    ("no port, where the entry has one that browsers do not leave out", "localhost", False),
    ("no port, where the entry has a default port", "a.test", True),
    ("the default port of the other scheme, written out", "a.test:443", False),
    ("a name below the domain of a pattern", "a.example.org", True),
    ("two labels below it", "a.b.example.org:1", True),
    ("the domain of a pattern itself", "example.org", False),
    ("nothing before the dot", ".example.org", False),
    ("an IPv6 address", "[::1]:3000", True),
    ("an IPv6 address in a longer form", "[0:0:0:0:0:0:0:1]", True),
    ("another IPv6 address", "[::2]", False),
    ("an IPv6 address without brackets", "::1", False),
    ("not an address", "[::1::]", False),
    ("an address with a zone", "[::1%25lo]", False),
    ("no Host, or an empty one", "", False),
    ("two Host headers", "api.example.com, api.example.com", False),
    ("two Host headers, joined without a blank", "api.example.com,api.example.com", False),
    ("a user name", "api.example.com@evil.test", False),
    ("a user name in front of it", "evil@api.example.com", False),
    ("a path", "api.example.com/", False),
    ("a blank", " api.example.com", False),
    ("a line break", "api.example.com\n", False),
    ("a port that is not a number", "api.example.com:x", False),
    ("a port of a Unicode digit", "api.example.com:\N{ARABIC-INDIC DIGIT ONE}", False),
    ("a colon without a port", "api.example.com:", False),
    (
        "a letter that lower() makes ASCII",
        "api.example.com".replace("i", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
        False,
    ),
    ("the name that an attacker has rebound", "evil.test:8000", False),
)
def test_allowed_hosts(host: str, is_allowed: bool) -> None:
    for headers in (from_page(None, "same-origin"), from_page("http://evil.test:8000", "same-origin")):
        headers["host"] = host
        expected = None if is_allowed else "host-not-allowed"
        assert reason(headers, **HOSTS) == expected
        # Neither of these is looked at before it.
        assert reason(headers, method="GET", **HOSTS) == expected
        assert reason(headers, exempt="/items", **HOSTS) == expected
        assert reason(headers, is_websocket=True, **HOSTS) == expected
        assert (
            reason({**headers, "access-control-request-method": "PUT"}, method="OPTIONS", **HOSTS) == expected
        )


def test_without_the_option_every_host_is_allowed() -> None:
    assert reason({"host": "evil.test", "sec-fetch-site": "same-origin"}) is None
    assert reason({"sec-fetch-site": "same-origin"}) is None


@table(
    "header, host",
    ("a name", "a.example", Host("a.example", None)),
    ("a name with a port", "a.example:80", Host("a.example", 80)),
    ("a port with a zero in front", "a.example:080", Host("a.example", 80)),
    ("an IPv4 address", "127.0.0.1:1", Host("127.0.0.1", 1)),
    ("an IPv6 address", "[0::1]", Host("[::1]", None)),
    ("a name of a container", "my_host", Host("my_host", None)),
    ("only a dot", ".", None),
    ("nothing", "", None),
)
def test_host_is_read(header: str, host: Host | None) -> None:
    assert parse_host(header) == host


def test_no_entry_admits_nothing() -> None:
    assert not AllowedHosts.of(()).admit("a.example")
