"""quart-cors with a compiled expression; or Quart with the policy of crosscors.

``python quart_cors_app.py PORT own|crosscors``
"""

import re
import sys

import uvicorn
from quart import Quart
from quart_cors import cors as quart_cors

from crosscors.asgi import CORSMiddleware

port, cors = int(sys.argv[1]), sys.argv[2]
app = Quart(__name__)


@app.get("/items")
async def items():
    return []


if cors == "own":
    application = quart_cors(
        app, allow_origin=re.compile(r"https://app\.example\.com"), allow_credentials=True
    )
else:
    application = CORSMiddleware(app, allow_origin_regex=r"https://app\.example\.com", allow_credentials=True)
uvicorn.run(application, port=port, log_level="warning")
