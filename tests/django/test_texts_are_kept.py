"""What settings.py says is repeated as it is written, also if it contains the name of an option."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from crosscors.core.policy import OPTION_NAMES
from crosscors.django.checks import check_settings
from tests.django.clients import Ask, get
from tests.tables import each

NAMES = ("debug", "on_decision", "resources", *(name.replace("_", "-") for name in OPTION_NAMES))


@each("name", *NAMES, "cors-debug", "CORS-DEBUG")
def test_a_check_and_an_error_repeat_the_value_and_the_hint_has_it(name: str) -> None:
    meant = f"https://{name.lower()}.example.com"
    origin = f"https://{name}.example.com/"
    places: list[dict[str, Any]] = [
        {"CORS_ALLOWED_ORIGINS": [origin]},
        {"CORS_ORIGIN_WHITELIST": [origin]},
        {"CORS_ALLOW_CREDENTIALS": [origin]},
        {"CORS_POLICY": {"allow_origins": [origin]}},
        {"CORS_RESOURCES": {"/debug/*": {"allow_origins": [origin]}}},
    ]
    for settings in places:
        with override_settings(**settings):
            messages = check_settings()
            with pytest.raises(ImproperlyConfigured) as caught:
                WSGIHandler()
        for message in messages:
            assert f"'{origin}'" in message.msg
            assert f'"{meant}"' in str(message.hint)
            assert message.msg in str(caught.value)


@each("name", *NAMES)
def test_the_log_repeats_the_origin(name: str, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    origin = f"https://{name}.example.com"
    with caplog.at_level("INFO", "crosscors"):
        get(ask, origin=origin, CORS_ALLOWED_ORIGINS=["https://a.example"])
    (line,) = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    assert f"the origin '{origin}' is not allowed. " in line
    assert f'write CORS_ALLOWED_ORIGINS = ["https://a.example", "{origin}"].' in line
