"""The two APIs of the demo, called without a server."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from crosscors.cli.demo import asgi_api, wsgi_api
from crosscors.cli.demo.answers import MOST_BODY_BYTES
from crosscors.cli.demo.host import PORT, host_refusal
from crosscors.cli.demo.policy import PAGE_ORIGIN

PAGE = "http://127.0.0.1:8000"
REFUSED = "http://127.0.0.1:8001"
HOST = "127.0.0.1:8002"


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask_asgi(
    method: str, path: str, body: bytes = b"", hosts: Sequence[str] = (HOST,), **fields: str
) -> Response:
    parts = [body[:3], body[3:]]
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    headers += [(b"host", host.encode("latin-1")) for host in hosts]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    asyncio.run(_called(scope, receive, send))
    start, content = sent
    received = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], received, content["body"])


async def _called(scope: Any, receive: Any, send: Any) -> None:
    await asgi_api.create_app()(scope, receive, send)


def ask_wsgi(
    method: str, path: str, body: bytes = b"", hosts: Sequence[str] = (HOST,), **fields: str
) -> Response:
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        started.append((status, headers))
        return started.append

    environ = {f"HTTP_{name.upper()}": value for name, value in fields.items()}
    environ |= {"HTTP_HOST": ",".join(hosts)} if hosts else {}
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body) or "")}
    content = b"".join(wsgi_api.create_app()({**environ, "wsgi.input": io.BytesIO(body)}, start_response))
    ((status, headers),) = started
    return Response(int(status.split()[0]), {name.lower(): value for name, value in headers}, content)


Ask = Callable[..., Response]


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAGE_ORIGIN, PAGE)
    monkeypatch.setenv(PORT, "8002")


@pytest.fixture(params=[ask_asgi, ask_wsgi], ids=["asgi", "wsgi"])
def ask(request: pytest.FixtureRequest) -> Ask:
    function: Ask = request.param
    return function


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "content"),
    [
        ("GET", "/items", b"", 200, ["tea", "milk", "biscuits"]),
        ("PUT", "/items/1", b'{"name": "tea"}', 200, {"saved": {"name": "tea"}}),
        ("PUT", "/items/1", b"{", 400, {"error": "the body is not JSON"}),
        ("PUT", "/items/1", b"", 400, {"error": "the body is not JSON"}),
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


NOT_JSON = {
    "100,000 levels": b"[" * 100_000,
    "60,000 closed levels": b"[" * 30_000 + b"]" * 30_000,
    "60,000 levels of objects": b'{"":' * 12_000,
    "not UTF-8": b'"\xff"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80',
    "10,000 digits": b"1" * 10_000,
    "NaN": b"NaN",
    "Infinity": b"[-Infinity]",
    "a number beyond all": b"1e999",
    "a NUL": b"\0",
    "two values": b"1 2",
    "101 levels": b"[" * 101 + b"]" * 101,
    "900 levels": b'{"a":' * 900 + b"1" + b"}" * 900,
    "too many levels among others": b"[1, {}, " + b"[" * 100 + b"]" * 101,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_or_too_deep_is_a_400(ask: Ask, body: bytes) -> None:
    body = body if len(body) <= MOST_BODY_BYTES else body[:MOST_BODY_BYTES]
    response = ask("PUT", "/items/1", body, origin=PAGE)
    assert response.status == 400
    assert json.loads(response.body)["error"].startswith("the ")
    assert response.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    "text",
    ["[" * 99 + "{}" + "]" * 99, '"\\ud800"', "1e308", "-0.0", "9" * 4000, "0." + "1" * 5000, "{}", '"é"'],
)
def test_what_is_json_comes_back(ask: Ask, text: str) -> None:
    response = ask("PUT", "/items/1", text.encode(), origin=PAGE)
    assert (response.status, json.loads(response.body)) == (200, {"saved": json.loads(text)})


@pytest.mark.parametrize(("method", "path"), [("PUT", "/items/1"), ("GET", "/items"), ("POST", "/login")])
def test_a_body_has_a_limit(ask: Ask, method: str, path: str) -> None:
    assert ask(method, path, b" " * (MOST_BODY_BYTES - 1) + b"1", origin=PAGE).status == 200
    response = ask(method, path, b" " * MOST_BODY_BYTES + b"1", origin=PAGE)
    assert response.status == 413
    assert response.headers["access-control-allow-origin"] == PAGE


def test_no_more_of_a_body_is_read_than_to_see_that_it_is_too_large() -> None:
    received: list[int] = []
    sent: list[Any] = []

    async def receive() -> Any:
        received.append(1)
        return {"type": "http.request", "body": b" " * 1024, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/items/1", "headers": [(b"host", HOST.encode())]}
    asyncio.run(_called(scope, receive, send))
    assert sent[0]["status"] == 413
    assert len(received) == MOST_BODY_BYTES // 1024 + 1

    environ: dict[str, Any] = {"REQUEST_METHOD": "PUT", "PATH_INFO": "/items/1", "HTTP_HOST": HOST}
    endless = io.BytesIO(b" " * 10 * MOST_BODY_BYTES)
    environ |= {"wsgi.input": endless, "wsgi.input_terminated": True}  # chunked
    statuses: list[str] = []

    def start_response(status: str, headers: object, exc_info: object = None) -> Callable[[bytes], None]:
        statuses.append(status)
        return lambda data: None

    wsgi_api.create_app()(environ, start_response)
    assert [status.split()[0] for status in statuses] == ["413"]
    assert endless.tell() == MOST_BODY_BYTES + 1


OWN_HOSTS = [
    *("127.0.0.1:8002", "localhost:8002", "LOCALHOST:8002", "localhost.:8002", "api.localhost:8002"),
    *("[::1]:8002", "127.1.2.3:8002", "localhost:08002"),
]
FOREIGN_HOSTS = [
    *("rebound.example:8002", "rebound.example", "127.0.0.1", "localhost", "127.0.0.1:8001", "127.0.0.1:80"),
    *(
        "localhost.rebound.example:8002",
        "notlocalhost:8002",
        "127.0.0.1.rebound.example:8002",
        "0.0.0.0:8002",
    ),
    *("10.0.0.1:8002", "[::]:8002", "[::2]:8002", "128.0.0.1:8002", "127.1:8002", "2130706433:8002"),
    *("", ":8002", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:8002:8002", " 127.0.0.1:8002"),
    *(
        "127.0.0.1:8002 ",
        "127.0.0.1:8002/",
        "user@127.0.0.1:8002",
        "http://127.0.0.1:8002",
        "127.0.0.1:8002\n",
    ),
    *(
        "127.0.0.1,rebound.example:8002",
        "127.0.0.1:8002, rebound.example",
        "localhost\0:8002",
        "lócalhost:8002",
    ),
    *("[127.0.0.1:8002", "::1:8002", "localhost..:8002", "127.0.0.1:18002", "127.0.0.1:8002" + "0" * 300),
    *("\xb2:8002", "127.0.0.1:\xb9", "*", "null", "127.0.0.1#:8002", "127.0.0.1\\:8002", "[::1%25lo]:8002"),
    *("[127.0.0.1]:8002", "[::1:8002", ".localhost:8002", "a..localhost:8002", "127.0.0.1.:8002", "[]:8002"),
]


@pytest.mark.parametrize("host", OWN_HOSTS)
@pytest.mark.parametrize("path", ["/items", "/nothing"])
def test_this_machine_is_answered(ask: Ask, host: str, path: str) -> None:
    assert ask("GET", path, hosts=[host]).status in {200, 404}


@pytest.mark.parametrize(
    "hosts",
    [
        *([host] for host in FOREIGN_HOSTS),
        [],
        [HOST, HOST],
        [HOST, "rebound.example:8002"],
        ["rebound.example:8002", HOST],
    ],
)
@pytest.mark.parametrize(
    "fields", [{}, {"origin": PAGE}, {"origin": PAGE, "access_control_request_method": "PUT"}]
)
def test_another_name_is_refused_with_the_reason(ask: Ask, hosts: list[str], fields: dict[str, str]) -> None:
    method = "OPTIONS" if len(fields) > 1 else "GET"
    response = ask(method, "/items", hosts=hosts, **fields)
    assert response.status == 403
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["content-length"] == str(len(response.body))
    assert b"The demo accepts only " in response.body
    assert b"tea" not in response.body
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_the_default_port_need_not_be_named() -> None:
    assert host_refusal(["localhost"], 80) is None
    assert host_refusal(["localhost:80"], 80) is None
    assert host_refusal(["localhost"], 8002) is not None


def test_the_login_sets_the_cookie_by_which_the_user_is_known(ask: Ask) -> None:
    login = ask("POST", "/login", origin=PAGE)
    cookie = login.headers["set-cookie"].split(";")[0]
    assert json.loads(ask("GET", "/me", origin=PAGE, cookie=cookie).body) == {"user": "ada"}


def test_each_api_has_a_cookie_of_its_own() -> None:
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
