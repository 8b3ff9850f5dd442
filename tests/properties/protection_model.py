"""Cross-origin protection once more, step by step, slow and obvious. It shares nothing with the library.

A request is its lines: for each header, the values of its lines in order. The answer is whether the request
reaches the application.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import reference

Lines = Mapping[str, tuple[str, ...]]

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE", "QUERY")
_SENT_BY_BROWSERS = ("basic", "digest", "negotiate", "ntlm")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")


@dataclass(frozen=True)
class Policy:
    """What a policy says: who may read, who gets credentials, and the methods."""

    origins: tuple[str, ...] = ()
    credentials: bool | tuple[str, ...] = False
    methods: tuple[str, ...] = ("GET",)

    def gives_credentials(self, origin: str) -> bool:
        entries = self.credentials if isinstance(self.credentials, tuple) else self.origins
        return self.credentials is not False and any(reference.matches(entry, origin) for entry in entries)

    def allows(self, origin: str) -> bool:
        return (
            "*" in self.origins
            or self.gives_credentials(origin)
            or any(reference.matches(entry, origin) for entry in self.origins)
        )

    def allows_method(self, method: str) -> bool:
        return method in self.methods or ("*" in self.methods and method in _METHODS)


@dataclass(frozen=True)
class Protection:
    """The options, as they are written."""

    trusted_origins: tuple[str, ...] = ()
    own_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A request. ``readings`` are the paths that routers make of the path."""

    method: str
    is_websocket: bool
    lines: Lines
    path: str
    readings: tuple[str, ...] = field(default=())

    def line(self, name: str) -> str | None:
        """The value of a header that is there once; None if it is missing or repeated."""
        values = self.lines.get(name, ())
        return values[0] if len(values) == 1 else None

    def has(self, name: str) -> bool:
        return bool(self.lines.get(name))


def is_served(protection: Protection, policy: Policy | None, asked: Asked) -> bool:
    # Step 1.
    if protection.allowed_hosts and not is_allowed_host(protection, asked):
        return False
    # Step 2.
    if is_exempt(protection, asked):
        return True
    # Step 3.
    if asked.method in _SAFE and not asked.is_websocket:
        return True
    # Step 4.
    if asked.line("sec-fetch-site") in ("same-origin", "none"):
        return True
    # Steps 5 and 6.
    if is_admitted(protection, policy, asked):
        return True
    # Step 7.
    if asked.line("sec-fetch-site") in ("same-site", "cross-site"):
        return False
    # Step 8.
    return not asked.has("origin") or is_own(protection, asked)


def is_allowed_host(protection: Protection, asked: Asked) -> bool:
    host = read_host(asked.line("host"))
    return host is not None and any(_is_host_of(entry, *host) for entry in protection.allowed_hosts)


def _is_host_of(entry: str, name: str, port: int | None) -> bool:
    is_pattern = entry.startswith("*.")
    read = read_host(entry.removeprefix("*.").removesuffix(":*"))
    assert read is not None, "not an entry"
    entry_name, entry_port = read
    name = name.removesuffix(".")
    has_name = name.endswith(f".{entry_name}") if is_pattern else name == entry_name
    has_port = entry_port in (None, port) or (port is None and entry_port in _DEFAULT_PORTS.values())
    return has_name and has_port and "" not in name.split(".")


def is_exempt(protection: Protection, asked: Asked) -> bool:
    return len(asked.readings) == 1 and any(
        asked.path == entry or (entry.endswith("/*") and f"{asked.path}/".startswith(entry[:-1]))
        for entry in protection.exempt
    )


def is_admitted(protection: Protection, policy: Policy | None, asked: Asked) -> bool:
    """Steps 5 and 6."""
    origin = asked.line("origin")
    if origin is None or not reference.is_origin(origin):
        return False
    if any(reference.matches(entry, origin) for entry in protection.trusted_origins):
        return True
    if policy is None or not policy.allows(origin):
        return False
    if not asked.is_websocket and not policy.allows_method(asked.method):
        return False
    if policy.gives_credentials(origin):
        return True
    is_navigation = "navigate" in asked.lines.get("sec-fetch-mode", ())
    return not (is_navigation or asked.has("cookie") or has_ambient_credentials(asked))


def has_ambient_credentials(asked: Asked) -> bool:
    credentials = [part for line in asked.lines.get("authorization", ()) for part in line.split(",")]
    return any(each.split(maxsplit=1)[0].lower() in _SENT_BY_BROWSERS for each in credentials if each.split())


def is_own(protection: Protection, asked: Asked) -> bool:
    origin = asked.line("origin")
    parsed = None if origin is None else reference.parse_origin(origin)
    if origin is None or parsed is None:
        return False
    if protection.own_origins:
        return any(reference.matches(entry, origin) for entry in protection.own_origins)
    host = read_host(asked.line("host"))
    default = _DEFAULT_PORTS.get(parsed.scheme)
    if host is None or default is None:
        return False
    name, port = host
    origin_port = int(parsed.port) if parsed.port else default
    return name == ".".join(parsed.labels) and (default if port is None else port) == origin_port


def read_host(text: str | None) -> tuple[str, int | None] | None:
    """Name in lower case, and port. None if it is missing or malformed."""
    if not text or not text.isascii():
        return None
    name, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        name, port = text, ""
    if colon and not (port.isdigit() and len(port) <= 5):
        return None
    name = name.lower()
    if name.startswith("["):
        try:
            name = f"[{ipaddress.IPv6Address(name.removeprefix('[').removesuffix(']')).compressed}]"
        except ValueError:
            return None
    elif not all(letter in "abcdefghijklmnopqrstuvwxyz0123456789-._" for letter in name) or not name:
        return None
    return name, int(port) if colon else None
