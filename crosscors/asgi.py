"""The ASGI adapter: ``CORSMiddleware`` for every ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from crosscors.core.decision import CORSRequest, Decision
from crosscors.core.fields import MAX_REQUEST_HEADERS_LENGTH
from crosscors.core.lazy import lazy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.keywords import read_policy
from crosscors.reporting import OnDecision, Reporter

if TYPE_CHECKING:
    from typing_extensions import Unpack

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks type the three in ways of their own, none of which would fit all others.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

# In a scope, and in all copies of it: the adapters that cover the request, the innermost last.
_COVERING = "crosscors.covering"


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
        self._reporter = Reporter(on_decision)
        # For frameworks that know only when they answer which policy covers the request.
        self.revise: Callable[[Scope, Decision], Awaitable[Decision]] | None = None
        # Either one policy covers every request, which shall not cost a call, or the request decides.
        self._policy: CORSPolicy | None = None
        self.policy_for: Callable[[Scope], CORSPolicy | None] | None = None
        if isinstance(self.policy, Resources):
            resources = self.policy
            self.policy_for = lambda scope: resources.policy_for(path_of(scope))
        else:
            self._policy = self.policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not isinstance(scope["headers"], (list, tuple)):
            # ASGI allows an iterator, which the application could not read once we have.
            scope = {**scope, "headers": list(scope["headers"])}
        policy_for = self.policy_for  # read once, for the first request of another thread may change it
        policy = self._policy if policy_for is None else policy_for(scope)
        if policy is None:
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            # In one pass all that a preflight asks: 0.5 microseconds less than Origin first.
            decision = policy.decide_by_fields("OPTIONS", *_preflight_fields(scope), self.debug)
        else:
            decision = policy.decide_by_origin(_origin(scope))
        if decision is None:
            decision = await policy.decide_by_func_async(request_of(scope), debug=self.debug)
        self._reporter.report(decision, request_of, scope)
        if decision.status is not None:
            await _answer_preflight(decision, decision.status, send)
            return
        await self._deliver(decision, scope, receive, send)

    async def _deliver(self, decision: Decision, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and write the decision into its response."""
        covering: list[CORSMiddleware] = scope.setdefault(_COVERING, [])
        covering.append(self)
        is_answered = False

        # Not async, but handing on what ``send`` returns: 0.1 microseconds less for each message.
        def send_with_cors(message: Message) -> Awaitable[None]:
            nonlocal is_answered
            if message["type"] != "http.response.start":
                return send(message)
            is_answered = True
            if covering[-1] is not self:  # an inner policy replaces the outer one
                return send(message)
            if self.revise is not None:
                return _send_revised(message, self.revise(scope, decision), send)
            return send(_written(message, decision))

        try:
            await self.app(scope, receive, send_with_cors)
        except Exception:
            if not is_answered and len(covering) == 1:
                self._reporter.report_unanswered(_ANSWERED_OUTSIDE)
            raise
        finally:
            covering.pop()

    def covering_policy(self, scope: Scope) -> CORSPolicy | None:
        """The policy that covers the request; None if none does."""
        policy_for = self.policy_for
        return self._policy if policy_for is None else policy_for(scope)


_ANSWERED_OUTSIDE = (
    "an exception left the application unanswered; whatever answers it now does so without the fields of "
    "the CORS policy, and browsers will hide that answer. Starlette and FastAPI: instead of add_middleware, "
    "write CORS(app, ...) with CORS from crosscors.starlette or crosscors.fastapi"
)


def _written(message: Message, decision: Decision) -> Message:
    # A new message: applications send one message, or one list, for many responses.
    return {**message, "headers": decision.apply_raw(message.get("headers", ()))}


async def _send_revised(message: Message, revised: Awaitable[Decision], send: Send) -> None:
    await send(_written(message, await revised))


async def _answer_preflight(decision: Decision, status: int, send: Send) -> None:
    headers = list(decision.raw_preflight_headers)  # a server may change its list, and decisions are shared
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": decision.body})


def _origin(scope: Scope) -> str | None:
    origin: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"origin":
            if origin is not None:
                # Two fields are one list (RFC 9110, section 5.3), which no policy takes for an origin.
                origin += b", " + value
                break
            origin = value
    return None if origin is None else origin[:_MOST_READ].decode("latin-1")


def _preflight_fields(scope: Scope) -> tuple[str | None, str | None, str | None, str | None]:
    """What a preflight asks with: Origin, and Access-Control-Request-Method, -Headers, -Private-Network."""
    read: dict[bytes, str] = {}
    for name, raw_value in scope["headers"]:
        if name in _ASKING:
            value = raw_value[:_MOST_READ].decode("latin-1")
            if name not in read:
                read[name] = value
            elif len(read[name]) < _MOST_READ:
                read[name] = f"{read[name]}, {value}"
    return (
        read.get(b"origin"),
        read.get(b"access-control-request-method"),
        read.get(b"access-control-request-headers"),
        read.get(b"access-control-request-private-network"),
    )


# What is longer is refused unread: there is no need to decode a megabyte to find that out.
_MOST_READ = MAX_REQUEST_HEADERS_LENGTH + 1


def path_of(scope: Scope) -> str:
    """The path as the application's router sees it: without the root path it is mounted at."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    below = path.removeprefix(root_path)
    is_below = bool(root_path) and (not below or below.startswith("/"))
    return (below if is_below else path) or "/"


def request_of(scope: Scope) -> CORSRequest:
    """The fields of the request, whose headers have to be a list or tuple."""
    read: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        if name in _FIELDS:
            read.setdefault(name, []).append(value)
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
        for name, value in self._raw:
            read.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return {name: ", ".join(parts) for name, parts in read.items()}

    def __getitem__(self, name: str) -> str:
        return self._decoded[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded)

    def __len__(self) -> int:
        return len(self._decoded)
