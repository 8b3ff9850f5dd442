"""``cors`` as a function and as a decorator, exceptions of handlers, and handlers within handlers."""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any

import flask
import pytest
from fastapi import FastAPI

import crosscors.aws_lambda
from crosscors import CORSPolicy, CORSRequest, LivePolicy, PolicyError, Resources
from crosscors.aws_lambda import cors, handling
from tests.aws_lambda.gateway import FORMS, Event, Request, Response, event_of, invoke, response_of
from tests.tables import table

APP = "https://app.example.com"
SECOND = "https://second.example"


def hello(event: Event, context: object) -> dict[str, Any]:
    """Greet."""
    return {"statusCode": 200, "body": "Hello"}


def failing(event: Event, context: object) -> Any:
    raise LookupError("no such item")


def get(origin: str | None = APP, path: str = "/items") -> Request:
    return Request("GET", path, headers=(("Origin", origin),) if origin else ())


def allowed(response: Response) -> str | None:
    return dict(response.headers).get("Access-Control-Allow-Origin")


@table(
    "handler",
    ("a function", cors(hello, allow_origins=[APP])),
    ("a decorator", cors(allow_origins=[APP])(hello)),
    ("a policy", cors(hello, policy=CORSPolicy(allow_origins=[APP]))),
    ("a policy that can be replaced", cors(hello, policy=LivePolicy(CORSPolicy(allow_origins=[APP])))),
    ("a policy for each path", cors(hello, policy=Resources({"/items": CORSPolicy(allow_origins=[APP])}))),
)
def test_how_it_is_written(handler: Any) -> None:
    assert allowed(invoke(handler, "http", get())) == APP
    assert allowed(invoke(handler, "http", get(SECOND))) is None
    assert (handler.__name__, handler.__doc__) == ("hello", "Greet.")


def test_one_decorator_may_decorate_several_handlers() -> None:
    decorate = cors(allow_origins=[APP])
    first, second = decorate(hello), decorate(failing)
    assert invoke(first, "http", get()).status == 200
    assert invoke(second, "http", get()).status == 500


class Callable_:  # noqa: N801
    def __call__(self, event: Event, context: object) -> dict[str, Any]:
        return hello(event, context)


def greet(name: str, event: Event, context: object) -> dict[str, Any]:
    return hello(event, context)


@table(
    "handler",
    ("an object", Callable_()),
    ("a bound method", Callable_().__call__),
    ("a partial", functools.partial(greet, "x")),
    ("what takes more, with defaults", lambda event, context, more=None: hello(event, context)),
)
def test_what_may_be_a_handler(handler: Any) -> None:
    assert allowed(invoke(cors(handler, allow_origins=[APP]), "rest", get())) == APP


async def coroutine(event: Event, context: object) -> None: ...


FLASK: Any = flask.Flask("app")


@table(
    "handler, told",
    ("an async function", coroutine,
     'the function coroutine. Write "def" instead of "async def", and call asyncio.run(...) in it.'),
    ("a FastAPI application", FastAPI(), 'write "from crosscors.fastapi import CORS"'),
    ("a Flask application", FLASK, 'write "from crosscors.flask import CORS"'),
    ("the function of one", FLASK.wsgi_app, 'write "from crosscors.flask import CORS"'),
    ("a function of one argument", lambda event: None, "Write def handler(event, context)."),
    ("a number", 5, "takes a function of the event and the context, not 5."),
)  # fmt: skip
def test_what_cannot_be_a_handler(handler: Any, told: str) -> None:
    for make in (functools.partial(cors, handler), functools.partial(cors(), handler)):
        with pytest.raises(PolicyError) as caught:
            make()
        assert told in " ".join(str(caught.value).split())


@table(
    "make, told",
    ("origins without their name", lambda: cors([APP]),  # type: ignore[call-overload]
     "Write @cors(allow_origins=['https://app.example.com'])"),
    ("after the handler", lambda: cors(hello, [APP]),  # type: ignore[call-overload]
     "Write cors(handler, allow_origins=['https://app.example.com'])"),
)  # fmt: skip
def test_options_without_their_names(make: Any, told: str) -> None:
    with pytest.raises(TypeError) as caught:
        make()
    assert told in str(caught.value)


async def is_tenant(request: CORSRequest) -> bool:
    return True


@table(
    "options, code",
    ("an option that is misspelled", {"allow_origin": [APP]}, "unknown-option"),
    ("an async function of origins", {"allow_origin_func": is_tenant}, "async-origin-func"),
    ("debug as text", {"debug": "yes"}, "wrong-type"),
    ("protect as text", {"protect": "yes"}, "wrong-type"),
    ("a hook that is not a function", {"on_decision": 5}, "wrong-type"),
    ("reraise as text", {"reraise": "false"}, "wrong-type"),
)
def test_options_that_are_wrong(options: dict[str, Any], code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        cors(hello, **options)
    assert [problem.code for problem in caught.value.problems] == [code]


@table(
    "name, told",
    ("the name of others", "CORSMiddleware", "from crosscors.aws_lambda import cors"),
    ("the decorator of views", "cross_origin", "policy=Resources("),
    ("what the package has", "CORSPolicy", "from crosscors import CORSPolicy"),
)
def test_names_that_are_elsewhere(name: str, told: str) -> None:
    with pytest.raises(ImportError) as caught:
        getattr(crosscors.aws_lambda, name)
    assert told in str(caught.value)


# Exceptions.


@pytest.mark.parametrize("form", FORMS)
def test_an_exception_is_an_error_page_that_the_page_may_read(
    form: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = invoke(cors(failing, allow_origins=[APP]), form, get())
    assert (response.status, allowed(response)) == (500, APP)
    assert response.body == b'{"message":"Internal Server Error"}'
    (record,) = [each for each in caplog.records if each.name == "crosscors"]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


def test_an_exception_that_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    decisions: list[bool] = []
    handler = cors(
        failing,
        allow_origins=[APP],
        reraise=True,
        on_decision=lambda _, decision: decisions.append(decision.allowed),
    )
    with pytest.raises(LookupError):
        handler(event_of("http", get()), None)
    assert decisions == [True]
    assert caplog.text == ""


def test_what_is_not_an_error_goes_on() -> None:
    def leaving(event: Event, context: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cors(leaving, allow_origins=[APP])(event_of("http", get()), None)


# Paths that no policy covers.

ITEMS_ONLY = Resources({"/items": CORSPolicy(allow_origins=[APP])})


@table(
    "origin, result, codes",
    ("another page", APP, {"statusCode": 200}, ["path-not-covered"]),
    ("no page", None, {"statusCode": 200}, []),
    ("a page that the handler allows itself", APP, {"headers": {"Access-Control-Allow-Origin": "*"}}, []),
    ("one that it allows in a list", APP, {"multiValueHeaders": {"access-control-allow-origin": ["*"]}}, []),
    ("what is not a whole response", APP, "hello", ["path-not-covered"]),
)
def test_a_path_without_a_policy_is_left_alone(origin: str | None, result: object, codes: list[str]) -> None:
    heard: list[str] = []
    handler = cors(
        lambda event, context: result,
        policy=ITEMS_ONLY,
        on_decision=lambda _, decision: heard.extend(each.code for each in decision.refusals),
    )
    assert handler(event_of("http", get(origin, "/others")), None) is result
    assert heard == codes


def test_its_exceptions_are_left_alone() -> None:
    with pytest.raises(LookupError):
        cors(failing, policy=ITEMS_ONLY)(event_of("http", get(path="/others")), None)


# Handlers within handlers.


def within(inner: Any, **options: Any) -> Any:
    return cors(inner, allow_origins=[APP, SECOND], **options)


@table(
    "handler, origin, status, expected",
    ("both allow", within(cors(hello, allow_origins=[APP])), APP, 200, APP),
    ("only the outer one allows", within(cors(hello, allow_origins=[APP])), SECOND, 200, None),
    ("the inner one answers an exception", within(cors(failing, allow_origins=[APP])), SECOND, 500, None),
    ("the inner one lets it go on", within(cors(failing, allow_origins=[APP], reraise=True)), APP, 500, APP),
    ("it does, and refuses", within(cors(failing, allow_origins=[APP], reraise=True)), SECOND, 500, None),
)
def test_the_innermost_policy_decides(handler: Any, origin: str, status: int, expected: str | None) -> None:
    response = invoke(handler, "http", get(origin))
    assert (response.status, allowed(response)) == (status, expected)


def test_one_event_may_be_handled_again() -> None:
    """The record of nested adapters ends with the call, so nothing of the first one counts later."""
    handler, event = cors(hello, allow_origins=[APP]), event_of("rest", get())
    assert [handler(event, None)["headers"] for _ in range(3)] == [handler(event, None)["headers"]] * 3
    assert handling._records == {}


def test_one_event_in_several_threads() -> None:
    barrier = threading.Barrier(4)

    def slow(event: Event, context: object) -> dict[str, Any]:
        barrier.wait(10)
        return hello(event, context)

    event = event_of("http", get(SECOND))
    handlers = [cors(slow, allow_origins=[APP]), within(slow), cors(slow, allow_origins=[APP]), within(slow)]
    found: list[str | None] = []

    def run(handler: Any) -> None:
        found.append(allowed(response_of("http", handler(event, None))))

    threads = [threading.Thread(target=run, args=[handler]) for handler in handlers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["None", "None", SECOND, SECOND]


def test_debug_says_why() -> None:
    response = response_of("http", cors(hello, debug=True)(event_of("http", get()), None))
    assert dict(response.headers)["X-CORS-Refused"].startswith("origin-not-allowed")
