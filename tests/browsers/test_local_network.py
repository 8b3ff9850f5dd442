"""Local Network Access in Chromium: what lets a public page reach this machine, and what does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.tables import table

from .drivers import chromium
from .model import ANYONE, answer, case
from .wire import Wire

OLD_HEADER = "Access-Control-Allow-Private-Network: true"
FETCH = "const done = arguments[1]; fetch(arguments[0]).then(() => done('read'), () => done('blocked'))"
FRAME = """
const [allow, url, done] = arguments;
const frame = Object.assign(document.createElement("iframe"), {allow, src: url, onload: () => done()});
document.body.append(frame);
"""
MAY_ASK = "return document.featurePolicy.allowsFeature('loopback-network')"


@pytest.fixture(scope="module")
def browser(wire: Wire) -> Iterator[Chrome]:
    """Chromium, for which the servers of pages and frames are on the public internet."""
    public = (f"{host}:{wire.ports[index]}=public" for host in ("127.0.0.1", "[::1]") for index in (0, 2))
    with chromium(f"--ip-address-space-overrides={','.join(public)}") as driver:
        yield driver


@table(
    "permission, expected",
    ("no permission", None, "blocked"),
    ("that for this machine", "loopback-network", "read"),
    ("that for the local network", "local-network", "blocked"),
)
def test_only_the_permission_helps_and_no_header(
    browser: Chrome, wire: Wire, permission: str | None, expected: str
) -> None:
    page = f"http://localhost:{wire.ports[0]}"
    it = wire.stage("local", case("read", actual=answer(ANYONE, OLD_HEADER)), page)
    browser.execute_cdp_cmd("Browser.resetPermissions", {})
    if permission:
        granted = {"permission": {"name": permission}, "setting": "granted"}
        browser.execute_cdp_cmd("Browser.setPermission", granted)
    browser.get(f"{page}/plain")
    assert browser.execute_async_script(FETCH, it.expand("{api}/thing")) == expected
    assert len(it.requests) == (expected == "read")  # otherwise, nothing reaches the server


@table(
    "allow, expected",
    ("without the attribute", "", False),
    ("the permission for this machine", "loopback-network", True),
    ("the older name of both permissions", "local-network-access", True),
    ("the permission for the local network", "local-network", False),
)
def test_a_frame_may_ask_the_user_if_its_attribute_allows_it(
    browser: Chrome, wire: Wire, allow: str, expected: bool
) -> None:
    browser.get(f"http://localhost:{wire.ports[0]}/plain")
    browser.execute_async_script(FRAME, allow, f"http://127.0.0.1:{wire.ports[2]}/plain")
    browser.switch_to.frame(0)
    assert browser.execute_script(MAY_ASK) is expected
