"""What a developer reads when a fetch is blocked: complete texts, approved word by word in messages.txt.

After a change, read what differs, and let the file be written anew by running this module:
``python -m tests.testing.test_messages``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crosscors.testing import BlockedByCORS, Browser, ReceivedResponse, SentRequest, shared_cache

from .servers import ALLOW_ANY, ALLOW_COOKIES, ALLOW_PAGE, API, PAGE, Scripted, answer, is_preflight, redirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .servers import Script

OTHER = "https://cdn.example.org"
JSON = {"Content-Type": "application/json"}
METHODS = ("Access-Control-Allow-Methods", "GET, POST, PUT")
HEADERS = ("Access-Control-Allow-Headers", "Content-Type")

Situation = tuple[Any, dict[str, Any]]
SITUATIONS: dict[str, Callable[[], Situation]] = {}


def situation(title: str, url: str = "/items", origin: str = PAGE, **init: Any) -> Callable[[Script], Script]:
    """What a page fetches from a server that answers as the function says."""

    def remember(script: Script) -> Script:
        SITUATIONS[title] = lambda: (Scripted(script), {"url": url, "origin": origin, **init})
        return script

    return remember


def text_of(title: str) -> str:
    server, asked = SITUATIONS[title]()
    servers = server if isinstance(server, dict) else {API: server, OTHER: server}
    browser = Browser(servers)
    page = browser.page(asked.pop("origin"))
    for origin in asked.pop("after", ()):
        browser.page(origin).fetch(asked["url"])
    with pytest.raises(BlockedByCORS) as blocked:
        page.fetch(asked.pop("url"), **asked)
    return str(blocked.value)


@situation("The server does not know CORS")
def nothing(request: SentRequest) -> ReceivedResponse:
    return answer(("Content-Type", "application/json"), body=b'{"items": []}')


@situation("The server does not know CORS, and the page sends cookies", credentials="include")
def nothing_with_cookies(request: SentRequest) -> ReceivedResponse:
    return answer(("Set-Cookie", "session=1; HttpOnly"), ("Content-Type", "application/json"), body=b"{}")


@situation("The page's port is not on the list", origin="http://localhost:5174")
def another_port(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", "http://localhost:5173"))


@situation("The origin on the list has a slash at the end")
def slash(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", PAGE + "/"))


@situation("The origin on the list has no scheme")
def no_scheme(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", "app.example.com"))


@situation("The page is on https, the list has http")
def other_scheme(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", "http://app.example.com"))


@situation("The server sends its whole list")
def whole_list(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", f"{PAGE}, https://admin.example.com"))


@situation("The application and the proxy both set the header")
def set_twice(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, *ALLOW_ANY)


@situation("The server sends a pattern")
def pattern(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", "https://*.example.com"))


@situation("The server says false for no")
def says_false(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", "false"))


@situation("The server says null for no")
def says_null(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", "null"))


@situation("A wildcard, and the page sends cookies", credentials="include")
def wildcard_and_cookies(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_ANY, ("Access-Control-Allow-Credentials", "true"))


@situation("Python's True instead of true", credentials="include")
def true_in_python(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, ("Access-Control-Allow-Credentials", "True"))


@situation("The preflight forgets the credentials", method="PUT", credentials="include")
def preflight_without_credentials(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, METHODS, status=204) if is_preflight(request) else answer(*ALLOW_COOKIES)


@situation("A sandboxed frame", origin="null")
def sandbox(request: SentRequest) -> ReceivedResponse:
    return answer(("Vary", "Origin"))


@situation("A sandboxed frame with cookies and a wildcard", origin="null", credentials="include")
def sandbox_with_cookies(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_ANY)


@situation("The router has no route for OPTIONS", method="POST", headers=JSON, body="{}")
def no_options(request: SentRequest) -> ReceivedResponse:
    if is_preflight(request):
        return answer(("Allow", "GET, POST"), status=405, body=b"Method Not Allowed")
    return answer(*ALLOW_PAGE)


@situation("The login runs before the CORS middleware", headers={"Authorization": "Bearer secret"})
def login_first(request: SentRequest) -> ReceivedResponse:
    return (
        answer(("WWW-Authenticate", "Bearer"), status=401) if is_preflight(request) else answer(*ALLOW_PAGE)
    )


@situation("The response to the preflight is good, except for status 400", method="DELETE")
def refused_with_400(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, METHODS, status=400, body=b"Disallowed CORS method")


@situation("The response to the preflight is good, except for status 500", method="PUT")
def answered_with_500(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, METHODS, HEADERS, status=500)


@situation("A slash at the end of the URL, and a redirect to it", method="POST", headers=JSON, body="{}")
def missing_slash(request: SentRequest) -> ReceivedResponse:
    return redirect("/items/", status=307) if request.url.endswith("items") else answer(*ALLOW_PAGE)


@situation("A method that is not on the list", method="PATCH")
def method_not_listed(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, METHODS, HEADERS)


@situation("patch in lower case", method="patch")
def lower_case_patch(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, ("Access-Control-Allow-Methods", "GET, PATCH"))


@situation("JSON without Content-Type on the list", method="POST", headers=JSON, body="{}")
def json_not_listed(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, METHODS)


@situation(
    "Three headers, of which one is on the list", headers={"X-Request-ID": "1", "X-Token": "2", **JSON}
)
def header_not_listed(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, METHODS, HEADERS)


@situation("A wildcard for headers, and Authorization", headers={"Authorization": "Bearer secret"})
def wildcard_and_authorization(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, ("Access-Control-Allow-Headers", "*"))


@situation("Wildcards and cookies", method="PUT", headers={"X-Token": "1"}, credentials="include")
def wildcards_and_cookies(request: SentRequest) -> ReceivedResponse:
    wildcards = ("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*")
    return answer(*ALLOW_COOKIES, *wildcards)


@situation("Methods with blanks between them", method="PUT")
def blanks(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, ("Access-Control-Allow-Methods", "GET PUT DELETE"))


@situation("A list of headers as Python prints it", headers={"X-Token": "1"})
def printed_list(request: SentRequest) -> ReceivedResponse:
    return answer(*ALLOW_PAGE, ("Access-Control-Allow-Headers", "['X-Token']"))


@situation("A good preflight, and an error page without CORS", method="PUT")
def undecorated_error(request: SentRequest) -> ReceivedResponse:
    return (
        answer(*ALLOW_PAGE, METHODS, status=204)
        if is_preflight(request)
        else answer(status=502, body=b"Bad Gateway")
    )


@situation("A redirect to a server that allows the page, but not null", url="/download")
def redirected(request: SentRequest) -> ReceivedResponse:
    return redirect(OTHER + "/file", *ALLOW_PAGE) if request.url.startswith(API) else answer(*ALLOW_PAGE)


@situation("A redirect without CORS headers", url="/download")
def undecorated_redirect(request: SentRequest) -> ReceivedResponse:
    return redirect("/file") if request.url.endswith("download") else answer(*ALLOW_PAGE)


@situation("A redirect with a password in it")
def password(request: SentRequest) -> ReceivedResponse:
    return redirect("https://bot:secret@cdn.example.org/items", *ALLOW_PAGE)


def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise LookupError("no database")


SITUATIONS["The application raises an exception"] = lambda: (
    {API: failing},
    {"url": "/items", "origin": PAGE},
)


def reflect(request: SentRequest) -> ReceivedResponse:
    return answer(("Access-Control-Allow-Origin", request.header("Origin") or ""))


SITUATIONS["A cache returns the response for another page"] = lambda: (
    {API: shared_cache(Scripted(reflect))},
    {"url": "/items", "origin": PAGE, "after": ["https://admin.example.com"]},
)

_FILE = Path(__file__).with_name("messages.txt")
_TITLE = "##### "


def approved() -> dict[str, str]:
    sections = _FILE.read_text(encoding="utf-8").split(_TITLE)[1:]
    return {title: text.strip("\n") for title, _, text in (each.partition("\n") for each in sections)}


@pytest.mark.parametrize("title", SITUATIONS)
def test_the_text_is_the_approved_one(title: str) -> None:
    assert text_of(title) == approved()[title]


def test_every_approved_text_has_a_situation() -> None:
    assert list(approved()) == list(SITUATIONS)


@pytest.mark.parametrize("title", SITUATIONS)
def test_a_text_has_the_sentence_of_the_console_a_hint_a_step_and_the_exchanges(title: str) -> None:
    message, hint, step, empty, heading, exchange, *_ = text_of(title).split("\n")
    assert message.startswith("Access to fetch at '")
    assert " has been blocked by CORS policy: " in message
    assert hint.startswith("Hint: ")
    assert hint.endswith((".", ")"))
    assert hint[6].isupper() or hint[6] == "'"
    assert step.startswith('Step: Fetch standard, "')
    assert (empty, heading) == ("", "What went over the wire:")
    assert exchange.startswith(("GET ", "OPTIONS "))
    assert max(len(hint), len(step)) < 400


if __name__ == "__main__":
    _FILE.write_text(
        "\n\n".join(f"{_TITLE}{title}\n{text_of(title)}" for title in SITUATIONS) + "\n", encoding="utf-8"
    )
