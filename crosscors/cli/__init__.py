"""The command ``crosscors``. The extra ``cli`` installs what it needs, and ``demo`` what its demo needs."""

from __future__ import annotations

import sys
from importlib.util import find_spec

MISSING_EXTRA = 'This command needs more packages: pip install "crosscors[{}]"'


def main() -> None:
    """Run the command."""
    require("click", "rich", extra="demo" if sys.argv[1:2] == ["demo"] else "cli")
    from crosscors.cli.group import cli  # noqa: PLC0415  # it imports packages that may be missing

    try:
        cli(prog_name="crosscors")
    finally:
        # The result is written. What an application prints at its end is not part of it.
        sys.stdout = sys.stderr


def require(*packages: str, extra: str) -> None:
    """If one of these packages is missing, say which extra to install and exit.

    The exit status is 2, as for wrong usage. That of the demo is 1.
    """
    if all(find_spec(package) for package in packages):
        return
    print(MISSING_EXTRA.format(extra), file=sys.stderr)  # noqa: T201 (click may be missing)
    sys.exit(1 if extra == "demo" else 2)
