"""Pasted sentences of consoles. Those in tests/browsers/approved are what the engines say today."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from crosscors.cli.explain.console import ConsoleError, ConsoleSentence, read_console
from crosscors.testing.engines import CHROMIUM, FIREFOX, WEBKIT, EngineName
from tests.tables import each, table

APPROVED = Path(__file__).parents[1] / "browsers" / "approved"
URL, PAGE = "https://api.example.com/thing", "https://app.example.com"
ORIGINS = {"{api}": "https://api.example.com", "{page}": PAGE, "{other}": "https://other.example.com"}

MISSING: Final = "allow-origin-missing"
MISMATCH: Final = "allow-origin-mismatch"
INVALID: Final = "allow-origin-invalid"
WILDCARD: Final = "allow-origin-wildcard-with-credentials"
NOT_TRUE: Final = "allow-credentials-not-true"

# The names of the scripts in tests/browsers/consoles.py, and the reasons.
REASONS = {
    "no header": MISSING,
    "no header, with an error": MISSING,
    "no header, with cookies": MISSING,
    "a wildcard for cookies": WILDCARD,
    "a wildcard twice": "allow-origin-multiple",
    "a list of origins": "allow-origin-multiple",
    "origins with a blank": "allow-origin-multiple",
    "another origin": MISMATCH,
    "a host": INVALID,
    "a slash": MISMATCH,
    "a pattern": MISMATCH,
    "an empty header": INVALID,
    "null": MISMATCH,
    "no credentials": NOT_TRUE,
    "credentials True": NOT_TRUE,
    "a redirect without the header": MISSING,
    "a redirect to a server without the header": MISSING,
    "a redirect with a preflight that fails": MISSING,
    "a redirect with a password": "redirect-with-credentials-in-url",
    "a redirect to a file": "not-http",
    "a preflight without the header": MISSING,
    "a preflight with another origin": MISMATCH,
    "a preflight with a list": "allow-origin-multiple",
    "a preflight 401": MISSING,
    "a preflight 404": MISSING,
    "a preflight 404 with the header": "preflight-status",
    "a preflight redirected": "preflight-redirect",
    "a preflight redirected, no header": "preflight-redirect",
    "a preflight with a wildcard for cookies": WILDCARD,
    "a preflight without credentials": NOT_TRUE,
    "a method": "method-not-allowed",
    "a method in lower case": "method-not-allowed",
    "a wildcard for methods with cookies": "method-not-allowed",
    "no methods": "method-not-allowed",
    "a header": "header-not-allowed",
    "no headers": "header-not-allowed",
    "Authorization": "header-not-allowed",
    "a wildcard for Authorization": MISSING,
    "no list of methods": "allow-methods-invalid",
    "no list of headers": "allow-headers-invalid",
    "the mode same-origin": "mode-same-origin",
    "no connection": "no-response",
    "another scheme": "not-http",
    "a file": "not-http",
    "XMLHttpRequest": MISSING,
    "XMLHttpRequest with cookies": WILDCARD,
    "EventSource": MISSING,
    "an image": MISSING,
    "a style sheet": MISSING,
    "a module": MISSING,
    "a font": MISSING,
    "a sandboxed frame": MISSING,
    "Cross-Origin-Resource-Policy": "cross-origin-resource-policy",
    "data as an image": "opaque-response-blocking",
    "Content-Security-Policy": "content-security-policy",
    "mixed content": "mixed-content",
    "a file page": MISSING,
    "a file page and a file": "not-http",
    "the loopback address space": "local-network-access",
    "the local address space": "local-network-access",
}
# Firefox looks at the header first, and has no words for passwords. WebKit has the same words for several.
OTHERWISE = {
    (FIREFOX, "a redirect with a password"): "no-response",
    (FIREFOX, "a preflight redirected, no header"): MISSING,
    (WEBKIT, "origins with a blank"): MISSING,
    **{(WEBKIT, name): MISSING for name, reason in REASONS.items() if reason in {MISMATCH, INVALID}},
    (WEBKIT, "a preflight 401"): "preflight-status",
    (WEBKIT, "a preflight 404"): "preflight-status",
}
# Of these, the sentence has no URL.
WITHOUT_URL = {
    (CHROMIUM, "a redirect to a file"),
    (CHROMIUM, "no connection"),
    (CHROMIUM, "Cross-Origin-Resource-Policy"),
    (WEBKIT, "a style sheet"),
    (WEBKIT, "a module"),
}
# WebKit says no more than that it cannot load the URL.
WITHOUT_WORDS = {(WEBKIT, "the mode same-origin")}


def said_today() -> list[Any]:
    """Engine, script and what the console says, of everything that is approved."""
    return [
        pytest.param(engine, name, text, id=f"{engine}: {name}")
        for engine in get_args(EngineName)
        for name, text in re.findall(
            r"^# (.+)\n((?:.+\n)+)", (APPROVED / f"console_{engine}.txt").read_text("utf-8"), re.MULTILINE
        )
    ]


def with_origins(text: str) -> str:
    for placeholder, origin in ORIGINS.items():
        text = text.replace(placeholder, origin)
    return re.sub(r"\{[a-z ]+\}", "https://localhost:1", text)


@pytest.mark.parametrize(("engine", "script", "text"), said_today())
def test_what_the_engines_say_is_understood(engine: EngineName, script: str, text: str) -> None:
    if (engine, script) in WITHOUT_WORDS:
        with pytest.raises(ConsoleError):
            read_console(text)
        return
    sentence = read_console(with_origins(text))
    assert (sentence.engine, sentence.reason) == (engine, OTHERWISE.get((engine, script), REASONS[script]))
    assert (sentence.url is None) == ((engine, script) in WITHOUT_URL)


def test_every_reason_has_its_sentences() -> None:
    assert set(REASONS) == {param.values[1] for param in said_today()}


@table(
    "engine, script, expected",
    (
        "Chromium names the origin, and tells preflights apart",
        CHROMIUM,
        "a preflight without the header",
        ConsoleSentence(CHROMIUM, MISSING, url=URL, origin=PAGE, is_preflight=True),
    ),
    (
        "Chromium, another response",
        CHROMIUM,
        "no header",
        ConsoleSentence(CHROMIUM, MISSING, url=URL, origin=PAGE, is_preflight=False),
    ),
    (
        "Chromium names both URLs of a redirect",
        CHROMIUM,
        "a redirect to a server without the header",
        ConsoleSentence(
            CHROMIUM,
            MISSING,
            url="https://other.example.com/end",
            redirected_from=URL,
            origin=PAGE,
            is_preflight=False,
        ),
    ),
    (
        "Chromium, a page without an origin",
        CHROMIUM,
        "a file page",
        ConsoleSentence(CHROMIUM, MISSING, url=URL, origin="null", is_preflight=False),
    ),
    (
        "a value with blanks",
        CHROMIUM,
        "a list of origins",
        ConsoleSentence(
            CHROMIUM,
            "allow-origin-multiple",
            url=URL,
            origin=PAGE,
            value="https://a.example, https://b.example",
            is_preflight=False,
        ),
    ),
    (
        "an empty value",
        CHROMIUM,
        "no credentials",
        ConsoleSentence(CHROMIUM, NOT_TRUE, url=URL, origin=PAGE, value="", is_preflight=False),
    ),
    (
        "a method",
        CHROMIUM,
        "a method in lower case",
        ConsoleSentence(
            CHROMIUM, "method-not-allowed", url=URL, origin=PAGE, method="patch", is_preflight=True
        ),
    ),
    (
        "an address space",
        CHROMIUM,
        "the loopback address space",
        ConsoleSentence(
            CHROMIUM, "local-network-access", url=URL, origin=PAGE, value="loopback", is_preflight=False
        ),
    ),
    (
        "Firefox names the status",
        FIREFOX,
        "no header, with an error",
        ConsoleSentence(FIREFOX, MISSING, url=URL, status=500),
    ),
    (
        "Firefox puts quotes around some URLs",
        FIREFOX,
        "a wildcard for cookies",
        ConsoleSentence(FIREFOX, WILDCARD, url=URL),
    ),
    (
        "Firefox says last that the request did not succeed",
        FIREFOX,
        "a header",
        ConsoleSentence(FIREFOX, "header-not-allowed", url=URL, header="x-a", is_preflight=True),
    ),
    (
        "Firefox and an invalid list",
        FIREFOX,
        "no list of methods",
        ConsoleSentence(FIREFOX, "allow-methods-invalid", url=URL, value="P UT", is_preflight=True),
    ),
    (
        "WebKit names the origin in one line and the URL in the next",
        WEBKIT,
        "no header",
        ConsoleSentence(WEBKIT, MISSING, (MISMATCH, INVALID), url=URL, origin=PAGE, status=200),
    ),
    (
        "WebKit without a URL",
        WEBKIT,
        "a module",
        ConsoleSentence(WEBKIT, MISSING, (MISMATCH, INVALID), origin=PAGE, status=200),
    ),
    (
        "WebKit after a redirect, which takes the origin away",
        WEBKIT,
        "a redirect to a server without the header",
        ConsoleSentence(
            WEBKIT,
            MISSING,
            (MISMATCH, INVALID),
            url="https://other.example.com/end",
            origin="null",
            status=200,
        ),
    ),
    (
        "WebKit looks at the status first",
        WEBKIT,
        "a preflight 401",
        ConsoleSentence(WEBKIT, "preflight-status", (MISSING,), url=URL, status=401, is_preflight=True),
    ),
    (
        "WebKit and a redirect",
        WEBKIT,
        "a preflight redirected",
        ConsoleSentence(WEBKIT, "preflight-redirect", url=URL, status=302, is_preflight=True),
    ),
)
def test_what_a_sentence_says(engine: EngineName, script: str, expected: ConsoleSentence) -> None:
    [text] = [param.values[2] for param in said_today() if param.values[:2] == (engine, script)]
    assert read_console(with_origins(text)) == expected


FETCH = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
NO_HEADER = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
STAGE = "Response to preflight request doesn't pass access control check: "
FOUND = ConsoleSentence(CHROMIUM, MISSING, url=URL, origin=PAGE, is_preflight=False)
OF_SAFARI = ConsoleSentence(WEBKIT, MISSING, (MISMATCH, INVALID), url=URL, origin=PAGE, status=403)


@table(
    "text, expected",
    ("what the console has around it", f"index.html:12 {FETCH}{NO_HEADER}\nload @ app.js:7", FOUND),
    ("a place before the sentence", f"{PAGE}/:1 {FETCH}{NO_HEADER}", FOUND),
    ("what the network says afterwards", f"{FETCH}{NO_HEADER}\nGET {URL} net::ERR_FAILED 200 (OK)", FOUND),
    ("line breaks", f"{FETCH}{NO_HEADER}".replace(" ", "\n  "), FOUND),
    ("typographic quotes", f"{FETCH}{NO_HEADER}".replace(" '", " \u2018").replace("'", "\u2019"), FOUND),
    (
        "the advice of older versions",
        f"{FETCH}{NO_HEADER} If an opaque response serves your needs, set the request's mode to 'no-cors'.",
        FOUND,
    ),
    ("the end of a sentence", NO_HEADER, ConsoleSentence(CHROMIUM, MISSING)),
    ("the end after a preflight", STAGE + NO_HEADER, ConsoleSentence(CHROMIUM, MISSING, is_preflight=True)),
    (
        "of several sentences, the first",
        f"{FETCH}{NO_HEADER} {FETCH.replace('thing', 'other')}{STAGE}It does not have HTTP ok status.",
        FOUND,
    ),
    (
        "a preflight in a later sentence does not count",
        f"{FETCH}{NO_HEADER} {FETCH}{STAGE}{NO_HEADER}",
        FOUND,
    ),
    (
        "Safari, with the lines of the console",
        (
            f"[Error] Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 403\n"
            f"[Error] Fetch API cannot load {URL} due to access control checks.\n"
            f"[Error] Failed to load resource: Origin {PAGE} is not allowed by Access-Control-Allow-Origin. "
            "Status code: 403 (thing, line 0)"
        ),
        OF_SAFARI,
    ),
    (
        "Safari, the lines the other way round",
        (
            f"Fetch API cannot load {URL} due to access control checks. "
            f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 403"
        ),
        OF_SAFARI,
    ),
    (
        "Safari, two requests",
        (
            f"[Error] Fetch API cannot load {PAGE} due to access control checks. "
            f"[Error] Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 403 "
            f"[Error] XMLHttpRequest cannot load {URL} due to access control checks."
        ),
        OF_SAFARI,
    ),
    (
        "Safari, the line that does not say why",
        f"[Error] Fetch API cannot load {URL} due to access control checks. (app.js, line 12)",
        ConsoleSentence(WEBKIT, None, url=URL),
    ),
    (
        "WebKit before 2013",
        f"XMLHttpRequest cannot load {URL}. Origin {PAGE} is not allowed by Access-Control-Allow-Origin.",
        ConsoleSentence(WEBKIT, MISSING, (MISMATCH, INVALID), url=URL, origin=PAGE),
    ),
    (
        "Chromium, the line of the network",
        f"GET {URL} net::ERR_FAILED",
        ConsoleSentence(CHROMIUM, None, url=URL),
    ),
    (
        "Chromium, nobody answers",
        f"GET {URL} net::ERR_CONNECTION_REFUSED",
        ConsoleSentence(CHROMIUM, "no-response", url=URL, is_preflight=False),
    ),
    (
        "Chromium, the line of the network about an image",
        f"GET {URL} net::ERR_BLOCKED_BY_ORB",
        ConsoleSentence(CHROMIUM, "opaque-response-blocking", url=URL, is_preflight=False),
    ),
    (
        "older versions of Chromium about Content-Security-Policy",
        f"Refused to connect to '{URL}' because it violates the following Content Security Policy directive:",
        ConsoleSentence(CHROMIUM, "content-security-policy", url=URL),
    ),
    (
        "Firefox, two requests",
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at"
            f" {URL}. (Reason: CORS request did not succeed). Status code: (null). 2\n"
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at"
            f" {URL}/2. (Reason: CORS header 'Access-Control-Allow-Origin' missing). Status code: 404. a.js:7"
        ),
        ConsoleSentence(FIREFOX, MISSING, url=f"{URL}/2", status=404),
    ),
)
def test_what_is_pasted_around_a_sentence(text: str, expected: ConsoleSentence) -> None:
    assert read_console(text) == expected


@table(
    "reason, is_needed",
    ("a wildcard", "'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'", True),
    ("no credentials", 'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".', True),
    ("anything else", NO_HEADER, False),
)
def test_reasons_that_only_credentials_have(reason: str, is_needed: bool) -> None:
    assert read_console(reason).needs_credentials is is_needed


@each(
    "text",
    "Uncaught (in promise) TypeError: Failed to fetch",
    "TypeError: NetworkError when attempting to fetch resource.",
    "TypeError: Load failed",
    "AxiosError: Network Error",
    "Failed to load resource: net::ERR_FAILED",
)
def test_what_a_script_sees_is_no_reason(text: str) -> None:
    with pytest.raises(ConsoleError, match="does not say why") as error:
        read_console(text)
    assert "another line" in error.value.hint


@each(
    "text",
    "",
    "It does not work",
    "Access to fetch at",
    "fetch API cannot load {url} due to access control checks",
)
def test_other_texts(text: str) -> None:
    with pytest.raises(ConsoleError, match="not a sentence of") as error:
        read_console(text)
    assert "Paste the whole line" in error.value.hint


@table(
    "text, reason",
    ("a long text", "x" * 19_000 + " " + NO_HEADER, MISSING),
    ("a text that is too long to be read to its end", "x" * 20_000 + " " + NO_HEADER, None),
)
def test_long_texts(text: str, reason: str | None) -> None:
    if reason is None:
        with pytest.raises(ConsoleError):
            read_console(text)
    else:
        assert read_console(text).reason == reason
