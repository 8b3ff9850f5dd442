"""``python -m tests.benchmarks.profile``: which step of a request takes how long, over ASGI.

Each step is timed by itself, so that the sum is a little more than the whole. The rest are the coroutine,
the function and the message that any middleware makes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from crosscors.core.policy import questions_to
from crosscors import CORSPolicy
from crosscors.asgi import _origin, _preflight_fields, request_of
from crosscors._adapter.reporting import Reporter
from tests.benchmarks.cases import CASES, Case, policy_of
from tests.benchmarks.measuring import quickest
from tests.benchmarks.results import measure
from tests.benchmarks.stacks import OURS
from tests.benchmarks.stacks.asgi import scope_of

_RESPONSE = [(b"content-type", b"application/json"), (b"content-length", b"2")]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.profile", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="the more, the less noise; default: 100")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    by_name = {case.name: case for case in CASES}
    for name, steps in (("actual, allowed", _actual), ("preflight, allowed", _preflight)):
        case = by_name[name]
        whole = next(each.microseconds for each in measure("ASGI", case, rounds) if each.contender == OURS)
        calls = {"nothing": lambda: None, **steps(case)}
        seconds = quickest(calls, rounds)
        nothing = seconds.pop("nothing")
        print(f"{name}: {whole:.2f} microseconds")
        for step, taken in seconds.items():
            print(f"  {step:34}{(taken - nothing) * 1e6:6.2f} {(taken - nothing) * 1e6 / whole:6.0%}")


def _actual(case: Case) -> dict[str, Callable[[], object]]:
    policy, scope = _policy(case), scope_of(case.method, case.fields(case.origin))
    decision = questions_to(policy).actual(case.origin)
    assert decision is not None
    report = Reporter(None).report
    return {
        "reading Origin, if need be twice": lambda: _origin(scope),
        "deciding": lambda: questions_to(policy).actual(case.origin),
        "reporting to nobody": lambda: report(decision, request_of, scope),
        "writing the fields": lambda: decision.response_headers.merged_raw(_RESPONSE),
    }


def _preflight(case: Case) -> dict[str, Callable[[], object]]:
    policy, scope = _policy(case), scope_of(case.method, case.fields(case.origin))
    asked = _preflight_fields(scope)
    decision = questions_to(policy).preflight(*asked, False)
    assert decision is not None
    report = Reporter(None).report
    return {
        "reading what it asks": lambda: _preflight_fields(scope),
        "deciding": lambda: questions_to(policy).preflight(*asked, False),
        "reporting to nobody": lambda: report(decision, request_of, scope),
    }


def _policy(case: Case) -> CORSPolicy:
    policy = policy_of(case.setup)
    assert isinstance(policy, CORSPolicy)
    return policy


if __name__ == "__main__":
    main()
