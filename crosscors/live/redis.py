"""A policy that Redis or Valkey keeps current, in every worker of every machine."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from contextlib import suppress
from pathlib import Path

from crosscors.core.errors import shown
from crosscors.core.policy import CORSPolicy
from crosscors.core.resources import Resources
from crosscors.live import snapshot as snapshots
from crosscors.live.documents import read_numbered, taken
from crosscors.live.following import FollowedPolicy, Target, pause_after, say
from crosscors.live.store import DEFAULT_KEY, Place, Pushed, Store, read_place

_SECONDS_TO_START = 2.0
# A missed announcement is found after this time, and so within a second.
_SHORTEST, _LONGEST = 0.5, 0.8  # seconds
_SECONDS_BETWEEN_READS = 0.01  # whatever is announced
_SECONDS_BETWEEN_SNAPSHOTS = 1.0


def follow_redis(
    url: str,
    key: str = DEFAULT_KEY,
    *,
    snapshot: str | os.PathLike[str] | None = None,
    initial: CORSPolicy | Resources | None = None,
) -> FollowedPolicy:
    """A policy that follows a document in Redis or Valkey. ``crosscors push`` writes the document.

    A push is announced, and each process also looks for a new document about every 0.6 seconds. So every
    worker of every machine serves it within a second. While Redis is away or has a bad document, the last
    good policy stays in place, and the log says so once.

    This call waits for the first document, at most 2 seconds. After that, only a thread waits for Redis, and
    no event loop. Each process has one thread and two connections. Redis Cluster and Sentinel are not
    supported.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, as the package redis takes it. A password is
            never shown.
        key: the key of the document. Default: ``"crosscors:policy"``.
        snapshot: a file in JSON, which is written after each change and read while Redis is away at the
            start. Default: None.
        initial: the policy that is served until there is a document or a snapshot. Default: ``CORSPolicy()``,
            which lets no other origin in.

    Raises:
        ModuleNotFoundError: if the package redis is missing. The extra ``redis`` installs it.
        ValueError: if the URL, the key or the name of the snapshot is wrong.
        PolicyError: if ``initial`` is not a CORSPolicy or Resources.

    Example:
        >>> from crosscors.live import follow_redis
        >>> live = follow_redis("redis://localhost:6379", snapshot="policy.json")  # doctest: +SKIP
        >>> app = CORSMiddleware(app, policy=live)  # doctest: +SKIP
    """
    place = read_place(url, key)
    path = None if snapshot is None else snapshots.check_name(snapshot)
    kept = snapshots.load(path) if path else None
    policies, version = kept or (CORSPolicy() if initial is None else initial, 1)
    source = _Source(place, path, version)
    live = FollowedPolicy(policies, source, version=version)
    source.has_tried.wait(_SECONDS_TO_START)
    if not source.has_policy and kept is None:
        message = "No policy was found in %s yet. Until there is one, %s."
        served = "no other origin is allowed" if initial is None else "the initial policy is served"
        say(logging.ERROR, message, place.name, served)
    return live


def push_redis(url: str, policy: CORSPolicy | Resources, key: str = DEFAULT_KEY) -> Pushed:
    """Give a policy to every process that follows the key. The same as ``crosscors push``.

    Its version is greater than that of every policy before, also if Redis has lost its data.

    Args:
        url: the URL of Redis, as for ``follow_redis``.
        policy: a CORSPolicy or Resources.
        key: the key of the document. Default: ``"crosscors:policy"``.

    Raises:
        TypeError: if the policy is not a CORSPolicy or Resources.
        ValueError: if the URL or the key is wrong, or the policy has more than 1 MiB as a document.
        PolicyError: if the policy has an ``allow_origin_func``, because no document can have a function.
        redis.RedisError: if Redis cannot be reached, or refuses.

    Example:
        >>> from crosscors.live import push_redis
        >>> push_redis("redis://localhost:6379", CORSPolicy(allow_origins="*")).version  # doctest: +SKIP
        1764337417124
    """
    if not isinstance(policy, (CORSPolicy, Resources)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"push_redis takes a CORSPolicy or Resources, not a {type(policy).__name__}")
    with Store(read_place(url, key)) as store:
        return store.push(policy)


class _Source:
    """Follows the document.

    Attributes:
        has_tried: set after the first attempt to read the document.
        has_policy: whether a policy came from Redis.
    """

    def __init__(self, place: Place, snapshot: Path | None, version: int) -> None:
        self.name = place.name
        self.has_tried = threading.Event()
        self.has_policy = False
        self._place = place
        self._snapshot = _Snapshot(snapshot) if snapshot else None
        self._version: int = version
        self._judged: bytes | None = None  # the document that was read last
        self._served = b""  # the document that is served, if it came from Redis
        self._store = Store(place)  # raises here, and not in the thread, if the URL or the package is wrong
        self._failures = 0

    def wake(self) -> None:
        with suppress(Exception):  # the thread may close the connection at the same time
            self._store.cut()

    def follow(self, target: Target, stop: threading.Event) -> None:
        while not stop.is_set():
            self._attempt(target, stop)

    def _attempt(self, target: Target, stop: threading.Event) -> None:
        """Follow until the connection is lost."""
        try:
            with Store(self._place) as self._store:
                self._connected(self._store, target, stop)
        except Exception as error:  # noqa: BLE001  # rule 2 of following.py
            if not stop.is_set():  # otherwise, wake cut the connection
                self._failed(error)
                target.failed(error)
                self.has_tried.set()
                stop.wait(pause_after(self._failures))

    def _connected(self, store: Store, target: Target, stop: threading.Event) -> None:
        with store.announcements() as wait:
            self._look(store, target)
            self.has_tried.set()
            while not stop.is_set():
                wait(random.uniform(_SHORTEST, _LONGEST))  # noqa: S311 (no secret)
                stop.wait(_SECONDS_BETWEEN_READS)
                self._look(store, target)
                self._works()

    def _look(self, store: Store, target: Target) -> None:
        raw = store.read_if_new(self._served)
        if raw is not None and raw != self._judged:
            self._judged = raw
            self._judge(raw, target)
        if self._snapshot and self._served:
            self._snapshot.keep(self._served)

    def _judge(self, raw: bytes, target: Target) -> None:
        if not raw:
            message = "There is no policy in %s. Run: crosscors push FILE"
            say(logging.WARNING, message, self.name)
            target.failed(LookupError(message % self.name))
            return
        read = taken(read_numbered(raw), self.name, target.failed)
        if read is None:
            return
        policies, version = read
        if version == self._version and not self._served:  # that of the snapshot
            self._served, self.has_policy = raw, True
        elif version <= self._version:
            message = "The policy in %s is not used: its version is %s, and has to be greater than %s. %s"
            reasons = (self.name, version, self._version, "Run: crosscors push FILE")
            say(logging.WARNING, message, *reasons)
            target.failed(ValueError(message % reasons))
        elif target.put(policies, version):
            self._version, self._served, self.has_policy = version, raw, True

    def _failed(self, error: Exception) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415  # the extra "redis"

        self._failures += 1
        if self._failures > 1:
            return
        is_usual = isinstance(error, (RedisError, OSError))
        reason = f"{type(error).__name__}: {shown(str(error))}"
        message = "%s cannot be read, so the policy stays as it is. %s"
        say(logging.WARNING, message, self.name, reason, error=None if is_usual else error)

    def _works(self) -> None:
        """The connection held until now. Before that, it is not said to be back: it may go up and down."""
        if self._failures:
            say(logging.WARNING, "%s can be read again.", self.name)
        self._failures = 0


class _Snapshot:
    """The file that has the last document, written once a second at most."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0.0  # monotonic seconds
        self._is_reported = False

    def keep(self, raw: bytes) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS_BETWEEN_SNAPSHOTS
        try:
            snapshots.keep(self._path, raw)
        except OSError as error:
            if not self._is_reported:
                message = "The snapshot %s cannot be written: %s."
                say(logging.ERROR, message, self._path, error.strerror)
            self._is_reported = True
