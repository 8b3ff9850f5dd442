"""Policies as plain values, and documents in TOML and JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, cast

import pytest

from crosscors import CORSPolicy, CORSRequest, PolicyError, PolicyWarning, Resources
from crosscors.core.document import Document, Language, read_document
from crosscors.core.document_form import DocumentWords
from crosscors.core.policy import words_of
from crosscors.core.values import Findings
from tests.conftest import Approve
from tests.tables import table

APP = "https://app.example.com"
SECURE = {"allow_origins": [APP], "allow_credentials": True}


def read(text: str, language: Language = "toml") -> Document:
    found, findings = read_document(text, language)
    assert found is not None, findings.problems
    return found


def findings_in(text: str, language: Language) -> Findings:
    return read_document(text, language)[1]


def as_toml(value: object) -> str:
    """A plain value in TOML. Strings and numbers are written as in JSON."""
    if not isinstance(value, dict):
        return json.dumps(value)
    pairs = (f"{json.dumps(key)} = {as_toml(each)}" for key, each in cast("dict[str, object]", value).items())
    return f"{{ {', '.join(pairs)} }}"


ROUND_TRIPS = table(
    "options, written",
    ("the default is written as nothing", {}, {}),
    (
        "lists",
        {"allow_origins": [APP, "https://*.example.org"]},
        {"allow_origins": [APP, "https://*.example.org"]},
    ),
    ("a single string becomes a list", {"allow_methods": "put"}, {"allow_methods": ["PUT"]}),
    ("an empty list", {"allow_methods": []}, {"allow_methods": []}),
    ("credentials for all", SECURE, SECURE),
    (
        "credentials for some",
        {"allow_origins": "*", "allow_credentials": [APP]},
        {"allow_origins": ["*"], "allow_credentials": [APP]},
    ),
    ("no caching", {"max_age": 0}, {"max_age": 0}),
    ("the browser's default", {"max_age": None}, {"max_age": "browser-default"}),
    (
        "an expression",
        {"allow_origin_regex": r"https://[a-z]+\.example\.com"},
        {"allow_origin_regex": r"https://[a-z]+\.example\.com"},
    ),
    (
        "an expression with its own flags",
        {"allow_origin_regex": r"(?i)https://[a-z]+\.example\.com"},
        {"allow_origin_regex": r"(?i)https://[a-z]+\.example\.com"},
    ),
    (
        "everything else",
        {
            "allow_origins": ["http://app.example.com"],
            "allow_credentials": True,
            "dangerously_allow": "insecure-origins",
            "expose_headers": ["X-Total"],
            "allow_headers": "*",
            "timing_allow_origin": True,
        },
        {
            "allow_origins": ["http://app.example.com"],
            "allow_credentials": True,
            "dangerously_allow": ["insecure-origins"],
            "expose_headers": ["X-Total"],
            "allow_headers": ["*"],
            "timing_allow_origin": True,
        },
    ),
)


@ROUND_TRIPS
def test_what_a_policy_writes_is_read_as_an_equal_policy(
    options: Mapping[str, Any], written: Mapping[str, object]
) -> None:
    policy = CORSPolicy(**options)
    assert policy.to_dict() == written
    assert CORSPolicy.from_dict(policy.to_dict()) == policy
    in_documents = {"policy": policy.to_dict()}
    assert read(json.dumps(in_documents), "json").policies == policy
    assert read(f"policy = {as_toml(policy.to_dict())}").policies == policy


@table(
    "regex, written",
    ("a flag", re.compile("https://a", re.IGNORECASE), "(?i)https://a"),
    ("several", re.compile("https://a", re.IGNORECASE | re.VERBOSE), "(?ix)https://a"),
    ("one more than in the text", re.compile("(?i)https://a", re.ASCII), "(?ai)https://a"),
    ("the same as in the text", re.compile("(?i)https://a", re.IGNORECASE), "(?i)https://a"),
)
def test_flags_become_part_of_the_expression(regex: re.Pattern[str], written: str) -> None:
    policy = CORSPolicy(allow_origin_regex=regex)
    assert policy.to_dict() == {"allow_origin_regex": written}
    again = CORSPolicy.from_dict(policy.to_dict())
    assert again.allow_origin_regex is not None
    assert again.allow_origin_regex.flags == regex.flags
    assert CORSPolicy.from_dict(again.to_dict()) == again


def test_resources_are_written_and_read_in_their_order() -> None:
    policies = {
        "/api/*": CORSPolicy(allow_origins=[APP]),
        "/admin/*": None,
        re.compile("/v[12]/.*", re.IGNORECASE): CORSPolicy(allow_origins="*"),
        "/health": None,
    }
    tables = Resources(policies).to_dict()
    assert tables == {
        "/api/*": {"allow_origins": [APP]},
        "/admin/*": False,
        "regex:(?i)/v[12]/.*": {"allow_origins": ["*"]},
        "/health": False,
    }
    for again in (
        Resources.from_dict(tables),
        read(json.dumps({"resources": tables}), "json").policies,
        read(f"resources = {as_toml(tables)}").policies,
    ):
        assert isinstance(again, Resources)
        assert list(again.to_dict().items()) == list(tables.items())
        everyone = again.policy_for("/V1/items")
        assert everyone is not None
        assert everyone.allow_origins == ("*",)
        assert again.policy_for("/admin/users") is None


def test_null_is_the_same_as_false_for_a_path() -> None:
    resources = Resources.from_dict({"/api/*": None})
    assert resources.to_dict() == {"/api/*": False}


def test_null_is_the_browsers_default_for_max_age() -> None:
    assert CORSPolicy.from_dict({"max_age": None}).max_age is None


# Redundant entries.

REGEX = r"https://[a-z]+\.example\.net"


@table(
    "options, changes",
    ("nothing is redundant", {"allow_origins": [APP]}, {}),
    (
        "an origin that a pattern covers",
        {"allow_origins": [APP, "https://*.example.com"]},
        {"allow_origins": ["https://*.example.com"]},
    ),
    (
        "an origin that the expression covers",
        {"allow_origins": [APP, "https://a.example.net"], "allow_origin_regex": REGEX},
        {"allow_origins": [APP]},
    ),
    (
        "origins and an expression beside *",
        {"allow_origins": ["*", APP], "allow_origin_regex": REGEX},
        {"allow_origins": ["*"], "allow_origin_regex": None},
    ),
    ("methods beside *", {"allow_methods": ["*", "PUT"]}, {"allow_methods": ["*"]}),
    ("headers beside *", {"allow_headers": ["*", "X-A"]}, {"allow_headers": ["*"]}),
    ("headers that are always allowed", {"allow_headers": ["Accept", "X-A"]}, {"allow_headers": ["X-A"]}),
    (
        "headers that scripts can always read",
        {"expose_headers": ["Expires", "X-A"]},
        {"expose_headers": ["X-A"]},
    ),
    (
        "origins with credentials that a pattern covers",
        {"allow_origins": "*", "allow_credentials": [APP, "https://*.example.com"]},
        {"allow_credentials": ["https://*.example.com"]},
    ),
    (
        "Timing-Allow-Origin lists every exact origin, so none of them is redundant",
        {"allow_origins": [APP, "https://*.example.com"], "timing_allow_origin": True},
        {},
    ),
)
@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")
def test_redundant_entries_are_left_out_on_request(
    options: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    policy = CORSPolicy(**options)
    shorter = CORSPolicy.from_dict(policy.to_dict(without_redundant=True))
    assert shorter == policy.replace(**cast("Any", changes))
    assert CORSPolicy.from_dict(policy.to_dict()) == policy
    for origin in (APP, "https://a.example.net", "https://evil.example"):
        asked = CORSRequest("GET", origin=origin)
        assert shorter.decide(asked).allowed == policy.decide(asked).allowed


def test_redundant_entries_of_resources_are_left_out_on_request() -> None:
    with pytest.warns(PolicyWarning):
        resources = Resources({"/a": CORSPolicy(allow_origins=["*", APP])})
    assert resources.to_dict(without_redundant=True) == {"/a": {"allow_origins": ["*"]}}


# What is wrong.


def test_a_function_cannot_be_written() -> None:
    with pytest.raises(PolicyError, match=re.escape("CORSPolicy(allow_origin_func=...)")) as caught:
        Resources({"/a": CORSPolicy(allow_origin_func=lambda _: True)}).to_dict()
    assert caught.value.problems[0].code == "function-in-document"


@table(
    "options, places",
    ("an entry", {"allow_origins": [APP, "https://b.example", "https://c.example/"]}, ["allow_origins[2]"]),
    ("two entries", {"allow_origins": ["x", APP, "y"]}, ["allow_origins[0]", "allow_origins[2]"]),
    ("an entry of another type", {"allow_origins": [APP, 1, True]}, ["allow_origins[1]", "allow_origins[2]"]),
    ("a list with credentials", {"allow_credentials": [APP, "null"]}, ["allow_credentials[1]"]),
    ("methods", {"allow_methods": ["PUT", "trace"]}, ["allow_methods[1]"]),
    ("no list", {"allow_origins": "https://c.example/"}, ["allow_origins"]),
    ("an option that there is not", {"allow_origin": [APP]}, ["allow_origin"]),
    ("a key with a dot", {"allow.origins": [APP]}, ['"allow.origins"']),
    ("a function", {"allow_origin_func": "project.cors:func"}, ["allow_origin_func"]),
)
def test_problems_have_the_path_of_the_key(options: Mapping[str, object], places: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSPolicy.from_dict(options)
    assert [problem.option for problem in caught.value.problems] == places
    with pytest.raises(PolicyError) as caught:
        Resources.from_dict({"/ok": False, "/api/*": options})
    assert [each.option for each in caught.value.problems] == [
        f'resources."/api/*".{place}' for place in places
    ]


def test_warnings_have_the_path_of_the_key() -> None:
    with pytest.warns(PolicyWarning) as caught:
        Resources.from_dict({"/api/*": {"allow_headers": ["X-A", "Accept"]}})
    [warning] = (cast("PolicyWarning", each.message).problem for each in caught)
    assert warning.option == 'resources."/api/*".allow_headers[1]'
    with pytest.warns(PolicyWarning) as caught:
        CORSPolicy.from_dict({"allow_headers": ["Accept"]})
    assert caught[0].filename == __file__


WRONG_DOCUMENTS: list[tuple[str, Language, str]] = [
    ("an origin", "toml", f'[resources."/api/*"]\nallow_origins = ["{APP}", "{APP}/"]'),
    ("an origin in JSON", "json", '{"policy": {"allow_origins": "example.com"}}'),
    ("a word in place of true", "toml", f'[policy]\nallow_origins = ["{APP}"]\nallow_credentials = "yes"'),
    ("a word in place of true in JSON", "json", '{"policy": {"allow_private_network": "on"}}'),
    ("everyone with credentials", "toml", '[policy]\nallow_origins = ["*"]\nallow_credentials = true'),
    (
        "everyone with credentials in JSON",
        "json",
        '{"policy": {"allow_origins": "*", "allow_credentials": true}}',
    ),
    (
        "an expression that is too wide",
        "toml",
        "[policy]\nallow_origin_regex = 'https://app.example\\.com'\nallow_credentials = true",
    ),
    (
        "an expression that is too wide in JSON",
        "json",
        '{"policy": {"allow_origin_regex": "https://app.example\\\\.com", "allow_credentials": true}}',
    ),
    ("expressions among the origins", "toml", "[policy]\nallow_origins = ['https://[a-z]+\\.example\\.com']"),
    (
        "an expression with a quote",
        "toml",
        '[policy]\nallow_origins = ["https://[\'a]+\\\\.example\\\\.com"]',
    ),
    ("a time in words", "toml", '[policy]\nmax_age = "10 minutes"'),
    ("true is not a number", "json", '{"policy": {"max_age": true}}'),
    ("a misspelled option", "toml", "[policy]\nallow_origin = []"),
    ("a function", "toml", '[policy]\nallow_origin_func = "project.cors:func"'),
    ("an option outside the table", "toml", f'allow_origins = ["{APP}"]'),
    ("a misspelled table", "toml", "[polcy]"),
    ("a table that nobody knows", "json", '{"policy": {}, "servers": []}'),
    ("both tables", "toml", "[policy]\n[resources]"),
    ("no table", "toml", ""),
    ("no table in JSON", "json", "{}"),
    ("a list", "json", "[]"),
    ("a policy that is a list", "json", '{"policy": []}'),
    ("resources that are a list", "toml", "resources = []"),
    ("resources that are a list in JSON", "json", '{"resources": []}'),
    ("a policy that is a name", "json", '{"resources": {"/api/*": "public"}}'),
    ("a path without a slash", "json", '{"resources": {"api/*": {}}}'),
    ("a wrong expression for paths", "json", '{"resources": {"regex:/v[": {}}}'),
    ("a version that is a list", "json", '{"version": [], "policy": {}}'),
    ("a version that is true", "toml", "version = true\n[policy]"),
    ("half a document", "json", '{"policy": '),
    ("half a line", "toml", "[policy]\nallow_origins ="),
    ("a key twice", "json", '{"policy": {"max_age": 1, "max_age": 2}}'),
    ("too many brackets", "json", "[" * 100_000),
]


def test_every_message_can_be_followed(approved: Approve) -> None:
    def said() -> list[tuple[str, str]]:
        found = [(why, findings_in(text, language), text) for why, language, text in WRONG_DOCUMENTS]
        assert all(each.problems for _, each, _ in found)
        return [
            (f"{why}: {json.dumps(text[:100])}", "\n".join(map(str, each.problems)))
            for why, each, text in found
        ]

    approved("documents", said())


@table(
    "text, language, version",
    ("a number", "version = 3\n[policy]", "toml", 3),
    ("a text", '{"version": "2026-11", "policy": {}}', "json", "2026-11"),
    ("none", "[policy]", "toml", None),
    ("after a byte order mark", "\ufeffversion = 1\n[policy]", "toml", 1),
)
def test_the_version_is_the_authors(text: str, language: Language, version: object) -> None:
    assert read(text, language).version == version


def test_the_log_of_a_policy_from_a_document_speaks_its_language() -> None:
    policies = read(f'[policy]\nallow_origins = ["{APP}"]').policies.everywhere
    assert policies is not None
    [refusal] = policies.decide(CORSRequest("GET", origin="https://b.example.com")).refusals
    assert f'allow_origins = ["{APP}", "https://b.example.com"]' in str(refusal.hint_in(words_of(policies)))


def test_what_is_not_a_plain_value_stays_as_it_is() -> None:
    assert DocumentWords(syntax="json").setting("allow_origins", "str(url)") == '"allow_origins": str(url)'


def test_without_tomli_old_pythons_read_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10))
    monkeypatch.setitem(sys.modules, "tomli", cast("Any", None))
    [problem] = findings_in("[policy]", "toml").problems
    assert 'pip install "crosscors[cli]"' in problem.hint
    assert read('{"policy": {}}', "json").policies == CORSPolicy()
