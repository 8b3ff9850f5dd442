"""Lazy settings, and settings of a kind that nobody expects."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.translation import gettext_lazy

from crosscors.django.checks import check_settings
from crosscors.django.names import OPTIONS
from crosscors.django.settings import read_settings
from tests.odd import APP, odd_values
from tests.tables import each

pytestmark = pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")

_NAMES = (*OPTIONS, "CORS_ALLOW_ALL_ORIGINS", "CORS_DEBUG", "CORS_ON_DECISION", "CORS_URLS_REGEX")
_OTHERS = ("CORS_POLICY", "CORS_RESOURCES", "CORS_ALLOW_ALL", "CORS_WHITELIST", "CORS_METHODS")


@each("name", *_NAMES, *_OTHERS)
def test_the_checks_say_what_is_wrong(name: str) -> None:
    for value in odd_values():
        with override_settings(**{name: value}):
            assert isinstance(check_settings(), list)


def test_lazy_settings_mean_what_they_stand_for() -> None:
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": [lazystr(APP), SimpleLazyObject(lambda: "https://b.example")],
        "CORS_ALLOW_CREDENTIALS": SimpleLazyObject(lambda: True),
        "CORS_ALLOWED_ORIGIN_REGEXES": SimpleLazyObject(lambda: [r"https://c\.example"]),
        "CORS_ON_DECISION": lazystr("builtins.print"),
        "CORS_ALLOW_METHODS": [gettext_lazy("GET")],
        "CORS_DEBUG": SimpleLazyObject(lambda: False),
        "CORS_URLS_REGEX": lazystr("^/api/"),
    }
    with override_settings(**settings):
        assert check_settings() == []
        read, _ = read_settings()
    assert read is not None
    (policy,) = read.policies.policies
    assert policy.allow_origins == (APP, "https://b.example")
    assert policy.allow_credentials is True
