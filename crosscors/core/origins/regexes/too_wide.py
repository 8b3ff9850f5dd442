"""Regular expressions that let in more than was surely meant, without credentials, and the warnings.

An expression without credentials may be as open as its author likes, such as ``https://.*``. But nobody means
``https://appxexample.com`` with ``https://app.example.com``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.automaton import matches, quick_length
from crosscors.core.origins.regexes.mending import TOO_WIDE, Meant, mended
from crosscors.core.origins.regexes.sites import Sites, sites_of
from crosscors.core.origins.regexes.soundness import is_anybody, is_narrow
from crosscors.core.origins.regexes.too_narrow import (
    EXAMPLE,
    OPTION,
    fewer_findings,
    nothing_findings,
    without_backslashes,
)
from crosscors.core.origins.serialized import split
from crosscors.core.values import Findings, warned
from crosscors.core.words import Words


def regex_findings(regex: re.Pattern[str], words: Words) -> Findings:
    """The problem of an expression that gives no credentials, or a warning.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    if is_for_everyone(regex.pattern):
        everyone = words.setting("allow_origins", '"*"')
        message, hint = "matches every origin.", f"Write {everyone}."
        return warned("regex-for-everyone", words.name(OPTION), regex.pattern, message, hint)
    sites = sites_of(regex)
    of_nothing = nothing_findings(regex, sites, is_narrow, words)
    if of_nothing.problems:
        return of_nothing
    found = _wide_findings(regex, sites, words)
    return found if found.warnings else fewer_findings(regex, sites, is_narrow, words)


def is_for_everyone(pattern: str) -> bool:
    """Whether the expression says no more than that every origin is meant."""
    return _EVERYONE.fullmatch(without_backslashes(pattern)) is not None


_EVERYONE = re.compile(r"\(?(?:\?:|\?s:|\?s\))?\.[*+]\??\)?(?:://\.[*+])?")


def is_open(regex: re.Pattern[str]) -> bool:
    """Whether the author means everyone, or everyone over https: unrelated sites are let in."""
    return any(_lets_in(regex, one) for one in _UNRELATED)


def _wide_findings(regex: re.Pattern[str], sites: Sites, words: Words) -> Findings:
    """A warning if a dot has no backslash, or an end is open, so that names of others match."""
    if not any(map(is_anybody, sites.examples)) or is_open(regex):
        return Findings()
    meant = mended(regex, is_narrow, TOO_WIDE)
    if meant is None and not _has_open_end(regex.pattern):
        return Findings()
    unmeant = next(_unmeant(regex, sites, meant), None)
    if unmeant is None:
        return Findings()
    instead = words.setting(OPTION, EXAMPLE if meant is None else str(meant))
    hint = f"Write the whole host, such as {instead}." if meant is None else f"Write {instead}."
    message = f"also lets in {unmeant}, which is surely not meant."
    return warned("regex-too-wide", words.name(OPTION), regex.pattern, message, hint)


_UNRELATED = ("https://unrelated.net", "http://unrelated.net")


def _has_open_end(pattern: str) -> bool:
    """Whether the host may go on with anything."""
    end = pattern.partition("//")[2][-_LONGEST_END:]  # a search through a long one takes seconds
    return _OPEN_END.search(end) is not None


_LONGEST_END = 200
_OPEN_END = re.compile(
    r"[a-z0-9_)-](?:\\?\.|[:/-]\?)?\(?(?:\?:)?(?:\.|\\[SDW]|\[\^(?:\\.|[^\]\\])+\])(?:[*+]|\{\d*,\d*\})"
    r"\??\)?\??\$?\Z"
)


def _unmeant(regex: re.Pattern[str], sites: Sites, meant: Meant | None) -> Iterator[str]:
    """Origins that are let in, but are not meant; first those that show it best."""
    for one in _on_the_web(sites):
        if meant is None or not matches(meant.regex, one):
            yield _longer(one, regex)
    yield from () if meant is None else _beyond(meant, regex)


def _beyond(meant: Meant, regex: re.Pattern[str]) -> Iterator[str]:
    """Names below those that were meant: with a word boundary or a look-around, only these may match."""
    for one in _on_the_web(sites_of(meant.regex)):
        longer = _longer(one, regex)
        if longer != one and not matches(meant.regex, longer):
            yield longer


def _on_the_web(sites: Sites) -> list[str]:
    """The examples that anybody can have a page at, and others after them, the clearest first."""
    found = {one: is_anybody(site) for site, origins in sites.examples.items() for one in origins}

    def oddness(origin: str) -> tuple[bool, ...]:
        scheme, host, port = split(origin)
        return not found[origin], "." not in host, bool(port), scheme != "https"

    return sorted((one for one in found if split(one)[0] in ("http", "https")), key=oddness)


def _longer(witness: str, regex: re.Pattern[str]) -> str:
    """The same below a domain that anybody can buy, if the expression lets that in, too."""
    longer = f"{witness}.evil.com"
    return longer if is_entry(longer) and _lets_in(regex, longer) else witness


def _lets_in(regex: re.Pattern[str], origin: str) -> bool:
    return len(origin) <= quick_length(regex) and matches(regex, origin)
