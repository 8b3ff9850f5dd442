"""The story as text for people."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from crosscors.cli.explain.story import Story, StoryStep
from crosscors.cli.output import stdout_console, styled

_MOST_HEADERS = 30
# Headers that have a part in CORS. JSON has all.
_SHOWN = frozenset(
    {"authorization", "content-type", "cookie", "location", "origin", "server", "set-cookie", "vary"}
)
_SHOWN_PREFIXES = ("access-control-", "x-cors-")


def print_story(story: Story, title: str) -> None:
    """Write the story to standard output."""
    console = stdout_console()
    console.print(styled((title, "bold")))
    console.print()
    for line in _lines(story):
        console.print(_hanging(line, console) if _is_terminal() else line)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _hanging(line: Text, console: Console) -> Text:
    """The line, wrapped so that what follows begins where its first word does, and not below the number."""
    lead = _LEAD.match(line.plain)
    if lead is None:
        return line
    width = max(console.width - lead.end(), _NARROWEST)
    first, *others = line[lead.end() :].wrap(console, width)
    blanks = Text(" " * lead.end())
    wrapped = [line[: lead.end()] + first, *(blanks + each for each in others)]
    for each in wrapped:
        each.rstrip()
    return Text("\n").join(wrapped)


_NARROWEST = 20  # characters

# What stands before the first word of a step, a check, a note, a remedy; before a header, it is blanks alone.
_LEAD = re.compile(r"\d+\. |   (?:pass|FAIL)  |   (?:Note|Do): | +")


def _lines(story: Story) -> Iterator[Text]:
    number = 0
    for step in story.steps:
        if step.kind == "check":
            yield _check(step)
        elif step.kind == "note":
            yield styled(("   Note: ", "cyan"), step.text)
        else:
            number += 1
            yield styled((f"{number}. ", "bold"), (step.text, "red" if step.kind == "failure" else ""))
            yield from _headers(step)
    yield styled()
    yield _verdict(story)
    if story.message:
        yield styled(("Chromium's console: ", "bold"), story.message)
    if story.hint:
        yield styled(("Hint: ", "bold"), story.hint)
    if story.causes:
        yield styled()
        yield styled(("Possible causes, the most likely first:", "bold"))
    for number, each in enumerate(story.causes or (), 1):
        yield styled((f"{number}. ", "bold"), each.cause)
        yield styled(("   Do: ", "cyan"), each.remedy)


def _check(step: StoryStep) -> Text:
    passed = step.details["passed"]
    mark = ("pass", "green") if passed else ("FAIL", "bold red")
    where = f"  ({step.details['section']}, step {step.details['step']})"
    return styled("   ", mark, f"  {step.text}", (where, "dim"))


def _headers(step: StoryStep) -> Iterator[Text]:
    headers: list[tuple[str, str]] = step.details.get("headers", [])
    shown = [(name, value) for name, value in headers if _is_shown(name, is_sent=step.kind == "request")]
    for name, value in shown[:_MOST_HEADERS]:
        yield styled("      ", (f"{name}: ", "dim"), value)
    if len(shown) > _MOST_HEADERS:
        yield styled(f"      ... ({len(shown)} headers)")


def _is_shown(name: str, *, is_sent: bool) -> bool:
    """Whether the header has a part in CORS, or the script has set it."""
    lowered = name.lower()
    if lowered in _SHOWN or lowered.startswith(_SHOWN_PREFIXES):
        return True
    return is_sent and not lowered.startswith("sec-") and lowered not in _OF_BROWSER


_OF_BROWSER = frozenset({"accept", "cache-control", "pragma", "referer", "user-agent"})


def _verdict(story: Story) -> Text:
    match story.verdict:
        case "allowed":
            return styled(("Allowed: ", "bold green"), "the page may read the response.")
        case "blocked":
            why = f" by CORS ({story.reason})." if story.reason else ", but not by CORS."
            return styled(("Blocked", "bold red"), why)
        case _:
            return styled(("No verdict: ", "bold yellow"), story.unjudged or "")
