"""Nested adapters: whose decision counts where several policies cover one request.

The adapters only read and write the record. (An application mounted in Starlette, with an adapter of its own,
is an exception: the outer adapter withdraws. See starlette/application.py.)

1. Each adapter that covers a request enters its decision into one record. The record is in the scope or
   environ. All copies of the scope share it, those of sub-requests as well, in sequence or in parallel.
2. The innermost decision is the last one in the record. It counts for a response that passed through the
   innermost adapter, which means that the response still carries the Access-Control headers of that adapter.
   It also counts for the error page (status 500) of an exception that passed through that adapter. (An
   application can catch the exception and put other data into a response with status 500. There is no way to
   see that.)
3. Every other response was made further out, by a fallback or from sub-requests. It gets the decision of the
   adapter that writes it if every policy allows the origin, and credentials if every policy gives them.
   Otherwise it gets Vary only.
4. Vary names everything that any of the policies depends on.
5. The outermost adapter answers preflights, so two adapters never see the same one.
6. The outermost adapter reports the decision that was written. It does so once: when the response starts, or
   when it is certain that there will be no response.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

from crosscors._adapter.reporting import ReadRequest, Reporter, log
from crosscors.core import standard
from crosscors.core.decision import Decision
from crosscors.core.errors import shown
from crosscors.core.live import is_live
from crosscors.core.policy import CORSPolicy, Policies
from crosscors.core.response_headers import Pairs, ResponseHeaders

#: The key of the record in a scope or environ. Its value is the outermost entry, which leads to all others.
RECORD = "crosscors.record"

# The Access-Control headers of a response: names in lower case, and values.
Carried = Iterable[tuple[str, str]]


class Adapter(Protocol):
    """An adapter, as the record needs to know it.

    Attributes:
        name: how messages call it.
        policies: what it delivers.
        reporter: reports its decisions.
    """

    name: str
    policies: Policies
    reporter: Reporter


class Entry:
    """The decision of one adapter on one request, and what became of it.

    Attributes:
        adapter: the adapter that decided.
        policy: the policy that it asked; None until ``settle``.
        decision: its decision.
        read: returns the request as it came, although applications may change the scope or environ. None if
            there is nothing to report.
        written: the decision that the response got, or would have got if there is no response; None until the
            response starts.
        record: all entries, the outermost first; None while there is only this one.
        status: the status of the response that started at the adapter.
        is_within: whether an adapter further out will answer after this one, and report.
        has_raised: whether an exception passed through the adapter.
        is_withdrawn: whether the adapter found out later that none of its policies covers the request.
    """

    # Slots, and no constructor, save 0.15 microseconds per request. The rest is for nested adapters only.
    __slots__ = ("__dict__", "__weakref__", "adapter", "decision", "policy", "read", "record", "written")

    adapter: Adapter
    policy: CORSPolicy | None
    decision: Decision
    read: ReadRequest | None
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
            status: the status of the response; None if an exception means that there will be none.
            carried: the Access-Control headers of the response; only read where adapters are nested.
        """
        if self.record is None:
            self.written = self.decision
            read = self.read
            if read is not None:
                self.read = None  # reported now, and it may refer to the scope, which refers to this entry
                self.adapter.reporter.report(self.decision, self.policy, read)
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
        """Decide, for an adapter that entered undecided."""
        self.policy, self.decision = policy, decision
        if self.record is None:
            return
        for inner in self._inward()[1:]:
            _warn_about(self, inner)
        if self.is_within:
            _warn_about(self.record[0], self)

    def withdraw(self) -> None:
        """Note that no policy covers the request here after all, so that this adapter writes nothing.

        An adapter further in has left the report to this one. What it wrote is reported now.
        """
        innermost = self._inward()[-1]
        has_answered = innermost is not self and innermost.written is not None
        self.written, self.read, self.is_withdrawn = self.decision, None, True
        if self.record is not None and not self.is_within and has_answered:
            _report(self.record, innermost, innermost.written or innermost.decision)

    def _inward(self) -> list[Entry]:
        """This entry and those further in, without withdrawn ones."""
        if self.record is None:
            return [self]
        further_in = self.record[self.record.index(self) + 1 :]
        return [self, *(entry for entry in further_in if not entry.is_withdrawn)]

    def leave(self, *, has_raised: bool) -> None:
        """Note that the application is done, or that it raised. Without a response, there will be none."""
        self.has_raised = self.has_raised or has_raised
        if self.written is None:
            self.answer(None, ())


def join(holder: MutableMapping[str, Any], entry: Entry) -> None:
    """Add an entry to the record that this scope or environ already has."""
    first: Entry = holder[RECORD]
    # Not ``first.record or [first]``: two sub-requests may reach this line in two threads.
    record: list[Entry] = vars(first).setdefault("entries", [first])
    first.record = record
    if first.adapter is entry.adapter and first.written is not None:
        # The same scope or environ was sent in again. The old response may need this entry if it has to start
        # once more. The new response does not need the old entries.
        record.append(entry)
        holder[RECORD] = entry
        return
    entry.is_within = any(other.written is None for other in record)
    record.append(entry)
    entry.record = record
    holder[RECORD] = record[0]
    if entry.is_within:
        _warn_about(record[0], entry)


def bring_over(holder: MutableMapping[str, Any]) -> None:
    """Copy the record from the other side of a bridge between ASGI and WSGI.

    a2wsgi keeps the scope in the environ, and the environ in the scope.
    """
    for other in (holder.get("asgi.scope"), holder.get("wsgi_environ")):
        if other is not None and RECORD in other:
            holder.setdefault(RECORD, other[RECORD])


def carried_by(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The Access-Control headers of a response, as ``Entry.answer`` takes them."""
    for name, value in headers:
        lower = name.lower()
        if lower.startswith("access-control-"):
            yield lower, value


def _decisive(
    entries: Sequence[Entry], status: int | None, carried: frozenset[tuple[str, str]]
) -> tuple[Entry, Decision]:
    """The decision that the response gets, and the entry that it comes from.

    Args:
        entries: the entry of the adapter that asks, and those further in.
        status: the status of the response; None if there is no response.
        carried: the Access-Control headers of the response.
    """
    vary = tuple(dict.fromkeys(name for entry in entries for name in entry.decision.vary))
    own, innermost = entries[0], entries[-1]
    if own is innermost:
        return own, own.decision
    if _has_passed(innermost, status, carried) or _is_error_page(entries[1:], status):
        return innermost, _with(innermost.written or innermost.decision, vary=vary)
    for entry in reversed(
        entries
    ):  # the inner one of two that refuse, because most responses come from there
        if not _gives(entry, standard.ALLOW_ORIGIN):
            return entry, _with(entry.decision, pairs=(), vary=vary)
    if all(_gives(entry, standard.ALLOW_CREDENTIALS) for entry in entries):
        return own, _with(own.decision, vary=vary)
    pairs = tuple(header for header in own.decision.headers if header[0] != standard.ALLOW_CREDENTIALS)
    return own, _with(own.decision, pairs=pairs, vary=vary)


def _has_passed(innermost: Entry, status: int | None, carried: frozenset[tuple[str, str]]) -> bool:
    """Whether the response passed through the innermost adapter.

    That cannot be seen if the adapter wrote no Access-Control header. It need not be: the adapter refused.
    """
    if status is None or innermost.status is None or innermost.written is None:
        return False
    # An error there that is not an error here was replaced by another response.
    is_replaced = innermost.status >= _ERROR > status
    wrote = set(carried_by(innermost.written.headers))
    return bool(wrote) and wrote <= carried and not is_replaced


def _is_error_page(further_in: Sequence[Entry], status: int | None) -> bool:
    """Whether the response is the error page of an exception that passed through the innermost adapter.

    It is not if a fallback caught the exception and serves something else, such as a 404. It is not if the
    response may contain parts of another response, unless the policy of that one allows as much.
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
    """Let the adapter that decided report it; if it has no hook, also call the nearest hook further out."""
    further_out = reversed(record[: record.index(decisive)])
    hearing = (each for each in further_out if each.adapter.reporter.hooks and each.read is not None)
    reporter = decisive.adapter.reporter
    heard = None if reporter.hooks else next(hearing, None)
    if decisive.read is not None:
        reporter.report(decision, decisive.policy, decisive.read)
    if heard is not None and heard.read is not None:
        heard.adapter.reporter.call_hooks(decision, heard.read)
    for entry in record:
        entry.read = None  # it may refer to the scope, which refers to this entry


def _warn_about(outer: Entry, inner: Entry) -> None:
    """Log that two policies meet, once for each pair of adapters."""
    is_decided = outer.policy is not None and inner.policy is not None
    if not is_decided or inner.adapter is outer.adapter or inner.policy is outer.policy:
        return  # undecided; an application inside itself; a policy that the outer adapter knows
    if is_live(outer.adapter.policies) and inner.adapter.policies is outer.adapter.policies:
        return  # the same, which was replaced meanwhile
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


# Which adapters met which adapters further in. Weak, so that no adapter is kept alive.
_met: WeakKeyDictionary[Adapter, WeakSet[Adapter]] = WeakKeyDictionary()
