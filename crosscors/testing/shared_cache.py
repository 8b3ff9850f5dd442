"""A shared HTTP cache, such as a CDN or a caching proxy."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosscors.testing.exchange import ReceivedResponse, SentRequest

# RFC 9110, section 15.1: statuses that a cache may keep even if no header says so.
_HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_ERRORS = 400  # the first status of an error
# Partial responses, and updates of a stored response: this cache does not combine them.
_NEEDS_UNDERSTANDING = frozenset({206, 304})
# The response must not be stored, or must be revalidated every time.
_FORBIDS_REUSE = frozenset({"no-store", "private", "no-cache"})


def shared_cache(server: Any, *, methods: Collection[str] = ("GET", "HEAD")) -> SharedCache:
    """Puts a shared cache in front of a server. Give it to a `Browser` in place of the server.

    The cache keeps every response that RFC 9111 lets a shared cache keep, and never lets one expire. It
    returns that response to later requests with the same values of the headers that Vary names. Use it to
    find bugs that depend on the order of requests: fetch from one page, then from another, and check that
    neither gets the other's response.

    Args:
        server: anything that a `Browser` takes, except a dict. A dict can contain caches.
        methods: the methods whose responses are kept. Default: GET and HEAD. Add ``"OPTIONS"`` for CDNs that
            keep preflights, against the standard.

    >>> from crosscors.testing import BlockedByCORS, Browser
    >>> def application(environ, start_response):  # without Vary
    ...     start_response("200 OK", [("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"])])
    ...     return []
    >>> browser = Browser(shared_cache(application))
    >>> browser.page("https://one.example").fetch("/").status
    200
    >>> try:
    ...     browser.page("https://two.example").fetch("/")
    ... except BlockedByCORS as blocked:
    ...     print(blocked.reason)
    allow-origin-mismatch
    """
    return SharedCache(server, (methods,) if isinstance(methods, str) else methods)


class SharedCache:
    """What `shared_cache` returns. `hits` counts the requests that the cache answered itself."""

    def __init__(self, server: Any, methods: Collection[str]) -> None:
        self.server = server
        self.hits = 0
        self._methods = frozenset(methods)
        self._stored: dict[tuple[str, str], list[tuple[SentRequest, ReceivedResponse]]] = {}

    def answer(self, request: SentRequest) -> ReceivedResponse | None:
        """The stored response to such a request, or None."""
        # RFC 9111, section 4.1: the headers that Vary names must equal those of the stored request.
        for first, response in self._stored.get((request.method, request.url), ()):
            names = _names_in(response.header("Vary") or "")
            if all(request.header(name) == first.header(name) for name in names):
                self.hits += 1
                return replace(response, is_cached=True)
        return None

    def keep(self, request: SentRequest, response: ReceivedResponse) -> ReceivedResponse:
        """Stores the response if a shared cache may do so, and returns it."""
        if request.method not in _SAFE_METHODS and response.status < _ERRORS:
            for method in ("GET", "HEAD"):  # RFC 9111, section 4.4: a change invalidates what is stored
                self._stored.pop((method, request.url), None)
        if request.method in self._methods and response.is_complete and _may_be_reused(request, response):
            self._stored.setdefault((request.method, request.url), []).append((request, response))
        return response


def _may_be_reused(request: SentRequest, response: ReceivedResponse) -> bool:
    """RFC 9111, sections 3, 3.5 and 4.2."""
    directives = _directives(response.header("Cache-Control") or "")
    vary = _names_in(response.header("Vary") or "")
    if response.status in _NEEDS_UNDERSTANDING or "*" in vary or directives.keys() & _FORBIDS_REUSE:
        return False
    if _is_stale(directives, response.header("Expires")):
        return False
    if request.header("Authorization") is not None:
        return bool(directives.keys() & {"public", "s-maxage", "must-revalidate"})
    return response.status in _HEURISTICALLY_CACHEABLE or bool(
        directives.keys() & {"public", "max-age", "s-maxage"}
    )


def _directives(value: str) -> dict[str, str]:
    """The directives of Cache-Control, each with its argument."""
    pairs = (each.partition("=") for each in _names_in(value))
    return {name: argument.strip('"') for name, _, argument in pairs}


def _is_stale(directives: dict[str, str], expires: str | None) -> bool:
    """Whether the response is stale from the start. s-maxage overrides max-age, which overrides Expires."""
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return not directives[name].strip("0").isdigit()
    if expires is None:
        return False
    try:
        return parsedate_to_datetime(expires).timestamp() <= time.time()
    except (OverflowError, TypeError, ValueError):
        return True


def _names_in(value: str) -> list[str]:
    """The elements of a comma-separated list in lower case, without empty ones."""
    return [name.strip(" \t").lower() for name in value.split(",") if name.strip(" \t")]
