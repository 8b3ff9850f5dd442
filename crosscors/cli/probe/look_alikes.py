"""Look-alikes: origins that a careless comparison takes for a trusted one, each with the mistake it shows.

Only origins that a browser can send are tried. ``testing.urls`` decides that, as the URL standard does.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass

from crosscors.core.origins.public_suffixes import public_suffix_list
from crosscors.testing.sites import is_ip_address, is_loopback
from crosscors.testing.urls import URL, parse

# Nobody can register these names: RFC 2606, section 2.
_FOREIGN, _ALSO_FOREIGN = "evil.example", "stranger.example"
_LETTER = "x"
# A host of seven labels is longer than any that needs more dots tried.
_MAX_DOTS = 6
_MAX_PORT = 65535
# Letters, digits, dots and hyphens make names. Of the other characters in ASCII, hosts cannot contain the
# "forbidden domain code points" of the URL standard.
_SPECIAL = "".join(character for character in string.punctuation if character not in ".%/:<>?@[\\]^|#")


@dataclass(frozen=True)
class LookAlike:
    """An origin, and the code of the finding if a page of it is let in.

    ``unless`` are origins that are let in for another reason if the server is that careless: where one of
    them is let in, this look-alike proves nothing.
    """

    origin: str
    code: str
    unless: tuple[str, ...] = ()


def strangers(origin: str) -> tuple[str, ...]:
    """Origins that have nothing to do with that origin. If one of them is let in, any origin is."""
    trusted = parse(origin)
    host = _FOREIGN if not trusted.host.endswith(_FOREIGN) else _ALSO_FOREIGN
    return tuple(f"{scheme}://{host}" for scheme in dict.fromkeys(("https", trusted.scheme)))


def look_alikes(origin: str) -> tuple[LookAlike, ...]:
    """All look-alikes of an origin of http or https, without those that no browser sends.

    >>> [each.origin for each in look_alikes("http://localhost:8000") if each.code == "any-subdomain"]
    ['http://evil.localhost:8000']
    """
    trusted = parse(origin)
    found: dict[str, LookAlike] = {}
    for each in (*_names(trusted), *_other_parts(trusted)):
        if each.origin != origin and _can_be_sent(each.origin):
            found.setdefault(each.origin, each)
    return tuple(found.values())


def _names(trusted: URL) -> Iterator[LookAlike]:
    """Other host names."""
    host = trusted.host
    domain = host if is_ip_address(host) else public_suffix_list().site(host)

    def at(name: str) -> str:
        return _with_host(trusted, name)

    label, _, parent = host.partition(".")
    beside, before_domain = at(f"evil.{domain}"), at(f"evil{domain}")
    siblings = (beside,) if domain == host else (beside, at(f"evil.{parent}"))
    yield LookAlike(at(f"{host}.{_FOREIGN}"), "origin-prefix-match")
    yield LookAlike(before_domain, "origin-suffix-match")
    # Such a name is below the domain, too.
    yield LookAlike(at(f"evil{host}"), "origin-suffix-match", siblings)
    yield LookAlike(at(f"evil{domain}.{_FOREIGN}"), "origin-substring-match")
    yield LookAlike(at(f"evil{host}.{_FOREIGN}"), "origin-substring-match", siblings)
    same_label = at(f"{label}.{_FOREIGN}")
    if domain != host:
        yield LookAlike(same_label, "origin-prefix-match")
    # Parts of the trusted origin, for servers that look for the origin in the text of their list.
    yield LookAlike(at(domain[1:]), "origin-substring-match", unless=(before_domain,))
    shorter_port = (_at_other_port(trusted),) if trusted.port else ()
    yield LookAlike(trusted.origin[:-1], "origin-substring-match", unless=(same_label, *shorter_port))
    yield from _dots(trusted, domain, siblings, same_label)
    for sibling in siblings:
        yield LookAlike(sibling, "any-subdomain")
    yield LookAlike(at(f"evil.{host}"), "any-subdomain")
    after_host = at(f"{host}.{_FOREIGN}")
    for character in _SPECIAL:
        yield LookAlike(at(f"{host}{character}.{_FOREIGN}"), "special-characters", unless=(after_host,))


def _dots(trusted: URL, domain: str, siblings: tuple[str, ...], same_label: str) -> Iterator[LookAlike]:
    host = trusted.host
    if is_ip_address(host):
        return
    dots = [place for place, character in enumerate(host) if character == "."][-_MAX_DOTS:]
    for place in dots:
        rest = host[place + 1 :]
        # "appxexample.com" also ends like "example.com".
        ends_alike = _with_host(trusted, f"evil{rest}")
        if "." in rest:
            yield LookAlike(ends_alike, "origin-suffix-match", siblings)
        name = f"{host[:place]}{_LETTER}{rest}"
        yield LookAlike(_with_host(trusted, name), "unescaped-dot", (ends_alike, same_label, *siblings))
    # The dot of a pattern for sub-domains.
    before_domain = _with_host(trusted, f"evil{domain}")
    yield LookAlike(_with_host(trusted, f"{_LETTER}{domain}"), "unescaped-dot", (before_domain,))


def _other_parts(trusted: URL) -> Iterator[LookAlike]:
    """Another port, another scheme."""
    # Such an origin begins like the trusted one, too.
    begins_alike = _with_host(trusted, f"{trusted.host}.{_FOREIGN}")
    yield LookAlike(_at_other_port(trusted), "any-port", unless=(begins_alike,))
    if trusted.port is not None and trusted.port * 10 + 1 <= _MAX_PORT:
        yield LookAlike(f"{trusted.origin}1", "origin-prefix-match", unless=(_at_other_port(trusted),))
    if trusted.scheme == "https" and not is_loopback(trusted.host):
        yield LookAlike(trusted.origin.replace("https", "http", 1), "insecure-origin-trusted")


def _at_other_port(trusted: URL) -> str:
    port = 8443 if trusted.port != 8443 else 9443  # noqa: PLR2004 (any port does)
    return f"{trusted.scheme}://{trusted.host}:{port}"


def _with_host(trusted: URL, host: str) -> str:
    return f"{trusted.scheme}://{host}" + ("" if trusted.port is None else f":{trusted.port}")


def _can_be_sent(origin: str) -> bool:
    try:
        return parse(origin).origin == origin
    except ValueError:
        return False
