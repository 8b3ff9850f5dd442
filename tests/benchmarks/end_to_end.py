"""``python -m tests.benchmarks.end_to_end``: whole applications on real servers, under wrk's load.

Needs wrk (Debian: ``apt-get install wrk``). Requests a second and the 99th percentile of the latency, in
percent of the bare application's in the same turn: the median of all turns, and the least and most.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from tests.benchmarks.cases import CASES, PATH

_VARIANTS = ("bare", "peer", "crosscors")
_PEERS = {"FastAPI": "Starlette", "Flask": "Flask-CORS", "Django": "django-cors-headers"}
_APPLICATIONS = "tests.benchmarks.applications"
_SECONDS_TO_START = 20.0
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    requests_per_second: float
    p99: float  # milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--turns", type=int, default=7, help="of all three variants; default: 7")
    parser.add_argument("--seconds", type=int, default=4, help="of load in each turn; default: 4")
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing (Debian: apt-get install wrk)")
    for stack, peer in _PEERS.items():
        with contextlib.ExitStack() as servers:
            ports = {variant: servers.enter_context(_served(stack, variant)) for variant in _VARIANTS}
            for port in ports.values():
                _load(port, 1, arguments.connections)  # to warm up
            turns = [
                {name: _load(port, arguments.seconds, arguments.connections) for name, port in ports.items()}
                for _ in range(arguments.turns)
            ]
        bare = statistics.median(turn["bare"].requests_per_second for turn in turns)
        print(f"{stack}: {bare:,.0f} requests/s bare")
        for variant, name in (("peer", peer), ("crosscors", "crosscors")):
            rates = [turn[variant].requests_per_second / turn["bare"].requests_per_second for turn in turns]
            latencies = [turn[variant].p99 / turn["bare"].p99 for turn in turns]
            print(f"  {name:20} requests/s {_spread(rates)}   p99 {_spread(latencies)}")


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):6.1%} ({min(ratios):.1%} to {max(ratios):.1%})"


@contextlib.contextmanager
def _served(stack: str, variant: str) -> Iterator[int]:
    """The port at which the application is served, while the context lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    function = f"{_APPLICATIONS}:{stack.lower()}"
    if stack == "FastAPI":
        command = [
            "uvicorn",
            "--factory",
            f"{function}_{variant}",
            "--no-access-log",
            "--log-level",
            "warning",
        ]
        command += ["--host", "127.0.0.1", "--port", str(port)]
    else:
        command = ["gunicorn", f'{function}("{variant}")', "--bind", f"127.0.0.1:{port}", "--threads", "4"]
        command += ["--log-level", "warning"]
    server = subprocess.Popen([sys.executable, "-m", *command])
    try:
        _wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server on port {port} did not start")


def _load(port: int, seconds: int, connections: int) -> Load:
    command = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        f"{seconds}s",
        "--latency",
    ]
    for name, value in CASES[0].fields(CASES[0].origin):
        if name not in ("Host", "Connection"):
            command += ["--header", f"{name}: {value}"]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    latency = re.search(r"99%\s+([0-9.]+)(us|ms|s)", said)
    if rate is None or latency is None or "Non-2xx" in said:
        raise RuntimeError(said)
    return Load(float(rate[1]), float(latency[1]) * _MILLISECONDS[latency[2]])


if __name__ == "__main__":
    main()
