"""Timing-Allow-Origin in real browsers: a page sees the timing of what its origin may read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.wsgi import CORSMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PIXEL = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
PIXEL += b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

# Loads the address as an image and with fetch(), and returns what the page sees of both: the time at which
# the request started, which is 0 if the timing is hidden (Resource Timing, "TAO check").
SCRIPT = """
const [url, done] = [arguments[0], arguments[1]];
const started = entry => entry ? entry.requestStart : "no entry";
const image = new Image();
image.onload = image.onerror = async () => {
  await fetch(url + "?fetch").catch(() => null);
  await new Promise(wait => setTimeout(wait, 200));
  const entries = performance.getEntriesByType("resource");
  done(["?image", "?fetch"].map(how => started(entries.find(entry => entry.name === url + how))));
};
image.src = url + "?image";
"""


def image(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL)))])
    return [PIXEL]


def page(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>A page</title>"]


class Server(ThreadingMixIn, WSGIServer):
    """Browsers open connections that they may never use, so that each needs a thread of its own."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
        """Log nothing."""


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """The origin of a server with this application."""
    with make_server("127.0.0.1", 0, app, Server, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("allows_everyone", "has_timing", "is_seen"),
    [
        pytest.param(False, True, True, id="the origin of the page is listed"),
        pytest.param(True, True, True, id="everyone is allowed"),
        pytest.param(False, False, False, id="the policy says nothing about timing"),
    ],
)
def test_a_page_sees_the_timing_that_the_policy_allows(
    driver: WebDriver, allows_everyone: bool, has_timing: bool, is_seen: bool
) -> None:
    with served(page) as origin:
        allowed = "*" if allows_everyone else origin
        app = CORSMiddleware(image, allow_origins=[allowed], timing_allow_origin=has_timing)
        with served(app) as api:
            driver.get(origin)
            starts = driver.execute_async_script(SCRIPT, f"{api}/")
    assert [start != 0 for start in starts] == [is_seen, is_seen]
    assert all(isinstance(start, (int, float)) for start in starts)
