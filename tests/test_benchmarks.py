"""The benchmarks run, and everyone in them answers what the case asks for. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

# Each with the peer that it is compared with; nobody else has a decorator for Lambda.
STACKS = {
    "ASGI": "Starlette",
    "WSGI": "wsgicors",
    "Flask": "Flask-CORS",
    "Django": "django-cors-headers",
    "aiohttp": "aiohttp-cors",
    "Lambda": "floor",
}


def test_everyone_answers_what_is_measured(tmp_path: Path) -> None:
    # In a process of its own, for Django has one project in each. 100,000 origins take some peers a second.
    found = tmp_path / "results.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--rounds", "1", "--json", str(found)]
    command += ["--except", "100,000", "--except", "1 MiB"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    results = json.loads(found.read_text(encoding="utf-8"))["results"]
    assert [result for result in results if not result["is_right"]] == []
    measured = {(result["stack"], result["contender"]) for result in results}
    for stack, peer in STACKS.items():
        assert {(stack, "bare"), (stack, "floor"), (stack, "crosscors"), (stack, peer)} <= measured
        assert f"{stack}, microseconds" in ran.stdout


def test_what_lists_of_headers_cost_is_told_of_each_kind() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.header_lists", "--rounds", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for each in (
        "a list of headers",
        "every header, with credentials",
        "one name, all tabs",
        "255 different names",
    ):
        assert each in ran.stdout


def test_what_hooks_cost_is_told_of_each_stack() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.hooks", "--rounds", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for each in ("ASGI, a refused request", "WSGI, a preflight", "Prometheus", "OpenTelemetry"):
        assert each in ran.stdout


def test_nothing_grows_in_a_short_run() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--requests", "10500"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "new origins, actual, 1 pattern" in ran.stdout
    assert "attacked, actual, 1 pattern: at most " in ran.stdout
