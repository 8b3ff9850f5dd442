"""The marks of views: which views can have one, what stays of the view, and where a mark is found."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import pickle
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, Resources
from crosscors._adapter.view_marks import mark, mark_of, marks_of, read_view_policy, warn_of_misplaced

POLICY = CORSPolicy(allow_origins=["https://one.example"])
OTHER = CORSPolicy(allow_origins=["https://two.example"])


def view(a: int, b: str = "b", *, c: float = 1.0) -> str:
    """Say it."""
    return f"{a}{b}{c}"


async def async_view() -> str:
    return "async"


def unmarked(a: int) -> int:
    return a


class View:
    """A view."""

    def get(self) -> str:
        return "get"

    def post(self) -> str:
        return "post"


def fresh(cls: type[Any]) -> type[Any]:
    """A class to mark that no other test has marked."""
    return type(cls.__name__, (cls,), {"__module__": __name__, "__doc__": cls.__doc__})


# What a decorator is given.


def test_options_are_read_as_a_policy() -> None:
    assert read_view_policy(None, {"allow_origins": "*"}) == CORSPolicy(allow_origins="*")
    assert read_view_policy(None, {}) == CORSPolicy()


def test_a_policy_is_taken_as_it_is() -> None:
    assert read_view_policy(POLICY, {}) is POLICY


def test_a_function_that_has_to_be_awaited_is_no_matter_yet() -> None:
    async def ask(request: object) -> bool:
        return True

    assert read_view_policy(None, {"allow_origin_func": ask}).is_async


@pytest.mark.parametrize(
    ("policy", "options", "code", "message"),
    [
        pytest.param(Resources({}), {}, "wrong-type", "a view has no paths below it", id="resources"),
        pytest.param("*", {}, "wrong-type", "takes a CORSPolicy", id="no policy"),
        pytest.param(
            POLICY, {"max_age": 1}, "policy-and-options", "is given together with max_age", id="both"
        ),
        pytest.param(None, {"orgins": "*"}, "unknown-option", "there is no option 'orgins'", id="unknown"),
    ],
)
def test_what_is_no_policy_of_a_view_is_refused(policy: Any, options: Any, code: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message) as caught:
        read_view_policy(policy, options)
    assert [problem.code for problem in caught.value.problems] == [code]


# What stays of a view.


def test_a_marked_function_is_the_same_in_all_but_its_mark() -> None:
    marked = mark(view, POLICY)
    assert marked is not view
    assert marked(1, c=2.0) == view(1, c=2.0) == "1b2.0"
    assert inspect.signature(marked) == inspect.signature(view)
    assert (marked.__name__, marked.__qualname__, marked.__doc__) == ("view", "view", "Say it.")
    assert marked.__module__ == __name__
    assert marked.__annotations__ == view.__annotations__
    assert (mark_of(marked, "GET"), mark_of(view, "GET")) == (POLICY, None)


def test_a_marked_function_stays_async() -> None:
    marked = mark(async_view, POLICY)
    assert inspect.iscoroutinefunction(marked)
    assert asyncio.run(marked()) == "async"


def test_a_marked_function_keeps_what_it_closes_over() -> None:
    count = 0

    def counting() -> int:
        nonlocal count
        count += 1
        return count

    marked = mark(counting, POLICY)
    assert (marked(), counting(), marked()) == (1, 2, 3)


def test_a_marked_method_still_finds_the_class_above_it() -> None:
    class Below(View):
        @functools.partial(mark, policy=POLICY)
        def get(self) -> str:
            return super().get() + " below"

    assert Below().get() == "get below"


def test_a_marked_class_is_the_same_in_all_but_its_mark() -> None:
    marked = mark(fresh(View), POLICY)
    assert issubclass(marked, View)
    assert (marked.__name__, marked.__qualname__, marked.__doc__) == ("View", "View", "A view.")
    assert marked.__module__ == __name__
    assert marked().get() == "get"
    assert (mark_of(marked, "GET"), mark_of(View, "GET")) == (POLICY, None)


def test_one_view_may_be_marked_for_each_use() -> None:
    first, second = mark(view, POLICY), mark(view, OTHER)
    assert (mark_of(first, ""), mark_of(second, ""), mark_of(view, "")) == (POLICY, OTHER, None)


def test_a_subclass_of_a_marked_class_may_have_a_mark_of_its_own() -> None:
    class Below(mark(fresh(View), POLICY)):  # type: ignore[misc]
        pass

    assert mark_of(Below, "GET") is POLICY
    assert mark_of(mark(fresh(Below), OTHER), "GET") is OTHER


# What cannot be marked.


@functools.lru_cache
def cached() -> str:
    return "cached"


def test_a_cached_function_can_be_marked() -> None:
    assert mark_of(mark(cached, POLICY), "") is POLICY


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param(lambda: mark(view, POLICY), id="a function"),
        pytest.param(lambda: mark(fresh(View), POLICY), id="a class"),
        pytest.param(lambda: mark(functools.partial(view), POLICY), id="a partial"),
        pytest.param(lambda: functools.wraps(mark(view, POLICY))(lambda: None), id="what wraps a marked one"),
    ],
)
def test_a_second_mark_is_refused(marked: Any) -> None:
    with pytest.raises(PolicyError, match=r"has a policy already\.\s+Keep one of the two\.") as caught:
        mark(marked(), OTHER)
    assert [problem.code for problem in caught.value.problems] == ["view-policy-twice"]


class Slotted:
    __slots__ = ()

    def __call__(self) -> str:
        return "called"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(View().get, id="a bound method"),
        pytest.param(len, id="a function of Python's own"),
        pytest.param(Slotted(), id="an object without attributes"),
        pytest.param("tests.view", id="a name"),
        pytest.param(None, id="None"),
    ],
)
def test_what_has_no_attributes_cannot_be_marked(given: Any) -> None:
    with pytest.raises(PolicyError, match=r"cannot have a policy\.\s+Decorate the function where") as caught:
        mark(given, POLICY)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [
        ("wrong-type", "cross_origin")
    ]
    assert caught.value.problems[0].value is given


@pytest.mark.parametrize("kind", [staticmethod, classmethod, property], ids=["static", "class", "property"])
def test_a_descriptor_is_marked_or_refused_but_never_without_a_word(kind: Any) -> None:
    try:
        holder: Any = type("Holder", (), {"get": mark(kind(unmarked), POLICY)})
    except PolicyError:
        return
    assert mark_of(holder.get, "") is POLICY


# Where a mark is found.


def marked_view(**attributes: Any) -> Any:
    """A function as frameworks make it of a class."""

    def made() -> None: ...

    vars(made).update(attributes)
    return made


class Methods(View):
    get = mark(View.get, POLICY)

    def list(self) -> None: ...

    create = mark(View.post, OTHER)


class WithHead(Methods):
    def head(self) -> None: ...


@pytest.mark.parametrize(
    ("given", "method", "expected"),
    [
        pytest.param(view, "GET", None, id="none"),
        pytest.param(None, "GET", None, id="no view"),
        pytest.param(mark(view, POLICY), "ANY", POLICY, id="of a function"),
        pytest.param(functools.partial(mark(view, POLICY)), "GET", POLICY, id="of what a partial calls"),
        pytest.param(functools.partial(functools.partial(mark(view, POLICY))), "GET", POLICY, id="and below"),
        pytest.param(mark(functools.partial(mark(view, POLICY)), OTHER), "GET", OTHER, id="of a partial"),
        pytest.param(functools.wraps(mark(view, POLICY))(lambda: None), "GET", POLICY, id="of a wrapped one"),
        pytest.param(Methods, "GET", POLICY, id="of a method"),
        pytest.param(Methods, "HEAD", POLICY, id="of get, which answers HEAD"),
        pytest.param(WithHead, "HEAD", None, id="of head, which has none"),
        pytest.param(Methods, "POST", None, id="of a method that has none"),
        pytest.param(Methods, "DELETE", None, id="of a method that there is not"),
        pytest.param(Methods, "", None, id="of no method"),
        pytest.param(mark(fresh(Methods), OTHER), "GET", POLICY, id="of a method before its class"),
        pytest.param(mark(fresh(Methods), OTHER), "POST", OTHER, id="of the class"),
        pytest.param(Methods().get, "GET", POLICY, id="of a bound method"),
        pytest.param(mark(fresh(View), POLICY)(), "GET", POLICY, id="of the class of an object"),
        pytest.param(marked_view(view_class=Methods), "GET", POLICY, id="of a method behind view_class"),
        pytest.param(marked_view(view_class=mark(fresh(View), POLICY)), "GET", POLICY, id="of view_class"),
        pytest.param(marked_view(cls=mark(fresh(View), POLICY)), "GET", POLICY, id="of cls"),
        pytest.param(marked_view(cls=Methods, actions={"get": "list"}), "GET", None, id="of no action"),
        pytest.param(marked_view(cls=Methods, actions={"post": "create"}), "POST", OTHER, id="of an action"),
        pytest.param(marked_view(cls="Methods"), "GET", None, id="of what is no class"),
        pytest.param(
            mark(marked_view(view_class=Methods), OTHER), "POST", OTHER, id="of the function before the class"
        ),
    ],
)
def test_a_mark_is_found(given: Any, method: str, expected: CORSPolicy | None) -> None:
    assert mark_of(given, method) is expected


@pytest.mark.parametrize(
    "method", ["__BASE__", "__class__", "__CROSSCORS__", "__init__", "mro", "\x00", "a b", "é"]
)
def test_a_request_method_is_not_taken_for_any_other_name(method: str) -> None:
    class Strict(mark(fresh(View), OTHER)):  # type: ignore[misc]
        pass

    strict = mark(fresh(Strict), POLICY)
    assert mark_of(strict, method) is POLICY


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(view, [], id="none"),
        pytest.param(None, [], id="no view"),
        pytest.param(mark(view, POLICY), [POLICY], id="of a function"),
        pytest.param(functools.partial(mark(view, POLICY)), [POLICY], id="of what a partial calls"),
        pytest.param(View, [], id="none of a class"),
        pytest.param(Methods, [POLICY, OTHER], id="of methods"),
        pytest.param(WithHead, [POLICY, OTHER], id="of inherited methods"),
        pytest.param(mark(fresh(Methods), OTHER), [OTHER, POLICY, OTHER], id="of class and methods"),
        pytest.param(marked_view(view_class=Methods), [POLICY, OTHER], id="behind view_class"),
    ],
)
def test_all_marks_are_found(given: Any, expected: list[CORSPolicy]) -> None:
    assert list(marks_of(given)) == expected


# Views of which only a copy is marked.


def test_a_view_whose_copy_is_marked_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    def routed() -> None: ...

    marked = mark(routed, POLICY)
    warn_of_misplaced([marked, unmarked, View])
    warn_of_misplaced([routed, marked])  # both uses are meant
    assert not caplog.records
    warn_of_misplaced([routed, unmarked])
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "crosscors")
    assert "routed' is routed without the policy" in record.getMessage()
    assert "belongs below the decorator that routes" in record.getMessage()


def test_what_wraps_a_marked_view_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    def routed() -> None: ...

    first = mark(routed, POLICY)
    warn_of_misplaced([functools.wraps(first)(lambda: None), functools.partial(first)])
    assert not caplog.records


def test_a_policy_is_kept_when_a_marked_function_is_pickled_by_name() -> None:
    assert pickle.loads(pickle.dumps(PICKLED)) is PICKLED  # noqa: S301  # our own bytes
    assert mark_of(PICKLED, "") is POLICY


def _pickled() -> None: ...


_pickled = PICKLED = mark(_pickled, POLICY)


class Proxy:
    """Has every attribute there is, as stand-ins for remote objects have."""

    def __getattr__(self, name: str) -> Any:
        return Proxy()

    def __call__(self) -> str:
        return "called"


def test_what_has_every_attribute_has_no_policy(caplog: pytest.LogCaptureFixture) -> None:
    assert mark_of(Proxy(), "GET") is None
    assert list(marks_of(Proxy())) == []
    warn_of_misplaced([Proxy()])
    assert not caplog.records


def test_a_wrapper_around_itself_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    def wrapper() -> None: ...

    wrapper.__dict__["__wrapped__"] = wrapper
    warn_of_misplaced([wrapper])
    assert not caplog.records
