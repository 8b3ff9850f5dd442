"""Which requests the adapter reads in events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSRequest, CrossOriginProtection
from crosscors.aws_lambda import cors
from crosscors.aws_lambda.events import EventReader, read_event
from tests.aws_lambda.gateway import FORMS, Event, Request, event_of, recorded
from tests.tables import table

APP = "https://app.example.com"
OTHERS = ("message", "disconnect", "authorizer_rest", "authorizer_http", "queue", "schedule", "agent")


def http(path: str = "/items", **event: Any) -> Event:
    """An event of an HTTP API, as small as a test would write it."""
    return {"rawPath": path, "requestContext": {"http": {"method": "GET"}}, **event}


def rest(path: str = "/items", **event: Any) -> Event:
    """An event of a REST API, as small as a test would write it."""
    return {"httpMethod": "GET", "path": path, **event}


def headers_of(event: Event) -> dict[str, str]:
    request = read_event(event)
    assert request is not None
    return dict(request.headers)


@pytest.mark.parametrize("name", [*FORMS, "http_1_0"])
def test_the_recorded_events_of_requests(name: str) -> None:
    request = read_event(recorded(name))
    assert request is not None
    asked = EventReader().keep(request)()
    assert (asked.method, asked.path, asked.origin) == ("GET", "/items/1", APP)
    assert asked.headers["Sec-Fetch-Site"] == "same-site"
    assert asked.host == request.headers["host"]


@pytest.mark.parametrize("name", OTHERS)
def test_other_events_pass_untouched(name: str) -> None:
    event, context = recorded(name), object()
    seen: list[object] = []

    @cors(allow_origins=[APP], protect=True)
    def handler(event: Event, context: object) -> object:
        seen.extend((event, context))
        return seen

    assert handler(event, context) is seen
    assert seen[0] is event
    assert seen[1] is context
    assert event == recorded(name)


@table(
    "event",
    ("nothing", None),
    ("a list", [1]),
    ("text", "GET /items"),
    ("an empty mapping", {}),
    ("a method without a path", {"httpMethod": "GET"}),
    ("a context without a method", {"requestContext": {"path": "/items"}}),
    ("a path without a method", {"path": "/items"}),
    ("a method that is a number", {"httpMethod": 1, "path": "/items"}),
    ("a path that is a list", {"httpMethod": "GET", "path": ["/items"]}),
    ("a context without a path", {"requestContext": {"http": {"method": "GET"}}}),
    ("a context that is text", {"requestContext": "GET"}),
)
def test_what_is_not_a_request(event: object) -> None:
    assert read_event(event) is None


@table(
    "event, path, root_path",
    ("a path is decoded once", rest("/caf%C3%A9/%2541"), "/caf\u00e9/%41", ""),
    ("an empty path is the root", rest(""), "/", ""),
    ("the path of the context", {"requestContext": {"http": {"method": "GET", "path": "/a"}}}, "/a", ""),
    ("$default is in no path", event_of("http", Request("GET", "/a")), "/a", ""),
    ("the stage of an HTTP API", event_of("http", Request("GET", "/a"), stage="v1"), "/v1/a", "/v1"),
    ("the stage alone", event_of("http", Request("GET", ""), stage="v1"), "/v1", "/v1"),
    ("a stage that is the beginning of a segment", http("/v10", requestContext={
        "http": {"method": "GET", "path": "/v10"}, "stage": "v1"}), "/v10", ""),
    ("a REST API leaves it out", event_of("rest", Request("GET", "/prod/a")), "/prod/a", ""),
    ("the stage of an HTTP API in the older form", recorded("http_1_0"), "/prod/items/1", "/prod"),
    ("the path of the context of a REST API", {"requestContext": {
        "httpMethod": "GET", "path": "/prod/a", "stage": "prod"}}, "/prod/a", "/prod"),
    ("a stage that is a number", rest("/1/a", requestContext={"path": "/1/a", "stage": 1}), "/1/a", ""),
)  # fmt: skip
def test_paths(event: Event, path: str, root_path: str) -> None:
    request = read_event(event)
    assert request is not None
    assert EventReader().path(request) == (path, root_path)


@table(
    "event, expected",
    ("no headers", rest(), {}),
    ("headers that are null", rest(headers=None, multiValueHeaders=None), {}),
    ("headers that are a list", rest(headers=["origin"]), {}),
    ("names in any case", rest(headers={"ORIGIN": APP}), {"origin": APP}),
    ("a value that is null", rest(headers={"Origin": None}), {}),
    ("multi-value headers alone", rest(multiValueHeaders={"Origin": [APP]}), {"origin": APP}),
    ("multi-value headers count", rest(headers={"Origin": "b"}, multiValueHeaders={"Origin": ["a", "b"]}),
     {"origin": "a, b"}),
    ("what only the others have stays", rest(headers={"A": "1"}, multiValueHeaders={"B": ["2"]}),
     {"a": "1", "b": "2"}),
    ("one name in two cases", rest(multiValueHeaders={"Origin": ["a"], "origin": ["b"]}), {"origin": "a, b"}),
    ("values that are not text", rest(multiValueHeaders={"A": [1, None, "2"], "B": 3, "C": "4"}),
     {"a": "2", "c": "4"}),
    ("cookies in their list", http(cookies=["a=1", "b=2"]), {"cookie": "a=1; b=2"}),
    ("no cookies", http(cookies=[]), {}),
    ("cookies that are text", http(cookies="a=1"), {"cookie": "a=1"}),
)  # fmt: skip
def test_headers(event: Event, expected: dict[str, str]) -> None:
    assert headers_of(event) == expected


def test_the_func_reads_headers_in_any_case() -> None:
    seen: list[CORSRequest] = []

    def is_tenant(request: CORSRequest) -> bool:
        seen.append(request)
        return True

    handler = cors(lambda event, context: {}, allow_origin_func=is_tenant)
    handler(recorded("rest"), None)
    assert seen[0].headers["USER-agent"] == "Mozilla/5.0"
    assert len(seen[0].headers) == len(list(seen[0].headers)) == len(recorded("rest")["headers"])


# Cross-origin protection.


def write(form: str, *headers: tuple[str, str]) -> Event:
    return event_of(form, Request("POST", "/items", headers=headers))


@pytest.mark.parametrize("form", FORMS)
def test_cookies_count_wherever_they_are(form: str) -> None:
    calls: list[object] = []

    @cors(allow_origins=[APP], allow_methods=["POST"], protect=True)
    def handler(event: Event, context: object) -> None:
        calls.append(event)

    from_page = (("Host", "api.example.com"), ("Origin", APP), ("Sec-Fetch-Site", "same-site"))
    assert handler(write(form, *from_page, ("Cookie", "a=1")), None)["statusCode"] == 403
    assert calls == []
    handler(write(form, *from_page), None)
    assert len(calls) == 1


CONNECT = recorded("connect")


@table(
    "policy, origin, is_refused",
    ("a page that the policy trusts", {"allow_origins": [APP], "allow_credentials": True}, APP, False),
    ("a page of the server itself", {}, "https://socket.example.com", False),
    ("another page", {}, APP, True),
    ("without credentials, no cookies", {"allow_origins": [APP]}, APP, True),
    ("no browser", {}, None, False),
    ("one that is only reported", {"protect": "report"}, APP, False),
    ("an exempt path", {"protect": CrossOriginProtection(exempt=["/"])}, APP, False),
)
def test_the_handshake_of_a_websocket_api(
    policy: dict[str, Any], origin: str | None, is_refused: bool
) -> None:
    event = {**CONNECT, "headers": {**CONNECT["headers"], "Origin": origin}}
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items() if value}
    accepted = {"statusCode": 200}
    options: dict[str, Any] = {"protect": True, **policy}
    handler = cors(lambda event, context: accepted, **options)
    result = handler(event, None)
    assert result["statusCode"] == (403 if is_refused else 200)
    assert is_refused or result is accepted


def test_a_handshake_without_protection_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    accepted = {"statusCode": 200}
    handler = cors(lambda event, context: accepted, allow_origin_func=lambda request: 1 / 0 > 0)
    assert handler(CONNECT, None) is accepted
    assert caplog.text == ""


# Whatever an event is, it raises nothing.

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(
    ("Origin", "origin", "Cookie", "Host", "Sec-Fetch-Site", "Access-Control-Request-Method")
)
_headers = st.dictionaries(_names | st.text(), st.sampled_from((APP, "GET", "")) | _json, max_size=4) | _json
_context = st.fixed_dictionaries(
    {},
    optional={
        "http": st.fixed_dictionaries(
            {}, optional={"method": st.sampled_from(("GET", "OPTIONS")) | _json, "path": st.text() | _json}
        )
        | _json,
        "elb": _json,
        "stage": st.sampled_from(("", "v1", "$default")) | _json,
        "eventType": st.sampled_from(("CONNECT", "MESSAGE")) | _json,
        "path": st.text() | _json,
    },
)
_events = st.fixed_dictionaries(
    {},
    optional={
        "httpMethod": st.sampled_from(("GET", "POST", "OPTIONS", "HEAD")) | _json,
        "path": st.sampled_from(("/items", "/v1/items", "//x", "%", "")) | st.text() | _json,
        "rawPath": st.text() | _json,
        "headers": _headers,
        "multiValueHeaders": _headers,
        "cookies": _json,
        "requestContext": _context | _json,
    },
)


@given(_events | _json, _json, st.booleans())
def test_no_event_and_no_response_is_an_exception(event: object, result: object, protect: bool) -> None:
    handler = cors(lambda event, context: result, allow_origins=[APP], protect=protect)
    json.dumps(handler(event, None))
