"""Whether a URL leads to each view with ``cross_origin``."""

from __future__ import annotations

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from crosscors._adapter.marks import marks_of
from crosscors.core.errors import shown
from crosscors.django.checks.ids import warning_id
from crosscors.django.views import policies_of_all_views, root_urlconf, routed_views


def check_views(**_: object) -> list[CheckMessage]:
    """Whether a URL leads to each view that ``cross_origin`` gave a policy."""
    policies = policies_of_all_views()
    views = routed_views(root_urlconf()) if policies else iter(())
    routed = {id(policy) for view in views for policy in marks_of(view)}
    return [
        CheckWarning(
            f"cross_origin gives a view the policy {shown(policy)}, but no URL leads to that view.",
            hint="Write @cross_origin(...) above @api_view, and above other decorators that make a new view.",
            id=warning_id("view-not-routed"),
        )
        for policy in policies
        if id(policy) not in routed
    ]
