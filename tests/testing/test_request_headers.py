"""What a script may send, and for what of it a preflight has to ask."""

from __future__ import annotations

import pytest

from crosscors.testing.engines import ENGINES, STANDARD, EngineName
from crosscors.testing.request_headers import combined, is_safelisted, read_headers, read_method, unsafe_names
from tests.rules.kit import rows

# Values that need no permission, and values that do, of the headers that are safelisted.
VALUES: dict[str, tuple[list[str], list[str]]] = {
    "Accept": (
        ["", "text/html;q=0.9,*/*", "x" * 128, "a\tb", "é", "\x80\xff", "!#$%&'*+-,./;=^_`|~"],
        ["x" * 129, *(f"a{byte}b" for byte in '"():<>?@[\\]{}\x7f\x01\x08\x0b\x1f')],
    ),
    "Accept-Language": (
        ["de, en;q=0.5, *;q=0.1", "-" * 128],
        ["en_US", "a\tb", "é", "en/de", "-" * 129],
    ),
    "Content-Language": (["de-AT.x=1", ""], ['"de"']),
    "Content-Type": (
        [
            *("text/plain", "TEXT/Plain; charset=utf-8", "text/plain;", "text/plain ;x", "text/plain;a=é"),
            *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
            "text/plain;a=" + "x" * (128 - len("text/plain;a=")),
        ],
        [
            *("", "text", "/plain", "text/", "text /plain", "text/ plain", ";charset=utf-8"),
            *("application/json", "text/html", "text/plain+x", 'text/plain; charset="utf-8"'),
            "text/plain, text/plain",  # two headers joined are not a MIME type
            "application/json, text/plain",
            "multipart/form-data; boundary=a:b",
            "text/plain;a=" + "x" * (129 - len("text/plain;a=")),
        ],
    ),
    "Range": (
        ["bytes=0-", "bytes=0-0", "bytes=1-2", "bytes=00-09", "bytes=9-10", "bytes=" + "0" * 121 + "-"],
        [
            *("", "bytes=", "bytes=-", "bytes=-5", "bytes=2-1", "bytes=10-9", "bytes=0-1,3-4"),
            *("bytes= 0-1", "bytes =0-1", "bytes=0 -1", "bytes=0-1 ", "Bytes=0-1", "items=0-1"),
            *("bytes=a-1", "bytes=\u0660-", "bytes=" + "0" * 122 + "-"),
        ],
    ),
}
OTHERS = ["Authorization", "X-Token", "Save-Data", "DPR", "Last-Event-ID", "User-Agent", "Accept-Encoding-X"]
OTHERS += ["If-None-Match", "Cache-Control"]


@pytest.mark.parametrize(
    ("name", "value", "is_safe"),
    [
        *((name, value, True) for name, (safe, _) in VALUES.items() for value in safe),
        *((name, value, False) for name, (_, unsafe) in VALUES.items() for value in unsafe),
        *((name, value, False) for name in OTHERS for value in ("", "x")),
    ],
)
def test_a_safelisted_value_of_a_safelisted_header_needs_no_permission(
    name: str, value: str, is_safe: bool
) -> None:
    for spelled in (name, name.lower(), name.upper()):
        assert is_safelisted(spelled, value, STANDARD) is is_safe
        assert unsafe_names([(spelled, value)], STANDARD) == ([] if is_safe else [name.lower()])


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


# Headers after 1024 safelisted bytes, the names that need permission, why.
@rows(
    "others, names",
    [
        ([("Accept-Language", "")], [], "1024 bytes together"),
        ([("Accept-Language", "x")], ["accept", "accept-language"], "1025 bytes together"),
        ([("X-Long", "x" * 999)], ["x-long"], "other headers do not count"),
        ([("Content-Type", "x" * 129)], ["content-type"], "unsafe values do not count"),
        ([("Accept", "x"), ("X-A", "1")], ["accept", "x-a"], "other headers need permission as well"),
    ],
)
def test_safelisted_values_have_1024_bytes_together(others: list[tuple[str, str]], names: list[str]) -> None:
    assert unsafe_names([("Accept", "x" * 128)] * 8 + others, STANDARD) == names


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


FORBIDDEN = [
    "Accept-Charset", "Accept-Encoding", "Access-Control-Request-Headers", "Access-Control-Request-Method",
    "Connection", "Content-Length", "Cookie", "COOKIE2", "date", "DNT", "Expect", "Host", "Keep-Alive",
    "Origin", "Referer", "Set-Cookie", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via",
    "Proxy-Authorization", "proxy-", "Sec-Fetch-Site", "SEC-x",
]  # fmt: skip


@pytest.mark.parametrize("name", FORBIDDEN)
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


@pytest.mark.parametrize("method", ["get", "hEaD", "post", "put", "delete", "options"])
def test_six_methods_are_upper_cased(method: str) -> None:
    assert read_method(method) == method.upper()


@pytest.mark.parametrize("method", ["patch", "PATCH", "query", "Chicken", "*", "!#$%&'*+-.^_`|~"])
def test_other_methods_stay_as_they_are(method: str) -> None:
    assert read_method(method) == method


@pytest.mark.parametrize("method", ["CONNECT", "trace", "TrAcK"])
def test_three_methods_are_forbidden(method: str) -> None:
    with pytest.raises(TypeError, match=f"^'{method}' is a method that scripts may not use.$"):
        read_method(method)


@pytest.mark.parametrize("method", ["", "GET ", "G T", "PÜT", "a,b", "GET\n"])
def test_a_method_is_a_token(method: str) -> None:
    with pytest.raises(TypeError, match="not a valid HTTP method"):
        read_method(method)
