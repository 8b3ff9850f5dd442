"""Which view a request leads to, and which policy the view has.

1.  The view that answered decides: ``answered_by``. Flask routes a request before its hooks run, so a hook
    that responds in place of the view, with 401 for example, changes nothing.
2.  For a preflight, the router is asked which view the requested method would reach: ``reached_by``. The same
    goes for a response of middleware, because Flask has routed nothing then.
3.  A redirect to the path with a slash leads to the view at its end. A method that no view takes (405) leads
    to a view of that path that takes others.
4.  The mark of a class's method comes first (``cross_origin``), then that of the view, then the policy of the
    innermost blueprint that has one, then that of the application.
5.  Where no view is reached, a mark on the application's handler for status 404 decides, if there is one.
6.  Views may be added at any time. Kept are policies made out of options, and what was found about views as
    long as they stay the same.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flask import Flask, Request, current_app, has_request_context, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from crosscors._adapter.marks import has_mark, mark_of, marks_made, marks_of, name_of, wrong_import
from crosscors._adapter.misplaced_marks import warn_of_hidden, warn_of_misplaced
from crosscors._adapter.reporting import log
from crosscors.core.errors import shown
from crosscors.core.policy import CORSPolicy, Policies, make_policy
from crosscors.core.values import Findings, collected, refused
from crosscors.flask.options import Layer, read_config, read_policy
from crosscors.flask.words import FlaskWords

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Routed(NamedTuple):
    """Where a request leads.

    Attributes:
        endpoint: the name of the view; None if no view is reached.
        method: the one that the view is reached by.
        environ: the request as it was routed.
    """

    endpoint: str | None
    method: str
    environ: WSGIEnvironment


def answered_by(flask: Flask, came: WSGIEnvironment, before: Request | None) -> Routed | None:
    """The view that made the response that starts now. None if this application has routed nothing.

    Args:
        came: the request as it came.
        before: what ``current_request`` said before the application ran.
    """
    made = current_request()
    # Another application may have answered, within this one (DispatcherMiddleware) or around it.
    if made is None or made is before or current_app != flask:
        return None
    environ = _as_routed(came, made)
    if made.url_rule is not None:
        return Routed(made.endpoint, made.method, environ)
    if isinstance(made.routing_exception, NotFound):
        return Routed(None, made.method, environ)
    reached = reached_by(flask, made.environ, made.method)
    return None if reached is None else reached._replace(environ=environ)


def reached_by(flask: Flask, environ: WSGIEnvironment, method: str) -> Routed | None:
    """The view that would answer this method. None if the router fails: the view may have a strict policy."""
    try:
        with _context_of(flask):  # which converters may use, as look-ups in a database do
            urls = flask.create_url_adapter(flask.request_class(environ, populate_request=False))
            endpoint = None if urls is None else _endpoint_at(urls, urls.path_info, method)
    except HTTPException:  # a host that is not trusted, a converter that aborts: Flask will say so, too
        endpoint = None
    except Exception:  # noqa: BLE001  # a path converter can raise anything; Flask reports it
        return None
    return Routed(endpoint, method, environ)


def current_request() -> Request | None:
    """The request that Flask is at. None if it is at none."""
    # Werkzeug documents this name in spite of its underscore. The proxy is the same object for all requests.
    return cast("Any", request)._get_current_object() if has_request_context() else None


def _context_of(flask: Flask) -> AbstractContextManager[object]:
    is_there = has_request_context() and current_app == flask
    return nullcontext() if is_there else flask.app_context()


def _as_routed(came: WSGIEnvironment, made: Request) -> WSGIEnvironment:
    """The request with the path that was routed, for middleware may have changed that.

    The request keeps it, whatever a view does to the environ.
    """
    now = made.environ
    if all(now.get(name, "") == came.get(name, "") for name in ("PATH_INFO", "SCRIPT_NAME")):
        return came
    return {**came, "PATH_INFO": _in_latin_1(made.path), "SCRIPT_NAME": _in_latin_1(made.root_path)}


def _in_latin_1(path: str) -> str:
    return path.encode().decode("latin-1")  # PEP 3333, "Unicode Issues"


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


class ViewPolicies:
    """The policies of an application's views and blueprints."""

    def __init__(self, flask: Flask) -> None:
        self._flask = flask
        self._blueprints: dict[str, Policies] = {}
        # By the id of a mark, which is kept with its policy, so that no other object gets the id.
        self._made: dict[int, tuple[object, CORSPolicy]] = {}
        self._looked_at = _Look(0, [], has_marks=False)

    def exist(self) -> bool:
        """Whether any view or blueprint has a policy of its own.

        If not, the policy of the application covers every request, and nobody has to know its view.
        """
        made = marks_made()
        if made:
            views = self._views()
            if not self._looked_at.is_of(made, views):
                self._look_at(made, views)
        return self._looked_at.has_marks or bool(self._blueprints)

    def policies_of(self, routed: Routed) -> Policies | None:
        """The policy of the view, or else those of its innermost blueprint that has any."""
        endpoint = routed.endpoint
        view = _not_found(self._flask) if endpoint is None else self._flask.view_functions.get(endpoint)
        given = mark_of(view, routed.method)
        if given is not None:
            return self._policy_of(given, view)
        names = _blueprints_of(endpoint or "")
        return next((self._blueprints[name] for name in names if name in self._blueprints), None)

    def cover_blueprint(self, name: str, policies: Policies) -> Findings:
        """Cover the blueprint with this full name, and those in it. It is a problem if it has a policy."""
        if name in self._blueprints:
            message = f"{shown(name)} has a policy already."
            hint = "Call CORS(blueprint, ...) once; resources={...} has options for each path."
            return refused("policy-twice", "blueprint", name, message, hint)
        self._blueprints[name] = policies
        return Findings()

    def problems(self) -> Findings:
        """What is wrong with the policies of the views that the application has by now."""
        # The policy of the application tells what is wrong with names in the configuration.
        config = replace(read_config(self._flask.config), problems=())
        return collected(
            Findings(_read(given, config, f"cross_origin of {name_of(view)}")[1].problems)
            for view in self._views()
            for given in marks_of(view)
        )

    def _views(self) -> list[object]:
        # Flask's documentation calls the mapping internal, and advises against changing it. It is only read.
        return [_not_found(self._flask), *self._flask.view_functions.values()]

    def _look_at(self, made: int, views: list[object]) -> None:
        """Look for marks, and warn of those that have no effect."""
        old = set(map(id, self._looked_at.views))
        new = [view for view in views if id(view) not in old]
        unmarked = [view for view in views if not has_mark(view)]
        self._looked_at = _Look(made, views, has_marks=len(unmarked) < len(views))
        warn_of_misplaced(new, among=views)
        for view in unmarked:
            warn_of_hidden(view, among=views)

    def _policy_of(self, given: object, view: object) -> CORSPolicy:
        """The policy that the mark of the view stands for. It refuses every origin if it cannot be made."""
        known = self._made.get(id(given))
        if known is not None:
            return known[1]
        policy, found = _read(given, read_config(self._flask.config))
        fresh = (given, _NOBODY if policy is None else policy)
        kept = self._made.setdefault(id(given), fresh)
        if policy is None and kept is fresh:  # not if another thread was quicker
            message = "%s refuses every origin, because its policy cannot be used: %s"
            log(logging.ERROR, message, name_of(view), " ".join(map(str, found.problems)))
        return kept[1]


class _Look(NamedTuple):
    """What was found about views.

    Attributes:
        made: how many marks there were.
        views: the views.
        has_marks: whether any of them had one.
    """

    made: int
    views: list[object]
    has_marks: bool

    def is_of(self, made: int, views: list[object]) -> bool:
        """Whether nothing has changed. What views themselves say of their equality does not count."""
        return (
            self.made == made and len(self.views) == len(views) and all(map(operator.is_, self.views, views))
        )


def _read(given: object, config: Layer, place: str = "") -> tuple[CORSPolicy | None, Findings]:
    """The policy that a mark stands for. None: a problem."""
    if not isinstance(given, Layer):
        [problem] = wrong_import("crosscors.flask").problems
        return None, Findings((replace(problem, option=place or problem.option),))
    return read_policy(given.over(config).without("resources"), place)


# What a view has whose own policy cannot be used.
_NOBODY = cast("CORSPolicy", make_policy({}, FlaskWords({}))[0])


def _blueprints_of(endpoint: str) -> Iterator[str]:
    """The full names of the blueprints that an endpoint is in, the innermost first."""
    while "." in endpoint:
        endpoint = endpoint.rpartition(".")[0]
        yield endpoint


def _not_found(flask: Flask) -> object:
    """What answers for paths without a view, if the application has something of its own for that."""
    # Flask calls this structure internal, but nothing else says which handlers there are. It makes an entry
    # for each key that it is asked for with [].
    handlers: Mapping[Any, Any] = flask.error_handler_spec.get(None, {})
    return next(iter(handlers.get(404, {}).values()), None)
