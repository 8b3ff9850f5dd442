"""What the documentation of Starlette and FastAPI promises of their CORSMiddleware, asked of ours.

Where crosscors answers otherwise on purpose, the name of the test says so, and docs/migrating.md lists it.
The applications use ``CORS(app, ...)``; what is added or wrapped is in the last part.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware as FastAPICORSMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as TheirCORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route

from crosscors import CORSPolicy, PolicyError
from crosscors.asgi import CORSMiddleware
from crosscors.fastapi import CORS
from tests.clients import Answer
from tests.starlette.apps import EVIL, ask, ask_failing, fail, hello, preflight

ORG = "https://example.org"
WWW = "https://www.example.org"
ALWAYS_ALLOWED = ["Accept", "Accept-Language", "Content-Language", "Content-Type"]


@pytest.fixture(params=[Starlette, FastAPI])
def app(request: pytest.FixtureRequest) -> Starlette:
    made: Starlette = request.param(routes=[Route("/", hello), Route("/fail", fail)])
    return made


def get(app: Any, origin: str | None = ORG, *fields: tuple[str, str]) -> dict[str, str]:
    return ask(app, headers=[*([("Origin", origin)] if origin else []), *fields]).cors()


def ask_before(app: Any, origin: str = ORG, method: str = "GET", *headers: str) -> Answer:
    return ask(app, "OPTIONS", headers=preflight(origin, method, *headers))


def listed(answer: Answer, name: str) -> list[str]:
    return answer.cors().get(name, "").split(", ")


# Defaults.


@pytest.mark.parametrize(
    ("option", "default"),
    [
        pytest.param("allow_origins", (), id="no origin"),
        pytest.param("allow_origin_regex", None, id="no expression"),
        pytest.param("allow_methods", ("GET",), id="GET"),
        pytest.param("allow_headers", (), id="no header"),
        pytest.param("allow_credentials", False, id="no credentials"),
        pytest.param("allow_private_network", False, id="no private network"),
        pytest.param("expose_headers", (), id="nothing exposed"),
        pytest.param("max_age", 600, id="ten minutes"),
    ],
)
def test_the_default_of_an_option_is_the_documented_one(option: str, default: object) -> None:
    assert inspect.signature(CORSPolicy).parameters[option].default == default
    theirs = inspect.signature(TheirCORSMiddleware).parameters
    if option in theirs:  # the older releases have not all of them
        assert theirs[option].default == default


def test_their_two_names_are_one_class_whose_every_option_is_here() -> None:
    assert FastAPICORSMiddleware is TheirCORSMiddleware
    theirs = set(inspect.signature(TheirCORSMiddleware).parameters) - {"app"}
    assert theirs <= set(inspect.signature(CORSPolicy).parameters)


def test_by_default_no_origin_is_allowed_anything(app: Starlette) -> None:
    CORS(app)
    assert get(app) == {"vary": "Origin"}
    assert ask_before(app).status == 400


def test_by_default_preflights_allow_get_and_the_safelisted_headers_for_ten_minutes(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    answer = ask_before(app)
    assert answer.status == 200
    assert listed(answer, "access-control-allow-methods") == ["GET"]
    assert listed(answer, "access-control-allow-headers") == ALWAYS_ALLOWED
    assert answer.cors()["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in answer.cors()
    assert "access-control-expose-headers" not in answer.cors()


# allow_origins.


@pytest.mark.parametrize("origin", [ORG, WWW])
def test_each_origin_of_the_list_is_permitted(app: Starlette, origin: str) -> None:
    CORS(app, allow_origins=[ORG, WWW])
    assert get(app, origin)["access-control-allow-origin"] == origin
    assert ask_before(app, origin).cors()["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin", [EVIL, "http://example.org", "https://example.org:8080", "https://a.example.org"]
)
def test_an_origin_beside_the_list_is_not_permitted(app: Starlette, origin: str) -> None:
    CORS(app, allow_origins=[ORG, WWW])
    assert "access-control-allow-origin" not in get(app, origin)
    assert ask_before(app, origin).status == 400


def test_protocol_domain_and_port_make_an_origin(app: Starlette) -> None:
    origins = ["http://localhost", "https://localhost", "http://localhost:8080"]
    CORS(app, allow_origins=origins[:1])
    assert ["access-control-allow-origin" in get(app, origin) for origin in origins] == [True, False, False]


@pytest.mark.parametrize("origins", [["*"], "*", ("*",)], ids=str)
def test_a_star_allows_any_origin(app: Starlette, origins: Any) -> None:
    CORS(app, allow_origins=origins)
    assert get(app, EVIL)["access-control-allow-origin"] == "*"
    assert ask_before(app, EVIL).cors()["access-control-allow-origin"] == "*"


def test_otherwise_a_star_does_not_vary_because_its_answer_is_the_same_for_everyone(app: Starlette) -> None:
    CORS(app, allow_origins=["*"])
    assert (
        get(app, EVIL)
        == get(app, None)
        == get(app, ORG, ("Cookie", "a=1"))
        == {"access-control-allow-origin": "*"}
    )
    assert "Origin" not in ask_before(app).cors()["vary"]


def test_otherwise_one_string_is_one_origin_and_no_list_of_letters(app: Starlette) -> None:
    CORS(app, allow_origins=ORG)
    assert get(app)["access-control-allow-origin"] == ORG
    assert get(app, "https://example.or") == get(app, "h") == {"vary": "Origin"}


def test_otherwise_entries_that_no_browser_sends_are_refused_with_what_to_write(app: Starlette) -> None:
    with pytest.raises(PolicyError, match=re.escape('Write "https://example.org".')):
        CORS(app, allow_origins=[f"{ORG}/"])


# allow_origin_regex.

DOCUMENTED_REGEX = r"https://[a-zA-Z0-9-]+\.example\.org"


@pytest.mark.parametrize("origin", ["https://a.example.org", WWW, "https://a-1.example.org"])
@pytest.mark.parametrize("compiled", [False, True], ids=["text", "compiled"])
def test_an_origin_that_the_expression_matches_is_permitted(
    app: Starlette, origin: str, compiled: bool
) -> None:
    CORS(app, allow_origin_regex=re.compile(DOCUMENTED_REGEX) if compiled else DOCUMENTED_REGEX)
    assert get(app, origin) == {"access-control-allow-origin": origin, "vary": "Origin"}
    assert ask_before(app, origin).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        ORG,
        "https://a.b.example.org",
        "https://a.example.org.evil.example",
        "http://a.example.org",
        "xhttps://a.example.org",
    ],
)
def test_the_expression_has_to_match_the_whole_origin(app: Starlette, origin: str) -> None:
    CORS(app, allow_origin_regex=DOCUMENTED_REGEX)
    assert get(app, origin) == {"vary": "Origin"}
    assert ask_before(app, origin).status == 400


def test_list_and_expression_go_together(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_origin_regex=DOCUMENTED_REGEX)
    assert get(app, ORG)["access-control-allow-origin"] == ORG
    assert get(app, WWW)["access-control-allow-origin"] == WWW


@pytest.mark.parametrize(
    "middle", ["evil.example/", "evil.example#", "evil.example?", "user@", "evil.example:8080/"]
)
def test_otherwise_a_dot_and_star_match_no_special_characters(app: Starlette, middle: str) -> None:
    CORS(app, allow_origin_regex=r"https://.*\.example\.org")
    assert get(app, f"https://{middle}x.example.org") == {"vary": "Origin"}
    assert get(app, "https://a.b.example.org")["access-control-allow-origin"] == "https://a.b.example.org"


def test_otherwise_an_expression_that_matches_every_site_is_refused_with_credentials(app: Starlette) -> None:
    with pytest.raises(PolicyError, match="matches unrelated sites"):
        CORS(app, allow_origin_regex="https://.*", allow_credentials=True)


# allow_methods.


@pytest.mark.parametrize(
    ("allowed", "asked", "status"),
    [
        pytest.param(["GET", "PUT"], "PUT", 200, id="a listed method"),
        pytest.param(["GET", "PUT"], "DELETE", 400, id="another"),
        pytest.param(["*"], "DELETE", 200, id="a standard method of all"),
        pytest.param(["*"], "PATCH", 200, id="another standard method of all"),
    ],
)
def test_the_methods_that_are_listed_are_allowed(
    app: Starlette, allowed: list[str], asked: str, status: int
) -> None:
    CORS(app, allow_origins=[ORG], allow_methods=allowed)
    assert ask_before(app, ORG, asked).status == status


def test_a_star_is_every_method_that_theirs_allows(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_methods=["*"])
    theirs = TheirCORSMiddleware(app, allow_origins=[ORG], allow_methods=["*"])
    name = "access-control-allow-methods"
    assert set(listed(ask_before(app), name)) >= set(listed(ask_before(theirs), name))


def test_otherwise_one_string_is_one_method_and_case_is_no_trap(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_methods="put")
    assert ask_before(app, ORG, "PUT").cors()["access-control-allow-methods"] == "PUT"


def test_otherwise_get_allows_head(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    assert ask_before(app, ORG, "HEAD").status == 200


# allow_headers.


@pytest.mark.parametrize("name", [*ALWAYS_ALLOWED, *map(str.lower, ALWAYS_ALLOWED)])
def test_four_headers_are_always_allowed(app: Starlette, name: str) -> None:
    CORS(app, allow_origins=[ORG])
    assert ask_before(app, ORG, "GET", name).status == 200


@pytest.mark.parametrize(
    ("allowed", "asked", "status"),
    [
        pytest.param(["X-One"], "x-one", 200, id="a listed header"),
        pytest.param(["X-One", "X-Two"], "x-one, x-two,content-type", 200, id="several"),
        pytest.param(["X-One"], "x-one, x-two", 400, id="one of them not"),
        pytest.param(["*"], "x-anything, authorization", 200, id="any header"),
    ],
)
def test_the_headers_that_are_listed_are_allowed(
    app: Starlette, allowed: list[str], asked: str, status: int
) -> None:
    CORS(app, allow_origins=[ORG], allow_headers=allowed)
    assert ask_before(app, ORG, "GET", asked).status == status


def test_otherwise_any_header_without_credentials_is_a_star_with_authorization(app: Starlette) -> None:
    CORS(app, allow_origins=["*"], allow_headers=["*"])
    assert listed(ask_before(app, ORG, "GET", "x-a"), "access-control-allow-headers") == [
        "*",
        "Authorization",
    ]


def test_any_header_with_credentials_is_what_was_asked_for(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_headers=["*"], allow_credentials=True)
    answer = ask_before(app, ORG, "GET", "x-a,x-b")
    assert listed(answer, "access-control-allow-headers") == ["x-a", "x-b"]


# allow_credentials.


def test_cookies_are_supported_where_they_are_allowed(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_credentials=True)
    assert get(app)["access-control-allow-credentials"] == "true"
    assert ask_before(app).cors()["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    "options", [{"allow_origins": ["*"]}, {"allow_origins": "*"}, {"allow_origin_regex": ".*"}], ids=str
)
def test_otherwise_every_origin_with_credentials_is_refused_instead_of_reflected(
    app: Starlette, options: dict[str, Any]
) -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(app, allow_credentials=True, **options)
    assert [problem.code for problem in caught.value.problems] == ["wildcard-with-credentials"]


def test_otherwise_every_method_and_header_may_be_allowed_with_credentials(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_credentials=True, allow_methods=["*"], allow_headers=["*"])
    answer = ask_before(app, ORG, "DELETE", "x-anything")
    assert answer.status == 200
    assert "*" not in "".join(answer.cors().values())


def test_otherwise_a_refused_origin_is_told_nothing_of_credentials_and_exposed_headers(
    app: Starlette,
) -> None:
    CORS(app, allow_origins=[ORG], allow_credentials=True, expose_headers=["X-Total"])
    assert get(app, EVIL) == get(app, None) == {"vary": "Origin"}
    assert set(ask_before(app, EVIL).cors()) == {"vary"}


FASTAPI_EXAMPLE = ["http://localhost.tiangolo.com", "https://localhost.tiangolo.com", "http://localhost"]
FASTAPI_EXAMPLE.append("http://localhost:8080")


def test_otherwise_the_example_of_fastapi_needs_https_or_an_opt_in(app: Starlette) -> None:
    options: dict[str, Any] = {"allow_credentials": True, "allow_methods": ["*"], "allow_headers": ["*"]}
    with pytest.raises(PolicyError) as caught:
        CORS(app, allow_origins=FASTAPI_EXAMPLE, **options)
    (problem,) = caught.value.problems
    assert (problem.code, problem.value) == ("insecure-origin-with-credentials", FASTAPI_EXAMPLE[0])
    CORS(app, allow_origins=FASTAPI_EXAMPLE, dangerously_allow=["insecure-origins"], **options)
    for origin in FASTAPI_EXAMPLE:
        assert get(app, origin)["access-control-allow-credentials"] == "true"
        assert ask_before(app, origin, "DELETE", "authorization").status == 200


def test_the_example_of_fastapi_works_without_its_one_insecure_origin(app: Starlette) -> None:
    CORS(
        app,
        allow_origins=FASTAPI_EXAMPLE[1:],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )
    assert all("access-control-allow-credentials" in get(app, origin) for origin in FASTAPI_EXAMPLE[1:])


# expose_headers and max_age.


def test_listed_response_headers_are_exposed_on_responses_and_not_on_preflights(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], expose_headers=["X-One", "X-Two"])
    assert get(app)["access-control-expose-headers"] == "X-One, X-Two"
    assert "access-control-expose-headers" not in ask_before(app).cors()


@pytest.mark.parametrize("seconds", [0, 5, 86400])
def test_preflights_are_cached_for_so_many_seconds(app: Starlette, seconds: int) -> None:
    CORS(app, allow_origins=[ORG], max_age=seconds)
    assert ask_before(app).cors()["access-control-max-age"] == str(seconds)
    assert "access-control-max-age" not in get(app)


def test_otherwise_a_refused_preflight_has_no_age(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    assert "access-control-max-age" not in ask_before(app, ORG, "DELETE").cors()


@pytest.mark.parametrize("seconds", [-5, "600", 1.5, True])
def test_otherwise_an_age_that_is_none_is_refused(app: Starlette, seconds: Any) -> None:
    with pytest.raises(PolicyError, match="max_age"):
        CORS(app, max_age=seconds)


# allow_private_network.

NETWORK = ("Access-Control-Request-Private-Network", "true")


def test_private_networks_are_answered_where_they_are_allowed(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG], allow_private_network=True)
    answer = ask(app, "OPTIONS", headers=[*preflight(ORG), NETWORK])
    assert (answer.status, answer.cors()["access-control-allow-private-network"]) == (200, "true")
    assert "access-control-allow-private-network" not in ask_before(app).cors()


def test_otherwise_private_networks_are_not_answered_and_no_preflight_fails_for_them(app: Starlette) -> None:
    # A browser that asks takes the missing field for a no (Private Network Access, "CORS preflight").
    CORS(app, allow_origins=[ORG])
    answer = ask(app, "OPTIONS", headers=[*preflight(ORG), NETWORK])
    assert (answer.status, "access-control-allow-private-network" in answer.cors()) == (200, False)


# The two types of requests.


@pytest.mark.parametrize(
    ("origin", "method", "status"), [(ORG, "GET", 200), (ORG, "PUT", 400), (EVIL, "GET", 400)], ids=str
)
def test_a_preflight_is_intercepted_and_answered_with_200_or_400(
    app: Starlette, origin: str, method: str, status: int
) -> None:
    CORS(app, allow_origins=[ORG])
    answer = ask_before(app, origin, method)
    assert answer.status == status
    assert b"Hello" not in answer.body
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]


def test_an_allowed_preflight_says_ok(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    assert ask_before(app).body == b"OK"


def test_otherwise_a_refused_preflight_names_what_is_refused(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    assert b"'PUT'" in ask_before(app, ORG, "PUT").body
    assert b"'x-a'" in ask_before(app, ORG, "GET", "x-a").body
    assert EVIL.encode() in ask_before(app, EVIL).body


@pytest.mark.parametrize(
    "fields", [[], [("Origin", ORG)], preflight(ORG)[1:]], ids=["neither", "origin", "method"]
)
def test_other_options_requests_pass_through(app: Starlette, fields: list[tuple[str, str]]) -> None:
    CORS(app, allow_origins=[ORG])
    assert ask(app, "OPTIONS", headers=fields).status == 405


def test_a_simple_request_passes_through_and_gets_its_headers(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    answer = ask(app, headers=[("Origin", ORG)])
    assert (answer.status, answer.body) == (200, b"Hello")
    assert answer.cors() == {"access-control-allow-origin": ORG, "vary": "Origin"}


def test_a_request_of_a_refused_origin_passes_through_without_them(app: Starlette) -> None:
    CORS(app, allow_origins=[ORG])
    answer = ask(app, headers=[("Origin", EVIL)])
    assert (answer.status, answer.body, answer.cors()) == (200, b"Hello", {"vary": "Origin"})


# Global enforcement: the documented ways to apply it.


def test_a_middleware_list_works_as_documented() -> None:
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=["example.com"]),
        Middleware(CORSMiddleware, allow_origins=["*"]),
    ]
    app = Starlette(routes=[Route("/", hello)], middleware=middleware)
    assert get(app, ORG, ("Host", "example.com")) == {"access-control-allow-origin": "*"}
    assert get(app, ORG, ("Host", "evil.example")) == {}  # what is outside of it answers without it


def test_otherwise_cors_is_outside_of_the_whole_list(app: Starlette) -> None:
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.com"])
    CORS(app, allow_origins=["*"])
    answer = ask(app, headers=[("Origin", ORG), ("Host", "evil.example")])
    assert (answer.status, answer.cors()) == (400, {"access-control-allow-origin": "*"})


def _fields_of_failure(app: Any) -> dict[str, str]:
    answer, raised = ask_failing(app, path="/fail", headers=[("Origin", ORG)])
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert answer.status == 500
    return answer.cors()


@pytest.mark.parametrize("wrapper", [CORSMiddleware, TheirCORSMiddleware], ids=["ours", "theirs"])
def test_wrapping_the_whole_application_covers_unhandled_errors(app: Starlette, wrapper: Any) -> None:
    wrapped = wrapper(app=app, allow_origins=["*"])
    assert _fields_of_failure(wrapped)["access-control-allow-origin"] == "*"


def test_otherwise_one_call_covers_unhandled_errors_and_leaves_the_application_one(app: Starlette) -> None:
    assert CORS(app, allow_origins=["*"]) is app
    assert _fields_of_failure(app) == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize("middleware", [CORSMiddleware, TheirCORSMiddleware], ids=["ours", "theirs"])
def test_added_middleware_does_not_cover_unhandled_errors(app: Starlette, middleware: Any) -> None:
    app.add_middleware(middleware, allow_origins=["*"])
    assert _fields_of_failure(app) == {}


def test_otherwise_positional_options_are_refused(app: Starlette) -> None:
    with pytest.raises(TypeError, match="positional"):
        CORS(app, [ORG])  # type: ignore[call-overload]
