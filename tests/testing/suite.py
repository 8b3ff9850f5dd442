"""The suite: what pages must be able to do with a server that has one certain policy, and what they must not.

Every case is data: pages of some origins fetch, and each fetch comes out as it says. Cases ask nothing but
what a page can see, what went over the wire, and what reached the application; how the server does CORS is
its own affair. So the cases can be run against any server that has `Application` behind it, in this process
or behind a URL, and by a `Browser` as well as by a real one.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import flask
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import override_settings
from django.urls import re_path
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from crosscors.testing import BlockedByCORS, Browser, NetworkError, same_origin, shared_cache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from typing_extensions import Unpack

    from crosscors.asgi import ASGIApp, Receive, Scope, Send
    from crosscors.testing.blocked import Reason
    from crosscors.testing.request import RequestInit

# The policy: with credentials, for these and for the origins of `Origins`.
METHODS = ("GET", "PUT", "DELETE")
HEADERS = ("X-Token", "Content-Type", "Authorization")
EXPOSED = ("X-Request-Id",)
MAX_AGE = 600


@dataclass(frozen=True)
class Origins:
    """Who takes part: the server, whom the policy names, and strangers."""

    api: str
    allowed: str
    another: str
    pattern: str  # "*" stands for one label or more
    covered: str
    covered_by_two_labels: str
    stranger: str
    # Strangers whose origins look like those that are named, by what they are.
    look_alikes: Mapping[str, str]

    def of(self, page: str) -> str | None:
        """The origin of a page; None where no such page can be."""
        if page in {same_origin, "null"} or "://" in page:
            return page
        return self.look_alikes.get(page) or getattr(self, page, None)


_LOOK_ALIKES = {
    "a listed host with something before it": "{scheme}://evilapp.{domain}{port}",
    "a subdomain of a listed host": "{scheme}://sub.app.{domain}{port}",
    "the parent domain of a listed host": "{scheme}://{domain}{port}",
    "a listed host with another port": "{scheme}://app.{domain}{other_port}",
    "the bare domain of the pattern": "{scheme}://preview.{domain}{port}",
    "the domain of the pattern with something before it": "{scheme}://evilpreview.{domain}{port}",
    "a covered host with another port": "{scheme}://pr-7.preview.{domain}{other_port}",
}
# These need names and schemes of the world out there.
_LOOK_ALIKES_OUTSIDE = {
    "a listed host with the other scheme": "http://app.{domain}",
    "the first part of a listed origin": "https://app.example.co",
    "a listed origin with something behind it": "https://app.{domain}.evil.example",
    "a listed host with another character for a dot": "https://appxexample.com",
    "a covered host with the other scheme": "http://pr-7.preview.{domain}",
    "a covered origin with something behind it": "https://pr-7.preview.{domain}.evil.example",
    "a covered host with another character for a dot": "https://pr-7.previewxexample.com",
}


def _origins(scheme: str, domain: str, stranger: str, api_port: str, port: str, other_port: str) -> Origins:
    templates = _LOOK_ALIKES if port else {**_LOOK_ALIKES, **_LOOK_ALIKES_OUTSIDE}
    return Origins(
        api=f"{scheme}://api.{domain}{api_port}",
        allowed=f"{scheme}://app.{domain}{port}",
        another=f"{scheme}://admin.{domain}{port}",
        pattern=f"{scheme}://*.preview.{domain}{port}",
        covered=f"{scheme}://pr-7.preview.{domain}{port}",
        covered_by_two_labels=f"{scheme}://pr-7.team.preview.{domain}{port}",
        stranger=stranger,
        look_alikes={
            name: template.format(scheme=scheme, domain=domain, port=port, other_port=other_port)
            for name, template in templates.items()
        },
    )


HTTPS = _origins("https", "example.com", "https://evil.example", "", "", ":8443")


def on_localhost(api_port: int, port: int, other_port: int) -> Origins:
    """The same, for servers on this machine: pages come from two ports, under names below localhost."""
    stranger = f"http://evil.localhost:{port}"
    return _origins("http", "localhost", stranger, f":{api_port}", f":{port}", f":{other_port}")


# What a case is made of.


@dataclass(frozen=True)
class Reads:
    """The page gets the response, with these headers; those that are None it must not see."""

    status: int = 200
    text: str | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])


@dataclass(frozen=True)
class Blocked:
    """The page gets nothing, for one of these reasons."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Fetch:
    """A page fetches, as JavaScript does. Pages are named after the origins of `Origins`."""

    page: str
    path: str
    init: RequestInit
    outcome: Reads | Blocked


@dataclass(frozen=True)
class Wait:
    """Time that goes by."""

    seconds: float


@dataclass(frozen=True)
class Case:
    """What pages do, one after the other, in a browser that has not been there before."""

    name: str
    steps: tuple[Fetch | Wait, ...]
    preflights: int | None = None
    reaches: tuple[str, ...] | None = None
    """What the application is asked for; None where it does not matter."""
    cache: tuple[str, ...] = ()
    """The methods whose responses a shared cache in front of the server keeps."""

    def is_possible(self, origins: Origins) -> bool:
        return all(origins.of(step.page) for step in self.steps if isinstance(step, Fetch))


def reads(
    path: str = "/plain",
    *,
    page: str = "allowed",
    status: int = 200,
    text: str | None = None,
    fields: Mapping[str, str | None] | None = None,
    **init: Unpack[RequestInit],
) -> Fetch:
    return Fetch(page, path, init, Reads(status, text, fields or {}))


def blocked(
    *reasons: Reason, page: str = "allowed", path: str = "/plain", **init: Unpack[RequestInit]
) -> Fetch:
    return Fetch(page, path, init, Blocked(reasons))


def case(
    name: str,
    *steps: Fetch | Wait,
    preflights: int | None = None,
    reaches: tuple[str, ...] | None = None,
    cache: tuple[str, ...] = (),
) -> Case:
    return Case(name, steps, preflights, reaches, cache)


def refused(page: str, path: str = "/plain", **init: Unpack[RequestInit]) -> Fetch:
    return blocked("allow-origin-missing", page=page, path=path, **init)


def refused_method(method: str) -> Fetch:
    # By the list, or by the status of the preflight.
    return blocked("method-not-allowed", "preflight-status", method=method)


def refused_headers(*names: str) -> Fetch:
    return blocked("header-not-allowed", "preflight-status", headers=dict.fromkeys(names, "1"))


TOKEN = {"X-Token": "1"}
JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": "Bearer x"}

READING = (
    case("a listed page reads", reads(text="plain")),
    case("the other listed page reads", reads(page="another", text="plain")),
    case("a covered page reads", reads(page="covered", text="plain")),
    case("a page that is covered by two labels reads", reads(page="covered_by_two_labels", text="plain")),
    case("a listed page reads with cookies", reads(credentials="include")),
    case("pages of all origins in turn read", *(reads(page=page) for page in ("allowed", "another") * 2)),
    case(
        "cookies are set and sent",
        reads("/cookies", credentials="include"),
        reads("/whoami", credentials="include", text="session=1; theme=dark"),
        reads("/whoami", text=""),
    ),
    case("Set-Cookie stays unread", reads("/cookies", credentials="include", fields={"Set-Cookie": None})),
    case("an exposed header is read", reads(fields={"X-Request-Id": "42"})),
    case(
        "an exposed header is read with cookies", reads(credentials="include", fields={"X-Request-Id": "42"})
    ),
    case("a header that is not exposed stays unread", reads(fields={"X-Secret": None})),
    case("HEAD is read", reads(method="HEAD", text="", fields={"X-Request-Id": "42"})),
    case("a form is sent without a preflight", reads(method="POST", body="a=1", text="a=1"), preflights=0),
    case("what is streamed is read", reads("/stream", text="onetwothree")),
)

STATUSES = (
    case("an unmodified response is read", reads("/unmodified", status=304, text="")),
    case("a request that lacks a login reads its 401", reads("/private", status=401)),
    case("a missing page reads its 404", reads("/missing", status=404)),
    case("an error reads its 500", reads("/error", status=500)),
    case("an exception reads its 500", reads("/crash", status=500)),
    case("an exception reads its 500 after a preflight", reads("/crash", status=500, method="DELETE")),
    case("a redirect is followed", reads("/moved", text="plain")),
    case("a redirect is followed after a preflight", reads("/moved", method="PUT"), preflights=2),
    case("a preflight to nowhere lets the 404 be read", reads("/missing", method="PUT", status=404)),
)

STRANGERS = (
    case("a stranger reads nothing", refused("stranger")),
    case("a stranger reads nothing with cookies", refused("stranger", credentials="include")),
    case("a stranger reads no error", refused("stranger", "/error")),
    case("a stranger follows no redirect", refused("stranger", "/moved"), reaches=("GET /moved",)),
    case("a page without an origin reads nothing", refused("null")),
    case("a page without an origin reads nothing with cookies", refused("null", credentials="include")),
    *(
        case(f"{page} reads nothing", refused(page), refused(page, credentials="include"))
        for page in {**_LOOK_ALIKES, **_LOOK_ALIKES_OUTSIDE}
    ),
    case("a stranger after a listed page reads nothing", reads(), refused("stranger"), reads()),
    case("a stranger's PUT stays outside", refused("stranger", method="PUT"), reaches=()),
    case("a stranger's token stays outside", refused("stranger", headers=TOKEN), reaches=()),
    case(
        "a stranger's form arrives, for CORS protects readers",
        refused("stranger", method="POST"),
        reaches=("POST /plain",),
    ),
)

PREFLIGHTS = (
    case(
        "PUT arrives, and its preflight does not",
        reads(method="PUT"),
        preflights=1,
        reaches=("PUT /plain",),
    ),
    case("PUT arrives with cookies", reads(method="PUT", credentials="include"), reaches=("PUT /plain",)),
    case("DELETE arrives", reads(method="DELETE"), reaches=("DELETE /plain",)),
    case("a token arrives", reads(headers=TOKEN), preflights=1, reaches=("GET /plain",)),
    case("a token arrives with cookies", reads(headers=TOKEN, credentials="include"), preflights=1),
    case("JSON arrives", reads(method="PUT", headers=JSON, body="{}", text="{}"), preflights=1),
    case("a bearer arrives", reads("/private", headers=BEARER), preflights=1),
    case(
        "several headers arrive at once",
        reads("/private", method="PUT", headers={**TOKEN, **JSON, **BEARER}, credentials="include"),
        preflights=1,
    ),
    case("a preflight without need arrives", reads(use_cors_preflight=True), preflights=1),
    case("PATCH is refused", refused_method("PATCH"), reaches=()),
    case("OPTIONS is a method like any other, and refused", refused_method("OPTIONS"), reaches=()),
    case("a header that is not allowed is refused", refused_headers("X-Other"), reaches=()),
    case("a header that is not allowed spoils the others", refused_headers("X-Token", "X-Other"), reaches=()),
    case(
        "what is refused once does not spoil what follows",
        refused_method("PATCH"),
        reads(method="PUT"),
        preflights=2,
    ),
    case(
        "a preflight is kept for ten minutes",
        reads(method="PUT", headers=TOKEN),
        Wait(MAX_AGE - 1),
        reads(method="PUT", headers=TOKEN),
        preflights=1,
    ),
    case(
        "a preflight is kept no longer",
        reads(method="PUT"),
        Wait(MAX_AGE + 1),
        reads(method="PUT"),
        preflights=2,
    ),
)

# Of pages that have the same origin as the server, for which CORS is not there.
OWN_PAGES = (
    case("the server's own page reads everything", reads(page=same_origin, fields={"X-Secret": "1"})),
    case("the server's own page sends forms", reads(page=same_origin, method="POST", body="a=1", text="a=1")),
    case(
        "the server's own page reaches OPTIONS",
        reads(page=same_origin, method="OPTIONS", text="plain"),
        reaches=("OPTIONS /plain",),
    ),
)

OF_THE_APPLICATION = (
    case("what the application allows itself is replaced", reads("/leftover", credentials="include")),
    case("what the application allows itself lets no stranger in", refused("stranger", "/leftover")),
)

_GET, _CDN = ("GET", "HEAD"), ("GET", "HEAD", "OPTIONS")  # some CDNs keep preflights as well
_GERMAN, _FRENCH = {"Accept-Language": "de"}, {"Accept-Language": "fr"}

CACHES = (
    case("a cache is of use", reads(), reads(), reaches=("GET /plain",), cache=_GET),
    case("a cache serves two pages", reads(), reads(page="another"), reads(), cache=_GET),
    case("a cache serves a listed page after a stranger", refused("stranger"), reads(), cache=_GET),
    case("a cache serves no stranger after a listed page", reads(), refused("stranger"), cache=_GET),
    case("a cache serves a listed page after the server's own", reads(page=same_origin), reads(), cache=_GET),
    case(
        "a cache serves the 404 to two pages",
        reads("/missing", status=404),
        reads("/missing", page="another", status=404),
        cache=_GET,
    ),
    case(
        "a cache serves the 404 to a listed page after a stranger",
        refused("stranger", "/missing"),
        reads("/missing", status=404),
        cache=_GET,
    ),
    case(
        "a cache serves the redirect to a listed page after a stranger",
        refused("stranger", "/moved"),
        reads("/moved", text="plain"),
        cache=_GET,
    ),
    case(
        "a cache serves each language to whom it belongs",
        reads("/language", headers=_GERMAN, text="de"),
        reads("/language", headers=_FRENCH, text="fr"),
        reads("/language", headers=_GERMAN, page="another", text="de"),
        cache=_GET,
    ),
    case(
        "a cache leaves alone what varies by everything",
        reads("/counted", text="1"),
        reads("/counted", text="2"),
        cache=_GET,
    ),
    case(
        "a cache of preflights serves two pages",
        reads(method="PUT"),
        reads(page="another", method="PUT"),
        cache=_CDN,
    ),
    case(
        "a cache of preflights serves a listed page after a stranger",
        refused("stranger", method="PUT"),
        reads(method="PUT"),
        cache=_CDN,
    ),
    case(
        "a cache of preflights serves one header after another",
        reads(headers=TOKEN),
        reads(headers=BEARER),
        cache=_CDN,
    ),
    case(
        "a cache of preflights serves one method after another",
        reads(method="PUT"),
        reads(method="DELETE"),
        cache=_CDN,
    ),
)

CASES = (*READING, *STATUSES, *STRANGERS, *PREFLIGHTS, *OWN_PAGES, *OF_THE_APPLICATION, *CACHES)


# Running them.


def failing_cases(server: Any, origins: Origins = HTTPS) -> list[str]:
    """The names of the cases that come out otherwise than they must."""
    return [case.name for case in CASES if case.is_possible(origins) and complaint(case, server, origins)]


_runs = itertools.count(1)


def complaint(case: Case, server: Any, origins: Origins = HTTPS) -> str | None:
    """What is wrong when the case is run against the server, in words; None when all is well."""
    seconds = 0.0
    front = shared_cache(server, methods=case.cache) if case.cache else server
    browser = Browser(front, origins.api, clock=lambda: seconds)
    # By its query the application tells one run from all others.
    query = f"run={next(_runs)}"
    for step in case.steps:
        if isinstance(step, Wait):
            seconds += step.seconds
            continue
        origin = origins.of(step.page)
        assert origin is not None
        wrong = _wrong(step, browser, origin, f"{step.path}?{query}")
        if wrong is not None:
            return f"A page of {origin} {wrong}"
    preflights = sum(exchange.is_preflight for exchange in browser.exchanges)
    if case.preflights not in {None, preflights}:
        return f"There were {preflights} preflights, not {case.preflights}."
    seen = tuple(browser.page(same_origin).fetch(f"/seen?{query}").text().splitlines())
    if case.reaches not in {None, seen}:
        return f"The application was asked for {seen}, not {case.reaches}."
    return None


def _wrong(step: Fetch, browser: Browser, origin: str, url: str) -> str | None:
    expected = step.outcome
    try:
        response = browser.page(origin).fetch(url, **step.init)
    except BlockedByCORS as error:
        is_right = isinstance(expected, Blocked) and error.reason in expected.reasons
        return None if is_right else f"was blocked ({error.reason}):\n{error}"
    except NetworkError as error:
        return f"got a network error:\n{error}"
    if isinstance(expected, Blocked):
        return f"could read the response to {step.init.get('method', 'GET')} {url}."
    got = Reads(
        response.status,
        None if expected.text is None else response.text(),
        {name: response.headers.get(name) for name in expected.fields},
    )
    return None if got == expected else f"got {got}, not {expected}."


# The application behind all servers.


class Crash(Exception):  # noqa: N818 (no error of ours)
    """The application's own, which it does not handle."""


@dataclass(frozen=True)
class Answer:
    status: int = 200
    parts: tuple[bytes, ...] = (b"",)
    own: tuple[tuple[str, str], ...] = ()

    @property
    def fields(self) -> list[tuple[str, str]]:
        return [("Content-Type", "text/plain"), ("X-Request-Id", "42"), ("X-Secret", "1"), *self.own]


@dataclass(frozen=True)
class Asked:
    """What the application reads of a request."""

    method: str
    path: str
    query: str
    header: Callable[[str], str | None]
    body: bytes = b""


_COOKIES = tuple(
    ("Set-Cookie", f"{each}; Path=/; Secure; SameSite=None") for each in ("session=1", "theme=dark")
)
_PRIVATE = ("Cache-Control", "no-store")
_FIXED = {
    "/cookies": Answer(own=_COOKIES),
    "/stream": Answer(parts=(b"one", b"two", b"three")),
    "/unmodified": Answer(304),
    "/error": Answer(500, (b"error",)),
    "/leftover": Answer(
        own=(("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "false"))
    ),
}


@dataclass(frozen=True)
class Application:
    """A WSGI application that knows nothing of CORS, and tells at ``/seen`` what it has been asked for.

    Frameworks call `answer`, and handle what it raises.
    """

    handles_errors: bool = True
    _seen: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))

    def answer(self, asked: Asked) -> Answer:
        seen = self._seen[asked.query]
        if asked.path == "/seen":
            return Answer(parts=("\n".join(seen).encode(),), own=(_PRIVATE,))
        seen.append(f"{asked.method} {asked.path}")
        if asked.path == "/crash":
            raise Crash
        return _FIXED.get(asked.path) or self._computed(asked, len(seen))

    def _computed(self, asked: Asked, count: int) -> Answer:
        match asked.path:
            case "/plain":
                return Answer(parts=(asked.body or b"plain",))
            case "/whoami":
                return Answer(parts=((asked.header("Cookie") or "").encode(),), own=(_PRIVATE,))
            case "/private":
                return Answer(200 if asked.header("Authorization") else 401)
            case "/language":
                language = (asked.header("Accept-Language") or "").encode()
                return Answer(parts=(language,), own=(("Vary", "Accept-Language"),))
            case "/asked":
                return Answer(parts=(str(count).encode(),))
            case "/counted":
                return Answer(parts=(str(count).encode(),), own=(("Vary", "*"),))
            case "/moved":
                return Answer(308, own=(("Location", f"/plain?{asked.query}"),))
            case _:
                return Answer(404)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}"),
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        )
        answer = self._answer(asked)
        start_response(f"{answer.status} Status", answer.fields)
        return [] if asked.method == "HEAD" or answer.status in {204, 304} else [*answer.parts]

    def _answer(self, asked: Asked) -> Answer:
        try:
            return self.answer(asked)
        except Crash:
            if not self.handles_errors:
                raise
            return Answer(500)

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same as an ASGI application."""
        fields = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = (await receive()).get("body", b"")
        query = scope["query_string"].decode()
        answer = self._answer(
            Asked(scope["method"], scope["path"], query, lambda name: fields.get(name.lower()), body)
        )
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.fields]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        for part in answer.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})


# The same as applications of frameworks.

_METHODS_OF_VIEWS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]


def starlette_app() -> Starlette:
    application = Application()

    async def view(request: Request) -> Response:
        get, body = request.headers.get, await request.body()
        answer = application.answer(Asked(request.method, request.url.path, request.url.query, get, body))
        response = StreamingResponse(iter(answer.parts), answer.status)
        del response.headers["content-type"]
        for name, value in answer.fields:
            response.headers.append(name, value)
        return response

    return Starlette(routes=[Route("/{path:path}", view, methods=[*_METHODS_OF_VIEWS, "OPTIONS"])])


def flask_app(*, with_options: bool = True) -> flask.Flask:
    """Without OPTIONS of their own, Flask answers OPTIONS for its views."""
    app, application = flask.Flask(__name__), Application()
    methods = [*_METHODS_OF_VIEWS, *(["OPTIONS"] if with_options else [])]

    @app.route("/<path:_>", methods=methods)
    def view(_: str) -> flask.Response:
        request = flask.request
        query, get = request.query_string.decode(), request.headers.get
        answer = application.answer(Asked(request.method, request.path, query, get, request.get_data()))
        return flask.Response(iter(answer.parts), answer.status, answer.fields)

    return app


class _Urls:
    """What a URLconf module is to Django."""

    def __init__(self, view: Callable[..., Any]) -> None:
        self.urlpatterns = [re_path("", view)]


@contextmanager
def django_app(**settings: Any) -> Iterator[WSGIApplication]:
    with _django_settings(_django_view(Application()), settings):
        yield WSGIHandler()


@contextmanager
def async_django_app(**settings: Any) -> Iterator[ASGIApp]:
    view = _django_view(Application())

    async def async_view(request: HttpRequest) -> HttpResponseBase:
        return view(request)

    with _django_settings(async_view, settings):
        yield cast("ASGIApp", ASGIHandler())


def _django_settings(view: Callable[..., Any], settings: Mapping[str, Any]) -> override_settings:
    return override_settings(**{"DEBUG": False, "ROOT_URLCONF": _Urls(view), **settings})


async def _awaited(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _django_view(application: Application) -> Callable[[HttpRequest], HttpResponseBase]:
    def view(request: HttpRequest) -> HttpResponseBase:
        query, get = request.META["QUERY_STRING"], request.headers.get
        answer = application.answer(Asked(request.method or "", request.path, query, get, request.body))
        is_async = isinstance(request, ASGIRequest)
        parts = _awaited(answer.parts) if is_async else iter(answer.parts)
        response = StreamingHttpResponse(parts, status=answer.status)
        for name, value in answer.fields:
            if name == "Set-Cookie":
                response.cookies.load(value)
            else:
                response.headers[name] = value
        return response

    return view
