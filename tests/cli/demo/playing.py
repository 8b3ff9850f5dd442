"""The demo in this process, and a client that asks it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from typing import Any

from django.test import override_settings

from crosscors.cli.demo.records import log_heard
from crosscors.cli.demo.run import Listeners, listen, serving
from crosscors.cli.demo.stacks import STACKS
from crosscors.cli.demo.stacks.on_django import SETTINGS

DEADLINE_SECONDS = 60
# The settings of the project that the demo changes, as they are without it.
UNCHANGED: dict[str, object] = {"CORS_POLICY": None, "CORS_PROTECT": False, "CORS_DEBUG": None}


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "this never came to be"
        time.sleep(0.02)


@dataclass(frozen=True)
class Said:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Demo:
    """The demo that runs in this process."""

    listeners: Listeners
    shown: list[tuple[str, str]]  # what the terminal would show
    host: str = field(init=False)

    def __post_init__(self) -> None:
        vars(self)["host"] = "{}:{}".format(*self.listeners.page.getsockname())

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    @property
    def stacks(self) -> dict[str, str]:
        return self.listeners.addresses

    def get(self, path: str) -> Said:
        return ask(self.host, "GET", path, {})

    def post(self, path: str, content: object, **headers: str) -> Said:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Content-Type": "application/json", "Origin": self.origin, **named}
        return ask(self.host, "POST", path, given, body)


def ask(host: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Said:
    connection = HTTPConnection(host, timeout=DEADLINE_SECONDS)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return Said(response.status, response.headers, response.read())
    finally:
        connection.close()


@contextmanager
def demo_running() -> Iterator[Demo]:
    with ExitStack() as stack:

        def listening() -> Any:
            return stack.enter_context(listen(0))

        stacks = {each.id: listening() for each in STACKS}
        listeners = Listeners(listening(), (listening(), listening()), stacks)
        stack.enter_context(override_settings(**SETTINGS, **UNCHANGED))
        shown: list[tuple[str, str]] = []
        stack.enter_context(log_heard(lambda name, line: shown.append((name, line))))
        stack.enter_context(serving(listeners))
        yield Demo(listeners, shown)
