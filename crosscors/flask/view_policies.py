"""The policies of an application's views and blueprints.

1.  The mark of a class's method comes first (``cross_origin``), then that of the view, then the policy of the
    innermost blueprint that has one. Without any of these, the application's policy covers the view.
2.  Where no view is reached, a mark on the application's handler for status 404 decides, if there is one.
3.  Views may be added, replaced and marked at any time, so every request reads the mark of its view. Only the
    policy that a mark stands for is kept.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple, cast

from flask import Flask

from crosscors._adapter.marks import has_mark, mark_of, marks_made, marks_of, name_of, wrong_import
from crosscors._adapter.misplaced_marks import warn_of_hidden, warn_of_misplaced
from crosscors._adapter.reporting import log
from crosscors.core.errors import Problem, shown
from crosscors.core.live import LivePolicy, current
from crosscors.core.policy import CORSPolicy, Policies, make_policy
from crosscors.core.values import ANY, Findings, collected, refused
from crosscors.flask.options import Layer, read_config
from crosscors.flask.policies import read_policy
from crosscors.flask.strays import OPEN_BY_DEFAULT, check_strays
from crosscors.flask.views import Routed
from crosscors.flask.words import FlaskWords


class ViewPolicies:
    """The policies of an application's views and blueprints.

    Attributes:
        accepted: the names in the configuration that resemble an option, where ``CORS`` found nothing wrong.
    """

    def __init__(self, flask: Flask) -> None:
        self.accepted: set[str] = set()
        self._origins_of_app: tuple[str, ...] | None = None
        self._told: set[tuple[str, str]] = set()
        self._flask = flask
        self._blueprints: dict[str, Policies] = {}
        # By the id of a mark, which is kept with its policy, so that no other object gets the id.
        self._made: dict[int, tuple[object, CORSPolicy | LivePolicy[Any]]] = {}
        self._last_look = _Look(0, [], has_marks=False)

    def exist(self) -> bool:
        """Whether any view or blueprint has a policy of its own.

        If not, the policy of the application covers every request, and nobody has to know its view.
        """
        marks = marks_made()
        if marks and self._has_changed(marks):
            self._look(marks)
        return self._last_look.has_marks or bool(self._blueprints)

    def policies_of(self, routed: Routed) -> Policies | None:
        """The policy of the view, or else those of its innermost blueprint that has any."""
        endpoint = routed.endpoint
        view = _not_found(self._flask) if endpoint is None else self._flask.view_functions.get(endpoint)
        given = mark_of(view, routed.method)
        if given is not None:
            return self._policy_of(given, view)
        names = _blueprints_of(endpoint or "")
        return next((self._blueprints[name] for name in names if name in self._blueprints), None)

    def place_of(self, policy: CORSPolicy) -> str | None:
        """Which view or blueprint has this policy, for messages. None if none has."""
        for given, made in self._made.values():
            if current(made) is policy:
                views = (view for view in self._views() if any(each is given for each in marks_of(view)))
                return next((f"the view {name_of(view)}" for view in views), None)
        for name, policies in self._blueprints.items():
            if any(each is policy for each in policies.policies):
                return f"the blueprint {shown(name)}"
        return None

    def in_force(self) -> Iterator[tuple[str, Policies]]:
        """The policies of blueprints and views, each with what it covers."""
        for name, policies in self._blueprints.items():
            yield f"the blueprint {name}", policies
        for view in self._views():
            for given in marks_of(view):
                yield f"the view {name_of(view)}", self._policy_of(given, view)

    def cover_blueprint(self, name: str, policies: Policies) -> Findings:
        """Cover the blueprint with this full name, and those in it. A second policy is a problem."""
        if name in self._blueprints:
            message = f"{shown(name)} already has a policy."
            hint = "Call CORS(blueprint, ...) once; resources={...} has options for each path."
            return refused("policy-twice", "blueprint", name, message, hint)
        self._blueprints[name] = policies
        return Findings()

    def accept(self, layer: Layer) -> None:
        """Note that ``CORS`` has accepted these options."""
        self.accepted.update(stray.name for stray in layer.strays)

    def untold(self, layer: Layer, warnings: Iterable[Problem]) -> list[Problem]:
        """Those of the warnings that are about names in the configuration, and were not shown before."""
        strays = {stray.name for stray in layer.strays}
        fresh = {_kind_of(each): each for each in warnings if each.option in strays}
        untold = [each for kind, each in fresh.items() if kind not in self._told]
        self._told.update(fresh)
        return untold

    def note_app(self, policies: Policies | None) -> None:
        """Note the origins of the application, for messages about views that lack origins."""
        every = () if policies is None else policies.policies
        if not any(ANY in each.allow_origins for each in every):
            origins = dict.fromkeys(chain.from_iterable(each.allow_origins for each in every))
            self._origins_of_app = tuple(origins)

    def problems(self) -> Findings:
        """What is wrong with the policies of the views that the application has by now."""
        # The policy of the application reports options that the configuration has twice, and strays.
        config = replace(read_config(self._flask.config), problems=(), strays=())
        return collected(
            Findings(_read(given, config, place, self._origins_of_app)[1].problems)
            for place, given in self._given_by_place()
        )

    def open_by_default(self) -> Findings:
        """Warnings about views that may have been meant to get their origins from the configuration."""
        config = read_config(self._flask.config)
        layers = {
            place: _layer(given, config)
            for place, given in self._given_by_place()
            if isinstance(given, Layer)
        }
        accepted = {stray.name for stray in config.strays}
        warnings = check_strays(layers, accepted).warnings
        return Findings(warnings=tuple(each for each in warnings if each.code == OPEN_BY_DEFAULT))

    def _given_by_place(self) -> Iterator[tuple[str, object]]:
        for view in self._views():
            for given in marks_of(view):
                yield _place_of(view), given

    def _has_changed(self, marks: int) -> bool:
        """Whether something may have changed since the last look at the views.

        The numbers of marks and views stay the same if a view replaces another one. That does no harm if a
        policy is known, because ``policies_of`` reads the mark of every view that answers. If none is known,
        nobody would read the mark of the new view, so all views are compared.
        """
        last = self._last_look
        if last.marks != marks or len(last.views) != len(self._flask.view_functions) + 1:
            return True
        if last.has_marks or self._blueprints:
            return False
        # With ``is``, because views can claim to be equal to anything.
        return not all(map(operator.is_, last.views, self._views()))

    def _look(self, marks: int) -> None:
        """Look for marks, and warn about those that have no effect."""
        views, old = self._views(), set(map(id, self._last_look.views))
        unmarked = [view for view in views if not has_mark(view)]
        self._last_look = _Look(marks, views, has_marks=len(unmarked) < len(views))
        warn_of_misplaced([view for view in views if id(view) not in old], among=views)
        for view in unmarked:
            warn_of_hidden(view, among=views)

    def _views(self) -> list[object]:
        # Flask's documentation calls the mapping internal, and advises against changing it. It is only read.
        return [_not_found(self._flask), *self._flask.view_functions.values()]

    def _policy_of(self, given: object, view: object) -> CORSPolicy | LivePolicy[Any]:
        """The policy that the mark of the view stands for. It refuses every origin if it cannot be used."""
        known = self._made.get(id(given))
        if known is not None:
            return known[1]
        config = read_config(self._flask.config)
        policy, found = _read(given, config, "", self._origins_of_app)
        if isinstance(given, Layer):
            found += check_strays({_place_of(view): _layer(given, config)}, self.accepted)
        is_usable = policy is not None and not found.problems
        fresh = (given, policy if policy is not None and is_usable else _nobody())
        kept = self._made.setdefault(id(given), fresh)
        if not is_usable and kept is fresh:  # not if another thread was quicker
            message = "%s refuses every origin, because its policy cannot be used: %s"
            log(logging.ERROR, message, name_of(view), " ".join(map(str, found.problems)))
        for warning in self.untold(config, found.warnings):  # the others were shown with the decorator
            log(logging.WARNING, "%s", warning)
        return kept[1]


class _Look(NamedTuple):
    """What was found at a look at the views.

    Attributes:
        marks: how many marks the process had made.
        views: the handler for status 404 or None, and the views.
        has_marks: whether any of them had one.
    """

    marks: int
    views: list[object]
    has_marks: bool


def _kind_of(warning: Problem) -> tuple[str, str]:
    """What is told once."""
    return warning.code, warning.option


def _place_of(view: object) -> str:
    return f"cross_origin of {name_of(view)}"


def _read(
    given: object, config: Layer, place: str, of_app: tuple[str, ...] | None
) -> tuple[CORSPolicy | LivePolicy[Any] | None, Findings]:
    """The policy that a mark stands for. None if there is a problem."""
    if not isinstance(given, Layer):
        [problem] = wrong_import("crosscors.flask").problems
        return None, Findings((replace(problem, option=place or problem.option),))
    return read_policy(_layer(given, config), place, of_app=of_app)


def _layer(given: Layer, config: Layer) -> Layer:
    return given.over(config).without("resources", "protect")


def _nobody() -> CORSPolicy:
    """What a view gets if its own policy cannot be used. It is a new one, so that messages name the view."""
    return cast("CORSPolicy", make_policy({}, FlaskWords({}))[0])


def _blueprints_of(endpoint: str) -> Iterator[str]:
    """The full names of the blueprints that an endpoint is in, the innermost first."""
    while "." in endpoint:
        endpoint = endpoint.rpartition(".")[0]
        yield endpoint


def _not_found(flask: Flask) -> object:
    """The application's own handler for status 404, which answers for paths without a view. Often None."""
    # Flask calls this structure internal, but nothing else says which handlers there are. It makes an entry
    # for each key that is read with [].
    handlers: Mapping[Any, Any] = flask.error_handler_spec.get(None, {})
    return next(iter(handlers.get(404, {}).values()), None)
