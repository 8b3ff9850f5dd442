"""What is not safe together with credentials, and what is said about it.

Where an answer depends on the reader's cookies, an origin that an attacker can pose as, or come
from, is a hole: it reads and acts in the name of the signed-in user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from publicsuffixlist import PublicSuffixList

from crosscors.core.errors import Problem, shown
from crosscors.core.origins import ANY, APP_SCHEMES, DEFAULT_PORTS, NULL, is_entry, is_loopback, split

INSECURE_ORIGINS = "insecure-origins"
NULL_ORIGIN = "null-origin"
PUBLIC_SUFFIX_SUBDOMAINS = "public-suffix-subdomains"
DANGERS = (INSECURE_ORIGINS, NULL_ORIGIN, PUBLIC_SUFFIX_SUBDOMAINS)

# Sites that have nothing in common but being on the web, under suffixes that anyone can register at.
_SUFFIXES = ("com", "org", "net", "io", "dev", "co.uk", "github.io", "vercel.app", "netlify.app", "pages.dev")
_UNRELATED_SITES = (
    *("https://unrelated.{}", "https://www.unrelated.{}", "https://evil.{}", "https://x1-y2.{}"),
    *("https://unrelated.{}:8443", "http://unrelated.{}", "http://unrelated.{}:8080"),
)
# A name in a regular expression, its dots escaped or not; and what follows an escaped dot.
_NAME = re.compile(r"(?<![a-z0-9-])[a-z0-9][a-z0-9-]*(?:\\?\.[a-z0-9-]+)+")
_TAIL = re.compile(r"\\\.([a-z0-9-]+(?:\\\.[a-z0-9-]+)*)")
_ALTERNATIVES = re.compile(r"\((?:\?:)?([^()|]*)\|[^()]*\)")
# A repeat of what ends in a repeat, as in ([a-z]+\.?)+, takes time exponential in the length not to match.
_NESTED_REPEAT = re.compile(r"[+*](?:\\?.\?)?\)[+*{]")
_ESCAPED_DOT = r"\."
_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


def entry_problems(option: str, entry: str, dangers: tuple[str, ...]) -> Iterator[Problem]:
    """The problems of a well-formed entry that gets credentials, less those that are accepted."""
    if entry == ANY:
        message = (
            'browsers refuse "*" together with credentials; a server that sends the caller\'s origin instead '
            "lets every site on the web act in the name of your signed-in users."
        )
        hint = (
            'List the origins that need credentials: allow_credentials=["https://app.example.com"]; '
            'allow_origins="*" may stay for all others, without.'
        )
        yield Problem("wildcard-with-credentials", option, entry, message, hint)
        return
    if entry == NULL:
        if NULL_ORIGIN not in dangers:
            message = '"null" with credentials: any site can send it, from a sandboxed frame.'
            yield Problem(
                "null-with-credentials", option, entry, message, _opt_in("Leave it out", NULL_ORIGIN)
            )
        return
    scheme, host, _ = split(entry)
    mended = _mended(entry)
    if INSECURE_ORIGINS not in dangers and is_insecure(scheme, host):
        message = f"{shown(entry)} with credentials: whoever controls the network can act in its name."
        hint = _opt_in(f'Write "{mended}"' if mended else "Use https", INSECURE_ORIGINS)
        yield Problem("insecure-origin-with-credentials", option, entry, message, hint)
    if PUBLIC_SUFFIX_SUBDOMAINS not in dangers and _is_on_public_suffix(scheme, host):
        domain = host.removeprefix("*.")
        message = f"{shown(entry)} with credentials: names under {domain} belong to many owners."
        instead = "Write your own domain" + (f', such as "{mended}"' if mended else "")
        yield Problem(
            "public-suffix-with-credentials",
            option,
            entry,
            message,
            _opt_in(instead, PUBLIC_SUFFIX_SUBDOMAINS),
        )


def _mended(entry: str) -> str | None:
    """The entry over https and with a domain of its own; None if that makes no sense."""
    scheme, host, port = split(entry)
    if scheme == "http" and is_insecure(scheme, host):
        scheme, port = "https", port if port != f":{DEFAULT_PORTS['https']}" else ""
    if _is_on_public_suffix(scheme, host):
        host = f"*.example.{host.removeprefix('*.').removesuffix('.')}"
    mended = f"{scheme}://{host}{port}"
    is_safe = is_entry(mended) and not is_insecure(scheme, host) and not _is_on_public_suffix(scheme, host)
    return mended if is_safe else None


def _opt_in(instead: str, danger: str) -> str:
    return f'{instead}, or accept the danger with dangerously_allow=["{danger}"].'


def is_insecure(scheme: str, host: str) -> bool:
    """Whether someone on the network could pose as this origin.

    Secure Contexts, "Is origin potentially trustworthy?".
    """
    return scheme != "https" and scheme not in APP_SCHEMES and not is_loopback(host.removeprefix("*."))


def _is_on_public_suffix(scheme: str, host: str) -> bool:
    """Whether the host is a pattern for names that anyone can register."""
    domain = host.removeprefix("*.").removesuffix(".")
    if domain == host.removesuffix(".") or scheme in APP_SCHEMES or is_loopback(domain):
        return False
    return _public_suffix_list().is_public(domain)


@cache
def _public_suffix_list() -> PublicSuffixList:
    # Reading the list takes some 50 ms, so it waits for the first pattern or expression with credentials.
    return PublicSuffixList()


def regex_problems(regex: re.Pattern[str], dangers: tuple[str, ...]) -> Iterator[Problem]:
    """The problem of an expression that gets credentials and matches origins it surely was not meant to.

    A net, not a proof: it tries sites under well-known suffixes, and sites that attackers derive from the
    names in the expression.
    """
    pattern = _ALTERNATIVES.sub(r"\1", regex.pattern)
    suffixes = dict.fromkeys((*_SUFFIXES, *_public_suffixes_in(pattern)))
    matched = [
        next(filter(regex.fullmatch, (site.format(suffix) for site in _UNRELATED_SITES)), None)
        for suffix in suffixes
    ]
    unrelated = [origin for origin in matched if origin is not None]
    # A match under one suffix only may be meant, as with a pattern; matches under two are the whole web.
    if len(unrelated) == 1 and PUBLIC_SUFFIX_SUBDOMAINS in dangers:
        unrelated = []
    if not _NESTED_REPEAT.search(pattern):  # for look-alikes are as long as the names in the expression
        unrelated += filter(regex.fullmatch, _look_alikes(pattern))
    if unrelated:
        message = f"{shown(regex.pattern)} with credentials matches unrelated sites such as {unrelated[0]}."
        hint = r'Name your domain, with a backslash before each dot: r"https://[a-z0-9-]+\.example\.com".'
        yield Problem("wildcard-with-credentials", "allow_origin_regex", regex.pattern, message, hint)


def _public_suffixes_in(pattern: str) -> Iterator[str]:
    for tail in _TAIL.findall(pattern):
        suffix = tail.replace(_ESCAPED_DOT, ".")
        if _public_suffix_list().is_public(suffix):
            yield suffix


def _look_alikes(pattern: str) -> Iterator[str]:
    """Sites that expressions match which lack a backslash, or an end, or a beginning."""
    for written in _NAME.findall(pattern):
        name = written.replace(_ESCAPED_DOT, ".")
        yield f"https://unrelated{name}"
        yield f"https://{name}.evil.com"
        yield f"https://any.{name}.evil.com"
        if _UNESCAPED_DOT.search(written):
            yield "https://" + _UNESCAPED_DOT.sub("x", written, count=1).replace(_ESCAPED_DOT, ".")
