"""The decider: read, ask, write. What every adapter does with a request stands here, once.

An adapter reads and writes. It gives the decider a ``Reader`` for what its stack has instead of requests (a
scope, an environ), and follows these steps:

1.  Find the policy that covers the request (``policy_for``) and ask it (``ask``). If it answers AskFunction,
    call ``allow_origin_func`` (``ask_function``), with ``await`` where the adapter can. Enter the decision
    into the record of nested adapters (``enter``; see nesting.py).
    If there is a cross-origin protection, ask it (``guard``). If it refuses, enter its decision instead.
2.  A decision with a status is the whole response. The adapter sends it, and the application does not run.
3.  Otherwise the application runs. When its response starts, ``Entry.answer`` says which decision to write.
    That is another one if adapters are nested. It also reports the decision that was written.
4.  If the application is done or raises without a response, ``Entry.leave`` notes that.

An adapter whose framework has policies for views knows the policy only when the response starts. It calls
``enter_undecided`` before the application runs, and ``settle`` in step 3. For preflights it asks the router.
If no policy covers the request, it calls ``withdraw`` in step 3, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from crosscors._adapter.keywords import OnDecision, raise_problems, read_on_decision
from crosscors._adapter.nesting import RECORD, Carried, Entry, bring_over, join
from crosscors._adapter.reporting import ReadRequest, Reporter, is_debug_heard, logger
from crosscors.core.debug_header import explained
from crosscors.core.decision import Decision, Kind
from crosscors.core.errors import shown
from crosscors.core.live import LivePolicy, current, is_live
from crosscors.core.origins.own import is_cors_request
from crosscors.core.policy import CORSPolicy, Policies, questions_to, words_of
from crosscors.core.protection import OWN_SITES, SAFE_METHODS, Ask, CrossOriginProtection, Sender
from crosscors.core.resources import Resources, keys_of, refusal_of
from crosscors.core.response_headers import ResponseHeaders
from crosscors.core.rulebook import AskFunction
from crosscors.core.standard import ALLOW_ORIGIN
from crosscors.core.words import KEYWORDS

_Source = TypeVar("_Source", bound=Any)
_Source_contra = TypeVar("_Source_contra", bound=Any, contravariant=True)

NOTHING_READY: Mapping[Any, Decision] = {}

# Origin, then Access-Control-Request-Method, -Headers and -Private-Network, which only OPTIONS has. A missing
# header is None. (A named tuple would take 0.2 microseconds more.)
Headers = tuple["str | None", "str | None", "str | None", "str | None"]

# Whether debug mode is on, or what reads the flag of the framework.
Debug = bool | Callable[[], bool]
PlaceOfView = Callable[[CORSPolicy], str | None]


def no_view(_: CORSPolicy) -> None:
    """The place of a policy in a stack that has no views."""


class Reader(Protocol[_Source_contra]):
    """Reads what a stack has instead of requests.

    Attributes:
        bridge: the key under which a2wsgi keeps the scope or environ of the other protocol.
        is_raw: whether Origin is bytes.
    """

    bridge: str
    is_raw: bool

    def headers(self, source: _Source_contra, /) -> Headers:
        """The headers that CORS looks at, read in one pass."""
        ...

    def path(self, source: _Source_contra, /) -> tuple[str, str]:
        """The path, decoded once, and the root path below which the application routes."""
        ...

    def sender(self, source: _Source_contra, /) -> Sender:
        """What the request says about where it comes from."""
        ...

    def keep(self, source: _Source_contra, /) -> ReadRequest:
        """A function that returns the request as it came. Applications write into what they are given."""
        ...


class Decider(Generic[_Source]):
    """Asks the policies about the requests of one adapter.

    Args:
        name: how messages call the adapter.
        reader: reads its requests.
        policies: what it delivers.
        debug: whether debug mode is on; a function if the framework has a flag for that, which may change.
        on_decision: the hooks, if any.
        protection: the cross-origin protection, if any.
        place_of_view: which view, endpoint or blueprint has a policy, for messages; None if none has it.

    Attributes:
        everywhere: the policy of every path; None if it depends on the path.
        logger: the logger ``crosscors``.
        words: what the developer calls the options, also where no policy covers a path.
        rules: the cross-origin protection, for adapters that know that there is one.
        unguarded: the methods of requests that the protection lets pass, unless they open a WebSocket.
        unguarded_sites: the values of Sec-Fetch-Site, as the reader has them, of requests that the protection
            lets pass.
    """

    def __init__(  # noqa: PLR0913  # one for each keyword of the adapters
        self,
        name: str,
        reader: Reader[_Source],
        policies: Policies,
        *,
        debug: Debug,
        on_decision: OnDecision | None,
        protection: CrossOriginProtection | None = None,
        place_of_view: PlaceOfView = no_view,
    ) -> None:
        self.name = name
        self.read = reader
        self.policies = policies
        self.protection = protection
        self.rules = cast("CrossOriginProtection", protection)  # only asked if there is one
        self.unguarded, self.unguarded_sites = _unguarded(protection, is_raw=reader.is_raw)
        self._is_live = is_live(policies)
        self._debug = partial(_debug_of, policies, debug) if is_live(policies) else debug
        self._was_debug = self._debug is True
        self._place_of_view = place_of_view
        self.words = next(map(words_of, policies.policies), KEYWORDS)
        self.logger = logger()
        hooks, of_hooks = read_on_decision(on_decision, KEYWORDS)
        raise_problems(of_hooks)
        self.reporter = Reporter(hooks, self)
        self._sees_everything = self._was_debug or bool(hooks)
        self.everywhere = policies.everywhere
        self.ready = NOTHING_READY if self.everywhere is None else self.ready_for(self.everywhere)
        _count.made += 1

    def __reduce__(self) -> tuple[object, ...]:
        """Copies count for themselves what they log."""
        make = partial(
            type(self),
            debug=self._debug,
            on_decision=self.reporter.hooks,
            protection=self.protection,
            place_of_view=self._place_of_view,
        )
        return make, (self.name, self.read, self.policies)

    @property
    def debug(self) -> bool:
        """Whether debug mode is on at the moment."""
        debug = self._debug
        if isinstance(debug, bool):
            return debug
        is_on = debug()
        if is_on != self._was_debug:
            self._was_debug = is_on
            self._sees_everything = is_on or bool(self.reporter.hooks)
            self.ready = NOTHING_READY if self.everywhere is None else self.ready_for(self.everywhere)
        return is_on

    def place_of(self, policy: CORSPolicy) -> str:
        """What the policy belongs to, for messages."""
        policies = current(self.policies)
        keys = keys_of(policies, policy) if isinstance(policies, Resources) else ()
        return " and ".join(map(shown, keys)) or self._place_of_view(policy) or "the application"

    def policy_for(self, source: _Source) -> CORSPolicy | None:
        """The policy that covers the request; None if none does."""
        return self.everywhere or self.policy_among(self.policies, source)

    def policy_among(self, policies: Policies, source: _Source) -> CORSPolicy | None:
        """The one of these policies that covers the path of the request; None if none does."""
        path, root_path = self.read.path(source)
        policy = policies.policy_for(path, root_path)
        if root_path:
            self.reporter.report_root_path(current(policies), path, root_path)
        return policy

    def ready_for(self, policy: CORSPolicy) -> Mapping[Any, Decision]:
        """What needs no asking: decisions about listed origins, by Origin as the reader has it.

        Empty if there are hooks or debug mode, for which every decision counts.
        """
        if self._sees_everything or (self._is_live and self.debug):
            return NOTHING_READY
        questions = questions_to(policy)
        return questions.by_bytes if self.read.is_raw else questions.by_text

    def ask(
        self, policy: CORSPolicy, source: _Source, asked: str | bytes | Headers | None
    ) -> Decision | AskFunction:
        """What the policy says, unless only its function can tell.

        Args:
            policy: the policy that covers the request.
            source: the request.
            asked: Origin alone, as text or bytes; for OPTIONS, all four headers.
        """
        questions = questions_to(policy)
        if isinstance(asked, tuple):
            origin, method, names, network = asked
            if origin is None or method is None:
                answer = questions.actual(origin)
            else:
                answer = questions.preflight(origin, method, names, network, self.debug)
        else:
            answer = questions.actual(asked)
        if isinstance(answer, AskFunction) or not answer.refusals:
            return answer
        return self.explained(answer, policy, source)

    def ask_function(self, policy: CORSPolicy, ask: AskFunction, source: _Source) -> Decision:
        """What the policy says, after a call of its function."""
        decision = ask.decide(self.read.keep(source)(), debug=self.debug)
        return self.explained(decision, policy, source)

    async def ask_function_async(self, policy: CORSPolicy, ask: AskFunction, source: _Source) -> Decision:
        """The same as ``ask_function``, and awaits the function if it is async."""
        decision = await ask.decide_async(self.read.keep(source)(), debug=self.debug)
        return self.explained(decision, policy, source)

    def explained(self, decision: Decision, policy: CORSPolicy, source: _Source) -> Decision:
        """The decision; in debug mode, its response also says why something is refused."""
        if not (decision.refusals and self.debug):
            return decision
        return explained(questions_to(policy).examined(decision, self.read.keep(source)()), words_of(policy))

    def decide(self, policy: CORSPolicy, source: _Source) -> Decision:
        """What the policy says, its function included."""
        answer = self.ask(policy, source, self.read.headers(source))
        return self.ask_function(policy, answer, source) if isinstance(answer, AskFunction) else answer

    async def decide_async(self, policy: CORSPolicy, source: _Source) -> Decision:
        """The same as ``decide``, and awaits the function if it is async."""
        answer = self.ask(policy, source, self.read.headers(source))
        if isinstance(answer, AskFunction):
            return await self.ask_function_async(policy, answer, source)
        return answer

    def guard(
        self,
        policy: CORSPolicy | None,
        decision: Decision | None,
        source: _Source,
    ) -> Decision | None:
        """The decision that refuses the request, if the cross-origin protection does. The adapter sends it.

        Where the protection only reports, this reports, and returns None.

        Args:
            policy: the policy that covers the request; None if none does, or if that is not known.
            decision: what that policy says, its function included.
            source: the request.
        """
        rules = self.rules
        sender = self.read.sender(source)
        path, root_path = self.read.path(source) if rules.exempt else ("", "")
        answer = rules.examine(sender, path, root_path)
        if answer is Ask.POLICY:
            answer = rules.judge(sender, policy, decision)
        if answer is None:
            return None
        if rules.report_only:
            self.reporter.report(answer, policy, self.read.keep(source))
            return None
        words = self.words if policy is None else words_of(policy)
        return explained(answer, words) if self.debug else answer

    def asks_policy(self, source: _Source) -> bool:
        """Whether only the policy of the path can tell if the cross-origin protection serves the request.

        For adapters that do not know the policy yet when they ask ``guard``.
        """
        path, root_path = self.read.path(source) if self.rules.exempt else ("", "")
        return self.rules.examine(self.read.sender(source), path, root_path) is Ask.POLICY

    def enter(
        self,
        holder: MutableMapping[str, Any],
        source: _Source,
        policy: CORSPolicy | None,
        decision: Decision,
    ) -> Entry:
        """Enter the decision into the record of nested adapters.

        Args:
            holder: the scope or environ, which holds the record.
            source: the request; usually the holder itself.
            policy: the policy that made the decision; None if another one may cover the request in the end.
        """
        entry = Entry()
        entry.adapter = self
        entry.policy = policy
        entry.decision = decision
        # In debug mode, allowed requests count, too. Every new origin comes here first, so none is missed.
        # The flag is read before all else, because ``settle`` and later requests go by what was read here.
        is_heard = (decision.status is None and self.debug) or policy is None or self.hears(decision)
        entry.read = self.read.keep(source) if is_heard else None
        entry.written = entry.record = None
        if self.read.bridge in holder:
            bring_over(holder)
        if holder.setdefault(RECORD, entry) is not entry:  # asked here, because ``join`` is a call
            join(holder, entry)
        return entry

    def enter_undecided(self, holder: MutableMapping[str, Any], source: _Source) -> Entry:
        """Enter the record before it is known which policy covers the request."""
        return self.enter(holder, source, None, _UNDECIDED)

    def settle(self, entry: Entry, policy: CORSPolicy, decision: Decision) -> None:
        """Decide about an entry that was entered undecided."""
        entry.settle(policy, decision)
        if not self.hears(decision):
            entry.read = None  # nobody wants to hear of it

    def hears(self, decision: Decision) -> bool:
        """Whether the decision has to be reported."""
        return bool(decision.refusals) or self._sees_everything or is_debug_heard()

    def withdraw(self, entry: Entry, source: _Source, carried: Carried) -> None:
        """Note that no policy covers the request. Report that, unless something else answers for CORS.

        Args:
            entry: the entry of the request.
            source: the request.
            carried: the Access-Control headers of the response.
        """
        read = entry.read or self.read.keep(source)
        entry.withdraw()
        others = (other for other in entry.record or () if other is not entry)
        is_covered = not all(other.is_withdrawn for other in others)
        if is_covered or any(name == _ALLOW_ORIGIN for name, _ in carried):
            return
        self._report_uncovered(source, read)

    def _report_uncovered(self, source: _Source, read: ReadRequest) -> None:
        policies = current(self.policies)
        if not isinstance(policies, Resources) or self.read.headers(source)[0] is None:
            return
        refusal = refusal_of(policies, *self.read.path(source))
        request = read()
        if refusal is not None and is_cors_request(request):
            kind = Kind.PREFLIGHT if request.is_preflight else Kind.ACTUAL
            self.reporter.report(Decision(kind, False, ResponseHeaders(), refusals=(refusal,)), None, read)


def _debug_of(live: LivePolicy[Any], otherwise: Debug) -> bool:
    """Whether debug mode is on. A LivePolicy comes before the adapter."""
    if live.debug is not None:
        return live.debug
    return otherwise if isinstance(otherwise, bool) else otherwise()


def _unguarded(
    protection: CrossOriginProtection | None, *, is_raw: bool
) -> tuple[frozenset[str], frozenset[str | bytes]]:
    """The methods and the values of Sec-Fetch-Site that the protection always lets pass."""
    if protection is None or protection.allowed_hosts:
        return frozenset(), frozenset()
    return SAFE_METHODS, frozenset(site.encode() if is_raw else site for site in OWN_SITES)


def deciders_made() -> int:
    """How many deciders this process has made. With one, there are no other policies."""
    return _count.made


@dataclass
class _Count:
    made: int = 0


_count = _Count()

_ALLOW_ORIGIN = ALLOW_ORIGIN.lower()
_UNDECIDED = Decision(Kind.NOT_CORS, False, ResponseHeaders())
