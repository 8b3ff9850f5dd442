"""The policies that options describe, with Flask-CORS's defaults.

Readers return a value and what they found. ``CORS`` and ``cross_origin`` raise and warn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from crosscors._adapter.alternatives import besides
from crosscors._adapter.keywords import check_sync, read_protect
from crosscors.core.errors import Problem, shown
from crosscors.core.live import LivePolicy, is_for_every_path, is_live, require
from crosscors.core.origins import dangers
from crosscors.core.policy import CORSPolicy, Policies, make_policy
from crosscors.core.protection import CrossOriginProtection
from crosscors.core.resources import Resources, make_resources
from crosscors.core.unnamed import are_paths, of_options, of_policies, of_policy
from crosscors.core.values import (
    ANY,
    UNSET_VARIABLE,
    Findings,
    as_list,
    collected,
    is_text_pattern,
    means_unset,
    refused,
    warned,
)
from crosscors.flask import regexes
from crosscors.flask.options import SWITCHES, Layer, read_dict
from crosscors.flask.strays import check_strays, check_strays_of
from crosscors.flask.words import AS_KEYWORD, IN_DICT, FlaskWords, Label

_Read = TypeVar("_Read")
_Policies = TypeVar("_Policies", CORSPolicy, Resources)

# Flask-CORS's defaults, where they differ from the core's.
DEFAULTS: Mapping[str, object] = {
    "allow_origins": ANY,
    "allow_methods": ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"),
    "allow_headers": ANY,
    "max_age": None,
}
_OTHER_ORIGIN_OPTIONS = frozenset({"allow_origin_regex", "allow_origin_func"})
_DIGITS = re.compile("[0-9]{1,20}")


def read_app(layer: Layer, accepted: Collection[str] = ()) -> tuple[Policies | None, Findings]:
    """The policies of an application or blueprint: one, or one for each of its ``resources``.

    None if there is a problem.

    Args:
        accepted: names in the configuration that resemble an option, and are accepted already.
    """
    layer = layer.without("protect")
    policy = layer.values.get("policy")
    if isinstance(policy, Resources) or is_live(policy) or are_paths(policy):
        return _given_policy(layer, FlaskWords(layer.labels), Resources)
    resources = layer.values.get("resources")
    common, found = layer.without("resources"), check_strays_of("resources", layer)
    policies: Policies | None
    if resources is None:
        policies, of_policies = read_policy(common)
        of_policies += check_strays({"a blueprint": common}, accepted)
    else:
        found += Findings(layer.problems)
        name = layer.labels["resources"].name
        of_text = _check_text(name, resources, FlaskWords(layer.labels))
        if of_text.problems:
            return None, found + of_text
        policies, of_policies = _read_resources(resources, replace(common, problems=()), accepted, name)
    found = without_repeats(found + of_policies)
    return (None if found.problems else policies), found


def read_protected(layer: Layer) -> tuple[CrossOriginProtection | None, Policies | None, Findings]:
    """The cross-origin protection of an application, if it has one, and its policies.

    With the protection, no origin is allowed by default.
    """
    protection, of_protection = read_protection(layer)
    is_enforced = protection is not None and not protection.report_only
    policies, found = read_app(replace(layer, is_closed=is_enforced))
    found += of_protection
    if protection is not None and policies is not None:
        found += _check_report(layer, policies)
    return protection, policies, found


def read_protection(layer: Layer) -> tuple[CrossOriginProtection | None, Findings]:
    """The cross-origin protection of an application. None if there is none."""
    protection, found = read_protect(layer.values.get("protect"), FlaskWords(layer.labels))
    return protection, found + check_strays_of("protect", layer)


def check_unprotected(layer: Layer, whose: str, place: str = "") -> Findings:
    """Whether ``protect`` is left to the application. Nothing else has it.

    Args:
        layer: the options of something else.
        whose: what that is, in the plural.
        place: what the options belong to, for messages.
    """
    if "protect" not in layer.values:
        return Findings()
    name = f"{place} {FlaskWords(layer.labels).name('protect')}".lstrip()
    message = f"belongs to the application, not to {whose}."
    hint = (
        "Write CORS(app, protect=True). For paths that take requests from every site, write "
        'CORS(app, protect=CrossOriginProtection(exempt=["/hooks/*"])).'
    )
    return refused("unknown-option", name, layer.values["protect"], message, hint)


def _check_report(layer: Layer, policies: Policies) -> Findings:
    """Whether the policies would be others if the protection did not only report.

    A report changes nothing, so without origins, everyone is allowed. That would hide what is refused later.
    """
    enforced, _ = read_app(replace(layer, is_closed=True))
    if enforced is not None and enforced.policies == policies.policies:
        return Findings()
    words = FlaskWords(layer.labels)
    message = "changes nothing, so without origins, every origin is allowed. With True, no origin would be."
    listed, nobody, everyone = (
        words.setting("allow_origins", value) for value in ('["https://app.example.com"]', "[]", '"*"')
    )
    hint = f"Write {listed}, or {nobody} for no origin, or {everyone} for every origin."
    return warned("origins-not-given", words.name("protect"), layer.values["protect"], message, hint)


def without_repeats(found: Findings) -> Findings:
    """The findings, each once. What is wrong with the configuration is found for every resource and view."""
    return Findings(*(tuple({str(each): each for each in kind}.values()) for kind in vars(found).values()))


def _read_resources(
    resources: object, common: Layer, accepted: Collection[str], name: str
) -> tuple[Resources | None, Findings]:
    """The policy of each resource. Options that it does not have come from ``common``."""
    found = Findings()
    policies: dict[object, CORSPolicy | LivePolicy[Any] | None] = {}
    layers: dict[str, Layer] = {}
    for key, own in _keys_and_options(resources):
        path = _path(key)
        if not (isinstance(path, str) or is_text_pattern(path)):
            hint = 'Write a path such as "/api/*".'
            found += refused("wrong-type", name, key, f"{shown(key)} is not a path.", hint)
            continue
        if path in policies:
            message = f"{shown(key)} means the same path as another key."
            found += refused("given-twice", name, key, message, "Keep one of the two.")
        place = f"resources[{shown(key)}]"
        policies[path], of_own, layer = _read_resource(own, common, place)
        found += of_own
        layers.update({} if layer is None else {place: layer})
    read, of_paths = make_resources(policies, name)
    return read, found + check_strays(layers, accepted) + of_paths


def _check_text(name: str, resources: object, words: FlaskWords) -> Findings:
    """What an environment variable made of the paths: nothing, or JSON in a string."""
    if not isinstance(resources, str):
        return Findings()
    text = resources.strip()
    if not text or means_unset(text):
        every = words.setting("resources", '"/*"')
        hint = f"{UNSET_VARIABLE} To cover every path, write {every}."
        return refused("path-relative", name, resources, f"{shown(resources)} is empty.", hint)
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(text), (dict, list)):
            hint = f"Write {words.setting('resources', 'json.loads(text)')} with this text."
            return refused("path-relative", name, resources, f"{shown(resources)} is JSON in a string.", hint)
    return Findings()


def _keys_and_options(resources: object) -> Iterator[tuple[object, object]]:
    """Each key with its options or policy. Flask-CORS takes a path, several paths, or a dict."""
    if isinstance(resources, Mapping):
        yield from cast("Mapping[object, object]", resources).items()
    else:
        yield from ((key, {}) for key in as_list(resources))


def _path(key: object) -> object:
    """The key as Resources takes it. Flask-CORS's users also write ``*`` and ``/.*`` for all paths below."""
    if key in (ANY, ".*"):
        return "/*"
    if not isinstance(key, str) or not key.endswith("/.*"):
        return key
    above = key.removesuffix(".*")
    return key if regexes.REGEX_SIGNS.search(above) else f"{above}*"


def _read_resource(
    own: object, common: Layer, place: str
) -> tuple[CORSPolicy | LivePolicy[Any] | None, Findings, Layer | None]:
    """The policy of one resource, what was found, and all its options.

    The policy is None if there is a problem, or if no policy covers the resource.
    """
    if own is None:
        return None, Findings(), None
    if isinstance(own, CORSPolicy) or is_live(own):
        of_own = check_sync(own, FlaskWords({}, place))
        return None if of_own.problems else own, of_own, Layer({"policy": own}, {"policy": Label(place)})
    if isinstance(own, Mapping):
        given = read_dict(cast("Mapping[str, object]", own), place)
        layer = given.without("protect").over(common)
        policy, found = read_policy(layer, place, IN_DICT)
        return policy, found + check_unprotected(given, "single paths", place), layer
    message = f"takes a dict of options, a CORSPolicy or None, not {shown(own)}."
    hint = f"Write {of_options(own)}."
    return None, refused("wrong-type", f"{place} options", own, message, hint), None


def read_policy(
    layer: Layer, place: str = "", form: str = AS_KEYWORD, of_app: tuple[str, ...] | None = None
) -> tuple[CORSPolicy | LivePolicy[Any] | None, Findings]:
    """The policy that the options describe, with Flask-CORS's defaults for all others.

    None if there is a problem.

    Args:
        layer: the options.
        place: what the policy belongs to, for messages; empty for the application.
        form: how messages write an option that is not given.
        of_app: the origins of the application, if this is a view below it; None if it allows everyone.
    """
    has_several_origins = len(as_list(layer.values.get("allow_origins", ()))) > 1
    words = FlaskWords(layer.labels, place, form, has_several_origins=has_several_origins)
    if "policy" in layer.values:
        return _given_policy(layer, words, CORSPolicy)
    if of_app is not None and _lacks_origins_for_credentials(layer):
        return None, Findings(layer.problems) + _origins_are_elsewhere(of_app, words)
    options, of_origins = _with_defaults(layer, words)
    policy, of_policy = make_policy(options, words)
    found = collected(
        (
            Findings(layer.problems),
            _check_switches(layer, words, is_for_everyone=ANY in as_list(options["allow_origins"])),
            of_origins,
            besides(of_origins, of_policy),
            Findings() if policy is None else check_sync(policy, words),
        )
    )
    return (None if found.problems else policy), found


def _lacks_origins_for_credentials(layer: Layer) -> bool:
    others = {"allow_origins", *_OTHER_ORIGIN_OPTIONS}
    return layer.values.get("allow_credentials") is True and others.isdisjoint(layer.values)


def _origins_are_elsewhere(of_app: tuple[str, ...], words: FlaskWords) -> Findings:
    """The problem of a view that gives credentials, as if it had the origins of ``CORS(app, ...)``."""
    listed = ", ".join(f'"{each}"' for each in of_app if dangers.is_safe_entry(each, (), words))
    is_shown = 0 < len(listed) <= _LONGEST_LIST
    origins = words.setting("allow_origins", f"[{listed}]" if is_shown else '["https://app.example.com"]')
    message = "this view does not use the origins of CORS(app, ...)."
    hint = f"Write @cross_origin({origins}, supports_credentials=True)."
    return refused("wildcard-with-credentials", words.name("allow_origins"), ANY, message, hint)


_LONGEST_LIST = 200  # characters


def _with_defaults(layer: Layer, words: FlaskWords) -> tuple[dict[str, object], Findings]:
    """The options as the core takes them."""
    given = {name: value for name, value in layer.values.items() if name not in SWITCHES}
    options = {**DEFAULTS, **given}
    # An expression or a function would be useless if everyone was allowed.
    is_closed = layer.is_closed or not _OTHER_ORIGIN_OPTIONS.isdisjoint(given)
    if "allow_origins" not in given and is_closed:
        options["allow_origins"] = ()
    options["allow_origins"], options["allow_origin_regex"], found = regexes.split_origins(options, words)
    if isinstance(options["max_age"], str) and _DIGITS.fullmatch(options["max_age"]):
        options["max_age"] = int(options["max_age"])
    if options.get("expose_headers", ()) is None:
        options["expose_headers"] = ()
    return options, found


def _check_switches(layer: Layer, words: FlaskWords, *, is_for_everyone: bool) -> Findings:
    switches = {name: layer.values[name] for name in SWITCHES if layer.values.get(name, True) is not True}
    if switches.get("send_wildcard", True) is not False:
        return collected(_refuse_switch(name, value, words) for name, value in switches.items())
    del switches["send_wildcard"]
    found = collected(_refuse_switch(name, value, words) for name, value in switches.items())
    if not is_for_everyone:
        return found
    message = 'False has no effect: everyone gets "*", so that caches can share the response.'
    problem = Problem("always-on", words.name("send_wildcard"), False, message, "Leave it out.")
    return found + Findings(warnings=(problem,))


def _refuse_switch(name: str, value: object, words: FlaskWords) -> Findings:
    message = f"takes only True, not {shown(value)}: False would {SWITCHES[name]}."
    return refused("always-on", words.name(name), value, message, "Leave it out.")


def _given_live(
    live: LivePolicy[Any], words: FlaskWords, wanted: type[object]
) -> tuple[LivePolicy[Any] | None, Findings]:
    found = check_sync(live, words)
    if wanted is CORSPolicy:
        of_use = require(live, is_for_every_path).problems
        found += Findings(tuple(replace(each, option=words.name("policy")) for each in of_use))
    return (None if found.problems else live), found


def _given_policy(
    layer: Layer, words: FlaskWords, wanted: type[_Policies]
) -> tuple[_Policies | LivePolicy[Any] | None, Findings]:
    """The value of ``policy=``. It has to be the only option."""
    policy, name = layer.values["policy"], words.name("policy")
    others = [layer.labels[each].name for each in layer.values if each != "policy"]
    if layer.problems:
        return None, Findings(layer.problems)
    if others:
        message = f"is given together with {', '.join(others)}."
        hint = "Put the options into the policy: policy=CORSPolicy(...)."
        return None, refused("policy-and-options", name, None, message, hint)
    if is_live(policy):
        return _given_live(policy, words, wanted)
    if not isinstance(policy, wanted):
        takes, of_meant = (
            ("CORSPolicy or Resources", of_policies) if wanted is Resources else ("CORSPolicy", of_policy)
        )
        message = f"takes a {takes}, not {shown(policy)}."
        hint = f"Write policy={of_meant(policy)}."
        return None, refused("wrong-type", name, policy, message, hint)
    return _unless_async(policy, words)


def _unless_async(policies: _Policies, words: FlaskWords) -> tuple[_Policies | None, Findings]:
    found = check_sync(policies, words)
    return (None if found.problems else policies), found


def read_alone(given: Layer, read: Callable[[Layer], tuple[_Read, Findings]]) -> Findings:
    """What is found about these options before the configuration is known."""
    # The configuration may have the origins. Nothing is refused because of the default "*".
    has_origins = "allow_origins" in given.values or not _OTHER_ORIGIN_OPTIONS.isdisjoint(given.values)
    _, found = read(given if has_origins else given.over(_SOME_ORIGINS))
    return found


_SOME_ORIGINS = Layer({"allow_origins": ("https://app.example.com",)}, {})
