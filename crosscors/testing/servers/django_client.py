"""Django's test clients: pytest-django's ``client`` and ``async_client`` are two."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crosscors.testing.cookies import Cookie, read_same_site
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
        return [_cookie(morsel) for morsel in self.client.cookies.values()]

    def send(self, request: SentRequest) -> ReceivedResponse:
        if is_async_client(self.client):
            raise must_be_awaited(self.client)
        response = self._plain_client().request(**environ_of(request))
        body = _Body()
        with body.reading():
            body.parts += response if response.streaming else [response.content]
        return _received(response, body)

    async def asend(self, request: SentRequest) -> ReceivedResponse:
        if not is_async_client(self.client):
            from asgiref.sync import sync_to_async  # noqa: PLC0415 (installed with Django)

            return await sync_to_async(self.send)(request)
        response = await self._plain_client().request(**scope_of(request), _body_file=_payload(request.body))
        body = _Body()
        with body.reading():
            if response.streaming:
                async for part in response:
                    body.parts.append(part)
            else:
                body.parts.append(response.content)
        return _received(response, body)

    def _plain_client(self) -> Any:
        """A client like the test's, without what was added to that one: cookies, fields, forced users."""
        classes = (each for each in type(self.client).__mro__ if each.__module__ == "django.test.client")
        return next(classes)(
            enforce_csrf_checks=self.client.handler.enforce_csrf_checks, raise_request_exception=False
        )


def _cookie(morsel: Any) -> Cookie:
    from django.conf import settings  # noqa: PLC0415 (installed where there is a client of Django's)

    same_site, secure = morsel["samesite"], bool(morsel["secure"])
    if morsel.key == settings.SESSION_COOKIE_NAME and not same_site:
        # force_login() leaves out what a login gives to the cookie.
        same_site, secure = settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_SECURE
    return Cookie(
        morsel.key,
        morsel.coded_value,
        domain=(morsel["domain"] or "").removeprefix("."),
        host_only=not morsel["domain"],
        path=morsel["path"] or "/",
        secure=secure,
        same_site=read_same_site(same_site or None),
    )


def _payload(body: bytes) -> Any:
    from django.test.client import FakePayload  # noqa: PLC0415 (installed where there is a client of Django's)

    return FakePayload(body)


@dataclass
class _Body:
    """What has come of a body, until its end or an exception."""

    parts: list[bytes] = field(default_factory=list[bytes])
    raised: Exception | None = None

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 (as servers do)
            self.raised = error


def _received(response: Any, body: _Body) -> ReceivedResponse:
    headers = [*response.items()]
    headers += [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    raised = response.exc_info[1] if response.exc_info else body.raised
    return ReceivedResponse(
        response.status_code, tuple(headers), b"".join(body.parts), raised, is_complete=body.raised is None
    )
