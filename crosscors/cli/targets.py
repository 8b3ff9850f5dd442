"""What a command is about: a URL, an application, a policy or a Django settings module, found by its name.

The names are those that ASGI and WSGI servers take: ``module:app``, also ``package.module:create_app`` for a
factory, and ``project.settings`` for a Django project. The current folder is importable.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from types import ModuleType
from typing import Any, Literal

from crosscors.cli.output import CommandError, nothing_on_stdout
from crosscors.core.policy import CORSPolicy
from crosscors.core.resources import Resources
from crosscors.testing.servers import read_server
from crosscors.testing.urls import is_url

Kind = Literal["url", "application", "policy", "settings"]


@dataclass(frozen=True)
class Target:
    """What the name stands for.

    Attributes:
        name: the name as it was given.
        kind: ``"url"``, ``"application"``, ``"policy"`` or ``"settings"`` (a Django settings module).
        value: the URL as a string, the application, the policy, or the module. An application can also be one
            of aiohttp or Tornado, which only their own servers can call.
    """

    name: str
    kind: Kind
    value: Any


class TargetError(CommandError):
    """The name stands for nothing that a command can use. ``__cause__`` is what an import raised."""


def find_target(name: str) -> Target:
    """What the name stands for. Factories are called.

    Raises:
        TargetError: saying in one line why there is no such target, with a hint.
    """
    if "://" in name:
        check_url(name)
        return Target(name, "url", name)
    path, colon, attribute = name.partition(":")
    _check_form(name, path, attribute)
    module = _imported(path)
    if not colon:
        return _settings(name, module)
    value = _attribute(module, attribute.removesuffix("()"))
    kind = _kind(value)
    if kind is None and _is_factory(value):
        value = _called(value, name)
        kind = _kind(value)
    if kind is None:
        raise TargetError(
            f"{name} is not an application or a policy, but {_described(value)}.",
            _among(path, module) or "Name an ASGI or WSGI application, or a function that returns one.",
        )
    return Target(name, kind, value)


def check_url(name: str) -> None:
    """Raise TargetError if this is not a URL that a command can send requests to."""
    if not is_url(name) or not name.lower().startswith(("http://", "https://")):
        raise TargetError(
            f"{name} is not a valid URL with http or https.", "Write https://api.example.com/items."
        )


def _check_form(name: str, path: str, attribute: str) -> None:
    """Raise TargetError for what cannot be the name of a module, with the name that was meant."""
    port, slash, rest = attribute.partition("/")
    if port.isdecimal():
        raise TargetError(f"{name} is not a URL.", f"Write http://{path}:{port}{slash}{rest}.")
    if path.endswith(".py") or "/" in path or "\\" in path:
        module = path.replace("\\", "/").removesuffix(".py").strip("./").replace("/", ".")
        looks_like_url = "/" in path and "." in path.partition("/")[0].strip(".") and not path.endswith(".py")
        is_settings = not attribute and module.rpartition(".")[2].endswith("settings")
        in_module = module if is_settings else f"{module}:{attribute or 'app'}"
        meant = f"https://{name}" if looks_like_url else in_module
        raise TargetError(f"{name} is not the name of a module.", f"Write {meant}.")
    if not all(part.isidentifier() for part in path.split(".")):
        raise TargetError(f"{name!r} is not the name of a module.", "Write module:app, or a URL.")


def _imported(path: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    importlib.invalidate_caches()
    try:
        with nothing_on_stdout():
            return importlib.import_module(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        missing = _missing(path, error)
        if missing:
            raise TargetError(
                f"There is no module {missing} in {os.getcwd()} or among the installed packages.",
                "Run the command in the folder from which the application is started.",
            ) from error
        raise TargetError(
            f"The import of {path} fails: {_told(error)}.",
            f'To see the whole traceback, run: python -c "import {path}"',
        ) from error


def _missing(path: str, error: BaseException) -> str | None:
    """The name of the module, or of a package around it, if that does not exist."""
    if not isinstance(error, ModuleNotFoundError) or _place(error) is not None:
        return None
    return error.name if f"{path}.".startswith(f"{error.name}.") else None


def _told(error: BaseException) -> str:
    """The exception in one line, with the place in the code that raised it."""
    lines = text_of(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0].rstrip('.:')}" if lines else type(error).__name__
    place = _place(error)
    return f"{said} ({place})" if place else said


def text_of(error: BaseException) -> str:
    """``str(error)``, or nothing if that fails."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # an application's own code runs
        return ""


def _place(error: BaseException) -> str | None:
    """File and line of the last frame, without those of the import system and of this module."""
    if isinstance(error, SyntaxError):
        return None  # its message says where
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen ") and frame.filename not in (__file__, importlib.__file__)
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None


def _settings(name: str, module: ModuleType) -> Target:
    if any(hasattr(module, setting) for setting in ("MIDDLEWARE", "INSTALLED_APPS", "ROOT_URLCONF")):
        return Target(name, "settings", module)
    raise TargetError(
        f"{name} is a module, but not one of Django settings.",
        _among(name, module) or f"Name what is in it: {name}:app.",
    )


def _among(path: str, module: ModuleType) -> str:
    """A hint that names the applications and policies in the module."""
    found = [
        f"{path}:{name}"
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.isroutine(value) and not isinstance(value, _NOT_MEANT)
        if type(value).__module__ not in _OF_TYPES and _kind(value) is not None
    ]
    more = " or another one" if len(found) > _MOST_NAMES else ""
    return f"Write {' or '.join(found[:_MOST_NAMES])}{more}." if found else ""


_MOST_NAMES = 5
_NOT_MEANT = (type, ModuleType, partial)
# Types can be called, as applications can.
_OF_TYPES = ("typing", "types", "collections.abc")


def _attribute(module: ModuleType, names: str) -> Any:
    path = module.__name__
    if not names:
        raise TargetError(
            f"The name of the application is missing after {path}:.",
            _among(path, module) or f"Write {path}:app.",
        )
    value: Any = module
    for name in names.split("."):
        if not _has(value, name, path):
            near = get_close_matches(name, [each for each in dir(value) if not each.startswith("_")], 1)
            hint = f"Write {path}:{near[0]}." if near and value is module else _among(path, module)
            raise TargetError(f"{path} has no {names}.", hint or f"Write {path}: and a name in it.")
        value = getattr(value, name)
    return value


def _has(value: object, name: str, path: str) -> bool:
    try:
        return hasattr(value, name)
    except Exception as error:  # an application's own code runs
        raise TargetError(
            f"{path} does not give its {name}: {_told(error)}.",
            f'To see the whole traceback, run: python -c "from {path} import {name}"',
        ) from error


def _kind(value: object) -> Kind | None:
    if isinstance(value, (CORSPolicy, Resources)) or hasattr(type(value), "policy_for"):
        return "policy"
    if _is_of_own_server(value):
        return "application"
    if _is_factory(value):
        return None
    try:
        read_server(value)
    except Exception:  # noqa: BLE001  # TypeError, or whatever an object raises that is looked at
        return None
    return "application"


def _is_of_own_server(value: object) -> bool:
    """Whether it is an application of aiohttp or Tornado. They are known by the names of their classes."""
    names = {(each.__module__.partition(".")[0], each.__name__) for each in type(value).__mro__}
    return bool(names & {("aiohttp", "Application"), ("tornado", "Application")})


def _is_factory(value: object) -> bool:
    """Whether it is a function or class that can be called without arguments."""
    if not (inspect.isroutine(value) or isinstance(value, type)):
        return False
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True


def _called(factory: Any, name: str) -> Any:
    try:
        with nothing_on_stdout():
            made = factory()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        path, _, factory_name = name.partition(":")
        call = f"{factory_name.removesuffix('()')}()"
        raise TargetError(
            f"The call of {name} fails: {_told(error)}.",
            f'To see the whole traceback, run: python -c "import {path}; {path}.{call}"',
        ) from error
    if inspect.iscoroutine(made):
        made.close()
        raise TargetError(
            f"{name} is asynchronous, and a factory cannot be.",
            "Name a function that returns the application.",
        )
    return made


def _described(value: object) -> str:
    if inspect.isroutine(value):
        return f"a function with the arguments {inspect.signature(value)}"
    return f"a class, {value.__name__}" if isinstance(value, type) else f"of the type {type(value).__name__}"
