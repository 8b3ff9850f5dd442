"""``python -m tests.integrations.soak``: workers under load, while their policy and Redis come and go.

Four workers of gunicorn and two of uvicorn follow one Redis. The policy is replaced every 50 milliseconds.
Redis is killed some times, and starts again without its data. Each response has to agree with one policy that
was published: its headers name the number of the policy in several places. ``--seconds`` says how long this
goes on, and ``--kills`` how often Redis is killed. wrk adds load if it is installed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis

from crosscors import CORSPolicy
from crosscors.live import push_redis
from crosscors.live.store import DEFAULT_KEY, Store, read_place
from tests.integrations.servers import Integration, serving_process
from tests.live.servers import RedisServer, eventually, redis_running

FOLDER = "../tests/integrations/following"
COMMANDS = (
    "gunicorn --workers 4 --worker-class gthread --threads 4 --bind 127.0.0.1:$PORT main:wsgi",
    "uvicorn --workers 2 --no-access-log --port $PORT main:asgi",
)
WORKERS = 6
ORIGIN = "https://app.example.com"
SECONDS_BETWEEN_PUSHES = 0.05
CLIENTS = 4  # for each server
OK = 200

State = dict[str, Any]  # of a worker; see following/main.py


@dataclass
class Result:
    """What was seen.

    Attributes:
        responses: how many were checked.
        errors: what was wrong with them.
        policies: how many were published.
        away: how many pushes failed, because Redis was away.
        lags: seconds from the last push to the change, by worker.
        growth: MiB that each worker grew by, from a quarter of the time to the end.
        load: the last lines of wrk.
    """

    responses: int = 0
    errors: list[str] = field(default_factory=list)
    policies: int = 0
    away: int = 0
    lags: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)
    load: list[str] = field(default_factory=list)


def numbered(number: int) -> CORSPolicy:
    """A policy whose responses name its number, wherever they can."""
    return CORSPolicy(
        allow_origins=[ORIGIN],
        allow_credentials=number % 2 == 0,
        allow_methods=["GET", f"M{number}"],
        allow_headers=[f"X-Policy-{number}"],
        expose_headers=[f"X-Policy-{number}"],
        max_age=number,
    )


def numbers_in(headers: Mapping[str, str]) -> set[int]:
    """The numbers that the headers of a response name."""
    named = ("access-control-allow-methods", "access-control-allow-headers", "access-control-expose-headers")
    found = [re.findall(r"(?:M|X-Policy-)(\d+)", headers.get(name, "")) for name in named]
    ages = [headers["access-control-max-age"]] if "access-control-max-age" in headers else []
    return {int(number) for numbers in [*found, ages] for number in numbers}


def fault_of(headers: Mapping[str, str], *, is_preflight: bool, published: int) -> str | None:
    """Why the response does not agree with one policy."""
    numbers = numbers_in(headers)
    if len(numbers) != 1:
        return f"torn: {headers}"
    (number,) = numbers
    with_credentials = headers.get("access-control-allow-credentials") == "true"
    if with_credentials != (number % 2 == 0) or headers.get("access-control-allow-origin") != ORIGIN:
        return f"torn: {headers}"
    if is_preflight and f"M{number}" not in headers.get("access-control-allow-methods", ""):
        return f"torn: {headers}"
    return None if number <= published else f"not published: {headers}"


def soak(seconds: float, kills: int, folder: Path) -> Result:
    result = Result()
    with ExitStack() as stack:
        server = stack.enter_context(redis_running(folder))
        push_redis(server.url, numbered(0))
        running = [
            stack.enter_context(serving_process(Integration(FOLDER, each), REDIS_URL=server.url))
            for each in COMMANDS
        ]
        urls = [url for url, _ in running]
        workers = states(urls, lambda state: True)
        with working(
            partial(publish, server, result),
            *(partial(check, url, number, result) for url in urls for number in range(CLIENTS)),
        ):
            loads = [load(url, seconds) for url in urls if shutil.which("wrk")]
            time.sleep(seconds / 4)  # warming up
            before = memory(workers)
            for _ in range(kills):
                trouble(server, seconds * 3 / 4 / kills)
            grown = [after - earlier for after, earlier in zip(memory(workers), before, strict=True)]
            result.load = [line for each in loads for line in each.communicate()[0].splitlines()[-4:]]
        result.growth = [each / 2**20 for each in grown]
        pushed_at, version = time.time(), push_redis(server.url, numbered(result.policies)).version
        newest = states(urls, lambda state: state["version"] == version)
        assert newest.keys() == workers.keys(), "a worker ended"
        result.lags = [state["changed_at"] - pushed_at for state in newest.values()]
    return result


@contextmanager
def working(*works: Callable[[threading.Event], None]) -> Iterator[None]:
    """Threads that work until the block ends."""
    ended = threading.Event()
    threads = [threading.Thread(target=work, args=(ended,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def trouble(server: RedisServer, seconds: float) -> None:
    """Redis is killed, away for a quarter of the time, and starts without its data."""
    time.sleep(seconds / 2)
    server.stop(signal.SIGKILL)
    time.sleep(seconds / 4)
    server.start()
    time.sleep(seconds / 4)


def publish(server: RedisServer, result: Result, ended: threading.Event) -> None:
    due = time.monotonic()
    with Store(read_place(server.url, DEFAULT_KEY)) as store:
        while not ended.wait(max(0, due - time.monotonic())):
            due = max(due + SECONDS_BETWEEN_PUSHES, time.monotonic())
            result.policies += 1  # before it is pushed, because a worker may serve it at once
            try:
                store.push(numbered(result.policies))
            except redis.RedisError:
                result.away += 1


def check(url: str, number: int, result: Result, ended: threading.Event) -> None:
    """Send one request after the other, and judge each response. Every second client sends preflights."""
    is_preflight = bool(number % 2)
    headers = {"Origin": ORIGIN} | ({"Access-Control-Request-Method": "GET"} if is_preflight else {})
    with httpx.Client(headers=headers, trust_env=False, timeout=10) as client:
        while not ended.is_set():
            try:
                response = client.request("OPTIONS" if is_preflight else "GET", url)
            except httpx.HTTPError as error:
                result.errors.append(repr(error))
                continue
            fault = fault_of(response.headers, is_preflight=is_preflight, published=result.policies)
            if response.status_code != OK or fault:
                result.errors.append(f"{response.status_code} {fault}")
            result.responses += 1


def states(urls: Iterable[str], is_wanted: Callable[[State], bool]) -> dict[int, State]:
    """The states of all workers by their pids, once each was seen in a wanted state.

    Each request has a connection of its own, and any worker of the server may take it.
    """
    found: dict[int, State] = {}

    def are_all_found() -> bool:
        asked = [httpx.get(url, trust_env=False, timeout=10).json() for url in urls for _ in range(10)]
        found.update({each["pid"]: each for each in asked if is_wanted(each)})
        return len(found) == WORKERS

    eventually(are_all_found)
    return found


def memory(workers: Iterable[int]) -> list[int]:
    return [psutil.Process(pid).memory_info().rss for pid in workers]


def load(url: str, seconds: float) -> subprocess.Popen[str]:
    command = ["wrk", "-t1", "-c16", f"-d{int(seconds)}s", "-H", f"Origin: {ORIGIN}", url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = soak(given.seconds, given.kills, Path(folder))
    print(f"{result.policies} policies, {result.away} pushes while Redis was away")
    print(f"{result.responses} responses checked, {len(result.errors)} errors: {result.errors[:3]}")
    print("after the last push, the workers changed in", ", ".join(f"{each:.3f} s" for each in result.lags))
    print("the workers grew by", ", ".join(f"{each:.2f} MiB" for each in result.growth))
    print(*result.load, sep="\n")
    return len(result.errors)


if __name__ == "__main__":
    sys.exit(main())
