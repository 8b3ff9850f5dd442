"""BlackSheep with its CORS; or with the policy of crosscors.

``python blacksheep_app.py PORT own|crosscors``
"""

import sys

import uvicorn
from blacksheep import Application, get

from crosscors.asgi import CORSMiddleware

port, cors = int(sys.argv[1]), sys.argv[2]
app = Application()
if cors == "own":
    app.use_cors(
        allow_origins=["https://app.example.com"], allow_credentials=True, allow_methods=["GET", "POST"]
    )


@get("/items")
async def items():
    return []


covered = CORSMiddleware(
    app, allow_origins=["https://app.example.com"], allow_credentials=True, allow_methods=["GET", "POST"]
)
uvicorn.run(app if cors == "own" else covered, port=port, log_level="warning")
