"""The middleware: answers preflights, and writes the policy into every other response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from crosscors.core.decision import CORSRequest, Decision, Kind, is_preflight
from crosscors.core.policy import CORSPolicy
from crosscors.django.configuration import Configuration, configuration
from crosscors.django.requests import Arrival, read_request
from crosscors.django.varying import with_what_was_read
from crosscors.django.views import policy_of_view
from crosscors._adapter.environ import preflight_fields
from crosscors._adapter.nesting import RECORD, Entry, bring_over, carried, enter
from crosscors._adapter.reporting import Reporter

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class CORSMiddleware:
    """Answers preflights before the rest of the stack, and writes the policy into every other response.

    For ``MIDDLEWARE``, at its top: what middleware further out answers is without the policy's fields. (Above
    it belongs what sets ``request.urlconf`` or ``request.path_info``, for preflights to find their views.)
    The policy is in the settings; see ``crosscors.django``. Runs in sync and async stacks as it is.

    Raises:
        ImproperlyConfigured: listing every problem of the settings, so that the server does not start.

    Example:
        >>> MIDDLEWARE = ["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"]
        >>> CORS_ALLOWED_ORIGINS = ["https://app.example.com"]

    Standard: Fetch, "CORS protocol"; Django, "Asynchronous support" of middleware.
    """

    sync_capable = True
    async_capable = True
    adapter_name = "crosscors.django.CORSMiddleware"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        # Read now, for faults to stop the server instead of requests.
        self.reporter = configuration(self._is_async).reporter

    def __call__(self, http_request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._answer_async(http_request) if self._is_async else self._answer(http_request)

    def read_source(self, source: Arrival) -> CORSRequest:
        """The request that came."""
        return read_request(source)

    def _answer(self, http_request: HttpRequest) -> HttpResponseBase:
        get_response: Callable[[HttpRequest], Any] = self.get_response  # a cast would be a call
        arrival = Arrival(http_request, http_request.method or "", http_request.path_info)
        asked_method = _method_of_preflight(arrival)
        entry = _entered(self, arrival)
        try:
            response = get_response(http_request) if asked_method is None else None
        except Exception:
            if self._settle(entry, arrival, asked_method):
                entry.leave(has_raised=True)
            raise
        if not self._settle(entry, arrival, asked_method):
            untouched: HttpResponseBase = get_response(http_request) if response is None else response
            return untouched
        return _written(entry, response)

    async def _answer_async(self, http_request: HttpRequest) -> HttpResponseBase:
        get_response: Callable[[HttpRequest], Any] = self.get_response  # a cast would be a call
        arrival = Arrival(http_request, http_request.method or "", http_request.path_info)
        asked_method = _method_of_preflight(arrival)
        entry = _entered(self, arrival)
        try:
            response = await get_response(http_request) if asked_method is None else None
        except Exception:
            if await self._settle_async(entry, arrival, asked_method):
                entry.leave(has_raised=True)
            raise
        if not await self._settle_async(entry, arrival, asked_method):
            untouched: HttpResponseBase = await get_response(http_request) if response is None else response
            return untouched
        return _written(entry, response)

    def _settle(self, entry: _Entry, arrival: Arrival, asked_method: str | None) -> bool:
        """Decide; False if no policy covers the request."""
        current = configuration(False)
        policy, entry.policy_reporter = _policy_for(arrival, asked_method, current)
        if policy is None:
            entry.withdraw()
            return False
        decision = _decided_by_fields(policy, arrival, debug=current.debug)
        if decision is None:
            decide = async_to_sync(policy.decide_by_func_async) if policy.is_async else policy.decide_by_func
            decision = decide(read_request(arrival), debug=current.debug)
            decision = with_what_was_read(decision, policy, arrival.http_request)
        entry.settle(policy, decision)
        return True

    async def _settle_async(self, entry: _Entry, arrival: Arrival, asked_method: str | None) -> bool:
        current = configuration(True)
        policy, entry.policy_reporter = _policy_for(arrival, asked_method, current)
        if policy is None:
            entry.withdraw()
            return False
        decision = _decided_by_fields(policy, arrival, debug=current.debug)
        if decision is None:
            # A function that is not async may block, as look-ups in the database do.
            decide = policy.decide_by_func_async if policy.is_async else sync_to_async(policy.decide_by_func)
            decision = await decide(read_request(arrival), debug=current.debug)
            decision = with_what_was_read(decision, policy, arrival.http_request)
        entry.settle(policy, decision)
        return True


class _Entry(Entry):
    """An entry with the reporter of the policy: that of the settings, or that of views."""

    policy_reporter: Reporter

    @property
    def reporter(self) -> Reporter:
        return self.policy_reporter


def _entered(adapter: CORSMiddleware, arrival: Arrival) -> _Entry:
    """An entry in the record, from before the view runs: it may hand the request to other applications.

    Which policy covers the request is known only after it.
    """
    entry = _Entry(adapter, None, _UNDECIDED, arrival)
    meta = arrival.http_request.META
    # Over ASGI, Django keeps the scope beside META, and a view may hand on either.
    scope: MutableMapping[str, Any] | None = getattr(arrival.http_request, "scope", None)
    holder = meta if scope is None else scope
    if "asgi.scope" in holder or "wsgi_environ" in holder:
        bring_over(holder)
    enter(holder, entry)
    if scope is not None:
        meta[RECORD] = scope[RECORD]
    return entry


_UNDECIDED = Decision(Kind.NOT_CORS, False)


def _method_of_preflight(arrival: Arrival) -> str | None:
    """The method that a preflight asks for; None for every other request."""
    if arrival.method != "OPTIONS":
        return None  # without reading what only preflights have
    meta = arrival.http_request.META
    asked: str | None = meta.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    return asked if is_preflight(arrival.method, meta.get("HTTP_ORIGIN"), asked) else None


def _decided_by_fields(policy: CORSPolicy, arrival: Arrival, *, debug: bool) -> Decision | None:
    meta = arrival.http_request.META
    origin: str | None = meta.get("HTTP_ORIGIN")
    if arrival.method != "OPTIONS":
        return policy.decide_by_origin(origin)
    return policy.decide_by_fields(arrival.method, origin, *preflight_fields(meta), debug)


def _policy_for(
    arrival: Arrival, asked_method: str | None, current: Configuration
) -> tuple[CORSPolicy | None, Reporter]:
    """The policy that covers the request, and who tells of it in the words that the policy is written in."""
    method = arrival.method if asked_method is None else asked_method
    policy = policy_of_view(arrival.http_request, method, arrival.path)
    if policy is not None:
        return policy, current.reporter_of_views
    return current.policy_for(arrival), current.reporter


def _written(entry: Entry, response: HttpResponseBase | None) -> HttpResponseBase:
    """The response with the decision in it; without one, the answer to a preflight."""
    if response is None:
        decision = entry.decision
        entry.answer(decision.status, ())
        return HttpResponse(decision.body, status=decision.status, headers=dict(decision.preflight_headers))
    headers: Any = response.headers  # a mutable mapping, of which the stubs do not know
    decision = entry.answer(response.status_code, () if entry.record is None else carried(headers.items()))
    decision.write(headers)
    return response
