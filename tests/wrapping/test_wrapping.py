"""Frameworks on their real servers, talked to over a socket.

Some are wrapped from outside, others have an adapter of their own. The applications are in integrations/; all
have the same paths, and the same policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.test_integrations import GUNICORN, ORIGIN, UVICORN, Server, cors_of, preflight, serving

EVIL = "https://evil.example"
ALLOWED = [("access-control-allow-credentials", "true"), ("access-control-allow-origin", ORIGIN)]
GTHREAD = ("gunicorn", "main:app", "--worker-class", "gthread", "--threads", "2", *GUNICORN[2:])
DAPHNE = ("daphne", "main:application", "--verbosity", "0", "--port")
HYPERCORN = ("hypercorn", "main:app", "--log-level", "warning", "--bind")
DJANGO_UVICORN = ("uvicorn", "main:application", *UVICORN[2:])
ADDRESS = "127.0.0.1:{port}"


@dataclass(frozen=True)
class Integration:
    folder: str
    command: tuple[str, ...]
    bind: str = "{port}"
    vary_of_errors: str = "Origin"


WRAPPED = (
    Integration("litestar_uvicorn", UVICORN),
    Integration("quart_hypercorn", HYPERCORN, ADDRESS),
    # Falcon writes its errors in the type that Accept names, and says so.
    Integration("falcon_uvicorn", UVICORN, vary_of_errors="Accept, Origin"),
    Integration("django_daphne", DAPHNE),
)
ADAPTED = (
    Integration("flask_gunicorn", GTHREAD, ADDRESS),
    Integration("django_gunicorn", GUNICORN, ADDRESS),
    Integration("django_uvicorn", DJANGO_UVICORN),
)


@pytest.fixture(scope="module", params=[*WRAPPED, *ADAPTED], ids=lambda each: each.folder)
def integration(request: pytest.FixtureRequest) -> Integration:
    chosen: Integration = request.param
    return chosen


@pytest.fixture(scope="module")
def server(integration: Integration) -> Iterator[Server]:
    with serving(integration.folder, *integration.command, bind=integration.bind) as started:
        yield started


@pytest.fixture(scope="module", params=ADAPTED, ids=lambda each: each.folder)
def adapted(request: pytest.FixtureRequest) -> Iterator[Server]:
    integration: Integration = request.param
    with serving(integration.folder, *integration.command, bind=integration.bind) as started:
        yield started


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/items/1", 200, id="read"),
        pytest.param("HEAD", "/items/1", 200, id="HEAD"),
        pytest.param("GET", "/missing", 404, id="not found by the router"),
        pytest.param("POST", "/items/1", 405, id="method not allowed"),
        pytest.param("GET", "/error", 500, id="an exception that nobody handles"),
        pytest.param("GET", "/stream", 200, id="streamed"),
    ],
)
def test_every_answer(integration: Integration, server: Server, method: str, path: str, status: int) -> None:
    for origin, expected in ((ORIGIN, ALLOWED), (EVIL, []), ("null", []), (None, [])):
        asked = [("Content-Length", "0")] + ([("Origin", origin)] if origin else [])
        answered, fields, body = server.ask(method, path, asked)
        assert answered == status
        vary = "Origin" if status == 200 else integration.vary_of_errors
        assert sorted(cors_of(fields)) == [*expected, ("vary", vary)]
        if path == "/stream":
            assert body == b"0\n1\n2\n"


@pytest.mark.parametrize("path", ["/items/1", "/missing", "/error"])
def test_a_preflight(server: Server, path: str) -> None:
    status, fields, body = server.ask("OPTIONS", path, preflight("content-type,x-token"))
    assert (status, body) == (200, b"OK")
    assert sorted(cors_of(fields)) == [
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "Accept, Accept-Language, Content-Language, Content-Type, X-Token"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-origin", ORIGIN),
        ("access-control-max-age", "600"),
        ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    ]


@pytest.mark.parametrize(
    ("asked", "fields_of_the_origin"),
    [
        pytest.param(preflight("x-other"), ALLOWED, id="a header"),
        pytest.param(preflight(method="DELETE"), ALLOWED, id="a method"),
        pytest.param(preflight(origin=EVIL), [], id="an origin"),
        pytest.param(preflight(origin="null"), [], id="null"),
    ],
)
def test_a_refused_preflight(
    server: Server, asked: list[tuple[str, str]], fields_of_the_origin: list[tuple[str, str]]
) -> None:
    status, fields, body = server.ask("OPTIONS", "/items/1", asked)
    assert status == 400
    assert body.startswith(b"Refused by the CORS policy: ")
    assert [each for each in sorted(cors_of(fields)) if each in ALLOWED] == fields_of_the_origin
    assert dict(fields)["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def test_a_view_with_a_policy_of_its_own(adapted: Server) -> None:
    status, fields, body = adapted.ask("GET", "/public", [("Origin", EVIL)])
    assert (status, body) == (200, b"for everyone")
    assert cors_of(fields) == [("access-control-allow-origin", "*")]
    status, fields, body = adapted.ask("OPTIONS", "/public", preflight(origin=EVIL, method="GET"))
    assert (status, body) == (200, b"OK")
    assert dict(fields)["access-control-allow-origin"] == "*"
