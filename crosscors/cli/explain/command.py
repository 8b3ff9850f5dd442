"""The command ``crosscors explain``: its options."""

from __future__ import annotations

import click


@click.command()
@click.argument("target", required=False)
@click.argument("path", required=False)
def explain(target: str | None, path: str | None) -> None:
    """Explain what a browser does with a request, step by step, and why."""
    raise click.UsageError("Not written yet.")
