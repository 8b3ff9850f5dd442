"""FastAPI on uvicorn, protected. It remembers what arrived and what was refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, FastAPI, Response, WebSocket
from fastapi.responses import HTMLResponse

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, Resources
from crosscors.fastapi import CORS

User = Annotated[str | None, Cookie()]

arrived: list[tuple[str, str | None]] = []  # the path, and the user of the cookie
refused: list[tuple[str, str]] = []  # the path, and the reason

app = FastAPI()


@app.get("/")
async def page(referrer: str = "") -> HTMLResponse:
    headers = {"Referrer-Policy": referrer} if referrer else None
    return HTMLResponse("<!doctype html><title>The own page</title>", headers=headers)


@app.get("/log")
async def log() -> dict[str, object]:
    return {"arrived": arrived, "refused": refused}


@app.post("/{area}/notes/{name}")
async def write_note(area: str, name: str, user: User = None) -> dict[str, str]:
    arrived.append((f"/{area}/notes/{name}", user))
    return {"written": name}


@app.post("/{area}/login/{name}")
async def login(area: str, name: str, response: Response, user: User = None) -> dict[str, str]:
    arrived.append((f"/{area}/login/{name}", user))
    response.set_cookie("user", name, httponly=True, secure=True, samesite="none")
    return {"user": name}


@app.websocket("/{area}/socket/{name}")
async def echo(socket: WebSocket, area: str, name: str, user: User = None) -> None:
    arrived.append((f"/{area}/socket/{name}", user))
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


def remember(request: CORSRequest, decision: Decision) -> None:
    if decision.protection is not None:
        refused.append((request.path, decision.refusals[0].code))


TRUSTED = "http://app.localhost:*"
CORS(
    app,
    policy=Resources(
        {
            "/app/*": CORSPolicy(
                allow_origins=[TRUSTED], allow_methods=["GET", "POST"], allow_credentials=True
            ),
            "/reading/*": CORSPolicy(allow_origins=[TRUSTED], allow_credentials=True),
            "/public/*": CORSPolicy(
                allow_origins="*", allow_methods=["GET", "POST"], allow_headers=["Authorization"]
            ),
        }
    ),
    protect=CrossOriginProtection(exempt=["/hooks/*"]),
    on_decision=remember,
)
