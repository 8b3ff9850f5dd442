"""``cross_origin``: a policy for a single view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, Response, abort, after_this_request, request, request_started

from crosscors.core.errors import PolicyError, Problem
from crosscors.flask.adapter import Adapter
from crosscors.flask.options import ViewOptions, check, read_keywords
from crosscors.view_policies import mark

if TYPE_CHECKING:
    from typing_extensions import Unpack

_View = TypeVar("_View", bound=Callable[..., object])


def cross_origin(**options: Unpack[ViewOptions]) -> Callable[[_View], _View]:
    """Give a view a policy of its own, which replaces those of its blueprint and application.

    It holds for the view's preflights and actual requests, and for what is answered in its place, such as
    status 405. A preflight is answered for the view that the requested method would reach. Views are
    functions (async or not), classes, or single methods of classes. As every decorator of views, it stands
    below ``@app.route``.

    Without ``CORS(app)`` it works as well, but for exceptions that Flask leaves to the server, as it does
    in debug mode.

    Args:
        options: those of ``CORS``, but for ``resources``; what is not given comes from the configuration.

    Raises:
        PolicyError: listing every problem of the options; also if the view has a policy already.

    Example:
        >>> @cross_origin(origins="*", methods=["GET"])
        ... def status(): ...
    """
    given = read_keywords(options)
    if "resources" in given.values:
        message = "is an option of CORS(app), but a view has no paths below it."
        raise PolicyError((Problem("unknown-option", "resources", None, message, "Leave it out."),))
    check(given)
    request_started.connect(_deliver_alone)

    def decorate(view: _View) -> _View:
        return mark(view, given)

    return decorate


def _deliver_alone(flask: Flask, **_: Any) -> None:
    """Deliver the policies of views in an application without ``CORS(app)``.

    Only a request tells which application a view belongs to; this runs before everything else of it.
    """
    adapter = Adapter.of(flask)
    if adapter.is_installed:
        return
    decision = adapter.decide(request.environ)
    if decision is None:
        return
    if decision.status is not None:
        abort(Response(decision.body, decision.status, decision.preflight_headers))

    def write(response: Response) -> Response:
        response.headers[:] = decision.apply(response.headers)
        return response

    after_this_request(write)
