"""Which view a request is for, and the policy that ``cross_origin`` gave that view.

The view that answered decides. If no view was called, Django's router is asked which one the request would
reach. That is so for a preflight, and if middleware answered before Django routed the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

from django import conf
from django.http import HttpRequest
from django.urls import ResolverMatch, URLResolver, get_resolver, resolve
from django.utils import translation

from crosscors._adapter.marks import mark_of, marks_of, name_of
from crosscors._adapter.misplaced_marks import warn_of_hidden
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy
from crosscors.core.remembered import Memory

#: Every policy that ``cross_origin`` was given. While there is none, no view is looked for.
policies_of_views: list[CORSPolicy | LivePolicy[CORSPolicy]] = []


def policy_of_view(http_request: HttpRequest, method: str) -> CORSPolicy | None:
    """The policy of the view that handles this method of the request; None if it has no policy of its own."""
    if not policies_of_views and http_request.resolver_match is not None:
        return None  # most requests of most projects
    view = answered_by(http_request) or reached_by(http_request)
    return None if view is None else policy_on(view, http_request, method)


def policy_on(view: object, http_request: HttpRequest, method: str) -> CORSPolicy | None:
    """The policy that ``cross_origin`` gave this view of the request; None if it gave none."""
    policy: CORSPolicy | None = mark_of(view, method)
    if policy is None and _looked_into.get(id(view)) is not view:
        _looked_into.keep(id(view), view)
        warn_of_hidden(view, routed_views(_urlconf_of(http_request)))
    return policy


def answered_by(http_request: HttpRequest) -> object | None:
    """The view that Django called, whatever led there; None if Django called none."""
    match = http_request.resolver_match
    return None if match is None else match.func


def reached_by(http_request: HttpRequest) -> object | None:
    """The view that the request would reach; None if there is none, or if no view has a policy."""
    urlconf = _urlconf_of(http_request)
    _import(urlconf)  # which marks the views
    if urlconf is None or not policies_of_views:
        return None
    match = _resolved(urlconf, http_request.path_info)
    return None if match is None else match.func


# The views without a policy that were searched for one that they hide. By id, because not every view can be
# hashed. Bounded, because a view can be made for a single request.
_looked_into: Memory[int, object] = Memory(1024)


def policies_of_all_views() -> tuple[CORSPolicy, ...]:
    """The policies of all views that the project's URLconf leads to."""
    _import(root_urlconf())
    return tuple(each for policies in policies_of_views for each in policies.policies)


def place_of_view(policy: CORSPolicy) -> str | None:
    """Which view has this policy, for messages. None if none has."""
    for view in routed_views(root_urlconf()):
        if any(own is policy for own in marks_of(view)):
            return f"the view {name_of(view)}"
    return None


def routed_views(urlconf: object | None) -> Iterator[object]:
    """All views that the URLconf leads to."""
    if urlconf is not None:
        yield from _views(get_resolver(cast("str", urlconf)))


def _views(resolver: URLResolver) -> Iterator[object]:
    # Undocumented: get_resolver, and the attributes of its result. Nothing documented lists the views.
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern)
        else:
            yield pattern.callback


def _urlconf_of(http_request: HttpRequest) -> object | None:
    return getattr(http_request, "urlconf", None) or root_urlconf()


def root_urlconf() -> object | None:
    """The project's URLconf, by its name or as it is; None if it has none."""
    return getattr(conf.settings, "ROOT_URLCONF", None)


def _import(urlconf: object) -> None:
    """Import the URLconf if it is given by name. Django only does so when it routes the first request."""
    if isinstance(urlconf, str):
        import_module(urlconf)


def _resolved(urlconf: object, path: str) -> ResolverMatch | None:
    """The view at a path that Django has not resolved."""
    # Paths in i18n_patterns begin with a language, and LocaleMiddleware has not read it yet. Undocumented:
    # get_language_from_path. The documented get_language_from_request would also look at Accept-Language,
    # which says nothing about the path.
    language = translation.get_language_from_path(path) or conf.settings.LANGUAGE_CODE
    with translation.override(language):
        match = _match(urlconf, path)
        # CommonMiddleware redirects to the path with a slash. The page will request that next.
        if match is None and conf.settings.APPEND_SLASH and not path.endswith("/"):
            match = _match(urlconf, f"{path}/")
    return match


def _match(urlconf: Any, path: str) -> ResolverMatch | None:
    try:
        return resolve(path, urlconf)
    except Exception:  # noqa: BLE001  # no view is there, or a converter failed; Django responds
        return None
