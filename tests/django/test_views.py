"""Whose policy a response gets: that of the view that answered, or of the one that would be reached."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import URLPattern, URLResolver, path
from django.utils.decorators import sync_and_async_middleware
from django.views import View
from rest_framework.decorators import api_view

from crosscors import CORSPolicy, PolicyWarning
from crosscors.django import CORSMiddleware, cross_origin
from crosscors.django.settings import read_settings
from tests.django.clients import EVIL, LISTED, ORIGIN, OTHER, Ask, allowed_origin, get, preflight
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

CROSSCORS = "crosscors.django.CORSMiddleware"
STRICT = CORSPolicy(allow_origins=[OTHER], allow_methods=["PUT"])


class Urls:
    """A URLconf."""

    def __init__(self, **views: Any) -> None:
        self.urlpatterns: list[URLPattern] = [path(name, view) for name, view in views.items()]


def plain(_: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


@cross_origin(policy=STRICT)
def strict(_: HttpRequest) -> HttpResponse:
    return HttpResponse("strict")


@sync_and_async_middleware
def without_version(get_response: Any) -> Any:
    """Takes /v1 off the path, as middleware does that serves several versions."""

    def change(request: HttpRequest) -> HttpRequest:
        request.path_info = request.path_info.removeprefix("/v1")
        return request

    def answer(request: HttpRequest) -> Any:
        return get_response(change(request))

    async def answer_async(request: HttpRequest) -> Any:
        return await get_response(change(request))

    return answer_async if iscoroutinefunction(get_response) else answer


REWRITING = [CROSSCORS, f"{__name__}.without_version"]
ANSWERING = [*REWRITING, "tests.django.middleware.teapot"]


# The view that answered.


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_the_view_that_answered_decides_whatever_path_came(ask: Ask, origin: str) -> None:
    settings: dict[str, Any] = {"ROOT_URLCONF": Urls(strict=strict), "MIDDLEWARE": REWRITING, **LISTED}
    for asked_for in ("/strict", "/v1/strict"):
        answer = get(ask, asked_for, origin=origin, **settings)
        assert answer.body == b"strict"
        assert allowed_origin(answer) == (OTHER if origin == OTHER else None)


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_where_middleware_answered_the_view_at_the_path_as_it_is_then_decides(ask: Ask, origin: str) -> None:
    settings: dict[str, Any] = {"ROOT_URLCONF": Urls(strict=strict), "MIDDLEWARE": ANSWERING, **LISTED}
    answer = get(ask, "/v1/strict", origin=origin, **settings)
    assert (answer.status, allowed_origin(answer)) == (418, OTHER if origin == OTHER else None)


@pytest.mark.parametrize(
    ("came", "allowed"), [("/admin/x", OTHER), ("/v1/admin/x", OTHER), ("/v1/x", "*"), ("/x", "*")]
)
@pytest.mark.parametrize("middleware", [REWRITING, ANSWERING], ids=["routed", "answered"])
def test_the_policy_by_path_is_that_of_the_path_that_was_routed(
    ask: Ask, middleware: Sequence[str], came: str, allowed: str
) -> None:
    resources = {"/*": {"allow_origins": "*"}, "/admin/*": {"allow_origins": [OTHER]}}
    settings: dict[str, Any] = {"MIDDLEWARE": middleware, "CORS_RESOURCES": resources}
    assert allowed_origin(get(ask, came, origin=OTHER, **settings)) == allowed
    assert allowed_origin(get(ask, came, origin=EVIL, **settings)) == ("*" if allowed == "*" else None)


def test_what_is_told_of_the_request_is_what_came(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "crosscors"):
        get(ask, "/v1/x", origin=EVIL, MIDDLEWARE=REWRITING, **LISTED)
    (message,) = [each.getMessage() for each in caplog.records if each.name == "crosscors"]
    assert message.startswith("the CORS policy of the application refused 'GET /v1/x': ")


# The view that would be reached.


@pytest.mark.usefixtures("no_marked_views")
def test_a_view_that_is_added_after_the_first_requests_has_its_policy(ask: Ask) -> None:
    urls = Urls(plain=plain)
    settings: dict[str, Any] = {"ROOT_URLCONF": urls, "CORS_ALLOWED_ORIGINS": "*"}
    assert preflight(ask, "/late", origin=EVIL, **settings).status == 200
    assert allowed_origin(get(ask, "/late", origin=EVIL, **settings)) == "*"
    urls.urlpatterns.append(path("late", cross_origin(policy=STRICT)(plain)))
    assert preflight(ask, "/late", origin=EVIL, method="PUT", **settings).status == 400
    assert preflight(ask, "/late", origin=OTHER, method="PUT", **settings).status == 200
    assert allowed_origin(get(ask, "/late", origin=EVIL, **settings)) is None
    assert allowed_origin(get(ask, "/plain", origin=EVIL, **settings)) == "*"


@pytest.mark.usefixtures("no_marked_views")
def test_while_no_view_has_a_policy_none_is_looked_for(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    routed: list[str] = []
    resolve = URLResolver.resolve

    def counting(self: URLResolver, path: str) -> Any:
        routed.append(path)
        return resolve(self, path)

    monkeypatch.setattr(URLResolver, "resolve", counting)
    settings: dict[str, Any] = {"MIDDLEWARE": [CROSSCORS], **LISTED}
    for path_, times in (("/", 1), ("/no/such/path", 1)):
        assert get(ask, path_, **settings).allowed == ORIGIN
        assert preflight(ask, path_, **settings).status == 200
        assert len(routed) == times
        routed.clear()


# A policy that something hides.


def hiding(view: Any) -> Any:
    def inner(request: HttpRequest) -> Any:
        return view(request)

    return inner


def showing(view: Any) -> Any:
    @functools.wraps(view)
    def inner(request: HttpRequest) -> Any:
        return view(request)

    return inner


class Hiding:
    def __init__(self, view: Any) -> None:
        self.view = view

    def __call__(self, request: HttpRequest) -> Any:
        return self.view(request)


class ByMethod(View):
    """PUT has a policy, GET needs none."""

    def get(self, _: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @cross_origin(policy=STRICT)
    def put(self, _: HttpRequest) -> HttpResponse:
        return HttpResponse()


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        text for name, level, text in caplog.record_tuples if (name, level) == ("crosscors", logging.WARNING)
    ]


@pytest.mark.parametrize("send", [get, preflight])
@table(
    "hide",
    ("a decorator without functools.wraps", hiding),
    ("an object that calls the view", Hiding),
    ("api_view", api_view(["GET"])),
)
def test_a_hidden_policy_is_warned_of_at_the_first_request(
    ask: Ask, hide: Callable[[Any], Any], send: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings: dict[str, Any] = {"ROOT_URLCONF": Urls(hidden=hide(strict), plain=plain), **LISTED}
    send(ask, "/plain", **settings)
    assert warnings_in(caplog) == []
    for _ in range(3):
        send(ask, "/hidden", **settings)
    (message,) = warnings_in(caplog)
    assert message.startswith("the policy that @cross_origin(...) gives to 'strict' does not apply: ")


@table(
    "views",
    ("a decorator with functools.wraps", {"view": showing(strict)}),
    ("a policy of another method", {"view": ByMethod.as_view()}),
    ("no policy", {"view": plain}),
    ("a view that calls another routed view", {"view": hiding(strict), "strict": strict}),
)
def test_a_policy_that_nothing_hides_is_not_warned_of(
    ask: Ask, views: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings: dict[str, Any] = {"ROOT_URLCONF": Urls(**views), **LISTED}
    get(ask, "/view", **settings)
    preflight(ask, "/view", **settings)
    assert warnings_in(caplog) == []


# Words.


def test_a_policy_of_one_s_own_is_advised_about_in_its_own_words() -> None:
    with pytest.warns(PolicyWarning):
        policy = CORSPolicy(max_age=100_000)
    hints: list[str] = []
    for given in (policy, {"max_age": 100_000}):
        with override_settings(CORS_POLICY=given):
            (warning,) = read_settings()[1].warnings
            assert warning.option == 'CORS_POLICY["max_age"]'
            hints.append(warning.hint)
    assert hints == ["Write max_age=86400 or less.", 'Write "max_age": 86400 or less.']


def test_a_setting_that_needs_the_function_is_called_by_its_name(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> bool:
        raise LookupError

    get(ask, CORS_ORIGIN_FUNC=fail)
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    assert "CORS_ORIGIN_FUNC did not return True or False" in record.getMessage()


# Imports.


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        ("crosscors.django", "CorsMiddleware", "from crosscors.django import CORSMiddleware"),
        ("crosscors.django.middleware", "CorsMiddleware", "from crosscors.django import CORSMiddleware"),
        ("crosscors.django", "CORS", "from crosscors.django import CORSMiddleware"),
        ("crosscors.django", "CORSPolicy", "from crosscors import CORSPolicy"),
        ("crosscors.django", "varies_on", "from crosscors import varies_on"),
        (
            "crosscors.django",
            "check_request_enabled",
            "from crosscors.django.signals import check_request_enabled",
        ),
        ("crosscors.django", "default_headers", "from crosscors.django.defaults import default_headers"),
    ],
)
def test_a_wrong_import_names_the_right_one(module: str, name: str, instead: str) -> None:
    with pytest.raises(ImportError, match=f"{module} has no {name}. Write: {instead}"):
        exec(f"from {module} import {name}")  # noqa: S102  # that is the test
    exec(instead)  # noqa: S102


def test_other_names_are_missing_as_ever() -> None:
    module = importlib.import_module("crosscors.django")
    assert not hasattr(module, "no_such_name")
    with pytest.raises(ImportError, match="cannot import name"):
        exec("from crosscors.django import no_such_name")  # noqa: S102


def test_the_middleware_under_the_name_of_the_other_library_does_not_start() -> None:
    request = RequestFactory().get("/")
    with (
        override_settings(MIDDLEWARE=["crosscors.django.middleware.CorsMiddleware"]),
        pytest.raises(ImportError, match=r"\(in MIDDLEWARE: crosscors\.django\.CORSMiddleware\)"),
    ):
        importlib.import_module("django.core.handlers.wsgi").WSGIHandler()
    assert CORSMiddleware(plain)(request).status_code == 200  # type: ignore[union-attr]
