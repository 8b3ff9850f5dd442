"""The most frequent of many texts, in bounded memory."""

from __future__ import annotations


class MostFrequent:
    """Counts texts, and forgets rare ones: the algorithm of Misra and Gries.

    A flood of texts that never come again cannot hide a frequent one: after ``n`` texts, each one that came
    more than ``n / (size + 1)`` times is still there. The counts are lower bounds. They are exact as long as
    there are no more than ``size`` different texts.

    There is no lock. Threads that count at the same time may lose some.

    Args:
        size: how many texts are kept.

    Example:
        >>> counted = MostFrequent(size=2)
        >>> for text in "abacaba":
        ...     counted.add(text)
        >>> counted.top(1)
        [('a', 3)]
    """

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._counts: dict[str, int] = {}

    def add(self, text: str) -> None:
        """Count the text once more."""
        counts = self._counts
        if text in counts or len(counts) < self._size:
            counts[text] = counts.get(text, 0) + 1
            return
        self._counts = {each: count - 1 for each, count in counts.items() if count > 1}

    def top(self, number: int) -> list[tuple[str, int]]:
        """The most frequent texts, at most so many, with how often they came at least."""
        return sorted(self._counts.items(), key=lambda each: -each[1])[:number]
