"""Django's ASGI application on Daphne, with the middleware around it instead of in MIDDLEWARE."""

from __future__ import annotations

from collections.abc import AsyncIterator

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from crosscors.asgi import CORSMiddleware

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__)


@require_safe
async def read_item(_request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"number": number})


async def stream(_request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number}\n"

    return StreamingHttpResponse(parts())


async def error(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("nobody handles this")


urlpatterns = [path("items/<int:number>", read_item), path("stream", stream), path("error", error)]

application = CORSMiddleware(
    get_asgi_application(),
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
)
