"""What a developer reads when a fetch is blocked: complete texts, approved word by word in messages.txt.

After a change, read what differs, and let the file be written anew by running this module:
``python -m tests.testing.test_messages``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crosscors import CORSPolicy, Resources, asgi, wsgi
from crosscors.testing import BlockedByCORS, Browser, ReceivedResponse, SentRequest, shared_cache

from .servers import (
    ALLOW_ANY,
    ALLOW_COOKIES,
    ALLOW_PAGE,
    API,
    PAGE,
    Scripted,
    answer,
    answering,
    asgi_answering,
    by_url,
    redirect,
)

OTHER = "https://cdn.example.org"
JSON: dict[str, Any] = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
BEARER = {"Authorization": "Bearer secret"}
METHODS = ("Access-Control-Allow-Methods", "GET, POST, PUT")
HEADERS = ("Access-Control-Allow-Headers", "Content-Type")

Answers = ReceivedResponse | dict[str, ReceivedResponse]


def asked(server: Any, url: str = "/items", *, origin: str = PAGE, after: str = "", **init: Any) -> str:
    """What a developer reads when a page, after another page, fetches from the server."""
    browser = Browser({API: server, OTHER: server})
    if after:
        browser.page(after).fetch(url)
    with pytest.raises(BlockedByCORS) as blocked:
        browser.page(origin).fetch(url, **init)
    return str(blocked.value)


def reply(answers: Answers, preflight: ReceivedResponse | None = None, **page: Any) -> Callable[[], str]:
    """The server answers everything with the same response, by URL, or preflights with another one."""
    script = by_url(answers) if isinstance(answers, dict) else answering(answers, preflight)
    return lambda: asked(Scripted(script), **page)


def allowing(value: str) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", value))


def covered(**options: Any) -> wsgi.CORSMiddleware:
    given = options or {"allow_origins": PAGE}
    return wsgi.CORSMiddleware(Scripted(answering(answer())), **given)


def reflect(request: SentRequest) -> ReceivedResponse:
    return allowing(request.header("Origin") or "")


SITUATIONS: dict[str, Callable[[], str]] = {
    "The server does not know CORS": reply(
        answer(("Content-Type", "application/json"), body=b'{"items": []}')
    ),
    "The server does not know CORS, and the page sends cookies": reply(
        answer(("Set-Cookie", "session=1; HttpOnly"), ("Content-Type", "application/json"), body=b"{}"),
        credentials="include",
    ),
    "The page's port is not on the list": reply(
        allowing("http://localhost:5173"), origin="http://localhost:5174"
    ),
    "The origin on the list has a slash at the end": reply(allowing(PAGE + "/")),
    "The origin on the list has no scheme": reply(allowing("app.example.com")),
    "The page is on https, the list has http": reply(allowing("http://app.example.com")),
    "The server sends its whole list": reply(allowing(f"{PAGE}, https://admin.example.com")),
    "The application and the proxy both set the header": reply(answer(*ALLOW_PAGE, *ALLOW_ANY)),
    "The server sends a pattern": reply(allowing("https://*.example.com")),
    "The server says false for no": reply(allowing("false")),
    "The server says null for no": reply(allowing("null")),
    "A wildcard, and the page sends cookies": reply(
        answer(*ALLOW_ANY, ("Access-Control-Allow-Credentials", "true")), credentials="include"
    ),
    "Python's True instead of true": reply(
        answer(*ALLOW_PAGE, ("Access-Control-Allow-Credentials", "True")), credentials="include"
    ),
    "The preflight forgets the credentials": reply(
        answer(*ALLOW_COOKIES),
        preflight=answer(*ALLOW_PAGE, METHODS, status=204),
        method="PUT",
        credentials="include",
    ),
    "A sandboxed frame": reply(answer(("Vary", "Origin")), origin="null"),
    "A sandboxed frame with cookies and a wildcard": reply(
        answer(*ALLOW_ANY), origin="null", credentials="include"
    ),
    "The router has no route for OPTIONS": reply(
        answer(*ALLOW_PAGE),
        preflight=answer(("Allow", "GET, POST"), status=405, body=b"Method Not Allowed"),
        **JSON,
    ),
    "The login runs before the CORS middleware": reply(
        answer(*ALLOW_PAGE), preflight=answer(("WWW-Authenticate", "Bearer"), status=401), headers=BEARER
    ),
    "The response to the preflight is good, except for status 400": reply(
        answer(*ALLOW_PAGE, METHODS, status=400, body=b"Disallowed CORS method"), method="DELETE"
    ),
    "The response to the preflight is good, except for status 500": reply(
        answer(*ALLOW_PAGE, METHODS, HEADERS, status=500), method="PUT"
    ),
    "A method that browsers always allow, and the server does not": reply(
        answer(
            *ALLOW_PAGE,
            ("Access-Control-Allow-Methods", "GET"),
            ("Access-Control-Allow-Headers", "Content-Type"),
            status=403,
        ),
        **JSON,
    ),
    "The server refuses a method and a header": reply(
        answer(*ALLOW_PAGE, METHODS, HEADERS, status=400), method="PATCH", headers={"X-Token": "1"}
    ),
    "The server refuses the preflight for a reason of its own": reply(
        answer(*ALLOW_PAGE, METHODS, status=403, body=b"Sent too many requests.\n"), method="PUT"
    ),
    "The server refuses the origin, and says so": reply(
        answer(status=400, body=b"Disallowed CORS origin"), method="PUT"
    ),
    "The server refuses the preflight, and does not say why": reply(
        answer(status=403, body=b"<h1>Forbidden</h1>"), method="PUT"
    ),
    "The server refuses the preflight, and says something else": reply(
        answer(status=403, body=b"No entry"), method="PUT"
    ),
    "The login runs first, and the page is a sandboxed frame": reply(
        answer(status=401), origin="null", method="PUT"
    ),
    "The login runs first, and the page is a sandboxed frame with cookies": reply(
        answer(status=401), origin="null", method="PUT", credentials="include"
    ),
    "Thirteen headers that are not on the list": reply(
        answer(*ALLOW_PAGE), headers={f"X-{letter}": "1" for letter in "ABCDEFGHIJKLM"}
    ),
    "crosscors refuses a method": lambda: asked(covered(), **JSON),
    "crosscors refuses a header of an ASGI application": lambda: asked(
        asgi.CORSMiddleware(asgi_answering(), allow_origins=PAGE), headers={"X-Token": "1"}
    ),
    "crosscors refuses the origin": lambda: asked(covered(), origin="http://app.example.com"),
    "crosscors refuses null": lambda: asked(covered(), origin="null", method="PUT"),
    "crosscors refuses a method, in debug mode": lambda: asked(
        covered(allow_origins=PAGE, debug=True), method="PUT"
    ),
    "No policy of crosscors covers the path": lambda: asked(
        covered(policy=Resources({"/api/*": CORSPolicy(allow_origins=PAGE)}))
    ),
    "crosscors runs elsewhere, and refuses a method": reply(
        answer(
            *ALLOW_PAGE,
            ("Access-Control-Allow-Methods", "GET"),
            status=400,
            body=b"Refused by the CORS policy: the method 'POST' is not allowed",
        ),
        use_cors_preflight=True,
        method="POST",
    ),
    "A page that needs a login forgets its cookies": reply(answer(status=401)),
    "A slash at the end of the URL, and a redirect to it": reply(redirect("/items/", status=307), **JSON),
    "A method that is not on the list": reply(answer(*ALLOW_PAGE, METHODS, HEADERS), method="PATCH"),
    "patch in lower case": reply(
        answer(*ALLOW_PAGE, ("Access-Control-Allow-Methods", "GET, PATCH")), method="patch"
    ),
    "JSON without Content-Type on the list": reply(answer(*ALLOW_PAGE, METHODS), **JSON),
    "Three headers, of which one is on the list": reply(
        answer(*ALLOW_PAGE, METHODS, HEADERS),
        headers={"X-Request-ID": "1", "X-Token": "2", **JSON["headers"]},
    ),
    "A wildcard for headers, and Authorization": reply(
        answer(*ALLOW_PAGE, ("Access-Control-Allow-Headers", "*")), headers=BEARER
    ),
    "Wildcards and cookies": reply(
        answer(*ALLOW_COOKIES, ("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*")),
        method="PUT",
        headers={"X-Token": "1"},
        credentials="include",
    ),
    "Methods with blanks between them": reply(
        answer(*ALLOW_PAGE, ("Access-Control-Allow-Methods", "GET PUT DELETE")), method="PUT"
    ),
    "A list of headers as Python prints it": reply(
        answer(*ALLOW_PAGE, ("Access-Control-Allow-Headers", "['X-Token']")), headers={"X-Token": "1"}
    ),
    "A good preflight, and an error page without CORS": reply(
        answer(status=502, body=b"Bad Gateway"),
        preflight=answer(*ALLOW_PAGE, METHODS, status=204),
        method="PUT",
    ),
    "A redirect to a server that allows the page, but not null": reply(
        {"/download": redirect(OTHER + "/file", *ALLOW_PAGE), OTHER + "/file": answer(*ALLOW_PAGE)},
        url="/download",
    ),
    "A redirect without CORS headers": reply(redirect("/file"), url="/download"),
    "A redirect with a password in it": reply(
        redirect("https://bot:secret@cdn.example.org/items", *ALLOW_PAGE)
    ),
    "The application raises an exception": lambda: asked(asgi_answering(raises=LookupError("no database"))),
    "A cache returns the response for another page": lambda: asked(
        shared_cache(Scripted(reflect)), after="https://admin.example.com"
    ),
}

_FILE = Path(__file__).with_name("messages.txt")
_TITLE = "##### "


def approved() -> dict[str, str]:
    sections = _FILE.read_text(encoding="utf-8").split(_TITLE)[1:]
    return {title: text.strip("\n") for title, _, text in (each.partition("\n") for each in sections)}


@pytest.mark.parametrize("title", SITUATIONS)
def test_the_text_is_the_approved_one(title: str) -> None:
    assert SITUATIONS[title]() == approved()[title]


def test_every_approved_text_has_a_situation() -> None:
    assert list(approved()) == list(SITUATIONS)


if __name__ == "__main__":
    _FILE.write_text(
        "\n\n".join(f"{_TITLE}{title}\n{SITUATIONS[title]()}" for title in SITUATIONS) + "\n",
        encoding="utf-8",
    )
