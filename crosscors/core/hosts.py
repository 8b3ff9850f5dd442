"""``allowed_hosts``: the names by which this server may be reached (against DNS rebinding).

After DNS rebinding, a foreign name leads to this server. For the browser, the foreign page is then a page of
the server itself, and only Host gives it away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from crosscors.core.errors import shown
from crosscors.core.origins.serialized import MAX_PORT, serialize_ipv6
from crosscors.core.values import ANY, Findings, collected, read_strings, refused, without_repeats
from crosscors.core.words import Words

OPTION = "allowed_hosts"

# RFC 9110, section 7.2: Host is a host and an optional port.
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_ENTRY = re.compile(r"((?:\*\.)?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}|\*))?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#@]+)(?:[/?#].*)?")
# Browsers leave these out of Host, each with its scheme. A server behind a proxy does not know the scheme.
_DEFAULT_PORTS = frozenset({80, 443})


class Host(NamedTuple):
    """A host in one spelling, and its port; None if there is none."""

    name: str
    port: int | None


def parse_host(header: str) -> Host | None:
    """Host, in lower case and without a dot at the end; None if it is missing, repeated or malformed.

    >>> parse_host("LOCALHOST.:8000"), parse_host("a.example, b.example")
    (Host(name='localhost', port=8000), None)
    """
    parts = HOST.fullmatch(header)
    if parts is None:
        return None
    name, port = parts.groups()
    canonical = _canonical(name)
    return None if canonical is None else Host(canonical, int(port) if port else None)


def read(value: object, words: Words) -> tuple[tuple[str, ...], Findings]:
    """The entries in their final form."""
    entries, found = read_strings(OPTION, value, '["api.example.com"]', words)
    faults = (_not_a_host(entry, words) for entry in entries if not _is_entry(entry))
    good = (_spelled(entry) for entry in entries if _is_entry(entry))
    read, repeats = without_repeats(OPTION, good, words)
    return read, found + collected(faults) + repeats


def _is_entry(text: str) -> bool:
    parts = _ENTRY.fullmatch(text)
    if parts is None:
        return False
    name, port = parts.groups()
    is_port = port in (None, ANY) or 0 < int(port) <= MAX_PORT
    return is_port and _canonical(name.removeprefix("*.")) is not None


def _spelled(entry: str) -> str:
    """A valid entry in one spelling; every port is the same as none."""
    name, port = _parts(entry)
    star = "*." if name.startswith("*.") else ""
    host = f"{star}{_canonical(name.removeprefix('*.'))}"
    return host if port in (None, ANY) else f"{host}:{int(port)}"


def _parts(entry: str) -> tuple[str, str | None]:
    """Name and port of a valid entry."""
    parts = _ENTRY.fullmatch(entry)
    return (parts[1], parts[2]) if parts else (entry, None)


def _canonical(name: str) -> str | None:
    if name.startswith("["):
        return serialize_ipv6(name)
    lowered = name.lower().removesuffix(".")
    return lowered if lowered and all(lowered.split(".")) else None


def _not_a_host(entry: str, words: Words) -> Findings:
    name = words.name(OPTION)
    if entry == ANY:
        hint = f"Leave {name} out to allow every host."
        return refused("host-any", name, entry, '"*" would allow every host.', hint)
    meant = _meant(entry.strip())
    hint = f"Write {meant}." if meant else 'Write a name such as "api.example.com", with or without a port.'
    return refused("not-a-host", name, entry, f"{shown(entry)} is not a host.", hint)


def _meant(entry: str) -> str | None:
    """What was surely meant, quoted: the host of a URL or origin, or a name with Django's leading dot."""
    url = _URL.fullmatch(entry)
    host = url[1] if url else entry.partition("/")[0]
    if host.startswith(".") and _is_entry(host[1:]):
        return f'"{host[1:]}", "*{host}"'
    if _is_entry(f"[{host}]"):
        return f'"[{host}]"'  # IPv6 without its brackets
    pieces = [piece for piece in re.split(r"[\s,;]+", host) if piece]
    if pieces and all(map(_is_entry, pieces)):
        return ", ".join(f'"{piece}"' for piece in pieces)
    return None


@dataclass(frozen=True)
class AllowedHosts:
    """Valid entries, arranged for look-ups: name (or ``.example.com`` for a pattern) and port."""

    entries: frozenset[tuple[str, int | None]]

    @classmethod
    def of(cls, entries: tuple[str, ...]) -> AllowedHosts:
        """The set of these entries, which ``read`` has returned.

        >>> hosts = AllowedHosts.of(("*.example.com", "localhost:8000"))
        >>> hosts.admit("A.example.com:8443"), hosts.admit("example.com"), hosts.admit("localhost")
        (True, False, False)
        """
        return cls(frozenset(_split(entry) for entry in entries))

    def admit(self, header: str) -> bool:
        """Whether Host is one of the entries. A Host that is missing, repeated or malformed is not."""
        host = parse_host(header)
        if host is None:
            return False
        # A browser leaves out the default port. It may be either of the two.
        ports = (None, host.port) if host.port is not None else (None, *_DEFAULT_PORTS)
        return any((name, port) in self.entries for name in _names(host.name) for port in ports)


def _names(name: str) -> list[str]:
    """The name itself, and how patterns that cover it are kept: from each of its dots on."""
    if name.startswith("["):
        return [name]
    labels = name.split(".")
    return [name, *(f".{'.'.join(labels[start:])}" for start in range(1, len(labels)))]


def _split(entry: str) -> tuple[str, int | None]:
    name, port = _parts(entry)
    return name.removeprefix("*"), None if port is None else int(port)
