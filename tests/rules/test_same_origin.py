"""Same-origin requests that carry Origin: nothing is refused, and the response is the same as ever."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, Kind
from crosscors.core.origins.function import OriginFunc
from crosscors.core.origins.own import is_own_origin

from .kit import APP, EVIL, actual, codes, rows

OWN = "http://localhost:8000"

# Origin, Host, whether they are the same, why.
HOSTS = [
    (OWN, "localhost:8000", True, "host and port are equal"),
    (OWN, "LocalHost:8000", True, "host names have no case"),
    (OWN, "localhost:8001", False, "another port"),
    (OWN, "localhost", False, "Host without a port has the default port of http"),
    (OWN, "127.0.0.1:8000", False, "another host, although it is the same machine"),
    ("https://a.example", "a.example", True, "https, and no port on both sides"),
    ("https://a.example", "a.example:443", True, "some clients write the default port"),
    ("http://a.example", "a.example:80", True, "the default port of http"),
    ("https://a.example", "a.example:80", False, "the default port of the other scheme"),
    ("https://a.example", "a.example:8443", False, "a proxy that keeps its own port in Host"),
    ("https://a.example:8443", "a.example:8443", True, "a port of its own"),
    ("https://sub.a.example", "a.example", False, "a subdomain is another origin"),
    ("http://[::1]:8000", "[::1]:8000", True, "an IPv6 address"),
    ("http://[::1]:8000", "[0:0::1]:8000", True, "an IPv6 address in a longer form"),
    ("http://[::1]", "[::1::]", False, "not a valid IPv6 address"),
    ("http://my_host", "my_host", True, "an underscore, as in names of containers"),
    ("https://a.example", "", False, "no Host"),
    ("https://a.example", "a.example, a.example", False, "two Host headers"),
    ("https://a.example", "evil@a.example", False, "userinfo in Host"),
    ("https://a.example", "a.example:", False, "a colon without a port"),
    ("https://a.example", "a.example:0443", True, "a leading zero in the port"),
    ("https://evil@a.example", "evil@a.example", False, "not a serialized origin"),
    ("https://a.example/", "a.example", False, "a path in Origin"),
    ("null", "null", False, "null is nobody's own origin"),
    ("ftp://a.example", "a.example:21", False, "no server for ftp has pages"),
    ("capacitor://localhost", "localhost", False, "an app, not a page of this server"),
]


@rows("origin, host, is_own", HOSTS)
def test_own_origin(origin: str, host: str, is_own: bool) -> None:
    assert is_own_origin(origin, host) is is_own
    assert (actual(CORSPolicy(), origin, host=host).kind is Kind.SAME_ORIGIN) is is_own


# Sec-Fetch-Site, Host, the kind, why.
SITES = [
    (
        "same-origin",
        "another.example",
        Kind.SAME_ORIGIN,
        "the browser knows it; a proxy changed Host",
    ),
    ("cross-site", "localhost:8000", Kind.ACTUAL, "the browser knows it: a rebound name, for example"),
    ("same-site", "localhost:8000", Kind.ACTUAL, "another origin of the same site"),
    ("none", "localhost:8000", Kind.ACTUAL, "not from a page"),
    ("Same-Origin", "localhost:8000", Kind.ACTUAL, "not a value that browsers send"),
    ("same-origin, cross-site", "localhost:8000", Kind.ACTUAL, "two headers"),
    ("", "localhost:8000", Kind.ACTUAL, "an empty header"),
    (None, "localhost:8000", Kind.SAME_ORIGIN, "no header, as over plain http: Host decides"),
    (None, "localhost:9000", Kind.ACTUAL, "no header, and another host"),
]


@rows("site, host, kind", SITES)
def test_sec_fetch_site_comes_before_host(site: str | None, host: str, kind: Kind) -> None:
    headers = {} if site is None else {"sec-fetch-site": site}
    decision = actual(CORSPolicy(allow_origins=APP), OWN, host=host, headers=headers)
    assert decision.kind is kind
    assert decision.allowed is (kind is Kind.SAME_ORIGIN)
    assert (decision.headers, decision.vary, decision.status) == ((), ("Origin",), None)


def test_an_allowed_origin_stays_allowed() -> None:
    decision = actual(CORSPolicy(allow_origins=OWN), OWN, host="localhost:8000")
    assert (decision.kind, decision.matched) == (Kind.ACTUAL, OWN)


def test_null_is_a_same_origin_request_if_the_browser_says_so() -> None:
    site = {"sec-fetch-site": "same-origin"}  # a form post under Referrer-Policy: no-referrer
    assert actual(CORSPolicy(), "null", headers=site).kind is Kind.SAME_ORIGIN


def test_a_preflight_is_never_a_same_origin_request() -> None:
    site = {"sec-fetch-site": "same-origin"}
    asked = CORSRequest("OPTIONS", OWN, host="localhost:8000", request_method="GET", headers=site)
    decision = CORSPolicy().decide(asked)
    assert (decision.kind, codes(decision), decision.status) == (Kind.PREFLIGHT, ["origin-not-allowed"], 400)


def test_what_the_next_request_gets_does_not_depend_on_this_one() -> None:
    policy = CORSPolicy()
    assert actual(policy, OWN, host="localhost:8000").allowed
    assert codes(actual(policy, OWN, host="api.example.com")) == ["origin-not-allowed"]


def refuses(request: CORSRequest) -> bool:
    return False


async def refuses_later(request: CORSRequest) -> bool:
    return False


def fails(request: CORSRequest) -> bool:
    raise RuntimeError("a look-up failed")


@pytest.mark.parametrize("func", [refuses, refuses_later])
def test_a_function_is_asked_first(func: OriginFunc) -> None:
    request = CORSRequest("POST", OWN, host="localhost:8000")
    decision = asyncio.run(CORSPolicy(allow_origin_func=func).decide_async(request))
    assert decision.kind is Kind.SAME_ORIGIN


def test_a_function_that_fails_stays_a_refusal_so_that_the_log_shows_it() -> None:
    decision = actual(CORSPolicy(allow_origin_func=fails), OWN, host="localhost:8000")
    assert codes(decision) == ["origin-func-failed"]


@given(st.text(), st.text())
def test_any_text_may_be_given(origin: str, host: str) -> None:
    assert is_own_origin(origin, host) in (True, False)
    assert not is_own_origin(EVIL, host) or host.lower().startswith("evil.example")
