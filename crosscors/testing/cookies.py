"""The cookies of a browser: which of them a request carries, and which a response may set.

Section numbers are those of RFC 6265bis (draft-ietf-httpbis-rfc6265bis). http.cookiejar follows older RFCs,
which have no SameSite, no prefixes and no public suffixes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from math import inf
from typing import TYPE_CHECKING, Literal

from crosscors.testing.sites import is_ip_address, is_public_suffix, is_secure

if TYPE_CHECKING:
    from crosscors.testing.engines import Engine
    from crosscors.testing.exchange import ReceivedResponse
    from crosscors.testing.urls import URL

SameSite = Literal["none", "lax", "strict", "default"]
# Where a request comes from: a page of the same site; from another site, a link or form that leads the user
# here, with GET or with POST; or anything else from another site (section 5.2).
Context = Literal["same-site", "navigation", "form-post", "cross-site"]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_AGE = re.compile("-?[0-9]+")
_LONGEST_PAIR = 4096  # bytes, name and value
_FRESH = 120  # seconds (section 5.6.7.2)
_SAME_SITES: dict[str, SameSite] = {"none": "none", "lax": "lax", "strict": "strict"}


@dataclass(frozen=True)
class Cookie:
    """A cookie as it is stored (section 5.7), or as a test has put it into its client."""

    name: str
    value: str
    domain: str  # "": the host of the client's server
    host_only: bool = True
    path: str = "/"
    secure: bool = False
    same_site: SameSite = "default"
    lifetime: float | None = None  # seconds; None: until the browser is closed

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """What identifies a cookie: a later one with the same key replaces it."""
        return self.name, self.domain, self.host_only, self.path

    def is_for(self, url: URL) -> bool:
        """Whether host and path allow the cookie on requests for the URL (section 5.8.3)."""
        host_matches = url.host == self.domain if self.host_only else _domain_matches(url.host, self.domain)
        return host_matches and _path_matches(url.path, self.path)


class CookieStore:
    """The cookies of a browser, shared by all its pages."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._cookies: dict[tuple[str, str, bool, str], Cookie] = {}
        self._ends: dict[tuple[str, str, bool, str], float] = {}
        self._set_at: dict[tuple[str, str, bool, str], float] = {}
        self._taken_over: dict[URL, list[Cookie]] = {}

    def header(self, url: URL, context: Context) -> tuple[str | None, tuple[str, ...]]:
        """The Cookie header for a request of a page, and a note about each cookie that is not sent."""
        matching = [cookie for cookie in self._live() if cookie.is_for(url)]
        matching.sort(key=lambda cookie: len(cookie.path), reverse=True)
        objections = [(cookie, self._objection(cookie, url, context)) for cookie in matching]
        sent = [cookie for cookie, objection in objections if objection is None]
        pairs = [f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in sent]
        notes = (f"the cookie {cookie.name} was not sent: {why}" for cookie, why in objections if why)
        return "; ".join(pairs) or None, tuple(notes)

    def store(self, url: URL, response: ReceivedResponse, context: Context) -> tuple[str, ...]:
        """Stores the cookies of Set-Cookie. Returns a note about each one that a browser would not store."""
        notes: list[str] = []
        for name, value in response.headers:
            cookie = read_set_cookie(value, url) if name.lower() == "set-cookie" else None
            if name.lower() == "set-cookie" and cookie is None:
                notes.append(
                    f"Set-Cookie: {value[:40]} was not kept: its Domain, name or syntax is not allowed"
                )
            if cookie is None or self._would_hide_a_secure_one(cookie, url):
                continue
            objection = self._objection_to_keeping(cookie, url, context)
            if objection is None:
                self._put(cookie)
            else:
                notes.append(f"the cookie {cookie.name} was not set: {objection}")
        return tuple(notes)

    def take_over(self, url: URL, cookies: Iterable[Cookie]) -> None:
        """Copies what a test has changed in its client's cookies. All other cookies stay as they are."""
        now = [cookie if cookie.domain else replace(cookie, domain=url.host) for cookie in cookies]
        before = self._taken_over.get(url, [])
        for cookie in before:
            if cookie not in now and self._cookies.get(cookie.key) == cookie:
                del self._cookies[cookie.key]
        for cookie in now:
            if cookie not in before:
                self._put(cookie)
        self._taken_over[url] = now

    def _put(self, cookie: Cookie) -> None:
        self._cookies[cookie.key] = cookie
        self._set_at[cookie.key] = self._clock()
        self._ends[cookie.key] = inf if cookie.lifetime is None else self._clock() + cookie.lifetime

    def _live(self) -> list[Cookie]:
        now = self._clock()
        return [cookie for key, cookie in self._cookies.items() if self._ends[key] > now]

    def _would_hide_a_secure_one(self, cookie: Cookie, url: URL) -> bool:
        """Without TLS, no cookie may replace a Secure cookie (section 5.7, step 15)."""
        return not is_secure(url) and any(
            other.secure
            and other.name == cookie.name
            and (_domain_matches(other.domain, cookie.domain) or _domain_matches(cookie.domain, other.domain))
            and _path_matches(cookie.path, other.path)
            for other in self._live()
        )

    def _objection_to_keeping(self, cookie: Cookie, url: URL, context: Context) -> str | None:
        """Why a response may not set the cookie (section 5.7)."""
        if context != "cross-site":  # where the user sees the response, the site is the user's choice
            return self._objection(cookie, url, "same-site")
        if self._engine.does("third-party-cookies-are-blocked"):
            return f"{url.host} is not on the page's site"
        return self._objection(cookie, url, context)

    def _objection(self, cookie: Cookie, url: URL, context: Context) -> str | None:
        """Why a request may not send the cookie (section 5.8.3)."""
        if cookie.secure and not is_secure(url):
            return "Secure needs https"
        if cookie.same_site == "none":
            return None if cookie.secure else "SameSite=None needs Secure"
        if context == "same-site" or (context == "navigation" and cookie.same_site != "strict"):
            return None
        if cookie.same_site == "default" and self._is_sent_anyway(cookie, context):
            return None
        stated = (
            "without SameSite it counts as Lax"
            if cookie.same_site == "default"
            else f"it is SameSite={cookie.same_site.title()}"
        )
        return f"{stated}, and {url.host} is not on the page's site; it needs SameSite=None; Secure"

    def _is_sent_anyway(self, cookie: Cookie, context: Context) -> bool:
        """Whether the engine sends a cookie without SameSite where Lax ones are not sent."""
        if self._engine.does("cookies-default-to-samesite-none"):
            return True
        if context != "form-post" or not self._engine.does("form-posts-send-fresh-cookies"):
            return False
        return self._clock() - self._set_at[cookie.key] <= _FRESH


def read_set_cookie(value: str, url: URL) -> Cookie | None:
    """The cookie that a Set-Cookie header sets, or None (sections 5.6 and 5.7)."""
    pair, *rest = value.split(";")
    name, equals, text = (part.strip(" \t") for part in pair.partition("="))
    if not equals:
        name, text = "", name
    if not (name or text) or len(name) + len(text) > _LONGEST_PAIR or _CONTROL.search(value):
        return None
    attributes = dict(_attribute(each) for each in rest)
    domain = attributes.get("domain", "").removeprefix(".").lower()
    if domain and is_public_suffix(domain):
        if domain != url.host:
            return None
        domain = ""
    if domain and not _domain_matches(url.host, domain):
        return None
    path = attributes.get("path", "")
    cookie = Cookie(
        name,
        text,
        domain=domain or url.host,
        host_only=not domain,
        path=path if path.startswith("/") else _default_path(url.path),
        secure="secure" in attributes,
        same_site=read_same_site(attributes.get("samesite")),
        lifetime=_lifetime(attributes),
    )
    return cookie if _honours_prefix(cookie, "path" in attributes) else None


def _attribute(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(" \t").lower(), value.strip(" \t")


def read_same_site(value: str | None) -> SameSite:
    """The value of the attribute SameSite, in any case (section 5.6.7)."""
    return _SAME_SITES.get((value or "").lower(), "default")


def _honours_prefix(cookie: Cookie, has_path: bool) -> bool:
    """Whether the cookie keeps the promise of a name __Secure-... or __Host-... (section 4.1.3)."""
    prefixed = (cookie.name or cookie.value).lower()
    if prefixed.startswith("__host-"):
        return bool(cookie.name) and cookie.secure and cookie.host_only and has_path and cookie.path == "/"
    return not prefixed.startswith("__secure-") or (bool(cookie.name) and cookie.secure)


def _lifetime(attributes: dict[str, str]) -> float | None:
    """How long the cookie is kept. Max-Age overrides Expires (section 5.7, step 3)."""
    max_age = attributes.get("max-age", "")
    if _MAX_AGE.fullmatch(max_age):
        return float(max_age)  # unlike int(), accepts any number of digits
    try:
        return parsedate_to_datetime(attributes.get("expires", "")).timestamp() - time.time()
    except (OverflowError, TypeError, ValueError):
        return None


def _default_path(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _path_matches(path: str, cookie_path: str) -> bool:
    return path == cookie_path or path.startswith(cookie_path.rstrip("/") + "/")


def _domain_matches(host: str, domain: str) -> bool:
    return host == domain or (host.endswith(f".{domain}") and not is_ip_address(host))
