"""aiohttp: whole applications with one handler, from the request that its server makes to the headers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from typing import Any
from unittest import mock

import aiohttp_cors
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from crosscors.aiohttp import CORS
from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Case, Setup, policy_of
from tests.benchmarks.stacks import BARE, FLOOR, OURS, UNPROTECTED, Answered, Contender, has_floor
from tests.benchmarks.stacks.floor import ALLOWED, PREFLIGHT, VARY
from tests.clients import Fields


def stack(case: Case) -> Iterator[Contender]:
    yield _contender(BARE, None if case.is_preflight else _app(), case)
    if case.guarded:
        policy = policy_of(case.setup)
        yield _contender(UNPROTECTED, CORS(_app(), policy=policy), case)
        yield _contender(OURS, CORS(_app(), policy=policy, protect=True), case)
        return
    if has_floor(case):
        yield _contender(FLOOR, _floor(_app()), case)
    yield _contender(OURS, CORS(_app(), policy=policy_of(case.setup)), case)
    if not (case.setup.paths or case.setup.patterns or case.setup.regex):  # it knows none of them
        yield _contender("aiohttp-cors", _aiohttp_cors(_app(), case.setup), case)


def _app() -> web.Application:
    app = web.Application()
    for method in METHODS:
        app.router.add_route(method, PATH, _item)
    return app


async def _item(_request: web.Request) -> web.Response:
    return web.Response(body=b"{}", content_type="application/json")


def _floor(app: web.Application) -> web.Application:
    """The least that can be done, and just for these requests."""

    @web.middleware
    async def answer(request: web.Request, handler: Any) -> Any:
        if request.method == "OPTIONS" and request.headers.get(hdrs.ORIGIN) in ALLOWED:
            return web.Response(body=b"OK", headers=PREFLIGHT)
        return await handler(request)

    async def write(request: web.Request, response: web.StreamResponse) -> None:
        if request.method != "OPTIONS":
            origin = request.headers.get(hdrs.ORIGIN)
            response.headers.extend(VARY if origin is None else ALLOWED.get(origin, VARY))

    app.middlewares.append(answer)
    app.on_response_prepare.append(write)
    return app


def _aiohttp_cors(app: web.Application, setup: Setup) -> web.Application:
    options = aiohttp_cors.ResourceOptions(  # type: ignore[no-untyped-call]
        allow_credentials=not setup.is_public,
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
        max_age=MAX_AGE,
    )
    origins = ["*"] if setup.is_public else setup.origins
    cors = aiohttp_cors.setup(app, defaults=dict.fromkeys(origins, options))
    for route in list(app.router.routes()):
        cors.add(route)
    return app


def _contender(name: str, app: web.Application | None, case: Case) -> Contender:
    messages = itertools.cycle([_message(case.method, case.fields(origin)) for origin in case.origins])
    called: Any = web.Application() if app is None else app
    called.freeze()
    loop = asyncio.new_event_loop()
    called._set_loop(loop)
    asyncio.set_event_loop(loop)
    # What a server has for each connection.
    connection = (EMPTY_PAYLOAD, mock.Mock(), mock.Mock(), mock.Mock())

    def call() -> web.StreamResponse | None:
        # What its server does, except for parsing and writing. There is no public way.
        request = called._make_request(next(messages), *connection)
        if app is None:
            return None
        try:
            response: web.StreamResponse = _run(called._handle(request))
        except web.HTTPException as error:
            response = error
        _run(request._prepare_hook(response))
        return response

    def answer() -> Answered:
        response = call()
        assert response is not None
        return Answered(response.status, list(response.headers.items()))

    return Contender(name, call, answer)


def _message(method: str, fields: Fields) -> RawRequestMessage:
    headers = CIMultiDictProxy(CIMultiDict(fields))
    url = URL.build(path=PATH, encoded=True)
    return RawRequestMessage(method, PATH, HttpVersion11, headers, (), False, None, False, False, url)


def _run(coroutine: Coroutine[None, None, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("the application waits for something")
