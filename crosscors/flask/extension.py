"""``CORS``: the extension for Flask applications and blueprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.flask.adapter import Adapter
from crosscors.flask.options import AppOptions, Layer, check, read_app, read_config, read_keywords
from crosscors._adapter.reporting import OnDecision

if TYPE_CHECKING:
    from typing_extensions import Unpack


class CORS:
    """Answers preflights, and writes the policy into every other response of a Flask application.

    Args:
        app: an application, or a blueprint; None if ``init_app`` will be called.
        debug: answer refused preflights with status 200 where that lets the browser's console name the
            method or header. Default: False.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers. Default: None.
        options: those of CORSPolicy, also under Flask-CORS's names: ``origins``, ``methods``,
            ``supports_credentials``. Defaults are Flask-CORS's: any origin, all usual methods, all request
            headers, no credentials. Or ``policy=``, a CORSPolicy or Resources.
            ``resources``: a path, a list of paths, or a dict of paths with the options of each;
            ``"/api/*"`` is ``/api`` and all below it, other strings are exact paths, regular expressions
            have to be compiled. Default: all paths.

    What is not given is taken from the application's configuration: ``CORS_ORIGINS`` and so on. Options
    of a resource come before keywords, keywords before the configuration, the configuration before defaults.

    A blueprint's policy replaces the application's, a view's (``cross_origin``) both. Middleware that changes
    the method, host or path of requests belongs outside: write ``app.wsgi_app = ...`` below ``CORS(app)``.

    Raises:
        PolicyError: listing every problem of the options.

    Example:
        >>> app = Flask(__name__)
        >>> cors = CORS(app, origins=["https://app.example.com"], supports_credentials=True)

    Standard: Fetch, "CORS protocol"; PEP 3333.
    """

    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        *,
        debug: bool = False,
        on_decision: OnDecision | None = None,
        **options: Unpack[AppOptions],
    ) -> None:
        self._debug = debug
        self._on_decision = on_decision
        self._given = read_keywords(options)
        if app is None:
            check(self._given, read_app)
        else:
            self.init_app(app)

    def init_app(self, app: Flask | Blueprint, **options: Unpack[AppOptions]) -> None:
        """Give the application or blueprint its policy; options given here come before the extension's own.

        Raises:
            PolicyError: listing every problem of the options; also if the application has a policy already.
        """
        if not isinstance(cast("object", app), (Flask, Blueprint)):
            message = f"takes a Flask application or a blueprint, not {shown(app)}."
            hint = "Around other WSGI applications, write CORSMiddleware(app, ...) from crosscors.wsgi."
            raise PolicyError((Problem("wrong-type", "app", app, message, hint),))
        given = read_keywords(options).over(self._given)
        if isinstance(app, Blueprint):
            self._init_blueprint(app, given)
            return
        policy = read_app(given.over(read_config(app.config)))
        adapter = Adapter.of(app)
        adapter.check_views()
        adapter.cover_app(policy, debug=self._debug, on_decision=self._on_decision)
        adapter.install()

    def _init_blueprint(self, blueprint: Blueprint, given: Layer) -> None:
        if self._debug or self._on_decision is not None:
            message = "debug and on_decision are those of the application."
            hint = "Write CORS(app, debug=..., on_decision=...)."
            raise PolicyError((Problem("wrong-type", "blueprint", blueprint, message, hint),))

        check(given, read_app)

        def cover(state: BlueprintSetupState) -> None:
            policy = read_app(given.over(read_config(state.app.config)), is_quiet=True)  # warnings have come
            adapter = Adapter.of(cast("Flask", state.app))
            adapter.check_views()
            adapter.cover_blueprint(f"{state.name_prefix}.{state.name}".lstrip("."), policy)
            adapter.install()

        blueprint.record(cover)
