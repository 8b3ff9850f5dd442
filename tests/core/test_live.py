"""LivePolicy alone. What adapters serve of it stands in tests/conformance/test_live.py."""

from __future__ import annotations

import copy
import logging
import pickle
import sys
import threading
import time
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, LivePolicy, PolicyError, Resources
from crosscors.core.live import Published, _renew_lock  # pyright: ignore[reportPrivateUsage]
from tests.tables import table

APP, NEW = "https://app.example.com", "https://new.example.com"
OLD_POLICY, NEW_POLICY = CORSPolicy(allow_origins=APP), CORSPolicy(allow_origins=NEW)


def made() -> LivePolicy[Any]:
    return LivePolicy[Any](OLD_POLICY)


def test_what_is_served_is_read_as_one() -> None:
    start = time.time()
    live = made()
    first = live.published
    assert (first.policy, first.version) == (OLD_POLICY, 1)
    second = live.replace(NEW_POLICY)
    assert second == live.published == Published(NEW_POLICY, 2, live.changed_at)
    assert (live.policy, live.version) == (NEW_POLICY, 2)
    assert start <= first.changed_at <= second.changed_at <= time.time()
    assert first.policy is OLD_POLICY


@table(
    "policy, version, words",
    ("no policy", None, None, ["takes a CORSPolicy or Resources, not None", "Write CORSPolicy(...)."]),
    (
        "options",
        {"allow_origins": "*"},
        None,
        ["not {'allow_origins': '*'}", "Write CORSPolicy(allow_origins='*')."],
    ),
    (
        "paths",
        {"/api/*": {"allow_origins": "*"}},
        None,
        ["Write Resources({'/api/*': CORSPolicy(allow_origins='*')})."],
    ),
    ("the class", CORSPolicy, None, ["not <class 'crosscors.core.policy.CORSPolicy'>"]),
    ("a LivePolicy", LivePolicy(NEW_POLICY), None, ["Write the policy in it, such as live.policy."]),
    ("the same version", NEW_POLICY, 5, ["greater than 5, not 5", "Leave it out, or write 6."]),
    ("an older version", NEW_POLICY, 4, ["greater than 5, not 4"]),
    ("a version that is no number", NEW_POLICY, "6", ["greater than 5, not '6'"]),
    ("a fraction", NEW_POLICY, 6.5, ["greater than 5, not 6.5"]),
    ("a truth value", NEW_POLICY, True, ["greater than 5, not True"]),
)
def test_what_cannot_be_served_is_refused(policy: Any, version: Any, words: list[str]) -> None:
    live = LivePolicy[Any](OLD_POLICY, version=5)
    told: list[object] = []
    live.on_change(told.append)
    before = live.published
    with pytest.raises(PolicyError) as caught:
        live.replace(policy, version=version)
    assert all(each in str(caught.value) for each in words), caught.value
    assert live.published is before
    assert told == []
    if version is None:
        with pytest.raises(PolicyError):
            LivePolicy[Any](policy)


@pytest.mark.parametrize("version", [0, -1, True, "1", None])
def test_the_first_version_is_above_zero(version: Any) -> None:
    with pytest.raises(PolicyError, match="greater than 0"):
        LivePolicy(OLD_POLICY, version=version)


def test_a_version_can_be_given() -> None:
    live = LivePolicy[Any](OLD_POLICY, version=7)
    assert [live.version, live.replace(NEW_POLICY).version] == [7, 8]
    assert live.replace(OLD_POLICY, version=1_700_000_000_000).version == 1_700_000_000_000


@pytest.mark.parametrize("policy", [NEW_POLICY, Resources({"/api/*": NEW_POLICY})], ids=["one", "paths"])
def test_it_stands_for_its_policy(policy: Any) -> None:
    live = LivePolicy[Any](policy)
    assert live.policies == policy.policies
    assert live.everywhere is None
    for path, root_path in (("/api/items", ""), ("/items", ""), ("/v1/api/items", "/v1")):
        assert live.policy_for(path, root_path) is policy.policy_for(path, root_path)


# A function for other libraries.


def test_it_answers_for_its_policy_of_the_moment() -> None:
    live = made()
    allows = live.allows_origin
    assert [allows(APP), allows(NEW), allows(APP, credentials=True)] == [True, False, False]
    live.replace(CORSPolicy(allow_origins=NEW, allow_credentials=True))
    assert [allows(APP), allows(NEW), allows(NEW, credentials=True)] == [False, True, True]
    assert allows("http://localhost:8000", host="localhost:8000")


def test_of_resources_it_cannot_answer() -> None:
    live = LivePolicy(Resources({"/*": OLD_POLICY}))
    with pytest.raises(TypeError, match="This one has Resources"):
        live.allows_origin(APP)


# Views and keys have no paths below them.


def test_a_key_takes_no_resources() -> None:
    live = made()
    resources = Resources({"/api/*": live, "/other": None})
    with pytest.raises(PolicyError, match="takes a CORSPolicy here, not Resources"):
        live.replace(Resources({"/*": NEW_POLICY}))
    live.replace(NEW_POLICY)
    assert resources.policy_for("/api/items") is NEW_POLICY
    assert resources.policies == (NEW_POLICY,)
    with pytest.raises(PolicyError, match="takes a CORSPolicy here"):
        Resources({"/api/*": LivePolicy(Resources({"/*": NEW_POLICY}))})  # type: ignore[arg-type]


def test_readings_of_a_path_with_one_live_policy_have_one_policy() -> None:
    live = made()
    one = Resources({"/a/*": live, "/a/b/*": live})
    two = Resources({"/a/*": live, "/a/b/*": OLD_POLICY})
    assert one.policy_for("/a//b/c") is OLD_POLICY
    assert two.policy_for("/a//b/c") is None


def test_resources_write_the_policy_of_the_moment() -> None:
    live = made()
    resources = Resources({"/*": live})
    live.replace(NEW_POLICY)
    assert resources.to_dict() == {"/*": {"allow_origins": [NEW]}}


# Listeners.


def test_listeners_hear_of_each_change_until_they_end() -> None:
    live = made()
    heard: list[tuple[str, int]] = []

    def first(published: Published[Any]) -> None:
        heard.append(("first", published.version))

    def second(published: Published[Any]) -> None:
        heard.append(("second", live.version))

    end = live.on_change(first)
    end_again = live.on_change(first)
    live.on_change(second)
    live.replace(NEW_POLICY)
    end()
    end()
    live.replace(NEW_POLICY)
    end_again()
    live.replace(NEW_POLICY)
    assert heard == [
        *(("first", 2), ("first", 2), ("second", 2)),
        *(("first", 3), ("second", 3), ("second", 4)),
    ]


def test_a_listener_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    live = made()
    heard: list[int] = []

    def fail(_: Published[Any]) -> None:
        raise LookupError("lost")

    live.on_change(fail)
    live.on_change(lambda published: heard.append(published.version))
    live.replace(NEW_POLICY)
    assert (live.version, heard) == (2, [2])
    assert caplog.record_tuples == [
        ("crosscors", logging.ERROR, "a listener of a LivePolicy failed; version 2 of the policy is served")
    ]


def test_listeners_hear_of_failures_until_they_end(caplog: pytest.LogCaptureFixture) -> None:
    live = made()
    heard: list[Exception] = []

    def fail(_: Exception) -> None:
        raise LookupError("lost")

    live.on_failure(fail)
    end = live.on_failure(heard.append)
    live.on_change(lambda _: heard.append(AssertionError("nothing has changed")))
    away = OSError("the server is away")
    live.failed(away)
    end()
    live.failed(away)
    assert heard == [away]
    assert live.version == 1
    assert caplog.messages == ["a listener of a LivePolicy failed; version 1 of the policy is served"] * 2


def test_a_listener_may_replace_the_policy() -> None:
    live = made()

    def once_more(published: Published[Any]) -> None:
        if published.version == 2:
            live.replace(OLD_POLICY)

    live.on_change(once_more)
    assert live.replace(NEW_POLICY).version == 2
    assert (live.version, live.policy) == (3, OLD_POLICY)


def test_threads_that_replace_at_once_get_versions_of_their_own() -> None:
    live = made()
    versions: list[int] = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def replace() -> None:
        versions.extend([live.replace(NEW_POLICY).version for _ in range(200)])

    try:
        threads = [threading.Thread(target=replace) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    finally:
        sys.setswitchinterval(before)
    assert sorted(versions) == list(range(2, 802))


def test_a_forked_process_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    """tests.forking has the same with a process that is forked."""
    held = LivePolicy._lock  # pyright: ignore[reportPrivateUsage]
    with held:
        _renew_lock()
        assert made().replace(NEW_POLICY).version == 2


# Debug mode.


def test_debug_takes_a_truth_value_or_none() -> None:
    live = made()
    for value in (True, False, None):
        live.debug = value
        assert live.debug is value
    with pytest.raises(PolicyError, match="takes True or False, not 'on'"):
        live.debug = "on"  # type: ignore[assignment]


# One object, one identity.


def test_copies_are_the_same_object() -> None:
    live = made()
    assert copy.copy(live) is live
    assert copy.deepcopy({"policy": live})["policy"] is live


def test_it_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="Pickle its policy"):
        pickle.dumps(made())


def test_two_are_equal_if_they_are_one() -> None:
    live, other = made(), made()
    assert live == live  # noqa: PLR0124  # that is the question
    assert live != other
    assert len({live, other, live}) == 2


def test_its_repr_says_what_is_served() -> None:
    live = made()
    live.replace(NEW_POLICY, version=3)
    assert repr(live) == f"LivePolicy(CORSPolicy(allow_origins=['{NEW}']), version=3)"


def test_a_policy_made_from_the_policy_of_the_moment() -> None:
    live = LivePolicy(OLD_POLICY)
    live.replace(live.policy.replace(allow_origins=[APP, NEW]))
    assert live.policy.decide(CORSRequest("GET", origin=NEW)).allowed
