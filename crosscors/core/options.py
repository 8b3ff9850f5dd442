"""The options of a policy: their values in final form, and every problem that they have.

``read_options`` is all or nothing: it returns options that work and are safe, or raises
PolicyError with everything that is wrong. What there is to warn of it returns as well: whether that is said
is for others to decide.
"""

from __future__ import annotations

import difflib
import inspect
import re
import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeGuard, cast

from crosscors.core import fields
from crosscors.core.credentials import DANGERS, entry_problems, regex_problems, sites_with_credentials
from crosscors.core.decision import CORSRequest
from crosscors.core.errors import PolicyError, PolicyWarning, Problem, shown
from crosscors.core.origin_faults import mended, problems_of
from crosscors.core.origins import ANY, OriginSet, is_entry, is_serialized_origin
from crosscors.core.public_suffixes import SuffixListError
from crosscors.core.regexes import matches, quick_length

OriginFunc = Callable[[CORSRequest], bool] | Callable[[CORSRequest], Awaitable[bool]]

# The longest that any browser keeps a preflight is a day (Firefox); Chromium keeps it two hours.
LONGEST_USEFUL_MAX_AGE = 86400
LONGEST_POSSIBLE_MAX_AGE = 2**31 - 1

# What users of other libraries write, where the spelling is too far off for difflib.
_NAMES_ELSEWHERE = {
    "credentials": "allow_credentials",
    "supports_credentials": "allow_credentials",
    "headers": "allow_headers",
    "methods": "allow_methods",
    "origin": "allow_origins",
    "origins": "allow_origins",
    "cors_allowed_origins": "allow_origins",
    "preflight_max_age": "max_age",
}

# What is no option of a policy, but of what delivers it.
_KEYWORDS_OF_ADAPTERS = {
    "debug": "It belongs to the application: CORS(app, debug=...), or CORSMiddleware(app, debug=...).",
    "on_decision": "It belongs to the application: CORS(app, on_decision=...), or CORSMiddleware(app, ...).",
    "resources": 'Write policy=Resources({"/api/*": CORSPolicy(...)}).',
}

_EXAMPLES = {
    "allow_origins": '["https://app.example.com"]',
    "allow_origin_regex": r'r"https://[a-z]+\.example\.com"',
    "allow_methods": '["GET", "POST"]',
    "allow_headers": '["Authorization"]',
    "allow_credentials": 'True, or allow_credentials=["https://app.example.com"]',
    "expose_headers": '["X-Request-Id"]',
    "dangerously_allow": '["insecure-origins"]',
}

# Names that nobody needs to list. Content-Type is always allowed, too, but only a few of its values are
# safelisted ("CORS-safelisted request-header"): all other libraries want it listed, so it is no slip.
_ALWAYS_ALLOWED = frozenset(name.lower() for name in fields.ALWAYS_ALLOWED_HEADERS) - {"content-type"}
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Options:
    """The options of a policy in their final form; documented at CORSPolicy."""

    allow_origins: tuple[str, ...] = ()
    allow_origin_regex: re.Pattern[str] | None = None
    allow_origin_func: OriginFunc | None = field(default=None, hash=False)  # it may be unhashable
    allow_methods: tuple[str, ...] = ("GET",)
    allow_headers: tuple[str, ...] = ()
    allow_credentials: bool | tuple[str, ...] = False
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = 600
    allow_private_network: bool = False
    dangerously_allow: tuple[str, ...] = ()


DEFAULTS: Mapping[str, object] = vars(Options())
OPTION_NAMES = tuple(DEFAULTS)


def read_options(
    given: Mapping[str, object], unknown: Mapping[str, object]
) -> tuple[Options, tuple[Problem, ...]]:
    """The options in their final form, and what is legal in them, but surely not meant.

    Raises:
        PolicyError: with every problem of the given values, and of the unknown names.
    """
    found = _Findings()
    options = Options(
        allow_origins=_read_origins("allow_origins", given["allow_origins"], found),
        allow_origin_regex=_read_regex(given["allow_origin_regex"], found),
        allow_origin_func=_read_func(given["allow_origin_func"], found),
        allow_methods=_read_methods(given["allow_methods"], found),
        allow_headers=_read_request_headers(given["allow_headers"], found),
        allow_credentials=_read_credentials(given["allow_credentials"], found),
        expose_headers=_read_response_headers(given["expose_headers"], found),
        max_age=_read_max_age(given["max_age"], found),
        allow_private_network=_read_private_network(given["allow_private_network"], found),
        dangerously_allow=_read_dangers(given["dangerously_allow"], found),
    )
    _check_credentials(options, found)
    _check_coverage(options, found)
    for name, value in unknown.items():
        message = f"there is no option {shown(name)}."
        found.problem("unknown-option", name, value, message, _nearest_option(name))
    if found.problems:
        raise PolicyError(tuple(found.problems))
    return options, tuple(found.warnings)


def warn_of(problems: Iterable[Problem]) -> None:
    """Warn of them where the code of this package was called."""
    for problem in problems:
        warnings.warn(PolicyWarning(problem), stacklevel=_level_of_caller())


@dataclass(frozen=True)
class _Findings:
    """What is found while the options are read."""

    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def problem(self, code: str, option: str, value: object, message: str, hint: str) -> None:
        self.problems.append(Problem(code, option, value, message, hint))

    def warning(
        self, code: str, option: str, value: object, message: str, hint: str = "Leave it out."
    ) -> None:
        self.warnings.append(Problem(code, option, value, f"{shown(value)} {message}", hint))


def _nearest_option(name: str) -> str:
    if name in _KEYWORDS_OF_ADAPTERS:
        return _KEYWORDS_OF_ADAPTERS[name]
    nearest = _NAMES_ELSEWHERE.get(name.lower())
    if nearest is None:
        nearest = next(iter(difflib.get_close_matches(name.lower(), OPTION_NAMES, n=1, cutoff=0.75)), None)
    return f"Write {nearest}=..." if nearest else f"The options are {', '.join(OPTION_NAMES)}."


def _level_of_caller() -> int:
    """The stack level, as warnings.warn counts from our caller, of the first frame outside this package."""
    level = 0
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("crosscors."):
        frame = frame.f_back
        level += 1
    return level


# Single options.


def _is_several(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping))


def _strings(option: str, value: object, found: _Findings) -> list[str]:
    """The entries of an option that takes one string or several; those of a set sorted, to be stable."""
    if isinstance(value, str):
        return [value]
    example = f"Write {option}={_EXAMPLES[option]}."
    if not _is_several(value):
        message = f"takes a string or a list of strings, not {shown(value)}."
        found.problem("wrong-type", option, value, message, example)
        return []
    entries = list(value)
    for entry in entries:
        if not isinstance(entry, str):
            is_origin_regex = option == "allow_origins" and is_text_pattern(entry)
            hint = "Write allow_origin_regex=re.compile(...)." if is_origin_regex else example
            found.problem("wrong-type", option, entry, f"takes strings, not {shown(entry)}.", hint)
    strings = [entry for entry in entries if isinstance(entry, str)]
    return sorted(strings) if isinstance(value, (set, frozenset)) else strings


def _without_repeats(
    option: str, entries: Iterable[str], found: _Findings, key: Callable[[str], str] = str
) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for entry in entries:
        if key(entry) in kept:
            found.warning("listed-twice", option, entry, "is listed twice.", "Leave one of them out.")
        kept.setdefault(key(entry), entry)
    return tuple(kept.values())


def _warn_of_covered(option: str, covered: Iterable[str], found: _Findings) -> None:
    for entry in covered:
        found.warning("already-covered", option, entry, 'is already covered by "*".')


def _read_origins(option: str, value: object, found: _Findings) -> tuple[str, ...]:
    """The entries; in place of those with a fault what was meant, so that the checks to come see it, too."""
    entries: list[str | None] = []
    for entry in _strings(option, value, found):
        if _is_origin_entry(entry):
            entries.append(entry)
        else:
            found.problems.extend(problems_of(option, entry))
            entries.append(mended(entry))
    return _without_repeats(option, filter(None, entries), found)


def _is_origin_entry(entry: str) -> bool:
    return entry == ANY or is_entry(entry)


def _read_regex(value: object, found: _Findings) -> re.Pattern[str] | None:
    option = "allow_origin_regex"
    hint = f"Write {option}={_EXAMPLES[option]}"
    if value is None or is_text_pattern(value):
        return value
    if not isinstance(value, str):
        message = f"takes one regular expression, as str or compiled from str, not {shown(value)}."
        found.problem("wrong-type", option, value, message, f'{hint}; join alternatives with "|".')
        return None
    try:
        return re.compile(value)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as error:
        message = f"{shown(value)} is no valid regular expression: {error}."
        found.problem("invalid-regex", option, value, message, f"{hint}.")
        return None


def is_text_pattern(value: object) -> TypeGuard[re.Pattern[str]]:
    """Whether the value is a regular expression compiled from a str."""
    return isinstance(value, re.Pattern) and isinstance(cast("Any", value).pattern, str)


def _read_func(value: object, found: _Findings) -> OriginFunc | None:
    if value is None:
        return None
    if callable(value):
        return cast("OriginFunc", value)
    hint = "Write allow_origin_func=func, where func(request: CORSRequest) returns True or False."
    found.problem("wrong-type", "allow_origin_func", value, f"takes a function, not {shown(value)}.", hint)
    return None


def _not_a_token(option: str, entry: str, entries: list[str], kind: str, found: _Findings) -> None:
    pieces = [piece for piece in _SEPARATORS.split(entry) if fields.is_token(piece)]
    listed = ", ".join(f'"{piece}"' for piece in pieces)
    instead = f"Write {option}=[{listed}]." if entries == [entry] else f"Write {listed}."
    hint = instead if pieces else "Leave it out."
    found.problem("not-a-token", option, entry, f"{shown(entry)} is no {kind}.", hint)


def _read_methods(value: object, found: _Findings) -> tuple[str, ...]:
    option = "allow_methods"
    methods: list[str] = []
    entries = _strings(option, value, found)
    for entry in entries:
        upper = entry.upper()
        if not fields.is_token(entry):
            _not_a_token(option, entry, entries, "method name", found)
        elif upper in fields.FORBIDDEN_METHODS:
            message = f"{shown(entry)} is a method that browsers never send."
            found.problem("forbidden-method", option, entry, message, "Leave it out.")
        else:
            # Fetch, "normalize": browsers send most of these in upper case, and lower case is never meant.
            methods.append(upper if upper in fields.ALL_METHODS else entry)
    if ANY in methods:
        _warn_of_covered(option, (method for method in methods if method in fields.ALL_METHODS), found)
    return _without_repeats(option, methods, found)


def _header_names(option: str, value: object, found: _Findings) -> tuple[str, ...]:
    names: list[str] = []
    entries = _strings(option, value, found)
    for entry in entries:
        if fields.is_token(entry):
            names.append(entry)
        else:
            _not_a_token(option, entry, entries, "header name", found)
    return _without_repeats(option, names, found, key=str.lower)


def _read_request_headers(value: object, found: _Findings) -> tuple[str, ...]:
    option = "allow_headers"
    names = _header_names(option, value, found)
    for name in names:
        if fields.is_forbidden_request_header(name):
            found.warning("forbidden-header", option, name, "is set by browsers alone; no page asks for it.")
        elif name.lower() in _ALWAYS_ALLOWED:
            found.warning("safelisted-header", option, name, "is always allowed.")
    if ANY in names:
        # "*, Authorization" is what Fetch wants servers to send, so it is a natural thing to write.
        _warn_of_covered(
            option, (name for name in names if name.lower() not in (ANY, "authorization")), found
        )
    return names


def _read_response_headers(value: object, found: _Findings) -> tuple[str, ...]:
    option = "expose_headers"
    names = _header_names(option, value, found)
    for name in names:
        if name.lower() in fields.FORBIDDEN_RESPONSE_HEADERS:
            found.warning("forbidden-header", option, name, "is never readable for pages, exposed or not.")
        elif name.lower() in fields.SAFELISTED_RESPONSE_HEADERS:
            found.warning("safelisted-header", option, name, "is readable for every page anyway.")
    if ANY in names:
        _warn_of_covered(option, (name for name in names if name != ANY), found)
    return names


def _read_credentials(value: object, found: _Findings) -> bool | tuple[str, ...]:
    option = "allow_credentials"
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        message = f"takes True or False, not the string {shown(value)}."
        found.problem("wrong-type", option, value, message, f"Write {option}={value.strip().capitalize()}.")
        return False
    if not isinstance(value, str) and not _is_several(value):
        message = f"takes True, False or a list of origins, not {shown(value)}."
        found.problem("wrong-type", option, value, message, f"Write {option}={_EXAMPLES[option]}.")
        return False
    return _read_origins(option, value, found) or False


def _read_max_age(value: object, found: _Findings) -> int | None:
    option = "max_age"
    seconds = value
    if isinstance(value, timedelta) and not value % timedelta(seconds=1):
        seconds = value // timedelta(seconds=1)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        message = f"takes whole seconds, as int or timedelta, not {shown(value)}."
        hint = "Write max_age=600; 0 keeps browsers from caching preflights, None leaves it to them."
        found.problem("wrong-type", option, value, message, hint)
        return None
    if seconds < 0:
        hint = "Write max_age=0 to keep browsers from caching preflights."
        found.problem("negative-max-age", option, value, f"{shown(value)} is negative.", hint)
    elif seconds > LONGEST_POSSIBLE_MAX_AGE:
        hint = f"Write max_age={LONGEST_USEFUL_MAX_AGE} or less."
        found.problem("long-max-age", option, value, "is more seconds than browsers can count.", hint)
    elif seconds > LONGEST_USEFUL_MAX_AGE:
        message = "is longer than any browser keeps a preflight (Firefox a day, Chromium two hours)."
        found.warning(
            "long-max-age", option, value, message, f"Write max_age={LONGEST_USEFUL_MAX_AGE} or less."
        )
    return int(seconds)  # an IntEnum would print its name


def _read_private_network(value: object, found: _Findings) -> bool:
    option = "allow_private_network"
    if isinstance(value, bool):
        return value
    found.problem(
        "wrong-type", option, value, f"takes True or False, not {shown(value)}.", f"Write {option}=False."
    )
    return False


def _read_dangers(value: object, found: _Findings) -> tuple[str, ...]:
    option = "dangerously_allow"
    names = _strings(option, value, found)
    for name in names:
        if name not in DANGERS:
            nearest = difflib.get_close_matches(name, DANGERS, n=1)
            hint = f'Write "{nearest[0]}".' if nearest else f"The names are {', '.join(DANGERS)}."
            found.problem("unknown-danger", option, name, f"there is no danger named {shown(name)}.", hint)
    return _without_repeats(option, (name for name in names if name in DANGERS), found)


def is_async_callable(func: object) -> bool:
    """Whether a call gives something to await: ``async def``, a partial of one, or such a ``__call__``."""
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(type(func).__call__)


# Options together.


def _check_credentials(options: Options, found: _Findings) -> None:
    """What is safe without credentials need not be with them."""
    if options.allow_credentials is False:
        return
    if ANY in options.expose_headers:
        message = '"*" is no wildcard with credentials; browsers take it for a header of that name.'
        hint = 'List the headers that pages shall read: expose_headers=["X-Request-Id"].'
        found.problem("wildcard-with-credentials", "expose_headers", ANY, message, hint)
    if options.allow_credentials is True:
        option, entries = "allow_origins", options.allow_origins
    else:
        option, entries = "allow_credentials", options.allow_credentials
    try:
        for entry in entries:
            found.problems.extend(entry_problems(option, entry, options.dangerously_allow))
        if options.allow_credentials is True and options.allow_origin_regex is not None:
            problems, warned = regex_problems(options.allow_origin_regex, options.dangerously_allow)
            found.problems.extend(problems)
            found.warnings.extend(warned)
    except SuffixListError as error:
        found.problems.append(_unreadable_list(error))


def _unreadable_list(error: SuffixListError) -> Problem:
    message = (
        "with credentials, patterns and regular expressions need the public suffix list, "
        f"which cannot be read: {shown(str(error))}."
    )
    hint = (
        "Run: pip install --force-reinstall publicsuffixlist. If you pack the application into one file "
        "(PyInstaller, zipapp), include the data file of publicsuffixlist."
    )
    return Problem("suffix-list-unreadable", "allow_credentials", None, message, hint)


def trusted_sites(options: Options) -> tuple[str, ...]:
    """The sites that get credentials, by name.

    Raises:
        PolicyError: if the public suffix list cannot be read.
    """
    if isinstance(options.allow_credentials, tuple):
        entries, regex = options.allow_credentials, None
    elif options.allow_credentials:
        entries, regex = options.allow_origins, options.allow_origin_regex
    else:
        return ()
    try:
        return sites_with_credentials(entries, regex)
    except SuffixListError as error:
        raise PolicyError((_unreadable_list(error),)) from error


def _check_coverage(options: Options, found: _Findings) -> None:
    if isinstance(options.allow_credentials, tuple):
        _warn_of_narrower("allow_credentials", options.allow_credentials, None, found)
    if ANY not in options.allow_origins:
        _warn_of_narrower("allow_origins", options.allow_origins, options.allow_origin_regex, found)
        return
    _warn_of_covered("allow_origins", (entry for entry in options.allow_origins if entry != ANY), found)
    for option in ("allow_origin_regex", "allow_origin_func"):
        if getattr(options, option) is not None:
            found.warning("already-covered", option, ANY, "in allow_origins allows every origin already.")


def _warn_of_narrower(
    option: str, entries: tuple[str, ...], regex: re.Pattern[str] | None, found: _Findings
) -> None:
    origins = OriginSet.of(entries)
    longest = -1 if regex is None or not entries else quick_length(regex)
    for entry in entries:
        wider = _wider_entry(entry, origins, regex if len(entry) <= longest else None)
        if wider is not None:
            found.warning("already-covered", option, entry, f"is already covered by {shown(wider)}.")


def _wider_entry(entry: str, origins: OriginSet, regex: re.Pattern[str] | None) -> str | None:
    """Another entry, or the regular expression, that matches all that this one does."""
    example = entry.replace("*.", "any.").removesuffix(":*")
    for other in origins.matches(example):
        is_as_wide = ("*." in other or "*." not in entry) and (
            other.endswith(":*") or not entry.endswith(":*")
        )
        if other != entry and is_as_wide:
            return other
    if regex is None or not is_serialized_origin(entry):
        return None
    return regex.pattern if matches(regex, entry) else None
