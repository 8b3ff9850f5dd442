"""The table of departures, and that the code asks about each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import crosscors.testing
from crosscors.testing import DEPARTURES, ENGINES
from crosscors.testing.engines import STANDARD


def asked_about() -> set[str]:
    """The departures that the code asks an engine about."""
    package = Path(crosscors.testing.__file__).parent
    return {
        name
        for file in package.rglob("*.py")
        for name in re.findall(r'\.does\(\s*"([^"]+)"', file.read_text())
    }


def test_the_departures_that_are_followed_are_those_that_the_code_asks_about() -> None:
    assert asked_about() == {name for name, each in DEPARTURES.items() if each.followed}


@pytest.mark.parametrize("name", DEPARTURES)
def test_a_departure_is_of_some_engines_and_told_in_a_sentence(name: str) -> None:
    departure = DEPARTURES[name]
    assert departure.engines
    assert set(departure.engines) <= set(ENGINES)
    assert len(set(departure.engines)) == len(departure.engines)
    assert not departure.sentence.endswith(".")
    assert not STANDARD.does(name)
    assert [each for each, engine in ENGINES.items() if engine.does(name)] == [
        each for each in ENGINES if each in departure.engines
    ]


def test_the_engines_know_their_names() -> None:
    assert [engine.name for engine in ENGINES.values()] == list(ENGINES)
    assert STANDARD.name is None
    assert STANDARD.max_age_limit is None
