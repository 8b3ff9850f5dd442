"""allow_origin_regex: which origins it matches, and the proof that it names its sites with credentials."""

from __future__ import annotations

import re
import sys
import warnings
from functools import cache
from typing import Any

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyWarning, Problem

from ..conftest import Approve
from .conftest import ApprovePolicies, said_of
from .kit import (
    APP,
    EVERY_DANGER,
    OTHER,
    actual,
    assert_problem,
    assert_refused,
    codes,
    keywords,
    refused,
    rows,
    warned,
)

WITNESS = re.compile(r"matches (?:unrelated sites such as )?(?:\S+ and )?([a-z+.-]+://[^\s,;]*[^\s,;:.])")
TO_PASTE = re.compile(r"""r(["'])(.*?)\1""")

Regex = str | re.Pattern[str]

# Matching.

SUBDOMAINS = r"https://[a-z]+\.example\.com"
COMPILED = re.compile(r"https://[a-z]+\.EXAMPLE\.com", re.IGNORECASE)
HTTP = r"http://[a-z]+\.example\.com"
TRUE: dict[str, Any] = {"allow_credentials": True}
LISTED: dict[str, Any] = {"allow_credentials": [OTHER]}
WITH_HTTP: dict[str, Any] = {**TRUE, "dangerously_allow": "insecure-origins"}
NOT_PROVED: dict[str, Any] = {**TRUE, "dangerously_allow": "unproven-regex"}
LOOKING_AHEAD = r"https?://app\.example(?=\.com)\.[a-z]+"
ANYONE = "https?://.*|file://"
# Regular expression, options, origin, code (None: it matches), whether it gets credentials, why.
MATCHES: list[tuple[Regex, dict[str, Any], str, str | None, bool, str]] = [
    (SUBDOMAINS, {}, APP, None, False, "an origin that the expression matches"),
    (SUBDOMAINS, TRUE, APP, None, True, "an origin with credentials"),
    (SUBDOMAINS, LISTED, APP, None, False, "a list gives none"),
    (COMPILED, TRUE, APP, None, True, "flags are kept"),
    (HTTP, {}, "http://app.example.com", None, False, "http without credentials"),
    (HTTP, WITH_HTTP, "http://app.example.com", None, True, "http where that is opted into"),
    (SUBDOMAINS, {}, "https://a.example.com.evil.test", "origin-not-allowed", False, "another end"),
    (SUBDOMAINS, {}, "http://a.example.com", "origin-not-allowed", False, "another beginning"),
    (SUBDOMAINS, {}, f"{APP}\n", "origin-malformed", False, "a line break at the end"),
    ("https?://.*|x", {}, "x", "origin-malformed", False, "only origins are tried"),
    ("https?://.*|null", {}, "null", "origin-null", False, "null is not tried"),
    (ANYONE, {}, "http://a.com", None, False, "anyone, without credentials"),
    (ANYONE, LISTED, "file://", None, False, "anyone, where others get credentials"),
    (LOOKING_AHEAD, NOT_PROVED, APP, None, True, "an expression that is not proved"),
    (LOOKING_AHEAD, NOT_PROVED, "http://app.example.com", "origin-insecure", False, "not to http"),
]


@pytest.mark.filterwarnings("ignore:.*matches no origin:crosscors.PolicyWarning")
@rows("regex, options, origin, code, credentials", MATCHES)
def test_the_expression_has_to_match_the_whole_origin(
    regex: Regex, options: dict[str, Any], origin: str, code: str | None, credentials: bool
) -> None:
    policy = CORSPolicy(allow_origin_regex=regex, **options)
    assert policy.allow_origin_regex == re.compile(regex)
    decision = actual(policy, origin)
    assert codes(decision) == ([code] if code else [])
    assert decision.matched == (None if code else re.compile(regex).pattern)
    assert dict(decision.headers).get("Access-Control-Allow-Origin") == (None if code else origin)
    assert ("Access-Control-Allow-Credentials" in dict(decision.headers)) is credentials


INVALID = [
    ("https://(a", "a group that stays open"),
    ("a{99999999999}", "a count that is too large"),
    ("a{" + "1" * 5000 + "}", "a count of too many digits"),
    ("(" * 3000 + ")" * 3000, "groups that are nested too deeply"),
    (r"https://[[a-z]+\.example\.com", "one that is warned of, where warnings are errors"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("regex", INVALID)
def test_an_invalid_expression_is_refused(regex: str, credentials: bool) -> None:
    options = {"allow_origin_regex": regex, "allow_credentials": credentials}
    write = r'allow_origin_regex=r"https://[a-z]+\.example\.com"'
    assert_refused(options, "invalid-regex", "allow_origin_regex", regex, write)
    CORSPolicy(allow_credentials=credentials, **keywords(write))


# With credentials.


def policy_with(regex: Regex, *dangers: str) -> CORSPolicy:
    return CORSPolicy(allow_origin_regex=regex, allow_credentials=True, dangerously_allow=dangers)


@cache  # a proof takes its time
def problems_of(regex: Regex, *dangers: str) -> tuple[Problem, ...]:
    return refused({"allow_origin_regex": regex, "allow_credentials": True, "dangerously_allow": dangers})


def problem_of(regex: Regex, *dangers: str) -> Problem:
    (problem,) = problems_of(regex, *dangers)
    assert (problem.option, problem.value) == ("allow_origin_regex", getattr(regex, "pattern", regex))
    return problem


def witness_of(regex: Regex, problem: Problem) -> str:
    """The origin that the problem shows; the expression lets it in."""
    found = WITNESS.search(problem.message)
    assert found is not None
    assert re.compile(regex).fullmatch(found[1])
    assert actual(CORSPolicy(allow_origins=[found[1]]), found[1]).allowed
    return found[1]


def assert_hint_works(regex: Regex, problem: Problem, write: str | None) -> None:
    found = TO_PASTE.search(problem.hint)
    assert found is not None
    assert write is None or found[2] == write
    policy_with(re.compile(found[2], getattr(regex, "flags", 0)))


# Regular expression, its sites, why.
NAMED: list[tuple[Regex, list[str], str]] = [
    (r"https://example\.com", ["example.com"], "a domain"),
    (r"^https://example\.com$", ["example.com"], "anchors"),
    (r"\Ahttps://example\.com\Z", ["example.com"], "the other anchors"),
    (r"(?m)^https://example\.com$", ["example.com"], "anchors of lines"),
    (r"https://example\.com(:\d+)?", ["example.com"], "any port"),
    (r"https://example\.com($|:\d+$)", ["example.com"], "an anchor in an alternative"),
    (r"https://[a-z]+\.example\.com", ["example.com"], "one label of letters"),
    (r"https://.*\.example\.com", ["example.com"], "anything before a domain"),
    (r"https://[^.]+\.example\.com", ["example.com"], "a negated set before a domain"),
    (r"https://([a-z0-9-]+\.)?example\.com", ["example.com"], "a domain and subdomains"),
    (r"https://([a-z0-9-]+\.)*example\.com", ["example.com"], "a domain and all below it"),
    (r"https://([a-z0-9-]+\.?)+\.preview\.mycompany\.com", ["mycompany.com"], "a repeat in a repeat"),
    (r"https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.example\.co\.uk", ["example.co.uk"], "exact labels"),
    (r"https://.{0,1000}\.example\.com", ["example.com"], "a thousand states"),
    (r"https://example\.com\.?", ["example.com"], "an optional dot at the end"),
    (r"https://example\.(com|org)", ["example.com", "example.org"], "alternatives"),
    (r"https://example\.(com|com\.au)", ["example.com", "example.com.au"], "one alternative begins another"),
    (r"https://example[12]\.com", ["example1.com", "example2.com"], "a set that lists"),
    (r"https://foo[.-]example\.com", ["example.com", "foo-example.com"], "a dot or a hyphen"),
    (r"https://a\.example\.com|https://b\.example\.org", ["example.com", "example.org"], "either of two"),
    (r"https://e{2}xample\.com", ["eexample.com"], "a repeat that leaves nothing open"),
    (r"(?i)HTTPS://App\.Example\.COM", ["example.com"], "any case"),
    (re.compile("https:// example\\.com # ours", re.VERBOSE), ["example.com"], "verbose"),
    (r"(?i:https)://(?-i:example)\.com", ["example.com"], "flags within"),
    (r"https://(x)y\1\.com", ["xyx.com"], "a back-reference to a literal"),
    (r"https://(?P<a>x)(?i:(?P=a))\.com", ["xx.com"], "a back-reference without case"),
    (r"https://(?!evil)[a-z]+\.example\.com", ["example.com"], "look-ahead"),
    (r"https://[a-z]+(?<!evil)\.example\.com\b", ["example.com"], "look-behind, boundary"),
    (r"https://(www\.)?(?(1)a|b)\.com", ["a.com", "b.com"], "a conditional"),
    (r"https://me\.github\.io", ["me.github.io"], "a page below a public suffix"),
    (r"https://.*\.me\.github\.io", ["me.github.io"], "anything below such a page"),
    (r"https://[a-z]+\.foo\.amazonaws\.com", ["amazonaws.com"], "beside public suffixes"),
    (r"https://.*\.city\.kobe\.jp", ["city.kobe.jp"], "an exception of the list"),
    (r"https://.*\.corp\.internal", ["corp.internal"], "below a top level nobody lists"),
    (r"https://intranet", ["intranet"], "a single label"),
    (r"https://github\.io", ["github.io"], "a public suffix itself"),
    (r"https?://localhost(:\d+)?", ["loopback"], "localhost"),
    (r"https?://(.+\.)?localhost:[0-9]+", ["loopback"], "whatever is below localhost"),
    (r"https?://127\.0\.0\.1(:\d+)?", ["loopback"], "127.0.0.1"),
    (r"http://127\.\d+\.\d+\.\d+", ["loopback"], "all of 127"),
    (r"http://\[::1\](:\d+)?", ["loopback"], "::1"),
    (r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?|https://a\.com", ["a.com", "loopback"], "or a site"),
    (r"https://10\.\d+\.\d+\.\d+", ["10.*.*.*"], "a private network"),
    (r"https://172\.(1[6-9]|2\d|3[01])\.\d+\.\d+", ["172.*.*.*", "172.30.*.*", "172.31.*.*"], "networks"),
    (r"https://169\.254\.\d+\.\d+", ["169.254.*.*"], "link-local addresses"),
    (r"https://192\.0\.2\.[12]", ["192.0.2.1", "192.0.2.2"], "public addresses by name"),
    (r"https://\[2001:db8::1\]", ["[2001:db8::1]"], "an IPv6 address"),
    (r"https://\[fd00::[0-9a-f]+\]", ["[fd00::*]"], "unique local IPv6 addresses"),
    (r"https://\[fe80::[0-9a-f:]+\]", ["[fe80::*]"], "link-local IPv6 addresses"),
    (r"capacitor://localhost", ["capacitor://localhost"], "an app"),
    (r"(app|tauri)://x\.y", ["app://x.y", "tauri://x.y"], "two apps"),
    (r"wss://example\.com", ["example.com"], "a socket with TLS"),
    (r"https://.*(?!)|https://a\.com", ["a.com"], "an alternative that matches nothing"),
    (r"https://[é]+|https://a\.com", ["a.com"], "characters that no origin has"),
    (r"https://a(^|\.)com", ["a.com"], "an anchor where it cannot match"),
    (r"https://a($|\.)com", ["a.com"], "the other one"),
    (r"x^https://b\.com|https://a\.com", ["a.com"], "characters before the start"),
    (r"https://b\.com$x|https://a\.com", ["a.com"], "characters after the end"),
    (r"[a_]b://x|https://a\.com", ["a.com", "ab://x"], "a scheme, and one that is not"),
    (r"https://xn--bcher-kva\.example", ["xn--bcher-kva.example"], "Punycode"),
    (rf"https://\[{'0' * 40}\]|https://a\.com", ["a.com"], "an address that is too long"),
    (r"https://\[::01\]|https://a\.com", ["a.com"], "an address in another form"),
    (r"https://x\]|https://a\.com", ["a.com"], "a bracket that nothing opens"),
    (r"https://example\.com|(^)https://\1a\.com", ["a.com", "example.com"], "a repeated anchor, and a name"),
    (r"https://\[fd00:.*\]", ["[fd00:*]"], "anything after a private prefix of IPv6"),
    (r"https://\[fd00(?::[0-9a-f]{1,4}){7}\]", ["[fd00:*]"], "groups of a private IPv6 address"),
    (r"app://\[::1\]", ["app://[::1]"], "an address as the host of an app"),
    (r"https://(?:a?){30}a{30}(?!\.)\.example\.com", ["example.com"], "many ways to match"),
    (r"https://example\.com(|\.au)", ["example.com", "example.com.au"], "with and without a part"),
]


@pytest.mark.filterwarnings("ignore:.*matches no origin:crosscors.PolicyWarning")
@rows("regex, sites", NAMED)
def test_an_expression_that_names_its_sites_is_accepted(regex: Regex, sites: list[str]) -> None:
    assert policy_with(regex).trusted_sites == tuple(sites)


# What matches nothing. Expression, what to write (None: an example), why.
NOTHING: list[tuple[Regex, str | None, str]] = [
    ("example.com", r"https://example\.com", "no scheme"),
    (r"example\.com|www\.example\.com", r"https://(?:example\.com|www\.example\.com)", "no schemes"),
    (r"\.example\.com$", r"https://.*\.example\.com", "the end of a host"),
    ("//example.com", r"https://example\.com", "no scheme before the slashes"),
    (r"https:/example\.com", r"https://example\.com", "one slash"),
    (r"localhost:\d+", r"http://localhost:\d+", "no scheme before localhost"),
    ("127.0.0.1:3000", r"http://127\.0\.0\.1:3000", "an address and a port"),
    (r"https://app\.example\.com/", r"https://app\.example\.com", "a slash at the end"),
    (r"^https://app\.example\.com/$", r"https://app\.example\.com", "a slash before the $"),
    ("https://app.example.com/", r"https://app\.example\.com", "a slash, and no backslashes"),
    (r"https://.*\.example\.com/.*", r"https://.*\.example\.com", "a path"),
    (r"https://a\.com/(v1|v2)", r"https://a\.com", "a path with alternatives"),
    (r"https://a\.com(/.+)", r"https://a\.com", "a path in a group"),
    (r"(https://a\.com/|https://b\.com/)", r"(https://a\.com|https://b\.com)", "two slashes"),
    (r"https://a\.com/.*|https://b\.com/.*", r"https://a\.com|https://b\.com", "two paths"),
    (r"https://a\.com?x=1", r"https://a\.com", "a query"),
    (r"https://a\.com#top", r"https://a\.com", "a fragment"),
    (r"https:\/\/a\.com\/", r"https://a\.com", "backslashes before slashes"),
    (r"https://app\\.example\\.com", r"https://app\.example\.com", "backslashes twice"),
    (r"https://APP\.example\.com", r"https://app\.example\.com", "upper case in the host"),
    (r"HTTPS://app\.example\.com", r"https://app\.example\.com", "upper case in the scheme"),
    (r"https://a\.com | https://b\.com", r"https://a\.com|https://b\.com", "blanks between"),
    (r"https://a\.com$:\d+", r"https://a\.com:\d+", "a $ in the middle"),
    (r"https://^app\.a\.com", r"https://app\.a\.com", "a ^ in the middle"),
    (r"https://a\.com:443", r"https://a\.com", "the default port"),
    (r"http://localhost:d+", r"http://localhost:\d+", "the letter d for digits"),
    (r"chrome-extension://abc/", "chrome-extension://abc", "an app and a slash"),
    (r"(?i)app\.example\.com", r"(?i)https://app\.example\.com", "any case, and no scheme"),
    (re.compile(r"a\.com", re.VERBOSE), None, "verbose"),
    (f"{'a' * 200}.com", None, "what is too long for a hint"),
    ("a", None, "a letter"),
    (r"/api/.*", None, "a path alone"),
    (r"https?://", None, "a scheme alone"),
    (r"https://a\.com:(0|08|65536|99999|123456)", None, "ports that do not exist"),
    (r"https://me@a\.com", None, "a user name"),
    ("https://[\"']a.com", None, "both quotes"),
    (r"https://a\.com\+b\.com", None, "a character that domains do not have"),
    (r"https://g::1\]", None, "half an address"),
    (r"app:/:host", None, "a colon too many"),
    ("(?ai:https://ma\u017ftercard\\.com)", None, "a letter that ASCII does not take for an s"),
    (r"https://(?!)a\.com", None, "look-ahead that nothing passes"),
    ("https://*", None, "any number of slashes"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("regex, write", NOTHING)
def test_an_expression_that_matches_no_origin_is_refused(
    regex: Regex, write: str | None, credentials: bool
) -> None:
    (problem,) = refused({"allow_origin_regex": regex, "allow_credentials": credentials})
    pattern = regex if isinstance(regex, str) else regex.pattern
    assert_problem(problem, "regex-matches-nothing", "allow_origin_regex", pattern)
    told = re.search(r"such as (\S+), in lower", problem.message)
    assert told is not None
    followed = CORSPolicy(allow_credentials=credentials, **keywords(_option_in(problem.hint)))
    assert write is None or followed.allow_origin_regex == re.compile(write)
    assert write is None or actual(followed, told[1]).allowed
    assert not actual(followed, "https://unrelated.com").allowed


# Whether it starts, for labels of more than 63 characters.
LONG_LABELS = [
    (r"https://[a-z]{64}\.example\.com", False, "a label of 64 letters"),
    (r"https://\w{64,}\.example\.com", False, "a label of 64 letters or more"),
    (r"https://a\.[a-z]{70}\.com(:\d+)?", False, "a long label before the last"),
    (r"https://[a-z]{63}\.example\.com", True, "a label of 63 letters"),
    (r"https://[a-z.]{64}\.example\.com", True, "64 letters and dots"),
    (r"app://a{64}", True, "the host of an app"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("regex, starts", LONG_LABELS)
def test_a_label_has_at_most_63_characters(regex: str, starts: bool, credentials: bool) -> None:
    options: dict[str, Any] = {"allow_origin_regex": regex, "allow_credentials": credentials}
    if starts:
        CORSPolicy(**options)
    else:
        (problem,) = refused(options)
        assert_problem(problem, "regex-matches-nothing", "allow_origin_regex", regex)
        assert "63 characters" in problem.message


def _option_in(hint: str) -> str:
    """What a hint tells to write."""
    found = re.search(r"allow_\w+=.*(?=\.$)", hint)
    assert found is not None
    return found[0].partition(", or allow_")[0]


A_COM, BOTH = r"https://a\.com", r"https://a\.com|https://b\.com"
EXAMPLE = r"https://app\.example\.com"
# Text, what is wrong with it, the expression that the hint gives, why.
FROM_ENVIRONMENT = [
    ("${X}", "nothing replaced '${X}'", EXAMPLE, "a template"),
    ("$X", "nothing replaced '$X'", EXAMPLE, "a variable of a shell"),
    ("%X%", "nothing replaced '%X%'", EXAMPLE, "a variable of Windows"),
    ("{{ origin }}", "nothing replaced '{{ origin }}'", EXAMPLE, "a template of Jinja"),
    ("https://${HOST}", "nothing replaced '${HOST}'", EXAMPLE, "a template for the host"),
    ("^${HOST}$", "nothing replaced '${HOST}'", EXAMPLE, "a template between anchors"),
    ("'${X}'", "nothing replaced '${X}'", EXAMPLE, "a template in quotes"),
    ("true", "only a word", EXAMPLE, "a word"),
    ("1", "only a number", EXAMPLE, "a number"),
    (r'"https://a\.com"', "quotes around it", A_COM, "quotes that Docker keeps"),
    (r"r'https://a\.com'", "quotes around it", A_COM, "a raw string of Python"),
    (r"https://a\.com'", "quotes around it", A_COM, "a quote at one end"),
    ("\ufeffhttps://a\\.com", "byte order mark", A_COM, "a byte order mark"),
    ("https://a\\.com\u200b", "U+200B ZERO WIDTH SPACE", A_COM, "an invisible character"),
    (r" https://a\.com", "begins or ends with white space", A_COM, "a blank before"),
    ("https://a\\.com\n", "begins or ends with white space", A_COM, "a line break after"),
    (r"ORIGIN=https://a\.com", "more than the expression in it: 'ORIGIN='", A_COM, "a line of a .env file"),
    (r"https://a\.com # mine", "more than the expression in it: '# mine'", A_COM, "a comment"),
    (r"/^https:\/\/a\.com$/", "slashes around it", rf"^{A_COM}$", "the slashes of JavaScript"),
    (r"/https:\/\/a\.com/i", "slashes around it", A_COM, "the slashes of JavaScript, and a flag"),
    (r"regex:https://a\.com", "has 'regex:' before", A_COM, "a prefix"),
    (r"regex: '/^https:\/\/a.com$/i'", "has 'regex:' before", A_COM, "all of it, and a bare dot"),
    (r"~^https://a\.com$", "has '~' before", rf"^{A_COM}$", "the prefix of nginx"),
    (r"re.compile(r'https://a\.com')", "is code", A_COM, "code"),
    (r'["https://a\\.com"]', "a list in one string", A_COM, "a list in JSON"),
    (r'["https://a\\.com", "https://b\\.com"]', "a list in one string", BOTH, "two in JSON"),
    (r'["https://[ab]\\.a\\.com"]', "a list in one string", r"https://[ab]\.a\.com", "a set in JSON"),
    (r"['https://a.com', 'https://b.com']", "a list in one string", BOTH, "bare dots in Python"),
    (r"https://a\.com, https://b\.com", "a list in one string", BOTH, "a comma between"),
    (r"https://a\.com;", "a list in one string", A_COM, "a semicolon at the end"),
    (r'["(a", "https://b\\.com"]', "a list in one string", EXAMPLE, "one that is not valid"),
    (r"[`https://[^a]+`]", "a list in one string", EXAMPLE, "one that nothing is proved of"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("text, says, write", FROM_ENVIRONMENT)
def test_an_expression_that_an_environment_variable_spoiled_is_refused(
    text: str, says: str, write: str, credentials: bool
) -> None:
    for given in (text, re.compile(text)):
        (problem,) = refused({"allow_origin_regex": given, "allow_credentials": credentials})
        assert_problem(problem, "regex-matches-nothing", "allow_origin_regex", text)
        assert says in problem.message
        followed = CORSPolicy(allow_credentials=credentials, **keywords(_option_in(problem.hint)))
        assert followed.allow_origin_regex == re.compile(write)


# Text, whether it gives credentials, the end of the hint, why.
NOT_FOR_THE_EXPRESSION = [
    ("None", True, "An environment variable that is not set can cause this.", "a word for nothing"),
    ('""', True, 'An unset environment variable can cause this: "".split(",") is [""].', "quotes alone"),
    ("[ ]", False, "Leave it out.", "an empty list"),
    ("'all'", False, 'To allow every origin, write allow_origins="*".', "a word for everyone"),
    ("all", True, f'Write allow_origin_regex=r"{EXAMPLE}".', "a word for everyone, with credentials"),
    ('["*"]', False, 'Write allow_origins="*".', "everyone in JSON"),
    ("'*'", True, f'such as allow_origin_regex=r"{EXAMPLE}".', "everyone, with credentials"),
    ("*.a.com, *.b.com", True, 'Write allow_origins=["https://*.a.com", "https://*.b.com"].', "patterns"),
    ("*.com, *.b.com", True, f'such as allow_origin_regex=r"{EXAMPLE}".', "a pattern that is not safe"),
]


@rows("text, credentials, hint", NOT_FOR_THE_EXPRESSION)
def test_what_is_not_an_expression_gets_other_advice(text: str, credentials: bool, hint: str) -> None:
    (problem,) = refused({"allow_origin_regex": text, "allow_credentials": credentials})
    assert problem.hint.endswith(hint)


@pytest.mark.parametrize("text", ["*", "all", '["*"]', "'*'"])
def test_an_expression_for_everyone_is_left_out_where_everyone_is_allowed(text: str) -> None:
    (problem,) = refused({"allow_origins": "*", "allow_origin_regex": text})
    assert problem.hint == "Leave it out: '*' in allow_origins already allows every origin."
    (warning,) = warned({"allow_origins": "*", "allow_origin_regex": ".*"})
    assert (warning.code, warning.hint) == ("already-covered", "Leave it out.")


# Expressions that look as if they were spoiled, but match something; why.
LEGAL = [
    (r"https://${HOST}|https://b\.com", "a template beside an expression"),
    (r"(?x) https://a\.com", "blanks that are not part of it"),
    (r"https://[^/]+,?", "a comma"),
]


@pytest.mark.filterwarnings("ignore:.*matches no origin:crosscors.PolicyWarning")
@rows("regex", LEGAL)
def test_an_expression_that_matches_something_is_not_spoiled(regex: str) -> None:
    assert CORSPolicy(allow_origin_regex=regex).allow_origin_regex == re.compile(regex)


# Expression, what the hint says, why.
EMPTY = [
    ("", "Leave it out", "empty"),
    ("^$", "Leave it out", "anchors alone"),
    ("null", 'allow_origins=["null"]', "null, which no expression is asked about"),
]


@rows("regex, hint", EMPTY)
def test_an_expression_that_names_nothing_is_refused(regex: str, hint: str) -> None:
    (problem,) = refused({"allow_origin_regex": regex})
    assert_problem(problem, "regex-matches-nothing", "allow_origin_regex", regex)
    assert hint in problem.hint


GLOBS: list[tuple[str, str | None, str]] = [
    ("https://*.example.com", 'allow_origins=["https://*.example.com"]', "subdomains"),
    (r"^https://*\.example\.com$", 'allow_origins=["https://*.example.com"]', "with backslashes and anchors"),
    ("https?://*.localhost", r'allow_origin_regex=r"https?://.*\.localhost"', "what no pattern can say"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("regex, write", GLOBS)
def test_a_pattern_given_as_an_expression_is_refused(regex: str, write: str, credentials: bool) -> None:
    (problem,) = refused({"allow_origin_regex": regex, "allow_credentials": credentials})
    assert_problem(problem, "regex-glob", "allow_origin_regex", regex)
    assert write in problem.hint
    CORSPolicy(allow_credentials=credentials, **keywords(write))


def test_a_pattern_that_is_not_safe_with_credentials_is_not_proposed() -> None:
    assert "github" in refused({"allow_origin_regex": "https://*.github.io"})[0].hint
    assert "github" not in refused({"allow_origin_regex": "https://*.github.io", **TRUE})[0].hint


# Expression that is not valid, what to write with credentials and without, why.
INVALID_GLOBS = [
    ("*.example.com", 'allow_origins=["https://*.example.com"]', True, "subdomains"),
    ("*", 'allow_origins="*"', False, "everyone"),
    ("*.github.io", 'allow_origins=["https://*.github.io"]', False, "names of many owners"),
]


@rows("regex, write, is_safe", INVALID_GLOBS)
def test_a_pattern_that_is_not_a_valid_expression_is_proposed_as_an_entry(
    regex: str, write: str, is_safe: bool
) -> None:
    (problem,) = refused({"allow_origin_regex": regex})
    assert problem.code == "invalid-regex"
    assert write in problem.hint
    CORSPolicy(**keywords(write))
    (problem,) = refused({"allow_origin_regex": regex, **TRUE})
    assert (write in problem.hint) is is_safe


# Without credentials. Expression, what to write (None: an example), the origin shown (None: any), why.
TOO_WIDE: list[tuple[Regex, str | None, str | None, str]] = [
    ("https://app.example.com", r"https://app\.example\.com", None, "dots without backslashes"),
    (r"https://app.example\.com", r"https://app\.example\.com", None, "a dot without a backslash"),
    ("^https://app.example.com$", r"https://app\.example\.com", None, "anchors, and such dots"),
    (r"https:\/\/app.example.com", r"https://app\.example\.com", None, "backslashes before slashes"),
    (r"(?i)https://App.Example.com", r"(?i)https://App\.Example\.com", None, "any case"),
    ("https://(a.com|b.com)", r"https://(a\.com|b\.com)", None, "dots in alternatives"),
    (r"https://[a-z.]+.example.com", r"https://[a-z.]+\.example\.com", None, "a dot in a set, which stays"),
    (r"https://.*.example.com", r"https://.*\.example\.com", "https://aexample.com", "a dot after anything"),
    (r"https://myapp-.*.vercel.app", r"https://myapp-.*\.vercel\.app", None, "previews, with such dots"),
    (r"https?://127.0.0.1:\d+", r"https?://127\.0\.0\.1:\d+", None, "an address"),
    (r"http://localhost.\d+", r"http://localhost:\d+", None, "a dot before a port"),
    (r"https://a\.com.8080", r"https://a\.com:8080", None, "a dot before a port that is spelled out"),
    ("https?://localhost.*", r"https?://localhost(:\d+)?", None, "localhost with an open end"),
    ("https?://localhost.+", r"https?://localhost:\d+", None, "localhost and something"),
    (r"https://example\.com.*", r"https://example\.com(:\d+)?", None, "an open end"),
    (r"https://example\.com[^/]*", r"https://example\.com(:\d+)?", None, "an open end without slashes"),
    (r"https://example\.com(.*)", r"https://example\.com(:\d+)?", None, "an open end in a group"),
    (
        r"http://localhost.*|http://127\.0\.0\.1.*",
        r"http://localhost(:\d+)?|http://127\.0\.0\.1(:\d+)?",
        None,
        "two open ends",
    ),
    (r"https://.*example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "an open beginning"),
    (r"https://[\w.]+example\.com", r"https://([\w]+\.)+example\.com", None, "a set as the beginning"),
    (r".*example\.com", r"https?://([a-z0-9-]+\.)*example\.com", None, "an open scheme and beginning"),
    (r"https://example\.com?", r"https://example\.com", "https://example.co", "an optional last letter"),
    (r"http://192\.168\..*", r"http://192\.168\.\d+\.\d+(:\d+)?", None, "the beginning of an address"),
    ("http://192.168.1.*", r"http://192\.168\.1\.\d+(:\d+)?", None, "an address with an asterisk"),
    (r"https?://localhost:?.*", r"https?://localhost(:\d+)?", None, "a colon or none, and an open end"),
    (r"https?://localhost:?\d*.*", r"https?://localhost(:\d+)?", None, "digits or none, and an open end"),
    (r"https?://example\.com/?.*", r"https?://example\.com(:\d+)?", None, "a slash or none, an open end"),
    (r"https://example\.com(:\d+)?.*", r"https://example\.com(:\d+)?", None, "a port or none, an open end"),
    (r"https://example\.com[:/]?.*", r"https://example\.com(:\d+)?", None, "a sign or none, an open end"),
    (r"https://example\.com\b.*", r"https://example\.com(:\d+)?", None, "a word boundary, an open end"),
    (r"https://example\.com[^\s]*", r"https://example\.com(:\d+)?", None, "an open end without blanks"),
    (r"https://example\.com\D*", r"https://example\.com(:\d+)?", None, "an open end without digits"),
    (r"https://example\.com[\s\S]*", r"https://example\.com(:\d+)?", None, "an open end of two classes"),
    (
        r"https://example\.com(\..*)?",
        r"https://example\.com(:\d+)?",
        "https://example.com.a.evil.com",
        "a dot and more",
    ),
    (r"https://example\.com.{0,10}", r"https://example\.com(:\d+)?", None, "an open end of some length"),
    (r"https://example\.com(.*)*", r"https://example\.com(:\d+)?", None, "a repeated open end"),
    (r"https://.*\.?example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "an optional dot"),
    (r"https://\w*example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "letters before a name"),
    (r"https://[^.]*example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "no dot before a name"),
    (r"https://[\s\S]+example\.com", r"https://([a-z0-9-]+\.)+example\.com", None, "any sign, two classes"),
    (r"https://(?P<s>.*)example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "a group with a name"),
    (r"https://(.*|)example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "anything or nothing"),
    (r"https://(.+)?example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "an optional beginning"),
    (r"https://.{0,}example\.com", r"https://([a-z0-9-]+\.)*example\.com", None, "a count of zero or more"),
    (r"https://.{1,9}example\.com", r"https://([a-z0-9-]+\.)+example\.com", None, "a count of one or more"),
    (r"[a-z]+://.*example\.com", r"https?://([a-z0-9-]+\.)*example\.com", None, "any scheme, then anything"),
    (r"https://[a-z-]+vercel.app", r"https://([a-z-]+\.)+vercel\.app", None, "a dot forgotten before a host"),
    (
        r"https://my-app-.*vercel\.app",
        r"https://my-app-.*\.vercel\.app",
        None,
        "a dot forgotten after a beginning",
    ),
    (r"https://dev.?example\.com", r"https://dev\.example\.com", None, "an optional dot in a name"),
    (r"https://(www)?.?example\.com", r"https://(www\.)?example\.com", None, "an optional label and dot"),
    (r"(?x)https://app.example.com", r"https://app\.example\.com", None, "a verbose expression of one line"),
    (
        re.compile("https://app.example.com  # ours \n | https://[ab ]\\.example\\.com", re.VERBOSE),
        r"https://app\.example\.com|https://[ab ]\.example\.com",
        None,
        "a verbose expression of two lines",
    ),
    (r"https://myapp.*", None, None, "the beginning of a name"),
    (r"https://myapp\D{0,9}", None, None, "the beginning of a name, and a class"),
    (r"https://(dev|staging)\..*", None, None, "the first label alone"),
    (r"https://example\..*", None, None, "any end of a name"),
    (r"https://www\.mycompany.*", None, None, "a name without its top-level domain"),
]


@rows("regex, write, unmeant", TOO_WIDE)
def test_an_expression_that_lets_in_more_than_was_meant_warns(
    regex: Regex, write: str | None, unmeant: str | None
) -> None:
    (problem,) = warned({"allow_origin_regex": regex})
    pattern = regex if isinstance(regex, str) else regex.pattern
    assert_problem(problem, "regex-too-wide", "allow_origin_regex", pattern)
    told = re.search(r"lets in (\S+), which", problem.message)
    assert told is not None
    assert unmeant in (None, told[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert actual(CORSPolicy(allow_origin_regex=regex), told[1]).allowed
    followed = CORSPolicy(**keywords(_option_in(problem.hint)))
    assert write is None or followed.allow_origin_regex == re.compile(write)
    assert not actual(followed, told[1]).allowed


ANYONE_AT_ALL = [(regex, regex) for regex in (".*", "^.*$", ".+", "(?s).*", "(.*)", ".*://.*")]


@rows("regex", ANYONE_AT_ALL)
def test_an_expression_for_everyone_warns(regex: str) -> None:
    (problem,) = warned({"allow_origin_regex": regex})
    assert_problem(problem, "regex-for-everyone", "allow_origin_regex", regex)
    assert 'allow_origins="*"' in problem.hint


# Expression, an origin that is not let in, code, what to write, why.
TOO_FEW = [
    ("^https://app", "https://app.example.com", "regex-too-narrow", "allow_origin_regex=", "a beginning"),
    (
        r"^https://(dev|staging)\.",
        "https://dev.example.com",
        "regex-too-narrow",
        "allow_origin_regex=",
        "a label and its dot",
    ),
    (
        "http://localhost(:d+)?",
        "http://localhost:3000",
        "regex-too-narrow",
        r'allow_origin_regex=r"http://localhost(:\d+)?"',
        "the letter d for digits",
    ),
    (
        r"https://a\.example\.com|b\.example\.com",
        "https://b.example.com",
        "regex-too-narrow",
        r'allow_origin_regex=r"https://a\.example\.com|https://b\.example\.com"',
        "an alternative without a scheme",
    ),
    (
        r"https://a\.example\.com/|https://b\.example\.com",
        "https://a.example.com",
        "regex-too-narrow",
        r'allow_origin_regex=r"https://a\.example\.com|https://b\.example\.com"',
        "an alternative with a slash at its end",
    ),
    (
        r"https://b\.com:443|https://a\.com",
        "https://b.com",
        "regex-too-narrow",
        r'allow_origin_regex=r"https://b\.com|https://a\.com"',
        "an alternative with a default port",
    ),
    (
        r"https://(a\.example\.com/|b\.example\.com)",
        "https://a.example.com",
        "regex-too-narrow",
        "such as allow_origin_regex=",
        "an alternative in a group with a slash at its end",
    ),
    (
        r"https://a\.example\.com|evil",
        "https://evil.example.com",
        "regex-too-narrow",
        "such as allow_origin_regex=",
        "an alternative that means nothing",
    ),
    (
        r"https://b\.com$x|https://a\.com",
        "https://b.com",
        "regex-too-narrow",
        "such as allow_origin_regex=",
        "characters after the end: to take the end away would let in b.comx",
    ),
    (
        r"x^https://b\.com|https://a\.com",
        "https://b.com",
        "regex-too-narrow",
        "such as allow_origin_regex=",
        "characters before the start",
    ),
    (
        "^https?://localhost",
        "https://localhost:3000",
        "regex-too-narrow",
        r'allow_origin_regex=r"https?://localhost(:\d+)?"',
        "localhost as a beginning",
    ),
    (
        r"^http://127\.0\.0\.1",
        "http://127.0.0.1:3000",
        "regex-too-narrow",
        r'allow_origin_regex=r"http://127\.0\.0\.1(:\d+)?"',
        "an address of this machine as a beginning",
    ),
    (
        r"^http://localhost|^http://127\.0\.0\.1",
        "http://127.0.0.1:3000",
        "regex-too-narrow",
        r'allow_origin_regex=r"(?:http://localhost|http://127\.0\.0\.1)(:\d+)?"',
        "two beginnings for this machine",
    ),
    (
        "http://localhost:*",
        "http://localhost:3000",
        "regex-glob",
        'allow_origins=["http://localhost:*"]',
        "a pattern for any port",
    ),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("regex, origin, code, write", TOO_FEW)
def test_an_expression_that_lets_in_fewer_than_was_meant_warns(
    regex: str, origin: str, code: str, write: str, credentials: bool
) -> None:
    options: dict[str, Any] = {"allow_origin_regex": regex, "allow_credentials": credentials}
    (problem,) = warned(options)
    assert_problem(problem, code, "allow_origin_regex", regex)
    assert write in problem.hint
    with pytest.warns(PolicyWarning):
        assert not actual(CORSPolicy(**options), origin).allowed
    followed = CORSPolicy(allow_credentials=credentials, **keywords(_option_in(problem.hint)))
    assert actual(followed, origin).allowed or "such as" in problem.hint


# Expressions of public projects, and others that may be meant as they are.
GOOD = [
    (r"https://[a-z]+\.example\.com", "one label of letters"),
    (r"https://.*\.example\.com", "anything before a domain"),
    (r".*\.example\.com", "any scheme and subdomain"),
    (r"^https:\/\/(?:.+\.)?example\.com$", "a domain and all below it"),
    (r"https://myapp-.*\.vercel\.app", "previews"),
    (r"https://.*myteam\.vercel\.app", "previews of a team"),
    (r"https://deploy-preview-\d+--site\.netlify\.app", "previews by number"),
    (r"https://.*\.ngrok(-free)?\.(io|app)", "tunnels"),
    (r"https://.*\.github\.io", "names of many owners"),
    ("https://.*", "all of https"),
    ("https?://.*", "all of the web"),
    (r"https://[^/]+", "all of https, without slashes"),
    (r"https://.*\.com", "all of .com"),
    (r"https?://.*:3000", "any host at a port"),
    (r"https://a\.com|https://.*", "an origin, or all"),
    (r"https://example\.[a-z]+", "any top level"),
    (r"https://example(-staging|-dev)?\.com", "an optional part"),
    (r"http://localhost:\d+", "localhost at a port"),
    (r"https?://(localhost|127\.0\.0\.1)(:\d+)?", "loopback"),
    ("^http://localhost$", "localhost without a port"),
    ("^http://localhost:3000", "localhost with a port"),
    (r"^http://localhost(:\d+)?", "localhost with any port"),
    (r"https://(a|[b(|)]|c\.d|e)?\.example\.com", "signs in sets and after backslashes"),
    (r"(https?://|)localhost", "an empty alternative"),
    ("|".join(f"https://host{i}" for i in range(20)) + r"|b\.example\.com", "many alternatives"),
    (r"(?P<a>https)://a\.com|(?P=a)", "alternatives that need each other"),
    ("http://frontend", "a host of one label"),
    (r"http://192\.168\.\d+\.\d+(:\d+)?", "a private network"),
    (r"https://example\.com(:.*)?", "any port"),
    (r"https://example\.com(/.*)?", "an optional path"),
    ("chrome-extension://.*", "every extension"),
    (r"(?=https://a\.com)https://a\.com", "look-ahead"),
    ("https://(?:.*){8}", "what cannot be proved"),
    (r"https://(my)?app\.com:80", "an optional beginning, and the default port of another scheme"),
    (r"https://[a-z]+\.example\.com.?", "a dot at the end, or any letter"),
    (r"https://(.+\.)?example\.com", "a domain, and anything below it"),
    (r"https://[\w.-]*?\.example\.com:?[\d]*?", "lazy repeats"),
    (r"(https?://)?([\w-]+\.)?example\.com(:8000)?", "an optional scheme"),
    (r"(https?://)?localhost:?[\d]*?", "localhost with a colon or none"),
    (r"https://pr-\d+\.example\.com", "numbered hosts"),
    (r"https://my-app-pr-\d+\.herokuapp\.com", "numbered previews"),
    (r"https://[a-z0-9-]+-myteam\.vercel\.app", "the end of a name below many owners"),
    (r"https://my-app-[a-z0-9]+-myteam-projects\.vercel\.app", "both ends of a name"),
    (r"https://my-app.*\.vercel\.app", "the beginning of a name below many owners"),
    (r"https://.*\.ngrok-free\.app|https://.*\.loca\.lt", "two kinds of tunnels"),
    (r"https://.*\.vercel\.app|http://localhost:3000", "previews and localhost"),
    (r"^https://.*\.vercel\.app$|^https://.*\.onrender\.com$|^http://localhost:\d+$", "anchors in each"),
    (r"^https?://(localhost|127\.0\.0\.1):517[3-9]$", "a range of ports"),
    (r"^https?://(localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$", "loopback with IPv6"),
    (r"^http://10\.\d+\.\d+\.\d+$", "a private network without a port"),
    (
        r"https?://(localhost|192\.168\.\d{1,3}\.\d{1,3}|172\.(1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}):5173",
        "private networks with counts",
    ),
    (r"http://localhost:.*|http://127\.0\.0\.1:.*", "anything after the colon of a port"),
    (r"https://.*-example\.com", "names that end in one's own, with a hyphen"),
]


@rows("regex", GOOD)
def test_an_expression_that_may_be_meant_as_it_is_does_not_warn(regex: str) -> None:
    assert warned({"allow_origin_regex": regex}) == []


# Regular expression, what to write (None: an example), why.
OPEN: list[tuple[Regex, str | None, str]] = [
    (".*", None, "anything"),
    ("https://.*", None, "any https origin"),
    ("http://.*", None, "any http origin"),
    (r"https://app\.example\.com|https://.*", None, "an origin or anything"),
    ("https://app.example.com", r"https://app\.example\.com", "no backslash before the dots"),
    (r"https://app.example\.com", r"https://app\.example\.com", "a dot without a backslash"),
    (r"https://example\.com?", r"https://example\.com", "an optional last letter"),
    (r"https://my?example\.com", None, "an optional letter"),
    (r"https://(my)?example\.com", None, "an optional beginning of the name"),
    (r"https://example\.co+m", None, "a repeated letter"),
    (r"https://example\.com(\.au)?", None, "an optional top level"),
    (r"https://example[0-9]\.com", None, "a range in the name"),
    (r"https://example[^a]com", None, "a negated set in the name"),
    (r"https://example\Wcom", None, "a class between the labels"),
    (r"https://example\.com.*", r"https://example\.com(:\d+)?", "an open end"),
    (r"https://.*\.example\.com.*", r"https://.*\.example\.com(:\d+)?", "both ends open"),
    (r"https://.*example\.com", r"https://([a-z0-9-]+\.)*example\.com", "an open beginning"),
    (r"https://.*(example|foo)\.com", None, "alternatives with an open beginning"),
    (r"https?://localhost.*", r"https?://localhost(:\d+)?", "localhost with an open end"),
    (r"https?://(localhost|127\.0\.0\.1).*", r"https?://(localhost|127\.0\.0\.1)(:\d+)?", "loopback, open"),
    (r"https://myapp.*", None, "the beginning of a name"),
    (r"https://(dev|staging)\..*", None, "the first label alone"),
    (r"https://.*\.example\..*", None, "a label in the middle"),
    (r"https://example\.[a-z]+", None, "any top level"),
    (r"https://[a-z]+", None, "any single label"),
    (r"https://[a-z]{3,6}\.com.*", None, "any short name, open end"),
    (r"^https?://127.0.0.1(:\d+)?$", r"https?://127\.0\.0\.1(:\d+)?", "127.0.0.1 with dots"),
    (r"https://1\.2\.3\.\d+", None, "a public address with an open end"),
    (r"https://172\.\d+\.\d+\.\d+", None, "more than the private part of 172"),
    (r"https://1\d\.0\.0\.1", None, "an address with an open beginning"),
    (r"https://\d+\.\d+\.\d+\.\d+", None, "any address"),
    (r"https://\[[0-9a-f:]+\]", None, "any IPv6 address"),
    (r"https://\[2001:db8::[0-9a-f]+\]", None, "some public IPv6 addresses"),
    (r"https://\[f[a-f]00::1\]", None, "an IPv6 address with an open beginning"),
    (r"[a-z]+://example\.com", None, "any scheme"),
    (r"[a-z]+://[a-z]+", None, "any scheme and host"),
    (r"x-?app://a", None, "an optional sign in the scheme"),
    (r"capacitors?://localhost", None, "an optional letter in the scheme"),
    (r"https://x(a|[b-c])example\.com", None, "a range among alternatives"),
    (r"(?i)https://app.example\.com", r"(?i)https://app\.example\.com", "in any case"),
    (r"https://(?!evil)[a-z]+example\.com", None, "look-ahead that leaves others"),
    (r"(^)https://.*\1", None, "a repeated anchor"),
    (r"(^|https://).*\1", None, "a repeated anchor or text"),
    (r"(\A)https?://(?:localhost|.*\1)", None, "a repeated anchor in an alternative"),
    (r"(?P<start>^)https://(?P=start).*", None, "a repeated anchor by name"),
    (r"(?:(^)|a)(?(1)https://.*\1|b)", None, "a repeated anchor in a conditional"),
    (r"[a-z]+://\[::1\](:\d+)?", None, "any scheme and an address"),
    (r"https://example(-staging|-dev)?\.com", r"https://example(|-staging|-dev)\.com", "an optional part"),
    (r"https://(my)?app\.com", r"https://(|my)app\.com", "an optional beginning"),
    (r"https://(a.com|b.com)", r"https://(a\.com|b\.com)", "dots in alternatives"),
    (re.compile("https://App.Example.com", re.IGNORECASE), r"(?i)https://App\.Example\.com", "flags"),
    (
        re.compile("https://app.example.com\n# ours", re.VERBOSE),
        r"https://app\.example\.com",
        "several lines",
    ),
    ("https://['\"a]pp.example.com", None, "both quotes"),
    ('https://["a]pp.example.com', None, "a quote"),
    (f"https://a.example.com|https://{'b' * 300}", None, "a long one"),
]


@rows("regex, write", OPEN)
def test_an_expression_that_lets_anyone_in_is_refused_with_an_origin_that_it_lets_in(
    regex: Regex, write: str | None
) -> None:
    for dangers in ((), EVERY_DANGER):  # there is no opt-in
        problem = problem_of(regex, *dangers)
        assert problem.code == "wildcard-with-credentials"
        assert "dangerously_allow" not in problem.hint
        witness_of(regex, problem)
        assert_hint_works(regex, problem, write)


# Regular expression, the domain below which names have many owners, why.
BELOW_SUFFIXES = [
    (r"https://.*\.com", "com", "any .com"),
    (r"https://[a-z]{3,6}\.com", "com", "any short name"),
    (r"https://.*\.github\.io", "github.io", "any page of a host that anyone can have"),
    (r"https://.*\.railway\.app", "up.railway.app", "above a public suffix"),
    (r"https://.*\.s3\.amazonaws\.com", "s3.amazonaws.com", "any bucket"),
    (r"https://.*--example\.netlify\.app", "netlify.app", "previews of a site"),
    (r"https://[a-z]+\.internal", "internal", "not on the list"),
]


@rows("regex, domain", BELOW_SUFFIXES)
def test_an_expression_for_names_of_many_owners_is_refused_unless_that_is_accepted(
    regex: str, domain: str
) -> None:
    problem = problem_of(regex)
    assert problem.code == "wildcard-with-credentials"
    assert re.search(rf"\b{re.escape(domain)}\b", problem.message.partition(": ")[2])
    assert 'dangerously_allow=["public-suffix-subdomains"]' in problem.hint
    witness_of(regex, problem)
    assert_hint_works(regex, problem, None)
    problem_of(regex, "insecure-origins", "null-origin", "unproven-regex")
    assert policy_with(regex, "public-suffix-subdomains").trusted_sites[0].startswith("*.")


# Regular expression, what to write (None: not checked), why.
INSECURE = [
    (r"https?://app\.example\.com", r"https://app\.example\.com", "http or https"),
    (r"http://app\.example\.com", r"https://app\.example\.com", "http"),
    (r"(http|https)://.*\.example\.com", r"https://.*\.example\.com", "alternatives"),
    (r"^http[s]?://example\.com$", None, "an optional set"),
    (r"http://10\.\d+\.\d+\.\d+", r"https://10\.\d+\.\d+\.\d+", "a private network"),
    (r"ws://example\.com", None, "a socket"),
    (r"http://localhost\.example\.com", r"https://localhost\.example\.com", "not localhost"),
    (r"http:(?<=http:|ftps:)//a\.com", None, "what would not be valid with https"),
    (r"http(s)?://app\.example\.com", r"https://app\.example\.com", "an optional group"),
    (r"https{0,1}://app\.example\.com", r"https://app\.example\.com", "a count"),
    (r"https?://(localhost(:\d+)?|app\.a\.com)", None, "loopback, which may stay plain"),
    (r"http://example\.com:443", None, "what has no such port over https"),
    (r"https://a\.com|http://b\.com", r"https://a\.com|https://b\.com", "one of two"),
]


@pytest.mark.filterwarnings("ignore:.*is not the origin of any page:crosscors.PolicyWarning")
@rows("regex, write", INSECURE)
def test_an_expression_that_lets_plain_http_in_is_refused_unless_that_is_accepted(
    regex: str, write: str | None
) -> None:
    problem = problem_of(regex)
    assert problem.code == "insecure-origin-with-credentials"
    assert 'dangerously_allow=["insecure-origins"]' in problem.hint
    witness = witness_of(regex, problem)
    if write is not None:
        assert_hint_works(regex, problem, write)
    problem_of(regex, "null-origin", "public-suffix-subdomains", "unproven-regex")
    assert actual(policy_with(regex, "insecure-origins"), witness).allowed


FILES = [
    (r"file://|https://a\.com", "by name"),
    (r"....://|https://a\.com", "by dots"),
    (r"[a-z]{4}://|https://a\.com", "by ranges"),
    (r"f\w+://|https://a\.com", "by a class"),
]


@rows("regex", FILES)
def test_an_expression_for_files_is_refused_unless_that_is_accepted(regex: str) -> None:
    assert problem_of(regex).code == "null-with-credentials"
    policy = policy_with(regex, "null-origin")
    assert policy.trusted_sites == ("a.com", "file://")
    assert actual(policy, "file://").allowed


UNPROVEN = [
    (r"https://(?=good)[a-z]+\.com", "look-ahead on which all depends"),
    (r"https://[a-z]+(?<=good)\.com", "look-behind on which all depends"),
    (r"https://(?:a{0,1000}){0,1000}\.example\.com", "a million states"),
    (r"https://[abc]{30}\.com", "more names than can be listed"),
    (r"(?!http:)https?://app\.example\.com", "https by look-ahead"),
    (
        r"(?=https://a\.com)https://(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)longname\.com",
        "what would be tried for long",
    ),
    ("https://()" + "".join(rf"(\{number}\{number})" for number in range(1, 20)), "a million references"),
    (r"https://(?:(?=e)){1000000}example\.com", "a million times nothing"),
    (r"https://(){1000000000}example\.com", "a billion times nothing"),
    ("https://(?:" + "|" * 1000 + r"){2000}example\.com", "two million alternatives"),
    (r"(?=https://a\.com)https://([a-z]+-?)+longname\.com", "what would be tried for ever"),
]


@rows("regex", UNPROVEN)
def test_what_cannot_be_proved_is_refused_unless_that_is_accepted(regex: str) -> None:
    problem = problem_of(regex, "null-origin")
    assert problem.code == "unproven-regex"
    assert 'dangerously_allow=["null-origin", "unproven-regex"]' in problem.hint
    assert_hint_works(regex, problem, None)
    assert policy_with(regex, "unproven-regex").dangerously_allow == ("unproven-regex",)


# What cannot be proved, but lets an unrelated site in.
UNPROVEN_AND_OPEN = [
    (r"(?!x)https://(.+)+", "a repeat in a repeat"),
    (r"https://a\.com|(?!x)https://(?:[a-z]+)+\.io", "one in an alternative"),
    (r"https://.{0,25000}\.com", "more states than can be looked at"),
]


@rows("regex", UNPROVEN_AND_OPEN)
def test_what_lets_an_unrelated_site_in_has_no_opt_in_for_being_unproven(regex: str) -> None:
    problem = problem_of(regex, "unproven-regex")
    assert problem.code == "wildcard-with-credentials"
    witness_of(regex, problem)


def test_the_trusted_sites_of_an_unproven_expression_include_everyone() -> None:
    assert "*" in policy_with(r"https://(?=good)[a-z]+\.[a-z]+", "unproven-regex").trusted_sites


def test_all_problems_come_at_once() -> None:
    problems = refused({"allow_origin_regex": r"https?://.*\.github\.io|file://", "allow_credentials": True})
    assert [problem.code for problem in problems] == [
        "wildcard-with-credentials",
        "null-with-credentials",
        "insecure-origin-with-credentials",
    ]


# Regular expression, origins that the message shows, why.
SHOWN = [
    (r"https://.*\.railway\.app", ["https://a.up.railway.app"], "below the suffix, if that is let in"),
    (r"https://[a-z]\.railway\.app", ["https://a.railway.app"], "above the suffix, if only that is let in"),
    (r"https://example\.com?", ["https://example.co", "https://example.com"], "with and without a letter"),
]


@rows("regex, origins", SHOWN)
def test_the_message_shows_origins_that_explain_the_problem(regex: str, origins: list[str]) -> None:
    shown = re.findall(r"https://[a-z.]*[a-z](?=[ ;:,])", problem_of(regex).message)
    assert shown == origins


def test_at_most_64_sites_can_be_named() -> None:
    names = [f"site{number}" for number in range(64)]
    assert len(policy_with(rf"https://({'|'.join(names)})\.com").trusted_sites) == 64
    assert problem_of(rf"https://({'|'.join([*names, 'more'])})\.com").code == "too-many-sites"


def test_an_app_with_an_open_host_warns() -> None:
    regex = r"vscode-webview://[0-9a-z]+(:\d+)?"
    (problem,) = warned({"allow_origin_regex": regex, "allow_credentials": True})
    assert_problem(problem, "any-app-origin", "allow_origin_regex", regex)
    with pytest.warns(PolicyWarning, match=r"vscode-webview://\*"):
        policy = policy_with(regex)
    assert policy.trusted_sites == ("vscode-webview://*",)
    assert actual(policy, "vscode-webview://0a1b2c").allowed


def test_what_was_compiled_with_a_warning_proves_nothing_where_warnings_are_errors() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        regex = re.compile(r"https://[[a-z]+\.example\.org")
    assert problem_of(regex).code == "unproven-regex"


if sys.version_info >= (3, 11):

    def test_an_expression_on_which_python_fails_lets_nobody_in() -> None:
        policy = policy_with(r"https://(?:(a|b)|(s))*+\.example\.com")
        assert not policy.decide(CORSRequest("GET", "https://ass.example.com")).allowed
        # Nor at construction, beside an origin that it is tried on.
        CORSPolicy(allow_origins=["https://ass.example.com"], allow_origin_regex=policy.allow_origin_regex)

    @pytest.mark.parametrize("regex", [r"https://(?>[a-z]+\.)example\.com", r"https://[a-z]++\.example\.com"])
    def test_atomic_groups_and_possessive_repeats_are_taken_for_ordinary_ones(regex: str) -> None:
        assert policy_with(regex).trusted_sites == ("example.com",)


def test_what_is_said_without_credentials(approved_policies: ApprovePolicies) -> None:
    told: list[tuple[str, Regex]] = [(why, regex) for regex, _, why in (*NOTHING, *EMPTY, *GLOBS)]
    told += [(why, regex) for regex, _, _, why in (*TOO_WIDE, *INVALID_GLOBS)]
    told += [(why, regex) for regex, *_, why in TOO_FEW] + [("everyone", ".*")]
    approved_policies(
        "regexes_without_credentials", [(why, {"allow_origin_regex": one}) for why, one in told]
    )


def test_what_the_errors_say(approved: Approve) -> None:
    wrong: list[tuple[str, Regex]] = [(why, regex) for regex, _, why in (*OPEN, *BELOW_SUFFIXES, *INSECURE)]
    wrong += [(why, regex) for regex, why in (*FILES, *UNPROVEN, *UNPROVEN_AND_OPEN)]
    approved("regexes", [(why, "\n".join(map(said_of, problems_of(regex)))) for why, regex in wrong])
