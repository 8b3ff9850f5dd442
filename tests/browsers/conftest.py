"""The servers, and what each engine makes of all the cases: one run of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import httpx
import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from crosscors.testing.engines import EngineName

from .cases import CASES
from .drivers import missing_programs, started
from .runs import SCRIPT_SECONDS, Loopback, Records, run_in_engine
from .wire import Wire


def pytest_collection_finish(session: pytest.Session) -> None:
    """Ends the run in one line if a browser or driver is missing that the selected tests need."""
    if session.config.option.collectonly:
        return
    needed = {name for item in session.items for name in engines_of(item)}
    missing = missing_programs(name for name in get_args(EngineName) if name in needed)
    if missing is not None:
        pytest.exit(missing, returncode=1)


def engines_of(item: pytest.Item) -> set[EngineName]:
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "engine" in callspec.params:
        return {callspec.params["engine"]}
    return {"chromium"} if "browser" in getattr(item, "fixturenames", ()) else set()


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=Loopback(verify=False)) as client:
        yield client


@pytest.fixture(scope="session", params=get_args(EngineName))
def engine(request: pytest.FixtureRequest) -> EngineName:
    name: EngineName = request.param
    return name


@pytest.fixture(scope="session")
def driver(engine: EngineName) -> Iterator[WebDriver]:
    with started(engine) as driver:
        driver.set_script_timeout(SCRIPT_SECONDS)
        yield driver


@pytest.fixture(scope="session")
def seen(driver: WebDriver, engine: EngineName, wire: Wire) -> Records:
    """What the engine makes of all the cases, in one run."""
    return run_in_engine(driver, engine, wire, CASES)
