"""What a case is made of: a page, the steps of its script, and what the servers answer.

The outcome is not part of it: it is whatever ``crosscors.testing.Browser`` makes of the case.

In URLs and field lines ``{api}`` and the other names of places stand for the case's own URLs there,
``{api.origin}``, ``{api.port}`` and ``{path}`` for parts of it, and ``{origin}`` for the page's origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ANYONE = "Access-Control-Allow-Origin: *"
THE_PAGE = "Access-Control-Allow-Origin: {origin}"
CREDENTIALS = "Access-Control-Allow-Credentials: true"


@dataclass(frozen=True)
class Body:
    """What a script sends: each kind has a Content-Type of its own, or none."""

    kind: Literal["text", "bytes", "blob", "params", "form"]
    text: str
    type: str = ""  # a Blob's


@dataclass(frozen=True)
class Fetch:
    """One call of fetch(), or of XMLHttpRequest when there is a listener on the upload."""

    url: str = "{api}/thing"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Body | None = None
    credentials: Literal["omit", "same-origin", "include"] = "same-origin"
    mode: Literal["cors", "same-origin", "no-cors"] = "cors"
    redirect: Literal["follow", "error", "manual"] = "follow"
    upload_listener: bool = False


@dataclass(frozen=True)
class Pause:
    """Time that goes by between two steps."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """A response, its field lines as they are."""

    lines: tuple[str, ...] = ()
    status: int = 200
    body: str = "the body"


@dataclass(frozen=True)
class Resource:
    """What a URL answers: to the first request, to the second..., and from then on as the last time."""

    actual: tuple[Answer, ...] = (Answer((ANYONE,)),)
    preflight: tuple[Answer, ...] = (Answer((ANYONE,)),)


@dataclass(frozen=True)
class Case:
    """Some steps of a page, told in a sentence."""

    name: str
    steps: tuple[Fetch | Pause, ...]
    resources: Mapping[str, Resource]
    page: str = "page"
    http_cache: bool = False  # the browser's cache has a part in it


def answer(*lines: str, status: int = 200, body: str = "the body") -> Answer:
    return Answer(lines, status, body)


def case(
    name: str,
    *steps: Fetch | Pause,
    preflight: Answer | tuple[Answer, ...] = (),
    actual: Answer | tuple[Answer, ...] = (),
    page: str = "page",
) -> Case:
    """A case with one resource; where nothing is said, its answers let any page read them."""
    resource = Resource(_all(actual), _all(preflight))
    return Case(name, steps or (Fetch(),), {"thing": resource}, page)


def _all(answers: Answer | tuple[Answer, ...]) -> tuple[Answer, ...]:
    return (answers,) if isinstance(answers, Answer) else answers or (Answer((ANYONE,)),)
