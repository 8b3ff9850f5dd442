"""The WSGI adapter: ``CORSMiddleware`` for every WSGI application."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from crosscors.core.decision import CORSRequest, Decision
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.environ import cors_request, preflight_fields
from crosscors.keywords import read_policy
from crosscors.nesting import RECORD, Entry, bring_over, carried, enter
from crosscors.reporting import OnDecision, Reporter

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from typing_extensions import Unpack


class CORSMiddleware:
    """Answers preflights, and writes the policy into every other response of the application.

    Args:
        app: the WSGI application.
        policy: a CORSPolicy, or Resources with one for each path. Instead of it, the options of
            CORSPolicy may be given here.
        debug: answer refused preflights with status 200 where that lets the browser's console name the
            method or header. Default: False.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers. Default: None.

    Raises:
        PolicyError: listing every problem of the options; also if ``allow_origin_func`` is async.

    Example:
        >>> def application(environ, start_response): ...
        >>> application = CORSMiddleware(application, allow_origins=["https://app.example.com"])

    Standard: Fetch, "CORS protocol"; PEP 3333.
    """

    adapter_name = "crosscors.wsgi.CORSMiddleware"

    def __init__(
        self,
        app: WSGIApplication,
        *,
        policy: CORSPolicy | Resources | None = None,
        debug: bool = False,
        on_decision: OnDecision | None = None,
        **options: Unpack[PolicyOptions],
    ) -> None:
        self.app = app
        self.policy = read_policy(policy, options, debug=debug, can_await=False)
        self.debug = debug
        self.reporter = Reporter(on_decision)
        # Either one policy covers every request, which must not cost a call, or the request decides.
        self._policy: CORSPolicy | None = None
        self._resources: Resources | None = None
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

    def _by_path(self) -> Callable[[WSGIEnvironment], CORSPolicy | None] | None:
        return None if self._resources is None else partial(self.policy_of_path, self._resources)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entry = self.enter(environ)
        if entry is None:
            return self.app(environ, start_response)
        decision = entry.decision
        if decision.status is not None:
            entry.answer(decision.status, ())
            return _answer_preflight(decision, decision.status, start_response)

        def start_response_with_cors(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            if entry.record is not None:
                written = entry.answer(_code_of(status), carried(headers))
            else:
                written = decision
                if entry.source is None:
                    entry.written = decision  # all that ``answer`` does where nobody listens
                else:
                    entry.answer(None, ())
            if exc_info is None:
                return start_response(status, written.apply(headers))
            return start_response(status, written.apply(headers), exc_info)

        try:
            parts = self.app(environ, start_response_with_cors)
        except BaseException:
            entry.leave(has_raised=True)
            raise
        if entry.written is not None and not entry.is_within:
            return parts  # as most applications do: nothing is left to be seen
        return _watched(parts, entry, environ)

    def enter(self, environ: WSGIEnvironment) -> Entry | None:
        """Decide, and enter the decision into the record; None if no policy covers the request."""
        policy_for = self.policy_for  # read once, for the first request of another thread may change it
        policy = self._policy if policy_for is None else policy_for(environ)
        if policy is None:
            return None
        method: str = environ["REQUEST_METHOD"]
        origin: str | None = environ.get("HTTP_ORIGIN")
        if method == "OPTIONS":
            decision = policy.decide_by_fields(method, origin, *preflight_fields(environ), self.debug)
        else:
            decision = policy.decide_by_origin(origin)
        if decision is None:
            decision = policy.decide_by_func(request_of(environ), debug=self.debug)
        reporter = self.reporter
        # What came, for routers change the path in the environ.
        source = (environ, method, environ.get("PATH_INFO")) if reporter.wants(decision) else None
        entry = Entry(self, policy, decision, source)
        if "asgi.scope" in environ:  # a2wsgi puts it there
            bring_over(environ)
        if environ.setdefault(RECORD, entry) is not entry:  # not for ``enter`` to find out, which is a call
            enter(environ, entry)
        return entry

    def policy_of_path(self, resources: Resources, environ: WSGIEnvironment) -> CORSPolicy | None:
        """The policy among these that covers the path of the request; None if none does."""
        root_path: str = environ.get("SCRIPT_NAME", "")
        path = path_of(environ)
        if root_path:
            root_path = _decoded(root_path)
            path = root_path + path
        policy = resources.policy_for(path, root_path)
        if root_path:
            self.reporter.report_root_path(resources, path, root_path)
        if policy is None:
            self.reporter.report_not_covered(resources, path, root_path, request_of, environ)
        return policy

    def read_source(self, source: tuple[WSGIEnvironment, str, str | None]) -> CORSRequest:
        """The request that came with this environ, method and PATH_INFO."""
        environ, method, path = source
        return cors_request(environ, method, path_of({"PATH_INFO": path}))


def _watched(parts: Iterable[bytes], entry: Entry, environ: WSGIEnvironment) -> Iterable[bytes]:
    """The body of the response, which notes in the record how it ends, where that is not certain before."""
    if isinstance(parts, (list, tuple)):
        entry.leave(has_raised=False)
        return parts
    return parts if _is_file(parts, environ) else _Watched(parts, entry)


class _Watched(Iterator[bytes]):
    """A body that notes in the record how it ends."""

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
    """What closes a body that has nothing to close."""


def _is_file(parts: object, environ: WSGIEnvironment) -> bool:
    """Whether the server is to send a file (PEP 3333, "Optional Platform-Specific File Handling")."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(parts, wrapper)


def _code_of(status: str) -> int:
    code = status[:3]
    return int(code) if code.isdecimal() else 500


def _answer_preflight(decision: Decision, status: int, start_response: StartResponse) -> list[bytes]:
    start_response(_STATUS_LINES[status], list(decision.preflight_headers))
    return [decision.body]


_STATUS_LINES = {200: "200 OK", 400: "400 Bad Request"}


def path_of(environ: WSGIEnvironment) -> str:
    """The decoded path below the application's root."""
    return _decoded(environ.get("PATH_INFO") or "/")


def _decoded(path: str) -> str:
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    try:
        return path.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:  # of a server that has decoded it already
        return path


def request_of(environ: WSGIEnvironment) -> CORSRequest:
    """The fields of the request."""
    return cors_request(environ, environ["REQUEST_METHOD"], path_of(environ))
