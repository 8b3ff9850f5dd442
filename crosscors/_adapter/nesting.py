"""Nested adapters: whose decision a response carries where several policies cover one request.

All the rules of this are here. The adapters only read and write the record.

1. Each adapter that covers a request enters its decision into one record. The record lies in the scope or
   environ, and all copies of that share it: of sub-requests as well, one after the other or in parallel.
2. The innermost decision, which is the last one of the record, holds for a response that passed through the
   innermost adapter: it still carries the Access-Control headers that this adapter wrote. It holds as well
   for the error page (status 500) of an exception that passed through that adapter. An application that
   catches the exception and puts other data into a response with status 500 cannot be told from that.
3. Any other response was made further out: by a fallback, from sub-requests. It gets the decision of the
   adapter that writes it, if every policy allows the origin; credentials, if every policy gives them.
   Otherwise it gets Vary only.
4. Vary names what any of the policies depends on.
5. The outermost adapter answers preflights, so they never come to two adapters.
6. What is written is reported once, by the outermost adapter, when the response starts or when it is certain
   that none will.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

from crosscors._adapter.reporting import Reporter, log
from crosscors.core import standard
from crosscors.core.decision import Decision
from crosscors.core.errors import shown
from crosscors.core.policy import CORSPolicy, words_of
from crosscors.core.request import CORSRequest
from crosscors.core.response_headers import Pairs, ResponseHeaders
from crosscors.core.words import KEYWORDS, Words

#: Where the record lies in a scope or environ: the entry of the outermost adapter, which leads to all others.
RECORD = "crosscors.record"

# Header names in lower case, and values: what a response has that begins with Access-Control.
Carried = Iterable[tuple[str, str]]


class Adapter(Protocol):
    """Who enters decisions, as the record needs to know it.

    Attributes:
        name: how messages call it.
        reporter: tells of its decisions.
    """

    name: str
    reporter: Reporter

    def request_of(self, source: Any, /) -> CORSRequest:
        """The request for the reporter, out of the source of an entry."""
        ...


class Entry:
    """The decision of one adapter on one request, and what became of it.

    Attributes:
        adapter: who decided.
        policy: by which policy; None until ``settle``.
        decision: what.
        source: the request as it came, for others may change scope and environ later. None if the reporter
            has nothing to tell.
        written: what the response got, or would have got if there is none; None until it starts.
        record: all entries, the outermost first; None while there is only this one.
        status: of the response that started at the adapter.
        is_within: whether an adapter further out will answer after this one, and report.
        has_raised: whether an exception passed through the adapter.
        is_withdrawn: whether it turned out later that no policy covers the request here.
    """

    # Slots, and no constructor: 0.15 microseconds of each request. The rest is for nested adapters only.
    __slots__ = ("__dict__", "__weakref__", "adapter", "decision", "policy", "record", "source", "written")

    adapter: Adapter
    policy: CORSPolicy | None
    decision: Decision
    source: Any
    written: Decision | None
    record: list[Entry] | None
    status: int | None = None
    is_within: bool = False
    has_raised: bool = False
    is_withdrawn: bool = False

    def __deepcopy__(self, _memo: object) -> Entry:
        return self  # deep copies of a scope share the record, too

    def answer(self, status: int | None, carried: Carried) -> Decision:
        """The decision to write into the response that starts; the outermost adapter reports it, once.

        Args:
            status: that of the response; None if an exception means that there will be none.
            carried: the Access-Control headers that the response has. Not looked at while no other adapter
                covers the request.
        """
        if self.record is None:
            self.written = self.decision
            source = self.source
            if source is not None:
                self.source = None  # reported already, and it may lead to the scope, which leads here
                self.adapter.reporter.report(
                    self.decision, _words_of(self), self.adapter.request_of, source
                )
            return self.decision
        inward = self._inward()
        decisive, decision = _decisive(inward, status, frozenset(carried))
        is_reported = _is_reported(inward)
        self.status = status
        self.written = decision
        if not self.is_within and not is_reported:
            _report(self.record, decisive, decision)
        return decision

    def settle(self, policy: CORSPolicy, decision: Decision) -> None:
        """Decide, for an adapter that had to enter before it could."""
        self.policy, self.decision = policy, decision
        for inner in self._inward()[1:]:
            _warn_of(self, inner)

    def withdraw(self) -> None:
        """Note that no policy covers the request here after all, so that nothing is written.

        What an adapter further in has written is reported now, for it waited for this one.
        """
        innermost = self._inward()[-1]
        has_answered = innermost is not self and innermost.written is not None
        self.written, self.source, self.is_withdrawn = self.decision, None, True
        if self.record is not None and not self.is_within and has_answered:
            _report(self.record, innermost, innermost.written or innermost.decision)

    def _inward(self) -> list[Entry]:
        """This entry and those further in that still stand."""
        if self.record is None:
            return [self]
        further_in = self.record[self.record.index(self) + 1 :]
        return [self, *(entry for entry in further_in if not entry.is_withdrawn)]

    def leave(self, *, has_raised: bool) -> None:
        """Note that the application is done, or that it raised. Without a response, there will be none."""
        self.has_raised = self.has_raised or has_raised
        if self.written is None:
            self.answer(None, ())


def enter(holder: MutableMapping[str, Any], entry: Entry) -> None:
    """Enter a decision into the record in this scope or environ, behind all others."""
    first: Entry = holder.setdefault(RECORD, entry)
    if first is entry:
        return
    # Not ``first.record or [first]``: two sub-requests may come to this line in two threads.
    record: list[Entry] = vars(first).setdefault("entries", [first])
    first.record = record
    if first.adapter is entry.adapter and first.written is not None:
        # Someone sends the same scope or environ in again. The old response may have a use for this entry,
        # if it has to start once more; the new one has none for the old entries.
        record.append(entry)
        holder[RECORD] = entry
        return
    entry.is_within = any(other.written is None for other in record)
    record.append(entry)
    entry.record = record
    holder[RECORD] = record[0]
    if entry.is_within:
        _warn_of(record[0], entry)


def bring_over(holder: MutableMapping[str, Any]) -> None:
    """Bring the record over a bridge between ASGI and WSGI, which keeps what it got on its other side.

    a2wsgi keeps the scope in the environ, and the environ in the scope.
    """
    for other in (holder.get("asgi.scope"), holder.get("wsgi_environ")):
        if other is not None and RECORD in other:
            holder.setdefault(RECORD, other[RECORD])


def carried(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The Access-Control headers of a response, as ``Entry.answer`` takes them."""
    for name, value in headers:
        lower = name.lower()
        if lower.startswith("access-control-"):
            yield lower, value


def _decisive(
    entries: Sequence[Entry], status: int | None, carried: frozenset[tuple[str, str]]
) -> tuple[Entry, Decision]:
    """Whose decision the response gets, and that decision.

    Args:
        entries: that of the adapter that asks, and those further in.
        status: that of the response; None if there is none.
        carried: the Access-Control headers that it has.
    """
    vary = tuple(dict.fromkeys(name for entry in entries for name in entry.decision.vary))
    own, innermost = entries[0], entries[-1]
    if own is innermost:
        return own, own.decision
    if _has_passed(innermost, status, carried) or _is_error_page(entries[1:], status):
        return innermost, _with(innermost.written or innermost.decision, vary=vary)
    for entry in reversed(entries):  # of two that refuse, the inner one: most responses come from within
        if not _gives(entry, standard.ALLOW_ORIGIN):
            return entry, _with(entry.decision, pairs=(), vary=vary)
    if all(_gives(entry, standard.ALLOW_CREDENTIALS) for entry in entries):
        return own, _with(own.decision, vary=vary)
    pairs = tuple(header for header in own.decision.headers if header[0] != standard.ALLOW_CREDENTIALS)
    return own, _with(own.decision, pairs=pairs, vary=vary)


def _has_passed(innermost: Entry, status: int | None, carried: frozenset[tuple[str, str]]) -> bool:
    """Whether the response comes from the innermost adapter.

    One that wrote no Access-Control header leaves nothing to see. It need not: it refused.
    """
    if status is None or innermost.status is None or innermost.written is None:
        return False
    # What was an error there and is none now has been made by someone else.
    is_replaced = innermost.status >= _ERROR > status
    wrote = {(name.lower(), value) for name, value in innermost.written.headers}
    return bool(wrote) and wrote <= carried and not is_replaced


def _is_error_page(further_in: Sequence[Entry], status: int | None) -> bool:
    """Whether the response is the error page of an exception that passed through the innermost adapter.

    A fallback that catches the exception and serves something else, be it a 404, is not. Nor is what may have
    parts of another response in it, unless the policy of that one gives as much.
    """
    *others, innermost = further_in
    return (
        innermost.has_raised
        and status in (None, _SERVER_ERROR)
        and all(
            _gives(other, name)
            for other in others
            for name in (standard.ALLOW_ORIGIN, standard.ALLOW_CREDENTIALS)
            if not other.has_raised and _gives(innermost, name)
        )
    )


def _is_reported(entries: Sequence[Entry]) -> bool:
    return any(entry.written is not None and not entry.is_within for entry in entries)


_ERROR = 400
_SERVER_ERROR = 500


def _gives(entry: Entry, name: str) -> bool:
    decisions = (entry.decision,) if entry.written is None else (entry.decision, entry.written)
    return all(any(header[0] == name for header in decision.headers) for decision in decisions)


def _with(decision: Decision, *, pairs: Pairs | None = None, vary: tuple[str, ...]) -> Decision:
    """The decision with other response headers."""
    headers = ResponseHeaders(decision.headers if pairs is None else pairs, vary)
    return decision if headers == decision.response_headers else replace(decision, response_headers=headers)


def _report(record: Sequence[Entry], decisive: Entry, decision: Decision) -> None:
    """Let the adapter that decided tell of it. If it has no hook, the nearest one further out that has."""
    further_out = reversed(record[: record.index(decisive)])
    hearing = (each for each in further_out if each.adapter.reporter.has_hook and each.source is not None)
    adapter = decisive.adapter
    heard = None if adapter.reporter.has_hook else next(hearing, None)
    if decisive.source is not None:
        adapter.reporter.report(decision, _words_of(decisive), adapter.request_of, decisive.source)
    if heard is not None:
        heard.adapter.reporter.call_hook(decision, heard.adapter.request_of, heard.source)
    for entry in record:
        entry.source = None  # it may lead to the scope, which leads here


def _words_of(entry: Entry) -> Words:
    """How those who wrote the policy call its options."""
    return KEYWORDS if entry.policy is None else words_of(entry.policy)


def _warn_of(outer: Entry, inner: Entry) -> None:
    """Log that two policies meet, once for each pair of adapters."""
    if outer.policy is None or inner.adapter is outer.adapter or inner.policy is outer.policy:
        return  # not settled; the whole application within itself; what Starlette's adapter has asked already
    met = _met.setdefault(outer.adapter, WeakSet())
    if inner.adapter in met:
        return
    met.add(inner.adapter)
    log(
        logging.WARNING,
        'two CORS policies cover one request. Use one: policy=Resources({"/inner/*": CORSPolicy(...), '
        '"/*": CORSPolicy(...)}). The outer one, of %s, is %s; it answers preflights. The inner one, of %s, '
        "is %s; it decides who reads its responses",
        outer.adapter.name,
        shown(outer.policy),
        inner.adapter.name,
        shown(inner.policy),
    )


# The adapters that have met one further in. An adapter that is gone is not kept.
_met: WeakKeyDictionary[Adapter, WeakSet[Adapter]] = WeakKeyDictionary()
