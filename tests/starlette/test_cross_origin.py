"""``@cross_origin(...)``: what can be decorated, and what stays of it."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import crosscors.flask
from crosscors import CORSPolicy, PolicyError
from crosscors.starlette import CORS, cross_origin
from tests.clients import ask_asgi
from tests.starlette.apps import INNER, OUTER, covered, fresh, kinds, own, policies
from tests.tables import each, table

own_policy = cross_origin(allow_origins=[INNER])


@own_policy
def own_sync(request: Request) -> Response:
    return PlainTextResponse("own")


@own_policy
async def own_failing(request: Request) -> Response:
    return PlainTextResponse("failed", status_code=500)


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

    @staticmethod
    @own_policy
    async def read_static(request: Request) -> Response:
        return PlainTextResponse("read")


def logged(view: Any) -> Any:
    @functools.wraps(view)
    async def wrapper(*args: Any, **keywords: Any) -> Any:
        return await view(*args, **keywords)

    return wrapper


@table(
    "endpoint",
    ("an async function", own),
    ("a function", own_sync),
    ("a partial of a decorated function", functools.partial(own)),
    ("a partial of a partial", functools.partial(functools.partial(own))),
    ("a decorated partial", own_policy(functools.partial(greet, "own"))),
    ("a class", Items),
    ("a bound method", Service().read),
    ("a static method", Service.read_static),
    ("a function that fails", own_failing),
    ("below another decorator", logged(own_policy(fresh()))),
    ("above another decorator", own_policy(logged(fresh()))),
    ("between two others", logged(own_policy(logged(fresh())))),
)
@kinds
def test_the_policy_of_an_endpoint_replaces_that_of_the_application(
    kind: type[Starlette], endpoint: Any
) -> None:
    app = covered(Route("/own", endpoint), kind=kind)
    assert [policies.of(app, path) for path in ("/own", "/other", "/missing")] == ["inner", "outer", "outer"]


@own_policy
class Greeter:
    async def __call__(self, request: Request) -> str:
        return "called"


class Called:
    @own_policy
    def __call__(self) -> str:
        return "called"


@each("endpoint", own, own_sync, Greeter(), Called())
def test_path_operations_have_policies_of_their_own(endpoint: Any) -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])
    app.get("/own")(endpoint)
    assert [policies.of(app, path) for path in ("/own", "/docs")] == ["inner", "outer"]


# Classes.


@each("actions", ["list", "create"], "list", {"get": None}, {"list": 1})
def test_an_endpoint_may_have_an_attribute_of_any_name(actions: object) -> None:
    endpoint = type("Endpoint", (Mixed,), {"actions": actions, "cls": 1, "view_class": "x"})
    assert policies.of(covered(Route("/own", endpoint)), "/own") == "inner"


# What stays of a path operation.


def test_a_decorated_path_operation_keeps_its_parameters() -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])

    @app.get("/items/{number}")
    @own_policy
    async def read(number: int, *, size: int = 3) -> list[int]:
        """Read an item."""
        return [number, size]

    answer = ask_asgi(app, path="/items/7", headers=[("Origin", INNER)])
    assert (answer.body, answer.allowed) == (b"[7,3]", INNER)
    operation = app.openapi()["paths"]["/items/{number}"]["get"]
    assert operation["description"] == "Read an item."
    assert [parameter["name"] for parameter in operation["parameters"]] == ["number", "size"]
    assert operation["operationId"].startswith("read_")


def test_one_function_has_as_many_policies_as_uses(caplog: pytest.LogCaptureFixture) -> None:
    view, policy = fresh(), CORSPolicy(allow_origins=[INNER])
    app = covered(
        Route("/plain", view),
        Route("/inner", own_policy(view)),
        Route("/public", cross_origin(allow_origins="*")(view)),
        Route("/a", cross_origin(policy=policy)(view)),
        Route("/b", cross_origin(policy=policy)(fresh())),
    )
    paths = ("/plain", "/inner", "/public", "/a", "/b")
    assert [policies.of(app, path) for path in paths] == ["outer", "inner", "public", "inner", "inner"]
    # No decorator is in the wrong place.
    assert not [record for record in caplog.records if record.name == "crosscors"]


def test_the_wrong_order_of_decorators_is_said_in_the_log(
    caplog: pytest.LogCaptureFixture, approved: Callable[[str, str], None]
) -> None:
    app = CORS(FastAPI(), allow_origins=[OUTER])

    @own_policy
    @app.get("/own")
    async def read() -> int:
        return 1

    for _ in range(3):
        assert policies.of(app, "/own") == "outer"
    (record,) = [record for record in caplog.records if record.name == "crosscors"]
    assert record.levelno == logging.WARNING
    approved("log_decorator_above_the_route", record.getMessage())


# What is refused.


def test_the_decorator_of_another_framework_is_refused() -> None:
    app = covered(Route("/own", crosscors.flask.cross_origin(origins=[INNER])(fresh())))
    with pytest.raises(PolicyError, match=r"from crosscors\.starlette import cross_origin"):
        ask_asgi(app, path="/own")
