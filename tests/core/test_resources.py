"""Resources: which policy covers which path, and what cannot be a path or a policy."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
        pytest.param("/health/", EXACT, id="an exact path covers itself with a slash more"),
        pytest.param("/health//", None, id="an exact path covers nothing with two slashes more"),
        pytest.param("/closed/", None, id="None for an exact path goes for the slash as well"),
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


# Readings.

TWO = Resources({"/*": SHORT, "/admin/*": LONG, "/works/*": FIRST, "/closed": None})
EVERYTHING = Resources({"/*": SHORT, re.compile("(?s).*"): LONG})


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        pytest.param("/works/https://doi.org/10.1000/182", FIRST, id="a URL in the path"),
        pytest.param("/works/https:/doi.org//10.1000", FIRST, id="a URL in the path, merged once already"),
        pytest.param("/works//items", FIRST, id="a base that ends with a slash"),
        pytest.param("/works/items//", FIRST, id="two slashes at the end"),
        pytest.param("/works/C:\\data\\a.csv", FIRST, id="a path of Windows"),
        pytest.param("/works/a/../b", FIRST, id="two dots that stay below the prefix"),
        pytest.param("/works/./a/.", FIRST, id="one dot"),
        pytest.param("/works/a\tb\x7f\x85", FIRST, id="control characters"),
        pytest.param("/works/caf\ufffd", FIRST, id="bytes that are not UTF-8"),
        pytest.param("/works/caf\udce9", FIRST, id="bytes that are not UTF-8, as surrogates"),
        pytest.param(
            "//works/x", None, id="two slashes at the beginning, where only one reading has the key"
        ),
        pytest.param("//admin/x", None, id="two slashes at the beginning"),
        pytest.param("///admin/x", None, id="three slashes at the beginning"),
        pytest.param("/\\admin/x", None, id="a backslash and a slash at the beginning"),
        pytest.param("\\admin\\x", None, id="a backslash at the beginning"),
        pytest.param("/x\\..\\admin\\x", None, id="backslashes and two dots"),
        pytest.param("/works/../admin/x", None, id="two dots that lead elsewhere"),
        pytest.param("/works//../admin/x", None, id="two dots that take an empty segment to some"),
        pytest.param("/works/..//../admin/x", None, id="two dots twice, with an empty segment"),
        pytest.param("/admin/..", None, id="two dots at the end"),
        pytest.param("/../admin/x", None, id="two dots at the beginning"),
        pytest.param("/./admin/x", None, id="one dot at the beginning"),
        pytest.param("/ad\x00min/x", None, id="a NUL within a segment"),
        pytest.param("/works/.\x00./../admin", None, id="a NUL between two dots"),
        pytest.param("/\n/admin/x", None, id="a line break that makes two slashes"),
        pytest.param("/admin\n", None, id="a line break at the end"),
        pytest.param("/ad\x9fmin/x", None, id="a control character beyond ASCII"),
        pytest.param("/ad\ufffdmin/x", None, id="bytes that are not UTF-8 within a segment"),
        pytest.param("/ad\ud800min/x", None, id="a lone surrogate within a segment"),
        pytest.param("/closed\x00", None, id="a NUL, where one reading has the policy None"),
        pytest.param("/a\\b\x00//\ufffd", SHORT, id="sixteen readings that are covered alike"),
        pytest.param("/ADMIN/x", SHORT, id="letter case is no reading"),
        pytest.param("/%61dmin/x", SHORT, id="a second decoding is no reading"),
        pytest.param("/%2e%2e/admin/x", SHORT, id="a second decoding of dots is no reading"),
        pytest.param("/x/..;/admin/x", SHORT, id="a parameter is no reading"),
        pytest.param("/admin./x", SHORT, id="a dot at the end of a segment is no reading"),
        pytest.param("/\uff41dmin/x", SHORT, id="Unicode normalization is no reading"),
    ],
)
def test_a_path_is_covered_if_all_readings_get_the_same(path: str, policy: CORSPolicy | None) -> None:
    assert TWO.policy_for(path) is policy
    differ = TWO.differing_readings(path)
    assert not differ or policy is None
    assert EVERYTHING.policy_for(path) is (SHORT if path.startswith("/") else None)


@pytest.mark.parametrize("path", ["api/health", "", "*", "http:/h/api/health", "?"])
def test_what_does_not_begin_with_a_slash_is_covered_by_nothing(path: str) -> None:
    assert RESOURCES.policy_for(path) is EVERYTHING.policy_for(path) is None
    assert RESOURCES.differing_readings(path) == ()


def test_equal_policies_of_two_keys_are_the_same() -> None:
    resources = Resources({"/*": CORSPolicy(max_age=5), "/admin/*": CORSPolicy(max_age=5)})
    assert resources.policy_for("//admin/x") == CORSPolicy(max_age=5)


def test_no_key_and_none_are_two_results_and_the_path_is_not_covered() -> None:
    resources = Resources({"/a/*": None})
    assert resources.policy_for("//a/x") is None
    assert resources.differing_readings("//a/x") == ("//a/x", "/a/x")


def test_readings_that_differ_are_told() -> None:
    assert TWO.differing_readings("/x/..//admin") == ("/x/..//admin", "/admin")
    assert TWO.differing_readings("/works//x") == TWO.differing_readings("/plain") == ()


MANY = "/.\\\x00/..//\ufffd/a/\\..\x01./"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(MANY, id="many readings"),
        pytest.param("/" + "/../" * 2048, id="eight thousand characters and one"),
        pytest.param("/works//" + "a" * 100_000, id="a path that is too long to be read"),
    ],
)
def test_a_path_with_too_many_readings_is_covered_by_nothing(path: str) -> None:
    resources = Resources({"/*": SHORT})
    assert resources.policy_for(path) is None
    assert resources.policy_for(path, "/app") is resources.policy_for(f"/app{path}", "/app") is None
    assert resources.differing_readings(path) == resources.differing_readings(path, "/app") == (path,)


def test_a_long_path_with_one_reading_is_covered() -> None:
    path = "/works" + "/a" * 50_000
    assert TWO.policy_for(path) is TWO.policy_for(f"/v1{path}", "/v1") is FIRST


# The other end of an exact path.


@pytest.mark.parametrize(
    ("policies", "path", "policy"),
    [
        pytest.param({"/items/": EXACT}, "/items", EXACT, id="without the slash"),
        pytest.param({"/items": EXACT}, "/items/", EXACT, id="with the slash"),
        pytest.param({"/items/": EXACT, "/*": SHORT}, "/items", EXACT, id="before a prefix"),
        pytest.param({"/items": EXACT, "/*": SHORT}, "/items/", EXACT, id="before a prefix, with the slash"),
        pytest.param({"/a/b": EXACT, "/a/*": SHORT}, "/a/b/", EXACT, id="before a nearer prefix"),
        pytest.param({"/items": None, "/*": SHORT}, "/items/", None, id="None as well"),
        pytest.param({"/items/": EXACT, re.compile("/.*"): SHORT}, "/items", EXACT, id="before expressions"),
        pytest.param({"/items/": EXACT, "/items": SHORT}, "/items", SHORT, id="that is a key"),
        pytest.param({"/items/": EXACT, "/items": None}, "/items", None, id="that is a key for None"),
        pytest.param({"/items/": EXACT, "/items/*": SHORT}, "/items", SHORT, id="that a prefix begins with"),
        pytest.param({"/items": EXACT, "/items/*": SHORT}, "/items/", SHORT, id="that a prefix is about"),
        pytest.param(
            {"/items": EXACT, re.compile("/items/.*"): SHORT},
            "/items/",
            SHORT,
            id="that an expression is about",
        ),
        pytest.param(
            {"/items": EXACT, re.compile("/(items|x)/"): None},
            "/items/",
            None,
            id="that one is about for None",
        ),
        pytest.param(
            {"/items": EXACT, "/*": SHORT, re.compile("/items/.*"): LONG},
            "/items/",
            EXACT,
            id="that an expression is about which a prefix hides",
        ),
        pytest.param({"/": EXACT, "/*": SHORT}, "/", EXACT, id="the root has no other end"),
        pytest.param({"/": EXACT}, "", None, id="the empty path is not the root"),
        pytest.param({"/items/": EXACT, "/*": SHORT}, "/items/x", SHORT, id="nothing below it"),
    ],
)
def test_an_exact_path_covers_its_other_end(policies: Any, path: str, policy: CORSPolicy | None) -> None:
    assert Resources(policies).policy_for(path) is policy


# Root paths.

OF_ROOT = {
    re.compile("/app/[a-z]+"): FIRST,
    re.compile("/[a-z]+"): SECOND,
    re.compile("/[a-z]+/[a-z]+"): LONG,
}


@pytest.mark.parametrize(
    ("policies", "path", "root_path", "policy"),
    [
        pytest.param({"/items/*": EXACT}, "/app/items/1", "/app", EXACT, id="at the beginning"),
        pytest.param({"/items/*": EXACT}, "/items/1", "/app", EXACT, id="that the path lacks"),
        pytest.param({"/": EXACT}, "/app", "/app", EXACT, id="alone"),
        pytest.param({"/": EXACT}, "/app/", "/app", EXACT, id="alone, with a slash"),
        pytest.param({"/items/*": EXACT}, "/a/b/items", "/a/b", EXACT, id="of two segments"),
        pytest.param({"/app/*": EXACT}, "/app/app/x", "/app", EXACT, id="twice, where a key has it"),
        pytest.param({"/x/*": EXACT}, "/app/x/app", "/app", EXACT, id="twice"),
        pytest.param({"/items/*": EXACT}, "/app//items", "/app/", EXACT, id="with a slash at its end"),
        pytest.param({"/items/*": EXACT}, "/items", "/", EXACT, id="a slash"),
        pytest.param(
            {"/*": EXACT}, "root/admin;x", "root", None, id="of a path that does not begin with one"
        ),
        pytest.param({"/works/*": EXACT}, "/app/works/https://a", "/app", EXACT, id="before a URL"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/app/admin", "/app", LONG, id="before a strict path"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/appadmin/x", "/app", None, id="within a segment"),
        pytest.param(
            {"/*": SHORT, "/admin/*": LONG}, "/app.admin/x", "/app.", None, id="that ends within a segment"
        ),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/appadmin", "/app", None, id="that leaves a key"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/x/app/admin/y", "/app", None, id="further on"),
        pytest.param(
            {"/*": SHORT, "/admin/*": LONG}, "/xapp/admin/y", "/app", SHORT, id="at the end of a segment"
        ),
        pytest.param(
            {"/*": SHORT, "/admin/*": LONG}, "/x/app/y", "/app", SHORT, id="further on, all the same"
        ),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "//app/admin/y", "/app", None, id="after a slash more"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/./app/admin/y", "/app", None, id="after a dot"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/a//b/admin/y", "/a/b", None, id="with a slash more"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/a\\b/admin/y", "/a/b", None, id="with a backslash"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "/a\0pp/admin/y", "/app", None, id="with a NUL"),
        pytest.param({"/*": SHORT, "/admin/*": LONG}, "http://h/app/admin", "/app", None, id="in a URL"),
        pytest.param({"/app/*": EXACT}, "/app/items", "/app", None, id="that a key begins with"),
        pytest.param(
            {"/*": SHORT, "/app/*": LONG}, "/app/x", "/app", None, id="that one of two keys begins with"
        ),
        pytest.param(
            {"/x": SHORT, "/app/y": LONG}, "/app/x", "/app", None, id="that another key begins with"
        ),
        pytest.param(
            {"/x": SHORT, "/apps/y": LONG}, "/app/x", "/app", SHORT, id="that a segment begins with"
        ),
        pytest.param({"/x": SHORT, "/app-1/y": LONG}, "/app/x", "/app", SHORT, id="that a name begins with"),
        pytest.param(
            {"/x": SHORT, "/y/app/*": LONG}, "/app/x", "/app", SHORT, id="that a key has further on"
        ),
        pytest.param({"/x": SHORT, "/app": LONG}, "/app/x", "/app", None, id="that is a key"),
        pytest.param(
            {"/*": SHORT, "/app/*": SHORT}, "/app/x", "/app", SHORT, id="in a key for the same policy"
        ),
        pytest.param(OF_ROOT, "/app/x", "/app", None, id="that an expression begins with"),
        pytest.param(OF_ROOT, "/own/x", "/own", SECOND, id="that no expression is about"),
        pytest.param(
            {"/*": SHORT, re.compile("/(app|b)/x"): LONG},
            "/app/x",
            "/app",
            SHORT,
            id="in what a prefix hides",
        ),
    ],
)
def test_root_paths(policies: Any, path: str, root_path: str, policy: CORSPolicy | None) -> None:
    assert Resources(policies).policy_for(path, root_path) is policy


@pytest.mark.parametrize(
    ("root_path", "path", "has_key"),
    [
        ("/app", "/app/x", True),
        ("/app/", "/app/x", True),
        ("/app/items", "/x", True),
        ("/ap", "/ap/x", False),
        ("/app/item", "/app/item", False),
        ("/", "/x", False),
        ("", "/x", False),
        ("/regex", "/regex/a", True),
        ("/regex", "/a", False),
        ("/zzz", "/zzz/a", False),
    ],
)
def test_which_root_paths_keys_begin_with(root_path: str, path: str, has_key: bool) -> None:
    resources = Resources({"/app/items": EXACT, "/*": SHORT, re.compile("/(regex|rx)/a"): LONG})
    assert resources.has_key_below(root_path, path) is has_key


# Against a model.

ATOMS = st.sampled_from(
    ["/", "/", "/", "a", "b", "admin", ".", "..", "\\", "\x00", "\x85", "\ufffd", "\udcff", "root", "x"]
)
PATHS = st.lists(ATOMS, max_size=12).map("".join)
KEYS: dict[Any, CORSPolicy | None] = {"/*": SHORT, "/admin/*": LONG, "/a": EXACT, "/a/b/*": None}


def model_steps(path: str) -> set[str]:
    """What one step makes of a path, written down without any thought of speed."""
    without_dots: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            without_dots = without_dots[:-1]
        elif segment != ".":
            without_dots = [*without_dots, segment]
    if segments and segments[-1] in (".", ".."):
        without_dots = [*without_dots, ""]
    start = path.partition("/")[0]
    merged = path
    while "//" in merged:
        merged = merged.replace("//", "/")
    return {
        path.replace("\\", "/"),
        merged,
        "/".join([start, *without_dots]),
        "".join(letter for letter in path if unicodedata.category(letter) != "Cc"),
        path.replace("\ufffd", ""),
    }


def model_closure(paths: set[str]) -> set[str]:
    while True:
        more = paths.union(*map(model_steps, paths))
        if more == paths:
            return paths
        paths = more


def model_readings(path: str, root_path: str) -> list[set[str]]:
    """The readings of the whole path, and the readings of the part below the root path."""
    path = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in path)
    if not root_path:
        return [model_closure({path})]
    is_mounted = path == root_path or path.startswith(f"{root_path}/")
    wholes = {path} if is_mounted else model_closure({path})
    has_key = any(isinstance(key, str) and f"{key}/".startswith(f"{root_path}/") for key in KEYS)
    below = set()
    for whole in wholes:
        if whole == root_path or whole.startswith(f"{root_path}/"):
            below |= {whole.removeprefix(root_path) or "/"} | ({whole} if has_key else set())
        elif root_path in whole and whole.startswith("/"):
            after = (whole.removeprefix(root_path), whole[whole.index(root_path) + len(root_path) :])
            below |= {
                whole,
                *(each if each == whole or each.startswith("/") else f"/{each}" for each in after),
            }
        else:
            below |= {whole}
    return [wholes, model_closure(below)]


def model_result(path: str) -> object:
    """What a single reading gets, found by trying every key."""
    if not path.startswith("/"):
        return "no key"
    if path in ("/a", "/a/"):
        return EXACT
    prefixes = [key for key in KEYS if isinstance(key, str) and f"{path}/".startswith(key.removesuffix("*"))]
    return KEYS[max(prefixes, key=len)] if prefixes else "no key"


@given(PATHS, st.sampled_from(["", "/root", "/a/b", "/admin"]))
@example("/x//a", "")
@example("/root//admin", "/root")
@example("/a//b/x", "/a/b")
@example("/x/a/b/admin", "/a/b")
@example("/.\\.//\x00\ufffd/..\\", "")
def test_a_path_gets_what_all_readings_of_the_model_get(path: str, root_path: str) -> None:
    stages = model_readings(path, root_path)
    results = [model_result(reading) for reading in stages[-1]]
    is_clear = max(map(len, stages)) <= 16 and all(result == results[0] for result in results)
    expected = results[0] if is_clear and results[0] != "no key" else None
    resources = Resources(KEYS)
    assert resources.policy_for(path, root_path) is expected
    assert bool(resources.differing_readings(path, root_path)) is not is_clear


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
