"""What can come of a request, as labels: a closed set.

No label has text from a request: no origin, no path, no header. So nobody can grow the number of series from
outside.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import shown
from crosscors.core.refusal import ACTUAL_CODES, PREFLIGHT_CODES, PROTECTION_CODES

NO_REASON = "none"

# What came of an attempt to get a new policy: it is served; the document was wrong; there was none to read.
Reload = Literal["ok", "invalid", "unavailable"]
RELOADS: tuple[Reload, ...] = ("ok", "invalid", "unavailable")


class Outcome(NamedTuple):
    """What came of a request.

    Attributes:
        kind: ``not-cors``, ``same-origin``, ``actual`` or ``preflight``.
        reason: the code of the refusal, the first one if there are several; ``none`` if nothing is refused.
        mode: of the cross-origin protection: ``enforced`` or ``report``; None if the CORS policy decided.
    """

    kind: str
    reason: str
    mode: str | None = None

    @property
    def result(self) -> Literal["allowed", "refused"]:
        """Whether anything is refused."""
        return "allowed" if self.reason == NO_REASON else "refused"


def outcome_of(decision: Decision) -> Outcome:
    """What a decision means for its request.

    >>> from crosscors import CORSPolicy, CORSRequest
    >>> request = CORSRequest("GET", origin="https://a.example")
    >>> outcome_of(CORSPolicy(allow_origins="*").decide(request))
    Outcome(kind='actual', reason='none', mode=None)
    """
    refusals = decision.refusals
    return Outcome(decision.kind.value, refusals[0].code if refusals else NO_REASON, decision.protection)


# The protection makes no difference between preflights and other requests with Origin.
_KINDS_OF_PROTECTION = (Kind.NOT_CORS, Kind.ACTUAL)

#: All there are.
OUTCOMES: tuple[Outcome, ...] = (
    *(Outcome(kind.value, NO_REASON) for kind in Kind),
    *(Outcome(Kind.ACTUAL.value, code) for code in ACTUAL_CODES),
    *(Outcome(Kind.PREFLIGHT.value, code) for code in PREFLIGHT_CODES),
    *(
        Outcome(kind.value, code, mode)
        for mode in ("enforced", "report")
        for kind in _KINDS_OF_PROTECTION
        for code in PROTECTION_CODES
    ),
)


def reload_of(error: Exception) -> Reload:
    """Why there is no new policy.

    >>> reload_of(ValueError("not TOML")), reload_of(FileNotFoundError())
    ('invalid', 'unavailable')
    """
    return "invalid" if isinstance(error, ValueError) else "unavailable"


def checked_name(policy: object) -> str:
    """The name that the user gives to a policy.

    Raises:
        TypeError: if it is not a text, or empty.
    """
    if isinstance(policy, str) and policy:
        return policy
    raise TypeError(f'policy takes a name of your choice, not {shown(policy)}. Write policy="api"')
