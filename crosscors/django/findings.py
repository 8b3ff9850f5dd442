"""What is found while the settings are read."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from crosscors.core.errors import PolicyError, PolicyWarning, Problem
from crosscors.django.wording import Reword

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Findings:
    """Problems of the settings, and what to warn of."""

    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def problem(self, code: str, setting: str, value: object, message: str, hint: str) -> None:
        self.problems.append(Problem(code, setting, value, message, hint))

    def hear(self, make: Callable[[], _Made], reword: Reword) -> _Made | None:
        """What ``make`` makes, and its warnings kept; None if it has problems, which are kept, too."""
        made = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", PolicyWarning)
            try:
                made = make()
            except PolicyError as error:
                self.problems.extend(map(reword, error.problems))
        for each in caught:
            if isinstance(each.message, PolicyWarning):
                self.warnings.append(reword(each.message.problem))
            else:
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
        return made
