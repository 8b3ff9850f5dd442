"""The documentation site in a real browser, from a file and without the net."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as conditions
from selenium.webdriver.support.wait import WebDriverWait

from .drivers import chromium

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND"  # what is loaded from elsewhere then fails, in the console


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium(NO_NAMES, "--window-size=1300,900") as driver:
        yield driver


def test_no_page_loads_anything_from_elsewhere(browser: Chrome, site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        if page.name == "404.html":  # a server sends it, so its addresses begin with a slash
            continue
        browser.get(page.as_uri())
        loaded = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
        assert [each for each in loaded if not each.startswith(f"{site.as_uri()}/")] == [], page
        assert browser.get_log("browser") == [], page  # type: ignore[no-untyped-call]
        fonts = browser.execute_script("return document.fonts.ready.then(all => [...all].map(f => f.status))")
        assert "loaded" in fonts, page


def test_the_search_finds_a_page(browser: Chrome, site: Path) -> None:
    browser.get((site / "index.html").as_uri())
    wait = WebDriverWait(browser, DEADLINE_SECONDS)
    browser.find_element(By.CSS_SELECTOR, ".md-search__input").send_keys("origin-trailing-slash")
    found = (By.CSS_SELECTOR, ".md-search-result__link[href$='#origin-trailing-slash']")
    wait.until(conditions.element_to_be_clickable(found)).click()
    wait.until(conditions.url_contains("/reference/problems.html"))


def test_the_mode_can_be_changed_and_stays(browser: Chrome, site: Path) -> None:
    def scheme() -> str | None:
        return browser.find_element(By.TAG_NAME, "body").get_attribute("data-md-color-scheme")

    browser.get((site / "index.html").as_uri())
    wait = WebDriverWait(browser, DEADLINE_SECONDS)
    for _ in range(2):  # from that of the system to light, and from light to dark
        browser.find_element(By.CSS_SELECTOR, "form[data-md-component=palette] label:not([hidden])").click()
    wait.until(lambda _: scheme() == "slate")
    browser.get((site / "security.html").as_uri())
    assert scheme() == "slate"
