"""An MCP server on this machine, with a WebSocket beside it: as it is, and with allowed hosts."""

from __future__ import annotations

from fastmcp import FastMCP
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from crosscors import CrossOriginProtection
from crosscors.asgi import CORSMiddleware

mcp: FastMCP = FastMCP("notes")


@mcp.tool
def read_notes() -> str:
    """Read the private notes of the user."""
    return "the notes"


async def feed(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("the notes")
    await socket.close()


plain = mcp.http_app(stateless_http=True, json_response=True)
plain.router.routes.append(WebSocketRoute("/feed", feed))
app = CORSMiddleware(plain, protect=CrossOriginProtection(allowed_hosts=["localhost", "127.0.0.1", "[::1]"]))
