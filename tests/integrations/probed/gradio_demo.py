"""Gradio as it comes; or mounted in an application that crosscors covers.

Where Gradio is reached as localhost or 127.0.0.1, it is stricter than elsewhere: this one is at 127.0.0.2.

``python gradio_demo.py PORT own|crosscors``
"""

import sys

import gradio
import uvicorn
from fastapi import FastAPI

from crosscors.fastapi import CORS

with gradio.Blocks() as blocks:
    gradio.Markdown("Hello")

port, cors = int(sys.argv[1]), sys.argv[2]
app = FastAPI()
gradio.mount_gradio_app(app, blocks, path="/gradio")
if cors == "crosscors":
    CORS(app, allow_origins=["https://app.example.com"], allow_credentials=True)
uvicorn.run(app, host="127.0.0.2", port=port, log_level="warning")
