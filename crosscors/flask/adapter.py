"""What stands in front of a Flask application: it reads requests, asks the decider, and writes decisions.

1.  If no view and no blueprint has a policy, the application's policy is the only one. The WSGI adapter does
    everything then.
2.  Otherwise the view decides (see views.py and view_policies.py). A preflight is answered at once. The
    router says which view it asks about.
3.  Every other request is decided when its response starts. Only then is it known which view answered.
    If there is a cross-origin protection, it decides before the application runs, so it asks the router.
4.  If an exception leaves Flask, the server makes the response, without CORS headers. A script gets an error
    page with CORS headers instead, and then the exception goes on to the server.
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from flask import Flask, Request
from werkzeug.exceptions import InternalServerError

from crosscors._adapter.decider import Decider
from crosscors._adapter.environ import is_preflight
from crosscors._adapter.keywords import OnDecision, raise_problems
from crosscors._adapter.nesting import Carried, Entry, carried_by
from crosscors._adapter.reporting import log
from crosscors.core.decision import Decision
from crosscors.core.lazy import lazy
from crosscors.core.origins.own import is_cors_request
from crosscors.core.policy import CORSPolicy, Policies
from crosscors.core.protection import CrossOriginProtection
from crosscors.core.resources import Resources
from crosscors.core.values import refused
from crosscors.flask.late_settings import Reading, reading, warn_of_late_settings
from crosscors.flask.options import Layer, read_config
from crosscors.flask.view_policies import ViewPolicies
from crosscors.flask.views import Routed, answered_by, current_request, reached_by, reached_by_preflight
from crosscors.wsgi import (
    CORSMiddleware,
    EnvironReader,
    answer_itself,
    middleware_of,
    run_uncovered,
    starter,
    watched,
)

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# The policy that was asked before the application ran, and what it said. It is not asked again.
Said = tuple[CORSPolicy | None, Decision | None]

_UNPROTECTED = (
    "CORS_PROTECT has no effect, because only views or blueprints of the application have a policy. Write "
    "CORS(app)"
)


class Adapter:
    """Delivers the policies of a Flask application, of its blueprints and of its views.

    Attributes:
        view_policies: the policies of views and blueprints.
        is_installed: whether it wraps ``wsgi_app``. If not, ``cross_origin`` uses Flask's signals.
    """

    def __init__(self, flask: Flask) -> None:
        self.view_policies = ViewPolicies(flask)
        self.is_installed = False
        self._flask = flask
        self._inner: WSGIApplication = flask.wsgi_app
        self._app_decider: Decider[WSGIEnvironment] | None = None
        # Serves requests while there is only the policy of the application. None if the view always matters,
        # and until the first request.
        self._middleware: CORSMiddleware | None = None
        self._prepared: CORSMiddleware | None = None
        self._readings: list[Reading] = []

    @property
    def _decider(self) -> Decider[WSGIEnvironment]:  # ``has_own_policy`` looks for it
        return self._app_decider or self._view_decider

    @lazy
    def _view_decider(self) -> Decider[WSGIEnvironment]:
        """The decider without CORS(app), where only views and blueprints have policies."""
        if read_config(self._flask.config).values.get("protect"):
            log(logging.ERROR, _UNPROTECTED)
        return self._made(Resources({}), None, debug=None, on_decision=None)

    def _made(
        self,
        policies: Policies,
        protection: CrossOriginProtection | None,
        *,
        debug: bool | None,
        on_decision: OnDecision | None,
    ) -> Decider[WSGIEnvironment]:
        return Decider(
            "crosscors.flask.CORS",
            EnvironReader(),
            policies,
            debug=functools.partial(getattr, self._flask, "debug") if debug is None else debug,
            on_decision=on_decision,
            protection=protection,
            place_of_view=self.view_policies.place_of,
        )

    @staticmethod
    def of(flask: Flask) -> Adapter:
        """The adapter of the application. It may not be installed yet."""
        adapter: Adapter | None = flask.extensions.get("crosscors")
        if adapter is None:
            # Several threads may have made one, and all of them must use the same one.
            adapter = cast("Adapter", flask.extensions.setdefault("crosscors", Adapter(flask)))
        return adapter

    def install(self) -> None:
        """Wrap ``wsgi_app``, unless that is done."""
        if not self.is_installed:
            self.is_installed = True
            self._inner = self._flask.wsgi_app
            self._flask.wsgi_app = self  # type: ignore[method-assign]  # Flask's own way

    def note_reading(self, given: Layer) -> None:
        """Note what the configuration has, to compare it at the first request."""
        self._readings.append(reading(given, self._flask.config))

    def cover_app(
        self,
        policies: Policies,
        protection: CrossOriginProtection | None,
        *,
        debug: bool | None,
        on_decision: OnDecision | None,
    ) -> None:
        """Cover every request whose view and blueprint have no policy of their own.

        Raises:
            PolicyError: if the application already has a policy, or the hook cannot be called.
        """
        if self._app_decider is not None:
            message = "the application already has a policy."
            hint = "Call CORS(app, ...) once; resources={...} has options for each path."
            raise_problems(refused("policy-twice", "app", self._flask, message, hint))
        decider = self._made(policies, protection, debug=debug, on_decision=on_decision)
        self.install()
        # Resources need the path that is routed.
        if policies.everywhere is not None or self._is_path_certain:
            self._prepared = middleware_of(decider, self._run)
        self._app_decider = decider

    @property
    def _is_path_certain(self) -> bool:
        """Whether there is no middleware that could change the path before Flask routes the request."""
        return getattr(self._inner, "__func__", None) is Flask.wsgi_app

    # The walk of a request.

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self.view_policies.exist() and self._middleware is not None:
            return self._middleware(environ, start_response)  # which calls ``_run``
        if self._readings:
            self._begin()
            return self(environ, start_response)
        if is_preflight(environ):
            return self._answer_preflight(environ, start_response)
        if self._is_guarded(environ):
            return self._run_guarded(environ, start_response)
        return self._run_undecided(environ, start_response, (None, None))

    def _begin(self) -> None:
        """At the first request, see whether settings came too late. Later requests do not pay for that."""
        readings, self._readings = self._readings, []
        self._middleware = self._prepared
        warn_of_late_settings(readings, self._flask.config)

    def _run(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Run the application behind the middleware, which has decided and writes."""
        try:
            return self._inner(environ, start_response)
        except Exception as error:
            if not self._needs_error_page(environ, error) or self._decider.policy_for(environ) is None:
                raise
            return _error_page(environ, start_response, error)

    def _answer_preflight(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entry = self.decide(environ, reached_by_preflight(self._flask, environ))
        if entry is None:
            return run_uncovered(self._decider, self._inner, environ, start_response)
        return answer_itself(entry, environ, start_response)

    def decide(self, environ: WSGIEnvironment, routed: Routed | None) -> Entry | None:
        """Decide at once, for this view. None if no policy covers the request."""
        policy = self._policy_of(routed)
        if policy is None:
            return None
        decider = self._decider
        decision = decider.decide(policy, environ)
        refused = decider.guard(policy, decision, environ) if self._is_guarded(environ) else None
        return decider.enter(environ, environ, policy, refused or decision)

    def enter_undecided(self, environ: WSGIEnvironment) -> Entry:
        """Enter a request that no policy covers, as far as is known."""
        return self._decider.enter_undecided(environ, environ.copy())

    def withdraw(self, entry: Entry, environ: WSGIEnvironment, carried: Carried) -> None:
        """Note that no policy covers the request."""
        self._decider.withdraw(entry, environ, carried)

    def _is_guarded(self, environ: WSGIEnvironment) -> bool:
        """Whether the cross-origin protection has to be asked."""
        decider = self._decider
        if decider.protection is None:
            return False
        return environ["REQUEST_METHOD"] not in decider.unguarded or "HTTP_UPGRADE" in environ

    def _run_guarded(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Run the application, unless the cross-origin protection refuses the request."""
        policy = self._policy_judging(environ)
        decision = None if policy is None else self._decider.decide(policy, environ)
        decider = self._decider
        refused = decider.guard(policy, decision, environ)
        if refused is None:
            # A report must not change anything, so the policy is asked again, at the usual time.
            said = (None, None) if decider.rules.report_only else (policy, decision)
            return self._run_undecided(environ, start_response, said)
        return answer_itself(decider.enter(environ, environ, policy, refused), environ, start_response)

    def _policy_judging(self, environ: WSGIEnvironment) -> CORSPolicy | None:
        """The policy that says whether the request may reach its view.

        None if no policy covers the request, or if the protection need not know it. Also None if the router
        finds no view, but middleware may change the path: then nobody knows what will answer.
        """
        if not self._decider.asks_policy(environ):
            return None
        routed = reached_by(self._flask, environ, environ["REQUEST_METHOD"])
        is_known = routed is not None and (routed.endpoint is not None or self._is_path_certain)
        return self._policy_of(routed) if is_known else None

    def _run_undecided(
        self, environ: WSGIEnvironment, start_response: StartResponse, said: Said
    ) -> Iterable[bytes]:
        """Run the application, and decide when the response starts or an exception comes."""
        came, before = environ.copy(), current_request()
        entry = self._decider.enter_undecided(environ, came)
        start_covered = starter(entry, start_response)

        def start_decided(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            self._settle(entry, came, before, carried_by(headers), said)
            start = start_response if entry.is_withdrawn else start_covered
            # Not every server takes None for exc_info.
            return start(status, headers) if exc_info is None else start(status, headers, exc_info)

        try:
            parts = self._inner(environ, start_decided)
        except BaseException as error:
            self._settle(entry, came, before, (), said)
            if entry.is_withdrawn or not self._needs_error_page(came, error):
                entry.leave(has_raised=True)
                raise
            parts = _error_page(environ, start_decided, error)
        if entry.written is not None and not entry.is_within:
            return parts  # the response has started, as in most applications
        return watched(parts, entry, environ)

    def _settle(
        self,
        entry: Entry,
        came: WSGIEnvironment,
        before: Request | None,
        carried: Carried,
        said: Said,
    ) -> None:
        """Decide for the view that answered, unless that is done. A response can start twice."""
        if entry.policy is not None or entry.is_withdrawn:
            return
        routed = answered_by(self._flask, came, before)
        if routed is None:
            routed = reached_by(self._flask, came, came["REQUEST_METHOD"])
        policy = self._policy_of(routed)
        if policy is None:
            self._decider.withdraw(entry, came, carried)
        else:
            known = said[1] if said[0] is policy else None
            self._decider.settle(entry, policy, known or self._decider.decide(policy, came))

    def _policy_of(self, routed: Routed | None) -> CORSPolicy | None:
        """The policy that covers the request. None if there is none."""
        if routed is None:
            return None
        policies = self.view_policies.policies_of(routed) or self._decider.policies
        return policies.everywhere or self._decider.policy_among(policies, routed.environ)

    # Exceptions that leave Flask.

    def _needs_error_page(self, environ: WSGIEnvironment, error: BaseException) -> bool:
        """Whether to send an error page of our own. A script of another origin could not read the server's.

        In debug mode and with PROPAGATE_EXCEPTIONS, Flask passes exceptions on to the server. Flask-Sock ends
        a WebSocket with StopIteration, and no script could read an error page there.
        """
        read = self._decider.read
        if "HTTP_ORIGIN" not in environ or read.sender(environ).is_websocket:
            return False
        is_script = is_cors_request(read.keep(environ)())
        return is_script and isinstance(error, Exception) and not self._flask.testing


def _error_page(
    environ: WSGIEnvironment, start_response: StartResponse, error: BaseException
) -> Iterable[bytes]:
    """Send an error page, and then let the exception go on to the server."""
    # PEP 3333: with exc_info, because something in between may have started a response already.
    restart = cast("StartResponse", functools.partial(_restart, start_response, sys.exc_info()))
    return _then_raise(InternalServerError().get_response(environ)(environ, restart), error)


def _restart(
    start_response: StartResponse, exc_info: OptExcInfo, status: str, headers: list[tuple[str, str]]
) -> Callable[[bytes], object]:
    return start_response(status, headers, exc_info)


def _then_raise(body: Iterable[bytes], error: BaseException) -> Iterator[bytes]:
    yield b""  # for HEAD: servers send the headers with the first part, even if it is empty
    yield from body
    raise error
