"""What the tests of this adapter share: policies to tell apart, and applications."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask

from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, Policies, ask_wsgi, attempt_wsgi

# Each policy allows one of these.
OF_APP = "https://app.example.com"
OF_BLUEPRINT = "https://blueprint.example.com"
OF_INNER = "https://inner.example.com"
OF_VIEW = "https://view.example.com"
STRANGER = "https://stranger.example.org"
ALLOWED = {"access-control-allow-origin": OF_APP, "vary": "Origin"}

policies = Policies(attempt_wsgi, app=OF_APP, blueprint=OF_BLUEPRINT, inner=OF_INNER, view=OF_VIEW)


def ask(
    app: Any, path: str = "/", *fields: tuple[str, str], method: str = "GET", origin: str = OF_APP
) -> Answer:
    """The answer to a request from the origin of the application's policy, or another one."""
    return ask_wsgi(app, method, path, [("Origin", origin), *fields])


def fresh() -> Any:
    """A view that no other test has marked or routed."""
    return lambda **_: "Hello"


def of_view(**options: Any) -> Any:
    """A view with a policy of its own."""
    given: dict[str, Any] = {"origins": OF_VIEW, **options}
    return cross_origin(**given)(fresh())


def site(*paths: str, **config: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config.update(config)
    for path in paths or ("/",):
        app.add_url_rule(path, path.replace(".", "_"), fresh())
    return app


def with_view(*paths: str, **config: Any) -> Flask:
    """An application with these pages, /view with a policy of its own, and a policy for all others."""
    app = site(*paths, **config)
    app.add_url_rule("/view", "view", of_view())
    CORS(app, origins=OF_APP)
    return app


def blueprint(name: str = "bp", path: str = "/", **options: Any) -> Blueprint:
    bp = Blueprint(name, __name__, **options)
    bp.add_url_rule(path, "page", fresh())
    return bp
