"""The decider: read, ask, write. What every adapter does with a request stands here, once.

An adapter reads and writes. It gives the decider a ``Reader`` for what its stack has instead of requests (a
scope, an environ), and follows these steps:

1.  Find the policy that covers the request (``policy_for``), ask it, and enter its decision into the record
    of nested adapters (``enter``; see nesting.py). If ``allow_origin_func`` must be asked, ``enter`` returns
    ``Pending``, and ``enter_pending`` goes on from there, with ``await`` where the adapter can.
2.  A decision with a status is the whole response. The adapter sends it, and the application does not run.
3.  Otherwise the application runs. When its response starts, ``Entry.answer`` says which decision to write.
    That is another one if adapters are nested. It also reports the decision that was written.
4.  If the application is done or raises without a response, ``Entry.leave`` notes that.

An adapter whose framework has policies for views knows the policy only when the response starts. It calls
``enter_undecided`` before the application runs, and ``settle`` in step 3. For preflights it asks the router.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, final

from crosscors._adapter.nesting import RECORD, Entry, bring_over, enter
from crosscors._adapter.reporting import OnDecision, Reporter
from crosscors.core.decision import Decision, Kind
from crosscors.core.policy import CORSPolicy, Policies, questions_to
from crosscors.core.request import CORSRequest
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.rulebook import AskFunction

_Source = TypeVar("_Source", bound=Any)
_Read_contra = TypeVar("_Read_contra", bound=Any, contravariant=True)

NOTHING_READY: Mapping[Any, Decision] = {}

# Origin, then Access-Control-Request-Method, -Headers and -Private-Network, which only OPTIONS has. A missing
# header is None. (A named tuple would take 0.2 microseconds more.)
Headers = tuple["str | None", "str | None", "str | None", "str | None"]


class Reader(Protocol[_Read_contra]):
    """Reads what a stack has instead of requests.

    Attributes:
        bridge: the key under which a2wsgi keeps the scope or environ of the other protocol.
        is_raw: whether Origin is bytes.
    """

    bridge: str
    is_raw: bool

    def headers(self, source: _Read_contra, /) -> Headers:
        """What CORS looks at, read in one pass."""
        ...

    def path(self, source: _Read_contra, /) -> tuple[str, str]:
        """The path, decoded once, and the root path below which the application routes."""
        ...

    def request(self, source: _Read_contra, /) -> CORSRequest:
        """The request as plain data."""
        ...

    def keep(self, source: _Read_contra, /) -> Any:
        """What reports need later, because applications write into what they are given."""
        ...

    def request_kept(self, kept: Any, /) -> CORSRequest:
        """The request as it came, out of what was kept."""
        ...


@final
class Pending(NamedTuple):
    """The decision is not there yet: ``allow_origin_func`` has to be asked, and may have to be awaited."""

    policy: CORSPolicy
    ask: AskFunction


class Decider(Generic[_Source]):
    """Asks the policies about the requests of one adapter.

    Args:
        name: how messages call the adapter.
        reader: reads its requests.
        policies: what it delivers.
        debug: answer refused preflights with status 200 where that lets the browser's console say more.
        on_decision: the hook, if any.

    Attributes:
        everywhere: the policy of every path; None if it depends on the path.
    """

    def __init__(
        self,
        name: str,
        reader: Reader[_Source],
        policies: Policies,
        *,
        debug: bool,
        on_decision: OnDecision | None,
    ) -> None:
        self.name = name
        self.read = reader
        self.policies = policies
        self.debug = debug
        self.reporter = Reporter(on_decision)
        self.everywhere = policies.everywhere
        self.ready = NOTHING_READY if self.everywhere is None else self.ready_for(self.everywhere)
        _count.made += 1

    def __reduce__(self) -> tuple[object, ...]:
        """Copies count for themselves what they log."""
        return _copied, (self.name, self.read, self.policies, self.debug, self.reporter.on_decision)

    def request_of(self, kept: Any) -> CORSRequest:
        """The request as it came, for reports."""
        return self.read.request_kept(kept)

    def policy_for(self, source: _Source) -> CORSPolicy | None:
        """The policy that covers the request; None if none does."""
        return self.everywhere or self.policy_among(self.policies, source)

    def policy_among(self, policies: Policies, source: _Source) -> CORSPolicy | None:
        """The one of these policies that covers the path of the request; None if none does."""
        path, root_path = self.read.path(source)
        policy = policies.policy_for(path, root_path)
        if policy is None or root_path:
            self.reporter.report_path(policies, path, root_path, policy, self.read.request, source)
        return policy

    def ready_for(self, policy: CORSPolicy) -> Mapping[Any, Decision]:
        """What needs no asking: decisions about listed origins, by Origin as the reader has it.

        Empty if there is a hook, which hears of every decision.
        """
        if self.reporter.has_hook:
            return NOTHING_READY
        questions = questions_to(policy)
        return questions.by_bytes if self.read.is_raw else questions.by_text

    def decide(self, policy: CORSPolicy, source: _Source) -> Decision:
        """What the policy says, its function included."""
        answer = self.ask(policy, self.read.headers(source))
        if isinstance(answer, AskFunction):
            return answer.decide(self.read.request(source), debug=self.debug)
        return answer

    async def decide_async(self, policy: CORSPolicy, source: _Source) -> Decision:
        """The same as ``decide``, and awaits the function if it is async."""
        answer = self.ask(policy, self.read.headers(source))
        if isinstance(answer, AskFunction):
            return await answer.decide_async(self.read.request(source), debug=self.debug)
        return answer

    def ask(self, policy: CORSPolicy, asked: str | bytes | Headers | None) -> Decision | AskFunction:
        """What the policy says, unless only its function can tell."""
        questions = questions_to(policy)
        if not isinstance(asked, tuple):
            return questions.actual(asked)
        origin, method, names, network = asked
        if origin is None or method is None:
            return questions.actual(origin)
        return questions.preflight(origin, method, names, network, self.debug)

    def enter(
        self, source: _Source, policy: CORSPolicy, asked: str | bytes | Headers | None
    ) -> Entry | Pending:
        """Ask the policy that covers the request, and enter its decision (step 1).

        Args:
            source: the scope or environ, which also holds the record.
            asked: Origin alone, as text or bytes; for OPTIONS, all four headers.
        """
        answer = self.ask(policy, asked)
        if type(answer) is AskFunction:
            return Pending(policy, answer)
        return self.entered(source, source, policy, answer)

    def enter_pending(self, source: _Source, pending: Pending) -> Entry:
        """Step 1 goes on: ask the function, and enter what it decides."""
        decision = pending.ask.decide(self.read.request(source), debug=self.debug)
        return self.entered(source, source, pending.policy, decision)

    async def enter_pending_async(self, source: _Source, pending: Pending) -> Entry:
        """The same as ``enter_pending``, and awaits the function if it is async."""
        decision = await pending.ask.decide_async(self.read.request(source), debug=self.debug)
        return self.entered(source, source, pending.policy, decision)

    def enter_undecided(self, holder: MutableMapping[str, Any], source: _Source) -> Entry:
        """Enter the record before it is known which policy covers the request."""
        return self.entered(holder, source, None, _UNDECIDED)

    def settle(self, entry: Entry, policy: CORSPolicy, decision: Decision) -> None:
        """Decide about an entry that was entered undecided."""
        entry.settle(policy, decision)
        if not (decision.refusals or self.reporter.listens()):
            entry.source = None  # nobody wants to hear of it

    def entered(
        self,
        holder: MutableMapping[str, Any],
        source: _Source,
        policy: CORSPolicy | None,
        decision: Decision,
    ) -> Entry:
        """An entry with this decision, in the record that the holder has."""
        entry = Entry()
        entry.adapter = self
        entry.policy = policy
        entry.decision = decision
        is_heard = policy is None or decision.refusals or self.reporter.listens()
        entry.source = self.read.keep(source) if is_heard else None
        entry.written = entry.record = None
        if self.read.bridge in holder:
            bring_over(holder)
        if holder.setdefault(RECORD, entry) is not entry:  # not for ``enter`` to find out, which is a call
            enter(holder, entry)
        return entry


def deciders_made() -> int:
    """How many deciders this process has made. With one, there are no other policies."""
    return _count.made


@dataclass
class _Count:
    made: int = 0


_count = _Count()

_UNDECIDED = Decision(Kind.NOT_CORS, False, ResponseHeaders())


def _copied(
    name: str, reader: Reader[_Source], policies: Policies, debug: bool, on_decision: OnDecision | None
) -> Decider[_Source]:
    return Decider(name, reader, policies, debug=debug, on_decision=on_decision)
