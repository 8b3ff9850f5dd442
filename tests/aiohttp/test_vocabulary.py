"""aiohttp-cors's names: what its documentation promises, and what differs on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from aiohttp import web

from crosscors import CORSRequest, Decision, PolicyError
from crosscors.aiohttp import CorsViewMixin, ResourceOptions, cross_origin, custom_cors, setup
from tests.clients import Answer
from tests.conformance.sending import Ask, over_aiohttp
from tests.conformance.table import Request, get, preflight
from tests.conftest import Approve
from tests.tables import table

APP, SECOND, EVIL = "https://app.example.com", "https://second.example", "https://evil.example"
HTTP = "http://client.example.org"


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="Hello", headers={"X-Total": "1"})


@contextmanager
def serving(app: web.Application) -> Iterator[Ask]:
    with over_aiohttp(lambda: app) as ask:
        yield ask


def answered(app: web.Application, request: Request) -> Answer:
    with serving(app) as ask:
        answer = ask(request)
    assert answer is not None
    return answer


def cors_of(answer: Answer) -> dict[str, str]:
    return {name.removeprefix("access-control-"): value for name, value in answer.cors().items()}


def documented() -> web.Application:
    """A resource with defaults, options of its own, and routes with more."""
    app = web.Application()
    cors = setup(app, defaults={APP: ResourceOptions(allow_headers=["X-Token"], max_age=60)})
    resource = cors.add(app.router.add_resource("/hello"))
    cors.add(resource.add_route("POST", hello))
    cors.add(resource.add_route("GET", hello), {SECOND: ResourceOptions(allow_credentials=True)})
    opened = cors.add(
        app.router.add_resource("/opened"), {SECOND: ResourceOptions(allow_methods=["POST", "PUT"])}
    )
    opened.add_route("PUT", hello)
    opened.add_route("DELETE", hello)
    app.router.add_route("GET", "/private", hello)
    return app


@table(
    "sent, expected",
    ("an origin of the defaults reads", get(APP, path="/hello"), {"allow-origin": APP, "vary": "Origin"}),
    ("no other", get(EVIL, path="/hello"), {"vary": "Origin"}),
    (
        "an origin of the route, with its credentials",
        get(SECOND, path="/hello"),
        {"allow-origin": SECOND, "allow-credentials": "true", "vary": "Origin"},
    ),
    ("it is not that of another route", get(SECOND, path="/hello", method="POST"), {"vary": "Origin"}),
    ("what is not added is not covered", get(APP, path="/private"), {}),
    ("a path without a route neither", get(APP, path="/nothing"), {}),
    (
        "status 405 at a path with a route that was added",
        get(APP, path="/hello", method="DELETE"),
        {"allow-origin": APP, "vary": "Origin"},
    ),
    ("a resource with options", get(SECOND, path="/opened"), {"allow-origin": SECOND, "vary": "Origin"}),
)
def test_who_reads(sent: Request, expected: Mapping[str, str]) -> None:
    assert cors_of(answered(documented(), sent)) == expected


@table(
    "asked, status",
    ("a method that was added", preflight(APP, "POST", "x-token", path="/hello"), 200),
    ("a header that no origin has", preflight(APP, "POST", "x-other", path="/hello"), 400),
    ("the header of another origin", preflight(SECOND, "GET", "x-token", path="/hello"), 400),
    ("the origin of another route", preflight(SECOND, "POST", path="/hello"), 400),
    ("a method without a route", preflight(APP, "DELETE", path="/hello"), 400),
    ("a method of allow_methods", preflight(SECOND, "PUT", path="/opened"), 200),
    ("one without a route", preflight(SECOND, "POST", path="/opened"), 200),
    ("a route that was not added", preflight(SECOND, "DELETE", path="/opened"), 400),
    ("an origin that has no allow_methods", preflight(APP, "PUT", path="/opened"), 400),
    ("what is not added is not answered", preflight(APP, "GET", path="/private"), 405),
)
def test_who_sends(asked: Request, status: int) -> None:
    assert answered(documented(), asked).status == status


def everyone(options: ResourceOptions, **others: ResourceOptions) -> web.Application:
    app = web.Application()
    cors = setup(app)
    cors.add(app.router.add_get("/", hello), {"*": options, **others})
    return app


def test_everyone_alone_is_the_same_for_all() -> None:
    app = everyone(ResourceOptions(expose_headers="*", allow_headers="*", allow_methods="*"))
    with serving(app) as ask:
        found = [ask(get(*origins, path="/")) for origins in ((EVIL,), ())]
    assert [answer and cors_of(answer) for answer in found] == [
        {"allow-origin": "*", "expose-headers": "*"}
    ] * 2


def test_everyone_beside_an_origin_is_not_shared_by_caches() -> None:
    app = everyone(ResourceOptions(), **{APP: ResourceOptions(allow_credentials=True)})
    with serving(app) as ask:
        found = [ask(get(*origins, path="/")) for origins in ((EVIL,), (APP,), ())]
    assert [answer and cors_of(answer) for answer in found] == [
        {"allow-origin": EVIL, "vary": "Origin"},
        {"allow-origin": APP, "allow-credentials": "true", "vary": "Origin"},
        {"vary": "Origin"},
    ]


def test_a_key_can_be_a_pattern() -> None:
    app = everyone(ResourceOptions(), **{"https://*.example.com": ResourceOptions(allow_credentials=True)})
    with serving(app) as ask:
        found = [ask(get(origin, path="/")) for origin in (APP, EVIL, "https://a.example.com.evil.example")]
    assert [answer and answer.cors().get("access-control-allow-credentials") for answer in found] == [
        "true",
        None,
        None,
    ]


class View(web.View, CorsViewMixin):
    cors_config = MappingProxyType({SECOND: {"allow_headers": ["X-Token"]}})

    async def get(self) -> web.Response:
        return web.Response()

    @custom_cors({SECOND: ResourceOptions(allow_credentials=True)})
    async def put(self) -> web.Response:
        return web.Response()


def with_view(method: str = "*") -> web.Application:
    app = web.Application()
    cors = setup(app, defaults={APP: ResourceOptions()})
    cors.add(app.router.add_route(method, "/", View), webview=True)
    return app


@table(
    "asked, expected",
    ("the defaults", preflight(APP, "GET", path="/"), (200, None)),
    ("the class", preflight(SECOND, "GET", "x-token", path="/"), (200, None)),
    ("the method comes before the class", preflight(SECOND, "PUT", path="/"), (200, "true")),
    ("it replaces the class", preflight(SECOND, "PUT", "x-token", path="/"), (400, "true")),
    ("a method that the view does not have", preflight(SECOND, "DELETE", path="/"), (400, None)),
)
def test_a_view_has_options_of_its_own(asked: Request, expected: tuple[int, str | None]) -> None:
    answer = answered(with_view(), asked)
    assert (answer.status, answer.cors().get("access-control-allow-credentials")) == expected


def test_a_view_for_one_method_has_only_that() -> None:
    assert [
        answered(with_view("PUT"), preflight(SECOND, each, path="/")).status for each in ("PUT", "GET")
    ] == [
        200,
        400,
    ]


def test_every_route_of_an_application_can_be_added(tmp_path: Path) -> None:
    app = web.Application()
    app.router.add_get("/a", hello)
    app.router.add_route("*", "/b", hello)
    app.router.add_static("/static", tmp_path)
    cors = setup(app, defaults={APP: ResourceOptions()})
    for route in list(app.router.routes()):
        assert cors.add(route) is route
    with serving(app) as ask:
        found = [ask(get(APP, path=path)) for path in ("/a", "/b", "/static/none")]
        found += [ask(preflight(APP, "PUT", path="/b")), ask(preflight(APP, "GET", path="/static/file"))]
    assert [(answer.status, answer.allowed) for answer in found if answer] == [
        *((status, APP) for status in (200, 200, 404, 200, 200)),
    ]


@cross_origin(allow_origins="*")
async def marked(_request: web.Request) -> web.Response:
    return web.Response()


def test_the_policy_of_a_handler_comes_first() -> None:
    app = web.Application()
    setup(app, defaults={APP: ResourceOptions()}).add(app.router.add_get("/", marked))
    assert answered(app, get(EVIL, path="/")).allowed == "*"


def test_setup_has_the_keywords_of_every_adapter(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def tell(_request: CORSRequest, decision: Decision) -> None:
        told.extend(refusal.code for refusal in decision.refusals)

    app = web.Application()
    cors = setup(app, defaults={APP: ResourceOptions()}, debug=True, on_decision=tell, protect=True)
    cors.add(app.router.add_post("/", hello))
    caplog.set_level("INFO", "crosscors")
    with serving(app) as ask:
        refused = ask(preflight(APP, "PUT", path="/"))
        foreign = ask(Request("POST", "/", [("Origin", EVIL), ("Sec-Fetch-Site", "cross-site")]))
    assert refused is not None
    assert foreign is not None
    assert (refused.status, foreign.status) == (200, 403)
    assert told == ["method-not-allowed", "cross-site-request"]
    assert caplog.messages[0].startswith("the CORS policy of the resource '/' refused the preflight")


def test_it_stands_where_the_documentation_says(approved: Approve) -> None:
    app = web.Application()
    cors = setup(app)
    route = cors.add(app.router.add_get("/hello", hello))
    resource = app.router.add_resource("/opened")
    cors.add(resource)
    star = ResourceOptions(allow_credentials=True, expose_headers="*", allow_headers="*")
    refused: dict[str, Any] = {
        "everyone with credentials": lambda: setup(web.Application(), defaults={"*": star}),
        "everyone with credentials, beside an origin": lambda: cors.add(
            app.router.add_get("/a", hello), {"*": ResourceOptions(allow_credentials=True), APP: {}}
        ),
        "http with credentials": lambda: setup(
            web.Application(), defaults={HTTP: ResourceOptions(allow_credentials=True)}
        ),
        "a slash": lambda: setup(web.Application(), defaults={f"{APP}/": {}}),
        "an expression": lambda: setup(web.Application(), defaults={r"https://.*\.example\.com": {}}),
        "a list of origins": lambda: setup(web.Application(), defaults=[APP]),  # type: ignore[arg-type]
        "options of another name": lambda: setup(web.Application(), defaults={APP: {"credentials": True}}),
        "no options": lambda: setup(web.Application(), defaults={APP: True}),  # type: ignore[dict-item]
        "an unusual header": lambda: setup(web.Application(), defaults={APP: {"allow_headers": [""]}}),
        "a route twice": lambda: cors.add(route),
        "a resource twice": lambda: cors.add(resource),
        "an application twice": lambda: setup(app),
        "something else": lambda: setup({}),  # type: ignore[arg-type]
    }
    texts = []
    for why, call in refused.items():
        with pytest.raises(PolicyError) as caught:
            call()
        texts.append((why, str(caught.value)))
    approved("aiohttp_vocabulary", texts)
