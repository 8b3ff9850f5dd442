"""What is wrong with the settings themselves."""

from __future__ import annotations

import sys

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from crosscors.core.errors import PolicyError
from crosscors.django.checks.ids import error_id, warning_id
from crosscors.django.configuration import read_settings
from crosscors.django.signals import check_request_enabled


def check_settings(**_: object) -> list[CheckMessage]:
    """Every problem of the CORS settings; if there is none, all that is surely not meant."""
    try:
        configuration = read_settings(in_async=False)
    except PolicyError as error:
        return [
            Error(f"{each.option}: {each.message}", hint=each.hint, id=error_id(each.code))
            for each in error.problems
        ]
    return [
        CheckWarning(f"{each.option}: {each.message}", hint=each.hint, id=warning_id(each.code))
        for each in configuration.warnings
    ]


def check_signal(**_: object) -> list[CheckMessage]:
    """Whether receivers are connected that nobody, or that some policy, will not ask."""
    return [*_theirs(), *_not_asked()]


def _theirs() -> list[CheckMessage]:
    signals = sys.modules.get("corsheaders.signals")
    if signals is None or not signals.check_request_enabled.receivers:
        return []
    return [
        CheckWarning(
            "Receivers are connected to the signal of django-cors-headers, which nobody sends.",
            hint="Write from crosscors.django.signals import check_request_enabled.",
            id=warning_id("signal-of-django-cors-headers"),
        )
    ]


def _not_asked() -> list[CheckMessage]:
    if not check_request_enabled.receivers:
        return []
    try:
        policies = read_settings(in_async=False).policies
    except PolicyError:
        return []  # check_settings says it
    if all(policy.allow_origin_func is None for policy in policies):
        return []
    return [
        CheckWarning(
            "check_request_enabled has receivers, but where a policy has a function of its own "
            "(CORS_ORIGIN_FUNC, allow_origin_func), only the function is asked.",
            hint="Ask in the function what the receivers ask, or leave the function out.",
            id=warning_id("signal-not-asked"),
        )
    ]
