"""The pytest plugin: the fixture that finds a server, and what is added to the report of a failure."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import crosscors
import crosscors_pytest_plugin
from tests.package import first_test
from tests.rules.kit import rows

pytest_plugins = "pytester"

APP = """
import pytest
from crosscors.testing import Browser, BlockedByCORS, Response, same_origin

def application(environ, start_response):
    start_response("200 OK", [("Access-Control-Allow-Origin", "https://app.example.com")])
    return [environ["HTTP_HOST"].encode()]
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    # What else is installed may have a fixture "client" of its own.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Run(pytester)


class Run:
    """Runs tests in this process, with the plugin and no other."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, tests: str, *options: str) -> pytest.RunResult:
        self._pytester.makepyfile(APP + textwrap.dedent(tests))
        return self._pytester.runpytest_inprocess("-p", "crosscors_pytest_plugin", *options)


def fixture(name: str, statement: str, parameter: str = "") -> str:
    return f"@pytest.fixture\ndef {name}({parameter}):\n    {statement}\n"


APP_FIXTURE = fixture("app", "return application")


@rows(
    "fixtures",
    [
        (fixture("client", "return application") + fixture("app", "assert False"), "the client"),
        (APP_FIXTURE, "the application if there is no client"),
        (fixture("client", "return [3]") + APP_FIXTURE, "the application if the client is not a server"),
        (
            fixture("client", "pytest.skip('no settings')") + APP_FIXTURE,
            "the application if the client skips",
        ),
    ],
)
def test_what_the_fixture_takes(run: Run, fixtures: str) -> None:
    result = run(f"""{fixtures}
def test_it(cors_browser):
    assert isinstance(cors_browser, Browser)
    assert cors_browser.page("https://app.example.com").fetch("/").text() == "testserver"
""")
    result.assert_outcomes(passed=1)


def test_the_browser_is_a_new_one_for_each_test(run: Run) -> None:
    result = run("""
        @pytest.fixture(scope="session")
        def app():
            return application
        @pytest.mark.parametrize("number", [1, 2])
        def test_it(cors_browser, number):
            assert cors_browser.exchanges == []
            cors_browser.page(same_origin).fetch("/")
    """)
    result.assert_outcomes(passed=2)


def test_where_nothing_is_found_the_test_is_told_what_to_write(run: Run) -> None:
    result = run("def test_it(cors_browser): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            'cors_browser found no fixture "client" or "app" that it can use. Define one that returns*',
            "    @pytest.fixture",
            "    def app():",
            "        return create_app()",
            "or use crosscors.testing.Browser(app) in the test.",
        ]
    )
    result.stdout.no_fnmatch_line("*getfixturevalue*")


@rows(
    "fixtures, told",
    [
        (
            fixture("client", "pytest.skip('no Django settings')") + fixture("app", "return 3"),
            [
                'The fixture "client" skips: no Django settings',
                'The fixture "app" cannot be used: 3 (int) is not a server for a Browser.*',
                "cors_browser found no fixture*",
            ],
            "nothing fits",
        ),
        (
            fixture("client", "pass", "databse"),
            ["*fixture 'databse' not found*"],
            "a client asks for another",
        ),
        (fixture("app", "pass", "databse"), ["*fixture 'databse' not found*"], "an app asks for another"),
        (fixture("client", "raise KeyError('x')") + APP_FIXTURE, ["*KeyError: 'x'"], "a client fails"),
    ],
)
def test_the_error_says_why_a_fixture_cannot_be_used(run: Run, fixtures: str, told: list[str]) -> None:
    result = run(f"{fixtures}\ndef test_it(cors_browser): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(told)


SECTION = "*What the browser exchanged with the server*"


def test_a_failed_test_shows_the_exchanges_of_the_fixture(run: Run) -> None:
    result = run(f"""{APP_FIXTURE}
def test_it(cors_browser):
    cors_browser.page("https://app.example.com").fetch("/items")
    cors_browser.page(same_origin).fetch("/other")
    assert False
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            SECTION,
            "GET https://testserver/items",
            "  > Origin: https://app.example.com",
            "  < 200",
            "  < Access-Control-Allow-Origin: https://app.example.com",
            "  < testserver",
            "",
            "GET https://testserver/other",
        ],
        consecutive=False,
    )


def test_a_failure_in_a_setup_is_reported_as_well(run: Run) -> None:
    result = run(f"""{APP_FIXTURE}
@pytest.fixture
def greeted(cors_browser):
    cors_browser.page(same_origin).fetch("/greeting")
    assert False
class TestIt:
    def test_it(self, greeted):
        pass
""")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([SECTION, "GET https://testserver/greeting"])


@rows(
    "statement",
    [
        ("browser = Browser(application); browser.page(same_origin).fetch('/'); assert False", "a browser"),
        (
            "response = Browser(application).page(same_origin).fetch('/'); assert not response.ok",
            "a response",
        ),
    ],
)
def test_a_failed_test_shows_the_exchanges_of_what_it_has_at_hand(run: Run, statement: str) -> None:
    result = run(f"def test_it():\n    {statement}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([SECTION, "GET https://testserver/"])


def test_an_exchange_is_shown_once(run: Run) -> None:
    result = run("""
        def test_it():
            browser = Browser(application)
            response = again = browser.page(same_origin).fetch("/once")
            assert False
    """)
    assert result.stdout.str().count("GET https://testserver/once\n") == 1


def test_of_many_exchanges_the_last_are_shown(run: Run) -> None:
    result = run("""
        def test_it():
            browser = Browser(application)
            for number in range(30):
                browser.page(same_origin).fetch(f"/{number}")
            assert False
    """)
    shown = [line for line in result.stdout.lines if line.startswith("GET https://testserver/")]
    assert [line.rpartition("/")[2] for line in shown] == [str(number) for number in range(10, 30)]


FETCHES = "Browser(application); browser.page(same_origin).fetch('/')"


@rows(
    "statements, outcome",
    [
        (f"browser = {FETCHES}", "passed", "a test that passes"),
        (f"browser = {FETCHES}; pytest.skip('later')", "skipped", "a test that skips"),
        (f"browser = {FETCHES}; pytest.xfail('known')", "xfailed", "a test that fails as expected"),
        ("browser = Browser(application); assert False", "failed", "a failure without exchanges"),
    ],
)
def test_other_tests_show_nothing(run: Run, statements: str, outcome: str) -> None:
    result = run(f"def test_it():\n    {statements}", "-rA")
    result.assert_outcomes(**{outcome: 1})
    result.stdout.no_fnmatch_line(SECTION)


def test_what_is_blocked_shows_its_exchanges_by_itself_and_the_traceback_ends_in_the_test(run: Run) -> None:
    result = run("""
        def test_it():
            Browser(application).page("https://other.example.com").fetch("/items")
    """)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line(SECTION)
    result.stdout.fnmatch_lines(
        [
            '>*.page("https://other.example.com").fetch("/items")',
            "*has been blocked by CORS policy*",
            "*What went over the wire:",
            "*< 200",
        ]
    )
    assert result.stdout.str().count("GET https://testserver/items\n") == 1
    result.stdout.no_fnmatch_line("*browser.py:*")
    result.stdout.no_fnmatch_line("*fetch.py:*")


def test_what_a_failed_test_has_at_hand_is_not_evaluated(run: Run) -> None:
    """Frameworks have lazy objects that pretend to be others, and raise when they are asked what they are."""
    result = run("""
        class Lazy:
            @property
            def __class__(self):
                raise RuntimeError("no database")
        def test_it():
            lazy = Lazy()
            assert False
        def test_another():
            pass
    """)
    result.assert_outcomes(failed=1, passed=1)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder like site-packages, with crosscors in it as pip installs a wheel."""
    package, plugin = Path(crosscors.__file__).parent, Path(crosscors_pytest_plugin.__file__)
    site = tmp_path / "site"
    info = site / f"crosscors-{crosscors.__version__}.dist-info"
    info.mkdir(parents=True)
    (site / package.name).symlink_to(package)
    (site / plugin.name).symlink_to(plugin)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: crosscors\nVersion: {crosscors.__version__}\n"
    )
    (info / "entry_points.txt").write_text("[pytest11]\ncrosscors = crosscors_pytest_plugin\n")
    # What pytest marks for rewriting is read from here.
    (info / "RECORD").write_text("crosscors/__init__.py,,\ncrosscors_pytest_plugin.py,,\n")
    return site


@pytest.mark.slow
@pytest.mark.parametrize(
    "imports",
    ["", "import crosscors", "import crosscors.testing, crosscors.asgi", "import crosscors_pytest_plugin"],
)
@pytest.mark.parametrize("options", [[], ["--assert=plain"]])
def test_what_was_imported_before_pytest_is_no_reason_for_a_warning(
    installed: Path, imports: str, options: list[str]
) -> None:
    """pytest marks the packages of all plugins for rewriting, and warns of those that are there already."""
    arguments = ["-q", "-W", "error", "-p", "no:cacheprovider", "--noconftest", *options, first_test.__file__]
    script = f"{imports}\nimport sys, pytest\nsys.exit(pytest.main({arguments!r}))"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    environment.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=environment,
        cwd=installed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
