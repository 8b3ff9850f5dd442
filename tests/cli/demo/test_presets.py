"""The presets: each does what its text says, and its fix is what the hint says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from crosscors.cli.check.elsewhere.theirs import code
from crosscors.cli.demo.presets import PRESETS, Preset
from tests.conftest import Approve

from .playing import Demo

NO_START = "no start"
# What becomes of each: what happens on the four stacks, and after the fix.
EXPECTED = {
    "star-with-cookies": (NO_START, ["read 200"] * 4),
    "slash-at-the-end": (NO_START, ["read 200"] * 4),
    "list-in-one-string": (NO_START, ["read 200"] * 4),
    "another-name": (["blocked"] * 4, ["read 200"] * 4),
    "authorization-not-allowed": (["blocked"] * 4, ["read 200"] * 4),
    "method-not-listed": (["blocked"] * 4, ["read 200"] * 4),
    "credentials-not-allowed": (["blocked"] * 4, ["read 200"] * 4),
    "open-expression": (NO_START, ["read 200"] * 4),
    "crash": (["blocked", "blocked", "read 500", "read 500"], None),
    "form-post": (["served 200"] * 4, ["refused 403"] * 4),
}


def with_origins(demo: Demo, value: object) -> Any:
    text = json.dumps(value)
    for origin in demo.get("/facts.json").content["origins"]:
        text = text.replace(f"{{{origin['id']}}}", origin["origin"])
    return json.loads(text)


def run(demo: Demo, state: Any) -> Any:
    said = demo.post("/run", state)
    assert said.status == 200, said.content
    return said.content


def outcomes(content: Any) -> object:
    if content["run"] is None:
        return NO_START
    return [
        f"{each['outcome']} {each['status'] or ''}".strip()
        for each in (content["predictions"][stack] for stack in ("asgi", "wsgi", "flask", "django"))
    ]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_it_does_what_it_says(demo: Demo, preset: Preset) -> None:
    state = with_origins(demo, preset.as_json()["state"])
    content = run(demo, state)
    happens, after = EXPECTED[preset.id]
    assert outcomes(content) == happens
    assert preset.what.startswith("The policy does not start.") is (happens == NO_START)
    assert (preset.fix is None) is (after is None)
    if preset.fix is None:
        return
    fix = with_origins(demo, preset.fix)
    mended = {**state, **fix, "policy": {**state["policy"], **fix.get("policy", {})}}
    fixed = run(demo, mended)
    assert outcomes(fixed) == after
    assert not fixed["warnings"]


@pytest.mark.parametrize("preset", [each for each in PRESETS if each.fix], ids=lambda preset: preset.id)
def test_its_fix_is_the_hint(demo: Demo, preset: Preset) -> None:
    content = run(demo, with_origins(demo, preset.as_json()["state"]))
    hints = [each["hint"] for each in content["problems"]]
    hints += [each["hint"] for each in content.get("predictions", {}).values()]
    fix = with_origins(demo, preset.fix)
    options = {**fix.get("policy", {}), **({"protect": fix["protect"]} if "protect" in fix else {})}
    if preset.id == "star-with-cookies":  # it cannot know which origin needs credentials
        options = {"allow_credentials": ["https://app.example.com"]}
    for value in options.values():
        assert all(code(value).strip("[]") in hint.replace("'", '"') for hint in hints)


def test_what_people_read(demo: Demo, approved: Approve) -> None:
    approved("demo_presets", ((preset.title, without_ports(demo, texts(demo, preset))) for preset in PRESETS))


def texts(demo: Demo, preset: Preset) -> str:
    content = run(demo, with_origins(demo, preset.as_json()["state"]))
    lines = [preset.what, preset.why]
    lines += [f"Problem {each['option']}: {each['message']} {each['hint']}" for each in content["problems"]]
    predictions = [explanation(demo, each) for each in content.get("predictions", {}).values()]
    lines += [f"\n{each}" for each in dict.fromkeys(predictions)]
    return "\n".join(lines)


def explanation(demo: Demo, prediction: Any) -> str:
    lines = [step["text"] for step in prediction["steps"]]
    lines += [f"What to do: {prediction['hint']}"] if prediction["hint"] else []
    return without_ports(demo, "\n".join(lines))


def without_ports(demo: Demo, text: str) -> str:
    """The text with the same addresses in every run."""
    for origin in demo.get("/facts.json").content["origins"][:-1]:
        text = text.replace(origin["origin"], f"{{{origin['id']}}}")
    for address in demo.stacks.values():
        text = text.replace(address, "{api}")
    return re.sub(r"run=\w+", "run=...", text)


def test_there_are_ten() -> None:
    assert [each.id for each in PRESETS] == [*EXPECTED]
    assert len(PRESETS) == 10
