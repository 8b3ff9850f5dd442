"""The CORS check (Fetch, section "CORS check"): may a page of this origin have this response?

The sentences are the ones that developers know from a browser's console; the hints say what to send instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.core.standard import ALLOW_CREDENTIALS, ALLOW_ORIGIN
from crosscors.testing.blocked import Failure, Step
from crosscors.testing.urls import is_url, parse

if TYPE_CHECKING:
    from crosscors.testing.blocked import Reason
    from crosscors.testing.exchange import Exchange

_IS_INCLUDE = "when the request's credentials mode is 'include'."


@dataclass(frozen=True)
class CORSCheck:
    """For whom a response has to be: the origin as it was sent, and whether credentials count."""

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
        return None if allowed == "true" else _no_credentials(allowed, exchange)

    def _missing(self, exchange: Exchange) -> Failure:
        sentence = f"No '{ALLOW_ORIGIN}' header is present on the requested resource."
        return _failure("allow-origin-missing", 2, sentence, self._hint_when_missing(exchange))

    def _hint_when_missing(self, exchange: Exchange) -> str:
        response = exchange.response
        answered = f"{_answer(exchange)} was {_named(response.status)}"
        if response.raised is not None:
            return (
                f"The application raised {response.raised!r}, and what was made of it has no CORS fields. Put"
                " the CORS middleware around the error handling, so that errors can be read as well."
            )
        if response.is_cached:
            return (
                "A cache answered with what another page got. Every response that depends on the origin has"
                " to carry 'Vary: Origin', also those to origins that are not allowed."
            )
        if exchange.is_preflight and response.status in _WHO_ANSWERED:
            return (
                f"{answered}: {_WHO_ANSWERED[response.status]}. Let the CORS middleware answer it before"
                f" everything else, with 200 and {self._fields()}."
            )
        if exchange.is_preflight and response.status in {400, 403}:
            return (
                f"{answered}. If the CORS middleware refused it, allow the origin there: {self._fields()}."
                " If something before it did (the body may tell), let the CORS middleware answer first."
            )
        return self._hint_for_null() if self.origin == "null" else self._hint_by_status(exchange)

    def _hint_by_status(self, exchange: Exchange) -> str:
        status, fields = exchange.response.status, self._fields()
        answer = f"{_answer(exchange)} ({_named(status)})"
        if self.is_preflighted and not exchange.is_preflight:
            return (
                f"The preflight allows the origin, but {answer} carries no CORS fields: a proxy, or a handler"
                " outside the CORS middleware, has made it. Put the CORS middleware outermost."
            )
        if status in range(300, 400):
            return f"{answer} is a redirect, and redirects need the field as well: {fields}."
        if status in range(400, 600) and not exchange.is_preflight:
            return (
                f"{answer} carries no CORS fields. If the origin is allowed, errors are made outside the CORS"
                f" middleware: put it outermost. If not, allow it on the server: {fields}."
            )
        return f"Allow the origin on the server: {_answer(exchange)} has to carry {fields}."

    def _fields(self) -> str:
        """What would let the page read the response."""
        if self.with_credentials:
            return f"'{ALLOW_ORIGIN}: {self.origin}' and '{ALLOW_CREDENTIALS}: true'"
        return f"'{ALLOW_ORIGIN}: {self.origin}', or '*' if every site may read it"

    def _hint_for_null(self) -> str:
        if self.is_redirected:
            return (
                "A redirect from one foreign origin to another makes the browser send 'Origin: null'."
                " Let the page ask the last address itself."
            )
        hint = (
            "The page has no origin (a sandboxed frame, a file, a data: URL) and sends 'Origin: null', as any"
            " page can. Serve it from an origin of its own"
        )
        if self.with_credentials:
            return f"{hint}: cookies are not for everyone."
        return f"{hint}, or answer '{ALLOW_ORIGIN}: *' if every site may read this."

    def _wildcard(self, exchange: Exchange) -> Failure:
        field = f"The value of the '{ALLOW_ORIGIN}' header in the response"
        sentence = f"{field} must not be the wildcard '*' {_IS_INCLUDE}"
        hint = (
            "On the server, list the origins that may send cookies, and answer each with its own:"
            f" '{ALLOW_ORIGIN}: {self.origin}' and '{ALLOW_CREDENTIALS}: true' ({_answer(exchange)} has '*')."
            " If no cookies are needed, let the page fetch without credentials."
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
                f"Two places set {ALLOW_ORIGIN}: the application, a second CORS middleware, or the proxy in"
                " front. Leave it to one of them."
            )
        return (
            f"A response names one origin, the one that asks: '{ALLOW_ORIGIN}: {self.origin}', with"
            " 'Vary: Origin'. The list of those allowed stays on the server."
        )

    def _hint_for_another(self, value: str, exchange: Exchange) -> str:
        if self.origin == "null":
            return self._hint_for_null()
        wanted = f"send '{ALLOW_ORIGIN}: {self.origin}'"
        host = self.origin.partition("://")[2]
        cases = (
            (not value, f"A field without a value allows nobody: {wanted}, or no field."),
            (
                value == "null",
                f"'null' is the origin of sandboxed pages, not a word for nobody: {wanted}, or no field.",
            ),
            (
                "*" in value,
                f"Browsers know no patterns. Match them on the server, {wanted}, and 'Vary: Origin'.",
            ),
            (
                value.rstrip("/").lower() == self.origin,
                f"An origin is compared letter by letter, and has no slash at its end: {wanted}.",
            ),
            (value == host, f"An origin begins with its scheme: {wanted}."),
            (not is_url(value), f"'{value}' is no origin: {wanted}."),
            (
                is_url(value) and parse(value).origin == self.origin,
                f"An origin ends with its host, and a port that is not the default one: {wanted}.",
            ),
            (
                value.partition("://")[2] == host,
                f"'{value}' has another scheme than the page, and so is another origin: {wanted}.",
            ),
        )
        otherwise = (
            f"{_answer(exchange)} is for another origin. Allow the page's origin on the server, and {wanted}."
            " Where the server does so already, a cache has mixed up its answers: add 'Vary: Origin'."
        )
        return next((hint for applies, hint in cases if applies), otherwise)


# Who it is that answers a preflight like that.
_WHO_ANSWERED = {
    401: "something asked for authentication, which a preflight never has",
    404: "no route was found, and no CORS middleware stands before the router",
    405: "the route does not take OPTIONS, and no CORS middleware stands before it",
    500: "something failed before or in the CORS middleware",
}


def _no_credentials(value: str, exchange: Exchange) -> Failure:
    sentence = (
        f"The value of the '{ALLOW_CREDENTIALS}' header in the response is '{value}' which must be 'true'"
        f" {_IS_INCLUDE}"
    )
    hint = f"{_answer(exchange)} has to carry '{ALLOW_CREDENTIALS}: true', in lower case and once."
    if exchange.is_preflight:
        hint += " A preflight carries no cookies, but needs it as much as the response after it."
    return _failure("allow-credentials-not-true", 8, sentence, hint)


def _failure(reason: Reason, step: int, sentence: str, hint: str) -> Failure:
    hint = hint[0].upper() + hint[1:]
    return Failure(reason, Step("CORS check", str(step), "cors-check"), sentence, hint)


def _answer(exchange: Exchange) -> str:
    return f"the response to {exchange.request.method} {parse(exchange.request.url).target}"


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
