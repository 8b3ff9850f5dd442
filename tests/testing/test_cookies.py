"""Cookies: which of them a request carries, which a response may set, and which the test's client brings."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from crosscors.testing import Browser, ReceivedResponse, SentRequest, same_origin
from crosscors.testing.cookies import read_set_cookie
from crosscors.testing.engines import EngineName
from crosscors.testing.request import Credentials, Mode
from crosscors.testing.urls import parse
from tests.rules.kit import rows

from .servers import API, PAGE, SISTER, answer, browser_of, is_preflight, redirect

SITE = "https://example.com"


class Site:
    """A server that allows everybody everything, and sets the cookies it is told to."""

    def __init__(self, engine: EngineName | None = None, *origins: str) -> None:
        self.set: list[str] = []
        self.time = 1000.0
        self.browser = browser_of(self._answer, SITE, *origins, engine=engine, clock=lambda: self.time)

    def _answer(self, request: SentRequest) -> ReceivedResponse:
        return answer(
            ("Access-Control-Allow-Origin", request.header("Origin") or "*"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "PUT"),
            *(("Set-Cookie", each) for each in self.set),
        )

    def fetch(self, url: str, origin: str, credentials: Credentials = "include", **init: Any) -> str | None:
        """Fetches; gives the cookies that were sent."""
        self.browser.page(origin).fetch(url, credentials=credentials, **init)
        return self.browser.exchanges[-1].request.header("Cookie")

    def give(self, *cookies: str, url: str = API, origin: str | None = None) -> None:
        """Sets cookies, by default from a page of the same origin."""
        self.set = list(cookies)
        self.fetch(url, origin or parse(url).origin)
        self.set = []

    @property
    def notes(self) -> tuple[str, ...]:
        return self.browser.exchanges[-1].notes


EVERYWHERE = "SameSite=None; Secure"


# Credentials modes


@pytest.mark.parametrize(
    ("origin", "credentials", "sent"),
    [
        (API, "same-origin", "a=1"),
        (API, "include", "a=1"),
        (API, "omit", None),
        (PAGE, "include", "a=1"),
        (PAGE, "same-origin", None),
        (PAGE, "omit", None),
        ("null", "include", "a=1"),
    ],
)
@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_which_requests_carry_cookies(
    origin: str, credentials: Credentials, sent: str | None, mode: Mode
) -> None:
    site = Site()
    site.give(f"a=1; {EVERYWHERE}")
    assert site.fetch("/", origin, credentials, mode=mode) == sent


@pytest.mark.parametrize(
    ("origin", "credentials", "kept"),
    [
        (API, "same-origin", True),
        (API, "omit", False),
        (PAGE, "include", True),
        (PAGE, "same-origin", False),
        (PAGE, "omit", False),
    ],
)
def test_which_responses_may_set_cookies(origin: str, credentials: Credentials, kept: bool) -> None:
    site = Site()
    site.set = [f"a=1; {EVERYWHERE}"]
    site.fetch("/", origin, credentials)
    assert site.fetch("/", API) == ("a=1" if kept else None)


def test_a_refused_response_sets_its_cookies_all_the_same() -> None:
    def script(request: SentRequest) -> ReceivedResponse:
        return answer(("Set-Cookie", f"a=1; {EVERYWHERE}"))

    browser = browser_of(script)
    with pytest.raises(Exception, match="blocked by CORS policy"):
        browser.page(PAGE).fetch("/", credentials="include")
    browser.page(same_origin).fetch("/")
    assert browser.exchanges[-1].request.header("Cookie") == "a=1"


def test_preflights_carry_no_cookies_and_set_none() -> None:
    def script(request: SentRequest) -> ReceivedResponse:
        name = "preflight" if is_preflight(request) else "actual"
        return answer(
            ("Access-Control-Allow-Origin", PAGE),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Max-Age", "0"),
            ("Set-Cookie", f"{name}=1; {EVERYWHERE}"),
        )

    browser = browser_of(script)
    for _ in range(2):
        browser.page(PAGE).fetch("/", method="PUT", credentials="include")
    assert [each.request.header("Cookie") for each in browser.exchanges] == [None, None, None, "actual=1"]


def test_all_pages_share_the_cookies_of_a_browser_and_no_other_browser_does() -> None:
    site = Site()
    site.give(f"a=1; {EVERYWHERE}")
    assert site.fetch("/", "https://third.test") == "a=1"
    assert Site().fetch("/", API) is None


# SameSite


@pytest.mark.parametrize(
    ("attributes", "engine", "across_sites"),
    [
        (EVERYWHERE, None, True),
        ("samesite=none; secure", None, True),
        ("SAmeSite=nOnE; SECURE", None, True),
        ("SameSite=Lax; Secure", None, False),
        ("SameSite=strict; Secure", None, False),
        ("Secure", None, False),
        ("SameSite=Foo; Secure", None, False),
        ("SameSite; Secure", None, False),
        ("SameSite=None; SameSite=Lax; Secure", None, False),
        ("Secure", "chromium", False),
        ("Secure", "webkit", True),
        ("Secure", "firefox", True),
        ("SameSite=Lax; Secure", "firefox", False),
    ],
)
def test_across_sites_a_cookie_needs_same_site_none(
    attributes: str, engine: EngineName | None, across_sites: bool
) -> None:
    site = Site(engine)
    site.give(f"a=1; {attributes}", url=SITE)
    assert site.fetch(SITE, SITE) == "a=1"
    assert site.fetch(SITE, PAGE) == "a=1"
    assert site.fetch(SITE, API) == ("a=1" if across_sites else None)
    assert site.fetch(SITE, "null") == ("a=1" if across_sites else None)

    setting = Site(engine)
    setting.give(f"a=1; {attributes}", url=SITE, origin=API)
    is_kept = across_sites and engine != "webkit"
    assert setting.fetch(SITE, SITE) == ("a=1" if is_kept else None)


@pytest.mark.parametrize(
    ("page", "url", "is_same_site"),
    [
        (PAGE, SISTER, True),
        ("https://app.example.com:8443", SISTER, True),
        ("http://app.example.com", SISTER, False),
        ("https://a.github.io", "https://b.github.io", False),
        ("https://x.a.github.io", "https://a.github.io", True),
        ("https://a.co.uk", "https://b.co.uk", False),
        ("https://x.a.co.uk", "https://y.a.co.uk", True),
        ("https://github.io", "https://github.io", True),
        ("http://localhost:5173", "http://localhost:8000", True),
        ("http://127.0.0.1:5173", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:5173", "http://127.0.0.2:8000", False),
        ("http://localhost:5173", "http://127.0.0.1:8000", False),
        ("http://[::1]:5173", "http://[::1]:8000", True),
        ("http://app.localhost", "http://api.localhost", False),
    ],
)
def test_what_is_the_same_site(page: str, url: str, is_same_site: bool) -> None:
    site = Site(None, url)
    site.give("a=1; SameSite=Strict", url=url)
    assert site.fetch(url, page) == ("a=1" if is_same_site else None)


def test_what_is_kept_back_is_noted() -> None:
    site = Site()
    site.give("a=1", "b=2; SameSite=Lax", f"c=3; {EVERYWHERE}")
    site.set = ["d=4; SameSite=Strict", "e=5; SameSite=None", f"f=6; {EVERYWHERE}"]
    assert site.fetch("/", PAGE) == "c=3"
    needed = "and api.example.net is not on the page's site; it needs SameSite=None; Secure"
    assert site.notes == (
        f"the cookie a was not sent: without SameSite it counts as Lax, {needed}",
        f"the cookie b was not sent: it is SameSite=Lax, {needed}",
        f"the cookie d was not set: it is SameSite=Strict, {needed}",
        "the cookie e was not set: SameSite=None needs Secure",
    )
    site.set = []
    assert site.fetch("/", PAGE) == "c=3; f=6"
    assert site.fetch("/", API) == "a=1; b=2; c=3; f=6"
    assert not site.notes


@pytest.mark.parametrize("attributes", ["", "; SameSite=Lax", "; Max-Age=0", "; Max-Age=0; SameSite=Strict"])
def test_another_site_can_neither_change_nor_delete_a_cookie_of_this_one(attributes: str) -> None:
    site = Site()
    site.give("a=1; SameSite=Lax")
    site.give(f"a={attributes}", origin=PAGE)
    assert site.fetch("/", API) == "a=1"


def test_another_site_can_delete_a_cookie_that_is_for_it() -> None:
    site = Site()
    site.give(f"a=1; {EVERYWHERE}")
    site.give(f"a=; Max-Age=0; {EVERYWHERE}", origin=PAGE)
    assert site.fetch("/", API) is None


def redirected_cookies(*hops: str) -> str | None:
    """What the last hop receives of its Strict cookie when a page fetches the first."""

    def script(request: SentRequest) -> ReceivedResponse:
        allow = (
            ("Access-Control-Allow-Origin", request.header("Origin") or "*"),
            ("Access-Control-Allow-Credentials", "true"),
        )
        if request.url.endswith("/login"):
            return answer(("Set-Cookie", "a=1; SameSite=Strict"))
        number = int(request.url.rpartition("/")[2])
        return (
            redirect(f"{hops[number + 1]}/{number + 1}", *allow) if number + 1 < len(hops) else answer(*allow)
        )

    browser = browser_of(script)
    browser.page(hops[-1]).fetch(hops[-1] + "/login")
    browser.page(PAGE).fetch(hops[0] + "/0", credentials="include")
    return browser.exchanges[-1].request.header("Cookie")


@rows(
    "hops, sent",
    [
        ([PAGE, PAGE], "a=1", "at home"),
        ([SISTER, "https://two.example.com"], "a=1", "within the site"),
        ([SISTER, PAGE], "a=1", "within the site and home"),
        ([API, SISTER], None, "from another site"),
        ([API, PAGE], None, "from another site and home"),
        ([PAGE, API, PAGE], None, "out and home"),
        ([PAGE, API], None, "to another site"),
    ],
)
def test_a_redirect_over_another_site_makes_the_request_cross_site(hops: list[str], sent: str | None) -> None:
    """ "determine the same-site mode", step 5."""
    assert redirected_cookies(*hops) == sent


# Secure, and this machine


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.example.net", True),
        ("http://api.example.net", False),
        ("http://localhost:8000", True),
        ("http://api.localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://127.1.2.3:8000", True),
        ("http://[::1]:8000", True),
        ("http://128.0.0.1", False),
        ("http://localhost.test", False),
        ("http://127.test", False),
    ],
)
def test_secure_cookies_need_encryption_or_this_machine(url: str, kept: bool) -> None:
    site = Site(None, url)
    site.give("a=1; Secure", url=url)
    assert site.fetch(url, url) == ("a=1" if kept else None)


def test_a_secure_cookie_does_not_go_where_there_is_no_encryption() -> None:
    site = Site()
    site.give("a=1; Secure", "b=2")
    assert site.fetch("http://api.example.net", "http://api.example.net") == "b=2"


def test_a_response_without_encryption_leaves_secure_cookies_alone() -> None:
    """RFC 6265bis, section 5.7: neither overwritten nor shadowed."""
    site = Site()
    site.give("a=1; Secure")
    site.give("a=2", url="http://api.example.net")
    assert site.fetch("/", API) == "a=1"


# What Set-Cookie says


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        ("a=1", "a=1"),
        (" a = 1 ;x", "a=1"),
        ('a="1 2"', 'a="1 2"'),
        ("a=1,2", "a=1,2"),
        ("a=b=c", "a=b=c"),
        ("a=", "a="),
        ("flag", "flag"),
        ("=flag", "flag"),
        ("a\tb=1", "a\tb=1"),
        ("a=é", "a=é"),
        ('a=1; Port="80"; Version=1; Foo', "a=1"),
        ("a=" + "x" * 4095, "a=" + "x" * 4095),
        ("a=" + "x" * 4096, None),
        ("=", None),
        ("", None),
        ("; Path=/", None),
        ("a=1\x08", None),
        ("a=1\x7f", None),
        ("a=1; SameSite=None", None),
        ("__Secure-a=1; Secure", "__Secure-a=1"),
        ("__Secure-a=1", None),
        ("__SECURE-a=1", None),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1"),
        ("__host-a=1; Secure; Path=/", "__host-a=1"),
        ("__Host-a=1; Secure", None),
        ("__Host-a=1; Path=/", None),
        ("__Host-a=1; Secure; Path=/x", None),
        ("__Host-a=1; Secure; Path=/; Domain=example.net", None),
        ("=__Host-a=1; Secure; Path=/", None),
        ("__Secure-a; Secure", None),
    ],
)
def test_which_cookies_are_kept_and_how_they_are_sent(value: str, pair: str | None) -> None:
    site = Site()
    site.give(value)
    assert site.fetch("/", API) == pair


@pytest.mark.parametrize(
    ("attribute", "hosts"),
    [
        ("", ["api"]),
        ("Domain=", ["api"]),
        ("Domain=example.com", ["", "api", "app"]),
        ("Domain=.Example.COM", ["", "api", "app"]),
        ("DOMAIN=api.example.com", ["api"]),
        ("Domain=app.example.com", []),
        ("Domain=ample.com", []),
        ("Domain=com", []),
        ("Domain=app.example.com; Domain=example.com", ["", "api", "app"]),
    ],
)
def test_the_domain_says_which_hosts_a_cookie_is_for(attribute: str, hosts: list[str]) -> None:
    site = Site()
    site.give(f"a=1; {attribute}", url=SISTER)
    sent = [
        host
        for host in ("", "api", "app")
        if site.fetch(f"https://{host}.example.com".replace("/.", "/"), SITE)
    ]
    assert sent == hosts


@pytest.mark.parametrize(
    ("url", "domain", "host_only"),
    [
        ("https://github.io/", "github.io", True),
        ("https://a.github.io/", "github.io", None),
        ("https://a.co.uk/", "co.uk", None),
        ("http://localhost/", "localhost", True),
        ("http://127.0.0.1/", "127.0.0.1", False),
        ("http://127.0.0.1/", "0.0.1", None),
        ("http://[::1]/", "[::1]", False),
    ],
)
def test_domains_that_nobody_owns_are_for_their_host_only(
    url: str, domain: str, host_only: bool | None
) -> None:
    cookie = read_set_cookie(f"a=1; Domain={domain}", parse(url))
    assert (cookie and cookie.host_only) == host_only
    assert cookie is None or cookie.domain == parse(url).host


def test_a_cookie_of_a_domain_and_one_of_its_host_are_two() -> None:
    site = Site()
    site.give("a=1", "a=2; Domain=example.com", url=SITE)
    assert site.fetch(SITE, SITE) == "a=1; a=2"


@pytest.mark.parametrize(
    ("set_at", "attribute", "asked", "sent"),
    [
        ("/a/b", "", "/a/c", True),
        ("/a/b", "", "/a", True),
        ("/a/b", "", "/ab", False),
        ("/a/b", "", "/", False),
        ("/a/", "", "/a/b/c", True),
        ("/a", "", "/", True),
        ("/", "", "/x", True),
        ("/a/b", "Path=/", "/x", True),
        ("/a/b", "Path=", "/a/x", True),
        ("/a/b", "Path=x", "/a/x", True),
        ("/", "Path=/a", "/a/b", True),
        ("/", "Path=/a", "/ab", False),
        ("/", "Path=/a/", "/a", False),
        ("/", "Path=/a/", "/a/b", True),
        ("/", "Path=/a; Path=/", "/x", True),
        ("/", "Path=/A", "/a", False),
    ],
)
def test_the_path_says_which_urls_a_cookie_is_for(
    set_at: str, attribute: str, asked: str, sent: bool
) -> None:
    site = Site()
    site.give(f"a=1; {attribute}", url=API + set_at)
    assert site.fetch(asked, API) == ("a=1" if sent else None)


def test_cookies_with_longer_paths_come_first_and_then_older_ones() -> None:
    site = Site()
    site.give("a=1", "b=2; Path=/x", "c=3", "d=4; Path=/x")
    site.give("a=5", url=API + "/")
    assert site.fetch("/x", API) == "b=2; d=4; a=5; c=3"


@pytest.mark.parametrize(
    ("attribute", "kept"),
    [
        ("Max-Age=60", True),
        ("Max-Age=0", False),
        ("max-age=-1", False),
        ("Max-Age=1x", True),
        ("Max-Age=", True),
        ("Max-Age=99999999999999999999", True),
        ("Max-Age=-99999999999999999999", False),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("Expires=Wed, 21 Oct 2015 07:28:00 GMT", False),
        ("Expires=Wednesday, 21-Oct-15 07:28:00 GMT", False),
        ("Expires=Wed, 21-Oct-2015 07:28:00 GMT", False),
        ("Expires=Wed Oct 21 07:28:00 2015", False),
        ("Expires=Fri, 01 Jan 2100 00:00:00 GMT", True),
        ("Expires=Fri, 01 Jan 9999 00:00:00 GMT", True),
        ("Expires=Fri, 01 Jan 99999 00:00:00 GMT", True),
        ("Expires=nonsense", True),
        ("Expires=", True),
        ("Expires=0", True),
        ("Expires=Thu, 99 Foo 1970 00:00:00 GMT", True),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", True),
        ("Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT", False),
    ],
)
def test_when_a_cookie_ends(attribute: str, kept: bool) -> None:
    site = Site()
    site.give("a=1")
    site.give(f"a=2; {attribute}")
    assert site.fetch("/", API) == ("a=2" if kept else None)


def test_a_cookie_ends_when_its_time_has_come() -> None:
    site = Site()
    in_an_hour = formatdate(time.time() + 3600, usegmt=True)
    site.give("a=1; Max-Age=60", f"b=2; Expires={in_an_hour}", "c=3")
    site.time += 59
    assert site.fetch("/", API) == "a=1; b=2; c=3"
    site.time += 1
    assert site.fetch("/", API) == "b=2; c=3"
    site.time += 3600
    assert site.fetch("/", API) == "c=3"


def test_deleting_goes_by_name_domain_and_path() -> None:
    site = Site()
    site.give("a=1; Path=/x", "b=2; Domain=example.com", url=SITE)
    site.give("a=; Max-Age=0; Path=/", "b=; Max-Age=0", url=SITE)
    assert site.fetch(SITE + "/x", SITE) == "a=1; b=2"
    site.give("a=; Max-Age=0; Path=/x", "b=; Max-Age=0; Domain=example.com", url=SITE)
    assert site.fetch(SITE + "/x", SITE) is None


# The cookies of the test's own client


class Client:
    """An httpx client, of a server that says which cookies it got."""

    def __init__(self, url: str = API) -> None:
        self.client = httpx.Client(base_url=url, transport=httpx.MockTransport(self._answer))
        self.browser = Browser(self.client)
        self.set: list[str] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        fields = [
            ("Access-Control-Allow-Origin", request.headers.get("Origin", "*")),
            ("Access-Control-Allow-Credentials", "true"),
            *(("Set-Cookie", each) for each in self.set),
        ]
        return httpx.Response(200, headers=fields, text=request.headers.get("Cookie", ""))

    def fetch(self, url: str = "/", origin: str = same_origin) -> str:
        """Fetches in the browser; gives the cookies that were sent."""
        return self.browser.page(origin).fetch(url, credentials="include").text()

    def give(self, *cookies: str) -> None:
        """The server sets cookies in the browser."""
        self.set = list(cookies)
        self.fetch()
        self.set = []

    def give_client(self, *cookies: str) -> None:
        """The server sets cookies in the client."""
        self.set = list(cookies)
        self.client.get("/")
        self.set = []


def test_the_cookies_of_the_client_are_the_browsers() -> None:
    site = Client()
    for name in ("alice", "bob", "alice"):
        site.client.cookies.set("session", name)
        assert site.fetch() == f"session={name}"
    assert site.fetch(origin=PAGE) == ""  # without SameSite, a cookie stays on its site
    site.client.cookies.set("theme", "dark")
    assert site.fetch() == "session=alice; theme=dark"
    site.client.cookies.clear()
    assert site.fetch() == ""


def test_a_cookie_that_a_server_has_set_in_the_client_keeps_its_attributes() -> None:
    site = Client()
    site.give_client("a=1; SameSite=Lax", "b=2; Path=/x", f"c=3; {EVERYWHERE}", "d=4; Max-Age=60")
    assert site.fetch(origin=PAGE) == "c=3"
    assert sorted(site.fetch().split("; ")) == ["a=1", "c=3", "d=4"]
    assert site.fetch("/x").startswith("b=2; ")


def test_the_cookies_of_the_browser_stay_out_of_the_client() -> None:
    site = Client()
    site.give("a=1")
    assert site.fetch() == "a=1"
    assert dict(site.client.cookies) == {}


def test_after_a_logout_through_the_browser_the_cookie_of_the_client_does_not_return() -> None:
    site = Client()
    site.client.cookies.set("session", "alice")
    site.give("session=; Max-Age=0; Path=/")
    assert site.fetch() == ""
    assert site.fetch() == ""
    site.client.cookies.set("session", "bob")  # a new login
    assert site.fetch() == "session=bob"


def test_a_login_through_the_browser_stays_when_the_client_loses_its_own() -> None:
    site = Client()
    site.client.cookies.set("session", "alice")
    site.give("session=bob; Path=/")
    site.client.cookies.clear()
    assert site.fetch() == "session=bob"


def test_a_host_only_cookie_of_the_client_stays_with_its_host() -> None:
    site = Client(SITE)
    site.give_client("a=1", "b=2; Domain=example.com")
    assert sorted(site.fetch(SITE).split("; ")) == ["a=1", "b=2"]
    assert site.fetch(SISTER, SITE) == "b=2"


def test_a_cookie_of_a_client_at_localhost_is_for_localhost() -> None:
    """http.cookiejar calls it localhost.local."""
    site = Client("http://localhost:8000")
    site.give_client("a=1")
    assert site.fetch() == "a=1"
