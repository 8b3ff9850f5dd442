"""The proof of regular expressions against brute force, and against texts made from the expressions."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from crosscors import CORSPolicy, PolicyError
from crosscors.core.origins.regexes.automaton import Automaton, End, automaton_of, quick_length
from crosscors.core.origins.regexes.sites import sites_of

from . import reference
from .strategies import weighted

pytestmark = pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")

# Expressions, from parts that people write and parts that nobody should.

_literal = st.sampled_from(("a", "b", "example", "evil", r"\.", "-", "com", "1", "127", "k", "s"))
_open = st.sampled_from((".", r"\w", r"\d", "[a-c]", "[^.]", r"[^a]", r"\S", "[a-z0-9-]", r"[\w.-]"))
_listed = st.sampled_from(("[ab]", "[.-]", "(a|b)", "(com|co)", "(?:a|b1|)"))
_odd = st.sampled_from((r"\b", "^", "$", "(?=a)", "(?!a)", "(?<!b)", r"\Z", "(?i:K)", "(?a:\\w)", "(?-i:a)"))
_atoms = weighted({_literal: 6, _open: 2, _listed: 2, _odd: 1})
_repeats = st.sampled_from(("", "", "", "", "?", "*", "+", "{2}", "{0,2}", "{1,3}", "*?", "??"))


def _repeated(atom: str, repeat: str) -> str:
    return atom if not repeat else f"(?:{atom}){repeat}"


_pieces = st.builds(_repeated, _atoms, _repeats)
_sequences = st.lists(_pieces, min_size=1, max_size=5).map("".join)
_groups = st.builds(
    "{}{}{}".format,
    _sequences,
    st.builds(
        "({}){}".format, st.one_of(_sequences, st.builds("{}|{}".format, _sequences, _sequences)), _repeats
    ),
    st.one_of(st.just(""), st.just(r"(?:\.example)?"), st.just(r"\1"), st.just("(?(1)a|b)"), _sequences),
)
_hosts = st.one_of(_sequences, _groups)
_ends = st.sampled_from(
    ("", "", r"\.com", r"\.example\.com", r"\.co\.uk", r"\.github\.io", r"\.localhost", "com", "?")
)
_schemes = weighted(
    {
        st.just("https://"): 8,
        st.just("https?://"): 1,
        st.just("(?:http|https|wss)://"): 1,
        st.just("[a-z]+://"): 1,
        st.just("app://"): 1,
        st.just(".*"): 1,
    }
)
_ports = st.sampled_from(("", "", r"(?::\d+)?", ":*", "(?::3000|:8080)", ":.*"))
_flags = st.sampled_from((0, 0, re.IGNORECASE, re.ASCII, re.MULTILINE, re.IGNORECASE | re.ASCII))


def _compiled(text: str, flags: int) -> re.Pattern[str] | None:
    try:
        return re.compile(text, flags)
    except re.error:
        return None


def _is_expression(regex: re.Pattern[str] | None) -> bool:
    return regex is not None


_expressions = st.builds(
    _compiled, st.builds("{}{}{}{}".format, _schemes, _hosts, _ends, _ports), _flags
).filter(_is_expression)


# Each of these examples makes a policy, and many texts: more of them would take minutes.
_at_most_200 = settings(max_examples=min(settings().max_examples, 200))

# The sites of origins, once more and naively.


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _site(origin: str) -> str:
    parsed = reference.parse_origin(origin)
    assert parsed is not None, origin
    host = ".".join(parsed.labels)
    if parsed.scheme not in ("https", "http", "ws", "wss", "ftp"):
        return f"{parsed.scheme}://{host.lower()}"
    name = host.removesuffix(".")
    if (
        name == "localhost"
        or name.endswith(".localhost")
        or host == "[::1]"
        or re.fullmatch(r"127(\.\d+){3}", host)
    ):
        return "loopback"
    if host.startswith("[") or re.fullmatch(r"\d+(\.\d+){3}", host):
        return host
    return _suffixes().privatesuffix(name) or name


def _is_listed(origin: str, sites: tuple[str, ...]) -> bool:
    return origin == "file://" or any(fnmatchcase(_site(origin), site) for site in sites)


def _policy(regex: re.Pattern[str], *dangers: str) -> CORSPolicy | PolicyError:
    try:
        return CORSPolicy(allow_origin_regex=regex, allow_credentials=True, dangerously_allow=dangers)
    except PolicyError as error:
        return error


_WITNESS = re.compile(
    r"matches (?:unrelated sites such as )?(?:\S+ and )?([a-z0-9+.-]+://.*?)(?:, whose|, and )"
)


@_at_most_200
@given(_expressions)
@example(re.compile(r"https://example\.com?"))
@example(re.compile(r"https://[\w.-]+example\.com"))
@example(re.compile(r"https://(a)(?i:\1)\.com", re.ASCII))
def test_every_witness_is_an_origin_that_the_expression_matches(regex: re.Pattern[str]) -> None:
    outcome = _policy(regex)
    if not isinstance(outcome, PolicyError):
        return
    for problem in outcome.problems:
        for witness in _WITNESS.findall(problem.message):
            assert reference.is_origin(witness)
            assert regex.fullmatch(witness)


@_at_most_200
@given(st.data(), _expressions)
def test_what_an_accepted_expression_matches_is_of_a_site_that_is_listed(
    data: st.DataObject, regex: re.Pattern[str]
) -> None:
    policy = _policy(regex, "insecure-origins", "null-origin")
    if isinstance(policy, PolicyError):
        return
    sites, longest = policy.trusted_sites, quick_length(regex)
    texts = data.draw(st.lists(_texts_from(regex), min_size=1, max_size=20))
    for text in texts:
        # What takes minutes to be tried is not tried here either.
        if len(text) <= longest and reference.is_origin(text) and regex.fullmatch(text):
            assert _is_listed(text, sites), (text, sites)


def _texts_from(regex: re.Pattern[str]) -> st.SearchStrategy[str]:
    ascii_text = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
    made = st.from_regex(regex, fullmatch=True, alphabet=ascii_text)
    return st.builds(_changed, made, st.sampled_from(_CHANGES))


_CHANGES = (
    *(("", ""), ("://", "://evil."), ("://", "://evil"), (".", ".evil."), (".", "x"), (".com", ".co")),
    *((".com", ".com.au"), ("example", "evil"), ("https", "http"), ("a", "b")),
)


def _changed(text: str, change: tuple[str, str]) -> str:
    return text.lower().replace(*change, 1)


# Every host of up to five of these characters, with nothing left out.
_SMALL = tuple("".join(letters) for length in range(1, 6) for letters in product("ab.1", repeat=length))
_small_parts = st.sampled_from(
    (
        *("a", "b", r"\.", ".", "1", "[ab]", "[a-b]", r"\d", "[^a]", r"\w"),
        "(?:a|ab)",
        r"(?:\.|b)",
        "(a)",
        "(?:b|)",
    )
)
_small_pieces = st.builds(_repeated, _small_parts, st.sampled_from(("", "", "", "?", "*", "+", "{2}")))
_small_hosts = st.one_of(
    st.lists(_small_pieces, min_size=1, max_size=6).map("".join),
    st.builds(
        "(?:{}|{}){}".format,
        st.lists(_small_pieces, min_size=1, max_size=3).map("".join),
        st.lists(_small_pieces, min_size=1, max_size=3).map("".join),
        st.lists(_small_pieces, max_size=3).map("".join),
    ),
)


@_at_most_200
@given(_small_hosts.map("https://{}".format).map(re.compile))
@example(re.compile(r"https://a\.(?:a|ab)"))
@example(re.compile(r"https://(?:a\.)?b\.a"))
def test_the_sites_are_those_of_all_short_origins_that_are_tried(regex: re.Pattern[str]) -> None:
    tried = [f"https://{host}" for host in _SMALL]
    matched = [origin for origin in tried if regex.fullmatch(origin) and reference.is_origin(origin)]
    policy = _policy(regex)
    if isinstance(policy, PolicyError):
        code = policy.problems[0].code
        assert code in ("wildcard-with-credentials", "unproven-regex", "too-many-sites") or not matched
        return
    # All that is matched is listed; and nothing is listed that is not matched, as far as it is short.
    assert {_site(origin) for origin in matched} <= set(policy.trusted_sites)
    for site, examples in sites_of(regex).examples.items():
        assert all(regex.fullmatch(origin) for origin in examples), site


# The automaton by itself.


def _accepts(automaton: Automaton, text: str) -> bool:
    """Whether the automaton reads the text from its end to its start."""
    states = _reachable(automaton, {automaton.first}, text, len(text))
    for position in range(len(text) - 1, -1, -1):
        read = {
            step.target
            for state in states
            for step in automaton.steps[state]
            if step.characters and text[position] in step.characters
        }
        states = _reachable(automaton, read, text, position)
    return Automaton.LAST in states


def _reachable(automaton: Automaton, states: set[int], text: str, position: int) -> set[int]:
    ends = {End.START: position == 0, End.END: position == len(text), None: True}
    waiting = list(states)
    while waiting:
        for step in automaton.steps[waiting.pop()]:
            if not step.characters and ends[step.only_at] and step.target not in states:
                states.add(step.target)
                waiting.append(step.target)
    return states


_short_texts = st.text(alphabet="abkK.-:/1x", max_size=6)
_short_expressions = st.builds(_compiled, _hosts, _flags).filter(_is_expression)


@given(_short_expressions, st.lists(_short_texts, max_size=20), st.data())
@example(re.compile("(?i:[^k])"), ["k", "K", "x"], None)
@example(re.compile(r"(k)(?i:\1)"), ["kK", "kk"], None)
@example(re.compile(r"a$b|^a"), ["a", "ab"], None)
@example(re.compile(r"(?:a*)*b"), ["aab", "b", "aa"], None)
def test_the_automaton_matches_what_the_expression_does_and_no_more_where_it_is_exact(
    regex: re.Pattern[str], texts: list[str], data: st.DataObject | None
) -> None:
    automaton = automaton_of(regex)
    if data is not None:
        made = st.from_regex(regex, fullmatch=True, alphabet=st.sampled_from("abkK.-:/1xeilmnpov27csd3"))
        texts = [*texts, data.draw(made)]
    longest = quick_length(regex)
    for text in texts:
        if len(text) > longest:
            continue
        is_matched = regex.fullmatch(text) is not None
        is_accepted = _accepts(automaton, text)
        assert is_accepted or not is_matched, text
        assert not automaton.is_exact or is_accepted == is_matched, text


@_at_most_200
@given(st.data(), _expressions)
@example(None, re.compile("https://a\\.com:443"))
@example(None, re.compile("https://a\\.com:(443|44)?"))
def test_what_is_said_to_match_nothing_matches_none_of_many_origins(
    data: st.DataObject | None, regex: re.Pattern[str]
) -> None:
    sites, longest = sites_of(regex), quick_length(regex)
    if sites.examples or sites.unproven:
        return
    texts = [f"https://{host}" for host in _SMALL[:5000]]
    texts += [
        f"{scheme}://a.com{port}" for scheme in ("http", "https") for port in ("", ":80", ":443", ":44")
    ]
    if data is not None:
        texts += data.draw(st.lists(_texts_from(regex), min_size=1, max_size=20))
    for text in texts:
        assert len(text) > longest or not (reference.is_origin(text) and regex.fullmatch(text)), text
