"""CORSPolicy, PolicyError and Problem as values: compared, shown, copied, changed."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Iterable
from dataclasses import FrozenInstanceError
from datetime import timedelta
from enum import IntEnum
from typing import Any

import pytest

from crosscors.core.policy import questions_to
from crosscors import CORSPolicy, CORSRequest, PolicyError, Problem, Resources
from crosscors.core.errors import shown

APP = "https://app.example.com"


def allow(request: CORSRequest) -> bool:
    return request.path == "/"


def refuse(request: CORSRequest) -> bool:
    return not allow(request)


def refused(options: dict[str, Any]) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options)
    return caught.value


# The options, read.


@pytest.mark.parametrize(
    ("option", "default"),
    [
        pytest.param("allow_origins", (), id="no origins"),
        pytest.param("allow_origin_regex", None, id="no expression"),
        pytest.param("allow_origin_func", None, id="no function"),
        pytest.param("allow_methods", ("GET",), id="GET"),
        pytest.param("allow_headers", (), id="no headers"),
        pytest.param("allow_credentials", False, id="no credentials"),
        pytest.param("expose_headers", (), id="no exposed headers"),
        pytest.param("max_age", 600, id="ten minutes"),
        pytest.param("allow_private_network", False, id="no private network"),
        pytest.param("dangerously_allow", (), id="no dangers"),
    ],
)
def test_the_default_of_each_option(option: str, default: object) -> None:
    assert getattr(CORSPolicy(), option) == default


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param([APP, "https://b.example"], id="a list"),
        pytest.param((APP, "https://b.example"), id="a tuple"),
        pytest.param((origin for origin in [APP, "https://b.example"]), id="a generator"),
        pytest.param({APP: 1, "https://b.example": 2}.keys(), id="the keys of a dict"),
        pytest.param({"https://b.example", APP}, id="a set, which is sorted"),
        pytest.param(frozenset({"https://b.example", APP}), id="a frozen set, which is sorted"),
    ],
)
def test_origins_may_be_any_iterable(origins: Iterable[str]) -> None:
    assert CORSPolicy(allow_origins=origins).allow_origins == (APP, "https://b.example")


def test_a_list_keeps_its_order() -> None:
    assert CORSPolicy(allow_headers=["X-B", "X-A"]).allow_headers == ("X-B", "X-A")


def test_one_string_is_one_entry_in_every_option_that_takes_several() -> None:
    policy = CORSPolicy(
        allow_origins="http://a.example",
        allow_methods="PUT",
        allow_headers="X-Token",
        allow_credentials="null",
        expose_headers="X-Id",
        dangerously_allow="null-origin",
    )
    assert policy.allow_origins == ("http://a.example",)
    assert policy.allow_methods == ("PUT",)
    assert policy.allow_headers == ("X-Token",)
    assert policy.allow_credentials == ("null",)
    assert policy.expose_headers == ("X-Id",)
    assert policy.dangerously_allow == ("null-origin",)


def test_methods_of_the_standard_are_upper_cased_and_others_stay_as_they_are() -> None:
    policy = CORSPolicy(allow_methods=["get", "Patch", "query", "purge", "PROPFIND"])
    assert policy.allow_methods == ("GET", "PATCH", "QUERY", "purge", "PROPFIND")


def test_problems_of_a_set_come_in_the_same_order_every_time() -> None:
    error = refused({"allow_origins": {"https://b.example/", "https://a.example/", "https://c.example/"}})
    assert [problem.value for problem in error.problems] == [
        "https://a.example/",
        "https://b.example/",
        "https://c.example/",
    ]


def test_only_keywords_are_taken() -> None:
    with pytest.raises(TypeError):
        CORSPolicy([APP])  # type: ignore[call-arg]


# Immutable, hashable, comparable.


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("max_age", id="an option"),
        pytest.param("allow_orgins", id="a name that is none"),
        pytest.param("_answers", id="what is worked out"),
    ],
)
def test_a_policy_cannot_be_changed(name: str) -> None:
    policy = CORSPolicy()
    with pytest.raises(FrozenInstanceError):
        setattr(policy, name, 5)
    with pytest.raises(FrozenInstanceError):
        delattr(policy, name)


def test_a_list_that_changes_later_does_not_change_the_policy() -> None:
    origins = [APP]
    policy = CORSPolicy(allow_origins=origins)
    origins.append("https://evil.example")
    assert policy.allow_origins == (APP,)
    assert not policy.decide(CORSRequest("GET", "https://evil.example")).allowed


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param({}, {}, id="no options"),
        pytest.param({"allow_origins": APP}, {"allow_origins": [APP]}, id="a string and a list of it"),
        pytest.param({"max_age": 60}, {"max_age": timedelta(minutes=1)}, id="seconds and a timedelta"),
        pytest.param({"allow_methods": "put"}, {"allow_methods": ["PUT"]}, id="a method in either case"),
        pytest.param(
            {"allow_origin_regex": "https://a"},
            {"allow_origin_regex": re.compile("https://a")},
            id="an expression and the same compiled",
        ),
        pytest.param({"allow_origin_func": allow}, {"allow_origin_func": allow}, id="the same function"),
        pytest.param({"allow_methods": ["GET"]}, {}, id="a default and nothing"),
        pytest.param({"allow_credentials": []}, {"allow_credentials": False}, id="no credentialed origins"),
    ],
)
def test_policies_of_the_same_options_are_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert CORSPolicy(**left) == CORSPolicy(**right)
    assert len({CORSPolicy(**left), CORSPolicy(**right)}) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param({"allow_origins": APP}, {"allow_origins": "https://b.example"}, id="other origins"),
        pytest.param({"allow_origins": APP}, {"allow_credentials": [APP]}, id="the same origin elsewhere"),
        pytest.param({"max_age": 0}, {"max_age": None}, id="0 and None"),
        pytest.param({"allow_origin_func": allow}, {"allow_origin_func": refuse}, id="other functions"),
    ],
)
def test_policies_of_other_options_are_not_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert CORSPolicy(**left) != CORSPolicy(**right)


@pytest.mark.parametrize("other", ["CORSPolicy()", None, (), {}])
def test_a_policy_is_not_equal_to_anything_else(other: object) -> None:
    assert CORSPolicy() != other


def test_policies_stay_equal_after_one_has_decided() -> None:
    used, fresh = CORSPolicy(allow_origins=[APP]), CORSPolicy(allow_origins=[APP])
    questions_to(used).actual(APP)
    assert used == fresh
    assert hash(used) == hash(fresh)


# Shown.


@pytest.mark.parametrize(
    ("options", "text"),
    [
        pytest.param({}, "CORSPolicy()", id="nothing but defaults"),
        pytest.param(
            {"allow_origins": [APP], "max_age": 600},
            "CORSPolicy(allow_origins=['https://app.example.com'])",
            id="defaults are left out",
        ),
        pytest.param(
            {"max_age": None, "allow_private_network": True},
            "CORSPolicy(max_age=None, allow_private_network=True)",
            id="the options in their order",
        ),
        pytest.param(
            {"allow_origin_regex": r"https://a\.example"},
            r"CORSPolicy(allow_origin_regex=re.compile('https://a\\.example'))",
            id="an expression",
        ),
        pytest.param(
            {"allow_origin_regex": re.compile("https://a", re.IGNORECASE)},
            "CORSPolicy(allow_origin_regex=re.compile('https://a', re.IGNORECASE))",
            id="an expression with flags",
        ),
        pytest.param(
            {"allow_headers": [f"X-{number}" for number in range(10)]},
            "CORSPolicy(allow_headers=['X-0', 'X-1', 'X-2', 'X-3', 'X-4', 'X-5', 'X-6', 'X-7', 'X-8', "
            "'X-9'])",
            id="all of ten entries",
        ),
        pytest.param(
            {"allow_headers": [f"X-{number}" for number in range(12)]},
            "CORSPolicy(allow_headers=['X-0', 'X-1', 'X-2', 'X-3', 'X-4', 'X-5', 'X-6', 'X-7', 'X-8', 'X-9', "
            "and 2 more])",
            id="the first ten of many entries",
        ),
    ],
)
def test_how_a_policy_is_shown(options: dict[str, Any], text: str) -> None:
    assert repr(CORSPolicy(**options)) == text


# Changed and copied.


def test_replace_gives_a_changed_policy_and_leaves_the_first() -> None:
    first = CORSPolicy(allow_origins=[APP], max_age=60)
    second = first.replace(max_age=0, allow_credentials=True)
    assert second == CORSPolicy(allow_origins=[APP], max_age=0, allow_credentials=True)
    assert first == CORSPolicy(allow_origins=[APP], max_age=60)
    assert second.decide(CORSRequest("GET", APP)).headers == (
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Credentials", "true"),
    )


def test_replace_without_changes_gives_an_equal_policy() -> None:
    policy = CORSPolicy(
        allow_origins=["https://b.example"],
        allow_origin_regex=r"https://[a-z]+\.example\.com",
        allow_origin_func=allow,
        allow_methods="*",
        allow_headers="*",
        allow_credentials=[APP],
        expose_headers=["X-Id"],
        max_age=None,
        allow_private_network=True,
        dangerously_allow=["null-origin"],
    )
    assert policy.replace() == policy


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"allow_credentials": True}, "wildcard-with-credentials", id="what goes wrong together"),
        pytest.param({"max_ages": 1}, "unknown-option", id="an unknown option"),
        pytest.param({"allow_origins": "https://a.example/"}, "origin-trailing-slash", id="a faulty entry"),
    ],
)
def test_replace_refuses_what_the_constructor_refuses(changes: dict[str, Any], code: str) -> None:
    policy = CORSPolicy(allow_origins="*")
    with pytest.raises(PolicyError) as caught:
        policy.replace(**changes)
    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(CORSPolicy(), id="defaults"),
        pytest.param(
            CORSPolicy(
                allow_origins=[APP],
                allow_origin_regex=r"https://[a-z]+\.example\.net",
                allow_origin_func=allow,
                allow_credentials=["https://*.example.org"],
            ),
            id="origins of every kind",
        ),
    ],
)
def test_a_copy_is_equal_and_decides_alike(policy: CORSPolicy) -> None:
    questions_to(policy).actual(APP)
    asked = CORSRequest("GET", APP)
    for twin in (copy.copy(policy), copy.deepcopy(policy), pickle.loads(pickle.dumps(policy))):  # noqa: S301
        assert twin == policy
        assert twin.decide(asked) == policy.decide(asked)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(CORSRequest("GET", APP, path="/a", headers={"x-a": "1"}), id="a request with headers"),
        pytest.param(CORSRequest("GET"), id="a request without"),
        pytest.param(CORSPolicy().decide(CORSRequest("GET", APP)), id="a decision"),
        pytest.param(
            CORSPolicy(allow_origins="*").decide(CORSRequest("GET")), id="a decision without refusals"
        ),
    ],
)
def test_requests_and_decisions_can_be_copied_and_sent_elsewhere(value: object) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param(CORSRequest("GET", APP), "origin", id="a request"),
        pytest.param(CORSPolicy().decide(CORSRequest("GET", APP)), "allowed", id="a decision"),
        pytest.param(CORSPolicy().decide(CORSRequest("GET", APP)).refusals[0], "code", id="a refusal"),
    ],
)
def test_requests_decisions_and_refusals_cannot_be_changed(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)


def test_a_request_is_shown_without_its_headers_which_may_hold_secrets() -> None:
    assert repr(CORSRequest("GET", APP, headers={"cookie": "session=1"})) == (
        "CORSRequest(method='GET', origin='https://app.example.com', path='', host='', "
        "request_method=None, request_headers=None, request_private_network=None)"
    )


# Errors.


def test_an_error_prints_one_problem() -> None:
    assert str(refused({"allow_origins": ["https://a.example/"]})) == (
        "This CORS policy has a problem:\n"
        "  1. allow_origins: 'https://a.example/' ends with a slash; an origin has none.\n"
        '     Write "https://a.example".'
    )


def test_an_error_prints_several_problems_as_a_numbered_list() -> None:
    assert str(refused({"allow_origins": ["https://a.example/"], "max_age": -1})) == (
        "This CORS policy has 2 problems:\n"
        "  1. allow_origins: 'https://a.example/' ends with a slash; an origin has none.\n"
        '     Write "https://a.example".\n'
        "  2. max_age: -1 is negative.\n"
        "     Write max_age=0 to keep browsers from caching preflights."
    )


def test_an_error_is_a_value_error_with_a_tuple_of_problems() -> None:
    error = refused({"allow_origins": ["https://a.example/"]})
    assert isinstance(error, ValueError)
    assert error.problems == (
        Problem(
            code="origin-trailing-slash",
            option="allow_origins",
            value="https://a.example/",
            message="'https://a.example/' ends with a slash; an origin has none.",
            hint='Write "https://a.example".',
        ),
    )


def test_an_error_can_be_pickled() -> None:
    error = refused({"max_age": -1})
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(twin), twin.problems) == (str(error), error.problems)


@pytest.mark.parametrize(
    ("options", "value"),
    [
        pytest.param({"allow_origins": [""]}, "", id="a string"),
        pytest.param({"max_age": -1}, -1, id="a number"),
        pytest.param({"max_age": 1.5}, 1.5, id="a fraction"),
        pytest.param({"max_age": True}, True, id="a bool"),
        pytest.param({"allow_origins": None}, None, id="None"),
        pytest.param({"allow_origins": b"*"}, "b'*'", id="bytes, as their repr"),
        pytest.param(
            {"allow_origins": [re.compile("a")]}, "re.compile('a')", id="an expression, as its repr"
        ),
        pytest.param(
            {"max_age": timedelta(-1)}, "datetime.timedelta(days=-1)", id="a timedelta, as its repr"
        ),
    ],
)
def test_a_problem_as_a_dict_can_be_written_as_json(options: dict[str, Any], value: object) -> None:
    (problem,) = refused(options).problems
    plain = problem.as_dict()
    assert sorted(plain) == ["code", "hint", "message", "option", "value"]
    assert plain["value"] == value
    assert json.loads(json.dumps(plain)) == plain


def test_a_problem_prints_as_one_line_and_cannot_be_changed() -> None:
    problem = Problem("a-code", "max_age", -1, "-1 is negative.", "Write max_age=0.")
    assert str(problem) == "max_age: -1 is negative. Write max_age=0."
    with pytest.raises(FrozenInstanceError):
        problem.code = "another"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("a", "'a'", id="text is quoted"),
        pytest.param("a\r\nb", r"'a\r\nb'", id="line breaks are escaped"),
        pytest.param("ü\u202e\x1b", r"'\xfc\u202e\x1b'", id="what is not printable ASCII is escaped"),
        pytest.param("a" * 100, f"'{'a' * 100}'", id="100 characters are shown"),
        pytest.param("a" * 101, f"'{'a' * 100}'...", id="the 101st is cut"),
        pytest.param(5, "5", id="other values are their repr"),
        pytest.param(["ü"], r"['\xfc']", id="their text is escaped, too"),
        pytest.param(["a" * 96], f"['{'a' * 96}']", id="100 characters of their repr are shown"),
        pytest.param([0] * 100, f"[{'0, ' * 33}...", id="they are cut, too"),
    ],
)
def test_how_a_value_is_shown_in_a_message(value: object, text: str) -> None:
    assert shown(value) == text


class _Tenants:
    """A function with state, which compares by it and so has no hash."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tenants)

    def __call__(self, request: CORSRequest) -> bool:
        return request.path == "/"


def test_a_policy_is_hashable_whatever_its_function_is() -> None:
    policy = CORSPolicy(allow_origin_func=_Tenants())
    assert hash(policy) == hash(CORSPolicy(allow_origin_func=_Tenants()))
    assert Resources({"/a": policy, "/b": policy}).policies == (policy,)


class _Seconds(IntEnum):
    DAY = 86400


def test_a_max_age_that_is_an_enum_is_its_number() -> None:
    decision = CORSPolicy(allow_origins="*", max_age=_Seconds.DAY).decide(
        CORSRequest("OPTIONS", "https://app.example.com", request_method="GET")
    )
    assert ("Access-Control-Max-Age", "86400") in decision.headers
