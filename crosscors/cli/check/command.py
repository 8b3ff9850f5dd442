"""The command ``crosscors check``: its options and its exit status."""

from __future__ import annotations

import click

from crosscors.cli.output import print_json


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
@click.pass_context
def check(context: click.Context, targets: tuple[str, ...], *, as_json: bool) -> None:
    """Say what CORS policies mean, what is wrong with them, and what could be better.

    A TARGET is a policy (package.module:policy), an application or a function that makes one (main:app), a
    Django settings module (project.settings), or a file in TOML or JSON.

    The configuration of Starlette's CORSMiddleware, Flask-CORS, django-cors-headers and aiohttp-cors is
    checked, too. What to write in place of it is printed, ready to paste.

    Exit status: 0 if there are no problems and no warnings, 1 if there are some, 2 if the usage is wrong.
    Advice does not count.

    \b
    Examples:
      crosscors check main:app
      crosscors check project.cors:policy cors.toml
      crosscors check project.settings --json
    """
    from crosscors.cli.check import report  # noqa: PLC0415  # it takes a while
    from crosscors.cli.check.subjects import check_target  # noqa: PLC0415  # it takes a while

    reports = [report.report_on(target, check_target(target)) for target in targets]
    if as_json:
        print_json(report.as_json(reports))
    else:
        report.print_reports(reports)
    context.exit(0 if all(each.is_clean for each in reports) else 1)
