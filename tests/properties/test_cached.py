"""``cached`` against a model that keeps everything in lists, and against what it promises."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSRequest
from crosscors.live import cached

TTL, NEGATIVE_TTL, STALE, SIZE = 6.0, 3.0, 8.0, 2
ORIGINS = "abcde"

STEPS = st.lists(
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, 2.0, 3.0, 6.0, 9.0]))
    | st.tuples(st.just("ask"), st.sampled_from(ORIGINS))
    | st.tuples(st.just("change"), st.sets(st.sampled_from(ORIGINS)))
    | st.tuples(st.just("away"), st.booleans()),
    max_size=60,
)


class Kept(NamedTuple):
    origin: str
    answer: bool
    fresh_until: float
    usable_until: float


class Model:
    """The answers, those that were asked for last at the end."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    def ask(self, origin: str, now: float, *, is_customer: bool, is_away: bool) -> tuple[bool | None, bool]:
        """The answer, and whether the function is called. None if the call fails."""
        known = next((each for each in self.kept if each.origin == origin), None)
        if known is not None and now < known.fresh_until:
            return known.answer, False
        if not is_away:
            fresh_until = now + (TTL if is_customer else NEGATIVE_TTL)
            self._keep(Kept(origin, is_customer, fresh_until, fresh_until + STALE))
            return is_customer, True
        if known is None or now >= known.usable_until:
            return None, True
        self._keep(known._replace(fresh_until=min(now + 1, known.usable_until)))
        return known.answer, True

    def _keep(self, new: Kept) -> None:
        self.kept = [each for each in self.kept if each.origin != new.origin] + [new]
        alike = [each for each in self.kept if each.answer == new.answer]
        for each in alike[:-SIZE]:
            self.kept.remove(each)


@given(STEPS)
def test_like_the_model(steps: list[tuple[str, object]]) -> None:
    now, is_away, calls = 0.0, False, 0
    customers: set[str] = set()
    model = Model()

    def has(request: CORSRequest) -> bool:
        nonlocal calls
        calls += 1
        if is_away:
            raise ConnectionError
        return request.origin in customers

    func = cached(has, ttl=TTL, negative_ttl=NEGATIVE_TTL, stale_if_error=STALE, size=SIZE, clock=lambda: now)
    # What was so at which time: (until, customers, whether the database was away).
    past: list[tuple[float, frozenset[str], bool]] = []
    for step, value in steps:
        if step == "wait" and isinstance(value, float):
            now += value
            past.append((now, frozenset(customers), is_away))
        elif step == "change" and isinstance(value, set):
            customers = value
        elif step == "away":
            is_away = bool(value)
        elif step == "ask" and isinstance(value, str):
            calls = 0
            expected, is_called = model.ask(value, now, is_customer=value in customers, is_away=is_away)
            try:
                answer = func(CORSRequest("GET", origin=value, host="api.example"))
            except ConnectionError:
                answer = None
            assert (answer, calls) == (expected, is_called)
            if answer:
                since = now - TTL - (STALE if is_away or any(away for _, _, away in past) else 0)
                was = [held for until, held, _ in past if until > since]
                assert any(value in held for held in (*was, customers))
