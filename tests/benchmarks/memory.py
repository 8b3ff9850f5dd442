"""``python -m tests.benchmarks.memory``: what a policy weighs, and that traffic makes it no heavier."""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Callable

from crosscors import CORSPolicy, CORSRequest, Resources
from tests.benchmarks.cases import CASES, Case, policy_of

_WARM_UP = 10_000
_ENTRIES = {"actual, 100,000 origins": 100_000, "actual, 1,000 patterns": 1_000}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=300_000, help="each from a new origin; default: 300,000"
    )
    arguments = parser.parse_args()
    if arguments.requests <= _WARM_UP:
        parser.error(f"--requests: more than {_WARM_UP:,}, to compare with the first so many")
    for case in CASES:
        if case.name in _ENTRIES:
            print(f"{case.name}: {weigh(case, _ENTRIES[case.name])}")
    for name, policy in _policies().items():
        print(f"{arguments.requests:,} new origins, {name}: {growth(policy, arguments.requests):+,} bytes")


def weigh(case: Case, entries: int) -> str:
    """What the policy of a case takes to be made and kept, the texts that its options hold not included."""
    setup = case.setup  # its texts are there already
    began = time.perf_counter()
    policy_of(setup)
    seconds = time.perf_counter() - began
    tracemalloc.start()
    try:
        policy = policy_of(setup)
        fresh = _held()
        assert isinstance(policy, CORSPolicy)
        for origin in setup.origins:
            policy.decide_by_origin(origin)
        used = _held()
    finally:
        tracemalloc.stop()
    return (
        f"made in {seconds:.2f} s, {fresh / entries:,.0f} bytes an entry, "
        f"{used / entries:,.0f} after a request from each listed origin"
    )


def growth(policy: CORSPolicy, requests: int) -> int:
    """The most bytes held in so many requests, half of them preflights, less the most in ten thousand."""
    tracemalloc.start()
    try:
        before = _most_held(policy, range(_WARM_UP))
        return _most_held(policy, range(_WARM_UP, requests)) - before
    finally:
        tracemalloc.stop()


def _most_held(policy: CORSPolicy, numbers: range) -> int:
    # The most, for what a policy remembers is forgotten from time to time.
    tracemalloc.reset_peak()
    _ask(policy, numbers)
    return tracemalloc.get_traced_memory()[1]


def _ask(policy: CORSPolicy, numbers: range) -> None:
    ask: Callable[[CORSRequest], object] = policy.decide
    for number in numbers:
        origin = f"https://tenant-{number}.example.com"
        policy.decide_by_origin(origin)
        ask(CORSRequest("OPTIONS", origin, request_method="PUT", request_headers=f"content-type,x-{number}"))


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _policies() -> dict[str, CORSPolicy]:
    """Policies that refuse all of them, and that let all of them in, one way or another."""
    by_name = {case.name: policy_of(case.setup) for case in CASES if case.name in _MEASURED}
    return {name: policy for name, policy in by_name.items() if not isinstance(policy, Resources)}


_MEASURED = ("actual, allowed", "actual, 1 pattern", "actual, a regex", 'actual, "*"')

if __name__ == "__main__":
    main()
