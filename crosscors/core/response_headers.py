"""ResponseHeaders: the headers that a decision writes into a response, ready in the form of each stack.

ASGI has pairs of bytes, WSGI pairs of text, Django a mapping, aiohttp a mapping with repeats. ``merged`` and
``merged_raw`` return a new list and leave the given one alone; ``write_into`` and ``write_into_repeats``
change the mapping that they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, AnyStr, Protocol

from crosscors.core.standard import ALLOW_ORIGIN
from crosscors.core.token_lists import merge_vary

Pairs = tuple[tuple[str, str], ...]
RawPairs = tuple[tuple[bytes, bytes], ...]


class MappingWithRepeats(Protocol):
    """A mapping such as multidict's ``CIMultiDict``."""

    def __iter__(self) -> Iterator[str]: ...
    def items(self) -> Iterable[tuple[str, str]]: ...
    def clear(self) -> None: ...
    def extend(self, pairs: Iterable[tuple[str, str]], /) -> None: ...


def list_header(name: str, values: Iterable[str]) -> Pairs:
    """A header with the list of these values; nothing if there are no values.

    >>> list_header("Access-Control-Allow-Methods", ["GET", "PUT"])
    (('Access-Control-Allow-Methods', 'GET, PUT'),)
    """
    value = ", ".join(values)
    return ((name, value),) if value else ()


@dataclass(slots=True, unsafe_hash=True)  # frozen would take 0.3 microseconds more for each new origin
class ResponseHeaders:
    """The headers that a decision writes, and how it writes them. It must not be changed.

    Only the policy decides: Access-Control headers of the application are replaced, or removed if nothing is
    allowed, because browsers refuse a response that has two of them (Fetch, "CORS check").
    Timing-Allow-Origin is replaced if the policy has one. Vary is merged. All other headers keep their order
    and repeats.

    Attributes:
        pairs: names and values, without Vary.
        vary: the names for Vary.

    Example:
        >>> headers = ResponseHeaders((("Access-Control-Allow-Origin", "https://a.example"),), ("Origin",))
        >>> headers.merged([("Vary", "Accept")])
        [('Access-Control-Allow-Origin', 'https://a.example'), ('Vary', 'Accept, Origin')]
    """

    pairs: Pairs = ()
    vary: tuple[str, ...] = ()
    _complete: Pairs = field(default=(), init=False, repr=False, compare=False)
    _raw: RawPairs = field(default=(), init=False, repr=False, compare=False)

    @property
    def complete(self) -> Pairs:
        """All headers that are written if the application has no Vary of its own."""
        if not self._complete:
            self._complete = (*self.pairs, _vary_header(self.vary)) if self.vary else self.pairs
        return self._complete

    @property
    def raw(self) -> RawPairs:
        """``complete`` as bytes, with names in lower case, as ASGI requires."""
        if not self._raw:
            self._raw = _raw(self.complete)
        return self._raw

    def merged(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """A new list with these headers and those of the decision."""
        kept = [*headers]
        for header in kept:
            if header[0][:1] in _INITIALS and header[0].lower().startswith(_WRITTEN):
                return self._replaced(kept)
        kept += self._complete or self.complete
        return kept

    def merged_raw(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The same as ``merged`` for headers as bytes; it writes names in lower case."""
        kept = [*headers]
        for header in kept:
            name = header[0]
            if (not name or name[0] in _RAW_INITIALS) and name.lower().startswith(_RAW_WRITTEN):
                return self._replaced_raw(kept)
        kept += self._raw or self.raw
        return kept

    def write_into(self, headers: MutableMapping[str, str]) -> None:
        """Write the headers into a case-insensitive mapping, which is changed in place."""
        own = [name for name in headers if name.lower().startswith(_WRITTEN)]
        vary = headers.get("Vary") if own else None  # a useless look-up would take 0.4 microseconds
        for name in own:
            if name.lower().startswith(_PREFIX):
                del headers[name]
        for name, value in self.complete:
            headers[name] = value
        if vary is not None and self.vary:
            headers["Vary"] = merge_vary([vary], self.vary)

    def write_into_repeats(self, headers: MappingWithRepeats) -> None:
        """Write the headers into a mapping that can have a name several times, which is changed in place."""
        for name in headers:
            if name[:1] in _INITIALS and name.lower().startswith(_WRITTEN):
                replaced = self._replaced([*headers.items()])
                headers.clear()
                headers.extend(replaced)
                return
        headers.extend(self._complete or self.complete)

    def _replaced(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        own = tuple(name.lower() for name, _ in self.pairs)
        kept, vary = _parted(headers, (_PREFIX, *own), "vary" if self.vary else None)
        if not vary:
            return [*kept, *self.complete]
        return [*kept, *self.pairs, ("Vary", merge_vary(vary, self.vary))]

    def _replaced_raw(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        own = tuple(name for name, _ in self.raw if name != b"vary")
        kept, vary = _parted(headers, (_RAW_PREFIX, *own), b"vary" if self.vary else None)
        if not vary:
            return [*kept, *self.raw]
        merged = merge_vary([value.decode("latin-1") for value in vary], self.vary)
        return [*kept, *_raw(self.pairs), (b"vary", merged.encode("latin-1"))]


# The names that decisions write begin like this. Most responses have no such header yet. To find that out
# first saves 0.3 microseconds for each response.
_PREFIX = "access-control-"
_WRITTEN = (_PREFIX, "timing-allow-origin", "vary")
# Most names do not even begin with these letters.
_INITIALS = frozenset(letter for name in _WRITTEN for letter in (name[0], name[0].upper()))
# The same as bytes. All characters are there so that a name which is text goes on, and raises a TypeError.
_RAW_PREFIX = _PREFIX.encode()
_RAW_WRITTEN = tuple(name.encode() for name in _WRITTEN)
_RAW_INITIALS = frozenset((*map(ord, _INITIALS), *map(chr, range(256))))


def _parted(
    headers: Iterable[tuple[AnyStr, AnyStr]], replaced: tuple[AnyStr, ...], vary_name: AnyStr | None
) -> tuple[list[tuple[AnyStr, AnyStr]], list[AnyStr]]:
    """The headers that stay, and the values of Vary, if they have to be merged."""
    kept: list[tuple[AnyStr, AnyStr]] = []
    vary: list[AnyStr] = []
    for header in headers:
        name: Any = header[0].lower()
        if name == vary_name:
            vary.append(header[1])
        elif not name.startswith(replaced):
            kept.append(header)
    return kept, vary


def _raw(headers: Pairs) -> RawPairs:
    return tuple([_raw_header(each) if each[0] != ALLOW_ORIGIN else _raw_pair(each) for each in headers])


def _raw_pair(header: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = header
    return name.lower().encode("ascii"), value.encode("ascii")


# Most headers are the same in all decisions of a policy. The decisions share them, because otherwise each
# decision that is remembered would have its own copy of the policy's lists.
_SHARED = 256


@lru_cache(_SHARED)
def _vary_header(names: tuple[str, ...]) -> tuple[str, str]:
    return ("Vary", ", ".join(names))


_raw_header = lru_cache(_SHARED)(_raw_pair)
