"""A policy that a thread keeps current.

1. Each FollowedPolicy has one thread in each process. It reads the source, and replaces the policy.
2. Nothing that a source raises ends the thread or changes the policy.
3. No thread and no connection crosses a fork. The thread ends before a fork, and the parent and the child
   start their own after it. So gunicorn may load the application before it forks its workers.
4. The thread does not keep the policy alive. If no application uses it any more, the thread ends.
5. ``close()`` and the end of the interpreter end the thread, and wait for it.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import sys
import threading
import weakref
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol

from crosscors.core.errors import PolicyError
from crosscors.core.live import LivePolicy
from crosscors.core.policy import Policies

_SECONDS_TO_END = 5.0
_SHORTEST, _LONGEST = 0.05, 0.5  # seconds between two attempts to reach a source


class Target(Protocol):
    """What is kept current."""

    def put(self, policies: Policies, version: int | None = None) -> bool:
        """Whether the policy was put into place. If not, the log says why."""
        ...

    def failed(self, error: Exception) -> None:
        """Tell ``LivePolicy.on_failure`` that there is no new policy, once for each attempt."""
        ...


class Source(Protocol):
    """Where policies come from."""

    @property
    def name(self) -> str:
        """What the log calls it, without secrets."""
        ...

    def follow(self, target: Target, stop: threading.Event) -> None:
        """Put each new policy into place, until ``stop`` is set. This runs in a thread of its own."""
        ...

    def wake(self) -> None:
        """Make ``follow`` look at ``stop`` now, if it waits for something else. Any thread calls this."""
        ...


class FollowedPolicy(LivePolicy[Any]):
    """A LivePolicy that a file or Redis keeps current. ``follow_file`` and ``follow_redis`` make it.

    Give it to adapters as ``policy=``. It follows its source until ``close()``, also in processes that are
    forked later. It is a context manager that closes itself. A closed one goes on to serve its last policy.

    Example:
        >>> from crosscors.live import follow_file
        >>> with follow_file("policy.toml") as live:  # doctest: +SKIP
        ...     serve(CORSMiddleware(app, policy=live))
    """

    def __init__(self, policy: Policies, source: Source, *, version: int = 1) -> None:
        super().__init__(policy, version=version)
        self._follower = _Follower(source, self)
        with _lock:
            _followers.add(self._follower)
            self._follower.start()
        weakref.finalize(self, self._follower.leave).atexit = False  # rule 4; _end_all does rule 5

    def close(self) -> None:
        """End the thread, and wait for it. The last policy stays in place. It may be called again."""
        with _lock:
            _followers.discard(self._follower)
            self._follower.end()

    def __enter__(self) -> FollowedPolicy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Follower:
    """The thread of one FollowedPolicy in this process. Whoever starts or ends it holds the lock."""

    def __init__(self, source: Source, live: FollowedPolicy) -> None:
        self._source = source
        self._live = weakref.ref(live)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is not None and self._thread.is_alive() and not self._stop.is_set():
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._source.follow,
            args=(self, self._stop),
            name=f"crosscors follows {self._source.name}",
            daemon=True,  # the interpreter would wait for any other before it runs _end_all
        )
        self._thread.start()

    def leave(self) -> None:
        """Let the thread end, without waiting for it."""
        self._stop.set()
        self._source.wake()

    def end(self) -> None:
        if self._thread is None or self._thread is threading.current_thread():  # a listener forks, or closes
            return
        self.leave()
        self._thread.join(_SECONDS_TO_END)

    def put(self, policies: Policies, version: int | None = None) -> bool:
        live = self._live()
        if live is None:
            return False
        try:
            live.replace(policies, version=version)
        except PolicyError as error:
            say_refused(self._source.name, error)
            live.failed(error)
            return False
        say(logging.INFO, "Version %s of the policy from %s is in place.", live.version, self._source.name)
        return True

    def failed(self, error: Exception) -> None:
        live = self._live()
        if live is not None:
            live.failed(error)


def say(level: int, message: str, *arguments: object, error: BaseException | None = None) -> None:
    """Log it. The logger is made here, as ``dictConfig`` disables loggers that are there before it."""
    with suppress(Exception):  # a handler or filter can raise
        logging.getLogger("crosscors").log(level, message, *arguments, exc_info=error, stacklevel=2)


def say_refused(name: str, error: PolicyError) -> None:
    """Log that the policy from there cannot be used, with its problems."""
    say(logging.ERROR, "The policy in %s is not used. %s", name, error)


def pause_after(failures: int) -> float:
    """Seconds to wait after that many failures in a row: from 0.05 to 0.5, at random, so that not all workers
    come back at once.

    >>> 0.05 <= pause_after(1) <= 0.1, 0.05 <= pause_after(1000) <= 0.5
    (True, True)
    """
    return random.uniform(_SHORTEST, min(_LONGEST, _SHORTEST * 2 ** min(failures, 10)))  # noqa: S311 (no secret)


# Forks and the end.

_followers: weakref.WeakSet[_Follower] = weakref.WeakSet()
_lock = threading.RLock()  # an RLock, because the garbage collector may close one while another is closed


def _end_all() -> None:
    with _lock:
        for follower in list(_followers):
            follower.end()


def _before_fork() -> None:
    _lock.acquire()
    for follower in list(_followers):
        follower.end()


def _start_all() -> None:
    for follower in list(_followers):
        with suppress(RuntimeError):  # no thread starts while the interpreter ends
            follower.start()


def _after_fork_in_parent() -> None:
    _start_all()
    _lock.release()


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()  # not released: who forks in C does not take it
    _start_all()


atexit.register(_end_all)
if sys.platform != "win32":  # which cannot fork
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
