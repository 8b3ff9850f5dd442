"""Two workers that count together, in files of a folder that is new at each start."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
if FOLDER not in os.environ:  # gunicorn reads this file again at each reload
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="metrics-")

workers = 2


def child_exit(server: Any, worker: Any) -> None:
    """The policy of a worker that is gone is not an old policy."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415  # it reads FOLDER

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
