"""What the log and the hook are told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from crosscors import CORSPolicy, CORSRequest, Decision, PolicyError, Resources
from crosscors._adapter.reporting import RECORDS_PER_WINDOW, Reporter, log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALLOWED = "https://app.example.com"
POLICY = CORSPolicy(allow_origins=[ALLOWED])
REFUSED = CORSRequest("GET", origin="https://app.example.co", path="/items")
NO_ORIGIN = CORSRequest("GET")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def report(reporter: Reporter, request: CORSRequest, policy: CORSPolicy = POLICY) -> None:
    def read(source: CORSRequest) -> CORSRequest:
        return source

    reporter.report(policy.decide(request), read, request)


def test_a_refusal_is_logged_with_its_reason_and_hint(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report(Reporter(None), REFUSED)
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.name == "crosscors"
    assert record.getMessage() == (
        "refused 'GET /items': the origin 'https://app.example.co' is not allowed. "
        "The nearest entry is 'https://app.example.com', which has another host."
    )


def test_a_preflight_is_named_by_the_method_it_asks_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report(Reporter(None), CORSRequest("OPTIONS", ALLOWED, path="/items/1", request_method="PUT"))
    assert caplog.messages == [
        (
            "refused preflight for 'PUT /items/1': the method 'PUT' is not allowed. "
            "To allow it, write allow_methods=['GET', 'PUT']."
        )
    ]


def test_nothing_of_a_request_gets_into_the_log_raw(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "crosscors")
    forged = "https://app.example.com\r\nINFO all is well \N{SNOWMAN}\x1b[2J"
    report(Reporter(None), CORSRequest("OPTIONS", forged, request_method=forged, request_headers=forged))
    report(Reporter(None), CORSRequest("OPTIONS", ALLOWED, request_method=forged, request_headers=forged))
    assert len(caplog.messages) == 2
    for message in caplog.messages:
        assert message.isascii()
        assert message.isprintable()


def test_a_megabyte_of_origin_makes_a_short_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report(Reporter(None), CORSRequest("GET", origin="a" * 1_000_000))
    assert len(caplog.messages[0]) < 500


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        pytest.param(NO_ORIGIN, "'GET ': no Origin field, so this is not a CORS request", id="no Origin"),
        pytest.param(
            CORSRequest("GET", origin="https://app.example.com"),
            "'GET ': allowed by 'https://app.example.com'",
            id="an allowed origin",
        ),
    ],
)
def test_everything_else_is_logged_at_debug(
    request_: CORSRequest, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report(Reporter(None), request_)
    assert not caplog.records
    caplog.set_level(logging.DEBUG, "crosscors")
    report(Reporter(None), request_)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(logging.DEBUG, message)]


def test_a_flood_of_refusals_does_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    clock = Clock()
    reporter = Reporter(None, clock)
    for _ in range(1000):
        report(reporter, REFUSED)
    assert len(caplog.records) == 20
    clock.now = 9.9
    report(reporter, REFUSED)
    assert len(caplog.records) == 20
    clock.now = 10.0
    report(reporter, REFUSED)
    assert len(caplog.records) == 22
    assert caplog.messages[20] == "981 records like the next one were not logged"
    assert caplog.messages[21].startswith("refused 'GET")


def test_a_refusal_that_nobody_logs_uses_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "crosscors")
    reporter = Reporter(None, Clock())
    for _ in range(1000):
        report(reporter, REFUSED)
    caplog.set_level(logging.INFO, "crosscors")
    report(reporter, REFUSED)
    assert len(caplog.records) == 1


def test_a_func_that_fails_is_logged_as_an_error_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: CORSRequest) -> bool:
        raise LookupError("no such tenant")

    report(Reporter(None), REFUSED, CORSPolicy(allow_origin_func=fail))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)
    assert record.getMessage() == (
        "refused 'GET /items': allow_origin_func gave no answer for the origin "
        "'https://app.example.co'. "
        "It is called with a CORSRequest, which has the origin as request.origin, and has to return True or "
        "False; this ended in LookupError('no such tenant')."
    )


def test_a_flood_of_refusals_hides_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    failing = CORSPolicy(allow_origin_func=lambda request: bool(request.headers["x-tenant"]))
    reporter = Reporter(None, Clock())
    for _ in range(1000):
        report(reporter, REFUSED)
    report(reporter, REFUSED, failing)
    assert [record.levelno for record in caplog.records] == [logging.INFO] * 20 + [logging.ERROR]


def test_two_refusals_of_one_request_are_one_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report(Reporter(None), CORSRequest("OPTIONS", ALLOWED, request_method="PUT", request_headers="x-a"))
    assert caplog.messages == [
        (
            "refused preflight for 'PUT ': the method 'PUT' is not allowed. "
            "To allow it, write allow_methods=['GET', 'PUT']. "
            "not allowed among the request headers: 'x-a'. To allow it, write allow_headers=['x-a']."
        )
    ]


class _AsyncHook:
    async def __call__(self, request: CORSRequest, decision: Decision) -> None:
        pass


def test_the_hook_gets_request_and_decision_of_everything() -> None:
    seen: list[tuple[CORSRequest, Decision]] = []
    reporter = Reporter(lambda request, decision: seen.append((request, decision)))
    report(reporter, REFUSED)
    report(reporter, NO_ORIGIN)
    assert seen == [(REFUSED, POLICY.decide(REFUSED)), (NO_ORIGIN, POLICY.decide(NO_ORIGIN))]


def test_a_hook_that_fails_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: CORSRequest, decision: Decision) -> None:
        raise LookupError("the metrics server is gone")

    reporter = Reporter(fail, Clock())
    for _ in range(1000):
        report(reporter, NO_ORIGIN)
    assert len(caplog.records) == 20
    assert caplog.messages[0] == "on_decision failed; the response is not affected"


async def _async_hook(request: CORSRequest, decision: Decision) -> None:
    pass


@pytest.mark.parametrize(
    "hook", [pytest.param("print", id="a name"), pytest.param(_async_hook, id="async def")]
)
def test_a_hook_has_to_be_a_plain_function(hook: Any) -> None:
    on_decision: Callable[[CORSRequest, Decision], object] = hook
    with pytest.raises(PolicyError, match=r"on_decision: takes a function that is not async, not "):
        Reporter(on_decision)


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


def _fails(request: CORSRequest, decision: Decision | None = None) -> bool:
    raise _Unspeakable


def _reports() -> list[Callable[[], None]]:
    """A report of each kind."""
    allowed = CORSRequest("GET", origin=ALLOWED)
    reporter = Reporter(None)
    failing = CORSPolicy(allow_origin_func=_fails)
    return [
        lambda: report(reporter, NO_ORIGIN),
        lambda: report(reporter, allowed),
        lambda: report(reporter, REFUSED),
        lambda: report(reporter, REFUSED, failing),
        lambda: report(Reporter(_fails), allowed),
        lambda: report(Reporter(_fails), REFUSED),
        lambda: reporter.report_unanswered("unanswered"),
        lambda: log(logging.WARNING, "%s", _Unspeakable()),
    ]


@pytest.mark.parametrize("error", [OSError, _Unspeakable, RecursionError, MemoryError])
def test_a_log_that_fails_affects_nothing(
    error: type[Exception], break_log: Callable[[type[BaseException]], None]
) -> None:
    break_log(error)
    for report_it in _reports():
        report_it()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_passes(
    error: type[BaseException], break_log: Callable[[type[BaseException]], None]
) -> None:
    break_log(error)
    for report_it in _reports():
        with pytest.raises(error):
            report_it()


def test_an_interrupt_of_the_hook_passes() -> None:
    def interrupt(request: CORSRequest, decision: Decision) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report(Reporter(interrupt), NO_ORIGIN)


def test_the_hook_is_called_although_the_log_fails(
    break_log: Callable[[type[BaseException]], None],
) -> None:
    break_log(OSError)
    seen: list[CORSRequest] = []
    reporter = Reporter(lambda request, _: seen.append(request))
    for _ in range(100):
        report(reporter, REFUSED)
    assert len(seen) == 100


def test_words_that_cannot_be_changed_affect_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def reword(text: str) -> str:
        raise LookupError(text)

    caplog.set_level(logging.DEBUG, "crosscors")
    report(Reporter(None, reword=reword), REFUSED)
    assert caplog.records == []


def test_threads_that_count_at_once_lift_no_bound(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    clock = Clock()
    reporter = Reporter(None, clock)

    def count_meanwhile() -> float:
        """Time passes for another thread while this one looks at the clock."""
        clock.now = 0.0
        reporter._windows[logging.INFO]._clock = clock
        for _ in range(19):
            report(reporter, REFUSED)
        return 0.0

    reporter._windows[logging.INFO]._clock = count_meanwhile
    for _ in range(100):
        report(reporter, REFUSED)
    assert 20 <= len(caplog.records) <= 40
    clock.now = 10.0
    report(reporter, REFUSED)
    assert caplog.messages[-1].startswith("refused 'GET")


def test_an_exception_that_passed_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    reporter = Reporter(None)
    for _ in range(3):
        reporter.report_unanswered("it is 100% unanswered")
    Reporter(None).report_unanswered("by another")
    assert [(record.levelno, record.name) for record in caplog.records] == [
        (logging.WARNING, "crosscors")
    ] * 2
    assert caplog.messages == ["it is 100% unanswered", "by another"]


def test_an_exception_that_passed_is_said_beside_a_flood_of_refusals(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    reporter = Reporter(None, Clock())
    for _ in range(1000):
        report(reporter, REFUSED)
    reporter.report_unanswered("unanswered")
    assert caplog.messages[-1] == "unanswered"


# Paths that are not covered.

PATHS = Resources({"/*": POLICY, "/admin/*": None})


def report_not_covered(reporter: Reporter, path: str, origin: str | None = ALLOWED) -> None:
    request = CORSRequest("GET", origin=origin, path=path)
    reporter.report_not_covered(PATHS, path, "", lambda source: source, request)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(
            "//admin/x",
            "not covered 'GET //admin/x': it can mean '//admin/x' and '/admin/x', which have "
            "different policies. "
            "Request it without //, dot segments and backslashes. "
            "If a key of Resources begins with the root path, take that off the key.",
            id="with two readings",
        ),
        pytest.param(
            "/ad\r\nmin/\u2028",
            r"not covered 'GET /ad\r\nmin/\u2028': it can mean '/ad\r\nmin/\u2028' and "
            r"'/admin/\u2028', which have different policies. "
            "Request it without //, dot segments and backslashes. "
            "If a key of Resources begins with the root path, take that off the key.",
            id="that would forge a line",
        ),
        pytest.param(
            "//" + "a" * 9000,
            f"not covered 'GET //{'a' * 94}'...: the path has too many readings. "
            "Request it without dot segments, // and backslashes.",
            id="that is too long",
        ),
    ],
)
def test_a_path_that_is_not_covered_is_logged(
    path: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report_not_covered(Reporter(None), path)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(logging.INFO, expected)]


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        pytest.param("//admin/x", None, id="without an Origin nothing is lost"),
        pytest.param("/admin/x", ALLOWED, id="a plain path"),
        pytest.param("//x", ALLOWED, id="readings that are covered alike"),
        pytest.param("*", ALLOWED, id="no path"),
    ],
)
def test_other_paths_are_not_logged(path: str, origin: str | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    report_not_covered(Reporter(None), path, origin)
    assert caplog.records == []


def test_paths_that_are_not_covered_are_not_looked_into_for_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "crosscors")
    report_not_covered(Reporter(None), "//admin/x")
    assert caplog.records == []


def test_paths_that_are_not_covered_are_logged_at_a_bounded_rate(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "crosscors")
    reporter = Reporter(None, Clock())
    for _ in range(RECORDS_PER_WINDOW + 5):
        report_not_covered(reporter, "//admin/x")
    assert len(caplog.records) == RECORDS_PER_WINDOW
