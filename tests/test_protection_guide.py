"""What docs/protection.md shows is run here, word for word."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from crosscors import CORSRequest, CrossOriginProtection
from crosscors.core.protection_texts import MESSAGES
from tests.clients import Fields, ask_asgi
from tests.tables import table

GUIDE = (Path(__file__).parents[1] / "docs" / "protection.md").read_text(encoding="utf-8")
FOREIGN = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")]


def block(mark: str) -> str:
    """The code block that follows the mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    assert found, f"docs/protection.md has no block after the mark {mark!r}"
    return found[1]


def example(name: str) -> dict[str, Any]:
    """The names that an example defines."""
    namespace: dict[str, Any] = {"__name__": "main"}
    exec(block(f"example: {name}"), namespace)  # noqa: S102  # our own page
    return namespace


def rows_after(heading: str) -> list[str]:
    """What the first column of the table in a section has in backticks."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@table(
    "headers, status",
    ("a page of the policy", [("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "cross-site")], 200),
    ("a page of the server itself", [("Origin", "http://localhost:8000"), ("Host", "localhost:8000")], 200),
    ("a program", [], 200),
    ("any other page", FOREIGN, 403),
)
def test_the_first_example(headers: Fields, status: int) -> None:
    assert ask_asgi(example("fastapi")["app"], "POST", "/notes", headers).status == status


def test_the_first_example_refuses_in_the_words_of_the_guide() -> None:
    answer = ask_asgi(example("fastapi")["app"], "POST", "/notes", FOREIGN)
    assert f"{answer.body.decode()}\n" == block("output: refused")


def test_the_example_that_reports_counts_and_refuses_nothing() -> None:
    names = example("report")
    foreign = ask_asgi(names["app"], "POST", "/notes", FOREIGN)
    assert foreign.status == 404
    assert ask_asgi(names["app"], "POST", "/notes").status == 404
    assert names["refused"] == {("cross-site-request", "/notes"): 1}


def is_served(name: str, path: str = "/", host: str = "backend", **headers: str) -> bool:
    """Whether the protection of an example serves a POST."""
    protection: CrossOriginProtection = example(name)["protection"]
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    origin = sent.pop("origin", None)
    request = CORSRequest("POST", path=path, origin=origin, host=host, headers=sent)
    return protection.check(request) is None


@table(
    "path, expected",
    ("a path of the list", "/saml/acs", True),
    ("below a path of the list", "/payments/return/7", True),
    ("another path", "/notes", False),
    ("a path with two readings", "/saml//acs", False),
)
def test_the_example_of_exempt_paths(path: str, expected: bool) -> None:
    assert is_served("exempt", path, origin="https://idp.example", sec_fetch_site="cross-site") is expected


@table(
    "origin, expected",
    ("the origin behind the proxy", "https://shop.example.com", True),
    ("the address in Host", "https://backend", False),
)
def test_the_example_of_own_origins(origin: str, expected: bool) -> None:
    assert is_served("own origins", origin=origin) is expected


@table(
    "host, expected",
    ("a name of the list, with any port", "localhost:8000", True),
    ("IPv6", "[::1]:8000", True),
    ("the name of an attacker", "attacker.example:8000", False),
)
def test_the_example_of_allowed_hosts(host: str, expected: bool) -> None:
    served = is_served("allowed hosts", host=host, origin=f"http://{host}", sec_fetch_site="same-origin")
    assert served is expected


def test_every_option_is_in_the_table() -> None:
    options = [each.name for each in dataclasses.fields(CrossOriginProtection) if each.init]
    assert rows_after("In three minutes") == options


def test_every_refusal_has_its_cure() -> None:
    assert sorted(rows_after("Refusals and their cures")) == sorted([*MESSAGES, "method-not-allowed"])


def test_every_link_within_the_guide_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors
