"""The project's settings, read into policies.

Readers return a value and what they found. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from django import conf
from django.utils.module_loading import import_string

from crosscors._adapter.alternatives import any_of, besides, each_alone
from crosscors._adapter.keywords import Hook, check_debug, read_on_decision, read_protect
from crosscors.core.errors import shown
from crosscors.core.live import LivePolicy, is_live
from crosscors.core.origins.environment import means_everyone
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.joining import grouped
from crosscors.core.plain import plain, plain_unless_callable
from crosscors.core.policy import CORSPolicy, Policies, make_policy, options_of
from crosscors.core.protection import CrossOriginProtection
from crosscors.core.resources import Resources, make_resources, warnings_of
from crosscors.core.values import (
    ANY,
    Findings,
    as_list,
    collected,
    is_several,
    is_text_pattern,
    meant_bool,
    not_a_bool,
    refused,
)
from crosscors.core.words import Words
from crosscors.django import names
from crosscors.django.defaults import default_headers, default_methods
from crosscors.django.words import PlaceWords, SettingWords

_DAY = 86400


@dataclass(frozen=True)
class Settings:
    """What the settings mean.

    Attributes:
        policies: one policy for all paths, or a policy for each path.
        debug: CORS_DEBUG; None for DEBUG itself.
        hooks: CORS_ON_DECISION.
        protection: CORS_PROTECT; None if it is off.
        has_urls_regex: whether CORS_URLS_REGEX leaves paths out. Only receivers allow anything there.
    """

    policies: Policies
    debug: bool | None
    hooks: tuple[Hook, ...]
    protection: CrossOriginProtection | None
    has_urls_regex: bool


def read_settings() -> tuple[Settings | None, Findings]:
    """What the settings mean now, and what was found. None if there is a problem."""
    project = conf.settings
    # Undocumented: ``dir`` lists the settings. Nothing documented does, and misspelled names must be found.
    given = {
        name: _as_given(name, getattr(project, name))
        for name in dir(project)
        if name.startswith(names.PREFIX)
    }
    written = names.names_as_written(given)
    values = {name: given[as_written] for name, as_written in written.items()}
    words = SettingWords(written, allows_all=_means_all(values.get(names.ALL_ORIGINS)))

    policies, of_policies = _read_policies(values, words)
    debug: Any = values.get(names.DEBUG)
    hooks, of_hooks = _read_hooks(values.get(names.ON_DECISION), words)
    protection, of_protect = read_protect(values.get(names.PROTECT), words)
    found = collected(
        (
            *(names.unknown_names(given), names.unread_names(given), of_policies),
            *(of_hooks, check_debug(debug, words), of_protect),
        )
    )
    if policies is None or found.problems:
        return None, found
    has_urls_regex = names.URLS_REGEX in values
    return Settings(policies, debug, hooks, protection, has_urls_regex), found


def _as_given(name: str, value: object) -> object:
    """The value of a setting, which may be lazy."""
    if name not in names.FUNCTIONS:
        return plain(value)
    if issubclass(type(value), (list, tuple)):  # a function may be iterable, as a MagicMock is
        return [plain_unless_callable(each) for each in cast("Sequence[object]", value)]
    return plain_unless_callable(value)


def _read_policies(values: Mapping[str, Any], words: SettingWords) -> tuple[Policies | None, Findings]:
    """The policy, or the policies by path, that the settings describe.

    Args:
        values: the project's settings by their current names.
    """
    together = _check_together(values, words)
    if values.get(names.RESOURCES) is not None:
        resources, found = _read_resources(values[names.RESOURCES])
        return resources, together + found
    if values.get(names.POLICY) is not None:
        policy, found = _read_policy(names.POLICY, values[names.POLICY])
    else:
        policy, found = _read_options(values, words)
    if names.URLS_REGEX not in values:
        return policy, together + found
    paths, of_paths = read_urls_regex(values[names.URLS_REGEX])
    found = together + found + of_paths
    if policy is None or paths is None:
        return None, found
    resources, of_keys = make_resources({paths: policy}, names.POLICY)
    return resources, found + Findings(of_keys.problems)  # without its warnings: ours are about other words


def _check_together(values: Mapping[str, Any], words: SettingWords) -> Findings:
    """Whether the policy is described once, and not in two ways."""
    single = {*names.OPTIONS, names.ALL_ORIGINS}
    return _check_alone(names.POLICY, single, values, words) + _check_alone(
        names.RESOURCES, single | {names.POLICY, names.URLS_REGEX}, values, words
    )


def _check_alone(name: str, excluded: set[str], values: Mapping[str, Any], words: SettingWords) -> Findings:
    """Whether the setting stands without those that it excludes."""
    others = [words.name(other) for other in values if other in excluded and values[other] is not None]
    if values.get(name) is None or not others:
        return Findings()
    message = f"is set together with {', '.join(others)}."
    return refused(
        "policy-and-options", name, None, message, f"Put everything into {name}, or leave {name} out."
    )


def _read_options(values: Mapping[str, Any], words: SettingWords) -> tuple[CORSPolicy | None, Findings]:
    """The policy that is described by one setting for each option."""
    options: dict[str, Any] = {
        "allow_methods": default_methods,
        "allow_headers": default_headers,
        "max_age": _DAY,
    }
    options.update((option, values[name]) for name, option in names.OPTIONS.items() if name in values)
    allows_all, of_all = _read_allows_all(values.get(names.ALL_ORIGINS, False), words)
    if allows_all or words.allows_all:
        options["allow_origins"] = (ANY, *as_list(options.get("allow_origins", ())))
    regex, of_regexes = _read_regexes(options, words)
    func, of_func = _read_function(words.name("allow_origin_func"), options.get("allow_origin_func"))
    options |= {"allow_origin_regex": regex, "allow_origin_func": func}
    policy, of_policy = make_policy(options, words)
    return policy, of_all + of_regexes + of_func + besides(of_regexes, of_policy)


def _read_allows_all(value: object, words: SettingWords) -> tuple[bool, Findings]:
    """CORS_ALLOW_ALL_ORIGINS. People also write ``"*"`` there, or the origins themselves."""
    texts = [each.strip() for each in as_list(value) if isinstance(each, str)]
    if texts and ANY not in texts and all(map(is_entry, texts)):
        listed = ", ".join(f'"{each}"' for each in texts)
        message = f"takes True or False, not {shown(value)}."
        hint = f"Write {words.setting('allow_origins', f'[{listed}]')}."
        return False, refused("wrong-type", words.name(names.ALL_ORIGINS), value, message, hint)
    if isinstance(value, bool):
        return value, Findings()
    return False, not_a_bool(names.ALL_ORIGINS, value, words.allows_all, words)


def _means_all(value: object) -> bool:
    """Whether the value of CORS_ALLOW_ALL_ORIGINS means True: a word for it, or for every origin."""
    texts = [each.strip() for each in as_list(value) if isinstance(each, str)]
    return meant_bool(value) is True or any(each == ANY or means_everyone(each) for each in texts)


def _read_function(name: str, value: object) -> tuple[Any, Findings]:
    """A function, or the function at a dotted path."""
    if not isinstance(value, str):
        return value, Findings()
    try:
        return import_string(value), Findings()
    except ImportError as error:
        message = f"{shown(value)} cannot be imported: {error}."
        hint = 'Write the dotted path of a function, such as "project.cors.is_allowed".'
        return None, refused("not-importable", name, value, message, hint)


def _read_hooks(value: object, words: SettingWords) -> tuple[tuple[Hook, ...], Findings]:
    """CORS_ON_DECISION: one function or dotted path, or several."""
    if callable(value) or not is_several(value):
        return read_on_decision(value, words)
    read = [_read_function(names.ON_DECISION, each) for each in as_list(value)]
    of_paths = collected(found for _, found in read)
    if of_paths.problems:
        return (), of_paths
    hooks = [hook for hook, _ in read]
    return read_on_decision(hooks[0] if isinstance(value, str) else hooks, words)


def _read_regexes(options: Mapping[str, Any], words: SettingWords) -> tuple[re.Pattern[str] | None, Findings]:
    """The expressions as one. Each is checked alone first, so that messages name the wrong one."""
    entries: list[Any] = as_list(options.get("allow_origin_regex", ()))
    of_each = replace(words, is_about_one=len(entries) > 1)
    found = collected(_check_regex(entry, options, of_each) for entry in entries)
    if found.problems or not entries:
        return None, found
    try:
        return any_of(entries), found
    except re.error as error:
        message = f"the expressions cannot be used together: {error}."
        hint = 'Give each group its own name, and refer to it by that name. Or write one expression with "|".'
        return None, refused("invalid-regex", words.name("allow_origin_regex"), entries, message, hint)


def _check_regex(entry: object, options: Mapping[str, Any], words: Words) -> Findings:
    """What is found about one expression."""
    option = "allow_origin_regex"
    name = words.name(option)
    if not isinstance(entry, str) and not is_text_pattern(entry):
        message = f"takes regular expressions, as str or compiled from str, not {shown(entry)}."
        hint = f"Write {words.setting(option, _EXAMPLE_OF_REGEX)}."
        return refused("wrong-type", name, entry, message, hint)
    return each_alone([entry], options, words)


_EXAMPLE_OF_REGEX = r'r"https://[a-z]+\.example\.com"'


def read_urls_regex(value: object) -> tuple[re.Pattern[str] | None, Findings]:
    """The expression for whole paths. The setting only matches their beginning."""
    name = names.URLS_REGEX
    hint = f'Write {name} = r"^/api/".'
    if not isinstance(value, str) and not is_text_pattern(value):
        message = f"takes one regular expression, as str or compiled from str, not {shown(value)}."
        return None, refused("wrong-type", name, value, message, hint)
    if _RELATIVE.match(value if isinstance(value, str) else value.pattern):
        message = f"{shown(value)} matches no path, because paths begin with a slash."
        return None, refused("path-relative", name, value, message, hint)
    try:
        return re.compile(grouped(re.compile(value)) + ".*"), Findings()
    except re.error as error:
        message = f"{shown(value)} is not a valid regular expression: {error}."
        return None, refused("invalid-regex", name, value, message, hint)


_RELATIVE = re.compile(r"\^?\w")


def _read_policy(place: str, value: object) -> tuple[CORSPolicy | LivePolicy[Any] | None, Findings]:
    """The policy at a place in the settings: a CORSPolicy, a LivePolicy, or a dict of options."""
    if isinstance(value, CORSPolicy) or is_live(value):
        return value, _warnings_of(value, place)
    options = _as_options(value)
    if options is None:
        message = f"takes a CORSPolicy or a dict of its options, not {shown(value)}."
        hint = 'Write a dict such as {"allow_origins": ["https://app.example.com"]}.'
        return None, refused("wrong-type", place, value, message, hint)
    words, of_func = PlaceWords(place, is_dict=True), Findings()
    of_misplaced = collected(
        _misplaced(name, options.pop(name), words) for name in names.SETTING_OF_KEYWORD if name in options
    )
    if "allow_origin_func" in options:
        func = options["allow_origin_func"]
        options["allow_origin_func"], of_func = _read_function(words.name("allow_origin_func"), func)
    policy, found = make_policy(options, words)
    return policy, of_misplaced + of_func + found


def _misplaced(name: str, value: object, words: Words) -> Findings:
    """The problem with a keyword of other adapters among the options of a policy."""
    message = f"there is no option {shown(name)}."
    hint = f"Write it outside the policy: {names.SETTING_OF_KEYWORD[name]} = ..."
    return refused("unknown-option", words.name(name), value, message, hint)


def _as_options(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    options = dict(cast("Mapping[Any, object]", value))
    return options if all(isinstance(name, str) for name in options) else None


def _warnings_of(policies: Policies, place: str) -> Findings:
    """The warnings about policies. settings.py made them before the checks ran, so they are repeated."""
    words = PlaceWords(place, is_dict=False)
    found = collected(make_policy(options_of(policy), words)[1] for policy in policies.policies)
    return Findings(warnings=found.warnings)


def _read_resources(value: object) -> tuple[Policies | None, Findings]:
    """The policies by path, from Resources, a LivePolicy or a dict."""
    name = names.RESOURCES
    if is_live(value):
        return value, _warnings_of(value, name)
    if isinstance(value, Resources):
        return value, warnings_of(value, name) + _warnings_of(value, name)
    if not isinstance(value, Mapping):
        message = f"takes Resources, or a dict of paths and policies, not {shown(value)}."
        hint = f'Write {name} = {{"/api/*": {{"allow_origins": ["https://app.example.com"]}}}}.'
        return None, refused("wrong-type", name, value, message, hint)
    read = {
        path: (None, Findings()) if given is None else _read_policy(f"{name}[{shown(path)}]", given)
        for path, given in cast("Mapping[Any, object]", value).items()
    }
    resources, of_paths = make_resources({path: policy for path, (policy, _) in read.items()}, name)
    return resources, collected(found for _, found in read.values()) + of_paths
