"""cross_origin: views with policies of their own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from crosscors import PolicyError
from crosscors.django import CORSMiddleware, cross_origin
from crosscors.django.signals import check_request_enabled
from tests.django.clients import EVIL, ORIGIN, OTHER, allowed_origin, get, preflight
from tests.django.marked_urls import POLICY
from tests.tables import table

if TYPE_CHECKING:
    from tests.django.clients import Ask

# The settings allow ORIGIN everything but PUT, the marked views allow OTHER nothing but PUT.
PROJECT: dict[str, Any] = {
    "ROOT_URLCONF": "tests.django.marked_urls",
    "CORS_ALLOWED_ORIGINS": [ORIGIN],
    "CORS_ALLOW_METHODS": ["GET", "POST"],
}
MARKED = [
    "/function",
    "/async",
    "/exempt",
    "/whole",
    "/dispatched",
    "/api-function",
    "/api-class",
    "/slash/",
    "/in/function",
]


@pytest.mark.parametrize("path", MARKED)
def test_the_view_s_policy_replaces_that_of_the_settings(ask: Ask, path: str) -> None:
    answers = [get(ask, path, origin=origin, **PROJECT) for origin in (OTHER, ORIGIN, EVIL)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [allowed_origin(answer) for answer in answers] == [OTHER, None, None]
    assert preflight(ask, path, origin=OTHER, method="PUT", **PROJECT).status == 200
    assert preflight(ask, path, origin=OTHER, method="POST", **PROJECT).status == 400
    assert preflight(ask, path, origin=ORIGIN, method="PUT", **PROJECT).status == 400


@pytest.mark.parametrize("path", ["/plain", "/in/plain", "/nowhere", "/plain-slash", "/plain-slash/"])
def test_other_views_are_as_the_settings_say(ask: Ask, path: str) -> None:
    assert get(ask, path, **PROJECT).allowed == ORIGIN
    assert get(ask, path, origin=OTHER, **PROJECT).allowed is None
    assert preflight(ask, path, method="POST", **PROJECT).status == 200
    assert preflight(ask, path, method="PUT", **PROJECT).status == 400


@pytest.mark.parametrize("path", ["/by-method", "/things"])
def test_a_method_may_have_a_policy_of_its_own(ask: Ask, path: str) -> None:
    assert get(ask, path, **PROJECT).allowed == ORIGIN
    assert get(ask, path, method="PUT", origin=OTHER, **PROJECT).allowed == OTHER
    assert preflight(ask, path, method="PUT", origin=OTHER, **PROJECT).status == 200
    assert preflight(ask, path, method="PUT", origin=ORIGIN, **PROJECT).status == 400
    assert preflight(ask, path, method="GET", origin=ORIGIN, **PROJECT).status == 200


def test_a_route_of_a_view_set_goes_to_the_function_of_its_own(ask: Ask) -> None:
    assert get(ask, "/things/latest", origin=OTHER, **PROJECT).allowed == OTHER
    assert preflight(ask, "/things/latest", origin=OTHER, method="GET", **PROJECT).status == 400
    # There is no PUT, so it is nobody's but the settings'.
    assert preflight(ask, "/things/latest", origin=ORIGIN, method="POST", **PROJECT).status == 200


def test_a_policy_may_have_an_async_function(ask: Ask) -> None:
    assert get(ask, "/asking", origin=OTHER, **PROJECT).allowed == OTHER
    assert get(ask, "/asking", origin=EVIL, **PROJECT).allowed is None


@table(
    "settings",
    ("CORS_URLS_REGEX", {"CORS_URLS_REGEX": "^/api/", "CORS_ALLOWED_ORIGINS": [ORIGIN]}),
    ("CORS_RESOURCES", {"CORS_RESOURCES": {"/function": None}}),
)
def test_it_counts_where_the_settings_leave_the_path_out(ask: Ask, settings: dict[str, Any]) -> None:
    project: dict[str, Any] = {"ROOT_URLCONF": PROJECT["ROOT_URLCONF"], **settings}
    assert get(ask, "/function", origin=OTHER, **project).allowed == OTHER
    assert preflight(ask, "/function", origin=OTHER, method="PUT", **project).status == 200


def test_the_path_without_the_slash_is_that_view_s_as_well(ask: Ask) -> None:
    redirect = get(ask, "/slash", origin=OTHER, **PROJECT)
    assert (redirect.status, allowed_origin(redirect)) == (301, OTHER)
    assert preflight(ask, "/slash", origin=OTHER, method="PUT", **PROJECT).status == 200
    no_redirect: dict[str, Any] = PROJECT | {"APPEND_SLASH": False}
    assert get(ask, "/slash", origin=OTHER, **no_redirect).allowed is None
    assert preflight(ask, "/slash", origin=OTHER, method="PUT", **no_redirect).status == 400


def test_a_path_with_a_slash_gets_no_second_one(ask: Ask) -> None:
    assert preflight(ask, "/two-slashes//", origin=OTHER, method="PUT", **PROJECT).status == 200
    assert preflight(ask, "/two-slashes/", origin=OTHER, method="PUT", **PROJECT).status == 400


@pytest.mark.parametrize("path", ["/en/translated", "/de/translated"])
def test_a_translated_path_is_found_in_its_language(ask: Ask, path: str) -> None:
    project: dict[str, Any] = PROJECT | {
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [("en", "English"), ("de", "German")],
        "MIDDLEWARE": ["crosscors.django.CORSMiddleware", "django.middleware.locale.LocaleMiddleware"],
    }
    assert get(ask, path, origin=OTHER, **project).allowed == OTHER
    assert preflight(ask, path, origin=OTHER, method="PUT", **project).status == 200


def test_a_urlconf_of_the_request_is_followed() -> None:
    project: dict[str, Any] = PROJECT | {"ROOT_URLCONF": "tests.django.urls"}
    with override_settings(**project):
        request = RequestFactory().options(
            "/function", HTTP_ORIGIN=OTHER, HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT"
        )
        request.urlconf = "tests.django.marked_urls"
        middleware: Any = CORSMiddleware(lambda _: HttpResponse())
        assert middleware(request).status_code == 200


def test_the_signal_is_not_asked(ask: Ask) -> None:
    def receiver(**_: object) -> bool:
        return True

    check_request_enabled.connect(receiver)
    assert get(ask, "/function", origin=EVIL, **PROJECT).allowed is None


# What it costs, and when views are marked.


@pytest.mark.usefixtures("no_marked_views")
def test_the_first_request_may_be_a_preflight(ask: Ask) -> None:
    sys.modules.pop("tests.django.marked_urls", None)
    assert preflight(ask, "/function", origin=OTHER, method="PUT", **PROJECT).status == 200


@pytest.mark.usefixtures("no_marked_views")
def test_the_first_request_may_be_one_that_middleware_answers(ask: Ask) -> None:
    sys.modules.pop("tests.django.marked_urls", None)
    project: dict[str, Any] = PROJECT | {
        "MIDDLEWARE": ["crosscors.django.CORSMiddleware", "tests.django.middleware.teapot"]
    }
    assert get(ask, "/function", origin=OTHER, **project).allowed == OTHER


def test_two_policies_through_method_decorator_are_no_silent_choice() -> None:
    @method_decorator(cross_origin(), name="dispatch")
    class First(View):
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    @method_decorator(cross_origin(allow_origins="*"), name="dispatch")
    class Second(First):
        pass

    assert First.as_view()(RequestFactory().get("/")).status_code == 200
    with pytest.raises(PolicyError, match="already has a policy"):
        Second.as_view()(RequestFactory().get("/"))


def test_other_uses_of_a_decorated_view_are_as_the_settings_say(ask: Ask) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    class URLs:
        urlpatterns = (path("own", cross_origin(policy=POLICY)(view)), path("other", view))

    settings = {**PROJECT, "ROOT_URLCONF": URLs}
    assert get(ask, "/own", origin=OTHER, **settings).allowed == OTHER
    assert get(ask, "/other", origin=OTHER, **settings).allowed is None
    assert get(ask, "/other", **settings).allowed == ORIGIN


def test_the_method_that_the_view_gets_counts(ask: Ask) -> None:
    project = {
        **PROJECT,
        "MIDDLEWARE": ["crosscors.django.CORSMiddleware", "tests.django.middleware.overriding"],
    }
    for origin, allowed in ((ORIGIN, None), (OTHER, OTHER)):
        answer = ask("POST", "/by-method", ("Origin", origin), ("X-Method", "PUT"), **project)
        assert (answer.status, answer.allowed) == (200, allowed)


@pytest.mark.parametrize(("item", "status"), [("gone", 404), ("1", 500)])
def test_a_converter_that_fails_is_answered_as_ever(ask: Ask, item: str, status: int) -> None:
    answer = get(ask, f"/failing/{item}", **PROJECT)
    assert answer.status == status
    assert allowed_origin(answer) == ORIGIN


def test_preflights_to_translated_paths_are_answered_by_their_views(ask: Ask) -> None:
    project = {**PROJECT, "LANGUAGE_CODE": "de", "USE_I18N": True}
    assert get(ask, "/Sonntag", origin=OTHER, **project).body == b"function"
    assert preflight(ask, "/Sonntag", origin=OTHER, method="PUT", **project).status == 200
