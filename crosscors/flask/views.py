"""Which view a request leads to.

1.  The view that answered decides: ``answered_by``. Flask routes a request before its hooks run, so a hook
    that responds in place of the view, with status 401 for example, changes nothing.
2.  For a preflight, the router is asked which view the requested method would reach: ``reached_by``. The same
    goes for a response of middleware, because Flask has routed nothing then.
3.  A redirect to the path with a slash leads to the view at its end. A method that no view takes (status 405)
    leads to a view of that path that takes others.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flask import Flask, Request, current_app, has_request_context, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Routed(NamedTuple):
    """Where a request leads.

    Attributes:
        endpoint: the name of the view; None if no view is reached.
        method: the method that reaches the view.
        environ: the request as it was routed.
    """

    endpoint: str | None
    method: str
    environ: WSGIEnvironment


def answered_by(flask: Flask, came: WSGIEnvironment, before: Request | None) -> Routed | None:
    """The view that made the response that starts now. None if this application has routed nothing.

    Args:
        flask: the application.
        came: the request as it came.
        before: what ``current_request`` returned before the application ran.
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


def reached_by_preflight(flask: Flask, environ: WSGIEnvironment) -> Routed | None:
    """The view that a preflight asks about."""
    return reached_by(flask, environ, environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])


def reached_by(flask: Flask, environ: WSGIEnvironment, method: str) -> Routed | None:
    """The view that would answer this method. None if the router fails: the view may have a strict policy."""
    try:
        with _context_of(flask):  # converters may need it, to look into a database for example
            urls = flask.create_url_adapter(flask.request_class(environ, populate_request=False))
            endpoint = None if urls is None else _endpoint_at(urls, urls.path_info, method)
    except HTTPException:  # an untrusted host, or a converter that aborts: Flask answers without a view, too
        endpoint = None
    except Exception:  # noqa: BLE001  # a path converter can raise anything; Flask reports it
        return None
    return Routed(endpoint, method, environ)


def current_request() -> Request | None:
    """The request that Flask is serving. None if there is none."""
    # Werkzeug documents this name in spite of its underscore. The proxy is the same object for all requests.
    return cast("Any", request)._get_current_object() if has_request_context() else None


def _context_of(flask: Flask) -> AbstractContextManager[object]:
    is_there = has_request_context() and current_app == flask
    return nullcontext() if is_there else flask.app_context()


def _as_routed(came: WSGIEnvironment, made: Request) -> WSGIEnvironment:
    """The request with the path that was routed. Middleware may have changed the path.

    Flask's request keeps that path, whatever a view does to the environ.
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
