"""What another library is configured to allow, as options of CORSPolicy, and how to make a policy of it.

The policy starts and means the same, with four exceptions, each with a remark:

1.  Entries that no browser sends allow nothing, so they are left out.
2.  ``"*"`` with credentials becomes ``"*"`` without. So does an expression that lets unrelated sites in.
3.  Expressions must match the whole origin. Flask-CORS and django-cors-headers compare the beginning.
4.  What only this library does, such as ``allow_private_network``, is left out if browsers ignore it.

Everything else that is not safe with credentials stays, and is named in ``dangerously_allow``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from crosscors.core.errors import Problem, shown
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.policy import DEFAULTS, CORSPolicy, make_policy, options_of, shortened
from crosscors.core.values import ANY, Findings, as_list
from crosscors.core.words import KEYWORDS, Everyone, Expressions, Words

_DANGERS = {
    "insecure-origin-with-credentials": "insecure-origins",
    "null-with-credentials": "null-origin",
    "public-suffix-with-credentials": "public-suffix-subdomains",
    "unproven-regex": "unproven-regex",
}
_DANGEROUS = "What dangerously_allow accepts is not safe. It keeps what is allowed today."
NOTHING = Findings()
_ABOUT_CREDENTIALS = ("wildcard-with-credentials", "too-many-sites")
_ABOUT_ORIGINS = ("allow_origins", "allow_origin_regex", "allow_credentials")


@dataclass(frozen=True)
class Theirs:
    """The configuration of one place.

    Attributes:
        where: what it covers: ``every path``, ``/api/*``, ``the view items``.
        options: the options of CORSPolicy that mean the same.
        found: what their library does that is not safe, or that allows nothing.
        remarks: what the equivalent does not do, and why.
        expressions: the expressions that ``allow_origin_regex`` joins, if the library takes several.
    """

    where: str
    options: Mapping[str, Any]
    found: Findings = NOTHING
    remarks: tuple[str, ...] = ()
    expressions: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True)
class Mended:
    """A policy for what was configured.

    Attributes:
        policy: the policy.
        remarks: what is left out, and why.
        expressions: those that ``allow_origin_regex`` joins.
    """

    policy: CORSPolicy
    remarks: tuple[str, ...]
    expressions: tuple[re.Pattern[str], ...] = ()


def mended(theirs: Theirs, words: Words) -> Mended:
    """A policy with the options, without what crosscors refuses.

    Args:
        words: what the author of the configuration calls the options, for remarks.
    """
    options, remarks = dict(theirs.options), [*theirs.remarks]
    while True:
        policy, found = make_policy(options, KEYWORDS)
        if policy is not None:
            shortest = _shortest(policy, words)
            kept = () if shortest.allow_origin_regex is None else theirs.expressions
            return Mended(shortest, tuple(dict.fromkeys(remarks)), kept)
        remarks += _mend(options, found.problems[0], words)


def _shortest(policy: CORSPolicy, words: Words) -> CORSPolicy:
    """The policy without redundant entries, so that it starts without a warning about them."""
    shortest, _ = make_policy(shortened(policy), words)
    return policy if shortest is None else shortest


def _mend(options: dict[str, Any], problem: Problem, words: Words) -> list[str]:
    """Change the options so that the problem is gone. Returns the remark about it, if one is needed."""
    danger = _DANGERS.get(problem.code)
    accepted = as_list(options.get("dangerously_allow", ()))
    if danger is not None and danger not in accepted:
        options["dangerously_allow"] = [*accepted, danger]
        return [_DANGEROUS]
    if problem.code in _ABOUT_CREDENTIALS and problem.option in _ABOUT_ORIGINS:
        return [_without_credentials(options, problem, words)]
    value: Any = options.get(problem.option)
    if isinstance(value, (list, tuple)) and problem.value in value:
        options[problem.option] = [each for each in cast("Iterable[object]", value) if each != problem.value]
    else:
        options.pop(problem.option, None)
    return [f"Left out of {words.name(problem.option)}: {shown(problem.value)}, which no browser sends."]


def _without_credentials(options: dict[str, Any], problem: Problem, words: Words) -> str:
    """Leave credentials to the listed origins."""
    is_regex = problem.option == "allow_origin_regex"
    given: object = options["allow_credentials"]
    entries = as_list(options.get("allow_origins", ()) if given is True else given)
    options["allow_credentials"] = [each for each in entries if each != ANY] or False
    who = "Origins that only the expression matches get" if is_regex else "Origins that are not listed get"
    example = words.setting("allow_credentials", '["https://app.example.com"]')
    return f"{who} no credentials. List those that need them: {example}."


def judged(theirs: Theirs, words: Words) -> Findings:
    """What is wrong with the configuration, in the words of its author."""
    found = make_policy(theirs.options, words)[1]
    return theirs.found + found


@dataclass(frozen=True)
class PlacedWords:
    """The options as keywords, with the place that they belong to: ``/api/*: allow_origins``."""

    place: str

    def name(self, option: str) -> str:
        return f"{self.place}: {KEYWORDS.name(option)}"

    def setting(self, option: str, value: str) -> str:
        return KEYWORDS.setting(option, value)

    def expressions(self, found: Expressions) -> str:
        return KEYWORDS.expressions(found)

    def everyone(self) -> Everyone:
        name = self.name("allow_origins")
        return Everyone(name, f"'*' in {name}")

    def nothing(self, option: str) -> str:
        return KEYWORDS.nothing(option)


# Code to paste.


def arguments(policy: CORSPolicy, defaults: Mapping[str, object] = DEFAULTS) -> list[tuple[str, str]]:
    """The options that differ from the defaults, each with its value as code."""
    return [
        (name, code(_as_text(value))) for name, value in options_of(policy).items() if value != defaults[name]
    ]


def _as_text(value: object) -> object:
    return with_flags_inline(cast("re.Pattern[str]", value)) if isinstance(value, re.Pattern) else value


def code(value: object) -> str:
    r"""A value as Python code.

    >>> code(["https://a.example", r"\d"]), code(re.compile("a", re.I)), code(("*",))
    ('["https://a.example", r"\\d"]', 're.compile(r"(?i)a")', '["*"]')
    """
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(code, cast('Iterable[object]', value)))}]"
    if isinstance(value, re.Pattern):
        return f"re.compile({_raw(with_flags_inline(cast('re.Pattern[str]', value)))})"
    if isinstance(value, str):
        return _raw(value) if "\\" in value else json.dumps(value) if value.isprintable() else repr(value)
    return repr(value)


def _raw(text: str) -> str:
    is_pasteable = '"' not in text and text.isprintable() and not text.endswith("\\")
    return f'r"{text}"' if is_pasteable else repr(text)


def call(name: str, first: str, arguments: Iterable[tuple[str, str]]) -> str:
    """A call, one argument a line.

    >>> print(call("CORS", "app", [("max_age", "60")]))
    CORS(
        app,
        max_age=60,
    )
    """
    given = list(arguments)
    if not given:
        return f"{name}({first})"
    lines = [f"    {first},"] if first else []
    lines += [f"    {option}={text}," for option, text in given]
    return "\n".join([f"{name}(", *lines, ")"])


def comments(remarks: Iterable[str]) -> str:
    """The remarks as comments, which stand before the code."""
    return "".join(f"# {remark}\n" for remark in remarks)
