"""allow_headers: which request headers a preflight allows, how the list is read, and what answers it."""

from __future__ import annotations

import pytest

from crosscors import CORSPolicy

from .conftest import ApprovePolicies
from .kit import APP, OTHER, assert_refused, assert_warned, codes, preflight, rows

LISTED = "Accept, Accept-Language, Content-Language, Content-Type, X-Token, x-page"

# Access-Control-Request-Headers, the names that are refused, why.
REQUESTED = [
    (None, (), "no header"),
    ("", (), "an empty header"),
    ("x-token", (), "lower case"),
    ("X-TOKEN", (), "upper case"),
    ("x-page,x-token", (), "another order"),
    ("x-token,x-token, X-Token", (), "repeats"),
    (" \tx-token \t, \tx-page ", (), "blanks"),
    (",,x-token, ,\t,x-page,", (), "empty elements"),
    ("accept,accept-language,content-language,content-type", (), "names that every policy allows"),
    ("Content-Type,X-Token", (), "a name that every policy allows, among others"),
    (",".join(["x-token"] * 40), (), "many repeats"),
    ("x-other", ("x-other",), "a name that is not listed"),
    ("x-tok,x-token-2", ("x-tok", "x-token-2"), "a part of a listed name, and more than one"),
    ("X-Other, x-token, x-other", ("x-other",), "a name is refused once, in lower case"),
    ("x-c,x-token,X-D", ("x-c", "x-d"), "names are refused in their order"),
    (",".join(["x-c"] * 40 + ["x-d"]), ("x-c", "x-d"), "names far apart"),
    (",".join("abcdefghijklmnop"), tuple("abcdefghijklm"), "at most 13 names are kept"),
    (",".join(["x-token"] * 20 + [*"abcdefghijklmnop"]), tuple("abcdefghijklm"), "also from far behind"),
    ("authorization", ("authorization",), "Authorization needs to be listed"),
    ("range", ("range",), "Range needs to be listed"),
    ("*", ("*",), "a * is a name like any other"),
    ("x-token;q=1", ("x-token;q=1",), "not a header name"),
    ("x-token\x0b", ("x-token\x0b",), "white space that is not a blank"),
    ("X-Token, X-\u00c9", ("x-\u00c9",), "a name outside ASCII, of which ASCII alone is lower-cased"),
    ("x-to\u212aen", ("x-to\u212aen",), "a Kelvin sign, whose lower case is in ASCII"),
    ("\u0130,X-Token", ("\u0130",), "a letter whose lower case has two characters"),
]


@rows("requested, refused_names", REQUESTED)
def test_which_request_headers_a_preflight_allows(
    requested: str | None, refused_names: tuple[str, ...]
) -> None:
    decision = preflight(
        CORSPolicy(allow_origins=[APP], allow_headers=["X-Token", "x-page"]), headers=requested
    )
    assert [(each.code, each.values) for each in decision.refusals] == (
        [("headers-not-allowed", refused_names)] if refused_names else []
    )
    assert dict(decision.headers)["Access-Control-Allow-Headers"] == LISTED


# allow_headers, allow_credentials, requested, Access-Control-Allow-Headers, why.
HEADER = [
    ("*", False, "x-a, X-B", "*, Authorization", "* without credentials is a list that never changes"),
    ("*", False, None, "*, Authorization", "also where nothing is requested"),
    ("*", [OTHER], "x-a", "*, Authorization", "also where only other origins get credentials"),
    ("*", True, "x-a, X-B,,x-b, Authorization", "x-a, x-b, authorization", "names with credentials"),
    ("*", True, "content-type", "content-type", "also those that every policy allows"),
    ("*", True, " \tX-A\t ", "x-a", "without blanks"),
    ("*", [APP], "x-a", "x-a", "also for an origin of the credentials list"),
    ("*", True, None, None, "with credentials there is no header where nothing is requested"),
    ("*", True, ", ,", None, "nor where the list is empty"),
    (["*", "authorization"], False, "authorization,x-a", "*, Authorization", "* and Authorization mean *"),
    (["content-type", "X-Token", "x-page"], False, None, LISTED, "no name comes twice"),
]


@rows("headers, credentials, requested, header", HEADER)
def test_the_header_that_lists_the_allowed_request_headers(
    headers: str | list[str], credentials: bool | list[str], requested: str | None, header: str | None
) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers=headers, allow_credentials=credentials)
    decision = preflight(policy, headers=requested)
    assert decision.allowed
    assert dict(decision.headers).get("Access-Control-Allow-Headers") == header


# Access-Control-Request-Headers, whether it is read, why.
LENGTHS = [
    ("x-token" + " " * 8185, True, "8192 bytes"),
    ("x-token" + " " * 8186, False, "8193 bytes"),
    ("x-token" + ",x-token" * 255, True, "256 names"),
    ("x-token" + ",x-token" * 256, False, "257 names"),
    ("," * 255, True, "256 empty elements"),
    ("," * 256, False, "257 empty elements"),
    ("x-token" + " " * 1000 + "," * 256, False, "257 elements, the first of them long"),
]


@pytest.mark.parametrize("headers", ["X-Token", "*"])
@rows("requested, is_read", LENGTHS)
def test_how_long_a_list_of_headers_is_read(headers: str, requested: str, is_read: bool) -> None:
    decision = preflight(CORSPolicy(allow_origins=[APP], allow_headers=headers), headers=requested)
    assert codes(decision) == ([] if is_read else ["headers-too-long"])
    assert ("Access-Control-Allow-Headers" in dict(decision.headers)) is is_read


# What is not a list of header names, why.
MALFORMED = [
    ("x a", "a blank within a name"),
    ("x-a\r\nset-cookie: a", "a line break"),
    ("x-\u00e9", "a letter outside ASCII"),
    ("x-a, (x)", "a bracket in the second name"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("requested", MALFORMED)
def test_every_header_does_not_mean_what_is_not_a_name(requested: str, credentials: bool) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers="*", allow_credentials=credentials)
    decision = preflight(policy, headers=requested)
    assert codes(decision) == ["headers-malformed"]
    assert "Access-Control-Allow-Headers" not in dict(decision.headers)


ODD_BYTES = ["\x00", "\t", "\x7f", "\x80", "\xb5", "\xc9", "\u0130", "\udc80", "A\xc9", "\t "]


@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize("headers", ["X-Token", "*"])
@pytest.mark.parametrize("odd", ODD_BYTES)
def test_long_lists_of_odd_bytes_are_refused_in_few_words(odd: str, headers: str, credentials: bool) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_headers=headers, allow_credentials=credentials)
    for requested in (odd * (8190 // len(odd)), ",".join([odd * (31 // len(odd))] * 255), f"x-token,{odd}"):
        decision = preflight(policy, headers=requested)
        assert decision.allowed is (not odd.strip(" \t"))
        assert len(decision.body) < 500
        assert len(dict(decision.headers).get("Access-Control-Allow-Headers", "")) < 100


# Name, what to write (None: leave it out), why. The same holds for expose_headers.
REFUSED = [
    ("X-Token, X-Page", '["X-Token", "X-Page"]', "names joined by commas"),
    ("X-Token X-Page", '["X-Token", "X-Page"]', "names joined by a space"),
    (" X-Token", '["X-Token"]', "a space before the name"),
    ("", None, "an empty string"),
    ("X-T\u00f6k\u00e9n", None, "a letter outside ASCII"),
    ('["X-Token", "X-Page"]', '["X-Token", "X-Page"]', "a list in JSON"),
    ("[]", "[]", "an empty list in JSON"),
    ("X-Token:", '["X-Token"]', "a colon behind the name"),
    ("X-Token: 1", '["X-Token"]', "the value as well"),
    ("X-Token: 1, X-Page: 2", '["X-Token", "X-Page"]', "several with their values"),
    ("{{ headers }}", None, "a template"),
    ("X-Token\r\nSet-Cookie2", '["X-Token", "Set-Cookie2"]', "a line break"),
]


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
@pytest.mark.parametrize("option", ["allow_headers", "expose_headers"])
@rows("name, write", REFUSED)
def test_a_name_that_is_not_a_token_is_refused(option: str, name: str, write: str | None) -> None:
    assert_refused({option: [name]}, "not-a-token", option, name, write and f"{option}={write}")


# Code, allow_headers, the value that is warned about (None: nothing), why.
WARNED = [
    ("listed-twice", ["X-Token", "X-Page", "x-token"], "x-token", "a header listed twice"),
    ("already-covered", ["*", "X-Token"], "X-Token", "a header beside *"),
    ("forbidden-header", ["Cookie"], "Cookie", "a forbidden header"),
    ("forbidden-header", ["sec-fetch-mode"], "sec-fetch-mode", "a header that begins with sec-"),
    ("forbidden-header", ["sec-*"], "sec-*", "a pattern of forbidden headers, once"),
    ("forbidden-header", ["Proxy-Authorization"], "Proxy-Authorization", "a header that begins with proxy-"),
    ("safelisted-header", ["accept-language"], "accept-language", "a header that every policy allows"),
    ("unlikely-name", ["x-amz-*"], "x-amz-*", "a pattern"),
    ("unlikely-name", ["^x-.*$"], "^x-.*$", "an expression"),
    ("unlikely-name", ["X-.+"], "X-.+", "an expression without anchors"),
    ("unlikely-name", ["X-A|X-B"], "X-A|X-B", "names joined as in an expression"),
    ("unlikely-name", ["x!#$%&'*+.^_`|~"], "x!#$%&'*+.^_`|~", "every sign that a name may have"),
    ("unlikely-name", ["all"], "all", "all"),
    ("unlikely-name", ["None"], "None", "what becomes of a variable that is not set"),
    ("unlikely-name", ["false"], "false", "a word for False"),
    ("unlikely-name", ["'X-Token'"], "'X-Token'", "quotes that a name may have"),
    ("already-covered", ["*", "x-amz-*"], "x-amz-*", "a pattern beside *"),
    (None, ["X.Y", "X+Z", "X$Y", "X^Y", "X_Y~"], None, "signs that are no patterns"),
    (None, ["*", "Authorization"], None, "* and Authorization, as Fetch asks for"),
    (None, ["Content-Type", "Authorization", "Range"], None, "Content-Type, as elsewhere"),
]


@rows("code, headers, value", WARNED)
def test_a_header_that_changes_nothing_warns(code: str | None, headers: list[str], value: str | None) -> None:
    assert_warned({"allow_headers": headers}, code, "allow_headers", value)


def test_a_header_that_is_listed_twice_is_kept_once() -> None:
    with pytest.warns(match="twice"):
        policy = CORSPolicy(allow_headers=["X-Token", "X-Page", "x-token"])
    assert policy.allow_headers == ("X-Token", "X-Page")


def test_what_the_errors_and_warnings_say(approved_policies: ApprovePolicies) -> None:
    told = [(why, [name]) for name, _, why in REFUSED]
    told += [(why, headers) for code, headers, _, why in WARNED if code]
    approved_policies("headers", [(why, {"allow_headers": headers}) for why, headers in told])
