"""The project's settings: read into policies, and kept ready for requests.

Readers return a value and what they found. Only ``configuration`` raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from django import conf
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from crosscors._adapter.alternatives import any_of, besides, each_alone, grouped
from crosscors._adapter.decider import Decider
from crosscors._adapter.keywords import check_debug
from crosscors._adapter.reporting import OnDecision, check_on_decision
from crosscors.core.errors import PolicyError, shown
from crosscors.core.policy import CORSPolicy, Policies, make_policy, options_of
from crosscors.core.resources import Resources, make_resources
from crosscors.core.values import (
    ANY,
    Findings,
    collected,
    is_several,
    is_text_pattern,
    read_bool,
    refused,
)
from crosscors.core.words import Words
from crosscors.django import names, signals
from crosscors.django.defaults import default_headers, default_methods
from crosscors.django.requests import Arrival, ArrivalReader
from crosscors.django.words import PlaceWords, SettingWords

_DAY = 86400


@dataclass(frozen=True)
class Settings:
    """What the settings come to.

    Attributes:
        policies: one policy for every path, or which policy covers which.
        debug: CORS_DEBUG.
        on_decision: CORS_ON_DECISION.
        has_urls_regex: whether CORS_URLS_REGEX leaves paths out, where only receivers allow anything.
    """

    policies: Policies
    debug: bool
    on_decision: OnDecision | None
    has_urls_regex: bool


@dataclass(frozen=True)
class Configuration:
    """The settings, ready to decide about requests.

    Attributes:
        decider: asks the policies.
    """

    decider: Decider[Arrival]
    # While check_request_enabled has receivers: what stands in for a policy, by its id, and the policy for
    # paths that CORS_URLS_REGEX leaves out.
    _asking: Mapping[int, CORSPolicy] = field(repr=False)
    _asking_outside: CORSPolicy | None = field(repr=False)

    def policy_for(self, arrival: Arrival) -> CORSPolicy | None:
        """The policy of the settings that covers the request; None if none does."""
        policy = self.decider.policy_for(arrival)
        if not signals.receivers_of(signals.check_request_enabled):
            return policy
        return self._asking_outside if policy is None else self._asking.get(id(policy), policy)


@cache
def configuration(in_async: bool) -> Configuration:
    """The configuration of a sync or an async stack.

    Raises:
        ImproperlyConfigured: listing every problem of the settings.
    """
    read, found = read_settings()
    if read is None:
        error = PolicyError(found.problems)
        raise ImproperlyConfigured(str(error)) from error
    policies = read.policies
    ask = signals.ask_receivers_async if in_async else signals.ask_receivers
    return Configuration(
        Decider(
            "crosscors.django.CORSMiddleware",
            ArrivalReader(),
            policies,
            debug=read.debug,
            on_decision=read.on_decision,
        ),
        _asking=signals.asking(policies.policies, ask),
        _asking_outside=signals.asking_outside(policies.policies[0], ask) if read.has_urls_regex else None,
    )


def _forget(*, setting: str, **_: object) -> None:
    """Tests override settings while the middleware is running."""
    if setting.startswith(names.PREFIX):
        configuration.cache_clear()


# Undocumented: this place of the signal. The documented one, django.test.signals, is not for servers.
setting_changed.connect(_forget)


def read_settings() -> tuple[Settings | None, Findings]:
    """What the settings come to now, and what was found. None if there is a problem."""
    project = conf.settings
    # Undocumented: that ``dir`` lists the settings. Nothing documented does, and names that nobody knows are
    # to be found, too.
    given = {name: getattr(project, name) for name in dir(project) if name.startswith(names.PREFIX)}
    written = names.names_as_written(given)
    values = {name: given[as_written] for name, as_written in written.items()}
    words = SettingWords(written, allows_all=values.get(names.ALL_ORIGINS) is True)

    policies, of_policies = _read_policies(values, words)
    debug = values.get(names.DEBUG, False)
    on_decision, of_hook = _read_function(names.ON_DECISION, values.get(names.ON_DECISION))
    found = collected(
        (
            *(names.unknown_names(given), names.unread_names(given), of_policies),
            *(of_hook, check_on_decision(on_decision, words), check_debug(debug, words)),
        )
    )
    if policies is None or found.problems:
        return None, found
    return Settings(policies, debug, on_decision, has_urls_regex=names.URLS_REGEX in values), found


def _read_policies(values: Mapping[str, Any], words: SettingWords) -> tuple[Policies | None, Findings]:
    """What the settings describe.

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
    paths, of_paths = _read_urls_regex(values[names.URLS_REGEX])
    is_complete = policy is not None and paths is not None
    return (Resources({paths: policy}) if is_complete else None), together + found + of_paths


def _check_together(values: Mapping[str, Any], words: SettingWords) -> Findings:
    """Two descriptions of the policy are one too many."""
    single = {*names.OPTIONS, names.ALL_ORIGINS}
    return _check_alone(names.POLICY, single, values, words) + _check_alone(
        names.RESOURCES, single | {names.POLICY, names.URLS_REGEX}, values, words
    )


def _check_alone(name: str, excluded: set[str], values: Mapping[str, Any], words: SettingWords) -> Findings:
    others = [words.name(other) for other in values if other in excluded and values[other] is not None]
    if values.get(name) is None or not others:
        return Findings()
    message = f"is set together with {', '.join(others)}."
    return refused(
        "policy-and-options", name, None, message, f"Put all of it into {name}, or leave {name} out."
    )


def _read_options(values: Mapping[str, Any], words: Words) -> tuple[CORSPolicy | None, Findings]:
    """The policy that has a setting for each option."""
    options: dict[str, Any] = {
        "allow_methods": default_methods,
        "allow_headers": default_headers,
        "max_age": _DAY,
    }
    options.update((option, values[name]) for name, option in names.OPTIONS.items() if name in values)
    allows_all, of_all = read_bool(names.ALL_ORIGINS, values.get(names.ALL_ORIGINS, False), words)
    if allows_all:
        options["allow_origins"] = (ANY, *_entries(options.get("allow_origins", ())))
    regex, of_regexes = _read_regexes(options, words)
    func, of_func = _read_function(words.name("allow_origin_func"), options.get("allow_origin_func"))
    options |= {"allow_origin_regex": regex, "allow_origin_func": func}
    policy, of_policy = make_policy(options, words)
    return policy, of_all + of_regexes + of_func + besides(of_regexes, of_policy)


def _read_function(name: str, value: object) -> tuple[Any, Findings]:
    """A function, or the one that a dotted path leads to."""
    if not isinstance(value, str):
        return value, Findings()
    try:
        return import_string(value), Findings()
    except ImportError as error:
        message = f"{shown(value)} cannot be imported: {error}."
        hint = 'Write the dotted path of a function, such as "project.cors.is_allowed".'
        return None, refused("not-importable", name, value, message, hint)


def _entries(value: object) -> list[Any]:
    """The entries of a setting that takes several; one that stands alone is an entry, too."""
    return list(value) if is_several(value) and not isinstance(value, str) else [value]


def _read_regexes(options: Mapping[str, Any], words: Words) -> tuple[re.Pattern[str] | None, Findings]:
    """The expressions as one; each is checked alone first, for messages to name the one that is wrong."""
    entries = _entries(options.get("allow_origin_regex", ()))
    found = collected(_check_regex(entry, options, words) for entry in entries)
    if found.problems or not entries:
        return None, found
    try:
        return any_of(entries), found
    except re.error as error:
        message = f"its expressions cannot be used together: {error}."
        hint = 'Give each group a name that no other has, or write one expression, joined by "|".'
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


def _read_urls_regex(value: object) -> tuple[re.Pattern[str] | None, Findings]:
    """The expression for paths that begin with what the setting matches."""
    name = names.URLS_REGEX
    hint = f'Write {name} = r"^/api/".'
    if not isinstance(value, str) and not is_text_pattern(value):
        message = f"takes one regular expression, as str or compiled from str, not {shown(value)}."
        return None, refused("wrong-type", name, value, message, hint)
    if _RELATIVE.match(value if isinstance(value, str) else value.pattern):
        message = f"{shown(value)} matches no path, for paths begin with a slash."
        return None, refused("path-relative", name, value, message, hint)
    try:
        return re.compile(grouped(re.compile(value)) + ".*"), Findings()
    except re.error as error:
        return None, refused("invalid-regex", name, value, f"{shown(value)} cannot be used: {error}.", hint)


_RELATIVE = re.compile(r"\^?\w")


def _read_policy(place: str, value: object) -> tuple[CORSPolicy | None, Findings]:
    """The policy at a place in the settings: a CORSPolicy, or a dict of its options."""
    if isinstance(value, CORSPolicy):
        return value, _warnings_of(value, place)
    options = _as_options(value)
    if options is None:
        message = f"takes a CORSPolicy or a dict of its options, not {shown(value)}."
        hint = 'Write a dict such as {"allow_origins": ["https://app.example.com"]}.'
        return None, refused("wrong-type", place, value, message, hint)
    words, of_func = PlaceWords(place, is_dict=True), Findings()
    if "allow_origin_func" in options:
        func = options["allow_origin_func"]
        options["allow_origin_func"], of_func = _read_function(words.name("allow_origin_func"), func)
    policy, found = make_policy(options, words)
    return policy, of_func + found


def _as_options(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    options = dict(cast("Mapping[Any, object]", value))
    return options if all(isinstance(name, str) for name in options) else None


def _warnings_of(policy: CORSPolicy, place: str) -> Findings:
    """The warnings of a policy that the settings made. They came before the checks ran, so repeat them."""
    _, found = make_policy(options_of(policy), PlaceWords(place, is_dict=False))
    return Findings(warnings=found.warnings)


def _read_resources(value: object) -> tuple[Resources | None, Findings]:
    """The policies by path: Resources, or a dict."""
    name = names.RESOURCES
    if isinstance(value, Resources):
        return value, collected(_warnings_of(policy, name) for policy in value.policies)
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
