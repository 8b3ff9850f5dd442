"""Flask-CORS: ``CORS(app)``, ``CORS(blueprint)`` and ``@cross_origin``."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from crosscors._adapter.marks import name_of
from crosscors.cli.check.checked import Checked, Equivalent, InForce
from crosscors.cli.check.elsewhere.mending import Mended, mended
from crosscors.cli.check.elsewhere.origins import (
    REMARK,
    TYPES_REMARK,
    allows_types,
    as_options,
    is_open_ended,
    meant_as_pattern,
    open_ended,
    patterns_in,
    plainest,
)
from crosscors.cli.check.elsewhere.theirs import (
    WIDTH,
    Theirs,
    arguments,
    call,
    code,
    comments,
    judged,
)
from crosscors.cli.check.in_force import EVERY_PATH, reachable
from crosscors.core.errors import shown
from crosscors.core.policy import DEFAULTS
from crosscors.core.values import ANY, Findings, collected, warned
from crosscors.core.words import Words

LIBRARY = "Flask-CORS"
_Entry = str | re.Pattern[str]  # of its options, when it has resolved them
EVERYTHING = (ANY, "/*", ".*", "/.*", r"/.*")
_REGEX_SIGNS = re.compile(r"[\\^$*+?()\[\]{}|]")


def check(app: object) -> Checked:
    """What the application's Flask-CORS allows, and how to write it here."""
    if "flask_cors.core" not in sys.modules:
        return Checked()
    from flask import Flask  # noqa: PLC0415  # imported already

    checked = Checked()
    for flask in (each for each in reachable(app) if isinstance(each, Flask)):
        for holder, resources in resources_in(flask):
            checked += _of_resources(flask, holder, resources)
        for view, options in views_in(flask):
            checked += _of_view(view, options, flask.config)
    return checked


# Reading their objects.


def resources_in(flask: Any) -> Iterator[tuple[str | None, list[tuple[_Entry, Any]]]]:
    """The resources of the application (None) and of its blueprints, as Flask-CORS resolved them."""
    for name, functions in flask.after_request_funcs.items():
        for function in functions:
            if getattr(function, "__module__", "") == "flask_cors.extension":
                yield name, list(inspect.getclosurevars(function).nonlocals["resources"])


def views_in(flask: Any) -> Iterator[tuple[object, Any]]:
    """The views with ``@cross_origin``, each with its options."""
    from flask_cors.core import get_cors_options  # noqa: PLC0415  # imported already

    make_options: Callable[..., Any] = get_cors_options
    for view in dict.fromkeys(flask.view_functions.values()):
        # functools.wraps gives it the module of the view, but the globals stay those of Flask-CORS.
        if getattr(view, "__globals__", {}).get("__name__") == "flask_cors.decorator":
            yield view, make_options(flask, inspect.getclosurevars(view).nonlocals["_options"])


def option_of(options: Any, name: str) -> Any:
    """An option as Flask-CORS resolved it. It keeps them in an object; before 6.0.3, in a dict."""
    if isinstance(options, Mapping):
        return cast("Mapping[str, Any]", options)[name]
    return getattr(options, name)


def _theirs(where: str, given: Any, words: Words) -> Theirs:
    """The options of one resource or view as those of CORSPolicy."""
    origins: list[_Entry] = list(option_of(given, "origins"))
    allows_all = ".*" in map(text_of, origins)
    literals = [each.lower() for each in origins if isinstance(each, str) and each != ".*"]
    compiled = [] if allows_all else [each for each in origins if isinstance(each, re.Pattern)]
    is_credentialed = bool(option_of(given, "supports_credentials"))
    expressions = [each for each in compiled if not meant_as_pattern(each)]
    patterns = patterns_in(
        [each.pattern for each in compiled if meant_as_pattern(each)],
        words.name("allow_origins"),
        _pattern_as_expression,
        is_credentialed=is_credentialed,
    )
    found = (
        patterns.found + open_ended(words.name("allow_origins"), expressions) + _unsafe_switches(given, words)
    )
    headers, of_headers = _headers(option_of(given, "allow_headers"), words)
    plain = tuple(map(plainest, expressions))
    max_age = option_of(given, "max_age")
    options = {
        **as_options([*([ANY] if allows_all else []), *literals, *patterns.origins], plain),
        "allow_methods": _in_usual_order(names_in(option_of(given, "methods"))),
        "allow_headers": headers,
        "allow_credentials": is_credentialed,
        "expose_headers": names_in(option_of(given, "expose_headers")),
        "max_age": int(max_age) if max_age else None,
    }
    remarks = [*patterns.remarks]
    remarks += [REMARK] if any(map(is_open_ended, expressions)) else []
    remarks += [] if allows_types(headers) else [TYPES_REMARK]
    return Theirs(where, options, found + of_headers, tuple(remarks), plain)


def text_of(pattern: _Entry) -> str:
    """What was written for a resolved entry."""
    return pattern.pattern if isinstance(pattern, re.Pattern) else pattern


def names_in(text: str | None) -> list[str]:
    """The names in one of its options that it has joined to the value of a header."""
    return [each.strip() for each in text.split(",")] if text else []


def _in_usual_order(methods: list[str]) -> list[str]:
    """The methods as the default has them, if they are the same: Flask-CORS sorts them."""
    from crosscors.flask.policies import DEFAULTS as OF_FLASK  # noqa: PLC0415  # Flask is there

    usual = list(cast("tuple[str, ...]", OF_FLASK["allow_methods"]))
    return usual if set(usual) == set(methods) else methods


def _pattern_as_expression(pattern: str) -> str:
    """What Flask-CORS does with a pattern."""
    repeated = "slash" if "//*" in pattern else "colon"
    stranger = pattern.replace("*.", "x").replace(":*", "") + ".evil.example"
    so = f" So it lets in {stranger}." if re.match(pattern, stranger) else ""
    return f'is a regular expression in Flask-CORS, where "*" repeats the {repeated} before it.{so}'


def _unsafe_switches(given: Any, words: Words) -> Findings:
    """Warnings about switches that let caches hand a response to the wrong page."""
    from crosscors.flask.options import SWITCHES  # noqa: PLC0415  # Flask is there

    return collected(
        warned("always-on", words.name(name), False, f"would {SWITCHES[name]}.")
        for name in ("vary_header", "always_send")
        if not option_of(given, name)
    )


def _headers(names: Iterable[_Entry], words: Words) -> tuple[list[str], Findings]:
    """The names of request headers. Expressions among them have no equivalent, except the one for all."""
    texts = [*map(text_of, names)]
    if ".*" in texts:
        return [ANY], Findings()
    found = Findings()
    for each in (name for name in names if isinstance(name, re.Pattern)):
        message = "is a regular expression. Here, names are compared as they are."
        found += warned(
            "header-as-regex", words.name("allow_headers"), each.pattern, message, "List each name."
        )
    return [name for name in names if isinstance(name, str)], found


# What to write here.


def _of_resources(flask: Any, holder: str | None, resources: Iterable[tuple[Any, Any]]) -> Checked:
    """The equivalent of one call of CORS."""
    found, in_force = Findings(), list[InForce]()
    by_key: list[tuple[_Entry, Mended]] = []
    remarks = [*_leftovers(flask.config)]
    for pattern, options in resources:
        key = _key(pattern)
        if isinstance(key, str) and not key.startswith("/"):
            found += _never_matching(key)
            key = f"/{key}"
            remarks.append(f"resources: {shown(key[1:])} is now {shown(key)}.")
        where = _where(holder, key)
        words = _words(where)
        theirs = _theirs(where, options, words)
        ours = mended(theirs, words)
        by_key.append((key, ours))
        in_force.append(InForce(where, ours.policy))
        found += judged(theirs, words)
    remarks += [remark for _, ours in by_key for remark in ours.remarks]
    name = "app" if holder is None else "blueprint"
    is_whole = len(by_key) == 1 and by_key[0][0] == "/*"
    given = (
        keywords(by_key[0][1], flask.config)
        if is_whole
        else [("resources", _resources_code(by_key, flask.config))]
    )
    text = _with_imports(
        "from crosscors.flask import CORS", comments(dict.fromkeys(remarks)) + call("CORS", name, given)
    )
    library = LIBRARY if holder is None else f"{LIBRARY} of the blueprint {holder}"
    return Checked(found=found, equivalents=(Equivalent(library, text, tuple(in_force)),))


def _of_view(view: object, options: Any, config: Mapping[str, object]) -> Checked:
    where = f"the view {name_of(view)}"
    words = _words(where)
    theirs = _theirs(where, options, words)
    ours = mended(theirs, words)
    decorator = f"@{call('cross_origin', '', keywords(ours, config))}"
    text = _with_imports("from crosscors.flask import cross_origin", comments(ours.remarks) + decorator)
    equivalent = Equivalent(f"{LIBRARY} of {where}", text, (InForce(where, ours.policy),))
    return Checked(found=judged(theirs, words), equivalents=(equivalent,))


def _never_matching(key: str) -> Findings:
    message = "matches no path, because paths begin with a slash."
    return warned("path-relative", "resources", key, message, f'Write "/{key}".')


def _leftovers(config: Mapping[str, object]) -> Iterator[str]:
    """Remarks about the configuration, which stays where it is."""
    from crosscors.flask.options import SWITCHES  # noqa: PLC0415  # Flask is there

    names = [
        name for name in (f"CORS_{each.upper()}" for each in SWITCHES) if config.get(name, True) is not True
    ]
    if names:
        yield f"Leave {' and '.join(names)} out of the configuration, too."


def _words(where: str) -> Words:
    from crosscors.flask.words import FLASK_NAMES, FlaskWords, Label  # noqa: PLC0415  # Flask is there

    labels = {
        option: Label(FLASK_NAMES.get(option, option))
        for option in DEFAULTS
        if option != "allow_origin_regex"
    }
    return FlaskWords(labels, "" if where == EVERY_PATH else f"{where}:")


def _key(pattern: _Entry) -> _Entry:
    """The resource as a key of ``resources`` here. Theirs match the beginning of a path."""
    text = text_of(pattern)
    if text in EVERYTHING:
        return "/*"
    if isinstance(pattern, str):
        return pattern
    stem = text.removeprefix("^").removesuffix("$").removesuffix("*").removesuffix(".")
    if stem.endswith("/") and _REGEX_SIGNS.search(stem) is None:
        return f"{stem}*"
    return pattern if text.endswith(("$", ".*")) else re.compile(f"{text}.*", pattern.flags)


def _where(holder: str | None, key: _Entry) -> str:
    path = EVERY_PATH if key == "/*" else key if isinstance(key, str) else f"paths that match {key.pattern}"
    return path if holder is None else f"{path} of the blueprint {holder}"


def _resources_code(by_key: Iterable[tuple[_Entry, Mended]], config: Mapping[str, object]) -> str:
    entries = [f"        {code(key)}: {_dict(keywords(ours, config), code(key))}," for key, ours in by_key]
    return "\n".join(["{", *entries, "    }"])


def _dict(given: Iterable[tuple[str, str]], key: str) -> str:
    items = [f"{code(name)}: {text}" for name, text in given]
    in_one_line = f"{{{', '.join(items)}}}"
    if len(f"        {key}: {in_one_line},") <= WIDTH:
        return in_one_line
    return "\n".join(["{", *(f"            {item}," for item in items), "        }"])


def keywords(ours: Mended, config: Mapping[str, object]) -> list[tuple[str, str]]:
    """The options by Flask-CORS's names: those that differ from the defaults or are in the configuration."""
    from crosscors.flask.policies import DEFAULTS as OF_FLASK  # noqa: PLC0415  # Flask is there
    from crosscors.flask.words import FLASK_NAMES  # noqa: PLC0415  # Flask is there

    options = dict(arguments(ours.policy, dict.fromkeys(DEFAULTS, object())))
    del options["allow_origin_regex"], options["allow_origin_func"]
    options["allow_origins"] = code([*ours.policy.allow_origins, *ours.expressions])
    defaults = {**DEFAULTS, **OF_FLASK, "allow_origins": (ANY,), "allow_headers": (ANY,)}
    plain = {option: code(value) for option, value in defaults.items()}
    return [
        (FLASK_NAMES.get(option, option), text)
        for option, text in options.items()
        if text != plain[option] or f"CORS_{FLASK_NAMES.get(option, option).upper()}" in config
    ]


def _with_imports(line: str, text: str) -> str:
    return f"import re\n\n{line}\n\n{text}" if "re.compile(" in text else f"{line}\n\n{text}"
