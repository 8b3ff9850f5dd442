"""Which requests reach the application, against a model of the rules: alone, over ASGI and over WSGI."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Resources
from crosscors.asgi import CORSMiddleware as OverASGI
from crosscors.wsgi import CORSMiddleware as OverWSGI
from tests.clients import http_scope, run_asgi, wsgi_environ

from . import protection_model as model
from .protection_model import Asked, Policy, Protection
from .strategies import origins_near, weighted

HOST = "api.example.com"
OWN = f"https://{HOST}"
LISTED = ("https://app.example.com", "https://*.example.org", "http://localhost:*", "app://x")
SOME = ("https://app.example.com", "https://*.example.org")

# What may be asked of it, by path. None: left to the application.
POLICIES: tuple[dict[str, Policy | None], ...] = (
    {"": Policy()},
    {"": Policy(LISTED, methods=("GET", "POST", "PUT"))},
    {"": Policy(LISTED, True, ("GET", "POST"))},
    {"": Policy(LISTED, True, ("GET",))},
    {"": Policy(LISTED, True, ("DELETE", "PUT"))},
    {"": Policy(LISTED, SOME, ("*",))},
    {"": Policy(("*",), False, ("*",))},
    {"": Policy(("*",), SOME, ("*",))},
    {"": Policy((*SOME, "null", "file://"), True, ("*",))},
    {"/write/*": Policy(LISTED, True, ("POST",)), "/read/*": Policy(LISTED), "/none": None},
)
PROTECTIONS = (
    Protection(),
    Protection(trusted_origins=("https://pay.example", "https://*.example.net", "http://127.0.0.1:*")),
    Protection(own_origins=("https://www.example.com", "https://*.example.net", "http://[::1]:*")),
    Protection(allowed_hosts=("api.example.com", "*.example.org", "localhost:8000", "[::1]", "a.test:443")),
    Protection(exempt=("/hooks/*", "/write/acs")),
    Protection(
        trusted_origins=("https://pay.example",),
        own_origins=(OWN,),
        allowed_hosts=("api.example.com:*", "127.0.0.1"),
        exempt=("/hooks/*",),
    ),
)
# Paths, and what routers and file systems make of them.
READINGS: dict[str, tuple[str, ...]] = {
    "/write/1": ("/write/1",),
    "/write/acs": ("/write/acs",),
    "/read/1": ("/read/1",),
    "/none": ("/none",),
    "/other": ("/other",),
    "/hooks": ("/hooks",),
    "/hooks/1": ("/hooks/1",),
    "/hooksx": ("/hooksx",),
    "/hooks//1": ("/hooks//1", "/hooks/1"),
    "/hooks/../write/1": ("/hooks/../write/1", "/write/1"),
    "/write//1": ("/write//1", "/write/1"),
}


def policy_of(policies: dict[str, Policy | None], asked: Asked) -> Policy | None:
    """The policy that all readings of the path have."""
    if "" in policies:
        return policies[""]
    found = [
        next((policy for key, policy in policies.items() if f"{reading}/".startswith(key.rstrip("*"))), None)
        for reading in asked.readings
    ]
    return found[0] if all(each is found[0] for each in found) else None


# Requests.

_sites = st.sampled_from(
    (
        *((), ("same-origin",), ("none",), ("cross-site",), ("same-site",), ("cross-site",), ("same-site",)),
        *(("",), ("Same-Origin",), (" none",), ("same-party",), ("same-origin,none",), ("null",)),
        *(("same-origin", "same-origin"), ("none", "cross-site"), ("cross-site", "cross-site")),
    )
)
ENTRIES = (*LISTED, "https://pay.example", "https://*.example.net", "https://www.example.com", OWN)
_near = st.sampled_from(ENTRIES).flatmap(origins_near).filter(lambda text: text.isascii() and "," not in text)
_origins = weighted(
    {
        st.just(()): 2,
        st.just((OWN,)): 2,
        st.sampled_from(ENTRIES).map(lambda entry: (entry.replace("*.", "a.").replace(":*", ":3000"),)): 5,
        _near.map(lambda text: (text,)): 4,
        st.sampled_from(
            (
                *(("null",), ("file://",), ("",), ("https://evil.example",), ("http://api.example.com",)),
                *((OWN, OWN), ("https://app.example.com", "https://evil.example"), (f"{OWN}, {OWN}",)),
                *(
                    (f"https://evil@{HOST}",),
                    ("https://evil@app.example.com",),
                    (f"{OWN}/",),
                    (f"{OWN}:443",),
                ),
                *(("http://localhost:8000",), ("http://[::1]:8000",), ("https://API.example.com",)),
            )
        ): 4,
    }
)
_hosts = weighted(
    {
        st.just((HOST,)): 4,
        st.sampled_from(
            (
                *(
                    (),
                    ("",),
                    (HOST, HOST),
                    (f"{HOST}, {HOST}",),
                    (HOST.upper(),),
                    (f"{HOST}.",),
                    (f"{HOST}..",),
                ),
                *((f"{HOST}:443",), (f"{HOST}:80",), (f"{HOST}:0443",), (f"{HOST}:",), (f"{HOST}:x",)),
                *(
                    ("evil.test",),
                    ("a.example.org",),
                    ("example.org",),
                    (".example.org",),
                    ("a..example.org",),
                ),
                *(("localhost:8000",), ("localhost",), ("[::1]:8000",), ("[0::1]",), ("::1",), ("[::1::]",)),
                *(("a.test",), ("a.test:443",), ("a.test:80",), ("evil@api.example.com",), ("127.0.0.1:1",)),
            )
        ): 3,
    }
)
_modes = st.sampled_from(
    ((), ("cors",), ("no-cors",), ("navigate",), ("navigate", "navigate"), ("websocket",))
)
_cookies = st.sampled_from(((), (), (), ("a=b",), ("",), ("a=b", "c=d")))
_authorizations = st.sampled_from(
    (
        *(
            (),
            (),
            ("Bearer abc",),
            ("Token abc",),
            ("",),
            ("Bearer a", "Basic YTpi"),
            ("Basic YTpi", "Bearer a"),
        ),
        *(
            ("Basic YTpi",),
            ("bAsIc YTpi",),
            ('Digest username="a", realm="b"',),
            ("Negotiate a",),
            ("NTLM a",),
        ),
        *(("Bearer a, ntlm b",), ("Bearer basic",)),
    )
)
_lines = st.fixed_dictionaries(
    {
        "sec-fetch-site": _sites,
        "origin": _origins,
        "host": _hosts,
        "sec-fetch-mode": _modes,
        "cookie": _cookies,
        "authorization": _authorizations,
    }
)
_methods = st.sampled_from(
    (
        "GET",
        "HEAD",
        "OPTIONS",
        "TRACE",
        "QUERY",
        *("POST", "PUT", "PATCH", "DELETE") * 2,
        "PURGE",
        "post",
        "get",
    )
)
requests = st.builds(
    lambda method, is_websocket, lines, path: Asked(
        "GET" if is_websocket else method, is_websocket, lines, path, READINGS[path]
    ),
    _methods,
    st.sampled_from((False, False, False, True)),
    _lines,
    st.sampled_from(tuple(READINGS)),
)
policies = st.integers(0, len(POLICIES) - 1)
protections = st.integers(0, len(PROTECTIONS) - 1)


# The application, in whatever way it is protected.


@dataclass(frozen=True)
class Reached:
    """Whether the application got the request, and what the client got."""

    is_reached: bool
    got: list[Any]


_calls: list[str] = []


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    _calls.append("ASGI")
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-app", b"1")]})
    await send({"type": "http.response.body", "body": b"Hello"})


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    _calls.append("WSGI")
    start_response("200 OK", [("X-App", "1")])
    return [b"Hello"]


def _read(policy: Policy | None) -> CORSPolicy | None:
    if policy is None:
        return None
    dangers = ["null-origin"] if "null" in policy.origins else []
    return CORSPolicy(
        allow_origins=policy.origins,
        allow_credentials=policy.credentials,
        allow_methods=policy.methods,
        dangerously_allow=dangers,
    )


@cache
def cors_policy(policy: int) -> CORSPolicy | Resources:
    read = {key: _read(each) for key, each in POLICIES[policy].items()}
    return read[""] or CORSPolicy() if "" in read else Resources(read)


@cache
def cross_origin_protection(protection: int, *, report_only: bool = False) -> CrossOriginProtection:
    return CrossOriginProtection(**vars(PROTECTIONS[protection]), report_only=report_only)


@cache
def applications(
    policy: int, protection: int | None, *, report_only: bool = False
) -> tuple[OverASGI, OverWSGI]:
    protect = protection is not None and cross_origin_protection(protection, report_only=report_only)
    options: Any = {"policy": cors_policy(policy), "protect": protect}
    return OverASGI(asgi_app, **options), OverWSGI(wsgi_app, **options)


def without_waiting(coroutine: Coroutine[Any, Any, None]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


def _fields(asked: Asked) -> list[tuple[str, str]]:
    return [(name, value) for name, values in asked.lines.items() for value in values]


def over_asgi(app: OverASGI, asked: Asked, extensions: Iterable[str] = ()) -> Reached:
    _calls.clear()
    scope = http_scope(asked.method, asked.path, _fields(asked), extensions={name: {} for name in extensions})
    if asked.is_websocket:
        scope["type"] = "websocket"
        del scope["method"]
    sent, error = run_asgi(app, scope, without_waiting)
    assert error is None
    return Reached(bool(_calls), sent)


def over_wsgi(app: OverWSGI, asked: Asked) -> Reached:
    _calls.clear()
    environ = wsgi_environ(asked.method, asked.path, _fields(asked))
    if not asked.has("host"):
        del environ["HTTP_HOST"]
    if asked.is_websocket:
        environ |= {"HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "WebSocket"}
    got: list[Any] = []
    body = app(environ, lambda *start: got.append(start[:2]) or got.append)  # type: ignore[func-returns-value]
    return Reached(bool(_calls), [*got, *body])


def assert_same_everywhere(policy: int, protection: int, asked: Asked, expected: bool) -> None:
    joined = {name: ", ".join(values) for name, values in asked.lines.items() if values}
    request = CORSRequest(
        asked.method,
        origin=joined.get("origin"),
        path=asked.path,
        host=joined.get("host", ""),
        headers=joined,
    )
    check = cross_origin_protection(protection).check
    decision = check(request, cors_policy(policy), is_websocket=asked.is_websocket)
    assert (decision is None) is expected, decision
    asgi, wsgi = applications(policy, protection)
    is_preflight = asked.method == "OPTIONS" and asked.has("access-control-request-method")
    for reached in (over_asgi(asgi, asked), over_wsgi(wsgi, asked)):
        assert reached.is_reached is (expected and not is_preflight), reached


@given(policies, protections, requests)
def test_the_application_gets_what_the_model_serves(policy: int, protection: int, asked: Asked) -> None:
    covering = policy_of(POLICIES[policy], asked)
    assert_same_everywhere(
        policy, protection, asked, model.is_served(PROTECTIONS[protection], covering, asked)
    )


@given(policies, protections, requests)
def test_no_foreign_page_writes(policy: int, protection: int, asked: Asked) -> None:
    """No unsafe request with a foreign Origin that no policy and no option admits reaches the application."""
    rules, covering = PROTECTIONS[protection], policy_of(POLICIES[policy], asked)
    assume(asked.is_websocket or asked.method not in ("GET", "HEAD", "OPTIONS", "TRACE", "QUERY"))
    assume(asked.line("sec-fetch-site") not in ("same-origin", "none"))
    assume(asked.has("origin") and not model.is_own(rules, asked))
    assume(not model.is_exempt(rules, asked) and not model.is_admitted(rules, covering, asked))
    asgi, wsgi = applications(policy, protection)
    assert not over_asgi(asgi, asked).is_reached
    assert not over_asgi(asgi, asked, ["websocket.http.response"]).is_reached
    assert not over_wsgi(wsgi, asked).is_reached


@given(policies, protections, requests)
def test_what_is_not_a_browser_is_served(policy: int, protection: int, asked: Asked) -> None:
    """Every request without Origin and Sec-Fetch-Site reaches the application, if its Host is allowed."""
    asked = Asked(
        asked.method,
        asked.is_websocket,
        {**asked.lines, "origin": (), "sec-fetch-site": ()},
        asked.path,
        asked.readings,
    )
    rules = PROTECTIONS[protection]
    assume(not rules.allowed_hosts or model.is_allowed_host(rules, asked))
    asgi, wsgi = applications(policy, protection)
    assert over_asgi(asgi, asked).is_reached
    assert over_wsgi(wsgi, asked).is_reached


@given(policies, protections, requests)
def test_a_report_changes_no_byte(policy: int, protection: int, asked: Asked) -> None:
    reporting = applications(policy, protection, report_only=True)
    unprotected = applications(policy, None)
    assert over_asgi(reporting[0], asked) == over_asgi(unprotected[0], asked)
    assert over_wsgi(reporting[1], asked) == over_wsgi(unprotected[1], asked)


@given(policies, protections, requests)
def test_a_refused_request_gets_403(policy: int, protection: int, asked: Asked) -> None:
    """Over WebSockets, where the server offers that; otherwise the connection is closed before it is open."""
    asgi, wsgi = applications(policy, protection)
    refused = over_wsgi(wsgi, asked)
    if refused.is_reached:
        return
    assert refused.got[0][0] == "403 Forbidden"
    start, body = over_asgi(asgi, asked, ["websocket.http.response"]).got
    kind = "websocket.http.response" if asked.is_websocket else "http.response"
    assert (start["type"], start["status"]) == (f"{kind}.start", 403)
    assert body["type"] == f"{kind}.body"
    assert body["body"].startswith(b"Refused by the cross-origin protection: ")
    if asked.is_websocket:
        assert over_asgi(asgi, asked).got == [{"type": "websocket.close"}]


@given(st.integers(0, len(POLICIES) - 1), requests)
@example(
    1, Asked("OPTIONS", False, {"origin": ("https://app.example.com",), "host": ("evil.test",)}, "/other")
)
def test_a_preflight_is_refused_for_its_host_alone(policy: int, asked: Asked) -> None:
    asks = {**asked.lines, "access-control-request-method": ("PUT",)}
    preflight = Asked("OPTIONS", False, asks, asked.path, READINGS[asked.path])
    assume(preflight.line("origin"))
    for protection, rules in enumerate(PROTECTIONS):
        is_refused = bool(rules.allowed_hosts) and not model.is_allowed_host(rules, preflight)
        for protected, plain in zip(
            applications(policy, protection), applications(policy, None), strict=True
        ):
            ask: Any = over_asgi if isinstance(protected, OverASGI) else over_wsgi
            got, usual = ask(protected, preflight), ask(plain, preflight)
            assert not is_refused or not got.is_reached
            assert is_refused or got == usual
