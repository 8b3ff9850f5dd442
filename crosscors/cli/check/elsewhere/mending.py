"""A policy for what another library is configured to allow.

It starts without a warning, and it means the same, except for this. A remark names each exception.

1.  Values that browsers never send allow nothing. They are written as they were meant, if that is safe.
    Otherwise they are left out.
2.  ``"*"`` with credentials becomes ``"*"`` without.
3.  An expression that lets in more than was meant is written as it was meant. If nobody can tell, unrelated
    sites get no credentials.

Everything else that is not safe with credentials stays, and is named in ``dangerously_allow``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from crosscors.cli.check.elsewhere.theirs import Theirs
from crosscors.core.errors import Problem, shown
from crosscors.core.origins.dangers import is_safe_entry
from crosscors.core.origins.expressions import Surroundings
from crosscors.core.origins.options import read_entries
from crosscors.core.origins.regexes.in_strings import meant_by
from crosscors.core.origins.regexes.mending import Meant, compiled_or_none
from crosscors.core.origins.regexes.too_wide import is_for_everyone
from crosscors.core.origins.serialized import NULL
from crosscors.core.policy import CORSPolicy, make_policy, shortened
from crosscors.core.standard import is_token
from crosscors.core.values import ANY, as_list
from crosscors.core.words import KEYWORDS, Words

_DANGERS = {
    "insecure-origin-with-credentials": "insecure-origins",
    "null-with-credentials": "null-origin",
    "public-suffix-with-credentials": "public-suffix-subdomains",
    "unproven-regex": "unproven-regex",
}
_DANGEROUS = "What dangerously_allow accepts is not safe. It keeps what is allowed today."
_ABOUT_CREDENTIALS = ("wildcard-with-credentials", "too-many-sites")
_ABOUT_ORIGINS = ("allow_origins", "allow_origin_regex", "allow_credentials")
_LISTS = ("allow_origins", "allow_methods", "allow_headers", "expose_headers")
_LONGEST_AGE = 86400  # seconds; no browser keeps a preflight for longer


@dataclass(frozen=True)
class Mended:
    """A policy for what was configured.

    Attributes:
        policy: the policy.
        remarks: what is written differently or left out, and why.
        expressions: those that ``allow_origin_regex`` joins.
    """

    policy: CORSPolicy
    remarks: tuple[str, ...]
    expressions: tuple[re.Pattern[str], ...] = ()


def mended(theirs: Theirs, words: Words) -> Mended:
    """A policy with the options, without what crosscors refuses or warns about.

    Args:
        words: what the author of the configuration calls the options, for remarks.
    """
    options, remarks = dict(theirs.options), [*theirs.remarks]
    options |= {name: as_list(options[name]) for name in _LISTS if name in options}
    given: object = options.get("allow_origin_regex")
    remarks += _about_null(options, words)
    while True:
        policy, found = make_policy(options, KEYWORDS)
        to_mend = [*found.problems, *(each for each in found.warnings if _is_mended(each, options))]
        if to_mend or policy is None:
            remarks += _mend(options, to_mend[0], words)
            continue
        shortest = _shortest(policy, words)
        is_same = options.get("allow_origin_regex") is given
        regexes = () if shortest.allow_origin_regex is None else (shortest.allow_origin_regex,)
        expressions = theirs.expressions if regexes and is_same else regexes
        return Mended(shortest, tuple(dict.fromkeys(remarks)), expressions)


def _about_null(options: dict[str, Any], words: Words) -> Iterator[str]:
    """Name the origin null, if the expression does. Here, expressions are never compared with it."""
    regex = _compiled(options)
    if regex is None or is_for_everyone(regex.pattern) or regex.fullmatch(NULL) is None:
        return
    if NULL in regex.pattern:
        options["allow_origins"] = [*options.get("allow_origins", ()), NULL]
    else:
        name = words.name("allow_origin_regex")
        yield f"{name}: {shown(regex.pattern)} does not let the origin null in here. Every site can send it."


def _compiled(options: Mapping[str, Any]) -> re.Pattern[str] | None:
    given: str | re.Pattern[str] | None = options.get("allow_origin_regex")
    return compiled_or_none(given) if isinstance(given, str) else given


def _is_mended(warning: Problem, options: dict[str, Any]) -> bool:
    """Whether the warning is about what changes nothing, or about an expression whose meaning is known."""
    if warning.code == "regex-too-wide":
        return _expression_meant(options) is not None
    return warning.code in ("forbidden-header", "long-max-age", "regex-for-everyone")


def _shortest(policy: CORSPolicy, words: Words) -> CORSPolicy:
    """The policy without redundant entries, so that it starts without a warning about them."""
    shortest, _ = make_policy(shortened(policy), words)
    return policy if shortest is None else shortest


def _mend(options: dict[str, Any], found: Problem, words: Words) -> Iterator[str]:
    """Change the options so that the problem or warning is gone. Yields the remark about it."""
    danger = _DANGERS.get(found.code)
    accepted = as_list(options.get("dangerously_allow", ()))
    name = words.name(found.option)
    if found.option == "max_age":
        options["max_age"] = _seconds(found.value)
        yield f"{name}: {shown(found.value)} is now {options['max_age']}."
    elif danger is not None and danger not in accepted:
        options["dangerously_allow"] = [*accepted, danger]
        yield _DANGEROUS
    elif found.code == "regex-for-everyone":
        del options["allow_origin_regex"]
        options["allow_origins"] = [*options.get("allow_origins", ()), ANY]
    elif found.option == "allow_origin_regex" and (meant := _expression_meant(options)) is not None:
        options["allow_origin_regex"] = meant.regex
        yield f"{name}: {shown(found.value)} is now {meant}."
    elif found.code in _ABOUT_CREDENTIALS and found.option in _ABOUT_ORIGINS:
        yield _without_credentials(options, found, words)
    else:
        yield _without(options, found, name)


def _seconds(value: object) -> int | None:
    """The time that was surely meant, up to the longest that browsers keep. Other values are no time."""
    with suppress(TypeError, ValueError, OverflowError):
        return min(max(int(cast("Any", value)), 0), _LONGEST_AGE)
    return None


def _expression_meant(options: dict[str, Any]) -> Meant | None:
    """The expression that was surely meant, if it is another one."""
    regex = _compiled(options)
    if regex is None:
        return None
    accepted = cast("tuple[str, ...]", tuple(as_list(options.get("dangerously_allow", ()))))
    meant = meant_by(regex, accepted if options.get("allow_credentials") is True else None)
    return None if meant is None or meant.regex.pattern == regex.pattern else meant


def _without_credentials(options: dict[str, Any], problem: Problem, words: Words) -> str:
    """Leave credentials to the listed origins."""
    is_regex = problem.option == "allow_origin_regex"
    given: object = options["allow_credentials"]
    entries = as_list(options.get("allow_origins", ()) if given is True else given)
    options["allow_credentials"] = [each for each in entries if each != ANY] or False
    who = "Origins that only the expression matches get" if is_regex else "Origins that are not listed get"
    example = words.setting("allow_credentials", '["https://app.example.com"]')
    return f"{who} no credentials. List those that need them: {example}."


def _without(options: dict[str, Any], found: Problem, name: str) -> str:
    """Replace the value with what was meant, or leave it out."""
    value: Any = options.get(found.option)
    if not isinstance(value, (list, tuple)) or found.value not in value:
        options.pop(found.option, None)
        return f"{name}: {shown(found.value)} is left out."
    meant = tuple(each for each in _entries_meant(options, found) if each != found.value)
    entries = ((meant if each == found.value else (each,)) for each in cast("Iterable[object]", value))
    options[found.option] = list(dict.fromkeys(chain.from_iterable(entries)))
    if meant:
        return f"{name}: {shown(found.value)} is now {', '.join(map(shown, meant))}."
    if found.value == ANY:
        return f"{name}: '*' is left out. With credentials, browsers take it for a name."
    return f"{name}: {shown(found.value)} is left out, because it has no effect."


def _entries_meant(options: dict[str, Any], found: Problem) -> tuple[str, ...]:
    """The entries that were surely meant by one that has no effect; none if they are not safe."""
    if not isinstance(found.value, str) or found.code in ("forbidden-header", "forbidden-method"):
        return ()
    if found.option not in _ABOUT_ORIGINS:
        names = tuple(each.strip() for each in found.value.split(","))
        return names if all(map(is_token, names)) and found.value != ANY else ()
    is_credentialed = found.option == "allow_credentials" or options.get("allow_credentials") is True
    meant, _ = read_entries([found.value], Surroundings("allow_origins", None, KEYWORDS))
    return meant if all(_is_safe(each, is_credentialed) for each in meant) else ()


def _is_safe(entry: str, is_credentialed: bool) -> bool:
    """Whether an entry may be added: not one for everyone, and none that is not safe with credentials."""
    return entry != ANY and is_safe_entry(entry, () if is_credentialed else None, KEYWORDS)
