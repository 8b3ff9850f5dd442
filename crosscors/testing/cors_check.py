"""The CORS check (Fetch, section "CORS check"): may a page of this origin read this response?

The sentences are those of the browser's console. The hints say what to send instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.core.standard import ALLOW_CREDENTIALS, ALLOW_ORIGIN
from crosscors.testing.blocked import Failure, Step
from crosscors.testing.server_says import REFUSING, sentence
from crosscors.testing.urls import is_url, parse

if TYPE_CHECKING:
    from crosscors.testing.blocked import Reason
    from crosscors.testing.exchange import Exchange

_IS_INCLUDE = "when the request's credentials mode is 'include'."


@dataclass(frozen=True)
class CORSCheck:
    """What a response must allow: the origin as it was sent, with or without credentials."""

    origin: str
    with_credentials: bool
    is_redirected: bool = False
    is_preflighted: bool = False

    def failure(self, exchange: Exchange) -> Failure | None:
        """What is wrong with the response, or None."""
        value = exchange.response.header(ALLOW_ORIGIN)
        if value is None:
            return self._missing(exchange)
        value = value.strip(" \t")
        if value == "*":
            return self._wildcard(exchange) if self.with_credentials else None
        if value != self.origin:
            return self._another(value, exchange)
        if not self.with_credentials:
            return None
        allowed = (exchange.response.header(ALLOW_CREDENTIALS) or "").strip(" \t")
        return None if allowed == "true" else _no_credentials(allowed, exchange, self.origin)

    def success(self, exchange: Exchange) -> Step:
        """The step that returns success, if there is no failure."""
        if self.with_credentials:
            return _step(7)
        return _step(3 if (exchange.response.header(ALLOW_ORIGIN) or "").strip(" \t") == "*" else 5)

    def _missing(self, exchange: Exchange) -> Failure:
        sentence = f"No '{ALLOW_ORIGIN}' header is present on the requested resource."
        return _failure("allow-origin-missing", 2, sentence, self._hint_when_missing(exchange))

    def _hint_when_missing(self, exchange: Exchange) -> str:
        response = exchange.response
        answered = f"{_response_to(exchange)} was {_named(response.status)}"
        if response.raised is not None:
            return (
                f"The application raised {response.raised!r}, and the error response has no CORS headers. Put"
                " the CORS middleware outside the error handling, so that the page can read errors, too."
            )
        if response.is_cached:
            return (
                "A cache returned the response for another page. Every response that depends on the origin"
                " must have 'Vary: Origin', including responses to origins that are not allowed."
            )
        if exchange.is_preflight and response.status in _WHO_ANSWERED:
            return (
                f"{answered}: {_WHO_ANSWERED[response.status]}. Let the CORS middleware answer preflights"
                f" before anything else runs, with 200 and {self._headers()}."
            )
        if self.origin == "null":
            return self._hint_for_null()
        if exchange.is_preflight and response.status in REFUSING:
            return self._hint_when_refused(answered, sentence(response))
        return self._hint_by_status(exchange)

    def _hint_when_refused(self, answered: str, said: str | None) -> str:
        if said is not None and "origin" in said.lower():
            return f"{answered} and says: {said}. Allow the origin on the server: {self._headers()}."
        answer = f"{answered} and says: {said}." if said else f"{answered}."
        return (
            f"{answer} If the CORS middleware refused it, allow the origin there: {self._headers()}."
            " If something else refused it, let the CORS middleware answer first."
        )

    def _hint_by_status(self, exchange: Exchange) -> str:
        status, headers = exchange.response.status, self._headers()
        answer = f"{_response_to(exchange)} ({_named(status)})"
        if self.is_preflighted and not exchange.is_preflight:
            return (
                f"The preflight allows the origin, but {answer} has no CORS headers. It comes from a proxy,"
                " or from a handler outside the CORS middleware. Put the CORS middleware outermost."
            )
        if status in range(300, 400):
            return f"{answer} is a redirect, and redirects need the header, too: {headers}."
        if status in range(400, 600) and not exchange.is_preflight:
            return (
                f"{answer} has no CORS headers. If the origin is allowed, the error comes from outside the"
                f" CORS middleware: put it outermost. If not, allow the origin on the server: {headers}."
            )
        return f"Allow the origin on the server: {_response_to(exchange)} must have {headers}."

    def _headers(self) -> str:
        """The headers that let the page read the response."""
        if self.origin == "null" and self.with_credentials:
            return "CORS headers. Give the page a real origin: a server must not give credentials to 'null'"
        if self.origin == "null":
            return f"'{ALLOW_ORIGIN}: *', if every site may read it"
        if self.with_credentials:
            return f"'{ALLOW_ORIGIN}: {self.origin}' and '{ALLOW_CREDENTIALS}: true'"
        return f"'{ALLOW_ORIGIN}: {self.origin}', or '*' if every site may read it"

    def _hint_for_null(self) -> str:
        if self.is_redirected:
            return (
                "A redirect from one foreign origin to another makes the browser send 'Origin: null'."
                " Let the page fetch the final address directly."
            )
        hint = (
            "The page has no origin of its own (a sandboxed frame, a file, a data: URL) and sends"
            " 'Origin: null', as any page can. Serve the page from a real origin"
        )
        if self.with_credentials:
            return f"{hint}: a server must not give credentials to 'null'."
        return f"{hint}, or send '{ALLOW_ORIGIN}: *' if every site may read this."

    def _wildcard(self, exchange: Exchange) -> Failure:
        field = f"The value of the '{ALLOW_ORIGIN}' header in the response"
        sentence = f"{field} must not be the wildcard '*' {_IS_INCLUDE}"
        hint = (
            "On the server, list the origins that may send cookies, and send each one its own origin:"
            f" '{ALLOW_ORIGIN}: {self.origin}' and '{ALLOW_CREDENTIALS}: true' ({_response_to(exchange)} has"
            " '*'). If the page needs no cookies, let it fetch without credentials."
        )
        if self.origin == "null":
            hint = self._hint_for_null()
        return _failure("allow-origin-wildcard-with-credentials", 4, sentence, hint)

    def _another(self, value: str, exchange: Exchange) -> Failure:
        if " " in value or "," in value:
            sentence = (
                f"The '{ALLOW_ORIGIN}' header contains multiple values '{value}', but only one is allowed."
            )
            return _failure("allow-origin-multiple", 4, sentence, self._hint_for_several(value))
        hint = self._hint_for_another(value, exchange)
        if value != "null" and not is_url(value):
            sentence = f"The '{ALLOW_ORIGIN}' header contains the invalid value '{value}'."
            return _failure("allow-origin-invalid", 4, sentence, hint)
        sentence = (
            f"The '{ALLOW_ORIGIN}' header has a value '{value}' that is not equal to the supplied origin."
        )
        return _failure("allow-origin-mismatch", 4, sentence, hint)

    def _hint_for_several(self, value: str) -> str:
        if {each.strip(" \t") for each in value.split(",")} <= {self.origin, "*"}:
            return (
                f"Two places set {ALLOW_ORIGIN}, such as the application and a proxy, or two CORS"
                " middlewares. Let only one of them set it."
            )
        return (
            f"A response names one origin, the page's own: send '{ALLOW_ORIGIN}: {self.origin}' and"
            " 'Vary: Origin'. Keep the list of allowed origins on the server."
        )

    def _hint_for_another(self, value: str, exchange: Exchange) -> str:
        if self.origin == "null":
            return self._hint_for_null()
        wanted = f"send '{ALLOW_ORIGIN}: {self.origin}'"
        host = self.origin.partition("://")[2]
        cases = (
            (not value, f"A header without a value allows nobody: {wanted}, or no header."),
            (
                value == "null",
                f"'null' is the origin of sandboxed pages and does not mean nobody: {wanted}, or no header.",
            ),
            (
                "*" in value,
                f"Patterns are for the server: match the origin there, then {wanted} and 'Vary: Origin'.",
            ),
            (
                value.rstrip("/").lower() == self.origin,
                f"Browsers compare origins character by character, without a slash at the end: {wanted}.",
            ),
            (value == host, f"An origin begins with its scheme: {wanted}."),
            (not is_url(value), f"'{value}' is not an origin: {wanted}."),
            (
                is_url(value) and parse(value).origin == self.origin,
                f"An origin has only a scheme, a host, and a port that is not the default: {wanted}.",
            ),
            (
                value.partition("://")[2] == host,
                f"'{value}' has a different scheme from the page, so it is a different origin: {wanted}.",
            ),
        )
        otherwise = (
            f"{_response_to(exchange)} is for another origin. Allow the page's origin on the server, and"
            f" {wanted}. If the server already does this, a cache has mixed up responses: add 'Vary: Origin'."
        )
        return next((hint for applies, hint in cases if applies), otherwise)


# What answers a preflight with this status.
_WHO_ANSWERED = {
    401: "something requires authentication, which a preflight never has",
    404: "no route matches, and no CORS middleware runs before the router",
    405: "the route does not accept OPTIONS, and no CORS middleware runs before it",
    500: "something failed before or in the CORS middleware",
}


def _no_credentials(value: str, exchange: Exchange, origin: str) -> Failure:
    sentence = (
        f"The value of the '{ALLOW_CREDENTIALS}' header in the response is '{value}' which must be 'true'"
        f" {_IS_INCLUDE}"
    )
    hint = f"{_response_to(exchange)} must have '{ALLOW_CREDENTIALS}: true', in lower case and only once."
    if not value:
        hint += f' With crosscors, write allow_credentials=["{origin}"].'
    if exchange.is_preflight:
        hint += " A preflight sends no cookies, but its response needs this header, too."
    return _failure("allow-credentials-not-true", 8, sentence, hint)


def _failure(reason: Reason, step: int, sentence: str, hint: str) -> Failure:
    hint = hint[0].upper() + hint[1:]
    return Failure(reason, _step(step), sentence, hint)


def _step(number: int) -> Step:
    return Step("CORS check", str(number), "cors-check")


def _response_to(exchange: Exchange) -> str:
    return f"the response to {exchange.request.method} {parse(exchange.request.url).target}"


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
