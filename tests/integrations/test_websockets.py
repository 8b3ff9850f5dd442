"""What docs/websockets.md shows, word for word, on real servers: who may open a WebSocket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.clients import Answer
from tests.integrations.servers import Integration, serving
from tests.tables import each

GUIDE = (Path(__file__).parents[2] / "docs" / "websockets.md").read_text(encoding="utf-8")
TRUSTED, EVIL = "https://app.example.com", "https://evil.example"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
}
SOCKET_IO = "/socket.io/?EIO=4&transport="

# The command that starts each recipe, and the path of its WebSocket.
RECIPES = {
    "socketio": ("uvicorn --port $PORT main:app", f"{SOCKET_IO}websocket"),
    "flask_socketio": ("gunicorn --threads 4 --bind 127.0.0.1:$PORT main:app", f"{SOCKET_IO}websocket"),
    "tornado": ("python main.py $PORT", "/echo"),
    "channels": ("daphne --port $PORT main:application", "/echo"),
}
# What the page leaves out, because every application has it already.
BEFORE = {
    "channels": """
from django.conf import settings
settings.configure(INSTALLED_APPS=["channels"])
""",
}
AFTER = {
    "tornado": """
import sys
from tornado.ioloop import IOLoop
app.listen(int(sys.argv[1]), "127.0.0.1")
IOLoop.current().start()
""",
}


def block(name: str) -> str:
    found = re.search(rf"<!-- recipe: {name} -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found, f"docs/websockets.md has no recipe {name!r}"
    return found[1]


def with_public(recipe: str) -> str:
    """The recipe with a policy that also allows every origin, without credentials."""
    narrow = 'allow_origins=["https://app.example.com"], allow_credentials=True'
    assert narrow in recipe
    return recipe.replace(narrow, 'allow_origins="*", allow_credentials=["https://app.example.com"]')


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def address(recipe: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp(recipe)
    program = [BEFORE.get(recipe, ""), with_public(block(recipe)), AFTER.get(recipe, "")]
    (folder / "main.py").write_text("\n".join(program), encoding="utf-8")
    command, _ = RECIPES[recipe]
    with serving(Integration(str(folder), command)) as url:
        yield url


def ask(address: str, path: str, origin: str | None, headers: dict[str, str], method: str = "GET") -> Answer:
    given = headers if origin is None else {**headers, "Origin": origin}
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request(method, path, headers=given)
        response = connection.getresponse()
        fields = [(name.lower(), value) for name, value in response.getheaders()]
        return Answer(response.status, fields, b"" if response.status == 101 else response.read())


def test_every_recipe_is_tried() -> None:
    assert re.findall(r"<!-- recipe: (\w+) -->", GUIDE) == list(RECIPES)


def test_pages_of_the_server_and_trusted_pages_open_a_websocket(recipe: str, address: str) -> None:
    for origin in (address, TRUSTED):
        assert ask(address, RECIPES[recipe][1], origin, HANDSHAKE).status == 101


@each("origin", EVIL, "null", "http://localhost:1", "http://app.example.com", f"{TRUSTED}.evil.example")
def test_no_other_page_does(recipe: str, address: str, origin: str) -> None:
    assert ask(address, RECIPES[recipe][1], origin, HANDSHAKE).status in (400, 403)


def test_clients_that_are_not_browsers_do_except_with_channels(recipe: str, address: str) -> None:
    assert ask(address, RECIPES[recipe][1], None, HANDSHAKE).status == (403 if recipe == "channels" else 101)


@pytest.mark.parametrize("recipe", ["socketio", "flask_socketio"], indirect=True)
def test_without_a_websocket_the_same_pages_read(address: str) -> None:
    for origin in (address, TRUSTED, EVIL):
        answer = ask(address, f"{SOCKET_IO}polling", origin, {})
        has_credentials = answer.values("access-control-allow-credentials") == ["true"]
        reads = answer.status == 200 and (origin == address or (answer.allowed == origin and has_credentials))
        assert reads == (origin in (address, TRUSTED))


@pytest.mark.parametrize("recipe", ["flask_socketio"], indirect=True)
def test_protect_comes_before_flask_socketio(address: str) -> None:
    for method, headers in (("GET", HANDSHAKE), ("POST", {"Sec-Fetch-Site": "cross-site"})):
        answer = ask(address, f"{SOCKET_IO}polling", EVIL, {**headers, "Cookie": "a=b"}, method)
        assert answer.status == 403
        assert answer.body.startswith(b"Refused by the cross-origin protection: ")
