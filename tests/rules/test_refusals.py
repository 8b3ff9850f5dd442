"""Refusals: for each code what is said, and hints that work when they are followed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Refusal

from .conftest import Approve
from .kit import APP, OTHER, codes, keywords, rows

LISTED: dict[str, Any] = {
    "allow_origins": [OTHER, APP],
    "allow_methods": ["GET", "PUT"],
    "allow_headers": ["X-Token"],
}
MANY = [f"X-{letter}" for letter in "ABCDEFGHIJKL"]
UNPROVEN = {
    "allow_origin_regex": r"https?://app\.example(?=\.com)\.[a-z]+",
    "allow_credentials": True,
    "dangerously_allow": ["unproven-regex"],
}


def failing(request: CORSRequest) -> bool:
    raise ValueError("no database")


def anyone(request: CORSRequest) -> bool:
    return True


def decided(options: dict[str, Any], **asked: Any) -> Decision:
    """The decision on a preflight from APP that asks for GET, unless something else is said."""
    fields = {"origin": APP, "request_method": "GET", **asked}
    return CORSPolicy(**options).decide(CORSRequest("OPTIONS", **fields))


# Code, options, what is asked, the keywords that the hint gives (None: none), why.
FOLLOWED = [
    (
        "origin-not-allowed",
        {},
        {},
        'allow_origins=["https://app.example.com"]',
        "an origin where none is listed",
    ),
    (
        "origin-insecure",
        {"allow_origin_func": anyone, "allow_credentials": True},
        {"origin": "http://a.example"},
        'dangerously_allow=["insecure-origins"]',
        "an http origin with credentials",
    ),
    (
        "origin-file",
        {"allow_origin_func": anyone, "allow_credentials": True},
        {"origin": "file://"},
        'dangerously_allow=["null-origin"]',
        "a file with credentials",
    ),
    (
        "method-not-allowed",
        LISTED,
        {"request_method": "DELETE"},
        "allow_methods=['GET', 'PUT', 'DELETE']",
        "a method",
    ),
    ("method-not-allowed", {**LISTED, "allow_methods": []}, {}, "allow_methods=['GET']", "the only method"),
    (
        "headers-not-allowed",
        LISTED,
        {"request_headers": "x-a,x-b"},
        "allow_headers=['X-Token', 'x-a', 'x-b']",
        "headers",
    ),
    (
        "headers-not-allowed",
        {**LISTED, "allow_headers": MANY[:11]},
        {"request_headers": "x-new"},
        f"allow_headers={[*MANY[:11], 'x-new']}",
        "a header where eleven others are allowed",
    ),
]


@rows("code, options, asked, write", FOLLOWED)
def test_following_the_hint_allows_the_request(
    code: str, options: dict[str, Any], asked: dict[str, Any], write: str
) -> None:
    (refusal,) = decided(options, **asked).refusals
    assert refusal.code == code
    assert write in refusal.hint
    assert decided({**options, **keywords(write)}, **asked).allowed


# Code, options, what is asked, a part of the hint that is not wording, why.
EXPLAINED = [
    (
        "origin-not-allowed",
        LISTED,
        {"origin": "https://a.test"},
        '"https://a.test"',
        "an origin that is like no entry",
    ),
    ("origin-not-allowed", LISTED, {"origin": "http://app.example.com"}, f"'{APP}'", "another scheme"),
    ("origin-not-allowed", LISTED, {"origin": "https://www.app.example.com"}, f"'{APP}'", "another host"),
    (
        "origin-not-allowed",
        LISTED,
        {"origin": "http://app.example.com:3000"},
        f"'{APP}'",
        "another scheme and port",
    ),
    (
        "origin-not-allowed",
        {"allow_origins": "https://*.example.com"},
        {"origin": "https://example.com"},
        "'https://*.example.com'",
        "the domain of a pattern",
    ),
    (
        "origin-not-allowed",
        {"allow_origins": "https://*.example.com:*"},
        {"origin": "http://app.example.com:81"},
        "'https://*.example.com:*'",
        "the scheme that a pattern does not match",
    ),
    (
        "origin-not-allowed",
        {"allow_origins": "https://*.example.com"},
        {"origin": "https://app.example.org"},
        "'https://*.example.com'",
        "the host that a pattern does not match",
    ),
    (
        "origin-not-allowed",
        {"allow_origins": [*(f"https://n{number}.example" for number in range(50)), APP]},
        {"origin": "http://app.example.com"},
        '"http://app.example.com"',
        "a near entry that is not among the first fifty is not looked for",
    ),
    ("origin-null", LISTED, {"origin": "null"}, "", "null"),
    ("origin-malformed", LISTED, {"origin": f"{APP}/"}, f"'{APP}'", "an origin typed by hand"),
    ("origin-malformed", LISTED, {"origin": f"{APP}, {APP}"}, "", "two origins"),
    ("origin-malformed", LISTED, {"origin": f"https://{'app.' * 100}a/"}, "", "a text that is too long"),
    ("origin-malformed", LISTED, {"origin": "D\r\n\u00e4\U0001f36a"}, "", "a text that is not printable"),
    (
        "origin-func-failed",
        {"allow_origin_func": failing},
        {},
        "ValueError('no database')",
        "a function that failed",
    ),
    (
        "origin-insecure",
        UNPROVEN,
        {"origin": "http://app.example.com"},
        "insecure-origins",
        "http by an unproven expression",
    ),
    (
        "method-not-allowed",
        {**LISTED, "allow_methods": "PATCH"},
        {"request_method": "patch"},
        'method: "PATCH"',
        "a method in another case",
    ),
    (
        "method-not-allowed",
        LISTED,
        {"request_method": "patch"},
        "'PATCH'",
        "a lower-case method whose upper case is not listed",
    ),
    (
        "method-not-allowed",
        {**LISTED, "allow_methods": "PURGE"},
        {"request_method": "purge"},
        'method: "PURGE"',
        "a method of one's own in another case",
    ),
    ("method-not-allowed", LISTED, {"request_method": "TRACE"}, "", "a method that no policy can allow"),
    ("method-not-allowed", LISTED, {"request_method": "Connect"}, "", "the same in another case"),
    ("method-not-allowed", LISTED, {"request_method": "A" * 5000}, "'AAA", "a long method"),
    ("headers-not-allowed", LISTED, {"request_headers": "cookie"}, "", "a header that no page can send"),
    ("headers-not-allowed", LISTED, {"request_headers": "cookie,x-a"}, "'x-a'", "the same, and another"),
    ("headers-not-allowed", LISTED, {"request_headers": "x a"}, "", "not a header name"),
    (
        "headers-not-allowed",
        {**LISTED, "allow_headers": MANY},
        {"request_headers": "x-new"},
        "'x-new' to allow_headers",
        "a header where twelve others are allowed",
    ),
    (
        "headers-not-allowed",
        LISTED,
        {"request_headers": "a,b,c,d,e,f,g,h,i,j,k,l"},
        "'l'",
        "twelve headers are all named",
    ),
    (
        "headers-not-allowed",
        LISTED,
        {"request_headers": "a,b,c,d,e,f,g,h,i,j,k,l,m,n"},
        "'l'",
        "of more headers the first twelve are named",
    ),
    (
        "headers-malformed",
        {**LISTED, "allow_headers": "*"},
        {"request_headers": "x a"},
        "",
        "not header names",
    ),
    ("headers-too-long", LISTED, {"request_headers": "," * 256}, "256", "too many headers"),
]


@rows("code, options, asked, says", EXPLAINED)
def test_a_refusal_is_explained(code: str, options: dict[str, Any], asked: dict[str, Any], says: str) -> None:
    decision = decided(options, **asked)
    assert codes(decision) == [code]
    (refusal,) = decision.refusals
    assert says in refusal.hint
    for text in (refusal.message, refusal.hint, decision.body.decode("ascii")):
        assert re.fullmatch(r"[ -~]{1,1000}", text)
    # A hint that shows no way has no option in it.
    assert says or not re.search("allow_(origins|methods|headers)", refusal.hint)


@pytest.mark.parametrize("name", ["code", "values", "allowed", "error"])
def test_a_refusal_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Refusal("origin-null", ("null",)), name, None)


def test_what_refusals_say(approved: Approve) -> None:
    told = [(why, options, asked) for _, options, asked, _, why in (*FOLLOWED, *EXPLAINED)]
    decisions = [(why, decided(options, **asked)) for why, options, asked in told]
    both = decided(LISTED, request_method="DELETE", request_headers="x-a")
    texts = [(why, f"{each.refusals[0].message}\n  {each.refusals[0].hint}") for why, each in decisions]
    approved("refusals", [*texts, ("the body of a method and a header", both.body.decode())])
