"""Which requests are for this machine, by their Host header.

The demo listens only on 127.0.0.1. A page from another site can still reach it: after the page has loaded,
its domain name can change to point to 127.0.0.1 (DNS rebinding). The browser then takes the demo for the
page's own server, so CORS does not apply. The Host header shows the domain name.
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
    """Why the server on this port refuses a request with these Host headers, or None.

    >>> host_refusal(["localhost:8000"], 8000)
    >>> print(host_refusal(["rebound.example"], 8000), end="")
    The demo accepts only this machine's own names as Host, such as 127.0.0.1:8000, not 'rebound.example'.
    """
    if len(hosts) != 1:
        count = "none" if not hosts else str(len(hosts))
        return f"The demo accepts only requests with one Host header; this one has {count}.\n"
    found = _HOST.fullmatch(hosts[0])
    if found and _is_loopback(found["name"].lower()) and int(found["port"] or _DEFAULT_PORT) == port:
        return None
    return (
        f"The demo accepts only this machine's own names as Host, such as 127.0.0.1:{port}, not"
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
