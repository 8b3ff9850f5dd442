"""Serialized origins, IPv6 addresses, loopback hosts, and the set that matches origins."""

from __future__ import annotations

import pytest

from crosscors.core.origins.patterns import OriginSet, is_entry
from crosscors.core.origins.serialized import (
    is_loopback,
    is_serialized_origin,
    serialize_ipv6,
    split,
)

LABEL_63 = "a" * 63
HOST_253 = ".".join([LABEL_63, LABEL_63, LABEL_63, "a" * 61])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://example.com", id="a host"),
        pytest.param("https://example.com:8443", id="a host and port"),
        pytest.param("http://localhost:3000", id="localhost"),
        pytest.param("https://a", id="one label of one letter"),
        pytest.param("https://example.com.", id="a dot at the end"),
        pytest.param("https://_a.b_c", id="underscores"),
        pytest.param("https://-a-.b--c", id="hyphens anywhere"),
        pytest.param("https://1a.2b", id="labels that begin with a digit"),
        pytest.param("https://1.2.3.4.com", id="an address before a domain"),
        pytest.param("https://xn--bcher-kva.example", id="Punycode"),
        pytest.param("http://1.2.3.4", id="IPv4"),
        pytest.param("http://255.255.255.255:65535", id="IPv4 and port"),
        pytest.param("http://[::1]", id="IPv6"),
        pytest.param("http://[2001:db8::1]:8080", id="IPv6 and port"),
        pytest.param("http://[::ffff:7f00:1]", id="IPv4 mapped into IPv6"),
        pytest.param("http://example.com:443", id="the default port of another scheme"),
        pytest.param("https://example.com:1", id="port 1"),
        pytest.param("https://example.com:65535", id="port 65535"),
        pytest.param("capacitor://localhost", id="an app"),
        pytest.param("a+b-c.1://x", id="every sign that a scheme may have"),
        pytest.param("capacitor://1", id="a number as an opaque host"),
        pytest.param("app://.", id="a dot as an opaque host"),
        pytest.param("app://..", id="empty labels in an opaque host"),
        pytest.param("app://A", id="an upper-case opaque host"),
        pytest.param("app://a~!$&'()+,;=%2F", id="every sign that an opaque host may have"),
        pytest.param("app://" + "a" * 64, id="a long opaque host"),
        pytest.param("app://xn--f", id="an opaque host that looks like Punycode"),
        pytest.param("gopher://a:70", id="a scheme that is not special and a port"),
        pytest.param("file://", id="a file"),
        pytest.param("https://xn--p1ai", id="Punycode as the top-level domain"),
        pytest.param("https://xn--4ca.xn--p1ai", id="Punycode twice"),
        pytest.param(f"https://{LABEL_63}.com", id="a label of 63"),
        pytest.param(f"https://{HOST_253}", id="a host of 253"),
        pytest.param(f"{'s' * 64}://{HOST_253}:65535", id="everything as long as it may be"),
    ],
)
def test_what_is_a_serialized_origin(text: str) -> None:
    assert is_serialized_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("null", id="null"),
        pytest.param("*", id="a *"),
        pytest.param("https://", id="no host"),
        pytest.param("https://:8443", id="a port without a host"),
        pytest.param("://a", id="no scheme"),
        pytest.param("a.example", id="a host alone"),
        pytest.param("file:///", id="a file with a path"),
        pytest.param("file://a", id="a file on a host"),
        pytest.param("data://x", id="data"),
        pytest.param("blob://x", id="a blob"),
        pytest.param("about://x", id="about"),
        pytest.param("javascript://x", id="javascript"),
        pytest.param("app://", id="an opaque host of no characters"),
        pytest.param("app://a*", id="a * in an opaque host"),
        pytest.param("app://a%2", id="half an escape in an opaque host"),
        pytest.param("app://a%zz", id="an escape that is not hexadecimal"),
        pytest.param('app://a"', id="a quote in an opaque host"),
        pytest.param("app://a b", id="a space in an opaque host"),
        pytest.param("app://\u00e4", id="a letter outside ASCII in an opaque host"),
        pytest.param("app://" + "a" * 254, id="an opaque host of 254"),
        pytest.param("App://a", id="an upper-case scheme of an app"),
        pytest.param("http://xn--f", id="Punycode that does not decode"),
        pytest.param("https://a.xn--.b", id="Punycode of nothing"),
        pytest.param("https://xn--abc-.com", id="Punycode of ASCII"),
        pytest.param("https://xn--a-.com", id="Punycode of one ASCII letter"),
        pytest.param("https://a.b.c.xn--f", id="Punycode that does not decode, after many labels"),
        pytest.param("https://xn--99999999.com", id="Punycode beyond Unicode"),
        pytest.param("https://xn--ls8h0.com", id="Punycode with something left over"),
        pytest.param("https:a.example", id="no slashes"),
        pytest.param("1s://a", id="a scheme that begins with a digit"),
        pytest.param("s_s://a", id="an underscore in the scheme"),
        pytest.param("HTTPS://a", id="an upper-case scheme"),
        pytest.param("https://A", id="an upper-case host"),
        pytest.param("https://a/", id="a slash"),
        pytest.param("https://a?", id="a query"),
        pytest.param("https://a#", id="a fragment"),
        pytest.param("https://u@a", id="userinfo"),
        pytest.param("https://a ", id="a space"),
        pytest.param("https://a\n", id="a line break"),
        pytest.param("https://a\x00", id="a zero byte"),
        pytest.param("https://a, https://b", id="two origins"),
        pytest.param("https://\u00e4", id="a letter outside ASCII"),
        pytest.param("https://%61", id="percent-encoding"),
        pytest.param("https://*.a", id="a pattern"),
        pytest.param("https://a:*", id="a pattern for the port"),
        pytest.param("https://a..b", id="an empty label"),
        pytest.param("https://.a", id="a dot at the beginning"),
        pytest.param("https://a..", id="two dots at the end"),
        pytest.param("https://.", id="a dot alone"),
        pytest.param("https://a:443", id="the default port of https"),
        pytest.param("http://a:80", id="the default port of http"),
        pytest.param("https://a:", id="an empty port"),
        pytest.param("https://a:0", id="port 0"),
        pytest.param("https://a:08", id="a port with a leading zero"),
        pytest.param("https://a:65536", id="port 65536"),
        pytest.param("https://a:100000", id="a port of six digits"),
        pytest.param("https://a:\u0663", id="a port in other digits"),
        pytest.param("https://a:1:2", id="two ports"),
        pytest.param("http://1.2.3", id="IPv4 in three numbers"),
        pytest.param("http://1.2.3.256", id="IPv4 over 255"),
        pytest.param("http://01.2.3.4", id="IPv4 with a leading zero"),
        pytest.param("http://1.2.3.4.", id="IPv4 with a dot at the end"),
        pytest.param("http://0x7f000001", id="hexadecimal IPv4"),
        pytest.param("http://a.1", id="a host that ends in a number"),
        pytest.param("http://a.0x", id="a host that ends in 0x"),
        pytest.param("http://[::01]", id="IPv6 with a leading zero"),
        pytest.param("http://[::A]", id="IPv6 in upper case"),
        pytest.param("http://[0:0:0:0:0:0:0:1]", id="IPv6 uncompressed"),
        pytest.param("http://[::ffff:1.2.3.4]", id="IPv6 with dots"),
        pytest.param("http://[]", id="empty brackets"),
        pytest.param("http://[::1", id="an open bracket"),
        pytest.param("http://::1", id="IPv6 without brackets"),
        pytest.param(f"https://{LABEL_63}a.com", id="a label of 64"),
        pytest.param(f"https://{HOST_253}a", id="a host of 254"),
        pytest.param(f"{'s' * 65}://a", id="a scheme of 65"),
        pytest.param(f"{'s' * 65}://{HOST_253}:65535", id="a letter too long"),
        pytest.param("https://" + "a." * 100_000, id="200 kB"),
    ],
)
def test_what_is_no_serialized_origin(text: str) -> None:
    assert not is_serialized_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("null", id="null"),
        pytest.param("https://example.com", id="an origin"),
        pytest.param("https://*.example.com", id="a pattern for subdomains"),
        pytest.param("https://*.com", id="a pattern on a top-level domain"),
        pytest.param("https://*.example.com:8443", id="a pattern for subdomains with a port"),
        pytest.param("http://localhost:*", id="a pattern for any port"),
        pytest.param("http://*.localhost:*", id="a pattern for both"),
        pytest.param("http://[::1]:*", id="any port of IPv6"),
        pytest.param("http://127.0.0.1:*", id="any port of IPv4"),
        pytest.param("capacitor://*.a", id="a pattern for an app"),
    ],
)
def test_what_is_an_entry(text: str) -> None:
    assert is_entry(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("*", id="a * alone"),
        pytest.param("https://*", id="a * for the host"),
        pytest.param("https://*.", id="a * and a dot"),
        pytest.param("https://*:*", id="a * for host and port"),
        pytest.param("*://a", id="a * for the scheme"),
        pytest.param("https://**.a", id="two *"),
        pytest.param("https://*.*.a", id="two labels of *"),
        pytest.param("https://a.*.b", id="a * in the middle"),
        pytest.param("https://a*.b", id="a * at the end of a label"),
        pytest.param("https://*a.b", id="a * at the beginning of a label"),
        pytest.param("https://a.*", id="a * at the end"),
        pytest.param("https://a:8*", id="a * within the port"),
        pytest.param("https://a:*8", id="a * before the port"),
        pytest.param("https://a:**", id="two * for the port"),
        pytest.param("https://*.a:443", id="a pattern with a default port"),
        pytest.param("https://*.A", id="a pattern in upper case"),
        pytest.param("https://*..a", id="a pattern with an empty label"),
        pytest.param("http://*.0.0.1", id="a pattern in IPv4"),
        pytest.param("http://*.[::1]", id="a pattern before IPv6"),
        pytest.param(f"https://*.{HOST_253}", id="a pattern that nothing is short enough for"),
    ],
)
def test_what_is_no_entry(text: str) -> None:
    assert not is_entry(text)


@pytest.mark.parametrize(
    ("host", "serialized"),
    [
        pytest.param("[::1]", "[::1]", id="as browsers write it"),
        pytest.param("[0:0:0:0:0:0:0:1]", "[::1]", id="zeros are compressed"),
        pytest.param("[2001:DB8::0001]", "[2001:db8::1]", id="lower case, without leading zeros"),
        pytest.param("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]", id="the longest run is compressed"),
        pytest.param("[1:0:0:2:0:0:3:4]", "[1::2:0:0:3:4]", id="the first of two runs is compressed"),
        pytest.param("[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]", id="one zero is not compressed"),
        pytest.param("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", id="dots become hexadecimal numbers"),
        pytest.param("[::ffff:0.0.0.0]", "[::ffff:0:0]", id="two last zeros stay"),
        pytest.param("[64:ff9b::192.0.2.1]", "[64:ff9b::c000:201]", id="dots in another prefix, too"),
        pytest.param("[::1%eth0]", None, id="a zone"),
        pytest.param("[::1%25eth0]", None, id="a zone as in a URL"),
        pytest.param("[::1", None, id="an open bracket"),
        pytest.param("[]", None, id="nothing"),
        pytest.param("[1.2.3.4]", None, id="IPv4"),
        pytest.param("[:::1]", None, id="three colons"),
        pytest.param("[1:2:3:4:5:6:7:8:9]", None, id="nine numbers"),
        pytest.param("[g::1]", None, id="a letter that is no digit"),
        pytest.param("[localhost]", None, id="a name"),
    ],
)
def test_how_browsers_write_an_ipv6_address(host: str, serialized: str | None) -> None:
    assert serialize_ipv6(host) == serialized


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        pytest.param("localhost", True, id="localhost"),
        pytest.param("localhost.", True, id="localhost with a dot at its end"),
        pytest.param("app.localhost", True, id="a subdomain of localhost"),
        pytest.param("a.b.localhost.", True, id="one further below"),
        pytest.param("127.0.0.1", True, id="127.0.0.1"),
        pytest.param("127.255.255.255", True, id="the last of 127.0.0.0/8"),
        pytest.param("[::1]", True, id="::1"),
        pytest.param("notlocalhost", False, id="a name that ends in localhost"),
        pytest.param("localhost.com", False, id="a name that begins with localhost"),
        pytest.param("127.evil.example", False, id="a name that begins with 127"),
        pytest.param("127.0.0.1.example", False, id="a name that begins with the address"),
        pytest.param("126.255.255.255", False, id="the address before"),
        pytest.param("128.0.0.1", False, id="the address after"),
        pytest.param("0.0.0.0", False, id="any address of the machine"),  # noqa: S104
        pytest.param("192.168.0.1", False, id="a private network"),
        pytest.param("[::2]", False, id="::2"),
        pytest.param("::1", False, id="::1 without brackets"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_which_hosts_never_leave_the_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("origin", "parts"),
    [
        pytest.param("https://a.example", ("https", "a.example", ""), id="no port"),
        pytest.param("https://a.example:8443", ("https", "a.example", ":8443"), id="a port"),
        pytest.param("http://[::1]", ("http", "[::1]", ""), id="IPv6"),
        pytest.param("http://[::1]:3000", ("http", "[::1]", ":3000"), id="IPv6 and a port"),
        pytest.param("http://*.a:*", ("http", "*.a", ":*"), id="a pattern"),
    ],
)
def test_the_parts_of_an_origin(origin: str, parts: tuple[str, str, str]) -> None:
    assert split(origin) == parts


# The set.

ENTRIES = OriginSet.of(
    [
        "null",
        "https://exact.example",
        "https://exact.example:8443",
        "https://*.a.com",
        "https://*.b.a.com",
        "https://*.port.com:8443",
        "http://localhost:*",
        "http://[::1]:*",
        "https://*.any.com:*",
        "https://one.any.com",
        "https://*.dot.com.",
        "capacitor://*.app",
    ]
)


@pytest.mark.parametrize(
    ("origin", "entry"),
    [
        pytest.param("null", "null", id="null"),
        pytest.param("https://exact.example", "https://exact.example", id="an exact origin"),
        pytest.param(
            "https://exact.example:8443", "https://exact.example:8443", id="an exact origin with a port"
        ),
        pytest.param("https://x.a.com", "https://*.a.com", id="a subdomain"),
        pytest.param("https://x.y.a.com", "https://*.a.com", id="a subdomain of a subdomain"),
        pytest.param("https://b.a.com", "https://*.a.com", id="the domain of another pattern"),
        pytest.param("https://x.b.a.com", "https://*.b.a.com", id="the longer of two patterns"),
        pytest.param("https://x_y.a.com", "https://*.a.com", id="a subdomain with an underscore"),
        pytest.param("https://1.a.com", "https://*.a.com", id="a subdomain that is a number"),
        pytest.param("https://x.port.com:8443", "https://*.port.com:8443", id="a subdomain with its port"),
        pytest.param("http://localhost", "http://localhost:*", id="any port is no port, too"),
        pytest.param("http://localhost:1", "http://localhost:*", id="any port is 1"),
        pytest.param("http://localhost:65535", "http://localhost:*", id="any port is 65535"),
        pytest.param("http://[::1]:3000", "http://[::1]:*", id="any port of IPv6"),
        pytest.param("http://[::1]", "http://[::1]:*", id="no port of IPv6"),
        pytest.param("https://x.any.com", "https://*.any.com:*", id="a subdomain without a port"),
        pytest.param("https://x.y.any.com:9", "https://*.any.com:*", id="a subdomain with any port"),
        pytest.param("https://one.any.com", "https://one.any.com", id="an exact origin before a pattern"),
        pytest.param("https://one.any.com:9", "https://*.any.com:*", id="its other ports by the pattern"),
        pytest.param("https://x.dot.com.", "https://*.dot.com.", id="a dot at the end of both"),
        pytest.param("capacitor://x.app", "capacitor://*.app", id="a subdomain of an app"),
        pytest.param(f"https://{LABEL_63}.a.com", "https://*.a.com", id="a label of 63"),
        pytest.param(f"https://{'x.' * 124}a.com", "https://*.a.com", id="a host of 253"),
    ],
)
def test_what_a_set_matches(origin: str, entry: str) -> None:
    assert ENTRIES.match(origin) == entry


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://a.com", id="the domain of a pattern itself"),
        pytest.param("https://.a.com", id="the domain of a pattern behind a dot"),
        pytest.param("https://xa.com", id="a name that only ends in the domain"),
        pytest.param("https://x..a.com", id="an empty label before the domain"),
        pytest.param("https://..a.com", id="dots before the domain"),
        pytest.param("https://x.a.com.evil.example", id="the domain in the middle"),
        pytest.param("https://x.a.com.", id="a dot at the end of the origin alone"),
        pytest.param("https://x.dot.com", id="a dot at the end of the pattern alone"),
        pytest.param("http://x.a.com", id="a subdomain with another scheme"),
        pytest.param("https://x.a.com:8443", id="a subdomain with a port"),
        pytest.param("https://x.a.com:443", id="a subdomain with the default port"),
        pytest.param("https://x.port.com", id="a subdomain without its port"),
        pytest.param("https://x.port.com:8444", id="a subdomain with another port"),
        pytest.param("https://X.a.com", id="an upper-case subdomain"),
        pytest.param("https://*.a.com", id="the text of a pattern"),
        pytest.param("http://localhost:*", id="the text of a pattern for any port"),
        pytest.param("http://localhost:0", id="any port is not 0"),
        pytest.param("http://localhost:80", id="any port is not the default port, which is never sent"),
        pytest.param("http://localhost:65536", id="any port is not 65536"),
        pytest.param("http://localhost:3000x", id="any port is a number"),
        pytest.param("http://localhost:", id="any port is not empty"),
        pytest.param("https://localhost:3000", id="any port of another scheme"),
        pytest.param("http://x.localhost:3000", id="any port of a subdomain"),
        pytest.param("http://[::1]:x", id="any port of IPv6 is a number"),
        pytest.param("http://[::2]:3000", id="any port of another IPv6 address"),
        pytest.param("https://any.com:9", id="any port of the domain of a pattern itself"),
        pytest.param("https://u@x.a.com", id="userinfo"),
        pytest.param("https://x.a.com/", id="a slash"),
        pytest.param("https://evil.example/.a.com", id="a path that ends in the domain"),
        pytest.param("https://evil.example#.a.com", id="a fragment that ends in the domain"),
        pytest.param("https://evil.example:8443.a.com", id="a port before the domain"),
        pytest.param("https://x.a.com, https://x.a.com", id="an origin twice"),
        pytest.param("https://x.a.com\n", id="a line break"),
        pytest.param("https://\u00e4.a.com", id="a letter outside ASCII"),
        pytest.param(f"https://{LABEL_63}x.a.com", id="a label of 64"),
        pytest.param(f"https://{'x.' * 125}a.com", id="a host of 255"),
        pytest.param("https://" + "x." * 100_000 + "a.com", id="200 kB"),
        pytest.param("https://exact.example.", id="an exact origin with a dot at its end"),
        pytest.param("NULL", id="null in upper case"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_a_set_does_not_match(origin: str) -> None:
    assert ENTRIES.match(origin) is None


@pytest.mark.parametrize(
    ("origin", "entries"),
    [
        pytest.param(
            "https://one.any.com", ["https://one.any.com", "https://*.any.com:*"], id="exact ones first"
        ),
        pytest.param(
            "https://x.b.a.com", ["https://*.b.a.com", "https://*.a.com"], id="then longer patterns"
        ),
        pytest.param("https://evil.example", [], id="none"),
    ],
)
def test_every_entry_that_matches(origin: str, entries: list[str]) -> None:
    assert list(ENTRIES.matches(origin)) == entries


def test_an_empty_set_matches_nothing() -> None:
    assert OriginSet.of([]).match("https://a.example") is None
