"""The exceptions of a fetch: why a script gets no response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from crosscors.testing.exchange import Exchange

Reason = Literal[
    "allow-origin-missing",
    "allow-origin-multiple",
    "allow-origin-invalid",
    "allow-origin-mismatch",
    "allow-origin-wildcard-with-credentials",
    "allow-credentials-not-true",
    "preflight-redirect",
    "preflight-status",
    "allow-methods-invalid",
    "allow-headers-invalid",
    "method-not-allowed",
    "header-not-allowed",
    "redirect-with-credentials-in-url",
]


class NetworkError(Exception):
    """What a script sees as ``TypeError: Failed to fetch``: the script gets no response.

    ``message`` says why. ``exchanges`` is what went over the wire. ``str()`` shows both.
    """

    def __init__(self, message: str, exchanges: tuple[Exchange, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.exchanges = exchanges

    def __str__(self) -> str:
        return "\n".join([*self.args, *_transcript(self.exchanges)])


class NoAnswerError(NetworkError):
    """The server did not answer, or not in time: what a browser would do with its response is not known."""


class TooLateError(NoAnswerError):
    """The server did not answer within the time limit."""


class NoServerError(NoAnswerError):
    """The request, after a redirect, is for an origin that no server of the browser has."""


class BlockedByCORS(NetworkError):  # noqa: N818 (the words of the console)
    """Because of CORS, the browser hides the response from the script, or does not send the request.

    `reason` is a code for comparisons. `step` is the step of the Fetch standard that failed. `message` is the
    sentence in the browser's console; its end, `sentence`, names the fault. `hint` says what the server
    should send. `exchange` is the one that failed. ``str()`` shows all of them.

    >>> from crosscors.testing import Browser
    >>> def application(environ, start_response):
    ...     start_response("200 OK", [])
    ...     return []
    >>> page = Browser(application).page("https://app.example.com")
    >>> try:
    ...     page.fetch("/items")
    ... except BlockedByCORS as blocked:
    ...     print(blocked.reason, blocked.step, sep="\\n")
    allow-origin-missing
    Fetch standard, "CORS check", step 2 (https://fetch.spec.whatwg.org/#cors-check)
    """

    def __init__(self, failure: Failure, message: str, exchanges: tuple[Exchange, ...]) -> None:
        super().__init__(message, exchanges)
        self._failure = failure
        self.reason = failure.reason
        self.step = failure.step
        self.sentence = failure.sentence
        self.hint = failure.hint

    def __reduce__(self) -> tuple[type[BlockedByCORS], tuple[object, ...]]:
        return type(self), (self._failure, self.message, self.exchanges)

    @property
    def exchange(self) -> Exchange:
        """The exchange whose response failed: the last one."""
        return self.exchanges[-1]

    def __str__(self) -> str:
        return "\n".join(
            [self.message, f"Hint: {self.hint}", f"Step: {self.step}", *_transcript(self.exchanges)]
        )


@dataclass(frozen=True)
class Step:
    """A step of the Fetch standard."""

    section: str
    number: str
    anchor: str

    def __str__(self) -> str:
        return f'Fetch standard, "{self.section}", step {self.number} (https://fetch.spec.whatwg.org/#{self.anchor})'


@dataclass(frozen=True)
class Failure:
    """What one check finds wrong with one response."""

    reason: Reason
    step: Step
    sentence: str
    hint: str


def _transcript(exchanges: tuple[Exchange, ...]) -> list[str]:
    return ["", "What went over the wire:", *map(str, exchanges)] if exchanges else []
