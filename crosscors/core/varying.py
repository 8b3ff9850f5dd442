"""``varies_on``: which request headers a function reads, so that Vary names them.

The names are left on the function itself. A policy finds them there, whatever is wrapped around the function.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any, TypeVar, cast

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.standard import is_token
from crosscors.core.token_lists import unique
from crosscors.core.values import tokens_in

_Func = TypeVar("_Func")

_ATTRIBUTE = "__crosscors_varies_on__"


def varies_on(*names: str) -> Callable[[_Func], _Func]:
    """Name the request headers, other than Origin, that an ``allow_origin_func`` reads.

    Every response that the policy covers gets these names in Vary, so that a shared cache never serves the
    response for one value to a request with another. The function itself is marked and returned. It may be
    async, a method or an object with ``__call__``, and may be inside functools.partial and decorators that
    use functools.wraps. If the function has several of these decorators, all their names count. If ``"*"`` is
    in ``allow_origins``, the function is never called, and nothing is added to Vary.

    A preflight has no cookies and none of the headers that a script sets. It only names those headers, in
    Access-Control-Request-Headers. So a function that needs the value of ``X-Tenant`` does not find it in a
    preflight, and refuses requests that need one, unless it allows those whose ``is_preflight`` is true.

    Args:
        names: names of request headers, such as ``"X-Tenant"``; at least one.

    Raises:
        PolicyError: if a name is not a valid header name; if there is no name; if the parentheses are
            missing; if the decorated object is not a function, or cannot be marked.

    Example:
        >>> @varies_on("Accept-Language")
        ... def is_german(request):
        ...     return request.headers.get("accept-language") == "de"
        >>> from crosscors import CORSPolicy, CORSRequest
        >>> CORSPolicy(allow_origin_func=is_german).decide(CORSRequest("GET")).vary
        ('Origin', 'Accept-Language')

    Standard: RFC 9110, section 12.5.5.
    """
    problems = tuple(_problems_of(names))
    if problems:
        raise PolicyError(problems)

    def decorate(func: _Func) -> _Func:
        # In a class, a staticmethod or classmethod holds the function. Python returns the function itself.
        marked: Any = getattr(func, "__func__") if type(func) in _IN_CLASSES else func  # noqa: B009  # it has no type
        if not callable(marked):
            raise _error(
                func, f"can only decorate a function, not {shown(func)}.", "Write it above the function."
            )
        try:
            setattr(marked, _ATTRIBUTE, (*_own_names(marked), *names))
        except (AttributeError, TypeError, ValueError):
            hint = "Write it where the function is defined, or write varies_on(...)(functools.partial(func))."
            raise _error(func, f"cannot mark {shown(func)}.", hint) from None
        return func

    return decorate


def names_read_by(func: object) -> tuple[str, ...]:
    """The names that ``varies_on`` gave to the function, or to what it calls; without repeats.

    >>> names_read_by(functools.partial(varies_on("X-A", "x-a", "X-B")(lambda request: True)))
    ('X-A', 'X-B')
    """
    return unique(name for each in _layers(func) for name in _own_names(each))


def _layers(func: object) -> Iterator[object]:
    """The function, and everything that is known to be wrapped in it."""
    seen: dict[int, object] = {}
    layers = [func]
    while layers:
        layer = layers.pop()
        if id(layer) in seen:
            continue
        seen[id(layer)] = layer  # kept, so that no other object gets its id
        yield layer
        layers += [getattr(layer, _INSIDE[kind]) for kind in type(layer).__mro__ if kind in _INSIDE]
        # Not by getattr: proxies and mocks have every attribute, and each of those has every attribute again.
        layers.append(inspect.getattr_static(layer, "__wrapped__", None))
        layers.append(getattr(type(layer), "__call__", None))  # noqa: B004  # not whether, but what


_IN_CLASSES = (staticmethod, classmethod)
# Where these keep the function that they call.
_INSIDE = {functools.partial: "func", MethodType: "__func__", staticmethod: "__func__"}


def _own_names(layer: object) -> tuple[str, ...]:
    names: object = inspect.getattr_static(layer, _ATTRIBUTE, ())
    return cast("tuple[str, ...]", names) if isinstance(names, tuple) else ()


def _problems_of(names: tuple[object, ...]) -> Iterator[Problem]:
    example = 'Write @varies_on("X-Tenant").'
    if not names:
        yield Problem("wrong-type", "varies_on", None, "needs the name of a header.", example)
    for name in names:
        if not isinstance(name, str):
            is_bare = callable(name)
            message = (
                "needs parentheses." if is_bare else f"takes names of request headers, not {shown(name)}."
            )
            yield Problem("wrong-type", "varies_on", name, message, example)
        elif name == "*":
            message = '"*" is not the name of a header.'
            hint = "Name the headers that the function reads. If it reads anything else from the request, "
            hint += "send the response with Cache-Control: no-store, so that caches do not keep it."
            yield Problem("not-a-token", "varies_on", name, message, hint)
        elif not is_token(name):
            message = f"{shown(name)} is not a valid header name."
            listed = ", ".join(f'"{piece}"' for piece in tokens_in(name))
            hint = f"Write @varies_on({listed})." if listed else example
            yield Problem("not-a-token", "varies_on", name, message, hint)


def _error(func: object, message: str, hint: str) -> PolicyError:
    return PolicyError((Problem("wrong-type", "varies_on", func, message, hint),))
