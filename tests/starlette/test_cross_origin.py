"""``@cross_origin(...)``: endpoints of Starlette and FastAPI with a policy of their own."""

from __future__ import annotations

import functools
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router

import crosscors.flask
from crosscors import CORSPolicy, PolicyError, Resources
from crosscors.asgi import ASGIApp, CORSMiddleware
from crosscors.starlette import CORS, cross_origin
from tests.starlette.apps import (
    INNER,
    OUTER,
    ask,
    ask_failing,
    hello,
    policies_of,
    policy_of,
    policy_of_preflight,
    preflight,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = pytest.mark.parametrize("kind", [Starlette, FastAPI])

own_policy = cross_origin(allow_origins=[INNER])


@own_policy
async def own(request: Request) -> Response:
    return PlainTextResponse("own")


@own_policy
def own_sync(request: Request) -> Response:
    return PlainTextResponse("own")


@own_policy
async def own_failing(request: Request) -> Response:
    raise LookupError("in the endpoint")


async def greet(name: str, request: Request) -> Response:
    return PlainTextResponse(name)


@own_policy
class Items(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("get")

    async def put(self, request: Request) -> Response:
        return PlainTextResponse("put")


class Mixed(HTTPEndpoint):
    @own_policy
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("get")

    async def put(self, request: Request) -> Response:
        return PlainTextResponse("put")


class Service:
    @own_policy
    async def read(self, request: Request) -> Response:
        return PlainTextResponse("read")

    async def write(self, request: Request) -> Response:
        return PlainTextResponse("written")

    @staticmethod
    @own_policy
    async def read_static(request: Request) -> Response:
        return PlainTextResponse("read")


@own_policy
class Greeter:
    async def __call__(self, request: Request) -> str:
        return "called"


def covered(*routes: BaseRoute, **options: Any) -> Starlette:
    options.setdefault("allow_origins", [OUTER])
    app = Starlette(routes=[*routes, Route("/other", hello)])
    CORS(app, **options)
    return app


# What can be decorated.


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(own, id="an async function"),
        pytest.param(own_sync, id="a function"),
        pytest.param(functools.partial(own), id="a partial of a decorated function"),
        pytest.param(functools.partial(functools.partial(own)), id="a partial of a partial"),
        pytest.param(own_policy(functools.partial(greet, "own")), id="a decorated partial"),
        pytest.param(Items, id="a class"),
        pytest.param(Service().read, id="a bound method"),
        pytest.param(Service.read_static, id="a static method"),
        pytest.param(own_failing, id="a function that fails"),
    ],
)
def test_the_policy_of_an_endpoint_replaces_that_of_the_application(endpoint: Any) -> None:
    app = covered(Route("/own", endpoint))
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/other") == ("outer", "outer")
    assert policies_of(app, "/missing") == ("outer", "outer")


@pytest.mark.parametrize("endpoint", [own, own_sync, Greeter()], ids=["async", "sync", "a callable object"])
def test_path_operations_have_policies_of_their_own(endpoint: Any) -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.get("/own")(endpoint)
    app.get("/other")(hello)
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/docs") == ("outer", "outer")


def test_a_method_that_is_called_for_an_object_can_be_decorated() -> None:
    class Called:
        @own_policy
        def __call__(self) -> str:
            return "called"

    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.get("/own")(Called())
    assert ask(app, path="/own").body == b'"called"'
    assert policies_of(app, "/own") == ("inner", "inner")


def test_every_request_of_a_decorated_class_has_its_policy() -> None:
    app = covered(Route("/own", Items))
    assert [policies_of(app, "/own", method) for method in ("GET", "HEAD", "PUT", "DELETE")] == [
        ("inner", "inner")
    ] * 4
    assert ask(app, "PUT", "/own").body == b"put"


def test_a_single_method_of_a_class_has_its_policy() -> None:
    app = covered(Route("/own", Mixed))
    assert policies_of(app, "/own", "GET") == policies_of(app, "/own", "HEAD") == ("inner", "inner")
    assert policies_of(app, "/own", "PUT") == policies_of(app, "/own", "DELETE") == ("outer", "outer")


def test_a_method_of_a_decorated_class_may_have_another_policy() -> None:
    @cross_origin(allow_origins="*")
    class Both(HTTPEndpoint):
        @own_policy
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("get")

        async def put(self, request: Request) -> Response:
            return PlainTextResponse("put")

    app = covered(Route("/own", Both))
    assert policies_of(app, "/own", "GET") == ("inner", "inner")
    assert policies_of(app, "/own", "PUT") == ("public", "public")


def test_a_subclass_has_the_policy_of_what_it_does_not_override() -> None:
    class Inheriting(Mixed):
        pass

    class Overriding(Mixed):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("overridden")

    class Below(Items):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("below")

    routes = [Route("/inheriting", Inheriting), Route("/overriding", Overriding), Route("/below", Below)]
    app = covered(*routes)
    assert policies_of(app, "/inheriting") == ("inner", "inner")
    assert policies_of(app, "/overriding") == ("outer", "outer")
    assert policies_of(app, "/below") == ("inner", "inner")


class Base(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("base")


@own_policy
class Derived(Base):
    async def get(self, request: Request) -> Response:
        # Written out, as classes do that are older than super() without arguments.
        answer = await super(Derived, self).get(request)  # noqa: UP008
        answer.headers["X-Own"] = "1"
        return answer


def test_a_decorated_class_still_finds_the_class_above_it() -> None:
    answer = ask(covered(Route("/own", Derived)), path="/own", headers=[("Origin", INNER)])
    assert (answer.body, answer.values("x-own")) == (b"base", ["1"])
    assert answer.values("access-control-allow-origin") == [INNER]


def test_a_class_is_registered_once() -> None:
    registered: list[str] = []

    class Registered(HTTPEndpoint):
        def __init_subclass__(cls) -> None:
            registered.append(cls.__name__)

    @own_policy
    class Endpoint(Registered):
        pass

    assert Endpoint.__name__ == "Endpoint"
    assert registered == ["Endpoint"]


@pytest.mark.parametrize("actions", [["list", "create"], "list", {"get": None}, {"list": 1}], ids=repr)
def test_an_endpoint_may_have_an_attribute_of_any_name(actions: object) -> None:
    endpoint = type("Endpoint", (Mixed,), {"actions": actions, "cls": 1, "view_class": "x"})
    assert policies_of(covered(Route("/own", endpoint)), "/own") == ("inner", "inner")


def test_static_methods_are_decorated_below() -> None:
    assert policies_of(covered(Route("/own", Service.read_static)), "/own") == ("inner", "inner")


def test_above_a_static_method_the_decorator_works_or_says_that_it_does_not() -> None:
    async def read(request: Request) -> Response:
        return PlainTextResponse("read")

    try:
        holder: Any = type("Holder", (), {"read": own_policy(staticmethod(read))})
    except PolicyError:
        return
    assert policies_of(covered(Route("/own", holder.read)), "/own") == ("inner", "inner")


# The order of decorators.


def logged(view: Any) -> Any:
    @functools.wraps(view)
    async def wrapper(*args: Any, **keywords: Any) -> Any:
        return await view(*args, **keywords)

    return wrapper


async def bare(request: Request) -> Response:
    return PlainTextResponse("bare")


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(lambda: logged(own_policy(bare)), id="below another"),
        pytest.param(lambda: own_policy(logged(bare)), id="above another"),
        pytest.param(lambda: logged(own_policy(logged(bare))), id="between two others"),
    ],
)
@KINDS
def test_other_decorators_may_stand_above_and_below(
    kind: type[Starlette], endpoint: Callable[[], Any]
) -> None:
    app = CORS(kind(routes=[Route("/own", endpoint())]), allow_origins=[OUTER])
    assert policies_of(app, "/own") == ("inner", "inner")


def test_a_decorated_path_operation_keeps_its_parameters() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])

    @app.get("/items/{number}")
    @own_policy
    async def read(number: int, *, size: int = 3) -> list[int]:
        """Read an item."""
        return [number, size]

    answer = ask(app, path="/items/7", headers=[("Origin", INNER)])
    assert (answer.body, answer.values("access-control-allow-origin")) == (b"[7,3]", [INNER])
    operation = app.openapi()["paths"]["/items/{number}"]["get"]
    assert operation["description"] == "Read an item."
    assert [parameter["name"] for parameter in operation["parameters"]] == ["number", "size"]
    assert operation["operationId"].startswith("read_")


def test_the_wrong_order_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])

    @own_policy
    @app.get("/own")
    async def read() -> int:
        return 1

    for _ in range(3):
        assert policies_of(app, "/own") == ("outer", "outer")
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "crosscors")
    assert "read' is routed without the policy that cross_origin gives to it" in record.getMessage()
    assert "@cross_origin(...) belongs below the decorator that routes" in record.getMessage()


def test_one_function_has_as_many_policies_as_uses(caplog: pytest.LogCaptureFixture) -> None:
    app = covered(Route("/inner", own_policy(bare)), Route("/public", cross_origin(allow_origins="*")(bare)))
    assert policies_of(app, "/inner") == ("inner", "inner")
    assert policies_of(app, "/public") == ("public", "public")
    assert not caplog.records


def test_what_is_decorated_keeps_its_own_uses(caplog: pytest.LogCaptureFixture) -> None:
    async def view(request: Request) -> Response:
        return PlainTextResponse("view")

    app = covered(Route("/own", own_policy(view)), Route("/plain", view))
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/plain") == ("outer", "outer")
    assert not caplog.records  # no decorator is in the wrong place


# Routers.


def test_routers_hand_the_policies_on_whatever_comes_first() -> None:
    router = APIRouter(prefix="/router")
    nested = APIRouter(prefix="/nested")
    router.get("/own")(own)
    nested.get("/own")(own)
    nested.get("/other")(hello)
    router.include_router(nested)
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.include_router(router)
    app.include_router(router, prefix="/v2")
    router.get("/late")(own)  # which some releases take up
    for prefix in ("", "/v2"):
        assert policies_of(app, f"{prefix}/router/own") == ("inner", "inner")
        assert policies_of(app, f"{prefix}/router/nested/own") == ("inner", "inner")
        assert policies_of(app, f"{prefix}/router/nested/other") == ("outer", "outer")
        assert policies_of(app, f"{prefix}/nested/own") == ("outer", "outer")
        late = ask(app, path=f"{prefix}/router/late").status == 200
        assert policies_of(app, f"{prefix}/router/late") == (("inner",) * 2 if late else ("outer",) * 2)


def test_routers_of_fastapi_may_hold_mounts_and_plain_routes() -> None:
    router = APIRouter()
    router.routes.append(Route("/plain", own))
    router.routes.append(Mount("/mount", routes=[Route("/own", own), Route("/other", hello)]))
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.include_router(router)
    assert policies_of(app, "/plain") == ("inner", "inner")
    if ask(app, path="/mount/own").status == 200:  # not all releases include mounts
        assert policies_of(app, "/mount/own") == ("inner", "inner")
        assert policies_of(app, "/mount/other") == ("outer", "outer")


def test_the_dependencies_of_a_router_are_answered_with_the_policy_of_the_endpoint() -> None:
    async def user() -> None:
        raise HTTPException(401)

    router = APIRouter(dependencies=[Depends(user)])
    router.get("/own")(own)
    router.get("/other")(hello)
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.include_router(router)
    assert ask(app, path="/own").status == 401
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/other") == ("outer", "outer")


class Versioned(APIRoute):
    """A route that is chosen by a header, as APIs with versions have it."""

    def matches(self, scope: Any) -> Any:
        match, child_scope = super().matches(scope)
        asked = dict(scope["headers"]).get(b"x-version", b"1").decode()
        return (match, child_scope) if self.name == f"v{asked}" else (Match.NONE, {})


def test_routes_that_are_chosen_by_more_than_the_path_have_their_policies() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.router.route_class = Versioned
    app.get("/api", name="v1")(hello)
    app.get("/api", name="v2")(own)
    assert policies_of(app, "/api") == ("outer", "outer")
    second = [("X-Version", "2")]
    assert ask(app, path="/api", headers=second).body == b"own"
    assert policy_of(app, "/api", headers=second) == "inner"


# Which endpoint it is.


def two_methods() -> Starlette:
    public = cross_origin(allow_origins="*", allow_methods="*")
    return covered(
        Route("/both", own, methods=["GET"]),
        Route("/both", public(bare), methods=["PUT"]),
        Route("/both", hello, methods=["DELETE"]),
    )


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        pytest.param("GET", "inner", id="of the first"),
        pytest.param("HEAD", "inner", id="of the first, whose GET answers HEAD"),
        pytest.param("PUT", "public", id="of the second"),
        pytest.param("DELETE", "outer", id="of the third, which has none of its own"),
        pytest.param("POST", "inner", id="of the first, which answers that the method is not allowed"),
        pytest.param("get", "inner", id="of the first, for methods are case-sensitive"),
    ],
)
def test_a_preflight_has_the_policy_that_the_requested_method_would_reach(method: str, expected: str) -> None:
    assert policies_of(two_methods(), "/both", method) == (expected, expected)


def test_options_that_is_no_preflight_has_the_policy_of_what_answers_it() -> None:
    app = covered(Route("/both", own), Route("/both", bare, methods=["OPTIONS"]))
    assert policy_of(app, "/both", "OPTIONS") == "outer"
    assert policy_of_preflight(app, "/both", "OPTIONS") == "outer"
    assert policy_of_preflight(app, "/both", "GET") == "inner"


def test_path_operations_of_one_path_have_their_own_policies() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.get("/both")(own)
    app.put("/both")(hello)
    assert policies_of(app, "/both", "GET") == ("inner", "inner")
    assert policies_of(app, "/both", "PUT") == ("outer", "outer")
    # FastAPI's GET does not answer HEAD, so it is the first route that says so.
    assert policies_of(app, "/both", "HEAD") == ("inner", "inner")


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        pytest.param([Route("/x/{name}", hello), Route("/x/own", own)], "outer", id="parameters first"),
        pytest.param([Route("/x/own", own), Route("/x/{name}", hello)], "inner", id="parameters last"),
        pytest.param([Route("/{path:path}", hello), Route("/x/own", own)], "outer", id="everything first"),
        pytest.param([Route("/x/own", own), Route("/{path:path}", hello)], "inner", id="everything last"),
        pytest.param([Route("/{path:path}", own), Route("/x/own", hello)], "inner", id="everything its own"),
        pytest.param([Mount("/x", routes=[]), Route("/x/own", own)], "outer", id="behind a mount"),
        pytest.param([Route("/x/own", own), Mount("/x", routes=[])], "inner", id="before a mount"),
        pytest.param([Mount("", routes=[Route("/x/own", own)])], "inner", id="below a mount without path"),
        pytest.param(
            [Mount("/{a}", routes=[Route("/{b}", own)])], "inner", id="below a mount with a parameter"
        ),
        pytest.param([Route("/x/{n:int}", hello), Route("/x/{s}", own)], "inner", id="a parameter's type"),
    ],
)
def test_the_order_of_routes_decides(routes: list[BaseRoute], expected: str) -> None:
    assert policies_of(covered(*routes), "/x/own") == (expected, expected)


def test_a_catch_all_for_every_method_comes_before_a_method_that_is_not_allowed() -> None:
    app = covered(
        Route("/own", own), Mount("/", app=Starlette(routes=[Route("/own", hello, methods=["PUT"])]))
    )
    assert ask(app, "PUT", "/own").status == 200
    assert policies_of(app, "/own", "PUT") == ("outer", "outer")
    assert policies_of(app, "/own", "GET") == ("inner", "inner")


@KINDS
@pytest.mark.parametrize(
    ("path", "status"),
    [("/own/", 307), ("/slash", 307), ("/own//", 307), ("/mount/own/", 307), ("/mount/slash", 307)],
)
def test_the_redirect_for_a_slash_has_the_policy_of_where_it_leads(
    kind: type[Starlette], path: str, status: int
) -> None:
    routes = [Route("/own", own), Route("/slash/", own)]
    app = CORS(kind(routes=[*routes, Mount("/mount", routes=routes)]), allow_origins=[OUTER])
    assert ask(app, path=path).status == status
    assert policies_of(app, path) == ("inner", "inner")


def test_where_slashes_are_not_redirected_there_is_no_endpoint() -> None:
    app = covered(Route("/own", own))
    app.router.redirect_slashes = False
    assert ask(app, path="/own/").status == 404
    assert policies_of(app, "/own/") == ("outer", "outer")


@pytest.mark.parametrize("path", ["/", "/inner/", ""])
def test_the_root_is_no_redirect(path: str) -> None:
    app = covered(Route("/own", own), Mount("/inner", routes=[Route("/own", own)]))
    assert policies_of(app, path) == ("outer", "outer")


@pytest.mark.parametrize(
    ("path", "root_path"),
    [("/own", ""), ("/app/own", "/app"), ("/own", "/app"), ("/app/m/own", "/app"), ("/m/own", "")],
)
def test_root_paths_are_no_part_of_the_route(path: str, root_path: str) -> None:
    app = covered(Route("/own", own), Mount("/m", routes=[Route("/own", own)]))
    answer, _ = ask_failing(app, path=path, headers=[("Origin", INNER)], root_path=root_path)
    assert answer is not None
    assert (answer.body, answer.values("access-control-allow-origin")) == (b"own", [INNER])


def test_endpoints_below_hosts_and_mounts_have_their_policies() -> None:
    routes: list[BaseRoute] = [Route("/own", own), Route("/other", hello)]
    app = covered(
        Host("api.example", app=Router(routes)),
        Mount("/mount", app=Starlette(routes=routes)),
        Mount("/fastapi", app=FastAPI(routes=routes)),
        Mount("/deep", routes=[Mount("/deeper", routes=routes)]),
    )
    at_host = [("Host", "api.example")]
    assert policies_of(app, "/own", headers=at_host) == ("inner", "inner")
    assert policies_of(app, "/other", headers=at_host) == ("outer", "outer")
    for prefix in ("/mount", "/fastapi", "/deep/deeper"):
        assert policies_of(app, f"{prefix}/own") == ("inner", "inner")
        assert policies_of(app, f"{prefix}/other") == ("outer", "outer")


def test_an_endpoint_of_a_mounted_application_replaces_both_policies() -> None:
    inner = CORS(Starlette(routes=[Route("/own", own), Route("/other", hello)]), allow_origins="*")
    app = covered(Mount("/inner", app=inner))
    assert policies_of(app, "/inner/own") == ("inner", "inner")
    assert policies_of(app, "/inner/other") == ("public", "public")


@pytest.mark.parametrize(
    "mount",
    [
        pytest.param(
            lambda app: Mount("/m", app=app, middleware=[Middleware(GZipMiddleware)]),
            id="middleware of the mount",
        ),
        pytest.param(lambda app: Mount("/m", app=GZipMiddleware(app)), id="the application wrapped"),
        pytest.param(
            lambda app: Mount("/m", app=GZipMiddleware(GZipMiddleware(app))),
            id="the application wrapped twice",
        ),
    ],
)
def test_endpoints_below_middleware_have_their_policies(mount: Callable[[ASGIApp], Mount]) -> None:
    app = covered(mount(Starlette(routes=[Route("/own", own)])))
    assert policies_of(app, "/m/own") == ("inner", "inner")


@pytest.mark.parametrize("is_loose", [True, False], ids=["loose outside", "strict outside"])
def test_the_middleware_of_a_route_replaces_the_policy_of_the_application(is_loose: bool) -> None:
    route = Route("/own", hello, middleware=[Middleware(CORSMiddleware, allow_origins=[INNER])])
    app = covered(route, allow_origins="*" if is_loose else [OUTER])
    assert policies_of(app, "/own") == ("inner", "inner")


def test_what_is_mounted_without_routes_has_the_policy_of_the_application() -> None:
    app = covered(Route("/own", own), Mount("/other", app=PlainTextResponse("other")))
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/other/any") == ("outer", "outer")


def test_other_middleware_of_a_route_changes_nothing() -> None:
    route = Route("/own", own, middleware=[Middleware(GZipMiddleware)])
    assert policies_of(covered(route), "/own") == ("inner", "inner")


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda routes: GZipMiddleware(Starlette(routes=routes)), id="a wrapped application"),
        pytest.param(
            lambda routes: GZipMiddleware(FastAPI(routes=routes)), id="a wrapped application of FastAPI"
        ),
        pytest.param(Router, id="a router"),
    ],
)
def test_endpoints_have_their_policies_where_cors_wraps(wrap: Callable[[list[BaseRoute]], ASGIApp]) -> None:
    app = CORS(wrap([Route("/own", own), Route("/other", hello)]), allow_origins=[OUTER])
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/other") == ("outer", "outer")


@KINDS
def test_middleware_delivers_the_policies_of_endpoints(kind: type[Starlette]) -> None:
    app = kind(routes=[Route("/own", own), Route("/other", hello), Mount("/m", routes=[Route("/own", own)])])
    app.add_middleware(CORS, allow_origins=[OUTER])
    assert policies_of(app, "/own") == policies_of(app, "/m/own") == ("inner", "inner")
    assert policies_of(app, "/other") == ("outer", "outer")


@KINDS
def test_routes_that_come_later_are_looked_at_where_there_was_a_policy_at_the_first_request(
    kind: type[Starlette],
) -> None:
    app = CORS(kind(routes=[Route("/first", own)]), allow_origins="*")
    assert policies_of(app, "/first") == ("inner", "inner")
    app.router.routes.append(Route("/later", own))
    assert policies_of(app, "/later") == ("inner", "inner")


@KINDS
def test_routes_that_come_later_are_not_looked_at_where_there_was_none(kind: type[Starlette]) -> None:
    app = CORS(kind(routes=[Route("/other", hello)]), allow_origins="*")
    assert policies_of(app, "/other") == ("public", "public")
    app.router.routes.append(Route("/later", own))
    assert policies_of(app, "/later") == ("public", "public")


# What else is answered in place of an endpoint.


def test_every_answer_in_place_of_the_endpoint_has_its_policy() -> None:
    async def user(request: Request) -> None:
        if "authorization" not in request.headers:
            raise HTTPException(401)

    app = CORS(FastAPI(), allow_origins=[OUTER])

    @app.get("/items/{number}", dependencies=[Depends(user)])
    @own_policy
    async def read(number: int) -> float:
        return 1 / number

    signed_in = [("Authorization", "x")]
    expected = [("/items/1", [], 401), ("/items/x", signed_in, 422), ("/items/0", signed_in, 500)]
    expected.append(("/items/1", signed_in, 200))
    for path, headers, status in expected:
        answer, _ = ask_failing(app, path=path, headers=headers)
        assert answer is not None
        assert answer.status == status
        assert policies_of(app, path, headers=headers) == ("inner", "inner")
    assert ask(app, "POST", "/items/1").status == 405
    assert policies_of(app, "/items/1", "POST") == ("inner", "inner")


def test_an_unhandled_exception_of_an_endpoint_is_answered_with_its_policy() -> None:
    app = covered(Route("/own", own_failing))
    answer, raised = ask_failing(app, path="/own", headers=[("Origin", INNER)])
    assert isinstance(raised, LookupError)
    assert answer is not None
    assert (answer.status, answer.values("access-control-allow-origin")) == (500, [INNER])


class Picky(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        if value == "unknown":
            raise LookupError(value)
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("picky", Picky())


@pytest.mark.parametrize("path", ["/n/" + "9" * 5000, "/p/unknown"], ids=["a long number", "a convertor"])
def test_a_path_that_no_route_can_read_is_a_server_error_with_its_page(path: str) -> None:
    async def page(request: Request, error: Exception) -> Response:
        return PlainTextResponse("Sorry", status_code=500)

    app = covered(Route("/n/{n:int}", own), Route("/p/{p:picky}", own))
    app.add_exception_handler(500, page)
    answer, raised = ask_failing(app, path=path, headers=[("Origin", OUTER)])
    assert isinstance(raised, (ValueError, LookupError))
    assert answer is not None
    assert (answer.status, answer.body) == (500, b"Sorry")
    assert answer.values("access-control-allow-origin") == [OUTER]
    assert ask(app, "OPTIONS", path, preflight(OUTER)).status == 200


# Policies together.


def test_an_endpoint_has_a_policy_where_no_resource_covers_it() -> None:
    resources = Resources({"/api/*": CORSPolicy(allow_origins=[OUTER])})
    app = CORS(
        Starlette(routes=[Route("/own", own), Route("/other", hello), Route("/api/x", hello)]),
        policy=resources,
    )
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/other") == ("none", "none")
    assert policies_of(app, "/api/x") == ("outer", "outer")


def test_an_endpoint_replaces_the_policy_of_its_resource() -> None:
    resources = Resources({"/*": CORSPolicy(allow_origins="*"), "/closed": None})
    app = CORS(Starlette(routes=[Route("/own", own), Route("/closed", own)]), policy=resources)
    assert policies_of(app, "/own") == policies_of(app, "/closed") == ("inner", "inner")


def test_an_endpoint_without_allowed_origins_is_closed() -> None:
    app = covered(Route("/own", cross_origin()(bare)), allow_origins="*")
    assert policies_of(app, "/own") == ("closed", "closed")


def test_debug_and_the_hook_are_those_of_the_application() -> None:
    seen: list[str] = []
    app = CORS(
        Starlette(routes=[Route("/own", own)]),
        debug=True,
        on_decision=lambda request, decision: seen.append(f"{request.path} {decision.allowed}"),
    )
    assert ask(app, "OPTIONS", "/own", preflight(INNER, "DELETE")).status == 200
    ask(app, path="/own", headers=[("Origin", INNER)])
    assert seen == ["/own False", "/own True"]


def test_one_endpoint_in_two_applications_has_one_policy() -> None:
    first, second = covered(Route("/own", own)), covered(Route("/own", own), allow_origins="*")
    assert policies_of(first, "/own") == policies_of(second, "/own") == ("inner", "inner")
    assert policies_of(Starlette(routes=[Route("/own", own)]), "/own") == ("none", "none")


def test_a_policy_may_be_shared() -> None:
    async def other(request: Request) -> Response:
        return PlainTextResponse("other")

    policy = CORSPolicy(allow_origins=[INNER])
    app = covered(
        Route("/a", cross_origin(policy=policy)(bare)), Route("/b", cross_origin(policy=policy)(other))
    )
    assert policies_of(app, "/a") == policies_of(app, "/b") == ("inner", "inner")


# What is refused.


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param({"allow_origins": ["https://e.com/"]}, "origin-trailing-slash", id="an origin"),
        pytest.param({"origins": "*"}, "unknown-option", id="an option of another library"),
        pytest.param({"debug": True}, "unknown-option", id="an option of the application"),
        pytest.param({"policy": CORSPolicy(), "max_age": 1}, "policy-and-options", id="both"),
        pytest.param({"policy": Resources({})}, "wrong-type", id="resources"),
        pytest.param({"policy": "*"}, "wrong-type", id="no policy"),
    ],
)
def test_wrong_options_raise_at_the_decorator(options: dict[str, Any], code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        cross_origin(**options)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_two_policies_for_one_endpoint_are_refused() -> None:
    with pytest.raises(PolicyError, match=r"own' has a policy already\.\s+Keep one of the two\.") as caught:
        cross_origin(allow_origins=[OUTER])(own)
    assert [problem.code for problem in caught.value.problems] == ["view-policy-twice"]
    assert policies_of(covered(Route("/own", own)), "/own") == ("inner", "inner")


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(Service().write, id="a bound method"),
        pytest.param(len, id="a function of Python's own"),
        pytest.param(3, id="a number"),
    ],
)
def test_what_cannot_have_a_policy_is_refused(endpoint: Any) -> None:
    message = re.escape("cannot have a policy.") + r"\s+Decorate the function where it is defined\."
    with pytest.raises(PolicyError, match=message) as caught:
        own_policy(endpoint)
    assert [problem.code for problem in caught.value.problems] == ["wrong-type"]


def test_the_decorator_needs_its_parentheses() -> None:
    with pytest.raises(PolicyError, match="without parentheses"):
        cross_origin(bare)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "app", [APIRouter(), FastAPI, "main:app", object()], ids=["a router", "a class", "a string", "anything"]
)
def test_cors_takes_an_application(app: Any) -> None:
    with pytest.raises(PolicyError, match="takes an application"):
        CORS(app, allow_origins="*")


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


@KINDS
@pytest.mark.parametrize("is_copying", [True, False], ids=["copied", "changed"])
@pytest.mark.parametrize("is_outermost", [True, False], ids=["CORS(app)", "add_middleware"])
def test_the_endpoint_that_is_called_counts_whatever_middleware_does(
    kind: type[Starlette], is_copying: bool, is_outermost: bool
) -> None:
    app = kind(routes=[Route("/own", own, methods=["GET"]), Route("/own", hello, methods=["POST"])])
    app.add_middleware(Rewriting, is_copying=is_copying)
    if is_outermost:
        CORS(app, allow_origins=[OUTER])
    else:
        app.add_middleware(CORS, allow_origins=[OUTER])
    assert policy_of(app, "/v1/own") == "inner"
    assert policy_of(app, "/own", "POST", [("X-Method", "GET")]) == "inner"
    assert policy_of(app, "/own", "GET", [("X-Method", "POST")]) == "outer"
    assert policy_of(app, "/own") == "inner"
    assert policy_of(app, "/v1/missing") == "outer"


def test_where_outer_policies_are_by_path_an_unexpected_endpoint_allows_nobody() -> None:
    app = Starlette(routes=[Route("/own", own, methods=["GET"]), Route("/own", hello, methods=["POST"])])
    app.add_middleware(Rewriting, is_copying=True)
    CORS(app, policy=Resources({"/*": CORSPolicy(allow_origins=[OUTER])}))
    assert policy_of(app, "/own", "GET", [("X-Method", "POST")]) == "closed"


def test_a_function_is_asked_for_the_endpoint_that_is_called() -> None:
    @cross_origin(allow_origin_func=lambda request: request.origin == INNER)
    async def asking(request: Request) -> Response:
        return PlainTextResponse("asking")

    app = Starlette(routes=[Route("/asking", asking)])
    app.add_middleware(Rewriting, is_copying=True)
    CORS(app, allow_origins=[OUTER])
    assert policy_of(app, "/v1/asking") == "inner"


class Opaque:
    """Middleware that keeps what it wraps under a name of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._inner(scope, receive, send)


@pytest.mark.parametrize("outer", [CORS, CORSMiddleware], ids=["in CORS", "in the middleware"])
def test_an_inner_policy_replaces_the_outer_one_wherever_it_is(outer: Any) -> None:
    inner = CORS(Starlette(routes=[Route("/own", hello)]), allow_origins=[INNER])
    app = outer(
        Starlette(routes=[Mount("/in", app=Opaque(inner)), Route("/other", hello)]), allow_origins="*"
    )
    assert policy_of(app, "/in/own") == "inner"
    assert policy_of(app, "/other") == "public"


def test_a_route_of_a_class_of_its_own_counts_in_an_included_router_too() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    router = APIRouter(route_class=Versioned)
    router.get("/api", name="v1")(hello)
    router.get("/api", name="v2")(own)
    app.include_router(router)
    assert ask(app, path="/api", headers=[("X-Version", "2")]).body == b"own"
    assert policy_of(app, "/api", headers=[("X-Version", "2")]) == "inner"
    assert policy_of(app, "/api") == "outer"


@KINDS
def test_an_application_may_be_mounted_in_itself(kind: type[Starlette]) -> None:
    app = kind(routes=[Route("/own", own), Route("/other", hello)])
    app.mount("/v1", app)
    CORS(app, allow_origins=[OUTER])
    assert policies_of(app, "/own") == ("inner", "inner")
    assert policies_of(app, "/other") == ("outer", "outer")
    assert ask(app, path="/v1/other", headers=[("Origin", OUTER)]).cors() == {
        "access-control-allow-origin": OUTER,
        "vary": "Origin",
    }


def test_the_decorator_of_another_framework_is_refused() -> None:
    app = covered(Route("/own", crosscors.flask.cross_origin(origins=[INNER])(bare)))
    with pytest.raises(PolicyError, match=r"Write from crosscors\.starlette import cross_origin"):
        ask(app, path="/own")
