"""Django's settings are configured once in a process, which the tests of its adapter do."""

from tests.django.conftest import ask, no_receivers  # noqa: F401  # fixtures of these tests, too
