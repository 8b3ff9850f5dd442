"""The shared cache: what it keeps, and for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from crosscors.testing import BlockedByCORS, Browser, ReceivedResponse, SentRequest, same_origin, shared_cache
from crosscors.testing.exchange import Fields
from tests.rules.kit import rows

from .servers import ALLOW_ALL, PAGE, Script, Scripted, answer, answering, redirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OTHER = "https://two.example.com"


def hits(
    *fields: tuple[str, str],
    status: int = 200,
    first: dict[str, str] | None = None,
    second: dict[str, str] | None = None,
    methods: tuple[str, str] = ("GET", "GET"),
) -> int:
    """How often the cache answers the second of two requests."""
    cache = shared_cache(Scripted(answering(answer(*ALLOW_ALL, *fields, status=status), answer(*ALLOW_ALL))))
    page = Browser(cache).page(PAGE)
    page.fetch("/", headers=first or {}, method=methods[0])
    page.fetch("/", headers=second or {}, method=methods[1])
    return cache.hits


@rows(
    "fields, status, kept",
    [
        ([], 200, True, "nothing said"),
        ([], 404, True, "not found"),
        ([], 301, True, "a permanent redirect without Location"),
        ([], 302, False, "a temporary redirect"),
        ([], 500, False, "an error"),
        ([], 201, False, "created"),
        ([("Cache-Control", "max-age=60")], 500, True, "an error with max-age"),
        ([("Cache-Control", "s-maxage=60")], 302, True, "s-maxage"),
        ([("cache-control", "Public")], 403, True, "public"),
        ([("Cache-Control", "no-store")], 200, False, "no-store"),
        ([("Cache-Control", "public, No-Store")], 200, False, "no-store beside others"),
        ([("Cache-Control", "public"), ("Cache-Control", "no-store")], 200, False, "two lines"),
        ([("Cache-Control", "private")], 200, False, "private"),
        ([("Cache-Control", "private, max-age=60")], 200, False, "private and max-age"),
        ([("Cache-Control", "no-cache")], 200, False, "no-cache"),
        ([("Cache-Control", "max-age=0")], 200, False, "max-age=0"),
        ([("Cache-Control", "max-age=0, s-maxage=60")], 200, True, "s-maxage counts more"),
        ([("Cache-Control", "max-age=60, s-maxage=0")], 200, False, "s-maxage=0"),
        ([("Vary", "*")], 200, False, "Vary: *"),
        ([("Vary", "Accept, *")], 200, False, "Vary with a *"),
        ([("Cache-Control", "public")], 206, False, "a part"),
        ([("Cache-Control", "max-age=60")], 304, False, "not modified"),
        ([("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")], 200, True, "Expires to come"),
        ([("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")], 200, False, "Expires gone by"),
        ([("Expires", "0")], 200, False, "Expires that is not a date"),
        ([("Expires", "0"), ("Cache-Control", "max-age=60")], 200, True, "max-age counts more"),
        ([("Cache-Control", "max-age=00")], 200, False, "no age in two digits"),
        ([("Cache-Control", 'max-age="0"')], 200, False, "no age in quotes"),
        ([("Cache-Control", "max-age=-1")], 200, False, "a negative age"),
        ([("Cache-Control", 'private="x-a"')], 200, False, "private for one header"),
    ],
)
def test_what_is_kept(fields: list[tuple[str, str]], status: int, kept: bool) -> None:
    assert hits(*fields, status=status) == int(kept)


@pytest.mark.parametrize(
    ("vary", "first", "second", "kept"),
    [
        ("Accept", {"Accept": "a"}, {"Accept": "a"}, True),
        ("Accept", {"Accept": "a"}, {"Accept": "b"}, False),
        ("accept , Origin", {"Accept": "a"}, {"Accept": "a"}, True),
        ("X-A", {}, {}, True),
        ("X-A", {}, {"X-A": ""}, False),
        ("Origin", {"Accept": "a"}, {"Accept": "b"}, True),
        (",", {"Accept": "a"}, {"Accept": "b"}, True),
    ],
)
def test_a_response_is_for_requests_with_the_same_fields(
    vary: str, first: dict[str, str], second: dict[str, str], kept: bool
) -> None:
    assert hits(("Vary", vary), first=first, second=second) == int(kept)


@pytest.mark.parametrize(
    ("control", "kept"),
    [
        (None, False),
        ("max-age=60", False),
        ("public", True),
        ("s-maxage=60", True),
        ("must-revalidate", True),
    ],
)
def test_responses_to_authorized_requests_are_kept_if_that_is_said(control: str | None, kept: bool) -> None:
    fields: Fields = (("Access-Control-Allow-Headers", "Authorization"),)
    if control:
        fields += (("Cache-Control", control),)
    cache = shared_cache(Scripted(answering(answer(*ALLOW_ALL, *fields))))
    page = Browser(cache).page(PAGE)
    for _ in range(2):
        page.fetch("/", headers={"Authorization": "x"})
    assert cache.hits == int(kept)


@pytest.mark.parametrize(
    ("methods", "kept"),
    [
        (("GET", "GET"), True),
        (("HEAD", "HEAD"), True),
        (("GET", "POST"), False),
        (("POST", "POST"), False),
        (("PUT", "PUT"), False),
    ],
)
def test_get_and_head_are_kept(methods: tuple[str, str], kept: bool) -> None:
    assert hits(methods=methods) == int(kept)


def test_urls_are_kept_apart() -> None:
    cache = shared_cache(Scripted(answering(answer(*ALLOW_ALL))))
    page = Browser(cache).page(PAGE)
    for url in ("/", "/?a", "/?a=", "/b", "/"):
        page.fetch(url)
    assert cache.hits == 1


def reflecting(*fields: tuple[str, str]) -> Script:
    def script(request: SentRequest) -> ReceivedResponse:
        return answer(
            ("Access-Control-Allow-Origin", request.header("Origin") or "none"),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Max-Age", "0"),
            *fields,
        )

    return script


def test_without_vary_the_second_page_gets_the_answer_to_the_first() -> None:
    browser = Browser(shared_cache(Scripted(reflecting())))
    browser.page(PAGE).fetch("/")
    with pytest.raises(BlockedByCORS) as blocked:
        browser.page(OTHER).fetch("/")
    assert blocked.value.reason == "allow-origin-mismatch"
    assert "a cache has mixed up responses: add 'Vary: Origin'" in blocked.value.hint


def test_with_vary_each_page_gets_its_own() -> None:
    cache = shared_cache(Scripted(reflecting(("Vary", "Origin"))))
    for _ in range(2):
        for origin in (PAGE, OTHER):
            assert Browser(cache).page(origin).fetch("/").ok
    assert cache.hits == 2


def test_preflights_are_kept_if_that_is_wished() -> None:
    for methods, answered in ((("GET", "HEAD"), 0), (("OPTIONS",), 1), ("OPTIONS", 1)):
        cache = shared_cache(Scripted(reflecting()), methods=methods)
        page = Browser(cache).page(PAGE)
        for _ in range(2):
            page.fetch("/", method="PUT")
        assert cache.hits == answered


def test_a_response_that_broke_off_is_not_kept() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        yield b"Hel"
        raise KeyError("in the middle")

    cache = shared_cache(app)
    for _ in range(2):
        assert Browser(cache).page(PAGE).fetch("/").ok
    assert cache.hits == 0


def test_redirects_are_kept_as_they_are() -> None:
    cache = shared_cache(Scripted(answering(redirect("/", *ALLOW_ALL, status=301))))
    assert Browser(cache).page(PAGE).fetch("/", redirect="manual").type == "opaqueredirect"
    assert Browser(cache).page(PAGE).fetch("/", redirect="manual").type == "opaqueredirect"
    assert cache.hits == 1


def test_a_cache_can_be_awaited() -> None:
    cache = shared_cache(Scripted(reflecting()))
    for _ in range(2):
        asyncio.run(Browser(cache).page(PAGE).afetch("/"))
    assert cache.hits == 1


def test_a_cache_stands_where_its_server_does() -> None:
    app = Scripted(answering(answer(*ALLOW_ALL)))
    assert Browser(shared_cache(app)).origin == "https://testserver"
    assert Browser(shared_cache(app), "https://api.example.net").origin == "https://api.example.net"
    browser = Browser({"https://api.example.net": app, "https://cdn.example.net": shared_cache(app)})
    assert browser.page(PAGE).fetch("https://cdn.example.net/").ok


def test_caches_can_stand_in_a_row() -> None:
    inner = shared_cache(Scripted(reflecting(("Vary", "Origin"))))
    outer = shared_cache(inner)
    for _ in range(2):
        Browser(outer).page(PAGE).fetch("/")
    assert (outer.hits, inner.hits) == (1, 0)


def test_a_cache_before_a_live_client_leads_everywhere() -> None:
    client = httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, headers=[*ALLOW_ALL]))
    )
    client.cookies.set("a", "1")
    browser = Browser(shared_cache(client))
    assert browser.page(PAGE).fetch("https://anywhere.test/").ok
    browser.page(same_origin).fetch("/")
    assert browser.exchanges[-1].request.header("Cookie") == "a=1"


@pytest.mark.parametrize("server", [None, "https://a.test", {"https://a.test": print}])
def test_what_is_no_server_is_found_when_a_browser_takes_it(server: object) -> None:
    with pytest.raises(TypeError, match="is not a server for a Browser"):
        Browser(shared_cache(server))


def test_what_was_written_is_asked_for_again() -> None:
    cache = shared_cache(Scripted(answering(answer(*ALLOW_ALL), answer(*ALLOW_ALL))))
    page = Browser(cache).page(same_origin)
    for method in ("GET", "PUT", "GET"):
        page.fetch("/", method=method)
    assert cache.hits == 0
