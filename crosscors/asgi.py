"""The ASGI adapter: ``CORSMiddleware`` for every ASGI application."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from crosscors.core.decision import CORSRequest, Decision
from crosscors.core.fields import MAX_REQUEST_HEADERS_LENGTH
from crosscors.core.lazy import lazy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.keywords import read_policy
from crosscors.nesting import RECORD, Entry, bring_over, carried, enter
from crosscors.raw_headers import raw_headers
from crosscors.reporting import OnDecision, Reporter

if TYPE_CHECKING:
    from typing_extensions import Unpack

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks type the three in ways of their own, none of which would fit all others.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


class CORSMiddleware:
    """Answers preflights, and writes the policy into every other HTTP response of the application.

    Args:
        app: the ASGI application.
        policy: a CORSPolicy, or Resources with one for each path. Instead of it, the options of
            CORSPolicy may be given here: those of Starlette's CORSMiddleware, with its defaults, and more.
        debug: answer refused preflights with status 200 where that lets the browser's console name the
            method or header. Default: False.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers. Default: None.

    Raises:
        PolicyError: listing every problem of the options.

    Example:
        >>> async def app(scope, receive, send): ...
        >>> app = CORSMiddleware(app, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol"; ASGI, "HTTP & WebSocket ASGI Message Format".
    """

    adapter_name = "crosscors.asgi.CORSMiddleware"

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: CORSPolicy | Resources | None = None,
        debug: bool = False,
        on_decision: OnDecision | None = None,
        **options: Unpack[PolicyOptions],
    ) -> None:
        self.app = app
        self.policy = read_policy(policy, options, debug=debug, can_await=True)
        self.debug = debug
        self.reporter = Reporter(on_decision)
        # For frameworks that know only when they answer which policy covers the request.
        self.revise: Callable[[Scope, Decision], Awaitable[Decision]] | None = None
        # Either one policy covers every request, which must not cost a call, or the request decides.
        self._policy: CORSPolicy | None = None
        self._resources: Resources | None = None
        self._fastapi = _fastapi_in(app)
        if isinstance(self.policy, Resources):
            self._resources = self.policy
        else:
            self._policy = self.policy
        self.policy_for = self._by_path()

    def __getstate__(self) -> dict[str, Any]:
        """All attributes. A copy has log limits of its own."""
        return {**vars(self), "reporter": copy.copy(self.reporter), "policy_for": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.policy_for = self._by_path()

    def _by_path(self) -> Callable[[Scope], CORSPolicy | None] | None:
        return None if self._resources is None else partial(self._policy_of_path, self._resources)

    # In one piece, because each call costs 0.1 microseconds.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            first = scope["headers"][0]
            is_usual = type(first[0]) is type(first[1]) is bytes
        except (TypeError, LookupError):
            is_usual = scope.get("headers") == []
        if not is_usual:
            await self(_with_usual_headers(scope), receive, send)
            return
        policy_for = self.policy_for  # read once, for the first request of another thread may change it
        policy = self._policy if policy_for is None else policy_for(scope)
        if policy is None:
            await self.app(scope, receive, send)
            return
        try:
            if scope["method"] == "OPTIONS":
                # In one pass all that a preflight asks: 0.5 microseconds less than Origin first.
                decision = policy.decide_by_fields("OPTIONS", *_preflight_fields(scope), self.debug)
            else:
                decision = policy.decide_by_origin(_origin(scope))
        except _UnusualHeadersError:
            await self(_with_usual_headers(scope), receive, send)
            return
        if decision is None:
            decision = await policy.decide_by_func_async(request_of(scope), debug=self.debug)
        if decision.status is not None:
            await self._answer_preflight(decision, policy, scope, send)
            return
        # A copy: routers and middleware change paths in the scope, and the request is reported as it came.
        source = dict(scope) if self.revise is not None or self.reporter.wants(decision) else None
        entry = Entry(self, policy, decision, source)
        if "wsgi_environ" in scope:
            bring_over(scope)
        if scope.setdefault(RECORD, entry) is not entry:  # not for ``enter`` to find out, which is a call
            enter(scope, entry)
        arrival = None
        if self._resources is not None and self.revise is None:
            arrival = (scope["path"], scope.get("root_path", ""), scope.get("app_root_path"))

        # Not async, but handing on what ``send`` returns: 0.1 microseconds less for each message.
        def send_with_cors(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.start":
                return send(message)
            if self.revise is not None:
                return _send_revised(message, self.revise(scope, entry.decision), entry, send)
            if arrival is not None and scope.get("root_path", "") != arrival[1]:
                return self._send_by_path(message, entry, arrival, scope, send)
            return send(_written(message, entry))

        try:
            await self.app(scope, receive, send_with_cors)
        except BaseException as error:
            self._leave(entry, error)
            raise
        if entry.written is None:
            entry.leave(has_raised=False)

    async def _answer_preflight(
        self, decision: Decision, policy: CORSPolicy, scope: Scope, send: Send
    ) -> None:
        if RECORD in scope or "wsgi_environ" in scope:
            # To an adapter further out, this is no preflight: something in between has changed the method.
            bring_over(scope)
            entry = Entry(self, policy, decision, dict(scope))
            enter(scope, entry)
            entry.answer(decision.status, ())
        else:
            self.reporter.report(decision, request_of, scope)
        headers = list(decision.raw_preflight_headers)  # a server may change its list; decisions are shared
        await send({"type": "http.response.start", "status": decision.status, "headers": headers})
        await send({"type": "http.response.body", "body": decision.body})

    def _leave(self, entry: Entry, error: BaseException) -> None:
        if entry.written is None and not entry.is_within and isinstance(error, Exception):
            self.reporter.report_unanswered(_ANSWERED_OUTSIDE)
        entry.leave(has_raised=isinstance(error, Exception))  # not where the client is gone

    def read_source(self, source: Scope) -> CORSRequest:
        """The request that a copy of its scope tells of."""
        return request_of(source)

    async def _send_by_path(
        self, message: Message, entry: Entry, arrival: _Arrival, scope: Scope, send: Send
    ) -> None:
        """Send what begins a response, with the policy that the path has below the current root path.

        A preflight is answered before that, which is why a root path that FastAPI has is looked for in time.
        """
        path, root_path = arrival[0], _root_path_now(scope, arrival)
        if self._resources is None or root_path in (arrival[1], self._root_path_of_fastapi()):
            await send(_written(message, entry))
            return
        self.reporter.report_root_path_inside(root_path)
        arrived = {**scope, "path": path, "root_path": root_path}
        policy = self._resources.policy_for(path or "/", root_path)
        self._report_path(self._resources, path, root_path, policy, arrived)
        if policy is None:
            entry.withdraw()
            await send(message)
            return
        entry.decision = await policy.decide_async(request_of(arrived), debug=self.debug)
        entry.source = arrived if self.reporter.wants(entry.decision) else None
        await send(_written(message, entry))

    def _policy_of_path(self, resources: Resources, scope: Scope) -> CORSPolicy | None:
        root_path = scope.get("root_path", "") if self._fastapi is None else self._root_path(scope)
        policy = resources.policy_for(scope["path"] or "/", root_path)
        if policy is None or root_path:
            self._report_path(resources, scope["path"], root_path, policy, scope)
        return policy

    def _report_path(
        self, resources: Resources, path: str, root_path: str, policy: CORSPolicy | None, scope: Scope
    ) -> None:
        self.reporter.report_root_path(resources, path, root_path)
        if policy is None:
            self.reporter.report_not_covered(resources, path, root_path, request_of, scope)

    def _root_path(self, scope: Scope) -> str:
        """The root path below which the application routes: FastAPI(root_path=...) replaces the server's."""
        root_path: str = self._root_path_of_fastapi() or scope.get("root_path", "")
        return root_path

    def _root_path_of_fastapi(self) -> str:
        root_path: str = getattr(self._fastapi, "root_path", "")
        return root_path

    def covering_policy(self, scope: Scope) -> CORSPolicy | None:
        """The policy that covers the request; None if none does."""
        policy_for = self.policy_for
        return self._policy if policy_for is None else policy_for(scope)


_ANSWERED_OUTSIDE = (
    "an exception left the application unanswered; whatever answers it now does so without the fields of "
    "the CORS policy, and browsers will hide that answer. Starlette and FastAPI: instead of add_middleware, "
    "write CORS(app, ...) with CORS from crosscors.starlette or crosscors.fastapi"
)


def _written(message: Message, entry: Entry) -> Message:
    headers: Any = message.get("headers")
    try:
        is_usual = entry.record is None and type(headers[0][1]) is bytes
    except (TypeError, LookupError):
        is_usual = False
    if not is_usual:
        headers = raw_headers(headers, _START)
    if entry.record is not None:
        decision = entry.answer(message.get("status"), _carried(headers))
    elif entry.source is not None:
        decision = entry.answer(None, ())
    else:
        entry.written = decision = entry.decision  # all that ``answer`` does where nobody listens
    # A new message: applications send one message, or one list, for many responses.
    try:
        return {**message, "headers": decision.apply_raw(headers)}
    except (TypeError, AttributeError, LookupError):  # unusual headers further down the list
        return {**message, "headers": decision.apply_raw(raw_headers(headers, _START))}


_SCOPE = "the scope"
_START = "the message http.response.start"


def _carried(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    return carried((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


async def _send_revised(message: Message, revised: Awaitable[Decision], entry: Entry, send: Send) -> None:
    entry.decision = await revised
    await send(_written(message, entry))


class _UnusualHeadersError(Exception):
    """The headers of a request are not what servers give, so they have to be read with more care."""


def _with_usual_headers(scope: Scope) -> Scope:
    return {**scope, "headers": raw_headers(scope.get("headers"), _SCOPE, lower=True)}


# Both readers take items by index, because unpacking an iterator would use it up.


def _origin(scope: Scope) -> str | None:
    try:
        origins = [pair[1] for pair in scope["headers"] if pair[0] == b"origin"]
        if not origins:
            _check_names(scope["headers"])
            return None
        # Two fields are one list (RFC 9110, section 5.3), which no policy takes for an origin.
        origin: bytes = origins[0] if len(origins) == 1 else b", ".join(origins[:2])
        return origin[:_MOST_READ].decode("latin-1")
    except (TypeError, AttributeError, LookupError):
        raise _UnusualHeadersError from None


def _preflight_fields(scope: Scope) -> tuple[str | None, str | None, str | None, str | None]:
    """What a preflight asks with: Origin, and Access-Control-Request-Method, -Headers, -Private-Network."""
    read: dict[bytes, str] = {}
    try:
        for pair in scope["headers"]:
            name = pair[0]
            if name in _ASKING:
                value = pair[1][:_MOST_READ].decode("latin-1")
                if name not in read:
                    read[name] = value
                elif len(read[name]) < _MOST_READ:
                    read[name] = f"{read[name]}, {value}"
        if b"origin" not in read:
            _check_names(scope["headers"])
    except (TypeError, AttributeError, LookupError):
        raise _UnusualHeadersError from None
    return (
        read.get(b"origin"),
        read.get(b"access-control-request-method"),
        read.get(b"access-control-request-headers"),
        read.get(b"access-control-request-private-network"),
    )


def _check_names(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raise if the list begins or ends with a name as text or in upper case; another one may be Origin."""
    if headers:
        names = headers[0][0] + headers[-1][0]
        if not names.islower() and names != names.lower():
            raise TypeError("names in upper case")


# What is longer is refused unread: there is no need to decode a megabyte to find that out.
_MOST_READ = MAX_REQUEST_HEADERS_LENGTH + 1


# Applications write into the scope that they get. These are the path, root_path and app_root_path that a
# request came in with; the last is what a mount of Starlette has kept: the root path before it.
_Arrival = tuple[str, str, "str | None"]


def _root_path_now(scope: Scope, arrival: _Arrival) -> str:
    """The root path of the application, without what Starlette's mounts in it have added."""
    _, root_path_before, app_root_path_before = arrival
    root_path: str = scope.get("root_path", "")
    app_root_path: str | None = scope.get("app_root_path")
    if app_root_path is None:
        return root_path
    if app_root_path_before is None:
        return app_root_path
    return root_path_before if root_path.startswith(root_path_before) else root_path


def _fastapi_in(app: object) -> object:
    """The FastAPI application, if the one that is given is or wraps one; middleware keeps it as ``app``."""
    for _ in range(_MOST_WRAPPED):
        if isinstance(getattr(app, "root_path_in_servers", None), bool):  # which FastAPI alone has
            return app
        app = getattr(app, "app", None)
    return None


_MOST_WRAPPED = 50


def path_of(scope: Scope) -> str:
    """The path as the application's router sees it: without the root path it is mounted at."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    below = path.removeprefix(root_path)
    is_below = bool(root_path) and (not below or below.startswith("/"))
    return (below if is_below else path) or "/"


def request_of(scope: Scope) -> CORSRequest:
    """The fields of the request."""
    read: dict[bytes, list[bytes]] = {}
    for pair in scope["headers"]:
        if pair[0] in _FIELDS:
            read.setdefault(pair[0], []).append(pair[1])
    values = {_FIELDS[name]: b", ".join(parts).decode("latin-1") for name, parts in read.items()}
    headers = _Headers(scope["headers"])
    return CORSRequest(scope["method"], path=path_of(scope), headers=headers, **values)


_FIELDS = {
    b"origin": "origin",
    b"host": "host",
    b"access-control-request-method": "request_method",
    b"access-control-request-headers": "request_headers",
    b"access-control-request-private-network": "request_private_network",
}
_ASKING = frozenset(_FIELDS) - {b"host"}


class _Headers(Mapping[str, str]):
    """The fields of a scope, decoded as soon as one is read."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    @lazy
    def _decoded(self) -> dict[str, str]:
        read: dict[str, list[str]] = {}
        for name, value in raw_headers(self._raw, _SCOPE, lower=True):
            read.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return {name: ", ".join(parts) for name, parts in read.items()}

    def __getitem__(self, name: str) -> str:
        return self._decoded[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded)

    def __len__(self) -> int:
        return len(self._decoded)
