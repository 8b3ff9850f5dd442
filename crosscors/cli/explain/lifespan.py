"""The start and the end of an ASGI application (ASGI's Lifespan specification, version 2.0)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from crosscors.cli.output import CommandError

State = dict[str, Any]
_PATIENCE = 1.0  # seconds for the end, after which the application is left


@dataclass
class _Lifespan:
    """The messages to the application and from it."""

    to_app: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue[dict[str, Any]])
    from_app: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue[dict[str, Any]])


@asynccontextmanager
async def lifespan(app: Any, state: State) -> AsyncGenerator[None]:
    """Start the application, which may fill the state, and shut it down in the end. Many have no lifespan.

    Raises:
        CommandError: if the application says that its start has failed.
    """
    messages = _Lifespan()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    running = asyncio.ensure_future(app(scope, messages.to_app.get, messages.from_app.put))
    said = await _told(messages, running, "startup")
    if said.get("type") == "lifespan.startup.failed":
        await asyncio.wait([running])
        lines = str(said.get("message", "")).strip().splitlines()
        raise CommandError(
            f"The application does not start: {lines[-1] if lines else 'its lifespan has failed'}",
            "Start it with its server to see the whole error.",
        )
    try:
        yield
    finally:
        await _told(messages, running, "shutdown", _PATIENCE)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def with_state(app: Any, state: State) -> Any:
    """The application, whose requests get a copy of the state."""

    async def stateful(scope: State, receive: Any, send: Any) -> None:
        await app({**scope, "state": {**state}}, receive, send)

    return stateful


async def _told(
    messages: _Lifespan, running: asyncio.Future[None], event: str, patience: float | None = None
) -> State:
    """Tell the application of an event, and wait for what it says. It says nothing if it has ended."""
    if running.done():
        return {}
    await messages.to_app.put({"type": f"lifespan.{event}"})
    answer = asyncio.ensure_future(messages.from_app.get())
    waiting: list[asyncio.Future[Any]] = [answer, running]
    await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    if answer.done():
        return answer.result()
    answer.cancel()
    return messages.from_app.get_nowait() if not messages.from_app.empty() else {}
