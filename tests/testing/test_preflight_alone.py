"""``page.preflight()``, and the checks that exchanges keep."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from crosscors.testing import BlockedByCORS, Browser, Exchange
from tests.tables import table

from .servers import ALLOW_ALL, ALLOW_COOKIES, ALLOW_PAGE, API, PAGE, answer, answering, browser_of, redirect

ALLOW_PUT = (*ALLOW_COOKIES, ("Access-Control-Allow-Methods", "PUT"))


def steps(exchange: Exchange) -> list[str]:
    """The checks as "section, step", with an exclamation mark after those that failed."""
    return [f"{each.step.section} {each.step.number}{'' if each.passed else '!'}" for each in exchange.checks]


@table(
    "init, is_sent",
    ("a simple request has none", {}, False),
    ("a method that is not safelisted has one", {"method": "PUT"}, True),
    ("a header that is not safelisted has one", {"headers": {"X-A": "1"}}, True),
    ("without CORS there is none", {"mode": "no-cors"}, False),
)
def test_only_the_preflight_is_sent(init: Any, is_sent: bool) -> None:
    browser = browser_of(answering(answer(*ALLOW_ALL)))
    page = browser.page(PAGE)
    exchange = page.preflight("/", **init)
    assert [each.is_preflight for each in browser.exchanges] == [True] * is_sent
    assert (exchange is not None) == is_sent
    assert (asyncio.run(page.apreflight("/", **init)) is not None) == is_sent


def test_a_page_of_the_same_origin_sends_none() -> None:
    assert browser_of(answering(answer())).page(API).preflight(f"{API}/", method="PUT") is None


def test_a_preflight_that_refuses_raises() -> None:
    browser = browser_of(answering(answer()))
    with pytest.raises(BlockedByCORS) as raised:
        browser.page(PAGE).preflight("/", method="PUT")
    assert raised.value.exchanges == tuple(browser.exchanges)
    assert raised.value.message.endswith(raised.value.sentence)


@table(
    "preflight, init, checks",
    (
        "everything is allowed",
        answer(*ALLOW_ALL),
        {"method": "PUT", "headers": {"X-A": "1"}},
        [
            ["CORS check 3", *(f"CORS-preflight fetch {step}" for step in ("7", "7.5", "7.7"))],
            ["CORS check 3"],
        ],
    ),
    (
        "a header alone, and the origin by its name",
        answer(*ALLOW_PAGE, ("Access-Control-Allow-Headers", "X-A")),
        {"headers": {"X-A": "1"}},
        [
            ["CORS check 5", *(f"CORS-preflight fetch {step}" for step in ("7", "7.5", "7.7"))],
            ["CORS check 3"],
        ],
    ),
    (
        "a header that is not allowed",
        answer(*ALLOW_PUT),
        {"method": "PUT", "headers": {"X-A": "1"}},
        [["CORS check 5", "CORS-preflight fetch 7", "CORS-preflight fetch 7.5", "CORS-preflight fetch 7.7!"]],
    ),
    (
        "a method that is not allowed",
        answer(*ALLOW_PAGE),
        {"method": "PUT"},
        [["CORS check 5", "CORS-preflight fetch 7", "CORS-preflight fetch 7.5!"]],
    ),
    (
        "a status that is not ok",
        answer(*ALLOW_PAGE, status=400),
        {"method": "PUT"},
        [["CORS check 5", "CORS-preflight fetch 8!"]],
    ),
    (
        "a redirect",
        redirect("/"),
        {"method": "PUT"},
        [["CORS-preflight fetch 8!"]],
    ),
    (
        "credentials, and a star for them",
        answer(*ALLOW_PUT),
        {"method": "PUT", "credentials": "include"},
        [["CORS check 7", "CORS-preflight fetch 7", "CORS-preflight fetch 7.5"], ["CORS check 4!"]],
    ),
)
def test_an_exchange_keeps_its_checks(preflight: Any, init: Any, checks: list[list[str]]) -> None:
    browser: Browser = browser_of(answering(answer(*ALLOW_ALL), preflight))
    with suppress(BlockedByCORS):
        browser.page(PAGE).fetch("/", **init)
    assert list(map(steps, browser.exchanges)) == checks
