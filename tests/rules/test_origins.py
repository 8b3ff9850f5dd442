"""allow_origins: which entries are origins or patterns, what is refused, and which origins they match."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crosscors import CORSPolicy

from .conftest import ApprovePolicies
from .kit import APP, HOST_253, LABEL_63, actual, assert_problem, codes, refused, rows, warned

EXAMPLE = "https://app.example.com"
PATTERN = "https://*.example.com"
ANY_PORT = "http://localhost:*"

# Entry, why.
ACCEPTED = [
    ("https://a.example", "an https origin"),
    ("http://a.example", "an http origin without credentials"),
    ("https://a.example:80", "the default port of another scheme"),
    ("https://a.example:1", "port 1"),
    ("https://a.example:65535", "port 65535"),
    ("https://a.example.", "a dot at the end of the host"),
    ("https://my_app.example", "an underscore"),
    ("https://-a.example", "a hyphen first"),
    ("https://intranet", "a host of one label"),
    ("https://xn--bcher-kva.example", "Punycode"),
    ("http://192.168.0.1:3000", "an IPv4 address"),
    ("http://[::1]:3000", "an IPv6 address"),
    (f"https://{LABEL_63}.example", "a label of 63 letters"),
    (f"https://{HOST_253}", "a host of 253 letters"),
    ("null", "null without credentials"),
    ("*", "a * without credentials"),
    ("https://*.example.com", "a pattern for subdomains"),
    ("https://*.com", "a pattern for a public suffix, without credentials"),
    ("https://*.example.com:8443", "a pattern for subdomains with a port"),
    ("https://*.example.com:*", "a pattern for subdomains and any port"),
    ("http://localhost:*", "a pattern for any port"),
    ("chrome-extension://jmjflgjpcpepeafmmgdpfkogkghcpiha", "a Chromium extension"),
    ("capacitor://localhost", "a Capacitor app"),
    ("capacitor://1", "a number as the opaque host of an app"),
    ("app://.", "an Electron app without a name"),
    ("electron://Altair", "an opaque host in upper case"),
    ("file://", "what some apps send for files"),
    ("https://1a.2b", "labels that begin with a digit"),
    ("https://1.2.3.4.com", "an address before a domain"),
    ("http://255.255.255.255:65535", "IPv4 and port"),
    ("http://[::ffff:7f00:1]", "IPv4 mapped into IPv6"),
    ("a+b-c.1://x", "every sign that a scheme may have"),
    ("app://..", "empty labels in an opaque host"),
    ("app://a~!$&'()+,;=%2F", "every sign that an opaque host may have"),
    ("app://" + "a" * 64, "a long opaque host"),
    ("app://xn--f", "an opaque host that looks like Punycode"),
    ("gopher://a:70", "a scheme that is not special and a port"),
    (f"{'s' * 64}://{HOST_253}:65535", "everything as long as it may be"),
    ("http://*.localhost:*", "a pattern for both"),
    ("capacitor://*.a", "a pattern for an app"),
    ("http://[1:0:2:3:4:5:6:7]", "IPv6 with one zero"),
]


@rows("entry", ACCEPTED)
def test_an_entry_that_a_browser_can_send_or_a_pattern_is_accepted(entry: str) -> None:
    policy = CORSPolicy(allow_origins=[entry])
    assert policy.allow_origins == (entry,)
    if "*" not in entry:
        assert actual(policy, entry).matched == entry
        assert actual(CORSPolicy(allow_origin_regex="(?s:.)*"), entry).allowed is (entry != "null")


# Code: entry, what to write, why.
REFUSED = {
    "origin-trailing-slash": [
        ("https://a.example/", "https://a.example", "a trailing slash"),
        ("https://a.example\\", "https://a.example", "a backslash at the end"),
        ("https://a.example:65535/", "https://a.example:65535", "a slash after the last port"),
        ("capacitor://1/", "capacitor://1", "a slash after the opaque host of an app"),
        (f"https://{LABEL_63}/", f"https://{LABEL_63}", "a slash after a label of 63"),
        (f"app://{HOST_253}/", f"app://{HOST_253}", "a slash after an opaque host of 253"),
        (f"https://{HOST_253}/", f"https://{HOST_253}", "a slash after a host of 253"),
        (f"{'s' * 64}://a/", f"{'s' * 64}://a", "a slash after a scheme of 64"),
    ],
    "origin-path": [
        ("https://a.example/app", "https://a.example", "a path"),
        ("https://a.example/app/", "https://a.example", "a path with a slash at its end"),
        ("https:///a.example", "https://a.example", "three slashes"),
    ],
    "origin-query": [
        ("https://a.example?x=1", "https://a.example", "a query"),
    ],
    "origin-fragment": [
        ("https://a.example#top", "https://a.example", "a fragment"),
        ("https://a.example#?x", "https://a.example", "a fragment with a ?"),
    ],
    "origin-userinfo": [
        ("https://me@a.example", "https://a.example", "a user name"),
        ("https://me:pw@a.example", "https://a.example", "a user name and password"),
    ],
    "origin-missing-scheme": [
        ("a.example", "https://a.example", "no scheme"),
        ("://a.example", "https://a.example", "an empty scheme"),
        ("https:/a.example", "https://a.example", "one slash too few"),
        ("https:a.example", "https://a.example", "both slashes missing"),
        ("http:/a.example", "http://a.example", "one slash too few after http"),
        ("yes-man", EXAMPLE, "a word that is surely no host"),
        ("frontend:3000", EXAMPLE, "a name and a port"),
        ("https//a.example", "https://a.example", "the colon missing"),
        ("localhost:3000", "http://localhost:3000", "localhost without a scheme"),
        ("127.0.0.1:80", "http://127.0.0.1", "an address without a scheme"),
        ("*.a.example", "https://*.a.example", "a pattern without a scheme"),
    ],
    "origin-scheme": [
        ("1https://a.example", EXAMPLE, "a scheme with a digit first"),
        ("ht_tp://a.example", EXAMPLE, "a scheme with an underscore"),
        (f"{'a' * 65}://b", EXAMPLE, "a scheme of 65 letters"),
        ("https://https://a.example", "https://a.example", "a scheme twice"),
        ("https://http://a.example", EXAMPLE, "two schemes"),
    ],
    "origin-default-port": [
        ("https://a.example:443", "https://a.example", "https with :443"),
        ("http://a.example:80", "http://a.example", "http with :80"),
        ("http://[::1]:80", "http://[::1]", "an IPv6 address with :80"),
        ("https://*.a.example:443", "https://*.a.example", "a pattern with :443"),
    ],
    "origin-upper-case": [
        ("HTTPS://a.example", "https://a.example", "an upper-case scheme"),
        ("https://None", EXAMPLE, "a variable that was not set"),
        ("https://A.example", "https://a.example", "an upper-case host"),
        ("NULL", "null", "null in upper case"),
    ],
    "origin-unicode-host": [
        ("https://bücher.example", "https://xn--bcher-kva.example", "a Unicode host"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example", "Unicode capitals"),
        ("https://*.bücher.example", "https://*.xn--bcher-kva.example", "a Unicode pattern"),
        ("https://straße.example", "https://xn--strae-oqa.example", "a sharp s"),
        ("https://\u65e5\u672c\u3002example", "https://xn--wgv71a.example", "an ideographic full stop"),
        ("https://\u0392\u038c\u039b\u039f\u03a3.example", "https://xn--nxasmq6b.example", "Greek capitals"),
        (
            "https://\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example",
            "https://xn--mgba3gch31f060k.example",
            "a joiner that is part of the name",
        ),
    ],
    "origin-invisible": [
        ("https://a.exam\u00adple", "https://a.example", "a soft hyphen pasted along"),
        ("https://a.example\u200b", "https://a.example", "a zero-width space"),
        ("https://a.example\u200d", "https://a.example", "a joiner after ASCII"),
        ("\ufeffhttps://a.example", "https://a.example", "a byte order mark"),
        ("\u00ef\u00bb\u00bfhttps://a.example", "https://a.example", "one that was read as Latin-1"),
        ("\udcef\udcbb\udcbfhttps://a.example", "https://a.example", "one that was read in the C locale"),
    ],
    "origin-quoted": [
        ('"https://a.example"', "https://a.example", "double quotes"),
        ("'https://a.example/'", "https://a.example", "single quotes, and a slash at the end"),
        ("\u201chttps://a.example\u201d", "https://a.example", "typographic quotes"),
        ("`https://a.example`", "https://a.example", "backticks"),
        ('\\"https://a.example\\"', "https://a.example", "quotes with backslashes"),
        ('"https://a.example', "https://a.example", "a quote at one end"),
        ('"*"', "*", "a * in quotes"),
        ("'\"https://a.example\"'", "https://a.example", "quotes in quotes"),
        ('"null"', "null", "null in quotes"),
    ],
    "origin-word": [
        ("ALL", "*", "a word for everyone"),
        ("any", "*", "another one"),
        ("true", EXAMPLE, "a word for True"),
        ("3000", "http://localhost:3000", "a port alone"),
    ],
    "origin-template": [
        ("${FRONTEND_URL}", EXAMPLE, "a variable of the shell"),
        ("$FRONTEND_URL", EXAMPLE, "one without braces"),
        ("https://${HOST}:3000", EXAMPLE, "one within"),
        ("$(FRONTEND_URL)", EXAMPLE, "one of Kubernetes"),
        ("%FRONTEND_URL%", EXAMPLE, "a variable of Windows"),
        ("{{ frontend_url }}", EXAMPLE, "a variable of a template"),
        ("https://{host}", EXAMPLE, "an f-string without its f"),
        ("%s", EXAMPLE, "a format"),
        ("<your-origin>", EXAMPLE, "a place to be filled in"),
        ("https://a.example,${B}", EXAMPLE, "one in a list"),
    ],
    "origin-space": [
        (" https://a.example", "https://a.example", "a space before it"),
        ("https://a.example ", "https://a.example", "a space after it"),
        ("https://a.example\r\n", "https://a.example", "a line break after it"),
        (" *", "*", "a space before the *"),
        ("https://a.example # mine", "https://a.example", "a comment behind it"),
        ("- https://a.example", "https://a.example", "a hyphen before it, as in YAML"),
        ("ORIGIN=https://a.example/", "https://a.example", "a name before it, as in .env files"),
        ('ORIGIN="https://a.example"', "https://a.example", "a name before it, and quotes"),
    ],
    "origin-ip-address": [
        ("http://[::0001]", "http://[::1]", "IPv6 with leading zeros"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000", "IPv6 uncompressed"),
        ("http://[FE80::1]", "http://[fe80::1]", "IPv6 in upper case"),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "IPv6 with dots"),
        ("http://[::1%25eth0]", EXAMPLE, "IPv6 with a zone"),
        ("http://[::1", EXAMPLE, "a bracket that stays open"),
        ("http://[localhost]", EXAMPLE, "a name in brackets"),
        ("http://fe80::1:3000", "http://[fe80::1]:3000", "IPv6 without its brackets"),
        ("http://127.1", "http://127.0.0.1", "IPv4 in two numbers"),
        ("http://2130706433", "http://127.0.0.1", "IPv4 in one number"),
        ("http://0x7f.0.0.1", "http://127.0.0.1", "hexadecimal IPv4"),
        ("http://127.000.0.1", "http://127.0.0.1", "IPv4 with leading zeros"),
        ("http://127.0.0.1.", "http://127.0.0.1", "IPv4 with a dot at its end"),
        ("http://256.0.0.1", EXAMPLE, "IPv4 with 256"),
        ("http://1.2.3.4.5", EXAMPLE, "IPv4 in five numbers"),
        ("http://a.0x", EXAMPLE, "a name that ends in a number"),
        ("http://[2001:DB8::0001]", "http://[2001:db8::1]", "IPv6 with zeros in front and capitals"),
        ("http://[1:0:0:2:0:0:0:3]", "http://[1:0:0:2::3]", "IPv6 with two runs of zeros"),
        ("http://[1:0:0:2:0:0:3:4]", "http://[1::2:0:0:3:4]", "IPv6 with two runs of the same length"),
        ("http://[::ffff:0.0.0.0]", "http://[::ffff:0:0]", "IPv6 whose last two zeros stay"),
        ("http://[64:ff9b::192.0.2.1]", "http://[64:ff9b::c000:201]", "IPv6 with dots in another prefix"),
    ],
    "origin-port": [
        ("https://a.example:0", "https://a.example", "port 0"),
        ("https://a.example:65536", EXAMPLE, "port 65536"),
        (f"https://a.example:{'9' * 200}", EXAMPLE, "a port of 200 digits"),
        ("https://a.example:08080", "https://a.example:8080", "a port with a leading zero"),
        ("https://a.example:", "https://a.example", "a colon without a port"),
        ("https://a.example:http", EXAMPLE, "a port in letters"),
        ("http://localhost:[*]", "http://localhost:*", "any port in brackets, as in Spring"),
        ("http://localhost:[3000]", "http://localhost:3000", "one port in brackets"),
        ("http://localhost:[99999]", EXAMPLE, "a port in brackets that is not valid"),
    ],
    "origin-too-long": [
        (f"https://{LABEL_63}a.example", EXAMPLE, "a label of 64 letters"),
        (f"https://{HOST_253}a", EXAMPLE, "a host of 254 letters"),
        (f"app://{HOST_253}a", EXAMPLE, "an opaque host of 254 letters"),
    ],
    "origin-host": [
        ("https://", EXAMPLE, "no host"),
        ("https://a..example", EXAMPLE, "two dots in a row"),
        ("https://.a.example", EXAMPLE, "a dot before the host"),
        ("https://%61.example", EXAMPLE, "a percent-encoded host"),
        ("http://xn--f", EXAMPLE, "Punycode that does not decode"),
        ("https://a.xn--.example", EXAMPLE, "Punycode of nothing"),
        ("https://*.xn--abc-.example", EXAMPLE, "Punycode of ASCII in a pattern"),
        ('app://a"b', EXAMPLE, "a quote in an opaque host"),
        ("app://é", EXAMPLE, "a letter outside ASCII in an opaque host"),
        ("app://a%2", EXAMPLE, "half an escape in an opaque host"),
    ],
    "origin-file": [
        ("file:///home/me/a.html", ANY_PORT, "a file"),
        ("FILE:///C:/a.html", ANY_PORT, "a file in upper case"),
    ],
    "origin-wildcard": [
        ("*://a.example", PATTERN, "a * for the scheme"),
        ("https://*.", PATTERN, "a * with nothing behind its dot"),
        ("https://*a.example", "https://*.a.example", "a * without its dot"),
        ("https://a.*", PATTERN, "a * for the top-level domain"),
        ("https://*.0.0.1", PATTERN, "a * in an IPv4 address"),
        ("vscode-webview://*", PATTERN, "a * for an opaque host"),
        ("app://a*", PATTERN, "a * within an opaque host"),
        ("http://localhost:**", ANY_PORT, "two * for the port"),
    ],
}
REFUSED_ROWS = [(code, *row) for code, entries in REFUSED.items() for row in entries]
# An entry that is not one origin. Code, entry, what the hint says, why.
AB = '["https://a.example", "https://b.example"]'
SPLIT = '[each.strip() for each in text.split(",")]'
NOT_ONE_ORIGIN = [
    ("origin-empty", "", "Leave it out", "an empty string"),
    ("origin-empty", "  ", "Leave it out", "nothing but blanks"),
    ("origin-empty", '""', "Leave it out", "nothing in quotes"),
    ("origin-empty", "\ufeff", "Leave it out", "nothing but a byte order mark"),
    ("origin-word", "None", "Leave it out", "a variable that was not set, in Python"),
    ("origin-word", "undefined", "Leave it out", "the same in JavaScript"),
    ("origin-word", "false", "such as", "a word for False"),
    ("origin-quoted", '"undefined"', "Leave it out", "a variable that was not set, in quotes"),
    ("origin-list-in-a-string", "https://a.example,https://b.example", AB, "origins joined by a comma"),
    ("origin-list-in-a-string", "https://a.example, b.example/", AB, "origins with faults of their own"),
    ("origin-list-in-a-string", "https://a.example https://b.example", AB, "origins joined by a space"),
    ("origin-list-in-a-string", "https://a.example, https://b.example", SPLIT, "how to split them"),
    ("origin-list-in-a-string", "https://a.example,https://b.example,", AB, "a comma at the end"),
    ("origin-list-in-a-string", "https://a.example;https://b.example", AB, "origins joined by a semicolon"),
    ("origin-list-in-a-string", '"https://a.example","https://b.example"', AB, "quotes around each"),
    ("origin-list-in-a-string", '["https://a.example"]', '["https://a.example"]', "a list in JSON"),
    ("origin-list-in-a-string", '["https://a.example", "https://b.example"]', "json.loads(text)", "of two"),
    ("origin-list-in-a-string", "['https://a.example', 'https://b.example']", AB, "a list in Python"),
    ("origin-list-in-a-string", "('https://a.example', 'https://b.example/')", AB, "a tuple in Python"),
    ("origin-list-in-a-string", "[https://a.example, https://b.example]", AB, "a list without quotes"),
    ("origin-list-in-a-string", "[]", "allow_origins=[]", "an empty list"),
    ("origin-list-in-a-string", "https://a,example.com", "one string for each", "a comma for a dot"),
    ("origin-list-in-a-string", "[object Object]", "one string for each", "a list of what is not known"),
    ("origin-quoted", '"[\\"https://a.example\\"]"', '["https://a.example"]', "a list in quotes"),
    ("origin-port", "https://a.example:[1,2]", '["https://a.example:1", "https://a.example:2"]', "ports"),
    ("origin-wildcard", "http://localhost:30??", r'r"http://localhost:30[0-9][0-9]"', "a glob in a port"),
    ("origin-wildcard", "https://a.example:8*", r'r"https://a\.example:8[0-9]*"', "a * within the port"),
    (
        "origin-wildcard",
        "http://server:8*",
        '"http://server:*" for any port',
        "a * in the port of a server",
    ),
    ("origin-wildcard", "https://*.a.b:8*", 'Use "*" only', "another * before it"),
    ("origin-regex", "https://[a-z]+.a.example", "allow_origin_regex", "a range"),
    ("origin-regex", "https://[a-z]{1,3}.a.example", "allow_origin_regex", "a count with a comma"),
    ("origin-regex", "https://(?P<x>a|b).a.example", "allow_origin_regex", "a group with a name"),
    ("origin-regex", "https://[ab].a.example", "allow_origin_regex", "a set for a whole label"),
    ("origin-regex", "https://a.example:.*", "allow_origin_regex", "a dot and a * for the port"),
    ("origin-quoted", "r'https://.*\\.a.example'", "allow_origin_regex", "an expression in quotes"),
    ("origin-space", "ORIGIN=^https://.*\\.a.example$", "allow_origin_regex", "a line with an expression"),
    ("origin-regex", r"https://\w+\.a\.com", r'r"https://\w+\.a\.com"', "a backslash after the slashes"),
    ("origin-regex", "https://app[12].a.example", "allow_origin_regex", "a set"),
    ("origin-regex", "https?://a.example", "allow_origin_regex", "an optional letter"),
    ("origin-regex", r"https://.*\.a", r'allow_origin_regex=r"https://.*\.a"', "a regular expression"),
    (
        "origin-regex",
        "https://a.com|https://b.com",
        r'allow_origin_regex=r"https://a\.com|https://b\.com"',
        "an expression whose dots have no backslashes",
    ),
    (
        "origin-regex",
        "https?://a.com",
        r'allow_origin_regex=r"https?://a\.com"',
        "an optional letter, and no backslash",
    ),
    ("origin-regex", "https://[a-z]+.a.com", r'r"https://[a-z]+\.a\.com"', "a range, and no backslashes"),
    (
        "origin-regex",
        "https://(.*)",
        'allow_origin_regex=r"https://(.*)"',
        "all of a scheme",
    ),
    ("origin-regex", "https://(?!a)[^/]+", 'allow_origin_regex=r"https://(?!a)[^/]+"', "all except one"),
    ("origin-regex", "https://b\\d\\.org", "List each origin", "an expression for domains of others"),
    ("origin-regex", "(a.com", "List each origin", "an expression that is not valid"),
    ("origin-regex", "^.*$", 'allow_origins="*"', "an expression for everyone"),
]


@rows("code, entry, write", REFUSED_ROWS)
def test_an_entry_that_can_never_match_is_refused_with_the_entry_to_write(
    code: str, entry: str, write: str
) -> None:
    (problem,) = refused({"allow_origins": [entry]})
    assert_problem(problem, code, "allow_origins", entry)
    assert f'"{write}"' in problem.hint
    assert CORSPolicy(allow_origins=[write]).allow_origins == (write,)
    assert codes(actual(CORSPolicy(allow_origin_regex="(?s:.)*"), entry)) == ["origin-malformed"]


# Glob, the expression to write without credentials and with them (None: nothing can be written), why.
GLOBS = [
    ("https://*", r"https://.*", None, "a * for the host"),
    ("http://*:*", r"http://.*", None, "and one for the port"),
    ("https://a*.example", r"https://a[a-z0-9-]+\.example", None, "a * within a label"),
    (
        "https://a.*.example",
        r"https://a\.[a-z0-9-]+\.example",
        None,
        "a * in the middle, which leaves the domain open",
    ),
    (
        "https://*.*.a.example",
        r"https://[a-z0-9-]+\.[a-z0-9-]+\.a\.example",
        r"https://[a-z0-9-]+\.[a-z0-9-]+\.a\.example",
        "two labels of *",
    ),
    (
        "https://My-App-*.vercel.app/",
        r"https://my-app-[a-z0-9-]+\.vercel\.app",
        None,
        "previews below a domain with many owners",
    ),
    (
        "https://pr-*.a.example:443",
        r"https://pr-[a-z0-9-]+\.a\.example",
        r"https://pr-[a-z0-9-]+\.a\.example",
        "a default port",
    ),
    (
        "https://pr-*.a.example:*",
        r"https://pr-[a-z0-9-]+\.a\.example(:\d+)?",
        r"https://pr-[a-z0-9-]+\.a\.example(:\d+)?",
        "any port",
    ),
    (
        "http://192.168.*.*:3000",
        r"http://192\.168\.\d{1,3}\.\d{1,3}:3000",
        r"https://192\.168\.\d{1,3}\.\d{1,3}:3000",
        "addresses",
    ),
    (
        "https://10.*",
        r"https://10\.\d{1,3}\.\d{1,3}\.\d{1,3}",
        r"https://10\.\d{1,3}\.\d{1,3}\.\d{1,3}",
        "the beginning of an address",
    ),
    (
        "https://192.168.1.0/24",
        r"https://192\.168\.1\.\d{1,3}",
        r"https://192\.168\.1\.\d{1,3}",
        "a range of addresses",
    ),
    ("https://192.168.1.0/25", None, None, "a range that no glob stands for"),
    ("https://300.168.1.0/24", None, None, "a range whose address is not valid"),
]


@rows("entry, regex, with_credentials", GLOBS)
def test_a_glob_is_refused_with_the_expression_to_write(
    entry: str, regex: str | None, with_credentials: str | None
) -> None:
    for expression, credentials in ((regex, False), (with_credentials, True)):
        options: dict[str, Any] = {"allow_origins": [entry], "allow_credentials": credentials}
        (problem,) = refused(options)
        assert (f'Write allow_origin_regex=r"{expression}".' == problem.hint) == (expression is not None)
        if expression is not None:
            assert warned({"allow_origin_regex": expression, "allow_credentials": credentials}) == []


# Ports, the entries to write, why.
SEVERAL_PORTS = [
    ("http://localhost:[3000,3001]", ["http://localhost:3000", "http://localhost:3001"], "as in Spring"),
    ("http://localhost:{3000,3001}", ["http://localhost:3000", "http://localhost:3001"], "as in a shell"),
    ("http://localhost:3000-3001", ["http://localhost:3000", "http://localhost:3001"], "a range"),
    ("https://a.example:{1-3}", [f"https://a.example:{port}" for port in (1, 2, 3)], "a range in braces"),
]


@rows("entry, entries", SEVERAL_PORTS)
def test_several_ports_are_refused_with_the_entries_to_write(entry: str, entries: list[str]) -> None:
    (problem,) = refused({"allow_origins": [entry]})
    assert_problem(problem, "origin-port", "allow_origins", entry)
    listed = ", ".join(f'"{each}"' for each in entries)
    assert problem.hint == f"Write [{listed}]."


@rows("code, entry, says", NOT_ONE_ORIGIN)
def test_an_entry_that_is_not_one_origin_is_refused(code: str, entry: str, says: str) -> None:
    (problem,) = refused({"allow_origins": [entry]})
    assert_problem(problem, code, "allow_origins", entry)
    assert says in problem.hint


# Expression, what the hint says if all origins get credentials, why.
WITH_CREDENTIALS = [
    ("https?://a.com", r'allow_origin_regex=r"https://a\.com"', "http is left out"),
    (r"https://.*\.github\.io", "List each origin", "names of many owners"),
    (".*", "List each origin", "everyone"),
]


@rows("regex, says", WITH_CREDENTIALS)
def test_only_an_expression_that_is_safe_with_credentials_is_proposed(regex: str, says: str) -> None:
    (problem,) = refused({"allow_origins": [regex], "allow_credentials": True})
    assert problem.code == "origin-regex"
    assert says in problem.hint
    (problem,) = refused({"allow_credentials": [regex]})
    assert "allow_origin_regex" not in problem.hint


SET, ONE, TWO = r"https://[ab]+\.a\.com", r"^https://one\.com$", r"https://two\.com"
X, Y = r"https://(?P<x>a)\.com", r"https://(?P<y>b)\.com"
MANY = "|".join(f"b{number}" for number in range(40))
# Entries, the expression that is given, the expression that each hint gives, why.
SEVERAL_EXPRESSIONS: list[tuple[list[Any], Any, str, str]] = [
    ([SET, ONE], None, rf"{SET}|https://one\.com", "two"),
    ([SET, APP, ONE], None, rf"{SET}|https://one\.com", "two beside an origin"),
    ([SET, SET], None, SET, "one twice"),
    ([re.compile(TWO), ONE], None, r"https://two\.com|https://one\.com", "a compiled one"),
    ([re.compile(TWO, re.IGNORECASE), ONE], None, rf"(?i:{TWO})|https://one\.com", "one with a flag"),
    ([f"'{TWO}'", f"X={ONE}"], None, rf"{TWO}|https://one\.com", "in quotes and in a line"),
    ([ONE, "http://localhost:30??"], None, r"https://one\.com|http://localhost:30[0-9][0-9]", "a glob"),
    ([ONE], TWO, rf"{TWO}|https://one\.com", "one is given"),
    ([ONE], re.compile(TWO), rf"{TWO}|https://one\.com", "one is given, compiled"),
    ([ONE], "https://two.com/", rf"{TWO}|https://one\.com", "what is given is wrong, too"),
    ([ONE], f"'{TWO}'", rf"{TWO}|https://one\.com", "what is given is in quotes"),
    ([f"{ONE}, {SET}"], None, rf"https://one\.com|{SET}", "a list in one string"),
    ([f"{ONE} {APP}"], TWO, rf"{TWO}|https://one\.com", "a list with an origin, and one is given"),
    ([r'["^https://one\\.com$", "https://two\\.com"]'], None, rf"https://one\.com|{TWO}", "in JSON"),
    ([X, Y], None, f"{X}|{Y}", "groups with names"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("entries, given, write", SEVERAL_EXPRESSIONS)
def test_whoever_follows_the_hints_of_several_expressions_keeps_all(
    entries: list[Any], given: Any, write: str, credentials: bool
) -> None:
    options = {"allow_origin_regex": given, "allow_credentials": credentials}
    problems = refused({"allow_origins": iter(entries), **options})
    of_origins = [each for each in problems if each.option == "allow_origins"]
    assert len(of_origins) == len([each for each in entries if each != APP])
    assert all(f'allow_origin_regex=r"{write}"' in each.hint for each in of_origins)
    assert CORSPolicy(allow_origin_regex=write, allow_credentials=credentials).allow_origin_regex is not None


# Entries, the expression that is given, why.
NOT_TOGETHER = [
    ([X, r"https://(?P<x>b)\.com"], None, "groups of the same name"),
    ([TWO], r"https://(a)\1\.com", "what is given refers to a group by number"),
    ([r"https://'?a\.com", 'https://"?b\\.com'], None, "both quotes"),
    ([TWO], r"https://.*\.com", "what is given is not safe"),
    ([rf"https://a\.({MANY})\.com", rf"https://({MANY})\.org"], None, "too many sites"),
]


@rows("entries, given", NOT_TOGETHER)
def test_expressions_that_cannot_be_one_get_no_text(entries: list[str], given: str | None) -> None:
    options: dict[str, Any] = {"allow_credentials": True, "dangerously_allow": ["unproven-regex"]}
    problems = refused({"allow_origins": entries, "allow_origin_regex": given, **options})
    hints = [each.hint for each in problems if each.option == "allow_origins"]
    assert [hint[:16] for hint in hints] == ["List each origin"] * len(entries)


@pytest.mark.parametrize("text", [f"{ONE}, https://.*com", f"(a, {ONE}"])
def test_a_list_with_an_expression_that_cannot_be_guessed_gets_general_advice(text: str) -> None:
    (problem,) = refused({"allow_origins": [text], "allow_credentials": True})
    assert problem.hint == "Write a list with one string for each origin."


# A single mistake that looks like several. Code, entry, the entry to write, why.
SINGLE_MISTAKES = [
    ("origin-quoted", "[Home](https://a.example)", "https://a.example", "a link in Markdown"),
    ("origin-quoted", "<https://a.example/>", "https://a.example", "a link in angle brackets"),
    ("origin-scheme", r"https:\\a.example", "https://a.example", "backslashes"),
    ("origin-scheme", r"https:\a.example", "https://a.example", "a backslash"),
    ("origin-scheme", r"https:/\a.example", "https://a.example", "a slash and a backslash"),
    ("origin-scheme", r"https\\a.example", "https://a.example", "backslashes without a colon"),
    ("origin-scheme", r"\\a.example", "https://a.example", "backslashes without a scheme"),
    ("origin-scheme", r"\\localhost:3000", "http://localhost:3000", "the same for this machine"),
    ("origin-scheme", r"http:\\www.a.example", "http://www.a.example", "what is no \\w of an expression"),
    ("origin-scheme", r"https:\\a.example\ ".strip(), "https://a.example", "backslashes around it"),
    ("origin-scheme", r"https:\/\/a.example", "https://a.example", "slashes as some JSON has them"),
    ("origin-scheme", "https;//a.example", "https://a.example", "a semicolon"),
    ("origin-scheme", "https.//a.example", "https://a.example", "a dot"),
    ("origin-scheme", "https:://a.example", "https://a.example", "two colons"),
    ("origin-scheme", "https: //a.example", "https://a.example", "a blank before the slashes"),
    ("origin-scheme", "https:// a.example", "https://a.example", "a blank after the slashes"),
    ("origin-scheme", "https\uff1a\uff0f\uff0fa.example", "https://a.example", "an East Asian keyboard"),
    ("origin-scheme", "https%3A%2F%2Fa.example", "https://a.example", "encoded"),
    ("origin-scheme", "https://a.examplehttps://b.example", EXAMPLE, "two origins in one"),
    ("origin-scheme", "https://www.https://a.example", EXAMPLE, "a scheme within"),
    ("origin-scheme", "https://http//a.example", EXAMPLE, "a second scheme without a colon"),
    ("origin-upper-case", "HTTPS://A.EXAMPLE", "https://a.example", "all in upper case"),
    ("origin-path", "https://a.example/a?x=1#t", "https://a.example", "a URL with all parts"),
    ("origin-query", "https://a.example/?x=1", "https://a.example", "a slash and a query"),
    ("origin-fragment", "https://a.example/#/", "https://a.example", "a slash and a fragment"),
    ("origin-userinfo", "me@a.example", "https://a.example", "an e-mail address"),
    ("origin-userinfo", "mailto:me@a.example", "https://a.example", "a link to one"),
    ("origin-userinfo", "https://a.example@", EXAMPLE, "a user name without a host"),
    ("origin-word", ":3000", "http://localhost:3000", "a port alone"),
    ("origin-file", r"C:\site\index.html", "http://localhost:*", "a file of Windows"),
    ("origin-path", "/home/me/index.html", EXAMPLE, "a file"),
    ("origin-host", "https:", EXAMPLE, "a scheme alone"),
    ("origin-host", "a.example b.example", EXAMPLE, "two hosts"),
    ("origin-port", "https://a.example:3000 /", EXAMPLE, "a blank before the slash"),
    ("origin-ip-address", "http://[::1]3000", EXAMPLE, "a port without its colon"),
    ("origin-ip-address", "10.0.0.0/8", "https://*.example.com", "a range of addresses"),
    ("origin-ip-address", "https://123", EXAMPLE, "a number, which nobody means as 0.0.0.123"),
    (
        "origin-list-in-a-string",
        r"https://a.example\nhttps://b.example",
        "https://b.example",
        "a line break that stayed two characters",
    ),
    ("origin-list-in-a-string", "https://a.example&https://b.example", "https://b.example", "an ampersand"),
    ("origin-too-long", f"https://{'a' * 400}", EXAMPLE, "label, host and whole too long"),
    ("origin-space", "origin: https://a.example", "https://a.example", "a line of a YAML file"),
    ("origin-space", "export ORIGIN=https://a.example", "https://a.example", "a line of a script"),
    ("origin-space", "https://a.example // mine", "https://a.example", "a comment of JavaScript"),
    ("origin-list-in-a-string", "https://a.example and https://b.example", "https://b.example", "a sentence"),
]


@pytest.mark.parametrize("credentials", [False, True])
@rows("code, entry, write", SINGLE_MISTAKES)
def test_a_single_mistake_is_one_problem(code: str, entry: str, write: str, credentials: bool) -> None:
    problems = refused({"allow_origins": [entry], "allow_credentials": credentials})
    (problem, *others) = problems
    assert_problem(problem, code, "allow_origins", entry)
    assert f'"{write}"' in problem.hint
    # With credentials, what was meant may be wrong, too.
    assert [each.code for each in others] == (
        ["insecure-origin-with-credentials"] if credentials and write == "http://www.a.example" else []
    )


# Entry, codes without "origin-", what each hint says to write, why.
SEVERAL_FAULTS = [
    ("https://Ü.example:443/a", "unicode-host default-port path", "https://xn--tda.example", "three faults"),
    ("127.1", "missing-scheme ip-address", "http://127.0.0.1", "no scheme, and IPv4 in two numbers"),
    ("::1", "missing-scheme ip-address", "http://[::1]", "no scheme, and IPv6 without brackets"),
    ("HTTP://127.1", "upper-case ip-address", "http://127.0.0.1", "upper case, and IPv4 in two numbers"),
    ("me@A.b:0 ", "space missing-scheme userinfo upper-case port", "https://a.b", "five faults"),
    ("HTTPS://A.example:443/", "upper-case default-port trailing-slash", "https://a.example", "a whole URL"),
]


@rows("entry, expected, write", SEVERAL_FAULTS)
def test_each_fault_of_an_entry_is_named_and_each_hint_repairs_all(
    entry: str, expected: str, write: str
) -> None:
    problems = refused({"allow_origins": [entry]})
    assert " ".join(problem.code.removeprefix("origin-") for problem in problems) == expected
    assert all(f'"{write}"' in problem.hint for problem in problems)


# Text, why.
NEITHER = [
    ("https://:8443", "a port without a host"),
    ("://a", "no scheme"),
    ("file:///", "a file with a path"),
    ("file://a", "a file on a host"),
    ("data://x", "data"),
    ("blob://x", "a blob"),
    ("about://x", "about"),
    ("javascript://x", "javascript"),
    ("app://", "an opaque host of no characters"),
    ("app://a%zz", "an escape that is not hexadecimal"),
    ("app://a b", "a space in an opaque host"),
    ("App://a", "an upper-case scheme of an app"),
    ("https://xn--abc-.com", "Punycode of ASCII"),
    ("https://xn--a-.com", "Punycode of one ASCII letter"),
    ("https://a.b.c.xn--f", "Punycode that does not decode, after many labels"),
    ("https://xn--99999999.com", "Punycode beyond Unicode"),
    ("https://xn--ls8h0.com", "Punycode with something left over"),
    ("https://a\n", "a line break"),
    ("https://a\x00", "a zero byte"),
    ("https://a..", "two dots at the end"),
    ("https://.", "a dot alone"),
    ("https://a:100000", "a port of six digits"),
    ("https://a:\u0663", "a port in other digits"),
    ("https://a:1:2", "two ports"),
    ("http://a.1", "a host that ends in a number"),
    ("http://[]", "empty brackets"),
    (f"{'s' * 65}://{HOST_253}:65535", "a letter too long"),
    ("https://" + "a." * 100_000, "200 kB"),
    ("https://*:*", "a * for host and port"),
    ("https://**.a", "two *"),
    ("https://a:*8", "a * before the port"),
    ("https://*..a", "a pattern with an empty label"),
    ("http://*.[::1]", "a pattern before IPv6"),
    (f"https://*.{HOST_253}", "a pattern that nothing is short enough for"),
    ("http://[1.2.3.4]", "IPv4 in brackets"),
    ("http://[:::1]", "IPv6 with three colons"),
    ("http://[1:2:3:4:5:6:7:8:9]", "IPv6 with nine numbers"),
    ("http://[g::1]", "IPv6 with a letter that is not a digit"),
    ("https://\ud800.1", "a lone surrogate, as undecodable environment variables have"),
    ("https://²", "a digit outside ASCII"),
    ("://", "separators alone"),
    ("[", "a bracket"),
    (".*", "a dot and a *"),
    ("data:", "a scheme without an origin"),
]


@rows("text", NEITHER)
def test_a_text_that_no_browser_sends_is_refused_in_a_policy_and_in_a_request(text: str) -> None:
    problems = refused({"allow_origins": [text]})
    for said in (said for problem in problems for said in (problem.message, problem.hint)):
        assert said.isascii()
        assert said.isprintable()
    assert codes(actual(CORSPolicy(allow_origin_regex="(?s:.)*"), text)) == ["origin-malformed"]


@pytest.mark.parametrize("entry", ["https://a.example/", "http://localhost:*/", "https://*.A.example"])
def test_the_origins_of_allow_credentials_are_held_to_the_same_rules(entry: str) -> None:
    (problem,) = refused({"allow_credentials": [entry]})
    assert (problem.option, problem.value) == ("allow_credentials", entry)


# Entry, what the hint says, why.
NOT_WITH_CREDENTIALS = [
    ("http://localhost:30??", "List each origin", "a glob in the port"),
    (r"https://.*\.a", "List each origin", "a regular expression"),
    ("all", "write allow_credentials=True", "a word for everyone"),
]


@rows("entry, says", NOT_WITH_CREDENTIALS)
def test_the_hint_for_an_origin_with_credentials_gives_them(entry: str, says: str) -> None:
    problem, *_ = refused({"allow_credentials": [entry, "https://a.example"]})
    assert (problem.option, problem.value) == ("allow_credentials", entry)
    assert says in problem.hint


def test_a_fault_does_not_hide_another_fault_of_the_origin_that_was_meant() -> None:
    problems = refused({"allow_origins": ["http://Example.com"], "allow_credentials": True})
    assert [(problem.code, problem.value) for problem in problems] == [
        ("origin-upper-case", "http://Example.com"),
        ("insecure-origin-with-credentials", "http://example.com"),
    ]


# Which entry matches an origin.

LISTED = [
    *("null", "https://exact.example", "https://exact.example:8443"),
    *("https://*.a.com", "https://*.b.a.com", "https://*.port.com:8443", "http://localhost:*"),
    *("http://[::1]:*", "https://*.any.com:*", "https://one.any.com", "https://*.dot.com."),
    "capacitor://*.app",
]
# Origin, the entry that matches it or None, why.
MATCHES = [
    ("null", "null", "null"),
    ("https://exact.example", "https://exact.example", "an exact origin"),
    ("https://exact.example:8443", "https://exact.example:8443", "an exact origin with a port"),
    ("https://x.a.com", "https://*.a.com", "a subdomain"),
    ("https://x.y.a.com", "https://*.a.com", "a subdomain of a subdomain"),
    ("https://b.a.com", "https://*.a.com", "the domain of another pattern"),
    ("https://x.b.a.com", "https://*.b.a.com", "the longer of two patterns"),
    ("https://x_y.a.com", "https://*.a.com", "a subdomain with an underscore"),
    ("https://1.a.com", "https://*.a.com", "a subdomain that is a number"),
    ("https://x.port.com:8443", "https://*.port.com:8443", "a subdomain with its port"),
    ("http://localhost", "http://localhost:*", "any port is no port, too"),
    ("http://localhost:1", "http://localhost:*", "any port is 1"),
    ("http://localhost:65535", "http://localhost:*", "any port is 65535"),
    ("http://[::1]:3000", "http://[::1]:*", "any port of IPv6"),
    ("http://[::1]", "http://[::1]:*", "no port of IPv6"),
    ("https://x.any.com", "https://*.any.com:*", "a subdomain without a port"),
    ("https://x.y.any.com:9", "https://*.any.com:*", "a subdomain with any port"),
    ("https://one.any.com", "https://one.any.com", "an exact origin before a pattern"),
    ("https://one.any.com:9", "https://*.any.com:*", "its other ports by the pattern"),
    ("https://x.dot.com.", "https://*.dot.com.", "a dot at the end of both"),
    ("capacitor://x.app", "capacitor://*.app", "a subdomain of an app"),
    (f"https://{LABEL_63}.a.com", "https://*.a.com", "a label of 63"),
    (f"https://{'x.' * 124}a.com", "https://*.a.com", "a host of 253"),
    ("https://a.com", None, "the domain of a pattern itself"),
    ("https://.a.com", None, "the domain of a pattern behind a dot"),
    ("https://xa.com", None, "a name that only ends in the domain"),
    ("https://x..a.com", None, "an empty label before the domain"),
    ("https://x.a.com.evil.example", None, "the domain in the middle"),
    ("https://x.a.com.", None, "a dot at the end of the origin alone"),
    ("https://x.dot.com", None, "a dot at the end of the pattern alone"),
    ("http://x.a.com", None, "a subdomain with another scheme"),
    ("https://x.a.com:8443", None, "a subdomain with a port"),
    ("https://x.port.com", None, "a subdomain without its port"),
    ("https://x.port.com:8444", None, "a subdomain with another port"),
    ("https://X.a.com", None, "an upper-case subdomain"),
    ("https://*.a.com", None, "the text of a pattern"),
    ("http://localhost:*", None, "the text of a pattern for any port"),
    ("http://localhost:0", None, "any port is not 0"),
    ("http://localhost:80", None, "any port is not the default port, which is never sent"),
    ("http://localhost:3000x", None, "any port is a number"),
    ("https://localhost:3000", None, "any port of another scheme"),
    ("http://x.localhost:3000", None, "any port of a subdomain"),
    ("http://[::2]:3000", None, "any port of another IPv6 address"),
    ("https://any.com:9", None, "any port of the domain of a pattern itself"),
    ("https://evil.example/.a.com", None, "a path that ends in the domain"),
    ("https://evil.example#.a.com", None, "a fragment that ends in the domain"),
    ("https://evil.example:8443.a.com", None, "a port before the domain"),
    (f"https://{'x.' * 125}a.com", None, "a host of 255"),
    ("https://" + "x." * 100_000 + "a.com", None, "200 kB"),
]


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")  # some entries cover others
@rows("origin, entry", MATCHES)
def test_the_most_specific_entry_matches(origin: str, entry: str | None) -> None:
    decision = actual(CORSPolicy(allow_origins=LISTED), origin)
    assert decision.matched == entry
    assert dict(decision.headers).get("Access-Control-Allow-Origin") == (origin if entry else None)


def test_what_the_errors_say(approved_policies: ApprovePolicies) -> None:
    entries = [(why, entry) for _, entry, _, why in (*REFUSED_ROWS, *NOT_ONE_ORIGIN)]
    entries += [(why, entry) for entry, _, _, why in SEVERAL_FAULTS]
    entries += [(why, entry) for _, entry, _, why in SINGLE_MISTAKES]
    entries += [(why, entry) for entry, _, _, why in GLOBS]
    approved_policies("origins", [(why, {"allow_origins": [entry]}) for why, entry in entries])


def test_a_glob_in_the_port_of_an_unsafe_origin_is_not_made_an_expression() -> None:
    entry = "ftp://a.example:2?"
    (problem,) = refused({"allow_origins": [entry], "allow_credentials": True})
    assert_problem(problem, "origin-wildcard", "allow_origins", entry)
    assert problem.hint.startswith("List each origin, ")
