"""What a script may send, and for what of it a preflight has to ask."""

from __future__ import annotations

import pytest

from crosscors.testing.engines import ENGINES, STANDARD, EngineName
from crosscors.testing.request_headers import combined, is_safelisted, read_headers, read_method, unsafe_names
from tests.rules.kit import rows

FORM = "application/x-www-form-urlencoded"

SAFE = [
    ("Accept", ""),
    ("Accept", "text/html;q=0.9,*/*"),
    ("ACCEPT", "x" * 127),
    ("accept", "x" * 128),
    ("Accept", "a\tb"),
    ("Accept", "é"),
    ("Accept", "\x80\xff"),
    ("Accept", "!#$%&'*+,-./;=^_`|~"),
    ("Accept-Language", "de, en;q=0.5, *;q=0.1"),
    ("Accept-Language", "-" * 128),
    ("Content-Language", "de-AT.x=1"),
    ("Content-Language", ""),
    ("Content-Type", "text/plain"),
    ("content-type", "TEXT/Plain; charset=utf-8"),
    ("Content-Type", "text/plain;"),
    ("Content-Type", "text/plain ;x"),
    ("Content-Type", "text/plain;a=é"),
    ("Content-Type", FORM),
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", "text/plain;a=" + "x" * (128 - len("text/plain;a="))),
    ("Content-Type", "text/plain;x"),
    ("Range", "bytes=0-"),
    ("Range", "bytes=0-0"),
    ("range", "bytes=1-2"),
    ("Range", "bytes=00-09"),
    ("Range", "bytes=9-10"),
    ("Range", "bytes=" + "0" * 121 + "-"),
]
UNSAFE = [
    ("Accept", "x" * 129),
    *(("Accept", f"a{byte}b") for byte in '"():<>?@[\\]{}\x7f\x01\x08\x0b\x1f'),
    ("Accept-Language", "en_US"),
    ("Accept-Language", "a\tb"),
    ("Accept-Language", "é"),
    ("Accept-Language", "en/de"),
    ("Accept-Language", "-" * 129),
    ("Content-Language", '"de"'),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/html"),
    ("Content-Type", "text/plain+x"),
    ("Content-Type", "text/plain, text/plain"),  # two fields joined: no MIME type
    ("Content-Type", "application/json, text/plain"),
    ("Content-Type", "text /plain"),
    ("Content-Type", "text/ plain"),
    ("Content-Type", "text"),
    ("Content-Type", "/plain"),
    ("Content-Type", "text/"),
    ("Content-Type", ""),
    ("Content-Type", ";charset=utf-8"),
    ("Content-Type", 'text/plain; charset="utf-8"'),
    ("Content-Type", "multipart/form-data; boundary=a:b"),
    ("Content-Type", "text/plain;a=" + "x" * (129 - len("text/plain;a="))),
    ("Range", ""),
    ("Range", "bytes="),
    ("Range", "bytes=-"),
    ("Range", "bytes=-5"),
    ("Range", "bytes=2-1"),
    ("Range", "bytes=10-9"),
    ("Range", "bytes=0-1,3-4"),
    ("Range", "bytes= 0-1"),
    ("Range", "bytes =0-1"),
    ("Range", "bytes=0 -1"),
    ("Range", "bytes=0-1 "),
    ("Range", "Bytes=0-1"),
    ("Range", "bytes=a-1"),
    ("Range", "bytes=\u0660-"),
    ("Range", "items=0-1"),
    ("Range", "bytes=" + "0" * 122 + "-"),
    ("Authorization", ""),
    ("X-Token", ""),
    ("Save-Data", "on"),
    ("DPR", "2"),
    ("Last-Event-ID", "1"),
    ("User-Agent", "x"),
    ("Accept-Encoding-X", "x"),
    ("If-None-Match", "x"),
    ("Cache-Control", "no-cache"),
]


@pytest.mark.parametrize(("name", "value"), SAFE)
def test_a_safelisted_header_needs_no_permission(name: str, value: str) -> None:
    assert is_safelisted(name, value, STANDARD)
    assert unsafe_names([(name, value)], STANDARD) == []


@pytest.mark.parametrize(("name", "value"), UNSAFE)
def test_any_other_header_needs_permission(name: str, value: str) -> None:
    assert not is_safelisted(name, value, STANDARD)
    assert unsafe_names([(name, value)], STANDARD) == [name.lower()]


@rows(
    "last, names",
    [
        (127, [], "1023 bytes together"),
        (128, [], "1024 bytes together"),
        (129, ["accept"], "the last one too long by itself"),
    ],
)
def test_safelisted_values_have_128_bytes_each(last: int, names: list[str]) -> None:
    headers = [("Accept", "x" * 128)] * 7 + [("Accept", "x" * last)]
    assert unsafe_names(headers, STANDARD) == names


@rows(
    "ninth, names",
    [
        ("", [], "1024 bytes together"),
        ("x", ["accept", "accept-language"], "1025 bytes together"),
    ],
)
def test_safelisted_values_have_1024_bytes_together(ninth: str, names: list[str]) -> None:
    headers = [("Accept", "x" * 128)] * 8 + [("Accept-Language", ninth)]
    assert unsafe_names(headers, STANDARD) == names


def test_unsafe_values_do_not_count_for_the_total() -> None:
    headers = [("Accept", "x" * 128)] * 8 + [("X-Long", "x" * 5000), ("Content-Type", "x" * 129)]
    assert unsafe_names(headers, STANDARD) == ["content-type", "x-long"]


def test_the_total_makes_all_safelisted_names_unsafe_besides_the_others() -> None:
    headers = [("Accept", "x" * 128)] * 9 + [("Content-Language", "de"), ("X-A", "1")]
    assert unsafe_names(headers, STANDARD) == ["accept", "content-language", "x-a"]


def test_unsafe_names_are_lower_case_sorted_by_bytes_and_unique() -> None:
    headers = [("X-B", "1"), ("x-a", "2"), ("X-A", "3"), ("x_a", "4"), ("X.a", "5"), ("!x", "6"), ("x-b", "")]
    assert unsafe_names(headers, STANDARD) == ["!x", "x-a", "x-b", "x.a", "x_a"]


@pytest.mark.parametrize(
    ("engine", "headers", "names"),
    [
        ("chromium", [("Save-Data", "on"), ("DPR", "2")], []),
        ("firefox", [("Save-Data", "on"), ("DPR", "2")], ["dpr", "save-data"]),
        ("webkit", [("Save-Data", "on"), ("DPR", "2")], ["dpr", "save-data"]),
        ("chromium", [("Accept", "x" * 63), ("Accept", "x" * 63)], []),
        ("chromium", [("Accept", "x" * 64), ("Accept", "x" * 64)], ["accept"]),
        ("webkit", [("Accept", "x" * 64), ("Accept", "x" * 64)], ["accept"]),
        ("firefox", [("Accept", "x" * 64), ("Accept", "x" * 64)], []),
        ("firefox", [("Accept", "x" * 128)] * 9, []),
        ("firefox", [("Accept", "é")], ["accept"]),
        ("firefox", [("Content-Type", "text/plain;a=é")], ["content-type"]),
        ("chromium", [("Accept", "é")], []),
        ("firefox", [("X-A", "1"), ("x-a", "2")], ["x-a", "x-a"]),
        ("webkit", [("X-A", "1"), ("x-a", "2")], ["x-a"]),
        ("webkit", [("Range", "Bytes=0-1")], []),
        ("webkit", [("Range", "items=0-1")], ["range"]),
        ("chromium", [("Range", "Bytes=0-1")], ["range"]),
    ],
)
def test_the_engines_differ(engine: EngineName, headers: list[tuple[str, str]], names: list[str]) -> None:
    assert unsafe_names(headers, ENGINES[engine]) == names


HINTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "DPR": (("2", "2.0", "007"), ("", ".5", "1.", "1.5.2", "-1", "+1", "1e2", "1, 2", "1_0", "inf", "\xb2")),
    "Device-Memory": (("0.5", "8"), ("", "-1", "1.", "0,5", "x")),
    "Downlink": (("1", "1.5"), ("", "-1", "1.", "Infinity")),
    "RTT": (("0", "100"), ("", "-1", "+1", "1.5", "1 1", "x")),
    "Viewport-Width": (("100",), ("", "-1", "1.5", "x")),
    "Width": (("100", "1" * 128), ("", "-1", "1.5", "1px", "1" * 129)),
    "ECT": (("slow-2g", "2g", "3g", "4g"), ("", "4G", "5g", "6g", "-2g", "slow-3g", "4g, 4g", "offline")),
    "Save-Data": (("on", "On", "ON"), ("", "off", "on;a=b", "?1")),
    "Intervention": (("", "a(b", "x" * 128), ("x" * 129,)),
    "Purpose": ((), ("prefetch",)),
}


@pytest.mark.parametrize(
    ("name", "value", "is_valid"),
    [
        (name, value, is_valid)
        for name, (valid, invalid) in HINTS.items()
        for is_valid, values in ((True, valid), (False, invalid))
        for value in values
    ],
)
def test_chromium_asks_for_a_client_hint_unless_its_value_is_valid(
    name: str, value: str, is_valid: bool
) -> None:
    assert unsafe_names([(name, value)], ENGINES["chromium"]) == ([] if is_valid else [name.lower()])
    assert unsafe_names([(name, value)], STANDARD) == [name.lower()]


def test_headers_of_one_name_are_joined_in_the_spelling_of_the_first() -> None:
    headers = [("X-A", "1"), ("B", ""), ("x-a", ""), ("X-a", "2")]
    assert combined(headers) == [("X-A", "1, , 2"), ("B", "")]


@pytest.mark.parametrize(
    "name",
    [
        "Accept-Charset",
        "Accept-Encoding",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Method",
        "Connection",
        "Content-Length",
        "Cookie",
        "COOKIE2",
        "date",
        "DNT",
        "Expect",
        "Host",
        "Keep-Alive",
        "Origin",
        "Referer",
        "Set-Cookie",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Via",
        "Proxy-Authorization",
        "proxy-",
        "Sec-Fetch-Site",
        "SEC-x",
    ],
)
def test_a_header_that_no_script_may_set_is_dropped(name: str) -> None:
    assert read_headers([(name, "x"), ("X-Kept", "y")], STANDARD) == [("X-Kept", "y")]


@pytest.mark.parametrize(
    "name", ["Secret", "Proxy", "X-Origin", "Authorization", "User-Agent", "Access-Control"]
)
def test_a_header_with_a_similar_name_stays(name: str) -> None:
    assert read_headers({name: "x"}, STANDARD) == [(name, "x")]


def test_chromium_lets_no_script_set_user_agent() -> None:
    assert read_headers({"user-agent": "x"}, ENGINES["chromium"]) == []


@pytest.mark.parametrize("name", ["X-HTTP-Method", "x-http-method-override", "X-Method-Override"])
@pytest.mark.parametrize(
    ("value", "dropped"),
    [
        ("TRACE", True),
        ("track", True),
        ("Connect", True),
        ("GET, trace", True),
        (",TRACK\t,", True),
        ("PUT", False),
        ("TRACER", False),
        ("TR,ACE", False),
        ('"TRACE"', False),
        ('"a,TRACE,b"', False),  # "get, decode, and split" leaves quoted strings whole
        ("", False),
    ],
)
def test_an_override_cannot_name_a_forbidden_method(name: str, value: str, dropped: bool) -> None:
    assert read_headers({name: value}, STANDARD) == ([] if dropped else [(name, value)])


def test_values_lose_the_white_space_around_them() -> None:
    assert read_headers({"X": " \t\r\na b\t\n"}, STANDARD) == [("X", "a b")]


@pytest.mark.parametrize("name", ["", "X Y", "X:", "é", "X\n", '"X"', "(X)"])
def test_an_illegal_name_is_an_error(name: str) -> None:
    with pytest.raises(TypeError, match="not a valid header name"):
        read_headers({name: "x"}, STANDARD)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "€", "\N{GRINNING FACE}"])
def test_an_illegal_value_is_an_error(value: str) -> None:
    with pytest.raises(TypeError, match="not a valid value for the header X-Token"):
        read_headers({"X-Token": value}, STANDARD)


def test_forbidden_names_are_checked_for_legality_first() -> None:
    with pytest.raises(TypeError, match="Cookie"):
        read_headers({"Cookie": "a\nb"}, STANDARD)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("get", "GET"),
        ("hEaD", "HEAD"),
        ("post", "POST"),
        ("put", "PUT"),
        ("delete", "DELETE"),
        ("options", "OPTIONS"),
        ("patch", "patch"),
        ("PATCH", "PATCH"),
        ("query", "query"),
        ("Chicken", "Chicken"),
        ("*", "*"),
        ("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"),
    ],
)
def test_six_methods_are_upper_cased(written: str, sent: str) -> None:
    assert read_method(written) == sent


@pytest.mark.parametrize("method", ["CONNECT", "trace", "TrAcK"])
def test_three_methods_are_forbidden(method: str) -> None:
    with pytest.raises(TypeError, match=f"^'{method}' is a method that scripts may not use.$"):
        read_method(method)


@pytest.mark.parametrize("method", ["", "GET ", "G T", "PÜT", "a,b", "GET\n"])
def test_a_method_is_a_token(method: str) -> None:
    with pytest.raises(TypeError, match="not a valid HTTP method"):
        read_method(method)
