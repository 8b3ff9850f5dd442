"""What is legal but surely not meant warns, at the line that wrote it."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyWarning, Problem
from crosscors.asgi import CORSMiddleware


def warned(options: dict[str, Any]) -> list[Problem]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CORSPolicy(**options)
    return [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]


def anyone(request: CORSRequest) -> bool:
    return bool(request.origin)


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None: ...


@pytest.mark.parametrize(
    ("options", "code", "option", "value"),
    [
        pytest.param({"max_age": 86401}, "long-max-age", "max_age", 86401, id="max_age over 86400"),
        pytest.param(
            {"max_age": timedelta(days=7)},
            "long-max-age",
            "max_age",
            timedelta(days=7),
            id="a max_age of a week",
        ),
        pytest.param(
            {"allow_origins": ["https://a.example", "https://a.example"]},
            "listed-twice",
            "allow_origins",
            "https://a.example",
            id="an origin listed twice",
        ),
        pytest.param(
            {"allow_credentials": ["https://a.example", "https://a.example"]},
            "listed-twice",
            "allow_credentials",
            "https://a.example",
            id="a credentialed origin listed twice",
        ),
        pytest.param(
            {"allow_methods": ["PUT", "put"]},
            "listed-twice",
            "allow_methods",
            "PUT",
            id="a method listed twice",
        ),
        pytest.param(
            {"allow_headers": ["X-Token", "x-token"]},
            "listed-twice",
            "allow_headers",
            "x-token",
            id="a header listed twice",
        ),
        pytest.param(
            {"expose_headers": ["X-Id", "X-ID"]},
            "listed-twice",
            "expose_headers",
            "X-ID",
            id="an exposed header listed twice",
        ),
        pytest.param(
            {"dangerously_allow": ["null-origin", "null-origin"]},
            "listed-twice",
            "dangerously_allow",
            "null-origin",
            id="a danger listed twice",
        ),
        pytest.param(
            {"allow_origins": ["*", "https://a.example"]},
            "already-covered",
            "allow_origins",
            "https://a.example",
            id="an origin beside *",
        ),
        pytest.param(
            {"allow_origins": ["null", "*"]}, "already-covered", "allow_origins", "null", id="null beside *"
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com", "https://app.example.com"]},
            "already-covered",
            "allow_origins",
            "https://app.example.com",
            id="an origin that a pattern covers",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com", "https://*.app.example.com"]},
            "already-covered",
            "allow_origins",
            "https://*.app.example.com",
            id="a pattern that a shorter one covers",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com:*", "https://*.example.com"]},
            "already-covered",
            "allow_origins",
            "https://*.example.com",
            id="a pattern that the same with any port covers",
        ),
        pytest.param(
            {"allow_origins": ["https://app.example.com:*", "https://*.example.com:*"]},
            "already-covered",
            "allow_origins",
            "https://app.example.com:*",
            id="any port of an origin that any port of a pattern covers",
        ),
        pytest.param(
            {"allow_origins": ["http://localhost:3000", "http://localhost:*"]},
            "already-covered",
            "allow_origins",
            "http://localhost:3000",
            id="a port that any port covers",
        ),
        pytest.param(
            {"allow_origins": ["http://localhost", "http://localhost:*"]},
            "already-covered",
            "allow_origins",
            "http://localhost",
            id="no port, that any port covers",
        ),
        pytest.param(
            {"allow_origins": "https://a.example", "allow_origin_regex": r"https://[a-z]\.example"},
            "already-covered",
            "allow_origins",
            "https://a.example",
            id="an origin that the expression covers",
        ),
        pytest.param(
            {"allow_credentials": ["https://*.example.com", "https://app.example.com"]},
            "already-covered",
            "allow_credentials",
            "https://app.example.com",
            id="a credentialed origin that a credentialed pattern covers",
        ),
        pytest.param(
            {"allow_origins": "*", "allow_origin_regex": "https://a"},
            "already-covered",
            "allow_origin_regex",
            "*",
            id="an expression beside *",
        ),
        pytest.param(
            {"allow_origins": "*", "allow_origin_func": anyone},
            "already-covered",
            "allow_origin_func",
            "*",
            id="a function beside *",
        ),
        pytest.param(
            {"allow_methods": ["*", "PUT"]}, "already-covered", "allow_methods", "PUT", id="a method beside *"
        ),
        pytest.param(
            {"allow_headers": ["*", "X-Token"]},
            "already-covered",
            "allow_headers",
            "X-Token",
            id="a header beside *",
        ),
        pytest.param(
            {"expose_headers": ["X-Id", "*"]},
            "already-covered",
            "expose_headers",
            "X-Id",
            id="an exposed header beside *",
        ),
        pytest.param(
            {"allow_headers": "Cookie"},
            "forbidden-header",
            "allow_headers",
            "Cookie",
            id="a forbidden header",
        ),
        pytest.param(
            {"allow_headers": "sec-fetch-mode"},
            "forbidden-header",
            "allow_headers",
            "sec-fetch-mode",
            id="a header that begins with sec-",
        ),
        pytest.param(
            {"allow_headers": "Proxy-Authorization"},
            "forbidden-header",
            "allow_headers",
            "Proxy-Authorization",
            id="a header that begins with proxy-",
        ),
        pytest.param(
            {"allow_headers": "accept-language"},
            "safelisted-header",
            "allow_headers",
            "accept-language",
            id="a header that is always allowed",
        ),
        pytest.param(
            {"expose_headers": "Set-Cookie"},
            "forbidden-header",
            "expose_headers",
            "Set-Cookie",
            id="a response header that is never readable",
        ),
        pytest.param(
            {"expose_headers": "Cache-Control"},
            "safelisted-header",
            "expose_headers",
            "Cache-Control",
            id="a response header that is always readable",
        ),
    ],
)
def test_what_is_surely_not_meant_warns(
    options: dict[str, Any], code: str, option: str, value: object
) -> None:
    (problem,) = warned(options)
    assert (problem.code, problem.option, problem.value) == (code, option, value)


@pytest.mark.parametrize(
    ("options", "write"),
    [
        pytest.param({"max_age": 86401}, "Write max_age=86400 or less.", id="a shorter max_age"),
        pytest.param({"allow_headers": "Cookie"}, "Leave it out.", id="to leave the header out"),
    ],
)
def test_a_warning_says_what_to_write_instead(options: dict[str, Any], write: str) -> None:
    with pytest.warns(PolicyWarning) as caught:
        CORSPolicy(**options)
    assert str(caught[0].message).endswith(write)


def test_each_cause_warns_by_itself() -> None:
    problems = warned(
        {
            "allow_origins": ["*", "https://a.example", "null"],
            "allow_headers": ["Host", "Accept"],
            "max_age": 100_000,
        }
    )
    assert sorted((problem.code, problem.value) for problem in problems) == [
        ("already-covered", "https://a.example"),
        ("already-covered", "null"),
        ("forbidden-header", "Host"),
        ("long-max-age", 100_000),
        ("safelisted-header", "Accept"),
    ]


def test_what_is_listed_twice_is_kept_once() -> None:
    with pytest.warns(PolicyWarning):
        policy = CORSPolicy(allow_headers=["X-Token", "X-Page", "x-token"])
    assert policy.allow_headers == ("X-Token", "X-Page")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="no options"),
        pytest.param({"allow_origins": "*"}, id="everyone"),
        pytest.param({"allow_origins": []}, id="nobody"),
        pytest.param(
            {
                "allow_origins": ["https://app.example.com", "https://*.example.org", "http://localhost:*"],
                "allow_methods": ["GET", "HEAD", "POST", "PURGE"],
                "allow_headers": ["Authorization", "X-Token", "Range"],
                "expose_headers": ["X-Request-Id", "ETag"],
                "allow_credentials": True,
                "max_age": 86400,
            },
            id="a policy with everything",
        ),
        pytest.param({"allow_methods": ["*", "PURGE"]}, id="every standard method and another"),
        pytest.param({"allow_methods": ["purge", "PURGE"]}, id="methods that differ in case"),
        pytest.param({"allow_headers": ["*", "Authorization"]}, id="* and Authorization, as Fetch asks for"),
        pytest.param(
            {"allow_origins": "*", "allow_credentials": ["https://a.example"]},
            id="everyone, and one with credentials",
        ),
        pytest.param(
            {"allow_origins": ["https://a.example"], "allow_credentials": ["https://a.example"]},
            id="an origin allowed, and with credentials",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com"], "allow_credentials": ["https://app.example.com"]},
            id="a pattern allowed, and one of its origins with credentials",
        ),
        pytest.param(
            {"allow_origins": ["https://example.com", "https://*.example.com"]},
            id="a domain and its subdomains, which do not cover it",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com", "https://app.example.com:8443"]},
            id="a pattern, and one of its hosts at another port",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com", "https://app.example.com:*"]},
            id="a pattern, and one of its hosts at any port",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com", "http://*.example.com"]},
            id="patterns that differ in the scheme",
        ),
        pytest.param(
            {"allow_origins": ["https://a.example"], "allow_origin_regex": r"https://b\.example"},
            id="an origin and an expression for others",
        ),
        pytest.param(
            {"allow_origins": ["https://*.example.com"], "allow_origin_regex": r"https://b\.example"},
            id="a pattern and an expression for others",
        ),
        pytest.param(
            {"allow_origins": ["https://a.example"], "allow_origin_func": anyone},
            id="an origin and a function",
        ),
        pytest.param(
            {"allow_origins": ["null"], "allow_origin_regex": ".*"},
            id="null, which no expression is asked about",
        ),
        pytest.param({"max_age": 0}, id="max_age 0"),
        pytest.param({"max_age": None}, id="max_age None"),
        pytest.param(
            {"allow_headers": ["Content-Type", "Authorization"]},
            id="Content-Type, which others want listed",
        ),
    ],
)
def test_a_sensible_policy_does_not_warn(options: dict[str, Any]) -> None:
    assert warned(options) == []


def test_a_refused_policy_does_not_warn_too() -> None:
    with warnings.catch_warnings(record=True) as caught, pytest.raises(ValueError, match="origin"):
        CORSPolicy(allow_origins=["https://a.example/"], max_age=100_000)
    assert caught == []


# The line that a warning points at.


def construct() -> int:
    CORSPolicy(max_age=86401)
    return line_above()


def replace() -> int:
    CORSPolicy().replace(max_age=86401)
    return line_above()


def wrap_an_app() -> int:
    CORSMiddleware(app, max_age=86401)
    return line_above()


def line_above() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno - 1


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param(construct, id="CORSPolicy(...)"),
        pytest.param(replace, id="policy.replace(...)"),
        pytest.param(wrap_an_app, id="CORSMiddleware(app, ...)"),
    ],
)
def test_a_warning_points_at_the_line_of_the_caller(caller: Callable[[], int]) -> None:
    with pytest.warns(PolicyWarning, match=re.escape("max_age")) as caught:
        line = caller()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_a_warning_carries_its_problem_and_prints_as_one_line() -> None:
    with pytest.warns(PolicyWarning) as caught:
        CORSPolicy(allow_headers=["Accept"])
    message = caught[0].message
    assert isinstance(message, PolicyWarning)
    assert isinstance(message, UserWarning)
    assert message.problem.as_dict() == {
        "code": "safelisted-header",
        "option": "allow_headers",
        "value": "Accept",
        "message": "'Accept' is always allowed.",
        "hint": "Leave it out.",
    }
    assert str(message) == "allow_headers: 'Accept' is always allowed. Leave it out."


def test_an_origin_does_not_cover_a_pattern_that_it_is_an_example_of() -> None:
    (problem,) = warned({"allow_origins": ["https://*.example.com", "https://any.example.com"]})
    assert (problem.code, problem.value) == ("already-covered", "https://any.example.com")
