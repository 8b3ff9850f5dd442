"""The pytest plugin: the fixture ``cors_browser``, and the exchanges in the report of a test that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crosscors.testing.blocked import NetworkError
from crosscors.testing.browser import Browser
from crosscors.testing.response import Response

if TYPE_CHECKING:
    from collections.abc import Generator

    from crosscors.testing.exchange import Exchange

# What pytest-django, pytest-flask, and most people who write their own fixtures call what can be asked.
_FIXTURES = ("client", "app")
_SHOWN_EXCHANGES = 20

_NOTHING_TO_ASK = """\
cors_browser found no fixture "client" or "app" to talk to. Define one that returns an application or a test
client:

    @pytest.fixture
    def app():
        return create_app()

or use crosscors.testing.Browser(app) in the test."""


@pytest.fixture
def cors_browser(request: pytest.FixtureRequest) -> Browser:
    """A ``crosscors.testing.Browser`` for the fixture ``client`` or ``app``, whichever can be talked to.

    pytest-django's and pytest-flask's are found, and those of your own by that name.
    """
    unfit: list[str] = []
    for name in _FIXTURES:
        try:
            server = request.getfixturevalue(name)
        except pytest.FixtureLookupError as error:
            if error.argname != name:
                raise  # the fixture is there, and asks for one that is not
            continue
        except pytest.skip.Exception as skipped:
            # pytest-django's client, where Django is not configured
            unfit.append(f'The fixture "{name}" skips: {skipped}')
            continue
        try:
            return Browser(server)
        except TypeError as error:
            unfit.append(f'The fixture "{name}" does not do: {error}')
    pytest.fail("\n".join([*unfit, _NOTHING_TO_ASK]), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to the report of a failed test what went over the wire in it."""
    report = yield
    if report.failed and call.excinfo is not None and not call.excinfo.errisinstance(NetworkError):
        exchanges = _exchanges_of(item, call.excinfo)
        if exchanges:
            shown = "\n\n".join(map(str, exchanges[-_SHOWN_EXCHANGES:]))
            report.sections.append(("What the browser exchanged with the server", shown))
    return report


def _exchanges_of(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> list[Exchange]:
    """All exchanges of the browsers and responses that the failed test has at hand, each once."""
    at_hand: list[Any] = [*getattr(item, "funcargs", {}).values()]
    for entry in excinfo.traceback:
        at_hand += entry.frame.f_locals.values()
    found: dict[int, Exchange] = {}
    for each in at_hand:
        if isinstance(each, Browser | Response):
            # A browser whose construction failed has none.
            found.update((id(exchange), exchange) for exchange in getattr(each, "exchanges", ()))
    return list(found.values())
