"""The request behind a pasted sentence, as far as the sentence tells it, and what it lacks."""

from __future__ import annotations

from crosscors.cli.explain.asked import Options
from crosscors.cli.explain.console import ConsoleSentence
from crosscors.cli.explain.curl import PastedRequest
from crosscors.testing.urls import is_url

# The browser decides these by other rules, so the request says nothing about them.
_OF_BROWSERS = frozenset(
    {
        *("content-security-policy", "cross-origin-resource-policy", "local-network-access", "mixed-content"),
        *("mode-same-origin", "not-http", "opaque-response-blocking"),
    }
)


def request_of(sentence: ConsoleSentence) -> PastedRequest:
    """The request of the page, as far as the sentence tells it."""
    return PastedRequest(
        url=sentence.redirected_from or sentence.url or "",
        method=sentence.method or "GET",
        headers=((sentence.header, None),) if sentence.header else (),
        credentials=sentence.needs_credentials,
        origin=sentence.origin,
    )


def lacks(sentence: ConsoleSentence, options: Options, target: str | None) -> str | None:
    """What to write so that the request can be played; None if nothing is missing."""
    if sentence.reason in _OF_BROWSERS:
        return "This is not CORS. The causes say what to change."
    is_described = options.method or options.headers or options.data or sentence.method or sentence.header
    cases = (
        (target or is_url(sentence.url or ""), "the URL or the application as TARGET"),
        (options.origin or sentence.origin, "--origin https://app.example.com (the origin of the page)"),
        (is_described or not sentence.is_preflight, "-X PUT or -H X-Token (what the preflight asks for)"),
    )
    missing = [what for is_known, what in cases if not is_known]
    return f"To ask the server as well, write {' and '.join(missing)}." if missing else None
