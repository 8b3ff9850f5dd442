"""The table: policies, requests, what applications answer, and what then has to be sent. By hand.

Nothing here is computed by the library. ``ROWS`` say what a policy makes of a request; ``ANSWERS`` say
what an application answers, and what becomes of its Vary; every row holds for every answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from crosscors import CORSPolicy, CORSRequest, Resources
from tests.clients import Fields
from tests.rules.kit import for_private_networks

APP = "https://app.example.com"
SECOND = "https://second.example"
EVIL = "https://evil.example"


@dataclass(frozen=True)
class Request:
    """A request; its path is decoded, bytes that are no UTF-8 as surrogates (PEP 383).

    ``root`` is where the server has mounted the application: SCRIPT_NAME of WSGI, root_path of ASGI.
    ``is_handshake`` says that it opens a WebSocket.
    """

    method: str
    path: str
    fields: Fields = field(default_factory=list)
    root: str = ""
    is_handshake: bool = False


@dataclass(frozen=True)
class Expected:
    """What a response has to carry, whatever the stack.

    Attributes:
        fields: the Access-Control-* fields: all of them, and each of them once.
        vary: what the policy adds to Vary.
        status: that of the answer to a preflight; None where the application answers.
        is_covered: False where no policy covers the path, so that the application's own fields stay.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    vary: str = ""
    status: int | None = None
    is_covered: bool = True


# Policies.


def is_second_among_answers(request: CORSRequest) -> bool:
    if request.headers.get("x-broken"):
        raise RuntimeError("a look-up failed")
    return request.origin == SECOND and request.path.startswith("/answers/")


REST: Mapping[str, object] = {
    "allow_methods": ("GET", "PUT"),
    "allow_headers": ("X-Token",),
    "expose_headers": ("X-Total",),
    "max_age": 60,
}
PUBLIC = CORSPolicy(allow_origins="*", **REST)  # type: ignore[arg-type]
LISTED = CORSPolicy(allow_origins=(APP, SECOND), **REST)  # type: ignore[arg-type]
CREDENTIALS = CORSPolicy(allow_origins=APP, allow_credentials=True, **REST)  # type: ignore[arg-type]
VIEW = CORSPolicy(allow_origins=SECOND, allow_methods=("GET", "DELETE"), max_age=None)

POLICIES: Mapping[str, CORSPolicy | Resources] = {
    "*": PUBLIC,
    "a list": LISTED,
    "a list with credentials": CREDENTIALS,
    "* with a credentials list": CORSPolicy(allow_origins="*", allow_credentials=(APP,)),
    "an expression": CORSPolicy(allow_origin_regex=r"https://[a-z]+\.example\.com"),
    "a function": CORSPolicy(allow_origins=APP, allow_origin_func=is_second_among_answers),
    "everything, with credentials": CORSPolicy(
        allow_origins=APP, allow_credentials=True, allow_methods="*", allow_headers="*", max_age=0
    ),
    "* with any header": CORSPolicy(allow_origins="*", allow_headers="*", max_age=None),
    "a private network": for_private_networks(allow_origins=APP),
    "timing": CORSPolicy(allow_origins=(APP, SECOND), timing_allow_origin=True),
    "nobody": CORSPolicy(),
    "paths": Resources(
        {
            "/answers/plain": PUBLIC,
            "/answers/*": LISTED,
            "/answers/varies": None,
            "/answers/own-many": None,
            "/errors/*": CREDENTIALS,
            re.compile(r"/o[a-z]+-get"): LISTED,
        }
    ),
}


# Requests, and what they get.


def get(*origins: str, path: str = "/answers/plain", method: str = "GET", root: str = "") -> Request:
    """An actual request; without an origin, no CORS request."""
    return Request(method, path, [("Origin", origin) for origin in origins], root)


def preflight(
    origin: str = APP,
    method: str = "PUT",
    *names: str,
    path: str = "/answers/plain",
    network: str = "",
    root: str = "",
) -> Request:
    asked = [("Origin", origin), ("Access-Control-Request-Method", method)]
    asked += [("Access-Control-Request-Headers", name) for name in names]
    asked += [("Access-Control-Request-Private-Network", network)] if network else []
    return Request("OPTIONS", path, asked, root)


NOTHING = Expected(vary="Origin")
UNTOUCHED = Expected(is_covered=False)


def reads(origin: str, *, exposed: str = "X-Total", credentials: bool = False) -> Expected:
    fields = {"access-control-allow-origin": origin}
    if credentials:
        fields["access-control-allow-credentials"] = "true"
    if exposed:
        fields["access-control-expose-headers"] = exposed
    return Expected(fields, "" if origin == "*" else "Origin")


def timed(origins: str, expected: Expected) -> Expected:
    return replace(expected, fields={**expected.fields, "timing-allow-origin": origins})


ASKED = "Access-Control-Request-Method, Access-Control-Request-Headers"
SAFELISTED = "Accept, Accept-Language, Content-Language, Content-Type"


def may_send(
    origin: str,
    *,
    methods: str = "GET, PUT",
    headers: str = f"{SAFELISTED}, X-Token",
    credentials: bool = False,
    max_age: str = "60",
    network: bool = False,
) -> Expected:
    fields = {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true" if credentials else "",
        "access-control-allow-methods": methods,
        "access-control-allow-headers": headers,
        "access-control-max-age": max_age,
        "access-control-allow-private-network": "true" if network else "",
    }
    given = {name: value for name, value in fields.items() if value}
    return Expected(given, ASKED if origin == "*" else f"Origin, {ASKED}", 200)


def may_not_send(allowed: Expected) -> Expected:
    """An allowed origin, but not with this method or header: the lists say what is allowed."""
    fields = {name: value for name, value in allowed.fields.items() if name != "access-control-max-age"}
    return Expected(fields, allowed.vary, 400)


NO_ENTRY = Expected(vary=f"Origin, {ASKED}", status=400)


@dataclass(frozen=True)
class Row:
    """A sentence, a policy by its name, a request, and what the response has to carry.

    ``is_only_here`` says that the path or the method are part of the matter, so that the same request to
    another path, or by another method, would be another row. ``differs`` names the stacks where the response
    carries something else.
    """

    sentence: str
    policy: str
    request: Request
    expected: Expected
    is_only_here: bool = False
    differs: Mapping[str, Expected] = field(default_factory=dict)


def here(sentence: str, request: Request, expected: Expected) -> Row:
    """A row of which the path or the method are part of the matter."""
    return Row(sentence, "", request, expected, is_only_here=True)


def rows(policy: str, *written: tuple[str, Request, Expected] | Row) -> Iterator[Row]:
    for each in written:
        row = each if isinstance(each, Row) else Row(each[0], policy, each[1], each[2])
        yield replace(row, policy=policy)


ROWS = (
    *rows(
        "*",
        ("* is for everyone", get(APP), reads("*")),
        ("* is there without an Origin, for a cached copy serves everyone", get(), reads("*")),
        ("* is for two Origins", get(APP, EVIL), reads("*")),
        ("* lets everyone send", preflight(EVIL), may_send("*")),
        ("* refuses a method", preflight(APP, "DELETE"), may_not_send(may_send("*"))),
    ),
    *rows(
        "a list",
        ("a listed origin reads", get(APP), reads(APP)),
        ("without an Origin there is only Vary", get(), NOTHING),
        ("a refused origin gets only Vary", get(EVIL), NOTHING),
        ("an empty Origin is refused", get(""), NOTHING),
        ("bytes outside ASCII are not an origin", get("https://b\u00fccher.example"), NOTHING),
        ("the same Origin twice is not an origin", get(APP, APP), NOTHING),
        ("an allowed Origin and another are not an origin", get(APP, EVIL), NOTHING),
        ("they are none the other way round", get(EVIL, APP), NOTHING),
        ("a listed origin sends", preflight(), may_send(APP)),
        ("it sends a listed header", preflight(APP, "PUT", "x-token"), may_send(APP)),
        ("a list of names may be two headers", preflight(APP, "PUT", "accept", "x-token"), may_send(APP)),
        ("an empty list of names asks for nothing", preflight(APP, "PUT", ""), may_send(APP)),
        ("an unlisted method is refused", preflight(APP, "DELETE"), may_not_send(may_send(APP))),
        ("an empty method is refused", preflight(APP, ""), may_not_send(may_send(APP))),
        ("an unlisted header is refused", preflight(APP, "PUT", "x-other"), may_not_send(may_send(APP))),
        ("a preflight of a refused origin says nothing", preflight(EVIL), NO_ENTRY),
        (
            "OPTIONS without Origin is not a preflight",
            Request("OPTIONS", "/answers/plain", [("Access-Control-Request-Method", "PUT")]),
            NOTHING,
        ),
        here("POST is not a preflight", Request("POST", "/answers/plain", preflight().fields), reads(APP)),
    ),
    *rows(
        "a list with credentials",
        ("credentials", get(APP), reads(APP, credentials=True)),
        ("sending credentials", preflight(), may_send(APP, credentials=True)),
    ),
    *rows(
        "* with a credentials list",
        ("some with credentials", get(APP), reads(APP, exposed="", credentials=True)),
        ("everyone else without", get(EVIL), reads(EVIL, exposed="")),
        ("no two Origins with a credentials list", get(APP, EVIL), NOTHING),
        ("Vary for those without Origin", get(), NOTHING),
        (
            "everyone else may send, without",
            preflight(EVIL, "GET"),
            may_send(EVIL, methods="GET", headers=SAFELISTED, max_age="600"),
        ),
    ),
    *rows(
        "an expression",
        ("an expression matches", get(APP), reads(APP, exposed="")),
        ("an expression sees no two Origins", get(APP, APP), NOTHING),
    ),
    *rows(
        "timing",
        ("timing for the origin that asks", get(APP), timed(APP, reads(APP, exposed=""))),
        ("timing for images, which send no Origin", get(), timed(f"{APP}, {SECOND}", NOTHING)),
        ("no timing for others", get(EVIL), NOTHING),
    ),
    *rows(
        "a function",
        here("a function allows", get(SECOND), reads(SECOND, exposed="")),
        here("a function refuses by path", get(SECOND, path="/only-get"), NOTHING),
        ("a function refuses", get(EVIL), NOTHING),
        (
            "a function that fails refuses",
            Request("GET", "/answers/plain", [("Origin", SECOND), ("X-Broken", "1")]),
            NOTHING,
        ),
        here(
            "a function allows a preflight",
            preflight(SECOND, "GET"),
            may_send(SECOND, methods="GET", headers=SAFELISTED, max_age="600"),
        ),
        ("a function refuses a preflight", preflight(EVIL, "GET"), NO_ENTRY),
    ),
    *rows(
        "everything, with credentials",
        (
            "any method and header, with credentials: the names are repeated",
            preflight(APP, "PATCH", "X-One,authorization, x-one"),
            may_send(
                APP,
                methods="DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY",
                headers="x-one, authorization",
                credentials=True,
                max_age="0",
            ),
        ),
    ),
    *rows(
        "* with any header",
        (
            "any header without credentials: * and Authorization",
            preflight(EVIL, "GET", "authorization,x-one"),
            may_send("*", methods="GET", headers="*, Authorization", max_age=""),
        ),
    ),
    *rows(
        "a private network",
        (
            "a private network is answered",
            preflight(APP, "GET", network="true"),
            Expected(
                may_send(APP, methods="GET", headers=SAFELISTED, max_age="600", network=True).fields,
                f"Origin, {ASKED}, Access-Control-Request-Private-Network",
                200,
            ),
        ),
    ),
    *rows(
        "nobody",
        ("nobody reads", get(APP), NOTHING),
    ),
    *rows(
        "paths",
        here("an exact path", get(EVIL), reads("*")),
        here("an exact path, asked by a preflight", preflight(EVIL), may_send("*")),
        here("a prefix", get(APP, path="/answers/gone"), reads(APP)),
        here("a prefix covers preflights", preflight(SECOND, path="/answers/gone"), may_send(SECOND)),
        here("a path left out keeps its own fields", get(APP, path="/answers/own-many"), UNTOUCHED),
        here("a prefix covers errors", get(APP, path="/errors/handled"), reads(APP, credentials=True)),
        here("an expression for paths", get(APP, path="/only-get"), reads(APP)),
        here("a path that no policy covers", get(APP, path="/slash"), UNTOUCHED),
        here("below a root, paths are the same", get(EVIL, root="/v1"), reads("*")),
        here("below a root, so are preflights", preflight(EVIL, root="/v1"), may_send("*")),
        here("a root is no part of the path", get(APP, path="/slash", root="/answers"), UNTOUCHED),
    ),
)


@dataclass(frozen=True)
class PathRow:
    """Below which path of the policy "paths" a request is, as Access-Control-Allow-Origin for APP tells.

    ``unreachable`` names the stacks whose router finds no application below such a root.
    """

    sentence: str
    path: str
    allowed: str | None
    root: str = ""
    policy: str = "paths"
    unreachable: tuple[str, ...] = ()


PATH_ROWS = (
    PathRow("a slash more", "/answers//nowhere", APP),
    PathRow("a control character", "/answers/no\twhere", APP),
    PathRow("bytes that are not UTF-8", "/answers/caf\udce9", APP),
    PathRow("three bytes that are not UTF-8", "/answers/\udcff\udce2\udc82x", APP),
    PathRow("an exact path with a slash more", "/answers/plain/", "*"),
    PathRow("a slash more at the beginning", "//answers/nowhere", None),
    PathRow("bytes that are not UTF-8, without which the path is another", "/ans\udcffwers/nowhere", None),
    PathRow("a NUL after an exact path", "/answers/plain\x00", None),
    PathRow("a root", "/answers/nowhere", APP, root="/v1"),
    PathRow(
        "a root of two segments and a slash more",
        "/answers//nowhere",
        APP,
        root="/v1/caf\u00e9",
        unreachable=("aiohttp",),  # it compares the encoded prefix with the decoded path
    ),
    PathRow("a root that a key begins with", "/nowhere", None, root="/answers"),
    PathRow("a root that a key begins with, twice", "/answers/nowhere", APP, root="/answers"),
)


# The same applications within an adapter that has a policy of its own.

OUTER = "https://outer.example"
OUTER_POLICY = CORSPolicy(allow_origins=(APP, OUTER), allow_credentials=True, max_age=None)

NESTED_ROWS = (
    Row("who is allowed within reads", "a list", get(SECOND), reads(SECOND)),
    Row("who is allowed outside only does not read", "a list", get(OUTER), NOTHING),
    Row(
        "a 404 of the router is the inner one's", "a list", get(SECOND, path="/nowhere/at/all"), reads(SECOND)
    ),
    Row("so is an error page", "a list", get(SECOND, path="/errors/handled"), reads(SECOND)),
    Row("a stream is the inner one's", "a list", get(SECOND, path="/stream"), reads(SECOND)),
    Row(
        "what is not covered within has the outer decision",
        "paths",
        get(OUTER, path="/slash"),
        reads(OUTER, exposed="", credentials=True),
    ),
    Row(
        "the outer adapter answers preflights",
        "a list",
        preflight(OUTER, "GET"),
        may_send(OUTER, methods="GET", headers=SAFELISTED, credentials=True, max_age=""),
        # Both applications belong to aiohttp, and it has found the inner one before any adapter runs.
        differs={"aiohttp": NO_ENTRY},
    ),
)


# What applications answer.


@dataclass(frozen=True)
class Status:
    """This stack answers with a status of its own; the fields are the same."""

    code: int
    why: str


@dataclass(frozen=True)
class Another:
    """This stack's router leads to another view, or to none, whose policy and status are these."""

    expected: Expected
    code: int
    why: str


@dataclass(frozen=True)
class Escapes:
    """On this stack the exception leaves the adapter; there is no response to write fields into."""

    why: str


@dataclass(frozen=True)
class Impossible:
    """An application on this stack cannot answer so."""

    why: str


_PLAIN = "a protocol adapter lets exceptions through, as PEP 3333 and ASGI want; the server answers them"
_ONE_FIELD = Impossible("HttpResponse keeps one field of each name")
_ONE_VALUE = dict.fromkeys(
    ("lambda http", "lambda url", "lambda balancer"),
    Impossible("its headers are a mapping, with one value each"),
)


@dataclass(frozen=True)
class Answer:
    """What the application answers, of itself.

    Attributes:
        status: on every stack that ``differs`` does not name.
        own: fields that the application sets, as it spells them.
        vary: the values of Vary where the policy has no part in it.
        vary_with_origin: the one value of Vary where the policy adds Origin.
        differs: stacks that do otherwise, each with the reason.
    """

    sentence: str
    status: int
    path: str
    method: str = "GET"
    own: Fields = field(default_factory=list)
    vary: tuple[str, ...] = ()
    vary_with_origin: str = "Origin"
    differs: Mapping[str, Status | Escapes | Impossible] = field(default_factory=dict)


_DJANGO = ("django", "django async")
_HEAD = {"fastapi": Status(405, "its routes take the methods that they name, and no more")}
_REQUIRE_GET = dict.fromkeys(_DJANGO, Status(405, "require_GET refuses HEAD; require_safe would not"))
_SLASH = {
    "flask": Status(308, "Werkzeug redirects for good"),
    **dict.fromkeys(_DJANGO, Status(301, "CommonMiddleware redirects for good")),
}


def varying(sentence: str, name: str, vary_with_origin: str, *own: tuple[str, str]) -> Answer:
    """Status 200 with a Vary of its own."""
    vary = tuple(value for _, value in own)
    return Answer(
        sentence, 200, f"/answers/{name}", own=list(own), vary=vary, vary_with_origin=vary_with_origin
    )


ANSWERS = (
    Answer("200", 200, "/answers/plain"),
    Answer("200 to POST", 200, "/answers/plain", "POST"),
    Answer("200 to HEAD", 200, "/answers/plain", "HEAD"),
    Answer("200 to OPTIONS, which the endpoint takes", 200, "/answers/plain", "OPTIONS"),
    # Vary in several spellings.
    varying("200 with Vary", "varies", "Accept-Encoding, Origin", ("Vary", "Accept-Encoding")),
    varying(
        "200 with a Vary of odd spaces and cases",
        "varies-oddly",
        "accept-encoding, COOKIE, Origin",
        ("vary", "accept-encoding ,,COOKIE,cookie"),
    ),
    varying(
        "200 with a Vary that has Origin", "varies-already", "ORIGIN, Cookie", ("VARY", "ORIGIN, Cookie")
    ),
    varying("200 with X-Origin in Vary", "varies-likely", "X-Origin, Origin", ("Vary", "X-Origin")),
    varying("200 with Vary: *", "varies-by-all", "*", ("Vary", "*")),
    varying("200 with * in Vary among others", "varies-by-all-and-more", "*", ("Vary", "Cookie, *")),
    replace(
        varying(
            "200 with two Vary",
            "varies-twice",
            "Cookie, Accept, Origin",
            ("Vary", "Cookie"),
            ("vary", "Accept"),
        ),
        differs=dict.fromkeys(_DJANGO, _ONE_FIELD),
    ),
    varying("200 with an empty Vary", "varies-not", "Origin", ("Vary", "")),
    # Other statuses.
    Answer("204", 204, "/answers/empty"),
    Answer(
        "304 with Vary",
        304,
        "/answers/unchanged",
        own=[("Vary", "Cookie"), ("ETag", '"1"')],
        vary=("Cookie",),
        vary_with_origin="Cookie, Origin",
    ),
    Answer("302 by the application", 302, "/answers/moved", own=[("Location", "/answers/plain")]),
    Answer("404 by the application", 404, "/answers/gone"),
    Answer("413", 413, "/answers/too-much", "POST"),
    Answer("503", 503, "/answers/busy", own=[("Retry-After", "5")]),
    # Fields of the policy, which the application set itself.
    Answer(
        "a header of the policy",
        200,
        "/answers/own",
        own=[("Access-Control-Allow-Origin", "https://left.over")],
    ),
    Answer(
        "* of its own, and credentials",
        200,
        "/answers/own-many",
        own=[
            ("access-control-allow-origin", "*"),
            ("ACCESS-CONTROL-ALLOW-CREDENTIALS", "true"),
            ("Access-Control-Allow-Methods", "GET"),
            ("Access-Control-Expose-Headers", "X-Own"),
            ("Vary", "Origin"),
        ],
        vary=("Origin",),
    ),
    Answer(
        "a header of the policy, twice",
        200,
        "/answers/own-twice",
        own=[("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Origin", EVIL)],
        differs={**dict.fromkeys(_DJANGO, _ONE_FIELD), **_ONE_VALUE},
    ),
    # What routers and error handlers answer.
    Answer("404 by the router", 404, "/nowhere/at/all"),
    Answer("GET of what takes GET", 200, "/only-get"),
    Answer("405 by the router", 405, "/only-get", "POST"),
    Answer("HEAD of what takes GET", 200, "/only-get", "HEAD", differs=_HEAD | _REQUIRE_GET),
    Answer(
        "OPTIONS of what takes GET",
        405,
        "/only-get",
        "OPTIONS",
        differs={"flask": Status(200, "it answers OPTIONS for every endpoint")},
    ),
    Answer("a redirect to the path with a slash", 307, "/slash", differs=_SLASH),
    Answer("500 by an error handler", 500, "/errors/handled"),
    Answer(
        "500 by nobody",
        500,
        "/errors/unhandled",
        differs={"asgi": Escapes(_PLAIN), "wsgi": Escapes(_PLAIN)},
    ),
    Answer("a stream", 200, "/stream"),
    Answer("HEAD of a stream", 200, "/stream", "HEAD"),
)

# Those that an application sends itself, by name, for the applications to look up.
OWN_ANSWERS = {
    answer.path.removeprefix("/answers/"): answer
    for answer in ANSWERS
    if answer.path.startswith("/answers/") and answer.method != "HEAD"
}
STREAMED = (b"one\n", b"two\n", b"three\n")


# Policies of views: VIEW is that of the view, "a list" that of the application around it.

_VIEW_READS = reads(SECOND, exposed="")
_VIEW_SENDS = may_send(SECOND, methods="GET, DELETE", headers=SAFELISTED, max_age="")
_LISTED_SENDS = may_send(SECOND)


@dataclass(frozen=True)
class ViewRow:
    """A request to a path below /view, whose policy is its own, or to one beside it.

    ``differs`` names the stacks whose application answers with another status, or by another view.
    """

    sentence: str
    request: Request
    status: int
    expected: Expected
    differs: Mapping[str, Status | Another] = field(default_factory=dict)
    policy: str = "a list"


def sent(expected: Expected, sentence: str, request: Request) -> ViewRow:
    """A preflight, whose status is the policy's."""
    assert expected.status is not None
    return ViewRow(sentence, request, expected.status, expected)


VIEW_ROWS = (
    ViewRow("its origin reads", get(SECOND, path="/view/plain"), 200, _VIEW_READS),
    ViewRow("the application's origin does not", get(APP, path="/view/plain"), 200, NOTHING),
    ViewRow("nor does anyone without Origin", get(path="/view/plain"), 200, NOTHING),
    ViewRow("another view is the application's", get(APP, path="/answers/plain"), 200, reads(APP)),
    sent(_VIEW_SENDS, "its origin sends GET", preflight(SECOND, "GET", path="/view/plain")),
    sent(
        may_not_send(_VIEW_SENDS),
        "not PUT, which the application allows",
        preflight(SECOND, path="/view/plain"),
    ),
    sent(NO_ENTRY, "the application's origin does not send", preflight(APP, "GET", path="/view/plain")),
    sent(_LISTED_SENDS, "to another view it does", preflight(SECOND, path="/answers/plain")),
    sent(
        _VIEW_SENDS,
        "its policy answers for a method that it allows, and the view does not take",
        preflight(SECOND, "DELETE", path="/view/plain"),
    ),
    ViewRow("status 405", get(SECOND, path="/view/plain", method="POST"), 405, _VIEW_READS),
    ViewRow("status 405 of another origin", get(APP, path="/view/plain", method="POST"), 405, NOTHING),
    ViewRow("a redirect to the path with a slash", get(SECOND, path="/view/slash"), 307, _VIEW_READS, _SLASH),
    ViewRow("the redirect for another origin", get(APP, path="/view/slash"), 307, NOTHING, _SLASH),
    ViewRow(
        "a redirect of POST",
        get(SECOND, path="/view/slash", method="POST"),
        307,
        _VIEW_READS,
        {**_SLASH, "flask": Another(reads(SECOND), 404, "Werkzeug redirects only what a view takes")},
    ),
    ViewRow("the path with a slash", get(SECOND, path="/view/slash/"), 200, _VIEW_READS),
    sent(_VIEW_SENDS, "no redirect of its preflight", preflight(SECOND, "GET", path="/view/slash")),
    ViewRow("500 by an error handler", get(SECOND, path="/view/handled"), 500, _VIEW_READS),
    ViewRow("500 by nobody", get(SECOND, path="/view/unhandled"), 500, _VIEW_READS),
    ViewRow("500 for another origin", get(APP, path="/view/unhandled"), 500, NOTHING),
    # GET /view/shared is the application's, DELETE /view/shared has the policy VIEW.
    ViewRow("one path: GET is the application's", get(APP, path="/view/shared"), 200, reads(APP)),
    ViewRow("one path: DELETE is not", get(APP, path="/view/shared", method="DELETE"), 200, NOTHING),
    ViewRow(
        "one path: DELETE is the view's", get(SECOND, path="/view/shared", method="DELETE"), 200, _VIEW_READS
    ),
    sent(may_send(APP), "one path: a preflight for GET", preflight(APP, "GET", path="/view/shared")),
    sent(_VIEW_SENDS, "one path: a preflight for DELETE", preflight(SECOND, "DELETE", path="/view/shared")),
    sent(
        NO_ENTRY, "one path: a preflight for DELETE, refused", preflight(APP, "DELETE", path="/view/shared")
    ),
    ViewRow(
        "one path: status 405 is the application's",
        get(APP, path="/view/shared", method="PUT"),
        405,
        reads(APP),
    ),
    sent(
        may_send(APP),
        "one path: so is a preflight for a method that neither takes",
        preflight(APP, "PUT", path="/view/shared"),
    ),
    # GET /view/shared-too has the policy VIEW, DELETE /view/shared-too is the application's.
    ViewRow("the other way round: GET", get(SECOND, path="/view/shared-too"), 200, _VIEW_READS),
    ViewRow(
        "the other way round: DELETE", get(APP, path="/view/shared-too", method="DELETE"), 200, reads(APP)
    ),
    ViewRow(
        "the other way round: status 405 is the application's",
        get(APP, path="/view/shared-too", method="PUT"),
        405,
        reads(APP),
        dict.fromkeys(
            ("starlette", "fastapi", "flask"), Another(NOTHING, 405, "the first route counts for status 405")
        ),
    ),
    ViewRow("HEAD goes with GET", get(APP, path="/view/shared", method="HEAD"), 200, reads(APP), _HEAD),
    ViewRow(
        "HEAD of a view",
        get(SECOND, path="/view/plain", method="HEAD"),
        200,
        _VIEW_READS,
        _HEAD | _REQUIRE_GET,
    ),
    sent(may_send(APP), "a preflight for HEAD goes with GET", preflight(APP, "HEAD", path="/view/shared")),
    ViewRow("below a root", get(SECOND, path="/view/plain", root="/v1"), 200, _VIEW_READS),
    sent(NO_ENTRY, "below a root, a preflight", preflight(APP, "DELETE", path="/view/shared", root="/v1")),
)


def arrives_whole(stack: str, request: Request) -> bool:
    """Whether the application sees all of the request.

    A load balancer without multi-value headers gives its handler only the last of several headers of one
    name. Nothing tells the handler of the others. Browsers send one Origin.
    """
    names = [name for name, _ in request.fields]
    return stack != "lambda balancer" or len(names) == len(set(names))


def at(request: Request, answer: Answer) -> Request:
    """The request, sent to where the application answers so."""
    return replace(request, method=answer.method, path=answer.path)
