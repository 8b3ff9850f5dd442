"""The signal that lets code of the project allow a request, and how it is asked."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Sequence
from typing import Any, cast
from weakref import ReferenceType

from asgiref.sync import async_to_sync, sync_to_async
from django.dispatch import Signal
from django.http import HttpRequest

from crosscors.core.decision import CORSRequest
from crosscors.core.varying import names_read_by
from crosscors.django.requests import DjangoCORSRequest

#: Sent with ``request``, Django's request, for origins that nothing else allows. If any receiver returns
#: something true, the origin is allowed, also on paths that ``CORS_URLS_REGEX`` leaves out. Receivers may
#: be async, and may use the ORM. If one raises, the origin is refused, and the error is logged. Responses
#: about which receivers were asked carry ``Vary: Cookie`` if the session or its user was read. Receivers that
#: read anything else of the request name its headers with ``varies_on``: ``@varies_on("Cookie")`` for
#: ``request.COOKIES``.
check_request_enabled = Signal()


def ask_receivers(request: CORSRequest) -> bool:
    """Whether any receiver allows the request: an ``allow_origin_func``."""
    responses: Sequence[tuple[object, Any]] = check_request_enabled.send(None, request=_http_request(request))
    # Awaited, for a coroutine as such counts as true; and all of them, for one that is left is warned of.
    answers = [
        async_to_sync(_awaited)(answer) if inspect.isawaitable(answer) else answer for _, answer in responses
    ]
    return any(answers)


async def ask_receivers_async(request: CORSRequest) -> bool:
    """The same for async stacks, whose thread it does not block."""
    if hasattr(check_request_enabled, "asend"):
        send = check_request_enabled.asend
    else:  # Django before 5.0
        send = sync_to_async(check_request_enabled.send)
    responses: Sequence[tuple[object, Any]] = await send(None, request=_http_request(request))
    answers = [await answer if inspect.isawaitable(answer) else answer for _, answer in responses]
    return any(answers)


def names_read_by_receivers() -> tuple[str, ...]:
    """The request headers that the receivers read, as ``varies_on`` says."""
    # In every release of Django a receiver is the second of its entry, by itself or as a weak reference.
    receivers: list[Any] = [entry[1] for entry in check_request_enabled.receivers]
    alive = [each() if issubclass(type(each), ReferenceType) else each for each in receivers]
    return tuple(name for receiver in alive for name in names_read_by(receiver))


def _http_request(request: CORSRequest) -> HttpRequest:
    return cast("DjangoCORSRequest", request).http_request


async def _awaited(answer: Awaitable[object]) -> object:
    return await answer
