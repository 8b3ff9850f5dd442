"""Vary, where a function decides: it names the headers that the function has read."""

from __future__ import annotations

from dataclasses import replace
from weakref import ReferenceType

from django.http import HttpRequest

from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.token_lists import unique
from crosscors.core.varying import names_read_by
from crosscors.django.signals import (
    ask_receivers,
    ask_receivers_async,
    check_request_enabled,
    receivers_of,
)


def with_names_read(decision: Decision, policy: CORSPolicy, http_request: HttpRequest) -> Decision:
    """A decision that the policy's function made, with more names in Vary.

    The core has added what ``varies_on`` says about the function itself. It does not know what the receivers
    read, and whether the session was read.
    """
    asks_receivers = policy.allow_origin_func in (ask_receivers, ask_receivers_async)
    names = _names_read_by_receivers() if asks_receivers else ()
    if _was_session_read(http_request):
        names = (*names, "Cookie")
    if not names:
        return decision
    headers = ResponseHeaders(decision.headers, unique((*decision.vary, *names)))
    return replace(decision, response_headers=headers)


def _names_read_by_receivers() -> tuple[str, ...]:
    """The request headers that the receivers read, as ``varies_on`` says."""
    # In every release of Django, the second item of an entry is the receiver, or a weak reference to it.
    receivers = [entry[1] for entry in receivers_of(check_request_enabled)]
    alive = [each() if issubclass(type(each), ReferenceType) else each for each in receivers]
    return tuple(name for receiver in alive for name in names_read_by(receiver))


def _was_session_read(http_request: HttpRequest) -> bool:
    """Whether the session was read, or a user that comes from it."""
    # Undocumented: ``accessed``. Because of it, SessionMiddleware sends Vary: Cookie, but it looks before the
    # function is called. Private: ``_wrapped``. Without it, this would make a lazy session that nobody needs.
    session: object = getattr(http_request, "session", None)
    session = getattr(session, "_wrapped", session)
    return getattr(session, "accessed", False) is True
