"""The view that a request is for, and the policy that ``cross_origin`` gave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django import conf
from django.http import HttpRequest
from django.urls import ResolverMatch, URLResolver, get_resolver
from django.utils import translation

from crosscors.core.policy import CORSPolicy
from crosscors._adapter.view_marks import mark_of

#: Every policy that ``cross_origin`` was given. While there is none, no view is looked for.
policies_of_views: list[CORSPolicy] = []


def policy_of_view(http_request: HttpRequest, method: str, path: str) -> CORSPolicy | None:
    """The policy of the view that gets this method at this path; None if it has none of its own."""
    # The view that Django has called is the one, whatever led there.
    match = http_request.resolver_match
    if match is None:
        # A preflight, or something that middleware further in has answered.
        resolver = _imported(getattr(http_request, "urlconf", None))
        match = _resolved(resolver, path) if policies_of_views else None
    if match is None or not policies_of_views:
        return None
    if match is http_request.resolver_match:
        method = http_request.method or ""  # which middleware may have changed
    policy: CORSPolicy | None = mark_of(match.func, method)
    return policy


def policies_of_all_views() -> tuple[CORSPolicy, ...]:
    """The policies of all views that the project's URLconf leads to."""
    if getattr(conf.settings, "ROOT_URLCONF", None):
        _imported(None)
    return tuple(policies_of_views)


def routed_views() -> Iterator[object]:
    """All views that the project's URLconf leads to."""
    if getattr(conf.settings, "ROOT_URLCONF", None):
        yield from _views(_imported(None))


def _views(resolver: URLResolver) -> Iterator[object]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern)
        else:
            yield pattern.callback


def _imported(urlconf: object) -> URLResolver:
    """The resolver with its URLconf imported, and so all views marked; Django leaves it to a request."""
    resolver = get_resolver(cast("str | None", urlconf))
    resolver.url_patterns  # noqa: B018  # reading it imports it
    return resolver


def _resolved(resolver: URLResolver, path: str) -> ResolverMatch | None:
    """The view at a path that Django has not come to resolve."""
    # In i18n_patterns the path says what language it is in; LocaleMiddleware has not had its turn yet.
    language = translation.get_language_from_path(path) or conf.settings.LANGUAGE_CODE
    with translation.override(language):
        match = _match(resolver, path)
        # CommonMiddleware sends browsers on to the path with a slash, which is what the page will ask then.
        if match is None and conf.settings.APPEND_SLASH and not path.endswith("/"):
            match = _match(resolver, f"{path}/")
    return match


def _match(resolver: URLResolver, path: str) -> ResolverMatch | None:
    try:
        return resolver.resolve(path)
    except Exception:  # noqa: BLE001  # nothing is there, or a converter failed; Django has an answer
        return None
