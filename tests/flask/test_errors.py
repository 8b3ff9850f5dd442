"""Errors of a Flask application: whoever answers them, pages of allowed origins can read the answer."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, abort, got_request_exception, request
from werkzeug.exceptions import Conflict, HTTPException, InternalServerError, NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from crosscors import CORSRequest, Decision
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, ask_wsgi, wsgi_environ
from tests.integrations.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = Path(__file__).parents[2]
ORIGIN = "https://app.example.com"
STRANGER = "https://stranger.example.org"
OF_VIEW = "https://view.example.com"
ALLOWED = {"access-control-allow-origin": ORIGIN, "vary": "Origin"}
NAVIGATION = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))


def failing(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)

    @app.route("/raises", methods=["GET", "POST"])
    def raises() -> str:
        raise LookupError("in the view")

    @app.route("/view")
    @cross_origin(origins=OF_VIEW)
    def view() -> str:
        raise LookupError("in the view")

    app.add_url_rule("/aborts", "aborts", lambda: abort(409))
    app.add_url_rule("/ends", "ends", lambda: abort(Response("ended", 403)))
    app.add_url_rule("/only-post", "only-post", lambda: "Hello", methods=["POST"])
    CORS(app, origins=ORIGIN)
    return app


def ask(
    app: Any, path: str = "/raises", *fields: tuple[str, str], method: str = "GET", origin: str = ORIGIN
) -> Answer:
    return ask_wsgi(app, method, path, [("Origin", origin), *fields])


def ask_failing(
    app: Any, path: str = "/raises", *fields: tuple[str, str], method: str = "GET", origin: str = ORIGIN
) -> tuple[Answer | None, Exception | None]:
    """What was sent before the exception that the server gets, and that; None for what there was not."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = b""
    error = None
    try:
        environ = wsgi_environ(method, path, [("Origin", origin), *fields])
        if not origin:
            del environ["HTTP_ORIGIN"]
        for part in app(environ, lambda *given: started.append(given[:2])):
            body += part
    except Exception as caught:  # noqa: BLE001  # whatever the server gets
        error = caught
    if not started:
        return None, error
    [(status, headers)] = started
    return Answer(int(status[:3]), [(name.lower(), value) for name, value in headers], body), error


def preflight_status(app: Any, path: str = "/raises") -> int:
    return ask_wsgi(
        app, "OPTIONS", path, [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]
    ).status


# In production.


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/raises", "GET", 500),
        ("/raises", "POST", 500),
        ("/raises", "HEAD", 500),
        ("/aborts", "GET", 409),
        ("/ends", "GET", 403),
        ("/missing", "GET", 404),
        ("/only-post", "GET", 405),
    ],
)
def test_errors_have_the_fields_for_the_allowed_and_vary_for_all(path: str, method: str, status: int) -> None:
    app = failing()
    allowed, refused = ask(app, path, method=method), ask(app, path, method=method, origin=STRANGER)
    assert (allowed.status, allowed.cors()) == (status, ALLOWED)
    assert (refused.status, refused.cors()) == (status, {"vary": "Origin"})
    assert allowed.body == refused.body
    assert preflight_status(app, path) == 200


def test_in_production_the_exception_is_logged_once_and_goes_no_further(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer, error = ask_failing(failing())
    assert error is None
    assert answer is not None
    assert answer.status == 500
    assert [record.getMessage() for record in caplog.records] == ["Exception on /raises [GET]"]


def test_the_error_of_a_view_has_the_view_s_policy() -> None:
    assert ask(failing(), "/view").cors() == {"vary": "Origin"}
    assert ask(failing(), "/view", origin=OF_VIEW).cors()["access-control-allow-origin"] == OF_VIEW


@pytest.mark.parametrize(
    ("handled", "path", "status"),
    [
        pytest.param(Exception, "/raises", 500, id="every exception"),
        pytest.param(Exception, "/aborts", 409, id="every exception, for an abort"),
        pytest.param(LookupError, "/raises", 500, id="this exception"),
        pytest.param(HTTPException, "/aborts", 409, id="every HTTP error"),
        pytest.param(HTTPException, "/missing", 404, id="every HTTP error, for a path without a view"),
        pytest.param(Conflict, "/aborts", 409, id="this HTTP error"),
        pytest.param(409, "/aborts", 409, id="this status"),
        pytest.param(500, "/raises", 500, id="status 500"),
        pytest.param(InternalServerError, "/raises", 500, id="the error of status 500"),
        pytest.param(NotFound, "/missing", 404, id="a path without a view"),
        pytest.param(405, "/only-post", 405, id="a method without a view"),
    ],
)
def test_what_error_handlers_answer_is_covered(handled: Any, path: str, status: int) -> None:
    app = failing()
    app.register_error_handler(handled, lambda _: ("handled", status, {"Access-Control-Allow-Origin": "*"}))
    answer = ask(app, path)
    assert (answer.status, answer.body, answer.cors()) == (status, b"handled", ALLOWED)


@pytest.mark.parametrize("place", ["before_request", "after_request", "error handler"])
def test_errors_in_hooks_are_covered(place: str) -> None:
    app = failing()

    def fail(*_: Any) -> Any:
        raise LookupError("in the hook")

    if place == "before_request":
        app.before_request(fail)
    elif place == "after_request":
        app.after_request(fail)
    else:
        app.register_error_handler(500, fail)
    answer, _ = ask_failing(app, "/raises")
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, ALLOWED)


def test_a_stream_that_fails_has_its_fields() -> None:
    app = failing()

    def stream() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("in the stream")

    app.add_url_rule("/stream", "stream", lambda: Response(stream()))
    answer, error = ask_failing(app, "/stream")
    assert isinstance(error, LookupError)
    assert answer is not None
    assert (answer.status, answer.body, answer.cors()) == (200, b"one", ALLOWED)


def test_form_errors_are_covered() -> None:
    app = failing(MAX_CONTENT_LENGTH=1)
    app.add_url_rule("/form", "form", lambda: request.form["x"], methods=["POST"])
    environ = wsgi_environ("POST", "/form", [("Origin", ORIGIN)])
    environ.update(CONTENT_TYPE="application/x-www-form-urlencoded", CONTENT_LENGTH="9")
    environ["wsgi.input"] = io.BytesIO(b"x=1234567")
    started: list[Any] = []
    b"".join(app(environ, lambda *given: started.append(given)))  # type: ignore[arg-type]
    [(status, headers)] = started
    assert status.startswith("413")
    assert ("Access-Control-Allow-Origin", ORIGIN) in headers


# Where Flask leaves exceptions to the server.

LEFT = [
    pytest.param({"DEBUG": True}, id="debug"),
    pytest.param({"PROPAGATE_EXCEPTIONS": True}, id="PROPAGATE_EXCEPTIONS"),
]


@pytest.mark.parametrize("config", LEFT)
def test_a_page_gets_an_answer_it_can_read_and_the_server_the_exception(config: dict[str, Any]) -> None:
    answer, error = ask_failing(failing(**config))
    assert isinstance(error, LookupError)
    assert "raises" in [frame.name for frame in pytest.ExceptionInfo.from_exception(error).traceback]
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, ALLOWED)
    assert answer.values("content-length") == [str(len(answer.body))]
    assert b"Internal Server Error" in answer.body


@pytest.mark.parametrize("config", LEFT)
def test_what_goes_to_a_page_tells_nothing_of_the_exception(config: dict[str, Any]) -> None:
    answer, _ = ask_failing(failing(**config))
    assert answer is not None
    assert b"LookupError" not in answer.body
    assert b"in the view" not in answer.body


@pytest.mark.parametrize("config", LEFT)
def test_refused_origins_get_vary(config: dict[str, Any]) -> None:
    answer, error = ask_failing(failing(**config), origin=STRANGER)
    assert isinstance(error, LookupError)
    assert answer is not None
    assert (answer.status, answer.cors()) == (500, {"vary": "Origin"})


@pytest.mark.parametrize("config", LEFT)
@pytest.mark.parametrize(
    ("origin", "fields"),
    [pytest.param("", (), id="no origin"), pytest.param(ORIGIN, NAVIGATION, id="a navigation")],
)
def test_what_is_no_script_is_left_to_the_server(
    config: dict[str, Any], origin: str, fields: tuple[tuple[str, str], ...]
) -> None:
    answer, error = ask_failing(failing(**config), "/raises", *fields, method="POST", origin=origin)
    assert answer is None
    assert isinstance(error, LookupError)


@pytest.mark.parametrize("config", LEFT)
def test_a_path_that_no_policy_covers_is_left_to_the_server(config: dict[str, Any]) -> None:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/raises", "raises", lambda: str(1 // 0))
    CORS(app, origins=ORIGIN, resources="/api/*")
    answer, error = ask_failing(app)
    assert answer is None
    assert isinstance(error, ZeroDivisionError)


@pytest.mark.parametrize("config", LEFT)
def test_testing_hands_exceptions_to_the_test(config: dict[str, Any]) -> None:
    app = failing(**config, TESTING=True)
    for origin in (ORIGIN, STRANGER, ""):
        answer, error = ask_failing(app, origin=origin)
        assert answer is None
        assert isinstance(error, LookupError)
    with pytest.raises(LookupError, match="in the view"):
        app.test_client().get("/raises", headers={"Origin": ORIGIN})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"TESTING": True}, (None, True)),
        ({"TESTING": True, "PROPAGATE_EXCEPTIONS": False}, (500, False)),
        ({"DEBUG": True, "PROPAGATE_EXCEPTIONS": False}, (500, False)),
        ({"DEBUG": True}, (500, True)),
        ({}, (500, False)),
    ],
    ids=str,
)
def test_the_exception_goes_on_where_flask_lets_it(
    config: dict[str, Any], expected: tuple[int | None, bool]
) -> None:
    answer, error = ask_failing(failing(**config))
    assert (answer and answer.status, error is not None) == expected


@pytest.mark.parametrize("config", LEFT)
@pytest.mark.parametrize(
    ("handled", "body"),
    [(Exception, b"handled"), (LookupError, b"handled"), (500, None)],
    ids=["every exception", "this exception", "status 500, which Flask does not ask"],
)
def test_handlers_come_first_where_flask_asks_them(
    config: dict[str, Any], handled: Any, body: bytes | None
) -> None:
    app = failing(**config)
    app.register_error_handler(handled, lambda _: ("handled", 500))
    answer, error = ask_failing(app)
    assert answer is not None
    assert answer.cors() == ALLOWED
    assert (answer.body == b"handled", error is None) == (body is not None, body is not None)


@pytest.mark.parametrize("config", LEFT)
def test_http_errors_are_answered_by_flask(config: dict[str, Any]) -> None:
    for path, status in (("/aborts", 409), ("/missing", 404), ("/only-post", 405), ("/ends", 403)):
        answer, error = ask_failing(failing(**config), path)
        assert error is None
        assert answer is not None
        assert (answer.status, answer.cors()) == (status, ALLOWED)


@pytest.mark.parametrize("config", LEFT)
def test_signals_of_the_exception_are_sent_once(config: dict[str, Any]) -> None:
    app = failing(**config)
    told: list[Exception] = []

    def tell(_: Flask, exception: Exception, **__: Any) -> None:
        told.append(exception)

    with got_request_exception.connected_to(tell, app):
        _, error = ask_failing(app)
    assert told == [error]


@pytest.mark.parametrize("config", LEFT)
def test_a_decision_is_reported_once_for_a_request_that_fails(config: dict[str, Any]) -> None:
    told: list[tuple[CORSRequest, Decision]] = []
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/raises", "raises", lambda: str(1 // 0))
    CORS(app, origins=ORIGIN, on_decision=lambda *given: told.append(given))
    ask_failing(app)
    assert len(told) == 1


def test_an_application_mounted_inside_is_covered_too() -> None:
    app = failing(DEBUG=True)

    def broken(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("in another application")

    other = Flask(__name__)
    other.wsgi_app = DispatcherMiddleware(other.wsgi_app, {"/broken": broken, "/app": app})  # type: ignore[method-assign]
    CORS(other, origins=ORIGIN)
    for path in ("/broken", "/app/raises"):
        answer, error = ask_failing(other, path)
        assert isinstance(error, LookupError)
        assert answer is not None
        assert (answer.status, answer.cors()) == (500, ALLOWED)


def test_what_ends_the_process_is_no_error_of_the_application() -> None:
    app = Flask(__name__)

    @app.route("/raises")
    def end() -> str:
        raise SystemExit(1)

    CORS(app, origins=ORIGIN)
    with pytest.raises(SystemExit):
        ask_failing(app)


def test_a_response_that_has_begun_is_not_begun_again() -> None:
    app = Flask(__name__)

    def broken(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        raise LookupError("after the start")

    app.wsgi_app = broken  # type: ignore[assignment,method-assign]
    CORS(app, origins=ORIGIN)
    started: list[tuple[Any, ...]] = []

    def start_response(*given: Any) -> Callable[[bytes], object]:
        # PEP 3333: a second call has to say why.
        assert not started or len(given) == 3, "started twice without exc_info"
        started.append(given)
        return lambda _: None

    with pytest.raises(LookupError, match="after the start"):
        b"".join(app(wsgi_environ("GET", "/", [("Origin", ORIGIN)]), start_response))


# On real servers.

APPLICATION = """
from flask import Flask
from crosscors.flask import CORS, cross_origin

app = Flask(__name__)
CORS(app, origins="https://app.example.com")

@app.route("/raises", methods=["GET", "POST"])
def raises():
    raise LookupError("what the log tells")

@app.route("/works")
def works():
    return "Hello"
"""


class Server:
    """A server on a port of this machine, whose log can be read."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    def ask(self, path: str, *fields: tuple[str, str], method: str = "GET", origin: str = ORIGIN) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            headers = {"Origin": origin} if origin else {}
            connection.request(method, path, headers=headers | dict(fields))
            response = connection.getresponse()
            # An incomplete body raises http.client.IncompleteRead.
            body = response.read()
            return Answer(
                response.status, [(name.lower(), value) for name, value in response.getheaders()], body
            )

    def log_with(self, text: str) -> str:
        """The log, when it has the text, which servers write after the answer."""
        deadline = time.monotonic() + 20
        while text not in (log := self._log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return log


@contextlib.contextmanager
def serving(folder: Path, *command: str, bind: str, application: str) -> Iterator[Server]:
    (folder / "failing.py").write_text(application)
    port, log = free_port(), folder / "log"
    # Development mode and warnings as errors are for our tests, not for the servers' own code.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASK"))}
    environ["PYTHONPATH"] = str(ROOT)
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, bind.format(port)],
            cwd=folder,
            env=environ,
            stderr=stderr,
            stdout=stderr,
        )
    try:
        server = Server(port, log)
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None, f"the server ended: {log.read_text()}"
            assert time.monotonic() < deadline, "the server did not answer"
            with contextlib.suppress(OSError):
                assert server.ask("/works").body == b"Hello"
                break
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def development_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    command = ("flask", "--app", "failing", "run", "--debug", "--no-reload", "--port")
    folder = tmp_path_factory.mktemp("debug")
    with serving(folder, *command, bind="{}", application=APPLICATION) as server:
        yield server


@pytest.fixture(scope="module")
def propagating_gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    application = f'{APPLICATION}\napp.config["PROPAGATE_EXCEPTIONS"] = True\n'
    folder = tmp_path_factory.mktemp("gunicorn")
    with serving(
        folder, "gunicorn", "failing:app", "--bind", bind="127.0.0.1:{}", application=application
    ) as server:
        yield server


@pytest.fixture(params=["development_server", "propagating_gunicorn"])
def server(request: pytest.FixtureRequest) -> Server:
    chosen: Server = request.getfixturevalue(request.param)
    return chosen


def test_on_a_server_a_page_can_read_that_the_application_failed(server: Server) -> None:
    answer = server.ask("/raises")
    assert (answer.status, answer.cors()) == (500, ALLOWED)
    assert b"Internal Server Error" in answer.body
    assert answer.values("content-length") == [str(len(answer.body))]
    assert b"what the log tells" not in answer.body


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_on_a_server_it_can_for_other_methods_too(server: Server, method: str) -> None:
    answer = server.ask("/raises", method=method)
    assert (answer.status, answer.cors()) == (500, ALLOWED)


def test_on_a_server_a_refused_origin_gets_vary(server: Server) -> None:
    answer = server.ask("/raises", origin=STRANGER)
    assert (answer.status, answer.cors()) == (500, {"vary": "Origin"})


def test_on_a_server_the_traceback_is_in_the_log(server: Server) -> None:
    server.ask("/raises")
    log = server.log_with("LookupError: what the log tells")
    assert "LookupError: what the log tells" in log
    assert "in raises" in log


def test_on_a_server_the_next_request_is_answered(server: Server) -> None:
    server.ask("/raises")
    answer = server.ask("/works")
    assert (answer.status, answer.body, answer.cors()) == (200, b"Hello", ALLOWED)


@pytest.mark.parametrize(
    ("origin", "fields"),
    [
        pytest.param("", (), id="a request without origin"),
        pytest.param(ORIGIN, NAVIGATION, id="a navigation"),
    ],
)
def test_the_debugger_has_its_page(
    development_server: Server, origin: str, fields: tuple[tuple[str, str], ...]
) -> None:
    answer = development_server.ask("/raises", *fields, origin=origin)
    assert answer.status == 500
    assert b"Werkzeug Debugger" in answer.body
    assert b"what the log tells" in answer.body


def test_unhandled_errors_of_a_production_server_need_nothing_of_this(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "crosscors")
    ask(failing())
    assert not [record for record in caplog.records if record.name == "crosscors"]
