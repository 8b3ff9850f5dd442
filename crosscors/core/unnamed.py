"""Options in a place that does not take them: without their names, or as the value of ``policy=``.

What was meant is written as code that works: the given value, with the name that it belongs to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast

from crosscors.core.errors import shown
from crosscors.core.values import ANY

#: What users of other libraries write, by which option it is here.
NAMES_ELSEWHERE = {
    "credentials": "allow_credentials",
    "supports_credentials": "allow_credentials",
    "headers": "allow_headers",
    "methods": "allow_methods",
    "origin": "allow_origins",
    "origins": "allow_origins",
    "cors_allowed_origins": "allow_origins",
    "preflight_max_age": "max_age",
}
_EXAMPLE = '["https://app.example.com"]'
_ELSEWHERE = "..."
_MOST_SHOWN = 8


def _core_name(name: str) -> str:
    return NAMES_ELSEWHERE.get(name, name)


def of_policy(value: object) -> str:
    """The policy that a value of another type was surely meant as.

    >>> of_policy({"allow_origins": "*", "max_age": 0})
    "CORSPolicy(allow_origins='*', max_age=0)"
    >>> of_policy(["https://app.example.com"])
    "CORSPolicy(allow_origins=['https://app.example.com'])"
    """
    options = "" if are_paths(value) else _keywords(value, "allow_origins", _core_name)
    return f"CORSPolicy({options or _ELSEWHERE})"


def of_policies(value: object) -> str:
    """The same, where paths may have policies, too.

    >>> of_policies({"/api/*": {"allow_origins": "*"}})
    "Resources({'/api/*': CORSPolicy(allow_origins='*')})"
    """
    return of_resources(cast("Any", value)) if are_paths(value) else of_policy(value)


def of_resources(by_path: Mapping[object, object]) -> str:
    """Resources with a policy for each path."""
    pairs = list(by_path.items())
    if len(pairs) > _MOST_SHOWN:
        return "Resources({...})"
    entries = (f"{_text(path)}: {_kept(value) or of_policy(value)}" for path, value in pairs)
    return f"Resources({{{', '.join(entries)}}})"


def of_options(value: object) -> str:
    """The options of one of Flask's resources, as a dict."""
    return f'{{"origins": {_text(value) if are_origins(value) else _EXAMPLE}}}'


def _kept(value: object) -> str:
    """A value that may stay as it is: a policy, or None."""
    return "None" if value is None else "policy" if is_policy(value) else ""


def _as_policy(form: str, by_path: Mapping[object, object]) -> str:
    return form.format(f"policy={of_resources(by_path)}")


def without_form(_: str, by_path: Mapping[object, object]) -> str:
    """How a dict of paths is written in place of a policy: the call is another one."""
    return of_resources(by_path)


def as_resources(form: str, by_path: Mapping[object, object]) -> str:
    """How Flask's adapter takes a dict of paths."""
    text = _text({path: {"origins": each} if are_origins(each) else each for path, each in by_path.items()})
    return form.format(f"resources={'{...}' if text == _ELSEWHERE else text}")


class Call(NamedTuple):
    """A call that takes options by their names only.

    Attributes:
        form: how it is written, with {} where the options go.
        origins: the option that a list of origins belongs to.
        name: what an option is called here that was given under this name.
        policy: what to write for a policy.
        by_path: how to write the call for a dict of paths, from its form and the dict.
    """

    form: str
    origins: str = "allow_origins"
    name: Callable[[str], str] = _core_name
    policy: str = "policy=policy"
    by_path: Callable[[str, Mapping[object, object]], str] = _as_policy

    def written(self, value: object) -> str:
        """The call with the option that this value was surely meant for."""
        if are_paths(value):
            return self.by_path(self.form, cast("Mapping[object, object]", value))
        if is_policy(value):
            return self.form.format(self.policy)
        meant = _keywords(value, self.origins, self.name)
        return self.form.format(meant or f"{self.origins}={_EXAMPLE}")


def refuse_positional_options(values: tuple[object, ...], call: Call, *, app: object = None) -> None:
    """Refuse options without their names. Other libraries have them in another order.

    Args:
        values: the positional arguments that are too many.
        call: what to write instead.
        app: what is in the place of the application. It may be options, too.

    Raises:
        TypeError: if there are any, as Python does, and says what to write.

    >>> refuse_positional_options((["https://app.example.com"],), Call("CORS(app, {})"))
    Traceback (most recent call last):
    ...
    TypeError: options cannot be positional arguments. Write CORS(app, allow_origins=['https://app.example.com'])
    """
    unnamed = (app,) if _are_options(app) else values
    if unnamed:
        raise TypeError(f"options cannot be positional arguments. Write {call.written(unnamed[0])}")


def _are_options(app: object) -> bool:
    if callable(app):
        return False
    is_import = isinstance(app, str) and app != ANY and "//" not in app  # such as "main:app"
    return isinstance(app, Mapping) or is_policy(app) or (are_origins(app) and not is_import)


def is_policy(value: object) -> bool:
    """Whether the value is a CORSPolicy or Resources, and not one of the two classes."""
    return hasattr(type(value), "policy_for")


def are_origins(value: object) -> bool:
    """Whether the value has the type of origins, and is not empty."""
    if isinstance(value, str):
        return bool(value)
    if not isinstance(value, (list, tuple, set, frozenset)):
        return False
    entries = list(cast("Iterable[object]", value))
    return bool(entries) and all(isinstance(entry, (str, re.Pattern)) for entry in entries)


def are_paths(value: object) -> bool:
    """Whether it is a dict whose keys are paths."""
    if not isinstance(value, Mapping):
        return False
    keys = cast("Mapping[object, object]", value)
    return any(
        isinstance(key, re.Pattern) or (isinstance(key, str) and "/" in key) or key == ANY for key in keys
    )


def _keywords(value: object, origins: str, name: Callable[[str], str]) -> str:
    """The value as keywords of a call; empty if nobody knows what was meant."""
    if are_origins(value):
        text = _text(value)
        return f"{origins}={_EXAMPLE if text == _ELSEWHERE else text}"
    if not isinstance(value, Mapping):
        return ""
    options = cast("Mapping[object, object]", value)
    if len(options) > _MOST_SHOWN or not all(isinstance(key, str) and key.isidentifier() for key in options):
        return "**options"
    return ", ".join(f"{name(str(key))}={_text(each)}" for key, each in options.items())


def _text(value: object) -> str:
    """The value as code. Three dots if it is too long, or its repr is no code."""
    text = shown(value)
    if isinstance(value, re.Pattern):
        return _ELSEWHERE if text.endswith("...") else text
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return _ELSEWHERE
    return text
