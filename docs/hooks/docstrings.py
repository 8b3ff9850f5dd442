"""How the site reads the package: examples are code, and a signature shows only what people write."""

from __future__ import annotations

import re
from typing import Any

import griffe


class AsPeopleWriteIt(griffe.Extension):
    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:  # griffe knows only the heading "Examples:"
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        if "positional" not in func.parameters:
            return
        # It only explains, to those who forget it, that options need their names.
        func.parameters["positional"].name = ""
        if func.parameters[-1].name == "options" and func.parameters[-2].name == "":
            del func.parameters[""]
