"""The names of aiohttp-cors mean here what they mean there: random configurations, asked in both."""

from __future__ import annotations

import inspect
from typing import Any

import aiohttp_cors
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

import crosscors.aiohttp
from tests.clients import Answer
from tests.conformance.sending import over_aiohttp
from tests.conformance.table import Request, get, preflight
from tests.migration.test_guide import first_cells, table_of

APP, SECOND, EVIL = "https://app.example.com", "https://second.example", "https://evil.example"
METHODS = ("GET", "PUT", "POST")

_rest: dict[str, st.SearchStrategy[Any]] = {
    "allow_headers": st.sampled_from(((), ("X-Token",), "*")),
    "expose_headers": st.sampled_from(((), ("X-Total",))),
    "max_age": st.sampled_from((None, 60)),
}
_methods = {"allow_methods": st.sampled_from((None, ("PUT",), ("GET", "POST"), "*"))}


def _configs(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """Options by origin. Everyone has no credentials, because crosscors refuses that."""
    listed = st.fixed_dictionaries({"allow_credentials": st.booleans(), **_rest, **more})
    return st.fixed_dictionaries(
        {}, optional={APP: listed, SECOND: listed, "*": st.fixed_dictionaries({**_rest, **more})}
    )


_setups = st.fixed_dictionaries(
    {
        "defaults": _configs(**_methods),
        "resource": st.none() | _configs(**_methods),  # None: it is not added itself
        "routes": st.dictionaries(st.sampled_from(METHODS), _configs()),
        "others": st.sets(st.sampled_from(METHODS), min_size=1),  # routes that are not added
    }
)
REQUESTS = [get(origin, method=method, path="/") for origin in (APP, SECOND, EVIL) for method in METHODS]
REQUESTS += [
    preflight(origin, method, *names, path="/")
    for origin in (APP, SECOND, EVIL)
    for method in (*METHODS, "DELETE")
    for names in ((), ("x-token",), ("x-other",))
]


async def hello(_request: web.Request) -> web.Response:
    return web.Response()


def application(library: Any, setup: dict[str, Any]) -> web.Application:
    def read(config: dict[str, Any]) -> dict[str, Any]:
        return {origin: library.ResourceOptions(**options) for origin, options in config.items()}

    app = web.Application()
    cors = library.setup(app, defaults=read(setup["defaults"]))
    resource = app.router.add_resource("/")
    if setup["resource"] is not None:
        cors.add(resource, read(setup["resource"]))
    for method, config in setup["routes"].items():
        cors.add(resource.add_route(method, hello), read(config))
    for method in setup["others"] - setup["routes"].keys():
        resource.add_route(method, hello)
    return app


def verdict(request: Request, answer: Answer | None) -> tuple[bool, bool, str]:
    """Whether the page may read or send, with credentials, and which headers it may read."""
    assert answer is not None
    origin = dict(request.fields)["Origin"]
    given = dict(answer.headers)
    may = given.get("access-control-allow-origin") in (origin, "*")
    if request.method == "OPTIONS":
        may = may and answer.status == 200
    if not may or answer.status == 405:  # to which aiohttp-cors writes no headers
        return False, False, ""
    exposed = given.get("access-control-expose-headers", "")
    return True, "access-control-allow-credentials" in given, exposed


def verdicts(library: Any, setup: dict[str, Any]) -> list[tuple[bool, bool, str]]:
    with over_aiohttp(lambda: application(library, setup)) as ask:
        return [verdict(request, ask(request)) for request in REQUESTS]


@pytest.mark.slow
@settings(deadline=None)
@given(_setups)
def test_both_say_the_same(setup: dict[str, Any]) -> None:
    theirs, ours = verdicts(aiohttp_cors, setup), verdicts(crosscors.aiohttp, setup)
    for request, *both in zip(REQUESTS, theirs, ours, strict=True):
        assert both[0] == both[1], request


def test_every_option_is_in_the_guide_and_is_one_of_ours() -> None:
    theirs = set(inspect.signature(aiohttp_cors.ResourceOptions).parameters)
    assert theirs <= first_cells(table_of("aiohttp-cors"))
    assert theirs <= set(inspect.signature(crosscors.aiohttp.ResourceOptions).parameters)
