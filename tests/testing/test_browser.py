"""Browsers and pages: their arguments, and what they say about wrong ones."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from typing import Any

import pytest

from crosscors.testing import (
    BlockedByCORS,
    Browser,
    Exchange,
    NetworkError,
    ReceivedResponse,
    Response,
    SentRequest,
    same_origin,
)
from crosscors.testing.browser import _run

from .servers import ALLOW_ALL, API, PAGE, answer, answering, browser_of, by_url


@pytest.fixture
def browser() -> Browser:
    return browser_of(answering(answer(*ALLOW_ALL)))


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "http://localhost:5173",
        "http://[::1]:5173",
        "https://xn--bcher-kva.example",
        "chrome-extension://abcdefgh",
        "app://localhost",
        "app://.",
        "electron://Altair",
        "file://",
        "null",
    ],
)
def test_a_page_of_an_origin(browser: Browser, origin: str) -> None:
    page = browser.page(origin)
    assert page.origin == origin
    page.fetch("/")
    assert browser.exchanges[-1].request.header("Origin") == origin
    assert repr(page) == f"Page(origin={origin!r})"


def test_a_page_of_the_server_itself(browser: Browser) -> None:
    assert browser.page(same_origin).origin == browser.origin == API


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        ("https://app.example.com/", "https://app.example.com"),
        ("https://app.example.com/path?x#y", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("HTTPS://App.Example.com", "https://app.example.com"),
        ("https://user:pw@app.example.com", "https://app.example.com"),
        ("http://localhost:05173", "http://localhost:5173"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[2001:DB8:0::1]", "http://[2001:db8::1]"),
        ("http://127.1", "http://127.0.0.1"),
        (" https://app.example.com", "https://app.example.com"),
        ("https://app.example.com?", "https://app.example.com"),
    ],
)
def test_an_origin_is_written_as_browsers_do(browser: Browser, origin: str, right: str) -> None:
    with pytest.raises(ValueError, match="is not an origin") as caught:
        browser.page(origin)
    assert str(caught.value) == f"{origin!r} is not an origin; write {right!r}."


@pytest.mark.parametrize(
    "origin",
    ["", "*", "app.example.com", "localhost:5173", "file:///", "https://", "Null", "data:,x", "same_origin"],
)
def test_what_is_not_an_origin_is_told_how_one_looks(browser: Browser, origin: str) -> None:
    with pytest.raises(ValueError, match="is not an origin") as caught:
        browser.page(origin)
    assert "write scheme and host" in str(caught.value)
    assert "'null'" in str(caught.value)


@pytest.mark.parametrize("origin", [None, b"https://app.example.com"])
def test_an_origin_is_a_string(browser: Browser, origin: Any) -> None:
    with pytest.raises(TypeError, match="is not an origin"):
        browser.page(origin)


def test_a_pattern_is_not_an_origin(browser: Browser) -> None:
    with pytest.raises(ValueError, match="is a pattern, but a page has exactly one origin"):
        browser.page("https://*.example.com")


@pytest.mark.parametrize("engine", ["chrome", "Chromium", "safari", ""])
def test_an_unknown_engine_is_told_which_there_are(engine: Any) -> None:
    with pytest.raises(ValueError, match="is not an engine") as caught:
        browser_of(answering(answer()), engine=engine)
    assert (
        str(caught.value)
        == f"{engine!r} is not an engine; write one of 'chromium', 'firefox', 'webkit', or None."
    )


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ({"metod": "PUT"}, "fetch() has no option 'metod'; write method=...."),
        ({"header": {}}, "fetch() has no option 'header'; write headers=...."),
        ({"credential": "include"}, "fetch() has no option 'credential'; write credentials=...."),
        (
            {"verify": "x"},
            "fetch() has no option 'verify'; the options are method, headers, body, credentials, mode",
        ),
        ({"json": {}}, "fetch() has no option 'json'; write body=json.dumps(...), headers={'Content-Type'"),
        ({"params": {}}, "fetch() has no option 'params'; write them in the URL."),
        (
            {"cache": "no-store"},
            "fetch() has no option 'cache'; JavaScript's fetch() does, but it does not affect CORS",
        ),
        ({"credentials": True}, "credentials=True: write one of 'omit', 'same-origin', 'include'."),
        ({"credentials": "same_origin"}, "credentials='same_origin': write one of 'omit', 'same-origin',"),
        ({"credentials": ["include"]}, "credentials=['include']: write one of"),
        ({"mode": "navigate"}, "mode='navigate': write one of 'cors', 'same-origin', 'no-cors'."),
        ({"redirect": "never"}, "redirect='never': write one of 'follow', 'error', 'manual'."),
        ({"method": "CONNECT"}, "'CONNECT' is a method that scripts may not use."),
        ({"headers": {"X": "a\nb"}}, "'a\\nb' is not a valid value for the header X."),
        ({"body": "x"}, "A GET request cannot have a body."),
        ({"method": "head", "body": ""}, "A HEAD request cannot have a body."),
        (
            {"method": "POST", "body": {}},
            "The body is a dict; write bytes or str. For JSON, write body=json.dumps(...)",
        ),
        ({"mode": "no-cors", "method": "PUT"}, "PUT cannot be used in mode 'no-cors'."),
    ],
)
def test_what_javascript_would_not_send_is_not_sent(browser: Browser, init: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        browser.page(PAGE).fetch("/", **init)
    assert str(caught.value).startswith(message)
    assert browser.exchanges == []


@pytest.mark.parametrize(
    "init",
    [
        {"method": None},
        {"headers": "X-A: 1"},
        {"headers": {"X-A": 3}},
        {"headers": {"X-A": None}},
        {"headers": {b"X-A": b"1"}},
        {"headers": [("a", "b", "c")]},
        {"headers": ["X-A: 1"]},
        {"headers": 3},
    ],
)
def test_arguments_of_wrong_types_are_told_by_name(browser: Browser, init: Any) -> None:
    with pytest.raises(TypeError, match=r"(?i)header|method") as caught:
        browser.page(PAGE).fetch("/", **init)
    assert "object" not in str(caught.value)  # as in "'int' object has no attribute"


@pytest.mark.parametrize("url", ["https://", "https://a b/", "http://x:99999/", "data:,x", None, 3, b"/"])
def test_a_url_that_cannot_be_fetched(browser: Browser, url: Any) -> None:
    with pytest.raises(TypeError, match="is not a URL that can be fetched"):
        browser.page(PAGE).fetch(url)


def test_a_url_has_no_user_and_password(browser: Browser) -> None:
    with pytest.raises(TypeError, match="contains a user name and password"):
        browser.page(PAGE).fetch("https://user:pw@api.example.net/")


@pytest.mark.parametrize(
    ("body", "headers", "sent", "content_type"),
    [
        ("é", {}, "é".encode(), "text/plain;charset=UTF-8"),
        ("", {}, b"", "text/plain;charset=UTF-8"),
        (b"\xff", {}, b"\xff", None),
        ("{}", {"content-type": "application/json"}, b"{}", "application/json"),
    ],
)
def test_bodies(browser: Browser, body: Any, headers: Any, sent: bytes, content_type: str | None) -> None:
    response = browser.page(PAGE).fetch("/", method="POST", body=body, headers=headers)
    request = response.exchanges[-1].request
    assert (request.body, request.header("Content-Type")) == (sent, content_type)
    assert response.exchanges[0].request.header("Access-Control-Request-Headers") == (
        "content-type" if headers else None
    )


def test_none_is_no_headers_and_no_body(browser: Browser) -> None:
    init: Any = {"headers": None, "body": None}
    (exchange,) = browser.page(PAGE).fetch("/", **init).exchanges
    assert exchange.request.headers[0] == ("Accept", "*/*")


def test_headers_can_be_pairs_or_anything_that_gives_some(browser: Browser) -> None:
    pairs = [("X-A", "1"), ("X-B", "2")]
    for headers in (dict(pairs), pairs, iter(pairs), (each for each in pairs)):
        request = browser.page(PAGE).fetch("/", headers=headers).exchanges[-1].request
        assert request.headers[:2] == tuple(pairs)


def test_the_browser_remembers_all_exchanges_and_each_response_and_error_its_own() -> None:
    browser = browser_of(by_url({"/": answer(*ALLOW_ALL), "/no": answer()}))
    page = browser.page(PAGE)
    first = page.fetch("/").exchanges
    with pytest.raises(BlockedByCORS) as blocked:
        page.fetch("/no")
    assert browser.exchanges == [*first, *blocked.value.exchanges]
    assert blocked.value.exchange is browser.exchanges[-1]


def test_a_response() -> None:
    page = browser_of(answering(answer(*ALLOW_ALL, status=299, body=b'\xef\xbb\xbf{"a": "\xff"}'))).page(PAGE)
    response = page.fetch("/")
    assert isinstance(response, Response)
    assert response.ok
    assert response.text() == '{"a": "\ufffd"}'
    assert response.json() == {"a": "\ufffd"}
    assert "body" not in repr(response)


def test_an_exchange_as_text() -> None:
    request = SentRequest(
        "POST",
        "https://a.test/x",
        (
            ("Accept", "*/*"),
            ("Origin", PAGE),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-GPC", "1"),
            ("User-Agent", "x"),
            ("Referer", "y"),
        ),
        b"secret",
    )
    response = ReceivedResponse(500, (("X-A", "1"),), b"a\nb\xff" * 60, KeyError("id"))
    exchange = Exchange(request, response, notes=("the cookie a was not sent",))
    assert str(exchange) == "\n".join(
        [
            "POST https://a.test/x",
            f"  > Origin: {PAGE}",
            "  > Sec-GPC: 1",
            "  < 500",
            "  < X-A: 1",
            "  (the cookie a was not sent)",
            "  ! the application raised KeyError('id')",
            "  < " + r"a\nb\ufffd" * 50 + "... (240 bytes)",
        ]
    )
    assert str(Exchange(SentRequest("OPTIONS", "https://a.test/", ()), ReceivedResponse(204, ()), True)) == (
        "OPTIONS https://a.test/ (preflight)\n  < 204"
    )


def test_a_network_error_as_text() -> None:
    assert str(NetworkError("nothing there")) == "nothing there"
    exchange = Exchange(SentRequest("GET", "https://a.test/", ()), ReceivedResponse(302, ()))
    assert str(NetworkError("too far", (exchange,))) == (
        "too far\n\nWhat went over the wire:\nGET https://a.test/\n  < 302"
    )


def test_what_blocked_a_fetch_can_be_pickled() -> None:
    """As processes do that hand the outcome of tests to each other."""
    with pytest.raises(BlockedByCORS) as blocked:
        browser_of(answering(answer(*ALLOW_ALL))).page(PAGE).fetch("/", credentials="include")
    copied = pickle.loads(pickle.dumps(blocked.value))  # noqa: S301 (our own)
    assert str(copied) == str(blocked.value)
    assert (copied.reason, copied.step, copied.hint) == (
        blocked.value.reason,
        blocked.value.step,
        blocked.value.hint,
    )


def test_responses_can_be_told_apart_in_sets() -> None:
    page = browser_of(answering(answer(*ALLOW_ALL))).page(same_origin)
    assert len({page.fetch("/").headers, page.fetch("/").headers}) == 1


class Something:
    """To wait for, in whatever event loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def test_a_synchronous_fetch_does_not_wait() -> None:
    async def wait() -> None:
        await Something()

    with pytest.raises(RuntimeError, match="cannot wait"):
        _run(wait())
