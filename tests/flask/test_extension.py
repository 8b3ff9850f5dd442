"""``CORS``: which policy covers which request of a Flask application, however the application is built."""

from __future__ import annotations

import gc
import io
import re
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, abort, current_app, redirect, request, send_file
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from crosscors import CORSPolicy, CORSRequest, Decision, Kind, PolicyError, Resources
from crosscors._adapter.decider import deciders_made
from crosscors.flask import CORS, cross_origin
from tests.clients import ask_wsgi, attempt_wsgi, preflight, wsgi_environ
from tests.flask.apps import (
    ALLOWED,
    OF_APP,
    OF_BLUEPRINT,
    OF_INNER,
    OF_VIEW,
    ask,
    blueprint,
    fresh,
    of_view,
    policies,
    site,
    with_view,
)
from tests.tables import each, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# How the extension gets at an application.


def test_an_extension_waits_for_init_app_and_leaves_other_applications_alone() -> None:
    app, other = site(), site()
    cors = CORS(origins=OF_APP)
    assert policies.of(app) == "none"
    cors.init_app(app)
    assert (policies.of(app), policies.of(other)) == ("app", "none")
    cors.init_app(other, origins=OF_INNER)
    assert policies.of(other) == "inner"


def test_an_application_has_one_decider() -> None:
    before = deciders_made()
    CORS(site(), origins=OF_APP)
    assert deciders_made() == before + 1


def test_an_application_is_forgotten_with_its_extension() -> None:
    app = with_view()
    assert policies.of(app, "/view") == "view"
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


@each("app", "app", Flask, fresh(), False, site().wsgi_app)
@each("give", CORS, CORS().init_app)
def test_what_is_not_an_application_is_refused(app: Any, give: Callable[[Any], object]) -> None:
    with pytest.raises(PolicyError) as refused:
        give(app)
    [problem] = refused.value.problems
    assert (problem.code, problem.option, problem.value) == ("wrong-type", "app", app)


def test_a_wrong_policy_leaves_the_application_as_it_was_and_a_second_one_is_refused() -> None:
    app = site()
    with pytest.raises(PolicyError):
        CORS(app, origins=OF_VIEW, on_decision=1)  # type: ignore[arg-type]
    assert policies.of(app) == "none"
    CORS(app, origins=OF_APP)
    for again in (CORS, CORS().init_app):
        with pytest.raises(PolicyError) as refused:
            again(app)
        [problem] = refused.value.problems
        assert (problem.code, problem.option, problem.value) == ("policy-twice", "app", app)
    assert policies.of(app) == "app"


def test_a_view_whose_policy_is_wrong_leaves_the_application_as_it_was() -> None:
    app = site(CORS_SUPPORTS_CREDENTIALS=True)
    app.add_url_rule("/view", "view", of_view(origins="*"))
    with pytest.raises(PolicyError):
        CORS(app, origins=OF_APP)
    app.config["CORS_SUPPORTS_CREDENTIALS"] = False
    CORS(app, origins=OF_APP)
    assert policies.of(app) == "app"


# Paths.

NARROW, POLICY = {"origins": OF_VIEW}, CORSPolicy(allow_origins=OF_INNER)


@table(
    "resources, expected",
    ("an exact path", "/api", ["none", "app", "none", "none"]),
    ("a set", {"/other"}, ["none", "none", "none", "app"]),
    ("an iterator", iter(["/other"]), ["none", "none", "none", "app"]),
    ("an expression", re.compile(r"/a.*/.*"), ["none", "none", "app", "none"]),
    ("a dict of options", {"/api/*": NARROW}, ["none", "view", "view", "none"]),
    ("a dict with none of them", {"/*": {}, "/api/*": NARROW}, ["app", "view", "view", "app"]),
    ("a dict with what is left out", {"/*": {}, "/api/*": None}, ["app", "none", "none", "app"]),
    ("a dict of policies", {"/api/*": POLICY, "/api": NARROW}, ["none", "view", "inner", "none"]),
    ("expressions last", {re.compile(".*"): {}, "/api": NARROW}, ["app", "view", "app", "app"]),
)
def test_resources_cover_the_paths_that_they_name(resources: Any, expected: list[str]) -> None:
    app = site("/", "/api", "/api/items", "/other")
    CORS(app, origins=OF_APP, resources=resources)
    assert [policies.of(app, path) for path in ("/", "/api", "/api/items", "/other")] == expected


@each("place", "policy", "init_app", "CORS_RESOURCES")
def test_whole_policies_are_taken_as_they_are(place: str) -> None:
    public, private = CORSPolicy(allow_origins="*"), CORSPolicy(allow_origins=OF_APP)
    given: Any = {"/api/*": public, "/api/private": private}
    app = site("/", "/api/items", "/api/private", **({place: given} if place == "CORS_RESOURCES" else {}))
    if place == "policy":
        CORS(app, policy=Resources(given))
    else:
        keywords: dict[str, Any] = {} if place == "CORS_RESOURCES" else {"policy": Resources(given)}
        CORS().init_app(app, **keywords)
    paths = ("/", "/api/items", "/api/private", "/api/missing")
    assert [policies.of(app, path) for path in paths] == ["none", "public", "app", "public"]


# debug and on_decision.


@each("debug", False, True)
def test_debug_holds_for_all_policies_of_the_application(debug: bool) -> None:
    app = site()
    app.add_url_rule("/view", "view", of_view(methods=["GET"]))
    CORS(app, debug=debug, origins=OF_APP, methods=["GET"])
    for path, origin in (("/", OF_APP), ("/view", OF_VIEW)):
        assert ask_wsgi(app, "OPTIONS", path, preflight(origin, "PUT")).status == (200 if debug else 400)


@each("build", with_view, site)
@each("debug", None, False, True)
def test_without_debug_that_of_flask_is_read_at_each_request(build: Any, debug: bool | None) -> None:
    app = site()
    if build is with_view:
        app.add_url_rule("/view", "view", of_view())
    CORS(app, debug=debug, origins=OF_APP, methods=["GET"])
    for app.debug in (False, True, False):
        explains = app.debug if debug is None else debug
        refused = ask_wsgi(app, "OPTIONS", "/", preflight(OF_APP, "PUT"))
        assert (refused.status, bool(refused.values("x-cors-refused"))) == (
            200 if explains else 400,
            explains,
        )
        assert bool(ask(app, origin=OF_INNER).values("x-cors-refused")) == explains


def decorated_with(bp: Blueprint | None = None, **options: Any) -> Flask:
    """An application with a page, /view with a policy of its own, and policies for some paths or none."""
    app = site("/other", "/api/items")
    app.add_url_rule("/view", "view", of_view())
    if bp is not None:
        CORS(bp, origins=OF_BLUEPRINT)
        app.register_blueprint(bp)
    if options:
        CORS(app, origins=OF_APP, **options)
    return app


def with_another(app: Flask) -> Flask:
    """The application with one more view and one more blueprint that have a policy."""
    another = of_view()
    another.__qualname__ = "another"
    app.add_url_rule("/another", "another", another)
    two = blueprint("two", "/two")
    CORS(two, origins=OF_BLUEPRINT)
    app.register_blueprint(two)
    return app


@table(
    "build, path, of",
    ("the application", lambda: decorated_with(methods=["GET"]), "/other", "the application"),
    ("a key of resources", lambda: decorated_with(resources="/api/*"), "/api/items", "'/api/*'"),
    ("a view", lambda: decorated_with(methods=["GET"]), "/view", "the view 'of_its_own'"),
    ("a view, alone", decorated_with, "/view", "the view 'of_its_own'"),
    ("a blueprint", lambda: decorated_with(blueprint(path="/bp")), "/bp", "the blueprint 'bp'"),
    ("another view", lambda: with_another(decorated_with()), "/another", "the view 'another'"),
    ("another blueprint", lambda: with_another(decorated_with(blueprint())), "/two", "the blueprint 'two'"),
    (
        "an application with such views and blueprints",
        lambda: with_another(decorated_with(blueprint(path="/bp"), methods=["GET"])),
        "/other",
        "the application",
    ),
)
def test_the_log_says_whose_policy_refused(
    build: Callable[[], Flask], path: str, of: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "crosscors")
    app = build()
    app.view_functions["view"].__qualname__ = "of_its_own"
    ask(app, "/view", origin=OF_VIEW)
    ask(app, path, origin=OF_INNER)
    ask_wsgi(app, "OPTIONS", path, preflight(OF_INNER))
    assert [message.partition(": ")[0] for message in caplog.messages] == [
        f"the CORS policy of {of} refused 'GET {path}'",
        f"the CORS policy of {of} refused the preflight for 'GET {path}'",
    ]


@table(
    "build, hint",
    (
        "resources",
        lambda: decorated_with(resources=["/api/*"]),
        "Add a key that covers it to resources, such as '/other/*'. The nearest key is '/api/*'.",
    ),
    (
        "resources with options",
        lambda: decorated_with(resources={"/api/*": {"methods": ["GET"]}}),
        "Add a key that covers it to resources, such as '/other/*'. The nearest key is '/api/*'.",
    ),
    (
        "views and blueprints that have the only policies",
        lambda: decorated_with(blueprint(path="/bp")),
        "Give its view a policy with @cross_origin(...), or the application with CORS(app, ...).",
    ),
)
@each("fails", False, True)
def test_a_path_that_no_policy_covers_is_told_once(
    build: Callable[[], Flask], hint: str, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "crosscors")
    app = build()
    if fails:
        app.config["PROPAGATE_EXCEPTIONS"] = True
        app.view_functions["/other"] = lambda: str(1 // 0)
    found = attempt_wsgi(app, "GET", "/other", [("Origin", OF_APP)])
    assert isinstance(found.error, ZeroDivisionError) == fails
    ask_wsgi(app, "OPTIONS", "/other", preflight(OF_APP))
    ask_wsgi(app, "OPTIONS", "/other", [])
    assert [message for message in caplog.messages if "Exception" not in message] == [
        f"{named} gets no CORS headers: no policy covers the path '/other'. {hint}"
        for named in ("'GET /other'", "the preflight for 'GET /other'")
    ]


def test_on_decision_is_told_once_of_every_cross_origin_request_and_of_all_that_a_policy_covers() -> None:
    told: list[tuple[CORSRequest, Decision]] = []
    app = site("/", "/other")
    app.add_url_rule("/view", "view", of_view())
    hook = lambda *given: told.append(given)  # noqa: E731
    CORS(app, on_decision=hook, origins=OF_APP, resources=["/", "/missing"])
    for path in ("/", "/other", "/view", "/missing"):
        ask(app, path)
    ask_wsgi(app, "OPTIONS", "/", preflight(OF_APP))
    for path in ("/", "/other"):
        ask_wsgi(app, path=path)
    assert [(asked.path, decision.kind, decision.allowed) for asked, decision in told] == [
        ("/", Kind.ACTUAL, True),
        ("/other", Kind.ACTUAL, False),
        ("/view", Kind.ACTUAL, False),
        ("/missing", Kind.ACTUAL, True),
        ("/", Kind.PREFLIGHT, True),
        ("/", Kind.NOT_CORS, True),
    ]
    assert [refusal.code for _, decision in told for refusal in decision.refusals] == [
        "path-not-covered",
        "origin-not-allowed",
    ]


# Blueprints.


@each("is_app_first", True, False)
@each("is_registered_early", True, False)
def test_the_policy_of_a_blueprint_replaces_that_of_the_application(
    is_app_first: bool, is_registered_early: bool
) -> None:
    app, bp = site(), blueprint(path="/bp")
    if is_app_first:
        CORS(app, origins=OF_APP)
    CORS(bp, origins=OF_BLUEPRINT)
    if is_registered_early:
        app.register_blueprint(bp)
    if not is_app_first:
        CORS(app, origins=OF_APP)
    if not is_registered_early:
        app.register_blueprint(bp)
    assert [policies.of(app, path) for path in ("/", "/bp")] == ["app", "blueprint"]


def test_a_blueprint_takes_what_it_lacks_from_each_application_and_covers_nothing_else() -> None:
    bp = blueprint(path="/bp")
    CORS(methods=["PUT"]).init_app(bp, max_age=5)
    for name, origin in (("app", OF_APP), ("view", OF_VIEW)):
        app = site(CORS_ORIGINS=origin)
        app.register_blueprint(bp)
        assert [policies.of_actual(app, path) for path in ("/bp", "/", "/bp/missing")] == [
            name,
            "none",
            "none",
        ]
        answer = ask_wsgi(app, "OPTIONS", "/bp", preflight(origin, "PUT"))
        assert (answer.status, answer.cors()["access-control-max-age"]) == (200, "5")
        assert ask_wsgi(app, "OPTIONS", "/bp", preflight(origin, "PATCH")).status == 400


def test_the_innermost_blueprint_with_a_policy_has_the_say() -> None:
    app, outer, middle, inner = site(), blueprint("outer"), blueprint("middle"), blueprint("inner")
    CORS(outer, origins=OF_BLUEPRINT)
    CORS(inner, origins=OF_INNER)
    middle.register_blueprint(inner, url_prefix="/inner")
    outer.register_blueprint(middle, url_prefix="/middle")
    app.register_blueprint(outer, url_prefix="/outer")
    CORS(app, origins=OF_APP)
    paths = ("/", "/outer/", "/outer/middle/", "/outer/middle/inner/")
    assert [policies.of(app, path) for path in paths] == ["app", "blueprint", "blueprint", "inner"]


def test_a_blueprint_in_two_places_has_its_policy_in_both_and_its_name_is_no_prefix() -> None:
    app, bp, first, second = site(), blueprint("api"), blueprint("first"), blueprint("second")
    CORS(bp, origins=OF_BLUEPRINT)
    app.register_blueprint(bp, url_prefix="/v1", name="one")
    app.register_blueprint(blueprint("api_private"), url_prefix="/private")
    first.register_blueprint(bp, url_prefix="/in")
    second.register_blueprint(bp, url_prefix="/in", name="renamed")
    app.register_blueprint(first, url_prefix="/first")
    app.register_blueprint(second, url_prefix="/second")
    assert [policies.of(app, f"{path}/") for path in ("/v1", "/first/in", "/second/in")] == ["blueprint"] * 3
    assert [policies.of(app, f"{path}/") for path in ("/private", "/first", "/second")] == ["none"] * 3


def test_resources_of_a_blueprint_are_whole_paths() -> None:
    app, bp = site(), blueprint()
    bp.add_url_rule("/items", "items", fresh())
    CORS(bp, origins=OF_BLUEPRINT, resources={"/api/items": {}, "/items": {"origins": OF_INNER}})
    app.register_blueprint(bp, url_prefix="/api")
    assert [policies.of(app, path) for path in ("/", "/api/", "/api/items")] == ["none", "none", "blueprint"]


@each("path", "/private", "//private", "/private/", "/%70rivate")
def test_no_spelling_of_a_path_takes_a_blueprint_s_resource_for_the_application_s(path: str) -> None:
    app, bp = Flask(__name__), Blueprint("bp", __name__)
    bp.add_url_rule("/private", "private", fresh(), strict_slashes=False)
    CORS(bp, resources={"/private": {"origins": OF_BLUEPRINT}})
    app.register_blueprint(bp)
    CORS(app, origins=OF_APP)
    is_private = ask(app, path).body == b"Hello"
    assert not (is_private and "app" in policies.of(app, path)), "the private page under the outer policy"


def test_the_static_files_of_application_and_blueprint_are_covered(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("text")
    app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
    bp = Blueprint("bp", __name__, static_folder=tmp_path, static_url_path="/static", url_prefix="/bp")
    CORS(bp, origins=OF_BLUEPRINT)
    CORS(app, origins=OF_APP)
    app.register_blueprint(bp)
    for name, status in (("file.txt", 200), ("missing.txt", 404)):
        assert ask(app, f"/static/{name}").status == ask(app, f"/bp/static/{name}").status == status
        assert policies.of(app, f"/static/{name}") == "app"
        assert policies.of(app, f"/bp/static/{name}") == "blueprint"
    [etag] = ask(app, "/static/file.txt").values("etag")
    answer = ask(app, "/static/file.txt", ("If-None-Match", etag))
    assert (answer.status, answer.cors()) == (304, ALLOWED)


@table(
    "options, code",
    ("debug", {"debug": True}, "wrong-type"),
    ("on_decision", {"on_decision": print}, "wrong-type"),
    ("a faulty policy", {"origins": "*", "supports_credentials": True}, "wildcard-with-credentials"),
)
def test_what_is_wrong_with_a_blueprint_is_refused_at_once(options: dict[str, Any], code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        CORS(blueprint(), **options)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_what_is_wrong_with_a_blueprint_of_an_application_is_refused_when_it_is_registered() -> None:
    bp, app = blueprint(), site(CORS_ORIGINS="*")
    CORS(bp, supports_credentials=True)
    with pytest.raises(PolicyError) as refused:
        app.register_blueprint(bp)
    assert [problem.code for problem in refused.value.problems] == ["wildcard-with-credentials"]

    def cover_twice(bp: Blueprint) -> None:
        CORS(bp, origins=OF_BLUEPRINT)
        CORS(bp, origins=OF_VIEW)
        site().register_blueprint(bp)

    with pytest.raises(PolicyError) as refused:
        cover_twice(blueprint())
    assert [problem.code for problem in refused.value.problems] == ["policy-twice"]


# What stands around the application.


@each("is_outside", True, False)
def test_a_proxy_s_headers_may_be_read_on_either_side(is_outside: bool) -> None:
    app = Flask(__name__)
    app.add_url_rule("/url", "url", cross_origin(origins=OF_VIEW)(lambda: request.url))
    if is_outside:
        CORS(app, origins=OF_APP)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_proto=1, x_prefix=1)  # type: ignore[method-assign]
    if not is_outside:
        CORS(app, origins=OF_APP)
    forwarded = [
        ("X-Forwarded-Host", "www.example.com"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/behind"),
    ]
    assert ask(app, "/url", *forwarded).body == b"https://www.example.com/behind/url"
    assert [policies.of(app, path, headers=forwarded) for path in ("/url", "/missing")] == ["view", "app"]


class Rewriting:
    """What documentation shows to be put around ``app.wsgi_app``: it changes what the router sees."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        environ["REQUEST_METHOD"] = environ.get("HTTP_X_METHOD", environ["REQUEST_METHOD"])
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/prefix")
        environ["HTTP_HOST"] = environ.get("HTTP_X_FORWARDED_HOST", environ["HTTP_HOST"])
        return self.app(environ, start_response)


@table(
    "path, method, fields",
    ("the method", "/", "POST", [("X-Method", "GET")]),
    ("the path", "/prefix/page", "GET", []),
    ("the host", "/hosted", "GET", [("X-Forwarded-Host", "private.example.com")]),
)
def test_what_rewrites_requests_outside_of_the_policy_gets_no_view_another_one(
    path: str, method: str, fields: list[tuple[str, str]]
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
    assert ask(app, path, *fields, method=method).body == b"private"
    assert policies.of_actual(app, path, method, fields) == "view"


def test_mounted_applications_have_their_own_policies() -> None:
    first, second, other = site("/", "/x"), site("/", "/x"), site("/", "/first")
    CORS(first, origins=OF_APP)
    CORS(second, origins=OF_VIEW)
    mounted = DispatcherMiddleware(other, {"/first": first, "/second": second})
    paths = ("/", "/first/x", "/second/x", "/first/missing", "/missing")
    assert [policies.of(mounted, path) for path in paths] == ["none", "app", "view", "app", "none"]


def with_environ(app: WSGIApplication, **variables: Any) -> WSGIApplication:
    def changed(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return app({**environ, **variables}, start_response)

    return changed


def test_below_a_root_views_are_found_by_the_rest_of_the_path() -> None:
    app = with_view("/page", APPLICATION_ROOT="/base")
    below = with_environ(app, SCRIPT_NAME="/base")
    assert [policies.of(below, path) for path in ("/page", "/view", "/base/view")] == ["app", "view", "app"]
    at_root = Flask(__name__)
    at_root.add_url_rule("/", "view", of_view())
    CORS(at_root, origins=OF_APP)
    assert policies.of(with_environ(at_root, SCRIPT_NAME="/base", PATH_INFO="")) == "view"


def test_the_same_path_on_two_hosts_has_two_policies() -> None:
    by_name = with_view("/page", SERVER_NAME="example.com")
    at_home = with_environ(by_name, HTTP_HOST="example.com")
    assert [policies.of(at_home, path) for path in ("/page", "/view")] == ["app", "view"]
    by_subdomain = Flask(__name__, subdomain_matching=True)
    by_subdomain.config["SERVER_NAME"] = "example.com"
    by_subdomain.add_url_rule("/", "www", fresh(), subdomain="www")
    by_subdomain.add_url_rule("/", "private", of_view(), subdomain="private")
    by_host = Flask(__name__, host_matching=True, static_folder=None)
    by_host.add_url_rule("/", "www", fresh(), host="www.example.com")
    by_host.add_url_rule("/", "private", of_view(), host="private.example.com")
    for app in (by_subdomain, by_host):
        CORS(app, origins=OF_APP)
        for host, expected in (
            ("www.example.com", "app"),
            ("private.example.com", "view"),
            ("private.example.com:80", "view"),
            ("PRIVATE.example.com", "view"),
            ("missing.example.com", "app"),
        ):
            assert policies.of(with_environ(app, HTTP_HOST=host)) == expected


def test_a_host_that_is_not_trusted_gets_its_error_under_the_policy_of_the_application() -> None:
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["example.com"]
    app.add_url_rule("/", "view", cross_origin(origins=OF_VIEW)(lambda: request.host))
    CORS(app, origins=OF_APP)
    trusted, evil = (with_environ(app, HTTP_HOST=host) for host in ("example.com", "evil.example"))
    assert policies.of(trusted) == "view"
    # Before Flask 3.1, there is no such configuration.
    assert (ask(evil).status, policies.of(evil)) in ((400, "app"), (200, "view"))


@each("host", "", ":", "[", "[::1", "a" * 300, "x..y", ".", "\xff", "a:b:c", " ", "%00")
def test_no_host_makes_more_of_an_error_than_it_is_to_flask(host: str) -> None:
    plain, covered = (with_environ(app, HTTP_HOST=host) for app in (site(), with_view()))
    assert ask(covered).status == ask(plain).status


# What the application answers with.


def test_a_sent_file_is_covered_and_whole() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "file", lambda: send_file(io.BytesIO(b"0123456789"), "text/plain", etag="x"))
    CORS(app, origins=OF_APP)
    answer = ask(app, "/", ("Range", "bytes=2-4"))
    assert (answer.status, answer.body, answer.values("content-range")) == (206, b"234", ["bytes 2-4/10"])
    assert answer.cors() == ALLOWED


@each("has_view_policy", True, False)
@table(
    "path, location",
    ("a slash that is missing", "/slash", "http://127.0.0.1/slash/"),
    ("redirect_to", "/old", "http://127.0.0.1/slash/"),
    ("merged slashes", "/a//b", "http://127.0.0.1/a/b"),
    ("defaults", "/by/default/1", "http://127.0.0.1/by/default"),
    ("a view's redirect", "/by/hand", "/slash/"),
)
def test_redirects_are_covered_and_their_preflights_answered(
    path: str, location: str, has_view_policy: bool
) -> None:
    app = with_view("/slash/", "/a/b") if has_view_policy else site("/slash/", "/a/b")
    app.add_url_rule("/old", "old", redirect_to="/slash/")
    app.add_url_rule("/by/default", "default", lambda number: f"{number}", defaults={"number": 1})
    app.add_url_rule("/by/default/<int:number>", "default")
    app.add_url_rule("/by/hand", "hand", lambda: redirect("/slash/"))
    if not has_view_policy:
        CORS(app, origins=OF_APP)
    answer = ask(app, path)
    assert (answer.status in (302, 308), answer.values("location")) == (True, [location])
    assert policies.of(app, path) == "app"


def test_a_stream_stays_a_stream() -> None:
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
    environ = wsgi_environ("GET", "/", [("Origin", OF_APP)])
    parts: Any = app(environ, lambda *given: started.append(given))  # type: ignore[arg-type]
    assert (next(iter(parts)), events) == (b"0", ["made 0"])
    assert ("Access-Control-Allow-Origin", OF_APP) in started[0][1]
    parts.close()
    assert events == ["made 0", "closed"]


def test_a_view_s_own_options_is_reached_by_what_is_not_a_preflight() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "own", lambda: "own", methods=["OPTIONS"])
    app.add_url_rule("/page", "page", fresh())
    CORS(app, origins=OF_APP)
    assert ask(app, method="OPTIONS").body == b"own"
    assert ask_wsgi(app, "OPTIONS", "/", preflight(OF_APP)).body == b"OK"
    [allow] = ask(app, "/page", method="OPTIONS").values("allow")
    assert set(allow.split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert ask(app, "/page", method="HEAD").headers == ask(app, "/page").headers


@each("path", "/", "/slash", "/missing")
def test_preflights_are_answered_before_the_application_does_anything(path: str) -> None:
    app = site("/", "/slash/")
    app.before_request(lambda: abort(401))
    CORS(app, origins=OF_APP)
    answer = ask_wsgi(app, "OPTIONS", path, preflight(OF_APP, "PUT", "x-token"))
    assert (answer.status, answer.body) == (200, b"OK")


# Routing.


@each("resources", None, "/*")
@each("has_view", True, False)
def test_a_request_is_routed_once_and_with_policies_of_views_twice_at_most(
    resources: Any, has_view: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = site("/", "/other")
    app.register_blueprint(blueprint(path="/bp"))
    if has_view:
        app.add_url_rule("/view", "view", of_view())
    options: dict[str, Any] = {"resources": resources} if resources else {}
    CORS(app, origins=OF_APP, **options)
    calls: list[object] = []
    create_url_adapter = app.create_url_adapter

    def counting(asked: Any) -> Any:
        calls.extend([asked] if asked is not None else [])
        return create_url_adapter(asked)

    monkeypatch.setattr(app, "create_url_adapter", counting)
    for path in ("/", "/other", "/bp", "/missing"):
        ask(app, path)
    assert len(calls) <= 8 if has_view else len(calls) == 4
    calls.clear()
    ask_wsgi(app, "OPTIONS", "/", preflight(OF_APP))
    assert len(calls) == has_view


class FailingConverter(BaseConverter):
    def to_python(self, value: str) -> Any:
        raise LookupError("the database is gone")


class AbortingConverter(BaseConverter):
    def to_python(self, value: str) -> Any:
        abort(410)


class Tenants(BaseConverter):
    def to_python(self, value: str) -> Any:
        return current_app.config["TENANTS"][value]


def test_converters_may_use_the_application_abort_and_fail() -> None:
    app = with_view(TENANTS={"ann": "Ann"})
    app.url_map.converters |= {"failing": FailingConverter, "aborting": AbortingConverter, "tenant": Tenants}
    app.add_url_rule("/failing/<failing:item>", "failing", fresh())
    app.add_url_rule("/aborting/<aborting:item>", "aborting", fresh())
    app.add_url_rule("/tenants/<tenant:name>", "tenant", of_view())
    assert policies.of(app, "/tenants/ann") == "view"
    assert (ask(app, "/aborting/1").status, policies.of(app, "/aborting/1")) == (410, "app")
    answer = ask(app, "/failing/1")
    # It may do better when Flask asks it, and lead to a view with a stricter policy.
    assert (answer.status, answer.allowed) in ((500, None), (500, OF_APP))


@each("fails", "create_url_adapter", "request_class")
def test_what_flask_leaves_to_the_server_goes_there(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = with_view(TESTING=True)

    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError("before there is a request")

    monkeypatch.setattr(app, fails, fail)
    assert isinstance(attempt_wsgi(app, path="/view", headers=[("Origin", OF_APP)]).error, LookupError)


def test_rules_without_a_view_and_of_websockets_do_not_confuse() -> None:
    app = with_view()
    app.add_url_rule("/bare", "bare")
    app.add_url_rule("/socket", "socket", of_view(), websocket=True)
    assert [policies.of(app, path) for path in ("/bare", "/socket")] == ["app", "app"]
    assert ask(app, "/socket").status == 400
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    assert policies.of_actual(app, "/socket", headers=upgrade) == "view"


# A strict view among lax ones: whatever is asked for, its answer never comes under the policy of others.

PRIVATE, PUBLIC = b"private", b"public"


def two_views() -> Flask:
    """Private and public views in rules that overlap wherever they can."""
    app = Flask(__name__)

    def public(**_: Any) -> bytes:
        return PUBLIC

    private = cross_origin(origins=OF_VIEW)(lambda **_: PRIVATE)
    rules: list[tuple[str, Any, dict[str, Any]]] = [
        ("/", private, {"methods": ["GET"]}),
        ("/", public, {"methods": ["POST", "OPTIONS"]}),
        ("/a/b", private, {"strict_slashes": False}),
        ("/a/<path:rest>", public, {}),
        ("/a/<int:number>/", private, {"methods": ["PUT", "GET"]}),
        ("/p/<path:rest>", private, {"merge_slashes": False}),
        ("/p/<name>", public, {}),
        ("/\u00e9/", private, {}),
        ("/e/", public, {"defaults": {"rest": "x"}}),
        ("/e/<rest>", private, {}),
        ("/any/<any(a, b):which>", private, {}),
        ("/any/<which>", public, {"methods": ["DELETE"]}),
        ("/uuid/<uuid:which>", private, {}),
    ]
    for number, (rule, view, options) in enumerate(rules):
        app.add_url_rule(rule, str(number), view, **options)
    CORS(app, origins=OF_APP)
    return app


SEGMENTS = [*["a", "b", "p", "e", "é", "é", "any", "1", "x", ".", "..", "%2f", "%252f", "%61", "A"], ""]
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
@example(path="/a/b/", method="GET", script_name="", host="localhost", asked=None)
@example(path="/a/1", method="PUT", script_name="", host="localhost", asked=None)
@example(path="/p//x", method="GET", script_name="", host="localhost", asked=None)
@example(path="", method="GET", script_name="/a", host="localhost", asked=None)
@example(path="/any/a", method="PATCH", script_name="", host="localhost", asked=None)
def test_no_request_gets_a_view_s_answer_under_the_policy_of_another(
    path: str, method: str, script_name: str, host: str, asked: str | None
) -> None:
    app = two_views()
    for origin in (OF_APP, OF_VIEW):
        environ: dict[str, Any] = {"SCRIPT_NAME": script_name, "HTTP_HOST": host}
        if asked is not None:
            environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] = asked
        raw = path.encode("utf-8", "surrogatepass").decode("latin-1")
        answer = ask_wsgi(app, method, raw, [("Origin", origin)], **environ)
        assert answer.allowed in (None, origin)
        if answer.body in (PRIVATE, PUBLIC):
            is_own = (answer.body == PRIVATE) == (origin == OF_VIEW)
            assert (answer.allowed is not None) == is_own


# Memory.


@table(
    "method, fields",
    ("an actual request", "GET", [("Origin", OF_APP)]),
    ("a preflight", "OPTIONS", preflight(OF_VIEW)),
)
def test_requests_leave_nothing_behind_for_the_garbage_collector(
    method: str, fields: list[tuple[str, str]]
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", of_view())
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
