"""``crosscors check``: its targets, its exit status, what it prints."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import publicsuffixlist
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from crosscors import CORSPolicy, wsgi
from crosscors.cli.check import report
from crosscors.cli.check.checked import Checked, InForce
from crosscors.cli.check.in_force import of_application
from crosscors.cli.check.subjects import check_target
from crosscors.cli.group import cli
from crosscors.core.errors import PolicyError
from tests.conftest import Approve
from tests.tables import each, table

FILES = {
    "policies.py": """
from crosscors import CORSPolicy, LivePolicy, Resources
import re
good = CORSPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
warned = CORSPolicy(allow_origins=["*", "https://app.example.com"])
advised = CORSPolicy(allow_origins=["http://app.example.com"])
resources = Resources({"/api/*": good, re.compile("/v[12]/.*"): None, "/x": CORSPolicy()})
keys = Resources({re.compile("/api/*"): good})
live = LivePolicy(good)
live_resources = LivePolicy(
    Resources({"/api/*": LivePolicy(good), re.compile("/v[12]/.*"): None, "/x": CORSPolicy()})
)
live_keys = LivePolicy(keys)
""",
    "wrong.py": "from crosscors import CORSPolicy\npolicy = CORSPolicy(allow_origins=['https://a.example/'])",
    "broken.py": "raise ValueError('no database')",
    "web.py": """
from crosscors.asgi import CORSMiddleware
from crosscors.starlette import CORS, cross_origin
from crosscors import CORSPolicy, LivePolicy, Resources, flask as ours, wsgi
from fastapi import FastAPI
from flask import Flask, Blueprint
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Theirs
from starlette.routing import Mount, Route
async def plain(scope, receive, send): ...
@cross_origin(allow_origins="*")
async def public(request): ...
part = Starlette(routes=[Route("/one", public)])
part.add_middleware(CORSMiddleware, allow_origins=["https://part.example"])
app = CORS(
    Starlette(routes=[Mount("/part", part), Route("/public", public)]),
    policy=Resources({"/api/*": CORSPolicy(allow_origins="*")}),
)
wrong = Starlette(middleware=[Middleware(CORSMiddleware, allow_origins=["https://a.example/"])])
failing = Starlette(middleware=[Middleware(CORSMiddleware, no_such_option=1), Middleware(1)])
theirs = Starlette(middleware=[Middleware(Theirs, allow_origins=["https://a.example"])])
async def kept(request): ...
of_view = cross_origin(policy=LivePolicy(CORSPolicy(allow_origins="https://view.example")))
live = CORS(
    Starlette(routes=[Route("/view", of_view(kept))]),
    policy=LivePolicy(Resources({"/api/*": CORSPolicy(allow_origins="*")})),
)
live_flask = Flask("live")
@live_flask.get("/view")
@ours.cross_origin(policy=LivePolicy(CORSPolicy(allow_origins="https://view.example")))
def live_view(): return ""
ours.CORS(live_flask, policy=LivePolicy(CORSPolicy(allow_origins="https://app.example.com")))
unsafe = Starlette(middleware=[Middleware(Theirs, allow_origins=["*"], allow_credentials=True)])
insecure = Starlette(
    middleware=[Middleware(Theirs, allow_origins=["http://a.example"], allow_credentials=True)]
)
def create_app(): return theirs
flask = Flask("web")
blueprint = Blueprint("part", "web")
ours.CORS(blueprint, resources={"/part/*": {"origins": "https://part.example"}})
flask.register_blueprint(blueprint)
@flask.get("/view")
@ours.cross_origin(origins="https://view.example")
def view(): return ""
ours.CORS(flask, origins="https://app.example.com", max_age=600)
flask.wsgi_app = wsgi.CORSMiddleware(flask.wsgi_app, allow_origins="https://outer.example")
""",
    "good.toml": '[policy]\nallow_origins = ["https://app.example.com"]',
    "bad.json": '{"policy": {"allow_origins": ["https://app.example.com/"]}}',
    "bytes.toml": "",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    modules = [name.removesuffix(".py") for name in FILES if name.endswith(".py")]
    importlib.invalidate_caches()
    yield
    for module in modules:
        sys.modules.pop(module, None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments])


@table(
    "targets, status",
    ("nothing wrong", ["policies:good"], 0),
    ("a file", ["good.toml"], 0),
    ("advice does not count", ["policies:advised"], 0),
    ("a warning", ["policies:warned"], 1),
    ("a warning about a key", ["policies:keys"], 1),
    ("a problem in a file", ["bad.json"], 1),
    ("a problem that stops the import", ["wrong:policy"], 1),
    ("a problem that stops the application", ["web:wrong"], 1),
    ("a configuration that is not safe", ["web:unsafe"], 1),
    ("a configuration without a fault", ["web:theirs"], 0),
    ("a factory", ["web:create_app"], 0),
    ("one of two", ["policies:good", "bad.json"], 1),
    ("no such file", ["nothing.toml"], 2),
    ("a file that is no text", ["bytes.toml"], 2),
    ("a URL", ["https://api.example"], 2),
    ("an import that fails", ["broken:app"], 2),
    ("no such module", ["there_is_none:app"], 2),
    ("an application without CORS", ["web:plain"], 2),
    ("an application that cannot start", ["web:failing"], 2),
    ("no target", [], 2),
)
def test_the_exit_status(targets: list[str], status: int) -> None:
    for options in ([], ["--json"]):
        result = run(*targets, *options)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output


def test_what_it_prints(approved: Approve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "about_suffix_list", lambda: "The public suffix list is of today.")
    targets = (
        "policies:resources",
        "policies:warned",
        "policies:advised",
        "wrong:policy",
        "web:unsafe",
        "web:app",
    )
    others = ("web:flask", "bad.json", "nothing.toml", "https://api.example", "web:plain", "broken:app")
    said = [(f"crosscors check {target}", run(target).output) for target in (*targets, *others)]
    folder = str(Path.cwd())
    approved("check", [(why, text.replace(folder, "FOLDER")) for why, text in said])


@each("name", "live", "live_resources", "live_keys")
def test_a_live_policy_is_checked_as_what_it_serves(name: str) -> None:
    plain = "policies:good" if name == "live" else f"policies:{name.removeprefix('live_')}"
    said, expected = run(f"policies:{name}"), run(plain)
    assert said.output.replace(f"policies:{name}", plain) == expected.output
    assert said.exit_code == expected.exit_code


@table(
    "target, in_force",
    (
        "Starlette",
        "web:live",
        [("/api/*", ("*",)), ("/view (the endpoint 'kept')", ("https://view.example",))],
    ),
    (
        "Flask",
        "web:live_flask",
        [
            ("every path", ("https://app.example.com",)),
            ("the view 'live_view'", ("https://view.example",)),
        ],
    ),
)
def test_live_policies_of_applications(target: str, in_force: list[tuple[str, tuple[str, ...]]]) -> None:
    found = check_target(target).in_force
    assert sorted((each.where, each.policy and each.policy.allow_origins) for each in found) == in_force


def test_json() -> None:
    read = json.loads(run("web:unsafe", "policies:good", "--json").stdout)
    assert set(read) == {"targets", "public_suffix_list"}
    assert set(read["public_suffix_list"]) == {"date", "age_in_days", "is_old"}
    unsafe, good = read["targets"]
    keys = {"target", "policies", "trusted_sites", "problems", "warnings", "advice", "equivalents"}
    assert set(unsafe) == set(good) == keys
    assert [each["code"] for each in unsafe["problems"]] == ["wildcard-with-credentials"]
    assert unsafe["equivalents"][0]["library"] == "Starlette's CORSMiddleware"
    assert good["trusted_sites"] == ["example.com"]
    assert good["policies"] == [
        {
            "where": "every path",
            "sentences": [
                "Pages on https://app.example.com may send GET with cookies to every path.",
                "Browsers may keep preflights for 10 minutes.",
            ],
        }
    ]


def test_on_a_terminal_lines_are_wrapped_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")

    monkeypatch.setattr(report, "stdout_console", lambda: Console(highlight=False, markup=False, emoji=False))
    output = run("web:unsafe").output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    assert all(len(line) <= 60 for line in plain.splitlines() if not line.startswith("    #"))
    assert " ".join(plain.split()).count("act as your signed-in users.") == 1
    assert "\x1b[" in output
    assert "\n    List the origins that need credentials:" in output
    assert "\n    send" not in output


@table(
    "days, text, is_old",
    ("today", 0, "0 days old.", False),
    ("a day", 1, "1 day old.", False),
    (
        "too old",
        1000,
        "1000 days old. Newer suffixes are missing. Run: pip install -U publicsuffixlist",
        True,
    ),
)
def test_the_age_of_the_suffix_list(
    days: int, text: str, is_old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date.today() - timedelta(days=days)
    monkeypatch.setattr(publicsuffixlist, "__version__", f"1.0.2.{day:%Y%m%d}")
    assert report.about_suffix_list() == f"The public suffix list is of {day.isoformat()}, {text}"
    found = report.as_json([])["public_suffix_list"]
    assert found == {"date": day.isoformat(), "age_in_days": days, "is_old": is_old}


def test_an_unknown_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publicsuffixlist, "__version__", "1.0")
    assert report.about_suffix_list().endswith("does not say how old the public suffix list is.")
    assert report.as_json([])["public_suffix_list"] == {"date": None, "age_in_days": None, "is_old": None}


def test_what_is_a_problem_is_not_advised_about() -> None:
    [target] = json.loads(run("web:insecure", "--json").stdout)["targets"]
    assert [each["code"] for each in target["problems"]] == ["insecure-origin-with-credentials"]
    assert target["advice"] == []
    assert "# What dangerously_allow accepts is not safe." in target["equivalents"][0]["code"]


def test_without_the_list_no_sites_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_: CORSPolicy) -> tuple[str, ...]:
        raise PolicyError(())

    monkeypatch.setattr(CORSPolicy, "trusted_sites", property(unreadable))
    checked = Checked((InForce("every path", CORSPolicy()),))
    assert report.report_on("target", checked).trusted_sites == ()


def test_starlette_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "starlette.applications")
    monkeypatch.delitem(sys.modules, "starlette.routing")
    app = wsgi.CORSMiddleware(lambda environ, start_response: [], allow_origins="*")
    assert [each.where for each in of_application(app)] == ["every path"]


@each("name", "web:app", "policies:resources")
def test_each_policy_is_said_once(name: str) -> None:
    places = [each.where for each in check_target(name).in_force]
    assert len(places) == len(set(places))
