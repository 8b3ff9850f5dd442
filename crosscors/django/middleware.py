"""The middleware: it answers preflights, and writes the policy into every other response.

Which policy covers a request depends on the view that answers it, so the middleware decides after the view
has run. For a preflight, no view runs. There the router is asked which view would get the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NoReturn

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from crosscors._adapter.decider import Decider
from crosscors._adapter.elsewhere import names_elsewhere
from crosscors._adapter.keywords import raise_problems
from crosscors._adapter.nesting import RECORD, Carried, Entry, bring_over, carried_by
from crosscors._adapter.stacks import check_get_response
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy
from crosscors.core.rulebook import AskFunction
from crosscors.django.configuration import Configuration, configuration
from crosscors.django.requests import Arrival
from crosscors.django.varying import with_names_read

__all__ = ["CORSMiddleware"]

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class CORSMiddleware:
    """Answers preflights before the rest of the stack, and writes the policy into every other response.

    Put it at the top of ``MIDDLEWARE``, because responses of middleware above it do not get the headers of
    the policy. Only middleware that sets ``request.urlconf`` or ``request.path_info`` belongs above it, so
    that preflights find their views. The policy is in the settings; see ``crosscors.django``. It runs in sync
    and async stacks.

    Raises:
        ImproperlyConfigured: listing every problem of the settings, so that the server does not start.
        PolicyError: if it is given an application, or middleware of another framework makes it.

    Example:
        >>> MIDDLEWARE = ["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"]
        >>> CORS_ALLOWED_ORIGINS = ["https://app.example.com"]

    Standard: Fetch, "CORS protocol"; Django, "Asynchronous support" of middleware.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse, *positional: NoReturn, **options: NoReturn) -> None:
        raise_problems(check_get_response(get_response))
        if positional or options:
            raise TypeError(_NO_OPTIONS)
        self.get_response: Callable[[HttpRequest], Any] = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        configuration(self._is_async)  # read now, so that problems stop the server and not a request

    @property
    def _decider(self) -> Decider[Arrival]:  # ``has_own_policy`` looks for it
        return configuration(self._is_async).decider

    def __call__(self, http_request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        current = configuration(self._is_async)
        arrival = Arrival(http_request, http_request.method or "", http_request.path_info)
        requested_method = arrival.requested_method if arrival.method == "OPTIONS" else None
        if requested_method is None:
            respond = _respond_async if self._is_async else _respond
            return respond(self.get_response, current, arrival)
        policy = current.policy_for(arrival, requested_method)
        if policy is None:
            run_uncovered = _run_uncovered_async if self._is_async else _run_uncovered
            return run_uncovered(self.get_response, current, arrival)
        answer_preflight = _answer_preflight_async if self._is_async else _answer_preflight
        return answer_preflight(current, policy, arrival)


_NO_OPTIONS = (
    "CORSMiddleware of crosscors.django takes no options. Write them into the settings, such as "
    'CORS_ALLOWED_ORIGINS = ["https://app.example.com"]'
)

# Each function that may have to wait exists twice, for sync and for async stacks. The two differ only where
# one of them awaits.


def _respond(
    get_response: Callable[[HttpRequest], HttpResponseBase], current: Configuration, arrival: Arrival
) -> HttpResponseBase:
    """The response to a request that is not a preflight."""
    entry = _enter(current, arrival)
    try:
        response = get_response(arrival.http_request)
    except Exception:
        _settle(current, entry, arrival, None)
        if not entry.is_withdrawn:
            entry.leave(has_raised=True)
        raise
    _settle(current, entry, arrival, response)
    if not entry.is_withdrawn:
        _write(entry, response)
    return response


async def _respond_async(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
    current: Configuration,
    arrival: Arrival,
) -> HttpResponseBase:
    entry = _enter(current, arrival)
    try:
        response = await get_response(arrival.http_request)
    except Exception:
        await _settle_async(current, entry, arrival, None)
        if not entry.is_withdrawn:
            entry.leave(has_raised=True)
        raise
    await _settle_async(current, entry, arrival, response)
    if not entry.is_withdrawn:
        _write(entry, response)
    return response


def _settle(
    current: Configuration, entry: Entry, arrival: Arrival, response: HttpResponseBase | None
) -> None:
    """Decide, now that the view has run. If no policy covers the request, withdraw."""
    policy = current.policy_for(arrival, arrival.http_request.method or "")
    if policy is None:
        current.decider.withdraw(entry, arrival, _carried(response))
    else:
        current.decider.settle(entry, policy, _decide(current, policy, arrival))


async def _settle_async(
    current: Configuration, entry: Entry, arrival: Arrival, response: HttpResponseBase | None
) -> None:
    policy = current.policy_for(arrival, arrival.http_request.method or "")
    if policy is None:
        current.decider.withdraw(entry, arrival, _carried(response))
    else:
        current.decider.settle(entry, policy, await _decide_async(current, policy, arrival))


def _answer_preflight(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> HttpResponse:
    return _preflight_response(current, policy, arrival, _decide(current, policy, arrival))


async def _answer_preflight_async(
    current: Configuration, policy: CORSPolicy, arrival: Arrival
) -> HttpResponse:
    return _preflight_response(current, policy, arrival, await _decide_async(current, policy, arrival))


def _run_uncovered(
    get_response: Callable[[HttpRequest], HttpResponseBase], current: Configuration, arrival: Arrival
) -> HttpResponseBase:
    """The response to a preflight that no policy covers."""
    entry = _enter(current, arrival)
    response: HttpResponseBase | None = None
    try:
        response = get_response(arrival.http_request)
        return response
    finally:
        current.decider.withdraw(entry, arrival, _carried(response))


async def _run_uncovered_async(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
    current: Configuration,
    arrival: Arrival,
) -> HttpResponseBase:
    entry = _enter(current, arrival)
    response: HttpResponseBase | None = None
    try:
        response = await get_response(arrival.http_request)
        return response
    finally:
        current.decider.withdraw(entry, arrival, _carried(response))


def _decide(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision:
    """What the policy says, its function included."""
    answer = _ask(current, policy, arrival)
    if isinstance(answer, Decision):
        return answer
    decide = async_to_sync(answer.decide_async) if policy.is_async else answer.decide
    decision = decide(arrival.as_routed().cors_request(), debug=current.decider.debug)
    decision = with_names_read(decision, policy, arrival.http_request)
    return current.decider.explained(decision, policy, arrival)


async def _decide_async(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision:
    answer = _ask(current, policy, arrival)
    if isinstance(answer, Decision):
        return answer
    # A function that is not async may block, so it runs in a thread.
    decide = answer.decide_async if policy.is_async else sync_to_async(answer.decide)
    decision = await decide(arrival.as_routed().cors_request(), debug=current.decider.debug)
    decision = with_names_read(decision, policy, arrival.http_request)
    return current.decider.explained(decision, policy, arrival)


# What follows never waits.


def _ask(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision | AskFunction:
    return current.decider.ask(policy, arrival, current.decider.read.headers(arrival))


def _enter(current: Configuration, arrival: Arrival) -> Entry:
    """An entry in the record of nested adapters, undecided until the view has run."""
    meta = arrival.http_request.META
    holder = _holder(arrival.http_request)
    entry = current.decider.enter_undecided(holder, arrival)
    if holder is not meta:
        meta[RECORD] = holder[RECORD]  # a view may pass META to another application, or the scope
    return entry


def _carried(response: HttpResponseBase | None) -> Carried:
    """The Access-Control headers of the response. Empty if an exception means that there is none."""
    return () if response is None else carried_by(response.headers.items())


def _write(entry: Entry, response: HttpResponseBase) -> None:
    """Write the decision into the response."""
    headers: Any = response.headers  # the stubs do not say that it is a mutable mapping
    decision = entry.answer(response.status_code, () if entry.record is None else carried_by(headers.items()))
    decision.response_headers.write_into(headers)


def _preflight_response(
    current: Configuration, policy: CORSPolicy, arrival: Arrival, decision: Decision
) -> HttpResponse:
    """The decision as a response."""
    entry = current.decider.enter(_holder(arrival.http_request), arrival, policy, decision)
    entry.answer(decision.status, ())
    return HttpResponse(decision.body, status=decision.status, headers=dict(decision.preflight_headers))


def _holder(http_request: HttpRequest) -> MutableMapping[str, Any]:
    """What holds the record of nested adapters: the scope over ASGI; otherwise META, which is the environ.

    Undocumented: ``ASGIRequest.scope``.
    """
    scope: MutableMapping[str, Any] | None = getattr(http_request, "scope", None)
    if scope is None:
        return http_request.META
    if "wsgi_environ" in scope:  # a2wsgi, a bridge to ASGI, keeps the environ there
        bring_over(scope)
    return scope


__getattr__ = names_elsewhere(
    __name__,
    {  # what the middleware is called in django-cors-headers
        "CorsMiddleware": "from crosscors.django import CORSMiddleware (in MIDDLEWARE: "
        "crosscors.django.CORSMiddleware)"
    },
)
