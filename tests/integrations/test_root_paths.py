"""Below a root path, on real servers: the policy is that of the path which the application routes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integrations.servers import Integration, serving
from tests.integrations.test_integrations import PAGE, STRANGER, ask, preflight

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "../tests/integrations/rooted"
# The origins that the answers to PAGE and STRANGER allow, and those to their preflights.
PUBLIC: list[list[str]] = [["*"]] * 4
ADMIN: list[list[str]] = [[PAGE], [], [PAGE], []]
NOTHING: list[list[str]] = [[]] * 4
# The paths that are asked for, what the application has there below the root path, and whose policy that is.
STRIPPED = {"/admin/x": (b"admin", ADMIN), "/items": (b"public", PUBLIC), "/admin//x": (b"public", ADMIN)}
KEPT = {f"/api{path}": expected for path, expected in STRIPPED.items()}
KEPT["/apiadmin/x"] = (b"public", NOTHING)  # which some frameworks take for /admin/x
WSGI = {"/api/admin/x": (b"admin", ADMIN), "/api/items": (b"public", PUBLIC)}

Expected = dict[str, tuple[bytes, list[list[str]]]]


def served(command: str, paths: Expected) -> object:
    return pytest.param((Integration(FOLDER, command), paths), id=command.partition(" ")[0])


@pytest.fixture(
    scope="module",
    params=[
        served("uvicorn --port $PORT --root-path /api main:app", STRIPPED),
        served("hypercorn --bind 127.0.0.1:$PORT --root-path /api main:app", KEPT | STRIPPED),
        served("granian --interface asgi --port $PORT --url-path-prefix /api main:app", KEPT),
        served("gunicorn --bind 127.0.0.1:$PORT --env SCRIPT_NAME=/api main:wsgi", WSGI),
    ],
)
def rooted(request: pytest.FixtureRequest) -> Iterator[tuple[str, Expected]]:
    integration, paths = request.param
    with serving(integration) as address:
        yield address, paths


def test_no_path_below_a_root_has_the_policy_of_another(rooted: tuple[str, Expected]) -> None:
    address, paths = rooted
    for path, (body, expected) in paths.items():
        answers = [ask(address, "GET", path, [("Origin", origin)]) for origin in (PAGE, STRANGER)]
        assert [answer.body for answer in answers] == [body, body], path
        answers += [
            ask(address, "OPTIONS", path, preflight(method="GET", origin=origin))
            for origin in (PAGE, STRANGER)
        ]
        assert [answer.values("access-control-allow-origin") for answer in answers] == expected, path
