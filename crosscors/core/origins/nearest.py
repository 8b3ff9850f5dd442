"""What to change so that an origin is let in that no entry lets in, and which entry comes near it."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from crosscors.core.errors import shown
from crosscors.core.origins.dangers import is_safe_entry
from crosscors.core.origins.patterns import OriginSet
from crosscors.core.origins.serialized import FILE, NULL, is_loopback, split
from crosscors.core.values import ANY
from crosscors.core.words import Words

# To compare two origins takes about 30 microseconds, and there can be thousands of refusals.
_COMPARED_ENTRIES = 50
_SHOWN_ENTRIES = 12
_SHOWN_CHARACTERS = 200  # in debug mode, the hint has to fit into a header


class Listed(NamedTuple):
    """What a policy lists, for hints.

    Attributes:
        origins: ``allow_origins``.
        credentials: ``allow_credentials``.
        dangers: ``dangerously_allow``.
        has_others: whether an expression or a function lets in more.
    """

    origins: tuple[str, ...]
    credentials: bool | tuple[str, ...] = False
    dangers: tuple[str, ...] = ()
    has_others: bool = False

    @property
    def with_credentials(self) -> tuple[str, ...]:
        """``allow_credentials`` if it is a list."""
        return self.credentials if isinstance(self.credentials, tuple) else ()

    @property
    def entries(self) -> tuple[str, ...]:
        return self.origins + self.with_credentials


class _Near(NamedTuple):
    entry: str
    how: str  # how the origin differs from it
    instead: str | None = None  # where else the page can be opened


def hint(origin: str, listed: Listed, words: Words) -> str:
    """What to change so that this well-formed origin is let in."""
    if origin == FILE:
        return f"Serve the page from an origin of its own. Any local file can send {FILE}."
    near = _nearest(origin, listed.entries[:_COMPARED_ENTRIES])
    advice = _advice(origin, near, listed, words)
    if near is not None:
        return f"The nearest entry is {shown(near.entry)}, {near.how}. {advice}"
    return advice if listed.entries else f"{advice} The policy lists no origin."


def hint_for_spelling(meant: str, listed: Listed, words: Words) -> str:
    """What to say about an origin that no browser spells as it came, but as ``meant``."""
    would = f"A browser would send {shown(meant)}"
    if ANY in listed.origins or OriginSet.of(listed.entries).match(meant) is not None:
        return f"{would}, which is allowed."
    line = None if meant in (NULL, FILE) or listed.has_others else _line(meant, None, listed, words)
    return f"{would}." if line is None else f"{would}. To allow that, write {line}."


def _advice(origin: str, near: _Near | None, listed: Listed, words: Words) -> str:
    line = _line(origin, near, listed, words)
    if line is None:
        return _over_https(origin, near, listed, words)
    begin = "To allow it, write" if near is None else "If that page is yours, write"
    if near is not None and near.instead is not None:
        begin, line = "Write", f"{line}, or open the page at {near.instead}"
    is_less = _is_for_credentials(near, listed) and not _is_safe(origin, listed, words)
    return f"{begin} {line}.{_FOR_CREDENTIALS if is_less else ''}"


_FOR_CREDENTIALS = " For credentials, serve the page over https."


def _over_https(origin: str, near: _Near | None, listed: Listed, words: Words) -> str:
    """The advice for an origin that cannot be listed, because all that are listed get credentials."""
    scheme, host, port = split(origin)
    secure = f"https://{host}{port if port != ':443' else ''}"
    begin = "Serve the page over https, because the policy gives credentials"
    if scheme != "http":
        return f"{begin}."
    if OriginSet.of(listed.entries).match(secure) is not None:
        return f"{begin}. The policy allows {shown(secure)} already."
    return f"{begin}, and write {_line(secure, near, listed, words)}."


def _line(origin: str, near: _Near | None, listed: Listed, words: Words) -> str | None:
    """The option with the origin added; None if the policy would not start with it."""
    if _is_for_credentials(near, listed) and _is_safe(origin, listed, words):
        return _with("allow_credentials", origin, listed.with_credentials, words)
    if listed.credentials is True and not _is_safe(origin, listed, words):
        return None
    name = words.name("allow_origins")
    is_whole = not (listed.has_others and name == words.name("allow_origin_regex"))
    return _with("allow_origins", origin, listed.origins, words, is_whole=is_whole)


def _is_for_credentials(near: _Near | None, listed: Listed) -> bool:
    """Whether the list of origins with credentials is the one to add to."""
    return near is not None and near.entry in listed.with_credentials and near.entry not in listed.origins


def _is_safe(origin: str, listed: Listed, words: Words) -> bool:
    """Whether the origin may get credentials."""
    return is_safe_entry(origin, listed.dangers, words)


def _with(option: str, origin: str, entries: tuple[str, ...], words: Words, *, is_whole: bool = True) -> str:
    every = ", ".join(f'"{entry}"' for entry in (*entries[:_SHOWN_ENTRIES], origin))
    if is_whole and len(entries) < _SHOWN_ENTRIES and len(every) <= _SHOWN_CHARACTERS:
        return words.setting(option, f"[{every}]")
    added = words.setting(option, f'[..., "{origin}"]')
    return f"{added} with your other entries in place of the dots"


def _nearest(origin: str, entries: tuple[str, ...]) -> _Near | None:
    """The entry that the origin was surely meant to be like; of several, the one that looks most like it."""
    found: dict[int, dict[str, _Near]] = {}
    for entry in entries:
        related = _relation(origin, entry)
        if related is not None:
            found.setdefault(related[0], {})[entry] = related[1]
    if found:
        best = found[min(found)]
        return best[difflib.get_close_matches(origin, best, n=1, cutoff=0)[0]]
    close = difflib.get_close_matches(origin, entries, n=1, cutoff=0.8)
    return _Near(close[0], f"which has {_differing(origin, close[0])}") if close else None


def _relation(origin: str, entry: str) -> tuple[int, _Near] | None:
    """How an origin is like an entry, the likeliest mistakes first; None if it is another site."""
    scheme, host, port = split(origin)
    entry_scheme, entry_host, entry_port = split(entry)
    same_port = entry_port in (port, ":*")
    same_place = scheme == entry_scheme and same_port
    if is_loopback(host) and is_loopback(entry_host) and "*" not in entry_host and host != entry_host:
        return _other_address(origin, entry)
    if same_place and _covers(entry_host.removesuffix("."), host.removesuffix(".")):
        has_dot = "which has no dot at its end" if host.endswith(".") else "which ends with a dot"
        return 1, _Near(entry, f"{has_dot}; {_DIFFERENT}")
    if origin.lower() == entry.lower():
        return 1, _Near(entry, "which differs in upper and lower case")
    if _covers(entry_host, host):
        rank = 2 if same_port or scheme == entry_scheme else 3
        return rank, _Near(entry, f"which has {_differing(origin, entry)}")
    if same_place and _covers(entry_host, host.removeprefix("www.")):
        return 4, _Near(entry, f"which has no www; {_DIFFERENT}")
    if same_place and entry_host == f"www.{host}":
        return 4, _Near(entry, f"which begins with www; {_DIFFERENT}")
    if same_place and entry_host == f"*.{host}":
        return 4, _Near(entry, "which covers the subdomains of that domain, but not the domain itself")
    return None


_DIFFERENT = "browsers take the two for different origins"


def _other_address(origin: str, entry: str) -> tuple[int, _Near]:
    """The relation of two names of this machine: localhost, 127.0.0.1, [::1]."""
    scheme, host, port = split(origin)
    entry_scheme, entry_host, entry_port = split(entry)
    how = f"browsers take {host} and {entry_host} for different origins"
    if scheme == entry_scheme and entry_port in (port, ":*"):
        return 0, _Near(entry, f"but {how}", f"{scheme}://{entry_host}{port}")
    return 5, _Near(entry, f"which has {_differing(origin, entry)}; {how}")


def _covers(entry_host: str, host: str) -> bool:
    return host.endswith(entry_host[1:]) if entry_host.startswith("*.") else host == entry_host


def _differing(origin: str, entry: str) -> str:
    """In what an origin differs from an entry: the scheme, the host, the port (HTML, "same origin")."""
    scheme, host, port = split(origin)
    entry_scheme, entry_host, entry_port = split(entry)
    differing = {
        "scheme": scheme != entry_scheme,
        "host": not _covers(entry_host, host),
        "port": entry_port not in (port, ":*"),
    }
    return f"a different {' and '.join(part for part, differs in differing.items() if differs)}"
