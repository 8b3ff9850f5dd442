"""What is wrong with the settings themselves."""

from __future__ import annotations

import sys

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from crosscors.django.checks.ids import error_id, warning_id
from crosscors.django.settings import read_settings
from crosscors.django.signals import check_request_enabled, receivers_of


def check_settings(**_: object) -> list[CheckMessage]:
    """Every problem of the CORS settings. If there is none, the warnings."""
    found = read_settings()[1]
    if found.problems:
        return [
            Error(f"{each.option}: {each.message}", hint=each.hint, id=error_id(each.code))
            for each in found.problems
        ]
    return [
        CheckWarning(f"{each.option}: {each.message}", hint=each.hint, id=warning_id(each.code))
        for each in found.warnings
    ]


def check_signal(**_: object) -> list[CheckMessage]:
    """Whether a receiver is connected to the wrong signal, or a policy never asks the receivers."""
    return [*_theirs(), *_not_asked()]


def _theirs() -> list[CheckMessage]:
    signals = sys.modules.get("corsheaders.signals")
    if signals is None or not receivers_of(signals.check_request_enabled):
        return []
    return [
        CheckWarning(
            "Receivers are connected to the signal of django-cors-headers, which is never sent.",
            hint="Write from crosscors.django.signals import check_request_enabled.",
            id=warning_id("signal-of-django-cors-headers"),
        )
    ]


def _not_asked() -> list[CheckMessage]:
    if not receivers_of(check_request_enabled):
        return []
    settings = read_settings()[0]
    if settings is None:
        return []  # check_settings says why
    if all(policy.allow_origin_func is None for policy in settings.policies.policies):
        return []
    return [
        CheckWarning(
            "check_request_enabled has receivers, but a policy with its own function (CORS_ORIGIN_FUNC, "
            "allow_origin_func) does not ask them.",
            hint="Do in the function what the receivers do, or leave the function out.",
            id=warning_id("signal-not-asked"),
        )
    ]
