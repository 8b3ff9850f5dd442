"""``CORS(app, ...)`` for aiohttp: what the table of tests/conformance does not have."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

import crosscors.aiohttp.adapter
import crosscors.aiohttp.covering
from crosscors import CORSPolicy, CORSRequest, Decision, LivePolicy, PolicyError, Resources
from crosscors.aiohttp import CORS, cross_origin
from tests.conformance.sending import over_aiohttp
from tests.conformance.table import Request, get, preflight
from tests.conftest import Approve
from tests.tables import each, table

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
APP, SECOND, EVIL = "https://app.example.com", "https://second.example", "https://evil.example"


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="Hello")


@cross_origin(allow_origins=SECOND)
async def second(_request: web.Request) -> web.Response:
    return web.Response(text="Hello")


def application(*routes: web.AbstractRouteDef, middlewares: Any = ()) -> web.Application:
    app = web.Application(middlewares=middlewares)
    app.add_routes(routes or [web.get("/", hello)])
    return app


def allowed(app: web.Application, *requests: Request) -> list[str | None]:
    """Access-Control-Allow-Origin of the responses."""
    with over_aiohttp(lambda: app) as ask:
        answers = [ask(request) for request in requests]
    return [answer.allowed for answer in answers if answer]


# Applications within others.


def nested(**options: Any) -> web.Application:
    part = application(web.get("/", hello), web.get("/second", second))
    CORS(part, allow_origins=SECOND, **options)
    app = application(web.get("/", hello))
    app.add_subapp("/part", part)
    return CORS(app, allow_origins=APP)


@table(
    "path, expected",
    ("the outer application", "/", APP),
    ("the inner one", "/part/", SECOND),
    ("a status 404 of the inner one", "/part/nothing", SECOND),
    ("a status 404 of the outer one", "/nothing", APP),
)
def test_the_innermost_application_decides(path: str, expected: str) -> None:
    other = {APP: SECOND, SECOND: APP}[expected]
    requests = [get(expected, path=path), preflight(expected, "GET", path=path)]
    requests += [get(other, path=path), preflight(other, "GET", path=path)]
    assert allowed(nested(), *requests) == [expected, expected, None, None]


def test_where_the_inner_one_covers_nothing_the_outer_one_does() -> None:
    part = application(web.get("/a", hello), web.get("/b", hello))
    CORS(part, policy=Resources({"/a": CORSPolicy(allow_origins=SECOND)}))
    app = application()
    app.add_subapp("/part", part)
    CORS(app, allow_origins=APP)
    found = allowed(app, get(SECOND, path="/part/a"), get(APP, path="/part/b"), get(APP, path="/part/a"))
    assert found == [SECOND, APP, None]


def test_keys_of_a_part_of_a_part_are_below_both() -> None:
    inner, middle, app = application(), application(web.get("/x", hello)), application()
    CORS(inner, policy=Resources({"/": CORSPolicy(allow_origins=SECOND)}))
    middle.add_subapp("/inner", inner)
    app.add_subapp("/middle", middle)
    assert allowed(app, get(SECOND, path="/middle/inner/"), get(SECOND, path="/middle/x")) == [SECOND, None]


def test_an_inner_application_alone_may_have_a_policy() -> None:
    part, app = application(), application()
    CORS(part, allow_origins=APP)
    app.add_subapp("/part", part)
    assert allowed(
        app, get(APP, path="/part/"), preflight(APP, "GET", path="/part/"), get(APP, path="/")
    ) == [
        APP,
        APP,
        None,
    ]


def test_the_protection_of_the_outer_one_asks_the_policy_of_the_inner_one() -> None:
    part = application(web.post("/", hello))
    CORS(part, allow_origins=SECOND, allow_methods="POST", allow_credentials=True)
    app = application()
    app.add_subapp("/part", part)
    CORS(app, allow_origins=APP, allow_methods="POST", allow_credentials=True, protect=True)
    cookie = ("Cookie", "session=1")
    with over_aiohttp(lambda: app) as ask:
        answers = [
            ask(Request("POST", "/part/", [("Origin", origin), ("Sec-Fetch-Site", "cross-site"), cookie]))
            for origin in (SECOND, APP)
        ]
    assert [answer and answer.status for answer in answers] == [200, 403]


def test_an_application_around_that_has_read_the_body_changes_little() -> None:
    @web.middleware
    async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
        request._read_bytes = b"body"
        return await handler(request)

    part = application(web.get("/", second))
    CORS(part, allow_origins=APP)
    app = application(middlewares=[read])
    app.add_subapp("/part", part)
    # It cannot be found out any more which handlers share the path.
    assert allowed(app, get(APP, path="/part/", method="PUT")) == [APP]


# Handlers.


def test_a_handler_without_a_policy_shares_status_405_with_none() -> None:
    app = CORS(application(web.get("/", second), web.put("/", hello)), allow_origins=APP)
    assert allowed(app, get(APP, method="DELETE", path="/"), get(SECOND, path="/")) == [APP, SECOND]


class View(web.View):
    @cross_origin(allow_origins=SECOND)
    async def get(self) -> web.Response:
        return web.Response()

    async def put(self) -> web.Response:
        return web.Response()


def test_one_method_of_a_view() -> None:
    app = CORS(application(web.view("/", View)), allow_origins=APP, allow_methods=["PUT"])
    assert allowed(
        app, get(SECOND, path="/"), get(APP, path="/", method="PUT"), preflight(APP, path="/")
    ) == [
        SECOND,
        APP,
        APP,
    ]


@each("marks", 0, 1)
@each("is_by_path", False, True)
def test_without_handlers_that_have_a_policy_it_is_the_same(
    marks: int, is_by_path: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (crosscors.aiohttp.adapter, crosscors.aiohttp.covering):
        monkeypatch.setattr(module, "marks_made", lambda: marks)
    policy = CORSPolicy(allow_origins=APP, allow_methods=["GET", "PUT"])
    app = CORS(application(), policy=Resources({"/": policy}) if is_by_path else policy)
    requests = [get(APP, path="/"), get(EVIL, path="/"), preflight(APP, path="/"), preflight(EVIL, path="/")]
    requests += [get(APP, path="/", method="PUT"), get(path="/"), get(APP, path="/nothing")]
    assert allowed(app, *requests) == [APP, None, APP, None, APP, None, None if is_by_path else APP]


# Whoever makes the response.


def test_middleware_that_answers_first_gets_the_headers_too() -> None:
    @web.middleware
    async def close(_request: web.Request, handler: Handler) -> web.StreamResponse:
        return web.Response(status=503)

    app = CORS(application(middlewares=[close]), allow_origins=APP)
    with over_aiohttp(lambda: app) as ask:
        actual, asked = ask(get(APP, path="/")), ask(preflight(APP, "GET", path="/"))
    assert actual is not None
    assert asked is not None
    assert (actual.status, actual.allowed, asked.status, asked.allowed) == (503, APP, 200, APP)


def test_an_expectation_that_fails_gets_the_headers() -> None:
    app = CORS(application(), allow_origins=APP)
    with over_aiohttp(lambda: app) as ask:
        answer = ask(Request("GET", "/", [("Origin", APP), ("Expect", "the moon")]))
    assert answer is not None
    assert (answer.status, answer.allowed) == (417, APP)


BIG = 3_000_000  # bytes


def on_server(app: web.Application, use: Callable[[ClientSession, str], Any]) -> Any:
    """What a client gets from aiohttp's own server."""

    async def run() -> Any:
        async with TestServer(app) as server, ClientSession(headers={"Origin": APP}) as session:
            return await use(session, str(server.make_url("/")))

    return asyncio.run(run())


def test_a_file_is_sent_by_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"x" * BIG)
    app = web.Application()
    app.router.add_static("/", tmp_path)
    CORS(app, allow_origins=APP)
    sent: list[int] = []

    async def use(session: ClientSession, url: str) -> None:
        loop = asyncio.get_running_loop()
        sendfile = loop.sendfile

        async def watched(*given: Any, **options: Any) -> int:
            sent.append(await sendfile(*given, **options))
            return sent[-1]

        monkeypatch.setattr(loop, "sendfile", watched)
        async with session.get(f"{url}file") as response:
            assert response.headers["Access-Control-Allow-Origin"] == APP
            assert len(await response.read()) == BIG
        async with session.get(f"{url}file", headers={"Range": "bytes=0-9"}) as response:
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (206, APP)
            await response.read()

    on_server(app, use)
    assert sent[0] == BIG


def test_a_stream_passes_as_it_is_written() -> None:
    has_read = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one")
        await has_read.wait()  # for ever, if somebody kept the first part back
        await response.write(b"two")
        return response

    async def use(session: ClientSession, url: str) -> bytes:
        async with session.get(url) as response:
            assert response.headers["Access-Control-Allow-Origin"] == APP
            first = await response.content.readany()
            has_read.set()
            return first + await response.content.read()

    assert on_server(CORS(application(web.get("/", stream)), allow_origins=APP), use) == b"onetwo"


def test_a_websocket_passes() -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(await socket.receive_str())
        return socket

    async def use(session: ClientSession, url: str) -> Any:
        async with session.ws_connect(url) as socket:
            await socket.send_str("Hello")
            return await socket.receive()

    message = on_server(CORS(application(web.get("/", echo)), allow_origins=APP), use)
    assert (message.type, message.data) == (WSMsgType.TEXT, "Hello")


# Reading.


def heard(app_of: Callable[..., web.Application], *requests: Request) -> list[tuple[CORSRequest, Decision]]:
    told: list[tuple[CORSRequest, Decision]] = []
    app = app_of(on_decision=lambda request, decision: told.append((request, decision)))
    with over_aiohttp(lambda: app) as ask:
        for request in requests:
            ask(request)
    return told


def test_the_hook_reads_the_request() -> None:
    fields = [("Origin", APP), ("X-One", "a"), ("x-one", "b"), ("X-Name", "J\u00f6rg")]
    [(request, decision)] = heard(
        lambda **options: CORS(application(), allow_origins=APP, **options),
        Request("GET", "/caf\u00e9", fields),
    )
    assert (request.method, request.path, request.host) == ("GET", "/caf\u00e9", "localhost")
    assert decision.allowed
    assert (request.headers["x-one"], request.headers["X-NAME"]) == ("a, b", "J\u00f6rg")
    assert list(request.headers) == ["host", "origin", "x-one", "x-name"]
    assert len(request.headers) == 4
    assert "x-two" not in request.headers


def test_each_application_hears_what_its_policy_decides() -> None:
    paths = [
        request.path
        for request, _ in heard(nested, get(SECOND, path="/part/"), preflight(SECOND, path="/part/x"))
    ]
    assert paths == ["/", "/x"]
    assert heard(nested, get(APP, path="/")) == []


def test_debug_mode_says_why_in_ascii() -> None:
    app = CORS(application(), allow_origins=APP, debug=True)
    with over_aiohttp(lambda: app) as ask:
        answer = ask(get("https://b\u00fccher.example", path="/"))
    assert answer is not None
    [why] = answer.values("x-crosscors-refused") or answer.values("x-cors-refused")
    assert why.isascii()


def test_a_function_is_asked_once() -> None:
    asked: list[str | None] = []

    async def is_known(request: CORSRequest) -> bool:
        asked.append(request.origin)
        await asyncio.sleep(0)
        return True

    policy = CORSPolicy(allow_origin_func=is_known, allow_methods="PUT", allow_credentials=True)
    app = CORS(application(web.put("/", hello)), policy=policy, protect=True)
    fields = [("Origin", APP), ("Sec-Fetch-Site", "cross-site"), ("Cookie", "session=1")]
    with over_aiohttp(lambda: app) as ask:
        answer = ask(Request("PUT", "/", fields))
    assert answer is not None
    assert (answer.status, answer.allowed, asked) == (200, APP, [APP])


def test_a_policy_can_be_replaced() -> None:
    live = LivePolicy(CORSPolicy(allow_origins=APP))
    app = CORS(application(), policy=live)
    with over_aiohttp(lambda: app) as ask:
        before = ask(get(SECOND, path="/"))
        live.replace(CORSPolicy(allow_origins=SECOND))
        after = ask(get(SECOND, path="/"))
    assert before is not None
    assert after is not None
    assert (before.allowed, after.allowed) == (None, SECOND)


# Mistakes.


def part_of_another() -> web.Application:
    app = web.Application()
    web.Application().add_subapp("/part", app)
    return app


def test_what_is_refused(approved: Approve) -> None:
    texts = []
    for why, app in (
        ("CORS(app) twice", CORS(application(), allow_origins=APP)),
        ("an application that is part of another one", part_of_another()),
    ):
        with pytest.raises(PolicyError) as caught:
            CORS(app, allow_origins=APP)
        texts.append((why, str(caught.value.problems[0])))
    approved("aiohttp_problems", texts)


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    raise web.HTTPUnauthorized


@web.middleware
async def name_server(request: web.Request, handler: Handler) -> web.StreamResponse:
    response: web.StreamResponse = await handler(request)
    response.headers["X-Served-By"] = "a"
    return response


async def unmarked(_request: web.Request) -> web.Response:
    return web.Response()


cross_origin(allow_origins=SECOND)(unmarked)


def test_the_log_names_middleware_that_answers_first_and_policies_without_effect(
    caplog: pytest.LogCaptureFixture, approved: Approve
) -> None:
    def hiding(handler: Any) -> Any:
        async def hidden(request: web.Request) -> Any:
            return await handler(request)

        return hidden

    app = CORS(application(web.get("/", hiding(second)), web.get("/unmarked", unmarked)), allow_origins=APP)
    app.middlewares.insert(0, gate)
    app.middlewares.insert(0, name_server)
    allowed(app)
    approved("aiohttp_mistakes", [(record.levelname, record.getMessage()) for record in caplog.records])


def test_a_right_application_is_not_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    app = application(web.get("/", hello), web.get("/second", second), middlewares=[gate])
    CORS(app, allow_origins=APP)
    app.middlewares.insert(0, name_server)
    allowed(app)
    assert caplog.records == []


def test_messages_name_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    app = CORS(application(web.get("/", second), web.get("/other", hello)), allow_origins=APP)
    allowed(app, get(EVIL, path="/"), get(EVIL, path="/other"))
    messages = [record.getMessage() for record in caplog.records]
    assert [message.partition(" refused")[0] for message in messages] == [
        "the CORS policy of the handler 'second'",
        "the CORS policy of the application",
    ]
