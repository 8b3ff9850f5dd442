"""The applications that real servers run: bare, with the floor, with the peer's middleware, with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Setup, policy_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from crosscors.asgi import ASGIApp

# Each function imports its own framework alone, for a server's process has no more in it either.
# ruff: noqa: PLC0415


def fastapi(cors: str) -> ASGIApp:
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware

    import crosscors.fastapi
    from tests.benchmarks.stacks.floor import asgi_floor

    app = FastAPI()

    @app.get(PATH)
    async def item() -> dict[str, int]:
        return {"number": 1}

    if cors == "peer":
        app.add_middleware(
            CORSMiddleware,
            allow_origins=Setup().origins,
            allow_methods=METHODS,
            allow_headers=HEADERS,
            allow_credentials=True,
            expose_headers=EXPOSED,
            max_age=MAX_AGE,
        )
    if cors == "crosscors":
        crosscors.fastapi.CORS(app, policy=policy_of(Setup()))
    return asgi_floor(app) if cors == "floor" else app


def fastapi_bare() -> ASGIApp:
    return fastapi("bare")


def fastapi_floor() -> ASGIApp:
    return fastapi("floor")


def fastapi_peer() -> ASGIApp:
    return fastapi("peer")


def fastapi_crosscors() -> ASGIApp:
    return fastapi("crosscors")


def flask(cors: str) -> WSGIApplication:
    from flask import Flask
    from flask_cors import CORS

    import crosscors.flask
    from tests.benchmarks.stacks.floor import wsgi_floor

    app = Flask("benchmarks")

    @app.get(PATH)
    def item() -> dict[str, int]:
        return {"number": 1}

    if cors == "peer":
        CORS(
            app,
            origins=list(Setup().origins),
            methods=list(METHODS),
            allow_headers=list(HEADERS),
            expose_headers=list(EXPOSED),
            supports_credentials=True,
            max_age=MAX_AGE,
        )
    if cors == "crosscors":
        crosscors.flask.CORS(app, policy=policy_of(Setup()))
    return wsgi_floor(app) if cors == "floor" else app


def django(cors: str) -> WSGIApplication:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    from tests.benchmarks.stacks.floor import wsgi_floor

    middleware = {
        "bare": [],
        "floor": [],
        "peer": ["corsheaders.middleware.CorsMiddleware"],
        "crosscors": ["crosscors.django.CORSMiddleware"],
    }
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.benchmarks.stacks.django",
        MIDDLEWARE=[*middleware[cors], "django.middleware.common.CommonMiddleware"],
        CORS_ALLOWED_ORIGINS=list(Setup().origins),
        CORS_ALLOW_METHODS=METHODS,
        CORS_ALLOW_HEADERS=HEADERS,
        CORS_ALLOW_CREDENTIALS=True,
        CORS_EXPOSE_HEADERS=EXPOSED,
        CORS_PREFLIGHT_MAX_AGE=MAX_AGE,
    )
    app = get_wsgi_application()
    return wsgi_floor(app) if cors == "floor" else app
