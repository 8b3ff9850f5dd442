"""What docs/testing.md shows is run here, word for word, in a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crosscors.testing import DEPARTURES, ENGINES
from tests.tables import table

GUIDE = (Path(__file__).parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")
DJANGO_SETTINGS = """
SECRET_KEY = "for tests"
ROOT_URLCONF = "settings_of_guide"
MIDDLEWARE = ["crosscors.django.CORSMiddleware"]
CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
CORS_ALLOW_CREDENTIALS = True
urlpatterns = []
"""


def block(mark: str) -> str:
    """The code block that follows the mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    assert found, f"docs/testing.md has no block after the mark {mark!r}"
    return found[1]


def run_pytest(folder: Path, *options: str) -> str:
    """What pytest prints, with the plugin loaded as it is for everyone who installs the package."""
    flags = ["-X", "dev", "-W", "error", "-m", "pytest", "-rA", "-p", "no:cacheprovider"]
    command = [sys.executable, *flags, *options]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


ALONE = ("-p", "no:django", "-p", "no:flask")  # without other plugins of pytest


@pytest.mark.slow
@table(
    "name, options, passed",
    ("FastAPI", "fastapi", ALONE, 2),
    ("Flask", "flask", ALONE, 1),
    ("Flask with pytest-flask", "flask", ("-p", "no:django"), 1),
    ("Django with pytest-django", "django", ("--ds=settings_of_guide", "-p", "no:flask"), 1),
    ("a shared cache", "cache", ALONE, 1),
    ("what pages send without asking", "writing", ALONE, 2),
    ("a fixture of one's own", "fixture", ALONE, 1),
    ("the preflight cache", "clock", ALONE, 1),
)
def test_the_examples_pass(tmp_path: Path, name: str, options: tuple[str, ...], passed: int) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "settings_of_guide.py").write_text(DJANGO_SETTINGS)
    (tmp_path / "test_cors.py").write_text(block(f"test: {name}"))
    printed = run_pytest(tmp_path, *options)
    assert re.search(rf"^=+ {passed} passed in ", printed, re.MULTILINE), printed


@pytest.mark.slow
def test_a_test_that_fails_says_what_the_guide_says(tmp_path: Path) -> None:
    test = block("test: fastapi").replace('method="PUT")', 'method="PUT", headers={"X-Token": "t"})', 1)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "test_cors.py").write_text(test)
    printed = run_pytest(tmp_path, *ALONE)
    shown = [line.removeprefix("E").strip() for line in printed.splitlines() if line.startswith("E")]
    shown[0] = shown[0].removeprefix("crosscors.testing.blocked.BlockedByCORS: ")
    said = [line.strip() for line in block("output: blocked").splitlines()]
    # What Starlette answers is its own affair, and changes.
    assert [line for line in shown if line[:1] != "<"] == [line for line in said if line[:1] != "<"]


@pytest.mark.parametrize("followed", [True, False], ids=["followed", "not followed"])
def test_every_departure_of_every_engine_is_in_a_table(followed: bool) -> None:
    rows = ["| the engine | Chromium | Firefox | WebKit |", "|---|:-:|:-:|:-:|"]
    for departure in DEPARTURES.values():
        if departure.followed is followed:
            marks = ["x" if engine in departure.engines else " " for engine in ENGINES]
            rows.append(f"| {' | '.join([departure.sentence, *marks])} |")
    mark = "departures" if followed else "departures not followed"
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- end -->", GUIDE, re.DOTALL)
    assert found
    assert found[1].strip().splitlines() == rows
