"""Applications given to the adapter of another stack: the error names the right import."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import MagicMock

import a2wsgi
import falcon
import falcon.asgi
import pytest
import quart
from asgiref.sync import AsyncToSync
from asgiref.wsgi import WsgiToAsgi
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from fastapi import APIRouter, FastAPI
from flask import Blueprint, Flask
from litestar import Litestar
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.routing import Router
from werkzeug.middleware.proxy_fix import ProxyFix

import crosscors.aiohttp
import crosscors.asgi
import crosscors.django
import crosscors.fastapi
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
import tests.django.conftest  # noqa: F401  # it configures Django
from crosscors import PolicyError
from tests.conftest import Approve
from tests.tables import each, table

ORIGIN = "https://app.example.com"


async def asgi_app(scope: Any, receive: Any, send: Any) -> None: ...


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    return []


def awaitable_app(scope: Any, receive: Any, send: Any) -> Any:
    return asgi_app(scope, receive, send)


def create_app() -> Any: ...


class WSGIClass:
    def __init__(self, environ: Any, start_response: Any) -> None: ...

    def __iter__(self) -> Iterator[bytes]:
        yield b""


class ASGIClass(FastAPI): ...


class Unknown:
    def __call__(self, one: Any) -> Any: ...


@functools.wraps(wsgi_app)
async def decorated(scope: Any, receive: Any, send: Any) -> None: ...


class Proxy:
    @property
    def __signature__(self) -> Any:
        raise RuntimeError("working outside of application context")

    def __call__(self, *given: Any) -> Any: ...


FLASK: Any = Flask("app")
FASTAPI: Any = FastAPI()
ASGI_OF_FLASK: Any = WsgiToAsgi  # it has no types


def asgi(app: Any) -> Any:
    return crosscors.asgi.CORSMiddleware(app, allow_origins=[ORIGIN])


def wsgi(app: Any) -> Any:
    return crosscors.wsgi.CORSMiddleware(app, allow_origins=[ORIGIN])


def fastapi(app: Any) -> Any:
    return crosscors.fastapi.CORS(app, allow_origins=[ORIGIN])


def flask(app: Any) -> Any:
    return crosscors.flask.CORS(app, origins=[ORIGIN])


def aiohttp(app: Any) -> Any:
    return crosscors.aiohttp.CORS(app, allow_origins=[ORIGIN])


def init_app(app: Any) -> None:
    crosscors.flask.CORS(origins=[ORIGIN]).init_app(app)


def django(app: Any) -> Any:
    return crosscors.django.CORSMiddleware(app)


def framework(package: str, name: str, *, is_asgi: bool) -> Any:
    """An application of a framework that is not installed for the tests."""

    async def asgi_call(self: Any, scope: Any, receive: Any, send: Any) -> None: ...

    def own_call(self: Any) -> Any: ...

    made: Any = type(name, (), {"__module__": package, "__call__": asgi_call if is_asgi else own_call})
    return made


async def async_get_response(request: Any) -> Any: ...


# As ``load_middleware`` gives it to the innermost middleware, and to sync middleware in an async stack.
convert: Any = convert_exception_to_response
GET_RESPONSE: Any = convert(lambda request: None)
GET_RESPONSE_OF_ASYNC: Any = AsyncToSync(convert(async_get_response))
AIOHTTP = framework("aiohttp.web_app", "Application", is_asgi=False)
TORNADO = framework("tornado.web", "Application", is_asgi=False)
SANIC = framework("sanic.app", "Sanic", is_asgi=True)
MIDDLEWARE: Any = Middleware(crosscors.asgi.CORSMiddleware, allow_origins=[ORIGIN])

WRONG: dict[str, tuple[Any, tuple[Callable[[Any], Any], ...]]] = {
    "FastAPI": (FASTAPI, (flask, init_app, wsgi, django, aiohttp)),
    "a class of one's own that inherits from it": (ASGIClass(), (flask, wsgi)),
    "Starlette": (Starlette(), (flask, wsgi)),
    "a router of FastAPI": (APIRouter(), (fastapi, flask, wsgi)),
    "a router of Starlette": (Router(), (flask, wsgi)),
    "Flask": (FLASK, (fastapi, asgi, django, aiohttp)),
    "the function of a Flask application": (FLASK.wsgi_app, (fastapi, flask, asgi)),
    "a blueprint": (Blueprint("part", "app"), (fastapi, asgi, wsgi)),
    "Quart": (quart.Quart("app"), (flask, wsgi)),
    "a blueprint of Quart": (quart.Blueprint("part", "app"), (fastapi, flask, asgi, wsgi)),
    "Django over WSGI": (WSGIHandler(), (fastapi, flask, asgi, django, aiohttp)),
    "Django over ASGI": (ASGIHandler(), (flask, wsgi, django)),
    "what Django gives to middleware": (GET_RESPONSE, (fastapi, flask, asgi, wsgi)),
    "the same in an async stack": (GET_RESPONSE_OF_ASYNC, (fastapi, flask, asgi, wsgi)),
    "the class FastAPI": (FastAPI, (fastapi, flask, asgi, wsgi, aiohttp)),
    "the class Flask": (Flask, (fastapi, flask, asgi, wsgi)),
    "another class": (Unknown, (fastapi, flask, asgi, wsgi)),
    "the class of an adapter": (crosscors.asgi.CORSMiddleware, (fastapi, flask, asgi, wsgi, django)),
    "Middleware of Starlette": (MIDDLEWARE, (fastapi, flask, asgi, wsgi, django)),
    "aiohttp": (AIOHTTP(), (fastapi, flask, asgi, wsgi, django)),
    "the class of aiohttp": (AIOHTTP, (fastapi, flask, asgi, wsgi, django, aiohttp)),
    "Tornado": (TORNADO(), (fastapi, flask, asgi, wsgi, django, aiohttp)),
    "Sanic": (SANIC(), (flask, wsgi, django, aiohttp)),
    "the class Sanic": (SANIC, (fastapi, flask, asgi, wsgi, django)),
    "an ASGI application": (asgi_app, (flask, wsgi, aiohttp)),
    "one that was decorated": (decorated, (flask, wsgi)),
    "one that is not async": (awaitable_app, (flask, wsgi)),
    "a WSGI application": (wsgi_app, (fastapi, flask, asgi, aiohttp)),
    "a class that is one": (WSGIClass, (fastapi, asgi)),
    "Falcon": (falcon.App(), (fastapi, flask, asgi)),
    "Falcon over ASGI": (falcon.asgi.App(), (flask, wsgi)),
    "Litestar": (Litestar(logging_config=None), (flask, wsgi, django)),
    "a Flask application behind a bridge": (a2wsgi.WSGIMiddleware(FLASK), (flask, wsgi)),
    "a FastAPI application behind a bridge": (a2wsgi.ASGIMiddleware(FASTAPI), (fastapi, flask, asgi)),
    "an adapter of the other stack": (asgi(FASTAPI), (flask, wsgi)),
    "a function that makes the application": (create_app, (fastapi, flask, asgi, wsgi, aiohttp)),
    "its name": ("main:app", (fastapi, flask, asgi, wsgi, aiohttp)),
    "nothing": (None, (fastapi, asgi, wsgi, aiohttp)),
}


@pytest.mark.parametrize(("app", "adapters"), WRONG.values(), ids=WRONG)
def test_each_adapter_says_what_to_write_for_what_it_was_given(
    app: Any, adapters: tuple[Callable[[Any], Any], ...]
) -> None:
    texts: dict[str, str] = {}
    for adapter in adapters:
        with pytest.raises(PolicyError) as caught:
            adapter(app)
        [problem] = caught.value.problems
        assert (problem.code, problem.option, problem.value) == ("wrong-type", "app", app)
        texts[adapter.__name__] = problem.hint
    assert len(set(texts.values())) == 1, texts


def test_the_texts(approved: Approve) -> None:
    approved("wrong_stack", [(name, _text(app, adapters[0])) for name, (app, adapters) in WRONG.items()])


def _text(app: Any, adapter: Callable[[Any], Any]) -> str:
    with pytest.raises(PolicyError) as caught:
        adapter(app)
    return str(caught.value.problems[0])


@table(
    "app, adapter",
    ("Flask behind a bridge, for ASGI", a2wsgi.WSGIMiddleware(FLASK), asgi),
    ("the same below Starlette's adapter", a2wsgi.WSGIMiddleware(FLASK), fastapi),
    ("Flask behind asgiref's bridge", ASGI_OF_FLASK(FLASK), asgi),
    ("FastAPI behind a bridge, for WSGI", a2wsgi.ASGIMiddleware(FASTAPI), wsgi),
    ("Django over WSGI", WSGIHandler(), wsgi),
    ("Django over ASGI", ASGIHandler(), asgi),
    ("Flask over WSGI", FLASK, wsgi),
    ("the function of a Flask application", FLASK.wsgi_app, wsgi),
    ("a Flask application behind another middleware", ProxyFix(FLASK), wsgi),
    ("the function of a Quart application", quart.Quart("app").asgi_app, asgi),
    ("Falcon", falcon.App(), wsgi),
    ("Falcon over ASGI", falcon.asgi.App(), asgi),
    ("Litestar", Litestar(logging_config=None), asgi),
    ("FastAPI", FASTAPI, asgi),
    ("a router of FastAPI, which can be served", APIRouter(), asgi),
    ("a router of Starlette", Router(), fastapi),
    ("an endpoint of Starlette, which is a class", HTTPEndpoint, asgi),
    ("a class that is a WSGI application", WSGIClass, wsgi),
    ("an ASGI application that is not async", awaitable_app, asgi),
    ("a decorator that changes the arguments", decorated, asgi),
    ("a partial", functools.partial(asgi_app), asgi),
    ("a function in C", max, asgi),
    ("a type in C", functools.reduce, wsgi),
    ("a proxy outside of its context", Proxy(), wsgi),
    ("what stands for an application in a test", MagicMock(), wsgi),
    ("Sanic over ASGI", SANIC(), asgi),
    ("what Django gives to middleware", GET_RESPONSE, django),
    ("the same, async", async_get_response, django),
    ("the same in a test", lambda request: None, django),
    ("a mock of it", MagicMock(), django),
    ("async_to_sync of somebody else", AsyncToSync(asgi_app), wsgi),
)
def test_what_can_be_called_is_taken(app: Any, adapter: Callable[[Any], Any]) -> None:
    adapter(app)


@table(
    "middleware, options",
    ("WSGI", crosscors.wsgi.CORSMiddleware, {"allow_origins": [ORIGIN]}),
    ("Flask", crosscors.flask.CORS, {"origins": [ORIGIN]}),
    ("Django", crosscors.django.CORSMiddleware, {}),
    ("Django, with options", crosscors.django.CORSMiddleware, {"allow_origins": [ORIGIN]}),
)
@each("make", Starlette, FastAPI)
def test_add_middleware_with_that_of_another_stack_names_the_import(
    make: Any, middleware: Any, options: dict[str, Any]
) -> None:
    app = make()
    app.add_middleware(middleware, **options)
    with pytest.raises(PolicyError, match=r"takes (.+), but add_middleware gives it an ASGI") as caught:
        app.build_middleware_stack()
    [problem] = caught.value.problems
    assert problem.hint == (
        'Write "from crosscors.asgi import CORSMiddleware", and then app.add_middleware(CORSMiddleware, ...).'
    )


@each("module", crosscors.flask, crosscors.starlette, crosscors.django)
def test_add_middleware_with_the_decorator_of_views_names_the_import_too(module: Any) -> None:
    app = Starlette()
    app.add_middleware(module.cross_origin)
    with pytest.raises(PolicyError, match=r"for single views, not for a whole application") as caught:
        app.build_middleware_stack()
    assert "app.add_middleware(CORSMiddleware, ...)" in caught.value.problems[0].hint


@each(
    "path", "asgi.CORSMiddleware", "wsgi.CORSMiddleware", "flask.CORS", "fastapi.CORS", "django.cross_origin"
)
@each("is_async", False, True)
def test_djangos_middleware_with_that_of_another_stack_names_the_right_one(path: str, is_async: bool) -> None:
    with override_settings(MIDDLEWARE=[f"crosscors.{path}"]), pytest.raises(PolicyError) as caught:
        BaseHandler().load_middleware(is_async=is_async)
    assert '"crosscors.django.CORSMiddleware" to the top of MIDDLEWARE' in caught.value.problems[0].hint


@each("path", "crosscors.django", "crosscors.django.middleware", "crosscors.asgi", "crosscors.wsgi")
def test_a_module_in_djangos_middleware_names_the_class(path: str) -> None:
    with override_settings(MIDDLEWARE=[path]), pytest.raises(TypeError) as caught:
        BaseHandler().load_middleware()
    assert str(caught.value) == f"{path} is a module. Write {path}.CORSMiddleware"


@each("module", crosscors.flask, crosscors.starlette, crosscors.fastapi, crosscors.aiohttp)
def test_a_module_that_is_called_names_the_function(module: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{module.__name__} is a module. Write {module.__name__}.CORS$"):
        module(FASTAPI)


def test_djangos_middleware_takes_no_options() -> None:
    make: Any = crosscors.django.CORSMiddleware
    for positional, options in (((), {"allow_origins": [ORIGIN]}), (([ORIGIN],), {})):
        with pytest.raises(TypeError, match=r"into the settings, such as CORS_ALLOWED_ORIGINS = \["):
            make(lambda request: None, *positional, **options)
