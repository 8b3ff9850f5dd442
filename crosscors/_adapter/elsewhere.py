"""Names that people import from the wrong module, and the right imports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NoReturn


def names_elsewhere(module: str, right_imports: Mapping[str, str]) -> Callable[[str], NoReturn]:
    """A ``__getattr__`` for the module, which names the right import.

    It knows the public names of ``crosscors`` itself, such as CORSPolicy. If the module itself is called,
    for example by Django because it is in MIDDLEWARE, the error says what to write.

    Args:
        module: the name of the module.
        right_imports: the line to write instead, for each other name that the module does not have.

    >>> names_elsewhere("shop", {"cake": "from bakery import cake"})("cake")
    Traceback (most recent call last):
    ...
    ImportError: shop has no cake. Write: from bakery import cake
    """

    def get(name: str) -> NoReturn:
        import crosscors  # noqa: PLC0415  # it imports this module

        right = right_imports.get(name)
        if right is None and name in crosscors.__all__:
            right = f"from crosscors import {name}"
        public: list[str] = getattr(sys.modules.get(module), "__all__", [])
        right = right or next((f"from {module} import {each}" for each in public if _alike(each, name)), None)
        if right is not None:
            # Python would replace an AttributeError by an ImportError that says less.
            raise ImportError(f"{module} has no {name}. Write: {right}", name=name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    if module in sys.modules:
        sys.modules[module].__class__ = _Module  # documented in "Customizing module attribute access"
    return get


def _alike(name: str, other: str) -> bool:
    return name.lower() == other.lower()


class _Module(ModuleType):
    """A module that is called in place of the adapter in it."""

    def __call__(self, *_: object, **__: object) -> NoReturn:
        adapter = "CORS" if "CORS" in self.__all__ else "CORSMiddleware"
        raise TypeError(f"{self.__name__} is a module. Write {self.__name__}.{adapter}")
