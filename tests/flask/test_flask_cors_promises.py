"""What Flask-CORS's documentation promises its users, promise by promise, with our names in the import.

Tests whose names end in "unlike Flask-CORS" are where we differ on purpose; all others hold for both.
"""

from __future__ import annotations

import logging
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from flask import Blueprint, Flask, abort, jsonify, redirect, request, session
from flask.views import MethodView, View
from werkzeug.middleware.proxy_fix import ProxyFix

from crosscors import CORSRequest, PolicyError
from crosscors.flask import CORS, cross_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse
    from werkzeug.wrappers import Response

ORIGIN = "https://app.example.com"
PARTNER = "https://partner.example.net"
STRANGER = "https://stranger.example.org"
BOTH = [ORIGIN, PARTNER]
ALL_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
SAFELISTED_METHODS = ("GET", "HEAD", "POST")
ASKED_NETWORK = "Access-Control-Request-Private-Network"
NETWORK = "Access-Control-Allow-Private-Network"
MAX_AGE = "Access-Control-Max-Age"
EXPOSED = "Access-Control-Expose-Headers"

Options = dict[str, Any]


# A client.


def ask(
    app: Flask,
    path: str = "/",
    *,
    origin: str | None = ORIGIN,
    method: str = "GET",
    **others: Any,
) -> TestResponse:
    headers = {"Origin": origin} if origin is not None else {}
    return app.test_client().open(path, method=method, headers=headers, **others)


def preflight(
    app: Flask,
    path: str = "/",
    *,
    origin: str = ORIGIN,
    method: str = "GET",
    names: str | None = None,
    private_network: str | None = None,
) -> TestResponse:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if names is not None:
        headers["Access-Control-Request-Headers"] = names
    if private_network is not None:
        headers[ASKED_NETWORK] = private_network
    return app.test_client().options(path, headers=headers)


def cors_fields(response: TestResponse) -> dict[str, str]:
    """The Access-Control-* fields, none of which may be there twice."""
    fields = [(name, value) for name, value in response.headers if name.startswith("Access-Control-")]
    assert len(fields) == len(dict(fields))
    return dict(fields)


def listed(response: TestResponse, name: str) -> set[str]:
    return {element.strip() for element in response.headers.get(name, "").split(",")} - {""}


def vary(response: TestResponse) -> set[str]:
    return {element.strip() for value in response.headers.getlist("Vary") for element in value.split(",")}


def may_read(app: Flask, path: str = "/", *, origin: str = ORIGIN, method: str = "GET") -> bool:
    """A browser's verdict on the answer to a request without credentials (Fetch, "CORS check")."""
    return _passes(ask(app, path, origin=origin, method=method), origin)


def may_send(
    app: Flask, path: str = "/", *, origin: str = ORIGIN, method: str = "GET", names: tuple[str, ...] = ()
) -> bool:
    """A browser's verdict on the answer to a preflight (Fetch, "CORS-preflight fetch")."""
    response = preflight(app, path, origin=origin, method=method, names=", ".join(names).lower() or None)
    allowed_names = {name.lower() for name in listed(response, "Access-Control-Allow-Headers")}
    return (
        response.status_code in range(200, 300)
        and _passes(response, origin)
        and (method in SAFELISTED_METHODS or method in listed(response, "Access-Control-Allow-Methods"))
        and all(
            name.lower() in allowed_names or ("*" in allowed_names and name != "Authorization")
            for name in names
        )
    )


def _passes(response: TestResponse, origin: str) -> bool:
    return response.headers.getlist("Access-Control-Allow-Origin") in (["*"], [origin])


# Where options can be written. Each place gives an application with one page, "/", that these options cover.


def hello() -> str:
    return "Hello"


def page(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/", view_func=hello, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    return app


def with_cors(app: Flask, **options: Any) -> Flask:
    CORS(app, **options)
    return app


def configured(options: Options) -> Options:
    return {f"CORS_{name.upper()}": value for name, value in options.items()}


def as_keywords(options: Options) -> Flask:
    return with_cors(page(), **options)


def as_keywords_of_a_factory(options: Options) -> Flask:
    app = page()
    CORS(**options).init_app(app)
    return app


def as_keywords_of_init_app(options: Options) -> Flask:
    app = page()
    CORS().init_app(app, **options)
    return app


def as_configuration(options: Options) -> Flask:
    return with_cors(page(**configured(options)))


def in_resources(options: Options) -> Flask:
    return with_cors(page(), resources={r"/*": options})


def in_configured_resources(options: Options) -> Flask:
    return with_cors(page(CORS_RESOURCES={r"/*": options}))


def on_a_blueprint(options: Options) -> Flask:
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/", view_func=hello, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    CORS(blueprint, **options)
    app = Flask(__name__)
    app.register_blueprint(blueprint)
    return app


def on_a_view(options: Options) -> Flask:
    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    @cross_origin(**options)
    def view() -> str:
        return "Hello"

    return app


def on_a_view_of_a_configured_application(options: Options) -> Flask:
    app = Flask(__name__)
    app.config.update(configured(options))

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    @cross_origin()
    def view() -> str:
        return "Hello"

    return app


Place: TypeAlias = "Callable[[Options], Flask]"

KEYWORD_PLACES: list[Place] = [
    as_keywords,
    as_keywords_of_a_factory,
    as_keywords_of_init_app,
    in_resources,
    in_configured_resources,
    on_a_blueprint,
    on_a_view,
]
# A view alone meets the configuration of its application when it is first asked for.
CHECKED_PLACES: list[Place] = [*KEYWORD_PLACES, as_configuration]
PLACES: list[Place] = [*CHECKED_PLACES, on_a_view_of_a_configured_application]


def sentence(function: Callable[..., object]) -> str:
    return function.__name__.replace("_", " ")


everywhere = pytest.mark.parametrize("place", PLACES, ids=sentence)
everywhere_checked = pytest.mark.parametrize("place", CHECKED_PLACES, ids=sentence)
wherever_keywords_go = pytest.mark.parametrize("place", KEYWORD_PLACES, ids=sentence)


# origins.


@everywhere
@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        pytest.param(ORIGIN, {ORIGIN}, id="one string"),
        pytest.param([ORIGIN], {ORIGIN}, id="a list of one"),
        pytest.param(BOTH, {ORIGIN, PARTNER}, id="a list of two"),
        pytest.param(tuple(BOTH), {ORIGIN, PARTNER}, id="a tuple"),
        pytest.param(set(BOTH), {ORIGIN, PARTNER}, id="a set"),
        pytest.param("*", {ORIGIN, PARTNER, STRANGER}, id="an asterisk"),
        pytest.param(["*"], {ORIGIN, PARTNER, STRANGER}, id="an asterisk in a list"),
        pytest.param(re.compile(r"https://[a-z]+\.example\.com"), {ORIGIN}, id="a compiled expression"),
        pytest.param([re.compile(r"https://[a-z]+\.example\.com")], {ORIGIN}, id="an expression in a list"),
        pytest.param(
            [PARTNER, re.compile(r"https://[a-z]+\.example\.com")], {ORIGIN, PARTNER}, id="a list of both"
        ),
        pytest.param(
            [re.compile(r"https://app\.example\.com"), re.compile(r"https://[a-z]+\.example\.net")],
            {ORIGIN, PARTNER},
            id="two expressions",
        ),
        pytest.param(
            re.compile(r"https://APP\.example\.com", re.IGNORECASE), {ORIGIN}, id="an expression with flags"
        ),
    ],
)
def test_origins_are_allowed_to_read_and_no_others(place: Place, origins: Any, allowed: set[str]) -> None:
    app = place({"origins": origins})
    assert {origin for origin in (ORIGIN, PARTNER, STRANGER) if may_read(app, origin=origin)} == allowed
    assert {origin for origin in (ORIGIN, PARTNER, STRANGER) if may_send(app, origin=origin)} == allowed


@everywhere
def test_an_allowed_origin_is_sent_back_with_vary_because_there_is_more_than_one(place: Place) -> None:
    app = place({"origins": BOTH})
    for origin in BOTH:
        answer = ask(app, origin=origin)
        assert cors_fields(answer) == {"Access-Control-Allow-Origin": origin}
        assert vary(answer) == {"Origin"}


@wherever_keywords_go
def test_origins_may_come_from_a_generator_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": (origin for origin in BOTH)})
    assert may_read(app, origin=PARTNER)
    assert not may_read(app, origin=STRANGER)


def test_origins_have_their_scheme_and_their_port() -> None:
    app = with_cors(page(), origins=["http://localhost:8000", ORIGIN])
    assert may_read(app, origin="http://localhost:8000")
    assert not may_read(app, origin="http://localhost:8001")
    assert not may_read(app, origin="https://localhost:8000")
    assert not may_read(app, origin=f"{ORIGIN}:8443")


@everywhere
def test_everyone_gets_the_same_answer_where_everyone_may_read_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": "*"})
    for origin in (ORIGIN, STRANGER, None):
        answer = ask(app, origin=origin)
        assert cors_fields(answer) == {"Access-Control-Allow-Origin": "*"}
        assert "Vary" not in answer.headers


@everywhere
@pytest.mark.parametrize("origins", [[ORIGIN], BOTH, re.compile(r"https://[a-z]+\.example\.com")], ids=str)
@pytest.mark.parametrize("origin", [STRANGER, None], ids=["a refused origin", "no origin"])
def test_whoever_is_not_allowed_gets_nothing_but_vary_unlike_flask_cors(
    place: Place, origin: str | None, origins: Any
) -> None:
    answer = ask(place({"origins": origins}), origin=origin)
    assert answer.status_code == 200
    assert answer.text == "Hello"
    assert cors_fields(answer) == {}
    assert vary(answer) == {"Origin"}


def test_one_listed_origin_has_vary_too_unlike_flask_cors() -> None:
    assert vary(ask(with_cors(page(), origins=ORIGIN))) == {"Origin"}


@everywhere
@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://app.example.com.stranger.example.org", id="more behind it"),
        pytest.param("https://app.example.com:8443", id="a port behind it"),
    ],
)
def test_an_expression_has_to_match_the_whole_origin_unlike_flask_cors(place: Place, origin: str) -> None:
    app = place({"origins": re.compile(r"https://[a-z]+\.example\.com")})
    assert may_read(app, origin=ORIGIN)
    assert not may_read(app, origin=origin)


@everywhere
def test_an_asterisk_for_subdomains_is_a_pattern_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": ["https://*.example.com"]})
    assert may_read(app, origin=ORIGIN)
    assert may_read(app, origin="https://deep.app.example.com")
    assert not may_read(app, origin="https://xexample.com")


@everywhere_checked
@pytest.mark.parametrize(
    "origins",
    [r"https://.*\.example\.com", [r"https://.*\.example\.com"], [PARTNER, r"https://.*\.example\.com"]],
    ids=["alone", "in a list", "beside an origin"],
)
def test_an_expression_in_a_string_is_refused_with_what_to_write_unlike_flask_cors(
    place: Place, origins: Any
) -> None:
    with pytest.raises(PolicyError) as refused:
        place({"origins": origins})
    assert r're.compile(r"https://.*\.example\.com")' in str(refused.value)
    assert '"https://*.example.com"' in str(refused.value)


@everywhere_checked
@pytest.mark.parametrize(
    ("origins", "instead"),
    [
        pytest.param("https://app.example.com/", '"https://app.example.com"', id="a slash at the end"),
        pytest.param("https://App.example.com", '"https://app.example.com"', id="upper case"),
        pytest.param("app.example.com", '"https://app.example.com"', id="no scheme"),
        pytest.param("https://app.example.com:443", '"https://app.example.com"', id="the default port"),
        pytest.param(
            "https://app.example.com,https://partner.example.net",
            '["https://app.example.com", "https://partner.example.net"]',
            id="a list in one string",
        ),
    ],
)
def test_an_origin_no_browser_sends_is_refused_with_what_to_write_unlike_flask_cors(
    place: Place, origins: str, instead: str
) -> None:
    with pytest.raises(PolicyError, match=re.escape(f"Write {instead}.")):
        place({"origins": origins})


# methods.


@everywhere
@pytest.mark.parametrize(
    ("methods", "allowed"),
    [
        pytest.param("PUT", {"PUT"}, id="one string"),
        pytest.param(["PUT", "DELETE"], {"PUT", "DELETE"}, id="a list"),
        pytest.param({"PUT", "DELETE"}, {"PUT", "DELETE"}, id="a set"),
        pytest.param(["put", "delete"], {"PUT", "DELETE"}, id="in lower case"),
    ],
)
def test_methods_are_allowed_and_no_others(place: Place, methods: Any, allowed: set[str]) -> None:
    app = place({"origins": BOTH, "methods": methods})
    unsafe = ("PUT", "PATCH", "DELETE")
    assert {method for method in unsafe if may_send(app, method=method)} == allowed
    for method in allowed:
        assert listed(preflight(app, method=method), "Access-Control-Allow-Methods") == allowed


@everywhere
def test_a_safelisted_method_that_is_not_listed_is_refused_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": BOTH, "methods": ["GET", "PUT"]})
    assert may_send(app, method="GET")
    assert not may_send(app, method="POST")
    answer = preflight(app, method="POST")
    assert answer.status_code == 400
    assert answer.text == "Refused by the CORS policy: the method 'POST' is not allowed"
    assert listed(answer, "Access-Control-Allow-Methods") == {"GET", "PUT"}


def test_a_part_of_a_listed_method_is_none_unlike_flask_cors() -> None:
    app = with_cors(page(), methods=["DELETE"])
    assert listed(preflight(app, method="DELETE"), "Access-Control-Allow-Methods") == {"DELETE"}
    assert preflight(app, method="LET").status_code == 400


@everywhere_checked
def test_methods_in_one_string_are_refused_with_the_list_to_write_unlike_flask_cors(place: Place) -> None:
    with pytest.raises(PolicyError, match=re.escape('["GET", "PUT"]')):
        place({"methods": "GET, PUT"})


# allow_headers.


@everywhere
@pytest.mark.parametrize(
    ("allow_headers", "allowed"),
    [
        pytest.param("X-Token", {"X-Token"}, id="one string"),
        pytest.param(["X-Token"], {"X-Token"}, id="a list of one"),
        pytest.param(["X-Token", "X-Trace"], {"X-Token", "X-Trace"}, id="a list of two"),
        pytest.param(("x-token", "x-trace"), {"X-Token", "X-Trace"}, id="a tuple in another case"),
        pytest.param("*", {"X-Token", "X-Trace", "Authorization"}, id="an asterisk"),
        pytest.param(["*"], {"X-Token", "X-Trace", "Authorization"}, id="an asterisk in a list"),
    ],
)
@pytest.mark.parametrize("supports_credentials", [False, True], ids=["", "with credentials"])
def test_headers_are_allowed_and_no_others(
    place: Place, allow_headers: Any, supports_credentials: bool, allowed: set[str]
) -> None:
    app = place(
        {"origins": BOTH, "allow_headers": allow_headers, "supports_credentials": supports_credentials}
    )
    names = ("X-Token", "X-Trace", "Authorization")
    assert {name for name in names if may_send(app, names=(name,))} == allowed
    assert may_send(app, names=tuple(allowed))


@everywhere
def test_any_header_without_credentials_is_one_answer_for_all_unlike_flask_cors(place: Place) -> None:
    answer = preflight(place({"allow_headers": "*"}), names="x-token, authorization")
    assert answer.headers["Access-Control-Allow-Headers"] == "*, Authorization"


@everywhere
def test_a_refused_header_is_named_beside_those_that_are_allowed_unlike_flask_cors(place: Place) -> None:
    answer = preflight(place({"origins": BOTH, "allow_headers": ["X-Token"]}), names="x-token, x-secret")
    assert answer.status_code == 400
    assert answer.text == "Refused by the CORS policy: not allowed among the request headers: 'x-secret'"
    assert "X-Token" in listed(answer, "Access-Control-Allow-Headers")


@everywhere_checked
@pytest.mark.parametrize(
    "allow_headers",
    [r"X-Acme-.*", ["X-Token", r"X-Acme-.*"], re.compile(r"X-Acme-.*"), [re.compile(r"X-Acme-.*")]],
    ids=["a string", "a string in a list", "compiled", "compiled in a list"],
)
def test_expressions_for_headers_are_refused_unlike_flask_cors(place: Place, allow_headers: Any) -> None:
    with pytest.raises(PolicyError, match=r"(?i)allow_headers"):
        place({"allow_headers": allow_headers})


# expose_headers.


@everywhere
@pytest.mark.parametrize(
    ("expose_headers", "exposed"),
    [
        pytest.param("X-Total", {"X-Total"}, id="one string"),
        pytest.param(["X-Total"], {"X-Total"}, id="a list of one"),
        pytest.param(["X-Total", "X-Page"], {"X-Total", "X-Page"}, id="a list of two"),
        pytest.param({"X-Total", "X-Page"}, {"X-Total", "X-Page"}, id="a set"),
        pytest.param(None, set[str](), id="None"),
    ],
)
def test_headers_are_exposed_in_what_a_script_reads(
    place: Place, expose_headers: Any, exposed: set[str]
) -> None:
    app = place({"origins": BOTH, "expose_headers": expose_headers})
    assert may_read(app)
    assert listed(ask(app), EXPOSED) == exposed
    assert listed(ask(app, origin=STRANGER), EXPOSED) == set()


# supports_credentials.


@everywhere
@pytest.mark.parametrize("origins", [ORIGIN, BOTH, re.compile(r"https://[a-z]+\.example\.com")], ids=str)
def test_credentials_are_allowed_to_the_origin_itself(place: Place, origins: Any) -> None:
    app = place({"origins": origins, "supports_credentials": True})
    for answer in (ask(app), preflight(app)):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert cors_fields(ask(app, origin=STRANGER)) == {}


@everywhere
def test_credentials_are_not_allowed_where_that_is_false(place: Place) -> None:
    app = place({"origins": BOTH, "supports_credentials": False})
    assert cors_fields(ask(app)) == {"Access-Control-Allow-Origin": ORIGIN}
    assert "Access-Control-Allow-Credentials" not in preflight(app).headers


@everywhere_checked
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"origins": "*"}, id="an asterisk"),
        pytest.param({"origins": ["*"]}, id="an asterisk in a list"),
        pytest.param({"origins": ["*", ORIGIN]}, id="an asterisk beside an origin"),
        pytest.param({"origins": "*", "send_wildcard": True}, id="an asterisk that is sent"),
        pytest.param({"origins": re.compile(".*")}, id="an expression for every site"),
    ],
)
def test_credentials_for_everyone_are_refused_unlike_flask_cors(place: Place, options: Options) -> None:
    with pytest.raises(PolicyError) as refused:
        place({**options, "supports_credentials": True})
    assert {problem.code for problem in refused.value.problems} == {"wildcard-with-credentials"}
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(
    ("config", "options"),
    [
        pytest.param({}, {"supports_credentials": True}, id="where everyone is the default"),
        pytest.param(
            {"CORS_SUPPORTS_CREDENTIALS": True}, {}, id="where everyone is the default of a configuration"
        ),
        pytest.param(
            {"CORS_SUPPORTS_CREDENTIALS": True}, {"origins": "*"}, id="one configured, one as keyword"
        ),
        pytest.param(
            {"CORS_ORIGINS": "*"}, {"supports_credentials": True}, id="the other configured, one as keyword"
        ),
        pytest.param(
            {},
            {"origins": BOTH, "supports_credentials": True, "resources": {"/api/*": {"origins": "*"}}},
            id="everyone in one of the resources",
        ),
        pytest.param(
            {},
            {"origins": "*", "resources": {"/api/*": {"supports_credentials": True}}},
            id="credentials in one of the resources",
        ),
        pytest.param(
            {"CORS_ORIGINS": BOTH, "CORS_RESOURCES": {"/": {}, "/api/*": {"origins": "*"}}},
            {"supports_credentials": True},
            id="everyone in one of the configured resources",
        ),
        pytest.param({}, {"allow_origins": "*", "allow_credentials": True}, id="by the core's names"),
    ],
)
def test_credentials_for_everyone_are_refused_when_they_come_together_unlike_flask_cors(
    config: Options, options: Options
) -> None:
    app = page(**config)
    with pytest.raises(PolicyError, match="credentials"):
        CORS(app, **options)


@everywhere_checked
def test_credentials_over_plain_http_are_refused_unlike_flask_cors(place: Place) -> None:
    with pytest.raises(PolicyError, match=re.escape('Write "https://app.example.com"')):
        place({"origins": ["http://app.example.com"], "supports_credentials": True})


@everywhere_checked
@pytest.mark.parametrize("option", ["supports_credentials", "allow_private_network"])
@pytest.mark.parametrize("value", ["false", "0", 0, 1], ids=repr)
def test_what_is_neither_true_nor_false_is_refused_unlike_flask_cors(
    place: Place, option: str, value: Any
) -> None:
    with pytest.raises(PolicyError, match=f"(?i){option}"):
        place({"origins": BOTH, option: value})


@everywhere
def test_credentials_over_plain_http_on_the_developers_own_machine_are_fine(place: Place) -> None:
    app = place({"origins": ["http://localhost:3000", ORIGIN], "supports_credentials": True})
    assert cors_fields(ask(app, origin="http://localhost:3000")) == {
        "Access-Control-Allow-Origin": "http://localhost:3000",
        "Access-Control-Allow-Credentials": "true",
    }


# max_age.


@everywhere
@pytest.mark.parametrize(
    ("max_age", "field"),
    [
        pytest.param(21, "21", id="seconds"),
        pytest.param("21", "21", id="seconds in a string"),
        pytest.param(timedelta(minutes=10), "600", id="a timedelta"),
        pytest.param(timedelta(hours=1, seconds=1), "3601", id="a timedelta of two parts"),
        pytest.param(timedelta(0), "0", id="a timedelta of none"),
        pytest.param(None, None, id="None"),
    ],
)
def test_max_age_is_sent_with_preflights_alone(place: Place, max_age: Any, field: str | None) -> None:
    app = place({"origins": BOTH, "max_age": max_age})
    assert may_send(app)
    assert preflight(app).headers.get(MAX_AGE) == field
    assert MAX_AGE not in ask(app).headers


@everywhere
def test_a_max_age_of_zero_is_sent_unlike_flask_cors(place: Place) -> None:
    assert preflight(place({"max_age": 0})).headers[MAX_AGE] == "0"


@everywhere_checked
@pytest.mark.parametrize("max_age", ["ten minutes", "", "-1", -1, True, 1.5], ids=repr)
def test_a_max_age_that_is_no_number_of_seconds_is_refused_unlike_flask_cors(
    place: Place, max_age: Any
) -> None:
    with pytest.raises(PolicyError, match=r"(?i)max_age"):
        place({"max_age": max_age})


# send_wildcard, vary_header, always_send, automatic_options, intercept_exceptions.


@everywhere
def test_send_wildcard_sends_the_asterisk_to_everyone_and_no_vary(place: Place) -> None:
    app = place({"origins": "*", "send_wildcard": True})
    for origin in (ORIGIN, STRANGER, None):
        answer = ask(app, origin=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Vary" not in answer.headers


@everywhere
def test_send_wildcard_does_nothing_where_origins_are_listed(place: Place) -> None:
    app = place({"origins": BOTH, "send_wildcard": True})
    assert ask(app).headers["Access-Control-Allow-Origin"] == ORIGIN


@everywhere
def test_vary_header_names_origin_where_the_answer_depends_on_it(place: Place) -> None:
    assert vary(ask(place({"origins": BOTH, "vary_header": True}))) == {"Origin"}


def test_vary_header_keeps_what_the_application_varies_on() -> None:
    app = Flask(__name__)
    CORS(app, origins=BOTH)

    @app.get("/")
    def view() -> tuple[str, dict[str, str]]:
        return "Hello", {"Vary": "Accept-Encoding"}

    assert vary(ask(app)) == {"Accept-Encoding", "Origin"}


@everywhere
def test_always_send_lets_everyone_read_where_there_is_no_origin(place: Place) -> None:
    answer = ask(place({"origins": "*", "always_send": True}), origin=None)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@everywhere
def test_automatic_options_answers_preflights_and_other_options_requests(place: Place) -> None:
    app = place({"origins": BOTH, "automatic_options": True})
    assert may_send(app, method="PUT")
    answer = ask(app, method="OPTIONS")
    assert answer.status_code == 200
    assert {"GET", "HEAD", "OPTIONS", "PUT"} <= listed(answer, "Allow")
    assert cors_fields(answer) == {"Access-Control-Allow-Origin": ORIGIN}


@pytest.mark.parametrize("place", [as_keywords, as_configuration, as_keywords_of_init_app], ids=sentence)
def test_intercept_exceptions_covers_what_views_raise(place: Place) -> None:
    app = place({"origins": BOTH, "intercept_exceptions": True})

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("no such thing")

    answer = ask(app, "/crash")
    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@everywhere_checked
@pytest.mark.parametrize(
    "option", ["send_wildcard", "vary_header", "always_send", "automatic_options", "intercept_exceptions"]
)
def test_false_is_refused_where_it_would_break_caches_or_pages_unlike_flask_cors(
    place: Place, option: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        place({"origins": BOTH, option: False})
    (problem,) = refused.value.problems
    assert option in problem.option.lower()
    assert problem.value is False
    assert len(problem.message.split()) > 3
    assert len(problem.hint.split()) > 2


# allow_private_network.


@everywhere
def test_allow_private_network_answers_those_who_ask(place: Place) -> None:
    app = place({"origins": BOTH, "allow_private_network": True})
    assert preflight(app, private_network="true").headers[NETWORK] == "true"
    assert NETWORK not in preflight(app).headers
    assert NETWORK not in preflight(app, private_network="yes").headers
    assert NETWORK not in preflight(app, origin=STRANGER, private_network="true").headers


@everywhere
def test_allow_private_network_says_nothing_where_it_is_false_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": BOTH, "allow_private_network": False})
    assert NETWORK not in preflight(app, private_network="true").headers


# resources.


def site(*paths: str, **config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    for path in paths:
        app.add_url_rule(path, path.strip("/").replace("/", " ") or "root", hello)
    return app


def covered(app: Flask, *paths: str) -> set[str]:
    """The paths that a stranger may read and send preflights to; what is not covered carries nothing."""
    found: set[str] = set()
    for path in paths:
        answer = ask(app, path, origin=STRANGER)
        if may_read(app, path, origin=STRANGER):
            found.add(path)
            assert may_send(app, path, origin=STRANGER)
        else:
            assert cors_fields(answer) == {}
            assert "Vary" not in answer.headers
            assert not may_send(app, path, origin=STRANGER)
    return found


RESOURCES = [
    pytest.param(r"/api/*", id="a string"),
    pytest.param([r"/api/*"], id="a list of strings"),
    pytest.param((r"/api/*",), id="a tuple"),
    pytest.param(re.compile(r"/api/.*"), id="an expression"),
    pytest.param([re.compile(r"/api/.*")], id="a list of expressions"),
    pytest.param(["/health", re.compile(r"/api/.*")], id="a list of both"),
    pytest.param({r"/api/*": {}}, id="a dict without options"),
    pytest.param({r"/api/*": {"origins": "*"}}, id="a dict of options"),
    pytest.param({re.compile(r"/api/.*"): {"origins": "*"}}, id="a dict of expressions"),
    pytest.param(r"/api/.*", id="a string with a dot"),
]


@pytest.mark.parametrize("resources", RESOURCES)
@pytest.mark.parametrize("place", ["keyword", "configuration", "init_app"])
def test_resources_are_covered_and_nothing_else(resources: Any, place: str) -> None:
    app = site("/", "/api/users", "/api/v1/users", "/other")
    if place == "keyword":
        CORS(app, resources=resources)
    elif place == "configuration":
        app.config["CORS_RESOURCES"] = resources
        CORS(app)
    else:
        CORS().init_app(app, resources=resources)
    assert covered(app, "/", "/api/users", "/api/v1/users", "/other", "/missing") == {
        "/api/users",
        "/api/v1/users",
    }


@pytest.mark.parametrize("key", [r"/*", r"/.*", "*"])
@pytest.mark.parametrize(
    "shape", [str, lambda key: [key], lambda key: {key: {}}], ids=["str", "list", "dict"]
)
def test_one_key_can_cover_everything(key: str, shape: Callable[[str], Any]) -> None:
    app = with_cors(site("/", "/api/users"), resources=shape(key))
    assert covered(app, "/", "/api/users") == {"/", "/api/users"}
    assert may_read(app, "/missing")


def test_without_resources_everything_is_covered() -> None:
    assert covered(with_cors(site("/", "/api/users")), "/", "/api/users") == {"/", "/api/users"}


def test_no_resources_at_all_cover_nothing() -> None:
    assert covered(with_cors(site("/"), resources={}), "/") == set()


def test_resources_have_options_of_their_own() -> None:
    app = with_cors(
        site("/public/news", "/partners/orders"),
        resources={
            r"/public/*": {"origins": "*", "methods": ["GET"]},
            r"/partners/*": {"origins": BOTH, "supports_credentials": True, "max_age": 60},
        },
    )
    assert may_read(app, "/public/news", origin=STRANGER)
    assert not may_send(app, "/public/news", origin=STRANGER, method="PUT")
    assert not may_read(app, "/partners/orders", origin=STRANGER)
    answer = preflight(app, "/partners/orders", origin=PARTNER, method="PUT")
    assert answer.headers["Access-Control-Allow-Origin"] == PARTNER
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers[MAX_AGE] == "60"


@pytest.mark.parametrize("is_reversed", [False, True], ids=["as written", "in reverse"])
def test_the_most_specific_resource_comes_first_with_a_fallback_for_the_rest(is_reversed: bool) -> None:
    resources: Options = {
        "/*": {"max_age": 1},
        "/api/*": {"max_age": 2},
        "/api/admin/*": {"max_age": 3},
        "/api/admin/login": {"max_age": 4},
    }
    if is_reversed:
        resources = dict(reversed(resources.items()))
    paths = ("/about", "/api/users", "/api/admin/users", "/api/admin/login")
    app = with_cors(site(*paths), resources=resources)
    assert [preflight(app, path).headers[MAX_AGE] for path in paths] == ["1", "2", "3", "4"]


def test_paths_are_those_below_where_the_application_is_mounted() -> None:
    app = with_cors(site("/api/users"), resources=r"/api/*")
    answer = ask(app, "/api/users", base_url="https://api.example.org/mounted")
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" in answer.headers


def test_a_query_is_no_part_of_the_path() -> None:
    app = with_cors(site("/api/users", "/other"), resources="/api/users")
    assert may_read(app, "/api/users?page=2")
    assert not may_read(app, "/other?next=/api/users")


def test_a_path_with_letters_outside_ascii_is_covered() -> None:
    app = with_cors(site("/caf\N{LATIN SMALL LETTER E WITH ACUTE}/menu"), resources="/caf\xe9/*")
    assert covered(app, "/caf\xe9/menu", "/caf%C3%A9/menu") == {"/caf\xe9/menu", "/caf%C3%A9/menu"}


def test_a_path_is_decoded_once_unlike_flask_cors() -> None:
    app = with_cors(Flask(__name__), resources={"/public/*": {}})
    app.add_url_rule("/<path:path>", view_func=lambda path: path)
    assert ask(app, "/%2570ublic/x").text == "%70ublic/x"
    assert not may_read(app, "/%2570ublic/x")
    assert may_read(app, "/%70ublic/x")


def test_a_refused_origin_does_not_fall_through_to_a_wider_resource() -> None:
    app = with_cors(site("/api/users"), resources={"/*": {"origins": "*"}, "/api/*": {"origins": BOTH}})
    assert may_read(app, "/api/users", origin=PARTNER)
    assert not may_read(app, "/api/users", origin=STRANGER)


def test_paths_are_case_sensitive() -> None:
    app = with_cors(site("/api/users", "/API/users"), resources=r"/api/*")
    assert covered(app, "/api/users", "/API/users") == {"/api/users"}


def test_what_is_not_covered_stays_as_the_application_made_it() -> None:
    app = Flask(__name__)
    CORS(app, resources=r"/api/*")

    @app.get("/own")
    def own() -> tuple[str, dict[str, str]]:
        return "Hello", {"Access-Control-Allow-Origin": PARTNER}

    assert cors_fields(ask(app, "/own")) == {"Access-Control-Allow-Origin": PARTNER}


@pytest.mark.parametrize("key", [r"/api/*", r"/api/.*"])
def test_what_only_begins_like_a_resource_is_not_covered_unlike_flask_cors(key: str) -> None:
    paths = ("/api", "/api/", "/api/users", "/apix", "/api-internal/secret")
    app = with_cors(site("/api/", "/api/users", "/apix", "/api-internal/secret"), resources=key)
    assert covered(app, *paths) == {"/api", "/api/", "/api/users"}


def test_an_expression_has_to_match_the_whole_path_unlike_flask_cors() -> None:
    app = with_cors(
        site("/files/1", "/files/1/keys", "/v/files/1"), resources={re.compile(r"/files/\d+"): {}}
    )
    assert covered(app, "/files/1", "/files/1/keys", "/v/files/1") == {"/files/1"}


def test_exact_paths_and_prefixes_come_before_expressions_in_their_order_unlike_flask_cors() -> None:
    app = with_cors(
        site("/a/b/c", "/a/b/d", "/x/y/z"),
        resources={
            re.compile(r"/\w/\w/\w"): {"max_age": 1},
            re.compile(r"/x/y/z/?.*"): {"max_age": 2},
            "/a/*": {"max_age": 3},
            "/a/b/c": {"max_age": 4},
        },
    )
    answers = [preflight(app, path) for path in ("/x/y/z", "/a/b/d", "/a/b/c")]
    assert [answer.headers[MAX_AGE] for answer in answers] == ["1", "3", "4"]


@pytest.mark.parametrize(
    "shape", [str, lambda key: [key], lambda key: {key: {}}], ids=["str", "list", "dict"]
)
@pytest.mark.parametrize("key", [r"/api/v\d+/users", r"/api/v\d+/.*", r"^/api/users$", r"/(a|b)/users"])
def test_an_expression_for_paths_in_a_string_is_refused_with_what_to_write_unlike_flask_cors(
    key: str, shape: Callable[[str], Any]
) -> None:
    with pytest.raises(PolicyError, match=re.escape(f're.compile(r"{key}")')):
        CORS(page(), resources=shape(key))


@pytest.mark.parametrize("resources", [1, [1], {1: {}}, {"/api/*": 1}, {"/api/*": "*"}], ids=repr)
def test_resources_of_another_kind_are_refused_unlike_flask_cors(resources: Any) -> None:
    app = page()
    with pytest.raises(PolicyError, match="resources"):
        CORS(app, resources=resources)


# Defaults.


def test_by_default_everyone_may_do_everything_but_send_credentials() -> None:
    app = with_cors(page())
    for method in ALL_METHODS:
        assert may_send(app, origin=STRANGER, method=method, names=("X-Anything", "Authorization"))
    assert may_read(app, origin=STRANGER)
    answer = preflight(app, method="PATCH", names="x-anything")
    assert listed(answer, "Access-Control-Allow-Methods") == set(ALL_METHODS)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert MAX_AGE not in answer.headers
    assert EXPOSED not in ask(app).headers


@pytest.mark.parametrize("place", PLACES, ids=sentence)
def test_the_defaults_are_the_same_everywhere(place: Place) -> None:
    answer = preflight(place({}), origin=STRANGER, method="DELETE", names="x-anything")
    assert answer.status_code == 200
    assert listed(answer, "Access-Control-Allow-Methods") == set(ALL_METHODS)
    assert may_send(place({}), origin=STRANGER, method="DELETE", names=("X-Anything",))
    assert set(cors_fields(answer)) == {
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers",
    }


# Which setting counts: resources, then keywords, then the configuration, then the default.


@pytest.mark.parametrize(
    ("config", "constructor", "init_app", "resource", "expected"),
    [
        pytest.param({}, {}, {}, {}, None, id="the default"),
        pytest.param({"CORS_MAX_AGE": 1}, {}, {}, {}, "1", id="the configuration over the default"),
        pytest.param({"CORS_MAX_AGE": 1}, {"max_age": 2}, {}, {}, "2", id="a keyword over the configuration"),
        pytest.param({}, {"max_age": 2}, {"max_age": 3}, {}, "3", id="a keyword of init_app over an earlier"),
        pytest.param({}, {}, {"max_age": 3}, {"max_age": 4}, "4", id="a resource over a keyword"),
        pytest.param({"CORS_MAX_AGE": 1}, {}, {}, {"max_age": 4}, "4", id="a resource over a configuration"),
        pytest.param(
            {"CORS_MAX_AGE": 1},
            {"max_age": 2},
            {"max_age": 3},
            {"max_age": 4},
            "4",
            id="a resource over everything",
        ),
        pytest.param(
            {"CORS_MAX_AGE": 1}, {"max_age": 2}, {"max_age": None}, {}, None, id="None is a value like others"
        ),
    ],
)
def test_the_closest_setting_counts(
    config: Options, constructor: Options, init_app: Options, resource: Options, expected: str | None
) -> None:
    app = page(**config)
    CORS(**constructor).init_app(app, resources={"/*": resource}, **init_app)
    assert may_send(app)
    assert preflight(app).headers.get(MAX_AGE) == expected


def test_settings_of_different_levels_add_up() -> None:
    app = page(CORS_EXPOSE_HEADERS=["X-Total"], CORS_METHODS=["GET"])
    cors = CORS(origins=BOTH, max_age=1)
    cors.init_app(app, supports_credentials=True, resources={"/*": {"methods": ["GET", "PUT"]}})
    assert cors_fields(ask(app)) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-Total",
    }
    answer = preflight(app, method="PUT")
    assert listed(answer, "Access-Control-Allow-Methods") == {"GET", "PUT"}
    assert answer.headers[MAX_AGE] == "1"


def test_a_danger_may_be_accepted_in_the_configuration_unlike_flask_cors() -> None:
    plain = "http://app.example.com"
    app = page(CORS_DANGEROUSLY_ALLOW=["insecure-origins"])
    CORS(app, origins=[plain], supports_credentials=True)
    assert ask(app, origin=plain).headers["Access-Control-Allow-Credentials"] == "true"


def test_resources_of_a_keyword_replace_those_of_the_configuration() -> None:
    app = site("/one", "/two", CORS_RESOURCES="/one")
    CORS(app, resources="/two")
    assert covered(app, "/one", "/two") == {"/two"}


def test_a_decorated_view_starts_from_the_configuration_and_not_from_keywords_of_the_extension() -> None:
    app = Flask(__name__)
    app.config["CORS_EXPOSE_HEADERS"] = "X-Configured"
    CORS(app, origins=BOTH, max_age=5, expose_headers="X-Keyword")

    @app.get("/")
    @cross_origin(origins=[STRANGER])
    def view() -> str:
        return "Hello"

    assert cors_fields(ask(app, origin=STRANGER)) == {
        "Access-Control-Allow-Origin": STRANGER,
        "Access-Control-Expose-Headers": "X-Configured",
    }
    assert MAX_AGE not in preflight(app, origin=STRANGER).headers


def test_a_decorators_own_options_count_before_the_configuration() -> None:
    app = Flask(__name__)
    app.config.update(CORS_ORIGINS=[PARTNER], CORS_MAX_AGE=1)

    @app.get("/")
    @cross_origin(origins=[ORIGIN])
    def view() -> str:
        return "Hello"

    assert not may_read(app, origin=PARTNER)
    assert preflight(app).headers[MAX_AGE] == "1"


def test_a_decorators_credentials_go_to_the_configured_origins() -> None:
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = BOTH

    @app.get("/")
    @cross_origin(supports_credentials=True)
    def view() -> str:
        return "Hello"

    assert ask(app).headers["Access-Control-Allow-Credentials"] == "true"
    assert cors_fields(ask(app, origin=STRANGER)) == {}


def test_a_blueprints_policy_starts_from_the_configuration_too_unlike_flask_cors() -> None:
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/", view_func=hello)
    CORS(blueprint, max_age=5)
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = BOTH
    app.register_blueprint(blueprint)
    assert may_read(app, origin=PARTNER)
    assert not may_read(app, origin=STRANGER)
    assert preflight(app).headers[MAX_AGE] == "5"


# Names of options.


@wherever_keywords_go
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("origin", "origins"),
        ("origns", "origins"),
        ("method", "methods"),
        ("headers", "allow_headers"),
        ("allowed_headers", "allow_headers"),
        ("expose_header", "expose_headers"),
        ("support_credentials", "supports_credentials"),
        ("max_ages", "max_age"),
        ("send_wildcards", "send_wildcard"),
        ("vary_headers", "vary_header"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest_unlike_flask_cors(
    place: Place, given: str, meant: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        place({given: "X-Value"})
    (problem,) = refused.value.problems
    assert problem.code == "unknown-option"
    assert problem.option.endswith(given)
    assert meant in problem.hint


@pytest.mark.parametrize("option", ["resource", "recources"])
def test_misspelt_resources_are_refused_with_the_right_name_unlike_flask_cors(option: str) -> None:
    app = page()
    options: Options = {option: "/api/*"}
    with pytest.raises(PolicyError, match="Write resources=") as refused:
        CORS(app, **options)
    assert refused.value.problems[0].option == option


def test_a_decorator_takes_no_resources_unlike_flask_cors() -> None:
    options: Options = {"resources": "/api/*"}
    with pytest.raises(PolicyError, match="resources"):
        cross_origin(**options)


def allows_tenants(request: CORSRequest) -> bool:
    return request.origin == ORIGIN


@wherever_keywords_go
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"allow_origins": [ORIGIN]}, id="allow_origins"),
        pytest.param({"allow_origins": ORIGIN}, id="allow_origins as one string"),
        pytest.param({"allow_origin_regex": r"https://app\.example\.com"}, id="allow_origin_regex"),
        pytest.param({"allow_origin_func": allows_tenants}, id="allow_origin_func"),
    ],
)
def test_the_cores_names_for_origins_are_accepted_and_nobody_else_gets_in_unlike_flask_cors(
    place: Place, options: Options
) -> None:
    app = place(options)
    assert may_read(app, origin=ORIGIN)
    assert may_send(app, origin=ORIGIN, method="PUT")
    assert not may_read(app, origin=STRANGER)
    assert not may_send(app, origin=STRANGER, method="PUT")


@wherever_keywords_go
def test_origins_and_the_cores_expression_go_together_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": [PARTNER], "allow_origin_regex": r"https://[a-z]+\.example\.com"})
    assert may_read(app, origin=ORIGIN)
    assert may_read(app, origin=PARTNER)
    assert not may_read(app, origin=STRANGER)


@wherever_keywords_go
def test_the_cores_other_names_are_accepted_unlike_flask_cors(place: Place) -> None:
    app = place(
        {
            "allow_origins": ["http://app.example.com", ORIGIN],
            "allow_methods": ["GET", "PUT"],
            "allow_credentials": True,
            "dangerously_allow": ["insecure-origins"],
        }
    )
    assert may_send(app, method="PUT")
    assert not may_send(app, method="DELETE")
    assert cors_fields(ask(app, origin="http://app.example.com")) == {
        "Access-Control-Allow-Origin": "http://app.example.com",
        "Access-Control-Allow-Credentials": "true",
    }


@wherever_keywords_go
def test_credentials_for_some_and_the_rest_for_everyone_unlike_flask_cors(place: Place) -> None:
    app = place({"origins": "*", "allow_credentials": [ORIGIN]})
    assert ask(app).headers["Access-Control-Allow-Credentials"] == "true"
    assert cors_fields(ask(app, origin=STRANGER)) == {"Access-Control-Allow-Origin": STRANGER}


@wherever_keywords_go
@pytest.mark.parametrize(
    ("theirs", "ours", "value"),
    [
        ("origins", "allow_origins", [ORIGIN]),
        ("methods", "allow_methods", ["GET"]),
        ("supports_credentials", "allow_credentials", False),
    ],
)
def test_both_names_of_one_option_at_once_are_refused_unlike_flask_cors(
    place: Place, theirs: str, ours: str, value: Any
) -> None:
    with pytest.raises(PolicyError) as refused:
        place({theirs: value, ours: value})
    assert theirs in str(refused.value)
    assert ours in str(refused.value)


def test_a_closer_setting_counts_by_whichever_name_it_is_given_unlike_flask_cors() -> None:
    app = site("/", "/api/users", CORS_ORIGINS=[STRANGER], CORS_METHODS=["DELETE"])
    CORS(
        app,
        allow_origins=[PARTNER],
        allow_methods=["PUT"],
        resources={"/": {}, "/api/*": {"origins": [ORIGIN], "methods": ["PATCH"]}},
    )
    for path, allowed, allowed_method in (("/", PARTNER, "PUT"), ("/api/users", ORIGIN, "PATCH")):
        assert {origin for origin in (*BOTH, STRANGER) if may_read(app, path, origin=origin)} == {allowed}
        assert {
            method
            for method in ("PUT", "PATCH", "DELETE")
            if may_send(app, path, origin=allowed, method=method)
        } == {allowed_method}


def test_all_problems_are_listed_at_once_unlike_flask_cors() -> None:
    app = page()
    options: Options = {
        "origins": "https://app.example.com/",
        "methods": "GET, PUT",
        "vary_header": False,
        "maxage": 5,
        "resources": {r"/v\d": {"origins": "*", "supports_credentials": True}},
    }
    with pytest.raises(PolicyError) as refused:
        CORS(app, **options)
    for part in ("origin", "methods", "vary_header", "maxage", r"/v\\d", "credentials"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("CORS_ORIGNS", "CORS_ORIGINS"),
        ("CORS_ORIGIN", "CORS_ORIGINS"),
        ("CORS_HEADERS", "CORS_ALLOW_HEADERS"),
        ("CORS_SUPPORT_CREDENTIALS", "CORS_SUPPORTS_CREDENTIALS"),
        ("CORS_RESOURCE", "CORS_RESOURCES"),
    ],
)
def test_a_misspelt_configuration_is_refused_with_the_right_name_unlike_flask_cors(
    given: str, meant: str
) -> None:
    app = page(**{given: "X-Value"})
    with pytest.raises(PolicyError, match=f"{given}.*(\n.*)?{meant}"):
        CORS(app)


def test_names_of_the_applications_own_in_the_configuration_are_left_alone() -> None:
    app = page(CORS_PROXY_TIMEOUT=5, CORSAIR="ship", CORS_ORIGINS=BOTH)
    CORS(app)
    assert may_read(app, origin=PARTNER)
    assert not may_read(app, origin=STRANGER)


def test_the_cores_names_are_read_from_the_configuration_too_unlike_flask_cors() -> None:
    app = page(
        CORS_ALLOW_ORIGINS=BOTH,
        CORS_ALLOW_ORIGIN_REGEX=r"https://s[a-z]+\.example\.org",
        CORS_ALLOW_METHODS=["GET", "PUT"],
    )
    CORS(app)
    for origin in (*BOTH, STRANGER):
        assert may_send(app, origin=origin, method="PUT")
        assert not may_send(app, origin=origin, method="DELETE")
    assert not may_read(app, origin="https://example.org")


# How the extension is attached.


def test_the_application_may_be_given_by_name() -> None:
    app = page()
    CORS(app=app, origins=BOTH)
    assert may_read(app, origin=PARTNER)
    assert not may_read(app, origin=STRANGER)


@pytest.mark.parametrize("is_first", [False, True], ids=["after", "before"])
def test_other_wsgi_middleware_may_be_added_before_or_after(is_first: bool) -> None:
    app = page()
    if is_first:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, origins=BOTH)
    if not is_first:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    assert may_read(app)
    assert may_send(app, method="PUT")
    assert not may_read(app, origin=STRANGER)


def test_a_factory_attaches_the_extension_later_with_its_options() -> None:
    cors = CORS(origins=BOTH)

    def create_app() -> Flask:
        app = page()
        cors.init_app(app)
        return app

    for app in (create_app(), create_app()):
        assert may_read(app, origin=PARTNER)
        assert not may_read(app, origin=STRANGER)


def test_one_extension_reads_the_configuration_of_each_application() -> None:
    cors = CORS()
    apps = {origin: page(CORS_ORIGINS=[origin]) for origin in BOTH}
    for app in apps.values():
        cors.init_app(app)
    for allowed, app in apps.items():
        assert {origin for origin in BOTH if may_read(app, origin=origin)} == {allowed}


def test_routes_that_are_added_later_are_covered() -> None:
    app = Flask(__name__)
    CORS(app, origins=BOTH)
    app.add_url_rule("/later", view_func=hello)
    assert may_read(app, "/later")
    assert may_send(app, "/later", method="PUT")


def blueprint_site(**options: Any) -> Flask:
    """An application with a blueprint of its own policy at /api, and a page without at /."""
    api = Blueprint("api", __name__, url_prefix="/api")
    CORS(api, **options)
    api.add_url_rule("/users", view_func=hello, methods=["GET", "PUT"])
    api.add_url_rule("/users/<int:user>", "user", lambda user: f"Hello {user}")
    app = Flask(__name__)
    app.add_url_rule("/", view_func=hello)
    app.register_blueprint(api)
    return app


def test_a_blueprint_is_covered_and_nothing_else() -> None:
    app = blueprint_site()
    assert covered(app, "/", "/api/users", "/api/users/1", "/missing") == {"/api/users", "/api/users/1"}
    assert may_send(app, "/api/users", method="PUT", names=("Content-Type",))


def test_a_blueprint_inside_a_covered_blueprint_is_covered() -> None:
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/users", view_func=hello)
    outer.register_blueprint(inner)
    CORS(outer, origins=BOTH)
    app = Flask(__name__)
    app.register_blueprint(outer)
    assert may_read(app, "/outer/inner/users")
    assert may_send(app, "/outer/inner/users")
    assert not may_read(app, "/outer/inner/users", origin=STRANGER)


def test_resources_of_a_blueprint_are_whole_paths() -> None:
    app = blueprint_site(resources=r"/api/users/*")
    assert covered(app, "/", "/api/users/1") == {"/api/users/1"}
    assert covered(blueprint_site(resources="/api/users"), "/api/users", "/api/users/1") == {"/api/users"}


def test_a_blueprints_policy_counts_before_the_applications() -> None:
    app = blueprint_site(origins=[ORIGIN], max_age=1)
    CORS(app, origins=[ORIGIN, STRANGER], max_age=2)
    assert preflight(app, "/api/users").headers[MAX_AGE] == "1"
    assert preflight(app, "/").headers[MAX_AGE] == "2"


def test_whom_a_blueprint_refuses_the_application_does_not_let_in_unlike_flask_cors() -> None:
    app = blueprint_site(origins=[ORIGIN])
    CORS(app)
    assert may_read(app, "/", origin=STRANGER)
    assert not may_read(app, "/api/users", origin=STRANGER)
    assert not may_send(app, "/api/users", origin=STRANGER)


def test_a_blueprint_is_refused_before_it_is_registered_unlike_flask_cors() -> None:
    blueprint = Blueprint("pages", __name__)
    with pytest.raises(PolicyError, match="credentials"):
        CORS(blueprint, origins="*", supports_credentials=True)


def test_a_factory_is_refused_before_it_makes_an_application_unlike_flask_cors() -> None:
    with pytest.raises(PolicyError, match="credentials"):
        CORS(origins="*", supports_credentials=True)


def test_an_application_has_one_policy_unlike_flask_cors() -> None:
    app = with_cors(page(), resources="/one")
    with pytest.raises(PolicyError, match="already"):
        CORS(app, resources="/two")


def test_a_blueprint_inside_another_has_a_policy_of_its_own() -> None:
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    outer.add_url_rule("/users", view_func=hello)
    inner.add_url_rule("/users", view_func=hello)
    CORS(outer, origins=[PARTNER])
    CORS(inner, origins=[ORIGIN])
    outer.register_blueprint(inner)
    app = Flask(__name__)
    app.register_blueprint(outer)
    assert may_read(app, "/outer/users", origin=PARTNER)
    assert not may_read(app, "/outer/users", origin=ORIGIN)
    assert may_read(app, "/outer/inner/users", origin=ORIGIN)
    assert may_send(app, "/outer/inner/users", origin=ORIGIN)


def test_one_blueprint_in_two_applications_is_covered_in_both() -> None:
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/", view_func=hello)
    CORS(blueprint, origins=BOTH)
    for _ in range(2):
        app = Flask(__name__)
        app.register_blueprint(blueprint)
        assert may_read(app)
        assert may_send(app)
        assert not may_read(app, origin=STRANGER)


def test_two_blueprints_have_two_policies() -> None:
    app = Flask(__name__)
    for name, origin in (("one", ORIGIN), ("two", PARTNER)):
        blueprint = Blueprint(name, __name__, url_prefix=f"/{name}")
        blueprint.add_url_rule("/", view_func=hello)
        CORS(blueprint, origins=origin)
        app.register_blueprint(blueprint)
    for path, allowed in (("/one/", ORIGIN), ("/two/", PARTNER)):
        assert {origin for origin in BOTH if may_read(app, path, origin=origin)} == {allowed}
        assert {origin for origin in BOTH if may_send(app, path, origin=origin)} == {allowed}


def test_a_blueprint_at_a_subdomain_is_covered() -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.test"
    api = Blueprint("api", __name__, subdomain="api")
    api.add_url_rule("/", view_func=hello)
    CORS(api, origins=BOTH)
    app.register_blueprint(api)
    app.add_url_rule("/", view_func=hello)
    assert cors_fields(ask(app, base_url="https://api.example.test")) == {
        "Access-Control-Allow-Origin": ORIGIN
    }
    assert cors_fields(ask(app, base_url="https://example.test")) == {}


def test_a_blueprint_that_is_registered_twice_is_covered_at_both_paths() -> None:
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/users", view_func=hello)
    CORS(blueprint, origins=BOTH)
    app = Flask(__name__)
    app.register_blueprint(blueprint, url_prefix="/v1", name="v1")
    app.register_blueprint(blueprint, url_prefix="/v2", name="v2")
    for path in ("/v1/users", "/v2/users"):
        assert may_read(app, path)
        assert may_send(app, path)
        assert not may_read(app, path, origin=STRANGER)


# @cross_origin.


def test_a_decorated_view_is_covered_alone_and_no_other() -> None:
    app = Flask(__name__)

    @app.get("/open")
    @cross_origin()
    def open_to_all() -> str:
        return "Hello"

    @app.get("/closed")
    def closed() -> str:
        return "Hello"

    assert covered(app, "/open", "/closed", "/missing") == {"/open"}
    assert open_to_all.__name__ == "open_to_all"


def test_a_decorator_above_the_route_is_warned_of_unlike_flask_cors(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)

    @cross_origin(origins=BOTH)
    @app.put("/")
    def view() -> str:
        return "Hello"

    CORS(app, origins=[])
    assert not may_read(app, method="PUT")
    assert [record.levelname for record in caplog.records if "below the decorator" in record.message] == [
        "WARNING"
    ]


def test_a_decorated_view_has_its_parameters_and_its_response() -> None:
    app = Flask(__name__)

    @app.get("/users/<int:user>")
    @cross_origin(origins=BOTH)
    def view(user: int) -> tuple[dict[str, int], int, dict[str, str]]:
        return {"user": user}, 202, {"X-Total": "1"}

    answer = ask(app, "/users/7")
    assert answer.status_code == 202
    assert answer.json == {"user": 7}
    assert answer.headers["X-Total"] == "1"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert may_send(app, "/users/7")


def test_a_view_of_other_methods_gets_its_preflights_answered() -> None:
    app = Flask(__name__)

    @app.route("/", methods=["POST", "DELETE"])
    @cross_origin(origins=BOTH, allow_headers=["X-Token"])
    def view() -> str:
        return "Hello"

    assert may_send(app, method="DELETE", names=("X-Token",))
    assert may_read(app, method="DELETE")
    assert not may_send(app, method="DELETE", names=("X-Trace",))


def test_a_decorated_views_policy_counts_instead_of_the_applications() -> None:
    app = Flask(__name__)
    CORS(app)

    @app.get("/decorated")
    @cross_origin(origins=[ORIGIN], max_age=1)
    def decorated() -> str:
        return "Hello"

    @app.get("/plain")
    def plain() -> str:
        return "Hello"

    assert may_read(app, "/plain", origin=STRANGER)
    assert may_read(app, "/decorated", origin=ORIGIN)
    assert not may_read(app, "/decorated", origin=STRANGER)
    assert not may_send(app, "/decorated", origin=STRANGER)
    assert preflight(app, "/decorated").headers[MAX_AGE] == "1"


def test_a_decorated_views_policy_counts_instead_of_its_blueprints() -> None:
    api = Blueprint("api", __name__)
    CORS(api, origins=BOTH)

    @api.get("/decorated")
    @cross_origin(origins=[STRANGER])
    def decorated() -> str:
        return "Hello"

    app = Flask(__name__)
    app.register_blueprint(api)
    assert may_read(app, "/decorated", origin=STRANGER)
    assert may_send(app, "/decorated", origin=STRANGER)


def test_a_decorated_view_alone_has_its_preflights_answered_before_hooks_unlike_flask_cors() -> None:
    app = Flask(__name__)

    @app.before_request
    def only_members() -> tuple[str, int]:
        return "Members only", 401

    @app.errorhandler(Exception)
    def any_error(_error: Exception) -> tuple[str, int]:
        return "Sorry", 500

    @app.get("/")
    @cross_origin(origins=BOTH)
    def view() -> str:
        return "Hello"

    answer = preflight(app)
    assert answer.status_code == 200
    assert answer.text == "OK"
    assert preflight(app, origin=STRANGER).status_code == 400
    assert ask(app).status_code == 401
    assert may_read(app)


def test_one_decorator_serves_several_views() -> None:
    app = Flask(__name__)
    for_partners = cross_origin(origins=BOTH)

    @app.get("/one")
    @for_partners
    def one() -> str:
        return "One"

    @app.get("/two")
    @for_partners
    def two() -> str:
        return "Two"

    assert [ask(app, path).text for path in ("/one", "/two")] == ["One", "Two"]
    assert may_read(app, "/one")
    assert may_read(app, "/two")
    assert not may_read(app, "/two", origin=STRANGER)


def test_one_decorated_view_follows_the_configuration_of_each_of_its_applications() -> None:
    @cross_origin(max_age=5)
    def view() -> str:
        return "Hello"

    for allowed in BOTH:
        app = Flask(__name__)
        app.config["CORS_ORIGINS"] = [allowed]
        app.add_url_rule("/", view_func=view)
        assert {origin for origin in BOTH if may_read(app, origin=origin)} == {allowed}
        assert {origin for origin in BOTH if may_send(app, origin=origin)} == {allowed}


def test_a_decorated_view_answers_head_and_its_own_options() -> None:
    app = Flask(__name__)

    @app.route("/", methods=["GET", "PUT"])
    @cross_origin(origins=BOTH)
    def view() -> str:
        return "Hello"

    for method in ("HEAD", "OPTIONS"):
        answer = ask(app, method=method)
        assert answer.status_code == 200
        assert cors_fields(answer) == {"Access-Control-Allow-Origin": ORIGIN}
    assert {"GET", "HEAD", "OPTIONS", "PUT"} == listed(ask(app, method="OPTIONS"), "Allow")


def test_two_views_at_one_path_have_each_its_own_policy_unlike_flask_cors() -> None:
    app = Flask(__name__)

    @app.get("/")
    @cross_origin()
    def read() -> str:
        return "Hello"

    @app.put("/")
    @cross_origin(origins=[ORIGIN])
    def write() -> str:
        return "Hello"

    assert may_read(app, origin=STRANGER)
    assert may_send(app, origin=STRANGER, method="GET")
    assert not may_send(app, origin=STRANGER, method="PUT")
    assert may_send(app, origin=ORIGIN, method="PUT")
    assert not may_read(app, origin=STRANGER, method="PUT")


def test_an_undecorated_view_beside_a_decorated_one_stays_closed_unlike_flask_cors() -> None:
    app = Flask(__name__)

    @app.get("/")
    @cross_origin()
    def read() -> str:
        return "Hello"

    @app.put("/")
    def write() -> str:
        return "Hello"

    assert may_send(app, method="GET")
    assert not may_read(app, method="PUT")
    assert not may_send(app, method="PUT")


def test_what_a_decorated_view_raises_is_covered_unlike_flask_cors() -> None:
    app = Flask(__name__)

    @app.get("/<kind>")
    @cross_origin(origins=BOTH)
    def view(kind: str) -> str:
        if kind == "missing":
            abort(404)
        raise LookupError(kind)

    for path, status in (("/missing", 404), ("/crash", 500)):
        answer = ask(app, path)
        assert answer.status_code == status
        assert cors_fields(answer) == {"Access-Control-Allow-Origin": ORIGIN}


def test_a_redirect_to_a_decorated_view_is_covered_unlike_flask_cors() -> None:
    app = Flask(__name__)

    @app.get("/users/")
    @cross_origin(origins=BOTH)
    def view() -> str:
        return "Hello"

    answer = ask(app, "/users")
    assert answer.status_code == 308
    assert cors_fields(answer) == {"Access-Control-Allow-Origin": ORIGIN}
    assert may_send(app, "/users")
    assert may_read(app, "/users/")


def test_an_async_view_can_be_decorated_unlike_flask_cors() -> None:
    pytest.importorskip("asgiref")
    app = Flask(__name__)

    @app.get("/")
    @cross_origin(origins=BOTH)
    async def view() -> str:
        return "Hello"

    assert ask(app).text == "Hello"
    assert may_read(app)
    assert not may_read(app, origin=STRANGER)


def test_a_class_based_view_is_decorated_by_its_list_preflights_included_unlike_flask_cors() -> None:
    class Users(MethodView):
        decorators = [cross_origin(origins=BOTH, max_age=1)]  # noqa: RUF012  # as Flask documents it

        def get(self) -> str:
            return "Read"

        def put(self) -> str:
            return "Written"

    app = Flask(__name__)
    app.add_url_rule("/users", view_func=Users.as_view("users"))
    assert [ask(app, "/users", method=method).text for method in ("GET", "PUT")] == ["Read", "Written"]
    for method in ("GET", "PUT"):
        assert may_read(app, "/users", method=method)
        assert may_send(app, "/users", method=method)
        assert not may_read(app, "/users", method=method, origin=STRANGER)
    assert preflight(app, "/users", method="PUT").headers[MAX_AGE] == "1"


def test_a_class_based_view_with_one_function_for_all_methods_is_decorated_too_unlike_flask_cors() -> None:
    class Users(View):
        methods = ["GET", "PUT"]  # noqa: RUF012  # as Flask documents it
        decorators = [cross_origin(origins=BOTH)]  # noqa: RUF012

        def dispatch_request(self) -> str:
            return "Users"

    app = Flask(__name__)
    app.add_url_rule("/users", view_func=Users.as_view("users"))
    assert may_read(app, "/users", method="PUT")
    assert may_send(app, "/users", method="PUT")
    assert not may_read(app, "/users", origin=STRANGER)


def test_one_method_of_a_class_based_view_can_be_decorated_with_its_preflight_unlike_flask_cors() -> None:
    class Users(MethodView):
        @cross_origin(origins=BOTH)
        def put(self) -> str:
            return "Written"

        def delete(self) -> str:
            return "Deleted"

    app = Flask(__name__)
    app.add_url_rule("/users", view_func=Users.as_view("users"))
    assert ask(app, "/users", method="PUT").text == "Written"
    assert may_read(app, "/users", method="PUT")
    assert may_send(app, "/users", method="PUT")
    assert not may_read(app, "/users", method="DELETE")
    assert not may_send(app, "/users", method="DELETE")


# Answers of every kind.


def eventful_site() -> Flask:
    app = Flask(__name__)
    CORS(app, origins=BOTH, expose_headers="X-Total")

    @app.before_request
    def only_members() -> tuple[str, int] | None:
        return ("Members only", 401) if request.path == "/members" else None

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("no such thing")

    @app.get("/forbidden")
    def forbidden() -> str:
        abort(403)

    @app.get("/teapot")
    def teapot() -> str:
        raise ConnectionError("short and stout")

    @app.errorhandler(ConnectionError)
    def is_teapot(error: ConnectionError) -> tuple[str, int]:
        return str(error), 418

    @app.get("/moved")
    def moved() -> Response:
        return redirect("/folder/")

    app.add_url_rule("/members", "members", hello)
    app.add_url_rule("/folder/", "folder", hello)
    return app


ANSWERS = [
    pytest.param("GET", "/folder/", 200, id="a page"),
    pytest.param("HEAD", "/folder/", 200, id="a page without its body"),
    pytest.param("GET", "/folder", 308, id="a redirect of the router"),
    pytest.param("GET", "/moved", 302, id="a redirect of a view"),
    pytest.param("GET", "/members", 401, id="what a hook answers"),
    pytest.param("GET", "/forbidden", 403, id="what a view aborts with"),
    pytest.param("GET", "/missing", 404, id="a path without a view"),
    pytest.param("PUT", "/folder/", 405, id="a method without a view"),
    pytest.param("GET", "/teapot", 418, id="what an error handler answers"),
    pytest.param("GET", "/crash", 500, id="what nobody handles"),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_answers_of_every_kind_are_covered(method: str, path: str, status: int) -> None:
    answer = ask(eventful_site(), path, method=method)
    assert answer.status_code == status
    assert cors_fields(answer) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Expose-Headers": "X-Total",
    }
    assert vary(answer) == {"Origin"}


@pytest.mark.parametrize(("method", "path", "_status"), ANSWERS)
def test_preflights_are_answered_before_all_that_unlike_flask_cors(
    method: str, path: str, _status: int
) -> None:
    answer = preflight(eventful_site(), path, method=method)
    assert answer.status_code == 200
    assert answer.text == "OK"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert vary(answer) == {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}


def test_preflights_run_nothing_of_the_application_unlike_flask_cors() -> None:
    app = page()
    CORS(app, origins=BOTH)
    seen: list[str] = []

    @app.before_request
    def remember() -> None:
        seen.append("before")

    @app.after_request
    def remember_too(response: Any) -> Any:
        seen.append("after")
        return response

    assert preflight(app).status_code == 200
    assert seen == []
    assert ask(app).status_code == 200
    assert seen == ["before", "after"]


def test_a_refused_preflight_says_why_unlike_flask_cors() -> None:
    answer = preflight(with_cors(page(), origins=BOTH), origin=STRANGER)
    assert answer.status_code == 400
    assert answer.text == f"Refused by the CORS policy: the origin '{STRANGER}' is not allowed"
    assert cors_fields(answer) == {}


def test_fields_that_a_view_sets_itself_are_replaced_unlike_flask_cors() -> None:
    app = Flask(__name__)
    CORS(app, origins=BOTH)

    @app.get("/")
    def view() -> tuple[str, dict[str, str]]:
        return "Hello", {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}

    assert cors_fields(ask(app)) == {"Access-Control-Allow-Origin": ORIGIN}
    assert cors_fields(ask(app, origin=STRANGER)) == {}


# The documented examples, each as a small application of our own.


def test_example_the_whole_application_in_one_line() -> None:
    app = Flask(__name__)
    CORS(app)

    @app.route("/weather")
    def weather() -> str:
        return "Sunny"

    answer = ask(app, "/weather")
    assert answer.text == "Sunny"
    assert may_read(app, "/weather")
    assert may_send(app, "/weather", method="DELETE", names=("X-Anything",))


def test_example_one_part_of_the_application() -> None:
    app = site("/v1/stations", "/admin")
    CORS(app, resources={r"/v1/*": {"origins": "*"}})
    assert covered(app, "/v1/stations", "/admin") == {"/v1/stations"}


def test_example_one_view() -> None:
    app = Flask(__name__)

    @app.route("/weather")
    @cross_origin()
    def weather() -> str:
        return "Sunny"

    assert ask(app, "/weather").text == "Sunny"
    assert covered(app, "/weather", "/") == {"/weather"}


def test_example_json_to_one_part_of_the_application() -> None:
    app = Flask(__name__)
    CORS(app, resources=r"/v1/*", allow_headers="Content-Type")

    @app.route("/")
    def index() -> str:
        return "Hello"

    @app.route("/v1/stations", methods=["POST"])
    def add_station() -> Response:
        return jsonify(added=True)

    assert covered(app, "/") == set()
    assert may_send(app, "/v1/stations", method="POST", names=("Content-Type",))
    assert not may_send(app, "/v1/stations", method="POST", names=("X-Token",))
    answer = ask(app, "/v1/stations", method="POST", json={})
    assert answer.json == {"added": True}
    assert may_read(app, "/v1/stations", method="POST")


def test_example_json_to_one_view() -> None:
    app = Flask(__name__)

    @app.route("/stations", methods=["GET", "POST"])
    @cross_origin(allow_headers=["Content-Type"])
    def stations() -> Response:
        return jsonify(added=True)

    assert may_send(app, "/stations", method="POST", names=("Content-Type",))
    assert not may_send(app, "/stations", method="POST", names=("X-Token",))
    assert may_read(app, "/stations", method="POST")


def test_example_json_by_configuration() -> None:
    app = with_cors(page(CORS_ALLOW_HEADERS="Content-Type"))
    assert may_send(app, method="POST", names=("Content-Type",))
    assert not may_send(app, method="POST", names=("X-Token",))


def test_example_one_blueprint() -> None:
    api = Blueprint("api", __name__)
    CORS(api)

    @api.route("/v1/stations")
    def list_stations() -> Response:
        return jsonify(["north"])

    @api.route("/v1/stations/add", methods=["POST"])
    def add_station() -> Response:
        return jsonify(added=True)

    public = Blueprint("public", __name__)

    @public.route("/")
    def index() -> str:
        return "Hello"

    app = Flask(__name__)
    app.register_blueprint(api)
    app.register_blueprint(public)
    assert covered(app, "/", "/v1/stations") == {"/v1/stations"}
    assert may_send(app, "/v1/stations/add", method="POST", names=("Content-Type",))
    assert ask(app, "/v1/stations/add", method="POST").json == {"added": True}


def test_example_a_page_reads_why_a_path_is_missing() -> None:
    app = Flask(__name__)

    @app.errorhandler(404)
    @cross_origin(origins=BOTH, methods=["GET"], allow_headers=["X-Request-Id"])
    def not_found(_error: Exception) -> tuple[dict[str, str], int]:
        return {"problem": "no such station"}, 404

    assert may_send(app, "/stations/9", names=("X-Request-Id",))
    assert not may_send(app, "/stations/9", names=("X-Other",))
    answer = ask(app, "/stations/9")
    assert answer.status_code == 404
    assert answer.json == {"problem": "no such station"}
    assert may_read(app, "/stations/9")
    assert not may_read(app, "/stations/9", origin=STRANGER)


def cookie_site() -> Flask:
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(16)

    @app.route("/greeting")
    def greeting() -> str:
        return f"Hello, {session.get('name', 'stranger')}"

    @app.route("/sign-in/<name>", methods=["POST"])
    def sign_in(name: str) -> str:
        session["name"] = name
        return "Welcome"

    return app


def test_example_cookies_go_to_the_listed_origins() -> None:
    app = cookie_site()
    CORS(app, origins=BOTH, supports_credentials=True)
    client = app.test_client()
    welcome = client.post("/sign-in/Ada", headers={"Origin": ORIGIN})
    assert welcome.headers["Set-Cookie"].startswith("session=")
    answer = client.get("/greeting", headers={"Origin": ORIGIN})
    assert answer.text == "Hello, Ada"
    assert cors_fields(answer) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
    }
    assert vary(answer) == {"Cookie", "Origin"}
    assert cors_fields(client.get("/greeting", headers={"Origin": STRANGER})) == {}


def test_example_cookies_do_not_go_to_every_site_on_the_web_unlike_flask_cors() -> None:
    app = cookie_site()
    with pytest.raises(PolicyError, match="every site on the web"):
        CORS(app, supports_credentials=True)


def test_example_the_log_tells_what_is_going_on_under_our_name_unlike_flask_cors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("crosscors").setLevel(logging.DEBUG)
    try:
        app = with_cors(page(), origins=[ORIGIN])
        ask(app, origin=STRANGER)
        ask(app, origin=ORIGIN)
    finally:
        logging.getLogger("crosscors").setLevel(logging.NOTSET)
    records = [
        (record.levelname, record.getMessage()) for record in caplog.records if record.name == "crosscors"
    ]
    refusal = next(message for level, message in records if level == "INFO")
    assert f"the origin '{STRANGER}' is not allowed" in refusal
    assert ("DEBUG", f"'GET /': allowed by '{ORIGIN}'") in records


# What both offer.


def test_every_option_of_theirs_is_accepted_by_name() -> None:
    options: Options = {
        "origins": [ORIGIN],
        "methods": ["GET"],
        "expose_headers": ["X-Total"],
        "allow_headers": ["X-Token"],
        "supports_credentials": True,
        "max_age": 1,
        "send_wildcard": True,
        "vary_header": True,
        "automatic_options": True,
        "intercept_exceptions": True,
        "always_send": True,
        "allow_private_network": True,
    }
    for app in (
        with_cors(page(), **options, resources="/*"),
        with_cors(page(**configured(options), CORS_RESOURCES="/*")),
    ):
        assert cors_fields(ask(app)) == {
            "Access-Control-Allow-Origin": ORIGIN,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": "X-Total",
        }
        assert {
            "Access-Control-Allow-Methods",
            "Access-Control-Allow-Headers",
            "Access-Control-Max-Age",
            "Access-Control-Allow-Private-Network",
        } <= cors_fields(preflight(app, names="x-token", private_network="true")).keys()
