"""How messages write options: as keywords, as in the configuration, or as in a dict of options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from crosscors.core.unnamed import Call, as_resources
from crosscors.core.words import LEAVE_OUT, Everyone, Expressions

# Flask-CORS's names. All other options have the same name in the core.
CORE_NAMES = {
    "origins": "allow_origins",
    "methods": "allow_methods",
    "supports_credentials": "allow_credentials",
}
FLASK_NAMES = {core_name: name for name, core_name in CORE_NAMES.items()}

# How each place writes an option and its value.
AS_KEYWORD = "{}={}"
IN_CONFIG = "{} = {}"
IN_DICT = '"{}": {}'


def call_in_flask(form: str) -> Call:
    """A call that takes options by Flask's names and the core's, and a dict of paths as ``resources``."""
    return Call(form, origins="origins", name=str, by_path=as_resources)


# The options of which Flask-CORS's default allows everything, and how to allow next to nothing.
CLOSED = {"allow_origins": "[]", "allow_methods": '["GET"]', "allow_headers": "[]"}
_OTHERS_ABOUT_ORIGINS = frozenset({"allow_origins", "allow_origin_func"})


class Label(NamedTuple):
    """How an option is spelled where it is given.

    Attributes:
        name: such as ``origins`` or ``CORS_ORIGINS``.
        form: how its place writes the name and a value.
    """

    name: str
    form: str = AS_KEYWORD


class FlaskWords:
    """How the reader of a message calls the options of one policy.

    Args:
        labels: how the given options are spelled, by the core's names.
        place: what the policy belongs to, such as ``resources['/api/*']``; empty for an application.
        form: how to write an option that is not given.
        has_several_origins: whether there is a list of origins. Then an expression is written as one of
            them, so that it does not replace the others.
    """

    def __init__(
        self,
        labels: Mapping[str, Label],
        place: str = "",
        form: str = AS_KEYWORD,
        *,
        has_several_origins: bool = False,
    ) -> None:
        self._labels = labels
        self._place = place
        self._form = form
        self._has_several_origins = has_several_origins

    def name(self, option: str) -> str:
        name, form = self._label(option)
        # The place has those of its own form. What comes from further out is wrong there, not here.
        is_of_place = form == self._form and (option != "resources" or form == IN_DICT)
        return self._at_place(name) if is_of_place else name

    def _at_place(self, name: str) -> str:
        return f"{self._place} {name}".lstrip()

    def setting(self, option: str, value: str) -> str:
        if self._is_among_origins(option) and not value.startswith("re.compile("):
            value = f"re.compile({value})"
        if self._is_among_origins(option) and self._has_several_origins:
            return value
        name, form = self._label(option)
        return form.format(name, value)

    def expressions(self, found: Expressions) -> str:
        # They may stand among the origins, but compiled.
        texts = [f'"{each}"' for each in found.origins] + [f"re.compile({each})" for each in found.own]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"

    def everyone(self) -> Everyone:
        # Wherever the origins come from: what is wrong is that this place gives credentials to them.
        name = self._at_place(self._label("allow_origins").name)
        remark = "" if "allow_origins" in self._labels else 'the default is "*", and '
        return Everyone(name, f"'*' in {name}", remark)

    def nothing(self, option: str) -> str:
        # Flask-CORS's defaults allow everything. An expression is instead of origins.
        is_alone = option == "allow_origin_regex" and _OTHERS_ABOUT_ORIGINS.isdisjoint(self._labels)
        option = "allow_origins" if is_alone else option
        closed = CLOSED.get(option)
        return LEAVE_OUT if closed is None else f"Write {self.setting(option, closed)}."

    def _label(self, option: str) -> Label:
        if self._is_among_origins(option):
            return self._label("allow_origins")
        return self._labels.get(option) or Label(FLASK_NAMES.get(option, option), self._form)

    def _is_among_origins(self, option: str) -> bool:
        """Whether the option is the regular expression, and the reader wrote it among the origins."""
        return option == "allow_origin_regex" and option not in self._labels
