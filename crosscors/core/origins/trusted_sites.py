"""The sites that get credentials, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crosscors.core.origins.public_suffixes import public_suffix_list
from crosscors.core.origins.regexes.sites import Owner, Site, sites_of
from crosscors.core.origins.serialized import DEFAULT_PORTS, is_loopback, is_number, split
from crosscors.core.values import ANY


def trusted_sites(entries: Iterable[str], regex: re.Pattern[str] | None) -> tuple[str, ...]:
    """The names of the sites that get credentials, in alphabetical order."""
    found = set(map(_site_of, entries))
    if regex is not None:
        found |= set(map(_name_of, sites_of(regex).examples))
    return tuple(sorted(found))


def _name_of(site: Site) -> str:
    if site.owner is Owner.ANYBODY:
        return ANY  # from an expression that is not proved
    return f"*.{site.name}" if site.owner is Owner.MANY else site.name


def _site_of(entry: str) -> str:
    """The site that an entry of a policy gives credentials to."""
    scheme, host, _ = split(entry)
    domain = host.removeprefix("*.").removesuffix(".")
    if scheme not in DEFAULT_PORTS:
        return entry
    if is_loopback(domain):
        return "loopback"
    if host.startswith("[") or is_number(domain.rpartition(".")[2]):
        return host
    has_many_owners = host.startswith("*.") and public_suffix_list().has_many_owners(domain)
    return f"*.{domain}" if has_many_owners else public_suffix_list().site(domain)
