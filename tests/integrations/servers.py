"""The applications in integrations/, each started as its README says."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "integrations"
SECONDS_TO_START, SECONDS_TO_STOP = 60, 30


@dataclass(frozen=True)
class Integration:
    """A row of the table: the folder of an application, and the command that starts it there."""

    folder: str
    command: str


def read_table(text: str) -> tuple[Integration, ...]:
    rows = re.findall(r"^\| `(\w+)` \| .* \| `(.+)` \|$", text, re.MULTILINE)
    return tuple(Integration(folder, command) for folder, command in rows)


INTEGRATIONS = read_table((FOLDER / "README.md").read_text())
PROTECTED = tuple(each for each in INTEGRATIONS if each.folder.startswith("protected_"))
LIVE = tuple(each for each in INTEGRATIONS if each.folder.startswith("live_"))
# All but those that have paths and policies of their own.
OTHERS = ("asgi_uvicorn", "metered_flask_gunicorn")
ALIKE = tuple(each for each in INTEGRATIONS if each.folder not in OTHERS and each not in (*PROTECTED, *LIVE))


@contextlib.contextmanager
def serving(integration: Integration, **variables: str) -> Iterator[str]:
    """The URL at which the application answers, on a free port of this machine, until the block ends.

    The variables are those of its environment.
    """
    port = free_port()
    process = subprocess.Popen(
        shlex.split(integration.command.replace("$PORT", str(port))),
        cwd=FOLDER / integration.folder,
        env=environment() | variables,
        start_new_session=True,  # its workers can be told from all other processes
    )
    try:
        wait_for(port, process)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        try:
            assert process.wait(SECONDS_TO_STOP) in (0, -signal.SIGTERM)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it should not have left
            process.wait()


def environment() -> dict[str, str]:
    """A user's: with the commands installed here, without what the tests ask of their own interpreter."""
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    kept = {name: os.environ[name] for name in os.environ.keys() - {"PYTHONDEVMODE", "PYTHONWARNINGS"}}
    return kept | {"PATH": commands}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the server accepted no connection")
