"""A policy that a file keeps current."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from crosscors.core.document import Language
from crosscors.core.errors import PolicyError, shown
from crosscors.live.documents import MOST_BYTES, read_bytes, taken, warn
from crosscors.live.following import FollowedPolicy, Target, say

_SECONDS = 0.5  # between two looks at the file
_SETTLING_SECONDS = 0.1
_COLLECTING_MILLISECONDS = 50
LANGUAGES: Mapping[str, Language] = {".toml": "toml", ".json": "json"}


def follow_file(path: str | os.PathLike[str]) -> FollowedPolicy:
    """A policy that follows a file in TOML or JSON.

    A change is served within a second. A thread looks at the file twice a second. If the package watchfiles
    is installed (the extra ``live``), it also looks when the file changes. It never blocks an event loop.

    While the file is away or has a problem, the last good policy stays in place, and the log says why. A file
    that is being written is not read before it stays the same for 0.1 seconds. To be safe, write a new file
    and rename it.

    Args:
        path: the file. Its name ends with ``.toml`` or ``.json``.

    Raises:
        ValueError: if the name of the file has another ending.
        OSError: if the file cannot be read now.
        PolicyError: listing every problem of the document, each with its place, such as
            ``resources."/api/*".allow_origins[2]``.

    Example:
        >>> from crosscors.live import follow_file
        >>> live = follow_file("policy.toml")  # doctest: +SKIP
        >>> app = CORSMiddleware(app, policy=live)  # doctest: +SKIP
    """
    file = Path(path).absolute()  # servers may change the folder later
    language = LANGUAGES.get(file.suffix.lower())
    if language is None:
        raise ValueError(f"{shown(str(path))} has to end with .toml or .json. Rename the file")
    raw = _read(file)
    document, found = read_bytes(raw, language)
    if document is None:
        raise PolicyError(found.problems, "document")
    warn(found, str(file))
    return FollowedPolicy(document.policies, _Source(file, language, raw))


class _Source:
    """Follows the file."""

    def __init__(self, path: Path, language: Language, raw: bytes) -> None:
        self.name = str(path)
        self._path = path
        self._language: Language = language
        self._judged = raw
        self._is_away = False

    def wake(self) -> None:
        """Nothing to do: both ways to wait look at ``stop``."""

    def follow(self, target: Target, stop: threading.Event) -> None:
        for _ in _moments(self._path, stop):
            try:
                raw = _settled(self._path, self._judged, stop)
            except OSError as error:
                self._failed(error)
                target.failed(error)
                continue
            self._is_away = False
            if raw != self._judged and not stop.is_set():
                self._judged = raw
                document = taken(read_bytes(raw, self._language), self.name, target.failed)
                if document is not None:
                    target.put(document.policies)

    def _failed(self, error: OSError) -> None:
        if not self._is_away:
            message = "%s cannot be read, so the policy stays as it is. %s"
            say(logging.WARNING, message, self.name, error.strerror)
        self._is_away = True


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _settled(path: Path, judged: bytes, stop: threading.Event) -> bytes:
    """What is in the file, once two looks see the same."""
    before, now = judged, _read(path)
    while now != before and not stop.wait(_SETTLING_SECONDS):
        before, now = now, _read(path)
    return now


def _moments(path: Path, stop: threading.Event) -> Iterator[None]:
    """When to look at the file: twice a second, and when something changes beside it."""
    if find_spec("watchfiles"):
        from watchfiles import watch  # noqa: PLC0415  # the extra "live"

        # The folder is watched, because editors and Kubernetes put a new file in the place of the old one.
        # What stands elsewhere behind a link, or on a network, is seen at the next look.
        watching = watch(
            path.parent,
            recursive=False,
            stop_event=stop,
            rust_timeout=int(_SECONDS * 1000),
            yield_on_timeout=True,
            debounce=_COLLECTING_MILLISECONDS,
        )
        try:
            with closing(watching):
                for _ in watching:
                    yield
        except Exception as error:  # noqa: BLE001  # the folder is gone, or the system watches as much as it can
            say(logging.DEBUG, "%s is not watched any more, but looked at. %s", path, shown(str(error)))
    while not stop.wait(_SECONDS):
        yield
