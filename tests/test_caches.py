"""Caches between pages and servers change no verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from crosscors import CORSRequest, varies_on
from crosscors.testing import BlockedByCORS, Browser, shared_cache
from crosscors.wsgi import CORSMiddleware
from tests.tables import table

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE = "https://a.example"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "public, max-age=60")])
    return [b"hi"]


def verdict(server: Any, **options: Any) -> str:
    """What becomes of a fetch by a page that has preflighted nothing before."""
    try:
        return str(Browser(server).page(PAGE).fetch("/", **options).status)
    except BlockedByCORS as blocked:
        return blocked.reason


def is_german(request: CORSRequest) -> bool:
    return request.headers.get("accept-language") == "de"


def test_a_function_that_reads_other_headers_is_asked_for_each_value() -> None:
    app = CORSMiddleware(application, allow_origin_func=varies_on("Accept-Language")(is_german))
    cache = shared_cache(app)
    languages = ("de", "en", "de", "en")
    verdicts = [verdict(cache, headers={"Accept-Language": language}) for language in languages]
    assert verdicts == ["200", "allow-origin-missing", "200", "allow-origin-missing"]
    assert cache.hits == 2


@table(
    "asked",
    ("a method", {"method": "DELETE"}),
    ("a header", {"headers": {"X-Other": "1"}}),
    ("a method that is allowed, and a header", {"method": "PUT", "headers": {"X-Other": "1"}}),
)
@pytest.mark.parametrize("is_refused_first", [False, True])
@pytest.mark.parametrize("origins", ["*", [PAGE]])
def test_what_one_preflight_was_told_is_no_answer_to_another(
    origins: Any, is_refused_first: bool, asked: dict[str, Any]
) -> None:
    app = CORSMiddleware(application, allow_origins=origins, allow_methods="PUT", allow_headers="X-Token")
    cache = shared_cache(app, methods=("GET", "OPTIONS"))
    allowed: dict[str, Any] = {"method": "PUT", "headers": {"X-Token": "1"}}
    order = [asked, allowed] if is_refused_first else [allowed, asked]
    assert [verdict(cache, **options) for options in order * 2] == [
        verdict(app, **options) for options in order * 2
    ]
    assert verdict(app, **asked) != "200"
