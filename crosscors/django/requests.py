"""Django's requests as the core asks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from crosscors.core.decision import CORSRequest
from crosscors._adapter.environ import cors_request


@dataclass(frozen=True)
class DjangoCORSRequest(CORSRequest):
    """What ``CORS_ORIGIN_FUNC`` and every other ``allow_origin_func`` is asked about under Django.

    Attributes:
        http_request: Django's request. Of an actual request it has been through the view, so that it has
            whatever middleware gave it, such as ``user``. A preflight is answered before all that, and
            browsers send no cookies with it. A function that reads ``session`` or ``user`` makes the response
            carry ``Vary: Cookie``; what else it reads it names with ``varies_on``, such as ``"Cookie"`` for
            ``COOKIES``.

    Example:
        >>> def is_known(request: DjangoCORSRequest) -> bool:
        ...     return request.http_request.get_host() == "api.example.com"
    """

    http_request: HttpRequest = field(kw_only=True, repr=False, compare=False)


class Arrival(NamedTuple):
    """A request with what it came for, which middleware further in may change."""

    http_request: HttpRequest
    method: str
    path: str


def path_and_root(arrival: Arrival) -> tuple[str, str]:
    """The whole path of the request, and the part of it that is the application's root."""
    http_request, _, path = arrival
    root_path: str = http_request.META.get("SCRIPT_NAME", "")
    if "%" in path and isinstance(http_request, WSGIRequest):
        # Over WSGI, Django encodes bytes again that are not UTF-8; everywhere else they are U+FFFD.
        path = _ENCODED_AGAIN.sub("\ufffd", path)
    return root_path + path, root_path


_ENCODED_AGAIN = re.compile("%[89A-F][0-9A-F]")


def read_request(arrival: Arrival) -> DjangoCORSRequest:
    """The request's fields."""
    http_request, method, path = arrival
    read = cors_request(http_request.META, method, path)
    return DjangoCORSRequest(**vars(read), http_request=http_request)
