"""What people run on AWS Lambda: Powertools and Chalice, over a gateway that calls handlers as AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aws_lambda_powertools.event_handler import (
    ALBResolver,
    APIGatewayHttpResolver,
    APIGatewayRestResolver,
    CORSConfig,
    LambdaFunctionUrlResolver,
)
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent, event_source

from crosscors.aws_lambda import cors
from crosscors.testing import BlockedByCORS, Browser
from tests.aws_lambda.gateway import Handler, Request, invoke
from tests.integrations.servers import INTEGRATIONS, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

APP, WWW, STRANGER = "https://app.example.com", "https://www.example.com", "https://stranger.example"
NAMED = {each.folder: each for each in INTEGRATIONS}
RESOLVERS = {
    "rest": APIGatewayRestResolver,
    "http": APIGatewayHttpResolver,
    "url": LambdaFunctionUrlResolver,
    "balancer": ALBResolver,
    "balancer_multi": ALBResolver,
}


@pytest.fixture(scope="module", params=["lambda_powertools", "lambda_chalice"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(NAMED[request.param]) as url:
        yield url


@pytest.fixture
def browser(address: str) -> Iterator[Browser]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield Browser(client)


@pytest.mark.parametrize("origin", [APP, WWW])
def test_several_origins_read_and_send(browser: Browser, origin: str) -> None:
    page = browser.page(origin)
    read = page.fetch("/items/1", credentials="include")
    assert read.json() == {"number": 1}
    assert "Origin" in (read.exchanges[0].response.header("Vary") or "")
    sent = page.fetch("/items/1", method="PUT", headers={"X-Token": "1"}, credentials="include")
    assert [each.request.method for each in sent.exchanges] == ["OPTIONS", "PUT"]


def test_an_exception_can_be_read(browser: Browser) -> None:
    assert browser.page(APP).fetch("/error").status == 500


@pytest.mark.parametrize("path", ["/items/1", "/error"])
def test_others_read_nothing(browser: Browser, path: str) -> None:
    with pytest.raises(BlockedByCORS) as blocked:
        browser.page(STRANGER).fetch(path)
    assert blocked.value.exchanges[0].response.header("Vary") == "Origin"


def test_events_as_data_classes() -> None:
    @event_source(data_class=APIGatewayProxyEvent)  # type: ignore[untyped-decorator,unused-ignore]
    @cors(allow_origins=[APP])
    def handler(event: APIGatewayProxyEvent, context: object) -> dict[str, Any]:
        return {"statusCode": 200, "body": event.path}

    request = Request("GET", "/items/1", headers=(("Origin", APP),))
    response = invoke(handler, "rest", request)
    assert (response.body, dict(response.headers)["Access-Control-Allow-Origin"]) == (b"/items/1", APP)


# With the CORS of Powertools inside, which has no Vary for listed origins.


def handler_of(form: str) -> Handler:
    app: Any = RESOLVERS[form](cors=CORSConfig(allow_origin=APP, extra_origins=[WWW], allow_credentials=True))

    def item(number: str) -> dict[str, int]:
        return {"number": int(number)}

    app.get("/items/<number>")(item)
    resolve: Handler = app.resolve
    return resolve


@pytest.mark.parametrize("form", RESOLVERS)
@pytest.mark.parametrize("origin", [APP, WWW, STRANGER])
def test_its_own_headers_are_replaced(form: str, origin: str) -> None:
    request = Request("GET", "/items/1", headers=(("Host", "api.example.com"), ("Origin", origin)))
    bare, handler = handler_of(form), cors(handler_of(form), allow_origins=[APP, WWW])
    assert "Vary" not in dict(invoke(bare, form, request).headers)  # the defect
    response = invoke(handler, form, request)
    names = [name.lower() for name, _ in response.headers]
    assert (response.status, response.body) == (200, b'{"number":1}')
    assert dict(response.headers)["Vary"] == "Origin"
    assert names.count("access-control-allow-origin") == (0 if origin == STRANGER else 1)
    assert "access-control-allow-credentials" not in names
