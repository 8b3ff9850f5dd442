"""The one change that lets a blocked request pass, in the words of the library that answers CORS."""

from __future__ import annotations

from crosscors.cli.explain.libraries import Needed
from crosscors.cli.explain.playing import Played
from crosscors.cli.explain.recognition import Recognised, in_application, in_response
from crosscors.cli.explain.serving import unreachable_hint
from crosscors.cli.targets import Target
from crosscors.core.standard import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
)
from crosscors.testing import BlockedByCORS, Exchange
from crosscors.testing.server_says import REFUSING, reason_and_remedy

_OF_ORIGIN = frozenset({"allow-origin-missing", "allow-origin-mismatch", "allow-origin-invalid"})
_OF_LISTS = frozenset({"preflight-status", "method-not-allowed", "header-not-allowed"})
_FIRST_ERROR = 400


def hint_for(played: Played, target: Target) -> str | None:
    """What to change, or None if there is nothing to change."""
    error = played.error
    if error is None:
        return None
    if not isinstance(error, BlockedByCORS):
        return None if played.exchanges else unreachable_hint(error.__cause__, played.url)
    # The server itself knows best.
    if reason_and_remedy(error.exchange.response):
        return error.hint
    needed = _needed(error, played)
    recognised = _recognised(target, error.exchange)
    if needed is None or recognised is None:
        return error.hint
    text = recognised.library.text(needed)
    if text is None:
        return error.hint
    if recognised.is_certain:
        return f"In {recognised.library.name}, write {text}"
    return f"{error.hint} If this is {recognised.library.name}, write {text}"


def _recognised(target: Target, exchange: Exchange) -> Recognised | None:
    if target.kind == "url":
        return in_response(exchange.response)
    library = in_application(target)
    return Recognised(library) if library else None


def _needed(blocked: BlockedByCORS, played: Played) -> Needed | None:
    """What the server would have to allow; None if the fault is another one."""
    exchange, origin = blocked.exchange, played.asked.origin
    if origin == "null" or exchange.response.raised is not None:
        return None
    credentials = played.asked.credentials
    if blocked.reason == "allow-credentials-not-true":
        return Needed(credentials=True)
    if blocked.reason == "allow-origin-wildcard-with-credentials":
        return Needed(origin=origin, credentials=True)
    if blocked.reason in _OF_ORIGIN:
        return Needed(origin=origin, credentials=credentials) if _is_of_middleware(exchange, played) else None
    if blocked.reason not in _OF_LISTS:
        return None
    if blocked.reason == "preflight-status" and exchange.response.status not in REFUSING:
        return None
    return _of_lists(exchange)


def _is_of_middleware(exchange: Exchange, played: Played) -> bool:
    """Whether the CORS middleware had a part in the response, rather than something in front of it."""
    status = exchange.response.status
    if exchange.is_preflight:
        return status < _FIRST_ERROR or status in REFUSING
    return status < _FIRST_ERROR and not any(each.is_preflight for each in played.exchanges)


def _of_lists(preflight: Exchange) -> Needed | None:
    """What the preflight asked for and did not get."""
    request, response = preflight.request, preflight.response
    method = request.header(REQUEST_METHOD) or ""
    methods = _list(response.header(ALLOW_METHODS))
    is_allowed = method in SAFELISTED_METHODS or method in methods or "*" in methods
    allowed = {name.lower() for name in _list(response.header(ALLOW_HEADERS))}
    headers = tuple(name for name in _list(request.header(REQUEST_HEADERS)) if name not in allowed)
    if is_allowed and not headers:
        return None
    return Needed(method=None if is_allowed else method, headers=headers)


def _list(value: str | None) -> list[str]:
    return [each.strip() for each in (value or "").split(",") if each.strip()]
