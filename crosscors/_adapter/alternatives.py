"""Several regular expressions as one, for settings that take a list of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from crosscors.core.origins.regexes.joining import grouped, refers_by_number
from crosscors.core.policy import make_policy
from crosscors.core.values import ANY, Findings, collected, is_several
from crosscors.core.words import Words


def any_of(expressions: Iterable[str | re.Pattern[str]]) -> re.Pattern[str]:
    """One expression that matches what any of the given ones matches. Each keeps its flags.

    Raises:
        re.error: if one of them is not valid; if two have a group with the same name; if one of several
            refers to a group by number, because the numbers change.

    >>> any_of([r"https://a\\.example", re.compile(r"https://B\\.example", re.IGNORECASE)]).pattern
    '(?:https://a\\\\.example)|(?i:https://B\\\\.example)'
    """
    compiled = [re.compile(expression) for expression in expressions]
    if len(compiled) == 1:
        return compiled[0]
    for each in compiled:
        if refers_by_number(each):
            raise re.error("it refers to a group by number", each.pattern)
    return re.compile("|".join(map(grouped, compiled)))


def each_alone(
    expressions: Iterable[str | re.Pattern[str]], options: Mapping[str, object], words: Words
) -> Findings:
    """What is found about each expression alone, so that messages name the one that is wrong.

    Args:
        options: those of the policy, by the core's names.
    """
    together = {each: options[each] for each in ("allow_credentials", "dangerously_allow") if each in options}
    if allows_everyone(options.get("allow_origins", ())):
        together["allow_origins"] = ANY
    name = words.name("allow_origin_regex")
    found = collected(make_policy({"allow_origin_regex": each, **together}, words)[1] for each in expressions)
    return Findings(
        tuple(problem for problem in found.problems if problem.option == name),
        tuple(warning for warning in found.warnings if warning.option == name),
    )


def allows_everyone(origins: object) -> bool:
    """Whether ``"*"`` is given, alone or in a list."""
    return origins == ANY if isinstance(origins, str) else is_several(origins) and ANY in origins


def besides(of_each: Findings, found: Findings) -> Findings:
    """What is found about the whole policy, without the kinds of warnings that each expression has alone."""
    told = {(warning.code, warning.option) for warning in of_each.warnings}
    others = (warning for warning in found.warnings if (warning.code, warning.option) not in told)
    return replace(found, warnings=tuple(others))
