"""aiohttp-cors on a real server, and the policies that ``crosscors check`` makes of its configuration."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from crosscors.cli.check.elsewhere import aiohttp as check_aiohttp

APP, OTHER, EVIL = "https://app.example.com", "https://other.example", "https://evil.example"
PATHS = ("/items", "/items/1", "/open", "/static/missing")
METHODS = ("GET", "PUT", "DELETE")

# They have no types here.
WEB: Any = import_module("aiohttp.web")
TESTING: Any = import_module("aiohttp.test_utils")
AIOHTTP_CORS: Any = import_module("aiohttp_cors")

Verdicts = dict[tuple[str, str, str], bool]


async def answer(_: Any) -> Any:
    return WEB.Response(text="Hello")


def application(folder: Any) -> Any:
    options = AIOHTTP_CORS.ResourceOptions
    app = WEB.Application()
    cors = AIOHTTP_CORS.setup(
        app, defaults={APP: options(allow_credentials=True, allow_headers=["X-Token"], max_age=60)}
    )
    items = cors.add(app.router.add_resource("/items"))
    cors.add(items.add_route("GET", answer))
    cors.add(items.add_route("PUT", answer))
    item = cors.add(app.router.add_resource("/items/{id}"), {OTHER: options(allow_methods="*")})
    item.add_route("GET", answer)
    opened = cors.add(app.router.add_resource("/open"), {"*": options(allow_methods=["GET", "DELETE"])})
    opened.add_route("GET", answer)
    cors.add(app.router.add_static("/static", folder))
    return app


async def verdicts_of_server(app: Any) -> Verdicts:
    async with TESTING.TestClient(TESTING.TestServer(app)) as client:
        return {
            (path, origin, method): await _allows(client, path, origin, method)
            for path in PATHS
            for origin in (APP, OTHER, EVIL)
            for method in METHODS
        }


async def _allows(client: Any, path: str, origin: str, method: str) -> bool:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    async with client.options(path, headers=headers) as response:
        listed = response.headers.get("Access-Control-Allow-Methods", "").split(",")
        return response.status == 200 and method in [each.strip() for each in listed]


def test_what_check_prints_allows_nothing_more(tmp_path: Any) -> None:
    app = application(tmp_path)
    [equivalent] = check_aiohttp.check(app).equivalents
    written = WEB.Application()
    exec(equivalent.code, {"app": written})  # noqa: S102
    theirs, ours = asyncio.run(verdicts_of_server(app)), asyncio.run(verdicts_of_server(written))
    more = {case for case in ours if ours[case] and not theirs[case]}
    assert more == set()
    # Where all origins have the same options, it also allows nothing less.
    same = [case for case in theirs if case[0] in ("/items", "/static/missing")]
    assert [ours[case] for case in same] == [theirs[case] for case in same]
    assert any(ours.values())
