"""Vary: what every response of a policy varies on, and varies_on for what a function reads."""

from __future__ import annotations

import asyncio
import functools
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, varies_on

from ..conftest import Approve
from .conftest import said_of
from .kit import APP, EVIL, PREFLIGHT_VARY, PUBLIC_PREFLIGHT_VARY, actual, merged, preflight, rows

TENANT = "https://tenant.example"
NETWORK = ("Access-Control-Request-Private-Network",)


@varies_on("X-Tenant")
def by_tenant(request: CORSRequest) -> bool:
    return request.headers.get("x-tenant") == "a"


@varies_on("Origin", "ACCESS-CONTROL-REQUEST-HEADERS")
def by_what_varies_anyway(request: CORSRequest) -> bool:
    return True


TENANTS: dict[str, Any] = {"allow_origins": [APP], "allow_origin_func": by_tenant}
CREDENTIALED = {**TENANTS, "allow_credentials": True}
OF_TENANTS = ("Origin", "X-Tenant")
STAR: dict[str, Any] = {"allow_origins": "*"}
PRIVATE = {"allow_private_network": True}
SOME: dict[str, Any] = {"allow_origins": "*", "allow_credentials": [APP]}
ANYWAY = ("Origin", "ACCESS-CONTROL-REQUEST-HEADERS")
FUNC_OF_ANYWAY = {"allow_origin_func": by_what_varies_anyway}
# Options, Vary of actual responses, Vary of preflights, why.
VARY: list[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...], str]] = [
    (STAR, (), PUBLIC_PREFLIGHT_VARY, "everyone gets the same"),
    ({**STAR, "allow_headers": "*"}, (), PUBLIC_PREFLIGHT_VARY, "whatever the headers"),
    ({**STAR, **PRIVATE}, (), (*PUBLIC_PREFLIGHT_VARY, *NETWORK), "everyone, in private networks"),
    ({"allow_origins": [APP]}, ("Origin",), PREFLIGHT_VARY, "a list"),
    (SOME, ("Origin",), PREFLIGHT_VARY, "everyone, some with credentials"),
    ({}, ("Origin",), PREFLIGHT_VARY, "nobody"),
    (PRIVATE, ("Origin",), (*PREFLIGHT_VARY, *NETWORK), "nobody, in private networks"),
    (TENANTS, OF_TENANTS, (*OF_TENANTS, *PUBLIC_PREFLIGHT_VARY), "what a function reads"),
    (CREDENTIALED, OF_TENANTS, (*OF_TENANTS, *PUBLIC_PREFLIGHT_VARY), "the same with credentials"),
    (FUNC_OF_ANYWAY, ANYWAY, (*ANYWAY, "Access-Control-Request-Method"), "no name comes twice"),
    ({**TENANTS, **STAR}, (), PUBLIC_PREFLIGHT_VARY, "a function that is never asked"),
    ({**TENANTS, **SOME}, ("Origin",), PREFLIGHT_VARY, "such a function with credentials"),
]


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
@rows("options, vary, preflight_vary", VARY)
def test_every_response_of_a_policy_varies_on_the_same(
    options: dict[str, Any], vary: tuple[str, ...], preflight_vary: tuple[str, ...]
) -> None:
    policy = CORSPolicy(**options)
    asked: list[dict[str, Any]] = [{"method": "GET"}, {"method": "DELETE"}, {"headers": "x a"}]
    asked.append({"headers": "," * 1000})
    for origin in (APP, TENANT, EVIL, "null", "not an origin", "x" * 10_000):
        for tenant in ("a", "a", "b"):  # the second decision may be remembered
            decision = actual(policy, origin, headers={"x-tenant": tenant})
            assert decision.vary == vary
            assert [value for name, value in merged(decision, []) if name == "Vary"] == (
                [", ".join(vary)] if vary else []
            )
        assert {preflight(policy, origin, **each).vary for each in asked} == {preflight_vary}
        assert {preflight(policy, origin, **each, debug=True).vary for each in asked} == {preflight_vary}
    assert actual(policy, None).vary == vary


def test_a_policy_whose_function_is_marked_is_compared_copied_and_pickled() -> None:
    policy = CORSPolicy(allow_origin_func=by_tenant)
    pickled = pickle.loads(pickle.dumps(policy))  # noqa: S301  # it is our own
    for each in (CORSPolicy(allow_origin_func=by_tenant), policy.replace(), pickled):
        assert (each, hash(each)) == (policy, hash(policy))
        assert actual(each, None).vary == OF_TENANTS
    assert actual(policy.replace(allow_origin_func=None), None).vary == ("Origin",)


# Where the mark is found.


@varies_on("X-Tenant")
async def by_tenant_async(request: CORSRequest) -> bool:
    return True


def unmarked(request: CORSRequest) -> bool:
    return True


class Lookup:
    @varies_on("X-Tenant")
    def __call__(self, request: CORSRequest) -> bool:
        return True

    @varies_on("X-Method")
    def method(self, request: CORSRequest) -> bool:
        return True

    @varies_on("X-Above")
    @classmethod
    def above_classmethod(cls, request: CORSRequest) -> bool:
        return True

    @classmethod
    @varies_on("X-Below")
    def below_classmethod(cls, request: CORSRequest) -> bool:
        return True

    @varies_on("X-Above")
    @staticmethod
    def above_staticmethod(request: CORSRequest) -> bool:
        return True

    @staticmethod
    @varies_on("X-Below")
    def below_staticmethod(request: CORSRequest) -> bool:
        return True

    @varies_on("X-Setting")
    def with_setting(self, setting: int, request: CORSRequest) -> bool:
        return True

    partial = functools.partialmethod(with_setting, 1)

    def inner(self, request: CORSRequest) -> bool:
        return True


class Inherited(Lookup):
    pass


@varies_on("X-Class")
class Marked:
    def __call__(self, request: CORSRequest) -> bool:
        return True


class Slotted:
    __slots__ = ()

    def __call__(self, request: CORSRequest) -> bool:
        return True


class Everything:
    """A proxy, as mocks and lazy objects are: it has every attribute, and another one each time."""

    def __getattr__(self, name: str) -> Everything:
        return Everything()

    def __call__(self, request: CORSRequest) -> bool:
        return True


class FalselyMarked(SimpleNamespace):
    def __call__(self, request: CORSRequest) -> bool:
        return True


def wrapping(func: Callable[..., Any], **options: Any) -> Callable[[CORSRequest], bool]:
    @functools.wraps(func, **options)
    def wrapper(request: CORSRequest) -> bool:
        return bool(func(request))

    return wrapper


def fresh(name: str) -> Callable[[CORSRequest], bool]:
    """A function that no other test marks."""
    return varies_on(name)(lambda request: True)


def calling_itself() -> Callable[[CORSRequest], bool]:
    def loop(request: CORSRequest) -> bool:
        return True

    loop.__dict__["__wrapped__"] = loop
    return loop


# Function, the names that it reads, why.
READ = [
    (unmarked, (), "a function without a mark"),
    (by_tenant, ("X-Tenant",), "a function"),
    (by_tenant_async, ("X-Tenant",), "an async function"),
    (Lookup(), ("X-Tenant",), "an object, by its __call__"),
    (Inherited(), ("X-Tenant",), "an object that inherits it"),
    (Lookup().__call__, ("X-Tenant",), "that method itself"),
    (Marked(), ("X-Class",), "an object of a marked class"),
    (Lookup().method, ("X-Method",), "a bound method"),
    (Lookup.above_classmethod, ("X-Above",), "a class method, above"),
    (Lookup.below_classmethod, ("X-Below",), "a class method, below"),
    (Lookup.above_staticmethod, ("X-Above",), "a static method, above"),
    (Lookup().below_staticmethod, ("X-Below",), "a static method, below"),
    (staticmethod(by_tenant), ("X-Tenant",), "what stands for a static method"),
    (Lookup().partial, ("X-Setting",), "a partial method"),
    (functools.partial(by_tenant), ("X-Tenant",), "a partial"),
    (functools.partial(functools.partial(by_tenant)), ("X-Tenant",), "a partial of a partial"),
    (functools.partial(Lookup().method), ("X-Method",), "a partial of a method"),
    (varies_on("X-A")(functools.partial(unmarked)), ("X-A",), "a marked partial"),
    (varies_on("X-A")(functools.partial(by_tenant)), ("X-A", "X-Tenant"), "a marked partial of a marked one"),
    (varies_on("X-A")(functools.partial(Lookup().inner)), ("X-A",), "a marked partial of a method"),
    (varies_on("X-A")(Lookup()), ("X-A", "X-Tenant"), "a marked object"),
    (wrapping(by_tenant), ("X-Tenant",), "what functools.wraps wraps"),
    (wrapping(by_tenant, updated=()), ("X-Tenant",), "also without its attributes"),
    (wrapping(Lookup(), assigned=()), ("X-Tenant",), "a wrapped object"),
    (wrapping(wrapping(Lookup().method)), ("X-Method",), "wrapped twice"),
    (varies_on("X-A")(wrapping(by_tenant)), ("X-Tenant", "X-A"), "a marked wrapper of a marked one"),
    (functools.lru_cache(by_tenant), ("X-Tenant",), "with lru_cache around it"),
    (varies_on("X-A", "X-B")(fresh("X-C")), ("X-C", "X-A", "X-B"), "several names"),
    (varies_on("x-a", "X-A")(fresh("X-a")), ("X-a",), "no name twice, in any case"),
    (calling_itself(), (), "a function that wraps itself"),
    (Everything(), (), "a proxy with every attribute"),
    (Mock(), (), "a mock"),
    (FalselyMarked(__crosscors_varies_on__=1), (), "something else under the name of the mark"),
]


@rows("func, names", READ)
def test_which_headers_a_function_reads(func: Any, names: tuple[str, ...]) -> None:
    policy = CORSPolicy(allow_origin_func=func)
    assert asyncio.run(policy.decide_async(CORSRequest("GET"))).vary == ("Origin", *names)


def test_a_marked_function_is_the_same_function() -> None:
    assert varies_on("X-A")(marked_twice) is marked_twice
    assert pickle.loads(pickle.dumps(marked_twice)) is marked_twice  # noqa: S301  # it is our own


def marked_twice(request: CORSRequest) -> bool:
    return True


# Code, names, what to write, why.
REFUSED_NAMES = [
    ("wrong-type", (), '@varies_on("X-Tenant")', "no names"),
    ("wrong-type", (unmarked,), '@varies_on("X-Tenant")', "no parentheses"),
    ("wrong-type", (["X-A"],), '@varies_on("X-Tenant")', "a list"),
    ("wrong-type", (b"X-A",), '@varies_on("X-Tenant")', "bytes"),
    ("wrong-type", (None,), '@varies_on("X-Tenant")', "None"),
    ("not-a-token", ("X-A, X-B",), '@varies_on("X-A", "X-B")', "names in one string"),
    ("not-a-token", ("X-A:",), '@varies_on("X-A")', "a colon"),
    ("not-a-token", ("",), '@varies_on("X-Tenant")', "an empty name"),
    ("not-a-token", ("X-A\r\nSet-Cookie",), '@varies_on("X-A", "Set-Cookie")', "lines"),
    ("not-a-token", ("X-\u00e4",), '@varies_on("X-Tenant")', "a letter outside ASCII"),
    ("not-a-token", ("*",), "Cache-Control: no-store", "a *"),
]
# What is decorated, what to write, why.
REFUSED_FUNCTIONS = [
    ("by_tenant", "above the function", "a name"),
    (None, "above the function", "None"),
    (Lookup().inner, "functools.partial(func)", "a bound method"),
    (Slotted(), "functools.partial(func)", "an object without attributes"),
    (len, "functools.partial(func)", "a builtin"),
]


def error_of(names: tuple[Any, ...], func: Any = by_tenant) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        varies_on(*names)(func)
    return caught.value


@rows("code, names, write", REFUSED_NAMES)
def test_what_is_not_a_header_name_is_refused(code: str, names: tuple[Any, ...], write: str) -> None:
    (problem,) = error_of(names).problems
    assert (problem.option, problem.code) == ("varies_on", code)
    assert write in problem.hint


def test_all_problems_come_at_once() -> None:
    assert [problem.value for problem in error_of(("X A", "X-B", "")).problems] == ["X A", ""]


@rows("func, write", REFUSED_FUNCTIONS)
def test_what_cannot_be_marked_is_refused(func: Any, write: str) -> None:
    (problem,) = error_of(("X-A",), func).problems
    assert (problem.option, problem.code, problem.value) == ("varies_on", "wrong-type", func)
    assert write in problem.hint
    assert not hasattr(func, "__crosscors_varies_on__")


def test_what_the_errors_say(approved: Approve) -> None:
    errors = [(why, error_of(names)) for _, names, _, why in REFUSED_NAMES if why != "no parentheses"]
    errors += [(why, error_of(("X-A",), func)) for func, _, why in REFUSED_FUNCTIONS if not callable(func)]
    errors.append(("a builtin", error_of(("X-A",), len)))
    approved("varies_on", [(why, said_of(error.problems[0])) for why, error in errors])
