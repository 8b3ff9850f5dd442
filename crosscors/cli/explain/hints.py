"""The one change that lets a blocked request pass, in the words of the library that answers CORS."""

from __future__ import annotations

from dataclasses import replace

from crosscors.cli.explain.applications import for_application, in_application
from crosscors.cli.explain.libraries import OPEN, Library, Needed
from crosscors.cli.explain.ours import lacking
from crosscors.cli.explain.playing import Played
from crosscors.cli.explain.recognition import in_response
from crosscors.cli.explain.serving import unreachable_hint
from crosscors.cli.targets import Target
from crosscors.core.standard import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
)
from crosscors.testing import BlockedByCORS, Exchange
from crosscors.testing.blocked import NoAnswerError
from crosscors.testing.server_says import REFUSING, reason_and_remedy

_OF_ORIGIN = frozenset({"allow-origin-missing", "allow-origin-mismatch", "allow-origin-invalid"})
_OF_LISTS = frozenset({"preflight-status", "method-not-allowed", "header-not-allowed"})
_FIRST_ERROR = 400
_IF_LISTED = (
    "Do this only where each allowed origin is listed. Where every origin is allowed, every site could read"
    " the responses with the cookies of its visitors."
)


def hint_for(played: Played, target: Target) -> str | None:
    """What to change, or None if there is nothing to change."""
    error = played.error
    if error is None:
        return None
    if not isinstance(error, BlockedByCORS):
        return unreachable_hint(error, played.url) if isinstance(error, NoAnswerError) else None
    if played.asked.origin == "null":
        return error.hint
    # The server itself knows best.
    said = reason_and_remedy(error.exchange.response)
    if played.policies:
        return _for_ours(error, played, error.hint if said else "")
    if said:
        return error.hint
    in_words = _for_live(error, played) if target.kind == "url" else _for_application(error, played, target)
    return in_words or error.hint


def _for_ours(error: BlockedByCORS, played: Played, said: str) -> str:
    """What crosscors says in this process, and what else its policy lacks."""
    lacks = lacking(played.policies[-1], played.asked, error.exchange)
    unsaid = [f"{each[0].upper()}{each[1:]}" for each in lacks if each[1:] not in said]
    return " ".join([said, *unsaid]).strip() or error.hint


def _for_live(error: BlockedByCORS, played: Played) -> str | None:
    """The hint for a server whose configuration is not known: what its response lacks."""
    needed = _needed(error, played)
    recognised = in_response(error.exchange.response)
    text = recognised.library.text(needed) if needed and recognised else None
    if text is None or recognised is None:
        return None
    if error.reason == "allow-origin-wildcard-with-credentials":
        text += f", and remove what allows every origin. {OPEN}"
    elif error.reason == "allow-credentials-not-true":
        text += f". {_IF_LISTED}"
    if recognised.is_certain:
        return f"In {recognised.library.name}, write {text}"
    return f"{error.hint} If this is {recognised.library.name}, write {text}"


def _for_application(error: BlockedByCORS, played: Played, target: Target) -> str | None:
    """The hint for an application whose objects are known: all that its lists lack for this request."""
    needed = _needed(error, played)
    library = in_application(target, played.asked)
    if library is not None:
        text = (
            library.text(_everything(_closing(needed, library, played), error.exchange)) if needed else None
        )
        return text and f"In {library.name}, write {text}"
    library = None if _has_cors(played) else for_application(target)
    if library is None:
        return None
    wanted = Needed(played.asked.origin, played.asked.credentials)
    text = library.text(_everything(wanted, error.exchange, but=frozenset({"GET", "HEAD"})))
    return f"Nothing in the application answers CORS. With {library.name}, {library.verb}{text}"


def _closing(needed: Needed, library: Library, played: Played) -> Needed:
    """What is needed, with the origin, if it has to stand in the place of those that are let in today."""
    return replace(needed, origin=played.asked.origin) if needed.credentials and library.is_open else needed


def _has_cors(played: Played) -> bool:
    return any(each.response.header(ALLOW_ORIGIN) is not None for each in played.exchanges)


def _everything(needed: Needed, exchange: Exchange, but: frozenset[str] = frozenset()) -> Needed:
    """What is needed, with the method and the headers that a preflight asks for."""
    if not exchange.is_preflight:
        return needed
    method = exchange.request.header(REQUEST_METHOD)
    headers = tuple(_list(exchange.request.header(REQUEST_HEADERS)))
    return Needed(needed.origin, needed.credentials, None if method in but else method, headers)


def _needed(blocked: BlockedByCORS, played: Played) -> Needed | None:
    """What the response lacks; None if the fault is not in what the server allows."""
    exchange, origin, credentials = blocked.exchange, played.asked.origin, played.asked.credentials
    if exchange.response.raised is not None:
        return None
    if blocked.reason == "allow-credentials-not-true":
        return Needed(credentials=True)
    if blocked.reason == "allow-origin-wildcard-with-credentials":
        return Needed(origin, credentials=True)
    if blocked.reason in _OF_ORIGIN:
        return Needed(origin, credentials) if _is_of_middleware(exchange, played) else None
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
    is_allowed = method in methods or "*" in methods
    is_allowed |= method in SAFELISTED_METHODS and response.status not in REFUSING
    allowed = {name.lower() for name in _list(response.header(ALLOW_HEADERS))}
    headers = tuple(name for name in _list(request.header(REQUEST_HEADERS)) if name not in allowed)
    if is_allowed and not headers:
        return None
    return Needed(method=None if is_allowed else method, headers=headers)


def _list(value: str | None) -> list[str]:
    return [each.strip() for each in (value or "").split(",") if each.strip()]
