"""``crosscors demo`` in a real browser: what it allows is what the policy means."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from .drivers import started

DEADLINE_SECONDS = 60

APIS = ("asgi", "wsgi")
ALLOWED = {
    "simple": "200",
    "preflighted": "200",
    "login": "200",
    "me": "200",
    "refused-method": "blocked",
    "refused-header": "blocked",
    "not-found": "404",
    "failure": "500",
}
REFUSED = dict.fromkeys(ALLOWED, "blocked")


@dataclass(frozen=True)
class Row:
    """What the page says of one request."""

    outcome: str | None
    expected: str | None
    verdict: str | None
    fields: str | None
    text: str


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of the allowed page and the refused one."""
    printed = tmp_path_factory.mktemp("demo") / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "crosscors", "demo"], stdout=out)
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while "Ctrl-C" not in printed.read_text():
            assert process.poll() is None, "the demo did not start"
            assert time.monotonic() < deadline, "the demo never got ready"
            time.sleep(0.05)
        page, refused, *_ = re.findall(r"http://127\.0\.0\.1:\d+", printed.read_text())
        yield page, refused
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def browser() -> Iterator[WebDriver]:
    with started("chromium") as driver:
        yield driver


def read_rows(browser: WebDriver) -> dict[tuple[str | None, str | None], Row]:
    """All the rows, as soon as every request has ended."""
    wait = WebDriverWait(browser, DEADLINE_SECONDS)
    wait.until(lambda _: browser.find_elements(By.CSS_SELECTOR, "#summary.as-meant, #summary.not-as-meant"))
    rows = browser.find_elements(By.CSS_SELECTOR, "tr[data-case]")
    return {(row.get_attribute("data-case"), row.get_attribute("data-api")): _row(row) for row in rows}


def _row(row: WebElement) -> Row:
    def data(name: str) -> str | None:
        return row.get_attribute(f"data-{name}")

    return Row(data("outcome"), data("expected"), data("verdict"), data("fields"), row.text)


def by_case_and_api(outcomes: dict[str, str]) -> dict[tuple[str | None, str | None], str]:
    return {(case, api): outcome for case, outcome in outcomes.items() for api in APIS}


@pytest.mark.parametrize("runs", [1, 2], ids=["at once", "again"])
def test_the_page_that_the_policy_allows(browser: WebDriver, pages: tuple[str, str], runs: int) -> None:
    browser.get(pages[0])
    for _ in range(runs - 1):
        read_rows(browser)
        browser.find_element(By.ID, "run").click()
    rows = read_rows(browser)
    assert {key: row.outcome for key, row in rows.items()} == by_case_and_api(ALLOWED)
    assert {key: row.expected for key, row in rows.items()} == by_case_and_api(ALLOWED)
    assert {row.verdict for row in rows.values()} == {"as-meant"}
    for api in APIS:
        assert rows["simple", api].fields == "content-length content-type x-item-count"
        assert '{"saved": {"name": "coffee"}}' in rows["preflighted", api].text
        assert '{"user": "ada"}' in rows["me", api].text
        assert "something broke" in rows["failure", api].text


def test_the_page_that_the_policy_refuses(browser: WebDriver, pages: tuple[str, str]) -> None:
    browser.get(pages[0])
    read_rows(browser)
    browser.find_element(By.LINK_TEXT, pages[1]).click()  # with the cookies that the allowed page got
    WebDriverWait(browser, DEADLINE_SECONDS).until(lambda _: browser.current_url.startswith(pages[1]))
    rows = read_rows(browser)
    assert {key: row.outcome for key, row in rows.items()} == by_case_and_api(REFUSED)
    assert {row.verdict for row in rows.values()} == {"as-meant"}
    assert {row.fields for row in rows.values()} == {""}
