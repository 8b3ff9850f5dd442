"""What readers of settings.py call the options of a policy, so that they can paste what messages say.

Policies keep these objects (see crosscors/core/words.py), so they can be copied and pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crosscors.core.words import KEYWORDS, LEAVE_OUT, Everyone, Expressions
from crosscors.django import names

_SETTINGS = {option: name for name, option in names.OPTIONS.items()} | {
    "debug": names.DEBUG,
    "on_decision": names.ON_DECISION,
    "protect": names.PROTECT,
    "resources": names.RESOURCES,
}


@dataclass(frozen=True)
class SettingWords:
    """The options as settings: ``CORS_ALLOW_METHODS = ["PUT"]``.

    Attributes:
        written: the name that the project wrote for each setting. It may be an old name.
        allows_all: whether CORS_ALLOW_ALL_ORIGINS allows every origin.
        is_about_one: whether the message is about one of several expressions, so that what it says to write
            does not replace the others.
    """

    written: Mapping[str, str]
    allows_all: bool
    is_about_one: bool = False

    def name(self, option: str) -> str:
        setting = _SETTINGS.get(option, option)
        if option == "resources" and names.URLS_REGEX in self.written:
            setting = names.URLS_REGEX
        return self.written.get(setting, setting)

    def setting(self, option: str, value: str) -> str:
        if option == "allow_origins" and value == '"*"':
            return f"{self.name(names.ALL_ORIGINS)} = True"
        if option == "allow_origin_regex":
            return value if self.is_about_one else f"{self.name(option)} = [{value}]"
        return f"{self.name(option)} = {value}"

    def expressions(self, found: Expressions) -> str:
        is_given = _SETTINGS["allow_origin_regex"] in self.written
        every = ", ".join(("...", *found.every) if is_given else found.every)
        return found.beside_origins(self.setting("allow_origin_regex", every))

    def everyone(self) -> Everyone:
        if self.allows_all:
            name = self.name(names.ALL_ORIGINS)
            return Everyone(name, f"{name} = True")
        name = self.name("allow_origins")
        return Everyone(name, f"'*' in {name}")

    def nothing(self, option: str) -> str:
        # Without these settings, the defaults of django-cors-headers hold, which allow more.
        closed = {"allow_methods": '["GET"]', "allow_headers": "[]"}.get(option)
        return LEAVE_OUT if closed is None else f"Write {self.setting(option, closed)}."


@dataclass(frozen=True)
class PlaceWords:
    """The options of one policy inside a setting: ``"allow_methods": ["PUT"]`` in a dict.

    Attributes:
        place: where the policy stands, such as ``CORS_POLICY``.
        is_dict: True if the policy is a dict of options, False if it is a CORSPolicy.
    """

    place: str
    is_dict: bool

    def name(self, option: str) -> str:
        return names.RESOURCES if option == "resources" else f'{self.place}["{option}"]'

    def setting(self, option: str, value: str) -> str:
        return f'"{option}": {value}' if self.is_dict else KEYWORDS.setting(option, value)

    def expressions(self, found: Expressions) -> str:
        return found.beside_origins(self.setting("allow_origin_regex", found.joined))

    def everyone(self) -> Everyone:
        name = self.name("allow_origins")
        return Everyone(name, f"'*' in {name}")

    def nothing(self, option: str) -> str:
        return KEYWORDS.nothing(option)
