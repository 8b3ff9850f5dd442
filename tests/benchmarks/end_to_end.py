"""``python -m tests.benchmarks.end_to_end``: whole applications on real servers, under wrk's load.

Needs wrk (Debian: ``apt-get install wrk``). Requests a second, the 99th percentile of the latency, and the
processor's time that the server spends on a request, all in percent of the bare application's in the same
turn: the median of all turns, and between which two values half of them lie. The floor is what any middleware
costs that adds the four fields, with what it costs the server to send them.
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

import psutil

from tests.benchmarks.cases import CASES, PATH

_PEERS = {"FastAPI": "Starlette", "Flask": "Flask-CORS", "Django": "django-cors-headers"}
_VARIANTS = ("bare", "floor", "peer", "crosscors")
_APPLICATIONS = "tests.benchmarks.applications"
_SECONDS_TO_START = 20.0
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """What came of one load on one server."""

    requests_per_second: float
    p99: float  # milliseconds
    processor: float  # microseconds a request


class Server(NamedTuple):
    port: int
    process: psutil.Process

    def processor_seconds(self) -> float:
        processes = [self.process, *self.process.children(recursive=True)]
        times = [process.cpu_times() for process in processes]
        return sum(each.user + each.system for each in times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--turns", type=int, default=20, help="of all four variants; default: 20")
    parser.add_argument("--seconds", type=int, default=2, help="of load in each turn; default: 2")
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    if arguments.turns < 2:
        parser.error("--turns: at least 2, to have something between")
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing (Debian: apt-get install wrk)")
    for stack, peer in _PEERS.items():
        turns = _turns(stack, arguments.turns, arguments.seconds, arguments.connections)
        bare = statistics.median(turn["bare"].requests_per_second for turn in turns)
        spent = statistics.median(turn["bare"].processor for turn in turns)
        print(f"{stack}: {bare:,.0f} requests/s bare, {spent:.0f} microseconds each")
        for variant, name in (("floor", "floor"), ("peer", peer), ("crosscors", "crosscors")):
            spreads = [
                f"{what} {_spread([turn[variant][index] / turn['bare'][index] for turn in turns])}"
                for index, what in enumerate(("requests/s", "p99", "processor"))
            ]
            print(f"  {name:20}", *spreads, sep="  ", flush=True)


def _turns(stack: str, turns: int, seconds: int, connections: int) -> list[dict[str, Load]]:
    """All variants are served all the time, but only one is asked at a time, and each next to the others."""
    with contextlib.ExitStack() as servers:
        served = {variant: servers.enter_context(_served(stack, variant)) for variant in _VARIANTS}
        for server in served.values():
            _load(server, 1, connections)  # to warm up
        order = list(served.items())
        measured = []
        for _ in range(turns):
            measured.append({name: _load(server, seconds, connections) for name, server in order})
            order = order[1:] + order[:1]
        return measured


def _spread(ratios: list[float]) -> str:
    lower, median, upper = statistics.quantiles(ratios, n=4)
    return f"{median:6.1%} ({lower:.1%} to {upper:.1%})"


@contextlib.contextmanager
def _served(stack: str, variant: str) -> Iterator[Server]:
    """The server of the application, while the context lasts."""
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
        yield Server(port, psutil.Process(server.pid))
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


def _load(server: Server, seconds: int, connections: int) -> Load:
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
    began = server.processor_seconds()
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    spent = server.processor_seconds() - began
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    latency = re.search(r"99%\s+([0-9.]+)(us|ms|s)", said)
    answered = re.search(r"([0-9]+) requests in", said)
    if rate is None or latency is None or answered is None or "Non-2xx" in said:
        raise RuntimeError(said)
    p99 = float(latency[1]) * _MILLISECONDS[latency[2]]
    return Load(float(rate[1]), p99, spent / int(answered[1]) * 1e6)


if __name__ == "__main__":
    main()
