"""What is found while the settings are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from crosscors.core.errors import PolicyError, Problem
from crosscors.core.policy import CORSPolicy, make_policy
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
        """What ``make`` makes; None if it has problems, which are kept."""
        try:
            return make()
        except PolicyError as error:
            self.problems.extend(map(reword, error.problems))
            return None

    def hear_policy(self, options: Mapping[str, object], reword: Reword) -> CORSPolicy | None:
        """The policy, and its warnings kept; None if it has problems, which are kept, too."""
        made = self.hear(lambda: make_policy(options), reword)
        if made is None:
            return None
        policy, to_warn_of = made
        self.warnings.extend(map(reword, to_warn_of))
        return policy
