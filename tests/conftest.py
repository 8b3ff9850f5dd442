"""Texts that users read are approved in files. Where every test has to run, a skipped one fails the run."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crosscors._adapter.first_messages import first_lost_errors, first_refusals, first_useless_cookies

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

TESTS = Path(__file__).parent
# In development mode, asyncio warns about what takes 0.1 seconds, as anything can on a busy machine.
logging.getLogger("asyncio").setLevel(logging.ERROR)

Approve = Callable[[str, "str | Iterable[tuple[str, str]]"], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--approve", action="store_true", help="write the approved texts anew (or APPROVE=1)")


def _folder(test: Path) -> Path:
    """The nearest folder "approved" above the test, or that of all tests."""
    above = [parent for parent in test.parents if TESTS in (parent, *parent.parents)]
    return next((each / "approved" for each in above if (each / "approved").is_dir()), TESTS / "approved")


@pytest.fixture
def approved(request: pytest.FixtureRequest) -> Approve:
    """``approved(name, text)``: the text is that of the file ``approved/<name>.txt``.

    Several texts are given with the reason for each. ``pytest --approve`` writes the file: look at what git
    says of it before you commit it.
    """

    def compare(name: str, texts: str | Iterable[tuple[str, str]]) -> None:
        file = _folder(request.path) / f"{name}.txt"
        said = texts if isinstance(texts, str) else "\n\n".join(f"# {why}\n{text}" for why, text in texts)
        said = said.rstrip("\n") + "\n"
        if request.config.getoption("--approve") or os.environ.get("APPROVE"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(said, encoding="utf-8")
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if said != before:
            changes = difflib.unified_diff(
                before.splitlines(), said.splitlines(), "approved", "said", lineterm=""
            )
            pytest.fail("\n".join(["To approve: pytest --approve", *changes]), pytrace=False)

    return compare


@pytest.fixture(autouse=True)
def old_process() -> None:
    """A process shows only its first refusals. For most tests, that is over."""
    first_refusals.forget()
    first_useless_cookies.forget()
    first_lost_errors.forget()
    for number in range(first_refusals.most):
        first_refusals.take(f"kind {number}", "")


@pytest.fixture
def new_process(old_process: None) -> None:
    """A process that has refused nothing yet."""
    first_refusals.forget()


# tox says where every test has to run.
_EVERY_TEST_RUNS = "EVERY_TEST_RUNS"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter: TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.exitstatus == pytest.ExitCode.OK and os.environ.get(_EVERY_TEST_RUNS):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if terminalreporter.stats.get("skipped") and os.environ.get(_EVERY_TEST_RUNS):
        terminalreporter.write_line(f"Skipped tests fail this run: {_EVERY_TEST_RUNS} is set.", red=True)
