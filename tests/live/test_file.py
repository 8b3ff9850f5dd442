"""follow_file: what is served, whatever happens to the file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crosscors import CORSPolicy, PolicyError, Resources
from crosscors.live import file, follow_file
from tests.live.servers import eventually
from tests.tables import table

OLD, NEW = (
    '[policy]\nallow_origins = ["https://old.example"]',
    '[policy]\nallow_origins = ["https://new.example"]',
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(OLD)
    return path


@pytest.fixture(params=["watched", "looked at"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With watchfiles and without it."""
    way: str = request.param
    if way == "looked at":
        monkeypatch.setattr(file, "find_spec", lambda name: None)
    return way


def renamed(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_text(NEW)
    new.replace(path)


def gone_for_a_while(path: Path) -> None:
    path.unlink()
    renamed(path)


def linked(path: Path) -> None:
    """As Kubernetes does it: the name is a link, and so is a folder on the way."""
    for number, text in enumerate((OLD, NEW)):
        folder = path.with_name(f"version{number}")
        folder.mkdir()
        (folder / "policy.toml").write_text(text)
        link = path.with_name("new")
        link.symlink_to(folder)
        link.replace(path.with_name("current"))
        if number == 0:
            path.unlink()
            path.symlink_to("current/policy.toml")


@pytest.mark.usefixtures("way")
@table(
    "change",
    ("written in place", lambda path: path.write_text(NEW)),
    ("a new file in its place", renamed),
    ("a link in its place", linked),
    ("gone for a while", gone_for_a_while),
)
def test_a_change_is_served(path: Path, change: Callable[[Path], object]) -> None:
    with follow_file(path) as live:
        assert live.allows_origin("https://old.example")
        change(path)
        eventually(lambda: live.allows_origin("https://new.example"))
        assert not live.allows_origin("https://old.example")


def test_json_and_resources(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"version": "today", "resources": {"/a/*": {"allow_origins": ["*"]}}}')
    with follow_file(str(path)) as live:
        assert isinstance(live.policy, Resources)
        assert live.policy_for("/a/b") == CORSPolicy(allow_origins="*")


@pytest.mark.slow
@pytest.mark.usefixtures("way")
@table(
    "change, said, kind",
    ("a wrong value", lambda path: path.write_text("policy.max_age = true"), "policy.max_age", PolicyError),
    ("no TOML", lambda path: path.write_text("[policy"), "is not valid TOML", PolicyError),
    ("no text", lambda path: path.write_bytes(b"\xff"), "is not UTF-8", PolicyError),
    ("a file without an end", lambda path: path.write_bytes(b"#" * 2**21), "is larger than 1,0", PolicyError),
    ("no file", lambda path: path.unlink(), "No such file or directory", OSError),
)  # fmt: skip
def test_the_last_good_policy_stays_and_the_log_says_why_once(
    path: Path,
    change: Callable[[Path], object],
    said: str,
    kind: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[Exception] = []
    with follow_file(path) as live:
        live.on_failure(failures.append)
        change(path)
        eventually(lambda: said in caplog.text)
        look_again(path)
        assert failures
        assert all(isinstance(each, kind) for each in failures)
        assert live.allows_origin("https://old.example")
        path.write_text(NEW)
        eventually(lambda: live.allows_origin("https://new.example"))
    assert caplog.text.count(said) == 1


def look_again(path: Path) -> None:
    """Something happens beside the file, and some time goes by."""
    path.with_name("other").write_text("")
    threading.Event().wait(0.7)


def test_half_a_file_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([b"old", b"n", b"ne", b"new", b"new", b"newer"])
    monkeypatch.setattr(file, "_read", lambda path: next(looks))
    stop = threading.Event()
    assert file._settled(Path(), b"old", stop) == b"old"  # pyright: ignore[reportPrivateUsage]
    assert file._settled(Path(), b"old", stop) == b"new"  # pyright: ignore[reportPrivateUsage]


def test_warnings_are_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text('[policy]\nallow_origins = ["https://a.example", "https://a.example"]')
    with follow_file(path):
        assert f"Warning about the policy in {path}: policy.allow_origins" in caplog.text


@table(
    "name, text, error, said",
    ("a name without a language", "policy.yaml", "", ValueError, "has to end with .toml or .json"),
    ("no file", "none.toml", None, FileNotFoundError, "none.toml"),
    ("problems", "policy.toml", "[policy]\nmax_age = true", PolicyError, "policy.max_age"),
)  # fmt: skip
def test_what_cannot_work_does_not_start(
    tmp_path: Path, name: str, text: str | None, error: type[Exception], said: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(error) as raised:
        follow_file(tmp_path / name)
    assert said in str(raised.value)


def test_the_folder_of_the_process_may_change(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with follow_file("policy.toml") as live:
        monkeypatch.chdir("/")
        path.write_text(NEW)
        eventually(lambda: live.allows_origin("https://new.example"))


def test_where_nothing_can_be_watched_it_is_looked_at(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watchfiles = pytest.importorskip("watchfiles")

    def watch(*arguments: object, **options: object) -> Iterator[object]:
        yield set()
        raise OSError("the limit on the number of watches is reached")

    monkeypatch.setattr(watchfiles, "watch", watch)
    with caplog.at_level(logging.DEBUG, "crosscors"), follow_file(path) as live:
        path.write_text(NEW)
        eventually(lambda: live.allows_origin("https://new.example"))
    assert "is not watched any more, but looked at" in caplog.text


def test_nothing_is_put_into_place_while_it_closes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with follow_file(path) as live:
        closing = threading.Event()

        def settled(path: Path, judged: bytes, stop: threading.Event) -> bytes:
            closing.set()
            stop.wait()
            return NEW.encode()

        monkeypatch.setattr(file, "_settled", settled)
        assert closing.wait(10)
    assert live.allows_origin("https://old.example")
