"""Django: the middlewares as it calls them, with what stands behind them reduced to a response.

Its handler, router and other middlewares would take many times what is measured here, the same for all.
``get_response`` does what they would do for a CORS middleware: it says which view was called. Every
request is a new WSGIRequest, whose ``headers`` nobody has read yet; every response is a new HttpResponse.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from crosscors import Resources
from crosscors.django.configuration import configuration
from crosscors.django.middleware import CORSMiddleware
from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Case, Setup, policy_of
from tests.benchmarks.stacks import BARE, FLOOR, OURS, Answered, Contender, has_floor
from tests.benchmarks.stacks.floor import ALLOWED, PREFLIGHT, VARY
from tests.clients import wsgi_environ

# A module, not settings.configure(): what is not set shall cost no more than in a project.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.stacks.django_settings")

Handler = Callable[[HttpRequest], Any]


def _view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


_ROUTE = path(PATH.removeprefix("/"), _view)
_MATCH = _ROUTE.resolve(PATH.removeprefix("/"))
urlpatterns: list[URLPattern] = [_ROUTE]


def _get_response(request: HttpRequest) -> HttpResponse:
    request.resolver_match = _MATCH
    return _view(request)


def _nothing(_request: HttpRequest) -> None:
    pass


def stack(case: Case) -> Iterator[Contender]:
    yield _contender(BARE, _nothing if case.is_preflight else _get_response, case)
    if case.guarded:  # a process has one configuration, so there is none without protection beside it
        yield _contender(OURS, _middleware(case, CORS_PROTECT=True), case)
        return
    if has_floor(case):
        yield _contender(FLOOR, _floor, case)
    # crosscors reads the settings once, its peer at every request: so its own come first, and it keeps them.
    yield _contender(OURS, _middleware(case), case)
    _write_settings(**_settings_of_peer(case.setup))
    if not case.setup.paths:
        yield _contender("django-cors-headers", CorsMiddleware(_get_response), case)


def _middleware(case: Case, **more: object) -> CORSMiddleware:
    policy = policy_of(case.setup)
    name = "CORS_RESOURCES" if isinstance(policy, Resources) else "CORS_POLICY"
    _write_settings(**{name: policy}, **more)
    configuration.cache_clear()
    return CORSMiddleware(_get_response)


def _settings_of_peer(setup: Setup) -> dict[str, object]:
    regexes = [pattern.replace(".", r"\.").replace("*", ".+") + "$" for pattern in setup.patterns]
    return {
        "CORS_ALLOWED_ORIGINS": list(setup.origins),
        "CORS_ALLOWED_ORIGIN_REGEXES": [*regexes, *([f"{setup.regex}$"] if setup.regex else [])],
        "CORS_ALLOW_ALL_ORIGINS": setup.is_public,
        "CORS_ALLOW_METHODS": METHODS,
        "CORS_ALLOW_HEADERS": HEADERS,
        "CORS_ALLOW_CREDENTIALS": not setup.is_public,
        "CORS_EXPOSE_HEADERS": EXPOSED,
        "CORS_PREFLIGHT_MAX_AGE": MAX_AGE,
    }


def _write_settings(**values: object) -> None:
    for name in [name for name in dir(settings) if name.startswith("CORS_")]:
        delattr(settings, name)
    for name, value in values.items():
        setattr(settings, name, value)


def _floor(request: HttpRequest) -> HttpResponse:
    """The least that a middleware can do, and just for these requests."""
    origin = request.META.get("HTTP_ORIGIN")
    if request.method == "OPTIONS" and origin in ALLOWED:
        return HttpResponse(b"OK", headers=dict(PREFLIGHT))
    response = _get_response(request)
    for name, value in VARY if origin is None else ALLOWED.get(origin, VARY):
        response.headers[name] = value
    return response


def _contender(name: str, handler: Handler, case: Case) -> Contender:
    environs = itertools.cycle(
        [wsgi_environ(case.method, PATH, case.fields(origin)) for origin in case.origins]
    )

    def call() -> Any:
        return handler(WSGIRequest(next(environs).copy()))

    def answer() -> Answered:
        response = handler(WSGIRequest(wsgi_environ(case.method, PATH, case.fields(case.origins[0]))))
        return Answered(response.status_code, list(response.items()))

    return Contender(name, call, answer)
