"""The table of cross-origin protection: who may write, and open WebSockets. By hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Resources

from .table import APP, EVIL, SECOND, Request

OWN = "http://localhost"
COOKIE = ("Cookie", "session=1")
BEARER = ("Authorization", "Bearer x")
BASIC = ("Authorization", "Basic eDp5")
NAVIGATION = ("Sec-Fetch-Mode", "navigate")

_READERS_AND_WRITERS: Mapping[str, Any] = {"allow_origins": APP, "allow_methods": ("GET", "POST", "DELETE")}
_CREDENTIALS = CORSPolicy(allow_credentials=True, **_READERS_AND_WRITERS)


def is_second(request: CORSRequest) -> bool:
    if request.headers.get("x-broken"):
        raise RuntimeError("a look-up failed")
    return request.origin == SECOND


# Policies by their names, each with what ``protect`` is.
POLICIES: Mapping[str, tuple[CORSPolicy | Resources, Any]] = {
    "credentials": (_CREDENTIALS, True),
    "no credentials": (CORSPolicy(**_READERS_AND_WRITERS), True),
    "reading only": (CORSPolicy(allow_origins=APP, allow_credentials=True), True),
    "everybody": (CORSPolicy(allow_origins="*", allow_methods=("GET", "POST")), True),
    "nobody": (CORSPolicy(), True),
    "a function": (
        CORSPolicy(allow_origin_func=is_second, allow_credentials=True, allow_methods=("GET", "POST")),
        True,
    ),
    "paths": (Resources({"/answers/*": _CREDENTIALS, "/answers/gone": None}), True),
    "trusted": (_CREDENTIALS, CrossOriginProtection(trusted_origins=[SECOND])),
    "own": (CORSPolicy(), CrossOriginProtection(own_origins=["https://shop.example"])),
    "hosts": (_CREDENTIALS, CrossOriginProtection(allowed_hosts=["localhost"])),
    "other hosts": (_CREDENTIALS, CrossOriginProtection(allowed_hosts=["shop.example"])),
    "exempt": (CORSPolicy(), CrossOriginProtection(exempt=["/answers/plain", "/socket"])),
}


@dataclass(frozen=True)
class Row:
    """A request, and the code of its refusal; None if the view runs.

    ``differs`` names the stacks that decide in another way.
    """

    sentence: str
    policy: str
    request: Request
    code: str | None
    differs: Mapping[str, str | None] = field(default_factory=dict)


def write(
    *origins: str,
    site: str | None = "cross-site",
    fields: tuple[tuple[str, str], ...] = (COOKIE,),
    method: str = "POST",
    path: str = "/answers/plain",
) -> Request:
    sent = [("Origin", origin) for origin in origins]
    sent += [] if site is None else [("Sec-Fetch-Site", site)]
    return Request(method, path, [*sent, *fields])


def handshake(*origins: str, site: str | None = None, cookie: bool = True) -> Request:
    sent = [("Origin", origin) for origin in origins]
    sent += [] if site is None else [("Sec-Fetch-Site", site)]
    return Request("GET", "/socket", [*sent, *([COOKIE] if cookie else [])], is_handshake=True)


_PREFLIGHT = (("Access-Control-Request-Method", "POST"),)

ROWS = (
    # Where the request is from.
    Row("another site does not write", "credentials", write(EVIL), "cross-site-request"),
    Row("nor another origin of this site", "credentials", write(EVIL, site="same-site"), "same-site-request"),
    Row("nor without Origin", "credentials", write(), "cross-site-request"),
    Row("nor with null", "credentials", write("null"), "cross-site-request"),
    Row("nor with two Origins", "credentials", write(APP, APP), "cross-site-request"),
    Row("nor where browsers do not say", "credentials", write(EVIL, site=None), "origin-not-own"),
    Row("nor null there", "credentials", write("null", site=None), "null-origin-no-metadata"),
    Row("nor what is not known", "credentials", write(EVIL, site="here"), "origin-not-own"),
    Row("the own page does", "nobody", write(OWN, site="same-origin"), None),
    Row("the own page does without a referrer", "nobody", write("null", site="same-origin"), None),
    Row("the user does", "nobody", write(site="none"), None),
    Row("the own page does where browsers do not say", "nobody", write(OWN, site=None), None),
    Row("who is no browser does", "nobody", write(site=None), None),
    Row("everyone reads", "nobody", write(EVIL, method="GET"), None),
    Row("everyone may ask", "nobody", write(EVIL, method="OPTIONS"), None),
    # What the policy says.
    Row("with credentials it does", "credentials", write(APP), None),
    Row("a form of it, too", "credentials", write(APP, fields=(COOKIE, NAVIGATION)), None),
    Row("not with another method", "reading only", write(APP), "method-not-allowed"),
    Row("without credentials, not with a cookie", "no credentials", write(APP), "credentials-not-allowed"),
    Row("nor with a password", "no credentials", write(APP, fields=(BASIC,)), "credentials-not-allowed"),
    Row("with a token it does", "no credentials", write(APP, fields=(BEARER,)), None),
    Row("with nothing it does", "no credentials", write(APP, fields=()), None),
    Row("but no form", "no credentials", write(APP, fields=(NAVIGATION,)), "navigation-not-trusted"),
    Row("of everybody, not with a cookie", "everybody", write(EVIL), "credentials-not-allowed"),
    Row("everybody without one", "everybody", write(EVIL, fields=()), None),
    Row("null is not everybody", "everybody", write("null", fields=()), "cross-site-request"),
    Row("a function lets it write", "a function", write(SECOND), None),
    Row("a function does not", "a function", write(EVIL), "cross-site-request"),
    Row(
        "nor one that fails",
        "a function",
        write(SECOND, fields=(COOKIE, ("X-Broken", "1"))),
        "origin-func-failed",
    ),
    # Paths.
    Row("the policy of the path does", "paths", write(APP, path="/answers/empty"), None),
    Row("no policy does not", "paths", write(APP, path="/answers/gone"), "cross-site-request"),
    Row("an exempt path is everyone's", "exempt", write(EVIL), None),
    Row("another is not", "exempt", write(EVIL, path="/answers/gone"), "cross-site-request"),
    Row("nor with a slash more", "exempt", write(EVIL, path="//answers/plain"), "cross-site-request"),
    # The other options.
    Row("who is trusted writes", "trusted", write(SECOND), None),
    Row("with every method", "trusted", write(SECOND, method="DELETE", path="/view/none"), None),
    Row("nobody else", "trusted", write(EVIL), "cross-site-request"),
    Row("an own origin writes", "own", write("https://shop.example", site=None), None),
    Row("Host does not count then", "own", write(OWN, site=None), "origin-not-own"),
    Row("a host that is allowed", "hosts", write(APP), None),
    Row("no other", "other hosts", write(APP), "host-not-allowed"),
    Row("not even to read", "other hosts", write(method="GET", site=None), "host-not-allowed"),
    Row(
        "not even to ask",
        "other hosts",
        write(APP, method="OPTIONS", fields=_PREFLIGHT),
        "host-not-allowed",
    ),
    # WebSockets.
    Row("another site opens none", "credentials", handshake(EVIL), "websocket-origin"),
    Row("as the browser says", "credentials", handshake(EVIL, site="cross-site"), "websocket-origin"),
    Row("null does not", "credentials", handshake("null"), "websocket-origin"),
    Row("two Origins do not", "credentials", handshake(OWN, EVIL), "websocket-origin"),
    Row("the own page opens one", "nobody", handshake(OWN), None),
    Row("the own page, as the browser says", "nobody", handshake("null", site="same-origin"), None),
    Row("who is no browser opens one", "nobody", handshake(), None),
    Row("on a path without a policy, nobody else", "paths", handshake(APP), "websocket-origin"),
    Row("with credentials it opens one", "credentials", handshake(APP), None),
    Row("whatever the methods", "reading only", handshake(APP), None),
    Row("without, not with a cookie", "no credentials", handshake(APP), "credentials-not-allowed"),
    Row("without a cookie it opens one", "no credentials", handshake(APP, cookie=False), None),
    Row("a function lets it open one", "a function", handshake(SECOND), None),
    Row("who is trusted opens one", "trusted", handshake(SECOND), None),
    Row("an exempt socket is everyone's", "exempt", handshake(EVIL), None),
    Row("a socket at another host is nobody's", "other hosts", handshake(OWN), "host-not-allowed"),
)

# The policy of the application is "credentials", that of the views is ``table.VIEW``.
VIEW_ROWS = (
    Row(
        "its origin writes",
        "credentials",
        write(SECOND, fields=(), method="DELETE", path="/view/shared"),
        None,
    ),
    Row(
        "it has no credentials",
        "credentials",
        write(SECOND, method="DELETE", path="/view/shared"),
        "credentials-not-allowed",
    ),
    Row(
        "the application's origin does not write",
        "credentials",
        write(APP, method="DELETE", path="/view/shared"),
        "cross-site-request",
    ),
    Row(
        "a view without a policy is the application's",
        "credentials",
        write(APP, method="DELETE", path="/view/shared-too"),
        None,
    ),
    Row("so is another path", "credentials", write(APP), None),
    Row(
        "a method that the policy of the view leaves out",
        "credentials",
        write(SECOND, fields=(), path="/view/plain"),
        "method-not-allowed",
    ),
    Row(
        "where the router finds nothing, no policy counts",
        "credentials",
        write(APP, path="/nowhere/at/all"),
        "cross-site-request",
        # Flask and aiohttp route before anything of the application can change the path, so 404 is certain.
        {"flask": None, "aiohttp": None},
    ),
    Row("there, who is trusted writes", "trusted", write(SECOND, path="/nowhere/at/all"), None),
)
