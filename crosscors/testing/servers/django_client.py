"""Django's test clients: pytest-django's ``client`` and ``async_client`` are two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crosscors.testing.cookies import Cookie, read_client_same_site
from crosscors.testing.exchange import ReceivedResponse
from crosscors.testing.servers.asgi import scope_of
from crosscors.testing.servers.server import is_async_client, must_be_awaited
from crosscors.testing.servers.wsgi import environ_of

if TYPE_CHECKING:
    from crosscors.testing.exchange import SentRequest


@dataclass(frozen=True)
class DjangoServer:
    """What a test client calls. Of the client's own settings, only its cookies count."""

    client: Any  # django.test.Client or AsyncClient, which is no dependency
    base_url: str
    is_live: bool = False

    def cookies(self) -> Iterable[Cookie]:
        return [
            Cookie(
                morsel.key,
                morsel.coded_value,
                domain=morsel["domain"].removeprefix("."),
                host_only=not morsel["domain"],
                path=morsel["path"] or "/",
                secure=bool(morsel["secure"]),
                same_site=read_client_same_site(morsel["samesite"]),
            )
            for morsel in self.client.cookies.values()
        ]

    def send(self, request: SentRequest) -> ReceivedResponse:
        if is_async_client(self.client):
            raise must_be_awaited(self.client)
        response = self._plain_client().request(**environ_of(request))
        return _received(response, b"".join(response) if response.streaming else response.content)

    async def asend(self, request: SentRequest) -> ReceivedResponse:
        if not is_async_client(self.client):
            return self.send(request)
        response = await self._plain_client().request(**scope_of(request), _body_file=_payload(request.body))
        if not response.streaming:
            return _received(response, response.content)
        return _received(response, b"".join([part async for part in response]))

    def _plain_client(self) -> Any:
        """A client like the test's, without what was added to that one: cookies, fields, forced users."""
        classes = (each for each in type(self.client).__mro__ if each.__module__ == "django.test.client")
        return next(classes)(
            enforce_csrf_checks=self.client.handler.enforce_csrf_checks, raise_request_exception=False
        )


def _payload(body: bytes) -> Any:
    from django.test.client import FakePayload  # noqa: PLC0415 (installed where there is a client of Django's)

    return FakePayload(body)


def _received(response: Any, body: bytes) -> ReceivedResponse:
    headers = [*response.items()]
    headers += [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    raised = response.exc_info[1] if response.exc_info else None
    return ReceivedResponse(response.status_code, tuple(headers), body, raised)
