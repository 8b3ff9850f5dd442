"""Which requests are for this machine, by their Host header.

The demo listens on 127.0.0.1 alone. A page from elsewhere could still reach it under a name of its own, which
it lets point here once it is loaded (DNS rebinding). To the browser that is the page's own server, so CORS
keeps it from nothing. But Host has the name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

# The environment variable that tells each API its port.
PORT = "CROSSCORS_DEMO_PORT"
STATUS = 403

_HOST = re.compile(
    r"(?P<name>(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)
_DEFAULT_PORT = 80


def host_refusal(hosts: Sequence[str], port: int) -> str | None:
    """Why a request with these Host headers is refused by what listens on this port, or None.

    >>> host_refusal(["localhost:8000"], 8000)
    >>> print(host_refusal(["rebound.example"], 8000), end="")
    The demo answers only to this machine's own names, such as 127.0.0.1:8000, not to 'rebound.example'.
    """
    if len(hosts) != 1:
        count = "no Host header" if not hosts else f"{len(hosts)} Host headers"
        return f"The demo answers only to requests with one Host header, not with {count}.\n"
    found = _HOST.fullmatch(hosts[0])
    if found and _is_loopback(found["name"].lower()) and int(found["port"] or _DEFAULT_PORT) == port:
        return None
    return (
        f"The demo answers only to this machine's own names, such as 127.0.0.1:{port}, not to"
        f" {hosts[0][:100]!a}.\n"
    )


def _is_loopback(name: str) -> bool:
    """RFC 6761, section 6.3: "localhost" and all names below it; 127.0.0.0/8 and ::1."""
    if name.removesuffix(".").rpartition(".")[2] == "localhost":
        return True
    try:
        if name.startswith("["):
            return ipaddress.IPv6Address(name[1:-1]).is_loopback
        return ipaddress.IPv4Address(name).is_loopback
    except ValueError:
        return False
