"""Reading the options about origins: ``allow_origins``, ``allow_origin_regex``, ``allow_credentials``.

They are read together, because what is safe without credentials may not be safe with them.
(``allow_origin_func`` is read in function.py, ``dangerously_allow`` in dangers.py.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

from crosscors.core.errors import Problem, shown
from crosscors.core.origins import dangers, environment, faults, function, unlikely
from crosscors.core.origins.expressions import Surroundings
from crosscors.core.origins.function import OriginFunc
from crosscors.core.origins.patterns import OriginSet, is_entry
from crosscors.core.origins.public_suffixes import SuffixListError
from crosscors.core.origins.regexes import from_environment, too_wide
from crosscors.core.origins.regexes.automaton import matches, quick_length
from crosscors.core.origins.regexes.dangers import regex_findings
from crosscors.core.origins.regexes.in_strings import meant_by
from crosscors.core.origins.regexes.joining import joined
from crosscors.core.origins.regexes.mending import Meant
from crosscors.core.origins.regexes.sites import sites_of
from crosscors.core.origins.serialized import NULL, is_serialized_origin
from crosscors.core.values import (
    ANY,
    Findings,
    as_list,
    collected,
    covered_by_any,
    is_several,
    is_text_pattern,
    means_unset,
    meant_bool,
    not_a_bool,
    read_strings,
    refused,
    warned,
    without_repeats,
)
from crosscors.core.words import Words

_EXAMPLE = '["https://app.example.com"]'


@dataclass(frozen=True)
class OriginOptions:
    """The options about origins, in their final form. CORSPolicy documents them."""

    allow_origins: tuple[str, ...]
    allow_origin_regex: re.Pattern[str] | None
    allow_origin_func: OriginFunc | None
    allow_credentials: bool | tuple[str, ...]
    dangerously_allow: tuple[str, ...]

    @property
    def allows_everyone(self) -> bool:
        """Whether every origin is allowed, some of them perhaps with credentials."""
        return ANY in self.allow_origins

    @property
    def is_public(self) -> bool:
        """Whether every origin is allowed in the same way, without credentials."""
        return self.allows_everyone and self.allow_credentials is False


def read(
    allow_origins: object,
    allow_origin_regex: object,
    allow_origin_func: object,
    allow_credentials: object,
    dangerously_allow: object,
    words: Words,
) -> tuple[OriginOptions, Findings]:
    """The options in their final form."""
    accepted, of_dangers = dangers.read(dangerously_allow, words)
    accepted_for_all = accepted if allow_credentials is True else None
    alone = Surroundings("allow_origin_regex", accepted_for_all, words, ANY in as_list(allow_origins))
    regex, of_regex = _read_regex(allow_origin_regex, alone)
    is_only = len(as_list(allow_origins)) == 1 and allow_origin_regex is None and allow_origin_func is None
    among = replace(_surroundings(allow_origins, regex, accepted_for_all, words), is_only=is_only)
    listed, of_origins = read_entries(allow_origins, among)
    if among.joined is not None:  # judge what was meant, so that no hint takes away what another one adds
        regex = among.joined.regex
    func, of_func = function.read(allow_origin_func, words)
    among = Surroundings("allow_credentials", accepted, words)
    credentials, of_credentials = _read_credentials(allow_credentials, among, is_for_everyone=ANY in listed)
    options = OriginOptions(listed, regex, func, credentials, accepted)
    of_each = collected((of_origins, of_regex, of_func, of_credentials, of_dangers))
    together = (
        _judge_credentials(options, words),
        _judge_without_credentials(options, words),
        _judge_hosts(options, words),
        _judge_coverage(options, words),
    )
    return options, of_each + collected(together)


def _surroundings(
    entries: object, given: re.Pattern[str] | None, accepted: tuple[str, ...] | None, words: Words
) -> Surroundings:
    """What the entries of ``allow_origins`` stand among."""
    each = (_expressions_in(entry, accepted) for entry in as_list(entries))
    meant = tuple(dict.fromkeys(chain.from_iterable(each)))
    together = _together(meant, given, accepted, words) if meant else None
    return Surroundings("allow_origins", accepted, words, expressions=meant, joined=together)


def _expressions_in(entry: object, accepted: tuple[str, ...] | None) -> tuple[Meant, ...]:
    if is_text_pattern(entry):
        meant = meant_by(entry, accepted)
        return () if meant is None else (meant,)
    if not isinstance(entry, str) or _is_entry(entry):
        return ()
    return faults.expressions_in(entry, accepted)


def _together(
    meant: tuple[Meant, ...], given: re.Pattern[str] | None, accepted: tuple[str, ...] | None, words: Words
) -> Meant | None:
    """The given expression and those that were meant, as one; None if that would not start."""

    def starts(regex: re.Pattern[str]) -> bool:
        # The public suffix list can be read: without it, nothing is proved, and so nothing was meant.
        return not _judge_regex(regex, accepted, words).problems

    every = meant
    if given is not None:
        first = Meant(given) if starts(given) else meant_by(given, accepted)
        if first is None:
            return None
        every = (first, *meant)
    together = joined(every)
    return together if together is not None and starts(together.regex) else None


def read_entries(value: object, among: Surroundings) -> tuple[tuple[str, ...], Findings]:
    """The entries. A faulty one is replaced with what was meant, so that later checks see that, too."""
    option, words = among.option, among.words

    def instead_of(found: object) -> str | None:
        if option == "allow_origins" and is_text_pattern(found):
            instead = among.to_write(_expressions_in(found, among.accepted))
            return f"Write {instead or words.setting('allow_origin_regex', 're.compile(...)')}."
        return _instead_of_url(found)

    entries, found = read_strings(option, value, _EXAMPLE, words, instead_of=instead_of)
    wrong = [entry for entry in entries if not _is_entry(entry)]
    problems = chain.from_iterable(faults.problems_of(entry, among) for entry in wrong)
    meant = chain.from_iterable(map(_entries_meant, entries))
    read, repeats = without_repeats(option, meant if wrong else entries, words)
    return read, found + Findings(tuple(problems)) + repeats


def _entries_meant(entry: str) -> tuple[str, ...]:
    if _is_entry(entry):
        return (entry,)
    meant = faults.entries_meant(entry) or faults.origins_beside_expressions(entry)
    return () if meant == (NULL,) else meant  # nobody is told to write null


def _instead_of_url(value: object) -> str | None:
    """What to write instead of an object that prints as a URL, as those of pydantic, httpx and yarl do."""
    is_bytes = isinstance(value, (bytes, bytearray))
    if is_several(value):
        return _instead_of_inner_list(value)
    try:
        text = value.decode() if isinstance(value, (bytes, bytearray)) else str(value)
    except Exception:  # noqa: BLE001  # a str can raise anything, and must not hide the message
        return None
    meant = faults.mended(text) if "://" in text else None
    if meant is None or isinstance(value, Mapping):
        return None
    if is_bytes or text.rstrip("/") != meant:
        return f'Write "{meant}".'
    return f'Write str(url).rstrip("/") for each URL. Here, it gives "{meant}".'


def _instead_of_inner_list(value: Iterable[object]) -> str | None:
    """What to write instead of a list within the list, as ``[text.split(",")]`` gives it."""
    meant = [faults.mended(each) if isinstance(each, str) else None for each in value]
    entries = ", ".join(f'"{each}"' for each in meant)
    return f"Write [{entries}] without another list around it." if meant and all(meant) else None


def _is_entry(entry: str) -> bool:
    return entry == ANY or is_entry(entry)


def _read_regex(value: object, among: Surroundings) -> tuple[re.Pattern[str] | None, Findings]:
    option, words = among.option, among.words
    name = words.name(option)
    if value is None:
        return None, Findings()
    if is_text_pattern(value):
        return _unless_from_environment(value, value.pattern, among)
    if not isinstance(value, str):
        message = f"takes one regular expression, as a str or compiled from a str, not {shown(value)}."
        hint = f'Write {words.setting(option, _EXAMPLE_OF_REGEX)}; join alternatives with "|".'
        return None, refused("wrong-type", name, value, message, hint)
    try:
        return _unless_from_environment(re.compile(value), value, among)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as error:
        fault = from_environment.fault_of(value, among)
        if fault is not None:
            return _refused_from_environment("invalid-regex", value, fault, words)
        message = f"{shown(value)} is not a valid regular expression: {error}."
        return None, refused("invalid-regex", name, value, message, _instead_of_invalid(value, among))


_EXAMPLE_OF_REGEX = r'r"https://[a-z]+\.example\.com"'


def _instead_of_invalid(text: str, among: Surroundings) -> str:
    words = among.words
    entry = faults.mended(text) if text.startswith(ANY) else None  # a pattern such as *.example.com
    if entry == ANY and among.is_everyone_given:
        return from_environment.leave_it_out(words)
    if entry is None or not dangers.is_safe_entry(entry, among.accepted, words):
        return f"Write {words.setting(among.option, _EXAMPLE_OF_REGEX)}."
    return f"Write {words.setting('allow_origins', _quoted(entry))}."


def _quoted(entry: str) -> str:
    return f'"{ANY}"' if entry == ANY else f'["{entry}"]'


def _unless_from_environment(
    regex: re.Pattern[str], text: str, among: Surroundings
) -> tuple[re.Pattern[str] | None, Findings]:
    """The expression, unless it matches nothing because of what an environment variable made of it."""
    fault = from_environment.fault_of(text, among)
    if fault is None:
        return regex, Findings()
    with suppress(SuffixListError):  # without the list, nothing is known
        sites = sites_of(regex)
        if not sites.examples and sites.unproven is None:
            return _refused_from_environment("regex-matches-nothing", text, fault, among.words)
    return regex, Findings()


def _refused_from_environment(
    code: str, text: str, fault: from_environment.Fault, words: Words
) -> tuple[re.Pattern[str] | None, Findings]:
    """The expression that was meant, so that later checks see that, and the problem."""
    message = f"{shown(text)} {fault.message}"
    found = refused(code, words.name("allow_origin_regex"), text, message, fault.hint)
    return fault.meant and fault.meant.regex, found


def _read_credentials(
    value: object, among: Surroundings, *, is_for_everyone: bool
) -> tuple[bool | tuple[str, ...], Findings]:
    option, words = among.option, among.words
    if isinstance(value, bool):
        return value, Findings()
    meant = _meant_credentials(value)
    if meant is True and is_for_everyone:  # True would be refused, too
        hint = f"Write {words.setting(option, _EXAMPLE)}."
        message = f"takes True, False or a list of origins, not {shown(value)}."
        return False, refused("wrong-type", words.name(option), value, message, hint)
    if meant is not None:  # judge what was meant, so that later checks see that, too
        return meant, not_a_bool(option, value, meant, words)
    if not isinstance(value, str) and not is_several(value):
        message = f"takes True, False or a list of origins, not {shown(value)}."
        hint = f"Write {words.setting(option, 'True')}, or {words.setting(option, _EXAMPLE)}."
        return False, refused("wrong-type", words.name(option), value, message, hint)
    entries, found = read_entries(value, among)
    return entries or False, found


def _meant_credentials(value: object) -> bool | None:
    """True or False, if the value stands for that: alone, or as the only entry of a list."""
    if value is None:
        return False
    if isinstance(value, (list, tuple)):  # CORS_ALLOW_CREDENTIALS = env.list("CREDENTIALS")
        entries = cast("Sequence[object]", value)
        is_word = len(entries) == 1 and isinstance(entries[0], str)
        return _meant_credentials(entries[0]) if is_word else None
    if isinstance(value, str) and environment.means_everyone(value.strip()):
        return True
    if isinstance(value, str) and value != NULL and (not value.strip() or means_unset(value.strip())):
        return False
    return meant_bool(value)


def _judge_credentials(options: OriginOptions, words: Words) -> Findings:
    """What is not safe together with credentials."""
    if options.allow_credentials is False:
        return Findings()
    accepted = options.dangerously_allow
    if options.allow_credentials is True:
        option, entries = "allow_origins", options.allow_origins
    else:
        option, entries = "allow_credentials", options.allow_credentials
    problems: list[Problem] = []
    of_regex = Findings()
    try:
        for entry in entries:
            everyone = options.allows_everyone
            problems += dangers.entry_problems(option, entry, accepted, words, allows_everyone=everyone)
        if options.allow_credentials is True and options.allow_origin_regex is not None:
            of_regex = _judge_regex(options.allow_origin_regex, accepted, words)
    except SuffixListError as error:
        problems.append(dangers.unreadable_list(error, words))
    return Findings(tuple(problems)) + of_regex


def _judge_regex(regex: re.Pattern[str], accepted: tuple[str, ...] | None, words: Words) -> Findings:
    """What is wrong with an expression.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    if accepted is None:
        return too_wide.regex_findings(regex, words)
    return regex_findings(regex, accepted, words)


def _judge_without_credentials(options: OriginOptions, words: Words) -> Findings:
    """What is wrong with an expression that gives no credentials."""
    if options.allow_origin_regex is not None and options.allow_credentials is not True:
        if options.allows_everyone and too_wide.is_for_everyone(options.allow_origin_regex.pattern):
            return Findings()  # see _judge_coverage
        with suppress(SuffixListError):  # without the list, nothing is known
            return _judge_regex(options.allow_origin_regex, None, words)
    return Findings()


def _judge_hosts(options: OriginOptions, words: Words) -> Findings:
    """Warnings about hosts that are surely not meant. An entry of both lists is warned about once."""
    listed = options.allow_credentials if isinstance(options.allow_credentials, tuple) else ()
    options_of = dict.fromkeys(listed, "allow_credentials") | dict.fromkeys(
        options.allow_origins, "allow_origins"
    )
    return collected(unlikely.findings(option, entry, words) for entry, option in options_of.items())


def _judge_coverage(options: OriginOptions, words: Words) -> Findings:
    """Warnings about entries that other entries already cover."""
    found = Findings()
    if isinstance(options.allow_credentials, tuple):
        found = _covered_by_wider("allow_credentials", options.allow_credentials, None, words)
    if not options.allows_everyone:
        regex = options.allow_origin_regex
        return found + _covered_by_wider("allow_origins", options.allow_origins, regex, words)
    others = (entry for entry in options.allow_origins if entry != ANY)
    found += covered_by_any("allow_origins", others, words)
    for option in ("allow_origin_regex", "allow_origin_func"):
        if getattr(options, option) is not None:
            message = f"{words.everyone().text} already allows every origin."
            problem = Problem("already-covered", words.name(option), ANY, message, "Leave it out.")
            found += Findings(warnings=(problem,))
    return found


def _covered_by_wider(
    option: str, entries: tuple[str, ...], regex: re.Pattern[str] | None, words: Words
) -> Findings:
    origins = OriginSet.of(entries)
    longest = -1 if regex is None or not entries else quick_length(regex)
    wider = ((entry, _wider(entry, origins, regex if len(entry) <= longest else None)) for entry in entries)
    name = words.name(option)
    return collected(
        warned("already-covered", name, entry, f"is already covered by {shown(other)}.")
        for entry, other in wider
        if other is not None
    )


def _wider(entry: str, origins: OriginSet, regex: re.Pattern[str] | None) -> str | None:
    """Another entry, or the regular expression, that matches everything that this entry matches."""
    example = entry.replace("*.", "any.").removesuffix(":*")
    for other in origins.matches(example):
        is_as_wide = ("*." in other or "*." not in entry) and (
            other.endswith(":*") or not entry.endswith(":*")
        )
        if other != entry and is_as_wide:
            return other
    if regex is None or not is_serialized_origin(entry):
        return None
    return regex.pattern if matches(regex, entry) else None
