"""``allow_headers``: which request headers scripts may set.

Header: Access-Control-Allow-Headers. Section names in the comments are those of the Fetch standard.
"""

from __future__ import annotations

from crosscors.core import standard
from crosscors.core.refusal import MAX_VALUES, Refusal
from crosscors.core.response_headers import Pairs, list_header
from crosscors.core.token_lists import TOO_MANY_NAMES, are_tokens, distinct_names_in, names_not_in
from crosscors.core.unlikely_names import name_findings
from crosscors.core.values import (
    ANY,
    Findings,
    collected,
    covered_by_any,
    read_tokens,
    warned,
    without_repeats,
)
from crosscors.core.words import LEAVE_OUT, Words

OPTION = "allow_headers"

# Names that nobody needs to list. Content-Type is always allowed, too, but only a few of its values are
# safelisted ("CORS-safelisted request-header"): all other libraries want it listed, so to list it is not a
# mistake.
_NEED_NOT_BE_LISTED = frozenset(map(str.lower, standard.ALWAYS_ALLOWED_HEADERS)) - {"content-type"}


def read(value: object, words: Words) -> tuple[tuple[str, ...], Findings]:
    """The names in their final form."""
    entries, found = read_tokens(OPTION, value, '["Authorization"]', "header name", words)
    names, repeats = without_repeats(OPTION, entries, words, key=str.lower)
    found += repeats + collected(_surplus(name, words, is_only=len(names) == 1) for name in names)
    if ANY not in names:
        settable = tuple(name for name in names if not standard.is_forbidden_request_header(name))
        found += name_findings(OPTION, settable, words)
    else:
        # "*, Authorization" is what Fetch wants servers to send, so it is a natural thing to write.
        others = (name for name in names if name.lower() not in (ANY, "authorization"))
        found += covered_by_any(OPTION, others, words)
    return names, found


def _surplus(name: str, words: Words, *, is_only: bool) -> Findings:
    hint = words.nothing(OPTION) if is_only else LEAVE_OUT
    if standard.is_forbidden_request_header(name):
        message = "can only be set by browsers, never by a script."
        return warned("forbidden-header", words.name(OPTION), name, message, hint)
    if name.lower() in _NEED_NOT_BE_LISTED:
        return warned("safelisted-header", words.name(OPTION), name, "is always allowed.", hint)
    return Findings()


class RequestHeaders:
    """What a policy says about request headers."""

    def __init__(self, listed: tuple[str, ...]) -> None:
        names = _with_always_allowed(listed)
        self._listed = listed
        self._allows_any = ANY in listed
        # An empty list element reads as the empty name (RFC 9110, section 5.6.1.2), which is not refused.
        self._allowed = frozenset(("", *map(str.lower, names)))
        self._header: Pairs = list_header(standard.ALLOW_HEADERS, names)

    def refusal(self, asked: str) -> Refusal | None:
        """Why a preflight may not ask for these names; None if it may.

        Args:
            asked: the value of Access-Control-Request-Headers, as ``within_bounds`` returns it.
        """
        if asked == TOO_MANY_NAMES:
            return Refusal("headers-too-long", ())
        if self._allows_any:
            return None if are_tokens(distinct_names_in(asked)) else Refusal("headers-malformed", (asked,))
        refused = names_not_in(self._allowed, asked, MAX_VALUES)
        return Refusal("headers-not-allowed", refused, self._listed) if refused else None

    def header(self, asked: str, *, credentials: bool) -> Pairs:
        """Access-Control-Allow-Headers for a preflight that asks for these names."""
        if not (self._allows_any and credentials):
            return self._header
        # "CORS-preflight fetch": "*" is not a wildcard with credentials, so the response repeats the names.
        return list_header(standard.ALLOW_HEADERS, distinct_names_in(asked))


def _with_always_allowed(names: tuple[str, ...]) -> tuple[str, ...]:
    if ANY in names:
        # "CORS non-wildcard request-header name": the wildcard does not cover Authorization.
        return (ANY, "Authorization")
    by_name = {name.lower(): name for name in standard.ALWAYS_ALLOWED_HEADERS}
    return tuple((by_name | {name.lower(): name for name in names if name.lower() not in by_name}).values())
