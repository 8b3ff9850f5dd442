"""The thread that keeps a policy current: it ends with the policy, and never crosses a fork."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref

import pytest

from crosscors import CORSPolicy, LivePolicy
from crosscors.live import FollowedPolicy, following
from crosscors.live.following import Target, pause_after
from tests.live.servers import eventually

OLD, NEW = (
    CORSPolicy(allow_origins=["https://old.example"]),
    CORSPolicy(allow_origins=["https://new.example"]),
)


class Source:
    """Puts a policy into place when it is told to."""

    name = "the test"

    def __init__(self) -> None:
        self.may_put, self.has_put, self.wakes = threading.Event(), threading.Event(), 0
        self.policy = NEW
        self.threads: list[threading.Thread] = []
        self.results: list[bool] = []

    def follow(self, target: Target, stop: threading.Event) -> None:
        self.threads.append(threading.current_thread())
        while not stop.is_set():
            if self.may_put.wait(0.01):
                self.may_put.clear()
                self.results.append(target.put(self.policy))
                self.has_put.set()

    def wake(self) -> None:
        self.wakes += 1

    def put(self) -> None:
        self.has_put.clear()
        self.may_put.set()
        assert self.has_put.wait(5)

    @property
    def running(self) -> int:
        return sum(thread.is_alive() for thread in self.threads)


def test_it_is_a_live_policy_that_its_source_replaces() -> None:
    source = Source()
    with FollowedPolicy(OLD, source, version=7) as live:
        assert isinstance(live, LivePolicy)
        assert (live.policy, live.version) == (OLD, 7)
        source.put()
        assert (live.policy, live.version) == (NEW, 8)


def test_closing_ends_the_thread_and_keeps_the_policy() -> None:
    source = Source()
    live = FollowedPolicy(OLD, source)
    live.close()
    live.close()
    assert (source.running, live.policy) == (0, OLD)
    assert source.wakes


def test_a_policy_that_cannot_be_used_is_logged_and_the_old_one_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Source()
    with FollowedPolicy(OLD, source) as live:
        source.policy = "no policy"  # type: ignore[assignment]
        source.put()
        assert (live.policy, source.results) == (OLD, [False])
    assert "The policy in the test is not used. This CORS policy has a problem:" in caplog.text


def test_a_policy_that_nobody_uses_takes_its_thread_with_it() -> None:
    source = Source()
    live = weakref.ref(FollowedPolicy(OLD, source))
    gc.collect()
    assert live() is None
    eventually(lambda: not source.running)


def test_what_comes_for_a_policy_that_is_gone_is_dropped() -> None:
    source = Source()
    live = FollowedPolicy(OLD, source)
    target: Target = live._follower  # pyright: ignore[reportPrivateUsage]
    del live
    gc.collect()
    assert target.put(NEW) is False
    target.failed(OSError())


def test_a_listener_may_close_it() -> None:
    source = Source()
    live = FollowedPolicy(OLD, source)
    live.on_change(lambda published: live.close())
    source.put()
    assert source.running  # it cannot wait for itself
    live.close()
    eventually(lambda: not source.running)


def test_a_second_start_does_nothing() -> None:
    source = Source()
    with FollowedPolicy(OLD, source):
        following._start_all()  # pyright: ignore[reportPrivateUsage]
        assert source.running == 1


def test_the_thread_ends_before_a_fork_and_starts_again_after_it() -> None:
    source = Source()
    with FollowedPolicy(OLD, source) as live:
        for after in (following._after_fork_in_parent, following._after_fork_in_child):  # pyright: ignore[reportPrivateUsage]
            following._before_fork()  # pyright: ignore[reportPrivateUsage]
            assert source.running == 0
            after()
            assert source.running == 1
            source.put()
    assert (source.running, live.version) == (0, 3)


def test_the_end_of_the_interpreter_ends_every_thread() -> None:
    source = Source()
    live = FollowedPolicy(OLD, source)
    following._end_all()  # pyright: ignore[reportPrivateUsage]
    assert (source.running, live.policy) == (0, OLD)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_no_thread_crosses_a_fork_and_each_process_has_its_own() -> None:
    # In a process of its own, where a fork beside a thread is an error: Python warns of it.
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.live.forking"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    assert ran.stdout == "child: 1 follows, new\nparent: 1 follows, new\n"


def test_pauses_grow_and_differ() -> None:
    pauses = [[pause_after(failures) for _ in range(200)] for failures in (1, 2, 3, 9, 10_000)]
    assert all(0.05 <= each <= 0.5 for several in pauses for each in several)
    assert all(len(set(several)) > 100 for several in pauses)
    assert [max(several) < 0.1 for several in pauses] == [True, False, False, False, False]
