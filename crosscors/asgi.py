"""The ASGI adapter: ``CORSMiddleware`` for every ASGI application."""

from __future__ import annotations

import copy
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, NoReturn

from crosscors._adapter.asgi_request import (
    LISTS,
    UNUSUAL,
    Arrival,
    ScopeReader,
    UnusualHeadersError,
    check_usual,
    joined,
    preflight_headers,
    read_guarded,
    root_path_now,
    with_usual_headers,
)
from crosscors._adapter.asgi_response import answer_itself, carried, leave, readable, run_uncovered, written
from crosscors._adapter.asgi_types import ASGIApp, Message, Receive, Scope, Send
from crosscors._adapter.decider import Decider
from crosscors._adapter.elsewhere import names_elsewhere
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems, read_policy, read_protect
from crosscors._adapter.lost_errors import logs_lost_errors
from crosscors._adapter.nesting import RECORD, Entry
from crosscors._adapter.outside import warn_of_middleware_outside
from crosscors._adapter.reporting import DEBUG, is_debug_heard, root
from crosscors._adapter.stacks import check_asgi
from crosscors._adapter.websockets import guard_handshake
from crosscors.core.decision import Decision
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.rulebook import AskFunction
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.core.words import KEYWORDS

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["ASGIApp", "CORSMiddleware", "Message", "Receive", "Scope", "Send"]


class CORSMiddleware:
    """Answers preflights, and writes the policy into every other HTTP response of the application.

    Args:
        app: the ASGI application.
        policy: a CORSPolicy, Resources with one for each path, or a LivePolicy of either. Instead of it, the
            options of CORSPolicy may be given here: those of Starlette's CORSMiddleware, with its defaults,
            and more.
        debug: True: refused responses say why in X-CORS-Refused, and refused preflights get status 200 where
            that lets the browser's console name the method or header. Default: None, which means False here.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers; or several such functions. Default: None.
        protect: True: refuse unsafe requests and WebSockets from pages that the policy does not trust, with
            status 403. ``"report"``: only log them. A CrossOriginProtection has further options. Default:
            False.

    Raises:
        PolicyError: listing every problem of the options.

    Example:
        >>> async def app(scope, receive, send): ...
        >>> app = CORSMiddleware(app, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol"; ASGI, "HTTP & WebSocket ASGI Message Format".
    """

    @logs_lost_errors
    def __init__(
        self,
        app: ASGIApp,
        *positional: NoReturn,
        policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
        debug: bool | None = None,
        on_decision: OnDecision | None = None,
        protect: Protect = False,
        **options: Unpack[PolicyOptions],
    ) -> None:
        refuse_positional_options(positional, _CALL, app=app)
        raise_problems(check_asgi(app))
        self.app = app
        self.policy = read_policy(policy, options, debug=debug, can_await=True)
        protection, found = read_protect(protect, KEYWORDS)
        raise_problems(found)
        self._reader = ScopeReader(app)
        self._decider = Decider(
            "crosscors.asgi.CORSMiddleware",
            self._reader,
            self.policy,
            debug=bool(debug),
            on_decision=on_decision,
            protection=protection,
        )
        self._has_looked_outside = False

    def __getstate__(self) -> dict[str, Any]:
        """All attributes. A copy counts log limits for itself."""
        return {**vars(self), "_decider": copy.copy(self._decider)}

    # One function, because each further call would add 0.08 to the 1.9 microseconds that most requests take.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915
        if not self._has_looked_outside:
            self._has_looked_outside = True
            warn_of_middleware_outside(scope.get("app"))
        decider = self._decider
        if scope["type"] != "http":
            if decider.protection is None or not await self._refuses_handshake(scope, receive, send):
                await self.app(scope, receive, send)
            return
        asked = arrival = is_plain = None
        origin: Any = None
        try:
            headers: Any = scope["headers"]
            if type(headers) not in LISTS:
                raise UnusualHeadersError
            if scope["method"] == "OPTIONS":
                asked = preflight_headers(headers)
            if decider.protection is not None and scope["method"] not in decider.unguarded:
                origin, is_plain = read_guarded(headers, decider.unguarded_sites)
            elif asked is None:
                for pair in headers:  # by index, because unpacking would use up a pair that is an iterator
                    if pair[0] == b"origin":
                        origin = pair[1] if origin is None else joined(origin, pair[1])
                if type(origin) is not bytes:
                    check_usual(headers, origin)
        except UNUSUAL:
            await self(with_usual_headers(scope), receive, send)
            return
        policy, ready = decider.everywhere, decider.ready
        if policy is None:
            policy = decider.policy_among(decider.policies, scope)
            if policy is None:
                await run_uncovered(decider, self.app, scope, receive, send, is_guarded=is_plain is not None)
                return
            ready = decider.ready_for(policy)
            arrival = (scope["path"], scope.get("root_path", ""), scope.get("app_root_path"))
        known = ready.get(origin) if asked is None else None
        decision = known or decider.ask(policy, scope, origin if asked is None else asked)
        if isinstance(decision, AskFunction):
            decision = await decider.ask_function_async(policy, decision, scope)
        if is_plain is not None and not decider.rules.admits(
            policy, decision, scope["method"], is_plain=is_plain
        ):
            refused = decider.guard(policy, decision, scope)
            if refused is not None:
                known, decision = None, refused
        if known is not None and ((decider.logger.level or root.level) > DEBUG or not is_debug_heard()):
            # What ``decider.enter`` does for every other decision.
            entry = Entry()
            entry.adapter = decider
            entry.policy = policy
            entry.decision = known
            entry.read = entry.written = entry.record = None
            if "wsgi_environ" in scope or scope.setdefault(RECORD, entry) is not entry:
                entry = decider.enter(scope, scope, policy, known)
        else:
            known = None
            entry = decider.enter(scope, scope, policy, decision)
            if decision.status is not None:
                await answer_itself(entry, send)
                return

        if arrival is not None:
            send_with_cors = self._sender_by_path(entry, known, arrival, scope, send)
        else:
            send_with_cors = _sender(entry, known, send)
        try:
            await self.app(scope, receive, send_with_cors)
        except BaseException as error:
            leave(entry, error)
            raise
        if entry.written is None:
            entry.leave(has_raised=False)

    async def _refuses_handshake(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether this is a WebSocket handshake that the cross-origin protection refuses."""
        if scope["type"] != "websocket":
            return False
        usual = with_usual_headers(scope)
        return await guard_handshake(self._decider, self._decider.policy_for(usual), usual, receive, send)

    def _sender_by_path(
        self, entry: Entry, known: Decision | None, arrival: Arrival, scope: Scope, send: Send
    ) -> Send:
        """Like ``_sender``, with the policy that the path has below the root path of the moment."""

        def send_with_cors(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            if scope.get("root_path", "") != arrival[1]:
                return self._send_by_path(message, entry, arrival, scope, send)
            return send(written(message, entry, known))

        return send_with_cors

    async def _send_by_path(
        self, message: Message, entry: Entry, arrival: Arrival, scope: Scope, send: Send
    ) -> None:
        """Look the policy up again, because the root path has changed, and send the start of the response.

        A preflight is answered before that. ``ScopeReader.path`` asks FastAPI for its root path instead.
        """
        root_path = root_path_now(scope, arrival)
        if root_path in (arrival[1], self._reader.root_path_of_fastapi()):
            await send(written(message, entry))
            return
        self._decider.reporter.report_root_path_inside(root_path)
        arrived = {**scope, "path": arrival[0], "root_path": root_path}
        policy = self._decider.policy_for(arrived)
        if policy is None:
            start = readable(message)
            self._decider.withdraw(entry, arrived, carried(start))
            await send(start)
            return
        entry.policy = policy
        entry.decision = await self._decider.decide_async(policy, arrived)
        entry.read = self._reader.keep(arrived) if self._decider.hears(entry.decision) else None
        await send(written(message, entry))


_CALL = Call("CORSMiddleware(app, {})")


def _sender(entry: Entry, known: Decision | None, send: Send) -> Send:
    """Sends messages on, the first one with the headers of the decision."""

    # Not async: it returns what ``send`` returns, which saves 0.1 microseconds per message.
    def send_with_cors(message: Message) -> Awaitable[None]:
        if message["type"] != "http.response.start":
            return send(message)
        return send(written(message, entry, known))

    return send_with_cors


__getattr__ = names_elsewhere(
    __name__,
    {
        "CORS": "from crosscors.fastapi import CORS (or from crosscors.starlette)",
        "CORSPolicy": "from crosscors import CORSPolicy",
        "Resources": "from crosscors import Resources",
        "cross_origin": "from crosscors.fastapi import cross_origin (or from crosscors.starlette)",
    },
)
