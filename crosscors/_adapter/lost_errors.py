"""Errors of policies that servers hide.

``app.add_middleware(CORSMiddleware, ...)`` only notes the options. Starlette makes the middleware when the
server starts the application, or else at each request. If that raises an exception at the start, Uvicorn and
Hypercorn think that the application has no start-up code. They go on, and every request fails. So the log
says what is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from crosscors._adapter.first_messages import first_lost_errors
from crosscors._adapter.reporting import log
from crosscors._adapter.stacks import is_made_by_starlette
from crosscors.core.errors import PolicyError

_Make = TypeVar("_Make", bound=Callable[..., Any])


def logs_lost_errors(make: _Make) -> _Make:
    """Log a PolicyError, once, if this raises it while Starlette makes its middleware. It is raised on."""

    @wraps(make)
    def made(*given: Any, **options: Any) -> Any:
        try:
            return make(*given, **options)
        except PolicyError as error:
            # Anywhere else, the exception ends the import of the application, with its text last.
            if is_made_by_starlette() and first_lost_errors.take("policy", str(error)):
                log(logging.ERROR, "%s\n%s", error, _NO_RESPONSES)
            raise

    return cast("_Make", made)


_NO_RESPONSES = "The application cannot answer any request until you correct this."
