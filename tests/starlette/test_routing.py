"""Which policy covers a request: of the endpoint, of the mounted application, or of the application."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router

from crosscors import CORSPolicy, Resources
from crosscors.asgi import ASGIApp, CORSMiddleware, Receive, Scope, Send
from crosscors.starlette import CORS, cross_origin
from tests.clients import ask_asgi, attempt_asgi, preflight
from tests.starlette.apps import (
    ALLOWED,
    EVIL,
    FROM_OUTER,
    INNER,
    OUTER,
    Opaque,
    covered,
    fail,
    fresh,
    hello,
    kinds,
    own,
    policies,
)
from tests.tables import each, table

PAGES: list[BaseRoute] = [Route("/own", own), Route("/other", hello)]
BY_PATH: list[BaseRoute] = [
    Route("/hello", hello),
    Route("/slash/", hello),
    Route("/fail", fail),
    Route("/post", hello, methods=["POST"]),
]
PUBLIC = CORSPolicy(allow_origins="*")
OF_INNER = CORSPolicy(allow_origins=[INNER])
OF_OUTER = CORSPolicy(allow_origins=[OUTER])


# Which endpoint it is.


def public() -> Any:
    return cross_origin(allow_origins="*", allow_methods="*")(fresh())


@table(
    "method, expected",
    ("of the first", "GET", "inner"),
    ("of the first, whose GET answers HEAD", "HEAD", "inner"),
    ("of the second", "PUT", "public"),
    ("of the third, which has none of its own", "DELETE", "outer"),
    ("of the first, which answers that the method is not allowed", "POST", "inner"),
    ("of the first, for methods are case-sensitive", "get", "inner"),
)
def test_of_several_routes_with_one_path_the_one_for_the_method_counts(method: str, expected: str) -> None:
    app = covered(
        Route("/both", own, methods=["GET"]),
        Route("/both", public(), methods=["PUT"]),
        Route("/both", hello, methods=["DELETE"]),
    )
    assert policies.of(app, "/both", method) == expected


def test_path_operations_of_one_path_have_their_own_policies() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.get("/both")(own)
    app.put("/both")(hello)
    # FastAPI's GET does not answer HEAD, so it is the first route that says so.
    methods = ("GET", "PUT", "HEAD")
    assert [policies.of(app, "/both", method) for method in methods] == ["inner", "outer", "inner"]


def test_options_that_is_not_a_preflight_has_the_policy_of_what_answers_it() -> None:
    app = covered(Route("/both", own), Route("/both", hello, methods=["OPTIONS"]))
    assert policies.of_actual(app, "/both", "OPTIONS") == "outer"
    assert policies.of(app, "/both", "GET") == "inner"


@table(
    "routes, expected",
    ("parameters first", [Route("/x/{name}", hello), Route("/x/own", own)], "outer"),
    ("parameters last", [Route("/x/own", own), Route("/x/{name}", hello)], "inner"),
    ("everything first", [Route("/{path:path}", hello), Route("/x/own", own)], "outer"),
    ("everything last", [Route("/x/own", own), Route("/{path:path}", hello)], "inner"),
    ("everything its own", [Route("/{path:path}", own), Route("/x/own", hello)], "inner"),
    ("behind a mount", [Mount("/x", routes=[]), Route("/x/own", own)], "outer"),
    ("before a mount", [Route("/x/own", own), Mount("/x", routes=[])], "inner"),
    ("below a mount without path", [Mount("", routes=[Route("/x/own", own)])], "inner"),
    ("below a mount with a parameter", [Mount("/{a}", routes=[Route("/{b}", own)])], "inner"),
    ("a parameter's type", [Route("/x/{n:int}", hello), Route("/x/{s}", own)], "inner"),
)
def test_the_order_of_routes_decides(routes: list[BaseRoute], expected: str) -> None:
    assert policies.of(covered(*routes), "/x/own") == expected


def test_a_catch_all_for_every_method_comes_before_a_method_that_is_not_allowed() -> None:
    catch_all = Mount("/", app=Starlette(routes=[Route("/own", hello, methods=["PUT"])]))
    app = covered(Route("/own", own), catch_all)
    assert ask_asgi(app, "PUT", "/own").status == 200
    assert [policies.of(app, "/own", method) for method in ("PUT", "GET")] == ["outer", "inner"]


@each("path", "/own/", "/slash", "/own//", "/mount/own/", "/mount/slash")
@kinds
def test_the_redirect_for_a_slash_has_the_policy_of_where_it_leads(kind: type[Starlette], path: str) -> None:
    routes = [Route("/own", own), Route("/slash/", own)]
    app = covered(*routes, Mount("/mount", routes=routes), kind=kind)
    assert ask_asgi(app, path=path).status == 307
    assert policies.of(app, path) == "inner"


def test_where_slashes_are_not_redirected_there_is_no_endpoint() -> None:
    app = covered(Route("/own", own))
    app.router.redirect_slashes = False
    assert ask_asgi(app, path="/own/").status == 404
    assert policies.of(app, "/own/") == "outer"


@each("path", "/", "/inner/", "")
def test_the_root_is_not_a_redirect(path: str) -> None:
    app = covered(Route("/own", own), Mount("/inner", routes=[Route("/own", own)]))
    assert policies.of(app, path) == "outer"


@table(
    "path, root_path",
    ("none", "/own", ""),
    ("that the path repeats", "/app/own", "/app"),
    ("that the path lacks", "/own", "/app"),
    ("around a mount", "/app/m/own", "/app"),
    ("none around a mount", "/m/own", ""),
)
def test_root_paths_are_not_part_of_the_route(path: str, root_path: str) -> None:
    app = covered(Route("/own", own), Mount("/m", routes=[Route("/own", own)]))
    answer = ask_asgi(app, path=path, headers=[("Origin", INNER)], root_path=root_path)
    assert (answer.body, answer.allowed) == (b"own", INNER)


def test_endpoints_below_hosts_and_mounts_have_their_policies() -> None:
    app = covered(
        Host("api.example", app=Router(PAGES)),
        Mount("/mount", app=Starlette(routes=PAGES)),
        Mount("/fastapi", app=FastAPI(routes=PAGES)),
        Mount("/deep", routes=[Mount("/deeper", routes=PAGES)]),
        Mount("/wrapped", app=GZipMiddleware(GZipMiddleware(Starlette(routes=PAGES)))),
        Mount("/middleware", app=Starlette(routes=PAGES), middleware=[Middleware(GZipMiddleware)]),
        Route("/with-middleware", own, middleware=[Middleware(GZipMiddleware)]),
        Mount("/plain", app=PlainTextResponse("other")),
    )
    at_host = [("Host", "api.example")]
    assert [policies.of(app, path, headers=at_host) for path in ("/own", "/other")] == ["inner", "outer"]
    for prefix in ("/mount", "/fastapi", "/deep/deeper", "/wrapped", "/middleware"):
        assert [policies.of(app, prefix + path) for path in ("/own", "/other")] == ["inner", "outer"]
    assert [policies.of(app, path) for path in ("/with-middleware", "/plain/any")] == ["inner", "outer"]


def test_routers_hand_the_policies_on_whatever_comes_first() -> None:
    router, nested = APIRouter(prefix="/router"), APIRouter(prefix="/nested")
    router.get("/own")(own)
    nested.get("/own")(own)
    nested.get("/other")(hello)
    router.include_router(nested)
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.include_router(router)
    app.include_router(router, prefix="/v2")
    router.get("/late")(own)  # which some releases take up
    for prefix in ("", "/v2"):
        late = "inner" if ask_asgi(app, path=f"{prefix}/router/late").status == 200 else "outer"
        expected = {"/own": "inner", "/nested/own": "inner", "/nested/other": "outer", "/late": late}
        for path, policy in expected.items():
            assert policies.of(app, f"{prefix}/router{path}") == policy
        assert policies.of(app, f"{prefix}/nested/own") == "outer"


def test_routers_of_fastapi_may_hold_mounts_and_plain_routes() -> None:
    router = APIRouter()
    router.routes.append(Route("/plain", own))
    router.routes.append(Mount("/mount", routes=PAGES))
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.include_router(router)
    assert policies.of(app, "/plain") == "inner"
    if ask_asgi(app, path="/mount/own").status == 200:  # not all releases include mounts
        assert [policies.of(app, path) for path in ("/mount/own", "/mount/other")] == ["inner", "outer"]


class Versioned(APIRoute):
    """A route that is chosen by a header, as APIs with versions have it."""

    def matches(self, scope: Any) -> Any:
        match, child_scope = super().matches(scope)
        asked = dict(scope["headers"]).get(b"x-version", b"1").decode()
        return (match, child_scope) if self.name == f"v{asked}" else (Match.NONE, {})


@each("is_included", True, False)
def test_routes_that_are_chosen_by_more_than_the_path_have_their_policies(is_included: bool) -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.router.route_class = Versioned
    router = APIRouter(route_class=Versioned) if is_included else app.router
    router.get("/api", name="v1")(hello)
    router.get("/api", name="v2")(own)
    if is_included:
        app.include_router(router)
    second = [("X-Version", "2")]
    assert ask_asgi(app, path="/api", headers=second).body == b"own"
    assert policies.of_actual(app, "/api", headers=second) == "inner"
    assert policies.of_actual(app, "/api") == "outer"


@table(
    "wrap",
    ("a wrapped application", lambda routes: GZipMiddleware(Starlette(routes=routes))),
    ("a wrapped application of FastAPI", lambda routes: GZipMiddleware(FastAPI(routes=routes))),
    ("a router", Router),
)
def test_endpoints_have_their_policies_where_cors_wraps(wrap: Callable[[Any], ASGIApp]) -> None:
    app = CORS(wrap(PAGES), allow_origins=[OUTER])
    assert [policies.of(app, path) for path in ("/own", "/other")] == ["inner", "outer"]


# What is answered in place of an endpoint.


def test_every_answer_in_place_of_the_endpoint_has_its_policy() -> None:
    async def user(request: Request) -> None:
        if "authorization" not in request.headers:
            raise HTTPException(401)

    app = CORS(FastAPI(), allow_origins=[OUTER])
    router = APIRouter(dependencies=[Depends(user)])

    @router.get("/items/{number}")
    @cross_origin(allow_origins=[INNER])
    async def read(number: int) -> float:
        return 1 / number

    app.include_router(router)
    signed_in = [("Authorization", "x")]
    rows: list[tuple[str, list[tuple[str, str]], int]] = [
        ("/items/1", [], 401),
        ("/items/x", signed_in, 422),
        ("/items/0", signed_in, 500),
        ("/items/1", signed_in, 200),
    ]
    for path, headers, status in rows:
        answer = attempt_asgi(app, path=path, headers=headers).answer
        assert answer is not None
        assert (answer.status, policies.of(app, path, headers=headers)) == (status, "inner")
    assert (ask_asgi(app, "POST", "/items/1").status, policies.of(app, "/items/1", "POST")) == (405, "inner")


class Picky(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        raise LookupError(value)

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("picky", Picky())


@table("path", ("a long number", "/n/" + "9" * 5000), ("a convertor", "/p/unknown"))
def test_a_path_that_no_route_can_read_is_a_server_error_with_its_page(path: str) -> None:
    async def page(request: Request, error: Exception) -> Response:
        return PlainTextResponse("Sorry", status_code=500)

    app = covered(Route("/n/{n:int}", own), Route("/p/{p:picky}", own))
    app.add_exception_handler(500, page)
    attempt = attempt_asgi(app, path=path, headers=FROM_OUTER)
    assert isinstance(attempt.error, (ValueError, LookupError))
    assert attempt.answer is not None
    assert (attempt.answer.status, attempt.answer.body, attempt.answer.allowed) == (500, b"Sorry", OUTER)
    assert ask_asgi(app, "OPTIONS", path, preflight(OUTER)).status == 200


# What middleware makes of a request.


class Rewriting:
    """Middleware that makes another request of the one that came in."""

    def __init__(self, app: ASGIApp, is_copying: bool) -> None:
        self.app = app
        self.is_copying = is_copying

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.is_copying:
            scope = dict(scope)
        scope["path"] = scope["path"].removeprefix("/v1")
        scope["method"] = dict(scope["headers"]).get(b"x-method", scope["method"].encode()).decode()
        await self.app(scope, receive, send)


@kinds
@each("is_copying", True, False)
@each("is_outermost", True, False)
def test_the_endpoint_that_is_called_counts_whatever_middleware_does(
    kind: type[Starlette], is_copying: bool, is_outermost: bool
) -> None:
    async def own_path(request: Request) -> Response:
        return PlainTextResponse("asking")

    asking = cross_origin(allow_origin_func=lambda request: request.origin == INNER)(own_path)
    app = kind(
        routes=[
            Route("/own", own, methods=["GET"]),
            Route("/own", hello, methods=["POST"]),
            Route("/asking", asking),
        ]
    )
    app.add_middleware(Rewriting, is_copying=is_copying)
    if is_outermost:
        CORS(app, allow_origins=[OUTER])
    else:
        app.add_middleware(CORS, allow_origins=[OUTER])
    assert policies.of_actual(app, "/v1/own") == policies.of_actual(app, "/own") == "inner"
    assert policies.of_actual(app, "/own", "POST", [("X-Method", "GET")]) == "inner"
    assert policies.of_actual(app, "/own", "GET", [("X-Method", "POST")]) == "outer"
    assert policies.of_actual(app, "/v1/missing") == "outer"
    assert policies.of_actual(app, "/v1/asking") == "inner"


# Policies together.


def test_an_endpoint_replaces_the_policy_of_its_path() -> None:
    resources = Resources({"/public/*": PUBLIC, "/closed": None, "/api/*": OF_OUTER})
    routes = [Route(path, own) for path in ("/own", "/closed", "/public/own")]
    app = CORS(Starlette(routes=[*routes, Route("/other", hello), Route("/api/x", hello)]), policy=resources)
    paths = ("/own", "/closed", "/public/own", "/other", "/api/x", "/public/missing")
    assert [policies.of(app, path) for path in paths] == ["inner"] * 3 + ["none", "outer", "public"]


def test_one_endpoint_in_two_applications_has_one_policy() -> None:
    first, second = covered(Route("/own", own)), covered(Route("/own", own), allow_origins="*")
    assert policies.of(first, "/own") == policies.of(second, "/own") == "inner"
    assert policies.of(Starlette(routes=[Route("/own", own)]), "/own") == "none"


# Mounted applications with a policy of their own.


def mounting(app: ASGIApp, **options: Any) -> Starlette:
    options.setdefault("allow_origins", [OUTER])
    around = Starlette(routes=[Mount("/inner", app=app), Route("/outer", hello)])
    CORS(around, **options)
    return around


@each("path", "/inner/hello", "/inner/missing", "/inner/fail", "/inner/slash", "/inner/post", "/inner")
@kinds
def test_a_mounted_application_answers_for_itself(kind: type[Starlette], path: str) -> None:
    assert policies.of(mounting(kind(routes=BY_PATH)), path) == "outer"
    if path != "/inner":  # which the outer application redirects
        assert policies.of(mounting(CORS(kind(routes=BY_PATH), allow_origins=[INNER])), path) == "inner"
        closed = mounting(CORS(kind(routes=BY_PATH)), allow_origins="*")
        assert [policies.of(closed, each) for each in (path, "/outer")] == ["closed", "public"]


def test_a_policy_two_mounts_below_replaces_both_others() -> None:
    lowest = CORS(Starlette(routes=[*BY_PATH, Route("/own", own)]), allow_origins=[INNER])
    middle = Starlette(routes=[Mount("/lowest", app=lowest), Route("/hello", hello)])
    app = mounting(middle)
    paths = ("/inner/lowest/fail", "/inner/hello")
    assert [policies.of(app, path) for path in paths] == ["inner", "outer"]
    CORS(middle, allow_origins="*")
    assert [policies.of(mounting(middle), path) for path in paths] == ["inner", "public"]


def _middleware(middleware: Any = CORSMiddleware) -> list[Middleware]:
    return [Middleware(GZipMiddleware), Middleware(middleware, allow_origins=[INNER])]


@table(
    "mount",
    ("the application wrapped", lambda app: Mount("/inner", app=CORSMiddleware(app, policy=OF_INNER))),
    (
        "that, in other middleware",
        lambda app: Mount("/inner", app=GZipMiddleware(CORSMiddleware(app, policy=OF_INNER))),
    ),
    ("a policy of its own", lambda app: Mount("/inner", app=CORS(app, policy=OF_INNER))),
    (
        "that, in other middleware of the mount",
        lambda app: Mount("/inner", app=GZipMiddleware(CORS(app, policy=OF_INNER))),
    ),
    ("middleware of the mount", lambda app: Mount("/inner", app=app, middleware=_middleware())),
    ("middleware of its routes", lambda _: Mount("/inner", routes=BY_PATH, middleware=_middleware())),
    ("middleware within", lambda _: Mount("/inner", app=Starlette(routes=BY_PATH, middleware=_middleware()))),
    (
        "CORS as middleware",
        lambda _: Mount("/inner", app=Starlette(routes=BY_PATH, middleware=_middleware(CORS))),
    ),
    ("middleware of the router", lambda _: Mount("/inner", app=Router(BY_PATH, middleware=_middleware()))),
)
def test_a_policy_in_middleware_below_a_mount_replaces_the_outer_one(
    mount: Callable[[Any], Mount], caplog: pytest.LogCaptureFixture
) -> None:
    app = covered(mount(Starlette(routes=BY_PATH)))
    for path, status in (("/inner/hello", 200), ("/inner/missing", 404), ("/inner/post", 405)):
        assert (ask_asgi(app, path=path).status, policies.of(app, path)) == (status, "inner")
    assert not caplog.records


@each("outer", [OUTER], "*")
def test_the_middleware_of_a_route_replaces_the_policy_of_the_application(outer: Any) -> None:
    app = covered(Route("/own", hello, middleware=_middleware()), allow_origins=outer)
    assert policies.of(app, "/own") == "inner"


@each("outer", CORS, CORSMiddleware)
def test_an_inner_policy_replaces_the_outer_one_wherever_it_is(outer: Any) -> None:
    inner = CORS(Starlette(routes=PAGES), allow_origins=[INNER])
    app = outer(Starlette(routes=[Mount("/in", app=Opaque(inner)), *PAGES]), allow_origins="*")
    assert [policies.of_actual(app, path) for path in ("/in/other", "/other")] == ["inner", "public"]


class OneMoreLayer:
    """Middleware that leads to itself, as proxies do, and says so before a test would hang."""

    asked = 0

    @property
    def app(self) -> OneMoreLayer:
        self.asked += 1
        assert self.asked < 1000, "the search for a policy does not end"
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("Hello")(scope, receive, send)


@kinds
def test_an_application_that_leads_to_itself_holds_nothing_up(kind: type[Starlette]) -> None:
    assert policies.of(mounting(OneMoreLayer()), "/inner/any") == "outer"
    app = kind(routes=PAGES)
    app.mount("/v1", app)
    CORS(app, allow_origins=[OUTER])
    assert [policies.of(app, path) for path in ("/own", "/other")] == ["inner", "outer"]
    assert ask_asgi(app, path="/v1/other", headers=FROM_OUTER).cors() == ALLOWED


@kinds
def test_hosts_have_their_own_policies_and_one_application_may_be_in_two_places(
    kind: type[Starlette],
) -> None:
    inner = CORS(kind(routes=BY_PATH), allow_origins=[INNER])
    app = covered(
        Host("api.example", app=inner),
        Host("www.example", app=kind(routes=BY_PATH)),
        Mount("/a", app=inner),
        *BY_PATH,
    )
    for host, path, expected in (
        ("api.example", "/hello", "inner"),
        ("api.example:8000", "/fail", "inner"),
        ("www.example", "/hello", "outer"),
        ("localhost", "/hello", "outer"),
        ("localhost", "/a/fail", "inner"),
    ):
        assert policies.of(app, path, headers=[("Host", host)]) == expected
    assert policies.of(app, "/hello") == "outer"
    assert policies.of(inner, "/hello") == "inner"


# Paths, and root paths.


def test_resources_see_whole_paths_around_mounts_and_own_paths_within() -> None:
    """Starlette's mounts write their path into the root_path of the scope that we have given on."""
    around = Resources({"/outer/*": OF_OUTER, "/hello": PUBLIC, "/outer/deep/inner/*": OF_INNER})
    deep = Mount("/deep", routes=[Mount("/inner", routes=BY_PATH), *BY_PATH])
    inside = Starlette(routes=[Mount("/outer", routes=[deep, *BY_PATH])])
    for app in (CORSMiddleware(inside, policy=around), CORS(inside, policy=around)):
        paths = ("/outer/hello", "/outer/deep/hello", "/outer/deep/inner/hello")
        assert [policies.of(app, path) for path in paths] == ["outer", "outer", "inner"]
    within = Resources({"/hello": OF_INNER, "/*": PUBLIC})
    app = mounting(CORS(Starlette(routes=BY_PATH), policy=within))
    assert policies.of(app, "/inner/hello") == "inner"
    wrapped = CORSMiddleware(Starlette(routes=[Mount("/deep", routes=BY_PATH)]), policy=within)
    assert policies.of(Starlette(routes=[Mount("/outer", app=wrapped)]), "/outer/hello") == "inner"


def fastapi_at_root(**options: Any) -> FastAPI:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer releases call it deprecated
        return FastAPI(root_path="/root", routes=[*BY_PATH, Mount("/sub", routes=BY_PATH)], **options)


AT_ROOT = Resources(
    {
        "/*": CORSPolicy(allow_origins="*", allow_methods=["GET", "PUT"]),
        "/hello": CORSPolicy(allow_origins=[INNER], allow_credentials=True, allow_methods=["GET", "PUT"]),
        "/sub/*": CORSPolicy(allow_origins=[OUTER], allow_methods=["GET", "PUT"]),
        "/sub/none": None,
    }
)


@table(
    "wrap",
    ("wrapped", lambda app: CORSMiddleware(app, policy=AT_ROOT)),
    ("wrapped twice", lambda app: CORSMiddleware(GZipMiddleware(app), policy=AT_ROOT)),
    ("wrapped by Starlette's adapter", lambda app: CORS(GZipMiddleware(app), policy=AT_ROOT)),
    ("within", lambda app: CORS(app, policy=AT_ROOT)),
)
@each("root", "", "/root")
def test_resources_match_below_the_root_path_of_fastapi(
    wrap: Callable[[ASGIApp], ASGIApp], root: str
) -> None:
    app = wrap(fastapi_at_root())
    expected = {"/hello": "inner", "/sub/hello": "outer", "/sub/none": "none", "/missing": "public"}
    for path, policy in expected.items():
        assert policies.of_actual(app, root + path) == policy
        if path != "/sub/none":  # for which the application answers
            assert policies.of(app, root + path) == policy


def test_what_answers_before_fastapi_knows_its_root_path_too(caplog: pytest.LogCaptureFixture) -> None:
    async def early(request: Request, call_next: object) -> Response:
        return Response("early")

    app = CORSMiddleware(BaseHTTPMiddleware(fastapi_at_root(), dispatch=early), policy=AT_ROOT)
    assert policies.of(app, "/root/hello") == "inner"
    assert caplog.messages == []


def test_a_root_path_that_comes_to_light_when_the_application_answers_counts(
    caplog: pytest.LogCaptureFixture, approved: Callable[[str, str], None]
) -> None:
    app = CORSMiddleware(Opaque(fastapi_at_root()), policy=AT_ROOT)
    for _ in range(2):
        assert policies.of_actual(app, "/root/hello") == "inner"
        answer = ask_asgi(app, path="/root/hello", headers=[("Origin", INNER)])
        assert answer.values("access-control-allow-credentials") == ["true"]
    assert ask_asgi(app, path="/root/hello", headers=[("Origin", EVIL)]).cors() == {"vary": "Origin"}
    assert policies.of_actual(app, "/root/sub/hello") == "outer"
    assert policies.of_actual(app, "/root/sub/none") == policies.of_actual(app, "/root//hello") == "none"
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    approved("log_root_path_comes_to_light", warning.getMessage())
