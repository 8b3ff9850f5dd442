"""How the pytest plugin finds a server among the fixtures, and what it shows for failed tests."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors.testing.blocked import NetworkError
from crosscors.testing.browser import Browser
from crosscors.testing.exchange import Exchange
from crosscors.testing.response import Response

# The names in pytest-django, in pytest-flask, and in most people's own fixtures.
_NAMES = ("client", "app")
_SHOWN_EXCHANGES = 20

_NOTHING_TO_ASK = """\
cors_browser found no fixture "client" or "app" that it can use. Define one that returns an application
or a test client:

    @pytest.fixture
    def app():
        return create_app()

or use crosscors.testing.Browser(app) in the test."""


def find_browser(request: pytest.FixtureRequest) -> Browser:
    """A browser for the first fixture that it can use. The test fails if there is none."""
    unfit: list[str] = []
    for name in _NAMES:
        try:
            server = request.getfixturevalue(name)
        except pytest.FixtureLookupError as error:
            if error.argname != name:
                raise  # the fixture exists, but needs another that does not
            continue
        except pytest.skip.Exception as skipped:
            # pytest-django's client, where Django is not configured
            unfit.append(f'The fixture "{name}" skips: {skipped}')
            continue
        try:
            return Browser(server)
        except TypeError as error:
            unfit.append(f'The fixture "{name}" cannot be used: {error}')
    pytest.fail("\n".join([*unfit, _NOTHING_TO_ASK]), pytrace=False)


def describe_exchanges(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """The exchanges of the browsers and responses among the variables of a failed test."""
    if issubclass(excinfo.type, NetworkError):
        return ""  # the text of the exception has them
    at_hand: list[Any] = [*getattr(item, "funcargs", {}).values()]
    for entry in excinfo.traceback:
        at_hand += entry.frame.f_locals.values()
    found: dict[int, Exchange] = {}
    for each in at_hand:
        # By type only: isinstance() would evaluate the lazy objects of frameworks.
        if issubclass(type(each), (Browser, Response)):
            # A browser whose construction failed has no exchanges.
            found.update((id(exchange), exchange) for exchange in getattr(each, "exchanges", ()))
    return "\n\n".join(map(str, list(found.values())[-_SHOWN_EXCHANGES:]))
