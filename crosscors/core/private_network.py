"""``allow_private_network``: whether pages from public networks may reach this server in a private network.

Header: Access-Control-Allow-Private-Network, on preflights that ask for it. It is not in the Fetch standard,
but in the draft "Private Network Access". Browsers have since given it up, and ask the user instead.
"""

from __future__ import annotations

from crosscors.core import standard
from crosscors.core.response_headers import Pairs
from crosscors.core.values import Findings, read_bool, warned
from crosscors.core.words import Words

OPTION = "allow_private_network"


def read(value: object, words: Words) -> tuple[bool, Findings]:
    """Whether to allow it."""
    is_allowed, found = read_bool(OPTION, value, words)
    if is_allowed:
        message = "has no effect: browsers no longer ask the server. They ask the user."
        found += warned("no-effect", words.name(OPTION), value, message)
    return is_allowed, found


def vary(is_allowed: bool) -> tuple[str, ...]:
    """The request header that responses to preflights depend on, if any."""
    return (standard.REQUEST_PRIVATE_NETWORK,) if is_allowed else ()


def header(is_allowed: bool, is_asked: bool) -> Pairs:
    """Access-Control-Allow-Private-Network, if the preflight asks for it and the policy allows it."""
    return ((standard.ALLOW_PRIVATE_NETWORK, "true"),) if is_allowed and is_asked else ()
