"""``protect=``: for each request, the policy of the view that it would reach says who may write."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, has_request_context
from flask.views import MethodView
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, PolicyError, Resources
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, Fields, ask_wsgi, preflight
from tests.conftest import Approve
from tests.flask.apps import OF_APP, OF_BLUEPRINT, OF_VIEW, STRANGER, fresh
from tests.tables import each, table

TRUSTED: dict[str, Any] = {"supports_credentials": True}
NAVIGATION = ("Sec-Fetch-Mode", "navigate")
HANDSHAKE: Fields = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
ORIGINS = {"app": OF_APP, "blueprint": OF_BLUEPRINT, "view": OF_VIEW, "stranger": STRANGER}


def sent_from(origin: str, *others: tuple[str, str], cookie: bool = True) -> Fields:
    """What a browser says about a request from a page of another site."""
    cookies = [("Cookie", "a=b")] if cookie else []
    return [("Host", "api.example"), ("Origin", origin), ("Sec-Fetch-Site", "cross-site"), *cookies, *others]


def is_refused(answer: Answer) -> bool:
    is_ours = answer.body.startswith(b"Refused by the cross-origin protection: ")
    assert is_ours == (answer.status == 403)
    return is_ours


def writers(app: Any, path: str = "/", method: str = "POST", *others: tuple[str, str], **environ: Any) -> str:
    """Whose pages may send this request with cookies."""
    served = [
        name
        for name, origin in ORIGINS.items()
        if not is_refused(ask_wsgi(app, method, path, sent_from(origin, *others), **environ))
    ]
    return " and ".join(served) or "none"


class Failing(BaseConverter):
    def to_python(self, value: str) -> str:
        raise LookupError(value)


class Mixed(MethodView):
    def post(self) -> str:
        return "written"

    @cross_origin(origins=OF_VIEW, **TRUSTED)
    def put(self) -> str:
        return "written"


def pages(*paths: str, **config: Any) -> Flask:
    """An application whose pages take every method."""
    app = Flask(__name__, static_folder=None)
    app.config.update(config)
    for path in paths or ("/",):
        app.add_url_rule(path, path, fresh(), methods=["GET", "POST", "PUT"])
    return app


def with_policies(app: Flask, **options: Any) -> Flask:
    """The application with views and blueprints that have policies, and one for all others."""
    app.url_map.converters["failing"] = Failing
    own = cross_origin(origins=OF_VIEW, **TRUSTED)
    app.add_url_rule("/view", "view", own(fresh()), methods=["GET", "POST"])
    app.add_url_rule("/slash/", "slash", own(fresh()), methods=["POST"])
    app.add_url_rule("/mixed", view_func=Mixed.as_view("mixed"))
    app.add_url_rule("/failing/<failing:x>", "failing", fresh(), methods=["POST"])
    bp = Blueprint("bp", __name__)
    bp.add_url_rule("/bp", "page", fresh(), methods=["POST"])
    bp.add_url_rule("/bp/view", "view", own(fresh()), methods=["POST"])
    CORS(bp, origins=OF_BLUEPRINT, **TRUSTED)
    app.register_blueprint(bp)
    given: dict[str, Any] = {"protect": True, "origins": OF_APP, **TRUSTED, **options}
    CORS(app, **given)
    return app


# Whose policy counts.


@table(
    "path, method, expected",
    ("that of the application", "/", "POST", "app"),
    ("that of a view", "/view", "POST", "view"),
    ("that of a view at the end of a redirect", "/slash", "POST", "view"),
    ("that of a view that does not take the method", "/view", "PUT", "view"),
    ("that of a method of a class", "/mixed", "PUT", "view"),
    ("not that of another method of a class", "/mixed", "POST", "app"),
    ("that of a blueprint", "/bp", "POST", "blueprint"),
    ("that of a view in a blueprint", "/bp/view", "POST", "view"),
    ("that of the application where there is no view", "/missing", "POST", "app"),
    ("none where the router fails", "/failing/1", "POST", "none"),
)
def test_the_policy_of_what_would_be_reached_says_who_may_write(
    path: str, method: str, expected: str
) -> None:
    assert writers(with_policies(pages()), path, method) == expected


@table(
    "resources, path, expected",
    ("a path with a policy", {"/api/*": {"origins": OF_APP}}, "/api/items", "app"),
    ("the same path with more than one slash", {"/api/*": {"origins": OF_APP}}, "/api//items", "app"),
    ("another path", {"/api/*": {"origins": OF_APP}}, "/other", "none"),
    ("a path that is left out", {"/*": {"origins": OF_APP}, "/other": None}, "/other", "none"),
    ("a view with a policy", {"/api/*": {"origins": OF_APP}}, "/view", "view"),
)
@each("has_views", False, True)
def test_a_path_that_no_policy_covers_trusts_nobody(
    resources: Any, path: str, expected: str, has_views: bool
) -> None:
    app = pages("/", "/api/items", "/other")
    options: dict[str, Any] = {"resources": resources, **TRUSTED}
    if has_views:
        with_policies(app, **options)
        assert writers(app, path) == expected
    elif path != "/view":
        CORS(app, protect=True, **options)
        assert writers(app, path) == expected


def test_a_handler_of_missing_paths_may_have_the_policy() -> None:
    app = pages()
    app.register_error_handler(404, cross_origin(origins=OF_VIEW, **TRUSTED)(lambda _: ("missing", 404)))
    CORS(app, protect=True, origins=OF_APP, **TRUSTED)
    assert [writers(app, path) for path in ("/", "/missing")] == ["app", "view"]


def test_where_middleware_may_change_the_path_only_a_view_that_is_found_counts() -> None:
    app = pages()
    inner = pages("/x")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/inner": inner})  # type: ignore[method-assign]
    with_policies(app)
    assert [writers(app, path) for path in ("/", "/view", "/inner/x")] == ["app", "view", "none"]


def test_without_policies_of_views_the_policy_of_the_application_covers_what_middleware_serves() -> None:
    app = pages()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/inner": pages("/x")})  # type: ignore[method-assign]
    CORS(app, protect=True, origins=OF_APP, **TRUSTED)
    assert [writers(app, path) for path in ("/", "/inner/x")] == ["app", "app"]


def test_middleware_and_resources() -> None:
    app = pages("/api/items")
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, protect=True, resources={"/api/*": {"origins": OF_APP, **TRUSTED}})
    assert [writers(app, path) for path in ("/api/items", "/api/missing", "/other")] == [
        "app",
        "none",
        "none",
    ]


@each("path", "/failing/1", "/missing", "/view", "/bp")
def test_trusted_origins_may_write_everywhere(path: str) -> None:
    app = with_policies(pages(), origins=[], protect=CrossOriginProtection(trusted_origins=[STRANGER]))
    assert "stranger" in writers(app, path)


def test_every_application_of_a_dispatcher_checks_for_itself() -> None:
    outer, inner = pages(), pages("/x")
    CORS(outer, origins=OF_APP, **TRUSTED)
    CORS(inner, protect=True, origins=OF_VIEW, **TRUSTED)
    app = DispatcherMiddleware(outer, {"/inner": inner})
    assert [writers(app, path) for path in ("/", "/inner/x")] == [" and ".join(ORIGINS), "view"]


# Nothing of the application runs.


@each("has_views", False, True)
@table(
    "method, path, headers",
    ("a form post", "POST", "/", sent_from(STRANGER, NAVIGATION)),
    (
        "a form post to a login form, without cookies",
        "POST",
        "/",
        sent_from(OF_APP, NAVIGATION, cookie=False),
    ),
    ("a sandboxed form", "POST", "/", sent_from("null", NAVIGATION)),
    ("a request of a script", "PUT", "/", sent_from(STRANGER)),
    ("one without Sec-Fetch-Site", "POST", "/", [("Host", "api.example"), ("Origin", STRANGER)]),
    ("a WebSocket", "GET", "/", sent_from(STRANGER, *HANDSHAKE)),
    ("a WebSocket of Chromium", "GET", "/socket", [("Host", "a"), ("Origin", STRANGER), *HANDSHAKE]),
    ("a path without a view", "DELETE", "/missing", sent_from(STRANGER)),
)
def test_what_is_refused_arrives_nowhere(has_views: bool, method: str, path: str, headers: Fields) -> None:
    ran: list[str] = []

    def noting(name: str, answer: Any) -> Callable[..., Any]:
        def note(*given: Any) -> Any:
            ran.append(name)
            return given[0] if name == "after_request" else answer

        return note

    app = pages()
    app.add_url_rule("/socket", "socket", noting("socket", ""), websocket=True)
    app.view_functions["/"] = noting("view", "")
    app.before_request(noting("before_request", None))
    app.after_request(noting("after_request", None))
    app.teardown_request(noting("teardown", None))
    inside = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        ran.append("middleware")
        return inside(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    options: dict[str, Any] = {"protect": True, "origins": OF_APP, "supports_credentials": False}
    with_policies(app, **options) if has_views else CORS(app, **options)
    assert is_refused(ask_wsgi(app, method, path, headers))
    assert not ran
    ask_wsgi(app, "POST", "/")
    assert ran == ["middleware", "before_request", "view", "after_request", "teardown"]


@each("has_views", False, True)
@table(
    "method, headers",
    ("a form of the application", "POST", [("Sec-Fetch-Site", "same-origin"), ("Origin", "null")]),
    ("a request of its script", "PUT", [("Host", "api.example"), ("Origin", "https://api.example")]),
    ("its WebSocket", "GET", [("Host", "api.example"), ("Origin", "http://api.example"), *HANDSHAKE]),
    ("a webhook", "POST", [("Host", "api.example")]),
    ("a page that links to it", "GET", sent_from(STRANGER, NAVIGATION)),
    ("another protocol than WebSocket", "GET", [*sent_from(STRANGER), ("Upgrade", "h2c")]),
    ("a preflight", "OPTIONS", preflight(OF_APP, "PUT")),
)
def test_what_is_not_refused_is_served(has_views: bool, method: str, headers: Fields) -> None:
    app = pages()
    app.add_url_rule("/socket", "socket", fresh(), websocket=True)
    options: dict[str, Any] = {"protect": True, "origins": OF_APP, **TRUSTED}
    with_policies(app, **options) if has_views else CORS(app, **options)
    answer = ask_wsgi(app, method, "/socket" if HANDSHAKE[0] in headers else "/", headers)
    assert (answer.status, is_refused(answer)) == (200, False)


def test_the_router_is_not_asked_for_requests_of_the_application_itself() -> None:
    looked_up: list[str] = []

    class Looked(BaseConverter):
        def to_python(self, value: str) -> str:
            looked_up.append(value)
            return value

    app = pages()
    app.url_map.converters["looked"] = Looked
    app.add_url_rule("/looked/<looked:x>", "looked", fresh(), methods=["POST"])
    with_policies(app)
    ask_wsgi(app, "POST", "/looked/1", [("Sec-Fetch-Site", "same-origin")])
    assert looked_up == ["1"]
    ask_wsgi(app, "POST", "/looked/1", sent_from(OF_APP))
    assert looked_up == ["1"] * 3


# What is read and written without any origin option.


def reads(app: Any, path: str = "/") -> bool:
    return ask_wsgi(app, "GET", path, [("Origin", STRANGER)]).allowed is not None


def writes(app: Any, path: str = "/") -> bool:
    """Whether a page of another site may write without cookies. With cookies and forms, it never may."""
    for headers in (sent_from(STRANGER), sent_from(STRANGER, NAVIGATION, cookie=False)):
        assert is_refused(ask_wsgi(app, "POST", path, headers))
    return not is_refused(ask_wsgi(app, "POST", path, sent_from(STRANGER, cookie=False)))


@table(
    "options, config, is_open",
    ("nothing", {}, {}, False),
    ("the setting", {"protect": None}, {"CORS_PROTECT": True}, False),
    ("other options", {"methods": ["POST"]}, {}, False),
    ("a path", {"resources": "/*"}, {}, False),
    ("paths", {"resources": ["/", "/other"]}, {}, False),
    ("an entry without options", {"resources": {"/*": {}}}, {}, False),
    ("an entry without origins", {"resources": {"/*": {"methods": ["POST"]}}}, {}, False),
    ("paths in the configuration", {}, {"CORS_RESOURCES": {"/*": {}}}, False),
    ("an empty list", {"origins": []}, {}, False),
    ("a policy", {"policy": CORSPolicy()}, {}, False),
    ("every origin", {"origins": "*"}, {}, True),
    ("every origin, by the core's name", {"allow_origins": ["*"]}, {}, True),
    ("every origin in the configuration", {}, {"CORS_ORIGINS": "*"}, True),
    ("an entry for every origin", {"resources": {"/*": {"origins": "*"}}}, {}, True),
    ("every origin for every entry", {"resources": {"/*": {}}, "origins": "*"}, {}, True),
    ("a public policy", {"policy": CORSPolicy(allow_origins="*", allow_methods="*")}, {}, True),
    ("no protection", {"protect": False}, {"CORS_PROTECT": True}, None),
)
@each("later", False, True)
def test_without_origins_no_other_origin_is_allowed(
    options: dict[str, Any], config: dict[str, Any], is_open: bool | None, later: bool
) -> None:
    app = pages(**config)
    given = {"protect": True, **options}
    CORS().init_app(app, **given) if later else CORS(app, **given)
    if is_open is None:
        assert reads(app)
        assert not is_refused(ask_wsgi(app, "POST", "/", sent_from(STRANGER)))
    else:
        assert (reads(app), writes(app)) == (is_open, is_open)


def test_an_origin_with_credentials_is_an_origin() -> None:
    app = pages()
    CORS(app, protect=True, supports_credentials=[OF_APP])
    assert (writers(app), reads(app)) == ("app", False)


def test_views_and_blueprints_that_are_opened_stay_open() -> None:
    app = pages("/", "/closed")
    app.add_url_rule("/view", "view", cross_origin()(fresh()), methods=["GET", "POST"])
    bp = Blueprint("bp", __name__)
    bp.add_url_rule("/bp", "page", fresh(), methods=["GET", "POST"])
    CORS(bp)
    app.register_blueprint(bp)
    CORS(app, protect=True)
    found = [(reads(app, path), writes(app, path)) for path in ("/", "/view", "/bp")]
    assert found == [(False, False), (True, True), (True, True)]


def test_what_may_be_written_follows_from_the_policy_of_the_view() -> None:
    app = pages()
    app.add_url_rule("/view", "view", cross_origin(methods=["GET"])(fresh()), methods=["GET", "POST"])
    CORS(app, protect=True, origins=OF_APP, **TRUSTED)
    assert (reads(app, "/view"), writes(app, "/view")) == (True, False)


# Which place gives the option.


@table(
    "constructed, initialised, config, expected",
    ("in the constructor", {"protect": True}, {}, {}, "enforced"),
    ("in init_app", {}, {"protect": True}, {}, "enforced"),
    ("in the configuration", {}, {}, {"CORS_PROTECT": True}, "enforced"),
    ("a report in the configuration", {}, {}, {"CORS_PROTECT": "report"}, "report"),
    ("an object", {"protect": CrossOriginProtection(report_only=True)}, {}, {}, "report"),
    ("init_app before the constructor", {"protect": True}, {"protect": "report"}, {}, "report"),
    ("keywords before the configuration", {"protect": "report"}, {}, {"CORS_PROTECT": True}, "report"),
    ("off in init_app", {"protect": True}, {"protect": False}, {"CORS_PROTECT": True}, None),
    ("None is not given", {"protect": True}, {"protect": None}, {"CORS_PROTECT": None}, "enforced"),
    ("off by default", {}, {}, {}, None),
    (
        "a policy leaves it",
        {"protect": True},
        {"policy": CORSPolicy(allow_origins=OF_APP)},
        {"CORS_ORIGINS": "*"},
        "enforced",
    ),
    ("also in the configuration", {}, {"policy": Resources({})}, {"CORS_PROTECT": "report"}, "report"),
    ("beside a policy", {}, {"policy": CORSPolicy(), "protect": True}, {}, "enforced"),
)
@each("has_view", False, True)
def test_the_option_comes_from_the_nearest_place(
    constructed: Any, initialised: Any, config: Any, expected: str | None, has_view: bool
) -> None:
    told: list[Decision] = []
    app = pages(**config)
    if has_view:
        app.add_url_rule("/view", "view", cross_origin(origins=OF_VIEW)(fresh()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a report without origins
        CORS(on_decision=lambda _, told_of: told.append(told_of), **constructed).init_app(app, **initialised)
    answer = ask_wsgi(app, "POST", "/", sent_from(STRANGER))
    assert is_refused(answer) == (expected == "enforced")
    assert [each.protection for each in told if each.protection] == ([expected] if expected else [])


VALUES: tuple[Any, ...] = (
    "true",
    "1",
    "on",
    "off",
    "False",
    "",
    "report-only",
    "REPORT",
    1,
    0,
    [],
    CrossOriginProtection,
)


def problems_of(make: Callable[[], object]) -> str:
    with pytest.raises(PolicyError) as refused:
        make()
    return "\n".join(map(str, refused.value.problems))


def test_wrong_values_and_places_are_told_at_the_start(approved: Approve) -> None:
    def app(**config: Any) -> Flask:
        return pages(**config)

    resources: Any = {"/a": {"protect": True}, "/b": {"origins": OF_APP, "protect": None}}
    nested: Any = {"/a": {"protect": False}}
    kept: Any = {"protect": False}
    told = [
        (f"CORS_PROTECT = {value!r}", problems_of(lambda value=value: CORS(app(CORS_PROTECT=value))))  # type: ignore[misc]
        for value in VALUES
    ]
    told += [
        ("a keyword", problems_of(lambda: CORS(app(), protect="true"))),  # type: ignore[arg-type]
        ("a keyword, before there is an application", problems_of(lambda: CORS(protect="true"))),  # type: ignore[arg-type]
        ("a resource", problems_of(lambda: CORS(app(), resources=resources))),
        ("a resource in the configuration", problems_of(lambda: CORS(app(CORS_RESOURCES=nested)))),
        ("a view", problems_of(lambda: cross_origin(**kept))),
        ("a blueprint", problems_of(lambda: CORS(Blueprint("bp", __name__), protect=True))),
        ("a blueprint, later", problems_of(lambda: CORS(**kept).init_app(Blueprint("bp", __name__)))),
        ("a misspelled keyword", problems_of(lambda: CORS(app(), protection=True))),  # type: ignore[call-arg]
        ("a misspelled setting", problems_of(lambda: CORS(app(CORS_PROTECTION=True)))),
        (
            "a misspelled setting beside a policy",
            problems_of(lambda: CORS(app(CORS_PROTECTION=True, CORS_POLICY=CORSPolicy()))),
        ),
        (
            "a misspelled setting of origins",
            problems_of(lambda: CORS(app(CORS_PROTECT=True, CORS_ALLOWED_ORIGINS=OF_APP))),
        ),
        ("two problems", problems_of(lambda: CORS(app(), protect="x", origins="a"))),  # type: ignore[arg-type]
    ]
    approved("flask_protect", told)


def test_a_setting_that_resembles_it_is_told_once_where_it_is_given() -> None:
    with pytest.warns(match=r"CORS_PROTECTION: is not a setting of crosscors, and is not read") as told:
        CORS(pages(CORS_PROTECTION=True, CORS_PROTECT=True))
    assert len(told) == 1


def test_blueprints_and_views_leave_the_setting_to_the_application() -> None:
    app = pages(CORS_PROTECT=True)
    bp = Blueprint("bp", __name__)
    CORS(bp, protect=None)  # type: ignore[arg-type]
    app.register_blueprint(bp)
    app.add_url_rule("/view", "view", cross_origin()(fresh()))
    CORS(app)
    assert writers(app) == "none"


def with_a_blueprint() -> Flask:
    app, bp = pages(CORS_PROTECT="report"), Blueprint("bp", __name__)
    CORS(bp)
    app.register_blueprint(bp)
    return app


def with_a_view() -> Flask:
    app = pages(CORS_PROTECT="report")
    app.view_functions["/"] = cross_origin()(fresh())
    return app


@each("build", with_a_blueprint, with_a_view)
def test_without_a_policy_of_the_application_the_setting_has_no_effect_and_that_is_logged(
    build: Callable[[], Flask], caplog: pytest.LogCaptureFixture
) -> None:
    app = build()
    for _ in range(2):
        assert ask_wsgi(app, "POST", "/", sent_from(STRANGER)).status == 200
    [message] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert message == (
        "CORS_PROTECT has no effect, because only views or blueprints of the application have a policy. "
        "Write CORS(app)"
    )


# Reports.


@table(
    "options, tells",
    ("no origins", {}, True),
    ("an entry without origins", {"resources": {"/a": {}, "/b": {"origins": OF_APP}}}, True),
    ("origins", {"origins": OF_APP}, False),
    ("no origin at all", {"origins": []}, False),
    ("every origin", {"origins": "*"}, False),
    ("an expression", {"allow_origin_regex": r"https://app\.example\.com"}, False),
    ("entries with origins", {"resources": {"/a": {"origins": OF_APP}}}, False),
    ("a policy", {"policy": CORSPolicy()}, False),
)
@each("is_report", True, False)
def test_a_report_that_would_not_tell_what_changes_later_says_so(
    options: dict[str, Any], tells: bool, is_report: bool
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CORS(pages(), protect="report" if is_report else True, **options)
    told = [str(each.message) for each in caught]
    text = (
        "protect: 'report' changes nothing, so without origins, every origin is allowed. With True, no "
        'origin would be. Write origins=["https://app.example.com"], or origins=[] for no origin, or '
        'origins="*" for every origin.'
    )
    assert told == ([text] if tells and is_report else [])


REQUESTS: list[tuple[str, str, Fields]] = [
    (method, path, [*headers, *host])
    for method in ("GET", "POST", "PUT", "OPTIONS")
    for path in ("/", "/view", "/bp", "/missing", "/api/items", "/failing/1")
    for headers in (
        *(sent_from(origin) for origin in (OF_APP, OF_VIEW, STRANGER, "null")),
        preflight(OF_APP, "PUT"),
        preflight(STRANGER, "PUT"),
        [*sent_from(STRANGER), *HANDSHAKE],
        [],
    )
    for host in ([], [("Host", "rebound.example")])
    if not (host and ("Host", "api.example") in headers)
]


@each("has_views", False, True)
@each(
    "options", {}, {"resources": {"/api/*": {}}}, {"allow_origin_func": lambda request: request.path == "/"}
)
def test_a_report_changes_no_byte(has_views: bool, options: dict[str, Any]) -> None:
    told: list[Decision] = []
    report = CrossOriginProtection(report_only=True, allowed_hosts=["api.example"])
    apps: list[Flask] = []
    for protect in (False, report):
        app = pages("/", "/api/items")
        app.testing = False
        given: dict[str, Any] = {"protect": protect, "origins": OF_APP, **options}
        if protect:
            given["on_decision"] = lambda _, decision: told.append(decision)
        with_policies(app, supports_credentials=False, **given) if has_views else CORS(app, **given)
        apps.append(app)
    plain, reporting = apps
    for method, path, headers in REQUESTS:
        assert ask_wsgi(plain, method, path, headers) == ask_wsgi(reporting, method, path, headers)
    assert {each.protection for each in told} == {None, "report"}


def test_a_report_does_not_ask_a_function_too_early() -> None:
    """Where views have policies, functions are asked in the request of Flask. A report asks before it."""

    def is_allowed(_: CORSRequest) -> bool:
        return has_request_context()

    answers: list[Answer] = []
    for protect in (False, "report"):
        app = with_policies(pages(), allow_origin_func=is_allowed, protect=protect)
        answers.append(ask_wsgi(app, "POST", "/", sent_from(STRANGER)))
    assert [answer.allowed for answer in answers] == [STRANGER, STRANGER]


# What is told.


@each("has_views", False, True)
@each("path", "/", "/missing")
def test_a_refusal_is_told_once(has_views: bool, path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "crosscors")
    told: list[tuple[CORSRequest, Decision]] = []
    app = pages()
    options: dict[str, Any] = {"protect": True, "on_decision": lambda *given: told.append(given)}
    with_policies(app, origins=[], **options) if has_views else CORS(app, **options)
    ask_wsgi(app, "POST", path, sent_from(STRANGER))
    [(request, decision)] = told
    assert (request.method, request.path, decision.protection) == ("POST", path, "enforced")
    assert [refusal.code for refusal in decision.refusals] == ["cross-site-request"]
    [line] = caplog.messages
    assert line.startswith(f"the cross-origin protection refused 'POST {path}': ")
    added = f'add "{STRANGER}" to origins' if has_views else f'supports_credentials=["{STRANGER}"]'
    assert added in line


@each("has_views", False, True)
def test_a_report_is_told_beside_the_decision_of_the_policy(has_views: bool) -> None:
    told: list[Decision] = []
    app = pages()
    options: dict[str, Any] = {"protect": "report", "on_decision": lambda _, made: told.append(made)}
    with_policies(app, origins=[], **options) if has_views else CORS(app, origins=[], **options)
    ask_wsgi(app, "POST", "/", sent_from(STRANGER))
    assert [decision.protection for decision in told] == ["report", None]


@each("has_views", False, True)
def test_the_response_has_the_headers_of_the_policy_and_in_debug_mode_the_reason(has_views: bool) -> None:
    app = pages()
    options: dict[str, Any] = {"origins": OF_APP, "supports_credentials": False, "debug": True}
    with_policies(app, **options) if has_views else CORS(app, protect=True, **options)
    refused = ask_wsgi(app, "POST", "/", sent_from(OF_APP))
    assert (refused.status, refused.allowed) == (403, OF_APP)
    [reason] = refused.values("x-cors-refused")
    assert reason.startswith("credentials-not-allowed: ")


@each("has_views", False, True)
@each("protect", True, "report", False)
def test_a_function_is_asked_once_and_again_after_a_report(has_views: bool, protect: Any) -> None:
    """A report must not change when the function is asked, which is when the response starts."""
    times = 2 if has_views and protect == "report" else 1
    asked: list[CORSRequest] = []

    def is_tenant(request: CORSRequest) -> bool:
        asked.append(request)
        return request.origin == OF_APP

    app = pages()
    options: dict[str, Any] = {"protect": protect, "allow_origin_func": is_tenant, **TRUSTED}
    with_policies(app, origins=[], **options) if has_views else CORS(app, **options)
    for number, origin in enumerate((OF_APP, STRANGER), start=1):
        answer = ask_wsgi(app, "POST", "/", sent_from(origin))
        assert is_refused(answer) == (origin == STRANGER and protect is True)
        assert [(each.path, each.method) for each in asked] == [("/", "POST")] * number * times


def test_a_view_that_is_reached_otherwise_is_asked_for_itself() -> None:
    """Middleware that changes the path does not get the response that another view would have."""
    app = pages()
    inside = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        return inside({**environ, "PATH_INFO": "/view"}, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    with_policies(app)
    answer = ask_wsgi(app, "POST", "/", sent_from(OF_APP))
    assert (answer.status, answer.allowed) == (200, None)


# allowed_hosts and exempt.


@each("has_views", False, True)
@table(
    "method, path, headers",
    ("a page", "GET", "/", []),
    ("a view with a policy", "GET", "/view", []),
    ("a path that no policy covers", "GET", "/other", []),
    ("a preflight", "OPTIONS", "/", preflight(OF_APP, "PUT")),
    ("a preflight for a view with a policy", "OPTIONS", "/view", preflight(OF_VIEW, "GET")),
    ("a preflight for a path that no policy covers", "OPTIONS", "/other", preflight(OF_APP, "PUT")),
    ("a WebSocket", "GET", "/", [("Origin", "http://rebound.example"), *HANDSHAKE]),
)
def test_other_hosts_are_refused_everywhere(has_views: bool, method: str, path: str, headers: Fields) -> None:
    app = pages("/", "/other")
    protect = CrossOriginProtection(allowed_hosts=["localhost"])
    options: dict[str, Any] = {"protect": protect, "resources": {"/": {"origins": OF_APP}}}
    with_policies(app, **options) if has_views else CORS(app, **options)
    assert is_refused(ask_wsgi(app, method, path, [("Host", "rebound.example:80"), *headers]))
    assert not is_refused(ask_wsgi(app, method, path, [("Host", "localhost:8000"), *headers[:1]]))


@each("has_views", False, True)
@table(
    "path, script_name, is_exempt",
    ("the path", "/saml/acs", "", True),
    ("the path below the root of the application", "/saml/acs", "/app", True),
    ("another path", "/saml/other", "", False),
    ("a path with two readings", "/saml//acs", "", False),
    ("the root of the application", "/", "/saml/acs", False),
)
def test_exempt_paths_take_requests_from_everywhere(
    has_views: bool, path: str, script_name: str, is_exempt: bool
) -> None:
    app = pages("/", "/saml/acs", "/saml/other")
    options: dict[str, Any] = {
        "protect": CrossOriginProtection(exempt=["/saml/acs", re.compile("/saml/x.*")])
    }
    with_policies(app, **options) if has_views else CORS(app, **options)
    answer = ask_wsgi(app, "POST", path, sent_from(STRANGER, NAVIGATION), SCRIPT_NAME=script_name)
    assert is_refused(answer) == (not is_exempt)
