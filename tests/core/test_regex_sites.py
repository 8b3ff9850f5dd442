"""Regular expressions with credentials: what each lets in, proved; and what is written instead."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from typing import Any, cast

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, PolicyWarning, Problem
from crosscors.core.origins.regexes import automaton as regexes
from crosscors.core.origins.serialized import is_serialized_origin
from crosscors.core.origins.regexes.sites import sites_of

WITNESS = re.compile(r"matches (?:unrelated sites such as )?([a-z+.-]+://[^\s,;]*[^\s,;:.])")
TO_PASTE = re.compile(r"""r(["'])(.*?)\1""")


def policy_with(regex: str | re.Pattern[str], *dangers: str) -> CORSPolicy:
    return CORSPolicy(allow_origin_regex=regex, allow_credentials=True, dangerously_allow=dangers)


def problem_of(regex: str | re.Pattern[str], *dangers: str) -> Problem:
    with pytest.raises(PolicyError) as caught:
        policy_with(regex, *dangers)
    (problem,) = caught.value.problems
    assert (problem.option, problem.value) == ("allow_origin_regex", getattr(regex, "pattern", regex))
    return problem


NAMED = [
    pytest.param(r"https://example\.com", ["example.com"], id="a domain"),
    pytest.param(r"^https://example\.com$", ["example.com"], id="anchors"),
    pytest.param(r"\Ahttps://example\.com\Z", ["example.com"], id="the other anchors"),
    pytest.param(r"(?m)^https://example\.com$", ["example.com"], id="anchors of lines"),
    pytest.param(r"https://example\.com(:\d+)?", ["example.com"], id="any port"),
    pytest.param(r"https://example\.com($|:\d+$)", ["example.com"], id="an anchor in an alternative"),
    pytest.param(r"https://[a-z]+\.example\.com", ["example.com"], id="one label of letters"),
    pytest.param(r"https://.*\.example\.com", ["example.com"], id="anything before a domain"),
    pytest.param(r"https://[^.]+\.example\.com", ["example.com"], id="a negated set before a domain"),
    pytest.param(r"https://([a-z0-9-]+\.)?example\.com", ["example.com"], id="a domain and subdomains"),
    pytest.param(r"https://([a-z0-9-]+\.)*example\.com", ["example.com"], id="a domain and all below it"),
    pytest.param(r"https://(?P<sub>\w+)\.example\.com", ["example.com"], id="a named group"),
    pytest.param(
        r"https://([a-z0-9-]+\.?)+\.preview\.mycompany\.com", ["mycompany.com"], id="a repeat in a repeat"
    ),
    pytest.param(
        r"https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.example\.co\.uk", ["example.co.uk"], id="exact labels"
    ),
    pytest.param(r"https://.{0,1000}\.example\.com", ["example.com"], id="a thousand states"),
    pytest.param(r"https://example\.com\.?", ["example.com"], id="an optional dot at the end"),
    pytest.param(r"https://example\.(com|org)", ["example.com", "example.org"], id="alternatives"),
    pytest.param(
        r"https://example\.(com|com\.au)",
        ["example.com", "example.com.au"],
        id="one alternative begins another",
    ),
    pytest.param(r"https://example[12]\.com", ["example1.com", "example2.com"], id="a set that lists"),
    pytest.param(r"https://example[.]com", ["example.com"], id="a dot in a set"),
    pytest.param(r"https://foo[.-]example\.com", ["example.com", "foo-example.com"], id="a dot or a hyphen"),
    pytest.param(
        r"https://a\.example\.com|https://b\.example\.org",
        ["example.com", "example.org"],
        id="whole alternatives",
    ),
    pytest.param(r"https://e{2}xample\.com", ["eexample.com"], id="a repeat that leaves nothing open"),
    pytest.param(r"(?i)HTTPS://App\.Example\.COM", ["example.com"], id="any case"),
    pytest.param(
        re.compile("https://example\\.com", re.IGNORECASE), ["example.com"], id="compiled, any case"
    ),
    pytest.param(re.compile("https:// example\\.com # ours", re.VERBOSE), ["example.com"], id="verbose"),
    pytest.param(r"(?i:https)://(?-i:example)\.com", ["example.com"], id="flags within"),
    pytest.param(r"https://(x)y\1\.com", ["xyx.com"], id="a back-reference to a literal"),
    pytest.param(r"https://(?P<a>x)(?i:(?P=a))\.com", ["xx.com"], id="a back-reference without case"),
    pytest.param(r"https://(?!evil)[a-z]+\.example\.com", ["example.com"], id="look-ahead"),
    pytest.param(r"https://[a-z]+(?<!evil)\.example\.com\b", ["example.com"], id="look-behind, boundary"),
    pytest.param(r"https://(www\.)?(?(1)a|b)\.com", ["a.com", "b.com"], id="a conditional"),
    pytest.param(r"https://me\.github\.io", ["me.github.io"], id="a page below a public suffix"),
    pytest.param(r"https://.*\.me\.github\.io", ["me.github.io"], id="anything below such a page"),
    pytest.param(r"https://[a-z]+\.foo\.amazonaws\.com", ["amazonaws.com"], id="beside public suffixes"),
    pytest.param(r"https://.*\.city\.kobe\.jp", ["city.kobe.jp"], id="an exception of the list"),
    pytest.param(r"https://.*\.corp\.internal", ["corp.internal"], id="below a top level nobody lists"),
    pytest.param(r"https://intranet", ["intranet"], id="a single label"),
    pytest.param(r"https://github\.io", ["github.io"], id="a public suffix itself"),
    pytest.param(r"https?://localhost(:\d+)?", ["loopback"], id="localhost"),
    pytest.param(r"https?://(.+\.)?localhost:[0-9]+", ["loopback"], id="whatever is below localhost"),
    pytest.param(r"https?://127\.0\.0\.1(:\d+)?", ["loopback"], id="127.0.0.1"),
    pytest.param(r"http://127\.\d+\.\d+\.\d+", ["loopback"], id="all of 127"),
    pytest.param(r"http://\[::1\](:\d+)?", ["loopback"], id="::1"),
    pytest.param(
        r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?|https://a\.com",
        ["a.com", "loopback"],
        id="loopback or a site",
    ),
    pytest.param(r"https://10\.\d+\.\d+\.\d+", ["10.*.*.*"], id="a private network"),
    pytest.param(r"https://192\.168\.[0-9]{1,3}\.1", ["192.168.*.1"], id="a smaller private network"),
    pytest.param(
        r"https://172\.(1[6-9]|2\d|3[01])\.\d+\.\d+",
        ["172.*.*.*", "172.30.*.*", "172.31.*.*"],
        id="one of several networks",
    ),
    pytest.param(r"https://169\.254\.\d+\.\d+", ["169.254.*.*"], id="link-local addresses"),
    pytest.param(r"https://192\.0\.2\.[12]", ["192.0.2.1", "192.0.2.2"], id="public addresses by name"),
    pytest.param(r"https://\[2001:db8::1\]", ["[2001:db8::1]"], id="an IPv6 address"),
    pytest.param(r"https://\[fd00::[0-9a-f]+\]", ["[fd00::*]"], id="unique local IPv6 addresses"),
    pytest.param(r"https://\[fe80::[0-9a-f:]+\]", ["[fe80::*]"], id="link-local IPv6 addresses"),
    pytest.param(r"capacitor://localhost", ["capacitor://localhost"], id="an app"),
    pytest.param(r"(app|tauri)://x\.y", ["app://x.y", "tauri://x.y"], id="two apps"),
    pytest.param(r"wss://example\.com", ["example.com"], id="a socket with TLS"),
    pytest.param(r"https://.*(?!)|https://a\.com", ["a.com"], id="an alternative that matches nothing"),
    pytest.param(r"https://[é]+|https://a\.com", ["a.com"], id="characters that no origin has"),
    pytest.param(r"https://a(^|\.)com", ["a.com"], id="an anchor where it cannot match"),
    pytest.param(r"https://a($|\.)com", ["a.com"], id="the other one"),
    pytest.param(r"x^https://b\.com|https://a\.com", ["a.com"], id="characters before the start"),
    pytest.param(r"https://b\.com$x|https://a\.com", ["a.com"], id="characters after the end"),
    pytest.param(r"[a_]b://x|https://a\.com", ["a.com", "ab://x"], id="a scheme, and one that is not"),
    pytest.param(
        r"https://.*\.example\.(com|org|net)", ["example.com", "example.net", "example.org"], id="three"
    ),
    pytest.param(r"https://xn--bcher-kva\.example", ["xn--bcher-kva.example"], id="Punycode"),
    pytest.param("", [], id="nothing"),
    pytest.param(rf"https://\[{'0' * 40}\]|https://a\.com", ["a.com"], id="an address that is too long"),
    pytest.param(r"https://\[::01\]|https://a\.com", ["a.com"], id="an address in another form"),
    pytest.param(r"https://x\]|https://a\.com", ["a.com"], id="a bracket that nothing opens"),
    pytest.param(
        r"https://example\.com|(^)https://\1a\.com",
        ["a.com", "example.com"],
        id="a repeated anchor, and a name",
    ),
    pytest.param(r"https://\[fd00:.*\]", ["[fd00:*]"], id="anything after a private prefix of IPv6"),
    pytest.param(
        r"https://\[fd00(?::[0-9a-f]{1,4}){7}\]", ["[fd00:*]"], id="groups of a private IPv6 address"
    ),
    pytest.param(r"app://\[::1\]", ["app://[::1]"], id="an address as the host of an app"),
    pytest.param(r"https://(?:a?){30}a{30}(?!\.)\.example\.com", ["example.com"], id="many ways to match"),
    pytest.param(
        r"https://example\.com(|\.au)", ["example.com", "example.com.au"], id="with and without a part"
    ),
]


@pytest.mark.parametrize(("regex", "sites"), NAMED)
def test_an_expression_that_names_its_sites_starts_and_lists_them(
    regex: str | re.Pattern[str], sites: list[str]
) -> None:
    assert policy_with(regex).trusted_sites == tuple(sites)


# The problem's code is "wildcard-with-credentials" for all of these.
OPEN = [
    pytest.param(".*", None, id="anything"),
    pytest.param("https://.*", None, id="any https origin"),
    pytest.param("https?://.*", None, id="any web origin"),
    pytest.param("http://.*", None, id="any http origin"),
    pytest.param(r"https://app\.example\.com|https://.*", None, id="an origin or anything"),
    pytest.param(re.compile("HTTPS://.*", re.IGNORECASE), None, id="compiled, in any case"),
    pytest.param("https://app.example.com", r"https://app\.example\.com", id="no backslash before the dots"),
    pytest.param(r"https://app.example\.com", r"https://app\.example\.com", id="a dot without a backslash"),
    pytest.param(r"https://example\.com?", r"https://example\.com", id="an optional last letter"),
    pytest.param(r"https://my?example\.com", None, id="an optional letter"),
    pytest.param(r"https://(my)?example\.com", None, id="an optional beginning of the name"),
    pytest.param(r"https://example\.co+m", None, id="a repeated letter"),
    pytest.param(r"https://example\.com(\.au)?", None, id="an optional top level"),
    pytest.param(r"https://example[0-9]\.com", None, id="a range in the name"),
    pytest.param(r"https://example\d\.com", None, id="a digit in the name"),
    pytest.param(r"https://example[^a]com", None, id="a negated set in the name"),
    pytest.param(r"https://example\Wcom", None, id="a class between the labels"),
    pytest.param(r"https://example\.com.*", r"https://example\.com(:\d+)?", id="an open end"),
    pytest.param(r"https://.*\.example\.com.*", r"https://.*\.example\.com(:\d+)?", id="both ends open"),
    pytest.param(r"https://.*example\.com", r"https://([a-z0-9-]+\.)*example\.com", id="an open beginning"),
    pytest.param(r"https://.*(example|foo)\.com", None, id="alternatives with an open beginning"),
    pytest.param(r"https?://localhost.*", r"https?://localhost(:\d+)?", id="localhost with an open end"),
    pytest.param(
        r"https?://(localhost|127\.0\.0\.1).*",
        r"https?://(localhost|127\.0\.0\.1)(:\d+)?",
        id="loopback, open end",
    ),
    pytest.param(r".*localhost.*", None, id="localhost with both ends open"),
    pytest.param(r"https://myapp.*", None, id="the beginning of a name"),
    pytest.param(r"https://(dev|staging)\..*", None, id="the first label alone"),
    pytest.param(r"https://.*\.example\..*", None, id="a label in the middle"),
    pytest.param(r"https://staging-.*", None, id="a prefix"),
    pytest.param(r"https://example\.[a-z]+", None, id="any top level"),
    pytest.param(r"https://[a-z]+", None, id="any single label"),
    pytest.param(r"https://[a-z]{3,6}\.com.*", None, id="any short name, open end"),
    pytest.param(r"^https?://127.0.0.1(:\d+)?$", r"https?://127\.0\.0\.1(:\d+)?", id="127.0.0.1 with dots"),
    pytest.param(r"https://1\.2\.3\.\d+", None, id="a public address with an open end"),
    pytest.param(r"https://172\.\d+\.\d+\.\d+", None, id="more than the private part of 172"),
    pytest.param(r"https://1\d\.0\.0\.1", None, id="an address with an open beginning"),
    pytest.param(r"https://\d+\.\d+\.\d+\.\d+", None, id="any address"),
    pytest.param(r"https://\[[0-9a-f:]+\]", None, id="any IPv6 address"),
    pytest.param(r"https://\[2001:db8::[0-9a-f]+\]", None, id="some public IPv6 addresses"),
    pytest.param(r"https://\[f[a-f]00::1\]", None, id="an IPv6 address with an open beginning"),
    pytest.param(r"[a-z]+://example\.com", None, id="any scheme"),
    pytest.param(r"[a-z]+://[a-z]+", None, id="any scheme and host"),
    pytest.param(r"x-?app://a", None, id="an optional sign in the scheme"),
    pytest.param(r"https://x(a|[b-c])example\.com", None, id="a range among alternatives"),
    pytest.param(r"(?i)https://app.example\.com", r"(?i)https://app\.example\.com", id="in any case"),
    pytest.param(r"https://(?!evil)[a-z]+example\.com", None, id="look-ahead that leaves others"),
    pytest.param(r"(^)https://.*\1", None, id="a repeated anchor"),
    pytest.param(r"(^|https://).*\1", None, id="a repeated anchor or text"),
    pytest.param(r"(\A)https?://(?:localhost|.*\1)", None, id="a repeated anchor in an alternative"),
    pytest.param(r"(?P<start>^)https://(?P=start).*", None, id="a repeated anchor by name"),
    pytest.param(r"(?:(^)|a)(?(1)https://.*\1|b)", None, id="a repeated anchor in a conditional"),
    pytest.param(r"[a-z]+://\[::1\](:\d+)?", None, id="any scheme and an address"),
    pytest.param(
        r"https://example(-staging|-dev)?\.com",
        r"https://example(|-staging|-dev)\.com",
        id="optional alternatives",
    ),
    pytest.param(r"https://(my)?app\.com", r"https://(|my)app\.com", id="an optional beginning"),
    pytest.param(r"https://(a.com|b.com)", r"https://(a\.com|b\.com)", id="dots in alternatives"),
    pytest.param(
        re.compile("https://App.Example.com", re.IGNORECASE),
        r"(?i)https://App\.Example\.com",
        id="flags that the hint has to keep",
    ),
    pytest.param(re.compile("https://app.example.com\n# ours", re.VERBOSE), None, id="several lines"),
    pytest.param("https://['\"a]pp.example.com", None, id="both quotes"),
    pytest.param('https://["a]pp.example.com', None, id="a quote"),
    pytest.param(f"https://a.example.com|https://{'b' * 300}", None, id="a long one"),
]


@pytest.mark.parametrize(("regex", "write"), OPEN)
def test_an_expression_that_lets_anybody_in_is_refused_with_an_origin_that_it_lets_in(
    regex: str | re.Pattern[str], write: str | None
) -> None:
    every_danger = ("insecure-origins", "null-origin", "public-suffix-subdomains", "unproven-regex")
    for dangers in ((), every_danger):  # there is no opt-in
        problem = problem_of(regex, *dangers)
        assert problem.code == "wildcard-with-credentials"
        assert "dangerously_allow" not in problem.hint
        assert_it_lets_in(regex, problem)
        assert_hint_starts(regex, problem, write)


def assert_it_lets_in(regex: str | re.Pattern[str], problem: Problem) -> None:
    found = WITNESS.search(problem.message)
    assert found is not None
    assert is_serialized_origin(found[1])
    assert re.compile(regex).fullmatch(found[1])


def assert_hint_starts(regex: str | re.Pattern[str], problem: Problem, write: str | None) -> None:
    found = TO_PASTE.search(problem.hint)
    assert found is not None
    assert write is None or found[2] == write
    policy_with(re.compile(found[2], getattr(regex, "flags", 0)))


BELOW_SUFFIXES = [
    pytest.param(r"https://.*\.com", "under com", id="any .com"),
    pytest.param(r"https://[^.]+\.com", "under com", id="any domain right under .com"),
    pytest.param(r"https://[a-z]{3,6}\.com", "under com", id="any short name"),
    pytest.param(r"https://[a-z]+\.xyz", "under xyz", id="any domain of a suffix that few think of"),
    pytest.param(r"https://.*\.github\.io", "under github.io", id="any page of a host that anyone can have"),
    pytest.param(r"https://.*\.railway\.app", "under up.railway.app", id="above a public suffix"),
    pytest.param(r"https://.*\.s3\.amazonaws\.com", "under s3.amazonaws.com", id="any bucket"),
    pytest.param(r"https://.*--example\.netlify\.app", "under netlify.app", id="previews of a site"),
    pytest.param(r"https://[a-z]+\.internal", "who owns names under internal", id="not on the list"),
]


@pytest.mark.parametrize(("regex", "because"), BELOW_SUFFIXES)
def test_an_expression_for_names_of_many_owners_is_refused_unless_that_is_accepted(
    regex: str, because: str
) -> None:
    problem = problem_of(regex)
    assert problem.code == "wildcard-with-credentials"
    assert because in problem.message
    assert 'dangerously_allow=["public-suffix-subdomains"]' in problem.hint
    assert_it_lets_in(regex, problem)
    assert_hint_starts(regex, problem, None)
    problem_of(regex, "insecure-origins", "null-origin", "unproven-regex")
    assert policy_with(regex, "public-suffix-subdomains").trusted_sites[0].startswith("*.")


def test_an_origin_below_the_suffix_is_shown_if_the_expression_lets_it_in() -> None:
    assert "https://a.up.railway.app" in problem_of(r"https://.*\.railway\.app").message
    assert "https://a.railway.app" in problem_of(r"https://[a-z]\.railway\.app").message


def test_both_names_are_shown_if_the_last_letter_is_optional() -> None:
    assert "https://example.co and https://example.com;" in problem_of(r"https://example\.com?").message


@pytest.mark.parametrize(
    ("regex", "write"),
    [
        pytest.param(r"https?://app\.example\.com", r"https://app\.example\.com", id="http or https"),
        pytest.param(r"http://app\.example\.com", r"https://app\.example\.com", id="http"),
        pytest.param(r"(http|https)://.*\.example\.com", r"https://.*\.example\.com", id="alternatives"),
        pytest.param(r"^http[s]?://example\.com$", None, id="an optional set"),
        pytest.param(r"http://10\.\d+\.\d+\.\d+", r"https://10\.\d+\.\d+\.\d+", id="a private network"),
        pytest.param(r"ws://example\.com", None, id="a socket"),
        pytest.param(
            r"http://localhost\.example\.com", r"https://localhost\.example\.com", id="not localhost"
        ),
        pytest.param(r"http:(?<=http:|ftps:)//a\.com", None, id="what would not be valid with https"),
        pytest.param(r"http(s)?://app\.example\.com", r"https://app\.example\.com", id="an optional group"),
        pytest.param(r"https{0,1}://app\.example\.com", r"https://app\.example\.com", id="a count"),
        pytest.param(r"https?://(localhost(:\d+)?|app\.a\.com)", None, id="loopback, which may stay plain"),
        pytest.param(r"http://example\.com:443", None, id="what has no such port over https"),
        pytest.param(r"https://a\.com|http://b\.com", r"https://a\.com|https://b\.com", id="one of two"),
    ],
)
def test_an_expression_that_lets_in_plain_http_is_refused_unless_that_is_accepted(
    regex: str, write: str | None
) -> None:
    problem = problem_of(regex)
    assert problem.code == "insecure-origin-with-credentials"
    assert 'dangerously_allow=["insecure-origins"]' in problem.hint
    assert_it_lets_in(regex, problem)
    if write is not None:
        assert_hint_starts(regex, problem, write)
    problem_of(regex, "null-origin", "public-suffix-subdomains", "unproven-regex")
    policy = policy_with(regex, "insecure-origins")
    found = WITNESS.search(problem.message)
    assert found is not None
    assert policy.decide(CORSRequest("GET", found[1])).allowed


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        policy_with(r"https?://.*\.github\.io|file://")
    assert [problem.code for problem in caught.value.problems] == [
        "wildcard-with-credentials",
        "null-with-credentials",
        "insecure-origin-with-credentials",
    ]


@pytest.mark.parametrize(
    "regex",
    [
        pytest.param(r"file://|https://a\.com", id="by name"),
        pytest.param(r"....://|https://a\.com", id="by dots"),
        pytest.param(r"[a-z]{4}://|https://a\.com", id="by ranges"),
        pytest.param(r"f\w+://|https://a\.com", id="by a class"),
    ],
)
def test_an_expression_for_files_is_refused_unless_that_is_accepted(regex: str) -> None:
    problem = problem_of(regex)
    assert problem.code == "null-with-credentials"
    policy = policy_with(regex, "null-origin")
    assert policy.trusted_sites == ("a.com", "file://")
    assert policy.decide(CORSRequest("GET", "file://")).allowed


UNPROVEN = [
    pytest.param(r"https://(?=good)[a-z]+\.com", id="look-ahead on which all depends"),
    pytest.param(r"https://[a-z]+(?<=good)\.com", id="look-behind on which all depends"),
    pytest.param(r"https://(?:a{0,1000}){0,1000}\.example\.com", id="a million states"),
    pytest.param(r"https://[abc]{30}\.com", id="more names than can be listed"),
    pytest.param(r"(?!http:)https?://app\.example\.com", id="https by look-ahead"),
    pytest.param(
        r"(?=https://a\.com)https://(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)averyverylongcompanyname\.com",
        id="an expression that would take long to find out that it does not match",
    ),
    pytest.param(
        "https://()" + "".join(rf"(\{number}\{number})" for number in range(1, 20)), id="a million references"
    ),
    pytest.param(r"https://(?:(?=e)){1000000}example\.com", id="a million times nothing"),
    pytest.param(r"https://(){1000000000}example\.com", id="a billion times nothing"),
    pytest.param("https://(?:" + "|" * 1000 + r"){2000}example\.com", id="two million alternatives"),
    pytest.param(
        r"(?=https://a\.com)https://([a-z]+-?)+averyverylongcompanyname\.com",
        id="a repeat in a repeat that would take for ever",
    ),
]


@pytest.mark.parametrize("regex", UNPROVEN)
def test_what_cannot_be_proved_is_refused_unless_that_is_accepted(regex: str) -> None:
    problem = problem_of(regex, "null-origin")
    assert problem.code == "unproven-regex"
    assert 'dangerously_allow=["unproven-regex"]' in problem.hint
    assert_hint_starts(regex, problem, None)
    assert policy_with(regex, "unproven-regex").dangerously_allow == ("unproven-regex",)


if sys.version_info >= (3, 11):

    def test_an_expression_on_which_python_fails_lets_nobody_in() -> None:
        policy = policy_with(r"https://(?:(a|b)|(s))*+\.example\.com")
        assert not policy.decide(CORSRequest("GET", "https://ass.example.com")).allowed
        # At construction neither, beside an origin that it is tried on.
        CORSPolicy(allow_origins=["https://ass.example.com"], allow_origin_regex=policy.allow_origin_regex)

    @pytest.mark.parametrize(
        "regex",
        [
            pytest.param(r"https://(?>[a-z]+\.)example\.com", id="an atomic group"),
            pytest.param(r"https://[a-z]++\.example\.com", id="a possessive repeat"),
        ],
    )
    def test_what_gives_nothing_back_is_taken_for_the_ordinary_thing(regex: str) -> None:
        assert policy_with(regex).trusted_sites == ("example.com",)


@pytest.mark.parametrize(
    "regex",
    [
        pytest.param(r"(?!x)https://(.+)+", id="a repeat in a repeat"),
        pytest.param(r"https://a\.com|(?!x)https://(?:[a-z]+)+\.io", id="one in an alternative"),
        pytest.param(r"https://.{0,25000}\.com", id="more states than can be looked at"),
    ],
)
def test_what_lets_an_unrelated_site_in_has_no_opt_in_for_being_unproven(regex: str) -> None:
    problem = problem_of(regex, "unproven-regex")
    assert problem.code == "wildcard-with-credentials"
    assert_it_lets_in(regex, problem)


def test_sites_of_what_is_not_proved_include_everybody() -> None:
    assert "*" in policy_with(r"https://(?=good)[a-z]+\.[a-z]+", "unproven-regex").trusted_sites


@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize(
    "regex",
    [
        pytest.param("a{99999999999}", id="a count that is too large"),
        pytest.param("a{" + "1" * 5000 + "}", id="a count of too many digits"),
        pytest.param("(" * 3000 + ")" * 3000, id="groups that are nested too deeply"),
        pytest.param(r"https://[[a-z]+\.example\.com", id="one that is warned of, where warnings are errors"),
    ],
)
def test_what_cannot_be_compiled_is_a_problem(regex: str, credentials: bool) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origin_regex=regex, allow_credentials=credentials)
    assert [problem.code for problem in caught.value.problems] == ["invalid-regex"]


def test_what_was_compiled_with_a_warning_proves_nothing_where_warnings_are_errors() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        regex = re.compile(r"https://[[a-z]+\.example\.org")
    assert problem_of(regex).code == "unproven-regex"


def test_an_unproven_expression_still_gives_nothing_to_plain_http() -> None:
    policy = policy_with(r"https?://app\.example(?=\.com)\.[a-z]+", "unproven-regex")
    assert policy.decide(CORSRequest("GET", "https://app.example.com")).allowed
    (refusal,) = policy.decide(CORSRequest("GET", "http://app.example.com")).refusals
    assert refusal.code == "origin-insecure"


def test_whatever_python_fails_with_is_not_a_match() -> None:
    class Failing:
        def fullmatch(self, _: str) -> None:
            raise MemoryError

    assert not regexes.matches(cast("Any", Failing()), "https://a.com")


def test_an_opcode_that_is_not_known_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexes, "_BUILD", {})
    assert problem_of(r"https://a\.com").code == "unproven-regex"


def test_groups_that_are_nested_too_deeply_prove_nothing() -> None:
    regex = re.compile(r"https://a\.com" + "(" * 150 + "(?!)" + ")" * 150)
    depth = len(inspect.stack(0))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 120)
    try:
        sites, longest = sites_of(regex), regexes.quick_length(regex)
    finally:
        sys.setrecursionlimit(limit)
    assert sites.unproven is not None
    assert longest == -1


def test_at_most_64_sites_can_be_named() -> None:
    names = [f"site{number}" for number in range(64)]
    assert len(policy_with(rf"https://({'|'.join(names)})\.com").trusted_sites) == 64
    problem = problem_of(rf"https://({'|'.join([*names, 'more'])})\.com")
    assert problem.code == "too-many-sites"
    assert "65" in problem.message


def test_an_app_s_scheme_with_an_open_host_is_warned_of_once() -> None:
    with pytest.warns(PolicyWarning) as caught:
        policy = policy_with(r"vscode-webview://[0-9a-z]+(:\d+)?")
    (warning,) = caught
    assert isinstance(warning.message, PolicyWarning)
    assert warning.message.problem.code == "any-app-origin"
    assert "vscode-webview://*" in str(warning.message)
    assert policy.trusted_sites == ("vscode-webview://*",)
    assert policy.decide(CORSRequest("GET", "vscode-webview://0a1b2c")).allowed


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="without credentials"),
        pytest.param({"allow_credentials": ["https://a.example"]}, id="credentials for others"),
    ],
)
def test_nothing_is_proved_where_the_expression_gets_no_credentials(options: dict[str, Any]) -> None:
    policy = CORSPolicy(allow_origin_regex="https?://.*|file://", **options)
    for origin in ("http://a.com", "https://evil.com", "file://"):
        assert policy.decide(CORSRequest("GET", origin)).allowed


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
def test_sites_of_entries_are_listed_as_well() -> None:
    entries = [
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:*",
        "http://127.0.0.1:8000",
        "https://192.0.2.1",
        "https://[::2]",
        "app://obsidian.md",
        "https://*.github.io",
        "null",
    ]
    policy = CORSPolicy(
        allow_origins=entries,
        allow_credentials=True,
        dangerously_allow=["null-origin", "public-suffix-subdomains"],
    )
    expected = ("*.github.io", "192.0.2.1", "[::2]", "app://obsidian.md", "example.com", "loopback", "null")
    assert policy.trusted_sites == expected
    assert policy.replace(allow_credentials=False, dangerously_allow=()).trusted_sites == ()
    listed = CORSPolicy(allow_origins="*", allow_credentials=["https://a.example.org"])
    assert listed.trusted_sites == ("example.org",)
