"""The four stacks: the same application, each with the adapter that crosscors has for its stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from crosscors.core.policy import CORSPolicy
from crosscors.core.protection import CrossOriginProtection


@dataclass(frozen=True)
class Served:
    """What an application is made with.

    Attributes:
        policy: the policy.
        protect: the cross-origin protection; None if it is off.
        debug: whether refused responses say why.
    """

    policy: CORSPolicy
    protect: CrossOriginProtection | None = None
    debug: bool = True


@dataclass(frozen=True)
class Stack:
    """One stack.

    Attributes:
        id: its name in data: ``"asgi"``.
        name: its name for people.
        server: what serves it.
        package: the package that it needs besides the server; None if it needs none.
    """

    id: str
    name: str
    server: str
    package: str | None = None

    @property
    def is_installed(self) -> bool:
        """Whether its package is there."""
        return self.package is None or find_spec(self.package) is not None

    def application(self, served: Served) -> Any:
        """The application. Only the last one that was made for Django works: Django has one configuration."""
        make: Callable[[Served], Any] = import_module(f"{__name__}.on_{self.id}").application
        return make(served)


ASGI = "asgi"
STACKS = (
    Stack(ASGI, "ASGI", "uvicorn"),
    Stack("wsgi", "WSGI", "waitress"),
    Stack("flask", "Flask", "waitress", "flask"),
    Stack("django", "Django", "waitress", "django"),
)
