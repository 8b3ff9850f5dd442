"""Django and Channels on Daphne: CORS for HTTP, and Channels' own origin check for WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from crosscors.django import cross_origin

settings.configure(
    ALLOWED_HOSTS=[".localhost", "127.0.0.1"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_ALLOWED_ORIGINS=["https://app.example.com", "http://localhost:*"],
    CORS_ALLOW_METHODS=["GET", "PUT"],
    CORS_ALLOW_HEADERS=["X-Token"],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_EXPOSE_HEADERS=["X-Request-Id"],
    CORS_PREFLIGHT_MAX_AGE=600,
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


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(text_data=text_data, bytes_data=bytes_data)


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
websockets = URLRouter([path("echo", Echo.as_asgi())])  # type: ignore[arg-type, list-item]
application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": OriginValidator(websockets, ["https://app.example.com"]),
    }
)
