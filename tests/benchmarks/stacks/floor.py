"""The floor: the least that any middleware in Python does. What it answers is ready-made.

It reads Origin, looks it up in one dictionary, and adds the four fields that it finds there. It allows the
one origin that asks, whatever the setup, and checks no list of methods or headers: it cannot refuse a
preflight.
"""

from __future__ import annotations

from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, ORIGIN
from tests.clients import Fields

VARY: Fields = [("Vary", "Origin")]
_ALLOWED: Fields = [("Access-Control-Allow-Origin", ORIGIN), ("Access-Control-Allow-Credentials", "true")]
ALLOWED: dict[str, Fields] = {
    ORIGIN: [*_ALLOWED, ("Access-Control-Expose-Headers", ", ".join(EXPOSED)), *VARY]
}
PREFLIGHT: Fields = [
    *_ALLOWED,
    ("Access-Control-Allow-Methods", ", ".join(METHODS)),
    ("Access-Control-Allow-Headers", ", ".join(HEADERS)),
    ("Access-Control-Max-Age", str(MAX_AGE)),
    *VARY,
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", "2"),
]
