"""The story of a pasted sentence: what it means, what causes it, and what the server says today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from crosscors.cli.explain.causes import Cause, causes_of, meaning_of
from crosscors.cli.explain.console import ConsoleSentence
from crosscors.cli.explain.story import Story, StoryStep
from crosscors.testing.engines import EngineName

_NAMES: dict[EngineName, str] = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "Safari"}


def unplayed_story(sentence: ConsoleSentence, hint: str) -> Story:
    """The story without a verdict: nothing was sent."""
    unjudged = "nothing was sent."
    return Story(None, sentence.reason, (_said(sentence),), hint, unjudged=unjudged, causes=_causes(sentence))


def told_by(sentence: ConsoleSentence, story: Story) -> Story:
    """The story of the request that was played, and what the console said before."""
    steps = (_said(sentence), *story.steps)
    if story.verdict is not None and not _is_same(sentence, story):
        text = (
            "This is not what the browser said. Perhaps the page sends another method, other headers or"
            " cookies: write -X, -H and --credentials. Or the server has changed since."
        )
        steps = (*steps, StoryStep("note", text))
    return replace(story, steps=steps, causes=_causes(sentence))


def _is_same(sentence: ConsoleSentence, story: Story) -> bool:
    if sentence.reason in {None, "no-response"}:  # Firefox says so after each preflight that fails
        return story.verdict == "blocked"
    return story.reason in {sentence.reason, *sentence.others}


def _causes(sentence: ConsoleSentence) -> tuple[Cause, ...]:
    reasons = (sentence.reason, *sentence.others)
    causes = (
        causes_of(reason, is_preflight=sentence.is_preflight, origin=sentence.origin) for reason in reasons
    )
    return tuple(dict.fromkeys(chain.from_iterable(causes)))


def _said(sentence: ConsoleSentence) -> StoryStep:
    preflight = "the preflight" if sentence.is_preflight else None
    about = " to ".join(each for each in (preflight, sentence.url) if each)
    says = f"{_NAMES[sentence.engine]} says{about and f' about {about}'}: {_meaning(sentence)}"
    names = [f" The {what} is {name}." for what, name in _names(sentence) if name is not None]
    details = {
        "engine": sentence.engine,
        "reason": sentence.reason,
        "url": sentence.url,
        "origin": sentence.origin,
        "method": sentence.method,
        "header": sentence.header,
        "value": sentence.value,
        "status": sentence.status,
        "preflight": sentence.is_preflight,
    }
    return StoryStep("console", "".join([says, *names]), details)


def _meaning(sentence: ConsoleSentence) -> str:
    """What the sentence means. WebKit has one sentence for several reasons."""
    if sentence.engine == "webkit" and sentence.reason == "allow-origin-missing":
        return "Access-Control-Allow-Origin is missing, or it does not name the origin of the page."
    return meaning_of(sentence.reason)


def _names(sentence: ConsoleSentence) -> Iterator[tuple[str, str | int | None]]:
    yield "origin of the page", sentence.origin
    yield "method", sentence.method
    yield "header", sentence.header
    is_space = sentence.reason == "local-network-access"
    yield ("address space", sentence.value) if is_space else ("value", _quoted(sentence.value))
    yield "status", sentence.status


def _quoted(value: str | None) -> str | None:
    return value if value is None else f"'{value}'"
