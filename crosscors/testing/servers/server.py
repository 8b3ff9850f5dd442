"""What a browser needs of whatever answers its requests."""

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
        """The address against which relative URLs are read, if there is one."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it reaches every origin there is, and not just its own."""
        ...

    def cookies(self) -> Iterable[Cookie]:
        """The cookies that a test has put into the client that it handed over."""
        ...

    def send(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        """Sends this request and nothing more: no cookie, field or redirect of its own.

        Raises NetworkError where nobody is reached, and where the limits are passed.
        """
        ...

    async def asend(self, request: SentRequest, limits: Limits) -> ReceivedResponse:
        """The same, from asynchronous code."""
        ...


def answer_to_exception(error: BaseException) -> ReceivedResponse:
    """What servers answer when an application lets an exception through."""
    fields = (("Content-Type", "text/plain; charset=utf-8"),)
    return ReceivedResponse(500, fields, b"Internal Server Error", raised=error)


def is_async_client(client: object) -> bool:
    """Whether a client of httpx's or of Django's is its asynchronous one."""
    return any(each.__name__ == "AsyncClient" for each in type(client).__mro__)


def must_be_awaited(client: object) -> TypeError:
    """For those who fetch synchronously with a client that cannot."""
    return TypeError(f"{type(client).__name__} is asynchronous: write await page.afetch(...).")
