"""Django on uvicorn (ASGI): a CORSPolicy in the settings, and one view with its own policy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from crosscors import CORSPolicy
from crosscors.django import cross_origin

settings.configure(
    ALLOWED_HOSTS=[".localhost", "127.0.0.1"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_POLICY=CORSPolicy(
        allow_origins=["https://app.example.com", "http://localhost:*"],
        allow_methods=["GET", "PUT"],
        allow_headers=["X-Token"],
        allow_credentials=True,
        expose_headers=["X-Request-Id"],
        max_age=600,
    ),
)


@require_http_methods(["GET", "HEAD", "PUT"])
async def item(request: HttpRequest, number: int) -> HttpResponse:
    if request.method == "PUT":
        return JsonResponse({"number": number})
    return JsonResponse({"number": number}, headers={"X-Request-Id": f"item-{number}"})


async def events(_request: HttpRequest) -> StreamingHttpResponse:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.1)

    return StreamingHttpResponse(numbers(), content_type="text/event-stream")


@require_http_methods(["PUT"])
async def upload(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"bytes": len(request.read())})  # request.body has a size limit


async def login(_request: HttpRequest) -> HttpResponse:
    response = JsonResponse({"user": "ada"})
    response.set_cookie("user", "ada", httponly=True)
    return response


async def me(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": request.COOKIES.get("user")})


async def redirect(_request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/items/1")


async def error(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("nobody handles this")


@cross_origin(allow_origins="*")
async def public(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("for everyone")


urlpatterns = [
    path("items/<int:number>", item),
    path("events", events),
    path("upload", upload),
    path("login", login),
    path("me", me),
    path("redirect", redirect),
    path("error", error),
    path("public", public),
]
application = get_asgi_application()
