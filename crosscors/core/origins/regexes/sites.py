"""The sites that a regular expression lets in: proved, not tried.

The end of an origin tells who owns it, so origins are read from their end: the port, the host label by label
until the registrable domain is known, the rest of the host, and the scheme. Two things read together. A
reader follows the grammar of serialized origins (serialized.py). An automaton follows what the expression
matches (automaton.py). Every pair of them that can be reached is visited once. If both reach the start of the
text, they have found a site, with an origin as an example.

A site is named if the author spelled out every character of its name. If any of these characters was left
open (a dot, a range, an optional part, a repeat), anybody might register a name that fits. The part before
the registrable domain may be as open as the author likes: it all belongs to one owner.

The grammar here is a little larger than that of origins: it ignores lengths and Punycode, and accepts any
open IPv6 address. So it may find a site that no origin has. Examples are checked.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple, Protocol

from crosscors.core.origins.public_suffixes import public_suffix_list
from crosscors.core.origins.regexes.automaton import (
    ALPHABET,
    Automaton,
    End,
    NotProvableError,
    automaton_of,
    matches,
    quick_length,
)
from crosscors.core.origins.serialized import (
    DEFAULT_PORTS,
    FILE,
    MAX_LABEL_LENGTH,
    MAX_PORT,
    OPAQUE_HOST_CHARACTERS,
    SCHEMES_WITHOUT_ORIGIN,
    is_number,
    is_serialized_origin,
    serialize_ipv6,
)

# Pairs of an automaton's state and a reader. What people write needs hundreds; this many take half a second.
MAX_VISITED = 50_000
_MAX_EXAMPLES = 32  # for each site, to find one that really is an origin, and plain


class Owner(enum.Enum):
    """Who can have pages at a site."""

    ONE = "one"  # whoever has the name: a registrable domain, an address, a private network, a host of an app
    LOOPBACK = "loopback"  # this machine
    APP = "app"  # every host of an app's scheme
    FILES = "files"  # every file, as with the origin null
    MANY = "many"  # everyone who has a name below a domain that is spelled out
    ANYBODY = "anybody"


class Site(NamedTuple):
    """A site whose pages the expression lets in.

    Attributes:
        scheme: the scheme of their origins; empty if even that is open.
        name: the name of the site: ``"example.com"``, ``"10.*.*.*"``, ``"vscode-webview://*"``; for
            Owner.MANY the domain above the names; for Owner.ANYBODY empty.
        owner: who can have pages there.
        is_part: for Owner.MANY, whether a part of the name is spelled out, as in ``.*example\\.com``.
    """

    scheme: str
    name: str
    owner: Owner
    is_part: bool = False


@dataclass(frozen=True)
class Sites:
    """The sites that an expression lets in.

    Attributes:
        examples: for each site, origins of it that the expression matches; none if that is not certain.
        unproven: why there may be more sites; None if these are all.
        is_too_long: whether there are none only because each name has a label that is too long.
    """

    examples: Mapping[Site, tuple[str, ...]]
    unproven: str | None = None
    is_too_long: bool = False


@lru_cache(maxsize=64)  # checks and hints ask about the same expressions, and each takes 10 milliseconds
def sites_of(regex: re.Pattern[str]) -> Sites:
    """All sites that the expression lets in, if it must match a whole serialized origin.

    Raises:
        SuffixListError: if the public suffix list cannot be read.

    >>> [site.name for site in sites_of(re.compile(r"https://([a-z]+\\.)?example\\.(com|org)")).examples]
    ['example.com', 'example.org']
    """
    found: dict[Site, list[str]] = {}
    unproven = None
    is_exact = False
    try:
        automaton = automaton_of(regex)
        is_exact = automaton.is_exact
        for site, origin in _read_together(automaton):
            examples = found.setdefault(site, [])
            if len(examples) < _MAX_EXAMPLES:
                examples.append(origin)
    except NotProvableError as error:
        unproven = str(error)
        found.setdefault(Site("", "", Owner.ANYBODY), []).extend(_UNRELATED)
        is_exact = False
    longest = quick_length(regex)
    certain = {site: tuple(_real(regex, origins, is_exact, longest)) for site, origins in found.items()}
    are_domains = bool(found) and all(site.scheme in DEFAULT_PORTS for site in found)
    if unproven is None and are_domains and not any(certain.values()) and not _has_short_labels(regex):
        return Sites({}, is_too_long=True)
    return Sites(certain, unproven)


def _has_short_labels(regex: re.Pattern[str]) -> bool:
    """Whether anything can be matched without a label of more than 63 characters."""
    automaton = automaton_of(regex)
    waiting: list[tuple[int, int]] = [(automaton.first, 0)]
    found = {*waiting}
    while waiting:
        state, length = waiting.pop()
        if state == Automaton.LAST:
            return True
        reached: set[tuple[int, int]] = set()
        for step in automaton.steps[state]:
            in_label = not _LABEL_CHARACTERS.isdisjoint(step.characters)
            if not step.characters:
                reached.add((step.target, length))
            if in_label and length < MAX_LABEL_LENGTH:
                reached.add((step.target, length + 1))
            if not _SEPARATORS.isdisjoint(step.characters):
                reached.add((step.target, 0))
        waiting.extend(reached - found)
        found |= reached
    return False


# These are tried if it is not known what an expression matches.
_UNRELATED = (
    "https://unrelated.com",
    "https://unrelated.github.io",
    "https://unrelated",
    "unrelated://unrelated",
)


def _real(regex: re.Pattern[str], origins: list[str], is_exact: bool, longest: int) -> Iterator[str]:
    """The examples that are origins, and that the expression certainly matches."""
    if is_exact:  # whatever the automaton matches, the expression does
        yield from filter(is_serialized_origin, origins)
    # All others are tried, unless that would take minutes. One match is enough.
    tried = _with_addresses(origins) if is_exact else [*origins, *_with_addresses(origins)]
    for origin in filter(is_serialized_origin, tried):
        if len(origin) <= longest and matches(regex, origin):
            yield origin
            return


def _with_addresses(origins: list[str]) -> Iterator[str]:
    """The same with valid IPv6 addresses in brackets, which the short examples hardly ever have."""
    for origin in origins:
        for address in ("[2001:db8::a]", "[2001:db8:0:1:1:1:1:1]") if "[" in origin else ():
            yield _BRACKETS.sub(address, origin)


_BRACKETS = re.compile(r"\[.*\]")


class _Reader(Protocol):
    """What has been read of an origin, from its end, as far as it matters for the rest."""

    def __hash__(self) -> int: ...

    @property
    def is_inside(self) -> bool:
        """Whether more of the same name can follow, so that it matters whether that is optional."""
        ...

    @property
    def site(self) -> Site | None:
        """The site, if the origin may begin here."""
        ...

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        """The readers after the next character, which is the one before everything that has been read."""
        ...


# The bool: whether something optional was taken or skipped since the last character.
_Pair = tuple[int, _Reader, bool]
_Read = tuple[tuple[_Reader, str], ...]


def _read_together(automaton: Automaton) -> Iterator[tuple[Site, str]]:
    """Each site that both find, with the shortest example first.

    Raises:
        NotProvableError: if they reach more than MAX_VISITED pairs.
    """
    start: _Reader = _END
    first: _Pair = (automaton.first, start, False)
    came_from: dict[_Pair, tuple[_Pair, str] | None] = {first: None}
    waiting: deque[_Pair] = deque([first])
    before_scheme = _before_scheme(automaton)
    read = cache(_read)  # all states of x{0,100} read the same
    while waiting:
        pair = waiting.popleft()
        state, reader, has_chosen = pair
        site = reader.site
        if state == Automaton.LAST and site is not None:
            yield site, _text(pair, came_from)
        if isinstance(_without_port(reader), _Scheme) and state not in before_scheme:
            continue
        for step in automaton.steps[state]:
            if step.characters:
                is_open = step.is_open or (has_chosen and reader.is_inside)
                reached = [
                    ((step.target, after, False), one)
                    for after, one in read(reader, step.characters, is_open)
                ]
            else:
                reached = [
                    ((step.target, after, has_chosen or step.is_open), "")
                    for after in _at(step.only_at, reader)
                ]
            for after_pair, character in reached:
                if after_pair not in came_from:
                    came_from[after_pair] = pair, character
                    waiting.append(after_pair)
        if len(came_from) > MAX_VISITED:
            raise NotProvableError("it is too complex")


def _read(reader: _Reader, characters: str, is_open: bool) -> _Read:
    """The readers after one of these characters, each with that character."""
    needs_each = isinstance(_without_port(reader), (_Scheme, _Expected))
    tried = _samples(characters) if is_open and not needs_each else characters
    after = {new: character for character in reversed(tried) for new in reader.before(character, is_open)}
    return tuple(after.items())[::-1]


def _at(end: End | None, reader: _Reader) -> Iterator[_Reader]:
    """The reader after a step that reads nothing, if the reader is at that end of the text."""
    if end is None or (end is End.END and reader is _END):
        yield reader
    elif end is End.START and reader.site is not None:
        yield _Start(reader.site)


def _before_scheme(automaton: Automaton) -> frozenset[int]:
    """The states from which a scheme, or a part of it, can be read to the start of the text."""
    leads_to = {
        (step.target, state)
        for state, steps in enumerate(automaton.steps)
        for step in steps
        if not step.characters or not _SCHEME_CHARACTERS.isdisjoint(step.characters)
    }
    into: dict[int, list[int]] = {}
    for target, state in leads_to:
        into.setdefault(target, []).append(state)
    found = {Automaton.LAST}
    waiting = [Automaton.LAST]
    while waiting:
        new = set(into.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return frozenset(found)


def _text(pair: _Pair, came_from: Mapping[_Pair, tuple[_Pair, str] | None]) -> str:
    characters: list[str] = []
    before = came_from[pair]
    while before is not None:
        characters.append(before[1])
        before = came_from[before[0]]
    return "".join(characters)


# If a character is open, one of each kind is enough. Each digit is a kind of its own, and so is each
# punctuation mark that ends a part of an origin. The letters of hexadecimal numbers are kinds, too.
_KINDS = re.compile(r"[a-f]|x|[g-wyz]|[A-Z]|[-_]|[+~!$&'(),;=%]")
_KIND_OF = {
    character: next(
        (kind for kind, one in enumerate(_KINDS.pattern.split("|")) if re.fullmatch(one, character)),
        character,
    )
    for character in ALPHABET
}


def _samples(characters: str) -> list[str]:
    """One of each kind of these characters."""
    return list({_KIND_OF[character]: character for character in reversed(characters)}.values())[::-1]


# The readers, in the order in which they take turns.


@dataclass(frozen=True, slots=True)
class _Start:
    """The start of the text. Nothing may come before it."""

    site: Site
    is_inside = False

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        return iter(())


@dataclass(frozen=True, slots=True)
class _Host:
    """The end of the host, and of the origin if there is no port."""

    is_end: bool
    is_inside = False
    site = None

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        if self.is_end and character.isdigit():
            yield _Port(_like(character, is_open), character != "0")
        if self.is_end and character == "/":
            yield _Expected("file:/", _Start(Site("file", FILE, Owner.FILES)))
        if character == "]":
            yield _Brackets("")
        if character == ".":
            yield _Name("", "", None)  # a dot at the end of a domain is not a part of its name
        for kind in (_Name("", "", None), _Address((), "", False), _Opaque("")):
            yield from kind.before(character, is_open)


_END = _Host(is_end=True)


@dataclass(frozen=True, slots=True)
class _Port:
    """Some digits of a port; whether it may begin with the first of them."""

    digits: str
    may_begin: bool
    is_inside = False
    site = None

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        digits = character + self.digits
        if character.isdigit() and len(digits) <= len(_HIGHEST) and not _is_too_high(digits):
            yield _Port(_like(digits, is_open), character != "0")
        if character == ":" and self.may_begin:
            host = _Host(is_end=False)
            yield _BeforePort(self.digits, host) if self.digits in DEFAULT_PORTS.values() else host


_HIGHEST = str(MAX_PORT)


def _is_too_high(digits: str) -> bool:
    return len(digits) == len(_HIGHEST) and digits > _HIGHEST


def _like(digits: str, is_open: bool) -> str:
    """Digits that are the end of the same ports as these, as far as ports matter: too high, or a default.

    Where the first of them is open, other ports are possible, too. Then it does not matter that one of these
    is a default.
    """
    if not is_open and any(port.endswith(digits) for port in DEFAULT_PORTS.values()):
        return digits
    highest = _HIGHEST[-len(digits) :]
    return highest if digits <= highest else "9" * len(digits)


@dataclass(frozen=True, slots=True)
class _BeforePort:
    """What comes before a port that is the default of some scheme: with that, browsers leave it out."""

    port: str
    reader: _Reader

    @property
    def is_inside(self) -> bool:
        return self.reader.is_inside

    @property
    def site(self) -> Site | None:
        site = self.reader.site
        return None if site is None or DEFAULT_PORTS.get(site.scheme) == self.port else site

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        for reader in self.reader.before(character, is_open):
            yield _BeforePort(self.port, reader)


def _without_port(reader: _Reader) -> _Reader:
    return reader.reader if isinstance(reader, _BeforePort) else reader


@dataclass(frozen=True, slots=True)
class _Name:
    """A domain: the labels that are complete, the one that is being read, and the site once it is known."""

    tail: str
    label: str
    found: Site | None

    site = None

    @property
    def is_inside(self) -> bool:
        return self.found is None and bool(self.tail or self.label)

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        if character in _LABEL_CHARACTERS:
            yield self._longer(character, is_open)
        elif self.label and (self.tail or not is_number(self.label)):
            domain = f"{self.label}.{self.tail}" if self.tail else self.label
            if character == ".":
                yield self._complete(domain, is_open)
            elif character == "/":
                yield _Expected(":/", _Scheme("", self.found or _site(domain)))

    def _longer(self, character: str, is_open: bool) -> _Name:
        found = self.found
        if found is None and is_open:
            found = _open_below(self.tail, is_part=bool(self.label))
        elif found is not None and self.label and not is_open and found.name == self.tail:
            found = found._replace(is_part=found.owner is Owner.MANY)
        label = character + self.label
        return _Name(self.tail, label if found is None else _gist(label), found)

    def _complete(self, domain: str, is_open: bool) -> _Name:
        """The label is complete, and there is another one before it."""
        if self.found is not None:
            return _Name(_ANY_TAIL, "", self.found)
        if domain != _LOCALHOST and public_suffix_list().has_many_owners(domain):
            return _Name(domain, "", _open_below(domain, is_part=True) if is_open else None)
        return _Name(_ANY_TAIL, "", _site(domain))


_SEPARATORS = frozenset("./:[]")
_LABEL_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_LOCALHOST = "localhost"
_ANY_TAIL = "..."  # it no longer matters which labels these were


def _site(domain: str) -> Site:
    """The site of a host that is spelled out, or of all hosts below it."""
    if domain == _LOCALHOST or domain.endswith(f".{_LOCALHOST}"):
        return _LOOPBACK
    return Site("", public_suffix_list().site(domain), Owner.ONE)


_LOOPBACK = Site("", "loopback", Owner.LOOPBACK)
_ANYBODY = Site("", "", Owner.ANYBODY)


def _open_below(domain: str, *, is_part: bool) -> Site:
    return Site("", domain, Owner.MANY, is_part) if domain else _ANYBODY


def _gist(label: str) -> str:
    """A short label that is a number exactly when this one is, whatever is put before both."""
    for pattern, gist in _GISTS:
        if pattern.fullmatch(label):
            return gist
    return "z"


_GISTS = tuple(
    (re.compile(pattern), gist)
    for pattern, gist in (("[0-9]+", "1"), ("[0-9a-f]+", "a"), ("x[0-9a-f]*", "x"), ("0x[0-9a-f]*", "0x"))
)


@dataclass(frozen=True, slots=True)
class _Address:
    """An IPv4 address: the numbers that are complete, and the one that is being read."""

    numbers: tuple[str, ...]
    number: str
    is_open: bool

    site = None

    @property
    def is_inside(self) -> bool:
        return bool(self.numbers or self.number)

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        if character.isdigit():
            number = character + self.number
            if len(number) <= _DIGITS and int(number) <= _MAX_NUMBER:
                yield _Address(self.numbers, number, self.is_open or is_open)
        elif self.number and str(int(self.number)) == self.number:
            count = len(self.numbers) + 1
            if character == "." and count < _NUMBERS:
                yield _Address((self._complete(is_open), *self.numbers), "", False)
            elif character == "/" and count == _NUMBERS:
                yield _Expected(":/", _Scheme("", _network((self._complete(False), *self.numbers))))

    def _complete(self, is_open: bool) -> str:
        """The number; if it is open, only which private networks it can belong to."""
        if not (self.is_open or is_open):
            return self.number
        if len(self.numbers) != _NUMBERS - 2:  # the second from the left
            return "*"
        return "*" + next((one for one, alike in _SECOND_NUMBERS.items() if int(self.number) in alike), "0")


_NUMBERS, _DIGITS, _MAX_NUMBER = 4, 3, 255
_PRIVATE_NETWORKS = tuple(
    map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"))
)
_SECOND_NUMBERS = {"16": range(16, 32), "168": range(168, 169), "254": range(254, 255)}


def _network(numbers: tuple[str, ...]) -> Site:
    first, second, *_ = numbers
    if first.startswith("*"):
        return _ANYBODY
    if first == "127":
        return _LOOPBACK
    name = ".".join("*" if number.startswith("*") else number for number in numbers)
    address = ipaddress.IPv4Address(f"{first}.{second.removeprefix('*')}.0.0")
    if "*" in name and not any(address in network for network in _PRIVATE_NETWORKS):
        return _ANYBODY
    return Site("", name, Owner.ONE)


@dataclass(frozen=True, slots=True)
class _Brackets:
    """An IPv6 address; ``*`` replaces its rest from the leftmost open character on."""

    address: str

    is_inside = False  # what is open in an address are its characters
    site = None

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        if character in "0123456789abcdef:":
            address = "*" if is_open else character + self.address
            if len(address) <= _MAX_IPV6_LENGTH:
                yield _Brackets(address)
        elif character == "[":
            site = self._site()
            if site is not None:
                yield _Expected("://", _Scheme("", site))
                yield _Expected("://", _Scheme("", None, "*" if "*" in self.address else f"[{self.address}]"))

    def _site(self) -> Site | None:
        host = f"[{self.address}]"
        if "*" in host:
            return Site("", host, Owner.ONE) if _PRIVATE_IPV6.match(self.address) else _ANYBODY
        if serialize_ipv6(host) != host:
            return None
        return _LOOPBACK if host == "[::1]" else Site("", host, Owner.ONE)


_MAX_IPV6_LENGTH = 39
# Unique local (RFC 4193) and link-local (RFC 4291).
_PRIVATE_IPV6 = re.compile(r"f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:")


@dataclass(frozen=True, slots=True)
class _Opaque:
    """The host of an app's scheme, or ``*`` if any of it is open. Case is ignored."""

    host: str

    site = None

    @property
    def is_inside(self) -> bool:
        return bool(self.host)

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        if character in OPAQUE_HOST_CHARACTERS:
            yield _Opaque("*" if is_open or self.host == "*" else character.lower() + self.host)
        elif character == "/" and self.host:
            yield _Expected(":/", _Scheme("", None, self.host))


@dataclass(frozen=True, slots=True)
class _Expected:
    """The text that must come next, which is before what has been read, and the reader that follows."""

    text: str
    then: _Reader

    is_inside = False
    site = None

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        if self.text.endswith(character):
            rest = self.text[:-1]
            yield _Expected(rest, self.then) if rest else self.then


@dataclass(frozen=True, slots=True)
class _Scheme:
    """The scheme before the host of a site, or before the opaque host of an app."""

    scheme: str
    found: Site | None
    app_host: str = ""
    is_open: bool = False

    @property
    def is_inside(self) -> bool:
        return bool(self.scheme)

    @property
    def site(self) -> Site | None:
        if self.found is not None:
            return self.found._replace(scheme=self.scheme) if self.scheme in DEFAULT_PORTS else None
        if not self.scheme[:1].isalpha() or self.scheme in _NOT_OF_APPS:
            return None
        if self.is_open:
            return _ANYBODY
        owner = Owner.APP if self.app_host == "*" else Owner.ONE
        return Site(self.scheme, f"{self.scheme}://{self.app_host}", owner)

    def before(self, character: str, is_open: bool) -> Iterator[_Reader]:
        scheme = character + self.scheme
        if self.found is not None:
            if any(each.endswith(scheme) for each in DEFAULT_PORTS):
                yield _Scheme(scheme, self.found)
        elif character in _SCHEME_CHARACTERS:
            is_open = is_open or self.is_open
            if is_open and not any(each.endswith(scheme) for each in _NOT_OF_APPS):
                scheme = character + "*"  # it is another scheme in any case
            yield _Scheme(scheme, None, self.app_host, is_open)


_NOT_OF_APPS = frozenset(DEFAULT_PORTS) | SCHEMES_WITHOUT_ORIGIN
_SCHEME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")
