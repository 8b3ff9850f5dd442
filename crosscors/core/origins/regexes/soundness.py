"""Which expressions may be written in a hint: those that are proved to name their sites."""

from __future__ import annotations

import re

from crosscors.core.origins.dangers import INSECURE_ORIGINS
from crosscors.core.origins.public_suffixes import public_suffix_list
from crosscors.core.origins.regexes.sites import Owner, Site, Sites, sites_of
from crosscors.core.origins.serialized import INSECURE_SCHEMES, is_number

MAX_SITES = 64  # for each regular expression; nobody reads a longer list of trusted sites


def is_sound(regex: re.Pattern[str], dangers: tuple[str, ...]) -> bool:
    """Whether the expression is proved to be safe with credentials, and matches something of each site.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    named = sites_of(regex)
    return (
        not is_glob(regex)
        and named.unproven is None
        and 0 < len(named.examples) <= MAX_SITES
        and all(_is_sound_site(site, dangers) and origins for site, origins in named.examples.items())
    )


def is_narrow(regex: re.Pattern[str]) -> bool:
    """Whether it is proved that the author spelled out, or surely meant, all that the expression lets in.

    Without credentials, nothing else is needed. Names below a domain with many owners are surely meant: in
    ``https://myapp-.*\\.vercel\\.app``, no name of a domain is left open.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    named = sites_of(regex)
    return (
        not is_glob(regex)
        and named.unproven is None
        and bool(named.examples)
        and all(_is_narrow_site(site) and origins for site, origins in named.examples.items())
    )


def keeps_loopback(tried: re.Pattern[str], sites: Sites) -> bool:
    """Whether an expression still lets in pages on this machine without https, if one with these sites does.

    Raises:
        SuffixListError: if the public suffix list cannot be read.
    """
    return has_plain_loopback(sites_of(tried)) or not has_plain_loopback(sites)


def has_plain_loopback(sites: Sites) -> bool:
    """Whether pages on this machine are let in without https, as in development."""
    return any(site.owner is Owner.LOOPBACK and site.scheme == "http" for site in sites.examples)


def is_glob(regex: re.Pattern[str]) -> bool:
    """Whether the expression is a pattern like those of allow_origins.

    As an expression, it repeats a slash: ``https://*.example.com`` matches ``https://example.com`` and
    ``https://aexample.com``, but no subdomain.
    """
    return _REPEATED_SLASH.search(regex.pattern) is not None


_REPEATED_SLASH = re.compile(r"/\*\\?\.")


def is_anybody(site: Site) -> bool:
    """Whether anybody can have a page there, and no opt-in says that this is meant."""
    if site.owner is Owner.ANYBODY:
        return True
    # To opt in to all names below a domain does not include names that only look like one's own: anybody can
    # buy notexample.com, and nothing distinguishes it from what was meant.
    return site.owner is Owner.MANY and site.is_part and public_suffix_list().is_registry(site.name)


def is_insecure(site: Site, dangers: tuple[str, ...]) -> bool:
    """Whether anyone on the network path can pose as the site, and no opt-in accepts that."""
    is_local = site.owner is Owner.LOOPBACK
    return INSECURE_ORIGINS not in dangers and site.scheme in INSECURE_SCHEMES and not is_local


def _is_sound_site(site: Site, dangers: tuple[str, ...]) -> bool:
    """Whether the site has a name that can have one owner."""
    if site.owner is Owner.LOOPBACK:
        return True
    is_named = site.owner is Owner.ONE and ("." in site.name or "://" in site.name)
    return is_named and not is_insecure(site, dangers)


def _is_narrow_site(site: Site) -> bool:
    if site.owner is not Owner.ONE:
        return site.owner in (Owner.LOOPBACK, Owner.APP, Owner.MANY) and not is_anybody(site)
    return _is_whole(site.name)


def _is_whole(name: str) -> bool:
    """Whether the name of a site is not the beginning of a longer one, such as ``www.example``."""
    if "://" in name or name.startswith("["):
        return True
    _, dot, last = name.removesuffix(".").rpartition(".")
    is_top_level = last == "*" or is_number(last) or last in _PRIVATE or public_suffix_list().knows(last)
    return bool(dot) and is_top_level


# Top-level domains that are not in the public suffix list, but in use within networks and in tests
# (RFC 2606, RFC 6762 with its appendix G).
_PRIVATE = frozenset(
    {"corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "private", "test"}
)
