"""A dictionary that stays small."""

from __future__ import annotations

import copy
import pickle

import pytest

from crosscors import CORSPolicy, CORSRequest
from crosscors.core.memory import Memory
from tests.benchmarks.memory import held_under_attack

NAMES = [f"X-Header-{number}" for number in range(100)]
EVERY_ORIGIN = r"https://.*"


@pytest.mark.slow
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(CORSPolicy(allow_origins=["https://app.example.com"]), id="refusing most"),
        pytest.param(CORSPolicy(allow_origin_regex=EVERY_ORIGIN, allow_headers="*"), id="allowing everyone"),
        pytest.param(
            CORSPolicy(allow_origin_regex=EVERY_ORIGIN, allow_headers=NAMES, expose_headers=NAMES),
            id="with long lists",
        ),
        pytest.param(
            CORSPolicy(allow_origins=["https://app.example.com"], allow_headers="*", allow_credentials=True),
            id="repeating what was asked",
        ),
        pytest.param(CORSPolicy(allow_origins="*", allow_headers="*"), id="public"),
    ],
)
def test_nobody_makes_a_policy_hold_more_than_a_megabyte(policy: CORSPolicy) -> None:
    assert 100_000 < held_under_attack(policy) < 1_000_000


@pytest.mark.parametrize("odd", ["\x00", "\x7f", "\t", "\xe9", "\u0130", "\U0001f600", "\udc80"])
def test_what_takes_more_room_than_text_is_not_remembered(odd: str) -> None:
    policy = CORSPolicy(allow_origins=["https://app.example.com"])
    origins = [f"https://{odd}", "https://app.example.com"]
    preflights = [
        CORSRequest("OPTIONS", origins[0], request_method="PUT"),
        CORSRequest("OPTIONS", origins[1], request_method=odd),
        CORSRequest("OPTIONS", origins[1], request_method="PUT", request_headers=odd),
    ]
    for asked in (CORSRequest("GET", origins[0]), *preflights):
        first, second = policy.decide(asked), policy.decide(asked)
        assert first == second
        assert first is not second


def test_what_is_kept_is_there() -> None:
    memory = Memory[str, int](2)
    assert memory.keep("a", 1) == 1
    assert memory.get("a") == 1
    assert memory.get("b") is None


def test_all_is_forgotten_when_there_is_no_room() -> None:
    memory = Memory[str, int](2)
    for number, name in enumerate("abc"):
        memory.keep(name, number)
    assert memory == {"c": 2}


def test_there_is_never_more_than_there_is_room() -> None:
    memory = Memory[int, int](3)
    sizes = [len(memory) for number in range(10) if memory.keep(number, number) is not None]
    assert sizes == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]


def test_what_is_there_already_needs_no_room() -> None:
    memory = Memory[str, int](2)
    for name in ("a", "b", "a"):
        memory.keep(name, 0)
    assert sorted(memory) == ["a", "b"]


def test_copies_begin_with_nothing() -> None:
    memory = Memory[str, int](1)
    memory.keep("a", 1)
    for copied in (copy.deepcopy(memory), pickle.loads(pickle.dumps(memory))):  # noqa: S301  # it is our own
        assert copied == {}
        copied.keep("b", 2)
        copied.keep("c", 3)
        assert copied == {"c": 3}
