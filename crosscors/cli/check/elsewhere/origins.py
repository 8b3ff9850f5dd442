"""Origins of libraries that compare expressions with the beginning of an origin only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crosscors._adapter.alternatives import any_of
from crosscors.core.errors import shown
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.origins.serialized import is_serialized_origin
from crosscors.core.values import Findings, collected, warned

REMARK = "Expressions must match the whole origin here, so nothing may follow what they match."


def open_ended(option: str, expressions: Iterable[re.Pattern[str]]) -> Findings:
    """A warning for each expression that may be followed by anything: ``https://app.example.com.evil.example``."""
    return collected(_open_ended(option, each) for each in expressions if is_open_ended(each))


def _open_ended(option: str, expression: re.Pattern[str]) -> Findings:
    # Most expressions without an end are an origin, with a backslash before each dot.
    example = re.sub(r"\\(.)", r"\1", expression.pattern).removeprefix("^") + ".evil.example"
    is_let_in = is_serialized_origin(example) and expression.match(example) is not None
    such_as = f" So it also lets in {example}." if is_let_in else " Anything may follow."
    message = f"is compared with the beginning of an origin only.{such_as}"
    hint = f"Write {shown(expression.pattern + '$')}."
    return warned("regex-open-ended", option, expression.pattern, message, hint)


def is_open_ended(expression: re.Pattern[str]) -> bool:
    """Whether something may follow what the expression matches."""
    return not expression.pattern.endswith(("$", r"\Z", r"\z"))


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
