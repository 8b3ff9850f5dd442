"""The page, served from two origins."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from crosscors.cli.demo.host import STATUS, host_refusal

# How often a server checks whether to stop.
_POLL_SECONDS = 0.1

Documents = Mapping[str, tuple[str, bytes]]


def page_documents(facts: Mapping[str, object]) -> Documents:
    """The documents of a page origin: content type and body by path.

    Args:
        facts: what the page needs to know about the demo. Its script reads them from ``/demo.json``.
    """
    page = (files("crosscors.cli.demo") / "page.html").read_bytes()
    return {
        "/": ("text/html; charset=utf-8", page),
        "/demo.json": ("application/json", json.dumps(facts).encode()),
    }


@contextmanager
def page_server(listener: socket.socket, documents: Documents) -> Generator[None]:
    """Serve the documents on this listening socket while the context lasts."""
    address = listener.getsockname()
    with ThreadingHTTPServer(address, partial(_Handler, documents), bind_and_activate=False) as server:
        server.socket.close()  # the server has created its own, but there is one already
        server.socket = listener
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET requests for the documents."""

    def __init__(self, documents: Documents, *connection: Any) -> None:
        self._documents = documents
        super().__init__(*connection)

    def handle(self) -> None:
        # Browsers may disconnect at any time. The terminal does not need to show it.
        with suppress(ConnectionError):
            super().handle()

    def parse_request(self) -> bool:
        """Whether to answer the request. http.server calls this for every method."""
        if not super().parse_request():
            return False
        refusal = host_refusal(self.headers.get_all("Host", []), self.connection.getsockname()[1])
        if refusal is not None:
            self._answer(STATUS, "text/plain", refusal.encode())
        return refusal is None

    def do_GET(self) -> None:
        document = self._documents.get(self.path)
        if document is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.OK, *document)

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that http.server gives
        """Log nothing: the terminal shows only what the policy refuses."""
