"""The app that registers the system checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register

from crosscors.django.checks import check_csrf, check_middleware, check_settings, check_signal, check_views

__all__ = ["CrossCORSConfig"]


class CrossCORSConfig(AppConfig):
    name = "crosscors.django"
    label = "crosscors"
    verbose_name = "crosscors"

    def ready(self) -> None:
        for check in (check_settings, check_middleware, check_csrf, check_signal, check_views):
            register(check, Tags.security)
