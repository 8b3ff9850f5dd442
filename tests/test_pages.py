"""The programs and commands on the pages of the documentation do what the pages say."""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crosscors import PolicyError, PolicyWarning
from crosscors.cli.group import cli
from crosscors.core import refusal
from crosscors.core.policy import DEFAULTS
from crosscors.django.checks import NUMBERS
from crosscors.flask.strays import OPEN_BY_DEFAULT
from tests.pages import DOCS, ENVIRONMENT, INCLUDED, ROOT, blocks, outcome_of
from tests.problem_codes import PACKAGE, codes_in

# Other pages have tests of their own, such as test_protection_guide.py.
PAGES = [DOCS / "index.md", *sorted(DOCS.glob("guides/*.md")), *sorted(DOCS.glob("reference/*.md"))]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_shows_what_its_programs_do(page: Path, request: pytest.FixtureRequest) -> None:
    # In a process of its own, because a program may configure Django.
    written = page.read_text(encoding="utf-8")
    command = [sys.executable, "-X", "dev", "-m", "tests.pages", str(page)]
    ran = subprocess.run(command, env=ENVIRONMENT, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    now = ran.stdout
    if request.config.getoption("--approve"):
        page.write_text(now, encoding="utf-8")
    elif now != written:
        changes = difflib.unified_diff(written.splitlines(), now.splitlines(), "the page", "now", lineterm="")
        pytest.fail("\n".join(["To approve: pytest --approve", *changes]), pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_program_fails_only_to_show_what_crosscors_refuses(page: Path) -> None:
    raised = re.findall(r"^ *(\w*(?:Error|Exception)): ", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(raised) <= {"PolicyError"}


@pytest.mark.parametrize("page", sorted(DOCS.glob("guides/*.md")), ids=lambda page: page.stem)
def test_every_guide_has_a_whole_application(page: Path) -> None:
    included = [INCLUDED.search(block.code) for block in blocks(page.read_text(encoding="utf-8"))]
    folders = [found[1] for found in included if found]
    assert folders
    assert all((ROOT / folder / "main.py").is_file() for folder in folders)


def sections(page: str) -> Iterator[tuple[str, str]]:
    """The code in each heading of the third level, and the text below it."""
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    for found in re.finditer(r"^### `([a-z-]+)`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


def test_every_problem_is_on_its_page() -> None:
    others = ("cli", "testing")
    modules = [file for file in PACKAGE.rglob("*.py") if file.relative_to(PACKAGE).parts[0] not in others]
    made = {code for file in modules for code in codes_in(file)} | {OPEN_BY_DEFAULT}
    assert sorted(code for code, _ in sections("problems.md")) == sorted(made)


def test_the_example_of_a_problem_has_it_and_no_other() -> None:
    names: dict[str, Any] = {}
    first = next(blocks((DOCS / "reference" / "problems.md").read_text(encoding="utf-8")))
    outcome_of(first.code, names)
    for code, text in sections("problems.md"):
        id_ = re.search(r"`crosscors\.([EW])(\d+)`", text)
        assert (id_ and int(id_[2])) == NUMBERS.get(code), code
        for block in blocks(text):
            if block.language == "python":
                (shown,) = outcome_of(block.code, names)[1]
                assert isinstance(shown, (PolicyError, PolicyWarning))
                found = shown.problems if isinstance(shown, PolicyError) else (shown.problem,)
                assert [each.code for each in found] == [code]
                assert id_ is None or id_[1] == ("E" if isinstance(shown, PolicyError) else "W")


def test_the_checks_of_django_say_what_the_page_includes() -> None:
    for code, text in sections("problems.md"):
        for id_, name, lines in re.findall(
            r"(E\d+|W\d+)`\.\n\n```text\n--8<-- \"([\w/.]+):?([\d:]*)\"", text
        ):
            first, last = map(int, lines.split(":")) if lines else (1, 2)
            included = (ROOT / name).read_text(encoding="utf-8").splitlines()[first - 1 : last]
            assert f"crosscors.{id_}" in included[0], code
            assert included[1].startswith("  "), code
            assert NUMBERS[code] == int(id_[1:])


def test_every_refusal_is_on_its_page_with_an_example() -> None:
    codes = {*refusal.PREFLIGHT_CODES, *refusal.PROTECTION_CODES}
    assert {code for code, _ in sections("refusals.md")} == codes
    for code, text in sections("refusals.md"):
        assert f"```text\n{code}: " in text


def test_every_command_is_on_its_page() -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## crosscors (\w+)$", text, re.MULTILINE)) == set(cli.commands)


def test_servers_are_started_as_in_the_integrations() -> None:
    readme = (ROOT / "integrations" / "README.md").read_text(encoding="utf-8")
    guides = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("guides/*.md"))
    commands = re.findall(
        r"^(?:\|.*`)?((?:uvicorn|gunicorn|hypercorn|waitress-serve|python -m aiohttp.web) [^`\n]+)",
        guides,
        re.MULTILINE,
    )
    assert len(commands) > 10
    for command in commands:
        assert f"`{command.replace('8000', '$PORT')}`" in readme


def test_every_option_has_a_permitted_and_a_prohibited_example() -> None:
    text = (DOCS / "reference" / "policy.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in blocks(text.partition("\n## ")[0]):
        outcome_of(block.code, names)
    for name, default in DEFAULTS.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert f"Default: `{shown_default(default)}`" in section, name
        permitted, prohibited = re.split(r"^Prohibited", section, maxsplit=1, flags=re.MULTILINE)
        assert not errors_of(permitted, names), name
        assert errors_of(prohibited, names), name


def shown_default(value: object) -> str:
    return repr(value).replace("'", '"')


def errors_of(section: str, names: dict[str, Any]) -> list[Exception]:
    """The errors that the programs of a section raise."""
    programs = [block.code for block in blocks(section) if block.language == "python"]
    raised = [error for code in programs for error in outcome_of(code, names)[1]]
    return [error for error in raised if not isinstance(error, PolicyWarning)]
