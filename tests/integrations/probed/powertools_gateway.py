"""A Lambda function with Powertools' router, behind a gateway of a few lines.

``python powertools_gateway.py PORT own|crosscors``
"""

import sys
from types import SimpleNamespace
from wsgiref.simple_server import make_server

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig

from crosscors.wsgi import CORSMiddleware

port, cors = int(sys.argv[1]), sys.argv[2]
config = CORSConfig(
    allow_origin="https://app.example.com",
    extra_origins=["https://www.example.com"],
    allow_credentials=True,
)
resolver = APIGatewayHttpResolver(cors=config if cors == "own" else None)


@resolver.get("/items")
def items() -> dict[str, list[str]]:
    return {"items": []}


def gateway(environ, start_response):
    """What API Gateway makes of a request (payload format 2.0) and of the function's response."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": environ["QUERY_STRING"],
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "isBase64Encoded": False,
    }
    answer = resolver.resolve(event, SimpleNamespace())
    fields = [(name, str(value)) for name, value in answer.get("headers", {}).items()]
    start_response(f"{answer['statusCode']} Status", fields)
    return [(answer.get("body") or "").encode()]


covered = CORSMiddleware(
    gateway, allow_origins=["https://app.example.com", "https://www.example.com"], allow_credentials=True
)
make_server("127.0.0.1", port, gateway if cors == "own" else covered).serve_forever()
