"""follow_redis with a real Redis: what is served, whatever happens to Redis."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from crosscors import CORSPolicy, PolicyError, Resources
from crosscors.core.live import require
from crosscors.core.policy import Policies
from crosscors.core.values import Findings, refused
from crosscors.live import follow_redis, push_redis
from crosscors.live import store as stores
from crosscors.live.store import DEFAULT_KEY, Store
from tests.conftest import Approve
from tests.live.servers import RedisServer, eventually
from tests.tables import table

pytest.importorskip("redis")

OLD, NEW = (
    CORSPolicy(allow_origins=["https://old.example"]),
    CORSPolicy(allow_origins=["https://new.example"]),
)
Log = pytest.LogCaptureFixture


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: Log) -> None:
    caplog.set_level(logging.INFO, "crosscors")


def put(server: RedisServer, document: str | bytes) -> None:
    """Store a document without telling anybody."""
    with server.client() as client:
        client.set(DEFAULT_KEY, document)


def numbered(version: int, options: str = "") -> str:
    return f'{{"version": {version}, "policy": {{{options}}}}}'


def test_the_policy_is_there_at_once_and_each_push_replaces_it(server: RedisServer) -> None:
    first = push_redis(server.url, OLD)
    with follow_redis(server.url) as live:
        assert (live.policy, live.version) == (OLD, first.version)
        second = push_redis(server.url, Resources({"/a/*": NEW}))
        assert second.connections == 1
        eventually(lambda: live.version == second.version)
        assert live.policy_for("/a/b") == NEW


def test_a_missed_announcement_is_found(server: RedisServer) -> None:
    with follow_redis(server.url) as live:
        put(server, numbered(5, '"allow_origins": ["https://new.example"]'))
        eventually(lambda: live.version == 5)
        assert live.policy == NEW


def test_other_keys_are_others(server: RedisServer) -> None:
    with follow_redis(server.url, "mine") as live:
        push_redis(server.url, NEW, "theirs")
        version = push_redis(server.url, OLD, "mine").version
        eventually(lambda: live.version == version)
        assert live.policy == OLD


def test_a_lost_redis_leaves_the_last_policy_and_is_told_once(server: RedisServer, caplog: Log) -> None:
    push_redis(server.url, OLD)
    failures: list[Exception] = []
    with follow_redis(server.url) as live:
        live.on_failure(failures.append)
        server.stop(signal.SIGKILL)
        eventually(lambda: "cannot be read, so the policy stays as it is. ConnectionError" in caplog.text)
        threading.Event().wait(1)
        assert live.policy == OLD
        server.start()  # without its data
        version = push_redis(server.url, NEW).version
        eventually(lambda: live.version == version)
        eventually(lambda: "can be read again" in caplog.text)
        assert live.policy == NEW
    assert [caplog.text.count(each) for each in ("cannot be read", "can be read again")] == [1, 1]
    assert len(failures) > 1  # once for each attempt
    assert not any(isinstance(each, ValueError) for each in failures)


@pytest.mark.slow
@table(
    "document, said",
    ("a policy with problems", numbered(2**52, '"max_age": true'), "policy.max_age"),
    ("no JSON", "{", "is not valid JSON"),
    ("no text", b"\xff", "is not UTF-8"),
    ("no version", '{"policy": {}}', "version: has to be a whole number"),
    ("a document without an end", b" " * 2**21, "is larger than 1,048,576 bytes"),
    ("a version that is not greater", numbered(3), "its version is 3, and has to be greater than"),
    ("nothing", None, "There is no policy in Redis at"),
)  # fmt: skip
def test_a_bad_document_leaves_the_last_policy_and_is_told_once(
    server: RedisServer, document: str | None, said: str, caplog: Log
) -> None:
    push_redis(server.url, OLD)
    failures: list[Exception] = []
    with follow_redis(server.url) as live:
        live.on_failure(failures.append)
        with server.client() as client:
            good = client.get(DEFAULT_KEY)
            assert isinstance(good, bytes)
            if document is None:
                client.delete(DEFAULT_KEY)
            else:
                client.set(DEFAULT_KEY, document)
        eventually(lambda: said in caplog.text)
        threading.Event().wait(1)  # it is seen more than once
        put(server, good)
        threading.Event().wait(1)
        assert live.policy == OLD
        version = push_redis(server.url, NEW).version
        eventually(lambda: live.version == version)
        assert live.policy == NEW
    problems = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert len(problems) == len(failures) == 1
    assert said in problems[0]
    assert isinstance(failures[0], LookupError if document is None else ValueError)


def test_a_policy_that_a_user_of_it_cannot_take_is_refused(server: RedisServer, caplog: Log) -> None:
    def only_one(policies: Policies) -> Findings:
        return Findings() if policies.everywhere else refused("odd", "policy", 1, "is several.", "Write one.")

    push_redis(server.url, OLD)
    failures: list[Exception] = []
    with follow_redis(server.url) as live:
        live.on_failure(failures.append)
        require(live, only_one)
        push_redis(server.url, Resources({"/a": NEW}))
        eventually(lambda: "policy: is several." in caplog.text)
        assert live.policy == OLD
        eventually(lambda: len(failures) == 1)
        version = push_redis(server.url, NEW).version
        eventually(lambda: live.version == version)


def test_a_flood_of_announcements_is_answered_with_few_looks(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    read = Store.read_if_new

    def counted(store: Store, known: bytes) -> bytes | None:
        nonlocal looks
        looks += 1
        return read(store, known)

    monkeypatch.setattr(Store, "read_if_new", counted)
    monkeypatch.setattr(stores, "_MOST_WAITING", 10)
    with follow_redis(server.url) as live, server.client() as client:
        for number in range(3000):
            client.publish(f"{DEFAULT_KEY}:changed", number)
        version = push_redis(server.url, NEW).version
        eventually(lambda: live.version == version)
    assert looks < 1500


@pytest.mark.slow
def test_what_the_log_says(server: RedisServer, tmp_path: Path, caplog: Log, approved: Approve) -> None:
    def until(said: str) -> None:
        eventually(lambda: said in caplog.messages[-1])

    snapshot = tmp_path / "policy.json"
    snapshot.mkdir()
    with follow_redis(server.url, snapshot=snapshot):
        push_redis(server.url, OLD)
        until("cannot be written")
        put(server, '{"version": 1, "policy": {"allow_origins": ["https://a.example/"], "max_age": true}}')
        until("max_age")
        put(server, numbered(1))
        until("has to be greater")
        server.stop()
        until("cannot be read")
        server.start()
        until("can be read again")
    server.stop()
    with follow_redis(server.url, snapshot=snapshot):
        until("No policy was found")
    said = "\n".join(f"{record.levelname} {record.getMessage()}" for record in caplog.records)
    for shown, stands_for in (
        (str(server.port), "6379"),
        (str(snapshot), "policy.json"),
        (r"\d{13}", "N"),
        ("ConnectionError: .*", "ConnectionError: (why)"),
    ):
        said = re.sub(shown, stands_for, said)
    approved("log_of_follow_redis", said)


# Starting.


def test_without_redis_the_snapshot_is_served(server: RedisServer, tmp_path: Path, caplog: Log) -> None:
    snapshot = tmp_path / "policy.json"
    version = push_redis(server.url, OLD).version
    with follow_redis(server.url, snapshot=snapshot):
        eventually(snapshot.exists)
    server.stop()
    with follow_redis(server.url, snapshot=snapshot) as live:
        assert (live.policy, live.version) == (OLD, version)
        server.start()
        version = push_redis(server.url, NEW).version
        eventually(lambda: live.version == version)
        eventually(lambda: b"new.example" in snapshot.read_bytes())
    assert os.listdir(tmp_path) == ["policy.json"]
    assert "No policy was found" not in caplog.text


def test_a_snapshot_of_the_same_version_is_nothing_to_tell(
    server: RedisServer, tmp_path: Path, caplog: Log
) -> None:
    push_redis(server.url, OLD)
    for _ in range(2):
        with follow_redis(server.url, snapshot=tmp_path / "policy.json"):
            eventually((tmp_path / "policy.json").exists)
    assert "not used" not in caplog.text


def test_a_newer_snapshot_holds_against_a_redis_from_a_backup(
    server: RedisServer, tmp_path: Path, caplog: Log
) -> None:
    snapshot = tmp_path / "policy.json"
    snapshot.write_text(numbered(9, '"allow_origins": ["https://new.example"]'))
    put(server, numbered(8, '"allow_origins": ["https://old.example"]'))
    with follow_redis(server.url, snapshot=snapshot) as live:
        assert (live.policy, live.version) == (NEW, 9)
        eventually(lambda: "its version is 8, and has to be greater than 9" in caplog.text)


def test_a_snapshot_that_cannot_be_written_is_told_once(
    server: RedisServer, tmp_path: Path, caplog: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crosscors.live.redis._SECONDS_BETWEEN_SNAPSHOTS", 0)
    push_redis(server.url, OLD)
    with follow_redis(server.url, snapshot=tmp_path / "none" / "policy.json") as live:
        eventually(lambda: "cannot be written: No such file or directory." in caplog.text)
        version = push_redis(server.url, NEW).version
        eventually(lambda: live.version == version)
        threading.Event().wait(1)
    assert caplog.text.count("cannot be written") == 1


@table(
    "initial, said",
    ("no other origin", None, "Until there is one, no other origin is allowed."),
    ("the initial policy", NEW, "Until there is one, the initial policy is served."),
)
def test_without_redis_and_snapshot(
    server: RedisServer, initial: CORSPolicy | None, said: str, caplog: Log
) -> None:
    server.stop()
    with follow_redis(server.url, initial=initial) as live:
        assert live.policy == (initial or CORSPolicy())
        assert said in caplog.text
        server.start()
        version = push_redis(server.url, OLD).version
        eventually(lambda: live.version == version)


@table(
    "options, error",
    ("no Redis", {"url": "http://localhost"}, ValueError),
    ("no key", {"url": "redis://localhost", "key": ""}, ValueError),
    ("a snapshot in TOML", {"url": "redis://localhost", "snapshot": "policy.toml"}, ValueError),
    ("a document as the initial policy", {"url": "redis://localhost", "initial": {}}, PolicyError),
    ("an unknown option of the URL", {"url": "redis://localhost?max_connections=x"}, ValueError),
)
def test_what_cannot_work_does_not_start(options: dict[str, object], error: type[Exception]) -> None:
    before = threading.active_count()
    with pytest.raises(error):
        follow_redis(**options)  # type: ignore[arg-type]
    assert threading.active_count() == before


# Servers that are not well.


@pytest.mark.slow
@table(
    "said, reason",
    ("nothing", b"", "TimeoutError"),
    ("something else", b"HTTP/1.1 400 Bad Request\r\n\r\n", "InvalidResponse"),
    ("that a password is needed", b"-NOAUTH Authentication required.\r\n" * 20, "AuthenticationError"),
)
def test_a_server_that_is_no_redis_holds_nobody_back(said: bytes, reason: str, caplog: Log) -> None:
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.sendall(said)
            ended.wait(30)

    def serve() -> None:
        while not ended.is_set():
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"redis://:secret@127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with follow_redis(url) as live:
            assert time.monotonic() - started < 15  # it returns, though nothing came
            assert live.policy == CORSPolicy()
            eventually(lambda: "cannot be read" in caplog.text)
        ended.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
    assert "secret" not in caplog.text
    assert reason in caplog.text


def test_an_error_that_nobody_expects_is_told_with_its_traceback(
    server: RedisServer, caplog: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Store, "read_if_new", lambda store, known: 1 / 0)
        live = follow_redis(server.url)
        eventually(lambda: "ZeroDivisionError: 'division by zero'" in caplog.text)
    assert "Traceback" in caplog.text
    version = push_redis(server.url, NEW).version
    eventually(lambda: live.version == version)
    live.close()


# Leaving nothing behind.


def test_closing_leaves_no_thread_and_no_connection(server: RedisServer) -> None:
    before = threading.active_count()
    live = follow_redis(server.url)
    eventually(lambda: server.connections() == 2)
    live.close()
    assert threading.active_count() == before
    eventually(lambda: server.connections() == 0)


def test_closing_while_redis_is_away(server: RedisServer) -> None:
    before = threading.active_count()
    server.stop()
    for _ in range(20):
        follow_redis(server.url).close()
    assert threading.active_count() == before


def test_a_policy_that_nobody_uses_leaves_no_thread_and_no_connection(server: RedisServer) -> None:
    before = threading.active_count()
    follow_redis(server.url)
    gc.collect()
    eventually(lambda: (threading.active_count(), server.connections()) == (before, 0))


def test_asyncio_is_not_held_up_and_no_task_is_left(server: RedisServer) -> None:
    async def main() -> None:
        loop, has_changed = asyncio.get_running_loop(), asyncio.Event()
        with follow_redis(server.url) as live:
            live.on_change(lambda published: loop.call_soon_threadsafe(has_changed.set))
            push_redis(server.url, NEW)
            await has_changed.wait()
            assert live.policy == NEW
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(main(), debug=True)


SCRIPT = """
import sys, time
from crosscors.live import follow_redis
live = follow_redis(sys.argv[1])
assert live.allows_origin("https://old.example")
"""


@pytest.mark.slow
@table("more", ("its end", ""), ("an exception", "1 / 0"), ("sys.exit", "sys.exit(0)"))
def test_a_process_ends_without_a_word(server: RedisServer, more: str) -> None:
    push_redis(server.url, OLD)
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT + more, server.url]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    last = ran.stderr.splitlines()[-1:]
    assert last == (["ZeroDivisionError: division by zero"] if more == "1 / 0" else [])
    assert ("Warning" in ran.stderr, ran.stderr.count("Traceback")) == (False, len(last))
    eventually(lambda: server.connections() == 0)


@pytest.mark.slow
def test_the_log_has_no_password(tmp_path: Path, server: RedisServer, caplog: Log) -> None:
    with server.client() as client:
        client.config_set("requirepass", "correct")
    with follow_redis(server.url.replace("//", "//:secret@")) as live:
        eventually(lambda: "AuthenticationError" in caplog.text)
        assert live.policy == CORSPolicy()
    with follow_redis(server.url.replace("//", "//:correct@")) as live:
        version = push_redis(server.url.replace("//", "//:correct@"), NEW).version
        eventually(lambda: live.version == version)
    assert "secret" not in caplog.text
    assert "correct" not in caplog.text
