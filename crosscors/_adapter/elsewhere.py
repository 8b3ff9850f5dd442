"""Names that people look for in the wrong module, and where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn


def names_elsewhere(module: str, right_imports: Mapping[str, str]) -> Callable[[str], NoReturn]:
    """A ``__getattr__`` for the module, which names the right import.

    Args:
        module: the name of the module.
        right_imports: for each name that it does not have, the line to write instead.

    >>> names_elsewhere("shop", {"cake": "from bakery import cake"})("cake")
    Traceback (most recent call last):
    ...
    ImportError: shop has no cake. Write: from bakery import cake
    """

    def get(name: str) -> NoReturn:
        if name in right_imports:
            # Not an AttributeError, of which Python makes an error that says less.
            raise ImportError(f"{module} has no {name}. Write: {right_imports[name]}", name=name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return get
