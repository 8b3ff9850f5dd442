"""The applications in integrations/, each on its real server: what pages read, and what is on the wire."""

from __future__ import annotations

import contextlib
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from crosscors.testing import BlockedByCORS, Browser, same_origin, shared_cache
from tests.clients import Answer, Fields
from tests.integrations.servers import ALIKE, FOLDER, INTEGRATIONS, LAMBDA, Integration, name_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMED = {integration.folder: integration for integration in INTEGRATIONS}
BY_PATH, HTTP2 = NAMED["asgi_uvicorn"], NAMED["starlette_hypercorn"]
WITH_WEBSOCKETS = (NAMED["django_daphne"], NAMED["aiohttp_server"])
ADAPTED = [
    each for each in ALIKE if each.folder.startswith(("fastapi", "starlette", "django", "flask", "aiohttp"))
]

PAGE = "https://app.example.com"
LOCAL = "http://localhost:5173"  # of one site with the servers, so that cookies go back and forth
STRANGER = "https://stranger.example"
ALLOWED = {
    "access-control-allow-origin": PAGE,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "X-Request-Id",
}
VARY_OF_PREFLIGHTS = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]


@pytest.fixture(scope="module", params=ALIKE, ids=name_of)
def integration(request: pytest.FixtureRequest) -> Integration:
    chosen: Integration = request.param
    return chosen


@pytest.fixture(scope="module")
def address(integration: Integration) -> Iterator[str]:
    with serving(integration) as url:
        yield url


@pytest.fixture
def client(integration: Integration, address: str) -> Iterator[httpx.Client]:
    is_http2 = integration == HTTP2
    with httpx.Client(base_url=address, http1=not is_http2, http2=is_http2, trust_env=False) as client:
        yield client


@pytest.fixture
def browser(client: httpx.Client) -> Browser:
    return Browser(client)


def only(*integrations: Integration) -> pytest.MarkDecorator:
    """For tests of what not all of them have."""
    return pytest.mark.parametrize("integration", integrations, indirect=True, ids=name_of)


def test_every_folder_is_in_the_table() -> None:
    assert sorted(NAMED) == sorted(path.parent.name for path in FOLDER.glob("*/main.py"))


# What pages get to read.


@pytest.mark.parametrize("origin", [PAGE, LOCAL])
def test_a_page_of_an_allowed_origin_reads_the_answer_and_its_exposed_fields(
    browser: Browser, origin: str
) -> None:
    result = browser.page(origin).fetch("/items/1")
    assert (result.status, result.json()) == (200, {"number": 1})
    assert result.headers["X-Request-Id"] == "item-1"
    (exchange,) = result.exchanges
    assert exchange.response.header("Vary")
    assert "Vary" not in result.headers


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://app.example.com", f"{PAGE}:8443"])
@pytest.mark.parametrize("path", ["/items/1", "/nothing", "/error"])
def test_pages_of_other_origins_read_nothing(browser: Browser, origin: str, path: str) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        browser.page(origin).fetch(path, credentials="include")
    assert blocked.value.reason == "allow-origin-missing"


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        pytest.param("GET", "/nothing", {404}, id="not found"),
        pytest.param("GET", "/items/x", {404, 422}, id="not a number"),
        pytest.param("POST", "/items/1", {405}, id="method not allowed"),
        pytest.param("GET", "/error", {500}, id="an exception"),
    ],
)
def test_errors_can_be_read(browser: Browser, method: str, path: str, statuses: set[int]) -> None:
    result = browser.page(PAGE).fetch(path, method=method, credentials="include")
    assert (result.type, result.status in statuses) == ("cors", True)


def test_head_can_be_read(browser: Browser) -> None:
    result = browser.page(PAGE).fetch("/items/1", method="HEAD")
    assert (result.status, result.body) == (200, b"")
    assert result.headers["X-Request-Id"] == "item-1"


def test_a_put_with_an_allowed_header_is_preflighted_once(browser: Browser) -> None:
    page = browser.page(PAGE)
    results = [page.fetch("/items/1", method="PUT", headers={"X-Token": "secret"}) for _ in range(2)]
    assert [result.json() for result in results] == [{"number": 1}] * 2
    sent = [(each.request.method, each.is_preflight) for result in results for each in result.exchanges]
    assert sent == [("OPTIONS", True), ("PUT", False), ("PUT", False)]


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        pytest.param(PAGE, "DELETE", {}, id="a method"),
        pytest.param(PAGE, "PUT", {"X-Other": "1"}, id="a header"),
        pytest.param(STRANGER, "PUT", {"X-Token": "secret"}, id="an origin"),
    ],
)
def test_what_the_policy_refuses_is_not_sent(
    browser: Browser, origin: str, method: str, headers: dict[str, str]
) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        browser.page(origin).fetch("/items/1", method=method, headers=headers)
    (exchange,) = blocked.value.exchanges
    assert exchange.is_preflight


def test_cookies_are_set_and_sent_with_credentials_only(browser: Browser) -> None:
    page = browser.page(LOCAL)
    assert page.fetch("/login").ok
    assert page.fetch("/me", credentials="include").json() == {"user": None}
    assert page.fetch("/login", credentials="include").ok
    assert page.fetch("/me", credentials="include").json() == {"user": "ada"}
    assert page.fetch("/me", credentials="omit").json() == {"user": None}
    with pytest.raises(BlockedByCORS):
        browser.page(STRANGER).fetch("/me", credentials="include")


def test_server_sent_events_can_be_read(browser: Browser) -> None:
    result = browser.page(PAGE).fetch("/events", headers={"Accept": "text/event-stream"})
    assert result.headers["Content-Type"].startswith("text/event-stream")
    assert result.text().split() == ["data:", "0", "data:", "1", "data:", "2"]


def test_a_redirect_is_followed(browser: Browser) -> None:
    result = browser.page(PAGE).fetch("/redirect", credentials="include")
    assert (result.redirected, result.json()) == (True, {"number": 1})


def test_a_large_body_is_uploaded(browser: Browser) -> None:
    size = 8 * 1024 * 1024
    result = browser.page(PAGE).fetch("/upload", method="PUT", body=bytes(size))
    assert result.json() == {"bytes": size}


@pytest.mark.parametrize(("path", "status"), [("/items/1", 200), ("/nothing", 404)])
def test_a_shared_cache_changes_no_verdict(client: httpx.Client, path: str, status: int) -> None:
    cache = shared_cache(client)
    for origin in (same_origin, STRANGER, PAGE, "null", LOCAL) * 2:
        page = Browser(cache).page(origin)
        if origin in (STRANGER, "null"):
            with pytest.raises(BlockedByCORS):
                page.fetch(path)
        else:
            assert page.fetch(path).status == status
    assert cache.hits == 5


@only(HTTP2)
def test_what_says_so_speaks_http2(client: httpx.Client) -> None:
    assert client.get("/items/1").http_version == "HTTP/2"


@only(*ADAPTED)
def test_a_view_has_a_policy_of_its_own(browser: Browser) -> None:
    for origin in (PAGE, STRANGER):
        result = browser.page(origin).fetch("/public", use_cors_preflight=True)
        assert result.text().strip('"') == "for everyone"
        (preflight, actual) = result.exchanges
        for exchange in (preflight, actual):
            assert exchange.response.header("Access-Control-Allow-Origin") == "*"
        assert actual.response.header("Vary") is None


@only(*ADAPTED)
def test_one_cached_copy_of_what_is_public_serves_everyone(client: httpx.Client) -> None:
    cache = shared_cache(client)
    for origin in (same_origin, STRANGER, PAGE, "null"):
        assert Browser(cache).page(origin).fetch("/public").ok
    assert cache.hits == 3


# What goes over the wire, also where no browser would ask like this.


def ask(address: str, method: str, path: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        fields = [(name.lower(), value) for name, value in response.getheaders()]
        return Answer(response.status, fields, response.read())


def cors_of(answer: Answer) -> dict[str, str]:
    """The Access-Control fields, none of which may be there twice."""
    fields = [(name, value) for name, value in answer.headers if name.startswith("access-control-")]
    assert len(dict(fields)) == len(fields)
    return dict(fields)


def vary_of(answer: Answer) -> list[str]:
    """What the response says that it depends on, in one field."""
    (value,) = answer.values("vary")
    return value.split(", ")


def preflight(*headers: str, method: str = "PUT", origin: str = PAGE) -> Fields:
    asked = [("Origin", origin), ("Access-Control-Request-Method", method)]
    return asked + [("Access-Control-Request-Headers", value) for value in headers]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/items/1", id="read"),
        pytest.param("HEAD", "/items/1", id="HEAD"),
        pytest.param("OPTIONS", "/items/1", id="OPTIONS that is no preflight"),
        pytest.param("GET", "/nothing", id="not found"),
        pytest.param("DELETE", "/items/1", id="method not allowed"),
        pytest.param("GET", "/redirect", id="redirected"),
        pytest.param("GET", "/error", id="an exception"),
        pytest.param("GET", "/events", id="streamed"),
    ],
)
def test_every_answer_has_the_fields_of_the_policy_once(address: str, method: str, path: str) -> None:
    for origin, expected in ((PAGE, ALLOWED), (STRANGER, {}), (None, {})):
        answer = ask(address, method, path, [("Origin", origin)] if origin else [])
        assert cors_of(answer) == expected
        assert vary_of(answer).count("Origin") == 1


OWN_VARY = {
    NAMED["fastapi_uvicorn"]: ("/items/1", "Accept-Encoding"),
    NAMED["wsgi_gunicorn"]: ("/items/1", "Accept-Encoding"),
    NAMED["falcon_uvicorn"]: ("/nothing", "Accept"),
}


@only(*OWN_VARY)
def test_the_applications_own_vary_is_kept(integration: Integration, address: str) -> None:
    path, own = OWN_VARY[integration]
    for headers in ([("Origin", PAGE)], [("Origin", STRANGER)], []):
        assert vary_of(ask(address, "GET", path, headers)) == [own, "Origin"]


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param([PAGE, PAGE], id="twice"),
        pytest.param([""], id="empty"),
        pytest.param(["https://b\u00fccher.example"], id="bytes outside ASCII"),
        pytest.param(["https://*@:;"], id="nonsense"),
        pytest.param([PAGE.upper()], id="in upper case"),
    ],
)
def test_what_is_no_origin_is_answered_without_access_control_fields(
    integration: Integration, address: str, origins: list[str]
) -> None:
    if integration == LAMBDA["balancer"] and len(origins) > 1:
        return  # this load balancer gives the handler only the last one, and browsers send one
    answer = ask(address, "GET", "/items/1", [("Origin", origin) for origin in origins])
    assert answer.status == 200
    assert cors_of(answer) == {}
    assert "Origin" in vary_of(answer)


@pytest.mark.parametrize("path", ["/items/1", "/nothing", "/error", "/redirect"])
def test_a_preflight_is_answered_whatever_the_path(address: str, path: str) -> None:
    answer = ask(address, "OPTIONS", path, preflight("content-type,x-token"))
    assert (answer.status, answer.body) == (200, b"OK")
    assert cors_of(answer) == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "Accept, Accept-Language, Content-Language, Content-Type, X-Token",
        "access-control-max-age": "600",
    }
    assert vary_of(answer) == VARY_OF_PREFLIGHTS


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(
            preflight("content-type, ,X-TOKEN", "x-token"), 200, id="a list in two lines, with repeats"
        ),
        pytest.param(preflight(), 200, id="no header"),
        pytest.param(preflight(method="HEAD"), 200, id="HEAD, that comes with GET"),
        pytest.param(preflight("x-other"), 400, id="another header"),
        pytest.param(preflight(method="DELETE"), 400, id="another method"),
        pytest.param(preflight(method="put"), 400, id="a method in lower case"),
        pytest.param(preflight(method=""), 400, id="an empty method"),
        pytest.param(preflight(origin=STRANGER), 400, id="another origin"),
        pytest.param(preflight("," * 8000), 400, id="eight thousand commas"),
    ],
)
def test_preflights_that_few_browsers_send(address: str, headers: Fields, status: int) -> None:
    answer = ask(address, "OPTIONS", "/items/1", headers)
    assert answer.status == status
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]
    assert answer.body == b"OK" if status == 200 else answer.body.startswith(b"Refused by the CORS policy: ")
    assert vary_of(answer) == VARY_OF_PREFLIGHTS
    assert ("access-control-allow-origin" in cors_of(answer)) == (("Origin", PAGE) in headers)


@only(*(each for each in ALIKE if each not in LAMBDA.values()))  # Lambda returns whole responses
def test_a_stream_is_passed_on_as_it_comes(client: httpx.Client) -> None:
    with client.stream("GET", "/events", headers={"Origin": PAGE}) as response:
        parts = response.iter_raw()
        first = next(parts)
        assert b"0" in first
        assert b"2" not in first  # which the application has not made yet
        assert b"2" in b"".join(parts)


@only(*WITH_WEBSOCKETS)
def test_websockets_pass(address: str) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": PAGE,
    }
    with contextlib.closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", "/echo", headers=handshake)
        assert connection.getresponse().status == 101
        connection.sock.sendall(b"\x81\x85\0\0\0\0Hello")  # a text, masked with zeros (RFC 6455, section 5.2)
        assert connection.sock.makefile("rb").read(7) == b"\x81\x05Hello"


# The application that has a policy for each path.


@pytest.fixture(scope="module")
def by_path() -> Iterator[str]:
    with serving(BY_PATH) as url:
        yield url


@pytest.mark.parametrize(
    ("path", "origin", "expected", "vary"),
    [
        pytest.param("/public/data", None, "*", [], id="a public path answers everyone alike"),
        pytest.param("/public/data", "null", "*", [], id="and does not vary"),
        pytest.param(
            "/public/internal", PAGE, "https://left.over", [], id="a path without a policy is left alone"
        ),
        pytest.param(
            "//public/data", PAGE, "https://left.over", [], id="so is one that can be read in two ways"
        ),
        pytest.param("/tenants/1", PAGE, None, ["Origin"], id="the function refuses"),
        pytest.param(
            "/tenants/1", "https://two.example", "https://two.example", ["Origin"], id="the function allows"
        ),
    ],
)
def test_a_policy_for_each_path(
    by_path: str, path: str, origin: str | None, expected: str | None, vary: list[str]
) -> None:
    answer = ask(by_path, "GET", path, [("Origin", origin)] if origin else [])
    assert (answer.status, answer.body) == (200, b"Hello, world")
    assert cors_of(answer).get("access-control-allow-origin") == expected
    assert answer.values("vary") == vary


def test_a_preflight_that_a_function_decides(by_path: str) -> None:
    asked = preflight("x-one,authorization", method="GET", origin="https://one.example")
    answer = ask(by_path, "OPTIONS", "/tenants/1", asked)
    assert answer.status == 200
    assert cors_of(answer)["access-control-allow-credentials"] == "true"
    assert cors_of(answer)["access-control-allow-headers"] == "x-one, authorization"
