"""A policy in Redis: where it stands, reading and pushing it.

1. One document in JSON stands below the key. Its version is a whole number, and only grows.
2. The last documents stand in a list, with the time at which each was pushed, the newest first.
3. A push writes both in one transaction, and publishes the version on a channel. Who reads subscribes first.
4. A new version is greater than the stored one, and than the time of Redis in milliseconds. So it is greater
   than all before, also if Redis has lost its data.
5. A document that is too large is not read to its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, cast
from urllib.parse import urlsplit

from crosscors.core.errors import shown
from crosscors.core.policy import CORSPolicy
from crosscors.core.resources import Resources
from crosscors.live.documents import MOST_BYTES, StorageError, as_bytes, numbered, version_in

DEFAULT_KEY = "crosscors:policy"
KEPT = 20  # documents
_SECONDS_TO_CONNECT, _SECONDS_TO_REPLY = 1.0, 2.0
_HEAD = 40  # bytes; enough for the version
_MOST_WAITING = 1000  # announcements


@dataclass(frozen=True)
class Place:
    """Where a policy stands in Redis.

    Attributes:
        url: the URL of Redis. It may have a password, so it is not shown.
        key: the key of the document.
        name: what messages call the place.
    """

    url: str = field(repr=False)
    key: str
    name: str

    @property
    def channel(self) -> str:
        return f"{self.key}:changed"

    @property
    def history(self) -> str:
        return f"{self.key}:history"


def read_place(url: str, key: str) -> Place:
    """The place with this URL and key.

    Raises:
        StorageError: if the URL is not one of Redis, or the key is empty. The message has no password.
    """
    if not key:
        raise StorageError("The key is empty.", f"Write {DEFAULT_KEY}, or leave it out.")
    return Place(url, key, f"{_server(url)} (key {shown(key)})")


def _server(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port or 6379
    except ValueError:  # its message can have a part of the password
        raise StorageError(_NOT_VALID, _HINT) from None
    if parts.scheme == "unix":
        return f"Redis at {shown(parts.path)}"
    if parts.scheme not in {"redis", "rediss"}:
        raise StorageError("The URL of Redis has to begin with redis://, rediss:// or unix://.", _HINT)
    number = parts.path.strip("/")
    # What follows the host here is the rest of a password, and the host is its beginning.
    if parts.fragment or "@" in parts.query or (number and not number.isdecimal()):
        raise StorageError(_NOT_VALID, _HINT)
    return f"Redis at [{host}]:{port}" if ":" in host else f"Redis at {host}:{port}"


_NOT_VALID = "The URL of Redis is not valid."
_HINT = (
    "Write redis://:PASSWORD@HOST:6379/0. In the password, write %2F for /, %23 for #, %3F for ?, %40 for @ "
    "and %25 for %."
)


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Attributes:
        version: the version of the policy.
        connections: how many connections were told of it. Others see it when they look next.
    """

    version: int
    connections: int


@dataclass(frozen=True)
class Former:
    """A document of the history.

    Attributes:
        version: its version.
        pushed_at: when it was pushed, in seconds since 1970.
        document: the document, as JSON has it.
    """

    version: int
    pushed_at: float
    document: Mapping[str, object]


class Store:
    """A connection to the place of a policy. It connects when it is used first."""

    def __init__(self, place: Place) -> None:
        import redis  # noqa: PLC0415  # the extra "redis"
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        self._place = place
        connect = cast("Any", redis.Redis).from_url  # its types are not complete
        self._redis = connect(
            place.url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),  # who calls tries again, and says so
            socket_connect_timeout=_SECONDS_TO_CONNECT,
            socket_timeout=_SECONDS_TO_REPLY,
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._redis.close()
        self.cut()  # redis 5.0.0 leaves the connections of its pool open

    def cut(self) -> None:
        """Close the connections under a thread that waits for one. It gets an exception."""
        self._redis.connection_pool.disconnect()

    def read(self) -> bytes:
        """The document. Empty if there is none. One that is too large is cut, but still too large."""
        return cast("bytes", self._redis.getrange(self._place.key, 0, MOST_BYTES))

    def read_if_new(self, known: bytes) -> bytes | None:
        """The document. None if it begins as the known one does, with the same version."""
        head = cast("bytes", self._redis.getrange(self._place.key, 0, _HEAD - 1))
        return None if head and head == known[:_HEAD] else self.read()

    def push(self, policies: CORSPolicy | Resources) -> Pushed:
        """Store the policies, and tell everybody.

        Raises:
            PolicyError: if a policy has an ``allow_origin_func``.
            StorageError: if the document is too large, or the stored version cannot grow.
        """
        place, version = self._place, 0

        def store(pipe: Any) -> None:
            nonlocal version
            seconds, microseconds = pipe.time()
            milliseconds = seconds * 1000 + microseconds // 1000
            version = max(version_in(pipe.getrange(place.key, 0, MOST_BYTES)), milliseconds) + 1
            document = numbered(policies, version)
            pipe.multi()
            pipe.set(place.key, as_bytes(document))
            pipe.lpush(place.history, json.dumps({"pushed_at": milliseconds / 1000, "document": document}))
            pipe.ltrim(place.history, 0, KEPT - 1)
            pipe.publish(place.channel, str(version))

        *_, connections = self._redis.transaction(store, place.key)
        return Pushed(version, connections)

    def history(self) -> tuple[Former, ...]:
        """The last documents, the newest first. What is not a document is left out."""
        entries = (_former(raw) for raw in self._redis.lrange(self._place.history, 0, KEPT - 1))
        return tuple(entry for entry in entries if entry is not None)

    @contextmanager
    def announcements(self) -> Generator[Callable[[float], None]]:
        """Gives a function that waits for the next push, at most that many seconds."""
        with closing(self._redis.pubsub(ignore_subscribe_messages=True)) as pubsub:
            pubsub.subscribe(self._place.channel)

            def wait(seconds: float) -> None:
                pubsub.get_message(timeout=seconds)
                for _ in range(_MOST_WAITING):  # one look at the document is enough for all that wait
                    if pubsub.get_message() is None:
                        return

            yield wait


def _former(raw: bytes) -> Former | None:
    with suppress(ValueError, TypeError, KeyError):
        entry = json.loads(raw)
        document: dict[str, object] = dict(entry["document"])
        return Former(int(cast("int", document["version"])), float(entry["pushed_at"]), document)
    return None
