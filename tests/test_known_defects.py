"""Defects that CORS libraries have had, one by one, with the input that shows each of them.

Over both protocols, where it is not the defect of one.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, unquote_to_bytes

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, Resources, asgi, wsgi
from tests.clients import Answer, Fields, ask_asgi, ask_wsgi, http_scope, send_asgi

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ORIGIN = "https://example.com"
EVIL = "https://evil.example"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


class Ask(Protocol):
    """Send a request to an application behind the middleware.

    ``path`` is as a client sends it; ``own`` are the fields of the application's response, whose body
    is ``app``; all other keywords are the middleware's.
    """

    def __call__(
        self,
        *fields: tuple[str, str],
        method: str = "GET",
        path: str = "/",
        own: Fields = ...,
        status: int = 200,
        **options: Any,
    ) -> Answer: ...


def over_asgi(
    *fields: tuple[str, str],
    method: str = "GET",
    path: str = "/",
    own: Iterable[tuple[str, str]] = (),
    status: int = 200,
    **options: Any,
) -> Answer:
    headers = [(name.encode(), value.encode()) for name, value in own]

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"app"})

    return ask_asgi(asgi.CORSMiddleware(app, **options), method, unquote(path), fields)


def over_wsgi(
    *fields: tuple[str, str],
    method: str = "GET",
    path: str = "/",
    own: Iterable[tuple[str, str]] = (),
    status: int = 200,
    **options: Any,
) -> Answer:
    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(f"{status} Status", list(own))
        return [b"app"]

    return ask_wsgi(
        wsgi.CORSMiddleware(app, **options), method, unquote_to_bytes(path).decode("latin-1"), fields
    )


@pytest.fixture(params=[over_asgi, over_wsgi], ids=["asgi", "wsgi"])
def ask(request: pytest.FixtureRequest) -> Ask:
    chosen: Ask = request.param
    return chosen


def preflight(
    ask: Ask, *, origin: str = ORIGIN, method: str = "GET", headers: str | None = None, **options: Any
) -> Answer:
    fields = [("Origin", origin), ("Access-Control-Request-Method", method)]
    if headers is not None:
        fields.append(("Access-Control-Request-Headers", headers))
    return ask(*fields, method="OPTIONS", **options)


# Origins that were allowed, or crashed the server, and must not be.

LISTED = {"allow_origins": [ORIGIN]}
SUBDOMAINS = {"allow_origins": ["https://*.example.com"]}
ANY_PORT = {"allow_origins": ["http://localhost:*"]}
EXPRESSION = {"allow_origin_regex": r"https://.*\.example\.com"}

NOT_ALLOWED = [
    pytest.param(
        {"allow_origins": ORIGIN}, "https://example.co", id="a part of the one string given as list"
    ),
    pytest.param({"allow_origins": ORIGIN}, "h", id="a letter of the one string given as list"),
    pytest.param(LISTED, "https://example.community", id="an entry with something behind it"),
    pytest.param(LISTED, "https://example.com.evil.io", id="an entry with a domain behind it"),
    pytest.param(LISTED, "https://evilexample.com", id="an entry with something before its host"),
    pytest.param(
        {"allow_origins": ["https://foo.com", "https://bar.com"]},
        "https://barfoo.com",
        id="two entries mixed",
    ),
    pytest.param(
        {"allow_origins": ["https://good.example"]}, "https://goodXexample", id="any character for a dot"
    ),
    pytest.param(LISTED, "http://example.com", id="an entry under another scheme"),
    pytest.param(LISTED, "https://example.com:8443", id="an entry under another port"),
    pytest.param(LISTED, "https://example.com/path?x", id="an entry with path and query"),
    pytest.param(LISTED, "https://EXAMPLE.com", id="an entry in upper case"),
    pytest.param(LISTED, "https://example.com, https://evil.example", id="two origins, one of them an entry"),
    pytest.param(LISTED, "https://example.com].evil.com", id="a bracket that URL parsers choke on"),
    pytest.param(LISTED, "https://*@:;", id="no host and no port, where URL parsers raise"),
    pytest.param(LISTED, "null", id="null that nobody listed"),
    pytest.param(LISTED, "", id="an empty Origin"),
    pytest.param({"allow_origins": ["null"]}, "evil", id="a word without scheme, where null is listed"),
    pytest.param(SUBDOMAINS, "https://example.com", id="the bare domain of a pattern"),
    pytest.param(SUBDOMAINS, "https://xexample.com", id="a pattern without its dot"),
    pytest.param(SUBDOMAINS, "https://xexampleYcom.evil.io", id="a pattern read as an expression"),
    pytest.param(SUBDOMAINS, "https://foo..example.com", id="an empty label"),
    pytest.param(SUBDOMAINS, "https://.example.com", id="an empty label alone"),
    pytest.param(SUBDOMAINS, "https://evil.io/.example.com", id="a wildcard across a slash"),
    pytest.param(SUBDOMAINS, "https://a.example.com.evil.io", id="a pattern with a domain behind it"),
    pytest.param(ANY_PORT, "http://localhost.example.com", id="a wildcard port across a dot"),
    pytest.param(ANY_PORT, "http://localhost:3000.example.com", id="a wildcard port that is no number"),
    pytest.param(EXPRESSION, "https://x.example.com.evil.io", id="an expression that matches a prefix"),
    pytest.param(
        {"allow_origin_regex": re.compile(r"https://trusted\.com")},
        "https://trusted.com.attacker.io",
        id="a compiled expression that matches a prefix",
    ),
    pytest.param(EXPRESSION, "https://evil.io/.example.com", id="an expression with a path in its wildcard"),
    pytest.param(
        EXPRESSION, "https://evil.io#.example.com", id="an expression with a fragment in its wildcard"
    ),
    pytest.param(EXPRESSION, "https://evil.io?.example.com", id="an expression with a query in its wildcard"),
    pytest.param(EXPRESSION, "https://u@evil.example.com", id="an expression with a user in its wildcard"),
    pytest.param(
        {"allow_origin_regex": r"https://example\.com$"},
        "https://example.com\n",
        id="a line end before the $",
    ),
    pytest.param(EXPRESSION, EVIL, id="a stranger, where an expression leaves the list at its default"),
    pytest.param({"allow_origins": []}, EVIL, id="a stranger, where the list is empty"),
    pytest.param({}, EVIL, id="a stranger, where nothing is configured"),
]


@pytest.mark.parametrize(("options", "origin"), NOT_ALLOWED)
def test_an_origin_that_is_not_allowed_gets_the_response_and_nothing_else(
    ask: Ask, options: dict[str, Any], origin: str
) -> None:
    answer = ask(("Origin", origin), expose_headers=["X-Total"], **options)
    assert (answer.status, answer.body) == (200, b"app")
    assert answer.headers == [("vary", "Origin")]


@pytest.mark.parametrize(("options", "origin"), NOT_ALLOWED)
def test_the_preflight_of_an_origin_that_is_not_allowed_discloses_nothing(
    ask: Ask, options: dict[str, Any], origin: str
) -> None:
    answer = preflight(ask, origin=origin, allow_methods="*", allow_headers="*", **options)
    assert answer.status == 400
    assert answer.cors() == {"vary": PREFLIGHT_VARY}


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_refused_origin_is_not_told_of_credentials(ask: Ask, method: str) -> None:
    fields = [("Origin", EVIL), ("Access-Control-Request-Method", "GET"), ("Cookie", "session=1")]
    answer = ask(*fields, method=method, allow_origins=[ORIGIN], allow_credentials=True)
    assert set(answer.cors()) == {"vary"}


def test_a_list_given_as_one_string_still_allows_its_origin(ask: Ask) -> None:
    assert ask(("Origin", ORIGIN), allow_origins=ORIGIN).cors()["access-control-allow-origin"] == ORIGIN


def test_a_case_insensitive_expression_stands_beside_a_list(ask: Ask) -> None:
    listed, expression = ["https://a.example"], r"(?i)https://EXAMPLE\.com"
    answer = ask(("Origin", ORIGIN), allow_origins=listed, allow_origin_regex=expression)
    assert answer.cors()["access-control-allow-origin"] == ORIGIN


# Policies that were taken without a word, and were a hole or never matched.

CREDENTIALS = {"allow_credentials": True}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(
            {"allow_origins": "*", **CREDENTIALS},
            "wildcard-with-credentials",
            id="every origin with credentials",
        ),
        pytest.param(
            {"allow_origin_regex": ".*", **CREDENTIALS},
            "wildcard-with-credentials",
            id="an expression for every origin",
        ),
        pytest.param({"allow_origins": ["h*"]}, "origin-missing-scheme", id="a wildcard behind a letter"),
        pytest.param(
            {"allow_origins": ["https://*"]}, "origin-wildcard", id="a wildcard for every https origin"
        ),
        pytest.param(
            {"allow_origins": ["https://example.*"]},
            "origin-wildcard",
            id="a wildcard for the top-level domain",
        ),
        pytest.param(
            {"allow_origins": ["https://example.com*"]}, "origin-wildcard", id="a wildcard at the end"
        ),
        pytest.param({"allow_origins": ["http://localhost/*"]}, "origin-path", id="a wildcard for the path"),
        pytest.param(
            {"allow_origins": ["https://*.com"], **CREDENTIALS},
            "public-suffix-with-credentials",
            id="all of .com",
        ),
        pytest.param(
            {"allow_origins": ["null"], **CREDENTIALS}, "null-with-credentials", id="null with credentials"
        ),
        pytest.param(
            {"allow_origins": ["http://e.com"], **CREDENTIALS},
            "insecure-origin-with-credentials",
            id="http with credentials",
        ),
        pytest.param({"allow_origins": ["https://e.com/"]}, "origin-trailing-slash", id="a slash at the end"),
        pytest.param({"allow_origins": ["e.com"]}, "origin-missing-scheme", id="no scheme"),
        pytest.param({"allow_origins": ["https://E.com"]}, "origin-upper-case", id="upper case"),
        pytest.param({"allow_origins": ["https://e.com:443"]}, "origin-default-port", id="the default port"),
        pytest.param({"allow_origins": [" https://e.com"]}, "origin-space", id="white space"),
        pytest.param(
            {"allow_origins": "https://a,https://b"}, "origin-list-in-a-string", id="a list in one string"
        ),
        pytest.param(
            {"allow_origins": [r"https://.*\.e\.com"]}, "origin-regex", id="an expression among the entries"
        ),
        pytest.param(
            {"allow_origin_regex": "(bad"}, "invalid-regex", id="an expression that does not compile"
        ),
        pytest.param({"allow_methods": "GET, POST"}, "not-a-token", id="a list of methods in one string"),
        pytest.param(
            {"expose_headers": "*", **CREDENTIALS},
            "wildcard-with-credentials",
            id="every header exposed with credentials",
        ),
        pytest.param({"max_age": -5}, "negative-max-age", id="a negative max_age"),
        pytest.param({"origins": ["https://e.com"]}, "unknown-option", id="the option of another library"),
        pytest.param(
            {"supports_credentials": True}, "unknown-option", id="another option of another library"
        ),
    ],
)
def test_a_policy_that_cannot_work_or_is_not_safe_does_not_start(
    ask: Ask, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        ask(**options)
    assert code in {problem.code for problem in raised.value.problems}


def test_one_method_as_a_string_is_not_taken_apart(ask: Ask) -> None:
    answer = preflight(ask, method="POST", allow_origins=[ORIGIN], allow_methods="POST")
    assert answer.cors()["access-control-allow-methods"] == "POST"


def test_a_standard_method_in_lower_case_matches(ask: Ask) -> None:
    assert preflight(ask, method="PUT", allow_origins=[ORIGIN], allow_methods=["put"]).status == 200


# Paths that got the policy of another path.


LOOSE = CORSPolicy(allow_origins="*")
STRICT = CORSPolicy(allow_origins=[ORIGIN])


@pytest.mark.parametrize(
    ("policies", "path"),
    [
        pytest.param({"/api/*": LOOSE}, "/api/../foo.txt", id="dot segments out of the covered path"),
        pytest.param({"/api/*": LOOSE}, "/api/%2e%2e/foo.txt", id="encoded dot segments"),
        pytest.param({"/service path": LOOSE}, "/service+path", id="a plus that is no space"),
        pytest.param({"/admin": LOOSE}, "/Admin", id="upper case"),
        pytest.param({"/public/*": LOOSE}, "/%2570ublic/x", id="decoded once, not twice"),
        pytest.param({"/api/*": LOOSE}, "/api-internal/secret", id="a longer name with a dash"),
        pytest.param({"/api/*": LOOSE}, "/apiXYZ", id="a longer name"),
        pytest.param({"/data/*": LOOSE}, "/database/foo", id="a longer first segment"),
        pytest.param({"/data/*": LOOSE}, "/data_private", id="a longer last segment"),
        pytest.param(
            {re.compile("/public"): LOOSE}, "/public/../private", id="an expression that matches a prefix"
        ),
        pytest.param(
            {re.compile("/public"): LOOSE}, "/publicity", id="an expression that matches the start of a name"
        ),
    ],
)
def test_a_path_is_not_covered_by_the_policy_of_another(
    ask: Ask, policies: dict[str | re.Pattern[str], CORSPolicy], path: str
) -> None:
    assert ask(("Origin", EVIL), path=path, policy=Resources(policies)).headers == []


@pytest.mark.parametrize(
    ("policies", "path"),
    [
        pytest.param(
            {re.compile("/[a-z]+/[a-z]+/?"): LOOSE, "/private/*": STRICT},
            "/private/x",
            id="a loose expression before a path",
        ),
        pytest.param(
            {re.compile("/private/.*"): STRICT, re.compile("/[a-z]+/[a-z]+/?/*/*"): LOOSE},
            "/private/x",
            id="a loose and longer expression after a strict one",
        ),
        pytest.param(
            {"/*": LOOSE, "/api/*": LOOSE, "/api/private/*": STRICT},
            "/api/private/x",
            id="a longer path last",
        ),
        pytest.param(
            {"/service+path": STRICT, "/service path": LOOSE}, "/service+path", id="a plus beside a space"
        ),
    ],
)
def test_the_strict_policy_wins_over_the_loose_one(
    ask: Ask, policies: dict[str | re.Pattern[str], CORSPolicy], path: str
) -> None:
    answer = ask(("Origin", EVIL), path=path, policy=Resources(policies))
    assert answer.headers == [("vary", "Origin")]


def test_a_path_is_decoded_once_and_as_utf_8(ask: Ask) -> None:
    answer = ask(("Origin", EVIL), path="/%70ublic/%C3%A9", policy=Resources({"/public/é": LOOSE}))
    assert answer.cors() == {"access-control-allow-origin": "*"}


def test_a_path_without_policy_keeps_the_answers_of_the_application(ask: Ask) -> None:
    answer = preflight(ask, path="/elsewhere", own=[("X-Own", "1")], policy=Resources({"/api/*": LOOSE}))
    assert (answer.body, answer.headers) == (b"app", [("x-own", "1")])


# Vary, and what caches make of it.


@pytest.mark.parametrize(
    ("own", "merged"),
    [
        pytest.param(
            [("Vary", "Accept-Encoding")], "Accept-Encoding, Origin", id="what the application said is kept"
        ),
        pytest.param([("Vary", "Origin")], "Origin", id="Origin is not said twice"),
        pytest.param([("vary", "origin")], "origin", id="Origin is not said twice in another case"),
        pytest.param([("Vary", "A"), ("Vary", "B")], "A, B, Origin", id="two fields become one"),
        pytest.param([("Vary", "*")], "*", id="a star stays alone"),
    ],
)
def test_vary_is_merged(ask: Ask, own: Fields, merged: str) -> None:
    assert ask(("Origin", ORIGIN), own=own, allow_origins=[ORIGIN]).values("vary") == [merged]


def test_the_vary_of_the_request_does_not_get_into_the_response(ask: Ask) -> None:
    answer = ask(("Origin", ORIGIN), ("Vary", "X-Injected"), allow_origins=[ORIGIN])
    assert answer.values("vary") == ["Origin"]
    fields = (("Origin", ORIGIN), ("Vary", "X-Injected"), ("Access-Control-Request-Method", "GET"))
    answer = ask(*fields, method="OPTIONS", allow_origins=[ORIGIN])
    assert answer.values("vary") == [PREFLIGHT_VARY]


def test_a_response_without_origin_is_kept_apart_in_caches_and_names_no_origin(ask: Ask) -> None:
    options: dict[str, Any] = {
        "allow_origins": ["https://b.example", "https://a.example"],
        "allow_credentials": True,
    }
    assert ask(**options).headers == [("vary", "Origin")]


def test_a_public_policy_does_not_split_caches(ask: Ask) -> None:
    fields = [("access-control-allow-origin", "*")]
    assert ask(allow_origins="*").headers == ask(("Origin", EVIL), allow_origins="*").headers == fields


@pytest.mark.parametrize("status", [304, 404, 405, 413, 500])
def test_responses_that_are_no_success_are_readable_too(ask: Ask, status: int) -> None:
    answer = ask(("Origin", ORIGIN), status=status, allow_origins=[ORIGIN])
    assert answer.status == status
    assert answer.cors() == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}


# What one request costs, and what it leaves behind for the next.


class _Counted(str):
    """A text whose comparisons are calls that a profiler sees."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)


def _calls(policy: CORSPolicy, origin: str) -> int:
    """How many functions are called to decide on an origin."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    request = CORSRequest("GET", origin=origin)
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        policy.decide(request)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("origin", [EVIL, "https://n2.example", "https://a.n2.example"])
@pytest.mark.parametrize(
    "entry", ["https://n{}.example", "https://*.n{}.example"], ids=["origins", "patterns"]
)
def test_a_thousand_origins_cost_what_three_cost(entry: str, origin: str) -> None:
    few, many = (
        CORSPolicy(allow_origins=[_Counted(entry.format(number)) for number in range(count)])
        for count in (3, 1000)
    )
    assert _calls(few, origin) == _calls(many, origin)


@pytest.mark.parametrize(
    "fields", [[("Cookie", "a=1")], [("Authorization", "Bearer x")]], ids=["cookie", "authorization"]
)
def test_a_public_policy_answers_signed_in_users_like_everyone(ask: Ask, fields: Fields) -> None:
    answer = ask(("Origin", EVIL), *fields, allow_origins="*")
    assert answer.cors() == {"access-control-allow-origin": "*"}


def test_one_clients_origin_is_not_left_in_a_list_that_the_application_shares() -> None:
    shared = [("Content-Type", "text/plain")]
    raw = [(b"content-type", b"text/plain")]

    async def asgi_app(_scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": raw})

    def wsgi_app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", shared)
        return []

    both = ["https://a.example", "https://b.example"]
    asgi_middleware = asgi.CORSMiddleware(asgi_app, allow_origins=both)
    wsgi_middleware = wsgi.CORSMiddleware(wsgi_app, allow_origins=both)
    for origin in (*both, EVIL):
        expected = [origin] if origin in both else []
        fields = [("Origin", origin)]
        assert ask_asgi(asgi_middleware, headers=fields).values("access-control-allow-origin") == expected
        assert ask_wsgi(wsgi_middleware, headers=fields).values("access-control-allow-origin") == expected
    assert shared == [("Content-Type", "text/plain")]
    assert raw == [(b"content-type", b"text/plain")]


def test_an_origin_that_a_function_allowed_once_is_asked_about_again() -> None:
    answers = iter((True, False))
    policy = CORSPolicy(allow_origin_func=lambda _: next(answers))
    request = CORSRequest("GET", origin=ORIGIN)
    assert [policy.decide(request).allowed, policy.decide(request).allowed] == [True, False]


# Fields that the application set itself.


@pytest.mark.parametrize("origin", [ORIGIN, EVIL])
def test_there_is_never_a_second_value(ask: Ask, origin: str) -> None:
    own = [
        ("Access-Control-Allow-Origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("Set-Cookie", "a=1"),
    ]
    answer = ask(("Origin", origin), own=own, allow_origins=[ORIGIN])
    assert answer.values("access-control-allow-origin") == ([ORIGIN] if origin == ORIGIN else [])
    assert answer.values("access-control-allow-credentials") == []
    assert answer.values("set-cookie") == ["a=1"]


# Preflights.


@pytest.mark.parametrize(
    "request_headers",
    [
        pytest.param("," * 60_000, id="commas"),
        pytest.param("x-token," * 125_000, id="a megabyte of names"),
        pytest.param("x" * 1_000_000, id="one long name"),
        pytest.param("," * 300, id="more elements than are read"),
    ],
)
@pytest.mark.parametrize("allow_headers", ["*", ["X-Token"]], ids=["every header", "a list"])
def test_a_long_list_of_headers_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch, allow_headers: str | list[str], request_headers: str
) -> None:
    policy = CORSPolicy(allow_origins=[ORIGIN], allow_headers=allow_headers, allow_credentials=True)
    monkeypatch.setattr("crosscors.core.fields.field_names", None)  # whoever reads the list fails
    request = CORSRequest("OPTIONS", origin=ORIGIN, request_method="GET", request_headers=request_headers)
    assert [refusal.code for refusal in policy.decide(request).refusals] == ["headers-too-long"]


def test_many_header_lines_are_as_bounded_as_one() -> None:
    lines = [("Access-Control-Request-Headers", "," * 100)] * 100
    fields = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET"), *lines]
    assert over_asgi(*fields, method="OPTIONS", allow_origins=[ORIGIN]).status == 400


def test_header_lines_that_a_gateway_split_are_one_list(ask: Ask) -> None:
    lines = [("Access-Control-Request-Headers", "x-a"), ("Access-Control-Request-Headers", "x-b")]
    fields = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET"), *lines]
    options: dict[str, Any] = {"method": "OPTIONS", "allow_origins": [ORIGIN], "allow_credentials": True}
    answer = ask(*fields, allow_headers="*", **options)
    assert answer.cors()["access-control-allow-headers"] == "x-a, x-b"
    assert ask(*fields, allow_headers=["X-A", "X-B"], **options).status == 200
    assert ask(*fields, allow_headers=["X-A"], **options).status == 400  # the second line is not overlooked


@pytest.mark.parametrize(
    "headers", ["accept,,content-type", "Accept , Content-Type", ",accept", "accept,accept", ""]
)
def test_a_list_that_is_not_as_a_browser_writes_it_is_still_read(ask: Ask, headers: str) -> None:
    assert preflight(ask, headers=headers, allow_origins=[ORIGIN]).status == 200


@pytest.mark.parametrize(
    ("allowed", "method"),
    [
        pytest.param(["DELETE"], "LET", id="a part of an allowed method"),
        pytest.param(["GET", "POST"], "GET, POST", id="the whole list"),
        pytest.param(["PUT"], "put", id="another case"),
        pytest.param(["GET"], "FOO", id="a method that nobody listed"),
        pytest.param("*", "FOO", id="a method without meaning, where all are allowed"),
        pytest.param(["GET"], "", id="an empty method"),
    ],
)
def test_a_method_is_allowed_as_a_whole_or_not_at_all(
    ask: Ask, allowed: str | list[str], method: str
) -> None:
    assert preflight(ask, method=method, allow_origins=[ORIGIN], allow_methods=allowed).status == 400


@pytest.mark.parametrize("headers", ["x-tok", "x-token-2", "x-token, x-other", "x-other"])
def test_a_header_is_allowed_as_a_whole_or_not_at_all(ask: Ask, headers: str) -> None:
    answer = preflight(ask, headers=headers, allow_origins=[ORIGIN], allow_headers=["X-Token"])
    assert answer.status == 400
    assert "x-other" not in answer.cors()["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("method", "headers", "named"),
    [("PUT", "x-token", b"'PUT'"), ("GET", "x-other", b"'x-other'")],
    ids=["a refused method", "a refused header"],
)
def test_what_is_refused_is_not_the_origin(ask: Ask, method: str, headers: str, named: bytes) -> None:
    answer = preflight(ask, method=method, headers=headers, allow_origins=[ORIGIN], allow_headers=["X-Token"])
    assert answer.status == 400
    assert named in answer.body
    fields = answer.cors()
    assert fields["access-control-allow-origin"] == ORIGIN
    assert fields["access-control-allow-methods"] == "GET"
    assert "X-Token" in fields["access-control-allow-headers"]


@pytest.mark.parametrize("value", ["true", "false", "1"])
def test_a_question_about_private_networks_is_not_answered_unless_configured(ask: Ask, value: str) -> None:
    network = ("Access-Control-Request-Private-Network", value)
    fields = (("Origin", ORIGIN), ("Access-Control-Request-Method", "GET"), network)
    answer = ask(*fields, method="OPTIONS", allow_origins=[ORIGIN])
    assert answer.status == 200
    assert "access-control-allow-private-network" not in answer.cors()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="neither of its fields"),
        pytest.param([("Origin", ORIGIN)], id="no method asked for"),
        pytest.param([("Access-Control-Request-Method", "GET")], id="no origin"),
    ],
)
def test_options_that_are_no_preflight_reach_the_application(ask: Ask, fields: Fields) -> None:
    answer = ask(*fields, method="OPTIONS", allow_origins=[ORIGIN])
    assert answer.body == b"app"
    assert answer.values("access-control-allow-origin") == [
        value for name, value in fields if name == "Origin"
    ]


@pytest.mark.parametrize("method", ["PATCH", "FOO", "POST"])
def test_the_list_of_methods_is_for_preflights_only(ask: Ask, method: str) -> None:
    answer = ask(("Origin", ORIGIN), method=method, allow_origins=[ORIGIN])
    assert answer.body == b"app"
    assert answer.cors() == {"access-control-allow-origin": ORIGIN, "vary": "Origin"}


# Functions that decide.


def _fails(_: CORSRequest) -> bool:
    raise RuntimeError("no database")


def test_a_function_that_raises_refuses_and_is_no_server_error(ask: Ask) -> None:
    answer = ask(("Origin", ORIGIN), allow_origin_func=_fails)
    assert (answer.status, answer.headers) == (200, [("vary", "Origin")])


# The log.


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([("Origin", "https://a\r\nroot: forged")], id="in Origin"),
        pytest.param(
            [("Origin", ORIGIN), ("Access-Control-Request-Method", "PUT\r\nforged")], id="in the method"
        ),
        pytest.param(
            [
                ("Origin", ORIGIN),
                ("Access-Control-Request-Method", "GET"),
                ("Access-Control-Request-Headers", "x\r\nforged\x1b[31m"),
            ],
            id="in the headers",
        ),
    ],
)
def test_no_request_forges_a_line_of_the_log(
    ask: Ask, caplog: pytest.LogCaptureFixture, fields: Fields
) -> None:
    caplog.set_level(logging.DEBUG, "crosscors")
    ask(*fields, method="OPTIONS", path="/%0d%0aforged", policy=STRICT)
    [record] = caplog.records
    assert "refused" in record.getMessage()
    assert record.getMessage().isprintable()


# ASGI alone.


def started(message: asgi.Message, **options: Any) -> asgi.Message:
    """The start of the response as it leaves the middleware."""

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200, **message})

    options.setdefault("allow_origins", [ORIGIN])
    [start] = send_asgi(asgi.CORSMiddleware(app, **options), http_scope("GET", "/", [("Origin", ORIGIN)]))
    return start


def _iterator() -> Iterator[tuple[bytes, bytes]]:
    yield b"x-own", b"1"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"headers": ((b"x-own", b"1"),)}, id="a tuple"),
        pytest.param({"headers": [[b"X-Own", b"1"]]}, id="lists, with an upper-case name"),
        pytest.param({"headers": _iterator()}, id="an iterator"),
        pytest.param({}, id="nothing"),
    ],
)
def test_the_fields_of_a_response_may_be_any_iterable(message: dict[str, Any]) -> None:
    fields = [(name.lower(), value) for name, value in started(message)["headers"]]
    own = [(b"x-own", b"1")] if message else []
    assert fields == [*own, (b"access-control-allow-origin", ORIGIN.encode()), (b"vary", b"Origin")]


def test_the_fields_of_a_request_may_be_an_iterator() -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def app(scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        seen.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 200})

    scope = http_scope("GET", "/", [("Origin", ORIGIN), ("X-Own", "1")])
    fields = scope["headers"]
    [start] = send_asgi(asgi.CORSMiddleware(app, allow_origins=[ORIGIN]), {**scope, "headers": iter(fields)})
    assert (b"access-control-allow-origin", ORIGIN.encode()) in start["headers"]
    assert seen == fields


def test_a_preflight_whose_fields_are_an_iterator_is_answered() -> None:
    scope = http_scope("OPTIONS", "/", [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")])
    scope["headers"] = iter(scope["headers"])

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, _send: asgi.Send) -> None:
        raise AssertionError("the preflight reached the application")

    start, _ = send_asgi(asgi.CORSMiddleware(app, allow_origins=[ORIGIN]), scope)
    assert start["status"] == 200


def test_the_other_keys_of_a_message_are_kept() -> None:
    start = started({"trailers": True, "x": 1})
    del start["headers"]
    assert start == {"type": "http.response.start", "status": 200, "trailers": True, "x": 1}


def test_every_field_of_a_preflight_is_bytes() -> None:
    fields = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]

    async def app(_scope: asgi.Scope, _receive: asgi.Receive, _send: asgi.Send) -> None:
        raise AssertionError("the preflight reached the application")

    middleware = asgi.CORSMiddleware(app, allow_origins=[ORIGIN], max_age=60)
    start, _ = send_asgi(middleware, http_scope("OPTIONS", "/", fields))
    assert (b"access-control-max-age", b"60") in start["headers"]
    assert {type(part) for field in start["headers"] for part in field} == {bytes}


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_not_http_passes(kind: str) -> None:
    async def app(scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": scope["type"] + ".accept"})

    scope = {**http_scope("GET", "/", [("Origin", EVIL)]), "type": kind}
    del scope["method"]  # which neither has
    assert send_asgi(asgi.CORSMiddleware(app, allow_origins=[ORIGIN]), scope) == [{"type": f"{kind}.accept"}]
