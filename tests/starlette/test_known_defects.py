"""Defects that Starlette's and FastAPI's users ran into, with the input that shows each of them.

What does not depend on the framework is in tests/test_known_defects.py; here is, through ``CORS(app, ...)``,
what came of middleware, routing and error pages, and the gravest of the others once more.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from fastapi import HTTPException as FastAPIHTTPException
from fastapi.security import HTTPBearer
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware as TheirCORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from crosscors import PolicyError
from crosscors.starlette import CORS
from tests.starlette.apps import EVIL, OUTER, ask, ask_failing, fail, hello, preflight

ORIGIN = "https://example.com"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


async def with_fields(request: Request) -> Response:
    """A response with the fields that the query asks for."""
    response = PlainTextResponse("own")
    for name, value in request.query_params.multi_items():
        response.headers.append(name, value)
    return response


@pytest.fixture(params=[Starlette, FastAPI])
def app(request: pytest.FixtureRequest) -> Starlette:
    routes = [Route("/", hello), Route("/fail", fail), Route("/own", with_fields), Route("/slash/", hello)]
    made: Starlette = request.param(routes=[*routes, Route("/post", hello, methods=["POST"])])
    return made


# Origins (starlette#800, starlette#801, and a str where a list was meant: EpicStaff#920).


@pytest.mark.parametrize(
    ("options", "origin"),
    [
        pytest.param({"allow_origins": ORIGIN}, "https://example.co", id="a part of one string"),
        pytest.param({"allow_origins": ORIGIN}, "h", id="a letter of one string"),
        pytest.param({"allow_origins": ORIGIN}, "", id="nothing, which is in every string"),
        pytest.param(
            {"allow_origin_regex": r"https://.*\.example\.org"},
            "https://x.example.org.hacker.com",
            id="a prefix",
        ),
        pytest.param(
            {"allow_origin_regex": r"https://.*\.example\.org"}, "https://evil.io/.example.org", id="a path"
        ),
        pytest.param(
            {"allow_origin_regex": r"https://.*\.example\.org"},
            "https://evil.io#.example.org",
            id="a fragment",
        ),
        pytest.param({"allow_origins": [ORIGIN]}, "null", id="null"),
    ],
)
def test_an_origin_that_is_not_allowed_is_not_reflected(
    app: Starlette, options: dict[str, Any], origin: str
) -> None:
    CORS(app, allow_credentials="allow_origins" in options, expose_headers=["X-Total"], **options)
    for path in ("/", "/fail", "/missing"):
        answer, _ = ask_failing(app, path=path, headers=[("Origin", origin), ("Cookie", "session=1")])
        assert answer is not None
        assert answer.cors() == {"vary": "Origin"}
    answer = ask(app, "OPTIONS", headers=preflight(origin))
    assert (answer.status, answer.cors()) == (400, {"vary": PREFLIGHT_VARY})


# Policies that are a hole, or do nothing (starlette#3246, fastapi#5308, open-webui#28961).


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(
            {"allow_origins": ["*"], "allow_credentials": True}, "wildcard-with-credentials", id="a star"
        ),
        pytest.param({"allow_origins": "https://a,https://b"}, "origin-list-in-a-string", id="a joined list"),
        pytest.param({"allow_origins": ["https://e.com/"]}, "origin-trailing-slash", id="a slash"),
        pytest.param({"allow_origins": ["https://e.com/app"]}, "origin-path", id="a path"),
        pytest.param({"allow_origins": ["e.com"]}, "origin-missing-scheme", id="no scheme"),
        pytest.param({"allow_origins": ["https://E.com"]}, "origin-upper-case", id="upper case"),
        pytest.param({"allow_origins": ["https://e.com:443"]}, "origin-default-port", id="the default port"),
        pytest.param({"max_age": -5}, "negative-max-age", id="a negative age"),
    ],
)
def test_a_policy_that_theirs_takes_without_a_word_does_not_start(
    app: Starlette, options: dict[str, Any], code: str
) -> None:
    TheirCORSMiddleware(app, **options)
    with pytest.raises(PolicyError) as caught:
        CORS(app, **options)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_pattern_for_subdomains_matches_them(app: Starlette) -> None:
    CORS(app, allow_origins=["https://*.e.com"])
    answer = ask(app, headers=[("Origin", "https://a.e.com")])
    assert answer.values("access-control-allow-origin") == ["https://a.e.com"]


@pytest.mark.parametrize(
    ("methods", "asked"), [("POST", "POST"), (["put"], "PUT"), (["PATCH"], "PATCH")], ids=str
)
def test_methods_are_read_as_they_are_meant(app: Starlette, methods: Any, asked: str) -> None:
    CORS(app, allow_origins=[ORIGIN], allow_methods=methods)
    answer = ask(app, "OPTIONS", headers=preflight(ORIGIN, asked))
    assert (answer.status, answer.values("access-control-allow-methods")) == (200, [asked])


# State between requests (starlette#511), and credentials that only a browser knows of (starlette#1832).


def test_one_clients_origin_does_not_leak_into_the_next_response(app: Starlette) -> None:
    CORS(app, allow_origins="*", allow_credentials=[ORIGIN, OUTER])
    cookie = ("Cookie", "session=1")
    for origin in (ORIGIN, OUTER, EVIL, ORIGIN, None):
        fields = [cookie] if origin is None else [("Origin", origin), cookie]
        answer = ask(app, headers=fields)
        credentials = ["true"] if origin in (ORIGIN, OUTER) else []
        assert answer.values("access-control-allow-credentials") == credentials
        assert answer.values("access-control-allow-origin") == ([] if origin is None else [origin])


@pytest.mark.parametrize("fields", [[], [("Cookie", "a=1")], [("Authorization", "Bearer x")]], ids=str)
def test_whether_credentials_came_along_changes_nothing(
    app: Starlette, fields: list[tuple[str, str]]
) -> None:
    CORS(app, allow_origins=[ORIGIN], allow_credentials=True)
    answer = ask(app, headers=[("Origin", ORIGIN), *fields])
    assert answer.values("access-control-allow-origin") == [ORIGIN]
    assert answer.values("access-control-allow-credentials") == ["true"]


# Unhandled exceptions (starlette#1116, starlette#1175, fastapi#775).


@pytest.mark.parametrize("origin", [ORIGIN, EVIL, None])
def test_the_response_to_an_unhandled_exception_is_as_any_other(app: Starlette, origin: str | None) -> None:
    CORS(app, allow_origins=[ORIGIN])
    fields = [("Origin", origin)] if origin else []
    answer, raised = ask_failing(app, path="/fail", headers=fields)
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert answer.status == 500
    assert answer.cors() == ask(app, headers=fields).cors()
    assert answer.values("vary") == ["Origin"]


# Vary (starlette#3516, starlette#3517).


@pytest.mark.parametrize("origin", [ORIGIN, EVIL, None])
def test_every_answer_that_another_origin_would_have_changed_varies(
    app: Starlette, origin: str | None
) -> None:
    CORS(app, allow_origins=[ORIGIN])
    fields = [("Origin", origin)] if origin else []
    assert ask(app, headers=fields).values("vary") == ["Origin"]
    if origin:
        assert ask(app, "OPTIONS", headers=preflight(origin)).values("vary") == [PREFLIGHT_VARY]


@pytest.mark.parametrize("origin", [EVIL, "null", None])
def test_a_public_policy_splits_no_cache(app: Starlette, origin: str | None) -> None:
    CORS(app, allow_origins=["*"])
    assert ask(app, headers=[("Origin", origin)] if origin else []).cors() == {
        "access-control-allow-origin": "*"
    }


@pytest.mark.parametrize(
    ("query", "merged"),
    [
        pytest.param(b"vary=Origin", "Origin", id="which has it"),
        pytest.param(b"vary=origin", "origin", id="which has it in another case"),
        pytest.param(b"vary=Accept-Encoding", "Accept-Encoding, Origin", id="of its own"),
        pytest.param(b"vary=A&vary=B", "A, B, Origin", id="in two fields"),
        pytest.param(b"vary=*", "*", id="of everything"),
    ],
)
def test_the_vary_of_the_application_is_merged(app: Starlette, query: bytes, merged: str) -> None:
    CORS(app, allow_origins=[ORIGIN])
    answer, _ = ask_failing(app, path="/own", headers=[("Origin", ORIGIN)], query_string=query)
    assert answer is not None
    assert answer.values("vary") == [merged]


def test_the_vary_of_other_middleware_is_merged(app: Starlette) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=1)
    CORS(app, allow_origins=[ORIGIN])
    answer = ask(app, headers=[("Origin", ORIGIN), ("Accept-Encoding", "gzip")])
    assert answer.values("vary") == ["Accept-Encoding, Origin"]


# Two layers (starlette#1309).


@pytest.mark.parametrize("origin", [ORIGIN, EVIL])
def test_two_layers_never_make_two_values(app: Starlette, origin: str) -> None:
    app.add_middleware(
        TheirCORSMiddleware, allow_origins=["*"], allow_credentials=True, expose_headers=["X-A"]
    )
    CORS(app, allow_origins=[ORIGIN])
    answer = ask(app, headers=[("Origin", origin)])
    expected = {"access-control-allow-origin": ORIGIN} if origin == ORIGIN else {}
    assert answer.cors() == {**expected, "vary": "Origin"}
    assert ask(app, "OPTIONS", headers=preflight(origin)).status == (200 if origin == ORIGIN else 400)


# Preflights (starlette#798, starlette#3065, fastapi#1119, fastapi#1849).


@pytest.mark.parametrize("value", ["true", "false", "1", ""])
def test_a_question_about_private_networks_does_not_fail_the_preflight(app: Starlette, value: str) -> None:
    CORS(app, allow_origins=[ORIGIN])
    asked = [*preflight(ORIGIN), ("Access-Control-Request-Private-Network", value)]
    answer = ask(app, "OPTIONS", headers=asked)
    assert answer.status == 200
    assert "access-control-allow-private-network" not in answer.cors()


@pytest.mark.parametrize(
    "headers", [["accept,,content-type"], ["accept", "content-type"], ["accept , ", ""]], ids=str
)
def test_every_legal_list_of_headers_is_read(app: Starlette, headers: list[str]) -> None:
    CORS(app, allow_origins=[ORIGIN])
    assert ask(app, "OPTIONS", headers=preflight(ORIGIN, "GET", *headers)).status == 200


def test_all_lines_of_headers_are_answered(app: Starlette) -> None:
    CORS(app, allow_origins=[ORIGIN], allow_credentials=True, allow_headers=["*"])
    answer = ask(app, "OPTIONS", headers=preflight(ORIGIN, "GET", "x-a", "x-b"))
    assert answer.values("access-control-allow-headers") == ["x-a, x-b"]


def test_a_refused_header_is_named(app: Starlette) -> None:
    CORS(app, allow_origins=[ORIGIN])
    answer = ask(app, "OPTIONS", headers=preflight(ORIGIN, "GET", "x-foo"))
    assert answer.body == b"Refused by the CORS policy: not allowed among the request headers: 'x-foo'"
    assert answer.values("access-control-allow-origin") == [ORIGIN]


@pytest.mark.parametrize("path", ["/post", "/slash", "/fail", "/missing"])
def test_preflights_reach_neither_routes_nor_redirects(app: Starlette, path: str) -> None:
    CORS(app, allow_origins=[ORIGIN], allow_methods=["POST"])
    assert ask(app, "OPTIONS", path, preflight(ORIGIN, "POST")).status == 200


# The order of middleware (fastapi#1663, fastapi#2693), and what answers before the application does.


async def refuse(request: Request, call_next: object) -> Response:
    return PlainTextResponse("who are you?", status_code=401)


@pytest.mark.parametrize(
    ("middleware", "options", "status"),
    [
        pytest.param(BaseHTTPMiddleware, {"dispatch": refuse}, 401, id="authentication"),
        pytest.param(HTTPSRedirectMiddleware, {}, 307, id="a redirect to https"),
        pytest.param(TrustedHostMiddleware, {"allowed_hosts": ["example.com"]}, 400, id="trusted hosts"),
    ],
)
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_cors_is_outside_of_all_middleware(
    app: Starlette, middleware: Any, options: dict[str, Any], status: int, is_before: bool
) -> None:
    if is_before:
        app.add_middleware(middleware, **options)
    CORS(app, allow_origins=[ORIGIN])
    if not is_before:
        app.add_middleware(middleware, **options)
    answer = ask(app, headers=[("Origin", ORIGIN), ("Host", "evil.example")])
    assert (answer.status, answer.values("access-control-allow-origin")) == (status, [ORIGIN])
    assert ask(app, "OPTIONS", headers=[*preflight(ORIGIN), ("Host", "evil.example")]).status == 200


def test_preflights_need_no_token() -> None:
    app = CORS(
        FastAPI(dependencies=[Depends(HTTPBearer())]), allow_origins=[ORIGIN], allow_headers="Authorization"
    )
    app.get("/me")(lambda: "me")
    assert ask(app, "OPTIONS", "/me", preflight(ORIGIN, "GET", "authorization")).status == 200
    answer = ask(app, path="/me", headers=[("Origin", ORIGIN)])
    assert answer.status in (401, 403)  # which of them depends on the release
    assert answer.values("access-control-allow-origin") == [ORIGIN]


def test_a_dependency_that_fails_after_the_endpoint_changes_no_policy() -> None:
    async def session() -> Any:
        yield 1
        raise FastAPIHTTPException(409)

    app = CORS(FastAPI(), allow_origins=[ORIGIN])
    app.get("/")(_with_session(session))
    answer, _ = ask_failing(app, headers=[("Origin", ORIGIN)])
    assert answer is not None
    assert answer.values("access-control-allow-origin") == [ORIGIN]


def _with_session(session: Any) -> Any:
    async def endpoint(number: int = Depends(session)) -> int:  # as FastAPI has it
        return number

    return endpoint


# The log (CVE-2024-1681 of another library).


def test_no_path_forges_a_line_of_the_log(app: Starlette, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "crosscors")
    CORS(app, allow_origins=[ORIGIN])
    ask(app, path="/\r\nINFO forged", headers=[("Origin", EVIL)])
    (record,) = (record for record in caplog.records if record.name == "crosscors")
    assert record.getMessage().isprintable()
