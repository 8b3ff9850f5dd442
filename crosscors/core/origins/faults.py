"""Why an entry of a policy is not an origin that a browser can send, and what to write instead.

This runs only while a policy is constructed, for entries that ``patterns.is_entry`` refuses.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import unquote

from crosscors.core.errors import Problem, shown
from crosscors.core.origins import environment, globs
from crosscors.core.origins.dangers import is_safe_entry
from crosscors.core.origins.expressions import Surroundings
from crosscors.core.origins.patterns import is_entry
from crosscors.core.origins.regexes.in_strings import to_write
from crosscors.core.origins.regexes.mending import Meant
from crosscors.core.origins.regexes.too_wide import is_for_everyone
from crosscors.core.origins.serialized import (
    DEFAULT_PORTS,
    FILE,
    MAX_HOST_LENGTH,
    MAX_LABEL_LENGTH,
    MAX_LENGTH,
    MAX_PORT,
    MAX_SCHEME_LENGTH,
    NULL,
    OPAQUE_HOST_CHARACTERS,
    is_label,
    is_loopback,
    serialize_ipv6,
)
from crosscors.core.values import ANY, UNSET_VARIABLE, at_run_time, means_unset, meant_bool
from crosscors.core.words import Words

# Signs of a regular expression. ".*" alone is not: there are globs such as "https://a.*".
_REGEX_SIGNS = re.compile(
    r"\\[.dws-]|^/?\^|\$(?:/[gimsuy]*)?$|[()|]|(?:^|//|:)\.[*+]|s\?:|\.\+"
    r"|(?<=[\w.-])\[[^\]:]+\]|(?<=//)\[[^\]:.]+\](?=.)|\[[^\]:]*\][+*?{]|\[[^\]:]*-[^\]:]*\]"
)
_OPAQUE_SCHEME = re.compile(r"(?:file|data|blob|about|javascript):|[a-z]:[\\/]", re.IGNORECASE)
_BROKEN_SCHEME = re.compile(r"(?:(https?)(?::|/))?/*", re.IGNORECASE)  # "https:/host", "http//host", "//host"
_TWO_SCHEMES = re.compile(r"(https?):/*(https?)(?::/*|//)(?=[^/:])", re.IGNORECASE)
_SLASH_TOO_MANY = re.compile(r"((?:https?|wss?|ftp)://)/+(?=[^/])", re.IGNORECASE)
# What stands between a scheme and a host. \uff1a and \uff0f are a colon and a slash of East Asian keyboards.
_SEPARATOR = re.compile(
    r"(?:(?P<scheme>https?|wss?|ftp)|(?=\\\\))"
    r"(?P<signs>[:\uff1a]?\s*(?:(?:\\/){1,2}|\\{2,}|/\\|[/\uff0f]{2,})\s*|[:\uff1a][\\/\uff0f]"
    r"|\s*[:;.,@\uff1a]{1,2}\s*//+\s*)(?=\S)",
    re.IGNORECASE,
)
_COLON_AND_SLASHES = re.compile(":?/*")  # right, or one is missing, or a slash is too many
_ENCODED = re.compile(r"(?:https?|wss?|ftp)(?::|%3A)(?:/|%2F){2}(?<!://)", re.IGNORECASE)
_SECOND_SCHEME = re.compile(r"[a-z]+://[^/?#]*://", re.IGNORECASE)
_ADDRESS_RANGE = re.compile(r"(?:[a-z]+://)?[0-9]+(?:\.[0-9]+){3}/[0-9]{1,2}", re.IGNORECASE)
_MAIL = re.compile(r"(?:mailto:)?[^\s/@:]+@[^\s/@:]+", re.IGNORECASE)
# "*" for any port is the one glob that is a pattern. "http://localhost:30??" could be read as a query.
_GLOB_IN_PORT = re.compile(r"(.+//(?:\[[^\]]*\]|[^/?#:\[\]]+)):(?!\*\Z)([0-9]*[?*][0-9?*]*)")
_END_OF_AUTHORITY = re.compile(r"[/?#\\]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_HOST = re.compile(r"[A-Za-z0-9_.*-]+")
_IDEOGRAPHIC_FULL_STOP = "\u3002"
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def problems_of(entry: str, among: Surroundings) -> tuple[Problem, ...]:
    """Every fault of an entry that is not well-formed. Each hint shows the entry without any of them."""
    words = among.words
    name = words.name(among.option)
    whole = _fault_of_the_whole(environment.visible(entry).strip(), among)
    if whole is not None:
        code, message, hint = whole
        return (Problem(code, name, entry, f"{shown(entry)} {message}", hint),)
    # There is always a fault. To leave the entry out in silence would make a policy that nobody wrote.
    faults = _one_of_each(_faults(entry)) or [("origin-host", "is not an origin that browsers send.")]
    meant = mended(entry)
    if meant is None:  # then all the hints say the same; a missing scheme says least
        faults = [min(faults, key=lambda fault: fault[0] == "origin-missing-scheme")]
    return tuple(
        Problem(code, name, entry, f"{shown(entry)} {message}", _hint_among(code, meant, entry, among))
        for code, message in faults
    )


def _one_of_each(faults: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first fault of each code: a scheme and a host in upper case are one mistake."""
    found: dict[str, str] = {}
    for code, message in faults:
        found.setdefault(code, message)
    return list(found.items())


def entries_meant(entry: str) -> tuple[str, ...]:
    """The entries that were surely meant: several if it is a list in one string, none if nobody can tell."""
    text = _with_separator(environment.unquoted(environment.visible(entry).strip()))
    pieces = environment.with_each_port(text) or environment.pieces(text)
    if pieces is None:
        return tuple(filter(None, [mended(text)]))
    has_scheme = ["://" in piece for piece in pieces]
    if any(has_scheme) and not all(has_scheme) and not re.search(r"\s", text):
        return ()  # "https://app,example.com" is not a list
    meant = [entries_meant(piece) for piece in pieces]
    return tuple(dict.fromkeys(chain.from_iterable(meant))) if all(meant) else ()


def expressions_in(entry: str, accepted: tuple[str, ...] | None) -> tuple[Meant, ...]:
    """The expressions that were surely meant by an entry; none if it has none, or if nobody can tell.

    Args:
        accepted: the dangers that are accepted, if every entry gets credentials; otherwise None.
    """
    text = _plain(entry)
    if environment.placeholder_in(text) or is_for_everyone(text):
        return ()
    pieces = environment.pieces(text)
    if pieces is None:
        return tuple(filter(None, [_expression_meant(text, accepted)]))
    meant = [expressions_in(piece, accepted) for piece in pieces if mended(piece) is None]
    return tuple(dict.fromkeys(chain.from_iterable(meant))) if all(meant) else ()


def origins_beside_expressions(entry: str) -> tuple[str, ...]:
    """The origins that were surely meant by an entry that is a list of origins and expressions."""
    pieces = environment.pieces(environment.unquoted(environment.visible(entry).strip())) or ()
    return tuple(dict.fromkeys(filter(None, map(mended, pieces))))


def _expression_meant(text: str, accepted: tuple[str, ...] | None) -> Meant | None:
    of_glob = globs.expression_of(text)
    if of_glob is not None:
        return to_write(of_glob, accepted) if mended(text) is None else None
    of_port = _GLOB_IN_PORT.fullmatch(text)
    if of_port is None:
        return to_write(text, accepted) if _REGEX_SIGNS.search(text) else None
    origin = mended(of_port[1])
    if origin is None or ANY in origin or mended(text) is not None:
        return None
    digits = of_port[2].replace("?", "[0-9]").replace("*", "[0-9]*")
    return to_write(f"{re.escape(origin)}:{digits}", accepted)


def mended(entry: str) -> str | None:
    """The entry that was surely meant, in the form that browsers send; None if it cannot be guessed."""
    text = _plain(entry)
    if text == ANY or text.lower() == NULL:
        return text.lower()
    if environment.means_everyone(text):
        return ANY
    if environment.placeholder_in(text) or _REGEX_SIGNS.search(text) or _has_no_origin(text):
        return None
    twice = _TWO_SCHEMES.match(text)
    if twice is not None:
        is_certain = twice[1].lower() == twice[2].lower()
        return mended(f"{twice[2]}://{text[twice.end() :]}") if is_certain else None
    of_port = _GLOB_IN_PORT.fullmatch(text)
    if of_port is not None:
        return mended(f"{of_port[1]}:*") if set(of_port[2]) == {"*"} else None
    if serialize_ipv6(f"[{text}]") is not None:
        return mended(f"[{text}]")
    return _mended_parts(_SLASH_TOO_MANY.sub(r"\1", text))


def _has_no_origin(text: str) -> bool:
    """Whether it is surely not an origin with mistakes: a file, a range, two origins in one."""
    if _TWO_SCHEMES.match(text):
        return False
    is_file = _OPAQUE_SCHEME.match(text) is not None and text != FILE
    return is_file or bool(_SECOND_SCHEME.match(text) or _ADDRESS_RANGE.fullmatch(text))


def _plain(entry: str) -> str:
    """The entry without what stands around it, and with the right signs after its scheme."""
    text = environment.unquoted(environment.value_in_line(environment.visible(entry).strip()))
    return _with_separator(unquote(text) if _ENCODED.match(text) else text)


def _with_separator(text: str) -> str:
    r"""The text with "://" where other signs stand in its place.

    >>> _with_separator(r"https:\\a.com"), _with_separator("https;//a.com"), _with_separator("https:/a.com")
    ('https://a.com', 'https://a.com', 'https:/a.com')
    """
    found = _SEPARATOR.match(text)
    if found is None or _COLON_AND_SLASHES.fullmatch(found["signs"]):
        return text
    scheme = f"{found['scheme']}:" if found["scheme"] else ""
    return f"{scheme}//{text[found.end() :]}"


def _mended_parts(text: str) -> str | None:
    parts = _Parts.of(text)
    host = _serialized_host(parts)
    written = parts.scheme or parts.broken_scheme
    is_named = written or "." in parts.host or host.startswith("[") or is_loopback(host)
    is_number = host != parts.host and host.startswith("0.")  # nobody means 0.0.0.123 with "https://123"
    if not is_named or is_number or means_unset(host):
        return None  # "https://yes" is not what anybody means
    scheme = written.lower() or ("http" if is_loopback(host) else "https")
    port = parts.port.removeprefix(":").lstrip("0")
    if port == DEFAULT_PORTS.get(scheme):
        port = ""
    origin = f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"
    return origin if is_entry(origin) else None


def _hint_among(code: str, meant: str | None, entry: str, among: Surroundings) -> str:
    if meant is None:
        instead = among.to_write(expressions_in(entry, among.accepted))
        if not instead and code == "origin-wildcard" and among.option not in _OF_POLICIES:
            return f"{_STARS}."
        return f"Write {instead}." if instead else _hint(code, None, among.words)
    if not is_safe_entry(meant, among.accepted, among.words):  # that problem says what to write
        return f'It means "{meant}".'
    return _hint(code, meant, among.words)


def _hint(code: str, meant: str | None, words: Words) -> str:
    if meant is not None:
        return f'Write "{meant}".'
    if code != "origin-wildcard":
        return f"Write {_EXAMPLE}."
    setting = words.setting("allow_origin_regex", r'r"https://[a-z]+\.example\.com"')
    return f"{_STARS}. For anything else, write a regular expression, such as {setting}."


_STARS = 'Use "*" only for subdomains ("https://*.example.com") or for any port ("http://localhost:*")'
# Beside these there is allow_origin_regex. The cross-origin protection has nothing like it.
_OF_POLICIES = ("allow_origins", "allow_credentials")


_EXAMPLE = 'an origin such as "https://app.example.com"'


def _fault_of_the_whole(text: str, among: Surroundings) -> tuple[str, str, str] | None:
    """Code, message and hint of a fault that concerns the whole entry; None if it has none."""
    plain = environment.unquoted(text)
    is_misspelled = _with_separator(text) != text and environment.pieces(_with_separator(text)) is None
    if not plain:
        cause = 'An unset environment variable can cause this: "".split(",") is [""].'
        return "origin-empty", "is empty.", f"{among.nothing} {cause}"
    if text in (ANY, NULL):
        return "origin-space", "begins or ends with white space.", f'Write "{text}".'
    return (
        _template_fault(text)
        or (None if is_misspelled else _list_fault(text, among))
        or _line_fault(text, among)
        or (_quotes_fault(text, plain, among) if plain != text else None)
        or _word_fault(text, among)
        or _expression_fault(text, among)
        or _scheme_fault(text, among)
    )


def _template_fault(text: str) -> tuple[str, str, str] | None:
    placeholder = environment.placeholder_in(text)
    if placeholder is None:
        return None
    message = f"is a template: nothing replaced {shown(placeholder)} with a value."
    return "origin-template", message, f"Give it its value, or write {_EXAMPLE}."


def _list_fault(text: str, among: Surroundings) -> tuple[str, str, str] | None:
    """A list in one string: joined by commas or the like, in JSON or Python, or of ports."""
    meant = entries_meant(text)
    entries = ", ".join(f'"{each}"' for each in meant)
    if environment.with_each_port(text) is not None:
        hint = f"Write {f'[{entries}]' if len(meant) > 1 else entries or _EXAMPLE}."
        return "origin-port", "has several ports, or a port in brackets.", hint
    pieces = environment.pieces(text)
    if pieces is None:
        return None
    message = "is a list in one string."
    if not pieces:
        message, hint = "is an empty list in one string.", f"Write {among.words.setting(among.option, '[]')}."
    elif meant:
        hint = f"Write [{entries}].{at_run_time(text, meant)}"
    else:
        hint = _hint_for_list(text, among)
    return "origin-list-in-a-string", message, hint


def _hint_for_list(text: str, among: Surroundings) -> str:
    """What to write for a list that is not only of origins."""
    instead = among.to_write(expressions_in(text, among.accepted), origins_beside_expressions(text))
    return f"Write {instead}." if instead else "Write a list with one string for each origin."


def _quotes_fault(text: str, plain: str, among: Surroundings) -> tuple[str, str, str]:
    message = "has quotes around it that are part of the text; Docker and some .env files keep them."
    if environment.is_link(text):
        message = "is a link, as in Markdown, not an origin."
    inner = _word_fault(plain, among)
    return "origin-quoted", message, inner[2] if inner else _hint_for_inner(plain, among)


def _hint_for_inner(text: str, among: Surroundings) -> str:
    """What to write for a text that stood in something else, such as quotes."""
    meant = mended(text)
    inner = None if meant else _fault_of_the_whole(text, among)
    return inner[2] if inner else _hint_among("", meant, text, among)


def _word_fault(text: str, among: Surroundings) -> tuple[str, str, str] | None:
    """A word that is not an origin."""
    message = "is not an origin."
    if environment.means_everyone(text):
        if among.option == "allow_credentials":
            everyone = among.words.setting(among.option, "True")
            return "origin-word", message, f"To give credentials to every allowed origin, write {everyone}."
        is_safe = is_safe_entry(ANY, among.accepted, among.words)
        return "origin-word", message, 'Write "*" to allow every origin.' if is_safe else 'It means "*".'
    if text.lower() == NULL:
        message = "has upper-case letters; browsers send lower case."
        meaning = "pages that have no origin of their own, such as sandboxed frames, send it"
        is_safe = is_safe_entry(NULL, among.accepted, among.words)
        if_meant = f' Write "null" only if you mean null: {meaning}.' if is_safe else ""
        return "origin-upper-case", message, f"{among.nothing}{if_meant}"
    if means_unset(text):
        return "origin-word", message, f"{among.nothing} {UNSET_VARIABLE}"
    if meant_bool(text) is None:
        is_port = text.isascii() and text.removeprefix(":").isdigit()
        hint = 'Write an origin such as "http://localhost:3000".'
        return ("origin-word", "is only a number.", hint) if is_port else None
    everyone = ', or "*" to allow every origin' if meant_bool(text) else ""
    return "origin-word", message, f"Write {_EXAMPLE}{everyone}."


def _line_fault(text: str, among: Surroundings) -> tuple[str, str, str] | None:
    """A whole line of a .env or YAML file."""
    value = environment.value_in_line(text)
    if value == text:
        return None
    message = f"has more than the origin in it: {shown(text.replace(value, '', 1).strip())}."
    return "origin-space", message, _hint_for_inner(environment.unquoted(value), among)


def _expression_fault(text: str, among: Surroundings) -> tuple[str, str, str] | None:
    """A glob, a regular expression, or a file."""
    if _OPAQUE_SCHEME.match(text):
        hint = 'Serve the page from a local server and write "http://localhost:*".'
        return "origin-file", "is never sent; pages with this scheme send the origin null.", hint
    of_port = _GLOB_IN_PORT.fullmatch(text)
    if of_port is not None and mended(text) is None:
        hint = _port_hint(text, of_port, among) if among.option == "allow_origins" else LIST_EACH_ORIGIN
        return "origin-wildcard", 'has a "*" or "?" that is only part of the port.', hint
    if _REGEX_SIGNS.search(_with_separator(text)):
        hint = _instead_of_regex(text, among)
        return "origin-regex", "looks like a regular expression; entries are compared literally.", hint
    return None


def _instead_of_regex(text: str, among: Surroundings) -> str:
    if among.option == "allow_origins" and among.accepted is None and is_for_everyone(text):
        everyone = among.words.setting("allow_origins", '"*"')
        return f"Write {everyone}."
    instead = among.to_write(expressions_in(text, among.accepted))
    return f"Write {instead}, or {_A_PATTERN}." if instead else LIST_EACH_ORIGIN


def _port_hint(text: str, of_port: re.Match[str], among: Surroundings) -> str:
    origin = mended(of_port[1])
    if origin is None or ANY in origin:
        return _hint("origin-wildcard", None, among.words)
    instead, any_port = among.to_write(expressions_in(text, among.accepted)), f"{origin}:*"
    if instead is not None:
        return f"Write {instead}."
    if is_entry(any_port) and is_safe_entry(any_port, among.accepted, among.words):
        return f'List each origin, or write "{any_port}" for any port.'
    return LIST_EACH_ORIGIN


_A_PATTERN = 'a pattern such as "https://*.example.com"'
LIST_EACH_ORIGIN = f"List each origin, or write {_A_PATTERN}."


def _instead_of_range(text: str, among: Surroundings) -> str:
    instead = among.to_write(expressions_in(text, among.accepted))
    return f"Write {instead}." if instead else LIST_EACH_ORIGIN


def _scheme_fault(text: str, among: Surroundings) -> tuple[str, str, str] | None:
    """What is wrong with the scheme, the signs after it, or the kind of address."""
    hint = _hint_among("", mended(text), text, among)
    if _ENCODED.match(text):
        return "origin-scheme", "is encoded as a part of a URL.", hint
    if _with_separator(text) != text:
        wrong = "backslashes" if "\\" in text else "other signs"
        return "origin-scheme", f'has {wrong} in place of "://".', hint
    if _TWO_SCHEMES.match(text) or _SECOND_SCHEME.match(text):
        return "origin-scheme", "has two schemes.", hint
    if _ADDRESS_RANGE.fullmatch(text):
        return "origin-ip-address", "is a range of addresses.", _instead_of_range(text, among)
    if _MAIL.fullmatch(text):
        return "origin-userinfo", "is an e-mail address.", hint
    if _SLASH_TOO_MANY.match(text):
        return "origin-path", "has more than two slashes after its scheme.", hint
    return None


@dataclass(frozen=True)
class _Parts:
    """The parts of an entry, valid or not."""

    scheme: str
    broken_scheme: str  # one that lacks a colon or a slash
    userinfo: str
    host: str
    port: str  # with its colon; empty if there is none
    tail: str  # path, query and fragment

    @classmethod
    def of(cls, text: str) -> _Parts:
        scheme, separator, rest = text.partition("://")
        broken = None if separator else _BROKEN_SCHEME.match(text)
        if broken is not None:
            scheme, rest = "", text[broken.end() :]
        authority = _END_OF_AUTHORITY.split(rest, maxsplit=1)[0]
        userinfo, at, host_and_port = authority.rpartition("@")
        host, colon, port = host_and_port.rpartition(":")
        if not colon or host_and_port.endswith("]"):
            host, colon, port = host_and_port, "", ""
        broken_scheme = (broken and broken[1]) or ""
        return cls(scheme, broken_scheme, userinfo + at, host, colon + port, rest[len(authority) :])


def _faults(entry: str) -> Iterator[tuple[str, str]]:
    text = environment.visible(entry)
    if environment.without_mark(entry) != entry:
        yield "origin-invisible", "begins with a byte order mark, which is invisible."
    elif text != entry:
        yield "origin-invisible", f"has an invisible character: {environment.invisible_in(entry)}."
    parts = _Parts.of(text.strip())
    if text != text.strip():
        yield "origin-space", "begins or ends with white space."
    yield from _scheme_faults(parts.scheme)
    if parts.userinfo:
        yield "origin-userinfo", "has a user name; an origin has none."
    yield from _host_faults(parts)
    yield from _port_faults(parts)
    yield from _tail_faults(parts.tail)
    if len(text) > MAX_LENGTH:
        yield "origin-too-long", f"is longer than the {MAX_LENGTH} characters an origin can have."


def _scheme_faults(scheme: str) -> Iterator[tuple[str, str]]:
    if not scheme:
        yield "origin-missing-scheme", 'does not begin with a scheme and "://".'
    elif "*" in scheme:
        yield "origin-wildcard", 'has a "*" in its scheme; each scheme needs an entry of its own.'
    elif not _SCHEME.fullmatch(scheme) or len(scheme) > MAX_SCHEME_LENGTH:
        yield "origin-scheme", f"has a scheme that is not valid: {shown(scheme)}."
    elif scheme != scheme.lower():
        yield "origin-upper-case", "has a scheme with upper-case letters; browsers send lower case."


def _host_faults(parts: _Parts) -> Iterator[tuple[str, str]]:
    host = parts.host
    if not host:
        yield "origin-host", "has no host."
    elif host.startswith("[") or ":" in host:
        yield from _ipv6_faults(host)
    elif _is_opaque(parts):
        yield from _opaque_host_faults(host)
    elif not host.isascii():
        yield "origin-unicode-host", "has a host with characters outside ASCII; browsers send Punycode."
    elif not _HOST.fullmatch(host):
        yield "origin-host", f"has a host with characters that are not valid: {shown(host)}."
    else:
        yield from _name_faults(host)
        if _is_misplaced_wildcard(host):
            yield "origin-wildcard", 'has a "*" that is not the whole leftmost label of a domain.'
        elif _ends_in_number(parts) and _ipv4(host) is None:
            yield "origin-ip-address", "has a host that ends in a number, but is not a valid IPv4 address."
        elif _ends_in_number(parts) and _ipv4(host) != host:
            yield "origin-ip-address", "has an IPv4 address that browsers write differently."


def _name_faults(host: str) -> Iterator[tuple[str, str]]:
    labels = host.removesuffix(".").split(".")
    if host != host.lower():
        yield "origin-upper-case", "has a host with upper-case letters; browsers send lower case."
    if "" in labels:
        yield "origin-host", "has a host with an empty label (one dot too many)."
    if max(map(len, labels)) > MAX_LABEL_LENGTH:
        yield "origin-too-long", f"has a host label of more than {MAX_LABEL_LENGTH} characters."
    if len(host) > MAX_HOST_LENGTH:
        yield "origin-too-long", f"has a host of more than {MAX_HOST_LENGTH} characters."
    for label in labels:
        if 0 < len(label) <= MAX_LABEL_LENGTH and not is_label(label.lower()):
            yield "origin-host", f"has a host label that is not valid Punycode: {shown(label)}."


def _opaque_host_faults(host: str) -> Iterator[tuple[str, str]]:
    others = set(host.removeprefix("*.")) - OPAQUE_HOST_CHARACTERS
    if "*" in others:
        yield "origin-wildcard", 'has a "*" that is not the whole leftmost label of a host.'
    if others - {"*"}:
        yield "origin-host", f"has a host with characters that are not valid: {shown(host)}."
    if len(host) > MAX_HOST_LENGTH:
        yield "origin-too-long", f"has a host of more than {MAX_HOST_LENGTH} characters."


def _is_misplaced_wildcard(host: str) -> bool:
    rest = host.removeprefix("*.")
    return not rest or "*" in rest or (rest != host and _NUMBER.fullmatch(rest.split(".")[-1]) is not None)


def _ipv6_faults(host: str) -> Iterator[tuple[str, str]]:
    if not host.startswith("["):
        yield "origin-ip-address", "has a host with colons; an IPv6 address needs brackets."
    elif serialize_ipv6(host) is None:
        yield "origin-ip-address", "has a bracket in its host, but no valid IPv6 address."
    elif serialize_ipv6(host) != host:
        yield "origin-ip-address", "has an IPv6 address that browsers write differently."


def _port_faults(parts: _Parts) -> Iterator[tuple[str, str]]:
    port = parts.port.removeprefix(":")
    if not parts.port or port == "*":
        return
    if "*" in port:
        yield "origin-wildcard", 'has a "*" that is only part of the port.'
    elif not (port.isascii() and port.isdigit()):
        yield "origin-port", f"has a port that is not a number: {shown(port)}."
    elif not 0 < int(port[:6]) <= MAX_PORT:
        yield "origin-port", f"has a port that is not between 1 and {MAX_PORT}."
    elif port == DEFAULT_PORTS.get(parts.scheme.lower()):
        yield "origin-default-port", f"names the default port of {parts.scheme}; browsers leave it out."
    elif port.startswith("0"):
        yield "origin-port", "has a port with a leading zero."


def _tail_faults(tail: str) -> Iterator[tuple[str, str]]:
    """One fault at most: whoever pastes a URL makes one mistake."""
    path, _, fragment = tail.partition("#")
    path, has_query, query = path.partition("?")
    if path.strip("/\\"):
        more = " and more" if has_query or "#" in tail else ""
        yield "origin-path", f"has a path{more}; an origin ends after the host and port."
    elif has_query:
        yield "origin-query", f"has a query ({shown('?' + query)}); an origin has none."
    elif "#" in tail:
        yield "origin-fragment", f"has a fragment ({shown('#' + fragment)}); an origin has none."
    elif path:
        yield "origin-trailing-slash", "ends with a slash; an origin does not."


def _serialized_host(parts: _Parts) -> str:
    host = parts.host
    if ":" in host:
        bracketed = host if host.startswith("[") else f"[{host}]"
        return serialize_ipv6(bracketed) or host
    if _is_opaque(parts):
        return host
    if _ends_in_number(parts):
        return _ipv4(host) or host
    if host[:1] == "*" and host[1:2].isalnum():
        host = f"*.{host[1:]}"
    return _ascii_host(host)


def _is_opaque(parts: _Parts) -> bool:
    """Whether the scheme is not special, so that the host stays as it is (URL, "opaque host")."""
    return bool(parts.scheme) and parts.scheme.lower() not in DEFAULT_PORTS


def _ends_in_number(parts: _Parts) -> bool:
    """URL, "ends in a number"."""
    return _NUMBER.fullmatch(parts.host.removesuffix(".").split(".")[-1]) is not None


def _ipv4(host: str) -> str | None:
    """The IPv4 address in four decimal numbers; None if it is not valid (URL, "IPv4 parser")."""
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(host.removesuffix("."))))
    except (OSError, ValueError):  # ValueError: a zero byte, or a lone surrogate
        return None


def _ascii_host(host: str) -> str:
    """The domain as browsers send it: lower case, and Punycode if it is not ASCII (UTS #46, nearly)."""
    normal = unicodedata.normalize("NFKC", host).replace(_IDEOGRAPHIC_FULL_STOP, ".")
    # Letter by letter, so that no sigma becomes a final sigma.
    lowered = "".join(letter.lower() for letter in normal)
    return ".".join(_ascii_label(label) for label in lowered.split("."))


def _ascii_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode", "replace").decode("ascii")
