"""CORSPolicy as a value: defaults, the types that options take, equality, repr, copies and replace."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Iterable
from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, Resources
from crosscors.core.policy import OPTION_NAMES

from .conftest import ApprovePolicies
from .kit import APP, actual, assert_problem, assert_refused, refused, rows

B = "https://b.example"


def allow(request: CORSRequest) -> bool:
    return request.path == "/"


def refuse(request: CORSRequest) -> bool:
    return not allow(request)


EVERYTHING: dict[str, Any] = {
    "allow_origins": [B],
    "allow_origin_regex": r"https://[a-z]+\.example\.net",
    "allow_origin_func": allow,
    "allow_methods": "*",
    "allow_headers": "*",
    "allow_credentials": [APP, "https://*.example.org"],
    "expose_headers": ["X-Id"],
    "max_age": None,
    "allow_private_network": True,
    "timing_allow_origin": True,
    "dangerously_allow": ["null-origin"],
}

# Reading options.


def test_these_are_all_options() -> None:
    assert set(EVERYTHING) == set(inspect.signature(CORSPolicy).parameters)


def test_the_default_of_each_option() -> None:
    policy = CORSPolicy()
    assert {name: getattr(policy, name) for name in EVERYTHING} == {
        "allow_origins": (),
        "allow_origin_regex": None,
        "allow_origin_func": None,
        "allow_methods": ("GET",),
        "allow_headers": (),
        "allow_credentials": False,
        "expose_headers": (),
        "max_age": 600,
        "allow_private_network": False,
        "timing_allow_origin": False,
        "dangerously_allow": (),
    }


def test_a_policy_covers_every_path() -> None:
    policy = CORSPolicy()
    assert policy.policy_for("/any/path", "/root") is policy.everywhere is policy
    assert policy.policies == (policy,)


# allow_origins, why.
ITERABLES = [
    ([APP, B], "a list"),
    ((APP, B), "a tuple"),
    ((origin for origin in [APP, B]), "a generator"),
    ({APP: 1, B: 2}.keys(), "the keys of a dict"),
    ({B, APP}, "a set, which is sorted"),
    (frozenset({B, APP}), "a frozen set, which is sorted"),
]


@rows("origins", ITERABLES)
def test_an_option_takes_any_iterable(origins: Iterable[str]) -> None:
    assert CORSPolicy(allow_origins=origins).allow_origins == (APP, B)


def test_a_list_keeps_its_order() -> None:
    assert CORSPolicy(allow_headers=["X-B", "X-A"]).allow_headers == ("X-B", "X-A")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("allow_origins", B),
        ("allow_methods", "PUT"),
        ("allow_headers", "X-Token"),
        ("allow_credentials", B),
        ("expose_headers", "X-Id"),
        ("dangerously_allow", "null-origin"),
    ],
)
def test_one_string_is_one_entry(option: str, value: str) -> None:
    options: dict[str, Any] = {option: value}
    assert getattr(CORSPolicy(**options), option) == (value,)


def test_only_keywords_are_taken() -> None:
    with pytest.raises(TypeError):
        CORSPolicy([APP])  # type: ignore[arg-type]


ORIGINS = 'allow_origins=["https://app.example.com"]'
REGEX = r'allow_origin_regex=r"https://[a-z]+\.example\.com"'
# Option, value, what to write, why. What applies to one option stands in the file of that option.
WRONG_TYPES = [
    ("allow_origins", None, ORIGINS, "origins as None"),
    ("allow_origins", 1, ORIGINS, "origins as a number"),
    ("allow_origins", b"*", ORIGINS, "origins as bytes"),
    ("allow_origins", {"*": 1}, ORIGINS, "origins as a dict"),
    ("allow_origins", re.compile(b"a"), ORIGINS, "origins as a regular expression for bytes"),
    ("allow_origin_regex", 1, REGEX, "a regular expression as a number"),
    ("allow_origin_regex", b"a", REGEX, "a regular expression as bytes"),
    ("allow_origin_regex", ["a"], REGEX, "regular expressions as a list"),
    ("allow_origin_regex", re.compile(b"a"), REGEX, "a regular expression for bytes"),
    ("allow_methods", None, 'allow_methods=["GET", "POST"]', "methods as None"),
    ("allow_methods", b"GET", 'allow_methods=["GET", "POST"]', "methods as bytes"),
    ("allow_headers", 1, 'allow_headers=["Authorization"]', "headers as a number"),
    ("allow_headers", True, 'allow_headers=["Authorization"]', "headers as a bool"),
    ("expose_headers", None, 'expose_headers=["X-Request-Id"]', "exposed headers as None"),
    ("allow_private_network", None, "allow_private_network=False", "private network as None"),
    ("allow_private_network", 1, "allow_private_network=True", "private network as a number"),
    ("allow_private_network", "true", "allow_private_network=True", "private network as a string"),
    ("dangerously_allow", True, 'dangerously_allow=["insecure-origins"]', "dangers as a bool"),
]
# Option, entry, what to write, why.
WRONG_ENTRIES = [
    ("allow_origins", 1, ORIGINS, "a number among origins"),
    ("allow_credentials", True, 'allow_credentials=["https://app.example.com"]', "a bool among credentials"),
    ("allow_methods", b"GET", 'allow_methods=["GET", "POST"]', "bytes among methods"),
    ("allow_headers", 1, 'allow_headers=["Authorization"]', "a number among headers"),
    ("allow_headers", re.compile("x-.*"), 'allow_headers=["Authorization"]', "an expression among headers"),
    ("dangerously_allow", 1, 'dangerously_allow=["insecure-origins"]', "a number among dangers"),
]


@pytest.mark.filterwarnings("ignore:allow_private_network:crosscors.PolicyWarning")
@rows("option, value, write", WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_refused(option: str, value: object, write: str) -> None:
    assert_refused({option: value}, "wrong-type", option, value, write)


@rows("option, entry, write", WRONG_ENTRIES)
def test_an_entry_of_the_wrong_type_is_refused_by_itself(option: str, entry: object, write: str) -> None:
    assert_refused({option: [entry]}, "wrong-type", option, entry, write)


# Option, value, what the hint names, why.
NOT_WRITTEN_OUT = [
    ("allow_origin_func", "a", "allow_origin_func=func", "a function as a string"),
    ("allow_origin_func", True, "allow_origin_func=func", "a function as a bool"),
    ("allow_origins", [re.compile("a")], "allow_origin_regex=re.compile(...)", "an expression among origins"),
    ("allow_origins", re.compile("a"), "allow_origin_regex=re.compile(...)", "origins as an expression"),
    ("allow_origins", [None], "Leave it out.", "None among origins"),
    ("expose_headers", [None], "Leave it out.", "None among exposed headers"),
]


@rows("option, value, says", NOT_WRITTEN_OUT)
def test_a_value_that_belongs_elsewhere_is_refused(option: str, value: object, says: str) -> None:
    (problem,) = refused({option: value})
    assert (problem.code, problem.option) == ("wrong-type", option)
    assert says in problem.hint


EVERY_OPTION = f"{', '.join(EVERYTHING)}."
# Name, what the hint names, why.
UNKNOWN = [
    ("supports_credentials", "allow_credentials=", "supports_credentials of Flask-CORS"),
    ("origins", "allow_origins=", "origins of Flask-CORS"),
    ("origin", "allow_origins=", "origin of other libraries"),
    ("methods", "allow_methods=", "methods of Flask-CORS"),
    ("headers", "allow_headers=", "headers of other libraries"),
    ("credentials", "allow_credentials=", "credentials of other libraries"),
    ("CORS_ALLOWED_ORIGINS", "allow_origins=", "CORS_ALLOWED_ORIGINS of Django"),
    ("preflight_max_age", "max_age=", "preflight_max_age of other libraries"),
    ("allow_origin", "allow_origins=", "the plural forgotten"),
    ("allow_orgins", "allow_origins=", "a letter forgotten"),
    ("ALLOW_ORIGIN_REGEX", "allow_origin_regex=", "upper case"),
    ("maxage", "max_age=", "the underscore forgotten"),
    ("debug", "debug=", "an option of the application"),
    ("on_decision", "on_decision=", "a hook of the application"),
    ("resources", "policy=Resources(", "policies by path"),
    ("zzz", EVERY_OPTION, "no name comes near, so all are listed"),
    ("vary_header", EVERY_OPTION, "a name that only sounds alike"),
]


@rows("name, says", UNKNOWN)
def test_an_unknown_option_is_refused_with_the_nearest_name(name: str, says: str) -> None:
    (problem,) = refused({name: True})
    assert_problem(problem, "unknown-option", name, True)
    assert says in problem.hint


def test_all_problems_of_a_policy_come_at_once() -> None:
    options: dict[str, Any] = {
        "allow_origins": ["https://a.example/", "http://b.example", "null", 5],
        "allow_origin_regex": "(",
        "allow_origin_func": "no function",
        "allow_methods": ["TRACE", "A B"],
        "allow_headers": ["A:"],
        "allow_credentials": True,
        "expose_headers": "*",
        "max_age": -1,
        "allow_private_network": "yes",
        "dangerously_allow": ["all"],
        "supports_credentials": True,
        "origins": "*",
    }
    assert sorted((problem.option, problem.code) for problem in refused(options)) == [
        ("allow_headers", "not-a-token"),
        ("allow_methods", "forbidden-method"),
        ("allow_methods", "not-a-token"),
        ("allow_origin_func", "wrong-type"),
        ("allow_origin_regex", "invalid-regex"),
        ("allow_origins", "insecure-origin-with-credentials"),
        ("allow_origins", "null-with-credentials"),
        ("allow_origins", "origin-trailing-slash"),
        ("allow_origins", "wrong-type"),
        ("allow_private_network", "wrong-type"),
        ("dangerously_allow", "unknown-danger"),
        ("expose_headers", "wildcard-with-credentials"),
        ("max_age", "negative-max-age"),
        ("origins", "unknown-option"),
        ("supports_credentials", "unknown-option"),
    ]


def test_problems_of_a_set_come_in_the_same_order_every_time() -> None:
    entries = ["https://a.example/", "https://b.example/", "https://c.example/"]
    assert [problem.value for problem in refused({"allow_origins": {*entries}})] == entries


# Immutable, hashable, comparable.


@pytest.mark.parametrize("name", ["max_age", "allow_orgins", "_anything"])
def test_a_policy_cannot_be_changed(name: str) -> None:
    policy = CORSPolicy()
    with pytest.raises(FrozenInstanceError):
        setattr(policy, name, 5)
    with pytest.raises(FrozenInstanceError):
        delattr(policy, name)


def test_a_list_that_changes_later_does_not_change_the_policy() -> None:
    origins = [APP]
    policy = CORSPolicy(allow_origins=origins)
    origins.append(B)
    assert policy.allow_origins == (APP,)
    assert not actual(policy, B).allowed


# Options, options, why.
EQUAL = [
    ({}, {}, "no options"),
    ({"allow_origins": APP}, {"allow_origins": [APP]}, "a string and a list of it"),
    ({"max_age": 60}, {"max_age": timedelta(minutes=1)}, "seconds and a timedelta"),
    ({"allow_methods": "put"}, {"allow_methods": ["PUT"]}, "a method in either case"),
    (
        {"allow_origin_regex": "https://a"},
        {"allow_origin_regex": re.compile("https://a")},
        "an expression, compiled",
    ),
    ({"allow_origin_func": allow}, {"allow_origin_func": allow}, "the same function"),
    ({"allow_methods": ["GET"]}, {}, "a default and nothing"),
    ({"allow_credentials": []}, {"allow_credentials": False}, "an empty list of credentials and False"),
]
UNEQUAL = [
    ({"allow_origins": APP}, {"allow_origins": B}, "other origins"),
    ({"allow_origins": APP}, {"allow_credentials": [APP]}, "the same origin elsewhere"),
    ({"max_age": 0}, {"max_age": None}, "0 and None"),
    ({"allow_origin_func": allow}, {"allow_origin_func": refuse}, "other functions"),
]


@rows("left, right", EQUAL)
def test_policies_of_the_same_options_are_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    used, fresh = CORSPolicy(**left), CORSPolicy(**right)
    actual(used, APP)
    assert used == fresh
    assert len({used, fresh}) == 1


@rows("left, right", UNEQUAL)
def test_policies_of_other_options_are_not_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert CORSPolicy(**left) != CORSPolicy(**right)
    other: object = "CORSPolicy()"
    assert CORSPolicy(**left) != other


class Tenants:
    """A function with state, which compares by it and so has no hash."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tenants)

    def __call__(self, request: CORSRequest) -> bool:
        return request.path == "/"


def test_a_policy_is_hashable_whatever_its_function_is() -> None:
    policy = CORSPolicy(allow_origin_func=Tenants())
    assert hash(policy) == hash(CORSPolicy(allow_origin_func=Tenants()))
    assert Resources({"/a": policy, "/b": policy}).policies == (policy,)


ASCII_A = re.compile("https://a", re.ASCII)
TEN = [*"abcdefghij"]
# Options, what is between the parentheses of the repr, why.
SHOWN = [
    ({}, "", "only defaults"),
    ({"allow_origins": [B], "max_age": 600}, f"allow_origins=['{B}']", "defaults are left out"),
    ({"allow_private_network": True, "max_age": 0}, "max_age=0, allow_private_network=True", "ordered"),
    ({"allow_origin_regex": ASCII_A}, "allow_origin_regex=re.compile('https://a', re.ASCII)", "flags"),
    ({"allow_headers": TEN}, f"allow_headers={TEN}", "all of ten entries"),
    ({"allow_headers": [*TEN, "k", "l"]}, f"allow_headers={TEN}"[:-1] + ", and 2 more]", "ten of many"),
]


@pytest.mark.filterwarnings("ignore:allow_private_network:crosscors.PolicyWarning")
@rows("options, text", SHOWN)
def test_how_a_policy_is_shown(options: dict[str, Any], text: str) -> None:
    assert repr(CORSPolicy(**options)) == f"CORSPolicy({text})"


# Changed and copied.


def test_replace_gives_a_changed_policy_and_leaves_the_first() -> None:
    first = CORSPolicy(allow_origins=[APP], max_age=60)
    second = first.replace(max_age=0, allow_credentials=True)
    assert second == CORSPolicy(allow_origins=[APP], max_age=0, allow_credentials=True)
    assert first == CORSPolicy(allow_origins=[APP], max_age=60)
    assert actual(second, APP).headers[1] == ("Access-Control-Allow-Credentials", "true")


# Changes, code, why.
REFUSED_CHANGES = [
    ({"allow_credentials": True}, "wildcard-with-credentials", "options that do not go together"),
    ({"max_ages": 1}, "unknown-option", "an unknown option"),
    ({"allow_origins": "https://a.example/"}, "origin-trailing-slash", "an entry that is wrong"),
]


@rows("changes, code", REFUSED_CHANGES)
def test_replace_refuses_what_the_constructor_refuses(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origins="*").replace(**changes)
    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.filterwarnings("ignore:.*browsers no longer ask:crosscors.PolicyWarning")
@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["defaults", "every option"])
def test_a_copy_is_equal_and_decides_alike(options: dict[str, Any]) -> None:
    policy = CORSPolicy(**options)
    actual(policy, APP)
    copies = [copy.copy(policy), copy.deepcopy(policy), policy.replace()]
    copies.append(pickle.loads(pickle.dumps(policy)))  # noqa: S301  # it is our own
    for each in copies:
        assert each == policy
        assert actual(each, APP) == actual(policy, APP)


# Requests and decisions.

VALUES = [
    (CORSRequest("GET", APP, path="/a", headers={"x-a": "1"}), "origin", "a request"),
    (actual(CORSPolicy(), APP), "allowed", "a decision"),
    (actual(CORSPolicy(allow_origins="*"), None), "headers", "a decision without refusals"),
    (actual(CORSPolicy(), APP).refusals[0], "values", "a refusal"),
]


@rows("value, name", VALUES)
def test_requests_decisions_and_refusals_are_values(value: object, name: str) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301  # it is our own
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)


def test_a_request_is_shown_without_its_headers_which_may_hold_secrets() -> None:
    assert repr(CORSRequest("GET", APP, headers={"cookie": "session=1"})) == (
        "CORSRequest(method='GET', origin='https://app.example.com', path='', host='', "
        "request_method=None, request_headers=None, request_private_network=None)"
    )


def test_what_the_errors_say(approved_policies: ApprovePolicies) -> None:
    told: list[tuple[str, str, Any]] = [(why, option, value) for option, value, _, why in WRONG_TYPES]
    told += [(why, option, [entry]) for option, entry, _, why in WRONG_ENTRIES]
    told += [(why, option, value) for option, value, _, why in NOT_WRITTEN_OUT]
    told += [(why, name, True) for name, _, why in UNKNOWN]
    approved_policies("policy", [(why, {option: value}) for why, option, value in told])


# The docstring.


@pytest.mark.parametrize("option", OPTION_NAMES)
def test_each_option_is_documented_with_what_is_permitted_and_what_is_prohibited(option: str) -> None:
    documented = inspect.getdoc(CORSPolicy) or ""
    text = re.split(r"\n    (?=\w+: )|\n\n", documented.partition(f"\n    {option}: ")[2])[0]
    (permitted,) = re.findall(r"Permitted:\s+``(.+?)``", text)
    (prohibited,) = re.findall(r"Prohibited:\s+``(.+?)``", text)
    CORSPolicy(**{option: eval(permitted)})  # noqa: S307  # it is our own
    refused({option: eval(prohibited)})  # noqa: S307
