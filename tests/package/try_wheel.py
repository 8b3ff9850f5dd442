"""Build sdist and wheel, install the wheel alone into a clean environment, and answer a first request.

Then pytest joins it, whose plugin has to work, and to say nothing, even where crosscors was imported before.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIRST_REQUEST = Path(__file__).with_name("first_request.py")
FIRST_TEST = Path(__file__).with_name("first_test.py")
# Older ones warn of themselves on a new Python.
PYTESTS = ("pytest", "pytest~=8.0")


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=cwd)


def main(workspace: Path) -> None:
    dist = workspace / "dist"
    for leftover in dist.glob("*"):
        leftover.unlink()
    run(sys.executable, "-m", "build", "--outdir", dist)  # the wheel from the sdist, so both are complete
    run(sys.executable, "-m", "twine", "check", "--strict", *dist.iterdir())

    environment = workspace / "clean"
    venv.create(environment, clear=True, with_pip=True)
    python = environment / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", next(dist.glob("*.whl")))
    run(python, "-m", "pip", "check")
    run(python, "-W", "error", FIRST_REQUEST, cwd=workspace)  # away from the sources
    first_test = shutil.copy(FIRST_TEST, workspace)
    for pytest in PYTESTS:
        run(python, "-m", "pip", "install", "--quiet", pytest)
        run(python, "-W", "error", first_test, cwd=workspace)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
