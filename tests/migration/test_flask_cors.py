"""What Flask-CORS's documentation promises its users, with our names in the import.

Tests whose names end in "unlike Flask-CORS" are where we differ on purpose. What a defect of theirs is,
tests/conformance/known.py shows. How options are refused, and what blueprints and views do, is in
tests/flask.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask

from crosscors import CORSPolicy, CORSRequest, PolicyError
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, ask_wsgi, preflight
from tests.tables import each, table

from .verdicts import gets, gets_with_credentials, readers

if TYPE_CHECKING:
    pass

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
SUBDOMAINS = "https://*.example.com"
_EXPRESSION = re.compile(r"https://[a-z]+\.example\.com")


def is_origin(request: CORSRequest) -> bool:
    return request.origin == ORIGIN


@pytest.mark.filterwarnings("ignore:.*browsers no longer ask:crosscors.PolicyWarning")
@each("place", *PLACES)
@table(
    "options, meant",
    ("by default everyone may do everything", {}, {}),
    ("an origin in a string", {"origins": ORIGIN}, {"allow_origins": ORIGIN}),
    ("origins in a list", {"origins": BOTH}, {"allow_origins": BOTH}),
    ("origins in a set", {"origins": set(BOTH)}, {"allow_origins": BOTH}),
    ("an asterisk", {"origins": "*"}, {}),
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
    ("a pattern, unlike Flask-CORS", {"origins": [SUBDOMAINS]}, {"allow_origins": SUBDOMAINS}),
    ("a method in a string", {"methods": "PUT"}, {"allow_methods": "PUT"}),
    ("methods in a set", {"methods": {"PUT", "DELETE"}}, {"allow_methods": ["PUT", "DELETE"]}),
    ("methods in lower case", {"methods": ["put"]}, {"allow_methods": "PUT"}),
    ("a header in a string", {"allow_headers": "X-Token"}, {"allow_headers": "X-Token"}),
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
        {"allow_origin_func": is_origin},
        {"allow_origins": (), "allow_origin_func": is_origin},
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
    ("everyone in a resource", {}, {"supports_credentials": True, "resources": {"/api/*": {"origins": "*"}}}),
    ("credentials in a resource", {}, {"resources": {"/api/*": {"supports_credentials": True}}}),
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


def test_cookies_go_to_the_listed_origins() -> None:
    app = covered(origins=BOTH, supports_credentials=True)
    assert [gets_with_credentials(app, origin) for origin in ORIGINS] == [True, True, False]
