"""What adapters are given: a policy, resources, or the options of a policy."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, Resources
from crosscors._adapter.keywords import read_policy

EXACT = CORSPolicy(allow_origins=["https://exact.example"])


async def ask(request: CORSRequest) -> bool:
    return request.path == "/"


ASYNC = CORSPolicy(allow_origin_func=ask)


def test_options_are_read_as_a_policy() -> None:
    assert read_policy(None, {"max_age": 0}, debug=False, can_await=False) == CORSPolicy(max_age=0)
    assert read_policy(None, {}, debug=False, can_await=False) == CORSPolicy()


@pytest.mark.parametrize(
    "policy", [pytest.param(EXACT, id="a policy"), pytest.param(Resources({"/*": EXACT}), id="resources")]
)
def test_a_policy_is_read_as_it_is(policy: CORSPolicy | Resources) -> None:
    assert read_policy(policy, {}, debug=False, can_await=False) is policy


@pytest.mark.parametrize(
    ("policy", "options", "can_await", "code", "option"),
    [
        pytest.param(EXACT, {"max_age": 0}, True, "policy-and-options", "policy", id="a policy and options"),
        pytest.param("*", {}, True, "wrong-type", "policy", id="what is no policy"),
        pytest.param(ASYNC, {}, False, "async-origin-func", "allow_origin_func", id="an async function"),
        pytest.param(
            None,
            {"allow_origin_func": ask},
            False,
            "async-origin-func",
            "allow_origin_func",
            id="an async function among the options",
        ),
        pytest.param(
            Resources({"/a": EXACT, "/b": ASYNC}),
            {},
            False,
            "async-origin-func",
            "allow_origin_func",
            id="an async function of one resource",
        ),
        pytest.param(
            None, {"allow_orgins": "*"}, True, "unknown-option", "allow_orgins", id="an unknown option"
        ),
    ],
)
def test_what_an_adapter_cannot_use_is_refused(
    policy: CORSPolicy | None, options: Any, can_await: bool, code: str, option: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(policy, options, debug=False, can_await=can_await)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [(code, option)]


def test_an_async_function_is_fine_where_it_can_be_awaited() -> None:
    assert read_policy(ASYNC, {}, debug=False, can_await=True) is ASYNC


def test_debug_is_yes_or_no() -> None:
    with pytest.raises(PolicyError, match="debug: takes True or False, not 'false'"):
        read_policy(EXACT, {}, debug="false", can_await=True)
