"""The rule book: what a policy answers to a request. Everything about that is here.

1.  A request without Origin is not a CORS request. OPTIONS with Origin and Access-Control-Request-Method is a
    preflight. Every other request is an actual request ("HTTP requests").
2.  A public policy is ``"*"`` without credentials. Its actual responses are the same for everyone, with and
    without Origin: Access-Control-Allow-Origin ``*``, and no Vary. So one cached copy serves all.
3.  Any other policy answers one origin at a time. If it allows the origin, the response repeats it, and has
    Access-Control-Allow-Credentials where the origin gets credentials. If not, the response has no
    Access-Control header at all.
4.  An actual response also names the headers that scripts may read (Access-Control-Expose-Headers), and the
    origins that may see its timing. Methods and request headers are the preflight's business.
5.  A preflight is allowed if its origin, its method and its request headers all are. The response is then
    200, and browsers may keep it for Access-Control-Max-Age.
6.  A preflight from a refused origin gets 400. So does one that asks for a refused method or header, but with
    the lists of what is allowed, so that browsers name the right one in their console.
7.  In debug mode that is 200, because browsers do not look at the lists of a 400. An exception is a
    safelisted method (GET, HEAD, POST) that is refused: whatever the list says, a browser would let it pass
    ("CORS-preflight fetch").
8.  Vary names everything that the response depends on: Origin, unless the policy is public; the headers that
    ``allow_origin_func`` reads; for preflights also what they ask for, because some caches store them, and
    what one request may do must not be the answer to another.
9.  ``allow_origin_func`` is asked about well-formed origins that nothing else allows. The rule book does not
    call it: it answers ``AskFunction``, and whoever can await goes on from there.

Section names are those of the Fetch standard (https://fetch.spec.whatwg.org/).
"""

from __future__ import annotations

from typing import NamedTuple, final

from crosscors.core import private_network, standard, timing
from crosscors.core.decision import Decision, Kind
from crosscors.core.headers import RequestHeaders
from crosscors.core.methods import Methods
from crosscors.core.origins import admission as origins
from crosscors.core.origins.admission import EVERYONE, Admission, AllowedOrigins
from crosscors.core.origins.function import OriginFunc, ask, ask_async
from crosscors.core.origins.options import OriginOptions
from crosscors.core.refusal import Refusal
from crosscors.core.request import CORSRequest
from crosscors.core.response_headers import Pairs, ResponseHeaders
from crosscors.core.token_lists import unique, within_bounds
from crosscors.core.values import ANY
from crosscors.core.varying import names_read_by


class Preflight(NamedTuple):
    """What a preflight asks for.

    Attributes:
        method: Access-Control-Request-Method.
        names: Access-Control-Request-Headers, cut by ``within_bounds``.
        private_network: whether Access-Control-Request-Private-Network is there.
        debug: whether a refusal is to be readable for the browser's console (rule 7).
    """

    method: str
    names: str
    private_network: bool
    debug: bool


class Rulebook:
    """The rules above, for the options of one policy. What depends on these alone is worked out once."""

    def __init__(
        self,
        options: OriginOptions,
        methods: Methods,
        headers: RequestHeaders,
        *,
        exposed: Pairs,
        max_age: Pairs,
        allows_private_network: bool,
        allows_timing: bool,
    ) -> None:
        self.is_public = options.is_public
        self._origins = AllowedOrigins(options)
        self._methods = methods
        self._headers = headers
        self._exposed = exposed
        self._max_age = max_age
        self._allows_private_network = allows_private_network
        self._allows_timing = allows_timing
        func = options.allow_origin_func
        self._ask = None if func is None else AskFunction(self, func)

        # Rule 8. Where everyone is allowed, the function is not asked, so what it would read changes nothing.
        read = () if options.allows_everyone else names_read_by(func)
        self._vary = () if self.is_public else unique(("Origin", *read))
        asked_for = (standard.REQUEST_METHOD, standard.REQUEST_HEADERS)
        network = private_network.vary(allows_private_network)
        self._preflight_vary = unique((*self._vary, *asked_for, *network))

        # Rules 1 and 2.
        for_everyone = origins.header(ANY, credentials=False) + exposed if self.is_public else ()
        for_everyone += timing.header_without_origin(allows_timing, options)
        headers_for_everyone = ResponseHeaders(for_everyone, self._vary)
        self.no_origin = Decision(Kind.NOT_CORS, True, headers_for_everyone)
        self._public = Decision(Kind.ACTUAL, True, headers_for_everyone, matched=ANY)
        # Rules 3 and 6: what a refused origin gets differs in the reason alone.
        self._refused = ResponseHeaders((), self._vary)
        self._refused_preflight = ResponseHeaders((), self._preflight_vary)

    def actual(self, origin: str | None) -> Decision | AskFunction:
        """The answer to every request that is not a preflight (rules 1 to 4)."""
        if origin is None:
            return self.no_origin
        if self.is_public:
            return self._public
        admission = self._origins.admit(origin)
        if self._ask is not None and _is_open(admission):
            return self._ask
        return self._actual(origin, admission)

    def preflight(self, origin: str, asked: Preflight) -> Decision | AskFunction:
        """The answer to a preflight (rules 5 to 7)."""
        admission = EVERYONE if self.is_public else self._origins.admit(origin)
        if self._ask is not None and _is_open(admission):
            return self._ask
        return self._preflight(origin, admission, asked)

    def answered(self, request: CORSRequest, answer: bool | Exception, *, debug: bool) -> Decision:
        """The answer to a request that ``allow_origin_func`` was asked about (rule 9).

        Args:
            answer: what the function said; an exception if it did not say True or False.
        """
        origin = request.origin or ""
        admission: Admission | Refusal
        if isinstance(answer, Exception):
            admission = Refusal("origin-func-failed", (origin,), error=answer)
        elif answer:
            admission = self._origins.admit_unlisted(origin, "allow_origin_func")
        else:
            admission = self._origins.refuse_unlisted(origin)
        if not request.is_preflight:
            return self._actual(origin, admission)
        return self._preflight(origin, admission, preflight_of(request, debug=debug))

    def _actual(self, origin: str, admission: Admission | Refusal) -> Decision:
        if isinstance(admission, Refusal):
            return Decision(Kind.ACTUAL, False, self._refused, refusals=(admission,))
        headers = origins.header(origin, admission.credentials) + self._exposed
        headers += timing.header(self._allows_timing, origin)
        return Decision(Kind.ACTUAL, True, ResponseHeaders(headers, self._vary), matched=admission.entry)

    def _preflight(self, origin: str, admission: Admission | Refusal, asked: Preflight) -> Decision:
        if isinstance(admission, Refusal):
            return Decision(
                Kind.PREFLIGHT, False, self._refused_preflight, status=400, refusals=(admission,)
            )
        credentials = admission.credentials
        method_refusal = self._methods.refusal(asked.method)
        headers_refusal = self._headers.refusal(asked.names)
        headers = origins.header(ANY if self.is_public else origin, credentials) + self._methods.header
        if headers_refusal is None or headers_refusal.code == "headers-not-allowed":
            headers += self._headers.header(asked.names, credentials=credentials)
        if method_refusal is None and headers_refusal is None:
            headers += self._max_age
            headers += private_network.header(self._allows_private_network, asked.private_network)
            status = 200
        else:
            is_seen = headers_refusal is not None or asked.method not in standard.SAFELISTED_METHODS
            status = 200 if asked.debug and is_seen else 400
        refusals = tuple(refusal for refusal in (method_refusal, headers_refusal) if refusal is not None)
        return Decision(
            Kind.PREFLIGHT,
            not refusals,
            ResponseHeaders(headers, self._preflight_vary),
            status=status,
            refusals=refusals,
            matched=admission.entry,
        )


@final
class AskFunction(NamedTuple):
    """Only ``allow_origin_func`` can tell: what the rule book answers then, for the caller to go on."""

    rulebook: Rulebook
    func: OriginFunc

    def decide(self, request: CORSRequest, *, debug: bool) -> Decision:
        """Ask the function, and decide."""
        return self.rulebook.answered(request, ask(self.func, request), debug=debug)

    async def decide_async(self, request: CORSRequest, *, debug: bool) -> Decision:
        """The same as ``decide``, and awaits the function if it is async."""
        return self.rulebook.answered(request, await ask_async(self.func, request), debug=debug)


def _is_open(admission: Admission | Refusal) -> bool:
    """Whether ``allow_origin_func`` has the last word (rule 9)."""
    return isinstance(admission, Refusal) and admission.code == "origin-not-allowed"


def preflight_of(request: CORSRequest, *, debug: bool) -> Preflight:
    """What the preflight asks for."""
    return Preflight(
        request.request_method or "",
        within_bounds(request.request_headers or ""),
        request.request_private_network == "true",
        debug,
    )
