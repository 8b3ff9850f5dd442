"""Django and Channels with CORS_PROTECT, over ASGI and WSGI. ``/log`` tells what ran."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from crosscors.django import cross_origin, protect_websockets

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_ALLOWED_ORIGINS=["https://app.example.com"],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_PROTECT=True,
)

ran: list[str] = []


def write(request: HttpRequest) -> HttpResponse:
    ran.append(request.path)
    return HttpResponse("written")


@cross_origin(allow_origins="https://partner.example", allow_credentials=True, allow_methods="POST")
def write_with_partner(request: HttpRequest) -> HttpResponse:
    return write(request)


def log(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ran": ran})


class Chat(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        ran.append(self.scope["path"])
        await self.accept()


urlpatterns = [path("notes", write), path("partner/notes", write_with_partner), path("log", log)]
http: Any = get_asgi_application()
sockets: Any = URLRouter([path("chat", Chat.as_asgi())])  # type: ignore[arg-type, list-item]
application = ProtocolTypeRouter({"http": http, "websocket": protect_websockets(sockets)})
wsgi = get_wsgi_application()
