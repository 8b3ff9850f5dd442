"""Whether an origin is allowed, by which entry of the policy, and whether it gets credentials.

Headers: Access-Control-Allow-Origin and Access-Control-Allow-Credentials.
"""

from __future__ import annotations

from typing import NamedTuple

from crosscors.core import standard
from crosscors.core.origins.dangers import INSECURE_ORIGINS, NULL_ORIGIN, UNPROVEN_REGEX, is_insecure
from crosscors.core.origins.nearest import Listed
from crosscors.core.origins.options import OriginOptions
from crosscors.core.origins.patterns import OriginSet
from crosscors.core.origins.regexes.automaton import matches
from crosscors.core.origins.serialized import FILE, MAX_LENGTH, NULL, is_serialized_origin, split
from crosscors.core.refusal import Refusal
from crosscors.core.response_headers import Pairs
from crosscors.core.values import ANY


class Admission(NamedTuple):
    """What let an origin in, and whether it gets credentials."""

    entry: str
    credentials: bool


EVERYONE = Admission(ANY, credentials=False)


class AllowedOrigins:
    """What the options say about origins, except ``allow_origin_func``, arranged for fast look-ups."""

    def __init__(self, options: OriginOptions) -> None:
        listed = tuple(entry for entry in options.allow_origins if entry != ANY)
        credentials = options.allow_credentials
        self._everyone = options.allows_everyone
        self._with_credentials = OriginSet.of(listed if credentials is True else credentials or ())
        self._without_credentials = OriginSet.of(() if credentials is True else listed)
        self._regex = options.allow_origin_regex
        self._credentials = credentials is True
        self._dangers = options.dangerously_allow
        # With credentials, the expression is proved to match only safe origins, unless that was opted out of.
        self._regex_is_proved = UNPROVEN_REGEX not in options.dangerously_allow
        has_others = options.allow_origin_regex is not None or options.allow_origin_func is not None
        self._listed = Listed(options.allow_origins, credentials, options.dangerously_allow, has_others)
        self._entries = self._listed.entries

    def admit(self, origin: str) -> Admission | Refusal:  # noqa: PLR0911  # one return for each rule
        """The entry that lets the origin in, or why none does. Any text may be given."""
        if len(origin) > MAX_LENGTH:  # before the look-ups, whose cost grows with the length
            return Refusal("origin-malformed", (origin,), listed=self._listed)
        entry = self._with_credentials.match(origin)
        if entry is not None:
            return Admission(entry, credentials=True)
        entry = self._without_credentials.match(origin)
        if entry is not None:
            return Admission(entry, credentials=False)
        if origin == NULL:
            return EVERYONE if self._everyone else Refusal("origin-null", (origin,))
        if not is_serialized_origin(origin):
            return Refusal("origin-malformed", (origin,), listed=self._listed)
        if self._everyone:
            return EVERYONE
        if self._regex is not None and matches(self._regex, origin):
            if self._regex_is_proved:
                return Admission(self._regex.pattern, self._credentials)
            return self.admit_unlisted(origin, self._regex.pattern)
        return self.refuse_unlisted(origin)

    def refuse_unlisted(self, origin: str) -> Refusal:
        """The refusal of a well-formed origin that nothing lets in."""
        return Refusal("origin-not-allowed", (origin,), self._entries, listed=self._listed)

    def admit_unlisted(self, origin: str, entry: str) -> Admission | Refusal:
        """The decision about a well-formed origin that a function, or an unproven expression, lets in."""
        scheme, host, _ = split(origin)
        # Entries like these are refused at construction. This origin was not known before the request.
        if self._credentials and origin == FILE and NULL_ORIGIN not in self._dangers:
            return Refusal("origin-file", (origin,))
        if self._credentials and is_insecure(scheme, host) and INSECURE_ORIGINS not in self._dangers:
            return Refusal("origin-insecure", (origin,))
        return Admission(entry, self._credentials)


def header(origin: str, credentials: bool) -> Pairs:
    """Access-Control-Allow-Origin, and Access-Control-Allow-Credentials if the origin gets credentials.

    Args:
        origin: ``"*"``, or the origin of the request, byte for byte (Fetch, "CORS check").
    """
    allow_origin = (standard.ALLOW_ORIGIN, origin)
    return (allow_origin, _ALLOW_CREDENTIALS) if credentials else (allow_origin,)


_ALLOW_CREDENTIALS = (standard.ALLOW_CREDENTIALS, "true")
