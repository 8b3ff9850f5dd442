"""Names of headers and methods that are legal, but surely mean something else.

Most signs of patterns and regular expressions are legal in a token (RFC 9110, section 5.6.2): ``x-amz-*`` and
``GET|POST`` are valid names. But browsers send no such name, and names are compared as they are.
"""

from __future__ import annotations

import difflib
import re

from crosscors.core import standard
from crosscors.core.values import ANY, UNSET_VARIABLE, Findings, collected, means_unset, meant_bool, warned
from crosscors.core.words import LEAVE_OUT, Words

_SIGNS = re.compile(r"[*|]|\A\^|\$\Z|\.\+")
_ANYTHING = re.compile(r"\^?(?:\.[*+]|\*+|\^)\$?")
_EVERY = frozenset({"ALL", "ANY"})
_QUOTED = re.compile(r"(['`])[^'`]+\1")
_ALIKE = 0.82  # PUST and PUT, DELTE and DELETE are more alike; SET and GET, BATCH and PATCH are less


def is_unlikely(name: str) -> bool:
    """Whether the name of a header or method is surely not meant as one."""
    return name != ANY and (
        _SIGNS.search(name) is not None
        or name.upper() in _EVERY
        or means_unset(name)
        or _QUOTED.fullmatch(name) is not None
        or _word_for_bool(name) is not None
    )


def _word_for_bool(name: str) -> bool | None:
    """True or False, if the name is a word or number for that. A single letter may be a name."""
    return meant_bool(name) if len(name) > 1 or name.isdigit() else None


def is_unlikely_method(method: str) -> bool:
    """Whether the name of a method is surely not meant, or misspelled."""
    return is_unlikely(method) or (method != ANY and _standard_method_like(method) is not None)


def name_findings(option: str, names: tuple[str, ...], words: Words, *, takes_any: bool = True) -> Findings:
    """A warning for each name that is surely not meant as one.

    Args:
        takes_any: whether ``"*"`` may be written instead.
    """
    is_only = len(names) == 1
    return collected(
        _word(option, name, words, is_only=is_only) or _pattern(option, name, words, takes_any)
        for name in names
        if is_unlikely(name)
    )


def method_findings(option: str, methods: tuple[str, ...], words: Words) -> Findings:
    """A warning for each method that is surely not meant, or misspelled."""
    others = (method for method in methods if method != ANY and not is_unlikely(method))
    return name_findings(option, methods, words) + collected(
        _misspelled(option, method, words) for method in others
    )


def _word(option: str, name: str, words: Words, *, is_only: bool) -> Findings | None:
    """What an environment variable made of a name, or of no name. None if it is something else."""
    nothing = words.nothing(option) if is_only else LEAVE_OUT
    option_name = words.name(option)
    if means_unset(name):
        message = "means that nothing is set, but it is read as a name."
        return warned("unlikely-name", option_name, name, message, f"{nothing} {UNSET_VARIABLE}")
    if _word_for_bool(name) is False:
        return warned("unlikely-name", option_name, name, "does not mean that no name is allowed.", nothing)
    if _QUOTED.fullmatch(name) is None:
        return None
    message = "has quotes around it that are part of the name; Docker and some .env files keep them."
    inner = f'"{name[1:-1]}"'
    instead = words.setting(option, f"[{inner}]") if is_only else inner
    return warned("unlikely-name", option_name, name, message, f"Write {instead}.")


def _pattern(option: str, name: str, words: Words, takes_any: bool) -> Findings:
    option_name = words.name(option)
    every = words.setting(option, '"*"')
    if takes_any and (name.upper() in _EVERY or _word_for_bool(name) or _ANYTHING.fullmatch(name)):
        return warned(
            "unlikely-name", option_name, name, f"does not mean every name: {_COMPARED}", f"Write {every}."
        )
    names = name.split("|")
    is_list = len(names) > 1 and all(names) and not any(map(is_unlikely, names))
    listed = "Write " + ", ".join(f'"{each}"' for each in names) if is_list else "List each name"
    hint = f"{listed}, or write {every}." if takes_any else f"{listed}."
    return warned("unlikely-name", option_name, name, f"does not mean several names: {_COMPARED}", hint)


_COMPARED = "names are compared as they are, not as patterns or regular expressions."


def _misspelled(option: str, method: str, words: Words) -> Findings:
    meant = _standard_method_like(method)
    if meant is None:
        return Findings()
    message = f"is not a registered method, but looks like {meant}."
    return warned("unlikely-method", words.name(option), method, message, f'Write "{meant}".')


def _standard_method_like(method: str) -> str | None:
    """The method that is surely meant by one that is not registered; None if none is like it."""
    upper = method.upper()
    if upper in standard.REGISTERED_METHODS:
        return None
    swapped = (f"{upper[:at]}{upper[at + 1]}{upper[at]}{upper[at + 2 :]}" for at in range(len(upper) - 1))
    alike = difflib.get_close_matches(upper, standard.ALL_METHODS, n=1, cutoff=_ALIKE)
    return next((each for each in (*swapped, *alike) if each in standard.ALL_METHODS), None)
