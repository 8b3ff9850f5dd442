"""The one change that lets a blocked request pass."""

from __future__ import annotations

from crosscors.cli.explain.playing import Played
from crosscors.cli.explain.serving import unreachable_hint
from crosscors.cli.targets import Target
from crosscors.testing import BlockedByCORS


def hint_for(played: Played, target: Target) -> str | None:
    """What to change, or None."""
    error = played.error
    if error is None:
        return None
    if not isinstance(error, BlockedByCORS):
        return unreachable_hint(error.__cause__, played.url)
    return error.hint
