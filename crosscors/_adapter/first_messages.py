"""The first messages of a process. They are shown even where nobody has configured logging.

Python shows WARNING, and not INFO, unless somebody configures logging. Under uvicorn, gunicorn, ``flask run``
and ``runserver``, most developers never do.
"""

from __future__ import annotations

from collections import Counter


class FirstMessages:
    """Counts messages: the first one of each kind and subject is shown, up to a bound.

    There is no lock. Threads that count at the same time may show a few more.

    Args:
        most: how many are shown.
        most_of_a_kind: how many of one kind are shown.

    Example:
        >>> first = FirstMessages(most=10, most_of_a_kind=5)
        >>> [first.take(kind, "null") for kind in ("origin-null", "origin-null", "method-not-allowed")]
        [True, False, True]
    """

    def __init__(self, *, most: int, most_of_a_kind: int) -> None:
        self.most = most
        self._most_of_a_kind = most_of_a_kind
        self._shown: set[tuple[str, str]] = set()
        self._of_kind: Counter[str] = Counter()

    @property
    def is_over(self) -> bool:
        """Whether no more messages are shown."""
        return len(self._shown) >= self.most

    def is_full(self, kind: str) -> bool:
        """Whether no more messages of this kind are shown."""
        return self.is_over or self._of_kind[kind] >= self._most_of_a_kind

    def is_first(self, kind: str, subject: str) -> bool:
        """Whether the message would be shown."""
        return (kind, subject) not in self._shown and not self.is_full(kind)

    def take(self, kind: str, subject: str) -> bool:
        """Whether the message is shown. It counts from now on."""
        is_first = self.is_first(kind, subject)
        if is_first:
            self._shown.add((kind, subject))
            self._of_kind[kind] += 1
        return is_first

    def forget(self) -> None:
        """Begin again, as tests do."""
        self._shown.clear()
        self._of_kind.clear()


#: By code, and by the origin or the path.
first_refusals = FirstMessages(most=10, most_of_a_kind=5)
#: By origin.
first_useless_cookies = FirstMessages(most=10, most_of_a_kind=10)
#: By the text of the error.
first_lost_errors = FirstMessages(most=10, most_of_a_kind=10)
