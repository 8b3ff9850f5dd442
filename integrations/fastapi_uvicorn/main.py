"""FastAPI on uvicorn, with the policy on all that it answers."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import StreamingResponse

from crosscors.fastapi import CORS, cross_origin

app = FastAPI()
CORS(
    app,
    allow_origins=["https://app.example.com", "https://*.preview.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["X-Request-Id"],
)


@app.get("/items/{number}")
async def read_item(number: int, response: Response) -> dict[str, int]:
    response.headers["X-Request-Id"] = f"item-{number}"
    response.headers["Vary"] = "Accept-Encoding"
    return {"number": number}


@app.put("/items/{number}")
async def write_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse((f"{number}\n" for number in range(3)), media_type="text/plain")


@app.get("/error")
async def error() -> None:
    raise HTTPException(status_code=500, detail="handled")


@app.get("/unhandled")
async def unhandled() -> None:
    raise RuntimeError("nobody handles this")


@app.get("/status")
@cross_origin(allow_origins="*")
async def status() -> str:
    return "up"
