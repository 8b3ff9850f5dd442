"""``CORS``: which policy covers which request of a Flask application, however the application is built."""

from __future__ import annotations

import gc
import io
import itertools
import logging
import re
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, abort, current_app, redirect, request, send_file
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

import crosscors.starlette
from crosscors import CORSPolicy, CORSRequest, Decision, Kind, PolicyError, Resources
from crosscors.flask import CORS, cross_origin
from crosscors.wsgi import CORSMiddleware
from tests.clients import Answer, Fields, ask_wsgi, wsgi_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.routing import MapAdapter

# Each policy allows one of these, so that the answers tell which policy covers a request.
OF_APP = "https://app.example.com"
OF_BLUEPRINT = "https://blueprint.example.com"
OF_INNER = "https://inner.example.com"
OF_VIEW = "https://view.example.com"
ORIGINS = {OF_APP: "app", OF_BLUEPRINT: "blueprint", OF_INNER: "inner", OF_VIEW: "view"}

STATIC_ANSWER = {"access-control-allow-origin": "*"}
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def policy_of(
    app: WSGIApplication, path: str = "/", method: str = "GET", fields: tuple[tuple[str, str], ...] = ()
) -> str:
    """Whose policy covers the request and its preflight: "app", "view", ..., "public", "none"."""
    actual = _whose([ask_wsgi(app, method, path, [("Origin", origin), *fields]) for origin in ORIGINS])
    preflights = [ask_wsgi(app, "OPTIONS", path, [*preflight(each, method), *fields]) for each in ORIGINS]
    of_preflight = _whose(preflights)
    return actual if actual == of_preflight else f"{actual}, but {of_preflight} for the preflight"


def _whose(answers: list[Answer]) -> str:
    allowed = [answer.cors().get("access-control-allow-origin") for answer in answers]
    if set(allowed) == {"*"}:
        return "public"
    return " and ".join(ORIGINS[origin] for origin in allowed if origin) or "none"


def preflight(origin: str = OF_APP, method: str = "GET", headers: str | None = None) -> Fields:
    fields = [("Origin", origin), ("Access-Control-Request-Method", method)]
    return fields if headers is None else [*fields, ("Access-Control-Request-Headers", headers)]


def ask(app: WSGIApplication, path: str = "/", method: str = "GET", *fields: tuple[str, str]) -> Answer:
    return ask_wsgi(app, method, path, [("Origin", OF_APP), *fields])


def hello() -> str:
    return "Hello"


def site(*paths: str, **config: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config.update(config)
    for path in paths or ("/",):
        app.add_url_rule(path, endpoint=path.replace(".", "_"), view_func=lambda **_: "Hello")
    return app


def blueprint(name: str = "bp", path: str = "/", **options: Any) -> Blueprint:
    bp = Blueprint(name, __name__, **options)
    bp.add_url_rule(path, "page", hello)
    return bp


# How the extension gets at an application.


def test_cors_of_an_application_allows_every_origin_without_credentials() -> None:
    app = site()
    CORS(app)
    assert ask(app).cors() == STATIC_ANSWER
    answer = ask_wsgi(app, "OPTIONS", "/", preflight(method="PATCH", headers="x-token,authorization"))
    assert answer.status == 200
    assert answer.cors() == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE",
        "access-control-allow-headers": "*, Authorization",
        "vary": "Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def test_an_application_may_be_named() -> None:
    app = site()
    CORS(app=app, origins=OF_APP)
    assert policy_of(app) == "app"


def test_an_extension_without_an_application_waits_for_init_app() -> None:
    app = site()
    cors = CORS(origins=OF_APP)
    assert policy_of(app) == "none"
    cors.init_app(app)
    assert policy_of(app) == "app"


def test_one_extension_serves_several_applications_each_with_its_configuration() -> None:
    cors = CORS(methods=["PUT"])
    first, second, third = site(CORS_ORIGINS=OF_APP), site(CORS_ORIGINS=OF_VIEW), site()
    cors.init_app(first)
    cors.init_app(second)
    cors.init_app(third, origins=OF_INNER)
    assert [policy_of(app) for app in (first, second, third)] == ["app", "view", "inner"]
    answer = ask_wsgi(second, "OPTIONS", "/", preflight(OF_VIEW, "PUT"))
    assert answer.cors()["access-control-allow-methods"] == "PUT"


def test_applications_in_one_process_have_nothing_of_each_other() -> None:
    covered, other = site(), site()
    CORS(covered, origins=OF_APP)
    assert policy_of(covered) == "app"
    assert policy_of(other) == "none"
    assert ask(other).cors() == {}


def test_an_application_is_forgotten_with_its_extension() -> None:
    app = site()
    CORS(app)
    app.add_url_rule("/view", view_func=cross_origin(origins=OF_VIEW)(lambda: "Hello"), endpoint="view")
    assert policy_of(app, "/view") == "view"
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("is_early", [True, False], ids=["before", "after"])
def test_cors_may_come_before_and_after_what_it_covers(is_early: bool) -> None:
    app = Flask(__name__)
    cors = CORS(origins=OF_APP)
    if is_early:
        cors.init_app(app)
    app.add_url_rule("/", view_func=hello)
    app.register_blueprint(blueprint(path="/bp"))
    app.register_error_handler(404, lambda _: ("nothing", 404))
    if not is_early:
        cors.init_app(app)
    assert [policy_of(app, path) for path in ("/", "/bp", "/missing")] == ["app", "app", "app"]


@pytest.mark.parametrize(
    ("app", "shown"),
    [
        pytest.param("app", "'app'", id="its name"),
        pytest.param(__name__, f"'{__name__}'", id="its module"),
        pytest.param(["https://a.example"], "['https://a.example']", id="the origins"),
        pytest.param(Flask, "<class 'flask.app.Flask'>", id="the class"),
        pytest.param(hello, "<function hello at", id="a view"),
        pytest.param(False, "False", id="something false"),
    ],
)
def test_what_is_no_application_is_refused(app: Any, shown: str) -> None:
    for give in (CORS, CORS().init_app):
        with pytest.raises(PolicyError) as refused:
            give(app)
        [problem] = refused.value.problems
        assert (problem.code, problem.option) == ("wrong-type", "app")
        assert problem.message.startswith(f"takes a Flask application or a blueprint, not {shown}")
        assert "crosscors.wsgi" in problem.hint


def test_the_wsgi_application_of_a_flask_application_is_none() -> None:
    with pytest.raises(PolicyError, match="takes a Flask application"):
        CORS(site().wsgi_app)  # type: ignore[arg-type]


# Twice.


def _twice_by_constructor(app: Flask) -> None:
    CORS(app, origins=OF_VIEW)


def _twice_by_factory(app: Flask) -> None:
    CORS().init_app(app)


@pytest.mark.parametrize("again", [_twice_by_constructor, _twice_by_factory])
def test_a_second_policy_for_an_application_is_refused_and_the_first_stays(
    again: Callable[[Flask], None],
) -> None:
    app = site()
    CORS(app, origins=OF_APP)
    with pytest.raises(PolicyError) as refused:
        again(app)
    [problem] = refused.value.problems
    assert (problem.code, problem.option, problem.value) == ("policy-twice", "app", app)
    assert "resources={...}" in problem.hint
    assert policy_of(app) == "app"


def test_a_second_policy_for_a_blueprint_is_refused() -> None:
    bp = blueprint()
    CORS(bp, origins=OF_BLUEPRINT)
    with pytest.raises(PolicyError, match="has a policy already"):
        _cover_again(bp)


def _cover_again(bp: Blueprint) -> None:
    """What is refused at the latest when the blueprint is registered."""
    CORS(bp, origins=OF_VIEW)
    Flask(__name__).register_blueprint(bp)


# Where an option comes from.


Spelling = tuple[str, str]  # of the keyword, and in the configuration
THEIRS: Spelling = ("origins", "CORS_ORIGINS")
OURS: Spelling = ("allow_origins", "CORS_ALLOW_ORIGINS")
PLACES = ("configuration", "constructor", "init_app", "resource")


def built(given: dict[str, tuple[Spelling, str]]) -> Flask:
    """An application that is given origins in each of these places."""

    def keywords(place: str) -> dict[str, Any]:
        return {given[place][0][0]: given[place][1]} if place in given else {}

    spelling, origin = given.get("configuration", (OURS, None))
    app = site(**{spelling[1]: origin})
    resources: dict[str, Any] = {"resources": {"/*": keywords("resource")}} if "resource" in given else {}
    CORS(**keywords("constructor"), **resources).init_app(app, **keywords("init_app"))
    return app


@pytest.mark.parametrize(("lower", "upper"), list(itertools.combinations(PLACES, 2)))
@pytest.mark.parametrize("spelling_below", [THEIRS, OURS], ids=["theirs below", "ours below"])
@pytest.mark.parametrize("spelling_above", [THEIRS, OURS], ids=["theirs above", "ours above"])
def test_an_option_in_a_place_comes_before_the_same_in_places_below(
    lower: str, upper: str, spelling_below: Spelling, spelling_above: Spelling
) -> None:
    assert policy_of(built({lower: (spelling_below, OF_APP)})) == "app"
    both = built({lower: (spelling_below, OF_APP), upper: (spelling_above, OF_VIEW)})
    assert policy_of(both) == "view"


@pytest.mark.parametrize(
    ("theirs", "ours", "value"),
    [
        ("origins", "allow_origins", [OF_APP]),
        ("methods", "allow_methods", ["PUT"]),
        ("supports_credentials", "allow_credentials", True),
    ],
)
def test_both_spellings_of_an_option_mean_the_same(theirs: str, ours: str, value: Any) -> None:
    apps = []
    for name in (theirs, ours):
        options: dict[str, Any] = {name: value} if "origins" in name else {"origins": OF_APP, name: value}
        apps += [site(), site(**{f"CORS_{key.upper()}": options[key] for key in options})]
        CORS(apps[-2], **options)
        CORS(apps[-1])
    fields = {
        str((ask(app).cors(), ask_wsgi(app, "OPTIONS", "/", preflight(method="PUT")).cors())) for app in apps
    }
    assert len(fields) == 1
    plain = site()
    CORS(plain, origins="*" if "origins" in theirs else OF_APP)
    assert (
        str((ask(plain).cors(), ask_wsgi(plain, "OPTIONS", "/", preflight(method="PUT")).cors()))
        not in fields
    )


def test_options_of_all_places_are_taken_together() -> None:
    app = site(CORS_EXPOSE_HEADERS=["X-Total"], CORS_MAX_AGE=60)
    CORS(methods=["PUT"], resources={"/": {"origins": OF_APP}}).init_app(app, allow_headers=["X-Token"])
    assert ask(app).cors() == {
        "access-control-allow-origin": OF_APP,
        "access-control-expose-headers": "X-Total",
        "vary": "Origin",
    }
    answer = ask_wsgi(app, "OPTIONS", "/", preflight(method="PUT", headers="x-token"))
    assert answer.cors() == {
        "access-control-allow-origin": OF_APP,
        "access-control-allow-methods": "PUT",
        "access-control-allow-headers": "Accept, Accept-Language, Content-Language, Content-Type, X-Token",
        "access-control-max-age": "60",
        "vary": PREFLIGHT_VARY,
    }


def test_none_in_the_configuration_means_not_given() -> None:
    app = site(CORS_ORIGINS=None, CORS_ALLOW_ORIGINS=OF_APP, CORS_RESOURCES=None)
    CORS(app)
    assert policy_of(app) == "app"


def test_names_of_others_in_the_configuration_are_left_alone() -> None:
    app = site(CORS_PROXY_URL="https://proxy.example", CORSORIGINS="*", cors_origins="*", CORS_ORIGINS=OF_APP)
    CORS(app)
    assert policy_of(app) == "app"


def test_a_whole_policy_comes_before_the_configuration() -> None:
    app = site(CORS_ORIGINS=OF_VIEW, CORS_SUPPORTS_CREDENTIALS=True)
    CORS(app, policy=CORSPolicy(allow_origins=OF_APP))
    assert policy_of(app) == "app"
    assert "access-control-allow-credentials" not in ask(app).cors()


def test_a_whole_policy_in_init_app_comes_before_the_options_of_the_constructor() -> None:
    app = site()
    CORS(origins=OF_VIEW).init_app(app, policy=CORSPolicy(allow_origins=OF_APP))
    assert policy_of(app) == "app"


def test_a_whole_policy_in_the_configuration_is_not_overlooked() -> None:
    app = site(CORS_POLICY=CORSPolicy(allow_origins=OF_APP))
    try:
        CORS(app)
    except PolicyError:
        return  # to be refused is as good as to be obeyed
    assert policy_of(app) == "app"


# policy=.


def test_a_policy_is_taken_as_it_is() -> None:
    app = site()
    CORS(app, policy=CORSPolicy(allow_origins=OF_APP))
    assert policy_of(app) == "app"
    assert ask_wsgi(app, "OPTIONS", "/", preflight(method="PUT")).status == 400


def test_resources_are_taken_as_they_are() -> None:
    app = site("/", "/api/items", "/api/private")
    public, private = CORSPolicy(allow_origins="*"), CORSPolicy(allow_origins=OF_APP)
    CORS(app, policy=Resources({"/api/*": public, "/api/private": private}))
    paths = ("/", "/api/items", "/api/private", "/api/missing")
    assert [policy_of(app, path) for path in paths] == ["none", "public", "app", "public"]


# resources=.

NARROW = {"origins": OF_VIEW}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param("/api/*", ["none", "app", "app", "none"], id="a string"),
        pytest.param("/api", ["none", "app", "none", "none"], id="an exact path"),
        pytest.param(["/", "/api/*"], ["app", "app", "app", "none"], id="a list"),
        pytest.param(("/", "/other"), ["app", "none", "none", "app"], id="a tuple"),
        pytest.param({"/other"}, ["none", "none", "none", "app"], id="a set"),
        pytest.param(iter(["/other"]), ["none", "none", "none", "app"], id="an iterator"),
        pytest.param("*", ["app"] * 4, id="an asterisk"),
        pytest.param(".*", ["app"] * 4, id="any text"),
        pytest.param("/*", ["app"] * 4, id="a slash and an asterisk"),
        pytest.param(r"/.*", ["app"] * 4, id="a slash and any text"),
        pytest.param(r"/api/.*", ["none", "app", "app", "none"], id="a path and any text"),
        pytest.param(re.compile(r"/a.*/.*"), ["none", "none", "app", "none"], id="an expression"),
        pytest.param(
            [re.compile("/other"), "/api"], ["none", "app", "none", "app"], id="expression and string"
        ),
        pytest.param({"/api/*": NARROW}, ["none", "view", "view", "none"], id="a dict of options"),
        pytest.param(
            {"/*": {}, "/api/*": NARROW}, ["app", "view", "view", "app"], id="a dict with none of them"
        ),
        pytest.param(
            {"/*": {}, "/api/*": None}, ["app", "none", "none", "app"], id="a dict with what is left out"
        ),
        pytest.param(
            {"/api/*": CORSPolicy(allow_origins=OF_INNER), "/api": NARROW},
            ["none", "view", "inner", "none"],
            id="a dict of policies",
        ),
        pytest.param(
            {re.compile(".*"): {}, "/api": NARROW}, ["app", "view", "app", "app"], id="expressions last"
        ),
        pytest.param({}, ["none"] * 4, id="an empty dict"),
    ],
)
@pytest.mark.parametrize("place", ["keyword", "configuration"])
def test_resources_cover_the_paths_that_they_name(place: str, resources: Any, expected: list[str]) -> None:
    if place == "configuration":
        app = site("/", "/api", "/api/items", "/other", CORS_RESOURCES=_copied(resources))
        CORS(app, origins=OF_APP)
    else:
        app = site("/", "/api", "/api/items", "/other")
        CORS(app, origins=OF_APP, resources=_copied(resources))
    assert [policy_of(app, path) for path in ("/", "/api", "/api/items", "/other")] == expected


def _copied(resources: Any) -> Any:
    return iter(["/other"]) if hasattr(resources, "__next__") else resources


@pytest.mark.parametrize("path", ["/apix", "/api-internal/secret", "/API/items", "/x/api/items", "/api%2Fx"])
def test_resources_end_where_segments_do(path: str) -> None:
    app = site("/<path:any>")
    CORS(app, origins=OF_APP, resources="/api/*")
    assert policy_of(app, path) == "none"


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/api//items", "app"),
        ("/api/./items", "app"),
        ("/api/items\\", "app"),
        ("/api/\xff", "app"),
        ("/api/https://doi.org/10.1000", "app"),
        ("/api/C:\\data", "app"),
        ("//api/items", "none"),
        ("/other/../api/items", "none"),
        ("/api/../other/items", "none"),
        ("\\api\\items", "none"),
        ("/ap\xffi/items", "none"),
    ],
)
def test_a_path_is_covered_if_all_that_it_can_be_read_as_is(path: str, policy: str) -> None:
    app = site("/<path:any>")
    CORS(app, origins=OF_APP, resources="/api/*")
    assert policy_of(app, path) == policy


def test_a_path_that_is_not_covered_in_each_reading_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    app = site("/<path:any>")
    CORS(app, resources={"/*": {"origins": "*"}, "/api/*": {"origins": OF_APP}})
    assert policy_of(app, "/x/..//api/items") == "none"
    assert caplog.messages[0] == (
        "not covered 'GET /x/..//api/items': it can mean '/x/..//api/items' and '/api/items', "
        "which have different policies. "
        "Request it without //, dot segments and backslashes. "
        "If a key of Resources begins with the root path, take that off the key."
    )


def test_resources_see_the_path_below_the_root_of_the_application() -> None:
    app = site("/api/items")
    CORS(app, origins=OF_APP, resources="/api/*")
    mounted = DispatcherMiddleware(site(), {"/mounted": app})
    assert policy_of(mounted, "/mounted/api/items") == "app"
    assert policy_of(app, "/mounted/api/items") == "none"


# debug and on_decision.


@pytest.mark.parametrize(("debug", "status"), [(False, 400), (True, 200)])
def test_debug_answers_refused_preflights_so_that_the_console_can_tell(debug: bool, status: int) -> None:
    app = site()
    CORS(app, debug=debug, origins=OF_APP, methods=["GET"])
    assert ask_wsgi(app, "OPTIONS", "/", preflight(method="PUT")).status == status


def test_debug_holds_for_the_policies_of_views() -> None:
    app = site()
    app.add_url_rule(
        "/view", "view", cross_origin(origins=OF_APP, methods=["GET"])(lambda: "Hello"), methods=["GET"]
    )
    CORS(app, debug=True)
    assert ask_wsgi(app, "OPTIONS", "/view", preflight(method="PUT")).status == 200


@pytest.mark.parametrize("debug", [1, "yes", None])
def test_debug_is_true_or_false(debug: Any) -> None:
    with pytest.raises(PolicyError, match="debug: takes True or False"):
        CORS(site(), debug=debug)


def test_on_decision_is_told_once_of_every_request_that_a_policy_covers() -> None:
    told: list[tuple[CORSRequest, Decision]] = []
    app = site("/", "/other", "/view")
    app.view_functions["/view"] = cross_origin(origins=OF_VIEW)(lambda: "Hello")
    cors_options: dict[str, Any] = {"origins": OF_APP, "resources": ["/", "/missing"]}
    CORS(app, on_decision=lambda *given: told.append(given), **cors_options)
    for path in ("/", "/other", "/view", "/missing"):
        ask(app, path)
    ask_wsgi(app, "OPTIONS", "/", preflight())
    ask_wsgi(app)
    assert [(asked.path, decision.kind, decision.allowed) for asked, decision in told] == [
        ("/", Kind.ACTUAL, True),
        ("/view", Kind.ACTUAL, False),
        ("/missing", Kind.ACTUAL, True),
        ("/", Kind.PREFLIGHT, True),
        ("/", Kind.NOT_CORS, True),
    ]


def test_an_on_decision_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(PolicyError, match="on_decision: takes a function"):
        CORS(site(), on_decision="print")  # type: ignore[arg-type]


# What is wrong leaves the application as it was.


async def _async_func(_request: CORSRequest) -> bool:
    return True


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"origins": "https://app.example.com/"}, id="a faulty option"),
        pytest.param({"orgins": OF_APP}, id="an unknown option"),
        pytest.param({"supports_credentials": True, "origins": "*"}, id="a policy that is not safe"),
        pytest.param({"resources": {"/api": {"max_age": -1}}}, id="a faulty resource"),
        pytest.param({"allow_origin_func": _async_func}, id="an async function"),
        pytest.param({"debug": 1}, id="a faulty debug"),
        pytest.param({"on_decision": 1}, id="a faulty on_decision"),
    ],
)
def test_a_policy_that_is_wrong_leaves_the_application_untouched(options: dict[str, Any]) -> None:
    app = site()
    wsgi_app, add_url_rule = app.wsgi_app, app.add_url_rule
    with pytest.raises(PolicyError):
        CORS(app, **options)
    assert (app.wsgi_app, app.add_url_rule) == (wsgi_app, add_url_rule)
    assert policy_of(app) == "none"
    CORS(app, origins=OF_APP)
    assert policy_of(app) == "app"


def test_a_view_whose_policy_is_wrong_leaves_the_application_untouched() -> None:
    app = site(CORS_SUPPORTS_CREDENTIALS=True)
    app.add_url_rule("/view", "view", cross_origin(origins="*")(lambda: "Hello"))
    wsgi_app, add_url_rule = app.wsgi_app, app.add_url_rule
    with pytest.raises(PolicyError, match="every site on the web"):
        CORS(app, origins=OF_APP)
    assert (app.wsgi_app, app.add_url_rule) == (wsgi_app, add_url_rule)
    app.config["CORS_SUPPORTS_CREDENTIALS"] = False
    CORS(app, origins=OF_APP)
    assert policy_of(app) == "app"


def test_an_error_does_not_tell_of_itself_when_a_later_policy_is_right() -> None:
    app = site()
    told: list[Decision] = []
    with pytest.raises(PolicyError):
        CORS(app, policy=CORSPolicy(allow_origins=OF_VIEW), on_decision=1)  # type: ignore[arg-type]
    CORS(app, origins=OF_APP, on_decision=lambda _, decision: told.append(decision))
    ask(app)
    assert [decision.matched for decision in told] == [OF_APP]


# Blueprints.


@pytest.mark.parametrize("first", ["CORS(app)", "CORS(blueprint)"])
@pytest.mark.parametrize("is_registered_early", [True, False], ids=["registered early", "registered late"])
def test_the_policy_of_a_blueprint_replaces_that_of_the_application(
    first: str, is_registered_early: bool
) -> None:
    app, bp = site(), blueprint(path="/bp")
    if first == "CORS(app)":
        CORS(app, origins=OF_APP)
    CORS(bp, origins=OF_BLUEPRINT)
    if is_registered_early:
        app.register_blueprint(bp)
    if first != "CORS(app)":
        CORS(app, origins=OF_APP)
    if not is_registered_early:
        app.register_blueprint(bp)
    assert [policy_of(app, path) for path in ("/", "/bp")] == ["app", "blueprint"]


def test_a_blueprint_may_have_a_policy_where_the_application_has_none() -> None:
    app, bp = site(), blueprint(path="/bp")
    CORS(bp, origins=OF_BLUEPRINT)
    app.register_blueprint(bp)
    assert [policy_of(app, path) for path in ("/", "/bp", "/bp/missing")] == ["none", "blueprint", "none"]


def test_the_policy_of_a_blueprint_takes_what_it_lacks_from_each_application() -> None:
    bp = blueprint()
    CORS(bp, methods=["PUT"])
    for name, origin in (("app", OF_APP), ("view", OF_VIEW)):
        app = Flask(__name__)
        app.config["CORS_ORIGINS"] = origin
        app.register_blueprint(bp)
        assert policy_of(app) == name


def test_a_blueprint_may_be_given_to_init_app() -> None:
    app, bp = Flask(__name__), blueprint()
    CORS(methods=["PUT"]).init_app(bp, origins=OF_BLUEPRINT)
    app.register_blueprint(bp)
    assert policy_of(app) == "blueprint"
    assert ask_wsgi(app, "OPTIONS", "/", preflight(OF_BLUEPRINT, "PATCH")).status == 400


def test_the_innermost_blueprint_with_a_policy_has_the_say() -> None:
    app, outer, middle, inner = site(), blueprint("outer"), blueprint("middle"), blueprint("inner")
    CORS(outer, origins=OF_BLUEPRINT)
    CORS(inner, origins=OF_INNER)
    middle.register_blueprint(inner, url_prefix="/inner")
    outer.register_blueprint(middle, url_prefix="/middle")
    app.register_blueprint(outer, url_prefix="/outer")
    CORS(app, origins=OF_APP)
    paths = ("/", "/outer/", "/outer/middle/", "/outer/middle/inner/")
    assert [policy_of(app, path) for path in paths] == ["app", "blueprint", "blueprint", "inner"]


def test_a_blueprint_in_two_places_has_its_policy_in_both() -> None:
    app, bp = site(), blueprint()
    CORS(bp, origins=OF_BLUEPRINT)
    app.register_blueprint(bp, url_prefix="/v1", name="first")
    app.register_blueprint(bp, url_prefix="/v2", name="second")
    app.register_blueprint(blueprint(), url_prefix="/v3", name="bp")
    paths = ("/v1/", "/v2/", "/v3/")
    assert [policy_of(app, path) for path in paths] == ["blueprint", "blueprint", "none"]


def test_a_nested_blueprint_in_two_places_has_its_policy_in_both() -> None:
    app, bp, first, second = site(), blueprint(), blueprint("first"), blueprint("second")
    CORS(bp, origins=OF_BLUEPRINT)
    first.register_blueprint(bp, url_prefix="/in")
    second.register_blueprint(bp, url_prefix="/in", name="renamed")
    app.register_blueprint(first, url_prefix="/first")
    app.register_blueprint(second, url_prefix="/second")
    paths = ("/first/in/", "/second/in/", "/first/", "/second/")
    assert [policy_of(app, path) for path in paths] == ["blueprint", "blueprint", "none", "none"]


def test_a_blueprint_whose_name_begins_like_another_is_another() -> None:
    app, bp = site(), blueprint("api", "/api")
    CORS(bp, origins=OF_BLUEPRINT)
    app.register_blueprint(bp)
    app.register_blueprint(blueprint("api_private", "/private"))
    assert policy_of(app, "/private") == "none"


def test_resources_of_a_blueprint_are_whole_paths() -> None:
    app, bp = site(), blueprint()
    bp.add_url_rule("/items", "items", hello)
    CORS(bp, origins=OF_BLUEPRINT, resources={"/api/items": {}, "/items": {"origins": OF_INNER}})
    app.register_blueprint(bp, url_prefix="/api")
    assert [policy_of(app, path) for path in ("/", "/api/", "/api/items")] == ["none", "none", "blueprint"]


@pytest.mark.parametrize("path", ["/private", "//private", "/private/", "/%70rivate"])
def test_no_spelling_of_a_path_takes_a_blueprint_s_resource_for_the_application_s(path: str) -> None:
    app, bp = Flask(__name__), Blueprint("bp", __name__)
    bp.add_url_rule("/private", "private", hello, strict_slashes=False)
    CORS(bp, resources={"/private": {"origins": OF_BLUEPRINT}})
    app.register_blueprint(bp)
    CORS(app, origins=OF_APP)
    is_private = ask(app, path).body == b"Hello"
    covered_by = policy_of(app, path)
    assert not (is_private and "app" in covered_by), "the private page under the policy of the application"


def test_the_static_files_of_a_blueprint_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("text")
    app, bp = site(), Blueprint("bp", __name__, static_folder=tmp_path, url_prefix="/bp")
    CORS(bp, origins=OF_BLUEPRINT)
    CORS(app, origins=OF_APP)
    app.register_blueprint(bp)
    path = f"/bp/{tmp_path.name}/file.txt"
    assert ask(app, path).body == b"text"
    assert policy_of(app, path) == "blueprint"
    assert policy_of(app, f"/bp/{tmp_path.name}/missing.txt") == "blueprint"


@pytest.mark.parametrize("options", [{"debug": True}, {"on_decision": print}], ids=["debug", "on_decision"])
def test_debug_and_on_decision_are_none_of_a_blueprint(options: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="those of the application") as refused:
        CORS(blueprint(), **options)
    assert "CORS(app, debug=..., on_decision=...)" in str(refused.value)


def test_a_blueprint_whose_policy_is_wrong_is_refused_before_it_is_registered() -> None:
    with pytest.raises(PolicyError, match="ends with a slash"):
        CORS(blueprint(), origins="https://app.example.com/")


def test_a_blueprint_whose_policy_is_wrong_with_the_configuration_is_refused_when_registered() -> None:
    bp = blueprint()
    CORS(bp, supports_credentials=True)
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = "*"
    with pytest.raises(PolicyError, match="every site on the web"):
        app.register_blueprint(bp)


# What stands around the application.


@pytest.mark.parametrize("is_outside", [True, False], ids=["around the policy", "within the policy"])
def test_a_proxy_s_fields_may_be_read_on_either_side(is_outside: bool) -> None:
    app = Flask(__name__)

    @app.route("/url")
    @cross_origin(origins=OF_VIEW)
    def url() -> str:
        return request.url

    cors = CORS(origins=OF_APP)
    if is_outside:
        cors.init_app(app)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_proto=1, x_prefix=1)  # type: ignore[method-assign]
    if not is_outside:
        cors.init_app(app)
    forwarded = (
        ("X-Forwarded-Host", "www.example.com"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/behind"),
    )
    assert ask(app, "/url", "GET", *forwarded).body == b"https://www.example.com/behind/url"
    assert policy_of(app, "/url", "GET", forwarded) == "view"
    assert policy_of(app, "/missing", "GET", forwarded) == "app"


class Rewriting:
    """What documentation shows to be put around ``app.wsgi_app``: it changes what the router sees."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        environ["REQUEST_METHOD"] = environ.get("HTTP_X_METHOD", environ["REQUEST_METHOD"])
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/prefix")
        environ["HTTP_HOST"] = environ.get("HTTP_X_FORWARDED_HOST", environ["HTTP_HOST"])
        return self.app(environ, start_response)


@pytest.mark.parametrize(
    ("path", "method", "fields"),
    [
        pytest.param("/", "POST", [("X-Method", "GET")], id="the method"),
        pytest.param("/prefix/page", "GET", [], id="the path"),
        pytest.param("/hosted", "GET", [("X-Forwarded-Host", "private.example.com")], id="the host"),
    ],
)
def test_what_rewrites_requests_outside_of_the_policy_gets_no_view_another_one(
    path: str, method: str, fields: Fields
) -> None:
    app = Flask(__name__, host_matching=path == "/hosted", static_folder=None)
    private = cross_origin(origins=OF_VIEW)(lambda: "private")
    host: dict[str, Any] = {"host": "private.example.com"} if path == "/hosted" else {}
    for rule in ("/", "/page", "/hosted"):
        app.add_url_rule(rule, rule, private, methods=["GET"], **host)
    if not host:
        app.add_url_rule("/", "post", lambda: "public", methods=["POST"])
    CORS(app, origins=OF_APP)
    app.wsgi_app = Rewriting(app.wsgi_app)  # type: ignore[method-assign]
    answers = [ask_wsgi(app, method, path, [("Origin", origin), *fields]) for origin in ORIGINS]
    assert {answer.body for answer in answers} == {b"private"}
    assert _whose(answers) == "view"


def test_mounted_applications_have_their_own_policies() -> None:
    first, second, other = site("/", "/x"), site("/", "/x"), site("/", "/first")
    CORS(first, origins=OF_APP)
    CORS(second, origins=OF_VIEW)
    mounted = DispatcherMiddleware(other, {"/first": first, "/second": second})
    paths = ("/", "/first/x", "/second/x", "/first/missing", "/missing")
    assert [policy_of(mounted, path) for path in paths] == ["none", "app", "view", "app", "none"]


def test_an_application_mounted_in_another_one_s_policy_keeps_its_own_for_who_reads() -> None:
    outer, inner = site(), site()
    CORS(inner, origins=OF_INNER)
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/inner": inner})  # type: ignore[method-assign]
    CORS(outer, origins=OF_APP)
    assert [policy_of(outer, path) for path in ("/", "/inner/")] == [
        "app",
        "inner, but app for the preflight",
    ]


def test_the_policy_of_the_server_s_middleware_answers_preflights_only() -> None:
    app = site()
    CORS(app, origins=OF_APP)
    assert policy_of(CORSMiddleware(app, allow_origins=[OF_VIEW])) == "app, but view for the preflight"


def environ_of(path: str, origin: str = OF_APP, method: str = "GET", **variables: Any) -> WSGIEnvironment:
    return {**wsgi_environ(method, path, [("Origin", origin)]), **variables}


def answer_to(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[bytes, dict[str, str]]:
    started: list[Any] = []
    body = b"".join(app(environ, lambda *given: started.append(given)))  # type: ignore[arg-type]
    return body, dict(started[-1][1])


def with_environ(app: WSGIApplication, **variables: Any) -> WSGIApplication:
    def changed(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return app({**environ, **variables}, start_response)

    return changed


def test_below_a_root_views_are_found_by_the_rest_of_the_path() -> None:
    app = site("/page", APPLICATION_ROOT="/base")
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    below = with_environ(app, SCRIPT_NAME="/base")
    assert [policy_of(below, path) for path in ("/page", "/view", "/base/view")] == ["app", "view", "app"]


def test_at_a_root_without_slash_the_view_that_the_redirect_leads_to_has_the_say() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    at_root = with_environ(app, SCRIPT_NAME="/base", PATH_INFO="")
    assert policy_of(at_root) == "view"


def hosted(app: WSGIApplication, host: str) -> WSGIApplication:
    return with_environ(app, HTTP_HOST=host)


def test_with_a_server_name_views_are_found() -> None:
    app = site("/page", SERVER_NAME="example.com")
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    at_home = hosted(app, "example.com")
    assert [policy_of(at_home, path) for path in ("/page", "/view")] == ["app", "view"]


def test_the_same_path_on_two_subdomains_has_two_policies() -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/", "www", hello, subdomain="www")
    app.add_url_rule("/", "private", cross_origin(origins=OF_VIEW)(lambda: "Hello"), subdomain="private")
    CORS(app, origins=OF_APP)
    hosts = ("www.example.com", "private.example.com", "missing.example.com")
    assert [policy_of(hosted(app, host)) for host in hosts] == ["app", "view", "app"]


def test_the_same_path_on_two_hosts_has_two_policies() -> None:
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.add_url_rule("/", "www", hello, host="www.example.com")
    app.add_url_rule("/", "private", cross_origin(origins=OF_VIEW)(lambda: "Hello"), host="private.example")
    CORS(app, origins=OF_APP)
    hosts = ("www.example.com", "private.example", "private.example:80", "PRIVATE.example", "missing.example")
    assert [policy_of(hosted(app, host)) for host in hosts] == ["app", "view", "view", "view", "app"]


def test_a_host_that_is_not_trusted_gets_its_error_under_the_policy_of_the_application() -> None:
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["example.com"]

    @app.route("/")
    @cross_origin(origins=OF_VIEW)
    def view() -> str:
        return request.host

    CORS(app, origins=OF_APP)
    assert policy_of(hosted(app, "example.com")) == "view"
    answer = ask(hosted(app, "evil.example"))
    # Before Flask 3.1, there is no such configuration.
    assert (answer.status, policy_of(hosted(app, "evil.example"))) in ((400, "app"), (200, "view"))


@pytest.mark.parametrize("host", ["", ":", "[", "[::1", "a" * 300, "x..y", ".", "\xff", "a:b:c", " ", "%00"])
def test_no_host_makes_more_of_an_error_than_it_is_to_flask(host: str) -> None:
    plain, covered = Flask(__name__), Flask(__name__)
    for app in (plain, covered):
        app.add_url_rule("/", view_func=hello)
    covered.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(covered)
    assert ask(hosted(covered, host)).status == ask(hosted(plain, host)).status


# What the application answers with.


def test_static_files_are_covered(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("text")
    app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
    CORS(app, origins=OF_APP)
    answer = ask(app, "/static/file.txt")
    assert (answer.status, answer.body) == (200, b"text")
    assert answer.cors() == {"access-control-allow-origin": OF_APP, "vary": "Origin"}
    assert policy_of(app, "/static/missing.txt") == "app"


def test_what_has_not_changed_is_covered(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("text")
    app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
    CORS(app, origins=OF_APP)
    [etag] = ask(app, "/static/file.txt").values("etag")
    answer = ask(app, "/static/file.txt", "GET", ("If-None-Match", etag))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.cors() == {"access-control-allow-origin": OF_APP, "vary": "Origin"}


def test_a_sent_file_is_covered_and_whole() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "file", lambda: send_file(io.BytesIO(b"0123456789"), "text/plain", etag="x"))
    CORS(app, origins=OF_APP, expose_headers=["Content-Range"])
    answer = ask(app, "/", "GET", ("Range", "bytes=2-4"))
    assert (answer.status, answer.body) == (206, b"234")
    assert answer.values("content-range") == ["bytes 2-4/10"]
    assert answer.cors()["access-control-allow-origin"] == OF_APP


@pytest.mark.parametrize("has_view_policy", [True, False], ids=["view", "application"])
@pytest.mark.parametrize(
    ("path", "location"),
    [
        pytest.param("/slash", "http://127.0.0.1/slash/", id="a slash that is missing"),
        pytest.param("/old", "http://127.0.0.1/slash/", id="redirect_to"),
        pytest.param("/a//b", "http://127.0.0.1/a/b", id="merged slashes"),
        pytest.param("/by/default/1", "http://127.0.0.1/by/default", id="defaults"),
        pytest.param("/by/hand", "/slash/", id="a view's redirect"),
    ],
)
def test_redirects_are_covered_and_their_preflights_answered(
    path: str, location: str, has_view_policy: bool
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/slash/", "slash", hello)
    app.add_url_rule("/old", "old", redirect_to="/slash/")
    app.add_url_rule("/a/b", "a/b", hello)
    app.add_url_rule("/by/default", "default", lambda number: f"{number}", defaults={"number": 1})
    app.add_url_rule("/by/default/<int:number>", "default")
    app.add_url_rule("/by/hand", "hand", lambda: redirect("/slash/"))
    if has_view_policy:
        app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    answer = ask(app, path)
    assert answer.status in (302, 308)
    assert answer.values("location") == [location]
    assert policy_of(app, path) == "app"
    assert ask_wsgi(app, "OPTIONS", path, preflight()).status == 200


def test_a_stream_is_covered_and_stays_a_stream() -> None:
    events: list[str] = []

    def stream() -> Iterator[bytes]:
        try:
            for number in range(3):
                events.append(f"made {number}")
                yield b"%d" % number
        finally:
            events.append("closed")

    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: Response(stream()), endpoint="stream")
    CORS(app, origins=OF_APP)
    started: list[Any] = []
    parts = app(environ_of("/"), lambda *given: started.append(given))  # type: ignore[arg-type]
    assert next(iter(parts)) == b"0"
    assert events == ["made 0"]
    assert ("Access-Control-Allow-Origin", OF_APP) in started[0][1]
    parts.close()  # type: ignore[attr-defined]
    assert events == ["made 0", "closed"]


@pytest.mark.parametrize(
    ("own", "vary"),
    [
        pytest.param([("Vary", "Accept-Encoding")], "Accept-Encoding, Origin", id="another name"),
        pytest.param([("Vary", "origin")], "origin", id="the same name"),
        pytest.param([("Vary", "Accept"), ("Vary", "Cookie")], "Accept, Cookie, Origin", id="two fields"),
        pytest.param([("Vary", "*")], "*", id="an asterisk"),
    ],
)
def test_an_own_vary_is_merged(own: Fields, vary: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "own", lambda: Response("Hello", headers=own))
    CORS(app, origins=OF_APP)
    assert ask(app).values("vary") == [vary]


@pytest.mark.parametrize("place", ["the view", "after_request"])
def test_own_access_control_fields_are_replaced(place: str) -> None:
    app = site()

    def write(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["X-Own"] = "1"
        return response

    if place == "the view":
        app.view_functions["/"] = lambda: write(Response("Hello"))
    else:
        app.after_request(write)
    CORS(app, origins=OF_APP)
    assert ask(app).cors() == {"access-control-allow-origin": OF_APP, "vary": "Origin"}
    assert ask(app).values("x-own") == ["1"]
    assert ask_wsgi(app, headers=[("Origin", OF_VIEW)]).cors() == {"vary": "Origin"}


def test_cookies_are_kept() -> None:
    app = Flask(__name__)

    @app.route("/")
    def two() -> Response:
        response = Response("Hello")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    CORS(app, origins=OF_APP)
    assert ask(app).values("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([("Origin", OF_APP)], id="no method asked for"),
        pytest.param([("Access-Control-Request-Method", "GET")], id="no origin"),
        pytest.param([], id="neither"),
    ],
)
def test_options_that_is_no_preflight_reaches_the_application(fields: Fields) -> None:
    app = site()
    CORS(app, origins=OF_APP)
    answer = ask_wsgi(app, "OPTIONS", "/", fields)
    assert answer.status == 200
    assert set(answer.values("allow")[0].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.values("vary") == ["Origin"]


def test_a_view_s_own_options_is_reached_by_what_is_no_preflight_only() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "own", lambda: "own", methods=["OPTIONS"])
    CORS(app, origins=OF_APP)
    assert ask(app, "/", "OPTIONS").body == b"own"
    assert ask_wsgi(app, "OPTIONS", "/", preflight()).body == b"OK"


def test_head_has_the_fields_of_get() -> None:
    app = site()
    CORS(app, origins=OF_APP)
    assert ask(app, "/", "HEAD").body == b""
    assert ask(app, "/", "HEAD").headers == ask(app).headers


@pytest.mark.parametrize("path", ["/", "/slash", "/missing", "/denied", "/error"])
def test_preflights_are_answered_before_the_application_does_anything(path: str) -> None:
    app = site("/", "/slash/", "/error")

    @app.before_request
    def deny() -> None:
        if request.path == "/denied":
            abort(401)
        raise AssertionError("the preflight reached the application")

    CORS(app, origins=OF_APP)
    answer = ask_wsgi(app, "OPTIONS", path, preflight(method="PUT", headers="x-token"))
    assert (answer.status, answer.body) == (200, b"OK")


# Routing.


def counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The requests for which the application is asked for a router, Flask's own question included."""
    calls: list[object] = []
    create_url_adapter = app.create_url_adapter

    def counting(asked: Any) -> MapAdapter | None:
        if asked is not None:
            calls.append(asked)
        return create_url_adapter(asked)

    monkeypatch.setattr(app, "create_url_adapter", counting)
    return calls


@pytest.mark.parametrize("options", [{}, {"resources": "/*"}], ids=["whole application", "resources"])
def test_without_inner_policies_no_request_is_routed_twice(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = site("/", "/other")
    app.register_blueprint(blueprint(path="/bp"))
    CORS(app, origins=OF_APP, **options)
    calls = counted(app, monkeypatch)
    for path in ("/", "/other", "/bp", "/missing"):
        ask(app, path)
    assert len(calls) == 4
    ask_wsgi(app, "OPTIONS", "/", preflight())
    assert len(calls) == 4


def test_with_inner_policies_a_request_is_routed_twice_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    app = site()
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    calls = counted(app, monkeypatch)
    ask(app)
    ask(app, "/view")
    assert len(calls) <= 4


def test_a_view_that_is_added_behind_the_back_of_add_url_rule_has_its_policy() -> None:
    app = site()
    CORS(app, origins=OF_APP)
    app.view_functions["/"] = cross_origin(origins=OF_VIEW)(hello_again)
    assert policy_of(app) == "view"


def hello_again() -> str:
    return "Hello again"


class FailingConverter(BaseConverter):
    def to_python(self, value: str) -> Any:
        raise LookupError("the database is gone")


class AbortingConverter(BaseConverter):
    def to_python(self, value: str) -> Any:
        abort(410)


@pytest.mark.parametrize(
    ("converter", "status"), [(FailingConverter, 500), (AbortingConverter, 410)], ids=["raises", "aborts"]
)
def test_a_converter_that_fails_gets_the_answer_that_flask_gives(
    converter: type[BaseConverter], status: int
) -> None:
    app = Flask(__name__)
    app.url_map.converters["failing"] = converter
    app.add_url_rule("/items/<failing:item>", "item", hello)
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    answer = ask(app, "/items/1")
    assert answer.status == status
    if status == 410:
        assert answer.cors() == {"access-control-allow-origin": OF_APP, "vary": "Origin"}
        assert ask_wsgi(app, "OPTIONS", "/items/1", preflight()).status == 200
    else:
        # It may do better when Flask asks it, and lead to a view with a stricter policy.
        assert answer.cors() == {}


class Tenants(BaseConverter):
    def to_python(self, value: str) -> Any:
        return current_app.config["TENANTS"][value]


def test_a_converter_may_use_the_application() -> None:
    app = Flask(__name__)
    app.config["TENANTS"] = {"ann": "Ann"}
    app.url_map.converters["tenant"] = Tenants
    app.add_url_rule("/<tenant:name>", "view", cross_origin(origins=OF_VIEW)(lambda name: name))
    CORS(app, origins=OF_APP)
    assert policy_of(app, "/ann") == "view"


def test_the_decorator_of_another_framework_is_refused() -> None:
    app = Flask(__name__)
    CORS(app, origins=OF_APP)
    with pytest.raises(PolicyError, match=r"Write from crosscors\.flask import cross_origin"):
        app.add_url_rule("/", "view", crosscors.starlette.cross_origin(allow_origins="*")(lambda: "Hello"))


@pytest.mark.parametrize("fails", ["create_url_adapter", "request_class"])
def test_what_flask_leaves_to_the_server_goes_there(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask(__name__)
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    app.testing = True
    CORS(app, origins=OF_APP)

    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError("before there is a request")

    monkeypatch.setattr(app, fails, fail)
    with pytest.raises(LookupError, match="before there is a request"):
        ask(app, "/view")


def test_a_rule_without_a_view_is_covered_by_the_application() -> None:
    app = site()
    app.add_url_rule("/bare", "bare")
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)
    assert policy_of(app, "/bare") == "app"


def test_a_websocket_s_rule_does_not_confuse() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "socket", cross_origin(origins=OF_VIEW)(lambda: "Hello"), websocket=True)
    CORS(app, origins=OF_APP)
    upgrade = (("Connection", "Upgrade"), ("Upgrade", "websocket"))
    assert policy_of(app) == "app"
    assert ask(app).status == 400
    assert _whose([ask_wsgi(app, "GET", "/", [("Origin", each), *upgrade]) for each in ORIGINS]) == "view"


# A strict view among lax ones: whatever is asked for, its answer never comes under the policy of others.

PRIVATE, PUBLIC = b"private", b"public"


def two_views() -> Flask:
    """Private and public views in rules that overlap wherever they can."""
    app = Flask(__name__)

    def private(**_: Any) -> bytes:
        return PRIVATE

    def public(**_: Any) -> bytes:
        return PUBLIC

    private = cross_origin(origins=OF_VIEW)(private)
    app.add_url_rule("/", "private index", private, methods=["GET"])
    app.add_url_rule("/", "public index", public, methods=["POST", "OPTIONS"])
    app.add_url_rule("/a/b", "private a/b", private, strict_slashes=False)
    app.add_url_rule("/a/<path:rest>", "public a", public)
    app.add_url_rule("/a/<int:number>/", "private number", private, methods=["PUT", "GET"])
    app.add_url_rule("/p/<path:rest>", "private p", private, merge_slashes=False)
    app.add_url_rule("/p/<name>", "public p", public)
    app.add_url_rule("/\u00e9/", "private e", private)
    app.add_url_rule("/e/", "public e", public, defaults={"rest": "x"})
    app.add_url_rule("/e/<rest>", "private e rest", private)
    app.add_url_rule("/any/<any(a, b):which>", "private any", private)
    app.add_url_rule("/any/<which>", "public any", public, methods=["DELETE"])
    app.add_url_rule("/uuid/<uuid:which>", "private uuid", private)
    CORS(app, origins=OF_APP)
    return app


SEGMENTS = [
    "a",
    "b",
    "p",
    "e",
    "\u00e9",
    "e\u0301",
    "any",
    "1",
    "x",
    "",
    ".",
    "..",
    "%2f",
    "%252f",
    "%61",
    "A",
]
PATHS = st.lists(st.sampled_from(SEGMENTS), max_size=5).map("/".join) | st.text(max_size=20)
METHODS = st.sampled_from(
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "Post", "FOO", "*"]
) | st.text(max_size=5)


@settings(deadline=None)
@given(
    path=st.tuples(st.sampled_from(["", "/", "//"]), PATHS).map("".join),
    method=METHODS,
    script_name=st.sampled_from(["", "/a", "/p", "/\u00e9"]),
    host=st.sampled_from(["localhost", "a.b:80", "", "[::1]"]),
    asked=METHODS | st.none(),
)
@example(path="//a/b", method="GET", script_name="", host="localhost", asked=None)
@example(path="/a//b", method="GET", script_name="", host="localhost", asked=None)
@example(path="/a/b/", method="GET", script_name="", host="localhost", asked=None)
@example(path="/a/1", method="PUT", script_name="", host="localhost", asked=None)
@example(path="/p//x", method="GET", script_name="", host="localhost", asked=None)
@example(path="", method="GET", script_name="/a", host="localhost", asked=None)
@example(path="/\u00e9", method="GET", script_name="", host="localhost", asked=None)
@example(path="/any/a", method="PATCH", script_name="", host="localhost", asked=None)
def test_no_request_gets_a_view_s_answer_under_the_policy_of_another(
    path: str, method: str, script_name: str, host: str, asked: str | None
) -> None:
    app = two_views()
    for origin in (OF_APP, OF_VIEW):
        environ = environ_of(
            path.encode("utf-8", "surrogatepass").decode("latin-1"), origin, method, SCRIPT_NAME=script_name
        )
        environ["HTTP_HOST"] = host
        if asked is not None:
            environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] = asked
        body, headers = answer_to(app, environ)
        allowed = headers.get("Access-Control-Allow-Origin")
        assert allowed in (None, origin)
        if body in (PRIVATE, PUBLIC):
            is_own = (body == PRIVATE) == (origin == OF_VIEW)
            assert (allowed is not None) == is_own


@pytest.mark.parametrize(
    ("method", "expected"),
    [("GET", "view"), ("HEAD", "view"), ("POST", "app"), ("get", "view"), ("post", "app"), ("PUT", "view")],
)
def test_two_views_on_one_path_are_told_apart_by_method(method: str, expected: str) -> None:
    assert policy_of(two_views(), "/", method) == expected


# The first request.


class Stopped(dict[str, Any]):
    """View functions in whose reading two threads stop: one when it has read them so often, one before."""

    def __init__(self, views: dict[str, Any], reading: int) -> None:
        super().__init__(views)
        self.reading = reading
        self.readings = {"one": itertools.count(1), "two": itertools.count(1)}
        self.is_there = {"one": threading.Event(), "two": threading.Event()}
        self.may_go_on = {"one": threading.Event(), "two": threading.Event()}

    def values(self) -> Any:
        name = threading.current_thread().name
        is_stopped = name in self.readings and next(self.readings[name]) == self.reading
        if is_stopped and name == "two":
            self._stop(name)
        yield from super().values()
        if is_stopped and name == "one":
            self._stop(name)

    def _stop(self, name: str) -> None:
        self.is_there[name].set()
        assert self.may_go_on[name].wait(10)

    def run_until_there(self, thread: threading.Thread) -> None:
        thread.start()
        while thread.is_alive() and not self.is_there[thread.name].is_set():
            thread.join(0.01)

    def run_to_the_end(self, thread: threading.Thread) -> None:
        self.may_go_on[thread.name].set()
        thread.join()


@pytest.mark.parametrize("reading", [1, 2, 3])
def test_two_first_requests_at_once_get_the_same_policy(reading: int) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", cross_origin(origins=OF_VIEW)(lambda: "private"))
    CORS(app, origins=OF_APP)
    views = Stopped(app.view_functions, reading)
    app.view_functions = views
    answers: dict[str, Answer] = {}

    def first_request() -> None:
        answers[threading.current_thread().name] = ask(app)

    one, two = (threading.Thread(target=first_request, name=name) for name in ("one", "two"))
    views.run_until_there(one)
    views.run_until_there(two)
    views.run_to_the_end(one)
    views.run_to_the_end(two)
    assert {name: answer.cors() for name, answer in answers.items()} == {
        "one": {"vary": "Origin"},
        "two": {"vary": "Origin"},
    }
    assert policy_of(app) == "view"


def test_many_first_requests_at_once_get_the_same_policy() -> None:
    for _ in range(20):
        app = Flask(__name__)
        app.add_url_rule("/", "view", cross_origin(origins=OF_VIEW)(lambda: "private"))
        CORS(app, origins=OF_APP)
        barrier = threading.Barrier(8)
        allowed: list[str | None] = []

        def ask_at_once(app: Flask = app, barrier: Any = barrier, allowed: Any = allowed) -> None:
            barrier.wait()
            allowed.append(ask(app).cors().get("access-control-allow-origin"))

        threads = [threading.Thread(target=ask_at_once) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert allowed == [None] * 8


# Memory.


@pytest.mark.parametrize(
    ("method", "fields"),
    [("GET", [("Origin", OF_APP)]), ("OPTIONS", preflight(OF_VIEW))],
    ids=["an actual request", "a preflight"],
)
def test_requests_leave_nothing_behind_for_the_garbage_collector(method: str, fields: Fields) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    CORS(app, origins=OF_APP)

    class Environ(dict[str, Any]):
        """A dict that can be referred to weakly."""

    ask_wsgi(app, method, "/", fields)
    gc.collect()
    gc.disable()
    try:
        environ = Environ(wsgi_environ(method, "/", fields))
        parts = app(environ, lambda *_: None)  # type: ignore[arg-type]
        b"".join(parts)
        getattr(parts, "close", lambda: None)()
        gone = weakref.ref(environ)
        del environ, parts
        assert gone() is None
    finally:
        gc.enable()
