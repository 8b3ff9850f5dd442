"""The application in Django."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.urls import path

from crosscors.cli.demo.api import PATHS, answer, is_no_crash
from crosscors.cli.demo.stacks import Served

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SETTINGS = {
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "LOGGING_CONFIG": None,
    "MIDDLEWARE": ["crosscors.django.CORSMiddleware"],
    "ROOT_URLCONF": __name__,
}


def application(served: Served) -> WSGIApplication:
    """The application with the policy. Applications that were made before have it now, too."""
    with suppress(RuntimeError):  # the second time
        settings.configure(**SETTINGS)
    logger = logging.getLogger("django.request")
    logger.addFilter(is_no_crash)
    logger.setLevel(logging.ERROR)  # it warns about each refusal, which the log of crosscors explains
    changed = {
        "CORS_POLICY": served.policy,
        "CORS_PROTECT": served.protect or False,
        "CORS_DEBUG": served.debug,
    }
    for name, value in changed.items():
        setattr(settings, name, value)
    # As in tests that override settings: whoever has read the old ones reads them again.
    for name, value in changed.items():
        setting_changed.send(sender=Served, setting=name, value=value, enter=True)
    return WSGIHandler()


def _view(request: HttpRequest) -> HttpResponse:
    answered = answer(request.method or "", request.path)
    return HttpResponse(answered.body, status=answered.status, headers=dict(answered.headers))


urlpatterns = [path(each.removeprefix("/"), _view) for each in PATHS]
