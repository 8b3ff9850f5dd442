"""Django's test clients, such as pytest-django's ``client`` and ``async_client``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crosscors.testing.cookies import Cookie, read_same_site
from crosscors.testing.exchange import ReceivedResponse
from crosscors.testing.limits import Body
from crosscors.testing.servers.asgi import scope_of
from crosscors.testing.servers.server import is_async_client, must_be_awaited
from crosscors.testing.servers.wsgi import environ_of

if TYPE_CHECKING:
    from crosscors.testing.exchange import SentRequest
    from crosscors.testing.limits import Limits


@dataclass(frozen=True)
class DjangoServer:
    """Calls what the test client calls. Uses only the client's cookies, not its other settings."""

    client: Any  # django.test.Client or AsyncClient; Django is not a dependency
    base_url: str
    is_live: bool = False

    def cookies(self) -> Iterable[Cookie]:
        return [_cookie(morsel) for morsel in self.client.cookies.values()]

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if is_async_client(self.client):
            raise must_be_awaited(self.client)
        response = self._plain_client().request(**environ_of(request))
        reading = _Reading(Body(limits))
        with reading:
            for part in response if response.streaming else [response.content]:
                reading.body.add(part)
        if reading.raised is not None:
            _close(response)
        return _received(request, response, reading)

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if not is_async_client(self.client):
            from asgiref.sync import sync_to_async  # noqa: PLC0415 (installed with Django)

            return await sync_to_async(self.send)(request, limits)
        response = await self._plain_client().request(**scope_of(request), _body_file=_payload(request.body))
        reading = _Reading(Body(limits))
        with reading:
            if response.streaming:
                async for part in response:
                    reading.body.add(part)
            else:
                reading.body.add(response.content)
        if reading.raised is not None:
            await _aclose(response)
        return _received(request, response, reading)

    def _plain_client(self) -> Any:
        """A client like the test's, without its additions: cookies, headers, forced users."""
        classes = (each for each in type(self.client).__mro__ if each.__module__ == "django.test.client")
        return next(classes)(
            enforce_csrf_checks=self.client.handler.enforce_csrf_checks, raise_request_exception=False
        )


def _cookie(morsel: Any) -> Cookie:
    from django.conf import settings  # noqa: PLC0415 (installed if there is a Django client)

    same_site, secure = morsel["samesite"], bool(morsel["secure"])
    if morsel.key == settings.SESSION_COOKIE_NAME and not same_site:
        # force_login() does not set the attributes that a login sets.
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
    from django.test.client import FakePayload  # noqa: PLC0415 (installed if there is a Django client)

    return FakePayload(body)


@dataclass
class _Reading:
    """Reads a body to its end, or to an exception."""

    body: Body
    raised: Exception | None = None

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        if isinstance(error, Exception):  # as servers do
            self.raised = error
        return isinstance(error, Exception)


def _close(response: Any) -> None:
    """Closes the stream of a view. The response's own close() would close the test's database, too."""
    getattr(getattr(response, "_iterator", None), "close", lambda: None)()


async def _aclose(response: Any) -> None:
    aclose = getattr(getattr(response, "_iterator", None), "aclose", None)
    if aclose is None:
        _close(response)
    else:
        await aclose()


def _received(request: SentRequest, response: Any, reading: _Reading) -> ReceivedResponse:
    headers = [*response.items()]
    headers += [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    received = ReceivedResponse(response.status_code, tuple(headers), reading.body.content())
    if reading.body.is_cut:
        return reading.body.cut_off(request, received)
    raised = response.exc_info[1] if response.exc_info else reading.raised
    return replace(received, raised=raised, is_complete=reading.raised is None)
