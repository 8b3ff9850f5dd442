"""FastAPI on Granian: a router, endpoints in threads, and one endpoint with its own policy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Cookie, FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from crosscors.fastapi import CORS, cross_origin

router = APIRouter()


@router.head("/items/{number}")
@router.get("/items/{number}")
def read_item(number: int, response: Response) -> dict[str, int]:
    response.headers["X-Request-Id"] = f"item-{number}"
    return {"number": number}


@router.put("/items/{number}")
def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@router.get("/events")
def events() -> StreamingResponse:
    def numbers() -> Iterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            time.sleep(0.1)

    return StreamingResponse(numbers(), media_type="text/event-stream")


@router.put("/upload")
async def upload(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@router.get("/login")
def login(response: Response) -> dict[str, str]:
    response.set_cookie("user", "ada", httponly=True)
    return {"user": "ada"}


@router.get("/me")
def me(user: Annotated[str | None, Cookie()] = None) -> dict[str, str | None]:
    return {"user": user}


@router.get("/redirect")
def redirect() -> RedirectResponse:
    return RedirectResponse("/items/1")


@router.get("/error")
def error() -> None:
    raise RuntimeError("nobody handles this")


@router.get("/public")
@cross_origin(allow_origins="*")
def public() -> str:
    return "for everyone"


app = FastAPI()
app.include_router(router)
CORS(
    app,
    allow_origins=["https://app.example.com", "http://localhost:*"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
    max_age=600,
)
