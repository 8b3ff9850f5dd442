"""What the core is asked and what it answers: CORSRequest and Decision."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import AnyStr

from crosscors.core import fields
from crosscors.core.lazy import lazy
from crosscors.core.refusal import Refusal


class Kind(enum.Enum):
    """What a request is to CORS (Fetch, "HTTP requests" of the CORS protocol)."""

    NOT_CORS = "not-cors"  # it has no Origin
    ACTUAL = "actual"
    PREFLIGHT = "preflight"


@dataclass(frozen=True)
class CORSRequest:
    """The fields of a request that CORS looks at, as plain data.

    A field that the request lacks is None; one that it has twice is both values joined with
    ``", "``, as HTTP allows (RFC 9110, section 5.3).

    Attributes:
        method: the request method, such as ``"GET"``; case-sensitive.
        origin: Origin.
        path: the decoded path as the application's router sees it, such as ``"/items/1"``.
        host: Host, such as ``"api.example.com"``; empty if there is none.
        request_method: Access-Control-Request-Method.
        request_headers: Access-Control-Request-Headers.
        request_private_network: Access-Control-Request-Private-Network.
        headers: all request fields, names in lower case; for ``allow_origin_func`` to read.

    Example:
        >>> CORSRequest("GET", origin="https://app.example.com").origin
        'https://app.example.com'
    """

    method: str
    origin: str | None = None
    path: str = ""
    host: str = ""
    request_method: str | None = None
    request_headers: str | None = None
    request_private_network: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)

    @property
    def is_preflight(self) -> bool:
        """Whether this is a CORS-preflight request: OPTIONS, Origin and Access-Control-Request-Method.

        Standard: Fetch, "HTTP requests".
        """
        return is_preflight(self.method, self.origin, self.request_method)


def is_preflight(method: str, origin: str | None, request_method: str | None) -> bool:
    """Whether a request with these fields is a CORS-preflight request (Fetch, "HTTP requests")."""
    return method == "OPTIONS" and origin is not None and request_method is not None


@dataclass(frozen=True)
class Decision:
    """What a policy says of one request, and what the response has to carry.

    Attributes:
        kind: whether the request is none of CORS, an actual request, or a preflight.
        allowed: whether everything that the request asks for is allowed.
        status: the status to answer a preflight with; None for every other request.
        headers: Access-Control-* fields that the response gets, names and values.
        vary: names that the response's Vary gets.
        refusals: why the request is not allowed; empty if it is.
        matched: the entry that allowed the origin: an origin, a pattern, ``"*"``, the regular
            expression, or ``"allow_origin_func"``; None if nothing did.

    Example:
        >>> from crosscors import CORSPolicy, CORSRequest
        >>> policy = CORSPolicy(allow_origins=["https://app.example.com"])
        >>> decision = policy.decide(CORSRequest("GET", origin="https://app.example.com"))
        >>> decision.apply([("Content-Type", "text/html")])[1:]
        [('Access-Control-Allow-Origin', 'https://app.example.com'), ('Vary', 'Origin')]
    """

    kind: Kind
    allowed: bool
    headers: tuple[tuple[str, str], ...] = ()
    vary: tuple[str, ...] = ()
    status: int | None = None
    refusals: tuple[Refusal, ...] = ()
    matched: str | None = None

    @lazy
    def body(self) -> bytes:
        """The plain text to answer a preflight with: ``OK``, or what is refused, in ASCII."""
        if self.allowed:
            return b"OK"
        reasons = "; ".join([refusal.message for refusal in self.refusals])
        return f"Refused by the CORS policy: {reasons}".encode("ascii")

    @lazy
    def preflight_headers(self) -> tuple[tuple[str, str], ...]:
        """All the fields of the answer to a preflight, those of its body included."""
        return (_PLAIN_TEXT, ("Content-Length", str(len(self.body))), *self._fields)

    @lazy
    def raw_preflight_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The same as ``preflight_headers`` as bytes, with names in lower case."""
        return (_RAW_PLAIN_TEXT, (b"content-length", b"%d" % len(self.body)), *self._raw_fields)

    def apply(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The response's fields with this decision written into them; the given ones stay as they are.

        The policy is the one authority: Access-Control-* fields of the application are replaced, or
        dropped where nothing is allowed, for a second value makes browsers refuse both (Fetch, "CORS
        check"). Vary is merged. All other fields keep their order and repeats.
        """
        kept = [*headers]
        for header in kept:
            name = header[0]
            if (not name or name[0] in _INITIALS) and name.lower().startswith(_WRITTEN):
                return self._replaced(kept)
        kept += self._fields
        return kept

    def apply_raw(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The same as ``apply`` for fields as bytes, whose names it writes in lower case."""
        kept = [*headers]
        for header in kept:
            name = header[0]
            if (not name or name[0] in _RAW_INITIALS) and name.lower().startswith(_RAW_WRITTEN):
                return self._replaced_raw(kept)
        kept += self._raw_fields
        return kept

    def write(self, headers: MutableMapping[str, str]) -> None:
        """The same as ``apply`` for fields in a case-insensitive mapping, which it changes."""
        own = [name for name in headers if name.lower().startswith(_WRITTEN)]
        vary = headers.get("Vary") if own else None
        for name in own:
            if not name.lower().startswith("vary"):
                del headers[name]
        for name, value in self._fields:
            headers[name] = value
        if vary is not None and self.vary:
            headers["Vary"] = fields.merge_vary([vary], self.vary)

    @lazy
    def _fields(self) -> tuple[tuple[str, str], ...]:
        """All that this decision writes where the application has no Vary of its own."""
        return (*self.headers, _vary_field(self.vary)) if self.vary else self.headers

    @lazy
    def _raw_fields(self) -> tuple[tuple[bytes, bytes], ...]:
        return _raw(self._fields)

    def _replaced(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The fields with those of the application replaced that this decision writes, too."""
        kept, vary = _parted(headers, "access-control-", "vary" if self.vary else None)
        if not vary:
            return [*kept, *self._fields]
        return [*kept, *self.headers, ("Vary", fields.merge_vary(vary, self.vary))]

    def _replaced_raw(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        kept, vary = _parted(headers, b"access-control-", b"vary" if self.vary else None)
        if not vary:
            return [*kept, *self._raw_fields]
        merged = fields.merge_vary([value.decode("latin-1") for value in vary], self.vary)
        return [*kept, *_raw(self.headers), (b"vary", merged.encode("latin-1"))]


def prepared(decision: Decision) -> Decision:
    """The decision with its fields worked out, for ``like`` to share."""
    _ = decision.apply(()), decision.apply_raw(())
    return decision


def like(decision: Decision, **changes: object) -> Decision:
    """The decision with other attributes. If it is ``prepared``, headers and Vary have to stay the same."""
    # This takes 0.5 microseconds, dataclasses.replace 2.4.
    other = object.__new__(Decision)
    other.__dict__.update(decision.__dict__)
    other.__dict__.update(changes)
    return other


_PLAIN_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_RAW_PLAIN_TEXT = (b"content-type", b"text/plain; charset=utf-8")

# How the names begin that decisions write. Most responses have none of them yet, and to find that out is all
# there is to do then: 0.3 microseconds less for each.
_WRITTEN = ("access-control-", "vary")
_RAW_WRITTEN = (b"access-control-", b"vary")
# Most names do not even begin with these letters. All characters are there for text to raise a TypeError.
_INITIALS = frozenset("aAvV")
_RAW_INITIALS = frozenset((*b"aAvV", *map(chr, range(256))))


def _parted(
    headers: Iterable[tuple[AnyStr, AnyStr]], cors_prefix: AnyStr, vary_name: AnyStr | None
) -> tuple[list[tuple[AnyStr, AnyStr]], list[AnyStr]]:
    """The fields that stay, and the values of those named Vary, if that has to be merged."""
    kept: list[tuple[AnyStr, AnyStr]] = []
    vary: list[AnyStr] = []
    for header in headers:
        name = header[0].lower()
        if name == vary_name:
            vary.append(header[1])
        elif not name.startswith(cors_prefix):
            kept.append(header)
    return kept, vary


def _raw(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        [_raw_field(each) if each[0] != fields.ALLOW_ORIGIN else _raw_pair(each) for each in headers]
    )


def _raw_pair(header: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = header
    return name.lower().encode("ascii"), value.encode("ascii")


# Whatever the origin, most fields of a policy's decisions are the same. They share them, for otherwise each
# decision that is remembered would hold the policy's lists anew.
_SHARED = 256


@lru_cache(_SHARED)
def _vary_field(names: tuple[str, ...]) -> tuple[str, str]:
    return ("Vary", ", ".join(names))


_raw_field = lru_cache(_SHARED)(_raw_pair)
