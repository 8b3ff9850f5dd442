"""Names and lists of the Fetch standard: headers, methods, and what a token is.

Section names in the comments are those of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

import re

# "HTTP requests" and "HTTP responses" of the CORS protocol: the headers it defines.
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"
REQUEST_METHOD = "Access-Control-Request-Method"
REQUEST_HEADERS = "Access-Control-Request-Headers"

# Not in Fetch: from the draft "Private Network Access", which browsers have since given up.
REQUEST_PRIVATE_NETWORK = "Access-Control-Request-Private-Network"
ALLOW_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"

# "TAO check": the pages that see the timing of a response.
TIMING_ALLOW_ORIGIN = "Timing-Allow-Origin"

# What `"*"` in allow_methods means: every method that has a meaning of its own on the web.
ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")

# "CORS-safelisted method": a browser lets them through whatever the preflight's list says.
SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})

# "forbidden method": a browser refuses to send them at all.
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})

# IANA's Hypertext Transfer Protocol (HTTP) Method Registry: the above, and those of WebDAV and its kin.
REGISTERED_METHODS = frozenset(
    {
        *ALL_METHODS,
        *FORBIDDEN_METHODS,
        "ACL",
        "BASELINE-CONTROL",
        "BIND",
        "CHECKIN",
        "CHECKOUT",
        "COPY",
        "LABEL",
        "LINK",
        "LOCK",
        "MERGE",
        "MKACTIVITY",
        "MKCALENDAR",
        "MKCOL",
        "MKREDIRECTREF",
        "MKWORKSPACE",
        "MOVE",
        "ORDERPATCH",
        "PRI",
        "PROPFIND",
        "PROPPATCH",
        "REBIND",
        "REPORT",
        "SEARCH",
        "UNBIND",
        "UNCHECKOUT",
        "UNLINK",
        "UNLOCK",
        "UPDATE",
        "UPDATEREDIRECTREF",
        "VERSION-CONTROL",
    }
)

# "CORS-safelisted request-header", except Range: allowed by every policy, because a browser asks
# for one of these names only when its value is unusual (Content-Type: application/json).
ALWAYS_ALLOWED_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")

# "forbidden request-header": a script cannot set these, so a browser never asks for them.
FORBIDDEN_REQUEST_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
FORBIDDEN_REQUEST_PREFIXES = ("proxy-", "sec-")

# "CORS-safelisted response-header name": a script reads these without asking.
SAFELISTED_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)

# "forbidden response-header name": a script never reads these, exposed or not.
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})

# RFC 9110, section 5.6.2: token.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def is_token(text: str) -> bool:
    """Whether the text is a token as RFC 9110 defines it: a valid method or header name."""
    return _TOKEN.fullmatch(text) is not None


def is_forbidden_request_header(name: str) -> bool:
    """Whether a script cannot set this header, in any case (Fetch, "forbidden request-header")."""
    lowered = name.lower()
    return lowered in FORBIDDEN_REQUEST_HEADERS or lowered.startswith(FORBIDDEN_REQUEST_PREFIXES)
