"""docs/reference/django.md has every setting, with its default, and an example that is valid."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from django.test import override_settings

from crosscors.django import names
from crosscors.django.settings import Settings, read_settings
from tests.pages import DOCS, blocks, outcome_of

PAGE = (DOCS / "reference" / "django.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (CORS_\w+)\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL))


def settings_with(**changes: Any) -> Settings:
    with override_settings(**changes):
        settings, found = read_settings()
    assert settings is not None, found.problems
    assert not found.warnings
    return settings


def test_every_setting_has_a_section() -> None:
    others = {names.ALL_ORIGINS, names.URLS_REGEX, names.POLICY, names.RESOURCES}
    assert set(SECTIONS) == {*names.OPTIONS, *others, names.DEBUG, names.ON_DECISION, names.PROTECT}


@pytest.mark.parametrize(
    "name", sorted(SECTIONS.keys() - {names.URLS_REGEX})
)  # its default cannot be written
def test_the_default_of_a_setting_changes_nothing(name: str) -> None:
    (default,) = re.findall(r"Default: `([^`]+)`", SECTIONS[name])
    assert settings_with(**{name: ast.literal_eval(default)}).policies == settings_with().policies


@pytest.mark.parametrize("name", SECTIONS)
def test_the_example_of_a_setting_is_valid_and_changes_something(name: str) -> None:
    defined: dict[str, Any] = {}
    for block in blocks(SECTIONS[name]):
        assert outcome_of(block.code, defined) == ("", [])
    example = {key: value for key, value in defined.items() if key.startswith("CORS_")}
    assert name in example
    is_default = name == "CORS_ALLOW_PRIVATE_NETWORK"  # anything else warns
    assert (settings_with(**example) == settings_with()) is is_default
