"""URLs as the URL standard serializes them, and sites."""

from __future__ import annotations

import pytest

from crosscors.testing.urls import is_url, parse, with_bytes_encoded

BASE = "https://api.example.net/v1/items?page=1#top"


@pytest.mark.parametrize(
    ("url", "serialized"),
    [
        ("HTTPS://API.Example.NET", "https://api.example.net/"),
        ("https://a.test:443/x", "https://a.test/x"),
        ("http://a.test:80", "http://a.test/"),
        ("http://a.test:443/", "http://a.test:443/"),
        ("https://a.test:/", "https://a.test/"),
        ("https://a.test:0080/", "https://a.test:80/"),
        ("https://user:pw@a.test/x", "https://a.test/x"),
        ("https://a.test/a/../b/./c", "https://a.test/b/c"),
        ("https://a.test/a/..", "https://a.test/"),
        ("https://a.test/../..", "https://a.test/"),
        ("https://a.test/a/.", "https://a.test/a/"),
        ("https://a.test/a/%2e%2E/b", "https://a.test/b"),
        ("https://a.test//x//y", "https://a.test//x//y"),
        ("https://a.test/a b", "https://a.test/a%20b"),
        ("https://a.test/ü?ü", "https://a.test/%C3%BC?%C3%BC"),
        ("https://a.test/%zz%41", "https://a.test/%zz%41"),
        ("https://a.test/{x}`^|'", "https://a.test/%7Bx%7D%60%5E|'"),
        ("https://a.test/?q='{}`|^\"<>", "https://a.test/?q=%27{}`|^%22%3C%3E"),
        ("https://a.test?", "https://a.test/?"),
        ("https://a.test?#x", "https://a.test/?"),
        ("https://a.test/?a?b", "https://a.test/?a?b"),
        ("https://a.test/x#part", "https://a.test/x"),
        ("https://a.test/;x=1", "https://a.test/;x=1"),
        ("  https://a.test/x\n", "https://a.test/x"),
        ("https://a.te\tst/x\ny", "https://a.test/xy"),
        ("https://a.test/?a\n\tb", "https://a.test/?ab"),
        ("https://a.test\\b\\c?\\", "https://a.test/b/c?\\"),
        ("https://ex%61mple.com", "https://example.com/"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example/"),
        ("https://a.test./", "https://a.test./"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://0x7f000001/", "http://127.0.0.1/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"),
        ("http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/"),
        ("chrome-extension://abc", "chrome-extension://abc/"),
    ],
)
def test_an_absolute_url_as_it_is_serialized(url: str, serialized: str) -> None:
    assert str(parse(url)) == serialized


@pytest.mark.parametrize(
    ("url", "serialized"),
    [
        ("", "https://api.example.net/v1/items?page=1"),
        ("#x", "https://api.example.net/v1/items?page=1"),
        ("?", "https://api.example.net/v1/items?"),
        ("?page=2", "https://api.example.net/v1/items?page=2"),
        ("users", "https://api.example.net/v1/users"),
        ("./users/", "https://api.example.net/v1/users/"),
        ("../users", "https://api.example.net/users"),
        ("/users", "https://api.example.net/users"),
        ("/a:b", "https://api.example.net/a:b"),
        ("//b.test/x", "https://b.test/x"),
        ("\\\\b.test\\x", "https://b.test/x"),
        ("/\\b.test/x", "https://b.test/x"),
        ("http://b.test", "http://b.test/"),
        ("https:users", "https://api.example.net/v1/users"),
        ("a//b", "https://api.example.net/v1/a//b"),
        ("a//../b//", "https://api.example.net/v1/a/b//"),
        ("//b.test//x", "https://b.test//x"),
        ("1:b", "https://api.example.net/v1/1:b"),
        ("a\\b", "https://api.example.net/v1/a/b"),
        ("\x1c\x1fusers \x00", "https://api.example.net/v1/users"),
        ("\xa0users\x85", "https://api.example.net/v1/%C2%A0users%C2%85"),
    ],
)
def test_a_relative_url_is_read_against_the_base(url: str, serialized: str) -> None:
    assert str(parse(url, BASE)) == serialized


@pytest.mark.parametrize(
    ("base", "serialized"),
    [
        ("https://a.test", "https://a.test/x"),
        ("https://a.test?q=/", "https://a.test/x"),
        ("https://a.test/b//", "https://a.test/b//x"),
        ("https://a.test/b/../c#/d/", "https://a.test/x"),
    ],
)
def test_a_relative_path_takes_the_place_of_the_last_segment(base: str, serialized: str) -> None:
    assert str(parse("x", base)) == serialized


@pytest.mark.parametrize(
    ("location", "encoded"),
    [
        ("/caf\xc3\xa9", "/caf%C3%A9"),
        ("/caf\xe9", "/caf%E9"),
        ("/%C3%A9\x80\xff", "/%C3%A9%80%FF"),
        ("/a b%\x7f", "/a b%\x7f"),
    ],
)
def test_bytes_beyond_ascii_are_encoded_as_they_are(location: str, encoded: str) -> None:
    assert with_bytes_encoded(location) == encoded


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/items",
        "//a.test",
        "api.example.net",
        "localhost:8000",
        "https://",
        "https://:443",
        "http://",
        "https://a.test:99999",
        "https://a.test:x",
        "https://[::1",
        "https://[x]",
        "https://[v1.x]",
        "https://[1.2.3.4]",
        "https://[fe80::1%25eth0]",
        "https://ü..test",
        "https://exa mple.com",
        "https://a<b.test",
        "https://a.test%20",
        "http://1.2.3.4.5",
        "http://256.1.1.1",
        "data:,x",
        "mailto:a@b.test",
    ],
)
def test_what_is_no_absolute_url_with_a_host(url: str) -> None:
    assert not is_url(url)
    with pytest.raises(ValueError, match=r"."):
        parse(url)


@pytest.mark.parametrize("url", ["https://a.test", "null://x", "ftp://a.test/"])
def test_what_is_one(url: str) -> None:
    assert is_url(url)


def test_the_parts_of_a_url() -> None:
    url = parse("https://user:pw@A.test:8443/x?q#part")
    assert (url.scheme, url.host, url.port, url.path, url.query, url.fragment) == (
        "https", "a.test", 8443, "/x", "q", "part",
    )  # fmt: skip
    assert (url.origin, url.netloc, url.target) == ("https://a.test:8443", "a.test:8443", "/x?q")
    assert url.href == "https://a.test:8443/x?q#part"
    assert parse("https://a.test/x").href == "https://a.test/x"


@pytest.mark.parametrize(
    ("userinfo", "has_credentials"),
    [
        ("", False),
        ("@", False),
        (":@", False),
        ("user@", True),
        (":pw@", True),
        ("user:pw@", True),
        ("a@b@", True),
    ],
)
def test_a_url_with_user_or_password_has_credentials(userinfo: str, has_credentials: bool) -> None:
    assert parse(f"https://{userinfo}a.test/").has_credentials == has_credentials
