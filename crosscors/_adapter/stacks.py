"""Applications given to the adapter of another stack, and what to write for them.

An adapter refuses what it can never call. An async function cannot be a WSGI application, and what does not
take three arguments cannot be an ASGI application. Everything else is accepted. So a bridge between the two
protocols is accepted where it can be called. Frameworks are known by the names of their classes, and are not
imported.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import NamedTuple, TypeGuard

from crosscors.core.errors import shown
from crosscors.core.origins.function import is_async_callable
from crosscors.core.values import Findings, refused


class _Kind(NamedTuple):
    """A class of a framework.

    Attributes:
        package: where it is defined.
        name: its name.
        called: what messages call an instance.
        hint: what to write for one.
    """

    package: str
    name: str
    called: str
    hint: str


def _write(what: str, module: str, call: str) -> str:
    name = call.partition("(")[0].rpartition(" ")[2]
    return f'For {what}, write "from {module} import {name}", and then {call}.'


_RESOURCES = 'CORS(app, policy=Resources({"/part/*": CORSPolicy(...)}))'
_DJANGO = (
    'For Django, add "crosscors.django" to INSTALLED_APPS, and "crosscors.django.CORSMiddleware" to the '
    "top of MIDDLEWARE."
)

_MIDDLEWARE = (
    "Write app.add_middleware(CORSMiddleware, ...), or middleware=[Middleware(CORSMiddleware, ...)]."
)
_NEITHER = "There is no adapter for"
_ANY_ASGI = _write("an ASGI application", "crosscors.asgi", "CORSMiddleware(app, ...)")

_KINDS = (
    _Kind(
        "fastapi",
        "FastAPI",
        "a FastAPI application",
        _write("FastAPI", "crosscors.fastapi", "CORS(app, ...)"),
    ),
    _Kind("fastapi", "APIRouter", "a router", _write("a router of FastAPI", "crosscors.fastapi", _RESOURCES)),
    _Kind(
        "starlette",
        "Starlette",
        "a Starlette application",
        _write("Starlette", "crosscors.starlette", "CORS(app, ...)"),
    ),
    _Kind(
        "starlette", "Router", "a router", _write("a router of Starlette", "crosscors.starlette", _RESOURCES)
    ),
    _Kind("flask", "Flask", "a Flask application", _write("Flask", "crosscors.flask", "CORS(app, ...)")),
    _Kind(
        "flask", "Blueprint", "a Flask blueprint", _write("Flask", "crosscors.flask", "CORS(blueprint, ...)")
    ),
    _Kind(
        "quart",
        "Quart",
        "a Quart application",
        _write("Quart", "crosscors.asgi", "app.asgi_app = CORSMiddleware(app.asgi_app, ...)"),
    ),
    _Kind(
        "quart",
        "Blueprint",
        "a Quart blueprint",
        _write("Quart", "crosscors.asgi", "app.asgi_app = CORSMiddleware(app.asgi_app, ...)"),
    ),
    _Kind("starlette", "Middleware", "a Middleware object", _MIDDLEWARE),
    _Kind("litestar", "Litestar", "a Litestar application", _ANY_ASGI),
    _Kind("sanic", "Sanic", "a Sanic application", _ANY_ASGI),
    _Kind(
        "aiohttp",
        "Application",
        "an aiohttp application",
        _write("aiohttp", "crosscors.aiohttp", "CORS(app, ...)"),
    ),
    _Kind(
        "tornado",
        "Application",
        "a Tornado application",
        f"{_NEITHER} Tornado, which is neither ASGI nor WSGI.",
    ),
    _Kind("django", "ASGIHandler", "a Django application over ASGI", _DJANGO),
    _Kind("django", "WSGIHandler", "a Django application over WSGI", _DJANGO),
)
_ADDED = (
    'Write "from crosscors.asgi import CORSMiddleware", and then app.add_middleware(CORSMiddleware, ...).'
)
_OF_WSGI = _write("a WSGI application", "crosscors.wsgi", "CORSMiddleware(app, ...)")


def check_asgi(app: object) -> Findings:
    """Whether this may be an ASGI application."""
    is_awaited = not isinstance(app, type) or hasattr(app, "__await__")  # like Starlette's HTTPEndpoint
    if is_awaited and _takes(app, 3) and not _is_class_of_framework(app) and not _is_get_response(app):
        return Findings()
    return wrong_app("an ASGI application", app)


def check_wsgi(app: object) -> Findings:
    """Whether this may be a WSGI application, which may be a class (PEP 3333)."""
    is_wrong = is_async_callable(app) or _makes_applications(app) or _is_get_response(app)
    if _takes(app, 2) and not is_wrong and not _is_class_of_framework(app):
        return Findings()
    return wrong_app("a WSGI application", app)


def check_get_response(app: object) -> Findings:
    """Whether this may be what Django gives to its middleware: a function of the request."""
    if _takes(app, 1) and not _makes_applications(app) and not _hint_of_kind(app):
        return Findings()
    return wrong_app("what Django gives to its middleware", app)


def check_lambda(handler: object) -> Findings:
    """Whether this may be a handler for AWS Lambda, which is called with the event and the context."""
    of_kind = _hint_of_kind(getattr(handler, "__self__", handler))
    if is_async_callable(handler) and not of_kind:
        message = f"is async, but Lambda does not await a handler: {_called(handler)}."
        hint = 'Write "def" instead of "async def", and call asyncio.run(...) in it.'
        return refused("wrong-type", "handler", handler, message, hint)
    if _takes(handler, 2) and not of_kind:
        return Findings()
    message = f"takes a function of the event and the context, not {_called(handler)}."
    return refused("wrong-type", "handler", handler, message, of_kind or "Write def handler(event, context).")


def wrong_app(taken: str, app: object) -> Findings:
    """One problem: this is not what the adapter takes.

    Args:
        taken: what it takes, such as ``an ASGI application``.
        app: what it was given.
    """
    if is_made_by_starlette() and not isinstance(app, type):
        message = f"takes {taken}, but add_middleware gives it an ASGI application."
        return refused("wrong-type", "app", app, message, _ADDED)
    message = f"takes {taken}, not {_called(app)}."
    return refused("wrong-type", "app", app, message, _hint(app))


def is_made_by_starlette() -> bool:
    """Whether Starlette makes the adapter, because it was given to ``add_middleware``."""
    # Not documented. Starlette makes middleware when the server starts, or at the first request.
    return any(frame.f_code.co_name == "build_middleware_stack" for frame, _ in traceback.walk_stack(None))


def hint_of_app(app: object) -> str:
    """What to write if this is surely an application, or stands for one; otherwise empty."""
    if is_made_by_starlette():
        return _ADDED
    return _DJANGO if _is_get_response(app) else _hint_of_kind(app)


def _hint_of_kind(app: object) -> str:
    return next((kind.hint for kind in _kinds_of(app if isinstance(app, type) else type(app))), "")


def _called(app: object) -> str:
    if isinstance(app, type):
        return f"the class {app.__name__}"
    if _is_get_response(app):
        return "what Django gives to its middleware"
    kind = next(_kinds_of(type(app)), None)
    if kind is not None:
        return kind.called
    if not _is_callable(app):
        return shown(app)
    # Not its repr, which may have an address: a log is easier to search without.
    name: str | None = getattr(app, "__qualname__", None)
    return f"an object of the class {type(app).__qualname__}" if name is None else f"the function {name}"


def _hint(app: object) -> str:
    owner = getattr(app, "__self__", app)  # of a bound method, such as app.wsgi_app
    of_kind = _DJANGO if _is_get_response(app) else _hint_of_kind(owner)
    if isinstance(app, type) and _takes(app, 2) and hasattr(app, "__iter__"):
        return _OF_WSGI
    if isinstance(app, type) and not of_kind.startswith(_NEITHER):
        return f"Write app = {app.__name__}(...) first. {of_kind}".rstrip()
    if of_kind:
        return of_kind
    if not _is_callable(app):
        return "Give it the application itself."
    if _takes(app, 0):
        return "If it returns the application, call it first: app = create_app()."
    return _ANY_ASGI if is_async_callable(app) or _takes(app, 3) else _OF_WSGI


def _makes_applications(app: object) -> bool:
    """Whether it is a class whose objects are called. One that is a WSGI application makes responses."""
    if not isinstance(app, type) or hasattr(app, "__iter__"):
        return False
    return any("__call__" in vars(each) for each in app.__mro__)


def _is_get_response(app: object) -> bool:
    """Whether Django made the function, to give it to middleware. Not documented."""
    # Django wraps functions, so only their globals show where they are defined. A middleware that is not
    # async gets an object of asgiref in an async stack, which keeps the function.
    function = getattr(app, "awaitable", None) if type(app).__name__ == "AsyncToSync" else app
    if not isinstance(function, FunctionType):
        return False
    return function.__globals__.get("__name__") == "django.core.handlers.exception"


def _is_class_of_framework(app: object) -> bool:
    return isinstance(app, type) and any(_kinds_of(app))


def _kinds_of(cls: type) -> Iterator[_Kind]:
    """What the class is. The nearest comes first, because some frameworks inherit from others."""
    for each in cls.__mro__:
        for kind in _KINDS:
            if each.__name__ == kind.name and f"{each.__module__}.".startswith(f"{kind.package}."):
                yield kind


def _is_callable(app: object) -> TypeGuard[Callable[..., object]]:
    return callable(app) and not isinstance(app, ModuleType)  # our own modules only say what to write


def _takes(app: object, count: int) -> bool:
    """Whether it can be called with so many arguments. True if nobody can tell."""
    if not _is_callable(app):
        return False
    try:
        # A decorator may change the arguments of what it wraps.
        signature = inspect.signature(app, follow_wrapped=False)
    except Exception:  # noqa: BLE001  # functions in C have none, and proxies can raise anything
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
