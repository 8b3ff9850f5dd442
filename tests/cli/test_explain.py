"""``crosscors explain``: what it says about applications, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.text import Text

from crosscors.cli.explain import command, playing, text
from crosscors.cli.group import cli
from crosscors.cli.output import CommandError
from tests.conftest import Approve
from tests.tables import each, table

APPS = "tests.cli.explained:"
ALLOWED = "https://app.example.com"
STRANGER = "https://b.example"


def explain(*arguments: str, input: str | None = None) -> Result:  # noqa: A002 (as click calls it)
    result = CliRunner().invoke(cli, ["explain", *arguments], input=input)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def as_json(*arguments: str) -> dict[str, Any]:
    result = explain(*arguments, "--json")
    said: dict[str, Any] = json.loads(result.stdout)
    assert list(said) == ["verdict", "reason", "steps", "hint"]
    assert result.exit_code == {"allowed": 0, "blocked": 1, None: 2}[said["verdict"]]
    return said


# Each is a sentence, and the arguments.
STORIES: tuple[tuple[str, str], ...] = (
    ("a page that may read", f"fastapi_app /items --origin {ALLOWED}"),
    ("a preflight that passes", f"create_app /items --origin {ALLOWED} -X PUT"),
    (
        "a method and a header that crosscors refuses",
        f"fastapi_app /items --origin {ALLOWED} -X DELETE -H X-A",
    ),
    ("a stranger", f"flask_app /items --origin {STRANGER}"),
    ("cookies and a star", f"starlette_star /items --origin {STRANGER} -H Cookie"),
    ("Starlette, a stranger, and a method", f"starlette_app /items --origin {STRANGER} -X PUT -H X-A:1"),
    ("JSON", f"starlette_app /items --origin {ALLOWED} --data {{}} -H Content-Type:application/json"),
    ("nothing answers CORS", f"bare_flask /items --origin {STRANGER} -X PUT --credentials"),
    ("an error of the application", f"bare_starlette /failing --origin {STRANGER}"),
    ("the same origin", "bare_wsgi /items --origin https://testserver -X PUT"),
    ("a page that can read an error", f"fastapi_app /missing --origin {ALLOWED}"),
    ("a status without a name", f"fastapi_app /odd --origin {ALLOWED}"),
    ("a redirect", f"fastapi_app /moved --origin {ALLOWED}"),
    ("a redirect to another server", f"bare_starlette /away --origin {ALLOWED}"),
    ("a page without an origin", "starlette_app /items --origin null"),
    ("a header that scripts cannot set", f"wsgi_app / --origin {ALLOWED} -H Host:x"),
    ("an answer that controls terminals", f"hostile / --origin {ALLOWED}"),
    ("only the preflight", f"fastapi_app /items --origin {ALLOWED} -X PUT --dry-run"),
    ("only the preflight, and it fails", f"wsgi_app / --origin {ALLOWED} -X PUT --dry-run"),
    ("only the preflight, and there is none", f"wsgi_app / --origin {ALLOWED} --dry-run"),
    ("only the preflight, and the origin is the same", "wsgi_app / --origin https://testserver --dry-run"),
    ("an answer that never ends", f"endless / --origin {ALLOWED}"),
)


def test_stories(approved: Approve) -> None:
    told = []
    for sentence, line in STORIES:
        result = explain(*f"{APPS}{line}".split())
        told.append((f"{sentence}: {line}", f"{result.stdout}\nexit status {result.exit_code}"))
    approved("explain_stories", told)


@each(
    "arguments",
    f"/items --origin {ALLOWED}",
    f"/items --origin {STRANGER}",
    f"/items --origin {ALLOWED} -X PUT -H X-A",
)
def test_a_live_policy_is_explained_as_what_it_serves(arguments: str) -> None:
    live, plain = (explain(f"{APPS}{name}", *arguments.split()) for name in ("live_app", "plain_app"))
    assert (live.stdout, live.exit_code) == (plain.stdout, plain.exit_code)


def test_json(approved: Approve) -> None:
    result = explain(*f"{APPS}fastapi_app /items --origin {ALLOWED} -X PUT -H X-A --json".split())
    approved("explain_json", result.stdout)


MISTAKES: tuple[tuple[str, str], ...] = (
    ("nothing", ""),
    ("no origin", f"{APPS}wsgi_app /"),
    ("an origin with a slash", f"{APPS}wsgi_app / --origin {ALLOWED}/"),
    ("an origin that is none", f"{APPS}wsgi_app / --origin nobody"),
    ("a pattern", f"{APPS}wsgi_app / --origin https://*.example.com"),
    ("Origin as a header", f"{APPS}wsgi_app / -H Origin:{ALLOWED}"),
    ("Origin as a header without a value", f"{APPS}wsgi_app / -H Origin"),
    ("a method that scripts may not use", f"{APPS}wsgi_app / --origin {ALLOWED} -X TRACE"),
    ("a name that is no header", f"{APPS}wsgi_app / --origin {ALLOWED} -H Ä:1"),
    ("a body with GET", f"{APPS}wsgi_app / --origin {ALLOWED} -X GET --data x"),
    ("a policy", f"{APPS}policy / --origin {ALLOWED}"),
    ("an application of aiohttp", f"{APPS}aiohttp_app / --origin {ALLOWED}"),
    ("a module that does not exist", f"nothing:app / --origin {ALLOWED}"),
    ("an application that exits", f"{APPS}exiting / --origin {ALLOWED}"),
    ("two URLs", f"http://localhost:1 http://localhost:2/ --origin {ALLOWED}"),
    ("an unsafe method to a live server", f"http://localhost:1 --origin {ALLOWED} -X PUT"),
    ("a user in the URL", f"http://u:p@localhost:1 --origin {ALLOWED}"),
    ("a URL that is not of the web", f"ftp://localhost/x --origin {ALLOWED}"),
    ("a URL without a host, and a path", f"http:// /items --origin {ALLOWED}"),
    ("a port that does not exist, and a path", f"http://localhost:99999 /items --origin {ALLOWED}"),
    ("half an IPv6 address, and a path", f"http://[::1 /items --origin {ALLOWED}"),
    ("a function that makes an application of two arguments", f"{APPS}create_with / --origin {ALLOWED}"),
    ("an ASGI application that exits", f"{APPS}exiting_asgi / --origin {ALLOWED}"),
    ("an engine that does not exist", f"{APPS}wsgi_app / --origin {ALLOWED} --engine trident"),
)


def test_mistakes(approved: Approve) -> None:
    told = []
    for sentence, line in MISTAKES:
        result = explain(*line.split())
        assert (result.stdout, result.exit_code) == ("", 2)
        told.append((f"{sentence}: {line}", result.stderr.replace(str(Path.cwd()), "FOLDER")))
    approved("explain_mistakes", told)


@table(
    "line, verdict, reason",
    ("a factory", f"create_app /items --origin {ALLOWED}", "allowed", None),
    ("ASGI", f"asgi_app / --origin {ALLOWED}", "allowed", None),
    ("a path without a slash", f"fastapi_app items --origin {ALLOWED}", "allowed", None),
    ("an address", "asgi_app https://api.example.com/ --origin https://api.example.com", "allowed", None),
    ("a path that begins with two slashes", f"asgi_app //items/1 --origin {ALLOWED}", "allowed", None),
    ("no path", f"asgi_app --origin {ALLOWED}", "allowed", None),
    ("data makes it a POST", f"wsgi_app / --origin {ALLOWED} --data x -H X-A", "blocked", "preflight-status"),
    ("a value is safelisted", f"asgi_app / --origin {ALLOWED} -H Accept:text/plain", "allowed", None),
    ("no value is not", f"asgi_app / --origin {ALLOWED} -H Accept-Language", "allowed", None),
    ("no value of Range", f"asgi_app / --origin {ALLOWED} -H Range", "blocked", "preflight-status"),
    ("an empty value", f"asgi_app / --origin {ALLOWED} -H X-A:", "blocked", "preflight-status"),
    ("engines differ", f"asgi_app / --origin {ALLOWED} -H DPR:2 --engine chromium", "allowed", None),
    ("and others", f"asgi_app / --origin {ALLOWED} -H DPR:2 --engine firefox", "blocked", "preflight-status"),
    ("a task that fails", f"failing_task / --origin {ALLOWED}", "allowed", None),
    ("a stream", f"fastapi_app /stream --origin {ALLOWED}", "allowed", None),
    ("an application that waits", f"waiting / --origin {ALLOWED}", None, None),
)
def test_verdicts(
    monkeypatch: pytest.MonkeyPatch, line: str, verdict: str | None, reason: str | None
) -> None:
    monkeypatch.setattr(playing, "TIMEOUT", 2.0)
    said = as_json(*f"{APPS}{line}".split())
    assert (said["verdict"], said["reason"]) == (verdict, reason)


def test_an_application_that_does_not_end_is_left() -> None:
    """In a process of its own, because the thread of the application stays."""
    short = "playing.TIMEOUT, playing._GRACE = 60.0, -59.8"  # the browser's own limit does not come first
    code = f"from crosscors.cli.explain import playing; {short}; from crosscors.cli.group import cli; cli()"
    command = [sys.executable, "-c", code, "explain", f"{APPS}sleeping", "/", "--origin", ALLOWED]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == (
        "Error: The application did not answer within 0.2 seconds.\n"
        "Hint: Look for what it waits for: a database, another server, a lock.\n"
    )
    assert result.returncode == 2


def test_the_thread_of_such_an_application_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "TIMEOUT", 0.0)
    monkeypatch.setattr(playing, "_GRACE", 0.01)
    awake = threading.Event()
    with pytest.raises(CommandError, match="did not answer within"):
        playing._in_time(awake.wait)
    awake.set()


def test_what_the_application_prints_is_not_on_standard_output() -> None:
    result = explain(f"{APPS}bare_wsgi", "/", "--origin", ALLOWED, "--json")
    assert json.loads(result.stdout)["verdict"] == "blocked"
    assert result.stderr == "the application prints\n"


@each("arguments", ["--json"], [])
def test_no_output_controls_the_terminal(arguments: list[str]) -> None:
    result = explain(f"{APPS}hostile", "/", "--origin", ALLOWED, *arguments)
    assert result.exit_code == 1
    assert result.stdout.replace("\n", "").isprintable()


@table(
    "line, shown",
    ("a step", "1. aa bb cc dd ee ff gg hh ii jj", "1. aa bb cc dd ee ff gg hh ii\n   jj"),
    ("a check", "   FAIL  aa bb cc dd ee ff gg hh", "   FAIL  aa bb cc dd ee ff gg\n         hh"),
    ("a header", "      a: aa bb cc dd ee ff gg hh", "      a: aa bb cc dd ee ff gg\n      hh"),
    ("a hint is to be copied", "Hint: aa bb cc dd ee ff gg hh ii jj", "Hint: aa bb cc dd ee ff gg hh ii jj"),
    ("a short line", "10. aa", "10. aa"),
    ("an empty line", "", ""),
)
def test_lines_of_a_terminal_hang_below_their_first_word(line: str, shown: str) -> None:
    assert text._hanging(Text(line), Console(width=29)).plain == shown


def test_a_terminal_gets_such_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    shown = explain(f"{APPS}wsgi_app", "/", "--origin", ALLOWED, "--dry-run").stdout
    assert "\n1. The page has the origin\n   https://app.example.com, " in shown


def test_the_help_has_examples() -> None:
    result = explain("--help")
    assert result.exit_code == 0
    assert "crosscors explain main:app /items --origin https://app.example.com\n" in result.output


CURL = f"curl '{{}}' -X PUT -H 'Origin: {ALLOWED}' -H 'Referer: x' -H 'X-A: 1' -b 'a=1' --data-raw 'b=1'"


@table(
    "command, arguments, verdict",
    ("an application instead of the URL", "https://api.example.com/items?a=1", ["fastapi_app"], "blocked"),
    ("another method", "https://api.example.com/items", ["flask_app", "-X", "GET"], None),
    ("another path", "https://api.example.com/zzz", ["starlette_app", "/items"], "blocked"),
    ("another header", "https://api.example.com/items", ["fastapi_app", "-H", "x-a: 2"], "blocked"),
)
def test_a_pasted_command(tmp_path: Path, command: str, arguments: list[str], verdict: str | None) -> None:
    file = tmp_path / "request.txt"
    file.write_text(CURL.format(command))
    target, *others = arguments
    result = explain(APPS + target, *others, "--curl", str(file), "--json")
    if verdict is None:
        assert result.stderr == "Error: A GET request cannot have a body.\n"
        return
    said = json.loads(result.stdout)
    assert said["verdict"] == verdict
    request = next(step for step in said["steps"] if step["kind"] == "request")
    headers = dict(request["headers"])
    assert (headers["Origin"], headers["Access-Control-Request-Method"]) == (ALLOWED, "PUT")
    assert headers["Access-Control-Request-Headers"] == "x-a"


def test_a_command_from_standard_input_asks_nobody() -> None:
    result = explain("--curl", "-", input=CURL.format("http://localhost:1/items"))
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.startswith("Error: PUT may change something on the server, and nothing was sent.\n")


@table(
    "text, error",
    ("another command", b"wget https://a.example", "it does not begin with curl."),
    ("bytes that are not text", b"\xff\xfe\x00", "The file of --curl cannot be read"),
    ("an open quote", b"curl 'https://a.example", "a quote is not closed."),
)
def test_what_is_no_command_is_a_line_and_a_hint(tmp_path: Path, text: bytes, error: str) -> None:
    file = tmp_path / "request.txt"
    file.write_bytes(text)
    result = explain("--curl", str(file))
    assert result.exit_code == 2
    assert error in result.stderr
    assert result.stderr.count("\n") == 2


@table("answer, shown", ("no", "n\n", "nothing was sent"), ("yes", "y\n", "cannot be reached"))
def test_an_unsafe_method_asks(monkeypatch: pytest.MonkeyPatch, answer: str, shown: str) -> None:
    monkeypatch.setattr(command, "_can_answer", lambda: True)
    result = explain("http://localhost:1/items", "--origin", ALLOWED, "-X", "PUT", input=answer)
    assert result.exit_code == 2
    assert "PUT may change something at http://localhost:1/items. Send it? [y/N]" in result.stderr
    assert shown in result.output
