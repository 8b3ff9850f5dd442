"""The keywords that all adapters take."""

from __future__ import annotations

from typing import Any, cast

from crosscors.core.errors import PolicyError, Problem, shown
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources


def read_policy(
    policy: object, options: PolicyOptions, *, debug: object, can_await: bool
) -> CORSPolicy | Resources:
    """The policy that an adapter is given: as ``policy=``, or as the options of one.

    Raises:
        PolicyError: listing every problem of the options; if both are given; if ``debug`` is no bool; if an
            adapter that cannot await is given an async ``allow_origin_func``.
    """
    if not isinstance(debug, bool):
        message = f"takes True or False, not {shown(debug)}."
        hint = f"Write debug={str(debug).strip().lower() in ('true', '1')}."
        raise PolicyError((Problem("wrong-type", "debug", debug, message, hint),))
    if policy is None:
        policy = CORSPolicy(**cast("dict[str, Any]", options))
    elif options:
        message = f"is given together with {', '.join(options)}."
        hint = "Put the options into the policy: policy=CORSPolicy(...)."
        raise PolicyError((Problem("policy-and-options", "policy", None, message, hint),))
    elif not isinstance(policy, (CORSPolicy, Resources)):
        message = f"takes a CORSPolicy or Resources, not {shown(policy)}."
        raise PolicyError(
            (Problem("wrong-type", "policy", policy, message, "Write policy=CORSPolicy(...)."),)
        )
    policies = policy.policies if isinstance(policy, Resources) else (policy,)
    if not can_await and any(each.is_async for each in policies):
        message = "is async, but a WSGI application cannot await it."
        hint = 'Write it as "def" instead of "async def", or serve the application over ASGI.'
        raise PolicyError((Problem("async-origin-func", "allow_origin_func", None, message, hint),))
    return policy
