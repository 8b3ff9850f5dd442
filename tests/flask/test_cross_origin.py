"""``cross_origin``: a policy for a single view, with ``CORS(app)``, with ``CORS(blueprint)``, and alone."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, request, session
from flask.views import MethodView, View

from crosscors import CORSPolicy, CORSRequest, PolicyError, PolicyWarning
from crosscors.flask import CORS, cross_origin
from tests.clients import ask_wsgi, preflight
from tests.flask.apps import OF_APP, OF_BLUEPRINT, OF_INNER, OF_VIEW, STRANGER, ask, fresh, of_view, policies
from tests.tables import each, table

AddRoutes = Callable[["Flask | Blueprint"], None]

# What surrounds a view: each of these gets its routes from the test, and has this policy for all others.


def alone(add_routes: AddRoutes) -> tuple[Flask, str]:
    app = Flask(__name__)
    add_routes(app)
    return app, "none"


def in_an_application(add_routes: AddRoutes) -> tuple[Flask, str]:
    app = Flask(__name__)
    CORS(app, origins=OF_APP)
    add_routes(app)
    return app, "app"


def in_an_application_that_comes_later(add_routes: AddRoutes) -> tuple[Flask, str]:
    app = Flask(__name__)
    add_routes(app)
    CORS(app, origins=OF_APP, resources="/*")
    return app, "app"


def in_a_blueprint(add_routes: AddRoutes) -> tuple[Flask, str]:
    blueprint, app = Blueprint("bp", __name__), Flask(__name__)
    CORS(blueprint, origins=OF_BLUEPRINT)
    add_routes(blueprint)
    CORS(app, origins=OF_APP)
    app.register_blueprint(blueprint)
    return app, "blueprint"


def in_a_nested_blueprint_alone(add_routes: AddRoutes) -> tuple[Flask, str]:
    outer, inner, app = Blueprint("outer", __name__), Blueprint("inner", __name__), Flask(__name__)
    add_routes(inner)
    CORS(inner, origins=OF_BLUEPRINT)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app, "blueprint"


Build = Callable[[AddRoutes], tuple[Flask, str]]
everywhere = each(
    "build",
    *(alone, in_an_application, in_an_application_that_comes_later),
    *(in_a_blueprint, in_a_nested_blueprint_alone),
)


def wrapping(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as they are usually written."""

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> Any:
        return view(**arguments)

    return wrapper


def configure(app: Any, **config: Any) -> None:
    if isinstance(app, Flask):
        app.config.update(config)
    else:
        app.record(lambda state: configure(state.app, **config))


# Views of every kind.

own = cross_origin(origins=OF_VIEW)


def hello(*_: Any, **__: Any) -> str:
    return "Hello"


async def hello_async(*_: Any, **__: Any) -> str:
    return "Hello"


def method_view(get: Any = hello, **attributes: Any) -> Any:
    return type("Items", (MethodView,), {"get": get, **attributes})


def below(view: type[View]) -> Any:
    return type("Below", (view,), {})


def page_view() -> Any:
    return type("Page", (View,), {"dispatch_request": hello})


@everywhere
@table(
    "make",
    ("a function", lambda: own(hello)),
    ("an async function", lambda: own(hello_async)),
    ("a function with a decorator above", lambda: wrapping(own(hello))),
    ("a function with a decorator below", lambda: own(wrapping(hello))),
    ("a partial that is decorated", lambda: own(functools.partial(lambda name: name, "Hello"))),
    (
        "a partial of what is decorated",
        lambda: functools.partial(functools.partial(own(lambda name: name)), "Hello"),
    ),
    ("a decorated class", lambda: own(method_view()).as_view("view")),
    ("a class with a decorated base", lambda: below(own(method_view())).as_view("view")),
    ("a class with decorators", lambda: method_view(decorators=[own, wrapping]).as_view("view")),
    (
        "a class that is made once, with decorators",
        lambda: method_view(decorators=[wrapping, own], init_every_request=False).as_view("view"),
    ),
    ("a decorated method", lambda: method_view(own(hello)).as_view("view")),
    ("a decorated async method", lambda: method_view(own(hello_async)).as_view("view")),
    ("an inherited method", lambda: below(method_view(own(hello))).as_view("view")),
    ("a method within a partial", lambda: functools.partial(method_view(own(hello)).as_view("view"))),
    ("a method within a decorator", lambda: wrapping(method_view(own(hello)).as_view("view"))),
    ("a decorated class without methods", lambda: own(page_view()).as_view("view")),
    ("what as_view gives", lambda: own(page_view().as_view("view"))),
)
def test_a_view_of_every_kind_may_have_a_policy(make: Callable[[], Any], build: Build) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        app.add_url_rule(rule="/", endpoint="view", view_func=make(), methods=["GET"])
        app.add_url_rule("/plain", "plain", fresh())

    app, below = build(add_routes)
    assert ask(app).body == b"Hello"
    assert [policies.of(app, "/", method) for method in ("GET", "HEAD")] == ["view", "view"]
    assert policies.of(app, "/plain") == below


@everywhere
def test_what_is_answered_in_the_place_of_a_view_has_its_policy(build: Build) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        for name, path in (("exact", "/exact"), ("slash", "/slash/"), ("number", "/number/<int:number>")):
            app.add_url_rule(path, name, of_view(), methods=["GET"])
        app.add_url_rule("/abort", "abort", own(lambda: abort(404)))
        app.add_url_rule("/raise", "raise", own(lambda: str(1 // 0)))
        app.add_url_rule("/denied", "denied", of_view())
        app.before_request(lambda: abort(401) if request.path == "/denied" else None)

    app, _ = build(add_routes)
    of_rest = (
        "app" if build in (in_an_application, in_an_application_that_comes_later, in_a_blueprint) else "none"
    )
    for path, method, status, policy in (
        ("/exact", "DELETE", 405, "view"),
        ("/slash/", "DELETE", 405, "view"),
        ("/slash", "GET", 308, "view"),
        ("/abort", "GET", 404, "view"),
        ("/raise", "GET", 500, "view"),
        ("/denied", "GET", 401, "view"),
        ("/missing", "GET", 404, of_rest),
        ("/number/x", "GET", 404, of_rest),
        ("/exact/", "GET", 404, of_rest),
    ):
        assert (ask(app, path, method=method).status, policies.of(app, path, method)) == (status, policy)


@everywhere
@each("is_class", True, False)
def test_the_methods_of_one_path_may_have_policies_of_their_own(build: Build, is_class: bool) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        if is_class:
            methods = {"put": cross_origin(origins=OF_INNER)(hello), "post": hello}
            app.add_url_rule("/", view_func=method_view(own(hello), **methods).as_view("items"))
        else:
            app.add_url_rule("/", "get", of_view(), methods=["GET"])
            app.add_url_rule("/", "put", of_view(origins=OF_INNER), methods=["PUT"])
            app.add_url_rule("/", "post", fresh(), methods=["POST"])

    app, below = build(add_routes)
    found = [policies.of(app, "/", method) for method in ("GET", "HEAD", "PUT", "POST")]
    assert found == ["view", "view", "inner", below]


# One view, many uses.


@everywhere
def test_views_and_decorators_may_be_used_several_times(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    view, decorate = fresh(), cross_origin(origins=OF_VIEW)

    def add_routes(app: Flask | Blueprint) -> None:
        marked = decorate(view)
        app.add_url_rule("/one", "one", marked)
        app.add_url_rule("/two/<name>", "one", marked)
        app.add_url_rule("/three", "three", marked)
        app.add_url_rule("/again", "again", decorate(fresh()))
        app.add_url_rule("/other", "other", cross_origin(origins=OF_INNER)(view))
        app.add_url_rule("/without", "without", view)

    app, below = build(add_routes)
    paths = ("/one", "/two/x", "/three", "/again", "/other", "/without")
    assert [policies.of(app, path) for path in paths] == ["view"] * 4 + ["inner", below]
    assert not caplog.records


def test_one_view_follows_the_configuration_of_each_of_its_applications() -> None:
    view = cross_origin(methods=["GET"])(fresh())
    for origin, expected in ((OF_VIEW, "view"), (OF_INNER, "inner")):
        app = Flask(__name__)
        app.config["CORS_ORIGINS"] = origin
        app.add_url_rule("/", "view", view)
        assert policies.of(app) == expected


@everywhere
def test_a_view_takes_what_it_lacks_from_the_configuration_except_its_paths(build: Build) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        configure(app, CORS_ORIGINS=OF_VIEW, CORS_METHODS=["PUT"], CORS_RESOURCES="/elsewhere")
        app.add_url_rule("/", "view", cross_origin(methods=["GET"])(fresh()))
        whole = CORSPolicy(allow_origins=OF_INNER)
        app.add_url_rule("/whole", "whole", cross_origin(policy=whole)(fresh()))

    app, _ = build(add_routes)
    assert [policies.of(app, path) for path in ("/", "/whole")] == ["view", "inner"]
    answer = ask_wsgi(app, "OPTIONS", "/", preflight(OF_VIEW))
    assert answer.cors()["access-control-allow-methods"] == "GET"


@each("build", alone, in_an_application)
def test_above_its_route_the_decorator_has_no_effect_which_the_log_tells(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    view = fresh()
    view.__qualname__ = "misplaced"
    app, below = build(lambda app: own(app.route("/")(view)))
    assert policies.of(app) == below
    [record] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "'misplaced'" in record.getMessage()


# Alone.


@table(
    "config, status",
    ("nothing else", {}, 400),
    ("HTTP errors trapped", {"TRAP_HTTP_EXCEPTIONS": True}, 400),
    ("bad requests trapped", {"TRAP_BAD_REQUEST_ERRORS": True}, 400),
    ("testing", {"TESTING": True}, 400),
    ("debug", {"DEBUG": True}, 200),
)
def test_alone_no_hook_and_no_error_handler_gets_at_a_preflight(config: dict[str, Any], status: int) -> None:
    app = Flask(__name__)
    app.config.update(config)
    app.before_request(lambda: abort(401))
    app.register_error_handler(Exception, lambda _: ("handled", 418))
    app.add_url_rule("/", "view", of_view(methods=["PUT"]))
    allowed = ask_wsgi(app, "OPTIONS", "/", preflight(OF_VIEW, "PUT"))
    assert (allowed.status, allowed.body) == (200, b"OK")
    assert allowed.values("content-type") == ["text/plain; charset=utf-8"]
    assert allowed.values("content-length") == ["2"]
    refused = ask_wsgi(app, "OPTIONS", "/", preflight(OF_VIEW, "DELETE"))
    assert (refused.status, b"'DELETE'" in refused.body) == (status, True)
    assert [said.partition(":")[0] for said in refused.values("x-cors-refused")] == (
        ["method-not-allowed"] if status == 200 else []
    )


@each("path", "/raises", "/aborts", "/returns")
@each("is_handled", True, False)
def test_alone_errors_have_their_headers(path: str, is_handled: bool) -> None:
    app = Flask(__name__)
    app.add_url_rule("/raises", "raises", own(lambda: str(1 // 0)))
    app.add_url_rule("/aborts", "aborts", own(lambda: abort(500)))
    app.add_url_rule("/returns", "returns", own(lambda: ("no", 500)))
    if is_handled:
        app.register_error_handler(Exception, lambda _: ("handled", 500))
    assert (ask(app, path).status, policies.of_actual(app, path)) == (500, "view")


@everywhere
def test_what_views_and_hooks_write_is_replaced_or_merged(build: Build) -> None:
    own_headers = [("Access-Control-Allow-Origin", "*"), ("Vary", "Accept"), ("X-Own", "1"), ("X-Own", "2")]

    def add_routes(app: Flask | Blueprint) -> None:
        app.add_url_rule("/", "view", own(lambda: Response("Hello", headers=own_headers)))

        @app.after_request
        def write(response: Response) -> Response:
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["X-Hook"] = "1"
            return response

    app, _ = build(add_routes)
    answer = ask(app, origin=OF_VIEW)
    assert answer.cors() == {"access-control-allow-origin": OF_VIEW, "vary": "Accept, Origin"}
    assert (answer.values("x-own"), answer.values("x-hook")) == (["1", "2"], ["1"])
    assert ask(app, origin=STRANGER).cors() == {"vary": "Accept, Origin"}


@everywhere
def test_sessions_and_cookies_are_kept(build: Build) -> None:
    def view() -> Response:
        session["visits"] = session.get("visits", 0) + 1
        response = Response(str(session["visits"]))
        response.set_cookie("own", "1")
        return response

    decorated = cross_origin(origins=OF_VIEW, supports_credentials=True)(view)
    app, _ = build(lambda app: app.add_url_rule("/", "view", decorated))
    app.secret_key = secrets.token_bytes(16)
    client = app.test_client()
    client.get("/")
    answer = client.get("/", headers={"Origin": OF_VIEW})
    assert answer.text == "2"
    assert [value.partition("=")[0] for value in answer.headers.getlist("Set-Cookie")] == ["own", "session"]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    vary = {name.strip() for value in answer.headers.getlist("Vary") for name in value.split(",")}
    assert vary == {"Origin", "Cookie"}


def test_cors_of_the_application_may_follow_after_requests_that_the_view_answered_alone() -> None:
    app, _ = alone(lambda app: app.add_url_rule("/", "view", of_view()))
    app.add_url_rule("/plain", "plain", fresh())
    assert [policies.of(app, path) for path in ("/", "/plain")] == ["view", "none"]
    CORS(app, origins=OF_APP)
    assert [policies.of(app, path) for path in ("/", "/plain")] == ["view", "app"]


# What is wrong.


def test_a_warning_about_a_view_comes_once_and_names_the_line_that_is_to_blame() -> None:
    app = Flask(__name__)
    CORS(app, origins=OF_APP)
    with pytest.warns() as caught:
        app.add_url_rule("/", "view", cross_origin(origins=OF_VIEW, max_age=100_000)(fresh()))
    ask(app)  # where a second warning would be an error
    assert [(warning.category, warning.filename) for warning in caught] == [(PolicyWarning, __file__)]


async def _async_func(_request: CORSRequest) -> bool:
    return True


@table(
    "options, option",
    ("both spellings", {"origins": OF_VIEW, "allow_origins": OF_VIEW}, "allow_origins"),
    ("a switch", {"vary_header": False}, "vary_header"),
    ("paths", {"resources": {"/api/*": {}}}, "resources"),
    ("an async function", {"allow_origin_func": _async_func}, "allow_origin_func"),
    ("a policy with one", {"policy": CORSPolicy(allow_origin_func=_async_func)}, "allow_origin_func"),
)
def test_options_that_are_wrong_are_refused_where_they_are_written(
    options: dict[str, Any], option: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        cross_origin(**options)
    assert [problem.option for problem in refused.value.problems] == [option]


@each("build", in_an_application_that_comes_later, in_a_nested_blueprint_alone)
@each("is_method", True, False)
def test_what_is_wrong_with_the_configuration_is_refused_when_the_application_is_built(
    build: Build, is_method: bool
) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        configure(app, CORS_ALLOW_ORIGINS="*")
        decorate = cross_origin(supports_credentials=True)
        view = method_view(decorate(hello)).as_view("view") if is_method else decorate(fresh())
        app.add_url_rule("/", "view", view)

    with pytest.raises(PolicyError) as refused:
        build(add_routes)
    [problem] = refused.value.problems
    assert problem.code == "wildcard-with-credentials"
    assert problem.option.startswith("cross_origin of '")
    assert problem.option.endswith("' CORS_ALLOW_ORIGINS")


def test_alone_what_is_wrong_with_the_configuration_refuses_every_origin_of_the_view(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, _ = alone(
        lambda app: app.add_url_rule("/", "view", cross_origin(supports_credentials=True)(fresh()))
    )
    assert (ask(app).status, ask(app).cors()) == (200, {"vary": "Origin"})
    assert caplog.text.count("cannot be used") == 1


@table(
    "method, path, headers, count",
    ("a view without a policy", "GET", "/other", {}, 1),
    ("no view", "GET", "/missing", {}, 1),
    (
        "a preflight for a view without a policy",
        "OPTIONS",
        "/other",
        {"Access-Control-Request-Method": "PUT"},
        1,
    ),
    ("a view that fails", "GET", "/failing", {}, 1),
    ("a form post", "POST", "/other", {"Sec-Fetch-Mode": "navigate"}, 0),
    ("a view with CORS headers of its own", "GET", "/own", {}, 0),
)
def test_alone_a_request_that_no_policy_covers_is_reported_once(
    method: str, path: str, headers: dict[str, str], count: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    app = Flask(__name__)
    app.add_url_rule("/view", "view", of_view())
    app.add_url_rule("/other", "other", lambda: "Hello", methods=["GET", "PUT"])
    app.add_url_rule("/failing", "failing", lambda: str(1 / 0))
    app.add_url_rule("/own", "own", lambda: ("", {"Access-Control-Allow-Origin": "*"}))
    answer = ask_wsgi(app, method, path, [("Origin", OF_APP), *headers.items()])
    assert answer.allowed == ("*" if path == "/own" else None)
    said = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    assert [f"no policy covers the path '{path}'. Give its view" in each for each in said] == [True] * count


@table(
    "path, said",
    ("no policy", "/failing", "no policy covers the path '/failing'"),
    ("the policy of the view", "/view", "the CORS policy of the view 'failing' refused 'GET /view'"),
)
def test_alone_an_exception_that_leaves_flask_is_reported(
    path: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> str:
        raise LookupError

    failing.__qualname__ = "failing"
    caplog.set_level(logging.INFO, "crosscors")
    app = Flask(__name__)
    app.testing = True  # exceptions leave the application
    app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(failing))
    app.add_url_rule("/failing", "failing", failing)
    with pytest.raises(LookupError):
        ask_wsgi(app, "GET", path, [("Origin", OF_APP)])
    assert [said in each for each in caplog.messages] == [True]
