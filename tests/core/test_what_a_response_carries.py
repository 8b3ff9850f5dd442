"""What a response carries: the table of the design, row by row, and every sentence below it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, Decision, Kind, Refusal
from crosscors.core.origins.function import OriginFunc
from crosscors.core.response_headers import ResponseHeaders

APP = "https://app.example.com"
OTHER = "https://other.example"
EVIL = "https://evil.example"

# Everything but the origins, alike in every policy of the table.
REST: dict[str, Any] = {
    "allow_methods": ["GET", "PUT"],
    "allow_headers": ["X-Token"],
    "expose_headers": ["X-Request-Id"],
}
PUBLIC = CORSPolicy(allow_origins="*", **REST)
LISTED = CORSPolicy(allow_origins=[APP], **REST)
CREDENTIALED = CORSPolicy(allow_origins=[APP], allow_credentials=True, **REST)
MIXED = CORSPolicy(allow_origins="*", allow_credentials=[APP], **REST)
TWO_LISTS = CORSPolicy(allow_origins=[OTHER], allow_credentials=[APP], **REST)
NOBODY = CORSPolicy()

ALLOW_HEADERS = "Accept, Accept-Language, Content-Language, Content-Type, X-Token"
PUBLIC_PREFLIGHT_VARY = ("Access-Control-Request-Method", "Access-Control-Request-Headers")
PREFLIGHT_VARY = ("Origin", *PUBLIC_PREFLIGHT_VARY)


def preflight(origin: str, method: str = "PUT", headers: str | None = None) -> CORSRequest:
    return CORSRequest("OPTIONS", origin, request_method=method, request_headers=headers)


def codes(decision: Decision) -> list[str]:
    return [refusal.code for refusal in decision.refusals]


# Actual requests.


@pytest.mark.parametrize(
    ("policy", "origin", "headers", "vary", "matched"),
    [
        pytest.param(
            PUBLIC,
            EVIL,
            [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Request-Id")],
            (),
            "*",
            id="* without credentials gives everyone the same",
        ),
        pytest.param(
            PUBLIC,
            "null",
            [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Request-Id")],
            (),
            "*",
            id="* allows null",
        ),
        pytest.param(
            PUBLIC,
            "HTTPS://no browser sends this",
            [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Request-Id")],
            (),
            "*",
            id="* cannot refuse, whatever the origin",
        ),
        pytest.param(
            LISTED,
            APP,
            [("Access-Control-Allow-Origin", APP), ("Access-Control-Expose-Headers", "X-Request-Id")],
            ("Origin",),
            APP,
            id="a listed origin is named",
        ),
        pytest.param(
            CREDENTIALED,
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", "X-Request-Id"),
            ],
            ("Origin",),
            APP,
            id="a listed origin gets credentials where all do",
        ),
        pytest.param(
            MIXED,
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", "X-Request-Id"),
            ],
            ("Origin",),
            APP,
            id="an origin of the credentials list gets them beside *",
        ),
        pytest.param(
            MIXED,
            EVIL,
            [("Access-Control-Allow-Origin", EVIL), ("Access-Control-Expose-Headers", "X-Request-Id")],
            ("Origin",),
            "*",
            id="the rest of * is named, without credentials",
        ),
        pytest.param(
            MIXED,
            "null",
            [("Access-Control-Allow-Origin", "null"), ("Access-Control-Expose-Headers", "X-Request-Id")],
            ("Origin",),
            "*",
            id="null is among the rest of *",
        ),
        pytest.param(
            TWO_LISTS,
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", "X-Request-Id"),
            ],
            ("Origin",),
            APP,
            id="an origin of the credentials list need not be repeated",
        ),
        pytest.param(
            TWO_LISTS,
            OTHER,
            [("Access-Control-Allow-Origin", OTHER), ("Access-Control-Expose-Headers", "X-Request-Id")],
            ("Origin",),
            OTHER,
            id="the rest of allow_origins gets none",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP]),
            APP,
            [("Access-Control-Allow-Origin", APP)],
            ("Origin",),
            APP,
            id="nothing is exposed that is not listed",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP], expose_headers="*"),
            APP,
            [("Access-Control-Allow-Origin", APP), ("Access-Control-Expose-Headers", "*")],
            ("Origin",),
            APP,
            id="every header is exposed without credentials",
        ),
        pytest.param(
            CORSPolicy(allow_origins=["null"]),
            "null",
            [("Access-Control-Allow-Origin", "null")],
            ("Origin",),
            "null",
            id="null, where it is listed",
        ),
        pytest.param(
            CORSPolicy(allow_origins=["https://*.example.com"]),
            APP,
            [("Access-Control-Allow-Origin", APP)],
            ("Origin",),
            "https://*.example.com",
            id="a pattern names the origin that asked",
        ),
        pytest.param(
            CORSPolicy(allow_origins=["http://localhost:*"], allow_credentials=True),
            "http://localhost:3000",
            [
                ("Access-Control-Allow-Origin", "http://localhost:3000"),
                ("Access-Control-Allow-Credentials", "true"),
            ],
            ("Origin",),
            "http://localhost:*",
            id="a pattern for any port",
        ),
        pytest.param(
            CORSPolicy(allow_credentials=["https://*.example.com"]),
            APP,
            [("Access-Control-Allow-Origin", APP), ("Access-Control-Allow-Credentials", "true")],
            ("Origin",),
            "https://*.example.com",
            id="a pattern in the credentials list",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=r"https://[a-z]+\.example\.com"),
            APP,
            [("Access-Control-Allow-Origin", APP)],
            ("Origin",),
            r"https://[a-z]+\.example\.com",
            id="an expression names the origin that asked",
        ),
        pytest.param(
            CORSPolicy(
                allow_origin_regex=re.compile(r"https://[a-z]+\.EXAMPLE\.com", re.IGNORECASE),
                allow_credentials=True,
            ),
            APP,
            [("Access-Control-Allow-Origin", APP), ("Access-Control-Allow-Credentials", "true")],
            ("Origin",),
            r"https://[a-z]+\.EXAMPLE\.com",
            id="a compiled expression keeps its flags",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=r"https://[a-z]+\.example\.com", allow_credentials=[OTHER]),
            APP,
            [("Access-Control-Allow-Origin", APP)],
            ("Origin",),
            r"https://[a-z]+\.example\.com",
            id="an expression gives no credentials where a list does",
        ),
        pytest.param(
            CORSPolicy(
                allow_origin_regex=r"http://[a-z]+\.example\.com",
                allow_credentials=True,
                dangerously_allow="insecure-origins",
            ),
            "http://app.example.com",
            [
                ("Access-Control-Allow-Origin", "http://app.example.com"),
                ("Access-Control-Allow-Credentials", "true"),
            ],
            ("Origin",),
            r"http://[a-z]+\.example\.com",
            id="an expression gives credentials to http where that is opted into",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=r"http://localhost:[0-9]+", allow_credentials=True),
            "http://localhost:3000",
            [
                ("Access-Control-Allow-Origin", "http://localhost:3000"),
                ("Access-Control-Allow-Credentials", "true"),
            ],
            ("Origin",),
            r"http://localhost:[0-9]+",
            id="an expression gives credentials to localhost",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=r"http://[a-z]+\.example\.com"),
            "http://app.example.com",
            [("Access-Control-Allow-Origin", "http://app.example.com")],
            ("Origin",),
            r"http://[a-z]+\.example\.com",
            id="an expression allows http without credentials",
        ),
    ],
)
def test_an_actual_request_from_an_allowed_origin(
    policy: CORSPolicy, origin: str, headers: list[tuple[str, str]], vary: tuple[str, ...], matched: str
) -> None:
    decision = policy.decide(CORSRequest("POST", origin))
    assert decision == Decision(Kind.ACTUAL, True, ResponseHeaders(tuple(headers), vary), matched=matched)
    assert decision.status is None


def test_an_origin_as_long_as_one_can_be_is_allowed() -> None:
    host = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    longest = f"{'s' * 64}://{host}:65535"
    assert CORSPolicy(allow_origins=[longest]).decide(CORSRequest("GET", longest)).matched == longest


@pytest.mark.parametrize(
    ("policy", "origin", "code"),
    [
        pytest.param(LISTED, EVIL, "origin-not-allowed", id="an origin that is not listed"),
        pytest.param(NOBODY, APP, "origin-not-allowed", id="any origin, where none is listed"),
        pytest.param(LISTED, "http://app.example.com", "origin-not-allowed", id="another scheme"),
        pytest.param(LISTED, "https://app.example.com:8443", "origin-not-allowed", id="another port"),
        pytest.param(LISTED, "https://example.com", "origin-not-allowed", id="a parent domain"),
        pytest.param(LISTED, "https://x.app.example.com", "origin-not-allowed", id="a subdomain"),
        pytest.param(LISTED, "https://app.example.com.", "origin-not-allowed", id="a dot at the end"),
        pytest.param(TWO_LISTS, EVIL, "origin-not-allowed", id="an origin of neither list"),
        pytest.param(LISTED, "null", "origin-null", id="null, where it is not listed"),
        pytest.param(LISTED, "HTTPS://APP.EXAMPLE.COM", "origin-malformed", id="upper case"),
        pytest.param(LISTED, "https://app.example.com/", "origin-malformed", id="a trailing slash"),
        pytest.param(LISTED, "https://app.example.com:443", "origin-malformed", id="a default port"),
        pytest.param(LISTED, f"{APP}, {APP}", "origin-malformed", id="the same origin sent twice"),
        pytest.param(LISTED, f" {APP}", "origin-malformed", id="a space"),
        pytest.param(LISTED, "", "origin-malformed", id="an empty field"),
        pytest.param(LISTED, "*", "origin-malformed", id="a *"),
        pytest.param(LISTED, "a" * 100_000, "origin-malformed", id="a field of 100 kB"),
        pytest.param(LISTED, "https://ex\u00e4mple.com", "origin-malformed", id="letters outside ASCII"),
        pytest.param(MIXED, "no origin", "origin-malformed", id="no origin, under * with a credentials list"),
        pytest.param(
            CORSPolicy(allow_origins=["https://*.example.com"]),
            "https://*.example.com",
            "origin-malformed",
            id="a pattern itself",
        ),
        pytest.param(
            CORSPolicy(allow_origins=["https://*.example.com"]),
            "https://example.com",
            "origin-not-allowed",
            id="the domain below a pattern",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=r"https://app\.example"),
            "https://app.example.evil",
            "origin-not-allowed",
            id="an expression that matches only the beginning",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=r"https://app\.example"),
            "https://app.example\n",
            "origin-malformed",
            id="an expression, and a line break at the end",
        ),
        pytest.param(
            CORSPolicy(allow_origin_regex=".*"),
            "not an origin",
            "origin-malformed",
            id="an expression for anything",
        ),
        pytest.param(CORSPolicy(allow_origin_regex=".*"), "null", "origin-null", id="null and an expression"),
        pytest.param(
            CORSPolicy(
                allow_origin_regex=r"https?://(?!www)[a-z]+\.example(?=\.com)\.[a-z]+",
                allow_credentials=True,
                dangerously_allow="unproven-regex",
            ),
            "http://app.example.com",
            "origin-insecure",
            id="an http origin that an expression would give credentials",
        ),
    ],
)
def test_an_actual_request_from_a_refused_origin_gets_nothing_but_vary(
    policy: CORSPolicy, origin: str, code: str
) -> None:
    decision = policy.decide(CORSRequest("POST", origin))
    assert (decision.kind, decision.allowed, decision.status) == (Kind.ACTUAL, False, None)
    assert (decision.headers, decision.vary, decision.matched) == ((), ("Origin",), None)
    assert codes(decision) == [code]
    assert decision.refusals[0].values == (origin,)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "BREW"])
@pytest.mark.parametrize(
    ("policy", "headers", "vary"),
    [
        pytest.param(
            PUBLIC,
            (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Request-Id")),
            (),
            id="*: the same as with one",
        ),
        pytest.param(LISTED, (), ("Origin",), id="a list: nothing but Vary"),
        pytest.param(CREDENTIALED, (), ("Origin",), id="a list with credentials: nothing but Vary"),
        pytest.param(MIXED, (), ("Origin",), id="* with a credentials list: nothing but Vary"),
        pytest.param(NOBODY, (), ("Origin",), id="nobody: nothing but Vary"),
    ],
)
def test_a_request_without_origin(
    policy: CORSPolicy, headers: tuple[tuple[str, str], ...], vary: tuple[str, ...], method: str
) -> None:
    decision = policy.decide(CORSRequest(method, request_method="PUT", request_headers="x-token"))
    assert decision == Decision(Kind.NOT_CORS, True, ResponseHeaders(headers, vary))


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(CORSRequest("OPTIONS", APP), id="OPTIONS without Access-Control-Request-Method"),
        pytest.param(
            CORSRequest("OPTIONS", APP, request_headers="x-token"), id="OPTIONS with the headers alone"
        ),
        pytest.param(
            CORSRequest("GET", APP, request_method="PUT"), id="GET with Access-Control-Request-Method"
        ),
        pytest.param(CORSRequest("options", APP, request_method="PUT"), id="options in lower case"),
        pytest.param(CORSRequest("DELETE", APP), id="a method that a preflight would refuse"),
    ],
)
def test_what_is_no_preflight_is_an_actual_request(asked: CORSRequest) -> None:
    decision = LISTED.decide(asked)
    assert (decision.kind, decision.allowed, decision.status) == (Kind.ACTUAL, True, None)


# Preflights.


@pytest.mark.parametrize(
    ("policy", "origin", "headers", "vary", "matched"),
    [
        pytest.param(
            PUBLIC,
            EVIL,
            [
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Methods", "GET, PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
                ("Access-Control-Max-Age", "600"),
            ],
            PUBLIC_PREFLIGHT_VARY,
            "*",
            id="* without credentials: the same for every origin, so Vary does not name it",
        ),
        pytest.param(
            LISTED,
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Methods", "GET, PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
                ("Access-Control-Max-Age", "600"),
            ],
            PREFLIGHT_VARY,
            APP,
            id="a listed origin",
        ),
        pytest.param(
            CREDENTIALED,
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Allow-Methods", "GET, PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
                ("Access-Control-Max-Age", "600"),
            ],
            PREFLIGHT_VARY,
            APP,
            id="a listed origin with credentials",
        ),
        pytest.param(
            MIXED,
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Allow-Methods", "GET, PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
                ("Access-Control-Max-Age", "600"),
            ],
            PREFLIGHT_VARY,
            APP,
            id="an origin of the credentials list",
        ),
        pytest.param(
            MIXED,
            EVIL,
            [
                ("Access-Control-Allow-Origin", EVIL),
                ("Access-Control-Allow-Methods", "GET, PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
                ("Access-Control-Max-Age", "600"),
            ],
            PREFLIGHT_VARY,
            "*",
            id="the rest of *",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP], allow_methods="PUT", allow_headers="X-Token", max_age=None),
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Methods", "PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
            ],
            PREFLIGHT_VARY,
            APP,
            id="max_age None omits the field",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP], allow_methods="PUT", allow_headers="X-Token", max_age=0),
            APP,
            [
                ("Access-Control-Allow-Origin", APP),
                ("Access-Control-Allow-Methods", "PUT"),
                ("Access-Control-Allow-Headers", ALLOW_HEADERS),
                ("Access-Control-Max-Age", "0"),
            ],
            PREFLIGHT_VARY,
            APP,
            id="max_age 0 is sent",
        ),
    ],
)
def test_a_preflight_from_an_allowed_origin(
    policy: CORSPolicy, origin: str, headers: list[tuple[str, str]], vary: tuple[str, ...], matched: str
) -> None:
    decision = policy.decide(preflight(origin, "PUT", "x-token"))
    assert decision == Decision(
        Kind.PREFLIGHT, True, ResponseHeaders(tuple(headers), vary), status=200, matched=matched
    )
    assert decision.body == b"OK"


@pytest.mark.parametrize(
    "debug", [pytest.param(False, id="not in debug mode"), pytest.param(True, id="in debug mode")]
)
@pytest.mark.parametrize(
    ("policy", "origin", "code", "reason"),
    [
        pytest.param(
            LISTED,
            EVIL,
            "origin-not-allowed",
            b"the origin 'https://evil.example' is not allowed",
            id="not listed",
        ),
        pytest.param(LISTED, "null", "origin-null", b"the origin null is not allowed", id="null"),
        pytest.param(
            MIXED,
            "a\r\nb",
            "origin-malformed",
            rb"the Origin field is not one origin as browsers send it: 'a\r\nb'",
            id="no origin at all",
        ),
    ],
)
def test_a_preflight_from_a_refused_origin(
    policy: CORSPolicy, origin: str, code: str, reason: bytes, debug: bool
) -> None:
    decision = policy.decide(preflight(origin, "PUT", "x-token"), debug=debug)
    assert (decision.kind, decision.allowed, decision.status) == (Kind.PREFLIGHT, False, 400)
    assert (decision.headers, decision.vary, decision.matched) == ((), PREFLIGHT_VARY, None)
    assert codes(decision) == [code]
    assert decision.body == b"Refused by the CORS policy: " + reason


@pytest.mark.parametrize(
    ("method", "headers", "refused", "status_in_debug"),
    [
        pytest.param("DELETE", None, ["method-not-allowed"], 200, id="a method"),
        pytest.param("PUT", "x-other", ["headers-not-allowed"], 200, id="a header"),
        pytest.param("DELETE", "x-other", ["method-not-allowed", "headers-not-allowed"], 200, id="both"),
        pytest.param(
            "POST", None, ["method-not-allowed"], 400, id="a safelisted method, which browsers let through"
        ),
        pytest.param(
            "POST",
            "x-other",
            ["method-not-allowed", "headers-not-allowed"],
            200,
            id="a safelisted method and a header",
        ),
        pytest.param("put", None, ["method-not-allowed"], 200, id="a method in another case"),
        pytest.param("", None, ["method-not-allowed"], 200, id="an empty method"),
    ],
)
def test_a_refused_method_or_header_from_an_allowed_origin(
    method: str, headers: str | None, refused: list[str], status_in_debug: int
) -> None:
    decision = CREDENTIALED.decide(preflight(APP, method, headers))
    assert (decision.kind, decision.allowed, decision.status) == (Kind.PREFLIGHT, False, 400)
    assert codes(decision) == refused
    assert decision.headers == (
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "GET, PUT"),
        ("Access-Control-Allow-Headers", ALLOW_HEADERS),
    )
    assert (decision.vary, decision.matched) == (PREFLIGHT_VARY, APP)
    in_debug = CREDENTIALED.decide(preflight(APP, method, headers), debug=True)
    assert (in_debug.allowed, in_debug.status) == (False, status_in_debug)
    assert (in_debug.headers, in_debug.refusals) == (decision.headers, decision.refusals)


def test_a_refused_method_under_a_public_policy_varies_on_all_but_the_origin() -> None:
    decision = PUBLIC.decide(preflight(EVIL, "DELETE"))
    assert (decision.allowed, decision.status, decision.matched) == (False, 400, "*")
    assert decision.headers == (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET, PUT"),
        ("Access-Control-Allow-Headers", ALLOW_HEADERS),
    )
    assert decision.vary == PUBLIC_PREFLIGHT_VARY


@pytest.mark.parametrize("options", [{}, {"allow_private_network": True}, {"allow_headers": "*"}])
def test_preflights_under_a_public_policy_vary_alike_allowed_or_refused(options: dict[str, Any]) -> None:
    policy = CORSPolicy(allow_origins="*", allow_methods="PUT", **options)
    asked = [preflight(EVIL), preflight("null"), preflight("no origin"), preflight(EVIL, "DELETE")]
    asked += [preflight(EVIL, "PUT", "x a"), preflight(EVIL, "PUT", "," * 1000)]
    decisions = [policy.decide(each, debug=debug) for each in asked for debug in (False, True)]
    network = ("Access-Control-Request-Private-Network",) if "allow_private_network" in options else ()
    assert {decision.vary for decision in decisions} == {(*PUBLIC_PREFLIGHT_VARY, *network)}
    assert [decision.allowed for decision in decisions] == [True] * 6 + [False] * 6


@pytest.mark.parametrize("debug", [False, True])
def test_an_allowed_preflight_is_the_same_in_debug_mode(debug: bool) -> None:
    assert LISTED.decide(preflight(APP), debug=debug).status == 200


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [
        pytest.param("DELETE", None, b"the method 'DELETE' is not allowed", id="the method"),
        pytest.param(
            "PUT",
            "X-A, x-token, X-B",
            b"not allowed among the request headers: 'x-a', 'x-b'",
            id="each refused header",
        ),
        pytest.param(
            "DELETE",
            "x-a",
            b"the method 'DELETE' is not allowed; not allowed among the request headers: 'x-a'",
            id="the method and the header",
        ),
        pytest.param(
            "PUT",
            "a,b,c,d,e,f,g,h,i,j,k,l,m,n",
            b"not allowed among the request headers: "
            b"'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l' and more",
            id="the first twelve of many",
        ),
        pytest.param(
            "PUT",
            "a,b,c,d,e,f,g,h,i,j,k,l",
            b"not allowed among the request headers: "
            b"'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'",
            id="all of twelve",
        ),
        pytest.param(
            "PUT",
            "a,b,c,d,e,f,g,h,i,j,k,l,m",
            b"not allowed among the request headers: "
            b"'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l' and more",
            id="all but one of thirteen",
        ),
        pytest.param(
            "A" * 5000,
            None,
            b"the method '" + b"A" * 100 + b"'... is not allowed",
            id="the beginning of a long one",
        ),
        pytest.param(
            "D\r\nSet-Cookie: \u00e4\U0001f36a",
            None,
            rb"the method 'D\r\nSet-Cookie: \xe4\U0001f36a' is not allowed",
            id="what is not printable, escaped",
        ),
    ],
)
def test_the_body_names_what_is_refused(method: str, headers: str | None, body: bytes) -> None:
    decision = LISTED.decide(preflight(APP, method, headers))
    assert decision.body == b"Refused by the CORS policy: " + body
    assert decision.preflight_headers[:2] == (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(b"Refused by the CORS policy: " + body))),
    )


def test_the_fields_of_an_allowed_preflight_with_its_body() -> None:
    decision = CORSPolicy(allow_origins=[APP], max_age=None).decide(preflight(APP, "GET"))
    assert decision.preflight_headers == (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "2"),
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Methods", "GET"),
        ("Access-Control-Allow-Headers", "Accept, Accept-Language, Content-Language, Content-Type"),
        ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    )
    assert decision.raw_preflight_headers == (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"2"),
        (b"access-control-allow-origin", b"https://app.example.com"),
        (b"access-control-allow-methods", b"GET"),
        (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Language, Content-Type"),
        (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    )


def test_a_preflight_is_answered_as_if_it_were_the_first() -> None:
    def answers(options: dict[str, Any], *asked: CORSRequest) -> list[dict[str, str]]:
        policy = CORSPolicy(max_age=None, **options)
        return [dict(policy.decide(each).headers) for each in asked]

    methods = {"Access-Control-Allow-Methods": "GET"}
    lists = methods | {
        "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Language, Content-Type"
    }
    credentials = {"Access-Control-Allow-Credentials": "true"}
    first = {"Access-Control-Allow-Origin": APP}
    second = {"Access-Control-Allow-Origin": "https://b.example.com"}
    by_two_origins = (preflight(APP, "GET"), preflight("https://b.example.com", "GET"), preflight(APP, "GET"))

    assert answers({"allow_origins": ["https://*.example.com"]}, *by_two_origins) == [
        first | lists,
        second | lists,
        first | lists,
    ]
    assert answers({"allow_origin_regex": "https://.*"}, *by_two_origins) == [
        first | lists,
        second | lists,
        first | lists,
    ]
    assert answers({"allow_origin_func": lambda _: True}, *by_two_origins) == [
        first | lists,
        second | lists,
        first | lists,
    ]
    assert answers({"allow_origins": "*", "allow_credentials": [APP]}, *by_two_origins) == [
        first | credentials | lists,
        second | lists,
        first | credentials | lists,
    ]
    assert answers(
        {"allow_origins": [APP], "allow_headers": "*", "allow_credentials": True},
        preflight(APP, "GET", "x-a"),
        preflight(APP, "GET", "x-b"),
        preflight(APP, "GET"),
    ) == [
        first | credentials | methods | {"Access-Control-Allow-Headers": "x-a"},
        first | credentials | methods | {"Access-Control-Allow-Headers": "x-b"},
        first | credentials | methods,
    ]
    assert answers(
        {"allow_origins": [APP], "allow_private_network": True},
        CORSRequest("OPTIONS", APP, request_method="GET", request_private_network="true"),
        CORSRequest("OPTIONS", APP, request_method="GET"),
        CORSRequest("OPTIONS", APP, request_method="GET", request_private_network="true"),
    ) == [
        first | lists | {"Access-Control-Allow-Private-Network": "true"},
        first | lists,
        first | lists | {"Access-Control-Allow-Private-Network": "true"},
    ]


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        pytest.param(LISTED, preflight(APP, "PUT", "x-token"), id="allowed"),
        pytest.param(LISTED, preflight(EVIL, "PUT", "x-token"), id="refused by origin"),
        pytest.param(LISTED, preflight(APP, "PATCH"), id="refused by method"),
        pytest.param(LISTED, preflight(APP, "PUT", "x-other"), id="refused by header"),
        pytest.param(CORSPolicy(allow_origins="https://*.example.com"), preflight(APP), id="by a pattern"),
    ],
)
def test_the_same_preflight_is_decided_once(policy: CORSPolicy, asked: CORSRequest) -> None:
    assert policy.decide(asked) is policy.decide(replace(asked, path="/other"))


def test_a_preflight_under_a_public_policy_is_decided_once_for_all_origins() -> None:
    assert PUBLIC.decide(preflight(APP, "PUT", "x-token")) is PUBLIC.decide(preflight(EVIL, "PUT", "x-token"))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x-token" + " " * 8186, id="too many bytes"),
        pytest.param("x-token" + ",x-token" * 256, id="too many names"),
    ],
)
def test_lists_that_are_too_long_are_refused_alike(value: str) -> None:
    assert LISTED.decide(preflight(APP, "PUT", value)) is LISTED.decide(preflight(APP, "PUT", f"{value},x"))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(preflight(OTHER, "PATCH", "x-a"), id="another origin"),
        pytest.param(preflight(APP, "POST", "x-a"), id="another method"),
        pytest.param(preflight(APP, "PATCH", "x-b"), id="other headers"),
        pytest.param(
            replace(preflight(APP, "PATCH", "x-a"), request_private_network="true"), id="a private network"
        ),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_another_preflight_is_decided_anew(other: CORSRequest, debug: bool) -> None:
    options: dict[str, Any] = {"allow_headers": "*", "allow_credentials": True, "allow_private_network": True}
    options["allow_origins"] = [APP, OTHER]
    used = CORSPolicy(**options)
    for each in (preflight(APP, "PATCH", "x-a"), other):
        assert used.decide(each, debug=debug) == CORSPolicy(**options).decide(each, debug=debug)
        assert used.decide(each, debug=not debug) == CORSPolicy(**options).decide(each, debug=not debug)


def test_a_preflight_that_is_refused_after_one_that_was_allowed_is_refused() -> None:
    policy = CORSPolicy(allow_origins=[APP])
    assert policy.decide(preflight(APP, "GET")).allowed
    assert not policy.decide(preflight(APP, "PUT")).allowed
    assert not policy.decide(preflight(APP, "GET", "x-token")).allowed


# Methods.


@pytest.mark.parametrize(
    ("methods", "requested", "allowed"),
    [
        pytest.param("GET", "GET", True, id="what is listed is allowed"),
        pytest.param("GET", "HEAD", True, id="GET implies HEAD"),
        pytest.param("HEAD", "GET", False, id="HEAD does not imply GET"),
        pytest.param("PUT", "GET", False, id="GET is refused where it is not listed"),
        pytest.param("PUT", "HEAD", False, id="HEAD is refused where neither it nor GET is listed"),
        pytest.param("PUT", "POST", False, id="POST is refused where it is not listed"),
        pytest.param("patch", "PATCH", True, id="a standard name listed in lower case"),
        pytest.param("PATCH", "patch", False, id="a standard name requested in lower case"),
        pytest.param("purge", "purge", True, id="another name as it is listed"),
        pytest.param("purge", "PURGE", False, id="another name in another case"),
        pytest.param("*", "DELETE", True, id="* is DELETE"),
        pytest.param("*", "GET", True, id="* is GET"),
        pytest.param("*", "HEAD", True, id="* is HEAD"),
        pytest.param("*", "OPTIONS", True, id="* is OPTIONS"),
        pytest.param("*", "PATCH", True, id="* is PATCH"),
        pytest.param("*", "POST", True, id="* is POST"),
        pytest.param("*", "PUT", True, id="* is PUT"),
        pytest.param("*", "QUERY", True, id="* is QUERY"),
        pytest.param("*", "PURGE", False, id="* is no other method"),
        pytest.param("*", "CONNECT", False, id="* is no forbidden method"),
        pytest.param("*", "*", False, id="* is not itself"),
        pytest.param(["*", "PURGE"], "PURGE", True, id="another method beside *"),
        pytest.param([], "GET", False, id="nothing is allowed where nothing is listed"),
    ],
)
def test_which_methods_a_preflight_allows(methods: str | list[str], requested: str, allowed: bool) -> None:
    decision = CORSPolicy(allow_origins=[APP], allow_methods=methods).decide(preflight(APP, requested))
    assert decision.allowed is allowed
    assert codes(decision) == ([] if allowed else ["method-not-allowed"])


@pytest.mark.parametrize(
    ("methods", "field"),
    [
        pytest.param("GET", "GET", id="the list as it is"),
        pytest.param(["PUT", "get", "purge"], "PUT, GET, purge", id="standard names in upper case"),
        pytest.param("*", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY", id="* spelled out"),
        pytest.param(
            ["PURGE", "*"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY, PURGE", id="* and another"
        ),
        pytest.param([], None, id="no field without methods"),
    ],
)
@pytest.mark.parametrize("requested", ["GET", "DELETE"])
def test_the_field_of_methods_is_the_configured_list(
    methods: str | list[str], field: str | None, requested: str
) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_credentials=True, allow_methods=methods)
    headers = dict(policy.decide(preflight(APP, requested)).headers)
    assert headers.get("Access-Control-Allow-Methods") == field


# Headers.


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="no field"),
        pytest.param("", id="an empty field"),
        pytest.param("x-token", id="lower case"),
        pytest.param("X-TOKEN", id="upper case"),
        pytest.param("x-page,x-token", id="another order"),
        pytest.param("x-token,x-token, X-Token", id="repeats"),
        pytest.param(" \tx-token \t, \tx-page ", id="blanks"),
        pytest.param(",,x-token, ,\t,x-page,", id="empty elements"),
        pytest.param("x-token, x-page", id="several field lines joined"),
        pytest.param("accept,accept-language,content-language,content-type", id="what is always allowed"),
        pytest.param("Content-Type,X-Token", id="what is always allowed among the rest"),
    ],
)
def test_which_lists_of_headers_a_preflight_allows(value: str | None) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers=["X-Token", "x-page"])
    decision = policy.decide(preflight(APP, "GET", value))
    assert decision.allowed
    assert dict(decision.headers)["Access-Control-Allow-Headers"] == (
        "Accept, Accept-Language, Content-Language, Content-Type, X-Token, x-page"
    )


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        pytest.param("x-other", ("x-other",), id="a name that is not listed"),
        pytest.param("X-Other, x-token, x-other", ("x-other",), id="a name once, in lower case"),
        pytest.param("authorization", ("authorization",), id="Authorization"),
        pytest.param("range", ("range",), id="Range"),
        pytest.param("*", ("*",), id="a *"),
        pytest.param("x-token;q=1", ("x-token;q=1",), id="no header name"),
        pytest.param("x-token\x0b", ("x-token\x0b",), id="white space that is no blank"),
        pytest.param("X-Token, X-\u00c9", ("x-\u00c9",), id="a name outside ASCII"),
        pytest.param("x-to\u212aen", ("x-to\u212aen",), id="a Kelvin sign, whose lower case is in ASCII"),
    ],
)
def test_which_headers_a_preflight_refuses(value: str, refused: tuple[str, ...]) -> None:
    (refusal,) = LISTED.decide(preflight(APP, "GET", value)).refusals
    assert (refusal.code, refusal.values) == ("headers-not-allowed", refused)


@pytest.mark.parametrize(
    "headers", [pytest.param("X-Token", id="a list"), pytest.param("*", id="every header")]
)
@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        pytest.param("x-token" + " " * 8185, True, id="8192 bytes"),
        pytest.param("x-token" + " " * 8186, False, id="8193 bytes"),
        pytest.param("x-token" + ",x-token" * 255, True, id="256 names"),
        pytest.param("x-token" + ",x-token" * 256, False, id="257 names"),
        pytest.param("," * 255, True, id="256 empty elements"),
        pytest.param("," * 256, False, id="257 empty elements"),
    ],
)
def test_how_long_a_list_of_headers_is_read(headers: str, value: str, allowed: bool) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers=headers)
    decision = policy.decide(preflight(APP, "GET", value))
    assert decision.allowed is allowed
    assert codes(decision) == ([] if allowed else ["headers-too-long"])
    assert ("Access-Control-Allow-Headers" in dict(decision.headers)) is allowed


# 8 KiB each, in one name or in as many as are read, of bytes that browsers do not send.
ODD_BYTES = (
    "\x00",
    "\t",
    " ",
    "\x7f",
    "\x80",
    "\xa0",
    "\xb5",
    "\xc9",
    "\xdf",
    "\xff",
    "\u0130",
    "\udc80",
    "A\xc9",
    "\t ",
)


@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize("allowed", ["X-Token", "*"])
@pytest.mark.parametrize("odd", ODD_BYTES)
def test_odd_bytes_among_the_headers_are_refused_in_few_words(
    odd: str, allowed: str, credentials: bool
) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers=allowed, allow_credentials=credentials)
    is_blank = not odd.strip(" \t")
    for value in (odd * (8190 // len(odd)), ",".join([odd * (31 // len(odd))] * 255), f"x-token,{odd}"):
        decision = policy.decide(preflight(APP, "GET", value))
        assert decision.allowed is is_blank
        refused = "headers-not-allowed" if allowed == "X-Token" else "headers-malformed"
        assert codes(decision) == ([] if is_blank else [refused])
        assert len(decision.body) < 500
        assert decision.body.isascii()
        assert len(dict(decision.headers).get("Access-Control-Allow-Headers", "")) < 100


@pytest.mark.parametrize(
    ("credentials", "requested", "field"),
    [
        pytest.param(False, "x-a, X-B", "*, Authorization", id="without credentials the static list"),
        pytest.param(False, None, "*, Authorization", id="without credentials the static list, unasked, too"),
        pytest.param([OTHER], "x-a", "*, Authorization", id="without credentials for this origin"),
        pytest.param(
            True, "x-a, X-B,,x-b, Authorization", "x-a, x-b, authorization", id="with credentials the names"
        ),
        pytest.param(True, "content-type", "content-type", id="with credentials always allowed names, too"),
        pytest.param([APP], "x-a", "x-a", id="with credentials for this origin the names"),
        pytest.param(True, None, None, id="with credentials nothing where nothing is requested"),
        pytest.param(True, ", ,", None, id="with credentials nothing where the list is empty"),
    ],
)
def test_every_header(credentials: bool | list[str], requested: str | None, field: str | None) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers="*", allow_credentials=credentials)
    decision = policy.decide(preflight(APP, "GET", requested))
    assert decision.allowed
    assert dict(decision.headers).get("Access-Control-Allow-Headers") == field


def test_a_header_that_is_always_allowed_is_not_sent_twice() -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers=["content-type", "X-Token"])
    headers = dict(policy.decide(preflight(APP, "GET")).headers)
    assert headers["Access-Control-Allow-Headers"] == ALLOW_HEADERS


def test_every_header_and_authorization_are_the_same_as_every_header() -> None:
    policy = CORSPolicy(allow_origins="*", allow_headers=["*", "authorization"])
    decision = policy.decide(preflight(APP, "GET", "authorization,x-a"))
    assert decision.allowed
    assert dict(decision.headers)["Access-Control-Allow-Headers"] == "*, Authorization"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x a", id="a blank within a name"),
        pytest.param("x-a\r\nset-cookie: a", id="a line break"),
        pytest.param("x-\u00e9", id="a letter outside ASCII"),
        pytest.param("x-a, (x)", id="a bracket in the second name"),
    ],
)
@pytest.mark.parametrize("credentials", [False, True])
def test_every_header_is_no_name_that_is_no_token(value: str, credentials: bool) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers="*", allow_credentials=credentials)
    decision = policy.decide(preflight(APP, "GET", value))
    assert codes(decision) == ["headers-malformed"]
    assert "Access-Control-Allow-Headers" not in dict(decision.headers)


# Private networks.


@pytest.mark.parametrize(
    ("policy", "asked", "answer", "vary"),
    [
        pytest.param(
            CORSPolicy(allow_origins=[APP], allow_private_network=True),
            "true",
            "true",
            (*PREFLIGHT_VARY, "Access-Control-Request-Private-Network"),
            id="allowed and asked for",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP], allow_private_network=True),
            None,
            None,
            (*PREFLIGHT_VARY, "Access-Control-Request-Private-Network"),
            id="allowed and not asked for",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP], allow_private_network=True),
            "false",
            None,
            (*PREFLIGHT_VARY, "Access-Control-Request-Private-Network"),
            id="allowed and asked for something else",
        ),
        pytest.param(
            CORSPolicy(allow_origins=[APP]), "true", None, PREFLIGHT_VARY, id="not allowed and asked for"
        ),
        pytest.param(
            CORSPolicy(allow_origins="*", allow_private_network=True),
            "true",
            "true",
            (*PUBLIC_PREFLIGHT_VARY, "Access-Control-Request-Private-Network"),
            id="allowed to everyone and asked for",
        ),
    ],
)
def test_private_networks(
    policy: CORSPolicy, asked: str | None, answer: str | None, vary: tuple[str, ...]
) -> None:
    decision = policy.decide(CORSRequest("OPTIONS", APP, request_method="GET", request_private_network=asked))
    assert decision.allowed
    assert dict(decision.headers).get("Access-Control-Allow-Private-Network") == answer
    assert decision.vary == vary


def test_a_refused_preflight_allows_no_private_network() -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_private_network=True)
    decision = policy.decide(
        CORSRequest("OPTIONS", APP, request_method="PUT", request_private_network="true")
    )
    assert not decision.allowed
    assert "Access-Control-Allow-Private-Network" not in dict(decision.headers)
    assert decision.vary == (*PREFLIGHT_VARY, "Access-Control-Request-Private-Network")


# Refusals explain themselves.


@pytest.mark.parametrize(
    ("refusal", "message", "hint"),
    [
        pytest.param(
            Refusal("origin-not-allowed", (APP,)),
            "the origin 'https://app.example.com' is not allowed",
            'allow_origins=["https://app.example.com"]',
            id="an origin, where none is listed",
        ),
        pytest.param(
            Refusal("origin-not-allowed", (EVIL,), (APP,)),
            "the origin 'https://evil.example' is not allowed",
            'Add "https://evil.example" to allow_origins',
            id="an origin, where none like it is listed",
        ),
        pytest.param(
            Refusal("origin-not-allowed", ("http://app.example.com",), (OTHER, APP)),
            "the origin 'http://app.example.com' is not allowed",
            "'https://app.example.com', which has another scheme",
            id="an origin of another scheme",
        ),
        pytest.param(
            Refusal("origin-not-allowed", ("https://www.app.example.com",), (APP,)),
            "the origin 'https://www.app.example.com' is not allowed",
            "'https://app.example.com', which has another host",
            id="an origin of another host",
        ),
        pytest.param(
            Refusal("origin-not-allowed", ("http://app.example.com:3000",), (APP,)),
            "the origin 'http://app.example.com:3000' is not allowed",
            "'https://app.example.com', which has another scheme and port",
            id="an origin of another scheme and port",
        ),
        pytest.param(
            Refusal("origin-not-allowed", ("https://example.com",), ("https://*.example.com",)),
            "the origin 'https://example.com' is not allowed",
            "'https://*.example.com', which covers the names below that domain, but not the domain itself",
            id="the domain of a pattern",
        ),
        pytest.param(
            Refusal("origin-not-allowed", ("http://app.example.com:81",), ("https://*.example.com:*",)),
            "the origin 'http://app.example.com:81' is not allowed",
            "'https://*.example.com:*', which has another scheme.",
            id="an origin that a pattern would match with its own scheme",
        ),
        pytest.param(
            Refusal("method-not-allowed", ("TRACE",), ("GET",)),
            "the method 'TRACE' is not allowed",
            "No browser sends this",
            id="a method that no policy can allow",
        ),
        pytest.param(
            Refusal("method-not-allowed", ("connect",), ("GET",)),
            "the method 'connect' is not allowed",
            "No browser sends this",
            id="the same in lower case",
        ),
        pytest.param(
            Refusal("method-not-allowed", ("patch",), ("GET",)),
            "the method 'patch' is not allowed",
            "write fetch(url, {method: \"PATCH\"}) in the page and add 'PATCH' to allow_methods.",
            id="a lower-case method that is not listed in upper case either",
        ),
        pytest.param(
            Refusal("headers-not-allowed", ("cookie",)),
            "not allowed among the request headers: 'cookie'",
            "No browser sends this",
            id="a header that no page can send",
        ),
        pytest.param(
            Refusal("origin-malformed", ("https://app.example.com/",)),
            "the Origin field is not one origin as browsers send it: 'https://app.example.com/'",
            "A browser would send 'https://app.example.com'.",
            id="an origin typed by hand",
        ),
        pytest.param(
            Refusal("origin-null", ("null",)), "the origin null is not allowed", "Sandboxed frames", id="null"
        ),
        pytest.param(
            Refusal("origin-malformed", (f"{APP}, {APP}",)),
            "the Origin field is not one origin as browsers send it: "
            "'https://app.example.com, https://app.example.com'",
            "a proxy may have joined two fields",
            id="two origins",
        ),
        pytest.param(
            Refusal("origin-insecure", ("http://a.example",)),
            "the origin 'http://a.example' is not https, so it gets no credentials",
            'dangerously_allow=["insecure-origins"]',
            id="an http origin with credentials",
        ),
        pytest.param(
            Refusal("origin-func-failed", (APP,), error=ValueError("no database")),
            "allow_origin_func gave no answer for the origin 'https://app.example.com'",
            "this ended in ValueError('no database')",
            id="a function that failed",
        ),
        pytest.param(
            Refusal("method-not-allowed", ("DELETE",), ("GET", "PUT")),
            "the method 'DELETE' is not allowed",
            "allow_methods=['GET', 'PUT', 'DELETE']",
            id="a method",
        ),
        pytest.param(
            Refusal("method-not-allowed", ("patch",), ("PATCH",)),
            "the method 'patch' is not allowed",
            'method: "PATCH"',
            id="a method in another case",
        ),
        pytest.param(
            Refusal("method-not-allowed", ("GET",)),
            "the method 'GET' is not allowed",
            "allow_methods=['GET']",
            id="a method, where none is allowed",
        ),
        pytest.param(
            Refusal("headers-not-allowed", ("x-a", "x-b"), ("X-Token",)),
            "not allowed among the request headers: 'x-a', 'x-b'",
            "allow_headers=['X-Token', 'x-a', 'x-b']",
            id="headers",
        ),
        pytest.param(
            Refusal("headers-not-allowed", ("x-new",), tuple(f"X-{letter}" for letter in "ABCDEFGHIJKL")),
            "not allowed among the request headers: 'x-new'",
            "'x-new'",
            id="a header, where many others are allowed",
        ),
        pytest.param(
            Refusal("headers-not-allowed", ("x a",), ("X-Token",)),
            "not allowed among the request headers: 'x a'",
            "No browser sends this",
            id="a header that is none",
        ),
        pytest.param(
            Refusal("headers-not-allowed", tuple("abcdefghijklm"), ("X-Token",)),
            "not allowed among the request headers: "
            "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l' and more",
            "To allow it, add 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l' and what else is "
            "refused to allow_headers.",
            id="more headers than are kept in mind",
        ),
        pytest.param(
            Refusal("headers-malformed", ("x a",)),
            "Access-Control-Request-Headers is no list of header names: 'x a'",
            "No browser sends this",
            id="headers that are none",
        ),
        pytest.param(
            Refusal("headers-too-long", ()),
            "Access-Control-Request-Headers is too long to be read",
            "At most 256 names in 8192 bytes are read.",
            id="too many headers",
        ),
    ],
)
def test_what_a_refusal_says(refusal: Refusal, message: str, hint: str) -> None:
    assert refusal.message == message
    assert hint in refusal.hint


def test_a_text_too_long_to_be_an_origin_is_not_mended() -> None:
    refusal = Refusal("origin-malformed", ("https://" + "app." * 100 + "example.com/",))
    assert refusal.hint == "No browser sends this."


def test_a_refusal_names_what_the_policy_allows_in_its_place() -> None:
    assert TWO_LISTS.decide(CORSRequest("GET", EVIL)).refusals == (
        Refusal("origin-not-allowed", (EVIL,), (OTHER, APP)),
    )
    assert LISTED.decide(preflight(APP, "DELETE", "x-b")).refusals == (
        Refusal("method-not-allowed", ("DELETE",), ("GET", "PUT")),
        Refusal("headers-not-allowed", ("x-b",), ("X-Token",)),
    )


@settings(deadline=None, database=None, derandomize=True)
@given(method=st.text(), origin=st.text(), requested=st.text(), names=st.text(), network=st.text())
def test_no_request_makes_decide_raise(
    method: str, origin: str, requested: str, names: str, network: str
) -> None:
    for asked in (
        CORSRequest(method, origin, request_method=requested, request_headers=names),
        CORSRequest("OPTIONS", origin, request_method=requested, request_headers=names),
        CORSRequest("OPTIONS", APP, "", "", requested, names, network),
    ):
        for policy in (PUBLIC, CREDENTIALED, MIXED, NOBODY):
            decision = policy.decide(asked, debug=True)
            assert decision.allowed is not bool(decision.refusals)
            for refusal in decision.refusals:
                assert re.fullmatch(r"[ -~]+", refusal.message)
                assert re.fullmatch(r"[ -~]+", refusal.hint)


# Writing a decision into a response.

ALLOWED = Decision(Kind.ACTUAL, True, ResponseHeaders((("Access-Control-Allow-Origin", APP),), ("Origin",)))
REFUSED = Decision(Kind.ACTUAL, False, ResponseHeaders((), ("Origin",)))
EVERYONE = Decision(Kind.ACTUAL, True, ResponseHeaders((("Access-Control-Allow-Origin", "*"),)))


@pytest.mark.parametrize(
    ("decision", "given", "written"),
    [
        pytest.param(
            ALLOWED,
            [],
            [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")],
            id="into an empty response",
        ),
        pytest.param(
            ALLOWED,
            [
                ("Content-Type", "text/html"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
                ("X-Access-Control", "x"),
            ],
            [
                ("Content-Type", "text/html"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
                ("X-Access-Control", "x"),
                ("Access-Control-Allow-Origin", APP),
                ("Vary", "Origin"),
            ],
            id="other fields keep their order and repeats",
        ),
        pytest.param(
            ALLOWED,
            [("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", "https://old.example")],
            [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")],
            id="a field of the application is replaced, however often and in whatever case",
        ),
        pytest.param(
            ALLOWED,
            [("Access-Control-Allow-Credentials", "true"), ("Access-Control-Max-Age", "9")],
            [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")],
            id="a field of the application that the policy does not give is removed",
        ),
        pytest.param(
            REFUSED,
            [
                ("Access-Control-Allow-Origin", "*"),
                ("ACCESS-CONTROL-ALLOW-CREDENTIALS", "true"),
                ("ETag", "1"),
            ],
            [("ETag", "1"), ("Vary", "Origin")],
            id="all fields of the application are removed where the origin is refused",
        ),
        pytest.param(
            ALLOWED,
            [("vary", "Accept-Encoding"), ("Content-Length", "2"), ("Vary", "Cookie")],
            [
                ("Content-Length", "2"),
                ("Access-Control-Allow-Origin", APP),
                ("Vary", "Accept-Encoding, Cookie, Origin"),
            ],
            id="Vary of the application is merged into one field",
        ),
        pytest.param(
            ALLOWED,
            [("Vary", "origin, Accept, ORIGIN")],
            [("Access-Control-Allow-Origin", APP), ("Vary", "origin, Accept")],
            id="Vary is merged without regard to case, and without repeats",
        ),
        pytest.param(
            ALLOWED,
            [("Vary", "*")],
            [("Access-Control-Allow-Origin", APP), ("Vary", "*")],
            id="Vary: * stays *",
        ),
        pytest.param(
            ALLOWED,
            [("Vary", "Accept"), ("Vary", "Cookie, *")],
            [("Access-Control-Allow-Origin", APP), ("Vary", "*")],
            id="Vary: * among others stays *",
        ),
        pytest.param(
            EVERYONE,
            [("vary", "Accept"), ("Vary", "accept")],
            [("vary", "Accept"), ("Vary", "accept"), ("Access-Control-Allow-Origin", "*")],
            id="Vary stays as it is where the answer is the same for everyone",
        ),
    ],
)
def test_writing_a_decision_into_a_response(
    decision: Decision, given: list[tuple[str, str]], written: list[tuple[str, str]]
) -> None:
    before = list(given)
    assert decision.response_headers.merged(given) == written
    assert decision.response_headers.merged(iter(given)) == written
    assert given == before


@pytest.mark.parametrize(
    ("decision", "given", "written"),
    [
        pytest.param(
            ALLOWED,
            [],
            [(b"access-control-allow-origin", b"https://app.example.com"), (b"vary", b"Origin")],
            id="names are in lower case",
        ),
        pytest.param(
            REFUSED,
            [(b"Access-Control-Allow-Origin", b"*"), (b"etag", b"1"), (b"Vary", b"Accept")],
            [(b"etag", b"1"), (b"vary", b"Accept, Origin")],
            id="fields of the application are removed and merged in whatever case",
        ),
        pytest.param(
            ALLOWED,
            [(b"x-bytes", b"\xff\x00"), (b"vary", b"x-\xe4"), (b"vary", b"*")],
            [
                (b"x-bytes", b"\xff\x00"),
                (b"access-control-allow-origin", b"https://app.example.com"),
                (b"vary", b"*"),
            ],
            id="Vary: * stays *",
        ),
        pytest.param(
            REFUSED,
            [(b"vary", b"x-\xe4")],
            [(b"vary", b"x-\xe4, Origin")],
            id="bytes that are no text stay as they are",
        ),
        pytest.param(
            EVERYONE,
            [(b"Vary", b"Accept")],
            [(b"Vary", b"Accept"), (b"access-control-allow-origin", b"*")],
            id="Vary stays as it is where the answer is the same for everyone",
        ),
    ],
)
def test_writing_a_decision_into_a_response_of_bytes(
    decision: Decision, given: list[tuple[bytes, bytes]], written: list[tuple[bytes, bytes]]
) -> None:
    before = list(given)
    assert decision.response_headers.merged_raw(given) == written
    assert decision.response_headers.merged_raw(iter(given)) == written
    assert given == before


def test_what_is_written_can_be_changed_without_changing_the_decision() -> None:
    ALLOWED.response_headers.merged([]).clear()
    ALLOWED.response_headers.merged_raw([]).clear()
    assert ALLOWED.response_headers.merged([]) == [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]
    assert ALLOWED.response_headers.merged_raw([])[1:] == [(b"vary", b"Origin")]
