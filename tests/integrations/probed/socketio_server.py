"""python-socketio with a list of origins; or with its own CORS switched off and the policy of crosscors.

``python socketio_server.py PORT own|crosscors``
"""

import sys

import socketio
import uvicorn

from crosscors import CORSPolicy
from crosscors.asgi import CORSMiddleware

port, cors = int(sys.argv[1]), sys.argv[2]
origins = ["https://app.example.com"]
policy = CORSPolicy(allow_origins=origins, allow_credentials=True)
server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=origins if cors == "own" else [])
app = socketio.ASGIApp(server)
uvicorn.run(app if cors == "own" else CORSMiddleware(app, policy=policy), port=port, log_level="warning")
