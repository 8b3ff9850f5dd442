"""The answers to preflights: what passes, every reason for failing, and what the developer is told."""

from __future__ import annotations

import pytest

from crosscors.testing import ReceivedResponse
from crosscors.testing.blocked import Failure
from crosscors.testing.engines import ENGINES, STANDARD, EngineName
from crosscors.testing.preflight_check import Preflight, redirect_failure

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


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        pytest.param(preflight("GET"), [], id="a safelisted method needs no list"),
        pytest.param(preflight("HEAD"), [(METHODS, "PUT")], id="a safelisted method may be left out"),
        pytest.param(preflight("POST"), [(METHODS, "")], id="a safelisted method and an empty list"),
        pytest.param(preflight("PUT"), [(METHODS, "PUT")], id="the method"),
        pytest.param(preflight("PUT"), [(METHODS, "GET"), (METHODS, ",\t,PUT,")], id="several lines"),
        pytest.param(preflight("PUT"), [(METHODS, "*")], id="the wildcard for methods"),
        pytest.param(preflight("PUT"), [(METHODS, "GET, *")], id="the wildcard beside others"),
        pytest.param(
            preflight("PUT", with_credentials=True),
            [(METHODS, "*, PUT")],
            id="the method beside the wildcard",
        ),
        pytest.param(preflight("*", with_credentials=True), [(METHODS, "*")], id="the method named *"),
        pytest.param(preflight("patch"), [(METHODS, "patch")], id="the method in its case"),
        pytest.param(preflight("GET", "x-a"), [(HEADERS, "X-A")], id="the header in any case"),
        pytest.param(preflight("GET", "x-a", "x-b"), [(HEADERS, "x-b"), (HEADERS, "X-A")], id="two headers"),
        pytest.param(preflight("GET", "x-a"), [(HEADERS, "*")], id="the wildcard for headers"),
        pytest.param(preflight("GET", "*", with_credentials=True), [(HEADERS, "*")], id="the header named *"),
        pytest.param(
            preflight("GET", "authorization", "x-a"),
            [(HEADERS, "*, Authorization")],
            id="Authorization is named",
        ),
        pytest.param(
            preflight("GET", "authorization", engine="chromium"),
            [(HEADERS, "*")],
            id="Authorization in Chromium",
        ),
    ],
)
def test_what_passes(asked: Preflight, fields: list[tuple[str, str]]) -> None:
    assert asked.failure(answer(*fields)) is None


@pytest.mark.parametrize(
    ("asked", "fields", "reason", "step"),
    [
        pytest.param(preflight("PUT"), [], "method-not-allowed", "7.5", id="no list"),
        pytest.param(preflight("PUT"), [(METHODS, "")], "method-not-allowed", "7.5", id="an empty list"),
        pytest.param(preflight("PUT"), [(METHODS, "GET, put")], "method-not-allowed", "7.5", id="its case"),
        pytest.param(
            preflight("patch"), [(METHODS, "PATCH")], "method-not-allowed", "7.5", id="its case too"
        ),
        pytest.param(
            preflight("PUT", with_credentials=True),
            [(METHODS, "*")],
            "method-not-allowed",
            "7.5",
            id="* and cookies",
        ),
        pytest.param(preflight("GET", "x-a"), [], "header-not-allowed", "7.7", id="no list of headers"),
        pytest.param(preflight("GET", "x-a"), [(HEADERS, "x-ab")], "header-not-allowed", "7.7", id="similar"),
        pytest.param(
            preflight("GET", "x-a", with_credentials=True),
            [(HEADERS, "*")],
            "header-not-allowed",
            "7.7",
            id="* again",
        ),
        pytest.param(
            preflight("GET", "authorization"),
            [(HEADERS, "*")],
            "header-not-allowed",
            "7.6",
            id="Authorization",
        ),
        pytest.param(
            preflight("GET", "accept", "authorization"),
            [],
            "header-not-allowed",
            "7.6",
            id="Authorization is first",
        ),
        pytest.param(preflight(), [(METHODS, "GET POST")], "allow-methods-invalid", "7.3", id="blanks"),
        pytest.param(
            preflight(), [(METHODS, "GET"), (METHODS, "a:b")], "allow-methods-invalid", "7.3", id="a colon"
        ),
        pytest.param(preflight(), [(HEADERS, '"x-a"')], "allow-headers-invalid", "7.3", id="quotes"),
        pytest.param(preflight(), [(HEADERS, "x-ä")], "allow-headers-invalid", "7.3", id="not ASCII"),
        pytest.param(
            preflight("PUT", "x-a"),
            [(HEADERS, "@"), (METHODS, "@")],
            "allow-methods-invalid",
            "7.3",
            id="both",
        ),
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


def test_a_refused_method_is_told() -> None:
    failure = failed(preflight("PUT"), (METHODS, "GET, POST"))
    assert failure.sentence == (
        "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."
    )
    assert failure.hint == (
        "The response to OPTIONS /items must have 'Access-Control-Allow-Methods: GET, POST, PUT' instead of"
        " 'GET, POST'."
    )


def test_a_refused_header_is_told_and_all_that_are_refused_are_named() -> None:
    failure = failed(preflight("GET", "x-a", "x-b", "x-c"), (HEADERS, "x-b"))
    assert failure.sentence == (
        "Request header field x-a is not allowed by Access-Control-Allow-Headers in preflight response."
    )
    assert failure.hint == (
        "The response to OPTIONS /items must have 'Access-Control-Allow-Headers: x-b, x-a, x-c' instead of"
        " 'x-b'."
    )


def test_an_illegible_list_is_shown() -> None:
    failure = failed(preflight(), (METHODS, "GET POST"), (METHODS, "PUT"))
    assert failure.sentence == (
        "Cannot parse Access-Control-Allow-Methods response header field in preflight response."
    )
    assert failure.hint.startswith(
        "'Access-Control-Allow-Methods: GET POST, PUT' is not a comma-separated list of names"
    )


@pytest.mark.parametrize(
    ("asked", "fields", "told"),
    [
        pytest.param(
            preflight("PUT"),
            [],
            "The response to OPTIONS /items must have 'Access-Control-Allow-Methods: PUT'.",
            id="missing",
        ),
        pytest.param(
            preflight("PUT", with_credentials=True),
            [(METHODS, "*")],
            "With credentials, '*' is not a wildcard for methods or headers. ",
            id="a wildcard for methods",
        ),
        pytest.param(
            preflight("patch"),
            [(METHODS, "PATCH")],
            "Methods are case-sensitive, and browsers do not change this one to upper case. Let the page use"
            " PATCH, which is allowed.",
            id="patch",
        ),
        pytest.param(
            preflight("GET", "x-a", with_credentials=True),
            [(HEADERS, "*")],
            "With credentials, '*' is not a wildcard for methods or headers. ",
            id="a wildcard for headers",
        ),
        pytest.param(
            preflight("GET", "authorization"),
            [(HEADERS, "*")],
            "'*' does not cover Authorization. Name it. ",
            id="Authorization",
        ),
        pytest.param(
            preflight("POST", "content-type"),
            [],
            "(Only application/json and the like need this permission; forms and plain text do not.)",
            id="Content-Type",
        ),
    ],
)
def test_the_hint_says_what_is_peculiar(asked: Preflight, fields: list[tuple[str, str]], told: str) -> None:
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


def test_where_the_wildcard_is_none_the_list_to_send_has_none() -> None:
    failure = failed(preflight("PUT", with_credentials=True), (METHODS, "*, GET"))
    assert failure.hint.endswith("'Access-Control-Allow-Methods: GET, PUT' instead of '*, GET'.")


def test_where_the_wildcard_is_one_the_list_to_send_keeps_it() -> None:
    failure = failed(preflight("GET", "authorization"), (HEADERS, "*"))
    assert failure.hint.endswith("'Access-Control-Allow-Headers: *, authorization' instead of '*'.")


def test_a_refusal_by_the_status_tells_what_the_lists_say() -> None:
    failure = preflight("PUT").status_failure(answer((METHODS, "GET"), status=400))
    assert failure is not None
    assert failure.reason == "preflight-status"
    assert failure.hint == (
        "The server refuses the preflight (400), probably because a method or header is not on its lists. The"
        " response to OPTIONS /items must have 'Access-Control-Allow-Methods: GET, PUT' instead of 'GET'."
    )


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


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(answer(status=302), id="no Location"),
        pytest.param(answer(("Location", "/x"), status=201), id="no redirect"),
    ],
)
def test_what_is_no_redirect_is_not_called_one(response: ReceivedResponse) -> None:
    assert redirect_failure(response) is None
