"""Origins from a database, on real servers: few queries, and nobody let in while the database is away."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from tests.integrations.servers import LIVE, Integration, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOP, LATER, STRANGER = "https://shop.example", "https://later.example", "https://stranger.example"
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}
SECONDS = 30  # to wait for what has to come


class Running(NamedTuple):
    """An application that runs, and its database."""

    client: httpx.Client
    database: sqlite3.Connection

    def allows(self, origin: str, *, is_preflight: bool = False) -> bool:
        """Whether the origin is allowed. Neither answer may be an error of the server."""
        if is_preflight:
            response = self.client.options("/items/1", headers={"Origin": origin, **PREFLIGHT})
            assert response.status_code in (200, 400)
        else:
            response = self.client.get("/items/1", headers={"Origin": origin})
            assert (response.status_code, response.json()) == (200, {"number": 1})
        allowed: str | None = response.headers.get("Access-Control-Allow-Origin")
        assert allowed in (None, origin)
        assert "Origin" in response.headers["Vary"]
        return allowed == origin

    def queries(self) -> int:
        number: int = self.client.get("/queries").json()["queries"]
        return number

    def becomes(self, origin: str, *, allowed: bool) -> None:
        """Wait until the origin is allowed, or no longer is."""
        deadline = time.monotonic() + SECONDS
        while self.allows(origin) != allowed:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    @contextlib.contextmanager
    def without_database(self) -> Iterator[None]:
        """Nobody else can read from SQLite while one connection has it for itself."""
        self.database.execute("BEGIN EXCLUSIVE")
        yield
        self.database.execute("COMMIT")


@contextlib.contextmanager
def running(integration: Integration, folder: Path, ttl: str) -> Iterator[Running]:
    file = folder / "customers.sqlite3"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("CREATE TABLE customers (origin TEXT PRIMARY KEY)")
        database.execute("INSERT INTO customers VALUES (?)", [SHOP])
        with (
            serving(integration, CUSTOMERS=str(file), CUSTOMERS_TTL=ttl) as url,
            httpx.Client(base_url=url, trust_env=False) as client,
        ):
            yield Running(client, database)


EACH = pytest.mark.parametrize("integration", LIVE, ids=lambda each: each.folder)


@EACH
def test_many_requests_make_few_queries(integration: Integration, tmp_path: Path) -> None:
    with running(integration, tmp_path, "3600") as app:
        assert app.queries() == 0
        with ThreadPoolExecutor(20) as visitors:
            assert all(visitors.map(lambda _: app.allows(SHOP), range(100)))
        assert app.queries() == 1
        with ThreadPoolExecutor(20) as visitors:
            assert not any(visitors.map(lambda _: app.allows(STRANGER), range(100)))
            assert all(visitors.map(lambda _: app.allows(SHOP, is_preflight=True), range(100)))
        assert app.queries() == 2


@EACH
def test_a_flood_of_origins_does_not_reach_the_database(integration: Integration, tmp_path: Path) -> None:
    with running(integration, tmp_path, "3600") as app:
        app.allows(SHOP)
        start = time.monotonic()
        with ThreadPoolExecutor(20) as visitors:
            flood = visitors.map(lambda number: app.allows(f"https://{number}.example"), range(2000))
            assert not any(flood)
        seconds = time.monotonic() - start
        assert app.queries() <= 1 + 200 * (seconds + 1)
        assert app.allows(SHOP)


@EACH
def test_changes_are_seen_and_a_lost_database_lets_nobody_in(
    integration: Integration, tmp_path: Path
) -> None:
    with running(integration, tmp_path, "0.5") as app:
        assert [app.allows(SHOP), app.allows(STRANGER), app.allows(LATER)] == [True, False, False]
        app.database.execute("INSERT INTO customers VALUES (?)", [LATER])
        app.becomes(LATER, allowed=True)
        app.database.execute("DELETE FROM customers WHERE origin = ?", [SHOP])
        app.becomes(SHOP, allowed=False)
        with app.without_database():
            until = time.monotonic() + 2
            while time.monotonic() < until:
                for is_preflight in (False, True):
                    assert app.allows(LATER, is_preflight=is_preflight)
                    for origin in (SHOP, STRANGER, f"https://{time.monotonic()}.example"):
                        assert not app.allows(origin, is_preflight=is_preflight)
            app.database.execute("DELETE FROM customers")
        app.becomes(LATER, allowed=False)
