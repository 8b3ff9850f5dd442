"""``cross_origin``: a policy for a single view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

from crosscors._adapter.marks import mark, read_view_policy, refuse_positional
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.django.views import policies_of_views

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["cross_origin"]

_View = TypeVar("_View")


def cross_origin(
    *positional: NoReturn,
    policy: CORSPolicy | LivePolicy[CORSPolicy] | None = None,
    **options: Unpack[PolicyOptions],
) -> Callable[[_View], _View]:
    """Give a view its own policy. It replaces the policy of the settings for requests and preflights.

    The view is a function, sync or async, or a class-based view, also one of REST framework. A class can have
    a policy as a whole (``@cross_origin`` on the class, or through ``method_decorator`` on ``dispatch``), or
    for one method (on ``get``). Write ``@cross_origin`` above ``@api_view``, not below it. The decorator only
    marks the view. The middleware does the work, so it must be in MIDDLEWARE. The receivers of
    ``check_request_enabled`` are not asked.

    Args:
        policy: a CORSPolicy, or a LivePolicy of one. Default: a policy with the other options.
        options: the options of CORSPolicy, instead of ``policy``.

    Raises:
        PolicyError: listing every problem of the options; if the view already has a policy.

    Example:
        >>> @cross_origin(allow_origins="*")
        ... def prices(request): ...
    """
    refuse_positional(positional)
    read = read_view_policy(policy, options)
    policies_of_views.append(read)
    return lambda view: mark(view, read)
