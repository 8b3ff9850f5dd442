"""The ASGI adapter: ``CORSMiddleware`` for every ASGI application."""

from __future__ import annotations

import copy
from collections.abc import (
    Awaitable,
    Callable,
    Container,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from crosscors._adapter.decider import Decider, Headers
from crosscors._adapter.elsewhere import names_elsewhere
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems, read_policy, read_protect
from crosscors._adapter.lost_errors import logs_lost_errors
from crosscors._adapter.nesting import RECORD, Entry, carried_by
from crosscors._adapter.outside import warn_of_middleware_outside
from crosscors._adapter.raw_headers import raw_headers
from crosscors._adapter.reporting import DEBUG, ReadRequest, is_debug_heard, root
from crosscors._adapter.stacks import check_asgi
from crosscors._adapter.websockets import guard_handshake
from crosscors.core.decision import Decision
from crosscors.core.lazy import lazy
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.protection import Sender, is_bearer, make_sender
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.rulebook import AskFunction
from crosscors.core.token_lists import MAX_REQUEST_HEADERS_LENGTH
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.core.words import KEYWORDS

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["ASGIApp", "CORSMiddleware", "Message", "Receive", "Scope", "Send"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Each framework has its own types for the three. None of them fits all the others.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


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
            if type(headers) not in _LISTS:
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

ANSWERED_OUTSIDE = (
    "an exception left the application without a response. The error page that is sent now has no CORS "
    "headers, so browsers hide it from scripts. Starlette and FastAPI: instead of add_middleware, write "
    "CORS(app, ...) with CORS from crosscors.starlette or crosscors.fastapi"
)


def _sender(entry: Entry, known: Decision | None, send: Send) -> Send:
    """Sends messages on, the first one with the headers of the decision."""

    # Not async: it returns what ``send`` returns, which saves 0.1 microseconds per message.
    def send_with_cors(message: Message) -> Awaitable[None]:
        if message["type"] != "http.response.start":
            return send(message)
        return send(written(message, entry, known))

    return send_with_cors


def written(message: Message, entry: Entry, known: Decision | None = None) -> Message:
    """The message that starts the response, with the headers of the decision.

    Args:
        known: the decision, if only nested adapters can change it, and nobody wants a report.
    """
    start: Any = message
    try:
        headers = start["headers"]
        if known is None or entry.record is not None or type(headers[0][1]) is not bytes:
            return _written(message, entry)
        started: Message = start.copy()  # which most mappings have
        started["headers"] = known.response_headers.merged_raw(headers)
    except UNUSUAL:
        return _written(message, entry)
    entry.written = known
    return started


def _written(message: Message, entry: Entry) -> Message:
    headers: Any = message.get("headers")
    if entry.record is None:
        decision = entry.answer(None, ())
    else:
        headers = raw_headers(headers, _START)
        decision = entry.answer(message.get("status"), carried({"headers": headers}))
    try:
        if type(headers) not in _LISTS or type(headers[0][1]) is not bytes:
            headers = raw_headers(headers, _START)
        merged = decision.response_headers.merged_raw(headers)
    except (TypeError, AttributeError, LookupError):  # an unusual header further down the list, or no list
        merged = decision.response_headers.merged_raw(raw_headers(headers, _START))
    # A new message, because an application may send the same message, or list, in many responses.
    return {**message, "headers": merged}


_SCOPE = "the scope"
_START = "the message http.response.start"


def readable(message: Message) -> Message:
    """The message that starts a response; a copy of it if its headers can be read only once."""
    headers: Any = message.get("headers")
    if type(headers) in _LISTS and all(type(pair) in _LISTS for pair in headers):
        return message
    return {**message, "headers": raw_headers(message.get("headers"), _START)}


def carried(message: Message) -> Iterator[tuple[str, str]]:
    """The Access-Control headers of the message that starts a response."""
    headers = raw_headers(message.get("headers"), _START)
    return carried_by((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


async def run_uncovered(
    decider: Decider[Scope],
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    is_guarded: bool,
) -> None:
    """Leave a request to the application. Unless that sends CORS headers, report that no policy does.

    If the request is guarded, the cross-origin protection is asked first.
    """
    refused = decider.guard(None, None, scope) if is_guarded else None
    if refused is not None:
        await answer_itself(decider.enter(scope, scope, None, refused), send)
        return
    if decider.read.headers(scope)[0] is None:
        await app(scope, receive, send)
        return
    arrived = dict(scope)
    entry = decider.enter_undecided(scope, arrived)

    def send_watched(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start" and not entry.is_withdrawn:
            message = readable(message)
            decider.withdraw(entry, arrived, carried(message))
        return send(message)

    try:
        await app(scope, receive, send_watched)
    finally:
        if not entry.is_withdrawn:
            decider.withdraw(entry, arrived, ())


async def answer_itself(entry: Entry, send: Send) -> None:
    """Send the decision, which is the whole response."""
    decision = entry.decision
    entry.answer(decision.status, ())
    headers = list(decision.raw_whole_headers)  # a copy, because servers may change their list
    await send({"type": "http.response.start", "status": decision.status, "headers": headers})
    await send({"type": "http.response.body", "body": decision.body})


def leave(entry: Entry, error: BaseException) -> None:
    """Note that the application raised."""
    has_failed = isinstance(error, Exception)  # otherwise, the request was cancelled
    if entry.written is None and not entry.is_within and has_failed:
        entry.adapter.reporter.report_unanswered(ANSWERED_OUTSIDE)
    entry.leave(has_raised=has_failed)


class UnusualHeadersError(Exception):
    """A request has headers in a form that servers do not use. They have to be converted first."""


_LISTS: frozenset[type] = frozenset({list, tuple})  # which can be read twice
UNUSUAL = (UnusualHeadersError, TypeError, AttributeError, LookupError)


def with_usual_headers(scope: Scope) -> Scope:
    """A copy of the scope with headers as servers give them."""
    return {**scope, "headers": raw_headers(scope.get("headers"), _SCOPE, lower=True)}


def check_usual(headers: Sequence[tuple[bytes, bytes]], origin: object) -> None:
    """Check the form of the headers. If Origin was not found, it may be there in another spelling.

    Raises:
        UnusualHeadersError: if Origin is not bytes, or if the first or last name is not lower-case bytes.
        TypeError: if the first and last names have different types.
    """
    if origin is not None:
        if type(origin) is not bytes:
            raise UnusualHeadersError
    elif headers:
        first = headers[0]
        names = first[0] + headers[-1][0]
        is_bytes = type(names) is type(first[1]) is bytes
        if not is_bytes or not (names.islower() or names == names.lower()):
            raise UnusualHeadersError


def joined(first: bytes, second: bytes) -> bytes:
    """Two headers of one name as one list (RFC 9110, section 5.3)."""
    return (first + b", " + second)[:_MOST_READ]


def preflight_headers(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    """The headers that a preflight asks with, read in one pass.

    Raises:
        UnusualHeadersError, TypeError, LookupError: if the headers have a form that servers do not use.
    """
    read: dict[bytes, str] = {}
    for pair in headers:
        name = pair[0]
        if name in _ASKING:
            value = pair[1][:_MOST_READ].decode("latin-1")
            if name not in read:
                read[name] = value
            elif len(read[name]) < _MOST_READ:
                read[name] = f"{read[name]}, {value}"
    get = read.get
    if b"origin" not in read:
        check_usual(headers, None)
    return (
        get(b"origin"),
        get(b"access-control-request-method"),
        get(b"access-control-request-headers"),
        get(b"access-control-request-private-network"),
    )


def read_guarded(
    headers: Sequence[tuple[bytes, bytes]], unguarded_sites: Container[str | bytes | None]
) -> tuple[bytes | None, bool | None]:
    """Origin, and whether the request is plainly one of a script (``CrossOriginProtection.admits``).

    The latter is None if Sec-Fetch-Site is one of ``unguarded_sites``, because then nothing else matters.

    Raises:
        UnusualHeadersError, TypeError, AttributeError, LookupError: if the headers have a form that servers
            do not use.
    """
    about = _about_sender(headers)
    get, origin = about.get, about.get(b"origin")
    if type(origin) is not bytes:
        check_usual(headers, origin)
    if get(b"sec-fetch-site") in unguarded_sites:
        return origin, None
    if origin is None:  # such a request is served, so it must be certain
        names = b"".join([pair[0] for pair in headers])
        if not (names.islower() or names == names.lower()):
            raise UnusualHeadersError
    authorization = get(b"authorization")
    is_plain = (
        get(b"sec-fetch-mode") == b"cors"
        and b"cookie" not in about
        and (authorization is None or is_bearer(authorization.decode("latin-1")))
    )
    return origin, is_plain


def _about_sender(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    about: dict[bytes, bytes] = {}
    for pair in headers:  # a comprehension, and another one for repeated headers, take 0.2 microseconds more
        name = pair[0]
        if name in _ABOUT_SENDER:
            about[name] = pair[1] if name not in about else joined(about[name], pair[1])
    return about


def _sender_of(about: dict[bytes, bytes], scope: Scope) -> Sender:
    get, origin = about.get, about.get(b"origin")
    return make_sender(
        (
            scope.get("method", "GET"),  # a WebSocket has none
            scope["type"] == "websocket",
            get(b"sec-fetch-site", b"").decode("latin-1"),
            None if origin is None else origin.decode("latin-1"),
            get(b"host", b"").decode("latin-1"),
            get(b"sec-fetch-mode", b"").decode("latin-1"),
            None if b"cookie" not in about else "",
            get(b"authorization", b"").decode("latin-1"),
        )
    )


class ScopeReader:
    """Reads requests from scopes whose headers have the usual form.

    Args:
        app: the application, which may be FastAPI's.
    """

    bridge = "wsgi_environ"  # a2wsgi keeps it there
    is_raw = True

    def __init__(self, app: object) -> None:
        self._fastapi = _fastapi_in(app)

    def headers(self, scope: Scope) -> Headers:
        headers = preflight_headers(scope["headers"])
        return headers if scope.get("method") == "OPTIONS" else (headers[0], None, None, None)

    def path(self, scope: Scope) -> tuple[str, str]:
        root_path = scope.get("root_path", "")
        if self._fastapi is not None:
            root_path = self.root_path_of_fastapi() or root_path
        return scope["path"] or "/", root_path

    def root_path_of_fastapi(self) -> str:
        """The root path of FastAPI(root_path=...), which replaces the server's; empty if there is none."""
        root_path: str = getattr(self._fastapi, "root_path", "")
        return root_path

    def sender(self, scope: Scope) -> Sender:
        try:
            return _sender_of(_about_sender(scope["headers"]), scope)
        except UNUSUAL:  # text as a value
            return self.sender(with_usual_headers(scope))

    def keep(self, scope: Scope) -> ReadRequest:
        return partial(_request, dict(scope))  # routers and middleware change paths in the scope


def _request(scope: Scope) -> CORSRequest:
    read: dict[bytes, list[bytes]] = {}
    for pair in scope["headers"]:
        if pair[0] in _NAMES:
            read.setdefault(pair[0], []).append(pair[1])
    values = {_NAMES[name]: b", ".join(parts).decode("latin-1") for name, parts in read.items()}
    method: str = scope.get("method", "GET")  # a WebSocket has none
    return CORSRequest(method, path=path_of(scope), headers=_Headers(scope["headers"]), **values)


# A longer header is refused unread, so there is no need to decode a megabyte.
_MOST_READ = MAX_REQUEST_HEADERS_LENGTH + 1


# The path, root_path and app_root_path that a request came with, because applications write into their scope.
# Starlette's mounts keep the root path of the application in app_root_path.
Arrival = tuple[str, str, "str | None"]


def root_path_now(scope: Scope, arrival: Arrival) -> str:
    """The root path of the application, without the parts that Starlette's mounts have added to it."""
    _, root_path_before, app_root_path_before = arrival
    root_path: str = scope.get("root_path", "")
    app_root_path: str | None = scope.get("app_root_path")
    if app_root_path is None:
        return root_path
    if app_root_path_before is None:
        return app_root_path
    return root_path_before if root_path.startswith(root_path_before) else root_path


def _fastapi_in(app: object) -> object:
    """The FastAPI application that this is or wraps, if any. Middleware keeps what it wraps as ``app``."""
    for _ in range(_MOST_WRAPPED):
        if isinstance(getattr(app, "root_path_in_servers", None), bool):  # only FastAPI has this
            return app
        app = getattr(app, "app", None)
    return None


_MOST_WRAPPED = 50


def path_of(scope: Scope) -> str:
    """The path as the application's router sees it, without the root path."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    below = path.removeprefix(root_path)
    is_below = bool(root_path) and (not below or below.startswith("/"))
    return (below if is_below else path) or "/"


_NAMES = {
    b"origin": "origin",
    b"host": "host",
    b"access-control-request-method": "request_method",
    b"access-control-request-headers": "request_headers",
    b"access-control-request-private-network": "request_private_network",
}
_ASKING = frozenset(_NAMES) - {b"host"}
_ABOUT_SENDER = frozenset(
    {b"sec-fetch-site", b"origin", b"host", b"sec-fetch-mode", b"cookie", b"authorization"}
)


class _Headers(Mapping[str, str]):
    """The headers of a scope, decoded when they are read."""

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    @lazy
    def _decoded(self) -> dict[str, str]:
        read: dict[str, list[str]] = {}
        for name, value in raw_headers(self._raw, _SCOPE, lower=True):
            read.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return {name: ", ".join(parts) for name, parts in read.items()}

    def __getitem__(self, name: str) -> str:
        name = name.lower()
        return self._found(name.encode("latin-1", "replace")) or self._decoded[name]

    def _found(self, name: bytes) -> str:
        """One header, which takes 1 microsecond. To decode all of them takes 30."""
        try:
            return b", ".join([pair[1] for pair in self._raw if pair[0] == name]).decode("latin-1")
        except UNUSUAL:
            return ""

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded)

    def __len__(self) -> int:
        return len(self._decoded)


__getattr__ = names_elsewhere(
    __name__,
    {
        "CORS": "from crosscors.fastapi import CORS (or from crosscors.starlette)",
        "CORSPolicy": "from crosscors import CORSPolicy",
        "Resources": "from crosscors import Resources",
        "cross_origin": "from crosscors.fastapi import cross_origin (or from crosscors.starlette)",
    },
)
