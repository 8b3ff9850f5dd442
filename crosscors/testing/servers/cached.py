"""A server behind a shared cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosscors.testing.cookies import Cookie
    from crosscors.testing.exchange import ReceivedResponse, SentRequest
    from crosscors.testing.limits import Limits
    from crosscors.testing.servers.server import Server
    from crosscors.testing.shared_cache import SharedCache


@dataclass(frozen=True)
class CachedServer:
    """Sends a request to the server only if the cache has no response. Caches let WebSockets through."""

    server: Server
    cache: SharedCache

    @property
    def base_url(self) -> str | None:
        return self.server.base_url

    @property
    def is_live(self) -> bool:
        return self.server.is_live

    def cookies(self) -> Iterable[Cookie]:
        return self.server.cookies()

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if request.is_websocket:
            return self.server.send(request, limits)
        return self.cache.answer(request) or self.cache.keep(request, self.server.send(request, limits))

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        if request.is_websocket:
            return await self.server.asend(request, limits)
        return self.cache.answer(request) or self.cache.keep(
            request, await self.server.asend(request, limits)
        )
