"""With nothing but the wheel installed: import everything, and let both adapters answer a request."""

from __future__ import annotations

import asyncio
import importlib.util
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import crosscors
import crosscors.asgi
import crosscors.testing
import crosscors.wsgi

if TYPE_CHECKING:
    from collections.abc import Iterable

ORIGIN = "https://app.example.com"
FRAMEWORKS = (
    "asgiref",
    "click",
    "django",
    "fastapi",
    "flask",
    "gunicorn",
    "httpx",
    "pytest",
    "rich",
    "starlette",
    "uvicorn",
    "werkzeug",
)


def wsgi_application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


async def asgi_application(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"hello"})


def answer_wsgi() -> dict[str, str]:
    fields: dict[str, str] = {}
    application = crosscors.wsgi.CORSMiddleware(wsgi_application, allow_origins=[ORIGIN])
    application(
        {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": ORIGIN},
        lambda status, headers, exc_info=None: fields.update(headers) or (lambda data: None),
    )
    return {name.lower(): value for name, value in fields.items()}


def answer_asgi() -> dict[str, str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    application = crosscors.asgi.CORSMiddleware(asgi_application, allow_origins=[ORIGIN])
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"origin", ORIGIN.encode())]}
    asyncio.run(application(scope, receive, send))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def main() -> None:
    installed = [name for name in FRAMEWORKS if importlib.util.find_spec(name)]
    assert not installed, f"this environment is not clean: {installed}"
    assert files("crosscors").joinpath("py.typed").is_file()
    assert "site-packages" in str(crosscors.__file__), crosscors.__file__
    assert answer_wsgi()["access-control-allow-origin"] == ORIGIN
    assert answer_asgi()["access-control-allow-origin"] == ORIGIN
    for application in (wsgi_application, asgi_application):
        answering = crosscors.testing.Browser(application).page(crosscors.testing.same_origin)
        assert answering.fetch("/").text() == "hello"
    assert importlib.util.find_spec("crosscors_pytest_plugin")
    print(f"crosscors {crosscors.__version__}: imports and answers without any framework")


if __name__ == "__main__":
    main()
