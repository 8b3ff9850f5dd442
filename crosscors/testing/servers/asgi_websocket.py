"""The handshake of a WebSocket with an ASGI application (ASGI's WebSocket specification, version 2.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from crosscors.testing.exchange import ReceivedResponse
from crosscors.testing.limits import AbandonedError, Body, ClientGoneError
from crosscors.testing.servers.server import answer_to_exception

if TYPE_CHECKING:
    from crosscors.testing.exchange import Fields, SentRequest

_OPENED = (("Upgrade", "websocket"), ("Connection", "Upgrade"))
_GOING_AWAY = 1001  # RFC 6455, section 7.4.1


def websocket_scope(scope: dict[str, Any]) -> dict[str, Any]:
    """The scope of a handshake, made of that of its request. Applications may refuse it with a response."""
    kept = {name: value for name, value in scope.items() if name != "method"}
    scheme = "wss" if scope["scheme"] == "https" else "ws"
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    return {**kept, "type": "websocket", "scheme": scheme, "subprotocols": [], "extensions": extensions}


@dataclass
class Handshake:
    """One handshake. As soon as the application answers, the browser leaves."""

    request: SentRequest
    body: Body
    answer: MutableMapping[str, Any] | None = None
    asked: bool = False
    was_told: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_begun(self) -> bool:
        return self.answer is not None

    async def receive(self) -> MutableMapping[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "websocket.connect"}
        await self.ended.wait()
        return {"type": "websocket.disconnect", "code": _GOING_AWAY, "reason": ""}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if self.answer is None:
            self.answer = message
            if message["type"] != "websocket.http.response.start":
                self.ended.set()
        elif message["type"] == "websocket.http.response.body":
            try:
                self.body.add(message.get("body", b""))
            finally:
                if self.body.is_cut or not message.get("more_body", False):
                    self.ended.set()
        elif message["type"] != "websocket.close":
            self._leave()

    def _leave(self) -> None:
        if self.was_told:
            raise AbandonedError
        self.was_told = True
        raise ClientGoneError("The browser has closed this WebSocket.")

    def received(self, raised: BaseException | None = None) -> ReceivedResponse:
        """The response that a server would send."""
        answer = self.answer
        if answer is None:
            ended = RuntimeError("The ASGI application ended without an answer to the handshake.")
            return answer_to_exception(raised or ended)
        if answer["type"] == "websocket.close":
            return ReceivedResponse(403, (), raised=raised)
        try:
            headers = _decoded(answer.get("headers", ()))
            if answer["type"] == "websocket.accept":  # what the application does later is no part of it
                return ReceivedResponse(101, (*_OPENED, *headers))
            received = ReceivedResponse(int(answer["status"]), headers, self.body.content())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return answer_to_exception(error)
        if self.body.is_cut:
            return self.body.cut_off(self.request, received)
        return replace(received, raised=raised, is_complete=self.ended.is_set())


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
