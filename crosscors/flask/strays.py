"""Names in the configuration that are not options, but resemble one.

A policy that lacks the option may have been meant to get it from them. If every policy lacks it, the name is
a problem. Otherwise, the application may use the name for itself: a warning at most.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from crosscors._adapter.own_names import check_resembling
from crosscors.core.errors import Problem, shown
from crosscors.core.values import (
    UNSET_VARIABLE,
    Findings,
    as_list,
    collected,
    is_several,
    is_text_pattern,
    meant_bool,
    refused,
)
from crosscors.flask.options import CONFIG_PREFIX, IGNORED, Layer, Stray
from crosscors.flask.words import AS_KEYWORD, CLOSED, CORE_NAMES, FLASK_NAMES, IN_CONFIG, IN_DICT

OPEN_BY_DEFAULT = "open-by-default"


def check_strays(layers: Mapping[str, Layer], accepted: Collection[str] = ()) -> Findings:
    """What is wrong with the names, now that all options of the policies are known.

    Args:
        layers: the options of each policy, by the place that has it.
        accepted: names that ``CORS(app)`` has accepted. They are no problem for a view.
    """
    strays = {stray.name: stray for layer in layers.values() for stray in layer.strays}
    return collected(_check(stray, layers, stray.name in accepted) for stray in strays.values())


def check_strays_of(option: str, layer: Layer) -> Findings:
    """What is wrong with names that resemble this option, which is not one of a policy."""
    strays = tuple(each for each in layer.strays if each.meant == option)
    return check_strays({"": replace(layer, strays=strays)})


def _check(stray: Stray, layers: Mapping[str, Layer], is_accepted: bool) -> Findings:
    if stray.name == IGNORED:
        return _ignored_headers(stray)
    option = CORE_NAMES.get(stray.meant, stray.meant)
    if stray.value is None:
        is_needed = not all(_is_safe_without(option, stray, layer) for layer in layers.values())
        return _unset(stray, option) if is_needed and not is_accepted else Findings()
    given = {place: _given(option, stray, layer) for place, layer in layers.items()}
    lacking = [place for place, label in given.items() if label is None and not layers[place].is_closed]
    written = next(filter(None, given.values()), None)
    if lacking and option == "allow_origins" and (written or is_accepted):
        return _open_by_default(stray, lacking)
    if written is not None:
        is_same = any(option in layer.values for layer in layers.values())
        return check_resembling(stray.name, stray.value, _settings(option) if is_same else (), written)
    if is_accepted:
        return Findings()
    if option != "allow_origins" and any(stray.name.startswith(f"{each}_") for each in _settings(option)):
        return _not_read(stray, option)
    message = f"there is no option {shown(stray.name)}."
    return refused("unknown-option", stray.name, stray.value, message, f"Write {_setting(option)}.")


def _is_safe_without(option: str, stray: Stray, layer: Layer) -> bool:
    """Whether the default of the option allows nothing, or does not count."""
    is_closed = layer.is_closed and option == "allow_origins"
    return is_closed or _given(option, stray, layer) is not None


def _given(option: str, stray: Stray, layer: Layer) -> str | None:
    """What gives the policy the option, or makes it unnecessary. None if the policy lacks it."""
    if option == "allow_origin_regex" and any(
        map(is_text_pattern, as_list(layer.values.get("allow_origins")))
    ):
        return layer.labels["allow_origins"].name  # it may stand among the origins
    return next((layer.labels[each].name for each in _enough(option, stray) if each in layer.values), None)


def _enough(option: str, stray: Stray) -> tuple[str, ...]:
    """The options of which one is enough for the policy not to lack this one."""
    if option == "protect":  # which is not an option of a policy
        return (option,)
    if option not in ("allow_origins", "allow_origin_regex"):
        return (option, "policy")
    # A function decides about every origin. With an expression, not every origin is allowed by default.
    return (option, "policy", "allow_origin_func", *(() if stray.is_near else ("allow_origin_regex",)))


def _open_by_default(stray: Stray, places: list[str]) -> Findings:
    """A policy without origins beside others that have them. The default allows every origin."""
    place, *others = places
    where = f"{place} and {len(others)} more have" if others else f"{place} has"
    message = f"is not an option, and is not read. {where} no origins, so every origin is allowed there."
    form = IN_DICT if place.startswith("resources[") else AS_KEYWORD
    listed, everyone = form.format("origins", _as_code(stray.value)), form.format("origins", '"*"')
    hint = f"Write {listed} there, or {everyone} if that is meant."
    return Findings(warnings=(Problem(OPEN_BY_DEFAULT, stray.name, stray.value, message, hint),))


def _as_code(origins: object) -> str:
    """The origins as a list of strings, if they are short; otherwise an example."""
    entries = as_list(origins) if is_several(origins) else []
    are_origins = all(isinstance(each, str) and "://" in each for each in entries)
    listed = ", ".join(f'"{each}"' for each in entries)
    return f"[{listed}]" if entries and are_origins and len(listed) < _LONGEST else "[...]"


_LONGEST = 80


def _unset(stray: Stray, option: str) -> Findings:
    """An option that is None, as if it was not there. Then the default holds, which allows everything."""
    message = "is None, so the default holds, which allows everything."
    closed, everything = (IN_CONFIG.format(stray.name, each) for each in (CLOSED[option], '"*"'))
    hint = f"{UNSET_VARIABLE} Write {closed}, or {everything} if that is meant."
    return Findings(warnings=(Problem("unset", stray.name, None, message, hint),))


def check_keywords(config: Mapping[Any, Any], given: Mapping[str, object]) -> Findings:
    """Warnings about keywords of ``CORS`` that stand in the configuration instead.

    Args:
        given: their values as keywords.
    """
    return collected(
        _not_a_setting(name, config[name], option)
        for option, value in given.items()
        if (name := f"{CONFIG_PREFIX}{option.upper()}") in config and value is None
    )


def _not_a_setting(name: str, value: object, option: str) -> Findings:
    if value is None:
        return Findings()
    written = "func" if option == "on_decision" else bool(meant_bool(value))
    message, hint = "is not read from the configuration.", f"Write CORS(app, {option}={written})."
    return Findings(warnings=(Problem("unknown-option", name, value, message, hint),))


def _not_read(stray: Stray, option: str) -> Findings:
    """A name with more words, such as CORS_ALLOW_HEADERS_DEV: it is not misspelled, but perhaps for later."""
    message = "is not an option, and is not read."
    hint = f"If it is meant for this policy, write {_setting(option)}."
    return Findings(warnings=(Problem("unknown-option", stray.name, stray.value, message, hint),))


def _ignored_headers(stray: Stray) -> Findings:
    """The example of old tutorials. Flask-CORS ignores it, too."""
    message = "is not an option, and is not read. Flask-CORS ignores it, too."
    hint = "Leave it out. To list the request headers that pages may send, write CORS_ALLOW_HEADERS."
    return Findings(warnings=(Problem("unknown-option", stray.name, stray.value, message, hint),))


def _settings(option: str) -> tuple[str, str]:
    """Both names that the option has in the configuration."""
    return f"{CONFIG_PREFIX}{option.upper()}", _setting(option)


def _setting(option: str) -> str:
    """The name that Flask-CORS's users know."""
    return f"{CONFIG_PREFIX}{FLASK_NAMES.get(option, option).upper()}"
