"""What the hint of a problem says to write is right: put in place of what was refused, it is accepted."""

from __future__ import annotations

import re
import warnings
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, PolicyError, PolicyWarning, Problem, Resources

from . import reference
from .strategies import any_text, entries, origins_near, url_text

# The text to write may be legal and still be covered by something else.
pytestmark = pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")

_WRITE = re.compile(r'(?:Write|such as) "([^"]*)"')


def _to_write(error: PolicyError) -> list[str]:
    """What the hints give, less what another problem of the same error says is wrong with that in turn."""
    texts = chain.from_iterable(_WRITE.findall(problem.hint) for problem in error.problems)
    faulty = [problem.value for problem in error.problems]
    return [text for text in texts if text not in faulty]


def _instead_of(entry: str, *, allow_credentials: bool) -> list[str]:
    try:
        CORSPolicy(allow_origins=[entry], allow_credentials=allow_credentials)
    except PolicyError as error:
        return _to_write(error)
    return []


_near_misses = entries.flatmap(origins_near)
_faulty_entries = st.one_of(
    _near_misses, _near_misses.map(str.upper), any_text, url_text, url_text.map("http://{}".format)
)


@given(_faulty_entries)
@example("HTTPS://Bücher.Example:443/Path/?q#f")
@example("127.1:3000")
@example("http://[0::1]:80/")
@example("https://\0.8")
@example("https://\ud800.1")
def test_an_origin_in_a_hint_is_accepted(entry: str) -> None:
    for text in _instead_of(entry, allow_credentials=False):
        CORSPolicy(allow_origins=[text])


@given(st.one_of(entries, _faulty_entries))
@example("http://example.com:443")
@example("http://*.com")
@example("https://*.github.io")
@example("app://1.2")
def test_an_origin_in_a_hint_is_accepted_with_credentials(entry: str) -> None:
    for text in _instead_of(entry, allow_credentials=True):
        CORSPolicy(allow_origins=[text], allow_credentials=True)


_segments = st.sampled_from(
    ("api", "*", "a*", "..", ".", "", "é", "%2e%2e", "%25", "%3F", "x?y", "#f", "[", "a b")
)
_paths = st.builds("{}{}".format, st.sampled_from(("/", "")), st.lists(_segments, max_size=4).map("/".join))


@given(st.one_of(_paths, any_text))
def test_a_path_in_a_hint_is_accepted(path: str) -> None:
    policy = CORSPolicy(allow_origins="*")
    try:
        Resources({path: policy})
    except PolicyError as error:
        for text in _to_write(error):
            Resources({text: policy})


# Regular expressions without credentials: what is written around an origin, and mistakes in it.


def _around(origin: str) -> st.SearchStrategy[str]:
    """Expressions that match the origin, as people write them."""
    escaped = re.escape(origin)
    host = origin.partition("://")[2]
    any_label = escaped.replace(re.escape(host.partition(".")[0]), "[A-Za-z0-9_-]+", 1)
    written = (escaped, f"^{escaped}$", rf"\A{escaped}\Z", f"({escaped}|https://other\\.example)")
    open_ones = (
        f"{escaped}(:\\d+)?",
        f"(?:{escaped})(/.*)?",
        any_label,
        f".*{re.escape(host)}",
        "https?://.*",
    )
    matching = (text for text in (*written, *open_ones) if re.fullmatch(text, origin))
    return st.sampled_from([*matching])


def _codes(regex: str, *, allow_credentials: bool) -> list[str]:
    try:
        CORSPolicy(allow_origin_regex=regex, allow_credentials=allow_credentials)
    except PolicyError as error:
        return [problem.code for problem in error.problems]
    return []


_origins = entries.flatmap(origins_near).filter(reference.is_origin)


@given(_origins.flatmap(_around))
@example("https://a(/.*)?")
@example(r"http://a\.com:443")
@example("file://|x")
def test_an_expression_that_matches_an_origin_is_legal(regex: str) -> None:
    assert _codes(regex, allow_credentials=False) == []
    assert "regex-matches-nothing" not in _codes(regex, allow_credentials=True)


_MISTAKES = (
    (r"\.", "."),
    (r"\.", r"\\."),
    ("https", "HTTPS"),
    ("https://", ""),
    ("://", ":/"),
    ("://", "://*."),
    ("://", "://.*"),
    ("example", "Example"),
    ("com", "com/"),
    ("com", "com/.*"),
    ("com", "com.*"),
    ("com", "com?"),
    ("com", "com:443"),
    (r"\d", "d"),
    ("", " "),
    ("", "^"),
)
_sound = st.sampled_from(
    (
        r"https://example\.com",
        r"https://[a-z]+\.example\.com(:\d+)?",
        r"https://(a|b)\.example\.com",
        r"https?://localhost(:\d+)?|https://example\.com",
        r"https://myapp-.*\.vercel\.app|https://example\.com",
        r"http://192\.168\.\d+\.\d+:\d+",
    )
)


def _with_mistakes(regex: str, mistakes: list[tuple[str, str]]) -> str:
    for right, wrong in mistakes:
        regex = regex.replace(right, wrong)
    return regex


_wrong_expressions = st.builds(
    _with_mistakes, _sound, st.lists(st.sampled_from(_MISTAKES), min_size=1, max_size=3)
)
_OPTION = re.compile(r"Write (?:allow_origins=\[.*?\], or )?(allow_origin_regex=.*)\.$")


@given(_wrong_expressions, st.booleans())
def test_an_expression_in_a_hint_is_accepted_and_says_no_more_about_it(regex: str, credentials: bool) -> None:
    for problem in _found(regex, credentials):
        hint = _OPTION.match(problem.hint)
        if hint is not None:
            written = eval(hint[1].partition("=")[2])  # noqa: S307  # that is what pasting it means
            # One hint does not say all: ":d" is told once the rest is right.
            assert {each.code for each in _found(written, credentials)} <= {"regex-too-narrow"}
            witness = re.search(r"lets in (\S+), which", problem.message)
            assert witness is None or (
                re.fullmatch(regex, witness[1]) and not re.fullmatch(written, witness[1])
            )


def _found(regex: str, credentials: bool) -> list[Problem]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            CORSPolicy(allow_origin_regex=regex, allow_credentials=credentials)
        except PolicyError as error:
            return [*error.problems]
    return [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]


@given(_wrong_expressions, st.data())
def test_an_expression_in_a_warning_lets_in_no_more_than_the_one_that_it_replaces(
    regex: str, data: st.DataObject
) -> None:
    for problem in _found(regex, credentials=False):
        hint = _OPTION.match(problem.hint)
        if problem.code == "regex-too-wide" and hint is not None:
            written = eval(hint[1].partition("=")[2])  # noqa: S307
            text = data.draw(st.from_regex(written, fullmatch=True, alphabet=st.characters(codec="ascii")))
            assert re.fullmatch(regex, text) or not reference.is_origin(text)
