"""A LivePolicy in the settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from crosscors import CORSPolicy, LivePolicy, PolicyError, PolicyWarning, Resources
from crosscors.django.checks import check_settings
from tests.clients import ask_wsgi
from tests.django.clients import EVIL, ORIGIN, OTHER, ask_handler
from tests.tables import table


def of(origin: str) -> CORSPolicy:
    return CORSPolicy(allow_origins=[origin])


def paths_of(origin: str) -> Resources:
    return Resources({"/api/*": of(origin)})


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
@table(
    "settings, policy",
    ("the policy", lambda live: {"CORS_POLICY": live}, of),
    ("the policy, with paths in it", lambda live: {"CORS_POLICY": live}, paths_of),
    ("the resources", lambda live: {"CORS_RESOURCES": live}, paths_of),
    ("the resources, for every path", lambda live: {"CORS_RESOURCES": live}, of),
    ("one path", lambda live: {"CORS_RESOURCES": {"/api/*": live}}, of),
    ("one path of Resources", lambda live: {"CORS_RESOURCES": Resources({"/api/*": live})}, of),
    ("some paths", lambda live: {"CORS_POLICY": live, "CORS_URLS_REGEX": "^/api/"}, of),
)
def test_it_is_followed(handler: Any, settings: Any, policy: Any) -> None:
    live = LivePolicy[Any](policy(ORIGIN))
    with override_settings(**settings(live)):
        app = handler()

        def allowed() -> list[str | None]:
            ask = ask_wsgi if handler is WSGIHandler else _over_asgi
            return [ask(app, "GET", "/api/x", [("Origin", each)]).allowed for each in (ORIGIN, OTHER, EVIL)]

        assert allowed() == [ORIGIN, None, None]
        live.replace(policy(OTHER))
        assert allowed() == [None, OTHER, None]


def _over_asgi(app: Any, method: str, path: str, headers: list[tuple[str, str]]) -> Any:
    return ask_handler(app, method, path, *headers)


@table(
    "settings",
    ("one path", lambda live: {"CORS_RESOURCES": {"/api/*": live}}),
    ("some paths", lambda live: {"CORS_POLICY": live, "CORS_URLS_REGEX": "^/api/"}),
)
def test_it_has_no_paths_of_its_own_there(settings: Any) -> None:
    live = LivePolicy[Any](of(ORIGIN))
    with override_settings(**settings(live)):
        WSGIHandler()
        with pytest.raises(PolicyError, match="takes a CORSPolicy here, not Resources"):
            live.replace(paths_of(OTHER))
    with (
        override_settings(**settings(LivePolicy(paths_of(ORIGIN)))),
        pytest.raises(ImproperlyConfigured, match="takes a CORSPolicy here, not Resources"),
    ):
        WSGIHandler()


@pytest.mark.parametrize("name", ["CORS_POLICY", "CORS_RESOURCES"])
def test_the_checks_judge_what_it_serves(name: str) -> None:
    with pytest.warns(PolicyWarning):
        live = LivePolicy(CORSPolicy(allow_origins=["*", ORIGIN]))
    with override_settings(**{name: live}):
        (message,) = check_settings()
        assert "is already covered by" in message.msg
        live.replace(of(ORIGIN))
        assert check_settings() == []
