"""What the README shows is run here, word for word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from crosscors import PolicyError
from crosscors.core.policy import OPTION_NAMES
from crosscors.testing import BlockedByCORS
from tests.aws_lambda import gateway
from tests.clients import Answer, ask_asgi, ask_wsgi
from tests.conformance.sending import over_aiohttp
from tests.conformance.table import Request
from tests.tables import table

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
FROM_ALLOWED = [("Origin", "https://app.example.com")]


def block(mark: str) -> str:
    """The code block that follows the mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no block after the mark {mark!r}"
    return found[1]


def example(name: str) -> dict[str, Any]:
    """The names that an example defines."""
    namespace: dict[str, Any] = {"__name__": "main"}
    exec(block(f"example: {name}"), namespace)  # noqa: S102  # our own README
    return namespace


@pytest.mark.parametrize(("name", "ask"), [("fastapi", ask_asgi), ("flask", ask_wsgi)])
def test_the_examples_of_two_policies(name: str, ask: Callable[..., Answer]) -> None:
    app = example(name)["app"]
    answer = ask(app, path="/api/none", headers=FROM_ALLOWED)
    assert (answer.status, answer.allowed) == (404, "https://app.example.com")
    assert answer.values("access-control-allow-credentials") == ["true"]
    assert ask(app, path="/status").cors() == {"access-control-allow-origin": "*"}


def test_the_aiohttp_example() -> None:
    with over_aiohttp(lambda: example("aiohttp")["app"]) as ask:
        answer = ask(Request("GET", "/api/none", FROM_ALLOWED))
        status = ask(Request("GET", "/status", FROM_ALLOWED))
    assert answer is not None
    assert status is not None
    assert (answer.status, answer.allowed) == (404, "https://app.example.com")
    assert answer.values("access-control-allow-credentials") == ["true"]
    assert (status.body, status.cors()) == (b"up", {"access-control-allow-origin": "*"})


def test_the_django_example(tmp_path: Path) -> None:
    """In a process of its own: Django is configured once in each."""
    settings = tmp_path / "settings_of_readme.py"
    settings.write_text(
        block("example: django")
        + 'ALLOWED_HOSTS = ["*"]\nROOT_URLCONF = "settings_of_readme"\nurlpatterns = []\n'
    )
    program = "\n".join(
        (
            "from django.core.management import call_command",
            "from django.core.wsgi import get_wsgi_application",
            "from tests.clients import ask_wsgi",
            "application = get_wsgi_application()",
            "call_command('check', '--fail-level', 'WARNING')",
            "answer = ask_wsgi(application, path='/api/none', headers=[('Origin', 'https://app.example.com')])",
            "print(answer.status, answer.cors())",
        )
    )
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings_of_readme", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    expected = {
        "access-control-allow-origin": "https://app.example.com",
        "access-control-allow-credentials": "true",
        "vary": "Origin",
    }
    assert ran.stdout.splitlines()[-1] == f"404 {expected}"


@pytest.mark.parametrize(
    ("name", "app", "ask", "origin"),
    [
        ("asgi", "app", ask_asgi, "https://pr-7.preview.example.com"),
        ("wsgi", "application", ask_wsgi, "http://localhost:5173"),
    ],
)
def test_the_examples_without_a_framework(
    name: str, app: str, ask: Callable[..., Answer], origin: str
) -> None:
    answer = ask(example(name)[app], headers=[("Origin", origin)])
    assert (answer.body, answer.allowed) == (b"Hello", origin)


def test_the_example_for_aws_lambda() -> None:
    request = gateway.Request("GET", "/", headers=(("Origin", "https://app.example.com"),))
    response = gateway.invoke(example("aws_lambda")["handler"], "http", request)
    assert response.body == b"Hello"
    assert dict(response.headers)["Access-Control-Allow-Credentials"] == "true"


def test_the_example_of_a_refused_policy_says_what_the_readme_says() -> None:
    with pytest.raises(PolicyError) as caught:
        example("refused")
    assert f"{caught.value}\n" == block("output: refused")


def test_the_testing_example() -> None:
    namespace = {"app": example("fastapi")["app"]}
    exec(block("example: testing"), namespace)  # noqa: S102  # our own README
    namespace["test_our_page_reads_with_cookies"]()
    namespace["app"] = FastAPI()
    with pytest.raises(BlockedByCORS, match="put it outermost"):
        namespace["test_our_page_reads_with_cookies"]()


@table(
    "origin, status",
    ("a page of the policy", "https://app.example.com", 200),
    ("any other page", "https://evil.example", 403),
)
def test_the_protection_example(origin: str, status: int) -> None:
    headers = [("Origin", origin), ("Sec-Fetch-Site", "cross-site")]
    assert ask_asgi(example("protection")["app"], "POST", "/notes", headers).status == status


def test_the_resources_example() -> None:
    names = example("resources")
    policy_for = names["policy"].policy_for
    assert policy_for("/api/users") is names["private"]
    assert policy_for("/api/status") is names["public"]
    assert policy_for("/internal/metrics") is None


def test_every_option_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)[: len(OPTION_NAMES)] == list(OPTION_NAMES)
