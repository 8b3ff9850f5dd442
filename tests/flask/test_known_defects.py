"""Defects that Flask-CORS has had or has, one by one, with the input that shows each of them.

Through ``CORS(app)`` and through ``cross_origin``, where it is not the defect of one.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask, Response

from crosscors import PolicyError
from crosscors.flask import CORS, cross_origin
from tests.clients import Answer, ask_wsgi

if TYPE_CHECKING:
    from types import FrameType

ORIGIN = "https://example.com"
OTHER = "https://other.example"
EVIL = "https://evil.example"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def serve(**arguments: str) -> str:
    return "app"


class Cover(Protocol):
    """An application that answers every path with "app", covered by a policy with these options."""

    def __call__(self, **options: Any) -> Flask: ...


def by_cors(**options: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/", "index", serve, methods=methods)
    app.add_url_rule("/<path:path>", "path", serve, methods=methods, merge_slashes=False)
    CORS(app, **options)
    return app


def by_cross_origin(**options: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    view = cross_origin(**options)(lambda **_: "app")
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/", "index", view, methods=methods)
    app.add_url_rule("/<path:path>", "path", view, methods=methods, merge_slashes=False)
    return app


@pytest.fixture(params=[by_cors, by_cross_origin], ids=["CORS", "cross_origin"])
def cover(request: pytest.FixtureRequest) -> Cover:
    chosen: Cover = request.param
    return chosen


def ask(
    app: Flask, origin: str | None = ORIGIN, *fields: tuple[str, str], path: str = "/", method: str = "GET"
) -> Answer:
    """The answer to a request for a path as it is on the wire."""
    own = [("Origin", origin)] if origin is not None else []
    return ask_wsgi(app, method, unquote_to_bytes(path).decode("latin-1"), [*own, *fields])


def preflight(
    app: Flask, *fields: tuple[str, str], origin: str = ORIGIN, method: str = "GET", path: str = "/"
) -> Answer:
    asked = ("Access-Control-Request-Method", method)
    return ask(app, origin, asked, *fields, path=path, method="OPTIONS")


# Paths.


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/../foo.txt", id="CVE-2020-25032, as it was found"),
        pytest.param("/api/..", id="CVE-2020-25032, at the end"),
        pytest.param("/./api/foo.txt", id="CVE-2020-25032, one dot"),
        pytest.param("/api/%2e%2e/foo.txt", id="CVE-2020-25032, encoded"),
        pytest.param("/api//../foo.txt", id="CVE-2020-25032, with an empty segment"),
        pytest.param("/api/..%5cfoo.txt", id="CVE-2020-25032, with a backslash"),
        pytest.param("/API/x", id="CVE-2024-6866, all of it in upper case"),
        pytest.param("/Api/x", id="CVE-2024-6866, one letter"),
        pytest.param("/api-internal/secret", id="more behind the rule"),
        pytest.param("/apiXYZ", id="letters behind the rule"),
        pytest.param("/%2561pi/x", id="encoded twice"),
        pytest.param("/x/api/x", id="something before the rule"),
    ],
)
def test_a_rule_for_a_path_covers_no_other(path: str) -> None:
    app = by_cors(resources={"/api/*": {"origins": "*"}})
    assert ask(app, path="/api/foo.txt").cors() == {"access-control-allow-origin": "*"}
    answer = ask(app, path=path)
    assert answer.body == b"app"
    assert answer.cors() == {}
    assert preflight(app, path=path).cors() == {}


def test_a_plus_in_a_path_is_a_plus() -> None:
    """CVE-2024-6844."""
    resources = {"/service+path": {"origins": ORIGIN}, "/service path": {"origins": "*"}}
    app = by_cors(resources=resources)
    assert ask(app, path="/service+path").cors()["access-control-allow-origin"] == ORIGIN
    assert ask(app, path="/service%20path").cors() == {"access-control-allow-origin": "*"}
    assert ask(app, EVIL, path="/service+path").cors() == {"vary": "Origin"}


def test_paths_are_decoded_once() -> None:
    app = by_cors(resources={"/public/*": {"origins": "*"}, "/*": {"origins": ORIGIN}})
    assert ask(app, EVIL, path="/%70ublic/x").cors() == {"access-control-allow-origin": "*"}
    assert ask(app, EVIL, path="/%2570ublic/x").cors() == {"vary": "Origin"}


@pytest.mark.parametrize("is_strict_first", [True, False])
def test_the_looser_of_two_rules_does_not_win_by_its_length(is_strict_first: bool) -> None:
    """CVE-2024-6839, and what is left of it: rules are ordered by their length, or by their slashes."""
    loose = (re.compile(r"/[a-z]+/[a-z]+/?"), {"origins": "*"})
    strict = ("/private/*", {"origins": ORIGIN})
    app = by_cors(resources=dict([strict, loose] if is_strict_first else [loose, strict]))
    assert ask(app, EVIL, path="/private/x").cors() == {"vary": "Origin"}
    assert ask(app, EVIL, path="/public/x").cors() == {"access-control-allow-origin": "*"}


def test_expressions_for_paths_have_the_order_in_which_they_are_written() -> None:
    strict, loose = re.compile("/private/.*"), re.compile("/[a-z]+/[a-z]+/?")
    app = by_cors(resources={strict: {"origins": ORIGIN}, loose: {"origins": "*"}})
    assert ask(app, EVIL, path="/private/x").cors() == {"vary": "Origin"}


def test_an_expression_for_paths_has_to_match_all_of_it() -> None:
    app = by_cors(resources={re.compile("/api"): {"origins": "*"}})
    assert ask(app, path="/api-internal").cors() == {}


# Origins.


@pytest.mark.parametrize(
    ("origins", "origin"),
    [
        pytest.param(
            re.compile(r"https://trusted\.com"), "https://trusted.com.attacker.io", id="CVE-2026-37737"
        ),
        pytest.param(
            re.compile(r"https://.*\.example\.com"),
            "https://a.example.com.evil.io",
            id="an expression that matches the beginning",
        ),
        pytest.param(
            [re.compile(r"https://.*\.example\.com")],
            "https://a.example.com.evil.io",
            id="an expression in a list",
        ),
        pytest.param(
            re.compile(r"https://.*\.example\.com$"), "https://a.example.com\n", id="a line end before the $"
        ),
        pytest.param("https://*.example.com", "https://xexample.com", id="a glob read as an expression"),
        pytest.param(
            "https://*.example.com",
            "https://xexampleYcom.evil.io",
            id="a glob read as an expression that matches the beginning",
        ),
        pytest.param(ORIGIN, "https://example.co", id="a part of the origin"),
        pytest.param(ORIGIN, "https://EXAMPLE.com", id="another case"),
        pytest.param(ORIGIN, "null", id="null"),
    ],
)
def test_an_origin_that_is_not_allowed_gets_nothing(cover: Cover, origins: Any, origin: str) -> None:
    app = cover(origins=origins, expose_headers=["X-Total"])
    assert ask(app, origin).cors() == {"vary": "Origin"}
    refused = preflight(app, origin=origin)
    assert (refused.status, refused.cors()) == (400, {"vary": PREFLIGHT_VARY})


def test_a_glob_for_subdomains_matches_subdomains(cover: Cover) -> None:
    app = cover(origins=["https://*.example.com"])
    assert (
        ask(app, "https://foo.example.com").cors()["access-control-allow-origin"] == "https://foo.example.com"
    )


def test_an_expression_in_a_string_is_not_guessed(cover: Cover) -> None:
    with pytest.raises(PolicyError, match=r're\.compile\(r"https://\.\*'):
        cover(origins=[r"https://.*\.example\.com"])


def test_an_invalid_expression_is_refused_at_the_start(cover: Cover) -> None:
    with pytest.raises(PolicyError, match="nor a valid regular expression"):
        cover(origins=[r"https://(.*\.example\.com"])


# Policies.


@pytest.mark.parametrize("options", [{}, {"origins": "*"}, {"send_wildcard": True}], ids=str)
def test_credentials_for_everyone_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="every site on the web"):
        by_cors(supports_credentials=True, **options)


def test_no_view_gives_credentials_to_everyone() -> None:
    with pytest.raises(PolicyError, match="every site on the web"):
        by_cross_origin(supports_credentials=True, origins="*")
    assert ask(by_cross_origin(supports_credentials=True), EVIL).cors() == {}


def test_starlette_s_spelling_is_no_reason_to_let_everyone_in(cover: Cover) -> None:
    app = cover(allow_origins=[ORIGIN])
    assert ask(app, EVIL).cors() == {"vary": "Origin"}
    assert ask(app).cors()["access-control-allow-origin"] == ORIGIN


def test_an_unknown_keyword_is_refused(cover: Cover) -> None:
    with pytest.raises(PolicyError, match="there is no option 'allow_origin'"):
        cover(allow_origin=[ORIGIN])


@pytest.mark.parametrize("value", ["true", "false", ""])
def test_private_networks_are_opened_by_who_opts_in_only(cover: Cover, value: str) -> None:
    """CVE-2024-6221."""
    asked = ("Access-Control-Request-Private-Network", value)
    name = "access-control-allow-private-network"
    assert name not in preflight(cover(origins=ORIGIN), asked).cors()
    opened = preflight(cover(origins=ORIGIN, allow_private_network=True), asked)
    assert opened.cors().get(name) == ("true" if value == "true" else None)
    assert opened.status == 200


# Caches.


@pytest.mark.parametrize("origins", [[ORIGIN], [ORIGIN, OTHER], re.compile("https://example.com")], ids=str)
def test_caches_are_told_that_the_origin_counts_whoever_asks(cover: Cover, origins: Any) -> None:
    app = cover(origins=origins)
    for origin in (ORIGIN, EVIL, None):
        assert ask(app, origin).values("vary") == ["Origin"]
    assert preflight(app, origin=EVIL).values("vary") == [PREFLIGHT_VARY]


def test_without_an_origin_no_origin_is_named(cover: Cover) -> None:
    """Where there are several, it was the first in the alphabet."""
    assert ask(cover(origins=[OTHER, ORIGIN]), None).cors() == {"vary": "Origin"}


def test_an_answer_for_everyone_is_one_for_caches(cover: Cover) -> None:
    app = cover(origins="*")
    assert {str(ask(app, origin).cors()) for origin in (ORIGIN, EVIL, None)} == {
        "{'access-control-allow-origin': '*'}"
    }


def test_cookies_of_the_application_are_kept() -> None:
    app = Flask(__name__)
    own = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    app.add_url_rule("/", "own", cross_origin(origins=ORIGIN)(lambda: Response("app", headers=own)))
    assert ask(app).values("set-cookie") == ["a=1", "b=2"]


# Preflights.


@pytest.mark.parametrize("method", ["LET", "DEL", "ELETE", "delete ", "D", "", ","])
def test_a_part_of_an_allowed_method_is_not_allowed(cover: Cover, method: str) -> None:
    answer = preflight(cover(origins=ORIGIN, methods=["DELETE"]), method=method)
    assert answer.status == 400
    assert answer.cors()["access-control-allow-methods"] == "DELETE"


def calls_for(app: Flask, names: str) -> int:
    """How many functions are called, in Python and in C, to answer a preflight: its costs, but for time."""
    count = 0

    def counting(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        preflight(app, ("Access-Control-Request-Headers", names))
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "names",
    ["," * 8_000, "," * 60_000, "x," * 30_000, " " * 60_000, "a" * 60_000],
    ids=lambda n: f"{n[:2]!r}...",
)
def test_a_long_list_of_names_costs_no_more_than_a_short_one(cover: Cover, names: str) -> None:
    app = cover(origins=ORIGIN, allow_headers=[f"X-{number}" for number in range(20)])
    _, normal = (calls_for(app, "x-1,x-2") for _ in range(2))  # the first request has more to do
    assert calls_for(app, names) < 2 * normal
    assert calls_for(app, names * 10) < 2 * normal


@pytest.mark.parametrize("path", ["/slash", "/private", "/missing"])
def test_preflights_are_answered_before_redirects_and_hooks(path: str) -> None:
    """A redirect breaks them: "Redirect is not allowed for a preflight request"."""
    app = Flask(__name__)
    app.add_url_rule("/slash/", "slash", serve)

    @app.before_request
    def deny() -> tuple[str, int]:
        return "sign in first", 401

    CORS(app, origins=ORIGIN)
    answer = preflight(app, path=path)
    assert (answer.status, answer.body) == (200, b"OK")


# Views and errors.


def test_an_async_view_may_have_a_policy() -> None:
    app = Flask(__name__)

    @app.route("/")
    @cross_origin(origins=ORIGIN)
    async def view() -> str:
        return "app"

    answer = ask(app)
    assert (answer.status, answer.body) == (200, b"app")
    assert answer.cors()["access-control-allow-origin"] == ORIGIN


def test_a_view_that_raises_has_its_fields() -> None:
    app = Flask(__name__)

    @app.route("/")
    @cross_origin(origins=ORIGIN)
    def view() -> str:
        raise LookupError

    answer = ask(app)
    assert answer.status == 500
    assert answer.cors()["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("config", [{"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}], ids=str)
def test_a_view_that_raises_in_debug_mode_has_its_fields(config: dict[str, Any]) -> None:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/", "raises", lambda: str(1 // 0))
    CORS(app, origins=ORIGIN)
    with pytest.raises(ZeroDivisionError):
        ask(app)
    started: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN, "wsgi.url_scheme": "http"}
    environ |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    parts = app(environ, lambda *given: started.append(given[:2]))  # type: ignore[arg-type]
    assert any(b"Internal Server Error" in part for part in parts)
    [(status, headers)] = started
    assert status.startswith("500")
    assert ("Access-Control-Allow-Origin", ORIGIN) in headers


# The log.


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", [ORIGIN, EVIL, f"{EVIL}\r\nforged"])
def test_no_request_forges_a_line_of_the_log(
    cover: Cover, caplog: pytest.LogCaptureFixture, method: str, origin: str
) -> None:
    """CVE-2024-1681."""
    app = cover(origins=ORIGIN)
    caplog.set_level(logging.DEBUG, "crosscors")
    asked = ("Access-Control-Request-Method", "PUT\r\nforged")
    ask(app, origin, asked, path="/x%0dforged%1b[31m", method=method)
    records = [record for record in caplog.records if record.name == "crosscors"]
    assert records
    assert all(record.getMessage().isprintable() for record in records)


def test_no_path_forges_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """CVE-2024-1681, as it was found."""
    app = by_cors(origins=ORIGIN)
    caplog.set_level(logging.DEBUG, "crosscors")
    for origin in (ORIGIN, EVIL):
        ask(app, origin, path="/%0d%0aforged")
    messages = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    assert len(messages) == 2
    assert all(message.isprintable() for message in messages)
