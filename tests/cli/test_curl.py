"""Pasted curl commands, read as the requests of pages."""

from __future__ import annotations

import pytest

from crosscors.cli.explain.curl import CurlError, PastedRequest, read_curl
from tests.tables import each, table

URL = "https://api.example.com/items"


def get(method: str = "GET", *headers: tuple[str, str | None], **others: object) -> PastedRequest:
    return PastedRequest(URL, method, headers, **others)  # type: ignore[arg-type]


@table(
    "options, pasted",
    ("a URL alone", "", get()),
    ("the method", "-X DELETE", get("DELETE")),
    ("the last method counts, also without a blank", "-X PUT -XDELETE", get("DELETE")),
    ("a header", "-H 'X-Token: 1'", get("GET", ("X-Token", "1"))),
    ("an empty header", "-H 'X-Token;'", get("GET", ("X-Token", ""))),
    ("the origin of the page", "-H 'Origin: https://a.example'", get(origin="https://a.example")),
    (
        "the origin in the address of the page",
        "-H 'Referer: https://a.example/x'",
        get(origin="https://a.example"),
    ),
    ("the address of the page as an option", "-e https://a.example/x", get(origin="https://a.example")),
    ("Origin counts more", "-H 'Referer: https://b.example/' -H 'Origin: null'", get(origin="null")),
    ("a referer that is not an address", "-H 'Referer: x'", get()),
    ("a range", "-r 0-9", get("GET", ("Range", "bytes=0-9"))),
    ("cookies", "-H 'Cookie: a=b'", get(credentials=True)),
    ("cookies as Chromium writes them", "-b 'a=b'", get(credentials=True)),
    (
        "a body is posted as a form",
        "--data-raw 'a=b'",
        get("POST", ("Content-Type", "application/x-www-form-urlencoded"), body="a=b"),
    ),
    (
        "a body with its type",
        "-H 'content-type: text/plain' -d a -d b",
        get("POST", ("content-type", "text/plain"), body="a&b"),
    ),
    (
        "a raw body may begin like the name of a file",
        "-H 'Content-Type: a/b' --data-raw @a",
        get("POST", ("Content-Type", "a/b"), body="@a"),
    ),
    (
        "a body that begins with a dash",
        "-H 'Content-Type: a/b' --data-raw '------x'",
        get("POST", ("Content-Type", "a/b"), body="------x"),
    ),
    ("JSON", "--json '{}'", get("POST", ("Content-Type", "application/json"), body="{}")),
    (
        "a form with files",
        "-F 'a=b'",
        get("POST", ("Content-Type", "multipart/form-data; boundary=x"), body=""),
    ),
    (
        "encoded data",
        "--data-urlencode 'a=b c' --data-urlencode '=d e' --data-urlencode 'f g'",
        get("POST", ("Content-Type", "application/x-www-form-urlencoded"), body="a=b+c&d+e&f+g"),
    ),
    (
        "a method and a body",
        "-X PUT -H 'Content-Type: a/b' -d c",
        get("PUT", ("Content-Type", "a/b"), body="c"),
    ),
    ("the head alone", "-I", get("HEAD")),
    ("a user", "-u a:b", get("GET", ("Authorization", "Basic"))),
    ("a user beside the header", "-u a:b -H 'Authorization: c'", get("GET", ("Authorization", "c"))),
    ("a token", "--oauth2-bearer a", get("GET", ("Authorization", "Bearer"))),
    (
        "more of it",
        "-#OJ0 -D x --fail-with-body --location-trusted --ssl-no-revoke --max-redirs 5 --no-progress-meter",
        get(),
    ),
    (
        "a body with dashes, typographic quotes and backticks at the end of a line",
        "-H 'Content-Type: a/b' --data-raw 'a \u2013 \u201cb\u201d `c`\nd'",
        get("POST", ("Content-Type", "a/b"), body="a \u2013 \u201cb\u201d `c`\nd"),
    ),
    ("what changes nothing", "-sSLk --compressed --http2 -o /dev/null -w '%{http_code}' -A me -e you", get()),
    (
        "a preflight stands for the request that it asks for",
        (
            "-X OPTIONS -b a=b -H 'Origin: null' -H 'Access-Control-Request-Method: PUT' "
            "-H 'Access-Control-Request-Headers: x-a, x-b,'"
        ),
        get("PUT", ("x-a", None), ("x-b", None), origin="null"),
    ),
    ("OPTIONS that is no preflight", "-X OPTIONS -H 'X-A: 1'", get("OPTIONS", ("X-A", "1"))),
)
def test_a_request(options: str, pasted: PastedRequest) -> None:
    assert read_curl(f"curl '{URL}' {options}") == pasted


@each("prompt", "$ ", "% ", "> ", "  # ")
def test_the_prompt_of_a_terminal_may_stand_before_it(prompt: str) -> None:
    assert read_curl(f"{prompt}curl '{URL}'") == get()


@each("program", "curl", "/usr/bin/curl", "curl.exe", r"'C:\Windows\System32\curl.exe'")
def test_the_program_may_have_a_path(program: str) -> None:
    assert read_curl(f"{program} '{URL}'") == get()


@each(
    "header",
    "accept-encoding: gzip",
    "cache-control: no-cache",
    "Connection: keep-alive",
    "Content-Length: 3",
    "dnt: 1",
    "Host: a.example",
    "pragma: no-cache",
    "priority: u=1, i",
    "Referer: about:client",
    "sec-ch-ua: x",
    "Sec-Fetch-Mode: cors",
    "Upgrade-Insecure-Requests: 1",
    "user-agent: Mozilla/5.0",
    ":authority: api.example.com",
)
def test_headers_of_the_browser_are_not_those_of_the_page(header: str) -> None:
    assert read_curl(f"curl '{URL}' -H '{header}'") == get()


@table(
    "command, url",
    ("a URL as an option", f"curl --url {URL}", URL),
    ("a URL without its scheme", "curl localhost:8000/x", "http://localhost:8000/x"),
    ("data for the query", f"curl -G {URL} -d a=b", f"{URL}?a=b"),
    ("data for a query that is there", f"curl -G '{URL}?c' -d a=b", f"{URL}?c&a=b"),
)
def test_the_url(command: str, url: str) -> None:
    assert read_curl(command) == PastedRequest(url, "GET")


@table(
    "command, reason",
    ("nothing", "", "does not begin with curl"),
    ("another program", "wget https://a.example", "does not begin with curl"),
    ("no URL", "curl -X GET", "has no URL"),
    ("two URLs", f"curl {URL} {URL}", "has 2 URLs"),
    ("a URL that is not valid", "curl 'https://a b'", "URL is not valid"),
    ("several commands without a semicolon", f"curl {URL}\ncurl {URL}", "more than one command"),
    (
        "words that belong to nothing",
        f"curl {URL} \\ \n -I",
        "has 2 URLs .'https.*' and ' '",
    ),
    ("an option that is not known", f"curl --frob {URL}", "the option --frob is not known here"),
    ("a short option that is not known", f"curl -K x {URL}", "the option -K is not known here"),
    ("a value that is missing", f"curl {URL} -H", "the option -H lacks its value"),
    ("headers in a file", f"curl {URL} -H @headers.txt", "headers are in a file"),
    ("a WebSocket", "curl wss://api.example.com/", "opens a WebSocket"),
    ("another scheme", "curl ftp://api.example.com/", "begins with ftp"),
    ("typographic quotes", f"curl \u2018{URL}\u2019", "typographic"),
    ("a typographic dash", f"curl {URL} \u2013H 'X-A: 1'", "typographic"),
    ("PowerShell", f'Invoke-WebRequest -Uri "{URL}"', "it is for PowerShell"),
    ("PowerShell with a session", "$session = New-Object x\nInvoke-WebRequest", "it is for PowerShell"),
    ("curl in PowerShell", f'curl.exe "{URL}" `\n -H "X-A: 1"', "it is for PowerShell .lines end with"),
    ("JavaScript", f'await fetch("{URL}")', "it is JavaScript"),
    ("a body in a file", f"curl {URL} -d @body.json", "in a file"),
    ("a quote that is not closed", "curl '", "not closed"),
)
def test_what_is_not_understood(command: str, reason: str) -> None:
    with pytest.raises(CurlError, match=reason):
        read_curl(command)
