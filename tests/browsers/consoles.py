"""What the consoles of the engines say about scripts that get no response.

Each engine runs all the scripts. What it says is told apart by the paths of the URLs, or by markers between.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.testing.engines import EngineName

from . import wire as wires
from .drivers import WEBKIT_BROWSER, chromium, display, firefox
from .model import ANYONE, CREDENTIALS, THE_PAGE, Answer, Case, Fetch, Resource, answer, case
from .tls import over_tls
from .wire import Wire

ALLOW_ORIGIN = "Access-Control-Allow-Origin: "
ALLOW_METHODS = "Access-Control-Allow-Methods: "
ALLOW_HEADERS = "Access-Control-Allow-Headers: "
SECONDS = 60
QUIET_SECONDS = 1.0  # the consoles lag behind

# Where pages come from: an ordinary server, one with TLS, a file, one that counts as on the public internet.
HTTP, HTTPS, FILE, PUBLIC = "http", "https", "file", "public"


@dataclass(frozen=True)
class Script:
    """A script that gets no response, and the answers of the server to it."""

    case: Case
    javascript: str = ""
    page: str = HTTP

    @property
    def name(self) -> str:
        return self.case.name


def _fetch(case: Case) -> str:
    [step] = case.steps
    assert isinstance(step, Fetch)
    init = {
        "method": step.method,
        "headers": dict(step.headers),
        "credentials": step.credentials,
        "mode": step.mode,
        "redirect": step.redirect,
    }
    return f"fetch({json.dumps(step.url)}, {json.dumps(init)})"


def fetches(
    name: str, *steps: Fetch, preflight: Answer | None = None, actual: Answer | None = None, page: str = HTTP
) -> Script:
    return Script(case(name, *steps, preflight=preflight or (), actual=actual or ()), page=page)


def runs(name: str, javascript: str, actual: Answer | None = None) -> Script:
    return Script(case(name, actual=actual or answer()), javascript)


def event(constructor: str, then: str = "") -> str:
    """A promise that ends with the error of an object that loads something."""
    return f"new Promise((_, fail) => {{ const it = {constructor}; it.onerror = fail; {then} }})"


INCLUDE = Fetch(credentials="include")
PUT = Fetch(method="PUT")
PUT_INCLUDE = Fetch(method="PUT", credentials="include")
HEADERS = Fetch(headers={"X-A": "1", "X-B": "1"})
AUTHORIZATION = Fetch(headers={"Authorization": "Bearer a"})
LINK = (
    "Object.assign(document.createElement('link'), {rel: 'stylesheet', crossOrigin: '', href: '{api}/thing'})"
)
STRICT = "<meta http-equiv='Content-Security-Policy' content='connect-src data:'>"


def framed(attributes: str = "", head: str = "") -> str:
    """A promise that ends when the fetch of a frame has failed."""
    fetch = "<script>fetch('{api}/thing').catch(() => parent.postMessage(0, '*'))<\\/script>"
    frame = f"Object.assign(document.createElement('iframe'), {{{attributes} srcdoc: `{head}{fetch}`}})"
    return f"new Promise(done => {{ onmessage = done; document.documentElement.append({frame}) }})"


SCRIPTS = [
    fetches("no header", actual=answer()),
    fetches("no header, with an error", actual=answer(status=500)),
    fetches("no header, with cookies", INCLUDE, actual=answer()),
    fetches("a wildcard for cookies", INCLUDE, actual=answer(ANYONE, CREDENTIALS)),
    fetches("a wildcard twice", actual=answer(ANYONE, ANYONE)),
    fetches("a list of origins", actual=answer(ALLOW_ORIGIN + "https://a.example, https://b.example")),
    fetches("origins with a blank", actual=answer(ALLOW_ORIGIN + "https://a.example https://b.example")),
    fetches("another origin", actual=answer(ALLOW_ORIGIN + "https://a.example")),
    fetches("a host", actual=answer(ALLOW_ORIGIN + "a.example")),
    fetches("a slash", actual=answer(THE_PAGE + "/")),
    fetches("a pattern", actual=answer(ALLOW_ORIGIN + "https://*.a.example")),
    fetches("an empty header", actual=answer(ALLOW_ORIGIN)),
    fetches("null", actual=answer(ALLOW_ORIGIN + "null")),
    fetches("no credentials", INCLUDE, actual=answer(THE_PAGE)),
    fetches("credentials True", INCLUDE, actual=answer(THE_PAGE, CREDENTIALS.replace("true", "True"))),
    fetches("a redirect without the header", actual=answer("Location: {other}/thing", status=302)),
    Script(
        Case(
            "a redirect to a server without the header",
            (Fetch(),),
            {
                "thing": Resource((answer(ANYONE, "Location: {other}/end", status=302),)),
                "end": Resource((answer(),)),
            },
        )
    ),
    Script(
        Case(
            "a redirect with a preflight that fails",
            (PUT,),
            {
                "thing": Resource(
                    (answer(ANYONE, "Location: {other}/end", status=307),),
                    (answer(ANYONE, ALLOW_METHODS + "PUT"),),
                ),
                "end": Resource((answer(),), (answer(),)),
            },
        )
    ),
    fetches(
        "a redirect with a password",
        actual=answer(ANYONE, "Location: http://user:pass@localhost:{other.port}{path}/thing", status=302),
    ),
    fetches("a redirect to a file", actual=answer(ANYONE, "Location: file:///thing", status=302)),
    fetches("a preflight without the header", PUT, preflight=answer()),
    fetches("a preflight with another origin", PUT, preflight=answer(ALLOW_ORIGIN + "https://a.example")),
    fetches("a preflight with a list", PUT, preflight=answer(ANYONE, ANYONE)),
    fetches("a preflight 401", PUT, preflight=answer(status=401)),
    fetches("a preflight 404", PUT, preflight=answer(status=404)),
    fetches("a preflight 404 with the header", PUT, preflight=answer(ANYONE, status=404)),
    fetches("a preflight redirected", PUT, preflight=answer(ANYONE, "Location: {api}/thing", status=302)),
    fetches("a preflight redirected, no header", PUT, preflight=answer("Location: {api}/thing", status=308)),
    fetches("a preflight with a wildcard for cookies", PUT_INCLUDE, preflight=answer(ANYONE, CREDENTIALS)),
    fetches(
        "a preflight without credentials", PUT_INCLUDE, preflight=answer(THE_PAGE, ALLOW_METHODS + "PUT")
    ),
    fetches("a method", PUT, preflight=answer(ANYONE, ALLOW_METHODS + "GET")),
    fetches(
        "a method in lower case", Fetch(method="patch"), preflight=answer(ANYONE, ALLOW_METHODS + "PATCH")
    ),
    fetches(
        "a wildcard for methods with cookies",
        PUT_INCLUDE,
        preflight=answer(THE_PAGE, CREDENTIALS, ALLOW_METHODS + "*"),
    ),
    fetches("no methods", PUT, preflight=answer(ANYONE)),
    fetches("a header", HEADERS, preflight=answer(ANYONE, ALLOW_HEADERS + "X-B")),
    fetches("no headers", HEADERS, preflight=answer(ANYONE)),
    fetches("Authorization", AUTHORIZATION, preflight=answer(ANYONE)),
    fetches(
        "a wildcard for Authorization",
        AUTHORIZATION,
        preflight=answer(ANYONE, ALLOW_HEADERS + "*"),
        actual=answer(),
    ),
    fetches("no list of methods", PUT, preflight=answer(ANYONE, ALLOW_METHODS + "P UT")),
    fetches("no list of headers", HEADERS, preflight=answer(ANYONE, ALLOW_HEADERS + "X A")),
    fetches("the mode same-origin", Fetch(mode="same-origin")),
    fetches("no connection", Fetch("{closed}/thing")),
    fetches("another scheme", Fetch("app://localhost{path}/thing")),
    fetches("a file", Fetch("file://{path}/thing")),
    runs("XMLHttpRequest", event("new XMLHttpRequest()", "it.open('GET', '{api}/thing'); it.send()")),
    runs(
        "XMLHttpRequest with cookies",
        event(
            "new XMLHttpRequest()",
            "it.open('GET', '{api}/thing'); it.withCredentials = true; it.send()",
        ),
        actual=answer(ANYONE),
    ),
    runs("EventSource", event("new EventSource('{api}/thing')")),
    runs("an image", event("Object.assign(new Image(), {crossOrigin: '', src: '{api}/thing'})")),
    runs("a style sheet", event(LINK, "document.head.append(it)")),
    runs("a module", "import('{api}/thing')", actual=answer("Content-Type: text/javascript")),
    runs("a font", "new FontFace('a', 'url({api}/thing)').load()"),
    runs("a sandboxed frame", framed("sandbox: 'allow-scripts',")),
    fetches(
        "Cross-Origin-Resource-Policy",
        Fetch("{numeric}/thing", mode="no-cors"),
        actual=answer("Cross-Origin-Resource-Policy: same-origin"),
    ),
    runs(
        "data as an image",
        event("Object.assign(new Image(), {src: '{numeric}/thing'})"),
        actual=answer("Content-Type: application/json", "X-Content-Type-Options: nosniff"),
    ),
    runs("Content-Security-Policy", framed(head=STRICT), actual=answer(ANYONE)),
    fetches("mixed content", Fetch("http://api.invalid{path}/thing"), page=HTTPS),
    fetches("a file page", actual=answer(), page=FILE),
    fetches("a file page and a file", Fetch("file://{path}/thing"), page=FILE),
    fetches("the loopback address space", page=PUBLIC),
    fetches("the local address space", Fetch("{other}/thing"), page=PUBLIC),
]


@dataclass(frozen=True)
class Staging:
    """The scripts on their pages, with the addresses of this run."""

    wire: Wire
    folder: Path
    https: str
    closed: str
    names: dict[str, str]  # of the scripts, by the beginnings of their paths
    sources: dict[str, list[tuple[str, str]]]  # of the scripts, with the beginnings of their paths, by pages

    def address(self, page: str, document: str) -> str:
        if page == FILE:
            return (self.folder / "page.html").as_uri()
        return (self.https if page == HTTPS else f"http://localhost:{self.wire.ports[0]}") + document

    def plain(self, said: str) -> str:
        """The sentence, with placeholders for what differs from run to run."""
        page, api, other = (f"http://localhost:{port}" for port in self.wire.ports)
        named = {"page": page, "api": api, "other": other, "closed": self.closed}
        named |= {"numeric": api.replace("localhost", "127.0.0.1")}
        for name, origin in named.items():
            said = said.replace(origin, f"{{{name}}}")
        said = said.replace(f"user:pass@localhost:{self.wire.ports[2]}", "user:pass@other.example")
        said = said.replace(self.https, "{https page}").replace(self.folder.as_uri(), "file://")
        return re.sub(_PREFIX, "", said)


_PREFIX = r"/console/\d+(?=/)"


@contextmanager
def staging(wire: Wire) -> Iterator[Staging]:
    page = f"http://localhost:{wire.ports[0]}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (folder / "page.html").write_text("<!doctype html>")
        https = stack.enter_context(over_tls(page))
        # A port that is taken, where nobody listens.
        deaf = stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        names: dict[str, str] = {}
        sources: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for script in SCRIPTS:
            staged = wire.stage("console", script.case, page)
            prefix = staged.expand("{path}")
            source = staged.expand(script.javascript or _fetch(script.case))
            names[prefix] = script.name
            sources[script.page].append((prefix, source.replace("{closed}", closed + prefix)))
        yield Staging(wire, folder, https, closed, names, sources)


def said_by(engine: EngineName, wire: Wire) -> dict[str, list[str]]:
    """Everything that the console of an engine says, by the names of the scripts."""
    with staging(wire) as it:
        said: defaultdict[str, list[str]] = defaultdict(list)
        for prefix, line in _CONSOLES[engine](it):
            plain = it.plain(line)
            if plain not in said[it.names[prefix]]:  # Firefox repeats itself
                said[it.names[prefix]].append(plain)
        return said


def _run(driver: WebDriver, it: Staging, *pages: str) -> None:
    driver.set_script_timeout(SECONDS)
    for page in pages:
        driver.get(it.address(page, "/plain"))
        for _, source in it.sources[page]:
            driver.execute_async_script(
                f"const done = () => arguments[0](); (async () => {source})().then(done, done)"
            )
        time.sleep(QUIET_SECONDS)


def _by_prefix(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if prefix := re.search(_PREFIX, line):
            yield prefix[0], line


def _chromium(it: Staging) -> Iterator[tuple[str, str]]:
    page, _, other = it.wire.ports
    spaces = ",".join(
        f"{host}:{port}={space}"
        for host in ("127.0.0.1", "[::1]")
        for port, space in ((page, "public"), (other, "local"))
    )
    overrides = f"--ip-address-space-overrides={spaces}"
    for arguments, pages in (((), (HTTP, HTTPS, FILE)), ((overrides,), (PUBLIC,))):
        with chromium(*arguments) as driver:
            _run(driver, it, *pages)
            entries = driver.execute("getLog", {"type": "browser"})["value"]
            yield from _by_prefix(map(_chromium_line, entries))


def _chromium_line(entry: dict[str, str]) -> str:
    """The entry without the place before it, except for the URL that the network names."""
    message = entry["message"]
    if entry["source"] == "network":
        return "" if message.endswith("net::ERR_FAILED") else message  # "failed" follows every other reason
    return re.sub(r"^(\S+ - |[a-z:]+ \d+ )", "", message)


_FIREFOX_CONSOLE = """
return Services.console.getMessageArray()
    .map(it => it instanceof Ci.nsIScriptError ? it.errorMessage : it.message);
"""


def _firefox(it: Staging) -> Iterator[tuple[str, str]]:
    with firefox("-remote-allow-system-access") as driver:
        _run(driver, it, HTTP, HTTPS, FILE)
        with driver.context(driver.CONTEXT_CHROME):
            lines: list[str] = driver.execute_script(_FIREFOX_CONSOLE)
        yield from _by_prefix(lines)


_MARK = "##### "
_END = "the end"


_BEFORE_THE_SENTENCE = r"^(\S+:\d+:\d+: )?CONSOLE [A-Z ]+ (?=[A-Z[])"


def _webkit(it: Staging) -> Iterator[tuple[str, str]]:
    """Without a driver: under automation, WebKitGTK writes no console. Its sentences often have no URL."""
    for page in (HTTP, HTTPS, FILE):
        document = _with_marks(it.sources[page])
        (it.folder / "page.html").write_text(document)
        wires.DOCUMENTS["/scripts"] = document
        prefix = ""
        for line in _webkit_console(it.address(page, "/scripts")):
            if _MARK in line:
                prefix = line.partition(_MARK)[2]
            elif prefix and line:
                yield prefix, re.sub(_BEFORE_THE_SENTENCE, "", line)


def _with_marks(sources: list[tuple[str, str]]) -> str:
    """A document that runs the scripts. The console has a mark before each, and one at the end."""
    pause = "new Promise(go => setTimeout(go, 200))"
    steps = [
        f"console.log('{_MARK}{prefix}'); try {{ await ({source}) }} catch {{ }} await {pause};"
        for prefix, source in sources
    ]
    steps.append(f"console.log('{_MARK}{_END}')")
    lines = "\n".join(steps)
    return f"<script>(async () => {{ {lines} }})()</script>"


def _webkit_console(address: str) -> Iterator[str]:
    """The lines of the console, up to the mark at the end."""
    parent, child = os.openpty()  # the browser keeps lines back from a pipe
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        screen = stack.enter_context(display())
        homes = {f"XDG_{name}_HOME": folder for name in ("DATA", "CACHE", "CONFIG")}
        command = [WEBKIT_BROWSER.path(), "--enable-write-console-messages-to-stdout=true"]
        browser = subprocess.Popen(
            [*command, "--ignore-tls-errors", address],
            stdout=child,
            stderr=child,
            env={**os.environ, **homes, "DISPLAY": screen, "LIBGL_ALWAYS_SOFTWARE": "1"},
        )
        os.close(child)
        stack.callback(browser.wait)
        stack.callback(browser.terminate)
        console = stack.enter_context(open(parent, errors="replace"))
        for line in console:
            if _MARK + _END in line:
                return
            yield line.rstrip()


_CONSOLES: dict[EngineName, Callable[[Staging], Iterator[tuple[str, str]]]] = {
    "chromium": _chromium,
    "firefox": _firefox,
    "webkit": _webkit,
}
