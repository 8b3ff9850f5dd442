"""What the page says about a request before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tables import table

from .playing import Demo

STACKS = ("asgi", "wsgi", "flask", "django")


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def predicted(demo: Demo, stack: str, policy: dict[str, object], **request: object) -> Any:
    protect = request.pop("protect", False)
    sent = {"policy": policy, "protect": protect, "request": {"origin": "localhost", **request}}
    content = demo.post("/run", sent, User_Agent="Firefox/153.0").content
    return content["predictions"][stack]


@table(
    "policy, request_parts, expected",
    (
        "a script reads what is exposed",
        {"allow_origins": "*", "expose_headers": ["X-Item-Count"]},
        {},
        ("read", 200, ["x-item-count"], ["GET 200"]),
    ),
    (
        "everything is exposed",
        {"allow_origins": "*", "expose_headers": "*"},
        {"origin": "null"},
        ("read", 200, ["x-internal", "x-item-count"], ["GET 200"]),
    ),
    (
        "a preflight comes first",
        {"allow_origins": "*", "allow_methods": "*", "allow_headers": "*"},
        {"method": "DELETE", "headers": [["X-Client", "1"]]},
        ("read", 200, [], ["OPTIONS 200", "DELETE 200"]),
    ),
    ("HEAD", {"allow_origins": "*"}, {"method": "HEAD"}, ("read", 200, [], ["HEAD 200"])),
    ("nothing is there", {"allow_origins": "*"}, {"path": "/nothing"}, ("read", 404, [], ["GET 404"])),
    ("nobody is allowed", {}, {}, ("blocked", None, [], ["GET 200"])),
    (
        "patch is another method",
        {"allow_origins": "*", "allow_methods": "*"},
        {"method": "patch"},
        ("blocked", None, [], ["OPTIONS 200"]),
    ),
    ("a beacon", {}, {"kind": "beacon", "body": "x"}, ("served", 200, [], ["POST 200"])),
    ("a form", {}, {"kind": "form", "body": "x"}, ("served", 200, [], ["POST 200"])),
    (
        "protection refuses a beacon",
        {},
        {"kind": "beacon", "protect": True},
        ("refused", 403, [], ["POST 403"]),
    ),
    ("protection only reports", {}, {"kind": "form", "protect": "report"}, ("served", 200, [], ["POST 200"])),
    (
        "protection lets in whom the policy trusts",
        {"allow_origin_regex": r"http://localhost:\d+", "allow_credentials": True, "allow_methods": "POST"},
        {"kind": "form", "protect": True},
        ("served", 200, [], ["POST 200"]),
    ),
)
def test_the_outcome(
    demo: Demo, stack: str, policy: dict[str, object], request_parts: dict[str, object], expected: Any
) -> None:
    found = predicted(demo, stack, policy, **request_parts)
    assert (found["outcome"], found["status"], found["readable"], found["wire"]) == expected


def test_the_explanation_of_a_refused_form_has_the_reason(demo: Demo, stack: str) -> None:
    found = predicted(demo, stack, {}, kind="form", origin="name", protect=True)
    assert [step["text"] for step in found["steps"]][:2] == [
        "A form post leads the user to the response. CORS has no say in it, and there is no preflight.",
        "The cross-origin protection refuses the request (403). It does not reach the application.",
    ]
    assert "is on another site, and may not write here" in found["steps"][2]["text"]


def test_headers_that_no_script_can_set(demo: Demo, stack: str) -> None:
    found = predicted(demo, stack, {"allow_origins": "*"}, headers=[["Cookie", "a=b"]])
    texts = [step["text"] for step in found["steps"]]
    assert "A script cannot set the header Cookie. The browser has left it out." in texts
