"""``allow_origin_func``: a function of the application, called for origins that nothing else allows."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import cast

from crosscors.core.errors import shown
from crosscors.core.request import CORSRequest
from crosscors.core.values import Findings, refused
from crosscors.core.words import Words

OPTION = "allow_origin_func"

OriginFunc = Callable[[CORSRequest], bool] | Callable[[CORSRequest], Awaitable[bool]]


def read(value: object, words: Words) -> tuple[OriginFunc | None, Findings]:
    """The function."""
    if value is None or callable(value):
        return cast("OriginFunc | None", value), Findings()
    setting = words.setting(OPTION, "func")
    hint = f"Write {setting}, where func(request: CORSRequest) returns True or False."
    return None, refused(
        "wrong-type", words.name(OPTION), value, f"takes a function, not {shown(value)}.", hint
    )


def is_async_callable(func: object) -> bool:
    """Whether a call returns something to await: ``async def``, a partial of one, or such a ``__call__``."""
    try:
        return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(type(func).__call__)
    except Exception:  # noqa: BLE001  # a function can raise anything when it is looked at
        return False


def ask(func: OriginFunc, request: CORSRequest) -> bool | Exception:
    """What the function returns for the request; an exception if it does not return True or False."""
    try:
        answer = func(request)
    except Exception as error:  # noqa: BLE001  # whatever it raises means refused, never a 500
        return error
    if inspect.iscoroutine(answer):
        answer.close()  # an async function that does not look like one
    return _judged(answer)


async def ask_async(func: OriginFunc, request: CORSRequest) -> bool | Exception:
    """The same as ``ask``, but it awaits the function if that is async."""
    try:
        answer = func(request)
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception as error:  # noqa: BLE001  # whatever it raises means refused, never a 500
        return error
    return _judged(answer)


def _judged(answer: object) -> bool | Exception:
    if isinstance(answer, bool):
        return answer
    # Anything else may be true by mistake: a coroutine that nobody awaited, a query that nobody ran.
    return TypeError(f"the function returned {type(answer).__name__}, not True or False")
