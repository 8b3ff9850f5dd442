"""What the core says of options, in the words of settings.py, so that every hint can be pasted there."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from crosscors.core.errors import Problem
from crosscors.core.options import OPTION_NAMES
from crosscors.core.origins import ANY
from crosscors.django.names import ALL_ORIGINS, DEBUG, ON_DECISION, OPTIONS

_SETTINGS = {option: name for name, option in OPTIONS.items()} | {"debug": DEBUG, "on_decision": ON_DECISION}

# An option as texts of the core have it: a name, often with "=" behind, and sometimes a value that is to
# be known: "*", which has a setting of its own, or a regular expression, of which the setting is a list.
_OPTION = re.compile(
    rf'\b(?P<name>{"|".join(_SETTINGS)})\b(?P<equals>=(?:(?P<any>"\*")|(?P<regex>r".*?"|re\.compile\(\.\.\.\)))?)?'
)

Reword = Callable[[Problem], Problem]


def in_settings(written: Mapping[str, str], *, allows_all: bool) -> Reword:
    """Names the setting that an option came from, as the project wrote it.

    Args:
        written: the name that the project used for each setting.
        allows_all: whether ``"*"`` came from CORS_ALLOW_ALL_ORIGINS, instead of a list.
    """

    text = text_in_settings(written)

    def reword(problem: Problem) -> Problem:
        name = _SETTINGS.get(problem.option, problem.option)
        message = problem.message
        if allows_all:
            all_origins = written.get(ALL_ORIGINS, ALL_ORIGINS)
            message = message.replace("'*' in allow_origins", f"{all_origins} = True")
            if problem.option == "allow_origins" and problem.value == ANY:
                name = ALL_ORIGINS
        name = written.get(name, name)
        return dataclasses.replace(problem, option=name, message=text(message), hint=text(problem.hint))

    return reword


def text_in_settings(written: Mapping[str, str]) -> Callable[[str], str]:
    """Names the settings in a text of the core, as the project wrote them."""

    def name_of(setting: str) -> str:
        return written.get(setting, setting)

    def option(found: re.Match[str]) -> str:
        name = name_of(_SETTINGS[found["name"]])
        if found["equals"] is None:
            return name
        if found["any"]:
            return f"{name_of(ALL_ORIGINS)} = True"
        if found["regex"]:
            return f"{name} = [{found['regex']}]"
        return f"{name} = "

    return lambda text: _OPTION.sub(option, text)


def in_dict(place: str) -> Reword:
    """Names the place of an option in a setting that has the core's own options in a dict."""

    def option(found: re.Match[str]) -> str:
        if found["equals"] is None or found["name"] not in OPTION_NAMES:
            return found[0]
        return f'"{found["name"]}": {found["any"] or found["regex"] or ""}'

    def reword(problem: Problem) -> Problem:
        return dataclasses.replace(
            problem,
            option=f'{place}["{problem.option}"]',
            message=_OPTION.sub(option, problem.message),
            hint=_OPTION.sub(option, problem.hint),
        )

    return reword
