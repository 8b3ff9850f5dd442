"""The documents of the playground: its page, and the pages that send the requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

from crosscors.core.protection import CrossOriginProtection
from crosscors.wsgi import CORSMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True)
class Document:
    """A response with a body.

    Attributes:
        content_type: its type.
        body: its body.
        status: its status.
        security_policy: its Content-Security-Policy; empty if it needs none.
    """

    content_type: str
    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    security_policy: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All its headers."""
        headers = [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        policy = self.security_policy
        return [*headers, ("Content-Security-Policy", policy)] if policy else headers


def packaged(name: str, content_type: str, security_policy: str = "", **texts: str) -> Document:
    """A document that is a file in this folder. Each ``{name}`` in it stands for a text."""
    content = (files("crosscors.cli.demo") / name).read_text(encoding="utf-8")
    for key, text in texts.items():
        content = content.replace(f"{{{key}}}", escape(text))
    return Document(content_type, content.encode(), security_policy=security_policy)


def page(senders: Iterable[str]) -> Document:
    """The page of the playground. It may load its own files, and frames of the senders.

    Args:
        senders: the origins of the pages that send requests.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
        f" frame-src {' '.join(senders)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return packaged("page/page.html", HTML, policy)


def sender(page_origin: str, own_origins: Iterable[str], stacks: Iterable[str]) -> Document:
    """The page that sends requests. It may do nothing but talk to the stacks, for the page of the playground.

    Args:
        page_origin: the origin of the playground.
        own_origins: the origins by which this page is reached. ``'self'`` is not enough in a sandboxed frame.
        stacks: the addresses of the stacks.
    """
    targets = " ".join(stacks)
    policy = (
        f"default-src 'none'; script-src {' '.join(own_origins)}; connect-src {targets};"
        f" form-action {targets}; frame-src {targets}; base-uri 'none'; frame-ancestors {page_origin}"
    )
    return packaged("sender/sender.html", HTML, policy, playground=page_origin)


Respond = Callable[["WSGIEnvironment"], Document]


def application(respond: Respond, hosts: Iterable[str], own_origins: Iterable[str]) -> WSGIApplication:
    """A WSGI application that answers with documents.

    It answers only to these hosts, and pages of other origins can neither read nor write anything.

    Args:
        respond: the document for a request.
        hosts: what Host may be: ``127.0.0.1:8000``.
        own_origins: the origins of its own pages.
    """
    protection = CrossOriginProtection(allowed_hosts=[*hosts], own_origins=[*own_origins])

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        document = respond(environ)
        start_response(f"{document.status.value} {document.status.phrase}", document.headers)
        return [document.body]

    return CORSMiddleware(answer, protect=protection)


def not_found() -> Document:
    """The document for all other paths."""
    return Document("text/plain", b"There is nothing here.", HTTPStatus.NOT_FOUND)
