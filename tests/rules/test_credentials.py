"""allow_credentials and dangerously_allow: who may use credentials, and what is not safe with them."""

from __future__ import annotations

from typing import Any

import pytest

from crosscors import CORSPolicy

from .conftest import ApprovePolicies
from .kit import (
    APP,
    EVERY_DANGER,
    EVIL,
    OTHER,
    actual,
    assert_problem,
    assert_refused,
    keywords,
    preflight,
    refused,
    rows,
)

# Options, origin, whether it gets credentials, why.
WHO = [
    ({}, APP, False, "nobody by default"),
    ({"allow_credentials": True}, APP, True, "every allowed origin with True"),
    ({"allow_credentials": [APP]}, APP, True, "an origin of the list"),
    ({"allow_credentials": [OTHER]}, APP, False, "no other origin with a list"),
    ({"allow_credentials": []}, APP, False, "nobody with an empty list"),
    ({"allow_origins": "*", "allow_credentials": [OTHER]}, OTHER, True, "an origin of the list beside *"),
    ({"allow_origins": "*", "allow_credentials": [OTHER]}, EVIL, False, "the rest of * does not"),
    ({"allow_origins": "*", "allow_credentials": [OTHER]}, "null", False, "null, as a part of *, does not"),
    ({"allow_origins": [], "allow_credentials": [APP]}, APP, True, "an origin needs no place in both lists"),
    ({"allow_credentials": ["https://*.example.com"]}, APP, True, "an origin of a pattern of the list"),
]


@rows("options, origin, expected", WHO)
def test_who_may_use_credentials(options: dict[str, Any], origin: str, expected: bool) -> None:
    given: dict[str, Any] = {"allow_origins": [APP], **options}
    policy = CORSPolicy(**given)
    for decision in (actual(policy, origin), preflight(policy, origin)):
        headers = dict(decision.headers)
        assert headers["Access-Control-Allow-Origin"] == origin
        assert headers.get("Access-Control-Allow-Credentials") == ("true" if expected else None)


# Options, the option that has the fault, why.
EVERYONE: list[tuple[dict[str, Any], str, str]] = [
    ({"allow_origins": "*", "allow_credentials": True}, "allow_origins", "* and True"),
    ({"allow_origins": [APP, "*"], "allow_credentials": True}, "allow_origins", "* among origins and True"),
    ({"allow_credentials": "*"}, "allow_credentials", "credentials for *"),
    ({"allow_credentials": ["*"]}, "allow_credentials", "credentials for [*]"),
]


# Entry that is misspelled, what it means, what to write, why. What it means is not safe, either.
MISSPELLED = [
    ("all", '"*"', "List the origins that need credentials:", "a word for everyone"),
    ("'*'", '"*"', "List the origins that need credentials:", "quotes around it"),
    ("*.vercel.app", '"https://*.vercel.app"', "List your own origins", "no scheme"),
    ("http://a.example:80", '"http://a.example"', 'Write "https://a.example"', "a default port"),
    ("ORIGIN=http://a.example", '"http://a.example"', 'Write "https://a.example"', "a line of a file"),
    ("http:\\\\a.example", '"http://a.example"', 'Write "https://a.example"', "backslashes"),
]


@rows("entry, meaning, write", MISSPELLED)
def test_a_misspelled_entry_that_is_not_safe_gets_one_thing_to_write(
    entry: str, meaning: str, write: str
) -> None:
    for option in ("allow_origins", *(["allow_credentials"] if entry != "all" else [])):
        misspelled, unsafe = refused({"allow_credentials": True, option: [entry]})
        assert misspelled.hint == f"It means {meaning}."
        assert unsafe.hint.startswith(write)


@rows("options, option", EVERYONE)
def test_every_origin_with_credentials_is_refused_and_has_no_opt_in(
    options: dict[str, Any], option: str
) -> None:
    for dangers in ((), EVERY_DANGER):
        given = {**options, "dangerously_allow": dangers}
        write = 'allow_credentials=["https://app.example.com"]'
        problem = assert_refused(given, "wildcard-with-credentials", option, "*", write)
        assert "dangerously_allow" not in problem.hint
        CORSPolicy(allow_origins="*", **keywords(write))


# Code of the problem, and the danger to accept instead.
NULL = ("null-with-credentials", "null-origin")
INSECURE = ("insecure-origin-with-credentials", "insecure-origins")
SUFFIX = ("public-suffix-with-credentials", "public-suffix-subdomains")

# Fault, entry, the entry to write (None: there is none), why.
UNSAFE: list[tuple[tuple[str, str], str, str | None, str]] = [
    (NULL, "null", None, "null"),
    (NULL, "file://", None, "every file"),
    (INSECURE, "http://a.example", "https://a.example", "an http origin"),
    (INSECURE, "http://a.example:8080", "https://a.example:8080", "an http origin with a port"),
    (INSECURE, "http://a.example:443", "https://a.example", "an http origin with the port of https"),
    (INSECURE, "http://*.a.example", "https://*.a.example", "an http pattern"),
    (INSECURE, "http://192.168.0.1", "https://192.168.0.1", "an address in a private network"),
    (INSECURE, "http://[::2]", "https://[::2]", "an IPv6 address that is not loopback"),
    (INSECURE, "http://localhost.a.example", "https://localhost.a.example", "localhost comes first"),
    (INSECURE, "http://127.a.example", "https://127.a.example", "a host that only begins with 127"),
    (INSECURE, "ftp://a.example", None, "another scheme that is not https"),
    (INSECURE, "ws://a.example", None, "a socket without TLS"),
    (SUFFIX, "https://*.com", "https://*.example.com", "a pattern on a top-level domain"),
    (SUFFIX, "https://*.co.uk", "https://*.example.co.uk", "a pattern on a public suffix of two labels"),
    (SUFFIX, "https://*.github.io", "https://example.github.io", "a pattern on a suffix of the private part"),
    (SUFFIX, "https://*.github.io.", "https://example.github.io", "with a dot at its end"),
    (SUFFIX, "https://*.com:*", "https://*.example.com:*", "a pattern on a public suffix and any port"),
    (SUFFIX, "https://*.railway.app", "https://example.up.railway.app", "one above a public suffix"),
    (SUFFIX, "https://*.railway.app.:8443", "https://example.up.railway.app:8443", "with a dot and a port"),
    (SUFFIX, "https://*.amazonaws.com", "https://example.s3.amazonaws.com", "the shortest is shown"),
    (SUFFIX, "https://*.ck", None, "a suffix by a wildcard rule"),
    (SUFFIX, "https://*.compute.amazonaws.com", None, "the domain of a wildcard rule"),
    (SUFFIX, "https://*.kobe.jp", None, "the domain of an exception rule"),
    (SUFFIX, "https://*.internal", None, "a top level that nobody lists"),
    (SUFFIX, "https://*.us-east-1.compute.amazonaws.com", None, "what a wildcard rule matches"),
    (SUFFIX, "https://*.example.ck", None, "what a wildcard rule at the top matches"),
    (SUFFIX, "https://*.xn--55qx5d.cn", None, "a public suffix of two labels in Punycode"),
    (INSECURE, "http://notlocalhost", "https://notlocalhost", "a name that ends in localhost"),
    (INSECURE, "http://126.255.255.255", "https://126.255.255.255", "the address before 127.0.0.0/8"),
    (INSECURE, "http://128.0.0.1", "https://128.0.0.1", "the address after 127.0.0.0/8"),
    (INSECURE, "http://0.0.0.0", "https://0.0.0.0", "any address of the machine"),
]


@pytest.mark.filterwarnings("ignore:.*is not the origin of any page:crosscors.PolicyWarning")
@rows("fault, entry, write", UNSAFE)
def test_an_origin_that_is_not_safe_with_credentials_is_refused_unless_its_danger_is_accepted(
    fault: tuple[str, str], entry: str, write: str | None
) -> None:
    code, danger = fault
    listed: dict[str, Any] = {"allow_credentials": [entry]}
    for options in ({"allow_origins": [entry], "allow_credentials": True}, listed):
        (problem,) = refused(options)
        assert_problem(problem, code, next(iter(options)), entry)
        accepted = f'dangerously_allow=["{danger}"]'
        assert accepted in problem.hint
        CORSPolicy(**options, **keywords(accepted))
        if write is not None:
            assert f'"{write}"' in problem.hint
            CORSPolicy(allow_credentials=[write])
    (problem,) = refused({**listed, "dangerously_allow": {*EVERY_DANGER} - {danger}})
    assert problem.code == code
    assert CORSPolicy(allow_origins=[entry]).allow_origins == (entry,)  # without credentials it is safe


# Entry, why.
SAFE = [
    ("https://a.example", "https"),
    ("https://192.168.0.1", "https on an address"),
    ("https://*.example.com", "a pattern on a domain of one's own"),
    ("https://*.me.github.io", "a pattern below a suffix of the private part"),
    ("http://localhost", "localhost"),
    ("http://localhost:3000", "localhost with a port"),
    ("http://localhost:*", "localhost with any port"),
    ("http://localhost.:3000", "localhost with a dot at its end"),
    ("http://app.localhost", "a subdomain of localhost"),
    ("http://*.localhost:*", "any subdomain of localhost with any port"),
    ("http://127.0.0.1:8000", "127.0.0.1"),
    ("http://127.255.255.254", "127.255.255.254"),
    ("http://[::1]:3000", "::1"),
    ("capacitor://localhost", "a Capacitor app"),
    ("my-app://bundle", "an app that nobody knows"),
    ("https://*.corp.internal", "a pattern on a domain below a top level nobody lists"),
    ("https://*.city.kobe.jp", "a pattern on an exception of the list"),
    ("https://*.foo.amazonaws.com", "a pattern beside public suffixes"),
    ("chrome-extension://jmjflgjpcpepeafmmgdpfkogkghcpiha", "a Chromium extension"),
    ("capacitor://*.com", "a pattern on a host that no registry gives out"),
    ("https://com", "a public suffix itself"),
    ("https://*.www.ck", "a pattern on an exception to a wildcard rule at the top"),
    ("http://a.b.localhost.:1", "a subdomain further below localhost, with a dot at its end"),
]


@rows("entry", SAFE)
def test_an_origin_that_is_safe_with_credentials_is_accepted(entry: str) -> None:
    assert CORSPolicy(allow_origins=[entry], allow_credentials=True).allow_origins == (entry,)
    assert CORSPolicy(allow_credentials=[entry]).allow_credentials == (entry,)


def test_an_http_pattern_on_a_public_suffix_has_two_problems() -> None:
    problems = refused({"allow_origins": ["http://*.github.io"], "allow_credentials": True})
    assert [problem.code for problem in problems] == [INSECURE[0], SUFFIX[0]]
    assert not any('"https://*' in problem.hint for problem in problems)


def test_a_docker_service_with_credentials_is_this_machine_for_browsers() -> None:
    (problem,) = refused({"allow_credentials": ["http://frontend:3000"]})
    assert problem.code == INSECURE[0]
    assert 'Write "http://localhost:3000"' in problem.hint


def test_an_opt_in_in_a_hint_keeps_those_that_are_accepted_already() -> None:
    given: dict[str, Any] = {
        "allow_credentials": ["http://a.example"],
        "dangerously_allow": ["null-origin"],
    }
    (problem,) = refused(given)
    write = 'dangerously_allow=["null-origin", "insecure-origins"]'
    assert write in problem.hint
    CORSPolicy(**{**given, **keywords(write)})


# Value, what to write, why.
WRONG = [
    (None, "allow_credentials=False", "None"),
    (0, "allow_credentials=False", "a zero"),
    (1.0, "allow_credentials=True", "a number with a point"),
    (2, "allow_credentials=True", "a number that is neither"),
    ("yes", "allow_credentials=True", "the string yes"),
    ("no", "allow_credentials=False", "the string no"),
    ("on", "allow_credentials=True", "the string on"),
    ("0", "allow_credentials=False", "the string 0"),
    ('"true"', "allow_credentials=True", "the string true in quotes"),
    ("ALL", "allow_credentials=True", "a word for all"),
    (["true"], "allow_credentials=True", "a list of one word"),
    (["1"], "allow_credentials=True", "a list of one number"),
    (b"true", "allow_credentials=True", "bytes"),
    ("", "allow_credentials=False", "an empty string"),
    ([""], "allow_credentials=False", "a list of an empty string"),
    ("None", "allow_credentials=False", "a word for nothing"),
    (1, "allow_credentials=True", "a number"),
    ("true", "allow_credentials=True", "the string true"),
    ("False", "allow_credentials=False", "the string False"),
    (" TRUE ", "allow_credentials=True", "a string with blanks"),
]


@rows("value, write", WRONG)
def test_allow_credentials_takes_a_bool_or_origins(value: object, write: str) -> None:
    assert_refused({"allow_credentials": value}, "wrong-type", "allow_credentials", value, write)


# Name, what to write, why.
UNKNOWN_DANGERS = [
    ("insecure-origin", '"insecure-origins"', "a letter is missing"),
    ("null-origins", '"null-origin"', "a letter too many"),
    ("everything", ", ".join(EVERY_DANGER), "no name comes near"),
]


@rows("name, write", UNKNOWN_DANGERS)
def test_a_danger_that_does_not_exist_is_refused(name: str, write: str) -> None:
    (problem,) = refused({"dangerously_allow": [name]})
    assert_problem(problem, "unknown-danger", "dangerously_allow", name)
    assert write in problem.hint


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")  # a pattern covers an origin
def test_the_trusted_sites_are_those_that_get_credentials() -> None:
    entries = [
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:*",
        "http://127.0.0.1:8000",
    ]
    entries += ["https://192.0.2.1", "https://[::2]", "app://obsidian.md", "https://*.github.io", "null"]
    dangers = ["null-origin", "public-suffix-subdomains"]
    policy = CORSPolicy(allow_origins=entries, allow_credentials=True, dangerously_allow=dangers)
    expected = ("*.github.io", "192.0.2.1", "[::2]", "app://obsidian.md", "example.com", "loopback", "null")
    assert policy.trusted_sites == expected
    assert policy.replace(allow_credentials=False, dangerously_allow=()).trusted_sites == ()
    listed = CORSPolicy(allow_origins="*", allow_credentials=["https://a.example.org"])
    assert listed.trusted_sites == ("example.org",)


def test_what_the_errors_say(approved_policies: ApprovePolicies) -> None:
    policies: list[tuple[str, dict[str, Any]]] = [(why, options) for options, _, why in EVERYONE]
    policies += [(why, {"allow_credentials": [entry]}) for _, entry, _, why in UNSAFE]
    policies += [(why, {"allow_credentials": value}) for value, _, why in WRONG]
    policies += [(why, {"dangerously_allow": [name]}) for name, _, why in UNKNOWN_DANGERS]
    approved_policies("credentials", policies)
