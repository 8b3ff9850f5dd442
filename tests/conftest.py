"""Texts that users read are approved in files, and asserted nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--approve", action="store_true", help="write approved texts instead of comparing them")


def _folder(test: Path) -> Path:
    """The nearest folder "approved" above the test, or that of all tests."""
    above = [parent for parent in test.parents if TESTS in (parent, *parent.parents)]
    return next((each / "approved" for each in above if (each / "approved").is_dir()), TESTS / "approved")


@pytest.fixture
def approved(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``approved(name, text)``: the text is the one of the file ``approved/<name>.txt``.

    ``pytest --approve`` writes the file: look at its difference before you commit it.
    """

    def compare(name: str, text: str) -> None:
        file = _folder(request.path) / f"{name}.txt"
        text = text.rstrip("\n") + "\n"
        if request.config.getoption("--approve"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.is_file(), f"{file.name} is not approved yet; run pytest --approve, and read it"
        assert text == file.read_text(encoding="utf-8"), "if it is better now, run pytest --approve"

    return compare
