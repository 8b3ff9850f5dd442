"""Which policy covers a path, against a model that tries every reading and every key."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, Resources

SHORT = CORSPolicy(allow_origins=["https://short.example"])
LONG = CORSPolicy(allow_origins=["https://long.example"])
EXACT = CORSPolicy(allow_origins=["https://exact.example"])

ATOMS = st.sampled_from(
    ["/", "/", "/", "a", "b", "admin", ".", "..", "\\", "\x00", "\x85", "\ufffd", "\udcff", "root", "x"]
)
PATHS = st.lists(ATOMS, max_size=12).map("".join)
KEYS: dict[Any, CORSPolicy | None] = {"/*": SHORT, "/admin/*": LONG, "/a": EXACT, "/a/b/*": None}


def model_steps(path: str) -> set[str]:
    """What one step makes of a path, written down without any thought of speed."""
    without_dots: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            without_dots = without_dots[:-1]
        elif segment != ".":
            without_dots = [*without_dots, segment]
    if segments and segments[-1] in (".", ".."):
        without_dots = [*without_dots, ""]
    start = path.partition("/")[0]
    merged = path
    while "//" in merged:
        merged = merged.replace("//", "/")
    return {
        path.replace("\\", "/"),
        merged,
        "/".join([start, *without_dots]),
        "".join(letter for letter in path if unicodedata.category(letter) != "Cc"),
        path.replace("\ufffd", ""),
    }


def model_closure(paths: set[str]) -> set[str]:
    while True:
        more = paths.union(*map(model_steps, paths))
        if more == paths:
            return paths
        paths = more


def model_readings(path: str, root_path: str) -> list[set[str]]:
    """The readings of the whole path, and the readings of the part below the root path."""
    path = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in path)
    if not root_path:
        return [model_closure({path})]
    is_mounted = path == root_path or path.startswith(f"{root_path}/")
    wholes = {path} if is_mounted else model_closure({path})
    has_key = any(isinstance(key, str) and f"{key}/".startswith(f"{root_path}/") for key in KEYS)
    below = set()
    for whole in wholes:
        if whole == root_path or whole.startswith(f"{root_path}/"):
            below |= {whole.removeprefix(root_path) or "/"} | ({whole} if has_key else set())
        elif root_path in whole and whole.startswith("/"):
            after = (whole.removeprefix(root_path), whole[whole.index(root_path) + len(root_path) :])
            below |= {
                whole,
                *(each if each == whole or each.startswith("/") else f"/{each}" for each in after),
            }
        else:
            below |= {whole}
    return [wholes, model_closure(below)]


def model_result(path: str) -> object:
    """What a single reading gets, found by trying every key."""
    if not path.startswith("/"):
        return "no key"
    if path in ("/a", "/a/"):
        return EXACT
    prefixes = [key for key in KEYS if isinstance(key, str) and f"{path}/".startswith(key.removesuffix("*"))]
    return KEYS[max(prefixes, key=len)] if prefixes else "no key"


@given(PATHS, st.sampled_from(["", "/root", "/a/b", "/admin"]))
@example("/x//a", "")
@example("/root//admin", "/root")
@example("/a//b/x", "/a/b")
@example("/x/a/b/admin", "/a/b")
@example("/.\\.//\x00\ufffd/..\\", "")
def test_a_path_gets_what_all_readings_of_the_model_get(path: str, root_path: str) -> None:
    stages = model_readings(path, root_path)
    results = [model_result(reading) for reading in stages[-1]]
    is_clear = max(map(len, stages)) <= 16 and all(result == results[0] for result in results)
    expected = results[0] if is_clear and results[0] != "no key" else None
    resources = Resources(KEYS)
    assert resources.policy_for(path, root_path) is expected
    assert bool(resources.differing_readings(path, root_path)) is not is_clear
