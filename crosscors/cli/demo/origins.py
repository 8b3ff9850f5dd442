"""The origins of the pages that send the requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Ports(NamedTuple):
    """The ports of the two servers with pages that send requests."""

    first: int
    second: int


@dataclass(frozen=True)
class PageOrigin:
    """An origin of pages.

    Attributes:
        id: its name in data: ``"localhost"``. In links, ``{localhost}`` stands for the origin.
        origin: the origin as browsers send it.
        address: where the page is.
        about: what is special about it.
    """

    id: str
    origin: str
    address: str
    about: str


ORIGIN_IDS = ("localhost", "port", "numeric", "name", "null")


def page_origins(ports: Ports) -> tuple[PageOrigin, ...]:
    """All the origins. The first is what a development server has.

    >>> [each.origin for each in page_origins(Ports(5173, 5174))][:3]
    ['http://localhost:5173', 'http://localhost:5174', 'http://127.0.0.1:5173']
    """
    first = f"http://localhost:{ports.first}"
    return (
        PageOrigin("localhost", first, first, "a development server"),
        _own("port", f"http://localhost:{ports.second}", "another port"),
        _own("numeric", f"http://127.0.0.1:{ports.first}", "a number in place of the name"),
        _own("name", f"http://app.localhost:{ports.first}", "another name"),
        PageOrigin("null", "null", first, "a sandboxed frame"),
    )


def _own(name: str, origin: str, about: str) -> PageOrigin:
    return PageOrigin(name, origin, origin, about)
