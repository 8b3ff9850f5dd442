"""What a page gets to read, as a browser decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crosscors.testing import BlockedByCORS, Browser


def gets(app: Any, origin: str, path: str = "/", *, method: str = "GET", names: Iterable[str] = ()) -> bool:
    """Whether a page of the origin gets the response to its request, after the preflight if it needs one.

    >>> from crosscors.wsgi import CORSMiddleware
    >>> def application(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return [b"Hello"]
    >>> gets(CORSMiddleware(application, allow_origins="*"), "https://app.example")
    True
    >>> gets(CORSMiddleware(application, allow_origins="*"), "https://app.example", method="PUT")
    False
    """
    try:
        Browser(app).page(origin).fetch(path, method=method, headers=dict.fromkeys(names, "1"))
    except BlockedByCORS:
        return False
    return True


def gets_with_credentials(app: Any, origin: str, path: str = "/") -> bool:
    try:
        Browser(app).page(origin).fetch(path, credentials="include")
    except BlockedByCORS:
        return False
    return True


def readers(app: Any, origins: Iterable[str], path: str = "/", **request: Any) -> set[str]:
    """The origins whose pages get the response."""
    return {origin for origin in origins if gets(app, origin, path, **request)}
