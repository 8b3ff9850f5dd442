"""``python -m tests.benchmarks``: what one request costs in the middleware alone."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.cases import CASES
from tests.benchmarks.goals import report
from tests.benchmarks.results import STACKS, Costs, measure
from tests.benchmarks.stacks import OURS
from tests.benchmarks.table import table_of

_PACKAGES = (
    *("crosscors", "starlette", "asgi-cors", "wsgicors"),
    *("flask", "flask-cors", "django", "django-cors-headers", "aiohttp", "aiohttp-cors"),
)


def main() -> int:
    arguments = _arguments()
    results = []
    for stack in arguments.stack or STACKS:
        for case in CASES:
            if arguments.case in case.name and not any(part in case.name for part in arguments.without):
                print(f"{stack}: {case.name} ...", file=sys.stderr)
                results += measure(stack, case, arguments.rounds)
    versions = {package: version(package) for package in _PACKAGES}
    goals = list(report(Costs(results)))
    print(f"Python {platform.python_version()}, {', '.join(map(' '.join, versions.items()))}\n")
    print(table_of(results))
    if goals:
        print("\nGoals:", *goals, sep="\n")
    if arguments.json is not None:
        found = {
            "python": platform.python_version(),
            "versions": versions,
            "results": [result.as_dict() for result in results],
            "goals": goals,
        }
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    # A middleware that answers wrongly may be as quick as it likes.
    return 1 if any(not result.is_right for result in results if result.contender == OURS) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--stack", action="append", choices=list(STACKS), help="only this one; may be repeated"
    )
    parser.add_argument("--case", default="", help="only cases with this in their name, such as preflight")
    parser.add_argument(
        "--except", dest="without", action="append", default=[], help="no cases with this in their name"
    )
    parser.add_argument("--rounds", type=int, default=100, help="the more, the less noise; default: 100")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    if not any(arguments.case in case.name for case in CASES):
        parser.error(f"--case: no case has {arguments.case!r} in its name")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
