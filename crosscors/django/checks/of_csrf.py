"""Whether Django's CSRF protection and CORS_PROTECT agree about who may write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django import conf
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.http.request import validate_host
from django.utils.http import is_same_domain

from crosscors.core.errors import shown
from crosscors.core.origins.patterns import OriginSet, is_entry
from crosscors.core.origins.serialized import NULL, split
from crosscors.core.policy import CORSPolicy
from crosscors.core.protection import CrossOriginProtection, given_in
from crosscors.core.request import CORSRequest
from crosscors.core.values import ANY
from crosscors.django.checks.ids import warning_id
from crosscors.django.checks.of_middleware import names_of
from crosscors.django.settings import read_settings
from crosscors.django.signals import check_request_enabled, receivers_of
from crosscors.django.views import policies_of_all_views

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # CSRF protection lets them pass
_ANY_PORT = ":*"
_SHOWN_ORIGINS = 10


def check_csrf(**_: object) -> list[CheckMessage]:
    """Whether CSRF protection accepts writes from the pages that may write, and from no others.

    Nothing is said about tokens that CORS_PROTECT makes unnecessary, unless they are in the way. Both
    together are a sound configuration.
    """
    settings = read_settings()[0]
    if settings is None:
        return []  # check_settings says why
    protection = settings.protection
    middleware = {name for path in conf.settings.MIDDLEWARE for name in names_of(path)}
    if _CSRF not in middleware:
        return list(_unprotected(protection)) if _SESSIONS in middleware else []
    policies = (*settings.policies.policies, *policies_of_all_views())
    return [*_not_accepted(policies, protection), *_refused(policies, protection)]


def _unprotected(protection: CrossOriginProtection | None) -> Iterator[CheckMessage]:
    """A project without tokens, whose CORS_PROTECT only reports."""
    if protection is not None and protection.report_only:
        yield CheckWarning(
            "CORS_PROTECT only reports, and MIDDLEWARE does not have CsrfViewMiddleware. So nothing stops "
            "pages of other sites from writing.",
            hint=(
                f'Keep "{_CSRF}" until CORS_PROTECT refuses requests. From then on, only paths in exempt and '
                "browsers from before 2020 need tokens."
            ),
            id=warning_id("csrf-reported-only"),
        )


def _not_accepted(
    policies: Sequence[CORSPolicy], protection: CrossOriginProtection | None
) -> Iterator[CheckMessage]:
    """Origins that may write, but CSRF protection does not know them."""
    trusted = () if protection is None else protection.trusted_origins
    allowed = (origin for policy in policies for origin in _writing_origins(policy))
    missing = [origin for origin in dict.fromkeys((*allowed, *trusted)) if not _is_trusted(origin)]
    if missing:
        who = "The policy" if protection is None else "CORS_PROTECT"
        yield CheckWarning(
            f"CSRF_TRUSTED_ORIGINS lacks {_listed(missing)}. {who} lets pages of these origins send unsafe "
            "methods with cookies, but Django's CSRF protection answers 403 (Origin checking failed).",
            hint=_hint_to_accept(missing, protection),
            id=warning_id("csrf-trusted-origins"),
        )


def _hint_to_accept(missing: list[str], protection: CrossOriginProtection | None) -> str:
    listable = [origin for origin in missing if not origin.endswith(_ANY_PORT)]
    entries = _quoted(listable) or '"http://localhost:3000"'
    no_pattern = "" if listable == missing else " It has no pattern for ports, so list each port."
    is_trusted = protection is not None and protection.trusted_origins
    and_not_trusted = ", and the origins out of trusted_origins" if is_trusted else ""
    is_enforced = protection is not None and not protection.report_only
    return (
        f"If these pages may write, add to CSRF_TRUSTED_ORIGINS: {entries}.{no_pattern} If they may not, "
        f"leave unsafe methods out of the policy{and_not_trusted}. If your views are exempt from CSRF "
        f"protection, silence this message.{_TOKENS_AND_MORE if is_enforced else ''}"
    )


_TOKENS_AND_MORE = (
    " CORS_PROTECT refuses unsafe requests from all other pages, also to views with @csrf_exempt. Only paths "
    "in exempt and browsers from before 2020 need tokens as well. If you have neither, you may remove "
    "CsrfViewMiddleware."
)


def _refused(
    policies: Sequence[CORSPolicy], protection: CrossOriginProtection | None
) -> Iterator[CheckMessage]:
    """Origins that CSRF protection trusts, but CORS_PROTECT refuses."""
    asks = any(policy.allow_origin_func for policy in policies) or receivers_of(check_request_enabled)
    if protection is None or asks:  # nobody knows what a function would say
        return
    listed: list[str] = conf.settings.CSRF_TRUSTED_ORIGINS
    others = [origin for origin in listed if "://" in origin and is_entry(origin)]
    refused = [origin for origin in others if not _may_write(origin, policies, protection)]
    if refused:
        refuses = "would refuse" if protection.report_only else "refuses"
        given, some = given_in(protection, None), refused[:_SHOWN_ORIGINS]
        yield CheckWarning(
            f"CSRF_TRUSTED_ORIGINS has {_listed(refused)}, but CORS_PROTECT {refuses} unsafe requests from "
            "pages of these origins.",
            hint=(
                f"If these pages may write, {given.with_origins('trusted_origins', *some)}. If they are "
                f"pages of this server, {given.with_origins('own_origins', *some)}. If they may not "
                "write, take them out of CSRF_TRUSTED_ORIGINS."
            ),
            id=warning_id("csrf-trusted-refused"),
        )


def _may_write(origin: str, policies: Sequence[CORSPolicy], protection: CrossOriginProtection) -> bool:
    """Whether CORS_PROTECT trusts an entry of CSRF_TRUSTED_ORIGINS, as one origin that it covers shows.

    Origins of the server itself may write, too. ALLOWED_HOSTS says which hosts it has. Undocumented:
    ``validate_host``.
    """
    sample = origin.replace("://*.", "://any.")
    hosts: list[str] = conf.settings.ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]  # in debug mode
    trusted = OriginSet.of((*protection.trusted_origins, *protection.own_origins))
    if validate_host(split(sample)[1], hosts) or trusted.match(sample) is not None:
        return True
    return any(
        policy.decide(CORSRequest("POST", origin=sample)).gives_credentials
        for policy in policies
        if not _SAFE_METHODS.issuperset(policy.allow_methods)
    )


def _listed(origins: list[str]) -> str:
    more = f" and {len(origins) - _SHOWN_ORIGINS} more" if len(origins) > _SHOWN_ORIGINS else ""
    return ", ".join(map(shown, origins[:_SHOWN_ORIGINS])) + more


def _quoted(origins: list[str]) -> str:
    return ", ".join(f'"{origin}"' for origin in origins[:_SHOWN_ORIGINS])


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
