"""The site works without the net: no page, style sheet or script loads anything from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "site"
PAGES = sorted(SITE.rglob("*.html"))

# What a page may do with an address elsewhere. All other attributes that have one load it.
NOT_LOADED = {("a", "href"), ("form", "action"), ("svg", "xmlns")}

# Addresses in the scripts of the theme, and why no page of this site loads them.
IN_SCRIPTS = {
    "https://api.github.com/": "only for a site with repo_url",
    "https://${e}/api/v4/": "only for a site with repo_url",
    "https://bit.ly/": "in the text of an error",
    "https://clipboardjs.com/": "in the comment about the license",
    "https://unpkg.com/mermaid@": "only for a page with a diagram of Mermaid",
    "https://unpkg.com/resize-observer-polyfill": "only for browsers from before 2020",
    "http://lunrjs.com": "in the comment about the license",
    "http://tartarus.org/": "in the comment about the license",
}
# Except lists of words of other languages, and the index of words for the search.
SCRIPTS = [
    each for each in sorted(SITE.rglob("*.js")) if not {"lunr", "search"} & set(each.relative_to(SITE).parts)
]


class Addresses(HTMLParser):
    """Collects the attributes of a page that have an address elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and re.search(r"(^|[\s,(])(https?:)?//[\w.-]+", value):
                self.found.append((tag, name, value))


def test_the_site_is_built() -> None:
    assert SITE / "index.html" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SITE)))
def test_a_page_loads_nothing_from_elsewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    addresses = Addresses()
    addresses.feed(text)
    assert [each for each in addresses.found if each[:2] not in NOT_LOADED] == []
    assert 'class="mermaid"' not in text
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert outside(" ".join(styles)) == []


@pytest.mark.parametrize("file", sorted(SITE.rglob("*.css")), ids=lambda file: file.name)
def test_a_style_sheet_loads_nothing_from_elsewhere(file: Path) -> None:
    css = file.read_text(encoding="utf-8")
    assert "@import" not in css
    for address in re.findall(r"""url\(["']?([^"')]+)""", css):
        assert address.startswith("data:") or (file.parent / address).is_file()


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_loads_nothing_from_elsewhere(file: Path) -> None:
    found = outside(file.read_text(encoding="utf-8"))
    assert [each for each in found if not each.startswith(tuple(IN_SCRIPTS))] == []


def outside(text: str) -> list[str]:
    """Every address elsewhere, except the names of XML."""
    found = re.findall(r"""https?://[^\s"'`)]+|(?<=["'`(])//\w[^\s"'`)]+""", text)
    return [each for each in found if not each.startswith("http://www.w3.org/")]
