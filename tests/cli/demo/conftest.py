"""Django's settings are configured once in a process, which the tests of its adapter do."""

from collections.abc import Iterator

import pytest

import tests.django.conftest  # noqa: F401  # it configures Django

from .playing import Demo, demo_running


@pytest.fixture(scope="package")
def demo() -> Iterator[Demo]:
    """The demo, for all tests: it has no state except the policy that is live."""
    with demo_running() as demo:
        yield demo
