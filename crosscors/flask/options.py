"""The options of the Flask extension: the core's and Flask-CORS's names, keywords and configuration.

Readers return a value and what they found. ``CORS`` and ``cross_origin`` raise and warn.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from crosscors._adapter.alternatives import besides
from crosscors._adapter.keywords import check_sync
from crosscors.core.errors import Problem, shown
from crosscors.core.policy import OPTION_NAMES, CORSPolicy, Policies, PolicyOptions, make_policy
from crosscors.core.resources import Resources, make_resources
from crosscors.core.values import ANY, Findings, collected, is_text_pattern, refused
from crosscors.flask import regexes
from crosscors.flask.regexes import is_several
from crosscors.flask.words import AS_KEYWORD, CORE_NAMES, IN_CONFIG, IN_DICT, FlaskWords, Label

_Read = TypeVar("_Read")
_Policies = TypeVar("_Policies", CORSPolicy, Resources)
Origins = str | re.Pattern[str] | Iterable[str | re.Pattern[str]]


class ViewOptions(PolicyOptions, total=False):
    """The keywords of ``cross_origin``: the options of CORSPolicy, and Flask-CORS's names for them."""

    policy: CORSPolicy
    origins: Origins
    methods: str | Iterable[str]
    supports_credentials: bool | str | Iterable[str]
    send_wildcard: bool
    vary_header: bool
    always_send: bool
    automatic_options: bool
    intercept_exceptions: bool


class AppOptions(ViewOptions, total=False):
    """The keywords of ``CORS``."""

    policy: CORSPolicy | Resources  # type: ignore[misc]  # here there are paths
    resources: Any


# Flask-CORS's defaults, where they are not the core's.
_DEFAULTS: Mapping[str, object] = {
    "allow_origins": ANY,
    "allow_methods": ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"),
    "allow_headers": ANY,
    "max_age": None,
}

# Flask-CORS's switches, which are always on here, and what False would do.
_SWITCHES: Mapping[str, str] = {
    "send_wildcard": 'repeats the origin of each caller, where "*" says as much and caches can share it',
    "vary_header": "lets caches hand the answer for one origin to another",
    "always_send": "lets caches keep an answer that pages cannot read, and hand it to everyone",
    "automatic_options": "leaves preflights to the views, which do not answer them",
    "intercept_exceptions": "hides every error of the application behind one of CORS",
}

# Names of other libraries, and of Flask-CORS long ago, that are too far off for difflib.
_NAMES_ELSEWHERE = {
    "allow_all_origins": "origins",
    "allowed_headers": "allow_headers",
    "headers": "allow_headers",
    "origin_allow_all": "origins",
    "origin_whitelist": "origins",
}

_NAMES = ("policy", "resources", *CORE_NAMES, *OPTION_NAMES, *_SWITCHES)
_CONFIG_PREFIX = "CORS_"


@dataclass(frozen=True, eq=False)
class Layer:
    """Options that one place gives.

    Attributes:
        values: what they are, by the core's names.
        labels: how they are spelled there.
        problems: what is wrong with their names.
    """

    values: Mapping[str, object]
    labels: Mapping[str, Label]
    problems: tuple[Problem, ...] = ()

    def over(self, lower: Layer) -> Layer:
        """Merge two layers. Options of this one win. ``policy=`` here drops all options of the lower one."""
        problems = self.problems + lower.problems
        if "policy" in self.values:
            return replace(self, problems=problems)
        values = {**lower.values, **self.values}
        if "allow_origins" in self.values and "allow_credentials" in lower.values:
            # A list of origins with credentials allows these origins. Whoever lists others here does not.
            inherited = _among(self.values["allow_origins"], lower.values["allow_credentials"])
            values["allow_credentials"] = self.values.get("allow_credentials", inherited)
        return Layer(values, {**lower.labels, **self.labels}, problems)

    def without(self, name: str) -> Layer:
        return replace(self, values={key: value for key, value in self.values.items() if key != name})


def _among(origins: object, credentials: object) -> object:
    """Those of the origins with credentials that are among the origins, or all if everyone is."""
    allowed = regexes.listed(origins)
    if isinstance(credentials, bool) or ANY in allowed:
        return credentials
    return [origin for origin in regexes.listed(credentials) if origin in allowed] or False


def read_keywords(keywords: Mapping[str, object]) -> Layer:
    """The options that are given as keywords."""
    return _layer((name, Label(name), value) for name, value in keywords.items())


def read_config(config: Mapping[str, Any]) -> Layer:
    """The options in the configuration of an application, such as ``CORS_ORIGINS``; None means not given."""
    given = (
        (name.removeprefix(_CONFIG_PREFIX).lower(), Label(name, IN_CONFIG), value)
        for name, value in config.items()
        if name.startswith(_CONFIG_PREFIX) and value is not None
    )
    # Names that are like no option may be the application's own. But no list of origins is overlooked,
    # because without one everyone is allowed.
    return _layer(option for option in given if _nearest(option[0]) or "origin" in option[0])


def _layer(options: Iterable[tuple[str, Label, object]], place: str = "") -> Layer:
    values: dict[str, object] = {}
    labels: dict[str, Label] = {}
    found: list[Findings] = []
    for name, label, value in options:
        core_name = CORE_NAMES.get(name, name)
        at = f"{place} {label.name}".lstrip()
        if name not in _NAMES:
            message = f"there is no option {shown(label.name)}."
            found.append(refused("unknown-option", at, value, message, _write_instead(name, label)))
        elif core_name in values:
            message = f"is given together with {labels[core_name].name}, which is the same."
            found.append(refused("given-twice", at, value, message, "Keep one of the two."))
        else:
            values[core_name] = _kept(value)
            labels[core_name] = label
    return Layer(values, labels, collected(found).problems)


def _write_instead(name: str, label: Label) -> str:
    if label.name == "CORS_HEADERS":
        return "Leave it out: Flask-CORS ignores it and allows all headers. To list some: CORS_ALLOW_HEADERS."
    nearest = _nearest(name)
    if nearest is None:
        return f"The options are {', '.join(_NAMES)}."
    return f"Write {_CONFIG_PREFIX}{nearest.upper()}." if label.form == IN_CONFIG else f"Write {nearest}=..."


def _nearest(name: str) -> str | None:
    if name in _NAMES_ELSEWHERE:
        return _NAMES_ELSEWHERE[name]
    return next(iter(difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.8)), None)


def _kept(value: object) -> object:
    """The value, so that it can be read more than once."""
    if isinstance(value, Iterator):
        return tuple(cast("Iterator[object]", value))
    if isinstance(value, Mapping):
        return {key: _kept(each) for key, each in cast("Mapping[object, object]", value).items()}
    return value


def read_app(layer: Layer) -> tuple[Policies | None, Findings]:
    """The policies of an application or blueprint, one for each of its ``resources``. None: a problem."""
    if isinstance(layer.values.get("policy"), Resources):
        return _given_policy(layer, FlaskWords(layer.labels), Resources)
    resources = layer.values.get("resources")
    if resources is None:
        return read_policy(layer.without("resources"))
    common = replace(layer.without("resources"), problems=())
    policies: dict[object, CORSPolicy | None] = {}
    found = Findings(layer.problems)
    for key, own in _resources(resources):
        path = _path(key)
        if not (isinstance(path, str) or is_text_pattern(path)):
            hint = 'Write a path such as "/api/*".'
            found += refused("wrong-type", "resources", key, f"{shown(key)} is no path.", hint)
            continue
        if path in policies:
            message = f"{shown(key)} means the same as another key."
            found += refused("given-twice", "resources", key, message, "Keep one of the two.")
        policies[path], of_own = _read_own(own, common, f"resources[{shown(key)}]")
        found += of_own
    read, of_paths = make_resources(policies)
    return read, found + of_paths


def _resources(resources: object) -> Iterator[tuple[object, object]]:
    """Keys, and the options or policy of each, of all that Flask-CORS takes for resources."""
    if isinstance(resources, Mapping):
        yield from cast("Mapping[object, object]", resources).items()
    elif is_several(resources):
        for key in resources:
            yield key, {}
    else:
        yield resources, {}


def _path(key: object) -> object:
    """The key as Resources takes it: Flask-CORS's users write ``*``, ``/.*`` and ``/*`` for all below."""
    if key in (ANY, ".*"):
        return "/*"
    if not isinstance(key, str) or not key.endswith("/.*"):
        return key
    above = key.removesuffix(".*")
    return key if regexes.REGEX_SIGNS.search(above) else f"{above}*"


def _read_own(own: object, common: Layer, place: str) -> tuple[CORSPolicy | None, Findings]:
    """The policy of one resource; ``common`` has what it does not say itself."""
    if own is None:
        return None, Findings()
    if isinstance(own, CORSPolicy):
        return _unless_async(own, FlaskWords({}, place))
    if isinstance(own, Mapping):
        options = cast("Mapping[str, object]", own)
        layer = _layer(((name, Label(name, IN_DICT), value) for name, value in options.items()), place)
        return read_policy(layer.over(common), place, IN_DICT)
    message = f"takes a dict of options, a CORSPolicy or None, not {shown(own)}."
    return None, refused("wrong-type", f"{place} options", own, message, 'Write {"origins": [...]}.')


def read_policy(layer: Layer, place: str = "", form: str = AS_KEYWORD) -> tuple[CORSPolicy | None, Findings]:
    """The policy that the options describe, with Flask-CORS's defaults for all others. None: a problem.

    Args:
        place: what it belongs to, for messages; empty for the application.
        form: how an option that is not given would be.
    """
    words = FlaskWords(layer.labels, place, form)
    if "policy" in layer.values:
        return _given_policy(layer, words, CORSPolicy)
    options = {name: value for name, value in layer.values.items() if name not in _SWITCHES}
    for name, default in _DEFAULTS.items():
        options.setdefault(name, default)
    if "allow_origins" not in layer.values and not _NARROWER.isdisjoint(options):
        options["allow_origins"] = ()  # an expression or a function is not meant beside everyone
    options["allow_origins"], options["allow_origin_regex"], of_origins = regexes.parted(options, words)
    if isinstance(options["max_age"], str) and _DIGITS.fullmatch(options["max_age"]):
        options["max_age"] = int(options["max_age"])
    if options.get("expose_headers", ()) is None:
        options["expose_headers"] = ()
    policy, of_policy = make_policy(options, words)
    of_policy = besides(of_origins, of_policy)
    of_func = Findings() if policy is None else check_sync(policy, words)
    of_names, of_switches = Findings(layer.problems), _switched_off(layer, words)
    found = collected((of_names, of_switches, of_origins, of_policy, of_func))
    return (None if found.problems else policy), found


_DIGITS = re.compile("[0-9]+")
_NARROWER = frozenset({"allow_origin_regex", "allow_origin_func"})


def _given_policy(
    layer: Layer, words: FlaskWords, wanted: type[_Policies]
) -> tuple[_Policies | None, Findings]:
    """A whole policy, which has to be given alone."""
    policy, name = layer.values["policy"], words.name("policy")
    others = [layer.labels[each].name for each in layer.values if each != "policy"]
    if layer.problems:
        return None, Findings(layer.problems)
    if others:
        message = f"is given together with {', '.join(others)}."
        hint = "Put the options into the policy: policy=CORSPolicy(...)."
        return None, refused("policy-and-options", name, None, message, hint)
    if not isinstance(policy, wanted):
        message = f"takes a CORSPolicy, not {shown(policy)}."
        return None, refused("wrong-type", name, policy, message, "Write policy=CORSPolicy(...).")
    return _unless_async(policy, words)


def _unless_async(policies: _Policies, words: FlaskWords) -> tuple[_Policies | None, Findings]:
    found = check_sync(policies, words)
    return (None if found.problems else policies), found


def _switched_off(layer: Layer, words: FlaskWords) -> Findings:
    return collected(
        refused(
            "always-on",
            words.name(name),
            layer.values[name],
            f"takes only True, not {shown(layer.values[name])}: False {effect}.",
            "Leave it out.",
        )
        for name, effect in _SWITCHES.items()
        if layer.values.get(name, True) is not True
    )


def read_alone(given: Layer, read: Callable[[Layer], tuple[_Read, Findings]]) -> Findings:
    """What is found about the given options, whatever the configuration will add."""
    is_open = _ORIGIN_OPTIONS.isdisjoint(given.values)
    # With origins from the configuration, so that nothing is refused for "*", which nobody wrote.
    _, found = read(given.over(_SOME_ORIGINS) if is_open else given)
    return found


_ORIGIN_OPTIONS = _NARROWER | {"allow_origins"}
_SOME_ORIGINS = Layer({"allow_origins": ("https://app.example.com",)}, {})
