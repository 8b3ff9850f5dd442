"""Documents with policies: TOML or JSON.

One policy for all paths stands below ``policy``, or one for each path below ``resources``. ``version`` is for
the author of the document, and says nothing to crosscors::

    version = 3

    [resources]
    "/api/admin/*" = false  # no policy covers it

    [resources."/api/*"]
    allow_origins = ["https://app.example.com"]
    allow_credentials = true

``document_form`` says how the options are written. Files are read elsewhere.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, cast

from crosscors.core.document_form import DocumentWords, key_path
from crosscors.core.errors import shown
from crosscors.core.policy import OPTION_NAMES, Policies, policy_in_document
from crosscors.core.resources import resources_in_document
from crosscors.core.values import Findings, collected, refused

Language = Literal["toml", "json"]

_POLICY = "policy"
_RESOURCES = "resources"
_VERSION = "version"


@dataclass(frozen=True)
class Document:
    """What a document says.

    Attributes:
        policies: one policy, or one for each path.
        version: what the author calls this state of the document; None if nothing.
    """

    policies: Policies
    version: str | int | None = None


def read_document(text: str, language: Language) -> tuple[Document | None, Findings]:
    """The document with this text, and what was found. None if there is a problem.

    >>> document, found = read_document('[policy]\\nallow_origins = ["https://a.example/"]', "toml")
    >>> document, found.problems[0].option
    (None, 'policy.allow_origins[0]')
    """
    tables, found = _parsed(text.removeprefix("\ufeff"), language)
    if found.problems:
        return None, found
    if not isinstance(tables, Mapping):
        return None, refused(
            "wrong-type", _DOCUMENT, tables, f"is {shown(tables)}, which has no keys.", _how_to(language)
        )
    given = cast("Mapping[str, object]", tables)
    found = collected(_unknown(key, given[key], language) for key in given if key not in _KEYS)
    version, of_version = _read_version(given.get(_VERSION))
    policies, of_policies = _read_policies(given, language)
    found += of_version + of_policies
    if found.problems or policies is None:
        return None, found
    return Document(policies, version), found


_KEYS = (_VERSION, _POLICY, _RESOURCES)
_DOCUMENT = "document"


def _read_policies(given: Mapping[str, object], language: Language) -> tuple[Policies | None, Findings]:
    if _POLICY in given and _RESOURCES in given:
        message = f"is given together with {_RESOURCES}."
        hint = f'Keep one of the two. A policy for all other paths has the key "/*" below {_RESOURCES}.'
        return None, refused("policy-and-options", _POLICY, None, message, hint)
    if _RESOURCES in given:
        return resources_in_document(given[_RESOURCES], language)
    if _POLICY in given:
        return policy_in_document(given[_POLICY], DocumentWords(_POLICY, language))
    if not given.keys() <= {_VERSION}:
        return None, Findings()  # what was meant has another name
    return None, refused("no-policy", _DOCUMENT, None, "has no policy.", _how_to(language))


def _read_version(value: object) -> tuple[str | int | None, Findings]:
    if value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value, Findings()
    message = f"takes a string or a whole number, not {shown(value)}."
    return None, refused(
        "wrong-type", _VERSION, value, message, "Write a number that grows, or a date in quotes."
    )


def _unknown(key: str, value: object, language: Language) -> Findings:
    message, hint = f"there is no key {shown(key)}.", _how_to(language)
    near = difflib.get_close_matches(key, (*_KEYS, *OPTION_NAMES), n=1, cutoff=0.75)
    if near and near[0] in _KEYS:
        hint = f"Write {near[0]}."
    elif near:
        message = f"the options of a policy stand below {_POLICY}."
    return refused("unknown-option", key_path(key), value, message, hint)


def _how_to(language: Language) -> str:
    if language == "json":
        return 'Write {"policy": {"allow_origins": ["https://app.example.com"]}}.'
    return 'Write [policy], and below it allow_origins = ["https://app.example.com"].'


# The two languages.


def _parsed(text: str, language: Language) -> tuple[object, Findings]:
    try:
        return _READERS[language](text), Findings()
    except ModuleNotFoundError:
        hint = 'Run: pip install "crosscors[cli]". Or write the document in JSON.'
        return None, refused("no-toml", _DOCUMENT, None, "Python 3.10 cannot read TOML by itself.", hint)
    except (ValueError, RecursionError) as error:
        message = f"is not valid {language.upper()}: {error}."
        return None, refused("invalid-document", _DOCUMENT, None, message, "Correct the text there.")


def _toml(text: str) -> object:
    module = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    return import_module(module).loads(text)


def _json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_without_repeats)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object with these keys. JSON allows a key twice, and Python would take the last one."""
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {shown(next(key for key in keys if keys.count(key) > 1))} is there twice")
    return table


_READERS: Mapping[Language, Callable[[str], object]] = {"toml": _toml, "json": _json}
