"""Middleware of Starlette and FastAPI that stands outside of the adapter, and can answer before it.

``add_middleware`` puts each new middleware outside of the earlier ones. A gate that is added after the
adapter answers preflights itself, without CORS headers. Nothing else says so: the adapter never gets such a
request.

1.  The application keeps its middleware in ``user_middleware``, from the outermost to the innermost. This
    is not documented, but it is the only way to see what stands outside. Other frameworks have no such
    list.
2.  Everything before the first adapter in the list stands outside. An adapter that is not in the list is
    in a mount or a router, so all of the list stands outside.
3.  Where ``CORS(app, ...)`` covers the application, nothing stands outside.
4.  Middleware that only adds to requests and responses does not count: a warning at each start of a
    correct application would be worse than none. Of packages, these are known. Of functions, it is proved
    (passing_on.py).
5.  An adapter looks when the application starts, or at its first request: from then on, no middleware can
    be added. Each application is warned about once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any, cast

from crosscors._adapter.passing_on import only_passes_on
from crosscors._adapter.reporting import log
from crosscors.core.errors import shown

#: Where ``CORS(app, ...)`` keeps the adapter of an application.
ADAPTER = "__crosscors_adapter__"

_WARNED = "__crosscors_warned__"

#: Rule 4. Where the methods of classes are defined that never make a response.
_ONLY_ADDING = (
    "starlette.middleware.gzip",
    "starlette.middleware.sessions",
    "uvicorn.middleware",
    "hypercorn.middleware.proxy_fix",
    "asgi_correlation_id",
    "brotli_asgi",
    "ddtrace",
    "elasticapm",
    "opentelemetry",
    "prometheus_fastapi_instrumentator",
    "sentry_sdk",
    "starlette_exporter",
    "starlette_prometheus",
)


def warn_of_middleware_outside(app: object) -> None:
    """Warn, once for each application, about middleware that can answer before its adapter.

    Args:
        app: the application in the scope; None if there is none.
    """
    added: object = getattr(app, "user_middleware", None)
    if not isinstance(added, list) or hasattr(app, ADAPTER) or hasattr(app, _WARNED):
        return
    middleware = cast("list[object]", added)
    outside = list(takewhile(lambda each: not _is_adapter(each), middleware))
    answering = [_name_of(each) for each in outside if not _only_adds(each)]
    if not answering:
        return
    setattr(app, _WARNED, True)
    is_fastapi = _is_in(_modules_of(type(app)), "fastapi")
    log(
        logging.WARNING,
        _IN_THE_LIST if len(outside) < len(middleware) else _FURTHER_IN,
        ", ".join(answering),
        "crosscors.fastapi" if is_fastapi else "crosscors.starlette",
    )


_STANDS_INSIDE = (
    "the CORS policy stands inside of %s, which can answer first. Browsers hide such responses, and "
    "preflights may fail. "
)
_IN_THE_LIST = (
    f"{_STANDS_INSIDE}Instead of adding CORSMiddleware to the application, write CORS(app, ...) with CORS "
    "from %s. Or add CORSMiddleware after all other middleware (in middleware=[...], list it first)"
)
_FURTHER_IN = (
    f"{_STANDS_INSIDE}Instead of a policy inside a part of the application, write "
    'CORS(app, policy=Resources({"/part/*": CORSPolicy(...)})) with CORS from %s'
)


def _is_adapter(middleware: object) -> bool:
    # ``CORS`` is a function. A class is an adapter, or the subclass of one.
    made_by: object = getattr(middleware, "cls", None)
    return _is_in(_modules_of(made_by), "crosscors")


def _only_adds(middleware: object) -> bool:
    acting = _acting(middleware)
    return any(_is_in([_module_of(acting)], each) for each in _ONLY_ADDING) or only_passes_on(acting)


def _acting(middleware: object) -> object:
    """What decides about the response: the function given to ``app.middleware``, or a method."""
    made_by: object = getattr(middleware, "cls", None)
    if not isinstance(made_by, type):
        return made_by
    called: object = made_by.__call__
    if _module_of(called) == _BASE:
        called = _given_to(middleware) or getattr(made_by, "dispatch", None)
    # Sentry's has a slot for __call__, filled for each object. A slot knows its class, but no module.
    return called if _module_of(called) else getattr(called, "__objclass__", made_by)


def _given_to(middleware: object) -> object:
    """The function that Starlette's base class calls, if the middleware is not a class of its own."""
    if _module_of(getattr(getattr(middleware, "cls", None), "dispatch", None)) != _BASE:
        return None
    given: Any = middleware
    return next((each for each in (*given.args, *given.kwargs.values()) if callable(each)), None)


_BASE = "starlette.middleware.base"


def _name_of(middleware: object) -> str:
    named = _given_to(middleware) or getattr(middleware, "cls", None)
    name = getattr(named, "__qualname__", type(named).__qualname__)
    return shown(f"{_module_of(named)}.{name}")


def _module_of(made: object) -> str:
    return str(getattr(made, "__module__", ""))


def _modules_of(made_by: object) -> Iterator[str]:
    for each in made_by.__mro__ if isinstance(made_by, type) else (made_by,):
        yield _module_of(each)


def _is_in(modules: Iterable[str], package: str) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for module in modules)
