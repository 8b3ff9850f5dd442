"""The wording of policies is approved in text files, as in tests/conftest.py."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, PolicyWarning, Problem

from ..conftest import Approve

ApprovePolicies = Callable[[str, Iterable[tuple[str, Mapping[str, Any]]]], None]


@pytest.fixture
def approved_policies(approved: Approve) -> ApprovePolicies:
    """Compare the errors and warnings of policies, each with the reason for it."""

    def compare(name: str, policies: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        approved(name, [(why, _said_of_policy(options)) for why, options in policies])

    return compare


def said_of(problem: Problem) -> str:
    return f"{problem.option}: {problem.message}\n  {problem.hint}"


def _said_of_policy(options: Mapping[str, Any]) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            CORSPolicy(**options)
        except PolicyError as error:
            return "\n".join(map(said_of, error.problems))
    problems = [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]
    return "\n".join(f"warning: {said_of(problem)}" for problem in problems)
