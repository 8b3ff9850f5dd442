"""The names of the settings: what each one sets, its old name, and names that people mistake for it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from crosscors._adapter.own_names import OTHER_WORDS, check_resembling, is_derived
from crosscors.core.errors import Problem
from crosscors.core.values import Findings, as_list, collected, is_text_pattern, refused

PREFIX = "CORS_"

# The settings that describe a policy, and the option of CORSPolicy that each one sets.
OPTIONS = {
    "CORS_ALLOWED_ORIGINS": "allow_origins",
    "CORS_ALLOWED_ORIGIN_REGEXES": "allow_origin_regex",
    "CORS_ORIGIN_FUNC": "allow_origin_func",
    "CORS_ALLOW_METHODS": "allow_methods",
    "CORS_ALLOW_HEADERS": "allow_headers",
    "CORS_ALLOW_CREDENTIALS": "allow_credentials",
    "CORS_EXPOSE_HEADERS": "expose_headers",
    "CORS_PREFLIGHT_MAX_AGE": "max_age",
    "CORS_ALLOW_PRIVATE_NETWORK": "allow_private_network",
    "CORS_TIMING_ALLOW_ORIGIN": "timing_allow_origin",
    "CORS_DANGEROUSLY_ALLOW": "dangerously_allow",
}
ALL_ORIGINS = "CORS_ALLOW_ALL_ORIGINS"
URLS_REGEX = "CORS_URLS_REGEX"
POLICY = "CORS_POLICY"
RESOURCES = "CORS_RESOURCES"
DEBUG = "CORS_DEBUG"
ON_DECISION = "CORS_ON_DECISION"
PROTECT = "CORS_PROTECT"
FUNCTIONS = ("CORS_ORIGIN_FUNC", ON_DECISION)

# Keywords of other adapters. In a dict of a policy's options, they are out of place.
SETTING_OF_KEYWORD = {
    "debug": DEBUG,
    "on_decision": ON_DECISION,
    "protect": PROTECT,
    "resources": RESOURCES,
}

_KNOWN = (*OPTIONS, ALL_ORIGINS, URLS_REGEX, POLICY, RESOURCES, DEBUG, ON_DECISION, PROTECT)

_OLD_NAMES = {
    "CORS_ORIGIN_WHITELIST": "CORS_ALLOWED_ORIGINS",
    "CORS_ORIGIN_REGEX_WHITELIST": "CORS_ALLOWED_ORIGIN_REGEXES",
    "CORS_ORIGIN_ALLOW_ALL": ALL_ORIGINS,
}

# Names in other libraries, and other wrong ones, that are too different for difflib.
_NAMES_ELSEWHERE = {
    "CORS_ALLOW_ALL": ALL_ORIGINS,
    "CORS_ALLOW_ORIGIN": "CORS_ALLOWED_ORIGINS",
    "CORS_ALLOW_ORIGINS": "CORS_ALLOWED_ORIGINS",
    "CORS_ALLOW_ORIGIN_REGEX": "CORS_ALLOWED_ORIGIN_REGEXES",
    "CORS_ALLOW_ORIGIN_FUNC": "CORS_ORIGIN_FUNC",
    "CORS_ALLOWED_HEADERS": "CORS_ALLOW_HEADERS",
    "CORS_ALLOWED_METHODS": "CORS_ALLOW_METHODS",
    "CORS_CREDENTIALS": "CORS_ALLOW_CREDENTIALS",
    "CORS_EXPOSED_HEADERS": "CORS_EXPOSE_HEADERS",
    "CORS_HEADERS": "CORS_ALLOW_HEADERS",
    "CORS_MAX_AGE": "CORS_PREFLIGHT_MAX_AGE",
    "CORS_METHODS": "CORS_ALLOW_METHODS",
    "CORS_ORIGIN": "CORS_ALLOWED_ORIGINS",
    "CORS_ORIGINS": "CORS_ALLOWED_ORIGINS",
    "CORS_PROTECTION": PROTECT,
    "CORS_SUPPORTS_CREDENTIALS": "CORS_ALLOW_CREDENTIALS",
    "CORS_WHITELIST": "CORS_ALLOWED_ORIGINS",
}

# Settings that django-cors-headers removed long ago.
_REMOVED = {
    "CORS_MODEL": "Query the model in a receiver of crosscors.django.signals.check_request_enabled.",
    "CORS_REPLACE_HTTPS_REFERER": "In CSRF_TRUSTED_ORIGINS, list the origins that may also write.",
}


def names_as_written(given: Mapping[str, object]) -> dict[str, str]:
    """The current name of each setting that the project has, with the name that the project wrote."""
    written = {_OLD_NAMES[name]: name for name in given if name in _OLD_NAMES}
    return written | {name: name for name in given if name in _KNOWN}


def unread_names(given: Mapping[str, object]) -> Findings:
    """Warnings about old names that are not read, because the project also has the new ones."""
    return Findings(
        warnings=tuple(
            Problem(
                "old-name-ignored",
                old,
                given[old],
                f"is not read, because {name} is also set.",
                "Leave it out.",
            )
            for old, name in _OLD_NAMES.items()
            if old in given and name in given
        )
    )


def unknown_names(given: Mapping[str, object]) -> Findings:
    """What is wrong with names that resemble a setting. Other unknown names belong to the project."""
    written = names_as_written(given)
    return collected(
        _check_removed(name, given[name]) if name in _REMOVED else _check_unknown(name, given, written)
        for name in given
        if not _is_known(name)
    )


def _check_removed(name: str, value: object) -> Findings:
    if value is None or value is False:  # the default of django-cors-headers, spelled out
        return Findings()
    return refused("unknown-option", name, value, "there is no setting with this name.", _REMOVED[name])


def _check_unknown(name: str, given: Mapping[str, object], written: Mapping[str, str]) -> Findings:
    """A misspelled name is a problem. The project may use it for itself if the right one is there, or what
    the project made of it; or if the name has more words than a setting."""
    nearest = _nearest(name)
    if nearest is None:
        return Findings()
    enough = next((each for each in _enough(nearest, name) if _is_set(each, given, written)), None)
    if enough is not None:
        return check_resembling(name, given[name], (nearest,) if enough == nearest else (), written[enough])
    if nearest == "CORS_ALLOWED_ORIGINS" and _are_matched(given[name], given.get(written.get(_REGEXES, ""))):
        return check_resembling(name, given[name], (), written[_REGEXES])
    if is_derived(name, nearest):  # such as CORS_ALLOW_METHODS_DEV, which another environment uses
        message = "is not a setting of crosscors, and is not read."
        hint = f"If it is meant for this environment, write {nearest} = {name}."
        return Findings(warnings=(Problem("unknown-option", name, given[name], message, hint),))
    hint = f"Write {nearest} = ..."
    return refused("unknown-option", name, given[name], "there is no setting with this name.", hint)


def _are_matched(origins: object, expressions: object) -> bool:
    """Whether the expressions match every origin or host, as those do that a project made of its list."""
    listed = re.split(r"[\s,;]+", origins) if isinstance(origins, str) else as_list(origins)
    regexes = list(filter(None, map(_compiled, as_list(expressions))))
    return bool(listed) and all(any(_matches(regex, each) for regex in regexes) for each in listed)


def _matches(regex: re.Pattern[str], entry: object) -> bool:
    text = str(entry)
    return any(regex.fullmatch(each) for each in (text, f"https://{text}", f"http://{text}"))


def _compiled(value: object) -> re.Pattern[str] | None:
    try:
        return re.compile(value) if isinstance(value, str) else value if is_text_pattern(value) else None
    except re.error:
        return None


_REGEXES = "CORS_ALLOWED_ORIGIN_REGEXES"


def _enough(setting: str, name: str) -> tuple[str, ...]:
    """The settings of which one is enough for the policy not to lack this one, or not to need this name."""
    if setting == PROTECT:
        return (setting,)  # it is not part of a policy
    if setting not in _ABOUT_ORIGINS:
        return (setting, POLICY, RESOURCES)
    # A name with more words, such as CORS_ALLOWED_ORIGINS_DEV, is not misspelled. It may be for another
    # environment, where the origins are given in another way.
    others = _ABOUT_ORIGINS if is_derived(name, setting) else (ALL_ORIGINS, "CORS_ORIGIN_FUNC")
    return (setting, POLICY, RESOURCES, *others)


_ABOUT_ORIGINS = ("CORS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_FUNC", ALL_ORIGINS)


def _is_set(name: str, given: Mapping[str, object], written: Mapping[str, str]) -> bool:
    value = given.get(written.get(name, name))
    return name in written and value is not None and not (name == ALL_ORIGINS and value is False)


def _is_known(name: str) -> bool:
    return name in _KNOWN or name in _OLD_NAMES


def _nearest(name: str) -> str | None:
    nearest = _NAMES_ELSEWHERE.get(name)
    if nearest is None and name.removeprefix(PREFIX) not in OTHER_WORDS:
        # Without the prefix, which would make any two names similar.
        known = {each.removeprefix(PREFIX): each for each in _KNOWN}
        close = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=0.85)
        nearest = known[close[0]] if close else None
    return nearest
