"""Words: what the reader of a message calls the options.

A developer with a FastAPI application writes ``allow_methods=["PUT"]``, one with Django settings writes
``CORS_ALLOW_METHODS = ["PUT"]``. Every sentence that names an option is written in the words of its reader,
so that its advice can be pasted.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Everyone(NamedTuple):
    """How a reader allows every origin.

    Attributes:
        option: the option that says so, such as ``CORS_ALLOW_ALL_ORIGINS``.
        text: what the reader wrote, such as ``CORS_ALLOW_ALL_ORIGINS = True``.
        remark: the beginning of a sentence for a reader who did not write it; empty otherwise.
    """

    option: str
    text: str
    remark: str = ""


class Words(Protocol):
    """What one reader calls the options of CORSPolicy."""

    def name(self, option: str) -> str:
        """The option as the reader knows it, such as ``CORS_ALLOW_METHODS``."""
        ...

    def setting(self, option: str, value: str) -> str:
        """The text that gives the option this value, such as ``CORS_ALLOW_METHODS = ["PUT"]``."""
        ...

    def everyone(self) -> Everyone:
        """How the reader allows every origin."""
        ...


class _Keywords:
    """The options as keywords of a Python call: the words of CORSPolicy itself."""

    def name(self, option: str) -> str:
        return option

    def setting(self, option: str, value: str) -> str:
        return f"{option}={value}"

    def everyone(self) -> Everyone:
        return Everyone("allow_origins", "'*' in allow_origins")


KEYWORDS: Words = _Keywords()
