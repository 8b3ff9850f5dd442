"""Who can have a name below a domain: the public suffix list, as the package ``publicsuffixlist`` ships it.

The rules are in "Public Suffix List", https://github.com/publicsuffix/list/wiki/Format. The private part of
the list counts, too: anybody can have a page at ``something.github.io``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import publicsuffixlist
from publicsuffixlist import PublicSuffixList

_OLD = timedelta(days=2 * 365)
_RELEASE_DATE = re.compile(r"[0-9]{8}\Z")  # the last part of the package's version: 1.0.2.20260707


class SuffixListError(Exception):
    """The public suffix list cannot be read."""


@dataclass(frozen=True)
class PublicSuffixes:
    """The public suffix list, for ASCII domains in lower case, without a dot at the end.

    Attributes:
        rules: the list.
        parents: the domains that have public suffixes below them, such as ``amazonaws.com``, each with the
            shortest of these.
    """

    rules: PublicSuffixList
    parents: Mapping[str, str]

    def has_many_owners(self, domain: str) -> bool:
        """Whether names below the domain can have different owners: it is a suffix, or has one below it."""
        return self.rules.is_public(domain) or domain in self.parents

    def knows(self, domain: str) -> bool:
        """Whether the list has a rule for the domain's top level."""
        return self.rules.publicsuffix(domain, accept_unknown=False) is not None

    def is_registry(self, domain: str) -> bool:
        """Whether registries sell names below the domain, as for ``com`` and ``co.uk``."""
        return _registries().is_public(domain, accept_unknown=False)

    def site(self, host: str) -> str:
        """The registrable domain of the host; the host itself if it has none, as ``intranet``.

        Standard: HTML, "obtain a site".
        """
        name = host.removesuffix(".")
        return self.rules.privatesuffix(name) or name


@cache
def public_suffix_list() -> PublicSuffixes:
    """The installed list. It is read once, when a policy first needs it, which takes about 70 ms.

    Raises:
        SuffixListError: if the list is missing or cannot be read.
    """
    try:
        with open(publicsuffixlist.PSLFILE, encoding="utf-8") as file:
            lines = file.read().splitlines()
        longest_first = sorted(_parents(lines), key=lambda parent: -len(parent[1]))
        read = PublicSuffixes(PublicSuffixList(lines), dict(longest_first))
    except OSError as error:
        raise SuffixListError(error.strerror) from error
    except UnicodeError as error:
        raise SuffixListError("it is not UTF-8, or has names that are not valid") from error
    if not read.knows("com"):
        raise SuffixListError("it has no rules")
    with suppress(Exception):  # a log that fails must not stop the application
        _log_age()
    return read


@cache
def _registries() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def _parents(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        rule = line.split(" ", 1)[0].strip()
        if rule and not rule.startswith("//"):
            written = rule.removeprefix("!").removeprefix("*.").lower()
            suffix = written if written.isascii() else written.encode("idna").decode("ascii")
            labels = suffix.split(".")
            for start in range(1, len(labels)):
                yield ".".join(labels[start:]), suffix


def list_date() -> date | None:
    """The day of the installed list. None if its version does not say."""
    released = _RELEASE_DATE.search(publicsuffixlist.__version__)
    if released is None:
        return None
    try:
        return datetime.strptime(released[0], "%Y%m%d").date()
    except ValueError:
        return None


def is_old(day: date) -> bool:
    """Whether a list of this day lacks suffixes that are likely to matter."""
    return date.today() - day > _OLD


def _log_age() -> None:
    """Log that the list is old. A Python warning can be an error, and would stop an unchanged deployment."""
    day = list_date()
    if day is not None and is_old(day):
        logging.getLogger("crosscors").warning(
            "The public suffix list is from %s, so newer suffixes are missing. Run: pip install -U "
            "publicsuffixlist. Policies that give credentials to patterns or regular expressions depend on "
            "that list.",
            day.isoformat(),
        )
