"""Whether a request comes from a page of this server itself.

Browsers send Origin also with requests to the page's own origin, unless the method is GET or HEAD (Fetch,
"append a request `Origin` header"). CORS has no say in them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from crosscors.core.origins.serialized import DEFAULT_PORTS, is_serialized_origin, serialize_ipv6, split
from crosscors.core.request import CORSRequest

_SCHEMES = ("http", "https")
# RFC 9110, section 7.2: Host is a host and an optional port.
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")


class Provenance(NamedTuple):
    """Where a request comes from (Fetch Metadata). Browsers send it over https, and to loopback.

    Attributes:
        fetch_site: Sec-Fetch-Site; None if it is missing.
        fetch_mode: Sec-Fetch-Mode; None if it is missing.
        host: Host; empty if it is missing.
    """

    fetch_site: str | None
    fetch_mode: str | None
    host: str


def provenance_of(request: CORSRequest) -> Provenance:
    """Where the request comes from."""
    get = request.headers.get
    return Provenance(get("sec-fetch-site"), get("sec-fetch-mode"), request.host)


def is_same_origin(origin: str, provenance: Provenance) -> bool:
    """Whether the request comes from a page of the server itself."""
    if provenance.fetch_site is not None:
        return provenance.fetch_site == "same-origin"
    return is_own_origin(origin, provenance.host)


def asks_for_cors(provenance: Provenance) -> bool:
    """Whether the page needs the permission of the server. A form post, for example, does not ask for it."""
    return provenance.fetch_mode in (None, "cors")


def is_cors_request(origin: str, provenance: Provenance) -> bool:
    """Whether the page is of another origin and needs the permission of this server."""
    return asks_for_cors(provenance) and not is_same_origin(origin, provenance)


def is_own_origin(origin: str, host: str) -> bool:
    """Whether this is an origin that the server itself has under the name in Host.

    Only the host and the port are compared, because a server behind a proxy does not know its own scheme. A
    port that is missing in Host is the default port of the origin's scheme.

    >>> is_own_origin("http://localhost:8000", "LOCALHOST:8000"), is_own_origin("null", "a.example")
    (True, False)
    >>> is_own_origin("https://a.example", "a.example"), is_own_origin("https://a.example", "a.example:8000")
    (True, False)
    """
    parts = _HOST.fullmatch(host)
    if parts is None or not is_serialized_origin(origin):
        return False
    scheme, origin_host, origin_port = split(origin)
    if scheme not in _SCHEMES:
        return False
    own_host, own_port = parts.groups()
    default = DEFAULT_PORTS[scheme]
    return (_canonical(own_host), int(own_port or default)) == (origin_host, int(origin_port[1:] or default))


def _canonical(host: str) -> str | None:
    return serialize_ipv6(host) if host.startswith("[") else host.lower()
