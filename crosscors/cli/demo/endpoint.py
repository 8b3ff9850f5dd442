"""What the page of the playground talks to. Only that page can: see ``documents.application``.

``GET /``               the page, with its scripts and ``/page.css``
``GET /facts.json``     the stacks, the origins, the presets and the choices
``POST /check``         what there is to say about a policy
``POST /run``           makes a policy live, and predicts what a request gets
``GET /record?run=``    what the servers saw of that request
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from crosscors.cli.demo.api import PATHS
from crosscors.cli.demo.documents import CSS, JAVASCRIPT, JSON, Document, not_found, packaged, page
from crosscors.cli.demo.input import MOST_BYTES, REQUEST_METHODS, InputError, read_input
from crosscors.cli.demo.judgement import judged
from crosscors.cli.demo.origins import PageOrigin
from crosscors.cli.demo.playground import Playground, served
from crosscors.cli.demo.presets import PRESETS
from crosscors.cli.demo.stacks import STACKS
from crosscors.core.origins.dangers import DANGERS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from crosscors.testing import EngineName


@dataclass(frozen=True)
class Endpoint:
    """Answers the requests of the page.

    Attributes:
        playground: the stacks.
        origins: the origins of the pages that send requests.
    """

    playground: Playground
    origins: tuple[PageOrigin, ...]

    def respond(self, environ: WSGIEnvironment) -> Document:
        """The document for a request."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method == "GET" and path in _SCRIPTS:
            return packaged(f"page{path}", JAVASCRIPT)
        routes: Mapping[tuple[str, str], Callable[[WSGIEnvironment], Document]] = {
            ("GET", "/"): lambda _: page(self._senders()),
            ("GET", "/page.css"): lambda _: packaged("page/page.css", CSS),
            ("GET", "/facts.json"): lambda _: _json(self._facts()),
            ("GET", "/record"): self._record,
            ("POST", "/check"): self._check,
            ("POST", "/run"): self._run,
        }
        respond = routes.get((method, path))
        if respond is None:
            return not_found()
        try:
            return respond(environ)
        except InputError as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _senders(self) -> Iterable[str]:
        return dict.fromkeys(each.address for each in self.origins)

    def _facts(self) -> dict[str, Any]:
        return {
            "stacks": [
                {
                    "id": each.id,
                    "name": each.name,
                    "server": each.server,
                    "address": self.playground.addresses.get(each.id),
                    "missing": None if each.id in self.playground.addresses else each.package,
                }
                for each in STACKS
            ],
            "origins": [asdict(each) for each in self.origins],
            "methods": REQUEST_METHODS,
            "paths": PATHS,
            "dangers": DANGERS,
            "presets": [each.as_json() for each in PRESETS],
        }

    def _check(self, environ: WSGIEnvironment) -> Document:
        edited, _ = read_input(_body(environ))
        return _json(judged(edited, self._asked_about())[1])

    def _run(self, environ: WSGIEnvironment) -> Document:
        edited, composed = read_input(_body(environ))
        if composed is None:
            raise InputError("request: this is missing.")
        policy, report = judged(edited, self._asked_about())
        if policy is None:
            return _json({**report, "run": None})
        origin = next(each.origin for each in self.origins if each.id == composed.origin)
        engine = engine_of(environ.get("HTTP_USER_AGENT", ""))
        run = self.playground.run(served(policy, edited), composed, origin, engine)
        predictions = {name: each.as_json() for name, each in run.predictions.items()}
        return _json(
            {**report, "run": run.id, "urls": run.urls, "engine": engine, "predictions": predictions}
        )

    def _record(self, environ: WSGIEnvironment) -> Document:
        run = environ.get("QUERY_STRING", "").removeprefix("run=")
        return _json({"exchanges": [each.as_json() for each in self.playground.records.of(run)]})

    def _asked_about(self) -> Iterable[str]:
        return (each.origin for each in self.origins)


_SCRIPTS = frozenset(
    {"/page.js", "/elements.js", "/facts.js", "/state.js", "/report.js", "/senders.js", "/results.js"}
)


def engine_of(user_agent: str) -> EngineName | None:
    """The engine of a browser, by its User-Agent. None if it is another one.

    >>> engine_of("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")
    'firefox'
    """
    for sign, engine in _SIGNS:
        if sign in user_agent:
            return engine
    return None


# In this order: Chromium calls itself AppleWebKit, too.
_SIGNS: tuple[tuple[str, EngineName], ...] = (
    ("Firefox/", "firefox"),
    ("Chrome/", "chromium"),
    ("Chromium/", "chromium"),
    ("AppleWebKit/", "webkit"),
)


def _body(environ: WSGIEnvironment) -> bytes:
    """The body of a request. Only JSON: browsers send that to a foreign server only after a preflight."""
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != JSON:
        raise InputError("The Content-Type of the request is not application/json.")
    length = environ.get("CONTENT_LENGTH", "")
    if not (length.isascii() and length.isdecimal()) or int(length) > MOST_BYTES:
        raise InputError(f"The body is larger than {MOST_BYTES} bytes.")
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Document:
    return Document(JSON, json.dumps(content).encode(), status)
