"""The views of the project: every kind of response that Django gives."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.views import View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def hello(request: HttpRequest, **_: object) -> HttpResponse:
    return HttpResponse(f"{request.method}")


async def hello_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method}")


def with_own_fields(request: HttpRequest) -> HttpResponse:
    own = {
        "access-control-allow-origin": "*",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "1",
        "X-Own": "kept",
    }
    return HttpResponse("own", headers=own)


def with_cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("cookies")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the view crashed")


async def crash_async(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the view crashed")


async def stream_async(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(parts())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"a file"), filename="file.txt")


class Options(View):
    """A class-based view answers OPTIONS by itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("got")

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("posted")


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the project's own page", status=500)


handler500 = server_error

urlpatterns = [
    path("", hello),
    path("async", hello_async),
    path("own", with_own_fields),
    path("cookies", with_cookies),
    path("denied", denied),
    path("crash", crash),
    path("crash-async", crash_async),
    path("stream-async", stream_async),
    path("file", file),
    path("options", Options.as_view()),
    path("slash/", hello),
    re_path(r"^(?:api|other|Api|apix)(?:/.*)?$", hello),
]
