"""Starlette's CORSMiddleware: what check says about it, and that its equivalent means the same."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from crosscors.cli.check.checked import Checked
from crosscors.cli.check.elsewhere import starlette
from tests.tables import table

from .verdicts import APP, EVIL, OTHER, PLAIN, differences, pasted, remarks_in, verdicts

Options = dict[str, Any]


def answer(_: Request) -> Response:
    return Response("Hello", headers={"X-Total": "3"})


ROUTES = [Route("/items", answer, methods=["GET", "PUT", "DELETE", "OPTIONS"])]


def theirs(options: Options) -> Starlette:
    return Starlette(routes=ROUTES, middleware=[Middleware(CORSMiddleware, **options)])


def checked(options: Options) -> Checked:
    return starlette.check(theirs(options))


def equivalent(options: Options) -> Any:
    [only] = checked(options).equivalents
    return pasted(only.code, Starlette(routes=ROUTES))


@table(
    "options",
    ("the defaults", {}),
    ("origins", {"allow_origins": [APP, OTHER]}),
    ("everyone", {"allow_origins": ["*"], "allow_headers": ["*"], "allow_methods": ["*"]}),
    ("credentials", {"allow_origins": [APP], "allow_credentials": True, "expose_headers": ["X-Total"]}),
    ("methods and headers", {"allow_origins": [APP], "allow_methods": ["PUT"], "allow_headers": ["X-Token"]}),
    ("an expression", {"allow_origin_regex": r"https://[a-z]+\.example\.com", "max_age": 0}),
    (
        "an expression with credentials",
        {"allow_origin_regex": r"https://.*\.example\.com", "allow_credentials": True},
    ),
    ("http with credentials stays", {"allow_origins": [PLAIN, APP], "allow_credentials": True}),
    ("null with credentials stays", {"allow_origins": ["null"], "allow_credentials": True}),
    ("origins that nobody can mean", {"allow_origins": ["https://", "*.*", OTHER]}),
    ("an expression for null", {"allow_origin_regex": r"null|https://app\.example\.com"}),
    ("everyone, as an expression", {"allow_origin_regex": ".*"}),
    ("seconds as text", {"allow_origins": [APP], "max_age": "60"}),
    ("sets", {"allow_origins": {APP}, "allow_methods": {"GET", "PUT"}}),
    ("a tuple and what browsers ignore", {"allow_origins": (APP,), "allow_private_network": True}),
    ("an option that is wrong", {"allow_origins": [APP], "max_age": -1}),
)
@pytest.mark.slow
def test_the_equivalent_means_the_same(options: Options) -> None:
    assert verdicts(equivalent(options)) == verdicts(theirs(options))


@table(
    "options, fewer, code",
    (
        "everyone with credentials: only the listed keep them",
        {"allow_origins": ["*"], "allow_credentials": True},
        "include",
        "wildcard-with-credentials",
    ),
    (
        "an expression that lets strangers in",
        {"allow_origin_regex": r"https://.*", "allow_credentials": True},
        "include",
        "wildcard-with-credentials",
    ),
)
def test_what_is_not_safe_is_named_and_left_out(options: Options, fewer: str, code: str) -> None:
    said = checked(options)
    assert code in {problem.code for problem in said.found.problems}
    [only] = said.equivalents
    assert "get no credentials" in remarks_in(only.code)
    ours = pasted(only.code, Starlette(routes=ROUTES), may_warn=True)
    found = differences(verdicts(theirs(options)), verdicts(ours))
    assert EVIL in {origin for origin, _ in found}
    assert {credentials for _, credentials in found} == {fewer}


def test_spellings_are_mended() -> None:
    [only] = checked({"allow_origins": [f"{APP}/"]}).equivalents
    assert f"allow_origins: '{APP}/' is now '{APP}'." in remarks_in(only.code)
    assert f'allow_origins=["{APP}"],' in only.code


def test_an_expression_is_mended_so_that_its_sites_keep_credentials() -> None:
    options = {"allow_origin_regex": r"https://app\.example\.com.*", "allow_credentials": True}
    found = differences(verdicts(theirs(options)), verdicts(equivalent(options)))
    assert {origin for origin, _ in found} == {EVIL}


def test_patterns_are_text_there() -> None:
    said = checked(
        {"allow_origins": [OTHER, "https://*.example.com", "https://*.github.io"], "allow_credentials": True}
    )
    assert [warning.code for warning in said.found.warnings] == ["pattern-elsewhere", "pattern-elsewhere"]
    assert said.found.warnings[0].message.endswith("lets nobody in: Starlette compares it as text.")
    [only] = said.equivalents
    assert "https://*.example.com means every sub-domain of example.com here." in remarks_in(only.code)
    assert "https://*.github.io is left out. It is not safe." in remarks_in(only.code)
    assert "dangerously_allow" not in only.code


@table(
    "option, value, said",
    ("origins", "allow_origins", APP, f"so it also lets in parts of it, such as {APP[:-1]}."),
    ("headers", "allow_headers", "X-Token", "Starlette reads it letter by letter, so it allows nothing."),
)
def test_strings_are_no_lists_there(option: str, value: str, said: str) -> None:
    [warning] = checked({"allow_origins": [APP], option: value}).found.warnings
    assert (warning.code, warning.option) == ("string-as-list", option)
    assert warning.message.endswith(said)
    assert warning.hint == f'Write {option}=["{value}"].'


def test_the_middleware_of_a_route() -> None:
    middleware = [Middleware(CORSMiddleware, allow_origins=[APP])]
    app = Starlette(routes=[Route("/items", answer, middleware=middleware), Route("/other", answer)])
    [only] = starlette.check(app).equivalents
    assert only.library == "Starlette's CORSMiddleware of /items"
    assert only.code == (
        f'from crosscors.starlette import cross_origin\n\n@cross_origin(\n    allow_origins=["{APP}"],\n)'
    )


def test_a_middleware_that_wraps_an_application() -> None:
    inner = Starlette(routes=ROUTES)
    app = CORSMiddleware(
        inner,
        allow_origins=[APP],
        allow_headers=["X-Token"],
        allow_credentials=True,
        expose_headers=["X-Total"],
    )
    [only] = starlette.check(app).equivalents
    assert only.code.startswith(
        "from crosscors.asgi import CORSMiddleware\n\napp = CORSMiddleware(\n    app,\n"
    )
    assert verdicts(pasted(only.code, Starlette(routes=ROUTES))) == verdicts(app)
    open_app = CORSMiddleware(inner, allow_origins=["*"], allow_headers=["*"])
    [only] = starlette.check(open_app).equivalents
    assert verdicts(pasted(only.code, Starlette(routes=ROUTES))) == verdicts(open_app)


def test_fastapi_and_what_is_mounted_in_it() -> None:
    app, part = FastAPI(), Starlette(routes=ROUTES)
    app.add_middleware(CORSMiddleware, [APP])
    part.add_middleware(CORSMiddleware, allow_origins=[f"{OTHER}/"])
    app.mount("/part", part)
    found = starlette.check(app)
    assert [each.where for equivalent in found.equivalents for each in equivalent.in_force] == [
        "every path",
        "/part/*",
    ]
    assert [each.library for each in found.equivalents] == [
        "Starlette's CORSMiddleware",
        "Starlette's CORSMiddleware of /part/*",
    ]
    assert [each.code.splitlines()[0] for each in found.equivalents] == [
        "from crosscors.fastapi import CORS",
        "from crosscors.starlette import CORS",
    ]
    assert [problem.option for problem in found.found.problems] == ["/part/*: allow_origins"]


@table(
    "options, option, hint",
    (
        "an expression",
        {"allow_origins": [r"https://[a-z]+\.example\.com"]},
        "allow_origins",
        "allow_origin_regex=r",
    ),
    ("everyone", {"allow_origins": ["*"], "allow_credentials": True}, "allow_origins", "allow_credentials=["),
    ("an empty expression", {"allow_origin_regex": ""}, "allow_origin_regex", "Leave it out."),
)
def test_problems_of_what_is_mounted_have_its_place(options: Options, option: str, hint: str) -> None:
    [problem] = starlette.check(Starlette(routes=[Mount("/part", theirs(options))])).found.problems
    assert problem.option == f"/part/*: {option}"
    assert hint in problem.hint


def test_a_middleware_is_read_once_if_the_application_has_run() -> None:
    app = theirs({"allow_origins": [APP]})
    verdicts(app)
    assert len(starlette.check(app).equivalents) == 1


def test_other_applications_have_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert starlette.check(Starlette(routes=[Mount("/a", routes=ROUTES)])) == Checked()
    monkeypatch.delitem(sys.modules, "starlette.middleware.cors")
    assert starlette.check(object()) == Checked()
