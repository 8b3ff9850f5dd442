"""Why browsers block a script, by reason: the causes, the most likely first, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crosscors.cli.explain.console_words import ConsoleReason


@dataclass(frozen=True)
class Cause:
    """One cause, and what to do.

    Attributes:
        cause: what is so.
        remedy: what to do about it.
        response: the response that has this cause; None if each can have it.
    """

    cause: str
    remedy: str
    response: Literal["preflight", "actual"] | None = None

    def as_json(self) -> dict[str, str]:
        """The cause for JSON."""
        return {"cause": self.cause, "remedy": self.remedy}


def meaning_of(reason: ConsoleReason | None) -> str:
    """What the reason means, in one sentence."""
    return _MEANINGS[reason]


def causes_of(
    reason: ConsoleReason | None, *, is_preflight: bool | None = None, origin: str | None = None
) -> tuple[Cause, ...]:
    """The causes of a reason, the most likely first.

    Args:
        reason: the code; None for a sentence that does not tell the reason.
        is_preflight: whether the response to the preflight was wrong; None if that is not known.
        origin: the origin of the page; None if that is not known.

    >>> for each in causes_of("preflight-status"):
    ...     print(each.cause)
    The route needs authentication, and a preflight never has any (401 or 403).
    No route takes OPTIONS, and no CORS middleware answers before the router (404 or 405).
    The CORS middleware refuses the method, a header or the origin, and says so with the status.
    The application fails before the CORS middleware answers (500, 502, 503).
    """
    other = {True: "actual", False: "preflight", None: ""}[is_preflight]
    causes = tuple(each for each in _CAUSES[reason] if each.response != other)
    if origin is None or _NO_ORIGIN not in causes:
        return causes
    others = tuple(each for each in causes if each is not _NO_ORIGIN)
    return (_NO_ORIGIN, *others) if origin == "null" else others


_MEANINGS: dict[ConsoleReason | None, str] = {
    None: "This sentence does not say why.",
    "allow-origin-missing": "The response has no Access-Control-Allow-Origin.",
    "allow-origin-multiple": "Access-Control-Allow-Origin has several values. It can have only one.",
    "allow-origin-invalid": "The value of Access-Control-Allow-Origin is not an origin.",
    "allow-origin-mismatch": "Access-Control-Allow-Origin names another origin than that of the page.",
    "allow-origin-wildcard-with-credentials": (
        "Access-Control-Allow-Origin is *, and the request has credentials."
    ),
    "allow-credentials-not-true": (
        "The request has credentials, and Access-Control-Allow-Credentials is not true."
    ),
    "preflight-redirect": "The server redirects the preflight. Browsers do not follow that.",
    "preflight-status": "The status of the response to the preflight is not from 200 to 299.",
    "allow-methods-invalid": "Access-Control-Allow-Methods is not a list of methods.",
    "allow-headers-invalid": "Access-Control-Allow-Headers is not a list of header names.",
    "method-not-allowed": "Access-Control-Allow-Methods does not have the method of the request.",
    "header-not-allowed": "Access-Control-Allow-Headers does not have a header of the request.",
    "redirect-with-credentials-in-url": "The server redirects to a URL with a user name or a password.",
    "content-security-policy": (
        "The page's own Content-Security-Policy does not let it connect to this URL. This is not CORS."
    ),
    "cross-origin-resource-policy": (
        "Cross-Origin-Resource-Policy keeps the response from pages of other origins. This is not CORS."
    ),
    "local-network-access": (
        "The page may not reach this machine or the local network (Local Network Access). This is not CORS."
    ),
    "mixed-content": "The page has https, and the URL has http. This is not CORS.",
    "mode-same-origin": "The page asks for its own origin only, and the URL has another one.",
    "no-response": "The browser got no response.",
    "not-http": "CORS works with http and https only.",
    "opaque-response-blocking": (
        "An element such as an image got data or a web page, and the browser blocks that. This is not CORS."
    ),
}

_ALLOW_PREFLIGHTS = (
    "Let the CORS middleware answer preflights before authentication, routing and error handling."
)

_NOT_ALLOWED = Cause(
    "The server does not allow the origin of the page.",
    "Add the origin to the allowed origins of the server, exactly as the console writes it: scheme, host and"
    " port, without a slash at the end.",
)
_NO_ORIGIN = Cause(
    "The page has no origin and sends Origin: null: a file, a sandboxed frame, or a redirect from one foreign"
    " origin to another.",
    "Serve the page over http, or let it fetch the final address.",
)
_MIXED_UP = Cause(
    "A cache returns the response that was meant for another page.",
    "Send Vary: Origin with every response that depends on the origin, and empty the caches.",
)
_NO_COOKIES = Cause(
    "The page sends credentials, but needs none.",
    'Remove credentials: "include" or withCredentials from the script.',
)
_LIST_ORIGINS = Cause(
    "The server allows every origin, and the page needs cookies.",
    "List the origins that may send cookies, and allow credentials: with crosscors,"
    ' allow_credentials=["https://app.example.com"].',
)
_OF_LISTS = (
    Cause(
        "Between its commas, the value has something other than names: a space, quotes, a semicolon.",
        "Write names with commas between them: GET, PUT or Content-Type, X-Token.",
    ),
    Cause(
        "The server writes a list of the program, such as ['GET', 'PUT'], as it is.",
        "Join the names with commas before you write the header.",
    ),
)

_CAUSES: dict[ConsoleReason | None, tuple[Cause, ...]] = {
    None: (
        Cause(
            "The reason is in another line of the console.",
            "Look above and below. Safari has it in the line above.",
        ),
        Cause(
            "The server cannot be reached, or its certificate is not valid.",
            "Open the URL in a tab of the same browser.",
        ),
    ),
    "allow-origin-missing": (
        _NOT_ALLOWED,
        Cause(
            "Something other than the CORS middleware answers the preflight: authentication (401), the router"
            " (404, 405), a proxy.",
            _ALLOW_PREFLIGHTS,
            "preflight",
        ),
        Cause(
            "The response is an error or a redirect from outside the CORS middleware: an exception, a login,"
            " a rate limit, a proxy.",
            "Look at the status in the network panel. Put the CORS middleware outermost.",
            "actual",
        ),
        Cause(
            "No CORS middleware runs for this path.",
            "Add one, or let the policy cover the path.",
        ),
        Cause(
            "The URL leads to another server: a wrong port, path or scheme, or a redirect.",
            "Compare the URL in the console with the one that you expect.",
        ),
        _NO_ORIGIN,
        _MIXED_UP,
    ),
    "allow-origin-multiple": (
        Cause(
            "Two places set the header, such as the application and a proxy, or two CORS middlewares.",
            "Let only one of them set it.",
        ),
        Cause(
            "The server sends its whole list of origins.",
            "Compare the request's Origin with the list, and send that origin alone, with Vary: Origin.",
        ),
    ),
    "allow-origin-invalid": (
        Cause(
            "The value is a host without a scheme, such as app.example.com.",
            "Write the scheme as well: https://app.example.com.",
        ),
        Cause(
            "The value is empty, false or undefined: the server wanted to allow nobody.",
            "Allow the origin, or send no header.",
        ),
    ),
    "allow-origin-mismatch": (
        Cause(
            "The server has one fixed origin, and the page has another: another port or sub-domain, http"
            " instead of https, with or without www.",
            "Add the origin of the page to the list on the server.",
        ),
        Cause(
            "The origin in the configuration has a slash or a path at the end.",
            "Write it without: https://app.example.com.",
        ),
        Cause(
            "The server sends a pattern, such as https://*.example.com.",
            "Compare with the pattern on the server, and send the request's Origin. crosscors does so.",
        ),
        _MIXED_UP,
    ),
    "allow-origin-wildcard-with-credentials": (_LIST_ORIGINS, _NO_COOKIES),
    "allow-credentials-not-true": (
        Cause(
            "The server does not allow credentials to this origin.",
            'Allow them: with crosscors, allow_credentials=["https://app.example.com"].',
        ),
        _NO_COOKIES,
        Cause(
            "Only the actual response has the header.",
            "Send Access-Control-Allow-Credentials: true with the response to the preflight, too.",
            "preflight",
        ),
        Cause(
            "The value is True, 1 or another word, or the header is there twice.",
            "Send true, in lower case and once.",
        ),
    ),
    "preflight-redirect": (
        Cause(
            "The URL lacks a slash at the end, or has one too many, and the router redirects.",
            "Let the page use the URL that the server redirects to.",
        ),
        Cause(
            "The URL has http, and the server redirects to https, or to the host with or without www.",
            "Let the page use the URL that the server redirects to.",
        ),
        Cause("A login redirects requests without a session.", _ALLOW_PREFLIGHTS),
    ),
    "preflight-status": (
        Cause(
            "The route needs authentication, and a preflight never has any (401 or 403).",
            _ALLOW_PREFLIGHTS,
        ),
        Cause(
            "No route takes OPTIONS, and no CORS middleware answers before the router (404 or 405).",
            _ALLOW_PREFLIGHTS,
        ),
        Cause(
            "The CORS middleware refuses the method, a header or the origin, and says so with the status.",
            "Look at the body of the response. Allow what it names.",
        ),
        Cause(
            "The application fails before the CORS middleware answers (500, 502, 503).",
            "Look at the log of the server.",
        ),
    ),
    "allow-methods-invalid": _OF_LISTS,
    "allow-headers-invalid": _OF_LISTS,
    "method-not-allowed": (
        Cause("The server does not list the method.", "Add it to the allowed methods."),
        Cause(
            "The method is in lower case: browsers do not change patch to upper case, and methods are"
            " case-sensitive.",
            "Write PATCH in the script.",
        ),
        Cause(
            "The list is *, and the request has credentials: * is not a wildcard then.",
            "List the methods.",
        ),
    ),
    "header-not-allowed": (
        Cause(
            "The server does not list a header that the script sets, such as Authorization or Content-Type.",
            "Add it to the allowed headers.",
        ),
        Cause(
            "The list is *, and the request has credentials: * is not a wildcard then.",
            "List the headers.",
        ),
        Cause(
            "The script sets a header of responses, such as Access-Control-Allow-Origin.",
            "Remove it from the script. The server sends it.",
        ),
        Cause(
            "A library or a tool adds the header: error tracking, tracing, a tunnel.",
            "Allow it, or turn it off for this server.",
        ),
    ),
    "redirect-with-credentials-in-url": (
        Cause("The Location header has user:password@.", "Redirect to a URL without them."),
    ),
    "content-security-policy": (
        Cause(
            "The policy of the page does not list the API.",
            "Add the origin of the API to connect-src, where the page gets its Content-Security-Policy from:"
            " its server, a proxy, or a meta element.",
        ),
    ),
    "cross-origin-resource-policy": (
        Cause(
            'The page fetches in the mode "no-cors", or without the attribute crossorigin.',
            "Use CORS, or send Cross-Origin-Resource-Policy: cross-origin.",
        ),
        Cause(
            "The page has Cross-Origin-Embedder-Policy, and the response has neither policy.",
            "Send Cross-Origin-Resource-Policy: cross-origin.",
        ),
    ),
    "local-network-access": (
        Cause(
            "The user or an administrator has not given the permission.",
            "Allow it for the site, in the settings of the browser, or with the policy"
            " LocalNetworkAccessAllowedForUrls. No header of the server can.",
        ),
        Cause(
            "The page is not a secure context (http), or it is in a frame without the permission.",
            'Serve the page over https. A frame needs the attribute allow="loopback-network; local-network".',
        ),
        Cause(
            "A public page should not call this machine, but its configuration names localhost.",
            "Write the public address of the API in the configuration of the page.",
        ),
    ),
    "mixed-content": (
        Cause("The configuration of the page names the API with http.", "Serve the API over https."),
    ),
    "mode-same-origin": (Cause('The script has mode: "same-origin".', "Remove it, so that CORS applies."),),
    "no-response": (
        Cause("The server does not run, or not on this port.", "Open the URL in a tab of the same browser."),
        Cause(
            "The certificate is not valid, or the browser does not trust it.",
            "Open the URL in a tab, and look at the certificate.",
        ),
        Cause(
            "The request failed for another reason, which another line of the console has.",
            "Look at the line above. Firefox has this one after each preflight that fails.",
        ),
        Cause("An extension or a tracking protection blocks it.", "Try a private window without extensions."),
    ),
    "not-http": (
        Cause(
            "The page or the URL is a file (file://).",
            "Serve both over http: python -m http.server.",
        ),
        Cause("The URL lacks http:// or https://.", "Write it: http://localhost:8000, not localhost:8000."),
        Cause("The server redirects to another scheme.", "Redirect to http or https."),
    ),
    "opaque-response-blocking": (
        Cause(
            "The response is an error page, a login page or JSON, and the element needs an image, a video or"
            " a script.",
            "Open the URL in a tab, and look at what the server sends.",
        ),
        Cause(
            "The Content-Type is wrong, and the response has X-Content-Type-Options: nosniff.",
            "Send the right Content-Type, such as image/png.",
        ),
        Cause("The page wants to read data.", "Use fetch with CORS, not an element."),
    ),
}
