"""What is not safe together with credentials, and what is said about it.

Where a response depends on the reader's cookies, an origin that an attacker can pose as, or come
from, is a hole: it reads and acts in the name of the signed-in user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from crosscors.core.errors import Problem, shown
from crosscors.core.origins import ANY, DEFAULT_PORTS, FILE, NULL, is_entry, is_loopback, is_number, split
from crosscors.core.public_suffixes import public_suffix_list as _public_suffix_list
from crosscors.core.regex_mending import Meant, mended
from crosscors.core.regex_sites import Owner, Site, Sites, sites_of
from crosscors.core.regexes import matches, quick_length

INSECURE_ORIGINS = "insecure-origins"
NULL_ORIGIN = "null-origin"
PUBLIC_SUFFIX_SUBDOMAINS = "public-suffix-subdomains"
UNPROVEN_REGEX = "unproven-regex"
DANGERS = (INSECURE_ORIGINS, NULL_ORIGIN, PUBLIC_SUFFIX_SUBDOMAINS, UNPROVEN_REGEX)

MAX_SITES = 64  # of one regular expression; nobody reads a longer list of whom a policy trusts

# What goes over the network in plain text. Schemes of apps are on no network.
_INSECURE_SCHEMES = frozenset(DEFAULT_PORTS) - {"https", "wss"}


def is_insecure(scheme: str, host: str) -> bool:
    """Whether someone on the network could pose as this origin.

    Secure Contexts, "Is origin potentially trustworthy?".
    """
    return scheme in _INSECURE_SCHEMES and not is_loopback(host.removeprefix("*."))


def site_of(entry: str) -> str:
    """The site that an entry of a policy gives credentials to."""
    scheme, host, _ = split(entry)
    domain = host.removeprefix("*.").removesuffix(".")
    if scheme not in DEFAULT_PORTS:
        return entry
    if is_loopback(domain):
        return "loopback"
    if host.startswith("[") or is_number(domain.rpartition(".")[2]):
        return host
    has_many_owners = host.startswith("*.") and _public_suffix_list().has_many_owners(domain)
    return f"*.{domain}" if has_many_owners else _public_suffix_list().site(domain)


def sites_with_credentials(entries: Iterable[str], regex: re.Pattern[str] | None) -> tuple[str, ...]:
    """What the policy gives credentials to, by name, in alphabetical order."""
    found = set(map(site_of, entries))
    if regex is not None:
        found |= set(map(_name_of, sites_of(regex).examples))
    return tuple(sorted(found))


def _name_of(site: Site) -> str:
    if site.owner is Owner.ANYBODY:
        return ANY  # of an expression that is not proved
    return f"*.{site.name}" if site.owner is Owner.MANY else site.name


# Entries.


def entry_problems(option: str, entry: str, dangers: tuple[str, ...]) -> Iterator[Problem]:
    """The problems of a well-formed entry that gets credentials, less those that are accepted.

    Raises:
        SuffixListError: if the public suffix list is needed and cannot be read.
    """
    if entry == ANY:
        message = (
            'browsers refuse "*" together with credentials; a server that sends the caller\'s origin instead '
            "lets every site on the web act in the name of your signed-in users."
        )
        hint = (
            'List the origins that need credentials: allow_credentials=["https://app.example.com"]; '
            'allow_origins="*" may stay for all others, without.'
        )
        yield Problem("wildcard-with-credentials", option, entry, message, hint)
        return
    if entry in _ORIGINS_OF_ANYBODY:
        if NULL_ORIGIN not in dangers:
            message = f'"{entry}" with credentials: {_ORIGINS_OF_ANYBODY[entry]}.'
            yield Problem(
                "null-with-credentials", option, entry, message, _opt_in("Leave it out", NULL_ORIGIN)
            )
        return
    scheme, host, _ = split(entry)
    if INSECURE_ORIGINS not in dangers and is_insecure(scheme, host):
        message = f"{shown(entry)} with credentials: whoever controls the network can act in its name."
        secure = _over_https(entry)
        hint = _opt_in(f'Write "{secure}"' if secure else "Use https", INSECURE_ORIGINS)
        yield Problem("insecure-origin-with-credentials", option, entry, message, hint)
    domain = host.removeprefix("*.").removesuffix(".")
    if PUBLIC_SUFFIX_SUBDOMAINS not in dangers and _has_many_owners(scheme, host):
        message = f"{shown(entry)} with credentials: {_owners_below(domain)}."
        hint = _opt_in(_instead_of_pattern(entry, domain), PUBLIC_SUFFIX_SUBDOMAINS)
        yield Problem("public-suffix-with-credentials", option, entry, message, hint)


_ORIGINS_OF_ANYBODY = {
    NULL: "any site can send it, from a sandboxed frame",
    FILE: "any local file can send it",
}


def _opt_in(instead: str, danger: str) -> str:
    return f'{instead}, or accept the danger with dangerously_allow=["{danger}"].'


def _over_https(entry: str) -> str | None:
    """The entry over https; None if that makes no sense."""
    scheme, host, port = split(entry)
    if scheme != "http":
        return None
    secure = f"https://{host}{'' if port == ':443' else port}"
    return secure if is_entry(secure) and not _has_many_owners("https", host) else None


def _has_many_owners(scheme: str, host: str) -> bool:
    """Whether the host is a pattern for names of different owners."""
    domain = host.removeprefix("*.").removesuffix(".")
    if domain == host.removesuffix(".") or scheme not in DEFAULT_PORTS or is_loopback(domain):
        return False
    return _public_suffix_list().has_many_owners(domain)


def _owners_below(domain: str) -> str:
    """Why names below the domain are not safe."""
    suffixes = _public_suffix_list()
    if not suffixes.knows(domain):
        return f"the public suffix list does not know who owns names under {domain}"
    if suffixes.rules.is_public(domain):
        return f"names under {domain} belong to many owners"
    return f"names under {suffixes.parents[domain]} belong to many owners"


def _instead_of_pattern(entry: str, domain: str) -> str:
    scheme, _, port = split(entry)
    scheme = "https" if is_insecure(scheme, domain) else scheme
    if _public_suffix_list().is_registry(domain):
        return f'Write your own domain, such as "{scheme}://*.example.{domain}{port}"'
    host = _example_below(domain)
    return "List the origins that are yours" + (f', such as "{scheme}://{host}{port}"' if host else "")


def _example_below(domain: str) -> str | None:
    """A host below the domain that can be somebody's own; None if that is anyone's guess."""
    suffixes = _public_suffix_list()
    if not suffixes.knows(domain):
        return None
    suffix = domain if suffixes.rules.is_public(domain) else suffixes.parents[domain]
    return None if suffixes.has_many_owners(f"example.{suffix}") else f"example.{suffix}"


# Regular expressions.


def regex_problems(regex: re.Pattern[str], dangers: tuple[str, ...]) -> tuple[list[Problem], list[Problem]]:
    """The problems of an expression that gets credentials, less those that are accepted; and what to warn of.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    sites = sites_of(regex)
    found = [
        Problem(code, "allow_origin_regex", regex.pattern, f"{shown(regex.pattern)} {message}", hint)
        for code, message, hint in _regex_faults(regex, sites, dangers)
    ]
    apps = sorted(site.name for site in sites.examples if site.owner is Owner.APP)
    if found or not apps:
        return found, []
    message = (
        f"{shown(regex.pattern)} gives credentials to every page that has an origin like {', '.join(apps)}."
    )
    hint = "List the origins if you know them."
    return [], [Problem("any-app-origin", "allow_origin_regex", regex.pattern, message, hint)]


def _regex_faults(
    regex: re.Pattern[str], sites: Sites, dangers: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Code, message and hint of each thing that is wrong."""
    meant = _meant(regex, sites, dangers)
    instead = f"Write {meant}" if meant else None
    of_anybody = _Wrong.of(sites, _is_anybody)
    if of_anybody.origins:
        witness = _with_shorter(_with_suffix(_plainest(of_anybody.origins, meant), regex), sites)
        message = f"with credentials matches unrelated sites such as {witness}; {_OWNERS_CAN}."
        yield "wildcard-with-credentials", message, f"{instead or _NAME_YOUR_DOMAIN}."
        return  # with that, nothing else matters

    of_many = _Wrong.of(
        sites, lambda site: site.owner is Owner.MANY and PUBLIC_SUFFIX_SUBDOMAINS not in dangers
    )
    if of_many.origins:
        domain = of_many.sites[0].name
        witness = _below_suffix(_plainest(of_many.origins, meant), domain, regex)
        message = f"with credentials matches unrelated sites such as {witness}: {_owners_below(domain)}."
        hint = _opt_in(instead or _name_your_site(domain), PUBLIC_SUFFIX_SUBDOMAINS)
        yield "wildcard-with-credentials", message, hint

    of_files = _Wrong.of(sites, lambda site: site.owner is Owner.FILES and NULL_ORIGIN not in dangers)
    if of_files.origins:
        message = f"with credentials matches {FILE}: {_ORIGINS_OF_ANYBODY[FILE]}."
        yield "null-with-credentials", message, _opt_in("Leave it out", NULL_ORIGIN)

    insecure = _Wrong.of(sites, lambda site: _is_insecure(site, dangers))
    if insecure.origins:
        witness = _plainest(insecure.origins, meant)
        message = f"with credentials matches {witness}: whoever controls the network can act in its name."
        use_https = _USE_HTTPS_FOR_ALL_BUT_LOOPBACK if _has_plain_loopback(sites) else "Use https"
        yield "insecure-origin-with-credentials", message, _opt_in(instead or use_https, INSECURE_ORIGINS)

    every = (of_anybody, of_many, of_files, insecure)
    is_unproven = any(wrong.sites and not wrong.origins for wrong in every)
    because = sites.unproven or ("it may match more sites than yours" if is_unproven else None)
    if because is not None and UNPROVEN_REGEX not in dangers:
        message = f"with credentials cannot be proved to be safe: {because}."
        hint = _opt_in(f"Write a simpler one that names your sites, such as {_EXAMPLE}", UNPROVEN_REGEX)
        yield "unproven-regex", message, hint

    named = {site.name for site in sites.examples}
    if len(named) > MAX_SITES:
        message = f"names {len(named)} sites; the limit is {MAX_SITES}."
        yield "too-many-sites", message, "List the origins in allow_origins."


class _Wrong(NamedTuple):
    """Sites that should not be let in, and origins of them that certainly are."""

    sites: tuple[Site, ...]
    origins: tuple[str, ...]

    @classmethod
    def of(cls, sites: Sites, is_wrong: Callable[[Site], bool]) -> _Wrong:
        wrong = tuple(filter(is_wrong, sites.examples))
        return cls(wrong, tuple(chain.from_iterable(sites.examples[site] for site in wrong)))


def _plainest(origins: Iterable[str], meant: Meant | None) -> str:
    """Of several examples the one that tells most: not meant by the author, and like a site on the web."""

    def oddness(origin: str) -> tuple[bool, ...]:
        scheme, host, port = split(origin)
        is_meant = meant is not None and matches(meant.regex, origin)
        return is_meant, scheme not in DEFAULT_PORTS, "." not in host, bool(port), scheme != "https"

    return min(origins, key=oddness)


_OWNERS_CAN = "their owners can act as your signed-in users"
_EXAMPLE = r'r"https://[a-z0-9-]+\.example\.com"'
_NAME_YOUR_DOMAIN = f"Name your domain, with a backslash before each dot: {_EXAMPLE}"


def _name_your_site(domain: str) -> str:
    """What to write instead of an expression for all names below the domain."""
    host = None if _public_suffix_list().is_registry(domain) else _example_below(domain)
    if host is None:
        return _NAME_YOUR_DOMAIN
    escaped = host.replace(".", r"\.")
    return f'Name the sites that are yours, such as r"https://{escaped}"'


_USE_HTTPS_FOR_ALL_BUT_LOOPBACK = (
    r'Use http for loopback alone: r"http://localhost(:\d+)?|https://app\.example\.com"'
)


def _meant(regex: re.Pattern[str], sites: Sites, dangers: tuple[str, ...]) -> Meant | None:
    """The expression as it was surely meant. It has to pass the proof, so that no hint opens a hole."""

    def is_sound(tried: re.Pattern[str]) -> bool:
        named = sites_of(tried)
        return (
            named.unproven is None
            and 0 < len(named.examples) <= MAX_SITES
            and all(_is_sound_site(site, dangers) and origins for site, origins in named.examples.items())
            and (_has_plain_loopback(named) or not _has_plain_loopback(sites))
        )

    return mended(regex, is_sound)


def _has_plain_loopback(sites: Sites) -> bool:
    """Whether pages of this machine are let in without https, as in development."""
    return any(site.owner is Owner.LOOPBACK and site.scheme == "http" for site in sites.examples)


def _with_suffix(witness: str, regex: re.Pattern[str]) -> str:
    """The same with a top-level domain, if it has none and the expression lets that in as well."""
    longer = f"{witness}.com"
    return longer if "." not in witness and is_entry(longer) and _lets_in(regex, longer) else witness


def _lets_in(regex: re.Pattern[str], origin: str) -> bool:
    return len(origin) <= quick_length(regex) and matches(regex, origin)


def _with_shorter(witness: str, sites: Sites) -> str:
    """Both example.co and example.com, where the last letter is optional."""
    of_one = (one for site in sites.examples if site.owner is Owner.ONE for one in sites.examples[site])
    shorter = next((one for one in of_one if witness.startswith(one) and "." in one[:-1]), None)
    return f"{shorter} and {witness}" if shorter else witness


def _below_suffix(witness: str, domain: str, regex: re.Pattern[str]) -> str:
    """An origin below a public suffix, if the domain has one below it and the expression lets that in."""
    suffixes = _public_suffix_list()
    if suffixes.rules.is_public(domain):
        return witness
    better = witness.replace(f".{domain}", f".{suffixes.parents[domain]}")
    return better if _lets_in(regex, better) else witness


def _is_anybody(site: Site) -> bool:
    """Whether anybody can have a page there, and no opt-in says that this is meant."""
    if site.owner is Owner.ANYBODY:
        return True
    # Who opts into all names below a domain does not mean those that only look like one's own:
    # anybody can buy notexample.com, and nothing tells it from what was meant.
    return site.owner is Owner.MANY and site.is_part and _public_suffix_list().is_registry(site.name)


def _is_insecure(site: Site, dangers: tuple[str, ...]) -> bool:
    is_local = site.owner is Owner.LOOPBACK
    return INSECURE_ORIGINS not in dangers and site.scheme in _INSECURE_SCHEMES and not is_local


def _is_sound_site(site: Site, dangers: tuple[str, ...]) -> bool:
    """Whether the site has a name that can be somebody's."""
    if site.owner is Owner.LOOPBACK:
        return True
    return site.owner is Owner.ONE and "." in site.name and not _is_insecure(site, dangers)
