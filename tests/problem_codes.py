"""Which codes of problems the package can make, found in its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import crosscors

PACKAGE = Path(crosscors.__file__).parent
_MAKERS = ("Problem", "refused", "warned", "_error", "error_id", "warning_id")
_TABLES = ("dangers.py", "faults.py", "hosts.py", "path_keys.py", "resources.py")  # of codes and sentences


def codes_in(file: Path) -> Iterator[str]:
    """The codes that this module makes problems with."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        first = _first(node, file.name)
        if isinstance(first, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)+|unset", str(first.value)):
            yield str(first.value)


def _first(node: ast.AST, name: str) -> ast.expr | None:
    """What can be a code: the first argument of a call, or the first element of a tuple."""
    if isinstance(node, ast.Call) and node.args:
        function = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        return node.args[0] if function in _MAKERS else None
    if isinstance(node, ast.Tuple) and node.elts and name in _TABLES:
        return node.elts[0]
    return None
