"""Warnings about ``cross_origin`` in a place where it has no effect."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import CellType, FunctionType
from typing import cast

from crosscors._adapter.marks import class_of, has_mark, has_marked_copy, mark_of, name_of, values_of
from crosscors._adapter.reporting import log


def warn_of_misplaced(views: Iterable[object], among: Iterable[object] | None = None) -> None:
    """Warn about routed views whose policy is on a copy that is not routed.

    This happens if @cross_origin stands above the decorator that routes.

    Args:
        views: the routed views.
        among: all routed views, if these are not all of them.
    """
    views = list(views)
    used = {id(inner) for view in (views if among is None else among) for inner in _unwrapped(view)}
    for view in views:
        if has_marked_copy(view) and mark_of(view, "") is None and id(view) not in used:
            log(
                logging.WARNING,
                "%s is routed without the policy of its @cross_origin(...). Write @cross_origin(...) below "
                "the decorator that routes",
                name_of(view),
            )


def _unwrapped(view: object) -> Iterator[object]:
    """The views that the view copies or wraps. Only functions count: other objects can claim anything."""
    seen: set[int] = set()
    while isinstance(view, FunctionType) and id(view) not in seen:
        seen.add(id(view))
        view = view.__dict__.get("__wrapped__")
        yield view


def warn_of_hidden(view: object, among: Iterable[object] = ()) -> None:
    """Warn, once for each view, about a policy that does not apply because a decorator hides its view.

    Args:
        view: a routed view that has no policy of its own.
        among: all routed views. A view that calls another one of them hides nothing.
    """
    hidden = _hidden_in(view, frozenset(map(id, among)))
    if hidden is None or id(view) in _warned:
        return
    _warned[id(view)] = view
    log(
        logging.WARNING,
        "the policy that @cross_origin(...) gives to %s does not apply: %s hides it. Write "
        "@functools.wraps(view) in the decorator, or write @cross_origin(...) above it",
        name_of(hidden),
        name_of(view),
    )


_warned: dict[int, object] = {}  # kept, so that no other view gets its id


def _hidden_in(view: object, routed: frozenset[int]) -> object | None:
    """The view with a policy that this view calls, which has none itself.

    A decorator without functools.wraps keeps the view in the closure of a function, or as an attribute. REST
    framework's ``api_view`` makes a class with methods that have it in their closure.
    """
    seen: dict[int, object] = {}
    found = [view]
    while found and len(seen) < _MOST_SEEN:
        each = found.pop(0)
        is_another = each is not view and id(each) in routed
        if id(each) in seen or is_another or isinstance(each, type) or not callable(each):
            continue
        seen[id(each)] = each
        if each is not view and has_mark(each):
            return each
        found += _kept_by(each)
    return None


_MOST_SEEN = 100


def _kept_by(view: object) -> Iterator[object]:
    """What the view may call: what is in its closure, its attributes, and its class-based view."""
    closure: object = getattr(view, "__closure__", None)
    if isinstance(closure, tuple):  # proxies have every attribute
        for cell in cast("tuple[CellType, ...]", closure):
            with suppress(ValueError):  # an empty cell
                yield cell.cell_contents
    if not isinstance(view, FunctionType):
        yield from values_of(getattr(view, "__dict__", None))
    cls = class_of(view)
    if cls is not None and not has_mark(view):  # otherwise some methods have a policy, and others need none
        yield from vars(cls).values()
