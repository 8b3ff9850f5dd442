"""The policies of an aiohttp application: its own, those of its handlers and of its sub-applications."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from crosscors._adapter.marks import marks_of, name_of
from crosscors.cli.check.checked import InForce
from crosscors.cli.check.in_force import by_path

if TYPE_CHECKING:
    from aiohttp.web import Application


def of_aiohttp(app: object) -> tuple[InForce, ...]:
    """The policies that crosscors delivers in the application; none if it is not one of aiohttp."""
    if "crosscors.aiohttp" not in sys.modules:
        return ()
    from aiohttp import web  # noqa: PLC0415  # imported already, or there is no adapter

    if not isinstance(app, web.Application):
        return ()
    found = (*_of_adapters(app, ""), *_of_handlers(app))
    return tuple({(each.where, id(each.policy)): each for each in found}.values())


def _of_handlers(app: Application) -> Iterator[InForce]:
    for route in app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        for policy in marks_of(route.handler):
            yield InForce(f"{path} (the handler {name_of(route.handler)})", policy)


def _of_adapters(app: Application, prefix: str) -> Iterator[InForce]:
    from crosscors.aiohttp.covering import COVERED  # noqa: PLC0415  # aiohttp is there

    covered = app.get(COVERED)
    if covered is not None:
        yield from by_path(covered.policies, prefix)
        for path, policy in () if covered.routes is None else covered.routes.policies():
            yield InForce(path, policy)
    for resource in app.router.resources():
        info = resource.get_info()
        if "app" in info:
            yield from _of_adapters(info["app"], info.get("prefix", prefix))
