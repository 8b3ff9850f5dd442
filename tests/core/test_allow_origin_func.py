"""allow_origin_func: when it is asked, what it sees, and what becomes of its answer."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crosscors.core.policy import questions_to
from crosscors.core.rulebook import AskFunction
from crosscors import CORSPolicy, CORSRequest, Decision, Kind
from crosscors.core.origins.function import OriginFunc
from crosscors.core.response_headers import ResponseHeaders

APP = "https://app.example.com"
TENANT = "https://tenant.example"


def yes(request: CORSRequest) -> bool:
    return True


def no(request: CORSRequest) -> bool:
    return False


def fail(request: CORSRequest) -> bool:
    raise LookupError("no such tenant")


def interrupt(request: CORSRequest) -> bool:
    raise KeyboardInterrupt


async def async_yes(request: CORSRequest) -> bool:
    await asyncio.sleep(0)
    return True


async def async_no(request: CORSRequest) -> bool:
    await asyncio.sleep(0)
    return False


async def async_fail(request: CORSRequest) -> bool:
    await asyncio.sleep(0)
    raise LookupError("no such tenant")


class AsyncLookup:
    async def __call__(self, request: CORSRequest) -> bool:
        return request.origin == TENANT


async def async_lookup(tenant: str, request: CORSRequest) -> bool:
    return request.origin == tenant


class Lookup:
    def __call__(self, request: CORSRequest) -> bool:
        return request.origin == TENANT


def coroutine_of_a_lambda(request: CORSRequest) -> Awaitable[bool]:
    return async_yes(request)


def returning(value: Any) -> Callable[[CORSRequest], Any]:
    return lambda request: value


def decide_async(policy: CORSPolicy, asked: CORSRequest) -> Decision:
    return asyncio.run(policy.decide_async(asked))


# Answers.


@pytest.mark.parametrize("func", [pytest.param(yes, id="a function"), pytest.param(Lookup(), id="an object")])
def test_what_a_sync_function_allows_is_allowed(func: OriginFunc) -> None:
    policy = CORSPolicy(allow_origin_func=func)
    allowed = Decision(
        Kind.ACTUAL,
        True,
        ResponseHeaders((("Access-Control-Allow-Origin", TENANT),), ("Origin",)),
        matched="allow_origin_func",
    )
    assert policy.decide(CORSRequest("GET", TENANT)) == allowed
    assert decide_async(policy, CORSRequest("GET", TENANT)) == allowed
    assert not policy.is_async


@pytest.mark.parametrize(
    "func",
    [
        pytest.param(async_yes, id="an async function"),
        pytest.param(AsyncLookup(), id="an object with an async __call__"),
        pytest.param(AsyncLookup().__call__, id="an async method"),
        pytest.param(functools.partial(async_lookup, TENANT), id="a partial of an async function"),
    ],
)
def test_what_an_async_function_allows_is_allowed(func: OriginFunc) -> None:
    policy = CORSPolicy(allow_origin_func=func)
    decision = decide_async(policy, CORSRequest("GET", TENANT))
    assert (decision.allowed, decision.matched) == (True, "allow_origin_func")
    assert policy.is_async


@pytest.mark.parametrize(
    "func", [pytest.param(no, id="a sync function"), pytest.param(async_no, id="an async function")]
)
def test_what_a_function_refuses_is_refused(func: OriginFunc) -> None:
    decision = decide_async(
        CORSPolicy(allow_origins=[APP], allow_origin_func=func), CORSRequest("GET", TENANT)
    )
    assert (decision.kind, decision.allowed, decision.headers) == (Kind.ACTUAL, False, ())
    assert (decision.vary, decision.matched) == (("Origin",), None)
    (refusal,) = decision.refusals
    assert (refusal.code, refusal.values, refusal.allowed) == ("origin-not-allowed", (TENANT,), (APP,))
    assert refusal.error is None


def test_what_a_function_refuses_is_refused_by_decide() -> None:
    decision = CORSPolicy(allow_origin_func=no).decide(CORSRequest("GET", TENANT))
    assert [refusal.code for refusal in decision.refusals] == ["origin-not-allowed"]


@pytest.mark.parametrize(
    ("credentials", "headers"),
    [
        pytest.param(
            True,
            (("Access-Control-Allow-Origin", TENANT), ("Access-Control-Allow-Credentials", "true")),
            id="credentials where every allowed origin gets them",
        ),
        pytest.param([APP], (("Access-Control-Allow-Origin", TENANT),), id="none where a list does"),
        pytest.param(False, (("Access-Control-Allow-Origin", TENANT),), id="none where nobody does"),
    ],
)
def test_what_a_function_allows_gets_credentials_as_the_policy_says(
    credentials: bool | list[str], headers: tuple[tuple[str, str], ...]
) -> None:
    policy = CORSPolicy(allow_origin_func=yes, allow_credentials=credentials)
    assert policy.decide(CORSRequest("GET", TENANT)).headers == headers


def test_a_function_is_asked_about_preflights_too() -> None:
    decision = CORSPolicy(allow_origin_func=yes, allow_methods="PUT", max_age=None).decide(
        CORSRequest("OPTIONS", TENANT, request_method="PUT")
    )
    assert (decision.kind, decision.allowed, decision.status) == (Kind.PREFLIGHT, True, 200)
    assert decision.headers[0] == ("Access-Control-Allow-Origin", TENANT)


# Failures are refusals, never errors.


@pytest.mark.parametrize(
    "func", [pytest.param(fail, id="a sync function"), pytest.param(async_fail, id="an async function")]
)
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(CORSRequest("GET", TENANT), id="an actual request"),
        pytest.param(CORSRequest("OPTIONS", TENANT, request_method="GET"), id="a preflight"),
    ],
)
def test_an_exception_means_refused(func: OriginFunc, asked: CORSRequest) -> None:
    decision = decide_async(CORSPolicy(allow_origins=[APP], allow_origin_func=func), asked)
    assert not decision.allowed
    assert decision.headers == ()
    (refusal,) = decision.refusals
    assert (refusal.code, refusal.values) == ("origin-func-failed", (TENANT,))
    assert isinstance(refusal.error, LookupError)
    assert refusal.message == "allow_origin_func gave no answer for the origin 'https://tenant.example'"
    assert refusal.hint.endswith("has to return True or False; this ended in LookupError('no such tenant').")


def test_an_exception_means_refused_by_decide_as_well() -> None:
    decision = CORSPolicy(allow_origin_func=fail).decide(CORSRequest("OPTIONS", TENANT, request_method="GET"))
    assert decision.status == 400
    assert isinstance(decision.refusals[0].error, LookupError)
    assert b"no such tenant" not in decision.body


def test_an_interrupt_is_no_answer_of_the_function() -> None:
    policy = CORSPolicy(allow_origin_func=interrupt)
    with pytest.raises(KeyboardInterrupt):
        policy.decide(CORSRequest("GET", TENANT))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(None, "NoneType", id="None, as of a function without return"),
        pytest.param(1, "int", id="1"),
        pytest.param(0, "int", id="0"),
        pytest.param("yes", "str", id="a string"),
        pytest.param("", "str", id="an empty string"),
        pytest.param([TENANT], "list", id="a list"),
    ],
)
def test_an_answer_that_is_no_bool_means_refused(value: object, kind: str) -> None:
    policy = CORSPolicy(allow_origin_func=returning(value))
    asked = CORSRequest("GET", TENANT)
    for decision in (policy.decide(asked), decide_async(policy, asked)):
        (refusal,) = decision.refusals
        assert (decision.allowed, refusal.code) == (False, "origin-func-failed")
        assert isinstance(refusal.error, TypeError)
        assert str(refusal.error) == f"the function returned {kind}, not True or False"


def test_a_coroutine_that_a_sync_function_returned_means_refused_and_leaves_nothing_unawaited() -> None:
    decision = CORSPolicy(allow_origin_func=coroutine_of_a_lambda).decide(CORSRequest("GET", TENANT))
    (refusal,) = decision.refusals
    assert (decision.allowed, refusal.code) == (False, "origin-func-failed")
    assert "coroutine" in str(refusal.error)


def test_a_coroutine_that_a_sync_function_returned_is_awaited_where_that_can_be() -> None:
    policy = CORSPolicy(allow_origin_func=coroutine_of_a_lambda)
    assert decide_async(policy, CORSRequest("GET", TENANT)).allowed


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        pytest.param({}, [], id="without credentials it may"),
        pytest.param({"allow_credentials": True}, ["origin-insecure"], id="with credentials it may not"),
        pytest.param(
            {"allow_credentials": True, "dangerously_allow": ["insecure-origins"]}, [], id="unless opted in"
        ),
    ],
)
def test_whether_it_may_allow_an_origin_that_is_not_https(options: dict[str, Any], codes: list[str]) -> None:
    policy = CORSPolicy(allow_origin_func=returning(True), **options)
    decision = policy.decide(CORSRequest("GET", "http://tenant.example"))
    assert [refusal.code for refusal in decision.refusals] == codes


# When it is asked.


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        pytest.param({"allow_origins": [APP]}, CORSRequest("GET", APP), id="a listed origin"),
        pytest.param(
            {"allow_credentials": [APP]}, CORSRequest("GET", APP), id="a listed origin with credentials"
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com"]}, CORSRequest("GET", APP), id="a pattern's origin"
        ),
        pytest.param(
            {"allow_origin_regex": "https://.*"}, CORSRequest("GET", APP), id="an expression's origin"
        ),
        pytest.param({"allow_origins": ["null"]}, CORSRequest("GET", "null"), id="null, where it is listed"),
        pytest.param({}, CORSRequest("GET", "null"), id="null, where it is not listed"),
        pytest.param({}, CORSRequest("GET", "https://A.example"), id="an origin in upper case"),
        pytest.param({}, CORSRequest("GET", "https://a.example/"), id="an origin with a slash"),
        pytest.param({}, CORSRequest("GET", f"{TENANT}, {TENANT}"), id="an origin sent twice"),
        pytest.param({}, CORSRequest("GET", ""), id="an empty Origin"),
        pytest.param({}, CORSRequest("GET"), id="no Origin"),
        pytest.param({}, CORSRequest("OPTIONS", request_method="GET"), id="no Origin on OPTIONS"),
    ],
)
def test_when_a_function_is_not_asked(options: dict[str, Any], asked: CORSRequest) -> None:
    seen: list[CORSRequest] = []

    def func(request: CORSRequest) -> bool:
        seen.append(request)
        return True

    policy = CORSPolicy(allow_origin_func=func, **options)
    policy.decide(asked)
    decide_async(policy, asked)
    if not asked.is_preflight:
        questions_to(policy).actual(asked.origin)
    assert seen == []


def test_an_http_origin_that_an_expression_refuses_for_its_credentials_is_not_asked_about() -> None:
    policy = CORSPolicy(
        allow_origin_regex=r"https?://app\.example(?=\.com)\.[a-z]+",
        allow_credentials=True,
        allow_origin_func=yes,
        dangerously_allow="unproven-regex",
    )
    decision = policy.decide(CORSRequest("GET", "http://app.example.com"))
    assert [refusal.code for refusal in decision.refusals] == ["origin-insecure"]


def test_files_get_credentials_from_a_function_only_if_that_is_accepted() -> None:
    policy = CORSPolicy(allow_origin_func=yes, allow_credentials=True)
    request = CORSRequest("GET", "file://")
    (refusal,) = policy.decide(request).refusals
    assert refusal.code == "origin-file"
    assert "'file://'" in refusal.message
    assert 'dangerously_allow=["null-origin"]' in refusal.hint
    assert policy.replace(dangerously_allow="null-origin").decide(request).allowed
    assert policy.replace(allow_credentials=False).decide(request).allowed


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            CORSRequest("DELETE", TENANT, "/items/1", "api.example.com", headers={"x-tenant": "7"}),
            id="of an actual request",
        ),
        pytest.param(
            CORSRequest(
                "OPTIONS", TENANT, "/items/1", "api.example.com", "PUT", "x-a", "true", {"x-tenant": "7"}
            ),
            id="of a preflight",
        ),
    ],
)
def test_a_function_sees_everything(asked: CORSRequest) -> None:
    seen: list[object] = []

    def func(request: CORSRequest) -> bool:
        seen.extend([request.method, request.origin, request.path, request.host, dict(request.headers)])
        return True

    CORSPolicy(allow_origin_func=func).decide(asked)
    assert seen == [asked.method, TENANT, "/items/1", "api.example.com", {"x-tenant": "7"}]


def test_a_function_may_decide_by_path_and_is_asked_every_time() -> None:
    policy = CORSPolicy(allow_origin_func=lambda request: request.path == "/open")
    assert policy.decide(CORSRequest("GET", TENANT, path="/open")).allowed
    assert not policy.decide(CORSRequest("GET", TENANT, path="/closed")).allowed
    assert policy.decide(CORSRequest("GET", TENANT, path="/open")).allowed


@pytest.mark.parametrize(
    "func", [pytest.param(yes, id="a sync function"), pytest.param(async_yes, id="an async function")]
)
def test_origin_alone_settles_nothing_that_a_function_is_asked_about(func: OriginFunc) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=func)
    assert isinstance(questions_to(policy).actual(TENANT), AskFunction)
    listed = questions_to(policy).actual(APP)
    assert isinstance(listed, Decision)
    assert listed.matched == APP
    malformed = questions_to(policy).actual("no origin")
    assert isinstance(malformed, Decision)
    assert not malformed.allowed


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(CORSRequest("GET", TENANT), id="about an origin that is not listed"),
        pytest.param(CORSRequest("GET", APP), id="about a listed origin"),
        pytest.param(CORSRequest("GET"), id="about no origin"),
    ],
)
def test_decide_raises_where_the_function_is_async(asked: CORSRequest) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=async_yes)
    with pytest.raises(TypeError, match=r"await policy\.decide_async"):
        policy.decide(asked)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [pytest.param(APP, True, id="allowed"), pytest.param("https://evil.example", False, id="refused")],
)
def test_decide_async_without_a_function_decides_as_decide_does(origin: str, allowed: bool) -> None:
    policy = CORSPolicy(allow_origins=[APP])
    decision = decide_async(policy, CORSRequest("GET", origin))
    assert decision.allowed is allowed
    assert decision == policy.decide(CORSRequest("GET", origin))


def test_decide_async_has_the_statuses_of_debug_mode() -> None:
    policy = CORSPolicy(allow_origin_func=async_yes)
    asked = CORSRequest("OPTIONS", TENANT, request_method="PUT")
    assert asyncio.run(policy.decide_async(asked)).status == 400
    assert asyncio.run(policy.decide_async(asked, debug=True)).status == 200
