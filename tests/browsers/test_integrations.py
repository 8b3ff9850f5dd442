"""The applications in integrations/, each on its real server: what pages in real browsers read of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.integrations.servers import ALIKE, LAMBDA, Integration, name_of, serving

from .runs import PAGES
from .wire import Wire

SCRIPT = Path(__file__).with_name("integrations.js").read_text()

# The one is on localhost, as the applications are, so that cookies go back and forth; the other on 127.0.0.1.
ALLOWED, REFUSED = PAGES["page"], PAGES["numeric"]

UPLOAD_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What a page sends with fetch(), or with an EventSource, for which the path alone counts."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    credentials: Literal["omit", "same-origin", "include"] = "same-origin"
    mode: Literal["cors", "no-cors"] = "cors"
    upload_bytes: int = 0
    api: Literal["fetch", "EventSource"] = "fetch"


# What a page reads of an answer, or None when the browser lets it read nothing.
Reading = Mapping[str, object] | None

ITEM = {"status": 200, "body": {"number": 1}}
STREAM = {"status": 200, "body": "data: 0\n\ndata: 1\n\ndata: 2\n\n", "in_parts": True}
ADA, NOBODY = ({"status": 200, "body": {"user": user}} for user in ("ada", None))

# What the allowed page sends, in this order, and reads; where nothing is said, applications may differ.
TABLE: dict[str, tuple[Request, Reading]] = {
    "a GET": (Request("/items/1"), {**ITEM, "type": "cors", "request_id": "item-1"}),
    "a HEAD": (Request("/items/1", "HEAD"), {"status": 200, "body": "", "request_id": "item-1"}),
    "a preflighted PUT": (Request("/items/1", "PUT", {"X-Token": "secret"}), ITEM),
    "a refused method": (Request("/items/1", "DELETE"), None),
    "a refused header": (Request("/items/1", "PUT", {"X-Other": "1"}), None),
    "a login without credentials": (Request("/login", credentials="omit"), ADA),
    "no cookie came of it": (Request("/me", credentials="include"), NOBODY),
    "a login": (Request("/login", credentials="include"), ADA),
    "the cookie is sent": (Request("/me", credentials="include"), ADA),
    "the cookie is not sent": (Request("/me", credentials="omit"), NOBODY),
    "a stream": (
        Request("/events"),
        STREAM,
    ),
    "an EventSource": (Request("/events", api="EventSource"), {"messages": ["0", "1", "2"]}),
    "not found": (Request("/nothing"), {"type": "cors", "status": 404}),
    "an exception": (Request("/error", credentials="include"), {"type": "cors", "status": 500}),
    "a redirect": (
        Request("/redirect", credentials="include"),
        {**ITEM, "redirected": True, "request_id": "item-1"},
    ),
    "an upload": (
        Request("/upload", "PUT", upload_bytes=UPLOAD_BYTES),
        {"status": 200, "body": {"bytes": UPLOAD_BYTES}},
    ),
    "a GET without CORS": (
        Request("/items/1", mode="no-cors"),
        {"type": "opaque", "status": 0, "body": "", "request_id": None},
    ),
}


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Integration], str]]:
    """Starts each application when it is first asked for, once for all engines."""
    with ExitStack() as servers:
        yield cache(lambda integration: servers.enter_context(serving(integration)))


@pytest.fixture(params=ALIKE, ids=name_of)
def integration(request: pytest.FixtureRequest) -> Integration:
    chosen: Integration = request.param
    return chosen


@pytest.fixture
def address(integration: Integration, serve: Callable[[Integration], str]) -> str:
    return serve(integration)


def read(driver: WebDriver, page: str, address: str) -> dict[str, Reading]:
    """What the page reads, request by request."""
    driver.get(page)
    driver.delete_all_cookies()  # they know no ports, so that those of the application before are still there
    # A list, as some drivers put the members of an object in alphabetical order.
    requests = [asdict(request) for request, _ in TABLE.values()]
    readings: list[Reading] = driver.execute_async_script(SCRIPT, address, requests)
    return dict(zip(TABLE, readings, strict=True))


def completed(expected: Mapping[str, Reading], readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """The expected readings, with what they say nothing about as it was read."""
    return {name: each and {**(readings[name] or {}), **each} for name, each in expected.items()}


def test_a_page_of_an_allowed_origin_reads_what_it_should(
    driver: WebDriver, wire: Wire, address: str, integration: Integration
) -> None:
    readings = read(driver, ALLOWED.address(wire), address)
    expected = {name: reading for name, (_, reading) in TABLE.items()}
    if integration in LAMBDA.values():  # Lambda returns whole responses
        expected["a stream"] = {**STREAM, "in_parts": False}
    assert readings == completed(expected, readings)


def test_a_page_of_another_origin_reads_nothing(driver: WebDriver, wire: Wire, address: str) -> None:
    readings = read(driver, REFUSED.address(wire), address)
    # What never can be read is not blocked either, which shows that the application answers this page, too.
    is_opaque = {name: request.mode == "no-cors" for name, (request, _) in TABLE.items()}
    expected = {name: reading if is_opaque[name] else None for name, (_, reading) in TABLE.items()}
    assert readings == completed(expected, readings)
