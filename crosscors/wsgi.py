"""The WSGI adapter: ``CORSMiddleware`` for every WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from crosscors.core.decision import CORSRequest, Decision
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        policy = self.policy
        if isinstance(policy, Resources):
            covering = policy.policy_for(_path(environ))
            if covering is None:
                return self.app(environ, start_response)
            policy = covering
        decision = policy.decide_by_origin(environ["REQUEST_METHOD"], environ.get("HTTP_ORIGIN"))
        if decision is None:
            decision = policy.decide(_request(environ), debug=self.debug)
        self._reporter.report(decision, _request, environ)
        if decision.status is not None:
            return _answer_preflight(decision, decision.status, start_response)
        return self.app(environ, _starter(decision, start_response))


def _starter(decision: Decision, start_response: StartResponse) -> StartResponse:
    """A ``start_response`` that writes the decision into the response."""

    def start_response_with_cors(
        status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is None:
            return start_response(status, decision.apply(headers))
        return start_response(status, decision.apply(headers), exc_info)

    return start_response_with_cors


def _answer_preflight(decision: Decision, status: int, start_response: StartResponse) -> list[bytes]:
    start_response(f"{status} {HTTPStatus(status).phrase}", list(decision.preflight_headers))
    return [decision.body]


def _path(environ: WSGIEnvironment) -> str:
    # PEP 3333, "Unicode Issues": the bytes of the path, each as one latin-1 character.
    path: str = environ.get("PATH_INFO") or "/"
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _request(environ: WSGIEnvironment) -> CORSRequest:
    return CORSRequest(
        environ["REQUEST_METHOD"],
        origin=environ.get("HTTP_ORIGIN"),
        path=_path(environ),
        host=environ.get("HTTP_HOST", ""),
        request_method=environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        request_headers=environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
        request_private_network=environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"),
        headers=_Headers(environ),
    )


class _Headers(Mapping[str, str]):
    """The fields of a request in its environ (PEP 3333, "environ Variables")."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        variable = name.upper().replace("-", "_")
        try:
            value: str = self._environ[variable if variable in _UNPREFIXED else f"HTTP_{variable}"]
        except KeyError:
            raise KeyError(name) from None
        return value

    def __iter__(self) -> Iterator[str]:
        for variable in self._environ:
            if variable.startswith("HTTP_") or variable in _UNPREFIXED:
                yield variable.removeprefix("HTTP_").replace("_", "-").lower()

    def __len__(self) -> int:
        return len(list(iter(self)))


_UNPREFIXED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
