"""The rule book: what a policy decides about a request. All the rules are here.

1.  A request without Origin is not a CORS request. OPTIONS with Origin and Access-Control-Request-Method is a
    preflight. Every other request is an actual request ("HTTP requests").
2.  A public policy allows ``"*"`` without credentials. Its actual responses are the same for everyone, with
    and without Origin: Access-Control-Allow-Origin ``*``, and no Vary. So one cached copy serves everyone.
3.  Any other policy decides about one origin at a time. If the origin is allowed, Access-Control-Allow-Origin
    repeats it, and Access-Control-Allow-Credentials is sent if the origin gets credentials. If the origin is
    refused, the response has no Access-Control header at all.
4.  The response to an actual request also names the headers that scripts may read
    (Access-Control-Expose-Headers) and the origins that may see its timing (Timing-Allow-Origin). Methods and
    request headers are only checked in preflights.
5.  A preflight is allowed if its origin, its method and its request headers are all allowed. The response
    then has status 200, and browsers may cache it for as long as Access-Control-Max-Age says.
6.  A preflight from a refused origin gets status 400. A preflight that asks for a refused method or header
    also gets 400. Its response lists the allowed methods and headers, so that the console of the browser can
    name the right one.
7.  In debug mode, a refused method or header gets status 200, because browsers do not read the lists in a
    400. The exception is a refused method that is safelisted (GET, HEAD, POST): it keeps 400, because a
    browser would let it pass whatever the list says ("CORS-preflight fetch").
8.  Vary names everything that the response depends on: Origin, unless the policy is public; the headers that
    ``allow_origin_func`` reads; and for preflights the headers that say what they ask for. Some caches store
    preflights, and must not serve the response to one for another.
9.  ``allow_origin_func`` decides about well-formed origins that nothing else allows. The rule book does not
    call it. It returns ``AskFunction``, and the caller, who may be able to await, goes on from there.
10. An actual request that would be refused is examined once more. If it comes from a page of the server
    itself, or does not ask for CORS (a form post, for example), nothing is refused. The response is the same.
    Only the decision and the log say so.

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
from crosscors.core.origins.own import asks_for_cors, is_cors_request
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
        names: Access-Control-Request-Headers, as ``within_bounds`` returns it.
        private_network: whether Access-Control-Request-Private-Network is ``true``.
        debug: whether debug mode is on (rule 7).
    """

    method: str
    names: str
    private_network: bool
    debug: bool


class Rulebook:
    """The rules above, for the options of one policy. What depends only on the options is computed once."""

    def __init__(  # noqa: PLR0913  # one for each kind of option
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
        self.methods = methods
        self._headers = headers
        self._exposed = exposed
        self._max_age = max_age
        self._allows_private_network = allows_private_network
        self._allows_timing = allows_timing
        func = options.allow_origin_func
        self._ask = None if func is None else AskFunction(self, func)

        # Rule 8. If everyone is allowed, the function is not called, so what it would read changes nothing.
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
        # Rules 3 and 6: refused origins differ only in the reason.
        self._refused = ResponseHeaders((), self._vary)
        self._same_origin = Decision(Kind.SAME_ORIGIN, True, self._refused)
        self._not_cors = Decision(Kind.NOT_CORS, True, self._refused)
        self._refused_preflight = ResponseHeaders((), self._preflight_vary)

    def actual(self, origin: str | None) -> Decision | AskFunction:
        """The decision about a request that is not a preflight (rules 1 to 4)."""
        if origin is None:
            return self.no_origin
        if self.is_public:
            return self._public
        admission = self._origins.admit(origin)
        if self._ask is not None and _is_open(admission):
            return self._ask
        return self._actual(origin, admission)

    def preflight(self, origin: str, asked: Preflight) -> Decision | AskFunction:
        """The decision about a preflight (rules 5 to 7)."""
        admission = EVERYONE if self.is_public else self._origins.admit(origin)
        if self._ask is not None and _is_open(admission):
            return self._ask
        return self._preflight(origin, admission, asked)

    def answered(self, request: CORSRequest, answer: bool | Exception, *, debug: bool) -> Decision:
        """The decision about a request for which ``allow_origin_func`` was called (rule 9).

        Args:
            answer: what the function returned; an exception if it did not return True or False.
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
            return self.examined(self._actual(origin, admission), request)
        return self._preflight(origin, admission, preflight_of(request, debug=debug))

    def examined(self, decision: Decision, request: CORSRequest) -> Decision:
        """The decision about an actual request, after one more look at who is refused (rule 10).

        A function that failed stays a refusal, so that the log shows the error.
        """
        is_refused = decision.kind is Kind.ACTUAL and not decision.allowed
        if not is_refused or decision.refusals[0].error is not None or is_cors_request(request):
            return decision
        return self._same_origin if asks_for_cors(request) else self._not_cors

    def _actual(self, origin: str, admission: Admission | Refusal) -> Decision:
        if isinstance(admission, Refusal):
            return Decision(Kind.ACTUAL, False, self._refused, refusals=(admission,))
        headers = origins.header(origin, admission.credentials) + self._exposed
        headers += timing.header(self._allows_timing, origin)
        return Decision(Kind.ACTUAL, True, ResponseHeaders(headers, self._vary), matched=admission.entry)

    def _preflight(self, origin: str, admission: Admission | Refusal, asked: Preflight) -> Decision:
        if isinstance(admission, Refusal):
            return Decision(Kind.PREFLIGHT, False, self._refused_preflight, status=400, refusals=(admission,))
        credentials = admission.credentials
        method_refusal = self.methods.refusal(asked.method)
        headers_refusal = self._headers.refusal(asked.names)
        headers = origins.header(ANY if self.is_public else origin, credentials) + self.methods.header
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
    """Instead of a decision: ``allow_origin_func`` must be called, and the caller goes on from here."""

    rulebook: Rulebook
    func: OriginFunc

    def decide(self, request: CORSRequest, *, debug: bool) -> Decision:
        """Call the function, and decide."""
        return self.rulebook.answered(request, ask(self.func, request), debug=debug)

    async def decide_async(self, request: CORSRequest, *, debug: bool) -> Decision:
        """The same as ``decide``, but it awaits the function if that is async."""
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
