"""What adapters tell of their decisions: to the log, and to the application's hook."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from logging import DEBUG
from typing import TypeVar

from crosscors.core.decision import CORSRequest, Decision, Kind
from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.options import is_async_callable

logger = logging.getLogger("crosscors")
_is_enabled_for = logger.isEnabledFor

OnDecision = Callable[[CORSRequest, Decision], object]
_Source = TypeVar("_Source")

# So many records of one level are logged in so many seconds; what a flood brings besides is counted.
RECORDS_PER_WINDOW = 20
WINDOW_SECONDS = 10.0


class Reporter:
    """Logs refusals at INFO, failures at ERROR, both at a bounded rate, and all else at DEBUG.

    Args:
        on_decision: called with every request and its decision; what it raises is logged, no more.
        clock: seconds that only ever grow, for tests to move.
        reword: puts what the core says of options into the words of a framework's users.

    Raises:
        PolicyError: if ``on_decision`` cannot be called, or would have to be awaited.
    """

    def __init__(
        self,
        on_decision: OnDecision | None,
        clock: Callable[[], float] = time.monotonic,
        reword: Callable[[str], str] = str,
    ) -> None:
        if on_decision is not None and (not callable(on_decision) or is_async_callable(on_decision)):
            message = f"takes a function that is not async, not {shown(on_decision)}."
            hint = "Write on_decision=func, where func(request, decision) returns at once."
            raise PolicyError((Problem("wrong-type", "on_decision", on_decision, message, hint),))
        self._on_decision = on_decision
        self._reword = reword
        self._clock = clock
        self._has_reported_unanswered = False
        # One for each level, so that refused requests cannot crowd out what is wrong in here.
        self._windows = {logging.INFO: _Window(clock), logging.ERROR: _Window(clock)}

    def __reduce__(self) -> tuple[object, ...]:
        """Copies count for themselves; a lock could not be pickled."""
        return type(self), (self._on_decision, self._clock, self._reword)

    @property
    def has_hook(self) -> bool:
        """Whether there is an ``on_decision`` to call."""
        return self._on_decision is not None

    def wants(self, decision: Decision) -> bool:
        """Whether there is anything to tell of the decision: if so, the request has to be kept until then."""
        if decision.refusals or self._on_decision is not None:
            return True
        return _is_enabled_for(DEBUG)

    def report(self, decision: Decision, read: Callable[[_Source], CORSRequest], source: _Source) -> None:
        """Report a decision; the request is only read from its source if someone wants to see it."""
        if decision.refusals:
            self._log_refusals(decision, read, source)
        elif logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s: %s", _named(decision, read(source)), _outcome(decision))
        self.call_hook(decision, read, source)

    def call_hook(self, decision: Decision, read: Callable[[_Source], CORSRequest], source: _Source) -> None:
        """Call ``on_decision``, if there is one, and nothing more."""
        if self._on_decision is not None:
            self._call(self._on_decision, read(source), decision)

    def report_unanswered(self, message: str) -> None:
        """Report, once, that an exception passed the adapter."""
        if not self._has_reported_unanswered:
            self._has_reported_unanswered = True
            logger.warning(message)

    def _log_refusals(
        self, decision: Decision, read: Callable[[_Source], CORSRequest], source: _Source
    ) -> None:
        errors = [refusal.error for refusal in decision.refusals if refusal.error is not None]
        level = logging.ERROR if errors else logging.INFO
        if self._may_log(level):
            reasons = " ".join(f"{refusal.message}. {refusal.hint}" for refusal in decision.refusals)
            named = _named(decision, read(source))
            logger.log(
                level, "refused %s: %s", named, self._reword(reasons), exc_info=errors[0] if errors else None
            )

    def _call(self, on_decision: OnDecision, request: CORSRequest, decision: Decision) -> None:
        try:
            on_decision(request, decision)
        except Exception as error:  # a hook must not decide what becomes of the request
            if self._may_log(logging.ERROR):
                logger.error("on_decision failed; the response is not affected", exc_info=error)

    def _may_log(self, level: int) -> bool:
        if not logger.isEnabledFor(level):
            return False
        may_log, dropped = self._windows[level].take()
        if dropped:
            logger.log(level, "%d records like the next one were not logged", dropped)
        return may_log


class _Window:
    """Counts the records of one level: so many in so many seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._end = 0.0
        self._left = 0
        self._dropped = 0

    def take(self) -> tuple[bool, int]:
        """Whether one more may be logged, and how many were not before it, if a new window begins."""
        with self._lock:
            now = self._clock()
            dropped = 0
            if now >= self._end:
                dropped, self._dropped = self._dropped, 0
                self._end, self._left = now + WINDOW_SECONDS, RECORDS_PER_WINDOW
            if not self._left:
                self._dropped += 1
                return False, dropped
            self._left -= 1
            return True, dropped


def _named(decision: Decision, request: CORSRequest) -> str:
    """The request as its developer thinks of it: a preflight by the method that it asks for."""
    if decision.kind is Kind.PREFLIGHT:
        return f"preflight for {shown(f'{request.request_method} {request.path}')}"
    return shown(f"{request.method} {request.path}")


def _outcome(decision: Decision) -> str:
    if decision.kind is Kind.NOT_CORS:
        return "no Origin field, so this is not a CORS request"
    return f"allowed by {shown(decision.matched)}"
