"""Advice: what is right and safe to start with, but could be better."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from crosscors.cli.check.checked import advised
from crosscors.cli.check.sentences import duration
from crosscors.core.errors import Problem
from crosscors.core.origins.dangers import is_insecure
from crosscors.core.origins.public_suffixes import SuffixListError, public_suffix_list
from crosscors.core.origins.serialized import is_loopback, split
from crosscors.core.policy import CORSPolicy, words_of
from crosscors.core.values import ANY
from crosscors.core.words import Words

#: For how many seconds the engines keep a preflight at most.
CHROMIUM, FIREFOX, WEBKIT = 7200, 86400, 600

_NETWORK_SCHEMES = ("http", "https", "ws", "wss")


def advice_about(policy: CORSPolicy) -> list[Problem]:
    """What could be better about the policy, in the words of its author."""
    words = words_of(policy)
    return [
        *_insecure(policy, words),
        *_wide(policy, words),
        *_replaceable(policy, words),
        *_short(policy, words),
    ]


def _entries(policy: CORSPolicy) -> Iterator[tuple[str, str]]:
    """The entries that name origins, each with its option."""
    with_cookies = policy.allow_credentials if isinstance(policy.allow_credentials, tuple) else ()
    options = dict.fromkeys(policy.allow_origins, "allow_origins") | dict.fromkeys(
        with_cookies, "allow_credentials"
    )
    return ((entry, option) for entry, option in options.items() if entry not in (ANY, "null", "file://"))


def _insecure(policy: CORSPolicy, words: Words) -> Iterator[Problem]:
    for entry, option in _entries(policy):
        scheme, host, port = split(entry)
        if is_insecure(scheme, host):
            secure = f"{ {'ws': 'wss'}.get(scheme, 'https') }://{host}{port}"
            message = f'"{entry}" is not encrypted: anyone on the network path can change what its pages do.'
            yield advised(
                "http-origin",
                words.name(option),
                entry,
                message,
                f'Serve it over https, and write "{secure}".',
            )


def _wide(policy: CORSPolicy, words: Words) -> Iterator[Problem]:
    """Patterns that let in a whole site with cookies, or every port of a host that is not this machine."""
    for entry, option in _entries(policy):
        scheme, host, port = split(entry)
        if scheme not in _NETWORK_SCHEMES:
            continue
        domain = host.removeprefix("*.")
        if host.startswith("*.") and _has_cookies(policy, entry) and _is_site(domain):
            below = f"every host below {domain}, even if an attacker has taken it over"
            message = f'"{entry}" gives cookies to {below}.'
            instead = _listed(words, option, f"{scheme}://app.{domain}")
            hint = f"If you know the hosts that need cookies, list them: {instead}."
            yield advised("wide-pattern", words.name(option), entry, message, hint)
        elif port == ":*" and not is_loopback(host):
            message = f'"{entry}" lets in every port of the host, whatever runs there.'
            hint = f"If you know the ports, list them: {_listed(words, option, f'{scheme}://{host}:8443')}."
            yield advised("wide-pattern", words.name(option), entry, message, hint)


def _listed(words: Words, option: str, entry: str) -> str:
    return words.setting(option, f'["{entry}"]')


def _has_cookies(policy: CORSPolicy, entry: str) -> bool:
    given = policy.allow_credentials
    return given if isinstance(given, bool) else entry in given


def _is_site(domain: str) -> bool:
    try:
        suffixes = public_suffix_list()
        return suffixes.site(domain) == domain and not suffixes.has_many_owners(domain)
    except SuffixListError:
        return False


# Expressions that a pattern replaces.


def _replaceable(policy: CORSPolicy, words: Words) -> Iterator[Problem]:
    regex = policy.allow_origin_regex
    if regex is None or regex.flags != re.compile("").flags:
        return
    patterns = patterns_for(regex.pattern)
    if not patterns:
        return
    every = (*policy.allow_origins, *patterns)
    texts = ", ".join(f'"{each}"' for each in every)
    message = "can be written without a regular expression, which is easier to read."
    hint = f"Write {words.setting('allow_origins', f'[{texts}]')}, and leave the expression out."
    yield advised("pattern-instead", words.name("allow_origin_regex"), regex.pattern, message, hint)


def patterns_for(expression: str) -> tuple[str, ...]:
    r"""The entries that match the same well-formed origins as the expression. Empty if there are none.

    >>> patterns_for(r"https://.*\.example\.com"), patterns_for(r"^http://localhost(:\d+)?$")
    (('https://*.example.com',), ('http://localhost:*',))
    """
    text = expression.removeprefix("^").removesuffix("$")
    if text.count("|") != len(_TOP_LEVEL_BAR.findall(text)):
        return ()
    found = [entry for each in text.split("|") for entry in _entries_for(each)]
    is_whole = all(_FORM.fullmatch(each) for each in text.split("|"))
    return tuple(dict.fromkeys(found)) if is_whole else ()


def _entries_for(expression: str) -> Iterable[str]:
    form = _FORM.fullmatch(expression)
    if form is None:
        return ()
    host = form["host"].replace("\\", "")
    schemes = ("http", "https") if form["scheme"] == "https?" else (form["scheme"],)
    port = ":*" if form["port"] in _ANY_PORT else form["port"] or ""
    hosts = {"": (host,), "all": (f"*.{host}",), "maybe": (host, f"*.{host}")}[_kind(form["wild"])]
    return [f"{scheme}://{each}{port}" for scheme in schemes for each in hosts]


def _kind(wild: str) -> str:
    return "" if not wild else "maybe" if wild in _MAYBE_BELOW else "all"


# An expression only ever sees well-formed origins, so ".*" before a dot is one label or more.
_ALL_BELOW = (r".*\.", r".+\.", r"(.*)\.", r"(.+)\.", r"([a-z0-9-]+\.)+", r"(?:[a-z0-9-]+\.)+")
_MAYBE_BELOW = (r"(.*\.)?", r"(.+\.)?", r"(?:.*\.)?", r"(?:.+\.)?", r"([a-z0-9-]+\.)*", r"(?:[a-z0-9-]+\.)*")
_ANY_PORT = (r"(:\d+)?", r"(?::\d+)?", r"(:[0-9]+)?", r"(?::[0-9]+)?")
_TOP_LEVEL_BAR = re.compile(r"\|(?=https?)")


def _one_of(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, texts))


_FORM = re.compile(
    rf"(?P<scheme>https?\??)://(?P<wild>{_one_of((*_ALL_BELOW, *_MAYBE_BELOW))}|)"
    rf"(?P<host>[a-z0-9-]+(?:\\\.[a-z0-9-]+)*)(?P<port>{_one_of(_ANY_PORT)}|:\d+|)"
)


# max_age.


def _short(policy: CORSPolicy, words: Words) -> Iterator[Problem]:
    """A preflight before nearly every request. WebKit keeps one for ten minutes, the others for longer."""
    seconds = 5 if policy.max_age is None else policy.max_age
    if seconds >= WEBKIT:
        return
    when = (
        f"whenever a preflight is older than {duration(seconds)}"
        if seconds
        else "before each preflighted request"
    )
    message = (
        f"costs a round trip {when}. Browsers can keep preflights for longer: Chromium for {CHROMIUM:,} "
        f"seconds, Firefox for {FIREFOX:,}, WebKit for {WEBKIT}."
    )
    hint = f"Write {words.setting('max_age', str(CHROMIUM))}."
    yield advised("short-max-age", words.name("max_age"), policy.max_age, message, hint)
