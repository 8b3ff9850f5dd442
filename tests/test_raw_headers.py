"""Headers over ASGI, as servers, test clients and applications give them."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import falcon.asgi
import falcon.testing
import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Resources
from crosscors.asgi import CORSMiddleware
from tests.clients import http_scope, send_asgi
from tests.tables import table

if TYPE_CHECKING:
    from crosscors.asgi import Message, Receive, Scope, Send

ORIGIN = "https://app.example.com"
ASKED = [(b"host", b"h"), (b"origin", ORIGIN.encode()), (b"x-token", b"t\xe9")]
PREFLIGHT = [*ASKED, (b"access-control-request-method", b"GET")]

Pairs = list[tuple[bytes, bytes]]


def text(pairs: Pairs) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


# What may be given for a list of pairs of bytes, and is clear.
SHAPES: dict[str, Callable[[Pairs], Any]] = {
    "a tuple": tuple,
    "a deque": deque,
    "an iterator": iter,
    "a generator": lambda pairs: (pair for pair in pairs),
    "a list of lists": lambda pairs: [list(pair) for pair in pairs],
    "a list of iterators": lambda pairs: [iter(pair) for pair in pairs],
    "an iterator of iterators": lambda pairs: iter([iter(pair) for pair in pairs]),
    "a generator of lists": lambda pairs: (list(pair) for pair in pairs),
    "pairs, and an iterator among them": lambda pairs: [pairs[0], iter(pairs[1]), *pairs[2:]],
    "a mapping": dict,
    "a mapping of text": lambda pairs: dict(text(pairs)),
    "text": text,
    "an iterator of text": lambda pairs: iter(text(pairs)),
    "lists of text": lambda pairs: [list(pair) for pair in text(pairs)],
    "names as text": lambda pairs: [(name.decode(), value) for name, value in pairs],
    "values as text": lambda pairs: [(name, value.decode("latin-1")) for name, value in pairs],
    "text at the end": lambda pairs: [*pairs[:-1], *text(pairs[-1:])],
    "bytearrays": lambda pairs: [(bytearray(name), bytearray(value)) for name, value in pairs],
}


SHAPED = pytest.mark.parametrize("shape", [pytest.param(shape, id=name) for name, shape in SHAPES.items()])


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def shaped(headers: Any, method: str = "GET") -> Scope:
    return {**http_scope(method, "/", []), "headers": headers}


def allowed(sent: list[Message]) -> bool:
    return (b"access-control-allow-origin", ORIGIN.encode()) in sent[0]["headers"]


@SHAPED
@pytest.mark.parametrize(
    "policy", [CORSPolicy(allow_origins=ORIGIN), Resources({"/": CORSPolicy(allow_origins=ORIGIN)})]
)
def test_the_request_is_read_and_the_application_can_read_it_too(
    shape: Callable[[Pairs], Any], policy: Any
) -> None:
    seen: list[Any] = []
    told: list[dict[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append([tuple(pair) for pair in scope["headers"]])
        await answering(scope, receive, send)

    def tell(request: CORSRequest, decision: Decision) -> None:
        told.append(dict(request.headers))

    assert allowed(send_asgi(CORSMiddleware(app, policy=policy, on_decision=tell), shaped(shape(ASKED))))
    # What is not read to the end is handed on as it came.
    assert seen == [[*ASKED[:-1], *text(ASKED[-1:])] if shape is SHAPES["text at the end"] else ASKED]
    assert told == [dict(text(ASKED))]


def test_a_hook_reads_a_value_that_is_text() -> None:
    told: list[str] = []
    headers = [*ASKED, (b"x-page", "t"), (b"x-page", b"u")]
    hook = CORSMiddleware(
        answering,
        allow_origins=ORIGIN,
        on_decision=lambda request, _: told.append(request.headers["X-Page"]),
    )
    assert allowed(send_asgi(hook, shaped(headers)))
    assert told == ["t, u"]


@SHAPED
def test_a_preflight_is_read(shape: Callable[[Pairs], Any]) -> None:
    app = CORSMiddleware(answering, allow_origins=ORIGIN)
    assert allowed(send_asgi(app, shaped(shape(PREFLIGHT), "OPTIONS")))


@table(
    "headers",
    ("alone", [(b"Origin", ORIGIN.encode())]),
    ("all of them", [(b"Host", b"h"), (b"Origin", ORIGIN.encode())]),
    ("at the end", [(b"host", b"h"), (b"ORIGIN", ORIGIN.encode())]),
    ("text", [("Host", "h"), ("Origin", ORIGIN), ("Accept", "*/*")]),
    ("text at the end", [(b"host", b"h"), ("Origin", ORIGIN)]),
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_names_in_upper_case_are_read_and_handed_on_in_lower_case(headers: Any, method: str) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(scope["headers"])
        await answering(scope, receive, send)

    assert allowed(send_asgi(CORSMiddleware(app, allow_origins=ORIGIN), shaped(headers, method)))
    assert (b"origin", ORIGIN.encode()) in seen


NO_SCOPE_HEADERS = {name: value for name, value in shaped(()).items() if name != "headers"}


@pytest.mark.parametrize("scope", [shaped(None), shaped([]), shaped(()), shaped(iter(())), NO_SCOPE_HEADERS])
def test_there_may_be_no_headers(scope: Scope) -> None:
    app = CORSMiddleware(answering, allow_origins=ORIGIN)
    assert send_asgi(app, scope)[0]["headers"] == [(b"vary", b"Origin")]


# What is not clear.
UNCLEAR = {
    "text for all": "origin",
    "bytes for all": b"origin: https://app.example.com",
    "a number": 7,
    "a name alone": [(b"origin",)],
    "three": [("origin", "a", "b")],
    "an iterator of three": [iter((b"origin", b"a", b"b"))],
    "two letters": ["ab"],
    "a number as a value": [(b"content-length", 7)],
    "a number as a name": [(7, b"a")],
    "None as a value": [("origin", None)],
    "None as a pair": [None],
    "text that is not latin-1": [("x-name", "\N{SNOWMAN}")],
    "a set of names": {b"origin"},
}
EACH_UNCLEAR = pytest.mark.parametrize(
    "headers", [pytest.param(headers, id=name) for name, headers in UNCLEAR.items()]
)


@EACH_UNCLEAR
def test_what_is_not_clear_is_an_error_before_anything_is_sent(headers: Any) -> None:
    sent: list[Message] = []

    async def remember(message: Message) -> None:
        sent.append(message)

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        await CORSMiddleware(answering, allow_origins=ORIGIN)(scope, receive, remember)

    with pytest.raises(TypeError, match=r"the headers of the scope are not pairs of bytes: .*Write a list"):
        send_asgi(around, shaped(headers))
    assert not sent


@EACH_UNCLEAR
def test_so_it_is_in_a_response(headers: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(TypeError, match=re.escape("the headers of the message http.response.start")):
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        await answering(scope, receive, send)

    sent = send_asgi(CORSMiddleware(app, allow_origins=ORIGIN), shaped(ASKED))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert allowed(sent)


@SHAPED
@pytest.mark.parametrize("is_within", [True, False])
def test_a_response_may_have_its_headers_in_every_clear_shape(
    shape: Callable[[Pairs], Any], is_within: bool
) -> None:
    pairs = [(b"Content-Type", b"text/plain"), (b"vary", b"Accept"), (b"x-token", b"t\xe9")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": shape(pairs)})

    guarded = CORSMiddleware(app, allow_origins=ORIGIN)
    if is_within:
        guarded = CORSMiddleware(guarded, allow_origins="*")
    (start,) = send_asgi(guarded, shaped(ASKED))
    kept = [(bytes(name), bytes(value)) for name, value in start["headers"]]
    assert kept == [
        pairs[0],
        pairs[2],
        (b"access-control-allow-origin", ORIGIN.encode()),
        (b"vary", b"Accept, Origin"),
    ]


def test_falcons_test_client_finds_its_way_through() -> None:
    class Item:
        async def on_get(self, request: Any, response: Any) -> None:
            response.media = request.get_header("X-Token")

    api = falcon.asgi.App()
    api.add_route("/item", Item())
    client = falcon.testing.TestClient(CORSMiddleware(api, allow_origins=ORIGIN))
    loop = asyncio.new_event_loop()  # which the client looks for, and another test may have taken away
    asyncio.set_event_loop(loop)
    try:
        answer = client.simulate_get("/item", headers={"Origin": ORIGIN, "X-Token": "t"})
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert answer.json == "t"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
