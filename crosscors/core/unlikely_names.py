"""Names of headers and methods that are legal, but surely mean something else.

Most signs of patterns and regular expressions are legal in a token (RFC 9110, section 5.6.2): ``x-amz-*`` and
``GET|POST`` are valid names. But browsers send no such name, and names are compared as they are.
"""

from __future__ import annotations

import difflib
import re

from crosscors.core import standard
from crosscors.core.values import ANY, Findings, collected, warned
from crosscors.core.words import Words

_SIGNS = re.compile(r"[*|]|\A\^|\$\Z|\.\+")
_ANYTHING = re.compile(r"\^?(?:\.[*+]|\*+|\^)\$?")
_EVERY = frozenset({"ALL", "ANY"})
_ALIKE = 0.82  # PUST and PUT, DELTE and DELETE are more alike; SET and GET, BATCH and PATCH are less


def is_unlikely(name: str) -> bool:
    """Whether the name of a header or method is surely not meant as one."""
    return name != ANY and (_SIGNS.search(name) is not None or name.upper() in _EVERY)


def is_unlikely_method(method: str) -> bool:
    """Whether the name of a method is surely not meant, or misspelled."""
    return is_unlikely(method) or (method != ANY and _standard_method_like(method) is not None)


def name_findings(option: str, names: tuple[str, ...], words: Words, *, takes_any: bool = True) -> Findings:
    """A warning for each name that is surely not meant as one.

    Args:
        takes_any: whether ``"*"`` may be written instead.
    """
    return collected(_pattern(option, name, words, takes_any) for name in names if is_unlikely(name))


def method_findings(option: str, methods: tuple[str, ...], words: Words) -> Findings:
    """A warning for each method that is surely not meant, or misspelled."""
    others = (method for method in methods if method != ANY and not is_unlikely(method))
    return name_findings(option, methods, words) + collected(
        _misspelled(option, method, words) for method in others
    )


def _pattern(option: str, name: str, words: Words, takes_any: bool) -> Findings:
    option_name = words.name(option)
    every = words.setting(option, '"*"')
    if takes_any and (name.upper() in _EVERY or _ANYTHING.fullmatch(name)):
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
