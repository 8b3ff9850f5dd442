"""Policies of single views: the mark that ``cross_origin`` puts on a view, and how to find it."""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import CellType, FunctionType
from typing import Any, TypeVar, cast

from crosscors._adapter.decider import Decider
from crosscors._adapter.keywords import read_policy
from crosscors._adapter.reporting import log
from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.policy import CORSPolicy, PolicyOptions

_View = TypeVar("_View")

_ATTRIBUTE = "__crosscors__"
_HAS_COPY = "__crosscors_has_copy__"


@dataclass(frozen=True)
class _Mark:
    policy: object


def read_view_policy(policy: object, options: PolicyOptions) -> CORSPolicy:
    """The policy that a decorator gets: as ``policy=``, or as the options of a policy.

    Raises:
        PolicyError: like ``read_policy``, and if ``policy`` is Resources.
    """
    read = read_policy(policy, options, debug=False, can_await=True).everywhere
    if read is None:
        message = "takes one policy; a view has no paths below it."
        raise PolicyError(
            (Problem("wrong-type", "policy", policy, message, "Write policy=CORSPolicy(...)."),)
        )
    return read


def refuse_positional(values: tuple[object, ...]) -> None:
    """Refuse positional arguments of a decorator: the view itself, or an option without its name.

    Raises:
        PolicyError: if there are any.
    """
    if values:
        message = "is written without parentheses, or has an option without its name."
        hint = 'Write @cross_origin(allow_origins=["https://app.example.com"]).'
        raise PolicyError((Problem("wrong-type", "cross_origin", values[0], message, hint),))


def mark(view: _View, policy: object) -> _View:
    """A copy of the view, marked with the policy. The view itself may have other uses, so it is not marked.

    It is a copy, not a wrapper, so it stays async or not, keeps its signature, and costs nothing per request.
    Decorators that use functools.wraps pass the mark on, so they may be above and below.

    Raises:
        PolicyError: if the view already has a policy, or cannot have one.
    """
    if _ATTRIBUTE in getattr(view, "__dict__", {}):
        raise _error(
            "view-policy-twice", view, f"{name_of(view)} already has a policy.", "Keep one of the two."
        )
    copied: _View = _copy(view)
    try:
        setattr(copied, _ATTRIBUTE, _Mark(policy))
    except (AttributeError, TypeError):
        hint = "Decorate the function where it is defined."
        raise _error("wrong-type", view, f"{name_of(view)} cannot have a policy.", hint) from None
    _count.made += 1
    if copied is not view:
        setattr(view, _HAS_COPY, True)
    return copied


def marks_made() -> int:
    """How many marks this process has made. If the number is unchanged, no view was marked since."""
    return _count.made


@dataclass
class _Count:
    made: int = 0


_count = _Count()


def _copy(view: Any) -> Any:
    if type(view) in (staticmethod, classmethod):
        hint = "Write @staticmethod or @classmethod above @cross_origin(...)."
        raise _error("wrong-type", view, "a staticmethod or classmethod object cannot have a policy.", hint)
    if isinstance(view, type):
        return view  # its own methods use the class by its name, and would not use the copy
    if not isinstance(view, FunctionType):
        return copy.copy(view)
    copied = FunctionType(view.__code__, view.__globals__, view.__name__, view.__defaults__, view.__closure__)
    copied.__kwdefaults__ = view.__kwdefaults__
    return functools.update_wrapper(copied, view)


def warn_of_misplaced(views: Iterable[object], among: Iterable[object] | None = None) -> None:
    """Warn about routed views whose policy is on a copy that is not routed.

    That is so if @cross_origin stands above the decorator that routes.

    Args:
        views: the routed views.
        among: all routed views, if these are not all of them.
    """
    views = list(views)
    used = {id(inner) for view in (views if among is None else among) for inner in _unwrapped(view)}
    for view in views:
        if getattr(view, _HAS_COPY, None) is True and mark_of(view, "") is None and id(view) not in used:
            log(
                logging.WARNING,
                "%s is routed without the policy of its @cross_origin(...). Write @cross_origin(...) below "
                "the decorator that routes",
                name_of(view),
            )


def warn_of_hidden(view: object, among: Iterable[object] = ()) -> None:
    """Warn, once for each view, about a policy that does not apply because a decorator hides its view.

    Args:
        view: a routed view that has no policy of its own.
        among: all routed views. One that calls another of them hides nothing.
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


def _kept_by(view: object) -> Iterator[object]:
    closure: object = getattr(view, "__closure__", None)
    cells = (
        cast("tuple[CellType, ...]", closure) if isinstance(closure, tuple) else ()
    )  # proxies have everything
    for cell in cells:
        with suppress(ValueError):  # an empty cell
            yield cell.cell_contents
    if not isinstance(view, FunctionType):
        yield from _values(getattr(view, "__dict__", None))
    cls = _class_of(view)
    if cls is not None and not has_mark(view):  # otherwise some methods have a policy, and others need none
        yield from vars(cls).values()


def _unwrapped(view: object) -> Iterator[object]:
    """The views that the view copies or wraps. Only functions count: other objects can claim anything."""
    seen: set[int] = set()
    while isinstance(view, FunctionType) and id(view) not in seen:
        seen.add(id(view))
        view = view.__dict__.get("__wrapped__")
        yield view


def has_own_policy(app: object) -> bool:
    """Whether there is an adapter anywhere in the application, or one of its views has a policy.

    This looks where middleware, Flask and Django keep what they call, at a hundred objects at most.
    """
    seen: dict[int, object] = {}
    found = [app]
    while found and len(seen) < _MOST_SEEN:
        each = found.pop()
        if each is None or id(each) in seen:
            continue
        seen[id(each)] = each
        is_adapter = isinstance(getattr(each, "_decider", None), Decider)
        if is_adapter or any(has_mark(view) for view in _values(getattr(each, "view_functions", None))):
            return True
        found += [getattr(each, name, None) for name in _CALLED]
        found += _values(getattr(each, "mounts", None))
    return False


_MOST_SEEN = 100
_CALLED = ("app", "wsgi_app", "application", "__self__", "__wrapped__", "_middleware_chain", "get_response")


def has_mark(view: object) -> bool:
    return any(True for _ in marks_of(view))


def _values(mapping: object) -> list[object]:
    return list(cast("dict[object, object]", mapping).values()) if isinstance(mapping, dict) else []


def wrong_import(module: str) -> PolicyError:
    """The error if the decorator of another framework was used."""
    message = "belongs to another framework."
    hint = f"Write from {module} import cross_origin."
    return PolicyError((Problem("wrong-type", "cross_origin", None, message, hint),))


def mark_of(view: object, method: str) -> Any:
    """The policy on the mark of the view. In a class-based view, the mark of the method comes first.

    None if there is no mark.
    """
    inner = _without_partials(view)
    for place in (_handler(inner, method), inner, _class_of(inner), _called(inner)):
        found = getattr(place, _ATTRIBUTE, None)
        if isinstance(found, _Mark):  # proxies have every attribute
            return found.policy
    return None


def _called(view: Any) -> object:
    """The method that Python calls for an object: one of its class."""
    cls: Any = type(cast("object", view))
    return None if isinstance(view, type) else getattr(cls, "__call__", None)  # noqa: B004  # not whether, but what


def marks_of(view: object) -> Iterator[Any]:
    """All marks of the view and of its methods."""
    own = mark_of(view, "")
    if own is not None:
        yield own
    cls = _class_of(_without_partials(view))
    for base in cls.__mro__ if cls else ():
        for member in vars(base).values():
            found = getattr(member, "__dict__", {}).get(_ATTRIBUTE)
            if isinstance(found, _Mark):
                yield found.policy


def _without_partials(view: Any) -> Any:
    partial: type[Any] = functools.partial
    while isinstance(view, partial) and not hasattr(view, _ATTRIBUTE):
        view = view.func
    return view


def _class_of(view: object) -> type | None:
    """The class behind a view: Flask and Django keep it as ``view_class``, REST framework as ``cls``."""
    cls = view if isinstance(view, type) else getattr(view, "view_class", None) or getattr(view, "cls", None)
    return cls if isinstance(cls, type) else None


def _handler(view: object, method: str) -> object:
    """The function of a class-based view for this request method. For HEAD, that can be ``get``."""
    cls = _class_of(view)
    if cls is None:
        return None
    # REST framework's view sets name their functions as they like.
    actions: object = None if isinstance(view, type) else getattr(view, "actions", None)
    name = method.lower()
    if isinstance(actions, dict):
        name = cast("dict[str, str]", actions).get(name, name)
    handler = None if name.startswith("__") else getattr(cls, name, None)
    if handler is None and name == "head":
        return _handler(view, "GET")
    return handler


def name_of(view: object) -> str:
    """The name of the view, in a form that is safe in a message."""
    return shown(getattr(view, "__qualname__", None) or view)


def _error(code: str, view: object, message: str, hint: str) -> PolicyError:
    return PolicyError((Problem(code, "cross_origin", view, message, hint),))
