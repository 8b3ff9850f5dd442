"""The system checks: what ``manage.py check`` and ``runserver`` say about the settings.

SILENCED_SYSTEM_CHECKS silences a message by its id. A policy that is not safe does not start even if its
error is silenced, because the middleware refuses it as well.
"""

from crosscors.django.checks.ids import NUMBERS
from crosscors.django.checks.of_csrf import check_csrf
from crosscors.django.checks.of_middleware import check_middleware
from crosscors.django.checks.of_settings import check_settings, check_signal
from crosscors.django.checks.of_views import check_views

__all__ = ["NUMBERS", "check_csrf", "check_middleware", "check_settings", "check_signal", "check_views"]
