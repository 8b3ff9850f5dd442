"""The Django adapter: one middleware, the settings that Django users know, and ``cross_origin`` for views.

In settings.py::

    INSTALLED_APPS = ["crosscors.django", ...]
    MIDDLEWARE = ["crosscors.django.CORSMiddleware", ...]
    CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
"""

from crosscors.django.decorators import cross_origin
from crosscors.django.middleware import CORSMiddleware
from crosscors.django.requests import DjangoCORSRequest

__all__ = ["CORSMiddleware", "DjangoCORSRequest", "cross_origin"]
