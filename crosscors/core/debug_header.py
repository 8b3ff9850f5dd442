"""X-CORS-Refused: in debug mode, a refused response says why, in the network panel of the browser."""

from __future__ import annotations

from dataclasses import replace

from crosscors.core.decision import Decision
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.words import Words

NAME = "X-CORS-Refused"
_MAX_LENGTH = 500  # bytes; some servers limit a whole response head to 8 KiB


def explained(decision: Decision, words: Words) -> Decision:
    """The decision, with X-CORS-Refused if anything is refused: the codes, what is refused, what to write."""
    if not decision.refusals:
        return decision
    value = " ".join(
        f"{refusal.code}: {refusal.message_in(words)}. {refusal.hint_in(words)}"
        for refusal in decision.refusals
    )
    # The cross-origin protection refuses with the headers of the policy, which may say why that refuses.
    others = (header for header in decision.headers if header[0] != NAME)
    headers = (*others, (NAME, _shortened(value)))
    return replace(decision, response_headers=ResponseHeaders(headers, decision.vary))


def _shortened(value: str) -> str:
    return value if len(value) <= _MAX_LENGTH else f"{value[: _MAX_LENGTH - len('...')]}..."
