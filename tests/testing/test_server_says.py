"""Where a hint comes from: what the server itself says, in a header, in the log, or in a body."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crosscors import CORSPolicy, Resources, asgi, wsgi
from crosscors.testing import BlockedByCORS, Browser
from tests.tables import table

from .servers import (
    ALLOW_ANY,
    ALLOW_PAGE,
    API,
    ORIGINS,
    PAGE,
    Scripted,
    answer,
    answering,
    browser_of,
    by_url,
    redirect,
)

OTHER = "https://other.example.com"
LOG = logging.getLogger("crosscors")
REFUSED = ("X-CORS-Refused", "origin-not-allowed: write it down.")


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """The log as it is where nobody has configured it, before and after each test."""
    assert (LOG.level, LOG.filters) == (logging.NOTSET, [])
    yield
    filters, level = list(LOG.filters), LOG.level
    LOG.setLevel(logging.NOTSET)
    assert (level, filters) == (logging.NOTSET, [])


def covered(**options: Any) -> Any:
    given = options or {"allow_origins": PAGE}
    return wsgi.CORSMiddleware(Scripted(answering(answer())), **given)


def hint_of(browser: Browser, url: str = "/items", *, origin: str = OTHER, **init: Any) -> str:
    with pytest.raises(BlockedByCORS) as blocked:
        browser.page(origin).fetch(url, **init)
    return blocked.value.hint


@table(
    "fields, body, status, hint",
    (
        "the header comes first, also before the body",
        (REFUSED,),
        b"Disallowed CORS origin",
        400,
        "The server says in X-CORS-Refused: origin-not-allowed: write it down.",
    ),
    (
        "whichever check fails",
        (*ALLOW_PAGE, REFUSED),
        b"",
        200,
        "The server says in X-CORS-Refused: origin-not-allowed: write it down.",
    ),
    (
        "no hint changes what a terminal shows",
        (("X-CORS-Refused", "\x1b[2J"),),
        b"",
        200,
        "The server says in X-CORS-Refused: \\x1b[2J",
    ),
    ("an empty header says nothing", (("X-CORS-Refused", ""),), b"", 200, "Allow the origin on the server"),
    ("HTML is not a sentence", (), b"<p>origin</p>", 400, "was 400 Bad Request. If"),
    ("JSON is not a sentence", (), b'{"detail": "origin"}', 400, "was 400 Bad Request. If"),
    ("two lines are not a sentence", (), b"origin\nrefused", 400, "was 400 Bad Request. If"),
    ("a novel is not a sentence", (), b"origin" * 100, 400, "was 400 Bad Request. If"),
    (
        "a compressed body cannot be read",
        (("Content-Encoding", "br"),),
        b"origin",
        400,
        "was 400 Bad Request. If",
    ),
    ("a line that ends is", (), b"No such origin.\r\n", 400, "and says: No such origin. Allow the origin"),
)
def test_the_hint_is_what_the_response_says(fields: Any, body: bytes, status: int, hint: str) -> None:
    browser = browser_of(answering(answer(*fields, status=status, body=body)))
    assert hint in hint_of(browser, API + "/items", method="PUT")


@table(
    "allowed, asked, init, lacks",
    ("HEAD is part of GET", "GET", "HEAD", {}, False),
    ("a wildcard covers POST", "*", "POST", {}, False),
    ("but not with credentials", "*", "POST", {"credentials": "include"}, True),
    ("GET can be refused, too", "PUT", "GET", {}, True),
    ("an empty list says nothing", "", "POST", {}, False),
)
def test_a_safelisted_method_that_the_server_refuses(
    allowed: str, asked: str, init: Any, lacks: bool
) -> None:
    allowing = (*ALLOW_PAGE, ("Access-Control-Allow-Credentials", "true"))
    refused = answer(*allowing, ("Access-Control-Allow-Methods", allowed), status=400)
    hint = hint_of(
        browser_of(answering(refused)),
        API + "/items",
        origin=PAGE,
        method=asked,
        use_cors_preflight=True,
        **init,
    )
    assert ("must have 'Access-Control-Allow-Methods: " in hint) is lacks


def test_a_list_that_is_not_valid_is_named_if_the_preflight_is_refused() -> None:
    refused = answer(*ALLOW_PAGE, ("Access-Control-Allow-Methods", "GET PUT"), status=400)
    hint = hint_of(browser_of(answering(refused)), API + "/items", origin=PAGE, method="PUT")
    assert "'Access-Control-Allow-Methods: GET PUT' is not a comma-separated list of names" in hint


def test_a_refusal_is_heard_each_time_and_the_log_shows_no_more_than_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    browser = Browser(covered())
    for _ in range(3):
        assert hint_of(browser).startswith("The CORS policy of the application refused 'GET /items': ")
    assert caplog.records == []


def test_a_log_that_shows_info_shows_it_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        hint = hint_of(Browser(covered()))
    [record] = caplog.records
    assert (record.levelname, record.refusals) == ("INFO", ("origin-not-allowed",))  # type: ignore[attr-defined]
    assert hint[1:] == record.getMessage()[1:]


def test_only_lines_about_refusals_are_hints(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    hint = hint_of(Browser(covered(allow_origins=PAGE, on_decision=fail)))
    assert "refused 'GET /items'" in hint
    assert [record.getMessage() for record in caplog.records] == [
        "on_decision failed; the response is not affected"
    ]


def test_an_application_may_configure_the_log_while_it_answers() -> None:
    def configure(environ: Any, start_response: Any) -> list[bytes]:
        LOG.setLevel(logging.ERROR)
        start_response("200 OK", [])
        return []

    hint_of(Browser(configure))
    level = LOG.level
    LOG.setLevel(logging.NOTSET)
    assert level == logging.ERROR


def test_without_a_log_the_response_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOG, "disabled", True)
    assert hint_of(Browser(covered())).startswith("Allow the origin on the server: ")


def test_fetches_at_the_same_time_hear_their_own_refusals() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b""})

    browser = Browser(asgi.CORSMiddleware(slow, allow_origins=PAGE))

    async def hint(path: str) -> str:
        with pytest.raises(BlockedByCORS) as blocked:
            await browser.page(OTHER).afetch(path)
        return blocked.value.hint

    async def all_hints() -> list[str]:
        return await asyncio.gather(*map(hint, ("/one", "/two", "/three")))

    for path, each in zip(("/one", "/two", "/three"), asyncio.run(all_hints()), strict=True):
        assert f"refused 'GET {path}'" in each


def test_a_server_in_another_thread_is_heard() -> None:
    app = covered()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()  # the thread is there, and has a context of its own

        def in_thread(environ: Any, start_response: Any) -> Any:
            return pool.submit(app, environ, start_response).result()

        assert "refused 'GET /items'" in hint_of(Browser(in_thread))


def test_a_redirect_that_makes_the_origin_null_is_the_cause_whatever_the_server_says() -> None:
    far = "https://other.example.net"
    script = by_url({"/download": redirect(far + "/file", *ALLOW_ANY), far + "/file": answer(REFUSED)})
    hint = hint_of(Browser(dict.fromkeys(ORIGINS, Scripted(script))), "/download")
    assert hint.startswith("A redirect from one foreign origin to another")


def test_a_path_without_a_policy_is_the_reason_unless_the_page_asks_for_no_cors() -> None:
    browser = Browser(covered(policy=Resources({"/api/*": CORSPolicy(allow_origins=PAGE)})))
    assert "no policy covers the path '/items'" in hint_of(browser, origin=PAGE)
    browser.page(PAGE).fetch("/items", mode="no-cors")
    assert browser.exchanges[-1].response.logged is None


# Notes about pages that forgot their cookies.

LOGIN = ("Set-Cookie", "session=1; Secure; SameSite=None")
NOT_SENT = 'no cookies were sent: the page did not write credentials="include"'
NOT_SET = 'the response set no cookies: the page did not write credentials="include"'


@table(
    "status, fields, init, notes",
    ("401", 401, (), {}, (NOT_SENT,)),
    ("403", 403, (), {}, (NOT_SENT,)),
    ("a login", 200, (LOGIN,), {}, (NOT_SET,)),
    ("a login that fails", 401, (LOGIN,), {}, (NOT_SENT, NOT_SET)),
    ("also where the page wrote the default", 401, (), {"credentials": "same-origin"}, (NOT_SENT,)),
    ("other errors need no login", 404, (), {}, ()),
    ("a page that wants no cookies", 401, (LOGIN,), {"credentials": "omit"}, ()),
    ("a page with a token", 401, (), {"headers": {"authorization": "Bearer x"}}, ()),
)
def test_a_page_that_forgot_its_cookies(status: int, fields: Any, init: Any, notes: tuple[str, ...]) -> None:
    allowing = (*ALLOW_PAGE, ("Access-Control-Allow-Headers", "Authorization"))
    preflight = answer(*allowing)
    browser = browser_of(answering(answer(*allowing, *fields, status=status), preflight))
    response = browser.page(PAGE).fetch(API + "/me", **init)
    assert response.notes == notes
    assert repr(response).endswith(f"redirected=False{f', notes={notes!r}' if notes else ''})")


def test_a_page_that_sent_cookies_forgot_none() -> None:
    browser = browser_of(
        answering(answer(*ALLOW_PAGE, ("Access-Control-Allow-Credentials", "true"), status=401))
    )
    assert browser.page(PAGE).fetch(API + "/me", credentials="include").notes == ()
    assert browser.page(API).fetch(API + "/me").notes == ()


def test_a_redirect_takes_the_token_away_not_the_page() -> None:
    allowing = (*ALLOW_ANY, ("Access-Control-Allow-Headers", "Authorization"))
    far = "https://other.example.net"
    script = by_url(
        {"/me": redirect(far + "/me", *allowing), far + "/me": answer(*allowing, status=401)},
        preflight=answer(*allowing),
    )
    browser = Browser(dict.fromkeys(ORIGINS, Scripted(script)))
    response = browser.page(PAGE).fetch(API + "/me", headers={"Authorization": "Bearer x"})
    assert (response.status, response.notes) == (401, ())
