"""Resources: which policy covers which path, and which keys and policies are refused."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import crosscors.flask
from crosscors import CORSPolicy, PolicyError, PolicyWarning, Problem, Refusal, Resources

from ..conftest import Approve
from .conftest import said_of
from .kit import rows

EXACT = CORSPolicy(allow_origins=["https://exact.example"])
SHORT = CORSPolicy(allow_origins=["https://short.example"])
LONG = CORSPolicy(allow_origins=["https://long.example"])
FIRST = CORSPolicy(allow_origins=["https://first.example"])
SECOND = CORSPolicy(allow_origins=["https://second.example"])

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
# Path, policy, why.
COVERED = [
    ("/health", EXACT, "an exact path"),
    ("/health/", EXACT, "an exact path covers itself with a slash more"),
    ("/health//", None, "an exact path covers nothing with two slashes more"),
    ("/closed/", None, "None for an exact path goes for the slash as well"),
    ("/health/x", None, "an exact path covers nothing below it"),
    ("/api", SHORT, "a prefix covers itself"),
    ("/api/", SHORT, "a prefix covers itself with a slash"),
    ("/api/items", SHORT, "a prefix covers what is below it"),
    ("/apix", None, "a prefix covers no longer segment"),
    ("/x/api/items", None, "a prefix covers nothing elsewhere"),
    ("/api/health", EXACT, "an exact path comes before a prefix"),
    ("/api/v2", SHORT, "above the longer prefix the shorter one covers"),
    ("/api/v2/items", LONG, "the longer prefix comes before the shorter one"),
    ("/api/v2/items/1", LONG, "the longer prefix covers what is below it"),
    ("/api/v2/itemsx", SHORT, "beside the longer prefix the shorter one covers"),
    ("/api/42", SHORT, "a prefix comes before an expression"),
    ("/closed", None, "None as a policy: not covered"),
    ("/api/admin", None, "None takes a part out of a prefix"),
    ("/api/admin/users", None, "None takes out what is below it"),
    ("/api/administrators", SHORT, "None takes out no longer segment"),
    ("/files/abc", FIRST, "of two expressions that match the first covers"),
    ("/files/abc1", SECOND, "an expression has to match the whole path"),
    ("/files/secret", FIRST, "the order of expressions decides, not their length"),
    ("/files/abc1/", None, "an expression covers no longer path"),
    ("/x/files/abc", None, "an expression covers nothing in the middle of a path"),
    ("/private/a", None, "None for an expression: not covered"),
    ("/HEALTH", None, "an exact path is case-sensitive"),
    ("/straße/1", LONG, "a path is matched decoded"),
    ("/stra%C3%9Fe/1", None, "a path is not decoded a second time"),
    ("/", None, "the root, where nothing covers it"),
    ("", None, "an empty path"),
    ("*", None, "the path of OPTIONS *"),
    ("/api/*", SHORT, "a path that looks like a key"),
    ("/api/.well-known", SHORT, "a dot at the beginning of a segment is not special"),
    ("/api/..hidden", SHORT, "nor two dots"),
    ("api/health", None, "a path without a slash at the beginning"),
    ("http:/h/api/health", None, "a URL"),
]


@rows("path, policy", COVERED)
def test_which_policy_covers_a_path(path: str, policy: CORSPolicy | None) -> None:
    assert RESOURCES.policy_for(path) is policy
    assert Resources({}).policy_for(path) is None
    everything = Resources({"/*": SHORT, re.compile("(?s).*"): LONG})
    assert everything.policy_for(path) is (SHORT if path.startswith("/") else None)


# A path that software reads in several ways.

TWO = Resources({"/*": SHORT, "/admin/*": LONG, "/works/*": FIRST, "/closed": None})
# Path, policy, why.
READINGS = [
    ("/works/https://doi.org/10.1000/182", FIRST, "a URL in the path"),
    ("/works//items", FIRST, "a base that ends with a slash"),
    ("/works/items//", FIRST, "two slashes at the end"),
    ("/works/C:\\data\\a.csv", FIRST, "a path of Windows"),
    ("/works/a/../b", FIRST, "two dots that stay below the prefix"),
    ("/works/./a/.", FIRST, "one dot"),
    ("/works/a\tb\x7f\x85", FIRST, "control characters"),
    ("/works/caf\ufffd", FIRST, "bytes that are not UTF-8"),
    ("/works/caf\udce9", FIRST, "bytes that are not UTF-8, as surrogates"),
    ("//works/x", None, "two slashes at the beginning, where only one reading has the key"),
    ("//admin/x", None, "two slashes at the beginning"),
    ("/\\admin/x", None, "a backslash and a slash at the beginning"),
    ("\\admin\\x", None, "a backslash at the beginning"),
    ("/works/../admin/x", None, "two dots that lead elsewhere"),
    ("/works//../admin/x", None, "two dots that take an empty segment to some"),
    ("/works/..//../admin/x", None, "two dots twice, with an empty segment"),
    ("/admin/..", None, "two dots at the end"),
    ("/../admin/x", None, "two dots at the beginning"),
    ("/./admin/x", None, "one dot at the beginning"),
    ("/ad\x00min/x", None, "a NUL within a segment"),
    ("/works/.\x00./../admin", None, "a NUL between two dots"),
    ("/\n/admin/x", None, "a line break that makes two slashes"),
    ("/admin\n", None, "a line break at the end"),
    ("/ad\ufffdmin/x", None, "bytes that are not UTF-8 within a segment"),
    ("/ad\ud800min/x", None, "a lone surrogate within a segment"),
    ("/closed\x00", None, "a NUL, where one reading has the policy None"),
    ("/a\\b\x00//\ufffd", SHORT, "sixteen readings that are covered alike"),
    ("/ADMIN/x", SHORT, "letter case is no reading"),
    ("/%61dmin/x", SHORT, "a second decoding is no reading"),
    ("/x/..;/admin/x", SHORT, "a parameter is no reading"),
    ("/admin./x", SHORT, "a dot at the end of a segment is no reading"),
    ("/\uff41dmin/x", SHORT, "Unicode normalization is no reading"),
]


@rows("path, policy", READINGS)
def test_a_path_is_covered_if_all_its_readings_get_the_same(path: str, policy: CORSPolicy | None) -> None:
    assert TWO.policy_for(path) is policy
    differ = TWO.differing_readings(path)
    assert bool(differ) is (policy is None)
    assert Resources({"/*": SHORT}).policy_for(path) is (SHORT if path.startswith("/") else None)


def test_equal_policies_of_two_keys_are_the_same() -> None:
    resources = Resources({"/*": CORSPolicy(max_age=5), "/admin/*": CORSPolicy(max_age=5)})
    assert resources.policy_for("//admin/x") == CORSPolicy(max_age=5)


def test_no_key_and_none_are_two_results_and_the_path_is_not_covered() -> None:
    resources = Resources({"/a/*": None})
    assert resources.policy_for("//a/x") is None
    assert resources.differing_readings("//a/x") == ("//a/x", "/a/x")
    assert TWO.differing_readings("/x/..//admin") == ("/x/..//admin", "/admin")
    assert RESOURCES.differing_readings("api/health") == ()


# Path, why.
TOO_MANY_READINGS = [
    ("/.\\\x00/..//\ufffd/a/\\..\x01./", "many readings"),
    ("/" + "/../" * 2048, "eight thousand characters and one"),
    ("/works//" + "a" * 100_000, "a path that is too long to be read"),
]


@rows("path", TOO_MANY_READINGS)
def test_a_path_with_too_many_readings_is_covered_by_nothing(path: str) -> None:
    resources = Resources({"/*": SHORT})
    assert resources.policy_for(path) is None
    assert resources.policy_for(path, "/app") is resources.policy_for(f"/app{path}", "/app") is None
    assert resources.differing_readings(path) == resources.differing_readings(path, "/app") == (path,)


def test_a_long_path_with_one_reading_is_covered() -> None:
    path = "/works" + "/a" * 50_000
    assert TWO.policy_for(path) is TWO.policy_for(f"/v1{path}", "/v1") is FIRST


# Policies, path, policy, why.
SLASH_TWINS = [
    ({"/items/": EXACT}, "/items", EXACT, "without the slash"),
    ({"/items": EXACT}, "/items/", EXACT, "with the slash"),
    ({"/items/": EXACT, "/*": SHORT}, "/items", EXACT, "before a prefix"),
    ({"/items": EXACT, "/*": SHORT}, "/items/", EXACT, "before a prefix, with the slash"),
    ({"/a/b": EXACT, "/a/*": SHORT}, "/a/b/", EXACT, "before a nearer prefix"),
    ({"/items": None, "/*": SHORT}, "/items/", None, "None as well"),
    ({"/items/": EXACT, re.compile("/.*"): SHORT}, "/items", EXACT, "before expressions"),
    ({"/items/": EXACT, "/items": SHORT}, "/items", SHORT, "that is a key"),
    ({"/items/": EXACT, "/items": None}, "/items", None, "that is a key for None"),
    ({"/items/": EXACT, "/items/*": SHORT}, "/items", SHORT, "that a prefix begins with"),
    ({"/items": EXACT, "/items/*": SHORT}, "/items/", SHORT, "that a prefix is about"),
    ({"/items": EXACT, re.compile("/items/.*"): SHORT}, "/items/", SHORT, "that an expression is about"),
    ({"/items": EXACT, re.compile("/(items|x)/"): None}, "/items/", None, "that one is about for None"),
    ({"/items": EXACT, "/*": SHORT, re.compile("/items/.*"): LONG}, "/items/", EXACT, "a prefix hides it"),
    ({"/": EXACT, "/*": SHORT}, "/", EXACT, "the root has no other end"),
    ({"/": EXACT}, "", None, "the empty path is not the root"),
    ({"/items/": EXACT, "/*": SHORT}, "/items/x", SHORT, "nothing below it"),
]


@rows("policies, path, policy", SLASH_TWINS)
def test_an_exact_path_covers_its_slash_twin(policies: Any, path: str, policy: CORSPolicy | None) -> None:
    assert Resources(policies).policy_for(path) is policy


# Root paths.

OF_ROOT = {
    re.compile("/app/[a-z]+"): FIRST,
    re.compile("/[a-z]+"): SECOND,
    re.compile("/[a-z]+/[a-z]+"): LONG,
}
STRICT = {"/*": SHORT, "/admin/*": LONG}
# Policies, path, root path, policy, why.
ROOT_PATHS = [
    ({"/items/*": EXACT}, "/app/items/1", "/app", EXACT, "at the beginning"),
    ({"/items/*": EXACT}, "/items/1", "/app", EXACT, "that the path lacks"),
    ({"/": EXACT}, "/app", "/app", EXACT, "alone"),
    ({"/items/*": EXACT}, "/a/b/items", "/a/b", EXACT, "of two segments"),
    ({"/app/*": EXACT}, "/app/app/x", "/app", EXACT, "twice, where a key has it"),
    ({"/x/*": EXACT}, "/app/x/app", "/app", EXACT, "twice"),
    ({"/items/*": EXACT}, "/app//items", "/app/", EXACT, "with a slash at its end"),
    ({"/items/*": EXACT}, "/items", "/", EXACT, "a slash"),
    ({"/*": EXACT}, "root/admin;x", "root", None, "of a path that does not begin with one"),
    ({"/works/*": EXACT}, "/app/works/https://a", "/app", EXACT, "before a URL"),
    (STRICT, "/app/admin", "/app", LONG, "before a strict path"),
    (STRICT, "/appadmin/x", "/app", None, "within a segment"),
    (STRICT, "/app.admin/x", "/app.", None, "that ends within a segment"),
    (STRICT, "/appadmin", "/app", None, "that leaves a key"),
    (STRICT, "/x/app/admin/y", "/app", None, "further on"),
    (STRICT, "/xapp/admin/y", "/app", SHORT, "at the end of a segment"),
    (STRICT, "/x/app/y", "/app", SHORT, "further on, all the same"),
    (STRICT, "//app/admin/y", "/app", None, "after a slash more"),
    (STRICT, "/./app/admin/y", "/app", None, "after a dot"),
    (STRICT, "/a//b/admin/y", "/a/b", None, "with a slash more"),
    (STRICT, "/a\\b/admin/y", "/a/b", None, "with a backslash"),
    (STRICT, "/a\0pp/admin/y", "/app", None, "with a NUL"),
    (STRICT, "http://h/app/admin", "/app", None, "in a URL"),
    ({"/app/*": EXACT}, "/app/items", "/app", None, "that a key begins with"),
    ({"/*": SHORT, "/app/*": LONG}, "/app/x", "/app", None, "that one of two keys begins with"),
    ({"/x": SHORT, "/app/y": LONG}, "/app/x", "/app", None, "that another key begins with"),
    ({"/x": SHORT, "/apps/y": LONG}, "/app/x", "/app", SHORT, "that a segment begins with"),
    ({"/x": SHORT, "/app-1/y": LONG}, "/app/x", "/app", SHORT, "that a name begins with"),
    ({"/x": SHORT, "/y/app/*": LONG}, "/app/x", "/app", SHORT, "that a key has further on"),
    ({"/x": SHORT, "/app": LONG}, "/app/x", "/app", None, "that is a key"),
    ({"/*": SHORT, "/app/*": SHORT}, "/app/x", "/app", SHORT, "in a key for the same policy"),
    (OF_ROOT, "/app/x", "/app", None, "that an expression begins with"),
    (OF_ROOT, "/own/x", "/own", SECOND, "that no expression is about"),
    ({"/*": SHORT, re.compile("/(app|b)/x"): LONG}, "/app/x", "/app", SHORT, "in what a prefix hides"),
]


@rows("policies, path, root_path, policy", ROOT_PATHS)
def test_a_root_path(policies: Any, path: str, root_path: str, policy: CORSPolicy | None) -> None:
    assert Resources(policies).policy_for(path, root_path) is policy


# Root path, path, whether a key begins with it, why.
KEYS_BELOW = [
    ("/app", "/app/x", True, "a key begins with it"),
    ("/app/", "/app/x", True, "also with a slash at its end"),
    ("/app/items", "/x", True, "it is a key"),
    ("/ap", "/ap/x", False, "a segment begins with it"),
    ("/app/item", "/app/item", False, "the last segment begins with it"),
    ("/", "/x", False, "a slash"),
    ("", "/x", False, "no root path"),
    ("/regex", "/regex/a", True, "a regular expression is about it"),
    ("/regex", "/a", False, "the path does not begin with it"),
    ("/zzz", "/zzz/a", False, "no key begins with it"),
]


@rows("root_path, path, has_key", KEYS_BELOW)
def test_which_root_paths_keys_begin_with(root_path: str, path: str, has_key: bool) -> None:
    resources = Resources({"/app/items": EXACT, "/*": SHORT, re.compile("/(regex|rx)/a"): LONG})
    assert resources.has_key_below(root_path, path) is has_key


# Resources as a value.


def test_a_dict_that_changes_later_does_not_change_the_resources() -> None:
    policies: dict[str | re.Pattern[str], CORSPolicy | None] = {"/a": EXACT}
    resources = Resources(policies)
    policies["/b"] = SHORT
    assert resources.policy_for("/b") is None


def test_the_policies_come_without_repeats_and_without_none() -> None:
    resources = Resources({"/a": EXACT, "/b/*": SHORT, "/c": None, re.compile("/d"): EXACT})
    assert resources.policies == (EXACT, SHORT)


def test_how_resources_are_shown() -> None:
    resources = Resources({"/a/*": CORSPolicy(max_age=0), "/b": None})
    assert repr(resources) == "Resources({'/a/*': CORSPolicy(max_age=0), '/b': None})"


# What is refused.

# Code, key, what to write, why.
REFUSED = [
    ("path-relative", "api/*", "/api/*", "no slash at the beginning"),
    ("path-relative", "", "/", "an empty path"),
    ("path-relative", "*", "/*", "a * alone"),
    ("path-relative", " /api/*", "/api/*", "a blank before it"),
    ("path-relative", '"/api/*"', "/api/*", "quotes around it"),
    ("path-relative", "\ufeff/api/*", "/api/*", "a byte order mark before it"),
    ("path-relative", "None", 'such as "/api/*"', "a variable that is not set"),
    ("path-relative", "= /api", "/api", "a location of nginx"),
    ("path-regex", "^~ /static/", "/static/*", "a beginning of nginx"),
    ("path-parameter", "/api/{*rest}", "/api/*", "a parameter for the rest"),
    ("path-parameter", "/api/{*rest}/x", 're.compile(r"/api/.+/x")', "a parameter for the rest, and more"),
    ("path-relative", "r'/api/*'", "/api/*", "a raw string in a string"),
    ("path-relative", "['/api/*']", "/api/*", "a list in a string"),
    ("path-relative", "['/api/*', '/auth/*']", '"/api/*" and "/auth/*"', "a list of two in a string"),
    ("path-relative", "~^/api/", "/api/*", "an expression of nginx"),
    ("path-regex", r"\api\*", "/api/*", "backslashes for slashes"),
    ("path-regex", "/api(?:/|$)", "/api/*", "a beginning that ends at a slash or at the end"),
    ("path-regex", "^/api(/|$)", "/api/*", "the same in a group with a number"),
    ("path-wildcard", "/api/*, /auth/*", '"/api/*" and "/auth/*"', "two keys and a comma"),
    ("path-wildcard", "/api/*,/auth/*", '"/api/*" and "/auth/*"', "two keys and a comma alone"),
    ("path-wildcard", "/api/* /auth/*", '"/api/*" and "/auth/*"', "two keys and a blank"),
    ("path-url", "a.example/api/*", "/api/*", "a host with one dot"),
    ("path-relative", "socket.io/*", "/socket.io/*", "a path that only looks like a host"),
    ("path-url", "http://api.example.com/api/*", "/api/*", "a URL"),
    ("path-url", "https://api.example.com", "/*", "a URL without a path"),
    ("path-url", "localhost:8000/api/*", "/api/*", "a host and a port"),
    ("path-url", "www.example.com/api/*", "/api/*", "a host"),
    ("path-wildcard", "/api*", 're.compile(r"/api.*")', "a * at the end of a segment"),
    (
        "path-wildcard",
        "/test_acl*",
        '"/test_acl/*" for /test_acl and',
        "the same, and what else may be meant",
    ),
    ("path-wildcard", "/api/**", "/api/*", "two *"),
    ("path-wildcard", "/api/*/items", 're.compile(r"/api/[^/]+/items")', "a * in the middle"),
    ("path-wildcard", "/*/items/*", 're.compile(r"/[^/]+/items(/.*)?")', "a * at both ends"),
    ("path-wildcard", "/api/*/*", 're.compile(r"/api/[^/]+(/.*)?")', "a * twice at the end"),
    ("path-wildcard", "/api/**/items", 're.compile(r"/api(/.*)?/items")', "two * in the middle"),
    ("path-wildcard", "/v1.0/*.json", r're.compile(r"/v1\.0/[^/]*\.json")', "a * before a dot"),
    ("path-wildcard", "/api/*/", 're.compile(r"/api/[^/]+/")', "a slash after the *"),
    ("path-regex", r"^/api/.*$", "/api/*", "an expression in a string"),
    ("path-regex", "/api/.*", "/api/*", "a dot and a *"),
    ("path-regex", "/v1.0(/.*)?", "/v1.0/*", "an optional group"),
    ("path-regex", "/api/.+", 're.compile(r"/api/.+")', "a dot and a +"),
    ("path-regex", "/(a|b)", '"/a" and "/b"', "alternatives"),
    ("path-regex", "/a|/b|/c", '"/a", "/b" and "/c"', "alternatives without a group"),
    ("path-regex", "/(api|auth)/*", '"/api/*" and "/auth/*"', "alternatives, and all below"),
    ("path-regex", "/(?:a|b)/*/x", 're.compile(r"/a/[^/]+/x|/b/[^/]+/x")', "alternatives that are no paths"),
    ("path-regex", "/v[12]/*", '"/v1/*" and "/v2/*"', "a set"),
    ("path-regex", "/[abc]/[abc]/[abc]", 're.compile(r"/[abc]/[abc]/[abc]")', "sets of too many paths"),
    ("path-regex", "/items/[0-9]", 're.compile(r"/items/[0-9]")', "a range"),
    ("path-regex", "/v[0-9]+/*", 're.compile(r"/v[0-9]+(/.*)?")', "a range, and all below"),
    ("path-regex", "/v[0-9]/a.b", r're.compile(r"/v[0-9]/a\.b")', "a range and a dot"),
    ("path-regex", "/x{2}/.*", 're.compile(r"/x{2}/.*")', "a repeat"),
    ("path-regex", r"/socket.io/\*", "/socket.io/*", "a * with a backslash"),
    ("path-regex", "/socket.io/?*", "/socket.io/*", "a ? and a *"),
    ("path-regex", "/api/?", "/api", "an optional slash"),
    ("path-regex", "^/api/", "/api/*", "an expression for a beginning"),
    ("path-regex", "^/api", 're.compile(r"/api.*")', "one that ends within a segment"),
    ("path-regex", r"^\/api\/$", "/api", "slashes with backslashes"),
    ("path-regex", r"/a\$", r're.compile(r"/a\$")', "a dollar sign with a backslash"),
    ("path-regex", "/api/[", "/api/*", "an expression that is not valid"),
    ("path-regex", '/[a-z]"x', "/api/*", "an expression with a quote"),
    ("path-query", "/items?page=1", "/items", "a query"),
    ("path-query", "/items#top", "/items", "a fragment"),
    ("path-query", "/socket.io/?EIO=4", "/socket.io", "a query after a slash"),
    ("path-encoded", "/caf%C3%A9/*", "/café/*", "a percent-encoded letter"),
    ("path-encoded", "/a%20b", "/a b", "a percent-encoded space"),
    ("path-ambiguous", "/api/../admin/*", "/admin/*", "two dots"),
    ("path-ambiguous", "/api/./*", "/api/*", "one dot"),
    ("path-ambiguous", "//api//*", "/api/*", "empty segments"),
    ("path-parameter", "/items/{id}", 're.compile(r"/items/[^/]+")', "a parameter as FastAPI has it"),
    ("path-parameter", "/items/<int:id>/x", 're.compile(r"/items/[0-9]+/x")', "a parameter as Flask has it"),
    (
        "path-parameter",
        "/items/<id>",
        '"/items/*" for everything below',
        "the same, and what else may be meant",
    ),
    ("path-parameter", "/files/{rest:path}", 're.compile(r"/files/.+")', "a parameter for several segments"),
    ("path-parameter", r"/a/{id:\d{2}}/*", r're.compile(r"/a/(?:\d{2})(/.*)?")', "one with an expression"),
    ("path-parameter", "/items/[id]", 're.compile(r"/items/[^/]+")', "a parameter as Next.js has it"),
    ("path-parameter", "/[userId]/posts", 're.compile(r"/[^/]+/posts")', "one of them at the beginning"),
    ("path-parameter", "/docs/[...slug]", 're.compile(r"/docs/.+")', "the rest of the path in Next.js"),
    ("path-parameter", "/docs/[[...slug]]", 're.compile(r"/docs/.+")', "the same, or nothing"),
    ("path-regex", "/(a|b)/{id}", 're.compile(r"/a/[^/]+|/b/[^/]+")', "a parameter after alternatives"),
    ("path-regex", "/x{2}", 're.compile(r"/x{2}")', "a repeat alone"),
    ("path-parameter", "/<1>", "/api/*", "what is not a parameter of any framework"),
    ("path-encoded", "/%2525", "/api/*", "a key that cannot be repaired gets an example"),
]
# Key, why.
ACCEPTED = [
    ("/", "the root"),
    ("/a/", "a slash at the end"),
    ("/v1.0/*", "a dot within a segment"),
    ("/.well-known/*", "a dot before a segment"),
    ("/caf\u00e9", "a letter outside ASCII"),
    ("/a b", "a space"),
    ("/odata/$metadata", "a dollar sign within"),
    ("/odata/items(1)", "parentheses"),
    (re.compile(""), "an empty expression"),
]
# Policies, what the hint names, why.
WRONG_TYPES = [
    ({None: EXACT}, '"/api/*"', "None as a key"),
    ({b"/a": EXACT}, '"/api/*"', "bytes as a key"),
    ({re.compile(b"/a"): EXACT}, '"/api/*"', "a regular expression for bytes as a key"),
    ({"/a": "*"}, "CORSPolicy(allow_origins='*')", "a string as a policy"),
    ({"/a": CORSPolicy}, "CORSPolicy(...)", "the class as a policy"),
    ({"/a": Resources({})}, "CORSPolicy(...)", "resources as a policy"),
    ([("/a", EXACT)], 'Resources({"/api/*": CORSPolicy(...)})', "a list of pairs"),
    (EXACT, 'Resources({"/api/*": CORSPolicy(...)})', "a policy"),
    (None, 'Resources({"/api/*": CORSPolicy(...)})', "None"),
]


def problems_of(policies: Any) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        Resources(policies)
    return caught.value.problems


@rows("code, key, write", REFUSED)
def test_a_key_that_can_never_match_is_refused(code: str, key: str, write: str) -> None:
    (problem,) = problems_of({key: EXACT})
    assert (problem.code, problem.option, problem.value) == (code, "resources", key)
    assert (write if '"' in write else f'"{write}"') in problem.hint


def test_every_fault_of_a_key_is_a_problem_and_each_hint_repairs_them_all() -> None:
    problems = problems_of({"api/%2e%2e/a*?b": EXACT})
    codes = ["path-relative", "path-wildcard", "path-query", "path-encoded"]
    assert [problem.code for problem in problems] == codes
    assert all('re.compile(r"/a.*")' in problem.hint for problem in problems)


@rows("key", ACCEPTED)
def test_a_key_that_can_match_is_accepted(key: str | re.Pattern[str]) -> None:
    assert Resources({key: EXACT}).policies == (EXACT,)


@rows("policies, says", WRONG_TYPES)
def test_what_is_not_a_dict_of_paths_and_policies_is_refused(policies: Any, says: str) -> None:
    (problem,) = problems_of(policies)
    assert (problem.code, problem.option) == ("wrong-type", "resources")
    assert problem.value is policies or (
        isinstance(policies, dict) and problem.value in (*policies, *policies.values())
    )
    assert says in problem.hint


def test_all_problems_come_at_once() -> None:
    problems = problems_of({"api": EXACT, "/b*": "*", "/c": None, 5: None})
    assert sorted(problem.code for problem in problems) == [
        *("path-relative", "path-wildcard", "wrong-type", "wrong-type")
    ]


def test_what_the_errors_say(approved: Approve) -> None:
    told: list[tuple[str, Any]] = [(why, {key: EXACT}) for _, key, _, why in REFUSED]
    told += [(why, policies) for policies, _, why in WRONG_TYPES if "class" not in why]
    approved("resources", [(why, said_of(problems_of(policies)[0])) for why, policies in told])


# Key, code (None: no warning), what the hint says to write, why.
UNLIKELY = [
    (re.compile("/(api|auth)/*"), "unlikely-path", 'Write "/api/*" and "/auth/*".', "Flask-CORS's example"),
    (re.compile("^/api/*$"), "unlikely-path", 'Write "/api/*".', "with anchors"),
    (re.compile("(/api/*|/auth/*)"), "unlikely-path", 'Write "/api/*" and "/auth/*".', "in alternatives"),
    (re.compile(r"/api\/*"), "unlikely-path", 'Write "/api/*".', "with an escaped slash"),
    (re.compile("/api*"), "unlikely-path", 'Write re.compile(r"/api.*") for', "a letter that is repeated"),
    (re.compile("/api/*", re.IGNORECASE), "unlikely-path", 're.compile(r"/api(/.*)?")', "with a flag"),
    (re.compile("/api/<int:id>"), "unlikely-path", 're.compile(r"/api/[0-9]+")', "a parameter of Flask"),
    (re.compile("/api/{id}"), "unlikely-path", 're.compile(r"/api/[^/]+")', "a parameter of FastAPI"),
    (re.compile("/api/:id"), "unlikely-path", 're.compile(r"/api/[^/]+")', "a parameter of Express"),
    (re.compile("api/.*"), "unlikely-path", 'Write "/api/*".', "without the first slash"),
    (re.compile("^/api/"), "unlikely-path", 'Write "/api/*".', "only the beginning of a path"),
    ("/api/:id", "path-parameter", 'Write re.compile(r"/api/[^/]+").', "a parameter in a string"),
    ("/a.b/:id/*", "path-parameter", 'Write re.compile(r"/a\\.b/[^/]+(/.*)?").', "below a parameter"),
    ("/a, /b", "unlikely-path", 'Write "/a" and "/b".', "two paths and a comma"),
    ("/a,/b/*", "unlikely-path", 'Write "/a" and "/b/*".', "two paths and a comma alone"),
    ("/a/, /b/", "unlikely-path", 'Write "/a/*" and "/b/*".', "two beginnings, as in Flask-CORS"),
    ("/a /b", "unlikely-path", 'Write "/a" and "/b".', "two paths and a blank"),
    ("/a,b", None, "", "a comma within a segment"),
    ("/a b", None, "", "a blank within a segment"),
    (re.compile("/api/.*"), None, "", "everything below"),
    (re.compile(r"/items/(?P<id>[^{}/]+)"), None, "", "braces in a set, as aiohttp writes them"),
    (re.compile(r"/items/[^<id>]+"), None, "", "angle brackets in a set"),
    (re.compile(r"/items/\{id\}"), None, "", "escaped braces"),
    (re.compile(r"/\[a/{id}"), "unlikely-path", "Write ", "a bracket that begins no set"),
    (re.compile("/api/[^/]*"), None, "", "one segment"),
    (re.compile(r"/api/\w*"), None, "", "a repeated class"),
    (re.compile(r"/api/\*"), None, "", "an asterisk"),
    (re.compile(r"/api/(?P<id>[0-9]{2})"), None, "", "a named group, and a count"),
    (re.compile("a?/api"), None, "", "a letter that may be missing"),
    (re.compile("api|/x"), None, "", "alternatives of which one is a path"),
    (re.compile("/api /*", re.VERBOSE), None, "", "blanks that mean nothing"),
    (re.compile("/v1/[a-z]+:batch"), None, "", "a colon within a segment"),
    ("/v1/items:batch", None, "", "the same in a string"),
]


def warned_about(make: Callable[[], object]) -> list[Problem]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make()
    return [each.message.problem for each in caught if isinstance(each.message, PolicyWarning)]


@rows("key, code, says", UNLIKELY)
def test_a_key_that_surely_does_not_cover_what_was_meant_warns(
    key: str | re.Pattern[str], code: str | None, says: str
) -> None:
    found = warned_about(lambda: Resources({key: EXACT}))
    assert [(each.code, each.option, each.value) for each in found] == (
        [(code, "resources", key)] if code else []
    )
    assert all(says in each.hint for each in found)


@rows("key, code, says", UNLIKELY)
def test_the_key_in_such_a_hint_does_not_warn_again(
    key: str | re.Pattern[str], code: str | None, says: str
) -> None:
    hints = [each.hint for each in warned_about(lambda: Resources({key: EXACT}))]
    for written in re.findall(r're\.compile\(r"[^"]+"\)|"[^"]+"', " ".join(hints)):
        key = eval(written, {"re": re})  # noqa: S307  # that is what pasting it means
        assert not warned_about(functools.partial(Resources, {key: EXACT}))


def test_flask_warns_about_its_keys_once() -> None:
    keys: dict[re.Pattern[str], Any] = {re.compile("/(api|auth)/*"): {}}
    (found,) = warned_about(lambda: crosscors.flask.CORS(Flask("app"), resources=keys))
    assert (found.code, found.option) == ("unlikely-path", "resources")


# A path that is not covered, the key that the hint gives (None: no key is valid), why.
PATHS_WITHOUT_A_KEY = [
    ("/items/1", "/items/*", "a plain segment"),
    ("/", "/", "the root"),
    ("/a*b/x", None, "an asterisk"),
    ("/<x>/y", None, "angle brackets"),
    ("/a{b}/c", None, "braces"),
    ("/a|b/x", None, "a bar"),
    ("/a.*/b", None, "a dot and an asterisk"),
    ("/a?b/x", None, "a question mark"),
    ("/%61/x", None, "a percent sign"),
    ("/:id/x", None, "a colon, which would warn"),
]


@rows("path, key", PATHS_WITHOUT_A_KEY)
def test_the_hint_for_a_path_gives_a_key_that_is_valid_and_covers_it(path: str, key: str | None) -> None:
    hint = Refusal("path-not-covered", (path,), ("/api/*",)).hint
    example = "" if key is None else f", such as {key!r}"
    assert hint == f"Add a key that covers it to Resources({{...}}){example}. The nearest key is '/api/*'."
    if key is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert Resources({key: EXACT}).policy_for(path) is EXACT


EXCLUDING = [(key, key) for key in ("/api/(?!admin).*", "/api/(?=[a-z]).*", "/api/[^_].*", "/api/.*(?<!x)")]


@rows("key", EXCLUDING)
def test_no_hint_covers_what_the_key_excludes(key: str) -> None:
    (problem,) = problems_of({key: EXACT})
    assert f're.compile(r"{key}")' in problem.hint
    assert "/api/*" not in problem.hint
