"""Which library or server answers CORS, as far as its response shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from crosscors.cli.explain.libraries import (
    APACHE,
    ASP_NET,
    CADDY,
    DJANGO_CORS_HEADERS,
    EXPRESS,
    FLASK_CORS,
    NGINX,
    S3,
    SPRING,
    STARLETTE,
    Library,
)
from crosscors.core.standard import ALLOW_HEADERS, ALLOW_METHODS
from crosscors.testing import ReceivedResponse


@dataclass(frozen=True)
class Recognised:
    """A library, and whether it is certain that it answers CORS here."""

    library: Library
    is_certain: bool = True


def in_response(response: ReceivedResponse) -> Recognised | None:
    """The library or the server that the response shows."""
    for shows, library, is_certain in _SIGNS:
        if shows(response):
            return Recognised(library if library.more else _with_lists(library, response), is_certain)
    return None


def _with_lists(library: Library, response: ReceivedResponse) -> Library:
    lists = {"method": response.header(ALLOW_METHODS), "header": response.header(ALLOW_HEADERS)}
    configured = {
        name: tuple(filter(None, (each.strip() for each in (value or "").split(","))))
        for name, value in lists.items()
    }
    return replace(library, configured=configured)


Sign = Callable[[ReceivedResponse], bool]


def _header(name: str, *words: str) -> Sign:
    def shows(response: ReceivedResponse) -> bool:
        value = (response.header(name) or "").lower()
        return any(word in value for word in words)

    return shows


def _body(words: bytes) -> Sign:
    return lambda response: response.body.startswith(words)


def _is_of_django(response: ReceivedResponse) -> bool:
    """Whether it has the headers that Django's SecurityMiddleware and XFrameOptionsMiddleware write."""
    expected = {
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return all(response.header(name) == value for name, value in expected.items())


# The first sign that a response shows counts. Servers in front of others say only who is in front.
_SIGNS: tuple[tuple[Sign, Library, bool], ...] = (
    (_body(b"Disallowed CORS"), STARLETTE, True),
    (_body(b"Invalid CORS request"), SPRING, True),
    (_header("Server", "amazons3"), S3, True),
    (_is_of_django, DJANGO_CORS_HEADERS, False),
    (_header("X-Powered-By", "express"), EXPRESS, False),
    (_header("Server", "kestrel", "microsoft-iis"), ASP_NET, False),
    (_header("Server", "uvicorn", "hypercorn"), STARLETTE, False),
    (_header("Server", "wsgiserver"), DJANGO_CORS_HEADERS, False),
    (_header("Server", "werkzeug", "gunicorn"), FLASK_CORS, False),
    (_header("Server", "nginx", "openresty"), NGINX, False),
    (_header("Server", "apache"), APACHE, False),
    (_header("Server", "caddy"), CADDY, False),
)
