"""The applications that real servers run: each bare, with its peer's middleware, and with crosscors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.cases import EXPOSED, HEADERS, MAX_AGE, METHODS, PATH, Setup, policy_of

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler
    from fastapi import FastAPI
    from flask import Flask

# Each function imports its own framework alone, for a server's process has no more in it either.
# ruff: noqa: PLC0415


def fastapi(cors: str) -> FastAPI:
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware

    import crosscors.fastapi

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
    return crosscors.fastapi.CORS(app, policy=policy_of(Setup())) if cors == "crosscors" else app


def fastapi_bare() -> FastAPI:
    return fastapi("bare")


def fastapi_peer() -> FastAPI:
    return fastapi("peer")


def fastapi_crosscors() -> FastAPI:
    return fastapi("crosscors")


def flask(cors: str) -> Flask:
    from flask import Flask
    from flask_cors import CORS

    import crosscors.flask

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
    return app


def django(cors: str) -> WSGIHandler:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    middleware = {
        "bare": [],
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
    return get_wsgi_application()
