"""What commands print: nothing that controls a terminal, JSON, errors of two lines."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from crosscors.cli.output import (
    CommandError,
    nothing_on_stdout,
    print_json,
    printable,
    stdout_console,
    styled,
)
from tests.tables import table


@table(
    "text, shown",
    ("text stays as it is", "Ünïcode: 日本, €, it's", "Ünïcode: 日本, €, it's"),
    ("an escape sequence", "a\x1b[31mb", "a\\x1b[31mb"),
    ("a C1 control", "a\x9b31mb", "a\\x9b31mb"),
    ("DEL", "\x7f", "\\x7f"),
    ("line breaks", "a\r\nb\u2028c", "a\\r\\nb\\u2028c"),
    ("text that turns the rest around", "\u202eabc\u2069", "\\u202eabc\\u2069"),
    ("invisible characters", "a\u200bb\ufeff", "a\\u200bb\\ufeff"),
    ("half of a surrogate pair", "\ud800", "\\ud800"),
    ("a long text is cut", "a" * 2001, "a" * 2000 + "... (2001 characters)"),
    ("a long text that is just short enough", "a" * 2000, "a" * 2000),
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json_is_printable_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"a": ["\x1b[31m\x7f\x9bü\u202e", None, True]}
    print_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.replace("\n", "").isprintable()
    assert out.isascii()


@table(
    "hint, shown",
    ("with a hint", "Write b.\x07", "Error: a\\x1b is wrong.\nHint: Write b.\\x07\n"),
    ("without a hint", "", "Error: a\\x1b is wrong.\n"),
)
def test_an_error_is_a_line_and_a_hint(hint: str, shown: str) -> None:
    @click.command()
    def command() -> None:
        raise CommandError("a\x1b is wrong.", hint)

    result = CliRunner().invoke(command)
    assert (result.exit_code, result.stderr, result.stdout) == (2, shown, "")
    file = io.StringIO()
    CommandError("a\x1b is wrong.", hint).show(file)
    assert file.getvalue() == shown


def test_what_is_no_terminal_gets_no_colours_and_no_wrapped_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = stdout_console()
    console.print(styled("[bold]a[/] \x1b ", ("red " * 50, "red"), ":smile:"))
    assert capsys.readouterr().out == "[bold]a[/] \\x1b " + "red " * 50 + ":smile:\n"


def test_foreign_code_prints_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with nothing_on_stdout():
        print("foreign")
    print("own")
    assert capsys.readouterr() == ("own\n", "foreign\n")


def test_programs_that_foreign_code_starts_print_to_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with nothing_on_stdout():
        os.write(1, b"foreign\n")
    os.write(1, b"own\n")
    assert capfd.readouterr() == ("own\n", "foreign\n")


@pytest.mark.parametrize("stream", ["__stdout__", "__stderr__"])
def test_a_process_without_streams_has_nothing_to_redirect(
    monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    monkeypatch.setattr(sys, stream, None)
    with nothing_on_stdout():
        print("foreign")


def test_rich_and_httpx_are_imported_only_where_they_are_used() -> None:
    script = "import sys, crosscors.cli.group; assert not {'rich', 'httpx', 'uvicorn'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", script], check=True)
