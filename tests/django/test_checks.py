"""The system checks, one by one, and as ``manage.py check`` runs them."""

from __future__ import annotations

import ast
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from corsheaders.signals import check_request_enabled as their_signal
from django.apps import apps
from django.core.checks import Error, Tags
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.test import override_settings
from django.urls import include, path
from django.views import View
from rest_framework.decorators import api_view

import crosscors
from crosscors import CORSPolicy, CORSRequest
from crosscors.django import CORSMiddleware
from crosscors.django.checks import (
    NUMBERS,
    check_csrf,
    check_middleware,
    check_settings,
    check_signal,
    check_views,
)
from crosscors.django.decorators import cross_origin
from crosscors.django.signals import check_request_enabled
from crosscors.django.views import policies_of_views
from tests.django.clients import LISTED, ORIGIN, OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

OURS = "crosscors.django.CORSMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
WITH_CREDENTIALS: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, "MIDDLEWARE": [OURS, CSRF]}


@pytest.fixture(autouse=True)
def _no_views_of_other_tests() -> Iterator[None]:
    before = list(policies_of_views)
    policies_of_views.clear()
    yield
    policies_of_views[:] = before


def seen(check: Any, **settings: Any) -> list[CheckMessage]:
    with override_settings(**settings):
        messages: list[CheckMessage] = check(app_configs=None, databases=None)
        return messages


def manage_check(**settings: Any) -> str:
    """What ``manage.py check`` prints."""
    printed = io.StringIO()
    with override_settings(**settings):
        call_command("check", stdout=printed, stderr=printed)
    return printed.getvalue()


# The app.


def test_the_app_registers_the_checks_as_those_of_security() -> None:
    config = apps.get_app_config("crosscors")
    assert (config.name, config.verbose_name) == ("crosscors.django", "crosscors")
    registered: dict[Any, Any] = {check: check.tags for check in registry.get_checks()}
    for check in (check_settings, check_middleware, check_csrf, check_signal, check_views):
        assert registered[check] == (Tags.security,)


def test_nothing_is_said_of_settings_that_are_fine() -> None:
    fine: dict[str, Any] = {**LISTED, "CSRF_TRUSTED_ORIGINS": [ORIGIN], **WITH_CREDENTIALS}
    for check in (check_settings, check_middleware, check_csrf, check_signal, check_views):
        assert seen(check, **fine) == []
    assert "no issues" in manage_check(**fine)


# Settings.


def test_every_problem_of_the_settings_is_an_error() -> None:
    messages = seen(
        check_settings, CORS_ALLOWED_ORIGINS=[f"{ORIGIN}/", "example.com"], CORS_PREFLIGHT_MAX_AGE=-1
    )
    assert messages == [
        Error(
            f"CORS_ALLOWED_ORIGINS: '{ORIGIN}/' ends with a slash; an origin has none.",
            hint=f'Write "{ORIGIN}".',
            id="crosscors.E025",
        ),
        Error(
            "CORS_ALLOWED_ORIGINS: 'example.com' does not begin with a scheme and \"://\".",
            hint='Write "https://example.com".',
            id="crosscors.E017",
        ),
        Error(
            "CORS_PREFLIGHT_MAX_AGE: -1 is negative.",
            hint="Write CORS_PREFLIGHT_MAX_AGE = 0 to keep browsers from caching preflights.",
            id="crosscors.E038",
        ),
    ]


def test_what_is_surely_not_meant_is_a_warning() -> None:
    (message,) = seen(check_settings, CORS_ALLOW_HEADERS=["accept"])
    assert (message.msg, message.hint) == ("CORS_ALLOW_HEADERS: 'accept' is always allowed.", "Leave it out.")
    assert (message.id, message.is_serious()) == ("crosscors.W037", False)


def test_manage_check_fails_for_errors_and_names_every_one() -> None:
    with pytest.raises(CommandError) as caught:
        manage_check(CORS_ALLOWED_ORIGINS=[f"{ORIGIN}/", "example.com"])
    text = str(caught.value)
    assert f"(crosscors.E025) CORS_ALLOWED_ORIGINS: '{ORIGIN}/' ends with a slash" in text
    assert 'HINT: Write "https://example.com".' in text
    assert "2 issues" in text


def test_messages_can_be_silenced() -> None:
    assert "(crosscors.W037)" in manage_check(CORS_ALLOW_HEADERS=["accept"])
    silenced = manage_check(CORS_ALLOW_HEADERS=["accept"], SILENCED_SYSTEM_CHECKS=["crosscors.W037"])
    assert "1 silenced" in silenced
    assert "crosscors.W037" not in silenced


def test_to_silence_an_error_does_not_make_an_unsafe_policy_start() -> None:
    unsafe: dict[str, Any] = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}
    assert "1 silenced" in manage_check(SILENCED_SYSTEM_CHECKS=["crosscors.E030"], **unsafe)
    with (
        override_settings(SILENCED_SYSTEM_CHECKS=["crosscors.E030"], **unsafe),
        pytest.raises(ImproperlyConfigured, match="browsers refuse"),
    ):
        WSGIHandler()


# MIDDLEWARE.


class OwnMiddleware(CORSMiddleware):
    """A project's own."""


class OwnCommonMiddleware(CommonMiddleware):
    """A project's own."""


@pytest.mark.parametrize(
    "middleware", [[], [COMMON], ["tests.django.middleware.teapot", "no.such.Middleware"]]
)
def test_middleware_that_is_missing(middleware: list[str]) -> None:
    (message,) = seen(check_middleware, MIDDLEWARE=middleware)
    assert (message.id, message.is_serious()) == ("crosscors.W072", False)
    assert "its middleware is not in MIDDLEWARE" in message.msg
    assert message.hint == 'Write MIDDLEWARE = ["crosscors.django.CORSMiddleware", ...].'


def test_middleware_listed_twice() -> None:
    (message,) = seen(check_middleware, MIDDLEWARE=[OURS, COMMON, f"{__name__}.OwnMiddleware"])
    assert (message.id, message.is_serious()) == ("crosscors.E073", True)
    assert message.msg.endswith(f"more than once: {OURS}, {__name__}.OwnMiddleware.")
    assert message.hint == "Keep the first one."


@pytest.mark.parametrize("position", [0, 1])
def test_middleware_together_with_that_of_django_cors_headers(
    position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CorsMiddleware:
        __module__ = "corsheaders.middleware"
        __qualname__ = "CorsMiddleware"

    theirs = "corsheaders.middleware.CorsMiddleware"
    monkeypatch.setattr(
        "crosscors.django.checks.of_middleware.import_string",
        lambda path: CorsMiddleware if path == theirs else CORSMiddleware,
    )
    middleware = [OURS]
    middleware.insert(position, theirs)
    (message,) = seen(check_middleware, MIDDLEWARE=middleware)
    assert (message.id, message.is_serious()) == ("crosscors.E074", True)
    assert message.hint == f'Leave out "{theirs}", and "corsheaders" in INSTALLED_APPS.'


BEFORE = [
    ("django.contrib.flatpages.middleware.FlatpageFallbackMiddleware", "it answers 404s with flat pages"),
    ("django.contrib.redirects.middleware.RedirectFallbackMiddleware", "it answers 404s with redirects"),
    ("django.contrib.sessions.middleware.SessionMiddleware", "it answers 400 if the session was deleted"),
    ("django.middleware.cache.FetchFromCacheMiddleware", "it answers from the cache"),
    ("django.middleware.cache.UpdateCacheMiddleware", "it stores the policy's fields"),
    ("django.middleware.cache.CacheMiddleware", "it answers from the cache"),
    (COMMON, "it redirects (APPEND_SLASH, PREPEND_WWW)"),
    (f"{__name__}.OwnCommonMiddleware", "it redirects (APPEND_SLASH, PREPEND_WWW)"),
    (CSRF, "it answers 403 to requests without a CSRF token"),
    ("django.middleware.http.ConditionalGetMiddleware", "it answers 304 without the policy's fields"),
    ("django.middleware.locale.LocaleMiddleware", "it redirects to the path of a language"),
]
APPS = [
    "crosscors.django",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.flatpages",
    "django.contrib.redirects",
]


@pytest.mark.parametrize(("path", "reason"), BEFORE, ids=[path for path, _ in BEFORE])
def test_middleware_that_can_answer_before_ours(path: str, reason: str) -> None:
    with override_settings(INSTALLED_APPS=APPS):
        (message,) = seen(check_middleware, MIDDLEWARE=[path, OURS])
    assert (message.id, message.is_serious()) == ("crosscors.W075", False)
    assert message.msg.startswith(f"{path} stands before CORSMiddleware in MIDDLEWARE: ")
    assert reason in message.msg
    assert message.hint == 'Move "crosscors.django.CORSMiddleware" to the top of MIDDLEWARE.'
    with override_settings(INSTALLED_APPS=APPS):
        assert seen(check_middleware, MIDDLEWARE=[OURS, path]) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("django.contrib.auth.middleware.LoginRequiredMiddleware", "it redirects to the login page"),
        ("whitenoise.middleware.WhiteNoiseMiddleware", "it serves files"),
    ],
)
def test_middleware_that_is_not_everywhere(name: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, qualname = name.rpartition(".")
    fake = type(qualname, (), {"__module__": module})
    monkeypatch.setattr(
        "crosscors.django.checks.of_middleware.import_string",
        lambda path: fake if path == name else CORSMiddleware,
    )
    (message,) = seen(check_middleware, MIDDLEWARE=[name, OURS])
    assert reason in message.msg


def test_middleware_that_redirects_to_https() -> None:
    assert seen(check_middleware, MIDDLEWARE=[SECURITY, OURS]) == []
    (message,) = seen(check_middleware, MIDDLEWARE=[SECURITY, OURS], SECURE_SSL_REDIRECT=True)
    assert "it redirects to https (SECURE_SSL_REDIRECT)" in message.msg


def test_middleware_that_answers_nothing_may_stand_anywhere() -> None:
    before = [
        SECURITY,
        "django.middleware.gzip.GZipMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "tests.django.middleware.teapot",
    ]
    assert seen(check_middleware, MIDDLEWARE=[*before, OURS]) == []


def test_every_middleware_before_ours_is_named() -> None:
    messages = seen(check_middleware, MIDDLEWARE=[COMMON, CSRF, OURS])
    assert [message.msg.split()[0] for message in messages] == [COMMON, CSRF]


# CSRF_TRUSTED_ORIGINS.


def missing_origins(trusted: list[str], **settings: Any) -> CheckMessage | None:
    messages = seen(check_csrf, CSRF_TRUSTED_ORIGINS=trusted, **{**WITH_CREDENTIALS, **settings})
    assert len(messages) <= 1
    return messages[0] if messages else None


@pytest.mark.parametrize(
    ("origin", "trusted", "is_missing"),
    [
        (ORIGIN, [], True),
        (ORIGIN, [ORIGIN], False),
        (ORIGIN, [OTHER], True),
        (ORIGIN, ["http://app.example.com"], True),
        (ORIGIN, ["https://*.example.com"], False),
        ("https://example.com", ["https://*.example.com"], False),
        ("https://a.b.example.com", ["https://*.example.com"], False),
        ("https://badexample.com", ["https://*.example.com"], True),
        ("http://app.localhost", ["https://*.localhost"], True),
        ("https://app.example.com:8443", ["https://*.example.com"], True),
        ("https://app.example.com:8443", ["https://*.example.com:8443"], False),
        ("https://*.example.com", ["https://*.example.com"], False),
        ("https://*.api.example.com", ["https://*.example.com"], False),
        ("https://*.example.com", ["https://app.example.com"], True),
        ("https://*.example.com", ["https://*.api.example.com"], True),
        ("http://localhost:*", ["http://localhost:3000"], True),
        ("capacitor://localhost", ["capacitor://localhost"], False),
    ],
)
def test_origins_that_may_write_are_trusted_as_django_trusts_them(
    origin: str, trusted: list[str], is_missing: bool
) -> None:
    message = missing_origins(trusted, CORS_ALLOWED_ORIGINS=[origin])
    assert (message is not None) == is_missing


def test_the_message_says_which_and_what_to_write() -> None:
    message = missing_origins([OTHER], CORS_ALLOWED_ORIGINS=[ORIGIN, OTHER, "http://localhost:*"])
    assert message is not None
    assert (message.id, message.is_serious()) == ("crosscors.W076", False)
    assert message.msg.startswith(f"CSRF_TRUSTED_ORIGINS lacks '{ORIGIN}', 'http://localhost:*': ")
    assert message.hint is not None
    assert message.hint.startswith(
        f'If they may write, add to CSRF_TRUSTED_ORIGINS: "{ORIGIN}". It has no pattern for ports: list each '
        "of them."
    )


def test_where_only_ports_are_open_an_example_is_given() -> None:
    message = missing_origins([], CORS_ALLOWED_ORIGINS=["http://localhost:*"])
    assert message is not None
    assert message.hint is not None
    assert 'CSRF_TRUSTED_ORIGINS: "http://localhost:3000".' in message.hint


def test_many_missing_origins_are_counted() -> None:
    message = missing_origins([], CORS_ALLOWED_ORIGINS=[f"https://s{i}.example.com" for i in range(12)])
    assert message is not None
    assert "'https://s9.example.com' and 2 more: " in message.msg
    assert "s10.example.com" not in f"{message.msg}{message.hint}"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"CORS_ALLOW_CREDENTIALS": False, **LISTED}, id="no credentials"),
        pytest.param({"CORS_ALLOW_METHODS": ["GET", "HEAD", "OPTIONS"], **LISTED}, id="no unsafe methods"),
        pytest.param({"MIDDLEWARE": [OURS], **LISTED}, id="no CSRF protection"),
        pytest.param(
            {
                "CORS_ALLOW_CREDENTIALS": [ORIGIN],
                "CORS_ALLOW_ALL_ORIGINS": True,
                "CSRF_TRUSTED_ORIGINS": [ORIGIN],
            },
            id="all origins without credentials",
        ),
        pytest.param(
            {"CORS_ALLOWED_ORIGINS": ["null"], "CORS_DANGEROUSLY_ALLOW": ["null-origin"]},
            id="null, which Django cannot trust",
        ),
        pytest.param({"CORS_ALLOWED_ORIGINS": ["faulty"]}, id="settings that have a problem"),
    ],
)
def test_who_cannot_write_need_not_be_trusted(settings: dict[str, Any]) -> None:
    assert seen(check_csrf, **{**WITH_CREDENTIALS, **settings}) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"CORS_ALLOW_CREDENTIALS": [ORIGIN], "CORS_ALLOW_ALL_ORIGINS": True},
        {"CORS_ALLOW_METHODS": "*", "CORS_ALLOW_CREDENTIALS": True, **LISTED},
        {"CORS_POLICY": {"allow_origins": [ORIGIN], "allow_credentials": True, "allow_methods": ["PUT"]}},
        {
            "CORS_RESOURCES": {
                "/a": None,
                "/b": CORSPolicy(allow_origins=[ORIGIN], allow_credentials=True, allow_methods=["PUT"]),
            }
        },
    ],
)
def test_every_policy_is_looked_at(settings: dict[str, Any]) -> None:
    (message,) = seen(check_csrf, **{"MIDDLEWARE": [OURS, CSRF], **settings})
    assert ORIGIN in message.msg


@pytest.mark.usefixtures("no_marked_views")
def test_the_policies_of_views_are_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = CORSPolicy(allow_origins=[ORIGIN], allow_credentials=True, allow_methods=["PUT"])
    monkeypatch.setattr("crosscors.django.views.policies_of_views", [given])
    (message,) = seen(check_csrf, MIDDLEWARE=[OURS, CSRF])
    assert ORIGIN in message.msg
    (message,) = seen(check_csrf, MIDDLEWARE=[OURS, CSRF], ROOT_URLCONF=None)
    assert ORIGIN in message.msg


# check_request_enabled.


def test_receivers_that_are_not_asked() -> None:
    def receiver(**_: object) -> bool:
        return True

    def is_allowed(request: CORSRequest) -> bool:
        return True

    assert seen(check_signal, CORS_ORIGIN_FUNC=is_allowed) == []
    check_request_enabled.connect(receiver)
    assert seen(check_signal, **LISTED) == []
    assert seen(check_signal, CORS_DEBUG="faulty") == []
    (message,) = seen(check_signal, CORS_ORIGIN_FUNC=is_allowed)
    assert (message.id, message.is_serious()) == ("crosscors.W077", False)
    assert message.hint == "Ask in the function what the receivers ask, or leave the function out."


# Ids.


def codes_in_the_package() -> Iterator[str]:
    """Codes of problems, wherever one can come from that Django's settings are read by."""
    package = Path(crosscors.__file__).parent
    shared = [package / f"{name}.py" for name in ("keywords", "reporting", "view_policies", "alternatives")]
    for file in (*shared, *(package / "core").glob("*.py"), *(package / "django").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                makes = name in ("Problem", "problem", "warning", "_error", "error_id", "warning_id")
                first = node.args[0] if makes and node.args else None
            else:
                first = node.elts[0] if isinstance(node, ast.Tuple) and node.elts else None
                makes = file.name in ("credentials.py", "origin_faults.py", "resources.py")
            if (
                makes
                and isinstance(first, ast.Constant)
                and re.fullmatch(r"[a-z]+(-[a-z]+)+", str(first.value))
            ):
                yield str(first.value)


def test_every_code_has_an_id_of_its_own() -> None:
    codes = set(codes_in_the_package())
    assert len(codes) > 40
    assert codes == set(NUMBERS)
    assert len(set(NUMBERS.values())) == len(NUMBERS)


# Views.


def test_a_policy_of_a_view_that_no_url_leads_to_is_warned_of() -> None:
    routed = CORSPolicy(allow_origins=[ORIGIN], max_age=1)
    lost = CORSPolicy(allow_origins=[OTHER])

    @cross_origin(policy=routed)
    def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse()

    class ByMethod(View):
        @cross_origin(policy=routed)
        def get(self, _: HttpRequest) -> HttpResponse:
            return HttpResponse()

    @api_view(["GET"])  # which makes a new view, and leaves the policy behind
    @cross_origin(policy=lost)
    def lost_view(_: HttpRequest) -> HttpResponse:
        return HttpResponse()

    class URLs:
        urlpatterns = (
            path("view", view),
            path("by-method", ByMethod.as_view()),
            path("nested/", include([path("lost", lost_view)])),
        )

    (message,) = seen(check_views, ROOT_URLCONF=URLs)
    assert message.id == "crosscors.W078"
    assert "No URL leads to the view that cross_origin gave the policy" in message.msg
    assert OTHER in message.msg
    assert message.hint is not None
    assert "above @api_view" in message.hint


def test_without_urls_every_policy_of_a_view_is_warned_of() -> None:
    cross_origin(policy=CORSPolicy(allow_origins=[OTHER]))
    (message,) = seen(check_views, ROOT_URLCONF=None)
    assert message.id == "crosscors.W078"


def test_receivers_of_the_other_library_s_signal_are_warned_of() -> None:
    assert seen(check_signal) == []

    def receiver(**_: object) -> bool:
        return True

    their_signal.connect(receiver)
    try:
        (message,) = seen(check_signal)
    finally:
        their_signal.disconnect(receiver)
    assert message.id == "crosscors.W079"
    assert message.hint == "Write from crosscors.django.signals import check_request_enabled."


def test_without_the_other_library_there_is_nothing_to_warn_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "corsheaders.signals")
    assert seen(check_signal) == []
