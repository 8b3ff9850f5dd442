"""The entries of a policy: exact origins and patterns, and the set that matches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crosscors.core.origins.serialized import MAX_LENGTH, NULL, is_serialized_origin, split


def is_entry(text: str) -> bool:
    """Whether the text is an entry of a policy: a serialized origin, ``null``, ``file://``, or a pattern.

    >>> is_entry("https://*.example.com"), is_entry("http://localhost:*"), is_entry("https://*")
    (True, True, False)
    """
    if "*" not in text:
        return text == NULL or is_serialized_origin(text)
    # A pattern is well-formed if it is so with one label instead of `*`, and without `:*`.
    scheme, host, port = split(text)
    if host.startswith("*.") and host != "*.":
        host = "x" + host.removeprefix("*")
    return is_serialized_origin(f"{scheme}://{host}{port.removesuffix(':*')}")


@dataclass(frozen=True)
class OriginSet:
    """Entries of a policy (exact origins, ``null`` and patterns), arranged for fast matching.

    However many entries there are, exact origins cost one look-up, and patterns cost one look-up for each
    label of the origin's host.
    """

    exact: frozenset[str]
    # scheme -> rest of the pattern from its first dot on (".example.com:8443") -> the pattern
    subdomains: Mapping[str, Mapping[str, str]]
    # scheme -> host, or from its first dot on (".example.com") -> the pattern ending in ":*"
    any_port: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, entries: Iterable[str]) -> OriginSet:
        """The set of these entries, which must be well-formed."""
        exact: set[str] = set()
        subdomains: dict[str, dict[str, str]] = {}
        any_port: dict[str, dict[str, str]] = {}
        for entry in entries:
            if "*" not in entry:
                exact.add(entry)
                continue
            scheme, host, port = split(entry)
            host = host.removeprefix("*")
            if port == ":*":
                any_port.setdefault(scheme, {})[host] = entry
            else:
                subdomains.setdefault(scheme, {})[host + port] = entry
        return cls(frozenset(exact), subdomains, any_port)

    def match(self, origin: str) -> str | None:
        """The entry that matches the origin, the most specific one first; None if none does.

        Any text may be given. What is not a serialized origin matches nothing, except ``null`` if it is
        listed.
        """
        if origin in self.exact:
            return origin
        if not self.subdomains and not self.any_port:
            return None
        patterns = self._matching_patterns(origin)
        return patterns[0] if patterns else None

    def matches(self, origin: str) -> Iterator[str]:
        """Every entry that matches the origin, the most specific one first."""
        if origin in self.exact:
            yield origin
        yield from self._matching_patterns(origin)

    def _matching_patterns(self, origin: str) -> list[str]:
        scheme, host, port = split(origin[: MAX_LENGTH + 1])
        subdomains = self.subdomains.get(scheme, {})
        any_port = self.any_port.get(scheme, {})
        if not (subdomains or any_port):
            return []
        found = [any_port[host]] if host in any_port else []
        dot = host.find(".")
        while dot != -1:
            domain = host[dot:]
            if domain + port in subdomains:
                found.append(subdomains[domain + port])
            if domain in any_port:
                found.append(any_port[domain])
            dot = host.find(".", dot + 1)
        # The end is the same as in the pattern, so it is well-formed. What `*` matched may not be.
        return found if found and is_serialized_origin(origin) else []
