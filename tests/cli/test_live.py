"""``crosscors push``, ``pull``, ``watch`` and ``history``, with a real Redis."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import crosscors.cli
from crosscors import CORSPolicy
from crosscors.cli.group import cli
from crosscors.cli.live import watch
from crosscors.cli.live.place import DEFAULT_KEY
from crosscors.live import follow_redis, push_redis, store
from tests.conftest import Approve
from tests.live.servers import RedisServer, eventually, redis_running
from tests.tables import each, table

COMMANDS = ("push", "pull", "history", "watch")
GOOD = '[policy]\nallow_origins = ["https://app.example.com"]\nmax_age = 60\n'
WARNED = '[policy]\nallow_origins = ["https://app.example.com", "https://app.example.com"]\n'
BAD = '[resources."/api/*"]\nallow_origins = ["https://a.example", "https://b.example/"]\n'


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    with redis_running(tmp_path) as running:
        monkeypatch.setenv("CROSSCORS_REDIS_URL", running.url)
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("good.toml", GOOD), ("warned.toml", WARNED), ("bad.toml", BAD), ("policy.yaml", "")):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments).stdout)


def test_the_default_key_is_the_one_that_is_followed() -> None:
    assert DEFAULT_KEY == store.DEFAULT_KEY  # written twice, so that --help needs no package


@pytest.mark.usefixtures("server")
def test_what_is_pushed_is_pulled_and_in_the_history(folder: Path) -> None:
    first, second = run("push", "good.toml"), run("push", "warned.toml")
    versions = [int(re.findall(r"Version (\d+) is in", each.stdout)[0]) for each in (first, second)]
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert as_json("pull") == as_json("history", str(versions[1]))
    assert run("history").stdout.split()[::4] == [str(version) for version in reversed(versions)]
    assert as_json("history", "--json")["history"][1]["document"] == {
        "version": versions[0],
        "policy": {"allow_origins": ["https://app.example.com"], "max_age": 60},
    }
    # Back to the first one.
    (folder / "old.json").write_text(run("history", str(versions[0])).stdout)
    assert run("push", "old.json").exit_code == 0
    assert as_json("pull")["policy"] == as_json("history", str(versions[0]))["policy"]


def test_the_processes_that_follow_are_told(server: RedisServer) -> None:
    with follow_redis(server.url) as live:
        assert run("push", "good.toml").stdout.endswith("1 process was told.\n")
        eventually(lambda: live.allows_origin("https://app.example.com"))
        with follow_redis(server.url):
            pushed = as_json("push", "good.toml", "--json")["pushed"]
            assert pushed["connections_told"] == 2
            assert run("push", "good.toml").stdout.endswith("2 processes were told.\n")
            eventually(lambda: live.version > pushed["version"])
    assert run("push", "good.toml", "--key", "other").stdout.endswith("No worker listens now.\n")


def test_a_document_with_a_problem_is_not_pushed(server: RedisServer) -> None:
    result = run("push", "bad.toml")
    assert result.exit_code == 1
    assert 'Problem resources."/api/*".allow_origins[1]: ' in result.stdout
    assert result.stdout.endswith("Nothing was pushed.\n")
    said = as_json("push", "bad.toml", "--json")
    assert said["pushed"] is None
    assert [each["code"] for each in said["targets"][0]["problems"]] == ["origin-trailing-slash"]
    with server.client() as client:
        assert client.dbsize() == 0


@pytest.mark.usefixtures("server")
def test_warnings_are_shown_and_hold_nothing_back() -> None:
    result = run("push", "warned.toml")
    assert result.exit_code == 0
    assert "Warning policy.allow_origins" in result.stdout


@each("arguments", ["push", "good.toml"], ["history"])
def test_the_url_may_stand_in_the_command(
    server: RedisServer, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSCORS_REDIS_URL", "redis://127.0.0.1:1")
    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--url", server.url).exit_code == 0


def test_mistakes(server: RedisServer, approved: Approve, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = "redis://:secret@127.0.0.1:1"
    with server.client() as client:
        client.lpush("list", 1)
        client.set("text", "?")
        client.set("last", '{"version": 9007199254740991}')
        client.execute_command("ACL", "SETUSER", "reader", "on", ">pw", "~*", "&*", "+getrange")
    reader = server.url.replace("//", "//reader:pw@")
    mistakes = (
        ("No file.", ("push", "none.toml")),
        ("Another language.", ("push", "policy.yaml")),
        ("A version that cannot grow.", ("push", "good.toml", "--key", "last")),
        ("Nothing was pushed.", ("pull",)),
        ("Nothing was pushed.", ("history",)),
        ("A version that is not there.", ("history", "3")),
        ("A version in words.", ("history", "three")),
        ("Not JSON.", ("pull", "--key", "text")),
        ("Another kind of value.", ("pull", "--key", "list")),
        ("Another kind of value.", ("watch", "--key", "list")),
        ("No key.", ("pull", "--key", "")),
        ("Nothing listens.", ("push", "good.toml", "--url", closed)),
        ("A wrong password.", ("pull", "--url", server.url.replace("//", "//:secret@"))),
        ("A user that may only read.", ("push", "good.toml", "--url", reader)),
        ("Not a URL.", ("pull", "--url", "localhost")),
        ("A password that breaks the URL.", ("pull", "--url", "redis://:secret/1@localhost")),
        ("No URL.", ("pull", "--url", "")),
    )
    said = [(why, f"$ crosscors {' '.join(each)}\n{run(*each).output}") for why, each in mistakes]
    with server.client() as client:
        client.replicaof("127.0.0.1", "1")
    said.append(("A replica.", run("push", "good.toml").output))
    text = [(why, each.replace(str(server.port), "6379").rstrip()) for why, each in said]
    assert not any("secret" in each.partition("\n")[2] for _, each in text)
    approved("live_mistakes", text)


@each("command", *COMMANDS)
def test_one_line_says_what_to_install(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crosscors.cli, "find_spec", lambda name: None)
    result = run(command, *(["good.toml"] if command == "push" else []))
    assert (result.exit_code, result.stderr) == (
        2,
        'This command needs more packages: pip install "crosscors[redis]"\n',
    )


def test_watch_until_it_is_interrupted(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Queue(list[Any]):
        put = list.append

        def get(self) -> Any:
            if not self:
                raise KeyboardInterrupt
            return self.pop()

    monkeypatch.setattr(watch, "SimpleQueue", Queue)
    assert run("watch").output == ""
    version = push_redis(server.url, CORSPolicy(allow_origins="*")).version
    text = run("watch")
    assert text.exit_code == 0
    assert text.stdout.splitlines()[0].endswith(f"UTC: version {version}")
    assert as_json("watch", "--json")["version"] == version


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell runs in the background ignores Ctrl+C, and so do the processes that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@table(
    "options, expected",
    ("for people", [], "  Pages on https://app.example.com may send GET"),
    ("for programs", ["--json"], '"sentences": ["Pages on https://app.example.com may send GET'),
)
@pytest.mark.usefixtures("interruptible")
def test_watch_prints_each_change(server: RedisServer, options: list[str], expected: str) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "crosscors", "watch", *options]
    with started(command) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert "There is no policy in Redis at" in watching.stderr.readline()
        version = push_redis(server.url, CORSPolicy(allow_origins=["https://app.example.com"])).version
        seen = watching.stdout.readline()
        told = seen if options else watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 0
        said = watching.stderr.read()
    assert (str(version) in seen, expected in told) == (True, True)
    assert "Traceback" not in said
    eventually(lambda: server.connections() == 0)


def test_watch_ends_when_nobody_reads(server: RedisServer) -> None:
    with started([sys.executable, "-m", "crosscors", "watch"]) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert "There is no policy in Redis at" in watching.stderr.readline()
        watching.stdout.close()
        while watching.poll() is None:
            push_redis(server.url, CORSPolicy(allow_origins="*"))
        assert "Traceback" not in watching.stderr.read()
