"""What commands print: text that cannot control the terminal, JSON on standard output, errors in two lines.

Text for people may contain what servers and files say. Everything passes `printable` on its way out. rich is
imported only where something is printed in colours.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Control characters (C0, DEL, C1), what changes the direction or the order of the text around it (Unicode,
# "Bidirectional Algorithm"), separators of lines, and halves of surrogate pairs, which cannot be encoded.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_LONGEST_LINE = 2000  # characters


class CommandError(click.ClickException):
    """Why a command cannot do its work: one sentence, and what to do about it. The exit status is 2."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the error to standard error."""
        click.echo(f"Error: {printable(self.message)}", file=file, err=file is None)
        if self.hint:
            click.echo(f"Hint: {printable(self.hint)}", file=file, err=file is None)


def printable(text: str) -> str:
    r"""The text in one line, with escapes for the characters that could change what a terminal shows.

    >>> printable("a\x1b[31m\u202e\n")
    'a\\x1b[31m\\u202e\\n'
    """
    cut = text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}... ({len(text)} characters)"
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], cut)


def print_json(value: object) -> None:
    """Write the value to standard output as JSON. Everything outside printable ASCII is escaped."""
    click.echo(json.dumps(value, indent=2))


def stdout_console() -> Console:
    """A console for standard output: colours on terminals only. Elsewhere, lines are not wrapped."""
    from rich.console import Console  # noqa: PLC0415 (it takes a while)

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def styled(*parts: str | tuple[str, str]) -> Text:
    """Text of a line, from parts that have a style or none: ``styled("a ", ("b", "bold"))``."""
    from rich.text import Text  # noqa: PLC0415 (it takes a while)

    text = Text()
    for part in parts:
        content, style = (part, "") if isinstance(part, str) else part
        text.append(printable(content), style)
    return text


def print_indented(console: Console, indent: int, *parts: str | tuple[str, str]) -> None:
    """Write a line of text. On a terminal, it is wrapped, and all its lines have the same indentation."""
    from rich.padding import Padding  # noqa: PLC0415 (it takes a while)

    if console.soft_wrap:
        console.print(styled(" " * indent, *parts))
    else:
        console.print(Padding(styled(*parts), (0, 0, 0, indent), expand=False))


@contextmanager
def nothing_on_stdout() -> Generator[None]:
    """While foreign code runs, what it prints goes to standard error: standard output is for the result.

    That holds for programs that it starts, too: they write to the descriptor, and not to ``sys.stdout``.
    """
    with redirect_stdout(sys.stderr), _descriptor_on_stderr():
        yield


@contextmanager
def _descriptor_on_stderr() -> Generator[None]:
    if sys.__stdout__ is None or sys.__stderr__ is None:
        yield
        return
    sys.__stdout__.flush()
    of_result = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        yield
    finally:
        sys.__stdout__.flush()
        os.dup2(of_result, _STDOUT)
        os.close(of_result)


_STDOUT, _STDERR = 1, 2
