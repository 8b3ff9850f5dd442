"""Starlette's and FastAPI's CORSMiddleware."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from crosscors.cli.check.checked import Checked, Equivalent, InForce
from crosscors.cli.check.elsewhere.mending import Mended, mended
from crosscors.cli.check.elsewhere.origins import patterns_in
from crosscors.cli.check.elsewhere.theirs import (
    PlacedWords,
    Theirs,
    arguments,
    call,
    comments,
    judged,
)
from crosscors.cli.check.in_force import EVERY_PATH, reachable
from crosscors.core.values import ANY, Findings, as_list, collected, warned
from crosscors.core.words import KEYWORDS, Words

LIBRARY = "Starlette's CORSMiddleware"


def check(app: object) -> Checked:
    """What the application's CORSMiddleware of Starlette allows, and how to write it here."""
    if "starlette.middleware.cors" not in sys.modules:
        return Checked()
    checked = Checked()
    for where, holder, options in _found_in(app, ""):
        words = KEYWORDS if where == EVERY_PATH else PlacedWords(where)
        theirs = _theirs(where, options, words)
        ours = mended(theirs, KEYWORDS)
        text = _text(holder, ours)
        library = LIBRARY if where == EVERY_PATH else f"{LIBRARY} of {where}"
        equivalent = Equivalent(library, text, (InForce(where, ours.policy),))
        checked += Checked(found=judged(theirs, words), equivalents=(equivalent,))
    return checked


def _theirs(where: str, options: Mapping[str, Any], words: Words) -> Theirs:
    origins = as_list(options.get("allow_origins", ()))
    is_credentialed = options.get("allow_credentials") is True
    patterns = patterns_in(
        origins, words.name("allow_origins"), lambda _: _AS_TEXT, is_credentialed=is_credentialed
    )
    kept = {**options, "allow_origins": patterns.origins}
    return Theirs(where, kept, _strings(options, words) + patterns.found, patterns.remarks)


_AS_TEXT = "lets nobody in: Starlette compares it as text."
_LETTERS = "is one string. Starlette reads it letter by letter, so it allows nothing."
_TEXT = "is one string. Starlette looks for the origin in it, so it also lets in parts of it, such as {}."


def _strings(options: Mapping[str, Any], words: Words) -> Findings:
    """Warnings about strings where Starlette takes lists."""
    strings = {
        name: value
        for name, value in options.items()
        if name in _LISTS and isinstance(value, str) and value != ANY
    }
    return collected(
        warned(
            "string-as-list",
            words.name(name),
            value,
            _TEXT.format(value[:-1]) if name == "allow_origins" else _LETTERS,
            "Write " + words.setting(name, f'["{value}"]') + ".",
        )
        for name, value in strings.items()
    )


_LISTS = ("allow_origins", "allow_methods", "allow_headers", "expose_headers")


def _text(holder: object, ours: Mended) -> str:
    names = {(each.__module__.partition(".")[0], each.__name__) for each in type(holder).__mro__}
    given, remarks = arguments(ours.policy), comments(ours.remarks)
    if hasattr(holder, "path"):  # a route
        return f"from crosscors.starlette import cross_origin\n\n{remarks}@{call('cross_origin', '', given)}"
    if ("starlette", "Starlette") not in names:
        return (
            "from crosscors.asgi import CORSMiddleware\n\n"
            f"{remarks}app = {call('CORSMiddleware', 'app', given)}"
        )
    module = "fastapi" if ("fastapi", "FastAPI") in names else "starlette"
    return f"from crosscors.{module} import CORS\n\n{remarks}{call('CORS', 'app', given)}"


def _found_in(app: object, prefix: str) -> Iterator[tuple[str, object, dict[str, Any]]]:
    """Each CORSMiddleware: what it covers, the application or route that has it, its options."""
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
            for route in routing.routes_in(part):
                path = f"{prefix}{getattr(route, 'path', '')}"
                if routing.is_mount(route):
                    yield from _found_in(routing.app_of(route), path)
                else:
                    yield from (
                        (path, route, options_of(each))
                        for each in reachable(getattr(route, "app", None))
                        if isinstance(each, CORSMiddleware)
                    )


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
