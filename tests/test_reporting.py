"""What the log and the hook are told."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, Resources
from crosscors._adapter.reporting import Reporter
from crosscors.wsgi import CORSMiddleware
from tests.clients import Fields, ask_wsgi, preflight
from tests.conftest import Approve
from tests.tables import each, table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

APP = "https://app.example.com"
EVIL = "https://evil.example"
POLICY = CORSPolicy(allow_origins=[APP])
FROM_EVIL = [("Origin", EVIL)]


def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b""]


def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise LookupError


def no_tenant(request: CORSRequest) -> bool:
    raise LookupError("no such tenant")


def guarded(**options: Any) -> CORSMiddleware:
    given: dict[str, Any] = {"policy": POLICY, **options}
    return CORSMiddleware(answering, **given)


HOST = EVIL.removeprefix("https://")
BY_FUNCTION = CORSPolicy(allow_origin_func=no_tenant)
BY_PATH = Resources({"/*": POLICY, "/admin/*": None})

# A sentence, the policy, the request, and the level of its record.
REPORTS: dict[str, tuple[CORSPolicy | Resources, str, str, Fields, int | None]] = {
    "a refused origin": (POLICY, "GET", "/items", FROM_EVIL, logging.INFO),
    "an origin near an entry": (POLICY, "GET", "/", [("Origin", f"{APP}.evil.example")], logging.INFO),
    "a refused method": (POLICY, "OPTIONS", "/items/1", preflight(APP, "PUT"), logging.INFO),
    "a refused method and header": (POLICY, "OPTIONS", "/", preflight(APP, "PUT", "x-a"), logging.INFO),
    "a function that fails": (BY_FUNCTION, "GET", "/", FROM_EVIL, logging.ERROR),
    "no Origin": (POLICY, "GET", "/", [], logging.DEBUG),
    "an allowed origin": (POLICY, "GET", "/", [("Origin", APP)], logging.DEBUG),
    "the origin of the server": (POLICY, "GET", "/", [("Origin", EVIL), ("Host", HOST)], logging.DEBUG),
    "an allowed preflight": (POLICY, "OPTIONS", "/", preflight(APP), logging.DEBUG),
    "a path with two readings": (BY_PATH, "GET", "//admin/x", FROM_EVIL, logging.INFO),
    "such a path that would forge a line": (BY_PATH, "GET", "/ad\r\nmin/x", FROM_EVIL, logging.INFO),
    "a path with too many readings": (BY_PATH, "GET", "//" + "a" * 9000, FROM_EVIL, logging.INFO),
    "such a path without an Origin": (BY_PATH, "GET", "//admin/x", [], None),
    "a plain path that is not covered": (BY_PATH, "GET", "/admin/x", FROM_EVIL, None),
    "readings that are covered alike": (BY_PATH, "GET", "//x", [("Origin", APP)], logging.DEBUG),
}


@pytest.mark.parametrize(("policy", "method", "path", "fields", "level"), REPORTS.values(), ids=REPORTS)
def test_a_request_makes_one_record_of_its_level(  # a row of a table
    policy: Any, method: str, path: str, fields: Fields, level: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    for threshold in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        caplog.set_level(threshold, "crosscors")
        caplog.clear()
        ask_wsgi(guarded(policy=policy), method, path, fields)
        expected = [(level, "crosscors")] if level is not None and level >= threshold else []
        assert [(record.levelno, record.name) for record in caplog.records] == expected
        for record in caplog.records:
            assert record.getMessage().isascii()
            assert record.getMessage().isprintable()
            assert (record.exc_info is not None) == (level == logging.ERROR)


def test_the_records_say_why_and_what_to_write(caplog: pytest.LogCaptureFixture, approved: Approve) -> None:
    caplog.set_level(logging.DEBUG, "crosscors")
    texts: list[tuple[str, str]] = []
    for sentence, (policy, method, path, fields, _) in REPORTS.items():
        caplog.clear()
        ask_wsgi(guarded(policy=policy), method, path, fields)
        texts += [(sentence, message) for message in caplog.messages]
    approved("log_records", texts)


def test_a_megabyte_of_origin_makes_a_short_record_of_ascii(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    for origin in ("a" * 1_000_000, "https://a.example\r\n\xff\x1b[2J"):
        ask_wsgi(guarded(), "OPTIONS", "/", preflight(origin, origin, origin))
    assert len(caplog.messages) == 2
    assert all(
        len(message) < 1000 and message.isascii() and message.isprintable() for message in caplog.messages
    )


# Floods.


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def report(reporter: Reporter, policy: CORSPolicy = POLICY) -> None:
    request = CORSRequest("GET", origin=EVIL)
    reporter.report(policy.decide(request), policy, lambda: request)


def test_a_flood_of_refusals_does_not_flood_the_log_and_hides_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    clock = Clock()
    reporter = Reporter((), guarded()._decider, clock)  # pyright: ignore[reportPrivateUsage]
    for _ in range(1000):
        report(reporter)
    assert len(caplog.records) == 20
    report(reporter, BY_FUNCTION)
    reporter.report_unanswered("unanswered")
    assert [record.levelno for record in caplog.records[20:]] == [logging.ERROR, logging.WARNING]
    clock.now = 9.9
    report(reporter)
    assert len(caplog.records) == 22
    clock.now = 10.0
    report(reporter)
    assert len(caplog.records) == 24
    assert caplog.messages[22] == (
        "981 messages like the next one were not logged. "
        "Most frequent origins: 'https://evil.example' (at least 981)"
    )
    assert caplog.messages[23] == caplog.messages[0]


def test_a_flood_of_new_origins_does_not_hide_the_frequent_ones_from_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    clock = Clock()
    reporter = Reporter((), guarded()._decider, clock)  # pyright: ignore[reportPrivateUsage]
    often, sometimes = "https://often.example", "https://sometimes.example"

    def refuse(origin: str) -> None:
        request = CORSRequest("GET", origin=origin)
        reporter.report(POLICY.decide(request), POLICY, lambda: request)

    for number in range(10_000):
        refuse(often if number % 4 == 0 else sometimes if number % 10 == 1 else f"https://{number}.example")
    refuse("x\r\n" * 100_000)
    clock.now = 10.0
    refuse(EVIL)
    told = caplog.messages[20]
    assert told.startswith("9981 messages like the next one were not logged. Most frequent origins: ")
    assert re.findall(r"'(https://[a-z]+\.example)' \(at least \d{3,}\)", told) == [often, sometimes]
    assert len(told) < 500
    clock.now = 20.0
    refuse(EVIL)
    assert len(caplog.messages) == 23


@table(
    "make",
    ("refusals", lambda: (guarded(), "/")),
    ("failures of a function", lambda: (guarded(policy=BY_FUNCTION), "/")),
    ("failures of the hook", lambda: (guarded(on_decision=lambda *_: 1 // 0), "/")),
    ("paths that are not covered", lambda: (guarded(policy=BY_PATH), "//admin/x")),
)
def test_each_kind_of_record_has_its_bound_and_uses_up_nothing_unseen(
    make: Callable[[], tuple[CORSMiddleware, str]], caplog: pytest.LogCaptureFixture
) -> None:
    app, path = make()
    caplog.set_level(logging.CRITICAL, "crosscors")
    for _ in range(50):
        ask_wsgi(app, path=path, headers=FROM_EVIL)
    caplog.set_level(logging.INFO, "crosscors")
    caplog.clear()
    for _ in range(50):
        ask_wsgi(app, path=path, headers=FROM_EVIL)
    levels = [record.levelno for record in caplog.records]
    assert 1 <= levels.count(levels[-1]) <= 20
    assert len(levels) <= 40


# The hook.


def test_a_hook_that_fails_changes_nothing_and_one_that_interrupts_does(
    caplog: pytest.LogCaptureFixture, approved: Approve
) -> None:
    def fail(request: CORSRequest, decision: Decision) -> None:
        raise LookupError("the metrics server is gone")

    def interrupt(request: CORSRequest, decision: Decision) -> None:
        raise KeyboardInterrupt

    assert ask_wsgi(guarded(on_decision=fail), headers=[("Origin", APP)]).allowed == APP
    (record,) = caplog.records
    assert (record.levelno, record.exc_info is not None) == (logging.ERROR, True)
    approved("log_failing_hook", record.getMessage())
    with pytest.raises(KeyboardInterrupt):
        ask_wsgi(guarded(on_decision=interrupt))


# A log that is interrupted; one that fails is in tests/conformance.


class _Unspeakable(Exception):  # noqa: N818  # it has no other meaning
    def __repr__(self) -> str:
        raise LookupError("nothing to say")


class _Broken(logging.Handler):
    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self.error = error

    def emit(self, record: logging.LogRecord) -> None:
        raise self.error


@pytest.fixture
def break_log() -> Iterator[Callable[[type[BaseException]], None]]:
    logger = logging.getLogger("crosscors")
    before = (logger.level, list(logger.handlers), logger.propagate)

    def break_log(error: type[BaseException]) -> None:
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(_Broken(error))

    yield break_log
    level, logger.handlers[:], logger.propagate = before
    logger.setLevel(level)  # which forgets what is enabled, too


def _fails(*_: object) -> bool:
    raise _Unspeakable


SAYING: list[tuple[CORSMiddleware, Fields]] = [
    (guarded(), []),
    (guarded(), [("Origin", APP)]),
    (guarded(), FROM_EVIL),
    (guarded(policy=CORSPolicy(allow_origin_func=_fails)), FROM_EVIL),
    (guarded(on_decision=_fails), [("Origin", APP)]),
]


@each("error", KeyboardInterrupt, SystemExit, GeneratorExit)
def test_an_interrupt_passes(
    error: type[BaseException], break_log: Callable[[type[BaseException]], None]
) -> None:
    break_log(error)
    for app, fields in SAYING:
        with pytest.raises(error):
            ask_wsgi(app, headers=fields)
