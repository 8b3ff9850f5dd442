"""Django's settings are configured once in a process, which the tests of its adapter do."""

import tests.django.conftest  # noqa: F401  # it configures Django
