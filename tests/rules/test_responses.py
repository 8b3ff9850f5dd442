"""Writing a decision into a response: the policy's headers replace the application's; Vary is merged."""

from __future__ import annotations

from crosscors import CORSPolicy, Decision

from .kit import APP, actual, merged, merged_raw, preflight, rows

ORIGIN = ("Access-Control-Allow-Origin", APP)
STAR = ("Access-Control-Allow-Origin", "*")
VARY = ("Vary", "Origin")
ALLOWED = actual(CORSPolicy(allow_origins=[APP]), APP)
REFUSED = actual(CORSPolicy(), APP)
PUBLIC = actual(CORSPolicy(allow_origins="*"), APP)
TWO_VARY = [("vary", "Accept"), ("Vary", "accept")]
COOKIES = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Access-Control", "x")]

LOWER_CASE_STAR = ("access-control-allow-origin", "*")
ETAG = ("ETag", "1")
# Decision, headers of the application, headers of the response, why.
WRITTEN = [
    (ALLOWED, [], [ORIGIN, VARY], "an empty response"),
    (ALLOWED, COOKIES, [*COOKIES, ORIGIN, VARY], "other headers keep their order and repeats"),
    (ALLOWED, [STAR, LOWER_CASE_STAR], [ORIGIN, VARY], "others are replaced, in whatever case"),
    (ALLOWED, [("Access-Control-Max-Age", "9")], [ORIGIN, VARY], "also those that the policy does not give"),
    (REFUSED, [STAR, ("ACCESS-CONTROL-X", "y"), ETAG], [ETAG, VARY], "all go where the origin is refused"),
    (ALLOWED, [("vary", "A"), ETAG, VARY], [ETAG, ORIGIN, ("Vary", "A, Origin")], "Vary is merged"),
    (ALLOWED, [("Vary", "origin, A, ORIGIN")], [ORIGIN, ("Vary", "origin, A")], "names of Vary have no case"),
    (ALLOWED, [("Vary", " a\t,, ,b ")], [ORIGIN, ("Vary", "a, b, Origin")], "blanks and empty elements go"),
    (ALLOWED, [("Vary", "")], [ORIGIN, VARY], "an empty Vary"),
    (ALLOWED, [("Vary", "*")], [ORIGIN, ("Vary", "*")], "Vary: * stays"),
    (ALLOWED, [("Vary", "A"), ("Vary", "B, *")], [ORIGIN, ("Vary", "*")], "Vary: * among others stays alone"),
    (ALLOWED, [("Vary", "A-*")], [ORIGIN, ("Vary", "A-*, Origin")], "a * within a name is not *"),
    (PUBLIC, TWO_VARY, [*TWO_VARY, STAR], "Vary stays as it is where everyone gets the same"),
    (ALLOWED, [("", "nameless")], [("", "nameless"), ORIGIN, VARY], "a header without a name"),
]


@rows("decision, given_headers, written", WRITTEN)
def test_the_policy_replaces_headers_and_merges_vary(
    decision: Decision, given_headers: list[tuple[str, str]], written: list[tuple[str, str]]
) -> None:
    before = list(given_headers)
    assert merged(decision, given_headers) == written
    assert merged(decision, iter(given_headers)) == written
    assert given_headers == before


RAW_VARY = (b"vary", b"Origin")
OTHER_BYTES = (b"x-bytes", b"\xff\x00")
# Raw headers of the application, raw headers of a refused response, why.
RAW_WRITTEN = [
    ([OTHER_BYTES], [OTHER_BYTES, RAW_VARY], "any bytes stay"),
    ([(b"vary", b"x-\xe4")], [(b"vary", b"x-\xe4, Origin")], "also in Vary"),
    ([(b"", b"")], [(b"", b""), RAW_VARY], "a header without a name"),
]


@rows("given_headers, written", RAW_WRITTEN)
def test_raw_headers_may_hold_any_bytes(
    given_headers: list[tuple[bytes, bytes]], written: list[tuple[bytes, bytes]]
) -> None:
    before = list(given_headers)
    assert merged_raw(REFUSED, given_headers) == written
    assert merged_raw(REFUSED, iter(given_headers)) == written
    assert given_headers == before


def test_what_is_written_can_be_changed_without_changing_the_decision() -> None:
    merged(ALLOWED, []).clear()
    merged_raw(ALLOWED, []).clear()
    assert merged(ALLOWED, []) == [ORIGIN, VARY]
    assert merged_raw(ALLOWED, []) == [(b"access-control-allow-origin", APP.encode()), (b"vary", b"Origin")]


def test_a_decision_that_was_written_is_still_equal_to_one_that_was_not() -> None:
    written, unwritten = (preflight(CORSPolicy(allow_origins=[APP])) for _ in range(2))
    assert written.raw_whole_headers[1] == (b"content-length", b"2")
    assert (written, hash(written), repr(written)) == (unwritten, hash(unwritten), repr(unwritten))
