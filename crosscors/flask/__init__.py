"""The adapter for Flask: ``CORS`` for applications and blueprints, ``cross_origin`` for views."""

from crosscors._adapter.elsewhere import names_elsewhere
from crosscors.flask.decorator import cross_origin
from crosscors.flask.extension import CORS

__all__ = ["CORS", "cross_origin"]

__getattr__ = names_elsewhere(
    __name__,
    {
        "CORSMiddleware": "from crosscors.flask import CORS (or from crosscors.wsgi import CORSMiddleware)",
        "CORSPolicy": "from crosscors import CORSPolicy",
        "PolicyError": "from crosscors import PolicyError",
        "PolicyWarning": "from crosscors import PolicyWarning",
        "Resources": "from crosscors import Resources",
    },
)
