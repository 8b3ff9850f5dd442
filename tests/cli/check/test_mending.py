"""What becomes of the options of another library that crosscors refuses or warns about."""

from __future__ import annotations

import re
import warnings
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crosscors import PolicyWarning
from crosscors.cli.check.elsewhere.mending import mended
from crosscors.cli.check.elsewhere.origins import is_open_ended, open_ended, patterns_in
from crosscors.cli.check.elsewhere.theirs import Theirs, code, comments
from crosscors.core.policy import CORSPolicy, options_of
from crosscors.core.values import as_list
from crosscors.core.words import KEYWORDS
from tests.tables import each, table

APP = "https://app.example.com"
PLAIN = "http://app.example.com"
PROVED = r"https://app\.example\.com"
NO_CREDENTIALS = (
    "Origins that only the expression matches get no credentials. List those that need them: "
    'allow_credentials=["https://app.example.com"].'
)
DANGEROUS = "What dangerously_allow accepts is not safe. It keeps what is allowed today."


@table(
    "options, written, remarks",
    (
        "a slash at the end",
        {"allow_origins": [f"{APP}/"]},
        {"allow_origins": [APP]},
        [f"allow_origins: '{APP}/' is now '{APP}'."],
    ),
    (
        "the default port, in one string",
        {"allow_origins": f"{APP}:443"},
        {"allow_origins": [APP]},
        [f"allow_origins: '{APP}:443' is now '{APP}'."],
    ),
    (
        "a list in one string",
        {"allow_origins": [f"{APP}, https://a.example"], "allow_credentials": True},
        {"allow_origins": [APP, "https://a.example"], "allow_credentials": True},
        [f"allow_origins: '{APP}, https://a.example' is now '{APP}', 'https://a.example'."],
    ),
    (
        "the same origin in two spellings",
        {"allow_origins": [APP, f"{APP}/"], "allow_credentials": [f"{APP}/"]},
        {"allow_origins": [APP], "allow_credentials": [APP]},
        [f"allow_origins: '{APP}/' is now '{APP}'.", f"allow_credentials: '{APP}/' is now '{APP}'."],
    ),
    (
        "what is meant is not safe",
        {"allow_origins": [f"{PLAIN}/"], "allow_credentials": True},
        {"allow_credentials": True},
        [f"allow_origins: '{PLAIN}/' is left out, because it has no effect."],
    ),
    (
        "what allows nothing today does not allow everyone",
        {"allow_origins": ["all"]},
        {},
        ["allow_origins: 'all' is left out, because it has no effect."],
    ),
    (
        "no text",
        {"allow_origins": [None]},
        {},
        ["allow_origins: None is left out, because it has no effect."],
    ),
    (
        "names in one string",
        {"allow_headers": ["X-A, X-B"], "allow_methods": ["PUT,PATCH"]},
        {"allow_headers": ["X-A", "X-B"], "allow_methods": ["PUT", "PATCH"]},
        [
            "allow_methods: 'PUT,PATCH' is now 'PUT', 'PATCH'.",
            "allow_headers: 'X-A, X-B' is now 'X-A', 'X-B'.",
        ],
    ),
    (
        "what only browsers send",
        {"allow_headers": ["Cookie", "X-A"], "expose_headers": ["Set-Cookie"], "allow_methods": ["TRACE"]},
        {"allow_headers": ["X-A"], "allow_methods": []},
        [
            "allow_methods: 'TRACE' is left out, because it has no effect.",
            "allow_headers: 'Cookie' is left out, because it has no effect.",
            "expose_headers: 'Set-Cookie' is left out, because it has no effect.",
        ],
    ),
    (
        "a star that is a name",
        {"allow_origins": [APP], "allow_credentials": True, "expose_headers": ["*"]},
        {"allow_origins": [APP], "allow_credentials": True},
        ["expose_headers: '*' is left out. With credentials, browsers take it for a name."],
    ),
    ("seconds as text", {"max_age": "60"}, {"max_age": 60}, ["max_age: '60' is now 60."]),
    ("a time before now", {"max_age": -1}, {"max_age": 0}, ["max_age: -1 is now 0."]),
    ("a year", {"max_age": 31536000}, {"max_age": 86400}, ["max_age: 31536000 is now 86400."]),
    ("no time at all", {"max_age": "soon"}, {"max_age": None}, ["max_age: 'soon' is now None."]),
    ("everyone", {"allow_origin_regex": ".*"}, {"allow_origins": ["*"]}, []),
    (
        "everyone with credentials",
        {"allow_origin_regex": ".*", "allow_credentials": True},
        {"allow_origins": ["*"]},
        [NO_CREDENTIALS],
    ),
    (
        "a dot without a backslash",
        {"allow_origin_regex": "https://app.example.com"},
        {"allow_origin_regex": PROVED},
        [f"allow_origin_regex: 'https://app.example.com' is now r\"{PROVED}\"."],
    ),
    (
        "the same with credentials, which stay",
        {"allow_origin_regex": re.compile("https://app.example.com"), "allow_credentials": True},
        {"allow_origin_regex": PROVED, "allow_credentials": True},
        [f"allow_origin_regex: 'https://app.example.com' is now r\"{PROVED}\"."],
    ),
    (
        "nobody can tell which sites are meant",
        {"allow_origin_regex": "https://.*", "allow_credentials": True},
        {"allow_origin_regex": "https://.*"},
        [NO_CREDENTIALS],
    ),
    (
        "an expression that is none",
        {"allow_origin_regex": "("},
        {},
        ["allow_origin_regex: '(' is left out."],
    ),
    (
        "an expression for null",
        {"allow_origin_regex": rf"null|{PROVED}"},
        {"allow_origin_regex": rf"null|{PROVED}", "allow_origins": ["null"]},
        [],
    ),
    (
        "an expression that lets null in by accident",
        {"allow_origin_regex": ".{4,}"},
        {"allow_origin_regex": ".{4,}"},
        ["allow_origin_regex: '.{4,}' does not let the origin null in here. Every site can send it."],
    ),
    (
        "what is allowed today stays",
        {"allow_origins": [PLAIN], "allow_credentials": True},
        {
            "allow_origins": [PLAIN],
            "allow_credentials": True,
            "dangerously_allow": ["insecure-origins"],
        },
        [DANGEROUS],
    ),
)
def test_what_is_written(options: dict[str, Any], written: dict[str, Any], remarks: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what is written starts without a warning
        found = mended(Theirs("every path", options), KEYWORDS)
        assert found.policy.to_dict() == CORSPolicy(**written).to_dict()
    assert list(found.remarks) == remarks


ODD = ("all", "", " ", "https://", "file://", r"https://.*\.a\.b$", "(", None, 5)
PATTERNS = ("https://*.example.com", "https://*.github.io", "http://localhost:*")
ORIGINS = st.sampled_from(
    ("*", "null", APP, f"{APP}/", PLAIN, f"{PLAIN}/", f"{APP},{PLAIN}", *PATTERNS, *ODD)
)
EXPRESSIONS = st.sampled_from(
    (".*", "null", "(", "", PROVED, "https://app.example.com", "https?://.*", r".*\.example\.com", "[^ ]+")
)
NAMES = st.sampled_from(
    ("*", "GET", "get", "TRACE", "X-A", "X-A,X-B", "Cookie", "Set-Cookie", "", "a b", None, "GTE")
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "allow_origins": st.lists(ORIGINS, max_size=4) | ORIGINS,
        "allow_origin_regex": EXPRESSIONS,
        "allow_credentials": st.booleans() | st.lists(ORIGINS, max_size=3),
        "allow_methods": st.lists(NAMES, max_size=3),
        "allow_headers": st.lists(NAMES, max_size=3),
        "expose_headers": st.lists(NAMES, max_size=3),
        "max_age": st.sampled_from([None, 0, -1, 60, "60", 6e9, "soon", 10**30, True, 86401]),
    },
)


@settings(deadline=None)  # the first expression loads the public suffix list
@given(OPTIONS)
def test_whatever_is_configured_there_is_a_policy(options: dict[str, Any]) -> None:
    ours = mended(Theirs("every path", options), KEYWORDS).policy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)
        again: dict[str, Any] = options_of(ours)
        assert CORSPolicy(**again).to_dict() == ours.to_dict()
    # What is not safe is never added, only kept.
    dangers = {
        "insecure-origins": {PLAIN},
        "public-suffix-subdomains": {"https://*.github.io"},
        "null-origin": {"null", "file://"},
    }
    named = [*as_list(options.get("allow_origins")), *as_list(options.get("allow_credentials"))]
    is_regex = options.get("allow_origin_regex") is not None
    assert all(dangers.get(each, set()) & set(named) or is_regex for each in ours.dangerously_allow)


def test_expressions_stay_apart_unless_they_are_mended() -> None:
    each_alone = (re.compile(r"https://a\.example"), re.compile(PROVED))
    kept = {"allow_origin_regex": "|".join(each.pattern for each in each_alone)}
    assert mended(Theirs("every path", kept, expressions=each_alone), KEYWORDS).expressions == each_alone
    changed = {"allow_origin_regex": r"https://a\.example|https://app.example.com"}
    [only] = mended(Theirs("every path", changed, expressions=each_alone), KEYWORDS).expressions
    assert only.pattern == rf"https://a\.example|{PROVED}"


@each(
    "expression",
    f"{PROVED}$",
    rf"^({PROVED}$|https://a\.example$)",
    rf"{PROVED}$|https://a\.example\Z",
    "https://.*",
    r"https://(.+)",
)
def test_expressions_with_an_end(expression: str) -> None:
    assert not is_open_ended(re.compile(expression))


@table(
    "expression, written",
    ("no end", PROVED, f"{PROVED}$"),
    ("the end of one of two", rf"https://a\.example|{PROVED}$", rf"(?:https://a\.example|{PROVED}$)$"),
    ("a group", r"https://(a|b)\.example", r"https://(a|b)\.example$"),
    ("a dollar that is text", r"https://a\.example\$", r"https://a\.example\$$"),
)
def test_the_hint_ends_an_expression(expression: str, written: str) -> None:
    [warning] = open_ended("origins", [re.compile(expression)]).warnings
    assert warning.hint == f"Write {code(written)}."
    example = "https://a.example.evil.example"
    assert re.compile(written).match(example) is None


def test_patterns_that_are_not_safe_are_left_out() -> None:
    origins = ["https://*.example.com", "https://*.github.io", "http://localhost:*", APP]
    found = patterns_in(origins, "allow_origins", lambda _: "is text.", is_credentialed=True)
    assert found.origins == ["https://*.example.com", "http://localhost:*", APP]
    assert found.remarks == (
        "https://*.example.com means every sub-domain of example.com here.",
        "https://*.github.io is left out. It is not safe.",
        "http://localhost:* means localhost with every port here.",
    )
    assert {each.code for each in found.found.warnings} == {"pattern-elsewhere"}
    without = patterns_in(origins, "allow_origins", lambda _: "is text.", is_credentialed=False)
    assert without.origins == origins


def test_comments_are_wrapped() -> None:
    text = comments(["word " * 20 + "https://a-long-name.example.com/" * 3, "short"])
    first, second, third, last = text.splitlines()
    assert all(line.startswith("# ") for line in (first, second, third, last))
    assert max(len(first), len(second)) <= 76
    assert (third, last) == ("# " + "https://a-long-name.example.com/" * 3, "# short")
