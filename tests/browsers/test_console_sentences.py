"""What the consoles say is what ``crosscors explain --console`` reads: see tests/cli/test_console.py."""

from __future__ import annotations

from crosscors.testing.engines import EngineName
from tests.conftest import Approve

from .consoles import SCRIPTS, said_by
from .wire import Wire


def test_the_console_says_what_is_approved(engine: EngineName, wire: Wire, approved: Approve) -> None:
    """If this fails, a browser has changed its words. Approve them, and teach crosscors to read them."""
    said = said_by(engine, wire)
    heard = [(script.name, "\n".join(said[script.name])) for script in SCRIPTS if script.name in said]
    approved(f"console_{engine}", heard)
