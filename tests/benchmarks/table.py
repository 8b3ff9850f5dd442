"""The results as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.benchmarks.results import Result
from tests.benchmarks.stacks import FLOOR, OURS

_WRONG = "!"


def table_of(results: Sequence[Result]) -> str:
    """One table for each stack: a row for each case, a column for each contender."""
    stacks = dict.fromkeys(each.stack for each in results)
    tables = (_table(stack, [each for each in results if each.stack == stack]) for stack in stacks)
    return "\n\n".join(tables)


def _table(stack: str, results: Sequence[Result]) -> str:
    names = dict.fromkeys(each.contender for each in results)
    cells = {(each.case, each.contender): each for each in results}
    rows = [[f"{stack}, microseconds", *names, f"{OURS} : {FLOOR}"]]
    for case in dict.fromkeys(each.case for each in results):
        row = [cells.get((case, name)) for name in names]
        rows.append([case, *map(_cell, row), _ratio(cells[case, OURS], cells.get((case, FLOOR)))])
    if any(not each.is_right for each in results):
        rows.append([f"{_WRONG} a browser reads this response differently from what the case says"])
    return _aligned(rows)


def _cell(result: Result | None) -> str:
    if result is None:
        return "-"
    return f"{result.microseconds:,.2f}{'' if result.is_right else _WRONG}"


def _ratio(cost: Result, reference: Result | None) -> str:
    if reference is None or reference.microseconds <= 0:  # it may be lost in the noise
        return "-"
    return f"{cost.microseconds / reference.microseconds:.2f}"


def _aligned(rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if column else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=False))
        ).rstrip()
        for row in rows
    )
