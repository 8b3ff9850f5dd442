"""``crosscors probe`` on servers of other libraries as they come, and on the same servers with crosscors."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tables import table

from .servers import SECONDS_TO_START, environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "probed"
ROOT = Path(__file__).parents[2]
APP = "https://app.example.com"


@contextlib.contextmanager
def serving(program: str, cors: str, host: str) -> Iterator[str]:
    """The origin at which the server answers, until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, f"{program}.py", str(port), cors],
        cwd=FOLDER,
        env={**environment(), "PYTHONPATH": str(ROOT), "GRADIO_ANALYTICS_ENABLED": "False"},
        start_new_session=True,
    )
    try:
        _wait_for(host, port, process)
        yield f"http://{host}:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # Robyn does not end when it is asked to
        process.wait()


def _wait_for(host: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the server accepted no connection")


def probe(url: str) -> tuple[int, list[str]]:
    """The exit status, and the codes of the findings."""
    command = [sys.executable, "-m", "crosscors", "probe", url, "--origin", APP, "--json"]
    ended = subprocess.run(
        command, env={**environment(), "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=False
    )
    return ended.returncode, [each["code"] for each in json.loads(ended.stdout)["findings"]]


@table(
    "program, host, path, codes",
    (
        "Gradio reflects any origin with credentials where it is not reached as localhost",
        "gradio_demo",
        "127.0.0.2",
        "/gradio/",
        ["any-origin-reflected", "null-origin-trusted", "vary-missing"],
    ),
    (
        "Powertools for Lambda sends no Vary",
        "powertools_gateway",
        "127.0.0.1",
        "/items",
        ["vary-missing", "options-swallowed"],
    ),
    (
        "python-socketio gives credentials to origins that it refuses, its own among them",
        "socketio_server",
        "127.0.0.1",
        "/socket.io/?EIO=4&transport=polling",
        [
            "own-origin-refused",
            "vary-missing",
            "error-without-headers",
            "credentials-to-refused",
            "options-swallowed",
        ],
    ),
    (
        "Sanic Extensions match the beginning of an origin",
        "sanic_ext_app",
        "127.0.0.1",
        "/items",
        ["origin-prefix-match", "vary-missing"],
    ),
    (
        "quart-cors matches the beginning of an origin",
        "quart_cors_app",
        "127.0.0.1",
        "/items",
        ["origin-prefix-match"],
    ),
    (
        "Robyn sends * with credentials",
        "robyn_app",
        "127.0.0.1",
        "/items",
        ["own-origin-refused", "wildcard-with-credentials", "options-swallowed"],
    ),
    (
        "BlackSheep refuses its own origin",
        "blacksheep_app",
        "127.0.0.1",
        "/items",
        ["own-origin-refused", "vary-missing", "error-without-headers"],
    ),
)
def test_the_defects_are_found_and_the_twins_have_none(
    program: str, host: str, path: str, codes: list[str]
) -> None:
    with serving(program, "own", host) as origin:
        assert probe(f"{origin}{path}") == (1, codes)
    with serving(program, "crosscors", host) as origin:
        assert probe(f"{origin}{path}") == (0, [])
