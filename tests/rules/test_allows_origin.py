"""``policy.allows_origin``: the answer for libraries that ask a function about an origin."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest

from .kit import APP, EVIL, OTHER, Unprintable, rows

OWN, HOST = "http://localhost:8000", "localhost:8000"
LISTED: dict[str, Any] = {"allow_origins": [APP, OTHER], "allow_credentials": [APP]}
PUBLIC: dict[str, Any] = {"allow_origins": "*", "allow_credentials": [APP]}
NULL: dict[str, Any] = {"allow_origins": "null"}


@rows(
    "options, origin, allowed, with_credentials",
    [
        (LISTED, APP, True, True, "an origin with credentials"),
        (LISTED, OTHER, True, False, "an origin without credentials"),
        (LISTED, EVIL, False, False, "an origin that is not listed"),
        (LISTED, None, False, False, "no origin"),
        (LISTED, "", False, False, "an empty origin"),
        (LISTED, "null", False, False, "null"),
        (LISTED, APP.upper(), False, False, "an origin as no browser sends it"),
        (LISTED, f"{APP}, {APP}", False, False, "two origins"),
        (LISTED, f"{APP}{'x' * 9999}", False, False, "a long origin"),
        (PUBLIC, EVIL, True, False, "everyone, without credentials"),
        (PUBLIC, APP, True, True, "a listed origin beside everyone"),
        ({"allow_origins": "*"}, EVIL, True, False, "a public policy"),
        ({"allow_origins": "*"}, "null", True, False, "a public policy and null"),
        ({"allow_origins": "*"}, None, False, False, "a public policy and no origin"),
        ({"allow_origins": "*"}, "https://evil@app.example.com", False, False, "what is not an origin"),
        ({"allow_origins": "*"}, "https://app.example.com/", False, False, "an address instead of an origin"),
        (NULL, "null", True, False, "null, which is listed"),
        ({"allow_origins": "https://*.example.com"}, APP, True, False, "a pattern"),
        ({"allow_origin_regex": r"https://app\.example\.com"}, APP, True, False, "an expression"),
        ({}, APP, False, False, "an empty policy"),
    ],
)
def test_the_policy_says_whether_an_origin_is_allowed(
    options: dict[str, Any], origin: str | None, allowed: bool, with_credentials: bool
) -> None:
    policy = CORSPolicy(**options)
    for host in (None, "", HOST, "localhost:8000, localhost:8000"):
        assert policy.allows_origin(origin, host=host) is allowed
        assert policy.allows_origin(origin, credentials=True, host=host) is with_credentials


@rows(
    "origin, host, allowed",
    [
        (OWN, HOST, True, "the own host and port"),
        ("https://app.test", "APP.test", True, "the default port, and a host in upper case"),
        (OWN, None, False, "no host is given"),
        (OWN, "", False, "there was no Host"),
        (OWN, "localhost", False, "another port"),
        (OWN, "evil.example", False, "another host"),
        (OWN, f"{HOST}, {HOST}", False, "two Host headers"),
        (f"http://evil@{HOST}", HOST, False, "a name in front of the host"),
        ("null", "null", False, "null, which is nobody's own origin"),
        (None, HOST, False, "no origin"),
    ],
)
@pytest.mark.parametrize("credentials", [False, True])
def test_with_host_the_pages_of_the_server_itself_are_allowed(
    origin: str | None, host: str | None, allowed: bool, credentials: bool
) -> None:
    assert CORSPolicy(**LISTED).allows_origin(origin, credentials=credentials, host=host) is allowed


def test_the_function_gets_origin_and_host_for_what_nothing_else_allows() -> None:
    asked: list[CORSRequest] = []

    def is_tenant(request: CORSRequest) -> bool:
        asked.append(request)
        return request.origin == OTHER

    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=is_tenant, allow_credentials=True)
    assert [policy.allows_origin(origin, credentials=True, host=HOST) for origin in (APP, OWN)] == [True] * 2
    assert not asked
    assert [policy.allows_origin(origin, credentials=True) for origin in (OTHER, EVIL)] == [True, False]
    assert policy.allows_origin(OTHER, host=HOST)
    assert asked == [
        CORSRequest("GET", OTHER),
        CORSRequest("GET", EVIL),
        CORSRequest("GET", OTHER, host=HOST),
    ]
    assert not any(request.headers for request in asked)


class UnprintableError(Unprintable, LookupError):
    """An exception without a repr."""


@rows(
    "outcome",
    [
        (LookupError("the database is gone"), "an exception"),
        (UnprintableError(), "an exception that cannot be shown"),
        (None, "no result"),
        (1, "a result that is not True"),
    ],
)
def test_a_function_that_fails_refuses_and_is_logged(outcome: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: CORSRequest) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert not CORSPolicy(allow_origin_func=fail).allows_origin(APP)
    [record] = caplog.records
    assert (record.name, record.levelname) == ("crosscors", "ERROR")
    assert record.getMessage() == f"allow_origin_func failed, so '{APP}' is refused"
    assert record.exc_info


def test_a_filter_that_raises_changes_nothing() -> None:
    def fail(_: object) -> bool:
        raise LookupError

    logger = logging.getLogger("crosscors")
    logger.addFilter(fail)
    try:
        assert not CORSPolicy(allow_origin_func=lambda _: None).allows_origin(APP)  # type: ignore[arg-type]
    finally:
        logger.removeFilter(fail)


async def is_tenant_async(request: CORSRequest) -> bool:
    raise AssertionError("nobody awaits this")


@pytest.mark.parametrize("origin", [None, APP, EVIL, OWN])
def test_an_async_function_is_a_mistake_for_every_origin(origin: str | None) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=is_tenant_async)
    with pytest.raises(TypeError, match="allow_origin_func is async: allows_origin needs one that is not"):
        policy.allows_origin(origin, host=HOST)
