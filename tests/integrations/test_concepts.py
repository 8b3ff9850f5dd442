"""What docs/concepts shows of servers is run on them: nginx, MCP servers, pydantic-settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from crosscors.testing import BlockedByCORS, Browser
from tests.integrations.servers import SECONDS_TO_STOP, Integration, free_port, serving, wait_for
from tests.tables import table
from tests.test_concepts import block, run

NGINX = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt install nginx-light")
PAGE, EVIL = "https://app.example.com", "https://evil.example"

BACKEND = """
from crosscors.fastapi import CORS
from fastapi import FastAPI, Request

app = FastAPI()
CORS(app, allow_origins=["https://app.example.com"], allow_methods=["GET", "PUT"])


@app.api_route("/items/", methods=["GET", "PUT"])
@app.get("/broken/")
async def items(request: Request):
    if "broken" in request.url.path:
        raise RuntimeError
    return str(request.url)
"""
# What stands around the blocks of the page.
AROUND = """
daemon off;
pid nginx.pid;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxied; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    proxy_cache_path cached keys_zone=cached:1m;
    client_max_body_size 10;
    {map}
    upstream backend {{ server {backend}; }}
    server {{
        listen 127.0.0.1:{port};
        {blocks}
    }}
}}
"""
LOGIN = "location = /login { internal; return 401; }"
CACHE = """
location / {
    proxy_pass http://backend;
    proxy_cache cached;
    proxy_cache_valid 200 1m;
    add_header X-Cache $upstream_cache_status;
}
"""


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("backend")
    (folder / "main.py").write_text(BACKEND)
    with serving(Integration(str(folder), "uvicorn --port $PORT main:app")) as address:
        yield address.removeprefix("http://")


@dataclass(frozen=True)
class Site:
    """Where nginx keeps its files, and the server behind it."""

    folder: Path
    backend: str


@pytest.fixture
def site(tmp_path: Path, backend: str) -> Site:
    return Site(tmp_path, backend)


@contextmanager
def nginx(site: Site, blocks: str) -> Iterator[str]:
    """The address of nginx with these blocks in its server."""
    port = free_port()
    text = AROUND.format(
        user="user root;" if os.geteuid() == 0 else "",  # who may read the folder of this test
        map=block("proxies", "nginx: map"),
        backend=site.backend,
        port=port,
        blocks=blocks,
    )
    (site.folder / "nginx.conf").write_text(text)
    (site.folder / "html").mkdir(exist_ok=True)
    (site.folder / "html" / "index.html").write_text("the page")
    command = [str(NGINX), "-e", "stderr", "-p", f"{site.folder}/", "-c", "nginx.conf"]
    process = subprocess.Popen(command)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(SECONDS_TO_STOP)


def get(url: str, *, origin: str = PAGE, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"too large a body" if method == "POST" else None
    return httpx.request(method, url, headers={"Origin": origin, **named}, content=content)


def origins_of(response: httpx.Response) -> list[str]:
    return response.headers.get_list("access-control-allow-origin")


@needs_nginx
@table(
    "blocks, asked, origin, expected",
    ("passed on", "pass", "GET /items/", PAGE, (200, [PAGE])),
    ("a preflight, passed on", "pass", "OPTIONS /items/", PAGE, (200, [PAGE])),
    ("an error, passed on", "pass", "GET /broken/", PAGE, (500, [PAGE])),
    ("what the application sends is hidden", "hide", "GET /items/", PAGE, (200, [PAGE])),
    ("hidden, an origin that is not allowed", "hide", "GET /items/", EVIL, (200, [])),
    ("nginx answers a preflight before the login", "answers", "OPTIONS /", PAGE, (204, [PAGE])),
    ("a preflight of a foreign page", "answers", "OPTIONS /", EVIL, (204, [])),
    ("the login of nginx", "answers", "GET /", PAGE, (401, [PAGE])),
    ("an error of the application, beside those of nginx", "errors", "GET /broken/", PAGE, (500, [PAGE])),
    ("an error of nginx", "errors", "POST /items/", PAGE, (413, [PAGE])),
    ("an error of nginx, to a foreign page", "errors", "POST /items/", EVIL, (413, [])),
    ("a prefix", "prefix", "GET /shop/items/", PAGE, (200, [PAGE])),
    ("the page, from the same origin", "same", "GET /", PAGE, (200, [])),
    ("the API, from the same origin", "same", "GET /api/items/", PAGE, (200, [PAGE])),
)
def test_what_nginx_sends(
    site: Site, blocks: str, asked: str, origin: str, expected: tuple[int, list[str]]
) -> None:
    method, path = asked.split()
    headers = {"Access_Control_Request_Method": "PUT"} if method == "OPTIONS" else {}
    with nginx(site, block("proxies", f"nginx: {blocks}") + LOGIN) as address:
        response = get(address + path, origin=origin, method=method, **headers)
    assert (response.status_code, origins_of(response)) == expected


@needs_nginx
def test_two_places_that_set_the_header(site: Site) -> None:
    added = (
        block("proxies", "nginx: pass").rstrip().removesuffix("}")
        + "add_header Access-Control-Allow-Origin *; }"
    )
    with nginx(site, added) as address:
        assert origins_of(get(f"{address}/items/")) == [PAGE, "*"]


@needs_nginx
def test_nginx_gives_its_502_the_headers_only_where_it_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path, f"127.0.0.1:{free_port()}")  # where nobody listens
    for blocks, origins in (("pass", []), ("errors", [PAGE])):
        with nginx(site, block("proxies", f"nginx: {blocks}")) as address:
            response = get(f"{address}/items/")
        assert (response.status_code, origins_of(response)) == (502, origins)


@needs_nginx
@table(
    "scheme, expected",
    ("the proxy speaks https", "https", "https://api.example.com/items/"),
    ("it speaks http", "$scheme", "http://api.example.com/items/"),
)
def test_redirects_have_the_scheme_that_the_proxy_names(site: Site, scheme: str, expected: str) -> None:
    blocks = block("proxies", "nginx: pass").replace("$scheme", scheme)
    with nginx(site, blocks) as address:
        response = get(f"{address}/items", Host="api.example.com")
    assert (response.status_code, response.headers["location"]) == (307, expected)


@needs_nginx
def test_the_cache_of_nginx_obeys_vary(site: Site) -> None:
    with nginx(site, CACHE) as address:
        seen = [get(f"{address}/items/", origin=origin) for origin in (EVIL, PAGE, PAGE, EVIL)]
    assert [each.headers["x-cache"] for each in seen] == ["MISS", "MISS", "HIT", "HIT"]
    assert [origins_of(each) for each in seen] == [[], [PAGE], [PAGE], []]


# MCP.
INSPECTOR = "https://inspector.example.com"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "page", "version": "1"},
    },
}
CALL = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "read_notes", "arguments": {}}}
ACCEPTED = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module", params=["fastmcp", "sdk"])
def mcp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    marks = {"fastmcp": ["example: mcp"], "sdk": ["example: mcp", "example: sdk"]}[request.param]
    folder = tmp_path_factory.mktemp("mcp")
    (folder / "main.py").write_text("\n".join(block("mcp", mark) for mark in marks))
    with serving(Integration(str(folder), "uvicorn --port $PORT main:app")) as address:
        yield address


def post(page: Any, message: dict[str, Any], **headers: str) -> Any:
    return page.fetch("/mcp", method="POST", headers={**ACCEPTED, **headers}, body=json.dumps(message))


def test_a_page_uses_an_mcp_server(mcp: str) -> None:
    with httpx.Client(base_url=mcp) as client:
        page = Browser(client).page(INSPECTOR)
        opened = post(page, INITIALIZE)
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "Mcp-Protocol-Version": "2025-06-18"}
        started = post(page, {"jsonrpc": "2.0", "method": "notifications/initialized"}, **session)
        assert started.status == 202
        assert "the notes" in post(page, CALL, **session).text()
        assert post(page, CALL).status == 400  # without the id that the page has read
        assert page.fetch("/mcp", method="DELETE", headers=session).status == 200
        assert post(page, CALL, **session).status == 404


def test_a_page_of_another_origin_gets_nothing(mcp: str) -> None:
    with httpx.Client(base_url=mcp) as client, pytest.raises(BlockedByCORS):
        post(Browser(client).page(EVIL), INITIALIZE)


def test_another_host_name_gets_nothing(mcp: str) -> None:
    response = httpx.post(f"{mcp}/mcp", json=INITIALIZE, headers={**ACCEPTED, "Host": "attacker.example"})
    assert response.status_code == 403


# pydantic-settings.
@table(
    "variable, origins",
    ("commas and blanks", "https://app.example.com, https://b.example", [PAGE, "https://b.example"]),
    ("an empty variable", "", []),
    ("no variable", None, []),
)
def test_pydantic_settings_read_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, origins: list[str]
) -> None:
    monkeypatch.delenv("CORS_ORIGINS", raising=False)
    if variable is not None:
        monkeypatch.setenv("CORS_ORIGINS", variable)
    assert run("environment", "example: pydantic")["Settings"]().cors_origins == origins
