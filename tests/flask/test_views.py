"""Which view decides: the one that answered; for preflights, the one that would."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, request, stream_with_context
from flask.views import MethodView
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response as WerkzeugResponse

import crosscors.flask
import crosscors.starlette
from crosscors import CORSPolicy, PolicyError, Resources
from crosscors._adapter import marks
from crosscors.flask import CORS, cross_origin
from tests.clients import ask_wsgi, preflight
from tests.flask.apps import OF_APP, OF_BLUEPRINT, OF_VIEW, policies
from tests.tables import each, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def fresh(body: Any = "Hello") -> Callable[..., Any]:
    """A view that no other test has marked."""
    return lambda **_: body


def of_view(body: Any = "Hello", **options: Any) -> Callable[..., Any]:
    given: dict[str, Any] = {"origins": OF_VIEW, **options}
    return cross_origin(**given)(fresh(body))


def empty() -> Flask:
    return Flask("site", static_folder=None)


def bare(view: Callable[..., Any], middleware: Callable[[WSGIApplication], WSGIApplication]) -> Flask:
    """An application with a page and this view, and middleware. It has no policy yet."""
    app = empty()
    app.add_url_rule("/page", "page", fresh())
    app.add_url_rule("/view", "view", view)
    app.wsgi_app = middleware(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def site(middleware: Callable[[WSGIApplication], WSGIApplication] = lambda app: app) -> Flask:
    """An application with a page under its own policy, a view that has another, and middleware further in."""
    app = bare(of_view(), middleware)
    CORS(app, origins=OF_APP)
    return app


BY_PATH = Resources({"/*": CORSPolicy(allow_origins=OF_APP), "/view": CORSPolicy(allow_origins=OF_VIEW)})


# Middleware further in.


def rewriting(app: WSGIApplication) -> WSGIApplication:
    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return app({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/v1")}, start_response)

    return run


def rewriting_in_place(app: WSGIApplication) -> WSGIApplication:
    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/v1")
        return app(environ, start_response)

    return run


def buffering(app: WSGIApplication) -> WSGIApplication:
    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started: list[Any] = []
        body = b"".join(app(environ, lambda *given: started.append(given)))  # type: ignore[arg-type]
        start_response(*started[-1][:2])
        return [body]

    return run


def lazy(app: WSGIApplication) -> WSGIApplication:
    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        yield from app(environ, start_response)

    return run


def denying(_: WSGIApplication) -> WSGIApplication:
    def run(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("401 Unauthorized", [])
        return [b"sign in"]

    return run


@each("middleware", rewriting, rewriting_in_place)
def test_the_view_that_answered_decides_whatever_the_path_was(middleware: Any) -> None:
    app = site(middleware)
    paths = ("/view", "/v1/view", "/page", "/v1/page")
    assert [policies.of_actual(app, path) for path in paths] == ["view", "view", "app", "app"]


@each("middleware", rewriting, rewriting_in_place)
def test_resources_follow_the_path_that_was_routed(middleware: Any) -> None:
    app = bare(fresh(), middleware)
    CORS(app, policy=BY_PATH)
    assert [policies.of_actual(app, path) for path in ("/view", "/v1/view", "/v1/page")] == [
        "view",
        "view",
        "app",
    ]


def test_resources_of_a_page_under_a_root_follow_the_path_below_it() -> None:
    app = bare(fresh(), rewriting_in_place)
    CORS(app, policy=BY_PATH)
    mounted = DispatcherMiddleware(empty(), {"/root": app})
    assert policies.of_actual(mounted, "/root/v1/view") == "view"


def test_a_view_that_changes_the_environ_changes_no_policy() -> None:
    app = bare(of_view(), lambda app: app)

    def moving() -> str:
        request.environ["PATH_INFO"], request.environ["SCRIPT_NAME"] = "/page", "/moved"
        return "moved"

    app.add_url_rule("/caf\u00e9/moving", "moving", moving)
    in_cafe = CORSPolicy(allow_origins=OF_BLUEPRINT)
    CORS(app, policy=Resources({"/*": CORSPolicy(allow_origins=OF_APP), "/caf\u00e9/*": in_cafe}))
    assert policies.of_actual(app, "/caf\u00e9/moving".encode().decode("latin-1")) == "blueprint"


@each("middleware", buffering, denying, lazy)
def test_what_middleware_answers_has_the_policy_of_the_view_that_would_be_reached(middleware: Any) -> None:
    app = site(middleware)
    assert [policies.of_actual(app, path) for path in ("/view", "/page", "/missing")] == [
        "view",
        "app",
        "app",
    ]


# Applications within applications.


def test_another_application_further_in_is_no_view_of_this_one() -> None:
    inner = empty()
    inner.add_url_rule("/page", "view", fresh())  # a name that the outer one gives to a strict view
    app = site(lambda app: DispatcherMiddleware(app, {"/inner": inner}))
    assert [policies.of_actual(app, path) for path in ("/inner/page", "/view")] == ["app", "view"]


def test_an_application_that_is_asked_by_a_view_of_another_has_its_own_views() -> None:
    inner, outer = site(), empty()
    outer.add_url_rule("/view", "page", lambda: WerkzeugResponse.from_app(inner, request.environ))
    assert policies.of_actual(outer, "/view") == "view"


@pytest.mark.parametrize("path", ["/view", "/page"])
def test_a_request_around_this_one_is_not_taken_for_it(path: str) -> None:
    app = site(denying)
    with app.test_request_context("/page" if path == "/view" else "/view"):
        assert policies.of_actual(app, path) == {"/view": "view", "/page": "app"}[path]


def test_a_client_that_keeps_its_request_changes_no_policy() -> None:
    app = site()
    with app.test_client() as client:
        for path, origin in (("/view", OF_VIEW), ("/page", OF_APP), ("/view", OF_VIEW)):
            response = client.get(path, headers={"Origin": origin})
            assert response.headers.get("Access-Control-Allow-Origin") == origin


def test_a_view_that_asks_its_own_application_keeps_its_policy() -> None:
    app = site()
    app.view_functions["view"] = cross_origin(origins=OF_VIEW)(lambda: app.test_client().get("/page").data)
    assert [policies.of_actual(app, "/view"), policies.of_actual(app, "/page")] == ["view", "app"]


def test_a_stream_has_the_policy_of_its_view() -> None:
    app = site()
    app.view_functions["view"] = cross_origin(origins=OF_VIEW)(
        lambda: Response(stream_with_context(request.path for _ in range(2)))
    )
    assert ask_wsgi(app, "GET", "/view").body == b"/view/view"
    assert policies.of_actual(app, "/view") == "view"


# Views that are added later.


def test_a_view_that_is_added_after_the_first_preflight_has_its_policy() -> None:
    app = empty()
    CORS(app, origins=OF_APP)
    assert ask_wsgi(app, "OPTIONS", "/view", preflight(OF_APP)).status == 200
    app.add_url_rule("/view", "view", of_view())
    assert policies.of(app, "/view") == "view"


def test_a_view_that_was_decorated_before_and_is_added_after_the_first_preflight_has_its_policy() -> None:
    app, late = bare(fresh(), lambda app: app), of_view()
    CORS(app, origins=OF_APP)
    assert ask_wsgi(app, "OPTIONS", "/view", preflight(OF_APP)).status == 200
    app.add_url_rule("/late", "late", late)
    assert policies.of(app, "/late") == "view"


def test_a_blueprint_that_is_registered_after_the_first_preflight_has_its_policy() -> None:
    app, blueprint = empty(), Blueprint("bp", __name__)
    blueprint.add_url_rule("/view", "view", fresh())
    CORS(blueprint, origins=OF_BLUEPRINT)
    CORS(app, origins=OF_APP)
    assert ask_wsgi(app, "OPTIONS", "/view", preflight(OF_APP)).status == 200
    app.register_blueprint(blueprint)
    assert policies.of(app, "/view") == "blueprint"


def test_a_view_that_takes_the_place_of_another_after_requests_has_its_policy() -> None:
    late = of_view()
    app = empty()
    app.add_url_rule("/view", "view", fresh())
    CORS(app, origins=OF_APP)
    assert policies.of_actual(app, "/view") == "app"
    app.view_functions["view"] = late
    assert policies.of(app, "/view") == "view"
    app.view_functions["view"] = fresh()
    assert policies.of(app, "/view") == "app"


def test_a_class_that_is_decorated_after_requests_has_its_policy() -> None:
    class Items(MethodView):
        def get(self) -> str:
            return "Hello"

    app = empty()
    app.add_url_rule("/view", view_func=Items.as_view("items"))
    CORS(app, origins=OF_APP)
    assert policies.of_actual(app, "/view") == "app"
    cross_origin(origins=OF_VIEW)(Items)
    assert policies.of(app, "/view") == "view"


def test_where_no_view_was_ever_decorated_none_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    app = empty()
    app.add_url_rule("/view", "view", of_view())
    CORS(app, origins=OF_APP)
    monkeypatch.setattr(marks._count, "made", 0)
    assert policies.of(app, "/view") == "app"
    monkeypatch.undo()
    assert policies.of(app, "/view") == "view"


class CountingViews(dict[str, Any]):
    """The views of an application. It counts how often somebody goes through all of them."""

    count = 0

    def values(self) -> Any:
        self.count += 1
        return super().values()


def test_an_application_with_view_policies_does_not_look_at_all_views_at_every_request() -> None:
    app = site()
    app.view_functions = views = CountingViews(app.view_functions)
    assert ask_wsgi(app, "OPTIONS", "/view", preflight(OF_VIEW)).status == 200
    assert ask_wsgi(app, "OPTIONS", "/page", preflight(OF_APP)).status == 200
    assert views.count == 1
    app.add_url_rule("/late", "late", of_view())
    assert [policies.of(app, path) for path in ("/late", "/page")] == ["view", "app"]
    assert views.count == 2


def test_where_other_views_have_policies_a_view_that_takes_the_place_of_another_has_its_own() -> None:
    app, late = site(), of_view()
    assert [policies.of_actual(app, path) for path in ("/view", "/page")] == ["view", "app"]
    app.view_functions["page"] = late
    assert policies.of(app, "/page") == "view"
    app.view_functions["view"] = fresh()
    assert policies.of(app, "/view") == "app"


def test_where_no_view_has_a_policy_a_view_that_claims_to_be_another_has_its_own() -> None:
    class EqualToAll:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = object.__hash__

        def __call__(self) -> str:
            return "Hello"

    late: Any = cross_origin(origins=OF_VIEW)(EqualToAll())
    app = bare(fresh(), lambda app: app)
    CORS(app, origins=OF_APP)
    assert policies.of_actual(app, "/view") == "app"
    app.view_functions["view"] = late
    assert policies.of(app, "/view") == "view"


def test_a_handler_of_status_404_that_comes_late_has_its_policy() -> None:
    late = of_view(("nothing", 404))
    app = bare(fresh(), lambda app: app)
    CORS(app, origins=OF_APP)
    assert policies.of_actual(app, "/missing") == "app"
    app.error_handler_spec[None][404][NotFound] = late  # Flask refuses to register it after a request
    assert policies.of(app, "/missing") == "view"


def test_a_marked_handler_of_status_404_decides_where_no_view_is_reached() -> None:
    app = site()
    app.register_error_handler(404, of_view(("nothing", 404)))
    assert [policies.of(app, path) for path in ("/missing", "/page")] == ["view", "app"]


# Policies that cannot be used.


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def test_a_later_view_whose_policy_cannot_be_used_refuses_alone_and_the_log_says_why_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, view = site(), fresh()
    view.__qualname__ = "late"
    assert ask_wsgi(app, "OPTIONS", "/late", preflight(OF_APP)).status == 200
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.add_url_rule("/late", "late", cross_origin(origins="*")(view))
    assert [policies.of(app, path) for path in ("/view", "/page", "/late")] == ["view", "app", "closed"]
    [message] = errors(caplog)
    assert message.startswith("'late' refuses every origin, because its policy cannot be used: origins: ")
    assert 'CORS_SUPPORTS_CREDENTIALS = ["https://app.example.com"]' in message


def test_a_later_view_with_the_decorator_of_another_framework_refuses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = empty()
    CORS(app, origins="*")
    app.add_url_rule("/view", "view", crosscors.starlette.cross_origin(allow_origins=OF_VIEW)(fresh()))
    assert ask_wsgi(app, "GET", "/view", [("Origin", OF_APP)]).cors() == {"vary": "Origin"}
    [message] = errors(caplog)
    assert "from crosscors.flask import cross_origin" in message


def test_an_application_with_such_views_does_not_start() -> None:
    app = empty()
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.add_url_rule("/view", "view", cross_origin(origins="*")(fresh()))
    app.add_url_rule("/other", "other", crosscors.starlette.cross_origin(allow_origins=OF_VIEW)(fresh()))
    with pytest.raises(PolicyError) as refused:
        CORS(app, origins=OF_APP)
    assert [problem.code for problem in refused.value.problems] == ["wildcard-with-credentials", "wrong-type"]
    assert all(problem.option.startswith("cross_origin of '") for problem in refused.value.problems)
    assert "from crosscors.flask import cross_origin" in refused.value.problems[1].hint


# Policies that have no effect.


def hiding(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator without functools.wraps."""

    def inner(**arguments: Any) -> Any:
        return view(**arguments)

    return inner


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("has_app_policy", [True, False], ids=["CORS(app)", "alone"])
def test_a_policy_that_a_decorator_hides_is_logged_once(
    has_app_policy: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = empty()
    app.add_url_rule("/view", "view", hiding(of_view()))
    if has_app_policy:
        CORS(app, origins=OF_APP)
    assert [policies.of_actual(app, "/view"), policies.of_actual(app, "/view")] == [
        "app" if has_app_policy else "none"
    ] * 2
    [message] = warnings_of(caplog)
    assert "does not apply" in message
    assert "functools.wraps" in message


def test_a_wrapped_view_and_a_view_that_calls_another_one_hide_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, view = empty(), of_view()
    app.add_url_rule("/view", "view", functools.wraps(view)(hiding(view)))
    app.add_url_rule("/plain", "plain", view)
    app.add_url_rule("/page", "page", hiding(view))
    CORS(app, origins=OF_APP)
    assert [policies.of(app, path) for path in ("/view", "/plain", "/page")] == ["view", "view", "app"]
    assert warnings_of(caplog) == []


def test_a_later_decorator_in_the_wrong_place_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = empty()
    CORS(app, origins=OF_APP)
    assert ask_wsgi(app, "OPTIONS", "/view", preflight(OF_APP)).status == 200
    cross_origin(origins=OF_VIEW)(app.route("/view")(fresh()))
    assert policies.of(app, "/view") == "app"
    [message] = warnings_of(caplog)
    assert "Write @cross_origin(...) below the decorator that routes" in message


# The reader's words.


@table(
    "config, options, hint",
    ("a keyword", {}, {"methods": ["GET"]}, "methods=['GET', 'PUT']"),
    ("the core's name", {}, {"allow_methods": ["GET"]}, "allow_methods=['GET', 'PUT']"),
    ("the configuration", {"CORS_METHODS": ["GET"]}, {}, "CORS_METHODS = ['GET', 'PUT']"),
    ("a resource", {}, {"resources": {"/page": {"methods": ["GET"]}}}, "\"methods\": ['GET', 'PUT']"),
)
def test_the_log_says_what_to_write_where_the_option_stands(
    config: dict[str, Any], options: dict[str, Any], hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = empty()
    app.config.update(config)
    CORS(app, origins=OF_APP, **options)
    caplog.set_level(logging.INFO, "crosscors")
    ask_wsgi(app, "OPTIONS", "/page", preflight(OF_APP, "PUT"))
    assert hint in caplog.messages[-1]


def test_an_expression_among_the_origins_is_named_as_one_of_them() -> None:
    with pytest.raises(PolicyError) as refused:
        CORS(empty(), origins=[OF_APP, r"https://a\d.example"], supports_credentials=True)
    assert [problem.option for problem in refused.value.problems] == ["origins"]


@table(
    "name, instead",
    ("the middleware", "CORSMiddleware", "from crosscors.wsgi import CORSMiddleware"),
    ("the policy", "CORSPolicy", "from crosscors import CORSPolicy"),
    ("another case", "Cors", "from crosscors.flask import CORS"),
    ("capitals", "CROSS_ORIGIN", "from crosscors.flask import cross_origin"),
    ("policies by path", "Resources", "from crosscors import Resources"),
)
def test_a_wrong_import_names_the_right_one(name: str, instead: str) -> None:
    with pytest.raises(ImportError, match=instead):
        exec(f"from crosscors.flask import {name}")  # noqa: S102  # what users write
    assert not hasattr(crosscors.flask, "nothing")


# Paths without their slash, as test clients may send them.


@each("path", "api/x", "/api/x", "", "/", "api/view", "?q=1", "api")
@each("is_preflight", False, True)
def test_a_path_without_its_slash_is_covered_as_flask_routes_it(path: str, is_preflight: bool) -> None:
    app = Flask(__name__)
    for rule in ("/", "/api/x", "/api/"):
        app.add_url_rule(rule, rule, lambda: "Hello")
    app.add_url_rule("/api/view", "view", of_view())
    CORS(app, resources={"/api/*": {"origins": OF_BLUEPRINT}, "/": {"origins": OF_APP}})
    origin = OF_VIEW if "view" in path else OF_BLUEPRINT if "api" in path else OF_APP
    headers = {"Origin": origin}
    if is_preflight:
        headers["Access-Control-Request-Method"] = "GET"
    answer = app.test_client().open(path, method="OPTIONS" if is_preflight else "GET", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == origin
