"""What the page of the playground talks to: it answers the page, and nobody else."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosscors.cli.demo import documents
from crosscors.cli.demo.endpoint import engine_of
from crosscors.cli.demo.input import MOST_BYTES
from tests.tables import table

from .playing import Demo, ask
from .test_input import JSON, KEYS

POLICY = {"policy": {"allow_origins": ["https://app.example.com"]}}
RUN = {**POLICY, "request": {"origin": "localhost"}}
OPTIONS = (
    "allow_origins", "allow_origin_regex", "allow_origin_func", "allow_methods", "allow_headers",
    "allow_credentials", "expose_headers", "max_age", "allow_private_network", "timing_allow_origin",
    "dangerously_allow", "debug",
)  # fmt: skip


def test_the_page_learns_the_stacks_and_the_origins(demo: Demo) -> None:
    facts = demo.get("/facts.json").content
    assert {each["id"]: each["address"] for each in facts["stacks"]} == demo.stacks
    assert [each["missing"] for each in facts["stacks"]] == [None] * 4
    for origin in facts["origins"]:
        address = origin["address"].removeprefix("http://")
        assert origin["origin"] in {f"http://{address}", "null"}
        connected = f"127.0.0.1:{address.rpartition(':')[2]}"
        assert ask(connected, "GET", "/sender.js", {"Host": address}).status == 200


@table(
    "path, content_type",
    ("the page", "/", "text/html; charset=utf-8"),
    ("its style", "/page.css", "text/css; charset=utf-8"),
    ("its script", "/page.js", "text/javascript; charset=utf-8"),
    ("a part of its script", "/state.js", "text/javascript; charset=utf-8"),
)
def test_the_documents(demo: Demo, path: str, content_type: str) -> None:
    said = demo.get(path)
    assert said.status == 200
    assert said.headers["Content-Type"] == content_type
    assert said.headers["Cache-Control"] == "no-store"
    assert said.headers["X-Content-Type-Options"] == "nosniff"


FOLDER = Path(documents.__file__).parent
ELSEWHERE = re.compile("https?://")
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|<[^>]* (style|on\w+)=")


def test_the_files_need_nothing_from_elsewhere_and_insert_no_markup() -> None:
    paths = [path for name in ("page", "sender") for path in (FOLDER / name).iterdir()]
    assert len(paths) == 11
    for path in paths:
        assert not ELSEWHERE.search(path.read_text()), path
        assert not MARKUP.search(path.read_text()), path


def test_every_script_that_is_imported_is_served(demo: Demo) -> None:
    scripts = {path.name: path.read_text() for path in (FOLDER / "page").glob("*.js")}
    imported = {name for text in scripts.values() for name in re.findall(r'from "\./(.*)"', text)}
    assert {"page.js", *imported} == {*scripts}
    assert {demo.get(f"/{name}").status for name in imported} == {200}


def test_the_page_may_load_only_its_own_files_and_the_senders(demo: Demo) -> None:
    policy = demo.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ")
    assert "unsafe" not in policy
    assert policy.endswith("base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    frames = re.search(r"frame-src ([^;]*)", policy)
    assert frames
    assert frames[1].split() == [
        *dict.fromkeys(e["address"] for e in demo.get("/facts.json").content["origins"])
    ]


def test_a_sender_may_reach_the_stacks_and_is_framed_by_the_page_only(demo: Demo) -> None:
    port = demo.listeners.senders[0].getsockname()[1]
    said = ask(f"127.0.0.1:{port}", "GET", "/", {})
    policy = said.headers["Content-Security-Policy"]
    stacks = " ".join(demo.stacks.values())
    assert f"connect-src {stacks}; form-action {stacks}; frame-src {stacks};" in policy
    assert policy.endswith(f"frame-ancestors {demo.origin}")
    assert f'data-playground="{demo.origin}"'.encode() in said.body
    assert ask(f"127.0.0.1:{port}", "GET", "/facts.json", {}).status == 404


def test_all_else_is_not_found(demo: Demo) -> None:
    for path in ("/demo", "/page.html", "/page/page.js", "/../api.py"):
        assert demo.get(path).status == 404
    assert demo.get("/check").status == 404
    assert demo.post("/facts.json", {}).status == 404


# Policies


def test_a_policy_is_checked_with_the_texts_of_python(demo: Demo) -> None:
    said = demo.post("/check", {"policy": {"allow_origins": ["https://app.example.com/"], "alow": 1}})
    assert said.status == 200
    assert [(each["code"], each["hint"]) for each in said.content["problems"]] == [
        ("origin-trailing-slash", 'Write "https://app.example.com".'),
        ("unknown-option", "The options are " + ", ".join(o for o in OPTIONS if o != "debug") + "."),
    ]
    assert said.content["configurations"] == []


def test_a_good_policy_is_explained(demo: Demo) -> None:
    content = demo.post("/check", {"policy": {"allow_origins": ["http://app.example"], "max_age": 0}}).content
    assert content["problems"] == []
    assert (
        content["sentences"][0] == "Pages on http://app.example may send GET without cookies to every path."
    )
    assert {each["code"] for each in content["advice"]} == {"http-origin", "short-max-age"}
    warned = demo.post("/check", {"policy": {"allow_private_network": True}}).content["warnings"]
    assert len(warned) == 1


def test_a_policy_that_does_not_start_does_not_go_live(demo: Demo) -> None:
    run = demo.post("/run", RUN).content["run"]
    content = demo.post("/run", {**RUN, "policy": {"max_age": -1}}).content
    assert content["run"] is None
    assert [each["option"] for each in content["problems"]] == ["max_age"]
    assert recorded(demo, run, "wsgi")["live"] == run


def host_of(demo: Demo, stack: str) -> str:
    return demo.stacks[stack].removeprefix("http://")


def recorded(demo: Demo, run: str, stack: str, method: str = "GET", **headers: str) -> Any:
    """What the server records of a request."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    ask(host_of(demo, stack), method, f"/items?run={run}", given)
    return demo.get(f"/record?run={run}").content["exchanges"][-1]


@pytest.mark.parametrize("stack", ["asgi", "wsgi", "flask", "django"])
def test_a_run_goes_live_on_every_stack_and_is_recorded(demo: Demo, stack: str) -> None:
    content = demo.post("/run", {"policy": {"allow_origins": "*"}, "request": RUN["request"]}).content
    assert content["urls"][stack] == f"{demo.stacks[stack]}/items?run={content['run']}"
    exchange = recorded(demo, content["run"], stack, Origin="https://app.example.com")
    assert ("Access-Control-Allow-Origin", "*") in map(tuple, exchange["response_headers"])
    assert ("Origin", "https://app.example.com") in map(tuple, exchange["request_headers"])
    assert (exchange["stack"], exchange["method"], exchange["status"]) == (stack, "GET", 200)
    assert exchange["target"] == f"/items?run={content['run']}"
    assert exchange["is_preflight"] is False
    assert exchange["log"] == [["DEBUG", "'GET /items': allowed by '*'"]]


@pytest.mark.parametrize("stack", ["asgi", "wsgi", "flask", "django"])
def test_a_refused_preflight_says_why(demo: Demo, stack: str) -> None:
    run = demo.post("/run", RUN).content["run"]
    exchange = recorded(
        demo, run, stack, "OPTIONS", Origin="https://app.example.com", Access_Control_Request_Method="PUT"
    )
    assert exchange["is_preflight"] is True
    [[level, line]] = exchange["log"]
    assert level == "INFO"
    assert line.endswith("the method 'PUT' is not allowed. To allow it, write allow_methods=['GET', 'PUT'].")


def test_a_request_without_a_run_is_not_recorded(demo: Demo) -> None:
    run = demo.post("/run", RUN).content["run"]
    assert ask(host_of(demo, "flask"), "GET", "/items", {}).status == 200
    assert ask(host_of(demo, "flask"), "GET", "/items?run=0", {}).status == 200
    assert demo.get(f"/record?run={run}").content == {"exchanges": []}
    assert demo.get("/record?run=0").content == {"exchanges": []}


@table(
    "user_agent, engine",
    ("Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "firefox"),
    ("Chrome", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36", "chromium"),
    ("Chromium", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chromium/156.0", "chromium"),
    ("Safari", "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15", "webkit"),
    ("something else", "curl/8.5.0", None),
)
def test_the_engine(demo: Demo, user_agent: str, engine: str | None) -> None:
    assert engine_of(user_agent) == engine
    assert demo.post("/run", RUN, User_Agent=user_agent).content["engine"] == engine


# Defences


@table(
    "headers",
    ("a foreign page", {"Origin": "https://evil.example"}),
    ("a foreign page, as browsers say", {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}),
    ("another port of this machine", {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}),
    ("another name of this machine", {"Origin": "http://localhost:{port}"}),
    ("https", {"Origin": "https://127.0.0.1:{port}"}),
    ("a sandboxed page", {"Origin": "null"}),
    ("a page that sends requests", {"Origin": "{sender}"}),
    ("two origins", {"Origin": "{own}, https://evil.example"}),
)
def test_a_foreign_page_changes_nothing(demo: Demo, headers: dict[str, str]) -> None:
    port = demo.listeners.page.getsockname()[1]
    sender = demo.get("/facts.json").content["origins"][0]["origin"]
    given = {name: value.format(port=port, sender=sender, own=demo.origin) for name, value in headers.items()}
    run = demo.post("/run", RUN).content["run"]
    for path in ("/run", "/check"):
        said = demo.post(path, RUN, **given)
        assert said.status == 403
        assert said.body.startswith(b"Refused by the cross-origin protection: ")
        assert "Access-Control-Allow-Origin" not in said.headers
    assert recorded(demo, run, "asgi")["live"] == run


def test_a_foreign_page_reads_nothing(demo: Demo) -> None:
    for path in ("/facts.json", "/record?run=x", "/"):
        said = ask(demo.host, "GET", path, {"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in said.headers
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert ask(demo.host, "OPTIONS", "/run", preflight).status == 400


def raw(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "hosts",
    [
        "Host: rebound.example:{port}\r\n",
        "Host: rebound.example\r\n",
        "Host: localhost:{port}\r\n",
        "Host: 127.0.0.1\r\n",
        "Host: 127.0.0.1:1\r\n",
        "Host:\r\n",
        "",
        "Host: 127.0.0.1:{port}\r\nHost: rebound.example\r\n",
        "Host: rebound.example\r\nHost: 127.0.0.1:{port}\r\n",
    ],
)
def test_another_name_is_refused(demo: Demo, method: str, hosts: str) -> None:
    _, sender = demo.listeners.senders  # its only name is localhost
    own_names = {"sender": "localhost"}
    listeners = {"page": demo.listeners.page, "sender": sender, **demo.listeners.stacks}
    for name, listener in listeners.items():
        if own_names.get(name, "-") in hosts:
            continue
        port = listener.getsockname()[1]
        request = f"{method} /facts.json HTTP/1.1\r\nConnection: close\r\n{hosts.format(port=port)}\r\n"
        response = raw(port, request)
        status = response.split(maxsplit=2)[1]
        assert status in {b"403", b"400"}, name
        assert b"stacks" not in response


@table(
    "content, headers, error",
    ("no JSON", b"policy=1", {}, "The body is not JSON."),
    (
        "a form",
        b"{}",
        {"Content-Type": "text/plain"},
        "The Content-Type of the request is not application/json.",
    ),
    ("too large", b" " * (MOST_BYTES + 1), {}, f"The body is larger than {MOST_BYTES} bytes."),
    ("no request", b"{}", {}, "request: this is missing."),
    ("a list", b"[]", {}, "the body: this is not a JSON object."),
)
def test_input_that_is_refused(demo: Demo, content: bytes, headers: dict[str, str], error: str) -> None:
    said = demo.post("/run", content, **headers)
    assert (said.status, said.content) == (400, {"error": error})


def test_a_body_that_is_far_too_large_is_not_read(demo: Demo) -> None:
    port = demo.listeners.page.getsockname()[1]
    head = f"POST /check HTTP/1.1\r\nHost: {demo.host}\r\nConnection: close"
    response = raw(port, f"{head}\r\nContent-Length: {10 * MOST_BYTES}\r\n\r\n ")
    assert response.startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_read(demo: Demo) -> None:
    port = demo.listeners.page.getsockname()[1]
    head = f"POST /check HTTP/1.1\r\nHost: {demo.host}\r\nConnection: close\r\nContent-Type: application/json"
    response = raw(port, f"{head}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 200 ")


ENTRIES = st.sampled_from(
    ["*", "null", "https://a.example", "https://*.b.example", "http://c", "PUT", "a,b", "("]
)
VALUES = ENTRIES | st.lists(ENTRIES, max_size=3) | st.booleans() | st.integers() | JSON


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(OPTIONS) | st.text(max_size=5), VALUES, max_size=5), JSON)
def test_no_policy_makes_it_fail(demo: Demo, policy: dict[str, object], other: object) -> None:
    for sent in ({"policy": policy}, dict.fromkeys(KEYS, other), {"policy": policy, "request": other}):
        for path in ("/check", "/run"):
            said = demo.post(path, sent)
            assert said.status in {200, 400}
            json.loads(said.body)


@pytest.mark.slow
@table(
    "regex",
    ("a repeat inside a repeat", r"http://(((([a-z0-9.:]+)+)+)+)+\.example"),
    ("a repeat of two readings", r"http://(([a-z0-9.:]|.|..|[a-z.:0-9]{1,3}|..)|.)*\.example"),
)
def test_an_expression_that_takes_for_ever_is_refused(demo: Demo, regex: str) -> None:
    [problem] = demo.post("/check", {"policy": {"allow_origin_regex": regex}}).content["problems"]
    assert (problem["code"], problem["option"]) == ("slow-regex", "allow_origin_regex")
    assert problem["hint"] == "Write it without a repeat inside a repeat."
