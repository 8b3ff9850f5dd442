"""Flask-WTF beside ``protect=True``: the protection comes first, and what it serves still needs a token."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask

from crosscors.flask import CORS
from tests.tables import each, table

TRUSTED = "https://app.example.com"
FLASK_WTF: Any = import_module("flask_wtf.csrf")  # which has no types


def application() -> Flask:
    app = Flask(__name__)
    app.secret_key = "not secret"  # noqa: S105  # nobody signs in here
    csrf = FLASK_WTF.CSRFProtect(app)

    @app.post("/write")
    def write() -> str:
        return "written"

    def exempt() -> str:
        return "written"

    app.add_url_rule("/exempt", "exempt", csrf.exempt(exempt), methods=["POST"])
    app.add_url_rule("/token", "token", FLASK_WTF.generate_csrf)
    CORS(app, protect=True, origins=[TRUSTED], supports_credentials=True)
    return app


@table(
    "origin, site, without_token, with_token",
    ("a page of the application", "http://localhost", "same-origin", 400, 200),
    ("a trusted page", TRUSTED, "cross-site", 400, 200),
    ("another page", "https://evil.example", "cross-site", 403, 403),
)
@each("path", "/write", "/exempt")
def test_both_have_to_agree(origin: str, site: str, without_token: int, with_token: int, path: str) -> None:
    client = application().test_client()
    token = client.get("/token").text
    headers = {"Origin": origin, "Sec-Fetch-Site": site}
    found = [client.post(path, data=data, headers=headers) for data in ({}, {"csrf_token": token})]
    is_exempt = path == "/exempt" and without_token == 400
    assert [each.status_code for each in found] == [200 if is_exempt else without_token, with_token]
    allowed = [each.headers.get("Access-Control-Allow-Origin") for each in found]
    assert allowed == [origin if origin == TRUSTED else None] * 2
