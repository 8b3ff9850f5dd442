"""The command ``crosscors pull``."""

from __future__ import annotations

import json

import click

from crosscors.cli.live.place import connected, read_place, with_place
from crosscors.cli.output import CommandError, print_json


@click.command()
@with_place
def pull(url: str | None, key: str) -> None:
    """Print the policy that workers follow, as a document in JSON.

    The output is a file for "crosscors check" and "crosscors push".

    Exit status: 0, or 2 if there is no policy, if Redis cannot be reached or if the usage is wrong.

    \b
    Examples:
      crosscors pull --url redis://localhost:6379 > policy.json
      crosscors pull --key shop:cors
    """
    place = read_place(url, key)
    with connected(place) as store:
        raw = store.read()
    if not raw:
        raise CommandError(
            f"There is no policy in {place.name}.", "To put one there, run: crosscors push FILE"
        )
    try:
        document: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CommandError(
            f"What is in {place.name} is not JSON.", "To replace it, run: crosscors push FILE"
        ) from error
    print_json(document)
