"""A local copy of the last document, to start from while Redis is away."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from crosscors.core.errors import shown
from crosscors.core.policy import Policies
from crosscors.live.documents import MOST_BYTES, read_numbered, taken
from crosscors.live.following import say


def check_name(path: str | os.PathLike[str]) -> Path:
    """The path of a snapshot.

    Raises:
        ValueError: if the file could be taken for TOML.
    """
    checked = Path(path)
    if checked.suffix != ".json":
        meant = checked.with_suffix(".json").name if checked.name else "policy.json"
        raise ValueError(f'snapshot is written as JSON, not {shown(str(path))}. Write snapshot="{meant}"')
    return checked.absolute()  # servers may change the folder later


def load(path: Path) -> tuple[Policies, int] | None:
    """The policies and their version. None if there is no usable snapshot. The log says why."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None  # as before the first start
    except OSError as error:
        say(logging.ERROR, "The snapshot %s cannot be read: %s.", path, error.strerror)
        return None
    return taken(read_numbered(raw), f"the snapshot {path}")


def keep(path: Path, raw: bytes) -> None:
    """Write the document, unless it is there already. No reader ever sees half of it.

    Raises:
        OSError: if it cannot be written.
    """
    try:
        is_there = path.read_bytes() == raw
    except FileNotFoundError:
        is_there = False
    if not is_there:
        _write(path, raw)


def _write(path: Path, raw: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(number, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(number)  # without it, a crash of the machine can leave an empty file (rename(2))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
