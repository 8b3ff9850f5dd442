"""How adapters report their decisions: to the log, and to the hooks of the application.

The logger is ``crosscors``. Each adapter has a ``Reporter``, which follows these rules:

1. A refusal is logged at INFO. If ``allow_origin_func`` failed, it is logged at ERROR, with the traceback.
   A cross-origin request to a path that no policy covers is a refusal, too.
2. Where the log does not show INFO, the first refusals of the process are logged at WARNING: the first one of
   each kind and origin, at most five of a kind, and ten in all (first_messages.py). The last one says so.
3. Every other decision is logged at DEBUG. In debug mode, a request with cookies whose response gets no
   credentials is logged at WARNING, at most ten times in a process.
4. A mistake that only a request can show, such as a root path in a key of Resources, is logged at WARNING,
   once for each adapter.
5. At most 20 messages of INFO and 20 of ERROR are logged in 10 seconds. The others are counted. Their number
   is logged before the next message, with the origins that most of them were about. The levels are counted
   separately, so that many refusals cannot hide a failure.
6. The hooks, ``on_decision``, are called with every decision, after the decision is logged. If one fails,
   that is logged at ERROR, and the next one is called all the same.
7. If the log or a hook raises an exception, the request goes on without it.
8. The request is only read if a message or a hook needs it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Protocol

from crosscors._adapter.first_messages import first_refusals, first_useless_cookies
from crosscors._adapter.keywords import Hook
from crosscors._adapter.most_frequent import MostFrequent
from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import shown
from crosscors.core.origins.serialized import MAX_LENGTH, is_loopback, split
from crosscors.core.policy import CORSPolicy, Policies, questions_to, words_of
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.standard import ALLOW_CREDENTIALS
from crosscors.core.words import Words

root = logging.getLogger()
DEBUG = logging.DEBUG

# Returns the request that a decision is about.
ReadRequest = Callable[[], CORSRequest]

# Rule 5.
MESSAGES_PER_WINDOW = 20
WINDOW_SECONDS = 10.0
# Of the origins of messages that were not logged: how many are counted, and how many are named.
COUNTED_ORIGINS = 50
NAMED_ORIGINS = 3


@cache
def logger() -> logging.Logger:
    """The logger ``crosscors``.

    The first adapter makes it, and not an import: ``logging.config.dictConfig`` disables loggers that are
    there already, and many applications import everything before they configure the log.
    """
    return logging.getLogger("crosscors")


def is_debug_heard() -> bool:
    """Whether the log shows messages at DEBUG."""
    try:
        # The levels are compared first: 0.03 microseconds instead of 0.1.
        return (logger().level or root.level) <= DEBUG and logger().isEnabledFor(DEBUG)
    except Exception:  # noqa: BLE001  # rule 7
        return False


def _is_info_shown() -> bool:
    """Whether the log shows INFO: the logger must let it pass, and so must a handler."""
    if not logger().isEnabledFor(logging.INFO):
        return False
    if logger().filters:
        return True  # a filter can hear everything, as that of ``crosscors.testing`` does
    each: logging.Logger | None = logger()
    while each is not None:
        if any(handler.level <= logging.INFO for handler in each.handlers):
            return True
        each = each.parent if each.propagate else None
    return False


def log(
    level: int, message: str, *values: object, error: Exception | None = None, refused: Decision | None = None
) -> None:
    """Log the message. If a handler, filter or formatter raises, the request goes on without it.

    A record about a refusal has the codes of its reasons in ``refusals``, also for ``crosscors.testing``.
    """
    extra = {"refusals": tuple(each.code for each in refused.refusals)} if refused else None
    with suppress(Exception):
        logger().log(level, message, *values, exc_info=error, extra=extra)


class Adapter(Protocol):
    """An adapter, as reports need to know it.

    Attributes:
        words: what its developer calls the options.
    """

    words: Words

    @property
    def debug(self) -> bool:
        """Whether debug mode is on at the moment."""
        ...

    def place_of(self, policy: CORSPolicy, /) -> str:
        """What the policy belongs to, such as ``the application`` or ``'/api/*'``."""
        ...


class Reporter:
    """Reports the decisions of one adapter, as the rules above say.

    Args:
        hooks: the functions to call.
        adapter: the adapter.
        clock: seconds that only ever increase. Tests replace it.
    """

    def __init__(
        self,
        hooks: tuple[Hook, ...],
        adapter: Adapter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._adapter = adapter
        self.hooks = hooks
        self._warned: set[str] = set()
        self._windows = {logging.INFO: _Window(clock), logging.ERROR: _Window(clock)}

    def report(self, decision: Decision, policy: CORSPolicy | None, read: ReadRequest) -> None:
        """Log a decision, and call the hooks.

        Args:
            decision: the decision.
            policy: the policy that made it; None if no policy covers the path.
            read: returns the request.
        """
        try:  # not suppress(), which costs 0.3 microseconds
            if not decision.refusals:
                self._log_allowed(decision, policy, read)
            elif self.hooks or _is_shown(decision):
                read = cache(read)  # the hooks get the same request
                request = read()
                if policy is not None and decision.protection is None:
                    decision = questions_to(policy).examined(decision, request)
                self._log_refusals(decision, policy, request)
        except Exception:  # noqa: BLE001, S110  # the level, or the repr of an error, can raise
            pass
        self.call_hooks(decision, read)

    def _log_allowed(self, decision: Decision, policy: CORSPolicy | None, read: ReadRequest) -> None:
        if logger().isEnabledFor(DEBUG):
            log(DEBUG, "%s: %s", _named(decision, read()), _outcome(decision))
        if policy is not None and self._adapter.debug and _may_lack_credentials(decision):
            self._log_useless_cookies(policy, read())

    def _log_refusals(self, decision: Decision, policy: CORSPolicy | None, request: CORSRequest) -> None:
        if not decision.refusals:
            self._log_allowed(decision, policy, lambda: request)
            return
        refusal = decision.refusals[0]
        if refusal.error is not None or _is_info_shown():
            level = logging.INFO if refusal.error is None else logging.ERROR
            if self._may_log(level, request):
                message = self._sentences(decision, policy, request)
                log(level, "%s", message, error=refusal.error, refused=decision)
            return
        if first_refusals.take(refusal.code, _subject_of(decision)):  # rule 2
            message = self._sentences(decision, policy, request)
            of_what = "" if first_refusals.is_over else " of this kind"
            last = _LAST_ONE.format(of_what) if first_refusals.is_full(refusal.code) else ""
            log(logging.WARNING, "%s%s", message, last, refused=decision)

    def _log_useless_cookies(self, policy: CORSPolicy, request: CORSRequest) -> None:
        """Rule 3: browsers hide the response to a request with cookies if it gives no credentials."""
        origin, mode = request.origin or "", request.headers.get("sec-fetch-mode")
        is_cross_origin = request.headers.get("sec-fetch-site") != "same-origin" and mode == "cors"
        if is_cross_origin and "cookie" in request.headers and first_useless_cookies.take("cookies", origin):
            option = words_of(policy).setting("allow_credentials", f'["{origin}"]')
            log(
                logging.WARNING,
                "the page at %s sent cookies with %s, but the CORS policy of %s gives no credentials, so the "
                'browser hides the response. Write %s, or leave credentials: "include" out of fetch(...)',
                shown(origin),
                shown(f"{request.method} {request.path}"),
                self._adapter.place_of(policy),
                option,
            )

    def _sentences(self, decision: Decision, policy: CORSPolicy | None, request: CORSRequest) -> str:
        """Who refused what, why, and what to write, in the words of whoever wrote the policy."""
        named = _named(decision, request)
        words, first = self._adapter.words, f"{named} gets no CORS headers:"
        if policy is not None:
            words = words_of(policy)
            first = f"the CORS policy of {self._adapter.place_of(policy)} refused {named}:"
        if decision.protection is not None:
            refused = "refused" if decision.protection == "enforced" else "would refuse"
            first = f"the cross-origin protection {refused} {named}:"
        reason, *others = (f"{each.message_in(words)}. {each.hint_in(words)}" for each in decision.refusals)
        others = [f"{other[0].upper()}{other[1:]}" for other in others]
        return " ".join([first, reason, *others, *_remarks(decision, request)])

    def call_hooks(self, decision: Decision, read: ReadRequest) -> None:
        """Call the hooks, if there are any, and log nothing else."""
        if not self.hooks:
            return
        request = read()
        for hook in self.hooks:
            try:
                hook(request, decision)
            except Exception as error:  # noqa: BLE001, PERF203  # rules 6 and 7
                with suppress(Exception):
                    if self._may_log(logging.ERROR, request):
                        log(logging.ERROR, "on_decision failed; the response is not affected", error=error)

    def report_root_path(self, policies: Policies, path: str, root_path: str) -> None:
        """Warn about keys of Resources that begin with the root path.

        Args:
            policies: where the path was looked up.
            path: the path, including the root path.
            root_path: the root path.
        """
        if not isinstance(policies, Resources) or _ROOT_PATH_IN_KEY in self._warned:
            return
        if policies.has_key_below(root_path, path):
            below = shown(f"{root_path.rstrip('/')}/items/*")
            self._warn_once(_ROOT_PATH_IN_KEY, shown(root_path), below)

    def report_root_path_inside(self, root_path: str) -> None:
        """Warn that the application set a root path that was not known before it ran."""
        self._warn_once(_ROOT_PATH_INSIDE, shown(root_path))

    def report_unanswered(self, message: str) -> None:
        """Warn that an exception passed through the adapter."""
        self._warn_once(message)

    def _warn_once(self, message: str, *values: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            log(logging.WARNING, message, *values)

    def _may_log(self, level: int, request: CORSRequest) -> bool:
        """Whether the log shows messages of this level, and has room for one more (rule 5)."""
        if not logger().isEnabledFor(level):
            return False
        may_log, dropped = self._windows[level].take(request.origin or "")
        if dropped is not None:
            message = "%d messages like the next one were not logged%s"
            log(level, message, dropped.number, _frequent_in(dropped))
        return may_log


class _Dropped:
    """The messages that were not logged.

    Attributes:
        number: how many.
        origins: of their requests.
    """

    def __init__(self) -> None:
        self.number = 0
        self.origins = MostFrequent(size=COUNTED_ORIGINS)


def _frequent_in(dropped: _Dropped) -> str:
    """The origins that came more than once, as the end of a sentence."""
    top = [(origin, count) for origin, count in dropped.origins.top(NAMED_ORIGINS) if origin and count > 1]
    named = ", ".join(f"{shown(origin)} (at least {count})" for origin, count in top)
    return f". Most frequent origins: {named}" if named else ""


class _Window:
    """Counts the messages of one level, and says when there are too many.

    There is no lock, because a process that is forked while a thread holds a lock would wait for it for ever.
    Threads that count at the same time may log a few messages too many.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = 0.0
        self._left = 0
        self._dropped: _Dropped | None = None

    def take(self, origin: str) -> tuple[bool, _Dropped | None]:
        """Whether one more may be logged; and, if a new window begins, what was not logged before."""
        now = self._clock()
        dropped = None
        if now >= self._end:
            dropped, self._dropped = self._dropped, None
            self._end, self._left = now + WINDOW_SECONDS, MESSAGES_PER_WINDOW
        if self._left <= 0:  # less than zero, if two threads have taken the last one
            self._dropped = self._dropped or _Dropped()
            self._dropped.number += 1
            self._dropped.origins.add(origin[:MAX_LENGTH])
            return False, dropped
        self._left -= 1
        return True, dropped


def _named(decision: Decision, request: CORSRequest) -> str:
    """The request as its developer knows it. A preflight is named after the method that it asks for."""
    if decision.kind is Kind.PREFLIGHT:
        return f"the preflight for {shown(f'{request.request_method} {request.path}')}"
    return shown(f"{request.method} {request.path}")


def _outcome(decision: Decision) -> str:
    if decision.kind is Kind.NOT_CORS:
        return "not a CORS request"
    if decision.kind is Kind.SAME_ORIGIN:
        return "a same-origin request"
    return f"allowed by {shown(decision.matched)}"


def _is_shown(decision: Decision) -> bool:
    """Whether the log may show a refusal. Most refused requests end here, and are not even read."""
    refusal = decision.refusals[0]
    if refusal.error is not None or _is_info_shown():
        return True
    return first_refusals.is_first(refusal.code, _subject_of(decision))


def _subject_of(decision: Decision) -> str:
    """The origin that is refused, or whose method or header is. For a path without a policy, the path."""
    pairs = decision.response_headers.pairs
    return pairs[0][1] if pairs else decision.refusals[0].values[0]


def _may_lack_credentials(decision: Decision) -> bool:
    is_allowed = decision.kind is Kind.ACTUAL and decision.allowed
    return is_allowed and (ALLOW_CREDENTIALS, "true") not in decision.headers


def _remarks(decision: Decision, request: CORSRequest) -> Iterator[str]:
    """What else may be the cause, as far as the request shows it."""
    is_refused_origin = decision.kind is Kind.ACTUAL and decision.refusals[0].code == "origin-not-allowed"
    scheme, host, _ = split(request.origin or "")
    # Browsers send no Sec-Fetch-Site to another machine over plain http. The requests of that server's own
    # pages can only be told by Host.
    is_plain = scheme == "http" and not is_loopback(host) and "sec-fetch-site" not in request.headers
    if is_refused_origin and is_plain and request.host:
        yield (
            f"Or, if that page is this server's own, a proxy changes Host to {shown(request.host)}. "
            "Let it pass Host on."
        )


_LAST_ONE = (
    " No more refusals{} are shown. To see all refusals, write logging.basicConfig(level=logging.INFO)."
)
_ROOT_PATH_IN_KEY = (
    "a key of Resources begins with the root path %s. Write keys without the root path: '/items/*' instead "
    "of %s. They are compared with the path below the root path"
)
_ROOT_PATH_INSIDE = (
    "give the root path %s to the server, or write CORS(app, ...) with CORS from crosscors.fastapi. The "
    "application set the root path itself, which is too late for preflights, so a preflight may have a "
    "different policy than the response"
)
