"""The ASGI adapter: it reads the request's fields, asks the core, and writes the decision."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, PolicyError, Resources
from crosscors.asgi import CORSMiddleware
from tests.clients import ask_asgi, http_scope, send_asgi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crosscors.asgi import ASGIApp, Message, Receive, Scope, Send

ORIGIN = "https://app.example.com"
FROM_ALLOWED = [("origin", ORIGIN)]
ALLOWED = [(b"access-control-allow-origin", ORIGIN.encode()), (b"vary", b"Origin")]


def sending(*messages: Message) -> ASGIApp:
    """An application that sends these messages, whatever it is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(headers: Iterable[Any] = (), **others: Any) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": headers, **others}


def body(content: bytes = b"", **others: Any) -> Message:
    return {"type": "http.response.body", "body": content, **others}


async def untouchable(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the application was called")


def guarded(app: ASGIApp, **options: Any) -> CORSMiddleware:
    options.setdefault("allow_origins", [ORIGIN])
    return CORSMiddleware(app, **options)


# What applications do.


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([(b"x-one", b"1"), (b"x-two", b"2")], id="a list of tuples"),
        pytest.param([[b"x-one", b"1"], [b"x-two", b"2"]], id="a list of lists"),
        pytest.param(((b"x-one", b"1"), (b"x-two", b"2")), id="a tuple"),
        pytest.param(iter([(b"x-one", b"1"), (b"x-two", b"2")]), id="an iterator"),
    ],
)
def test_response_headers_may_be_any_iterable(headers: Iterable[Any]) -> None:
    answer = ask_asgi(guarded(sending(start(headers), body(b"hello"))), headers=FROM_ALLOWED)
    assert answer.headers == [
        ("x-one", "1"),
        ("x-two", "2"),
        ("access-control-allow-origin", ORIGIN),
        ("vary", "Origin"),
    ]
    assert answer.body == b"hello"


def test_response_headers_may_be_missing() -> None:
    messages = send_asgi(
        guarded(sending({"type": "http.response.start", "status": 204}, body())),
        http_scope("GET", "/", FROM_ALLOWED),
    )
    assert messages == [{"type": "http.response.start", "status": 204, "headers": ALLOWED}, body()]


def test_an_application_may_reuse_its_message_and_its_list_for_all_responses() -> None:
    headers = [(b"x-one", b"1")]
    message = start(headers)
    app = guarded(sending(message, body()), allow_origins=[ORIGIN, "https://other.example"])
    for origin in (ORIGIN, "https://other.example", "https://evil.example", ORIGIN):
        allowed = [origin] if origin != "https://evil.example" else []
        assert ask_asgi(app, headers=[("origin", origin)]).values("access-control-allow-origin") == allowed
    assert message == start(headers)
    assert headers == [(b"x-one", b"1")]


def test_a_streamed_response_goes_through_part_by_part_with_its_trailers() -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"x-sum", b"9")], "more_trailers": False}
    parts = [body(b"one", more_body=True), body(b"two", more_body=True), body(b"three"), trailers]
    messages = send_asgi(guarded(sending(start(trailers=True), *parts)), http_scope("GET", "/", FROM_ALLOWED))
    assert messages == [start(ALLOWED, trailers=True), *parts]


def test_messages_of_extensions_go_through_unchanged() -> None:
    hint = {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]}
    messages = send_asgi(guarded(sending(hint, start(), body())), http_scope("GET", "/", FROM_ALLOWED))
    assert messages == [hint, start(ALLOWED), body()]


def test_what_the_application_raises_before_the_response_comes_through() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("before")

    with pytest.raises(LookupError, match="before"):
        send_asgi(guarded(app), http_scope("GET", "/", FROM_ALLOWED))


def test_what_the_application_raises_within_the_response_comes_through() -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        raise LookupError("within")

    async def middleware_outside(scope: Scope, receive: Receive, send: Send) -> None:
        async def remember(message: Message) -> None:
            sent.append(message)

        await guarded(app)(scope, receive, remember)

    with pytest.raises(LookupError, match="within"):
        send_asgi(middleware_outside, http_scope("GET", "/", FROM_ALLOWED))
    assert sent == [start(ALLOWED)]


async def raising(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError("before")


async def answering_and_raising(scope: Scope, receive: Receive, send: Send) -> None:
    await send(start())
    raise LookupError("within")


async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("app", "error", "records"),
    [
        pytest.param(raising, LookupError, 1, id="before the response"),
        pytest.param(answering_and_raising, LookupError, 0, id="within the response"),
        pytest.param(cancelled, asyncio.CancelledError, 0, id="because the client is gone"),
    ],
)
def test_an_exception_that_leaves_the_application_unanswered_is_said_once(
    app: ASGIApp, error: type[BaseException], records: int, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = guarded(app)
    for _ in range(3):
        with pytest.raises(error):
            send_asgi(middleware, http_scope("GET", "/", FROM_ALLOWED))
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * records


@pytest.mark.parametrize("app", [raising, answering_and_raising])
def test_an_exception_on_a_path_without_policy_is_no_matter_of_ours(
    app: ASGIApp, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = CORSMiddleware(app, policy=Resources({"/api/*": CORSPolicy()}))
    with pytest.raises(LookupError):
        send_asgi(middleware, http_scope("GET", "/", FROM_ALLOWED))
    assert not caplog.records


def test_the_application_gets_the_very_scope_and_receive() -> None:
    seen: list[tuple[object, object]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope, receive))

    async def middleware_outside(scope: Scope, receive: Receive, send: Send) -> None:
        await guarded(app)(scope, receive, send)
        assert seen[0][0] is scope
        assert seen[0][1] is receive

    send_asgi(middleware_outside, http_scope("GET", "/", FROM_ALLOWED))
    assert seen


@pytest.mark.parametrize("kind", ["lifespan", "websocket", "something.new"])
def test_everything_but_http_passes_untouched(kind: str) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend((scope, send))
        await send({"type": "http.response.start", "headers": []})

    scope = {"type": kind, "headers": [(b"origin", b"https://evil.example")]}
    assert send_asgi(guarded(app), scope) == [{"type": "http.response.start", "headers": []}]
    assert seen[0] is scope


# What requests look like.


def test_a_preflight_is_answered_without_the_application() -> None:
    app = guarded(untouchable, allow_methods=["PUT"], allow_headers=["X-Token"])
    asked = [
        *FROM_ALLOWED,
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-token"),
    ]
    answer = ask_asgi(app, "OPTIONS", headers=asked)
    assert answer.status == 200
    assert answer.body == b"OK"
    assert answer.headers == [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "2"),
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-headers", "Accept, Accept-Language, Content-Language, Content-Type, X-Token"),
        ("access-control-max-age", "600"),
        ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    ]


def test_a_server_that_changes_the_list_of_a_preflight_changes_no_other() -> None:
    app = guarded(untouchable)
    scope = http_scope("OPTIONS", "/", [*FROM_ALLOWED, ("access-control-request-method", "GET")])
    first = send_asgi(app, scope)[0]["headers"]
    expected = list(first)
    first.clear()
    assert send_asgi(app, scope)[0]["headers"] == expected


def test_a_refused_preflight_says_why() -> None:
    asked = [*FROM_ALLOWED, ("access-control-request-method", "DELETE")]
    answer = ask_asgi(guarded(untouchable), "OPTIONS", headers=asked)
    assert answer.status == 400
    assert answer.body == b"Refused by the CORS policy: the method 'DELETE' is not allowed"
    assert answer.values("content-length") == [str(len(answer.body))]
    assert answer.values("access-control-allow-origin") == [ORIGIN]


def test_debug_lets_the_browser_find_the_refusal() -> None:
    asked = [*FROM_ALLOWED, ("access-control-request-method", "DELETE")]
    answer = ask_asgi(guarded(untouchable, debug=True), "OPTIONS", headers=asked)
    assert answer.status == 200
    assert answer.values("access-control-allow-methods") == ["GET"]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("OPTIONS", FROM_ALLOWED, id="OPTIONS without Access-Control-Request-Method"),
        pytest.param("OPTIONS", [("access-control-request-method", "GET")], id="OPTIONS without Origin"),
        pytest.param(
            "GET", [*FROM_ALLOWED, ("access-control-request-method", "GET")], id="GET that looks like one"
        ),
        pytest.param(
            "options", [*FROM_ALLOWED, ("access-control-request-method", "GET")], id="lower-case options"
        ),
    ],
)
def test_what_is_no_preflight_reaches_the_application(method: str, headers: list[tuple[str, str]]) -> None:
    app = guarded(sending(start([(b"allow", b"GET")]), body(b"from the application")))
    answer = ask_asgi(app, method, headers=headers)
    assert answer.body == b"from the application"
    assert answer.values("allow") == ["GET"]
    assert answer.values("vary") == ["Origin"]


def test_two_origin_fields_are_refused() -> None:
    answer = ask_asgi(guarded(sending(start(), body())), headers=[*FROM_ALLOWED, *FROM_ALLOWED])
    assert answer.cors() == {"vary": "Origin"}


def test_two_origin_fields_of_a_preflight_are_refused() -> None:
    asked = [*FROM_ALLOWED, *FROM_ALLOWED, ("access-control-request-method", "GET")]
    answer = ask_asgi(guarded(untouchable), "OPTIONS", headers=asked)
    assert answer.status == 400
    assert "access-control-allow-origin" not in answer.cors()


def test_several_lines_of_request_headers_are_one_list() -> None:
    asked = [
        *FROM_ALLOWED,
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-one"),
        ("access-control-request-headers", "x-two"),
    ]
    assert ask_asgi(guarded(untouchable, allow_headers=["X-One"]), "OPTIONS", headers=asked).status == 400
    assert (
        ask_asgi(guarded(untouchable, allow_headers=["X-One", "X-Two"]), "OPTIONS", headers=asked).status
        == 200
    )


@pytest.mark.parametrize(
    ("lines", "is_allowed"),
    [
        pytest.param(["x-one" + " " * 8187], True, id="8192 bytes"),
        pytest.param(["x-one" + " " * 8187 + ","], False, id="8193 bytes"),
        pytest.param(["x-one" + " " * 8187 + ",x-two"], False, id="what is not allowed behind as many"),
        pytest.param(["x-one", " " * 8185], True, id="8192 bytes in two lines"),
        pytest.param(["x-one", " " * 8186], False, id="8193 bytes in two lines"),
        pytest.param(["x-one"] * 256, True, id="256 names in 256 lines"),
        pytest.param(["x-one"] * 257, False, id="257 names in 257 lines"),
        pytest.param(["x-one"] * 255 + ["x-two"], False, id="what is not allowed in the last line"),
        pytest.param(["x-one"] * 5000 + ["x-two"], False, id="thousands of lines"),
        pytest.param(["x-one" + "," * 10_000, "x-two"], False, id="what is not allowed after a long line"),
    ],
)
def test_of_a_long_list_of_headers_nothing_is_overlooked(lines: list[str], is_allowed: bool) -> None:
    names = [("access-control-request-headers", line) for line in lines]
    asked = [*FROM_ALLOWED, ("access-control-request-method", "GET"), *names]
    answer = ask_asgi(guarded(untouchable, allow_headers=["X-One"]), "OPTIONS", headers=asked)
    assert answer.status == (200 if is_allowed else 400)


def test_what_comes_after_the_longest_origin_is_not_overlooked() -> None:
    app = guarded(sending(start(), body()), allow_origins=(), allow_origin_regex="[a-z:/.]+")
    answer = ask_asgi(app, headers=[("origin", ORIGIN + "." * 8192 + "/")])
    assert answer.cors() == {"vary": "Origin"}


@pytest.mark.parametrize("container", [list, tuple])
def test_the_application_gets_the_scope_of_the_server(container: type) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = {"number": 1}  # as routers do, for what stands around the application
        await sending(start(), body())(scope, receive, send)

    scope = http_scope("GET", "/", FROM_ALLOWED)
    scope["headers"] = container(scope["headers"])
    send_asgi(guarded(app), scope)
    assert scope["path_params"] == {"number": 1}


# Options.


@pytest.mark.parametrize(
    ("path", "root_path", "is_covered"),
    [
        pytest.param("/api/items", "", True, id="below the covered path"),
        pytest.param("/apix", "", False, id="beside the covered path"),
        pytest.param("/app/api/items", "/app", True, id="mounted at a root path that the path repeats"),
        pytest.param("/api/items", "/app", True, id="mounted at a root path that the path lacks"),
        pytest.param("/api/api/items", "/api", True, id="mounted at a root path of the same name"),
        pytest.param("/api/items", "/api", False, id="below the root path, but not below the covered path"),
        pytest.param("/api", "/api", False, id="the root path itself"),
        pytest.param("//api/items", "", False, id="a slash more, which some routers overlook"),
        pytest.param("/apis/api", "/api", False, id="a path that only begins like the root path"),
    ],
)
def test_resources_match_the_path_that_the_router_sees(path: str, root_path: str, is_covered: bool) -> None:
    policy = Resources({"/api/*": CORSPolicy(allow_origins=[ORIGIN])})
    app = CORSMiddleware(sending(start(), body()), policy=policy)
    messages = send_asgi(app, http_scope("GET", path, FROM_ALLOWED, root_path=root_path))
    assert messages[0] == start(ALLOWED if is_covered else ())


FIRST, SECOND = CORSPolicy(allow_origins=[ORIGIN]), CORSPolicy(allow_origins="*")


def moving_on(**changes: str) -> ASGIApp:
    """An application that writes into the scope which it is given, as frameworks do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope.update(changes)
        await sending(start(), body())(scope, receive, send)

    return app


@pytest.mark.parametrize(
    ("root_path", "scope", "changes", "origin"),
    [
        pytest.param("", {}, {}, "*", id="as it was"),
        pytest.param("", {}, {"root_path": "/root"}, ORIGIN, id="changed"),
        pytest.param("/x", {}, {"root_path": "/root"}, ORIGIN, id="changed from another one"),
        pytest.param(
            "", {}, {"root_path": "/root", "app_root_path": ""}, "*", id="moved on by a mount of Starlette"
        ),
        pytest.param(
            "",
            {},
            {"root_path": "/root/sub", "app_root_path": "/root"},
            ORIGIN,
            id="changed, and then moved on by a mount",
        ),
        pytest.param(
            "",
            {"app_root_path": ""},
            {"root_path": "/root", "app_root_path": ""},
            "*",
            id="below a mount, moved on by another one",
        ),
        pytest.param(
            "/mounted",
            {"app_root_path": ""},
            {"root_path": "/root", "app_root_path": ""},
            ORIGIN,
            id="below a mount, changed",
        ),
    ],
)
def test_a_root_path_that_the_application_sets_counts(
    root_path: str, scope: dict[str, str], changes: dict[str, str], origin: str
) -> None:
    app = CORSMiddleware(moving_on(**changes), policy=Resources({"/sub/*": FIRST, "/*": SECOND}))
    sent = send_asgi(app, http_scope("GET", "/root/sub/x", FROM_ALLOWED, root_path=root_path, **scope))
    assert dict(sent[0]["headers"])[b"access-control-allow-origin"] == origin.encode()


def test_a_path_that_the_application_changes_does_not_count() -> None:
    app = CORSMiddleware(moving_on(path="/x"), policy=Resources({"/sub/*": FIRST, "/*": SECOND}))
    assert ask_asgi(app, path="/sub/x", headers=FROM_ALLOWED).cors() == {
        "access-control-allow-origin": ORIGIN,
        "vary": "Origin",
    }


def test_a_function_is_asked_again_below_a_root_path_that_the_application_sets() -> None:
    async def is_allowed(request: CORSRequest) -> bool:
        return request.path == "/sub/x"

    policy = CORSPolicy(allow_origin_func=is_allowed)
    app = CORSMiddleware(moving_on(root_path="/root"), policy=Resources({"/*": policy}))
    answer = ask_asgi(app, path="/root/sub/x", headers=FROM_ALLOWED)
    assert answer.cors()["access-control-allow-origin"] == ORIGIN


def test_an_application_with_every_attribute_is_not_taken_for_fastapi() -> None:
    app = CORSMiddleware(mock.AsyncMock(), policy=Resources({"/*": SECOND}))
    assert send_asgi(app, http_scope("GET", "/", FROM_ALLOWED)) == []


def test_a_key_with_the_root_path_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(sending(start(), body()), policy=Resources({"/api/*": FIRST}))
    for path in ("/api/items", "/api/api/items"):
        send_asgi(app, http_scope("GET", path, FROM_ALLOWED, root_path="/api"))
    (message,) = (record.getMessage() for record in caplog.records if record.name == "crosscors")
    assert message == (
        "a key of Resources begins with the root path '/api', but keys are compared with the path below it; "
        "write keys without the root path: '/items/*' instead of '/api/items/*'"
    )


def test_an_async_func_is_awaited() -> None:
    async def is_tenant(request: CORSRequest) -> bool:
        return request.path == "/tenants" and request.headers["X-Tenant"] == "one"

    app = guarded(sending(start(), body()), allow_origins=(), allow_origin_func=is_tenant)
    assert ask_asgi(app, path="/tenants", headers=[*FROM_ALLOWED, ("x-tenant", "one")]).cors() == {
        "access-control-allow-origin": ORIGIN,
        "vary": "Origin",
    }
    assert ask_asgi(app, path="/tenants", headers=[*FROM_ALLOWED, ("x-tenant", "two")]).cors() == {
        "vary": "Origin"
    }


def test_the_hook_sees_every_request_with_its_decision() -> None:
    seen: list[tuple[CORSRequest, Decision]] = []
    app = guarded(
        sending(start(), body()), on_decision=lambda request, decision: seen.append((request, decision))
    )
    ask_asgi(app)
    ask_asgi(
        app,
        path="/items",
        headers=[*FROM_ALLOWED, ("host", "api.example.com"), ("accept", "a"), ("accept", "b")],
    )
    (without, no_origin), (request, allowed) = seen
    assert (without.origin, no_origin.matched) == (None, None)
    assert request == CORSRequest("GET", origin=ORIGIN, path="/items", host="api.example.com")
    assert allowed.matched == ORIGIN
    assert dict(request.headers) == {"origin": ORIGIN, "host": "api.example.com", "accept": "a, b"}
    assert len(request.headers) == 3
    assert request.headers.get("X-Missing \N{SNOWMAN}") is None


def test_a_policy_or_its_options_but_not_both() -> None:
    with pytest.raises(PolicyError, match=r"policy: is given together with allow_origins, max_age\."):
        CORSMiddleware(untouchable, policy=CORSPolicy(), allow_origins=[ORIGIN], max_age=5)


def test_a_policy_has_to_be_one() -> None:
    with pytest.raises(
        PolicyError, match=re.escape("policy: takes a CORSPolicy or Resources, not {'a': 1}.")
    ):
        CORSMiddleware(untouchable, policy={"a": 1})  # type: ignore[arg-type]


def test_a_wrong_option_stops_at_once() -> None:
    with pytest.raises(PolicyError, match=r"Write allow_credentials="):
        CORSMiddleware(untouchable, supports_credentials=True)  # type: ignore[call-arg]
