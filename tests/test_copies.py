"""Middlewares can be copied and pickled, for settings and worker processes; copies go their own ways."""

from __future__ import annotations

import copy
import logging
import pickle
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

import crosscors.asgi
import crosscors.starlette
import crosscors.wsgi
from crosscors import CORSPolicy, CORSRequest, Decision, LivePolicy, Resources
from tests.clients import Answer, ask_asgi, ask_wsgi
from tests.tables import table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from crosscors.asgi import Receive, Scope, Send

ORIGIN = "https://app.example.com"
OWN = "https://own.example.com"

POLICY = CORSPolicy(allow_origins=ORIGIN)
RESOURCES = Resources({"/*": POLICY})
CALLS: list[str] = []


def tell(request: CORSRequest, decision: Decision) -> None:
    CALLS.append(request.path)


async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError


def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b""]


def _pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # of our own


HOW = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, _pickled])


@HOW
@pytest.mark.parametrize("policy", [POLICY, RESOURCES], ids=["a policy", "resources"])
@table(
    "middleware, app, ask",
    ("asgi", crosscors.asgi.CORSMiddleware, asgi_app, ask_asgi),
    ("wsgi", crosscors.wsgi.CORSMiddleware, wsgi_app, ask_wsgi),
    ("starlette", crosscors.starlette.CORS, asgi_app, ask_asgi),
)
@pytest.mark.parametrize("is_used", [False, True])
def test_a_copy_works(
    copied: Callable[[Any], Any], policy: Any, middleware: Any, app: Any, ask: Any, is_used: bool
) -> None:
    CALLS.clear()
    original = middleware(app, policy=policy, on_decision=tell)
    if is_used:
        ask(original, path="/original", headers=[("Origin", ORIGIN)])
    answer: Answer = ask(copied(original), path="/copy", headers=[("Origin", ORIGIN)])
    assert answer.allowed == ORIGIN
    assert ["/original", "/copy"][not is_used :] == CALLS


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("middleware", [crosscors.asgi.CORSMiddleware, crosscors.starlette.CORS])
def test_a_copy_follows_the_same_live_policy(copied: Callable[[Any], Any], middleware: Any) -> None:
    live = LivePolicy(POLICY)
    original = middleware(asgi_app, policy=live, debug=True)
    apps = [original, copied(original), copied(copied(original))]
    live.replace(CORSPolicy(allow_origins=OWN))
    assert [ask_asgi(app, headers=[("Origin", OWN)]).allowed for app in apps] == [OWN] * 3
    refused = [ask_asgi(app, headers=[("Origin", ORIGIN)]) for app in apps]
    assert all(answer.values("x-cors-refused") for answer in refused)


@HOW
def test_what_one_has_said_the_other_says_too(
    copied: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    original = crosscors.asgi.CORSMiddleware(failing, policy=POLICY)
    for app in (original, copied(original)):
        for _ in range(30):
            with pytest.raises(LookupError):
                ask_asgi(app, headers=[("Origin", OWN)])
    assert sum("exception left" in message for message in caplog.messages) == 2
    assert sum(" refused " in message for message in caplog.messages) == 2 * 20


@crosscors.starlette.cross_origin(allow_origins=OWN)
async def own(request: object) -> Response:
    return PlainTextResponse("own")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("is_used", [False, True])
def test_a_copy_looks_for_the_policies_of_its_endpoints_itself(
    copied: Callable[[Any], Any], is_used: bool
) -> None:
    original: Any = crosscors.starlette.CORS(Router(routes=[Route("/own", own)]), policy=POLICY)
    if is_used:
        ask_asgi(original, path="/own")
    for app in (copied(original), original):
        for origin, allowed in ((OWN, OWN), (ORIGIN, None)):
            answer = ask_asgi(app, path="/own", headers=[("Origin", origin)])
            assert (answer.body, answer.allowed) == (b"own", allowed)
