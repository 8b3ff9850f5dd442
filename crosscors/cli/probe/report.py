"""What people see of a probe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crosscors.cli.output import print_indented, stdout_console, styled
from crosscors.cli.probe.findings import Finding, Severity
from crosscors.cli.probe.requests import Answers, get
from crosscors.cli.probe.target import Target

if TYPE_CHECKING:
    from crosscors.testing.exchange import Exchange

_STYLES: dict[Severity, str] = {"high": "bold red", "medium": "bold yellow", "low": "bold cyan"}
_SHOWN_REQUEST = ("origin", "access-control-request-method")


def print_report(url: str, findings: list[Finding], requests: int) -> None:
    """Write the findings to standard output, the worst first."""
    console = stdout_console()
    console.print(styled(("Probe of ", "bold"), (url, "bold")))
    for finding in findings:
        console.print()
        console.print(
            styled((finding.severity.upper(), _STYLES[finding.severity]), " ", (finding.code, "bold"))
        )
        print_indented(console, 2, finding.message)
        print_indented(console, 2, ("Fix: ", "green"), finding.fix)
        for line in _lines(finding.exchange):
            print_indented(console, 4, (line, "dim"))
    console.print()
    console.print(styled(_sum(findings, requests)))


def _lines(exchange: Exchange) -> Iterable[str]:
    """The parts of the exchange that have to do with CORS."""
    request, response = exchange.request, exchange.response
    yield f"{request.method} {request.url}" + (" (preflight)" if exchange.is_preflight else "")
    for name, value in request.headers:
        if name.lower() in _SHOWN_REQUEST:
            yield f"> {name}: {value}"
    yield f"< {response.status}"
    for name, value in response.headers:
        if name.lower().startswith("access-control-") or name.lower() in {"vary", "location"}:
            yield f"< {name}: {value}"


def _sum(findings: list[Finding], requests: int) -> str:
    found = _counted(len(findings), "finding") if findings else "Nothing found"
    return f"{found}. {_counted(requests, 'request')} got a response."


def warnings(target: Target, answers: Answers, unanswered: int) -> Iterable[str]:
    """Why there may be more to find than was found."""
    plain = answers.get(get(target))
    if plain is not None and 300 <= plain.status <= 399:  # noqa: PLR2004  # all redirects
        location = plain.header("Location") or "another URL"
        yield f"{target.url} redirects to {location}. Probe the URL that pages fetch in the end."
    elif plain is not None and plain.status >= _ERROR and plain.status != _METHOD_NOT_ALLOWED:
        yield f"GET {target.url} gets status {plain.status}. Most defects only show where pages get 200."
    if unanswered:
        yield f"{_counted(unanswered, 'request')} got no response, so there may be more to find."


_ERROR, _METHOD_NOT_ALLOWED = 400, 405


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
