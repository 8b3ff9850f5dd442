"""Attributes that are worked out when they are first read."""

from __future__ import annotations

from crosscors import Decision, Kind
from crosscors.core.lazy import lazy
from crosscors.core.response_headers import ResponseHeaders


class Counting:
    """An object that counts how often a value of it is worked out."""

    count = 0

    @lazy
    def value(self) -> int:
        """What it is."""
        self.count += 1
        return self.count


def test_a_value_is_worked_out_once_for_each_object() -> None:
    for each in (Counting(), Counting()):
        assert (each.value, each.value, each.count) == (1, 1, 1)


def test_of_a_class_it_is_the_attribute_itself() -> None:
    assert isinstance(Counting.value, lazy)
    assert Counting.value.__doc__ == "What it is."
    assert str(Decision.body.__doc__).startswith("The plain text")


def test_decisions_are_the_same_whether_they_have_been_read_or_not() -> None:
    read, unread = (Decision(Kind.PREFLIGHT, True, ResponseHeaders(), status=200) for _ in range(2))
    assert read.raw_preflight_headers[1] == (b"content-length", b"2")
    assert (read, hash(read), repr(read)) == (unread, hash(unread), repr(unread))
