"""``crosscors explain --console``: sentences are explained, and played against the server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from click.testing import CliRunner, Result

from crosscors import CORSPolicy
from crosscors.cli.explain.causes import causes_of, meaning_of
from crosscors.cli.explain.command import explain
from crosscors.cli.explain.console_words import OtherReason
from crosscors.testing.blocked import Reason
from crosscors.wsgi import CORSMiddleware
from tests.conftest import Approve
from tests.tables import each, table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ALLOWED, OTHER = "https://app.example.com", "https://other.example.com"
URL = "https://api.example.com/items"
TARGET = "tests.cli.test_explain_console:app"
requests: list[str] = []


def items(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    requests.append(environ["REQUEST_METHOD"])
    start_response("200 OK", [])
    return []


app = CORSMiddleware(items, policy=CORSPolicy(allow_origins=[ALLOWED], allow_methods=["GET", "PUT"]))


@pytest.fixture(autouse=True)
def no_requests() -> None:
    requests.clear()


def run(text: str, *arguments: str, input: str | None = None) -> Result:  # noqa: A002 (click's)
    return CliRunner().invoke(explain, [*arguments, "--console", text], input=input)


def story(text: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    result = run(text, *arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


def of_chromium(said: str, origin: str = OTHER, url: str = URL) -> str:
    return f"Access to fetch at '{url}' from origin '{origin}' has been blocked by CORS policy: {said}"


def of_firefox(said: str) -> str:
    return (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at"
        f" {URL}. (Reason: {said})."
    )


NO_HEADER = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
NO_HEADER_OF_FIREFOX = of_firefox("CORS header 'Access-Control-Allow-Origin' missing")
NO_HEADER_OF_SAFARI = f"Origin {OTHER} is not allowed by Access-Control-Allow-Origin."
PREFLIGHT = "Response to preflight request doesn't pass access control check: " + NO_HEADER
WILDCARD = "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
ANOTHER = "The 'Access-Control-Allow-Origin' header has a value 'x' that is not equal to the supplied origin."
NO_METHOD = "Method PATCH is not allowed by Access-Control-Allow-Methods in preflight response."
NO_RESPONSE = of_firefox("CORS request did not succeed")


@table(
    "text, arguments, verdict, reason",
    ("everything is in the sentence", of_chromium(NO_HEADER), [], "blocked", "allow-origin-missing"),
    (
        "Firefox lacks the origin",
        NO_HEADER_OF_FIREFOX,
        ["--origin", OTHER],
        "blocked",
        "allow-origin-missing",
    ),
    ("Safari lacks the URL", NO_HEADER_OF_SAFARI, [], "blocked", "allow-origin-missing"),
    (
        "the preflight lacks the method",
        of_chromium(PREFLIGHT),
        ["-X", "PUT"],
        "blocked",
        "allow-origin-missing",
    ),
    (
        "the preflight lacks the header",
        of_chromium(PREFLIGHT),
        ["-H", "X-A"],
        "blocked",
        "allow-origin-missing",
    ),
    ("the method is in the sentence", of_chromium(NO_METHOD, ALLOWED), [], "blocked", "preflight-status"),
    (
        "the header is in the sentence",
        of_firefox("header 'x-a' is not allowed according to header 'Access-Control-Allow-Headers'"),
        ["--origin", ALLOWED],
        "blocked",
        "preflight-status",
    ),
    ("options are stronger", of_chromium(NO_HEADER), ["--origin", ALLOWED], "allowed", None),
    ("cookies are in the sentence", WILDCARD, ["--origin", ALLOWED], "blocked", "allow-credentials-not-true"),
    ("a sentence without a reason", NO_RESPONSE, ["--origin", OTHER], "blocked", "allow-origin-missing"),
)
def test_a_sentence_is_played(text: str, arguments: list[str], verdict: str, reason: str | None) -> None:
    status, told = story(text, TARGET, *arguments)
    assert (status, told["verdict"], told["reason"]) == (
        {"allowed": 0, "blocked": 1}[verdict],
        verdict,
        reason,
    )
    assert [told["steps"][0]["kind"], told["steps"][1]["kind"]] == ["console", "origin"]
    assert told["causes"]


@table(
    "text, arguments, hint",
    ("Firefox lacks the origin", NO_HEADER_OF_FIREFOX, [TARGET], "--origin"),
    ("Safari lacks the URL", NO_HEADER_OF_SAFARI, [], "TARGET"),
    ("the preflight lacks what it asks for", of_chromium(PREFLIGHT), [TARGET], "-X PUT or -H"),
    (
        "a sentence can lack two",
        "CORS header 'Access-Control-Allow-Origin' missing",
        [],
        "TARGET and --origin",
    ),
    ("what is no URL is none", of_chromium(NO_HEADER, url="https://["), [], "TARGET"),
    (
        "no server can tell about other rules",
        of_chromium("Permission was denied for this request to access the `loopback` address space."),
        [TARGET],
        "This is not CORS",
    ),
)
def test_what_lacks_something_is_only_explained(text: str, arguments: list[str], hint: str) -> None:
    status, told = story(text, *arguments)
    assert (status, told["verdict"]) == (2, None)
    assert hint in told["hint"]
    assert [step["kind"] for step in told["steps"]] == ["console"]
    assert told["causes"]
    assert not requests


@table(
    "text, arguments, is_noted",
    ("the same reason", of_chromium(NO_HEADER), [], False),
    ("one of those that WebKit does not tell apart", NO_HEADER_OF_SAFARI, [], False),
    ("the page is allowed now", of_chromium(NO_HEADER, ALLOWED), [], True),
    ("another reason", WILDCARD, ["--origin", ALLOWED], True),
    ("the sentence has no reason", NO_RESPONSE, ["--origin", OTHER], False),
    ("the sentence has no reason, and the page is allowed", NO_RESPONSE, ["--origin", ALLOWED], True),
)
def test_a_note_where_the_server_says_something_else(text: str, arguments: list[str], is_noted: bool) -> None:
    _, told = story(text, TARGET, *arguments)
    assert any("not what the browser said" in step["text"] for step in told["steps"]) is is_noted


def test_a_curl_command_tells_what_the_sentence_does_not(tmp_path: Path) -> None:
    file = tmp_path / "curl.txt"
    file.write_text(f"curl {URL} -X PUT -H 'Origin: {OTHER}'")
    status, told = story(of_chromium(PREFLIGHT), TARGET, "--curl", str(file))
    assert (status, told["reason"]) == (1, "allow-origin-missing")
    assert any(step.get("method") == "OPTIONS" for step in told["steps"])


def test_the_sentence_from_standard_input() -> None:
    result = run("-", TARGET, input=f"app.js:1 {of_chromium(NO_HEADER)}\n")
    assert result.exit_code == 1
    assert "Chromium says" in result.stdout


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's)
        pass


@pytest.fixture
def live() -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Silent) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@table(
    "method, arguments, verdict, arrived",
    ("a safe method is sent", "GET", [], "allowed", ["GET"]),
    ("of an unsafe one, the preflight", "PUT", [], None, []),
    ("with --send, all", "PUT", ["--send"], "allowed", ["PUT"]),
)
def test_unsafe_methods_do_not_reach_a_live_server(
    live: str, method: str, arguments: list[str], verdict: str | None, arrived: list[str]
) -> None:
    said = f"Method {method} is not allowed by Access-Control-Allow-Methods in preflight response."
    _, told = story(of_chromium(said, ALLOWED, f"{live}/items"), *arguments)
    assert told["verdict"] == verdict
    assert requests == arrived


@each("text", "It does not work", "TypeError: Failed to fetch", "")
def test_other_texts_are_a_line_and_a_hint(text: str) -> None:
    result = run(text)
    assert result.exit_code == 2
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["Error", "Hint"]


def test_a_sentence_cannot_control_the_terminal() -> None:
    hostile = of_firefox("CORS header 'Access-Control-Allow-Origin' does not match 'https://\x1b[31m\u202e'")
    result = run(hostile)
    assert "\\x1b[31m\\u202e" in result.stdout
    assert not set(result.output) & {"\x1b", "\u202e"}


def test_what_is_said_without_a_server(approved: Approve) -> None:
    sentences = [
        ("Chromium, a preflight", of_chromium(PREFLIGHT)),
        ("Chromium, a method", NO_METHOD),
        ("Chromium, another origin", ANOTHER),
        (
            "Chromium, Local Network Access",
            of_chromium("Permission was denied for this request to access the `loopback` address space."),
        ),
        ("Firefox", NO_HEADER_OF_FIREFOX),
        ("Firefox, no reason", NO_RESPONSE),
        ("Safari", NO_HEADER_OF_SAFARI),
        ("Safari, no reason", f"Fetch API cannot load {URL} due to access control checks."),
        ("no sentence", "It does not work"),
        ("what the script sees", "TypeError: Failed to fetch"),
    ]
    approved("explain_console", [(why, run(text).output) for why, text in sentences])


def test_the_causes(approved: Approve) -> None:
    def lines(reason: Any) -> str:
        causes = (f"- {cause.cause} {cause.remedy}" for cause in causes_of(reason))
        return "\n".join([meaning_of(reason), *causes])

    reasons = [None, *get_args(Reason), *get_args(OtherReason)]
    approved("explain_causes", [(str(reason), lines(reason)) for reason in reasons])


@table(
    "is_preflight, of_preflights, of_others",
    ("nothing is known", None, True, True),
    ("the preflight failed", True, True, False),
    ("another response failed", False, False, True),
)
def test_causes_of_responses(is_preflight: bool | None, of_preflights: bool, of_others: bool) -> None:
    causes = causes_of("allow-origin-missing", is_preflight=is_preflight)
    responses = {cause.response for cause in causes}
    assert ("preflight" in responses, "actual" in responses) == (of_preflights, of_others)


@table(
    "origin, place",
    ("nothing is known", None, 5),
    ("a page without an origin", "null", 0),
    ("a page with an origin", OTHER, None),
)
def test_causes_of_pages_without_an_origin(origin: str | None, place: int | None) -> None:
    causes = [cause.cause for cause in causes_of("allow-origin-missing", origin=origin)]
    assert next((at for at, cause in enumerate(causes) if "Origin: null" in cause), None) == place
