"""What a policy remembers stays small, whatever is asked."""

from __future__ import annotations

import copy
import pickle

import pytest

from crosscors import CORSPolicy, CORSRequest
from crosscors.core.remembered import Memory
from tests.benchmarks.memory import held_under_attack
from tests.tables import table

APP = "https://app.example.com"
NAMES = [f"X-Header-{number}" for number in range(100)]


@pytest.mark.slow
@table(
    "policy",
    ("refusing most", CORSPolicy(allow_origins=[APP])),
    (
        "allowing everyone, with long lists",
        CORSPolicy(allow_origin_regex="https://.*", allow_headers=NAMES, expose_headers=NAMES),
    ),
    (
        "repeating what was asked",
        CORSPolicy(allow_origins=[APP], allow_headers="*", allow_credentials=True),
    ),
    ("public", CORSPolicy(allow_origins="*", allow_headers="*")),
)
def test_nobody_makes_a_policy_hold_more_than_a_megabyte(policy: CORSPolicy) -> None:
    assert 100_000 < held_under_attack(policy) < 1_000_000


def test_a_flood_of_origins_pushes_out_no_listed_one() -> None:
    policy = CORSPolicy(allow_origins=[APP, "https://*.example.org"])
    listed = policy.decide(CORSRequest("GET", APP))
    first = policy.decide(CORSRequest("GET", "https://0.example.org"))
    for number in range(200):
        policy.decide(CORSRequest("GET", f"https://{number}.example.org"))
    assert policy.decide(CORSRequest("GET", APP)) is listed
    again = policy.decide(CORSRequest("GET", "https://0.example.org"))
    assert again == first
    assert again is not first


@pytest.mark.parametrize("odd", ["\x00", "\x7f", "\t", "\xe9", "\u0130", "\U0001f600", "\udc80", "a" * 400])
def test_long_texts_and_odd_ones_are_not_remembered(odd: str) -> None:
    policy = CORSPolicy(allow_origins=[APP])
    for asked in (
        CORSRequest("GET", f"https://{odd}"),
        CORSRequest("OPTIONS", f"https://{odd}", request_method="PUT"),
        CORSRequest("OPTIONS", APP, request_method=odd),
        CORSRequest("OPTIONS", APP, request_method="PUT", request_headers=odd),
    ):
        first, second = policy.decide(asked), policy.decide(asked)
        assert first == second
        assert first is not second


def test_a_memory_keeps_what_it_is_given_and_forgets_everything_when_it_is_full() -> None:
    memory = Memory[int, int](3)
    assert memory.keep(0, 5) == memory.get(0) == 5
    assert memory.get(1) is None
    memory.clear()
    sizes = [len(memory) for number in range(10) if memory.keep(number, number) is not None]
    assert sizes == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]
    assert memory == {9: 9}


def test_a_key_that_is_there_needs_no_room() -> None:
    memory = Memory[str, int](2)
    for name in ("a", "b", "a"):
        memory.keep(name, 0)
    assert sorted(memory) == ["a", "b"]


def test_copies_begin_empty() -> None:
    memory = Memory[str, int](1)
    memory.keep("a", 1)
    for copied in (copy.deepcopy(memory), pickle.loads(pickle.dumps(memory))):  # noqa: S301  # it is our own
        assert copied == {}
        copied.keep("b", 2)
        copied.keep("c", 3)
        assert copied == {"c": 3}
