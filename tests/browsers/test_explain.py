"""``crosscors explain --engine`` says what the engine does, in every case that its options can express."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from crosscors.cli.group import cli
from crosscors.testing.engines import EngineName

from .cases import CASES
from .model import Case, Fetch
from .runs import PAGES, Loopback, Records, run_in_python
from .test_engines import departs
from .tls import over_tls
from .wire import Wire


def is_expressible(case: Case) -> bool:
    """Whether a single ``explain`` can do what the case does, on a fresh browser."""
    if len(case.steps) != 1 or case.http_cache:
        return False
    [step] = case.steps
    return (
        isinstance(step, Fetch)
        and (step.mode, step.redirect) == ("cors", "follow")
        and not step.upload_listener
        and step.credentials != "omit"
        and (step.body is None or step.body.kind == "text")
        and step.url.startswith("{")
        and not any(":" in name or name.lower() in {"origin", "cookie"} for name in step.headers)
    )


EXPRESSIBLE = [case for case in CASES if is_expressible(case)]


def explained(engine: EngineName, wire: Wire, case: Case) -> dict[str, Any]:
    """What ``explain`` says about the case."""
    origin = PAGES[case.page].origin(wire)
    staged = wire.stage(f"explain-{engine}", case, origin)
    [step] = case.steps
    assert isinstance(step, Fetch)
    arguments = [staged.expand(step.url), "--origin", origin, "-X", step.method, "--engine", engine]
    for name, value in step.headers.items():
        arguments += ["-H", f"{name}: {value}"]
    if step.body is not None:
        arguments += ["--data", step.body.text]
    if step.credentials == "include":
        arguments.append("--credentials")
    result = CliRunner().invoke(cli, ["explain", *arguments, "--send", "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    said: dict[str, Any] = json.loads(result.stdout) if result.stdout else {"verdict": None, "steps": []}
    assert result.exit_code == {"allowed": 0, "blocked": 1, None: 2}[said["verdict"]], result.stderr
    return said


@pytest.fixture
def names_below_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=Loopback(verify=False)))


# What the page gets, and the verdict.
VERDICTS = {"response": "allowed", "blocked": "blocked", "threw": None}


@pytest.mark.usefixtures("names_below_localhost")
@pytest.mark.parametrize("case", EXPRESSIBLE, ids=lambda case: case.name)
def test_the_verdict_is_that_of_the_engine(
    case: Case, engine: EngineName, seen: Records, client: httpx.Client, wire: Wire
) -> None:
    record = run_in_python(client, engine, wire, case) if departs(engine, case) else seen[case.name]
    [step] = record["steps"]
    assert explained(engine, wire, case)["verdict"] == VERDICTS[step["outcome"]]


def test_most_cases_are_expressible() -> None:
    assert len(EXPRESSIBLE) > len(CASES) / 2


def test_a_certificate_that_nobody_trusts(wire: Wire) -> None:
    with over_tls(f"http://localhost:{wire.ports[1]}") as url:
        result = CliRunner().invoke(cli, ["explain", url, "--origin", "https://app.example.com"])
    assert result.exit_code == 2
    assert "CERTIFICATE_VERIFY_FAILED" in result.stdout
    assert "SSL_CERT_FILE=ca.pem" in result.stdout.splitlines()[-1]
