"""``crosscors probe``: what it prints, its exit status, and servers that mean it no good."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result

import crosscors.cli
from crosscors.cli.group import cli
from crosscors.cli.probe import command, requests, sending
from crosscors.cli.probe.target import read_target
from tests.cli.probe.servers import APP, ORIGIN, OTHER, answering, fields, server, serving
from tests.tables import table

if TYPE_CHECKING:
    from tests.conftest import Approve

EVIL = "https://evil.example"
OK = b"HTTP/1.1 200 OK\r\n"


def probe(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["probe", *arguments])


def text_of(result: Result) -> str:
    """What is printed, without what changes from run to run."""
    return re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:8000", result.output)


def test_the_help_has_examples() -> None:
    result = probe("--help")
    assert result.exit_code == 0
    assert "crosscors probe https://api.example.com/items --origin https://app.example.com\n" in result.output
    assert (
        f"at most\n  {requests.MAX_REQUESTS}" in result.output
        or f" {requests.MAX_REQUESTS}," in result.output
    )
    assert "Probe only servers that you are allowed to test" in result.output


def test_nothing_to_find_is_status_0() -> None:
    with serving(server()) as url:
        result = probe(url, "--origin", APP)
        as_json = probe(url, "--origin", APP, "--json")
    assert (result.exit_code, as_json.exit_code) == (0, 0)
    assert "Nothing found." in result.output
    assert json.loads(as_json.stdout) == {"findings": []}


def test_findings_as_text(approved: Approve) -> None:
    with serving(server(lambda origin: origin.startswith(APP) or origin == "null")) as url:
        result = probe(url, "--origin", APP)
    assert result.exit_code == 1
    approved("probe_findings", text_of(result))


def test_one_finding_is_told_in_the_singular() -> None:
    with serving(server(OTHER.__eq__)) as url:
        result = probe(url, "--origin", APP)
    assert "\n1 finding. " in result.output


def test_findings_as_json() -> None:
    with serving(server(lambda _: True)) as url:
        result = probe(url, "-H", "X-Key: secret", "--json")
    assert result.exit_code == 1
    assert result.stderr == ""
    found = json.loads(result.stdout)["findings"]
    assert [each["code"] for each in found] == ["any-origin-reflected", "null-origin-trusted"]
    assert found[0].keys() == {"code", "severity", "origin", "message", "fix", "exchange"}
    assert (found[0]["severity"], found[0]["origin"]) == ("high", EVIL)
    exchange = found[0]["exchange"]
    assert exchange["request"]["method"] == "GET"
    assert exchange["request"]["url"] == url
    assert ["Origin", EVIL] in exchange["request"]["headers"]
    assert ["X-Key", "(hidden)"] in exchange["request"]["headers"]
    assert exchange["response"]["status"] == 200
    assert [ORIGIN, EVIL] in exchange["response"]["headers"]


def test_cookies_of_the_server_are_not_shown() -> None:
    change = fields(lambda written: [*written.fields, ("Set-Cookie", "session=secret")])
    with serving(server(lambda _: True, change)) as url:
        result = probe(url, "--json")
    assert "secret" not in result.output


def test_headers_of_the_user_are_for_actual_requests_and_host_for_all() -> None:
    seen: list[tuple[str, str | None, str]] = []

    def remembered(environ: Any, start_response: Any) -> Any:
        seen.append((environ["REQUEST_METHOD"], environ.get("HTTP_X_KEY"), environ["HTTP_HOST"]))
        return server()(environ, start_response)

    with serving(remembered) as url:
        probe(url, "--origin", APP, "-H", "X-Key: k", "-H", "Host: api.example.com")
    assert {host for _, _, host in seen} == {"api.example.com"}
    assert {key for method, key, _ in seen if method in {"GET", "HEAD"}} == {"k"}
    assert {key for method, key, _ in seen if method == "OPTIONS"} == {"k", None}
    assert {method for method, _, _ in seen} == {"GET", "HEAD", "OPTIONS"}


def test_no_redirect_is_followed_and_no_cookie_is_kept() -> None:
    seen: list[tuple[str, str | None]] = []

    def redirecting(environ: Any, start_response: Any) -> Any:
        seen.append((environ["PATH_INFO"], environ.get("HTTP_COOKIE")))
        start_response("302 Found", [("Location", "/elsewhere"), ("Set-Cookie", "a=b")])
        return []

    with serving(redirecting) as url:
        result = probe(url, "--origin", APP)
    assert set(seen) == {("/items", None), (f"/items/{requests.MISSING}", None)}
    assert "redirect to /elsewhere" in result.output


def test_there_are_never_more_requests_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = [f"https://a.b.c.d.e.f.{letter}.example:4430" for letter in "klmn"]
    seen: list[str] = []

    def counted(environ: Any, start_response: Any) -> Any:
        seen.append(environ["REQUEST_METHOD"])
        return server(origins.__contains__)(environ, start_response)

    arguments = [argument for origin in origins for argument in ("--origin", origin)]
    with serving(counted) as url:
        assert probe(url, *arguments).exit_code == 0
        assert 100 < len(seen) <= requests.MAX_REQUESTS
        monkeypatch.setattr(sending, "MAX_REQUESTS", 5)
        seen.clear()
        probe(url)
    assert len(seen) == 5


WRONG_USAGE: tuple[tuple[str, list[str]], ...] = (
    ("a URL without a scheme", ["api.example.com/items"]),
    ("no host", ["https://"]),
    ("another scheme", ["ftp://example.com/"]),
    ("a password in the URL", ["https://user:secret@example.com/"]),
    ("an origin with a path", ["https://example.com/", "--origin", "https://app.example.com/"]),
    ("an origin without a scheme", ["https://example.com/", "--origin", "app.example.com"]),
    ("a pattern of ports", ["https://example.com/", "--origin", "http://localhost:*"]),
    ("an origin that is nothing", ["https://example.com/", "--origin", "::"]),
    ("a pattern is no origin", ["https://example.com/", "--origin", "https://*.example.com"]),
    ("five origins", ["https://example.com/", *(f"--origin=https://{i}a.example" for i in range(5))]),
    ("a header without a colon", ["https://example.com/", "-H", "Authorization"]),
    ("a header with a blank in its name", ["https://example.com/", "-H", "My Header: a"]),
    ("Origin as a header", ["https://example.com/", "-H", "Origin: https://app.example.com"]),
    ("a header that browsers set", ["https://example.com/", "-H", "Sec-Fetch-Site: none"]),
    ("a header with an escape sequence", ["https://example.com/", "-H", "X-A: \x1b[31m"]),
    ("a URL with an escape sequence", ["\x1b[31m"]),
)


def test_wrong_usage_says_what_to_write(approved: Approve) -> None:
    results = [(why, probe(*arguments)) for why, arguments in WRONG_USAGE]
    assert {result.exit_code for _, result in results} == {2}
    assert not any(re.search("[\x00-\x09\x0b-\x1f]", result.output) for _, result in results)
    approved("probe_wrong_usage", [(why, result.output) for why, result in results])


@table(
    "parts, said",
    ("an endless header", [OK, b"X-A: " + b"a" * 200_000], "did not send a valid HTTP response"),
    ("no HTTP", [b"SSH-2.0-OpenSSH_9\r\n\r\n"], "did not send a valid HTTP response"),
    (
        "an escape sequence in the status",
        [b"HTTP/1.1 \x1b[31m\r\n\r\n"],
        "did not send a valid HTTP response",
    ),
    ("nothing at all", [], "sent no response within 0.3 seconds"),
    ("only the beginning", [OK, b"X-A: b\r\n"], "sent no response within 0.3 seconds"),
)
def test_servers_that_do_not_answer(parts: list[bytes], said: str) -> None:
    with answering(*parts) as url:
        result = probe(url, "--timeout", "0.3", "--json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert "\x1b" not in result.stderr
    assert result.stderr.splitlines()[1].startswith("Hint: ")


def test_a_body_that_never_ends_is_not_read() -> None:
    with answering(OK, b"Content-Type: text/event-stream\r\n\r\ndata: 1\n\n") as url:
        assert probe(url).exit_code == 0


def test_small_bodies_are_read_to_keep_the_connection() -> None:
    def greeting(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "5"), ("Content-Type", "text/plain")])
        return [b"hello"]

    with serving(greeting) as url:
        assert probe(url).exit_code == 0


def test_a_body_that_is_shorter_than_it_says_counts_as_no_response() -> None:
    with answering(OK, b"Content-Length: 9\r\n\r\n") as url:
        assert probe(url, "--timeout", "0.3").exit_code == 2


def test_control_characters_of_a_server_do_not_reach_the_terminal() -> None:
    reflecting = b"Access-Control-Allow-Origin: https://evil.example\r\nVary: \x1b[31m\x9b31m\r\n"
    with answering(OK, reflecting, b"Connection: close\r\nContent-Length: 0\r\n\r\n") as url:
        result = probe(url)
        as_json = probe(url, "--json")
    assert result.exit_code == as_json.exit_code == 1
    assert r"< Vary: \x1b[31m\x9b31m" in result.output
    assert not {"\x1b", "\x9b"} & {*result.output, *as_json.output}
    assert r"\u001b[31m" in as_json.stdout


def test_a_server_that_answers_once_has_nothing_to_show() -> None:
    with answering(OK, b"Connection: close\r\nContent-Length: 0\r\n\r\n", times=1) as url:
        result = probe(url, "--origin", APP)
    assert result.exit_code == 0
    assert "1 request got a response" in result.stdout
    assert re.fullmatch(
        r"Warning: \d+ requests got no response, so there may be more to find\.\n", result.stderr
    )


def test_a_server_that_closes_every_connection() -> None:
    with answering(times=0) as url:
        result = probe(url)
    assert result.exit_code == 2
    assert "did not send a valid HTTP response: " in result.stderr
    assert not result.stderr.splitlines()[0].endswith(" ")


def test_no_server_at_all() -> None:
    with serving(server()) as url:
        pass
    result = probe(url)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Cannot connect to http://127.0.0.1:")
    assert "whether the server is running" in result.stderr


def test_tls_that_fails() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        result = probe(url.replace("http:", "https:"))
    assert result.exit_code == 2
    assert "The TLS connection to https://127.0.0.1:" in result.stderr
    assert result.stderr.endswith(f"Hint: If the server speaks HTTP without TLS, probe {url}\n")


def test_a_certificate_that_fails() -> None:
    target = read_target("https://api.example.com/", (), ())
    error = ssl.SSLCertVerificationError("self-signed certificate")
    assert "SSL_CERT_FILE" in sending._no_connection(target, error, 1).hint


@table(
    "status, said",
    ("an error", 500, "gets status 500. Most defects only show where pages get 200."),
    ("a redirect", 302, "redirects to /\\x9b31m. Probe the URL that pages fetch in the end."),
)
def test_a_url_that_pages_cannot_use(status: int, said: str) -> None:
    change = [("Location", "/\x9b31m")] if status == 302 else []
    with serving(server(change=lambda _: (status, change))) as url:
        result = probe(url, "--json")
    assert json.loads(result.stdout) == {"findings": []}
    assert result.stderr.startswith(f"Warning: {'GET ' if status == 500 else ''}{url} {said}")
    assert "\x9b" not in result.output


def test_a_url_for_post_is_no_error() -> None:
    with serving(server(change=lambda w: (405 if w.method == "GET" else w.status, w.fields))) as url:
        assert probe(url, "--origin", APP).stderr == ""


def test_the_whole_probe_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_TOTAL", 0.3)
    with answering(OK) as url:
        result = probe(url, "--timeout", "20")
    assert result.exit_code == 2
    assert "has not answered all requests within 0.3 seconds" in result.stderr


def test_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscors.cli, "find_spec", lambda name: None if name == "httpx" else find_spec(name))
    result = probe("https://example.com/")
    assert result.exit_code == 2
    assert 'pip install "crosscors[cli]"' in result.output


def test_httpx_is_imported_only_where_it_is_used() -> None:
    script = "import sys, crosscors.cli.group; assert not {'httpx', 'rich'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_command_is_in_the_group() -> None:
    assert isinstance(cli.commands["probe"], click.Command)


def test_a_target_names_its_own_origin_and_whom_it_trusts() -> None:
    target = read_target("HTTPS://API.example.com:443/items", (), ())
    assert target.own_origin == "https://api.example.com"
    assert target.trusted == ("https://api.example.com",)
    assert read_target("https://a.example/", ("null",), ()).trusted == ("https://a.example",)
    assert read_target("https://a.example/", (APP, "null", APP), ()).trusted == (APP,)
