"""Wording is approved in text files: ``pytest tests/rules --approve`` writes them, git shows what changed."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, PolicyWarning, Problem

_APPROVED = Path(__file__).with_name("approved")

Approve = Callable[[str, Iterable[tuple[str, str]]], None]
ApprovePolicies = Callable[[str, Iterable[tuple[str, Mapping[str, Any]]]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--approve", action="store_true", help="write the approved wording anew (or APPROVE=1)")


@pytest.fixture
def approved(request: pytest.FixtureRequest) -> Approve:
    """Compare texts, each with the reason for it, with the approved ones in the file of this name."""

    def compare(name: str, texts: Iterable[tuple[str, str]]) -> None:
        path = _APPROVED / f"{name}.txt"
        said = "\n\n".join(f"# {why}\n{text}" for why, text in texts) + "\n"
        if request.config.getoption("--approve", default=False) or os.environ.get("APPROVE"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(said, encoding="utf-8")
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if said != before:
            changes = difflib.unified_diff(
                before.splitlines(), said.splitlines(), "approved", "said", lineterm=""
            )
            pytest.fail("\n".join(["To approve: pytest tests/rules --approve", *changes]), pytrace=False)

    return compare


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
