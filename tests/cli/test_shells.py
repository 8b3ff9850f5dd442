"""Command lines as browsers write them for bash and for Windows, taken apart."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscors.cli.explain.shells import WordsError, split_words
from tests.tables import table

# Line ends alone are CR LF on Windows, and LF in what is pasted.
TEXTS = st.lists(st.text(st.characters(exclude_characters="\r\ue000", exclude_categories=["Cs"])), min_size=1)


def for_bash(text: str) -> str:
    """A word as Chromium and Firefox write it for bash: in ``$'...'`` if it has anything unusual."""
    if not re.search(r"[\x00-\x1f\x7f-\x9f!']", text):
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return "$'" + re.sub(r"[\x00-\x1f\x7f-\x9f!]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + "'"


def for_windows(text: str) -> str:
    """A word as Chromium writes it for cmd.exe."""
    escaped = re.sub(r"[^a-zA-Z0-9\s_\-:=+~'/.',?;()*`]", r"^\g<0>", text.replace('"', '\\"'))
    return f'^"{re.sub("%(?=[a-zA-Z0-9_])", "%^", escaped)}^"'.replace("\n", "^\n\n")


@given(TEXTS)
def test_what_browsers_write_for_bash_is_read_as_it_was(words: list[str]) -> None:
    command = "curl 'https://a.example' " + " \\\n  ".join(map(for_bash, words))
    assert split_words(command) == ["curl", "https://a.example", *words]


@given(TEXTS)
def test_what_people_quote_is_read_as_bash_reads_it(words: list[str]) -> None:
    command = "curl 'https://a.example' " + " ".join(map(shlex.quote, words))
    assert split_words(command) == shlex.split(command)


@given(TEXTS)
def test_what_browsers_write_for_windows_is_read_as_it_was(words: list[str]) -> None:
    words = [word.replace("\\", "/") for word in words]  # Chromium doubles them, which Windows does not undo
    assert split_words("curl " + " ^\n  ".join(map(for_windows, words))) == ["curl", *words]
    assert split_words("curl " + " ^\r\n  ".join(map(for_windows, words))) == ["curl", *words]


@table(
    "command, words",
    ("nothing", "", []),
    ("blanks around it", "  curl  a \n", ["curl", "a"]),
    ("a line that goes on before the first word", "\\\n curl a", ["curl", "a"]),
    ("two quotes make one word", """curl a'b'"c"$'d'e""", ["curl", "abcde"]),
    ("an empty word", "curl '' \"\" $''", ["curl", "", "", ""]),
    ("a backslash outside of quotes", r"curl a\ b\'c", ["curl", "a b'c"]),
    ("backslashes in double quotes", r'curl "a\"b\\c\d\$e"', ["curl", 'a"b\\c\\d$e']),
    ("a line that goes on in double quotes", 'curl "a\\\nb"', ["curl", "ab"]),
    (
        "every escape of $'...'",
        r"curl $'\a\b\e\f\n\r\t\v\\\'\"\?\q'",
        ["curl", "\a\b\x1b\f\n\r\t\v\\'\"?\\q"],
    ),
    (
        "numbers of $'...'",
        r"curl $'\x41\u00e9\U0001F600\101\cA\UFFFFFFFF'",
        ["curl", "A\u00e9\U0001f600A\x01\ufffd"],
    ),
    ("a semicolon at the end", "curl a ;", ["curl", "a"]),
    ("a caret in bash", "curl 'a' '^' ^b", ["curl", "a", "^", "^b"]),
    ("Windows with plain quotes", 'curl "a b" ^\n -H "c:\\"d\\""', ["curl", "a b", "-H", 'c:"d"']),
    ("two quotes within quotes on Windows", 'curl ^"a""b^"', ["curl", 'a"b']),
    ("backslashes on Windows", 'curl ^"a\\b^" ^"c\\\\^" d\\e', ["curl", "a\\b", "c\\", "d\\e"]),
    ("carets within quotes on Windows", 'curl "a^b" ^\n c^^d', ["curl", "a^b", "c^d"]),
    ("a caret at the very end", 'curl ^"a^" ^', ["curl", "a"]),
)
def test_words(command: str, words: list[str]) -> None:
    assert split_words(command) == words


@table(
    "command, reason",
    ("a quote that is not closed", "curl 'a", "a quote is not closed"),
    ("a double quote that is not closed", 'curl "a', "a quote is not closed"),
    ("a quote of Windows that is not closed", 'curl ^"a', "a quote is not closed"),
    ("a backslash at the end", "curl 'a' \\", "a quote is not closed"),
    ("two commands", "curl 'a' ; curl 'b'", "more than one command"),
    ("two lines", "curl 'a'\ncurl 'b' | cat", "more than one command"),
    ("two commands on Windows", 'curl ^"a^" & curl ^"b^"', "more than one command"),
    ("a redirection", "curl a > b", "more than one command"),
    ("a variable", "curl $URL", "variable"),
    ("a variable in quotes", 'curl "$URL"', "variable"),
    ("a command in quotes", 'curl "`cat url`"', "variable"),
)
def test_what_cannot_be_split(command: str, reason: str) -> None:
    with pytest.raises(WordsError, match=reason):
        split_words(command)
