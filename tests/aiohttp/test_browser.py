"""The browser in Python, against aiohttp's own test server, as docs/guides/aiohttp.md says."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crosscors.aiohttp import CORS
from crosscors.testing import BlockedByCORS, Browser

APP, EVIL = "https://app.example.com", "https://evil.example"
GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "aiohttp.md").read_text(encoding="utf-8")


async def item(request: web.Request) -> web.Response:
    if request.query:
        raise RuntimeError("nobody handles this")
    return web.json_response({"number": 1})


def create_app() -> web.Application:
    app = web.Application()
    app.router.add_get("/items/1", item)
    app.router.add_put("/items/1", item)
    return CORS(app, allow_origins=APP, allow_methods="PUT", allow_headers="X-Token")


def test_the_example_of_the_guide() -> None:
    [example] = re.findall(r"^## Test\n.*?```python\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102
    asyncio.run(names["test_our_page_reads_items"](create_app))


def test_what_pages_read_and_send() -> None:
    async def run() -> None:
        async with TestServer(create_app()) as server:
            url = str(server.make_url("/"))
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                page, other = (Browser(client).page(origin) for origin in (APP, EVIL))
                sent = await page.afetch("/items/1", method="PUT", headers={"X-Token": "1"})
                assert (sent.status, len(sent.exchanges)) == (200, 2)
                assert (await page.afetch("/nothing")).status == 404
                assert (await page.afetch("/items/1?fail=1")).status == 500
                for method in ("GET", "PUT"):
                    with pytest.raises(BlockedByCORS):
                        await other.afetch("/items/1", method=method)

    asyncio.run(run())
