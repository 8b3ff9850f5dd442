"""What a probe finds: a code, how bad it is, and what to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from crosscors.testing.exchange import Exchange, Fields

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")

_MAX_HEADERS, _MAX_VALUE = 100, 1000
_HIDDEN = "(hidden)"


@dataclass(frozen=True)
class Finding:
    """One thing to change on the server, with the exchange that shows it.

    ``origin`` is the page's; None if the finding is the same for all pages.
    """

    code: str
    severity: Severity
    origin: str | None
    message: str
    fix: str
    exchange: Exchange

    def as_json(self, secret_names: frozenset[str]) -> dict[str, Any]:
        """The form that ``--json`` documents. The values of these request headers are left out."""
        request, response = self.exchange.request, self.exchange.response
        return {
            "code": self.code,
            "severity": self.severity,
            "origin": self.origin,
            "message": self.message,
            "fix": self.fix,
            "exchange": {
                "request": {
                    "method": request.method,
                    "url": request.url,
                    "headers": _shown(request.headers, secret_names),
                },
                "response": {
                    "status": response.status,
                    "headers": _shown(response.headers, frozenset({"set-cookie"})),
                },
            },
        }


def _shown(fields: Fields, secret_names: frozenset[str]) -> list[list[str]]:
    return [
        [name[:_MAX_VALUE], _HIDDEN if name.lower() in secret_names else value[:_MAX_VALUE]]
        for name, value in fields[:_MAX_HEADERS]
    ]
