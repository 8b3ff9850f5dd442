"""Flask on gunicorn, with a policy that can be replaced, and /metrics for Prometheus."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from crosscors import CORSPolicy, LivePolicy
from crosscors.flask import CORS
from crosscors.metrics import prometheus

policy = CORSPolicy(allow_origins=["https://app.example.com"])
live = LivePolicy(policy)
prometheus.watch(live, policy="api")

app = Flask(__name__)
CORS(app, policy=live, protect=True, on_decision=prometheus.decisions(policy="api"))


@app.get("/items")
def items() -> list[str]:
    return ["an item"]


@app.get("/metrics")
def metrics() -> Response:
    """The numbers of all workers."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@app.put("/origins")
def replace() -> dict[str, Any]:
    """Allow other origins, in the worker that gets this request. The other one lags, for the tests to see."""
    try:
        published = live.replace(policy.replace(allow_origins=request.get_json()))
    except ValueError as error:
        live.failed(error)
        return {"worker": os.getpid(), "problem": str(error)}
    return {"worker": os.getpid(), "changed_at": published.changed_at}
