"""``python -m tests.forking``: a process is forked while a thread of it is inside each place that waits.

Each child decides, reports and writes as if nothing had happened, or is killed after some seconds.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

from crosscors import CORSPolicy, CORSRequest, Decision, Refusal
from crosscors._adapter.reporting import Reporter
from crosscors.asgi import ScopeReader
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.words import KEYWORDS

SECONDS = 5
REFUSED = CORSRequest("GET", origin="https://evil.example")
POLICY = CORSPolicy(allow_origins=["https://app.example.com"])


class Place:
    """Where a thread is held until the child has ended."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self.may_go_on = threading.Event()

    def wait(self) -> None:
        if threading.current_thread() is not threading.main_thread() and not self.is_reached.is_set():
            self.is_reached.set()
            self.may_go_on.wait(SECONDS)


def counting(place: Place) -> tuple[Callable[[], object], Callable[[], object]]:
    """A thread that stops while it counts a logged message."""

    def clock() -> float:
        place.wait()
        return time.monotonic()

    reporter = Reporter(None, clock)

    def report() -> None:
        reporter.report(POLICY.decide(REFUSED), lambda request: request, REFUSED)

    return report, report


class _Waiting(tuple[Any, ...]):
    """What a decision is made of; to look at it takes long."""

    place: Place

    def __iter__(self) -> Any:
        self.place.wait()
        return super().__iter__()


def writing(place: Place) -> tuple[Callable[[], object], Callable[[], object]]:
    """Within a decision's text and fields."""
    refusals = _Waiting((Refusal("headers-too-long", ()),))
    refusals.place = place
    slow = Decision(POLICY.decide(REFUSED).kind, False, ResponseHeaders(), status=400, refusals=refusals)
    quick = Decision(POLICY.decide(REFUSED).kind, False, ResponseHeaders(), status=400, refusals=tuple(refusals))
    return lambda: slow.raw_preflight_headers, lambda: (quick.raw_preflight_headers, quick.preflight_headers)


def reading(place: Place) -> tuple[Callable[[], object], Callable[[], object]]:
    """Within a request's headers."""
    headers = _Waiting(((b"host", b"example.com"),))
    headers.place = place
    slow = request_of({"method": "GET", "path": "/", "headers": ()})
    slow.headers._raw = headers  # type: ignore[attr-defined]
    quick = request_of({"method": "GET", "path": "/", "headers": [(b"host", b"example.com")]})
    return lambda: slow.headers["host"], lambda: quick.headers["host"]


def goes_on(make: Callable[[Place], tuple[Callable[[], object], Callable[[], object]]]) -> bool:
    """Whether a child that is forked while a thread is in that place comes through it."""
    place = Place()
    in_thread, in_child = make(place)
    thread = threading.Thread(target=in_thread)
    thread.start()
    assert place.is_reached.wait(SECONDS)
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        in_child()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    place.may_go_on.set()
    thread.join()
    return status == 0


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)  # to fork beside threads is what this is about
    logging.getLogger("crosscors").setLevel(logging.INFO)
    logging.getLogger("crosscors").addHandler(logging.NullHandler())
    held = [make.__name__ for make in (counting, writing, reading) if not goes_on(make)]
    print("held:", held)
    return len(held)


if __name__ == "__main__":
    sys.exit(main())
