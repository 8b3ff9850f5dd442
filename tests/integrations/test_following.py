"""A policy that follows Redis, on real servers: in every worker, after a fork, a reload and a crash."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from crosscors import CORSPolicy
from crosscors.live import push_redis
from tests.integrations.servers import Integration, serving, serving_process
from tests.integrations.soak import soak
from tests.live.servers import RedisServer, eventually, redis_running
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "../tests/integrations/following"
GUNICORN = "gunicorn --workers 2 --bind 127.0.0.1:$PORT"
WORKERS = 2
ORIGIN = "https://app.example.com"

every_server = table(
    "command",
    ("WSGI on gunicorn", f"{GUNICORN} main:wsgi"),
    ("WSGI on gunicorn, loaded before the fork", f"{GUNICORN} --preload main:wsgi"),
    ("Flask on gunicorn in threads", f"{GUNICORN} --worker-class gthread --threads 4 main:flask"),
    ("Flask in threads, loaded before the fork", f"{GUNICORN} --threads 4 --preload main:flask"),
    ("Django on gunicorn", f"{GUNICORN} main:django"),
    ("Django on gunicorn, loaded before the fork", f"{GUNICORN} --preload main:django"),
    ("ASGI on uvicorn", "uvicorn --workers 2 --port $PORT main:asgi"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_running(tmp_path) as running:
        yield running


def push(server: RedisServer, origin: str = ORIGIN) -> int:
    return push_redis(server.url, CORSPolicy(allow_origins=[origin])).version


def ask(url: str) -> dict[str, Any]:
    """The state of the worker that a new connection leads to. ORIGIN may read it."""
    response = httpx.get(url, headers={"Origin": ORIGIN}, trust_env=False, timeout=30)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    state: dict[str, Any] = response.json()
    assert state["threads"] == 1
    return state


def workers_with(url: str, version: int) -> set[int]:
    """The workers that serve this version, as far as some requests show."""
    states = [ask(url) for _ in range(20)]
    return {state["pid"] for state in states if state["version"] == version}


@every_server
def test_every_worker_follows_and_nothing_is_left(server: RedisServer, command: str) -> None:
    version = push(server)
    with serving_process(Integration(FOLDER, command), REDIS_URL=server.url) as (url, process):
        eventually(lambda: len(workers_with(url, version)) == WORKERS)
        before = workers_with(url, version)
        version = push(server)
        eventually(lambda: workers_with(url, version) == before)
        if command.startswith("gunicorn"):
            process.send_signal(signal.SIGHUP)  # reload
            version = push(server)
            eventually(lambda: len(workers_with(url, version) - before) == WORKERS)
        is_loaded_before = "--preload" in command
        eventually(lambda: server.connections() == 2 * (WORKERS + is_loaded_before))
    eventually(lambda: server.connections() == 0)


def test_a_worker_that_is_forked_late_has_the_newest_policy_at_once(server: RedisServer) -> None:
    push(server, "https://old.example")
    integration = Integration(FOLDER, f"{GUNICORN} --preload --workers 1 main:wsgi")
    with serving(integration, REDIS_URL=server.url) as url:
        version = push(server)
        eventually(lambda: server.connections() == 4)
        eventually(lambda: bool(workers_with(url, version)))
        time.sleep(1)  # the process that forks workers follows Redis, too, but answers nobody
        for _ in range(5):
            old = ask(url)["pid"]
            os.kill(old, signal.SIGKILL)
            eventually(partial(is_served_by_another, url, old, version))


def is_served_by_another(url: str, old: int, version: int) -> bool:
    try:
        state = ask(url)
    except httpx.HTTPError:
        return False  # it has just been killed
    if state["pid"] == old:
        return False
    assert state["version"] == version
    return True


def test_without_redis_the_workers_start_from_the_snapshot(server: RedisServer, tmp_path: Path) -> None:
    snapshot = tmp_path / "policy.json"
    variables = {"REDIS_URL": server.url, "SNAPSHOT": str(snapshot)}
    version = push(server)
    integration = Integration(FOLDER, f"{GUNICORN} main:flask")
    with serving(integration, **variables):
        eventually(snapshot.exists)
    server.stop(signal.SIGKILL)
    with serving(integration, **variables) as url:
        eventually(lambda: len(workers_with(url, version)) == WORKERS)
        server.start()
        version = push(server)
        eventually(lambda: len(workers_with(url, version)) == WORKERS)


def test_no_response_is_torn_while_policies_and_redis_come_and_go(tmp_path: Path) -> None:
    result = soak(seconds=6, kills=1, folder=tmp_path)
    assert result.errors == []
    assert result.responses
    assert result.away
    assert len(result.lags) == 6
