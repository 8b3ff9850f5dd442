"""What answers the browser: the target of the command as a server for ``crosscors.testing.Browser``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crosscors.cli.output import nothing_on_stdout
from crosscors.cli.targets import Target, TargetError
from crosscors.testing.blocked import NoAnswerError, NoServerError, TooLateError
from crosscors.testing.servers import read_server
from crosscors.testing.servers.asgi import ASGIServer
from crosscors.testing.urls import is_url, parse

# Seconds that a live server may stay silent.
SILENCE = 5.0


@dataclass(frozen=True)
class Served:
    """A server for the browser.

    Attributes:
        server: the application, or a client for live URLs.
        base_url: the address of the application; None: the browser's own choice.
        is_live: whether requests go over the network.
        is_asgi: whether it is an ASGI application.
    """

    server: Any
    base_url: str | None
    is_live: bool = False
    is_asgi: bool = False

    def close(self) -> None:
        """Close the connections to a live server."""
        if self.is_live:
            self.server.close()


def served(target: Target, url: str) -> Served:
    """The server for a target. The URL says at which address, if it is not only a path.

    Raises:
        TargetError: if the target cannot answer requests in this process.
    """
    base_url = parse(url).origin if is_url(url) else None
    if target.kind == "url":
        import httpx  # noqa: PLC0415 (it takes a while)

        return Served(httpx.Client(timeout=SILENCE), base_url, is_live=True)
    if target.kind == "policy":
        raise TargetError(
            f"{target.name} is a policy, and explain needs something that answers requests.",
            f"Name the application, or run: crosscors check {target.name}",
        )
    if target.kind == "settings":
        return Served(_django(target), base_url or _django_url())
    try:
        server = read_server(target.value)
    except TypeError:
        raise TargetError(
            f"{target.name} is an application that only its own server can call.",
            "Start it, and write its URL instead: http://localhost:8080.",
        ) from None
    if type(target.value).__module__.startswith("django."):
        base_url = base_url or _django_url()
    return Served(target.value, base_url, is_asgi=isinstance(server, ASGIServer))


def _django(target: Target) -> Any:
    """The WSGI application of a Django project."""
    os.environ["DJANGO_SETTINGS_MODULE"] = target.name
    try:
        with nothing_on_stdout():
            from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 (only for projects of Django)

            return get_wsgi_application()
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raise TargetError(
            f"The Django project {target.name} does not start: {type(error).__name__}: {lines[0]}",
            f"To see the whole error, run: python -m django check --settings {target.name}",
        ) from error


def _django_url() -> str:
    from django.conf import settings  # noqa: PLC0415 (only for projects of Django)

    return f"https://{allowed_host(settings.ALLOWED_HOSTS)}"


def allowed_host(hosts: Iterable[str]) -> str:
    """A host that Django answers (``ALLOWED_HOSTS``). With DEBUG and no hosts, it answers localhost.

    >>> allowed_host(["*", ".example.com"]), allowed_host([])
    ('example.com', 'localhost')
    """
    return next((host.removeprefix(".") for host in hosts if host != "*"), "localhost")


def unreachable_hint(error: NoAnswerError, url: str) -> str:
    """What to do about a server that cannot be reached."""
    if isinstance(error, NoServerError):
        return "Start the application, and explain its URL instead: that follows redirects to other servers."
    if isinstance(error, TooLateError) or is_silence(error):
        return "Look for what the server waits for: a database, another server, a lock."
    said = error.message
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return (
            "Browsers refuse such a certificate, too. If it is from an authority of your own, name its file:"
            " SSL_CERT_FILE=ca.pem crosscors explain ..."
        )
    if "SSL" in said:
        return f"Perhaps the server speaks plain HTTP: http{url.removeprefix('https')}"
    if _is_of_httpx(error, "RemoteProtocolError", "ReadError"):
        other = "http" if url.startswith("https") else "https"
        return (
            "Something listens there, and closes the connection. Look at the log of the server. Perhaps it"
            f" speaks {other}: {other}{url[url.index(':') :]}"
        )
    return "Start the server, or correct the URL."


def is_silence(error: NoAnswerError) -> bool:
    """Whether a live server was reached, and did not answer within `SILENCE`."""
    return _is_of_httpx(error, "ReadTimeout")


def _is_of_httpx(error: NoAnswerError, *names: str) -> bool:
    """Whether httpx raised one of these. It is imported only where requests go over the network."""
    return type(error.__cause__).__name__ in names
