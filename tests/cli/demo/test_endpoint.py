"""What the page of the playground talks to: it answers the page, and nobody else."""

from __future__ import annotations

from .playing import Demo, ask

POLICY = {"policy": {"allow_origins": ["https://app.example.com"]}}


def test_the_page_learns_the_stacks_and_the_origins(demo: Demo) -> None:
    facts = demo.get("/facts.json").content
    assert {each["id"]: each["address"] for each in facts["stacks"]} == demo.stacks
    first = facts["origins"][0]
    assert ask(first["address"].removeprefix("http://"), "GET", "/", {}).status == 200


def test_a_policy_is_checked(demo: Demo) -> None:
    said = demo.post("/check", POLICY)
    assert said.status == 200
    assert said.content["problems"] == []
