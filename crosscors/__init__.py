"""One CORS policy for every Python web stack.

from crosscors.asgi import CORSMiddleware

app = CORSMiddleware(app, allow_origins=["https://app.example.com"])

PYTEST_DONT_REWRITE (no assertions are here, and pytest warns of what it cannot rewrite)
"""

from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import PolicyError, PolicyWarning, Problem
from crosscors.core.policy import CORSPolicy
from crosscors.core.refusal import Refusal
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.varying import varies_on

__version__ = "0.2.0"

__all__ = [
    "CORSPolicy",
    "CORSRequest",
    "Decision",
    "Kind",
    "PolicyError",
    "PolicyWarning",
    "Problem",
    "Refusal",
    "Resources",
    "varies_on",
]
