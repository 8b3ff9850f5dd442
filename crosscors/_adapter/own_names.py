"""Settings of a project whose names resemble those of crosscors, such as ``CORS_ALLOWED_ORIGINS_ENV``.

They are harmless where the right name is there as well. Otherwise they may be misspelled, and the policy
lacks what they say.
"""

from __future__ import annotations

from crosscors.core.errors import Problem
from crosscors.core.values import Findings

_PREFIX = "CORS_"
# Words that look like a misspelled setting, but are words.
OTHER_WORDS = frozenset({"PROJECT", "PROJECTS"})


def check_resembling(name: str, value: object, resembled: tuple[str, ...], written: str) -> Findings:
    """A warning about a name that resembles a setting which is there, unless it is derived from its name.

    Args:
        name: the name.
        value: its value.
        resembled: the names of the setting.
        written: what is there, such as ``CORS_ALLOWED_ORIGINS``.
    """
    if any(is_derived(name, each) for each in resembled):
        return Findings()
    message = f"is not a setting of crosscors, and is not read. The policy uses {written}."
    hint = "Leave it out. If the project itself reads it, give it a name that does not begin with CORS_."
    return Findings(warnings=(Problem("unknown-option", name, value, message, hint),))


def is_derived(name: str, setting: str) -> bool:
    """Whether the name is that of the setting with more words before or after it.

    >>> is_derived("CORS_ALLOWED_ORIGINS_ENV", "CORS_ALLOWED_ORIGINS")
    True
    >>> is_derived("CORS_ALLOWED_ORIGIN", "CORS_ALLOWED_ORIGINS")
    False
    """
    return f"_{setting.removeprefix(_PREFIX)}_" in f"_{name.removeprefix(_PREFIX)}_"
