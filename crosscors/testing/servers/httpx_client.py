"""httpx's clients, and Starlette's TestClient, which is one: live URLs, and whatever a transport leads to."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crosscors.testing.blocked import NetworkError
from crosscors.testing.cookies import Cookie, read_same_site
from crosscors.testing.exchange import ReceivedResponse, SentRequest
from crosscors.testing.servers.server import answer_to_exception, is_async_client, must_be_awaited

# Whether Starlette's TestClient, and httpx's transports to applications, raise what the application raised.
_RAISES = ("raise_server_exceptions", "raise_app_exceptions")


@dataclass(frozen=True)
class HTTPXServer:
    """What a client reaches, asked through its transport: of the client itself, only the cookies count."""

    client: Any  # httpx.Client or httpx.AsyncClient, of httpx or of httpx2; neither is a dependency
    given_base_url: str | None

    @property
    def is_live(self) -> bool:
        """Whether it talks to servers, and not to an application in this process."""
        return not hasattr(self._transport, "app")

    @property
    def base_url(self) -> str | None:
        address = self.given_base_url or str(self.client.base_url)
        # In the network there is no server by that name; everywhere else that is what it is called.
        return address or (None if self._is_networked else "https://testserver")

    def cookies(self) -> Iterable[Cookie]:
        self.client.cookies.jar.clear_expired_cookies()
        return [self._cookie(cookie) for cookie in self.client.cookies.jar]

    def send(self, request: SentRequest) -> ReceivedResponse:
        if is_async_client(self.client):
            raise must_be_awaited(self.client)
        transport, course = self._transport_for(request)
        try:
            response = transport.handle_request(self._request(request))
            response.read()
        except self._module.RequestError as error:
            raise NetworkError(f"{request.url} cannot be reached: {error}") from error
        except Exception as error:  # noqa: BLE001 (as servers do)
            return answer_to_exception(error)
        return _received(response, course)

    async def asend(self, request: SentRequest) -> ReceivedResponse:
        if not is_async_client(self.client):
            return self.send(request)
        transport, course = self._transport_for(request)
        try:
            response = await transport.handle_async_request(self._request(request))
            await response.aread()
        except self._module.RequestError as error:
            raise NetworkError(f"{request.url} cannot be reached: {error}") from error
        except Exception as error:  # noqa: BLE001 (as servers do)
            return answer_to_exception(error)
        return _received(response, course)

    def _transport_for(self, request: SentRequest) -> tuple[Any, _Course]:
        """What sends the request, and what will be known of the application behind it.

        The client's own way to send would add its headers, cookies, hooks and redirects.
        """
        transport = self.client._transport_for_url(self._module.URL(request.url))
        course = _Course()
        options = [option for option in _RAISES if hasattr(transport, option)]
        if options:
            transport = copy.copy(transport)
            for option in options:
                setattr(transport, option, False)
            if not type(transport).__name__.startswith("WSGI"):
                transport.app = course.following(transport.app)
        return transport, course

    def _request(self, request: SentRequest) -> Any:
        built = self._module.Request(
            request.method,
            request.url,
            headers=[(name, value.encode("latin-1")) for name, value in request.headers],
            content=request.body,
            extensions={"timeout": self.client.timeout.as_dict()},
        )
        built.method = request.method  # which Request makes upper case
        return built

    def _cookie(self, cookie: Any) -> Cookie:
        domain: str = cookie.domain.removeprefix(".")
        # CookieJar puts hosts without a dot below "local".
        if domain.removesuffix(".local") == self.client.base_url.host:
            domain = domain.removesuffix(".local")
        return Cookie(
            cookie.name,
            cookie.value or "",
            domain=domain,
            host_only=not cookie.domain_specified or not domain,
            path=cookie.path,
            secure=cookie.secure,
            same_site=read_same_site(cookie.get_nonstandard_attr("SameSite")),
        )

    @property
    def _is_networked(self) -> bool:
        return any(each.__name__.endswith("HTTPTransport") for each in type(self._transport).__mro__)

    @property
    def _transport(self) -> object:
        return getattr(self.client, "_transport", None)

    @property
    def _module(self) -> Any:
        """httpx or httpx2, whichever the client is of."""
        names = (each.__module__.partition(".")[0] for each in type(self.client).__mro__)
        return sys.modules[next(name for name in names if name in {"httpx", "httpx2"})]


@dataclass
class _Course:
    """How an ASGI application went on: the clients keep it to themselves."""

    raised: Exception | None = None
    has_ended: bool = False

    def following(self, app: Any) -> Any:
        async def followed(scope: Any, receive: Any, send: Any) -> None:
            async def send_on(message: Any) -> None:
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    self.has_ended = True
                await send(message)

            try:
                await app(scope, receive, send_on)
            except Exception as error:
                self.raised = error
                raise

        return followed


def _received(response: Any, course: _Course) -> ReceivedResponse:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    was_cut = course.raised is not None and not course.has_ended and response.content
    return ReceivedResponse(
        response.status_code, headers, response.content, course.raised, is_complete=not was_cut
    )
