"""The one change that lets a request pass: it is in the words of the library, and it works."""

from __future__ import annotations

import importlib
import re
import sys
from ast import literal_eval
from collections.abc import Iterator
from typing import Any

import flask_cors
import pytest
from flask import Blueprint, Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

import crosscors.asgi
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
from crosscors.cli.explain.applications import for_application, in_application
from crosscors.cli.explain.asked import Asked
from crosscors.cli.explain.libraries import (
    APACHE,
    ASP_NET,
    CADDY,
    CROSSCORS_ASGI,
    CROSSCORS_DJANGO,
    CROSSCORS_FASTAPI,
    CROSSCORS_FLASK,
    CROSSCORS_STARLETTE,
    CROSSCORS_WSGI,
    DJANGO_CORS_HEADERS,
    EXPRESS,
    FLASK_CORS,
    NGINX,
    S3,
    SPRING,
    STARLETTE,
    Library,
    Needed,
)
from crosscors.cli.explain.recognition import in_response
from crosscors.cli.targets import Target
from crosscors.testing import ReceivedResponse
from tests.conftest import Approve
from tests.tables import table

from . import explained
from .test_explain import ALLOWED, APPS, STRANGER, as_json

LIBRARIES = (
    *(STARLETTE, FLASK_CORS, DJANGO_CORS_HEADERS, EXPRESS, SPRING, ASP_NET, S3, NGINX, APACHE, CADDY),
    *(CROSSCORS_ASGI, CROSSCORS_WSGI, CROSSCORS_STARLETTE, CROSSCORS_FASTAPI, CROSSCORS_FLASK),
    CROSSCORS_DJANGO,
)


def test_what_to_write(approved: Approve) -> None:
    everything = Needed(STRANGER, credentials=True, method="PUT", headers=("x-a", "x-b"))
    approved("explain_libraries", [(each.name, each.text(everything) or "") for each in LIBRARIES])


@table(
    "configured, needed, text",
    ("an origin is added", {"origin": ("a",)}, Needed("b"), 'allow_origins=["a", "b"]'),
    ("an origin is there", {"origin": ("b",)}, Needed("b"), None),
    ("an origin is the first", {"origin": ()}, Needed("b"), 'allow_origins=["b"]'),
    ("nothing is known", {}, Needed("b"), 'allow_origins=[..., "b"]'),
    (
        "a misspelled origin does not stay",
        {"origin": ("https://a.example", "https://B.example/")},
        Needed("https://b.example"),
        'allow_origins=["https://a.example", "https://b.example"]',
    ),
    ("every origin is there", {"origin": ("*",)}, Needed("b"), None),
    (
        "a star does not stay with credentials",
        {"origin": ("*",)},
        Needed("b", credentials=True),
        'allow_origins=["b"], allow_credentials=True',
    ),
    ("headers are compared without case", {"header": ("X-A",)}, Needed(headers=("x-a",)), None),
    ("a method is there", {"method": ("PUT",)}, Needed(method="PUT"), None),
    ("nothing is needed", {}, Needed(), None),
)
def test_lists(configured: dict[str, tuple[str, ...]], needed: Needed, text: str | None) -> None:
    library = Library(
        *("it", "allow_origins=[{}]", "allow_credentials=True", "allow_methods=[{}]", "allow_headers=[{}]"),
        configured=configured,
        is_open="*" in configured.get("origin", ()),
    )
    assert library.text(needed) == text


def test_a_library_without_credentials() -> None:
    assert S3.text(Needed("b", credentials=True)) == '"AllowedOrigins": [..., "b"]'


def response(*headers: tuple[str, str], body: bytes = b"") -> ReceivedResponse:
    return ReceivedResponse(200, headers, body)


DJANGO = (
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)


@table(
    "answer, library, is_certain",
    ("Starlette's words", response(body=b"Disallowed CORS origin"), "Starlette's CORSMiddleware", True),
    ("Spring's words", response(body=b"Invalid CORS request"), "Spring", True),
    ("S3", response(("server", "AmazonS3")), S3.name, True),
    ("Django's headers", response(*DJANGO), "django-cors-headers", False),
    ("not all of Django's headers", response(*DJANGO[:2]), None, False),
    ("Express", response(("X-Powered-By", "Express")), EXPRESS.name, False),
    ("Kestrel", response(("Server", "Kestrel")), "ASP.NET Core", False),
    ("uvicorn", response(("server", "uvicorn")), "Starlette's CORSMiddleware", False),
    (
        "Django's own server",
        response(("Server", "WSGIServer/0.2 CPython/3.13")),
        "django-cors-headers",
        False,
    ),
    ("Flask's own server", response(("Server", "Werkzeug/3.1.3 Python/3.13")), "Flask-CORS", False),
    ("nginx", response(("Server", "nginx/1.27")), "nginx", False),
    ("Apache", response(("Server", "Apache/2.4")), "Apache", False),
    ("Caddy", response(("Server", "Caddy")), "Caddy", False),
    ("nobody", response(), None, False),
)
def test_what_a_response_shows(answer: ReceivedResponse, library: str | None, is_certain: bool) -> None:
    recognised = in_response(answer)
    assert (recognised and recognised.library.name, bool(recognised and recognised.is_certain)) == (
        library,
        is_certain,
    )


def test_other_middleware_and_circles_are_no_library() -> None:
    class Circle:
        user_middleware = (object(), Middleware(GZipMiddleware))

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """Answers nothing."""

    inner, outer = Circle(), Circle()
    inner.app, outer.app = outer, inner  # type: ignore[attr-defined]
    assert in_application(Target("it", "application", outer), Asked(ALLOWED, "/")) is None
    library = for_application(Target("it", "application", outer))
    assert library == CROSSCORS_ASGI


def test_an_application_with_crosscors_needs_no_second_one() -> None:
    assert for_application(Target("it", "application", explained.flask_app)) is None
    assert for_application(Target("it", "application", explained.asgi_app)) is None
    assert for_application(Target("it", "application", explained.fastapi_app)) is None
    inside = Starlette(middleware=[Middleware(crosscors.asgi.CORSMiddleware, allow_origins="*")])
    assert for_application(Target("it", "application", inside)) is None


def test_proxies_keep_what_they_allow_already() -> None:
    lists = (("Access-Control-Allow-Methods", "GET, PUT"), ("Access-Control-Allow-Headers", "X-A"))
    recognised = in_response(response(("Server", "nginx"), *lists))
    assert recognised is not None
    text = recognised.library.text(Needed(method="DELETE", headers=("x-b",)))
    assert text == (
        'add_header Access-Control-Allow-Methods "GET, PUT, DELETE" always;'
        ' add_header Access-Control-Allow-Headers "X-A, x-b" always;'
    )


@pytest.fixture
def fresh_applications() -> Iterator[None]:
    """Whoever follows a hint changes the application."""
    yield
    importlib.reload(explained)


NAMES: dict[str, dict[str, Any]] = {
    "Starlette's CORSMiddleware": {"CORSMiddleware": CORSMiddleware},
    "Flask-CORS": {"CORS": flask_cors.CORS, "cross_origin": flask_cors.cross_origin},
    "crosscors.starlette": {"CORS": crosscors.starlette.CORS},
    "crosscors.flask": {"CORS": crosscors.flask.CORS},
    "crosscors.asgi": {"CORSMiddleware": crosscors.asgi.CORSMiddleware},
    "crosscors.wsgi": {"CORSMiddleware": crosscors.wsgi.CORSMiddleware},
}
HINT = re.compile(r"(?:In|Nothing .* With) (.+?), write (.+?)(?:, and remove .*|\. If resources .*)?")
VIEW = "\ndef items(): return 'items'\napp.add_url_rule('/items', view_func=items, methods=['GET', 'PUT'])"


def changed(hint: str, app: Any) -> Any:
    """The application with what the hint says. Lists that it does not know begin with the allowed origin."""
    found = HINT.fullmatch(hint)
    assert found, hint
    names = {"app": app, "part": blueprint(), **NAMES[found[1]]}
    text = re.sub(r"\.\.\., (?=\")", "", found[2])
    option = "origins" if found[1] == "Flask-CORS" else "allow_origins"
    text = text.replace("..., ", "" if "origins" in text else f"{option}=[{ALLOWED!r}], ")
    exec(text + (VIEW if text.startswith("@") else ""), names)  # noqa: S102 (the text is the hint of this test)
    if found[2].startswith("CORS(part"):
        app.register_blueprint(names["part"])
    return names["app"]


def blueprint() -> Blueprint:
    part = Blueprint("part", "part")
    part.add_url_rule("/items", "items", lambda: "items", methods=["GET", "PUT"])
    return part


ALL = ["-X", "PUT", "-H", "X-B", "--credentials"]
EVIL = "https://evil.example"


@pytest.mark.usefixtures("fresh_applications")
@table(
    "name, arguments",
    ("Starlette: a stranger", "starlette_app", [STRANGER]),
    ("Starlette: all at once", "starlette_app", [STRANGER, *ALL]),
    ("Starlette: a header", "starlette_app", [ALLOWED, "-H", "X-B"]),
    ("Starlette: a star", "starlette_star", [STRANGER, "--credentials"]),
    ("Starlette: an expression for every site", "starlette_regex", [STRANGER, "--credentials"]),
    ("Starlette: a method", "wrapped_starlette", [ALLOWED, "-X", "PUT"]),
    ("Starlette: POST", "wrapped_starlette", [ALLOWED, "-X", "POST", "-H", "X-C"]),
    ("Starlette: cookies", "wrapped_starlette", [ALLOWED, "--credentials"]),
    ("Flask-CORS: a stranger", "flask_cors_app", [STRANGER]),
    ("Flask-CORS: all at once", "flask_cors_app", [STRANGER, *ALL]),
    ("Flask-CORS: cookies", "flask_cors_app", [ALLOWED, "--credentials"]),
    ("Flask-CORS: its default lets every site in", "flask_cors_star", [STRANGER, *ALL]),
    ("Flask-CORS: an expression without an end", "flask_cors_regex", [ALLOWED, *ALL]),
    ("Flask-CORS: an expression that may stay", "flask_cors_closed_regex", [STRANGER, *ALL]),
    ("Flask-CORS: a resource", "flask_cors_resources", [STRANGER, *ALL]),
    ("Flask-CORS: no resource yet", "flask_cors_elsewhere", [STRANGER, *ALL]),
    ("Flask-CORS: a view", "flask_cors_view", [STRANGER, *ALL]),
    ("Flask-CORS: a blueprint", "flask_cors_blueprint", [STRANGER, *ALL]),
    ("Starlette without CORS", "bare_starlette", [STRANGER, "-X", "PUT", "-H", "X-B"]),
    ("Flask without CORS", "bare_flask", [STRANGER, "-X", "PUT", "-H", "X-B", "--credentials"]),
    ("ASGI without CORS", "bare_asgi", [STRANGER, "-X", "DELETE"]),
    ("WSGI without CORS", "bare_wsgi", [STRANGER, "-H", "X-B"]),
)
def test_the_change_lets_the_request_pass_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, name: str, arguments: list[str]
) -> None:
    before = as_json(f"{APPS}{name}", "/items", "--origin", *arguments)
    assert before["verdict"] == "blocked"
    hint: str = before["hint"]
    app: Any = getattr(explained, name)
    if "flask" in name:
        is_bare = any(each in hint for each in ("@", "CORS(part"))
        app = Flask("fresh") if is_bare else explained.flask_routes(Flask("fresh"))
    elif "Nothing in the application" not in hint:
        app = Starlette(routes=explained.routes())
    monkeypatch.setattr(explained, "changed", changed(hint, app), raising=False)
    assert as_json(f"{APPS}changed", "/items", "--origin", *arguments)["verdict"] == "allowed"
    for evil in (EVIL, "https://a.b.example.evil.example"):
        result = as_json(f"{APPS}changed", "/items", "--origin", evil, "--credentials")
        assert result["verdict"] == "blocked"


@pytest.mark.usefixtures("fresh_applications")
@table(
    "name, options, arguments",
    ("all at once", "fastapi_app", {"allow_methods": ["GET", "PUT"]}, [STRANGER, "-X", "DELETE", *ALL[2:]]),
    ("cookies", "fastapi_app", {}, [ALLOWED, "--credentials"]),
    ("cookies of one more", "fastapi_list", {"allow_credentials": [ALLOWED]}, [STRANGER, "--credentials"]),
    ("a star, and all at once", "fastapi_star", {"allow_origins": "*"}, [STRANGER, *ALL]),
    ("a star, and cookies", "fastapi_star", {"allow_origins": "*"}, [STRANGER, "--credentials"]),
)
def test_a_policy_of_crosscors_lacks_nothing_more_after_the_change(
    monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any], arguments: list[str]
) -> None:
    hint: str = as_json(f"{APPS}{name}", "/items", "--origin", *arguments)["hint"]
    change = {option: literal_eval(value) for option, value in re.findall(r"write (\w+)=(\[.*?\])", hint)}
    given: dict[str, Any] = {"allow_origins": [ALLOWED], **options, **change}
    app = crosscors.starlette.CORS(Starlette(routes=explained.routes()), **given)
    monkeypatch.setattr(explained, "changed", app, raising=False)
    assert as_json(f"{APPS}changed", "/items", "--origin", *arguments)["verdict"] == "allowed"
    assert as_json(f"{APPS}changed", "/items", "--origin", EVIL, "--credentials")["verdict"] == "blocked"


def test_expressions_stay_among_the_origins_without_credentials() -> None:
    hint = as_json(f"{APPS}flask_cors_regex", "/items", "--origin", STRANGER)["hint"]
    assert f'origins=["{ALLOWED}", "https://.*[.]b[.]example", "{STRANGER}"]' in hint


@table(
    "name, origin, shown",
    ("only the function knows", "fastapi_func", STRANGER, "The CORS policy of the application refused"),
    ("an origin that gets no credentials", "fastapi_credentials", "http://b.example", "over https"),
    ("no policy for the path", "fastapi_resources", STRANGER, "no policy covers the path"),
    ("a page without an origin", "fastapi_app", "null", "origin of its own"),
)
def test_what_else_crosscors_says(name: str, origin: str, shown: str) -> None:
    assert shown in as_json(f"{APPS}{name}", "/items", "--origin", origin)["hint"]


def test_a_path_without_a_view_is_one_without_flask_cors() -> None:
    hint = as_json(f"{APPS}flask_cors_view", "/nothing", "--origin", STRANGER)["hint"]
    assert hint.startswith("Nothing in the application answers CORS.")


def test_a_library_that_is_not_imported_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("starlette.middleware.cors", "flask_cors.core"):
        monkeypatch.delitem(sys.modules, module)
    for app in (explained.starlette_app, explained.flask_cors_app):
        assert in_application(Target("it", "application", app), Asked(ALLOWED, "/items")) is None
