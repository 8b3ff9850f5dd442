"""X-CORS-Refused: in debug mode, a refused response says why."""

from __future__ import annotations

from dataclasses import replace

from crosscors import CORSPolicy
from crosscors.core.debug_header import explained
from crosscors.core.words import KEYWORDS
from crosscors.flask.words import FlaskWords

from .kit import APP, EVIL, actual, preflight


def reason(decision_headers: tuple[tuple[str, str], ...]) -> str | None:
    return dict(decision_headers).get("X-CORS-Refused")


def test_it_has_the_code_the_message_and_the_hint_in_the_words_of_the_reader() -> None:
    decision = explained(actual(CORSPolicy(allow_origins=APP), EVIL), FlaskWords({}))
    [refusal] = decision.refusals
    said = f"origin-not-allowed: {refusal.message}. {refusal.hint_in(FlaskWords({}))}"
    assert "write origins=" in said
    assert (reason(decision.headers), decision.vary) == (said, ("Origin",))


def test_it_names_everything_that_is_refused_beside_the_other_headers() -> None:
    policy = CORSPolicy(allow_origins=APP)
    refused = preflight(policy, method="PUT", headers="x-a")
    decision = explained(refused, KEYWORDS)
    said = reason(decision.headers) or ""
    assert said.startswith("method-not-allowed: ")
    assert " headers-not-allowed: " in said
    assert decision.headers[:-1] == refused.headers


def test_it_is_there_once_although_two_have_refused() -> None:
    policy = CORSPolicy(allow_origins=APP)
    first = explained(preflight(policy, method="PUT"), KEYWORDS)
    decision = explained(replace(first, refusals=actual(policy, EVIL).refusals), KEYWORDS)
    assert [value for name, value in decision.headers if name == "X-CORS-Refused"] == [
        reason(explained(actual(policy, EVIL), KEYWORDS).headers)
    ]


def test_it_is_cut_at_500_characters() -> None:
    names = ",".join(f"x-very-long-name-{number}" for number in range(20))
    decision = explained(preflight(CORSPolicy(allow_origins=APP), headers=names), KEYWORDS)
    [refusal] = decision.refusals
    whole = f"headers-not-allowed: {refusal.message}. {refusal.hint}"
    assert reason(decision.headers) == f"{whole[:497]}..."


def test_what_is_allowed_has_no_reason() -> None:
    decision = actual(CORSPolicy(allow_origins=APP), APP)
    assert explained(decision, KEYWORDS) is decision
