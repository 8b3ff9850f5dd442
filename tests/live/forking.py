"""``python -m tests.live.forking``: a process that follows a file forks. Both follow it after that."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path

from crosscors.live import FollowedPolicy, follow_file
from tests.live.servers import eventually

OLD, NEW = (
    '[policy]\nallow_origins = ["https://old.example"]',
    '[policy]\nallow_origins = ["https://new.example"]',
)


def report(who: str, live: FollowedPolicy) -> None:
    eventually(lambda: live.policy.allow_origins == ("https://new.example",))
    follows = sum("follows" in thread.name for thread in threading.enumerate())
    print(f"{who}: {follows} follows, new", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "policy.toml")
        path.write_text(OLD)
        with follow_file(path) as live:
            child = os.fork()
            if not child:
                report("child", live)
                live.close()
                os._exit(0)
            path.write_text(NEW)
            _, status = os.waitpid(child, 0)
            report("parent", live)
            sys.exit(status)


if __name__ == "__main__":
    main()
