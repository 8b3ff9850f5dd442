"""Sends the requests of a probe with httpx, one after the other, without following redirects."""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple

import httpx

from crosscors.cli.probe.requests import MAX_REQUESTS, ROUNDS
from crosscors.cli.probe.target import Target
from crosscors.testing.exchange import ReceivedResponse, SentRequest

_SMALL_BODY = 65_536  # bytes; reading it keeps the connection open for the next request


class ConnectError(Exception):
    """The server gives no response at all. ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Asked(NamedTuple):
    """What became of the requests.

    Attributes:
        answers: the responses, in the order of the requests.
        unanswered: how many requests got no response.
    """

    answers: dict[SentRequest, ReceivedResponse]
    unanswered: int


def ask(target: Target, timeout: float, total: float) -> Asked:
    """Send all requests.

    Args:
        target: what is probed.
        timeout: seconds for each response.
        total: seconds for all of them.

    Raises:
        ConnectError: if the first request gets no response, or all of them take too long.
    """
    return asyncio.run(_ask_in_time(target, timeout, total))


async def _ask_in_time(target: Target, timeout: float, total: float) -> Asked:
    try:
        return await asyncio.wait_for(_ask_all(target, timeout), total)
    except asyncio.TimeoutError:
        raise ConnectError(
            f"{target.url} has not answered all requests within {total:g} seconds.",
            "Probe it from nearer, or where it has less to do.",
        ) from None


async def _ask_all(target: Target, timeout: float) -> Asked:
    answers: dict[SentRequest, ReceivedResponse] = {}
    sent: set[SentRequest] = set()
    async with httpx.AsyncClient(timeout=timeout, follow_redirects=False) as client:
        for make_round in ROUNDS:
            for request in make_round(target, answers):
                if request in sent or len(sent) == MAX_REQUESTS:
                    continue
                sent.add(request)
                try:
                    answers[request] = await asyncio.wait_for(_send(client, request), timeout)
                except (httpx.HTTPError, httpx.InvalidURL, asyncio.TimeoutError) as error:
                    if not answers:
                        raise _no_connection(target, error, timeout) from error
    return Asked(answers, len(sent) - len(answers))


async def _send(client: httpx.AsyncClient, request: SentRequest) -> ReceivedResponse:
    client.cookies.clear()
    headers = [(name, value) for name, value in request.headers]
    async with client.stream(request.method, request.url, headers=headers) as response:
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and len(length) < len(str(_SMALL_BODY)):
            async for _ in response.aiter_raw():
                pass
        fields = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
        )
        return ReceivedResponse(response.status_code, fields)


def _no_connection(target: Target, error: Exception, timeout: float) -> ConnectError:
    server = target.own_origin
    if isinstance(error, asyncio.TimeoutError):
        return ConnectError(
            f"{server} sent no response within {timeout:g} seconds.",
            "Give it more time with --timeout SECONDS.",
        )
    tls = _tls_error(error)
    if tls is not None:
        of_certificate = (
            "Browsers refuse such a server, too. For an authority of your own, set SSL_CERT_FILE."
        )
        without_tls = (
            f"If the server speaks HTTP without TLS, probe {str(target.url).replace('https:', 'http:', 1)}"
        )
        is_certificate = isinstance(tls, ssl.SSLCertVerificationError)
        hint = of_certificate if is_certificate else without_tls
        return ConnectError(f"The TLS connection to {server} failed: {error}", hint)
    if isinstance(error, httpx.ConnectError):
        return ConnectError(
            f"Cannot connect to {server}: {error}",
            "Check the host and the port, and whether the server is running.",
        )
    return ConnectError(
        f"{server} did not send a valid HTTP response: {str(error) or 'it closed the connection'}",
        "Check the scheme and the port of the URL, and whether an HTTP server is listening there.",
    )


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
