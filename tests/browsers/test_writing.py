"""Forms, beacons and WebSockets: ``crosscors.testing.Browser`` sends what the real engines send."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.testing import Browser, Exchange, Page
from crosscors.testing.engines import DEPARTURES, EngineName

from .model import Answer, Case, Resource
from .runs import PAGES
from .wire import Request, Staged, Wire

FORM = """
const [url, pairs, method, enctype] = arguments;
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
const form = make("form", {action: url, method, enctype, acceptCharset: "utf-8"});
for (const [name, value] of pairs) form.append(make("textarea", {name, value}));
document.body.append(form);
form.submit();
"""
BEACON = "navigator.sendBeacon(arguments[0], arguments[1])"
BEACON_OF_PARAMS = "navigator.sendBeacon(arguments[0], new URLSearchParams(arguments[1]))"
WEBSOCKET = "window.socket = new WebSocket(arguments[0].replace('http', 'ws'))"

DATA = [['a"*', "1\n2 é"], ["b", ""]]
COOKIES = ("d=1", "l=1; SameSite=Lax", "s=1; SameSite=Strict")
SET = {cookie.partition(";")[0] for cookie in COOKIES}
COMPARED = ("origin", "cookie", "content-type", "upgrade", "connection", "sec-websocket-version")
COMPARED_PREFIX = "sec-fetch-"
NOT_COMPARED = {"sec-fetch-storage-access", "sec-fetch-user"}  # what the user does is no part of Browser
SECONDS = 30.0


@dataclass(frozen=True)
class Sending:
    """Something that a page sends, in JavaScript and in Python."""

    name: str
    script: str
    arguments: tuple[Any, ...]
    in_python: Callable[[Page, str], Exchange]


def form(method: Any, enctype: Any) -> Sending:
    return Sending(
        f"a form, {method}, {enctype}",
        FORM,
        (DATA, method, enctype),
        lambda page, url: page.submit_form(url, [(name, value) for name, value in DATA], method, enctype),
    )


SENDINGS = (
    form("POST", "application/x-www-form-urlencoded"),
    form("POST", "multipart/form-data"),
    form("POST", "text/plain"),
    form("GET", "application/x-www-form-urlencoded"),
    Sending("a beacon", BEACON, ("é",), lambda page, url: page.beacon(url, "é")),
    Sending("a beacon of nothing", BEACON, (), lambda page, url: page.beacon(url)),
    Sending("a beacon of params", BEACON_OF_PARAMS, ("a=1",), lambda page, url: page.beacon(url, {"a": "1"})),
    Sending("a WebSocket", WEBSOCKET, (), lambda page, url: page.websocket(url)),
)
# Of the server that has set the cookies: a page of its own, of its site, of another one, and in a sandbox.
FROM = ("api", "page", "numeric", "sandbox")
CASES = [
    (sending, page)
    for sending in SENDINGS
    for page in FROM
    if page != "sandbox" or "form" not in sending.name
]

# The departures that show here: from which pages, in which engine.
UNFOLLOWED: dict[str, tuple[EngineName, Callable[[Sending, str], bool]]] = {
    "cookies-are-partitioned": (
        "firefox",
        lambda sending, page: page in {"numeric", "sandbox"} and "form" not in sending.name,
    ),
    "sandboxes-count-as-the-page-around": ("webkit", lambda _, page: page == "sandbox"),
}
FOLLOWED = (
    "cookies-default-to-samesite-none",
    "form-posts-send-fresh-cookies",
    "websockets-have-no-metadata",
    "websockets-are-a-destination",
)


def departs(engine: EngineName, sending: Sending, page: str) -> bool:
    return any(engine == each and shows(sending, page) for each, shows in UNFOLLOWED.values())


def _stage(wire: Wire, run: str, page: str) -> Staged:
    set_cookies = Answer(tuple(f"Set-Cookie: {cookie}" for cookie in COOKIES))
    resources = {"login": Resource((set_cookies,)), "thing": Resource((Answer(),))}
    return wire.stage(run, Case("", (), resources, page), PAGES[page].origin(wire))


def in_engine(driver: WebDriver, engine: EngineName, wire: Wire, sending: Sending, page: str) -> Request:
    staged = _stage(wire, engine, page)
    driver.get(staged.expand("{api}/login"))
    driver.get(PAGES[page].address(wire))
    if PAGES[page].is_framed:
        driver.switch_to.frame(0)
    driver.execute_script(sending.script, staged.expand("{api}/thing"), *sending.arguments)
    return _last(staged)


def _last(staged: Staged) -> Request:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = [request for request in staged.requests if "/thing" in request.url]
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"nothing was sent but {staged.requests}")


def in_python(client: httpx.Client, engine: EngineName, wire: Wire, sending: Sending, page: str) -> Request:
    staged = _stage(wire, f"python-{engine}", page)
    browser = Browser(client, engine=engine)
    browser.page(PAGES["api"].origin(wire)).fetch(staged.expand("{api}/login"))
    sending.in_python(browser.page(PAGES[page].origin(wire)), staged.expand("{api}/thing"))
    return _last(staged)


def compared(request: Request) -> dict[str, str]:
    """What must be alike: method, body, and the headers that tell about the page."""
    fields = {
        name: value
        for name, value in request.fields.items()
        if name in COMPARED or (name.startswith(COMPARED_PREFIX) and name not in NOT_COMPARED)
    }
    own = [each for each in fields.pop("cookie", "").split("; ") if each in SET]
    if own:  # other tests leave cookies for this host
        fields["cookie"] = "; ".join(own)
    body = request.body.decode("latin-1")
    _, _, boundary = fields.get("content-type", "").partition("boundary=")
    if boundary:
        body = body.replace(boundary, "X")
        fields["content-type"] = fields["content-type"].replace(boundary, "X")
    is_handshake = "upgrade" in fields
    connection = fields.pop("connection", "")
    query = request.url.partition("?")[2]
    return {
        **fields,
        "method": request.method,
        "query": query,
        "body": body,
        "upgrades": str(is_handshake and "upgrade" in connection.lower()),
    }


@pytest.fixture(scope="module")
def sent(driver: WebDriver, engine: EngineName, wire: Wire) -> dict[tuple[str, str], dict[str, str]]:
    """What the engine sends, in one run."""
    return {
        (sending.name, page): compared(in_engine(driver, engine, wire, sending, page))
        for sending, page in CASES
    }


@pytest.mark.parametrize(("sending", "page"), CASES, ids=lambda value: getattr(value, "name", value))
def test_what_is_sent(
    sending: Sending,
    page: str,
    engine: EngineName,
    sent: dict[tuple[str, str], dict[str, str]],
    client: httpx.Client,
    wire: Wire,
) -> None:
    ours = compared(in_python(client, engine, wire, sending, page))
    if departs(engine, sending, page):
        assert ours != sent[sending.name, page]
    else:
        assert ours == sent[sending.name, page]


@pytest.mark.parametrize("name", FOLLOWED)
def test_every_departure_shows(
    name: str,
    engine: EngineName,
    sent: dict[tuple[str, str], dict[str, str]],
    client: httpx.Client,
    wire: Wire,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Something is sent otherwise than in the engine, once the departure is not followed any more."""
    is_of_engine = engine in DEPARTURES[name].engines
    monkeypatch.setitem(DEPARTURES, name, replace(DEPARTURES[name], engines=()))
    differ = [
        (sending.name, page)
        for sending, page in CASES
        if not departs(engine, sending, page)
        and compared(in_python(client, engine, wire, sending, page)) != sent[sending.name, page]
    ]
    assert bool(differ) is is_of_engine
