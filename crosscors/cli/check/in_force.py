"""Which policies are in force: on which paths of an application, and on which views.

The objects of the application are looked at. Nothing of it is called, except that Starlette builds its
middleware.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, cast

from crosscors._adapter.decider import Decider
from crosscors._adapter.marks import marks_of, name_of, values_of
from crosscors._adapter.outside import ADAPTER
from crosscors.cli.check.checked import InForce
from crosscors.core.errors import PolicyError
from crosscors.core.live import current
from crosscors.core.policy import CORSPolicy, Policies
from crosscors.core.resources import Resources, items_of
from crosscors.core.values import Findings

EVERY_PATH = "every path"
# What wrappers call the application in them, by convention.
_WRAPPED = ("app", "wsgi_app", "asgi_app", "application", "__self__", "__wrapped__")
_MOST_SEEN = 1000


def by_path(policies: Policies, prefix: str = "") -> Iterator[InForce]:
    """The policies of an adapter, by path.

    Args:
        prefix: where the application is mounted.
    """
    policies = current(policies)
    if not isinstance(policies, Resources):
        yield InForce(f"{prefix}/*" if prefix else EVERY_PATH, policies.everywhere)
        return
    for key, policy in items_of(policies):
        path = f"{prefix}{key}" if isinstance(key, str) else f"{prefix or 'paths'} that match {key.pattern}"
        yield InForce(path, policy)


def problems_in(app: object) -> Findings:
    """The problems of policies that were given to ``add_middleware``. Starlette makes them later."""
    found = Findings()
    for part in reachable(app):
        build: object = getattr(part, "build_middleware_stack", None)
        if callable(build) and getattr(part, "middleware_stack", None) is None:
            found += _problems_of(build)
    return found


def _problems_of(build: Callable[[], object]) -> Findings:
    found = Findings()
    with suppress(Exception):  # the application raises all others again when it is called
        try:
            build()
        except PolicyError as error:
            found = Findings(error.problems)
    return found


def of_application(app: object, prefix: str = "") -> tuple[InForce, ...]:
    """The policies that crosscors delivers in the application."""
    found = [each for part in reachable(app) for each in _of_part(part, prefix)]
    return tuple({(each.where, id(each.policy)): each for each in found}.values())


def _of_part(part: Any, prefix: str) -> Iterator[InForce]:
    decider: object = getattr(part, "_decider", None)
    if isinstance(decider, Decider):
        yield from by_path(decider.policies, prefix)
    yield from _of_flask(part)
    yield from _of_routes(part, prefix)


def _of_flask(part: object) -> Iterator[InForce]:
    extensions: object = getattr(part, "extensions", None)
    adapter: Any = (
        cast("dict[str, object]", extensions).get("crosscors") if isinstance(extensions, dict) else None
    )
    if adapter is not None:
        for where, policies in adapter.view_policies.in_force():
            yield from (InForce(_both(where, each.where), each.policy) for each in by_path(policies))


def _both(where: str, path: str) -> str:
    return where if path == EVERY_PATH else f"{where} at {path}"


def _of_routes(part: object, prefix: str) -> Iterator[InForce]:
    """The policies of Starlette's endpoints and of what is mounted in a router."""
    if "starlette.routing" not in sys.modules:
        return
    from starlette.routing import Router  # noqa: PLC0415  # imported already, or there is no router

    from crosscors.starlette import routing  # noqa: PLC0415  # Starlette is there

    if not isinstance(part, Router):
        return
    for route in routing.routes_in(part):
        path = f"{prefix}{getattr(route, 'path', '')}"
        if routing.is_mount(route):
            yield from of_application(routing.app_of(route), path)
            continue
        endpoint = routing.endpoint_of(route)
        for policy in cast("Iterable[CORSPolicy]", marks_of(endpoint)):
            yield InForce(f"{path} (the endpoint {name_of(endpoint)})", policy)


def reachable(app: object) -> Iterator[object]:
    """The application, what wraps it, and what it wraps, as far as that can be seen."""
    seen: dict[int, object] = {}  # it keeps the objects, so no other object gets their ids
    left = [app]
    while left and len(seen) < _MOST_SEEN:
        each = left.pop(0)
        if each is None or id(each) in seen:
            continue
        seen[id(each)] = each
        yield each
        left += [getattr(each, name, None) for name in _WRAPPED]
        left += values_of(getattr(each, "mounts", None))
        left += _in_starlette(each)


def _in_starlette(part: object) -> list[object]:
    if "starlette.applications" not in sys.modules:
        return []
    from starlette.applications import Starlette  # noqa: PLC0415  # imported already

    from crosscors.starlette import routing  # noqa: PLC0415  # Starlette is there

    if not isinstance(part, Starlette):
        return []
    return [getattr(part, ADAPTER, None), *routing.called(part)]
