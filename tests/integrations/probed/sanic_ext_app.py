"""Sanic Extensions with a compiled expression; or Sanic with the policy of crosscors.

``python sanic_ext_app.py PORT own|crosscors``
"""

import re
import sys

import uvicorn
from sanic import Sanic, json
from sanic_ext import Config, Extend

from crosscors.asgi import CORSMiddleware

port, cors = int(sys.argv[1]), sys.argv[2]
app = Sanic("probed")
if cors == "own":
    origins = [re.compile(r"https://app\.example\.com")]
    Extend(app, config=Config(cors_origins=origins, cors_supports_credentials=True, oas=False))


@app.get("/items")
async def items(request):
    return json([])


covered = CORSMiddleware(app, allow_origin_regex=r"https://app\.example\.com", allow_credentials=True)
uvicorn.run(app if cors == "own" else covered, port=port, log_level="warning")
