"""What a policy refuses at construction: the code of each fault, and the text to write instead."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from crosscors import CORSPolicy, PolicyError, Problem

LABEL_63 = "a" * 63
HOST_253 = ".".join([LABEL_63, LABEL_63, LABEL_63, "a" * 61])


def refused(options: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(**options)
    return caught.value.problems


# Entries that can never match.

EXAMPLE = '"https://app.example.com"'
PATTERN = '"https://*.example.com"'
ANY_PORT = '"http://localhost:*"'


def assert_refused(entry: str, code: str, write: str) -> None:
    (problem,) = refused({"allow_origins": [entry]})
    assert (problem.code, problem.option, problem.value) == (code, "allow_origins", entry)
    assert write in problem.hint


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://a.example/", '"https://a.example"', id="a trailing slash"),
        pytest.param("https://a.example\\", '"https://a.example"', id="a backslash at the end"),
        pytest.param(
            "https://a.example:65535/", '"https://a.example:65535"', id="a slash after the last port"
        ),
        pytest.param("capacitor://1/", '"capacitor://1"', id="a slash after the opaque host of an app"),
        pytest.param(f"https://{LABEL_63}/", f'"https://{LABEL_63}"', id="a slash after a label of 63"),
        pytest.param(f"https://{HOST_253}/", f'"https://{HOST_253}"', id="a slash after a host of 253"),
        pytest.param(f"{'s' * 64}://a/", f'"{"s" * 64}://a"', id="a slash after a scheme of 64"),
    ],
)
def test_a_trailing_slash_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-trailing-slash", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://a.example/app", '"https://a.example"', id="a path"),
        pytest.param("https://a.example/app/", '"https://a.example"', id="a path with a slash at its end"),
    ],
)
def test_a_path_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-path", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://a.example?x=1", '"https://a.example"', id="a query"),
    ],
)
def test_a_query_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-query", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://a.example#top", '"https://a.example"', id="a fragment"),
        pytest.param("https://a.example#?x", '"https://a.example"', id="a fragment with a ?"),
    ],
)
def test_a_fragment_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-fragment", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://me@a.example", '"https://a.example"', id="a user name"),
        pytest.param("https://me:pw@a.example", '"https://a.example"', id="a user name and password"),
    ],
)
def test_userinfo_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-userinfo", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("a.example", '"https://a.example"', id="no scheme"),
        pytest.param("//a.example", '"https://a.example"', id="slashes without a scheme"),
        pytest.param("://a.example", '"https://a.example"', id="an empty scheme"),
        pytest.param("https:/a.example", '"https://a.example"', id="one slash too few"),
        pytest.param("https:a.example", '"https://a.example"', id="both slashes missing"),
        pytest.param("https//a.example", '"https://a.example"', id="the colon missing"),
        pytest.param("localhost:3000", '"http://localhost:3000"', id="localhost without a scheme"),
        pytest.param("127.0.0.1:80", '"http://127.0.0.1"', id="an address without a scheme"),
        pytest.param("*.a.example", '"https://*.a.example"', id="a pattern without a scheme"),
    ],
)
def test_a_missing_scheme_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-missing-scheme", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("1https://a.example", EXAMPLE, id="a scheme with a digit first"),
        pytest.param("ht_tp://a.example", EXAMPLE, id="a scheme with an underscore"),
        pytest.param(f"{'a' * 65}://b", EXAMPLE, id="a scheme of 65 letters"),
    ],
)
def test_a_scheme_that_is_none_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-scheme", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://a.example:443", '"https://a.example"', id="https with :443"),
        pytest.param("http://a.example:80", '"http://a.example"', id="http with :80"),
        pytest.param("http://[::1]:80", '"http://[::1]"', id="an IPv6 address with :80"),
        pytest.param("https://*.a.example:443", '"https://*.a.example"', id="a pattern with :443"),
    ],
)
def test_a_default_port_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-default-port", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("HTTPS://a.example", '"https://a.example"', id="an upper-case scheme"),
        pytest.param("https://A.example", '"https://a.example"', id="an upper-case host"),
        pytest.param("NULL", '"null"', id="null in upper case"),
    ],
)
def test_upper_case_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-upper-case", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://bücher.example", '"https://xn--bcher-kva.example"', id="a Unicode host"),
        pytest.param("https://BÜCHER.example", '"https://xn--bcher-kva.example"', id="Unicode capitals"),
        pytest.param("https://*.bücher.example", '"https://*.xn--bcher-kva.example"', id="a Unicode pattern"),
        pytest.param("https://straße.example", '"https://xn--strae-oqa.example"', id="a sharp s"),
        pytest.param(
            "https://\u65e5\u672c\u3002example", '"https://xn--wgv71a.example"', id="an ideographic full stop"
        ),
        pytest.param("https://a.exam\u00adple", '"https://a.example"', id="a soft hyphen pasted along"),
        pytest.param("https://a.example\u200b", '"https://a.example"', id="a zero-width space pasted along"),
        pytest.param(
            "https://\u0392\u038c\u039b\u039f\u03a3.example",
            '"https://xn--nxasmq6b.example"',
            id="Greek capitals",
        ),
        pytest.param(
            "https://\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example",
            '"https://xn--mgba3gch31f060k.example"',
            id="a joiner that is part of the name",
        ),
    ],
)
def test_a_unicode_host_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-unicode-host", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param(" https://a.example", '"https://a.example"', id="a space before it"),
        pytest.param("https://a.example ", '"https://a.example"', id="a space after it"),
        pytest.param("https://a.example\r\n", '"https://a.example"', id="a line break after it"),
        pytest.param(" *", '"*"', id="a space before the *"),
    ],
)
def test_white_space_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-space", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("http://[::0001]", '"http://[::1]"', id="IPv6 with leading zeros"),
        pytest.param("http://[0:0:0:0:0:0:0:1]:3000", '"http://[::1]:3000"', id="IPv6 uncompressed"),
        pytest.param("http://[FE80::1]", '"http://[fe80::1]"', id="IPv6 in upper case"),
        pytest.param("http://[::ffff:127.0.0.1]", '"http://[::ffff:7f00:1]"', id="IPv6 with dots"),
        pytest.param("http://[::1%25eth0]", EXAMPLE, id="IPv6 with a zone"),
        pytest.param("http://[::1", EXAMPLE, id="a bracket that stays open"),
        pytest.param("http://[localhost]", EXAMPLE, id="a name in brackets"),
        pytest.param("http://fe80::1:3000", '"http://[fe80::1]:3000"', id="IPv6 without its brackets"),
        pytest.param("http://127.1", '"http://127.0.0.1"', id="IPv4 in two numbers"),
        pytest.param("http://2130706433", '"http://127.0.0.1"', id="IPv4 in one number"),
        pytest.param("http://0x7f.0.0.1", '"http://127.0.0.1"', id="hexadecimal IPv4"),
        pytest.param("http://127.000.0.1", '"http://127.0.0.1"', id="IPv4 with leading zeros"),
        pytest.param("http://127.0.0.1.", '"http://127.0.0.1"', id="IPv4 with a dot at its end"),
        pytest.param("http://256.0.0.1", EXAMPLE, id="IPv4 with 256"),
        pytest.param("http://1.2.3.4.5", EXAMPLE, id="IPv4 in five numbers"),
        pytest.param("http://a.0x", EXAMPLE, id="a name that ends in a number"),
    ],
)
def test_an_ip_address_that_is_not_canonical_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-ip-address", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://a.example:0", '"https://a.example"', id="port 0"),
        pytest.param("https://a.example:65536", EXAMPLE, id="port 65536"),
        pytest.param(f"https://a.example:{'9' * 200}", EXAMPLE, id="a port of 200 digits"),
        pytest.param("https://a.example:08080", '"https://a.example:8080"', id="a port with a leading zero"),
        pytest.param("https://a.example:", '"https://a.example"', id="a colon without a port"),
        pytest.param("https://a.example:http", EXAMPLE, id="a port in letters"),
    ],
)
def test_a_port_that_is_none_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-port", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param(f"https://{LABEL_63}a.example", EXAMPLE, id="a label of 64 letters"),
        pytest.param(f"https://{HOST_253}a", EXAMPLE, id="a host of 254 letters"),
        pytest.param(f"app://{HOST_253}a", EXAMPLE, id="an opaque host of 254 letters"),
    ],
)
def test_what_is_too_long_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-too-long", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://", EXAMPLE, id="no host"),
        pytest.param("https://a..example", EXAMPLE, id="two dots in a row"),
        pytest.param("https://.a.example", EXAMPLE, id="a dot before the host"),
        pytest.param("https://%61.example", EXAMPLE, id="a percent-encoded host"),
        pytest.param("http://xn--f", EXAMPLE, id="Punycode that does not decode"),
        pytest.param("https://a.xn--.example", EXAMPLE, id="Punycode of nothing"),
        pytest.param("https://*.xn--abc-.example", EXAMPLE, id="Punycode of ASCII in a pattern"),
        pytest.param('app://a"b', EXAMPLE, id="a quote in an opaque host"),
        pytest.param("app://é", EXAMPLE, id="a letter outside ASCII in an opaque host"),
        pytest.param("app://a%2", EXAMPLE, id="half an escape in an opaque host"),
    ],
)
def test_a_host_that_is_none_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-host", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("file:///home/me/a.html", ANY_PORT, id="a file"),
        pytest.param("FILE:///C:/a.html", ANY_PORT, id="a file in upper case"),
    ],
)
def test_a_file_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-file", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("", "Leave it out", id="an empty string"),
        pytest.param("  ", "Leave it out", id="nothing but blanks"),
    ],
)
def test_an_empty_string_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-empty", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param(
            "https://a.example,https://b.example",
            '["https://a.example", "https://b.example"]',
            id="origins joined by a comma",
        ),
        pytest.param(
            "https://a.example, b.example/",
            '["https://a.example", "https://b.example"]',
            id="origins joined by a comma, with faults of their own",
        ),
        pytest.param(
            "https://a.example https://b.example",
            '["https://a.example", "https://b.example"]',
            id="origins joined by a space",
        ),
    ],
)
def test_a_list_in_a_string_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-list-in-a-string", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param("https://*", PATTERN, id="a * for the host"),
        pytest.param("*://a.example", PATTERN, id="a * for the scheme"),
        pytest.param("https://*.", PATTERN, id="a * with nothing behind its dot"),
        pytest.param("https://a*.example", PATTERN, id="a * within a label"),
        pytest.param("https://*a.example", '"https://*.a.example"', id="a * without its dot"),
        pytest.param("https://a.*.example", PATTERN, id="a * in the middle"),
        pytest.param("https://a.*", PATTERN, id="a * for the top-level domain"),
        pytest.param("https://*.*.example", PATTERN, id="two labels of *"),
        pytest.param("https://*.0.0.1", PATTERN, id="a * in an IPv4 address"),
        pytest.param("https://a.example:8*", ANY_PORT, id="a * within the port"),
        pytest.param("vscode-webview://*", "allow_origin_regex", id="a * for an opaque host"),
        pytest.param("app://a*", "allow_origin_regex", id="a * within an opaque host"),
        pytest.param("http://localhost:**", ANY_PORT, id="two * for the port"),
    ],
)
def test_a_wildcard_anywhere_else_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-wildcard", write)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        pytest.param(
            r"https://.*\.a\.example",
            r'allow_origin_regex=r"https://.*\.a\.example"',
            id="a regular expression",
        ),
    ],
)
def test_a_regular_expression_is_refused(entry: str, write: str) -> None:
    assert_refused(entry, "origin-regex", write)


def test_a_hint_for_a_star_before_a_suffix_makes_no_label_that_begins_with_a_hyphen() -> None:
    (problem,) = refused({"allow_origins": ["https://*-app.example.com"]})
    assert problem.code == "origin-wildcard"
    assert "*.-app" not in problem.hint


@pytest.mark.parametrize(
    ("entry", "codes", "write"),
    [
        pytest.param(
            "HTTPS://Bücher.example:443/shop",
            ("origin-upper-case", "origin-unicode-host", "origin-default-port", "origin-path"),
            '"https://xn--bcher-kva.example"',
            id="scheme, host, port and path",
        ),
        pytest.param(
            "127.1",
            ("origin-missing-scheme", "origin-ip-address"),
            '"http://127.0.0.1"',
            id="no scheme, and IPv4 in two numbers",
        ),
        pytest.param(
            "HTTP://127.1",
            ("origin-upper-case", "origin-ip-address"),
            '"http://127.0.0.1"',
            id="an upper-case scheme, and IPv4 in two numbers",
        ),
        pytest.param(
            "https://a.example/app?x=1#top",
            ("origin-path", "origin-query", "origin-fragment"),
            '"https://a.example"',
            id="path, query and fragment",
        ),
        pytest.param(
            "me@A.example:0 ",
            ("origin-space", "origin-missing-scheme", "origin-userinfo", "origin-upper-case", "origin-port"),
            '"https://a.example"',
            id="space, no scheme, user name, upper case and port 0",
        ),
        pytest.param(
            f"https://{'a' * 400}.example",
            ("origin-too-long", "origin-too-long", "origin-too-long"),
            '"https://app.example.com"',
            id="label, host and the whole too long",
        ),
    ],
)
def test_each_fault_of_an_entry_is_named_and_each_hint_mends_all(
    entry: str, codes: tuple[str, ...], write: str
) -> None:
    problems = refused({"allow_origins": [entry]})
    assert tuple(problem.code for problem in problems) == codes
    assert all(write in problem.hint for problem in problems)


@pytest.mark.parametrize("entry", ["https://a.example/", "http://localhost:*/", "https://*.A.example"])
def test_the_origins_of_allow_credentials_are_held_to_the_same(entry: str) -> None:
    (problem,) = refused({"allow_credentials": [entry]})
    assert (problem.option, problem.value) == ("allow_credentials", entry)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("https://\ud800.1", id="a lone surrogate, as undecodable environment variables have"),
        pytest.param("https://\x00.1", id="a zero byte"),
        pytest.param("https://²", id="a digit that is no ASCII digit"),
        pytest.param("https://a.example:٣", id="a port in digits that are not ASCII"),
        pytest.param("://", id="separators alone"),
        pytest.param("@", id="an at sign"),
        pytest.param("[", id="a bracket"),
        pytest.param(".*", id="a dot and a *"),
        pytest.param("http://a.example:1:2", id="two ports"),
        pytest.param("data:", id="a scheme without an origin"),
    ],
)
def test_whatever_the_text_it_is_refused_with_a_problem_in_printable_ascii(entry: str) -> None:
    problems = refused({"allow_origins": [entry]})
    assert problems
    for problem in problems:
        assert re.fullmatch(r"[ -~]+", problem.message)
        assert re.fullmatch(r"[ -~]+", problem.hint)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("https://a.example", id="an https origin"),
        pytest.param("http://a.example", id="an http origin without credentials"),
        pytest.param("https://a.example:8443", id="a port"),
        pytest.param("https://a.example:80", id="the default port of another scheme"),
        pytest.param("https://a.example:1", id="port 1"),
        pytest.param("https://a.example:65535", id="port 65535"),
        pytest.param("https://a.example.", id="a dot at the end of the host"),
        pytest.param("https://my_app.example", id="an underscore"),
        pytest.param("https://-a.example", id="a hyphen first"),
        pytest.param("https://intranet", id="a host of one label"),
        pytest.param("https://xn--bcher-kva.example", id="Punycode"),
        pytest.param("http://192.168.0.1:3000", id="an IPv4 address"),
        pytest.param("http://[::1]:3000", id="an IPv6 address"),
        pytest.param(f"https://{LABEL_63}.example", id="a label of 63 letters"),
        pytest.param(f"https://{HOST_253}", id="a host of 253 letters"),
        pytest.param("null", id="null without credentials"),
        pytest.param("*", id="a * without credentials"),
        pytest.param("https://*.example.com", id="a pattern for subdomains"),
        pytest.param("https://*.com", id="a pattern for a public suffix, without credentials"),
        pytest.param("https://*.example.com:8443", id="a pattern for subdomains with a port"),
        pytest.param("https://*.example.com:*", id="a pattern for subdomains and any port"),
        pytest.param("http://localhost:*", id="a pattern for any port"),
        pytest.param("http://[::1]:*", id="a pattern for any port of an IPv6 address"),
        pytest.param("chrome-extension://jmjflgjpcpepeafmmgdpfkogkghcpiha", id="a Chromium extension"),
        pytest.param("moz-extension://3c4d7a1e-7e2f-4d4e-9a57-3a2f5c1b0d9e", id="a Firefox extension"),
        pytest.param("capacitor://localhost", id="a Capacitor app"),
        pytest.param("ionic://localhost", id="an Ionic app"),
        pytest.param("tauri://localhost", id="a Tauri app"),
        pytest.param("app://obsidian.md", id="an Electron app"),
        pytest.param("capacitor://1", id="a number as the opaque host of an app"),
        pytest.param("app://.", id="an Electron app without a name"),
        pytest.param("electron://Altair", id="an opaque host in upper case"),
        pytest.param("vscode-webview://0a1b2c", id="a web view of an editor"),
        pytest.param("file://", id="what some apps send for files"),
    ],
)
def test_an_entry_that_can_match_is_not_refused(entry: str) -> None:
    assert CORSPolicy(allow_origins=[entry]).allow_origins == (entry,)


# With credentials.


@pytest.mark.parametrize(
    ("options", "option", "value"),
    [
        pytest.param(
            {"allow_origins": "*", "allow_credentials": True}, "allow_origins", "*", id="* and True"
        ),
        pytest.param(
            {"allow_origins": ["https://a.example", "*"], "allow_credentials": True},
            "allow_origins",
            "*",
            id="* among origins and True",
        ),
        pytest.param({"allow_credentials": "*"}, "allow_credentials", "*", id="credentials for *"),
        pytest.param({"allow_credentials": ["*"]}, "allow_credentials", "*", id="credentials for [*]"),
        pytest.param(
            {
                "allow_origins": "*",
                "allow_credentials": True,
                "dangerously_allow": ["insecure-origins", "null-origin", "public-suffix-subdomains"],
            },
            "allow_origins",
            "*",
            id="* and True with every opt-in",
        ),
    ],
)
def test_any_origin_with_credentials_is_refused_and_has_no_opt_in(
    options: dict[str, Any], option: str, value: str
) -> None:
    (problem,) = refused(options)
    assert (problem.code, problem.option, problem.value) == ("wildcard-with-credentials", option, value)
    assert 'allow_credentials=["https://app.example.com"]' in problem.hint
    assert "dangerously_allow" not in problem.hint


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"allow_origin_regex": ".*"}, id="an expression for anything, without credentials"),
        pytest.param(
            {"allow_origin_regex": ".*", "allow_credentials": ["https://a.example"]},
            id="an expression for anything, with credentials for others",
        ),
        pytest.param(
            {"allow_origins": "*", "allow_credentials": ["https://a.example"]}, id="* with a credentials list"
        ),
        pytest.param({"allow_origins": "*", "allow_credentials": []}, id="* with an empty credentials list"),
    ],
)
def test_a_wildcard_apart_from_credentials_is_not_refused(options: dict[str, Any]) -> None:
    assert isinstance(CORSPolicy(**options), CORSPolicy)


# Code of the problem, and the name of the danger that is to be accepted instead.
NULL = ("null-with-credentials", "null-origin")
INSECURE = ("insecure-origin-with-credentials", "insecure-origins")
SUFFIX = ("public-suffix-with-credentials", "public-suffix-subdomains")

UNSAFE = [
    pytest.param("null", NULL, "Leave it out", id="null"),
    pytest.param("file://", NULL, "Leave it out", id="every file"),
    pytest.param("http://a.example", INSECURE, '"https://a.example"', id="an http origin"),
    pytest.param(
        "http://a.example:8080", INSECURE, '"https://a.example:8080"', id="an http origin with a port"
    ),
    pytest.param(
        "http://a.example:443", INSECURE, '"https://a.example"', id="an http origin with the port of https"
    ),
    pytest.param("http://*.a.example", INSECURE, '"https://*.a.example"', id="an http pattern"),
    pytest.param(
        "http://192.168.0.1", INSECURE, '"https://192.168.0.1"', id="an address in a private network"
    ),
    pytest.param("http://[::2]", INSECURE, '"https://[::2]"', id="an IPv6 address that is not loopback"),
    pytest.param(
        "http://localhost.a.example",
        INSECURE,
        '"https://localhost.a.example"',
        id="a host that only begins with localhost",
    ),
    pytest.param(
        "http://127.a.example", INSECURE, '"https://127.a.example"', id="a host that only begins with 127"
    ),
    pytest.param(
        "ftp://a.example",
        INSECURE,
        'dangerously_allow=["insecure-origins"]',
        id="another scheme that is not https",
    ),
    pytest.param("ws://a.example", INSECURE, "Use https", id="a socket without TLS"),
    pytest.param("https://*.com", SUFFIX, '"https://*.example.com"', id="a pattern on a top-level domain"),
    pytest.param(
        "https://*.co.uk",
        SUFFIX,
        '"https://*.example.co.uk"',
        id="a pattern on a public suffix of two labels",
    ),
    pytest.param(
        "https://*.github.io",
        SUFFIX,
        '"https://example.github.io"',
        id="a pattern on a suffix of the private part",
    ),
    pytest.param(
        "https://*.github.io.",
        SUFFIX,
        '"https://example.github.io"',
        id="a pattern on a public suffix with a dot at its end",
    ),
    pytest.param(
        "https://*.com:*", SUFFIX, '"https://*.example.com:*"', id="a pattern on a public suffix and any port"
    ),
    pytest.param(
        "https://*.xn--p1ai",
        SUFFIX,
        '"https://*.example.xn--p1ai"',
        id="a pattern on a public suffix in Punycode",
    ),
    pytest.param(
        "https://*.railway.app",
        SUFFIX,
        '"https://example.up.railway.app"',
        id="a pattern on a domain with a public suffix below it",
    ),
    pytest.param(
        "https://*.railway.app.:8443",
        SUFFIX,
        '"https://example.up.railway.app:8443"',
        id="the same with a dot at its end and a port",
    ),
    pytest.param(
        "https://*.amazonaws.com",
        SUFFIX,
        '"https://example.s3.amazonaws.com"',
        id="a domain with many of them, of which the shortest is shown",
    ),
    pytest.param("https://*.ck", SUFFIX, "Write your own domain", id="a suffix by a wildcard rule"),
    pytest.param(
        "https://*.compute.amazonaws.com", SUFFIX, "List the origins", id="the domain of a wildcard rule"
    ),
    pytest.param("https://*.kobe.jp", SUFFIX, "Write your own domain", id="the domain of an exception rule"),
    pytest.param("https://*.internal", SUFFIX, "List the origins", id="a top level that nobody lists"),
    pytest.param("https://*.lan", SUFFIX, "List the origins", id="another one"),
]


@pytest.mark.parametrize(("entry", "fault", "write"), UNSAFE)
def test_an_origin_that_is_unsafe_with_credentials_is_refused(
    entry: str, fault: tuple[str, str], write: str
) -> None:
    (problem,) = refused({"allow_origins": [entry], "allow_credentials": True})
    assert (problem.code, problem.option, problem.value) == (fault[0], "allow_origins", entry)
    assert write in problem.hint
    assert f'dangerously_allow=["{fault[1]}"]' in problem.hint


@pytest.mark.parametrize(("entry", "fault", "write"), UNSAFE)
def test_an_origin_that_is_unsafe_with_credentials_is_refused_in_their_list(
    entry: str, fault: tuple[str, str], write: str
) -> None:
    (problem,) = refused({"allow_credentials": [entry]})
    assert (problem.code, problem.option, problem.value) == (fault[0], "allow_credentials", entry)
    assert write in problem.hint
    assert f'dangerously_allow=["{fault[1]}"]' in problem.hint


@pytest.mark.parametrize(("entry", "fault", "write"), UNSAFE)
def test_an_unsafe_origin_is_not_refused_when_its_danger_is_named(
    entry: str, fault: tuple[str, str], write: str
) -> None:
    policy = CORSPolicy(allow_origins=[entry], allow_credentials=True, dangerously_allow=fault[1])
    assert policy.dangerously_allow == (fault[1],)
    assert CORSPolicy(allow_credentials=[entry], dangerously_allow=[fault[1]]).allow_credentials == (entry,)


@pytest.mark.parametrize(("entry", "fault", "write"), UNSAFE)
def test_an_unsafe_origin_is_refused_when_only_other_dangers_are_named(
    entry: str, fault: tuple[str, str], write: str
) -> None:
    others = {"insecure-origins", "null-origin", "public-suffix-subdomains", "unproven-regex"} - {fault[1]}
    (problem,) = refused({"allow_credentials": [entry], "dangerously_allow": others})
    assert problem.code == fault[0]


@pytest.mark.parametrize(("entry", "fault", "write"), UNSAFE)
def test_an_unsafe_origin_is_not_refused_without_credentials(
    entry: str, fault: tuple[str, str], write: str
) -> None:
    assert CORSPolicy(allow_origins=[entry]).allow_origins == (entry,)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("https://a.example", id="https"),
        pytest.param("https://192.168.0.1", id="https on an address"),
        pytest.param("https://*.example.com", id="a pattern on a domain of one's own"),
        pytest.param("https://*.me.github.io", id="a pattern below a suffix of the private part"),
        pytest.param("http://localhost", id="localhost"),
        pytest.param("http://localhost:3000", id="localhost with a port"),
        pytest.param("http://localhost:*", id="localhost with any port"),
        pytest.param("http://localhost.:3000", id="localhost with a dot at its end"),
        pytest.param("http://app.localhost", id="a subdomain of localhost"),
        pytest.param("http://*.localhost:*", id="any subdomain of localhost with any port"),
        pytest.param("http://127.0.0.1:8000", id="127.0.0.1"),
        pytest.param("http://127.255.255.254", id="127.255.255.254"),
        pytest.param("http://[::1]:3000", id="::1"),
        pytest.param("capacitor://localhost", id="a Capacitor app"),
        pytest.param("ionic://localhost", id="an Ionic app"),
        pytest.param("tauri://localhost", id="a Tauri app"),
        pytest.param("app://obsidian.md", id="an Electron app"),
        pytest.param("vscode-webview://0a1b2c", id="a web view of an editor"),
        pytest.param("my-app://bundle", id="an app that nobody knows"),
        pytest.param("gopher://a.example", id="whatever scheme is not special"),
        pytest.param("wss://a.example", id="a socket with TLS"),
        pytest.param("https://*.corp.internal", id="a pattern on a domain below a top level nobody lists"),
        pytest.param("https://*.city.kobe.jp", id="a pattern on an exception of the list"),
        pytest.param("https://*.foo.amazonaws.com", id="a pattern beside public suffixes"),
        pytest.param("chrome-extension://jmjflgjpcpepeafmmgdpfkogkghcpiha", id="a Chromium extension"),
        pytest.param("moz-extension://3c4d7a1e-7e2f-4d4e-9a57-3a2f5c1b0d9e", id="a Firefox extension"),
        pytest.param("capacitor://*.com", id="a pattern on a host that no registry gives out"),
        pytest.param("https://com", id="a public suffix itself"),
    ],
)
def test_an_origin_that_is_safe_with_credentials_is_not_refused(entry: str) -> None:
    assert CORSPolicy(allow_origins=[entry], allow_credentials=True).allow_origins == (entry,)
    assert CORSPolicy(allow_credentials=[entry]).allow_credentials == (entry,)


@pytest.mark.parametrize(
    ("entry", "because"),
    [
        pytest.param("https://*.github.io", "names under github.io belong to many owners", id="a suffix"),
        pytest.param(
            "https://*.railway.app",
            "names under up.railway.app belong to many owners",
            id="one above a suffix",
        ),
        pytest.param(
            "https://*.internal",
            "the public suffix list does not know who owns names under internal",
            id="a top level that is not listed",
        ),
    ],
)
def test_a_pattern_is_refused_with_the_reason_why_names_are_not_safe(entry: str, because: str) -> None:
    (problem,) = refused({"allow_credentials": [entry]})
    assert because in problem.message
    assert "*." not in problem.hint


def test_an_http_pattern_on_a_public_suffix_has_two_problems() -> None:
    problems = refused({"allow_origins": ["http://*.github.io"], "allow_credentials": True})
    assert tuple(problem.code for problem in problems) == (
        "insecure-origin-with-credentials",
        "public-suffix-with-credentials",
    )


@pytest.mark.parametrize(
    "credentials", [pytest.param(True, id="True"), pytest.param(["https://a.example"], id="a list")]
)
def test_exposing_every_header_is_refused_with_credentials(credentials: bool | list[str]) -> None:
    (problem,) = refused({"expose_headers": "*", "allow_credentials": credentials})
    assert (problem.code, problem.option, problem.value) == (
        "wildcard-with-credentials",
        "expose_headers",
        "*",
    )
    assert 'expose_headers=["X-Request-Id"]' in problem.hint


# Methods and headers.


@pytest.mark.parametrize(
    ("method", "code", "write"),
    [
        pytest.param("CONNECT", "forbidden-method", "Leave it out", id="CONNECT"),
        pytest.param("TRACE", "forbidden-method", "Leave it out", id="TRACE"),
        pytest.param("TRACK", "forbidden-method", "Leave it out", id="TRACK"),
        pytest.param("trace", "forbidden-method", "Leave it out", id="a forbidden method in lower case"),
        pytest.param(
            "GET, POST", "not-a-token", 'allow_methods=["GET", "POST"]', id="methods joined by commas"
        ),
        pytest.param(
            "GET POST", "not-a-token", 'allow_methods=["GET", "POST"]', id="methods joined by a space"
        ),
        pytest.param(" PUT", "not-a-token", 'allow_methods=["PUT"]', id="a space before it"),
        pytest.param("", "not-a-token", "Leave it out", id="an empty string"),
        pytest.param("PÜT", "not-a-token", "Leave it out", id="a letter outside ASCII"),
        pytest.param("po\u017ft", "not-a-token", "Leave it out", id="a letter whose upper case is in ASCII"),
    ],
)
def test_a_method_that_no_browser_sends_is_refused(method: str, code: str, write: str) -> None:
    (problem,) = refused({"allow_methods": [method]})
    assert (problem.code, problem.option, problem.value) == (code, "allow_methods", method)
    assert write in problem.hint


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        pytest.param("X-Token, X-Page", '=["X-Token", "X-Page"]', id="names joined by commas"),
        pytest.param("X-Token X-Page", '=["X-Token", "X-Page"]', id="names joined by a space"),
        pytest.param(" X-Token", '=["X-Token"]', id="a space before it"),
        pytest.param("", "Leave it out", id="an empty string"),
        pytest.param("X-Tökén", "Leave it out", id="a letter outside ASCII"),
        pytest.param("X-Token\r\nSet-Cookie", '=["X-Token", "Set-Cookie"]', id="a line break"),
    ],
)
def test_a_header_name_that_is_no_token_is_refused(name: str, pieces: str) -> None:
    (problem,) = refused({"allow_headers": [name]})
    assert (problem.code, problem.option, problem.value) == ("not-a-token", "allow_headers", name)
    assert pieces in problem.hint
    (problem,) = refused({"expose_headers": name})
    assert (problem.code, problem.option, problem.value) == ("not-a-token", "expose_headers", name)
    assert pieces in problem.hint


# Single values.


@pytest.mark.parametrize(
    ("max_age", "code", "write"),
    [
        pytest.param(True, "wrong-type", "max_age=600", id="True"),
        pytest.param(False, "wrong-type", "max_age=600", id="False"),
        pytest.param("600", "wrong-type", "max_age=600", id="a string"),
        pytest.param(600.0, "wrong-type", "max_age=600", id="a float"),
        pytest.param(timedelta(milliseconds=1500), "wrong-type", "max_age=600", id="a second and a half"),
        pytest.param(-1, "negative-max-age", "max_age=0", id="-1"),
        pytest.param(timedelta(seconds=-1), "negative-max-age", "max_age=0", id="a negative timedelta"),
    ],
)
def test_a_max_age_that_is_no_number_of_seconds_is_refused(max_age: object, code: str, write: str) -> None:
    options: dict[str, Any] = {"max_age": max_age}
    (problem,) = refused(options)
    assert (problem.code, problem.option, problem.value) == (code, "max_age", max_age)
    assert write in problem.hint


@pytest.mark.parametrize(
    ("max_age", "seconds"),
    [
        pytest.param(0, 0, id="0"),
        pytest.param(86400, 86400, id="a day"),
        pytest.param(timedelta(hours=2), 7200, id="a timedelta"),
        pytest.param(None, None, id="None"),
    ],
)
def test_a_max_age_of_whole_seconds_is_not_refused(
    max_age: int | timedelta | None, seconds: int | None
) -> None:
    assert CORSPolicy(max_age=max_age).max_age == seconds


@pytest.mark.parametrize("credentials", [True, False])
def test_an_invalid_regular_expression_is_refused(credentials: bool) -> None:
    (problem,) = refused({"allow_origin_regex": "https://(a", "allow_credentials": credentials})
    assert (problem.code, problem.option, problem.value) == (
        "invalid-regex",
        "allow_origin_regex",
        "https://(a",
    )
    assert r'r"https://[a-z]+\.example\.com"' in problem.hint


@pytest.mark.parametrize(
    ("name", "write"),
    [
        pytest.param("insecure-origin", '"insecure-origins"', id="a letter is missing"),
        pytest.param("null-origins", '"null-origin"', id="a letter too many"),
        pytest.param(
            "everything", "insecure-origins, null-origin, public-suffix-subdomains", id="no name comes near"
        ),
    ],
)
def test_a_danger_that_does_not_exist_is_refused(name: str, write: str) -> None:
    (problem,) = refused({"dangerously_allow": [name]})
    assert (problem.code, problem.option, problem.value) == ("unknown-danger", "dangerously_allow", name)
    assert write in problem.hint


@pytest.mark.parametrize(
    ("name", "write"),
    [
        pytest.param("supports_credentials", "allow_credentials=", id="supports_credentials of Flask-CORS"),
        pytest.param("origins", "allow_origins=", id="origins of Flask-CORS"),
        pytest.param("methods", "allow_methods=", id="methods of Flask-CORS"),
        pytest.param("CORS_ALLOWED_ORIGINS", "allow_origins=", id="CORS_ALLOWED_ORIGINS of Django"),
        pytest.param("allow_origin", "allow_origins=", id="the plural forgotten"),
        pytest.param("allow_orgins", "allow_origins=", id="a letter forgotten"),
        pytest.param("ALLOW_ORIGIN_REGEX", "allow_origin_regex=", id="upper case"),
        pytest.param("maxage", "max_age=", id="the underscore forgotten"),
        pytest.param("zzz", "allow_origins, allow_origin_regex", id="no name comes near, so all are listed"),
        pytest.param("vary_header", "allow_origins, allow_origin_regex", id="a name that only sounds alike"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest_name(name: str, write: str) -> None:
    options: dict[str, Any] = {name: True}
    (problem,) = refused(options)
    assert (problem.code, problem.option) == ("unknown-option", name)
    assert write in problem.hint


WRONG_TYPES = [
    pytest.param("allow_origins", None, 'allow_origins=["https://app.example.com"]', id="origins as None"),
    pytest.param("allow_origins", 1, 'allow_origins=["https://app.example.com"]', id="origins as a number"),
    pytest.param("allow_origins", b"*", 'allow_origins=["https://app.example.com"]', id="origins as bytes"),
    pytest.param(
        "allow_origins", {"*": 1}, 'allow_origins=["https://app.example.com"]', id="origins as a dict"
    ),
    pytest.param("allow_origins", re.compile("a"), "allow_origin", id="origins as an expression"),
    pytest.param("allow_origin_regex", 1, "allow_origin_regex=", id="an expression as a number"),
    pytest.param("allow_origin_regex", b"a", "allow_origin_regex=", id="an expression as bytes"),
    pytest.param("allow_origin_regex", ["a"], "allow_origin_regex=", id="expressions as a list"),
    pytest.param("allow_origin_regex", re.compile(b"a"), "allow_origin_regex=", id="an expression for bytes"),
    pytest.param("allow_origin_func", "a", "allow_origin_func=func", id="a function as a string"),
    pytest.param("allow_origin_func", True, "allow_origin_func=func", id="a function as a bool"),
    pytest.param("allow_methods", None, 'allow_methods=["GET", "POST"]', id="methods as None"),
    pytest.param("allow_methods", b"GET", 'allow_methods=["GET", "POST"]', id="methods as bytes"),
    pytest.param("allow_headers", 1, 'allow_headers=["Authorization"]', id="headers as a number"),
    pytest.param("allow_headers", True, 'allow_headers=["Authorization"]', id="headers as a bool"),
    pytest.param("allow_credentials", None, "allow_credentials=True", id="credentials as None"),
    pytest.param("allow_credentials", 1, "allow_credentials=True", id="credentials as a number"),
    pytest.param("allow_credentials", "true", "allow_credentials=True", id="credentials as the string true"),
    pytest.param(
        "allow_credentials", "False", "allow_credentials=False", id="credentials as the string False"
    ),
    pytest.param(
        "allow_credentials", " TRUE ", "allow_credentials=True", id="credentials as a string with blanks"
    ),
    pytest.param("expose_headers", None, 'expose_headers=["X-Request-Id"]', id="exposed headers as None"),
    pytest.param("max_age", [600], "max_age=600", id="seconds as a list"),
    pytest.param("allow_private_network", None, "allow_private_network=", id="private network as None"),
    pytest.param("allow_private_network", 1, "allow_private_network=", id="private network as a number"),
    pytest.param("allow_private_network", "true", "allow_private_network=", id="private network as a string"),
    pytest.param("dangerously_allow", True, 'dangerously_allow=["insecure-origins"]', id="dangers as a bool"),
]


@pytest.mark.parametrize(("option", "value", "write"), WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_refused(option: str, value: object, write: str) -> None:
    options: dict[str, Any] = {option: value}
    (problem,) = refused(options)
    assert (problem.code, problem.option, problem.value) == ("wrong-type", option, value)
    assert write in problem.hint


@pytest.mark.parametrize(
    ("option", "entry", "write"),
    [
        pytest.param("allow_origins", 1, "allow_origins=", id="a number among origins"),
        pytest.param("allow_origins", None, "allow_origins=", id="None among origins"),
        pytest.param(
            "allow_origins", re.compile("a"), "allow_origin_regex=", id="an expression among origins"
        ),
        pytest.param("allow_credentials", True, "allow_credentials=", id="a bool among credentialed origins"),
        pytest.param("allow_methods", b"GET", "allow_methods=", id="bytes among methods"),
        pytest.param("allow_headers", 1, "allow_headers=", id="a number among headers"),
        pytest.param("allow_headers", re.compile("x-.*"), "allow_headers=", id="an expression among headers"),
        pytest.param("expose_headers", None, "expose_headers=", id="None among exposed headers"),
        pytest.param("dangerously_allow", 1, "dangerously_allow=", id="a number among dangers"),
    ],
)
def test_an_entry_of_the_wrong_type_is_refused_by_itself(option: str, entry: object, write: str) -> None:
    options: dict[str, Any] = {option: [entry]}
    (problem,) = refused(options)
    assert (problem.code, problem.option, problem.value) == ("wrong-type", option, entry)
    assert write in problem.hint


# All at once.


def test_all_problems_of_a_policy_come_at_once() -> None:
    options: dict[str, Any] = {
        "allow_origins": ["https://a.example/", "http://b.example", "null", 5],
        "allow_origin_regex": "(",
        "allow_origin_func": "no function",
        "allow_methods": ["TRACE", "A B"],
        "allow_headers": ["A:"],
        "allow_credentials": True,
        "expose_headers": "*",
        "max_age": -1,
        "allow_private_network": "yes",
        "dangerously_allow": ["all"],
        "supports_credentials": True,
    }
    problems = refused(options)
    assert sorted((problem.option, problem.code) for problem in problems) == [
        ("allow_headers", "not-a-token"),
        ("allow_methods", "forbidden-method"),
        ("allow_methods", "not-a-token"),
        ("allow_origin_func", "wrong-type"),
        ("allow_origin_regex", "invalid-regex"),
        ("allow_origins", "insecure-origin-with-credentials"),
        ("allow_origins", "null-with-credentials"),
        ("allow_origins", "origin-trailing-slash"),
        ("allow_origins", "wrong-type"),
        ("allow_private_network", "wrong-type"),
        ("dangerously_allow", "unknown-danger"),
        ("expose_headers", "wildcard-with-credentials"),
        ("max_age", "negative-max-age"),
        ("supports_credentials", "unknown-option"),
    ]


def test_of_several_entries_only_the_faulty_one_is_written_anew() -> None:
    (problem,) = refused({"allow_methods": ["GET, POST", "PUT"]})
    assert problem.hint == 'Write "GET", "POST".'


def test_credentials_that_are_neither_yes_nor_no_nor_a_list_are_refused() -> None:
    (problem,) = refused({"allow_credentials": 1})
    assert problem.message == "takes True, False or a list of origins, not 1."


def test_a_fault_hides_no_other_fault_of_the_origin_that_was_meant() -> None:
    problems = refused({"allow_origins": ["http://Example.com"], "allow_credentials": True})
    assert [(problem.code, problem.value) for problem in problems] == [
        ("origin-upper-case", "http://Example.com"),
        ("insecure-origin-with-credentials", "http://example.com"),
    ]


def test_several_unknown_options_are_all_named() -> None:
    options: dict[str, Any] = {"origins": "*", "methods": "*"}
    assert tuple(problem.option for problem in refused(options)) == ("origins", "methods")


def test_an_error_with_very_many_problems_prints_the_first_twenty() -> None:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy(allow_origins=[f"https://{number}.example/" for number in range(1000)])
    assert len(caught.value.problems) == 1000
    assert str(caught.value).splitlines()[-1] == "  ... and 980 more."
    assert len(str(caught.value).splitlines()) == 42


class _Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_a_value_that_cannot_be_printed_is_named_by_its_type() -> None:
    options: dict[str, Any] = {"max_age": _Unprintable()}
    (problem,) = refused(options)
    assert problem.message == "takes whole seconds, as int or timedelta, not <_Unprintable>."


def test_a_max_age_beyond_all_counting_is_refused() -> None:
    (problem,) = refused({"max_age": 10**5000})
    assert (problem.code, problem.hint) == ("long-max-age", "Write max_age=86400 or less.")
