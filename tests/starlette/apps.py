"""What the tests of this adapter share: two policies to tell apart, and clients for what goes wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse, Response

from tests.clients import Answer, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crosscors.asgi import ASGIApp, Message, Scope

# The policy of the application allows one of them, that of an endpoint or mounted application the other.
OUTER = "https://outer.example"
INNER = "https://inner.example"
EVIL = "https://evil.example"

ACTUAL_FIELDS = {"access-control-allow-origin": OUTER, "vary": "Origin"}


async def hello(request: Any) -> Response:
    return PlainTextResponse("Hello")


async def fail(request: Any) -> Response:
    raise LookupError("in the endpoint")


def preflight(origin: str, method: str = "GET", *headers: str) -> list[tuple[str, str]]:
    asked = [("Origin", origin), ("Access-Control-Request-Method", method)]
    return asked + [("Access-Control-Request-Headers", value) for value in headers]


def ask(
    app: ASGIApp, method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = (), **scope: Any
) -> Answer:
    """The same as ``tests.clients.ask_asgi`` for applications that wait for the client to go away."""
    answer, raised = ask_failing(app, method, path, headers, **scope)
    if raised is not None:
        raise raised
    assert answer is not None, "the application sent nothing"
    return answer


def ask_failing(
    app: ASGIApp, method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = (), **scope: Any
) -> tuple[Answer | None, Exception | None]:
    """What the application sent before it raised, if it sent anything, and what it raised."""
    sent, raised = _send(app, {**http_scope(method, path, list(headers), scheme="http"), **scope})
    if not sent:
        return None, raised
    start, *bodies = sent
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    body = b"".join(message.get("body", b"") for message in bodies)
    return Answer(start["status"], fields, body), raised


def _send(app: ASGIApp, scope: Scope) -> tuple[list[Message], Exception | None]:
    sent: list[Message] = []
    received: list[Message] = [{"type": "http.request"}]

    async def receive() -> Message:
        if not received:
            # Whoever streams waits for the client to go away meanwhile, which this one does not.
            await asyncio.Event().wait()
        return received.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    try:
        asyncio.run(run())
    except Exception as error:  # noqa: BLE001  # whatever it is, tests look at it
        return sent, error
    return sent, None


def converse(app: ASGIApp, scope: Scope, *received: Message) -> list[Message]:
    """What the application sends, to which these messages come one after the other."""
    sent: list[Message] = []
    messages = iter(received)

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return sent


def start_and_stop(app: ASGIApp, between: Callable[[dict[str, Any]], None] | None = None) -> list[str]:
    """Run the lifespan of the application as a server does; ``between`` gets the state that it filled."""
    state: dict[str, Any] = {}
    sent: list[str] = []

    async def run() -> None:
        is_stopping, is_started = asyncio.Event(), asyncio.Event()
        received = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

        async def receive() -> Message:
            message = next(received)
            if message["type"] == "lifespan.shutdown":
                await is_stopping.wait()
            return message

        async def send(message: Message) -> None:
            sent.append(message["type"])
            is_started.set()

        async def serve() -> None:
            await app({"type": "lifespan", "state": state}, receive, send)

        serving = asyncio.create_task(serve())
        await is_started.wait()
        if between is not None:
            await asyncio.to_thread(between, state)
        is_stopping.set()
        await serving

    asyncio.run(run())
    return sent


def policy_of(
    app: ASGIApp, path: str = "/", method: str = "GET", headers: Iterable[tuple[str, str]] = ()
) -> str:
    """Whose policy the response to an actual request carries: that of ``OUTER``, ``INNER`` or no one."""
    return _whose([ask_failing(app, method, path, [("Origin", o), *headers])[0] for o in (OUTER, INNER)])


def policy_of_preflight(
    app: ASGIApp, path: str = "/", method: str = "GET", headers: Iterable[tuple[str, str]] = ()
) -> str:
    """Whose policy the answer to a preflight carries, allowed or refused."""
    return _whose([ask(app, "OPTIONS", path, [*preflight(o, method), *headers]) for o in (OUTER, INNER)])


def policies_of(
    app: ASGIApp, path: str = "/", method: str = "GET", headers: Iterable[tuple[str, str]] = ()
) -> tuple[str, str]:
    """Both: of the actual request, and of its preflight."""
    return policy_of(app, path, method, headers), policy_of_preflight(app, path, method, headers)


def _whose(answers: list[Answer | None]) -> str:
    allowed = [answer.cors().get("access-control-allow-origin") for answer in answers if answer is not None]
    names: dict[tuple[str | None, ...], str] = {
        (OUTER, None): "outer",
        (None, INNER): "inner",
        ("*", "*"): "public",
        (None, None): "closed" if answers[0] is not None and "vary" in answers[0].cors() else "none",
    }
    return names.get(tuple(allowed), str(allowed))
