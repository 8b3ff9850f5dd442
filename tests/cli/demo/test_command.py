"""``crosscors demo``: its options, and what it prints."""

import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import crosscors.cli
from crosscors.cli import MISSING_EXTRA
from crosscors.cli.demo import run as demo_run
from crosscors.cli.demo import stacks
from crosscors.cli.demo.run import Listeners, ServerEndedError, listen
from crosscors.cli.group import cli
from tests.cli.demo.playing import eventually


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["demo", *arguments])


def test_its_help_has_examples() -> None:
    result = demo("--help")
    assert result.exit_code == 0
    assert "crosscors demo --port 8000\n" in result.output


@pytest.mark.parametrize("port", ["x", "-1", "65536"])
def test_a_port_is_a_number(port: str) -> None:
    result = demo("--port", port)
    assert result.exit_code == 2
    assert "--port" in result.output


def test_a_port_in_use_is_an_error() -> None:
    with listen(0) as listener:
        port = listener.getsockname()[1]
        result = demo("--port", str(port))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Cannot listen on port {port}: address already in use. Choose another port with --port.\n"
    )


def test_it_says_where_the_page_is_and_what_the_servers_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(
        listeners: Listeners, announce: Callable[[str], object], show: Callable[[str, str], object]
    ) -> None:
        assert [*listeners.stacks] == ["asgi", "wsgi", "django"]
        announce("http://127.0.0.1:8000")
        show("wsgi", "refused \x1b[31m")

    monkeypatch.setattr(demo_run, "run", run)
    monkeypatch.setattr(stacks, "find_spec", lambda name: None if name == "flask" else find_spec(name))
    result = demo()
    assert result.exit_code == 0
    assert result.output == (
        "\nOpen this page: http://127.0.0.1:8000\n"
        "\nFlask is not installed: pip install flask\n"
        "Every refused request appears below, with the reason. Ctrl-C stops the demo.\n"
        "\nwsgi    refused \\x1b[31m\n"
    )


def test_a_server_that_ended_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise ServerEndedError("uvicorn ended by itself.")

    monkeypatch.setattr(demo_run, "run", run)
    result = demo()
    assert result.exit_code == 1
    assert result.output == "Error: uvicorn ended by itself. The demo has stopped.\n"


@pytest.mark.parametrize("missing", ["uvicorn", "waitress"])
def test_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(crosscors.cli, "find_spec", lambda name: None if name == missing else find_spec(name))
    result = demo()
    assert result.exit_code == 1
    assert result.output == MISSING_EXTRA.format("demo") + "\n"


@pytest.mark.slow
def test_a_user_starts_and_stops_it(tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "crosscors", "demo"], stdout=out, stderr=subprocess.PIPE, text=True
        )
    try:
        eventually(lambda: "Ctrl-C" in printed.read_text() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
