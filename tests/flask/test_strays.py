"""Names in Flask's configuration that resemble an option: when they are harmless, and when refused."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from flask import Blueprint, Flask

from crosscors import CORSPolicy, PolicyError, PolicyWarning, Resources
from crosscors.flask import CORS, cross_origin
from tests.flask.apps import OF_APP, STRANGER, ask
from tests.tables import each, table

OWN = [OF_APP]
LISTED = CORSPolicy(allow_origins=OF_APP)
EXPRESSION = re.compile(r"https://[a-z]+\.example\.com")


def started(config: dict[Any, Any], options: dict[str, Any], views: bool = False) -> list[str]:
    """The names that the application warns about when it starts."""
    app = Flask(__name__)
    app.config.update(config)
    if views:
        app.add_url_rule("/view", "view", cross_origin()(lambda: "Hello"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CORS(app, **options)
    return [each.message.problem.option for each in caught if isinstance(each.message, PolicyWarning)]


def refused(config: dict[str, Any], options: dict[str, Any], views: bool = False) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        started(config, options, views)
    return [problem.option for problem in caught.value.problems]


@table(
    "name, options",
    ("handed on by the keyword", "CORS_ALLOWED_ORIGINS", {"origins": OWN}),
    ("by the core's keyword", "CORS_ORIGINS_LIST", {"allow_origins": OWN}),
    ("for another environment", "CORS_DEV_ORIGINS", {"origins": OWN}),
    (
        "handed on in every resource",
        "CORS_ALLOWED_ORIGINS",
        {"resources": {"/a": {"origins": OWN}, "/b": None}},
    ),
    ("handed on in a policy", "CORS_ALLOWED_ORIGINS", {"policy": LISTED}),
    ("in a policy for each path", "CORS_ALLOWED_ORIGINS", {"policy": Resources({"/a": LISTED})}),
    ("in the policy of a resource", "CORS_ALLOWED_ORIGINS", {"resources": {"/a": LISTED}}),
    ("with more words", "CORS_RESOURCES_DEV", {"resources": "/a"}),
    ("an expression", "CORS_ORIGINS_REGEX", {"origins": [EXPRESSION]}),
    ("like no option", "CORS_PROXY", {}),
    ("a word that looks like CORS_PROTECT", "CORS_PROJECT", {}),
)
def test_names_of_one_s_own_beside_the_right_one_are_left_alone(name: str, options: Any) -> None:
    assert started({name: OWN}, options) == []


def test_the_right_name_may_be_in_the_configuration_as_well() -> None:
    assert started({"CORS_ORIGINS": OWN, "CORS_ORIGINS_ENV": OF_APP, "CORS_ALLOWED_ORIGINS": OWN}, {}) == []
    assert started({"CORS_POLICY": LISTED, "CORS_ALLOW_ORIGIN": OWN}, {}) == ["CORS_ALLOW_ORIGIN"]


@table(
    "name, options",
    ("a near name", "CORS_ALLOW_ORIGIN", {"origins": OWN}),
    ("a name of django-cors-headers", "CORS_ORIGIN_WHITELIST", {"origins": OWN}),
    ("a near name in every resource", "CORS_METHOD", {"resources": {"/a": {"methods": "GET"}}}),
    ("a near name of resources", "CORS_RESOURCE", {"resources": "/a"}),
    ("where a function decides", "CORS_ALLOWED_ORIGINS", {"allow_origin_func": lambda request: True}),
    ("where an expression decides", "CORS_DEV_ORIGINS", {"allow_origin_regex": r"https://a\.example"}),
    ("an expression among the origins", "CORS_ORIGIN_REGEX", {"origins": EXPRESSION}),
    ("one of several", "CORS_ORIGIN_REGEX", {"origins": ["https://b.example", EXPRESSION]}),
    ("in every resource", "CORS_ORIGIN_REGEX", {"resources": {"/a": {"origins": [EXPRESSION]}}}),
    ("a function instead of an expression", "CORS_ORIGIN_REGEX", {"allow_origin_func": lambda request: True}),
    (
        "in one resource of several",
        "CORS_ALLOWED_HEADERS",
        {"resources": {"/a": {"origins": OWN, "allow_headers": ["X"]}, "/b": {"origins": "*"}}},
    ),
    (
        "one resource without origins",
        "CORS_ALLOWED_ORIGINS",
        {"resources": {"/a": {"origins": OWN}, "/b": {}}},
    ),
    ("beside a policy for a path", "CORS_ORIGIN", {"resources": {"/a": LISTED, "/b": {}, "/c": {}}}),
    ("for another environment", "CORS_ALLOW_HEADERS_DEV", {}),
)
def test_a_name_beside_the_right_one_is_a_warning_and_told_once(name: str, options: Any) -> None:
    assert started({name: OWN}, options) == [name]


@table(
    "name, options",
    ("everyone would be allowed", "CORS_ALLOWED_ORIGINS", {}),
    ("whatever the name", "CORS_DEV_ORIGINS", {}),
    ("another option is there", "CORS_ALLOWED_ORIGINS", {"methods": "GET"}),
    ("an expression is no list", "CORS_ALLOWED_ORIGINS", {"allow_origin_regex": r"https://a\.example"}),
    ("every resource would lack it", "CORS_ORIGIN", {"resources": {"/a": {}, "/b": {"methods": "GET"}}}),
    ("strings are no expression", "CORS_ORIGIN_REGEX", {"origins": OWN}),
    ("all paths would be covered", "CORS_RESOURCE", {"origins": OWN}),
    ("no seconds", "CORS_MAXAGE", {"origins": OWN}),
)
def test_a_name_that_leaves_a_policy_without_its_option_is_refused_once(name: str, options: Any) -> None:
    assert refused({name: OWN}, options) == [name]


# Names beside views, which do not see the keywords of CORS(app, ...).


@table(
    "name, options, of_view, is_told",
    ("the origins of the application", "CORS_ALLOWED_ORIGINS", {"origins": OWN}, {}, True),
    ("handed on under another name", "CORS_ORIGINS_LIST", {"origins": OWN}, {}, True),
    ("handed on in resources", "CORS_ORIGINS_LIST", {"resources": {"/a": {"origins": OWN}}}, {}, True),
    ("handed on to the view, too", "CORS_ALLOWED_ORIGINS", {"origins": OWN}, {"origins": OWN}, False),
    (
        "headers",
        "CORS_ALLOWED_HEADERS",
        {"origins": OWN, "allow_headers": ["X"]},
        {"origins": OWN},
        True,
    ),
    ("seconds", "CORS_MAXAGE", {"max_age": 5}, {"origins": OWN}, True),
    (
        "credentials",
        "CORS_SUPPORT_CREDENTIALS",
        {"origins": OWN, "supports_credentials": True},
        {"origins": OWN},
        True,
    ),
    ("an expression", "CORS_ORIGIN_REGEX", {"origins": EXPRESSION}, {"origins": OWN}, True),
    (
        "with more words",
        "CORS_SUPPORTS_CREDENTIALS_DEV",
        {"supports_credentials": True, "origins": OWN},
        {},
        False,
    ),
)
@each("where", "application", "blueprint before CORS(app)", "blueprint after CORS(app)")
def test_a_name_that_the_application_has_accepted_is_no_problem_for_a_view(
    name: str,
    options: Any,
    of_view: Any,
    is_told: bool,
    where: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask(__name__)
    app.config[name] = OWN
    here = app if where == "application" else Blueprint("bp", __name__)
    here.add_url_rule("/view", "view", cross_origin(**of_view)(lambda: "Hello"))
    steps: list[Callable[[], object]] = [lambda: CORS(app, **options)]
    if where != "application":
        steps.insert("after" in where, lambda: app.register_blueprint(cast("Blueprint", here)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in steps:
            step()
    assert ask(app, "/view").allowed == (OF_APP if of_view else "*")
    assert ask(app, "/view", origin=STRANGER).allowed == (None if of_view else "*")
    told = [str(each.message) for each in caught if isinstance(each.message, PolicyWarning)]
    told += [each.getMessage() for each in caplog.records if each.levelname in ("WARNING", "ERROR")]
    assert [each.partition(":")[0] for each in told] == [name] * is_told


@each("is_first", True, False)
def test_a_blueprint_that_allows_everyone_beside_such_a_name_warns(is_first: bool) -> None:
    app, bp = Flask(__name__), Blueprint("bp", __name__)
    app.config["CORS_ALLOWED_ORIGINS"] = OWN
    CORS(bp, methods="GET")
    if is_first:
        with pytest.raises(PolicyError, match="CORS_ALLOWED_ORIGINS: there is no option"):
            app.register_blueprint(bp)
    else:
        CORS(app, origins=OWN)
        with pytest.warns(PolicyWarning, match="a blueprint has no origins"):
            app.register_blueprint(bp)


def test_a_name_that_no_application_has_accepted_makes_the_view_refuse() -> None:
    app = Flask(__name__)
    app.config["CORS_ALLOWED_ORIGINS"] = OWN
    app.add_url_rule("/view", "view", cross_origin()(lambda: "Hello"))
    assert ask(app, "/view").allowed is None
    config: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": OWN}
    assert refused(config, {}, views=True) == ["CORS_ALLOWED_ORIGINS"]
    assert started({"CORS_RESOURCE": OWN, "CORS_ORIGINS": OWN}, {"resources": "/a"}, views=True) == [
        "CORS_RESOURCE"
    ]


@each("key", 5, None, ("CORS_", "ORIGINS"))
def test_keys_that_are_not_strings_are_left_alone(key: Any) -> None:
    assert started({key: OWN}, {}) == []


# The tutorials' CORS_HEADERS.


@each("value", "Content-Type", ["Content-Type"], "", 5)
@each("options", {}, {"policy": LISTED, "resources": "/a"}, {"allow_headers": "X-A"})
def test_cors_headers_is_a_warning(value: Any, options: dict[str, Any]) -> None:
    if "policy" in options:  # the configuration is not read
        assert started({"CORS_HEADERS": value}, {"policy": LISTED}) == []
    else:
        for several in ({}, {"resources": ["/a", "/b"]}):
            assert started({"CORS_HEADERS": value}, {**options, **several}, views=True) == ["CORS_HEADERS"]


@each("when", "before CORS(app)", "after CORS(app)", "after the views")
@each("has_extension", True, False)
@each("is_blueprint", True, False)
@each("debug", True, False)
@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
def test_cors_headers_fails_no_request(
    when: str, has_extension: bool, is_blueprint: bool, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.config["DEBUG"] = debug
    here: Any = Blueprint("bp", __name__) if is_blueprint else app
    steps: dict[str, Callable[[], object]] = {
        "before CORS(app)": lambda: CORS(app) if has_extension else None,
        "after CORS(app)": lambda: here.add_url_rule("/", "view", cross_origin()(lambda: "Hello")),
        "after the views": lambda: app.register_blueprint(here) if is_blueprint else None,
    }
    for step, do in steps.items():
        if step == when:
            app.config["CORS_HEADERS"] = "Content-Type"
        do()
    for _ in range(2):
        answer = ask(app, origin=STRANGER)
        assert (answer.status, answer.allowed) == (200, "*")
        assert ask(app, "/missing", origin=STRANGER).status == 404
    # Where CORS(app) could not warn, the log does.
    is_late = not has_extension or when != "before CORS(app)"
    assert [record.levelname for record in caplog.records if record.name == "crosscors"] == [
        "WARNING"
    ] * is_late


# Options that are None, and keywords in the configuration.


@table(
    "config, options, is_told",
    ("origins", {"CORS_ORIGINS": None}, {}, True),
    ("origins, by the core's name", {"CORS_ALLOW_ORIGINS": None}, {}, True),
    ("methods", {"CORS_METHODS": None}, {"origins": OWN}, True),
    ("headers", {"CORS_ALLOW_HEADERS": None}, {"origins": OWN}, True),
    (
        "one resource needs them",
        {"CORS_ORIGINS": None},
        {"resources": {"/a": {"origins": OWN}, "/b": {}}},
        True,
    ),
    ("the keyword has them", {"CORS_ORIGINS": None}, {"origins": OWN}, False),
    ("a policy has them", {"CORS_ORIGINS": None}, {"policy": LISTED}, False),
    ("a function decides", {"CORS_ORIGINS": None}, {"allow_origin_func": lambda request: True}, False),
    ("an expression decides", {"CORS_ORIGINS": None}, {"allow_origin_regex": r"https://a\.example"}, False),
    ("the default is closed", {"CORS_SUPPORTS_CREDENTIALS": None, "CORS_MAX_AGE": None}, {}, False),
    ("a name of one's own", {"CORS_PROXY": None}, {}, False),
)
@each("views", False, True)
def test_an_option_that_is_none_warns_if_the_default_allows_everything(
    config: dict[str, Any], options: Any, is_told: bool, views: bool
) -> None:
    assert started(config, options, views) == [*config] * is_told


@table(
    "config, options, write",
    ("debug", {"CORS_DEBUG": True}, {}, "Write CORS(app, debug=True)."),
    ("no debug", {"CORS_DEBUG": "off"}, {}, "Write CORS(app, debug=False)."),
    ("a hook", {"CORS_ON_DECISION": print}, {}, "Write CORS(app, on_decision=func)."),
    ("handed on", {"CORS_DEBUG": True}, {"debug": True}, None),
    ("not given", {"CORS_DEBUG": None}, {}, None),
)
def test_a_keyword_in_the_configuration_warns(
    config: dict[str, Any], options: Any, write: str | None
) -> None:
    app = Flask(__name__)
    app.config.update(config)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CORS(app, **options)
    assert [each.message.problem.hint for each in caught if isinstance(each.message, PolicyWarning)] == [
        write
    ] * (write is not None)


# Views that give credentials, as if they had the origins of the application.


@table(
    "options, write",
    ("its list", {"origins": [OF_APP]}, f'origins=["{OF_APP}"]'),
    ("what is safe of its list", {"origins": [OF_APP, "http://a.example"]}, f'origins=["{OF_APP}"]'),
    ("those of its resources", {"resources": {"/a": {"origins": OF_APP}}}, f'origins=["{OF_APP}"]'),
    ("an expression", {"origins": EXPRESSION}, 'origins=["https://app.example.com"]'),
    (
        "a long list",
        {"origins": [f"https://{number}.example.com" for number in range(9)]},
        'origins=["https://app.example.com"]',
    ),
)
def test_a_view_with_credentials_is_told_that_it_does_not_have_the_origins(options: Any, write: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/view", "view", cross_origin(supports_credentials=True)(lambda: "Hello"))
    with pytest.raises(PolicyError) as caught:
        CORS(app, **options)
    [problem] = caught.value.problems
    assert problem.message == "this view does not use the origins of CORS(app, ...)."
    assert problem.hint == f"Write @cross_origin({write}, supports_credentials=True)."
    written = Flask(__name__)
    view = eval(problem.hint[len("Write @") : -1])(lambda: "Hello")  # noqa: S307
    written.add_url_rule("/view", "view", view)
    CORS(written, **options)
    assert ask(written, "/view", origin=STRANGER).allowed is None


# What only a request shows.


@each("has_extension", True, False)
@each("is_blueprint", True, False)
@each("debug", True, False)
def test_a_view_that_cannot_be_used_refuses_alone_and_the_log_says_why_once(
    has_extension: bool, is_blueprint: bool, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.config["DEBUG"] = debug
    if has_extension:
        CORS(app)
    here: Any = Blueprint("bp", __name__) if is_blueprint else app

    def account() -> str:
        return "Hello"

    def orders() -> str:
        return "Hello"

    for view in (account, orders):
        here.add_url_rule(f"/{view.__name__}", view.__name__, cross_origin(supports_credentials=True)(view))
    here.add_url_rule("/prices", "prices", cross_origin(origins="*")(lambda: "Hello"))
    here.add_url_rule("/plain", "plain", lambda: "Hello")
    if is_blueprint:
        app.register_blueprint(here)
    for _ in range(2):
        assert ask(app, "/account").status == ask(app, "/orders").status == 200
        assert ask(app, "/account").allowed is ask(app, "/orders").allowed is None
        assert ask(app, "/prices").allowed == "*"
        assert (ask(app, "/plain").status, ask(app, "/plain").allowed) == (
            200,
            "*" if has_extension else None,
        )
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [re.findall(r"(account|orders)' refuses every origin", each) for each in errors] == [
        ["account"],
        ["orders"],
    ]
    assert all('supports_credentials=["https://app.example.com"]' in each for each in errors)


def test_a_refusal_names_the_view_whose_policy_cannot_be_used(
    caplog: pytest.LogCaptureFixture, new_process: None
) -> None:
    app = Flask(__name__)

    def account() -> str:
        return "Hello"

    def orders() -> str:
        return "Hello"

    for view in (account, orders):
        app.add_url_rule(f"/{view.__name__}", view.__name__, cross_origin(supports_credentials=True)(view))
    ask(app, "/account")
    ask(app, "/orders", origin=STRANGER)
    refusals = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert [re.findall(r"locals>\.(\w+)' refused", each) for each in refusals] == [["account"], ["orders"]]


def test_threads_find_out_together_and_the_log_says_it_once(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.config["CORS_HEADERS"] = "Content-Type"
    app.add_url_rule("/", "view", cross_origin(supports_credentials=True)(lambda: "Hello"))
    app.add_url_rule("/plain", "plain", lambda: "Hello")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda path: ask(app, path), ["/", "/plain"] * 16))
    assert {(answer.status, answer.allowed) for answer in answers} == {(200, None)}
    assert caplog.text.count("refuses every origin") == 1
