"""Django settings: those of crosscors, and those of django-cors-headers with their equivalent."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View

import tests.django.conftest  # it configures the settings
from crosscors.cli.check import of_django, subjects
from crosscors.cli.check.checked import Checked
from crosscors.cli.check.elsewhere import django as django_cors_headers
from crosscors.cli.check.subjects import check_target
from crosscors.cli.output import CommandError
from crosscors.django import cross_origin
from tests.tables import table

from .verdicts import APP, EVIL, OTHER, PLAIN, Verdicts, differences, remarks_in, verdicts

assert tests.django.conftest
Settings = dict[str, Any]
THEIRS = "corsheaders.middleware.CorsMiddleware"
OURS = "crosscors.django.CORSMiddleware"


def answer(_: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello", headers={"X-Total": "3"})


@cross_origin(allow_origins="*")
def public(_: HttpRequest) -> HttpResponse:
    raise NotImplementedError


@method_decorator(cross_origin(allow_origins="*"), name="dispatch")
class Board(View): ...


urlpatterns = [
    path("items", answer),
    path("api/", include([path("items", answer), path("public", public)])),
    path("board", Board.as_view()),
]


@contextmanager
def project(middleware: str, given: Settings) -> Iterator[None]:
    with override_settings(MIDDLEWARE=[middleware], ROOT_URLCONF=__name__, **given):
        yield


def verdicts_of(middleware: str, given: Settings, at: str = "/items") -> Verdicts:
    with project(middleware, given):
        return verdicts(WSGIHandler(), at)


def checked(given: Settings) -> Checked:
    with project(THEIRS, given):
        return django_cors_headers.check(settings)


def equivalent(given: Settings) -> Settings:
    [only] = checked(given).equivalents
    names: Settings = {}
    exec(only.code, names)  # noqa: S102
    return {name: value for name, value in names.items() if name.startswith("CORS_")}


@table(
    "given",
    ("the defaults", {}),
    ("origins", {"CORS_ALLOWED_ORIGINS": [APP, OTHER]}),
    ("an origin with a path, which is ignored", {"CORS_ALLOWED_ORIGINS": [f"{APP}/"]}),
    ("everyone", {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_EXPOSE_HEADERS": ["X-Total"]}),
    ("credentials", {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_CREDENTIALS": True}),
    (
        "methods and headers",
        {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_METHODS": ["GET"], "CORS_ALLOW_HEADERS": ["x-token"]},
    ),
    ("POST is not listed", {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_METHODS": ["PUT"]}),
    ("any method", {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_METHODS": ["*"]}),
    ("everyone, as an expression", {"CORS_ALLOWED_ORIGIN_REGEXES": [".*"]}),
    ("an expression for null", {"CORS_ALLOWED_ORIGIN_REGEXES": ["^null$"]}),
    ("names in one string", {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_HEADERS": ["x-a, x-token"]}),
    ("an old name", {"CORS_ORIGIN_WHITELIST": [APP]}),
    ("an expression with an end", {"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://[a-z]+\.example\.com$"]}),
    ("http with credentials stays", {"CORS_ALLOWED_ORIGINS": [PLAIN], "CORS_ALLOW_CREDENTIALS": True}),
    ("no time is the browser's default", {"CORS_ALLOWED_ORIGINS": [APP], "CORS_PREFLIGHT_MAX_AGE": 0}),
)
def test_the_equivalent_means_the_same(given: Settings) -> None:
    ours = equivalent(given)
    with project(OURS, ours):
        assert not of_django.check_django().found.problems
    assert verdicts_of(OURS, ours) == verdicts_of(THEIRS, given)


@pytest.mark.parametrize("at", ["/items", "/api/items"])
def test_the_paths_are_the_same(at: str) -> None:
    given = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_URLS_REGEX": r"^/api/"}
    assert verdicts_of(OURS, equivalent(given), at) == verdicts_of(THEIRS, given, at)
    [in_force] = checked(given).equivalents[0].in_force
    assert in_force.where == "paths that begin with what ^/api/ matches"


def test_an_expression_without_an_end_is_named() -> None:
    given = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app\.example\.com"]}
    warning = checked(given).found.warnings[0]
    assert (warning.code, warning.option) == ("regex-open-ended", "CORS_ALLOWED_ORIGIN_REGEXES")
    different = differences(verdicts_of(THEIRS, given), verdicts_of(OURS, equivalent(given)))
    assert {origin for origin, _ in different} == {EVIL}


def test_an_origin_without_a_scheme_lets_null_in() -> None:
    given = {"CORS_ALLOWED_ORIGINS": ["app.example.com", "null", OTHER]}
    assert [each.code for each in checked(given).found.warnings] == ["null-let-in"]
    assert equivalent(given) == {"CORS_ALLOWED_ORIGINS": [APP, "null", OTHER]}
    given = {"CORS_ALLOWED_ORIGINS": ["app.example.com", OTHER]}
    different = differences(verdicts_of(THEIRS, given), verdicts_of(OURS, equivalent(given)))
    assert {origin for origin, _ in different} == {"null", APP}


def test_a_star_among_the_origins_is_null() -> None:
    given: Settings = {"CORS_ALLOWED_ORIGINS": ["*", OTHER]}
    [warning] = checked(given).found.warnings
    assert warning.hint == "If every site may read responses, write CORS_ALLOW_ALL_ORIGINS = True."
    assert equivalent(given) == {"CORS_ALLOWED_ORIGINS": [OTHER]}


def test_patterns_are_text_there() -> None:
    given = {"CORS_ALLOWED_ORIGINS": ["https://*.example.com"]}
    [warning] = checked(given).found.warnings
    assert "lets nobody in: django-cors-headers compares it as text." in warning.message
    assert equivalent(given) == given


def test_a_star_has_exceptions_there() -> None:
    [only] = checked({"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_HEADERS": ["*"]}).equivalents
    assert '"*" also covers Authorization here, and requests with cookies.' in remarks_in(only.code)


@table(
    "setting, value, effect",
    ("origins", "CORS_ALLOWED_ORIGINS", APP, "lets nobody in"),
    ("expressions", "CORS_ALLOWED_ORIGIN_REGEXES", r"^https://app\.example\.com$", "lets every origin in"),
)
def test_strings_are_no_lists_there(setting: str, value: str, effect: str) -> None:
    [warning] = checked({setting: value}).found.warnings
    assert (warning.code, warning.option) == ("string-as-list", setting)
    assert warning.message.endswith(f"so it {effect}.")
    assert equivalent({setting: value}) == {setting: [value]}


@table(
    "given, said",
    ("of origins", {"CORS_ALLOWED_ORIGIN_REGEXES": ["("]}, "CORS_ALLOWED_ORIGIN_REGEXES: '(' is not a valid"),
    ("of paths", {"CORS_URLS_REGEX": "("}, "CORS_URLS_REGEX: '(' is not a valid"),
)
def test_expressions_that_are_none(given: Settings, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        checked(given)
    assert caught.value.message.startswith(said)
    assert caught.value.hint.startswith("Write ")


def test_paths_begin_with_a_slash() -> None:
    given = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_URLS_REGEX": "^api"}
    assert [each.code for each in checked(given).found.problems] == ["path-relative"]
    assert equivalent(given)["CORS_URLS_REGEX"] == "/api"


def test_an_entry_that_is_no_text() -> None:
    [only] = checked({"CORS_ALLOWED_ORIGINS": [APP, 5]}).equivalents
    assert "CORS_ALLOWED_ORIGINS: 5 is left out, because it has no effect." in remarks_in(only.code)


def test_everyone_with_credentials_is_named() -> None:
    given = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}
    assert [each.code for each in checked(given).found.problems] == ["wildcard-with-credentials"]
    assert equivalent(given) == {"CORS_ALLOW_ALL_ORIGINS": True}


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django_cors_headers, "find_spec", lambda _: None)
    assert checked({}) == Checked()


def test_without_their_middleware_there_is_nothing_to_say() -> None:
    with project(OURS, {}):
        assert django_cors_headers.check(settings) == Checked()


def test_policies_of_paths_and_views() -> None:
    given = {"CORS_RESOURCES": {"/api/*": {"allow_origins": [APP], "allow_headers": ["Accept"]}}}
    with project(OURS, given):
        found = subjects._of_application(WSGIHandler())
    assert [each.where for each in found.in_force] == [
        "/api/*",
        "/api/public (the view 'public')",
        "/board (the view 'Board')",
    ]
    assert "safelisted-header" in {each.code for each in found.found.warnings}


def test_wrong_settings_and_other_checks() -> None:
    with override_settings(MIDDLEWARE=[OURS, OURS], ROOT_URLCONF=None, CORS_ALLOWED_ORIGINS=[f"{APP}/"]):
        found = of_django.check_django()
    assert not found.in_force
    assert [each.option for each in found.found.problems] == ["CORS_ALLOWED_ORIGINS", "crosscors.E073"]


def test_a_settings_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("site_settings")
    module.MIDDLEWARE = []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "site_settings", module)
    with pytest.raises(CommandError, match="cannot be checked together with other settings"):
        check_target("site_settings")
    monkeypatch.setitem(os.environ, "DJANGO_SETTINGS_MODULE", "site_settings")
    with project(OURS, {"CORS_ALLOWED_ORIGINS": [APP]}):
        found = check_target("site_settings")
    assert found.in_force[0].where == "every path"

    def fail() -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(django, "setup", fail)
    with pytest.raises(CommandError, match="does not start with site_settings: no database"):
        check_target("site_settings")
