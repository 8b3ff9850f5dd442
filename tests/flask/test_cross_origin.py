"""``cross_origin``: a policy for a single view, with ``CORS(app)``, with ``CORS(blueprint)``, and alone."""

from __future__ import annotations

import functools
import inspect
import secrets
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, abort, request, session
from flask.views import MethodView, View

from crosscors import CORSPolicy, CORSRequest, PolicyError, PolicyWarning, Resources
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, Fields, ask_wsgi, wsgi_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Each policy allows one of these, so that the answers tell which policy covers a request.
OF_APP = "https://app.example.com"
OF_BLUEPRINT = "https://blueprint.example.com"
OF_VIEW = "https://view.example.com"
OF_OTHER = "https://other.example.com"
ORIGINS = {OF_APP: "app", OF_BLUEPRINT: "blueprint", OF_VIEW: "view", OF_OTHER: "other"}


def policy_of(app: WSGIApplication, path: str = "/", method: str = "GET") -> str:
    """Whose policy covers the request and its preflight: "app", "view", ..., "public", "none"."""
    actual = _whose([ask_wsgi(app, method, path, [("Origin", origin)]) for origin in ORIGINS])
    of_preflight = _whose([ask_wsgi(app, "OPTIONS", path, preflight(each, method)) for each in ORIGINS])
    return actual if actual == of_preflight else f"{actual}, but {of_preflight} for the preflight"


def _whose(answers: list[Answer]) -> str:
    allowed = [answer.cors().get("access-control-allow-origin") for answer in answers]
    if set(allowed) == {"*"}:
        return "public"
    return " and ".join(ORIGINS[origin] for origin in allowed if origin) or "none"


def preflight(origin: str = OF_VIEW, method: str = "GET") -> Fields:
    return [("Origin", origin), ("Access-Control-Request-Method", method)]


def ask(app: WSGIApplication, path: str = "/", method: str = "GET", *fields: tuple[str, str]) -> Answer:
    return ask_wsgi(app, method, path, [("Origin", OF_VIEW), *fields])


AddRoutes = Callable[["Flask | Blueprint"], None]
Build = Callable[[AddRoutes], Flask]

# What surrounds a view: each of these gets its routes from the test.


def alone(add_routes: AddRoutes) -> Flask:
    app = Flask(__name__)
    add_routes(app)
    return app


def in_an_application(add_routes: AddRoutes) -> Flask:
    app = Flask(__name__)
    CORS(app, origins=OF_APP)
    add_routes(app)
    return app


def in_an_application_that_comes_later(add_routes: AddRoutes) -> Flask:
    app = Flask(__name__)
    add_routes(app)
    CORS(app, origins=OF_APP)
    return app


def in_resources(add_routes: AddRoutes) -> Flask:
    app = Flask(__name__)
    add_routes(app)
    CORS(app, origins=OF_APP, resources="/*")
    return app


def in_a_blueprint(add_routes: AddRoutes) -> Flask:
    blueprint = Blueprint("bp", __name__)
    CORS(blueprint, origins=OF_BLUEPRINT)
    add_routes(blueprint)
    app = Flask(__name__)
    CORS(app, origins=OF_APP)
    app.register_blueprint(blueprint)
    return app


def in_a_nested_blueprint_alone(add_routes: AddRoutes) -> Flask:
    outer, inner, app = Blueprint("outer", __name__), Blueprint("inner", __name__), Flask(__name__)
    add_routes(inner)
    CORS(inner, origins=OF_BLUEPRINT)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


SURROUNDINGS: dict[Build, str] = {
    alone: "none",
    in_an_application: "app",
    in_an_application_that_comes_later: "app",
    in_resources: "app",
    in_a_blueprint: "blueprint",
    in_a_nested_blueprint_alone: "blueprint",
}

everywhere = pytest.mark.parametrize(
    ("build", "below"),
    list(SURROUNDINGS.items()),
    ids=[function.__name__.replace("_", " ") for function in SURROUNDINGS],
)


def of_view(**options: Any) -> Callable[[Any], Any]:
    return cross_origin(origins=OF_VIEW, **options)


def hello() -> str:
    return "Hello"


def wrapping(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as they are usually written."""

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> Any:
        return view(**arguments)

    return wrapper


# Views of every kind. Each function adds "/" with a policy of its own, and "/plain" without.


def a_function(app: Flask | Blueprint) -> None:
    @app.route("/")
    @of_view()
    def view() -> str:
        return "Hello"


def an_async_function(app: Flask | Blueprint) -> None:
    @app.route("/")
    @of_view()
    async def view() -> str:
        return "Hello"


def a_function_with_a_decorator_above(app: Flask | Blueprint) -> None:
    @app.route("/")
    @wrapping
    @of_view()
    def view() -> str:
        return "Hello"


def a_function_with_a_decorator_below(app: Flask | Blueprint) -> None:
    @app.route("/")
    @of_view()
    @wrapping
    def view() -> str:
        return "Hello"


def add_url_rule(app: Flask | Blueprint) -> None:
    app.add_url_rule("/", "view", of_view()(lambda: "Hello"))


def add_url_rule_by_keyword(app: Flask | Blueprint) -> None:
    app.add_url_rule(rule="/", endpoint="view", view_func=of_view()(lambda: "Hello"), methods=["GET"])


def a_partial_that_is_decorated(app: Flask | Blueprint) -> None:
    app.add_url_rule("/", "view", of_view()(functools.partial(lambda name: name, "Hello")))


def a_partial_of_what_is_decorated(app: Flask | Blueprint) -> None:
    app.add_url_rule("/", "view", functools.partial(functools.partial(of_view()(lambda name: name)), "Hello"))


def a_decorated_method_view(app: Flask | Blueprint) -> None:
    @of_view()
    class Items(MethodView):
        def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_method_view_with_a_decorated_base(app: Flask | Blueprint) -> None:
    @of_view()
    class Base(MethodView):
        pass

    class Items(Base):
        def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_method_view_with_decorators(app: Flask | Blueprint) -> None:
    class Items(MethodView):
        decorators = [of_view(), wrapping]  # noqa: RUF012  # as Flask's documentation writes it

        def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_method_view_with_decorators_for_each_request(app: Flask | Blueprint) -> None:
    class Items(MethodView):
        init_every_request = False
        decorators = [wrapping, of_view()]  # noqa: RUF012

        def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_decorated_method(app: Flask | Blueprint) -> None:
    class Items(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_decorated_async_method(app: Flask | Blueprint) -> None:
    class Items(MethodView):
        @of_view()
        async def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_decorated_method_of_a_base(app: Flask | Blueprint) -> None:
    class Base(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

    class Items(Base):
        pass

    app.add_url_rule("/", view_func=Items.as_view("view"))


def a_decorated_method_within_a_partial(app: Flask | Blueprint) -> None:
    class Items(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

    view: Any = functools.partial(Items.as_view("view"))
    app.add_url_rule("/", "view", view, methods=["GET"])


def a_decorated_method_within_a_decorator(app: Flask | Blueprint) -> None:
    class Items(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=wrapping(Items.as_view("view")), methods=["GET"])


def a_decorated_view_class(app: Flask | Blueprint) -> None:
    @of_view()
    class Page(View):
        def dispatch_request(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=Page.as_view("view"))


def what_as_view_gives(app: Flask | Blueprint) -> None:
    class Page(View):
        def dispatch_request(self) -> str:
            return "Hello"

    app.add_url_rule("/", view_func=of_view()(Page.as_view("view")))


KINDS = [
    a_function,
    an_async_function,
    a_function_with_a_decorator_above,
    a_function_with_a_decorator_below,
    add_url_rule,
    add_url_rule_by_keyword,
    a_partial_that_is_decorated,
    a_partial_of_what_is_decorated,
    a_decorated_method_view,
    a_method_view_with_a_decorated_base,
    a_method_view_with_decorators,
    a_method_view_with_decorators_for_each_request,
    a_decorated_method,
    a_decorated_async_method,
    a_decorated_method_of_a_base,
    a_decorated_method_within_a_partial,
    a_decorated_method_within_a_decorator,
    a_decorated_view_class,
    what_as_view_gives,
]


@everywhere
@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__.replace("_", " ") for kind in KINDS])
def test_a_view_of_every_kind_may_have_a_policy(kind: AddRoutes, build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        kind(app)
        app.add_url_rule("/plain", "plain", hello)

    app = build(add_routes)
    assert ask(app).body == b"Hello"
    assert [policy_of(app, path, method) for path, method in (("/", "GET"), ("/", "HEAD"))] == ["view"] * 2
    assert policy_of(app, "/plain") == below


@everywhere
def test_what_is_answered_in_the_place_of_a_view_has_its_policy(build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        for name, path in (("exact", "/exact"), ("slash", "/slash/"), ("number", "/number/<int:number>")):
            app.add_url_rule(path, name, of_view()(lambda **_: "Hello"), methods=["GET"])
        app.add_url_rule("/abort", "abort", of_view()(lambda: abort(404)))
        app.add_url_rule("/denied", "denied", of_view()(hello_to_all()))

        @app.before_request
        def deny() -> None:
            if request.path == "/denied":
                abort(401)

    app = build(add_routes)
    expected = {"/exact": 405, "/slash/": 405}
    for path, status in expected.items():
        assert (ask(app, path, "DELETE").status, policy_of(app, path, "DELETE")) == (status, "view")
    for path, status in {"/slash": 308, "/abort": 404, "/denied": 401}.items():
        assert (ask(app, path).status, policy_of(app, path)) == (status, "view")
    outer = below if below == "none" else "app" if build is not in_a_nested_blueprint_alone else "none"
    for path in ("/missing", "/number/x", "/exact/"):
        assert (ask(app, path).status, policy_of(app, path)) == (404, outer)


def hello_to_all() -> Callable[[], str]:
    """A new function each time, for a function can have one policy only."""
    return lambda: "Hello"


@everywhere
def test_the_methods_of_one_path_may_have_policies_of_their_own(build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        app.add_url_rule("/", "get", of_view()(hello_to_all()), methods=["GET"])
        app.add_url_rule("/", "put", cross_origin(origins=OF_OTHER)(hello_to_all()), methods=["PUT"])
        app.add_url_rule("/", "post", hello, methods=["POST"])

    app = build(add_routes)
    methods = ("GET", "HEAD", "PUT", "POST")
    assert [policy_of(app, "/", method) for method in methods] == ["view", "view", "other", below]


@everywhere
def test_the_methods_of_a_class_may_have_policies_of_their_own(build: Build, below: str) -> None:
    class Items(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

        @cross_origin(origins=OF_OTHER)
        def put(self) -> str:
            return "Hello"

        def post(self) -> str:
            return "Hello"

    app = build(lambda app: app.add_url_rule("/", view_func=Items.as_view("items")))
    methods = ("GET", "HEAD", "PUT", "POST")
    assert [policy_of(app, "/", method) for method in methods] == ["view", "view", "other", below]


def test_the_policy_of_a_method_comes_before_that_of_its_class() -> None:
    @cross_origin(origins=OF_OTHER)
    class Items(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

        def put(self) -> str:
            return "Hello"

    app = alone(lambda app: app.add_url_rule("/", view_func=Items.as_view("items")))
    assert [policy_of(app, "/", method) for method in ("GET", "PUT", "DELETE")] == ["view", "other", "other"]


def test_head_may_have_a_policy_of_its_own() -> None:
    class Items(MethodView):
        @of_view()
        def get(self) -> str:
            return "Hello"

        @cross_origin(origins=OF_OTHER)
        def head(self) -> str:
            return ""

    app = alone(lambda app: app.add_url_rule("/", view_func=Items.as_view("items")))
    assert [policy_of(app, "/", method) for method in ("GET", "HEAD")] == ["view", "other"]


@everywhere
def test_one_view_may_answer_on_two_paths(build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        @app.route("/one")
        @app.route("/two/<name>")
        @of_view()
        def view(name: str = "") -> str:
            return f"Hello {name}"

        app.add_url_rule("/three", "another", view)

    app = build(add_routes)
    assert [policy_of(app, path) for path in ("/one", "/two/x", "/three")] == ["view"] * 3


def test_one_decorator_may_be_used_for_several_views() -> None:
    decorate = of_view(methods=["GET"])

    def add_routes(app: Flask | Blueprint) -> None:
        for name in ("one", "two"):
            app.add_url_rule(f"/{name}", name, decorate(hello_to_all()))

    app = alone(add_routes)
    assert [policy_of(app, path) for path in ("/one", "/two")] == ["view", "view"]


def test_one_view_may_be_part_of_two_applications() -> None:
    view = cross_origin(methods=["GET"])(hello_to_all())
    first, second = Flask(__name__), Flask(__name__)
    for app, origin in ((first, OF_VIEW), (second, OF_OTHER)):
        app.config["CORS_ORIGINS"] = origin
        app.add_url_rule("/", "view", view)
    assert [policy_of(app) for app in (first, second)] == ["view", "other"]


@pytest.mark.parametrize("build", [alone, in_an_application])
def test_above_its_route_the_decorator_has_no_effect_which_the_log_tells(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    view = hello_to_all()
    view.__qualname__ = "view"

    def add_routes(app: Flask | Blueprint) -> None:
        of_view()(app.route("/")(view))

    app = build(add_routes)
    assert policy_of(app) == SURROUNDINGS[build]
    [record] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "'view' is routed without the policy that cross_origin gives to it" in record.getMessage()


def test_a_function_may_have_other_uses_without_its_policy(caplog: pytest.LogCaptureFixture) -> None:
    view = hello_to_all()

    def add_routes(app: Flask | Blueprint) -> None:
        app.add_url_rule("/with", "with", of_view()(view))
        app.add_url_rule("/other", "other", cross_origin(origins=OF_OTHER)(view))
        app.add_url_rule("/without", "without", view)

    app = in_an_application(add_routes)
    assert [policy_of(app, path) for path in ("/with", "/other", "/without")] == ["view", "other", "app"]
    assert not caplog.records


def test_a_decorated_view_has_all_that_the_view_has() -> None:
    def view(name: str = "you", *, greeting: str = "Hello") -> str:
        """Greet."""
        return f"{greeting} {name}"

    view.own = 1  # type: ignore[attr-defined]
    decorated = of_view()(view)
    assert decorated() == "Hello you"
    assert decorated("me", greeting="Hi") == "Hi me"
    assert (decorated.__name__, decorated.__doc__, decorated.own) == ("view", "Greet.", 1)
    assert inspect.signature(decorated) == inspect.signature(view)


def test_a_decorated_class_is_a_class_of_the_same_name() -> None:
    class Page(View):
        """A page."""

        def dispatch_request(self) -> str:
            return super().__class__.__name__

    decorated = of_view()(Page)
    assert issubclass(decorated, Page)
    assert (decorated.__name__, decorated.__qualname__, decorated.__doc__) == (
        "Page",
        Page.__qualname__,
        "A page.",
    )


def test_a_policy_may_be_given_whole() -> None:
    def add_routes(app: Any) -> None:
        app.config.update(CORS_ORIGINS=OF_OTHER)
        view = cross_origin(policy=CORSPolicy(allow_origins=OF_VIEW))(hello_to_all())
        app.add_url_rule("/", "view", view)

    assert policy_of(alone(add_routes)) == "view"


@everywhere
def test_a_view_takes_what_it_lacks_from_the_configuration_but_its_paths(build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        def configure(app: Any) -> None:
            app.config.update(CORS_ORIGINS=OF_VIEW, CORS_METHODS=["PUT"], CORS_RESOURCES="/elsewhere")

        if isinstance(app, Flask):
            configure(app)
        else:
            app.record(lambda state: configure(state.app))
        app.add_url_rule("/", "view", cross_origin(methods=["GET"])(hello_to_all()))

    app = build(add_routes)
    assert policy_of(app) == "view"
    assert ask_wsgi(app, "OPTIONS", "/", preflight()).cors()["access-control-allow-methods"] == "GET"


# Alone.


def test_alone_a_preflight_is_answered_before_the_application_does_anything() -> None:
    app = Flask(__name__)

    @app.before_request
    def deny() -> None:
        raise AssertionError("the preflight reached the application")

    a_function(app)
    answer = ask_wsgi(app, "OPTIONS", "/", preflight(method="PUT"))
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]
    assert answer.values("content-length") == ["2"]


def test_alone_a_refused_preflight_says_why() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", of_view(methods=["GET"])(hello_to_all()))
    answer = ask_wsgi(app, "OPTIONS", "/", preflight(method="PUT"))
    assert answer.status == 400
    assert answer.body == b"Refused by the CORS policy: the method 'PUT' is not allowed"


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="nothing else"),
        pytest.param({"TRAP_HTTP_EXCEPTIONS": True}, id="HTTP errors trapped"),
        pytest.param({"TRAP_BAD_REQUEST_ERRORS": True}, id="bad requests trapped"),
        pytest.param({"TESTING": True}, id="testing"),
        pytest.param({"DEBUG": True}, id="debug"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_alone_no_error_handler_gets_at_a_preflight(config: dict[str, Any], status: int) -> None:
    app = Flask(__name__)
    app.config.update(config)
    a_function(app)

    @app.errorhandler(Exception)
    def handle(_error: Exception) -> tuple[str, int]:
        return "handled", 418

    origin = OF_VIEW if status == 200 else OF_OTHER
    assert ask_wsgi(app, "OPTIONS", "/", preflight(origin)).status == status


def test_alone_trapped_http_errors_leave_preflights_alone() -> None:
    app = Flask(__name__)
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    a_function(app)
    assert ask_wsgi(app, "OPTIONS", "/", preflight()).status == 200


@pytest.mark.parametrize("path", ["/raises", "/aborts", "/returns"])
@pytest.mark.parametrize("is_handled", [True, False], ids=["handled", "unhandled"])
def test_alone_errors_have_the_fields(path: str, is_handled: bool) -> None:
    app = Flask(__name__)

    def raises() -> str:
        raise LookupError("in the view")

    for name, view in (("raises", raises), ("aborts", lambda: abort(500)), ("returns", lambda: ("no", 500))):
        app.add_url_rule(f"/{name}", name, of_view()(view))
    if is_handled:
        app.register_error_handler(Exception, lambda _: ("handled", 500))
    answer = ask(app, path)
    assert answer.status == 500
    assert answer.cors() == {"access-control-allow-origin": OF_VIEW, "vary": "Origin"}


def test_alone_the_hooks_of_the_application_run() -> None:
    app = Flask(__name__)
    a_function(app)

    @app.after_request
    def write(response: Response) -> Response:
        response.headers["X-Own"] = "1"
        return response

    for answer in (ask(app), ask_wsgi(app, "OPTIONS", "/", preflight())):
        assert answer.values("x-own") == ["1"]
        assert answer.cors()["access-control-allow-origin"] == OF_VIEW


@everywhere
def test_what_hooks_write_into_access_control_fields_is_replaced(build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        app.add_url_rule("/", "view", of_view()(hello_to_all()))

        @app.after_request
        def write(response: Response) -> Response:
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Vary"] = "Accept-Encoding"
            return response

    app = build(add_routes)
    assert ask(app).cors() == {"access-control-allow-origin": OF_VIEW, "vary": "Accept-Encoding, Origin"}
    assert ask_wsgi(app, headers=[("Origin", OF_OTHER)]).cors() == {"vary": "Accept-Encoding, Origin"}


@everywhere
def test_own_fields_of_a_view_are_replaced_and_its_vary_merged(build: Build, below: str) -> None:
    own = [("Access-Control-Allow-Origin", "*"), ("Vary", "Accept-Encoding"), ("X-Own", "1"), ("X-Own", "2")]

    def add_routes(app: Flask | Blueprint) -> None:
        app.add_url_rule("/", "view", of_view()(lambda: Response("Hello", headers=own)))

    answer = ask(build(add_routes))
    assert answer.cors() == {"access-control-allow-origin": OF_VIEW, "vary": "Accept-Encoding, Origin"}
    assert answer.values("x-own") == ["1", "2"]


@everywhere
def test_sessions_and_cookies_are_kept(build: Build, below: str) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        @app.route("/")
        @of_view(supports_credentials=True)
        def view() -> Response:
            session["visits"] = session.get("visits", 0) + 1
            response = Response(str(session["visits"]))
            response.set_cookie("own", "1")
            return response

    app = build(add_routes)
    app.secret_key = secrets.token_bytes(16)
    client = app.test_client()
    client.get("/")
    answer = client.get("/", headers={"Origin": OF_VIEW})
    assert answer.text == "2"
    assert [value.partition("=")[0] for value in answer.headers.getlist("Set-Cookie")] == ["own", "session"]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    vary = {name.strip() for value in answer.headers.getlist("Vary") for name in value.split(",")}
    assert vary == {"Origin", "Cookie"}


def test_alone_applications_without_decorated_views_stay_as_they_are() -> None:
    a_function(Flask(__name__))
    other = Flask(__name__)
    other.add_url_rule("/", view_func=hello)
    assert policy_of(other) == "none"
    assert ask(other).cors() == {}


def test_cors_of_the_application_may_follow_after_requests_that_the_view_answered_alone() -> None:
    app = Flask(__name__)
    a_function(app)
    app.add_url_rule("/plain", "plain", hello)
    assert [policy_of(app, path) for path in ("/", "/plain")] == ["view", "none"]
    CORS(app, origins=OF_APP)
    assert [policy_of(app, path) for path in ("/", "/plain")] == ["view", "app"]


def test_alone_it_serves_requests_of_test_clients_and_of_servers_alike() -> None:
    app = Flask(__name__)
    a_function(app)
    answer = app.test_client().get("/", headers={"Origin": OF_VIEW})
    assert answer.headers["Access-Control-Allow-Origin"] == OF_VIEW
    started: list[Any] = []
    app(wsgi_environ("GET", "/", [("Origin", OF_VIEW)]), lambda *given: started.append(given))  # type: ignore[arg-type]
    assert ("Access-Control-Allow-Origin", OF_VIEW) in started[0][1]


# What is wrong.


async def _async_func(_request: CORSRequest) -> bool:
    return True


WRONG: list[Any] = [
    pytest.param({"origins": "https://app.example.com/"}, "origins", id="a faulty option"),
    pytest.param({"orgins": OF_VIEW}, "orgins", id="an unknown option"),
    pytest.param(
        {"origins": "*", "supports_credentials": True}, "origins", id="every origin with credentials"
    ),
    pytest.param({"origins": OF_VIEW, "allow_origins": OF_VIEW}, "allow_origins", id="both spellings"),
    pytest.param({"vary_header": False}, "vary_header", id="a switch"),
    pytest.param({"resources": {"/api/*": {}}}, "resources", id="paths"),
    pytest.param(
        {"policy": Resources({"/*": CORSPolicy(allow_origins="*")})}, "policy", id="a policy for each path"
    ),
    pytest.param({"policy": "*"}, "policy", id="what is no policy"),
    pytest.param(
        {"policy": CORSPolicy(allow_origins="*"), "max_age": 1}, "policy", id="a policy and options"
    ),
    pytest.param({"allow_origin_func": _async_func}, "allow_origin_func", id="an async function"),
    pytest.param(
        {"policy": CORSPolicy(allow_origin_func=_async_func)},
        "allow_origin_func",
        id="a policy with an async function",
    ),
]


@pytest.mark.parametrize(("options", "option"), WRONG)
def test_options_that_are_wrong_are_refused_where_they_are_written(
    options: dict[str, Any], option: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        cross_origin(**options)
    assert [problem.option for problem in refused.value.problems] == [option]


def test_every_problem_of_a_view_is_told_at_once() -> None:
    with pytest.raises(PolicyError) as refused:
        cross_origin(origins=["https://a.example/", "b.example"], methods="GET, PUT", max_age=-1)
    options = [problem.option for problem in refused.value.problems]
    assert sorted(set(options)) == ["max_age", "methods", "origins"]
    assert options.count("origins") == 2


@pytest.mark.parametrize(
    "build",
    [in_an_application, in_an_application_that_comes_later, in_a_blueprint, in_a_nested_blueprint_alone],
)
def test_what_is_wrong_with_the_configuration_is_refused_when_the_application_is_built(
    build: Build,
) -> None:
    def add_routes(app: Flask | Blueprint) -> None:
        def configure(app: Any) -> None:
            app.config["CORS_ALLOW_ORIGINS"] = "*"

        if isinstance(app, Flask):
            configure(app)
        else:
            app.record(lambda state: configure(state.app))
        app.add_url_rule("/", "view", cross_origin(supports_credentials=True)(hello_to_all()))

    with pytest.raises(PolicyError, match="every site on the web") as refused:
        build(add_routes)
    [problem] = refused.value.problems
    assert problem.option.startswith("cross_origin of '")
    assert problem.option.endswith("' CORS_ALLOW_ORIGINS")


def test_what_is_wrong_with_the_configuration_of_a_method_is_refused_too() -> None:
    class Items(MethodView):
        @cross_origin(supports_credentials=True)
        def get(self) -> str:
            return "Hello"

    app = Flask(__name__)
    CORS(app)
    with pytest.raises(PolicyError, match="every site on the web"):
        app.add_url_rule("/", view_func=Items.as_view("view"))


def test_alone_what_is_wrong_with_the_configuration_fails_the_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", cross_origin(supports_credentials=True)(hello_to_all()))
    assert ask(app).status == 500
    assert "every site on the web" in caplog.text


def test_a_warning_about_a_view_comes_once_and_names_the_line_that_is_to_blame() -> None:
    app = Flask(__name__)
    CORS(app, origins=OF_APP)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        app.add_url_rule("/", "view", of_view(max_age=100_000)(hello_to_all()))
        ask(app)
        ask(app)
    assert [warning.category for warning in caught] == [PolicyWarning]
    assert caught[0].filename == __file__


def _twice_by_decorators() -> None:
    of_view()(cross_origin(origins=OF_OTHER)(hello_to_all()))


def _twice_with_a_decorator_between() -> None:
    of_view()(wrapping(cross_origin(origins=OF_OTHER)(hello_to_all())))


@pytest.mark.parametrize("decorate", [_twice_by_decorators, _twice_with_a_decorator_between])
def test_a_second_policy_for_a_view_is_refused_with_what_to_do(decorate: Callable[[], None]) -> None:
    with pytest.raises(PolicyError) as refused:
        decorate()
    [problem] = refused.value.problems
    assert (problem.code, problem.option) == ("view-policy-twice", "cross_origin")
    assert problem.message.endswith("has a policy already.")
    assert problem.hint == "Keep one of the two."


@pytest.mark.parametrize("view", [len, "view", None, 5, [].append], ids=repr)
def test_what_cannot_have_a_policy_is_refused(view: Any) -> None:
    with pytest.raises(PolicyError, match="cannot have a policy"):
        of_view()(view)


def test_a_forgotten_pair_of_parentheses_is_noticed() -> None:
    with pytest.raises(PolicyError, match="without parentheses"):
        cross_origin(hello)  # type: ignore[arg-type]
