"""What a regular expression was surely meant to be, if it says something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations
from typing import NamedTuple

Mending = Callable[[str], str]


def _instead(wrong: str, right: str | Callable[[re.Match[str]], str]) -> Mending:
    return partial(re.compile(wrong).sub, right)


def _escaped(dot: re.Match[str]) -> str:
    return dot["set"] or r"\."


def _labels(anything: re.Match[str]) -> str:
    """Whole labels, each with its dot, of the characters that the author allows."""
    allowed = anything["any"]
    is_list = allowed.startswith("[") and not allowed.startswith("[^") and r"\S" not in allowed
    label = re.sub(r"\\?\.", "", allowed) if is_list else "[a-z0-9-]"
    return rf"({label}+\.){'+' if _is_required(anything) else '*'}"


def _is_required(anything: re.Match[str]) -> bool:
    groups = anything.groupdict()
    can_be_empty = groups.get("empty") or groups.get("optional")
    return not can_be_empty and anything["count"].startswith(("+", "{1"))


def _scheme_and_labels(anything: re.Match[str]) -> str:
    return f"https?://{_labels(anything)}"


def _port(anything: re.Match[str]) -> str:
    return r":\d+" if _is_required(anything) and not anything["before"] else _ANY_PORT


def _lower(upper: re.Match[str]) -> str:
    return upper[0].lower()


def _completed(numbers: re.Match[str]) -> str:
    """An address with all its four numbers."""
    given = re.findall(r"\d+", numbers["given"])
    return r"\.".join([*given, *[r"\d+"] * (4 - len(given))]) + _ANY_PORT


def _with_scheme(text: str) -> str:
    text = re.sub(r":/(?![/*])", "://", text)
    if "//" in text:
        return f"https:{text}" if text.startswith("//") else text
    text = re.sub(r"\A\\?\.(?=[a-z0-9])", r".*\.", text)
    scheme = "http://" if _LOOPBACK.search(text) else "https://"
    return f"{scheme}(?:{text})" if "|" in text else f"{scheme}{text}"


_ANY_PORT = r"(:\d+)?"
_LOOPBACK = re.compile(r"localhost|127\\?\.|\[::1")
_ANY = r"\.|\\[SDW]|\[\\s\\S\]|\[\^(?:\\.|[^\]\\])+\]|\[[^\]^]*\.[^\]]*\]"
_LETTERS = r"\\w|\[[^\]^]*(?:a-z|\\w)[^\]]*\]"
_COUNT = r"(?P<count>[*+]|\{\d*,\d*\})\??"
_ANYTHING = rf"(?P<any>{_ANY}){_COUNT}"
_ANY_NAME = rf"(?P<any>{_ANY}|{_LETTERS}){_COUNT}"
_OPENING, _CLOSING = r"(?P<group>\((?:\?:|\?P<\w+>)?)?", r"(?P<empty>\|)?(?(group)\)(?P<optional>[*?])?)\??"
# What stands before an end left open. It is optional, too, so it does not keep others out.
_PORT_OR_SLASH = r"(?::\??|/\?|\[[:/]+\]\?|\((?:\?:)?:\\d[+*]\)\?|(?<=:\?)\\d\*|\\b)*"
_PLAIN_OR_TLS = (
    r"\(\?:https?\)|\((?:\?:)?https?\|https?\)|http\((?:\?:)?s(?:\)\?|\|\))|http\[s\]\?"
    r"|https(?:\?|\{0,1\})|http(?=:)"
)

# What people write, and what they mean. A dot that is a part of a set, such as [a-z.], is meant as a dot.
_DOT = _instead(r"(?P<set>\[(?:\\.|[^\]\\])+\])|(?<!\\)\.(?![*+?{])", _escaped)
_SCHEME = _instead(r"\A(?:\.|\\w|\[[^\]]*\])[*+]\??(?=://)", "https?")
_HTTPS = _instead(_PLAIN_OR_TLS, "https")
_OPEN = (
    # a name that may begin with anything
    _instead(rf"(?:(?<=//)|(?<=[(|])){_OPENING}{_ANY_NAME}{_CLOSING}(?:\\?\.\?)?(?=[a-z0-9(])", _labels),
    # the same after the beginning of the name
    _instead(rf"(?<=[a-z0-9-]){_ANY_NAME}(?=[a-z0-9])", r"\g<0>\."),
    # an optional dot between labels, the first of which may be optional as well
    _instead(r"\((?:\?:)?([a-z0-9-]+)\)\?\\?\.\?(?=[a-z0-9(])", r"(\1\.)?"),
    _instead(r"(?<=[a-z0-9])\\?\.\?(?=[a-z0-9(])", r"\."),
    # an end left open
    _instead(
        rf"(?<=[a-z0-9)])(?P<before>{_PORT_OR_SLASH}){_OPENING}(?(group)(?:[:/]|\\?\.)?){_ANYTHING}{_CLOSING}"
        r"(?=[|)]|\Z)",
        _port,
    ),
    # an optional last letter
    _instead(r"(?<=[a-z])\?\Z", ""),
    # names with and without a part: both must be spelled out
    _instead(r"\((?:\?:)?((?:[a-z0-9|-]|\\[.-])+)\)\?", r"(|\1)"),
    # a scheme and a name that may begin with anything
    _instead(rf"\A{_ANYTHING}(?=[a-z0-9(])", _scheme_and_labels),
    _instead(rf"\A{_ANYTHING}(?=\\\.)", "https?://.*"),
    # a dot in place of the colon before a port
    _instead(r"(?<=[a-z(])\.(?=\\d|\[0-9\]|[0-9]{2,5}(?![0-9.\\]))", ":"),
    # the rest of an address left open
    _instead(rf"(?<![0-9.\\])(?P<given>(?:\d{{1,3}}\\\.){{1,3}}){_ANYTHING}(?=[|)]|\Z)", _completed),
    _instead(r"(?<![0-9.\\])(?P<given>\d{1,3}(?:\\?\.\d{1,3}){1,2})\.[*+]\??(?=[|)]|\Z)", _completed),
)
#: What lets in more than was meant.
TOO_WIDE: tuple[Mending, ...] = (_DOT, _SCHEME, *_OPEN)
#: What is not safe with credentials.
UNSAFE: tuple[Mending, ...] = (_DOT, _HTTPS, *_OPEN)
#: What lets nothing in.
TOO_NARROW: tuple[Mending, ...] = (
    # quotes, or the slashes of JavaScript, around the expression
    _instead(r"\Ar?([\"'])\^?(.*?)\$?\1\Z", r"\2"),
    _instead(r"\A/\^?(?!/)(.*?)\$?/[gimsuy]*\Z", r"\1"),
    # a backslash written twice
    _instead(r"\\\\(?=[.dw-])", r"\\"),
    # alternatives separated as in a list, or with blanks
    _instead(r"(?<=[a-z0-9)*+?$])\s*[,;\s]\s*\^?(?=[a-z]+[()?s]*:)", "|"),
    _instead(r"\s+(?=\||\Z)|(?:\A|(?<=\|))\s+", ""),
    # a path, a query, a fragment
    _instead(r"(?<=[^:/|(])(?:\((?:\?:)?/[^()|]*\)|/(?!/)[^|()]*(?=[|)]|\Z))", ""),
    _instead(r"(?<=[^:/|(])/(?!/).*\Z", ""),
    _instead(r"(?:\\?\?[a-z_]+=|\\?#)[^|()]*(?=[|)]|\Z)", ""),
    # upper case, except in \D, \S and the like
    _instead(r"(?<!\\)(?<!\(\?)[A-Z]+", _lower),
    # a pattern of files or of allow_origins
    _instead(r"(?<=//)\*(?=\\?\.)", ".*"),
    # an anchor within
    _instead(r"(?<=[^\\|(\[\w])\^|(?<!\\)\$(?=[^|)\w])", ""),
    # digits without their backslash, and ports that browsers leave out
    _instead(r":d(?=[+*{])", r":\\d"),
    _instead(r":(?:443|80)(?!\d)", ""),
    _with_scheme,
)
_LONGEST = 200  # a longer one is too long for a hint
_MOST = 8  # nobody makes more mistakes in one expression
_INLINE_FLAGS = re.compile(r"\A(?:\(\?[aimsux]+\))+")  # the compiled expression has them
_INLINE = {re.IGNORECASE: "i", re.ASCII: "a", re.MULTILINE: "m", re.DOTALL: "s"}


class Meant(NamedTuple):
    """An expression, and the text to paste for it.

    >>> str(Meant(re.compile("https://a", re.IGNORECASE)))
    'r"(?i)https://a"'
    """

    regex: re.Pattern[str]

    def __str__(self) -> str:
        pattern = self.regex.pattern
        missing = self.regex.flags & ~re.compile(pattern).flags
        letters = "".join(letter for flag, letter in _INLINE.items() if missing & flag)
        text = f"(?{letters}){pattern}" if letters else pattern
        return f"r'{text}'" if '"' in text else f'r"{text}"'


def mended(
    regex: re.Pattern[str], is_sound: Callable[[re.Pattern[str]], bool], mendings: Iterable[Mending] = UNSAFE
) -> Meant | None:
    """The expression as it was surely meant; None if it cannot be guessed.

    Args:
        regex: what was written.
        is_sound: whether an expression is acceptable.
        mendings: what may be wrong with it.

    >>> mended(re.compile("https://a.com"), lambda regex: not regex.fullmatch("https://axcom"))
    Meant(regex=re.compile('https://a\\\\.com'))
    """
    pattern, flags = bare(regex.pattern), regex.flags & ~re.DEBUG
    if len(pattern) > _LONGEST:
        return None
    if flags & re.VERBOSE:
        pattern, flags = _in_one_line(pattern), flags & ~re.VERBOSE
    needed = _applicable(mendings, pattern)
    tried = (
        _with(chosen, pattern)
        for count in range(1, len(needed) + 1)
        for chosen in combinations(needed, count)
    )
    for text in dict.fromkeys(tried):
        compiled = None if text == pattern else compiled_or_none(text, flags)
        if compiled is not None and is_pasteable(text) and is_sound(compiled):
            return Meant(compiled)
    return None


def _in_one_line(pattern: str) -> str:
    """A verbose pattern without the blanks and comments that mean nothing in it."""
    return _BLANKS.sub(lambda found: found["kept"] or "", pattern)


_BLANKS = re.compile(r"(?P<kept>\\.|\[\^?\]?(?:\\.|[^\]\\])*\])|#[^\n]*|\s+", re.DOTALL)


def is_pasteable(text: str) -> bool:
    """Whether the text can be pasted as one raw string: it has one line, and not both kinds of quotes."""
    return text.isascii() and text.isprintable() and not {*"\"'"} <= {*text}


def bare(pattern: str) -> str:
    """The pattern without what changes nothing: anchors at its ends, flags, backslashes before slashes."""
    pattern = re.sub(r"(?<!\\)((?:\\\\)*)\\/", r"\1/", _INLINE_FLAGS.sub("", pattern)).removeprefix("^")
    return pattern if pattern.endswith(r"\$") else pattern.removesuffix("$")


def _applicable(mendings: Iterable[Mending], pattern: str) -> list[Mending]:
    """Those that change the pattern, or what the others before them have made of it."""
    found: list[Mending] = []
    text = pattern
    for mend in mendings:
        if mend(pattern) != pattern or mend(text) != text:
            found.append(mend)
            text = mend(text)
    return found[:_MOST]


def _with(mendings: Iterable[Mending], pattern: str) -> str:
    for mend in mendings:
        pattern = mend(pattern)
    return pattern


def compiled_or_none(text: str, flags: int = 0) -> re.Pattern[str] | None:
    """The expression; None if it is not valid."""
    try:
        return re.compile(text, flags)
    # ValueError and others: such as a count that is too large. Warning: where warnings are errors.
    except (re.error, ValueError, OverflowError, RecursionError, Warning):
        return None
