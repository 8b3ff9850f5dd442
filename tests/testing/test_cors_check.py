"""The CORS check: every reason, the step that fails, and what the developer is told."""

from __future__ import annotations

import pytest

from crosscors.testing import Exchange, ReceivedResponse, SentRequest
from crosscors.testing.blocked import Failure
from crosscors.testing.cors_check import CORSCheck
from tests.rules.kit import rows

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


@rows(
    "fields",
    [
        ([(ORIGIN, PAGE)], "the origin"),
        ([(ORIGIN, "*")], "the wildcard"),
        ([(ORIGIN, f" \t{PAGE}\t ")], "blanks around"),
        ([("access-control-allow-origin", PAGE)], "another case of the name"),
        ([(ORIGIN, PAGE), (CREDENTIALS, "nonsense")], "credentials do not matter"),
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


@rows(
    "fields, reason, shown",
    [
        ([PAGE, PAGE], MULTIPLE, f"{PAGE}, {PAGE}", "the same twice"),
        (["*", "*"], MULTIPLE, "*, *", "the wildcard twice"),
        ([PAGE, ""], MULTIPLE, f"{PAGE},", "a second one that is empty"),
        ([f"{PAGE}, https://b.test"], MULTIPLE, f"{PAGE}, https://b.test", "a list"),
        ([f"{PAGE} https://b.test"], MULTIPLE, f"{PAGE} https://b.test", "a list of 2009"),
        ([""], INVALID, "", "nothing"),
        (["true"], INVALID, "true", "a word"),
        (["app.example.com"], INVALID, "app.example.com", "no scheme"),
        ([f'"{PAGE}"'], INVALID, f'"{PAGE}"', "quotes"),
        (["**"], INVALID, "**", "two stars"),
        (["https://"], INVALID, "https://", "no host"),
        (["null"], MISMATCH, "null", "null"),
        ([PAGE + "/"], MISMATCH, PAGE + "/", "a slash at the end"),
        ([PAGE.upper()], MISMATCH, PAGE.upper(), "another case"),
        ([PAGE + ":443"], MISMATCH, PAGE + ":443", "the default port"),
        (["http://app.example.com"], MISMATCH, "http://app.example.com", "another scheme"),
        (["https://*.example.com"], MISMATCH, "https://*.example.com", "a pattern"),
        (["https://b.test"], MISMATCH, "https://b.test", "another origin"),
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


def test_a_missing_header_fails_at_step_2() -> None:
    failure = failed(("Vary", "Origin"))
    assert (failure.reason, failure.step.number) == ("allow-origin-missing", "2")


def test_the_wildcard_with_credentials_fails_at_step_4() -> None:
    failure = failed((ORIGIN, "*"), (CREDENTIALS, "true"), with_credentials=True)
    assert (failure.reason, failure.step.number) == ("allow-origin-wildcard-with-credentials", "4")


@pytest.mark.parametrize(
    "values", [[], [""], ["True"], ["TRUE"], ['"true"'], ["1"], ["true, true"], ["true", "true"], ["false"]]
)
def test_credentials_that_are_not_true_fail_at_step_8(values: list[str]) -> None:
    failure = failed((ORIGIN, PAGE), *((CREDENTIALS, value) for value in values), with_credentials=True)
    assert (failure.reason, failure.step.number) == ("allow-credentials-not-true", "8")
    assert f" is '{', '.join(values)}' which must be 'true' " in failure.sentence


# The whole texts are in messages.txt. These are the hints that no situation there reaches.


@rows(
    "value, told",
    [
        (PAGE.upper(), "compare origins character by character", "another case"),
        (PAGE + ":443", "An origin has only a scheme, a host, and a port", "the default port"),
        (PAGE + "/path", "An origin has only a scheme, a host, and a port", "a path"),
        ("", "A header without a value allows nobody", "nothing"),
        ("undefined", "'undefined' is not an origin", "a word"),
        (f"*, {PAGE}", "Let only one of them set it", "set by two"),
        ("https://b.test https://c.test", "A response names one origin", "an old list"),
    ],
)
def test_the_hint_says_what_is_wrong_with_the_value(value: str, told: str) -> None:
    assert told in failed((ORIGIN, value)).hint


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


@rows(
    "status, told",
    [
        (399, "(399) is a redirect, and redirects need the header, too", "a redirect"),
        (404, "(404 Not Found) has no CORS headers. If the origin is allowed, the error comes", "an error"),
        (
            599,
            "(599) has no CORS headers. If the origin is allowed, the error comes",
            "a status without a name",
        ),
        (600, "Allow the origin on the server", "not an error"),
    ],
)
def test_a_response_without_the_header_is_told_by_its_status(status: int, told: str) -> None:
    assert told in failed(response=answer(status=status)).hint


NULL_HINT = "The page has no origin of its own (a sandboxed frame, a file, a data: URL)"
REDIRECT_HINT = "A redirect from one foreign origin to another makes the browser send 'Origin: null'."


@pytest.mark.parametrize("fields", [[], [(ORIGIN, PAGE)]], ids=["missing", "for another"])
@pytest.mark.parametrize(("redirected", "told"), [(False, NULL_HINT), (True, REDIRECT_HINT)])
def test_a_page_without_an_origin_is_told_why(
    fields: list[tuple[str, str]], redirected: bool, told: str
) -> None:
    assert failed(*fields, origin="null", redirected=redirected).hint.startswith(told)


@pytest.mark.parametrize("fields", [[], [(ORIGIN, "*")]], ids=["missing", "the wildcard"])
def test_no_hint_recommends_credentials_for_pages_without_an_origin(fields: list[tuple[str, str]]) -> None:
    hint = failed(*fields, origin="null", with_credentials=True).hint
    assert hint.startswith(NULL_HINT)
    assert "'Access-Control-Allow-Origin: *'" not in hint
    assert "'Access-Control-Allow-Origin: null'" not in hint
