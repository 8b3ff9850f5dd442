"""What users wrote is repeated as they wrote it, also if it contains the name of an option."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

import crosscors.asgi
import crosscors.flask
import crosscors.starlette
import crosscors.wsgi
from crosscors import CORSPolicy, PolicyError, Resources
from crosscors.core.policy import OPTION_NAMES
from crosscors.flask.words import CORE_NAMES
from tests.clients import Answer, ask_asgi, ask_wsgi

NAMES = ("debug", "on_decision", "resources", "policy", *OPTION_NAMES, *CORE_NAMES)
# Underscores are not part of hosts, but of many names.
HOSTS = st.sampled_from([name.replace("_", "-") for name in NAMES] + ["cors-debug", "cors-origins"])

Make = Callable[[str], object]


def _configured(origin: str) -> object:
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = origin
    return crosscors.flask.CORS(app)


ADAPTERS: dict[str, Make] = {
    "the core": lambda origin: CORSPolicy(allow_origins=origin),
    "ASGI": lambda origin: crosscors.asgi.CORSMiddleware(Starlette(), allow_origins=origin),
    "WSGI": lambda origin: crosscors.wsgi.CORSMiddleware(Flask(__name__), allow_origins=origin),
    "Starlette": lambda origin: crosscors.starlette.CORS(Starlette(), allow_origins=origin),
    "Flask": lambda origin: crosscors.flask.CORS(Flask(__name__), origins=origin),
    "Flask's configuration": _configured,
    "a resource of Flask": lambda origin: crosscors.flask.CORS(
        Flask(__name__), resources={"/*": {"origins": origin}}
    ),
    "a view of Flask": lambda origin: crosscors.flask.cross_origin(origins=origin),
}


@pytest.mark.parametrize("make", ADAPTERS.values(), ids=ADAPTERS)
@given(HOSTS, HOSTS)
def test_an_error_repeats_the_origin_and_says_the_same_one_to_write(
    make: Make, host: str, domain: str
) -> None:
    origin = f"https://{host}.{domain}.com"
    with pytest.raises(PolicyError) as refused:
        make(f"{origin}/")
    (problem,) = refused.value.problems
    assert problem.message.startswith(f"'{origin}/' ends with a slash")
    assert problem.hint == f'Write "{origin}".'
    assert f"'{origin}/'" in str(refused.value)


SERVED: dict[str, Callable[[str], Answer]] = {
    "ASGI": lambda origin: ask_asgi(
        crosscors.asgi.CORSMiddleware(Starlette(), allow_origins=()), "GET", "/debug", [("Origin", origin)]
    ),
    "Starlette": lambda origin: ask_asgi(_starlette(), "GET", "/debug", [("Origin", origin)]),
    "WSGI": lambda origin: ask_wsgi(
        crosscors.wsgi.CORSMiddleware(Flask(__name__).wsgi_app), "GET", "/debug", [("Origin", origin)]
    ),
    "Flask": lambda origin: ask_wsgi(_flask(), "GET", "/debug", [("Origin", origin)]),
}


def _starlette() -> Any:
    app = Starlette()
    crosscors.starlette.CORS(app, allow_origins=())
    return app


def _flask() -> Any:
    app = Flask(__name__)
    crosscors.flask.CORS(app, origins=())
    return app


@pytest.mark.parametrize("ask", SERVED.values(), ids=SERVED)
@pytest.mark.parametrize("host", ["debug", "resources", "origins", "allow-origins", "methods.policy"])
def test_the_log_repeats_the_origin_and_the_path(
    ask: Callable[[str], Answer], host: str, caplog: pytest.LogCaptureFixture
) -> None:
    origin = f"https://{host}.example.com"
    with caplog.at_level("INFO", "crosscors"):
        ask(origin)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "crosscors"]
    assert set(re.findall(r"https?://[^'\"\s]*", line)) == {origin}
    assert "'GET /debug'" in line


@pytest.mark.parametrize("key", ["/debug*", "/allow_origins/x*y", "/on_decision?x"])
def test_an_error_repeats_the_path(key: str) -> None:
    makes: list[Callable[[], object]] = [
        lambda: Resources({key: None}),
        lambda: crosscors.flask.CORS(Flask(__name__), resources=key),
    ]
    for make in makes:
        with pytest.raises(PolicyError) as refused:
            make()
        assert repr(key) in refused.value.problems[0].message
