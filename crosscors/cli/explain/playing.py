"""Playing the browser: the request of the page is sent, and what went over the wire is kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from crosscors.cli.explain.asked import Asked
from crosscors.cli.explain.lifespan import State, lifespan, with_state
from crosscors.cli.explain.ours import policies_heard
from crosscors.cli.explain.serving import Served
from crosscors.cli.output import CommandError, nothing_on_stdout
from crosscors.core.policy import CORSPolicy
from crosscors.testing import Browser, EngineName, Exchange, NetworkError, RequestInit, Response
from crosscors.testing.servers.wsgi import NotAnApplicationError

T = TypeVar("T")

# Seconds for the whole fetch. A live server that goes on after that is left.
TIMEOUT = 10.0
# What an application may need in addition, before it notices that the browser has left.
_GRACE = 2.0
# Bytes of each body. Hints need the first words only.
_BODY = 64 * 1024


@dataclass(frozen=True)
class Played:
    """What happened.

    Attributes:
        asked: the request of the page.
        url: the absolute URL of the request.
        exchanges: what went over the wire, in order.
        response: what the page gets, if it gets something.
        error: why it gets nothing; None after a preflight that allows the request, if that was all to send.
        is_dry: whether only the preflight was to be sent.
        is_live: whether the requests went over the network.
        policies: those of crosscors that decided in this process, in order.
    """

    asked: Asked
    url: str
    exchanges: tuple[Exchange, ...]
    response: Response | None
    error: NetworkError | None
    is_dry: bool = False
    is_live: bool = False
    policies: tuple[CORSPolicy, ...] = ()


def play(asked: Asked, served: Served, engine: EngineName | None, *, is_dry: bool) -> Played:
    """Let a page fetch.

    Raises:
        CommandError: if no browser would make such a request, or if the application does not end.
    """
    state: State = {}
    try:
        browser = Browser(
            with_state(served.server, state) if served.is_asgi else served.server,
            served.base_url,
            engine=engine,
            max_body_bytes=_BODY,
            timeout=TIMEOUT,
            may_cut_bodies=True,
        )
        page = browser.page(asked.origin)
    except ValueError as invalid:
        reason, _, remedy = str(invalid).rstrip(".").partition("; write ")
        raise CommandError(f"{reason}.", remedy and f"Write {remedy}.") from invalid
    init = RequestInit(
        method=asked.method,
        headers=asked.headers,
        body=asked.body,
        credentials="include" if asked.credentials else "same-origin",
    )

    def fetch() -> tuple[Response | None, NetworkError | None]:
        try:
            with nothing_on_stdout():
                return (asyncio.run(afetch()) if served.is_asgi else plain_fetch()), None
        except NetworkError as failure:
            return None, failure

    def plain_fetch() -> Response | None:
        if is_dry:
            page.preflight(asked.url, **init)
            return None
        return page.fetch(asked.url, **init)

    async def afetch() -> Response | None:
        asyncio.get_running_loop().set_exception_handler(_without_exits)
        async with lifespan(served.server, state):
            if is_dry:
                await page.apreflight(asked.url, **init)
                return None
            return await page.afetch(asked.url, **init)

    try:
        with policies_heard() as policies:
            response, error = _in_time(fetch)
    finally:
        served.close()
    url = asked.url if served.is_live else browser.origin + _path(asked.url)
    return Played(asked, url, tuple(browser.exchanges), response, error, is_dry, served.is_live, (*policies,))


def _without_exits(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what happened in a task, except its end of the process: the command says that itself."""
    if not isinstance(context.get("exception"), SystemExit):
        loop.default_exception_handler(context)


def _path(url: str) -> str:
    return url if url.startswith("/") else "/" + url.partition("://")[2].partition("/")[2]


def _in_time(run: Callable[[], T]) -> T:
    """Run it in a thread, which is left alone if it does not end: an application can loop or wait forever."""
    future: Future[T] = Future()

    def ran() -> None:
        try:
            future.set_result(run())
        except BaseException as error:  # noqa: BLE001 (raised again, or told, by the waiting thread)
            future.set_exception(error)

    threading.Thread(target=copy_context().run, args=(ran,), daemon=True).start()
    if not wait([future], TIMEOUT + _GRACE).done:
        raise CommandError(
            f"The application did not answer within {TIMEOUT + _GRACE:g} seconds.",
            "Look for what it waits for: a database, another server, a lock.",
        )
    error = future.exception()
    if isinstance(error, NotAnApplicationError):
        raise CommandError(
            "The target is not a WSGI application: it does not return an iterable of bytes.",
            "If it is a function that makes the application, name one that needs no arguments.",
        ) from error
    if isinstance(error, TypeError):  # what JavaScript's fetch() rejects before it sends anything
        raise CommandError(_sentence(error)) from error
    if isinstance(error, SystemExit):
        raise CommandError(
            "The application ended the process (SystemExit).", "Look for sys.exit()."
        ) from error
    return future.result()


def _sentence(error: Exception) -> str:
    return f"{str(error).rstrip('.')}."
