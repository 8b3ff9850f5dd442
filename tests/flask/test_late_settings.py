"""Settings that come after CORS(app): the first request says that they have no effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask

from crosscors import CORSPolicy
from crosscors.flask import CORS, cross_origin
from tests.conftest import Approve
from tests.flask.apps import OF_APP, OF_VIEW, STRANGER, ask
from tests.tables import table


class Incomparable:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare me")

    __hash__ = None  # type: ignore[assignment]  # Python's own way to say so; typeshed does not know it


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        each.getMessage()
        for each in caplog.records
        if "changed in the configuration after CORS(app)" in each.getMessage()
    ]


def change(**settings: Any) -> Callable[[dict[str, Any]], object]:
    return lambda config: config.update(settings)


FIRST = {"CORS_ORIGINS": [OF_APP]}


@table(
    "config, options, later, names",
    ("a setting that was not there", {}, {}, change(CORS_ORIGINS=[OF_APP]), "CORS_ORIGINS"),
    ("another value", FIRST, {}, change(CORS_ORIGINS=[OF_VIEW]), "CORS_ORIGINS"),
    (
        "a list that grew",
        {"CORS_ORIGINS": [OF_APP]},
        {},
        lambda c: c["CORS_ORIGINS"].append("*"),
        "CORS_ORIGINS",
    ),
    ("one that was removed", FIRST, {}, lambda config: config.pop("CORS_ORIGINS"), "CORS_ORIGINS"),
    ("a misspelled name", {}, {}, change(CORS_ALLOWED_ORIGINS=OF_APP), "CORS_ALLOWED_ORIGINS"),
    (
        "two of them",
        *({}, {"origins": OF_APP}, change(CORS_MAX_AGE=5, CORS_METHODS="GET")),
        "CORS_MAX_AGE, CORS_METHODS",
    ),
    ("the same value again", FIRST, {}, change(CORS_ORIGINS=[OF_APP]), None),
    ("what a keyword replaces", {}, {"origins": OF_APP}, change(CORS_ORIGINS="*"), None),
    ("by its other name", {}, {"allow_origins": OF_APP}, change(CORS_ORIGINS="*"), None),
    ("what a policy replaces", {}, {"policy": CORSPolicy()}, change(CORS_ORIGINS="*"), None),
    ("the protection", {}, {}, change(CORS_PROTECT=True), "CORS_PROTECT"),
    (
        "the protection, which no policy replaces",
        {},
        {"policy": CORSPolicy()},
        change(CORS_PROTECT=True),
        "CORS_PROTECT",
    ),
    ("the protection, which a keyword replaces", {}, {"protect": True}, change(CORS_PROTECT="report"), None),
    ("None, which means not given", {}, {}, change(CORS_ORIGINS=None), None),
    ("what is never read", {}, {}, change(CORS_HEADERS="Content-Type"), None),
    ("the project's own name", {}, {}, change(CORS_PROXY="x", ORIGINS="x"), None),
    ("an iterator, which is read once", {"CORS_ORIGINS": iter([OF_APP])}, {}, change(), None),
    ("what cannot be compared", {}, {}, change(CORS_ORIGINS=Incomparable()), None),
)
def test_the_first_request_says_which_settings_came_too_late(
    config: dict[str, Any],
    options: dict[str, Any],
    later: Callable[[dict[str, Any]], object],
    names: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask("app")
    app.config.update(config)
    CORS(app, **options)
    later(app.config)
    for _ in range(2):
        ask(app, origin=STRANGER)
    assert [message.partition(" changed ")[0] for message in warned(caplog)] == ([names] if names else [])


def test_the_policy_stays_what_it_was(caplog: pytest.LogCaptureFixture, approved: Approve) -> None:
    app = Flask("app")
    CORS(app)
    app.config["CORS_ORIGINS"] = [OF_APP]
    assert ask(app, origin=STRANGER).allowed == "*"
    (message,) = warned(caplog)
    approved("log_late_settings", message)


def test_it_is_said_beside_views_and_blueprints_with_policies(caplog: pytest.LogCaptureFixture) -> None:
    app, part = Flask("app"), Blueprint("part", "part")
    CORS(part)
    part.get("/")(lambda: "Hello")
    app.register_blueprint(part)
    app.get("/view")(cross_origin(origins=OF_VIEW)(lambda: "Hello"))
    app.config["CORS_ORIGINS"] = [OF_APP]
    for _ in range(2):
        assert ask(app, origin=STRANGER).allowed == "*"
    assert len(warned(caplog)) == 1
