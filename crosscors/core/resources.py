"""Resources: which policy covers which path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import unquote

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.options import is_text_pattern
from crosscors.core.policy import CORSPolicy

# The keys of a Mapping are invariant: any other type would refuse a dict of just strings, or a mixed one.
_Policies = Mapping[Any, CORSPolicy | None]

_BELOW = "/*"
# Signs of a regular expression; "$" and "(" alone are none, for paths such as "/$metadata" have them.
_REGEX_SIGNS = re.compile(r"[\\|\[\]]|^\^|\$$|\(\?|\.[*+]")
# Empty and dot segments, control characters, backslashes, and what was no UTF-8.
_AMBIGUOUS = re.compile(r"//|/\.\.?(?:/|\Z)|[\x00-\x1f\x7f\\\ufffd]")
_PARAMETER = re.compile(r"\{.*\}|<.*>")  # as routes have them in FastAPI and Flask
_PERCENT_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


class Resources:
    """Policies by path: exact paths, paths with all that is below them, and compiled expressions.

    An exact path comes first, then the longest ``/.../*``, then the expressions in their order.
    Matching is case-sensitive, on the decoded path that the application's router sees, less the root path
    of the server. (A ``root_path`` given to FastAPI itself is known inside of it only: add_middleware.)

    Args:
        policies: keys are paths (``"/health"``), paths ending in ``/*`` (``"/api/*"`` covers ``/api`` and
            all below it, but not ``/apix``; ``"/*"`` covers everything), or compiled regular expressions,
            which have to match the whole path. Values are policies; None means: not covered, so that the
            application's own answers stay as they are.

    Raises:
        PolicyError: listing every key and value that cannot work.

    Example:
        >>> public = CORSPolicy(allow_origins="*")
        >>> resources = Resources({"/api/*": public, "/api/admin/*": None})
        >>> resources.policy_for("/api/items") is public, resources.policy_for("/api/admin/users")
        (True, None)
    """

    def __init__(self, policies: _Policies) -> None:
        problems = tuple(_problems_of(policies))
        if problems:
            raise PolicyError(problems)
        self._policies = dict(policies)
        self._exact: dict[str, CORSPolicy | None] = {}
        self._below: dict[str, CORSPolicy | None] = {}
        self._regexes: list[tuple[re.Pattern[str], CORSPolicy | None]] = []
        for path, policy in policies.items():
            if is_text_pattern(path):
                self._regexes.append((path, policy))
            elif path.endswith(_BELOW):
                self._below[path.removesuffix(_BELOW)] = policy
            else:
                self._exact[path] = policy
        self._longest = max(map(len, self._below), default=0)

    def __repr__(self) -> str:
        return f"Resources({self._policies!r})"

    @property
    def policies(self) -> tuple[CORSPolicy, ...]:
        """All the policies, without repeats."""
        return tuple(
            {id(policy): policy for policy in self._policies.values() if policy is not None}.values()
        )

    def policy_for(self, path: str) -> CORSPolicy | None:
        """The policy that covers the path; None if none does.

        A path that routers and file systems understand in more than one way is covered by none, so that
        no loose policy gets at what a strict one covers: with empty or dot segments, backslashes, control
        characters, what was no UTF-8, or without a slash at its beginning.
        """
        if not path.startswith("/") or _AMBIGUOUS.search(path):
            return None
        if path in self._exact:
            return self._exact[path]
        if (path.removesuffix("/") if path.endswith("/") else f"{path}/") in self._exact:
            return None  # to many routers the same as the exact path, so no wider policy may take it
        prefix = self._longest_prefix(path)
        if prefix is not None:
            return self._below[prefix]
        return next((policy for regex, policy in self._regexes if regex.fullmatch(path)), None)

    def _longest_prefix(self, path: str) -> str | None:
        """The longest covered prefix that ends where a segment does, found by one look-up per segment."""
        longest = None
        end = 0
        while end != -1 and end <= self._longest:
            if path[:end] in self._below:
                longest = path[:end]
            end = path.find("/", end + 1)
        if end == -1 and path in self._below:
            longest = path
        return longest


def _problems_of(policies: object) -> Iterable[Problem]:
    if not isinstance(policies, Mapping):
        message = f"takes a dict of paths and policies, not {shown(policies)}."
        yield Problem("wrong-type", "resources", policies, message, 'Write Resources({"/api/*": policy}).')
        return
    for path, policy in cast("Mapping[object, object]", policies).items():
        if not (policy is None or isinstance(policy, CORSPolicy)):
            message = f"the value of {shown(path)} is no policy: {shown(policy)}."
            hint = "Write CORSPolicy(...), or None to leave the path to the application."
            yield Problem("wrong-type", "resources", policy, message, hint)
        yield from _path_problems(path)


def _path_problems(path: object) -> Iterable[Problem]:
    if is_text_pattern(path):
        return
    if not isinstance(path, str):
        message = f"{shown(path)} is no path."
        yield Problem("wrong-type", "resources", path, message, 'Write a path such as "/api/*".')
        return
    if _REGEX_SIGNS.search(path):
        message = f"{shown(path)} looks like a regular expression; paths are compared as they are."
        hint = f'Write a path such as "/api/*", or re.compile(r"{path}"), which has to match the whole path.'
        yield Problem("path-regex", "resources", path, message, hint)
        return
    faults = list(_path_faults(path))
    mended = _mended_path(path) if faults else path
    example = mended if not list(_path_faults(mended)) else "/api/*"
    for code, message in faults:
        yield Problem(code, "resources", path, f"{shown(path)} {message}", f'Write "{example}".')


def _path_faults(path: str) -> Iterable[tuple[str, str]]:
    if not path.startswith("/"):
        yield "path-relative", "does not begin with a slash."
    if "*" in path.removesuffix(_BELOW):
        yield "path-wildcard", 'has a "*" that is not the whole last segment.'
    if "?" in path or "#" in path:
        yield "path-query", "has a query or fragment; only paths are compared."
    if _PERCENT_ENCODED.search(path):
        yield "path-encoded", "is percent-encoded; paths are compared decoded."
    if _PARAMETER.search(path):
        yield "path-parameter", "has a parameter; paths are compared as they are."
    if _AMBIGUOUS.search(path):
        yield "path-ambiguous", "has dot or empty segments, a backslash or a control character."


def _mended_path(path: str) -> str:
    path = "/" + unquote(re.split("[?#]", path)[0]).lstrip("/")
    literal, star, _ = _PARAMETER.sub("*", path).partition("*")
    resolved = posixpath.normpath(re.sub(r"[/\\]+", "/", literal))
    return resolved.rstrip("/") + _BELOW if star else resolved
