"""The command ``crosscors demo``: its options and its output."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack

import click

from crosscors.cli import require
from crosscors.cli.demo.stacks import STACKS
from crosscors.cli.output import printable

_PORT = click.IntRange(0, 65535)
_OPTION = "--port"


@click.command()
@click.option(
    _OPTION, type=_PORT, default=0, metavar="PORT", help="Port of the page. Default: one that is free."
)
def demo(port: int) -> None:
    """Try policies and requests in your own browser.

    The demo serves a page on this machine (127.0.0.1). On it, you edit a CORS policy and put a request
    together. Your browser sends it from a page of another origin to four servers with that policy: ASGI,
    WSGI, Flask and Django. The page shows what was predicted, what your browser did, what the servers saw,
    and why.

    The demo picks free ports. Press Ctrl-C to stop it.

    \b
    Examples:
      crosscors demo
      crosscors demo --port 8000
    """
    require("uvicorn", "waitress", extra="demo")
    from crosscors.cli.demo.run import Listeners, ServerEndedError, listen, run  # noqa: PLC0415 (for --help)

    with ExitStack() as stack:

        def listening(port: int = 0) -> socket.socket:
            return stack.enter_context(listen(port))

        try:
            page = listening(port)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            message = f"Cannot listen on port {port}: {reason}. Choose another port with {_OPTION}."
            raise click.ClickException(message) from None
        stacks = {each.id: listening() for each in STACKS if each.is_installed}
        try:
            run(Listeners(page, (listening(), listening()), stacks), _announce, _show)
        except ServerEndedError as error:
            raise click.ClickException(f"{error} The demo has stopped.") from None


def _announce(address: str) -> None:
    click.echo(f"\nOpen this page: {address}\n")
    for each in STACKS:
        if not each.is_installed:
            click.echo(f"{each.name} is not installed: pip install {each.package}")
    click.echo("Every refused request appears below, with the reason. Ctrl-C stops the demo.\n")


def _show(stack: str, line: str) -> None:
    click.echo(f"{stack:<8}{printable(line)}")
