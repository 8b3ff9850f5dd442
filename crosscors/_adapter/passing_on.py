"""Functions of middleware that only pass requests on, proved from their source.

The function in FastAPI's tutorial adds a header: it awaits ``call_next``, and returns what it got. Such a
function never answers by itself. One that is not proved to be such may answer.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import FunctionType


def only_passes_on(dispatch: object) -> bool:
    """Whether the function returns only what it got from ``call_next``, its last argument.

    >>> async def add_header(request, call_next):
    ...     response = await call_next(request)
    ...     response.headers["X-Served-By"] = "a"
    ...     return response
    """
    function = _parsed(dispatch)
    if function is None or not function.args.args:
        return False
    call_next = function.args.args[-1].arg
    nodes = list(ast.walk(function))
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    got = [name for node in nodes for name in _names_given(node, call_next)]
    returned = [node.value for node in nodes if isinstance(node, ast.Return)]
    return (
        bool(returned)
        and call_next not in stored
        and all(
            _is_passed_on(value, call_next)
            or (isinstance(value, ast.Name) and 0 < stored.count(value.id) == got.count(value.id))
            for value in returned
        )
    )


def _parsed(dispatch: object) -> ast.AsyncFunctionDef | None:
    if not isinstance(dispatch, FunctionType):
        return None
    try:
        # Of the code, because the source of a function is that of the function which it wraps.
        [parsed] = ast.parse(textwrap.dedent(inspect.getsource(dispatch.__code__))).body
    except (OSError, SyntaxError, ValueError):  # no source, or a part of a line
        return None
    return parsed if isinstance(parsed, ast.AsyncFunctionDef) else None


def _names_given(node: ast.AST, call_next: str) -> list[str]:
    """The names that this statement gives to a response of ``call_next``."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not _is_passed_on(node.value, call_next):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_passed_on(value: ast.expr | None, call_next: str) -> bool:
    call = value.value if isinstance(value, ast.Await) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == call_next
