"""Whether CSRF protection accepts writes from the origins that get credentials."""

from __future__ import annotations

from collections.abc import Iterator

from django import conf
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.utils.http import is_same_domain

from crosscors.core.errors import shown
from crosscors.core.origins.serialized import NULL, split
from crosscors.core.policy import CORSPolicy
from crosscors.core.values import ANY
from crosscors.django.checks.ids import warning_id
from crosscors.django.checks.of_middleware import names_of
from crosscors.django.settings import read_settings
from crosscors.django.views import policies_of_all_views

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # CSRF protection lets them pass
_ANY_PORT = ":*"
_SHOWN_ORIGINS = 10


def check_csrf(**_: object) -> list[CheckMessage]:
    """Whether CSRF protection accepts writes from the origins that get credentials."""
    if not any(_CSRF in names_of(path) for path in conf.settings.MIDDLEWARE):
        return []
    settings = read_settings()[0]
    if settings is None:
        return []  # check_settings says why
    policies = (*settings.policies.policies, *policies_of_all_views())
    origins = dict.fromkeys(origin for policy in policies for origin in _writing_origins(policy))
    missing = [origin for origin in origins if not _is_trusted(origin)]
    if not missing:
        return []
    listed = ", ".join(map(shown, missing[:_SHOWN_ORIGINS]))
    more = f" and {len(missing) - _SHOWN_ORIGINS} more" if len(missing) > _SHOWN_ORIGINS else ""
    return [
        CheckWarning(
            f"CSRF_TRUSTED_ORIGINS lacks {listed}{more}. The policy lets pages of these origins send unsafe "
            "methods with cookies, but Django's CSRF protection answers 403 (Origin checking failed).",
            hint=_csrf_hint(missing),
            id=warning_id("csrf-trusted-origins"),
        )
    ]


def _csrf_hint(missing: list[str]) -> str:
    listable = [origin for origin in missing if not origin.endswith(_ANY_PORT)]
    entries = ", ".join(f'"{origin}"' for origin in listable[:_SHOWN_ORIGINS]) or '"http://localhost:3000"'
    no_pattern = "" if listable == missing else " It has no pattern for ports, so list each port."
    return (
        f"If these pages may write, add to CSRF_TRUSTED_ORIGINS: {entries}.{no_pattern} If they may not, "
        "leave unsafe methods out of the policy. If your views are exempt from CSRF protection, silence this "
        "message."
    )


def _writing_origins(policy: CORSPolicy) -> Iterator[str]:
    """The entries of the policy that may send unsafe methods with credentials."""
    if not _SAFE_METHODS.issuperset(policy.allow_methods):
        given = policy.allow_credentials
        origins = given if isinstance(given, tuple) else policy.allow_origins if given else ()
        yield from (origin for origin in origins if origin not in (ANY, NULL))


def _is_trusted(origin: str) -> bool:
    """Whether CSRF protection trusts the origin. For a pattern: whether it trusts everything that matches.

    Django, "CSRF_TRUSTED_ORIGINS": exact origins, or "*." for any subdomain. Undocumented:
    ``is_same_domain``. Django's CSRF protection uses it, so this check cannot come to another result.
    """
    trusted: list[str] = conf.settings.CSRF_TRUSTED_ORIGINS
    if origin in trusted:
        return True
    scheme, host, port = split(origin)
    wildcards = (entry.split("://*", 1) for entry in trusted if "://*." in entry)
    return any(
        scheme == trusted_scheme and is_same_domain(host + port, domain)
        for trusted_scheme, domain in wildcards
    )
