"""The WSGI adapter: ``CORSMiddleware`` for every WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from crosscors.core.decision import CORSRequest, Decision
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.environ import cors_request, preflight_fields
from crosscors.keywords import read_policy
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
        self._reporter = Reporter(on_decision)
        # Either one policy covers every request, which shall not cost a call, or the request decides.
        self._policy: CORSPolicy | None = None
        self.policy_for: Callable[[WSGIEnvironment], CORSPolicy | None] | None = None
        if isinstance(self.policy, Resources):
            self.policy_for = partial(self.policy_of_path, self.policy)
        else:
            self._policy = self.policy

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        decision = self.decide(environ)
        if decision is None:
            return self.app(environ, start_response)
        if decision.status is not None:
            return _answer_preflight(decision, decision.status, start_response)

        def start_response_with_cors(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            if exc_info is None:
                return start_response(status, decision.apply(headers))
            return start_response(status, decision.apply(headers), exc_info)

        return self.app(environ, start_response_with_cors)

    def decide(self, environ: WSGIEnvironment) -> Decision | None:
        """What the policy that covers the request says of it, which is reported; None if none covers it."""
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
        self._reporter.report(decision, request_of, environ)
        return decision

    def policy_of_path(self, resources: Resources, environ: WSGIEnvironment) -> CORSPolicy | None:
        """The policy among these that covers the path of the request; None if none does."""
        root_path: str = environ.get("SCRIPT_NAME", "")
        path = path_of(environ)
        if root_path:
            root_path = _decoded(root_path)
            path = root_path + path
        policy = resources.policy_for(path, root_path)
        if root_path:
            self._reporter.report_root_path(resources, path, root_path)
        if policy is None:
            self._reporter.report_not_covered(resources, path, root_path, request_of, environ)
        return policy


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
