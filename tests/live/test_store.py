"""Where a policy stands in Redis, and how it is pushed there."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, Resources
from crosscors.live import push_redis
from crosscors.live.documents import StorageError
from crosscors.live.store import DEFAULT_KEY, KEPT, Pushed, Store, read_place
from tests.live.servers import RedisServer
from tests.tables import table

POLICY = CORSPolicy(allow_origins=["https://app.example.com"])


@table(
    "url, name",
    ("host and port", "redis://redis.example.com:7000/2", "Redis at redis.example.com:7000 (key 'a')"),
    ("nothing else", "redis://", "Redis at localhost:6379 (key 'a')"),
    ("TLS, with a password", "rediss://user:secret@[::1]", "Redis at [::1]:6379 (key 'a')"),
    ("a password with everything", "redis://:%2F%23%3F%40%25@host", "Redis at host:6379 (key 'a')"),
    ("options", "redis://host?socket_timeout=3", "Redis at host:6379 (key 'a')"),
    ("a socket", "unix://user:secret@/run/redis.sock?db=1", "Redis at '/run/redis.sock' (key 'a')"),
)
def test_the_name_of_a_place_has_no_password(url: str, name: str) -> None:
    place = read_place(url, "a")
    assert (place.name, place.url) == (name, url)
    assert "secret" not in repr(place)


@table(
    "url",
    ("another protocol", "http://:secret@host"),
    ("no protocol", "localhost:6379"),
    ("a slash in the password", "redis://:secret/1@host:6379"),
    ("a slash and an @ in the password", "redis://:p@secret/x@host"),
    ("a hash in the password", "redis://:secret#1@host"),
    ("a question mark in the password", "redis://user:12?secret@host"),
    ("no port", "redis://host:secret"),
    ("a port that is too great", "redis://:secret@host:65536"),
    ("half an address", "redis://:secret@[::1"),
)
def test_a_wrong_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StorageError, match="The URL of Redis") as raised:
        read_place(url, "a")
    assert "secret" not in str(raised.value)
    assert raised.value.hint.startswith("Write redis://")


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(StorageError, match=r"^The key is empty\. Write crosscors:policy, or leave it out\.$"):
        read_place("redis://", "")


def test_a_pushed_policy_is_read(server: RedisServer) -> None:
    pushed = push_redis(server.url, POLICY)
    with Store(read_place(server.url, DEFAULT_KEY)) as store:
        raw = store.read()
        assert json.loads(raw) == {"version": pushed.version, "policy": POLICY.to_dict()}
        assert store.read_if_new(b"") == raw
        assert store.read_if_new(raw) is None
        assert push_redis(server.url, Resources({"/a": POLICY})).version > pushed.version
        assert store.read_if_new(raw) == store.read() != raw


@table(
    "stored, version",
    ("a greater one than the time", b'{"version": 9000000000000000}', 9000000000000001),
    ("one whose document has a problem", b'{"version": 9000000000000000, "policy": 1}', 9000000000000001),
)
def test_the_version_is_greater_than_the_stored_one(server: RedisServer, stored: bytes, version: int) -> None:
    with server.client() as client:
        client.set(DEFAULT_KEY, stored)
    assert push_redis(server.url, POLICY).version == version


@table(
    "stored",
    ("nothing", None),
    ("something without a version", b"?"),
    ("an old one", b'{"version": 3}'),
)
def test_the_version_is_greater_than_the_time_of_redis(server: RedisServer, stored: bytes | None) -> None:
    with server.client() as client:
        if stored:
            client.set(DEFAULT_KEY, stored)
        seconds, microseconds = client.time()
        version = push_redis(server.url, POLICY).version
        later, _ = client.time()
    assert seconds * 1000 + microseconds // 1000 < version <= (later + 1) * 1000


def test_a_version_that_cannot_grow_is_an_error(server: RedisServer) -> None:
    with server.client() as client:
        client.set(DEFAULT_KEY, b'{"version": 9007199254740991}')
    with pytest.raises(ValueError, match="is too great"):
        push_redis(server.url, POLICY)


def test_many_push_at_once_and_each_gets_its_own_version(server: RedisServer) -> None:
    def push(number: int) -> Pushed:
        return push_redis(server.url, POLICY.replace(max_age=number))

    with ThreadPoolExecutor(8) as threads:
        pushed = {each.version: number for number, each in enumerate(threads.map(push, range(40)))}
    assert len(pushed) == 40
    with Store(read_place(server.url, DEFAULT_KEY)) as store:
        stored = json.loads(store.read())
        kept = store.history()
    last = max(pushed)
    assert (stored["version"], stored["policy"]["max_age"]) == (last, pushed[last])
    assert [each.version for each in kept] == sorted(pushed, reverse=True)[:KEPT]
    assert [each.document["version"] for each in kept] == [each.version for each in kept]


def test_what_is_no_document_of_the_history_is_left_out(server: RedisServer) -> None:
    push_redis(server.url, POLICY, "a")
    with server.client() as client:
        client.lpush(
            "a:history", b"\xff", b"[]", b"{}", b'{"document": 1}', b'{"document": {"version": "x"}}'
        )
    with Store(read_place(server.url, "a")) as store:
        (entry,) = store.history()
    assert entry.document["policy"] == POLICY.to_dict()


@table(
    "policy, error, said",
    ("a function", POLICY.replace(allow_origin_func=lambda request: True), PolicyError, "allow_origin_func"),
    ("a document", POLICY.to_dict(), TypeError, "push_redis takes a CORSPolicy or Resources, not a dict"),
)  # fmt: skip
def test_what_is_not_pushed(policy: Any, error: type[Exception], said: str, server: RedisServer) -> None:
    with pytest.raises(error, match=said):
        push_redis(server.url, policy)
    with server.client() as client:
        assert client.dbsize() == 0
