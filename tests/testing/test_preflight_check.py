"""The answers to preflights: what passes, every reason for failing, and what the developer is told."""

from __future__ import annotations

import pytest

from crosscors.testing import ReceivedResponse
from crosscors.testing.blocked import Failure
from crosscors.testing.engines import ENGINES, STANDARD, EngineName
from crosscors.testing.preflight_check import Preflight, redirect_failure
from tests.rules.kit import rows

from .servers import answer

METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"


def preflight(
    method: str = "GET", *names: str, with_credentials: bool = False, engine: EngineName | None = None
) -> Preflight:
    return Preflight("/items", method, list(names), with_credentials, ENGINES[engine] if engine else STANDARD)


def failed(asked: Preflight, *fields: tuple[str, str]) -> Failure:
    failure = asked.failure(answer(*fields))
    assert failure is not None
    return failure


@rows(
    "asked, fields",
    [
        (preflight("GET"), [], "a safelisted method needs no list"),
        (preflight("HEAD"), [(METHODS, "PUT")], "a safelisted method may be left out"),
        (preflight("POST"), [(METHODS, "")], "a safelisted method and an empty list"),
        (preflight("PUT"), [(METHODS, "PUT")], "the method"),
        (preflight("PUT"), [(METHODS, "GET"), (METHODS, ",\t,PUT,")], "several lines"),
        (preflight("PUT"), [(METHODS, "*")], "the wildcard for methods"),
        (preflight("PUT"), [(METHODS, "GET, *")], "the wildcard beside others"),
        (preflight("PUT", with_credentials=True), [(METHODS, "*, PUT")], "the method beside the wildcard"),
        (preflight("*", with_credentials=True), [(METHODS, "*")], "the method named *"),
        (preflight("patch"), [(METHODS, "patch")], "the method in its case"),
        (preflight("GET", "x-a"), [(HEADERS, "X-A")], "the header in any case"),
        (preflight("GET", "x-a", "x-b"), [(HEADERS, "x-b"), (HEADERS, "X-A")], "two headers"),
        (preflight("GET", "x-a"), [(HEADERS, "*")], "the wildcard for headers"),
        (preflight("GET", "*", with_credentials=True), [(HEADERS, "*")], "the header named *"),
        (preflight("GET", "authorization", "x-a"), [(HEADERS, "*, Authorization")], "Authorization is named"),
        (preflight("GET", "authorization", engine="chromium"), [(HEADERS, "*")], "Authorization in Chromium"),
    ],
)
def test_what_passes(asked: Preflight, fields: list[tuple[str, str]]) -> None:
    assert asked.failure(answer(*fields)) is None


@rows(
    "asked, fields, reason, step",
    [
        (preflight("PUT"), [], "method-not-allowed", "7.5", "no list"),
        (preflight("PUT"), [(METHODS, "")], "method-not-allowed", "7.5", "an empty list"),
        (preflight("PUT"), [(METHODS, "GET, put")], "method-not-allowed", "7.5", "its case"),
        (preflight("patch"), [(METHODS, "PATCH")], "method-not-allowed", "7.5", "its case too"),
        (
            preflight("PUT", with_credentials=True),
            [(METHODS, "*")],
            "method-not-allowed",
            "7.5",
            "* and cookies",
        ),
        (preflight("GET", "x-a"), [], "header-not-allowed", "7.7", "no list of headers"),
        (preflight("GET", "x-a"), [(HEADERS, "x-ab")], "header-not-allowed", "7.7", "similar"),
        (
            preflight("GET", "x-a", with_credentials=True),
            [(HEADERS, "*")],
            "header-not-allowed",
            "7.7",
            "* again",
        ),
        (preflight("GET", "authorization"), [(HEADERS, "*")], "header-not-allowed", "7.6", "Authorization"),
        (
            preflight("GET", "accept", "authorization"),
            [],
            "header-not-allowed",
            "7.6",
            "Authorization is first",
        ),
        (preflight(), [(METHODS, "GET POST")], "allow-methods-invalid", "7.3", "blanks"),
        (preflight(), [(METHODS, "GET"), (METHODS, "a:b")], "allow-methods-invalid", "7.3", "a colon"),
        (preflight(), [(HEADERS, '"x-a"')], "allow-headers-invalid", "7.3", "quotes"),
        (preflight(), [(HEADERS, "x-ä")], "allow-headers-invalid", "7.3", "not ASCII"),
        (preflight("PUT", "x-a"), [(HEADERS, "@"), (METHODS, "@")], "allow-methods-invalid", "7.3", "both"),
    ],
)
def test_what_fails_and_at_which_step(
    asked: Preflight, fields: list[tuple[str, str]], reason: str, step: str
) -> None:
    failure = failed(asked, *fields)
    assert (failure.reason, failure.step.number) == (reason, step)
    assert str(failure.step) == (
        f'Fetch standard, "CORS-preflight fetch", step {step}'
        " (https://fetch.spec.whatwg.org/#cors-preflight-fetch)"
    )


# The whole texts are in messages.txt. These are the hints that no situation there reaches.
@rows(
    "asked, fields, told",
    [
        (
            preflight("PUT"),
            [],
            "The response to OPTIONS /items must have 'Access-Control-Allow-Methods: PUT'.",
            "no list",
        ),
        (
            preflight("PUT", with_credentials=True),
            [(METHODS, "*, GET")],
            "'Access-Control-Allow-Methods: GET, PUT' instead of '*, GET'.",
            "the list to send has no wildcard if it is not one",
        ),
        (
            preflight("GET", "authorization"),
            [(HEADERS, "*")],
            "'Access-Control-Allow-Headers: *, authorization' instead of '*'.",
            "the list to send keeps the wildcard if it is one",
        ),
        (
            preflight("GET", "x-a", with_credentials=True),
            [(HEADERS, "*")],
            "With credentials, '*' is not a wildcard for methods or headers. ",
            "a wildcard for headers",
        ),
        (
            preflight(),
            [(METHODS, "GET POST"), (METHODS, "PUT")],
            "'Access-Control-Allow-Methods: GET POST, PUT' is not a comma-separated list of names",
            "an illegible list in two lines",
        ),
    ],
)
def test_the_hint_says_what_to_send(asked: Preflight, fields: list[tuple[str, str]], told: str) -> None:
    assert told in failed(asked, *fields).hint


@pytest.mark.parametrize("status", [200, 201, 204, 206, 226, 299])
def test_any_status_of_the_two_hundreds_will_do(status: int) -> None:
    assert preflight().status_failure(answer(status=status)) is None


@pytest.mark.parametrize("status", [199, 300, 304, 400, 401, 404, 405, 500, 503])
def test_any_other_status_fails_at_step_8(status: int) -> None:
    failure = preflight().status_failure(answer(status=status))
    assert failure is not None
    assert (failure.reason, failure.step.number) == ("preflight-status", "8")
    assert failure.sentence == "It does not have HTTP ok status."
    assert failure.hint.startswith(f"The response to the preflight (OPTIONS) has status {status}, but")


def test_an_exception_behind_the_status_is_told_before_missing_lists() -> None:
    response = ReceivedResponse(500, (), raised=KeyError("id"))
    failure = preflight("PUT").status_failure(response)
    assert failure is not None
    assert "KeyError('id')" in failure.hint


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_preflight_is_not_redirected(status: int) -> None:
    failure = redirect_failure(answer(("Location", "/items/"), status=status))
    assert failure is not None
    assert (failure.reason, failure.step.number) == ("preflight-redirect", "8")
    assert failure.sentence == "Redirect is not allowed for a preflight request."
    assert "OPTIONS was redirected to '/items/'" in failure.hint


@rows(
    "response",
    [
        (answer(status=302), "no Location"),
        (answer(("Location", "/x"), status=201), "no redirect"),
    ],
)
def test_what_is_no_redirect_is_not_called_one(response: ReceivedResponse) -> None:
    assert redirect_failure(response) is None
