"""The two APIs of the demo, called without a server."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from crosscors.cli.demo import asgi_api, wsgi_api
from crosscors.cli.demo.policy import PAGE_ORIGIN

PAGE = "http://127.0.0.1:8000"
REFUSED = "http://127.0.0.1:8001"


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask_asgi(method: str, path: str, body: bytes = b"", **fields: str) -> Response:
    parts = [body[:3], body[3:]]
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    asyncio.run(_called(scope, receive, send))
    start, content = sent
    received = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], received, content["body"])


async def _called(scope: Any, receive: Any, send: Any) -> None:
    await asgi_api.create_app()(scope, receive, send)


def ask_wsgi(method: str, path: str, body: bytes = b"", **fields: str) -> Response:
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        started.append((status, headers))
        return started.append

    environ = {f"HTTP_{name.upper()}": value for name, value in fields.items()}
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body) or "")}
    content = b"".join(wsgi_api.create_app()({**environ, "wsgi.input": io.BytesIO(body)}, start_response))
    ((status, headers),) = started
    return Response(int(status.split()[0]), {name.lower(): value for name, value in headers}, content)


Ask = Callable[..., Response]


@pytest.fixture(params=[ask_asgi, ask_wsgi], ids=["asgi", "wsgi"])
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv(PAGE_ORIGIN, PAGE)
    function: Ask = request.param
    return function


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "content"),
    [
        ("GET", "/items", b"", 200, ["tea", "milk", "biscuits"]),
        ("PUT", "/items/1", b'{"name": "tea"}', 200, {"saved": {"name": "tea"}}),
        ("PUT", "/items/1", b"{", 400, {"error": "this is not JSON"}),
        ("PUT", "/items/1", b"", 400, {"error": "this is not JSON"}),
        ("DELETE", "/items/1", b"", 200, {"deleted": 1}),
        ("GET", "/me", b"", 401, {"error": "nobody is logged in"}),
        ("GET", "/nothing", b"", 404, {"error": "there is nothing here"}),
        ("GET", "/failure", b"", 500, {"error": "something broke"}),
    ],
)
def test_both_answer_the_same_and_the_page_may_read_it(
    ask: Ask, method: str, path: str, body: bytes, status: int, content: object
) -> None:
    response = ask(method, path, body, origin=PAGE)
    assert response.status == status
    assert json.loads(response.body) == content
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-expose-headers"] == "X-Item-Count"


def test_the_login_sets_the_cookie_by_which_the_user_is_known(ask: Ask) -> None:
    login = ask("POST", "/login", origin=PAGE)
    cookie = login.headers["set-cookie"].split(";")[0]
    assert json.loads(ask("GET", "/me", origin=PAGE, cookie=cookie).body) == {"user": "ada"}


def test_each_api_has_a_cookie_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAGE_ORIGIN, PAGE)
    cookie = ask_asgi("POST", "/login").headers["set-cookie"].split(";")[0]
    assert ask_wsgi("GET", "/me", cookie=cookie).status == 401


@pytest.mark.parametrize("path", ["/items", "/nothing", "/failure"])
def test_the_other_page_may_read_nothing(ask: Ask, path: str) -> None:
    response = ask("GET", path, origin=REFUSED)
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert response.headers["vary"] == "Origin"


def test_a_preflight_is_answered(ask: Ask) -> None:
    response = ask("OPTIONS", "/items/1", origin=PAGE, access_control_request_method="PUT")
    assert response.status == 200
    assert response.headers["access-control-allow-methods"] == "GET, POST, PUT"


def test_a_refused_method_is_logged_with_its_reason(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "crosscors")
    ask("OPTIONS", "/items/1", origin=PAGE, access_control_request_method="DELETE")
    assert "the method 'DELETE' is not allowed" in caplog.text
