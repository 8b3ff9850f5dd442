"""What the refusals of the cross-origin protection say, and hints that work when they are followed."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from crosscors import (
    CORSPolicy,
    CrossOriginProtection,
    Refusal,
)
from crosscors.core.policy import Policies

from ..conftest import Approve
from ..tables import table
from .kit import APP, EVIL
from .protection_kit import (
    COOKIE,
    FORM,
    GET_ONLY,
    MIXED,
    OWN,
    READS,
    WRITES,
    Headers,
    Options,
    from_page,
    reason,
    request_with,
)

_PATTERN = "https://*.example.com"
Row = tuple[str, Headers, Policies | None, Options]

SAID: list[Row] = [
    ("a page of another site", from_page(EVIL, "cross-site"), None, {}),
    ("a page of another site that does not name its origin", from_page(None, "cross-site"), None, {}),
    ("a sandboxed frame", from_page("null", "cross-site"), None, {}),
    ("a page of another site, over plain http", from_page("http://evil.example", "cross-site"), None, {}),
    ("a page on another port of this machine", from_page("http://localhost:5173", "same-site"), None, {}),
    ("a page of the same site", from_page("https://www.example.com", "same-site"), None, {}),
    ("an origin that is not an origin", from_page("https://evil@api.example.com", "same-site"), None, {}),
    ("two Origin headers", from_page(f"{OWN}, {OWN}"), None, {}),
    ("a pattern in place of an origin", from_page(_PATTERN, "cross-site"), None, {}),
    ("an origin of any local file", from_page("file://"), None, {}),
    ("an empty Origin header", from_page(""), None, {}),
    ("another origin than Host", from_page("https://www.example.com"), None, {}),
    ("another origin than Host, over plain http", from_page("http://www.example.com"), None, {}),
    ("no Host", {"origin": OWN}, None, {}),
    ("another origin than the own ones", from_page(EVIL), None, {"own_origins": OWN}),
    ("the same, where other options are written", from_page(EVIL), None, {"exempt": "/hooks/*"}),
    ("a foreign page, where one is trusted", from_page(EVIL, "cross-site"), None, {"trusted_origins": APP}),
    ("the same, where it only reports", from_page(EVIL, "cross-site"), None, {"report_only": True}),
    ("the same, where the policy gives no credentials", from_page(EVIL, "cross-site"), READS, {}),
    ("the same, where it gives them to every origin", from_page(EVIL, "cross-site"), WRITES, {}),
    ("with cookies, where it gives them to some", from_page(EVIL, "cross-site", cookie="a=b"), MIXED, {}),
    ("null, and nothing else", from_page("null"), None, {}),
    ("a form of a page that may only read", FORM, READS, {}),
    ("cookies of a page that may only read", COOKIE, READS, {}),
    ("a method", COOKIE, GET_ONLY, {}),
    ("a host", {"host": "evil.example:8000"}, None, {"allowed_hosts": "localhost"}),
    ("a missing host", {}, None, {"allowed_hosts": "localhost"}),
    ("two hosts", {"host": "localhost, localhost"}, None, {"allowed_hosts": "localhost"}),
    ("a host that is not printable", {"host": "a\r\n\N{SNOWMAN}"}, None, {"allowed_hosts": "localhost"}),
    ("a host that is too long", {"host": "a." * 5000}, None, {"allowed_hosts": "localhost"}),
    ("an origin that is too long", from_page(f"https://{'a' * 5000}.example", "cross-site"), None, {}),
    ("an origin that is not printable", from_page("https://a\r\n\N{SNOWMAN}", "cross-site"), None, {}),
]  # fmt: skip
HANDSHAKES: list[Row] = [
    ("a WebSocket of another site", from_page(EVIL), None, {}),
    ("a WebSocket of another site, as Firefox opens it", from_page(EVIL, "cross-site"), None, {}),
    ("a WebSocket of a sandboxed frame", from_page("null"), None, {}),
    ("a WebSocket of another name of this server", from_page("https://www.example.com"), None, {}),
    ("a WebSocket of a page of this machine", from_page("http://localhost:5173"), None, {}),
    (
        "a WebSocket of another site, where own origins are listed",
        from_page(EVIL),
        None,
        {"own_origins": OWN},
    ),
    ("a WebSocket without Origin", from_page(None, "cross-site"), None, {}),
]


def refusal_of(headers: Headers, policy: Policies | None, options: Options, *, is_websocket: bool) -> Refusal:
    asked = request_with(headers)
    decision = CrossOriginProtection(**options).check(asked, policy, is_websocket=is_websocket)
    assert decision is not None
    (refusal,) = decision.refusals
    assert all(re.fullmatch(r"[ -~]{1,1000}", text) for text in (refusal.message, refusal.hint))
    assert refusal.message in decision.body.decode("ascii")
    return refusal


def _refusals() -> list[tuple[str, Refusal]]:
    posts = [(row[0], refusal_of(*row[1:], is_websocket=False)) for row in SAID]
    return posts + [(row[0], refusal_of(*row[1:], is_websocket=True)) for row in HANDSHAKES]


def test_what_refusals_say(approved: Approve) -> None:
    said = [(why, f"{each.code}: {each.message}\n  {each.hint}") for why, each in _refusals()]
    approved("protection_refusals", said)


def test_every_code_is_among_them() -> None:
    assert {refusal.code for _, refusal in _refusals()} == {
        "cross-site-request",
        "same-site-request",
        "origin-not-own",
        "null-origin-no-metadata",
        "navigation-not-trusted",
        "credentials-not-allowed",
        "method-not-allowed",
        "websocket-origin",
        "host-not-allowed",
    }


_OPTION = re.compile(r"CrossOriginProtection\((?:report_only=True, )?(\w+)=(\[[^\]]*\])\)")


@pytest.mark.filterwarnings("ignore::crosscors.PolicyWarning")  # the page is better served over https
@table(
    "headers, policy, options, is_websocket",
    *((*row, False) for row in SAID),
    *((*row, True) for row in HANDSHAKES),
)
def test_following_the_hint_serves_the_request(
    headers: Headers, policy: Policies | None, options: Options, is_websocket: bool
) -> None:
    """Each option that a hint writes out is one that starts, and that serves what was refused."""
    hint = refusal_of(headers, policy, options, is_websocket=is_websocket).hint
    is_report = options.get("report_only", False)
    options = {name: value for name, value in options.items() if name != "report_only"}
    assert ("(report_only=True, " in hint) == is_report
    for name, value in _OPTION.findall(hint):
        if value == "[...]":
            continue  # for the reader to fill in
        assert not options, "following the hint would lose them"
        assert reason(headers, policy, is_websocket=is_websocket, **{name: ast.literal_eval(value)}) is None
    for value in re.findall(r"allow_credentials=(\[[^\]]*\])", hint):
        given = CORSPolicy(allow_credentials=ast.literal_eval(value), allow_methods="*")
        assert reason(headers, given, is_websocket=is_websocket, **options) is None
    for value in re.findall("add ('[^']*') to allowed_hosts", hint):
        assert reason(headers, allowed_hosts=[ast.literal_eval(value)]) is None
    for name, value in re.findall(r"add (\w+)=(\[[^\]]*\]) to CrossOriginProtection", hint):
        assert name not in options
        written = {**options, name: ast.literal_eval(value)}
        assert reason(headers, policy, is_websocket=is_websocket, **written) is None
    for value, name in re.findall('add ("[^"]*") to (own_origins|trusted_origins)', hint):
        written = {**options, name: [options[name], ast.literal_eval(value)]}
        assert reason(headers, policy, is_websocket=is_websocket, **written) is None
    for value, name in re.findall('add ("[^"]*") to (allow_origins|allow_credentials)', hint):
        assert isinstance(policy, CORSPolicy)
        more: Any = {name: [*getattr(policy, name), ast.literal_eval(value)]}
        given = policy.replace(**more)
        assert reason(headers, given, is_websocket=is_websocket, **options) is None
