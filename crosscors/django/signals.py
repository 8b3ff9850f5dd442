"""The signal whose receivers may allow a request, and the policies that ask the receivers."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import async_to_sync, sync_to_async
from django.dispatch import Signal
from django.http import HttpRequest

from crosscors.core.origins.function import OriginFunc
from crosscors.core.policy import CORSPolicy, PolicyOptions, make_policy, options_of, words_of
from crosscors.core.request import CORSRequest
from crosscors.django.requests import DjangoCORSRequest

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["check_request_enabled"]

#: Sent with ``request``, Django's request, for origins that nothing else allows. If any receiver returns
#: something true, the origin is allowed, even on paths that ``CORS_URLS_REGEX`` leaves out. Receivers may be
#: async, and may use the ORM. If one raises, the origin is refused, and the error is logged. If the session
#: or its user was read, the response gets ``Vary: Cookie``. A receiver that reads anything else of the
#: request must name the headers with ``varies_on``: ``@varies_on("Cookie")`` for ``request.COOKIES``.
check_request_enabled = Signal()


def receivers_of(signal: Any) -> list[Any]:
    """What is connected to the signal, as Django keeps it.

    Undocumented: ``Signal.receivers``. ``has_listeners`` would take a lock for each request, and nothing else
    lists the receivers.
    """
    receivers: list[Any] = signal.receivers
    return receivers


def ask_receivers(request: CORSRequest) -> bool:
    """An ``allow_origin_func``: whether any receiver allows the request."""
    responses: Sequence[tuple[object, Any]] = check_request_enabled.send(None, request=_http_request(request))
    # All answers are awaited first, because a coroutine counts as true, and Python warns if nobody awaits it.
    answers = [
        async_to_sync(_awaited)(answer) if inspect.isawaitable(answer) else answer for _, answer in responses
    ]
    return any(answers)


async def ask_receivers_async(request: CORSRequest) -> bool:
    """The same for async stacks. It does not block the event loop."""
    if hasattr(check_request_enabled, "asend"):
        send = check_request_enabled.asend
    else:  # Django before 5.0
        send = sync_to_async(check_request_enabled.send)
    responses: Sequence[tuple[object, Any]] = await send(None, request=_http_request(request))
    answers = [await answer if inspect.isawaitable(answer) else answer for _, answer in responses]
    return any(answers)


class Asking:
    """The policies that ask the receivers, made from those of the settings when they are first needed.

    They are kept as long as the policies that they are made from. A LivePolicy brings new ones.

    Args:
        ask: the receivers as an ``allow_origin_func``.
    """

    def __init__(self, ask: OriginFunc) -> None:
        self._ask = ask
        # By id, because to hash a policy takes as long as it has origins.
        self._made: dict[tuple[int, bool], CORSPolicy] = {}

    def besides(self, policy: CORSPolicy) -> CORSPolicy:
        """The policy with the receivers as its function; the policy itself if it has a function."""
        if policy.allow_origin_func is not None:
            return policy
        return self._kept(policy, is_alone=False, allow_origin_func=self._ask)

    def alone(self, policy: CORSPolicy) -> CORSPolicy:
        """The policy for paths that the given one does not cover. Only receivers allow an origin there."""
        return self._kept(
            policy,
            is_alone=True,
            allow_origins=(),
            allow_origin_regex=None,
            allow_origin_func=self._ask,
            allow_credentials=policy.allow_credentials is True,
        )

    def _kept(self, policy: CORSPolicy, *, is_alone: bool, **changes: Unpack[PolicyOptions]) -> CORSPolicy:
        key = (id(policy), is_alone)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = _changed(policy, **changes)
            weakref.finalize(policy, self._made.pop, key, None)
        return made


def _changed(policy: CORSPolicy, **changes: Unpack[PolicyOptions]) -> CORSPolicy:
    """The same as ``policy.replace``, but in the words of the policy, and without a second warning."""
    changed, _ = make_policy({**options_of(policy), **changes}, words_of(policy))
    return cast("CORSPolicy", changed)  # a policy that allows less than a valid one is valid


def _http_request(request: CORSRequest) -> HttpRequest:
    return cast("DjangoCORSRequest", request).http_request


async def _awaited(answer: Awaitable[object]) -> object:
    return await answer
