"""Whether a request comes from a page of this server itself.

Browsers also send Origin to the page's own origin, unless the method is GET or HEAD (Fetch, "append a request
`Origin` header"). CORS has no say in them.
"""

from __future__ import annotations

from crosscors.core.hosts import HOST
from crosscors.core.origins.serialized import DEFAULT_PORTS, is_serialized_origin, serialize_ipv6, split
from crosscors.core.request import CORSRequest

_SCHEMES = ("http", "https")


def is_cors_request(request: CORSRequest) -> bool:
    """Whether a page of another origin asks for the permission of this server. The request has Origin."""
    return asks_for_cors(request) and not is_same_origin(request)


def asks_for_cors(request: CORSRequest) -> bool:
    """Whether CORS has a say in the request. It has none in a form post (Fetch Metadata, Sec-Fetch-Mode)."""
    return request.headers.get("sec-fetch-mode", "cors") == "cors"


def is_same_origin(request: CORSRequest) -> bool:
    """Whether the request comes from a page of this server itself.

    Browsers send Sec-Fetch-Site over https and to loopback. Without it, the origin is compared with Host.
    """
    site = request.headers.get("sec-fetch-site")
    return is_own_origin(request.origin or "", request.host) if site is None else site == "same-origin"


def is_own_origin(origin: str, host: str) -> bool:
    """Whether this is an origin that the server itself has under the name in Host.

    Only the host and the port are compared, because a server behind a proxy does not know its own scheme. A
    port that is missing in Host is the default port of the origin's scheme.

    >>> is_own_origin("http://localhost:8000", "LOCALHOST:8000"), is_own_origin("null", "a.example")
    (True, False)
    >>> is_own_origin("https://a.example", "a.example"), is_own_origin("https://a.example", "a.example:8000")
    (True, False)
    """
    scheme, origin_host, origin_port = split(origin)
    parts = HOST.fullmatch(host)
    if parts is None or scheme not in _SCHEMES or not is_serialized_origin(origin):
        return False
    own_host, own_port = parts.groups()
    default = DEFAULT_PORTS[scheme]
    return (_canonical(own_host), int(own_port or default)) == (origin_host, int(origin_port[1:] or default))


def _canonical(host: str) -> str | None:
    return serialize_ipv6(host) if host.startswith("[") else host.lower()
