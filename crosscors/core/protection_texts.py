"""What the refusals of the cross-origin protection say: what happened, and what to write.

The first value of a refusal is the origin; empty if there was none. The second one is Host, if that was
compared with the origin. If ``own_origins`` was compared instead, that is what is allowed. The only value of
``host-not-allowed`` is Host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from crosscors.core.errors import shown
from crosscors.core.hosts import parse_host
from crosscors.core.origins.dangers import ORIGINS_OF_ANYBODY, is_insecure
from crosscors.core.origins.serialized import NULL, is_serialized_origin, split
from crosscors.core.words import Words

if TYPE_CHECKING:
    from crosscors.core.refusal import Refusal


class Given(NamedTuple):
    """What the developer has written already. Whoever follows a hint must not lose it.

    Attributes:
        options: the options of the protection, without ``report_only``.
        report_only: whether it only reports.
        credentials: ``allow_credentials`` of the policy that covers the path; None if none does.
    """

    options: tuple[str, ...]
    report_only: bool
    credentials: bool | tuple[str, ...] | None

    def with_origins(self, option: str, *origins: str) -> str:
        """What to do so that an option of the protection has these origins, too."""
        quoted = ", ".join(f'"{origin}"' for origin in origins)
        if option in self.options:
            return f"add {quoted} to {option}"
        if self.options:
            return f"add {option}=[{quoted}] to CrossOriginProtection"
        report = "report_only=True, " if self.report_only else ""
        return f"write CrossOriginProtection({report}{option}=[{quoted}])"

    def with_credentials(self, origin: str, words: Words) -> str:
        """What to do so that the policy of the path gives the origin credentials."""
        if self.credentials is True:
            return f'add "{origin}" to {words.name("allow_origins")}'
        if self.credentials:
            return f'add "{origin}" to {words.name("allow_credentials")}'
        setting = words.setting("allow_credentials", f'["{origin}"]')
        if self.credentials is None:
            return f"let a policy cover this path and give it credentials: {setting}"
        return f"give it credentials: {setting}"


NOTHING_GIVEN = Given((), False, False)


def _page(refusal: Refusal) -> str:
    origin = refusal.values[0]
    if not origin:
        return "a page that does not name its origin"
    return "a page whose origin is null" if origin == NULL else f"the page at {shown(origin)}"


def _not_own(refusal: Refusal) -> str:
    if refusal.allowed:
        return f"{_page(refusal)} may not write here, because it is not one of own_origins"
    host = refusal.values[1]
    why = f"Host says that this server is {shown(host)}" if host else "the request has no Host"
    return f"{_page(refusal)} may not write here, because {why}"


def _host_not_allowed(refusal: Refusal) -> str:
    host = refusal.values[0]
    if not host:
        return "Host is missing, so it is not one of allowed_hosts"
    return f"the host {shown(host)} is not one of allowed_hosts"


MESSAGES: Mapping[str, Callable[[Refusal], str]] = {
    "cross-site-request": lambda refusal: f"{_page(refusal)} is on another site, and may not write here",
    "same-site-request": lambda refusal: f"{_page(refusal)} has another origin, and may not write here",
    "origin-not-own": _not_own,
    "null-origin-no-metadata": lambda _: (
        "the origin is null, and the browser does not say where the page is from"
    ),
    "navigation-not-trusted": lambda refusal: (
        f"{_page(refusal)} posted a form, but the policy gives it no credentials"
    ),
    "credentials-not-allowed": lambda refusal: (
        f"{_page(refusal)} sent cookies or a password, but the policy gives it no credentials"
    ),
    "websocket-origin": lambda refusal: f"{_page(refusal)} may not open a WebSocket here",
    "host-not-allowed": _host_not_allowed,
}


def _is_of_a_page(origin: str) -> bool:
    """Whether it is an origin that some page has for itself. What is not, must not be written in a hint."""
    return is_serialized_origin(origin) and origin not in ORIGINS_OF_ANYBODY


def _to_trust(refusal: Refusal, words: Words) -> str:
    """What lets the page write."""
    origin = refusal.values[0]
    if not origin or origin in ORIGINS_OF_ANYBODY:
        return (
            "Pages without an origin of their own are never trusted. If this path takes requests from every "
            "site, write CrossOriginProtection(exempt=[...]) with the path."
        )
    if "," in origin:
        return "A browser sends one origin. A proxy may have joined two Origin headers."
    if not _is_of_a_page(origin):
        return "No browser sends this as Origin."
    to_trust = refusal.given.with_origins("trusted_origins", origin)
    scheme, host, _ = split(origin)
    if is_insecure(scheme, host):
        return f"If the page is yours, serve it over https, or {to_trust}."
    return f"If the page is yours, {to_trust}, or {refusal.given.with_credentials(origin, words)}."


def _not_own_hint(refusal: Refusal, words: Words) -> str:
    origin, *compared = refusal.values
    to_trust = _to_trust(refusal, words)
    if not _is_of_a_page(origin) or not (compared or refusal.allowed):
        return to_trust
    to_own = refusal.given.with_origins("own_origins", origin)
    if refusal.allowed:
        return f"If it is a page of this server, {to_own}. {to_trust}"
    return (
        "If it is a page of this server, a proxy changes Host. Let it pass Host on (nginx: proxy_set_header "
        f"Host $http_host), or {to_own}. {to_trust}"
    )


def _null_hint(_refusal: Refusal, _words: Words) -> str:
    return (
        "If it is a page of this server, it has Referrer-Policy: no-referrer, and is not served over https. "
        "Serve it over https, or send Referrer-Policy: same-origin."
    )


def _navigation_hint(refusal: Refusal, words: Words) -> str:
    return (
        "Such a form can sign the user in as somebody else. If other sites post forms to this path (SAML, "
        f"payments), write CrossOriginProtection(exempt=[...]) with the path. {_to_trust(refusal, words)}"
    )


def _credentials_hint(refusal: Refusal, words: Words) -> str:
    return (
        'If the page does not need them, leave credentials: "include" out of fetch(...). '
        f"{_to_trust(refusal, words)}"
    )


def _host_hint(refusal: Refusal, _words: Words) -> str:
    host = refusal.values[0]
    if not host:
        return "Every browser sends Host. A health check may not."
    if parse_host(host) is None:
        return "No browser sends this as Host. A proxy may have joined two Host headers."
    return (
        f"If browsers reach this server by that name, add {shown(host)} to allowed_hosts. If they do not, a "
        "page may be attacking this server by DNS rebinding."
    )


HINTS: Mapping[str, Callable[[Refusal, Words], str]] = {
    "cross-site-request": _to_trust,
    "same-site-request": _to_trust,
    "origin-not-own": _not_own_hint,
    "null-origin-no-metadata": _null_hint,
    "navigation-not-trusted": _navigation_hint,
    "credentials-not-allowed": _credentials_hint,
    "websocket-origin": _not_own_hint,
    "host-not-allowed": _host_hint,
}
