"""The suite's cases in real browsers: the correct server passes, every broken one is found by its case."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import httpx
import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.testing import same_origin
from crosscors.testing.engines import CHROMIUM, WEBKIT, EngineName
from tests.testing.broken_servers import BROKEN, CORRECT, Broken
from tests.testing.suite import CASES, Blocked, Case, Fetch, Origins, Wait, on_localhost

from . import model
from .runs import SCRIPT
from .wire import Wire

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What ten minutes of waiting or a cache in between would show is not for here.
IN_BROWSERS = {
    case.name: case
    for case in CASES
    if case.is_possible(on_localhost(1, 2, 3))
    and not case.cache
    and not any(isinstance(step, Wait) for step in case.steps)
}

# Where an engine departs from the standard (see crosscors.testing.DEPARTURES), the correct server fails, too.
IMPOSSIBLE: dict[EngineName, tuple[str, ...]] = {
    CHROMIUM: ("a preflight without need arrives",),
    WEBKIT: ("cookies are set and sent", "what is refused once does not spoil what follows"),
}
# And where all of them do so, a broken server works.
WORKS_ALL_THE_SAME = "a star for Authorization"

DOCUMENT = "/document"

Complaint = Callable[[Case, Callable[[Origins], "WSGIApplication"]], "str | None"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False  # browsers hold connections open


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's)
        pass


@pytest.fixture(scope="session")
def api() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def complaint(driver: WebDriver, api: _Server, wire: Wire, client: httpx.Client) -> Complaint:
    """Says what is wrong when the case is run against an application, as the suite's own does."""
    same_for_all = on_localhost(api.server_port, wire.ports[0], wire.ports[2])
    runs = itertools.count(1)

    def of(case: Case, app: Callable[[Origins], WSGIApplication]) -> str | None:
        # A host of its own for each run, for which the browser has no cookies yet.
        query = f"run={next(runs)}"
        origins = replace(same_for_all, api=f"http://{query.replace('=', '-')}.localhost:{api.server_port}")
        preflights = 0

        def counting(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            nonlocal preflights
            if environ["PATH_INFO"] == DOCUMENT:
                start_response("200 OK", [("Content-Type", "text/html")])
                return [b"<!doctype html>"]
            preflights += "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
            return served(environ, start_response)

        served = app(origins)
        api.set_app(counting)
        for step in case.steps:
            assert isinstance(step, Fetch)
            wrong = _wrong(driver, step, origins, query)
            if wrong:
                return wrong
        if case.preflights not in {None, preflights}:
            return f"There were {preflights} preflights, not {case.preflights}."
        seen = tuple(client.get(f"{origins.api}/seen?{query}").text.splitlines())
        if case.reaches not in {None, seen}:
            return f"The application was asked for {seen}, not {case.reaches}."
        return None

    return of


def _wrong(driver: WebDriver, step: Fetch, origins: Origins, query: str) -> str | None:
    _open(driver, step, origins)
    init = dict(step.init)
    body = init.pop("body", None)
    listens = init.pop("use_cors_preflight", False)
    fetch = model.Fetch(
        f"{origins.api}{step.path}?{query}",
        body=model.Body("text", body) if isinstance(body, str) else None,
        upload_listener=bool(listens),
        **init,  # type: ignore[arg-type]
    )
    [record] = driver.execute_async_script(SCRIPT, [{"name": "it", "steps": [asdict(fetch)]}])["it"]
    expected = step.outcome
    if isinstance(expected, Blocked):
        return None if record["outcome"] == "blocked" else f"{step.page} could read {record}"
    is_right = (
        record["outcome"] == "response"
        and record["status"] == expected.status
        and expected.text in {None, record["body"]}
        and all(record["fields"].get(name.lower()) == value for name, value in expected.fields.items())
    )
    return None if is_right else f"{step.page} got {record}, not {expected}"


def _open(driver: WebDriver, step: Fetch, origins: Origins) -> None:
    """The page that the step is for."""
    if step.page == "null":
        driver.get(f"{origins.allowed}/sandbox")
        driver.switch_to.frame(0)
    elif step.page == same_origin:
        driver.get(origins.api + DOCUMENT)
    else:
        driver.get(f"{origins.of(step.page)}/plain")


@pytest.mark.parametrize("name", IN_BROWSERS)
def test_the_correct_server(name: str, engine: EngineName, complaint: Complaint) -> None:
    said = complaint(IN_BROWSERS[name], CORRECT.app)
    assert (said is None) == (name not in IMPOSSIBLE.get(engine, ())), said


@pytest.mark.parametrize(
    "broken", [each for each in BROKEN if each.found_by in IN_BROWSERS], ids=lambda broken: broken.name
)
def test_a_broken_server_is_found(broken: Broken, complaint: Complaint) -> None:
    said = complaint(IN_BROWSERS[broken.found_by], broken.server.app)
    assert (said is None) == (broken.name == WORKS_ALL_THE_SAME)
