"""The system checks, one by one, and as ``manage.py check`` runs them."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from corsheaders.signals import check_request_enabled as their_signal
from django.apps import apps
from django.core.checks import Tags
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

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, PolicyWarning, Resources
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
from tests.django.clients import LISTED, ORIGIN, OTHER
from tests.problem_codes import PACKAGE, codes_in
from tests.tables import each, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.core.checks import CheckMessage

OURS = "crosscors.django.CORSMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
THEIRS = "corsheaders.middleware.CorsMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
ALL_ORIGINS: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": [ORIGIN], "CORS_ALLOW_ALL_ORIGINS": True}
WRITING: dict[str, Any] = {"allow_origins": [ORIGIN], "allow_credentials": True, "allow_methods": ["PUT"]}
WITH_CREDENTIALS: dict[str, Any] = {"CORS_ALLOW_CREDENTIALS": True, "MIDDLEWARE": [OURS, CSRF]}


pytestmark = pytest.mark.usefixtures("no_marked_views")


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


# Keys of resources.


def test_keys_that_surely_do_not_cover_what_was_meant_warn_in_the_words_of_the_setting() -> None:
    key = re.compile("/api/*")
    with pytest.warns(PolicyWarning):
        made = Resources({key: CORSPolicy()})
    for given in (made, {key: CORSPolicy()}):
        (message,) = seen(check_settings, CORS_RESOURCES=given)
        assert (message.id, message.hint) == ("crosscors.W066", 'Write "/api/*".')
        assert message.msg.startswith("CORS_RESOURCES: '/api/*' is a regular expression.")
    assert not seen(check_settings, CORS_URLS_REGEX="^/api/*")  # which Django's users know as a beginning


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


def test_manage_check_fails_for_errors_and_names_every_one() -> None:
    with pytest.raises(CommandError) as caught:
        manage_check(CORS_ALLOWED_ORIGINS=[f"{ORIGIN}/", "example.com"])
    text = str(caught.value)
    assert "(crosscors.E025) CORS_ALLOWED_ORIGINS: " in text
    assert f'"{ORIGIN}"' in text
    assert "2 issues" in text


def test_messages_can_be_silenced_but_no_unsafe_policy_starts() -> None:
    assert "(crosscors.W037)" in manage_check(CORS_ALLOW_HEADERS=["accept"])
    silenced = manage_check(CORS_ALLOW_HEADERS=["accept"], SILENCED_SYSTEM_CHECKS=["crosscors.W037"])
    assert "1 silenced" in silenced
    assert "crosscors.W037" not in silenced
    unsafe: dict[str, Any] = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}
    unsafe["SILENCED_SYSTEM_CHECKS"] = ["crosscors.E030"]
    assert "1 silenced" in manage_check(**unsafe)
    with override_settings(**unsafe), pytest.raises(ImproperlyConfigured):
        WSGIHandler()


# MIDDLEWARE.


class OwnMiddleware(CORSMiddleware):
    """A project's own."""


class OwnCommonMiddleware(CommonMiddleware):
    """A project's own."""


def text(message: CheckMessage) -> str:
    kind = "error" if message.is_serious() else "warning"
    return f"{kind} {message.id}: {message.msg}\n  {message.hint}"


def receiver(**_: object) -> bool:
    return True


@table(
    "middleware, id_, hint",
    ("missing in an empty list", [], "W072", OURS),
    ("missing among others", ["tests.django.middleware.teapot", "no.such.Middleware"], "W072", OURS),
    ("listed twice", [OURS, COMMON, f"{__name__}.OwnMiddleware"], "E073", "Keep the first one"),
    ("that of django-cors-headers after it", [OURS, THEIRS], "E074", THEIRS),
    ("that of django-cors-headers before it", [THEIRS, OURS], "E074", THEIRS),
)
def test_middleware_that_is_not_there_once(
    middleware: list[str], id_: str, hint: str, approved: Callable[[str, str], None]
) -> None:
    (message,) = seen(check_middleware, MIDDLEWARE=middleware)
    assert (message.id, message.is_serious()) == (f"crosscors.{id_}", id_[0] == "E")
    assert hint in str(message.hint)
    approved(f"django_{id_}", text(message))


BEFORE = [
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.middleware.cache.CacheMiddleware",
    COMMON,
    f"{__name__}.OwnCommonMiddleware",
    CSRF,
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
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


def test_every_middleware_that_can_answer_before_ours_is_named(approved: Callable[[str, str], None]) -> None:
    settings: dict[str, Any] = {"INSTALLED_APPS": APPS, "SECURE_SSL_REDIRECT": True}
    messages = seen(check_middleware, MIDDLEWARE=[SECURITY, *BEFORE, OURS], **settings)
    assert [(message.id, message.is_serious()) for message in messages] == [("crosscors.W075", False)] * 13
    assert [message.msg.split()[0] for message in messages] == [SECURITY, *BEFORE]
    approved("django_W075", "\n".join(text(message) for message in messages))
    assert seen(check_middleware, MIDDLEWARE=[OURS, SECURITY, *BEFORE], **settings) == []


def test_middleware_that_django_has_got_later_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # Django has it since 5.1.
    module, name = "django.contrib.auth.middleware", "LoginRequiredMiddleware"
    monkeypatch.setattr(f"{module}.{name}", type(name, (), {"__module__": module}), raising=False)
    (message,) = seen(check_middleware, MIDDLEWARE=[f"{module}.{name}", OURS])
    assert message.msg.startswith(f"{module}.{name}")


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


@each("protect", True, "report")
def test_a_protection_without_the_middleware_is_an_error(
    protect: object, approved: Callable[[str, str], None]
) -> None:
    (message,) = seen(check_middleware, MIDDLEWARE=[COMMON], CORS_PROTECT=protect)
    assert (message.id, message.is_serious()) == ("crosscors.E072", True)
    approved("django_E072", text(message))
    (message,) = seen(check_middleware, MIDDLEWARE=[COMMON], CORS_PROTECT="wrong")
    assert message.id == "crosscors.W072"


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


def test_the_message_says_which_and_what_to_write(approved: Callable[[str, str], None]) -> None:
    both = missing_origins([OTHER], CORS_ALLOWED_ORIGINS=[ORIGIN, OTHER, "http://localhost:*"])
    ports = missing_origins([], CORS_ALLOWED_ORIGINS=["http://localhost:*"])
    many = missing_origins([], CORS_ALLOWED_ORIGINS=[f"https://s{i}.example.com" for i in range(12)])
    assert both is not None
    assert (both.id, both.is_serious()) == ("crosscors.W076", False)
    approved("django_W076", "\n".join(text(message) for message in (both, ports, many) if message))


@table(
    "settings",
    ("no credentials", {"CORS_ALLOW_CREDENTIALS": False, **LISTED}),
    ("no unsafe methods", {"CORS_ALLOW_METHODS": ["GET", "HEAD", "OPTIONS"], **LISTED}),
    ("no CSRF protection", {"MIDDLEWARE": [OURS], **LISTED}),
    ("all origins without credentials", {**ALL_ORIGINS, "CSRF_TRUSTED_ORIGINS": [ORIGIN]}),
    (
        "null, which Django cannot trust",
        {"CORS_ALLOWED_ORIGINS": ["null"], "CORS_DANGEROUSLY_ALLOW": ["null-origin"]},
    ),
    ("settings that have a problem", {"CORS_ALLOWED_ORIGINS": ["faulty"]}),
)
def test_who_cannot_write_need_not_be_trusted(settings: dict[str, Any]) -> None:
    assert seen(check_csrf, **{**WITH_CREDENTIALS, **settings}) == []


@pytest.mark.parametrize(
    "settings",
    [
        ALL_ORIGINS,
        {"CORS_ALLOW_METHODS": "*", "CORS_ALLOW_CREDENTIALS": True, **LISTED},
        {"CORS_POLICY": WRITING},
        {"CORS_RESOURCES": {"/a": None, "/b": CORSPolicy(**WRITING)}},
    ],
)
def test_every_policy_is_looked_at(settings: dict[str, Any]) -> None:
    (message,) = seen(check_csrf, **{"MIDDLEWARE": [OURS, CSRF], **settings})
    assert ORIGIN in message.msg


def test_the_policies_of_views_are_looked_at_too() -> None:
    cross_origin(**WRITING)
    for urls in ({}, {"ROOT_URLCONF": None}):
        (message,) = seen(check_csrf, MIDDLEWARE=[OURS, CSRF], **urls)
        assert ORIGIN in message.msg


# CSRF_TRUSTED_ORIGINS and CORS_PROTECT.


REPORTING = CrossOriginProtection(report_only=True, trusted_origins=[OTHER])


def test_the_message_is_true_with_cors_protect_too(approved: Callable[[str, str], None]) -> None:
    policies: list[dict[str, Any]] = [
        {"CORS_PROTECT": True, **LISTED},
        {"CORS_PROTECT": CrossOriginProtection(trusted_origins=[OTHER]), **LISTED},
        {"CORS_PROTECT": REPORTING},
    ]
    messages = [missing_origins([], **settings) for settings in policies]
    assert [message and message.id for message in messages] == ["crosscors.W076"] * 3
    approved("django_W076_protected", "\n".join(text(message) for message in messages if message))


def by_regex(**options: Any) -> dict[str, Any]:
    return {"CORS_POLICY": {"allow_origin_regex": r"https://[a-z]+\.example\.com", **options}}


@table(
    "listed, settings, is_refused",
    ("nobody else knows the origin", ORIGIN, {}, True),
    ("it is only reported", ORIGIN, {"CORS_PROTECT": "report"}, True),
    ("a pattern", "https://*.example.com", {}, True),
    ("a pattern of which the policy has a part", "https://*.example.com", LISTED, True),
    ("the policy gives it credentials", ORIGIN, {"CORS_ALLOW_CREDENTIALS": True, **LISTED}, False),
    ("the policy gives it none", ORIGIN, {"CORS_ALLOW_CREDENTIALS": False, **LISTED}, True),
    ("the policy lets it read only", ORIGIN, {"CORS_ALLOW_METHODS": ["GET"], **LISTED}, True),
    (
        "an expression gives it credentials",
        ORIGIN,
        by_regex(allow_credentials=True, allow_methods="*"),
        False,
    ),
    ("it is trusted", ORIGIN, {"CORS_PROTECT": CrossOriginProtection(trusted_origins=[ORIGIN])}, False),
    (
        "all of a pattern is trusted",
        "https://*.example.com",
        {"CORS_PROTECT": CrossOriginProtection(trusted_origins=["https://*.example.com"])},
        False,
    ),
    ("it is one's own", ORIGIN, {"CORS_PROTECT": CrossOriginProtection(own_origins=[ORIGIN])}, False),
    ("its host is one of this server", ORIGIN, {"ALLOWED_HOSTS": ["app.example.com"]}, False),
    ("so are all of its pattern", "https://*.example.com", {"ALLOWED_HOSTS": [".example.com"]}, False),
    ("in debug mode, that is this machine", "http://localhost:8000", {"ALLOWED_HOSTS": []}, False),
    ("it is no origin, which Django says", "app.example.com", {}, False),
    ("it is none that browsers send", f"{ORIGIN}/", {}, False),
    ("nothing is protected", ORIGIN, {"CORS_PROTECT": False}, False),
    ("there is no CSRF protection", ORIGIN, {"MIDDLEWARE": [OURS]}, False),
    ("a function may know the origin", ORIGIN, {"CORS_ORIGIN_FUNC": receiver}, False),
)
def test_who_is_trusted_by_one_and_refused_by_the_other(
    listed: str, settings: dict[str, Any], is_refused: bool, approved: Callable[[str, str], None]
) -> None:
    protected = {"CORS_PROTECT": True, "ALLOWED_HOSTS": ["api.example.com"], **WITH_CREDENTIALS}
    messages = seen(check_csrf, **{**protected, "CSRF_TRUSTED_ORIGINS": [listed], **settings})
    about = [message for message in messages if message.id == "crosscors.W080"]
    assert [message.is_serious() for message in about] == [False] * is_refused
    if settings in ({}, {"CORS_PROTECT": "report"}) and is_refused and listed == ORIGIN:
        approved("django_W080_reported" if settings else "django_W080", text(about[0]))


def test_of_receivers_nobody_knows_either() -> None:
    check_request_enabled.connect(receiver)
    settings: dict[str, Any] = {"CSRF_TRUSTED_ORIGINS": [ORIGIN], "ALLOWED_HOSTS": ["api.example.com"]}
    assert seen(check_csrf, CORS_PROTECT=True, MIDDLEWARE=[OURS, CSRF], **settings) == []


SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@table(
    "middleware, protect, is_open",
    ("it only reports", [OURS, SESSIONS], "report", True),
    ("an object only reports", [OURS, SESSIONS], REPORTING, True),
    ("it protects", [OURS, SESSIONS], True, False),
    ("it is off, as it was before there was one", [OURS, SESSIONS], False, False),
    ("there are tokens", [OURS, SESSIONS, CSRF], "report", False),
    ("there are no sessions", [OURS], "report", False),
)
def test_a_project_that_nothing_protects_yet(
    middleware: list[str], protect: object, is_open: bool, approved: Callable[[str, str], None]
) -> None:
    messages = [
        each for each in seen(check_csrf, MIDDLEWARE=middleware, CORS_PROTECT=protect) if each.id != WRITES
    ]
    assert [message.id for message in messages] == ["crosscors.W081"] * is_open
    if messages:
        approved("django_W081", text(messages[0]))


WRITES = "crosscors.W076"


@table(
    "middleware",
    ("tokens as well", [OURS, SESSIONS, CSRF]),
    ("no tokens", [OURS, SESSIONS]),
    ("no sessions", [OURS]),
)
@each("protect", True, CrossOriginProtection(trusted_origins=[ORIGIN], exempt=["/saml/acs"]))
def test_nothing_is_said_of_a_sound_project(middleware: list[str], protect: object) -> None:
    sound: dict[str, Any] = {**LISTED, "CORS_ALLOW_CREDENTIALS": True, "CSRF_TRUSTED_ORIGINS": [ORIGIN]}
    assert "no issues" in manage_check(MIDDLEWARE=middleware, CORS_PROTECT=protect, **sound)


# check_request_enabled.


def test_receivers_that_are_not_asked(approved: Callable[[str, str], None]) -> None:
    def is_allowed(request: CORSRequest) -> bool:
        return True

    assert seen(check_signal, CORS_ORIGIN_FUNC=is_allowed) == []
    check_request_enabled.connect(receiver)
    assert seen(check_signal, **LISTED) == []
    assert seen(check_signal, CORS_DEBUG="faulty") == []
    (message,) = seen(check_signal, CORS_ORIGIN_FUNC=is_allowed)
    assert (message.id, message.is_serious()) == ("crosscors.W077", False)
    approved("django_W077", text(message))


# Ids.


def codes_in_the_package() -> Iterator[str]:
    """Codes of problems, wherever one can come from that Django's settings are read by."""
    others = ("aiohttp", "cli", "flask", "live", "starlette", "testing", "starlette.py")
    for file in PACKAGE.rglob("*.py"):
        if file.relative_to(PACKAGE).parts[0] in others:
            continue
        if file.name in ("protection.py", "hosts.py"):  # CrossOriginProtection raises, in settings.py
            continue
        if file.name in ("document.py", "document_form.py"):  # Django's settings are no document
            continue
        if file.name == "live.py":  # LivePolicy raises, in settings.py and when it is replaced
            continue
        yield from codes_in(file)


def test_every_code_has_an_id_of_its_own() -> None:
    codes = set(codes_in_the_package())
    assert len(codes) > 40
    assert codes == set(NUMBERS)
    assert len(set(NUMBERS.values())) == len(NUMBERS)


# Views.


def test_a_policy_of_a_view_that_no_url_leads_to_is_warned_of(approved: Callable[[str, str], None]) -> None:
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
    approved("django_W078", text(message))


def test_without_urls_every_policy_of_a_view_is_warned_of() -> None:
    cross_origin(policy=CORSPolicy(allow_origins=[OTHER]))
    (message,) = seen(check_views, ROOT_URLCONF=None)
    assert message.id == "crosscors.W078"


def test_receivers_of_the_other_library_s_signal_are_warned_of(approved: Callable[[str, str], None]) -> None:
    assert seen(check_signal) == []

    their_signal.connect(receiver)
    try:
        (message,) = seen(check_signal)
    finally:
        their_signal.disconnect(receiver)
    approved("django_W079", text(message))


def test_without_the_other_library_there_is_nothing_to_warn_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "corsheaders.signals")
    assert seen(check_signal) == []
