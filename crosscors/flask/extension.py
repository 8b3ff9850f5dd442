"""``CORS``: the extension for Flask applications and blueprints, and what it puts in front of them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Flask, Request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import InternalServerError

from crosscors._adapter.decider import Decider
from crosscors._adapter.environ import is_preflight
from crosscors._adapter.keywords import check_debug, raise_problems
from crosscors._adapter.nesting import Entry
from crosscors._adapter.reporting import OnDecision
from crosscors.core.errors import shown
from crosscors.core.policy import CORSPolicy, Policies, warn_about
from crosscors.core.resources import Resources
from crosscors.core.values import Findings, refused
from crosscors.core.words import KEYWORDS
from crosscors.flask.options import AppOptions, Layer, read_alone, read_app, read_config, read_keywords
from crosscors.flask.views import Routed, ViewPolicies, answered_by, current_request, reached_by
from crosscors.wsgi import EnvironReader, answer_preflight, middleware_of, starter, watched

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from typing_extensions import Unpack

__all__ = ["CORS"]


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

    A blueprint's policy replaces the application's, a view's (``cross_origin``) both. The view that answered
    decides; for a preflight, the view that the requested method would reach. So that both are the same view,
    middleware that changes the method, host or path of requests belongs outside: write ``app.wsgi_app = ...``
    below ``CORS(app)``.

    Raises:
        PolicyError: listing every problem of the options, and of the views that the application has. A view
            that is added later and whose policy cannot be used refuses every origin, and the log says why.

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
            _raise_and_warn(read_alone(self._given, read_app))
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
            raise_problems(refused("wrong-type", "app", app, message, hint))
        given = read_keywords(options).over(self._given)
        if isinstance(app, Blueprint):
            self._init_blueprint(app, given)
            return
        policies, found = read_app(given.over(read_config(app.config)))
        adapter = Adapter.of(app)
        raise_problems(found, check_debug(self._debug, KEYWORDS), adapter.views.problems())
        warn_about(found.warnings)
        adapter.cover_app(cast("Policies", policies), debug=self._debug, on_decision=self._on_decision)

    def _init_blueprint(self, blueprint: Blueprint, given: Layer) -> None:
        if self._debug or self._on_decision is not None:
            message = "debug and on_decision are those of the application."
            hint = "Write CORS(app, debug=..., on_decision=...)."
            raise_problems(refused("wrong-type", "blueprint", blueprint, message, hint))
        _raise_and_warn(read_alone(given, read_app))

        def cover(state: BlueprintSetupState) -> None:
            flask = cast("Flask", state.app)
            policies, found = read_app(given.over(read_config(flask.config)))
            adapter = Adapter.of(flask)
            raise_problems(found, adapter.views.problems())  # the warnings have come
            # No documentation has these two, but they are what endpoints begin with.
            name = f"{state.name_prefix}.{state.name}".lstrip(".")
            raise_problems(adapter.views.cover_blueprint(name, cast("Policies", policies)))
            adapter.install()

        blueprint.record(cover)


def _raise_and_warn(found: Findings) -> None:
    raise_problems(found)
    warn_about(found.warnings)


class Adapter:
    """Stands in front of a Flask application, and delivers its policies: reads, asks the decider, writes.

    It decides preflights at once, and all other requests when the response starts. Only then does it know
    which view answered.

    Attributes:
        views: the policies of views and blueprints.
        is_installed: whether it wraps ``wsgi_app``. If not, ``cross_origin`` uses Flask's signals.
    """

    def __init__(self, flask: Flask) -> None:
        self.views = ViewPolicies(flask)
        self.is_installed = False
        self._flask = flask
        self._inner: WSGIApplication = flask.wsgi_app
        self._has_policy = False
        self._decider = _decider(_NOWHERE, debug=False, on_decision=None)
        # What serves the application while only its own policy can cover a request.
        self._plain: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]] | None = None

    @staticmethod
    def of(flask: Flask) -> Adapter:
        """The adapter of the application, which may not be installed yet."""
        adapter: Adapter | None = flask.extensions.get("crosscors")
        if adapter is None:
            # Several threads may have made one, and all of them must use the same one.
            adapter = cast("Adapter", flask.extensions.setdefault("crosscors", Adapter(flask)))
        return adapter

    def install(self) -> None:
        """Stand in front of the application."""
        if not self.is_installed:
            self.is_installed = True
            self._inner = self._flask.wsgi_app
            self._flask.wsgi_app = self  # type: ignore[method-assign]  # Flask's own way

    def cover_app(self, policies: Policies, *, debug: bool, on_decision: OnDecision | None) -> None:
        """Cover all that no view and no blueprint has a policy for.

        Raises:
            PolicyError: if the application has a policy already, or the hook cannot be called.
        """
        if self._has_policy:
            message = "the application has a policy already."
            hint = "Call CORS(app, ...) once; resources={...} has options for each path."
            raise_problems(refused("policy-twice", "app", self._flask, message, hint))
        decider = _decider(policies, debug=debug, on_decision=on_decision)
        self.install()
        # Resources follow the path that is routed. Only Flask itself is sure to route the path that came.
        is_path_certain = getattr(self._inner, "__func__", None) is Flask.wsgi_app
        if policies.everywhere is not None or is_path_certain:
            self._plain = middleware_of(decider, self._run_plain)
        self._decider, self._has_policy = decider, True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self.views.exist() and self._plain is not None:
            return self._plain(environ, start_response)
        if is_preflight(environ):
            entry = self.enter(environ, self.reached(environ))
            if entry is None:
                return self._inner(environ, start_response)
            return answer_preflight(entry, start_response)
        return self._deliver(environ, start_response)

    def reached(self, environ: WSGIEnvironment) -> Routed | None:
        """The view that the preflight is about."""
        return reached_by(self._flask, environ, environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])

    def enter(self, environ: WSGIEnvironment, routed: Routed | None) -> Entry | None:
        """Decide at once. None if no policy covers the request."""
        policy = self._policy_of(routed)
        if policy is None:
            return None
        decider = self._decider
        return decider.enter(environ, environ, policy, decider.decide(policy, environ))

    def _policy_of(self, routed: Routed | None) -> CORSPolicy | None:
        if routed is None:
            return None
        policies = self.views.policies_of(routed) or self._decider.policies
        return policies.everywhere or self._decider.policy_among(policies, routed.environ)

    def _deliver(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Decide when the response starts."""
        came, before = environ.copy(), current_request()
        entry = self._decider.enter_undecided(environ, came)
        start_covered = starter(entry, start_response)

        def start_decided(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            self._settle(entry, came, before)
            start = start_response if entry.is_withdrawn else start_covered
            # Not every server takes None for exc_info.
            return start(status, headers) if exc_info is None else start(status, headers, exc_info)

        try:
            parts = self._inner(environ, start_decided)
        except BaseException as error:
            self._settle(entry, came, before)
            if entry.is_withdrawn or not self._hides_error(came, error):
                entry.leave(has_raised=True)
                raise
            parts = _error_page(environ, start_decided, cast("Exception", error))
        if entry.written is not None and not entry.is_within:
            return parts
        return watched(parts, entry, environ)

    def _settle(self, entry: Entry, came: WSGIEnvironment, before: Request | None) -> None:
        """Decide, unless that is done. A response can start twice."""
        if entry.policy is not None or entry.is_withdrawn:
            return
        routed = answered_by(self._flask, came, before)
        if routed is None:
            routed = reached_by(self._flask, came, came["REQUEST_METHOD"])
        policy = self._policy_of(routed)
        if policy is None:
            entry.withdraw()
        else:
            entry.settle(policy, self._decider.decide(policy, came))

    def _run_plain(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self._inner(environ, start_response)
        except Exception as error:
            if not self._hides_error(environ, error) or self._decider.policy_for(environ) is None:
                raise
            return _error_page(environ, start_response, error)

    def _hides_error(self, environ: WSGIEnvironment, error: BaseException) -> bool:
        """Whether to send our own error page, because a script could not read that of the server.

        In debug mode and with PROPAGATE_EXCEPTIONS, Flask passes exceptions on to the server. The server does
        not know the policy, so its page has no CORS headers.
        """
        is_script = "HTTP_ORIGIN" in environ and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"
        return is_script and isinstance(error, Exception) and not self._flask.testing


_NOWHERE = Resources({})


def _decider(policies: Policies, *, debug: bool, on_decision: OnDecision | None) -> Decider[WSGIEnvironment]:
    return Decider("crosscors.flask.CORS", EnvironReader(), policies, debug=debug, on_decision=on_decision)


def _error_page(environ: WSGIEnvironment, start_response: StartResponse, error: Exception) -> Iterable[bytes]:
    """Answer, and then let the exception go its way."""
    # PEP 3333: with exc_info, because something in between may have started a response already.
    restart = cast("StartResponse", functools.partial(_restart, start_response, sys.exc_info()))
    return _then_raise(InternalServerError().get_response(environ)(environ, restart), error)


def _restart(
    start_response: StartResponse, exc_info: OptExcInfo, status: str, headers: list[tuple[str, str]]
) -> Callable[[bytes], object]:
    return start_response(status, headers, exc_info)


def _then_raise(body: Iterable[bytes], error: Exception) -> Iterator[bytes]:
    yield b""  # for HEAD: servers send the headers with the first part, even if it is empty
    yield from body
    raise error
