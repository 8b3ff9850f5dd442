"""docs/reference/support.md says what tox.ini, pyproject.toml, the integrations and CI say."""

from __future__ import annotations

import configparser
import re

from tests.pages import DOCS, ROOT
from tests.tables import table

PAGE = (DOCS / "reference" / "support.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (\w[\w ]*) \| (.+) \|$", PAGE, re.MULTILINE))
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini")
FULL = TOX["tox"]["labels"].partition("full = ")[2].split(", ")
DEPENDENCIES = TOX["testenv"]["deps"]
INTEGRATIONS = (ROOT / "integrations" / "README.md").read_text(encoding="utf-8")


def versions_in(row: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)+", ROWS[row])


def test_the_versions_of_python() -> None:
    in_tox = {re.sub(r"py3(\d+).*", r"3.\1", each) for each in FULL if each.startswith("py3")}
    assert set(versions_in("Python")) == in_tox
    required = re.findall(r"for version in ([\d. ]+);", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert ROWS["Python"].partition(";")[0] == ", ".join(required[0].split())
    classified = re.findall(r"Python :: (3\.\d+)", PYPROJECT)
    assert classified == required[0].split()


def test_the_versions_of_django() -> None:
    assert versions_in("Django") == re.findall(r"django\d+: django~=(\d+\.\d+)", DEPENDENCIES)
    assert versions_in("Django") == re.findall(r"Django :: (\d+\.\d+)", PYPROJECT)
    names = {each.replace(".", "") for each in versions_in("Django")}
    assert names == {each.partition("-django")[2] for each in FULL if "-django" in each}


@table(
    "row, extra",
    ("Flask", "Flask", "flask"),
    ("Starlette", "Starlette", "starlette"),
    ("FastAPI", "FastAPI", "fastapi"),
    ("aiohttp", "aiohttp", "aiohttp"),
    ("Werkzeug, which comes with Flask", "Werkzeug", None),
)
def test_the_oldest_version_of_a_framework(row: str, extra: str | None) -> None:
    oldest, *without = versions_in(row)
    assert f"oldest: {row.lower()}=={oldest}\n" in f"{DEPENDENCIES}\n"
    if extra:
        (declared,) = re.findall(rf'^{extra} = \["{extra}>=([^"]+)"\]', PYPROJECT, re.MULTILINE)
        least, *excluded = declared.split(",!=")
        assert oldest in (least, f"{least}.0")
        assert excluded == without


def test_the_servers_and_frameworks_are_those_of_the_integrations() -> None:
    applications = " ".join(re.findall(r"^\| `\w+` \| (.+?) \|", INTEGRATIONS, re.MULTILINE))
    servers = set(re.findall(r"\bon (\w+)", applications))
    assert servers == set(f"{ROWS['ASGI servers']}, {ROWS['WSGI servers']}".split(", "))
    others = ROWS["other frameworks"].partition(":")[0].split(", ")
    adapted = {"FastAPI", "Starlette", "Django", "Flask", "ASGI", "WSGI", "HTTP", "AWS", "Lambda"}
    databases = {"ORM", "SQL", "SQLAlchemy"}
    named = set(re.findall(r"\b[A-Z]\w+(?:-Sock)?", applications)) - adapted - databases - servers
    assert named == set(others)
