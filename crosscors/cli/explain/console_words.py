"""How the consoles of the engines put each reason. Braces stand for what differs.

The sentences come from the engines: tests/browsers/approved has what they say today, in full. Quotes are
plain here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from crosscors.testing.blocked import Reason
from crosscors.testing.engines import EngineName

# Scripts get no response for other reasons than CORS, too.
OtherReason = Literal[
    "content-security-policy",
    "cross-origin-resource-policy",
    "local-network-access",
    "mixed-content",
    "mode-same-origin",
    "no-response",
    "not-http",
    "opaque-response-blocking",
]
ConsoleReason = Reason | OtherReason

_SAID: dict[EngineName, tuple[tuple[ConsoleReason, str], ...]] = {
    "chromium": (
        (
            "allow-origin-missing",
            "No 'Access-Control-Allow-Origin' header is present on the requested resource",
        ),
        ("allow-origin-multiple", "header contains multiple values '{value}', but only one is allowed"),
        (
            "allow-origin-invalid",
            "'Access-Control-Allow-Origin' header contains the invalid value '{value}'.",
        ),
        ("allow-origin-mismatch", "header has a value '{value}' that is not equal to the supplied origin"),
        ("allow-origin-wildcard-with-credentials", "header in the response must not be the wildcard '*'"),
        ("allow-credentials-not-true", "header in the response is '{value}' which must be 'true'"),
        ("preflight-redirect", "Redirect is not allowed for a preflight request"),
        ("preflight-status", "It does not have HTTP ok status"),
        ("allow-methods-invalid", "Cannot parse Access-Control-Allow-Methods response header field"),
        ("allow-headers-invalid", "Cannot parse Access-Control-Allow-Headers response header field"),
        (
            "method-not-allowed",
            "Method {method} is not allowed by Access-Control-Allow-Methods in preflight response",
        ),
        (
            "header-not-allowed",
            "header field {header} is not allowed by Access-Control-Allow-Headers in preflight response",
        ),
        ("redirect-with-credentials-in-url", "' contains a username and password, which is disallowed"),
        ("local-network-access", "access the `{value}` address space"),
        # Before Chromium 142.
        ("local-network-access", "the resource is in more-private address space `{value}`"),
        ("local-network-access", "private network request targeting the `{value}` address space"),
        ("mode-same-origin", 'Fetch API cannot load {url}. Request mode is "same-origin"'),
        ("not-http", "Cross origin requests are only supported for protocol schemes"),
        ("not-http", 'Fetch API cannot load {url}. URL scheme "{}" is not supported'),
        ("not-http", "Not allowed to load local resource: {url}"),
        ("not-http", "net::ERR_UNSAFE_REDIRECT"),
        ("cross-origin-resource-policy", "net::ERR_BLOCKED_BY_RESPONSE.NotSame"),
        ("opaque-response-blocking", "net::ERR_BLOCKED_BY_ORB"),
        (
            "content-security-policy",
            "Connecting to '{url}' violates the following Content Security Policy directive",
        ),
        # Older versions of Chromium.
        (
            "content-security-policy",
            "Refused to connect to '{url}' because it violates the following Content Security Policy",
        ),
        (
            "mixed-content",
            "loaded over HTTPS, but requested an insecure resource '{url}'. This request has been",
        ),
    ),
    "firefox": (
        ("allow-origin-missing", "CORS header 'Access-Control-Allow-Origin' missing"),
        ("allow-origin-mismatch", "CORS header 'Access-Control-Allow-Origin' does not match '{value}')"),
        ("allow-origin-multiple", "Multiple CORS header 'Access-Control-Allow-Origin' not allowed"),
        (
            "allow-origin-wildcard-with-credentials",
            "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'",
        ),
        ("allow-credentials-not-true", "expected 'true' in CORS header 'Access-Control-Allow-Credentials'"),
        ("preflight-redirect", "CORS request external redirect not allowed"),
        ("preflight-status", "CORS preflight response did not succeed"),
        ("allow-methods-invalid", "invalid token '{value}' in CORS header 'Access-Control-Allow-Methods'"),
        ("allow-headers-invalid", "invalid token '{value}' in CORS header 'Access-Control-Allow-Headers'"),
        ("method-not-allowed", "Did not find method in CORS header 'Access-Control-Allow-Methods'"),
        (
            "header-not-allowed",
            "header '{header}' is not allowed according to header 'Access-Control-Allow-Headers'",
        ),
        ("mode-same-origin", "Content at {} may not load data from {url}."),
        ("not-http", "CORS request not http"),
        ("not-http", "Content at {} may not load or link to {url}."),
        (
            "cross-origin-resource-policy",
            'The resource at "{url}" was blocked due to its Cross-Origin-Resource-Policy header',
        ),
        ("opaque-response-blocking", 'The resource at "{url}" was blocked by OpaqueResponseBlocking'),
        (
            "content-security-policy",
            "blocked the loading of a resource (connect-src) at {url} because it violates",
        ),
        ("mixed-content", 'Blocked loading mixed active content "{url}"'),
    ),
    "webkit": (
        # WebKit says the same where the header is missing.
        ("allow-origin-missing", "Origin {origin} is not allowed by Access-Control-Allow-Origin."),
        ("allow-origin-multiple", "Access-Control-Allow-Origin cannot contain more than one origin"),
        (
            "allow-origin-wildcard-with-credentials",
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true",
        ),
        (
            "allow-credentials-not-true",
            'Credentials flag is true, but Access-Control-Allow-Credentials is not "true"',
        ),
        ("preflight-status", "Preflight response is not successful"),
        ("allow-methods-invalid", "Header Access-Control-Allow-Methods has an invalid value"),
        ("allow-headers-invalid", "Header Access-Control-Allow-Headers has an invalid value"),
        ("method-not-allowed", "Method {method} is not allowed by Access-Control-Allow-Methods."),
        (
            "header-not-allowed",
            "Request header field {header} is not allowed by Access-Control-Allow-Headers.",
        ),
        ("redirect-with-credentials-in-url", "redirection URL {} has credentials"),
        ("not-http", "Cross origin requests are only supported for HTTP"),
        ("not-http", "not allowed to follow a cross-origin CORS redirection with non CORS scheme"),
        (
            "cross-origin-resource-policy",
            "Cancelled load to {url} because it violates the resource's Cross-Origin-Resource-Policy",
        ),
        (
            "content-security-policy",
            "Refused to connect to {url} because it does not appear in the connect-src directive",
        ),
        ("mixed-content", "requested insecure content from {url}. This content was blocked"),
    ),
}
# These count only where nothing else is said: Firefox says so after each preflight that fails.
_SAID_LAST: dict[EngineName, tuple[tuple[ConsoleReason, str], ...]] = {
    "chromium": (
        ("no-response", "net::ERR_CONNECTION_{}"),
        ("no-response", "net::ERR_NAME_NOT_RESOLVED"),
        ("no-response", "net::ERR_CERT_{}"),
    ),
    "firefox": (("no-response", "CORS request did not succeed"),),
}
# Where the URL is, and in Chromium the origin.
_SAID_WHERE: dict[EngineName, tuple[str, ...]] = {
    "chromium": (
        "at '{url}' from origin '{origin}' has been blocked by",
        "at '{url}' (redirected from '{redirected_from}') from origin '{origin}' has been blocked by",
        "{url} net::ERR_",
    ),
    "firefox": ("remote resource at {url}. (Reason:",),
    "webkit": (
        "cannot load {url} due to access control checks",
        "Cannot load {} {url} due to access control checks",
        # Before 2013, with a line for the origin.
        "XMLHttpRequest cannot load {url}. Origin",
    ),
}


@dataclass(frozen=True)
class Words:
    """How an engine says something.

    The groups of the expression have the names that were in braces. It is compiled when it is used.
    """

    engine: EngineName
    reason: ConsoleReason | None
    form: str


def _words(engine: EngineName, reason: ConsoleReason | None, said: str) -> Words:
    form = re.sub(r"\\{(\w*)\\}", _group, re.escape(said))
    if said.startswith("{"):
        form = rf"(?<!\S){form}"  # a word is not searched from each of its letters
    return Words(engine, reason, form)


def _group(braces: re.Match[str]) -> str:
    if braces[1] == "value":  # it can be empty, and have blanks
        return "(?P<value>.*?)"
    return rf"(?P<{braces[1]}>\S+)" if braces[1] else r"\S+"


REASONS = tuple(_words(engine, *row) for engine, rows in _SAID.items() for row in rows)
LAST_REASONS = tuple(_words(engine, *row) for engine, rows in _SAID_LAST.items() for row in rows)
PLACES = tuple(_words(engine, None, row) for engine, rows in _SAID_WHERE.items() for row in rows)
PREFLIGHT = "Response to preflight request doesn't pass access control check:"
STATUS = re.compile(r"[.)]* ?Status code: (\d+)")
