"""The command ``crosscors watch``."""

from __future__ import annotations

import json
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click

from crosscors.cli.live.place import connected, read_place, shown_time, with_place
from crosscors.cli.output import printable

if TYPE_CHECKING:
    from crosscors.core.live import Published


@click.command()
@with_place
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each change, in one line.")
def watch(url: str | None, key: str, *, as_json: bool) -> None:
    """Print the policy that workers follow, and each change, until Ctrl+C.

    The policy is told in the sentences of "crosscors check". What workers would log goes to standard error,
    such as a lost connection or a document with a problem.

    Exit status: 0, or 2 if Redis cannot be reached at the start or the usage is wrong.

    \b
    Examples:
      crosscors watch --url redis://localhost:6379
      crosscors watch --key shop:cors --json
    """
    place = read_place(url, key)
    with connected(place) as store:
        store.read()  # whatever is wrong is said before anything is followed
    from crosscors.live import follow_redis  # noqa: PLC0415  # it takes a while

    # Printed here and not in the listener: a pipe that is closed ends the command.
    changes: SimpleQueue[Published[Any]] = SimpleQueue()
    with suppress(KeyboardInterrupt), follow_redis(place.url, place.key) as live:
        live.on_change(changes.put)
        if live.version > 1:  # 1 is what is served while Redis has no policy
            changes.put(live.published)
        while True:
            _print(changes.get(), as_json=as_json)


def _print(published: Published[Any], *, as_json: bool) -> None:
    from crosscors.cli.check.in_force import by_path  # noqa: PLC0415  # it takes a while
    from crosscors.cli.check.sentences import sentences  # noqa: PLC0415  # it takes a while

    told = [sentence for each in by_path(published.policy) for sentence in sentences(each)]
    if as_json:
        seen = {"version": published.version, "seen_at": published.changed_at, "sentences": told}
        click.echo(json.dumps(seen))
        return
    click.echo(f"{shown_time(published.changed_at)}: version {published.version}")
    for sentence in told:
        click.echo(f"  {printable(sentence)}")
