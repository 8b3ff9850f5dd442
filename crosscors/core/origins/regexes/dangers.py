"""What is not safe in a regular expression that gives credentials, and the messages about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple

from crosscors.core.errors import shown
from crosscors.core.origins.dangers import (
    ANYONE_ON_THE_PATH,
    INSECURE_ORIGINS,
    NULL_ORIGIN,
    ORIGINS_OF_ANYBODY,
    PUBLIC_SUFFIX_SUBDOMAINS,
    UNPROVEN_REGEX,
    example_below,
    opt_in,
    owners_below,
)
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.public_suffixes import public_suffix_list
from crosscors.core.origins.regexes.automaton import matches, quick_length
from crosscors.core.origins.regexes.mending import Meant, mended
from crosscors.core.origins.regexes.sites import Owner, Site, Sites, sites_of
from crosscors.core.origins.regexes.soundness import (
    MAX_SITES,
    has_plain_loopback,
    is_anybody,
    is_insecure,
    is_sound,
    keeps_loopback,
)
from crosscors.core.origins.regexes.too_narrow import OPTION, fewer_findings, nothing_findings
from crosscors.core.origins.serialized import DEFAULT_PORTS, FILE, split
from crosscors.core.values import Findings, collected, refused, warned
from crosscors.core.words import Words


def regex_findings(regex: re.Pattern[str], dangers: tuple[str, ...], words: Words) -> Findings:
    """The problems of an expression that gets credentials, except those that are accepted; and a warning.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    name = words.name("allow_origin_regex")
    sites = sites_of(regex)
    is_safe = partial(is_sound, dangers=dangers)
    of_nothing = nothing_findings(regex, sites, is_safe, words)
    if of_nothing.problems:
        return of_nothing
    faults = list(_faults(regex, sites, dangers, words))
    if not faults:
        return _of_apps(regex, sites, words) + fewer_findings(regex, sites, is_safe, words)
    return collected(
        refused(code, name, regex.pattern, f"{shown(regex.pattern)} {message}", hint)
        for code, message, hint in faults
    )


def _of_apps(regex: re.Pattern[str], sites: Sites, words: Words) -> Findings:
    """A warning about schemes of apps whose hosts are open."""
    apps = sorted(site.name for site in sites.examples if site.owner is Owner.APP)
    if not apps:
        return Findings()
    message = f"gives credentials to every page with an origin like {', '.join(apps)}."
    hint = f"List the origins in {words.name('allow_origins')} if you know them."
    return warned("any-app-origin", words.name("allow_origin_regex"), regex.pattern, message, hint)


def _faults(
    regex: re.Pattern[str], sites: Sites, dangers: tuple[str, ...], words: Words
) -> Iterator[tuple[str, str, str]]:
    """Code, message and hint of each thing that is wrong."""
    meant = _meant(regex, sites, dangers)
    instead = f"Write {words.setting(OPTION, str(meant))}" if meant else None
    of_anybody = _Wrong.of(sites, is_anybody)
    if of_anybody.origins:
        witness = _with_shorter(_with_suffix(_plainest(of_anybody.origins, meant), regex), sites)
        message = f"{_UNSAFE} it matches unrelated sites such as {witness}, whose owners can {_ACT}."
        yield "wildcard-with-credentials", message, f"{instead or _name_your_domain(words)}."
        return  # then nothing else matters

    of_many = _Wrong.of(
        sites, lambda site: site.owner is Owner.MANY and PUBLIC_SUFFIX_SUBDOMAINS not in dangers
    )
    if of_many.origins:
        domain = of_many.sites[0].name
        witness = _below_suffix(_plainest(of_many.origins, meant), domain, regex)
        message = f"{_UNSAFE} it matches unrelated sites such as {witness}, and {owners_below(domain)}."
        hint = opt_in(instead or _name_your_site(domain, words), PUBLIC_SUFFIX_SUBDOMAINS, words, dangers)
        yield "wildcard-with-credentials", message, hint

    of_files = _Wrong.of(sites, lambda site: site.owner is Owner.FILES and NULL_ORIGIN not in dangers)
    if of_files.origins:
        message = f"{_UNSAFE} it matches {FILE}, and {ORIGINS_OF_ANYBODY[FILE]}."
        yield "null-with-credentials", message, opt_in("Leave it out", NULL_ORIGIN, words, dangers)

    insecure = _Wrong.of(sites, lambda site: is_insecure(site, dangers))
    if insecure.origins:
        witness = _plainest(insecure.origins, meant)
        message = f"{_UNSAFE} it matches {witness}, and {ANYONE_ON_THE_PATH}."
        use_https = _use_https_except_for_loopback(words) if has_plain_loopback(sites) else "Use https"
        yield (
            "insecure-origin-with-credentials",
            message,
            opt_in(instead or use_https, INSECURE_ORIGINS, words, dangers),
        )

    every = (of_anybody, of_many, of_files, insecure)
    is_unproven = any(wrong.sites and not wrong.origins for wrong in every)
    because = sites.unproven or ("it may match more sites than yours" if is_unproven else None)
    if because is not None and UNPROVEN_REGEX not in dangers:
        message = f"cannot be proved to be safe with credentials: {because}."
        example = words.setting(OPTION, _EXAMPLE)
        instead = f"Write a simpler expression that names your sites, such as {example}"
        hint = opt_in(instead, UNPROVEN_REGEX, words, dangers)
        yield "unproven-regex", message, hint

    named = {site.name for site in sites.examples}
    if len(named) > MAX_SITES:
        message = f"names {len(named)} sites; the limit is {MAX_SITES}."
        yield "too-many-sites", message, f"List the origins in {words.name('allow_origins')} instead."


class _Wrong(NamedTuple):
    """Sites that should not be let in, and origins of these sites that certainly are."""

    sites: tuple[Site, ...]
    origins: tuple[str, ...]

    @classmethod
    def of(cls, sites: Sites, is_wrong: Callable[[Site], bool]) -> _Wrong:
        wrong = tuple(filter(is_wrong, sites.examples))
        return cls(wrong, tuple(chain.from_iterable(sites.examples[site] for site in wrong)))


def _plainest(origins: Iterable[str], meant: Meant | None) -> str:
    """The clearest of several examples: not meant by the author, and like a site on the web."""

    def oddness(origin: str) -> tuple[bool, ...]:
        scheme, host, port = split(origin)
        is_meant = meant is not None and matches(meant.regex, origin)
        return is_meant, scheme not in DEFAULT_PORTS, "." not in host, bool(port), scheme != "https"

    return min(origins, key=oddness)


_UNSAFE = "is not safe with credentials:"
_ACT = "act as your signed-in users"
_EXAMPLE = r'r"https://[a-z0-9-]+\.example\.com"'


def _name_your_domain(words: Words) -> str:
    example = words.setting(OPTION, _EXAMPLE)
    return f"Write your own domain, with a backslash before each dot, such as {example}"


def _name_your_site(domain: str, words: Words) -> str:
    """What to write instead of an expression for all names below the domain."""
    host = None if public_suffix_list().is_registry(domain) else example_below(domain)
    if host is None:
        return _name_your_domain(words)
    escaped = host.replace(".", r"\.")
    example = words.setting(OPTION, f'r"https://{escaped}"')
    return f"Write the names of your own sites, such as {example}"


def _use_https_except_for_loopback(words: Words) -> str:
    example = words.setting(OPTION, r'r"http://localhost(:\d+)?|https://app\.example\.com"')
    return f"Use https, except for loopback, such as {example}"


def _meant(regex: re.Pattern[str], sites: Sites, dangers: tuple[str, ...]) -> Meant | None:
    """The expression as it was surely meant. It must pass the proof, so that no hint opens a hole."""

    def is_acceptable(tried: re.Pattern[str]) -> bool:
        return is_sound(tried, dangers) and keeps_loopback(tried, sites)

    return mended(regex, is_acceptable)


def _with_suffix(witness: str, regex: re.Pattern[str]) -> str:
    """The same with a top-level domain, if it has none and the expression also lets that in."""
    longer = f"{witness}.com"
    return longer if "." not in witness and is_entry(longer) and _lets_in(regex, longer) else witness


def _lets_in(regex: re.Pattern[str], origin: str) -> bool:
    return len(origin) <= quick_length(regex) and matches(regex, origin)


def _with_shorter(witness: str, sites: Sites) -> str:
    """Both example.co and example.com, if the last letter is optional."""
    of_one = (one for site in sites.examples if site.owner is Owner.ONE for one in sites.examples[site])
    beginnings = (one for one in of_one if one != witness and witness.startswith(one))
    shorter = next((one for one in beginnings if "." in one[:-1]), None)
    return f"{shorter} and {witness}" if shorter else witness


def _below_suffix(witness: str, domain: str, regex: re.Pattern[str]) -> str:
    """An origin below a public suffix, if the domain has one below it and the expression lets that in."""
    suffixes = public_suffix_list()
    if suffixes.rules.is_public(domain):
        return witness
    better = witness.replace(f".{domain}", f".{suffixes.parents[domain]}")
    return better if _lets_in(regex, better) else witness
