"""Random states of the playground: policies and requests, many of them wrong in one way or another."""

from __future__ import annotations

import random
from typing import Any

ORIGINS = ("{localhost}", "{port}", "{numeric}", "{name}", "null", "*")
PATTERNS = ("http://localhost:*", "http://*.localhost:*", "http://127.0.0.1:*", "https://app.example.com")
WRONG = ("{localhost}/", "{localhost},{port}", "localhost:5173", "HTTP://LOCALHOST", "http://*:80")
EXPRESSIONS = (
    r"http://localhost:\d+",
    r"http://(app\.)?localhost:\d+",
    r"http://127.0.0.1:\d+",
    "http://.*",
    "(",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
NAMES = ("X-Client", "Authorization", "Range", "X-Other", "User-Agent")
EXPOSED = ("X-Item-Count", "X-Internal")
HEADERS = (
    ("X-Client", "1"),
    ("Authorization", "Bearer secret"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Accept", "text/html"),
    ("Accept-Language", "en"),
    ("Content-Language", "en"),
    ("Range", "bytes=0-9"),
    ("Range", "items=0-9"),
    ("User-Agent", "mine"),
    ("Cookie", "a=b"),
    ("X-Other", ""),
)


def random_states(seed: int, count: int) -> list[dict[str, Any]]:
    """States in the form of links."""
    chance = random.Random(seed)  # noqa: S311  # nobody has to guess it
    return [_state(chance) for _ in range(count)]


def _state(chance: random.Random) -> dict[str, Any]:
    protect = chance.choice([False, False, False, "report", True])
    return {
        "policy": _policy(chance),
        "protect": protect,
        "debug": chance.random() < 0.5,
        "request": _request(chance),
    }


def _policy(chance: random.Random) -> dict[str, Any]:
    def some(choices: tuple[str, ...], most: int) -> list[str]:
        return chance.sample(choices, chance.randint(0, most))

    origins = [*some(ORIGINS, 3), *some(PATTERNS, 1), *(some(WRONG, 1) if chance.random() < 0.2 else [])]
    # Each option, and how often it is there.
    others: dict[str, tuple[float, Any]] = {
        "allow_origin_regex": (0.15, chance.choice(EXPRESSIONS)),
        "allow_methods": (0.7, chance.choice([["*"], some(METHODS, 5)])),
        "allow_headers": (0.7, chance.choice([["*"], some(NAMES, 4)])),
        "allow_credentials": (0.5, chance.choice([True, some(ORIGINS[:-2], 2)])),
        "expose_headers": (0.6, chance.choice([["*"], some(EXPOSED, 2)])),
        "max_age": (0.5, chance.choice([None, 0, 60, 86400])),
        "timing_allow_origin": (0.2, True),
        "dangerously_allow": (0.3, ["null-origin"]),
    }
    given = {name: value for name, (often, value) in others.items() if chance.random() < often}
    return {"allow_origins": origins, **given}


def _request(chance: random.Random) -> dict[str, Any]:
    origin = chance.choice(["localhost", "localhost", "port", "numeric", "name", "null"])
    kind = chance.choice(["fetch"] * 6 + ["form", "beacon"])
    path = chance.choice(["/items"] * 4 + ["/crash", "/nothing"])
    request: dict[str, Any] = {"origin": origin, "kind": kind, "path": path}
    if kind != "fetch":
        return {**request, "body": "text"}
    method = chance.choice([*METHODS, "GET", "POST", "patch"])
    headers = dict(chance.sample(HEADERS, chance.choice([0, 0, 1, 1, 2, 3])))
    body = "text" if method not in {"GET", "HEAD"} and chance.random() < 0.5 else ""
    credentials = chance.random() < 0.4
    return {
        **request,
        "method": method,
        "headers": [[*each] for each in headers.items()],
        "credentials": credentials,
        "body": body,
    }
