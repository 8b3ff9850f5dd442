"""What adapters are given: a policy, resources, or the options of a policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from flask import Flask
from starlette.applications import Starlette

import crosscors.aiohttp
import crosscors.asgi
import crosscors.django
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
import tests.django.conftest  # noqa: F401  # it configures Django
from crosscors import CORSPolicy, CORSRequest, Decision, PolicyError, Resources
from tests.clients import ask_asgi, ask_wsgi, preflight
from tests.conftest import Approve
from tests.tables import each, table


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


def asgi(**options: Any) -> Any:
    return crosscors.asgi.CORSMiddleware(asgi_app, **options)


def starlette(**options: Any) -> Any:
    return crosscors.starlette.CORS(asgi_app, **options)


def wsgi(**options: Any) -> Any:
    return crosscors.wsgi.CORSMiddleware(wsgi_app, **options)


def flask(**options: Any) -> Any:
    app = Flask(__name__)
    crosscors.flask.CORS(app, **options)
    return app


def aiohttp(**options: Any) -> Any:
    return crosscors.aiohttp.CORS(web.Application(), **options)


async def is_allowed(request: CORSRequest) -> bool:
    return True


class AsyncCallable:
    async def __call__(self, request: CORSRequest) -> bool:
        return True


LISTED = "https://listed.example"
POLICY = CORSPolicy(allow_origins=LISTED)
BOTH = {"policy": POLICY, "max_age": 0}
DEBUG: dict[str, Any] = {"debug": "false"}
ASYNC: dict[str, dict[str, Any]] = {
    "an async function": {"allow_origin_func": is_allowed},
    "a partial of one": {"allow_origin_func": partial(is_allowed)},
    "an object with an async __call__": {"allow_origin_func": AsyncCallable()},
    "a policy with one": {"policy": CORSPolicy(allow_origin_func=is_allowed)},
    "a resource with one": {
        "policy": Resources({"/": POLICY, "/b": CORSPolicy(allow_origin_func=is_allowed)})
    },
}


@each("adapter", asgi, starlette, wsgi, flask)
@table(
    "options",
    ("options", {"allow_origins": LISTED}),
    ("a policy", {"policy": POLICY}),
    ("resources", {"policy": Resources({"/*": POLICY})}),
)
def test_all_of_them_are_taken(adapter: Callable[..., Any], options: dict[str, Any]) -> None:
    ask = ask_asgi if adapter in (asgi, starlette) else ask_wsgi
    app = adapter(**options)
    assert [ask(app, headers=[("Origin", each)]).allowed for each in (LISTED, "https://a")] == [LISTED, None]


@each("adapter", asgi, starlette, wsgi, flask)
@each("debug", False, True)
def test_in_debug_mode_a_refused_preflight_has_status_200(adapter: Callable[..., Any], debug: bool) -> None:
    ask = ask_asgi if adapter in (asgi, starlette) else ask_wsgi
    for policy in (POLICY, CORSPolicy(allow_origin_func=lambda _: True)):
        answer = ask(adapter(policy=policy, debug=debug), "OPTIONS", headers=preflight(LISTED, "DELETE"))
        assert answer.status == (200 if debug else 400)


@each("adapter", asgi, starlette, wsgi, flask, aiohttp)
@table(
    "options, code, option",
    ("a policy and options", BOTH, "policy-and-options", "policy"),
    ("what is not a policy", {"policy": {"a": 1}}, "wrong-type", "policy"),
    ("an unknown option", {"allow_orgins": "*"}, "unknown-option", "allow_orgins"),
    ("a faulty option", {"allow_origins": f"{LISTED}/"}, "origin-trailing-slash", "allow_origins"),
    ("debug that is neither true nor false", DEBUG, "wrong-type", "debug"),
    ("debug, beside a policy", {"policy": POLICY, **DEBUG}, "wrong-type", "debug"),
    ("a hook that cannot be called", {"on_decision": 1}, "wrong-type", "on_decision"),
    ("an async hook", {"on_decision": is_allowed}, "wrong-type", "on_decision"),
    ("an async hook among several", {"on_decision": [print, is_allowed]}, "wrong-type", "on_decision"),
    ("a hook as text", {"on_decision": "builtins.print"}, "wrong-type", "on_decision"),
)
def test_what_an_adapter_cannot_use_is_refused(
    adapter: Callable[..., Any], options: dict[str, Any], code: str, option: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        adapter(**options)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [(code, option)]


@each("adapter", asgi, starlette, wsgi, flask)
def test_several_hooks_hear_the_same_even_if_one_of_them_fails(
    adapter: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[str, CORSRequest, Decision]] = []

    def fail(*_: object) -> None:
        raise LookupError("the metrics server is gone")

    def hook(name: str) -> Callable[[CORSRequest, Decision], None]:
        return lambda request, decision: heard.append((name, request, decision))

    hooks = (each for each in (hook("first"), fail, hook("last")))  # any iterable will do
    app = adapter(policy=POLICY, on_decision=hooks)
    ask = ask_asgi if adapter in (asgi, starlette) else ask_wsgi
    for origin in (LISTED, "https://evil.example"):
        caplog.clear()
        heard.clear()
        ask(app, headers=[("Origin", origin)])
        (first, *of_first), (last, *of_last) = heard
        assert (first, last) == ("first", "last")
        assert of_first[0] is of_last[0]
        assert of_first[1] is of_last[1]
        assert "on_decision failed; the response is not affected" in caplog.messages


@pytest.mark.parametrize("options", ASYNC.values(), ids=ASYNC)
def test_an_async_function_is_for_those_who_can_await_it(options: dict[str, Any], approved: Approve) -> None:
    asgi(**options)
    starlette(**options)
    aiohttp(**options)
    for adapter in (wsgi, flask):
        with pytest.raises(PolicyError) as caught:
            adapter(**options)
        [problem] = caught.value.problems
        assert problem.code == "async-origin-func"
        approved("async_function", str(problem))


def test_the_refusals_say_what_to_write(approved: Approve) -> None:
    texts: list[tuple[str, str]] = []
    rows: list[tuple[str, dict[str, Any]]] = [
        ("a policy and options", BOTH),
        ("debug", DEBUG),
        ("a hook", {"on_decision": 1}),
        ("one of several hooks", {"on_decision": [print, 1]}),
    ]
    for why, options in rows:
        with pytest.raises(PolicyError) as caught:
            asgi(**options)
        texts.append((why, str(caught.value.problems[0])))
    approved("keywords", texts)


def flask_later(*options: Any) -> None:
    crosscors.flask.CORS().init_app(Flask(__name__), *options)


CALLS: dict[str, Callable[..., Any]] = {
    "CORSPolicy": CORSPolicy,
    "ASGI": partial(crosscors.asgi.CORSMiddleware, asgi_app),
    "WSGI": partial(crosscors.wsgi.CORSMiddleware, wsgi_app),
    "Starlette": partial(crosscors.starlette.CORS, asgi_app),
    "Flask": partial(crosscors.flask.CORS, Flask(__name__)),
    "Flask, later": flask_later,
    "aiohttp": partial(crosscors.aiohttp.CORS, web.Application()),
    "a view of Flask": crosscors.flask.cross_origin,
    "a view of Starlette": crosscors.starlette.cross_origin,
    "a view of Django": crosscors.django.cross_origin,
    "a view of aiohttp": crosscors.aiohttp.cross_origin,
}


WITHOUT_NAMES: dict[str, tuple[Any, ...]] = {
    "a list of origins, and another option": (["https://app.example.com"], ["GET"]),
    "one origin": ("*",),
    "a policy": (POLICY,),
    "resources": (Resources({"/*": POLICY}),),
    "options in a dict": ({"allow_origins": ["https://app.example.com"], "max_age": 5},),
    "options in a dict, by Flask's names": ({"origins": "*", "supports_credentials": False},),
    "an option without a text that can be pasted": ({"allow_origin_func": is_allowed},),
    "an expression": ({"allow_origin_regex": re.compile("https://app[12]\\.example\\.com")},),
    "a dict that cannot be keywords": ({"max-age": 5},),
    "an empty dict": ({},),
    "paths": ({"/api/*": {"origins": "*"}},),
    "paths with origins, a policy and None": ({"/a": "*", "/b": POLICY, re.compile("/c.*"): None},),
    "too many paths": ({f"/{number}": {"origins": "*"} for number in range(9)},),
    "a list that is too long to be shown": ([f"{LISTED}:{port}" for port in range(1, 99)],),
    "no origins": ([],),
    "a switch": (True,),
}


def test_options_without_their_names_are_refused_with_what_to_write(approved: Approve) -> None:
    texts: list[tuple[str, str]] = []
    for what, values in WITHOUT_NAMES.items():
        for name, call in CALLS.items():
            texts.append((f"{what}: {name}", _refused(call, *values)))
    approved("options_without_names", texts)


def _refused(call: Callable[..., Any], *values: Any) -> str:
    """The text of the error: a PolicyError of a decorator, or else a TypeError."""
    with pytest.raises((TypeError, PolicyError), match=r"positional|by their names only") as caught:
        call(*values)
    problems = getattr(caught.value, "problems", None)
    return str(problems[0] if problems else caught.value)


@each("what", *WITHOUT_NAMES)
@each("name", *CALLS)
def test_the_call_in_the_refusal_works(what: str, name: str) -> None:
    text = _refused(CALLS[name], *WITHOUT_NAMES[what])
    call = text.partition("Write ")[2].removesuffix(".").lstrip("@")
    if "..." in call:
        return
    module = next((each for framework, each in _MODULES.items() if framework in name), crosscors.starlette)
    made_app = {"Flask": Flask("app"), "aiohttp": web.Application(), "WSGI": wsgi_app}
    app = next((each for framework, each in made_app.items() if framework in name), asgi_app)
    made = crosscors.wsgi if name == "WSGI" else crosscors.asgi
    names: dict[str, Any] = {
        "CORSPolicy": CORSPolicy,
        "Resources": Resources,
        "re": re,
        "options": {},
        "policy": POLICY,
    }
    names |= {"CORS": module.CORS, "cross_origin": module.cross_origin, "cors": crosscors.flask.CORS()}
    names |= {"CORSMiddleware": made.CORSMiddleware, "app": app}
    eval(call, names)  # noqa: S307  # that is what pasting it means


_MODULES: dict[str, Any] = {"Flask": crosscors.flask, "aiohttp": crosscors.aiohttp}
FLASK: Any = crosscors.flask.CORS
STARLETTE: Any = crosscors.starlette.CORS
ASGI: Any = crosscors.asgi.CORSMiddleware
WSGI: Any = crosscors.wsgi.CORSMiddleware


@table(
    "call, value, written",
    ("everyone, for Flask's extension", FLASK, "*", "CORS(app, origins='*')"),
    ("a dict", FLASK, {"origins": "*"}, "CORS(app, origins='*')"),
    ("a policy", FLASK, POLICY, "CORS(app, policy=policy)"),
    ("a list, later", FLASK().init_app, ["*"], "cors.init_app(app, origins=['*'])"),
    ("Starlette", STARLETTE, [LISTED], f"CORS(app, allow_origins=['{LISTED}'])"),
    ("ASGI", ASGI, LISTED, f"CORSMiddleware(app, allow_origins='{LISTED}')"),
    ("WSGI", WSGI, {"max_age": 0}, "CORSMiddleware(app, max_age=0)"),
)
def test_options_in_place_of_the_application_are_refused_too(
    call: Callable[..., Any], value: object, written: str
) -> None:
    assert _refused(call, value) == f"options cannot be positional arguments. Write {written}"


NOT_POLICIES: dict[str, Any] = {
    "options": {"allow_origins": "*", "max_age": 5},
    "options by Flask's names": {"origins": "*", "supports_credentials": False},
    "paths with options": {"/api/*": {"allow_origins": "*"}},
    "paths with origins": {"/api/*": "*", "/": None},
    "origins": ["https://app.example.com"],
    "one origin": "*",
    "the class": CORSPolicy,
    "a number": 1,
}


def _resources(policy: Any) -> Resources:
    return Resources(policy)


TAKING: dict[str, Callable[..., Any]] = {
    "ASGI": asgi,
    "WSGI": wsgi,
    "Starlette": starlette,
    "Flask": flask,
    "a view of Flask": crosscors.flask.cross_origin,
    "a view of Starlette": crosscors.starlette.cross_origin,
    "a view of Django": crosscors.django.cross_origin,
    "a path": lambda policy: Resources({"/api/*": policy}),
    "Resources": _resources,
    "a path in Flask": lambda policy: flask(resources={"/api/*": policy}),
}


def test_what_is_not_a_policy_is_refused_with_the_policy_to_write(approved: Approve) -> None:
    texts: list[tuple[str, str]] = []
    for what, value in NOT_POLICIES.items():
        for name, adapter in TAKING.items():
            if isinstance(value, dict) and "Flask" in name and name.startswith("a path"):
                continue  # which takes options in a dict
            if name == "Resources" and isinstance(value, dict) and "/api/*" not in value:
                continue
            with pytest.raises(PolicyError) as caught:
                adapter(policy=value)
            texts.append((f"{what}: {name}", str(caught.value.problems[0])))
            policy = re.fullmatch(r"Write policy=(.*)\.", caught.value.problems[0].hint)
            if policy is not None and "..." not in policy[1]:
                names = {"CORSPolicy": CORSPolicy, "Resources": Resources}
                adapter(policy=eval(policy[1], names))  # noqa: S307  # that is what pasting it means
    approved("not_a_policy", texts)


def test_add_middleware_says_it_too() -> None:
    app = Starlette()
    app.add_middleware(crosscors.asgi.CORSMiddleware, ["https://app.example.com"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Write CORSMiddleware\(app, allow_origins=\["):
        app.build_middleware_stack()
