"""From settings to policies: one for every path, or which policy covers which."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.utils.module_loading import import_string

from crosscors._adapter.alternatives import any_of, grouped
from crosscors.core.errors import Problem, shown
from crosscors.core.options import is_text_pattern
from crosscors.core.origins import ANY
from crosscors.core.policy import CORSPolicy, options_of
from crosscors.core.resources import Resources
from crosscors.django import names
from crosscors.django.defaults import default_headers, default_methods
from crosscors.django.findings import Findings
from crosscors.django.wording import Reword, in_dict

_DAY = 86400
_REGEXES = "CORS_ALLOWED_ORIGIN_REGEXES"
_FUNC = "CORS_ORIGIN_FUNC"


def read_rules(
    values: Mapping[str, Any], written: Mapping[str, str], reword: Reword, found: Findings
) -> CORSPolicy | Resources | None:
    """The rules that the settings describe, or None where they have a problem.

    Args:
        values: the project's settings by their current names.
        written: the name that the project used for each of them.
        reword: puts the core's words into those of the settings.
        found: gets the problems and warnings.
    """
    _check_together(values, written, found)
    if values.get(names.RESOURCES) is not None:
        return _read_resources(values[names.RESOURCES], found)
    if values.get(names.POLICY) is not None:
        policy = _read_policy(names.POLICY, values[names.POLICY], found)
    else:
        policy = _read_options(values, written, reword, found)
    if names.URLS_REGEX not in values:
        return policy
    paths = _read_urls_regex(values[names.URLS_REGEX], found)
    return None if policy is None or paths is None else Resources({paths: policy})


def _check_together(values: Mapping[str, Any], written: Mapping[str, str], found: Findings) -> None:
    """Two descriptions of the policy are one too many."""
    single = {*names.OPTIONS, names.ALL_ORIGINS}
    for name, excluded in (
        (names.POLICY, single),
        (names.RESOURCES, single | {names.POLICY, names.URLS_REGEX}),
    ):
        others = [written[other] for other in values if other in excluded and values[other] is not None]
        if values.get(name) is not None and others:
            message = f"is set together with {', '.join(others)}."
            hint = f"Put all of it into {name}, or leave {name} out."
            found.problem("policy-and-options", name, None, message, hint)


def _read_options(
    values: Mapping[str, Any], written: Mapping[str, str], reword: Reword, found: Findings
) -> CORSPolicy | None:
    options: dict[str, Any] = {
        "allow_methods": default_methods,
        "allow_headers": default_headers,
        "max_age": _DAY,
    }
    options.update((option, values[name]) for name, option in names.OPTIONS.items() if name in values)
    allows_all = values.get(names.ALL_ORIGINS, False)
    if allows_all is True:
        options["allow_origins"] = (ANY, *_entries(options.get("allow_origins", ())))
    elif allows_all is not False:
        name = written[names.ALL_ORIGINS]
        message = f"takes True or False, not {shown(allows_all)}."
        found.problem("wrong-type", name, allows_all, message, f"Write {name} = False.")
    options["allow_origin_regex"] = _read_regexes(options, written.get(_REGEXES, _REGEXES), reword, found)
    options["allow_origin_func"] = read_function(_FUNC, options.get("allow_origin_func"), found)
    return found.hear_policy(options, reword)


def read_function(name: str, value: object, found: Findings) -> Any:
    """A function, or the one that a dotted path leads to."""
    if not isinstance(value, str):
        return value
    try:
        return import_string(value)
    except ImportError as error:
        hint = 'Write the dotted path of a function, such as "project.cors.is_allowed".'
        found.problem("not-importable", name, value, f"{shown(value)} cannot be imported: {error}.", hint)
        return None


def _entries(value: object) -> list[Any]:
    """The entries of a setting that takes several; one that stands alone is an entry, too."""
    is_several = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    return list(cast("Iterable[Any]", value)) if is_several else [value]


def _read_regexes(
    options: Mapping[str, Any], name: str, reword: Reword, found: Findings
) -> re.Pattern[str] | None:
    """The expressions as one; each is checked alone first, for messages to name the one that is wrong."""
    entries = _entries(options.get("allow_origin_regex", ()))
    problems = [reword(problem) for entry in entries for problem in _problems_of_regex(entry, options)]
    found.problems.extend(problems)
    if problems or not entries:
        return None
    try:
        return any_of(entries)
    except re.error as error:
        message = f"its expressions cannot be used together: {error}."
        hint = 'Give each group a name that no other has, or write one expression, joined by "|".'
        found.problem("invalid-regex", name, entries, message, hint)
        return None


def _problems_of_regex(entry: object, options: Mapping[str, Any]) -> list[Problem]:
    option = "allow_origin_regex"
    if not isinstance(entry, str) and not is_text_pattern(entry):
        message = f"takes regular expressions, as str or compiled from str, not {shown(entry)}."
        hint = r'Write allow_origin_regex=r"https://[a-z]+\.example\.com".'
        return [Problem("wrong-type", option, entry, message, hint)]
    together = {each: options[each] for each in ("allow_credentials", "dangerously_allow") if each in options}
    alone = Findings()
    alone.hear_policy({option: entry, **together}, lambda problem: problem)
    return [problem for problem in alone.problems if problem.option == option]


def _read_urls_regex(value: object, found: Findings) -> re.Pattern[str] | None:
    """The expression for paths that begin with what the setting matches."""
    name = names.URLS_REGEX
    hint = f'Write {name} = r"^/api/".'
    if not isinstance(value, str) and not is_text_pattern(value):
        message = f"takes one regular expression, as str or compiled from str, not {shown(value)}."
        found.problem("wrong-type", name, value, message, hint)
        return None
    if _RELATIVE.match(value if isinstance(value, str) else value.pattern):
        message = f"{shown(value)} matches no path, for paths begin with a slash."
        found.problem("path-relative", name, value, message, hint)
        return None
    try:
        return re.compile(grouped(re.compile(value)) + ".*")
    except re.error as error:
        found.problem("invalid-regex", name, value, f"{shown(value)} cannot be used: {error}.", hint)
        return None


_RELATIVE = re.compile(r"\^?\w")


def _read_policy(place: str, value: object, found: Findings) -> CORSPolicy | None:
    if isinstance(value, CORSPolicy):
        return found.hear_policy(
            options_of(value), in_dict(place)
        )  # a copy, for its warnings to be heard here
    options = _as_options(value)
    if options is None:
        message = f"takes a CORSPolicy or a dict of its options, not {shown(value)}."
        hint = 'Write a dict such as {"allow_origins": ["https://app.example.com"]}.'
        found.problem("wrong-type", place, value, message, hint)
        return None
    if "allow_origin_func" in options:
        func = read_function(f'{place}["allow_origin_func"]', options["allow_origin_func"], found)
        options["allow_origin_func"] = func
    return found.hear_policy(options, in_dict(place))


def _as_options(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    options = dict(cast("Mapping[Any, object]", value))
    return options if all(isinstance(name, str) for name in options) else None


def _read_resources(value: object, found: Findings) -> Resources | None:
    name = names.RESOURCES
    if isinstance(value, Resources):
        for policy in value.policies:
            found.hear_policy(options_of(policy), in_dict(name))
        return value
    if not isinstance(value, Mapping):
        message = f"takes Resources, or a dict of paths and policies, not {shown(value)}."
        hint = f'Write {name} = {{"/api/*": {{"allow_origins": ["https://app.example.com"]}}}}.'
        found.problem("wrong-type", name, value, message, hint)
        return None
    policies = {
        path: None if given is None else _read_policy(f"{name}[{shown(path)}]", given, found)
        for path, given in cast("Mapping[Any, object]", value).items()
    }
    return found.hear(lambda: Resources(policies), lambda problem: dataclasses.replace(problem, option=name))
