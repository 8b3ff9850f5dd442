"""The most frequent texts, beside those of a model that remembers everything."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from crosscors._adapter.most_frequent import MostFrequent


@given(texts=st.lists(st.sampled_from("aaaabbbcdefghij")), size=st.integers(1, 5))
def test_what_is_frequent_is_kept_and_never_counted_too_often(texts: list[str], size: int) -> None:
    counted = MostFrequent(size=size)
    for text in texts:
        counted.add(text)
    model, kept = Counter(texts), dict(counted.top(len(texts)))
    assert len(kept) <= size
    for text, count in model.items():
        assert 0 <= count - kept.get(text, 0) <= len(texts) // (size + 1)
    if len(model) <= size:
        assert kept == model
    assert list(kept.values()) == sorted(kept.values(), reverse=True)
