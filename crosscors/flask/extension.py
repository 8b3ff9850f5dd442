"""``CORS``: the extension for Flask applications and blueprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from crosscors._adapter.keywords import OnDecision, check_debug, raise_problems
from crosscors._adapter.lost_errors import logs_lost_errors
from crosscors._adapter.stacks import wrong_app
from crosscors.core.plain import plain_unless_callable
from crosscors.core.policy import Policies, warn_about
from crosscors.core.unnamed import refuse_positional_options
from crosscors.core.values import Findings, refused
from crosscors.core.words import KEYWORDS
from crosscors.flask.adapter import Adapter
from crosscors.flask.options import AppOptions, Layer, read_config, read_keywords
from crosscors.flask.policies import (
    check_unprotected,
    read_alone,
    read_app,
    read_protected,
    read_protection,
    without_repeats,
)
from crosscors.flask.strays import check_keywords
from crosscors.flask.words import call_in_flask

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CORS"]

_CALL = call_in_flask("CORS(app, {})")
_INIT_APP = call_in_flask("cors.init_app(app, {})")


class CORS:
    """Answers preflights, and writes the policy into every other response of a Flask application.

    Args:
        app: an application, or a blueprint; None if you call ``init_app`` later. Default: None.
        debug: True: refused responses say why in X-CORS-Refused, and refused preflights get status 200 where
            that lets the browser's console name the method or header. Default: None, which means
            ``app.debug``.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers; or several such functions. Default: None.
        options: those of CORSPolicy, also under Flask-CORS's names: ``origins``, ``methods``,
            ``supports_credentials``. The defaults are those of Flask-CORS: any origin, all usual methods, all
            request headers, no credentials. Instead of them, ``policy=`` takes a CORSPolicy, Resources
            or a LivePolicy of these.
            ``resources``: a path, a list of paths, or a dict of paths with the options of each.
            ``"/api/*"`` is ``/api`` and everything below it. Other strings are exact paths. Regular
            expressions have to be compiled. Default: all paths.
            ``protect``: True: refuse unsafe requests and WebSockets from pages that the policy does not
            trust, with status 403. ``"report"``: only log them. A CrossOriginProtection has further options.
            Default: False.

    Options that are not given come from the application's configuration, such as ``CORS_ORIGINS``, and then
    from the defaults. The options of a resource come before the keywords.

    The policy of a blueprint replaces that of the application. The policy of a view (``cross_origin``)
    replaces both. The view that answers a request decides. For a preflight, it is the view that the requested
    method would reach. Middleware that changes the method, host or path of requests has to be outside, so
    that both are the same view: write ``app.wsgi_app = ...`` below ``CORS(app)``.

    With ``protect=True``, no origin is allowed by default, also in ``resources``. Blueprints with
    ``CORS(blueprint)`` and views with ``@cross_origin()`` keep the default of every origin, because that is
    what such a line is written for. Every page may read them, and may send them requests without cookies.
    The protection comes before everything in the application: its views, its ``before_request`` functions,
    and its middleware, unless ``app.wsgi_app = ...`` stands below ``CORS(app)``.

    Raises:
        PolicyError: listing every problem of the options, and of the views that the application has. If a
            view is added later and its policy cannot be used, it refuses every origin, and the log says why.

    Example:
        >>> app = Flask(__name__)
        >>> cors = CORS(app, origins=["https://app.example.com"], supports_credentials=True)

    Standard: Fetch, "CORS protocol"; PEP 3333.
    """

    @logs_lost_errors
    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        *positional: NoReturn,
        debug: bool | None = None,
        on_decision: OnDecision | None = None,
        **options: Unpack[AppOptions],
    ) -> None:
        refuse_positional_options(positional, _CALL, app=app)
        self._debug = debug
        self._on_decision = cast("OnDecision | None", plain_unless_callable(on_decision))
        self._given = read_keywords(options)
        self._told: frozenset[str] = frozenset()
        if app is None:
            found = read_alone(self._given, read_app) + read_protection(self._given)[1]
            _raise_and_warn(found)
            self._told = frozenset(map(str, found.warnings))
        else:
            self.init_app(app)

    def init_app(self, app: Flask | Blueprint, *positional: NoReturn, **options: Unpack[AppOptions]) -> None:
        """Give the application or blueprint its policy.

        Args:
            app: the application or blueprint.
            options: those of ``CORS``. They come before the ones that the extension was made with.

        Raises:
            PolicyError: listing every problem of the options; also if the application already has a policy.

        Example:
            >>> cors = CORS(origins=["https://app.example.com"])
            >>> cors.init_app(Flask(__name__))
        """
        refuse_positional_options(positional, _INIT_APP, app=app)
        if not isinstance(cast("object", app), (Flask, Blueprint)):
            raise_problems(wrong_app("a Flask application or a blueprint", app))
        given = read_keywords(options).over(self._given)
        if isinstance(app, Blueprint):
            self._init_blueprint(app, given)
            return
        layer = given.over(read_config(app.config))
        protection, policies, found = read_protected(layer)
        adapter = Adapter.of(app)
        adapter.view_policies.note_app(policies)
        of_views = adapter.view_policies.problems()
        raise_problems(without_repeats(found + check_debug(self._debug, KEYWORDS) + of_views))
        found += adapter.view_policies.open_by_default()
        found += check_keywords(app.config, {"debug": self._debug, "on_decision": self._on_decision})
        warn_about(warning for warning in found.warnings if str(warning) not in self._told)
        adapter.view_policies.untold(layer, found.warnings)
        adapter.view_policies.accept(layer)
        adapter.cover_app(
            cast("Policies", policies), protection, debug=self._debug, on_decision=self._on_decision
        )
        adapter.note_reading(given)

    def _init_blueprint(self, blueprint: Blueprint, given: Layer) -> None:
        if self._debug is not None or self._on_decision is not None:
            message = "takes no debug and no on_decision. They belong to the application."
            hint = "Write CORS(app, debug=..., on_decision=...)."
            raise_problems(refused("wrong-type", "blueprint", blueprint, message, hint))
        raise_problems(check_unprotected(given, "blueprints"))
        _raise_and_warn(read_alone(given, read_app))

        def cover(state: BlueprintSetupState) -> None:
            flask = cast("Flask", state.app)
            layer = given.over(read_config(flask.config))
            adapter = Adapter.of(flask)
            policies, found = read_app(layer, adapter.view_policies.accepted)
            raise_problems(without_repeats(found + adapter.view_policies.problems()))
            # The other warnings were shown above.
            warn_about(adapter.view_policies.untold(layer, found.warnings))
            adapter.view_policies.accept(layer)
            # These two are undocumented, but the names of endpoints begin with them.
            name = f"{state.name_prefix}.{state.name}".lstrip(".")
            raise_problems(adapter.view_policies.cover_blueprint(name, cast("Policies", policies)))
            adapter.install()
            adapter.note_reading(given)

        blueprint.record(cover)


def _raise_and_warn(found: Findings) -> None:
    raise_problems(found)
    warn_about(found.warnings)
