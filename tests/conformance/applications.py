"""The same application, once for each stack: what it answers stands in the table.

``/answers/<name>`` answers as ``table.OWN_ANSWERS`` says; the other paths need something of the
framework: its router, its error handling, its streams. Below ``/view`` views have a policy of their own.
``/socket`` is for WebSockets. ``REACHED`` tells what has run.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import fastapi
import flask
from aiohttp import web
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import URLPattern, path
from django.utils.deprecation import MiddlewareMixin
from django.views import View
from django.views.decorators.http import require_GET
from multidict import CIMultiDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

import crosscors.aiohttp
import crosscors.asgi
import crosscors.aws_lambda
import crosscors.django
import crosscors.fastapi
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
from crosscors import CORSPolicy, Resources
from tests.aws_lambda import gateway

from .sending import Ask, UnhandledError, over_aiohttp, over_asgi, over_lambda, over_wsgi
from .table import OWN_ANSWERS, STREAMED, VIEW, Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from crosscors.asgi import ASGIApp, Receive, Scope, Send

Policy = CORSPolicy | Resources


class HandledError(Exception):
    """The application has a handler for it, which answers 500."""


# The paths whose views have run, of those that protected requests are sent to.
REACHED: list[str] = []


def own_answer(name: str) -> Answer | None:
    """What the view at ``/answers/<name>`` answers, for it has run; None if there is nothing of this name."""
    REACHED.append(f"/answers/{name}")
    return OWN_ANSWERS.get(name)


# Without a framework.

_PLAIN_PATHS = {
    "/only-get": Answer("", 200, "/only-get"),
    "/slash": Answer("", 307, "/slash", own=[("Location", "/slash/")]),
    "/stream": Answer("", 200, "/stream"),
    "/errors/handled": Answer("", 500, "/errors/handled"),
    "/socket": Answer("", 200, "/socket"),
}


def _plain_answer(method: str, path: str) -> Answer:
    if path == "/errors/unhandled":
        raise UnhandledError
    if path == "/only-get" and method not in ("GET", "HEAD"):
        return Answer("", 405, path)
    if path.startswith("/answers/"):
        return own_answer(path.removeprefix("/answers/")) or Answer("", 404, path)
    REACHED.append(path)
    return _PLAIN_PATHS.get(path, Answer("", 404, path))


async def _accept(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a WebSocket."""
    assert (await receive())["type"] == "websocket.connect"
    REACHED.append(scope["path"])
    await send({"type": "websocket.accept"})


async def _plain_asgi(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _accept(scope, receive, send)
        return
    method, path = scope["method"], scope["path"].removeprefix(scope["root_path"])
    answer = _plain_answer(method, path)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.own]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for part in STREAMED if answer.path == "/stream" and method != "HEAD" else ():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _plain_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    method = environ["REQUEST_METHOD"]
    answer = _plain_answer(method, environ["PATH_INFO"])
    start_response(f"{answer.status} Status", list(answer.own))
    return iter(STREAMED) if answer.path == "/stream" and method != "HEAD" else []


def plain_asgi(policy: Policy, **options: Any) -> ASGIApp:
    return crosscors.asgi.CORSMiddleware(_plain_asgi, policy=policy, **options)


def plain_wsgi(policy: Policy, **options: Any) -> WSGIApplication:
    return crosscors.wsgi.CORSMiddleware(_plain_wsgi, policy=policy, **options)


# On AWS Lambda, once for each form of its events.


def _plain_lambda(event: dict[str, Any], _context: object) -> dict[str, Any]:
    context = event["requestContext"]
    method = event.get("httpMethod") or context["http"]["method"]
    path = unquote(event.get("path") or event["rawPath"])
    if "http" in context:
        path = path.removeprefix(f"/{context['stage']}")
    answer = _plain_answer(method, path)
    several: dict[str, list[str]] = {}
    for name, value in answer.own:
        several.setdefault(name, []).append(value)
    body = b"".join(STREAMED if answer.path == "/stream" and method != "HEAD" else ()).decode()
    headers = (
        {"multiValueHeaders": several} if "multiValueHeaders" in event else {"headers": dict(answer.own)}
    )
    return {"statusCode": answer.status, "body": body, **headers}


def _lambda(form: str) -> Serve:
    cors = crosscors.aws_lambda.cors

    def serve(policy: Policy, outer: Policy | None = None, **options: Any) -> Any:
        handler = cors(_plain_lambda, policy=policy, **options)
        return over_lambda(handler if outer is None else cors(handler, policy=outer), form)

    return serve


# Starlette.


async def _streamed() -> AsyncIterator[bytes]:
    for part in STREAMED:
        yield part


def _starlette_response(answer: Answer) -> Response:
    response = Response(status_code=answer.status)
    for name, value in answer.own:
        response.headers.append(name, value)
    return response


async def _starlette_answer(request: Request) -> Response:
    answer = own_answer(request.path_params["name"])
    return Response(status_code=404) if answer is None else _starlette_response(answer)


async def _starlette_socket(socket: WebSocket) -> None:
    await _accept(socket.scope, socket.receive, socket.send)


async def _starlette_hello(request: Request) -> Response:
    REACHED.append(request.url.path)
    return PlainTextResponse("Hello")


async def _starlette_stream(_request: Request) -> Response:
    return StreamingResponse(_streamed())


async def _starlette_handled(_request: Request) -> Response:
    raise HandledError


async def _starlette_unhandled(_request: Request) -> Response:
    raise UnhandledError


async def _starlette_on_error(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("handled", 500)


def starlette(policy: Policy, *, with_views: bool = False, **options: Any) -> ASGIApp:
    routes: list[BaseRoute] = [
        WebSocketRoute("/socket", _starlette_socket),
        Route("/answers/{name}", _starlette_answer, methods=["GET", "POST", "OPTIONS"]),
        Route("/only-get", _starlette_hello),
        Route("/slash/", _starlette_hello),
        Route("/stream", _starlette_stream),
        Route("/errors/handled", _starlette_handled),
        Route("/errors/unhandled", _starlette_unhandled),
    ]
    if with_views:
        routes += _starlette_views()
    app = Starlette(routes=routes, exception_handlers={HandledError: _starlette_on_error})
    adapted: ASGIApp = crosscors.starlette.CORS(app, policy=policy, **options)
    return adapted


def _starlette_views() -> list[Route]:
    # A mark stays on its function, so the functions are new for each application.
    own = crosscors.starlette.cross_origin(policy=VIEW)

    @own
    async def hello(request: Request) -> Response:
        return await _starlette_hello(request)

    @own
    async def handled(_request: Request) -> Response:
        raise HandledError

    @own
    async def unhandled(_request: Request) -> Response:
        raise UnhandledError

    return [
        Route("/view/plain", hello),
        Route("/view/slash/", hello),
        Route("/view/handled", handled),
        Route("/view/unhandled", unhandled),
        Route("/view/shared", _starlette_hello),
        Route("/view/shared", hello, methods=["DELETE"]),
        Route("/view/shared-too", hello),
        Route("/view/shared-too", _starlette_hello, methods=["DELETE"]),
    ]


# FastAPI.


def fastapi_(policy: Policy, *, with_views: bool = False, **options: Any) -> ASGIApp:
    app = fastapi.FastAPI(openapi_url=None)
    app.websocket("/socket")(_starlette_socket)

    @app.api_route("/answers/{name}", methods=["GET", "HEAD", "POST", "OPTIONS"])
    async def answer(name: str) -> Response:
        answer = own_answer(name)
        if answer is None:
            raise fastapi.HTTPException(404)
        return _starlette_response(answer)

    @app.get("/only-get")
    @app.get("/slash/")
    async def hello() -> str:
        return "Hello"

    @app.api_route("/stream", methods=["GET", "HEAD"])
    async def stream() -> StreamingResponse:
        return StreamingResponse(_streamed())

    @app.get("/errors/handled")
    async def handled() -> None:
        raise HandledError

    @app.get("/errors/unhandled")
    async def unhandled() -> None:
        raise UnhandledError

    @app.exception_handler(HandledError)
    async def on_error(_request: Request, _error: Exception) -> Response:
        return PlainTextResponse("handled", 500)

    if with_views:
        app.include_router(_fastapi_views())
    adapted: ASGIApp = crosscors.fastapi.CORS(app, policy=policy, **options)
    return adapted


def _fastapi_views() -> fastapi.APIRouter:
    router = fastapi.APIRouter(prefix="/view")
    own = crosscors.fastapi.cross_origin(policy=VIEW)

    @router.get("/plain")
    @router.get("/slash/")
    @own
    async def hello() -> str:
        return "Hello"

    @router.get("/handled")
    @own
    async def handled() -> None:
        raise HandledError

    @router.get("/unhandled")
    @own
    async def unhandled() -> None:
        raise UnhandledError

    @router.get("/shared")
    async def read(request: Request) -> str:
        REACHED.append(request.url.path)
        return "Hello"

    @router.delete("/shared")
    @own
    async def delete(request: Request) -> str:
        REACHED.append(request.url.path)
        return "Gone"

    router.get("/shared-too")(hello)
    router.delete("/shared-too")(read)

    return router


# Flask.


def flask_(policy: Policy, *, with_views: bool = False, **options: Any) -> WSGIApplication:
    app = flask.Flask(__name__)

    @app.route("/socket", websocket=True)
    def socket() -> str:
        REACHED.append("/socket")
        return "no WebSocket here"

    @app.route("/answers/<name>", methods=["GET", "POST", "OPTIONS"])
    def answer(name: str) -> flask.Response:
        answer = own_answer(name)
        if answer is None:
            flask.abort(404)
        return flask.Response(status=answer.status, headers=answer.own)

    @app.get("/only-get")
    @app.get("/slash/")
    def hello() -> str:
        return "Hello"

    @app.get("/stream")
    def stream() -> flask.Response:
        return flask.Response(iter(STREAMED))

    @app.get("/errors/handled")
    def handled() -> str:
        raise HandledError

    @app.get("/errors/unhandled")
    def unhandled() -> str:
        raise UnhandledError

    @app.errorhandler(HandledError)
    def on_error(_error: HandledError) -> tuple[str, int]:
        return "handled", 500

    if with_views:
        _add_flask_views(app)
    crosscors.flask.CORS(app, policy=policy, **options)
    return app


def _add_flask_views(app: flask.Flask) -> None:
    own = crosscors.flask.cross_origin(policy=VIEW)

    @app.get("/view/plain", endpoint="view")
    @app.get("/view/slash/", endpoint="view slash")
    @own
    def hello() -> str:
        return "Hello"

    @app.get("/view/handled", endpoint="view handled")
    @own
    def handled() -> str:
        raise HandledError

    @app.get("/view/unhandled", endpoint="view unhandled")
    @own
    def unhandled() -> str:
        raise UnhandledError

    @app.get("/view/shared")
    def read() -> str:
        REACHED.append(flask.request.path)
        return "Hello"

    @app.delete("/view/shared")
    @own
    def delete() -> str:
        REACHED.append(flask.request.path)
        return "Gone"

    app.get("/view/shared-too", endpoint="view shared too")(hello)
    app.delete("/view/shared-too", endpoint="view unmarked")(read)


# aiohttp. Its router redirects nothing, so a handler does.


async def _aiohttp_answer(request: web.Request) -> web.Response:
    answer = own_answer(request.match_info["name"])
    if answer is None:
        raise web.HTTPNotFound
    return web.Response(status=answer.status, headers=CIMultiDict(answer.own))


async def _aiohttp_hello(request: web.Request) -> web.Response:
    REACHED.append(request.path)
    return web.Response(text="Hello")


async def _aiohttp_slash(request: web.Request) -> web.Response:
    raise web.HTTPTemporaryRedirect(f"{request.path}/")


async def _aiohttp_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for part in STREAMED:
        await response.write(part)
    return response


async def _aiohttp_socket(request: web.Request) -> web.WebSocketResponse:
    REACHED.append(request.path)
    response = web.WebSocketResponse(timeout=0)  # seconds that it waits for the client to close as well
    await response.prepare(request)
    return response


async def _aiohttp_handled(_request: web.Request) -> web.Response:
    raise HandledError


async def _aiohttp_unhandled(_request: web.Request) -> web.Response:
    raise UnhandledError


@web.middleware
async def _aiohttp_on_error(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except HandledError:
        return web.Response(status=500, text="handled")
    return response


def aiohttp(policy: Policy, *, with_views: bool = False, **options: Any) -> web.Application:
    app = web.Application(middlewares=[_aiohttp_on_error])
    app.router.add_get("/socket", _aiohttp_socket)
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        app.router.add_route(method, "/answers/{name}", _aiohttp_answer)
    app.router.add_get("/only-get", _aiohttp_hello)
    app.router.add_get("/slash", _aiohttp_slash)
    app.router.add_get("/slash/", _aiohttp_hello)
    app.router.add_get("/stream", _aiohttp_stream)
    app.router.add_get("/errors/handled", _aiohttp_handled)
    app.router.add_get("/errors/unhandled", _aiohttp_unhandled)
    if with_views:
        _add_aiohttp_views(app.router)
    return crosscors.aiohttp.CORS(app, policy=policy, **options)


def _add_aiohttp_views(router: web.UrlDispatcher) -> None:
    # A mark stays on its function, so the functions are new for each application.
    own = crosscors.aiohttp.cross_origin(policy=VIEW)

    @own
    async def hello(request: web.Request) -> web.Response:
        return await _aiohttp_hello(request)

    @own
    async def slash(request: web.Request) -> web.Response:
        return await _aiohttp_slash(request)

    @own
    async def handled(_request: web.Request) -> web.Response:
        raise HandledError

    @own
    async def unhandled(_request: web.Request) -> web.Response:
        raise UnhandledError

    class SharedToo(web.View):
        @own
        async def get(self) -> web.Response:
            return await _aiohttp_hello(self.request)

        async def delete(self) -> web.Response:
            return await _aiohttp_hello(self.request)

    router.add_get("/view/plain", hello)
    router.add_route("*", "/view/slash", slash)
    router.add_get("/view/slash/", hello)
    router.add_get("/view/handled", handled)
    router.add_get("/view/unhandled", unhandled)
    router.add_get("/view/shared", _aiohttp_hello)
    router.add_delete("/view/shared", hello)
    router.add_view("/view/shared-too", SharedToo)


# Django. Its policy stands in the settings; views are functions for the sync stack, and coroutines for the
# async one, so that no thread lies between the adapter and them.
_View = Callable[..., Any]


class AnswerHandled(MiddlewareMixin):
    """The application's handler for HandledError."""

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        return HttpResponse("handled", status=500) if isinstance(error, HandledError) else None


def _django_answer(_request: HttpRequest, name: str) -> HttpResponse:
    answer = own_answer(name)
    if answer is None:
        raise Http404
    response = HttpResponse(status=answer.status)
    for field_name, value in answer.own:
        response.headers[field_name] = value
    return response


def _django_hello(request: HttpRequest) -> HttpResponse:
    REACHED.append(request.path)
    return HttpResponse("Hello")


def _django_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_streamed() if isinstance(request, ASGIRequest) else iter(STREAMED))


def _django_handled(_request: HttpRequest) -> HttpResponse:
    raise HandledError


def _django_unhandled(_request: HttpRequest) -> HttpResponse:
    raise UnhandledError


def _awaited(view: _View) -> _View:
    """The view as a coroutine, and with everything it is marked with."""

    @functools.wraps(view)
    async def awaited(*args: Any, **keywords: Any) -> Any:
        return view(*args, **keywords)

    return awaited


class _Urls:
    """What a URLconf module is to Django."""

    def __init__(self, *, is_async: bool, with_views: bool) -> None:
        self._as_view: Callable[[_View], _View] = _awaited if is_async else lambda view: view
        self.urlpatterns = [
            path("answers/<name>", self._as_view(_django_answer)),
            path("only-get", self._as_view(require_GET(_django_hello))),
            path("slash/", self._as_view(_django_hello)),
            path("socket", self._as_view(_django_hello)),
            path("stream", self._as_view(_django_stream)),
            path("errors/handled", self._as_view(_django_handled)),
            path("errors/unhandled", self._as_view(_django_unhandled)),
        ]
        if with_views:
            self.urlpatterns += self._views()

    def _views(self) -> list[URLPattern]:
        # A mark stays on its function, so the functions are new for each application.
        own = crosscors.django.cross_origin(policy=VIEW)

        @own
        @self._as_view
        @require_GET
        def hello(request: HttpRequest) -> HttpResponse:
            return _django_hello(request)

        @own
        @self._as_view
        def handled(_request: HttpRequest) -> HttpResponse:
            raise HandledError

        @self._as_view
        @own
        def unhandled(_request: HttpRequest) -> HttpResponse:
            raise UnhandledError

        def read(_view: View, request: HttpRequest) -> HttpResponse:
            return _django_hello(request)

        def delete(_view: View, request: HttpRequest) -> HttpResponse:
            return _django_hello(request)

        unmarked, marked = self._as_view(read), own(self._as_view(delete))
        shared: type[View] = type("Shared", (View,), {"get": unmarked, "delete": marked})
        shared_too: type[View] = type("SharedToo", (View,), {"get": marked, "delete": unmarked})
        return [
            path("view/plain", hello),
            path("view/slash/", hello),
            path("view/handled", handled),
            path("view/unhandled", unhandled),
            path("view/shared", shared.as_view()),
            path("view/shared-too", shared_too.as_view()),
        ]


def django_settings(policy: Policy, urls: _Urls, **options: Any) -> dict[str, Any]:
    return {
        **{f"CORS_{name.upper()}": value for name, value in options.items()},
        "ALLOWED_HOSTS": ["*"],
        "APPEND_SLASH": True,
        "DEBUG": False,
        "MIDDLEWARE": [
            "crosscors.django.CORSMiddleware",
            "django.middleware.common.CommonMiddleware",
            f"{__name__}.AnswerHandled",
        ],
        "ROOT_URLCONF": urls,
        "CORS_RESOURCES" if isinstance(policy, Resources) else "CORS_POLICY": policy,
    }


# All of them.


# Serves the application with a policy, within another one if there is one, for as long as the context lasts.
Serve = Callable[..., contextlib.AbstractContextManager[Ask]]


class Stack(NamedTuple):
    name: str
    serve: Serve


def _asgi(build: Callable[..., ASGIApp]) -> Serve:
    return lambda policy, outer=None, **keywords: over_asgi(_within_asgi(outer, build(policy, **keywords)))


def _wsgi(build: Callable[..., WSGIApplication]) -> Serve:
    return lambda policy, outer=None, **keywords: over_wsgi(_within_wsgi(outer, build(policy, **keywords)))


def _aiohttp(
    policy: Policy, outer: Policy | None = None, **keywords: Any
) -> contextlib.AbstractContextManager[Ask]:
    return over_aiohttp(lambda: _within_aiohttp(outer, aiohttp(policy, **keywords)))


def _within_aiohttp(outer: Policy | None, app: web.Application) -> web.Application:
    if outer is None:
        return app
    around = web.Application()
    around.add_domain("localhost", app)
    return crosscors.aiohttp.CORS(around, policy=outer)


def _within_asgi(outer: Policy | None, app: ASGIApp) -> ASGIApp:
    return app if outer is None else crosscors.asgi.CORSMiddleware(app, policy=outer)


def _within_wsgi(outer: Policy | None, app: WSGIApplication) -> WSGIApplication:
    return app if outer is None else crosscors.wsgi.CORSMiddleware(app, policy=outer)


@contextlib.contextmanager
def _django(
    policy: Policy, outer: Policy | None = None, *, with_views: bool = False, **options: Any
) -> Iterator[Ask]:
    urls = _Urls(is_async=False, with_views=with_views)
    settings = override_settings(**django_settings(policy, urls, **options))
    with settings, over_wsgi(_within_wsgi(outer, WSGIHandler())) as ask:
        yield ask


def _django_asgi(*, is_protected: bool) -> ASGIApp:
    """Django's handler, and beside it what serves WebSockets."""
    handler: Any = ASGIHandler()  # whose types are narrower than ASGI's
    sockets = crosscors.django.protect_websockets(_accept) if is_protected else _accept

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (sockets if scope["type"] == "websocket" else handler)(scope, receive, send)

    return app


@contextlib.contextmanager
def _django_async(
    policy: Policy, outer: Policy | None = None, *, with_views: bool = False, **options: Any
) -> Iterator[Ask]:
    urls = _Urls(is_async=True, with_views=with_views)
    settings = override_settings(**django_settings(policy, urls, **options))
    with settings, over_asgi(_within_asgi(outer, _django_asgi(is_protected="protect" in options))) as ask:
        yield ask


FRAMEWORKS = (
    Stack("starlette", _asgi(starlette)),
    Stack("fastapi", _asgi(fastapi_)),
    Stack("flask", _wsgi(flask_)),
    Stack("aiohttp", _aiohttp),
    Stack("django", _django),
    Stack("django async", _django_async),
)
# A plain application has no views, and so no policies of views.
STACKS = (
    Stack("asgi", _asgi(plain_asgi)),
    Stack("wsgi", _wsgi(plain_wsgi)),
    *(Stack(f"lambda {form}", _lambda(form)) for form in gateway.FORMS),
    *FRAMEWORKS,
)
