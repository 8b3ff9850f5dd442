"""The playground: the stacks with the policy of the moment, and one run after the other."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosscors.cli.demo.input import Composed, Edited
from crosscors.cli.demo.prediction import Prediction, predict
from crosscors.cli.demo.records import Records
from crosscors.cli.demo.stacks import STACKS, Served, Stack
from crosscors.core.policy import CORSPolicy
from crosscors.core.protection import CrossOriginProtection
from crosscors.testing import EngineName


@dataclass(frozen=True)
class Live:
    """What is live.

    Attributes:
        run: the run that made it so.
        applications: the application of each stack, by its id.
    """

    run: str
    applications: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One run: a policy went live, and each stack is about to get the same request.

    Attributes:
        id: its id, which is also in the URLs.
        urls: where to send the request, by stack.
        predictions: what the simulated browser says, by stack.
    """

    id: str
    urls: Mapping[str, str]
    predictions: Mapping[str, Prediction]


def served(policy: CORSPolicy, edited: Edited) -> Served:
    """What the applications are made with."""
    protect = CrossOriginProtection(report_only=edited.protect == "report") if edited.protect else None
    return Served(policy, protect, edited.debug)


@dataclass
class Playground:
    """The stacks with the policy of the moment.

    Attributes:
        addresses: the address of each stack that is installed, by its id.
        records: what the servers saw.
    """

    addresses: Mapping[str, str]
    records: Records = field(default_factory=Records)
    _live: Live = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._live = self._made("", Served(CORSPolicy()))

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """The stacks that are installed."""
        return tuple(each for each in STACKS if each.id in self.addresses)

    def find(self, name: str) -> tuple[str, Any]:
        """The run whose policy is live, and the application of the stack with this id."""
        live = self._live
        return live.run, live.applications[name]

    def run(self, served: Served, composed: Composed, origin: str, engine: EngineName | None) -> Run:
        """Make the policy live on all stacks, and predict what a page of this origin gets.

        Every run has URLs of its own. So nothing that a browser keeps from an earlier run, such as a
        preflight, has an effect.
        """
        run = secrets.token_hex(4)
        urls = {name: f"{address}{composed.path}?run={run}" for name, address in self.addresses.items()}
        self.records.begin(run)
        # Django has one configuration, so nobody may change it before the prediction is made.
        with self._lock:
            self._live = tried = self._made(run, served)
            predictions = {
                each.id: predict(composed, origin, urls[each.id], each, tried.applications[each.id], engine)
                for each in self.stacks
            }
            # New ones, because some messages are logged only once.
            self._live = self._made(run, served)
        return Run(run, urls, predictions)

    def _made(self, run: str, served: Served) -> Live:
        return Live(run, {stack.id: stack.application(served) for stack in self.stacks})
