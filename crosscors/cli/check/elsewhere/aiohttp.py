"""aiohttp-cors: ``aiohttp_cors.setup(app)`` and ``cors.add(...)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crosscors.cli.check.checked import Checked, Equivalent, InForce
from crosscors.cli.check.elsewhere.mending import Mended, mended
from crosscors.cli.check.elsewhere.origins import TYPES_REMARK, allows_types, patterns_in
from crosscors.cli.check.elsewhere.theirs import (
    PlacedWords,
    Theirs,
    arguments,
    code,
    comments,
    judged,
    without_warnings,
)
from crosscors.core.values import ANY, Findings
from crosscors.core.words import Words

LIBRARY = "aiohttp-cors"
# What aiohttp makes of a part of a path such as {id}.
_PARAMETER = re.compile(r"\(\?P<\w+>\[\^\{\}/\]\+\)")
_SAME = "{where}: origins have different options there. All of them get what every one of them has."


def check(app: object) -> Checked:
    """What the application's aiohttp-cors allows, and how to write it here."""
    found, in_force = Findings(), list[InForce]()
    by_key: list[tuple[str | re.Pattern[str], Mended]] = []
    for resource, config, defaults in _resources_in(app):
        key = _key(resource)
        where = key if isinstance(key, str) else f"paths that match {key.pattern}"
        words = PlacedWords(where)
        theirs = _theirs(where, _by_origin(config, defaults), words)
        ours = mended(theirs, words)
        by_key.append((key, ours))
        in_force.append(InForce(where, ours.policy))
        found += _judged(theirs, words)
    if not by_key:
        return Checked()
    return Checked(found=found, equivalents=(Equivalent(LIBRARY, _text(by_key), tuple(in_force)),))


# Reading its objects. What is private of it has one leading underscore, and is named here only.


def _resources_in(app: object) -> Iterator[tuple[Any, Any, Mapping[str, Any]]]:
    """Each resource with CORS, its configuration, and the configuration of all."""
    values: list[Any] = [*app.values()] if isinstance(app, Mapping) else []
    for config in values:
        implementation: Any = getattr(config, "_cors_impl", None)
        adapter: Any = getattr(implementation, "_router_adapter", None)
        for resource, of_resource in getattr(adapter, "_resource_config", {}).items():
            yield resource, of_resource, config.defaults


def _key(resource: Any) -> str | re.Pattern[str]:
    info: Mapping[str, Any] = resource.get_info()
    if "path" in info:
        return str(info["path"])
    if "prefix" in info:
        return f"{info['prefix']}/*"
    return re.compile(_PARAMETER.sub("[^/]+", info["pattern"].pattern))


def _by_origin(config: Any, defaults: Mapping[str, Any]) -> dict[str, tuple[Any, frozenset[str]]]:
    """The options of each origin, and the methods for which it may preflight."""
    whole: dict[str, Any] = {**defaults, **config.default_config}
    routes: dict[str, Mapping[str, Any]] = config.method_config
    every = {**whole, **{origin: each for of_route in routes.values() for origin, each in of_route.items()}}
    return {origin: (each, _methods(each) | _routed(origin, whole, routes)) for origin, each in every.items()}


def _routed(origin: str, whole: Mapping[str, Any], routes: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The methods that were added with ``cors.add``, for this origin or for all that the resource has."""
    return frozenset(method for method, of_route in routes.items() if origin in whole or origin in of_route)


def _methods(options: Any) -> frozenset[str]:
    methods = options.allow_methods
    return frozenset(ANY) if methods == ANY else frozenset(methods or ())


def _judged(theirs: Theirs, words: Words) -> Findings:
    """What is wrong. An origin beside ``"*"`` is not redundant there: it has options of its own."""
    return without_warnings(judged(theirs, words), "already-covered")


# What it means.


def _theirs(where: str, by_origin: Mapping[str, tuple[Any, frozenset[str]]], words: Words) -> Theirs:
    each = [options for options, _ in by_origin.values()]
    methods = [of_origin for _, of_origin in by_origin.values()]
    ages = [options.max_age for options in each]
    parts = (
        methods,
        [options.allow_headers for options in each],
        [options.expose_headers for options in each],
        ages,
    )
    with_cookies = [origin for origin, (options, _) in by_origin.items() if options.allow_credentials]
    patterns = patterns_in(
        by_origin, words.name("allow_origins"), lambda _: _AS_TEXT, is_credentialed=bool(with_cookies)
    )
    headers = _common(parts[1])
    options = {
        "allow_origins": patterns.origins,
        "allow_methods": _common(methods),
        "allow_headers": [_cased(name) for name in headers],
        "allow_credentials": len(with_cookies) == len(by_origin)
        or [each for each in with_cookies if each in patterns.origins],
        "expose_headers": [_cased(name) for name in _common(parts[2])],
        "max_age": None if None in ages else min(ages, default=None),
    }
    is_same = all(all(value == values[0] for value in values) for values in parts)
    remarks = [*patterns.remarks]
    remarks += [] if is_same else [_SAME.format(where=where)]
    remarks += [] if allows_types(headers) else [TYPES_REMARK]
    return Theirs(where, options, patterns.found, tuple(remarks))


_AS_TEXT = "lets nobody in: aiohttp-cors compares it as text."


def _common(values: Iterable[Any]) -> list[str]:
    """What all of them have. ``"*"`` has everything."""
    lists: list[set[str]] = [set(each) for each in values if ANY not in each]
    return [each for each in sorted(lists[0]) if all(each in other for other in lists)] if lists else [ANY]


def _cased(name: str) -> str:
    """The name of a header as it is usually written. aiohttp-cors keeps it in upper case."""
    return "-".join(part.capitalize() for part in name.split("-"))


# What to write here.


def _text(by_key: Iterable[tuple[str | re.Pattern[str], Mended]]) -> str:
    pairs = list(by_key)
    remarks = dict.fromkeys(remark for _, ours in pairs for remark in ours.remarks)
    lines = [f"    {code(key)}: CORSPolicy({_keywords(ours)})," for key, ours in pairs]
    resources = "\n".join(["Resources({", *lines, "})"])
    imports = "import re\n\n" if "re.compile(" in resources else ""
    imports += "from crosscors import CORSPolicy, Resources\n"
    return f"{imports}from crosscors.aiohttp import CORS\n\n{comments(remarks)}CORS(app, policy={resources})"


def _keywords(ours: Mended) -> str:
    return ", ".join(f"{name}={text}" for name, text in arguments(ours.policy))
