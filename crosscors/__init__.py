"""One CORS policy for every Python web stack.

from crosscors.asgi import CORSMiddleware

app = CORSMiddleware(app, allow_origins=["https://app.example.com"])

PYTEST_DONT_REWRITE: no assertions are here, and pytest warns about modules that it cannot rewrite.
"""

from crosscors._adapter.elsewhere import names_elsewhere
from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import PolicyError, PolicyWarning, Problem
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy
from crosscors.core.protection import CrossOriginProtection
from crosscors.core.refusal import Refusal
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.varying import varies_on

__version__ = "0.2.0"

__all__ = [
    "CORSPolicy",
    "CORSRequest",
    "CrossOriginProtection",
    "Decision",
    "Kind",
    "LivePolicy",
    "PolicyError",
    "PolicyWarning",
    "Problem",
    "Refusal",
    "Resources",
    "varies_on",
]

__getattr__ = names_elsewhere(
    __name__,
    {
        "CORS": "from crosscors.fastapi import CORS (or from crosscors.starlette, crosscors.flask)",
        "CORSMiddleware": (
            "from crosscors.asgi import CORSMiddleware (or from crosscors.wsgi, crosscors.django)"
        ),
        "cross_origin": (
            "from crosscors.fastapi import cross_origin (or from crosscors.flask, crosscors.django)"
        ),
        "Browser": "from crosscors.testing import Browser",
    },
)
