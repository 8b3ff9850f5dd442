"""Which library answers CORS in an application, what it allows there, and where that is written.

Objects of frameworks are known by the names of their classes, which are not imported. The options are read as
``crosscors check`` reads them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from crosscors.cli.explain.asked import Asked
from crosscors.cli.explain.libraries import (
    CROSSCORS_ASGI,
    CROSSCORS_DJANGO,
    CROSSCORS_FASTAPI,
    CROSSCORS_FLASK,
    CROSSCORS_STARLETTE,
    CROSSCORS_WSGI,
    DJANGO_CORS_HEADERS,
    FLASK_CORS,
    FLASK_CORS_RESOURCE,
    STARLETTE,
    Library,
)
from crosscors.cli.targets import Target
from crosscors.core.policy import make_policy
from crosscors.core.values import ANY, as_list
from crosscors.core.words import KEYWORDS
from crosscors.testing.servers import read_server
from crosscors.testing.servers.asgi import ASGIServer
from crosscors.testing.urls import parse

_LONGEST_CHAIN = 20  # of wrapped applications


def in_application(target: Target, asked: Asked) -> Library | None:
    """The library of another maker that answers this request in the application, with its lists."""
    value = target.value
    if target.kind == "settings" or type(value).__module__.startswith("django."):
        return _of_django(_path(asked))
    for app in _chain(value):
        found = _of_starlette(app) or _of_flask(app, asked)
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


def _path(asked: Asked) -> str:
    """The path as the application gets it, without the query."""
    return (
        asked.url.partition("?")[0]
        if asked.url.startswith("/")
        else parse(asked.url).target.partition("?")[0]
    )


# With credentials, these would let in sites that nobody has named.
_OPEN = frozenset({"wildcard-with-credentials", "too-many-sites", "unproven-regex"})


def _is_open(expressions: Iterable[object]) -> bool:
    """Whether one of these expressions lets unrelated sites in."""
    options = [{"allow_origin_regex": each, "allow_credentials": True} for each in expressions]
    found = [make_policy(each, KEYWORDS)[1] for each in options]
    return any(problem.code in _OPEN for each in found for problem in each.problems)


# Django.


def _has_django_middleware(package: str) -> bool:
    from django.conf import settings  # noqa: PLC0415 (only for projects of Django)

    return any(name.startswith(package) for name in settings.MIDDLEWARE)


def _of_django(path: str) -> Library | None:
    if not _has_django_middleware("corsheaders."):
        return None
    from corsheaders.conf import conf as typed  # noqa: PLC0415 (only where it is used)

    from crosscors.cli.check.elsewhere.origins import is_open_ended  # noqa: PLC0415 (it takes a while)

    conf: Any = typed
    expressions = [re.compile(each) for each in conf.CORS_ALLOWED_ORIGIN_REGEXES]
    opens = ["CORS_ALLOW_ALL_ORIGINS"] if conf.CORS_ALLOW_ALL_ORIGINS else []
    if any(map(is_open_ended, expressions)) or _is_open(expressions):
        opens.append("CORS_ALLOWED_ORIGIN_REGEXES")
    covered = conf.CORS_URLS_REGEX
    return replace(
        DJANGO_CORS_HEADERS,
        around="{}" if re.match(covered, path) else _covering(covered, path),
        is_open=bool(opens),
        opens=tuple(opens),
        configured={
            "origin": tuple(conf.CORS_ALLOWED_ORIGINS),
            "method": tuple(conf.CORS_ALLOW_METHODS),
            "header": tuple(conf.CORS_ALLOW_HEADERS),
        },
    )


def _covering(covered: str | re.Pattern[str], path: str) -> str:
    expression = covered if isinstance(covered, str) else covered.pattern
    setting = f'CORS_URLS_REGEX = r"{expression}|^{re.escape(path)}$"'
    return f"{_plain(setting)} and {{}}"


def _plain(text: str) -> str:
    """The text for ``str.format``, which leaves it as it is."""
    return text.replace("{", "{{").replace("}", "}}")


# Starlette and FastAPI.


def _of_starlette(app: Any) -> Library | None:
    found = _starlette_options(app)
    if found is None:
        return None
    around, options = found
    origins, regex = as_list(options.get("allow_origins", ())), options.get("allow_origin_regex")
    opens = ("allow_origin_regex",) if regex is not None and _is_open([regex]) else ()
    return replace(
        STARLETTE,
        around=around,
        is_open=bool(opens) or ANY in origins,
        opens=opens,
        configured={
            "origin": tuple(map(str, origins)),
            "method": tuple(map(str, as_list(options.get("allow_methods", ("GET",))))),
            "header": tuple(map(str, as_list(options.get("allow_headers", ())))),
        },
    )


def _starlette_options(app: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Where CORSMiddleware is, and its options."""
    if "starlette.middleware.cors" not in sys.modules:
        return None
    from crosscors.cli.check.elsewhere.starlette import given_options, options_of  # noqa: PLC0415 (it takes a while)

    if _is(type(app), "starlette", "CORSMiddleware"):
        return "app = CORSMiddleware(app, ..., {})", options_of(app)
    for middleware in getattr(app, "user_middleware", ()):
        cls: Any = getattr(middleware, "cls", None)
        if _is(cls, "starlette", "CORSMiddleware"):
            return STARLETTE.around, given_options(cls, middleware.args, middleware.kwargs)
    return None


def _is(kind: Any, package: str, name: str) -> bool:
    return _package(kind) == package and getattr(kind, "__name__", "") == name


def _package(value: Any) -> str:
    return str(getattr(value, "__module__", "")).partition(".")[0]


# Flask.


def _of_flask(app: Any, asked: Asked) -> Library | None:
    """Flask-CORS, with the options of the view, or of the resource that covers the path."""
    if "flask_cors.core" not in sys.modules or not hasattr(app, "after_request_funcs"):
        return None
    from crosscors.cli.check.elsewhere.flask import resources_in, views_in  # noqa: PLC0415 (it needs Flask)

    path = _path(asked)
    endpoint = _endpoint(app, path, asked.method)
    for view, options in views_in(app):
        if endpoint is not None and app.view_functions[endpoint] is view:
            return _flask_library(replace(FLASK_CORS, around="@cross_origin(..., {})"), options)
    calls = [
        call for call in resources_in(app) if call[0] is None or (endpoint or "").startswith(f"{call[0]}.")
    ]
    calls.sort(key=lambda call: call[0] is None)  # those of blueprints count first
    for holder, resources in calls:
        for pattern, options in resources:
            if pattern == path or (isinstance(pattern, re.Pattern) and pattern.match(path)):
                return _flask_library(_in_resources(holder, pattern), options)
    return _flask_library(_in_resources(calls[0][0], path), _NOTHING_YET) if calls else None


def _endpoint(app: Any, path: str, method: str) -> str | None:
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415 (installed with Flask)
    from werkzeug.routing import RequestRedirect  # noqa: PLC0415 (installed with Flask)

    try:
        endpoint: str = app.url_map.bind("localhost").match(path, method=method)[0]
    except (HTTPException, RequestRedirect):
        return None
    return endpoint


def _in_resources(holder: str | None, pattern: str | re.Pattern[str]) -> Library:
    from crosscors.cli.check.elsewhere.flask import text_of  # noqa: PLC0415 (it needs Flask)
    from crosscors.cli.check.elsewhere.theirs import code  # noqa: PLC0415 (imported already)

    who, text = holder or "app", text_of(pattern)
    if text == "/*":  # the default, or an entry of resources
        around = f'CORS({who}, ..., {{}}). If resources has options for "/*", write it there.'
        return replace(FLASK_CORS, around=around)
    around = f"CORS({who}, ..., resources={{{{..., {_plain(code(text))}: {{{{..., {{}}}}}}}}}})"
    return replace(FLASK_CORS_RESOURCE, around=around)


# The defaults of Flask-CORS, without an origin.
_NOTHING_YET = {
    "origins": (),
    "methods": "GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE",
    "allow_headers": (".*",),
}


def _flask_library(library: Library, options: Any) -> Library:
    from crosscors.cli.check.elsewhere.flask import names_in, option_of, text_of  # noqa: PLC0415 (it needs Flask)
    from crosscors.cli.check.elsewhere.origins import is_open_ended  # noqa: PLC0415 (imported already)

    entries: list[str | re.Pattern[str]] = list(option_of(options, "origins"))
    everyone = [ANY] if ".*" in map(text_of, entries) else []
    expressions = [each for each in entries if isinstance(each, re.Pattern)]
    headers = [text_of(each) for each in option_of(options, "allow_headers")]
    return replace(
        library,
        is_open=bool(everyone) or any(map(is_open_ended, expressions)) or _is_open(expressions),
        expressions=() if everyone else tuple(map(text_of, expressions)),
        configured={
            "origin": (*everyone, *(each for each in entries if isinstance(each, str) and each != ".*")),
            "method": tuple(names_in(option_of(options, "methods"))),
            "header": (ANY,) if ".*" in headers else tuple(headers),
        },
    )
