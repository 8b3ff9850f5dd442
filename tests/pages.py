"""Runs what the pages of the documentation show: programs and commands.

A block of code runs with the names that the blocks above it on the page have defined:

- ``python``: a program. What it prints, warns of or raises is in the ``text`` block below it.
- ``console``: ``$ crosscors ...`` and what it prints. It runs in the folder of the application that the page
  includes above it.

A block that includes an application of ``integrations/`` is left to the tests of that folder. Blocks of other
languages are not run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# For processes that run from other folders.
ENVIRONMENT = {
    **os.environ,
    "COLUMNS": "100",
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    "PYTHONUTF8": "1",
}

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_OUTPUT = re.compile(r"\n\n(?P<indent> *)```text\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
INCLUDED = re.compile(r"--8<--\n(integrations/\w+)/main\.py\n--8<--")


@dataclass(frozen=True)
class Block:
    """A block of code on a page.

    Attributes:
        start: where the code begins in the text of the page.
        end: where the code ends.
    """

    language: str
    code: str
    indent: str
    start: int
    end: int


def blocks(page: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(page):
        code = textwrap.dedent(found["code"])
        yield Block(found["language"], code, found["indent"], found.start("code"), found.end("code"))


def rerun(page: str) -> str:
    """The page with the output that its blocks have now."""
    names: dict[str, Any] = {"__name__": "main"}
    pieces: list[str] = []
    position = 0
    folder = ROOT
    for block in blocks(page):
        included = INCLUDED.search(block.code)
        if included:
            folder = ROOT / included[1]
        elif block.language == "python":
            shown = _OUTPUT.match(page, block.end + len(f"{block.indent}```"))
            end = shown.end() if shown else block.end + len(f"{block.indent}```")
            output = outcome_of(block.code, names)[0]
            fenced = textwrap.indent(f"```text\n{output}\n```", block.indent)
            pieces += [page[position : block.end], f"{block.indent}```", f"\n\n{fenced}" if output else ""]
            position = end
        elif block.language == "console":
            pieces += [
                page[position : block.start],
                textwrap.indent(_session(block.code, folder), block.indent),
            ]
            position = block.end
    return "".join([*pieces, page[position:]])


def outcome_of(code: str, names: dict[str, Any]) -> tuple[str, list[Exception]]:
    """What a program prints, warns of and raises: as text, and the warnings and the error."""
    printed = io.StringIO()
    caught: list[Exception] = []
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            exec(code, names)  # noqa: S102  # our own page
        except Exception as error:  # noqa: BLE001  # examples show errors of every kind
            caught.append(error)
    found = [each.message for each in warned if isinstance(each.message, Exception)] + caught
    texts = [printed.getvalue().rstrip("\n"), *(f"{type(each).__name__}: {each}" for each in found)]
    return "\n".join(filter(None, texts)), found


def _session(code: str, folder: Path) -> str:
    """The commands of a block, each with what it prints in this folder."""
    commands = [line for line in code.splitlines() if line.startswith("$ ")]
    return "\n".join(f"{command}\n{_printed(command.removeprefix('$ '), folder)}" for command in commands)


def _printed(command: str, folder: Path) -> str:
    program, *arguments = shlex.split(command)
    assert program == "crosscors", f"{command} is not run in tests: use a block of another language"
    ran = subprocess.run(
        [sys.executable, "-m", "crosscors", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return ran.stdout


if __name__ == "__main__":
    sys.stdout.write(rerun(Path(sys.argv[1]).read_text(encoding="utf-8")))
