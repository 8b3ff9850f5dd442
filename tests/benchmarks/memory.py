"""``python -m tests.benchmarks.memory``: what a policy weighs, and that traffic makes it no heavier."""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Iterable, Iterator

from crosscors import CORSPolicy, CORSRequest, Decision, Resources
from tests.benchmarks.cases import CASES, Case, policy_of

_WARM_UP = 10_000
_ATTACKS = 200  # more than are remembered
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
        print(f"attacked, {name}: at most {held_under_attack(policy):,} bytes")
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
            _write(policy.decide(CORSRequest("GET", origin)))
        used = _held()
    finally:
        tracemalloc.stop()
    return (
        f"made in {seconds:.2f} s, {fresh / entries:,.0f} bytes an entry, "
        f"{used / entries:,.0f} after a request from each listed origin"
    )


def held_under_attack(policy: CORSPolicy) -> int:
    """The most bytes that a policy holds after requests that each take much memory to remember."""
    return max(_held_after(policy.replace(), attack) for attack in _attacks())


def _held_after(policy: CORSPolicy, preflights: Iterable[CORSRequest]) -> int:
    tracemalloc.start()
    try:
        before = _held()
        most = 0
        for number, preflight in enumerate(preflights):
            _write(policy.decide(CORSRequest("GET", f"https://{number:04}.{'.'.join(['a' * 60] * 4)}.co")))
            _write(policy.decide(preflight))
            most = max(most, tracemalloc.get_traced_memory()[0])
        return most - before
    finally:
        tracemalloc.stop()


def _attacks() -> Iterator[list[CORSRequest]]:
    """Preflights with as much in them as is remembered, of what takes much room."""
    for origin in ("https://app.example.com", "https://{}.example.com"):
        for name in ("n{}", "n{}" + "\\" * 14, "\xff{}"):
            for length in (200, 280):
                yield [
                    CORSRequest(
                        "OPTIONS",
                        origin.format(f"t{number}"),
                        request_method=f"M{number}",
                        request_headers=",".join([f"x{number}", *map(name.format, range(120))])[:length],
                    )
                    for number in range(_ATTACKS)
                ]


def _write(decision: Decision | None) -> None:
    """All that adapters make of a decision, over ASGI and over WSGI."""
    assert decision is not None
    if decision.status is None:
        _ = decision.response_headers.merged([]), decision.response_headers.merged_raw([])
    else:
        _ = decision.body, decision.whole_headers, decision.raw_whole_headers


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
    for number in numbers:
        origin = f"https://tenant-{number}.example.com"
        _write(policy.decide(CORSRequest("GET", origin)))
        names = f"content-type,x-{number}"
        _write(policy.decide(CORSRequest("OPTIONS", origin, request_method="PUT", request_headers=names)))


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
