"""The playground in real browsers: what it says of the browser is what happened, and what was predicted."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

from crosscors import CORSPolicy, PolicyError
from crosscors.cli.demo.presets import PRESETS
from crosscors.testing.engines import EngineName

from .demo_cases import random_states
from .drivers import started

DEADLINE_SECONDS = 60
STACKS = ("asgi", "wsgi", "flask", "django")
DRIVE = (Path(__file__).parent / "demo.js").read_text()
AS_EXPECTED = "Everything happened as expected."

FACTS = "fetch('/facts.json').then((response) => response.json()).then(arguments[0])"

# Asks the browser without any code of the playground: in a page of the origin, for each stack.
FETCH = """
const [urls, init, done] = arguments;
const one = async (url) => {
  try {
    const response = await fetch(url, init);
    await response.text();
    const readable = [...response.headers.keys()].filter((name) => name.startsWith("x-"));
    return { outcome: "read", status: response.status, readable };
  } catch {
    return { outcome: "blocked", status: null, readable: [] };
  }
};
Promise.all(urls.map(one)).then(done);
"""


@dataclass(frozen=True)
class Playground:
    """The page in a browser."""

    driver: WebDriver
    address: str
    facts: Any

    def open(self, hash_: str = "") -> None:
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}/{hash_}")
        WebDriverWait(self.driver, DEADLINE_SECONDS).until(
            lambda driver: driver.find_elements(By.CSS_SELECTOR, "body[data-state=ready]")
        )

    def send(self, state: Any) -> Any:
        """Open a link with this state, press the button, and read the results."""
        return self.driver.execute_async_script(DRIVE, json.dumps(state), False)

    def choose(self, preset: str) -> Any:
        return self.driver.execute_async_script(DRIVE, preset, True)

    def with_origins(self, value: Any) -> Any:
        text = json.dumps(value)
        for each in self.facts["origins"]:
            text = text.replace(f"{{{each['id']}}}", each["origin"])
        return json.loads(text)

    def text(self, identity: str) -> str:
        return self.driver.find_element(By.ID, identity).text

    def ask_browser(self, request: Any) -> dict[str, Any]:
        """What the browser itself makes of a fetch, by stack."""
        urls = [each["address"] + request["path"] for each in self.facts["stacks"]]
        init: dict[str, Any] = {
            "method": request.get("method", "GET"),
            "headers": dict(request.get("headers", [])),
            "credentials": "include" if request.get("credentials") else "same-origin",
        }
        init |= {"body": request["body"]} if request.get("body") else {}
        self.in_frame_of(request["origin"])
        try:
            answers = self.driver.execute_async_script(FETCH, urls, init)
        finally:
            self.driver.switch_to.default_content()
        return dict(zip(STACKS, answers, strict=True))

    def in_frame_of(self, origin: str) -> None:
        frames = self.driver.find_elements(By.CSS_SELECTOR, "#frames iframe")
        at = [each["id"] for each in self.facts["origins"]].index(origin)
        self.driver.switch_to.frame(frames[at])

    def responses_to_forms(self, origin: str) -> list[str]:
        """What the user would see after the last form posts, one for each stack."""
        self.in_frame_of(origin)
        try:
            count = len(self.driver.find_elements(By.TAG_NAME, "iframe"))
            return [self._text_of_frame(at) for at in range(count - len(STACKS), count)]
        finally:
            self.driver.switch_to.default_content()

    def _text_of_frame(self, at: int) -> str:
        self.driver.switch_to.frame(at)
        text: str = self.driver.execute_script("return document.documentElement.textContent")
        self.driver.switch_to.parent_frame()
        return text


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page."""
    printed = tmp_path_factory.mktemp("demo") / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "crosscors", "demo"], stdout=out)
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while "Ctrl-C" not in printed.read_text():
            assert process.poll() is None, "the demo did not start"
            assert time.monotonic() < deadline, "the demo never got ready"
            time.sleep(0.05)
        found = re.search(r"http://127\.0\.0\.1:\d+", printed.read_text())
        assert found
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> EngineName:
    name: EngineName = request.param
    return name


@pytest.fixture(scope="module")
def playground(engine: EngineName, address: str) -> Iterator[Playground]:
    with started(engine) as driver:
        driver.set_script_timeout(DEADLINE_SECONDS)
        driver.get(address)
        yield Playground(driver, address, driver.execute_async_script(FACTS))


def check_rows(said: Any) -> None:
    assert {*said["rows"]} == {*STACKS}
    for row in said["rows"].values():
        assert row["expected"] == "true"
        assert row["real"] == {name: row["predicted"][name] for name in row["real"]}
    assert said["status"] == AS_EXPECTED


def check_with_browser(playground: Playground, request: Any, said: Any) -> None:
    """The page does not decide alone what the browser did."""
    kind = request.get("kind", "fetch")
    if kind == "fetch":
        for stack, asked in playground.ask_browser({"path": "/items", **request}).items():
            assert {name: said["rows"][stack]["real"][name] for name in asked} == asked
    elif kind == "form":
        texts = playground.responses_to_forms(request["origin"])
        refused = ["Refused by the cross-origin protection" in text for text in texts]
        outcomes = [each["real"]["outcome"] == "refused" for each in said["rows"].values()]
        assert sorted(refused) == sorted(outcomes)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_each_preset_does_what_the_page_says(playground: Playground, preset: Any) -> None:
    playground.open()
    said = playground.choose(preset.id)
    assert playground.text("preset-what") == preset.what
    if said["isSent"]:
        check_rows(said)
        check_with_browser(playground, {"origin": "localhost", **preset.request}, said)
    else:
        assert len(said["problems"]) == 1
        assert said["status"].startswith("Nothing was sent")
    if preset.fix is not None:
        playground.driver.find_element(By.ID, "fix").click()
        WebDriverWait(playground.driver, DEADLINE_SECONDS).until(
            lambda _: playground.text("status") == AS_EXPECTED and not problems_of(playground)
        )


def problems_of(playground: Playground) -> list[Any]:
    return playground.driver.find_elements(By.CSS_SELECTOR, ".finding.problem")


@pytest.mark.parametrize("seed", range(3))
def test_random_policies_and_requests(playground: Playground, seed: int) -> None:
    playground.open()
    sent = 0
    for state in random_states(seed, 40):
        said = playground.send(state)
        policy = playground.with_origins(state["policy"])
        assert said["isSent"] is not bool(said["problems"]), state
        assert said["problems"] == problems_in_python(policy)
        if not said["isSent"]:
            continue
        sent += 1
        check_rows(said)
        check_with_browser(playground, state["request"], said)
    assert sent > 15


def problems_in_python(options: dict[str, Any]) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            CORSPolicy(**options)
    except PolicyError as error:
        return [f"Problem {each.option}: {each.message}{each.hint}" for each in error.problems]
    return []


# Links


def link(state: Any) -> str:
    return f"#{quote(json.dumps(state))}"


def test_a_link_shows_the_case_and_sends_nothing(playground: Playground) -> None:
    playground.open()
    state = {
        "policy": {"allow_origins": ["{port}"], "max_age": None},
        "protect": "report",
        "debug": False,
        "request": {
            "origin": "port",
            "kind": "fetch",
            "method": "PUT",
            "path": "/nothing",
            "headers": [["X-A", "b: c"]],
            "credentials": True,
            "body": "text",
        },
    }
    playground.open(link(state))
    assert not playground.driver.find_element(By.ID, "results").is_displayed()
    said = playground.send(state)
    check_rows(said)
    assert json.loads(said["hash"]) == state


def test_what_is_typed_is_in_the_link_and_judged(playground: Playground) -> None:
    playground.open()
    origins = playground.driver.find_element(By.ID, "allow_origins")
    origins.clear()
    origins.send_keys("https://app.example.com/")
    WebDriverWait(playground.driver, DEADLINE_SECONDS).until(lambda _: problems_of(playground))
    assert problems_of(playground)[0].get_property("textContent") == (
        "Problem allow_origins: 'https://app.example.com/' ends with a slash; an origin does not."
        'Write "https://app.example.com".'
    )
    assert origins.get_attribute("aria-invalid") == "true"
    playground.open(link_of(playground))
    assert playground.driver.find_element(By.ID, "allow_origins").get_attribute("value") == (
        "https://app.example.com/"
    )


def link_of(playground: Playground) -> str:
    hash_: str = playground.driver.execute_script("return location.hash")
    return hash_


WRONG_LINKS = {
    "no JSON": "#x",
    "half a character": "#%E0%A4%A",
    "a list": link([]),
    "an unknown key": link({"policies": {}}),
    "an unknown option": link({"policy": {"allow_origin_func": "x"}}),
    "a number as origin": link({"policy": {"allow_origins": [1]}}),
    "a foreign page": link({"request": {"origin": "https://evil.example"}}),
    "another path": link({"request": {"path": "//evil.example/"}}),
    "a header of three": link({"request": {"headers": [["a", "b", "c"]]}}),
    "a name of every object": link({"toString": {}}),
    "an unknown preset": link({"preset": "x"}),
    "much too long": link({"request": {"body": "x" * 9000}}),
}


@pytest.mark.parametrize("wrong", WRONG_LINKS.values(), ids=WRONG_LINKS.keys())
def test_a_link_that_is_not_valid_shows_the_beginning(playground: Playground, wrong: str) -> None:
    playground.open(wrong)
    assert playground.text("status").startswith("The link ")
    first = playground.facts["origins"][0]["origin"]
    assert playground.driver.find_element(By.ID, "allow_origins").get_attribute("value") == first
    assert link_of(playground) == ""


MARKUP = "<img src=x onerror=document.title=1><b>x</b>"


def test_nothing_is_read_as_markup(playground: Playground) -> None:
    playground.open()
    state = {
        "policy": {"allow_origins": ["*", MARKUP], "allow_methods": [MARKUP], "allow_headers": [MARKUP]},
        "request": {"origin": "localhost", "method": "POST", "body": MARKUP, "headers": [["X-A", MARKUP]]},
    }
    assert len(playground.send(state)["problems"]) > 2
    policy = {"allow_origins": ["{localhost}"], "allow_headers": ["X-A"], "allow_methods": ["POST"]}
    check_rows(playground.send({**state, "policy": policy}))
    assert playground.driver.find_elements(By.CSS_SELECTOR, "img, b") == []
    assert playground.driver.title == "crosscors playground"


# The page itself


def test_the_console_has_nothing_but_what_cors_blocks(playground: Playground, engine: EngineName) -> None:
    if engine != "chromium":  # the only one whose driver gives the console
        return
    playground.driver.get_log("browser")  # type: ignore[attr-defined]
    playground.open()
    for preset in ("another-name", "crash", "form-post"):
        playground.choose(preset)
    said = [each["message"] for each in playground.driver.get_log("browser")]  # type: ignore[attr-defined]
    expected = ("has been blocked by CORS policy", "net::ERR_FAILED", "500 (Internal Server Error)")
    assert [each for each in said if not any(text in each for text in expected)] == []
    assert said


def test_a_configuration_is_copied_or_selected(playground: Playground) -> None:
    playground.open()
    driver = playground.driver
    driver.find_element(By.ID, "framework").send_keys("Flask")
    WebDriverWait(driver, DEADLINE_SECONDS).until(lambda _: "crosscors.flask" in playground.text("code"))
    driver.find_element(By.ID, "copy").click()
    WebDriverWait(driver, DEADLINE_SECONDS).until(lambda _: playground.text("copied"))
    if playground.text("copied") != "Copied.":
        selected = driver.execute_script("return getSelection().toString()")
        assert selected.strip() == playground.text("code").strip()


# What a foreign page can try: to read, and to make another policy live.
ATTACK = """
const [address, done] = arguments;
const body = JSON.stringify({ policy: { allow_origins: ["*"] }, request: { origin: "localhost" } });
const json = { "Content-Type": "application/json" };
const attempts = [
  fetch(`${address}/facts.json`),
  fetch(`${address}/run`, { method: "POST", headers: json, body }),
  fetch(`${address}/run`, { method: "POST", body }),
  fetch(`${address}/run`, { method: "POST", body, credentials: "include" }),
  fetch(`${address}/run`, { method: "POST", body, mode: "no-cors" }),
  fetch(`${address}/record?run=x`),
];
navigator.sendBeacon(`${address}/run`, new Blob([body], { type: "application/json" }));
const form = document.createElement("form");
Object.assign(form, { action: `${address}/run`, method: "post", enctype: "text/plain", target: "frame" });
form.append(Object.assign(document.createElement("input"), { name: body.slice(0, -1), value: "}" }));
document.body.append(Object.assign(document.createElement("iframe"), { name: "frame" }), form);
form.submit();
Promise.all(attempts.map((attempt) => attempt.then(({ type }) => type, () => "blocked"))).then(done);
"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title><body></body>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the class has it
        """Log nothing."""


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address of a page that has nothing to do with the demo."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_a_foreign_page_can_change_and_read_nothing(playground: Playground, foreign: str) -> None:
    playground.open()
    playground.send({"policy": {}, "request": {"origin": "localhost"}})
    driver = playground.driver
    driver.get(foreign)
    said = driver.execute_async_script(ATTACK, playground.address)
    assert said == ["blocked", "blocked", "blocked", "blocked", "opaque", "blocked"]
    time.sleep(1)  # for the beacon and the form
    playground.open()
    # The policy that is live still allows nobody.
    answers = playground.ask_browser({"origin": "localhost", "path": "/items"})
    assert {each["outcome"] for each in answers.values()} == {"blocked"}


def test_another_tab_is_noticed(playground: Playground) -> None:
    playground.open()
    playground.driver.execute_script(
        "const real = fetch; window.fetch = async (...given) => {"
        "  const said = await real(...given);"
        "  if (given[0] === '/run') await real(...given);"
        "  return said;"
        "};"
    )
    said = playground.choose("another-name")
    assert said["status"] == "Another tab has changed the policy meanwhile. Send again."


def test_cookies_of_other_programs_are_named(playground: Playground) -> None:
    playground.open()
    playground.driver.add_cookie({"name": "session", "value": "of another program"})
    try:
        policy = {"allow_origins": ["{numeric}"], "allow_methods": ["POST"]}
        request = {"origin": "numeric", "method": "POST", "credentials": True}
        said = playground.send({"policy": policy, "protect": True, "request": request})
    finally:
        playground.driver.delete_all_cookies()
    assert said["status"].startswith("Not as expected: ASGI, WSGI, Flask, Django. Your browser sent cookies ")


def test_it_is_usable_with_the_keyboard(playground: Playground) -> None:
    playground.open()
    driver = playground.driver
    unnamed = driver.execute_script(
        "return [...document.querySelectorAll('input, select, textarea, button')]"
        ".filter((each) => !each.labels?.length && !each.textContent.trim()).map((each) => each.id)"
    )
    assert unnamed == []
    driver.find_element(By.ID, "allow_methods").send_keys(", PUT")
    ActionChains(driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    WebDriverWait(driver, DEADLINE_SECONDS).until(lambda _: playground.text("status") == AS_EXPECTED)
    driver.find_element(By.ID, "see").send_keys(Keys.ENTER)
    assert driver.switch_to.active_element.get_attribute("id") == "results-title"
    driver.find_element(By.CSS_SELECTOR, "tr[data-stack=django] button").send_keys(Keys.SPACE)
    assert playground.text("details-title") == "Django in detail"


def test_the_details_show_the_exchange_the_log_and_the_reason(playground: Playground) -> None:
    playground.open()
    playground.choose("method-not-listed")
    for stack in STACKS:
        playground.driver.find_element(By.CSS_SELECTOR, f"tr[data-stack={stack}] button").click()
        exchanges = playground.text("exchanges")
        assert exchanges.startswith("OPTIONS /items?run=")
        assert "Access-Control-Request-Method" in exchanges
        assert "X-CORS-Refused" in exchanges
        assert "INFO the CORS policy of the application refused the preflight" in playground.text("log")
        assert "Method PUT is not allowed by Access-Control-Allow-Methods" in playground.text("explanation")
        assert "A script never learns why." in playground.text("got")


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_nothing_is_wider_than_the_screen(playground: Playground, width: int) -> None:
    playground.driver.set_window_size(width, 900)
    try:
        playground.open()
        playground.choose("method-not-listed")
        inner, whole = playground.driver.execute_script(
            "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]"
        )
        assert whole <= inner
    finally:
        playground.driver.set_window_size(1280, 900)
