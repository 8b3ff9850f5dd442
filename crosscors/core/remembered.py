"""A memory in front of the rule book.

To look up a decision takes 0.1 microseconds for an actual request and 0.5 for a preflight. To decide and to
make the headers takes almost 5.
"""

from __future__ import annotations

from typing import TypeVar

from crosscors.core.decision import Decision
from crosscors.core.origins.serialized import MAX_LENGTH
from crosscors.core.request import CORSRequest
from crosscors.core.rulebook import AskFunction, Preflight, Rulebook
from crosscors.core.token_lists import MAX_REQUEST_HEADERS_LENGTH, within_bounds
from crosscors.core.values import ANY

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

# Each memory keeps at most so many requests, with so many characters each. That is enough for what pages
# usually request. An attacker can make them fill one megabyte, with everything that is written.
_REMEMBERED = 192
_REMEMBERED_LENGTH = 320
# A longer origin is refused. There is no need to decode a megabyte to see that.
_MOST_READ = MAX_REQUEST_HEADERS_LENGTH


class Memory(dict[_Key, _Value]):
    """A dictionary with room for so many values. It forgets all of them when it is full.

    ``functools.lru_cache`` would forget only the oldest value. But its look-ups are calls that write, and an
    object that has one cannot be pickled. A copy starts empty: it must not pass on what visitors asked.

    >>> memory = Memory(2)
    >>> [memory.keep(number, number**2) for number in range(3)], memory
    ([0, 1, 4], {2: 4})
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def __reduce__(self) -> tuple[type[Memory[_Key, _Value]], tuple[int]]:
        return type(self), (self._room,)

    def keep(self, key: _Key, value: _Value) -> _Value:
        """The value, which can be looked up from now on."""
        if len(self) >= self._room and key not in self:
            self.clear()
        self[key] = value
        return value


class Remembered:
    """The rule book with a memory. It never keeps what ``allow_origin_func`` decided.

    Attributes:
        methods: what the policy says about methods.
        by_text: allowed decisions by origin, and the one without Origin. Adapters look here before they ask.
        by_bytes: the same for ASGI, where origins are bytes. To decode one takes longer than to look it up.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self.methods = rulebook.methods
        self.by_text: dict[str | bytes | None, Decision] = {None: rulebook.no_origin}
        self.by_bytes: dict[str | bytes | None, Decision] = {None: rulebook.no_origin}
        self._not_listed: list[
            str | bytes
        ] = []  # keys of both that are not entries; only these are forgotten
        self._refused: Memory[str, Decision] = Memory(_REMEMBERED)
        self._preflights: Memory[tuple[str, str, str, bool, bool], Decision] = Memory(_REMEMBERED)

    def __reduce__(self) -> tuple[type[Remembered], tuple[Rulebook]]:
        return type(self), (self._rulebook,)

    def actual(self, origin: str | bytes | None) -> Decision | AskFunction:
        """The decision about a request that is not a preflight.

        Args:
            origin: Origin, as text or as the bytes that came; None if it is missing.
        """
        if origin is None:
            return self._rulebook.actual(None)
        if isinstance(origin, bytes):
            known, text = self.by_bytes, origin[:_MOST_READ].decode("latin-1")
        else:
            known, text = self.by_text, origin
        # The length comes first, because the cost of a look-up is in proportion to it.
        if len(text) > MAX_LENGTH:
            return self._rulebook.actual(text)
        decision = known.get(origin) or self._refused.get(text)
        if decision is not None:
            return decision
        answer = self._rulebook.actual(text)
        if isinstance(answer, Decision) and _is_plain(text):
            if answer.refusals:
                self._refused.keep(text, answer)
                return answer
            if answer.matched != text:
                self._make_room_for(origin)
            known[origin] = answer
        return answer

    def examined(self, decision: Decision, request: CORSRequest) -> Decision:
        """Rule 10 of the rule book. The result is not remembered, because it depends on more than Origin."""
        return self._rulebook.examined(decision, request)

    def _make_room_for(self, origin: str | bytes) -> None:
        """Forget all origins that are not entries if there are too many of them.

        Entries stay, so that a flood of other origins cannot push them out.
        """
        if len(self._not_listed) >= _REMEMBERED:
            others, self._not_listed = self._not_listed, []
            for each in others:
                self.by_text.pop(each, None)
                self.by_bytes.pop(each, None)
        self._not_listed.append(origin)

    def preflight(
        self, origin: str, method: str, names: str | None, private_network: str | None, debug: bool
    ) -> Decision | AskFunction:
        """The decision about a preflight.

        Args:
            method: Access-Control-Request-Method.
            names: Access-Control-Request-Headers; None if it is missing.
            private_network: Access-Control-Request-Private-Network; None if it is missing.
            debug: see rule 7 of the rule book.
        """
        # One decision serves everyone if the policy is public.
        who = ANY if self._rulebook.is_public else origin
        asked = within_bounds(names or "")
        key = (who, method, asked, private_network == "true", debug)
        is_short = len(who) + len(method) + len(asked) <= _REMEMBERED_LENGTH
        decision = self._preflights.get(key) if is_short else None
        if decision is not None:
            return decision
        answer = self._rulebook.preflight(origin, Preflight(*key[1:]))
        if is_short and isinstance(answer, Decision) and _is_plain(f"{who}{method}{asked}"):
            self._preflights.keep(key, answer)
        return answer


def _is_plain(text: str) -> bool:
    """Whether the text may be remembered. No browser sends other text, which takes ten times the room."""
    return text.isascii() and text.isprintable()
