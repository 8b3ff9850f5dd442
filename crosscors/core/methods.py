"""``allow_methods``: which methods preflighted requests may use.

Header: Access-Control-Allow-Methods. Section names in the comments are those of the Fetch standard.
"""

from __future__ import annotations

from crosscors.core import standard
from crosscors.core.errors import shown
from crosscors.core.refusal import Refusal
from crosscors.core.response_headers import Pairs, list_header
from crosscors.core.unlikely_names import method_findings
from crosscors.core.values import (
    ANY,
    Findings,
    collected,
    covered_by_any,
    read_tokens,
    refused,
    without_repeats,
)
from crosscors.core.words import LEAVE_OUT, Words

OPTION = "allow_methods"


def read(value: object, words: Words) -> tuple[tuple[str, ...], Findings]:
    """The methods in their final form."""
    entries, found = read_tokens(OPTION, value, '["GET", "POST"]', "method name", words)
    forbidden = [entry for entry in entries if entry.upper() in standard.FORBIDDEN_METHODS]
    found += collected(
        refused(
            "forbidden-method",
            words.name(OPTION),
            entry,
            f"{shown(entry)} is a method that browsers never send.",
            words.nothing(OPTION) if {entry} == {*entries} else LEAVE_OUT,
        )
        for entry in forbidden
    )
    methods = [_normalized(entry) for entry in entries if entry not in forbidden]
    if ANY in methods:
        found += covered_by_any(OPTION, (each for each in methods if each in standard.ALL_METHODS), words)
    read, repeats = without_repeats(OPTION, methods, words)
    return read, found + repeats + method_findings(OPTION, read, words)


def _normalized(method: str) -> str:
    # "normalize": browsers send most of these in upper case, and lower case is never meant.
    upper = method.upper()
    return upper if upper in standard.ALL_METHODS else method


class Methods:
    """What a policy says about methods.

    Attributes:
        allowed: the methods that a page may use.
        header: Access-Control-Allow-Methods. It names each method, even for ``"*"``: with credentials,
            browsers do not read ``*`` in the header as a wildcard.
    """

    def __init__(self, listed: tuple[str, ...]) -> None:
        self._listed = _spelled_out(listed)
        # An endpoint for GET also answers HEAD, in every framework and for every browser.
        self.allowed = frozenset((*self._listed, "HEAD") if "GET" in self._listed else self._listed)
        self.header: Pairs = list_header(standard.ALLOW_METHODS, self._listed)

    def refusal(self, method: str) -> Refusal | None:
        """Why a preflight may not ask for the method; None if it may."""
        if method in self.allowed:
            return None
        return Refusal("method-not-allowed", (method,), self._listed)


def _spelled_out(methods: tuple[str, ...]) -> tuple[str, ...]:
    if ANY not in methods:
        return methods
    return tuple(dict.fromkeys((*standard.ALL_METHODS, *(method for method in methods if method != ANY))))
