"""Which library answers CORS: seen in the objects of an application, or in a response.

Objects of frameworks are known by the names of their classes, which are not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from crosscors.cli.explain.libraries import (
    APACHE,
    ASP_NET,
    CADDY,
    CROSSCORS_ASGI,
    CROSSCORS_DJANGO,
    CROSSCORS_FASTAPI,
    CROSSCORS_FLASK,
    CROSSCORS_STARLETTE,
    CROSSCORS_WSGI,
    DJANGO_CORS_HEADERS,
    EXPRESS,
    FLASK_CORS,
    NGINX,
    S3,
    SPRING,
    STARLETTE,
    Library,
)
from crosscors.cli.targets import Target
from crosscors.core.standard import ALLOW_HEADERS, ALLOW_METHODS
from crosscors.testing import ReceivedResponse
from crosscors.testing.servers import read_server
from crosscors.testing.servers.asgi import ASGIServer

_LONGEST_CHAIN = 20  # of wrapped applications


@dataclass(frozen=True)
class Recognised:
    """A library, and whether it is certain that it answers CORS here."""

    library: Library
    is_certain: bool = True


# In the application.


def in_application(target: Target) -> Library | None:
    """The library of another maker that answers CORS in the application, with its lists."""
    value = target.value
    if target.kind == "settings" or type(value).__module__.startswith("django."):
        return _of_django()
    for app in _chain(value):
        for found in (_of_starlette(app), _of_flask(app)):
            if found:
                return found
    return None


def for_application(target: Target) -> Library | None:
    """The part of crosscors for an application in which nothing answers CORS; None if something may do so."""
    if target.kind == "settings" or type(target.value).__module__.startswith("django."):
        return None if _has_django_middleware("crosscors.") else CROSSCORS_DJANGO
    if any(_has_crosscors(app) for app in _chain(target.value)):
        return None
    packages = {_package(each) for each in type(target.value).__mro__}
    for package, library in _OF_FRAMEWORKS:
        if package in packages:
            return library
    return CROSSCORS_ASGI if isinstance(read_server(target.value), ASGIServer) else CROSSCORS_WSGI


_OF_FRAMEWORKS = (
    ("fastapi", CROSSCORS_FASTAPI),
    ("starlette", CROSSCORS_STARLETTE),
    ("flask", CROSSCORS_FLASK),
)


def _has_crosscors(app: Any) -> bool:
    """Whether crosscors stands around the application, among its middleware, or where it puts itself."""
    inside = (getattr(app, name, None) for name in ("wsgi_app", "build_middleware_stack"))
    middleware = (getattr(each, "cls", None) for each in getattr(app, "user_middleware", ()))
    return "crosscors" in {
        _package(type(app)),
        *(_package(type(each)) for each in inside),
        *map(_package, middleware),
    }


def _chain(value: Any) -> Iterator[Any]:
    """The application, and the applications inside it."""
    for _ in range(_LONGEST_CHAIN):
        yield value
        inner = getattr(value, "app", None) or getattr(value, "application", None)
        if inner is None:
            return
        value = inner


def _of_django() -> Library | None:
    from django.conf import settings  # noqa: PLC0415 (only for projects of Django)

    if not _has_django_middleware("corsheaders."):
        return None
    from corsheaders.defaults import default_headers, default_methods  # noqa: PLC0415 (only where it is used)

    configured = {
        "origin": getattr(settings, "CORS_ALLOWED_ORIGINS", ()),
        "method": getattr(settings, "CORS_ALLOW_METHODS", default_methods),
        "header": getattr(settings, "CORS_ALLOW_HEADERS", default_headers),
    }
    return replace(DJANGO_CORS_HEADERS, configured={name: tuple(each) for name, each in configured.items()})


def _has_django_middleware(package: str) -> bool:
    from django.conf import settings  # noqa: PLC0415 (only for projects of Django)

    return any(name.startswith(package) for name in settings.MIDDLEWARE)


def _of_starlette(app: Any) -> Library | None:
    options = _starlette_options(app)
    if options is None:
        return None
    configured = {
        "origin": tuple(options.get("allow_origins", ())),
        "method": tuple(options.get("allow_methods", ("GET",))),
        "header": tuple(options.get("allow_headers", ())),
    }
    return replace(STARLETTE, configured=configured)


def _starlette_options(app: Any) -> Mapping[str, Any] | None:
    if _is(type(app), "starlette", "CORSMiddleware"):
        return cast("Mapping[str, Any]", vars(app))
    for middleware in getattr(app, "user_middleware", ()):
        if _is(getattr(middleware, "cls", None), "starlette", "CORSMiddleware"):
            options: Mapping[str, Any] = middleware.kwargs
            return options
    return None


def _of_flask(app: Any) -> Library | None:
    functions = [each for some in getattr(app, "after_request_funcs", {}).values() for each in some]
    return FLASK_CORS if any(_package(each) == "flask_cors" for each in functions) else None


def _is(kind: Any, package: str, name: str) -> bool:
    return _package(kind) == package and getattr(kind, "__name__", "") == name


def _package(value: Any) -> str:
    return str(getattr(value, "__module__", "")).partition(".")[0]


# In the response.


def in_response(response: ReceivedResponse) -> Recognised | None:
    """The library or the server that the response shows."""
    for shows, library, is_certain in _SIGNS:
        if shows(response):
            return Recognised(library if library.more else _with_lists(library, response), is_certain)
    return None


def _with_lists(library: Library, response: ReceivedResponse) -> Library:
    lists = {"method": response.header(ALLOW_METHODS), "header": response.header(ALLOW_HEADERS)}
    configured = {
        name: tuple(filter(None, (each.strip() for each in (value or "").split(","))))
        for name, value in lists.items()
    }
    return replace(library, configured=configured)


Sign = Callable[[ReceivedResponse], bool]


def _header(name: str, *words: str) -> Sign:
    def shows(response: ReceivedResponse) -> bool:
        value = (response.header(name) or "").lower()
        return any(word in value for word in words)

    return shows


def _body(words: bytes) -> Sign:
    return lambda response: response.body.startswith(words)


def _is_of_django(response: ReceivedResponse) -> bool:
    """Whether it has the headers that Django's SecurityMiddleware and XFrameOptionsMiddleware write."""
    expected = {
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return all(response.header(name) == value for name, value in expected.items())


# The first sign that a response shows counts. Servers in front of others say only who is in front.
_SIGNS: tuple[tuple[Sign, Library, bool], ...] = (
    (_body(b"Disallowed CORS"), STARLETTE, True),
    (_body(b"Invalid CORS request"), SPRING, True),
    (_header("Server", "amazons3"), S3, True),
    (_is_of_django, DJANGO_CORS_HEADERS, False),
    (_header("X-Powered-By", "express"), EXPRESS, False),
    (_header("Server", "kestrel", "microsoft-iis"), ASP_NET, False),
    (_header("Server", "uvicorn", "hypercorn"), STARLETTE, False),
    (_header("Server", "wsgiserver"), DJANGO_CORS_HEADERS, False),
    (_header("Server", "werkzeug", "gunicorn"), FLASK_CORS, False),
    (_header("Server", "nginx", "openresty"), NGINX, False),
    (_header("Server", "apache"), APACHE, False),
    (_header("Server", "caddy"), CADDY, False),
)
