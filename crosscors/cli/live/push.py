"""The command ``crosscors push``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from crosscors.cli.live.place import connected, read_place, with_place
from crosscors.cli.output import CommandError, print_json

if TYPE_CHECKING:
    from crosscors.core.document import Document, Language
    from crosscors.core.values import Findings


@click.command()
@click.argument("file")
@with_place
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
@click.pass_context
def push(context: click.Context, file: str, url: str | None, key: str, *, as_json: bool) -> None:
    """Give a policy to all workers that follow a key in Redis.

    FILE is a document in TOML or JSON. It is checked first, as "crosscors check" does. If it has a problem,
    it is not pushed. Warnings are printed, and do not hold it back.

    The policy gets a version that is greater than all before. Workers serve it within a second. The last 20
    documents stay in Redis: see "crosscors history".

    Exit status: 0 if the policy was pushed, 1 if it has a problem, 2 if Redis cannot be reached or the usage
    is wrong.

    \b
    Examples:
      crosscors push policy.toml --url redis://localhost:6379
      CROSSCORS_REDIS_URL=rediss://:PASSWORD@redis.example.com crosscors push policy.toml
      crosscors push policy.json --key shop:cors --json
    """
    from crosscors.cli.check import report  # noqa: PLC0415  # it takes a while
    from crosscors.cli.check.checked import Checked  # noqa: PLC0415  # it takes a while
    from crosscors.cli.check.in_force import by_path  # noqa: PLC0415  # it takes a while

    place = read_place(url, key)
    document, found = _read(file)
    checked = Checked(() if document is None else tuple(by_path(document.policies)), found)
    reports = [report.report_on(file, checked)]
    if document is None:
        if as_json:
            print_json({**report.as_json(reports), "pushed": None})
        else:
            report.print_reports(reports)
            click.echo("Nothing was pushed.")
        context.exit(1)
    with connected(place) as store:
        pushed = store.push(cast("Any", document.policies))
    if as_json:
        told = {"version": pushed.version, "connections_told": pushed.connections}
        print_json({**report.as_json(reports), "pushed": told})
        return
    report.print_reports(reports)
    click.echo(f"Version {pushed.version} is in {place.name}. {_told(pushed.connections)}")


def _told(connections: int) -> str:
    if not connections:
        return "No worker listens now."
    return "1 process was told." if connections == 1 else f"{connections} processes were told."


def _read(file: str) -> tuple[Document | None, Findings]:
    from crosscors.live.documents import MOST_BYTES, read_bytes  # noqa: PLC0415  # it takes a while
    from crosscors.live.file import LANGUAGES  # noqa: PLC0415  # it takes a while

    language: Language | None = LANGUAGES.get(Path(file).suffix.lower())
    if language is None:
        raise CommandError(f"{file} is not a document.", "Name a file that ends with .toml or .json.")
    try:
        with Path(file).open("rb") as opened:
            return read_bytes(opened.read(MOST_BYTES + 1), language)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", "Name a file in TOML or JSON."
        ) from error
