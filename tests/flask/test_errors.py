"""Errors of a Flask application: whoever answers them, pages of allowed origins can read the answer."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from flask import Flask, Response, abort, got_request_exception, request
from werkzeug.exceptions import Conflict, HTTPException, InternalServerError, NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from crosscors import CORSRequest, Decision
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, Attempt, Fields, ask_wsgi, attempt_wsgi, preflight
from tests.flask.apps import ALLOWED, OF_APP, OF_VIEW, STRANGER
from tests.integrations.servers import environment, free_port, wait_for
from tests.tables import each, table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = Path(__file__).parents[2]
NAVIGATION = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]


def failing(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)

    def raises() -> str:
        raise LookupError("in the view")

    app.add_url_rule("/raises", "raises", raises, methods=["GET", "POST"])
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(raises))
    app.add_url_rule("/aborts", "aborts", lambda: abort(409))
    app.add_url_rule("/ends", "ends", lambda: abort(Response("ended", 403)))
    app.add_url_rule("/only-post", "only-post", lambda: "Hello", methods=["POST"])
    CORS(app, origins=OF_APP)
    return app


def attempt(
    app: Any,
    path: str = "/raises",
    origin: str | None = OF_APP,
    method: str = "GET",
    fields: Fields | None = None,
) -> Attempt:
    headers = [("Origin", origin)] if origin else []
    return attempt_wsgi(app, method, path, headers + (fields or []))


# In production.

ERRORS = {"/aborts": 409, "/ends": 403, "/missing": 404, "/only-post": 405}


@each("path", *ERRORS, "/raises")
@each("method", "GET", "HEAD")
def test_errors_have_their_headers_for_the_allowed_and_vary_for_all(path: str, method: str) -> None:
    app, status = failing(), {**ERRORS, "/raises": 500}[path]
    allowed, refused = (attempt(app, path, origin, method).get() for origin in (OF_APP, STRANGER))
    assert (allowed.status, allowed.cors()) == (status, ALLOWED)
    assert (refused.status, refused.cors()) == (status, {"vary": "Origin"})
    assert allowed.body == refused.body
    assert ask_wsgi(app, "OPTIONS", path, preflight(OF_APP)).status == 200


def test_in_production_the_exception_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    assert attempt(failing()).get().status == 500
    assert [record.getMessage() for record in caplog.records] == ["Exception on /raises [GET]"]


@table(
    "handled, path, status",
    ("every exception", Exception, "/raises", 500),
    ("every exception, for an abort", Exception, "/aborts", 409),
    ("this exception", LookupError, "/raises", 500),
    ("every HTTP error", HTTPException, "/aborts", 409),
    ("this HTTP error", Conflict, "/aborts", 409),
    ("this status", 409, "/aborts", 409),
    ("status 500", 500, "/raises", 500),
    ("the error of status 500", InternalServerError, "/raises", 500),
    ("a path without a view", NotFound, "/missing", 404),
    ("a method without a view", 405, "/only-post", 405),
)
def test_what_error_handlers_answer_is_covered(handled: Any, path: str, status: int) -> None:
    app = failing()
    app.register_error_handler(handled, lambda _: ("handled", status, {"Access-Control-Allow-Origin": "*"}))
    answer = attempt(app, path).get()
    assert (answer.status, answer.body, answer.cors()) == (status, b"handled", ALLOWED)


@each("place", "before_request", "after_request", "error handler")
def test_errors_in_hooks_are_covered(place: str) -> None:
    app = failing()

    def fail(*_: Any) -> Any:
        raise LookupError("in the hook")

    if place == "error handler":
        app.register_error_handler(500, fail)
    else:
        getattr(app, place)(fail)
    answer = attempt(app).answer
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, ALLOWED)


def test_a_stream_that_fails_has_its_headers() -> None:
    app = failing()

    def stream() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("in the stream")

    app.add_url_rule("/stream", "stream", lambda: Response(stream()))
    found = attempt(app, "/stream")
    assert isinstance(found.error, LookupError)
    assert found.answer is not None
    assert (found.answer.status, found.answer.body, found.answer.cors()) == (200, b"one", ALLOWED)


def test_form_errors_are_covered() -> None:
    app = failing(MAX_CONTENT_LENGTH=1)
    app.add_url_rule("/form", "form", lambda: request.form["x"], methods=["POST"])
    form: dict[str, Any] = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "9"}
    form["wsgi.input"] = io.BytesIO(b"x=1234567")
    answer = ask_wsgi(app, "POST", "/form", [("Origin", OF_APP)], **form)
    assert (answer.status, answer.cors()) == (413, ALLOWED)


# Where Flask leaves exceptions to the server.

left = each("config", {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True})


@left
def test_a_page_gets_an_answer_it_can_read_and_the_server_the_exception(config: dict[str, Any]) -> None:
    told: list[tuple[CORSRequest, Decision]] = []
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/raises", "raises", lambda: str(1 // 0))
    CORS(app, origins=OF_APP, on_decision=lambda *given: told.append(given))
    signalled: list[Exception] = []

    def tell(_: Flask, exception: Exception, **__: Any) -> None:
        signalled.append(exception)

    for origin, expected in ((OF_APP, ALLOWED), (STRANGER, {"vary": "Origin"})):
        with got_request_exception.connected_to(tell, app):
            found = attempt(app, origin=origin)
        assert isinstance(found.error, ZeroDivisionError)
        assert "<lambda>" in [f.name for f in pytest.ExceptionInfo.from_exception(found.error).traceback]
        assert found.answer is not None
        assert (found.answer.status, found.answer.cors()) == (500, expected)
        assert found.answer.values("content-length") == [str(len(found.answer.body))]
        assert b"Internal Server Error" in found.answer.body
        assert b"ZeroDivisionError" not in found.answer.body
        assert b"division" not in found.answer.body
        assert signalled == [found.error]
        signalled.clear()
    assert len(told) == 2


@left
@table(
    "origin, fields, resources",
    ("no origin", None, [], "/*"),
    ("a navigation", OF_APP, NAVIGATION, "/*"),
    ("a script of the same origin", OF_APP, [("Sec-Fetch-Site", "same-origin")], "/*"),
    ("a script of the same origin, as Host shows", OF_APP, [("Host", "app.example.com")], "/*"),
    ("a path that no policy covers", OF_APP, [], "/api/*"),
)
def test_what_is_not_a_script_s_is_left_to_the_server(
    config: dict[str, Any], origin: str | None, fields: Fields, resources: str
) -> None:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/raises", "raises", lambda: str(1 // 0), methods=["POST"])
    CORS(app, origins=OF_APP, resources=resources)
    found = attempt(app, origin=origin, method="POST", fields=fields)
    assert found.answer is None
    assert isinstance(found.error, ZeroDivisionError)


@table(
    "config, status, is_raised",
    ("testing", {"TESTING": True}, None, True),
    ("testing, but no propagation", {"TESTING": True, "PROPAGATE_EXCEPTIONS": False}, 500, False),
    ("debug, but no propagation", {"DEBUG": True, "PROPAGATE_EXCEPTIONS": False}, 500, False),
    ("debug", {"DEBUG": True}, 500, True),
    ("production", {}, 500, False),
)
def test_the_exception_goes_on_where_flask_lets_it(
    config: dict[str, Any], status: int | None, is_raised: bool
) -> None:
    found = attempt(failing(**config))
    assert (found.answer and found.answer.status, found.error is not None) == (status, is_raised)


@left
@table(
    "handled, is_asked",
    ("every exception", Exception, True),
    ("this exception", LookupError, True),
    ("status 500, which Flask does not ask", 500, False),
)
def test_handlers_come_first_where_flask_asks_them(
    config: dict[str, Any], handled: Any, is_asked: bool
) -> None:
    app = failing(**config)
    app.register_error_handler(handled, lambda _: ("handled", 500))
    found = attempt(app)
    assert found.answer is not None
    assert found.answer.cors() == ALLOWED
    assert (found.answer.body == b"handled", found.error is None) == (is_asked, is_asked)


@left
def test_http_errors_are_answered_by_flask(config: dict[str, Any]) -> None:
    for path, status in ERRORS.items():
        answer = attempt(failing(**config), path).get()
        assert (answer.status, answer.cors()) == (status, ALLOWED)


def test_an_application_mounted_inside_is_covered_too() -> None:
    def broken(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("in another application")

    app, inner = Flask(__name__), failing(DEBUG=True)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/broken": broken, "/app": inner})  # type: ignore[method-assign]
    CORS(app, origins=OF_APP)
    for path in ("/broken", "/app/raises"):
        found = attempt(app, path)
        assert isinstance(found.error, LookupError)
        assert found.answer is not None
        assert (found.answer.status, found.answer.cors()) == (500, ALLOWED)


@each("has_view", False, True)
@each("origin", None, OF_APP, STRANGER)
def test_a_websocket_ends_as_flask_sock_ends_it(has_view: bool, origin: str | None) -> None:
    """Under gunicorn, Flask-Sock raises StopIteration when the socket is closed."""

    class Ended(Response):
        def __call__(self, *_: Any) -> Any:
            raise StopIteration

    app = Flask(__name__)
    if has_view:
        app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    app.add_url_rule("/socket", "socket", Ended, websocket=True)
    CORS(app, origins=OF_APP)
    found = attempt(app, "/socket", origin, fields=[("Connection", "Upgrade"), ("Upgrade", "websocket")])
    assert (type(found.error), found.answer) == (StopIteration, None)


def test_what_ends_the_process_is_not_an_error_of_the_application() -> None:
    app = Flask(__name__)

    @app.route("/raises")
    def end() -> str:
        raise SystemExit(1)

    CORS(app, origins=OF_APP)
    with pytest.raises(SystemExit):
        attempt(app)


def test_a_response_that_has_begun_is_not_begun_again() -> None:
    def broken(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        raise LookupError("after the start")

    app = Flask(__name__)
    app.wsgi_app = broken  # type: ignore[assignment,method-assign]
    CORS(app, origins=OF_APP)
    # The client of these tests does not take a second start without exc_info (PEP 3333).
    assert isinstance(attempt(app).error, LookupError)


# On real servers.

APPLICATION = """
from flask import Flask
from crosscors.flask import CORS

app = Flask(__name__)
CORS(app, origins="https://app.example.com")

@app.route("/raises", methods=["GET", "POST"])
def raises():
    raise LookupError("what the log tells")

@app.route("/works")
def works():
    return "Hello"
"""
SERVERS = {
    "development": "flask --app failing run --debug --no-reload --port {}",
    "gunicorn": "gunicorn failing:propagating() --bind 127.0.0.1:{}",
}
PROPAGATING = """
def propagating():
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app
"""


@dataclass(frozen=True)
class Server:
    """A server on a port of this machine, whose log can be read."""

    port: int
    log: Path

    def ask(self, path: str, *fields: tuple[str, str], method: str = "GET", origin: str = OF_APP) -> Answer:
        headers = [("Origin", origin)] if origin else []
        with httpx.Client(trust_env=False) as client:
            # An incomplete body raises httpx.RemoteProtocolError.
            response = client.request(
                method, f"http://127.0.0.1:{self.port}{path}", headers=[*headers, *fields]
            )
        return Answer(response.status_code, response.headers.multi_items(), response.content)

    def log_with(self, text: str) -> str:
        """The log, when it has the text, which servers write after the answer."""
        deadline = time.monotonic() + 20
        while text not in (log := self.log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return log


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "failing.py").write_text(APPLICATION + PROPAGATING)
    found = Server(free_port(), folder / "log")
    command = [sys.executable, "-m", *SERVERS[request.param].format(found.port).split()]
    environ = {**environment(), "PYTHONPATH": str(ROOT)}
    with found.log.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stderr=log, stdout=log)
    try:
        wait_for(found.port, process)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_on_a_server_a_page_can_read_that_the_application_failed(server: Server) -> None:
    for origin, expected in ((OF_APP, ALLOWED), (STRANGER, {"vary": "Origin"})):
        for method in ("GET", "HEAD", "POST"):
            answer = server.ask("/raises", method=method, origin=origin)
            assert (answer.status, answer.cors()) == (500, expected)
            assert (b"Internal Server Error" in answer.body) == (method != "HEAD")
            assert b"what the log tells" not in answer.body
    log = server.log_with("LookupError: what the log tells")
    assert "LookupError: what the log tells" in log
    assert "in raises" in log
    answer = server.ask("/works")
    assert (answer.status, answer.body, answer.cors()) == (200, b"Hello", ALLOWED)


@pytest.mark.parametrize("server", ["development"], indirect=True)
@table(
    "origin, fields",
    ("a request without origin", "", []),
    ("a navigation", OF_APP, NAVIGATION),
    ("a script of the same origin", OF_APP, [("Sec-Fetch-Site", "same-origin")]),
    ("a script of the same origin, as Host shows", "http://127.0.0.1:3000", [("Host", "127.0.0.1:3000")]),
)
def test_the_debugger_has_its_page(server: Server, origin: str, fields: Fields) -> None:
    answer = server.ask("/raises", *fields, origin=origin)
    assert answer.status == 500
    assert b"Werkzeug Debugger" in answer.body
    assert b"what the log tells" in answer.body
