"""The types of ASGI.

Standard: ASGI, "Applications".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Each framework has its own types for the three. None of them fits all the others.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
