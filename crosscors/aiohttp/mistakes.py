"""Warnings when the application starts: what can answer before the adapter, and policies without effect."""

from __future__ import annotations

import logging
from itertools import takewhile

from aiohttp import web

from crosscors._adapter.marks import mark_of, name_of
from crosscors._adapter.misplaced_marks import warn_of_hidden, warn_of_misplaced
from crosscors._adapter.passing_on import only_passes_on
from crosscors._adapter.reporting import log


async def warn_of_mistakes(ours: object, app: web.Application) -> None:
    """Warn about middleware before that of the adapter, and about policies that reach no handler.

    Args:
        ours: the middleware of the adapter.
        app: the application.
    """
    before = takewhile(lambda each: each is not ours, app.middlewares)
    answering = [name_of(each) for each in before if not only_passes_on(each)]
    if answering:
        log(logging.WARNING, _MIDDLEWARE_BEFORE, ", ".join(answering))
    handlers = list(dict.fromkeys(route.handler for route in app.router.routes()))
    warn_of_misplaced(handlers)
    for handler in handlers:
        if mark_of(handler, "") is None:
            warn_of_hidden(handler, handlers)


_MIDDLEWARE_BEFORE = (
    "the CORS policy stands inside of %s, which can answer first, so preflights may fail. Call "
    "CORS(app, ...) below the line that inserts it into app.middlewares"
)
