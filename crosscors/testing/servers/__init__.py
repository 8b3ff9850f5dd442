"""The servers of a browser: applications in this process, test clients, live servers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from crosscors.testing.blocked import NoServerError
from crosscors.testing.cookies import Cookie
from crosscors.testing.servers.asgi import ASGIServer
from crosscors.testing.servers.cached import CachedServer
from crosscors.testing.servers.django_client import DjangoServer
from crosscors.testing.servers.httpx_client import HTTPXServer
from crosscors.testing.servers.server import Server
from crosscors.testing.servers.werkzeug_client import werkzeug_server
from crosscors.testing.servers.wsgi import WSGIServer
from crosscors.testing.shared_cache import SharedCache
from crosscors.testing.urls import is_url, parse

__all__ = ["AnyServer", "Server", "Servers", "read_server", "read_servers"]

# An application, a client, or a dict of these by origin. Their packages may not be installed.
AnyServer = Any

_DEFAULT_URL = "https://testserver"


@dataclass(frozen=True)
class Servers:
    """All servers that a browser can reach, and the base of relative URLs."""

    servers: tuple[Server, ...]

    @property
    def base_url(self) -> str | None:
        """None if the only server is a client for live URLs without a base URL."""
        addresses = [each.base_url for each in self.servers if each.base_url]
        if addresses:
            return addresses[0]
        return None if any(each.is_live for each in self.servers) else _DEFAULT_URL

    def at(self, origin: str) -> Server:
        """The server of that origin. Raises NoServerError if there is none."""
        for server in self.servers:
            if server.base_url and parse(server.base_url).origin == origin:
                return server
        if len(self.servers) == 1 and self.servers[0].is_live:
            return self.servers[0]
        known = parse(self.base_url or origin).origin
        raise NoServerError(
            f"This browser has no server for {origin}. Add one: Browser({{{known!r}: ..., {origin!r}: ...}})."
        )

    def cookies(self) -> Iterator[tuple[str, Iterable[Cookie]]]:
        """The cookies of each client, and the address for those without a domain."""
        for server in self.servers:
            yield server.base_url or self.base_url or _DEFAULT_URL, server.cookies()


def read_servers(server: AnyServer, base_url: str | None) -> Servers:
    """The servers for the argument of ``Browser()``. Raises TypeError and ValueError."""
    if isinstance(server, Mapping):
        by_origin = cast("Mapping[str, AnyServer]", server)
        if base_url is not None or not by_origin:
            raise TypeError(
                "A dict needs at least one origin and no base_url; the first origin is the base URL:"
                " Browser({'https://...': app})."
            )
        return Servers(tuple(read_server(each, origin) for origin, each in by_origin.items()))
    return Servers((read_server(server, base_url),))


def read_server(server: AnyServer, base_url: str | None = None) -> Server:
    """The server for one application or client.

    Raises TypeError for anything else, and ValueError for an invalid base URL.
    """
    if base_url is not None and not is_url(str(base_url)):
        raise ValueError(f"{base_url!r} is not an absolute URL; write 'https://api.example.com'.")
    base_url = base_url and str(base_url)
    if isinstance(server, SharedCache):
        return CachedServer(read_server(server.server, base_url), server)
    kinds = {f"{each.__module__.partition('.')[0]}.{each.__name__}" for each in type(server).__mro__}
    if kinds & {"httpx.Client", "httpx.AsyncClient", "httpx2.Client", "httpx2.AsyncClient"}:
        return HTTPXServer(server, base_url)
    if kinds & {"django.Client", "django.AsyncClient"}:
        return DjangoServer(server, base_url or _DEFAULT_URL)
    if "werkzeug.Client" in kinds:
        return werkzeug_server(server.application, base_url, server)
    if "flask.Flask" in kinds:
        return werkzeug_server(server, base_url)
    # A class can be a WSGI application (PEP 3333), but more often somebody forgot to create the instance.
    is_no_application = isinstance(server, type) and not hasattr(server, "__iter__")
    if is_no_application:
        raise TypeError(_NOT_A_SERVER.format(server, type(server).__name__))
    if _takes(server, 2) and not _is_async(server):
        return WSGIServer(server, base_url or _DEFAULT_URL)
    if _takes(server, 3):
        return ASGIServer(server, base_url or _DEFAULT_URL)
    raise TypeError(_NOT_A_SERVER.format(server, type(server).__name__))


_NOT_A_SERVER = (
    "{!r} ({}) is not a server for a Browser. A Browser takes an ASGI or WSGI application, a Flask"
    " application or test client, Django's test Client or AsyncClient, Starlette's TestClient, or, for a live"
    " URL, httpx.Client(base_url='http://localhost:8000') or httpx.AsyncClient."
)


def _is_async(app: Any) -> bool:
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 (its kind matters, not whether it exists)


def _takes(app: Any, arguments: int) -> bool:
    """Whether it takes that many arguments: WSGI applications take two, ASGI applications three."""
    try:
        inspect.signature(app).bind(*range(arguments))
    except (TypeError, ValueError):
        return False
    return True
