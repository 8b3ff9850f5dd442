"""What the servers saw, sent and logged, by run. A script cannot see a preflight, but the server can."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from crosscors.asgi import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[str, str]]

#: How many runs are kept, and how many exchanges of each. A page reads its run at once.
MOST_RUNS = 20
MOST_EXCHANGES = 20

_RUN = "run="


@dataclass
class Exchange:
    """One request as a server saw it, its response as it was sent, and what was logged meanwhile.

    Attributes:
        stack: the id of the stack.
        live: the run whose policy was in force.
        method: the method.
        target: path and query.
        request_headers: names and values.
        status: the status; None as long as there is no response.
        response_headers: names and values. Those that the server itself adds, such as Date, are missing.
        log: the lines, each with its level.
        raised: what the application raised, if the server had to answer.
    """

    stack: str
    live: str
    method: str
    target: str
    request_headers: Headers
    status: int | None = None
    response_headers: Headers = field(default_factory=list[tuple[str, str]])
    log: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    raised: str | None = None

    @property
    def is_preflight(self) -> bool:
        """Whether it is a preflight (Fetch, "CORS protocol")."""
        names = {name.lower() for name, _ in self.request_headers}
        return self.method == "OPTIONS" and {"origin", "access-control-request-method"} <= names

    def as_json(self) -> dict[str, Any]:
        """The exchange for the page."""
        return {**vars(self), "is_preflight": self.is_preflight}


class Records:
    """The exchanges of the last runs. All servers write here, each from a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, list[Exchange]] = OrderedDict()

    def begin(self, run: str) -> None:
        """Record what the requests of this run cause."""
        with self._lock:
            self._runs[run] = []
            while len(self._runs) > MOST_RUNS:
                self._runs.popitem(last=False)

    def add(self, query: str, exchange: Exchange) -> None:
        """Keep the exchange, if its query names a run."""
        with self._lock:
            exchanges = self._runs.get(query.removeprefix(_RUN))
            if exchanges is not None and len(exchanges) < MOST_EXCHANGES:
                exchanges.append(exchange)

    def of(self, run: str) -> list[Exchange]:
        """The exchanges of the run, in the order in which the requests came."""
        with self._lock:
            return [*self._runs.get(run, ())]


# The exchange whose request runs in this thread or task.
_current: ContextVar[Exchange | None] = ContextVar("crosscors.cli.demo.records", default=None)


@contextmanager
def _recorded(exchange: Exchange) -> Generator[None]:
    token = _current.set(exchange)
    try:
        yield
    except Exception as error:
        exchange.raised = repr(error)
        exchange.status = exchange.status or 500  # as all servers do
        raise
    finally:
        _current.reset(token)


def recorded_asgi(find: Callable[[], tuple[str, ASGIApp]], stack: str, records: Records) -> ASGIApp:
    """An application that passes each request on and records it.

    Args:
        find: returns the run whose policy is in force, and the application with it.
        stack: the id of the stack.
        records: where exchanges are kept.
    """

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        live, app = find()
        query = scope["query_string"].decode("latin-1")
        target = f"{scope['path']}?{query}" if query else scope["path"]
        exchange = Exchange(stack, live, scope["method"], target, _decoded(scope["headers"]))
        records.add(query, exchange)

        def recording(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                exchange.response_headers = _decoded(message["headers"])
                exchange.status = message["status"]
            return send(message)

        with _recorded(exchange):
            await app(scope, receive, recording)

    return recorded


def recorded_wsgi(
    find: Callable[[], tuple[str, WSGIApplication]], stack: str, records: Records
) -> WSGIApplication:
    """The same for WSGI. The applications of the demo return lists, so nothing happens after the call."""

    def recorded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        live, app = find()
        query, path = environ.get("QUERY_STRING", ""), environ["PATH_INFO"]
        target = f"{path}?{query}" if query else path
        exchange = Exchange(stack, live, environ["REQUEST_METHOD"], target, _headers_in(environ))
        records.add(query, exchange)

        def recording(status: str, headers: Headers, *more: Any) -> Callable[[bytes], object]:
            exchange.response_headers = [*headers]
            exchange.status = int(status.split(maxsplit=1)[0])
            return start_response(status, headers, *more)

        with _recorded(exchange):
            return app(environ, recording)

    return recorded


def _decoded(headers: Iterable[Any]) -> Headers:
    return [(_named(name.decode("latin-1")), value.decode("latin-1")) for name, value in headers]


def _headers_in(environ: WSGIEnvironment) -> Headers:
    """The request headers, which CGI has renamed."""
    of_body = [(name, environ[key]) for key, name in _OF_BODY.items() if environ.get(key)]
    others = [
        (_named(key.removeprefix("HTTP_").replace("_", "-")), value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    return [*others, *of_body]


_OF_BODY = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}


def _named(name: str) -> str:
    """A name as people write it. Its case means nothing."""
    return "-".join(_ABBREVIATIONS.get(part) or part.capitalize() for part in name.lower().split("-"))


_ABBREVIATIONS = {"ch": "CH", "cors": "CORS", "dnt": "DNT", "ua": "UA"}


class LogHandler(logging.Handler):
    """Adds each line of the log to the exchange that it is about, and shows refusals on the terminal.

    Lines about predictions belong to no exchange, and are left out.

    Args:
        show: gets the id of the stack and the text of each line from INFO on.
    """

    def __init__(self, show: Callable[[str, str], object]) -> None:
        super().__init__(logging.DEBUG)
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Keep and show the line."""
        exchange = _current.get()
        if exchange is None:
            return
        exchange.log.append((record.levelname, record.getMessage()))
        if record.levelno >= logging.INFO:
            self._show(exchange.stack, record.getMessage())


@contextmanager
def log_heard(show: Callable[[str, str], object]) -> Generator[None]:
    """While this lasts, what the logger ``crosscors`` says goes to the records and to the terminal."""
    logger, handler = logging.getLogger("crosscors"), LogHandler(show)
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates
