"""The WSGI adapter: ``CORSMiddleware`` for every WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from crosscors._adapter.decider import Decider, Headers
from crosscors._adapter.elsewhere import names_elsewhere
from crosscors._adapter.environ import cors_request, is_plain, preflight_headers, sender_of
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems, read_policy, read_protect
from crosscors._adapter.lost_errors import logs_lost_errors
from crosscors._adapter.nesting import RECORD, Entry, carried_by
from crosscors._adapter.reporting import DEBUG, ReadRequest, is_debug_heard, root
from crosscors._adapter.stacks import check_wsgi
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.protection import Sender
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.rulebook import AskFunction
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.core.words import KEYWORDS

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from typing_extensions import Unpack

__all__ = ["CORSMiddleware"]


class CORSMiddleware:
    """Answers preflights, and writes the policy into every other response of the application.

    Args:
        app: the WSGI application.
        policy: a CORSPolicy, Resources with one for each path, or a LivePolicy of either. Instead of it, the
            options of CORSPolicy may be given here.
        debug: True: refused responses say why in X-CORS-Refused, and refused preflights get status 200 where
            that lets the browser's console name the method or header. Default: None, which means False here.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers; or several such functions. Default: None.
        protect: True: refuse unsafe requests and WebSockets from pages that the policy does not trust, with
            status 403. ``"report"``: only log them. A CrossOriginProtection has further options. Default:
            False.

    Raises:
        PolicyError: listing every problem of the options; also if ``allow_origin_func`` is async.

    Example:
        >>> def application(environ, start_response): ...
        >>> application = CORSMiddleware(application, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol"; PEP 3333.
    """

    @logs_lost_errors
    def __init__(
        self,
        app: WSGIApplication,
        *positional: NoReturn,
        policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
        debug: bool | None = None,
        on_decision: OnDecision | None = None,
        protect: Protect = False,
        **options: Unpack[PolicyOptions],
    ) -> None:
        refuse_positional_options(positional, _CALL, app=app)
        raise_problems(check_wsgi(app))
        self.app = app
        self.policy = read_policy(policy, options, debug=debug, can_await=False)
        protection, found = read_protect(protect, KEYWORDS)
        raise_problems(found)
        self._decider = Decider(
            "crosscors.wsgi.CORSMiddleware",
            EnvironReader(),
            self.policy,
            debug=bool(debug),
            on_decision=on_decision,
            protection=protection,
        )

    # One function, because each further call would add 0.08 to the 1.2 microseconds that most requests take.
    def __call__(  # noqa: C901, PLR0912
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        decider = self._decider
        policy, ready = decider.everywhere, decider.ready
        if policy is None:
            policy = decider.policy_among(decider.policies, environ)
            if policy is None:
                return run_uncovered(decider, self.app, environ, start_response)
            ready = decider.ready_for(policy)
        asked: str | Headers | None
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            asked, known = preflight_headers(environ), None
        else:
            asked = environ.get("HTTP_ORIGIN")
            known = ready.get(asked)
        decision = known or decider.ask(policy, environ, asked)
        if isinstance(decision, AskFunction):
            decision = decider.ask_function(policy, decision, environ)
        if (
            decider.protection is not None
            and (method not in decider.unguarded or "HTTP_UPGRADE" in environ)
            and environ.get("HTTP_SEC_FETCH_SITE") not in decider.unguarded_sites
        ):
            is_admitted = decider.rules.admits(policy, decision, method, is_plain=is_plain(environ))
            refused = None if is_admitted else decider.guard(policy, decision, environ)
            if refused is not None:
                known, decision = None, refused
        if known is not None and ((decider.logger.level or root.level) > DEBUG or not is_debug_heard()):
            # What ``decider.enter`` does for every other decision.
            entry = Entry()
            entry.adapter = decider
            entry.policy = policy
            entry.decision = known
            entry.read = entry.written = entry.record = None
            if "asgi.scope" in environ or environ.setdefault(RECORD, entry) is not entry:
                entry = decider.enter(environ, environ, policy, known)
        else:
            entry = decider.enter(environ, environ, policy, decision)
            if decision.status is not None:
                return answer_itself(entry, environ, start_response)
        try:
            parts = self.app(environ, starter(entry, start_response))
        except BaseException:
            entry.leave(has_raised=True)
            raise
        if entry.written is not None and not entry.is_within:
            return parts  # the response has started, as in most applications
        return watched(parts, entry, environ)


_CALL = Call("CORSMiddleware(app, {})")


def middleware_of(decider: Decider[WSGIEnvironment], app: WSGIApplication) -> CORSMiddleware:
    """A middleware with this decider, for an adapter that has already made one."""
    middleware = object.__new__(CORSMiddleware)
    vars(middleware).update(app=app, policy=decider.policies, _decider=decider)
    return middleware


def starter(entry: Entry, start_response: StartResponse) -> StartResponse:
    """Starts responses with the headers of the decision."""

    def start_response_with_cors(
        status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if entry.record is not None:
            decision = entry.answer(_code_of(status), carried_by(headers))
        elif entry.read is not None:
            decision = entry.answer(None, ())
        else:
            entry.written = decision = entry.decision  # all that ``answer`` does where nobody listens
        written = decision.response_headers.merged(headers)
        if exc_info is None:  # some servers do not take None for it
            return start_response(status, written)
        return start_response(status, written, exc_info)

    return start_response_with_cors


def run_uncovered(
    decider: Decider[WSGIEnvironment],
    app: WSGIApplication,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Leave a request to the application. Unless that sends CORS headers, report that no policy does."""
    refused = None if decider.protection is None else decider.guard(None, None, environ)
    if refused is not None:
        return answer_itself(decider.enter(environ, environ, None, refused), environ, start_response)
    if "HTTP_ORIGIN" not in environ:
        return app(environ, start_response)
    came = environ.copy()
    entry = decider.enter_undecided(environ, came)

    def start_watched(
        status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if not entry.is_withdrawn:
            decider.withdraw(entry, came, carried_by(headers))
        if exc_info is None:  # some servers do not take None for it
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    try:
        parts = app(environ, start_watched)
    except BaseException:
        if not entry.is_withdrawn:
            decider.withdraw(entry, came, ())
        raise
    return parts if entry.is_withdrawn else watched(parts, entry, environ)


class EnvironReader:
    """Reads requests from WSGI's environ."""

    bridge = "asgi.scope"  # a2wsgi keeps it there
    is_raw = False

    def headers(self, environ: WSGIEnvironment) -> Headers:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return preflight_headers(environ)
        return (environ.get("HTTP_ORIGIN"), None, None, None)

    def path(self, environ: WSGIEnvironment) -> tuple[str, str]:
        path, root_path = path_of(environ), environ.get("SCRIPT_NAME", "")
        if not root_path:
            return path, ""
        root_path = _decoded(root_path)
        return root_path + path, root_path

    def sender(self, environ: WSGIEnvironment) -> Sender:
        return sender_of(environ, environ["REQUEST_METHOD"])

    def keep(self, environ: WSGIEnvironment) -> ReadRequest:
        # The method and path as they are now. Routers change the path in the environ.
        return partial(_request, environ, environ["REQUEST_METHOD"], environ.get("PATH_INFO"))


def _request(environ: WSGIEnvironment, method: str, path: str | None) -> CORSRequest:
    return cors_request(environ, method, path_of({"PATH_INFO": path}))


def watched(parts: Iterable[bytes], entry: Entry, environ: WSGIEnvironment) -> Iterable[bytes]:
    """The body of the response, in a wrapper that notes whether it ends or raises, unless that is certain."""
    if isinstance(parts, (list, tuple)):
        entry.leave(has_raised=False)
        return parts
    return parts if _is_file(parts, environ) else _Watched(parts, entry)


class _Watched(Iterator[bytes]):
    """A body that notes in the record whether it ends or raises."""

    def __init__(self, parts: Iterable[bytes], entry: Entry) -> None:
        self._parts = parts
        self._iterator: Iterator[bytes] | None = None
        self._entry = entry

    def __next__(self) -> bytes:
        try:
            if self._iterator is None:
                self._iterator = iter(self._parts)
            return next(self._iterator)
        except StopIteration:
            self._entry.leave(has_raised=False)
            raise
        except BaseException:
            self._entry.leave(has_raised=True)
            raise

    def close(self) -> None:
        """Close the body of the application."""
        try:
            getattr(self._parts, "close", _nothing)()
        finally:
            self._entry.leave(has_raised=False)


def _nothing() -> None:
    """Closes a body that has no ``close``."""


def _is_file(parts: object, environ: WSGIEnvironment) -> bool:
    """Whether the server may send a file (PEP 3333, "Optional Platform-Specific File Handling")."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(parts, wrapper)


def _code_of(status: str) -> int:
    code = status[:3]
    return int(code) if code.isdecimal() else 500


def answer_itself(entry: Entry, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with the decision, which is the whole response. HEAD gets no body, which some servers send."""
    decision = entry.decision
    entry.answer(decision.status, ())
    start_response(_STATUS_LINES[decision.status], list(decision.whole_headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [decision.body]


_STATUS_LINES: Mapping[int | None, str] = {200: "200 OK", 400: "400 Bad Request", 403: "403 Forbidden"}


def path_of(environ: WSGIEnvironment) -> str:
    """The decoded path below the application's root."""
    path = environ.get("PATH_INFO") or "/"
    # Test clients can leave out the slash. Werkzeug, Bottle and others route the path as if it was there.
    return _decoded(path if path[0] == "/" else f"/{path}")


def _decoded(path: str) -> str:
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    if path.isascii():
        return path
    try:
        return path.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:  # the server has already decoded the path
        return path


__getattr__ = names_elsewhere(
    __name__,
    {
        "CORS": "from crosscors.flask import CORS",
        "CORSPolicy": "from crosscors import CORSPolicy",
        "Resources": "from crosscors import Resources",
        "cross_origin": "from crosscors.flask import cross_origin (or from crosscors.django)",
    },
)
