"""Metrics of two workers, the dashboard and the alerts, with a real Prometheus on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from tests.integrations.servers import INTEGRATIONS, Integration, free_port, serving, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE, EVIL = "https://app.example.com", "https://evil.example"
OBSERVABILITY = Path(__file__).parents[2] / "docs" / "observability"
ALERTS, DASHBOARD = OBSERVABILITY / "alerts.yml", OBSERVABILITY / "grafana.json"
ALERTS_TEST = Path(__file__).with_name("alerts_test.yml")
SECONDS_TO_HAPPEN = 60
PROMETHEUS = ("prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data")

(METERED,) = (each for each in INTEGRATIONS if each.folder == "metered_flask_gunicorn")
PRELOADED = Integration(METERED.folder, METERED.command.replace("gunicorn ", "gunicorn --preload "))


def happens(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS_TO_HAPPEN
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(params=[METERED, PRELOADED], ids=["loaded by each worker", "loaded before the fork"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    # Each request gets a connection of its own, so that all workers get some.
    with serving(request.param) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def values(client: httpx.Client, name: str) -> dict[tuple[str, ...], float]:
    """The values that are not zero, by the values of the labels."""
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if sample.name == name and sample.value
    }


def changed_at(client: httpx.Client) -> float:
    (value,) = values(client, "crosscors_policy_changed_timestamp_seconds").values()
    return value


def replace(client: httpx.Client, *origins: str) -> tuple[int, float]:
    """The worker that has replaced its policy, and when."""
    changed: dict[str, Any] = client.put("/origins", json=origins).json()
    return changed["worker"], changed["changed_at"]


def test_the_workers_count_together(client: httpx.Client) -> None:
    for _ in range(20):
        client.get("/items", headers={"Origin": PAGE})
        client.get("/items", headers={"Origin": EVIL})
        client.post("/items", headers={"Origin": EVIL})
    decisions = values(client, "crosscors_decisions_total")
    # By kind, policy, reason and result.
    assert decisions["actual", "api", "none", "allowed"] == 20
    assert decisions["actual", "api", "origin-not-allowed", "refused"] == 20
    protection = values(client, "crosscors_protection_total")
    assert protection == {("actual", "enforced", "api", "origin-not-own", "refused"): 20}


def test_the_worker_that_lags_shows_until_it_is_gone(client: httpx.Client) -> None:
    began = time.time()
    client.get("/items")
    assert began - SECONDS_TO_HAPPEN < changed_at(client) < time.time()  # not 0, which is in 1970
    changed: dict[int, float] = {}
    number = 0
    while len(changed) < 2 or number < 20:
        number += 1
        worker, changed[worker] = replace(client, PAGE)
        assert len(changed) < 2 or changed_at(client) == min(changed.values())
    assert "problem" in client.put("/origins", json=[f"{PAGE}/"]).json()
    assert values(client, "crosscors_policy_reloads_total") == {("api", "ok"): number, ("api", "invalid"): 1}
    lagging = min(changed, key=lambda worker: changed[worker])
    os.kill(lagging, signal.SIGTERM)
    assert happens(lambda: changed_at(client) > changed[lagging])


# The dashboard and the alerts.


def run(command: str, *arguments: str, cwd: Path) -> None:
    assert shutil.which(command), "run: apt-get install --no-install-recommends prometheus"
    ran = subprocess.run([command, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_alerts_fire_when_they_should(tmp_path: Path) -> None:
    for file in (ALERTS, ALERTS_TEST):
        shutil.copy(file, tmp_path)
    run("promtool", "check", "rules", ALERTS.name, cwd=tmp_path)
    run("promtool", "test", "rules", ALERTS_TEST.name, cwd=tmp_path)


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return read


def left_out(given: Any, read: Any, place: str = "") -> Iterator[str]:
    """What is not in what was read."""
    if isinstance(given, dict) and isinstance(read, dict):
        for key in given:
            yield from left_out(given[key], read.get(key, "nothing"), f"{place}.{key}")
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for number, (one, other) in enumerate(zip(given, read, strict=True)):
            yield from left_out(one, other, f"{place}[{number}]")
    elif given != read:
        yield place


def test_grafana_knows_all_that_the_dashboard_says() -> None:
    plugins.register_default_plugins()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard())))
    assert list(left_out(dashboard(), read)) == []


@contextlib.contextmanager
def prometheus(folder: Path, target: str) -> Iterator[httpx.Client]:
    """Prometheus with our rules, which reads the metrics of the target."""
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 500ms, evaluation_interval: 500ms}\n"
        f"rule_files: [{ALERTS}]\n"
        f"scrape_configs: [{{job_name: api, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*PROMETHEUS, f"--web.listen-address=127.0.0.1:{port}"],
            cwd=folder,
            stderr=log,
        )
        try:
            wait_for(port, process)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client:
                yield client
        finally:
            process.terminate()
            process.wait()


def test_each_panel_and_each_rule_has_data(tmp_path: Path) -> None:
    expressions = {
        panel["title"]: panel["targets"][0]["expr"]
        .replace("$policy", "api")
        .replace("$__rate_interval", "5s")
        .replace("$__range", "1m")
        for panel in dashboard()["panels"]
    }
    assert len(expressions) == len(dashboard()["panels"]) > 5
    with (
        serving(METERED) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
        prometheus(tmp_path, url.removeprefix("http://")) as api,
    ):

        def ask(path: str, **params: str) -> Any:
            response = api.get(path, params=params).json()
            assert response["status"] == "success", response
            return response["data"]

        def without_data() -> list[str]:
            """Some requests, and the panels that are still empty."""
            client.get("/items", headers={"Origin": PAGE})
            client.get("/items", headers={"Origin": EVIL})
            client.post("/items", headers={"Origin": EVIL})
            replace(client, PAGE)
            return [title for title, query in expressions.items() if not ask("/query", query=query)["result"]]

        assert happens(lambda: not without_data()), without_data()
        assert happens(lambda: all(rule["health"] == "ok" for rule in rules(ask)))
        assert len(rules(ask)) == 5


def rules(ask: Callable[[str], Any]) -> list[dict[str, Any]]:
    return [rule for group in ask("/rules")["groups"] for rule in group["rules"]]
