"""``timing_allow_origin``: which pages may see in detail how long a response took.

Header: Timing-Allow-Origin, on actual responses (Fetch, "TAO check"). It has the origin of the request, as
Access-Control-Allow-Origin does. But requests for images, scripts and style sheets have no Origin. Then the
header lists the exact origins of the policy, or is ``*`` if everyone is allowed.
"""

from __future__ import annotations

from crosscors.core import standard
from crosscors.core.errors import Problem
from crosscors.core.origins.options import OriginOptions
from crosscors.core.origins.serialized import is_serialized_origin
from crosscors.core.response_headers import Pairs, list_header
from crosscors.core.values import ANY, Findings, read_bool
from crosscors.core.words import Words

OPTION = "timing_allow_origin"

# Every response to a request without Origin has the list, so it must not grow with the policy.
_MOST_LISTED = 32


def read(value: object, options: OriginOptions, words: Words) -> tuple[bool, Findings]:
    """Whether to allow it."""
    is_allowed, found = read_bool(OPTION, value, words)
    count = len(_exact_origins(options))
    if is_allowed and count > _MOST_LISTED:
        message = (
            f"lists only {_MOST_LISTED} of {count} origins if the request has no Origin, as for an image; "
            "pages of the other origins then see no timing."
        )
        hint = 'Write crossorigin="anonymous" in the tags of those pages, so that browsers send Origin.'
        found += Findings(warnings=(Problem("timing-list-cut", words.name(OPTION), value, message, hint),))
    return is_allowed, found


def header(is_allowed: bool, origin: str) -> Pairs:
    """Timing-Allow-Origin with this origin, or with ``"*"``."""
    return ((standard.TIMING_ALLOW_ORIGIN, origin),) if is_allowed else ()


def header_without_origin(is_allowed: bool, options: OriginOptions) -> Pairs:
    """Timing-Allow-Origin for a request without Origin."""
    if not is_allowed:
        return ()
    listed = (ANY,) if options.allows_everyone else _exact_origins(options)[:_MOST_LISTED]
    return list_header(standard.TIMING_ALLOW_ORIGIN, listed)


def _exact_origins(options: OriginOptions) -> tuple[str, ...]:
    with_credentials = options.allow_credentials if isinstance(options.allow_credentials, tuple) else ()
    return tuple(filter(is_serialized_origin, (*options.allow_origins, *with_credentials)))
