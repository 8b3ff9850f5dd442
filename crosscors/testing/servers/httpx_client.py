"""httpx's clients, and Starlette's TestClient, which is one: live URLs, and whatever a transport leads to."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crosscors.testing.blocked import NetworkError
from crosscors.testing.cookies import Cookie, read_client_same_site
from crosscors.testing.exchange import ReceivedResponse, SentRequest
from crosscors.testing.servers.server import is_async_client, must_be_awaited


@dataclass(frozen=True)
class HTTPXServer:
    """What a client reaches. Of the client's own settings, only its cookies count."""

    client: Any  # httpx.Client or httpx.AsyncClient, of httpx or of httpx2; neither is a dependency
    given_base_url: str | None
    is_live: bool = True

    @property
    def base_url(self) -> str | None:
        return self.given_base_url or str(self.client.base_url) or None

    def cookies(self) -> Iterable[Cookie]:
        self.client.cookies.jar.clear_expired_cookies()
        return [
            Cookie(
                cookie.name,
                cookie.value or "",
                domain=self._domain_of(cookie),
                host_only=not cookie.domain_specified or not cookie.domain,
                path=cookie.path,
                secure=cookie.secure,
                same_site=read_client_same_site(cookie.get_nonstandard_attr("SameSite")),
            )
            for cookie in self.client.cookies.jar
        ]

    def _domain_of(self, cookie: Any) -> str:
        domain: str = cookie.domain.removeprefix(".")
        # CookieJar puts hosts without a dot below "local".
        is_dotless = domain.removesuffix(".local") == self.client.base_url.host
        return domain.removesuffix(".local") if is_dotless else domain

    def send(self, request: SentRequest) -> ReceivedResponse:
        if is_async_client(self.client):
            raise must_be_awaited(self.client)
        fields: list[tuple[bytes, bytes]] = []

        def keep_fields(response: Any) -> None:
            fields[:] = _take_fields(response)

        with self._alone(keep_fields), _answering_exceptions(self.client):
            response = self.client.send(self._request(request), auth=None, follow_redirects=False)
        return _received(response, fields)

    async def asend(self, request: SentRequest) -> ReceivedResponse:
        if not is_async_client(self.client):
            return self.send(request)
        fields: list[tuple[bytes, bytes]] = []

        async def keep_fields(response: Any) -> None:
            fields[:] = _take_fields(response)

        with self._alone(keep_fields), _answering_exceptions(self.client):
            response = await self.client.send(self._request(request), auth=None, follow_redirects=False)
        return _received(response, fields)

    def _request(self, request: SentRequest) -> Any:
        # Not client.build_request, which adds the client's own fields, cookies and parameters.
        built = _module(self.client).Request(
            request.method,
            request.url,
            headers=[(name, value.encode("latin-1")) for name, value in request.headers],
            content=request.body,
            extensions={"timeout": self.client.timeout.as_dict()},
        )
        built.method = request.method  # which Request makes upper case
        return built

    @contextmanager
    def _alone(self, hook: Any) -> Generator[None, None, None]:
        """Keeps the client's cookies as they are, and sees its responses and errors first."""
        jar, hooks = self.client.cookies.jar, self.client.event_hooks
        kept = list(jar)
        self.client.event_hooks = {**hooks, "response": [*hooks["response"], hook]}
        try:
            yield
        except _module(self.client).TransportError as error:
            raise NetworkError(f"{error.request.url} cannot be reached: {error}") from error
        finally:
            self.client.event_hooks = hooks
            jar.clear()
            for cookie in kept:
                jar.set_cookie(cookie)


@contextmanager
def _answering_exceptions(client: Any) -> Generator[None, None, None]:
    """Has a client answer 500, as servers do, instead of raising what its application raised."""
    transport: Any = getattr(client, "_transport", None)
    # Starlette's TestClient, and httpx's transports to applications
    options = ("raise_server_exceptions", "raise_app_exceptions")
    before = {option: getattr(transport, option) for option in options if hasattr(transport, option)}
    try:
        for option in before:
            setattr(transport, option, False)
        yield
    finally:
        for option, value in before.items():
            setattr(transport, option, value)


def _module(client: Any) -> Any:
    """httpx or httpx2, whichever the client is of."""
    names = (each.__module__.partition(".")[0] for each in type(client).__mro__)
    return sys.modules[next(name for name in names if name in {"httpx", "httpx2"})]


def _take_fields(response: Any) -> list[tuple[bytes, bytes]]:
    """The fields. Location is taken away, for the client would stumble over what is no HTTP URL."""
    fields = list(response.headers.raw)
    response.headers.pop("Location", None)
    return fields


def _received(response: Any, fields: list[tuple[bytes, bytes]]) -> ReceivedResponse:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)
    return ReceivedResponse(response.status_code, headers, response.content)
