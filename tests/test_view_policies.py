"""``cross_origin`` of all frameworks: what can be decorated, what stays, and where a policy is found."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import crosscors.aiohttp
import crosscors.django
import crosscors.flask
import crosscors.starlette
from crosscors import CORSPolicy, PolicyError, Resources
from crosscors._adapter.marks import name_of
from tests.clients import Policies, ask_wsgi, attempt_asgi
from tests.tables import each, table

ONE = "https://one.example"
TWO = "https://two.example"
POLICY = CORSPolicy(allow_origins=[ONE])
OTHER = CORSPolicy(allow_origins=[TWO])

Decorator = Callable[[Any], Any]
MODULES: dict[str, Any] = {
    "starlette": crosscors.starlette,
    "flask": crosscors.flask,
    "django": crosscors.django,
    "aiohttp": crosscors.aiohttp,
}
everywhere = pytest.mark.parametrize(
    "mark", [module.cross_origin(policy=POLICY) for module in MODULES.values()], ids=MODULES
)
own: Decorator = crosscors.starlette.cross_origin(policy=POLICY)
other: Decorator = crosscors.starlette.cross_origin(policy=OTHER)


def view(a: int, b: str = "b", *, c: float = 1.0) -> str:
    """Say it."""
    return f"{a}{b}{c}"


class View:
    """A view."""

    def get(self) -> str:
        return "get"


def fresh_function() -> Callable[[], str]:
    return lambda: "answered"


def fresh(cls: type[Any]) -> type[Any]:
    """A class to decorate that no other test has decorated."""
    return type(cls.__name__, (cls,), {"__module__": __name__, "__doc__": cls.__doc__})


# What stays of a view.


@everywhere
def test_a_decorated_function_is_the_same_and_the_function_stays_as_it_was(mark: Decorator) -> None:
    marked = mark(view)
    assert marked is not view
    assert marked(1, c=2.0) == view(1, c=2.0) == "1b2.0"
    assert inspect.signature(marked) == inspect.signature(view)
    assert (marked.__name__, marked.__qualname__, marked.__doc__) == ("view", "view", "Say it.")
    assert (marked.__module__, marked.__annotations__) == (__name__, view.__annotations__)
    mark(view)  # for another use


@everywhere
def test_a_decorated_function_stays_async_and_keeps_what_it_closes_over(mark: Decorator) -> None:
    count = 0

    def counting() -> int:
        nonlocal count
        count += 1
        return count

    async def counting_async() -> int:
        return counting()

    marked, marked_async = mark(counting), mark(counting_async)
    assert inspect.iscoroutinefunction(marked_async)
    assert (marked(), counting(), marked(), asyncio.run(marked_async())) == (1, 2, 3, 4)


@everywhere
def test_a_decorated_class_and_method_still_find_the_class_above_them(mark: Decorator) -> None:
    class Below(View):
        def get(self) -> str:
            return super().get() + " below"

    cls = fresh(View)
    assert mark(cls) is cls
    Below.get = mark(Below.get)  # type: ignore[method-assign]
    assert Below().get() == "get below"


def _pickled() -> None: ...


_pickled = PICKLED = own(_pickled)


def test_a_decorated_function_is_pickled_by_name() -> None:
    assert pickle.loads(pickle.dumps(PICKLED)) is PICKLED  # noqa: S301  # our own bytes


# What cannot be decorated.


class Slotted:
    __slots__ = ()

    def __call__(self) -> str:
        return "called"


@everywhere
@table(
    "make, code",
    ("a second policy of a function", lambda mark: mark(view), "view-policy-twice"),
    ("of a cached function", lambda mark: mark(functools.lru_cache(fresh_function())), "view-policy-twice"),
    ("of a class", lambda mark: mark(fresh(View)), "view-policy-twice"),
    ("of a partial", lambda mark: mark(functools.partial(view)), "view-policy-twice"),
    ("of what wraps one", lambda mark: functools.wraps(mark(view))(lambda: None), "view-policy-twice"),
    ("a static method", lambda _: staticmethod(view), "wrong-type"),
    ("a bound method", lambda _: View().get, "wrong-type"),
    ("a function of Python's own", lambda _: len, "wrong-type"),
    ("an object without attributes", lambda _: Slotted(), "wrong-type"),
    ("a name", lambda _: "tests.view", "wrong-type"),
    ("None", lambda _: None, "wrong-type"),
)
def test_what_cannot_have_a_policy_is_refused(
    mark: Decorator, make: Callable[[Decorator], Any], code: str
) -> None:
    given = make(mark)
    with pytest.raises(PolicyError) as caught:
        mark(given)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [(code, "cross_origin")]
    assert code == "view-policy-twice" or caught.value.problems[0].value is given


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@table(
    "options, code, option",
    ("a faulty option", {"allow_origins": f"{ONE}/"}, "origin-trailing-slash", "allow_origins"),
    ("an unknown option", {"allow_orgins": "*"}, "unknown-option", "allow_orgins"),
    ("an option of the application", {"debug": True}, "unknown-option", "debug"),
    ("a policy and options", {"policy": POLICY, "max_age": 1}, "policy-and-options", "policy"),
    ("a policy for each path", {"policy": Resources({"/*": POLICY})}, "wrong-type", "policy"),
    ("what is not a policy", {"policy": "*"}, "wrong-type", "policy"),
)
def test_wrong_options_are_refused_where_they_are_written(
    module: Any, options: dict[str, Any], code: str, option: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        module.cross_origin(**options)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [(code, option)]


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_a_decorator_without_parentheses_is_refused(module: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        module.cross_origin(view)
    assert [problem.code for problem in caught.value.problems] == ["wrong-type"]


def test_a_subclass_of_a_decorated_class_may_have_a_policy_of_its_own() -> None:
    assert policy_of(other(fresh(own(fresh(Endpoint))))) == "two"


# Where a policy is found: by the router of Starlette, to which every class can be an endpoint.

policies = Policies(attempt_asgi, one=ONE, two=TWO)


class Endpoint:
    """What answers every method."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.call = PlainTextResponse("answered")(scope, receive, send)

    def __await__(self) -> Any:
        return self.call.__await__()

    def get(self) -> None: ...

    def post(self) -> None: ...


def policy_of(endpoint: Any, method: str = "GET") -> str:
    app = Starlette(routes=[Route("/", endpoint, methods=None), Route("/own", own(view))])
    crosscors.starlette.CORS(app)
    found = policies.of_actual(app, "/", method)
    return "none" if found == "closed" else found


class Methods(Endpoint):
    get = own(Endpoint.get)
    create = other(Endpoint.post)


class WithHead(Methods):
    def head(self) -> None: ...


@table(
    "endpoint, method, expected",
    ("none", Endpoint, "GET", "none"),
    ("of a class", own(fresh(Endpoint)), "ANY", "one"),
    ("of a method", Methods, "GET", "one"),
    ("of get, which answers HEAD", Methods, "HEAD", "one"),
    ("of head, which has none", WithHead, "HEAD", "none"),
    ("of a method that has none", Methods, "POST", "none"),
    ("of a method that there is not", Methods, "DELETE", "none"),
    ("of a name that is not a method of HTTP", Methods, "CREATE", "two"),
    ("of an inherited method", fresh(Methods), "GET", "one"),
    (
        "of an overridden method, which has none",
        type("Overriding", (Methods,), {"get": Endpoint.get}),
        "GET",
        "none",
    ),
    ("of an inherited class", fresh(own(fresh(Endpoint))), "GET", "one"),
    ("of a method before its class", other(fresh(Methods)), "GET", "one"),
    ("of the class", other(fresh(Methods)), "POST", "two"),
)
def test_the_policy_of_a_class_or_its_method_is_found(endpoint: Any, method: str, expected: str) -> None:
    assert policy_of(endpoint, method) == expected


@each("method", "__BASE__", "__class__", "__CROSSCORS__", "__init__", "mro", "\x00", "a b", "\xe9")
def test_a_request_method_is_not_taken_for_any_other_name(method: str) -> None:
    assert policy_of(own(fresh(other(fresh(Endpoint)))), method) == "one"


class Proxy:
    """Has every attribute there is, as stand-ins for remote objects have."""

    def __getattr__(self, name: str) -> Any:
        return Proxy()

    def __call__(self) -> str:
        return "answered"


def test_what_has_every_attribute_has_no_policy(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "proxy")
    app.view_functions["proxy"] = Proxy()
    crosscors.flask.CORS(app, origins=TWO)
    assert ask_wsgi(app, headers=[("Origin", TWO)]).allowed == TWO
    assert not caplog.records


def test_a_wrapper_around_itself_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    async def wrapper(request: Any) -> PlainTextResponse:
        return PlainTextResponse("answered")

    wrapper.__dict__["__wrapped__"] = wrapper
    assert policy_of(wrapper) == "none"
    assert not caplog.records


def test_a_routed_function_whose_copy_is_decorated_is_warned_of_unless_both_are_routed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def routed(request: Any) -> PlainTextResponse:
        return PlainTextResponse("answered")

    marked = own(routed)
    for routes in (
        [
            Route("/", marked),
            Route("/wrapped", functools.wraps(marked)(lambda request: request)),
            Route("/x", Endpoint),
        ],
        [Route("/", routed), Route("/own", marked)],
    ):
        policies.of_actual(crosscors.starlette.CORS(Starlette(routes=routes)))
    assert not caplog.records
    policies.of_actual(
        crosscors.starlette.CORS(Starlette(routes=[Route("/", routed), Route("/x", Endpoint)]))
    )
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "crosscors")
    assert "routed'" in record.getMessage()


# How messages name a view.


class Items(MethodView):
    """A class of Flask's."""

    def get(self) -> str:
        return "Hello"


class Calls:
    """A class whose objects are views."""

    def __call__(self) -> str:
        return "Hello"


def listed() -> None:
    """A plain view."""


@functools.wraps(listed)
def in_decorator() -> None:
    """A decorator's function."""


@table(
    "of, name",
    ("a function", listed, "listed"),
    ("a function in a decorator", in_decorator, "listed"),
    ("a class of Flask's", Items.as_view("items"), "Items"),
    ("the same in a decorator", functools.wraps(Items.as_view("items"))(lambda: ""), "Items"),
    ("a class", Items, "Items"),
    ("a method", Calls.__call__, "Calls.__call__"),
    ("a bound method", Calls().__call__, "Calls.__call__"),
    ("an object that can be called", Calls(), "Calls"),
    ("a partial function", functools.partial(listed), "listed"),
    ("a partial function of a partial function", functools.partial(functools.partial(listed)), "listed"),
    ("a partial view of a class", functools.partial(Items.as_view("items")), "Items"),
    ("a partial object", functools.partial(Calls()), "Calls"),
    ("what is not a view", "items", "items"),
    ("nothing", None, None),
)
def test_messages_name_views_as_their_developers_do(of: Any, name: str | None) -> None:
    assert name_of(of) == repr(name)


def test_a_view_of_a_class_is_named_in_errors_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def decorated() -> Any:
        return crosscors.flask.cross_origin(supports_credentials=True)(Items.as_view("items"))

    app = Flask(__name__)
    app.add_url_rule("/", "items", decorated())
    ask_wsgi(app, "GET", "/", [("Origin", ONE)])
    assert "'Items' refuses every origin" in caplog.text
    with pytest.raises(PolicyError) as refused:
        crosscors.flask.CORS(app, origins="*")
    assert [problem.option for problem in refused.value.problems] == ["cross_origin of 'Items' origins"]
