"""The demo from start to stop, with its real servers."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

import pytest
from django.test import override_settings

from crosscors.cli.demo.records import MOST_EXCHANGES, MOST_RUNS, Exchange, Records
from crosscors.cli.demo.run import Listeners, ServerEndedError, listen, run, stop_signals, wait
from crosscors.cli.demo.servers import Server, running
from crosscors.cli.demo.stacks import STACKS
from crosscors.cli.demo.stacks.on_django import SETTINGS

from .playing import UNCHANGED, Demo, ask, eventually


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    with ExitStack() as stack, override_settings(**SETTINGS, **UNCHANGED):

        def listening() -> Any:
            return stack.enter_context(listen(0))

        stacks = {each.id: listening() for each in STACKS}
        yield Listeners(listening(), (listening(), listening()), stacks)


def nothing(*_: object) -> None:
    """Show nothing."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(listeners: Listeners, number: signal.Signals) -> None:
    handler, threads = signal.getsignal(number), threading.active_count()
    addresses = [*listeners.addresses.values()]

    def announce(address: str) -> None:
        addresses.append(address)
        assert ask(address.removeprefix("http://"), "GET", "/", {}).status == 200
        for stack, server in (("asgi", "uvicorn"), ("wsgi", "waitress"), ("django", "waitress")):
            host = listeners.addresses[stack].removeprefix("http://")
            assert ask(host, "GET", "/items", {}).headers["Server"] == server
        os.kill(os.getpid(), number)

    run(listeners, announce, nothing)
    for address in addresses:
        listen(int(address.rpartition(":")[2])).close()  # what is left would still hold its socket
    assert signal.getsignal(number) is handler
    assert threading.active_count() == threads


def test_a_server_that_ends_by_itself_ends_the_demo() -> None:
    ended = Server("waitress", threading.Thread(target=nothing), nothing)
    with running(ended), stop_signals() as signals:
        ended.thread.join()
        with pytest.raises(ServerEndedError, match=r"waitress ended by itself\."):
            wait([ended], signals)


def test_a_server_that_was_not_started_is_not_waited_for() -> None:
    def fail() -> None:
        raise RuntimeError

    first = Server("first", threading.Thread(target=nothing), nothing)
    broken = Server("broken", threading.Thread(target=nothing), nothing)
    vars(broken.thread)["start"] = fail
    with pytest.raises(RuntimeError), running(first, broken):
        pytest.fail("it did not start")


def test_without_a_stack_the_others_run(listeners: Listeners) -> None:
    listeners.stacks["flask"].close()
    without = Listeners(
        listeners.page,
        listeners.senders,
        {name: each for name, each in listeners.stacks.items() if name != "flask"},
    )

    def announce(address: str) -> None:
        said = ask(address.removeprefix("http://"), "GET", "/facts.json", {}).content
        missing = {each["id"]: (each["missing"], each["address"] is None) for each in said["stacks"]}
        assert missing["flask"] == ("flask", True)
        assert missing["django"] == (None, False)
        os.kill(os.getpid(), signal.SIGINT)

    run(without, announce, nothing)


def test_the_terminal_shows_refusals_of_the_browser_only(demo: Demo) -> None:
    sent = {"policy": {"allow_origins": "https://a.example"}, "request": {"origin": "localhost"}}
    demo.shown.clear()
    run = demo.post("/run", sent).content["run"]
    assert demo.shown == []  # the prediction was refused, too
    for stack, address in demo.stacks.items():
        ask(address.removeprefix("http://"), "GET", f"/items?run={run}", {"Origin": "https://b.example"})
        ask(address.removeprefix("http://"), "GET", f"/items?run={run}", {"Origin": "https://a.example"})
        assert [name for name, _ in demo.shown] == [stack]
        assert "the origin 'https://b.example' is not allowed" in demo.shown.pop()[1]


@pytest.mark.parametrize("stack", ["asgi", "wsgi"])
def test_a_crash_is_recorded_and_not_logged(
    demo: Demo, stack: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    request = {"origin": "null", "path": "/crash"}
    run = demo.post("/run", {"policy": {"allow_origins": "*"}, "request": request}).content["run"]
    said = ask(demo.stacks[stack].removeprefix("http://"), "GET", f"/crash?run={run}", {"Origin": "null"})
    assert said.status == 500
    eventually(lambda: bool(recorded(demo, run)) and recorded(demo, run)[0]["raised"])
    [exchange] = recorded(demo, run)
    assert exchange["status"] == 500
    assert exchange["response_headers"] == []
    assert exchange["raised"] == "CrashError('The application has a bug.')"
    # What is logged only once was not used up by the prediction.
    assert [level for level, _ in exchange["log"]] == {"asgi": ["WARNING", "DEBUG"], "wsgi": ["DEBUG"]}[stack]
    others = [each for each in caplog.records if each.name != "crosscors"]
    assert not [each for each in others if each.levelno >= logging.WARNING]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("stack", ["flask", "django"])
def test_a_framework_answers_for_a_crash(
    demo: Demo, stack: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    run = demo.post("/run", {"policy": {"allow_origins": "*"}, "request": {"origin": "null"}}).content["run"]
    said = ask(demo.stacks[stack].removeprefix("http://"), "GET", f"/crash?run={run}", {"Origin": "null"})
    assert (said.status, said.headers["Access-Control-Allow-Origin"]) == (500, "*")
    assert recorded(demo, run)[0]["raised"] is None
    others = [each for each in caplog.records if each.name != "crosscors"]
    assert not [each for each in others if each.levelno >= logging.WARNING]
    assert "Traceback" not in capfd.readouterr().err


def recorded(demo: Demo, run: str) -> Any:
    return demo.get(f"/record?run={run}").content["exchanges"]


def test_a_browser_may_hang_up(demo: Demo, capfd: pytest.CaptureFixture[str]) -> None:
    connection = HTTPConnection(demo.host, timeout=30)
    connection.connect()
    connection.sock.sendall(b"GET / HTTP/1.1\r\n")
    connection.close()
    assert demo.get("/").status == 200
    assert capfd.readouterr().err == ""


def exchange() -> Exchange:
    return Exchange("asgi", "", "GET", "/items", [])


def test_records_are_bounded() -> None:
    records = Records()
    for number in range(MOST_RUNS + 1):
        records.begin(str(number))
    records.add("run=0", exchange())
    assert records.of("0") == []  # the oldest is forgotten
    for _ in range(MOST_EXCHANGES + 1):
        records.add("run=1", exchange())
    assert len(records.of("1")) == MOST_EXCHANGES


def test_it_listens_on_loopback_only(demo: Demo) -> None:
    listeners = (demo.listeners.page, *demo.listeners.senders, *demo.listeners.stacks.values())
    assert {each.getsockname()[0] for each in listeners} == {"127.0.0.1"}
