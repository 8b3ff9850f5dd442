"""The Django adapter: one middleware, the settings that Django users know, and ``cross_origin`` for views.

In settings.py::

    INSTALLED_APPS = ["crosscors.django", ...]
    MIDDLEWARE = ["crosscors.django.CORSMiddleware", ...]
    CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    CORS_PROTECT = True  # who else may write and open WebSockets: nobody (docs/protection.md)
"""

from crosscors._adapter.elsewhere import names_elsewhere
from crosscors.django.decorators import cross_origin
from crosscors.django.middleware import CORSMiddleware
from crosscors.django.requests import DjangoCORSRequest
from crosscors.django.websockets import protect_websockets

__all__ = ["CORSMiddleware", "DjangoCORSRequest", "cross_origin", "protect_websockets"]

_MIDDLEWARE = "from crosscors.django import CORSMiddleware (in MIDDLEWARE: crosscors.django.CORSMiddleware)"

__getattr__ = names_elsewhere(
    __name__,
    {
        "CORS": _MIDDLEWARE,
        "CorsMiddleware": _MIDDLEWARE,
        "check_request_enabled": "from crosscors.django.signals import check_request_enabled",
        "default_headers": "from crosscors.django.defaults import default_headers",
        "default_methods": "from crosscors.django.defaults import default_methods",
    },
)
