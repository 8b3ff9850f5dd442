"""The adapter for Flask: ``CORS`` for applications and blueprints, ``cross_origin`` for views."""

from crosscors.flask.decorator import cross_origin
from crosscors.flask.extension import CORS

__all__ = ["CORS", "cross_origin"]
