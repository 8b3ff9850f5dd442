"""A Django project for all tests in here: configured once, and overridden test by test."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.django.clients import Ask

_FOLDER = tempfile.TemporaryDirectory(prefix="crosscors-django-")
atexit.register(_FOLDER.cleanup)

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        # In a file, for a database in memory cannot be closed, which Python warns of.
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(_FOLDER.name) / "db.sqlite3")}
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "crosscors.django",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "rest_framework",
    ],
    LOGGING_CONFIG=None,  # logging belongs to the whole test process
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    ROOT_URLCONF="tests.django.urls",
    SECRET_KEY="for tests",  # noqa: S106  # it protects nothing
    USE_TZ=True,
)
django.setup()

from crosscors.django.signals import check_request_enabled  # noqa: E402  # needs the settings above
from crosscors.django.views import policies_of_views  # noqa: E402
from tests.django.clients import over_asgi, over_wsgi  # noqa: E402


@pytest.fixture(params=[over_wsgi, over_asgi], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Sends a request to the project, on both kinds of stack."""
    chosen: Ask = request.param
    return chosen


@pytest.fixture(autouse=True)
def no_receivers() -> Iterator[None]:
    """The signal has the receivers of one test only."""
    assert not check_request_enabled.receivers
    yield
    check_request_enabled.receivers.clear()
    check_request_enabled.sender_receivers_cache.clear()


@pytest.fixture
def no_marked_views() -> Iterator[None]:
    """As if no URLconf with marked views had been imported in this process."""
    marked = list(policies_of_views)
    policies_of_views.clear()
    yield
    policies_of_views[:] = marked
