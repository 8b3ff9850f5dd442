"""Resources: which policy covers which path."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

from crosscors.core.document_form import DocumentWords, Syntax, key_path
from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.live import LivePolicy, is_for_every_path, is_live, require
from crosscors.core.origins.regexes.joining import with_flags_inline
from crosscors.core.path_keys import BELOW, is_ambiguous, path_faults, path_hint, unlikely_path
from crosscors.core.policy import CORSPolicy, policy_in_document, warn_about
from crosscors.core.refusal import Refusal
from crosscors.core.unnamed import of_policy
from crosscors.core.values import Findings, is_text_pattern, refused

# The keys of a Mapping are invariant: any other key type would refuse a dict of only strings, or a mixed one.
_Policies = Mapping[Any, CORSPolicy | LivePolicy[CORSPolicy] | None]

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# Bytes that are not UTF-8: some servers give them as surrogates (PEP 383), others as U+FFFD.
_UNDECODED = re.compile("[\ud800-\udfff\ufffd]")


class Resources:
    """Policies by path: exact paths, paths with everything below them, and compiled regular expressions.

    An exact path comes first, then the longest ``/.../*``, then the expressions in order.
    Matching is case-sensitive, on the path that the application's router sees: decoded once, without the
    root path of the server or of FastAPI.

    Servers and frameworks read some paths in different ways (``/api//items``, ``/api/../items``,
    backslashes). If every reading has the same policy, that policy covers the path. Otherwise no policy
    covers it, and the log says so. So a loose policy never applies to what a strict one covers.

    Args:
        policies: keys are paths (``"/health"`` also covers ``/health/``, unless ``"/health/"`` or
            ``"/health/*"`` is a key), paths ending in ``/*`` (``"/api/*"`` covers ``/api`` and everything
            below it, but not ``/apix``; ``"/*"`` covers everything), or compiled regular expressions, which
            must match the whole path. Values are policies. A LivePolicy counts with the policy that it has
            at the time of a request. None means that no policy covers the path: the responses of the
            application stay as they are.

    Raises:
        PolicyError: listing every key and value that cannot work.

    A key that is valid, but surely does not cover what was meant, such as ``re.compile("/api/*")``, warns
    with a PolicyWarning.

    Example:
        >>> public = CORSPolicy(allow_origins="*")
        >>> resources = Resources({"/api/*": public, "/api/admin/*": None})
        >>> resources.policy_for("/api/items") is public, resources.policy_for("/api/admin/users")
        (True, None)
    """

    def __init__(self, policies: _Policies) -> None:
        problems = tuple(_problems_of(policies, "resources"))
        if problems:
            raise PolicyError(problems)
        self._fill(policies)
        warn_about(_warnings_of(policies, "resources"))

    def _fill(self, policies: _Policies) -> None:
        self._policies = dict(policies)
        self._exact: dict[str, _AnyEntry] = {}
        self._below: dict[str, _AnyEntry] = {}
        self._regexes: list[tuple[re.Pattern[str], _AnyEntry]] = []
        for path, policy in policies.items():
            entry = _LiveEntry(policy) if is_live(policy) else _Entry(policy)
            if is_text_pattern(path):
                self._regexes.append((path, entry))
            elif path.endswith(BELOW):
                self._below[path.removesuffix(BELOW)] = entry
            else:
                self._exact[path] = entry
        self._longest = max(map(len, self._below), default=0)
        self._exact = {**self._twins(), **self._exact}
        self._sorted = sorted(f"{path.rstrip('/')}/" for path in (*self._exact, *self._below))

    def __repr__(self) -> str:
        return f"Resources({self._policies!r})"

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """All the policies, without repeats."""
        return tuple({id(policy): policy for _, policy in items_of(self) if policy is not None}.values())

    @property
    def live(self) -> tuple[LivePolicy[CORSPolicy], ...]:
        """Those of its values that are a LivePolicy."""
        return tuple(value for value in self._policies.values() if is_live(value))

    @property
    def everywhere(self) -> None:
        """None: the policy depends on the path."""
        return None

    def policy_for(self, path: str, root_path: str = "") -> CORSPolicy | None:
        """The policy that covers the path; None if none does.

        Every reading of the path must have the same policy; otherwise no policy covers it. Readings are what
        routers and file systems make of empty segments (``//``), dot segments, backslashes, control
        characters and bytes that are not UTF-8. No policy covers a path that does not begin with a slash.

        Args:
            path: the path of the request, decoded once.
            root_path: where the application is mounted: ASGI's ``root_path``, WSGI's ``SCRIPT_NAME``. The
                keys are compared with what is below it. Default: ``""``.

        Example:
            >>> resources = Resources({"/works/*": CORSPolicy(), "/works/drafts/*": None})
            >>> resources.policy_for("/works/https://doi.org/10.1000/182")
            CORSPolicy()
            >>> resources.policy_for("/works//drafts/1"), resources.policy_for("/app/works/1", "/app")
            (None, CORSPolicy())
        """
        entry = self._entry_for(path, root_path)
        return None if entry is None else entry.policy

    def _refusal(self, path: str, root_path: str) -> Refusal | None:
        if self._entry_for(path, root_path) is not None:
            return None
        readings = self.differing_readings(path, root_path)
        if readings:
            return Refusal("path-ambiguous", readings)
        below, *_ = self._below_root(path, root_path) if root_path else (path,)
        keys = [_text_of(key) for key in self._policies]
        near = difflib.get_close_matches(below, keys, n=_SHOWN_KEYS, cutoff=0.5) or keys[:_SHOWN_KEYS]
        values = (below,) if below == path else (below, root_path)
        return Refusal("path-not-covered", values, tuple(near))

    def _entry_for(self, path: str, root_path: str) -> _AnyEntry | None:
        if root_path or is_ambiguous(path):
            return self._entry_below(path, root_path)
        return self._entry_at(path)  # nearly every path, at the cost of one search

    def _entry_below(self, path: str, root_path: str) -> _AnyEntry | None:
        if not is_ambiguous(path):
            starts = self._below_root(path, root_path)
            if len(starts) == 1:
                return self._entry_at(starts[0])
        return self._entry_for_all(path, root_path)

    def to_dict(self, *, without_redundant: bool = False) -> dict[str, Any]:
        """The options of each policy by its key, for JSON and TOML. ``from_dict`` reads them.

        A regular expression is written with ``regex:`` before it. False stands for None, which TOML does not
        have.

        Args:
            without_redundant: leave out what the policies allow without it. Default: False.

        Raises:
            PolicyError: if a policy has an ``allow_origin_func``.

        Example:
            >>> Resources({"/api/*": CORSPolicy(allow_origins="*"), "/api/admin/*": None}).to_dict()
            {'/api/*': {'allow_origins': ['*']}, '/api/admin/*': False}
        """
        return {
            _key_in_document(key): False
            if policy is None
            else policy.to_dict(without_redundant=without_redundant)
            for key, policy in items_of(self)
        }

    @classmethod
    def from_dict(cls, tables: Mapping[str, object]) -> Resources:
        """The policies that ``to_dict`` wrote, or that somebody wrote in JSON or TOML.

        Raises:
            PolicyError: listing every problem, each with its place, such as
                ``resources."/api/*".allow_origins[2]``.

        Example:
            >>> Resources.from_dict({"/api/*": {"allow_origins": ["*"]}, "/api/admin/*": False})
            Resources({'/api/*': CORSPolicy(allow_origins=['*']), '/api/admin/*': None})
        """
        resources, found = resources_in_document(tables, "python")
        if resources is None:
            raise PolicyError(found.problems)
        warn_about(found.warnings)
        return resources

    def differing_readings(self, path: str, root_path: str = "") -> tuple[str, ...]:
        """Two readings of the path that have different policies, so that no policy covers it.

        Empty if all readings have the same policy. Only the path itself if it has too many readings.

        Example:
            >>> Resources({"/*": CORSPolicy(), "/admin/*": None}).differing_readings("//admin/users")
            ('//admin/users', '/admin/users')
        """
        readings = self._readings(path, root_path)
        if readings is None:
            return (path,)
        first, *others = readings
        entry = self._entry_at(first)
        return next(((first, other) for other in others if self._entry_at(other) != entry), ())

    def has_key_below(self, root_path: str, path: str) -> bool:
        """Whether a key begins with the root path. Keys should not: they are compared with the path below it.

        A regular expression begins with it if it matches the path, but would not below another root path.
        """
        start = root_path.rstrip("/") + "/"
        if start == "/":
            return False
        at = bisect_left(self._sorted, start)
        if at < len(self._sorted) and self._sorted[at].startswith(start):
            return True
        is_below = path.startswith(root_path)
        return is_below and any(_is_about(regex, root_path, path) for regex, _ in self._regexes)

    def _entry_for_all(self, path: str, root_path: str) -> _AnyEntry | None:
        """The entry for the path, if all its readings have the same one."""
        readings = self._readings(path, root_path)
        if readings is None:
            return None
        first, *others = map(self._entry_at, readings)
        return first if all(other == first for other in others) else None

    def _readings(self, path: str, root_path: str) -> tuple[str, ...] | None:
        """Every path that a router may read in this one; None if there are too many."""
        if len(path) > _LONGEST_READ and is_ambiguous(path):
            return None
        if not root_path:
            return _all_readings((path,))
        # If the path does not begin with the root path, another reading of the path may.
        wholes = (path,) if _begins_with(path, root_path) else _all_readings((path,))
        if wholes is None:
            return None
        return _all_readings(start for whole in wholes for start in self._below_root(whole, root_path))

    def _below_root(self, path: str, root_path: str) -> tuple[str, ...]:
        """Every path that a router below the root path may see."""
        _, found, after = path.partition(root_path)
        if not found or not path.startswith("/"):
            return (path,)
        below = after if after.startswith("/") else f"/{after}"
        if _begins_with(path, root_path) and not self.has_key_below(root_path, path):
            return (below,)
        # If the root path is not at the beginning, or ends within a segment, Starlette leaves the path as it
        # is, Quart cuts off half a segment, and Litestar takes what follows the root path, wherever that is.
        return (path, below)

    def _twins(self) -> dict[str, _AnyEntry]:
        """The exact paths with the other ending: most routers treat ``/items`` like ``/items/``, or redirect.

        Paths that have a key of their own are left out.
        """
        twins = {
            path.removesuffix("/") if path.endswith("/") else f"{path}/": entry
            for path, entry in self._exact.items()
        }
        return {twin: entry for twin, entry in twins.items() if not self._has_own_key(twin)}

    def _has_own_key(self, twin: str) -> bool:
        stem = twin.removesuffix("/")
        if self._longest_prefix(twin) is not None:
            return stem in self._below
        return any(_is_about(regex, stem, twin) for regex, _ in self._regexes)

    def _entry_at(self, path: str) -> _AnyEntry | None:
        """The entry for exactly this reading of a path; None if no key covers it."""
        if not path.startswith("/"):
            return None
        entry = self._exact.get(path) or self._longest_prefix(path)
        if entry is not None or not self._regexes:
            return entry
        return next((entry for regex, entry in self._regexes if regex.fullmatch(path)), None)

    def _longest_prefix(self, path: str) -> _AnyEntry | None:
        """The entry of the longest prefix that ends with a segment, found with one look-up per segment."""
        below, end = self._below, len(path)
        if end > self._longest:
            end = path.rfind("/", 0, self._longest + 1)
        while end >= 0:
            entry = below.get(path[:end])
            if entry is not None:
                return entry
            end = path.rfind("/", 0, end)
        return None


def refusal_of(resources: Resources, path: str, root_path: str) -> Refusal | None:
    """Why no policy covers the path; None if one does, or if a key leaves the path to the application.

    >>> resources = Resources({"/api/*": CORSPolicy(), "/health": None})
    >>> [getattr(refusal_of(resources, path, ""), "code", None) for path in ("/api/1", "/health", "/items")]
    [None, None, 'path-not-covered']
    """
    return resources._refusal(path, root_path)  # pyright: ignore[reportPrivateUsage]


def has_one_reading_with_key(resources: Resources, path: str, root_path: str) -> bool:
    """Whether a key covers the path, and routers and file systems can read it in one way only.

    >>> resources = Resources({"/hooks/*": None})
    >>> [has_one_reading_with_key(resources, path, "") for path in ("/hooks/1", "/hooks//1", "/items")]
    [True, False, False]
    """
    readings = resources._readings(path, root_path)  # pyright: ignore[reportPrivateUsage]
    entry = resources._entry_for(path, root_path)  # pyright: ignore[reportPrivateUsage]
    return readings is not None and len(readings) == 1 and entry is not None


def keys_of(resources: Resources, policy: CORSPolicy) -> tuple[str, ...]:
    """The keys that have this very policy; a regular expression as its text."""
    return tuple(_text_of(key) for key, each in items_of(resources) if each is policy)


def items_of(resources: Resources) -> tuple[tuple[str | re.Pattern[str], CORSPolicy | None], ...]:
    """The keys in their order, each with its policy of now."""
    return tuple(
        (key, value.policy if is_live(value) else value)
        for key, value in resources._policies.items()  # pyright: ignore[reportPrivateUsage]
    )


def make_resources(policies: object, option: str = "resources") -> tuple[Resources | None, Findings]:
    """Resources with these policies, and what was found. None if there is a problem.

    Args:
        option: what the reader of the problems calls them, such as ``CORS_RESOURCES``.
    """
    problems = tuple(_problems_of(policies, option))
    if problems:
        return None, Findings(problems)
    given = cast("_Policies", policies)
    resources = object.__new__(Resources)  # the constructor would warn, in its own words
    resources._fill(given)  # pyright: ignore[reportPrivateUsage]
    return resources, Findings(warnings=tuple(_warnings_of(given, option)))


def resources_in_document(tables: object, syntax: Syntax) -> tuple[Resources | None, Findings]:
    """Resources with options from a document, and what was found. None if there is a problem."""
    if not isinstance(tables, Mapping):
        message = f"takes paths and the options of their policies, not {shown(tables)}."
        hint = f"Write {_example_of_table(syntax)}."
        return None, refused("wrong-type", _OPTION, tables, message, hint)
    policies: dict[object, CORSPolicy | None] = {}
    places: dict[object, str] = {}
    found = Findings()
    for key, table in cast("Mapping[object, object]", tables).items():
        path, of_key = _key_from_document(key)
        place = places[path] = key_path(_OPTION, str(key))
        words = DocumentWords(place, syntax)
        is_uncovered = table is None or table is False
        policy, of_policy = (None, Findings()) if is_uncovered else policy_in_document(table, words)
        found += of_key + of_policy
        if path is not None:
            policies[path] = policy
    resources, of_paths = make_resources(policies)
    found += Findings(
        *(
            tuple(replace(each, option=places[each.value]) for each in kind)
            for kind in vars(of_paths).values()
        )
    )
    return (None if found.problems else resources), found


def _example_of_table(syntax: Syntax) -> str:
    return '[resources."/api/*"]' if syntax == "toml" else '"resources": {"/api/*": {"allow_origins": [...]}}'


def _key_in_document(key: str | re.Pattern[str]) -> str:
    return key if isinstance(key, str) else _REGEX_KEY + with_flags_inline(key)


def _key_from_document(key: object) -> tuple[object, Findings]:
    """The key as Resources takes it; None if it is an expression that is not valid."""
    if not isinstance(key, str) or not key.startswith(_REGEX_KEY):
        return key, Findings()
    text = key.removeprefix(_REGEX_KEY)
    try:
        return re.compile(text), Findings()
    except (re.error, OverflowError, RecursionError) as error:
        message = f"{shown(text)} is not a valid regular expression: {error}."
        hint = f'Write an expression that matches whole paths, such as "{_REGEX_KEY}/v[12]/.*".'
        return None, refused("invalid-regex", key_path(_OPTION, key), key, message, hint)


_REGEX_KEY = "regex:"
_OPTION = "resources"


def warnings_of(resources: Resources, option: str) -> Findings:
    """The warnings about the keys, for a reader who calls the resources something else."""
    policies = resources._policies  # pyright: ignore[reportPrivateUsage]
    return Findings(warnings=tuple(_warnings_of(policies, option)))


def _text_of(key: str | re.Pattern[str]) -> str:
    return key if isinstance(key, str) else key.pattern


class _Entry(NamedTuple):
    """The value of a key. A path without a key has no entry, which is not the same as the policy None."""

    policy: CORSPolicy | None


class _LiveEntry(NamedTuple):
    """The same for a value that changes. Its policy is looked up once, after the readings are compared."""

    live: LivePolicy[CORSPolicy]

    @property
    def policy(self) -> CORSPolicy | None:
        return self.live.policy


_AnyEntry = _Entry | _LiveEntry


def _begins_with(path: str, root_path: str) -> bool:
    """Whether the path begins with the root path, and the root path ends with a segment."""
    return path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/")


def _is_about(regex: re.Pattern[str], start: str, path: str) -> bool:
    """Whether the expression matches the path, but not the same path with another beginning."""
    other = re.sub("[^/]", "x", start) + path.removeprefix(start)
    return regex.fullmatch(path) is not None and regex.fullmatch(other) is None


def _all_readings(starts: Iterable[str]) -> tuple[str, ...] | None:
    """These paths, and all further readings of them; None if there are too many."""
    readings = list(dict.fromkeys(_UNDECODED.sub("\ufffd", start) for start in starts))
    for reading in readings:  # the list grows meanwhile
        if is_ambiguous(reading):
            others = dict.fromkeys(read(reading) for read in _STEPS)
            readings += [other for other in others if other not in readings]
        if len(readings) > _MOST_READINGS:
            return None
    return tuple(readings)


def _resolve(path: str) -> str:
    """The path without dot segments (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    start, *segments = path.split("/")
    kept = [start]
    for segment in segments:
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    return "/".join([*kept, ""] if segments and segments[-1] in (".", "..") else kept)


# These are left out, because no router does them: a second percent-decoding, and anything about parameters
# after ";", letter case, Unicode normalization, and dots at the end of a segment.
_STEPS: tuple[Callable[[str], str], ...] = (
    lambda path: path.replace("\\", "/"),
    lambda path: re.sub("//+", "/", path),
    _resolve,
    lambda path: _CONTROLS.sub("", path),
    lambda path: path.replace("\ufffd", ""),
)
_MOST_READINGS = 16
_SHOWN_KEYS = 3
_LONGEST_READ = 8192  # characters; nobody sends a longer path of this kind, except to keep servers busy


def _problems_of(policies: object, option: str) -> Iterable[Problem]:
    if not isinstance(policies, Mapping):
        message = f"takes a dict of paths and policies, not {shown(policies)}."
        hint = f'Write Resources({{"/api/*": {of_policy(policies)}}}).'
        yield Problem("wrong-type", option, policies, message, hint)
        return
    for path, policy in cast("Mapping[object, object]", policies).items():
        if is_live(policy):
            of_live = require(policy, is_for_every_path)
            yield from (replace(each, option=option) for each in of_live.problems)
        elif not (policy is None or isinstance(policy, CORSPolicy)):
            message = f"the value of {shown(path)} is not a policy: {shown(policy)}."
            hint = f"Write {of_policy(policy)}, or None to leave the path to the application."
            yield Problem("wrong-type", option, policy, message, hint)
        yield from _path_problems(path, option)


def _warnings_of(policies: _Policies, option: str) -> Iterator[Problem]:
    """A warning for each key that surely does not cover what was meant."""
    for key in policies:
        unlikely = unlikely_path(key)
        if unlikely is not None:
            code, message, hint = unlikely
            yield Problem(code, option, key, f"{shown(_text_of(key))} {message}", hint)


def _path_problems(path: object, option: str) -> Iterable[Problem]:
    if is_text_pattern(path):
        return
    if not isinstance(path, str):
        message = f"{shown(path)} is not a path."
        yield Problem("wrong-type", option, path, message, 'Write a path such as "/api/*".')
        return
    for code, message in path_faults(path):
        yield Problem(code, option, path, f"{shown(path)} {message}", path_hint(path))
