"""Servers fork: gunicorn its workers, and applications what they start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_no_child_waits_for_a_thread_that_it_does_not_have() -> None:
    # In a process of its own, for Python warns of forking beside threads.
    command = [sys.executable, "-m", "tests.forking"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "held: []\n"), ran.stderr
