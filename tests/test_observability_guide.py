"""What docs/observability.md shows is run here, word for word."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, LivePolicy
from crosscors.metrics import opentelemetry, prometheus
from crosscors.metrics.outcomes import OUTCOMES, RELOADS
from tests.clients import ask_asgi
from tests.tables import table

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = (DOCS / "observability.md").read_text(encoding="utf-8")
APP = "https://app.example.com"


def run(name: str, **names: Any) -> dict[str, Any]:
    """The names that an example defines."""
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found, f"docs/observability.md has no example {name!r}"
    exec(found[1], names)  # noqa: S102  # our own page
    return names


def metrics() -> str:
    return generate_latest().decode()


def test_the_first_example() -> None:
    app = run("fastapi")["app"]
    line = 'crosscors_decisions_total{kind="actual",policy="api",reason="none",result="allowed"} '
    before = metrics().partition(line)[2].partition("\n")[0]
    assert ask_asgi(app, path="/x", headers=[("Origin", APP)]).allowed == APP
    page = ask_asgi(app, path="/metrics/").body.decode()
    assert f"{line}{float(before or 0) + 1}" in page


def test_the_other_examples(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    request = CORSRequest("GET", origin=APP)
    run("django")["CORS_ON_DECISION"](request, CORSPolicy().decide(request))
    names = run("live", read_policy=lambda: {"allow_origins": f"{APP}/"})
    run("failed", **names)
    assert 'crosscors_policy_reloads_total{policy="api",result="invalid"} 1.0' in metrics()
    names["read_policy"] = lambda: {"allow_origins": APP}
    run("failed", **names)
    assert names["live"].policy.allow_origins == (APP,)
    assert 'crosscors_policy_reloads_total{policy="api",result="ok"} 1.0' in metrics()
    assert run("opentelemetry", app=run("fastapi")["app"])["app"]
    post = CORSRequest("POST", origin="https://evil.example", path="/x")
    run("own")["log_writes"](post, CrossOriginProtection().check(post))
    assert "POST '/x' was refused: origin-not-own" in caplog.messages
    monkeypatch.setitem(os.environ, "PROMETHEUS_MULTIPROC_DIR", "/nowhere")
    assert run("gunicorn")["child_exit"]


def test_the_guide_names_each_metric_and_label() -> None:
    registry, live = CollectorRegistry(), LivePolicy(CORSPolicy())
    prometheus.decisions(policy="api", registry=registry)
    prometheus.watch(live, policy="api", registry=registry)
    rows = dict(re.findall(r"^\| `(crosscors_\w+)` \| (.*?) \|", GUIDE, re.MULTILINE))
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    described = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows.items()}
    assert described == {
        sample.name: set(sample.labels) for sample in samples if not sample.name.endswith("_created")
    }
    assert f"There are {len(OUTCOMES)} for each name" in GUIDE
    assert all(f"`{result}`" in GUIDE for result in RELOADS)
    in_guide = set(re.findall(r"`(crosscors\.[a-z._]+)`", GUIDE))
    source = Path(opentelemetry.__file__).read_text(encoding="utf-8")
    assert in_guide - {"crosscors"} == set(re.findall(r'"(crosscors\.[a-z._]+)"', source))


@table(
    "text",
    ("the dashboard", (DOCS / "observability" / "grafana.json").read_text(encoding="utf-8")),
    ("the alerts", (DOCS / "observability" / "alerts.yml").read_text(encoding="utf-8")),
)
def test_nothing_asks_for_a_metric_that_is_not_there(text: str) -> None:
    names = set(re.findall(r"(?<![:\w])crosscors_\w+", text))
    assert names
    assert names <= set(re.findall(r"`(crosscors_\w+)`", GUIDE))


def test_the_guide_names_the_alerts_and_panels() -> None:
    rules = (DOCS / "observability" / "alerts.yml").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(CORS\w+)` \|", GUIDE, re.MULTILINE) == re.findall(r"alert: (\w+)", rules)
    titles = [
        panel["title"]
        for panel in json.loads((DOCS / "observability" / "grafana.json").read_text(encoding="utf-8"))[
            "panels"
        ]
    ]
    assert re.findall(r'the panel "([^"]+)"', GUIDE)[0] in titles
