"""What the pytest plugin does with the fixtures and the failures of tests."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors.testing.blocked import NetworkError
from crosscors.testing.browser import Browser
from crosscors.testing.exchange import Exchange
from crosscors.testing.response import Response

# What pytest-django, pytest-flask, and most people who write their own fixtures call what can be asked.
_NAMES = ("client", "app")
_SHOWN_EXCHANGES = 20

_NOTHING_TO_ASK = """\
cors_browser found no fixture "client" or "app" that it can talk to. Define one that returns an application
or a test client:

    @pytest.fixture
    def app():
        return create_app()

or use crosscors.testing.Browser(app) in the test."""


def find_browser(request: pytest.FixtureRequest) -> Browser:
    """A browser for the first of the fixtures that can be talked to; the test fails if there is none."""
    unfit: list[str] = []
    for name in _NAMES:
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
            unfit.append(f'The fixture "{name}" cannot be used: {error}')
    pytest.fail("\n".join([*unfit, _NOTHING_TO_ASK]), pytrace=False)


def describe_exchanges(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """What the browsers and responses exchanged that a failed test has at hand."""
    if issubclass(excinfo.type, NetworkError):
        return ""  # whose text has them
    at_hand: list[Any] = [*getattr(item, "funcargs", {}).values()]
    for entry in excinfo.traceback:
        at_hand += entry.frame.f_locals.values()
    found: dict[int, Exchange] = {}
    for each in at_hand:
        # By the type alone: isinstance() would ask the object, and so evaluate the lazy ones of frameworks.
        if issubclass(type(each), (Browser, Response)):
            # A browser whose construction failed has none.
            found.update((id(exchange), exchange) for exchange in getattr(each, "exchanges", ()))
    return "\n\n".join(map(str, list(found.values())[-_SHOWN_EXCHANGES:]))
