"""How options are spelled where they are given: as keywords, in the configuration, in a dict of options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from crosscors.core.words import Everyone

# Flask-CORS's names. It calls all other options as the core does.
CORE_NAMES = {
    "origins": "allow_origins",
    "methods": "allow_methods",
    "supports_credentials": "allow_credentials",
}
_FLASK_NAMES = {core_name: name for name, core_name in CORE_NAMES.items()}

# How a place gives a value to an option.
AS_KEYWORD = "{}={}"
IN_CONFIG = "{} = {}"
IN_DICT = '"{}": {}'


class Label(NamedTuple):
    """How an option is spelled where it is given.

    Attributes:
        name: such as ``origins`` or ``CORS_ORIGINS``.
        form: how its place gives it a value.
    """

    name: str
    form: str = AS_KEYWORD


class FlaskWords:
    """How the reader calls the options of one policy.

    Args:
        labels: of the options that are given, by the core's names.
        place: what the policy belongs to, such as ``resources['/api/*']``; empty for an application.
        form: how an option that is not given would be.
    """

    def __init__(self, labels: Mapping[str, Label], place: str = "", form: str = AS_KEYWORD) -> None:
        self._labels = labels
        self._place = place
        self._form = form

    def name(self, option: str) -> str:
        return f"{self._place} {self._label(option).name}".lstrip()

    def setting(self, option: str, value: str) -> str:
        if self._is_among_origins(option) and not value.startswith("re.compile("):
            value = f"re.compile({value})"
        name, form = self._label(option)
        return form.format(name, value)

    def everyone(self) -> Everyone:
        name = self.name("allow_origins")
        remark = "" if "allow_origins" in self._labels else 'they are "*" unless given, and '
        return Everyone(name, f"'*' in {name}", remark)

    def _label(self, option: str) -> Label:
        if self._is_among_origins(option):
            return self._label("allow_origins")
        return self._labels.get(option) or Label(_FLASK_NAMES.get(option, option), self._form)

    def _is_among_origins(self, option: str) -> bool:
        """Whether Flask-CORS's users write this among the origins, because they do not know the option."""
        return option == "allow_origin_regex" and option not in self._labels
