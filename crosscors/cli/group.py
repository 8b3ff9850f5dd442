"""The group of all commands."""

from __future__ import annotations

from typing import Any

import click

import crosscors
from crosscors.cli.check.command import check
from crosscors.cli.demo.command import demo
from crosscors.cli.explain.command import explain
from crosscors.cli.output import CommandError
from crosscors.cli.probe.command import probe


class _Group(click.Group):
    """A group whose commands have the exit status 2 after Ctrl-C: 1 is a result."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort) as stopped:
            raise CommandError("The command was stopped.") from stopped


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(crosscors.__version__, prog_name="crosscors")
def cli() -> None:
    """One CORS policy for every Python web stack.

    \b
    Examples:
      crosscors explain main:app /items --origin https://app.example.com
          say step by step what a browser does with this request, and why
      crosscors check main:app
          say what the policy means, and what is wrong with it
      crosscors probe https://api.example.com
          say what a running server lets the pages of other origins read
      crosscors demo
          try policies and requests in your own browser
    """


cli.add_command(check)
cli.add_command(demo)
cli.add_command(explain)
cli.add_command(probe)
