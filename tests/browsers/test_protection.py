"""The protected applications in integrations/, on their real servers: what pages in real browsers can write.

Each application remembers which requests reached its views and which ones were refused. A request in one of
these tests goes to a path of its own, and the test waits until the application has seen it. So nothing here
passes because a browser sent nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.testing.engines import EngineName
from tests.integrations.servers import PROTECTED, Integration, serving

from .drivers import firefox_without_partitions, started
from .runs import PAGES, SCRIPT_SECONDS, Page
from .tls import over_tls
from .wire import Wire

SCRIPT = Path(__file__).with_name("protection.js").read_text()
DEADLINE_SECONDS = 30
NUMBERS = count(1)  # for the paths

_T = TypeVar("_T")

# The applications are on localhost.
OTHER_SITE, OTHER_PORT, TRUSTED = PAGES["numeric"], PAGES["page"], PAGES["named"]


@dataclass(frozen=True)
class Sent:
    """What a page sends: in which way, to which area of the application, and to what there."""

    way: str
    area: str
    what: str = "notes"


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    Attributes:
        arrival: ``"arrived"``, with the user if a cookie named one, or the reason why it was refused.
        seen: what the script sees: a status, ``"opaque"``, ``"blocked"``, or the message of the socket. None
            if it cannot see anything.
    """

    arrival: str
    seen: object = None


Table = Mapping[Sent, Outcome]

HELLO, BLOCKED, OPAQUE = "hello", "blocked", "opaque"
AS_ADA = "arrived as ada"

# Pages of another site, with the cookie of the user, which is SameSite=None.
FROM_ANOTHER_SITE: Table = {
    Sent("fetch", "app"): Outcome("cross-site-request", BLOCKED),
    Sent("no-cors fetch", "app"): Outcome("cross-site-request", OPAQUE),
    Sent("beacon", "app"): Outcome("cross-site-request"),
    Sent("socket", "app", "socket"): Outcome("websocket-origin", BLOCKED),
    Sent("form in a sandbox", "app"): Outcome("cross-site-request"),
    Sent("form", "app"): Outcome("cross-site-request"),
}
# The same requests. They show that browsers do send them, cookie included.
FROM_ANOTHER_SITE_TO_AN_EXEMPT_PATH: Table = {
    Sent("fetch", "hooks"): Outcome(AS_ADA, BLOCKED),
    Sent("no-cors fetch", "hooks"): Outcome(AS_ADA, OPAQUE),
    Sent("beacon", "hooks"): Outcome(AS_ADA),
    Sent("socket", "hooks", "socket"): Outcome(AS_ADA, HELLO),
    Sent("form in a sandbox", "hooks"): Outcome(AS_ADA),
    Sent("form", "hooks"): Outcome(AS_ADA),
}
# An API for everyone: with a token that the script knows, not with what the browser adds.
FROM_ANOTHER_SITE_TO_A_PUBLIC_PATH: Table = {
    Sent("fetch with a token", "public"): Outcome("arrived", 200),
    Sent("fetch", "public"): Outcome("credentials-not-allowed", BLOCKED),
    Sent("no-cors fetch", "public"): Outcome("credentials-not-allowed", OPAQUE),
    Sent("socket", "public", "socket"): Outcome("credentials-not-allowed", BLOCKED),
    Sent("form", "public"): Outcome("navigation-not-trusted"),
}
# Nobody is signed in, and the page wants to sign the user in as the attacker.
LOGINS_FROM_ANOTHER_SITE: Table = {
    Sent("form", "app", "login"): Outcome("cross-site-request"),
    Sent("form", "public", "login"): Outcome("navigation-not-trusted"),
    Sent("form", "hooks", "login"): Outcome("arrived"),
}
FROM_ANOTHER_PORT: Table = {
    Sent("fetch", "app"): Outcome("same-site-request", BLOCKED),
    Sent("no-cors fetch", "app"): Outcome("same-site-request", OPAQUE),
    Sent("beacon", "app"): Outcome("same-site-request"),
    Sent("socket", "app", "socket"): Outcome("websocket-origin", BLOCKED),
    Sent("form", "app"): Outcome("same-site-request"),
}
# The policy of /app/* gives this origin credentials, GET and POST; that of /reading/*, credentials and GET.
FROM_THE_TRUSTED_ORIGIN: Table = {
    Sent("fetch", "app"): Outcome(AS_ADA, 200),
    Sent("no-cors fetch", "app"): Outcome(AS_ADA, OPAQUE),
    Sent("beacon", "app"): Outcome(AS_ADA),
    Sent("socket", "app", "socket"): Outcome(AS_ADA, HELLO),
    Sent("fetch", "reading"): Outcome("method-not-allowed", 403),
    Sent("no-cors fetch", "reading"): Outcome("method-not-allowed", OPAQUE),
    Sent("beacon", "reading"): Outcome("method-not-allowed"),
    Sent("form in a sandbox", "app"): Outcome("cross-site-request"),
    Sent("form", "app"): Outcome(AS_ADA),
    Sent("form", "reading"): Outcome("method-not-allowed"),
}
FROM_AN_OWN_PAGE: Table = {
    Sent("fetch", "app"): Outcome("arrived", 200),
    Sent("no-cors fetch", "app"): Outcome("arrived", 200),
    Sent("fetch", "reading"): Outcome("arrived", 200),
    Sent("beacon", "app"): Outcome("arrived"),
    Sent("socket", "app", "socket"): Outcome("arrived", HELLO),
    Sent("form", "app"): Outcome("arrived"),
    Sent("form", "public", "login"): Outcome("arrived"),
}


@dataclass(frozen=True)
class Protected:
    """A protected application that runs, and its addresses."""

    http: str
    https: str
    has_sockets: bool


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[[Integration], Protected]]:
    """Starts each application when it is first asked for, once for all engines."""
    with ExitStack() as servers:

        @cache
        def start(integration: Integration) -> Protected:
            http = servers.enter_context(serving(integration))
            https = servers.enter_context(over_tls(http))
            return Protected(http, https, has_sockets=integration.folder != "protected_django_gunicorn")

        yield start


@pytest.fixture(params=PROTECTED, ids=lambda each: each.folder)
def application(request: pytest.FixtureRequest, start: Callable[[Integration], Protected]) -> Protected:
    return start(request.param)


def wait_for(ask: Callable[[], _T | None]) -> _T:
    """The first answer that is not empty."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.01)
    raise AssertionError("the request did not come")


@dataclass(frozen=True)
class Visitor:
    """A browser, and the application to which its pages send requests.

    Attributes:
        client: asks the application what it has seen.
    """

    driver: WebDriver
    application: Protected
    client: httpx.Client

    def sign_in(self) -> None:
        """Get the cookie of ada, with the form of an own page."""
        self.driver.get(self.application.https)
        self._send(Sent("form", "app", "login"), self.application.https, "ada")

    def sign_out(self) -> None:
        self.driver.get(self.application.https)
        self.driver.delete_all_cookies()

    def send(self, page: str, table: Table, address: str = "") -> dict[Sent, Outcome]:
        """What becomes of the requests that the page sends."""
        outcomes: dict[Sent, Outcome] = {}
        has_left = True
        for sent in table:
            if has_left:
                self.driver.get(page)
            outcomes[sent] = self._send(sent, address or self.application.https, f"number-{next(NUMBERS)}")
            has_left = sent.way == "form"
        return outcomes

    def _send(self, sent: Sent, address: str, name: str) -> Outcome:
        path = f"/{sent.area}/{sent.what}/{name}"
        url = f"{address}{path}"
        seen = self.driver.execute_async_script(SCRIPT, sent.way, url)
        if sent.way == "form":
            wait_for(lambda: self._is_at(url))
        return Outcome(wait_for(lambda: self._arrival(path)), seen)

    def _is_at(self, url: str) -> bool:
        """Whether the browser has loaded the page. Before that, a visit to another page can go wrong."""
        is_there = self.driver.current_url == url
        return is_there and self.driver.execute_script("return document.readyState") == "complete"

    def _arrival(self, path: str) -> str | None:
        """Whether the request for the path reached a view, or why not. None: it has not come yet."""
        log = self.client.get(f"{self.application.http}/log").json()
        users, reasons = dict(log["arrived"]), dict(log["refused"])
        assert not users.keys() & reasons.keys(), "a view ran for a request that was refused"
        if path in users:
            return f"arrived as {users[path]}" if users[path] else "arrived"
        return reasons.get(path)

    def expected(self, table: Table) -> dict[Sent, Outcome]:
        """The table as it is for this application."""
        if self.application.has_sockets:
            return dict(table)
        return {
            sent: Outcome(outcome.arrival, BLOCKED) if sent.way == "socket" else outcome
            for sent, outcome in table.items()
        }


@pytest.fixture(scope="module")
def driver(engine: EngineName) -> Iterator[WebDriver]:
    """A browser that sends all cookies that SameSite lets through, also those of Firefox's partitions."""
    with firefox_without_partitions() if engine == "firefox" else started(engine) as driver:
        driver.set_script_timeout(SCRIPT_SECONDS)
        yield driver


@pytest.fixture
def visitor(driver: WebDriver, application: Protected, client: httpx.Client) -> Visitor:
    visitor = Visitor(driver, application, client)
    visitor.sign_out()
    return visitor


@pytest.mark.parametrize(
    ("page", "table"),
    [
        pytest.param(OTHER_SITE, FROM_ANOTHER_SITE, id="another site"),
        pytest.param(OTHER_SITE, FROM_ANOTHER_SITE_TO_AN_EXEMPT_PATH, id="another site, to an exempt path"),
        pytest.param(OTHER_SITE, FROM_ANOTHER_SITE_TO_A_PUBLIC_PATH, id="another site, to a public path"),
        pytest.param(TRUSTED, FROM_THE_TRUSTED_ORIGIN, id="a trusted origin"),
    ],
)
def test_what_pages_of_other_origins_can_write_as_the_user(
    visitor: Visitor, wire: Wire, page: Page, table: Table
) -> None:
    visitor.sign_in()
    assert visitor.send(page.address(wire), table) == visitor.expected(table)


def test_no_page_of_another_site_signs_the_user_in(visitor: Visitor, wire: Wire) -> None:
    table = LOGINS_FROM_ANOTHER_SITE
    assert visitor.send(OTHER_SITE.address(wire), table) == table


def test_a_page_on_another_port_writes_nothing(visitor: Visitor, wire: Wire) -> None:
    outcomes = visitor.send(OTHER_PORT.address(wire), FROM_ANOTHER_PORT, visitor.application.http)
    assert outcomes == visitor.expected(FROM_ANOTHER_PORT)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("query", ["", "?referrer=no-referrer"], ids=["", "no-referrer"])
def test_own_pages_write(visitor: Visitor, scheme: str, query: str) -> None:
    address = {"http": visitor.application.http, "https": visitor.application.https}[scheme]
    outcomes = visitor.send(f"{address}/{query}", FROM_AN_OWN_PAGE, address)
    assert outcomes == visitor.expected(FROM_AN_OWN_PAGE)
