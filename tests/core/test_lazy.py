"""Attributes that are computed when they are first read."""

from __future__ import annotations

from crosscors import Decision
from crosscors.core.lazy import lazy


class Counting:
    """An object that counts how often its value is computed."""

    count = 0

    @lazy
    def value(self) -> int:
        """What it is."""
        self.count += 1
        return self.count


def test_a_value_is_computed_once_for_each_object() -> None:
    for each in (Counting(), Counting()):
        assert (each.value, each.value, each.count) == (1, 1, 1)


def test_a_class_gives_the_attribute_itself_with_its_docstring() -> None:
    assert isinstance(Counting.value, lazy)
    assert Counting.value.__doc__ == "What it is."
    assert isinstance(Decision.body, lazy)
