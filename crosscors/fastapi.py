"""The adapter for FastAPI. It is the same as for Starlette.

app = CORS(FastAPI(), allow_origins=["https://app.example.com"])
"""

from crosscors._adapter.elsewhere import names_elsewhere
from crosscors.starlette.application import CORS, cross_origin

__all__ = ["CORS", "cross_origin"]

__getattr__ = names_elsewhere(
    __name__,
    {
        "CORSMiddleware": "from crosscors.fastapi import CORS (or CORSMiddleware from crosscors.asgi)",
        "CORSPolicy": "from crosscors import CORSPolicy",
        "CORSRequest": "from crosscors import CORSRequest",
        "Decision": "from crosscors import Decision",
        "PolicyError": "from crosscors import PolicyError",
        "PolicyWarning": "from crosscors import PolicyWarning",
        "Resources": "from crosscors import Resources",
        "varies_on": "from crosscors import varies_on",
    },
)
