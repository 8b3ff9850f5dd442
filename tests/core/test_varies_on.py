"""varies_on: what a function reads besides Origin is in Vary, wherever the mark was left."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, varies_on
from crosscors.core.varying import names_read_by

APP = "https://app.example.com"
TENANT = "https://tenant.example"
ASKED = ("Access-Control-Request-Method", "Access-Control-Request-Headers")


@varies_on("X-Tenant")
def by_tenant(request: CORSRequest) -> bool:
    return request.headers.get("x-tenant") == "a"


@varies_on("X-Tenant")
async def by_tenant_async(request: CORSRequest) -> bool:
    return request.headers.get("x-tenant") == "a"


def unmarked(request: CORSRequest) -> bool:
    return True


class Lookup:
    @varies_on("X-Tenant")
    def __call__(self, request: CORSRequest) -> bool:
        return True

    @varies_on("X-Method")
    def method(self, request: CORSRequest) -> bool:
        return True

    @varies_on("X-Below")
    @classmethod
    def above_classmethod(cls, request: CORSRequest) -> bool:
        return True

    @classmethod
    @varies_on("X-Below")
    def below_classmethod(cls, request: CORSRequest) -> bool:
        return True

    @varies_on("X-Static")
    @staticmethod
    def above_staticmethod(request: CORSRequest) -> bool:
        return True

    @staticmethod
    @varies_on("X-Static")
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


def wrapping(func: Callable[..., Any], **keywords: Any) -> Callable[[CORSRequest], bool]:
    @functools.wraps(func, **keywords)
    def wrapper(request: CORSRequest) -> bool:
        return bool(func(request))

    return wrapper


def own(name: str) -> Callable[[CORSRequest], bool]:
    """A function that no other test marks."""
    return varies_on(name)(lambda request: True)


@pytest.mark.parametrize(
    ("func", "names"),
    [
        pytest.param(None, (), id="no function"),
        pytest.param(unmarked, (), id="a function that reads nothing"),
        pytest.param(by_tenant, ("X-Tenant",), id="a function"),
        pytest.param(by_tenant_async, ("X-Tenant",), id="an async function"),
        pytest.param(Lookup(), ("X-Tenant",), id="an object, by its __call__"),
        pytest.param(Inherited(), ("X-Tenant",), id="an object that inherits it"),
        pytest.param(Lookup().__call__, ("X-Tenant",), id="that method itself"),
        pytest.param(Marked(), ("X-Class",), id="an object of a class that is marked"),
        pytest.param(Lookup().method, ("X-Method",), id="a bound method"),
        pytest.param(Lookup.above_classmethod, ("X-Below",), id="a class method, above"),
        pytest.param(Lookup.below_classmethod, ("X-Below",), id="a class method, below"),
        pytest.param(Lookup.above_staticmethod, ("X-Static",), id="a static method, above"),
        pytest.param(Lookup().below_staticmethod, ("X-Static",), id="a static method, below"),
        pytest.param(staticmethod(by_tenant), ("X-Tenant",), id="what stands for a static method"),
        pytest.param(Lookup().partial, ("X-Setting",), id="a partial method"),
        pytest.param(functools.partial(by_tenant), ("X-Tenant",), id="a partial"),
        pytest.param(functools.partial(functools.partial(by_tenant)), ("X-Tenant",), id="two partials"),
        pytest.param(functools.partial(Lookup().method), ("X-Method",), id="a partial of a method"),
        pytest.param(varies_on("X-A")(functools.partial(unmarked)), ("X-A",), id="a marked partial"),
        pytest.param(
            varies_on("X-A")(functools.partial(by_tenant)), ("X-A", "X-Tenant"), id="a marked partial of one"
        ),
        pytest.param(varies_on("X-A")(Lookup()), ("X-A", "X-Tenant"), id="a marked object"),
        pytest.param(wrapping(by_tenant), ("X-Tenant",), id="what functools.wraps wraps"),
        pytest.param(wrapping(by_tenant, updated=()), ("X-Tenant",), id="also without its attributes"),
        pytest.param(wrapping(Lookup(), assigned=()), ("X-Tenant",), id="a wrapped object"),
        pytest.param(wrapping(wrapping(Lookup().method)), ("X-Method",), id="wrapped twice"),
        pytest.param(
            varies_on("X-A")(wrapping(by_tenant)), ("X-Tenant", "X-A"), id="a marked wrapper of one"
        ),
        pytest.param(functools.lru_cache(by_tenant), ("X-Tenant",), id="with lru_cache around it"),
        pytest.param(varies_on("X-A", "X-B")(own("X-C")), ("X-C", "X-A", "X-B"), id="several"),
        pytest.param(varies_on("x-a", "X-A")(own("X-a")), ("X-a",), id="no name twice, in any case"),
        pytest.param(Lookup, (), id="a class whose objects read"),
    ],
)
def test_the_names_that_a_function_reads(func: Any, names: tuple[str, ...]) -> None:
    assert names_read_by(func) == names


def test_a_function_that_calls_itself_in_the_end_is_no_trap() -> None:
    def loop(request: CORSRequest) -> bool:
        return True

    loop.__dict__["__wrapped__"] = loop
    assert names_read_by(loop) == ()


class Everything:
    """A proxy, as mocks and lazy objects are: it has every attribute, and another one each time."""

    def __getattr__(self, name: str) -> Everything:
        return Everything()

    def __call__(self, request: CORSRequest) -> bool:
        return True


class Unbound:
    """A proxy that stands for nothing yet."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("nothing is bound")

    def __call__(self, request: CORSRequest) -> bool:
        return True


@pytest.mark.parametrize(
    "make", [Everything, Unbound, Mock, lambda: SimpleNamespace(__crosscors_varies_on__=1)]
)
def test_whatever_is_no_mark_is_none(make: Callable[[], object]) -> None:
    assert names_read_by(make()) == ()


def test_the_function_stays_what_it_is() -> None:
    assert varies_on("X-A")(unmarked_too) is unmarked_too
    assert pickle.loads(pickle.dumps(unmarked_too)) is unmarked_too  # noqa: S301  # it is our own


def unmarked_too(request: CORSRequest) -> bool:
    return True


@pytest.mark.parametrize("credentials", [False, True, [APP]])
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(CORSRequest("GET"), id="no Origin"),
        pytest.param(CORSRequest("GET", APP), id="a listed origin"),
        pytest.param(CORSRequest("GET", TENANT, headers={"x-tenant": "a"}), id="one that is let in"),
        pytest.param(CORSRequest("GET", TENANT, headers={"x-tenant": "b"}), id="one that is not"),
        pytest.param(CORSRequest("GET", "null"), id="null"),
        pytest.param(CORSRequest("GET", "no origin"), id="no origin at all"),
        pytest.param(CORSRequest("GET", "x" * 10_000), id="no origin, and long"),
    ],
)
def test_every_response_of_the_policy_varies_on_them(
    asked: CORSRequest, credentials: bool | list[str]
) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_origin_func=by_tenant, allow_credentials=credentials)
    assert policy.decide(asked).vary == ("Origin", "X-Tenant")
    assert policy.decide(asked).vary == ("Origin", "X-Tenant")  # remembered or not
    assert (b"vary", b"Origin, X-Tenant") in policy.decide(asked).response_headers.merged_raw([])
    preflight = CORSRequest("OPTIONS", asked.origin, request_method="PUT", headers=asked.headers)
    names = ("Origin", "X-Tenant") if asked.origin is None else ("Origin", "X-Tenant", *ASKED)
    assert policy.decide(preflight).vary == names


def test_what_every_response_varies_on_anyway_is_not_repeated() -> None:
    func = varies_on("origin", "ACCESS-CONTROL-REQUEST-HEADERS")(lambda request: True)
    policy = CORSPolicy(allow_origin_func=func, allow_private_network=True)
    assert policy.decide(CORSRequest("GET")).vary == ("Origin", "ACCESS-CONTROL-REQUEST-HEADERS")
    assert policy.decide(CORSRequest("OPTIONS", APP, request_method="PUT")).vary == (
        "Origin",
        "ACCESS-CONTROL-REQUEST-HEADERS",
        "Access-Control-Request-Method",
        "Access-Control-Request-Private-Network",
    )


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
@pytest.mark.parametrize(("credentials", "vary"), [(False, ()), ([APP], ("Origin",))])
def test_a_function_that_is_never_asked_adds_nothing(
    credentials: bool | list[str], vary: tuple[str, ...]
) -> None:
    policy = CORSPolicy(allow_origins="*", allow_origin_func=by_tenant, allow_credentials=credentials)
    for origin in (None, APP, TENANT, "null"):
        assert policy.decide(CORSRequest("GET", origin)).vary == vary


def test_policies_stay_comparable_copied_and_pickled() -> None:
    policy = CORSPolicy(allow_origin_func=by_tenant)
    same = (CORSPolicy(allow_origin_func=by_tenant), policy.replace(), pickle.loads(pickle.dumps(policy)))  # noqa: S301  # it is our own
    for each in same:
        assert (each, hash(each)) == (policy, hash(policy))
        assert each.decide(CORSRequest("GET")).vary == ("Origin", "X-Tenant")
    assert policy.replace(allow_origin_func=unmarked).decide(CORSRequest("GET")).vary == ("Origin",)
    assert policy.replace(allow_origin_func=None).decide(CORSRequest("GET")).vary == ("Origin",)


@pytest.mark.parametrize(
    ("names", "code", "text"),
    [
        pytest.param(
            (), "wrong-type", 'needs the name of a header. Write @varies_on("X-Tenant").', id="no names"
        ),
        pytest.param((unmarked,), "wrong-type", 'Write @varies_on("X-Tenant").', id="no parentheses"),
        pytest.param((["X-A"],), "wrong-type", "takes names of request headers, not ['X-A']", id="a list"),
        pytest.param((b"X-A",), "wrong-type", 'Write @varies_on("X-Tenant").', id="bytes"),
        pytest.param((None,), "wrong-type", 'Write @varies_on("X-Tenant").', id="None"),
        pytest.param(("X-A, X-B",), "not-a-token", 'Write @varies_on("X-A", "X-B").', id="names in one"),
        pytest.param(("X-A:",), "not-a-token", 'Write @varies_on("X-Tenant").', id="a colon"),
        pytest.param(("",), "not-a-token", 'Write @varies_on("X-Tenant").', id="an empty name"),
        pytest.param(
            ("X-A\r\nSet-Cookie",), "not-a-token", 'Write @varies_on("X-A", "Set-Cookie").', id="lines"
        ),
        pytest.param(("X-\u00e4",), "not-a-token", "'X-\\xe4' is not a header name", id="outside ASCII"),
        pytest.param(("*",), "not-a-token", "Cache-Control: no-store", id="a *"),
    ],
)
def test_what_is_no_name_is_refused(names: tuple[Any, ...], code: str, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        varies_on(*names)
    (problem,) = caught.value.problems
    assert (problem.option, problem.code) == ("varies_on", code)
    assert text in str(problem)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        varies_on("X A", "X-B", "")
    assert [problem.value for problem in caught.value.problems] == ["X A", ""]


@pytest.mark.parametrize(
    ("func", "text"),
    [
        pytest.param("by_tenant", "can only decorate a function, not 'by_tenant'.", id="a name"),
        pytest.param(None, "can only decorate a function, not None.", id="None"),
        pytest.param(Lookup().inner, "functools.partial(func)", id="a bound method"),
        pytest.param(Slotted(), "cannot mark", id="an object without attributes"),
        pytest.param(len, "cannot mark", id="a builtin"),
    ],
)
def test_what_cannot_be_marked_is_refused(func: Any, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        varies_on("X-A")(func)
    assert text in str(caught.value)


def test_the_hint_for_what_cannot_be_marked_works() -> None:
    for func in (Lookup().inner, Slotted()):
        policy = CORSPolicy(allow_origin_func=varies_on("X-A")(functools.partial(func)))
        assert policy.decide(CORSRequest("GET", APP)).vary == ("Origin", "X-A")
    assert names_read_by(Lookup().inner) == ()
