"""What a policy of crosscors in this process lacks for a request: all at once, in the words of its author.

A refusal names only what was judged: after a refused origin, the method is not looked at, and credentials are
never refused. So the policy is asked once more, as it would be after the change.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from crosscors._adapter.decider import Decider
from crosscors._adapter.reporting import Reporter
from crosscors.cli.explain.asked import Asked
from crosscors.core.policy import CORSPolicy, make_policy, options_of, words_of
from crosscors.core.request import CORSRequest
from crosscors.core.standard import REQUEST_HEADERS, REQUEST_METHOD
from crosscors.core.words import KEYWORDS
from crosscors.testing import Exchange


@contextmanager
def policies_heard() -> Generator[list[CORSPolicy]]:
    """The policies that decide meanwhile, in order: adapters report every decision that somebody hears."""
    heard: list[CORSPolicy] = []
    reporter: Any = Reporter
    decider: Any = Decider
    report, hears = reporter.report, decider.hears

    def hearing(self: Reporter, decision: Any, policy: Any, read: Any) -> None:
        if policy is not None and decision.protection is None:
            heard.append(policy)
        report(self, decision, policy, read)

    def hearing_all(*_: object) -> bool:
        return True

    reporter.report, decider.hears = hearing, hearing_all
    try:
        yield heard
    finally:
        reporter.report, decider.hears = report, hears


def lacking(policy: CORSPolicy, asked: Asked, exchange: Exchange) -> tuple[str, ...]:
    """What the policy lacks for this request of the page, one or two sentences each."""
    if policy.allow_origin_func is not None:  # it alone knows
        return ()
    return tuple(_lacking(policy, asked, exchange))


def _lacking(policy: CORSPolicy, asked: Asked, exchange: Exchange) -> Iterator[str]:
    words, origin = words_of(policy), asked.origin
    request = CORSRequest(
        exchange.request.method,
        origin=origin,
        request_method=exchange.request.header(REQUEST_METHOD),
        request_headers=exchange.request.header(REQUEST_HEADERS),
    )
    decision = policy.decide(request)
    if decision.refusals and decision.refusals[0].code.startswith("origin-"):
        yield f"{decision.refusals[0].message_in(words)}. {decision.refusals[0].hint_in(words)}"
        options = {**options_of(policy), "allow_origins": [*policy.allow_origins, origin]}
        changed, _ = make_policy(options, KEYWORDS)
        if changed is None:  # such an origin cannot be allowed
            return
        decision = changed.decide(request)
    for refusal in decision.refusals:
        yield f"{refusal.message_in(words)}. {refusal.hint_in(words)}"
    if asked.credentials and not decision.gives_credentials:
        listed = policy.allow_credentials if isinstance(policy.allow_credentials, tuple) else ()
        origins = ", ".join(f'"{each}"' for each in (*listed, origin))
        setting = words.setting("allow_credentials", f"[{origins}]")
        yield f"the request has credentials, and its origin gets none. To give it some, write {setting}."
