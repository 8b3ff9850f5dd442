"""The CORS check: every reason, the step that fails, and what the developer is told."""

from __future__ import annotations

import pytest

from crosscors.testing import Exchange, ReceivedResponse, SentRequest
from crosscors.testing.blocked import Failure
from crosscors.testing.cors_check import CORSCheck

from .servers import PAGE, answer

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"


def check(
    *fields: tuple[str, str],
    origin: str = PAGE,
    with_credentials: bool = False,
    redirected: bool = False,
    response: ReceivedResponse | None = None,
    is_preflight: bool = False,
) -> Failure | None:
    request = SentRequest("OPTIONS" if is_preflight else "GET", "https://api.example.net/items?page=2", ())
    exchange = Exchange(request, response or answer(*fields), is_preflight)
    return CORSCheck(origin, with_credentials, redirected).failure(exchange)


def failed(*fields: tuple[str, str], **situation: object) -> Failure:
    failure = check(*fields, **situation)  # type: ignore[arg-type]
    assert failure is not None
    return failure


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([(ORIGIN, PAGE)], id="the origin"),
        pytest.param([(ORIGIN, "*")], id="the wildcard"),
        pytest.param([(ORIGIN, f" \t{PAGE}\t ")], id="blanks around"),
        pytest.param([("access-control-allow-origin", PAGE)], id="another case of the name"),
        pytest.param([(ORIGIN, PAGE), (CREDENTIALS, "nonsense")], id="credentials do not matter"),
    ],
)
def test_without_credentials_the_origin_or_a_wildcard_will_do(fields: list[tuple[str, str]]) -> None:
    assert check(*fields) is None


def test_null_is_an_origin_like_any_other() -> None:
    assert check((ORIGIN, "null"), origin="null") is None
    assert check((ORIGIN, "*"), origin="null") is None


@pytest.mark.parametrize("value", ["true", " true\t"])
def test_with_credentials_both_fields_are_needed(value: str) -> None:
    assert check((ORIGIN, PAGE), (CREDENTIALS, value), with_credentials=True) is None


MULTIPLE = "allow-origin-multiple"
INVALID = "allow-origin-invalid"
MISMATCH = "allow-origin-mismatch"


@pytest.mark.parametrize(
    ("fields", "reason", "shown"),
    [
        pytest.param([PAGE, PAGE], MULTIPLE, f"{PAGE}, {PAGE}", id="the same twice"),
        pytest.param(["*", "*"], MULTIPLE, "*, *", id="the wildcard twice"),
        pytest.param([PAGE, ""], MULTIPLE, f"{PAGE},", id="a second one that is empty"),
        pytest.param([f"{PAGE}, https://b.test"], MULTIPLE, f"{PAGE}, https://b.test", id="a list"),
        pytest.param([f"{PAGE} https://b.test"], MULTIPLE, f"{PAGE} https://b.test", id="a list of 2009"),
        pytest.param([""], INVALID, "", id="nothing"),
        pytest.param(["true"], INVALID, "true", id="a word"),
        pytest.param(["app.example.com"], INVALID, "app.example.com", id="no scheme"),
        pytest.param([f'"{PAGE}"'], INVALID, f'"{PAGE}"', id="quotes"),
        pytest.param(["**"], INVALID, "**", id="two stars"),
        pytest.param(["https://"], INVALID, "https://", id="no host"),
        pytest.param(["null"], MISMATCH, "null", id="null"),
        pytest.param([PAGE + "/"], MISMATCH, PAGE + "/", id="a slash at the end"),
        pytest.param([PAGE.upper()], MISMATCH, PAGE.upper(), id="another case"),
        pytest.param([PAGE + ":443"], MISMATCH, PAGE + ":443", id="the default port"),
        pytest.param(["http://app.example.com"], MISMATCH, "http://app.example.com", id="another scheme"),
        pytest.param(["https://*.example.com"], MISMATCH, "https://*.example.com", id="a pattern"),
        pytest.param(["https://b.test"], MISMATCH, "https://b.test", id="another origin"),
    ],
)
@pytest.mark.parametrize("with_credentials", [False, True], ids=["", "with credentials"])
def test_another_value_fails_at_step_4(
    fields: list[str], reason: str, shown: str, with_credentials: bool
) -> None:
    failure = failed(
        *((ORIGIN, value) for value in fields), (CREDENTIALS, "true"), with_credentials=with_credentials
    )
    assert failure.reason == reason
    assert str(failure.step) == (
        'Fetch standard, "CORS check", step 4 (https://fetch.spec.whatwg.org/#cors-check)'
    )
    assert f"'{shown}'" in failure.sentence


def test_a_missing_field_fails_at_step_2() -> None:
    failure = failed(("Vary", "Origin"))
    assert (failure.reason, failure.step.number) == ("allow-origin-missing", "2")
    assert failure.sentence == "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    assert failure.hint == (
        "Allow the origin on the server: the response to GET /items?page=2 must have"
        " 'Access-Control-Allow-Origin: https://app.example.com', or '*' if every site may read it."
    )


def test_with_credentials_nobody_is_told_of_the_wildcard() -> None:
    assert "'*'" not in failed(with_credentials=True).hint


def test_the_wildcard_with_credentials_fails_at_step_4() -> None:
    failure = failed((ORIGIN, "*"), (CREDENTIALS, "true"), with_credentials=True)
    assert (failure.reason, failure.step.number) == ("allow-origin-wildcard-with-credentials", "4")
    assert failure.sentence == (
        "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'"
        " when the request's credentials mode is 'include'."
    )


@pytest.mark.parametrize(
    "values", [[], [""], ["True"], ["TRUE"], ['"true"'], ["1"], ["true, true"], ["true", "true"], ["false"]]
)
def test_credentials_that_are_not_true_fail_at_step_8(values: list[str]) -> None:
    failure = failed((ORIGIN, PAGE), *((CREDENTIALS, value) for value in values), with_credentials=True)
    assert (failure.reason, failure.step.number) == ("allow-credentials-not-true", "8")
    assert failure.sentence == (
        "The value of the 'Access-Control-Allow-Credentials' header in the response is"
        f" '{', '.join(values)}' which must be 'true' when the request's credentials mode is 'include'."
    )
    assert failure.hint.startswith(
        "The response to GET /items?page=2 must have 'Access-Control-Allow-Credentials: true'"
    )


def test_a_preflight_without_cookies_needs_credentials_allowed_too() -> None:
    failure = failed((ORIGIN, PAGE), with_credentials=True, is_preflight=True)
    assert failure.hint.endswith("A preflight sends no cookies, but its response needs this header, too.")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(PAGE + "/", "without a slash at the end", id="a slash"),
        pytest.param(PAGE.upper(), "compare origins character by character", id="another case"),
        pytest.param("app.example.com", "An origin begins with its scheme", id="no scheme"),
        pytest.param("http://app.example.com", "has a different scheme from the page", id="another scheme"),
        pytest.param("https://*.example.com", "Patterns are for the server", id="a pattern"),
        pytest.param("null", "'null' is the origin of sandboxed pages", id="null"),
        pytest.param("https://b.test", "add 'Vary: Origin'", id="another origin"),
        pytest.param(f"*, {PAGE}", "Let only one of them set it", id="set by two"),
        pytest.param(
            f"{PAGE}, https://b.test", "A response names one origin", id="the list of those allowed"
        ),
        pytest.param("https://b.test https://c.test", "A response names one origin", id="an old list"),
    ],
)
def test_the_hint_says_what_is_wrong_with_the_value_and_what_is_right(value: str, told: str) -> None:
    hint = failed((ORIGIN, value)).hint
    assert told in hint
    assert f"'Access-Control-Allow-Origin: {PAGE}'" in hint or "one of them" in hint


@pytest.mark.parametrize("value", [PAGE + ":443", PAGE + "/path"], ids=["the default port", "a path"])
def test_the_page_with_something_added_is_not_called_another_origin(value: str) -> None:
    assert "is for another origin" not in failed((ORIGIN, value)).hint


@pytest.mark.parametrize("value", ["true", "", "undefined"])
def test_what_is_no_origin_is_not_called_another_one(value: str) -> None:
    assert "is for another origin" not in failed((ORIGIN, value)).hint


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "was 401 Unauthorized: something requires authentication, which a preflight never has."),
        (403, "was 403 Forbidden. If the CORS middleware refused it, allow the origin there: "),
        (404, "was 404 Not Found: no route matches"),
        (400, "was 400 Bad Request. If the CORS middleware refused it, allow the origin there: "),
        (499, "must have"),
        (405, "was 405 Method Not Allowed: the route does not accept OPTIONS"),
        (500, "was 500 Internal Server Error: "),
    ],
)
def test_a_preflight_that_is_not_understood_is_told_by_its_status(status: int, told: str) -> None:
    hint = failed(response=answer(status=status), is_preflight=True).hint
    assert f"he response to OPTIONS /items?page=2 {told}" in hint
    assert f"'Access-Control-Allow-Origin: {PAGE}'" in hint


def test_an_error_without_the_field_may_come_from_outside_the_middleware() -> None:
    assert failed(response=answer(status=404)).hint == (
        "The response to GET /items?page=2 (404 Not Found) has no CORS headers. If the origin is allowed, the"
        " error comes from outside the CORS middleware: put it outermost. If not, allow the origin on the"
        f" server: 'Access-Control-Allow-Origin: {PAGE}', or '*' if every site may read it."
    )
    assert "(599)" in failed(response=answer(status=599)).hint


def test_an_exception_of_the_application_is_told() -> None:
    response = ReceivedResponse(500, (), raised=KeyError("id"))
    assert failed(response=response).hint.startswith("The application raised KeyError('id')")


@pytest.mark.parametrize("fields", [[], [(ORIGIN, PAGE)]], ids=["missing", "for another"])
def test_a_page_without_origin_is_told_so(fields: list[tuple[str, str]]) -> None:
    hint = failed(*fields, origin="null").hint
    assert hint.startswith("The page has no origin of its own")
    assert "'Access-Control-Allow-Origin: *'" in hint


@pytest.mark.parametrize("fields", [[], [(ORIGIN, PAGE)]], ids=["missing", "for another"])
def test_an_origin_lost_by_redirects_is_told_so(fields: list[tuple[str, str]]) -> None:
    assert failed(*fields, origin="null", redirected=True).hint.startswith(
        "A redirect from one foreign origin to another makes the browser send 'Origin: null'."
    )


@pytest.mark.parametrize("fields", [[], [(ORIGIN, "*")]], ids=["missing", "the wildcard"])
def test_a_page_without_origin_and_with_credentials_is_told_no_nonsense(
    fields: list[tuple[str, str]],
) -> None:
    """Neither will "*" do with credentials, nor is "null" with credentials for anybody to recommend."""
    hint = failed(*fields, origin="null", with_credentials=True).hint
    assert "'Access-Control-Allow-Origin: *'" not in hint
    assert "'Access-Control-Allow-Origin: null'" not in hint
