"""Runs cases in an engine and in ``crosscors.testing.Browser``, and records alike what comes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.testing import Browser, NetworkError, Response, shared_cache
from crosscors.testing.engines import EngineName

from .model import Body, Case, Fetch, Pause
from .wire import Request, Staged, Wire

# The engine's own business; fields of the second kind count when they hold what the script has set.
OWN_FIELDS = {
    *("accept-encoding", "connection", "content-length", "host", "keep-alive", "priority", "referer", "te"),
}
SETTABLE_FIELDS = {"accept", "accept-language", "cache-control", "pragma", "user-agent"}
OWN_PREFIXES = ("sec-fetch-", "sec-ch-")

SCRIPT = Path(__file__).with_name("page.js").read_text()
SCRIPT_SECONDS = 300

Record = dict[str, Any]
Records = dict[str, Record]  # by the names of the cases


@dataclass(frozen=True)
class Page:
    """Where a script runs: in a document, or in the frame that the document holds."""

    host: str = "localhost"
    port: int = 0
    document: str = "/plain"
    visited: str = ""  # when the address is spelled otherwise than the host

    @property
    def is_framed(self) -> bool:
        return self.document != "/plain"

    def origin(self, wire: Wire) -> str:
        return "null" if self.is_framed else f"http://{self.host}:{wire.ports[self.port]}"

    def address(self, wire: Wire) -> str:
        return f"http://{self.visited or self.host}:{wire.ports[self.port]}{self.document}"


PAGES = {
    "page": Page(),
    "api": Page(port=1),
    "upper case": Page(visited="LOCALHOST"),
    "numeric": Page("127.0.0.1"),
    "named": Page("app.localhost"),
    "ipv6": Page("[::1]"),
    "trailing dot": Page("localhost."),
    "international": Page("xn--bcher-kva.localhost", visited="bücher.localhost"),
    "sandbox": Page(document="/sandbox"),
    "data": Page(document="/data"),
}


def run_in_engine(driver: WebDriver, engine: str, wire: Wire, cases: Iterable[Case]) -> Records:
    """What each case comes to in a real browser."""
    records: Records = {}
    by_page = sorted(cases, key=lambda case: case.page)
    for name, group in groupby(by_page, key=lambda case: case.page):
        page = PAGES[name]
        staged = [(case, wire.stage(engine, case, page.origin(wire))) for case in group]
        driver.get(page.address(wire))
        if page.is_framed:
            driver.switch_to.frame(0)
        scripts = [{"name": case.name, "steps": _steps(case, each)} for case, each in staged]
        results: dict[str, list[Record]] = driver.execute_async_script(SCRIPT, scripts)
        for case, each in staged:
            records[case.name] = _record(results[case.name], case, each)
        driver.switch_to.default_content()
    return records


def _steps(case: Case, staged: Staged) -> list[Record]:
    steps = [asdict(step) for step in case.steps]
    for step in steps:
        if "url" in step:
            step["url"] = staged.expand(step["url"])
    return steps


class Loopback(httpx.HTTPTransport):
    """Resolves names below localhost, which browsers do by themselves."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.endswith(".localhost"):
            request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def run_in_python(client: httpx.Client, engine: EngineName | None, wire: Wire, case: Case) -> Record:
    """What a case comes to in a Browser that follows the engine, or the standard."""
    seconds = 0.0
    # Under automation WebKitGTK keeps nothing on the disk, and its HTTP cache is there.
    server = shared_cache(client) if case.http_cache and engine != "webkit" else client
    browser = Browser(server, engine=engine, clock=lambda: seconds)
    origin = PAGES[case.page].origin(wire)
    staged = wire.stage(f"python-{engine}", case, origin)
    page = browser.page(origin)
    results: list[Record] = []
    for step in case.steps:
        if isinstance(step, Pause):
            seconds += step.seconds
            continue
        try:
            response = page.fetch(
                staged.expand(step.url),
                method=step.method,
                headers=_headers(step),
                body=_body(step.body),
                credentials=step.credentials,
                mode=step.mode,
                redirect=step.redirect,
                use_cors_preflight=step.upload_listener,
            )
        except TypeError:
            results.append({"outcome": "threw"})
        except NetworkError:
            results.append({"outcome": "blocked"})
        else:
            results.append(_seen(response, step))
    return _record(results, case, staged)


def _body(body: Body | None) -> str | bytes | None:
    """The body as Browser takes it: with the Content-Type of a string, or with none."""
    if body is None or body.kind == "text":
        return body.text if body else None
    if body.kind == "form":
        return f'--X\r\nContent-Disposition: form-data; name="field"\r\n\r\n{body.text}\r\n--X--\r\n'.encode()
    return body.text.encode()


def _headers(step: Fetch) -> list[tuple[str, str]]:
    """The script's headers, and the Content-Type that the body brings where the script gives none."""
    headers = list(step.headers.items())
    types = {
        "blob": step.body.type if step.body else "",
        "params": "application/x-www-form-urlencoded;charset=UTF-8",
        "form": "multipart/form-data; boundary=X",
    }
    brought = types.get(step.body.kind, "") if step.body else ""
    if brought and "content-type" not in [name.lower() for name, _ in headers]:
        headers.append(("Content-Type", brought))
    return headers


def _seen(response: Response, step: Fetch) -> Record:
    """What a script can read, as page.js tells it."""
    record: Record = {
        "outcome": "response",
        "status": response.status,
        "url": response.url,
        "fields": dict(response.headers),
        "body": response.text(),
    }
    if not step.upload_listener:
        record |= {"type": response.type, "redirected": response.redirected}
    return record


def _record(results: list[Record], case: Case, staged: Staged) -> Record:
    for result in results:
        if "url" in result:
            result["url"] = staged.shorten(result["url"])
    by_script = {
        (name.lower(), value)
        for step in case.steps
        if isinstance(step, Fetch)
        for name, value in step.headers.items()
    }
    return {"steps": results, "requests": [_asked(request, by_script, staged) for request in staged.requests]}


def _asked(request: Request, by_script: set[tuple[str, str]], staged: Staged) -> Record:
    fields = {
        name: value
        for name, value in sorted(request.fields.items())
        if name not in OWN_FIELDS
        and not name.startswith(OWN_PREFIXES)
        and (name not in SETTABLE_FIELDS or (name, value) in by_script)
    }
    body = request.body.decode("latin-1")
    if found := re.search(r"boundary=(.+)", fields.get("content-type", "")):
        fields["content-type"] = fields["content-type"].replace(found[1], "X")
        body = body.replace(found[1], "X")
    return {
        "request": f"{request.method} {staged.shorten(request.url)}",
        "preflight": request.is_preflight,
        "fields": fields,
        "body": body,
    }
