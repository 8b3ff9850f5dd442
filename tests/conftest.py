"""Where every test has to run, a skipped one fails the run. tox says where: EVERY_TEST_RUNS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter: TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.exitstatus == pytest.ExitCode.OK and os.environ.get("EVERY_TEST_RUNS"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if terminalreporter.stats.get("skipped") and os.environ.get("EVERY_TEST_RUNS"):
        terminalreporter.write_line("Skipped tests fail this run: EVERY_TEST_RUNS is set.", red=True)
