"""Cross-origin protection: which requests reach the application (rules 2 to 9 of core/protection.py)."""

from __future__ import annotations

import asyncio
import re

import pytest

from crosscors import (
    CORSPolicy,
    CORSRequest,
    CrossOriginProtection,
    Kind,
    PolicyWarning,
    Resources,
)
from crosscors.core.policy import Policies
from crosscors.core.protection import Sender

from ..tables import table
from .kit import APP, EVIL, codes
from .protection_kit import (
    COOKIE,
    EVERYONE,
    FORM,
    GET_ONLY,
    HOST,
    MIXED,
    NULL,
    OWN,
    READS,
    WRITES,
    Headers,
    Options,
    from_page,
    reason,
    request_with,
)

# Rule 2.

EXEMPT: Options = {"exempt": ["/saml/acs", "/hooks/*", re.compile("/pay/[0-9]+")]}


@table(
    "path, is_exempt",
    ("a path", "/saml/acs", True),
    ("its twin with a slash", "/saml/acs/", True),
    ("a path that begins with it", "/saml/acsx", False),
    ("everything below a path", "/hooks/a/b", True),
    ("the path itself", "/hooks", True),
    ("another one", "/hooksx", False),
    ("an expression that matches all of it", "/pay/1", True),
    ("an expression that matches its beginning", "/pay/1/x", False),
    ("another case", "/Hooks/1", False),
    ("an empty segment, which some routers leave out", "/hooks//a", False),
    ("dot segments", "/hooks/../items", False),
    ("dot segments that lead to an exempt path", "/x/../hooks/a", False),
    ("a backslash", "/hooks/a\\b", False),
    ("a control character", "/hooks/\0", False),
    ("bytes that are not UTF-8", "/hooks/\udcff", False),
    ("no path", "", False),
)
def test_exempt_paths(path: str, is_exempt: bool) -> None:
    expected = None if is_exempt else "cross-site-request"
    assert reason(from_page(EVIL, "cross-site"), path=path, **EXEMPT) == expected


@table(
    "path, root_path, is_exempt",
    ("keys are compared with the path below the root path", "/root/hooks/1", "/root", True),
    ("the path of an application that is not mounted", "/hooks/1", "", True),
    ("a root path elsewhere in the path has two readings", "/hooks/root/items", "/root", False),
)
def test_exempt_below_a_root_path(path: str, root_path: str, is_exempt: bool) -> None:
    asked = CrossOriginProtection(exempt="/hooks/*")
    sender = Sender("POST", is_websocket=False, site="cross-site", origin=EVIL, host=HOST)
    assert (asked.examine(sender, path, root_path) is None) is is_exempt


def test_an_exempt_path_may_be_everything() -> None:
    with pytest.warns(PolicyWarning, match="exempts every path"):
        assert reason(from_page(EVIL, "cross-site"), path="/any", exempt="/*") is None


# Rule 3.


@table(
    "method, is_safe",
    ("GET", "GET", True),
    ("HEAD", "HEAD", True),
    ("OPTIONS", "OPTIONS", True),
    ("TRACE", "TRACE", True),
    ("QUERY", "QUERY", True),
    ("POST", "POST", False),
    ("PUT", "PUT", False),
    ("PATCH", "PATCH", False),
    ("DELETE", "DELETE", False),
    ("CONNECT", "CONNECT", False),
    ("a method of one's own", "PURGE", False),
    ("methods are case-sensitive", "get", False),
    ("no method", "", False),
)
def test_safe_methods(method: str, is_safe: bool) -> None:
    expected = None if is_safe else "cross-site-request"
    assert reason(from_page(EVIL, "cross-site", cookie="a=b"), method=method) == expected


def test_the_handshake_of_a_websocket_is_not_safe() -> None:
    headers = from_page(EVIL, "cross-site", cookie="a=b")
    assert reason(headers, method="GET", is_websocket=True) == "websocket-origin"


# Rule 4, and what counts as if the browser had said nothing.


@table(
    "site, code",
    ("a page of the server itself", "same-origin", None),
    ("no page: typed in, a bookmark", "none", None),
    ("another site", "cross-site", "cross-site-request"),
    ("the same site, another origin", "same-site", "same-site-request"),
    ("nothing", None, "origin-not-own"),
    ("an empty header", "", "origin-not-own"),
    ("an unknown value", "same-party", "origin-not-own"),
    ("another case", "Same-Origin", "origin-not-own"),
    ("a blank", "same-origin ", "origin-not-own"),
    ("two headers", "same-origin, same-origin", "origin-not-own"),
    ("two headers of which one is bad", "same-origin, cross-site", "origin-not-own"),
    ("two headers, joined without a blank", "none,none", "origin-not-own"),
)
def test_what_the_browser_says_of_the_page(site: str | None, code: str | None) -> None:
    assert reason(from_page(EVIL, site)) == code
    # The policy cannot take away what a page of the server itself may do.
    assert reason(from_page(EVIL, site), GET_ONLY) == code


@table(
    "site, code",
    ("a page of the server itself", "same-origin", None),
    ("no page", "none", None),
    ("another site", "cross-site", "cross-site-request"),
    ("the same site", "same-site", "same-site-request"),
    ("nothing: not a browser", None, None),
    ("an unknown value", "same-party", None),
    ("two headers", "cross-site, cross-site", None),
)
def test_a_request_without_origin(site: str | None, code: str | None) -> None:
    assert reason(from_page(None, site)) == code
    assert reason(from_page(None, site, cookie="a=b"), EVERYONE) == code


@table(
    "origin",
    ("null: the own page has Referrer-Policy: no-referrer", "null"),
    ("an origin that is not that of Host, because a proxy has changed Host", "https://www.example.com"),
    ("no origin at all", "nonsense"),
)
def test_the_browser_is_believed_before_origin_is_looked_at(origin: str) -> None:
    assert reason(from_page(origin, "same-origin")) is None


# Rule 5.

TRUSTED: Options = {"trusted_origins": ["https://pay.example", "https://*.example.org", "http://localhost:*"]}


@table(
    "origin, is_trusted",
    ("an origin", "https://pay.example", True),
    ("the origin in another scheme", "http://pay.example", False),
    ("the origin with a port", "https://pay.example:8443", False),
    ("the origin in upper case, which no browser sends", "https://PAY.example", False),
    ("the origin with its default port", "https://pay.example:443", False),
    ("a pattern", "https://a.b.example.org", True),
    ("the domain of a pattern", "https://example.org", False),
    ("any port", "http://localhost:5173", True),
    ("no port", "http://localhost", True),
    ("a user name", "https://evil@pay.example", False),
    ("a user name before a pattern", "https://evil@a.example.org", False),
    ("a user name that looks like the origin", "https://pay.example@evil.example", False),
    ("a path", "https://pay.example/", False),
    ("a path that looks like the origin", "https://evil.example/.example.org", False),
    ("two headers", "https://pay.example, https://pay.example", False),
    ("null", "null", False),
    ("an empty header", "", False),
    ("a text that is too long", f"https://{'a.' * 300}example.org", False),
)
def test_trusted_origins(origin: str, is_trusted: bool) -> None:
    for method in ("POST", "PURGE"):  # every method
        served = reason(from_page(origin, "cross-site", cookie="a=b"), GET_ONLY, method=method, **TRUSTED)
        assert (served is None) is is_trusted
    for site in ("same-site", "cross-site", None):
        assert (reason(from_page(origin, site, sec_fetch_mode="navigate"), **TRUSTED) is None) is is_trusted
        assert (reason(from_page(origin, site), is_websocket=True, **TRUSTED) is None) is is_trusted


def func(request: CORSRequest) -> bool:
    return request.origin == APP and request.path == "/items"


async def async_func(request: CORSRequest) -> bool:
    return func(request)


def failing(request: CORSRequest) -> bool:
    raise LookupError("the database is away")


FUNC = CORSPolicy(allow_origin_func=func, allow_methods="POST", allow_credentials=True)
ASYNC_FUNC = CORSPolicy(allow_origin_func=async_func, allow_methods="POST", allow_credentials=True)
FAILING = CORSPolicy(allow_origin_func=failing, allow_methods="POST", allow_credentials=True)
REGEX = CORSPolicy(
    allow_origin_regex=r"https://(app|www)\.example\.com", allow_methods="POST", allow_credentials=True
)
ONE_PATH = Resources({"/items": WRITES, "/open": None})


@table(
    "policy, headers, code",
    ("a policy that gives credentials", WRITES, COOKIE, None),
    ("form posts need credentials, too, and have them", WRITES, FORM, None),
    ("another origin than the policy's", WRITES, from_page(EVIL, "cross-site"), "cross-site-request"),
    ("an expression", REGEX, COOKIE, None),
    ("another origin than the expression's", REGEX, from_page(EVIL, "same-site"), "same-site-request"),
    ("everyone may read, and one origin gets credentials", MIXED, FORM, None),
    ("everyone may read", EVERYONE, COOKIE, "credentials-not-allowed"),
    ("a function says yes", FUNC, COOKIE, None),
    ("a function says no", FUNC, from_page(EVIL, "cross-site"), "cross-site-request"),
    ("a function that fails says no", FAILING, COOKIE, "origin-func-failed"),
    ("the policy of the path", ONE_PATH, COOKIE, None),
    ("null, although the policy allows it", NULL, from_page("null", "cross-site"), "cross-site-request"),
    ("null, without Sec-Fetch-Site", NULL, from_page("null"), "null-origin-no-metadata"),
    (
        "no origin is allowed with a policy either",
        WRITES,
        from_page(None, "cross-site"),
        "cross-site-request",
    ),
    ("two headers", WRITES, from_page(f"{APP}, {APP}", "cross-site"), "cross-site-request"),
    ("a user name", WRITES, from_page("https://evil@app.example.com", "cross-site"), "cross-site-request"),
    ("no policy", None, COOKIE, "cross-site-request"),
)
def test_the_policy_gives_credentials(policy: Policies | None, headers: Headers, code: str | None) -> None:
    assert reason(headers, policy) == code
    without_site = {name: value for name, value in headers.items() if name != "sec-fetch-site"}
    assert (reason(without_site, policy) is None) is (code is None or "origin" not in headers)


@table(
    "path, code",
    ("a path that the policy covers", "/items", None),
    ("a path that no policy covers", "/other", "cross-site-request"),
    ("a path that is left to the application", "/open", "cross-site-request"),
    ("a path with two readings", "/other//items", "cross-site-request"),
)
def test_the_policy_is_that_of_the_path(path: str, code: str | None) -> None:
    assert reason(COOKIE, ONE_PATH, path=path) == code


# Rule 6.

POST_ONLY = CORSPolicy(allow_origins=[APP], allow_methods=["POST"], allow_credentials=True)
NAVIGATION, CREDENTIALS = "navigation-not-trusted", "credentials-not-allowed"


@table(
    "others, code",
    ("nothing that a browser adds", {}, None),
    ("a Bearer token, which a script has set", {"authorization": "Bearer abc"}, None),
    ("a token of one's own", {"authorization": "Token abc"}, None),
    ("an empty Authorization header", {"authorization": ""}, None),
    ("a fetch", {"sec_fetch_mode": "cors"}, None),
    ("a fetch that cannot read the response", {"sec_fetch_mode": "no-cors"}, None),
    ("a form post, also without cookies: it may sign in", {"sec_fetch_mode": "navigate"}, NAVIGATION),
    ("a form post with cookies", {"sec_fetch_mode": "navigate", "cookie": "a=b"}, NAVIGATION),
    (
        "a form post through a proxy that repeats headers",
        {"sec_fetch_mode": "navigate, navigate"},
        NAVIGATION,
    ),
    ("a cookie", {"cookie": "a=b"}, CREDENTIALS),
    ("an empty Cookie header", {"cookie": ""}, CREDENTIALS),
    ("a cookie beside a token", {"cookie": "a=b", "authorization": "Bearer abc"}, CREDENTIALS),
    ("a password", {"authorization": "Basic YTpi"}, CREDENTIALS),
    ("a password in another spelling", {"authorization": "bAsIc YTpi"}, CREDENTIALS),
    ("Digest", {"authorization": 'Digest username="a", realm="b"'}, CREDENTIALS),
    ("Negotiate", {"authorization": "Negotiate abc"}, CREDENTIALS),
    ("NTLM", {"authorization": "NTLM abc"}, CREDENTIALS),
    ("a password in a second line", {"authorization": "Bearer abc, Basic YTpi"}, CREDENTIALS),
    ("a password in the first of two lines", {"authorization": "Basic YTpi, Bearer abc"}, CREDENTIALS),
    ("a second line, joined without a blank", {"authorization": "Bearer abc,NTLM x"}, CREDENTIALS),
    ("a long token", {"authorization": f"Bearer {'basic' * 1000}"}, None),
)
def test_the_policy_allows_the_origin_without_credentials(others: Headers, code: str | None) -> None:
    for policy in (READS, EVERYONE):
        for site in ("cross-site", "same-site", None):
            assert reason(from_page(APP, site, **others), policy) == code
    assert reason(from_page(APP, "cross-site", **others), WRITES) is None


@table(
    "origin, code",
    ("a page of any site", EVIL, None),
    ("an app", "capacitor://localhost", None),
    ("null", "null", "cross-site-request"),
    ("a user name", "https://evil@app.example.com", "cross-site-request"),
    ("two headers", f"{APP}, {APP}", "cross-site-request"),
    ("a path", f"{APP}/", "cross-site-request"),
    ("an empty header", "", "cross-site-request"),
)
def test_a_public_policy_still_needs_an_origin(origin: str, code: str | None) -> None:
    assert reason(from_page(origin, "cross-site"), EVERYONE) == code


# Rule 7.


@table(
    "policy, method, code",
    ("a method that the policy allows", WRITES, "POST", None),
    ("a method that it does not allow", WRITES, "PUT", "method-not-allowed"),
    ("the same method in lower case is another one", WRITES, "post", "method-not-allowed"),
    ("a policy that allows only GET", GET_ONLY, "POST", "method-not-allowed"),
    ("a method that it does not allow without credentials", READS, "PUT", "method-not-allowed"),
    ("every standard method", EVERYONE, "DELETE", None),
    ("a method that is not standard", EVERYONE, "PURGE", "method-not-allowed"),
)
def test_the_method_must_be_allowed(policy: CORSPolicy, method: str, code: str | None) -> None:
    assert reason(from_page(APP, "cross-site"), policy, method=method) == code
    # text/plain needs no preflight
    assert reason(from_page(APP, None, content_type="text/plain"), policy, method=method) == code


def test_a_policy_that_allows_only_get_lets_no_page_post() -> None:
    for policy in (GET_ONLY, CORSPolicy(allow_origins=[APP]), CORSPolicy(allow_origins="*")):
        for mode in ("cors", "no-cors", "navigate"):
            headers = from_page(APP, "cross-site", sec_fetch_mode=mode, content_type="text/plain")
            assert reason(headers, policy) == "method-not-allowed"


def test_the_own_page_may_use_every_method() -> None:
    policy = CORSPolicy(allow_origins=[OWN], allow_methods=["GET"])
    assert reason(from_page(OWN), policy) is None
    assert reason(from_page(OWN, "same-origin"), policy) is None


# Rules 8 and 9.


@table(
    "origin, host, code",
    ("the own origin", OWN, HOST, None),
    (
        "a proxy in front speaks https: http and https have different default ports",
        "http://a.test",
        "a.test",
        None,
    ),
    ("the own origin in plain http with the default port written out", "http://a.test", "a.test:80", None),
    ("Host with a default port of the other scheme", "https://a.test", "a.test:80", "origin-not-own"),
    ("a port", "http://localhost:8000", "localhost:8000", None),
    ("another port", "http://localhost:5173", "localhost:8000", "origin-not-own"),
    ("Host in another case", OWN, HOST.upper(), None),
    ("another origin", EVIL, HOST, "origin-not-own"),
    ("no Host", OWN, "", "origin-not-own"),
    ("two Host headers", OWN, f"{HOST}, {HOST}", "origin-not-own"),
    ("two Origin headers", f"{OWN}, {OWN}", HOST, "origin-not-own"),
    ("a user name, which is no part of an origin", f"https://evil@{HOST}", HOST, "origin-not-own"),
    ("the own origin as a user name", f"https://{HOST}@evil.example", HOST, "origin-not-own"),
    ("a path", f"{OWN}/", HOST, "origin-not-own"),
    (
        "null, because of Referrer-Policy: no-referrer over plain http",
        "null",
        HOST,
        "null-origin-no-metadata",
    ),
    ("null as the host", "null", "null", "null-origin-no-metadata"),
    ("an empty Origin header", "", HOST, "origin-not-own"),
    ("an app", "capacitor://localhost", "localhost", "origin-not-own"),
)
def test_the_browser_does_not_say_where_the_request_is_from(origin: str, host: str, code: str | None) -> None:
    headers = {**from_page(origin), "host": host}
    assert reason(headers) == code
    assert reason({**headers, "x-forwarded-host": "evil.example"}) == code
    assert reason(headers, is_websocket=True) == (None if code is None else "websocket-origin")
    # The browser knows better.
    assert reason({**headers, "sec-fetch-site": "cross-site"}) == "cross-site-request"


@table(
    "origin, code",
    ("an own origin", "https://www.example.com", None),
    ("a pattern", "https://a.example.org", None),
    ("any port", "http://localhost:8080", None),
    ("Host is not compared", OWN, "origin-not-own"),
    ("null", "null", "null-origin-no-metadata"),
    ("a user name", "https://evil@www.example.com", "origin-not-own"),
    ("two headers", "https://www.example.com, https://www.example.com", "origin-not-own"),
)
def test_own_origins(origin: str, code: str | None) -> None:
    own = ["https://www.example.com", "https://*.example.org", "http://localhost:*"]
    assert reason(from_page(origin), own_origins=own) == code
    assert reason(from_page(origin, "cross-site"), own_origins=own) == "cross-site-request"
    # They say who the server is, not who may write.
    assert reason(from_page("https://www.example.com", "same-site"), own_origins=own) == "same-site-request"


@table(
    "headers, policy, code",
    ("Chromium, https or localhost: only Origin", from_page(OWN), None, None),
    ("Firefox and WebKit", from_page(OWN, "same-origin"), None, None),
    ("a page of another site, Chromium", from_page(EVIL, cookie="a=b"), None, "websocket-origin"),
    ("a page of another site, Firefox", from_page(EVIL, "cross-site"), None, "websocket-origin"),
    ("a page of the same site", from_page(EVIL, "same-site"), None, "websocket-origin"),
    ("a page in a sandboxed frame", from_page("null"), None, "websocket-origin"),
    ("not a browser", from_page(None), None, None),
    ("a page that gets credentials", from_page(APP, cookie="a=b"), WRITES, None),
    ("there is no method to check", from_page(APP, cookie="a=b"), POST_ONLY, None),
    ("a page that gets no credentials, without cookies", from_page(APP), READS, None),
    ("a page that gets no credentials, with cookies", from_page(APP, cookie="a=b"), READS, CREDENTIALS),
    ("any page, without cookies, where everyone may read", from_page(EVIL), EVERYONE, None),
)
def test_websockets(headers: Headers, policy: CORSPolicy | None, code: str | None) -> None:
    assert reason(headers, policy, method="GET", is_websocket=True) == code


# The decision.


@table(
    "origin, kind",
    ("with Origin", EVIL, Kind.ACTUAL),
    ("without Origin", None, Kind.NOT_CORS),
)
def test_what_a_refused_request_gets(origin: str | None, kind: Kind) -> None:
    decision = CrossOriginProtection().check(request_with(from_page(origin, "cross-site")), WRITES)
    assert decision is not None
    assert (decision.kind, decision.status, decision.headers) == (kind, 403, ())
    assert decision.vary == ("Origin",)
    assert decision.body.startswith(b"Refused by the cross-origin protection: ")
    assert decision.matched is None


def test_an_origin_that_may_read_can_read_why() -> None:
    decision = CrossOriginProtection().check(request_with(COOKIE), READS)
    assert decision is not None
    assert decision.headers == (("Access-Control-Allow-Origin", APP),)
    assert codes(decision) == ["credentials-not-allowed"]


def test_where_no_policy_covers_the_path_there_are_no_headers() -> None:
    decision = CrossOriginProtection().check(request_with(COOKIE, path="/other"), ONE_PATH)
    assert decision is not None
    assert (decision.headers, decision.vary) == ((), ())


@table(
    "headers, policy, code",
    ("a function says yes", COOKIE, ASYNC_FUNC, None),
    ("a function says no", from_page(EVIL, "cross-site"), ASYNC_FUNC, "cross-site-request"),
    ("a function that is not async", COOKIE, FUNC, None),
    ("a policy without a function", COOKIE, WRITES, None),
    ("the path has no policy", COOKIE, Resources({"/other": WRITES}), "cross-site-request"),
    ("no policy", COOKIE, None, "cross-site-request"),
    ("no policy is asked", from_page(EVIL, "same-origin"), ASYNC_FUNC, None),
)
def test_async(headers: Headers, policy: Policies | None, code: str | None) -> None:
    decision = asyncio.run(CrossOriginProtection().check_async(request_with(headers), policy))
    assert (None if decision is None else codes(decision)) == (None if code is None else [code])


def test_an_async_function_has_to_be_awaited() -> None:
    with pytest.raises(TypeError):
        CrossOriginProtection().check(request_with(COOKIE), ASYNC_FUNC)


@table(
    "headers, method, options",
    ("a safe method", COOKIE, "GET", {}),
    ("a page of the server itself", from_page(APP, "same-origin"), "POST", {}),
    ("not a browser", from_page(None), "POST", {}),
    ("a trusted origin", COOKIE, "POST", {"trusted_origins": APP}),
    ("an exempt path", COOKIE, "POST", {"exempt": "/items"}),
    ("a host that is not allowed", COOKIE, "POST", {"allowed_hosts": "localhost"}),
)
def test_the_function_is_asked_only_where_it_counts(headers: Headers, method: str, options: Options) -> None:
    # An async one would raise TypeError.
    CrossOriginProtection(**options).check(request_with(headers, method), ASYNC_FUNC)
