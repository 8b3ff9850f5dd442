"""``cached``: one query serves many requests, and a lost database lets nobody in."""

from __future__ import annotations

import asyncio
import logging
import threading
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, varies_on
from crosscors.live import cached
from crosscors.live.answers import Answers, Limits, _renew_all  # pyright: ignore[reportPrivateUsage]
from tests.conftest import Approve
from tests.tables import table

SHOP, OTHER = "https://shop.example", "https://other.example"
SECONDS = 10  # to wait for a thread that does not come


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Database:
    """The customers, and how often somebody has asked for one."""

    def __init__(self, *customers: str) -> None:
        self.customers = set(customers)
        self.asked: list[str] = []
        self.is_away = False

    def has(self, request: CORSRequest) -> bool:
        self.asked.append(request.origin or "")
        if self.is_away:
            raise ConnectionError("no database")
        return request.origin in self.customers

    async def has_async(self, request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return self.has(request)


def request_from(origin: str, host: str = "api.example.com", **others: Any) -> CORSRequest:
    return CORSRequest("GET", origin=origin, host=host, **others)


def sync(database: Database, **options: Any) -> Callable[[str], bool]:
    func = cached(database.has, **options)
    return lambda origin: func(request_from(origin))


def in_a_loop(database: Database, **options: Any) -> Callable[[str], bool]:
    func = cached(database.has_async, **options)
    return lambda origin: asyncio.run(_awaited(func(request_from(origin))))


async def _awaited(answer: Awaitable[bool]) -> bool:
    return await answer


BOTH = pytest.mark.parametrize("make", [sync, in_a_loop])


# How long an answer counts.


@BOTH
@table(
    "is_customer, seconds, calls",
    ("an allowed origin within its time", True, 59.9, 1),
    ("an allowed origin after it", True, 60, 2),
    ("a refused origin within its time", False, 9.9, 1),
    ("a refused origin after it", False, 10, 2),
)
def test_an_answer_is_kept(make: Any, is_customer: bool, seconds: float, calls: int) -> None:
    database, clock = Database(*[SHOP] * is_customer), Clock()
    ask = make(database, clock=clock)
    assert ask(SHOP) is is_customer
    clock.now += seconds
    assert ask(SHOP) is is_customer
    assert len(database.asked) == calls


@BOTH
def test_a_change_is_seen_when_the_time_is_over(make: Any) -> None:
    database, clock = Database(SHOP), Clock()
    ask = make(database, clock=clock, ttl=5, negative_ttl=2)
    assert [ask(SHOP), ask(OTHER)] == [True, False]
    database.customers = {OTHER}
    clock.now += 2
    assert [ask(SHOP), ask(OTHER)] == [True, True]
    clock.now += 3
    assert [ask(SHOP), ask(OTHER)] == [False, True]


def test_the_time_begins_with_the_question() -> None:
    clock = Clock()

    def slow(request: CORSRequest) -> bool:
        clock.now += 59
        return True

    func = cached(slow, clock=clock)
    func(request_from(SHOP))
    clock.now += 1
    func(request_from(SHOP))
    assert clock.now == 1000 + 59 + 1 + 59


@BOTH
@table(
    "options, kept",
    ("origins have room", {"size": 3}, ["a", "b", "c"]),
    ("the one that was asked for first makes room", {"size": 2}, ["b", "c"]),
)
@pytest.mark.parametrize("are_customers", [True, False])
def test_room(make: Any, options: Any, kept: list[str], are_customers: bool) -> None:
    database = Database(*"abc" * are_customers)
    ask = make(database, clock=Clock(), **options)
    for origin in "abc":
        ask(origin)
    database.asked.clear()
    for origin in kept:
        assert ask(origin) is are_customers
    assert database.asked == []
    ask("a")
    assert database.asked == [each for each in "a" if each not in kept]


def test_refused_origins_push_out_no_allowed_one() -> None:
    database = Database(SHOP)
    ask = sync(database, clock=Clock(), size=2)
    ask(SHOP)
    for number in range(10):
        ask(f"https://{number}.example")
    database.asked.clear()
    assert ask(SHOP)
    assert database.asked == []


# The database is away.


@BOTH
def test_the_last_good_answer_counts_while_the_database_is_away(make: Any) -> None:
    database, clock = Database(SHOP), Clock()
    ask = make(database, clock=clock, ttl=60, stale_if_error=600)
    assert [ask(SHOP), ask(OTHER)] == [True, False]
    database.is_away = True
    clock.now += 659.9
    assert ask(SHOP) is True
    clock.now += 0.1
    with pytest.raises(ConnectionError):
        ask(SHOP)
    with pytest.raises(ConnectionError):
        ask(OTHER)
    with pytest.raises(ConnectionError):
        ask("https://new.example")
    database.is_away = False
    assert [ask(SHOP), ask(OTHER)] == [True, False]


@BOTH
def test_a_refused_origin_stays_refused_while_the_database_is_away(make: Any) -> None:
    database, clock = Database(), Clock()
    ask = make(database, clock=clock)
    ask(SHOP)
    database.is_away = True
    clock.now += 609
    assert ask(SHOP) is False


@BOTH
def test_a_lost_database_is_asked_once_a_second_for_each_origin(make: Any) -> None:
    database, clock = Database(SHOP), Clock()
    ask = make(database, clock=clock)
    ask(SHOP)
    database.is_away = True
    clock.now += 60
    database.asked.clear()
    for _ in range(100):
        assert ask(SHOP)
        clock.now += 0.1
    assert 9 <= len(database.asked) <= 11
    database.is_away, database.customers = False, set()
    clock.now += 1
    assert ask(SHOP) is False


def test_nobody_else_waits_for_a_lost_database() -> None:
    database, clock = Database(SHOP), Clock()
    is_asked, may_fail = threading.Event(), threading.Event()

    def has(request: CORSRequest) -> bool:
        if clock.now > 1060:
            is_asked.set()
            assert may_fail.wait(SECONDS)
        return database.has(request)

    func = cached(has, clock=clock)
    func(request_from(SHOP))
    database.is_away = True
    clock.now += 60
    func(request_from(SHOP))
    clock.now += 1
    thread = threading.Thread(target=func, args=(request_from(SHOP),))
    thread.start()
    assert is_asked.wait(SECONDS)
    assert func(request_from(SHOP)) is True
    may_fail.set()
    thread.join()


def test_a_lost_database_refuses_and_is_no_error_page(caplog: pytest.LogCaptureFixture) -> None:
    database = Database()
    database.is_away = True
    policy = CORSPolicy(allow_origin_func=cached(database.has))
    decision = policy.decide(request_from(SHOP))
    assert [each.code for each in decision.refusals] == ["origin-func-failed"]
    assert policy.allows_origin(SHOP) is False


@pytest.mark.parametrize("answer", [None, 1, "yes"])
def test_what_is_neither_true_nor_false_is_not_kept(answer: Any) -> None:
    answers: list[Any] = [answer, True]

    def answer_next(request: CORSRequest) -> Any:
        return answers.pop(0)

    func = cached(answer_next)
    with pytest.raises(TypeError, match="not True or False"):
        func(request_from(SHOP))
    assert func(request_from(SHOP)) is True


# Many at once.


def at_once(func: Callable[[], object], count: int) -> list[object]:
    """What the function returns or raises in so many threads that begin together."""
    barrier = threading.Barrier(count)
    outcomes: list[object] = []

    def run() -> None:
        barrier.wait(SECONDS)
        try:
            outcomes.append(func())
        except BaseException as error:  # noqa: BLE001  # of a thread
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return outcomes


def test_a_hundred_threads_make_one_call() -> None:
    go_on = threading.Event()
    calls: list[str] = []

    def slow(request: CORSRequest) -> bool:
        calls.append(request.origin or "")
        assert go_on.wait(SECONDS)
        return True

    func = cached(slow)
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    assert at_once(lambda: func(request_from(SHOP)), 100) == [True] * 100
    timer.join()
    assert calls == [SHOP]


def test_threads_that_wait_for_a_failure_get_it_too() -> None:
    go_on = threading.Event()

    def fail(request: CORSRequest) -> bool:
        assert go_on.wait(SECONDS)
        raise LookupError

    func = cached(fail)
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    outcomes = at_once(lambda: func(request_from(SHOP)), 10)
    timer.join()
    assert {type(each) for each in outcomes} == {LookupError}


def test_a_thread_that_is_killed_passes_its_turn_on() -> None:
    go_on = threading.Event()
    calls: list[int] = []

    def die_first(request: CORSRequest) -> bool:
        calls.append(len(calls))
        assert go_on.wait(SECONDS)
        if calls[0] == 0:
            calls[0] = -1
            raise SystemExit
        return True

    func = cached(die_first)
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    outcomes = at_once(lambda: func(request_from(SHOP)), 10)
    timer.join()
    assert sorted(map(str, outcomes)) == [""] + ["True"] * 9
    assert len(calls) == 2


def test_a_forked_process_asks_itself() -> None:
    """tests.forking has the same with a process that is forked."""
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow(request: CORSRequest) -> bool:
        if threading.current_thread() is not threading.main_thread():
            is_asked.set()
            assert may_answer.wait(SECONDS)
        return True

    func = cached(slow)
    thread = threading.Thread(target=func, args=(request_from(SHOP),))
    thread.start()
    assert is_asked.wait(SECONDS)
    _renew_all()
    assert func(request_from(SHOP)) is True
    may_answer.set()
    thread.join()


def test_a_thread_that_is_quicker_leaves_no_question() -> None:
    """It answers between the look without the lock and the look with it."""
    answers = Answers(Limits(60, 10, 10, 600, 10), Clock())
    own: Any = answers.turn(("a",))

    class Slow:
        def __enter__(self) -> None:
            answers._lock = lock  # pyright: ignore[reportPrivateUsage]
            answers.settle(own, True, "a")

        def __exit__(self, *_: object) -> None: ...

    lock, slow = answers._lock, Slow()  # pyright: ignore[reportPrivateUsage]
    answers._lock = slow  # type: ignore[assignment]  # pyright: ignore[reportPrivateUsage]
    assert answers.turn(("a",)) is True


def test_a_hundred_tasks_make_one_call() -> None:
    database = Database(SHOP)
    func = cached(database.has_async)

    async def run() -> list[bool]:
        return await asyncio.gather(*(func(request_from(SHOP)) for _ in range(100)))

    assert asyncio.run(run()) == [True] * 100
    assert database.asked == [SHOP]


@pytest.mark.parametrize("gone", [[0], [1], [0, 1, 2], [0, 3]])
def test_a_task_that_is_cancelled_fails_no_other(gone: list[int]) -> None:
    calls: list[str] = []

    async def run() -> list[object]:
        go_on = asyncio.Event()

        async def slow(request: CORSRequest) -> bool:
            calls.append(request.origin or "")
            await go_on.wait()
            return True

        func = cached(slow)
        tasks = [asyncio.create_task(_awaited(func(request_from(SHOP)))) for _ in range(5)]
        await asyncio.sleep(0.01)
        for number in gone:
            tasks[number].cancel()
            await asyncio.sleep(0.01)
        go_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert [isinstance(each, asyncio.CancelledError) for each in outcomes] == [n in gone for n in range(5)]
    assert [each for each in outcomes if not isinstance(each, BaseException)] == [True] * (5 - len(gone))
    assert len(calls) == 1 + (0 in gone) + (gone == [0, 1, 2]) * 2


def test_tasks_of_several_loops_make_one_call() -> None:
    go_on = threading.Event()
    calls: list[str] = []

    async def slow(request: CORSRequest) -> bool:
        calls.append(request.origin or "")
        await asyncio.to_thread(go_on.wait, SECONDS)
        return True

    func = cached(slow)

    async def run() -> list[bool]:
        return await asyncio.gather(*(func(request_from(SHOP)) for _ in range(5)))

    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    assert at_once(lambda: asyncio.run(run()), 5) == [[True] * 5] * 5
    timer.join()
    assert calls == [SHOP]


def test_a_loop_that_ends_passes_its_turn_on() -> None:
    database = Database(SHOP)
    is_asked = threading.Event()

    async def never(request: CORSRequest) -> bool:
        if not is_asked.is_set():
            is_asked.set()
            await asyncio.Event().wait()
        return database.has(request)

    func = cached(never)

    async def end_early() -> None:
        task = asyncio.create_task(_awaited(func(request_from(SHOP))))
        await asyncio.sleep(0.2)
        assert not task.done()

    thread = threading.Thread(target=asyncio.run, args=(end_early(),))
    thread.start()
    assert is_asked.wait(SECONDS)
    assert asyncio.run(_awaited(func(request_from(SHOP)))) is True
    thread.join()


# A flood.


def test_a_flood_of_new_origins_makes_so_many_calls_a_second() -> None:
    database, clock = Database(), Clock()
    ask = sync(database, clock=clock, misses_per_second=50)
    for second in range(1, 11):
        for number in range(1000):
            clock.now += 0.001
            assert ask(f"https://{second}-{number}.example") is False
        assert len(database.asked) <= 50 * (second + 1)
    assert len(database.asked) >= 50 * 9


def test_customers_are_served_during_a_flood() -> None:
    """Those that are known never notice. A new one is turned away once, and then goes before all others."""
    new = "https://new.example"
    database, clock = Database(SHOP, new), Clock()
    ask = sync(database, clock=clock, misses_per_second=50, ttl=5)
    ask(SHOP)

    def flood(milliseconds: int) -> None:
        for _ in range(milliseconds):
            clock.now += 0.001
            ask(f"https://{clock.now:.3f}.example")
            assert ask(SHOP)

    flood(2000)
    assert ask(new) is False
    flood(500)
    assert ask(new) is True
    flood(7000)
    assert ask(new) is True


def test_an_origin_that_became_a_customer_goes_before_new_ones() -> None:
    database, clock = Database(), Clock()
    ask = sync(database, clock=clock, misses_per_second=50)
    assert ask(SHOP) is False
    database.customers.add(SHOP)
    for _ in range(11_000):
        clock.now += 0.001
        ask(f"https://{clock.now:.3f}.example")
    assert ask(SHOP) is True


def test_one_call_a_second_is_the_least() -> None:
    database, clock = Database(SHOP), Clock()
    ask = sync(database, clock=clock, misses_per_second=1)
    assert [ask(SHOP), ask(OTHER)] == [True, False]
    assert database.asked == [SHOP]
    clock.now += 1
    assert ask(OTHER) is False
    assert database.asked == [SHOP, OTHER]


@pytest.mark.slow
@pytest.mark.parametrize("clock", [Clock(), None], ids=["in ten seconds", "as fast as it goes"])
def test_a_hundred_thousand_origins_take_no_more_room_than_ten_thousand(clock: Any) -> None:
    database = Database()
    options = {} if clock is None else {"clock": clock}
    func = cached(database.has, size=5000, misses_per_second=20_000, **options)
    sizes: list[int] = []
    tracemalloc.start()
    try:
        for number in range(100_000):
            if clock is not None:
                clock.now += 0.0001
            func(request_from(f"https://{number:06}.example", host="h" * (number % 3000)))
            if number % 10_000 == 9_999:
                database.asked.clear()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes[1:]) < sizes[0] * 1.2 + 500_000


# What the function sees.


def read_path(request: CORSRequest) -> bool:
    return request.path == "/items"


def read_header(request: CORSRequest) -> bool:
    return request.headers.get("x-tenant") == "1"


def read_kind(request: CORSRequest) -> bool:
    return request.is_preflight


def test_without_a_key_it_sees_host_and_origin_only(approved: Approve) -> None:
    texts: list[tuple[str, str]] = []
    for read in (read_path, read_header, read_kind):
        with pytest.raises(RuntimeError) as caught:
            cached(read)(request_from(SHOP, path="/items"))
        texts.append((read.__name__.replace("_", " "), str(caught.value)))
    approved("what_the_key_has_not", texts)


def test_host_and_origin_are_the_key() -> None:
    seen: list[tuple[str, str | None]] = []

    def func(request: CORSRequest) -> bool:
        seen.append((request.host, request.origin))
        assert isinstance(request, CORSRequest)
        assert repr(request) == f"CORSRequest(origin={request.origin!r}, host={request.host!r})"
        return True

    asked = cached(func)
    hosts = ["a.example", "b.example", "a.example", "x" * 300, "x" * 300 + "y", "x" * 300]
    for host in hosts:
        asked(request_from(SHOP, host))
    assert seen == [(host, SHOP) for host in dict.fromkeys(hosts)]


def test_a_host_that_is_not_read_makes_no_difference() -> None:
    """Otherwise, made-up hosts with the origin of a customer would fill the room for answers."""
    database = Database(SHOP)
    func = cached(database.has, size=2)
    for number in range(100):
        assert func(request_from(SHOP, f"{number}.example"))
        assert not func(request_from(OTHER, f"{number}.example"))
    assert database.asked == [SHOP, OTHER]


def test_each_answer_is_kept_by_what_it_depends_on() -> None:
    clock, calls = Clock(), list[str | None]()
    do_hosts_matter = True

    def has(request: CORSRequest) -> bool:
        calls.append(request.origin)
        return request.origin == SHOP or (do_hosts_matter and request.host == "a.example")

    asked = cached(has, clock=clock, ttl=10)

    def answers(origin: str) -> list[bool]:
        return [asked(request_from(origin, host)) for host in ("a.example", "b.example", "a.example")]

    assert [answers(SHOP), answers(OTHER)] == [[True] * 3, [True, False, True]]
    assert calls == [SHOP, OTHER, OTHER]
    do_hosts_matter = False
    clock.now += 10
    assert answers(OTHER) == [False] * 3
    assert calls == [SHOP, OTHER, OTHER, OTHER]


def test_the_last_good_answer_for_one_host_counts_for_no_other() -> None:
    clock = Clock()
    is_away = False

    def has(request: CORSRequest) -> bool:
        if is_away:
            raise ConnectionError
        return request.host == "a.example"

    asked = cached(has, clock=clock)
    assert asked(request_from(SHOP, "a.example"))
    is_away = True
    clock.now += 60
    assert asked(request_from(SHOP, "a.example"))
    with pytest.raises(ConnectionError):
        asked(request_from(SHOP, "b.example"))


def test_a_key_names_what_the_answer_depends_on() -> None:
    seen: list[CORSRequest] = []

    def func(request: CORSRequest) -> bool:
        seen.append(request)
        return request.headers["x-tenant"] == "1"

    asked = cached(func, key=lambda request: (request.origin, request.headers["x-tenant"]))
    requests = [
        request_from(SHOP, path=path, headers={"x-tenant": tenant})
        for path in ("/a", "/b")
        for tenant in "12"
    ]
    assert [asked(each) for each in requests] == [True, False, True, False]
    assert seen == requests[:2]


def test_a_key_that_cannot_be_made_is_an_error() -> None:
    def key(request: CORSRequest) -> Any:
        return [request.origin]

    policy = CORSPolicy(allow_origin_func=cached(lambda _: True, key=key))
    assert policy.decide(request_from(SHOP)).refusals[0].code == "origin-func-failed"


def test_it_is_as_the_function_is() -> None:
    @varies_on("X-Tenant")
    async def is_customer(request: CORSRequest) -> bool:
        """Whether it is."""
        return True

    policy = CORSPolicy(allow_origin_func=cached(is_customer))
    assert policy.is_async
    decision = asyncio.run(policy.decide_async(request_from(SHOP)))
    assert (decision.allowed, decision.vary) == (True, ("Origin", "X-Tenant"))
    assert cached(is_customer).__doc__ == "Whether it is."
    assert not CORSPolicy(allow_origin_func=cached(lambda _: True)).is_async


# What is said.


def test_what_is_logged(caplog: pytest.LogCaptureFixture, approved: Approve) -> None:
    database, clock = Database(SHOP), Clock()
    ask = sync(database, clock=clock, misses_per_second=10)
    ask(SHOP)
    database.is_away = True
    clock.now += 60
    for _ in range(30):
        clock.now += 1
        assert ask(SHOP)
    failures = [record for record in caplog.records if record.exc_info]
    assert [len(failures), len(caplog.records)] == [3, 3]
    caplog.clear()
    database.is_away = False
    for number in range(1000):
        clock.now += 0.01
        ask(f"https://{number}.example")
    assert len(caplog.records) == 1
    assert {record.levelno for record in (*failures, *caplog.records)} == {logging.WARNING}
    texts = [("the database is away", failures[0].getMessage()), ("a flood", caplog.messages[0])]
    approved("log_of_cached", texts)


WRONG: dict[str, dict[str, Any]] = {
    "a negative time": {"ttl": -1},
    "no number": {"negative_ttl": "10"},
    "for ever": {"stale_if_error": float("inf")},
    "not a number": {"ttl": float("nan")},
    "no room": {"size": 0},
    "a fraction of an answer": {"size": 2.5},
    "no calls": {"misses_per_second": 0},
    "a truth value": {"size": True},
    "a key that is not a function": {"key": "origin"},
    "no function": {"func": "is_customer"},
    "several at once": {"ttl": -1, "size": 0},
}


def test_what_cannot_work_is_refused(approved: Approve) -> None:
    texts: list[tuple[str, str]] = []
    for why, options in WRONG.items():
        with pytest.raises(PolicyError) as caught:
            cached(**{"func": len, **options})
        texts.append((why, str(caught.value)))
    approved("arguments_of_cached", texts)


@pytest.mark.parametrize("ttl", [0, 0.0])
def test_no_time_at_all_keeps_nothing(ttl: float) -> None:
    database = Database(SHOP)
    ask = sync(database, clock=Clock(), ttl=ttl)
    assert [ask(SHOP), ask(SHOP)] == [True, True]
    assert len(database.asked) == 2
