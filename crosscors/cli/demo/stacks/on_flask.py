"""The application in Flask."""

from __future__ import annotations

from flask import Flask, Response, request

from crosscors.cli.demo.api import METHODS, PATHS, answer, is_no_crash
from crosscors.cli.demo.stacks import Served
from crosscors.flask import CORS


def application(served: Served) -> Flask:
    """The application with the policy."""
    app = Flask("demo", static_folder=None)
    app.logger.addFilter(is_no_crash)
    for path in PATHS:
        app.add_url_rule(path, view_func=_view, methods=METHODS)
    CORS(app, policy=served.policy, protect=served.protect or False, debug=served.debug)
    return app


def _view() -> Response:
    answered = answer(request.method, request.path)
    return Response(answered.body, answered.status, [*answered.headers])
