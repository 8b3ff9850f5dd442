"""The programs of docs/concepts run here. Those that need servers are in tests/integrations."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crosscors import PolicyError
from tests.clients import ask_asgi, ask_wsgi
from tests.tables import each, table

CONCEPTS = Path(__file__).parents[1] / "docs" / "concepts"
OURS = "https://app.example.com"


def block(page: str, mark: str) -> str:
    """The code block that follows the mark."""
    text = (CONCEPTS / f"{page}.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found, f"docs/concepts/{page}.md has no block after the mark {mark!r}"
    return found[1]


def run(page: str, *marks: str) -> dict[str, Any]:
    """The names that blocks define, run one after the other."""
    return execute("\n".join(block(page, mark) for mark in marks))


def execute(program: str) -> dict[str, Any]:
    """The names that a program defines."""
    namespace: dict[str, Any] = {"__name__": "main"}
    # Without the annotations that this file imports from the future.
    exec(compile(program, "main.py", "exec", dont_inherit=True), namespace)  # noqa: S102  # our own page
    return namespace


@table(
    "page, marks",
    ("what CORS is", "cors", ("example: cors", "test: cors")),
    ("cookies", "cookies", ("example: cookies", "test: cookies")),
    ("caches", "caches", ("test: caches",)),
)
def test_the_tests_of_the_pages_pass(page: str, marks: tuple[str, ...]) -> None:
    tests = [value for name, value in run(page, *marks).items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def allowed(app: Any, origin: str) -> bool:
    return ask_asgi(app, headers=[("Origin", origin)]).allowed == origin


@table(
    "value, origins",
    ("commas and blanks", "https://app.example.com, https://b.example", [OURS, "https://b.example"]),
    ("blanks alone", " https://app.example.com  https://b.example ", [OURS, "https://b.example"]),
    ("an empty variable", "", []),
    ("no variable", None, []),
)
def test_a_list_in_a_variable(monkeypatch: pytest.MonkeyPatch, value: str | None, origins: list[str]) -> None:
    monkeypatch.delenv("CORS_ORIGINS", raising=False)
    if value is not None:
        monkeypatch.setenv("CORS_ORIGINS", value)
    app = run("environment", "example: list")["app"]
    assert [
        each for each in (OURS, "https://b.example", "https://evil.example") if allowed(app, each)
    ] == origins


def mistakes() -> list[tuple[str, str]]:
    """The values of variables on the page, and what crosscors says of them."""
    text = (CONCEPTS / "environment.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \| `([\w-]+)` \|$", text, re.MULTILINE)
    return [(value, code) for cell, code in rows for value in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize(("value", "code"), mistakes())
def test_what_goes_wrong_with_variables(monkeypatch: pytest.MonkeyPatch, value: str, code: str) -> None:
    monkeypatch.setenv("CORS_ORIGINS", value)
    with pytest.raises(PolicyError) as refused:
        run("environment", "example: list")
    assert [problem.code for problem in refused.value.problems] == [code]


@table(
    "environment, origin, expected",
    ("the default is production", None, OURS, True),
    ("production is strict", None, "http://localhost:5173", False),
    ("staging", "staging", "https://app.staging.example.com", True),
    ("development takes each port", "development", "http://localhost:5173", True),
    ("development is not production", "development", OURS, False),
)
def test_policies_for_environments(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, origin: str, expected: bool
) -> None:
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    if environment is not None:
        monkeypatch.setenv("ENVIRONMENT", environment)
    assert allowed(run("environment", "example: environments")["app"], origin) is expected


def test_an_unknown_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prodcution")
    with pytest.raises(KeyError):
        run("environment", "example: environments")


@table(
    "variable, origin, expected",
    ("the variable", '["https://app.example.com"]', OURS, OURS),
    ("an origin that is not in it", '["https://app.example.com"]', "https://b.example", None),
    ("without the variable, everyone", None, "https://b.example", "*"),
)
def test_flask_reads_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, origin: str, expected: str | None
) -> None:
    monkeypatch.delenv("FLASK_CORS_ORIGINS", raising=False)
    if variable is not None:
        monkeypatch.setenv("FLASK_CORS_ORIGINS", variable)
    app = run("environment", "example: flask")["app"]
    assert ask_wsgi(app, headers=[("Origin", origin)]).allowed == expected


def test_flask_without_the_variable_and_with_the_line_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_CORS_ORIGINS", raising=False)
    line = 'app.config["CORS_ORIGINS"] = []'
    assert f"`{line}`" in (CONCEPTS / "environment.md").read_text(encoding="utf-8")
    program = block("environment", "example: flask").replace("app.config.from", f"{line}\napp.config.from")
    assert ask_wsgi(execute(program)["app"], headers=[("Origin", OURS)]).allowed is None


@table(
    "origins, said",
    ("valid origins", "https://app.example.com,https://b.example", "no issues"),
    ("a slash at the end", "https://app.example.com/", "ends with a slash"),
)
def test_django_reads_the_variable(tmp_path: Path, origins: str, said: str) -> None:
    """In a process of its own: Django is configured once in each."""
    settings = 'INSTALLED_APPS = ["crosscors.django"]\nMIDDLEWARE = ["crosscors.django.CORSMiddleware"]\n'
    (tmp_path / "settings_of_page.py").write_text(settings + block("environment", "example: django"))
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    ran = subprocess.run(
        [sys.executable, "-m", "django", "check"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings_of_page",
            "PYTHONPATH": paths,
            "CORS_ORIGINS": origins,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in ran.stdout + ran.stderr


@each("name", "insecure-origins", "null-origin", "public-suffix-subdomains", "unproven-regex")
def test_each_danger_has_its_heading(name: str) -> None:
    assert f"\n### {name}\n" in (CONCEPTS / "security.md").read_text(encoding="utf-8")


@table(
    "origin, name",
    ("http", "http://app.example.com", "insecure-origins"),
    ("null", "null", "null-origin"),
    ("files", "file://", "null-origin"),
    ("GitHub", "https://*.github.io", "public-suffix-subdomains"),
    ("Vercel", "https://*.vercel.app", "public-suffix-subdomains"),
    ("Amazon", "https://*.amazonaws.com", "public-suffix-subdomains"),
)
def test_each_danger_is_where_the_page_says(origin: str, name: str) -> None:
    page = (CONCEPTS / "security.md").read_text(encoding="utf-8")
    section = page.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    assert origin in section
    policy = run("security", "example: dangers")["policy"]
    with pytest.raises(PolicyError, match=f'dangerously_allow=\\["{name}"\\]'):
        policy.replace(allow_origins=origin, dangerously_allow=())
    policy.replace(allow_origins=origin, dangerously_allow=[name])
