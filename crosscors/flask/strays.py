"""Names in the configuration that are not options, but resemble one.

A policy that lacks the option may have been meant to get it from them, so they are problems. If the option is
given elsewhere, the application may use the name for itself.
"""

from __future__ import annotations

from dataclasses import replace

from crosscors._adapter.own_names import check_resembling
from crosscors.core.errors import Problem, shown
from crosscors.core.values import Findings, collected, refused
from crosscors.flask.options import CONFIG_PREFIX, IGNORED, Layer, Stray
from crosscors.flask.words import CORE_NAMES, FLASK_NAMES


def check_strays(layer: Layer) -> Findings:
    """What is wrong with the names, now that all options of the policy are known."""
    return collected(_check(stray, layer) for stray in layer.strays)


def check_strays_of(option: str, layer: Layer) -> Findings:
    """What is wrong with names that resemble this option, which is not one of a policy."""
    return check_strays(replace(layer, strays=tuple(each for each in layer.strays if each.meant == option)))


def _check(stray: Stray, layer: Layer) -> Findings:
    if stray.name == IGNORED:
        return _ignored_headers(stray)
    option = CORE_NAMES.get(stray.meant, stray.meant)
    given = next((each for each in _enough(option, stray) if each in layer.values), None)
    if given is None:
        message = f"there is no option {shown(stray.name)}."
        hint = f"Write {_setting(stray.meant)}."
        return refused("unknown-option", stray.name, stray.value, message, hint)
    settings = (_setting(option), _setting(FLASK_NAMES.get(option, option))) if given == option else ()
    return check_resembling(stray.name, stray.value, settings, layer.labels[given].name)


def _enough(option: str, stray: Stray) -> tuple[str, ...]:
    """The options of which one is enough for the policy not to lack this one."""
    if option == "protect":  # which is not an option of a policy
        return (option,)
    if option != "allow_origins":
        return (option, "policy")
    # A function decides about every origin. With an expression, not every origin is allowed by default.
    return (option, "policy", "allow_origin_func", *(() if stray.is_near else ("allow_origin_regex",)))


def _ignored_headers(stray: Stray) -> Findings:
    """The example of old tutorials. Flask-CORS ignores it, too."""
    message = "is not an option, and is not read. Flask-CORS ignores it, too."
    hint = "Leave it out. To list the request headers that pages may send, write CORS_ALLOW_HEADERS."
    return Findings(warnings=(Problem("unknown-option", stray.name, stray.value, message, hint),))


def _setting(option: str) -> str:
    return f"{CONFIG_PREFIX}{option.upper()}"
