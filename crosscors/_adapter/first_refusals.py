"""The first refusals of a process. They are shown even where nobody has configured logging.

Python shows WARNING, and not INFO, unless somebody configures logging. Under uvicorn, gunicorn, ``flask run``
and ``runserver``, most developers never do.
"""

from __future__ import annotations

from collections import Counter

MOST = 10
MOST_OF_A_KIND = 5


class FirstRefusals:
    """Counts the refusals that were shown: the first one of each kind and origin, up to a bound.

    There is no lock. Threads that count at the same time may show a few more.

    >>> first = FirstRefusals()
    >>> [first.take(kind, "null") for kind in ("origin-null", "origin-null", "method-not-allowed")]
    [1, 0, 2]
    """

    def __init__(self) -> None:
        self._shown: set[tuple[str, str]] = set()
        self._of_kind: Counter[str] = Counter()

    def take(self, kind: str, subject: str) -> int:
        """The number of this refusal among those that are shown; 0 if it is not shown.

        Args:
            kind: the code of the refusal.
            subject: the origin, or the path that no policy covers.
        """
        is_known = (kind, subject) in self._shown
        if is_known or len(self._shown) >= MOST or self._of_kind[kind] >= MOST_OF_A_KIND:
            return 0
        self._shown.add((kind, subject))
        self._of_kind[kind] += 1
        return len(self._shown)

    def forget(self) -> None:
        """Begin again, as tests do."""
        self._shown.clear()
        self._of_kind.clear()


#: Those of this process.
first_refusals = FirstRefusals()
