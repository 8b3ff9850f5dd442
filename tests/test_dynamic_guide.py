"""What docs/dynamic.md shows is run here, word for word."""

from __future__ import annotations

import inspect
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError
from crosscors.live import cached, follow_redis, push_redis
from tests.clients import ask_asgi, ask_wsgi, preflight
from tests.live.servers import eventually, redis_running
from tests.tables import table

GUIDE = (Path(__file__).parents[1] / "docs" / "dynamic.md").read_text(encoding="utf-8")
BLUE, GREEN, EVIL = "https://blue.example", "https://green.example", "https://evil.example"


def example(name: str) -> dict[str, Any]:
    """The names that an example defines."""
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found, f"docs/dynamic.md has no example {name!r}"
    namespace: dict[str, Any] = {"__name__": "main"}
    exec(found[1], namespace)  # noqa: S102  # our own page
    return namespace


def test_origins_from_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("customers.sqlite3", isolation_level=None)) as database:
        database.execute("CREATE TABLE customers (origin TEXT)")
        database.execute("INSERT INTO customers VALUES (?)", [BLUE])
        app = example("flask")["app"]
        for origin, allowed in ((BLUE, BLUE), (EVIL, None)):
            answer = ask_wsgi(app, "GET", "/", [("Origin", origin)])
            assert answer.allowed == allowed
        database.execute("DROP TABLE customers")
    assert ask_wsgi(app, "GET", "/", [("Origin", BLUE)]).allowed == BLUE


@table(
    "method, origin, customer, is_allowed",
    ("the preflight of one", "OPTIONS", BLUE, None, True),
    ("the preflight of the other", "OPTIONS", GREEN, None, True),
    ("the preflight of nobody", "OPTIONS", EVIL, None, False),
    ("a page of the customer", "GET", GREEN, "green", True),
    ("a page of another customer", "GET", GREEN, "blue", False),
    ("a page without a customer", "GET", GREEN, None, False),
    ("an unknown customer", "GET", GREEN, "red", False),
)
def test_preflights_know_less(method: str, origin: str, customer: str | None, is_allowed: bool) -> None:
    app = example("union")["app"]
    headers = [("Origin", origin)] if customer is None else [("Origin", origin), ("X-Customer", customer)]
    for _ in range(2):
        fields = preflight(origin, "GET", "x-customer") if method == "OPTIONS" else headers
        answer = ask_asgi(app, method, headers=fields)
        assert (answer.allowed == origin) == is_allowed
        assert "X-Customer" in answer.values("vary")[0]


def test_a_policy_that_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("policy.json")
    file.write_text(json.dumps({"allow_origins": [GREEN]}))
    names = example("live")

    def allowed() -> list[str | None]:
        asked = ([("Origin", origin)] for origin in (GREEN, BLUE))
        return [ask_asgi(names["app"], path="/items", headers=headers).allowed for headers in asked]

    assert allowed() == [GREEN, None]
    file.write_text(json.dumps({"allow_origins": [GREEN, f"{BLUE}/"]}))
    with pytest.raises(PolicyError, match=re.escape("allow_origins[1]")):
        names["reload"]()
    assert allowed() == [GREEN, None]
    file.write_text(json.dumps({"allow_origins": [BLUE]}))
    names["reload"]()
    assert allowed() == [None, BLUE]


def test_a_listener(capsys: pytest.CaptureFixture[str]) -> None:
    example("listener")
    assert capsys.readouterr().out == "CORS policy, version 2\n"


def test_a_policy_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    document = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert document
    Path("policy.toml").write_text(document[1])
    names = example("file")
    with names["live"] as live:
        assert live.policy_for("/api/items").allow_credentials is True
        origins = [("Origin", EVIL)]
        allowed = [
            ask_asgi(names["app"], path=f"/{each}/x", headers=origins).allowed for each in ("api", "public")
        ]
        assert allowed == [None, "*"]


def test_one_policy_for_all_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_running(tmp_path) as server:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("REDIS_URL", server.url)
        names = example("redis")
        with names["live"] as live:
            assert ask_wsgi(names["app"], "GET", "/", [("Origin", BLUE)]).allowed is None
            example("push")["publish"]([BLUE])
            eventually(lambda: live.allows_origin(BLUE))
            assert ask_wsgi(names["app"], "GET", "/", [("Origin", BLUE)]).allowed == BLUE


def test_a_user_of_redis_that_may_only_read(tmp_path: Path) -> None:
    rights = re.search(r"`(\+getrange \+subscribe)`, with the key `(\S+)` and the channel `(\S+)`", GUIDE)
    assert rights
    with redis_running(tmp_path) as server:
        with server.client() as client:
            allowed = " ".join(rights.groups()).split()
            client.execute_command("ACL", "SETUSER", "worker", "on", ">pw", *allowed)
        url = server.url.replace("//", "//worker:pw@")
        with follow_redis(url) as live:
            push_redis(server.url, CORSPolicy(allow_origins=[BLUE]))
            eventually(lambda: live.allows_origin(BLUE))
        with pytest.raises(Exception, match="no permissions"):
            push_redis(url, CORSPolicy(allow_origins=[EVIL]))


def test_the_table_of_follow_redis_has_every_argument() -> None:
    section = GUIDE.partition("\n## One policy for all workers\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed == list(inspect.signature(follow_redis).parameters)


def test_the_table_has_every_argument_with_its_default() -> None:
    section = GUIDE.partition("\n## How long an answer counts\n")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| `?([\w ]+?)`? \|", section, re.MULTILINE))
    parameters = inspect.signature(cached).parameters
    defaults = {name: each.default for name, each in parameters.items() if name not in ("func", "clock")}
    assert set(listed) == set(defaults)
    assert {name: int(text) for name, text in listed.items() if name != "key"} == {
        name: default for name, default in defaults.items() if name != "key"
    }
