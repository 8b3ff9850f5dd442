"""DNS rebinding against an MCP server on this machine: only ``allowed_hosts`` stops it.

Once the name of the attacker leads to this machine, the browser takes the attacker's page for a page of the
server. Origin and Host agree, and Sec-Fetch-Site is ``same-origin``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.integrations.servers import Integration, serving
from tests.integrations.test_protection import HANDSHAKE
from tests.tables import table

FOLDER = "../tests/integrations/rebinding"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_notes", "arguments": {}}}
OF_CALL = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
OF_PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """The address of the server as FastMCP makes it."""
    with serving(Integration(FOLDER, "uvicorn --port $PORT local_mcp:plain")) as address:
        yield address


@pytest.fixture(scope="module")
def protected() -> Iterator[str]:
    """The address of the server with allowed hosts."""
    with serving(Integration(FOLDER, "uvicorn --port $PORT local_mcp:app")) as address:
        yield address


def response_to(
    address: str, host: str, method: str, path: str, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    """What a page gets that the browser takes for a page of this host."""
    authority = f"{host}:{urlsplit(address).port}"
    sent = {"Host": authority, "Origin": f"http://{authority}", "Sec-Fetch-Site": "same-origin", **headers}
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request(method, path, json.dumps(CALL) if method == "POST" else None, sent)
        response = connection.getresponse()
        return response.status, b"" if response.status == 101 else response.read()


def test_without_allowed_hosts_a_foreign_page_reads_and_writes(plain: str) -> None:
    status, body = response_to(plain, "attacker.example", "POST", "/mcp", OF_CALL)
    assert (status, b"the notes" in body) == (200, True)
    assert response_to(plain, "attacker.example", "GET", "/feed", HANDSHAKE) == (101, b"")


@table(
    "method, path, headers",
    ("a tool is called", "POST", "/mcp", OF_CALL),
    ("a WebSocket is opened", "GET", "/feed", HANDSHAKE),
    ("a safe method reads", "GET", "/mcp", {}),
    ("a preflight asks", "OPTIONS", "/mcp", OF_PREFLIGHT),
)
def test_with_allowed_hosts_it_gets_nothing(
    protected: str, method: str, path: str, headers: Mapping[str, str]
) -> None:
    status, body = response_to(protected, "attacker.example", method, path, headers)
    assert (status, b"not one of allowed_hosts" in body) == (403, True)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_pages_of_this_machine_go_on(protected: str, host: str) -> None:
    status, body = response_to(protected, host, "POST", "/mcp", OF_CALL)
    assert (status, b"the notes" in body) == (200, True)
    assert response_to(protected, host, "GET", "/feed", HANDSHAKE) == (101, b"")
