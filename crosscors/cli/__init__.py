"""The command ``crosscors``. The extra ``demo`` installs the packages that it needs."""

from __future__ import annotations

import sys
from importlib.util import find_spec

MISSING_EXTRA = 'This command needs more packages: pip install "crosscors[demo]"'


def main() -> None:
    """Run the command."""
    require("click", "rich")
    from crosscors.cli.group import cli  # noqa: PLC0415  # it imports packages that may be missing

    cli(prog_name="crosscors")


def require(*packages: str) -> None:
    """If one of these packages is missing, say what to install and exit with status 1."""
    if any(find_spec(package) is None for package in packages):
        sys.exit(MISSING_EXTRA)
