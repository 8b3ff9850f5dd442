"""The message of ``BlockedByCORS`` is the sentence in Chromium's console; other engines have other words."""

from __future__ import annotations

import re

import httpx
import pytest
from selenium.webdriver import Chrome

from crosscors.cli.explain.console import read_console
from crosscors.testing import BlockedByCORS, Browser

from .model import ANYONE, CREDENTIALS, THE_PAGE, Case, Fetch, answer, case
from .runs import PAGES, run_in_engine
from .wire import Wire

ALLOW_ORIGIN = "Access-Control-Allow-Origin: "
ALLOW_METHODS = "Access-Control-Allow-Methods: "
ALLOW_HEADERS = "Access-Control-Allow-Headers: "
INCLUDE = Fetch(credentials="include")
PUT = Fetch(method="PUT")
PUT_INCLUDE = Fetch(method="PUT", credentials="include")
HEADERS = Fetch(headers={"X-A": "1", "X-B": "1"})

CASES = [
    case("no field", actual=answer()),
    case("a wildcard for cookies", INCLUDE, actual=answer(ANYONE, CREDENTIALS)),
    case("a wildcard twice", actual=answer(ANYONE, ANYONE)),
    case("a list of origins", actual=answer(ALLOW_ORIGIN + "https://a.example, https://b.example")),
    case("another origin", actual=answer(ALLOW_ORIGIN + "https://a.example")),
    case("a host", actual=answer(ALLOW_ORIGIN + "a.example")),
    case("a slash", actual=answer(THE_PAGE + "/")),
    case("a pattern", actual=answer(ALLOW_ORIGIN + "https://*.a.example")),
    case("nothing", actual=answer(ALLOW_ORIGIN)),
    case("null", actual=answer(ALLOW_ORIGIN + "null")),
    case("no credentials", INCLUDE, actual=answer(THE_PAGE)),
    case("credentials True", INCLUDE, actual=answer(THE_PAGE, CREDENTIALS.replace("true", "True"))),
    case("a redirect", actual=answer("Location: {other}/thing", status=302)),
    case("a preflight without", PUT, preflight=answer()),
    case("a preflight 404", PUT, preflight=answer(status=404)),
    case("a preflight 404 with", PUT, preflight=answer(ANYONE, status=404)),
    case("a preflight redirected", PUT, preflight=answer(ANYONE, "Location: {api}/thing", status=302)),
    case("a preflight without credentials", PUT_INCLUDE, preflight=answer(THE_PAGE, ALLOW_METHODS + "PUT")),
    case("a method", PUT, preflight=answer(ANYONE, ALLOW_METHODS + "GET")),
    case("a header", HEADERS, preflight=answer(ANYONE, ALLOW_HEADERS + "X-B")),
    case("no list of methods", PUT, preflight=answer(ANYONE, ALLOW_METHODS + "P UT")),
    case("no list of headers", HEADERS, preflight=answer(ANYONE, ALLOW_HEADERS + "X A")),
]


@pytest.mark.parametrize("engine", ["chromium"], indirect=True)
@pytest.mark.parametrize("refused", CASES, ids=lambda each: each.name)
def test_the_message_is_the_one_in_the_console(
    refused: Case, driver: Chrome, client: httpx.Client, wire: Wire
) -> None:
    entries(driver)  # what was said before
    run_in_engine(driver, "console", wire, [refused])
    [said] = [entry for entry in entries(driver) if "CORS policy" in entry]
    blocked = blocked_in_python(refused, client, wire)
    # Chromium has a few words of advice after some of them.
    assert unstaged(said).partition(" - ")[2].startswith(unstaged(blocked.message))
    assert read_console(said).reason == blocked.reason


def entries(driver: Chrome) -> list[str]:
    """What the console has said since the last time."""
    log: list[dict[str, str]] = driver.execute("getLog", {"type": "browser"})["value"]
    return [entry["message"] for entry in log]


def blocked_in_python(refused: Case, client: httpx.Client, wire: Wire) -> BlockedByCORS:
    """What Browser makes of the case's only step."""
    origin = PAGES[refused.page].origin(wire)
    staged = wire.stage("message", refused, origin)
    [step] = refused.steps
    assert isinstance(step, Fetch)
    with pytest.raises(BlockedByCORS) as blocked:
        Browser(client, engine="chromium").page(origin).fetch(
            staged.expand(step.url), method=step.method, headers=step.headers, credentials=step.credentials
        )
    return blocked.value


def unstaged(text: str) -> str:
    """The text without what tells the runs of a case apart, in its URLs."""
    return re.sub(r"/(console|message)/\d+/", "/", text)
