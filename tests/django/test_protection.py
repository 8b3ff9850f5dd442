"""CORS_PROTECT: which requests reach the views. The rules themselves are tested in tests/rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLResolver, path
from django.utils.decorators import method_decorator, sync_and_async_middleware
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.views import APIView

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision
from crosscors.django import DjangoCORSRequest, cross_origin
from crosscors.django.signals import check_request_enabled
from tests.clients import Answer, ask_wsgi
from tests.django.clients import EVIL, ORIGIN, OTHER, Ask, ask_handler, over_asgi, over_wsgi
from tests.tables import each, table

OURS = "crosscors.django.CORSMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"

# The settings let ORIGIN write with cookies. A view with a policy lets only OTHER do that, with PUT and POST.
WRITERS = CORSPolicy(allow_origins=[OTHER], allow_credentials=True, allow_methods=["PUT", "POST"])
ran: list[str] = []


def note(request: HttpRequest) -> HttpResponse:
    ran.append(f"{request.method} {request.path_info}")
    return HttpResponse("written")


async def note_async(request: HttpRequest) -> HttpResponse:
    return note(request)


@cross_origin(policy=WRITERS)
def marked(request: HttpRequest) -> HttpResponse:
    return note(request)


class Notes(View):
    """GET and POST are as the settings say."""

    def post(self, request: HttpRequest) -> HttpResponse:
        return note(request)

    @cross_origin(policy=WRITERS)
    def put(self, request: HttpRequest) -> HttpResponse:
        return note(request)


@method_decorator(csrf_exempt, name="dispatch")
@cross_origin(policy=WRITERS)
class MarkedNotes(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return note(request)


@api_view(["POST"])
def api_note(request: Any) -> Response:
    ran.append(f"{request.method} {request.path_info}")
    return Response("written")


@cross_origin(policy=WRITERS)
class MarkedAPI(APIView):
    def post(self, request: Any) -> Response:
        ran.append(f"{request.method} {request.path_info}")
        return Response("written")


def crash(request: HttpRequest) -> HttpResponse:
    note(request)
    raise RuntimeError("the view crashed")


urlpatterns = [
    path("note", note),
    path("note-async", note_async),
    path("exempt", csrf_exempt(note)),
    path("by-method", Notes.as_view()),
    path("api", api_note),
    path("marked", marked),
    path("marked-exempt", csrf_exempt(marked)),
    path("marked-class", MarkedNotes.as_view()),
    path("marked-api", MarkedAPI.as_view()),
    path("slash/", note),
    path("crash", crash),
]
handler500 = "tests.django.urls.server_error"

PROJECT: dict[str, Any] = {
    "ROOT_URLCONF": __name__,
    "CORS_PROTECT": True,
    "CORS_ALLOWED_ORIGINS": [ORIGIN],
    "CORS_ALLOW_CREDENTIALS": True,
}
COOKIE = ("Cookie", "sessionid=1")


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    ran.clear()
    yield
    ran.clear()


def write(ask: Ask, path: str, origin: str, *, method: str = "POST", **settings: Any) -> Answer:
    """A request from a page on another site, with a cookie."""
    fields = [("Origin", origin), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), COOKIE]
    return ask(method, path, *fields, **{**PROJECT, **settings})


def is_refused(answer: Answer) -> bool:
    return answer.status == 403 and answer.body.startswith(b"Refused by the cross-origin protection: ")


# Which policy says who may write.


@table(
    "path, method, writers",
    ("a view", "/note", "POST", {ORIGIN}),
    ("an async view", "/note-async", "POST", {ORIGIN}),
    ("a view without tokens", "/exempt", "POST", {ORIGIN}),
    ("a view of REST framework", "/api", "POST", {ORIGIN}),
    ("a method without a policy", "/by-method", "POST", {ORIGIN}),
    ("a method with its own policy", "/by-method", "PUT", {OTHER}),
    ("a view with its own policy", "/marked", "POST", {OTHER}),
    ("the same with a method that the policy does not allow", "/marked", "DELETE", set()),
    ("a view with its own policy, without tokens", "/marked-exempt", "POST", {OTHER}),
    ("a class with its own policy", "/marked-class", "POST", {OTHER}),
    ("a class of REST framework with its own policy", "/marked-api", "POST", {OTHER}),
    ("a view that crashes", "/crash", "POST", {ORIGIN}),
)
def test_the_policy_of_the_view_says_who_may_write(
    ask: Ask, path: str, method: str, writers: set[str]
) -> None:
    for origin in (ORIGIN, OTHER, EVIL):
        answer = write(ask, path, origin, method=method)
        assert is_refused(answer) == (origin not in writers)
        assert ran == ([f"{method} {path}"] if origin in writers else [])
        readers = writers or {OTHER}  # a page that may only read sees why it may not write
        assert answer.allowed == (origin if origin in readers else None)
        ran.clear()


def test_a_refused_request_says_whose_page_it_was(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, str | None, str]] = []

    def tell(request: CORSRequest, decision: Decision) -> None:
        told.append((request.path, decision.protection, decision.refusals[0].code))

    with caplog.at_level(logging.INFO, "crosscors"):
        answer = write(ask, "/note", EVIL, CORS_ON_DECISION=tell)
    assert (answer.status, answer.cors()) == (403, {"vary": "Origin"})
    assert answer.values("content-type") == ["text/plain; charset=utf-8"]
    assert told == [("/note", "enforced", "cross-site-request")]
    (message,) = [each.getMessage() for each in caplog.records if each.name == "crosscors"]
    assert message.startswith("the cross-origin protection refused 'POST /note': ")
    assert "to CORS_ALLOWED_ORIGINS" in message


def test_in_debug_mode_it_says_why_in_a_header_once(ask: Ask) -> None:
    (why,) = write(ask, "/note", EVIL, CORS_DEBUG=True).values("x-cors-refused")
    assert why.startswith("cross-site-request: ")


# What the router cannot say.


@sync_and_async_middleware
def without_version(get_response: Any) -> Any:
    """Takes /v1 off the path, further in."""

    def change(request: HttpRequest) -> HttpRequest:
        request.path_info = request.path_info.removeprefix("/v1")
        return request

    def answer(request: HttpRequest) -> Any:
        return get_response(change(request))

    async def answer_async(request: HttpRequest) -> Any:
        return await get_response(change(request))

    return answer_async if iscoroutinefunction(get_response) else answer


REWRITING: dict[str, Any] = {"MIDDLEWARE": [OURS, f"{__name__}.without_version"]}
TRUSTING = {"CORS_PROTECT": CrossOriginProtection(trusted_origins=[ORIGIN])}


@table(
    "path, settings, is_served",
    ("the router finds no view", "/v1/marked", {}, False),
    ("trusted origins may write all the same", "/v1/marked", TRUSTING, True),
    ("the path is routed to with a slash", "/slash", {}, True),
)
def test_where_the_router_finds_no_view_only_trusted_origins_count(
    ask: Ask, path: str, settings: dict[str, Any], is_served: bool
) -> None:
    answer = write(ask, path, ORIGIN, **REWRITING, **settings)
    assert is_refused(answer) != is_served


@pytest.mark.usefixtures("no_marked_views")
def test_while_no_view_has_a_policy_the_router_is_not_asked(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed: list[str] = []
    resolve = URLResolver.resolve

    def counting(self: URLResolver, path: str) -> Any:
        routed.append(path)
        return resolve(self, path)

    monkeypatch.setattr(URLResolver, "resolve", counting)
    settings: dict[str, Any] = {"ROOT_URLCONF": "tests.django.urls", "MIDDLEWARE": [OURS]}
    assert is_refused(write(ask, "/", EVIL, **settings))
    assert routed == []
    assert write(ask, "/no/such/path", ORIGIN, **settings).status == 404
    assert len(routed) == 1


# Paths that no policy covers, and exempt ones.


@table(
    "origin, protect, is_served",
    ("no origin of the policy", ORIGIN, True, False),
    ("no other origin", EVIL, True, False),
    ("a trusted origin", OTHER, CrossOriginProtection(trusted_origins=[OTHER]), True),
    ("everybody, if the path is exempt", EVIL, CrossOriginProtection(exempt=["/note"]), True),
)
@table(
    "by_path",
    ("a key leaves the path out", {"CORS_RESOURCES": {"/api/*": {"allow_origins": ORIGIN}}}),
    ("CORS_URLS_REGEX does", {"CORS_URLS_REGEX": "^/api/", "CORS_ALLOWED_ORIGINS": [ORIGIN]}),
)
def test_who_may_write_to_a_path_that_no_policy_covers(
    ask: Ask, by_path: dict[str, Any], origin: str, protect: Any, is_served: bool
) -> None:
    fields = [("Origin", origin), ("Sec-Fetch-Site", "cross-site"), COOKIE]
    answer = ask("POST", "/note", *fields, ROOT_URLCONF=__name__, CORS_PROTECT=protect, **by_path)
    assert is_refused(answer) != is_served
    assert (answer.cors(), bool(ran)) == ({}, is_served)


# Safe methods, handshakes, hosts.


@table(
    "fields, settings, is_served",
    ("the page of another site opens no WebSocket", [("Origin", EVIL)], {}, False),
    ("an origin with credentials opens one", [("Origin", ORIGIN)], {}, True),
    ("methods do not count", [("Origin", ORIGIN)], {"CORS_ALLOW_METHODS": ["PUT"]}, True),
    ("the own page opens one", [("Origin", "http://testserver"), ("Host", "testserver")], {}, True),
    ("so does a client that is no browser", [], {}, True),
)
def test_handshakes_over_http_are_guarded(
    fields: list[tuple[str, str]], settings: dict[str, Any], is_served: bool
) -> None:
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "WebSocket"), COOKIE]
    for ask in (over_wsgi, over_asgi):
        own = [each for each in fields if each[0] != "Host" or ask is over_wsgi]  # ``over_asgi`` sends it
        answer = ask("GET", "/note", *own, *upgrade, **{**PROJECT, **settings})
        assert is_refused(answer) != is_served
        assert bool(ran) == is_served
        ran.clear()


@each("method", "GET", "HEAD", "OPTIONS", "TRACE")
def test_safe_methods_are_served_to_everybody(ask: Ask, method: str) -> None:
    assert write(ask, "/note", EVIL, method=method).status == 200
    assert ran == [f"{method} /note"]


def test_a_host_that_is_not_allowed_gets_no_answer_not_even_to_a_preflight(ask: Ask) -> None:
    protect = CrossOriginProtection(allowed_hosts=["api.example.com"])
    asked = [("Origin", ORIGIN), ("Access-Control-Request-Method", "PUT")]
    for method in ("GET", "POST", "OPTIONS"):
        answer = ask(method, "/note", *asked, **{**PROJECT, "CORS_PROTECT": protect})
        assert is_refused(answer)
        assert ran == []
    everywhere = CrossOriginProtection(allowed_hosts=["testserver", "127.0.0.1"])
    answer = ask("OPTIONS", "/note", *asked, **{**PROJECT, "CORS_PROTECT": everywhere})
    assert (answer.status, answer.body) == (200, b"OK")


# Functions and receivers.


class Asked:
    """A function that allows OTHER, and remembers when it was asked."""

    def __init__(self) -> None:
        self.views_before: list[int] = []

    def __call__(self, request: CORSRequest) -> bool:
        assert isinstance(request, DjangoCORSRequest)
        self.views_before.append(len(ran))
        return request.origin == OTHER


@table(
    "origin, method, protect, views_before",
    ("a page that writes is asked about before the view, once", OTHER, "POST", True, [0]),
    ("so is one that is refused", EVIL, "POST", True, [0]),
    ("a page that reads is asked about after the view", OTHER, "GET", True, [1]),
    ("a page is asked about again if the protection only reports", OTHER, "POST", "report", [0, 1]),
    ("without a protection, it is asked about after the view", OTHER, "POST", False, [1]),
)
@each("is_async", False, True)
def test_when_functions_are_asked(
    ask: Ask, is_async: bool, origin: str, method: str, protect: object, views_before: list[int]
) -> None:
    asked = Asked()

    async def is_allowed(request: CORSRequest) -> bool:
        await asyncio.sleep(0)
        return asked(request)

    answer = write(
        ask,
        "/note",
        origin,
        method=method,
        CORS_PROTECT=protect,
        CORS_ORIGIN_FUNC=is_allowed if is_async else asked,
    )
    assert is_refused(answer) == (origin == EVIL)
    assert answer.allowed == (OTHER if origin == OTHER else None)
    assert asked.views_before == views_before


def test_a_function_is_asked_again_if_the_path_has_changed(ask: Ask) -> None:
    paths: list[str] = []

    def is_allowed(request: CORSRequest) -> bool:
        paths.append(request.path)
        return request.path == "/v1/note"

    resources = {"/*": {"allow_origin_func": is_allowed, "allow_credentials": True, "allow_methods": "*"}}
    urls = type("URLs", (), {"urlpatterns": [path("note", note), path("v1/note", note)]})
    fields = [("Origin", OTHER), ("Sec-Fetch-Site", "cross-site")]
    settings: dict[str, Any] = {"ROOT_URLCONF": urls, "CORS_RESOURCES": resources, **REWRITING}
    answer = ask("POST", "/v1/note", *fields, CORS_PROTECT=True, **settings)
    assert (answer.status, answer.allowed) == (200, None)
    assert paths == ["/v1/note", "/note"]


def test_nobody_is_asked_about_pages_of_the_server_itself(ask: Ask) -> None:
    asked = Asked()
    fields = [("Origin", EVIL), ("Sec-Fetch-Site", "same-origin")]
    assert ask("POST", "/note", *fields, CORS_ORIGIN_FUNC=asked, **PROJECT).status == 200
    assert asked.views_before == [1]  # about the response


def test_a_function_that_needs_other_middleware_is_logged_with_its_error(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    def is_known(request: CORSRequest) -> bool:
        assert isinstance(request, DjangoCORSRequest)
        return bool(request.http_request.user.is_authenticated)

    told: list[str] = []
    answer = write(
        ask,
        "/note",
        OTHER,
        CORS_ORIGIN_FUNC=is_known,
        CORS_ON_DECISION=lambda _, decision: told.append(decision.refusals[0].code),
    )
    assert is_refused(answer)
    assert (ran, told) == ([], ["origin-func-failed"])
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR and each.exc_info]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], AttributeError)


@table(
    "origin, settings, is_served",
    ("receivers let an origin write with credentials", OTHER, {}, True),
    ("they let no other origin write", EVIL, {}, False),
    ("they let it write on paths that the expression leaves out", OTHER, {"CORS_URLS_REGEX": "^/x/"}, True),
    ("without credentials, not with a cookie", OTHER, {"CORS_ALLOW_CREDENTIALS": False}, False),
    ("not with another method", OTHER, {"CORS_ALLOW_METHODS": ["PUT"]}, False),
)
@each("is_async", False, True)
def test_receivers_count_as_for_cors(
    ask: Ask, is_async: bool, origin: str, settings: dict[str, Any], is_served: bool
) -> None:
    asked: list[str] = []

    def receiver(request: HttpRequest, **_: object) -> bool:
        asked.append(request.path)
        return request.headers["Origin"] == OTHER

    async def receiver_async(request: HttpRequest, **_: object) -> bool:
        return receiver(request)

    check_request_enabled.connect(receiver_async if is_async else receiver)
    assert is_refused(write(ask, "/note", origin, **settings)) != is_served
    assert asked == ["/note"]


# Only reporting.


def everything_sent() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Requests of every kind: path, method and headers."""
    for origin in (ORIGIN, OTHER, EVIL, "null"):
        cross_site = [("Origin", origin), ("Sec-Fetch-Site", "cross-site"), COOKIE]
        for path_ in ("/note", "/note-async", "/marked", "/marked-api", "/crash", "/nowhere", "/slash"):
            yield path_, "POST", cross_site
            yield path_, "GET", [*cross_site, ("Upgrade", "websocket")]
        yield "/note", "OPTIONS", [*cross_site, ("Access-Control-Request-Method", "PUT")]
    yield "/note", "POST", [("Sec-Fetch-Site", "cross-site")]


@each("debug", False, True)
def test_a_report_changes_no_byte(ask: Ask, debug: bool) -> None:
    told: list[str | None] = []
    reporting = CrossOriginProtection(report_only=True, allowed_hosts=["elsewhere.example"])
    settings = {**PROJECT, "CORS_DEBUG": debug, "CORS_ORIGIN_FUNC": Asked()}
    for path_, method, fields in everything_sent():
        answers = [
            ask(method, path_, *fields, **{**settings, "CORS_PROTECT": protect})
            for protect in (False, "report", reporting)
        ]
        assert answers == [answers[0]] * 3
    settings["CORS_ON_DECISION"] = lambda _, decision: told.append(decision.protection)
    write(ask, "/note", EVIL, **{**settings, "CORS_PROTECT": "report"})
    assert told == ["report", None]


# Beside Django's own protection.


@table(
    "origin, site, is_served",
    ("the own page needs its token", "http://testserver", "same-origin", "csrf"),
    ("an allowed origin, too", ORIGIN, "cross-site", "csrf"),
    ("others are refused before", EVIL, "cross-site", "crosscors"),
)
def test_tokens_are_looked_at_after_it(ask: Ask, origin: str, site: str, is_served: str) -> None:
    settings: dict[str, Any] = {**PROJECT, "MIDDLEWARE": [OURS, CSRF], "CSRF_TRUSTED_ORIGINS": [ORIGIN]}
    answer = ask("POST", "/note", ("Origin", origin), ("Sec-Fetch-Site", site), COOKIE, **settings)
    assert (answer.status, is_refused(answer)) == (403, is_served == "crosscors")
    assert ran == []
    exempt = ask("POST", "/exempt", ("Origin", origin), ("Sec-Fetch-Site", site), COOKIE, **settings)
    assert is_refused(exempt) == (is_served == "crosscors")


# Settings that change.


def test_the_setting_takes_effect_while_the_middleware_is_running() -> None:
    fields = [("Origin", EVIL), ("Sec-Fetch-Site", "cross-site")]
    with override_settings(**{**PROJECT, "CORS_PROTECT": None}):
        handlers: list[Any] = [WSGIHandler(), ASGIHandler()]

        def statuses() -> list[int]:
            answers = [ask_wsgi(handlers[0], "POST", "/note", fields)]
            answers.append(ask_handler(handlers[1], "POST", "/note", *fields))
            return [answer.status for answer in answers]

        assert statuses() == [200, 200]
        with override_settings(CORS_PROTECT=True):
            assert statuses() == [403, 403]
        assert statuses() == [200, 200]
