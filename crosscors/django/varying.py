"""What responses vary on because a function or a receiver was asked about them."""

from __future__ import annotations

import dataclasses

from django.http import HttpRequest

from crosscors.core import fields
from crosscors.core.decision import Decision
from crosscors.core.policy import CORSPolicy
from crosscors.django.signals import ask_receivers, ask_receivers_async, names_read_by_receivers


def with_what_was_read(decision: Decision, policy: CORSPolicy, http_request: HttpRequest) -> Decision:
    """The decision of a policy's function, with what it was seen to read of the request in Vary."""
    is_of_receivers = policy.allow_origin_func in (ask_receivers, ask_receivers_async)
    names = names_read_by_receivers() if is_of_receivers else ()
    if _was_session_read(http_request):
        names = (*names, "Cookie")
    if not names:
        return decision
    return dataclasses.replace(decision, vary=fields.unique((*decision.vary, *names)))


def _was_session_read(http_request: HttpRequest) -> bool:
    """Whether anyone has read the session, or a user that comes of it.

    SessionMiddleware looks at the same attribute, but before the function is asked.
    """
    session: object = getattr(http_request, "session", None)
    session = getattr(session, "_wrapped", session)  # a lazy one is looked into, not made
    return getattr(session, "accessed", False) is True
