"""The middleware: answers preflights, and writes the policy into every other response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from crosscors._adapter.decider import Decider
from crosscors._adapter.elsewhere import names_elsewhere
from crosscors._adapter.nesting import RECORD, Entry, bring_over, carried_by
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy
from crosscors.core.rulebook import AskFunction
from crosscors.django.requests import Arrival
from crosscors.django.settings import Configuration, configuration
from crosscors.django.signals import with_what_was_read
from crosscors.django.views import policy_of_view

__all__ = ["CORSMiddleware"]

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class CORSMiddleware:
    """Answers preflights before the rest of the stack, and writes the policy into every other response.

    For ``MIDDLEWARE``, at its top: responses of middleware further out are without the policy's headers.
    (Above it belongs what sets ``request.urlconf`` or ``request.path_info``, for preflights to find their
    views.) The policy is in the settings; see ``crosscors.django``. Runs in sync and async stacks as it is.

    Raises:
        ImproperlyConfigured: listing every problem of the settings, so that the server does not start.

    Example:
        >>> MIDDLEWARE = ["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"]
        >>> CORS_ALLOWED_ORIGINS = ["https://app.example.com"]

    Standard: Fetch, "CORS protocol"; Django, "Asynchronous support" of middleware.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        configuration(self._is_async)  # now, for faults to stop the server instead of requests

    @property
    def _decider(self) -> Decider[Arrival]:  # ``has_own_policy`` looks for it
        return configuration(self._is_async).decider

    def __call__(self, http_request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._respond_async(http_request) if self._is_async else self._respond(http_request)

    def _respond(self, http_request: HttpRequest) -> HttpResponseBase:
        get_response: Callable[[HttpRequest], Any] = self.get_response  # a cast would be a call
        current = configuration(False)
        arrival = Arrival(http_request, http_request.method or "", http_request.path_info)
        asked_method = arrival.method_of_preflight if arrival.method == "OPTIONS" else None
        if asked_method is not None:
            policy = _policy_for(current, arrival, asked_method)
            if policy is None:
                untouched: HttpResponseBase = get_response(http_request)
                return untouched
            return _preflight_response(current, arrival, policy, _decide(current, policy, arrival))
        entry = _entered(current, arrival)
        try:
            response: HttpResponseBase = get_response(http_request)
        except Exception:
            if _settle(current, entry, arrival):
                entry.leave(has_raised=True)
            raise
        if _settle(current, entry, arrival):
            _write(entry, response)
        return response

    async def _respond_async(self, http_request: HttpRequest) -> HttpResponseBase:
        get_response: Callable[[HttpRequest], Any] = self.get_response  # a cast would be a call
        current = configuration(True)
        arrival = Arrival(http_request, http_request.method or "", http_request.path_info)
        asked_method = arrival.method_of_preflight if arrival.method == "OPTIONS" else None
        if asked_method is not None:
            policy = _policy_for(current, arrival, asked_method)
            if policy is None:
                untouched: HttpResponseBase = await get_response(http_request)
                return untouched
            return _preflight_response(
                current, arrival, policy, await _decide_async(current, policy, arrival)
            )
        entry = _entered(current, arrival)
        try:
            response: HttpResponseBase = await get_response(http_request)
        except Exception:
            if await _settle_async(current, entry, arrival):
                entry.leave(has_raised=True)
            raise
        if await _settle_async(current, entry, arrival):
            _write(entry, response)
        return response


def _policy_for(current: Configuration, arrival: Arrival, method: str) -> CORSPolicy | None:
    """The policy that covers the request: that of its view, or else that of the settings."""
    return policy_of_view(arrival.http_request, method) or current.policy_for(arrival)


def _decide(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision:
    """What the policy says, its function included."""
    answer = _ask(current, policy, arrival)
    if isinstance(answer, Decision):
        return answer
    ask = async_to_sync(answer.decide_async) if policy.is_async else answer.decide
    decision = ask(current.decider.read.keep(arrival)(), debug=current.decider.debug)
    return with_what_was_read(decision, policy, arrival.http_request)


async def _decide_async(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision:
    """The same as ``_decide``. A function that is not async may block, so it gets a thread."""
    answer = _ask(current, policy, arrival)
    if isinstance(answer, Decision):
        return answer
    ask = answer.decide_async if policy.is_async else sync_to_async(answer.decide)
    decision = await ask(current.decider.read.keep(arrival)(), debug=current.decider.debug)
    return with_what_was_read(decision, policy, arrival.http_request)


def _ask(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision | AskFunction:
    return current.decider.ask(policy, arrival, current.decider.read.headers(arrival))


def _entered(current: Configuration, arrival: Arrival) -> Entry:
    """An entry in the record, before the view runs. Which policy covers the request is not known yet."""
    meta = arrival.http_request.META
    holder = _holder(arrival.http_request)
    entry = current.decider.enter_undecided(holder, arrival)
    if holder is not meta:
        meta[RECORD] = holder[RECORD]
    return entry


def _settle(current: Configuration, entry: Entry, arrival: Arrival) -> bool:
    """Decide, now that the view has run; False if no policy covers the request."""
    routed = arrival.as_routed()
    policy = _policy_for(current, routed, arrival.http_request.method or "")
    if policy is None:
        entry.withdraw()
        return False
    current.decider.settle(entry, policy, _decide(current, policy, routed))
    return True


async def _settle_async(current: Configuration, entry: Entry, arrival: Arrival) -> bool:
    """The same as ``_settle``."""
    routed = arrival.as_routed()
    policy = _policy_for(current, routed, arrival.http_request.method or "")
    if policy is None:
        entry.withdraw()
        return False
    current.decider.settle(entry, policy, await _decide_async(current, policy, routed))
    return True


def _write(entry: Entry, response: HttpResponseBase) -> None:
    """Write the decision into the response."""
    headers: Any = response.headers  # a mutable mapping, of which the stubs do not know
    decision = entry.answer(response.status_code, () if entry.record is None else carried_by(headers.items()))
    decision.response_headers.write_into(headers)


def _preflight_response(
    current: Configuration, arrival: Arrival, policy: CORSPolicy, decision: Decision
) -> HttpResponse:
    """The decision as a response. No view runs that could look for the record in META."""
    entry = current.decider.enter(_holder(arrival.http_request), arrival, policy, decision)
    entry.answer(decision.status, ())
    return HttpResponse(decision.body, status=decision.status, headers=dict(decision.preflight_headers))


def _holder(http_request: HttpRequest) -> MutableMapping[str, Any]:
    """What holds the record of nested adapters: the scope over ASGI, or else META, which is the environ.

    Undocumented: ``ASGIRequest.scope``. A view may hand either of the two to another application.
    """
    scope: MutableMapping[str, Any] | None = getattr(http_request, "scope", None)
    if scope is None:
        return http_request.META
    if "wsgi_environ" in scope:  # a bridge to ASGI keeps the environ there
        bring_over(scope)
    return scope


__getattr__ = names_elsewhere(
    __name__,
    {  # as the other library's middleware is called
        "CorsMiddleware": "from crosscors.django import CORSMiddleware (in MIDDLEWARE: "
        "crosscors.django.CORSMiddleware)"
    },
)
