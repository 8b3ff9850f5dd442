"""What pages can do with the newest releases of the other libraries, and should not, or cannot, and should.

Each row configures a library as its documentation says, and has a page see the defect; with crosscors in its
place, and the same configuration, the page sees what it should, or the application does not start.

Not for a browser to see are: what is sent along to strangers, who cannot read it (Starlette, and Flask-CORS's
first origin for requests without one); ``Vary: Origin, Origin`` (Starlette); Origins that no browser sends,
such as ``h`` or ``https://a.com/path?x`` (Starlette, django-cors-headers); preflights that are refused with
200 and without a word (django-cors-headers) or allowed for a method whose name is a part of another's
(Flask-CORS), for the browser refuses them itself; the question about private networks, which browsers ask no
more, and WebSockets (Starlette); the time that long lists take (Flask-CORS, django-cors-headers).
"""

from __future__ import annotations

import gc
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import flask
import flask_cors
import pytest
from corsheaders.checks import check_settings
from django.core.exceptions import ImproperlyConfigured
from starlette.middleware.cors import CORSMiddleware

import crosscors.flask
import crosscors.starlette
import tests.django.conftest  # noqa: F401 (it configures Django)
from crosscors import PolicyError
from crosscors.testing import same_origin

from .suite import (
    EXPOSED,
    HEADERS,
    HTTPS,
    MAX_AGE,
    METHODS,
    Blocked,
    Case,
    Fetch,
    Reads,
    Wait,
    case,
    complaint,
    django_app,
    failing_cases,
    flask_app,
    reads,
    refused,
    starlette_app,
)

if TYPE_CHECKING:
    from crosscors.asgi import ASGIApp, Receive, Scope, Send

Options = Mapping[str, Any]
Serve = Callable[[Options], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Peer:
    """An application with another library, and the same application with crosscors."""

    name: str
    theirs: Serve
    ours: Serve


def starlette_with_theirs(options: Options) -> Any:
    app = starlette_app()
    app.add_middleware(CORSMiddleware, **options)
    return app


def starlette_with_ours(options: Options) -> Any:
    return crosscors.starlette.CORS(starlette_app(), **options)


def flask_with(extension: Any, options: Options, *, debug: bool = False) -> Any:
    # Where views take OPTIONS themselves, as few do, Flask-CORS hands preflights on to them.
    app = flask_app(with_options=False)
    app.debug = debug
    extension.CORS(app, **options)
    return app


def flask_views_with(extension: Any, options: Options) -> Any:
    async def view() -> str:
        return "async"

    def raising() -> str:
        raise LookupError

    app = flask.Flask(__name__)
    app.add_url_rule("/async", view_func=extension.cross_origin(**options)(view))
    app.add_url_rule("/raising", view_func=extension.cross_origin(**options)(raising))
    return app


@contextmanager
def flask_views_with_theirs(options: Options) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the view's coroutine, which nobody awaits
        yield flask_views_with(flask_cors, options)
        gc.collect()


@contextmanager
def django_with_theirs(options: Options) -> Iterator[Any]:
    with django_app(MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"], **options) as app:
        assert check_settings() == []
        yield app


def django_with_ours(options: Options) -> AbstractContextManager[Any]:
    return django_app(MIDDLEWARE=["crosscors.django.CORSMiddleware"], **options)


def behind_gateway(rewritten: Callable[[bytes], list[bytes]], app: ASGIApp) -> ASGIApp:
    """Gateways pass Access-Control-Request-Headers on as another spelling of the same list."""

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        name = b"access-control-request-headers"
        headers = [
            (key, line)
            for key, value in scope["headers"]
            for line in (rewritten(value) if key == name else [value])
        ]
        await app({**scope, "headers": headers}, receive, send)

    return gateway


def without_settings(build: Callable[[Options], Any]) -> Serve:
    return lambda options: nullcontext(build(options))


def starlette_behind_gateway(rewritten: Callable[[bytes], list[bytes]]) -> Peer:
    return Peer(
        "starlette",
        without_settings(lambda options: behind_gateway(rewritten, starlette_with_theirs(options))),
        without_settings(lambda options: behind_gateway(rewritten, starlette_with_ours(options))),
    )


def flask_peer(build: Callable[[Any, Options], Any]) -> Peer:
    return Peer(
        "flask-cors",
        without_settings(partial(build, flask_cors)),
        without_settings(partial(build, crosscors.flask)),
    )


STARLETTE = Peer("starlette", without_settings(starlette_with_theirs), without_settings(starlette_with_ours))
IN_LINES = starlette_behind_gateway(lambda value: value.split(b","))
WITH_EMPTY_ELEMENTS = starlette_behind_gateway(lambda value: [value.replace(b",", b",,")])
FLASK = flask_peer(flask_with)
FLASK_DEBUG = flask_peer(partial(flask_with, debug=True))
FLASK_VIEWS = replace(flask_peer(flask_views_with), theirs=flask_views_with_theirs)
DJANGO = Peer("django-cors-headers", django_with_theirs, django_with_ours)


@dataclass(frozen=True)
class Row:
    peer: Peer
    options: Options
    theirs: Case
    ours: Case | str
    """What pages see with crosscors, or why it does not start: the code of the problem."""
    our_options: Options


def row(  # noqa: PLR0913 (the configuration, and what comes of it on either side)
    peer: Peer,
    defect: str,
    options: Options,
    *steps: Fetch | Wait,
    gets: Reads | Blocked,
    ours: str | Options | None = None,
    preflights: int | None = None,
    cache: tuple[str, ...] = (),
) -> Row:
    """The steps as they should come out; what the last one gets instead; what crosscors makes of it.

    ``ours`` is the code of a problem, or the options that mean the same to crosscors, if others do.
    """
    right = case(defect, *steps, preflights=preflights, cache=cache)
    last = steps[-1]
    assert isinstance(last, Fetch)
    wrong = replace(right, steps=(*steps[:-1], replace(last, outcome=gets)))
    our_options = ours if isinstance(ours, Mapping) else options
    return Row(peer, options, wrong, ours if isinstance(ours, str) else right, our_options)


of_starlette, of_flask, of_django = (partial(row, peer) for peer in (STARLETTE, FLASK, DJANGO))

APP, ANOTHER, PATTERN = HTTPS.allowed, HTTPS.another, HTTPS.pattern
EXPRESSION = r"https://.*\.preview\.example\.com"
BEHIND = "a covered origin with something behind it"
READ, UNREAD = Reads(), Blocked(("allow-origin-missing",))
NOWHERE = Reads(404)
STAR = "wildcard-with-credentials"


def star_rows(peer: Peer, options: Options) -> tuple[Row, ...]:
    defect = "every origin with credentials: {} reads with cookies"
    return tuple(
        row(peer, defect.format(page), options, refused(page, credentials="include"), gets=READ, ours=STAR)
        for page in ("stranger", "null")
    )


def unmatched_rows(peer: Peer, option: str, *entries: tuple[str, str, str | None]) -> tuple[Row, ...]:
    defect = "{} is taken and never matches"
    return tuple(
        row(peer, defect.format(entry), {option: [entry]}, reads(page=page), gets=UNREAD, ours=code)
        for entry, page, code in entries
    )


ROWS = (
    # Starlette's CORSMiddleware.
    of_starlette(
        "an origin that is a part of the one string reads",
        {"allow_origins": APP},
        refused("the first part of a listed origin"),
        gets=READ,
    ),
    of_starlette(
        "an origin that is a part of the joined string reads",
        {"allow_origins": f"{APP},{ANOTHER}"},
        refused("the first part of a listed origin"),
        gets=READ,
        ours="origin-list-in-a-string",
    ),
    *star_rows(STARLETTE, {"allow_origins": ["*"], "allow_credentials": True}),
    of_starlette(
        "an exception is unreadable", {"allow_origins": [APP]}, reads("/crash", status=500), gets=UNREAD
    ),
    of_starlette(
        "caches are split by origin where all origins are the same",
        {"allow_origins": ["*"]},
        reads("/asked", text="1"),
        reads("/asked", text="1", page="stranger"),
        gets=Reads(text="2"),
        cache=("GET",),
    ),
    row(
        IN_LINES,
        "of the headers that are asked for in two lines one is answered",
        {"allow_origins": [APP], "allow_headers": ["*"]},
        reads(headers={"X-A": "1", "X-B": "1"}),
        gets=Blocked(("header-not-allowed",)),
    ),
    row(
        WITH_EMPTY_ELEMENTS,
        "an empty element spoils a list of headers",
        {"allow_origins": [APP], "allow_headers": ["X-A", "X-B"]},
        reads(headers={"X-A": "1", "X-B": "1"}),
        gets=Blocked(("preflight-status",)),
    ),
    of_starlette(
        "one method as a string is taken apart",
        {"allow_origins": [APP], "allow_methods": "PUT"},
        reads(method="PUT"),
        gets=Blocked(("method-not-allowed",)),
    ),
    of_starlette(
        "a method in lower case never matches",
        {"allow_origins": [APP], "allow_methods": ["put"]},
        reads(method="PUT"),
        gets=Blocked(("preflight-status",)),
    ),
    of_starlette(
        "a negative age is an age: by the standard, of five seconds",
        {"allow_origins": [APP], "allow_methods": ["PUT"], "max_age": -5},
        reads(method="PUT"),
        Wait(4),
        reads(method="PUT"),
        gets=READ,
        ours="negative-max-age",
        preflights=1,
    ),
    *unmatched_rows(
        STARLETTE,
        "allow_origins",
        (f"{APP}/", "allowed", "origin-trailing-slash"),
        ("app.example.com", "allowed", "origin-missing-scheme"),
        ("https://App.example.com", "allowed", "origin-upper-case"),
        (f"{APP}:443", "allowed", "origin-default-port"),
        (PATTERN, "covered", None),
    ),
    # Flask-CORS.
    of_flask(
        "an expression has no end", {"origins": [EXPRESSION]}, refused(BEHIND), gets=READ, ours="origin-regex"
    ),
    of_flask(
        "a compiled expression has no end", {"origins": [re.compile(EXPRESSION)]}, refused(BEHIND), gets=READ
    ),
    of_flask("what a pattern covers is refused", {"origins": [PATTERN]}, reads(page="covered"), gets=UNREAD),
    of_flask(
        "a pattern is an expression without end",
        {"origins": [PATTERN]},
        refused("https://xpreviewyexamplezcom.evil.example"),
        gets=READ,
    ),
    *star_rows(FLASK, {"supports_credentials": True}),
    of_flask(
        "Starlette's word for origins is ignored, and everyone reads",
        {"allow_origins": [APP]},
        refused("stranger"),
        gets=READ,
    ),
    of_flask(
        "a misspelled option is ignored, and everyone reads",
        {"origin": [APP]},
        refused("stranger"),
        gets=READ,
        ours="unknown-option",
    ),
    of_flask(
        "what is for /api/* is for /apiXYZ",
        {"resources": {"/api/*": {"origins": "*"}}},
        refused("stranger", "/apiXYZ"),
        gets=NOWHERE,
    ),
    of_flask(
        "paths are decoded twice",
        {"resources": {"/public/.*": {"origins": "*"}}},
        refused("stranger", "/%2570ublic/x"),
        gets=NOWHERE,
        ours={"resources": {"/public/*": {"origins": "*"}}},
    ),
    of_flask(
        "the loose rule wins over the strict one",
        {"resources": {"/[a-z]+/[a-z]+/?": {"origins": "*"}, "/private/.*": {"origins": [APP]}}},
        refused("stranger", "/private/x"),
        gets=NOWHERE,
        ours={
            "resources": {re.compile("/[a-z]+/[a-z]+/?"): {"origins": "*"}, "/private/*": {"origins": [APP]}}
        },
    ),
    *(
        of_flask(
            f"a cache keeps what {first.page} got, where {what} is allowed",
            {"origins": origins},
            first,
            reads(page=page),
            gets=UNREAD,
            cache=("GET",),
        )
        for what, origins, first, page in (
            ("a list", [APP, ANOTHER], refused("stranger"), "allowed"),
            ("one origin", [APP], refused("stranger"), "allowed"),
            ("an expression", [re.compile(EXPRESSION)], reads(page=same_origin), "covered"),
        )
    ),
    row(FLASK_VIEWS, "an async view breaks", {}, reads("/async", text="async"), gets=UNREAD),
    row(FLASK_VIEWS, "an exception is unreadable", {}, reads("/raising", status=500), gets=UNREAD),
    row(
        FLASK_DEBUG,
        "an exception in debug mode is unreadable",
        {"origins": [APP]},
        reads("/crash", status=500),
        gets=UNREAD,
    ),
    of_flask(
        "a preflight to nowhere keeps the 404 from being read",
        {"origins": [APP]},
        reads("/", method="PUT", status=404),
        gets=Blocked(("preflight-status",)),
    ),
    # django-cors-headers.
    *star_rows(DJANGO, {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}),
    of_django(
        "an expression has no end",
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://[\w-]+\.preview\.example\.com"]},
        refused(BEHIND),
        gets=READ,
    ),
    of_django(
        "a broken expression breaks the forms of the server's own pages",
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["(bad"]},
        reads(page=same_origin, method="POST", body="a=1"),
        gets=Reads(500),
        ours="invalid-regex",
    ),
    of_django(
        "a broken expression breaks what pages are allowed",
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["(bad", EXPRESSION]},
        reads(page="covered"),
        gets=UNREAD,
        ours="invalid-regex",
    ),
    *unmatched_rows(
        DJANGO,
        "CORS_ALLOWED_ORIGINS",
        (PATTERN, "covered", None),
        ("http://localhost:*", "http://localhost:5173", None),
        (f"{APP}:443", "allowed", "origin-default-port"),
    ),
    of_django(
        "one method as a string is taken apart",
        {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_METHODS": "PUT"},
        reads(method="PUT"),
        gets=Blocked(("method-not-allowed",)),
    ),
)


@dataclass(frozen=True)
class Comparison:
    """A library with the suite's policy in its own words, and the cases of the suite that it fails."""

    peer: Peer
    options: Options
    fails: frozenset[str]
    of_the_application: frozenset[str] = frozenset()
    """What fails whoever does CORS."""


LISTS: Options = {"allow_headers": HEADERS, "expose_headers": EXPOSED, "max_age": MAX_AGE}
KEEPS_STAR = "what the application allows itself lets no stranger in"
BEHIND_PORT = {"a covered host with another port reads nothing", f"{BEHIND} reads nothing"}

COMPARISONS = (
    Comparison(
        STARLETTE,
        {
            "allow_origins": [APP, ANOTHER],
            "allow_origin_regex": EXPRESSION,
            "allow_credentials": True,
            "allow_methods": METHODS,
            **LISTS,
        },
        frozenset({"an exception reads its 500", "an exception reads its 500 after a preflight", KEEPS_STAR}),
    ),
    Comparison(
        FLASK,
        {
            "origins": [APP, ANOTHER, re.compile(EXPRESSION)],
            "supports_credentials": True,
            "methods": METHODS,
            **LISTS,
        },
        frozenset(
            {
                *BEHIND_PORT,
                KEEPS_STAR,
                "what the application allows itself is replaced",
                "a cache serves a listed page after a stranger",
                "a cache serves the 404 to a listed page after a stranger",
                "a cache serves the redirect to a listed page after a stranger",
                "a cache of preflights serves a listed page after a stranger",
                "a cache of preflights serves one header after another",
            }
        ),
        frozenset({"the server's own page reaches OPTIONS"}),
    ),
    Comparison(
        DJANGO,
        {
            "CORS_ALLOWED_ORIGINS": [APP, ANOTHER],
            "CORS_ALLOWED_ORIGIN_REGEXES": [EXPRESSION],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_METHODS": METHODS,
            "CORS_ALLOW_HEADERS": HEADERS,
            "CORS_EXPOSE_HEADERS": EXPOSED,
            "CORS_PREFLIGHT_MAX_AGE": MAX_AGE,
        },
        frozenset({*BEHIND_PORT, KEEPS_STAR}),
    ),
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nobody needs to read in the log what the pages have seen."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


each_row = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row.peer.name}: {row.theirs.name}") for row in ROWS]
)


@each_row
def test_a_page_sees_the_defect_with_theirs(row: Row) -> None:
    with row.peer.theirs(row.options) as server:
        assert complaint(row.theirs, server) is None


@each_row
def test_no_page_sees_it_with_ours(row: Row) -> None:
    if isinstance(row.ours, Case):
        with row.peer.ours(row.our_options) as server:
            assert complaint(row.ours, server) is None
        return
    with pytest.raises((PolicyError, ImproperlyConfigured)) as raised, row.peer.ours(row.options):
        pass
    # In Django's words it is an error of the configuration, because of one of the policy.
    error = raised.value if isinstance(raised.value, PolicyError) else raised.value.__cause__
    assert isinstance(error, PolicyError)
    assert row.ours in {problem.code for problem in error.problems}


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.peer.name)
def test_the_suite_fails_where_theirs_does_and_passes_with_ours(comparison: Comparison) -> None:
    with comparison.peer.theirs(comparison.options) as server:
        assert {*failing_cases(server)} - comparison.of_the_application == comparison.fails
    with comparison.peer.ours(comparison.options) as server:
        assert {*failing_cases(server)} == comparison.of_the_application
