"""What the README shows is run here, word for word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from crosscors import PolicyError
from crosscors.core.options import OPTION_NAMES
from tests.clients import ask_asgi, ask_wsgi

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
FROM_ALLOWED = [("Origin", "https://app.example.com")]


def block(mark: str) -> str:
    """The code block that follows the mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no block after the mark {mark!r}"
    return found[1]


def example(name: str) -> dict[str, Any]:
    """The names that an example defines."""
    namespace: dict[str, Any] = {}
    exec(block(f"example: {name}"), namespace)  # noqa: S102  # our own README
    return namespace


def test_the_fastapi_example() -> None:
    answer = ask_asgi(example("fastapi")["app"], headers=FROM_ALLOWED)
    assert answer.status == 404
    assert answer.values("access-control-allow-origin") == ["https://app.example.com"]
    assert answer.values("access-control-allow-credentials") == ["true"]


def test_the_asgi_example() -> None:
    answer = ask_asgi(example("asgi")["app"], headers=[("Origin", "https://pr-7.preview.example.com")])
    assert answer.body == b"Hello"
    assert answer.values("access-control-allow-origin") == ["https://pr-7.preview.example.com"]


def test_the_wsgi_example() -> None:
    answer = ask_wsgi(example("wsgi")["application"], headers=[("Origin", "http://localhost:5173")])
    assert answer.body == b"Hello"
    assert answer.values("access-control-allow-origin") == ["http://localhost:5173"]


def test_the_example_of_a_refused_policy_says_what_the_readme_says() -> None:
    with pytest.raises(PolicyError) as caught:
        example("refused")
    assert f"{caught.value}\n" == block("output: refused")


def test_the_resources_example() -> None:
    names = example("resources")
    policy_for = names["policy"].policy_for
    assert policy_for("/api/users") is names["private"]
    assert policy_for("/api/status") is names["public"]
    assert policy_for("/internal/metrics") is None


def test_every_option_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)[: len(OPTION_NAMES)] == list(OPTION_NAMES)
