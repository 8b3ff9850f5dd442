"""Reading Django's requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from crosscors._adapter.decider import Headers
from crosscors._adapter.environ import cors_request, preflight_headers, sender_of
from crosscors._adapter.reporting import ReadRequest
from crosscors.core.protection import Sender
from crosscors.core.request import CORSRequest, is_preflight

__all__ = ["DjangoCORSRequest"]


@dataclass(frozen=True)
class DjangoCORSRequest(CORSRequest):
    """The request that ``CORS_ORIGIN_FUNC``, or any other ``allow_origin_func``, gets under Django.

    Attributes:
        http_request: Django's request. If it is an actual request, the function is called after the view, so
            the request has everything that middleware added, such as ``user``. If it is a preflight, the
            function is called before other middleware, and browsers send no cookies. If CORS_PROTECT has to
            know whether the origin may write, the function is called before other middleware, too. If the
            function reads ``session`` or ``user``, the response gets ``Vary: Cookie``. If it reads anything
            else, it must name the headers with ``varies_on``, such as ``"Cookie"`` for ``COOKIES``.

    Example:
        >>> def is_known(request: DjangoCORSRequest) -> bool:
        ...     return request.http_request.get_host() == "api.example.com"
    """

    http_request: HttpRequest = field(kw_only=True, repr=False, compare=False)


class Arrival(NamedTuple):
    """A request, with the method and path that it arrived with. Middleware further in may change both."""

    http_request: HttpRequest
    method: str
    path: str

    @property
    def requested_method(self) -> str | None:
        """The method that a preflight asks for; None if the request is not a preflight."""
        meta = self.http_request.META
        asked: str | None = meta.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        return asked if is_preflight(self.method, meta.get("HTTP_ORIGIN"), asked) else None

    def as_routed(self) -> Arrival:
        """The same request with the path that Django routes, or has routed."""
        return self._replace(path=self.http_request.path_info)

    def cors_request(self) -> DjangoCORSRequest:
        """The request as plain data."""
        read = cors_request(self.http_request.META, self.method, self.path)
        return DjangoCORSRequest(**vars(read), http_request=self.http_request)


class ArrivalReader:
    """Reads requests for the decider."""

    bridge = "asgi.scope"  # in META, over a2wsgi. For the other direction, see ``_holder`` in middleware.py
    is_raw = False

    def headers(self, arrival: Arrival) -> Headers:
        meta = arrival.http_request.META
        if arrival.method == "OPTIONS":
            return preflight_headers(meta)
        return (meta.get("HTTP_ORIGIN"), None, None, None)

    def path(self, arrival: Arrival) -> tuple[str, str]:
        """The path that Django routes, and SCRIPT_NAME."""
        path = arrival.http_request.path_info
        root_path: str = arrival.http_request.META.get("SCRIPT_NAME", "")
        # Undocumented: WSGIRequest. Over WSGI, Django percent-encodes bytes that are not UTF-8. On every
        # other stack they are U+FFFD, and Resources has to see the same path everywhere.
        if "%" in path and isinstance(arrival.http_request, WSGIRequest):
            path = _ENCODED_AGAIN.sub("\ufffd", path)
        return root_path + path, root_path

    def sender(self, arrival: Arrival) -> Sender:
        return sender_of(arrival.http_request.META, arrival.method)

    def keep(self, arrival: Arrival) -> ReadRequest:
        return arrival.cors_request


_ENCODED_AGAIN = re.compile("%[89A-F][0-9A-F]")
