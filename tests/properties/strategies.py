"""What to generate: entries, origins that are nearly one of them, and requests with any text in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from crosscors import CORSRequest

from . import reference

_T = TypeVar("_T")


def weighted(strategies: dict[st.SearchStrategy[_T], int]) -> st.SearchStrategy[_T]:
    """One of the strategies, each as often as its weight says; ``one_of`` drops repeats."""
    repeated = [strategy for strategy, weight in strategies.items() for _ in range(weight)]
    return st.sampled_from(repeated).flatmap(lambda strategy: strategy)


SCHEMES = ("https", "http", "ws", "wss", "ftp", "app", "capacitor", "chrome-extension", "a+b.c-1", "file")
LABELS = (
    *("a", "b", "x-y", "x_y", "xn--bcher-kva", "xn--f", "example", "evil", "com", "localhost"),
    *("0", "7", "0x", "0xf", "l" * 63),
)
_IPV6 = ("[::1]", "[2001:db8::7:0:0:1]", "[::ffff:7f00:1]", "[1:2:3:4:5:6:7:8]")
ADDRESSES = ("127.0.0.1", "203.0.113.7", *_IPV6)
PORTS = ("", ":1", ":80", ":443", ":3000", ":65535")

_labels = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4).map(".".join)
_domains = st.builds("{}{}".format, _labels, st.sampled_from(("", "", "", ".")))
_any_address = st.one_of(
    st.sampled_from(ADDRESSES),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
_hosts = weighted({_domains: 3, _any_address: 1})
_exact = st.builds("{}://{}{}".format, st.sampled_from(SCHEMES), _hosts, st.sampled_from(PORTS))
_subdomains = st.builds(
    "{}://*.{}{}".format, st.sampled_from(SCHEMES), _domains, st.sampled_from((*PORTS, ":*"))
)
_any_port = st.builds("{}://{}:*".format, st.sampled_from(SCHEMES), _hosts)

# What may stand in a policy.
entries: st.SearchStrategy[str] = weighted(
    {_exact: 4, _subdomains: 5, _any_port: 3, st.sampled_from(("null", "file://", "app://.", "x://A!%2f")): 1}
).filter(reference.is_entry)

any_character = st.characters(exclude_categories=())  # surrogates and control characters, too
any_text = st.text(any_character)
huge_text = st.sampled_from("a,.:\0é\N{GRINNING FACE}").map(lambda character: character * 1_000_000)
# Characters that mean something in an origin, so that arbitrary text comes near to being one.
url_text = st.text(st.sampled_from("htpsw:/*.[]0123456789abcfxX-_@?#%\\,; \t\r\n\0é\N{FULLWIDTH DIGIT ONE}"))


@dataclass(frozen=True)
class _Replaced:
    old: str
    new: str

    def __call__(self, text: str) -> str:
        return text.replace(self.old, self.new, 1)


@dataclass(frozen=True)
class _Inserted:
    new: str
    place: int

    def __call__(self, text: str) -> str:
        place = self.place % (len(text) + 1)
        return text[:place] + self.new + text[place:]


@dataclass(frozen=True)
class _Flipped:
    """One letter in the other case, or left out."""

    place: int
    is_cut: bool

    def __call__(self, text: str) -> str:
        place = self.place % (len(text) + 1)
        return text[:place] + ("" if self.is_cut else text[place : place + 1].swapcase()) + text[place + 1 :]


_Mutation = _Replaced | _Inserted | _Flipped

# Steps that mostly lead from one origin to another one.
_hosts_glued = st.builds(
    _Replaced, st.just("://"), st.sampled_from(("://evil.", "://evil", "://x-", "://a.b.", "://7."))
)
_labels_glued = st.builds(_Replaced, st.just("."), st.sampled_from((".evil.", "x", "-", ".x", ".evil.com.")))
_ends_glued = st.builds(
    _Inserted, st.sampled_from((".evil.com", ".", "munity", "evil", ":3000", "0", ".7")), st.just(-1)
)
_other_schemes = st.builds(_Replaced, st.sampled_from(SCHEMES), st.sampled_from(SCHEMES))
_other_ports = st.builds(_Replaced, st.sampled_from(PORTS[1:]), st.sampled_from(PORTS))
_to_another_origin = st.one_of(_hosts_glued, _labels_glued, _ends_glued, _other_schemes, _other_ports)

# Steps that mostly lead to what no browser sends.
_places = st.integers(0, 400)
_NO_PART_OF_AN_ORIGIN = (
    *("/", "/path", "?q", "#f", "@", "u:p@", "\\", ":80", ":443", ":0", ":00080", ":65536", ":", "[", "]"),
    *("..", "%2e", "\0", "\t", " ", "\r\n", "\x7f", "\xe9", "\N{IDEOGRAPHIC FULL STOP}", "\N{KELVIN SIGN}"),
    *("\N{FULLWIDTH DIGIT ONE}", "*", "*.", ":*", "null", ",", ", https://a"),
)
_broken = st.one_of(
    st.builds(
        _Inserted, st.sampled_from(_NO_PART_OF_AN_ORIGIN), st.one_of(_places, st.sampled_from((-1, 0)))
    ),
    st.builds(_Replaced, st.just("://"), st.sampled_from((":/", "//", ":", "://.", "://*.", "://u:p@"))),
    st.builds(_Flipped, _places, st.booleans()),
    st.just(_Replaced("", "https://a, ")),
)


def origins_near(entry: str) -> st.SearchStrategy[str]:
    """Origins that the entry matches, and texts one or two small steps away from them."""
    below = st.lists(st.sampled_from(LABELS), min_size=1, max_size=2).map(".".join)
    matching = st.builds(
        lambda labels, port: entry.replace("*.", f"{labels}.", 1).replace(":*", port),
        below,
        st.sampled_from(PORTS),
    )
    steps: st.SearchStrategy[list[_Mutation]] = weighted(
        {
            st.just([]): 2,
            st.lists(_to_another_origin, min_size=1, max_size=2): 3,
            st.lists(_broken, min_size=1, max_size=1): 2,
            st.lists(st.one_of(_broken, _to_another_origin), min_size=2, max_size=2): 1,
        }
    )
    return st.builds(_mutated, matching, steps)


def _mutated(text: str, mutations: list[_Mutation]) -> str:
    for mutation in mutations:
        text = mutation(text)
    return text


methods = st.sampled_from(
    ("GET", "HEAD", "POST", "PUT", "put", "DELETE", "LET", "PATCH", "patch", "OPTIONS", "QUERY", "TRACE")
)
_names = st.sampled_from(
    ("x-token", "X-Token", "authorization", "content-type", "accept", "range", "x-other", "*")
)
_separators = st.sampled_from((",", ", ", " ,\t", ",,"))
_some_names = st.lists(_names, max_size=4)
_any_names = st.lists(st.one_of(_names, st.text(any_character, max_size=120)), max_size=300)
# Values of Access-Control-Request-Headers, from those of browsers to those of attackers.
name_lists = st.builds(
    lambda separator, names: separator.join(names), _separators, weighted({_some_names: 3, _any_names: 1})
)


def requests(origins: st.SearchStrategy[str]) -> st.SearchStrategy[CORSRequest]:
    """Requests with one of these origins or any text as Origin, and any text in all other fields."""
    any_value = weighted({any_text: 6, huge_text: 1})
    return st.builds(
        CORSRequest,
        method=weighted({st.just("OPTIONS"): 4, methods: 2, any_value: 1}),
        origin=weighted({st.none(): 1, origins: 12, any_value: 2}),
        path=any_value,
        host=any_value,
        request_method=weighted({st.none(): 1, methods: 6, any_value: 2}),
        request_headers=weighted({st.none(): 2, name_lists: 5, any_value: 2}),
        request_private_network=weighted({st.none(): 1, st.sampled_from(("true", "false")): 1, any_value: 1}),
    )
