"""Whether MIDDLEWARE has the middleware, once, and above everything that can respond in its place."""

from __future__ import annotations

from collections.abc import Iterator

from django import conf
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.utils.module_loading import import_string

from crosscors.django.checks.ids import error_id, warning_id
from crosscors.django.settings import read_settings

_OURS = "crosscors.django.middleware.CORSMiddleware"
_THEIRS = "corsheaders.middleware.CorsMiddleware"

# What other middleware does if it comes before ours.
_REASONS = {
    "django.contrib.auth.middleware.LoginRequiredMiddleware": "it redirects to the login page",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware": "it replaces 404s with flat pages",
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware": "it replaces 404s with redirects",
    "django.contrib.sessions.middleware.SessionMiddleware": (
        "it answers 400 if the session was deleted while the request was running"
    ),
    "django.middleware.cache.FetchFromCacheMiddleware": "it answers from the cache",
    "django.middleware.cache.UpdateCacheMiddleware": (
        "it also stores the CORS headers, so it keeps a copy of each page for every origin"
    ),
    "django.middleware.common.CommonMiddleware": "it redirects (APPEND_SLASH, PREPEND_WWW)",
    "django.middleware.csrf.CsrfViewMiddleware": "it answers 403 to requests without a CSRF token",
    "django.middleware.http.ConditionalGetMiddleware": "it sends 304 without CORS headers",
    "django.middleware.locale.LocaleMiddleware": "it redirects to the path of a language",
    "whitenoise.middleware.WhiteNoiseMiddleware": "it serves files",
}
_SECURITY = "django.middleware.security.SecurityMiddleware"
_REDIRECTS_TO_HTTPS = "it redirects to https (SECURE_SSL_REDIRECT)"


def check_middleware(**_: object) -> list[CheckMessage]:
    """Whether MIDDLEWARE has the middleware, once, and above everything that can respond in its place."""
    listed = [(path, names_of(path)) for path in conf.settings.MIDDLEWARE]
    ours = [position for position, (_, bases) in enumerate(listed) if _OURS in bases]
    if not ours:
        return [_missing()]
    return [*_surplus(listed, ours), *_answering_before(listed[: ours[0]])]


def _missing() -> CheckMessage:
    settings = read_settings()[0]
    hint = 'Write MIDDLEWARE = ["crosscors.django.CORSMiddleware", ...].'
    if settings is None or settings.protection is None:
        return CheckWarning(
            "crosscors.django is in INSTALLED_APPS, but its middleware is not in MIDDLEWARE, so no response "
            "gets CORS headers.",
            hint=hint,
            id=warning_id("middleware-missing"),
        )
    return Error(
        "CORS_PROTECT has no effect, because the middleware of crosscors is not in MIDDLEWARE. Requests from "
        "other sites are served, and no response gets CORS headers.",
        hint=hint,
        id=error_id("middleware-missing"),
    )


def _surplus(listed: list[tuple[str, list[str]]], ours: list[int]) -> Iterator[CheckMessage]:
    if len(ours) > 1:
        paths = ", ".join(listed[position][0] for position in ours)
        yield Error(
            f"MIDDLEWARE has the middleware of crosscors more than once: {paths}.",
            hint="Keep the first one.",
            id=error_id("middleware-twice"),
        )
    if any(_THEIRS in bases for _, bases in listed):
        yield Error(
            "MIDDLEWARE also has the middleware of django-cors-headers. One of the two overwrites the "
            "headers of the other.",
            hint=f'Remove "{_THEIRS}" from MIDDLEWARE, and "corsheaders" from INSTALLED_APPS.',
            id=error_id("middleware-and-django-cors-headers"),
        )


def _answering_before(before: list[tuple[str, list[str]]]) -> Iterator[CheckMessage]:
    reasons = dict(_REASONS)
    if conf.settings.SECURE_SSL_REDIRECT:
        reasons[_SECURITY] = _REDIRECTS_TO_HTTPS
    for path, bases in before:
        reason = "; ".join(reasons[name] for name in bases if name in reasons)
        if reason:
            yield CheckWarning(
                f"{path} comes before CORSMiddleware in MIDDLEWARE: {reason}. Its own responses have no CORS "
                "headers, so browsers hide them from scripts.",
                hint='Move "crosscors.django.CORSMiddleware" to the top of MIDDLEWARE.',
                id=warning_id("middleware-order"),
            )


def names_of(path: str) -> list[str]:
    """The names of a middleware class and all its bases; none if the path does not lead to a class."""
    try:
        middleware = import_string(path)
    except ImportError:  # Django says so when it loads the middleware
        return []
    return [f"{base.__module__}.{base.__qualname__}" for base in getattr(middleware, "__mro__", ())]
