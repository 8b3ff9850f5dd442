"""``protect=``: for each request, the policy of what it would reach says who may write."""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.convertors import Convertor, register_url_convertor
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, PolicyError, Resources
from crosscors._adapter import marks
from crosscors.asgi import ASGIApp, CORSMiddleware
from crosscors.starlette import CORS, cross_origin
from tests.clients import Fields, ask_asgi, attempt_asgi, preflight
from tests.starlette.apps import EVIL, INNER, OUTER, Opaque, kinds
from tests.tables import each, table

OF_OUTER: Any = {"allow_origins": [OUTER], "allow_credentials": True, "allow_methods": ["POST", "PUT"]}
OF_INNER: Any = {"allow_origins": [INNER], "allow_credentials": True, "allow_methods": ["POST", "PUT"]}
POLICY_OF_INNER = CORSPolicy(**OF_INNER)
INSIDE = [Middleware(CORSMiddleware, **OF_INNER)]


def sent_from(origin: str, site: str = "cross-site", *others: tuple[str, str]) -> Fields:
    """What a browser says about a request of a page, cookies included."""
    return [("Host", "api.example"), ("Origin", origin), ("Sec-Fetch-Site", site), ("Cookie", "a=b"), *others]


def writers(app: ASGIApp, path: str, method: str = "POST", **scope: Any) -> str:
    """Whose pages may send this request: those of the outer policy, the inner one, both, or none."""
    served: list[str] = []
    for name, origin in (("outer", OUTER), ("inner", INNER), ("evil", EVIL)):
        answer = ask_asgi(app, method, path, sent_from(origin), **scope)
        if answer.status != 403:
            served.append(name)
        else:
            assert answer.body.startswith(b"Refused by the cross-origin protection: ")
    return " and ".join(served) or "none"


async def write(request: Request) -> Response:
    return PlainTextResponse("written")


@cross_origin(**OF_INNER)
async def own(request: Request) -> Response:
    return PlainTextResponse("written")


class Mixed(HTTPEndpoint):
    async def post(self, request: Request) -> Response:
        return PlainTextResponse("written")

    @cross_origin(**OF_INNER)
    async def put(self, request: Request) -> Response:
        return PlainTextResponse("written")


@cross_origin(**OF_INNER)
class Own(HTTPEndpoint):
    async def post(self, request: Request) -> Response:
        return PlainTextResponse("written")


def route(path: str, endpoint: Any, **options: Any) -> Route:
    methods = None if isinstance(endpoint, type) else ["POST"]
    return Route(path, endpoint, methods=methods, **options)


def protected(*routes: BaseRoute, kind: type[Starlette] = Starlette, **options: Any) -> Starlette:
    app = kind(routes=[*routes, route("/other", write)])
    given: dict[str, Any] = {"protect": True, **OF_OUTER, **options}
    CORS(app, **given)
    return app


def mounted(*routes: BaseRoute, **options: Any) -> Starlette:
    app = Starlette(routes=[route("/x", write), *routes])
    given: dict[str, Any] = {**OF_INNER, **options}
    CORS(app, **given)
    return app


def added(middleware: Any = CORSMiddleware) -> Starlette:
    """An application whose middleware is not built before its first request."""
    app = Starlette(routes=[route("/x", write)])
    app.add_middleware(middleware, **OF_INNER)
    return app


class Failing(Convertor[str]):
    regex = "[0-9]"

    def convert(self, value: str) -> str:
        raise LookupError(value)

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("failing", Failing())


# Whose policy counts.


@table(
    "routes, path, method, expected",
    ("the policy of the application", [], "/other", "POST", "outer"),
    ("that of a view", [route("/own", own)], "/own", "POST", "inner"),
    ("that of a class", [route("/own", Own)], "/own", "POST", "inner"),
    ("not that of another method of a class", [route("/mixed", Mixed)], "/mixed", "POST", "outer"),
    ("that of a method of a class", [route("/mixed", Mixed)], "/mixed", "PUT", "inner"),
    (
        "that of a view where a slash is missing, before the redirect",
        [route("/own/", own)],
        "/own",
        "POST",
        "inner",
    ),
    (
        "that of a view below a mount",
        [Mount("/m", routes=[route("/own", own), route("/other", write)])],
        "/m/own",
        "POST",
        "inner",
    ),
    (
        "that of the application below a mount",
        [Mount("/m", routes=[route("/own", own), route("/other", write)])],
        "/m/other",
        "POST",
        "outer",
    ),
    (
        "that of the view of the host",
        [Host("api.example", Router([route("/own", own)])), route("/own", write)],
        "/own",
        "POST",
        "inner",
    ),
    ("that of a mounted application", [Mount("/in", mounted())], "/in/x", "POST", "inner"),
    (
        "that of a view of a mounted application with a policy",
        [Mount("/in", CORS(Starlette(routes=[route("/own", own)]), **OF_OUTER))],
        "/in/own",
        "POST",
        "inner",
    ),
    (
        "that of an application mounted in a mounted one",
        [Mount("/a", CORS(Starlette(routes=[Mount("/b", mounted())]), **OF_OUTER))],
        "/a/b/x",
        "POST",
        "inner",
    ),
    (
        "that of middleware of a mounted application, which is not built yet",
        [Mount("/in", added())],
        "/in/x",
        "POST",
        "inner",
    ),
    ("that of CORS added as middleware", [Mount("/in", added(CORS))], "/in/x", "POST", "inner"),
    (
        "that of middleware around a mounted application",
        [Mount("/in", CORSMiddleware(Starlette(routes=[route("/x", write)]), **OF_INNER))],
        "/in/x",
        "POST",
        "inner",
    ),
    (
        "that of the middleware of a mount",
        [Mount("/in", routes=[route("/x", write)], middleware=INSIDE)],
        "/in/x",
        "POST",
        "inner",
    ),
    ("that of the middleware of a route", [route("/x", write, middleware=INSIDE)], "/x", "POST", "inner"),
    (
        "none where a mounted application has no policy for the path",
        [
            Mount(
                "/in", CORS(Starlette(routes=[route("/x", write)]), policy=Resources({"/y": POLICY_OF_INNER}))
            )
        ],
        "/in/x",
        "POST",
        "none",
    ),
    ("none where the router leads nowhere", [route("/own", own)], "/missing", "POST", "none"),
    (
        "none where the router cannot look into a mount",
        [Mount("/in", Opaque(Starlette(routes=[route("/own", own)])))],
        "/in/own",
        "POST",
        "none",
    ),
    (
        "none where a mounted adapter cannot look into its application",
        [Mount("/in", CORS(Opaque(Router([route("/own", own)])), **OF_INNER))],
        "/in/own",
        "POST",
        "none",
    ),
    ("none where a route raises", [Route("/{number:failing}", own)], "/1", "POST", "none"),
)
@kinds
def test_the_policy_of_what_would_be_reached_says_who_may_write(
    kind: type[Starlette], routes: list[BaseRoute], path: str, method: str, expected: str
) -> None:
    app = protected(*routes, kind=kind)
    assert writers(app, path, method) == expected
    assert writers(app, path, method) == expected  # where every middleware is built


def test_where_no_endpoint_has_a_policy_that_of_the_application_counts_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marks._count, "made", 0)
    app = protected(Mount("/in", Opaque(Starlette(routes=[route("/x", write)]))))
    assert [writers(app, path) for path in ("/other", "/in/x", "/missing")] == ["outer"] * 3


@table(
    "path, expected",
    ("a path with a policy", "/api/other", "outer"),
    ("a view with its own policy, where the path has none", "/own", "inner"),
    ("a path without a policy", "/other", "none"),
)
def test_with_resources_the_policy_of_the_path_says_who_may_write(path: str, expected: str) -> None:
    routes = [route("/own", own), route("/other", write), route("/api/other", write)]
    policy = Resources({"/api/*": CORSPolicy(**OF_OUTER)})
    assert writers(CORS(Starlette(routes=routes), policy=policy, protect=True), path) == expected


@table(
    "routes, path",
    ("where the router leads nowhere", [], "/missing"),
    ("where the path has no policy", [route("/other", write)], "/other"),
)
def test_trusted_origins_may_write_everywhere(routes: list[BaseRoute], path: str) -> None:
    policy = Resources({"/api/*": CORSPolicy(**OF_OUTER)})
    protect = CrossOriginProtection(trusted_origins=[INNER])
    assert writers(CORS(Starlette(routes=routes), policy=policy, protect=protect), path) == "inner"


def test_included_routers_and_root_paths_are_followed() -> None:
    router = APIRouter(prefix="/v1")
    router.post("/own")(own)
    router.post("/other")(write)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer releases of FastAPI want the server to know
        app = FastAPI(root_path="/api")
    app.include_router(router)
    app = CORS(app, **OF_OUTER, protect=True)
    assert [writers(app, f"/api/v1/{name}") for name in ("own", "other")] == ["inner", "outer"]
    assert [writers(app, f"/v1/{name}") for name in ("own", "other")] == ["inner", "outer"]


def test_middleware_of_a_mounted_application_that_cannot_be_built_is_not_known() -> None:
    app = Starlette(routes=[route("/x", write)])
    app.add_middleware(CORSMiddleware, allow_origins="app.example")
    outer = protected(Mount("/in", app), allow_origins=[OUTER])
    assert ask_asgi(outer, "POST", "/in/x", sent_from(OUTER)).status == 403
    assert isinstance(attempt_asgi(outer, "POST", "/in/x").error, PolicyError)


# Nothing runs.


@kinds
def test_nothing_of_the_application_runs_for_a_refused_request(kind: type[Starlette]) -> None:
    ran: list[str] = []

    async def outside(request: Request, call_next: Any) -> Any:
        ran.append("middleware")
        return await call_next(request)

    async def endpoint(request: Request) -> Response:
        ran.append("endpoint")
        return PlainTextResponse("written", background=BackgroundTask(ran.append, "task"))

    app = protected(route("/x", endpoint), kind=kind)
    app.add_middleware(BaseHTTPMiddleware, dispatch=outside)
    answer = ask_asgi(app, "POST", "/x", sent_from(EVIL))
    assert (answer.status, ran) == (403, [])
    assert ask_asgi(app, "POST", "/x", sent_from(OUTER)).allowed == OUTER
    assert ran == ["middleware", "endpoint", "task"]


def test_dependencies_of_fastapi_do_not_run_for_a_refused_request() -> None:
    ran: list[str] = []
    app = FastAPI(dependencies=[Depends(lambda: ran.append("of the application"))])
    router = APIRouter(dependencies=[Depends(lambda: ran.append("of the router"))])

    @router.post("/x", dependencies=[Depends(lambda: ran.append("of the endpoint"))])
    def endpoint() -> str:
        return "written"

    app.include_router(router)
    CORS(app, **OF_OUTER, protect=True)
    assert ask_asgi(app, "POST", "/x", sent_from(EVIL)).status == 403
    assert ran == []
    assert ask_asgi(app, "POST", "/x", sent_from(OUTER)).status == 200
    assert ran == ["of the application", "of the router", "of the endpoint"]


@table(
    "method, headers",
    ("a safe method", "GET", sent_from(EVIL)),
    ("a page of the server itself", "POST", sent_from("https://api.example", "same-origin")),
    ("such a page with Referrer-Policy: no-referrer", "POST", sent_from("null", "same-origin")),
    ("no browser", "POST", [("Host", "api.example")]),
)
def test_what_is_served_runs(method: str, headers: Fields) -> None:
    app = protected(Route("/x", write, methods=["GET", "POST"]), Route("/own", own))
    assert ask_asgi(app, method, "/x", headers).body == b"written"


# Nested adapters.


@table(
    "path, expected",
    ("an application with a protection", "/in/x", "none"),
    ("middleware with a protection", "/added/x", "none"),
    ("without one", "/open/x", "inner"),
)
def test_a_mounted_application_with_a_protection_checks_as_well(path: str, expected: str) -> None:
    strict = {"protect": True, "allow_credentials": False}  # the cookie is refused
    with_middleware = Starlette(routes=[route("/x", write)])
    with_middleware.add_middleware(CORSMiddleware, **{**OF_INNER, **strict})
    mounts = [Mount("/in", mounted(**strict)), Mount("/added", with_middleware), Mount("/open", mounted())]
    assert writers(protected(*mounts), path) == expected
    # The outer one lets them pass, so that it is the inner one that refuses.
    trusting = CrossOriginProtection(trusted_origins=[OUTER, INNER, EVIL])
    assert writers(protected(*mounts, protect=trusting), path) == (
        "none" if expected == "none" else "outer and inner and evil"
    )


def test_a_refusal_of_a_mounted_application_is_heard_once() -> None:
    heard: list[str] = []

    def hear(request: CORSRequest, decision: Decision) -> None:
        heard.append(f"{request.path}: {decision.protection}, {decision.refusals[0].code}")

    inner = mounted(protect=True, on_decision=hear)
    trusting = CrossOriginProtection(trusted_origins=[EVIL])
    app = protected(Mount("/in", inner), protect=trusting, on_decision=hear)
    assert ask_asgi(app, "POST", "/in/x", sent_from(EVIL)).status == 403
    assert heard == ["/x: enforced, cross-site-request"]


# What is reported.


def hearing(**options: Any) -> tuple[Starlette, list[str]]:
    heard: list[str] = []

    def hear(request: CORSRequest, decision: Decision) -> None:
        codes = [refusal.code for refusal in decision.refusals]
        heard.append(f"{request.method} {request.path}: {decision.protection} {' '.join(codes)}")

    return protected(route("/own", own), on_decision=hear, **options), heard


def test_the_hook_hears_of_a_refusal_once() -> None:
    app, heard = hearing()
    answer = ask_asgi(app, "POST", "/own", sent_from(OUTER))
    assert (answer.status, answer.cors()) == (403, {"vary": "Origin"})
    assert heard == ["POST /own: enforced cross-site-request"]


def test_a_refused_page_that_the_policy_lets_read_may_read_why() -> None:
    app = protected(allow_credentials=False)
    answer = ask_asgi(app, "POST", "/other", sent_from(OUTER))
    assert (answer.status, answer.allowed) == (403, OUTER)
    assert b"the policy gives it no credentials" in answer.body


@each("path", "/own", "/other", "/missing")
@each("origin", OUTER, INNER, EVIL)
def test_a_protection_that_only_reports_changes_nothing_and_is_heard(origin: str, path: str) -> None:
    app, heard = hearing(protect="report")
    plain, heard_without = hearing(protect=False)
    answer = ask_asgi(app, "POST", path, sent_from(origin))
    assert answer == ask_asgi(plain, "POST", path, sent_from(origin))
    is_served = (path, origin) in (("/own", INNER), ("/other", OUTER))
    report = [] if is_served else [f"POST {path}: report cross-site-request"]
    assert heard == [*report, *heard_without]


@each("routes", [], [route("/own", own)])
def test_a_report_does_not_ask_a_function_too_early(routes: list[BaseRoute]) -> None:
    """Functions are asked when the response starts. What middleware has noted by then counts."""
    noted: list[str] = []

    class Noting(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            noted.append(request.url.path)
            response: Response = await call_next(request)
            return response

    def is_allowed(_: CORSRequest) -> bool:
        return bool(noted)

    for protect in (False, "report"):
        noted.clear()
        app = protected(*routes, protect=protect, allow_origins=[], allow_origin_func=is_allowed)
        app.add_middleware(Noting)
        assert ask_asgi(app, "POST", "/other", sent_from(EVIL)).allowed == EVIL


def test_the_log_says_what_to_write(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    ask_asgi(protected(), "POST", "/other", sent_from(EVIL))
    (message,) = caplog.messages
    assert message.startswith("the cross-origin protection refused 'POST /other': ")
    assert 'CrossOriginProtection(trusted_origins=["https://evil.example"])' in message


def test_the_debug_flag_of_the_application_counts() -> None:
    app = Starlette(debug=True, routes=[route("/other", write)])
    answer = ask_asgi(CORS(app, **OF_OUTER, protect=True), "POST", "/other", sent_from(EVIL))
    (reason,) = answer.values("x-cors-refused")
    assert reason.startswith("cross-site-request: ")


# Hosts.


@table(
    "method, path, headers",
    ("a safe method", "GET", "/other", [("Host", "rebound.example")]),
    ("a preflight", "OPTIONS", "/other", [("Host", "rebound.example"), *preflight(OUTER, "POST")]),
    (
        "a preflight that a mounted application answers",
        "OPTIONS",
        "/in/x",
        [("Host", "rebound.example"), *preflight(INNER, "POST")],
    ),
    ("an unsafe method", "POST", "/other", sent_from(OUTER, "same-origin", ("Host", "rebound.example"))),
    ("OPTIONS that asks for nothing", "OPTIONS", "/other", [("Host", "rebound.example"), ("Origin", OUTER)]),
)
def test_a_host_that_is_not_allowed_is_refused(method: str, path: str, headers: Fields) -> None:
    protect = CrossOriginProtection(allowed_hosts=["api.example"])
    app = protected(Mount("/in", mounted()), Route("/{path:path}", write), protect=protect)
    headers = [*dict(headers).items()]
    assert ask_asgi(app, method, path, headers).status == 403
    allowed = [("Host", "api.example") if name == "Host" else (name, value) for name, value in headers]
    assert ask_asgi(app, method, path, allowed).status != 403


# allow_origin_func.


@table(
    "path, expected",
    ("that of the application", "/other", ["application"]),
    ("that of a view", "/own", ["view"]),
    ("that of a mounted application, which asks itself, too", "/in/x", ["mounted", "mounted"]),
)
def test_the_function_of_the_policy_that_counts_is_asked_once(path: str, expected: list[str]) -> None:
    asked: list[str] = []

    def asking(name: str) -> CORSPolicy:
        async def func(request: CORSRequest) -> bool:
            await asyncio.sleep(0)
            asked.append(name)
            return request.origin == OUTER

        return CORSPolicy(allow_origin_func=func, allow_credentials=True, allow_methods=["POST"])

    @cross_origin(policy=asking("view"))
    async def view(request: Request) -> Response:
        return PlainTextResponse("written")

    inner = CORS(Starlette(routes=[route("/x", write)]), policy=asking("mounted"))
    routes = [route("/own", view), route("/other", write), Mount("/in", inner)]
    app = CORS(Starlette(routes=routes), policy=asking("application"), protect=True)
    answer = ask_asgi(app, "POST", path, sent_from(OUTER))
    assert (answer.body, answer.allowed, asked) == (b"written", OUTER, expected)
    asked.clear()
    assert ask_asgi(app, "POST", path, sent_from(EVIL)).status == 403
    assert asked == expected[:1]


def test_a_function_that_fails_trusts_nobody() -> None:
    def fail(request: CORSRequest) -> bool:
        raise LookupError(request.path)

    app = protected(allow_origins=(), allow_origin_func=fail)
    assert writers(app, "/other") == "none"


# WebSockets.


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@cross_origin(**OF_INNER)
async def own_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@cross_origin(**OF_INNER)
class OwnSocket(WebSocketEndpoint):
    pass


def open_socket(app: ASGIApp, path: str, origin: str, **extensions: Any) -> list[str]:
    """The types of the messages that the application sends for a handshake."""
    received = iter(["websocket.connect", "websocket.disconnect"])
    sent: list[str] = []
    headers = [(b"host", b"api.example"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": path, "headers": headers, "extensions": extensions}

    async def receive() -> Any:
        return {"type": next(received), "code": 1000}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return sent


@table(
    "path, expected",
    ("the policy of the application", "/socket", "outer"),
    ("that of the endpoint", "/own", "inner"),
    ("that of a class", "/class", "inner"),
    ("that of a mounted application", "/in/socket", "inner"),
    ("none where the router leads nowhere", "/missing", "none"),
    ("none where only requests over HTTP are routed", "/other", "none"),
)
@kinds
def test_the_policy_of_what_a_handshake_would_reach_says_who_may_open_it(
    kind: type[Starlette], path: str, expected: str
) -> None:
    inner = mounted(WebSocketRoute("/socket", socket))
    sockets = [WebSocketRoute("/socket", socket), WebSocketRoute("/own", own_socket)]
    app = protected(*sockets, WebSocketRoute("/class", OwnSocket), Mount("/in", inner), kind=kind)
    opened: list[str] = []
    for name, origin in (("outer", OUTER), ("inner", INNER), ("evil", EVIL)):
        sent = open_socket(app, path, origin)
        assert sent[0] in ("websocket.accept", "websocket.close")
        opened += [name] if sent[0] == "websocket.accept" else []
    assert (" and ".join(opened) or "none") == expected


def test_a_handshake_is_refused_with_a_response_where_the_server_can_send_one() -> None:
    app = protected(WebSocketRoute("/socket", socket))
    sent = open_socket(app, "/socket", EVIL, **{"websocket.http.response": {}})
    assert sent == ["websocket.http.response.start", "websocket.http.response.body"]


def test_pages_of_the_server_itself_may_open_a_socket() -> None:
    app = protected(WebSocketRoute("/socket", socket))
    assert open_socket(app, "/socket", "https://api.example")[0] == "websocket.accept"


def test_a_policy_that_is_added_later_counts_for_handshakes() -> None:
    app = protected(WebSocketRoute("/socket", socket))
    assert open_socket(app, "/socket", INNER) == ["websocket.close"]
    app.routes.insert(0, WebSocketRoute("/socket", cross_origin(**OF_INNER)(socket)))
    assert open_socket(app, "/socket", INNER)[0] == "websocket.accept"


def test_other_protocols_are_left_alone() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(scope["type"])

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(CORS(app, protect=True)({"type": "lifespan"}, None, send))  # type: ignore[arg-type]
    assert sent == ["lifespan"]


# How it is written.


@each("middleware", CORSMiddleware, CORS)
@kinds
def test_added_as_middleware_it_protects_too(kind: type[Starlette], middleware: Any) -> None:
    app = kind(routes=[route("/own", own), route("/other", write)])
    app.add_middleware(middleware, **OF_OUTER, protect=True)
    assert writers(app, "/other") == "outer"
    assert writers(app, "/own") == ("inner" if middleware is CORS else "outer")


def test_a_value_that_means_nothing_is_refused() -> None:
    with pytest.raises(PolicyError, match="Write protect=True"):
        CORS(Starlette(), protect="yes")  # type: ignore[call-overload]


def test_without_a_policy_only_the_own_pages_may_write() -> None:
    app = CORS(Starlette(routes=[route("/other", write)]), protect=True)
    assert writers(app, "/other") == "none"
    assert ask_asgi(app, "POST", "/other", sent_from("https://api.example", "same-origin")).status == 200


@table(
    "headers, status",
    ("text instead of bytes", [("origin", EVIL), ("sec-fetch-site", "cross-site")], 403),
    (
        "text in the middle",
        [(b"origin", OUTER.encode()), (b"sec-fetch-site", "same-origin"), (b"a", b"b")],
        200,
    ),
    ("names in upper case", [(b"Origin", EVIL.encode()), (b"Sec-Fetch-Site", b"cross-site")], 403),
    (
        "a header that came twice",
        [(b"sec-fetch-site", b"none"), (b"sec-fetch-site", b"none"), (b"origin", b"null")],
        403,
    ),
    ("pairs that can be read once", [iter((b"origin", EVIL.encode()))], 403),
    ("a generator", ((name, EVIL.encode()) for name in (b"origin",)), 403),
)
def test_headers_in_other_forms_are_read(headers: Any, status: int) -> None:
    app = protected()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/other", "headers": headers, "query_string": b""}
    asyncio.run(app(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == status
