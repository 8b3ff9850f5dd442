"""Flask: whole applications with one view, called as a server calls them."""

from __future__ import annotations

from collections.abc import Iterator

import flask_cors
from flask import Flask

from crosscors.flask import CORS
from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Case, Setup, policy_of
from tests.benchmarks.stacks import BARE, FLOOR, OURS, UNPROTECTED, Contender, has_floor
from tests.benchmarks.stacks.floor import wsgi_floor
from tests.benchmarks.stacks.wsgi import contender, nothing


def stack(case: Case) -> Iterator[Contender]:
    yield contender(BARE, nothing if case.is_preflight else _app(), case)
    if case.guarded:
        policy = policy_of(case.setup)
        unprotected, protected = _app(), _app()
        CORS(unprotected, policy=policy)
        CORS(protected, policy=policy, protect=True)
        yield contender(UNPROTECTED, unprotected, case)
        yield contender(OURS, protected, case)
        return
    if has_floor(case):
        with_floor = _app()
        with_floor.wsgi_app = wsgi_floor(with_floor.wsgi_app)  # type: ignore[method-assign, assignment]  # Flask's own way
        yield contender(FLOOR, with_floor, case)
    ours = _app()
    CORS(ours, policy=policy_of(case.setup))
    yield contender(OURS, ours, case)
    if case.setup.paths:
        return
    peer = _app()
    _flask_cors(peer, case.setup)
    yield contender("Flask-CORS", peer, case)


def _app() -> Flask:
    app = Flask("benchmarks")

    @app.route(PATH, methods=METHODS)
    def item() -> dict[str, int]:
        return {}

    return app


def _flask_cors(app: Flask, setup: Setup) -> None:
    regexes = [pattern.replace(".", r"\.").replace("*", ".+") for pattern in setup.patterns]
    flask_cors.CORS(
        app,
        origins="*"
        if setup.is_public
        else [*setup.origins, *regexes, *([setup.regex] if setup.regex else [])],
        methods=list(METHODS),
        allow_headers=list(HEADERS),
        expose_headers=list(EXPOSED),
        supports_credentials=not setup.is_public,
        max_age=MAX_AGE,
    )
