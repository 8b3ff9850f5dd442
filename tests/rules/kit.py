"""What the tests of the rules share: tables, policies that are refused, and hints that are followed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Kind, PolicyError, PolicyWarning, Problem

APP = "https://app.example.com"
OTHER = "https://other.example"
EVIL = "https://evil.example"

PUBLIC_PREFLIGHT_VARY = ("Access-Control-Request-Method", "Access-Control-Request-Headers")
PREFLIGHT_VARY = ("Origin", *PUBLIC_PREFLIGHT_VARY)

EVERY_DANGER = ("insecure-origins", "null-origin", "public-suffix-subdomains", "unproven-regex")

LABEL_63 = "a" * 63
HOST_253 = ".".join([LABEL_63, LABEL_63, LABEL_63, "a" * 61])


def rows(names: str, table: Iterable[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """One test a row. The last item of a row says why, and is the name of the test."""
    return pytest.mark.parametrize(names, [pytest.param(*row, id=why) for *row, why in table])


def refused(options: Mapping[str, Any]) -> tuple[Problem, ...]:
    """The problems of a policy that does not start."""
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options)
    return caught.value.problems


def warned(options: Mapping[str, Any]) -> list[Problem]:
    """What a policy that starts warns about."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CORSPolicy(**options)
    return [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]


def for_private_networks(**options: Any) -> CORSPolicy:
    """A policy with ``allow_private_network``, which warns."""
    with pytest.warns(PolicyWarning, match="browsers no longer ask the server"):
        return CORSPolicy(**options, allow_private_network=True)


def assert_problem(problem: Problem, code: str, option: str, value: object) -> None:
    assert (problem.code, problem.option, problem.value) == (code, option, value)


def assert_refused(
    options: Mapping[str, Any], code: str, option: str, value: object, write: str | None = None
) -> Problem:
    """The policy has this one problem, and the hint says what to write: keywords that are accepted."""
    (problem,) = refused(options)
    assert_problem(problem, code, option, value)
    assert (write or "Leave it out") in problem.hint
    CORSPolicy(**keywords(write or ""))
    return problem


def assert_warned(options: Mapping[str, Any], code: str | None, option: str, value: object) -> None:
    """The policy starts and warns about this value alone; about nothing if there is no code."""
    found = [(problem.code, problem.option, problem.value) for problem in warned(options)]
    assert found == ([(code, option, value)] if code else [])


def keywords(text: str) -> dict[str, Any]:
    """What a hint tells to write, as keywords.

    >>> keywords('allow_methods=["PUT"]')
    {'allow_methods': ['PUT']}
    """
    call = ast.parse(f"f({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}


def actual(policy: CORSPolicy, origin: str | None, **fields: Any) -> Decision:
    """The decision on a POST request."""
    return policy.decide(CORSRequest("POST", origin, **fields))


def preflight(
    policy: CORSPolicy, origin: str = APP, method: str = "GET", headers: str | None = None, **fields: Any
) -> Decision:
    """The decision on a preflight."""
    debug = bool(fields.pop("debug", False))
    asked = CORSRequest("OPTIONS", origin, request_method=method, request_headers=headers, **fields)
    return policy.decide(asked, debug=debug)


def codes(decision: Decision) -> list[str]:
    """Why the request is refused."""
    return [refusal.code for refusal in decision.refusals]


def assert_allowed(
    decision: Decision,
    kind: Kind,
    headers: Iterable[tuple[str, str]],
    vary: Iterable[str],
    matched: str | None,
) -> None:
    """All that an allowed request gets."""
    assert (decision.kind, decision.headers, decision.vary) == (kind, tuple(headers), tuple(vary))
    assert (decision.allowed, decision.refusals, decision.matched) == (True, (), matched)
    assert decision.status == (200 if kind is Kind.PREFLIGHT else None)


class Unprintable:
    """A value without a repr, such as a query when the database is gone."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


# Writing a decision into the headers of a response.


def merged(decision: Decision, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return decision.response_headers.merged(headers)


def merged_raw(decision: Decision, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return decision.response_headers.merged_raw(headers)


def write_into(decision: Decision, headers: MutableMapping[str, str]) -> None:
    decision.response_headers.write_into(headers)
