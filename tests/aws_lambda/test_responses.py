"""How the adapter writes headers into what handlers return."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from crosscors import CrossOriginProtection
from crosscors.aws_lambda import cors
from tests.aws_lambda.gateway import FORMS, Request, Response, event_of, response_of
from tests.tables import table

APP = "https://app.example.com"
ALLOWED = {"Access-Control-Allow-Origin": APP, "Vary": "Origin"}
ALLOWED_IN_LISTS = {name: [value] for name, value in ALLOWED.items()}
ENDLESS: list[object] = []
ENDLESS.append(ENDLESS)


def returned(form: str, result: object, *, method: str = "GET", **options: Any) -> Any:
    """What the adapter makes of what a handler returned."""
    event = event_of(form, Request(method, "/items", headers=(("Origin", APP),)))
    return cors(lambda event, context: result, allow_origins=[APP], **options)(event, None)


def sent(form: str, result: object, **options: Any) -> Response:
    return response_of(form, returned(form, result, **options))


@table(
    "form, result, expected",
    ("headers", "http", {"headers": {"X-A": "1"}}, {"headers": {"X-A": "1", **ALLOWED}}),
    ("no headers", "http", {}, {"headers": ALLOWED}),
    ("headers that are null", "rest", {"headers": None}, {"headers": ALLOWED}),
    ("headers that are a list", "rest", {"headers": ["X-A"]}, {"headers": ALLOWED}),
    ("other keys stay", "http", {"cookies": ["a=1"], "isBase64Encoded": True},
     {"cookies": ["a=1"], "isBase64Encoded": True, "headers": ALLOWED}),
    ("values that are not text stay", "http", {"headers": {"X-A": 1, "X-B": None}},
     {"headers": {"X-A": 1, "X-B": None, **ALLOWED}}),
    ("Vary is merged", "url", {"headers": {"vary": "A"}}, {"headers": {**ALLOWED, "Vary": "A, Origin"}}),
    ("a Vary of a number", "url", {"headers": {"Vary": 5}}, {"headers": {**ALLOWED, "Vary": "5, Origin"}}),
    ("its own header of the policy", "balancer", {"headers": {"ACCESS-control-allow-origin": "*"}},
     {"headers": ALLOWED}),
    ("one that is not text", "http", {"headers": {"Access-Control-Max-Age": None}}, {"headers": ALLOWED}),
    ("multi-value headers stay where they are", "rest",
     {"headers": {"X-A": "1"}, "multiValueHeaders": {"X-B": ["2", "3"]}},
     {"headers": {"X-A": "1", **ALLOWED}, "multiValueHeaders": {"X-B": ["2", "3"]}}),
    ("Vary in both", "rest", {"headers": {"Vary": "A"}, "multiValueHeaders": {"Vary": ["B", "C"]}},
     {"headers": {**ALLOWED, "Vary": "A, B, C, Origin"}, "multiValueHeaders": {}}),
    ("its own header of the policy in both", "rest",
     {"headers": {"Access-Control-Max-Age": "1"}, "multiValueHeaders": {"access-CONTROL-max-age": ["2"]}},
     {"headers": ALLOWED, "multiValueHeaders": {}}),
    ("a multi-value header that is text", "rest", {"multiValueHeaders": {"X-B": "2"}},
     {"headers": ALLOWED, "multiValueHeaders": {"X-B": ["2"]}}),
    ("an HTTP API, which takes no multi-value headers", "http",
     {"multiValueHeaders": {"X-B": ["2"], "Access-Control-Allow-Origin": ["*"]}},
     {"headers": ALLOWED, "multiValueHeaders": {"X-B": ["2"]}}),
    ("a load balancer that takes nothing else", "balancer_multi",
     {"headers": {"X-A": "1"}, "multiValueHeaders": {"X-B": ["2"]}},
     {"multiValueHeaders": {"X-A": ["1"], "X-B": ["2"], **ALLOWED_IN_LISTS}}),
)  # fmt: skip
def test_where_headers_go(form: str, result: dict[str, Any], expected: dict[str, Any]) -> None:
    result = {"statusCode": 200, "body": "x", **result}
    before = copy.deepcopy(result)
    assert returned(form, result) == {"statusCode": 200, "body": "x", **expected}
    assert result == before


def test_a_rest_api_takes_an_empty_response() -> None:
    assert returned("rest", {}) == {"headers": ALLOWED}


def test_what_the_handler_returned_may_be_any_mapping() -> None:
    assert returned("rest", MappingProxyType({"statusCode": 204})) == {"statusCode": 204, "headers": ALLOWED}


@table(
    "result, body",
    ("a mapping", {"number": 1}, b'{"number": 1}'),
    ("a mapping that has headers and a body", {"body": "x"}, b'{"body": "x"}'),
    ("a list", [1], b"[1]"),
    ("text is not quoted", "hello", b"hello"),
    ("nothing", None, b"null"),
    ("a number of DynamoDB", {"price": Decimal("1.5")}, b'{"price": 1.5}'),
)
@pytest.mark.parametrize("form", ["http", "url"])
def test_a_result_without_a_status_is_the_body(form: str, result: object, body: bytes) -> None:
    response = sent(form, result)
    assert (response.status, response.body) == (200, body)
    assert dict(response.headers) == {"Content-Type": "application/json", **ALLOWED}
    # As the gateway itself reads it.
    plain = response_of(form, result)
    assert (plain.status, plain.body) == (response.status, response.body)


@table(
    "form, result",
    ("nothing, to a REST API", "rest", None),
    ("text, to a load balancer", "balancer", "hello"),
    ("a list", "balancer_multi", [1]),
    ("what cannot be JSON", "http", {"when": object()}),
    ("what contains itself", "url", ENDLESS),
)
def test_what_cannot_be_a_response(form: str, result: object, caplog: pytest.LogCaptureFixture) -> None:
    response = sent(form, result)
    assert response.status == 500
    assert json.loads(response.body) == {"message": "Internal Server Error"}
    assert dict(response.headers) == {"Content-Type": "application/json", **ALLOWED}
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert 'Return {"statusCode": 200, "body": json.dumps(...)}' in caplog.text
    caplog.clear()
    assert returned(form, result, reraise=True) is result
    assert caplog.text == ""


@table(
    "status",
    ("text", "404"),
    ("what is not a number", "not found"),
    ("nothing", None),
)
def test_a_status_in_any_form(status: object) -> None:
    result = {"statusCode": status}
    outer = cors(
        cors(lambda event, context: result, allow_origins=[APP]), allow_origins=[APP, "https://b.example"]
    )
    event = event_of("http", Request("GET", "/items", headers=(("Origin", APP),)))
    assert outer(event, None) == {"statusCode": status, "headers": ALLOWED}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_preflights_do_not_reach_the_handler(form: str, method: str) -> None:
    asked = (("Origin", APP), ("Access-Control-Request-Method", method))
    handler = cors(lambda event, context: 1 / 0, allow_origins=[APP], allow_methods=["PUT"])
    result: Mapping[str, Any] = handler(event_of(form, Request("OPTIONS", "/items", headers=asked)), None)
    assert ("headers" in result) == (form != "balancer_multi")
    response = response_of(form, result)
    assert (response.status, dict(response.headers)["Access-Control-Allow-Origin"]) == (
        200 if method == "PUT" else 400,
        APP,
    )


def test_a_refused_head_has_no_body() -> None:
    event = event_of("http", Request("HEAD", "/items", headers=(("Host", "evil.example"),)))
    handler = cors(
        lambda event, context: {}, protect=CrossOriginProtection(allowed_hosts=["api.example.com"])
    )
    assert {**handler(event, None), "headers": {}} == {
        "statusCode": 403,
        "headers": {},
        "body": "",
        "isBase64Encoded": False,
    }
