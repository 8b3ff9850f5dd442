"""What the settings of a Django project mean, with crosscors and with django-cors-headers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from crosscors._adapter.marks import marks_of, name_of
from crosscors.cli.check.checked import Checked, InForce, rejudged
from crosscors.cli.check.elsewhere import django as django_cors_headers
from crosscors.cli.check.in_force import by_path
from crosscors.cli.output import CommandError, nothing_on_stdout
from crosscors.core.errors import Problem
from crosscors.core.values import Findings

_MIDDLEWARE = "crosscors.django.CORSMiddleware"


def set_up(module: ModuleType) -> None:
    """Set Django up with these settings.

    Raises:
        CommandError: if other settings are in use, or Django does not start with these.
    """
    import django  # noqa: PLC0415  # only here is it needed
    from django.conf import settings  # noqa: PLC0415  # Django is there

    in_use: object = os.environ.get("DJANGO_SETTINGS_MODULE") if settings.configured else None
    if settings.configured and in_use != module.__name__:
        message = f"{module.__name__} cannot be checked together with other settings."
        raise CommandError(message, "Run crosscors check once for each settings module.")
    os.environ["DJANGO_SETTINGS_MODULE"] = module.__name__
    try:
        with nothing_on_stdout():
            django.setup()
    except Exception as error:  # an application's own code runs
        hint = f"Run: python -m django check --settings={module.__name__}"
        raise CommandError(f"Django does not start with {module.__name__}: {error}", hint) from error


def check_django() -> Checked:
    """What the settings in use mean."""
    from django.conf import settings  # noqa: PLC0415  # Django is there

    theirs = django_cors_headers.check(settings)
    return (_ours() + theirs) if _MIDDLEWARE in settings.MIDDLEWARE else theirs


def _ours() -> Checked:
    from crosscors.django.settings import read_settings  # noqa: PLC0415  # Django is there
    from crosscors.django.views import root_urlconf  # noqa: PLC0415  # Django is there

    read, found = read_settings()
    in_force = () if read is None else tuple(by_path(read.policies))
    # A class and its function may both have the mark of a decorator.
    views = {(each.where, id(each.policy)): each for each in _of_views(root_urlconf())}
    of_views = rejudged(Checked(tuple(views.values())))
    return Checked(in_force, found + _of_checks()) + of_views


def _of_checks() -> Findings:
    """What the system checks find, except those about the settings, which were read already."""
    from django.core.checks import CheckMessage  # noqa: PLC0415  # Django is there

    from crosscors.django.checks import check_csrf, check_middleware, check_signal, check_views  # noqa: PLC0415  # Django is there

    def as_problems(messages: Iterable[CheckMessage]) -> tuple[Problem, ...]:
        return tuple(
            Problem(str(each.id), str(each.id), None, each.msg, each.hint or "") for each in messages
        )

    with nothing_on_stdout():
        messages = [
            each for check in (check_middleware, check_csrf, check_signal, check_views) for each in check()
        ]
    errors = [each for each in messages if each.is_serious()]
    return Findings(as_problems(errors), as_problems(each for each in messages if each not in errors))


def _of_views(urlconf: Any) -> Iterator[InForce]:
    from django.urls import get_resolver  # noqa: PLC0415  # Django is there

    if urlconf is not None:
        yield from _below(get_resolver(urlconf), "/")


def _below(resolver: Any, prefix: str) -> Iterator[InForce]:
    # The attributes of a resolver are not documented. crosscors.django.views uses them, too.
    for pattern in resolver.url_patterns:
        path = f"{prefix}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            yield from _below(pattern, path)
            continue
        for policy in marks_of(pattern.callback):
            yield InForce(f"{path} (the view {name_of(pattern.callback)})", policy)
