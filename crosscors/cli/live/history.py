"""The command ``crosscors history``."""

from __future__ import annotations

import click

from crosscors.cli.live.place import connected, read_place, shown_time, with_place
from crosscors.cli.output import CommandError, print_json


@click.command()
@click.argument("version", type=int, required=False)
@with_place
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
def history(version: int | None, url: str | None, key: str, *, as_json: bool) -> None:
    """List the last 20 policies that were pushed, the newest first, or print one of them.

    With VERSION, the document of that version is printed in JSON. To go back to it, push it again. It gets a
    new version.

    Exit status: 0, or 2 if there is no such version, if Redis cannot be reached or if the usage is wrong.

    \b
    Examples:
      crosscors history --url redis://localhost:6379
      crosscors history 1764337417124 > old.json && crosscors push old.json
    """
    place = read_place(url, key)
    with connected(place) as store:
        entries = store.history()
    if version is not None:
        found = next((each.document for each in entries if each.version == version), None)
        if found is None:
            raise CommandError(
                f"There is no version {version} in {place.name}.",
                "To list those that are there, run: crosscors history",
            )
        print_json(found)
    elif as_json:
        print_json({"history": [vars(each) for each in entries]})
    else:
        for each in entries:
            click.echo(f"{each.version}  {shown_time(each.pushed_at)}")
        if not entries:
            click.echo(f"Nothing was pushed to {place.name} yet.")
