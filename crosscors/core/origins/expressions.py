"""What an entry stands among: other entries that are expressions, and the expression that is given.

Whoever follows the hints of several entries must not lose an expression on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crosscors.core.origins.regexes.mending import Meant
from crosscors.core.words import LEAVE_OUT, Expressions, Words


@dataclass(frozen=True)
class Surroundings:
    """What an entry, or the expression that is given, stands among.

    Attributes:
        option: the option that has it.
        accepted: the dangers that are accepted, if every entry gets credentials; otherwise None.
        words: how the reader calls the options.
        is_only: whether nothing else allows an origin.
        is_everyone_given: whether ``"*"`` is among the origins.
        expressions: what was meant by the entries that are expressions.
        joined: these, and the one that is given, as one expression; None if there is no text for that.
    """

    option: str
    accepted: tuple[str, ...] | None
    words: Words
    is_everyone_given: bool = False
    expressions: tuple[Meant, ...] = ()
    joined: Meant | None = None
    is_only: bool = False

    @property
    def nothing(self) -> str:
        """What to do about an entry that means nothing."""
        return self.words.nothing(self.option) if self.is_only else LEAVE_OUT

    def to_write(self, own: Iterable[Meant], origins: tuple[str, ...] = ()) -> str | None:
        """What to write for an entry with these expressions and origins; None if nobody can tell."""
        texts = tuple(map(str, own))
        if not texts or self.option != "allow_origins":  # allow_credentials takes no expression
            return None
        if self.joined is None:
            return None
        every = tuple(map(str, self.expressions))
        return self.words.expressions(Expressions(texts, every, str(self.joined), origins))
