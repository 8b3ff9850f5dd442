"""The command ``crosscors demo``: its options and its output."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import ExitStack

import click

from crosscors.cli import require
from crosscors.cli.demo.run import Addresses, Listeners, ServerEndedError, listen, run

_PORT = click.IntRange(0, 65535)


@click.command()
@click.option(
    "--page-port", type=_PORT, default=0, metavar="PORT", help="Port of the page with the allowed origin."
)
@click.option(
    "--refused-port", type=_PORT, default=0, metavar="PORT", help="Port of the page with the refused origin."
)
@click.option("--asgi-port", type=_PORT, default=0, metavar="PORT", help="Port of the API on uvicorn.")
@click.option("--wsgi-port", type=_PORT, default=0, metavar="PORT", help="Port of the API on gunicorn.")
def demo(page_port: int, refused_port: int, asgi_port: int, wsgi_port: int) -> None:
    """Watch one policy work in your own browser.

    The demo starts two APIs with the same CORS policy, one on uvicorn (ASGI) and one on gunicorn (WSGI).
    It also serves a page that sends requests to both, from two origins: the policy allows one of them and
    refuses the other. Everything stays on this machine (127.0.0.1).

    The demo picks free ports unless you choose them. Press Ctrl-C to stop it.

    \b
    Examples:
      crosscors demo
      crosscors demo --page-port 8000
      crosscors demo --asgi-port 8001 --wsgi-port 8002
    """
    if sys.platform == "win32":
        raise click.ClickException("The demo needs gunicorn, which does not run on Windows. Try it in WSL.")
    require("uvicorn", "gunicorn", extra="demo")
    with ExitStack() as stack:
        listeners = Listeners(
            page=stack.enter_context(_listen(page_port, "--page-port")),
            refused=stack.enter_context(_listen(refused_port, "--refused-port")),
            asgi=stack.enter_context(_listen(asgi_port, "--asgi-port")),
            wsgi=stack.enter_context(_listen(wsgi_port, "--wsgi-port")),
        )
        try:
            run(listeners, _announce)
        except ServerEndedError as error:
            raise click.ClickException(f"{error} The demo has stopped.") from None


def _listen(port: int, option: str) -> socket.socket:
    try:
        return listen(port)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        message = f"Cannot listen on port {port}: {reason}. Choose another port with {option}."
        raise click.ClickException(message) from None


def _announce(addresses: Addresses) -> None:
    from rich.console import Console  # noqa: PLC0415 (the other commands start without it)
    from rich.table import Table  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="cyan", overflow="fold")
    table.add_column(style="dim")
    table.add_row("Open this page", addresses.page, "the policy allows its origin")
    table.add_row("then this one", addresses.refused, "the policy refuses its origin")
    table.add_row("API on uvicorn", addresses.asgi, "ASGI")
    table.add_row("API on gunicorn", addresses.wsgi, "WSGI")
    console = Console()
    console.print()
    console.print(table)
    console.print()
    console.print("Every refused request appears below, with the reason. Ctrl-C stops the demo.")
    console.print()
