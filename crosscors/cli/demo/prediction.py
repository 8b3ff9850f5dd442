"""What the simulated browser says before the real one is asked, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from crosscors.cli.demo.input import Composed
from crosscors.cli.demo.stacks import ASGI, Stack
from crosscors.cli.explain.asked import Asked
from crosscors.cli.explain.hints import hint_for
from crosscors.cli.explain.playing import Played, play
from crosscors.cli.explain.serving import Served as ServedInProcess
from crosscors.cli.explain.story import story_of
from crosscors.cli.targets import Target
from crosscors.testing import Browser, EngineName, Exchange, Page
from crosscors.testing.urls import parse

# A form or beacon is "served" or "refused". CORS has no say in them, only the protection has.
Outcome = Literal["read", "blocked", "served", "refused"]


@dataclass(frozen=True)
class Prediction:
    """What a page will get.

    Attributes:
        outcome: ``"read"`` or ``"blocked"`` for a fetch, ``"served"`` or ``"refused"`` for a form or beacon.
        status: the status that the page can read, or that the server sends; None if there is none.
        readable: the headers of the application that the script can read, in lower case.
        wire: method and status of each request, in order.
        steps: the explanation.
        hint: what to change; None if nothing has to be changed.
        console: what the console of Chromium says; None if it says nothing.
    """

    outcome: Outcome
    status: int | None
    readable: tuple[str, ...]
    wire: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]
    hint: str | None = None
    console: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The prediction for the page."""
        return {**vars(self)}


def predict(
    composed: Composed, origin: str, url: str, stack: Stack, app: Any, engine: EngineName | None
) -> Prediction:
    """What a page of this origin gets from the application."""
    address = parse(url).origin
    if composed.kind != "fetch":
        return _of_post(composed, Browser(app, address, engine=engine).page(origin), url)
    asked = Asked(origin, url, composed.method, composed.headers, composed.body or None, composed.credentials)
    served = ServedInProcess(app, address, is_asgi=stack.id == ASGI)
    played = play(asked, served, engine, is_dry=False)
    return _of_fetch(played, Target(stack.name, "application", app))


def _of_fetch(played: Played, target: Target) -> Prediction:
    story = story_of(played, hint_for(played, target))
    response = played.response
    steps = tuple(step.as_json() for step in story.steps)
    wire = _wire(played.exchanges)
    if response is None:
        return Prediction("blocked", None, (), wire, steps, story.hint, story.message)
    readable = tuple(name for name in response.headers if name.startswith("x-"))
    return Prediction("read", response.status, readable, wire, steps, story.hint)


def _of_post(composed: Composed, page: Page, url: str) -> Prediction:
    is_form = composed.kind == "form"
    exchange = page.submit_form(url, {"text": composed.body}) if is_form else page.beacon(url, composed.body)
    status, logged = exchange.response.status, exchange.response.logged
    is_refused = status == HTTPStatus.FORBIDDEN
    texts = [
        _FORM if is_form else _BEACON,
        (_REFUSED if is_refused else _SERVED).format(status),
        *([logged[0].upper() + logged[1:]] if logged else []),
    ]
    return Prediction(
        "refused" if is_refused else "served",
        status,
        (),
        _wire((exchange,)),
        tuple({"kind": "request", "text": text} for text in texts),
        None if is_refused else _HINT,
    )


_FORM = "A form post leads the user to the response. CORS has no say in it, and there is no preflight."
_BEACON = "The page does not see the response to a beacon, so CORS has no say in it."
_REFUSED = "The cross-origin protection refuses the request ({}). It does not reach the application."
_SERVED = "The request reaches the application ({})."
_HINT = "With protect=True, the server refuses such requests from pages that the policy does not trust."


def _wire(exchanges: tuple[Exchange, ...]) -> tuple[str, ...]:
    return tuple(f"{each.request.method} {each.response.status}" for each in exchanges)
