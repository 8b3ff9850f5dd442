"""The story of a request, step by step, from what the browser really sent, received and checked.

Section names are those of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from crosscors.cli.explain import serving
from crosscors.cli.explain.causes import Cause
from crosscors.cli.explain.playing import TIMEOUT, Played
from crosscors.core.standard import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
    is_forbidden_request_header,
)
from crosscors.testing import BlockedByCORS, Check, Exchange, NetworkError
from crosscors.testing.blocked import NoAnswerError, NoServerError, TooLateError
from crosscors.testing.sites import is_ip_address, is_loopback, is_secure
from crosscors.testing.urls import is_url, parse

Verdict = Literal["allowed", "blocked"]
StepKind = Literal[
    "console", "origin", "preflight", "request", "response", "check", "redirect", "failure", "note"
]


@dataclass(frozen=True)
class StoryStep:
    """One step: a sentence, and what it is about, for programs."""

    kind: StepKind
    text: str
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """The step for JSON."""
        return {"kind": self.kind, "text": self.text, **self.details}


@dataclass(frozen=True)
class Story:
    """The whole story.

    ``message`` is what the console says where CORS blocks the request. ``unjudged`` says why there is no
    verdict. ``causes`` are those of a pasted sentence from a console; without one, None.
    """

    verdict: Verdict | None
    reason: str | None
    steps: tuple[StoryStep, ...]
    hint: str | None
    message: str | None = None
    unjudged: str | None = None
    causes: tuple[Cause, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """The story for JSON."""
        steps = [step.as_json() for step in self.steps]
        story = {"verdict": self.verdict, "reason": self.reason, "steps": steps, "hint": self.hint}
        return story if self.causes is None else {**story, "causes": [each.as_json() for each in self.causes]}


def story_of(played: Played, hint: str | None) -> Story:
    """The story of what happened, with the one change that lets the request pass."""
    steps = (*_steps(played), *_ending(played), *_notes(played, hint or ""))
    error = played.error
    if isinstance(error, BlockedByCORS):
        return Story("blocked", error.reason, steps, hint, error.message)
    if error is not None and not isinstance(error, NoAnswerError):
        # The browser refuses the response, but not because of CORS.
        return Story("blocked", None, steps, hint)
    if played.response is not None:
        return Story("allowed", None, steps, hint)
    return Story(None, None, steps, hint, unjudged=_unjudged(played))


def _unjudged(played: Played) -> str:
    if played.error is not None:
        return "there is no response to judge."
    if played.exchanges:
        return "the preflight passed, and the request was not sent (--dry-run)."
    return "nothing was sent (--dry-run)."


def _steps(played: Played) -> Iterator[StoryStep]:
    previous: Exchange | None = None
    for exchange in played.exchanges:
        is_first_of_url = previous is None or not previous.is_preflight
        if previous is not None and is_first_of_url:
            yield _redirect(previous, exchange)
        if is_first_of_url:
            yield _origin(played, exchange.request.url)
            yield from _preflight(played, exchange)
        yield _request(exchange)
        yield _response(exchange)
        for check in exchange.checks:
            yield _check(check, exchange, played.error)
        previous = exchange
    if previous is None:
        yield _origin(played, played.url)
        if played.is_dry and played.error is None:
            yield StoryStep("preflight", "The request needs no preflight.", {"needed": False, "because": []})


def _origin(played: Played, url: str) -> StoryStep:
    origin, other = played.asked.origin, parse(url).origin
    is_cross = other != origin
    text = (
        f"The page has the origin {origin}, the URL has another one, {other}: CORS applies."
        if is_cross
        else f"The page and the URL have the same origin, {origin}: CORS does not apply."
    )
    return StoryStep("origin", text, {"origin": origin, "url": url, "cross_origin": is_cross})


def _preflight(played: Played, exchange: Exchange) -> Iterator[StoryStep]:
    if exchange.is_preflight:
        because = list(_because(played, exchange))
        text = f"The browser asks first, with a preflight, because of {_joined(because)}."
        yield StoryStep("preflight", text, {"needed": True, "because": because})
    elif (
        exchange.request.header("Origin") is not None
        and parse(exchange.request.url).origin != played.asked.origin
    ):
        text = f"The request needs no preflight: {exchange.request.method} and all headers are safelisted."
        yield StoryStep("preflight", text, {"needed": False, "because": []})


def _because(played: Played, exchange: Exchange) -> Iterator[str]:
    """What is not safelisted (sections "CORS-safelisted method" and "CORS-safelisted request-header")."""
    method = exchange.request.header(REQUEST_METHOD) or ""
    if method not in SAFELISTED_METHODS:
        yield f"the method {method}"
    values = {name.lower(): value for name, value in played.asked.headers}
    for name in (exchange.request.header(REQUEST_HEADERS) or "").split(","):
        value = values.get(name)
        if name in _SAFELISTED_NAMES and value is not None:
            yield f"the value of the header {name}, {value!r}"
        elif name:
            yield f"the header {name}"


_SAFELISTED_NAMES = frozenset({"accept", "accept-language", "content-language", "content-type", "range"})


def _request(exchange: Exchange) -> StoryStep:
    request = exchange.request
    what = "Preflight" if exchange.is_preflight else "Request"
    return StoryStep(
        "request",
        f"{what}: {request.method} {request.url}",
        {
            "preflight": exchange.is_preflight,
            "method": request.method,
            "url": request.url,
            "headers": [[name, value] for name, value in request.headers],
        },
    )


def _response(exchange: Exchange) -> StoryStep:
    response = exchange.response
    return StoryStep(
        "response",
        f"Response: {named(response.status)}",
        {
            "preflight": exchange.is_preflight,
            "status": response.status,
            "headers": [[name, value] for name, value in response.headers],
        },
    )


def named(status: int) -> str:
    """The status with its phrase, such as "404 Not Found"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _check(check: Check, exchange: Exchange, error: Exception | None) -> StoryStep:
    step = check.step
    text = _passed(check, exchange)
    if not check.passed and isinstance(error, BlockedByCORS):
        text = error.sentence
        if error.reason == "preflight-status":
            text = f"The status {exchange.response.status} is not from 200 to 299."
    details = {
        "section": step.section,
        "step": step.number,
        "url": f"https://fetch.spec.whatwg.org/#{step.anchor}",
        "preflight": exchange.is_preflight,
        "passed": check.passed,
    }
    return StoryStep("check", text, details)


def _passed(check: Check, exchange: Exchange) -> str:
    request, response = exchange.request, exchange.response
    method = request.header(REQUEST_METHOD)
    match check.step.section, check.step.number:
        case "CORS check", "3":
            return f"{ALLOW_ORIGIN} is *, and the request is without credentials."
        case "CORS check", "5":
            return f"{ALLOW_ORIGIN} is the origin of the page."
        case "CORS check", _:
            return f"{ALLOW_ORIGIN} is the origin of the page, and Access-Control-Allow-Credentials is true."
        case _, "7":
            return f"The status {response.status} is from 200 to 299."
        case _, "7.5" if method in SAFELISTED_METHODS:
            return f"{method} is always allowed."
        case _, "7.5":
            return f"{ALLOW_METHODS} allows {method}."
        case _:
            return f"{ALLOW_HEADERS} allows {(request.header(REQUEST_HEADERS) or '').replace(',', ', ')}."


def _redirect(before: Exchange, after: Exchange) -> StoryStep:
    text = f"The browser follows the redirect ({before.response.status}) to {after.request.url}."
    return StoryStep("redirect", text, {"status": before.response.status, "url": after.request.url})


def _ending(played: Played) -> Iterator[StoryStep]:
    """What CORS is not about: why the page gets nothing, although CORS does not block it."""
    if played.error is not None and not isinstance(played.error, BlockedByCORS):
        yield StoryStep("failure", _failure(played.error))
    elif played.is_dry and played.error is None and played.exchanges:
        yield StoryStep("note", "The preflight allows the request.")


def _failure(error: NetworkError) -> str:
    match error:
        case TooLateError():
            return f"There was no answer within {TIMEOUT:g} seconds."
        case NoServerError():
            return "The redirect leads to another server, which the application is not."
        case NoAnswerError() if serving.is_silence(error):
            return f"There was no answer within {serving.SILENCE:g} seconds."
        case _:
            return error.message


def _notes(played: Played, hint: str) -> Iterator[StoryStep]:
    """What does not change the verdict, and is good to know."""
    for text in _notes_in_words(played, hint):
        yield StoryStep("note", f"{text[0].upper()}{text[1:].rstrip('.')}.")


def _notes_in_words(played: Played, hint: str) -> Iterator[str]:
    asked = played.asked
    for name, _ in asked.headers:
        if is_forbidden_request_header(name):
            yield f"a script cannot set the header {name}. The browser has left it out"
    for exchange in played.exchanges:
        yield from exchange.notes
    raised = next((each.response.raised for each in played.exchanges if each.response.raised), None)
    if raised is not None and repr(raised) not in hint:
        yield f"the application raised {raised!r}"
    response = played.response
    if response is not None and response.status >= HTTPStatus.BAD_REQUEST:
        yield f"the page can read the response, but its status is {named(response.status)}"
    if response is not None and response.type == "cors":
        hidden = _hidden(played)
        if hidden:
            yield (
                f"the page cannot read the response's {_joined(hidden)}. Access-Control-Expose-Headers can"
                " list it"
                if len(hidden) == 1
                else f"the page cannot read these headers of the response: {_joined(hidden)}."
                " Access-Control-Expose-Headers can list them"
            )
    if played.is_live:
        yield from _of_network(asked.origin, played.url)


def _hidden(played: Played) -> list[str]:
    """The headers that only Access-Control-Expose-Headers would show to the page."""
    response = played.response
    received = played.exchanges[-1].response.headers
    names = dict.fromkeys(name for name, _ in received)
    return [
        name
        for name in names
        if response is not None and response.headers.get(name) is None and name.lower() not in _OF_SERVERS
        if not name.lower().startswith(("access-control-", "sec-", "x-cors-"))
    ]


# Headers that servers and browsers use among themselves. Pages hardly ever want to read them.
_OF_SERVERS = frozenset(
    {
        "alt-svc",
        "connection",
        "content-encoding",
        "content-security-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "keep-alive",
        "nel",
        "referrer-policy",
        "report-to",
        "server",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "transfer-encoding",
        "vary",
        "via",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-xss-protection",
    }
)


def _of_network(origin: str, url: str) -> Iterator[str]:
    """What browsers do besides CORS."""
    target = parse(url)
    if origin.startswith("https://") and not is_secure(target):
        yield "browsers block this as mixed content, whatever CORS says: the page has https, the URL http"
    page_is_local = is_url(origin) and is_loopback(parse(origin).host)
    if not page_is_local and _is_local(target.host):
        yield (
            "Chromium asks the user before such a page may reach this machine or the local network"
            " (Local Network Access). That is not CORS"
        )


def _is_local(host: str) -> bool:
    if is_loopback(host):
        return True
    return is_ip_address(host) and ipaddress.ip_address(host.strip("[]")).is_private


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
