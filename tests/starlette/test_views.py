"""The view that answered decides, whatever came between; for a preflight, the one that would be reached."""

from __future__ import annotations

import asyncio
import copy
import functools
import importlib
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router

import crosscors.flask
from crosscors import CORSPolicy, CORSRequest, Decision, PolicyError, Resources
from crosscors._adapter import marks
from crosscors.asgi import ASGIApp, CORSMiddleware
from crosscors.starlette import CORS, cross_origin
from tests.clients import ask_asgi, http_scope, preflight, send_asgi
from tests.starlette.apps import EVIL, INNER, OUTER, Opaque, covered, fail, fresh, hello, kinds, own, policies
from tests.tables import each, table

PUBLIC = CORSPolicy(allow_origins="*")
OF_INNER = CORSPolicy(allow_origins=[INNER])
OF_OUTER = CORSPolicy(allow_origins=[OUTER])


class Copying:
    """Middleware that gives a copy of the scope on, without the version in the path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "path": scope["path"].removeprefix("/v1")}, receive, send)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


# Nothing is frozen.


OF_MIDDLEWARE = [Middleware(CORSMiddleware, policy=OF_INNER)]
COVERED = CORS(Starlette(routes=[Route("/x", hello)]), policy=OF_INNER)
WRAPPED = CORSMiddleware(Router([Route("/x", hello)]), policy=OF_INNER)


@table(
    "change, path",
    ("a route", lambda routes, _: routes.append(Route("/later", own)), "/later"),
    ("a route before another", lambda routes, _: routes.insert(0, Route("/other", own)), "/other"),
    ("a route in place of another", lambda routes, _: routes.__setitem__(-1, Route("/other", own)), "/other"),
    ("a mount", lambda routes, _: routes.append(Mount("/later", routes=[Route("/own", own)])), "/later/own"),
    (
        "an application with a policy",
        lambda routes, _: routes.append(Mount("/later", app=COVERED)),
        "/later/x",
    ),
    (
        "a route with middleware",
        lambda routes, _: routes.append(Route("/x", hello, middleware=OF_MIDDLEWARE)),
        "/x",
    ),
    ("a route below a mount", lambda _, below: below.append(Route("/own", own)), "/below/own"),
    (
        "middleware below a mount",
        lambda _, below: below.append(Mount("/later", app=WRAPPED)),
        "/below/later/x",
    ),
)
@each("is_asked_with", "GET", "OPTIONS")
def test_what_is_added_after_the_first_request_counts(change: Any, path: str, is_asked_with: str) -> None:
    below = Router([Route("/x", hello)])
    app = covered(Mount("/below", app=below))
    for asked in ("/other", "/below/x", "/missing"):
        ask_asgi(app, is_asked_with, asked, preflight(OUTER))
    change(app.routes, below.routes)
    assert policies.of(app, path) == "inner"


def test_a_class_that_is_decorated_after_the_first_request_and_a_router_that_is_replaced_count() -> None:
    class Late(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("late")

    app = covered(Route("/late", Late))
    assert policies.of(app, "/late") == "outer"
    cross_origin(allow_origins=[INNER])(Late)
    assert policies.of(app, "/late") == "inner"
    app.router = Router([Route("/own", own)])
    app.middleware_stack = None
    assert policies.of(app, "/own") == "inner"


def test_routes_of_an_included_router_that_come_later_count() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.get("/other")(hello)
    assert policies.of(app, "/other") == "outer"
    router = APIRouter()
    router.get("/later")(own)
    app.include_router(router)
    assert policies.of(app, "/later") == "inner"


# The path that was routed.


@table(
    "path, expected",
    ("the path that was routed is covered", "/v1/covered", "inner"),
    ("the path that was routed is not covered", "/v1/other", "none"),
    ("below a mount", "/v1/m/covered", "outer"),
    ("nothing was found there", "/v1/covered/missing", "none"),
)
def test_rewritten_paths_are_covered_as_they_are_routed(path: str, expected: str) -> None:
    routes: list[BaseRoute] = [Route("/covered", hello), Route("/other", hello)]
    app = Starlette(routes=[*routes, Mount("/m", routes=routes)], middleware=[Middleware(Copying)])
    policy = Resources({"/v1/*": PUBLIC, "/covered": OF_INNER, "/m/*": OF_OUTER})
    CORS(app, policy=policy)
    assert policies.of_actual(app, path) == expected


def test_the_root_path_of_fastapi_stays_what_it_is_where_cors_wraps() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer releases of FastAPI want the server to know
        inner = FastAPI(routes=[Route("/own", hello)], root_path="/api")
    app = CORS(Copying(inner), policy=Resources({"/own": OF_OUTER}))
    assert policies.of(app, "/api/own") == "outer"


def test_a_root_path_that_an_application_sets_itself_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Rooted:
        def __init__(self, inner: ASGIApp) -> None:
            self._inner = inner

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            scope["root_path"] = "/api"
            await self._inner(scope, receive, send)

    app = CORS(Rooted(Router([Route("/x", hello)])), policy=Resources({"/x": OF_OUTER}))
    assert policies.of_actual(app, "/api/x") == "outer"
    assert [text.split(" to the server")[0] for text in warnings_in(caplog)] == ["give the root path '/api'"]


# Where nothing was routed.


async def refuse(request: Request, call_next: object) -> Response:
    return PlainTextResponse("who are you?", status_code=401)


@table(
    "path, expected",
    ("a view with a policy", "/own", "inner"),
    ("a view without one", "/other", "outer"),
    ("nothing", "/missing", "outer"),
    ("an application with a policy", "/in/x", "none"),
    ("routes with a policy around them", "/routes/x", "inner"),
)
def test_what_middleware_answers_has_the_policy_of_what_would_be_reached(path: str, expected: str) -> None:
    inside = CORS(Starlette(routes=[Route("/x", hello)]), policy=OF_INNER)
    around = [Middleware(CORSMiddleware, allow_origins=[INNER])]
    routes = [Route("/own", own), Mount("/in", app=inside)]
    app = covered(*routes, Mount("/routes", routes=[Route("/x", hello)], middleware=around))
    app.add_middleware(BaseHTTPMiddleware, dispatch=refuse)
    answer = ask_asgi(app, path=path, headers=[("Origin", INNER)])
    assert (answer.status, policies.of_actual(app, path)) == (401, expected)


def test_what_middleware_answers_before_fastapi_sets_its_root_path_has_the_policy_of_the_view() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer releases of FastAPI want the server to know
        inner = FastAPI(routes=[Route("/own", own)], root_path="/api")
    app = CORS(BaseHTTPMiddleware(inner, dispatch=refuse), allow_origins=[OUTER])
    assert policies.of(app, "/api/own") == "inner"


def test_an_adapter_in_another_application_takes_no_endpoint_of_that_for_its_own() -> None:
    inner = covered(Route("/own", own))
    inner.add_middleware(BaseHTTPMiddleware, dispatch=refuse)
    app = Starlette(routes=[Mount("/in", app=inner)])
    assert [policies.of_actual(app, path) for path in ("/in/own", "/in/other")] == ["inner", "outer"]


# Applications that answer for themselves.


def test_what_the_hooks_hear_of_an_application_that_answers_for_itself() -> None:
    heard: list[str] = []

    def hook(name: str) -> Any:
        def hear(request: CORSRequest, decision: Decision) -> None:
            heard.append(f"{name} {request.path}")

        return hear

    inner = CORS(Starlette(routes=[Route("/x", hello)]), policy=OF_INNER, on_decision=hook("inner"))
    app = covered(Mount("/in", app=inner), on_decision=hook("outer"))
    for method in ("GET", "OPTIONS"):
        ask_asgi(app, method, "/in/x", preflight(INNER))
    ask_asgi(app, path="/other", headers=[("Origin", OUTER)])
    assert heard == ["inner /x", "inner /x", "outer /other"]


def test_what_an_inner_application_does_not_cover_is_not_covered() -> None:
    inner = Starlette(routes=[Route("/open", hello), Route("/closed", hello)])
    CORS(inner, policy=Resources({"/open": OF_INNER}))
    in_middleware = Starlette(routes=[Route("/closed", hello)])
    in_middleware.add_middleware(CORSMiddleware, policy=Resources({"/open": OF_INNER}))
    app = covered(Mount("/in", app=inner), Mount("/too", app=in_middleware), allow_origins="*")
    assert [policies.of(app, f"/in/{name}") for name in ("open", "closed")] == ["inner", "none"]
    assert policies.of_actual(app, "/too/closed") == "none"


def test_an_exception_that_leaves_an_inner_adapter_is_warned_about_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inner = Starlette(routes=[Route("/fail", fail)])
    inner.add_middleware(CORSMiddleware, allow_origins=[INNER])
    app = covered(Mount("/in", app=inner))
    for _ in range(2):
        assert policies.of_actual(app, "/in/fail") == "none"
    (message,) = warnings_in(caplog)
    assert "an exception left the application without a response" in message


def test_two_policies_in_one_application_are_said_to_meet(caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(
        routes=[Route("/x", hello)], middleware=[Middleware(CORSMiddleware, allow_origins=[INNER])]
    )
    CORS(app, allow_origins=[OUTER])
    assert policies.of_actual(app, "/x") == "inner"
    assert ask_asgi(app, "OPTIONS", "/x", preflight(OUTER)).allowed == OUTER
    (message,) = warnings_in(caplog)
    assert message.startswith("two CORS policies cover one request")
    assert OUTER in message
    assert INNER in message


def test_two_policies_are_said_to_meet_when_the_inner_one_is_known(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(covered(Route("/own", own)), allow_origins=[OUTER, EVIL])
    ask_asgi(app, path="/own", headers=[("Origin", INNER)])
    (message,) = warnings_in(caplog)
    assert f"is CORSPolicy(allow_origins=['{INNER}'])" in message


# What is hidden.


def without_wraps(view: Any) -> Any:
    async def inner(request: Request) -> Any:
        return await view(request)

    return inner


def test_a_policy_that_a_decorator_hides_is_warned_about_at_the_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    view = without_wraps(cross_origin(allow_origins=[INNER])(fresh()))
    app = covered(Route("/hidden", view), Route("/own", own))
    for _ in range(2):
        ask_asgi(app, path="/other")
    (message,) = warnings_in(caplog)
    assert "Write @functools.wraps(view) in the decorator" in message


def test_a_policy_that_a_wrapper_around_a_mount_hides_applies_and_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    view = cross_origin(allow_origins=[INNER])(fresh())
    routes = [Route("/own", view), Route("/class", functools.partial(view)), Route("/other", hello)]
    app = covered(Mount("/m", app=Opaque(Starlette(routes=routes))), allow_origins="*")
    for _ in range(2):
        assert policies.of_actual(app, "/m/own") == "inner"
        assert policies.of_actual(app, "/m/other") == "public"
        assert policies.of_actual(app, "/m/missing") == "public"
    (message,) = warnings_in(caplog)
    assert message.startswith("preflights do not get the policy that cross_origin gives to ")


def test_a_decorator_that_hides_a_view_behind_a_hidden_mount_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    view = without_wraps(cross_origin(allow_origins=[INNER])(fresh()))
    app = covered(Mount("/m", app=Opaque(Starlette(routes=[Route("/own", view)]))))
    for _ in range(2):
        ask_asgi(app, path="/m/own")
    (message,) = warnings_in(caplog)
    assert "Write @functools.wraps(view)" in message


def test_a_view_of_another_framework_behind_a_hidden_mount_is_refused() -> None:
    marked = crosscors.flask.cross_origin(origins=INNER)(fresh())
    app = covered(Mount("/m", app=Opaque(Starlette(routes=[Route("/own", marked)]))))
    with pytest.raises(PolicyError, match=r"Write from crosscors\.starlette import cross_origin"):
        ask_asgi(app, path="/m/own")


def test_views_that_are_made_anew_for_each_request_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosscors.starlette.survey._MOST_HIDDEN", 3)

    async def routing(scope: Any, receive: Any, send: Any) -> None:
        await Router([Route("/own", cross_origin(allow_origins=[INNER])(fresh()))])(scope, receive, send)

    app = covered(Mount("/m", app=routing))
    assert [policies.of_actual(app, "/m/own") for _ in range(5)] == ["inner"] * 5


def test_fastapi_without_a_list_of_included_routes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hiding:
        APIRouter = APIRouter
        _IncludedRouter = object

    monkeypatch.setitem(sys.modules, "fastapi.routing", Hiding)
    with pytest.raises(PolicyError, match=r"Install fastapi>=0\.137\.2, or fastapi<0\.137"):
        CORS(FastAPI(), allow_origins=[OUTER])
    CORS(Starlette(), allow_origins=[OUTER])


@each("module", "crosscors.starlette", "crosscors.fastapi")
@table(
    "name, right",
    ("the middleware", "CORSMiddleware", "CORS (or CORSMiddleware from crosscors.asgi)"),
    ("the policy", "CORSPolicy", "from crosscors import CORSPolicy"),
    ("policies by path", "Resources", "from crosscors import Resources"),
    ("the error", "PolicyError", "from crosscors import PolicyError"),
)
def test_a_wrong_import_names_the_right_one(module: str, name: str, right: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(f"from {module} import {name}", {})  # noqa: S102
    assert right in str(caught.value)
    assert not hasattr(importlib.import_module(module), "anything_else")


# Functions, failures and copies.


def asking(*seen: str) -> CORSPolicy:
    async def func(request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return request.origin == INNER

    return CORSPolicy(allow_origin_func=func)


@each("is_rewritten", True, False)
def test_an_async_function_is_awaited_when_the_response_starts(is_rewritten: bool) -> None:
    view = cross_origin(policy=asking())(fresh())
    app = Starlette(routes=[Route("/own", view)], middleware=[Middleware(Copying)])
    CORS(app, policy=asking())
    assert policies.of_actual(app, "/v1/own" if is_rewritten else "/own") == "inner"
    assert policies.of(app, "/missing") == "inner"


def test_a_refusal_by_the_policy_of_a_view_is_logged_as_it_came(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    app = Starlette(routes=[Mount("/m", routes=[Route("/own", own)])], middleware=[Middleware(Copying)])
    CORS(app, allow_origins=[OUTER])
    ask_asgi(app, path="/v1/m/own", headers=[("Origin", OUTER)])
    (message,) = caplog.messages
    assert message.startswith("the CORS policy of the endpoint 'own' refused 'GET /v1/m/own': ")


class Silent:
    """An application that raises, or ends, without an answer."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.error is not None:
            raise self.error


@each("policy", OF_INNER, asking(), Resources({"/covered": OF_INNER}))
@each("error", None, LookupError(), asyncio.CancelledError())
@each("path", "/covered", "/other")
def test_without_a_response_the_hook_hears_of_the_decision_once(policy: Any, error: Any, path: str) -> None:
    heard: list[bool] = []
    app = CORS(
        Silent(error), policy=policy, on_decision=lambda request, decision: heard.append(decision.allowed)
    )
    received: list[Any] = []

    async def run() -> None:
        await app(http_scope("GET", path, [("Origin", INNER)]), None, received.append)

    if error is None:
        asyncio.run(run())
    else:
        with pytest.raises(type(error)):
            asyncio.run(run())
    is_covered = path == "/covered" or not isinstance(policy, Resources)
    assert heard in ([is_covered], [False])
    assert received == []


def test_the_scope_does_not_keep_what_was_routed() -> None:
    app = covered(Route("/own", own))
    scope = http_scope("GET", "/own", [("Origin", INNER)])
    asyncio.run(app(scope, None, _sent))  # type: ignore[arg-type]
    assert scope["crosscors.visit"].routed is None


async def _sent(message: Any) -> None:
    pass


# What is unusual.


@kinds
@each("middleware", CORS, CORSMiddleware)
def test_the_middleware_of_a_route_covers_methods_that_it_does_not_take(
    kind: type[Starlette], middleware: Any
) -> None:
    app = covered(Route("/x", hello, middleware=[Middleware(middleware, policy=OF_INNER)]), kind=kind)
    assert ask_asgi(app, "PUT", "/x").status == 405
    assert [policies.of(app, "/x"), policies.of(app, "/x", "PUT")] == ["inner", "inner"]


def test_one_application_may_be_wrapped_twice() -> None:
    inside: Any = CORS(Copying(Router([Route("/own", own)])), policy=OF_INNER)
    app: Any = CORS(Copying(inside), policy=OF_INNER)
    assert policies.of(app, "/own") == "inner"
    assert isinstance(inside.app.app.app, Router)


def test_two_adapters_around_one_application_share_what_its_router_hands_out() -> None:
    app = Copying(GZipMiddleware(Starlette(routes=[Route("/own", own)])))
    for _ in range(2):
        assert policies.of(CORS(app, allow_origins=[OUTER]), "/own") == "inner"


class DeepCopying:
    """Middleware that gives a deep copy of most of the scope on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**copy.deepcopy({**scope, "app": None}), "app": scope["app"]}, receive, send)


def test_deep_copies_of_a_scope_are_routed_for_the_same_request() -> None:
    app = Starlette(routes=[Route("/own", own)], middleware=[Middleware(DeepCopying)])
    assert policies.of(CORS(app, allow_origins=[OUTER]), "/own") == "inner"


OF_ANOTHER_PLACE = CORS(Starlette(routes=[Route("/x", hello)]), policy=OF_INNER)


def append_mount(app: Starlette) -> None:
    app.router.routes.append(Mount("/later", app=OF_ANOTHER_PLACE))


def replace_by_mount(app: Starlette) -> None:
    app.router.routes[-1] = Mount("/later", app=OF_ANOTHER_PLACE)


def replace_router_by_mount(app: Starlette) -> None:
    app.router = Router([Mount("/later", app=OF_ANOTHER_PLACE)])
    app.middleware_stack = None


def append_below_mount(app: Starlette) -> None:
    below: Any = app.routes[0]
    below.app.router.routes.append(Mount("/x", app=OF_ANOTHER_PLACE))


def replace_app_of_mount(app: Starlette) -> None:
    below: Any = app.routes[0]
    below.app = OF_ANOTHER_PLACE


def replace_router_below_mount(app: Starlette) -> None:
    below: Any = app.routes[0]
    below.app.router = Router([Mount("/x", app=OF_ANOTHER_PLACE)])


def cover_below_mount(app: Starlette) -> None:
    below: Any = app.routes[0]
    CORS(below.app, policy=OF_INNER)


def add_middleware_below_mount(app: Starlette) -> None:
    below: Any = app.routes[0]
    below.app.add_middleware(CORSMiddleware, policy=OF_INNER)


@table(
    "change, path",
    ("a mount", append_mount, "/later/x"),
    ("a mount in place of a route", replace_by_mount, "/later/x"),
    ("another router", replace_router_by_mount, "/later/x"),
    ("a mount below a mount", append_below_mount, "/below/x/x"),
    ("another application in a mount", replace_app_of_mount, "/below/x"),
    ("another router below a mount", replace_router_below_mount, "/below/x/x"),
    ("an adapter around a mounted application", cover_below_mount, "/below/x"),
    ("an adapter that is not built yet", add_middleware_below_mount, "/below/x"),
)
def test_preflights_find_an_adapter_that_comes_later_where_no_view_has_a_policy(
    change: Callable[[Starlette], None], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks._count, "made", 0)
    below = Starlette(routes=[Route("/first", hello)])
    app = CORS(Starlette(routes=[Mount("/below", app=below), Route("/other", hello)]), policy=OF_OUTER)
    for _ in range(2):
        assert ask_asgi(app, "OPTIONS", path, preflight(OUTER)).allowed == OUTER
    change(app)
    for _ in range(2):
        assert ask_asgi(app, "OPTIONS", path, preflight(OUTER)).allowed is None
        assert ask_asgi(app, "OPTIONS", path, preflight(INNER)).allowed == INNER


def test_preflights_find_an_adapter_that_comes_later_in_an_included_router(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marks._count, "made", 0)
    router = APIRouter()
    router.get("/first")(fresh())
    fastapi = CORS(FastAPI(), policy=OF_OUTER)
    fastapi.include_router(router)
    assert ask_asgi(fastapi, "OPTIONS", "/later/x", preflight(INNER)).allowed is None
    router.mount("/later", OF_ANOTHER_PLACE)
    assert policies.of(fastapi, "/later/x") == policies.of_actual(fastapi, "/later/x")


def test_an_adapter_that_is_not_built_yet_counts_for_the_first_preflight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marks._count, "made", 0)
    inner = Starlette(routes=[Route("/x", hello)])
    inner.add_middleware(CORSMiddleware, policy=OF_INNER)
    app = CORS(Starlette(routes=[Mount("/in", app=inner)]), policy=OF_OUTER)
    assert ask_asgi(app, "OPTIONS", "/in/x", preflight(OUTER)).allowed is None
    assert ask_asgi(app, "OPTIONS", "/in/x", preflight(INNER)).allowed == INNER


class WithoutEndpoint(BaseRoute):
    """A route that keeps what it calls under a name of its own."""

    def matches(self, scope: Any) -> Any:
        return Match.NONE, {}


def test_a_route_without_an_endpoint_says_nothing_about_what_middleware_answers() -> None:
    app = covered(WithoutEndpoint(), Route("/own", own))
    app.add_middleware(BaseHTTPMiddleware, dispatch=refuse)
    assert policies.of_actual(app, "/own") == "inner"


@table(
    "headers",
    ("names in upper case", [(b"Origin", OUTER.encode())]),
    ("a generator", ((name, value) for name, value in [(b"origin", OUTER.encode())])),
    ("text", [("origin", OUTER)]),
)
def test_request_headers_may_be_unusual(headers: Any) -> None:
    sent = send_asgi(covered(), {**http_scope("GET", "/other", []), "headers": headers})
    assert (b"access-control-allow-origin", OUTER.encode()) in sent[0]["headers"]


@table(
    "start",
    ("no headers", {}),
    ("an empty list", {"headers": []}),
    ("bytearrays", {"headers": [(b"x-a", bytearray(b"1"))]}),
    ("text, further down", {"headers": [(b"x-a", b"1"), ("X-B", "2")]}),
)
def test_response_headers_may_be_unusual(start: dict[str, Any]) -> None:
    class Endpoint:
        def __init__(self, scope: Any, receive: Any, send: Any) -> None:
            self.send = send

        def __await__(self) -> Any:
            return self.send({"type": "http.response.start", "status": 200, **start}).__await__()

    app = covered(Route("/x", Endpoint))
    for _ in range(2):
        (sent,) = send_asgi(app, http_scope("GET", "/x", [("Origin", OUTER)]))
        assert (b"access-control-allow-origin", OUTER.encode()) in sent["headers"]


class Choosing(Route):
    """A route that chooses its endpoint by a header."""

    def matches(self, scope: Any) -> Any:
        match, child_scope = super().matches(scope)
        chosen = own if (b"x-own", b"1") in scope["headers"] else hello
        return match, {**child_scope, "endpoint": chosen} if child_scope else child_scope

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        await (await scope["endpoint"](Request(scope)))(scope, receive, send)


def test_a_route_may_choose_its_endpoint_by_the_request(caplog: pytest.LogCaptureFixture) -> None:
    app = covered(Choosing("/x", fresh()))
    assert [policies.of(app, "/x", headers=asked) for asked in ([("X-Own", "1")], [])] == ["inner", "outer"]
    assert warnings_in(caplog) == []


def test_what_is_not_found_two_mounts_below_a_wrapper_has_the_policy_of_the_application() -> None:
    deep = Starlette(routes=[Mount("/deep", app=Starlette(routes=[Route("/own", own)]))])
    app = covered(Mount("/m", app=Opaque(deep)))
    assert [policies.of_actual(app, path) for path in ("/m/deep/x", "/m/deep/own")] == ["outer", "inner"]


@table(
    "method, path, marks_made, asked",
    ("a route", "GET", "/a", 0, ["/a"]),
    ("a route below a mount, after another one", "GET", "/m/b", 1, ["/a", "/b"]),
    ("a preflight, which the router does not get", "OPTIONS", "/a", 1, ["/a"]),
    ("a preflight where only the application has a policy", "OPTIONS", "/a", 0, []),
)
def test_no_request_is_routed_twice_where_no_endpoint_has_a_policy(
    method: str, path: str, marks_made: int, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    class Counted(Route):
        def matches(self, scope: Any) -> Any:
            found.append(self.path)
            return super().matches(scope)

    app = Starlette(routes=[Counted("/a", hello), Mount("/m", routes=[Counted("/b", hello)])])
    CORS(app, policy=OF_OUTER)
    monkeypatch.setattr(marks._count, "made", marks_made)
    ask_asgi(app, path=path)  # once, for what is done at the first request only
    found.clear()
    assert ask_asgi(app, method, path, preflight(OUTER)).allowed == OUTER
    assert found == asked
