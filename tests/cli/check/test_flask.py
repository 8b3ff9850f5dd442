"""Flask-CORS: what check says about it, and that its equivalent means the same."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from typing import Any

import pytest
from flask import Blueprint, Flask, Response
from flask_cors import CORS, cross_origin

from crosscors.cli.check.checked import Checked
from crosscors.cli.check.elsewhere import flask
from crosscors.testing import Browser
from tests.tables import each, table

from .verdicts import APP, EVIL, OTHER, PLAIN, differences, pasted, remarks_in, verdicts

Options = dict[str, Any]


def answer(**_: object) -> Response:
    return Response("Hello", headers={"X-Total": "3"})


def site(config: Options, *paths: str) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    for path in paths or ("/items",):
        app.add_url_rule(path, path, answer, methods=["GET", "PUT"])
    return app


def theirs(options: Options, config: Options, *paths: str) -> Flask:
    app = site(config, *paths)
    CORS(app, **options)
    return app


SAME = table(
    "options, config",
    ("the defaults", {}, {}),
    ("an origin", {"origins": APP}, {}),
    ("origins in upper case", {"origins": [APP.upper().replace("HTTPS", "https"), OTHER]}, {}),
    ("credentials", {"origins": [APP], "supports_credentials": True, "expose_headers": "X-Total"}, {}),
    ("methods in one string", {"origins": [APP], "methods": "PUT"}, {}),
    ("no methods", {"origins": [APP], "methods": None}, {}),
    ("headers", {"origins": [APP], "allow_headers": ["X-Other"]}, {}),
    ("an expression with an end", {"origins": [r"https://[a-z]+\.example\.com$"]}, {}),
    (
        "a compiled expression",
        {"origins": [re.compile(r"https://app\.EXAMPLE\.com$", re.IGNORECASE), PLAIN]},
        {},
    ),
    ("http and null with credentials stay", {"origins": [PLAIN, "null"], "supports_credentials": True}, {}),
    ("times", {"origins": APP, "max_age": timedelta(minutes=5)}, {}),
    ("an origin that nobody can mean", {"origins": ["https://", OTHER]}, {}),
    ("an expression for null", {"origins": [re.compile("^null$"), OTHER]}, {}),
    ("everyone over https", {"origins": ["https://.*"]}, {}),
    ("the configuration", {}, {"CORS_ORIGINS": APP, "CORS_MAX_AGE": "60"}),
    ("keywords before the configuration", {"origins": "*"}, {"CORS_ORIGINS": APP}),
    ("a resource for all paths", {"resources": {"*": {"origins": APP}}}, {}),
)


@pytest.mark.slow
@SAME
def test_the_equivalent_means_the_same(options: Options, config: Options) -> None:
    app = theirs(options, config)
    [only] = flask.check(app).equivalents
    assert verdicts(pasted(only.code, site(config))) == verdicts(app)


@pytest.mark.parametrize("path", ["/api/items", "/v2/items", "/health", "/other", "/old"])
def test_resources_mean_the_same(path: str) -> None:
    resources: Options = {
        "/api/*": {"origins": APP},
        r"/v\d+/items": {"origins": OTHER},
        r"/old$": {"origins": OTHER},
        "/health": {"origins": "*"},
    }
    app = theirs({"resources": resources}, {}, path)
    [only] = flask.check(app).equivalents
    assert verdicts(pasted(only.code, site({}, path)), path) == verdicts(app, path)


@table(
    "options, code, credentials",
    (
        "everyone with credentials",
        {"supports_credentials": True},
        "wildcard-with-credentials",
        {"include"},
    ),
    (
        "an expression that is compared with the beginning only",
        {"origins": [r"https://app\.example\.com"]},
        "regex-open-ended",
        {"include", "omit"},
    ),
)
def test_what_is_not_safe_is_named_and_left_out(options: Options, code: str, credentials: set[str]) -> None:
    app = theirs(options | {"supports_credentials": True}, {})
    found = flask.check(app)
    assert code in {each.code for each in (*found.found.problems, *found.found.warnings)}
    [only] = found.equivalents
    different = differences(verdicts(app), verdicts(pasted(only.code, site({}))))
    assert EVIL in {origin for origin, _ in different}
    assert APP not in {origin for origin, _ in different} or code == "wildcard-with-credentials"
    assert {each for _, each in different} == credentials


@table(
    "pattern, lets_in",
    ("sub-domains", "https://*.example.com", "https://xexample.com.evil.example"),
    ("ports", "http://localhost:*", "http://localhost.evil.example"),
)
def test_a_pattern_is_an_expression_there(pattern: str, lets_in: str) -> None:
    app = theirs({"origins": [pattern]}, {})
    found = flask.check(app)
    [warning] = found.found.warnings
    assert (warning.code, f"So it lets in {lets_in}." in warning.message) == ("pattern-elsewhere", True)
    assert Browser(app).page(lets_in).fetch("/items").status == 200
    [only] = found.equivalents
    assert f"{pattern} means " in remarks_in(only.code)
    assert f'origins=["{pattern}"]' in only.code


def test_a_pattern_that_lets_no_stranger_in() -> None:
    assert " So it lets in " not in flask._pattern_as_expression("http://[::1]:*")


def test_spellings_are_mended() -> None:
    [only] = flask.check(theirs({"origins": [f"{APP}/"], "allow_headers": "X-A, X-B"}, {})).equivalents
    assert f"origins: '{APP}/' is now '{APP}'." in remarks_in(only.code)
    assert f'origins=["{APP}"],' in only.code
    assert 'allow_headers=["X-A", "X-B"],' in only.code
    assert "Pages may always send Content-Type here, also application/json." in remarks_in(only.code)


@table(
    "switch, message",
    ("Vary", "vary_header", "False would let caches serve the response for one origin to another."),
    (
        "responses without Origin",
        "always_send",
        "False would let caches store a response that pages cannot read, and serve it to everyone.",
    ),
)
def test_switches_that_are_not_safe_are_named(switch: str, message: str) -> None:
    [warning] = flask.check(theirs({"origins": APP, switch: False}, {})).found.warnings
    assert (warning.option, warning.message) == (switch, message)


def test_switches_in_the_configuration_must_go() -> None:
    config = {"CORS_ALWAYS_SEND": False, "CORS_VARY_HEADER": False, "CORS_SEND_WILDCARD": True}
    [only] = flask.check(theirs({"origins": APP}, config)).equivalents
    assert "Leave CORS_VARY_HEADER and CORS_ALWAYS_SEND out of the configuration, too." in remarks_in(
        only.code
    )


@each("key", "items", "items/*")
def test_a_resource_without_a_slash_gets_one(key: str) -> None:
    found = flask.check(theirs({"resources": {key: {"origins": APP}}}, {}))
    [warning] = found.found.warnings
    assert (warning.code, warning.hint) == ("path-relative", f'Write "/{key}".')
    [only] = found.equivalents
    assert f'"/{key}": ' in only.code
    assert f"resources: {key!r} is now {'/' + key!r}." in remarks_in(only.code)
    path = f"/{key}".replace("*", "1")
    assert Browser(pasted(only.code, site({}, path))).page(APP).fetch(path).status == 200


def test_expressions_for_headers_have_no_equivalent() -> None:
    found = flask.check(theirs({"origins": APP, "allow_headers": ["X-.*", "X-Token"]}, {}))
    assert [each.code for each in found.found.warnings] == ["header-as-regex"]
    [only] = found.equivalents
    assert 'allow_headers=["X-Token"]' in only.code


def test_blueprints_and_views() -> None:
    app, blueprint = Flask(__name__), Blueprint("part", __name__)
    app.after_request(lambda response: response)
    CORS(blueprint, origins=[APP])
    blueprint.add_url_rule("/part", "part", answer)
    app.register_blueprint(blueprint)
    decorated = cross_origin(origins=["https://"], max_age=60)(answer)
    app.add_url_rule("/view", "view", decorated)
    found = flask.check(app)
    assert [each.where for equivalent in found.equivalents for each in equivalent.in_force] == [
        "every path of the blueprint part",
        "the view 'answer'",
    ]
    assert [each.library for each in found.equivalents] == [
        "Flask-CORS of the blueprint part",
        "Flask-CORS of the view 'answer'",
    ]
    assert found.equivalents[0].code.endswith(
        'CORS(\n    blueprint,\n    origins=["https://app.example.com"],\n)'
    )
    assert found.equivalents[1].code.endswith("@cross_origin(\n    origins=[],\n    max_age=60,\n)")
    assert [each.option for each in found.found.problems] == ["the view 'answer': origins"]


def test_older_releases_keep_the_options_in_a_dict() -> None:
    app = theirs({"origins": [APP]}, {})
    [(_, resources)] = flask.resources_in(app)
    [(pattern, options)] = resources
    [of_dict] = flask._of_resources(app, None, [(pattern, vars(options))]).equivalents
    assert [of_dict] == list(flask.check(app).equivalents)


def test_other_applications_have_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert flask.check(site({})) == Checked()
    monkeypatch.delitem(sys.modules, "flask_cors.core")
    assert flask.check(object()) == Checked()
