"""allow_private_network: the answer to Access-Control-Request-Private-Network."""

from __future__ import annotations

from typing import Any

from crosscors import CORSPolicy

from .kit import APP, PREFLIGHT_VARY, PUBLIC_PREFLIGHT_VARY, preflight, rows

ASKED = "Access-Control-Request-Private-Network"
PUBLIC = {"allow_origins": "*", "allow_private_network": True}

# Options, what the request asks, the answer, Vary, why.
ANSWERS = [
    ({}, "true", None, PREFLIGHT_VARY, "not allowed"),
    ({"allow_private_network": True}, "true", "true", (*PREFLIGHT_VARY, ASKED), "allowed and asked for"),
    ({"allow_private_network": True}, None, None, (*PREFLIGHT_VARY, ASKED), "not asked for"),
    ({"allow_private_network": True}, "false", None, (*PREFLIGHT_VARY, ASKED), "something else asked for"),
    (PUBLIC, "true", "true", (*PUBLIC_PREFLIGHT_VARY, ASKED), "allowed to every origin"),
]


@rows("options, asked, answer, vary", ANSWERS)
def test_private_networks(
    options: dict[str, Any], asked: str | None, answer: str | None, vary: tuple[str, ...]
) -> None:
    given: dict[str, Any] = {"allow_origins": [APP], **options}
    policy = CORSPolicy(**given)
    decision = preflight(policy, request_private_network=asked)
    assert dict(decision.headers).get("Access-Control-Allow-Private-Network") == answer
    assert (decision.allowed, decision.vary) == (True, vary)


def test_a_refused_preflight_does_not_allow_a_private_network() -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_private_network=True)
    decision = preflight(policy, method="PUT", request_private_network="true")
    assert not decision.allowed
    assert "Access-Control-Allow-Private-Network" not in dict(decision.headers)
    assert decision.vary == (*PREFLIGHT_VARY, ASKED)
