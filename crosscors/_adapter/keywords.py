"""The keywords that all adapters take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal, cast

from crosscors.core.decision import Decision
from crosscors.core.errors import PolicyError, shown
from crosscors.core.live import is_live, require
from crosscors.core.origins.function import is_async_callable
from crosscors.core.policy import CORSPolicy, Policies, PolicyOptions
from crosscors.core.protection import CrossOriginProtection
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.unnamed import of_policies
from crosscors.core.values import Findings, as_list, collected, meant_bool, read_bool, refused
from crosscors.core.words import KEYWORDS, Words


def read_policy(policy: object, options: PolicyOptions, *, debug: object, can_await: bool) -> Policies:
    """The policy of an adapter, given as ``policy=`` or as the options of a policy.

    Raises:
        PolicyError: listing every problem of the options; if both are given; if ``debug`` is not valid; if
            ``allow_origin_func`` is async and the adapter cannot await.
    """
    raise_problems(check_debug(debug, KEYWORDS) + check_policy(policy, options))
    read = CORSPolicy(**cast("dict[str, Any]", options)) if policy is None else cast("Policies", policy)
    raise_problems(Findings() if can_await else check_sync(read, KEYWORDS))
    return read


def check_debug(debug: object, words: Words) -> Findings:
    """Whether ``debug`` is True, False or None."""
    return Findings() if debug is None else read_bool("debug", debug, words)[1]


# Whether there is a cross-origin protection. CrossOriginProtection documents the rules.
Protect = bool | Literal["report"] | CrossOriginProtection


def read_protect(protect: object, words: Words) -> tuple[CrossOriginProtection | None, Findings]:
    """``protect``: True, False, ``"report"``, or a CrossOriginProtection. None is the same as False."""
    if isinstance(protect, CrossOriginProtection):
        return protect, Findings()
    if protect is True or protect == "report":
        return CrossOriginProtection(report_only=protect == "report"), Findings()
    if protect is False or protect is None:
        return None, Findings()
    message = f'takes True, False, "report" or a CrossOriginProtection, not {shown(protect)}.'
    hint = f"Write {words.setting('protect', _meant(protect))}."
    return None, refused("wrong-type", words.name("protect"), protect, message, hint)


def _meant(protect: object) -> str:
    """What to write instead of a value that may come from an environment variable."""
    if isinstance(protect, str) and "report" in protect.lower():
        return '"report"'
    return str(meant_bool(protect) is not False)


# Called with every decision that is reported.
Hook = Callable[[CORSRequest, Decision], object]
# ``on_decision``: one hook, or several.
OnDecision = Hook | Iterable[Hook]


def read_on_decision(on_decision: object, words: Words) -> tuple[tuple[Hook, ...], Findings]:
    """The hooks, in order: functions that are not async. None is none."""
    if on_decision is None:
        return (), Findings()
    hooks = [on_decision] if callable(on_decision) else as_list(on_decision)
    faults = [each for each in hooks if not callable(each) or is_async_callable(each)]
    if not faults:
        return tuple(cast("list[Hook]", hooks)), Findings()
    if faults[0] is on_decision:
        message = f"takes a function that is not async, not {shown(on_decision)}."
        hint = f"Write {words.setting('on_decision', 'func')}, where func(request, decision) returns at once."
    else:
        message = f"takes functions that are not async, not {shown(faults[0])}."
        hint = "Write a function in its place: func(request, decision), which returns at once."
    return (), refused("wrong-type", words.name("on_decision"), faults[0], message, hint)


def check_policy(policy: object, others: PolicyOptions) -> Findings:
    """Whether ``policy=`` is a policy, and no options are given beside it."""
    if policy is not None and others:
        message = f"is given together with {', '.join(others)}."
        hint = "Put the options into the policy: policy=CORSPolicy(...)."
        return refused("policy-and-options", "policy", None, message, hint)
    if policy is None or isinstance(policy, (CORSPolicy, Resources)) or is_live(policy):
        return Findings()
    message = f"takes a CORSPolicy or Resources, not {shown(policy)}."
    return refused("wrong-type", "policy", policy, message, f"Write policy={of_policies(policy)}.")


def check_sync(policies: Policies, words: Words) -> Findings:
    """Whether no ``allow_origin_func`` is async, also of policies that replace a live one later."""
    found = require(policies, _is_sync)
    return Findings(tuple(replace(each, option=words.name(each.option)) for each in found.problems))


def _is_sync(policies: Policies) -> Findings:
    if not any(each.is_async for each in policies.policies):
        return Findings()
    message = "is async, but a WSGI application cannot await it."
    hint = 'Write "def" instead of "async def", or serve the application over ASGI.'
    return refused("async-origin-func", "allow_origin_func", None, message, hint)


def raise_problems(*findings: Findings) -> None:
    """Raise the problems among the findings, for a public function that must not go on.

    Raises:
        PolicyError: if there is a problem.
    """
    problems = collected(findings).problems
    if problems:
        raise PolicyError(problems)
