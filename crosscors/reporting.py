"""What adapters tell of their decisions: to the log, and to the application's hook."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from crosscors.core.decision import CORSRequest, Decision, Kind
from crosscors.core.errors import PolicyError, Problem, shown

logger = logging.getLogger("crosscors")

OnDecision = Callable[[CORSRequest, Decision], object]
_Source = TypeVar("_Source")

# So many records are logged in so many seconds; a flood of refused requests is counted instead.
RECORDS_PER_WINDOW = 20
WINDOW_SECONDS = 10.0


class Reporter:
    """Logs refusals at INFO, at a bounded rate, and all else at DEBUG; calls the hook for everything.

    Args:
        on_decision: called with every request and its decision; what it raises is logged, no more.
        clock: seconds that only ever grow, for tests to move.

    Raises:
        PolicyError: if ``on_decision`` cannot be called, or would have to be awaited.
    """

    def __init__(self, on_decision: OnDecision | None, clock: Callable[[], float] = time.monotonic) -> None:
        if on_decision is not None and (
            not callable(on_decision) or inspect.iscoroutinefunction(on_decision)
        ):
            message = f"takes a function that is not async, not {shown(on_decision)}."
            hint = "Write on_decision=func, where func(request, decision) returns at once."
            raise PolicyError((Problem("wrong-type", "on_decision", on_decision, message, hint),))
        self._on_decision = on_decision
        self._clock = clock
        self._lock = threading.Lock()
        self._window_end = 0.0
        self._left = 0
        self._dropped = 0

    def report(self, decision: Decision, read: Callable[[_Source], CORSRequest], source: _Source) -> None:
        """Report a decision; the request is only read from its source if someone wants to see it."""
        if decision.refusals:
            self._log_refusals(decision, read, source)
        elif logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s: %s", decision.kind.value, _named(decision, read(source)), _outcome(decision))
        if self._on_decision is not None:
            self._call(self._on_decision, read(source), decision)

    def _log_refusals(
        self, decision: Decision, read: Callable[[_Source], CORSRequest], source: _Source
    ) -> None:
        for refusal in decision.refusals:
            level = logging.INFO if refusal.error is None else logging.ERROR
            if logger.isEnabledFor(level) and self._may_log():
                logger.log(
                    level,
                    "refused %s %s: %s. %s",
                    decision.kind.value,
                    _named(decision, read(source)),
                    refusal.message,
                    refusal.hint,
                    exc_info=refusal.error,
                )

    def _call(self, on_decision: OnDecision, request: CORSRequest, decision: Decision) -> None:
        try:
            on_decision(request, decision)
        except Exception:
            if self._may_log():
                logger.exception("on_decision failed; the response is not affected")

    def _may_log(self) -> bool:
        with self._lock:
            now = self._clock()
            if now >= self._window_end:
                if self._dropped:
                    logger.info("%d more records like these were not logged", self._dropped)
                self._window_end = now + WINDOW_SECONDS
                self._left = RECORDS_PER_WINDOW
                self._dropped = 0
            if not self._left:
                self._dropped += 1
                return False
            self._left -= 1
            return True


def _named(decision: Decision, request: CORSRequest) -> str:
    """The request as its developer thinks of it: a preflight by the method that it asks for."""
    method = request.request_method if decision.kind is Kind.PREFLIGHT else request.method
    return shown(f"{method} {request.path}")


def _outcome(decision: Decision) -> str:
    if decision.matched is None:
        return "no Origin field, so the response gets at most Vary"
    return f"allowed by {shown(decision.matched)}"
