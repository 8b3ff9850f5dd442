"""The interface of everything that answers a browser's requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from crosscors.testing.cookies import Cookie
from crosscors.testing.exchange import ReceivedResponse, SentRequest
from crosscors.testing.limits import Limits


class Server(Protocol):
    """Something that answers requests."""

    @property
    def base_url(self) -> str | None:
        """The base of relative URLs, or None."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it can reach every origin, not only its own."""
        ...

    def cookies(self) -> Iterable[Cookie]:
        """The cookies that a test has put into its client."""
        ...

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        """Sends exactly this request: adds no cookie and no header, follows no redirect.

        Raises NetworkError if the server cannot be reached or a limit is exceeded.
        """
        ...

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        """Like `send`, from asynchronous code."""
        ...


def answer_to_exception(error: BaseException) -> ReceivedResponse:
    """What servers send if an application lets an exception through."""
    fields = (("Content-Type", "text/plain; charset=utf-8"),)
    return ReceivedResponse(500, fields, b"Internal Server Error", raised=error)


def is_async_client(client: object) -> bool:
    """Whether a client of httpx or Django is asynchronous."""
    return any(each.__name__ == "AsyncClient" for each in type(client).__mro__)


def must_be_awaited(client: object) -> TypeError:
    """The error for a synchronous fetch with an asynchronous client."""
    return TypeError(f"{type(client).__name__} is asynchronous: write await page.afetch(...).")
