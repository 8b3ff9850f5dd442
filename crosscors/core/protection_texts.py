"""What the refusals of the cross-origin protection say: what happened, and what to write.

The values of each are the origin (empty if there was none) and Host, except for ``host-not-allowed``, whose
only value is Host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crosscors.core.errors import shown
from crosscors.core.origins.dangers import is_insecure
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.serialized import NULL, split
from crosscors.core.words import Words

_Values = tuple[str, ...]


def _page(values: _Values) -> str:
    return f"the page at {shown(values[0])}" if values[0] else "a page that does not name its origin"


MESSAGES: Mapping[str, Callable[[_Values], str]] = {
    "cross-site-request": lambda values: f"{_page(values)} is on another site, and may not write here",
    "same-site-request": lambda values: f"{_page(values)} has another origin, and may not write here",
    "origin-not-own": lambda values: (
        f"{_page(values)} may not write here, because Host says that this server is {shown(values[1])}"
    ),
    "null-origin-no-metadata": lambda _: (
        "the origin is null, and the browser does not say where the page is from"
    ),
    "navigation-not-trusted": lambda values: (
        f"{_page(values)} posted a form, but the policy gives it no credentials"
    ),
    "credentials-not-allowed": lambda values: (
        f"{_page(values)} sent cookies or a password, but the policy gives it no credentials"
    ),
    "websocket-origin": lambda values: f"{_page(values)} may not open a WebSocket here",
    "host-not-allowed": lambda values: (
        f"the host {shown(values[0])} is not one of allowed_hosts"
        if values[0]
        else "Host is missing, so it is not one of allowed_hosts"
    ),
}


def _to_trust(values: _Values, words: Words, unless: str = "") -> str:
    """What lets the page write."""
    origin = values[0]
    if not origin or origin == NULL or not is_entry(origin):
        return (
            "Pages without an origin of their own are never trusted. If this path takes requests from every "
            "site, write CrossOriginProtection(exempt=[...]) with the path."
        )
    trusted = f'CrossOriginProtection(trusted_origins=["{origin}"])'
    scheme, host, _ = split(origin)
    if is_insecure(scheme, host):
        return f"If the page is yours, serve it over https{unless}, or write {trusted}."
    credentials = words.setting("allow_credentials", f'["{origin}"]')
    return f"If the page is yours, write {trusted}{unless}, or give it credentials: {credentials}."


def _cross_origin_hint(values: _Values, words: Words) -> str:
    return _to_trust(values, words)


def _not_own_hint(values: _Values, words: Words) -> str:
    own = f'"{values[0]}"' if is_entry(values[0]) and values[0] != NULL else "..."
    return (
        "If it is a page of this server, a proxy changes Host. Let it pass Host on (nginx: proxy_set_header "
        f"Host $http_host), or write CrossOriginProtection(own_origins=[{own}]). {_to_trust(values, words)}"
    )


def _websocket_hint(values: _Values, words: Words) -> str:
    return _not_own_hint(values, words)


def _null_hint(_values: _Values, _words: Words) -> str:
    return (
        "If it is a page of this server, it has Referrer-Policy: no-referrer, and is not served over https. "
        "Serve it over https, or send Referrer-Policy: same-origin."
    )


def _navigation_hint(values: _Values, words: Words) -> str:
    return (
        "Such a form can sign the user in as somebody else. If other sites post forms to this path (SAML, "
        f"payments), write CrossOriginProtection(exempt=[...]) with the path. {_to_trust(values, words)}"
    )


def _credentials_hint(values: _Values, words: Words) -> str:
    return _to_trust(values, words, ' or leave credentials: "include" out of fetch(...)')


def _host_hint(values: _Values, _words: Words) -> str:
    name = values[0]
    if not name:
        return "Every browser sends Host. A health check may not."
    return (
        f"If browsers reach this server by that name, add {shown(name)} to allowed_hosts. If they do not, a "
        "page may be attacking this server by DNS rebinding."
    )


HINTS: Mapping[str, Callable[[_Values, Words], str]] = {
    "cross-site-request": _cross_origin_hint,
    "same-site-request": _cross_origin_hint,
    "origin-not-own": _not_own_hint,
    "null-origin-no-metadata": _null_hint,
    "navigation-not-trusted": _navigation_hint,
    "credentials-not-allowed": _credentials_hint,
    "websocket-origin": _websocket_hint,
    "host-not-allowed": _host_hint,
}
