"""What the page sends: the policy and the request that somebody has put together. Read within bounds.

The page is trusted with nothing. The options go to the core as they are: it judges values of any type. All
other values are checked here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from crosscors.cli.demo.api import METHODS, PATHS
from crosscors.cli.demo.origins import ORIGIN_IDS
from crosscors.core.standard import is_token

#: Bytes of everything that the page may send at once.
MOST_BYTES = 64 * 1024
_MOST_ENTRIES = 500
_MOST_HEADERS = 20
_LONGEST_VALUE = 1000
_LONGEST_BODY = 4000

Kind = Literal["fetch", "form", "beacon"]
Protect = Literal[False, "report", True]
# Of a request, "patch" is another method than "PATCH".
REQUEST_METHODS = (*METHODS, "patch")


class InputError(ValueError):
    """What the page sent is not what the playground takes. The text says what is wrong."""


@dataclass(frozen=True)
class Edited:
    """The policy as it is edited.

    Attributes:
        options: the options of CORSPolicy, of any type. They may have problems.
        protect: the cross-origin protection: False, ``"report"`` or True.
        debug: whether refused responses say why.
    """

    options: Mapping[str, object]
    protect: Protect = False
    debug: bool = True


@dataclass(frozen=True)
class Composed:
    """The request as it is composed.

    Attributes:
        origin: the id of the page's origin.
        kind: ``"fetch"``, ``"form"`` (a form post) or ``"beacon"``.
        method: the method of a fetch. Forms and beacons use POST.
        path: the path.
        headers: names and values that the script sets.
        credentials: whether the credentials mode is "include". With forms and beacons, it always is.
        body: the body; empty if there is none.
    """

    origin: str
    kind: Kind = "fetch"
    method: str = "GET"
    path: str = PATHS[0]
    headers: tuple[tuple[str, str], ...] = ()
    credentials: bool = False
    body: str = ""


def read_input(body: bytes) -> tuple[Edited, Composed | None]:
    """The policy, and the request if there is one.

    Raises:
        InputError: if this is not JSON of the right form.

    Example:
        >>> read_input(b'{"policy": {"max_age": 0}}')
        (Edited(options={'max_age': 0}, protect=False, debug=True), None)
    """
    try:
        sent: object = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("The body is not JSON.") from None
    table = _table("the body", sent, {"policy", "protect", "debug", "request"})
    edited = Edited(
        _options(table.get("policy", {})),
        _one_of("protect", table.get("protect", False), (False, "report", True)),
        _bool("debug", table.get("debug", True)),
    )
    request = table.get("request")
    return edited, None if request is None else _composed(request)


def _composed(value: object) -> Composed:
    names = {"origin", "kind", "method", "path", "headers", "credentials", "body"}
    table = _table("request", value, names)
    composed = Composed(
        origin=_one_of("origin", table.get("origin"), ORIGIN_IDS),
        kind=_one_of("kind", table.get("kind", "fetch"), get_args(Kind)),
        method=_one_of("method", table.get("method", "GET"), REQUEST_METHODS),
        path=_one_of("path", table.get("path", PATHS[0]), PATHS),
        headers=_headers(table.get("headers", [])),
        credentials=_bool("credentials", table.get("credentials", False)),
        body=_text("body", table.get("body", ""), _LONGEST_BODY),
    )
    if composed.kind == "fetch" and composed.body and composed.method in {"GET", "HEAD"}:
        raise InputError(f"body: a {composed.method} request cannot have one. Choose another method.")
    return composed


def _options(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError("policy: this is not an object with the options of a policy.")
    options = cast("dict[str, object]", value)
    for each in options.values():
        entries = cast("list[object]", each) if isinstance(each, list) else [each]
        if len(entries) > _MOST_ENTRIES:
            raise InputError(f"policy: a list can have at most {_MOST_ENTRIES} entries here.")
        if any(isinstance(entry, (list, dict)) for entry in entries):
            raise InputError("policy: an option is a text, a number, true, false, null, or a list of these.")
    return options


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        raise InputError("headers: this is not a list.")
    pairs = cast("list[object]", value)
    if len(pairs) > _MOST_HEADERS:
        raise InputError(f"headers: a request can have at most {_MOST_HEADERS} headers here.")
    return tuple(_header(pair) for pair in pairs)


def _header(pair: object) -> tuple[str, str]:
    if not isinstance(pair, list) or len(cast("list[object]", pair)) != 2:  # noqa: PLR2004 (name and value)
        raise InputError("headers: each entry is a list of a name and a value.")
    name, value = cast("list[object]", pair)
    name = _text("the name of a header", name, _LONGEST_VALUE)
    if not is_token(name):
        raise InputError(f"headers: {name[:100]!a} is not the name of a header.")
    value = _text("the value of a header", value, _LONGEST_VALUE)
    if not value.isascii() or not value.isprintable():
        raise InputError(f"headers: the value of {name[:100]} has something other than printable ASCII.")
    return name, value


def _table(name: str, value: object, known: set[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError(f"{name}: this is not a JSON object.")
    table = cast("dict[str, object]", value)
    unknown = next((each for each in table if each not in known), None)
    if unknown is not None:
        raise InputError(f"{name}: there is no key {unknown[:100]!a}.")
    return table


def _one_of(name: str, value: object, choices: tuple[Any, ...]) -> Any:
    # 0 and 1 equal False and True, but are not among the choices.
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise InputError(f"{name}: choose one of {', '.join(map(json.dumps, choices))}.")
    return value


def _bool(name: str, value: object) -> bool:
    return bool(_one_of(name, value, (False, True)))


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}: this is not a text.")
    if len(value) > longest:
        raise InputError(f"{name}: the text has more than {longest} characters.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(f"{name}: the text has half a character (a lone surrogate).")
    return value
