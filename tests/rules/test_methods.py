"""allow_methods: which methods a preflight allows, and the header that lists them."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from crosscors import CORSPolicy

from .conftest import ApprovePolicies
from .kit import APP, assert_refused, codes, keywords, preflight, refused, rows, warned

EVERY_METHOD = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"

# allow_methods, requested method, whether it is allowed, why.
ALLOWED = [
    ("GET", "GET", True, "a method that is listed"),
    ("GET", "HEAD", True, "GET implies HEAD"),
    ("HEAD", "GET", False, "HEAD does not imply GET"),
    ("PUT", "GET", False, "GET needs to be listed"),
    ("PUT", "HEAD", False, "HEAD needs GET or HEAD"),
    ("PUT", "POST", False, "a safelisted method needs to be listed"),
    ("PUT", "", False, "an empty method"),
    ("DELETE", "LET", False, "a part of a method"),
    ("DELETE", "DELETE ", False, "a method and a blank"),
    (["GET", "PUT"], "GET, PUT", False, "the whole list"),
    ("patch", "PATCH", True, "a standard name may be listed in lower case"),
    ("PATCH", "patch", False, "a standard name is requested in upper case"),
    ("purge", "purge", True, "another name as it is listed"),
    ("purge", "PURGE", False, "another name in another case"),
    *(("*", method, True, f"* means {method}") for method in EVERY_METHOD.split(", ")),
    ("*", "PURGE", False, "* means no other method"),
    ("*", "CONNECT", False, "* means no forbidden method"),
    ("*", "*", False, "* does not mean itself"),
    (["*", "PURGE"], "PURGE", True, "another method beside *"),
    ([], "GET", False, "an empty list allows nothing"),
]


@rows("methods, requested, allowed", ALLOWED)
def test_which_methods_a_preflight_allows(methods: str | list[str], requested: str, allowed: bool) -> None:
    decision = preflight(CORSPolicy(allow_origins=[APP], allow_methods=methods), APP, requested)
    assert decision.allowed is allowed
    assert codes(decision) == ([] if allowed else ["method-not-allowed"])


# allow_methods, Access-Control-Allow-Methods, why.
HEADER = [
    ("GET", "GET", "the list"),
    (["PUT", "get", "purge", "PROPFIND"], "PUT, GET, purge, PROPFIND", "standard names in upper case"),
    ("*", EVERY_METHOD, "* is spelled out"),
    (["PURGE", "*"], f"{EVERY_METHOD}, PURGE", "* and another method"),
    ([], None, "without methods there is no header"),
]


@pytest.mark.parametrize("requested", ["GET", "DELETE"])
@rows("methods, header", HEADER)
def test_the_header_lists_the_methods_of_the_policy(
    methods: str | list[str], header: str | None, requested: str
) -> None:
    policy = CORSPolicy(allow_origins=[APP], allow_credentials=True, allow_methods=methods)
    assert dict(preflight(policy, APP, requested).headers).get("Access-Control-Allow-Methods") == header


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")  # some of them look like patterns
def test_a_method_is_a_token() -> None:
    letters = string.ascii_letters + string.digits
    for character in map(chr, range(0x100)):
        method = f"x{character}"
        if character in letters or character in "!#$%&'*+-.^_`|~":
            assert CORSPolicy(allow_methods=[method]).allow_methods == (method,)
        else:
            assert refused({"allow_methods": [method]})[0].code == "not-a-token"


# Code, method, what to write (None: leave it out), why.
REFUSED = [
    ("forbidden-method", "CONNECT", None, "CONNECT"),
    ("forbidden-method", "TRACE", None, "TRACE"),
    ("forbidden-method", "track", None, "a forbidden method in lower case"),
    ("not-a-token", "GET, POST", 'allow_methods=["GET", "POST"]', "methods joined by commas"),
    ("not-a-token", "GET POST", 'allow_methods=["GET", "POST"]', "methods joined by a space"),
    ("not-a-token", " PUT", 'allow_methods=["PUT"]', "a space before the method"),
    ("not-a-token", "", None, "an empty string"),
    ("not-a-token", '["GET", "POST"]', 'allow_methods=["GET", "POST"]', "a list in JSON"),
    ("not-a-token", "['GET', 'POST']", 'allow_methods=["GET", "POST"]', "a list as Python prints it"),
    ("not-a-token", '["GET"]', 'allow_methods=["GET"]', "a list of one in JSON"),
    ("not-a-token", "[]", "allow_methods=[]", "an empty list in JSON"),
    ("not-a-token", '"GET"', 'allow_methods=["GET"]', "quotes that Docker keeps"),
    ("not-a-token", "(GET|POST)", 'allow_methods=["GET", "POST"]', "alternatives of an expression"),
    ("not-a-token", "^(?:GET|POST)$", 'allow_methods=["GET", "POST"]', "alternatives between anchors"),
    ("not-a-token", "\ufeffGET", 'allow_methods=["GET"]', "a byte order mark"),
    ("not-a-token", "${METHODS}", None, "a template"),
    ("not-a-token", "P\u00dcT", None, "a letter outside ASCII"),
    ("not-a-token", "po\u017ft", None, "a letter outside ASCII whose upper case is in ASCII"),
]


@rows("code, method, write", REFUSED)
def test_a_method_that_no_browser_sends_is_refused(code: str, method: str, write: str | None) -> None:
    assert_refused({"allow_methods": [method]}, code, "allow_methods", method, write)


def test_only_the_entry_that_is_wrong_is_written_again() -> None:
    (problem,) = refused({"allow_methods": ["GET, POST", "PUT"]})
    assert '"GET", "POST".' in problem.hint
    assert "allow_methods" not in problem.hint


# Code, allow_methods, the value that is warned about (None: nothing), why.
WARNED = [
    ("listed-twice", ["PUT", "put"], "PUT", "a method listed twice"),
    ("already-covered", ["*", "PUT"], "PUT", "a method beside *"),
    ("unlikely-name", ["GET|POST"], "GET|POST", "methods joined as in an expression"),
    ("unlikely-name", ["ALL"], "ALL", "ALL"),
    ("unlikely-name", ["GET", "any"], "any", "any"),
    ("unlikely-name", [".*"], ".*", "an expression for everything"),
    ("unlikely-name", ["PO*"], "PO*", "a pattern"),
    ("unlikely-name", ["None"], "None", "what becomes of a variable that is not set"),
    ("unlikely-name", ["GET", "undefined"], "undefined", "the same beside a method"),
    ("unlikely-name", ["true"], "true", "a word for True"),
    ("unlikely-name", ["0"], "0", "a number for False"),
    ("unlikely-name", ["'GET'"], "'GET'", "quotes that a name may have"),
    ("unlikely-name", ["GET", "`PUT`"], "`PUT`", "other quotes, beside a method"),
    ("unlikely-method", ["PUST"], "PUST", "a letter too many"),
    ("unlikely-method", ["DELTE"], "DELTE", "a letter too few"),
    ("unlikely-method", ["GTE"], "GTE", "two letters swapped"),
    ("unlikely-method", ["option"], "option", "a letter too few, in lower case"),
    (None, ["PURGE", "BATCH", "SET", "LIST", "STOP", "M-SEARCH"], None, "methods of one's own"),
    (None, ["T", "n", "OFFER", "it's"], None, "single letters, and names that begin like words"),
    (None, ["MKCOL", "PROPFIND", "ORDERPATCH", "UPDATE"], None, "registered methods"),
    (None, ["*", "PURGE"], None, "every standard method and another"),
    (None, ["purge", "PURGE"], None, "methods that differ in case"),
    (None, ["GET", "HEAD", "POST"], None, "HEAD, which GET implies"),
]


def _followed(hint: str) -> dict[str, Any]:
    """The option as the hint says, where it says what to write."""
    found = re.search(r'allow_methods="\*"', hint)
    return keywords(found[0]) if found else {}


@rows("code, methods, value", WARNED)
def test_a_method_that_changes_nothing_warns(code: str | None, methods: list[str], value: str | None) -> None:
    found = warned({"allow_methods": methods})
    expected = [(code, "allow_methods", value)] if code else []
    assert all(preflight(CORSPolicy(allow_origins=[APP], **_followed(each.hint))).allowed for each in found)
    assert [(problem.code, problem.option, problem.value) for problem in found] == expected


def test_what_the_errors_and_warnings_say(approved_policies: ApprovePolicies) -> None:
    told = [(why, [method]) for _, method, _, why in REFUSED]
    told += [(why, methods) for code, methods, _, why in WARNED if code]
    told.append(("one wrong entry of two", ["GET, POST", "PUT"]))
    approved_policies("methods", [(why, {"allow_methods": methods}) for why, methods in told])
