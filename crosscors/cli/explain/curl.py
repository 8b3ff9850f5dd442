"""A pasted curl command, read as the request of a page: "Copy as cURL" in the network panel of a browser.

The panel shows what the browser sent, not what the page asked for. What the browser adds by itself is left
out here, and a preflight stands for the request that it asks about.
"""

from __future__ import annotations

import getopt
import re
from dataclasses import dataclass
from urllib.parse import quote_plus

from crosscors.cli.explain.shells import WordsError, split_words
from crosscors.testing.urls import is_url, parse


class CurlError(ValueError):
    """A command that is not understood. The message says why, and what to do."""


@dataclass(frozen=True)
class PastedRequest:
    """The request that a page made, as far as a curl command shows it.

    Attributes:
        url: the URL.
        method: the method.
        headers: names and values of the headers that the page set. A value of None can be anything, because a
            preflight names headers without their values.
        body: the body; None if there is none.
        credentials: whether the request had cookies.
        origin: the origin of the page; None if the command does not show it.
    """

    url: str
    method: str
    headers: tuple[tuple[str, str | None], ...] = ()
    body: str | None = None
    credentials: bool = False
    origin: str | None = None


def read_curl(command: str) -> PastedRequest:
    """The request that the page made.

    Raises:
        CurlError: if the text is not one complete curl command.

    >>> read_curl("curl 'https://a.example/x' -X PUT -H 'Origin: https://b.example' -H 'X-A: 1' -b 'c=d'")
    ... # doctest: +NORMALIZE_WHITESPACE
    PastedRequest(url='https://a.example/x', method='PUT', headers=(('X-A', '1'),), body=None,
    credentials=True, origin='https://b.example')
    """
    words = _words(command)
    if not words or _program(words[0]) != "curl":
        raise CurlError('it does not begin with curl. Choose "Copy as cURL" in the network panel.')
    try:
        options, arguments = getopt.gnu_getopt(words[1:], _SHORT, _LONG)
    except getopt.GetoptError as error:
        is_cut = "requires argument" in error.msg
        fault = "lacks its value. Copy the whole command" if is_cut else "is not known here. Remove it"
        raise CurlError(f"the option {_written(error)} {fault}.") from error
    return _request([(_LONG_OF.get(name, name.lstrip("-")), value) for name, value in options], arguments)


def _written(error: getopt.GetoptError) -> str:
    """The option that is wrong, as it was written."""
    return f"-{error.opt}" if len(error.opt) == 1 else f"--{error.opt}"


# What stands before a command that was copied from a terminal.
_PROMPT = re.compile(r"\A\s*[$%>#][ \t]+(?=curl)")
# How else the network panel copies a request.
_OTHERS = (
    (re.compile(r"\s*(?:\$session\b|Invoke-WebRequest\b|Invoke-RestMethod\b)"), "for PowerShell"),
    (re.compile(r"\s*(?:await\s+)?fetch\("), "JavaScript"),
)
_LINE_OF_POWERSHELL = re.compile(r"(?<!`)`[ \t]*\r?\n")


def _words(command: str) -> list[str]:
    for beginning, kind in _OTHERS:
        if beginning.match(command):
            raise CurlError(f'it is {kind}. Choose "Copy as cURL" in the network panel.')
    try:
        return split_words(_PROMPT.sub("", command))
    except WordsError as error:
        if _LINE_OF_POWERSHELL.search(command):
            raise CurlError(
                'it is for PowerShell (lines end with `). Choose "Copy as cURL (bash)" in the network panel.'
            ) from error
        raise CurlError(str(error)) from error


def _program(word: str) -> str:
    return word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")


# Options of curl with a value that say something about the request, by their long names.
_WITH_VALUE = (
    "request",
    "header",
    "data",
    "data-raw",
    "data-ascii",
    "data-binary",
    "data-urlencode",
    "json",
    "form",
    "form-string",
    "cookie",
    "user",
    "oauth2-bearer",
    "user-agent",
    "range",
    "referer",
    "url",
)
# Others that browsers and people write, and that change nothing for CORS.
_OTHERS_WITH_VALUE = (
    "cacert",
    "cert",
    "connect-timeout",
    "cookie-jar",
    "dump-header",
    "interface",
    "keepalive-time",
    "key",
    "limit-rate",
    "max-redirs",
    "max-time",
    "noproxy",
    "output",
    "proxy",
    "proxy-header",
    "resolve",
    "retry",
    "retry-delay",
    "stderr",
    "trace-ascii",
    "write-out",
)
_WITHOUT_VALUE = (
    "head",
    "get",
    "compressed",
    "fail",
    "fail-with-body",
    "globoff",
    "http1.0",
    "http1.1",
    "http2",
    "http2-prior-knowledge",
    "http3",
    "http3-only",
    "include",
    "insecure",
    "ipv4",
    "ipv6",
    "location",
    "location-trusted",
    "no-buffer",
    "no-keepalive",
    "no-progress-meter",
    "path-as-is",
    "progress-bar",
    "raw",
    "remote-header-name",
    "remote-name",
    "show-error",
    "silent",
    "ssl-no-revoke",
    "tlsv1.2",
    "tlsv1.3",
    "verbose",
)
_LONG = [*(f"{name}=" for name in (*_WITH_VALUE, *_OTHERS_WITH_VALUE)), *_WITHOUT_VALUE]
_SHORT_NAMES = {
    "X:": "request",
    "H:": "header",
    "d:": "data",
    "F:": "form",
    "b:": "cookie",
    "u:": "user",
    "A:": "user-agent",
    "e:": "referer",
    "E:": "cert",
    "c:": "cookie-jar",
    "m:": "max-time",
    "r:": "range",
    "D:": "dump-header",
    "o:": "output",
    "w:": "write-out",
    "x:": "proxy",
    "#": "progress-bar",
    "J": "remote-header-name",
    "O": "remote-name",
    "0": "http1.0",
    "I": "head",
    "G": "get",
    "f": "fail",
    "g": "globoff",
    "i": "include",
    "k": "insecure",
    "4": "ipv4",
    "6": "ipv6",
    "L": "location",
    "N": "no-buffer",
    "S": "show-error",
    "s": "silent",
    "v": "verbose",
}
_SHORT = "".join(_SHORT_NAMES)
_LONG_OF = {f"-{name[0]}": long for name, long in _SHORT_NAMES.items()}

# Headers that the browser adds, and that scripts cannot set, or hardly ever do. In lower case.
_OF_BROWSER = frozenset(
    {
        "accept-encoding",
        "cache-control",
        "connection",
        "content-length",
        "cookie",
        "dnt",
        "host",
        "origin",
        "pragma",
        "priority",
        "referer",
        "upgrade-insecure-requests",
        "user-agent",
    }
)
_FORM = "application/x-www-form-urlencoded"


def _request(options: list[tuple[str, str]], arguments: list[str]) -> PastedRequest:
    names = {name for name, _ in options}
    headers = [_header(value) for name, value in options if name == "header"]
    sent = {name.lower(): value for name, value in headers}
    body, content_type = _body([each for each in options if each[0] in _BODIES])
    page = [(name, value) for name, value in headers if not _is_of_browser(name)]
    if content_type is not None and "content-type" not in sent and "get" not in names:
        page.append(("Content-Type", content_type))
    if "user" in names and "authorization" not in sent:
        page.append(("Authorization", "Basic"))
    if "oauth2-bearer" in names:
        page.append(("Authorization", "Bearer"))
    page += [("Range", f"bytes={value}") for name, value in options if name == "range"]
    url = _url([value for name, value in options if name == "url"] + arguments)
    if "get" in names and body is not None:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", None
    method = _method(options, names, has_body=body is not None)
    credentials = "cookie" in sent or "cookie" in names
    referer = sent.get("referer") or next((value for name, value in options if name == "referer"), "")
    # A request without Origin has at least the address of the page, or the origin in it.
    origin = sent.get("origin") or (parse(referer).origin if is_url(referer) else None)
    asked = sent.get("access-control-request-method")
    if method == "OPTIONS" and asked:
        return PastedRequest(url, asked, _asked_headers(sent), None, False, origin)
    return PastedRequest(url, method, tuple(page), body, credentials, origin)


_TYPOGRAPHIC = "\u2018\u2019\u201c\u201d\u2013\u2014"


def _url(given: list[str]) -> str:
    if not given:
        raise CurlError("it has no URL. Paste a command with one URL.")
    if any(each[:1] in _TYPOGRAPHIC for each in given if each):
        raise CurlError("it has typographic quotes or dashes. Write plain ones: ' and -.")
    if "curl" in given:
        raise CurlError("there is more than one command. Paste one curl command.")
    if len(given) > 1:
        listed = " and ".join(map(repr, given[:3]))
        raise CurlError(f"it has {len(given)} URLs ({listed}). Paste a command with one URL.")
    url = given[0] if "://" in given[0] else f"http://{given[0]}"  # as curl reads it
    try:
        parsed = parse(url)
    except ValueError as error:
        raise CurlError(f"its URL is not valid: {error}") from error
    if parsed.scheme in {"ws", "wss"}:
        raise CurlError(
            "it opens a WebSocket. CORS does not apply to WebSockets: their servers check Origin."
        )
    if parsed.scheme not in {"http", "https"}:
        raise CurlError(f"its URL begins with {parsed.scheme}:. Paste a command with http or https.")
    return url


def _method(options: list[tuple[str, str]], names: set[str], *, has_body: bool) -> str:
    """What curl sends: ``-X``, or what the other options mean."""
    for name, value in reversed(options):
        if name == "request":
            return value
    if "head" in names:
        return "HEAD"
    return "POST" if has_body else "GET"


def _header(text: str) -> tuple[str, str]:
    """Name and value. ``X-A;`` is how curl writes an empty value."""
    if text.startswith("@"):
        raise CurlError("its headers are in a file. Write each header itself: -H 'X-Token: 1'.")
    name, colon, value = text.partition(":")
    if not name:  # ":authority: a.example", a pseudo-header of HTTP/2
        return text, ""
    if not colon:
        name = name.removesuffix(";")
    return name.strip(), value.strip()


def _is_of_browser(name: str) -> bool:
    lowered = name.lower()
    return lowered in _OF_BROWSER or lowered.startswith(("sec-", "proxy-", "access-control-request-", ":"))


def _asked_headers(sent: dict[str, str]) -> tuple[tuple[str, None], ...]:
    """The headers that a preflight asks about."""
    names = sent.get("access-control-request-headers", "").split(",")
    return tuple((name.strip(), None) for name in names if name.strip())


_BODIES = {"data", "data-raw", "data-ascii", "data-binary", "data-urlencode", "json", "form", "form-string"}


def _body(given: list[tuple[str, str]]) -> tuple[str | None, str | None]:
    """The body, and the Content-Type that curl gives it."""
    if not given:
        return None, None
    for name, value in given:
        if value.startswith("@") and name not in ("data-raw", "form-string", "data-urlencode"):
            raise CurlError("its body is in a file. Write the body itself: --data-raw '...'.")
    kinds = {name for name, _ in given}
    if kinds & {"form", "form-string"}:
        return "", "multipart/form-data; boundary=x"
    if "json" in kinds:
        return "".join(value for _, value in given), "application/json"
    return "&".join(_encoded(value) if name == "data-urlencode" else value for name, value in given), _FORM


def _encoded(text: str) -> str:
    """A value of ``--data-urlencode``: ``content``, ``=content`` or ``name=content``."""
    name, equals, content = text.partition("=")
    if not equals:
        return quote_plus(text)
    return f"{name}={quote_plus(content)}" if name else quote_plus(content)
