"""Words: what the reader of a message calls the options.

A developer with a FastAPI application writes ``allow_methods=["PUT"]``, one with Django settings writes
``CORS_ALLOW_METHODS = ["PUT"]``. Every sentence that names an option is written in the words of its reader,
so that its advice can be pasted.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

LEAVE_OUT = "Leave it out."


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


class Expressions(NamedTuple):
    """Expressions that stand among the origins as strings, each as a text to paste.

    Attributes:
        own: those of the entry that the message is about.
        every: those of all entries.
        joined: those of all entries, and the one that is given, as one.
        origins: the origins in the same entry, if it is a list in one string.
    """

    own: tuple[str, ...]
    every: tuple[str, ...]
    joined: str
    origins: tuple[str, ...] = ()

    def beside_origins(self, text: str) -> str:
        """The text for the expressions, after the origins of the entry."""
        listed = ", ".join(f'"{each}"' for each in self.origins)
        return f"[{listed}] and {text}" if self.origins else text


class Words(Protocol):
    """What one reader calls the options of CORSPolicy."""

    def name(self, option: str) -> str:
        """The option as the reader knows it, such as ``CORS_ALLOW_METHODS``."""
        ...

    def setting(self, option: str, value: str) -> str:
        """The text that gives the option this value, such as ``CORS_ALLOW_METHODS = ["PUT"]``."""
        ...

    def expressions(self, found: Expressions) -> str:
        """The text that allows what these expressions match. To follow several messages keeps all of them."""
        ...

    def everyone(self) -> Everyone:
        """How the reader allows every origin."""
        ...

    def nothing(self, option: str) -> str:
        """What to do about an option with a value that means nothing. It must not open what was closed."""
        ...


class _Keywords:
    """The options as keywords of a Python call: the words of CORSPolicy itself."""

    def name(self, option: str) -> str:
        return "Resources({...})" if option == "resources" else option

    def setting(self, option: str, value: str) -> str:
        return f"{option}={value}"

    def expressions(self, found: Expressions) -> str:
        return found.beside_origins(self.setting("allow_origin_regex", found.joined))

    def everyone(self) -> Everyone:
        return Everyone("allow_origins", "'*' in allow_origins")

    def nothing(self, option: str) -> str:
        return LEAVE_OUT  # the default of the core allows nothing more


KEYWORDS: Words = _Keywords()
