"""``crosscors explain`` and servers with one mistake: the verdict is that of a page in ``Browser``."""

from __future__ import annotations

import sys
from itertools import product
from types import ModuleType

import pytest

from crosscors.testing import BlockedByCORS, Browser, same_origin
from crosscors.testing.engines import ENGINES, EngineName
from tests.testing.broken_servers import BROKEN, CORRECT, ByHand
from tests.testing.suite import CASES, HTTPS, Fetch

from .test_explain import as_json

FOUND_BY = {broken.name: broken.found_by for broken in BROKEN}
SERVERS = {"no mistake": CORRECT, **{broken.name: broken.server for broken in BROKEN}}


def is_expressible(step: object) -> bool:
    """Whether options can say what the step does."""
    return (
        isinstance(step, Fetch)
        and step.init.keys() <= {"method", "headers", "credentials", "body"}
        and step.init.get("credentials") != "omit"
        and isinstance(step.init.get("body", ""), str)
    )


def steps_for(name: str) -> list[Fetch]:
    """The steps of the case that finds the mistake, and for the correct server those of all cases."""
    found = {
        repr(step): step
        for case in CASES
        for step in case.steps
        if FOUND_BY.get(name, case.name) == case.name
        if isinstance(step, Fetch) and is_expressible(step)
    }
    return [*found.values()]


def verdict_in_browser(server: ByHand, step: Fetch, engine: EngineName) -> tuple[str, str | None]:
    browser = Browser(server.app(HTTPS), HTTPS.api, engine=engine)
    try:
        browser.page(origin_of(step)).fetch(f"{HTTPS.api}{step.path}", **step.init)
    except BlockedByCORS as blocked:
        return "blocked", blocked.reason
    return "allowed", None


def origin_of(step: Fetch) -> str:
    origin = HTTPS.of(step.page)
    assert origin is not None
    return HTTPS.api if origin == same_origin else origin


def options(step: Fetch) -> list[str]:
    init = step.init
    headers = init.get("headers") or {}
    assert isinstance(headers, dict)
    said = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
    said += ["-X", init["method"]] if "method" in init else []
    said += ["--data", str(init["body"])] if "body" in init else []
    return said + (["--credentials"] if init.get("credentials") == "include" else [])


@pytest.mark.parametrize("name", SERVERS)
def test_the_verdict_is_that_of_a_page(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One step after the other, each on a server and in a browser of its own, engine by engine."""
    server, module = SERVERS[name], ModuleType("broken_server")
    monkeypatch.setitem(sys.modules, "broken_server", module)
    for step, engine in product(steps_for(name), ENGINES):
        monkeypatch.setattr(module, "app", server.app(HTTPS), raising=False)
        url, origin = f"{HTTPS.api}{step.path}", origin_of(step)
        said = as_json("broken_server:app", url, "--origin", origin, "--engine", engine, *options(step))
        assert (said["verdict"], said["reason"]) == verdict_in_browser(server, step, engine), step


def test_there_is_enough_to_compare() -> None:
    assert len(steps_for("no mistake")) > 20
    assert sum(bool(steps_for(name)) for name in SERVERS) > 50
