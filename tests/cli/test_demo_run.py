"""The demo from start to stop, with real servers."""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPMessage
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from crosscors.cli.demo import gunicorn_settings, servers
from crosscors.cli.demo.run import Addresses, Listeners, ServerEndedError, listen, run, wait
from crosscors.cli.demo.servers import Server, start, stop

DEADLINE_SECONDS = 60


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "this never came to be"
        time.sleep(0.05)


def ask(address: str, method: str, path: str, **fields: str) -> tuple[int, HTTPMessage, bytes]:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=DEADLINE_SECONDS)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): fields[name] for name in fields})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    with ExitStack() as stack:
        yield Listeners(*(stack.enter_context(listen(0)) for _ in range(4)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_once_everything_has_answered(listeners: Listeners, number: signal.Signals) -> None:
    handler = signal.getsignal(number)
    announced: list[Addresses] = []

    def announce(addresses: Addresses) -> None:
        announced.append(addresses)
        assert ask(addresses.page, "GET", "/")[0] == 200
        assert ask(addresses.refused, "GET", "/")[0] == 200
        assert ask(addresses.asgi, "GET", "/items")[1]["Server"] == "uvicorn"
        assert ask(addresses.wsgi, "GET", "/items")[1]["Server"] == "gunicorn"
        os.kill(os.getpid(), number)

    run(listeners, announce)
    (addresses,) = announced
    for address in (addresses.asgi, addresses.wsgi):
        listen(port_of(address)).close()  # any process that is left would still hold its socket
    assert signal.getsignal(number) is handler


def test_the_page_learns_where_everything_is(listeners: Listeners) -> None:
    learnt: list[Any] = []

    def announce(addresses: Addresses) -> None:
        learnt.extend((addresses, json.loads(ask(addresses.refused, "GET", "/demo.json")[2])))
        os.kill(os.getpid(), signal.SIGINT)

    run(listeners, announce)
    addresses, facts = learnt
    assert (facts["page"], facts["refused"]) == (addresses.page, addresses.refused)
    assert [api["address"] for api in facts["apis"]] == [addresses.asgi, addresses.wsgi]
    assert facts["policy"].startswith(f"CORSPolicy(allow_origins=['{addresses.page}'], ")


def test_all_of_it_answers_to_this_machine_alone_and_survives_bad_bodies(listeners: Listeners) -> None:
    def announce(addresses: Addresses) -> None:
        for address in (addresses.asgi, addresses.wsgi, addresses.page, addresses.refused):
            check_hosts(address)
        for api in (addresses.asgi, addresses.wsgi):
            check_bodies(api)
        os.kill(os.getpid(), signal.SIGINT)

    run(listeners, announce)


def test_a_server_that_ends_by_itself_ends_the_demo(
    listeners: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "GUNICORN", ("crosscors.no_such_server",))
    with pytest.raises(ServerEndedError, match=r"gunicorn ended by itself, with exit status 1\."):
        run(listeners, lambda _: pytest.fail("it never answered"))


def test_a_signal_ends_it_before_anything_has_answered(
    listeners: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(_: Server) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return False

    monkeypatch.setattr(Server, "answers", answers)
    run(listeners, lambda _: pytest.fail("it never answered"))


def test_waiting_goes_on_while_nothing_happens() -> None:
    answers = iter([False, False, True])
    assert wait((), queue.SimpleQueue(), lambda: next(answers))


def test_a_server_that_is_not_there_does_not_answer() -> None:
    with listen(0) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    server = Server("nobody", port, process)
    assert server.has_ended()
    assert not server.answers()


STUBBORN = """
import signal, socket, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
connection, _ = socket.socket(fileno=int(sys.argv[1])).accept()
connection.sendall(b"no")
connection.recv(1)
"""


def test_a_server_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = start("stubborn", ("stubborn", "{}"), listen(0), "http://127.0.0.1")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        assert connection.recv(2) == b"no"
        stop([server], grace_seconds=0.1)
    assert server.process.returncode == -signal.SIGKILL


def test_gunicorn_takes_the_settings() -> None:
    config = import_module("gunicorn.config").Config()
    settings = {name: value for name, value in vars(gunicorn_settings).items() if name in config.settings}
    assert {"workers", "threads", "loglevel", "graceful_timeout"} <= settings.keys()
    for name, value in settings.items():
        config.set(name, value)


def test_the_command_as_a_user_runs_it(tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "crosscors", "demo"], stdout=out, stderr=subprocess.PIPE, text=True
        )
    try:
        eventually(lambda: "Ctrl-C" in printed.read_text() or process.poll() is not None)
        addresses = Addresses(*re.findall(r"http://127\.0\.0\.1:\d+", printed.read_text()))
        check_with_two_origins(addresses.asgi, addresses)
        check_with_two_origins(addresses.wsgi, addresses)
        process.send_signal(signal.SIGINT)
        # Every process of the demo writes to this pipe; it only ends when all of them have.
        _, log = process.communicate(timeout=DEADLINE_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in log
    # Each API logs its two refusals, and the servers themselves say nothing.
    refused = sorted(" ".join(line.partition(" refused ")[0].split()) for line in log.splitlines())
    assert refused == [
        f"{api} the CORS policy of the application" for api in ("asgi", "asgi", "wsgi", "wsgi")
    ]


def ask_raw(address: str, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port_of(address)), timeout=DEADLINE_SECONDS) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def check_hosts(address: str) -> None:
    own = address.removeprefix("http://").encode()
    for hosts, is_answered in (
        ([own], True),
        ([f"localhost:{port_of(address)}".encode()], True),
        ([b"rebound.example:80"], False),
        ([b"127.0.0.1"], False),
        ([own, b"rebound.example"], False),
        ([b"rebound.example", own], False),
        ([b""], False),
        ([], False),
    ):
        lines = [b"GET /items HTTP/1.1", b"Connection: close", *(b"Host: " + host for host in hosts)]
        status = ask_raw(address, b"\r\n".join([*lines, b"", b""])).split()[1]
        assert (status in {b"200", b"404"}) is is_answered, (hosts, status)
        assert is_answered or status in {b"400", b"403"}, (hosts, status)


def check_bodies(api: str) -> None:
    for body, status in (
        (b"[" * 60_000, b"400"),
        (b"[" * 100_000, b"413"),
        (b"\xff", b"400"),
        (b"[]", b"200"),
    ):
        head = f"PUT /items/1 HTTP/1.1\r\nHost: {api.removeprefix('http://')}\r\nConnection: close\r\n"
        framed = (
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body,
            f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n",
        )
        for each in framed:
            assert ask_raw(api, head.encode() + each).split()[1] == status


def check_with_two_origins(api: str, addresses: Addresses) -> None:
    status, fields, _ = ask(api, "GET", "/items", Origin=addresses.page)
    assert (status, fields["Access-Control-Allow-Origin"]) == (200, addresses.page)
    status, fields, _ = ask(api, "GET", "/items", Origin=addresses.refused)
    assert (status, fields["Access-Control-Allow-Origin"]) == (200, None)
    preflight = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "x-client"}
    status, fields, _ = ask(api, "OPTIONS", "/items/1", Origin=addresses.page, **preflight)
    assert (status, fields["Access-Control-Allow-Origin"]) == (200, addresses.page)
    status, fields, _ = ask(api, "OPTIONS", "/items/1", Origin=addresses.refused, **preflight)
    assert (status, fields["Access-Control-Allow-Origin"]) == (400, None)
