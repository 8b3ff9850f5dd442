"""What one call takes, on a machine that has other things to do."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping

Call = Callable[[], object]

# A batch is short, so that there are batches in which nothing else disturbs the processor's caches.
_BATCH_SECONDS = 0.001
_LONGEST_BATCH_SECONDS = 0.003
_WARM_UP_SECONDS = 0.02
# What takes longer, as some do with 100,000 origins, is measured well enough by fewer rounds.
_SECONDS_EACH = 1.0
_LEAST_ROUNDS = 3


def quickest(calls: Mapping[str, Call], rounds: int) -> dict[str, float]:
    """The seconds that each call takes in its quickest batch.

    All have their turn in every round, each time in another order, so that nobody is measured while the
    machine is busier than for the others.
    """
    sizes = _batch_sizes(calls)
    best = dict.fromkeys(calls, math.inf)
    spent = dict.fromkeys(calls, 0.0)
    names = list(calls)
    for played in range(rounds):
        for name in names:
            if spent[name] > _SECONDS_EACH and played >= _LEAST_ROUNDS:
                continue
            seconds = _batch(calls[name], sizes[name])
            spent[name] += seconds
            best[name] = min(best[name], seconds / sizes[name])
        names = names[1:] + names[:1]
    return best


def _batch_sizes(calls: Mapping[str, Call]) -> dict[str, int]:
    """As many calls for all, for the first ones after another contender's cost more; fewer of slow ones."""
    paces = {name: _pace(call) for name, call in calls.items()}
    common = _BATCH_SECONDS / min(paces.values())
    return {name: max(1, int(min(common, _LONGEST_BATCH_SECONDS / pace))) for name, pace in paces.items()}


def _pace(call: Call) -> float:
    """The seconds of a call, more or less, once the interpreter has got used to it."""
    size = 1
    while (seconds := _batch(call, size)) < _WARM_UP_SECONDS:
        size *= 2
    return seconds / size


def _batch(call: Call, size: int) -> float:
    gc.disable()
    try:
        # The processor's time for this thread: what the machine does for others does not count.
        began = time.thread_time_ns()
        for _ in range(size):
            call()
        return (time.thread_time_ns() - began) / 1e9
    finally:
        gc.enable()
