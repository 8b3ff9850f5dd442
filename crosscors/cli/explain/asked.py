"""What the page asks for: the request of a script, from the options and from what was pasted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crosscors.cli.explain.curl import CurlError, PastedRequest, read_curl
from crosscors.cli.output import CommandError
from crosscors.testing.urls import parse

# A value that is not safelisted, whichever header has it (Fetch, "CORS-unsafe request-header byte").
_UNSAFE = "?"
_JSON = "application/json"
# With these methods, a request changes nothing (RFC 9110, section 9.2.1, and the method QUERY).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})


@dataclass(frozen=True)
class Asked:
    """A request of a script.

    Attributes:
        origin: the origin of the page.
        url: a URL, or a path of the application.
        method: the method.
        headers: names and values of the headers that the script sets.
        body: the body, or None.
        credentials: whether the credentials mode is "include".
    """

    origin: str
    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    credentials: bool = False

    @property
    def is_safe(self) -> bool:
        """Whether the request changes nothing on the server, by its method."""
        return self.method.upper() in SAFE_METHODS


@dataclass(frozen=True)
class Options:
    """The options of the command that describe the request. What is not given is None or empty."""

    path: str | None
    origin: str | None
    method: str | None
    headers: tuple[str, ...]
    data: str | None
    credentials: bool


def read_asked(options: Options, url: str | None, pasted: PastedRequest | None) -> Asked:
    """The request. What the options say replaces what was pasted.

    Args:
        options: the options.
        url: the URL that is the target of the command; None for an application.
        pasted: the request of a pasted curl command or sentence, or None. Its URL can be empty.

    Raises:
        CommandError: if something is missing or not valid.
    """
    found = pasted or PastedRequest("/", "GET")
    origin = options.origin or found.origin
    given = [_read_header(each) for each in options.headers]
    if origin is None:
        raise CommandError("The origin of the page is missing.", "Write --origin https://app.example.com.")
    headers = [*_replaced(found.headers, given), *given]
    body = found.body if options.data is None else options.data
    method = found.method if options.data is None or pasted else "POST"
    return Asked(
        origin=origin,
        url=_url(url, _target(pasted), options.path),
        method=method if options.method is None else options.method,
        headers=tuple(
            (name, _any_value(name) if value is None else value)
            for name, value in headers
            if name.lower() != "cookie"
        ),
        body=body,
        credentials=options.credentials
        or found.credentials
        or any(name.lower() == "cookie" for name, _ in given),
    )


def read_pasted(command: str) -> PastedRequest:
    """The request of a curl command. Raises CommandError if the command is not understood."""
    try:
        return read_curl(command)
    except CurlError as error:
        reason, _, hint = str(error).partition(". ")
        raise CommandError(
            f"This is not a curl command that can be read: {reason.rstrip('.')}.",
            hint or 'Paste what the network panel of the browser gives for "Copy as cURL".',
        ) from error


def _target(pasted: PastedRequest | None) -> str | None:
    return parse(pasted.url).target if pasted and pasted.url else None


def _url(base: str | None, pasted: str | None, path: str | None) -> str:
    """The URL to fetch: a path given replaces that of the target and of the pasted command."""
    wanted = path or pasted
    if base is None:
        return _rooted(wanted or "/")
    if wanted is None:
        return base
    if "://" in wanted:
        raise CommandError(
            "There are two URLs.", "Write one URL, or a URL and a path: https://api.example.com /items."
        )
    return parse(base).origin + _rooted(wanted)


def _rooted(path: str) -> str:
    if path.startswith("//"):  # a browser would read the host of another server
        return f"/.{path}"
    return path if "://" in path or path.startswith("/") else f"/{path}"


def _read_header(text: str) -> tuple[str, str | None]:
    """Name and value. Without a colon, the value can be anything that is not safelisted."""
    name, colon, value = text.partition(":")
    if name.strip().lower() == "origin":
        raise CommandError(
            "Origin is not a header that a script can set.",
            f"Write --origin {value.strip() or 'https://app.example.com'}.",
        )
    return name.strip(" \t"), value.strip() if colon else None


def _replaced(
    headers: Iterable[tuple[str, str | None]], given: list[tuple[str, str | None]]
) -> list[tuple[str, str | None]]:
    names = {name.lower() for name, _ in given}
    return [(name, value) for name, value in headers if name.lower() not in names]


def _any_value(name: str) -> str:
    return _JSON if name.lower() == "content-type" else _UNSAFE
