"""The command ``crosscors``, whose packages the extra ``demo`` brings."""

from __future__ import annotations

import sys
from importlib.util import find_spec

MISSING_EXTRA = 'This command needs more packages: pip install "crosscors[demo]"'


def main() -> None:
    """Run the command."""
    require("click", "rich")
    from crosscors.cli.group import cli  # noqa: PLC0415  # it imports what may be missing

    cli(prog_name="crosscors")


def require(*packages: str) -> None:
    """Exit with status 1 and say what to install, if one of these packages is missing."""
    if any(find_spec(package) is None for package in packages):
        sys.exit(MISSING_EXTRA)
