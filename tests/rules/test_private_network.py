"""allow_private_network: the answer to Access-Control-Request-Private-Network."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

import crosscors.flask
from crosscors import CORSPolicy, PolicyWarning

from .kit import (
    APP,
    PREFLIGHT_VARY,
    PUBLIC_PREFLIGHT_VARY,
    assert_warned,
    for_private_networks,
    preflight,
    rows,
)

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


@pytest.mark.filterwarnings("ignore:allow_private_network:crosscors.PolicyWarning")
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
    policy = for_private_networks(allow_origins=[APP])
    decision = preflight(policy, method="PUT", request_private_network="true")
    assert not decision.allowed
    assert "Access-Control-Allow-Private-Network" not in dict(decision.headers)
    assert decision.vary == (*PREFLIGHT_VARY, ASKED)


def test_it_warns_because_browsers_no_longer_ask() -> None:
    assert_warned({"allow_private_network": True}, "no-effect", "allow_private_network", True)
    assert_warned({"allow_private_network": False}, None, "allow_private_network", False)


def test_no_adapter_warns_twice() -> None:
    with pytest.warns(PolicyWarning) as caught:
        crosscors.flask.CORS(allow_origins=[APP], allow_private_network=True).init_app(Flask("app"))
    [text] = [str(each.message) for each in caught]
    assert text == (
        "allow_private_network: True has no effect: browsers no longer ask the server. They ask the user. "
        "Leave it out."
    )
