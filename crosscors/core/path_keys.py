"""Keys of resources that cannot cover what was meant, and what to write instead.

Many come from Flask-CORS, where keys are regular expressions that need to match only the beginning of a path.
Others come from routes, globs and URLs. This runs only while resources are constructed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

BELOW = "/*"
# What has more than one reading: empty and dot segments, backslashes, control characters, and bytes that are
# not UTF-8. Some servers give these as surrogates (PEP 383), others as U+FFFD. The expression begins with a
# set of characters, so that a search skips all others. That is twice as fast as with alternatives.
is_ambiguous = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd](?:(?<!/)|/|\\.\\.?(?:/|\\Z))").search

# Signs of a regular expression. "$" and "(" alone are not: there are paths such as "/$metadata".
_REGEX_SIGNS = re.compile(r"[\\|\[\]]|^\^|\$$|\(\?|\.[*+]|/\?(?:[*.]|\Z)|\{[0-9]+(?:,[0-9]*)?\}")
# As routes have them in FastAPI, Flask and Django. "{2}" is a repeat, "(?P<id>...)" a group.
_IN_BRACKETS = r"\[{1,2}(?:\.{3}\w+|id|[A-Za-z_]\w{3,})\]{1,2}(?=/|\Z)"  # as the files of Next.js are called
_PARAMETER = re.compile(
    r"\{(?:\*{0,2}[A-Za-z_][^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}|(?<!\(\?P)<[A-Za-z_][^<>]*>"
    rf"|(?<=/){_IN_BRACKETS}"
)
_BRACES = re.compile(r"\{.*\}|<.*>")  # no path that people write has these
_PERCENT_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
# "https://api.example.com", and the same without its scheme: it has a port or a dot, or is localhost.
_URL = re.compile(
    r"[a-z][a-z0-9+.-]*://[^/?#]*|(?:localhost|(?!socket\.io/)(?:[\w-]+\.)+[a-z]{2,}|[\w.-]+(?=:[0-9]))(?::[0-9]+)?(?=/)",
    re.IGNORECASE,
)
_FRAME = " \t\r\n\"'\ufeff\u200b"
_EXAMPLE = 'Write a path such as "/api/*".'


def path_faults(path: str) -> list[tuple[str, str]]:
    """Code and message of everything that is wrong with a key. One mistake is one fault."""
    if path.lstrip(_FRAME) != path or _QUOTED.fullmatch(path):
        return [("path-relative", "has blanks or quotes before its first slash.")]
    if _URL.match(path):
        return [("path-url", "is a URL; only paths are compared.")]
    if _REGEX_SIGNS.search(_PARAMETER.sub("x", path)):
        return [("path-regex", "looks like a regular expression; paths are compared literally.")]
    return list(_faults(path))


def _faults(path: str) -> Iterator[tuple[str, str]]:
    others = _PARAMETER.sub("x", path)  # the expression in "{id:[^/]+}" is no fault of its own
    if not path.startswith("/"):
        yield "path-relative", "does not begin with a slash."
    if "*" in others.removesuffix(BELOW).lstrip("*"):
        yield "path-wildcard", 'has a "*" that is not the whole last segment.'
    if "?" in others or "#" in others:
        yield "path-query", "has a query or fragment; only paths are compared."
    if _PERCENT_ENCODED.search(others):
        yield "path-encoded", "is percent-encoded; paths are compared after decoding."
    if _BRACES.search(path) or _PARAMETER.search(path):
        yield "path-parameter", "has a parameter; paths are compared literally."
    if is_ambiguous(others):
        yield "path-ambiguous", "has dot or empty segments, a backslash or a control character."


def unlikely_path(key: str | re.Pattern[str]) -> tuple[str, str, str] | None:
    """Code, message and hint for a key that is valid, but surely does not cover what was meant."""
    if isinstance(key, str):
        if len(_SEVERAL.split(key)) > 1:
            return "unlikely-path", "looks like several paths in one string.", path_hint(key)
        parameter = _COLON_PARAMETER.search(key)
        if parameter is None:
            return None
        instead = f'Write re.compile(r"{_COLON_PARAMETER.sub("/[^/]+", _escaped(key.removesuffix(BELOW)))}"'
        tail = f'{instead[:-1]}(/.*)?").' if key.endswith(BELOW) else f"{instead})."
        return "path-parameter", f"has the parameter {parameter[0][1:]}; paths are compared literally.", tail
    if key.flags & re.VERBOSE:
        return None  # the text has blanks and comments
    text = key.pattern
    literal = _BRACES_OF_EXPRESSIONS.sub(lambda found: found["other"] or "-", text)
    message = next((message for sign, message in _UNLIKELY if sign.search(literal)), None)
    if message is None:
        return None
    has_flags = key.flags & ~re.UNICODE  # which a hint in text would lose
    hint = _EXAMPLE if has_flags else path_hint(_COLON_PARAMETER.sub("/{x}", text))
    return "unlikely-path", f"is a regular expression{message}", _WHOLE_PATH if hint == _EXAMPLE else hint


_WHOLE_PATH = 'Write an expression for the whole path, such as re.compile(r"/api(/.*)?").'
# As routes have them in Express and Rails. "/items:batch" is a path.
_COLON_PARAMETER = re.compile(r"/:[A-Za-z_]\w*(?=/|\Z)")
# Braces that an expression means, escaped or in a set, such as "[^{}/]+": they are no parameter.
_BRACES_OF_EXPRESSIONS = re.compile(
    r"(?P<other>\\[^{}<>])|\\.|\[\^?\]?(?:\\.|[^\]\\{}<>])*[{}<>](?:\\.|[^\]\\])*\]", re.DOTALL
)
# Signs in the text of a compiled expression, and what they do there.
_UNLIKELY = (
    (
        re.compile(r"(?:/|(?<!\\)\w)\*(?=\$?(?:\Z|[|)]))"),
        '. Its "*" only repeats the character before it, so it covers nothing below.',
    ),
    (_PARAMETER, ", which takes the parameter of a route literally."),
    (_COLON_PARAMETER, ", which takes the parameter of a route literally."),
    (
        re.compile(r"\A\^?\w+(?:[^\w?*{|][^|]*)?\Z"),
        " that matches no path: paths begin with a slash.",
    ),
    (re.compile(r"\A\^/[\w/-]*\Z"), " that matches only one path: it has to match the whole path."),
)


def path_hint(path: str) -> str:
    """What to write instead of a key that is not valid. It covers what was meant, and nothing else."""
    if path.strip(_FRAME).lower() in _NOT_SET:
        return _EXAMPLE
    several = [_without_frame(each) for each in _SEVERAL.split(_without_quotes(path))]
    if len(several) > 1:
        alternatives = [f"{each}*" if each.endswith("/") else each for each in several]
    else:
        alternatives = _alternatives(several[0])
    keys = [_literal_key(each) for each in alternatives]
    if all(keys):
        return f"Write {_listed(keys)}."
    if not any(map(_has_signs, alternatives)):
        return _EXAMPLE
    expression = "|".join(map(_expression, alternatives))
    if not _can_be_pasted(expression):
        return _EXAMPLE
    instead = f'Write re.compile(r"{expression}")'
    start = alternatives[0]
    beginning = _BEGINNING.fullmatch(start) if len(alternatives) == 1 else None
    key = beginning and _literal_key(beginning[1])
    if key is not None and expression == f"{_escaped(key)}.*":
        return (
            f"{instead} for every path that begins with {key}, or "
            f'"{key}{BELOW}" for {key} and everything below it, but not {key}x.'
        )
    above = _literal_key(_FIRST_SIGN.split(start)[0].rpartition("/")[0])
    if len(alternatives) == 1 and above not in (None, "/") and not _EXCLUDES.search(start):
        return f'{instead}, or "{above}{BELOW}" for everything below {above}.'
    return f"{instead}, which must match the whole path."


_NOT_SET = ("none", "null", "undefined")
# A look-around, or a negated set: it may exclude what a key for everything would cover.
_EXCLUDES = re.compile(r"\(\?<?[!=]|\[\^")
# "/a, /b", "/a /b", "/a', '/b"
_SEVERAL = re.compile(r"[\"']?\s*,\s*(?:[rub]?[\"'])?(?=\^?/)|\s+(?=\^?/)")
_BEGINNING = re.compile(r"(.*[^/*.?)\]\\}>])\.?\*")  # "/api*"
_FIRST_SIGN = re.compile(r"[*?{<\[(\\^$|]|\.[*+]")


def _listed(keys: list[str | None]) -> str:
    *others, last = (f'"{key}"' for key in dict.fromkeys(keys))
    return f"{', '.join(others)} and {last}" if others else last


def _without_quotes(path: str) -> str:
    """The key without the signs of a list, of a raw string, or of a location of nginx around it."""
    text = path.strip(_FRAME)
    inner = _QUOTED.fullmatch(text)
    text = text if inner is None else inner[1]
    is_beginning = text.startswith("^~")
    text = _LOCATION.sub("", text)
    return f"{text.rstrip('/')}{BELOW}" if is_beginning else text


_QUOTED = re.compile(r"\[?\s*[rub]?[\"'](/.*?)[\"']?\s*\]?", re.DOTALL)
_LOCATION = re.compile(r"\A(?:=\s*(?=/)|~\*?\s*(?=[\^/])|\^~\s*(?=/))")


def _without_frame(path: str) -> str:
    """The key without what does not belong to a path: blanks, quotes, a host, anchors."""
    text = path.strip(_FRAME)
    if text.startswith("\\") and "/" not in text:  # as Windows writes paths
        text = text.replace("\\", "/")
    text = _END_OF_SEGMENT.sub(BELOW, text)
    host = _URL.match(text)
    if host is not None:
        text = text[host.end() :] or BELOW
    is_open = text.startswith("^") and text[-1:] not in ("$", "*", "+", "?", ")")
    text = text.removeprefix("^").replace(r"\/", "/")
    text = text if text.endswith(r"\$") else text.removesuffix("$")
    text = f"{text}*" if is_open else text  # "^/api/" matches a beginning in Flask-CORS and Django
    return text if text.startswith(("/", "(", "[")) else f"/{text}"


# In Flask-CORS and Django, this ends a beginning at a slash or at the end of the path.
_END_OF_SEGMENT = re.compile(r"\((?:\?[:=])?(?:/\|(?:\$|\\Z)|(?:\$|\\Z)\|/)\)\Z")
# (api|auth) and [12], if they are not repeated
_CHOICE = re.compile(
    r"\((?:\?:)?([^()\\]*\|[^()\\]*)\)(?![?*+{])"
    rf"|(?!{_IN_BRACKETS})\[([A-Za-z0-9_~]+)\](?![?*+{{])"
)
_MOST_ALTERNATIVES = 8  # more are too many for a hint


def _alternatives(text: str) -> list[str]:
    """All that groups and sets of literals stand for, if there are not too many."""
    found = text.split("|") if {*"(["}.isdisjoint(text) else [text]
    while len(found) <= _MOST_ALTERNATIVES:
        match = next(filter(None, map(_CHOICE.search, found)), None)
        if match is None:
            return [each if each.startswith("/") else f"/{each}" for each in found]
        choices = match[2] or match[1].split("|")
        at = found.index(match.string)
        found[at : at + 1] = [
            match.string[: match.start()] + choice + match.string[match.end() :] for choice in choices
        ]
    return [text]


# How people write "everything below": /*, /**, /.*, /?*, /?.*, /\*, /(.*), (/.*)?, /{*rest}
_TAIL = re.compile(r"/(?:\*\*/\*|\??\*+|\\\*|\??\.\*\??|\(\.\*\))\Z|/\{\*+\w*\}\Z|\((?:\?:)?/\.\*\)\??\Z")


def _literal_key(text: str) -> str | None:
    """The key that covers what the text means; None if that takes an expression."""
    stem, tails = _TAIL.subn("", text)
    stem = re.sub(r"\\([./_~-])", r"\1", stem.removesuffix("/?"))
    if _has_signs(stem):
        return None
    key = _resolved(stem)
    key = key.rstrip("/") + BELOW if tails else key
    return None if path_faults(key) else key


def _has_signs(text: str) -> bool:
    return "*" in text or _REGEX_SIGNS.search(text) is not None or _PARAMETER.search(text) is not None


def _resolved(path: str) -> str:
    """The path without query, decoded, and without empty and dot segments."""
    decoded = unquote(re.split("[?#]", path)[0])
    return posixpath.normpath("/" + re.sub(r"/+", "/", decoded).lstrip("/"))


def _expression(text: str) -> str:
    """The regular expression for what the text means."""
    parameters = [_of_parameter(match[0]) for match in _PARAMETER.finditer(text)]
    masked = _PARAMETER.sub(_MASK, text)
    expression = _mended(masked) if _REGEX_SIGNS.search(masked) else _of_glob(masked)
    return re.sub(_MASK, lambda _: parameters.pop(0), expression)


_MASK = "\x1f"  # stands for a parameter; a key that has it is not valid anyway
_GLOB = re.compile(r"(/\*+(?=/|\Z)|\*+)")
_LONE_DOT = re.compile(r"(?<!\\)\.(?![*+?{])")


def _mended(regex: str) -> str:
    """The expression with a backslash before each dot that was surely meant as a dot."""
    regex = _LONE_DOT.sub(r"\\.", regex)
    regex = re.sub(r"/\??\*+\Z", "(/.*)?", regex)
    return re.sub(r"(?<=[\w)])\*\Z", ".*", regex)


def _of_glob(glob: str) -> str:
    """The expression for a key with "*" in segments, or with parameters."""
    resolved = _resolved(glob) + ("/" if glob.endswith("/") else "")
    above, below = _TAIL.subn("", resolved)
    start, longer = ("", 0) if below else re.subn(r"\*+\Z", "", resolved)
    end = "(/.*)?" if below else ".*" if longer else ""
    return "".join(map(_of_piece, _GLOB.split(above if below else start))) + end


def _of_piece(piece: str) -> str:
    stars = piece.count("*")
    if not stars:
        return _escaped(piece)
    if piece.startswith("/"):
        return "/[^/]+" if stars == 1 else "(/.*)?"
    return "[^/]*"


_CONVERTERS = {"int": "[0-9]+", "float": "[0-9.]+", "path": ".+", "uuid": "[0-9A-Fa-f-]+"}


def _of_parameter(text: str) -> str:
    """What a parameter matches: {id}, {id:int}, {id:[0-9]+}, <id>, <int:id>, [id]."""
    if text.startswith(("{*", "[...", "[[...")):  # the rest of the path
        return ".+"
    if text.startswith("["):
        return "[^/]+"
    before, _, after = text[1:-1].partition(":")
    converter = after if text.startswith("{") else before
    is_regex = re.search(r"\W", after) is not None and text.startswith("{")
    return f"(?:{after})" if is_regex else _CONVERTERS.get(converter, "[^/]+")


def _escaped(text: str) -> str:
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)


def _can_be_pasted(expression: str) -> bool:
    """Whether it is valid, also between r" and "."""
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError, Warning):
        return False
    return expression.isprintable() and '"' not in expression
