"""One kit for all stacks: send a request to an application, and read what it answers.

>>> from crosscors.wsgi import CORSMiddleware
>>> def application(environ, start_response):
...     start_response("200 OK", [])
...     return [b"Hello"]
>>> app = CORSMiddleware(application, allow_origins="https://app.example")
>>> answer = ask_wsgi(app, "GET", "/items", [("Origin", "https://app.example")])
>>> answer.status, answer.body, answer.allowed, answer.cors()["vary"]
(200, b'Hello', 'https://app.example', 'Origin')
>>> ask_wsgi(app, "OPTIONS", "/items", preflight("https://app.example", "DELETE")).status
400

``ask_asgi`` does the same over ASGI. Both raise what the application raises. Where the exception is part of
the matter, ``attempt_asgi`` and ``attempt_wsgi`` return it beside what was sent before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from crosscors.asgi import ASGIApp, Message, Scope

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """A response, header names in lower case and in order."""

    status: int
    headers: Fields
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def cors(self) -> dict[str, str]:
        """The headers that crosscors is the authority on; none of them may be there twice."""
        found = [
            (name, value)
            for name, value in self.headers
            if name.startswith("access-control-") or name == "vary"
        ]
        assert len(found) == len(dict(found)), found
        return dict(found)

    @property
    def allowed(self) -> str | None:
        """Access-Control-Allow-Origin, if there is one."""
        return self.cors().get("access-control-allow-origin")


@dataclass(frozen=True)
class Attempt:
    """What an application sent, and what it raised; None for what there was not."""

    answer: Answer | None
    error: BaseException | None

    def get(self) -> Answer:
        if self.error is not None:
            raise self.error
        assert self.answer is not None, "the application sent nothing"
        return self.answer


def preflight(origin: str, method: str = "GET", *names: str) -> Fields:
    """The headers of a preflight; each of the names is a line of Access-Control-Request-Headers."""
    asked = [("Origin", origin), ("Access-Control-Request-Method", method)]
    return asked + [("Access-Control-Request-Headers", name) for name in names]


# ASGI.


def http_scope(method: str, path: str, headers: Iterable[tuple[str, str]], **others: Any) -> Scope:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw, **others}


Run = Callable[[Coroutine[Any, Any, None]], None]


def run_asgi(
    app: ASGIApp, scope: Scope, run: Run = asyncio.run
) -> tuple[list[Message], BaseException | None]:
    """All that the application sends for a request without a body, and what it raises in the end."""
    sent: list[Message] = []
    received: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not received:
            await asyncio.Event().wait()  # the client stays, which is what streams listen for
        return received.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    async def serve() -> None:
        await app(scope, receive, send)

    try:
        run(serve())
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever it is, tests look at it
        return sent, error
    return sent, None


def send_asgi(app: ASGIApp, scope: Scope) -> list[Message]:
    """The messages that the application sends; what it raises is raised."""
    sent, error = run_asgi(app, scope)
    if error is not None:
        raise error
    return sent


def attempt_asgi(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    *,
    run: Run = asyncio.run,
    **scope: Any,
) -> Attempt:
    sent, error = run_asgi(app, http_scope(method, path, headers, **{"scheme": "http", **scope}), run)
    if not sent:
        return Attempt(None, error)
    start, *bodies = sent
    assert [message["type"] for message in bodies] == ["http.response.body"] * len(bodies)
    fields = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
    body = b"".join(message.get("body", b"") for message in bodies)
    return Attempt(Answer(start["status"], fields, body), error)


def ask_asgi(
    app: ASGIApp, method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = (), **scope: Any
) -> Answer:
    return attempt_asgi(app, method, path, headers, **scope).get()


def start_asgi(app: ASGIApp) -> None:
    """A startup and a shutdown; what the application raises is raised."""
    received = ["lifespan.startup", "lifespan.shutdown"]

    async def receive() -> Message:
        return {"type": received.pop(0)}

    async def send(message: Message) -> None:
        pass  # startups and shutdowns that fail raise as well

    async def serve() -> None:
        await app({"type": "lifespan", "state": {}}, receive, send)

    asyncio.run(serve())


# WSGI.


def wsgi_environ(
    method: str, path: str, headers: Iterable[tuple[str, str]], **others: Any
) -> WSGIEnvironment:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path}
    environ["QUERY_STRING"] = ""
    for name, value in headers:
        variable = "HTTP_" + name.upper().replace("-", "_")
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    setup_testing_defaults(environ)
    return environ | others


def attempt_wsgi(
    app: WSGIApplication,
    method: str = "GET",
    path: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    **environ: Any,
) -> Attempt:
    started: list[tuple[str, Fields]] = []
    written: list[bytes] = []
    error = None

    def start_response(status: str, fields: Fields, exc_info: Any = None, /) -> Any:
        assert exc_info or not started, "started twice without exc_info (PEP 3333)"
        started.append((status, fields))
        return written.append

    try:
        parts = app(wsgi_environ(method, path, headers, **environ), start_response)
        try:
            # Part by part, for what a body that fails sent before counts, too.
            for part in parts:
                written.append(part)  # noqa: PERF402
        finally:
            getattr(parts, "close", lambda: None)()
    except Exception as caught:  # noqa: BLE001  # whatever it is, tests look at it
        error = caught
    if not started:
        return Attempt(None, error)
    status, fields = started[-1]
    answer = Answer(
        int(status.split()[0]), [(name.lower(), value) for name, value in fields], b"".join(written)
    )
    return Attempt(answer, error)


def ask_wsgi(
    app: WSGIApplication,
    method: str = "GET",
    path: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    **environ: Any,
) -> Answer:
    return attempt_wsgi(app, method, path, headers, **environ).get()


# Which policy covers a request.


class Policies:
    """Policies that allow one origin each, so that responses tell which of them covers a request.

    >>> def application(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"Hello"]
    >>> from crosscors.wsgi import CORSMiddleware
    >>> policies = Policies(attempt_wsgi, app="https://app.example", view="https://view.example")
    >>> policies.of(CORSMiddleware(application, allow_origins="https://view.example"), "/items")
    'view'
    """

    def __init__(self, attempt: Callable[..., Attempt], **origins: str) -> None:
        self._attempt = attempt
        self._origins = origins

    def of(self, app: Any, path: str = "/", method: str = "GET", headers: Fields | None = None) -> str:
        """The name of the policy; "public" for everyone, "closed" for no one, "none" without a policy."""
        actual = self.of_actual(app, path, method, headers)
        found = self._of(app, "OPTIONS", path, lambda origin: preflight(origin, method) + (headers or []))
        return actual if actual == found else f"{actual}, but {found} for the preflight"

    def of_actual(self, app: Any, path: str = "/", method: str = "GET", headers: Fields | None = None) -> str:
        return self._of(app, method, path, lambda origin: [("Origin", origin), *(headers or [])])

    def _of(self, app: Any, method: str, path: str, fields: Callable[[str], Fields]) -> str:
        answers: dict[str, Answer] = {}
        for name, origin in self._origins.items():
            answer = self._attempt(app, method, path, fields(origin)).answer
            assert answer is not None, "the application sent nothing"
            assert answer.allowed in (None, "*", origin)
            answers[name] = answer
        if all(answer.allowed == "*" for answer in answers.values()):
            return "public"
        if any(answer.allowed for answer in answers.values()):
            return " and ".join(name for name, answer in answers.items() if answer.allowed)
        return "closed" if all("Origin" in a.cors().get("vary", "") for a in answers.values()) else "none"
