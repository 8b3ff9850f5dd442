"""From the name of a target to what there is to say about it."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

from crosscors.cli.check.checked import Checked, rejudged
from crosscors.cli.check.elsewhere import aiohttp, flask, starlette
from crosscors.cli.check.in_force import by_path, of_application, problems_in
from crosscors.cli.check.of_aiohttp import of_aiohttp
from crosscors.cli.output import CommandError
from crosscors.cli.targets import Target, TargetError, find_target
from crosscors.core.document import Language, read_document
from crosscors.core.errors import PolicyError, PolicyWarning
from crosscors.core.live import current
from crosscors.core.policy import Policies
from crosscors.core.resources import Resources, warnings_of
from crosscors.core.values import Findings

_LANGUAGES: dict[str, Language] = {".toml": "toml", ".json": "json"}


def check_target(name: str) -> Checked:
    """What there is to say about the target.

    Raises:
        CommandError: if there is no such target, or it has no policy.
    """
    language = _LANGUAGES.get(Path(name).suffix.lower())
    checked = _of_imported(name) if language is None else _of_file(name, language)
    if not (checked.in_force or checked.equivalents or checked.found.problems):
        raise CommandError(
            f"{name} has no CORS policy, neither of crosscors nor of a library that it knows.",
            "These are Starlette's CORSMiddleware, Flask-CORS, django-cors-headers and aiohttp-cors.",
        )
    return replace(checked, found=_without_repeats(checked.found))


def _of_file(name: str, language: Language) -> Checked:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{name} cannot be read: {error.strerror}.", "Name a file in TOML or JSON."
        ) from error
    except UnicodeError as error:
        raise CommandError(f"{name} is not UTF-8.", "Save the file as UTF-8.") from error
    document, found = read_document(text, language)
    return Checked(() if document is None else tuple(by_path(document.policies)), found)


def _of_imported(name: str) -> Checked:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PolicyWarning)
        try:
            target = find_target(name)
        except TargetError as error:
            problems = _problems_behind(error)
            if not problems.problems:
                raise
            return Checked(found=problems)
    checked = _of(target)
    if target.kind != "application":
        return checked
    # Some are only found when the application gets its policy, such as names in Flask's configuration.
    warned = tuple(each.message.problem for each in caught if isinstance(each.message, PolicyWarning))
    return checked + Checked(found=Findings(warnings=warned))


def _problems_behind(error: BaseException | None) -> Findings:
    """The problems of a policy that stopped the import."""
    while error is not None:
        if isinstance(error, PolicyError):
            return Findings(error.problems)
        error = error.__cause__ or error.__context__
    return Findings()


def _of(target: Target) -> Checked:
    if target.kind == "url":
        hint = f"To audit a running server, run: crosscors probe {target.value}"
        raise CommandError("check reads code and files, not URLs.", hint)
    if target.kind == "policy":
        return rejudged(Checked(tuple(by_path(target.value)), _of_keys(current(target.value))))
    if target.kind == "settings":
        from crosscors.cli.check import of_django  # noqa: PLC0415  # it needs Django

        of_django.set_up(target.value)
        return of_django.check_django()
    return _of_application(target.value)


def _of_application(app: object) -> Checked:
    if _is_django(app):
        from crosscors.cli.check import of_django  # noqa: PLC0415  # it needs Django

        return of_django.check_django()
    own = Checked((*of_application(app), *of_aiohttp(app)), problems_in(app))
    return rejudged(own) + starlette.check(app) + flask.check(app) + aiohttp.check(app)


def _is_django(app: object) -> bool:
    return "django" in sys.modules and any(
        each.__module__.startswith("django.core.handlers.") for each in type(app).__mro__
    )


def _of_keys(policies: Policies) -> Findings:
    return warnings_of(policies, "resources") if isinstance(policies, Resources) else Findings()


def _without_repeats(found: Findings) -> Findings:
    return Findings(
        *(tuple({str(each): each for each in kind}.values()) for kind in (found.problems, found.warnings))
    )
