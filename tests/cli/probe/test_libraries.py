"""Defects of libraries as they come, found by a probe: those that HTTP can show."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from asgi_cors import asgi_cors  # type: ignore[import-untyped]
from falcon.asgi import App as Falcon
from flask import Flask
from flask_cors import CORS
from litestar import Litestar, get
from litestar.config.cors import CORSConfig
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crosscors import PolicyWarning
from crosscors.asgi import CORSMiddleware as CrosscorsMiddleware
from crosscors.cli.probe.command import judge
from crosscors.cli.probe.target import read_target
from tests.cli.probe.servers import APP, answers_of
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable

DOMAIN = "https://example.com"


async def _starlette_items(_: Any) -> PlainTextResponse:
    return PlainTextResponse("[]")


def starlette(**options: Any) -> Any:
    return Starlette(
        routes=[Route("/items", _starlette_items)], middleware=[Middleware(CORSMiddleware, **options)]
    )


def flask(**options: Any) -> Any:
    app = Flask(__name__)
    app.add_url_rule("/items", "items", lambda: "[]")
    CORS(app, **options)
    return app.wsgi_app


def litestar(**options: Any) -> Any:
    @get("/items", sync_to_thread=False)
    def items() -> list[str]:
        return []

    return Litestar([items], cors_config=CORSConfig(**options), logging_config=None)


def falcon(**_: Any) -> Any:
    from falcon import CORSMiddleware as FalconCORS  # noqa: PLC0415

    class Items:
        async def on_get(self, _: Any, resp: Any) -> None:
            resp.text = "[]"

    app = Falcon(middleware=[FalconCORS(allow_origins=[APP], allow_credentials=[APP])])
    app.add_route("/items", Items())
    return app


def with_asgi_cors(**options: Any) -> Any:
    app = Starlette(routes=[Route("/items", _starlette_items)])
    return asgi_cors(app, **options)


@table(
    "origin, make, options, codes",
    (
        "Starlette: one text for the origins is searched",
        DOMAIN,
        starlette,
        {"allow_origins": DOMAIN},
        {"origin-substring-match"},
    ),
    (
        "Starlette: * with credentials reflects",
        APP,
        starlette,
        {"allow_origins": ["*"], "allow_credentials": True},
        {"any-origin-reflected", "null-origin-trusted"},
    ),
    (
        "Starlette: credentials go to refused origins",
        APP,
        starlette,
        {"allow_origins": [APP], "allow_credentials": True},
        {"credentials-to-refused"},
    ),
    (
        "Starlette: an origin with a slash never matches",
        APP,
        starlette,
        {"allow_origins": [f"{APP}/"]},
        {"origin-refused"},
    ),
    (
        "Flask-CORS: an expression has no end",
        APP,
        flask,
        {"origins": [re.compile(r"https://.*\.example\.com")]},
        {"origin-prefix-match", "any-subdomain"},
    ),
    (
        "Flask-CORS: a glob is taken for an expression",
        "https://foo.example.com",
        flask,
        {"origins": ["https://*.example.com"]},
        {"origin-refused", "unescaped-dot"},
    ),
    (
        "Flask-CORS: the default reflects with credentials",
        APP,
        flask,
        {"supports_credentials": True},
        {"any-origin-reflected", "null-origin-trusted"},
    ),
    (
        "Flask-CORS: no Vary where the origin is refused",
        APP,
        flask,
        {"origins": [APP, DOMAIN]},
        {"vary-missing"},
    ),
    (
        "Litestar: an expression leaves everybody in",
        APP,
        litestar,
        {"allow_credentials": True},
        {"wildcard-with-credentials"},
    ),
    (
        "Litestar: a star for the top-level domain",
        DOMAIN,
        litestar,
        {"allow_origins": ["https://example.*"], "allow_credentials": True},
        {"origin-prefix-match"},
    ),
    (
        "Litestar: every OPTIONS is a preflight, and every origin gets credentials",
        APP,
        litestar,
        {"allow_origins": [APP], "allow_credentials": True},
        {"options-swallowed", "credentials-to-refused"},
    ),
    ("Falcon: never Vary", APP, falcon, {}, {"vary-missing"}),
    (
        "asgi-cors: no Vary, and preflights go to the application",
        APP,
        with_asgi_cors,
        {"hosts": [APP]},
        {"vary-missing", "preflight-error"},
    ),
)
def test_the_defect_is_found(
    origin: str, make: Callable[..., Any], options: dict[str, Any], codes: set[str]
) -> None:
    target = read_target("https://api.example.com/items", (origin,), ())
    found = {each.code for each in judge(target, answers_of(make(**options), target))}
    assert codes <= found


@table(
    "options",
    ("everyone", {"allow_origins": "*"}),
    ("a list with credentials", {"allow_origins": [APP, DOMAIN], "allow_credentials": True}),
    ("credentials for one, the rest without", {"allow_origins": ["*"], "allow_credentials": [APP]}),
    ("only POST", {"allow_origins": [APP], "allow_methods": ["POST"]}),
    ("an expression", {"allow_origin_regex": r"https://app\.example\.com", "allow_credentials": True}),
    ("nobody", {}),
)
def test_crosscors_has_no_findings(options: dict[str, Any]) -> None:
    origins = (APP,) if options else ()
    target = read_target("https://api.example.com/items", origins, ())
    asgi = Starlette(
        routes=[Route("/items", _starlette_items), Route("/post", _starlette_items, methods=["POST"])]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)
        covered = CrosscorsMiddleware(asgi, **options)
    assert judge(target, answers_of(covered, target)) == []
    for_post = read_target("https://api.example.com/post", origins, ())
    assert judge(for_post, answers_of(covered, for_post)) == []


def test_a_public_starlette_has_no_findings() -> None:
    target = read_target("https://api.example.com/items", (), ())
    assert judge(target, answers_of(starlette(allow_origins=["*"]), target)) == []
