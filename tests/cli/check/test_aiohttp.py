"""aiohttp-cors, as stand-ins have it. tests/integrations has the same with the library itself."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from crosscors import CORSPolicy, CORSRequest, Resources
from crosscors.aiohttp import CORS, ResourceOptions, cross_origin, setup
from crosscors.aiohttp.covering import COVERED
from crosscors.cli.check.checked import Checked
from crosscors.cli.check.elsewhere import aiohttp
from crosscors.cli.check.of_aiohttp import of_aiohttp

from .verdicts import APP, EVIL, OTHER, remarks_in


def options(**given: Any) -> SimpleNamespace:
    defaults = {
        "allow_credentials": False,
        "expose_headers": frozenset(),
        "allow_headers": frozenset(),
        "max_age": None,
    }
    return SimpleNamespace(**{**defaults, "allow_methods": None, **given})


class Resource:
    def __init__(self, **info: Any) -> None:
        self.get_info = lambda: info


def application(
    *resources: tuple[Resource, dict[str, Any], dict[str, dict[str, Any]]],
    defaults: dict[str, Any] | None = None,
) -> dict[str, Any]:
    configs = {
        resource: SimpleNamespace(default_config=whole, method_config=by_method)
        for resource, whole, by_method in resources
    }
    adapter = SimpleNamespace(_resource_config=configs)
    cors = SimpleNamespace(_cors_impl=SimpleNamespace(_router_adapter=adapter), defaults=defaults or {})
    return {"another": object(), "cors": cors}


def policies(code: str) -> Resources:
    app = web.Application()
    exec(code, {"app": app})  # noqa: S102
    found = app[COVERED].policies
    assert isinstance(found, Resources)
    return found


def allows(code: str, path: str, method: str, origin: str) -> bool:
    policy = policies(code).policy_for(path)
    assert policy is not None
    request = CORSRequest("OPTIONS", origin=origin, request_method=method)
    return policy.decide(request).allowed


def test_each_resource_has_a_policy() -> None:
    app = application(
        (Resource(path="/items"), {}, {"GET": {}, "PUT": {OTHER: options()}}),
        (Resource(pattern=re.compile("/items/(?P<id>[^{}/]+)")), {OTHER: options(allow_methods="*")}, {}),
        (Resource(prefix="/static"), {}, {}),
        defaults={APP: options(allow_credentials=True, allow_headers=frozenset({"X-TOKEN"}), max_age=60)},
    )
    found = aiohttp.check(app)
    assert [each.where for each in found.equivalents[0].in_force] == [
        "/items",
        "paths that match /items/[^/]+",
        "/static/*",
    ]
    [only] = found.equivalents
    assert only.library == "aiohttp-cors"
    assert (allows(only.code, "/items", "PUT", APP), allows(only.code, "/items", "PUT", EVIL)) == (
        True,
        False,
    )
    assert not allows(only.code, "/static/a", "PUT", APP)
    static = policies(only.code).policy_for("/static/a")
    assert static is not None
    assert (static.allow_credentials, static.allow_headers, static.max_age) == (True, ("X-Token",), 60)


def test_origins_with_other_options_get_what_they_have_in_common() -> None:
    resource = Resource(path="/items")
    app = application(
        (
            resource,
            {
                "*": options(allow_headers="*", expose_headers="*", allow_methods="*", max_age=60),
                APP: options(
                    allow_credentials=True, allow_headers=("X-A", "X-B"), max_age=30, allow_methods=("PUT",)
                ),
            },
            {},
        )
    )
    found = aiohttp.check(app)
    [only] = found.equivalents
    assert "/items: origins have different options there." in remarks_in(only.code)
    policy = policies(only.code).policy_for("/items")
    assert policy is not None
    assert (policy.allow_origins, policy.allow_credentials) == (("*",), (APP,))
    assert (policy.allow_headers, policy.allow_methods, policy.max_age) == (("X-A", "X-B"), ("PUT",), 30)
    assert found.found.warnings == ()


def test_everyone_with_credentials_is_named() -> None:
    app = application(
        (Resource(path="/items"), {"*": options(allow_credentials=True), APP: options()}, {"GET": {}})
    )
    found = aiohttp.check(app)
    [problem] = found.found.problems
    assert (problem.code, problem.option) == ("wildcard-with-credentials", "/items: allow_credentials")
    [only] = found.equivalents
    policy = policies(only.code).policy_for("/items")
    assert policy is not None
    assert policy.allow_credentials is False


def test_what_to_write_is_a_call_of_the_adapter() -> None:
    app = application((Resource(path="/items"), {APP: options()}, {"GET": {}}))
    [only] = aiohttp.check(app).equivalents
    assert only.code.endswith(
        "from crosscors.aiohttp import CORS\n\n"
        "# Pages may always send Content-Type here, also application/json.\nCORS(app, policy=Resources({\n"
        '    "/items": CORSPolicy(allow_origins=["https://app.example.com"], max_age=None),\n}))'
    )


def test_patterns_are_text_there() -> None:
    patterns = {"https://*.example.com": options(allow_credentials=True), "https://*.github.io": options()}
    app = application((Resource(path="/items"), patterns, {"GET": {}}))
    found = aiohttp.check(app)
    assert [each.code for each in found.found.warnings] == ["pattern-elsewhere", "pattern-elsewhere"]
    policy = policies(found.equivalents[0].code).policy_for("/items")
    assert policy is not None
    assert (policy.allow_origins, policy.allow_credentials) == (
        ("https://*.example.com",),
        ("https://*.example.com",),
    )


def test_other_applications_have_nothing_to_say() -> None:
    assert aiohttp.check(object()) == Checked()
    assert aiohttp.check(application()) == Checked()


# Policies of crosscors.


@cross_origin(allow_origins="*")
async def public(_request: web.Request) -> web.Response:
    return web.Response()


def test_the_policies_of_an_application_its_handlers_and_its_parts() -> None:
    part, opened, app = web.Application(), web.Application(), web.Application()
    CORS(part, policy=Resources({"/a/*": CORSPolicy(allow_origins=APP)}))
    cors = setup(opened)
    cors.add(opened.router.add_get("/b", public), {OTHER: ResourceOptions()})
    app.router.add_get("/public", public)
    CORS(app, allow_origins=APP)
    app.add_subapp("/part", part)
    app.add_domain("opened.example.com", opened)
    assert [each.where for each in of_aiohttp(app)] == [
        "every path",
        "/part/a/*",
        *["/b"] * 4,  # GET and all other methods, for the origin and for all others
        "/public (the handler 'public')",
        "/b (the handler 'public')",
    ]


def test_other_objects_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert of_aiohttp(object()) == ()
    assert of_aiohttp(web.Application()) == ()
    monkeypatch.delitem(sys.modules, "crosscors.aiohttp")
    assert of_aiohttp(web.Application()) == ()
