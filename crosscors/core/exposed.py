"""``expose_headers``: which response headers scripts may read.

Header: Access-Control-Expose-Headers. Section names in the comments are those of the Fetch standard.
"""

from __future__ import annotations

from crosscors.core import standard
from crosscors.core.response_headers import Pairs, list_header
from crosscors.core.unlikely_names import name_findings
from crosscors.core.values import (
    ANY,
    Findings,
    collected,
    covered_by_any,
    read_tokens,
    refused,
    warned,
    without_repeats,
)
from crosscors.core.words import Words

OPTION = "expose_headers"


def read(value: object, words: Words, *, with_credentials: bool) -> tuple[tuple[str, ...], Findings]:
    """The names in their final form.

    Args:
        with_credentials: whether any origin gets credentials.
    """
    example = '["X-Request-Id"]'
    entries, found = read_tokens(OPTION, value, example, "header name", words)
    names, repeats = without_repeats(OPTION, entries, words, key=str.lower)
    found += repeats + collected(_surplus(name, words) for name in names)
    if ANY not in names:
        found += name_findings(OPTION, names, words, takes_any=not with_credentials)
    else:
        found += covered_by_any(OPTION, (name for name in names if name != ANY), words)
    if ANY in names and with_credentials:
        message = '"*" is not a wildcard with credentials; browsers read it as the name of a header.'
        hint = f"List the headers that pages need to read: {words.setting(OPTION, example)}."
        found += refused("wildcard-with-credentials", words.name(OPTION), ANY, message, hint)
    return names, found


def _surplus(name: str, words: Words) -> Findings:
    if name.lower() in standard.FORBIDDEN_RESPONSE_HEADERS:
        message = "can never be read by scripts, exposed or not."
        return warned("forbidden-header", words.name(OPTION), name, message)
    if name.lower() in standard.SAFELISTED_RESPONSE_HEADERS:
        return warned("safelisted-header", words.name(OPTION), name, "can always be read by scripts.")
    return Findings()


def header(names: tuple[str, ...]) -> Pairs:
    """Access-Control-Expose-Headers, on actual responses."""
    return list_header(standard.EXPOSE_HEADERS, names)
