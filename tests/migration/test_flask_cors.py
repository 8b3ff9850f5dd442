"""What Flask-CORS's documentation promises its users, with our names in the import.

Tests whose names end in "unlike Flask-CORS" are where we differ on purpose. What a defect of theirs is,
tests/conformance/known.py shows; how options are refused, tests/flask/test_options.py.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, jsonify, session
from flask.views import MethodView, View
from werkzeug.middleware.proxy_fix import ProxyFix

from crosscors import CORSPolicy, PolicyError
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, ask_wsgi, preflight
from tests.tables import each, table

from .verdicts import gets, gets_with_credentials, readers

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

ORIGIN = "https://app.example.com"
PARTNER = "https://partner.example.net"
STRANGER = "https://stranger.example.org"
BOTH = [ORIGIN, PARTNER]
ORIGINS = (ORIGIN, PARTNER, STRANGER)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

Options = dict[str, Any]


def hello(**_: object) -> str:
    return "Hello"


def site(*paths: str, **config: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config.update(config)
    for path in paths or ("/",):
        app.add_url_rule(path, path.replace(".", "_"), hello, methods=METHODS)
    return app


def covered(*paths: str, **options: Any) -> Flask:
    app = site(*paths)
    CORS(app, **options)
    return app


def preflighted(app: Flask, path: str = "/", origin: str = ORIGIN, method: str = "GET") -> Answer:
    return ask_wsgi(app, "OPTIONS", path, preflight(origin, method))


# Where options can be written. Each place gives an application with one page, "/", that these options cover.


def configured(options: Options) -> Options:
    return {f"CORS_{name.upper()}": value for name, value in options.items()}


def keywords(options: Options) -> Flask:
    return covered(**options)


def keywords_of_a_factory(options: Options) -> Flask:
    app = site()
    CORS(**options).init_app(app)
    return app


def keywords_of_init_app(options: Options) -> Flask:
    app = site()
    CORS().init_app(app, **options)
    return app


def the_configuration(options: Options) -> Flask:
    app = site(**configured(options))
    CORS(app)
    return app


def resources(options: Options) -> Flask:
    return covered(resources={r"/*": options})


def configured_resources(options: Options) -> Flask:
    app = site(CORS_RESOURCES={r"/*": options})
    CORS(app)
    return app


def a_blueprint(options: Options) -> Flask:
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/", view_func=hello, methods=METHODS)
    CORS(blueprint, **options)
    app = Flask(__name__)
    app.register_blueprint(blueprint)
    return app


def a_view(options: Options) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", "view", cross_origin(**options)(hello), methods=METHODS)
    return app


def a_view_of_a_configured_application(options: Options) -> Flask:
    app = Flask(__name__)
    app.config.update(configured(options))
    app.add_url_rule("/", "view", cross_origin()(hello), methods=METHODS)
    return app


PLACES: list[Callable[[Options], Flask]] = [
    keywords,
    keywords_of_a_factory,
    keywords_of_init_app,
    the_configuration,
    resources,
    configured_resources,
    a_blueprint,
    a_view,
    a_view_of_a_configured_application,
]

NETWORK = ("Access-Control-Request-Private-Network", "true")
ASKED = [
    *(("GET", [("Origin", origin)]) for origin in ORIGINS),
    ("GET", []),
    ("OPTIONS", [("Origin", ORIGIN)]),
    *(("OPTIONS", preflight(origin, "PUT")) for origin in ORIGINS),
    ("OPTIONS", preflight(ORIGIN, "POST", "x-token")),
    ("OPTIONS", preflight(ORIGIN, "DELETE", "x-token, x-trace, authorization")),
    ("OPTIONS", [*preflight(ORIGIN, "PUT"), NETWORK]),
]


def said(app: Flask) -> list[tuple[int, dict[str, list[str]]]]:
    """What an application says of CORS to everything that options can matter to; lists without order."""
    answers = [ask_wsgi(app, method, "/", fields) for method, fields in ASKED]
    return [
        (answer.status, {name: sorted(value.split(", ")) for name, value in answer.cors().items()})
        for answer in answers
    ]


# Every origin, every method and every header by default, without credentials.
DEFAULT: Options = {
    "allow_origins": "*",
    "allow_methods": ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"],
    "allow_headers": "*",
    "max_age": None,
}
_EXPRESSION = re.compile(r"https://[a-z]+\.example\.com")


@each("place", *PLACES)
@table(
    "options, meant",
    ("by default everyone may do everything", {}, {}),
    ("an origin in a string", {"origins": ORIGIN}, {"allow_origins": ORIGIN}),
    ("origins in a list", {"origins": BOTH}, {"allow_origins": BOTH}),
    ("origins in a tuple", {"origins": tuple(BOTH)}, {"allow_origins": BOTH}),
    ("origins in a set", {"origins": set(BOTH)}, {"allow_origins": BOTH}),
    ("an asterisk", {"origins": "*"}, {}),
    ("an asterisk in a list", {"origins": ["*"]}, {}),
    ("no origins", {"origins": []}, {"allow_origins": []}),
    ("an expression", {"origins": _EXPRESSION}, {"allow_origins": (), "allow_origin_regex": _EXPRESSION}),
    (
        "an expression beside an origin",
        {"origins": [PARTNER, _EXPRESSION]},
        {"allow_origins": PARTNER, "allow_origin_regex": _EXPRESSION},
    ),
    (
        "two expressions, each with its flags",
        {"origins": [re.compile("https://APP.+", re.IGNORECASE), re.compile(r"https://.*\.net")]},
        {"allow_origins": BOTH},
    ),
    (
        "a pattern for subdomains, unlike Flask-CORS",
        {"origins": ["https://*.example.com"]},
        {"allow_origins": "https://*.example.com"},
    ),
    ("a method in a string", {"methods": "PUT"}, {"allow_methods": "PUT"}),
    ("methods in a list", {"methods": ["GET", "PUT"]}, {"allow_methods": ["GET", "PUT"]}),
    ("methods in a set", {"methods": {"PUT", "DELETE"}}, {"allow_methods": ["PUT", "DELETE"]}),
    ("methods in lower case", {"methods": ["put"]}, {"allow_methods": "PUT"}),
    ("a header in a string", {"allow_headers": "X-Token"}, {"allow_headers": "X-Token"}),
    (
        "headers in a list",
        {"allow_headers": ["X-Token", "X-Trace"]},
        {"allow_headers": ["X-Token", "X-Trace"]},
    ),
    ("headers in a tuple", {"allow_headers": ("x-token",)}, {"allow_headers": "x-token"}),
    ("an asterisk for headers", {"allow_headers": ["*"]}, {}),
    ("exposed headers in a string", {"expose_headers": "X-Total"}, {"expose_headers": "X-Total"}),
    ("exposed headers in a set", {"expose_headers": {"X-A", "X-B"}}, {"expose_headers": ["X-A", "X-B"]}),
    ("None for exposed headers", {"expose_headers": None}, {}),
    (
        "credentials",
        {"origins": BOTH, "supports_credentials": True},
        {"allow_origins": BOTH, "allow_credentials": True},
    ),
    ("no credentials", {"origins": BOTH, "supports_credentials": False}, {"allow_origins": BOTH}),
    (
        "credentials over plain http, on the developer's own machine",
        {"origins": ["http://localhost:3000", ORIGIN], "supports_credentials": True},
        {"allow_origins": ["http://localhost:3000", ORIGIN], "allow_credentials": True},
    ),
    ("seconds", {"max_age": 21}, {"max_age": 21}),
    ("seconds in a string", {"max_age": "21"}, {"max_age": 21}),
    ("a timedelta", {"max_age": timedelta(hours=1, seconds=1)}, {"max_age": 3601}),
    ("no seconds, which are sent, unlike Flask-CORS", {"max_age": 0}, {"max_age": 0}),
    ("None for seconds", {"max_age": None}, {}),
    ("a private network", {"allow_private_network": True}, {"allow_private_network": True}),
    ("no private network", {"allow_private_network": False}, {}),
    ("send_wildcard, for everyone", {"send_wildcard": True}, {}),
    ("send_wildcard, for a list", {"origins": BOTH, "send_wildcard": True}, {"allow_origins": BOTH}),
    ("vary_header", {"origins": BOTH, "vary_header": True}, {"allow_origins": BOTH}),
    ("always_send", {"origins": BOTH, "always_send": True}, {"allow_origins": BOTH}),
    ("automatic_options", {"origins": BOTH, "automatic_options": True}, {"allow_origins": BOTH}),
    ("intercept_exceptions", {"origins": BOTH, "intercept_exceptions": True}, {"allow_origins": BOTH}),
    # By the core's names, unlike Flask-CORS.
    ("allow_origins", {"allow_origins": [ORIGIN]}, {"allow_origins": ORIGIN}),
    ("allow_methods", {"allow_methods": ["PUT"]}, {"allow_methods": "PUT"}),
    (
        "allow_origin_regex, which leaves no one else",
        {"allow_origin_regex": _EXPRESSION.pattern},
        {"allow_origins": (), "allow_origin_regex": _EXPRESSION},
    ),
    (
        "allow_origin_func, which leaves no one else",
        {"allow_origin_func": lambda request: request.origin == ORIGIN},
        {"allow_origins": (), "allow_origin_func": lambda request: request.origin == ORIGIN},
    ),
    (
        "origins beside allow_origin_regex",
        {"origins": [PARTNER], "allow_origin_regex": _EXPRESSION},
        {"allow_origins": PARTNER, "allow_origin_regex": _EXPRESSION},
    ),
    (
        "credentials for some, and the rest for everyone",
        {"origins": "*", "allow_credentials": [ORIGIN]},
        {"allow_credentials": [ORIGIN]},
    ),
    (
        "a danger that is accepted",
        {"origins": "null", "supports_credentials": True, "dangerously_allow": ["null-origin"]},
        {"allow_origins": "null", "allow_credentials": True, "dangerously_allow": ["null-origin"]},
    ),
)
def test_an_option_means_the_same_in_every_place(
    place: Callable[[Options], Flask], options: Options, meant: Options
) -> None:
    assert said(place(options)) == said(covered(policy=CORSPolicy(**{**DEFAULT, **meant})))


def test_origins_may_come_from_a_generator_unlike_flask_cors() -> None:
    assert readers(covered(origins=(origin for origin in BOTH)), ORIGINS) == set(BOTH)


def test_every_option_of_theirs_may_be_given_at_once() -> None:
    switches = ["send_wildcard", "vary_header", "automatic_options", "intercept_exceptions", "always_send"]
    options: Options = {
        "origins": [ORIGIN],
        "methods": ["GET"],
        "expose_headers": ["X-Total"],
        "allow_headers": ["X-Token"],
        "supports_credentials": True,
        "max_age": 1,
        "allow_private_network": True,
        **dict.fromkeys(switches, True),
    }
    assert said(keywords({**options, "resources": "/*"})) == said(
        the_configuration({**options, "resources": "/*"})
    )


# What the closest place says counts: resources, then keywords, then the configuration, then the default.


@table(
    "config, constructor, init_app, resource, expected",
    ("the default", {}, {}, {}, {}, None),
    ("the configuration over the default", {"CORS_MAX_AGE": 1}, {}, {}, {}, "1"),
    ("a keyword over the configuration", {"CORS_MAX_AGE": 1}, {"max_age": 2}, {}, {}, "2"),
    ("a keyword of init_app over an earlier", {}, {"max_age": 2}, {"max_age": 3}, {}, "3"),
    ("a resource over a keyword", {}, {}, {"max_age": 3}, {"max_age": 4}, "4"),
    ("a resource over the configuration", {"CORS_MAX_AGE": 1}, {}, {}, {"max_age": 4}, "4"),
    ("a resource over all", {"CORS_MAX_AGE": 1}, {"max_age": 2}, {"max_age": 3}, {"max_age": 4}, "4"),
    ("None is a value like others", {"CORS_MAX_AGE": 1}, {"max_age": 2}, {"max_age": None}, {}, None),
)
def test_the_closest_setting_counts(
    config: Options, constructor: Options, init_app: Options, resource: Options, expected: str | None
) -> None:
    app = site(**config)
    CORS(**constructor).init_app(app, resources={"/*": resource}, **init_app)
    assert preflighted(app).cors().get("access-control-max-age") == expected


@table(
    "below, above",
    ("theirs below theirs", "CORS_ORIGINS", "origins"),
    ("theirs below ours", "CORS_ORIGINS", "allow_origins"),
    ("ours below theirs", "CORS_ALLOW_ORIGINS", "origins"),
    ("ours below ours", "CORS_ALLOW_ORIGINS", "allow_origins"),
)
@each("place", "constructor", "init_app", "resource")
def test_a_closer_setting_counts_by_whichever_name_it_is_given_unlike_flask_cors(
    below: str, above: str, place: str
) -> None:
    app = site(**{below: [PARTNER]})
    given: Options = {above: [ORIGIN]}
    if place == "constructor":
        CORS(**given).init_app(app)
    elif place == "init_app":
        CORS().init_app(app, **given)
    else:
        CORS(app, resources={"/*": given})
    assert readers(app, ORIGINS) == {ORIGIN}


def test_settings_of_all_places_are_taken_together() -> None:
    app = site(CORS_EXPOSE_HEADERS=["X-Total"], CORS_METHODS=["GET"])
    resource = {"methods": ["GET", "PUT"]}
    CORS(origins=BOTH, max_age=1).init_app(app, supports_credentials=True, resources={"/*": resource})
    expected = CORSPolicy(
        allow_origins=BOTH,
        allow_credentials=True,
        allow_methods=["GET", "PUT"],
        allow_headers="*",
        expose_headers="X-Total",
        max_age=1,
    )
    assert said(app) == said(covered(policy=expected))


def test_resources_of_a_keyword_replace_those_of_the_configuration() -> None:
    app = site("/one", "/two", CORS_RESOURCES="/one")
    CORS(app, resources="/two")
    assert [gets(app, STRANGER, path) for path in ("/one", "/two")] == [False, True]


def test_a_view_starts_from_the_configuration_and_not_from_keywords_of_the_extension() -> None:
    app = Flask(__name__)
    app.config.update(CORS_EXPOSE_HEADERS="X-Configured", CORS_ORIGINS=[PARTNER])
    CORS(app, origins=BOTH, max_age=5, expose_headers="X-Keyword")
    app.add_url_rule("/", "view", cross_origin(origins=[STRANGER])(hello))
    app.add_url_rule("/configured", "configured", cross_origin(methods=["GET"])(hello))
    assert readers(app, ORIGINS) == {STRANGER}
    assert readers(app, ORIGINS, "/configured") == {PARTNER}
    answer = ask_wsgi(app, headers=[("Origin", STRANGER)])
    assert answer.values("access-control-expose-headers") == ["X-Configured"]
    assert not preflighted(app, origin=STRANGER).values("access-control-max-age")


def test_names_of_the_applications_own_in_the_configuration_are_left_alone() -> None:
    app = site(CORS_PROXY_TIMEOUT=5, CORSAIR="ship", cors_origins="*", CORS_ORIGINS=BOTH)
    CORS(app)
    assert readers(app, ORIGINS) == set(BOTH)


@table(
    "config, options",
    ("where everyone is the default", {}, {"supports_credentials": True}),
    ("by the configuration alone", {"CORS_SUPPORTS_CREDENTIALS": True}, {}),
    ("one configured, one as keyword", {"CORS_SUPPORTS_CREDENTIALS": True}, {"origins": "*"}),
    ("the other configured", {"CORS_ORIGINS": "*"}, {"supports_credentials": True}),
    (
        "everyone in a resource",
        {},
        {"origins": BOTH, "supports_credentials": True, "resources": {"/api/*": {"origins": "*"}}},
    ),
    (
        "credentials in a resource",
        {},
        {"origins": "*", "resources": {"/api/*": {"supports_credentials": True}}},
    ),
    ("by the core's names", {}, {"allow_origins": "*", "allow_credentials": True}),
)
def test_credentials_for_everyone_are_refused_when_they_come_together_unlike_flask_cors(
    config: Options, options: Options
) -> None:
    app = site(**config)
    with pytest.raises(PolicyError) as refused:
        CORS(app, **options)
    assert {problem.code for problem in refused.value.problems} == {"wildcard-with-credentials"}


# resources.


@table(
    "resources",
    ("a string", r"/api/*"),
    ("a string with a dot", r"/api/.*"),
    ("a list of strings", [r"/api/*"]),
    ("a tuple", (r"/api/*",)),
    ("an expression", re.compile(r"/api/.*")),
    ("a list of both", ["/health", re.compile(r"/api/.*")]),
    ("a dict without options", {r"/api/*": {}}),
    ("a dict of options", {r"/api/*": {"origins": "*"}}),
    ("a dict of expressions", {re.compile(r"/api/.*"): {"origins": "*"}}),
)
@each("is_configured", True, False)
def test_resources_are_covered_and_nothing_else(resources: Any, is_configured: bool) -> None:
    paths = ("/", "/api/users", "/api/v1/users", "/apix", "/API/users", "/other", "/missing")
    config = {"CORS_RESOURCES": resources} if is_configured else {}
    app = site(*paths[:-1], **config)
    CORS(app, **({} if is_configured else {"resources": resources}))
    assert [path for path in paths if gets(app, STRANGER, path)] == ["/api/users", "/api/v1/users"]
    assert ask_wsgi(app, path="/other", headers=[("Origin", STRANGER)]).cors() == {}


@each("resources", "/*", "/.*", "*", ["/*"], {"/.*": {}}, None)
def test_everything_can_be_covered(resources: Any) -> None:
    app = covered("/", "/api/users", **({"resources": resources} if resources else {}))
    assert all(gets(app, STRANGER, path) for path in ("/", "/api/users", "/missing"))
    assert not gets(covered("/", resources={}), STRANGER)


@each("is_reversed", False, True)
def test_the_most_specific_resource_counts_whatever_comes_first(is_reversed: bool) -> None:
    given: Options = {
        "/*": {"max_age": 1},
        "/api/*": {"max_age": 2},
        "/api/admin/*": {"max_age": 3},
        "/api/admin/login": {"max_age": 4, "origins": PARTNER},
    }
    paths = ("/about", "/api/users", "/api/admin/users", "/api/admin/login")
    app = covered(*paths, resources=dict(reversed(given.items())) if is_reversed else given)
    found = [preflighted(app, path, PARTNER).values("access-control-max-age") for path in paths]
    assert found == [["1"], ["2"], ["3"], ["4"]]
    assert readers(app, ORIGINS, "/api/admin/login") == {PARTNER}  # no one falls through to a wider one


def test_exact_paths_and_prefixes_come_before_expressions_in_their_order_unlike_flask_cors() -> None:
    given: dict[Any, Options] = {
        re.compile(r"/\w/\w/\w"): {"max_age": 1},
        re.compile(r"/x/y/z/?.*"): {"max_age": 2},
        "/a/*": {"max_age": 3},
        "/a/b/c": {"max_age": 4},
    }
    app = covered("/a/b/c", resources=given)
    paths = ("/x/y/z", "/a/b/d", "/a/b/c")
    found = [preflighted(app, path).values("access-control-max-age") for path in paths]
    assert found == [["1"], ["3"], ["4"]]


def test_paths_are_decoded_and_have_no_query() -> None:
    app = covered("/caf\xe9/menu", "/other", resources="/caf\xe9/*")
    found = [gets(app, STRANGER, path) for path in ("/caf\xe9/menu?page=2", "/caf%C3%A9/menu", "/other?/caf")]
    assert found == [True, True, False]


# How the extension is attached.


@each("is_first", False, True)
def test_other_wsgi_middleware_may_be_added_before_or_after(is_first: bool) -> None:
    app = site()
    if is_first:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app=app, origins=BOTH)
    if not is_first:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    assert readers(app, ORIGINS, method="PUT") == set(BOTH)


def test_one_extension_serves_several_applications_each_with_its_configuration() -> None:
    cors = CORS(methods=["PUT"])
    for origin in BOTH:
        app = site(CORS_ORIGINS=[origin])
        cors.init_app(app)
        app.add_url_rule("/later", view_func=hello, methods=["PUT"])
        assert (
            readers(app, ORIGINS, method="PUT") == readers(app, ORIGINS, "/later", method="PUT") == {origin}
        )
        assert not gets(app, origin, method="DELETE")


# Blueprints.


def with_blueprint(**options: Any) -> Flask:
    """An application with a blueprint of its own policy at /api, and a page without at /."""
    api = Blueprint("api", __name__, url_prefix="/api")
    CORS(api, **options)
    api.add_url_rule("/users", view_func=hello, methods=["GET", "PUT"])
    api.add_url_rule("/users/<int:user>", "user", hello)
    app = site()
    app.register_blueprint(api)
    return app


def test_a_blueprint_is_covered_and_nothing_else() -> None:
    paths = ("/", "/api/users", "/api/users/1", "/missing")
    assert [gets(with_blueprint(), STRANGER, path) for path in paths] == [False, True, True, False]
    assert gets(with_blueprint(), STRANGER, "/api/users", method="PUT", names=["Content-Type"])
    app = with_blueprint(resources="/api/users")
    assert [gets(app, STRANGER, path) for path in paths] == [False, True, False, False]


def test_whom_a_blueprint_refuses_the_application_does_not_let_in_unlike_flask_cors() -> None:
    app = with_blueprint(origins=[ORIGIN])
    CORS(app)
    assert readers(app, ORIGINS) == set(ORIGINS)
    assert (
        readers(app, ORIGINS, "/api/users") == readers(app, ORIGINS, "/api/users", method="PUT") == {ORIGIN}
    )


def test_a_blueprint_at_a_subdomain_is_covered() -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.test"
    api = Blueprint("api", __name__, subdomain="api")
    api.add_url_rule("/", view_func=hello)
    CORS(api, origins=BOTH)
    app.register_blueprint(api)
    app.add_url_rule("/", view_func=hello)
    for host, allowed in (("api.example.test", ORIGIN), ("example.test", None)):
        assert ask_wsgi(app, headers=[("Origin", ORIGIN), ("Host", host)]).allowed == allowed


def test_an_application_has_one_policy_unlike_flask_cors() -> None:
    app = covered(resources="/one")
    with pytest.raises(PolicyError) as refused:
        CORS(app, resources="/two")
    assert [problem.code for problem in refused.value.problems] == ["policy-twice"]


# @cross_origin.


def test_a_view_of_other_methods_gets_its_preflights_answered() -> None:
    app = Flask(__name__)
    view = cross_origin(origins=BOTH, allow_headers=["X-Token"])(hello)
    app.add_url_rule("/", "view", view, methods=["POST", "DELETE"])
    assert gets(app, ORIGIN, method="DELETE", names=["X-Token"])
    assert not gets(app, ORIGIN, method="DELETE", names=["X-Trace"])
    allow = ask_wsgi(app, "OPTIONS", headers=[("Origin", ORIGIN)]).values("allow")
    assert set(allow[0].split(", ")) == {"POST", "DELETE", "OPTIONS"}


def test_a_views_policy_counts_instead_of_the_applications_and_of_its_blueprints() -> None:
    api, app = Blueprint("api", __name__, url_prefix="/api"), Flask(__name__)
    CORS(api, origins=BOTH)
    CORS(app)
    for where in (api, app):
        where.add_url_rule("/decorated", "decorated", cross_origin(origins=[ORIGIN])(hello))
        where.add_url_rule("/plain", "plain", hello)
    app.register_blueprint(api)
    assert readers(app, ORIGINS, "/decorated") == readers(app, ORIGINS, "/api/decorated") == {ORIGIN}
    assert (readers(app, ORIGINS, "/plain"), readers(app, ORIGINS, "/api/plain")) == (set(ORIGINS), set(BOTH))


def test_the_methods_of_a_path_have_each_their_own_policy_unlike_flask_cors() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "read", cross_origin()(hello), methods=["GET"])
    app.add_url_rule("/", "write", cross_origin(origins=[ORIGIN])(hello), methods=["PUT"])
    app.add_url_rule("/", "delete", hello, methods=["DELETE"])
    found = [readers(app, ORIGINS, method=method) for method in ("GET", "PUT", "DELETE")]
    assert found == [set(ORIGINS), {ORIGIN}, set()]


class Users(MethodView):
    decorators = [cross_origin(origins=BOTH)]  # noqa: RUF012  # as Flask documents it

    def get(self) -> str:
        return "Read"

    def put(self) -> str:
        return "Written"


class Page(View):
    methods = ["GET", "PUT"]  # noqa: RUF012
    decorators = [cross_origin(origins=BOTH)]  # noqa: RUF012

    def dispatch_request(self) -> str:
        return "Users"


@each("view", Users, Page)
def test_a_class_based_view_is_decorated_by_its_list_preflights_included_unlike_flask_cors(view: Any) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=view.as_view("users"))
    for method in ("GET", "PUT"):
        assert readers(app, ORIGINS, method=method) == set(BOTH)


# Responses, and the documented examples, each as a small application of our own.


def test_headers_that_a_view_sets_itself_are_replaced_unlike_flask_cors() -> None:
    own = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
    app = Flask(__name__)
    app.add_url_rule("/", "own", lambda: ("Hello", own))
    app.add_url_rule("/own", "beside", lambda: ("Hello", own))
    CORS(app, origins=BOTH, resources="/")
    assert readers(app, ORIGINS) == set(BOTH)
    assert not gets_with_credentials(app, ORIGIN)
    assert readers(app, ORIGINS, "/own") == set(ORIGINS)  # which no policy covers


def test_preflights_run_nothing_of_the_application_unlike_flask_cors() -> None:
    app = covered(origins=BOTH)
    seen: list[str] = []
    app.before_request(lambda: seen.append("before"))
    assert preflighted(app).status == 200
    assert seen == []
    assert gets(app, ORIGIN)
    assert seen == ["before"]


def test_example_the_whole_application_in_one_line() -> None:
    assert gets(covered("/weather"), STRANGER, "/weather", method="DELETE", names=["X-Any", "Authorization"])


@table(
    "build",
    ("one part", lambda app, add: CORS(app, resources=r"/v1/*", allow_headers="Content-Type")),
    ("one view", lambda app, add: cross_origin(allow_headers=["Content-Type"])(add)),
    ("by configuration", lambda app, add: app.config.update(CORS_ALLOW_HEADERS="Content-Type") or CORS(app)),
)
def test_example_json(build: Callable[[Flask, Any], Any]) -> None:
    app = Flask(__name__)

    def add_station() -> Response:
        return jsonify(added=True)

    built = build(app, add_station)
    view: Any = built if callable(built) else add_station
    app.add_url_rule("/v1/stations", "add", view, methods=["POST"])
    assert gets(app, STRANGER, "/v1/stations", method="POST", names=["Content-Type"])
    assert not gets(app, STRANGER, "/v1/stations", method="POST", names=["X-Token"])


def test_example_a_page_reads_why_a_path_is_missing() -> None:
    app = Flask(__name__)

    @app.errorhandler(404)
    @cross_origin(origins=BOTH, methods=["GET"], allow_headers=["X-Request-Id"])
    def not_found(_error: Exception) -> tuple[dict[str, str], int]:
        return {"problem": "no such station"}, 404

    assert readers(app, ORIGINS, "/stations/9", names=["X-Request-Id"]) == set(BOTH)
    assert not gets(app, ORIGIN, "/stations/9", names=["X-Other"])
    assert ask_wsgi(app, path="/stations/9").status == 404


def test_example_cookies_go_to_the_listed_origins_and_not_to_every_site_unlike_flask_cors() -> None:
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(16)

    @app.route("/")
    def greeting() -> str:
        session["name"] = "Ada"
        return "Hello"

    with pytest.raises(PolicyError):
        CORS(app, supports_credentials=True)
    CORS(app, origins=BOTH, supports_credentials=True)
    assert [gets_with_credentials(app, origin) for origin in ORIGINS] == [True, True, False]
    answer = ask_wsgi(app, headers=[("Origin", ORIGIN)])
    assert set(answer.cors()["vary"].split(", ")) == {"Cookie", "Origin"}
    assert answer.values("set-cookie")
