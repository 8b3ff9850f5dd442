"""The command ``crosscors probe``: its options and its exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crosscors.cli import require
from crosscors.cli.output import CommandError, print_json, printable
from crosscors.cli.probe import pages_let_in, responses
from crosscors.cli.probe.findings import SEVERITIES, Finding
from crosscors.cli.probe.report import print_report, warnings
from crosscors.cli.probe.requests import Answers
from crosscors.cli.probe.target import Target, WrongUsageError, read_target

if TYPE_CHECKING:
    from crosscors.cli.probe.sending import Asked

_TOTAL = 60.0  # seconds
_SECONDS = click.FloatRange(0, _TOTAL, min_open=True)


@click.command()
@click.argument("url")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="An origin that should be let in. Its look-alikes are tried. Up to four.",
)
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A header for all requests except preflights, such as Authorization.",
)
@click.option(
    "--timeout", type=_SECONDS, default=10.0, show_default=True, help="Seconds to wait for each response."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
@click.pass_context
def probe(
    context: click.Context,
    url: str,
    origins: tuple[str, ...],
    headers: tuple[str, ...],
    timeout: float,
    *,
    as_json: bool,
) -> None:
    """Audit the CORS headers of a running server, as browsers see them.

    Probe only servers that you are allowed to test. The probe sends GET, HEAD and OPTIONS requests, at most
    200, one after the other. It follows no redirect and verifies TLS. It takes at most a minute.

    It reports only what a browser would let a page read or do. Without --origin, it tries look-alikes of the
    URL's own origin. With --origin, it tries those of the given origins, and also reports if such an origin
    is not let in.

    Exit status: 0 if nothing is found, 1 if something is found, 2 if there is no connection or the usage is
    wrong.

    \b
    Examples:
      crosscors probe https://api.example.com/items
      crosscors probe https://api.example.com/items --origin https://app.example.com
      crosscors probe http://localhost:8000/ --origin http://localhost:3000 --json
      crosscors probe https://api.example.com/me -H "Authorization: Bearer TOKEN"
    """
    try:
        target = read_target(url, origins, headers)
    except WrongUsageError as error:
        raise CommandError(error.message, error.hint) from None
    answers, unanswered = _ask(target, timeout)
    findings = judge(target, answers)
    for warning in warnings(target, answers, unanswered):
        click.echo(f"Warning: {printable(warning)}", err=True)
    if as_json:
        secret_names = frozenset(name.lower() for name, _ in target.headers)
        print_json({"findings": [each.as_json(secret_names) for each in findings]})
    else:
        print_report(str(target.url), findings, len(answers))
    context.exit(1 if findings else 0)


def judge(target: Target, answers: Answers) -> list[Finding]:
    """All findings, the worst first."""
    found = [*pages_let_in.judge(target, answers), *responses.judge(target, answers)]
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


def _ask(target: Target, timeout: float) -> Asked:
    require("httpx", extra="cli")
    from crosscors.cli.probe.sending import ConnectError, ask  # noqa: PLC0415 (httpx takes a while to import)

    try:
        return ask(target, timeout, _TOTAL)
    except ConnectError as error:
        raise CommandError(error.message, error.hint) from None
