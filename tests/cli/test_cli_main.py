"""The command itself: how it starts, and what it says where its packages are missing."""

import json
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

import crosscors
import crosscors.cli
from crosscors.cli import main
from crosscors.cli.group import cli
from tests.tables import table

# By its path: pytest loads the modules of its plugins, and all beside them, in a way that runpy cannot.
MAIN = str(Path(crosscors.__file__).parent / "__main__.py")


def test_python_m_crosscors_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["crosscors", "--version"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(MAIN, run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"crosscors, version {crosscors.__version__}\n"


@pytest.mark.parametrize("missing", ["click", "rich"])
@table(
    "arguments, extra, status",
    ("a command of its own extra", ["demo"], "demo", 1),
    ("any other command", ["explain"], "cli", 2),
    ("no command", [], "cli", 2),
)
def test_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    missing: str,
    arguments: list[str],
    extra: str,
    status: int,
) -> None:
    monkeypatch.setattr(crosscors.cli, "find_spec", lambda name: None if name == missing else find_spec(name))
    monkeypatch.setattr(sys, "argv", ["crosscors", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == status
    assert capsys.readouterr().err == f'This command needs more packages: pip install "crosscors[{extra}]"\n'


def test_nothing_is_imported_before_it_is_known_to_be_there() -> None:
    script = "import sys, crosscors.cli; assert not {'click', 'rich'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_help_lists_the_commands() -> None:
    result = CliRunner().invoke(cli, ["-h"])
    assert result.exit_code == 0
    assert "demo" in result.output


def test_the_module_runs_nothing_when_it_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(MAIN, run_name="imported")
    assert capsys.readouterr() == ("", "")


def test_what_an_application_prints_at_its_end_is_not_part_of_the_result(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(
        "import atexit\ndef app(environ, start_response):\n    start_response('200 OK', [])\n    return []\n"
        "atexit.register(print, 'the end')\n"
    )
    arguments = ["explain", "noisy:app", "--origin", "https://app.example.com", "--json"]
    command = [sys.executable, "-m", "crosscors", *arguments]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (json.loads(result.stdout)["verdict"], result.stderr) == ("blocked", "the end\n")


def test_ctrl_c_is_not_the_status_of_a_finding() -> None:
    @cli.command("wait")
    def wait() -> None:
        raise KeyboardInterrupt

    result = CliRunner().invoke(cli, ["wait"])
    del cli.commands["wait"]
    assert (result.exit_code, result.stderr) == (2, "Error: The command was stopped.\n")
