"""Django and Channels on Daphne, protected. It remembers what arrived and what was refused."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from crosscors import CORSRequest, CrossOriginProtection, Decision
from crosscors.django import protect_websockets

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_RESOURCES={
        "/app/*": {
            "allow_origins": ["http://app.localhost:*"],
            "allow_methods": ["GET", "POST"],
            "allow_credentials": True,
        },
        "/reading/*": {"allow_origins": ["http://app.localhost:*"], "allow_credentials": True},
        "/public/*": {
            "allow_origins": "*",
            "allow_methods": ["GET", "POST"],
            "allow_headers": ["Authorization"],
        },
    },
    CORS_PROTECT=CrossOriginProtection(exempt=["/hooks/*"]),
    CORS_ON_DECISION=f"{__name__}.remember",
)

arrived: list[tuple[str, str | None]] = []  # the path, and the user of the cookie
refused: list[tuple[str, str]] = []  # the path, and the reason


async def page(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("<!doctype html><title>The own page</title>")
    if referrer := request.GET.get("referrer"):
        response.headers["Referrer-Policy"] = referrer
    return response


async def log(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"arrived": arrived, "refused": refused})


@require_POST
async def write_note(request: HttpRequest, area: str, name: str) -> JsonResponse:
    arrived.append((f"/{area}/notes/{name}", request.COOKIES.get("user")))
    return JsonResponse({"written": name})


@require_POST
async def login(request: HttpRequest, area: str, name: str) -> JsonResponse:
    arrived.append((f"/{area}/login/{name}", request.COOKIES.get("user")))
    response = JsonResponse({"user": name})
    response.set_cookie("user", name, httponly=True, secure=True, samesite="None")
    return response


class Echo(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        arrived.append((self.scope["path"], self.scope.get("cookies", {}).get("user")))
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(text_data=text_data, bytes_data=bytes_data, close=True)


urlpatterns = [
    path("", page),
    path("log", log),
    path("<area>/notes/<name>", write_note),
    path("<area>/login/<name>", login),
]
websockets = URLRouter([path("<area>/socket/<name>", Echo.as_asgi())])  # type: ignore[arg-type, list-item]


def remember(request: CORSRequest, decision: Decision) -> None:
    if decision.protection is not None:
        refused.append((request.path, decision.refusals[0].code))


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": protect_websockets(CookieMiddleware(websockets)),
    }
)
