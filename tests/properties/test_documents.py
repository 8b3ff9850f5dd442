"""What a policy writes is read as an equal policy, whatever its options are."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSPolicy, PolicyError, PolicyWarning

from .strategies import any_text, entries

_entries = st.lists(st.one_of(entries, st.just("*")), max_size=4)
_names = st.lists(st.sampled_from(("*", "PUT", "put", "X-A", "x-a", "Accept", "Expires")), max_size=4)

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "allow_origins": _entries,
        "allow_origin_regex": st.one_of(st.none(), any_text, any_text.map(re.escape)),
        "allow_methods": _names,
        "allow_headers": _names,
        "allow_credentials": st.one_of(st.booleans(), _entries),
        "expose_headers": _names,
        "max_age": st.one_of(st.none(), st.integers(0, 86400)),
        "allow_private_network": st.booleans(),
        "timing_allow_origin": st.booleans(),
        "dangerously_allow": st.just(("insecure-origins", "null-origin", "public-suffix-subdomains")),
    },
)


@given(OPTIONS)
def test_a_policy_survives_json(options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)
        try:
            policy = CORSPolicy(**options)
        except PolicyError:
            return
        for written in (policy.to_dict(), policy.to_dict(without_redundant=True)):
            again = CORSPolicy.from_dict(json.loads(json.dumps(written)))
            assert again.to_dict() == written
        assert CORSPolicy.from_dict(policy.to_dict()) == policy
