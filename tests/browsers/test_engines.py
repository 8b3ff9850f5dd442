"""``crosscors.testing.Browser`` sends and shows the same as the real engines, case by case."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from crosscors.testing.engines import DEPARTURES, EngineName

from . import test_writing as of_writing
from .cases import CASES
from .departures import UNFOLLOWED
from .model import Case
from .runs import Records, run_in_python
from .wire import Wire

# Where a departure that is followed shows as well, so that Browser does neither what engine nor standard do.
DOUBLY_DEPARTING: set[tuple[EngineName, str]] = {("webkit", "a second preflight adds to the first")}


def departs(engine: EngineName, case: Case) -> bool:
    return any(case.name in shown.get(engine, ()) for shown in UNFOLLOWED.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, engine: EngineName, seen: Records, client: httpx.Client, wire: Wire) -> None:
    in_browser, in_engine = run_in_python(client, engine, wire, case), seen[case.name]
    if departs(engine, case):
        assert in_browser != in_engine
        # What Browser does then is what the standard says, to which other engines keep.
        if (engine, case.name) not in DOUBLY_DEPARTING:
            assert in_browser == run_in_python(client, None, wire, case)
    else:
        assert in_browser == in_engine


def test_every_departure_that_is_followed_shows(
    engine: EngineName, seen: Records, client: httpx.Client, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some case comes out otherwise than in the engine, once the departure is not followed any more."""
    cases = [case for case in CASES if not departs(engine, case)]
    hidden: list[str] = []
    for name, departure in DEPARTURES.items():
        if not departure.followed or engine not in departure.engines or name in of_writing.FOLLOWED:
            continue
        with monkeypatch.context() as patch:
            patch.setitem(DEPARTURES, name, replace(departure, engines=()))
            if all(run_in_python(client, engine, wire, case) == seen[case.name] for case in cases):
                hidden.append(name)
    assert hidden == []


def test_every_departure_that_is_not_followed_shows() -> None:
    unfollowed = {name: {*each.engines} for name, each in DEPARTURES.items() if not each.followed}
    shown = {name: {*each} for name, each in UNFOLLOWED.items()}
    assert shown | {name: {each} for name, (each, _) in of_writing.UNFOLLOWED.items()} == unfollowed


def test_names_of_cases() -> None:
    names = [case.name for case in CASES]
    assert len({*names}) == len(names)
    assert {name for shown in UNFOLLOWED.values() for each in shown.values() for name in each} <= {*names}
