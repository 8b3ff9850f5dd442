"""``python -m tests.forking``: a process is forked while a thread of it is inside each place that can wait.

Each child answers a request through the same middleware as if nothing had happened, or is killed after some
seconds.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from crosscors import CORSPolicy, CORSRequest, Decision, LivePolicy
from crosscors.asgi import CORSMiddleware
from crosscors.core.live import require
from crosscors.core.policy import Policies
from crosscors.core.values import Findings
from crosscors.live import cached
from tests.clients import ask_asgi, preflight

SECONDS = 5
APP, EVIL = "https://app.example.com", "https://evil.example"


class Place:
    """Where a thread is held until the child has ended."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self.may_go_on = threading.Event()

    def wait(self) -> None:
        if threading.current_thread() is not threading.main_thread() and not self.is_reached.is_set():
            self.is_reached.set()
            self.may_go_on.wait(SECONDS)


class Waiting(tuple[Any, ...]):
    """Pairs of headers; to look at them takes long."""

    place: Place

    def __iter__(self) -> Iterator[Any]:
        self.place.wait()
        return super().__iter__()


class Handler(logging.Handler):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place

    def handle(self, record: logging.LogRecord) -> bool:
        self.place.wait()  # without the lock of logging, for ours alone are to be seen
        return True


Make = Callable[[Place], CORSMiddleware]


def guarded(headers: Any = (), **options: Any) -> CORSMiddleware:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return CORSMiddleware(app, policy=CORSPolicy(allow_origins=[APP], **options))


def in_a_function(place: Place) -> CORSMiddleware:
    def func(request: CORSRequest) -> bool:
        place.wait()
        return False

    return guarded(allow_origin_func=func)


def in_a_hook(place: Place) -> CORSMiddleware:
    def hook(request: CORSRequest, decision: Decision) -> None:
        place.wait()

    app = guarded()
    return CORSMiddleware(app.app, allow_origins=[APP], on_decision=hook)


def in_the_log(place: Place) -> CORSMiddleware:
    logging.getLogger("crosscors").handlers[:] = [Handler(place)]
    return guarded()


def in_the_headers_of_a_response(place: Place) -> CORSMiddleware:
    headers = Waiting(((b"x-own", b"1"),))
    headers.place = place
    return guarded(headers)


def in_a_replacement(place: Place) -> CORSMiddleware:
    live = LivePolicy(CORSPolicy(allow_origins=[APP]))

    def wait(_: Policies) -> Findings:
        place.wait()  # while the lock is held
        return Findings()

    require(live, wait)

    def func(_: CORSRequest) -> bool:
        live.replace(live.policy)
        return False

    return guarded(allow_origin_func=func)


def in_a_cached_function(place: Place) -> CORSMiddleware:
    def func(request: CORSRequest) -> bool:
        place.wait()  # while others wait for the answer
        return request.origin == APP

    return guarded(allow_origin_func=cached(func))


def goes_on(make: Make) -> bool:
    """Whether a child that is forked while a thread is in that place comes through it."""
    place = Place()
    app = make(place)

    def ask() -> None:
        ask_asgi(app, headers=[("Origin", EVIL)])
        ask_asgi(app, "OPTIONS", headers=preflight(EVIL, "PUT", "x-token"))

    thread = threading.Thread(target=ask)
    thread.start()
    assert place.is_reached.wait(SECONDS), f"no thread was {make.__name__}"
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        ask()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    place.may_go_on.set()
    thread.join()
    return status == 0


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)  # to fork beside threads is what this is about
    logging.getLogger("crosscors").setLevel(logging.DEBUG)
    logging.getLogger("crosscors").propagate = False
    places = (
        *(in_a_function, in_a_hook, in_the_log, in_the_headers_of_a_response),
        *(in_a_replacement, in_a_cached_function),
    )
    held = [make.__name__ for make in places if not goes_on(make)]
    print("held:", held)
    return len(held)


if __name__ == "__main__":
    sys.exit(main())
