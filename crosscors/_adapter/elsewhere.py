"""Names that people import from the wrong module, and the right imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn


def names_elsewhere(module: str, right_imports: Mapping[str, str]) -> Callable[[str], NoReturn]:
    """A ``__getattr__`` for the module, which names the right import.

    Args:
        module: the name of the module.
        right_imports: the line to write instead, for each name that the module does not have.

    >>> names_elsewhere("shop", {"cake": "from bakery import cake"})("cake")
    Traceback (most recent call last):
    ...
    ImportError: shop has no cake. Write: from bakery import cake
    """

    def get(name: str) -> NoReturn:
        if name in right_imports:
            # Python would replace an AttributeError by an ImportError that says less.
            raise ImportError(f"{module} has no {name}. Write: {right_imports[name]}", name=name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return get
