"""The start and the end of ASGI applications that are explained."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crosscors.cli.explain.lifespan import State, lifespan, with_state
from crosscors.cli.output import CommandError
from tests.tables import table

Said = list[str]


def application(*answers: dict[str, Any], said: Said, ends: bool = False) -> Any:
    """An application that answers each event of its lifespan."""

    async def app(scope: State, receive: Any, send: Any) -> None:
        scope["state"]["database"] = "open"
        for answer in answers:
            said.append((await receive())["type"])
            await send(answer)
        if not ends:
            await receive()

    return app


UP, DOWN = {"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}


async def started(app: Any) -> State:
    state: State = {}
    async with lifespan(app, state):
        await asyncio.sleep(0)
    return state


@table(
    "answers, ends, heard",
    ("it starts and ends", (UP, DOWN), True, ["lifespan.startup", "lifespan.shutdown"]),
    ("it goes on after its end", (UP, DOWN), False, ["lifespan.startup", "lifespan.shutdown"]),
    ("it ends after its start", (UP,), True, ["lifespan.startup"]),
    ("it does not know its end", (UP,), False, ["lifespan.startup"]),
    ("it ends at once", (), True, []),
)
def test_an_application_starts_and_ends(
    answers: tuple[dict[str, Any], ...], ends: bool, heard: list[str]
) -> None:
    said: Said = []
    assert asyncio.run(started(application(*answers, said=said, ends=ends))) == {"database": "open"}
    assert said == heard


def test_an_application_without_a_lifespan_may_raise() -> None:
    async def app(scope: State, receive: Any, send: Any) -> None:
        raise RuntimeError(scope["type"])

    assert asyncio.run(started(app)) == {}


@table(
    "message, shown",
    ("with a traceback", "Traceback:\n  x\nOSError: no database\n", "OSError: no database"),
    ("without a word", "", "its lifespan has failed"),
)
def test_a_start_that_fails_is_an_error(message: str, shown: str) -> None:
    failed = {"type": "lifespan.startup.failed", "message": message}
    with pytest.raises(CommandError) as raised:
        asyncio.run(started(application(failed, said=[], ends=True)))
    assert raised.value.message == f"The application does not start: {shown}"


def test_requests_get_a_copy_of_the_state() -> None:
    async def app(scope: State, receive: Any, send: Any) -> None:
        scope["state"]["mine"] = scope["type"]

    state: State = {"database": "open"}
    asyncio.run(with_state(app, state)({"type": "http"}, None, None))
    assert state == {"database": "open"}
