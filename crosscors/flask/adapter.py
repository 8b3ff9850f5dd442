"""The WSGI adapter inside a Flask application, with the policies of its blueprints and views."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.policy import CORSPolicy
from crosscors.core.resources import Resources
from crosscors.flask.options import Layer, read_config, read_policy
from crosscors._adapter.reporting import OnDecision
from crosscors._adapter.view_marks import mark_of, marks_of, name_of, warn_of_misplaced, wrong_import
from crosscors.wsgi import CORSMiddleware, request_of

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Adapter(CORSMiddleware):
    """Delivers the policies of a Flask application: a view's, or the innermost blueprint's, or its own."""

    adapter_name = "crosscors.flask.CORS"

    def __init__(self, flask: Flask) -> None:
        super().__init__(self._run)
        self.is_installed = False
        self._flask = flask
        self._wsgi_app: WSGIApplication = flask.wsgi_app
        self._has_policy = False
        self._outer_policy_for: Callable[[WSGIEnvironment], CORSPolicy | None] | None = _uncovered
        self._blueprints: dict[str, CORSPolicy | Resources] = {}
        self._views: dict[Layer, CORSPolicy] = {}
        self.policy_for = self._first_policy_for

    @staticmethod
    def of(flask: Flask) -> Adapter:
        """The adapter of the application, which may not be installed yet."""
        adapter: Adapter | None = flask.extensions.get("crosscors")
        if adapter is None:
            # Several threads may have made one, and all of them must use the same one.
            adapter = cast("Adapter", flask.extensions.setdefault("crosscors", Adapter(flask)))
        return adapter

    def install(self) -> None:
        """Stand in front of the application, and have an eye on the views that it gets."""
        if self.is_installed:
            return
        self.is_installed = True
        self._wsgi_app = self._flask.wsgi_app
        self._flask.wsgi_app = self  # type: ignore[method-assign]
        add_url_rule = self._flask.add_url_rule

        def add_checked(
            rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
        ) -> None:
            _refuse(self._problems_of(view_func))
            add_url_rule(rule, endpoint, view_func, *args, **options)

        self._flask.add_url_rule = add_checked  # type: ignore[method-assign]

    def check_views(self) -> None:
        """Refuse what is wrong with the policies of the views that the application has.

        Raises:
            PolicyError: listing every problem of all of them.
        """
        _refuse(
            problem for view in self._flask.view_functions.values() for problem in self._problems_of(view)
        )

    def cover_app(
        self, policy: CORSPolicy | Resources, *, debug: bool, on_decision: OnDecision | None
    ) -> None:
        """Cover all that no view and no blueprint has a policy for.

        Raises:
            PolicyError: if the application has a policy already, or this one cannot be used.
        """
        if self._has_policy:
            message = "the application has a policy already."
            hint = "Call CORS(app, ...) once; resources={...} has options for each path."
            raise PolicyError((Problem("policy-twice", "app", self._flask, message, hint),))
        super().__init__(self._run, policy=policy, debug=debug, on_decision=on_decision)
        self._has_policy = True
        self._outer_policy_for, self.policy_for = self.policy_for, self._first_policy_for

    def cover_blueprint(self, name: str, policy: CORSPolicy | Resources) -> None:
        """Cover the blueprint with this full name, and those in it.

        Raises:
            PolicyError: if the blueprint has a policy already.
        """
        if name in self._blueprints:
            message = f"{shown(name)} has a policy already."
            hint = "Call CORS(blueprint, ...) once; resources={...} has options for each path."
            raise PolicyError((Problem("policy-twice", "blueprint", name, message, hint),))
        self._blueprints[name] = policy

    def _problems_of(self, view: object) -> Iterator[Problem]:
        try:
            for given in marks_of(view):
                if not isinstance(given, Layer):
                    raise wrong_import("crosscors.flask")
                self._view_policy(given)
        except PolicyError as error:
            of_view = f"cross_origin of {name_of(view)}"
            yield from (replace(problem, option=f"{of_view} {problem.option}") for problem in error.problems)

    def _first_policy_for(self, environ: WSGIEnvironment) -> CORSPolicy | None:
        """Look once, at the first request, for inner policies: without any, no request is routed twice."""
        warn_of_misplaced(self._flask.view_functions.values())
        # The configuration is complete by now. Several threads may be here at once.
        views = (self._not_found, *self._flask.view_functions.values())
        _refuse(problem for view in views for problem in self._problems_of(view))
        inner = {given: self._read(given) for view in views for given in marks_of(view)}
        self._views = inner
        has_inner = inner or self._blueprints
        self.policy_for = self._inner_policy_for if has_inner else self._outer_policy_for
        policy_for = self.policy_for
        return self._policy if policy_for is None else policy_for(environ)

    def _inner_policy_for(self, environ: WSGIEnvironment) -> CORSPolicy | None:
        request = request_of(environ)
        method = (request.request_method or "") if request.is_preflight else request.method
        try:
            endpoint = self._endpoint(environ, method)
        except HTTPException:  # a host that is not trusted, a converter that aborts: Flask will say so, too
            endpoint = None
        except Exception:  # noqa: BLE001  # of a converter; Flask may fare better
            return None  # no policy at all, for a strict one may be meant
        view = self._not_found if endpoint is None else self._flask.view_functions.get(endpoint)
        given: Layer | None = mark_of(view, method)
        if given is not None:
            return self._view_policy(given)
        for name in _blueprints(endpoint or ""):
            policy = self._blueprints.get(name)
            if isinstance(policy, Resources):
                return self.policy_of_path(policy, environ)
            if policy is not None:
                return policy
        return self._policy if self._outer_policy_for is None else self._outer_policy_for(environ)

    @property
    def _not_found(self) -> object:
        """What answers for paths without a view, if the application has something of its own for that."""
        return next(iter(self._flask.error_handler_spec[None][404].values()), None)

    def _view_policy(self, given: Layer) -> CORSPolicy:
        if given not in self._views:
            self._views[given] = self._read(given)
        return self._views[given]

    def _read(self, given: Layer) -> CORSPolicy:
        layer = given.over(read_config(self._flask.config)).without("resources")
        return read_policy(layer, is_quiet=True)  # its warnings came where the options were written

    def _endpoint(self, environ: WSGIEnvironment, method: str) -> str | None:
        flask = self._flask
        with flask.app_context():  # which converters may use, as look-ups in a database do
            urls = flask.create_url_adapter(flask.request_class(environ, populate_request=False))
            return None if urls is None else _endpoint_at(urls, urls.path_info, method)

    def _run(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Run the application; exceptions that it does not answer are answered, and then go their way.

        In debug mode and with PROPAGATE_EXCEPTIONS, Flask leaves them to what stands around it, which
        cannot know the policy.
        """
        try:
            return self._wsgi_app(environ, start_response)
        except Exception as error:
            if self._flask.testing or not self._hides_answer(environ):
                raise
            # PEP 3333: with exc_info, for something in between may have begun an answer already.
            restart = cast("StartResponse", functools.partial(_restart, start_response, sys.exc_info()))
            return _then_raise(InternalServerError().get_response(environ)(environ, restart), error)

    def _hides_answer(self, environ: WSGIEnvironment) -> bool:
        """Whether a browser would hide an answer without the policy's fields, as it does from scripts."""
        if "HTTP_ORIGIN" not in environ or environ.get("HTTP_SEC_FETCH_MODE") == "navigate":
            return False
        policy_for = self.policy_for
        return policy_for is None or policy_for(environ) is not None


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise PolicyError(found)


def _restart(
    start_response: StartResponse, exc_info: OptExcInfo, status: str, headers: list[tuple[str, str]]
) -> Callable[[bytes], object]:
    return start_response(status, headers, exc_info)


def _then_raise(body: Iterable[bytes], error: Exception) -> Iterator[bytes]:
    yield b""  # for HEAD: servers send the fields with the first part, be it empty
    yield from body
    raise error


def _uncovered(_: WSGIEnvironment) -> None:
    """The policy of an application that has none."""


def _blueprints(endpoint: str) -> Iterator[str]:
    """The full names of the blueprints that an endpoint is in, the innermost first."""
    while "." in endpoint:
        endpoint = endpoint.rpartition(".")[0]
        yield endpoint


def _endpoint_at(urls: MapAdapter, path: str, method: str) -> str | None:
    """The endpoint that answers the request, or would after a redirect or status 405."""
    try:
        endpoint, _ = urls.match(path, method)
    except RequestRedirect:
        return None if path.endswith("/") else _endpoint_at(urls, f"{path}/", method)
    except MethodNotAllowed as error:
        found = {_endpoint_at(urls, path, allowed) for allowed in error.valid_methods or ()}
        return next((rule.endpoint for rule in urls.map.iter_rules() if rule.endpoint in found), None)
    return cast("str", endpoint)
