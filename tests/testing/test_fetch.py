"""The algorithms of a fetch: what is sent, in which order, and what a script gets in the end."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from crosscors.testing import (
    BlockedByCORS,
    Exchange,
    NetworkError,
    ReceivedResponse,
    Response,
    SentRequest,
    same_origin,
)
from crosscors.testing.request import Mode, RequestInit
from tests.rules.kit import rows

from .servers import (
    ALLOW_ALL,
    ALLOW_ANY,
    ALLOW_NULL,
    ALLOW_PAGE,
    API,
    PAGE,
    SISTER,
    Script,
    answer,
    answering,
    browser_of,
    by_url,
    redirect,
)

OTHER = "https://other.example.net"
SHARED = answer(*ALLOW_ALL)


def exchanged(
    script: Script, url: str = "/", init: RequestInit | None = None, origin: str = PAGE
) -> list[Exchange]:
    """What goes over the wire for one fetch, however that ends."""
    browser = browser_of(script)
    with suppress(NetworkError):
        browser.page(origin).fetch(url, **(init or {}))
    return browser.exchanges


def fetch(answers: ReceivedResponse | Script, url: str = "/", page: str = PAGE, **init: Any) -> Response:
    script = answering(answers) if isinstance(answers, ReceivedResponse) else answers
    return browser_of(script).page(page).fetch(url, **init)


# What is preflighted, and with what


@rows(
    "init, preflighted",
    [
        (RequestInit(), False, "GET"),
        (RequestInit(method="head"), False, "HEAD"),
        (RequestInit(method="POST", body="x"), False, "POST with a text"),
        (RequestInit(method="POST", body=b"x"), False, "POST with bytes"),
        (RequestInit(method="PUT"), True, "PUT"),
        (RequestInit(method="options"), True, "OPTIONS"),
        (RequestInit(headers={"Accept": "text/html"}), False, "a safelisted header"),
        (RequestInit(headers={"Accept": "(x)"}), True, "a safelisted name, an unsafe value"),
        (RequestInit(headers={"X-A": "1"}), True, "another header"),
        (RequestInit(headers={"Cookie": "1"}), False, "a forbidden header"),
        (RequestInit(use_cors_preflight=True), True, "listeners on the upload"),
        (RequestInit(credentials="include"), False, "credentials"),
    ],
)
def test_what_is_preflighted(init: RequestInit, preflighted: bool) -> None:
    exchanges = exchanged(answering(SHARED, answer(*ALLOW_ALL, status=204)), init=init)
    assert [each.is_preflight for each in exchanges] == [True, False][not preflighted :]


def test_a_preflight_has_its_fields_in_this_order() -> None:
    init = RequestInit(method="PATCH", headers={"X-B": "1", "X-A": "2", "Accept": "text/html"}, body="x")
    preflight, actual = exchanged(answering(SHARED), "/items?page=2", init)
    assert preflight.request == SentRequest(
        "OPTIONS",
        API + "/items?page=2",
        (
            ("Accept", "*/*"),
            ("Access-Control-Request-Method", "PATCH"),
            ("Access-Control-Request-Headers", "x-a,x-b"),
            ("Origin", PAGE),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Dest", "empty"),
            ("Referer", PAGE + "/"),
            ("User-Agent", "Mozilla/5.0 (crosscors.testing)"),
        ),
    )
    assert actual.request.method == "PATCH"
    assert actual.request.body == b"x"
    assert actual.request.headers[:5] == (
        ("X-B", "1"),
        ("X-A", "2"),
        ("Accept", "text/html"),
        ("Content-Type", "text/plain;charset=UTF-8"),
        ("Origin", PAGE),
    )


def test_a_user_agent_that_a_script_sets_is_sent_but_not_with_the_preflight() -> None:
    preflight, actual = exchanged(answering(SHARED), init=RequestInit(headers={"User-Agent": "mine"}))
    assert preflight.request.header("User-Agent") != "mine"
    assert actual.request.header("User-Agent") == "mine"


def test_headers_of_one_name_are_sent_as_one_field() -> None:
    init = RequestInit(headers=[("Accept", "a"), ("Accept-Language", "de"), ("accept", "b")])
    (exchange,) = exchanged(answering(SHARED), init=init)
    assert exchange.request.headers[:2] == (("Accept", "a, b"), ("Accept-Language", "de"))


def test_a_good_preflight_does_not_stand_for_the_response() -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(answering(answer(), SHARED), method="PUT")
    assert blocked.value.reason == "allow-origin-missing"
    assert not blocked.value.exchange.is_preflight
    assert "preflight" not in blocked.value.message


@rows(
    "preflight, reason",
    [
        (redirect("/x", status=307), "preflight-redirect", "a redirect comes first"),
        (answer(status=500), "allow-origin-missing", "then the CORS check"),
        (answer(*ALLOW_PAGE, status=500), "preflight-status", "then the status"),
        (
            answer(*ALLOW_PAGE, ("Access-Control-Allow-Methods", "@")),
            "allow-methods-invalid",
            "then the lists",
        ),
    ],
)
def test_of_several_faults_the_first_is_told(preflight: ReceivedResponse, reason: str) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(answering(SHARED, preflight), method="PUT")
    assert blocked.value.reason == reason


# Origin and Fetch Metadata


@rows(
    "page, url, init, sent",
    [
        (PAGE, "/", RequestInit(), PAGE, "across origins"),
        ("null", "/", RequestInit(), "null", "from a sandbox"),
        (same_origin, "/", RequestInit(), None, "GET at home"),
        (same_origin, "/", RequestInit(method="HEAD"), None, "HEAD at home"),
        (same_origin, "/", RequestInit(method="POST"), API, "POST at home"),
        (same_origin, "/", RequestInit(method="OPTIONS"), API, "OPTIONS at home"),
        (PAGE, "/", RequestInit(mode="no-cors"), None, "GET without CORS"),
        (PAGE, "/", RequestInit(mode="no-cors", method="POST"), PAGE, "POST without CORS"),
        (PAGE, "http://api.example.net/", RequestInit(mode="no-cors", method="POST"), "null", "downgraded"),
        (PAGE, "http://api.example.net/", RequestInit(), PAGE, "CORS keeps the origin"),
    ],
)
def test_when_origin_is_sent(page: str, url: str, init: RequestInit, sent: str | None) -> None:
    (exchange,) = exchanged(answering(SHARED), url, init, page)
    assert exchange.request.header("Origin") == sent


@pytest.mark.parametrize(
    ("page", "url", "mode", "site"),
    [
        (same_origin, "/", "cors", "same-origin"),
        (API, "/", "same-origin", "same-origin"),
        (PAGE, SISTER, "cors", "same-site"),
        (PAGE, "/", "cors", "cross-site"),
        (PAGE, "/", "no-cors", "cross-site"),
        ("null", "/", "cors", "cross-site"),
        ("http://app.example.com", SISTER, "cors", "cross-site"),
    ],
)
def test_fetch_metadata_tell_where_the_request_comes_from(page: str, url: str, mode: Mode, site: str) -> None:
    (exchange,) = exchanged(answering(SHARED), url, RequestInit(mode=mode), page)
    assert exchange.request.header("Sec-Fetch-Site") == site
    assert exchange.request.header("Sec-Fetch-Mode") == mode
    assert exchange.request.header("Sec-Fetch-Dest") == "empty"


@pytest.mark.parametrize(
    ("page", "url", "referer", "has_metadata"),
    [
        (PAGE, "/", PAGE + "/", True),
        ("null", "/", None, True),
        (PAGE, "http://api.example.net/", None, False),
        ("http://app.example.com", "http://api.example.net/", "http://app.example.com/", False),
    ],
)
def test_what_is_not_encrypted_is_told_less(
    page: str, url: str, referer: str | None, has_metadata: bool
) -> None:
    (exchange,) = exchanged(answering(SHARED), url, origin=page)
    assert exchange.request.header("Referer") == referer
    assert (exchange.request.header("Sec-Fetch-Mode") is not None) == has_metadata


def test_fetch_metadata_remember_where_a_redirected_request_was() -> None:
    script = by_url(
        {PAGE + "/": redirect(API), API + "/": redirect(PAGE + "/end", *ALLOW_ANY), PAGE + "/end": SHARED}
    )
    exchanges = exchanged(script, PAGE + "/")
    assert [each.request.header("Sec-Fetch-Site") for each in exchanges] == [
        "same-origin",
        "cross-site",
        "cross-site",
    ]


# Modes, and what a script gets


def test_the_own_server_needs_no_permission() -> None:
    own = answer(("X-A", "1"), ("Set-Cookie", "a=1"), status=404, body=b"gone")
    response = fetch(own, page=same_origin, method="PUT", headers={"X-B": "1"})
    assert len(response.exchanges) == 1
    assert (response.type, response.status, response.ok, response.text()) == ("basic", 404, False, "gone")
    assert dict(response.headers) == {"x-a": "1"}
    assert not response.redirected


def test_another_server_shows_what_it_exposes() -> None:
    fields = *ALLOW_ANY, ("X-A", "1"), ("X-B", "2"), ("Access-Control-Expose-Headers", "x-a")
    response = fetch(answer(*fields, status=201, body=b"\xef\xbb\xbf{}"), "items?q=1#part")
    assert (response.type, response.status, response.ok, response.json()) == ("cors", 201, True, {})
    assert dict(response.headers) == {"x-a": "1"}
    assert response.url == API + "/items?q=1"


def test_without_cors_nothing_is_shown() -> None:
    secret = answer(("X-A", "1"), status=404, body=b"secret")
    response = fetch(secret, mode="no-cors", method="POST", body="x")
    assert (response.type, response.status, response.ok) == ("opaque", 0, False)
    assert (response.body, response.url, len(response.headers)) == (b"", "", 0)


def test_without_cors_only_safelisted_headers_go() -> None:
    init = RequestInit(
        mode="no-cors",
        method="POST",
        headers=[
            ("Accept", "a" * 100),
            ("accept", "b" * 100),  # too long, together with the first
            ("Accept-Language", "de"),
            ("Content-Type", "text/plain"),
            ("Content-Type", "text/plain"),  # no type, together with the first
            ("Content-Language", "(de)"),
            ("Range", "bytes=0-"),
            ("X-A", "1"),
        ],
    )
    (exchange,) = exchanged(answering(SHARED), init=init)
    assert exchange.request.headers[:3] == (
        ("Accept", "a" * 100),
        ("Accept-Language", "de"),
        ("Content-Type", "text/plain"),
    )
    assert not {"Range", "X-A", "Content-Language"} & dict(exchange.request.headers).keys()


def test_the_mode_same_origin_stays_at_home() -> None:
    with pytest.raises(NetworkError, match=r"^https://api\.example\.net/ has another origin.*'same-origin'"):
        fetch(SHARED, mode="same-origin")
    exchanges = exchanged(answering(redirect(API + "/", *ALLOW_ANY)), PAGE, RequestInit(mode="same-origin"))
    assert [each.request.url for each in exchanges] == [PAGE + "/"]


def test_only_http_is_fetched() -> None:
    with pytest.raises(NetworkError, match="only http and https"):
        fetch(SHARED, "ftp://api.example.net/")


def test_the_exchanges_before_a_dead_end_are_told() -> None:
    with pytest.raises(NetworkError, match="has no server for") as caught:
        fetch(redirect("https://nowhere.test/", *ALLOW_ANY))
    assert [each.request.url for each in caught.value.exchanges] == [API + "/"]
    assert f"GET {API}/" in str(caught.value)


# Conditional requests

CONDITIONS = ["If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "If-Match", "if-range"]


@rows(
    "headers, asked, cache_control, pragma",
    [
        *(({name: '"x"'}, name.lower(), "no-cache", "no-cache", name) for name in CONDITIONS),
        (
            {"If-None-Match": '"x"', "Cache-Control": "max-age=1"},
            "cache-control,if-none-match",
            "max-age=1",
            "no-cache",
            "a script that sets Cache-Control",
        ),
        ({"X-A": "1"}, "x-a", None, None, "an unconditional request"),
    ],
)
def test_conditional_requests_pass_all_caches(
    headers: dict[str, str], asked: str, cache_control: str | None, pragma: str | None
) -> None:
    preflight, actual = exchanged(answering(SHARED), init=RequestInit(headers=headers))
    assert preflight.request.header("Access-Control-Request-Headers") == asked
    assert actual.request.header("Cache-Control") == cache_control
    assert actual.request.header("Pragma") == pragma


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status: int) -> None:
    answers = {"/": redirect("items?x#there", *ALLOW_ANY, status=status), "/items?x": SHARED}
    response = fetch(by_url(answers), "/#here")
    assert (response.url, response.redirected, len(response.exchanges)) == (API + "/items?x", True, 2)


@pytest.mark.parametrize("status", [300, 304, 305, 306, 399])
def test_other_statuses_are_not_redirects(status: int) -> None:
    assert fetch(redirect("/items", *ALLOW_ANY, status=status)).status == status


def test_a_redirect_without_location_is_a_response() -> None:
    assert fetch(answer(*ALLOW_ANY, status=302)).status == 302


def test_redirects_out_of_the_own_server_need_no_permission_but_their_target_does() -> None:
    shared = exchanged(by_url({PAGE + "/": redirect(API), "/": answer(*ALLOW_PAGE)}), PAGE)
    assert shared[-1].request.header("Origin") == PAGE
    with pytest.raises(BlockedByCORS, match=r" at 'https://api\.example\.net/' \(redirected from"):
        fetch(by_url({PAGE + "/": redirect(API), "/": answer()}), PAGE)


@rows(
    "hops, origins",
    [
        ([PAGE, API], [None, PAGE], "from home"),
        ([PAGE, API, API], [None, PAGE, PAGE], "from home and within"),
        ([API, API], [PAGE, PAGE], "within one origin"),
        ([API, OTHER], [PAGE, "null"], "to a second foreign origin"),
        ([API, OTHER, OTHER], [PAGE, "null", "null"], "and within"),
        ([API, PAGE], [PAGE, "null"], "back home"),
        ([PAGE, PAGE, API, PAGE], [None, None, PAGE, "null"], "out and back home"),
        ([SISTER, "https://two.example.com"], [PAGE, "null"], "within the site"),
    ],
)
def test_the_origin_is_lost_between_foreign_origins(hops: list[str], origins: list[str | None]) -> None:
    urls = [f"{origin}/{number}" for number, origin in enumerate(hops)]
    answers = {
        url: redirect(after, ("Access-Control-Allow-Origin", sent or "*"))
        for url, after, sent in zip(urls, urls[1:], origins, strict=False)
    }
    exchanges = exchanged(by_url({**answers, urls[-1]: SHARED}), urls[0])
    assert [each.request.header("Origin") for each in exchanges] == origins


def test_a_way_home_over_a_foreign_origin_stays_cors() -> None:
    answers = {"/": redirect(PAGE + "/x", *ALLOW_ANY), PAGE + "/x": answer(*ALLOW_NULL)}
    assert fetch(by_url(answers)).type == "cors"


@pytest.mark.parametrize(
    ("status", "method", "after"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "PUT", "PUT"),
        (303, "PUT", "GET"),
        (307, "PUT", "PUT"),
        (303, "HEAD", "HEAD"),
        (303, "GET", "GET"),
        (301, "HEAD", "HEAD"),
        (302, "patch", "patch"),
    ],
)
def test_which_redirects_change_the_method_and_drop_the_body(status: int, method: str, after: str) -> None:
    headers = {
        "Content-Type": "text/plain",
        "content-language": "de",
        "Content-Encoding": "x",
        "Content-Location": "/",
        "X-A": "1",
    }
    body = "x" if method not in {"GET", "HEAD"} else None
    script = by_url({"/": redirect("/x", *ALLOW_ANY, status=status), "/x": SHARED}, preflight=SHARED)
    last = exchanged(script, init=RequestInit(method=method, headers=headers, body=body))[-1].request
    kept = method == after
    assert (last.url, last.method, last.body) == (API + "/x", after, b"x" if kept and body else b"")
    assert last.header("X-A") == "1"
    assert [last.header(name) is not None for name in list(headers)[:4]] == [kept] * 4


@pytest.mark.parametrize(("target", "kept"), [("/x", True), (OTHER + "/x", False), (PAGE + "/x", False)])
def test_authorization_stays_with_its_origin(target: str, kept: bool) -> None:
    allow = *ALLOW_ANY, ("Access-Control-Allow-Headers", "Authorization, X-A")
    url = API + target if target.startswith("/") else target
    script = by_url({"/": redirect(target, *ALLOW_ANY), url: answer(*allow)}, preflight=answer(*allow))
    exchanges = exchanged(script, init=RequestInit(headers={"authorization": "x", "X-A": "1"}))
    assert (exchanges[-1].request.header("Authorization") is not None) == kept
    assert exchanges[-1].request.header("X-A") == "1"
    asked = [each.request.header("Access-Control-Request-Headers") for each in exchanges if each.is_preflight]
    assert asked == ["authorization,x-a", "authorization,x-a" if kept else "x-a"]


def test_a_redirected_request_is_preflighted_for_its_new_url() -> None:
    script = by_url({"/": redirect("/x", *ALLOW_ANY, status=308), "/x": SHARED}, preflight=SHARED)
    exchanges = exchanged(script, init=RequestInit(method="PUT"))
    assert [(each.request.method, each.request.url) for each in exchanges] == [
        ("OPTIONS", API + "/"),
        ("PUT", API + "/"),
        ("OPTIONS", API + "/x"),
        ("PUT", API + "/x"),
    ]


def test_twenty_redirects_are_followed_and_no_more() -> None:
    answers = {f"/{number}": redirect(f"/{number + 1}", *ALLOW_ANY) for number in range(21)}
    page = browser_of(by_url({**answers, "/21": SHARED})).page(PAGE)
    assert len(page.fetch("/1").exchanges) == 21
    with pytest.raises(NetworkError, match="more than 20 redirects") as caught:
        page.fetch("/0")
    assert len(caught.value.exchanges) == 21


REDIRECT = redirect("/x", *ALLOW_ANY)

# The response, the page, the options of the fetch, the type of what it gets or the error, why.
REDIRECT_MODES: list[tuple[ReceivedResponse, str, dict[str, str], str, str]] = [
    (REDIRECT, PAGE, {"redirect": "error"}, "redirect is 'error'", "error refuses redirects"),
    (
        REDIRECT,
        same_origin,
        {"redirect": "error", "mode": "same-origin"},
        "redirect is 'error'",
        "error refuses redirects at home",
    ),
    (SHARED, PAGE, {"redirect": "error"}, "cors", "error lets other responses pass"),
    (REDIRECT, PAGE, {"redirect": "manual"}, "opaqueredirect", "manual shows nothing of a redirect"),
    (REDIRECT, same_origin, {"redirect": "manual"}, "opaqueredirect", "manual shows nothing at home"),
    (redirect("/x"), PAGE, {"redirect": "manual"}, "blocked by CORS", "manual does not skip the CORS check"),
    (SHARED, PAGE, {"redirect": "manual"}, "cors", "manual lets other responses pass"),
    (REDIRECT, PAGE, {"redirect": "manual", "mode": "no-cors"}, "must be 'follow'", "no-cors only follows"),
]


@rows("received, page, init, outcome", REDIRECT_MODES)
def test_the_redirect_modes(
    received: ReceivedResponse, page: str, init: dict[str, str], outcome: str
) -> None:
    if outcome not in {"cors", "opaqueredirect"}:
        with pytest.raises(NetworkError, match=outcome):
            fetch(received, page=page, **init)
        return
    response = fetch(received, page=page, **init)
    assert (response.type, len(response.exchanges)) == (outcome, 1)
    if outcome == "opaqueredirect":
        assert (response.status, response.url, response.redirected) == (0, API + "/", False)
        assert len(response.headers) == 0


@pytest.mark.parametrize("target", ["/x", "https://user:pw@api.example.net/x"])
def test_without_cors_redirects_are_followed_even_with_a_password(target: str) -> None:
    answers = by_url({"/": redirect(target), "/x": answer(body=b"x")})
    assert fetch(answers, mode="no-cors").type == "opaque"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("https://a b/", "an invalid URL"),
        ("https://[x]/", "an invalid URL"),
        ("http://x:99999/", "an invalid URL"),
        ("ftp://api.example.net/", "not http or https"),
        ("data:text/plain,x", "The redirect goes to"),
        ("https://b\xfccher.example/", r"goes to 'https://b%FCcher\.example/', an invalid URL"),
    ],
)
def test_a_redirect_to_nowhere_fails(location: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message) as caught:
        fetch(redirect(location, *ALLOW_ANY))
    assert "has no server" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("caf\xc3\xa9?\xc3\xa9", "/caf%C3%A9?%C3%A9"),
        ("caf\xe9?\xe9", "/caf%E9?%E9"),
        ("\xc3\xa9\xe9", "/%C3%A9%E9"),
        ("\xef\xbb\xbfx", "/%EF%BB%BFx"),
        ("\xc2\xa0x\xa0", "/%C2%A0x%A0"),
        ("\xc3\xa9:x", "/%C3%A9:x"),
        ("https://b\xc3\xbccher.example/x", "https://xn--bcher-kva.example/x"),
        ("a//b", "/a//b"),
    ],
)
def test_a_location_with_raw_bytes_is_read_as_browsers_do(location: str, url: str) -> None:
    """WSGI and http.client give its bytes as Latin-1."""
    target = url if url.startswith("https:") else API + url
    script = by_url({"/": redirect(location, *ALLOW_ANY), target: SHARED})
    # WSGI has the path without its percent-encoding.
    browser = browser_of(lambda request: SHARED if request.url != f"{API}/" else script(request))
    browser = browser if target.startswith(API) else browser_of(script, "https://xn--bcher-kva.example")
    assert browser.page(PAGE).fetch("/").url == target


MALFORMED = [
    pytest.param((name, value), id=f"{name}: {value}".encode("unicode-escape").decode())
    for name, value in (
        *(("X-A", value) for value in ("a\0b", "\0", "a\0", "a\rb", "a\nb", "a\r\n b", "a\n", "a\r\nX-B: 1")),
        *((name, "1") for name in ("X\0A", "\0", "X-A\0", "X\rA", "X\nA", "X-A: 1\r\nX-B")),
        ("Access-Control-Allow-Origin", "*\0"),
        ("Set-Cookie", "a=1\0"),
        ("Location", "/\0"),
    )
]


@pytest.mark.parametrize("field", MALFORMED)
@pytest.mark.parametrize("status", [200, 204, 302, 500])
def test_nul_and_newlines_in_a_header_fail_the_whole_response(field: tuple[str, str], status: int) -> None:
    bad = answer(*ALLOW_ALL, ("Set-Cookie", "kept=1"), field, status=status)
    for init in (RequestInit(), RequestInit(mode="no-cors"), RequestInit(method="HEAD", redirect="manual")):
        browser = browser_of(answering(bad))
        for page in (browser.page(PAGE), browser.page(API)):
            with pytest.raises(NetworkError, match="a header with NUL, CR or LF in it") as caught:
                page.fetch("/", **init)
            assert not isinstance(caught.value, BlockedByCORS)
            assert caught.value.exchanges[-1].response.status == status
            assert not {"\0", "\r"} & set(str(caught.value))
        assert all(exchange.request.header("Cookie") is None for exchange in browser.exchanges)


@pytest.mark.parametrize("field", MALFORMED)
def test_nul_and_newlines_in_a_header_fail_a_preflight(field: tuple[str, str]) -> None:
    browser = browser_of(answering(SHARED, answer(*ALLOW_ALL, field)))
    with pytest.raises(NetworkError, match="a header with NUL, CR or LF in it"):
        browser.page(PAGE).fetch("/", method="PUT")
    [exchange] = browser.exchanges
    assert exchange.is_preflight


@pytest.mark.parametrize("name", ["X A", "X-A ", " X-A", "", "X(", "X\xe9", "X\x01", "X:"])
def test_a_header_whose_name_is_not_a_token_is_left_out(name: str) -> None:
    received = answer(*ALLOW_ALL, ("Access-Control-Expose-Headers", "*"), (name, "1"), ("X-Z", "\x01\t\x7f"))
    for page in (PAGE, API):
        headers = fetch(received, page=page).headers
        assert name.lower() not in headers
        assert headers["x-z"] == "\x01\t\x7f"


def test_blanks_around_a_value_are_not_part_of_it() -> None:
    received = answer(("Access-Control-Allow-Origin", " * "), ("Content-Language", "\t en, de "))
    assert fetch(received).headers["content-language"] == "en, de"


def test_a_redirect_has_one_location() -> None:
    """ "location URL": more than one field is a failure, even if they agree."""
    with pytest.raises(NetworkError, match="several Location headers"):
        fetch(redirect("/x", ("Location", "/x"), *ALLOW_ANY))


@rows(
    "start, target, fails",
    [
        (API, "https://user:pw@api.example.net/x", True, "across origins"),
        (API, "https://user@api.example.net/x", True, "a name only"),
        (API, "https://:pw@api.example.net/x", True, "a password only"),
        (API, "https://:@api.example.net/x", False, "neither"),
        (API, "https://user:pw@app.example.com/x", True, "back home"),
        (PAGE, "https://user:pw@api.example.net/x", True, "from home"),
        (PAGE, "https://user:pw@app.example.com/x", False, "at home"),
    ],
)
def test_redirects_with_user_and_password_fail_across_origins(start: str, target: str, fails: bool) -> None:
    script = by_url({start + "/": redirect(target, *ALLOW_ANY), API + "/x": SHARED, PAGE + "/x": SHARED})
    if not fails:
        assert fetch(script, start).redirected
        return
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(script, start)
    assert blocked.value.reason == "redirect-with-credentials-in-url"


@rows(
    "target, step",
    [
        ("https://user:pw@other.example.net/", "9", "to a foreign origin"),
        ("https://user:pw@app.example.com/", "10", "back home"),
    ],
)
def test_the_step_for_user_and_password_depends_on_the_target(target: str, step: str) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        fetch(redirect(target, *ALLOW_ANY))
    assert f'"HTTP-redirect fetch", step {step} ' in str(blocked.value.step)


def test_a_fragment_is_kept_over_redirects_for_the_preflight_cache() -> None:
    """The URL of an entry is the request's, fragment and all; nothing that a server sees has one."""
    browser = browser_of(answering(SHARED))
    page = browser.page(PAGE)
    page.fetch("/#a", method="PUT")
    page.fetch("/#b", method="PUT")
    assert [each.is_preflight for each in browser.exchanges] == [True, False, True, False]
    assert all("#" not in each.request.url for each in browser.exchanges)


# Other rules


def test_chromium_does_not_preflight_an_empty_upload() -> None:
    page = browser_of(answering(SHARED), engine="chromium").page(PAGE)
    assert len(page.fetch("/", method="POST", use_cors_preflight=True).exchanges) == 1
    assert len(page.fetch("/", method="POST", use_cors_preflight=True, body="x").exchanges) == 2


def test_afetch_does_the_same_without_any_event_loop() -> None:
    coroutine = browser_of(answering(SHARED)).page(PAGE).afetch("/", method="PUT")
    with pytest.raises(StopIteration) as end:  # nothing in it waits
        coroutine.send(None)
    assert end.value.value.status == 200


# Cross-Origin-Resource-Policy, the page, the type of the response (None: no response).
@pytest.mark.parametrize(
    ("policy", "page", "kind"),
    [
        ("same-origin", OTHER, None),
        ("same-site", OTHER, "opaque"),
        ("same-site", PAGE, None),
        ("cross-origin", PAGE, "opaque"),
        ("same-origin", same_origin, "basic"),
    ],
)
def test_a_resource_may_be_for_its_own_origin_or_site_only(policy: str, page: str, kind: str | None) -> None:
    received = answer(("Cross-Origin-Resource-Policy", policy))
    if kind is None:
        with pytest.raises(NetworkError, match="Cross-Origin-Resource-Policy"):
            fetch(received, page=page, mode="no-cors")
    else:
        assert fetch(received, page=page, mode="no-cors").type == kind
