"""WebSocket handshakes over ASGI: what is refused, is refused before the application accepts it."""

from __future__ import annotations

from crosscors._adapter.asgi_types import Receive, Scope, Send
from crosscors._adapter.decider import Decider
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy


async def guard_handshake(
    decider: Decider[Scope],
    policy: CORSPolicy | None,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> bool:
    """Refuse a handshake if the cross-origin protection does.

    Args:
        decider: the adapter's.
        policy: the policy that covers the request; None if none does, or if that is not known.
        scope: the scope, with headers as servers give them.
        receive: the function of the server.
        send: the function of the server.

    Returns:
        Whether the handshake is refused.

    Standard: ASGI, "WebSocket", and its extension "Websocket Denial Response".
    """
    decision = None if policy is None else await decider.decide_async(policy, scope)
    refused = decider.guard(policy, decision, scope)
    if refused is None:
        return False
    decider.reporter.report(refused, policy, decider.read.keep(scope))
    await deny(refused, scope, receive, send)
    return True


async def deny(
    refused: Decision,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer a handshake with the decision that refuses it."""
    await receive()  # websocket.connect, which comes first
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})  # servers turn this into status 403
        return
    headers = list(refused.raw_whole_headers)
    await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": refused.body})
