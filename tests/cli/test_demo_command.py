"""``crosscors demo``: its options, and what it prints."""

import sys
from collections.abc import Callable
from importlib.util import find_spec

import pytest
from click.testing import CliRunner, Result

import crosscors.cli
from crosscors.cli import MISSING_EXTRA
from crosscors.cli.demo import command
from crosscors.cli.demo.run import Addresses, Listeners, ServerEndedError, listen
from crosscors.cli.group import cli

ADDRESSES = Addresses("http://a.example", "http://b.example", "http://c.example", "http://d.example")


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["demo", *arguments])


def test_the_help_has_examples() -> None:
    result = demo("--help")
    assert result.exit_code == 0
    assert "crosscors demo --page-port 8000\n" in result.output
    assert "\b" not in result.output


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
@pytest.mark.parametrize("option", ["--page-port", "--refused-port", "--asgi-port", "--wsgi-port"])
def test_what_is_no_port_is_a_usage_error(option: str, port: str) -> None:
    result = demo(option, port)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output


@pytest.mark.parametrize("option", ["--page-port", "--refused-port", "--asgi-port", "--wsgi-port"])
def test_a_port_in_use_is_one_line_that_names_the_option(option: str) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        result = demo(option, str(port))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Cannot listen on port {port}: address already in use. Choose another port with {option}.\n"
    )


def test_the_addresses_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: Listeners, announce: Callable[[Addresses], object]) -> None:
        announce(ADDRESSES)

    monkeypatch.setattr(command, "run", run)
    result = demo()
    assert result.exit_code == 0
    for line in (
        "Open this page   http://a.example  the policy allows its origin",
        "then this one    http://b.example  the policy refuses its origin",
        "API on uvicorn   http://c.example  ASGI",
        "API on gunicorn  http://d.example  WSGI",
    ):
        assert line in result.output


def test_a_server_that_ended_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise ServerEndedError("uvicorn ended by itself, with exit status 3.")

    monkeypatch.setattr(command, "run", run)
    result = demo()
    assert result.exit_code == 1
    assert result.output == "Error: uvicorn ended by itself, with exit status 3. The demo has stopped.\n"


@pytest.mark.parametrize("missing", ["uvicorn", "gunicorn"])
def test_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(crosscors.cli, "find_spec", lambda name: None if name == missing else find_spec(name))
    result = demo()
    assert result.exit_code == 1
    assert result.output == MISSING_EXTRA.format("demo") + "\n"


def test_windows_has_no_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(Exception, match="does not run on Windows"):
        command.demo.main([], standalone_mode=False)
