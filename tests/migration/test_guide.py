"""docs/migrating.md has every option of the newest releases of the other libraries, and all of ours work."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from corsheaders.conf import Settings
from flask_cors.core import CONFIG_OPTIONS
from starlette.middleware.cors import CORSMiddleware

from crosscors import CORSPolicy
from crosscors.django.names import OPTIONS, names_as_written

GUIDE = (Path(__file__).parents[2] / "docs" / "migrating.md").read_text(encoding="utf-8")


def table_of(library: str) -> str:
    """The part of the guide for those who come from a library."""
    found = re.search(rf"^## From {library}$(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)
    assert found, f"the guide has no part for {library}"
    return found[1]


def first_cells(table: str) -> set[str]:
    return {
        name
        for cell in re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }


def test_every_option_of_starlette_s_middleware_is_there_and_is_one_of_ours() -> None:
    theirs = set(inspect.signature(CORSMiddleware).parameters) - {"app"}
    assert theirs <= first_cells(table_of("Starlette's and FastAPI's CORSMiddleware"))
    assert theirs <= set(inspect.signature(CORSPolicy).parameters)


def test_every_option_of_flask_cors_is_there() -> None:
    theirs = {name.removeprefix("CORS_").lower() for name in CONFIG_OPTIONS}
    assert theirs <= first_cells(table_of("Flask-CORS"))


def test_every_setting_of_django_cors_headers_is_there_and_is_read() -> None:
    theirs = {name for name in vars(Settings) if name.startswith("CORS_")}
    assert theirs
    assert theirs <= first_cells(table_of("django-cors-headers"))
    assert set(names_as_written(dict.fromkeys(theirs))) == theirs
    assert set(OPTIONS) <= set(re.findall(r"`(CORS_\w+)`", table_of("django-cors-headers")))


def test_the_links_within_the_guide_lead_somewhere() -> None:
    headings = re.findall(r"^## (.*)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    linked = set(re.findall(r"\]\(#([\w-]+)\)", GUIDE))
    assert linked
    assert linked <= anchors
