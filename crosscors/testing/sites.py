"""Sites: which hosts belong together, and which of them may receive secrets."""

from __future__ import annotations

import ipaddress
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from crosscors.testing.urls import parse

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

    from crosscors.testing.urls import URL


def is_cross_site(origin: str, url: URL) -> bool:
    """Whether a page of that origin and the URL belong to different sites (HTML, "same site")."""
    if origin in {"null", "file://"}:
        return True
    page = parse(origin)
    return page.scheme != url.scheme or _registrable_domain(page.host) != _registrable_domain(url.host)


def is_cross_site_redirect(origin: str, urls: list[URL]) -> bool:
    """Whether another site has redirected the request (Fetch, "redirect-taint": "cross-site")."""
    return any(
        is_cross_site(last.origin, url) and is_cross_site(origin, last) for last, url in pairwise(urls)
    )


def is_secure(url: URL) -> bool:
    """Whether the URL is potentially trustworthy (Secure Contexts, section 3.1): https, or this machine."""
    return url.scheme == "https" or is_loopback(url.host)


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_ip_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback


def is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_public_suffix(domain: str) -> bool:
    """Whether anyone can register names below the domain: co.uk, github.io."""
    return not is_ip_address(domain) and _public_suffixes().is_public(domain)


def _registrable_domain(host: str) -> str:
    if is_ip_address(host) or "." not in host:
        return host
    return _public_suffixes().privatesuffix(host) or host


@cache  # reading the list takes a while
def _public_suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 (most browsers in tests have no cookies)

    return PublicSuffixList()
