"""What pages can do with an application: to compare two of them."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

from crosscors import PolicyWarning
from crosscors.testing import BlockedByCORS, Browser

APP = "https://app.example.com"
OTHER = "https://other.example.com"
EVIL = "https://app.example.com.evil.example"
PLAIN = "http://app.example.com"
ORIGINS = (APP, OTHER, EVIL, PLAIN, "http://localhost:3000", "null")
REQUESTS: tuple[tuple[str, dict[str, str]], ...] = (("GET", {}), ("PUT", {}), ("GET", {"X-Token": "1"}))

Verdicts = dict[tuple[str, str, str, str], str]


def verdicts(app: Any, path: str = "/items") -> Verdicts:
    """For each page and request: whether it is allowed, and what it can read."""
    cases = itertools.product(ORIGINS, REQUESTS, ("omit", "include"))
    return {
        (origin, method, " ".join(headers), credentials): _verdict(
            app, path, origin, method, headers, credentials
        )
        for origin, (method, headers), credentials in cases
    }


def _verdict(app: Any, path: str, origin: str, method: str, headers: dict[str, str], credentials: Any) -> str:
    page = Browser(app).page(origin)
    try:
        response = page.fetch(path, method=method, headers=headers, credentials=credentials)
    except BlockedByCORS:
        return "blocked"
    return f"allowed, reads {response.headers.get('X-Total')}"


def pasted(code: str, app: Any, *, may_warn: bool = False) -> Any:
    """The application after the code was pasted below it. Warnings are errors."""
    names: dict[str, Any] = {"app": app}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if may_warn:
            warnings.simplefilter("ignore", PolicyWarning)
        exec(code, names)  # noqa: S102
    return names["app"]


def differences(theirs: Verdicts, ours: Verdicts) -> set[tuple[str, str]]:
    """The origins and credentials for which one of the two allows more."""
    return {(case[0], case[3]) for case, verdict in theirs.items() if verdict != ours[case]}


def remarks_in(code: str) -> str:
    """The comments of the code in one line."""
    return " ".join(line.removeprefix("# ") for line in code.splitlines() if line.startswith("# "))
