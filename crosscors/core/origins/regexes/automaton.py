"""What a regular expression can match: its parse tree as an automaton that reads texts from their end.

An ``Automaton`` has numbered states, and each state has steps to others. A step reads one of its characters,
or none. Steps have two more attributes:

- ``is_open`` marks what the author left open: a dot, a range, a class or a negated set, and every optional
  part or repeat, whether it is taken or skipped. Literals, alternatives and sets that list their
  characters are not open.
- ``only_at`` limits a step to one end of the text: ``^`` and ``$``.

Constructs that an automaton cannot have are replaced by ones that match more: look-around and ``\\b`` by
nothing, a back-reference by the expression of its group, a conditional by both of its branches. Then
``is_exact`` is False. So the automaton matches everything that the expression matches. The reverse holds only
if it is exact.

``re`` itself tells which characters a dot, set or literal matches, one character at a time, because flags
change this in ways that are easy to miss: with ``re.IGNORECASE``, ``[^k]`` does not match ``K``.
"""

from __future__ import annotations

import enum
import importlib
import re
import string
import sys
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, ClassVar, NamedTuple, cast

# The parser of ``re`` is private, and its modules have other names in Python 3.10. Other tools read its
# trees, too, such as hypothesis. The opcodes below are all that it has in Python 3.10 to 3.14.
_PARSER, _COMPILER = (
    ("re._parser", "re._compiler") if sys.version_info >= (3, 11) else ("sre_parse", "sre_compile")
)
_sre_parser: Any = importlib.import_module(_PARSER)
_sre_compiler: Any = importlib.import_module(_COMPILER)

# The characters that origins have (see serialized.py), those first that make an example readable.
ALPHABET = string.ascii_lowercase + string.digits + "-_." + string.ascii_uppercase + ":/[]+~!$&'(),;=%"

# Enough for what people write, even with {1,63} for each label. (?:.{0,1000}){0,1000} has a million. Parts
# that need no state are counted, too: (){1000000} has a million of them.
MAX_STATES = 20_000
_MAX_PARTS = 5 * MAX_STATES

_FLAGS = re.ASCII | re.DOTALL | re.IGNORECASE | re.MULTILINE | re.UNICODE | re.VERBOSE
_TYPE_FLAGS = re.ASCII | re.UNICODE


class NotProvableError(Exception):
    """The automaton would be too large, or the expression has a construct that this module does not know."""


class End(enum.Enum):
    """An end of the text, where ``^`` or ``$`` holds."""

    START = "start"
    END = "end"


class Step(NamedTuple):
    """A step from one state of an automaton to another.

    Attributes:
        target: the state that it leads to.
        characters: what it can read, one of these; empty if it reads nothing.
        is_open: whether the author left open which character is read, or whether any is read.
        only_at: the end of the text to which the step is limited; None if it is possible everywhere.
    """

    target: int
    characters: str = ""
    is_open: bool = False
    only_at: End | None = None


@dataclass(frozen=True)
class Automaton:
    """What an expression matches, read from the end of a text.

    Attributes:
        steps: the steps of each state.
        first: the state before anything is read.
        is_exact: whether it matches exactly what the expression matches, and not more.
    """

    steps: tuple[tuple[Step, ...], ...]
    first: int
    is_exact: bool

    #: The state in which the whole text has been read.
    LAST: ClassVar[int] = 0


def automaton_of(regex: re.Pattern[str]) -> Automaton:
    """The automaton of a regular expression that must match a whole text.

    Raises:
        NotProvableError: if it has more than MAX_STATES states, or cannot be built at all.

    >>> automaton_of(re.compile("a|bc")).is_exact
    True
    """
    try:
        tree = _tree_of(regex)
        builder = _Builder(_groups_in(tree))
        first = builder.sequence(tree, _Context(tree.state.flags), Automaton.LAST)
    except RecursionError as error:
        raise NotProvableError("its groups are nested too deeply") from error
    except Warning as warning:  # if warnings are errors, and the expression was compiled where they are not
        raise NotProvableError(str(warning)) from warning
    return Automaton(tuple(map(tuple, builder.steps)), first, builder.is_exact)


@lru_cache(maxsize=8)
def _tree_of(regex: re.Pattern[str]) -> Any:
    """The parse tree of the expression. It is cached, because each parse repeats its warnings."""
    return _sre_parser.parse(regex.pattern, regex.flags & _FLAGS)


class _Context(NamedTuple):
    """The place of a part in its expression.

    Attributes:
        flags: the flags that apply there.
        is_open: whether it is within an optional part or a repeat.
        is_repeated: whether it is the text that a back-reference repeats.
        any_case: whether that text is repeated without regard to case.
    """

    flags: int
    is_open: bool = False
    is_repeated: bool = False
    any_case: bool = False


def _groups_in(tree: Any) -> dict[int, tuple[Any, int]]:
    """The expression and flags of each group, for back-references."""
    found: dict[int, tuple[Any, int]] = {}

    def look_into(part: Any, flags: int) -> None:
        if isinstance(part, _sre_parser.SubPattern):
            for opcode, argument in part:
                inner = flags
                if str(opcode) == "SUBPATTERN":
                    group, added, removed, content = argument
                    inner = _combined(flags, added, removed)
                    if group is not None:
                        found[group] = content, inner
                look_into(argument, inner)
        elif isinstance(part, (tuple, list)):
            for each in cast("Iterable[Any]", part):
                look_into(each, flags)

    look_into(tree, tree.state.flags)
    return found


def _combined(flags: int, added: int, removed: int) -> int:
    """The flags within ``(?i-m:...)``. ASCII and UNICODE replace each other."""
    kept = flags & ~_TYPE_FLAGS if added & _TYPE_FLAGS else flags
    return (kept | added) & ~removed


class _Builder:
    """Builds the states of an automaton, from its last state to its first.

    The methods get a part of the parse tree, its place, and the state that follows once the part has been
    read. They return the state in which the part has not been read yet.
    """

    def __init__(self, groups: Mapping[int, tuple[Any, int]]) -> None:
        self.steps: list[list[Step]] = [[]]  # of Automaton.LAST
        self.is_exact = True
        self._groups = groups
        self._parts = 0
        self._characters: dict[tuple[str, int, bool], str] = {}

    def sequence(self, parts: Iterable[tuple[Any, Any]], context: _Context, after: int) -> int:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise NotProvableError(_TOO_LARGE)
        for opcode, argument in parts:  # the beginning of a text is read last
            name = str(opcode)
            if name not in _BUILD:
                raise NotProvableError(f"the opcode {name} is not known")
            self.is_exact = self.is_exact and name not in _MATCHING_LESS
            after = _BUILD[name](self, (opcode, argument), context, after)
        return after

    def character(self, part: Any, context: _Context, after: int) -> int:
        key = repr(part), context.flags, context.any_case
        if key not in self._characters:
            self._characters[key] = _characters(part, context)
        if not self._characters[key]:
            return self._state()  # no character of origins matches; no step leads on
        is_open = context.is_open or not _is_listed(part)
        return self._state(Step(after, self._characters[key], is_open))

    def branch(self, part: Any, context: _Context, after: int) -> int:
        _, (_, alternatives) = part
        # Not open, even if one of them is empty: the parser turns com|com\.au into com(?:|\.au).
        return self._state(*[Step(self.sequence(each, context, after)) for each in alternatives])

    def group(self, part: Any, context: _Context, after: int) -> int:
        is_atomic = str(part[0]) == "ATOMIC_GROUP"
        _, added, removed, content = (None, 0, 0, part[1]) if is_atomic else part[1]
        return self.sequence(content, context._replace(flags=_combined(context.flags, added, removed)), after)

    def repeat(self, part: Any, context: _Context, after: int) -> int:
        _, (least, most, content) = part
        if least == most:
            return self._copies(least, content, context, after)
        inner = context._replace(is_open=True)
        if most == _sre_parser.MAXREPEAT:
            more = self._state()
            self.steps[more] += self._choice(self.sequence(content, inner, more), after)
        else:
            more = after
            for _ in range(most - least):
                more = self._state(*self._choice(self.sequence(content, inner, more), after))
        return self._copies(least, content, inner, more)

    def backreference(self, part: Any, context: _Context, after: int) -> int:
        content, flags = self._groups[part[1]]
        any_case = context.any_case or bool(context.flags & re.IGNORECASE)
        repeated = context._replace(flags=flags, is_repeated=True, any_case=any_case)
        return self.sequence(content, repeated, after)

    def conditional(self, part: Any, context: _Context, after: int) -> int:
        _, (_, matched, otherwise) = part
        return self.branch((None, (None, [matched, otherwise or []])), context, after)

    def position(self, part: Any, context: _Context, after: int) -> int:
        # Origins have no line breaks, so these are the ends of the text, even with re.MULTILINE. A
        # back-reference repeats the text of a group, wherever that was.
        name = "" if context.is_repeated else str(part[1])
        if name.startswith("AT_BEGINNING"):
            return self._state(Step(after, only_at=End.START))
        if name.startswith("AT_END"):
            return self._state(Step(after, only_at=End.END))
        self.is_exact = False
        return after

    def assertion(self, part: Any, _context: _Context, after: int) -> int:
        # (?!) matches nothing. It has its own opcode in newer versions of Python.
        name = str(part[0])
        return self._state() if name == "FAILURE" or (name == "ASSERT_NOT" and not part[1][1]) else after

    def _state(self, *steps: Step) -> int:
        if len(self.steps) >= MAX_STATES:
            raise NotProvableError(_TOO_LARGE)
        self.steps.append(list(steps))
        return len(self.steps) - 1

    def _choice(self, taken: int, skipped: int) -> tuple[Step, Step]:
        return Step(taken, is_open=True), Step(skipped, is_open=True)

    def _copies(self, count: int, content: Any, context: _Context, after: int) -> int:
        for _ in range(count):
            after = self.sequence(content, context, after)
        return after


_TOO_LARGE = "it is too complex"

_BUILD: Mapping[str, Callable[[_Builder, Any, _Context, int], int]] = {
    "LITERAL": _Builder.character,
    "NOT_LITERAL": _Builder.character,
    "ANY": _Builder.character,
    "IN": _Builder.character,
    "FAILURE": _Builder.assertion,
    "BRANCH": _Builder.branch,
    "SUBPATTERN": _Builder.group,
    "MAX_REPEAT": _Builder.repeat,
    "MIN_REPEAT": _Builder.repeat,
    "POSSESSIVE_REPEAT": _Builder.repeat,
    "ATOMIC_GROUP": _Builder.group,
    "GROUPREF": _Builder.backreference,
    "GROUPREF_EXISTS": _Builder.conditional,
    "AT": _Builder.position,
    "ASSERT": _Builder.assertion,
    "ASSERT_NOT": _Builder.assertion,
}
# These can match less than the automaton does. Atomic groups and possessive repeats do not backtrack.
_MATCHING_LESS = frozenset(
    {"ASSERT", "ASSERT_NOT", "ATOMIC_GROUP", "GROUPREF", "GROUPREF_EXISTS", "POSSESSIVE_REPEAT"}
)


def _is_listed(part: tuple[Any, Any]) -> bool:
    """Whether the part is a character, or a set that lists its characters one by one."""
    opcode, argument = part
    if str(opcode) == "IN":
        return all(str(each) == "LITERAL" for each, _ in argument)
    return str(opcode) == "LITERAL"


def _characters(part: tuple[Any, Any], context: _Context) -> str:
    """The characters of ALPHABET that the part matches."""
    one = _sre_parser.SubPattern(_sre_parser.State(), [part])
    matches: Any = _sre_compiler.compile(one, context.flags & _FLAGS).fullmatch
    found = [character for character in ALPHABET if matches(character)]
    if context.any_case:
        found = [each for each in ALPHABET if each.lower() in found or each.upper() in found]
    return "".join(found)


def matches(regex: re.Pattern[str], text: str) -> bool:
    """Whether the expression matches the whole text. Never raises, although ``re`` sometimes does."""
    try:
        return regex.fullmatch(text) is not None
    except (SystemError, RecursionError, MemoryError):  # such as https://(?:(a)|b)*+, on "https://ab"
        return False


@lru_cache(maxsize=16)  # it is asked several times about the same expression, and a long one takes a while
def quick_length(regex: re.Pattern[str]) -> int:
    """The length of the longest text that the expression can be tried on fast, even if it does not match.

    ``re`` tries all the ways to divide a text among the parts of an expression. This counts them, generously.

    >>> quick_length(re.compile("[a-z]+")) > 1000, quick_length(re.compile("(?:[a-z]+)+")) < 30
    (True, True)
    """
    try:
        tree = _tree_of(regex)
        if _ways(tree, _LONGEST) <= _MANY_WAYS:  # most expressions, and all long ones
            return _LONGEST
        return bisect(range(_LONGEST), _MANY_WAYS, key=lambda length: _ways(tree, length)) - 1
    except (RecursionError, Warning):
        return -1


_LONGEST = 2000
_MANY_WAYS = 1_000_000


def _ways(part: Any, length: int) -> int:
    """An upper bound of the ways to try a text of this length; not much more than _MANY_WAYS."""
    name = _opcode_of(part)
    if name == "LITERAL":
        return 1
    if name in _REPEATS:
        least, most, content = cast("tuple[int, int, Any]", part[1])
        within = _ways(content, length)
        if least == most:
            ways = _power(within, most)
        elif most == 1:
            ways = within + 1
        else:
            ways = length + 1 if within == 1 else _power(_choices(content), length)
        # max: to match nothing a million times takes time, too.
        return min(max(ways, least), _MANY_WAYS + 1)
    if name == "BRANCH":
        return min(sum(_ways(each, length) for each in part[1][1]), _MANY_WAYS + 1)
    return min(prod(_ways(each, length) for each in _parts_of(part)), _MANY_WAYS + 1)


def _choices(part: Any) -> int:
    """The number of ways in which the part can go on with one character, without repeats."""
    name = _opcode_of(part)
    if name == "BRANCH":
        return sum(map(_choices, part[1][1]))
    within = prod(map(_choices, _parts_of(part)))
    return min(within + (name in _REPEATS), _MANY_WAYS)


def _power(base: int, exponent: int) -> int:
    if base <= 1 or exponent == 0:
        return 1
    is_many = exponent > _MANY_WAYS.bit_length() or base > _MANY_WAYS
    return _MANY_WAYS + 1 if is_many else min(base**exponent, _MANY_WAYS + 1)


def _opcode_of(part: Any) -> str:
    return str(part[0]) if isinstance(part, tuple) and part else ""  # pyright: ignore[reportUnknownArgumentType]


def _parts_of(part: Any) -> Iterable[Any]:
    is_made_of_parts = isinstance(part, (tuple, list, _sre_parser.SubPattern))
    parts: Iterable[Any] = part if is_made_of_parts else ()
    return parts


_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
