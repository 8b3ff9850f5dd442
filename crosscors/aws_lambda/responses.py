"""Writing: responses as handlers return them.

1.  A response is a mapping with ``statusCode``, ``headers`` and ``body``. REST APIs and some load balancers
    also take ``multiValueHeaders``. What the handler returned is never changed, but copied.
2.  If a handler returns something without ``statusCode`` to an HTTP API or a function URL, that is the body
    of a response with status 200, as JSON. Only a whole response has a place for headers, so it is made here.
3.  Headers stay where the handler put them. Those of the policy go into ``headers``. A load balancer with
    multi-value headers refuses a response with ``headers``, so all of them go into ``multiValueHeaders``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from crosscors.aws_lambda.events import Form
from crosscors.core.decision import Decision

Response = dict[str, Any]

SERVER_ERROR: Mapping[str, Any] = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"message":"Internal Server Error"}',
}


def as_response(result: object, form: Form) -> Mapping[str, Any] | None:
    """What the handler returned, as a whole response; None if it cannot be one."""
    if isinstance(result, Mapping) and (form is not Form.HTTP or "statusCode" in result):
        return cast("Mapping[str, Any]", result)
    if form is not Form.HTTP:
        return None
    try:
        body = result if isinstance(result, str) else json.dumps(result, default=_as_number)
    except (TypeError, ValueError, RecursionError):
        return None
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}


def _as_number(value: object) -> float:
    """A number of DynamoDB, as Lambda itself writes it."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError


def status_of(response: Mapping[str, Any]) -> int:
    """The status; 200 if there is none, and 500 if it cannot be read."""
    try:
        return int(response.get("statusCode", 200))
    except (TypeError, ValueError):
        return 500


def headers_in(result: object) -> Iterator[tuple[str, str]]:
    """The headers of what a handler returned, as far as they are text."""
    if isinstance(result, Mapping):
        response = cast("Mapping[str, Any]", result)
        pairs = (*_single(response), *_several(response))
        yield from (pair for pair in pairs if isinstance(pair[1], str))


def written(response: Mapping[str, Any], decision: Decision, form: Form) -> Response:
    """A copy of the response with the headers of the decision."""
    several = list(_several(response))
    pairs = decision.response_headers.merged([*_single(response), *several])
    if form is Form.BALANCER_MULTI:
        others = {name: value for name, value in response.items() if name != "headers"}
        return {**others, "multiValueHeaders": _grouped(pairs)}
    if not several:
        return {**response, "headers": dict(pairs)}
    stays = set(map(id, several))  # ``merged`` keeps the pairs that it does not replace
    return {
        **response,
        "headers": dict(pair for pair in pairs if id(pair) not in stays),
        "multiValueHeaders": _grouped(pair for pair in pairs if id(pair) in stays),
    }


def whole(decision: Decision, form: Form, method: str) -> Response:
    """The response that the decision itself is. HEAD gets no body."""
    pairs = decision.whole_headers
    is_multi = form is Form.BALANCER_MULTI
    return {
        "statusCode": decision.status,
        **({"multiValueHeaders": _grouped(pairs)} if is_multi else {"headers": dict(pairs)}),
        "body": "" if method == "HEAD" else decision.body.decode(),
        "isBase64Encoded": False,
    }


def _single(response: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in _mapping(response, "headers").items():
        yield _pair(name, value)


def _several(response: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, values in _mapping(response, "multiValueHeaders").items():
        is_several = isinstance(values, (list, tuple))
        for value in cast("Iterable[object]", values) if is_several else (values,):
            yield _pair(name, value)


def _mapping(response: Mapping[str, Any], key: str) -> Mapping[object, object]:
    value = response.get(key)
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else {}


def _pair(name: object, value: object) -> tuple[str, Any]:
    """A header as it is, except that Vary has to be text to be merged."""
    text = str(name)
    return text, str(value) if text.lower() == "vary" else value


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
