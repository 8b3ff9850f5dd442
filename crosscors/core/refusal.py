"""Refusals: one reason each why a request is not allowed, and what to change where."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from crosscors.core import standard
from crosscors.core.errors import shown
from crosscors.core.origins.faults import mended
from crosscors.core.origins.serialized import MAX_LENGTH, split
from crosscors.core.token_lists import MAX_REQUEST_HEADERS_LENGTH, MAX_REQUEST_HEADERS_NAMES
from crosscors.core.words import KEYWORDS, Words

_SHOWN_NAMES = 12
#: What a refusal keeps of all that is refused: one more than it shows.
MAX_VALUES = _SHOWN_NAMES + 1
# Comparing two origins for likeness takes some 30 microseconds, and refusals can come by the thousand.
_COMPARED_ENTRIES = 50

RefusalCode = Literal[
    "origin-not-allowed",
    "origin-null",
    "origin-malformed",
    "origin-insecure",
    "origin-file",
    "origin-func-failed",
    "method-not-allowed",
    "headers-not-allowed",
    "headers-malformed",
    "headers-too-long",
]


@dataclass(frozen=True, init=False)
class Refusal:
    """One reason why a request is not allowed.

    Messages are made when they are read: a refusal that nobody reads costs next to nothing.

    Attributes:
        code: the kind of reason, stable across releases.
        values: what was refused, as the request had it: the origin, the method, or up to 13 header names;
            of a very long text the beginning, and nothing of a list that is too long.
        allowed: what the policy allows in its place.
        error: what ``allow_origin_func`` raised, if it did.
    """

    code: RefusalCode
    values: tuple[str, ...]
    allowed: tuple[str, ...] = field(default=(), repr=False)
    error: Exception | None = field(default=None, compare=False)

    def __init__(
        self,
        code: RefusalCode,
        values: tuple[str, ...],
        allowed: tuple[str, ...] = (),
        error: Exception | None = None,
    ) -> None:
        # Past the lock, as in what dataclass would write, but in 0.4 instead of 0.7 microseconds.
        attributes = vars(self)
        attributes["code"] = code
        attributes["values"] = values
        attributes["allowed"] = allowed
        attributes["error"] = error

    @property
    def message(self) -> str:
        """What is refused and why: one line of printable ASCII, bounded in length."""
        return self.message_in(KEYWORDS)

    @property
    def hint(self) -> str:
        """What to change where: one line of printable ASCII, bounded in length."""
        return self.hint_in(KEYWORDS)

    def message_in(self, words: Words) -> str:
        """The message for a reader who calls the options by these names."""
        return _MESSAGES[self.code].format(_listed(self.values), func=words.name("allow_origin_func"))

    def hint_in(self, words: Words) -> str:
        """The hint for a reader who calls the options by these names."""
        return _HINTS[self.code](self, words)


def _listed(values: tuple[str, ...]) -> str:
    names = ", ".join([shown(value) for value in values[:_SHOWN_NAMES]])
    return f"{names} and more" if len(values) > _SHOWN_NAMES else names


_MESSAGES: Mapping[RefusalCode, str] = {
    "origin-not-allowed": "the origin {} is not allowed",
    "origin-null": "the origin null is not allowed",
    "origin-malformed": "the Origin field is not one origin as browsers send it: {}",
    "origin-insecure": "the origin {} is not https, so it gets no credentials",
    "origin-file": "any local file can send the origin {}, so it gets no credentials",
    "origin-func-failed": "{func} gave no answer for the origin {}",
    "method-not-allowed": "the method {} is not allowed",
    "headers-not-allowed": "not allowed among the request headers: {}",
    "headers-malformed": "Access-Control-Request-Headers is no list of header names: {}",
    "headers-too-long": "Access-Control-Request-Headers is too long to be read",
}


def _origin_hint(refusal: Refusal, words: Words) -> str:
    origin = refusal.values[0]
    if not refusal.allowed:
        instead = words.setting("allow_origins", f'["{origin}"]')
        return f"Nothing in the policy allows it. To allow it, write {instead}."
    near = difflib.get_close_matches(origin, refusal.allowed[:_COMPARED_ENTRIES], n=1, cutoff=0.8)
    if not near:
        return f'Add "{origin}" to {words.name("allow_origins")} if its pages shall read the answers.'
    return f"The nearest entry is {shown(near[0])}, which {_difference(origin, near[0])}."


def _difference(origin: str, entry: str) -> str:
    """In which of its three parts an origin differs from an entry (HTML, "same origin")."""
    scheme, host, port = split(origin)
    entry_scheme, entry_host, entry_port = split(entry)
    if f"*.{host}" == entry_host:
        return "covers the names below that domain, but not the domain itself"
    differing = {
        "scheme": scheme != entry_scheme,
        "host": not host.endswith(entry_host[1:]) if entry_host.startswith("*.") else host != entry_host,
        "port": entry_port not in (port, ":*"),
    }
    return f"has another {' and '.join(part for part, differs in differing.items() if differs)}"


def _malformed_hint(refusal: Refusal, _: Words) -> str:
    sent = refusal.values[0]
    if "," in sent:
        return "A browser sends one; a proxy may have joined two fields."
    meant = mended(sent) if len(sent) <= MAX_LENGTH else None  # what is longer is no slip of a pen
    return f"A browser would send {shown(meant)}." if meant else "No browser sends this."


def _null_hint(_refusal: Refusal, _words: Words) -> str:
    return (
        "Sandboxed frames, file pages and redirects across origins send it, and so can any attacker. "
        "Serve the page from an origin of its own."
    )


def _insecure_hint(_: Refusal, words: Words) -> str:
    opt_in = words.setting("dangerously_allow", '["insecure-origins"]')
    return f"Serve the page over https, or write {opt_in}."


def _file_hint(_: Refusal, words: Words) -> str:
    opt_in = words.setting("dangerously_allow", '["null-origin"]')
    return f"Serve the page from an origin of its own, or write {opt_in}."


def _func_hint(refusal: Refusal, _: Words) -> str:
    return (
        "It is called with a CORSRequest, which has the origin as request.origin, and has to return True or "
        f"False; this ended in {shown(refusal.error)}."
    )


def _method_hint(refusal: Refusal, words: Words) -> str:
    option = "allow_methods"
    method = refusal.values[0]
    upper = method.upper()
    if method != upper and upper in (*refusal.allowed, *standard.ALL_METHODS):
        listed = "" if upper in refusal.allowed else f" and add {shown(upper)} to {words.name(option)}"
        return f'Methods are case-sensitive: write fetch(url, {{method: "{upper}"}}) in the page{listed}.'
    return _option_with(option, refusal, words, lambda name: name.upper() not in standard.FORBIDDEN_METHODS)


def _headers_hint(refusal: Refusal, words: Words) -> str:
    return _option_with(
        "allow_headers", refusal, words, lambda name: not standard.is_forbidden_request_header(name)
    )


def _option_with(option: str, refusal: Refusal, words: Words, may_be_sent: Callable[[str], bool]) -> str:
    """The option as it would be if it allowed what is refused."""
    missing = tuple(value for value in refusal.values if standard.is_token(value) and may_be_sent(value))
    if not missing:
        return "No browser sends this; a proxy may have changed the field."
    name = words.name(option)
    if len(refusal.values) == MAX_VALUES:
        return f"To allow it, add {_listed(missing[:_SHOWN_NAMES])} and what else is refused to {name}."
    wanted = refusal.allowed + missing
    if len(wanted) > _SHOWN_NAMES:
        return f"To allow it, add {_listed(missing)} to {name}."
    return f"To allow it, write {words.setting(option, f'[{_listed(wanted)}]')}."


def _malformed_headers_hint(_refusal: Refusal, _words: Words) -> str:
    return "No browser sends this; a proxy may have changed the field."


def _long_headers_hint(_refusal: Refusal, _words: Words) -> str:
    return f"At most {MAX_REQUEST_HEADERS_NAMES} names in {MAX_REQUEST_HEADERS_LENGTH} bytes are read."


_HINTS: Mapping[RefusalCode, Callable[[Refusal, Words], str]] = {
    "origin-not-allowed": _origin_hint,
    "origin-null": _null_hint,
    "origin-malformed": _malformed_hint,
    "origin-insecure": _insecure_hint,
    "origin-file": _file_hint,
    "origin-func-failed": _func_hint,
    "method-not-allowed": _method_hint,
    "headers-not-allowed": _headers_hint,
    "headers-malformed": _malformed_headers_hint,
    "headers-too-long": _long_headers_hint,
}
