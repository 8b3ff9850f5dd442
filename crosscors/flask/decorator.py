"""``cross_origin``: a policy for a single view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from flask import Flask, Response, request, request_finished, request_started, request_tearing_down

from crosscors._adapter.environ import is_preflight
from crosscors._adapter.keywords import raise_problems
from crosscors._adapter.marks import DECORATION, mark, refuse_positional
from crosscors._adapter.nesting import Entry, carried_by
from crosscors.core.policy import warn_about
from crosscors.core.values import refused
from crosscors.flask.adapter import Adapter
from crosscors.flask.options import ViewOptions, read_keywords
from crosscors.flask.policies import check_unprotected, read_alone, read_policy
from crosscors.flask.views import answered_by, reached_by_preflight

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["cross_origin"]

_DECORATION = DECORATION._replace(origins="origins", name=str)
_View = TypeVar("_View", bound=Callable[..., object])


def cross_origin(*positional: NoReturn, **options: Unpack[ViewOptions]) -> Callable[[_View], _View]:
    """Give a view a policy of its own, which replaces those of its blueprint and application.

    The policy covers the preflights and actual requests of the view, and responses in its place, such as
    status 405. A preflight belongs to the view that the requested method would reach. Views are functions
    (async or not), classes, or single methods of classes. Like every decorator of views, it stands below
    ``@app.route``. Decorators that use functools.wraps may stand above and below it.

    It also works without ``CORS(app)``, except for exceptions that Flask leaves to the server, as it does in
    debug mode.

    Args:
        options: those of ``CORS``, except ``resources``. Options that are not given come from the
            configuration, and then from the defaults of ``CORS``.

    Raises:
        PolicyError: listing every problem of the options; also if the view already has a policy.

    Example:
        >>> @cross_origin(origins="*", methods=["GET"])
        ... def status(): ...
    """
    refuse_positional(positional, _DECORATION)
    given = read_keywords(options)
    if "resources" in given.values:
        message = "is an option of CORS(app), but a view has no paths below it."
        raise_problems(refused("unknown-option", "resources", None, message, "Leave it out."))
    raise_problems(check_unprotected(given, "single views"))
    found = read_alone(given, read_policy)
    raise_problems(found)
    warn_about(found.warnings)
    request_started.connect(_decide_alone)
    request_finished.connect(_write_alone)
    request_tearing_down.connect(_leave_alone)

    def decorate(view: _View) -> _View:
        return mark(view, given)

    return decorate


def _decide_alone(flask: Flask, **_: Any) -> None:
    """Decide for an application that has views with a policy, but no ``CORS(app)``.

    Only a request shows which application a view belongs to. This runs before everything else that Flask does
    with the request.
    """
    adapter = Adapter.of(flask)
    if adapter.is_installed or not adapter.view_policies.exist():
        return
    environ = request.environ
    if is_preflight(environ):
        routed = reached_by_preflight(flask, environ)
    else:
        routed = answered_by(flask, environ, None)
    entry = adapter.decide(environ, routed) or adapter.enter_undecided(environ)
    setattr(request, _ENTRY, entry)  # not in the environ, which a view may hand to another application
    # Flask calls this structure internal. But before_request() adds at the end, and only before the first
    # request.
    hooks = flask.before_request_funcs.get(None, [])
    if _answer_alone not in hooks:
        flask.before_request_funcs[None] = [_answer_alone, *hooks]  # other threads may be using the old list


def _answer_alone() -> Response | None:
    """Answer preflights. The response is returned, not raised, so that no error handler gets it."""
    entry: Entry | None = getattr(request, _ENTRY, None)
    if entry is None or entry.decision.status is None:
        return None
    decision = entry.decision
    return Response(decision.body, decision.status, decision.whole_headers)


def _write_alone(flask: Flask, response: Response, **__: Any) -> None:
    """Write the decision when the application's own hooks are done with the response."""
    entry: Entry | None = getattr(request, _ENTRY, None)
    if entry is not None and entry.policy is None:
        Adapter.of(flask).withdraw(entry, request.environ, carried_by(response.headers))
    elif entry is not None:
        written = entry.answer(response.status_code, carried_by(response.headers))
        response.headers[:] = written.response_headers.merged(response.headers)


def _leave_alone(flask: Flask, exc: BaseException | None = None, **__: Any) -> None:
    """Note that an exception goes on to the server without a response, if it does."""
    entry: Entry | None = getattr(request, _ENTRY, None)
    if entry is None or entry.written is not None:
        return
    if entry.policy is None:
        Adapter.of(flask).withdraw(entry, request.environ, ())
    else:
        entry.leave(has_raised=exc is not None)


_ENTRY = "_crosscors_entry"
