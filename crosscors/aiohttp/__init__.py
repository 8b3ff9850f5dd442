"""The adapter for aiohttp's server: ``CORS`` for applications, ``cross_origin`` for handlers."""

from crosscors._adapter.elsewhere import names_elsewhere
from crosscors.aiohttp.application import CORS, cross_origin
from crosscors.aiohttp.vocabulary import CorsConfig, CorsViewMixin, ResourceOptions, custom_cors, setup

__all__ = ["CORS", "CorsConfig", "CorsViewMixin", "ResourceOptions", "cross_origin", "custom_cors", "setup"]

__getattr__ = names_elsewhere(
    __name__,
    {
        "CORSMiddleware": "from crosscors.aiohttp import CORS",
        "CORSPolicy": "from crosscors import CORSPolicy",
        "PolicyError": "from crosscors import PolicyError",
        "PolicyWarning": "from crosscors import PolicyWarning",
        "Resources": "from crosscors import Resources",
    },
)
