"""The options of the Flask extension, as they are given: by keywords, in the configuration, in a dict.

An option has the name that Flask-CORS gives it, or that of the core. Each place makes a ``Layer``, and layers
are merged. What the options mean is read in policies.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from crosscors._adapter.keywords import Protect
from crosscors._adapter.own_names import OTHER_WORDS
from crosscors.core.errors import Problem, shown
from crosscors.core.live import LivePolicy
from crosscors.core.origins.patterns import OriginSet, is_entry
from crosscors.core.plain import plain
from crosscors.core.policy import OPTION_NAMES, CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.values import ANY, Findings, as_list, collected, is_several, is_text_pattern, refused
from crosscors.flask.words import CLOSED, CORE_NAMES, FLASK_NAMES, IN_CONFIG, IN_DICT, Label

Origins = str | re.Pattern[str] | Iterable[str | re.Pattern[str]]


class ViewOptions(PolicyOptions, total=False):
    """The keywords of ``cross_origin``: the options of CORSPolicy, and Flask-CORS's names for them."""

    policy: CORSPolicy | LivePolicy[CORSPolicy]
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

    policy: CORSPolicy | Resources | LivePolicy[Any]  # type: ignore[misc]  # an application has paths
    resources: Any
    protect: Protect


# Flask-CORS's switches. They are always on here. The text says what False would do. Only for send_wildcard,
# False is Flask-CORS's default.
SWITCHES: Mapping[str, str] = {
    "send_wildcard": 'send the origin of the caller instead of "*", so caches could not share the response',
    "vary_header": "let caches serve the response for one origin to another",
    "always_send": "let caches store a response that pages cannot read, and serve it to everyone",
    "automatic_options": "leave preflights to the views, which do not answer them",
    "intercept_exceptions": "make browsers report a CORS error instead of the error of the application",
}

# Names in other libraries, and in early releases of Flask-CORS, for which difflib finds nothing.
_NAMES_ELSEWHERE = {
    "allow_all_origins": "origins",
    "allowed_headers": "allow_headers",
    "headers": "allow_headers",
    "origin_allow_all": "origins",
    "origin_whitelist": "origins",
}

_NAMES = ("policy", "resources", "protect", *CORE_NAMES, *OPTION_NAMES, *SWITCHES)
CONFIG_PREFIX = "CORS_"
#: The example of old tutorials. Flask-CORS ignores it, too.
IGNORED = "CORS_HEADERS"


class Stray(NamedTuple):
    """A name in the configuration that is not an option, but resembles one.

    Attributes:
        name: such as ``CORS_ALLOWED_ORIGINS``.
        value: its value.
        meant: the option that it resembles.
        is_near: whether it is so similar that it may be misspelled.
    """

    name: str
    value: object
    meant: str
    is_near: bool


@dataclass(frozen=True, eq=False)
class Layer:
    """The options that one place gives.

    Attributes:
        values: their values, by the core's names.
        labels: how the place spells them, by the core's names.
        problems: what is wrong with their names.
        strays: names in the configuration that strays.py judges, when all layers are known.
        is_closed: whether no origin is allowed if none is given. Flask-CORS allows every origin then.
    """

    values: Mapping[str, object]
    labels: Mapping[str, Label]
    problems: tuple[Problem, ...] = ()
    strays: tuple[Stray, ...] = ()
    is_closed: bool = False

    def over(self, lower: Layer) -> Layer:
        """Merge two layers. Options of this one win. ``policy=`` here drops all others except ``protect``."""
        if "policy" in self.values:
            lower = lower.only("protect")
        problems = self.problems + lower.problems
        values = {**lower.values, **self.values}
        inherits_credentials = "allow_credentials" in values and "allow_credentials" not in self.values
        if inherits_credentials and "allow_origins" in self.values:
            # A list of origins with credentials also allows them. Here, only the own origins are allowed.
            values["allow_credentials"] = _among(values["allow_origins"], values["allow_credentials"])
        labels, strays = {**lower.labels, **self.labels}, self.strays + lower.strays
        return Layer(values, labels, problems, strays, self.is_closed or lower.is_closed)

    def only(self, name: str) -> Layer:
        return self._with(lambda each: each == name)

    def without(self, *names: str) -> Layer:
        return self._with(lambda each: each not in names)

    def _with(self, is_kept: Callable[[str], bool]) -> Layer:
        values = {name: value for name, value in self.values.items() if is_kept(name)}
        return replace(self, values=values, strays=tuple(each for each in self.strays if is_kept(each.meant)))


def _among(origins: object, credentials: object) -> object:
    """The origins with credentials that these origins allow, too, and what is not valid, to be refused."""
    allowed = as_list(origins)
    if ANY in allowed or not is_several(credentials):
        return credentials
    is_left_out = _not_allowed_by(allowed)
    if isinstance(credentials, str):
        return False if is_left_out(credentials) else credentials
    return [each for each in credentials if not is_left_out(each)] or False


def _not_allowed_by(allowed: list[object]) -> Callable[[object], bool]:
    """Whether an entry is valid, but not among the allowed ones."""
    entries = OriginSet.of(each for each in allowed if isinstance(each, str) and is_entry(each))
    expressions = list(filter(is_text_pattern, allowed))

    def is_left_out(entry: object) -> bool:
        if not isinstance(entry, str) or not is_entry(entry) or entry in allowed:
            return False
        return entries.match(entry) is None and not any(each.fullmatch(entry) for each in expressions)

    return is_left_out


def read_keywords(keywords: Mapping[str, object]) -> Layer:
    """The options that are given as keywords. ``protect=None`` means not given, as in the configuration."""
    given = (each for each in keywords.items() if each[0] != "protect" or each[1] is not None)
    return _layer((name, Label(name), value) for name, value in given)


def read_config(config: Mapping[Any, Any]) -> Layer:
    """The options in the configuration of an application, such as ``CORS_ORIGINS``. None means not given."""
    given = dict(settings_in(config))
    known = _layer(
        (option_of(name), Label(name, IN_CONFIG), given[name]) for name in given if option_of(name) in _NAMES
    )
    others = (_stray(name, option_of(name), given[name]) for name in given if option_of(name) not in _NAMES)
    return replace(known, strays=(*filter(None, others), *_unset_in(config)))


def _unset_in(config: Mapping[Any, Any]) -> Iterator[Stray]:
    """The options that are None in the configuration, where the default allows everything."""
    for name, value in config.items():
        if value is None and isinstance(name, str) and name.startswith(CONFIG_PREFIX):
            option = option_of(name)
            if CORE_NAMES.get(option, option) in CLOSED:
                yield Stray(name, None, option, is_near=False)


def settings_in(config: Mapping[Any, Any]) -> Iterator[tuple[str, object]]:
    """The names in a configuration that are options or resemble one, with their values."""
    for name, value in config.items():
        if isinstance(name, str) and name.startswith(CONFIG_PREFIX) and value is not None:
            option = option_of(name)
            if option in _NAMES or _stray(name, option, value) is not None:
                yield name, value


def option_of(name: str) -> str:
    """The option that a name in the configuration is for.

    >>> option_of("CORS_ORIGINS")
    'origins'
    """
    return name.removeprefix(CONFIG_PREFIX).lower()


def _stray(name: str, option: str, value: object) -> Stray | None:
    """None if the name resembles no option, and so belongs to the application."""
    nearest = None if option.upper() in OTHER_WORDS else _nearest(option)
    if nearest is not None:
        return Stray(name, value, nearest, is_near=True)
    # No list of origins is overlooked, because the default allows every origin.
    return Stray(name, value, "origins", is_near=False) if "origin" in option else None


def read_dict(options: Mapping[str, object], place: str) -> Layer:
    """The options in a dict, such as those of one resource."""
    return _layer(((name, Label(name, IN_DICT), value) for name, value in options.items()), place)


def _layer(options: Iterable[tuple[str, Label, object]], place: str = "") -> Layer:
    values: dict[str, object] = {}
    labels: dict[str, Label] = {}
    found: list[Findings] = []
    for name, label, value in options:
        core_name = CORE_NAMES.get(name, name)
        at = f"{place} {label.name}".lstrip()
        if name not in _NAMES:
            message = f"there is no option {shown(label.name)}."
            found.append(refused("unknown-option", at, value, message, _write_instead(name)))
        elif core_name in values:
            message = f"is given together with {labels[core_name].name}, which is the same option."
            found.append(refused("given-twice", at, value, message, "Keep one of the two."))
        else:
            values[core_name] = _as_given(core_name, value)
            labels[core_name] = label
    return Layer(values, labels, collected(found).problems)


def _write_instead(name: str) -> str:
    nearest = _nearest(name)
    if nearest is None:
        return f"The options are {', '.join(_NAMES)}."
    return f"Write {FLASK_NAMES.get(nearest, nearest)}=..."


def _nearest(name: str) -> str | None:
    if name in _NAMES_ELSEWHERE:
        return _NAMES_ELSEWHERE[name]
    return next(iter(difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.8)), None)


def _as_given(name: str, value: object) -> object:
    if name in ("policy", "allow_origin_func"):
        return value
    return _reusable(value) if name == "resources" else plain(value)


def _reusable(value: object) -> object:
    """The value, in a form that can be read more than once."""
    if isinstance(value, Iterator):
        return tuple(cast("Iterator[object]", value))
    if isinstance(value, Mapping):
        return {key: _reusable(each) for key, each in cast("Mapping[object, object]", value).items()}
    return value
