"""Refusals: for each code what is said, and hints that work when they are followed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Refusal

from ..conftest import Approve
from .kit import APP, OTHER, codes, keywords, preflight, rows

LISTED: dict[str, Any] = {
    "allow_origins": [OTHER, APP],
    "allow_methods": ["GET", "PUT"],
    "allow_headers": ["X-Token"],
}
SUBDOMAINS = {"allow_origins": "https://*.example.com"}
BELOW = "'https://*.example.com'"
HTTP = "http://app.example.com"
ANY_PORT = {"allow_origins": "https://*.example.com:*"}
LOCALHOST = {"allow_origins": "http://localhost:3000"}
ANY_LOCAL = {"allow_origins": ["https://a.example", "http://127.0.0.1:*"]}
TWELVE = [f"X-{letter}" for letter in "ABCDEFGHIJKL"]
ELEVEN = TWELVE[:11]
FIFTY_ONE = {"allow_origins": [*(f"https://n{number}.example" for number in range(50)), APP]}
UNPROVEN = {
    "allow_origin_regex": r"https?://app\.example(?=\.com)\.[a-z]+",
    "allow_credentials": True,
    "dangerously_allow": ["unproven-regex"],
}


def failing(request: CORSRequest) -> bool:
    raise ValueError("no database")


def anyone(request: CORSRequest) -> bool:
    return True


FAILING = {"allow_origin_func": failing}
TRUSTING: dict[str, Any] = {"allow_origin_func": anyone, "allow_credentials": True}


def decided(options: dict[str, Any], origin: str, method: str, headers: str) -> Decision:
    return preflight(CORSPolicy(**options), origin, method, headers)


def with_methods(*methods: str) -> dict[str, Any]:
    return {**LISTED, "allow_methods": methods}


def with_headers(*headers: str) -> dict[str, Any]:
    return {**LISTED, "allow_headers": headers}


ORIGIN, METHOD, HEADERS = "origin-not-allowed", "method-not-allowed", "headers-not-allowed"
MALFORMED = "origin-malformed"
# Code, options, origin, method, headers, the keywords that the hint gives, why.
FOLLOWED = [
    (ORIGIN, {}, APP, "GET", "", f'allow_origins=["{APP}"]', "an origin where none is listed"),
    (METHOD, LISTED, APP, "DELETE", "", "allow_methods=['GET', 'PUT', 'DELETE']", "a method"),
    (METHOD, with_methods(), APP, "GET", "", "allow_methods=['GET']", "the only method"),
    (HEADERS, LISTED, APP, "GET", "x-a,x-b", "allow_headers=['X-Token', 'x-a', 'x-b']", "headers"),
    (HEADERS, with_headers(*ELEVEN), APP, "GET", "x", f"allow_headers={[*ELEVEN, 'x']}", "one of twelve"),
]


@rows("code, options, origin, method, headers, write", FOLLOWED)
def test_following_the_hint_allows_the_request(
    code: str, options: dict[str, Any], origin: str, method: str, headers: str, write: str
) -> None:
    (refusal,) = decided(options, origin, method, headers).refusals
    assert refusal.code == code
    assert write in refusal.hint
    assert decided({**options, **keywords(write)}, origin, method, headers).allowed


# Options with an entry that is surely a mistake, method, headers, the keywords that the hint gives, why.
WITHOUT_MISTAKES = [
    (with_headers("x-amz-*", "X-A"), "GET", "x-amz-acl", "allow_headers=['X-A', 'x-amz-acl']", "a pattern"),
    (with_methods("PUST", "PATCH"), "PUT", "", "allow_methods=['PATCH', 'PUT']", "a misspelled method"),
    (with_methods("GET|PUT"), "PUT", "", "allow_methods=['PUT']", "methods joined as in an expression"),
]


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
@rows("options, method, headers, write", WITHOUT_MISTAKES)
def test_a_hint_does_not_repeat_what_is_surely_a_mistake(
    options: dict[str, Any], method: str, headers: str, write: str
) -> None:
    (refusal,) = decided(options, APP, method, headers).refusals
    assert f"write {write}." in refusal.hint
    assert decided({**options, **keywords(write)}, APP, method, headers).allowed


# Code, origin, the opt-in to add to others, why.
OPT_INS = [
    ("origin-insecure", "http://a", "insecure-origins", "http"),
    ("origin-file", "file://", "null-origin", "a file"),
]


@rows("code, origin, danger", OPT_INS)
def test_an_opt_in_is_added_to_the_others(code: str, origin: str, danger: str) -> None:
    others = ["unproven-regex"]
    (refusal,) = decided({**TRUSTING, "dangerously_allow": others}, origin, "GET", "").refusals
    assert refusal.code == code
    assert f'add "{danger}" to dangerously_allow' in refusal.hint
    assert decided({**TRUSTING, "dangerously_allow": [*others, danger]}, origin, "GET", "").allowed


LONG = "X-" + "A" * 5000

# Code, options, origin, method, headers, a value that the hint names, why.
EXPLAINED = [
    (ORIGIN, LISTED, "https://a.test", "GET", "", '"https://a.test"', "an origin that is like no entry"),
    (ORIGIN, LISTED, HTTP, "GET", "", f"'{APP}'", "another scheme"),
    (ORIGIN, LISTED, "https://www.app.example.com", "GET", "", f"'{APP}'", "another host"),
    (ORIGIN, LISTED, "http://app.example.com:3000", "GET", "", f"'{APP}'", "another scheme and port"),
    (ORIGIN, SUBDOMAINS, "https://example.com", "GET", "", BELOW, "the domain of a pattern"),
    (ORIGIN, SUBDOMAINS, "https://a.example.org", "GET", "", BELOW, "a pattern of another host"),
    (ORIGIN, ANY_PORT, "http://a.example.com:8", "GET", "", "'https://*", "a pattern of another scheme"),
    (ORIGIN, FIFTY_ONE, HTTP, "GET", "", '"http://app', "fifty entries are compared"),
    (ORIGIN, LISTED, f"{APP}:8443", "GET", "", f'"{APP}", "{APP}:8443"]', "another port"),
    (ORIGIN, LOCALHOST, "http://127.0.0.1:3000", "GET", "", '"http://127.0.0.1:3000"], or', "127.0.0.1"),
    (ORIGIN, LOCALHOST, "http://[::1]:3000", "GET", "", "[::1] and localhost", "[::1], not localhost"),
    (ORIGIN, ANY_LOCAL, "http://localhost:8", "GET", "", "localhost and 127.0.0.1", "localhost, any port"),
    (
        ORIGIN,
        LOCALHOST,
        "http://127.0.0.1:8",
        "GET",
        "",
        "host and port; browsers",
        "another address and port",
    ),
    ("origin-null", LISTED, "null", "GET", "", "", "null"),
    (MALFORMED, LISTED, f"{APP}/", "GET", "", f"'{APP}'", "an origin typed by hand"),
    (MALFORMED, LISTED, "https://app.*", "GET", "", "", "a glob"),
    (MALFORMED, LISTED, "*.example.com", "GET", "", "", "a pattern"),
    (MALFORMED, LISTED, f"{APP}, {APP}", "GET", "", "", "two origins"),
    (MALFORMED, LISTED, f"https://{'app.' * 100}a/", "GET", "", "", "a text that is too long"),
    (MALFORMED, LISTED, "D\r\n\u00e4\U0001f36a", "GET", "", "", "a text that is not printable"),
    ("origin-func-failed", FAILING, APP, "GET", "", "no database", "a function that failed"),
    ("origin-insecure", TRUSTING, "http://a", "GET", "", '"insecure-origins"', "http"),
    ("origin-insecure", UNPROVEN, HTTP, "GET", "", '"insecure-origins"', "http, not proved"),
    ("origin-file", TRUSTING, "file://", "GET", "", '"null-origin"', "a file"),
    (METHOD, with_methods("PATCH"), APP, "patch", "", 'method: "PATCH"', "a method in lower case"),
    (METHOD, with_methods("PURGE"), APP, "purge", "", 'method: "PURGE"', "likewise one's own"),
    (METHOD, LISTED, APP, "patch", "", "'PATCH'", "a lower-case method whose upper case is not listed"),
    (METHOD, LISTED, APP, "TRACE", "", "", "a method that no policy can allow"),
    (METHOD, LISTED, APP, "Connect", "", "", "the same in another case"),
    (METHOD, LISTED, APP, "A" * 100, "", f"'{'A' * 100}'", "the longest method that is shown"),
    (METHOD, LISTED, APP, "A" * 101, "", "to allow_methods", "a method that is too long to be shown"),
    (METHOD, with_methods("B" * 101), APP, "A", "", "'A' to allow_methods", "beside a listed long method"),
    (HEADERS, LISTED, APP, "GET", "cookie", "", "a header that no page can send"),
    (HEADERS, LISTED, APP, "GET", "cookie,x-a", "'x-a'", "the same, and another"),
    (HEADERS, LISTED, APP, "GET", "x a", "", "not a header name"),
    (HEADERS, with_headers(*TWELVE), APP, "GET", "x-new", "'x-new' to", "twelve others are allowed"),
    (HEADERS, LISTED, APP, "GET", "a,b,c,d,e,f,g,h,i,j,k,l", "'l'", "twelve headers are all named"),
    (HEADERS, LISTED, APP, "GET", "a,b,c,d,e,f,g,h,i,j,k,l,m,n", "'l'", "of more the first twelve are named"),
    (HEADERS, LISTED, APP, "GET", LONG, "to allow_headers", "a header that is too long to be shown"),
    (HEADERS, LISTED, APP, "GET", f"x-a,{LONG}", "'x-a' and", "one of two is too long"),
    (HEADERS, LISTED, APP, "GET", "cookie,a,b,c,d,e,f,g,h,i,j,k,l,m", "'l' and", "more may be refused"),
    ("headers-malformed", with_headers("*"), APP, "GET", "x a", "", "not header names"),
    ("headers-too-long", LISTED, APP, "GET", "," * 256, "256", "too many headers"),
]


@rows("code, options, origin, method, headers, says", EXPLAINED)
def test_a_refusal_is_explained(
    code: str, options: dict[str, Any], origin: str, method: str, headers: str, says: str
) -> None:
    decision = decided(options, origin, method, headers)
    assert codes(decision) == [code]
    (refusal,) = decision.refusals
    assert says in refusal.hint
    for text in (refusal.message, refusal.hint, decision.body.decode("ascii")):
        assert re.fullmatch(r"[ -~]{1,1000}", text)
    # A hint that shows no way names no option.
    assert says or not re.search("allow_(origins|methods|headers)", refusal.hint)


LOCAL, WWW = "http://localhost:5173", "https://www.example.com"
BARE = "https://example.com"
TWELVE_ORIGINS = [f"https://n{number}.example" for number in range(12)]
LONG_ORIGINS = [f"https://{letter * 60}.example" for letter in "abc"]
DIFFERENT = "browsers take the two for different origins"
ONLY_HTTPS = "Serve the page over https, because the policy gives credentials"


def all_with(*origins: str) -> dict[str, Any]:
    return {"allow_origins": [*origins], "allow_credentials": True}


def some_with(*origins: str, **others: Any) -> dict[str, Any]:
    return {"allow_credentials": [*origins], **others}


# Options, origin, what is said about it, the line that the hint gives if it is allowed then, why.
NEAR: list[tuple[dict[str, Any], str, str, str | None, str]] = [
    (
        {"allow_origins": [LOCAL, "http://localhost:3000"]},
        "http://localhost:5174",
        f"The nearest entry is '{LOCAL}', which has a different port.",
        f'allow_origins=["{LOCAL}", "http://localhost:3000", "http://localhost:5174"]',
        "the port that looks most like it",
    ),
    (
        {"allow_origins": ["https://*.example.com"]},
        "https://a.example.com:8443",
        "'https://*.example.com', which has a different port.",
        'allow_origins=["https://*.example.com", "https://a.example.com:8443"]',
        "the port below a pattern",
    ),
    (
        {"allow_origins": ["http://app.example.com:81", APP]},
        HTTP,
        f"'{APP}', which has a different scheme.",
        f'allow_origins=["http://app.example.com:81", "{APP}", "{HTTP}"]',
        "the scheme, where that looks most like it",
    ),
    (
        {"allow_origins": BARE},
        WWW,
        f"'{BARE}', which has no www; {DIFFERENT}.",
        f'allow_origins=["{BARE}", "{WWW}"]',
        "www",
    ),
    (
        {"allow_origins": WWW},
        BARE,
        f"'{WWW}', which begins with www; {DIFFERENT}.",
        f'allow_origins=["{WWW}", "{BARE}"]',
        "no www",
    ),
    (
        {"allow_origins": "https://*.example.com"},
        BARE,
        "covers the subdomains of that domain, but not the domain itself.",
        f'allow_origins=["https://*.example.com", "{BARE}"]',
        "the domain of a pattern, listed alone",
    ),
    (
        {"allow_origins": APP},
        f"{APP}.",
        f"'{APP}', which has no dot at its end; {DIFFERENT}.",
        f'allow_origins=["{APP}", "{APP}."]',
        "a dot at the end",
    ),
    (
        {"allow_origins": "https://*.example.com."},
        APP,
        f"which ends with a dot; {DIFFERENT}.",
        f'allow_origins=["https://*.example.com.", "{APP}"]',
        "no dot at the end",
    ),
    (
        {"allow_origins": "app://Home"},
        "app://home",
        "'app://Home', which differs in upper and lower case.",
        'allow_origins=["app://Home", "app://home"]',
        "letter case of an app",
    ),
    (
        {"allow_origins": LOCAL},
        "http://127.0.0.1:5173",
        f"'{LOCAL}', but browsers take 127.0.0.1 and localhost for different origins.",
        f'allow_origins=["{LOCAL}", "http://127.0.0.1:5173"]',
        "127.0.0.1 for localhost",
    ),
    (
        {"allow_origins": [APP, "http://127.0.0.1:5173"]},
        "http://[::1]:5173",
        "but browsers take [::1] and 127.0.0.1 for different origins.",
        f'allow_origins=["{APP}", "http://127.0.0.1:5173", "http://[::1]:5173"]',
        "[::1] for 127.0.0.1",
    ),
    (
        {"allow_origins": LOCAL},
        "https://127.0.0.1:5173",
        "scheme and host; browsers take 127.0.0.1 and localhost",
        f'allow_origins=["{LOCAL}", "https://127.0.0.1:5173"]',
        "another scheme on this machine",
    ),
    (
        {"allow_origins": TWELVE_ORIGINS},
        "http://n1.example",
        "different scheme.",
        'allow_origins=[..., "http://n1.example"]',
        "a list that is too long to be repeated",
    ),
    (
        {"allow_origins": LONG_ORIGINS},
        "https://z.test",
        "To allow it",
        'allow_origins=[..., "https://z.test"]',
        "entries that are too long to be repeated",
    ),
    (
        some_with(APP, allow_origins=[LOCAL]),
        f"{APP}:8443",
        "different port.",
        f'allow_credentials=["{APP}", "{APP}:8443"]',
        "the list with credentials, where the nearest is",
    ),
    (
        some_with(APP, allow_origins=[LOCAL]),
        "http://app.example.com",
        "For credentials, serve the page over https.",
        f'allow_origins=["{LOCAL}", "http://app.example.com"]',
        "http beside a list with credentials",
    ),
    (
        some_with(APP, allow_origins=[APP, LOCAL]),
        f"{APP}:8443",
        "different port.",
        f'allow_origins=["{APP}", "{LOCAL}", "{APP}:8443"]',
        "the nearest is in both lists",
    ),
    (
        {**all_with(APP), "dangerously_allow": ["insecure-origins"]},
        HTTP,
        "different scheme.",
        f'allow_origins=["{APP}", "{HTTP}"]',
        "http where that is accepted",
    ),
    (all_with(APP), HTTP, f"{ONLY_HTTPS}. The policy allows '{APP}' already.", None, "http with credentials"),
    (
        all_with(APP),
        "http://b.example.org:443",
        f'{ONLY_HTTPS}, and write allow_origins=["{APP}", "https://b.example.org"].',
        None,
        "http with credentials, of another host",
    ),
    (all_with(), HTTP, f'{ONLY_HTTPS}, and write allow_origins=["{APP}"].', None, "http, and no entry"),
    (all_with(APP), "ws://app.example.com", f"different scheme. {ONLY_HTTPS}.", None, "ws with credentials"),
    (
        {"allow_origins": APP},
        "file://",
        "Any local file can send file://.",
        None,
        "a file",
    ),
    ({"allow_origins": APP}, "null", "so can any attacker.", None, "null, which nobody is told to add"),
    (
        {"allow_origins": APP},
        "https://App.Example.com",
        f"send '{APP}', which is allowed.",
        None,
        "letter case",
    ),
    (
        {"allow_origins": LOCAL},
        "https://App.Example.com",
        f'send \'{APP}\'. To allow that, write allow_origins=["{LOCAL}", "{APP}"].',
        None,
        "letter case of an origin that is not listed",
    ),
    (all_with(APP), "HTTP://A.com", "A browser would send 'http://a.com'.", None, "letter case of http"),
    (
        {"allow_origins": APP},
        "https://ü.example".encode().decode("latin-1"),
        f'send \'https://xn--tda.example\'. To allow that, write allow_origins=["{APP}", "https://xn--tda.example"].',
        None,
        "a Unicode host, as servers decode it",
    ),
    ({"allow_origins": APP}, "NULL", "A browser would send 'null'.", None, "null in upper case"),
    (
        {"allow_origins": "*", "allow_credentials": [APP]},
        "https://A.com",
        "A browser would send 'https://a.com', which is allowed.",
        None,
        "letter case where everyone is allowed",
    ),
    (
        {"allow_origin_regex": r"https://a\.com"},
        "https://A.com",
        "A browser would send 'https://a.com'.",
        None,
        "letter case where an expression may allow it",
    ),
]


@rows("options, origin, says, write", NEAR)
def test_the_hint_for_an_origin_explains_the_difference_and_gives_the_line(
    options: dict[str, Any], origin: str, says: str, write: str | None
) -> None:
    (refusal,) = decided(options, origin, "GET", "").refusals
    assert says in refusal.hint
    assert f"{write}"[:-1] in refusal.hint if write else f'"{origin}"' not in refusal.hint


@pytest.mark.parametrize("name", ["code", "values", "allowed", "error"])
def test_a_refusal_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Refusal("origin-null", ("null",)), name, None)


def test_what_refusals_say(approved: Approve) -> None:
    decisions = [(row[-1], decided(*row[1:5])) for row in (*FOLLOWED, *EXPLAINED)]
    decisions += [(row[-1], decided(row[0], row[1], "GET", "")) for row in NEAR]
    texts = [(why, f"{each.refusals[0].message}\n  {each.refusals[0].hint}") for why, each in decisions]
    both = decided(LISTED, APP, "DELETE", "x-a").body.decode()
    approved("refusals", [*texts, ("the body for a method and a header", both)])
