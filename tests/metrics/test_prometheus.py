"""What crosscors.metrics.prometheus counts, and that it cannot grow."""

from __future__ import annotations

import gc
import os
import random
import weakref
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

import crosscors.asgi
import crosscors.wsgi
from crosscors import (
    CORSPolicy,
    CORSRequest,
    CrossOriginProtection,
    LivePolicy,
    PolicyError,
    Resources,
)
from crosscors.metrics import prometheus
from tests.clients import ask_asgi, ask_wsgi, preflight
from tests.tables import each, table

APP, EVIL = "https://app.example.com", "https://evil.example"
POLICY = CORSPolicy(allow_origins=[APP])
FROM_EVIL = [("Origin", EVIL)]
OWN = [("Origin", "https://own.example"), ("Host", "own.example")]
Counts = dict[tuple[str, ...], float]


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def counted(registry: CollectorRegistry, name: str = "crosscors_decisions_total") -> Counts:
    """The values of the labels that have counted anything, without the names of the labels."""
    samples = (sample for metric in registry.collect() for sample in metric.samples)
    return {
        tuple(sample.labels.values()): sample.value
        for sample in samples
        if sample.name == name and sample.value
    }


def number_of_series(registry: CollectorRegistry) -> int:
    return sum(len(metric.samples) for metric in registry.collect())


@table(
    "method, headers, expected",
    ("no Origin", "GET", [], ("not-cors", "allowed", "none", "api")),
    ("a page of the server itself", "GET", OWN, ("same-origin", "allowed", "none", "api")),
    ("an allowed origin", "GET", [("Origin", APP)], ("actual", "allowed", "none", "api")),
    ("another origin", "GET", FROM_EVIL, ("actual", "refused", "origin-not-allowed", "api")),
    ("null", "GET", [("Origin", "null")], ("actual", "refused", "origin-null", "api")),
    ("a preflight", "OPTIONS", preflight(APP), ("preflight", "allowed", "none", "api")),
    (
        "the first of two reasons",
        "OPTIONS",
        preflight(APP, "PUT", "x-a"),
        ("preflight", "refused", "method-not-allowed", "api"),
    ),
)
def test_a_request_is_counted_once(method: str, headers: Any, expected: tuple[str, ...]) -> None:
    registry = CollectorRegistry()
    hook = prometheus.decisions(policy="api", registry=registry)
    ask_wsgi(
        crosscors.wsgi.CORSMiddleware(wsgi_app, policy=POLICY, on_decision=hook), method, headers=headers
    )
    assert counted(registry) == {expected: 1}
    ask_asgi(
        crosscors.asgi.CORSMiddleware(asgi_app, policy=POLICY, on_decision=hook), method, headers=headers
    )
    assert counted(registry) == {expected: 2}


@table("protect, mode, decided", ("enforced", True, "enforced", 0), ("reported", "report", "report", 1))
def test_the_protection_has_a_counter_of_its_own(protect: Any, mode: str, decided: int) -> None:
    registry = CollectorRegistry()
    hook = prometheus.decisions(policy="api", registry=registry)
    app = crosscors.wsgi.CORSMiddleware(wsgi_app, policy=POLICY, on_decision=hook, protect=protect)
    ask_wsgi(app, "POST", headers=[*FROM_EVIL, ("Sec-Fetch-Site", "cross-site")])
    labels = ("actual", "refused", "cross-site-request", "api", mode)
    assert counted(registry, "crosscors_protection_total") == {labels: 1}
    assert sum(counted(registry).values()) == decided


def test_two_hooks_of_one_name_count_together_and_names_apart() -> None:
    registry = CollectorRegistry()
    hooks = [prometheus.decisions(policy=name, registry=registry) for name in ("api", "api", "shop")]
    for hook in hooks:
        ask_wsgi(crosscors.wsgi.CORSMiddleware(wsgi_app, policy=POLICY, on_decision=hook))
    assert counted(registry) == {
        ("not-cors", "allowed", "none", "api"): 2,
        ("not-cors", "allowed", "none", "shop"): 1,
    }


def test_each_registry_counts_alone_and_is_forgotten_with_its_user() -> None:
    kept = prometheus._made  # pyright: ignore[reportPrivateUsage]
    before = len(kept)
    first, second = CollectorRegistry(), CollectorRegistry()
    hook = prometheus.decisions(policy="api", registry=first)
    prometheus.decisions(policy="api", registry=second)
    request = CORSRequest("GET")
    hook(request, POLICY.decide(request))
    assert (len(counted(first)), len(counted(second))) == (1, 0)
    del hook, first, second
    assert len(kept) == before


def test_the_default_registry_is_that_of_the_client() -> None:
    prometheus.decisions(policy="of the tests")
    assert b'crosscors_decisions_total{kind="actual",policy="of the tests"' in generate_latest()


@each("name", "", None, POLICY)
def test_the_name_is_a_text(name: Any) -> None:
    for use in (prometheus.decisions, lambda policy: prometheus.watch(LivePolicy(POLICY), policy=policy)):
        with pytest.raises(
            TypeError, match=r'policy takes a name of your choice, not .*\. Write policy="api"'
        ):
            use(policy=name)


# The number of series.


def random_decisions(number: int) -> Any:
    """Decisions about random requests, many of them odd, and many with texts that never came before."""
    pick = random.Random(16)  # noqa: S311
    policies = [
        POLICY,
        CORSPolicy(allow_origins="*"),
        CORSPolicy(allow_origins=["null", "http://*.b.example"], allow_credentials=["https://c.example"]),
        CORSPolicy(allow_origin_func=lambda request: 1 // (len(request.origin or "") % 7) > 0),
    ]
    guards = [
        CrossOriginProtection(),
        CrossOriginProtection(
            report_only=True, allowed_hosts=["a.example"], own_origins=["https://a.example"]
        ),
    ]

    def one_of(*texts: str | None) -> str | None:
        new = f"https://{pick.getrandbits(64):x}.example"
        return pick.choice([*texts, new, new, f"x{pick.getrandbits(64)}"])

    for _ in range(number):
        headers = {
            "sec-fetch-site": one_of("same-site", "cross-site", "none"),
            "sec-fetch-mode": one_of("cors", "navigate"),
            "cookie": one_of("a=b"),
            "authorization": one_of("Bearer x", "Basic x"),
        }
        request = CORSRequest(
            pick.choice(["GET", "POST", "OPTIONS", "PUT", f"X{pick.getrandbits(16)}"]),
            origin=one_of(None, None, APP, "null", "file://", "https://a.example", "http://x.b.example"),
            path=f"/{pick.getrandbits(32)}",
            host=one_of(None, "a.example") or "",
            request_method=one_of(None, "GET", "PUT", "put"),
            request_headers=one_of(None, "x-a", "accept", ",,,", "\xe9", "a" * 9000),
            headers={name: value for name, value in headers.items() if value and pick.random() < 0.5},
        )
        policy = pick.choice(policies)
        yield request, policy.decide(request)
        refused = pick.choice(guards).check(request, policy, is_websocket=pick.random() < 0.2)
        if refused is not None:
            yield request, refused


@pytest.mark.slow
def test_a_hundred_thousand_random_requests_make_no_new_series() -> None:
    registry = CollectorRegistry()
    hook = prometheus.decisions(policy="api", registry=registry)
    before = number_of_series(registry)
    number = 0
    for request, decision in random_decisions(100_000):
        hook(request, decision)
        number += decision.protection is None
    assert number == 100_000
    assert number_of_series(registry) == before
    assert before < 150
    assert sum(counted(registry).values()) == number
    assert len(counted(registry)) + len(counted(registry, "crosscors_protection_total")) > 30


def test_a_path_without_a_policy_is_counted() -> None:
    registry = CollectorRegistry()
    hook = prometheus.decisions(policy="api", registry=registry)
    app = crosscors.wsgi.CORSMiddleware(wsgi_app, policy=Resources({"/api": POLICY}), on_decision=hook)
    for path in ("/x", "//api/../x"):
        ask_wsgi(app, path=path, headers=[*FROM_EVIL, ("Sec-Fetch-Mode", "cors")])
        ask_wsgi(app, "OPTIONS", path, preflight(EVIL))
    assert {labels[2] for labels in counted(registry)} == {"path-not-covered"}
    assert {labels[0] for labels in counted(registry)} == {"actual", "preflight"}


# LivePolicy.


def changed_at(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("crosscors_policy_changed_timestamp_seconds", {"policy": "api"})


def test_changes_and_failures_of_a_live_policy_are_counted() -> None:
    registry, live = CollectorRegistry(), LivePolicy(POLICY)
    for _ in range(2):
        prometheus.watch(live, policy="api", registry=registry)
    assert changed_at(registry) == live.changed_at
    live.replace(CORSPolicy())
    live.failed(OSError("the server is away"))
    live.failed(OSError("the server is away"))
    live.failed(PolicyError(()))
    assert changed_at(registry) == live.changed_at
    assert counted(registry, "crosscors_policy_reloads_total") == {
        ("api", "ok"): 1,
        ("api", "unavailable"): 2,
        ("api", "invalid"): 1,
    }


def test_of_several_workers_each_one_shows_its_policy_from_its_first_decision_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/nowhere")
    registry, live = CollectorRegistry(), LivePolicy(POLICY)
    hook = prometheus.decisions(policy="api", registry=registry)
    request = CORSRequest("GET")
    hook(request, POLICY.decide(request))
    prometheus.watch(live, policy="api", registry=registry)
    assert changed_at(registry) is None  # this process may be one that only starts the workers
    hook(request, POLICY.decide(request))
    assert changed_at(registry) == live.changed_at
    shown = prometheus._metrics_in(registry)  # pyright: ignore[reportPrivateUsage]
    shown.changed.labels("api").set(0)  # as the files of prometheus_client begin in a forked process
    monkeypatch.setattr(os, "getpid", lambda: -1)
    hook(request, POLICY.decide(request))
    assert changed_at(registry) == live.changed_at


def test_to_be_watched_keeps_no_policy_alive() -> None:
    live = LivePolicy(POLICY)
    prometheus.watch(live, policy="of a short life")
    there = weakref.ref(live)
    del live
    gc.collect()
    assert there() is None


def test_of_two_live_policies_with_one_name_the_last_one_is_shown() -> None:
    registry, first, second = CollectorRegistry(), LivePolicy(POLICY), LivePolicy(POLICY)
    prometheus.watch(first, policy="api", registry=registry)
    prometheus.watch(second, policy="api", registry=registry)
    first.replace(CORSPolicy())
    assert changed_at(registry) == second.changed_at != first.changed_at
