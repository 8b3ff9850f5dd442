"""What the documentation of Starlette and FastAPI promises of their CORSMiddleware, asked of ours.

Where crosscors answers otherwise on purpose, the name of the test begins with "otherwise", and
docs/migrating.md lists it. What a defect of theirs is, tests/conformance/known.py shows.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from fastapi.middleware.cors import CORSMiddleware as FastAPICORSMiddleware
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware as TheirCORSMiddleware
from starlette.routing import Route

from crosscors import CORSPolicy, PolicyError
from crosscors.asgi import CORSMiddleware
from crosscors.fastapi import CORS
from tests.clients import Answer, ask_asgi, preflight
from tests.starlette.apps import EVIL, fail, hello
from tests.tables import each, table

from .verdicts import gets, gets_with_credentials, readers

ORG = "https://example.org"
WWW = "https://www.example.org"
DEEP = "https://a.b.example.org"
ORIGINS = (ORG, WWW, DEEP, "http://www.example.org", "https://example.org:8080", EVIL)


def covered(**options: Any) -> Starlette:
    routes = [Route("/", hello, methods=["GET", "PUT", "DELETE", "PATCH"]), Route("/fail", fail)]
    app = Starlette(routes=routes)
    CORS(app, **options)
    return app


def preflighted(app: Any, method: str = "GET", *names: str) -> Answer:
    return ask_asgi(app, "OPTIONS", headers=preflight(ORG, method, *names))


# Options, and their defaults.


@each("option", *sorted(set(inspect.signature(TheirCORSMiddleware).parameters) - {"app"}))
def test_every_option_of_theirs_is_here_with_the_same_default(option: str) -> None:
    assert FastAPICORSMiddleware is TheirCORSMiddleware
    theirs = inspect.signature(TheirCORSMiddleware).parameters[option].default
    assert inspect.signature(CORSPolicy).parameters[option].default == theirs


@table(
    "options, allowed",
    ("no origin by default", {}, set()),
    ("each origin of the list", {"allow_origins": [ORG, WWW]}, {ORG, WWW}),
    ("otherwise, one string is one origin", {"allow_origins": ORG}, {ORG}),
    ("a star is any origin", {"allow_origins": ["*"]}, set(ORIGINS)),
    ("a star alone is any origin", {"allow_origins": "*"}, set(ORIGINS)),
    ("an expression", {"allow_origin_regex": r"https://[a-zA-Z0-9-]+\.example\.org"}, {WWW}),
    ("a compiled one", {"allow_origin_regex": re.compile(r"https://[a-z]+\.example\.org")}, {WWW}),
    (
        "list and expression go together",
        {"allow_origins": [ORG], "allow_origin_regex": r"https://[a-z]+\.example\.org"},
        {ORG, WWW},
    ),
    ("a dot and star match several labels", {"allow_origin_regex": r"https://.*\.example\.org"}, {WWW, DEEP}),
)
def test_these_origins_are_permitted(options: dict[str, Any], allowed: set[str]) -> None:
    app = covered(**options)
    assert readers(app, ORIGINS) == allowed
    assert readers(app, ORIGINS, names=["Content-Language"]) == allowed


@table(
    "allowed, methods",
    ("GET by default, which allows HEAD", {}, {"GET", "HEAD"}),
    ("the listed methods", {"allow_methods": ["GET", "PUT"]}, {"GET", "HEAD", "PUT"}),
    ("all methods", {"allow_methods": ["*"]}, {"GET", "HEAD", "PUT", "DELETE", "PATCH"}),
    ("otherwise, one string is one method, in any case", {"allow_methods": "put"}, {"PUT"}),
)
def test_these_methods_are_allowed(allowed: dict[str, Any], methods: set[str]) -> None:
    app = covered(allow_origins=[ORG], **allowed)
    asked = ("GET", "HEAD", "PUT", "DELETE", "PATCH")
    assert {method for method in asked if preflighted(app, method).status == 200} == methods
    unsafe = {method for method in ("PUT", "DELETE", "PATCH") if gets(app, ORG, method=method)}
    assert unsafe == methods - {"GET", "HEAD"}


def test_a_star_is_every_method_that_theirs_allows() -> None:
    theirs = TheirCORSMiddleware(covered(), allow_origins=[ORG], allow_methods=["*"])
    ours = covered(allow_origins=[ORG], allow_methods="*")
    lists = [preflighted(app).cors()["access-control-allow-methods"].split(", ") for app in (theirs, ours)]
    assert set(lists[0]) <= set(lists[1])


SAFELISTED = ["Accept", "Accept-Language", "Content-Language", "Content-Type"]


@table(
    "options, names, is_allowed",
    ("four headers always", {}, SAFELISTED, True),
    ("no other by default", {}, ["X-One"], False),
    ("a listed one, in any case", {"allow_headers": ["X-One"]}, ["x-one"], True),
    ("one of two that is not listed", {"allow_headers": ["X-One"]}, ["X-One", "X-Two"], False),
    ("every header", {"allow_headers": ["*"]}, ["X-Any", "Authorization"], True),
    (
        "every header, with credentials",
        {"allow_headers": ["*"], "allow_credentials": True},
        ["X-Any", "Authorization"],
        True,
    ),
)
def test_these_headers_are_allowed(options: dict[str, Any], names: list[str], is_allowed: bool) -> None:
    app = covered(allow_origins=[ORG], **options)
    assert gets(app, ORG, names=names) == is_allowed
    assert (preflighted(app, "GET", ", ".join(names)).status == 200) == is_allowed


def test_cookies_are_supported_where_they_are_allowed() -> None:
    app = covered(allow_origins=[ORG], allow_credentials=True)
    assert [gets_with_credentials(app, origin) for origin in (ORG, EVIL)] == [True, False]
    assert not gets_with_credentials(covered(allow_origins=[ORG]), ORG)


@each("options", {"allow_origins": ["*"]}, {"allow_origin_regex": ".*"})
def test_otherwise_every_origin_with_credentials_is_refused_instead_of_reflected(options: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        covered(allow_credentials=True, **options)
    assert [problem.code for problem in caught.value.problems] == ["wildcard-with-credentials"]


def test_otherwise_the_example_of_fastapi_needs_https_or_an_opt_in() -> None:
    example = ["http://localhost.tiangolo.com", "https://localhost.tiangolo.com", "http://localhost"]
    options: dict[str, Any] = {"allow_credentials": True, "allow_methods": ["*"], "allow_headers": ["*"]}
    with pytest.raises(PolicyError) as caught:
        covered(allow_origins=example, **options)
    (problem,) = caught.value.problems
    assert (problem.code, problem.value) == ("insecure-origin-with-credentials", example[0])
    dangerous = covered(allow_origins=example, dangerously_allow=["insecure-origins"], **options)
    assert all(gets_with_credentials(dangerous, origin) for origin in example)
    assert all(gets_with_credentials(covered(allow_origins=example[1:], **options), o) for o in example[1:])


@pytest.mark.filterwarnings("ignore:allow_private_network:crosscors.PolicyWarning")
@each("allowed", True, False)
def test_private_networks_are_answered_where_they_are_allowed(allowed: bool) -> None:
    app = covered(allow_origins=[ORG], allow_private_network=allowed)
    asked = [*preflight(ORG), ("Access-Control-Request-Private-Network", "true")]
    answer = ask_asgi(app, "OPTIONS", headers=asked)
    # Otherwise than theirs, no preflight fails for it: a browser takes the missing header for a no.
    assert answer.status == 200
    assert answer.values("access-control-allow-private-network") == (["true"] if allowed else [])
    assert not preflighted(app).values("access-control-allow-private-network")


def test_otherwise_positional_options_are_refused() -> None:
    with pytest.raises(TypeError, match="positional"):
        CORS(Starlette(), [ORG])  # type: ignore[call-overload]


# Side by side.

OPTIONS: list[dict[str, Any]] = [
    {"allow_origins": [ORG]},
    {"allow_origins": (ORG,), "allow_methods": ("GET", "PUT"), "allow_headers": ("X-Token",)},
    {"allow_origins": [ORG], "allow_credentials": True, "expose_headers": ["X-Request-Id"], "max_age": 5},
    {
        "allow_origin_regex": r"https://(a\.)?example\.org",
        "allow_credentials": True,
        "allow_methods": ["*"],
    },
    {"allow_origins": ["*"], "allow_methods": ["*"]},
]
REQUESTS = [
    ("GET", [("Origin", ORG)]),
    ("OPTIONS", [("Origin", ORG)]),
    ("OPTIONS", preflight(ORG)),
    ("OPTIONS", preflight(ORG, "GET", "content-type")),
    ("OPTIONS", preflight(ORG, "GET", "x-other")),
    ("OPTIONS", preflight(ORG, "DELETE")),
]


def as_meant(answer: Answer) -> dict[str, str | set[str]]:
    """The headers as a browser reads them: lists without order; less Vary, in which theirs says too much."""
    lists = ("access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers")
    return {
        name: set(value.split(", ")) - {"QUERY"} if name in lists else value  # which older releases lack
        for name, value in answer.cors().items()
        # A browser stores nothing of a refused preflight.
        if name != "vary" and not (answer.status == 400 and name == "access-control-max-age")
    }


@each("options", *OPTIONS)
@pytest.mark.parametrize(("method", "headers"), REQUESTS, ids=str)
def test_the_same_options_mean_the_same(
    options: dict[str, Any], method: str, headers: list[tuple[str, str]]
) -> None:
    ours, theirs = (
        ask_asgi(middleware(Starlette(routes=[Route("/", hello)]), **options), method, headers=headers)
        for middleware in (CORSMiddleware, TheirCORSMiddleware)
    )
    assert (ours.status, as_meant(ours)) == (theirs.status, as_meant(theirs))
