"""Policies of single views: the mark that ``cross_origin`` puts on a view, and how to find it."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeVar, cast

from crosscors._adapter.decider import Decider
from crosscors._adapter.keywords import raise_problems, read_policy
from crosscors._adapter.stacks import hint_of_app
from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.live import LivePolicy, is_for_every_path, is_live, require
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.unnamed import Call, are_paths, is_policy

_View = TypeVar("_View")

_ATTRIBUTE = "__crosscors__"
_HAS_COPY = "__crosscors_has_copy__"


@dataclass(frozen=True)
class _Mark:
    policy: object


@dataclass(frozen=True)
class _LiveMark:
    """A mark whose policy changes."""

    live: LivePolicy[CORSPolicy]

    @property
    def policy(self) -> CORSPolicy:
        return self.live.policy


_MARKS = (_Mark, _LiveMark)


# What the decorators do.


def read_view_policy(policy: object, options: PolicyOptions) -> CORSPolicy | LivePolicy[CORSPolicy]:
    """The policy that a decorator gets: as ``policy=``, or as the options of a policy.

    Raises:
        PolicyError: like ``read_policy``, and if ``policy`` is Resources.
    """
    if is_live(policy) and not options:
        raise_problems(require(policy, is_for_every_path))
        return policy
    read = None if are_paths(policy) else read_policy(policy, options, debug=False, can_await=True).everywhere
    if read is None:
        message = "takes a CORSPolicy, not Resources: a view has no paths below it."
        raise PolicyError(
            (Problem("wrong-type", "policy", policy, message, "Write policy=CORSPolicy(...)."),)
        )
    return read


def _example(form: str, _: object) -> str:
    return Call(form).written(None)


#: How the decorator is written. A view has no paths, so a dict of paths is replaced by the example.
DECORATION = Call("@cross_origin({})", by_path=_example)


def refuse_positional(values: tuple[object, ...], call: Call = DECORATION) -> None:
    """Refuse positional arguments of a decorator: the view itself, or an option without its name.

    Raises:
        PolicyError: if there are any.
    """
    if not values:
        return
    of_app = hint_of_app(values[0])
    if of_app:
        message, hint = "is for single views, not for a whole application.", of_app
    elif is_policy(values[0]) or not callable(values[0]):
        message, hint = "takes options by their names only.", f"Write {call.written(values[0])}."
    else:
        message, hint = "is written without parentheses.", f"Write {call.written(None)}."
    raise _error("wrong-type", values[0], message, hint)


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
        setattr(copied, _ATTRIBUTE, _LiveMark(policy) if is_live(policy) else _Mark(policy))
    except (AttributeError, TypeError):
        hint = "Decorate the function where it is defined."
        raise _error("wrong-type", view, f"{name_of(view)} cannot have a policy.", hint) from None
    _count.made += 1
    if copied is not view:
        setattr(view, _HAS_COPY, True)
    return copied


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


def marks_made() -> int:
    """How many marks this process has made. If the number is unchanged, no view was marked since."""
    return _count.made


@dataclass
class _Count:
    made: int = 0


_count = _Count()


def wrong_import(module: str) -> PolicyError:
    """The error if the decorator of another framework was used."""
    message = "belongs to another framework."
    hint = f"Write from {module} import cross_origin."
    return PolicyError((Problem("wrong-type", "cross_origin", None, message, hint),))


def name_of(view: object) -> str:
    """The name of the view, in a form that is safe in a message. That of its class, if it has one."""
    inner: Any = view
    while isinstance(inner, functools.partial):
        inner = inner.func
    named: Any = class_of(inner) or inner
    if getattr(named, "__qualname__", None) is None and callable(named):
        named = type(cast("object", named))
    name, qualified = getattr(named, "__name__", None), getattr(named, "__qualname__", None)
    # REST framework's ``api_view`` gives its classes the name of the function, but not the qualified one.
    is_renamed = isinstance(named, type) and str(qualified).rpartition(".")[2] != name
    return shown((name if is_renamed else qualified) or view)


def _error(code: str, view: object, message: str, hint: str) -> PolicyError:
    return PolicyError((Problem(code, "cross_origin", view, message, hint),))


# Where a mark is found.


def mark_of(view: object, method: str) -> Any:
    """The policy on the mark of the view. In a class-based view, the mark of the method comes first.

    None if there is no mark.
    """
    inner = _without_partials(view)
    for place in (_handler(inner, method), inner, class_of(inner), _called(inner)):
        found = getattr(place, _ATTRIBUTE, None)
        if isinstance(found, _MARKS):  # proxies have every attribute
            return found.policy
    return None


def marks_of(view: object) -> Iterator[Any]:
    """The policies on all marks of the view and of its methods."""
    own = mark_of(view, "")
    if own is not None:
        yield own
    cls = class_of(_without_partials(view))
    for base in cls.__mro__ if cls else ():
        for member in vars(base).values():
            found = getattr(member, "__dict__", {}).get(_ATTRIBUTE)
            if isinstance(found, _MARKS):
                yield found.policy


def has_mark(view: object) -> bool:
    """Whether the view or one of its methods has a mark."""
    return any(True for _ in marks_of(view))


def has_marked_copy(view: object) -> bool:
    """Whether ``mark`` has made a copy of the view."""
    return getattr(view, _HAS_COPY, None) is True


def class_of(view: object) -> type | None:
    """The class behind a view: Flask and Django keep it as ``view_class``, REST framework as ``cls``."""
    cls = view if isinstance(view, type) else getattr(view, "view_class", None) or getattr(view, "cls", None)
    return cls if isinstance(cls, type) else None


def _without_partials(view: Any) -> Any:
    partial: type[Any] = functools.partial
    while isinstance(view, partial) and not hasattr(view, _ATTRIBUTE):
        view = view.func
    return view


def _handler(view: object, method: str) -> object:
    """The function of a class-based view for this request method. For HEAD, that can be ``get``."""
    cls = class_of(view)
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


def _called(view: Any) -> object:
    """The method that Python runs when it calls the object. It belongs to the class of the object."""
    cls: Any = type(cast("object", view))
    return None if isinstance(view, type) else getattr(cls, "__call__", None)  # noqa: B004  # not whether, but what


# Whether there is any policy in an application.


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
        if is_adapter or any(map(has_mark, values_of(getattr(each, "view_functions", None)))):
            return True
        found += [getattr(each, name, None) for name in _CALLED]
        found += values_of(getattr(each, "mounts", None))
    return False


_MOST_SEEN = 100
_CALLED = ("app", "wsgi_app", "application", "__self__", "__wrapped__", "_middleware_chain", "get_response")


def values_of(mapping: object) -> list[object]:
    """The values of a dict. Empty for anything else, because proxies have every attribute."""
    return list(cast("dict[object, object]", mapping).values()) if isinstance(mapping, dict) else []
