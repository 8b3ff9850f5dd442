"""What a check finds, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crosscors.core.errors import Problem
from crosscors.core.policy import CORSPolicy, make_policy, options_of, words_of
from crosscors.core.values import Findings, collected

NOTHING = Findings()


@dataclass(frozen=True)
class InForce:
    """A policy that is in force.

    Attributes:
        where: what it covers, as it ends a sentence: ``every path``, ``/api/*``, ``the view items``.
        policy: the policy. None if the application answers by itself there.
    """

    where: str
    policy: CORSPolicy | None


@dataclass(frozen=True)
class Equivalent:
    """The configuration of another library, as crosscors takes it.

    Attributes:
        library: the other library.
        code: Python to paste in place of it.
        in_force: the policies that it makes.
    """

    library: str
    code: str
    in_force: tuple[InForce, ...]


@dataclass(frozen=True)
class Checked:
    """What was found about one target.

    Attributes:
        in_force: the policies of crosscors, by path and view.
        found: problems and warnings.
        equivalents: what to paste in place of other libraries.
    """

    in_force: tuple[InForce, ...] = ()
    found: Findings = NOTHING
    equivalents: tuple[Equivalent, ...] = ()

    def __add__(self, other: Checked) -> Checked:
        return Checked(
            self.in_force + other.in_force,
            self.found + other.found,
            self.equivalents + other.equivalents,
        )

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """The policies of crosscors, and those of the equivalents, without repeats."""
        of_equivalents = (each for equivalent in self.equivalents for each in equivalent.in_force)
        every = (*self.in_force, *of_equivalents)
        found = (each.policy for each in every if each.policy is not None)
        return tuple({id(policy): policy for policy in found}.values())


def rejudged(checked: Checked) -> Checked:
    """The same with the warnings about its policies. They were shown when the policies were made."""
    found = collected(make_policy(options_of(policy), words_of(policy))[1] for policy in checked.policies)
    return replace(checked, found=checked.found + Findings(warnings=found.warnings))


def advised(code: str, option: str, value: object, message: str, hint: str) -> Problem:
    """One piece of advice, in the form of a problem."""
    return Problem(code, option, value, message, hint)
