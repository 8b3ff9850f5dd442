"""Origins that other libraries compare in another way: patterns as text, expressions as a beginning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from crosscors._adapter.alternatives import any_of
from crosscors.cli.check.elsewhere.theirs import code
from crosscors.core.origins.dangers import is_safe_entry
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.alternatives import alternatives
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.origins.serialized import is_serialized_origin, split
from crosscors.core.values import ANY, Findings, collected, warned
from crosscors.core.words import KEYWORDS

TYPES_REMARK = "Pages may always send Content-Type here, also application/json."
REMARK = "Expressions must match the whole origin here, so nothing may follow what they match."


class Patterns(NamedTuple):
    """What becomes of patterns such as ``https://*.example.com`` in a library that has none.

    Attributes:
        origins: all origins, without the patterns that are not safe here.
        found: a warning for each pattern.
        remarks: what each one means here.
    """

    origins: list[object]
    found: Findings
    remarks: tuple[str, ...]


def patterns_in(
    origins: Iterable[object], option: str, message: Callable[[str], str], *, is_credentialed: bool
) -> Patterns:
    """The patterns among the origins.

    Args:
        option: what the author of the configuration calls the origins.
        message: what the library does with a pattern.
        is_credentialed: whether all origins get credentials.
    """
    every = list(origins)
    patterns = [each for each in every if isinstance(each, str) and "*" in each and is_entry(each)]
    accepted = () if is_credentialed else None
    unsafe = [each for each in patterns if not is_safe_entry(each, accepted, KEYWORDS)]
    found = (
        warned("pattern-elsewhere", option, each, message(each), f"In crosscors, it means {_meaning(each)}.")
        for each in patterns
    )
    remarks = (
        f"{each} is left out. It is not safe." if each in unsafe else f"{each} means {_meaning(each)} here."
        for each in patterns
    )
    return Patterns([each for each in every if each not in unsafe], collected(found), tuple(remarks))


def _meaning(pattern: str) -> str:
    _, host, port = split(pattern)
    hosts = f"every sub-domain of {host.removeprefix('*.')}" if host.startswith("*.") else host
    return f"{hosts} with every port" if port == ":*" else hosts


def allows_types(headers: Iterable[str]) -> bool:
    """Whether Content-Type is among the names of request headers."""
    return not {"content-type", ANY}.isdisjoint(each.lower() for each in headers)


def open_ended(option: str, expressions: Iterable[re.Pattern[str]]) -> Findings:
    """A warning for each expression that may be followed by anything: ``https://app.example.com.evil.example``."""
    return collected(_open_ended(option, each) for each in expressions if is_open_ended(each))


def _open_ended(option: str, expression: re.Pattern[str]) -> Findings:
    # Most expressions without an end are an origin, with a backslash before each dot.
    example = re.sub(r"\\(.)", r"\1", expression.pattern).removeprefix("^") + ".evil.example"
    is_let_in = is_serialized_origin(example) and expression.match(example) is not None
    such_as = f" So it also lets in {example}." if is_let_in else " Anything may follow."
    message = f"is compared with the beginning of an origin only.{such_as}"
    hint = f"Write {code(_with_end(expression.pattern))}."
    return warned("regex-open-ended", option, expression.pattern, message, hint)


def _with_end(pattern: str) -> str:
    has_several = any(each.is_whole for each in alternatives(pattern))
    return f"(?:{pattern})$" if has_several else f"{pattern}$"


def is_open_ended(expression: re.Pattern[str]) -> bool:
    """Whether something may follow what the expression matches, and the expression does not say so itself."""
    each = alternatives(expression.pattern)
    alone = [one.text if one.is_whole else one.alone for one in each] or [expression.pattern]
    return any(_END.search(one.rstrip(")")) is None for one in alone)


_END = re.compile(r"(?:(?<!\\)\$|\\[Zz]|(?<!\\)\.[*+])\Z")  # "$", or anything at all


def as_options(origins: Iterable[Any], expressions: Iterable[re.Pattern[str]]) -> dict[str, Any]:
    """Origins and expressions as options of CORSPolicy."""
    options: dict[str, Any] = {"allow_origins": list(origins)}
    regexes = list(expressions)
    if regexes:
        options["allow_origin_regex"] = with_flags_inline(any_of(regexes))
    return options


def plainest(expression: re.Pattern[str]) -> re.Pattern[str]:
    """The expression without a flag that changes nothing: browsers send origins in lower case."""
    text = expression.pattern
    is_in_lower_case = text == text.lower()
    is_only_flag = expression.flags == re.compile(text).flags | re.IGNORECASE
    return re.compile(text) if is_in_lower_case and is_only_flag else expression


def meant_as_pattern(expression: re.Pattern[str]) -> bool:
    """Whether the expression is a pattern of this library, such as ``https://*.example.com``."""
    return is_entry(expression.pattern)
