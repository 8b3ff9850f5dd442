"""The CORS-preflight cache (Fetch, section "CORS-preflight cache")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from crosscors.testing.request_headers import NON_WILDCARD

if TYPE_CHECKING:
    from crosscors.testing.engines import Engine

Kind = Literal["method", "header"]


@dataclass(frozen=True)
class CacheKey:
    """The requests that an entry is for: the standard's origin, URL and credentials."""

    origin: str
    url: str
    with_credentials: bool


@dataclass
class PreflightCache:
    """What preflights have allowed, for as long as they said. The clock returns seconds."""

    clock: Callable[[], float]
    engine: Engine
    _expiry: dict[tuple[CacheKey, Kind, str], float] = field(
        default_factory=dict[tuple[CacheKey, Kind, str], float]
    )

    def has_method(self, key: CacheKey, method: str) -> bool:
        """Whether there is a "method cache entry match"."""
        return self._has(key, "method", method) or self._has(key, "method", "*")

    def has_header(self, key: CacheKey, name: str) -> bool:
        """Whether there is a "header-name cache entry match"."""
        if self._has(key, "header", name.lower()):
            return True
        if name.lower() == NON_WILDCARD and not self.engine.does("kept-wildcards-cover-authorization"):
            return False
        return self._has(key, "header", "*")

    def _has(self, key: CacheKey, kind: Kind, value: str) -> bool:
        return any(self._is_live((each, kind, value)) for each in self._keys(key))

    def _keys(self, key: CacheKey) -> set[CacheKey]:
        """The keys whose entries serve a request: what is allowed with credentials is allowed without."""
        if self.engine.does("preflights-with-credentials-are-apart"):
            return {key}
        return {key, replace(key, with_credentials=True)}

    def _is_live(self, entry: tuple[CacheKey, Kind, str]) -> bool:
        return entry in self._expiry and self._expiry[entry] > self.clock()

    def keep(self, key: CacheKey, methods: Iterable[str], headers: Iterable[str], seconds: int) -> None:
        """Keeps what a preflight has allowed ("CORS-preflight fetch", steps 7.12 to 7.15)."""
        if self.engine.does("preflights-replace-each-other"):
            self.forget(key.origin, key.url)
        if key.origin == "null" and self.engine.does("preflights-of-null-are-not-kept"):
            return
        expiry = self.clock() + seconds
        for method in methods:
            self._set(key, "method", method, ("*",), expiry)
        for name in headers:
            # An entry for "*" matches every header except Authorization.
            self._set(key, "header", name.lower(), () if name.lower() == NON_WILDCARD else ("*",), expiry)

    def _set(self, key: CacheKey, kind: Kind, value: str, wildcard: tuple[str, ...], expiry: float) -> None:
        """Changes the expiry of all matching entries, or creates one if none matches."""
        matches: list[tuple[CacheKey, Kind, str]] = [
            (each, kind, matching)
            for each in self._keys(key)
            for matching in (value, *wildcard)
            if self._is_live((each, kind, matching))
        ]
        for entry in matches or [(key, kind, value)]:
            self._expiry[entry] = expiry

    def forget(self, origin: str, url: str) -> None:
        """Drops all entries of an origin for a URL ("clear cache entries")."""
        self._expiry = {
            entry: expiry
            for entry, expiry in self._expiry.items()
            if (entry[0].origin, entry[0].url) != (origin, url)
        }

    def clear(self) -> None:
        self._expiry.clear()
