"""The options of the Flask extension: the core's and Flask-CORS's names, keywords and configuration."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.options import OPTION_NAMES, is_text_pattern
from crosscors.core.origins import ANY
from crosscors.core.policy import CORSPolicy, PolicyOptions, make_policy
from crosscors.core.resources import Resources
from crosscors.flask.expressions import REGEX_SIGNS, header_problems, is_several, read_origins
from crosscors._adapter.keywords import read_policy as read_given

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


# Flask-CORS's names; those of its other options are the core's.
_CORE_NAMES = {
    "origins": "allow_origins",
    "methods": "allow_methods",
    "supports_credentials": "allow_credentials",
}
_FLASK_NAMES = {core_name: name for name, core_name in _CORE_NAMES.items()}

# Flask-CORS's defaults, where they are not the core's.
_DEFAULTS: Mapping[str, object] = {
    "allow_origins": ANY,
    "allow_methods": ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"),
    "allow_headers": ANY,
    "max_age": None,
}

# Flask-CORS's switches, which are always on here: what the other position would do.
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

_NAMES = ("policy", "resources", *_CORE_NAMES, *OPTION_NAMES, *_SWITCHES)
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
    labels: Mapping[str, str]
    problems: tuple[Problem, ...] = ()

    def over(self, lower: Layer) -> Layer:
        """Both, this one's options before those of the lower one; a whole policy leaves none of them."""
        problems = self.problems + lower.problems
        if "policy" in self.values:
            return replace(self, problems=problems)
        values = {**lower.values, **self.values}
        if "allow_origins" in self.values and "allow_credentials" in lower.values:
            # A list of origins with credentials allows them, which who lists others here does not mean.
            inherited = _among(self.values["allow_origins"], lower.values["allow_credentials"])
            values["allow_credentials"] = self.values.get("allow_credentials", inherited)
        return Layer(values, {**lower.labels, **self.labels}, problems)

    def without(self, name: str) -> Layer:
        return replace(self, values={key: value for key, value in self.values.items() if key != name})


def _among(origins: object, credentials: object) -> object:
    """Those of the origins with credentials that are among the origins, or all if everyone is."""
    listed = list(origins) if is_several(origins) else [origins]
    if isinstance(credentials, bool) or ANY in listed:
        return credentials
    given = list(credentials) if is_several(credentials) else [credentials]
    return [origin for origin in given if origin in listed] or False


def read_keywords(keywords: Mapping[str, object]) -> Layer:
    """The options that are given as keywords, or as the dict of a resource."""
    return _layer((name, name, value) for name, value in keywords.items())


def read_config(config: Mapping[str, Any]) -> Layer:
    """The options in the configuration of an application, such as ``CORS_ORIGINS``; None means not given."""
    given = (
        (label.removeprefix(_CONFIG_PREFIX).lower(), label, value)
        for label, value in config.items()
        if label.startswith(_CONFIG_PREFIX) and value is not None
    )
    # Names that are like no option's may be the application's own; but no list of origins is overlooked,
    # for without one everyone is allowed.
    return _layer(option for option in given if _nearest(option[0]) or "origin" in option[0])


def _layer(options: Iterable[tuple[str, str, object]]) -> Layer:
    values: dict[str, object] = {}
    labels: dict[str, str] = {}
    problems: list[Problem] = []
    for name, label, value in options:
        core_name = _CORE_NAMES.get(name, name)
        if name not in _NAMES:
            message = f"there is no option {shown(label)}."
            problems.append(Problem("unknown-option", label, value, message, _write_instead(name, label)))
        elif core_name in values:
            message = f"is given together with {labels[core_name]}, which is the same."
            problems.append(Problem("given-twice", label, value, message, "Keep one of the two."))
        else:
            values[core_name] = _kept(value)
            labels[core_name] = label
    return Layer(values, labels, tuple(problems))


def _write_instead(name: str, label: str) -> str:
    if label == "CORS_HEADERS":
        return "Leave it out: Flask-CORS ignores it and allows all headers. To list some: CORS_ALLOW_HEADERS."
    nearest = _nearest(name)
    if nearest is None:
        return f"The options are {', '.join(_NAMES)}."
    return f"Write {nearest}=..." if label == name else f"Write {_CONFIG_PREFIX}{nearest.upper()}."


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


def read_app(layer: Layer, *, is_quiet: bool = False) -> CORSPolicy | Resources:
    """The policies of an application or blueprint, one for each of its ``resources``; as ``read_policy``.

    Raises:
        PolicyError: listing every problem, under the names that the options have where they are given.
    """
    policy = layer.values.get("policy")
    if isinstance(policy, Resources):
        _refuse_others(layer)
        _refuse_async(policy)
        return policy
    resources = layer.values.get("resources")
    if resources is None:
        return read_policy(layer.without("resources"), is_quiet=is_quiet)
    common = replace(layer.without("resources"), problems=())
    policies: dict[object, CORSPolicy | None] = {}
    problems = list(layer.problems)
    for key, own in _resources(resources):
        path = _path(key)
        if not (isinstance(path, str) or is_text_pattern(path)):
            hint = 'Write a path such as "/api/*".'
            problems.append(Problem("wrong-type", "resources", key, f"{shown(key)} is no path.", hint))
            continue
        if path in policies:
            message = f"{shown(key)} means the same as another key."
            problems.append(Problem("given-twice", "resources", key, message, "Keep one of the two."))
        try:
            policies[path] = _resource_policy(own, common, is_quiet=is_quiet)
        except PolicyError as error:
            of_this = f"resources[{shown(key)}]"
            problems += (replace(problem, option=f"{of_this} {problem.option}") for problem in error.problems)
            policies[path] = None
    try:
        read = Resources(policies)
    except PolicyError as error:
        problems += error.problems
    else:
        if not problems:
            return read
    raise PolicyError(tuple(problems))


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
    if isinstance(key, str) and key.endswith("/.*") and not REGEX_SIGNS.search(key.removesuffix(".*")):
        return key.removesuffix(".*") + "*"
    return key


def _resource_policy(own: object, common: Layer, *, is_quiet: bool) -> CORSPolicy | None:
    if own is None or isinstance(own, CORSPolicy):
        return own
    if isinstance(own, Mapping):
        layer = read_keywords(cast("Mapping[str, object]", own)).over(common)
        return read_policy(layer, is_quiet=is_quiet)
    message = f"takes a dict of options, a CORSPolicy or None, not {shown(own)}."
    raise PolicyError((Problem("wrong-type", "options", own, message, 'Write {"origins": [...]}.'),))


def read_policy(layer: Layer, *, is_quiet: bool = False) -> CORSPolicy:
    """The policy that the options describe, with Flask-CORS's defaults for all others.

    Args:
        layer: the options.
        is_quiet: whether to warn of nothing, because the options have been read before.

    Raises:
        PolicyError: listing every problem, under the names that the options have where they are given.
    """
    if "policy" in layer.values:
        return _given_policy(layer)
    problems = list(_switch_problems(layer))
    options = {name: value for name, value in layer.values.items() if name not in _SWITCHES}
    for name, default in _DEFAULTS.items():
        options.setdefault(name, default)
    if "allow_origins" not in layer.values and not _NARROWER.isdisjoint(options):
        options["allow_origins"] = ()  # who says which origins does not mean everyone
    problems += read_origins(options)
    problems += header_problems(options["allow_headers"])
    if isinstance(options["max_age"], str) and _DIGITS.fullmatch(options["max_age"]):
        options["max_age"] = int(options["max_age"])
    if options.get("expose_headers", ()) is None:
        options["expose_headers"] = ()
    try:
        policy = make_policy(options)[0] if is_quiet else CORSPolicy(**cast("dict[str, Any]", options))
        _refuse_async(policy)
        if not problems and not layer.problems:
            return policy
    except PolicyError as error:
        problems += error.problems
    raise PolicyError((*layer.problems, *(_relabelled(problem, layer.labels) for problem in problems)))


_DIGITS = re.compile("[0-9]+")
_NARROWER = frozenset({"allow_origin_regex", "allow_origin_func"})


def _given_policy(layer: Layer) -> CORSPolicy:
    _refuse_others(layer)
    policy = layer.values["policy"]
    if not isinstance(policy, CORSPolicy):
        message = f"takes a CORSPolicy, not {shown(policy)}."
        raise PolicyError(
            (Problem("wrong-type", layer.labels["policy"], policy, message, "Write policy=CORSPolicy(...)."),)
        )
    _refuse_async(policy)
    return policy


def _refuse_others(layer: Layer) -> None:
    if layer.problems:
        raise PolicyError(layer.problems)
    others = [name for name in layer.values if name != "policy"]
    if others:
        message = f"is given together with {', '.join(layer.labels[name] for name in others)}."
        hint = "Put the options into the policy: policy=CORSPolicy(...)."
        raise PolicyError((Problem("policy-and-options", "policy", None, message, hint),))


def _refuse_async(policy: CORSPolicy | Resources) -> None:
    read_given(policy, {}, debug=False, can_await=False)


def _switch_problems(layer: Layer) -> Iterator[Problem]:
    for name, effect in _SWITCHES.items():
        value = layer.values.get(name, True)
        if value is not True:
            message = f"takes only True, not {shown(value)}: False {effect}."
            yield Problem("always-on", name, value, message, "Leave it out.")


def _relabelled(problem: Problem, labels: Mapping[str, str]) -> Problem:
    """The problem with the names under which its user knows the options."""

    def label(core_name: str) -> str:
        if core_name == "allow_origin_regex" and core_name not in labels:
            core_name = "allow_origins"  # where Flask-CORS's users write expressions
        return labels.get(core_name) or _FLASK_NAMES.get(core_name, core_name)

    message, hint = problem.message, _ASSIGNED.sub(lambda found: f"{label(found[1])}=", problem.hint)
    if problem.value == ANY and problem.option == "allow_origins" and "allow_origins" not in labels:
        message = f'they are "*" unless given, and {message}'
    return replace(problem, option=label(problem.option), message=message, hint=hint)


_ASSIGNED = re.compile(rf"\b({'|'.join(OPTION_NAMES)})=")


def check(given: Layer, read: Callable[[Layer], object]) -> None:
    """Refuse at once what is wrong with the given options, whatever the configuration will add.

    Raises:
        PolicyError: listing every problem of these options.
    """
    is_open = _ORIGIN_OPTIONS.isdisjoint(given.values)
    # With origins from the configuration, so that nothing is refused for "*", which nobody wrote.
    read(given.over(Layer({"allow_origins": ("https://app.example.com",)}, {})) if is_open else given)


_ORIGIN_OPTIONS = _NARROWER | {"allow_origins"}
