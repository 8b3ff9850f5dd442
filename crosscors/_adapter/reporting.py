"""How adapters report their decisions: to the log, and to the hook of the application."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import PolicyError, shown
from crosscors.core.origins.function import is_async_callable
from crosscors.core.policy import CORSPolicy, Policies, words_of
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.values import Findings, refused
from crosscors.core.words import KEYWORDS, Words

logger = logging.getLogger("crosscors")
root = logging.getLogger()
DEBUG = logging.DEBUG

OnDecision = Callable[[CORSRequest, Decision], object]
# Returns the request that a decision is about. It is only called if somebody wants to see the request.
ReadRequest = Callable[[], CORSRequest]

# At most this many messages of one level are logged in this many seconds. The others are only counted.
RECORDS_PER_WINDOW = 20
WINDOW_SECONDS = 10.0


def is_debug_heard() -> bool:
    """Whether the log shows messages at DEBUG."""
    try:
        # The levels are compared first: 0.03 microseconds instead of 0.1.
        return (logger.level or root.level) <= DEBUG and logger.isEnabledFor(DEBUG)
    except Exception:  # noqa: BLE001  # a logger that fails must not fail the request
        return False


def log(level: int, message: str, *values: object, error: Exception | None = None) -> None:
    """Log the message. If a handler, filter or formatter raises, the request goes on without it."""
    with suppress(Exception):
        logger.log(level, message, *values, exc_info=error)


def check_on_decision(on_decision: object, words: Words) -> Findings:
    """Whether ``on_decision`` is a function that is not async."""
    if on_decision is None or (callable(on_decision) and not is_async_callable(on_decision)):
        return Findings()
    message = f"takes a function that is not async, not {shown(on_decision)}."
    hint = f"Write {words.setting('on_decision', 'func')}, where func(request, decision) returns at once."
    return refused("wrong-type", words.name("on_decision"), on_decision, message, hint)


class Reporter:
    """Logs refusals at INFO and failures at ERROR, both at a bounded rate, and everything else at DEBUG.

    An exception in the log or the hook never reaches the request.

    Args:
        on_decision: called with every request and its decision. An exception in it is only logged.
        clock: seconds that only ever increase. Tests replace it.

    Raises:
        PolicyError: if ``on_decision`` cannot be called, or is async.
    """

    def __init__(
        self,
        on_decision: OnDecision | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        problems = check_on_decision(on_decision, KEYWORDS).problems
        if problems:
            raise PolicyError(problems)
        self.on_decision = on_decision
        self.has_hook = on_decision is not None  #: whether there is an ``on_decision`` to call
        self._clock = clock
        self._has_reported_unanswered = False
        self._warned: set[str] = set()
        # One for each level, so that many refused requests cannot hide failures.
        self._windows = {logging.INFO: _Window(clock), logging.ERROR: _Window(clock)}

    def listens(self) -> bool:
        """Whether anybody wants a report of every decision, not only of refusals."""
        return self.has_hook or is_debug_heard()

    def report(
        self,
        decision: Decision,
        policy: CORSPolicy | None,
        read: ReadRequest,
    ) -> None:
        """Report a decision of the policy. The request is only read if somebody wants to see it."""
        try:  # not suppress(), which costs 0.3 microseconds
            if decision.refusals:
                self._log_refusals(decision, policy, read)
            elif logger.isEnabledFor(logging.DEBUG):
                log(logging.DEBUG, "%s: %s", _named(decision, read()), _outcome(decision))
        except Exception:  # noqa: BLE001, S110  # the level, or the repr of an error, can raise
            pass
        self.call_hook(decision, read)

    def call_hook(self, decision: Decision, read: ReadRequest) -> None:
        """Only call ``on_decision``, if there is one."""
        if self.on_decision is not None:
            self._call(self.on_decision, read(), decision)

    def report_unanswered(self, message: str) -> None:
        """Report, once, that an exception passed through the adapter."""
        if not self._has_reported_unanswered:
            self._has_reported_unanswered = True
            log(logging.WARNING, message)

    def report_path(  # all that there is to say about a path
        self,
        policies: Policies,
        path: str,
        root_path: str,
        policy: CORSPolicy | None,
        read: ReadRequest,
    ) -> None:
        """Report what is odd about a path whose policy was looked up, if anything is."""
        resources = cast("Resources", policies)  # nothing else makes policies depend on the path
        if _ROOT_PATH_IN_KEY not in self._warned and resources.has_key_below(root_path, path):
            below = shown(f"{root_path.rstrip('/')}/items/*")
            self._warn_once(_ROOT_PATH_IN_KEY, shown(root_path), below)
        if policy is None:
            self._report_not_covered(resources, path, root_path, read)

    def _report_not_covered(
        self,
        resources: Resources,
        path: str,
        root_path: str,
        read: ReadRequest,
    ) -> None:
        """Report a path that no policy covers, because it can be read in several ways.

        Only requests with Origin are reported. It makes no difference to the others.
        """
        with suppress(Exception):
            if not logger.isEnabledFor(logging.INFO):
                return
            readings = resources.differing_readings(path, root_path)
            request = read() if readings else None
            if request is not None and request.origin is not None and self._may_log(logging.INFO):
                named = shown(f"{request.method} {path}")
                log(logging.INFO, "not covered %s: %s", named, _why_not_covered(readings))

    def report_root_path_inside(self, root_path: str) -> None:
        """Report, once, that the application set a root path that was not known before it ran."""
        self._warn_once(_ROOT_PATH_INSIDE, shown(root_path))

    def _warn_once(self, message: str, *arguments: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            log(logging.WARNING, message, *arguments)

    def _log_refusals(
        self,
        decision: Decision,
        policy: CORSPolicy | None,
        read: ReadRequest,
    ) -> None:
        errors = [refusal.error for refusal in decision.refusals if refusal.error is not None]
        level = logging.ERROR if errors else logging.INFO
        if self._may_log(level):
            # In the words of those who wrote the policy.
            words = KEYWORDS if policy is None else words_of(policy)
            reasons = " ".join(
                f"{refusal.message_in(words)}. {refusal.hint_in(words)}" for refusal in decision.refusals
            )
            named = _named(decision, read())
            error = errors[0] if errors else None
            log(level, "refused %s: %s", named, reasons, error=error)

    def _call(self, on_decision: OnDecision, request: CORSRequest, decision: Decision) -> None:
        try:
            on_decision(request, decision)
        except Exception as error:  # noqa: BLE001  # a hook must not change what happens to the request
            with suppress(Exception):
                if self._may_log(logging.ERROR):
                    log(logging.ERROR, "on_decision failed; the response is not affected", error=error)

    def _may_log(self, level: int) -> bool:
        if not logger.isEnabledFor(level):
            return False
        may_log, dropped = self._windows[level].take()
        if dropped:
            log(level, "%d messages like the next one were not logged", dropped)
        return may_log


class _Window:
    """Counts the messages of one level, and says when there are too many.

    There is no lock: a process that is forked while a thread holds a lock waits for it for ever. Threads that
    count at the same time may log a few messages too many.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = 0.0
        self._left = 0
        self._dropped = 0

    def take(self) -> tuple[bool, int]:
        """Whether one more may be logged; and, if a new window begins, how many were not logged before."""
        now = self._clock()
        dropped = 0
        if now >= self._end:
            dropped, self._dropped = self._dropped, 0
            self._end, self._left = now + WINDOW_SECONDS, RECORDS_PER_WINDOW
        if self._left <= 0:  # less than zero, if two threads have taken the last one
            self._dropped += 1
            return False, dropped
        self._left -= 1
        return True, dropped


def _named(decision: Decision, request: CORSRequest) -> str:
    """The request as its developer knows it: a preflight by the method that it asks for."""
    if decision.kind is Kind.PREFLIGHT:
        return f"preflight for {shown(f'{request.request_method} {request.path}')}"
    return shown(f"{request.method} {request.path}")


_ROOT_PATH_IN_KEY = (
    "a key of Resources begins with the root path %s. Write keys without the root path: '/items/*' instead "
    "of %s. They are compared with the path below the root path"
)
_ROOT_PATH_INSIDE = (
    "give the root path %s to the server, or write CORS(app, ...) with CORS from crosscors.fastapi. The "
    "application set the root path itself, which is too late for preflights, so a preflight may have a "
    "different policy than the response"
)


def _why_not_covered(readings: tuple[str, ...]) -> str:
    if len(readings) == 1:
        return "the path can be read in too many ways. Request it without //, dot segments and backslashes."
    first, other = map(shown, readings)
    return (
        f"the path can mean {first} or {other}, which have different policies. Request it without //, dot "
        "segments and backslashes. If a key of Resources begins with the root path, remove that from the key."
    )


def _outcome(decision: Decision) -> str:
    if decision.kind is Kind.NOT_CORS:
        return "no Origin header, so this is not a CORS request"
    return f"allowed by {shown(decision.matched)}"
