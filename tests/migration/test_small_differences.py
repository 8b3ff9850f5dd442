"""The small differences of docs/migrating.md, side by side: what their libraries send, and what ours send."""

from __future__ import annotations

from typing import Any

import flask_cors
import pytest
from corsheaders.conf import conf
from django.test import override_settings
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware as TheirCORSMiddleware

import crosscors.flask
from crosscors.asgi import CORSMiddleware
from tests.clients import ask_asgi, ask_wsgi, preflight
from tests.django.clients import over_wsgi as asked_of_django
from tests.tables import table

from .test_django_cors_headers import OURS

ORG = "https://app.example.com"
EVIL = "https://evil.example"
NETWORK = ("Access-Control-Request-Private-Network", "true")
ALLOW_HEADERS = "access-control-allow-headers"
ALLOW_NETWORK = "access-control-allow-private-network"
ALWAYS = "Accept, Accept-Language, Content-Language, Content-Type"
ASKED = preflight(ORG, "PUT", "X-B, X-A")
LISTED: dict[str, Any] = {"allow_headers": ["X-B", "X-A", "X-C"]}


def flask(library: Any, **options: Any) -> Flask:
    app = Flask(__name__)
    library.CORS(app, origins=[ORG], **options)
    app.add_url_rule("/", view_func=lambda: "")
    return app


def starlette(middleware: Any, **options: Any) -> Any:
    return middleware(Starlette(), allow_origins=[ORG], **options)


@pytest.mark.filterwarnings("ignore:.*browsers no longer ask:crosscors.PolicyWarning")
@table(
    "options, method, sent, header, theirs, ours",
    ("the whole list", LISTED, "OPTIONS", ASKED, ALLOW_HEADERS, "X-A, X-B", f"{ALWAYS}, X-B, X-A, X-C"),
    (
        "names in lower case, with credentials and a wildcard",
        {"supports_credentials": True},
        "OPTIONS",
        ASKED,
        ALLOW_HEADERS,
        "X-A, X-B",
        "x-b, x-a",
    ),
    (
        "private networks on preflights only",
        {"allow_private_network": True},
        "GET",
        [("Origin", ORG), NETWORK],
        ALLOW_NETWORK,
        "true",
        None,
    ),
    (
        "exposed headers in your order",
        {"expose_headers": ["X-B", "X-A"]},
        "GET",
        [("Origin", ORG)],
        "access-control-expose-headers",
        "X-A, X-B",
        "X-B, X-A",
    ),
    ("a longer Vary", {}, "OPTIONS", ASKED, "vary", None, f"Origin, {', '.join(n for n, _ in ASKED[1:])}"),
)
def test_flask_cors(
    options: dict[str, Any], method: str, sent: Any, header: str, theirs: str | None, ours: str | None
) -> None:
    for library, value in ((flask_cors, theirs), (crosscors.flask, ours)):
        answer = ask_wsgi(flask(library, **options), method, headers=sent)
        assert answer.cors().get(header) == value


def test_the_body_of_a_preflight() -> None:
    bodies = [ask_wsgi(flask(each), "OPTIONS", headers=ASKED).body for each in (flask_cors, crosscors.flask)]
    assert bodies == [b"", b"OK"]


def test_starlette_names_all_that_is_refused_and_ours_the_origin_alone() -> None:
    asked = preflight(EVIL, "PUT", "X-A")
    theirs, ours = (
        ask_asgi(starlette(each), "OPTIONS", headers=asked) for each in (TheirCORSMiddleware, CORSMiddleware)
    )
    assert theirs.body == b"Disallowed CORS origin, method, headers"
    assert ours.body == b"Refused by the CORS policy: the origin 'https://evil.example' is not allowed"


def test_one_string_is_one_method_in_django() -> None:
    with override_settings(CORS_ALLOW_METHODS="GET"):
        assert list(conf.CORS_ALLOW_METHODS) == ["G", "E", "T"]
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [ORG], "CORS_ALLOW_METHODS": "GET"}
    answer = asked_of_django("OPTIONS", "/", *preflight(ORG, "GET"), MIDDLEWARE=[OURS], **settings)
    assert answer.cors()["access-control-allow-methods"] == "GET"
