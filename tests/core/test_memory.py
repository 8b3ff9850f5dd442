"""A dictionary that stays small."""

from __future__ import annotations

import copy
import pickle

from crosscors.core.memory import Memory


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
