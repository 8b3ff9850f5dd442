"""``cross_origin``: a policy of its own for a view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

from crosscors._adapter.marks import mark, read_view_policy, refuse_positional
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.django.views import policies_of_views

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["cross_origin"]

_View = TypeVar("_View")


def cross_origin(
    *positional: NoReturn, policy: CORSPolicy | None = None, **options: Unpack[PolicyOptions]
) -> Callable[[_View], _View]:
    """Give a view a policy of its own, which replaces that of the settings for its requests and preflights.

    For functions, sync or async; for class-based views, those of REST framework too, as a whole or by
    method: ``@cross_origin`` on the class, or on its ``get``; through ``method_decorator`` on
    ``dispatch``. Above ``@api_view``, not below it. The view is only marked: the middleware does the work,
    so it has to be in MIDDLEWARE. ``check_request_enabled`` is not asked.

    Args:
        policy: a CORSPolicy. Instead of it, the options of CORSPolicy may be given here.

    Raises:
        PolicyError: listing every problem of the options; if the view has a policy already.

    Example:
        >>> @cross_origin(allow_origins="*")
        ... def prices(request): ...
    """
    refuse_positional(positional)
    read = read_view_policy(policy, options)
    policies_of_views.append(read)
    return lambda view: mark(view, read)
