"""allow_origin_func: when it is asked, what it sees, and what its answer means."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Kind

from .kit import APP, EVERY_DANGER, Unprintable, actual, assert_allowed, codes, rows

TENANT = "https://tenant.example"
HTTP = "http://tenant.example"
TRUE = {"allow_credentials": True}
GET = CORSRequest("GET", TENANT)
PREFLIGHT = CORSRequest("OPTIONS", TENANT, request_method="GET")


class UnprintableError(Unprintable, LookupError):
    """An exception without a repr."""


def returning(value: Any) -> Callable[[CORSRequest], Any]:
    return lambda request: value


def raising(error: BaseException) -> Callable[[CORSRequest], bool]:
    def func(request: CORSRequest) -> bool:
        raise error

    return func


async def async_returning(value: Any, request: CORSRequest) -> Any:
    await asyncio.sleep(0)
    return value


async def async_raising(request: CORSRequest) -> bool:
    await asyncio.sleep(0)
    raise LookupError("no such tenant")


async def async_yes(request: CORSRequest) -> bool:
    return request.origin == TENANT


class Lookup:
    def __call__(self, request: CORSRequest) -> bool:
        return request.origin == TENANT


class AsyncLookup:
    async def __call__(self, request: CORSRequest) -> bool:
        return request.origin == TENANT


def hiding_that_it_is_async(request: CORSRequest) -> Awaitable[bool]:
    return async_yes(request)


def decide(policy: CORSPolicy, asked: CORSRequest, *, debug: bool = False) -> Decision:
    """The decision of ``decide_async``; where ``decide`` can be asked, it has to say the same."""
    decision = asyncio.run(policy.decide_async(asked, debug=debug))
    assert policy.is_async or policy.decide(asked, debug=debug) == decision
    return decision


# Function, whether it is async, whether it lets the tenant in (None: it failed), why.
ANSWERS = [
    (returning(True), False, True, "True"),
    (Lookup(), False, True, "an object with __call__"),
    (async_yes, True, True, "an async function"),
    (AsyncLookup(), True, True, "an object with an async __call__"),
    (AsyncLookup().__call__, True, True, "an async method"),
    (functools.partial(async_returning, True), True, True, "a partial of an async function"),
    (returning(False), False, False, "False"),
    (functools.partial(async_returning, False), True, False, "False of an async function"),
    (returning(None), False, None, "None, as of a function without return"),
    (returning(1), False, None, "1 is not True"),
    (returning(0), False, None, "0 is not False"),
    (returning("yes"), False, None, "a string"),
    (returning([TENANT]), False, None, "a list"),
    (functools.partial(async_returning, 1), True, None, "1 of an async function"),
    (raising(LookupError("no such tenant")), False, None, "an exception"),
    (raising(StopIteration()), False, None, "StopIteration"),
    (async_raising, True, None, "an exception of an async function"),
    (returning("\r\n\xe9" * 1000), False, None, "a long text outside ASCII"),
    (returning(Unprintable()), False, None, "a value without a repr"),
    (raising(LookupError("\r\n\xe9" * 1000)), False, None, "an exception with such a text"),
    (raising(UnprintableError()), False, None, "an exception without a repr"),
]


@pytest.mark.parametrize("asked", [GET, PREFLIGHT], ids=["actual", "preflight"])
@rows("func, is_async, answer", ANSWERS)
def test_only_true_lets_an_origin_in_and_failures_refuse_it(
    func: Any, is_async: bool, answer: bool | None, asked: CORSRequest
) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=func, max_age=None)
    assert policy.is_async is is_async
    decision = decide(policy, asked)
    assert decision.allowed is (answer is True)
    assert decision.status == (None if asked is GET else 200 if answer else 400)
    if answer:
        assert decision.matched == "allow_origin_func"
        assert decision.headers[0] == ("Access-Control-Allow-Origin", TENANT)
        return
    assert (decision.headers, decision.matched, decision.vary[0]) == ((), None, "Origin")
    (refusal,) = decision.refusals
    assert refusal.values == (TENANT,)
    if answer is False:
        assert (refusal.code, refusal.allowed, refusal.error) == ("origin-not-allowed", (APP,), None)
    else:
        assert refusal.code == "origin-func-failed"
        assert isinstance(refusal.error, (LookupError, TypeError, StopIteration, RuntimeError))
        assert "no such tenant" not in refusal.message  # which the response tells to everyone
        for text in (refusal.message, refusal.hint, decision.body.decode()):
            assert re.fullmatch("[ -~]{1,2000}", text)


def test_the_whole_decision_on_an_actual_request() -> None:
    decision = decide(CORSPolicy(allow_origin_func=returning(True)), GET)
    headers = (("Access-Control-Allow-Origin", TENANT),)
    assert_allowed(decision, Kind.ACTUAL, headers, ("Origin",), "allow_origin_func")


def test_an_interrupt_is_not_an_answer() -> None:
    with pytest.raises(KeyboardInterrupt):
        actual(CORSPolicy(allow_origin_func=raising(KeyboardInterrupt())), TENANT)


def test_a_coroutine_that_a_sync_function_returned_is_awaited_only_where_that_can_be() -> None:
    policy = CORSPolicy(allow_origin_func=hiding_that_it_is_async)
    assert codes(policy.decide(GET)) == ["origin-func-failed"]  # and no warning that it was never awaited
    assert asyncio.run(policy.decide_async(GET)).allowed


@pytest.mark.parametrize("origin", [TENANT, APP, None])
def test_decide_raises_where_the_function_is_async(origin: str | None) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=async_yes)
    with pytest.raises(TypeError, match=r"await policy\.decide_async"):
        actual(policy, origin)


def test_the_function_decides_anew_each_time_and_for_each_path() -> None:
    policy = CORSPolicy(allow_origin_func=lambda request: request.path == "/open")
    answers = [actual(policy, TENANT, path=path).allowed for path in ("/open", "/closed", "/open")]
    assert answers == [True, False, True]


def test_debug_mode_has_its_statuses() -> None:
    policy = CORSPolicy(allow_origin_func=async_yes)
    asked = CORSRequest("OPTIONS", TENANT, request_method="PUT", request_headers="x-a")
    decision = decide(policy, asked)
    assert (decision.status, codes(decision)) == (400, ["method-not-allowed", "headers-not-allowed"])
    assert decide(policy, asked, debug=True).status == 200


# Options, origin, code (None: it is let in), whether it gets credentials, why.
CREDENTIALS: list[tuple[dict[str, Any], str, str | None, bool, str]] = [
    ({}, TENANT, None, False, "nobody by default"),
    ({"allow_credentials": [APP]}, TENANT, None, False, "not where a list gives them"),
    (TRUE, TENANT, None, True, "every allowed origin with True"),
    ({}, HTTP, None, False, "without credentials http is fine"),
    (TRUE, HTTP, "origin-insecure", False, "http is not safe"),
    (TRUE, "http://localhost:1", None, True, "loopback is safe"),
    (TRUE, "app://a", None, True, "an app is safe"),
    (TRUE, "file://", "origin-file", False, "a file is not safe"),
    ({}, "file://", None, False, "without credentials a file is fine"),
    ({**TRUE, "dangerously_allow": "insecure-origins"}, HTTP, None, True, "http where that is opted into"),
    ({**TRUE, "dangerously_allow": "null-origin"}, "file://", None, True, "a file likewise"),
    ({**TRUE, "dangerously_allow": EVERY_DANGER[1:]}, HTTP, "origin-insecure", False, "others do not help"),
    ({**TRUE, "dangerously_allow": EVERY_DANGER[0]}, "file://", "origin-file", False, "nor for a file"),
]


@rows("options, origin, code, credentials", CREDENTIALS)
def test_who_gets_credentials_from_a_function(
    options: dict[str, Any], origin: str, code: str | None, credentials: bool
) -> None:
    decision = decide(CORSPolicy(allow_origin_func=returning(True), **options), CORSRequest("GET", origin))
    assert codes(decision) == ([code] if code else [])
    assert ("Access-Control-Allow-Credentials" in dict(decision.headers)) is credentials


UNPROVEN = {
    "allow_origin_regex": r"https?://app\.example(?=\.com)\.[a-z]+",
    "allow_credentials": True,
    "dangerously_allow": "unproven-regex",
}
# Options, origin, whether it is allowed, why.
NOT_ASKED = [
    ({"allow_origins": [APP]}, APP, True, "a listed origin"),
    ({"allow_credentials": [APP]}, APP, True, "a listed origin with credentials"),
    ({"allow_origins": ["https://*.example.com"]}, APP, True, "the origin of a pattern"),
    ({"allow_origin_regex": "https://.*"}, APP, True, "the origin of a regular expression"),
    (UNPROVEN, "http://app.example.com", False, "an http origin that an expression would give credentials"),
    ({"allow_origins": ["null"]}, "null", True, "null where it is listed"),
    ({}, "null", False, "null where it is not listed"),
    ({}, "https://A.example", False, "an origin in upper case"),
    ({}, "https://a.example/", False, "an origin with a slash"),
    ({}, f"{TENANT}, {TENANT}", False, "an origin sent twice"),
    ({}, "", False, "an empty Origin"),
    ({}, None, True, "no Origin"),
]


@rows("options, origin, allowed", NOT_ASKED)
def test_when_a_function_is_not_asked(options: dict[str, Any], origin: str | None, allowed: bool) -> None:
    policy = CORSPolicy(allow_origin_func=raising(AssertionError("it was asked")), **options)
    for asked in (CORSRequest("GET", origin), CORSRequest("OPTIONS", origin, request_method="GET")):
        decision = decide(policy, asked)
        assert decision.allowed is allowed
        assert "origin-func-failed" not in codes(decision)


def test_a_function_sees_the_whole_request() -> None:
    seen: list[CORSRequest] = []

    def func(request: CORSRequest) -> bool:
        seen.append(request)
        return True

    asked = [
        CORSRequest(method, TENANT, "/items/1", "api.example.com", "PUT", "x-a", "true", {"x-tenant": "7"})
        for method in ("DELETE", "OPTIONS")
    ]
    for each in asked:
        CORSPolicy(allow_origin_func=func).decide(each)
    assert all(one is other for one, other in zip(seen, asked, strict=True))
