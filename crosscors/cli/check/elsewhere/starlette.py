"""Starlette's and FastAPI's CORSMiddleware."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from crosscors.cli.check.checked import Checked, Equivalent, InForce
from crosscors.cli.check.elsewhere.theirs import (
    Mended,
    PlacedWords,
    Theirs,
    arguments,
    call,
    comments,
    judged,
    mended,
)
from crosscors.cli.check.in_force import EVERY_PATH, reachable
from crosscors.core.values import ANY
from crosscors.core.words import KEYWORDS

LIBRARY = "Starlette's CORSMiddleware"


def check(app: object) -> Checked:
    """What the application's CORSMiddleware of Starlette allows, and how to write it here."""
    if "starlette.middleware.cors" not in sys.modules:
        return Checked()
    checked = Checked()
    for where, holder, options in _found_in(app, ""):
        theirs = Theirs(where, options)
        words = KEYWORDS if where == EVERY_PATH else PlacedWords(where)
        ours = mended(theirs, words)
        text = _text(holder, ours)
        library = LIBRARY if where == EVERY_PATH else f"{LIBRARY} of {where}"
        equivalent = Equivalent(library, text, (InForce(where, ours.policy),))
        checked += Checked(found=judged(theirs, words), equivalents=(equivalent,))
    return checked


def _text(holder: object, ours: Mended) -> str:
    module, given, remarks = _module_for(holder), arguments(ours.policy), comments(ours.remarks)
    if module == "crosscors.asgi":
        return f"from {module} import CORSMiddleware\n\n{remarks}app = {call('CORSMiddleware', 'app', given)}"
    return f"from {module} import CORS\n\n{remarks}{call('CORS', 'app', given)}"


def _module_for(holder: object) -> str:
    names = {(each.__module__.partition(".")[0], each.__name__) for each in type(holder).__mro__}
    if ("fastapi", "FastAPI") in names:
        return "crosscors.fastapi"
    return "crosscors.starlette" if ("starlette", "Starlette") in names else "crosscors.asgi"


def _found_in(app: object, prefix: str) -> Iterator[tuple[str, object, dict[str, Any]]]:
    """Each CORSMiddleware: what it covers, the application that has it, its options."""
    from starlette.applications import Starlette  # noqa: PLC0415  # imported already
    from starlette.middleware.cors import CORSMiddleware  # noqa: PLC0415  # imported already
    from starlette.routing import Router  # noqa: PLC0415  # imported already

    from crosscors.starlette import routing  # noqa: PLC0415  # imported already

    where = f"{prefix}/*" if prefix else EVERY_PATH
    for part in reachable(app):
        if isinstance(part, Starlette):
            for middleware in part.user_middleware:
                cls: Any = middleware.cls
                if isinstance(cls, type) and issubclass(cls, CORSMiddleware):
                    yield where, part, given_options(cls, middleware.args, middleware.kwargs)
        elif isinstance(part, CORSMiddleware) and not _is_added(part, app):
            yield where, None, options_of(part)
        elif isinstance(part, Router):
            for route in filter(routing.is_mount, routing.routes_in(part)):
                yield from _found_in(routing.app_of(route), f"{prefix}{getattr(route, 'path', '')}")


def _is_added(middleware: object, app: object) -> bool:
    """Whether Starlette made the object, for ``add_middleware``. Then its arguments are read instead."""
    from starlette.applications import Starlette  # noqa: PLC0415  # imported already

    from crosscors.starlette import routing  # noqa: PLC0415  # imported already

    stacks = (each.middleware_stack for each in reachable(app) if isinstance(each, Starlette))
    return any(part is middleware for stack in stacks for part in routing.wrapped(stack))


def given_options(cls: type, positional: Iterable[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by their names."""
    names = [name for name in inspect.signature(cls).parameters if name != "app"]
    return _meant({**dict(zip(names, positional, strict=False)), **keywords})


def options_of(middleware: Any) -> dict[str, Any]:
    """The options of a CORSMiddleware that was made. It keeps some of them as headers only."""
    headers: Mapping[str, str] = middleware.simple_headers
    exposed = headers.get("Access-Control-Expose-Headers", "")
    always = ("accept", "accept-language", "content-language", "content-type")
    return _meant(
        {
            "allow_origins": middleware.allow_origins,
            "allow_origin_regex": middleware.allow_origin_regex,
            "allow_methods": middleware.allow_methods,
            "allow_headers": ANY
            if middleware.allow_all_headers
            else [name for name in middleware.allow_headers if name not in always],
            "allow_credentials": "Access-Control-Allow-Credentials" in headers,
            "expose_headers": exposed.split(", ") if exposed else [],
            "max_age": int(middleware.preflight_headers["Access-Control-Max-Age"]),
        }
    )


def _meant(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options without the one that browsers ignore, and with lists where a string would be one."""
    kept = {name: value for name, value in options.items() if name != "allow_private_network"}
    return {
        name: list(cast("Iterable[object]", value)) if isinstance(value, (set, frozenset, tuple)) else value
        for name, value in kept.items()
    }
