"""``python -m tests.benchmarks.header_lists``: what a preflight costs by what its list of headers is made of.

Each list has 8 KiB, as much as is read. None should cost much more than the dearest that browsers could send.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from crosscors import CORSPolicy, CORSRequest
from tests.benchmarks.measuring import quickest

ORIGIN = "https://app.example.com"
_EIGHT_KIB = 8192
_MOST_NAMES = 255


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.header_lists", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="the more, the less noise; default: 50")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    for policy_name, policy in _policies().items():
        print(f"{policy_name}, microseconds")
        calls = {list_name: _call(policy, names) for list_name, names in _lists().items()}
        for list_name, seconds in quickest(calls, rounds).items():
            print(f"  {list_name:34}{seconds * 1e6:6.1f}")


def _policies() -> dict[str, CORSPolicy]:
    listed = CORSPolicy(allow_origins=[ORIGIN], allow_headers=["X-Token"])
    return {
        "a list of headers": listed,
        "every header": listed.replace(allow_headers="*"),
        "every header, with credentials": listed.replace(allow_headers="*", allow_credentials=True),
    }


def _lists() -> dict[str, str]:
    length = _EIGHT_KIB // _MOST_NAMES - len(",")
    signs = {
        "y": "y",
        "Y": "Y",
        "blanks": " ",
        "tabs": "\t",
        "zero bytes": "\x00",
        "\u00e9": "\xe9",
        "\u00c9": "\xc9",
    }
    lists = {"two names": "content-type,x-token"}
    lists |= {f"one name, all {name}": sign * (_EIGHT_KIB - 2) for name, sign in signs.items()}
    lists |= {
        f"255 names, all {name}": ",".join([sign * length] * _MOST_NAMES) for name, sign in signs.items()
    }
    lists["255 different names"] = ",".join([f"x-{number:028}" for number in range(_MOST_NAMES)])
    lists["255 different names with \u00e9"] = ",".join(
        [f"\xe9-{number:028}" for number in range(_MOST_NAMES)]
    )
    lists["255 allowed names among blanks"] = ",".join([f"{'x-token':^{length}}"] * _MOST_NAMES)
    return lists


def _call(policy: CORSPolicy, names: str) -> Callable[[], object]:
    asked = CORSRequest("OPTIONS", ORIGIN, request_method="GET", request_headers=names)

    def ask() -> object:
        decision = policy.decide(asked)
        return decision.body, decision.raw_whole_headers

    return ask


if __name__ == "__main__":
    main()
