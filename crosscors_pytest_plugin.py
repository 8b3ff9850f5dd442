"""The pytest plugin: the fixture ``cors_browser``, and what went over the wire in tests that fail.

pytest loads it in every project that has crosscors installed. So it imports nothing of crosscors before a
test does.

PYTEST_DONT_REWRITE (no assertions are here, and pytest warns of what it cannot rewrite)
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from pluggy import Result

    from crosscors.testing import Browser


@pytest.fixture
def cors_browser(request: pytest.FixtureRequest) -> Browser:
    """A ``crosscors.testing.Browser`` for the fixture ``client`` or ``app``, whichever can be talked to.

    pytest-django's and pytest-flask's are found, and those of your own by that name.
    """
    from crosscors.testing.fixtures import find_browser  # noqa: PLC0415 (see above)

    return find_browser(request)


# The old kind of wrapper, for old releases of pluggy.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Result[pytest.TestReport], None]:
    """Adds to the report of a failed test what went over the wire in it."""
    report = (yield).get_result()
    if "crosscors.testing" in sys.modules and report.failed and call.excinfo is not None:
        from crosscors.testing.fixtures import describe_exchanges  # noqa: PLC0415 (see above)

        shown = describe_exchanges(item, call.excinfo)
        if shown:
            report.sections.append(("What the browser exchanged with the server", shown))
