"""The middleware: it answers preflights, and writes the policy into every other response.

Which policy covers a request depends on the view that answers it, so the middleware decides after the view
has run. For a preflight, no view runs. There the router is asked which view would get the request. It is also
asked if the cross-origin protection needs the policy, because that decides before the view runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple, NoReturn

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

    With CORS_PROTECT, it also refuses unsafe requests and WebSockets from pages that the policy does not
    trust, before the rest of the stack sees them.

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
        if not current.guards(arrival):
            return self._serve(current, arrival, None)
        guard = _guard_async if self._is_async else _guard
        return guard(self._serve, current, arrival)

    def _serve(
        self, current: Configuration, arrival: Arrival, said: Said | None
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The response to a request that the cross-origin protection does not refuse."""
        requested_method = arrival.requested_method if arrival.method == "OPTIONS" else None
        if requested_method is None:
            respond = _respond_async if self._is_async else _respond
            return respond(self.get_response, current, arrival, said)
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


class Said(NamedTuple):
    """What a policy said before the view ran. Its function is not asked the same again.

    Attributes:
        policy: the policy.
        path: the path of the request at that time. Middleware further in may change it.
        decision: what it said.
    """

    policy: CORSPolicy
    path: str
    decision: Decision


Serve = Callable[[Configuration, Arrival, "Said | None"], Any]


# Each function that may have to wait exists twice, for sync and for async stacks. The two differ only where
# one of them awaits.


def _guard(serve: Serve, current: Configuration, arrival: Arrival) -> HttpResponseBase:
    """The response to a request that the cross-origin protection looks at."""
    policy = current.policy_judging(arrival)
    decision = None if policy is None else _decide(current, policy, arrival)
    refused = current.decider.guard(policy, decision, arrival)
    if refused is not None:
        return _answer_itself(current, policy, arrival, refused)
    response: HttpResponseBase = serve(current, arrival, _said(current, policy, arrival, decision))
    return response


async def _guard_async(serve: Serve, current: Configuration, arrival: Arrival) -> HttpResponseBase:
    policy = current.policy_judging(arrival)
    decision = None if policy is None else await decide_async(current, policy, arrival)
    refused = current.decider.guard(policy, decision, arrival)
    if refused is not None:
        return _answer_itself(current, policy, arrival, refused)
    response: HttpResponseBase = await serve(current, arrival, _said(current, policy, arrival, decision))
    return response


def _respond(
    get_response: Callable[[HttpRequest], HttpResponseBase],
    current: Configuration,
    arrival: Arrival,
    said: Said | None,
) -> HttpResponseBase:
    """The response to a request that is not a preflight."""
    entry = _enter(current, arrival)
    try:
        response = get_response(arrival.http_request)
    except Exception:
        _settle(current, entry, arrival, said, None)
        if not entry.is_withdrawn:
            entry.leave(has_raised=True)
        raise
    _settle(current, entry, arrival, said, response)
    if not entry.is_withdrawn:
        _write(entry, response)
    return response


async def _respond_async(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
    current: Configuration,
    arrival: Arrival,
    said: Said | None,
) -> HttpResponseBase:
    entry = _enter(current, arrival)
    try:
        response = await get_response(arrival.http_request)
    except Exception:
        await _settle_async(current, entry, arrival, said, None)
        if not entry.is_withdrawn:
            entry.leave(has_raised=True)
        raise
    await _settle_async(current, entry, arrival, said, response)
    if not entry.is_withdrawn:
        _write(entry, response)
    return response


def _settle(
    current: Configuration,
    entry: Entry,
    arrival: Arrival,
    said: Said | None,
    response: HttpResponseBase | None,
) -> None:
    """Decide, now that the view has run. If no policy covers the request, withdraw."""
    policy = current.policy_for(arrival, arrival.http_request.method or "")
    if policy is None:
        current.decider.withdraw(entry, arrival, _carried(response))
    else:
        decision = _known(said, policy, arrival) or _decide(current, policy, arrival)
        current.decider.settle(entry, policy, decision)


async def _settle_async(
    current: Configuration,
    entry: Entry,
    arrival: Arrival,
    said: Said | None,
    response: HttpResponseBase | None,
) -> None:
    policy = current.policy_for(arrival, arrival.http_request.method or "")
    if policy is None:
        current.decider.withdraw(entry, arrival, _carried(response))
    else:
        decision = _known(said, policy, arrival) or await decide_async(current, policy, arrival)
        current.decider.settle(entry, policy, decision)


def _answer_preflight(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> HttpResponse:
    return _answer_itself(current, policy, arrival, _decide(current, policy, arrival))


async def _answer_preflight_async(
    current: Configuration, policy: CORSPolicy, arrival: Arrival
) -> HttpResponse:
    return _answer_itself(current, policy, arrival, await decide_async(current, policy, arrival))


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


async def decide_async(current: Configuration, policy: CORSPolicy, arrival: Arrival) -> Decision:
    """The same for async stacks."""
    answer = _ask(current, policy, arrival)
    if isinstance(answer, Decision):
        return answer
    # A function that is not async may block, so it runs in a thread.
    decide = answer.decide_async if policy.is_async else sync_to_async(answer.decide)
    decision = await decide(arrival.as_routed().cors_request(), debug=current.decider.debug)
    decision = with_names_read(decision, policy, arrival.http_request)
    return current.decider.explained(decision, policy, arrival)


# What follows never waits.


def _said(
    current: Configuration, policy: CORSPolicy | None, arrival: Arrival, decision: Decision | None
) -> Said | None:
    """What the policy said. None if the protection only reports, because then it must not change anything."""
    is_report = current.decider.protection is not None and current.decider.protection.report_only
    if policy is None or decision is None or is_report:
        return None
    return Said(policy, arrival.path, decision)


def _known(said: Said | None, policy: CORSPolicy, arrival: Arrival) -> Decision | None:
    """What the policy said before the view ran, if it still covers the request, at the same path."""
    if said is None or said.policy is not policy or said.path != arrival.http_request.path_info:
        return None
    return said.decision


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


def _answer_itself(
    current: Configuration, policy: CORSPolicy | None, arrival: Arrival, decision: Decision
) -> HttpResponse:
    """The decision, which is the whole response."""
    entry = current.decider.enter(_holder(arrival.http_request), arrival, policy, decision)
    entry.answer(decision.status, ())
    return HttpResponse(decision.body, status=decision.status, headers=dict(decision.whole_headers))


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
