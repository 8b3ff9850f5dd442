"""What the hint of a problem says to write is right: put in place of what was refused, it is accepted."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crosscors import CORSPolicy, PolicyError, Resources

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
