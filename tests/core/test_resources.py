"""Resources: which policy covers which path, and what cannot be a path or a policy."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, Problem, Resources

EXACT = CORSPolicy(allow_origins=["https://exact.example"])
SHORT = CORSPolicy(allow_origins=["https://short.example"])
LONG = CORSPolicy(allow_origins=["https://long.example"])
FIRST = CORSPolicy(allow_origins=["https://first.example"])
SECOND = CORSPolicy(allow_origins=["https://second.example"])


def refused(policies: Any) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        Resources(policies)
    return caught.value.problems


RESOURCES = Resources(
    {
        re.compile("/api/[0-9]+"): FIRST,  # given first, but asked last
        "/api/*": SHORT,
        "/api/admin/*": None,
        "/api/v2/items/*": LONG,
        "/api/health": EXACT,
        "/health": EXACT,
        "/closed": None,
        "/straße/*": LONG,
        re.compile("/files/[a-z]+"): FIRST,
        re.compile("/files/[a-z]+[0-9]*"): SECOND,
        re.compile("/files/secret.*"): FIRST,
        re.compile("/private/.*"): None,
    }
)


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        pytest.param("/health", EXACT, id="an exact path"),
        pytest.param("/health/", None, id="an exact path covers nothing with a slash more"),
        pytest.param("/health/x", None, id="an exact path covers nothing below it"),
        pytest.param("/healthy", None, id="an exact path covers nothing longer"),
        pytest.param("/api", SHORT, id="a prefix covers itself"),
        pytest.param("/api/", SHORT, id="a prefix covers itself with a slash"),
        pytest.param("/api/items", SHORT, id="a prefix covers what is below it"),
        pytest.param("/api/a/b/c/d/e/f/g", SHORT, id="a prefix covers what is far below it"),
        pytest.param("/apix", None, id="a prefix covers no longer segment"),
        pytest.param("/ap", None, id="a prefix covers no shorter segment"),
        pytest.param("/x/api/items", None, id="a prefix covers nothing elsewhere"),
        pytest.param("/api/health", EXACT, id="an exact path comes before a prefix"),
        pytest.param("/api/v2", SHORT, id="above the longer prefix the shorter one covers"),
        pytest.param("/api/v2/items", LONG, id="the longer prefix comes before the shorter one"),
        pytest.param("/api/v2/items/1", LONG, id="the longer prefix covers what is below it"),
        pytest.param("/api/v2/itemsx", SHORT, id="beside the longer prefix the shorter one covers"),
        pytest.param("/api/42", SHORT, id="a prefix comes before an expression"),
        pytest.param("/closed", None, id="None as a policy: not covered"),
        pytest.param("/api/admin", None, id="None takes a part out of a prefix"),
        pytest.param("/api/admin/users", None, id="None takes out what is below it"),
        pytest.param("/api/administrators", SHORT, id="None takes out no longer segment"),
        pytest.param("/files/abc", FIRST, id="of two expressions that match the first covers"),
        pytest.param("/files/abc1", SECOND, id="an expression has to match the whole path"),
        pytest.param("/files/secret", FIRST, id="the order of expressions decides, not their length"),
        pytest.param("/files/abc1/", None, id="an expression covers no longer path"),
        pytest.param("/x/files/abc", None, id="an expression covers nothing in the middle of a path"),
        pytest.param("/private/a", None, id="None for an expression: not covered"),
        pytest.param("/HEALTH", None, id="an exact path is case-sensitive"),
        pytest.param("/API/items", None, id="a prefix is case-sensitive"),
        pytest.param("/files/ABC", None, id="an expression is case-sensitive"),
        pytest.param("/straße/1", LONG, id="a path is matched decoded"),
        pytest.param("/stra%C3%9Fe/1", None, id="a path is not decoded a second time"),
        pytest.param("/", None, id="the root, where nothing covers it"),
        pytest.param("", None, id="an empty path"),
        pytest.param("*", None, id="the path of OPTIONS *"),
        pytest.param("/api/*", SHORT, id="a path that looks like a key"),
    ],
)
def test_which_policy_covers_a_path(path: str, policy: CORSPolicy | None) -> None:
    assert RESOURCES.policy_for(path) is policy


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/../admin", id="two dots"),
        pytest.param("/api/..", id="two dots at the end"),
        pytest.param("/api/./items", id="one dot"),
        pytest.param("/api/.", id="one dot at the end"),
        pytest.param("/../api", id="two dots at the beginning"),
        pytest.param("/files/../api/x", id="two dots below an expression's path"),
        pytest.param("//api/health", id="an empty segment at the beginning"),
        pytest.param("/api//health", id="an empty segment within"),
        pytest.param("/api/health//", id="an empty segment at the end"),
        pytest.param("/api/health\n", id="a line break, which the $ of many expressions overlooks"),
        pytest.param("/api/he\x00alth", id="a control character"),
        pytest.param("/api/he\ufffdalth", id="bytes that are no UTF-8, which some routers leave out"),
        pytest.param("/api\\health", id="a backslash, which is a slash to some file systems"),
        pytest.param("api/health", id="no slash at the beginning"),
        pytest.param("", id="nothing"),
        pytest.param("*", id="the server as a whole"),
    ],
)
def test_a_path_that_can_be_read_in_two_ways_is_covered_by_nothing(path: str) -> None:
    assert RESOURCES.policy_for(path) is None
    assert Resources({"/*": SHORT, re.compile("(?s).*"): SHORT}).policy_for(path) is None


def test_a_wider_policy_does_not_take_an_exact_path_with_another_end() -> None:
    resources = Resources({"/health": EXACT, "/items/": EXACT, "/*": SHORT})
    assert resources.policy_for("/health/") is None
    assert resources.policy_for("/items") is None
    assert resources.policy_for("/health/x") is SHORT


@pytest.mark.parametrize("path", ["/api/.well-known", "/api/..hidden", "/api/a..b", "/api/...", "/api/a."])
def test_dots_that_are_no_whole_segment_are_nothing_special(path: str) -> None:
    assert RESOURCES.policy_for(path) is SHORT


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/a/b"])
def test_a_star_below_the_root_covers_everything(path: str) -> None:
    assert Resources({"/*": SHORT}).policy_for(path) is SHORT


@pytest.mark.parametrize("path", ["/", "/a"])
def test_no_resources_cover_nothing(path: str) -> None:
    assert Resources({}).policy_for(path) is None


def test_the_root_alone_is_an_exact_path() -> None:
    resources = Resources({"/": EXACT})
    assert resources.policy_for("/") is EXACT
    assert resources.policy_for("/a") is None


def test_a_dict_that_changes_later_does_not_change_the_resources() -> None:
    policies: dict[str | re.Pattern[str], CORSPolicy | None] = {"/a": EXACT}
    resources = Resources(policies)
    policies["/b"] = SHORT
    assert resources.policy_for("/b") is None


def test_the_policies_of_resources_come_without_repeats_and_without_none() -> None:
    resources = Resources({"/a": EXACT, "/b/*": SHORT, "/c": None, re.compile("/d"): EXACT})
    assert resources.policies == (EXACT, SHORT)


def test_how_resources_are_shown() -> None:
    resources = Resources({"/a/*": CORSPolicy(max_age=0), "/b": None})
    assert repr(resources) == "Resources({'/a/*': CORSPolicy(max_age=0), '/b': None})"


# Problems.


@pytest.mark.parametrize(
    ("path", "code", "write"),
    [
        pytest.param("api/*", "path-relative", '"/api/*"', id="no slash at the beginning"),
        pytest.param("", "path-relative", '"/"', id="an empty path"),
        pytest.param("/api*", "path-wildcard", '"/api/*"', id="a * at the end of a segment"),
        pytest.param("/api/**", "path-wildcard", '"/api/*"', id="two *"),
        pytest.param("/api/*/items", "path-wildcard", '"/api/*"', id="a * in the middle"),
        pytest.param("/*/items/*", "path-wildcard", '"/*"', id="a * at the beginning, and one at the end"),
        pytest.param(r"^/api/.*$", "path-regex", 're.compile(r"^/api/.*$")', id="an expression in a string"),
        pytest.param("/api/.*", "path-regex", '"/api/*"', id="a dot and a *"),
        pytest.param("/api/.+", "path-regex", 're.compile(r"/api/.+")', id="a dot and a +"),
        pytest.param("/(a|b)", "path-regex", 're.compile(r"/(a|b)")', id="alternatives"),
        pytest.param("/items/[0-9]", "path-regex", 're.compile(r"/items/[0-9]")', id="a range"),
        pytest.param("/items?page=1", "path-query", '"/items"', id="a query"),
        pytest.param("/items#top", "path-query", '"/items"', id="a fragment"),
        pytest.param("/caf%C3%A9/*", "path-encoded", '"/café/*"', id="a percent-encoded letter"),
        pytest.param("/a%20b", "path-encoded", '"/a b"', id="a percent-encoded space"),
        pytest.param("/api/../admin/*", "path-ambiguous", '"/admin/*"', id="two dots"),
        pytest.param("/api/./*", "path-ambiguous", '"/api/*"', id="one dot"),
        pytest.param("//api//*", "path-ambiguous", '"/api/*"', id="empty segments"),
        pytest.param("/items/{id}", "path-parameter", '"/items/*"', id="a parameter as FastAPI has it"),
        pytest.param("/items/<int:id>/x", "path-parameter", '"/items/*"', id="a parameter as Flask has it"),
    ],
)
def test_a_key_that_can_never_match_is_refused(path: str, code: str, write: str) -> None:
    (problem,) = refused({path: EXACT})
    assert (problem.code, problem.option, problem.value) == (code, "resources", path)
    assert write in problem.hint


def test_every_fault_of_a_key_is_a_problem_and_each_hint_mends_them_all() -> None:
    assert [(problem.code, problem.hint) for problem in refused({"api/%2e%2e/a*?b": EXACT})] == [
        ("path-relative", 'Write "/a/*".'),
        ("path-wildcard", 'Write "/a/*".'),
        ("path-query", 'Write "/a/*".'),
        ("path-encoded", 'Write "/a/*".'),
    ]


def test_a_key_beyond_mending_gets_an_example() -> None:
    (problem,) = refused({"/%2525": EXACT})
    assert problem.hint == 'Write "/api/*".'


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="the root"),
        pytest.param("/a/", id="a slash at the end"),
        pytest.param("/v1.0/*", id="a dot within a segment"),
        pytest.param("/.well-known/*", id="a dot before a segment"),
        pytest.param("/caf\u00e9", id="a letter outside ASCII"),
        pytest.param("/a b", id="a space"),
        pytest.param("/@me/a+b~c", id="other signs of paths"),
        pytest.param("/odata/$metadata", id="a dollar sign within"),
        pytest.param("/odata/items(1)", id="parentheses"),
        pytest.param(re.compile(""), id="an empty expression"),
    ],
)
def test_a_key_that_can_match_is_not_refused(path: str | re.Pattern[str]) -> None:
    assert Resources({path: EXACT}).policies == (EXACT,)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(5, id="a number"),
        pytest.param(None, id="None"),
        pytest.param(b"/a", id="bytes"),
        pytest.param(re.compile(b"/a"), id="an expression for bytes"),
    ],
)
def test_a_key_of_the_wrong_type_is_refused(path: object) -> None:
    (problem,) = refused({path: EXACT})
    assert (problem.code, problem.option, problem.value) == ("wrong-type", "resources", path)
    assert '"/api/*"' in problem.hint


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("*", id="a string"),
        pytest.param({"allow_origins": "*"}, id="a dict of options"),
        pytest.param(CORSPolicy, id="the class"),
        pytest.param(Resources({}), id="resources"),
    ],
)
def test_a_value_that_is_no_policy_is_refused(policy: object) -> None:
    (problem,) = refused({"/a": policy})
    assert (problem.code, problem.option, problem.value) == ("wrong-type", "resources", policy)
    assert "CORSPolicy(...)" in problem.hint


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param([("/a", EXACT)], id="a list of pairs"),
        pytest.param(EXACT, id="a policy"),
        pytest.param(None, id="None"),
    ],
)
def test_what_is_no_dict_is_refused(policies: object) -> None:
    (problem,) = refused(policies)
    assert (problem.code, problem.option, problem.value) == ("wrong-type", "resources", policies)
    assert 'Resources({"/api/*": policy})' in problem.hint


def test_all_problems_of_resources_come_at_once() -> None:
    problems = refused({"api": EXACT, "/b*": "*", "/c": None, 5: None})
    assert sorted(problem.code for problem in problems) == [
        "path-relative",
        "path-wildcard",
        "wrong-type",
        "wrong-type",
    ]
