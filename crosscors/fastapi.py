"""The adapter for FastAPI, which is Starlette's."""

from crosscors.starlette import CORS, cross_origin

__all__ = ["CORS", "cross_origin"]
