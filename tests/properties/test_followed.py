"""Whatever stands in Redis, one after the other: the good policy with the greatest version is served."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSPolicy, LivePolicy
from crosscors.core.policy import Policies
from crosscors.live.documents import as_bytes, numbered
from crosscors.live.redis import _Source  # pyright: ignore[reportPrivateUsage]
from crosscors.live.store import Store, read_place

pytest.importorskip("redis")

versions = st.integers(1, 6)
# Each document with its version, which is 0 if it cannot be used.
good = versions.map(lambda version: (as_bytes(numbered(CORSPolicy(max_age=version), version)), version))
bad = st.tuples(
    st.just(b"")
    | st.binary(max_size=50)
    | versions.map(lambda version: b'{"version": %d, "policy": {"max_age": true}}' % version),
    st.just(0),
)


class Standing:
    """What stands in Redis at the moment."""

    def __init__(self) -> None:
        self.document = b""

    def read_if_new(self, known: bytes) -> bytes | None:
        return None if self.document and self.document == known else self.document


class Served:
    """The policy that is kept current."""

    def __init__(self, live: LivePolicy[Any]) -> None:
        self.failed, self._live = live.failed, live

    def put(self, policies: Policies, version: int | None = None) -> bool:
        return self._live.replace(policies, version=version).version == version


@given(start=versions, documents=st.lists(good | bad, max_size=12))
def test_the_greatest_version_is_served(start: int, documents: list[tuple[bytes, int]]) -> None:
    live: LivePolicy[Any] = LivePolicy(CORSPolicy(max_age=start), version=start)
    source, redis = _Source(read_place("redis://localhost", "a"), None, start), Standing()

    greatest = start
    for document, version in documents:
        redis.document = document
        source._look(cast("Store", redis), Served(live))  # pyright: ignore[reportPrivateUsage]
        greatest = max(greatest, version)
        assert live.version == live.policy.max_age == greatest
