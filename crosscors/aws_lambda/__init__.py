"""The adapter for AWS Lambda: ``cors`` for handlers behind API Gateway, load balancers and function URLs."""

from __future__ import annotations

from crosscors._adapter.elsewhere import names_elsewhere
from crosscors.aws_lambda.wrapping import cors

__all__ = ["cors"]

_OF_VIEWS = 'from crosscors.aws_lambda import cors, and policy=Resources({"/items/*": CORSPolicy(...)})'

__getattr__ = names_elsewhere(
    __name__,
    {
        "CORS": "from crosscors.aws_lambda import cors",
        "CORSMiddleware": "from crosscors.aws_lambda import cors",
        "cross_origin": _OF_VIEWS,
    },
)
