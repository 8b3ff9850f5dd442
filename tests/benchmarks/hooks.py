"""``python -m tests.benchmarks.hooks``: what a hook adds to a request.

With ``PROMETHEUS_MULTIPROC_DIR=$(mktemp -d)`` before the command, Prometheus counts in files, as it does for
several workers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from crosscors import CORSRequest, Decision
from crosscors.asgi import CORSMiddleware as ASGIMiddleware
from crosscors.metrics import opentelemetry, prometheus
from crosscors.wsgi import CORSMiddleware as WSGIMiddleware
from tests.benchmarks.cases import EVIL, Case, policy_of
from tests.benchmarks.measuring import quickest
from tests.benchmarks.stacks import Contender, asgi, wsgi

CASES = (
    Case("an allowed request"),
    Case("a refused request", origin=EVIL),
    Case("a preflight", asks_method="PUT"),
)
Middleware = Callable[..., Any]
STACKS: dict[str, tuple[Any, Middleware, Callable[[str, Any, Case], Contender]]] = {
    "ASGI": (asgi.application, ASGIMiddleware, asgi.contender),
    "WSGI": (wsgi.application, WSGIMiddleware, wsgi.contender),
}


def nothing(_request: CORSRequest, _decision: Decision) -> None:
    pass


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hooks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="the more, the less noise; default: 100")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    provider = MeterProvider([InMemoryMetricReader()])
    hooks = {
        "no hook": None,
        "a hook that does nothing": nothing,
        "Prometheus": prometheus.decisions(policy="api"),
        "OpenTelemetry": opentelemetry.decisions(policy="api", meter_provider=provider),
        "both": [
            prometheus.decisions(policy="api"),
            opentelemetry.decisions(policy="api", meter_provider=provider),
        ],
    }
    for stack, (app, middleware, contender) in STACKS.items():
        for case in CASES:
            policy = policy_of(case.setup)
            calls = {
                each: contender(each, middleware(app, policy=policy, on_decision=hook), case).call
                for each, hook in hooks.items()
            }
            seconds = quickest(calls, rounds)
            print(f"{stack}, {case.name}: microseconds, and what is added")
            for each, taken in seconds.items():
                print(f"  {each:26}{taken * 1e6:7.1f}{(taken - seconds['no hook']) * 1e6:7.1f}")
    provider.shutdown()


if __name__ == "__main__":
    main()
