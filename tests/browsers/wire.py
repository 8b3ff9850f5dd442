"""Servers on loopback which answer each case from its script, byte by byte, and keep what they are asked."""

from __future__ import annotations

import re
import socket
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import cast

from .model import Answer, Case, Resource

# Where a case's URLs can point to: the host, and which of the ports.
PLACES = {
    "page": ("localhost", 0),
    "api": ("localhost", 1),
    "other": ("localhost", 2),
    "numeric": ("127.0.0.1", 1),
    "ipv6": ("[::1]", 1),
    "named": ("api.localhost", 1),
}
PORTS = 3

# Pages are documents of their own; a frame gives a page an origin that is null.
DOCUMENTS = {
    "/plain": "",
    "/sandbox": '<iframe sandbox="allow-scripts" src="/plain"></iframe>',
    "/data": '<iframe src="data:text/html,<!doctype html>"></iframe>',
}


@dataclass(frozen=True)
class Request:
    """What a server was asked, the field names in lower case."""

    method: str
    url: str
    fields: Mapping[str, str]
    body: bytes

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and "access-control-request-method" in self.fields


class Staged:
    """One run of one case: its URLs, its answers, and the requests that came."""

    def __init__(self, prefix: str, case: Case, ports: list[int], origin: str) -> None:
        self.requests: list[Request] = []
        self._prefix = prefix
        self._case = case
        self._words = {"origin": origin, "path": prefix}
        for place, (host, index) in PLACES.items():
            self._words[f"{place}.port"] = str(ports[index])
            self._words[f"{place}.origin"] = f"http://{host}:{ports[index]}"
            self._words[place] = f"http://{host}:{ports[index]}{prefix}"

    def expand(self, text: str) -> str:
        """The text with ``{api}``, ``{api.origin}``, ``{origin}`` and so on replaced."""
        return re.sub(r"\{([a-z0-9.]+)\}", lambda word: self._words.get(word[1], word[0]), text)

    def shorten(self, url: str) -> str:
        """The URL as it is in every run."""
        return url.replace(self._prefix, "", 1)

    def answer(self, request: Request) -> Answer:
        path = request.url.partition("?")[0].rpartition("/")[2]
        resource = self._case.resources.get(path, Resource())
        answers = resource.preflight if request.is_preflight else resource.actual
        before = sum(
            (seen.is_preflight, seen.url) == (request.is_preflight, request.url) for seen in self.requests
        )
        self.requests.append(request)
        return answers[min(before, len(answers) - 1)]


class Wire:
    """The servers of all the ports, each on both loopback addresses."""

    def __init__(self) -> None:
        self._staged: dict[str, Staged] = {}
        self._servers: list[_Server] = []
        self.ports = [self._listen() for _ in range(PORTS)]

    def _listen(self) -> int:
        while True:
            server = _Server(("127.0.0.1", 0), self)
            port: int = server.server_address[1]
            try:
                servers = [server, _ServerV6(("::1", port), self)]
            except OSError:  # taken there
                server.server_close()
                continue
            for each in servers:
                threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
            self._servers += servers
            return port

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def stage(self, run: str, case: Case, origin: str) -> Staged:
        prefix = f"/{run}/{len(self._staged)}"
        self._staged[prefix] = staged = Staged(prefix, case, self.ports, origin)
        return staged

    def find(self, path: str) -> Staged | None:
        return self._staged.get("/".join(path.split("/")[:3]))


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False  # browsers hold connections open
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], wire: Wire) -> None:
        self.wire = wire
        super().__init__(address, _Handler)


class _ServerV6(_Server):
    address_family = socket.AF_INET6


def _decoded(field: bytes) -> str:
    """The text of a field line: WebKit writes é as in UTF-8, the others as in Latin-1."""
    try:
        return field.decode()
    except UnicodeDecodeError:
        return field.decode("latin-1")


class _Handler(StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            while line := self.rfile.readline():
                self._handle_request(line.decode("latin-1"))
        except ConnectionError:
            pass  # the browser hung up

    def _handle_request(self, line: str) -> None:
        method, path, _ = line.split()
        values: defaultdict[str, list[str]] = defaultdict(list)
        while field := self.rfile.readline().rstrip(b"\r\n"):
            name, _, value = _decoded(field).partition(":")
            values[name.lower()].append(value.strip(" \t"))
        fields = {name: ", ".join(each) for name, each in values.items()}
        body = self.rfile.read(int(fields.get("content-length", 0)))
        answer = self._answer(Request(method, f"http://{fields.get('host')}{path}", fields, body), path)
        self._write(method, answer)

    def _answer(self, request: Request, path: str) -> Answer:
        if path in DOCUMENTS:
            return Answer(("Content-Type: text/html",), body="<!doctype html>" + DOCUMENTS[path])
        if staged := cast(_Server, self.server).wire.find(path):
            answer = staged.answer(request)
            return Answer(tuple(map(staged.expand, answer.lines)), answer.status, answer.body)
        return Answer(status=404)

    def _write(self, method: str, answer: Answer) -> None:
        body = answer.body.encode()
        lines = [f"HTTP/1.1 {answer.status} Scripted", *answer.lines]
        if answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if method != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(body)
