"""What is probed: a URL, the origins that should be let in, and the headers that the user adds."""

from __future__ import annotations

from dataclasses import dataclass

from crosscors.core.origins.serialized import is_serialized_origin
from crosscors.core.standard import is_token
from crosscors.testing.exchange import Fields
from crosscors.testing.urls import URL, parse

MAX_ORIGINS = 4


class WrongUsageError(ValueError):
    """An argument that cannot be used, and what to write instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Target:
    """Everything that requests are made from.

    Attributes:
        url: where the requests go.
        origins: those that the user gave. They should be let in.
        headers: what every actual request carries in addition, such as Authorization.
    """

    url: URL
    origins: tuple[str, ...] = ()
    headers: Fields = ()

    @property
    def own_origin(self) -> str:
        return self.url.origin

    @property
    def trusted(self) -> tuple[str, ...]:
        """The origins whose look-alikes are tried."""
        given = tuple(origin for origin in self.origins if origin.startswith(("http://", "https://")))
        return given or (self.own_origin,)


def read_target(url: str, origins: tuple[str, ...], headers: tuple[str, ...]) -> Target:
    """Raises WrongUsageError."""
    distinct = tuple(dict.fromkeys(_origin(each) for each in origins))
    if len(distinct) > MAX_ORIGINS:
        raise WrongUsageError(
            f"{len(distinct)} origins are too many for one run.",
            f"Give --origin at most {MAX_ORIGINS} times.",
        )
    return Target(_url(url), distinct, tuple(map(_header, headers)))


def _url(text: str) -> URL:
    url = _parsed(text)
    if url is None:
        meant = _parsed(f"https://{text}") if "://" not in text else None
        raise WrongUsageError(
            f"'{text}' is not a URL.", f"Write the whole URL: {meant or 'https://api.example.com/items'}"
        )
    if url.scheme not in {"http", "https"}:
        raise WrongUsageError(
            f"'{text}' is not a URL of http or https.", f"Write https://{url.netloc}{url.target}"
        )
    if url.has_credentials:
        raise WrongUsageError(
            "Pages cannot fetch a URL with a user name and a password in it.",
            f'Write {url} -H "Authorization: Basic ..."',
        )
    return url


def _origin(text: str) -> str:
    if text == "null" or is_serialized_origin(text):
        return text
    whole = text if "://" in text else f"https://{text}"
    meant = _parsed(whole.replace(":*", "").replace("*", "www"))
    if meant is not None and is_serialized_origin(meant.origin):
        hint = f"Write --origin {meant.origin}"
    else:
        hint = "Write a scheme and a host: --origin https://app.example.com"
    if "*" in text:
        raise WrongUsageError(f"'{text}' is a pattern, and pages have exact origins.", hint)
    raise WrongUsageError(f"'{text}' is not an origin as browsers send it.", hint)


def _parsed(text: str) -> URL | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not is_token(name):
        raise WrongUsageError(f"'{text}' is not a header.", 'Write -H "Authorization: Bearer ..."')
    if name.lower() == "origin":
        raise WrongUsageError("The probe sets Origin itself.", f"Write --origin {value.strip()}")
    if name.lower() in _SET_HERE or name.lower().startswith(("access-control-", "sec-")):
        raise WrongUsageError(f"The probe sets {name} itself.", f'Leave out -H "{name}: ..."')
    if not value.isprintable() or not value.isascii():
        raise WrongUsageError(
            f"The value of {name} has characters other than printable ASCII.",
            "Encode them, or leave them out.",
        )
    return name, value.strip(" ")


_SET_HERE = {"connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent"}
