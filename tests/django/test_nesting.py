"""Django within another adapter, and with another one within a view."""

from __future__ import annotations

import contextlib
import gc
import io
from typing import TYPE_CHECKING, Any, cast

import a2wsgi
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

import crosscors.asgi
import crosscors.wsgi
from crosscors import CORSPolicy, CORSRequest, Decision, Resources
from crosscors._adapter.marks import has_own_policy
from tests.clients import Answer, ask_asgi, ask_wsgi
from tests.django.clients import EVIL, ORIGIN, OTHER, ask_handler, over_asgi, over_wsgi
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


# The settings allow ORIGIN, what stands around OTHER; both allow BOTH.
BOTH = "https://both.example.com"
OUTER = CORSPolicy(allow_origins=(BOTH, OTHER))
SETTINGS: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [BOTH, ORIGIN]}

told: list[tuple[str, str, bool]] = []


@pytest.fixture(autouse=True)
def nothing_told() -> None:
    told.clear()


def wsgi(path: str, origin: str, **settings: Any) -> Answer:
    with override_settings(**SETTINGS, **settings):
        app = crosscors.wsgi.CORSMiddleware(WSGIHandler(), policy=OUTER, on_decision=tell("outer"))
        return ask_wsgi(app, path=path, headers=[("Origin", origin)])


def asgi(path: str, origin: str, **settings: Any) -> Answer:
    with override_settings(**SETTINGS, **settings):
        handler: Any = ASGIHandler()
        app: Any = crosscors.asgi.CORSMiddleware(handler, policy=OUTER, on_decision=tell("outer"))
        return ask_handler(app, "GET", path, ("Origin", origin))


def tell(who: str) -> Callable[[CORSRequest, Decision], None]:
    return lambda request, decision: told.append((who, request.path, decision.allowed))


STACKS = pytest.mark.parametrize("ask", [wsgi, asgi])


@STACKS
@table(
    "settings, origin, by, allowed",
    ("allowed by the settings", {}, ORIGIN, "inner", True),
    ("allowed outside", {}, OTHER, "inner", False),
    ("a path that the settings leave out", {"CORS_URLS_REGEX": "^/api/"}, OTHER, "outer", True),
)
def test_a_decision_is_told_once_by_whom_it_is(
    ask: Callable[..., Answer], settings: dict[str, Any], origin: str, by: str, allowed: bool
) -> None:
    answer = ask("/", origin, CORS_ON_DECISION=tell("inner"), **settings)
    assert answer.allowed == (origin if allowed else None)
    assert told == [(by, "/", allowed)]


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, True), (OTHER, False)])
def test_over_a2wsgi_the_settings_decide_who_reads_either_way_round(origin: str, allowed: bool) -> None:
    to_wsgi, to_asgi = cast("Any", a2wsgi.WSGIMiddleware), cast("Any", a2wsgi.ASGIMiddleware)
    with override_settings(**SETTINGS):
        over_asgi: Any = crosscors.asgi.CORSMiddleware(to_wsgi(WSGIHandler()), policy=OUTER)
        over_wsgi: Any = crosscors.wsgi.CORSMiddleware(to_asgi(ASGIHandler()), policy=OUTER)
        answers = (
            ask_asgi(over_asgi, headers=[("Origin", origin)], http_version="1.1"),
            ask_wsgi(over_wsgi, headers=[("Origin", origin)]),
        )
    assert [answer.allowed for answer in answers] == [origin if allowed else None] * 2


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
def test_other_adapters_know_that_django_has_a_policy(handler: Callable[[], object]) -> None:
    assert has_own_policy(handler())
    with override_settings(MIDDLEWARE=[]):
        assert not has_own_policy(handler())


def fail(_request: HttpRequest) -> HttpResponse:
    raise LookupError


class _Urls:
    def __init__(self, view: Any) -> None:
        self.urlpatterns = [path("view", view)]


# Over ASGI, Django 4.2 leaves the body of such a request open: its warning belongs to no later test.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile")
@STACKS
@pytest.mark.parametrize("is_covered", [True, False])
@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, True), (OTHER, False)])
def test_an_exception_that_leaves_django_is_reported_once(
    ask: Callable[..., Answer], is_covered: bool, origin: str, allowed: bool
) -> None:
    settings: dict[str, Any] = {} if is_covered else {"CORS_URLS_REGEX": r"^/api/"}
    with pytest.raises(LookupError):
        ask(
            "/view",
            origin,
            ROOT_URLCONF=_Urls(fail),
            DEBUG_PROPAGATE_EXCEPTIONS=True,
            CORS_ON_DECISION=tell("inner"),
            **settings,
        )
    assert told == ([("inner", "/view", allowed)] if is_covered else [("outer", "/view", not allowed)])
    gc.collect()


def test_the_error_page_of_an_exception_that_leaves_django_has_the_inner_decision() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with contextlib.suppress(LookupError):
            return WSGIHandler()(environ, start_response)
        start_response("500 Internal Server Error", [])
        return [b"page"]

    settings = {"ROOT_URLCONF": _Urls(fail), "DEBUG_PROPAGATE_EXCEPTIONS": True}
    for origin, allowed in ((ORIGIN, True), (OTHER, False)):
        with override_settings(**SETTINGS, **settings):
            guarded = crosscors.wsgi.CORSMiddleware(app, policy=OUTER)
            answer = ask_wsgi(guarded, path="/view", headers=[("Origin", origin)])
        assert answer.body == b"page"
        assert answer.allowed == (origin if allowed else None)


def _guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"inner"]


@pytest.mark.parametrize(
    ("origin", "allowed"), [(BOTH, True), (ORIGIN, False), (OTHER, False)], ids=["both", "settings", "view"]
)
def test_a_response_made_from_an_application_within_a_view_has_what_both_allow(
    origin: str, allowed: bool
) -> None:
    inner = crosscors.wsgi.CORSMiddleware(_guarded, policy=OUTER)

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(b"".join(inner(request.META, lambda *_: lambda _: None)))

    settings: dict[str, Any] = {**SETTINGS, "ROOT_URLCONF": _Urls(view)}
    answer = over_wsgi("GET", "/view", ("Origin", origin), **settings)
    assert answer.body == b"inner"
    assert answer.allowed == (origin if allowed else None)


def _run(app: Any, environ: dict[str, Any]) -> bytes:
    return b"".join(app(environ, lambda *_: lambda _: None))


async def _guarded_asgi(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inner"})


_INNER: Any = crosscors.wsgi.CORSMiddleware(_guarded, policy=OUTER)
_INNER_ASGI: Any = a2wsgi.ASGIMiddleware(
    cast("Any", crosscors.asgi.CORSMiddleware(_guarded_asgi, policy=OUTER))
)
_BY_PATH: Any = crosscors.wsgi.CORSMiddleware(
    _guarded,
    policy=Resources({"/view": CORSPolicy(allow_origins="*"), "/private": CORSPolicy(allow_origins=OTHER)}),
)


@pytest.mark.parametrize("over", [over_wsgi, over_asgi], ids=["wsgi", "asgi"])
@table(
    "body",
    ("the same environ", lambda request: _run(_INNER, request.META)),
    ("a copy of it", lambda request: _run(_INNER, dict(request.META))),
    (
        "an application behind a bridge",
        lambda request: _run(_INNER_ASGI, {**request.META, "wsgi.input": io.BytesIO()}),
    ),
    (
        "a strict policy, then a loose one",
        lambda request: (
            _run(_BY_PATH, {**request.META, "PATH_INFO": "/private"})
            + _run(_BY_PATH, {**request.META, "PATH_INFO": "/view"})
        ),
    ),
)
def test_what_a_view_asks_of_other_applications_is_read_only_by_whom_all_allow(
    body: Callable[[HttpRequest], bytes], over: Callable[..., Answer]
) -> None:
    settings: dict[str, Any] = {
        **SETTINGS,
        "ROOT_URLCONF": _Urls(lambda request: HttpResponse(body(request))),
    }
    answer = over("GET", "/view", ("Origin", ORIGIN), **settings)
    assert b"inner" in answer.body
    assert answer.allowed is None
    assert answer.values("vary") == ["Origin"]


def test_django_between_two_adapters_is_between_them_in_the_record() -> None:
    inner = crosscors.wsgi.CORSMiddleware(_guarded, policy=OUTER)

    def view(request: HttpRequest) -> HttpResponse:
        started: list[Any] = []
        body = b"".join(inner(request.META, lambda *given: started.extend(given)))  # type: ignore[arg-type]
        return HttpResponse(body, headers=dict(started[1]))

    settings: dict[str, Any] = {**SETTINGS, "ROOT_URLCONF": _Urls(view)}
    with override_settings(**settings):
        outer = crosscors.wsgi.CORSMiddleware(WSGIHandler(), policy=CORSPolicy(allow_origins=EVIL))
        answer = ask_wsgi(outer, path="/view", headers=[("Origin", OTHER)])
    assert answer.allowed == OTHER
