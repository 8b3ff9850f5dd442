"""A server that answers what a test tells it to, at several origins, and what such answers are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from crosscors.testing import Browser, ReceivedResponse, SentRequest
from crosscors.testing.exchange import Fields

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from crosscors.asgi import Receive, Scope, Send

PAGE = "https://app.example.com"
API = "https://api.example.net"
SISTER = "https://api.example.com"  # of the page's site
ORIGINS = (
    API,
    PAGE,
    SISTER,
    "https://two.example.com",
    "https://other.example.net",
    "http://api.example.net",
)

ALLOW_ANY: Fields = (("Access-Control-Allow-Origin", "*"),)
ALLOW_PAGE: Fields = (("Access-Control-Allow-Origin", PAGE),)
ALLOW_COOKIES: Fields = (*ALLOW_PAGE, ("Access-Control-Allow-Credentials", "true"))
ALLOW_NULL: Fields = (("Access-Control-Allow-Origin", "null"), ("Access-Control-Allow-Credentials", "true"))
ALLOW_ALL: Fields = (*ALLOW_ANY, ("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*"))

Script = Callable[[SentRequest], ReceivedResponse]


def answer(*fields: tuple[str, str], status: int = 200, body: bytes = b"") -> ReceivedResponse:
    return ReceivedResponse(status, fields, body)


def redirect(location: str, *fields: tuple[str, str], status: int = 302) -> ReceivedResponse:
    return answer(("Location", location), *fields, status=status)


class Scripted:
    """A WSGI application that answers what its script says."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self._script(_request_of(environ))
        start_response(f"{response.status} -", list(response.headers))
        return [response.body]


def wsgi_answering(status: Any, headers: Any, parts: Any) -> Any:
    """A WSGI application that says this, whether or not it follows the protocol."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        start_response(status, headers)
        return parts

    return app


def asgi_answering(*messages: dict[str, Any], raises: Exception | None = None) -> Any:
    """An ASGI application that sends these messages, and then may raise."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if raises is not None:
            raise raises

    return app


def _request_of(environ: WSGIEnvironment) -> SentRequest:
    query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
    url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}{query}"
    headers = (
        (name.removeprefix("HTTP_").replace("_", "-"), value)
        for name, value in environ.items()
        if name.startswith(("HTTP_", "CONTENT_"))
    )
    return SentRequest(environ["REQUEST_METHOD"], url, tuple(headers), environ["wsgi.input"].read())


def browser_of(script: Script, *origins: str, **options: Any) -> Browser:
    """A browser for which the script answers at all these origins, and at those that all tests know."""
    app = Scripted(script)
    return Browser(dict.fromkeys((*ORIGINS, *origins), app), **options)


def answering(actual: ReceivedResponse, preflight: ReceivedResponse | None = None) -> Script:
    """Answers preflights with the one and everything else with the other; with one, everything."""
    return lambda request: actual if preflight is None or not is_preflight(request) else preflight


def by_url(answers: dict[str, ReceivedResponse], preflight: ReceivedResponse | None = None) -> Script:
    """Answers by URL, or by path where it is the API's; preflights with the one given, if there is one."""
    absolute = {(API + url if url.startswith("/") else url): each for url, each in answers.items()}

    def script(request: SentRequest) -> ReceivedResponse:
        if preflight is not None and is_preflight(request):
            return preflight
        return absolute[request.url]

    return script


def is_preflight(request: SentRequest) -> bool:
    return request.header("Access-Control-Request-Method") is not None
