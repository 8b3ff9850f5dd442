"""Refusals: the reasons why a request is not allowed, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, get_args

from crosscors.core import protection_texts, standard
from crosscors.core.errors import shown
from crosscors.core.origins import nearest
from crosscors.core.origins.faults import mended
from crosscors.core.origins.nearest import Listed
from crosscors.core.origins.serialized import MAX_LENGTH
from crosscors.core.path_keys import path_faults, unlikely_path
from crosscors.core.protection_texts import NOTHING_GIVEN, Given
from crosscors.core.token_lists import MAX_REQUEST_HEADERS_LENGTH, MAX_REQUEST_HEADERS_NAMES
from crosscors.core.unlikely_names import is_unlikely, is_unlikely_method
from crosscors.core.values import ANY
from crosscors.core.words import KEYWORDS, Words

_SHOWN_NAMES = 12
#: A refusal keeps this many of the refused names: one more than it shows.
MAX_VALUES = _SHOWN_NAMES + 1

OriginCode = Literal[
    "origin-not-allowed",
    "origin-null",
    "origin-malformed",
    "origin-insecure",
    "origin-file",
    "origin-func-failed",
]
# What only a preflight asks for.
PreflightCode = Literal["method-not-allowed", "headers-not-allowed", "headers-malformed", "headers-too-long"]
PathCode = Literal["path-not-covered", "path-ambiguous"]
ProtectionCode = Literal[
    "cross-site-request",
    "same-site-request",
    "origin-not-own",
    "null-origin-no-metadata",
    "navigation-not-trusted",
    "credentials-not-allowed",
    "websocket-origin",
    "host-not-allowed",
]
RefusalCode = OriginCode | PreflightCode | PathCode | ProtectionCode

#: The codes that a decision can have, by the kind of the request. No other one ever comes.
ACTUAL_CODES: tuple[RefusalCode, ...] = (*get_args(OriginCode), *get_args(PathCode))
PREFLIGHT_CODES: tuple[RefusalCode, ...] = (*ACTUAL_CODES, *get_args(PreflightCode))
#: Those of the cross-origin protection, which also looks at the method, and may have to ask a function.
PROTECTION_CODES: tuple[RefusalCode, ...] = (
    *get_args(ProtectionCode),
    "method-not-allowed",
    "origin-func-failed",
)


@dataclass(frozen=True, init=False)
class Refusal:
    """One reason why a request is not allowed.

    Messages are made when they are read, so a refusal that nobody reads costs next to nothing.

    Attributes:
        code: the kind of reason, stable across releases.
        values: what was refused, as it was in the request: the origin, the method, or up to 13 header names.
            A very long text is cut. A list that is too long is left out. For ``path-not-covered``, the path
            below the root path, and the root path if there is one; for ``path-ambiguous``, two readings of
            the path, or the path alone if it has too many. Of the cross-origin protection: the origin, and
            Host if it was compared with the origin; or Host alone.
        allowed: what the policy allows instead; for a path, the keys of Resources that come near. Of the
            cross-origin protection: ``own_origins`` or ``allowed_hosts``, if that was compared.
        error: what ``allow_origin_func`` raised, if it did.
    """

    code: RefusalCode
    values: tuple[str, ...]
    allowed: tuple[str, ...] = field(default=(), repr=False)
    error: Exception | None = field(default=None, compare=False)
    #: For hints about origins. Not public.
    listed: Listed | None = field(default=None, repr=False, compare=False)
    #: For hints of the cross-origin protection. Not public.
    given: Given = field(default=NOTHING_GIVEN, repr=False, compare=False)

    def __init__(
        self,
        code: RefusalCode,
        values: tuple[str, ...],
        allowed: tuple[str, ...] = (),
        error: Exception | None = None,
        listed: Listed | None = None,
        given: Given = NOTHING_GIVEN,
    ) -> None:
        # This bypasses the lock, as the code of dataclass would, but in 0.4 instead of 0.7 microseconds.
        attributes = vars(self)
        attributes["code"] = code
        attributes["values"] = values
        attributes["allowed"] = allowed
        attributes["error"] = error
        attributes["listed"] = listed
        if given is not NOTHING_GIVEN:  # policies remember many that are not of the protection
            attributes["given"] = given

    @property
    def message(self) -> str:
        """What is refused and why: one line of printable ASCII, bounded in length."""
        return self.message_in(KEYWORDS)

    @property
    def hint(self) -> str:
        """What to change, and where: one line of printable ASCII, bounded in length."""
        return self.hint_in(KEYWORDS)

    def message_in(self, words: Words) -> str:
        """The message for a reader who calls the options by these names."""
        if self.code in protection_texts.MESSAGES:
            return protection_texts.MESSAGES[self.code](self)
        values = self.values[:1] if self.code == "path-not-covered" else self.values
        return _MESSAGES[self.code].format(_listed(values), func=words.name("allow_origin_func"))

    def hint_in(self, words: Words) -> str:
        """The hint for a reader who calls the options by these names."""
        if self.code in protection_texts.HINTS:
            return protection_texts.HINTS[self.code](self, words)
        return _HINTS[self.code](self, words)


def _listed(values: tuple[str, ...]) -> str:
    names = ", ".join([shown(value) for value in values[:_SHOWN_NAMES]])
    return f"{names} and more" if len(values) > _SHOWN_NAMES else names


_MESSAGES: Mapping[str, str] = {
    "origin-not-allowed": "the origin {} is not allowed",
    "origin-null": "the origin null is not allowed",
    "origin-malformed": "the Origin header is not an origin that browsers send: {}",
    "origin-insecure": "the origin {} does not use https, so it gets no credentials",
    "origin-file": "the origin {} can come from any local file, so it gets no credentials",
    "origin-func-failed": "{func} did not return True or False for the origin {}",
    "method-not-allowed": "the method {} is not allowed",
    "headers-not-allowed": "these request headers are not allowed: {}",
    "headers-malformed": "Access-Control-Request-Headers is not a list of header names: {}",
    "headers-too-long": "Access-Control-Request-Headers is too long",
    "path-not-covered": "no policy covers the path {}",
    "path-ambiguous": "no policy covers the path, because it can be read in several ways: {}",
}


def _origin_hint(refusal: Refusal, words: Words) -> str:
    return nearest.hint(refusal.values[0], refusal.listed or Listed(refusal.allowed), words)


def _malformed_hint(refusal: Refusal, words: Words) -> str:
    sent = refusal.values[0]
    if "," in sent:
        return "A browser sends one origin. A proxy may have joined two Origin headers."
    with suppress(ValueError):  # servers read headers as Latin-1
        sent = sent.encode("latin-1").decode()
    meant = mended(sent) if len(sent) <= MAX_LENGTH else None  # a longer text is not a typing mistake
    if meant is None or ANY in meant:
        return "No browser sends this."
    return nearest.hint_for_spelling(meant, refusal.listed or Listed(()), words)


def _null_hint(_refusal: Refusal, _words: Words) -> str:
    return (
        "Serve the page from an origin of its own. Sandboxed frames, local files and cross-origin redirects "
        "send null, and so can any attacker."
    )


def _insecure_hint(_: Refusal, words: Words) -> str:
    return f'Serve the page over https, or add "insecure-origins" to {words.name("dangerously_allow")}.'


def _file_hint(_: Refusal, words: Words) -> str:
    option = words.name("dangerously_allow")
    return f'Serve the page from an origin of its own, or add "null-origin" to {option}.'


def _func_hint(refusal: Refusal, _: Words) -> str:
    return (
        "The function must return True or False. It is called with a CORSRequest, whose origin is "
        f"request.origin. This call ended in {shown(refusal.error)}."
    )


def _method_hint(refusal: Refusal, words: Words) -> str:
    option = "allow_methods"
    method = refusal.values[0]
    upper = method.upper()
    if method != upper and upper in (*refusal.allowed, *standard.ALL_METHODS):
        listed = "" if upper in refusal.allowed else f" and add {shown(upper)} to {words.name(option)}"
        return f'Write fetch(url, {{method: "{upper}"}}) in the page{listed}. Methods are case-sensitive.'
    return _option_with(
        option,
        refusal,
        words,
        "it",
        lambda name: name.upper() not in standard.FORBIDDEN_METHODS,
        is_unlikely_method,
    )


def _headers_hint(refusal: Refusal, words: Words) -> str:
    return _option_with(
        "allow_headers",
        refusal,
        words,
        "them",
        lambda name: not standard.is_forbidden_request_header(name),
        is_unlikely,
    )


def _option_with(
    option: str,
    refusal: Refusal,
    words: Words,
    them: str,
    may_be_sent: Callable[[str], bool],
    is_mistake: Callable[[str], bool],
) -> str:
    """What to write so that the option allows what is refused."""
    missing = tuple(value for value in refusal.values if standard.is_token(value) and may_be_sent(value))
    if not missing:
        return _NOT_SENT
    name = words.name(option)
    whole = tuple(filter(_is_shown_whole, missing[:_SHOWN_NAMES]))
    if not whole:
        return f"To allow {them}, add the full text to {name}. It is too long to be shown here."
    if whole != missing or len(refusal.values) == MAX_VALUES:
        return f"To allow {them}, add {_listed(whole)} and the other refused names to {name}."
    wanted = tuple(name for name in refusal.allowed if not is_mistake(name)) + missing
    if len(wanted) > _SHOWN_NAMES or not all(map(_is_shown_whole, wanted)):
        return f"To allow {them}, add {_listed(missing)} to {name}."
    return f"To allow {them}, write {words.setting(option, f'[{_listed(wanted)}]')}."


def _is_shown_whole(name: str) -> bool:
    return not shown(name).endswith("...")


def _malformed_headers_hint(_refusal: Refusal, _words: Words) -> str:
    return _NOT_SENT


def _long_headers_hint(_refusal: Refusal, _words: Words) -> str:
    return f"Send at most {MAX_REQUEST_HEADERS_NAMES} names, in at most {MAX_REQUEST_HEADERS_LENGTH} bytes."


def _path_hint(refusal: Refusal, words: Words) -> str:
    path, *root_path = refusal.values
    name = words.name("resources")
    keys = ", ".join(map(shown, refusal.allowed))
    if not refusal.allowed:
        hint = "Give its view a policy with @cross_origin(...), or the application with CORS(app, ...)."
    elif name == "CORS_URLS_REGEX":
        hint = f"Let {name} match it."
    else:
        key, are = _key_for(path), "key is" if len(refusal.allowed) == 1 else "keys are"
        example = "" if key is None else f", such as {shown(key)}"
        hint = f"Add a key that covers it to {name}{example}. The nearest {are} {keys}."
    if root_path:
        hint += f" Keys are compared with the path below the root path {shown(root_path[0])}."
    return hint


def _key_for(path: str) -> str | None:
    """A key for everything in the first segment of the path; None if that is not a valid one, or unlikely.

    >>> _key_for("/items/1"), _key_for("/")
    ('/items/*', '/')
    """
    first = path.lstrip("/").partition("/")[0]
    key = f"/{first}/*" if first else "/"
    return None if path_faults(key) or unlikely_path(key) else key


def _reading_hint(refusal: Refusal, _: Words) -> str:
    hint = "Request it without //, dot segments and backslashes."
    if len(refusal.values) == 1:
        return hint
    return f"{hint} If a key of Resources begins with the root path, remove that from the key."


_NOT_SENT = "No browser sends this. A proxy may have changed the header."

_HINTS: Mapping[str, Callable[[Refusal, Words], str]] = {
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
    "path-not-covered": _path_hint,
    "path-ambiguous": _reading_hint,
}
