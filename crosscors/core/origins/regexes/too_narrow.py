"""Regular expressions that let in nobody, or fewer than was surely meant, and the messages about them.

Unlike ``re.match`` and ``re.search``, which other libraries use, ``fullmatch`` needs the whole origin. So an
expression for a part of it, or for a path after it, is easily written, and lets nobody in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from crosscors.core.errors import shown
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.alternatives import Alternative, alternatives
from crosscors.core.origins.regexes.mending import (
    TOO_NARROW,
    UNSAFE,
    Meant,
    bare,
    compiled_or_none,
    is_pasteable,
    mended,
)
from crosscors.core.origins.regexes.sites import Owner, Sites, sites_of
from crosscors.core.origins.regexes.soundness import is_glob
from crosscors.core.origins.serialized import NULL, split
from crosscors.core.values import Findings, refused, warned
from crosscors.core.words import Words

OPTION = "allow_origin_regex"
EXAMPLE = r'r"https://[a-z0-9-]+\.example\.com"'


def nothing_findings(
    regex: re.Pattern[str], sites: Sites, is_sound: Callable[[re.Pattern[str]], bool], words: Words
) -> Findings:
    """The problem of an expression that lets in nobody, or only those who are not meant.

    Args:
        is_sound: whether an expression may be written instead.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    if (sites.examples or sites.unproven) and not is_glob(regex):
        return Findings()
    name, text = words.name(OPTION), without_backslashes(regex.pattern)
    meant = mended(regex, is_sound, (*TOO_NARROW, *UNSAFE))
    if is_glob(regex):
        message = f"{shown(regex.pattern)} {_GLOB_MESSAGE}"
        return refused("regex-glob", name, regex.pattern, message, hint_instead(text, meant, words))
    message, hint = f"matches no origin. It has to match {_whole(meant)}.", hint_instead(text, meant, words)
    if sites.is_too_long:
        message = "matches no origin: a part of a host has at most 63 characters between its dots."
    if not text:
        message, hint = "is empty, so it matches no origin.", f"{words.nothing(OPTION)} {_CAUSE}"
    if text == NULL:
        instead = words.setting("allow_origins", '["null"]')
        message = "matches no origin: the origin null is never compared with an expression."
        hint = f"To allow it, write {instead}."
    message = f"{shown(regex.pattern)} {message}"
    return refused("regex-matches-nothing", name, regex.pattern, message, hint)


def without_backslashes(pattern: str) -> str:
    """The pattern without anchors and backslashes, as an entry of allow_origins would be written."""
    text = re.sub(r"\\([./-])", r"\1", pattern).removeprefix("^").removesuffix("$")
    return text.removeprefix(r"\A").removesuffix(r"\Z")


_GLOB_MESSAGE = "is a pattern, not a regular expression. As an expression, it lets in no subdomain."
_CAUSE = 'An unset environment variable can cause this: "".split(",") is [""].'


def _whole(meant: Meant | None) -> str:
    """What the expression would have to match."""
    origins = () if meant is None else _origins_of(sites_of(meant.regex))
    example = min(origins, key=_oddness, default="https://app.example.com")
    return f"a whole origin, such as {example}, in lower case, without a default port or a slash at the end"


def _origins_of(sites: Sites) -> Iterator[str]:
    for origins in sites.examples.values():
        yield from origins


def _oddness(origin: str) -> tuple[bool, bool, int]:
    scheme, _, port = split(origin)
    return scheme not in ("http", "https"), bool(port), len(origin)


def hint_instead(text: str, meant: Meant | None, words: Words) -> str:
    """What to write instead of an expression.

    Args:
        text: the expression as an entry of allow_origins would be written.
        meant: the expression that was meant.
    """
    if meant is None:
        example = words.setting(OPTION, r'r"https://app\.example\.com"')
        return f"Write a whole origin, such as {example}."
    expression = words.setting(OPTION, str(meant))
    if "*" not in text or not is_entry(text):
        return f"Write {expression}."
    entry = words.setting("allow_origins", f'["{text}"]')
    return f"Write {entry}, or {expression}."


def fewer_findings(
    regex: re.Pattern[str], sites: Sites, is_sound: Callable[[re.Pattern[str]], bool], words: Words
) -> Findings:
    """A warning about an expression that lets in somebody, but surely not everyone who is meant.

    Args:
        is_sound: whether an expression may be written instead.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    name, pattern = words.name(OPTION), regex.pattern
    example = next(_origins_of(sites), None)
    text = without_backslashes(pattern)
    if example is None:
        return Findings()
    if text.endswith(":*") and is_entry(text):
        message = f"is a pattern, not a regular expression. As an expression, it lets in only {example}."
        instead = words.setting("allow_origins", f'["{text}"]')
        return warned("regex-glob", name, pattern, message, f"Write {instead}.")
    digits = mended(regex, is_sound, [_with_digits])
    if digits is not None:
        message = f"lets in {example}, but not with a port: the d in it is only the letter d."
        return warned(
            "regex-too-narrow", name, pattern, message, f"Write {words.setting(OPTION, str(digits))}."
        )
    dead = _dead_findings(regex, is_sound, words)
    if dead.warnings:
        return dead
    is_beginning = _BEGINS.match(pattern) is not None and not _ENDS.search(pattern)
    with_port = (
        mended(regex, is_sound, [_with_port]) if is_beginning and _is_without_port(pattern, sites) else None
    )
    if with_port is not None:
        message = f"lets in {example}, but not with a port, because it has to match the whole origin."
        hint = f"Write {words.setting(OPTION, str(with_port))}."
        return warned("regex-too-narrow", name, pattern, message, hint)
    if is_beginning and _is_label(sites):
        message = f"lets in {example} and no longer name, because it has to match the whole origin."
        hint = f"Write the whole host, such as {words.setting(OPTION, EXAMPLE)}."
        return warned("regex-too-narrow", name, pattern, message, hint)
    return Findings()


def _with_digits(pattern: str) -> str:
    return re.sub(r":d(?=[+*{])", r":\\d", pattern)


def _with_port(pattern: str) -> str:
    pattern = pattern.replace("|^", "|")
    return rf"(?:{pattern})(:\d+)?" if "|" in pattern else rf"{pattern}(:\d+)?"


def _is_without_port(pattern: str, sites: Sites) -> bool:
    """Whether all are names of this machine without a port, which pages in development have."""
    return all(site.owner is Owner.LOOPBACK for site in sites.examples) and not _A_PORT.search(pattern)


_A_PORT = re.compile(r"(?:(?<=\(\?:)|(?<!:)):\??[.\\\[(0-9]")


def _dead_findings(
    regex: re.Pattern[str], is_sound: Callable[[re.Pattern[str]], bool], words: Words
) -> Findings:
    """A warning about alternatives that match no origin, inside an expression that matches some."""
    every = list(islice(alternatives(regex.pattern), _MOST_ALTERNATIVES + 1))
    if not 1 < len(every) <= _MOST_ALTERNATIVES:
        return Findings()
    # An empty one only ends a list. null is never compared with an expression, and does no harm.
    asked = (one for one in every if one.text not in ("", NULL))
    dead = [one for one in asked if _matches_nothing(one.alone, regex.flags)]
    if not dead:
        return Findings()
    message = f"has a part that matches no origin: {shown(dead[0].text)}."
    instead = words.setting(OPTION, EXAMPLE_OF_ALTERNATIVES)
    hint = f"Write a whole origin in each alternative, such as {instead}."
    meant = _revived(every, regex.flags, is_sound)
    if meant is not None:
        hint = f"Write {words.setting(OPTION, str(meant))}."
    return warned("regex-too-narrow", words.name(OPTION), regex.pattern, message, hint)


_MOST_ALTERNATIVES = 16  # each takes a proof of its own
EXAMPLE_OF_ALTERNATIVES = r'r"https://a\.example\.com|https://b\.example\.com"'


def _matches_nothing(pattern: str, flags: int) -> bool:
    alone = compiled_or_none(pattern, flags)
    sites = None if alone is None else sites_of(alone)
    return sites is not None and not sites.examples and sites.unproven is None


def _revived(
    every: list[Alternative], flags: int, is_sound: Callable[[re.Pattern[str]], bool]
) -> Meant | None:
    """The alternatives of the whole expression, each as it was meant; None if that cannot be guessed."""
    if not all(one.is_whole for one in every):
        return None
    parts: list[str] = []
    for one in every:
        part = compiled_or_none(one.text, flags)
        if part is not None and _matches_nothing(one.text, flags):
            meant = mended(part, is_sound, (*TOO_NARROW, *UNSAFE))
            part = None if meant is None else meant.regex
        if part is None:
            return None
        parts.append(bare(part.pattern))
    together = compiled_or_none("|".join(parts), flags)
    is_right = together is not None and is_pasteable(together.pattern) and is_sound(together)
    return Meant(together) if together is not None and is_right else None


# Who writes ^ without $ knows re.match, which is content with the beginning of a text.
_BEGINS = re.compile(r"\^|\\A")
_ENDS = re.compile(r"(?:\$|\\Z)\Z")


def _is_label(sites: Sites) -> bool:
    """Whether all hosts are of one label, such as ``app``, and not this machine."""
    return all(site.owner is Owner.ONE and "." not in site.name for site in sites.examples)
