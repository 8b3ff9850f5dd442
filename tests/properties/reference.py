"""The grammar of origins and entries once more: slow, obvious, and sharing nothing with the library.

An origin is what a browser serializes (Fetch, "`Origin` header"; URL, "host serializer"); an entry is
an origin, ``null``, or an origin with ``*.`` in front of its host, ``:*`` as its port, or both.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, digits, hexdigits

_DEFAULT_PORTS = {("ftp", 21), ("http", 80), ("https", 443), ("ws", 80), ("wss", 443)}
_SPECIAL_SCHEMES = {scheme for scheme, _ in _DEFAULT_PORTS}
_SCHEMES_WITHOUT_ORIGIN = {"about", "blob", "data", "file", "javascript"}
_ANY_PORT = "*"
_BITS_OF_GROUP = 16


@dataclass(frozen=True)
class Origin:
    """An origin in its parts; of an entry, ``any_subdomain`` and the port ``*`` make it a pattern."""

    scheme: str
    labels: tuple[str, ...]
    port: str
    any_subdomain: bool = False


def is_origin(text: str) -> bool:
    return text == "file://" or parse_origin(text) is not None


def is_entry(text: str) -> bool:
    return text in ("null", "file://") or parse_entry(text) is not None


def matches(entry: str, origin: str) -> bool:
    """Whether a well-formed entry allows the text that came as Origin."""
    if entry in ("null", "file://"):
        return origin == entry
    ours, theirs = parse_entry(entry), parse_origin(origin)
    if ours is None or theirs is None or ours.scheme != theirs.scheme:
        return False
    return _hosts_match(ours, theirs) and ours.port in (_ANY_PORT, theirs.port)


def _hosts_match(ours: Origin, theirs: Origin) -> bool:
    if not ours.any_subdomain:
        return theirs.labels == ours.labels
    more = len(theirs.labels) - len(ours.labels)
    return more > 0 and theirs.labels[more:] == ours.labels


def parse_entry(text: str) -> Origin | None:
    scheme, separator, rest = text.partition("://")
    any_subdomain = rest.startswith("*.")
    any_port = rest.endswith(":*")
    if any_subdomain:
        rest = rest[len("*.") :]
    if any_port:
        rest = rest[: -len(":*")]
    base = parse_origin(scheme + separator + rest)
    if base is None:
        return None
    if any_subdomain and parse_origin(f"{scheme}://x.{rest}") is None:
        return None  # an address has no subdomains, and a long name has no room for them
    return Origin(base.scheme, base.labels, _ANY_PORT if any_port else base.port, any_subdomain)


def parse_origin(text: str) -> Origin | None:
    scheme, separator, authority = text.partition("://")
    if not separator or not _is_scheme(scheme) or scheme in _SCHEMES_WITHOUT_ORIGIN:
        return None
    if authority.startswith("["):
        host, bracket, after = authority.partition("]")
        host += bracket
        colon, port = after[:1], after[1:]
        if colon not in ("", ":"):
            return None
    else:
        host, colon, port = authority.partition(":")
    if colon and not _is_port(scheme, port):
        return None
    labels = _labels(scheme, host)
    return Origin(scheme, labels, port) if labels else None


def _is_scheme(text: str) -> bool:
    if not 1 <= len(text) <= 64 or text[0] not in ascii_lowercase:
        return False
    return all(character in ascii_lowercase + digits + "+-." for character in text)


def _is_port(scheme: str, text: str) -> bool:
    if not text or any(character not in digits for character in text) or text[0] == "0":
        return False
    return len(text) <= 5 and int(text) <= 65535 and (scheme, int(text)) not in _DEFAULT_PORTS


def _labels(scheme: str, host: str) -> tuple[str, ...]:
    """The labels of a domain, the one label of an address; none if the host is not well-formed."""
    if host.startswith("["):
        return (host,) if _is_ipv6(host) else ()
    labels = tuple(host.split("."))
    if not host or len(host) > 253:
        return ()
    if scheme not in _SPECIAL_SCHEMES:
        return labels if _is_opaque(host) else ()
    names = labels[:-1] if labels[-1] == "" else labels
    if not names or not all(_is_label(name) for name in names):
        return ()
    if _is_number(names[-1]):
        return (host,) if _is_ipv4(labels) else ()
    return labels


def _is_opaque(host: str) -> bool:
    """Letters, digits, some signs, and two hexadecimal digits after each percent sign."""
    first, *escaped = host.split("%")
    rests = [first, *(each[2:] for each in escaped)]
    is_escaped = all(len(each) >= 2 and set(each[:2]) <= set(hexdigits) for each in escaped)
    return is_escaped and set("".join(rests)) <= {*ascii_letters, *digits, *"-._~!$&'()+,;="}


def _is_label(text: str) -> bool:
    if not 1 <= len(text) <= 63 or any(
        character not in ascii_lowercase + digits + "-_" for character in text
    ):
        return False
    return not text.startswith("xn--") or _is_punycode(text[len("xn--") :])


def _is_punycode(text: str) -> bool:
    """Whether this is the one way to write some text that is not ASCII alone."""
    try:
        meant = text.encode().decode("punycode")
        meant.encode("utf-8")
    except UnicodeError:
        return False
    return any(ord(character) > 127 for character in meant) and meant.encode("punycode") == text.encode()


def _is_number(label: str) -> bool:
    allowed = digits
    if label.startswith("0x"):
        label, allowed = label[2:], digits + "abcdef"
    return all(character in allowed for character in label)


def _is_ipv4(labels: tuple[str, ...]) -> bool:
    return len(labels) == 4 and all(label in _BYTES for label in labels)


_BYTES = {str(number) for number in range(256)}


def _is_ipv6(host: str) -> bool:
    """Whether this is the one way in which browsers write an address: tried on every zero run."""
    if not host.endswith("]"):
        return False
    text = host[1:-1]
    head, gap, tail = text.partition("::")
    left = head.split(":") if head else []
    right = tail.split(":") if tail else []
    missing = 8 - len(left) - len(right)
    if (gap and missing < 1) or (not gap and missing != 0):
        return False
    groups = [*left, *["0"] * missing, *right]
    if any(not group or any(character not in digits + "abcdef" for character in group) for group in groups):
        return False
    numbers = [int(group, 16) for group in groups]
    return max(numbers) < 1 << _BITS_OF_GROUP and text == _ipv6_text(numbers)


def _ipv6_text(numbers: list[int]) -> str:
    """URL, "IPv6 serializer": the first longest run of two or more zero groups becomes ``::``."""
    groups = [format(number, "x") for number in numbers]
    for length in range(8, 1, -1):
        for start in range(9 - length):
            if set(numbers[start : start + length]) == {0}:
                return ":".join(groups[:start]) + "::" + ":".join(groups[start + length :])
    return ":".join(groups)
