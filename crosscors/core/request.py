"""CORSRequest: what the core knows about a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CORSRequest:
    """The parts of a request that matter to CORS, as plain data.

    A header that the request does not have is None. A header that it has twice is both values joined
    with ``", "``, as HTTP allows (RFC 9110, section 5.3).

    Attributes:
        method: the request method, such as ``"GET"``; case-sensitive.
        origin: Origin.
        path: the decoded path as the application's router sees it, such as ``"/items/1"``.
        host: Host, such as ``"api.example.com"``; empty if there is none.
        request_method: Access-Control-Request-Method.
        request_headers: Access-Control-Request-Headers.
        request_private_network: Access-Control-Request-Private-Network.
        headers: all request headers, with names in lower case, for ``allow_origin_func`` to read.

    Example:
        >>> CORSRequest("GET", origin="https://app.example.com").origin
        'https://app.example.com'
    """

    method: str
    origin: str | None = None
    path: str = ""
    host: str = ""
    request_method: str | None = None
    request_headers: str | None = None
    request_private_network: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)

    @property
    def is_preflight(self) -> bool:
        """Whether this is a CORS-preflight request: OPTIONS, Origin and Access-Control-Request-Method.

        Standard: Fetch, "HTTP requests".
        """
        return is_preflight(self.method, self.origin, self.request_method)


def is_preflight(method: str, origin: str | None, request_method: str | None) -> bool:
    """Whether a request with this method and these headers is a CORS-preflight request.

    Standard: Fetch, "HTTP requests".
    """
    return method == "OPTIONS" and origin is not None and request_method is not None
