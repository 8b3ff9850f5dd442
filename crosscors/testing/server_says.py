"""What a server itself says about a refusal: the first source of a hint, whichever check fails.

crosscors says it in X-CORS-Refused in debug mode, in the log, and in the body of a refused preflight. Other
servers say it in the body, if at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crosscors.testing.exchange import escaped

if TYPE_CHECKING:
    from crosscors.testing.exchange import ReceivedResponse

# The status with which CORS middlewares refuse a preflight.
REFUSING = frozenset({400, 403})
_HEADER = "X-CORS-Refused"
_LONGEST_SENTENCE = 500  # bytes
# A page of HTML, or an object of JSON, is not a sentence.
_NO_SENTENCE = re.compile(rb"[<{\[]|.*[\r\n]", re.DOTALL)


def reason_and_remedy(response: ReceivedResponse) -> str | None:
    """What the server refuses, and what to write instead; None if it does not say that."""
    refused = response.header(_HEADER)
    if refused:
        return f"The server says in {_HEADER}: {escaped(refused)}"
    if response.logged is None:
        return None
    return response.logged[0].upper() + response.logged[1:]


def sentence(response: ReceivedResponse) -> str | None:
    """The body of a refused preflight, if that is one line of text, without the full stop."""
    body = response.body.strip()
    is_compressed = response.header("Content-Encoding") is not None
    if not body or is_compressed or len(body) > _LONGEST_SENTENCE or _NO_SENTENCE.match(body):
        return None
    return escaped(body.decode("utf-8", "replace")).rstrip(".") or None
