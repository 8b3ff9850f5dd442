"""A test with the fixture of the installed plugin, in a process that has imported crosscors already."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

import crosscors.testing

if TYPE_CHECKING:
    from collections.abc import Iterable


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"hello"]


@pytest.fixture
def app() -> Any:
    return application


def test_the_plugin_is_there(cors_browser: crosscors.testing.Browser) -> None:
    assert cors_browser.page(crosscors.testing.same_origin).fetch("/").text() == "hello"


if __name__ == "__main__":
    # Without the settings of the sources, which are for their own tests.
    sys.exit(pytest.main(["-q", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull, __file__]))
