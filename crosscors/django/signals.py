"""The signal that lets code of the project allow a request, and the policies that ask its receivers."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import ReferenceType

from asgiref.sync import async_to_sync, sync_to_async
from django.dispatch import Signal
from django.http import HttpRequest

from crosscors.core.decision import Decision
from crosscors.core.origins.function import OriginFunc
from crosscors.core.policy import CORSPolicy, PolicyOptions, make_policy, options_of, words_of
from crosscors.core.request import CORSRequest
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.token_lists import unique
from crosscors.core.varying import names_read_by
from crosscors.django.requests import DjangoCORSRequest, was_session_read

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["check_request_enabled"]

#: Sent with ``request``, Django's request, for origins that nothing else allows. If any receiver returns
#: something true, the origin is allowed, also on paths that ``CORS_URLS_REGEX`` leaves out. Receivers may
#: be async, and may use the ORM. If one raises, the origin is refused, and the error is logged. Responses
#: about which receivers were asked carry ``Vary: Cookie`` if the session or its user was read. Receivers that
#: read anything else of the request name its headers with ``varies_on``: ``@varies_on("Cookie")`` for
#: ``request.COOKIES``.
check_request_enabled = Signal()


def receivers_of(signal: Any) -> list[Any]:
    """What is connected to the signal, as Django keeps it.

    ``Signal.receivers`` is undocumented. ``has_listeners`` would take a lock for each request, and only this
    attribute lists the receivers.
    """
    receivers: list[Any] = signal.receivers
    return receivers


def ask_receivers(request: CORSRequest) -> bool:
    """Whether any receiver allows the request: an ``allow_origin_func``."""
    responses: Sequence[tuple[object, Any]] = check_request_enabled.send(None, request=_http_request(request))
    # All of them are awaited. A coroutine counts as true, and Python warns about one that nobody awaits.
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


def asking(policies: Sequence[CORSPolicy], ask: OriginFunc) -> Mapping[int, CORSPolicy]:
    """The policies without a function of their own, by their id, with the receivers as their function."""
    return {
        id(policy): _changed(policy, allow_origin_func=ask)
        for policy in policies
        if policy.allow_origin_func is None
    }


def asking_outside(policy: CORSPolicy, ask: OriginFunc) -> CORSPolicy:
    """The policy for paths that the given one does not cover: there only the receivers allow anything."""
    return _changed(
        policy,
        allow_origins=(),
        allow_origin_regex=None,
        allow_origin_func=ask,
        allow_credentials=policy.allow_credentials is True,
    )


def _changed(policy: CORSPolicy, **changes: Unpack[PolicyOptions]) -> CORSPolicy:
    """As ``policy.replace``, in the words of the policy, and without warning a second time."""
    changed, _ = make_policy({**options_of(policy), **changes}, words_of(policy))
    return cast("CORSPolicy", changed)  # what allows less than a valid policy is valid


def with_what_was_read(decision: Decision, policy: CORSPolicy, http_request: HttpRequest) -> Decision:
    """The decision of a policy's function, with the headers that the function has read in Vary."""
    is_of_receivers = policy.allow_origin_func in (ask_receivers, ask_receivers_async)
    names = _names_read_by_receivers() if is_of_receivers else ()
    if was_session_read(http_request):
        names = (*names, "Cookie")
    if not names:
        return decision
    headers = ResponseHeaders(decision.headers, unique((*decision.vary, *names)))
    return dataclasses.replace(decision, response_headers=headers)


def _names_read_by_receivers() -> tuple[str, ...]:
    """The request headers that the receivers read, as ``varies_on`` says."""
    # In every release of Django a receiver is the second of its entry, by itself or as a weak reference.
    receivers = [entry[1] for entry in receivers_of(check_request_enabled)]
    alive = [each() if issubclass(type(each), ReferenceType) else each for each in receivers]
    return tuple(name for receiver in alive for name in names_read_by(receiver))


def _http_request(request: CORSRequest) -> HttpRequest:
    return cast("DjangoCORSRequest", request).http_request


async def _awaited(answer: Awaitable[object]) -> object:
    return await answer
